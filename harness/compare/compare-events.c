/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hosts were told and what was done to them, in two runs. Two hosts'
 * answers come in by chance in this order or that, so each socket's are a
 * sequence of its own.
 */
#include "compare-parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "journal.h"
#include "macro.h"

struct event {
	enum compare_event_kind kind;
	const char *host; /* "" for a fault */
	json_int_t socket;
	size_t order; /* in the journal */
	const json_t *record;
};

struct events {
	struct event *all;
	size_t n;
};

const char *compare_event_text(enum compare_event_kind kind)
{
	static const char *const texts[COMPARE_EVENTS] = {
		[COMPARE_RESULT] = "result",
		[COMPARE_STATE] = "state",
		[COMPARE_FAULT] = "fault",
	};

	return texts[kind];
}

static enum compare_event_kind kind_of(const json_t *record)
{
	enum compare_event_kind kind = 0;

	while (kind < COMPARE_EVENTS &&
	       !journal_is(record, compare_event_text(kind)))
		kind++;
	return kind;
}

/* --- sequences ------------------------------------------------------------ */

/* Which sequence it is in. */
static int compare_holders(const struct event *a, const struct event *b)
{
	int order = strcmp(a->host, b->host);

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (order)
		return order;
	return a->socket < b->socket ? -1 : a->socket > b->socket;
}

static int compare_events(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int order = compare_holders(x, y);

	if (order)
		return order;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_state_again(const struct event *before,
			   const struct event *event)
{
	return event->kind == COMPARE_STATE &&
	       compare_holders(before, event) == 0 &&
	       strcmp(journal_text(before->record, "state"),
		      journal_text(event->record, "state")) == 0;
}

/* How often it was looked at is no matter of the socket's. */
static void drop_looks(struct events *events)
{
	size_t n = 0;

	for (size_t i = 0; i < events->n; i++)
		if (!n || !is_state_again(&events->all[n - 1], &events->all[i]))
			events->all[n++] = events->all[i];
	events->n = n;
}

static int gather(struct events *ret, const json_t *journal)
{
	size_t i;
	json_t *record;

	ret->all = calloc(json_array_size(journal) + 1, sizeof(*ret->all));
	if (!ret->all)
		return error_origin(-ENOMEM, "comparison");
	json_array_foreach(journal, i, record)
	{
		enum compare_event_kind kind = kind_of(record);

		if (kind == COMPARE_EVENTS)
			continue;
		ret->all[ret->n++] = (struct event){
			.kind = kind,
			.host = journal_text(record, "host"),
			.socket = json_integer_value(
				json_object_get(record, "socket")),
			.order = i,
			.record = record,
		};
	}
	qsort(ret->all, ret->n, sizeof(*ret->all), compare_events);
	drop_looks(ret);
	return 0;
}

/* --- the same or not ------------------------------------------------------ */

/* How much was read at a time is chance; whether anything was is not. */
static bool is_end(const json_t *record)
{
	return strncmp(journal_text(record, "call"), "recv", 4) == 0 &&
	       json_number_value(json_object_get(record, "value")) <= 0;
}

static bool is_same(enum compare_event_kind kind, const json_t *a,
		    const json_t *b)
{
	static const char *const names[COMPARE_EVENTS][2] = {
		[COMPARE_RESULT] = { "call", "errno" },
		[COMPARE_STATE] = { "state", "state" },
		[COMPARE_FAULT] = { "verb", "target" },
	};

	for (size_t i = 0; i < 2; i++)
		if (strcmp(journal_text(a, names[kind][i]),
			   journal_text(b, names[kind][i])) != 0)
			return false;
	return kind != COMPARE_RESULT || is_end(a) == is_end(b);
}

static double time_of(const json_t *a, const json_t *b)
{
	double at[] = { json_number_value(json_object_get(a, "t")),
			json_number_value(json_object_get(b, "t")) };

	return !a ? at[1] : !b ? at[0] : MIN(at[0], at[1]);
}

/* Kept when it is the first of its kind. */
static void keep(struct compare_event *first, const json_t *a, const json_t *b)
{
	const json_t *const *records = first->records;

	if ((records[COMPARE_A] || records[COMPARE_B]) &&
	    time_of(records[COMPARE_A], records[COMPARE_B]) <= time_of(a, b))
		return;
	first->records[COMPARE_A] = a;
	first->records[COMPARE_B] = b;
}

/* Behind the place at which a sequence parts, it tells nothing more. */
static size_t skip(const struct events *events, size_t i,
		   const struct event *holder)
{
	while (i < events->n && compare_holders(&events->all[i], holder) == 0)
		i++;
	return i;
}

static void merge(struct comparison *comparison, const struct events *a,
		  const struct events *b)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		const struct event *x = i < a->n ? &a->all[i] : NULL;
		const struct event *y = j < b->n ? &b->all[j] : NULL;
		int order = i == a->n ? 1 :
			    j == b->n ? -1 :
					compare_holders(x, y);
		const struct event *first = order <= 0 ? x : y;

		assert(first);
		if (order == 0 && is_same(x->kind, x->record, y->record)) {
			i++;
			j++;
			continue;
		}
		keep(&comparison->events[first->kind],
		     order <= 0 ? x->record : NULL,
		     order >= 0 ? y->record : NULL);
		i = skip(a, i, first);
		j = skip(b, j, first);
	}
}

int compare_events_find(struct comparison *comparison)
{
	struct events a = { .n = 0 }, b = { .n = 0 };
	int r = gather(&a, comparison->results[COMPARE_A]->journal);

	if (r >= 0)
		r = gather(&b, comparison->results[COMPARE_B]->journal);
	if (r >= 0)
		merge(comparison, &a, &b);
	free(a.all);
	free(b.all);
	return r < 0 ? error_trace(r) : 0;
}
