/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault verbs, in one table: what a case, a command line or a file can make
 * happen to a host. A verb is added here and nowhere else.
 */
#pragma once

#include <stddef.h>

#include "world.h"

struct fault_verb {
	const char *name;
	const char *arguments; /* after the host's name; "" none */
	const char *what; /* one line: what happens, what the peer sees */
	/* `argument` is NULL where none was given. */
	int (*apply)(struct world *world, const char *host,
		     const char *argument);
};

const struct fault_verb *fault_verbs(size_t *ret_n);

/* NULL for a word that is no verb. */
const struct fault_verb *fault_verb(const char *name);
