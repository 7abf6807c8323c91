/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values are compared by name, with the tolerances that compare.h describes.
 * Events (results of calls, states, faults) are sorted by kind, host and
 * connection (socket, if it has none) into sequences; two runs are compared
 * sequence by sequence up to the first difference of each, and the earliest one of
 * each kind is kept.
 */
#include "compare.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "suffix.h"

enum { COUNT_MAX = 1000, NUMBER_MAX = 65535 };

static const double tolerance = 0.02;
/* Of the timer wheel: a timer may expire later by up to 12.5 % of its duration
 * (LVL_CLK_SHIFT in kernel/time/timer.c). */
static const double granule = 1.0 / 8;

/* --- values --------------------------------------------------------------- */

/* The unit of a value by its name, in seconds; 0: not a time. */
static double unit_of(const char *name)
{
	if (suffix_ends(name, "_s"))
		return 1;
	return suffix_ends(name, "_ms") ? 1e-3 : 0;
}

/* Whether a value is in the range that this run predicted for its name. Without
 * an upper bound only the timer wheel may make it later. */
static bool is_as_predicted(const struct result *result, const char *name,
			    double value, double slack)
{
	const json_t *least = json_object_get(result->predicted, name);
	const json_t *most = result_maximum(result->predicted, name);
	double from = json_number_value(least), to = from * (1 + granule);

	if (json_is_number(most))
		to = json_number_value(most);
	return json_is_number(least) && value >= from - slack &&
	       value <= to + slack;
}

static bool is_predicted(const struct result *result, const char *name)
{
	return json_is_number(json_object_get(result->predicted, name));
}

/* A time may be wrong by the machine's slack, by a share of its length, and by
 * what the other run predicts for the same value. */
static bool times_differ(const struct comparison *comparison, const char *name,
			 double a, double b)
{
	const struct result *const *results = comparison->results;
	double apart = fabs(a - b), least = MIN(fabs(a), fabs(b));
	double slack = MAX(COMPARE_SLACK / unit_of(name), tolerance * least);

	if (apart <= slack)
		return false;
	if (!is_predicted(results[COMPARE_A], name) &&
	    !is_predicted(results[COMPARE_B], name))
		return apart > granule * least;
	return !is_as_predicted(results[COMPARE_A], name, b, slack) &&
	       !is_as_predicted(results[COMPARE_B], name, a, slack);
}

static bool numbers_differ(const json_t *a, const json_t *b)
{
	double x = json_number_value(a), y = json_number_value(b);
	double most = MAX(fabs(x), fabs(y)), least = MIN(fabs(x), fabs(y));

	if (json_is_integer(a) && json_is_integer(b)) {
		if (most <= COUNT_MAX)
			return true;
		if (least > NUMBER_MAX)
			return false;
	}
	return fabs(x - y) > tolerance * most;
}

static bool values_differ(const struct comparison *comparison,
			  const struct compare_value *value)
{
	const json_t *a = value->values[COMPARE_A];
	const json_t *b = value->values[COMPARE_B];

	if (!a || !b)
		return false;
	if (!json_is_number(a) || !json_is_number(b))
		return true;
	if (unit_of(value->name) > 0)
		return times_differ(comparison, value->name,
				    json_number_value(a),
				    json_number_value(b));
	return numbers_differ(a, b);
}

static int find_unequal(struct compare_values *ret, json_t *a, json_t *b)
{
	struct compare_value *all = calloc(
		json_object_size(a) + json_object_size(b) + 1, sizeof(*all));
	const char *name;
	json_t *value;
	size_t n = 0;

	if (!all)
		return error_origin(-ENOMEM, "comparison");
	json_object_foreach (a, name, value)
		if (!json_equal(value, json_object_get(b, name)))
			all[n++] = (struct compare_value){
				.name = name,
				.values = { value, json_object_get(b, name) },
			};
	json_object_foreach (b, name, value)
		if (!json_object_get(a, name))
			all[n++] = (struct compare_value){
				.name = name,
				.values = { NULL, value },
			};
	ret->all = all;
	ret->n = n;
	return 0;
}

static int compare_all_values(struct comparison *comparison)
{
	const struct result *a = comparison->results[COMPARE_A];
	const struct result *b = comparison->results[COMPARE_B];
	struct compare_values *measured = &comparison->measured;
	struct compare_values *predicted = &comparison->predicted;
	struct compare_values *sysctls = &comparison->sysctls;
	int r = find_unequal(measured, a->measured, b->measured);

	if (r >= 0)
		r = find_unequal(predicted, a->predicted, b->predicted);
	if (r >= 0)
		r = find_unequal(sysctls, a->sysctls, b->sysctls);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < measured->n; i++)
		measured->all[i].differs =
			values_differ(comparison, &measured->all[i]);
	for (size_t i = 0; i < predicted->n; i++)
		predicted->all[i].differs =
			values_differ(comparison, &predicted->all[i]);
	for (size_t i = 0; i < sysctls->n; i++)
		sysctls->all[i].differs = true;
	return 0;
}

/* --- events --------------------------------------------------------------- */

/* Sorted by sequence, then by their order in the journal. */
struct event {
	enum compare_event_kind kind;
	const char *host; /* "" for a fault */
	json_int_t connection; /* 0: not known, or none */
	json_int_t socket; /* 0 if the connection is known */
	size_t order;
	double end; /* of a state: when the next of the sequence was seen */
	const json_t *record;
};

struct events {
	struct event *all;
	size_t n;
};

const char *compare_event_text(enum compare_event_kind kind)
{
	static const char *const texts[COMPARE_EVENTS] = {
		[COMPARE_RESULT] = N_("result"),
		[COMPARE_STATE] = N_("state"),
		[COMPARE_FAULT] = N_("fault"),
	};

	return texts[kind];
}

bool compare_event_differs(const struct compare_event *event)
{
	return event->records[COMPARE_A] || event->records[COMPARE_B];
}

static enum compare_event_kind kind_of(const json_t *record)
{
	enum compare_event_kind kind = 0;

	while (kind < COMPARE_EVENTS &&
	       !journal_is(record, compare_event_text(kind)))
		kind++;
	return kind;
}

static int compare_sequences(const struct event *a, const struct event *b)
{
	int order = strcmp(a->host, b->host);

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (order)
		return order;
	if (a->connection != b->connection)
		return a->connection < b->connection ? -1 : 1;
	return a->socket < b->socket ? -1 : a->socket > b->socket;
}

static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int order = compare_sequences(x, y);

	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_repeated_state(const struct event *before,
			      const struct event *event)
{
	return event->kind == COMPARE_STATE &&
	       compare_sequences(before, event) == 0 &&
	       strcmp(journal_text(before->record, "state"),
		      journal_text(event->record, "state")) == 0;
}

static double time_of(const json_t *record)
{
	return json_number_value(json_object_get(record, "t"));
}

/*
 * A lab numbers a socket that it saw in a dump before the probe reported its
 * port, and renumbers it afterwards: which number a record has is chance. The
 * wire's number of the connection stays.
 */
static struct event event_of(enum compare_event_kind kind, const json_t *record,
			     size_t order)
{
	struct event event = {
		.kind = kind,
		.host = journal_text(record, "host"),
		.connection = journal_integer(record, "connection"),
		.order = order,
		.record = record,
		.end = INFINITY,
	};

	if (!event.connection)
		event.socket = journal_integer(record, "socket");
	return event;
}

/* Removes repeated states, and sets the end of the others. */
static void join_states(struct events *events)
{
	size_t n = 0;

	for (size_t i = 0; i < events->n; i++) {
		struct event *event = &events->all[i];
		struct event *before = n ? &events->all[n - 1] : NULL;

		if (before && is_repeated_state(before, event))
			continue;
		if (before && compare_sequences(before, event) == 0)
			before->end = time_of(event->record);
		events->all[n++] = *event;
	}
	events->n = n;
}

static int gather_events(struct events *ret, const json_t *journal)
{
	size_t i;
	json_t *record;

	ret->all = calloc(json_array_size(journal) + 1, sizeof(*ret->all));
	if (!ret->all)
		return error_origin(-ENOMEM, "comparison");
	json_array_foreach (journal, i, record) {
		enum compare_event_kind kind = kind_of(record);

		if (kind == COMPARE_EVENTS)
			continue;
		ret->all[ret->n++] = event_of(kind, record, i);
	}
	qsort(ret->all, ret->n, sizeof(*ret->all), compare_events);
	join_states(ret);
	return 0;
}

/* recv() that did not return data: end of file or an error. */
static bool is_end(const json_t *record)
{
	return strcmp(journal_text(record, "call"), "recv") == 0 &&
	       journal_integer(record, "value") <= 0;
}

static bool is_same_event(enum compare_event_kind kind, const json_t *a,
			  const json_t *b)
{
	static const char *const members[COMPARE_EVENTS][2] = {
		[COMPARE_RESULT] = { "call", "errno" },
		[COMPARE_STATE] = { "state", "state" },
		[COMPARE_FAULT] = { "verb", "target" },
	};

	for (size_t i = 0; i < 2; i++)
		if (strcmp(journal_text(a, members[kind][i]),
			   journal_text(b, members[kind][i])) != 0)
			return false;
	return kind != COMPARE_RESULT || is_end(a) == is_end(b);
}

/* Of two records, one of which may be NULL, the earlier time. */
static double earlier_time(const json_t *a, const json_t *b)
{
	double x = time_of(a), y = time_of(b);

	if (!a || !b)
		return a ? x : y;
	return MIN(x, y);
}

static void keep_earliest(struct compare_event *event, const json_t *a,
			  const json_t *b)
{
	const json_t **records = event->records;

	if (compare_event_differs(event) &&
	    earlier_time(records[COMPARE_A], records[COMPARE_B]) <=
		    earlier_time(a, b))
		return;
	records[COMPARE_A] = a;
	records[COMPARE_B] = b;
}

static size_t skip_sequence(const struct events *events, size_t i,
			    const struct event *event)
{
	while (i < events->n && compare_sequences(&events->all[i], event) == 0)
		i++;
	return i;
}

/* A state is polled: one that lasted so short may have been missed in the other
 * run. */
static bool may_be_missed(const struct event *event)
{
	return event->kind == COMPARE_STATE &&
	       event->end - time_of(event->record) < COMPARE_SLACK;
}

/*
 * Merges the two sorted arrays. Only the first difference of a sequence counts:
 * behind it one run may be an event ahead of the other, and every further pair
 * would differ for the same reason.
 */
static void find_differences(struct comparison *comparison,
			     const struct events *a, const struct events *b)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		const struct event *x = i < a->n ? &a->all[i] : NULL;
		const struct event *y = j < b->n ? &b->all[j] : NULL;
		const struct event *first;
		int order;

		if (x && y)
			order = compare_sequences(x, y);
		else
			order = x ? -1 : 1;
		first = order <= 0 ? x : y;
		assert(first);
		if (order == 0 && is_same_event(x->kind, x->record, y->record)) {
			i++;
			j++;
			continue;
		}
		if (order <= 0 && may_be_missed(x)) {
			i++;
			continue;
		}
		if (order >= 0 && may_be_missed(y)) {
			j++;
			continue;
		}
		keep_earliest(&comparison->events[first->kind],
			      order <= 0 ? x->record : NULL,
			      order >= 0 ? y->record : NULL);
		i = skip_sequence(a, i, first);
		j = skip_sequence(b, j, first);
	}
}

static int compare_all_events(struct comparison *comparison)
{
	struct events a = { .n = 0 }, b = { .n = 0 };
	int r = gather_events(&a, comparison->results[COMPARE_A]->journal);

	if (r >= 0)
		r = gather_events(&b, comparison->results[COMPARE_B]->journal);
	if (r >= 0)
		find_differences(comparison, &a, &b);
	free(a.all);
	free(b.all);
	return error_trace(r);
}

/* --- all ------------------------------------------------------------------ */

static bool differs(const struct comparison *comparison)
{
	const struct compare_values *measured = &comparison->measured;
	const struct compare_segments *segments = &comparison->segments;

	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		if (compare_event_differs(&comparison->events[i]))
			return true;
	for (size_t i = 0; i < measured->n; i++)
		if (measured->all[i].differs)
			return true;
	return comparison->verdict_differs ||
	       segments->parts_at < segments->n_steps;
}

static int compare_contents(struct comparison *comparison)
{
	int r = compare_all_values(comparison);

	if (r < 0)
		return error_trace(r);
	r = compare_segments_init(&comparison->segments, comparison->results);
	if (r < 0)
		return error_trace(r);
	return error_trace(compare_all_events(comparison));
}

int comparison_new(struct comparison **ret, const struct result *a,
		   const struct result *b)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int r;

	if (!comparison)
		return error_origin(-ENOMEM, "comparison");
	comparison->results[COMPARE_A] = a;
	comparison->results[COMPARE_B] = b;
	comparison->verdict_differs = a->verdict != b->verdict;
	comparison->both_ran = a->verdict != VERDICT_SKIP &&
			       b->verdict != VERDICT_SKIP;
	r = comparison->both_ran ? compare_contents(comparison) : 0;
	if (r < 0) {
		comparison_free(comparison);
		return error_trace(r);
	}
	comparison->differs = differs(comparison);
	*ret = comparison;
	return 0;
}

struct comparison *comparison_free(struct comparison *comparison)
{
	if (!comparison)
		return NULL;
	compare_segments_deinit(&comparison->segments);
	free(comparison->measured.all);
	free(comparison->predicted.all);
	free(comparison->sysctls.all);
	free(comparison);
	return NULL;
}

/* --- --format jsonl ------------------------------------------------------- */

/* Takes both; NULL becomes null. */
static json_t *pair_json(json_t *a, json_t *b)
{
	return json_pack("[o?, o?]", a, b);
}

static json_t *copy_of(const json_t *value)
{
	return value ? json_deep_copy(value) : NULL;
}

/* {name: [a, b]} of those that differ, and of those that one side lacks. */
static json_t *values_json(const struct compare_values *values)
{
	json_t *object = json_object();

	for (size_t i = 0; i < values->n; i++) {
		const json_t *a = values->all[i].values[COMPARE_A];
		const json_t *b = values->all[i].values[COMPARE_B];

		if (values->all[i].differs || !a || !b)
			json_object_set_new(object, values->all[i].name,
					    pair_json(copy_of(a), copy_of(b)));
	}
	return object;
}

/* The next segment of this side from the first difference on. */
static json_t *next_segment_json(const struct compare_segments *segments,
				 size_t side)
{
	const struct compare_segment *segment;
	int place = ALIGN_NONE;

	for (size_t i = segments->parts_at;
	     place < 0 && i < segments->n_steps; i++)
		place = side == COMPARE_A ? segments->steps[i].a :
					    segments->steps[i].b;
	if (place < 0)
		return NULL;
	segment = &segments->all[side][place];
	return json_pack("{s:i, s:f, s:s, s:s, s:s, s:s}", "number", place + 1,
			 "t", segment->t, "from", segment->from, "to",
			 segment->to, "text",
			 journal_text(segment->record, "text"), "fate",
			 segment->fate);
}

static json_t *event_json(const struct comparison *comparison, size_t side,
			  const json_t *record)
{
	if (!record)
		return NULL;
	return json_pack("{s:f, s:O?, s:O}", "t",
			 json_number_value(json_object_get(record, "t")) -
				 comparison->results[side]->zero,
			 "host", json_object_get(record, "host"), "text",
			 json_object_get(record, "text"));
}

/* NULL where neither segments nor events differ. */
static json_t *parts_json(const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;
	json_t *object = json_object();

	if (segments->parts_at < segments->n_steps)
		json_object_set_new(
			object, "segment",
			pair_json(next_segment_json(segments, COMPARE_A),
				  next_segment_json(segments, COMPARE_B)));
	for (size_t i = 0; i < COMPARE_EVENTS; i++) {
		const struct compare_event *event = &comparison->events[i];

		if (compare_event_differs(event))
			json_object_set_new(
				object, compare_event_text(i),
				pair_json(event_json(comparison, COMPARE_A,
						     event->records[COMPARE_A]),
					  event_json(comparison, COMPARE_B,
						     event->records[COMPARE_B])));
	}
	if (json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *counts_json(const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;

	return json_pack("{s:[i, i], s:[i, i], s:b}", "all",
			 (int)segments->n[COMPARE_A],
			 (int)segments->n[COMPARE_B], "alone",
			 (int)segments->alone[COMPARE_A],
			 (int)segments->alone[COMPARE_B], "compared",
			 comparison->both_ran && !segments->only_counted);
}

/* B's name where it is another one than A's; else NULL. */
static json_t *against_json(const struct comparison *comparison)
{
	json_t *a = json_string(result_name(comparison->results[COMPARE_A]));
	json_t *b = json_string(result_name(comparison->results[COMPARE_B]));
	bool same = json_equal(a, b);

	json_decref(a);
	if (!same)
		return b;
	json_decref(b);
	return NULL;
}

json_t *comparison_json(const struct comparison *comparison)
{
	const struct result *a = comparison->results[COMPARE_A];
	const struct result *b = comparison->results[COMPARE_B];
	json_t *family = a->family == b->family ? json_integer(a->family) :
						  json_null();

	return json_pack(
		"{s:s, s:s, s:s?, s:o*, s:o, s:[s, s], s:b, s:o, s:o, s:o,"
		" s:o, s:o?}",
		"type", "compare", "name", a->testcase->name, "variant",
		a->variant ? a->variant->name : NULL, "against",
		against_json(comparison), "family", family, "verdict",
		verdict_text(a->verdict), verdict_text(b->verdict), "differs",
		(int)comparison->differs, "measured",
		values_json(&comparison->measured), "predicted",
		values_json(&comparison->predicted), "sysctls",
		values_json(&comparison->sysctls), "segments",
		counts_json(comparison), "parts_at", parts_json(comparison));
}
