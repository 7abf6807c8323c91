/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab's use of the wire: rules for chosen segments, settings of a path, forged
 * segments; and the frames that passed, as events.
 */
#pragma once

#include "lab-event.h"

struct lab_wire;

/* All arguments are borrowed. */
struct lab_wire *lab_wire_new(struct run *run, const struct lab_plan *plan,
			      struct lab_events *events);

/* Applies drop, hold, delay, duplicate, reject, link, release, pass or inject.
 * Journals it as a fault; with --without-faults it is only noted. */
void lab_wire_act(struct lab_wire *wire, const struct lab_action *action);

/* Gives the paths the settings of the plan, and journals them. No fault: how
 * the world is. */
void lab_wire_set_paths(struct lab_wire *wire);

/* Pushes the frames that arrived and left since the last call. A frame is sent
 * when the wire receives it and received when the wire sends it on; what a dead
 * host's kernel sends is neither. */
void lab_wire_collect(struct lab_wire *wire);
bool lab_wire_has_frames(const struct lab_wire *wire);
