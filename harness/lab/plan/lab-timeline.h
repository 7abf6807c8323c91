/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of the hosts of a lab while actions are played on it: which faults
 * are in effect, whether a probe lives and where it listens, which programs
 * were started, what the wire holds. It refuses an action that has no effect or
 * cannot be done when its turn comes. lab_check() plays the steps of a plan
 * before anything starts, and a lab that runs plays what it does, so that the
 * prompt refuses what a file refuses.
 */
#pragma once

#include "lab-plan.h"

struct lab_timeline;

/*
 * The start of the timeline. `runs`: every action will be played as it is done;
 * otherwise steps of the plan that wait for an event may come at any time. The
 * plan is borrowed; it may grow.
 */
int lab_timeline_new(struct lab_timeline **ret, const struct lab_plan *plan,
		     bool runs);
struct lab_timeline *lab_timeline_free(struct lab_timeline *t);

/*
 * Plays an action, whose names lab_check_action() has accepted, at a time since
 * the start. Times must not decrease. -EINVAL: it is refused, and the model is
 * unchanged; the message has the place (NULL: none) and the reason.
 */
int lab_timeline_play(struct lab_timeline *t, const struct lab_action *action,
		      const struct lab_place *place, nsec_t time);

/* An action whose time is not known: -EINVAL if no step of the plan could
 * provide what it needs. */
int lab_timeline_foresee(struct lab_timeline *t,
			 const struct lab_action *action,
			 const struct lab_place *place);
