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

struct page_entry {
	char *folder, *name, *variant, *run, *claims, *reason;
	char *predicted, *measured, *text_is, *kernel;
	enum verdict verdict;
	bool inconclusive;
	double epoch;
};

/* --- entries ---------------------------------------------------------------*/

static char *run_text(const struct result *result)
{
	char text[96], run[32] = "", attempt[32] = "";

	if (result->repetition > 1)
		snprintf(run, sizeof(run), " #%u", result->repetition);
	if (result->attempt > 1)
		snprintf(attempt, sizeof(attempt), " (try %u)",
			 result->attempt);
	snprintf(text, sizeof(text), "%s%s", run, attempt);
	return strdup(text);
}

static void fill(struct page_entry *entry, const struct result *result)
{
	const json_t *start = journal_find(result->journal, "start");
	char text[REPORT_TEXT], values[512];

	entry->name = strdup(result->testcase->name);
	entry->variant = strdup(result->variant ? result->variant->name : "");
	entry->run = run_text(result);
	report_claims(testcase_judgements(result->testcase, result->variant),
		      text);
	entry->claims = strdup(text);
	entry->reason = strdup(result->reason ? result->reason : "");
	report_summary(result, true, values, sizeof(values));
	entry->predicted = strdup(values);
	report_summary(result, false, values, sizeof(values));
	entry->measured = strdup(values);
	entry->text_is = report_text_is(result->judgements);
	entry->kernel = strdup(journal_text(start, "kernel"));
	entry->epoch = json_number_value(json_object_get(start, "epoch"));
	entry->verdict = result->verdict;
	entry->inconclusive = result->inconclusive;
}

int page_entry_new(struct page_entry **ret, const struct result *result,
		   const char *folder)
{
	struct page_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return error_origin(-ENOMEM, "index");
	entry->folder = strdup(folder);
	fill(entry, result);
	if (!entry->folder || !entry->name || !entry->variant || !entry->run ||
	    !entry->claims || !entry->reason || !entry->predicted ||
	    !entry->measured || !entry->text_is || !entry->kernel) {
		page_entry_free(entry);
		return error_origin(-ENOMEM, "index");
	}
	*ret = entry;
	return 0;
}

struct page_entry *page_entry_free(struct page_entry *entry)
{
	if (!entry)
		return NULL;
	free(entry->folder);
	free(entry->name);
	free(entry->variant);
	free(entry->run);
	free(entry->claims);
	free(entry->reason);
	free(entry->predicted);
	free(entry->measured);
	free(entry->text_is);
	free(entry->kernel);
	free(entry);
	return NULL;
}

static int compare(const void *left, const void *right)
{
	const struct page_entry *a = *(struct page_entry *const *)left;
	const struct page_entry *b = *(struct page_entry *const *)right;
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strverscmp(a->variant, b->variant);
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
	fputs("<td class=\"case\">", out);
	if (!follows && *entry->variant) {
		markup_text(out, entry->name);
		fputs("<br/>", out);
	}
	fprintf(out, "%s<a href=\"", *entry->variant ? "&#8195;" : "");
	put_href(out, entry->folder);
	fputs(*entry->folder ? "/report.html\">" : "report.html\">", out);
	markup_text(out, *entry->variant ? entry->variant : entry->name);
	fputs("</a>", out);
	markup_text(out, entry->run);
	fputs("</td>", out);
}

static void cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	markup_text(out, text);
	fputs("</td>", out);
}

static void put_row(FILE *out, const struct page_entry *entry, bool follows)
{
	fprintf(out, "<tr%s>", follows ? "" : " class=\"group\"");
	put_name(out, entry, follows);
	fputs("<td class=\"claims\">", out);
	markup_text(out, entry->claims);
	fputs("</td>", out);
	fprintf(out, "<td><span class=\"badge %s\">%s</span>",
		verdict_text(entry->verdict), report_verdict(entry->verdict));
	if (*entry->reason) {
		fputs("<br/>", out);
		markup_text(out, entry->reason);
	}
	fputs("</td>", out);
	cell(out, entry->predicted);
	cell(out, entry->measured);
	cell(out, entry->text_is);
	fputs("</tr>\n", out);
}

static void put_counts(FILE *out, struct page_entry *const *entries, size_t n)
{
	size_t counts[VERDICT_BROKEN + 1] = { 0 };
	double first = 0;
	const char *kernel = "";

	for (size_t i = 0; i < n; i++) {
		counts[entries[i]->verdict]++;
		if (!first || (entries[i]->epoch && entries[i]->epoch < first))
			first = entries[i]->epoch;
		if (!*kernel)
			kernel = entries[i]->kernel;
		else if (*entries[i]->kernel &&
			 strcmp(kernel, entries[i]->kernel) != 0)
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

int page_index_write(FILE *out, struct page_entry **entries, size_t n)
{
	if (n)
		qsort(entries, n, sizeof(*entries), compare);
	page_begin(out, "halfopen: all runs");
	fputs("<body>\n<header>\n<h1>All runs</h1>\n", out);
	put_counts(out, entries, n);
	fputs("</header>\n<table><thead><tr><th>case</th><th>claims</th>"
	      "<th>verdict</th><th>predicted</th><th>measured</th>"
	      "<th>the text is</th></tr></thead><tbody>\n",
	      out);
	for (size_t i = 0; i < n; i++)
		put_row(out, entries[i],
			i && strcmp(entries[i]->name, entries[i - 1]->name) ==
				     0);
	fputs("</tbody></table>\n"
	      "<footer>Made from the runs' journals alone.</footer>\n",
	      out);
	page_end(out);
	return ferror(out) ? error_origin(-EIO, "index") : 0;
}
