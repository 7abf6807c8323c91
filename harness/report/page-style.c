/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How pages look: one face for text, one for what machines said, few colours. */
#include "page-parts.h"

#include "ladder.h"
#include "markup.h"

static const char light[] =
	"--paper:#fffefb;--ground:#f6f4ee;--ink:#1c2127;--soft:#414a54;"
	"--faint:#68727d;--rule:#dcd8cd;--alarm:#b3261e;--wait:#8a5a00;"
	"--good:#2f6f3e;--state:#33639a;--link:#1f5c99;--life:#8d97a1;"
	"--frozen:#4a90c2;--timer:#7a5bb0;--estab:#7fb069;--syn:#d9a441;"
	"--fin:#6c8ebf;--close-wait:#c9719b;--time-wait:#9b8fbf;"
	"--c0:#1c2127;--c1:#00689d;--c2:#8f4a00;--c3:#6b3fa0;--c4:#00705a;";

static const char dark[] =
	"--paper:#191c20;--ground:#121417;--ink:#e6e3dc;--soft:#b9bcbf;"
	"--faint:#8d949b;--rule:#353a40;--alarm:#ff8a80;--wait:#e0b060;"
	"--good:#8fce9b;--state:#8ab8ea;--link:#8ab8ea;--life:#69727b;"
	"--frozen:#6fb1dd;--timer:#b79ce6;--estab:#5f8f4c;--syn:#b1842f;"
	"--fin:#5577a8;--close-wait:#a8577e;--time-wait:#7b6fa3;"
	"--c0:#e6e3dc;--c1:#6cc0ee;--c2:#eaa766;--c3:#c6a4f2;--c4:#63cfb4;";

static const char sheet[] =
	"*{box-sizing:border-box}\n"
	"html{background:var(--ground);color:var(--ink);"
	"-webkit-text-size-adjust:100%}\n"
	"body{margin:0 auto;max-width:1120px;padding:2.4rem 1.6rem 4rem;"
	"font:17px/1.5 var(--serif);font-kerning:normal;"
	"text-rendering:optimizeLegibility}\n"
	"h1{font:600 2rem/1.15 var(--serif);margin:.15em 0 .1em;"
	"letter-spacing:-.01em;overflow-wrap:anywhere}\n"
	"h1 small{font-size:.62em;font-weight:400;color:var(--soft);"
	"letter-spacing:0}\n"
	"h2{font:600 .82rem/1.3 var(--sans);text-transform:uppercase;"
	"letter-spacing:.09em;color:var(--faint);margin:2.4rem 0 .7rem}\n"
	"p{margin:.5em 0;max-width:44em}\n"
	"a{color:var(--link);text-decoration-thickness:1px;"
	"text-underline-offset:2px}\n"
	"code,pre,.mono{font-family:var(--mono);font-size:.8em}\n"
	"pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}\n"
	".claim.long{font-size:1rem}.two.one{display:block}\n"
	"pre{overflow-x:auto;margin:.4em 0;padding:.7em .9em;"
	"background:var(--paper);border:1px solid var(--rule);"
	"border-radius:4px;line-height:1.5}\n"
	".over{font:.82rem/1.3 var(--sans);color:var(--faint);margin:0}\n"
	".claim{font-size:1.22rem;line-height:1.42;margin:.5em 0 .7em}\n"
	".reason{color:var(--alarm)}\n"
	".badge{font:700 .72rem/1 var(--sans);letter-spacing:.06em;"
	"padding:.3em .6em;border:1.5px solid;border-radius:3px;"
	"vertical-align:.28em;white-space:nowrap}\n"
	".pass{color:var(--good)}.fail,.broken{color:var(--alarm)}\n"
	".skip{color:var(--wait)}\n"
	".document{font-family:var(--sans);font-size:.88em;font-weight:600;"
	"white-space:nowrap}\n"
	".right{color:var(--good)}.conditional,.outdated{color:var(--wait)}\n"
	".wrong{color:var(--alarm)}\n";

static const char more[] =
	"ul.judged{list-style:none;padding:0;margin:.4em 0}\n"
	"ul.judged li{margin:.35em 0;padding-left:.9em;"
	"border-left:3px solid var(--rule)}\n"
	".two{display:grid;gap:0 2.6rem;"
	"grid-template-columns:minmax(0,1fr) minmax(0,1fr)}\n"
	".two h2{margin-top:1.4rem}\n"
	"table{border-collapse:collapse;font:.88rem/1.4 var(--sans);"
	"font-variant-numeric:tabular-nums lining-nums;width:100%}\n"
	"th{font-weight:600;text-align:left;color:var(--faint);"
	"border-bottom:1.5px solid var(--rule);padding:.25em .9em .3em 0;"
	"vertical-align:bottom}\n"
	"td{padding:.28em .9em .28em 0;border-bottom:1px solid var(--rule);"
	"vertical-align:top;overflow-wrap:anywhere}\n"
	"th:last-child,td:last-child{padding-right:0}\n"
	"td.n,th.n{text-align:right;white-space:nowrap}\n"
	"td.name{font-family:var(--mono);font-size:.92em}\n"
	"td.at{white-space:nowrap}\n"
	"td.case{min-width:14em;overflow-wrap:normal}td.claims{"
	"white-space:nowrap}\n"
	"tr.bad td{color:var(--alarm)}\n"
	"tr.group td{padding-top:1em}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;"
	"gap:.15em 1em;margin:.3em 0;font:.88rem/1.45 var(--sans);"
	"font-variant-numeric:tabular-nums}\n"
	"dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}\n"
	"figure{margin:1.6rem 0 0;padding:1rem .6rem .8rem;"
	"background:var(--paper);border:1px solid var(--rule);"
	"border-radius:4px}\n"
	"figcaption{font:.86rem/1.5 var(--sans);color:var(--soft);"
	"padding:.7rem 1rem 0;max-width:60em}\n"
	".scroll{overflow:auto}\n"
	".scroll svg{display:block;margin:0 auto;max-width:100%;"
	"height:auto}\n"
	".zoomed svg{max-width:none}\n"
	".tools{display:none;justify-content:flex-end;gap:.4rem;"
	"padding:0 .4rem .4rem}\n"
	".script .tools{display:flex}\n"
	"button{font:600 .8rem/1 var(--sans);color:var(--soft);"
	"background:transparent;border:1px solid var(--rule);"
	"border-radius:3px;padding:.42em .7em;cursor:pointer}\n"
	"button:hover,button:focus-visible{border-color:var(--faint);"
	"color:var(--ink)}\n"
	"details{margin:1rem 0}summary{cursor:pointer;"
	"font:600 .82rem/1.3 var(--sans);text-transform:uppercase;"
	"letter-spacing:.09em;color:var(--faint)}\n"
	"footer{margin-top:3rem;font:.82rem/1.5 var(--sans);"
	"color:var(--faint);border-top:1px solid var(--rule);"
	"padding-top:.8rem}\n"
	"@media (min-width:1560px){"
	"body.run{max-width:1600px;display:grid;"
	"grid-template-columns:400px minmax(0,1fr);gap:0 3rem;"
	"align-items:start}\n"
	"body.run>header,body.run>footer{grid-column:1/-1}\n"
	"body.run>.beside{grid-column:1;position:sticky;top:1rem;"
	"max-height:calc(100vh - 2rem);overflow-y:auto}\n"
	"body.run>.below{grid-column:1/-1}\n"
	"body.run>figure{grid-column:2;margin-top:1.4rem}\n"
	"body.run .two{display:block}}\n"
	"@media screen and (max-width:760px){.two{display:block}"
	"body{padding:1.2rem .9rem 3rem}}\n"
	"@media print{:root{--paper:#fff;--ground:#fff}html{font-size:10pt}"
	"body,body.run{display:block;max-width:none;padding:0;font-size:10pt}\n"
	".tools{display:none!important}"
	"figure{border:0;padding:0;background:none}"
	".scroll{overflow:visible}"
	".scroll svg{width:100%!important;max-width:100%!important}\n"
	"h2,tr,li{break-inside:avoid}h2{break-after:avoid}"
	"a{color:inherit;text-decoration:none}"
	"pre{white-space:pre-wrap}"
	"@page{size:A4;margin:15mm 14mm}}\n";

static const char script[] =
	"document.documentElement.classList.add('script');\n"
	"document.querySelectorAll('figure').forEach(function(f){\n"
	"var s=f.querySelector('svg'),b=f.querySelector('.scroll');\n"
	"if(!s||!b)return;\n"
	"var w=s.viewBox.baseVal.width,z=0;\n"
	"function set(n){z=n;b.classList.toggle('zoomed',z>0);\n"
	"s.style.width=z>0?w*z+'px':'';s.style.height=z>0?'auto':''}\n"
	"function now(){return z>0?z:s.getBoundingClientRect().width/w}\n"
	"function by(k){var r=b.scrollHeight?(b.scrollTop+b.clientHeight/2)/"
	"b.scrollHeight:0;\n"
	"set(Math.min(6,Math.max(.2,now()*k)));\n"
	"b.scrollTop=r*b.scrollHeight-b.clientHeight/2}\n"
	"f.querySelectorAll('button').forEach(function(k){\n"
	"k.addEventListener('click',function(){\n"
	"var a=k.dataset.zoom;a==='fit'?set(0):by(+a)})})});\n";

void page_begin(FILE *out, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, "
	      "initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
	      out);
	markup_text(out, title);
	fprintf(out,
		"</title>\n<style>\n"
		":root{--serif:Charter,'Bitstream Charter','Sitka Text',"
		"Cambria,'Source Serif 4','Noto Serif',Georgia,serif;"
		"--sans:'Source Sans 3','Segoe UI','Helvetica Neue',"
		"'Noto Sans',Arial,sans-serif;"
		"--mono:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,"
		"'Liberation Mono',monospace;%s}\n"
		"@media screen and (prefers-color-scheme:dark){:root{%s}}\n"
		"%s%s%s</style>\n</head>\n",
		light, dark, sheet, more, ladder_svg_style());
}

void page_end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

void page_script(FILE *out)
{
	fprintf(out, "<script>\n//<![CDATA[\n%s//]]>\n</script>\n", script);
}
