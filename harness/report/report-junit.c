/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --format junit: JUnit's XML, as CI servers read it: one suite, and a testcase
 * element for each run. The head of the suite has the totals, so that the whole
 * document is printed at the end.
 *
 * A run that was tried again is one testcase with the result of its last try.
 * The earlier tries are elements of Maven Surefire's extension of the format:
 * flakyFailure and flakyError in a run that passed or was skipped in the end,
 * rerunFailure and rerunError in one that did not.
 */
#include "report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "case-table.h"
#include "journal.h"
#include "macro.h"
#include "markup.h"

static void print_property(FILE *out, const char *indent, const char *name,
			   const char *value)
{
	fprintf(out, "%s<property", indent);
	markup_attribute(out, "name", name);
	markup_attribute(out, "value", value);
	fputs("/>\n", out);
}

/* --- a run ---------------------------------------------------------------- */

static void print_json_property(FILE *out, const char *name,
				const json_t *value)
{
	char *text = json_dumps(value, JOURNAL_DUMP);

	if (text)
		print_property(out, "        ", name, text);
	free(text);
}

static void print_properties(FILE *out, const struct result *result)
{
	char claims[REPORT_TEXT];

	report_claims(testcase_judgements(result->testcase, result->variant),
		      claims);
	fputs("      <properties>\n", out);
	print_property(out, "        ", "claims", claims);
	print_property(out, "        ", "claim", result->testcase->claim);
	print_json_property(out, "judgements", result->judgements);
	print_json_property(out, "predicted", result->predicted);
	print_json_property(out, "measured", result->measured);
	print_json_property(out, "sysctls", result->sysctls);
	fputs("      </properties>\n", out);
}

/* With the reason: some servers show this text and not the message. */
static void print_expectations(FILE *out, const struct result *result)
{
	size_t i;
	json_t *e;

	fprintf(out, "%s\n", result->reason ? result->reason : "");
	json_array_foreach (result->expectations, i, e) {
		if (json_is_true(json_object_get(e, "ok")))
			continue;
		fprintf(out,
			"%s\n  expected  %s\n  observed  %s\n  at        %s\n",
			journal_text(e, "what"), journal_text(e, "expected"),
			journal_text(e, "observed"), journal_text(e, "at"));
	}
}

/* What `fill` prints, escaped, between the tags. */
static void print_element(FILE *out, const char *open, const char *close,
			  void (*fill)(FILE *out, const struct result *result),
			  const struct result *result)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	fill(memory, result);
	fclose(memory);
	fputs(open, out);
	markup_text(out, text);
	fputs(close, out);
	free(text);
}

static void print_timeline(FILE *out, const struct result *result)
{
	report_timeline(out, result, "", false);
}

/* Complete: a character that is cut off would be no XML. */
static void print_attribute(FILE *out, const char *name, const char *format,
			    ...) MACRO_PRINTF(3, 4);

static void print_attribute(FILE *out, const char *name, const char *format,
			    ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	markup_attribute(out, name, text);
	free(text);
}

/* The first expectation that failed; or the first one when none did. */
static const json_t *main_expectation(const struct result *result)
{
	size_t i;
	json_t *e;

	json_array_foreach (result->expectations, i, e)
		if (!json_is_true(json_object_get(e, "ok")))
			return e;
	return json_array_get(result->expectations, 0);
}

/* The message is what a server's list of failures shows. */
static void print_message(FILE *out, const struct result *result)
{
	const char *reason = result->reason ? result->reason : "";
	const json_t *e = main_expectation(result);

	if (result->verdict != VERDICT_FAIL || !e ||
	    json_is_true(json_object_get(e, "ok"))) {
		markup_attribute(out, "message", reason);
		return;
	}
	print_attribute(out, "message", "%s: expected %s, observed %s (%s)",
			journal_text(e, "what"), journal_text(e, "expected"),
			journal_text(e, "observed"), reason);
}

static const char *type_of(const struct result *result)
{
	if (result->inconclusive)
		return "inconclusive";
	return result->verdict == VERDICT_FAIL ? "fail" : "broken";
}

static void print_verdict(FILE *out, const struct result *result)
{
	static const char *const tags[] = {
		[VERDICT_PASS] = NULL,
		[VERDICT_FAIL] = "failure",
		[VERDICT_SKIP] = "skipped",
		[VERDICT_BROKEN] = "error",
	};
	const char *tag = tags[result->verdict];
	char close[32];

	if (!tag)
		return;
	fprintf(out, "      <%s", tag);
	print_message(out, result);
	if (result->verdict != VERDICT_SKIP || result->inconclusive)
		markup_attribute(out, "type", type_of(result));
	if (result->verdict == VERDICT_SKIP) {
		fputs("/>\n", out);
		return;
	}
	snprintf(close, sizeof(close), "</%s>\n", tag);
	print_element(out, ">", close, print_expectations, result);
}

static void print_earlier_try(FILE *out, const struct result *result,
			      bool failed_finally)
{
	char tag[32];

	snprintf(tag, sizeof(tag), "%s%s", failed_finally ? "rerun" : "flaky",
		 result->verdict == VERDICT_FAIL ? "Failure" : "Error");
	fprintf(out, "      <%s", tag);
	print_message(out, result);
	markup_attribute(out, "type", type_of(result));
	fputs(">\n", out);
	print_element(out, "        <stackTrace>", "</stackTrace>\n",
		      print_expectations, result);
	print_element(out, "        <system-out>", "</system-out>\n",
		      print_timeline, result);
	fprintf(out, "      </%s>\n", tag);
}

static bool is_same_run(const struct result *a, const struct result *b)
{
	return a->testcase == b->testcase && a->variant == b->variant &&
	       a->repetition == b->repetition;
}

static bool has_failed(const struct result *result)
{
	return result->verdict == VERDICT_FAIL ||
	       result->verdict == VERDICT_BROKEN;
}

static void print_earlier_tries(const struct report *report,
				const struct result *result)
{
	for (size_t i = 0; result->attempt > 1 && i < report->n_kept; i++)
		if (!report->kept[i]->final &&
		    is_same_run(report->kept[i], result))
			print_earlier_try(report->out, report->kept[i],
					  has_failed(result));
}

/* The script's line, for servers that show it beside the source. */
static void print_place(FILE *out, const struct result *result)
{
	const char *at = journal_text(main_expectation(result), "at");
	const char *colon = strrchr(at, ':');

	if (!colon)
		return;
	print_attribute(out, "file", "%.*s", (int)(colon - at), at);
	markup_attribute(out, "line", colon + 1);
}

/* Some servers show a tree of the class names, which need a package for that,
 * and some a list of the names, which must be complete by themselves. */
static void print_testcase(const struct report *report,
			   const struct result *result)
{
	char repetition[32] = "";
	FILE *out = report->out;

	if (result->repetition > 1)
		snprintf(repetition, sizeof(repetition), " repetition %u",
			 result->repetition);
	fputs("    <testcase", out);
	print_attribute(out, "classname", "halfopen.%s",
			result->testcase->name);
	print_attribute(out, "name", "%s%s", result_name(result), repetition);
	print_place(out, result);
	fprintf(out, " time=\"%.6f\">\n", nsec_seconds(result->took));
	print_properties(out, result);
	print_verdict(out, result);
	print_earlier_tries(report, result);
	if (has_failed(result))
		print_element(out, "      <system-out>", "</system-out>\n",
			      print_timeline, result);
	fputs("    </testcase>\n", out);
}

/* --- document ------------------------------------------------------------- */

static void begin(struct report *report)
{
	report->began = time(NULL);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", report->out);
}

static void keep_result(struct report *report, const struct result *result)
{
	report_keep(report, result);
}

static void print_timestamp(const struct report *report)
{
	struct tm tm;
	char text[32];

	if (gmtime_r(&report->began, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		markup_attribute(report->out, "timestamp", text);
}

static void print_totals(FILE *out, const struct report_tally *tally)
{
	fprintf(out,
		" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\""
		" time=\"%.6f\"",
		tally->passed + tally->failed + tally->skipped + tally->broken,
		tally->failed, tally->broken, tally->skipped,
		nsec_seconds(tally->took));
}

static void print_delays(FILE *out, const struct report_delays *delays)
{
	char text[160] = "";
	FILE *memory = fmemopen(text, sizeof(text) - 1, "w");

	if (!memory)
		return;
	report_delays_print(memory, delays);
	fclose(memory);
	print_property(out, "      ", "max_scheduling_delay", text);
}

static void print_machine(FILE *out, const struct report_info *info,
			  const struct report_tally *tally)
{
	char number[16];

	fputs("    <properties>\n", out);
	print_property(out, "      ", "version", info->version);
	print_property(out, "      ", "kernel", info->kernel);
	snprintf(number, sizeof(number), "%u", info->hz);
	print_property(out, "      ", "hz", number);
	print_property(out, "      ", "rootless",
		       info->rootless ? "true" : "false");
	print_property(out, "      ", "virtual_time",
		       info->virtual_time ? "true" : "false");
	snprintf(number, sizeof(number), "%d", info->family);
	print_property(out, "      ", "family", number);
	print_delays(out, &tally->delays);
	fputs("    </properties>\n", out);
}

static void end(struct report *report, const struct report_tally *tally)
{
	FILE *out = report->out;

	fputs("<testsuites", out);
	print_totals(out, tally);
	fputs(">\n  <testsuite name=\"halfopen\"", out);
	print_totals(out, tally);
	print_timestamp(report);
	fputs(">\n", out);
	print_machine(out, &report->info, tally);
	for (size_t i = 0; i < report->n_kept; i++)
		if (report->kept[i]->final)
			print_testcase(report, report->kept[i]);
	fputs("  </testsuite>\n</testsuites>\n", out);
	fflush(out);
}

const struct reporter reporter_junit = {
	.name = "junit",
	.begin = begin,
	.result = keep_result,
	.end = end,
	.timelines_at_end = true,
};
