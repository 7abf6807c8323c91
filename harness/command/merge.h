/* SPDX-License-Identifier: GPL-2.0-or-later */
/* halfopen report --merge: one report of the shards of a run. */
#pragma once

#include <stddef.h>

#include "report.h"

struct merge_options {
	char *const *dirs; /* of run --shard K/N --out DIR */
	size_t n;
	const struct reporter *reporter;
	bool coloured;
	int columns;
	const char *out; /* NULL: none */
};

/* Prints the report, writes the folder `out`, and names what is missing on stderr.
 * Returns the exit status: that of the whole run; EXIT_STATUS_BROKEN where shards or
 * results are missing and none of those that are there is a FAIL; EXIT_STATUS_USAGE
 * for directories that cannot be merged. */
int merge(const struct merge_options *options);
