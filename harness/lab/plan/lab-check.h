/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "lab-plan.h"

/*
 * Finds what cannot happen in a plan with its defaults: a host or program that
 * does not exist; a path without two endpoints; a moment after the end; a step
 * that has no effect or cannot be done when its turn comes, such as plug of a
 * host that is not unplugged, an action of a crashed host, release without held
 * frames, a call of a probe that does not exist or is frozen.
 *
 * Steps that wait for an event may come before or after any other step: nothing
 * is refused that such a step could make possible.
 *
 * -EINVAL: the message has the place and the reason.
 */
int lab_check(const struct lab_plan *plan);

/* The names of an action and whether it has an effect on such hosts, whenever it
 * is done. `place` NULL: none. */
int lab_check_action(const struct lab_plan *plan,
		     const struct lab_action *action,
		     const struct lab_place *place);
