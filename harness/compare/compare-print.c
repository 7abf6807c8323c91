/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from journals is untrusted: safe_text_print() removes line ends and control
 * characters, fold_print() fits it to the terminal.
 */
#include "compare-print.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "errors.h"
#include "fold.h"
#include "journal.h"
#include "kernel.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "report.h"
#include "safe-text.h"
#include "suffix.h"

enum {
	TEXT = 512, /* bytes of a line that is printed in parts */
	LABEL = 12, /* columns of a label and of the indentation below it */
	INDENT = 2,
	/* Segments before the first difference, and from there on. */
	SEGMENTS_BEFORE = 3,
	SEGMENTS_AFTER = 14,
	MARGIN = 2, /* columns at the left of the two columns */
	GUTTER = 3, /* between them */
};

/* Appends with a comma, as far as there is room. */
static void MACRO_PRINTF(3, 4)
add_part(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	used += (size_t)snprintf(text + used, size - used, "%s",
				 used ? ", " : "");
	used = MIN(used, size - 1);
	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* --- values --------------------------------------------------------------- */

static void print_value(FILE *out, const char *name, const json_t *value)
{
	char text[REPORT_TEXT];

	if (!json_is_number(value) || !suffix_ends(name, "_s")) {
		difference_print_value(out, value);
		return;
	}
	report_seconds(json_number_value(value), text);
	fputs(text, out);
}

/* "6.53 .. 6.89 s": a predicted value and its upper bound. */
static void print_predicted(FILE *out, const struct result *result,
			    const char *name)
{
	const json_t *least = json_object_get(result->predicted, name);
	const json_t *most = result_maximum(result->predicted, name);
	char text[REPORT_TEXT];

	if (!json_is_number(most) || !json_is_number(least)) {
		print_value(out, name, least);
		return;
	}
	if (suffix_ends(name, "_s")) {
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

static bool is_shown(const struct compare_view *view,
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
		char buffer[REPORT_TEXT];

		if (!is_shown(view, value))
			continue;
		fprintf(out, "%s%s ", _("; "),
			message_value(value->name, buffer, sizeof(buffer)));
		print_value(out, value->name, value->values[COMPARE_A]);
		fputs(" | ", out);
		print_value(out, value->name, value->values[COMPARE_B]);
		print_change(out, value);
	}
}

/* An upper bound is printed with the value it bounds. */
static bool is_maximum(const struct comparison *comparison, const char *name)
{
	const struct result *const *results = comparison->results;

	return result_is_maximum(results[COMPARE_A]->predicted, name) ||
	       result_is_maximum(results[COMPARE_B]->predicted, name);
}

static void print_predictions(FILE *out, const struct compare_view *view,
			      const struct comparison *comparison)
{
	const struct compare_values *predicted = &comparison->predicted;

	for (size_t i = 0; i < predicted->n; i++) {
		const struct compare_value *value = &predicted->all[i];
		char buffer[REPORT_TEXT];

		if (!is_shown(view, value) ||
		    is_maximum(comparison, value->name))
			continue;
		fprintf(out, _("%spredicted %s "), _("; "),
			message_value(value->name, buffer, sizeof(buffer)));
		print_predicted(out, comparison->results[COMPARE_A],
				value->name);
		fputs(" | ", out);
		print_predicted(out, comparison->results[COMPARE_B],
				value->name);
	}
}

/* Each with the separator "; " before it. */
static void print_differences(FILE *out, const struct compare_view *view,
			      const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;

	if (comparison->verdict_differs)
		fprintf(out, "%s%s", _("; "), _("verdict"));
	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		if (compare_event_differs(&comparison->events[i]))
			fprintf(out, "%s%s", _("; "), _(compare_event_text(i)));
	if (segments->parts_at < segments->n_steps)
		fprintf(out, _("%ssegment %zu"), _("; "),
			segments->parts_at + 1);
	if (comparison->differs || view->verbose) {
		print_measured(out, view, comparison);
		print_predictions(out, view, comparison);
	}
}

/* "NAME", or "NAME | OTHER" for runs of two names. */
static void write_names(const struct comparison *comparison, char *ret,
			size_t size)
{
	char other[TEXT];

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
	char names[2 * TEXT], *what = NULL;
	const char *cells[COMPARE_COLUMNS] = {
		names, report_verdict(results[COMPARE_A]->verdict),
		report_verdict(results[COMPARE_B]->verdict)
	};
	bool marked = view->coloured && comparison->verdict_differs;
	size_t size;
	FILE *out = open_memstream(&what, &size);
	int r;

	if (!out)
		return error_origin(-ENOMEM, "comparison");
	print_differences(out, view, comparison);
	fclose(out);
	write_names(comparison, names, sizeof(names));
	cells[COMPARE_COLUMNS - 1] = what && *what ? what + strlen(_("; ")) :
						     "";
	r = table_add(table, cells, COMPARE_B + 1,
		      marked ? COLOUR_WAIT : COLOUR_PLAIN);
	free(what);
	return error_trace(r);
}

/* --- origin --------------------------------------------------------------- */

void compare_origin(const struct result *result, char *ret, size_t size)
{
	const json_t *start = json_array_get(result->journal, 0);
	const json_t *hz = json_object_get(start, "hz");

	*ret = '\0';
	if (*journal_text(start, "kernel"))
		add_part(ret, size, "Linux %s", journal_text(start, "kernel"));
	if (json_is_integer(hz))
		add_part(ret, size, "HZ %d", (int)json_integer_value(hz));
	add_part(ret, size, "IPv%d", result->family);
	if (json_is_true(json_object_get(start, "rootless")))
		add_part(ret, size, "%s", _("rootless"));
	if (json_is_true(json_object_get(start, "virtual_time")))
		add_part(ret, size, "%s", _("virtual time"));
	if (*journal_text(start, "version"))
		add_part(ret, size, "halfopen %s",
			 journal_text(start, "version"));
}

/* As KERNEL_VERSION(); 0: unknown. */
static unsigned int kernel_of(const struct result *result)
{
	const json_t *start = json_array_get(result->journal, 0);

	return kernel_version_of(journal_text(start, "kernel"));
}

/* --- segments in two columns ---------------------------------------------- */

struct pen {
	const char *same, *other, *only_a, *only_b, *ellipsis;
};

static const struct pen pens[] = {
	{ "|", "!", "<", ">", "..." },
	{ "│", "≠", "◂", "▸", "…" },
};

/* Two segments side by side. */
struct pair {
	int places[COMPARE_SIDES]; /* ALIGN_NONE */
	bool same;
};

struct columns {
	FILE *out;
	const struct compare_view *view;
	const struct compare_segments *segments;
	const struct pen *pen;
	int width; /* of one column */
	int indent; /* of the text behind the time */
};

/* Appends to the last line if the part fits there, or else on a new line. */
static void add_column_part(char text[static TEXT], int width, const char *part)
{
	const char *line = strrchr(text, '\n');
	size_t used = strlen(text);
	int taken = fold_width(line ? line + 1 : text, SIZE_MAX);
	bool fits = taken + 2 + fold_width(part, SIZE_MAX) <= width;

	snprintf(text + used, TEXT - used, "%s%s",
		 !used ? "" :
		 fits  ? "  " :
			 "\n",
		 part);
}

/* The segment without its time: "client > server", its text, its fate. */
static void describe(const struct columns *columns,
		     const struct compare_segment *segment,
		     char text[static TEXT])
{
	int width = columns->width - columns->indent;
	char hosts[160];

	*text = '\0';
	snprintf(hosts, sizeof(hosts), "%s > %s", segment->from, segment->to);
	add_column_part(text, width, hosts);
	add_column_part(text, width, journal_text(segment->record, "text"));
	if (strcmp(segment->fate, "forwarded") != 0)
		add_column_part(text, width, _(segment->fate));
}

/* The next line of a cell, or blanks behind its end; in the last column no
 * blanks. */
static void print_line(const struct columns *columns, const char **rest,
		       const char *time, bool last)
{
	int width = columns->width - columns->indent;
	const char *line = *rest;
	size_t size = 0;

	/* A word wider than the column is cut, to keep the gutter. */
	if (line && *line)
		size = fold_fits(line, fold_line(line, width, rest), width);
	if (last && !size)
		return;
	fprintf(columns->out, "%s%-*s", last ? " " : "", columns->indent, time);
	if (last)
		fwrite(line, 1, size, columns->out);
	else
		fold_pad(columns->out, size ? line : "", size, width);
}

static const char *mark_for(const struct columns *columns,
			    const struct pair *pair)
{
	if (pair->same)
		return columns->pen->same;
	if (pair->places[COMPARE_A] >= 0 && pair->places[COMPARE_B] >= 0)
		return columns->pen->other;
	return pair->places[COMPARE_A] >= 0 ? columns->pen->only_a :
					      columns->pen->only_b;
}

static bool has_more(const char *const rest[])
{
	return (rest[COMPARE_A] && *rest[COMPARE_A]) ||
	       (rest[COMPARE_B] && *rest[COMPARE_B]);
}

static void print_pair(const struct columns *columns, const struct pair *pair)
{
	const char *mark = mark_for(columns, pair);
	const char *rest[COMPARE_SIDES] = { NULL, NULL };
	char texts[COMPARE_SIDES][TEXT], times[COMPARE_SIDES][24] = { "", "" };
	bool coloured = columns->view->coloured && !pair->same;

	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		const struct compare_segment *segment;

		if (pair->places[side] < 0)
			continue;
		segment = &columns->segments->all[side][pair->places[side]];
		describe(columns, segment, texts[side]);
		rest[side] = texts[side];
		snprintf(times[side], sizeof(times[side]), "%.3f", segment->t);
	}
	do {
		fprintf(columns->out, "%*s", MARGIN, "");
		print_line(columns, &rest[COMPARE_A], times[COMPARE_A], false);
		fprintf(columns->out, " %s%s%s",
			colour_begin(coloured, COLOUR_WAIT), mark,
			colour_end(coloured, COLOUR_WAIT));
		print_line(columns, &rest[COMPARE_B], times[COMPARE_B], true);
		fputc('\n', columns->out);
		*times[COMPARE_A] = *times[COMPARE_B] = '\0';
	} while (has_more(rest));
}

/* Segments that only A has and those that only B has in the same place are side
 * by side. Returns the number of pairs. */
static size_t make_pairs(const struct compare_segments *segments,
			 struct pair *pairs)
{
	size_t n = 0;

	for (size_t i = 0; i < segments->n_steps;) {
		const struct align_step *step = &segments->steps[i];
		size_t a = i, b;

		if (step->a >= 0 && step->b >= 0) {
			pairs[n++] =
				(struct pair){ { step->a, step->b }, true };
			i++;
			continue;
		}
		while (i < segments->n_steps && segments->steps[i].b < 0)
			i++;
		b = i;
		while (i < segments->n_steps && segments->steps[i].a < 0)
			i++;
		for (size_t j = 0; j < MAX(b - a, i - b); j++)
			pairs[n++] = (struct pair){
				{ a + j < b ? segments->steps[a + j].a :
					      ALIGN_NONE,
				  b + j < i ? segments->steps[b + j].b :
					      ALIGN_NONE },
				false
			};
	}
	return n;
}

static void print_left_out(const struct columns *columns,
			   const struct pair *pairs, size_t n)
{
	size_t more[COMPARE_SIDES] = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		more[COMPARE_A] += pairs[i].places[COMPARE_A] >= 0;
		more[COMPARE_B] += pairs[i].places[COMPARE_B] >= 0;
	}
	if (n)
		fprintf(columns->out, _("%*s%s and %zu more in A, %zu in B\n"),
			MARGIN, "", columns->pen->ellipsis, more[COMPARE_A],
			more[COMPARE_B]);
}

static int time_width(const struct compare_segments *segments)
{
	int widest = 0;

	for (size_t side = 0; side < COMPARE_SIDES; side++)
		for (size_t i = 0; i < segments->n[side]; i++) {
			double t = segments->all[side][i].t;

			widest = MAX(widest, snprintf(NULL, 0, "%.3f", t));
		}
	return widest;
}

static void print_columns(FILE *out, const struct compare_view *view,
			  const struct compare_segments *segments)
{
	struct columns columns = {
		.out = out,
		.view = view,
		.segments = segments,
		.pen = &pens[view->unicode],
		.width = (view->columns - MARGIN - GUTTER) / 2,
		.indent = time_width(segments) + 1,
	};
	struct pair *pairs = calloc(segments->n_steps + 1, sizeof(*pairs));
	size_t n = pairs ? make_pairs(segments, pairs) : 0, parts = 0, first, last;

	while (parts < n && pairs[parts].same)
		parts++;
	first = parts > SEGMENTS_BEFORE ? parts - SEGMENTS_BEFORE : 0;
	last = MIN(n, parts + SEGMENTS_AFTER);
	fprintf(out, "\n%*s%-*sB\n", MARGIN, "", columns.width + GUTTER, "A");
	for (size_t i = first; i < last; i++)
		print_pair(&columns, &pairs[i]);
	if (pairs)
		print_left_out(&columns, pairs + last, n - last);
	free(pairs);
}

/* --- details -------------------------------------------------------------- */

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%*s", INDENT, "");
	fold_pad(out, label, strlen(label), LABEL - INDENT);
}

static void print_folded(FILE *out, const struct compare_view *view,
			 const char *label, const char *text)
{
	char *line = NULL;
	size_t size;
	FILE *memory = open_memstream(&line, &size);

	if (!memory)
		return;
	safe_text_print(memory, text);
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
		char line[TEXT];

		for (size_t side = 0; side < COMPARE_SIDES; side++) {
			texts[side] = json_string_value(value->values[side]);
			if (!texts[side])
				texts[side] = _("not set");
		}
		snprintf(line, sizeof(line), "%s: A %s, B %s", value->name,
			 texts[COMPARE_A], texts[COMPARE_B]);
		print_folded(out, view, i ? "" : _("sysctls"), line);
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

/* Changes between the two kernels that the case expects. */
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
		print_folded(out, view, _("kernels"), text);
	free(text);
}

static void print_event(FILE *out, const struct compare_view *view,
			const struct comparison *comparison,
			enum compare_event_kind kind)
{
	const struct compare_event *event = &comparison->events[kind];
	const char *label = _(compare_event_text(kind));

	if (!compare_event_differs(event))
		return;
	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		const json_t *record = event->records[side];
		double zero = comparison->results[side]->zero;
		char line[TEXT], text[TEXT];

		if (record)
			snprintf(line, sizeof(line), "%c %.3f %s%s%s",
				 "AB"[side],
				 json_number_value(
					 json_object_get(record, "t")) -
					 zero,
				 journal_text(record, "host"),
				 *journal_text(record, "host") ? _(": ") : "",
				 record_text(record, text, sizeof(text)));
		else
			snprintf(line, sizeof(line), _("%c none"), "AB"[side]);
		print_folded(out, view, side == COMPARE_A ? label : "", line);
	}
}

static void print_segments(FILE *out, const struct compare_view *view,
			   const struct compare_segments *segments)
{
	bool differ = segments->parts_at < segments->n_steps;
	size_t last = segments->n_steps - segments->n_unseen;
	char line[TEXT] = "";

	if (segments->only_counted)
		add_part(line, sizeof(line), "%s",
			 _("not compared: some were counted and not recorded"));
	else if (differ)
		add_part(line, sizeof(line),
			 _("%zu equal, then %zu only in A and %zu only in B"),
			 segments->parts_at, segments->alone[COMPARE_A],
			 segments->alone[COMPARE_B]);
	else
		add_part(line, sizeof(line), _("%zu, all equal"), last);
	if (segments->n_unseen)
		add_part(line, sizeof(line), _("%zu after the end of %c"),
			 segments->n_unseen,
			 segments->steps[last].a < 0 ? 'A' : 'B');
	print_folded(out, view, _("segments"), line);
	if (differ)
		print_columns(out, view, segments);
}

void compare_print_details(FILE *out, const struct compare_view *view,
			 const struct comparison *comparison)
{
	char names[2 * TEXT];

	write_names(comparison, names, sizeof(names));
	fprintf(out, "\n%s%s%s\n", colour_begin(view->coloured, COLOUR_HEAD),
		names, colour_end(view->coloured, COLOUR_HEAD));
	print_sysctls(out, view, &comparison->sysctls);
	print_changes(out, view, comparison);
	print_reasons(out, view, comparison);
	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		print_event(out, view, comparison, i);
	if (comparison->both_ran)
		print_segments(out, view, &comparison->segments);
}
