/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two recorded runs beside each other: what they came to, and where their
 * stories part. Made of their results, with their whole journals, and of
 * nothing else.
 *
 * No two runs are the same to the microsecond, so there is noise that is no
 * difference:
 *
 * - Segments are compared by who sent what, not by time: from, to, flags,
 *   relative numbers, payload and fate. Where two of different senders are less
 *   than COMPARE_SLACK apart, either may come first. A number that belongs to
 *   another connection is relative to nothing, and is not compared. At the end
 *   one run may have ended just before it could see what the other one saw, and
 *   a last delayed ACK may come or not.
 * - Where the wire only counted frames, which ones it wrote down is chance:
 * such runs' segments are not compared.
 * - A time may lie anywhere in what either run predicted for it; without a
 *   prediction, times differ by the granule of the timer wheel, an eighth.
 *   COMPARE_SLACK, or 2 %, is always allowed.
 * - Whole numbers up to 1000 are counts, and are compared; other numbers may
 *   differ by 2 %, and those above 65535 (timestamps, sequence numbers) begin
 *   where chance has it.
 * - A value that only one of them has is told, but makes no difference.
 */
#pragma once

#include "align.h"
#include "ladder.h"
#include "result.h"

enum { COMPARE_A, COMPARE_B, COMPARE_SIDES };

#define COMPARE_SLACK 0.050

/* A member of an object that both have, or one. */
struct compare_value {
	const char *name; /* borrowed from the results, like the values */
	const json_t *values[COMPARE_SIDES]; /* NULL: that one has none */
	bool differs; /* beyond noise */
};

struct compare_values {
	struct compare_value *all; /* those that are not equal */
	size_t n;
};

struct compare_segment {
	const struct ladder_row *row;
	uint64_t key; /* equal: the same segment of the same story */
};

struct compare_segments {
	struct compare_segment *all[COMPARE_SIDES];
	size_t n[COMPARE_SIDES];
	struct align_step *steps; /* a and b: places in all[] */
	size_t n_steps;
	size_t parts_at; /* the first step that only one has; n_steps: none */
	size_t alone[COMPARE_SIDES]; /* segments that the other one lacks */
	/* The last steps that only one has, because the other had ended. */
	size_t n_unseen;
	bool only_counted; /* and not compared */
};

/* Where the records of one type part first: for each host and socket they are a
 * sequence of its own. */
enum compare_event_kind {
	COMPARE_RESULT, /* of a call: which, and its errno */
	COMPARE_STATE, /* of a socket, where it was looked at */
	COMPARE_FAULT,
	COMPARE_EVENTS,
};

struct compare_event {
	/* Records of the journals; NULL: it has no such one any more. Both
	 * NULL: they do not part. */
	const json_t *records[COMPARE_SIDES];
};

struct comparison {
	const struct result *results[COMPARE_SIDES];
	struct ladder *ladders[COMPARE_SIDES];
	bool other_verdict;
	/* Both ran. Where one was skipped, nothing but its verdict and its
	 * reason is compared. */
	bool both_ran;
	struct compare_values measured, predicted, sysctls;
	struct compare_segments segments;
	struct compare_event events[COMPARE_EVENTS];
	bool differs; /* in anything but what was predicted or set */
};

/* The results, with their journals, are borrowed until comparison_free().
 * -ENOMEM. */
int comparison_new(struct comparison **ret, const struct result *a,
		   const struct result *b);
struct comparison *comparison_free(struct comparison *comparison);

/* The object of --format jsonl, a new reference; NULL without memory. */
json_t *comparison_json(const struct comparison *comparison);

bool compare_event_parts(const struct compare_event *event);

/* "result", "state", "fault" */
const char *compare_event_text(enum compare_event_kind kind);
