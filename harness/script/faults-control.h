/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults for callers that choose the verb at run time. */
#pragma once

#include "fault.h"
#include "faults.h"
#include "run-control.h"

/* Applies any verb of netns/fault.h, and updates probes, programs and counters
 * of a host that dies by it. `argument` may be NULL. */
void fault_do(struct run *run, const struct fault_verb *verb, const char *host,
	      const char *argument);

/* Journals a fault that the caller applies. False: the caller must not apply it
 * (--without-faults). */
bool fault_announce(struct run *run, const char *verb, const char *target,
		    const char *text);
