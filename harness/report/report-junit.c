/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JUnit's XML, as CI servers read it: one suite, a testcase for each run. Its
 * head carries the totals, so that all of it is printed at the end. A testcase
 * comes to what its last try did; the tries before it are Surefire's elements,
 * flaky… below what did not fail in the end, rerun… below what did.
 */
#include "report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journal.h"

/* --- XML ------------------------------------------------------------------*/

/*
 * XML 1.0, section 2.2: no control characters but tab, newline and carriage
 * return, not even escaped. What jansson gives is UTF-8 without surrogates;
 * U+FFFE and U+FFFF (ef bf be, ef bf bf) remain to be dropped.
 */
static size_t forbidden(const char *at)
{
	unsigned char c = (unsigned char)at[0];

	if ((c < ' ' && !strchr("\t\n\r", c)))
		return 1;
	return strncmp(at, "\xef\xbf\xbe", 3) == 0 ||
			       strncmp(at, "\xef\xbf\xbf", 3) == 0 ?
		       3 :
		       0;
}

/* In text and in attributes alike: a parser makes a blank of a raw newline in
 * an attribute, not of an escaped one. */
static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	case '\t':
		return "&#9;";
	default:
		return NULL;
	}
}

static void print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t skip = forbidden(text);
		const char *escaped = entity(*text);

		if (!skip && escaped)
			fputs(escaped, out);
		else if (!skip)
			fputc(*text, out);
		text += skip ? skip : 1;
	}
}

/* The text of an element may keep its lines, for whoever reads the file. */
static void print_lines(FILE *out, const char *text)
{
	for (;;) {
		size_t size = strcspn(text, "\n");
		char *line = strndup(text, size);

		if (line)
			print_text(out, line);
		free(line);
		if (!text[size])
			return;
		fputc('\n', out);
		text += size + 1;
	}
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	print_text(out, value);
	fputc('"', out);
}

static void print_property(FILE *out, const char *indent, const char *name,
			   const char *value)
{
	fprintf(out, "%s<property", indent);
	print_attribute(out, "name", name);
	print_attribute(out, "value", value);
	fputs("/>\n", out);
}

/* --- a run ----------------------------------------------------------------*/

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

/* The reason too: some servers show the text and not the message. */
static void print_expectations(FILE *out, const struct result *result)
{
	size_t i;
	json_t *e;

	fprintf(out, "%s\n", result->reason ? result->reason : "");
	json_array_foreach(result->expectations, i, e)
	{
		if (json_is_true(json_object_get(e, "ok")))
			continue;
		fprintf(out,
			"%s\n  expected  %s\n  observed  %s\n  at        %s\n",
			json_string_value(json_object_get(e, "what")),
			json_string_value(json_object_get(e, "expected")),
			json_string_value(json_object_get(e, "observed")),
			json_string_value(json_object_get(e, "at")));
	}
}

/* Prints with `fill`, escaped, between the element's tags. */
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
	print_lines(out, text);
	fputs(close, out);
	free(text);
}

static void print_story(FILE *out, const struct result *result)
{
	report_story(out, result, "");
}

/* The first that did not hold; or else, where all did, the first. */
static const json_t *telling_expectation(const struct result *result)
{
	size_t i;
	json_t *e;

	json_array_foreach(result->expectations, i, e)
	{
		if (!json_is_true(json_object_get(e, "ok")))
			return e;
	}
	return json_array_get(result->expectations, 0);
}

/* What a list of failures shows of this one. */
static void print_message(FILE *out, const struct result *result)
{
	const json_t *e = telling_expectation(result);
	char text[1024];

	if (result->verdict != VERDICT_FAIL || !e ||
	    json_is_true(json_object_get(e, "ok"))) {
		print_attribute(out, "message",
				result->reason ? result->reason : "");
		return;
	}
	snprintf(text, sizeof(text), "%s: expected %s, observed %s (%s)",
		 json_string_value(json_object_get(e, "what")),
		 json_string_value(json_object_get(e, "expected")),
		 json_string_value(json_object_get(e, "observed")),
		 result->reason ? result->reason : "");
	print_attribute(out, "message", text);
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
		print_attribute(out, "type", type_of(result));
	if (result->verdict == VERDICT_SKIP) {
		fputs("/>\n", out);
		return;
	}
	snprintf(close, sizeof(close), "</%s>\n", tag);
	print_element(out, ">", close, print_expectations, result);
}

static void print_earlier_try(FILE *out, const struct result *result,
			      bool failed_in_the_end)
{
	char tag[32];

	snprintf(tag, sizeof(tag), "%s%s", failed_in_the_end ? "rerun" : "flaky",
		 result->verdict == VERDICT_FAIL ? "Failure" : "Error");
	fprintf(out, "      <%s", tag);
	print_message(out, result);
	print_attribute(out, "type", type_of(result));
	fputs(">\n", out);
	print_element(out, "        <stackTrace>", "</stackTrace>\n",
		      print_expectations, result);
	print_element(out, "        <system-out>", "</system-out>\n",
		      print_story, result);
	fprintf(out, "      </%s>\n", tag);
}

static bool is_same_run(const struct result *a, const struct result *b)
{
	return a->testcase == b->testcase && a->variant == b->variant &&
	       a->repetition == b->repetition;
}

static bool went_wrong(const struct result *result)
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
					  went_wrong(result));
}

/* Of the script's line that tells most, for who shows it beside the sources. */
static void print_place(FILE *out, const struct result *result)
{
	const char *at = json_string_value(
		json_object_get(telling_expectation(result), "at"));
	const char *colon = at ? strrchr(at, ':') : NULL;
	char file[256];

	if (!colon)
		return;
	snprintf(file, sizeof(file), "%.*s", (int)(colon - at), at);
	print_attribute(out, "file", file);
	print_attribute(out, "line", colon + 1);
}

/* A class with a package, and a name that is whole by itself: some servers show
 * a tree of the one, some a list of the other. */
static void print_testcase(const struct report *report,
			   const struct result *result)
{
	char name[300] = "", class[160];
	FILE *out = report->out;

	snprintf(class, sizeof(class), "halfopen.%s", result->testcase->name);
	snprintf(name, sizeof(name), "%s", result_name(result));
	if (result->repetition > 1)
		snprintf(name + strlen(name), sizeof(name) - strlen(name),
			 " repetition %u", result->repetition);
	fputs("    <testcase", out);
	print_attribute(out, "classname", class);
	print_attribute(out, "name", name);
	print_place(out, result);
	fprintf(out, " time=\"%.6f\">\n", nsec_seconds(result->took));
	print_properties(out, result);
	print_verdict(out, result);
	print_earlier_tries(report, result);
	if (went_wrong(result))
		print_element(out, "      <system-out>", "</system-out>\n",
			      print_story, result);
	fputs("    </testcase>\n", out);
}

/* --- the whole ------------------------------------------------------------*/

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
		print_attribute(report->out, "timestamp", text);
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

static void print_lateness(FILE *out, const struct report_lateness *lateness)
{
	char text[160] = "";
	FILE *memory = fmemopen(text, sizeof(text) - 1, "w");

	if (!memory)
		return;
	report_lateness(memory, lateness);
	fclose(memory);
	print_property(out, "      ", "late_at_most", text);
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
	print_lateness(out, &tally->lateness);
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
	.tells_at_end = true,
};
