/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events of a running lab, in one queue ordered by time. The modules that
 * observe something (the wire, programs, probes, sockets) push events; the loop
 * of lab-script.c pops them and passes each to the steps that wait for it and
 * to the expectations.
 */
#pragma once

#include "diag.h"
#include "lab-plan.h"
#include "nsec.h"
#include "run-control.h"

enum lab_event_kind {
	LAB_EVENT_START, /* the timeline starts */
	LAB_EVENT_SENT, /* a frame left `host` */
	LAB_EVENT_RECEIVED, /* a frame was delivered to `host` */
	LAB_EVENT_LINE, /* `program` printed the line `text` */
	LAB_EVENT_EXIT, /* `program` ended with `status` */
	LAB_EVENT_RESULT, /* a call of the probe in `host` returned `text` */
	LAB_EVENT_STATE, /* a socket of `host` is in `state` now */
	LAB_EVENT_STEP, /* a step with `action` starts */
};

struct lab_event {
	enum lab_event_kind kind;
	nsec_t at; /* when it happened, not when it was noticed */
	const char *host, *program; /* borrowed: names of the plan */
	const char *text; /* copied by lab_events_push() */
	const struct lab_action *action; /* borrowed */
	unsigned int kinds; /* of a frame: enum wire_kind, LAB_PAYLOAD */
	unsigned int segments; /* of a frame */
	size_t capture; /* of a frame: index into wire_captures() */
	int status; /* as of wait(); -1: ended with its host */
	enum diag_state state;
	bool derived; /* the state follows from a frame: lab-state.h */
};

struct lab_events;

/* Without memory for an event the run ends as BROKEN. */
struct lab_events *lab_events_new(struct run *run);
struct lab_events *lab_events_free(struct lab_events *events);

void lab_events_push(struct lab_events *events, const struct lab_event *event);

/* The earliest event; of several with the same time, the one pushed first. Its
 * text is valid until the next call. False: the queue is empty. */
bool lab_events_pop(struct lab_events *events, struct lab_event *ret);

bool lab_events_are_empty(const struct lab_events *events);

/* As how many segments a frame counts of which these kinds are wanted; 0: any.
 */
unsigned int lab_event_segments(const struct lab_event *event,
				unsigned int kinds);

/* The progress towards a moment of the plan. */
struct lab_wait {
	unsigned int
		seen; /* segments, if the moment counts them; else events */
	nsec_t happened; /* 0: not yet */
};

/* Counts the event if the moment waits for it. True: this event completes the
 * moment, which then stays completed. */
bool lab_wait_see(struct lab_wait *wait, const struct lab_moment *moment,
		  const struct lab_event *event);
