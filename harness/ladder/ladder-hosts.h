/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hosts of a ladder, the order of their lifelines, and their addresses. */
#pragma once

#include "address.h"
#include "ladder.h"

enum { LADDER_HOSTS_MAX = 256 }; /* further ones are left out */

/* Fills ladder->hosts, in the order of the lifelines. -ENOMEM. */
int ladder_find_hosts(struct ladder *ladder, const json_t *journal);

/* The index of a host; LADDER_NO_HOST for an unknown or an empty name. */
int ladder_host_index(const struct ladder *ladder, const char *name);

/* The host that has the address on one of its cables; LADDER_NO_HOST. */
int ladder_host_with_address(const struct ladder *ladder, const json_t *journal,
			     const struct address *address);

/* Fills ladder->columns, once all rows are there. -ENOMEM. */
int ladder_make_columns(struct ladder *ladder);
