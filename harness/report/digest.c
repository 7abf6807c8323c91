/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the table follow the table of cases, not the order in which runs
 * ended. A case with variants has a row of its own with the worst of their
 * verdicts; a judgement that all variants share stands there, once.
 */
#include "digest.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "fold.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "table.h"

enum {
	NAME,
	CLAIMS_CELL,
	VERDICT,
	PREDICTED,
	MEASURED,
	DOCUMENT,
	REASON,
	CELLS,
};

/* --- order ---------------------------------------------------------------- */

/* Cases of other programs, read from journals, come last. */
static size_t index_of(const struct testcase *testcase)
{
	size_t i = 0;

	while (i < testcases_n && testcases[i] != testcase)
		i++;
	return i;
}

/* The variants of a case are one array; a run without a variant comes first. */
static int compare_variants(const struct result *a, const struct result *b)
{
	if (!a->variant || !b->variant)
		return (a->variant != NULL) - (b->variant != NULL);
	return (a->variant > b->variant) - (a->variant < b->variant);
}

static int compare_results(const void *left, const void *right)
{
	const struct result *a = *(const struct result *const *)left;
	const struct result *b = *(const struct result *const *)right;
	size_t index_a = index_of(a->testcase), index_b = index_of(b->testcase);
	int order;

	if (index_a != index_b)
		return index_a < index_b ? -1 : 1;
	order = compare_variants(a, b);
	if (order)
		return order;
	return (a->repetition > b->repetition) -
	       (a->repetition < b->repetition);
}

void digest_sort(struct report *report)
{
	if (report->n_kept)
		qsort(report->kept, report->n_kept, sizeof(report->kept[0]),
		      compare_results);
}

/* --- table ---------------------------------------------------------------- */

/* All runs of one case. */
struct group {
	const struct result *const *results;
	size_t n;
};

static struct group group_at(const struct report *report, size_t i)
{
	struct group group = { .results = &report->kept[i] };

	while (i + group.n < report->n_kept &&
	       report->kept[i + group.n]->testcase == report->kept[i]->testcase)
		group.n++;
	return group;
}

static bool has_own_judgements(const struct result *result)
{
	return result->variant && result->variant->judgements;
}

/* A run that shows the judgements of the case: all runs that share them must
 * have passed or been skipped. NULL: there is none. */
static const struct result *find_common(struct group group)
{
	const struct result *found = NULL;

	for (size_t i = 0; i < group.n; i++) {
		if (has_own_judgements(group.results[i]))
			continue;
		if (group.results[i]->verdict == VERDICT_SKIP)
			continue;
		if (group.results[i]->verdict != VERDICT_PASS)
			return NULL;
		if (!found)
			found = group.results[i];
	}
	return found;
}

struct digest {
	struct report *report;
	struct table *table;
	json_t *judgements; /* of all runs */
	bool reasons;
};

/* What the run means for the documents, or why a pass means nothing. To be
 * freed. */
static char *document_cell(const struct digest *digest,
			   const struct result *result)
{
	char buffer[1024];

	if (result->verdict == VERDICT_PASS && *result->reason)
		return strdup(message_record(result->reason, buffer,
					     sizeof(buffer)));
	return report_document(result->judgements, digest->judgements);
}

static enum verdict worst(struct group group)
{
	/* A skipped variant does not change the verdict of the others. */
	static const int rank[] = { [VERDICT_SKIP] = 0,
				    [VERDICT_PASS] = 1,
				    [VERDICT_BROKEN] = 2,
				    [VERDICT_FAIL] = 3 };
	enum verdict verdict = group.results[0]->verdict;

	for (size_t i = 1; i < group.n; i++)
		if (rank[group.results[i]->verdict] > rank[verdict])
			verdict = group.results[i]->verdict;
	return verdict;
}

static void add_row(const struct digest *digest, const char *const *cells,
		    enum verdict verdict)
{
	int r = table_add(digest->table, cells, VERDICT,
			  digest->report->coloured ?
				  report_verdict_colour(verdict) :
				  COLOUR_PLAIN);

	if (r < 0)
		digest->report->error = r;
}

/* "  retries2=5 #2" below a row for the case (`parent`), else "CASE #2". */
static void run_name(const struct result *result, bool parent, char *ret,
		     size_t size)
{
	size_t at = (size_t)snprintf(ret, size, "%s%s", parent ? "  " : "",
				     parent ? result->variant->name :
					      result->testcase->name);

	if (result->repetition > 1 && at < size)
		snprintf(ret + at, size - at, " #%u", result->repetition);
}

static void run_verdict(const struct result *result, char *ret, size_t size)
{
	const char *verdict = report_verdict(result->verdict);

	if (result->attempt > 1)
		snprintf(ret, size, _("%s (try %u)"), verdict, result->attempt);
	else
		snprintf(ret, size, "%s", verdict);
}

static void add_run(const struct digest *digest, const struct result *result,
		    bool parent, bool judged)
{
	const char *cells[CELLS] = { NULL };
	char name[160], claims[REPORT_TEXT] = "", verdict[32];
	char predicted[512], measured[512], reason[512] = "";
	char *document = judged ? document_cell(digest, result) : NULL;

	run_name(result, parent, name, sizeof(name));
	if (!parent || has_own_judgements(result))
		report_claims(
			testcase_judgements(result->testcase, result->variant),
			claims);
	run_verdict(result, verdict, sizeof(verdict));
	report_summary(result, true, predicted, sizeof(predicted));
	report_summary(result, false, measured, sizeof(measured));
	cells[NAME] = name;
	cells[CLAIMS_CELL] = claims;
	cells[VERDICT] = verdict;
	cells[PREDICTED] = predicted;
	cells[MEASURED] = measured;
	cells[DOCUMENT] = document;
	if (digest->reasons && result->verdict != VERDICT_PASS)
		report_reason(result, reason, sizeof(reason));
	cells[REASON] = reason;
	add_row(digest, cells, result->verdict);
	free(document);
}

static void add_variants(const struct digest *digest, struct group group)
{
	const struct testcase *testcase = group.results[0]->testcase;
	const struct result *common = find_common(group);
	const char *cells[CELLS] = { testcase->name };
	char claims[REPORT_TEXT];
	char *document = common ? document_cell(digest, common) : NULL;

	report_all_claims(testcase, claims);
	cells[CLAIMS_CELL] = claims;
	cells[VERDICT] = report_verdict(worst(group));
	cells[DOCUMENT] = document;
	add_row(digest, cells, worst(group));
	free(document);
	for (size_t i = 0; i < group.n; i++)
		add_run(digest, group.results[i],
			group.results[i]->variant != NULL,
			has_own_judgements(group.results[i]) || !common);
}

static void add_group(const struct digest *digest, struct group group)
{
	bool variants = false;

	for (size_t i = 0; i < group.n; i++)
		variants = variants || group.results[i]->variant;
	if (variants) {
		add_variants(digest, group);
		return;
	}
	for (size_t i = 0; i < group.n; i++)
		add_run(digest, group.results[i], false, true);
}

void digest_table(struct report *report, bool reasons)
{
	const char *const headings[] = {
		[NAME] = _("case"),	    [CLAIMS_CELL] = _("claims"),
		[VERDICT] = _("verdict"),   [PREDICTED] = _("predicted"),
		[MEASURED] = _("measured"), [DOCUMENT] = _("document"),
		[REASON] = _("reason"),
	};
	struct digest digest = { .report = report,
				 .judgements = json_array(),
				 .reasons = reasons };
	int r = table_new(&digest.table, CELLS, headings);

	if (r < 0) {
		report->error = r;
		json_decref(digest.judgements);
		return;
	}
	for (size_t i = 0; i < report->n_kept; i++)
		json_array_extend(digest.judgements,
				  report->kept[i]->judgements);
	for (size_t i = 0; i < report->n_kept;) {
		struct group group = group_at(report, i);

		add_group(&digest, group);
		i += group.n;
	}
	table_print(digest.table, report->out, report->columns);
	table_free(digest.table);
	json_decref(digest.judgements);
}

/* --- failures ------------------------------------------------------------- */

/* Columns of a label, and of the further lines of a paragraph. */
enum { LABEL = 12, INDENT = 4 };

static void print_label(struct report *report, const char *label)
{
	fputs("  ", report->out);
	fold_pad(report->out, _(label), SIZE_MAX, LABEL - 2);
}

/* `label` is English. The text may contain bytes that a peer sent: control
 * characters must not reach the terminal. */
static void print_labelled(struct report *report, const char *label,
			   const char *text)
{
	char *line = NULL;
	size_t size;
	FILE *out = *text ? open_memstream(&line, &size) : NULL;

	if (!out)
		return;
	report_record(out, text);
	fclose(out);
	print_label(report, label);
	fold_print(report->out, line, LABEL, LABEL, report->columns);
	free(line);
}

static void print_side(struct report *report, const json_t *expectation,
		       const char *side)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s: %s",
		 journal_text(expectation, "what"),
		 journal_text(expectation, side));
	print_labelled(report, side, text);
}

/* Returns how many failed. */
static unsigned int print_expectations(struct report *report,
				       const struct result *result)
{
	unsigned int failed = 0;
	size_t i;
	json_t *expectation;

	json_array_foreach (result->expectations, i, expectation) {
		if (json_is_true(json_object_get(expectation, "ok")))
			continue;
		failed++;
		print_side(report, expectation, N_("expected"));
		print_side(report, expectation, N_("observed"));
		print_labelled(report, N_("at"),
			       journal_text(expectation, "at"));
	}
	return failed;
}

/* The counters often show which host's kernel did it, and why. */
static void print_counters(struct report *report, const struct result *result)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	json_t *record;

	if (!out)
		return;
	json_array_foreach (result->journal, i, record) {
		const char *host, *name;
		json_int_t change;

		if (!journal_is(record, "counter") ||
		    json_unpack(record, "{s:s, s:s, s:I}", "host", &host,
				"name", &name, "change", &change) < 0)
			continue;
		fprintf(out, "%s%s %s %+lld", ftell(out) > 0 ? ", " : "", host,
			name, (long long)change);
	}
	fclose(out);
	print_labelled(report, N_("counters"), text);
	free(text);
}

/* The first line stands beside the label. */
static void print_timeline(struct report *report, const struct result *result)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	report_timeline(out, result, "            ", report->coloured);
	fclose(out);
	if (size > LABEL) {
		print_label(report, N_("timeline"));
		fputs(text + LABEL, report->out);
	}
	free(text);
}

static void print_head(struct report *report, const struct result *result)
{
	enum colour colour = report_verdict_colour(result->verdict);
	char took[REPORT_TEXT], repetition[32] = "";

	if (result->repetition > 1)
		snprintf(repetition, sizeof(repetition), " #%u",
			 result->repetition);
	report_seconds(nsec_seconds(result->took), took);
	fprintf(report->out, "\n%s%s  %s%s%s  %s\n", result_name(result),
		repetition, colour_begin(report->coloured, colour),
		report_verdict(result->verdict),
		colour_end(report->coloured, colour), took);
}

static void print_reason(struct report *report, const struct result *result)
{
	char text[2048];

	snprintf(text, sizeof(text), "%s%s",
		 result->inconclusive ? "inconclusive: " : "",
		 result->reason ? result->reason : "");
	print_labelled(report, N_("reason"), text);
}

static void print_failure(struct report *report, const struct result *result)
{
	print_head(report, result);
	print_labelled(report, N_("claim"), _(result->testcase->claim));
	if (result->verdict == VERDICT_SKIP) {
		print_reason(report, result);
		return;
	}
	/* The reason of a FAIL only counts the failed expectations. */
	if (result->verdict != VERDICT_FAIL)
		print_reason(report, result);
	if (!print_expectations(report, result) &&
	    result->verdict == VERDICT_FAIL)
		print_reason(report, result);
	print_timeline(report, result);
	print_counters(report, result);
}

void digest_failures(struct report *report)
{
	for (size_t i = 0; i < report->n_kept; i++)
		if (report->kept[i]->verdict != VERDICT_PASS)
			print_failure(report, report->kept[i]);
}

/* --- totals --------------------------------------------------------------- */

static void print_delays(struct report *report, const struct report_tally *tally)
{
	const struct report_delays *delays = &tally->delays;
	nsec_t longest = MAX(MAX(delays->timers, delays->softirqs),
			     MAX(delays->cases, delays->wire));
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!report->verbose && !tally->inconclusive &&
	    longest <= report->info.slack)
		return;
	out = open_memstream(&text, &size);
	if (!out)
		return;
	fputs(_("max scheduling delay: "), out);
	report_delays_print(out, delays);
	fprintf(out, _(" (tolerance %.0f ms)"),
		nsec_seconds(report->info.slack) * 1e3);
	fclose(out);
	fold_print(report->out, text, 0, INDENT, report->columns);
	free(text);
}

void digest_total(struct report *report, const struct report_tally *tally)
{
	char took[REPORT_TEXT], inconclusive[48] = "";

	if (tally->inconclusive)
		snprintf(inconclusive, sizeof(inconclusive),
			 _(" (%u inconclusive)"), tally->inconclusive);
	report_seconds(nsec_seconds(tally->took), took);
	fprintf(report->out,
		_("\n%u passed, %u failed, %u skipped, %u broken%s in %s\n"),
		tally->passed, tally->failed, tally->skipped, tally->broken,
		inconclusive, took);
	print_delays(report, tally);
}
