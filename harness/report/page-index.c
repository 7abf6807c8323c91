/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "journal.h"
#include "markup.h"
#include "page-parts.h"
#include "report.h"

/* --- entries ---------------------------------------------------------------*/

static const char *name_of(const struct page_entry *entry)
{
	return entry->result->testcase->name;
}

static const char *variant_of(const struct page_entry *entry)
{
	const struct variant *variant = entry->result->variant;

	return variant ? variant->name : "";
}

static int compare(const void *left, const void *right)
{
	const struct page_entry *a = left, *b = right;
	int order = strcmp(name_of(a), name_of(b));

	if (!order)
		order = strverscmp(variant_of(a), variant_of(b));
	return order ? order : strverscmp(a->folder, b->folder);
}

/* --- the page --------------------------------------------------------------*/

/* A folder's name, as a relative address: what is no plain character by its
 * number. */
static void put_href(FILE *out, const char *folder)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./~";

	fputs("./", out);
	for (; *folder; folder++) {
		if (strchr(plain, *folder))
			fputc(*folder, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*folder);
	}
}

static void put_name(FILE *out, const struct page_entry *entry, bool follows)
{
	const struct result *result = entry->result;
	const char *name = name_of(entry), *variant = variant_of(entry);

	fputs("<td class=\"case\">", out);
	if (!follows && *variant) {
		markup_text(out, name);
		fputs("<br/>", out);
	}
	fprintf(out, "%s<a href=\"", *variant ? "&#8195;" : "");
	put_href(out, entry->folder);
	fputs(*entry->folder ? "/report.html\">" : "report.html\">", out);
	markup_text(out, *variant ? variant : name);
	fputs("</a>", out);
	if (result->repetition > 1)
		fprintf(out, " #%u", result->repetition);
	if (result->attempt > 1)
		fprintf(out, " (try %u)", result->attempt);
	fputs("</td>", out);
}

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	markup_text(out, text);
	fputs("</td>", out);
}

static void put_values(FILE *out, const struct result *result, bool predicted)
{
	char values[512];

	report_summary(result, predicted, values, sizeof(values));
	cell(out, values);
}

static int put_row(FILE *out, const struct page_entry *entry, bool follows)
{
	const struct result *result = entry->result;
	char *text_is = report_text_is(result->judgements);
	char claims[REPORT_TEXT];

	if (!text_is)
		return error_origin(-ENOMEM, "index");
	report_claims(testcase_judgements(result->testcase, result->variant),
		      claims);
	fprintf(out, "<tr%s>", follows ? "" : " class=\"group\"");
	put_name(out, entry, follows);
	fputs("<td class=\"claims\">", out);
	markup_text(out, claims);
	fputs("</td>", out);
	fprintf(out, "<td><span class=\"badge %s\">%s</span>",
		verdict_text(result->verdict), report_verdict(result->verdict));
	if (result->reason && *result->reason) {
		fputs("<br/>", out);
		markup_text(out, result->reason);
	}
	fputs("</td>", out);
	put_values(out, result, true);
	put_values(out, result, false);
	cell(out, text_is);
	fputs("</tr>\n", out);
	free(text_is);
	return 0;
}

static void put_counts(FILE *out, const struct page_entry *entries, size_t n)
{
	size_t counts[VERDICT_BROKEN + 1] = { 0 };
	double first = 0;
	const char *kernel = "";

	for (size_t i = 0; i < n; i++) {
		const struct result *result = entries[i].result;
		const json_t *start = journal_find(result->journal, "start");
		const char *its = journal_text(start, "kernel");
		double epoch =
			json_number_value(json_object_get(start, "epoch"));

		counts[result->verdict]++;
		if (!first || (epoch && epoch < first))
			first = epoch;
		if (!*kernel)
			kernel = its;
		else if (*its && strcmp(kernel, its) != 0)
			kernel = "several kernels";
	}
	fprintf(out,
		"<p class=\"claim\">%zu passed, %zu failed, %zu skipped, %zu "
		"broken</p>\n<p class=\"over\">",
		counts[VERDICT_PASS], counts[VERDICT_FAIL],
		counts[VERDICT_SKIP], counts[VERDICT_BROKEN]);
	page_date(out, first);
	fputs(*kernel && first ? " · " : "", out);
	markup_text(out, kernel);
	fputs("</p>\n", out);
}

int page_index_write(FILE *out, struct page_entry *entries, size_t n)
{
	int r = 0;

	if (n)
		qsort(entries, n, sizeof(*entries), compare);
	page_begin(out, "halfopen: all runs");
	fputs("<body>\n<header>\n<h1>All runs</h1>\n", out);
	put_counts(out, entries, n);
	fputs("</header>\n<table><thead><tr><th>case</th><th>claims</th>"
	      "<th>verdict</th><th>predicted</th><th>measured</th>"
	      "<th>the text is</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = put_row(out, &entries[i],
			    i && strcmp(name_of(&entries[i]),
					name_of(&entries[i - 1])) == 0);
	fputs("</tbody></table>\n"
	      "<footer>Made from the runs' journals alone.</footer>\n",
	      out);
	page_end(out);
	if (r < 0)
		return error_trace(r);
	return ferror(out) ? error_origin(-EIO, "index") : 0;
}
