/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "book-page.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "edges.h"
#include "errors.h"
#include "folder.h"
#include "html.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "report.h"

/* --- the page ------------------------------------------------------------- */

static void put_links(FILE *out)
{
	static const struct {
		const char *page, *text;
	} links[] = {
		{ "index.html", N_("Contents") },
		{ "article-a.html", "A" },
		{ "article-b.html", "B" },
		{ "article-c.html", "C" },
		{ "article-d.html", "D" },
		{ "edges.html", N_("Timers and edges") },
		{ "kernels.html", N_("Kernels") },
		{ "terms.html", N_("Index") },
	};

	fputs("<nav class=\"over\">", out);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		fprintf(out, "%s<a href=\"%s\">%s</a>", i ? " · " : "",
			links[i].page, _(links[i].text));
	fputs("</nav>\n", out);
}

int book_page_open(struct book_page *ret, const char *dir, const char *name,
		   const struct book_runs *runs, const char *title,
		   const char *language)
{
	struct book_page page = { .runs = runs };
	int r;

	page.shown = calloc(runs->n + 1, sizeof(*page.shown));
	if (!page.shown)
		return error_origin(-ENOMEM, "book");
	r = folder_create(&page.out, dir, name);
	if (r < 0) {
		free(page.shown);
		return error_trace(r);
	}
	/* TRANSLATORS: the tag of the language: zh-CN */
	html_begin(page.out, _("en"), title);
	fputs("<body class=\"book\">\n<header>\n", page.out);
	put_links(page.out);
	fputs("<h1", page.out);
	if (language)
		markup_attribute(page.out, "lang", language);
	fputs(">", page.out);
	markup_text(page.out, title);
	fputs("</h1>\n</header>\n", page.out);
	*ret = page;
	return 0;
}

int book_page_close(struct book_page *page, int r)
{
	html_end(page->out);
	if (fclose(page->out) != 0 && r >= 0)
		r = error_origin(-errno, "write a page of the book");
	free(page->shown);
	return error_trace(r);
}

void book_page_article(FILE *out, char article)
{
	fprintf(out, "article-%c.html", tolower((unsigned char)article));
}

void book_page_claim_link(FILE *out, const char *claim)
{
	fputs("<a href=\"", out);
	book_page_article(out, *claim);
	fprintf(out, "#%s\">%s</a>", claim, claim);
}

void book_page_paragraph(FILE *out, const char *class_name, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "<p class=\"%s\">", class_name);
	markup_text(out, text);
	fputs("</p>\n", out);
}

/* --- judgements and commands ---------------------------------------------- */

void book_page_judgement(FILE *out, enum document document, const char *since,
			 const char *note)
{
	char text[REPORT_TEXT];

	fprintf(out, "<span class=\"document %s\">", document_text(document));
	markup_text(out,
		    report_judgement(document_text(document), since, text));
	fputs("</span>", out);
	if (note && *note) {
		fputs(_(": "), out);
		markup_text(out, _(note));
	}
}

void book_page_command(FILE *out, const char *name, nsec_t duration)
{
	char about[REPORT_TEXT];

	fputs("<code>halfopen run ", out);
	markup_text(out, name);
	fputs("</code>", out);
	if (duration < REPORT_MINUTES)
		return;
	report_about(duration, about);
	fprintf(out,
		_(" (%s; in seconds: <code>halfopen vm --virtual-time -- run "
		  "%s</code>)"),
		about, name);
}

void book_page_changes(FILE *out, const struct testcase *testcase)
{
	const struct change *change = testcase->changes;

	if (!change || !change->what)
		return;
	fputs("<ul>\n", out);
	for (; change->what; change++) {
		fprintf(out, "<li>%s", _("since "));
		edges_print_version(out, change);
		fputs(_(": "), out);
		markup_text(out, _(change->what));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

/* --- a run ---------------------------------------------------------------- */

/* Unique, because a name has one slash and no other character but letters,
 * digits and those that are legal in a fragment. */
static void put_id(FILE *out, const char *name)
{
	fputs("run-", out);
	for (; *name; name++)
		fputc(*name == '/' ? ':' : *name, out);
}

static void put_ladder(FILE *out, const struct book_run *run)
{
	fputs("<figure>\n<div class=\"scroll\">\n", out);
	fputs(run->ladder, out);
	fputs("</div>\n<figcaption>", out);
	markup_text(out, run->name);
	if (*run->kernel) {
		fputs(", Linux ", out);
		markup_text(out, run->kernel);
	}
	if (run->virtual_time)
		fputs(_(", in virtual time"), out);
	fputs("</figcaption>\n</figure>\n", out);
}

static void put_recorded(FILE *out, const struct book_run *run)
{
	const struct result *result = run->result;
	char reason[1024];

	report_reason(result, reason, sizeof(reason));
	book_page_paragraph(out, verdict_text(result->verdict), reason);
	if (json_object_size(result->predicted) ||
	    json_object_size(result->measured))
		html_values(out, result);
	if (run->ladder)
		put_ladder(out, run);
}

void book_page_run(struct book_page *page, const struct book_run *run)
{
	FILE *out = page->out;
	bool *shown = &page->shown[run - page->runs->all];

	if (*shown) {
		fputs("<p class=\"ran\"><a href=\"#", out);
		put_id(out, run->name);
		fprintf(out, "\">%s</a></p>\n", _("run shown above"));
		return;
	}
	fputs("<div class=\"ran\" id=\"", out);
	put_id(out, run->name);
	fputs("\">\n<p>", out);
	if (run->result)
		html_verdict(out, run->result);
	else
		fprintf(out, "<span class=\"badge skip\">%s</span>",
			_("not recorded"));
	fputs(" ", out);
	book_page_command(out, run->name,
			  testcase_duration(run->testcase, run->variant));
	fputs("</p>\n", out);
	if (run->variant)
		book_page_paragraph(out, "what", _(run->variant->what));
	if (run->result)
		put_recorded(out, run);
	fputs("</div>\n", out);
	*shown = true;
}
