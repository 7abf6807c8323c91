/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes that the wire has seen: who sent a RST or an ICMP error, and why
 * segments did not arrive. */
#pragma once

#include "lab-plan.h"
#include "run-control.h"

/* Takes one sentence about the host, which is valid as long as the plan. */
typedef void (*lab_cause_fn)(void *data, const char *host, const char *text);

/* Calls `fn` for each cause, with equal ones counted in one sentence. */
void lab_causes(struct run *run, const struct lab_plan *plan, lab_cause_fn fn,
		void *data);
