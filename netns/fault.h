/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault verbs, in one table: what a case, a command line or a file can
 * apply to a host, and everything that other modules need to know about a verb.
 * A verb is added here and nowhere else; no other module compares the names of
 * verbs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "world.h"

/* How a diagram shows the verb. */
enum fault_drawing {
	FAULT_DRAW_EVENT, /* a moment */
	FAULT_DRAW_DEAD, /* from here until `undo`, on the host's line: dead */
	FAULT_DRAW_FROZEN, /* ... its processes, or the machine, are stopped */
	FAULT_DRAW_UNPLUGGED, /* ... its link is down */
	FAULT_DRAW_END, /* the moment at which another verb's effect ends */
	FAULT_DRAW_WIRE, /* a moment on the wire: it hits no host */
};

struct fault_verb {
	const char *name;
	const char *arguments; /* after the host's name; "" none */
	const char *what; /* one line: what happens, what the peer sees */
	/* The text of its record: fault_text() fills it. NULL: that depends on
	 * the script. */
	const char *text;
	/* The state of the host as an adjective ("unplugged"), for a verb whose
	 * effect lasts; NULL for a momentary one. */
	const char *state;
	const char *undo; /* the verb that ends the effect; NULL: none does */
	bool kills_host; /* its processes and sockets are gone afterwards */
	bool stops_processes; /* until `undo` */
	bool stops_kernel; /* ... its kernel, too: it forwards nothing */
	bool removes_address; /* until `undo`: bind() fails, EADDRNOTAVAIL */
	/* The state of a gateway that tracks connections is gone. No other host
	 * has any. */
	bool clears_tracking;
	/* The effect belongs to the path, not to the machine: it lasts when the
	 * host crashes, and the rebooted host finds it. Any other effect is
	 * gone with the machine: world_reboot() makes a new one with new
	 * cables. */
	bool survives_crash;
	enum fault_drawing drawing;
	/* `argument` is NULL where none was given. NULL for verbs that are not
	 * applied to a host: fault_recorded_verb(). */
	int (*apply)(struct world *world, const char *host,
		     const char *argument);
};

/* The verbs that can be applied to a host, in the order of the manual. */
const struct fault_verb *fault_verbs(size_t *ret_n);

/* One of them by its name; NULL for an unknown name. */
const struct fault_verb *fault_verb(const char *name);

/* The verb whose effect this one ends: crash for reboot. NULL: none. */
const struct fault_verb *fault_ended_by(const struct fault_verb *verb);

/*
 * The verb of a journal's "fault" record: one of the above, or one that a
 * script applies by other means (rules of the wire, injected segments, a
 * process that kills itself). NULL for an unknown name.
 */
const struct fault_verb *fault_recorded_verb(const char *name);

/* What a "fault" record has beside its verb and target; NULL: no such member. */
struct fault_details {
	const char *argument;
	const char *from, *to; /* of a rule of the wire; NULL: any host */
};

/* The text of the record, in English or in the language of the user. */
void fault_text(const struct fault_verb *verb, const char *target,
		const struct fault_details *details, bool translated, char *ret,
		size_t size);
