/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --format ktap: KTAP version 1, Documentation/dev-tools/ktap.rst of the kernel.
 * A run is a test and its expectations are nested tests. What needs no result
 * line (the timeline of a failure, earlier tries) is a diagnostic line.
 *
 * A parser may derive a test's result from its nested tests (kunit.py does), so
 * the expectations of a skipped run are diagnostic lines too.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "safe-text.h"

static const char *ok(bool is)
{
	return is ? "ok" : "not ok";
}

/* '#' begins the directive, so that a description must not contain it. */
static void print_description(FILE *out, const char *text)
{
	char *copy = strdup(text);

	for (char *c = copy; c && *c; c++)
		if (*c == '#')
			*c = ' ';
	safe_text_print(out, copy ? copy : "");
	free(copy);
}

static void diagnose(FILE *out, const char *indent, const char *what,
		     const char *text)
{
	if (!*text)
		return;
	fprintf(out, "%s# %s: ", indent, what);
	safe_text_print(out, text);
	fputc('\n', out);
}

static void begin(struct report *report)
{
	const struct report_info *info = &report->info;

	fprintf(report->out,
		"KTAP version 1\n"
		"1..%zu\n"
		"# halfopen %s, Linux %s, HZ %u, IPv%d%s%s\n",
		info->n_runs, info->version, info->kernel, info->hz,
		info->family, info->rootless ? ", rootless" : "",
		info->virtual_time ? ", virtual time" : "");
	fflush(report->out);
}

static void diagnose_expectation(FILE *out, const char *indent,
				 const json_t *expectation)
{
	diagnose(out, indent, "expected", journal_text(expectation, "expected"));
	diagnose(out, indent, "observed", journal_text(expectation, "observed"));
	diagnose(out, indent, "at", journal_text(expectation, "at"));
}

static void print_nested(FILE *out, const struct result *result)
{
	const json_t *all = result->expectations;

	if (json_array_size(all) == 0)
		return;
	fprintf(out, "  KTAP version 1\n  1..%zu\n", json_array_size(all));
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *expectation = json_array_get(all, i);
		bool passed = json_is_true(json_object_get(expectation, "ok"));

		if (!passed)
			diagnose_expectation(out, "  ", expectation);
		fprintf(out, "  %s %zu ", ok(passed), i + 1);
		print_description(out, journal_text(expectation, "what"));
		fputc('\n', out);
	}
}

static void print_as_diagnosis(FILE *out, const struct result *result)
{
	size_t i;
	json_t *expectation;

	json_array_foreach (result->expectations, i, expectation) {
		if (json_is_true(json_object_get(expectation, "ok")))
			continue;
		diagnose(out, "", "failed", journal_text(expectation, "what"));
		diagnose_expectation(out, "", expectation);
	}
}

static void print_directive(FILE *out, const struct result *result)
{
	const char *inconclusive = result->inconclusive ? "inconclusive: " : "";

	switch (result->verdict) {
	case VERDICT_PASS:
	case VERDICT_FAIL:
		fprintf(out, " # time=%.0fms",
			nsec_seconds(result->took) * 1e3);
		return;
	case VERDICT_SKIP:
		fprintf(out, " # SKIP %s", inconclusive);
		break;
	case VERDICT_BROKEN:
		fprintf(out, " # ERROR %s", inconclusive);
		break;
	}
	safe_text_print(out, result->reason ? result->reason : "");
}

static void print_earlier_try(FILE *out, const struct result *result)
{
	fprintf(out, "# %s: try %u: %s, ", result_name(result), result->attempt,
		verdict_text(result->verdict));
	safe_text_print(out, result->reason ? result->reason : "");
	fputc('\n', out);
	print_as_diagnosis(out, result);
}

static void print_result(struct report *report, const struct result *result)
{
	FILE *out = report->out;
	bool passed = result->verdict == VERDICT_PASS;
	bool skipped = result->verdict == VERDICT_SKIP;

	if (!result->final) {
		print_earlier_try(out, result);
		return;
	}
	if (skipped)
		print_as_diagnosis(out, result);
	else
		print_nested(out, result);
	if (!passed && !skipped) {
		diagnose(out, "", "claim", result->testcase->claim);
		diagnose(out, "", "reason",
			 result->reason ? result->reason : "");
		report_timeline(out, result, "#   ", false);
	}
	fprintf(out, "%s %u ", ok(passed || skipped), ++report->n_ended);
	print_description(out, result_name(result));
	if (result->repetition > 1)
		fprintf(out, " repetition %u", result->repetition);
	print_directive(out, result);
	fputc('\n', out);
	fflush(out);
}

static void end(struct report *report, const struct report_tally *tally)
{
	fprintf(report->out,
		"# Totals: pass:%u fail:%u skip:%u error:%u inconclusive:%u\n",
		tally->passed, tally->failed, tally->skipped, tally->broken,
		tally->inconclusive);
	fputs("# Max scheduling delay: ", report->out);
	report_delays_print(report->out, &tally->delays);
	fputc('\n', report->out);
	fflush(report->out);
}

const struct reporter reporter_ktap = {
	.name = "ktap",
	.begin = begin,
	.result = print_result,
	.end = end,
};
