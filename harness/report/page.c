/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "errors.h"
#include "journal.h"
#include "ladder.h"
#include "markup.h"
#include "page-parts.h"
#include "report.h"

/* More rows than that and the whole ladder is not worth its size. */
enum { WHOLE_MAX = 3000 };

/* --- pieces ----------------------------------------------------------------*/

void page_verdict(FILE *out, const struct result *result)
{
	fprintf(out, "<span class=\"badge %s\">%s</span>",
		verdict_text(result->verdict), report_verdict(result->verdict));
}

void page_document(FILE *out, const char *claim, const char *document,
		   const char *since)
{
	fputs("<span class=\"document ", out);
	markup_text(out, document);
	fputs("\">", out);
	markup_text(out, claim);
	fputs(*claim ? " " : "", out);
	markup_text(out, document);
	if (*since) {
		fputs(" since ", out);
		markup_text(out, since);
	}
	fputs("</span>", out);
}

void page_date(FILE *out, double epoch)
{
	time_t seconds = (time_t)epoch;
	struct tm tm;
	char text[64];

	if (epoch <= 0 || epoch > 4e9 || !gmtime_r(&seconds, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fputs(text, out);
}

/* --- the head --------------------------------------------------------------*/

static void put_title(FILE *out, const struct result *result)
{
	fputs("<h1>", out);
	markup_text(out, result->testcase->name);
	if (result->variant) {
		fputs(" <small>", out);
		markup_text(out, result->variant->name);
		fputs("</small>", out);
	}
	fputs(" ", out);
	page_verdict(out, result);
	fputs("</h1>\n", out);
	if (result->testcase->claim && *result->testcase->claim) {
		fprintf(out, "<p class=\"claim%s\">",
			strlen(result->testcase->claim) > 240 ? " long" : "");
		markup_text(out, result->testcase->claim);
		fputs("</p>\n", out);
	}
	if (result->reason && *result->reason) {
		fprintf(out, "<p class=\"%s\">",
			verdict_text(result->verdict));
		markup_text(out, result->reason);
		fputs("</p>\n", out);
	}
}

static void put_over(FILE *out, const char *index)
{
	fputs("<p class=\"over\">", out);
	if (index) {
		fputs("<a href=\"", out);
		markup_text(out, index);
		fputs("\">All runs</a> · ", out);
	}
	fputs("<a href=\"journal.jsonl\">journal</a> · "
	      "<a href=\"capture.pcapng\">capture</a></p>\n",
	      out);
}

static void put_judgements(FILE *out, const struct result *result)
{
	size_t i;
	json_t *each;

	if (!json_array_size(result->judgements))
		return;
	fputs("<section><h2>What the text is</h2>\n<ul class=\"judged\">\n",
	      out);
	json_array_foreach (result->judgements, i, each) {
		fputs("<li>", out);
		page_document(out, journal_text(each, "claim"),
			      journal_text(each, "document"),
			      journal_text(each, "since"));
		if (*journal_text(each, "note")) {
			fputs(": ", out);
			markup_text(out, journal_text(each, "note"));
		}
		fputs("</li>\n", out);
	}
	fputs("</ul></section>\n", out);
}

static void put_paragraph(FILE *out, const char *heading, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "<section><h2>%s</h2><p>", heading);
	markup_text(out, text);
	fputs("</p></section>\n", out);
}

/* --- the machine -----------------------------------------------------------*/

static void term(FILE *out, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	markup_text(out, text);
	fputs("</dd>", out);
}

static void put_kernel(FILE *out, const json_t *start)
{
	char text[256];

	if (!*journal_text(start, "kernel"))
		return;
	snprintf(text, sizeof(text), "%.160s, HZ %d%s",
		 journal_text(start, "kernel"),
		 (int)json_integer_value(json_object_get(start, "hz")),
		 json_is_true(json_object_get(start, "virtual_time")) ?
			 ", in virtual time" :
			 "");
	term(out, "kernel", text);
}

static void put_run(FILE *out, const struct result *result,
		    const json_t *start)
{
	char text[REPORT_TEXT + 32], took[REPORT_TEXT];

	fputs("<section><h2>The run</h2>\n<dl>", out);
	put_kernel(out, start);
	term(out, "halfopen", journal_text(start, "version"));
	if (json_number_value(json_object_get(start, "epoch")) > 0) {
		fputs("<dt>when</dt><dd>", out);
		page_date(out,
			  json_number_value(json_object_get(start, "epoch")));
		fputs("</dd>", out);
	}
	report_seconds(nsec_seconds(result->took), took);
	snprintf(text, sizeof(text), "%s over IPv%d", took, result->family);
	term(out, "took", text);
	if (result->repetition > 1 || result->attempt > 1) {
		snprintf(text, sizeof(text), "%u, try %u", result->repetition,
			 result->attempt);
		term(out, "repetition", text);
	}
	snprintf(text, sizeof(text), "timers %.1f ms, frames %.1f ms at most",
		 nsec_seconds(result->lateness) * 1e3,
		 nsec_seconds(result->residence) * 1e3);
	term(out, "late", text);
	fputs("</dl>\n", out);
	if (*journal_text(start, "command")) {
		fputs("<h2>The same again</h2>"
		      "<pre class=\"wrap\">", out);
		markup_text(out, journal_text(start, "command"));
		fputs("</pre>\n", out);
	}
	fputs("</section>\n", out);
}

/* --- the ladder ------------------------------------------------------------*/

static int put_figure(FILE *out, const struct ladder *ladder)
{
	int r;

	fputs("<figure>\n<div class=\"tools\">"
	      "<button type=\"button\" data-zoom=\"0.8\" "
	      "aria-label=\"smaller\">−</button>"
	      "<button type=\"button\" data-zoom=\"fit\">fit</button>"
	      "<button type=\"button\" data-zoom=\"1.25\" "
	      "aria-label=\"larger\">+</button></div>\n"
	      "<div class=\"scroll\">\n",
	      out);
	r = ladder_svg(out, ladder);
	if (r < 0)
		return error_trace(r);
	fprintf(out, "</div>\n<figcaption>%zu segment%s between %zu host%s; "
		     "seconds since the start of the run at the left.",
		ladder->n_segments, ladder->n_segments == 1 ? "" : "s",
		ladder->n_hosts, ladder->n_hosts == 1 ? "" : "s");
	if (ladder->n_folded)
		fprintf(out,
			" %zu rows in which nothing but plain flow happened "
			"are folded.",
			ladder->n_folded);
	fputs(" Flags, relative sequence numbers and lengths are written as "
	      "packetdrill writes them.</figcaption>\n</figure>\n",
	      out);
	return 0;
}

static int put_ladder(FILE *out, const json_t *journal, size_t *ret_folded)
{
	struct ladder *ladder;
	int r = ladder_new(&ladder, journal);

	if (r < 0)
		return error_trace(r);
	*ret_folded = ladder->n_folded;
	r = ladder->n_rows ? put_figure(out, ladder) : 0;
	ladder_free(ladder);
	return r < 0 ? error_trace(r) : 0;
}

static int put_whole(FILE *out, const json_t *journal)
{
	struct ladder *ladder;
	int r = ladder_new_whole(&ladder, journal);

	if (r < 0)
		return error_trace(r);
	if (ladder->n_rows <= WHOLE_MAX) {
		fprintf(out, "<details><summary>Every row, %zu</summary>\n",
			ladder->n_rows);
		r = put_figure(out, ladder);
		fputs("</details>\n", out);
	}
	ladder_free(ladder);
	return r < 0 ? error_trace(r) : 0;
}

/* --- the page --------------------------------------------------------------*/

int page_write(FILE *out, const struct result *result, const char *index)
{
	const json_t *start = journal_find(result->journal, "start");
	size_t folded = 0;
	int r;

	page_begin(out, result_name(result));
	fputs("<body class=\"run\">\n<header>\n", out);
	put_over(out, index);
	put_title(out, result);
	fprintf(out, "</header>\n<div class=\"beside\">"
		     "<div class=\"two%s\">\n<div>\n",
		json_array_size(result->judgements) || result->testcase->why ?
			"" :
			" one");
	put_judgements(out, result);
	put_paragraph(out, "Why", result->testcase->why);
	fputs("</div>\n<div>\n", out);
	page_values(out, result);
	put_run(out, result, start);
	fputs("</div>\n</div></div>\n", out);
	r = put_ladder(out, result->journal, &folded);
	fputs("<div class=\"below\">\n", out);
	/* Each of them would be a row again: whether it is worth building at
	 * all is known before. */
	if (r >= 0 && folded && folded <= WHOLE_MAX)
		r = put_whole(out, result->journal);
	page_meaning(out, result->journal);
	page_expectations(out, result);
	page_sysctls(out, result);
	put_paragraph(out, "Expected, and why", result->testcase->expect);
	put_paragraph(out, "See", result->testcase->sources);
	page_counters(out, result->journal);
	page_timeline(out, result->journal, result->zero);
	fputs("</div>\n<footer>Made from the run's journal alone.</footer>\n",
	      out);
	page_script(out);
	page_end(out);
	if (r < 0)
		return error_trace(r);
	return ferror(out) ? error_origin(-EIO, "page") : 0;
}
