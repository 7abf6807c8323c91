/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of the runs below --out DIR: a table with a link to each run's page.
 * The variants of a case follow each other below the name of the case.
 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "errors.h"
#include "fd.h"
#include "html.h"
#include "journal.h"
#include "markup.h"
#include "message.h"
#include "report.h"

static const char *case_name(const struct page_entry *entry)
{
	return entry->result->testcase->name;
}

static const char *variant_name(const struct page_entry *entry)
{
	const struct variant *variant = entry->result->variant;

	return variant ? variant->name : "";
}

/* strverscmp(): retries2=5 before retries2=10. */
static int compare_entries(const void *left, const void *right)
{
	const struct page_entry *a = left, *b = right;
	int order = strcmp(case_name(a), case_name(b));

	if (!order)
		order = strverscmp(variant_name(a), variant_name(b));
	return order ? order : strverscmp(a->folder, b->folder);
}

/* A folder's name as a relative address. "./" keeps a name with a colon from
 * being read as a scheme (RFC 3986 section 4.2). */
static void put_address(FILE *out, const char *folder)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-_./~";

	fputs("./", out);
	for (; *folder; folder++) {
		if (strchr(unreserved, *folder))
			fputc(*folder, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*folder);
	}
}

/* `follows`: the row above is of the same case. */
static void put_name(FILE *out, const struct page_entry *entry, bool follows)
{
	const struct result *result = entry->result;
	const char *name = case_name(entry), *variant = variant_name(entry);

	fputs("<td class=\"case\">", out);
	if (!follows && *variant) {
		markup_text(out, name);
		fputs("<br/>", out);
	}
	fprintf(out, "%s<a href=\"", *variant ? "&#8195;" : "");
	put_address(out, entry->folder);
	fputs(*entry->folder ? "/report.html\">" : "report.html\">", out);
	markup_text(out, *variant ? variant : name);
	fputs("</a>", out);
	if (result->repetition > 1)
		fprintf(out, " #%u", result->repetition);
	if (result->attempt > 1)
		fprintf(out, _(" (try %u)"), result->attempt);
	fputs("</td>", out);
}

/* The cells of a row that may be empty: a lab has none of them. */
enum { CLAIMS, PREDICTED, MEASURED, DOCUMENT, CELLS };

/* In the language of the user; the class of a cell is the English word. */
static const char *const headings[CELLS] = {
	[CLAIMS] = N_("claims"),
	[PREDICTED] = N_("predicted"),
	[MEASURED] = N_("measured"),
	[DOCUMENT] = N_("document"),
};

enum { CELL = 2048 };

/* `among`: the judgements of all runs. */
static int write_cells(const struct result *result, const json_t *among,
		       char ret[static CELLS][CELL])
{
	char *document = report_document(result->judgements, among);
	char claims[REPORT_TEXT];

	if (!document)
		return error_origin(-ENOMEM, "index");
	report_claims(testcase_judgements(result->testcase, result->variant),
		      claims);
	snprintf(ret[CLAIMS], CELL, "%s", claims);
	report_summary(result, true, ret[PREDICTED], CELL);
	report_summary(result, false, ret[MEASURED], CELL);
	snprintf(ret[DOCUMENT], CELL, "%s", document);
	free(document);
	return 0;
}

/* The columns that have text in any row. */
static int find_columns(const struct page_entry *entries, size_t n,
			const json_t *among, bool ret[static CELLS])
{
	char cells[CELLS][CELL];

	for (size_t i = 0; i < n; i++) {
		int r = write_cells(entries[i].result, among, cells);

		if (r < 0)
			return error_trace(r);
		for (size_t j = 0; j < CELLS; j++)
			ret[j] |= *cells[j] != '\0';
	}
	return 0;
}

static void put_headings(FILE *out, const bool columns[static CELLS])
{
	fprintf(out, "<table class=\"runs\"><thead><tr><th>%s</th>",
		_("case"));
	for (size_t i = 0; i < CELLS; i++) {
		if (i == PREDICTED)
			fprintf(out, "<th>%s</th>", _("verdict"));
		if (columns[i])
			fprintf(out, "<th>%s</th>", _(headings[i]));
	}
	fputs("</tr></thead><tbody>\n", out);
}

static void put_verdict(FILE *out, const struct result *result)
{
	char reason[CELL];

	report_reason(result, reason, sizeof(reason));
	fputs("<td class=\"verdict\">", out);
	html_verdict(out, result);
	if (*reason)
		fputs("<br/>", out);
	markup_text(out, reason);
	fputs("</td>", out);
}

static int put_row(FILE *out, const struct page_entry *entry, bool follows,
		   const json_t *among, const bool columns[static CELLS])
{
	char cells[CELLS][CELL];
	int r = write_cells(entry->result, among, cells);

	if (r < 0)
		return error_trace(r);
	fprintf(out, "<tr%s>", follows ? "" : " class=\"group\"");
	put_name(out, entry, follows);
	for (size_t i = 0; i < CELLS; i++) {
		if (i == PREDICTED)
			put_verdict(out, entry->result);
		if (columns[i])
			html_cell(out, i == DOCUMENT ? "" : headings[i],
				  cells[i]);
	}
	fputs("</tr>\n", out);
	return 0;
}

static bool is_same_run(const struct page_entry *a, const struct page_entry *b)
{
	return strcmp(case_name(a), case_name(b)) == 0 &&
	       strcmp(variant_name(a), variant_name(b)) == 0 &&
	       a->result->family == b->result->family &&
	       a->result->repetition == b->result->repetition;
}

static bool is_tried_again(const struct page_entry *entries, size_t n,
			   const struct page_entry *entry)
{
	for (size_t i = 0; i < n; i++)
		if (entries[i].result->attempt > entry->result->attempt &&
		    is_same_run(&entries[i], entry))
			return true;
	return false;
}

/* Counts of the verdicts of last tries, as in the summary of a run; the date of
 * the first run, and the kernel. */
static void put_counts(FILE *out, const struct page_entry *entries, size_t n)
{
	size_t counts[VERDICT_BROKEN + 1] = { 0 };
	const char *kernel = "";
	double first = 0;

	for (size_t i = 0; i < n; i++) {
		const struct result *result = entries[i].result;
		const json_t *start = journal_find(result->journal, "start");
		const char *its = journal_text(start, "kernel");
		double epoch =
			json_number_value(json_object_get(start, "epoch"));

		if (!is_tried_again(entries, n, &entries[i]))
			counts[result->verdict]++;
		if (!first || (epoch && epoch < first))
			first = epoch;
		if (!*kernel)
			kernel = its;
		else if (*its && strcmp(kernel, its) != 0)
			kernel = _("several kernels");
	}
	fputs("<p class=\"claim\">", out);
	fprintf(out, _("%zu passed, %zu failed, %zu skipped, %zu broken"),
		counts[VERDICT_PASS], counts[VERDICT_FAIL],
		counts[VERDICT_SKIP], counts[VERDICT_BROKEN]);
	fputs("</p>\n<p class=\"over\">", out);
	html_date(out, first);
	fputs(*kernel && first ? " · " : "", out);
	markup_text(out, kernel);
	fputs("</p>\n", out);
}

static int put_table(FILE *out, const struct page_entry *entries, size_t n,
		     const json_t *among)
{
	bool columns[CELLS] = { false };
	int r = find_columns(entries, n, among, columns);

	if (r < 0)
		return error_trace(r);
	put_headings(out, columns);
	for (size_t i = 0; i < n; i++) {
		bool follows = i && strcmp(case_name(&entries[i]),
					   case_name(&entries[i - 1])) == 0;

		r = put_row(out, &entries[i], follows, among, columns);
		if (r < 0)
			return error_trace(r);
	}
	fputs("</tbody></table>\n", out);
	return 0;
}

int page_index_write(FILE *out, struct page_entry *entries, size_t n)
{
	json_t *among = json_array();
	int r;

	for (size_t i = 0; i < n; i++)
		json_array_extend(among, entries[i].result->judgements);
	if (n)
		qsort(entries, n, sizeof(*entries), compare_entries);
	html_begin(out, _("en"), _("halfopen: all runs"));
	fprintf(out, "<body>\n<header>\n<h1>%s</h1>\n", _("All runs"));
	put_counts(out, entries, n);
	fputs("</header>\n", out);
	r = put_table(out, entries, n, among);
	json_decref(among);
	if (r < 0)
		return error_trace(r);
	fprintf(out, "<footer>%s</footer>\n",
		_("Generated from the runs' journals alone."));
	html_end(out);
	return ferror(out) ?
		       error_origin(fd_stream_error(out), "write the index") :
		       0;
}
