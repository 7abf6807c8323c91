/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times are seconds since the start of the run, as in the ladder. The tables
 * are made from the predicted and measured values of the result; the series
 * from the journal's records of sockets and frames.
 */
#include "figure.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "journal.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "plot.h"
#include "record-text.h"
#include "report.h"
#include "table.h"

enum { CELL = 64, BAR = 40 };

static const char *text_of(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text ? text : "";
}

static bool is_type(const json_t *record, const char *type)
{
	return strcmp(text_of(record, "type"), type) == 0;
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static void print_nothing(FILE *out)
{
	fputs(_("  The run did not come so far: nothing to draw.\n"), out);
}

/* Prints and frees the table. */
static int finish(FILE *out, struct table *table, size_t rows, int r,
		  const struct ladder_view *view)
{
	if (r >= 0 && rows)
		table_print(table, out, view->columns);
	if (r >= 0 && !rows)
		print_nothing(out);
	table_free(table);
	return error_trace(r);
}

static int add(struct table *table, const char *const *cells, size_t *n)
{
	++*n;
	return error_trace(table_add(table, cells, 0, COLOUR_PLAIN));
}

/* --- rounds --------------------------------------------------------------- */

/* One round: `name` is that of its values, without the unit. */
static int add_round(struct table *table, const struct result *result,
		     const char *name, const char *what, double *last,
		     double *sum, size_t *n)
{
	char key[CELL], predicted[REPORT_TEXT], measured[REPORT_TEXT];
	char factor[CELL] = "", total[REPORT_TEXT];
	const char *cells[] = { what, predicted, measured, factor, total };
	double value;

	snprintf(key, sizeof(key), "%s_s", name);
	if (!json_object_get(result->measured, key))
		return 0;
	value = number_of(result->measured, key);
	report_seconds(number_of(result->predicted, key), predicted);
	report_seconds(value, measured);
	if (*last > 0)
		snprintf(factor, sizeof(factor), "x %.2f", value / *last);
	*last = value;
	*sum += value;
	report_seconds(*sum, total);
	return error_trace(add(table, cells, n));
}

static int print_rounds(FILE *out, const struct result *result,
			const struct ladder_view *view)
{
	const char *const headings[] = { _("round"), _("timer, predicted"),
					 _("waited"), _("against the last"),
					 _("since the data") };
	double last = 0, sum = 0;
	struct table *table;
	size_t n = 0;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	if (r < 0)
		return error_trace(r);
	r = add_round(table, result, "tail_loss_probe", _("tail loss probe"),
		      &last, &sum, &n);
	last = 0;
	for (int i = 1; r >= 0; i++) {
		char name[CELL], what[CELL];
		size_t before = n;

		snprintf(name, sizeof(name), "rto_%d", i);
		snprintf(what, sizeof(what), _("retransmission %d"), i);
		r = add_round(table, result, name, what, &last, &sum, &n);
		if (n == before)
			break;
	}
	r = finish(out, table, n, r, view);
	if (r >= 0 && n)
		fprintf(out,
			_("\n  %s after %.3f s; predicted %.3f .. %.3f s\n"),
			text_of(result->measured, "outcome"),
			number_of(result->measured, "elapsed_s"),
			number_of(result->predicted, "elapsed_s"),
			number_of(result->predicted, "elapsed_max_s"));
	return error_trace(r);
}

/* --- keepalive ------------------------------------------------------------ */

/* " = 2 h 11 min 15 s", of a minute or more */
static void print_clock(FILE *out, double seconds)
{
	long whole;

	if (!(seconds >= 60 && seconds < INT_MAX))
		return;
	whole = lround(seconds);
	fputs(" = ", out);
	if (whole >= 3600)
		fprintf(out, "%ld h ", whole / 3600);
	fprintf(out, "%ld min %ld s", whole / 60 % 60, whole % 60);
}

/* The sysctls that the run has set, or the kernel's defaults. */
static double keepalive_sysctl(const struct result *result, const char *name,
			       double by_default)
{
	char key[CELL];
	const char *text;

	snprintf(key, sizeof(key), "client:net.ipv4.tcp_keepalive_%s", name);
	text = text_of(result->sysctls, key);
	return *text ? strtod(text, NULL) : by_default;
}

static int print_sum(FILE *out, const struct result *result)
{
	double time = keepalive_sysctl(result, "time", 7200);
	double interval = keepalive_sysctl(result, "intvl", 75);
	double probes = keepalive_sysctl(result, "probes", 9);
	double sum = time + interval * probes;

	fprintf(out,
		"  tcp_keepalive_time + tcp_keepalive_intvl * "
		"tcp_keepalive_probes\n"
		"  = %.0f s + %.0f s * %.0f = %.0f s",
		time, interval, probes, sum);
	print_clock(out, sum);
	if (json_object_get(result->measured, "elapsed_s"))
		fprintf(out,
			_("\n  measured %.3f s, %.0f probes: %s (timers are "
			  "late by up to "
			  "%.3f s: timer wheel)"),
			number_of(result->measured, "elapsed_s"),
			number_of(result->measured, "keepalive_probes"),
			text_of(result->measured, "outcome"),
			number_of(result->predicted, "elapsed_max_s") - sum);
	fputc('\n', out);
	return 0;
}

/* --- wrap-around ---------------------------------------------------------- */

/*
 * The moments of the document's example: a stream begins (A), a segment of it
 * is late (B), its retransmission arrives (C), the sequence numbers wrap (D,
 * E), and the late segment arrives where they are the same again (F).
 */
struct wrap {
	double wrapped; /* a send() of more than half the numbers returns */
	const json_t *began, *late, *again, *released;
	double older_by; /* ticks of its timestamp; 0: not known */
	bool dropped;
};

static bool has_fate(const json_t *record, const char *fate)
{
	return is_type(record, "frame") &&
	       strcmp(text_of(record, "fate"), fate) == 0;
}

static bool has_sequence_of(const json_t *record, const json_t *other)
{
	return json_equal(json_object_get(record, "seq"),
			  json_object_get(other, "seq"));
}

/* Backwards: the late segment is the one that is released after the wrap. */
static void find_before(struct wrap *wrap, const json_t *record)
{
	if (is_type(record, "result") &&
	    strcmp(text_of(record, "call"), "send") == 0) {
		wrap->began = record;
		if (number_of(record, "value") > UINT32_MAX / 2.0)
			wrap->wrapped = number_of(record, "t");
	}
	if (has_fate(record, "released") && !wrap->wrapped)
		wrap->released = record;
	if (!wrap->released || !has_sequence_of(record, wrap->released))
		return;
	if (has_fate(record, "held"))
		wrap->late = record;
	else if (is_type(record, "frame") &&
		 number_of(record, "transmission") > 1)
		wrap->again = record;
}

static void find_after(struct wrap *wrap, const json_t *record)
{
	const char *name = text_of(record, "name");

	if (!is_type(record, "measured") ||
	    number_of(record, "t") < number_of(wrap->released, "t"))
		return;
	if (strcmp(name, "PAWSEstab") == 0)
		wrap->dropped = true;
	if (strcmp(name, "older_by_ticks") == 0 && !wrap->older_by)
		wrap->older_by = number_of(record, "value");
}

static int add_moment(struct table *table, const char *moment,
		      const json_t *record, const char *what, size_t *n)
{
	const json_t *sequence = json_object_get(record, "seq");
	char at[CELL], number[CELL] = "";
	const char *cells[] = { moment, at, number, what };

	snprintf(at, sizeof(at), "%.3f", number_of(record, "t"));
	if (json_is_number(sequence))
		snprintf(number, sizeof(number), "ISN + %.0f",
			 json_number_value(sequence));
	return error_trace(add(table, cells, n));
}

static int add_moments(struct table *table, const struct wrap *wrap, size_t *n)
{
	json_t *at = json_pack("{s:f}", "t", wrap->wrapped);
	char end[CELL * 3];
	int r;

	snprintf(end, sizeof(end),
		 _("the late segment arrives, with a timestamp that is %.0f "
		   "ticks "
		   "older: %s"),
		 wrap->older_by,
		 wrap->dropped ? _("dropped by PAWS (PAWSEstab)") :
				 _("not dropped by PAWS"));
	r = add_moment(table, "A", wrap->began, _("the stream has begun"), n);
	if (r >= 0)
		r = add_moment(table, "B", wrap->late,
			       _("a segment is sent, and is late"), n);
	if (r >= 0)
		r = add_moment(table, "C", wrap->again,
			       _("its retransmission arrives instead"), n);
	if (r >= 0)
		r = add_moment(
			table, "D, E", at,
			_("4 GiB later the sequence numbers have wrapped"), n);
	if (r >= 0)
		r = add_moment(table, "F", wrap->released, end, n);
	json_decref(at);
	return error_trace(r);
}

static int print_wrap(FILE *out, const struct result *result,
		      const struct ladder_view *view)
{
	const char *const headings[] = { _("moment"), _("time"),
					 _("sequence number"),
					 _("what happens") };
	struct wrap wrap = { .wrapped = 0 };
	const json_t *record;
	struct table *table;
	size_t i, n = 0;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	if (r < 0)
		return error_trace(r);
	for (i = json_array_size(result->journal); i > 0; i--)
		find_before(&wrap, json_array_get(result->journal, i - 1));
	json_array_foreach(result->journal, i, record) if (wrap.released)
		find_after(&wrap, record);
	if (wrap.began && wrap.late && wrap.again)
		r = add_moments(table, &wrap, &n);
	return error_trace(finish(out, table, n, r, view));
}

/* --- queues --------------------------------------------------------------- */

/* A bar of `value` out of `most`. */
static void print_bar(FILE *out, double value, double most,
		      const struct ladder_view *view)
{
	double width = most > 0 ? value * BAR / most + 0.5 : 0;

	for (int i = 1; i <= BAR && i <= width; i++)
		fputs(view->unicode ? "█" : "#", out);
}

/* The connections that are in SYN-RECV at the server: those of the SYN queue.
 */
struct queues {
	double synchronising, accepted, limit;
};

/* Whether the record changes what is known about the queues. */
static bool read_queues(struct queues *queues, const json_t *record)
{
	const char *state = text_of(record, "state");

	if (!is_type(record, "state"))
		return false;
	if (json_object_get(record, "queue")) {
		queues->accepted = number_of(record, "queue");
		queues->limit = number_of(record, "limit");
		return true;
	}
	if (strcmp(state, "SYN-RECV") == 0)
		queues->synchronising = 1;
	else if (strcmp(text_of(record, "host"), "server") == 0)
		queues->synchronising = 0;
	else
		return false;
	return true;
}

static bool are_same(const struct queues *a, const struct queues *b)
{
	return a->synchronising == b->synchronising &&
	       a->accepted == b->accepted && a->limit == b->limit;
}

static int print_queues(FILE *out, const struct result *result,
			const struct ladder_view *view)
{
	struct queues queues = { 0 }, before = { .limit = -1 };
	const json_t *record;
	char text[1024];
	size_t i;

	fputs(_("      time  SYN queue  accept queue (limit)\n"), out);
	json_array_foreach (result->journal, i, record) {
		if (is_type(record, "fault") || is_type(record, "result"))
			fprintf(out, "  %8.3f  %s: %s\n",
				number_of(record, "t"),
				is_type(record, "fault") ?
					_("fault") :
					text_of(record, "host"),
				record_text(record, text, sizeof(text)));
		if (!read_queues(&queues, record) || !queues.limit ||
		    are_same(&queues, &before))
			continue;
		before = queues;
		fprintf(out, "  %8.3f  %-9.0f  %.0f (%.0f) ",
			number_of(record, "t"), queues.synchronising,
			queues.accepted, queues.limit);
		print_bar(out, queues.accepted, queues.limit + 1, view);
		fputc('\n', out);
	}
	return 0;
}

/* --- load ----------------------------------------------------------------- */

enum { LOADS = 16 };

/* The loads of the run, in the order of the journal, which ascends. */
static size_t find_loads(const struct result *result,
			 struct plot_point ret[static LOADS])
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach (result->measured, key, value) {
		double asked;

		if (n < LOADS && sscanf(key, "at_%lf_per_s", &asked) == 1)
			ret[n++] = (struct plot_point){
				.x = asked,
				.measured = json_number_value(value),
				.predicted = number_of(result->predicted, key),
			};
	}
	return n;
}

static int print_load(FILE *out, const struct result *result,
		      const struct ladder_view *view)
{
	struct plot_point points[LOADS];
	size_t n = find_loads(result, points);

	if (n)
		plot_print(out, points, n, _("requests per second"),
			   _("answered per second"), view->columns,
			   view->unicode);
	else
		print_nothing(out);
	return 0;
}

static int load_html(FILE *out, const struct result *result)
{
	struct plot_point points[LOADS];
	size_t n = find_loads(result, points);

	if (n)
		plot_svg(out, points, n, _("requests per second"),
			 _("answered per second"));
	else
		print_nothing(out);
	return 0;
}

/* --- a listening socket --------------------------------------------------- */

static int print_listener(FILE *out, const struct result *result,
			  const struct ladder_view *view)
{
	const char *const headings[] = { _("time"), "State", "Recv-Q", "Send-Q",
					 "" };
	struct table *table;
	const json_t *record;
	size_t i, n = 0;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	if (r < 0)
		return error_trace(r);
	json_array_foreach (result->journal, i, record) {
		char at[CELL], queue[CELL], limit[CELL];
		const char *cells[] = { at, text_of(record, "state"), queue,
					limit, "" };
		double length = number_of(record, "queue");
		double most = number_of(record, "limit");

		if (!is_type(record, "state") ||
		    !json_object_get(record, "queue"))
			continue;
		snprintf(at, sizeof(at), "%.3f", number_of(record, "t"));
		snprintf(queue, sizeof(queue), "%.0f", length);
		snprintf(limit, sizeof(limit), "%.0f", most);
		cells[4] = length > most  ? _("full: the next SYN is dropped") :
			   length == most ? _("one more fits") :
					    "";
		r = add(table, cells, &n);
		if (r < 0)
			break;
	}
	return error_trace(finish(out, table, n, r, view));
}

/* -------------------------------------------------------------------------- */

static int print_ladder(FILE *out, const struct result *result,
			const struct ladder_view *view)
{
	struct ladder *ladder;
	int r = ladder_new(&ladder, result->journal);

	if (r < 0)
		return error_trace(r);
	ladder_print(out, ladder, view);
	ladder_free(ladder);
	return 0;
}

bool figure_has_ladder(enum figure_kind kind)
{
	return kind == FIGURE_LADDER || kind == FIGURE_KEEPALIVE;
}

/* What is not a ladder. */
static int print_text(FILE *out, enum figure_kind kind,
		      const struct result *result,
		      const struct ladder_view *view)
{
	switch (kind) {
	case FIGURE_ROUNDS:
		return print_rounds(out, result, view);
	case FIGURE_KEEPALIVE:
		return print_sum(out, result);
	case FIGURE_WRAP:
		return print_wrap(out, result, view);
	case FIGURE_QUEUES:
		return print_queues(out, result, view);
	case FIGURE_LOAD:
		return print_load(out, result, view);
	case FIGURE_LISTENER:
		return print_listener(out, result, view);
	case FIGURE_LADDER:
	case FIGURE_KINDS:
		break;
	}
	return 0;
}

int figure_print(FILE *out, enum figure_kind kind, const struct result *result,
		 const struct ladder_view *view)
{
	int r = print_text(out, kind, result, view);

	if (r >= 0 && kind == FIGURE_KEEPALIVE)
		fputc('\n', out);
	if (r >= 0 && figure_has_ladder(kind))
		r = print_ladder(out, result, view);
	return error_trace(r);
}

int figure_html(FILE *out, enum figure_kind kind, const struct result *result)
{
	static const struct ladder_view view = { .columns = 80,
						 .unicode = true };
	char *text = NULL;
	size_t size;
	FILE *buffer;
	int r;

	if (kind == FIGURE_LADDER)
		return 0;
	if (kind == FIGURE_LOAD)
		return load_html(out, result);
	buffer = open_memstream(&text, &size);
	if (!buffer)
		return error_origin(-ENOMEM, "figure");
	r = print_text(buffer, kind, result, &view);
	fclose(buffer);
	fputs("<pre>", out);
	markup_text(out, text);
	fputs("</pre>\n", out);
	free(text);
	return error_trace(r);
}
