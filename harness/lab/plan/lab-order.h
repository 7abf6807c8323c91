/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timeline played with no world: who is dead, unplugged, frozen, has a probe.
 *
 * Steps whose time is known are played in their order. One that waits for an
 * event may come before or after any of them: so what it could make right is
 * not refused, and of itself only what is wrong in every order.
 */
#pragma once

#include "lab-plan.h"

/* All names of the plan are known to be right. */
int lab_order_check(const struct lab_plan *plan);
