/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An article is the lines of documents.c in their order, with the rows of each
 * claim and, at the end of a section, the figures that belong there. The second
 * book is the cases with a topic. Kernels and index are modules of their own.
 */
#include "book-site.h"

#include <string.h>

#include "book-page.h"
#include "book-terms.h"
#include "edges.h"
#include "errors.h"
#include "html.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "report.h"

/* --- claims --------------------------------------------------------------- */

/* The judgement that a recorded run made otherwise: on another kernel, for
 * example. */
static void put_other_judgement(FILE *out, const struct judgement *judgement,
				const struct result *result)
{
	const char *expected = document_text(judgement->document);
	const json_t *made;
	size_t i;

	json_array_foreach(result->judgements, i, made)
	{
		const char *claim =
			json_string_value(json_object_get(made, "claim"));
		const char *document =
			json_string_value(json_object_get(made, "document"));
		const char *note =
			json_string_value(json_object_get(made, "note"));

		if (strcmp(claim, judgement->claim) != 0 ||
		    strcmp(document, expected) == 0)
			continue;
		fprintf(out, "<p>%s<b>%s</b>: ", _("The run recorded here: "),
			_(document));
		markup_text(out, note ? _(note) : "");
		fputs("</p>\n", out);
	}
}

static void put_row(struct book_page *page, const struct book *book,
		    const struct documents_row *row)
{
	const struct judgement *judgement = row->judgement;
	const struct book_run *run = book_run_of(book, row);

	fputs("<p class=\"reason-of\">", page->out);
	book_page_judgement(page->out, judgement->document, judgement->since,
			    judgement->note);
	fputs("</p>\n", page->out);
	if (run->result && run->result->verdict != VERDICT_PASS)
		book_page_paragraph(
			page->out, "skip",
			_("The run recorded here did not show it:"));
	if (run->result)
		put_other_judgement(page->out, judgement, run->result);
	book_page_run(page, run);
}

/* Another section repeats the claim. */
static void put_repeated(FILE *out, const char *claim)
{
	fputs("<section class=\"claimed\"><h3>", out);
	book_page_claim_link(out, claim);
	fputs(" ", out);
	markup_text(out, _(documents_claim(claim)));
	fputs("</h3></section>\n", out);
}

static void put_claim(struct book_page *page, const struct book *book,
		      const struct documents_line *line)
{
	FILE *out = page->out;

	if (!book_judges(book, line->id))
		return;
	if (!line->text) {
		put_repeated(out, line->id);
		return;
	}
	fprintf(out, "<section class=\"claimed\" id=\"%s\"><h3>%s ", line->id,
		line->id);
	markup_text(out, _(line->text));
	fputs("</h3>\n", out);
	for (size_t i = 0; i < book->n_rows; i++)
		if (strcmp(book->rows[i].judgement->claim, line->id) == 0)
			put_row(page, book, &book->rows[i]);
	fputs("</section>\n", out);
}

/* --- figures -------------------------------------------------------------- */

static void put_drawn(struct book_page *page,
		      const struct documents_figure *figure, const char *name)
{
	const struct book_run *run = book_runs_find(page->runs, name);

	if (!run)
		return;
	if (run->figures[figure->kind])
		fputs(run->figures[figure->kind], page->out);
	book_page_run(page, run);
}

static void put_figure(struct book_page *page,
		       const struct documents_figure *figure)
{
	FILE *out = page->out;
	char title[256];

	snprintf(title, sizeof(title), _("Figure %s. %s"), figure->number,
		 _(figure->title));
	fprintf(out, "<section class=\"claimed\" id=\"figure-%s\"><h3>",
		figure->number);
	markup_text(out, title);
	fputs("</h3>\n", out);
	for (int i = 0; figure->runs[i]; i++)
		put_drawn(page, figure, figure->runs[i]);
	if (figure->at_defaults) {
		fprintf(out,
			"<p>%s <code>halfopen vm --virtual-time --out DIR "
			"-- run ",
			_("At the kernel's defaults, in virtual time:"));
		markup_text(out, figure->at_defaults);
		fputs("</code></p>\n", out);
		put_drawn(page, figure, figure->at_defaults);
	}
	fputs("</section>\n", out);
}

static void put_figures(struct book_page *page, const struct book *book,
			const struct documents_line *heading)
{
	size_t n;
	const struct documents_figure *figures = documents_figures(&n);

	for (size_t i = 0; i < n; i++)
		if (book_has_figure(book, &figures[i], heading))
			put_figure(page, &figures[i]);
}

/* --- articles ------------------------------------------------------------- */

static size_t place_of(const struct documents_line *line)
{
	size_t n;

	return (size_t)(line - documents_lines(&n));
}

/* Links to the claims and figures of a section. */
static void put_section_links(FILE *out, const struct book *book,
			      const struct documents_line *heading)
{
	size_t n;
	const struct documents_figure *figures = documents_figures(&n);
	const struct documents_line *line = heading + 1;

	for (; line < book_section_end(heading); line++) {
		if (!book_judges(book, line->id))
			continue;
		fputs(" ", out);
		book_page_claim_link(out, line->id);
	}
	for (size_t i = 0; i < n; i++) {
		if (!book_has_figure(book, &figures[i], heading))
			continue;
		fputs(" <a href=\"", out);
		book_page_article(out, figures[i].article);
		fprintf(out, "#figure-%s\">", figures[i].number);
		fprintf(out, _("Figure %s"), figures[i].number);
		fputs("</a>", out);
	}
}

static void put_contents(FILE *out, const struct book *book, char article)
{
	size_t n;
	const struct documents_line *lines = documents_lines(&n);

	fputs("<ul class=\"contents\">\n", out);
	for (size_t i = 0; i < n; i++) {
		const struct documents_line *line = &lines[i];

		if (line->kind == LINE_CLAIM || *line->id != article ||
		    !book_has_section(book, line))
			continue;
		fputs("<li><a lang=\"zh\" href=\"", out);
		book_page_article(out, article);
		fprintf(out, "#section-%zu\">", place_of(line));
		markup_text(out, line->text);
		fputs("</a>", out);
		put_section_links(out, book, line);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void put_section(struct book_page *page, const struct book *book,
			const struct documents_line *heading)
{
	const struct documents_line *line = heading + 1;

	if (!book_has_section(book, heading))
		return;
	fprintf(page->out, "<h2 lang=\"zh\" id=\"section-%zu\">",
		place_of(heading));
	markup_text(page->out, heading->text);
	fputs("</h2>\n", page->out);
	for (; line < book_section_end(heading); line++)
		put_claim(page, book, line);
	put_figures(page, book, heading);
}

static int write_article(const struct book *book,
			 const struct documents_line *title)
{
	char name[] = "article-x.html", text[256];
	struct book_page page;
	const struct documents_line *line = title;
	size_t n;
	const struct documents_line *end = documents_lines(&n) + n;
	int r;

	name[strlen("article-")] = (char)(*title->id - 'A' + 'a');
	snprintf(text, sizeof(text), "%s. %s", title->id, title->text);
	r = book_page_open(&page, book->out, name, &book->runs, text, "zh");
	if (r < 0)
		return error_trace(r);
	put_contents(page.out, book, *title->id);
	do {
		if (line->kind != LINE_CLAIM)
			put_section(&page, book, line);
		line++;
	} while (line < end && line->kind != LINE_TITLE);
	return error_trace(book_page_close(&page, 0));
}

static int write_articles(const struct book *book)
{
	size_t n;
	const struct documents_line *lines = documents_lines(&n);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		if (lines[i].kind == LINE_TITLE)
			r = write_article(book, &lines[i]);
	return error_trace(r);
}

/* --- the second book ------------------------------------------------------ */

static void put_term(FILE *out, const char *term, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "<dt>%s</dt><dd>", term);
	markup_text(out, text);
	fputs("</dd>\n", out);
}

static void put_edge(struct book_page *page, const struct testcase *testcase)
{
	FILE *out = page->out;
	char claims[REPORT_TEXT];

	fputs("<section class=\"claimed\" id=\"", out);
	markup_text(out, testcase->name);
	fputs("\"><h3>", out);
	markup_text(out, _(testcase->claim));
	fputs("</h3>\n<p>", out);
	book_page_command(out, testcase->name,
			  testcase_longest_default(testcase));
	fputs("</p>\n", out);
	fputs("<dl>", out);
	put_term(out, _("Why"), _(testcase->why));
	put_term(out, _("Expected"), _(testcase->expect));
	put_term(out, _("Sources"), testcase->sources);
	fputs("</dl>\n", out);
	report_all_claims(testcase, claims);
	if (*claims)
		fprintf(out, "<p>%s %s</p>\n", _("Judges:"), claims);
	book_page_changes(out, testcase);
	for (size_t i = 0; i < page->runs->n; i++)
		if (page->runs->all[i].testcase == testcase &&
		    page->runs->all[i].result)
			book_page_run(page, &page->runs->all[i]);
	fputs("</section>\n", out);
}

static int write_edges(const struct book *book)
{
	struct book_page page;
	int r = book_page_open(&page, book->out, "edges.html", &book->runs,
			       _("Timers and edges"), NULL);

	if (r < 0)
		return error_trace(r);
	book_page_paragraph(page.out, "claim",
			    _("What the documents do not mention: behaviour of "
			      "the kernel beside their claims, by topic."));
	for (enum topic topic = TOPIC_NONE + 1; topic < TOPICS; topic++) {
		bool heading = false;

		for (size_t i = 0; i < testcases_n; i++) {
			if (testcases[i]->topic != topic ||
			    !book_has_case(book, testcases[i]))
				continue;
			if (!heading)
				fprintf(page.out, "<h2>%s</h2>\n",
					_(edges_topic(topic)));
			heading = true;
			put_edge(&page, testcases[i]);
		}
	}
	return error_trace(book_page_close(&page, 0));
}

/* --- the first page ------------------------------------------------------- */

/* How often each judgement is made. */
static void put_counts(FILE *out, const struct book *book)
{
	fputs("<ul class=\"judged\">\n", out);
	for (enum document d = DOCUMENT_RIGHT; d <= DOCUMENT_WRONG; d++) {
		unsigned int n = 0;

		for (size_t i = 0; i < book->n_rows; i++)
			n += book->rows[i].judgement->document == d;
		fprintf(out, "<li>%u ", n);
		book_page_judgement(out, d, NULL, NULL);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void put_missing_run(FILE *out, const struct book_run *run)
{
	char reason[1024] = "";

	fputs("<li>", out);
	if (run->result) {
		html_verdict(out, run->result);
		report_reason(run->result, reason, sizeof(reason));
	} else {
		fprintf(out, "<span class=\"badge skip\">%s</span>",
			_("not recorded"));
	}
	fputs(" ", out);
	book_page_command(out, run->name,
			  testcase_duration(run->testcase, run->variant));
	if (*reason) {
		fputs(_(": "), out);
		markup_text(out, reason);
	}
	fputs("</li>\n", out);
}

/* The runs that did not pass, or are not recorded. */
static void put_missing(FILE *out, const struct book *book)
{
	size_t n = 0;

	for (size_t i = 0; i < book->runs.n; i++) {
		const struct book_run *run = &book->runs.all[i];

		if (run->result && run->result->verdict == VERDICT_PASS)
			continue;
		if (!n++)
			fprintf(out, "<h2>%s</h2>\n<p>%s</p>\n<ul>\n",
				_("Missing runs"),
				_("Without them the book has no measurement "
				  "for some judgements."));
		put_missing_run(out, run);
	}
	if (n)
		fputs("</ul>\n", out);
}

static int write_contents(const struct book *book)
{
	size_t n;
	const struct documents_line *lines = documents_lines(&n);
	struct book_page page;
	FILE *out;
	int r = book_page_open(&page, book->out, "index.html", &book->runs,
			       _("The two TCP documents, claim by claim"),
			       NULL);

	if (r < 0)
		return error_trace(r);
	out = page.out;
	book_page_paragraph(
		out, "claim",
		_("Each claim of the documents, whether it is right, and the "
		  "packets of the run that shows it."));
	fputs("<p>", out);
	fprintf(out, _("%zu judgements; %zu of %zu runs are recorded."),
		book->n_rows, book_runs_recorded(&book->runs), book->runs.n);
	fputs("</p>\n", out);
	put_counts(out, book);
	for (size_t i = 0; i < n; i++) {
		if (lines[i].kind != LINE_TITLE)
			continue;
		fputs("<h2><a href=\"", out);
		book_page_article(out, *lines[i].id);
		fprintf(out, "\">%s. <span lang=\"zh\">", lines[i].id);
		markup_text(out, lines[i].text);
		fputs("</span></a></h2>\n", out);
		put_contents(out, book, *lines[i].id);
	}
	put_missing(out, book);
	return error_trace(book_page_close(&page, 0));
}

int book_site_write(const struct book *book)
{
	int r = write_contents(book);

	if (r >= 0)
		r = write_articles(book);
	if (r >= 0)
		r = write_edges(book);
	if (r >= 0)
		r = book_terms_write(book);
	return error_trace(r);
}
