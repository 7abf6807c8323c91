/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reporters: what the runs came to, for people and for machines. All of them
 * print from the same results; none knows more than another.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "result.h"

struct report_info {
	const char *version, *kernel;
	unsigned int hz;
	bool rootless, virtual_time;
	int family; /* 4 or 6 */
	size_t n_runs; /* planned, without retries */
	nsec_t longest; /* planned, of the longest run */
};

/* Final tries only. `inconclusive` ones are among `broken` (or `skipped`). */
struct report_tally {
	unsigned int passed, failed, skipped, broken, inconclusive;
	nsec_t took;
};

struct report {
	const struct reporter *reporter;
	FILE *out;
	bool terminal; /* `out` is one: colours, a live line */
	int columns; /* of it; 80 elsewhere */
	bool verbose; /* -v: the journal as it happens (human only) */
	struct report_info info;

	/* The reporter's own. */
	const struct result **kept; /* results live until after end() */
	size_t n_kept, kept_space;
	unsigned int n_started, n_ended;
	size_t live; /* width of the live line on the screen */
};

struct reporter {
	const char *name; /* --format NAME */
	void (*begin)(struct report *report);
	/* A run starts; `result` is still empty. */
	void (*start)(struct report *report, const struct result *result);
	/* A record has come in (already in result->journal). */
	void (*record)(struct report *report, const struct result *result,
		       const json_t *record);
	/* A run has ended; every try, final or not. */
	void (*result)(struct report *report, const struct result *result);
	void (*end)(struct report *report, const struct report_tally *tally);
	/* About once a second while runs go on: for the live line. May be
	 * NULL, like `start` and `record`. `elapsed` since begin(). */
	void (*tick)(struct report *report, const struct result *const *running,
		     size_t n, nsec_t elapsed);
};

extern const struct reporter reporter_human, reporter_ktap, reporter_junit,
	reporter_jsonl;

/* NULL for a name that is none. */
const struct reporter *reporter_find(const char *name);

/*
 * One line of a timeline, as -v and a failure print it:
 *
 *	0.004 wire    server > client  F. 1:1(0) ack 1   [dropped: …]
 *	0.004 client  recv() = 0
 *	0.003 fault   crash server
 *
 * Returns false, and prints nothing, for records that tell no story.
 */
bool report_timeline(FILE *out, const json_t *record);

/* "ETIMEDOUT, 5.00 .. 5.64 s": the predicted and the measured column. */
void report_summary(const struct result *result, bool predicted, char *ret,
		    size_t size);
