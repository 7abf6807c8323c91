/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results of `run --shard K/N --out DIR` on several machines, read back from
 * each DIR/results.jsonl and checked: whether they are parts of the same run, and
 * whether every part and every result is there.
 */
#pragma once

#include <stdio.h>

#include "report.h"

/* "2/4", the second of four shards, as --shard takes it. False: not K/N with K
 * from 1 to N, which has at most four digits. */
bool shard_parse(const char *text, unsigned int *number, unsigned int *shards);

struct shard {
	const char *dir; /* borrowed */
	json_t *info; /* the "run" line */
	unsigned int number; /* K; 1 for a run without --shard */
	struct result **results; /* all tries, in the order of the file */
	size_t n, space;
	nsec_t took; /* 0: the file has no summary */
	struct report_delays delays;
};

struct shards {
	struct shard *all; /* in the order of the directories */
	size_t n;
	unsigned int planned; /* N */
};

/*
 * Reads the directories and marks the last try of each run as final. -EBADMSG for
 * a line that is not one of --format jsonl, for the same shard twice, and for
 * shards of different runs: kernel, options or selection differ. -ENOENT and other
 * errors of opening results.jsonl; -ENOMEM. Borrows `dirs`.
 */
int shards_new(struct shards **ret, char *const *dirs, size_t n);
struct shards *shards_free(struct shards *shards);

/* The head and the totals of the merged report. The time is that of the longest
 * shard, because they run side by side. */
void shards_info(const struct shards *shards, struct report_info *ret);
void shards_tally(const struct shards *shards, struct report_tally *ret);

/* Prints a line for each missing shard and for each one that lacks results, after
 * the prefix. Returns their number. */
size_t shards_print_missing(const struct shards *shards, FILE *out,
			    const char *prefix);
