/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sorted array. Producers push nearly in the order of time (only a frame may
 * have a time stamp that lies some microseconds before the last event), so that
 * an insertion moves few elements. Events leave at the front; the array starts
 * anew whenever the queue is empty, which it is after each pass of the loop.
 */
#include "lab-event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "wire.h"

struct queued {
	struct lab_event event;
	char *text; /* the event's own copy */
};

struct lab_events {
	struct run *run;
	struct queued *all;
	size_t first, n, capacity; /* queued: all[first] .. all[n - 1] */
	char *popped; /* the text of the last event that was popped */
};

struct lab_events *lab_events_new(struct run *run)
{
	struct lab_events *events = calloc(1, sizeof(*events));

	if (!events)
		run_broken(run, error_origin(-ENOMEM, "events"));
	events->run = run;
	return events;
}

struct lab_events *lab_events_free(struct lab_events *events)
{
	if (!events)
		return NULL;
	while (events->first < events->n)
		free(events->all[events->first++].text);
	free(events->popped);
	free(events->all);
	free(events);
	return NULL;
}

void lab_events_push(struct lab_events *events, const struct lab_event *event)
{
	struct queued queued = { .event = *event };
	struct queued *grown = array_grow(events->all, events->n,
					  &events->capacity,
					  sizeof(*events->all));
	size_t i;

	if (event->text)
		queued.event.text = queued.text = strdup(event->text);
	if (!grown || (event->text && !queued.text))
		run_broken(events->run, error_origin(-ENOMEM, "events"));
	events->all = grown;
	for (i = events->n;
	     i > events->first && grown[i - 1].event.at > event->at; i--)
		grown[i] = grown[i - 1];
	grown[i] = queued;
	events->n++;
}

bool lab_events_pop(struct lab_events *events, struct lab_event *ret)
{
	const struct queued *queued = &events->all[events->first];

	if (lab_events_are_empty(events))
		return false;
	free(events->popped);
	events->popped = queued->text;
	*ret = queued->event;
	if (++events->first == events->n)
		events->first = events->n = 0;
	return true;
}

bool lab_events_are_empty(const struct lab_events *events)
{
	return events->first == events->n;
}

unsigned int lab_event_segments(const struct lab_event *event,
				unsigned int kinds)
{
	if (kinds && !(kinds & event->kinds))
		return 0;
	return wire_segments(kinds & event->kinds, event->segments);
}

/* --- moments -------------------------------------------------------------- */

static bool is_same(const char *wanted, const char *text)
{
	return wanted && text && strcmp(wanted, text) == 0;
}

static bool is_waited_for(const struct lab_moment *moment,
			  const struct lab_event *event)
{
	switch (moment->event) {
	case LAB_AFTER_START:
		return event->kind == LAB_EVENT_START;
	case LAB_AFTER_FRAMES:
		return event->kind == (moment->sent ? LAB_EVENT_SENT :
						      LAB_EVENT_RECEIVED) &&
		       is_same(moment->host, event->host) &&
		       lab_event_segments(event, moment->kinds);
	case LAB_AFTER_LINE:
		return event->kind == LAB_EVENT_LINE &&
		       is_same(moment->program, event->program) &&
		       strstr(event->text, moment->line);
	case LAB_AFTER_EXIT:
		return event->kind == LAB_EVENT_EXIT &&
		       is_same(moment->program, event->program);
	case LAB_AFTER_STATE:
		return event->kind == LAB_EVENT_STATE &&
		       is_same(moment->host, event->host) &&
		       moment->state == event->state;
	case LAB_AFTER_STEP:
		return event->kind == LAB_EVENT_STEP &&
		       lab_action_equal(moment->action, event->action);
	}
	return false;
}

bool lab_wait_see(struct lab_wait *wait, const struct lab_moment *moment,
		  const struct lab_event *event)
{
	if (wait->happened || !is_waited_for(moment, event))
		return false;
	wait->seen += moment->event == LAB_AFTER_FRAMES ?
			      lab_event_segments(event, moment->kinds) :
			      1;
	if (moment->event == LAB_AFTER_FRAMES && wait->seen < moment->count)
		return false;
	wait->happened = event->at;
	return true;
}
