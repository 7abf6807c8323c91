/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * States of TCP endpoints that follow from the frames that they send and
 * receive. FIN-WAIT-1 may last for microseconds: looking at sockets again and
 * again (lab-sockets.c) misses it, the wire does not.
 */
#pragma once

#include "lab-event.h"
#include "wire.h"

struct lab_states;

struct lab_states *lab_states_new(struct run *run, struct lab_events *events);

/* For a LAB_EVENT_SENT or LAB_EVENT_RECEIVED of an endpoint (not of a gateway),
 * in the order of time: pushes a LAB_EVENT_STATE, with the frame's time, when a
 * new state follows from it. */
void lab_states_see(struct lab_states *states, const struct lab_event *event,
		    const struct wire_capture *capture);
