/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differences between two recorded runs of one case: verdicts, values,
 * segments, results of calls, socket states and faults, aligned by identity. Made
 * from their results with whole journals.
 *
 * No two runs are equal to the microsecond. For segments see compare-segments.h;
 * for values:
 *
 * - A time may be anywhere in the range that either run predicted for it.
 *   Without a prediction two times may differ by an eighth, the granule of the
 *   kernel's timer wheel. COMPARE_SLACK or 2 % are always tolerated.
 * - Integers up to 1000 are counts and must be equal. Other numbers may differ
 *   by 2 %. Two integers above 65535 are timestamps or sequence numbers, which
 *   start at random, and never differ.
 * - A value that only one run has is shown, but is no difference.
 */
#pragma once

#include "compare-segments.h"

/* A member of an object that both have, or one. */
struct compare_value {
	const char *name; /* borrowed from the results, like the values */
	const json_t *values[COMPARE_SIDES]; /* NULL: this side has none */
	bool differs; /* beyond the tolerance */
};

struct compare_values {
	struct compare_value *all; /* those that are not equal */
	size_t n;
};

/* Records that form a sequence of their own for each host and connection (socket,
 * if it has no connection): results of two hosts come in in any order. */
enum compare_event_kind {
	COMPARE_RESULT, /* call and errno; how much was received is chance */
	/* Of a socket; how often it was read is chance, and whether it was seen at
	 * all if it lasted less than COMPARE_SLACK. */
	COMPARE_STATE,
	COMPARE_FAULT, /* verb and target */
	COMPARE_EVENTS,
};

/* The earliest place where the sequences of one kind differ. */
struct compare_event {
	/* The records there; NULL: the sequence of this side has ended. Both
	 * NULL: no difference. */
	const json_t *records[COMPARE_SIDES];
};

struct comparison {
	const struct result *results[COMPARE_SIDES];
	bool verdict_differs;
	/* If one run was skipped, only verdict and reason are compared. */
	bool both_ran;
	struct compare_values measured, predicted, sysctls;
	struct compare_segments segments;
	struct compare_event events[COMPARE_EVENTS];
	bool differs; /* in anything except `predicted` and `sysctls` */
};

/* The results, with their journals, are borrowed until comparison_free().
 * -ENOMEM. */
int comparison_new(struct comparison **ret, const struct result *a,
		   const struct result *b);
struct comparison *comparison_free(struct comparison *comparison);

/* The object of --format jsonl, a new reference; NULL without memory. */
json_t *comparison_json(const struct comparison *comparison);

bool compare_event_differs(const struct compare_event *event);

/* "result", "state", "fault" */
const char *compare_event_text(enum compare_event_kind kind);
