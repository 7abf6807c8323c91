/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include <errno.h>
#include <stdlib.h>

#include "compare-parts.h"
#include "errors.h"

static bool any_differs(const struct compare_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		if (values->all[i].differs)
			return true;
	return false;
}

bool compare_event_parts(const struct compare_event *event)
{
	return event->records[COMPARE_A] || event->records[COMPARE_B];
}

static bool differs(const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;

	for (size_t i = 0; i < COMPARE_EVENTS; i++)
		if (compare_event_parts(&comparison->events[i]))
			return true;
	return comparison->other_verdict ||
	       any_differs(&comparison->measured) ||
	       segments->parts_at < segments->n_steps;
}

static int find_all(struct comparison *comparison)
{
	int r = 0;

	if (!comparison->both_ran)
		return 0;
	for (size_t i = 0; i < COMPARE_SIDES && r >= 0; i++)
		r = ladder_new_whole(&comparison->ladders[i],
				     comparison->results[i]->journal);
	if (r >= 0)
		r = compare_values_find(comparison);
	if (r >= 0)
		r = compare_segments_find(comparison);
	if (r >= 0)
		r = compare_events_find(comparison);
	return r < 0 ? error_trace(r) : 0;
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
	comparison->other_verdict = a->verdict != b->verdict;
	comparison->both_ran = a->verdict != VERDICT_SKIP &&
			       b->verdict != VERDICT_SKIP;
	r = find_all(comparison);
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
	for (size_t i = 0; i < COMPARE_SIDES; i++)
		ladder_free(comparison->ladders[i]);
	compare_segments_deinit(&comparison->segments);
	free(comparison->measured.all);
	free(comparison->predicted.all);
	free(comparison->sysctls.all);
	free(comparison);
	return NULL;
}

/* --- for programs --------------------------------------------------------- */

static json_t *pair_of(json_t *a, json_t *b)
{
	return json_pack("[o?, o?]", a, b);
}

static json_t *copy_of(const json_t *value)
{
	return value ? json_deep_copy(value) : NULL;
}

/* {name: [a, b]} of those that differ. */
static json_t *values_json(const struct compare_values *values)
{
	json_t *object = json_object();

	for (size_t i = 0; i < values->n; i++) {
		const struct compare_value *value = &values->all[i];

		if (value->differs || !value->values[COMPARE_A] ||
		    !value->values[COMPARE_B])
			json_object_set_new(
				object, value->name,
				pair_of(copy_of(value->values[COMPARE_A]),
					copy_of(value->values[COMPARE_B])));
	}
	return object;
}

static json_t *segment_json(const struct comparison *comparison, size_t side,
			    int place)
{
	const struct ladder *ladder = comparison->ladders[side];
	const struct ladder_row *row;

	if (place < 0)
		return NULL;
	row = comparison->segments.all[side][place].row;
	return json_pack(
		"{s:i, s:f, s:s, s:s, s:s, s:s}", "number", place + 1, "t",
		row->t, "from", compare_host_name(ladder, row->host), "to",
		compare_host_name(ladder, ladder_receiver(row)), "text",
		row->text, "fate", row->end ? row->end : "forwarded");
}

/* The next one of that side, from this step on; ALIGN_NONE. */
static int next_place(const struct compare_segments *segments, size_t side)
{
	for (size_t i = segments->parts_at; i < segments->n_steps; i++) {
		const struct align_step *step = &segments->steps[i];
		int place = side == COMPARE_A ? step->a : step->b;

		if (place >= 0)
			return place;
	}
	return ALIGN_NONE;
}

static json_t *parting_json(const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;

	if (segments->parts_at == segments->n_steps)
		return NULL;
	return pair_of(segment_json(comparison, COMPARE_A,
				    next_place(segments, COMPARE_A)),
		       segment_json(comparison, COMPARE_B,
				    next_place(segments, COMPARE_B)));
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

/* Null where nothing parts. */
static json_t *parts_json(const struct comparison *comparison)
{
	json_t *object = json_object();
	json_t *segment = parting_json(comparison);

	if (segment)
		json_object_set_new(object, "segment", segment);
	for (size_t i = 0; i < COMPARE_EVENTS; i++) {
		const struct compare_event *event = &comparison->events[i];

		if (compare_event_parts(event))
			json_object_set_new(
				object, compare_event_text(i),
				pair_of(event_json(comparison, COMPARE_A,
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

/* B's name where it is another one; NULL. */
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
