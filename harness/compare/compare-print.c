/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare-print.h"

#include <errno.h>
#include <linux/version.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compare-parts.h"
#include "difference.h"
#include "errors.h"
#include "fold.h"
#include "journal.h"
#include "macro.h"
#include "report.h"

enum { CELL = 256, INDENT = 2, LABEL = 12 };

static void add_word(char *text, size_t size, const char *format, ...)
	MACRO_PRINTF(3, 4);

static void add_word(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	used += (size_t)snprintf(text + used, size - used, "%s",
				 used ? ", " : "");
	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* --- values --------------------------------------------------------------- */

static void print_value(FILE *out, const char *name, const json_t *value)
{
	char text[REPORT_TEXT];

	if (!json_is_number(value) || !compare_ends_with(name, "_s")) {
		difference_print_value(out, value);
		return;
	}
	report_seconds(json_number_value(value), text);
	fputs(text, out);
}

/* "6.53 .. 6.89 s": a predicted value and its greatest one. */
static void print_predicted(FILE *out, const struct result *result,
			    const char *name)
{
	const json_t *least = json_object_get(result->predicted, name), *most;
	char key[CELL], text[REPORT_TEXT];

	snprintf(key, sizeof(key), "%s_max", name);
	most = json_object_get(
		result->predicted,
		strcmp(name, "elapsed_s") == 0 ? "elapsed_max_s" : key);
	if (!json_is_number(most) || !json_is_number(least)) {
		print_value(out, name, least);
		return;
	}
	if (compare_ends_with(name, "_s")) {
		report_seconds(json_number_value(least), text);
		fprintf(out, "%.*s", (int)strcspn(text, " "), text);
	} else {
		difference_print_value(out, least);
	}
	fputs(" .. ", out);
	print_value(out, name, most);
}

/* " (-51 %)", of two numbers. */
static void print_change(FILE *out, const struct compare_value *value)
{
	const json_t *const *values = value->values;
	double a = json_number_value(values[COMPARE_A]);
	double b = json_number_value(values[COMPARE_B]), change;

	if (!json_is_number(values[COMPARE_A]) ||
	    !json_is_number(values[COMPARE_B]) || a == 0)
		return;
	change = 100 * (b - a) / fabs(a);
	fprintf(out, " (%+.*f %%)", fabs(change) < 10 ? 1 : 0, change);
}

/* --- the table ------------------------------------------------------------ */

static bool is_told(const struct compare_view *view,
		    const struct compare_value *value)
{
	return view->verbose || value->differs || !value->values[COMPARE_A] ||
	       !value->values[COMPARE_B];
}

static void print_measured(FILE *out, const struct compare_view *view,
			   const struct comparison *comparison)
{
	const struct compare_values *measured = &comparison->measured;

	for (size_t i = 0; i < measured->n; i++) {
		const struct compare_value *value = &measured->all[i];

		if (!is_told(view, value))
			continue;
		fprintf(out, "; %s ", value->name);
		print_value(out, value->name, value->values[COMPARE_A]);
		fputs(" | ", out);
		print_value(out, value->name, value->values[COMPARE_B]);
		print_change(out, value);
	}
}

/* The greatest one stands beside the least. */
static bool is_most(const char *name)
{
	return compare_ends_with(name, "_max") ||
	       strcmp(name, "elapsed_max_s") == 0;
}

static void print_predictions(FILE *out, const struct compare_view *view,
			      const struct comparison *comparison)
{
	const struct compare_values *predicted = &comparison->predicted;

	for (size_t i = 0; i < predicted->n; i++) {
		const struct compare_value *value = &predicted->all[i];

		if (!is_told(view, value) || is_most(value->name))
			continue;
		fprintf(out, "; predicted %s ", value->name);
		print_predicted(out, comparison->results[COMPARE_A],
				value->name);
		fputs(" | ", out);
		print_predicted(out, comparison->results[COMPARE_B],
				value->name);
	}
}

/* Each with "; " before it. */
static void print_differences(FILE *out, const struct compare_view *view,
			      const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;

	if (comparison->other_verdict)
		fputs("; verdict", out);
	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		if (compare_event_parts(&comparison->events[i]))
			fprintf(out, "; %s", compare_event_text(i));
	if (segments->parts_at < segments->n_steps)
		fprintf(out, "; segment %zu", segments->parts_at + 1);
	if (comparison->differs || view->verbose) {
		print_measured(out, view, comparison);
		print_predictions(out, view, comparison);
	}
}

/* "NAME", or "NAME, OTHER" for two runs of two names. */
static void write_names(const struct comparison *comparison, char *ret,
			size_t size)
{
	char other[CELL];

	snprintf(other, sizeof(other), "%s",
		 result_name(comparison->results[COMPARE_B]));
	snprintf(ret, size, "%s", result_name(comparison->results[COMPARE_A]));
	if (strcmp(ret, other) != 0)
		snprintf(ret + strlen(ret), size - strlen(ret), " | %s", other);
}

int compare_print_row(const struct compare_view *view,
		      const struct comparison *comparison, struct table *table)
{
	const struct result *const *results = comparison->results;
	char names[2 * CELL], *what = NULL;
	const char *cells[COMPARE_COLUMNS] = {
		names, report_verdict(results[COMPARE_A]->verdict),
		report_verdict(results[COMPARE_B]->verdict)
	};
	bool marked = view->coloured && comparison->other_verdict;
	size_t size;
	FILE *out = open_memstream(&what, &size);
	int r;

	if (!out)
		return error_origin(-ENOMEM, "comparison");
	print_differences(out, view, comparison);
	fclose(out);
	write_names(comparison, names, sizeof(names));
	cells[COMPARE_COLUMNS - 1] = what && *what ? what + 2 : "";
	r = table_add(table, cells, COMPARE_B + 1, marked ? "\033[33m" : NULL);
	free(what);
	return r < 0 ? error_trace(r) : 0;
}

/* --- where it comes from -------------------------------------------------- */

void compare_origin(const struct result *result, char *ret, size_t size)
{
	const json_t *start = json_array_get(result->journal, 0);
	const json_t *hz = json_object_get(start, "hz");

	*ret = '\0';
	if (*journal_text(start, "kernel"))
		add_word(ret, size, "Linux %s", journal_text(start, "kernel"));
	if (json_is_integer(hz))
		add_word(ret, size, "HZ %d", (int)json_integer_value(hz));
	add_word(ret, size, "IPv%d", result->family);
	if (json_is_true(json_object_get(start, "rootless")))
		add_word(ret, size, "rootless");
	if (json_is_true(json_object_get(start, "virtual_time")))
		add_word(ret, size, "virtual time");
	if (*journal_text(start, "version"))
		add_word(ret, size, "halfopen %s",
			 journal_text(start, "version"));
}

/* 0 where the journal does not say. */
static unsigned int kernel_of(const struct result *result)
{
	const json_t *start = json_array_get(result->journal, 0);
	unsigned int a = 0, b = 0;

	if (sscanf(journal_text(start, "kernel"), "%u.%u", &a, &b) != 2)
		return 0;
	return KERNEL_VERSION(a, b, 0);
}

/* --- the story ------------------------------------------------------------ */

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%*s%-*s", INDENT, "", LABEL - INDENT, label);
}

/* On lines of its own making: a text from elsewhere may have any. */
static void print_folded(FILE *out, const struct compare_view *view,
			 const char *label, const char *text)
{
	char *line = NULL;
	size_t size;
	FILE *memory = open_memstream(&line, &size);

	if (!memory)
		return;
	report_inline(memory, text);
	fclose(memory);
	print_label(out, label);
	fold_print(out, line ? line : "", LABEL, LABEL, view->columns);
	free(line);
}

static void print_sysctls(FILE *out, const struct compare_view *view,
			  const struct compare_values *sysctls)
{
	for (size_t i = 0; i < sysctls->n; i++) {
		const struct compare_value *value = &sysctls->all[i];
		const char *texts[COMPARE_SIDES];
		char line[2 * CELL];

		for (size_t side = 0; side < COMPARE_SIDES; side++) {
			texts[side] = json_string_value(value->values[side]);
			if (!texts[side])
				texts[side] = "not set";
		}
		snprintf(line, sizeof(line), "%s: A %s, B %s", value->name,
			 texts[COMPARE_A], texts[COMPARE_B]);
		print_folded(out, view, i ? "" : "sysctls", line);
	}
}

static void print_reasons(FILE *out, const struct compare_view *view,
			  const struct comparison *comparison)
{
	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		const struct result *result = comparison->results[side];
		char *text = NULL;
		size_t size;
		FILE *memory;

		if (result->verdict == VERDICT_PASS)
			continue;
		memory = open_memstream(&text, &size);
		if (!memory)
			continue;
		fprintf(memory, "%c ", "AB"[side]);
		difference_print_why(memory, result);
		fclose(memory);
		print_folded(out, view, report_verdict(result->verdict), text);
		free(text);
	}
}

/* What the case knows to have changed from one kernel to the other. */
static void print_changes(FILE *out, const struct compare_view *view,
			  const struct comparison *comparison)
{
	const struct result *const *results = comparison->results;
	unsigned int a = kernel_of(results[COMPARE_A]);
	unsigned int b = kernel_of(results[COMPARE_B]);
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	bool any;

	if (!memory)
		return;
	any = a && b && a != b &&
	      difference_print_changes(
		      memory, results[COMPARE_A]->testcase, a, b,
		      *results[COMPARE_A]->reason ? results[COMPARE_A]->reason :
						    results[COMPARE_B]->reason);
	fclose(memory);
	if (any)
		print_folded(out, view, "kernels", text);
	free(text);
}

static void print_event(FILE *out, const struct compare_view *view,
			const struct comparison *comparison,
			enum compare_event_kind kind)
{
	const struct compare_event *event = &comparison->events[kind];
	const char *label = compare_event_text(kind);

	if (!compare_event_parts(event))
		return;
	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		const json_t *record = event->records[side];
		double zero = comparison->results[side]->zero;
		char line[2 * CELL];

		if (record)
			snprintf(line, sizeof(line), "%c %.3f %s%s%s",
				 "AB"[side],
				 json_number_value(
					 json_object_get(record, "t")) -
					 zero,
				 journal_text(record, "host"),
				 *journal_text(record, "host") ? ": " : "",
				 journal_text(record, "text"));
		else
			snprintf(line, sizeof(line), "%c none", "AB"[side]);
		print_folded(out, view, side == COMPARE_A ? label : "", line);
	}
}

static void print_segments(FILE *out, const struct compare_view *view,
			   const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;
	size_t last = segments->n_steps - segments->n_unseen;
	char line[CELL] = "";

	if (segments->only_counted)
		add_word(line, sizeof(line),
			 "not compared: the wire only counted some of them");
	else if (segments->parts_at < segments->n_steps)
		add_word(line, sizeof(line),
			 "the same up to number %zu; behind it %zu only in A, "
			 "%zu only in B",
			 segments->parts_at, segments->alone[COMPARE_A],
			 segments->alone[COMPARE_B]);
	else
		add_word(line, sizeof(line), "the same, %zu", last);
	if (segments->n_unseen)
		add_word(line, sizeof(line),
			 "then %zu, which came when %c had ended",
			 segments->n_unseen,
			 segments->steps[last].a < 0 ? 'A' : 'B');
	print_folded(out, view, "segments", line);
	if (segments->parts_at < segments->n_steps)
		compare_print_columns(out, view, comparison);
}

void compare_print_story(FILE *out, const struct compare_view *view,
			 const struct comparison *comparison)
{
	char names[2 * CELL];

	write_names(comparison, names, sizeof(names));
	fprintf(out, "\n%s%s%s\n", view->coloured ? "\033[1m" : "", names,
		view->coloured ? "\033[0m" : "");
	print_sysctls(out, view, &comparison->sysctls);
	print_changes(out, view, comparison);
	print_reasons(out, view, comparison);
	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		print_event(out, view, comparison, i);
	if (comparison->both_ran)
		print_segments(out, view, comparison);
}
