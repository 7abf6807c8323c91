/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The segments of two runs, aligned by the identity that the journal records.
 *
 * Two segments are the same when these agree: origin, final receiver, what the
 * wire did to it, direction, flags, relative sequence number, length,
 * acknowledgement number and SACK blocks, and whether it is a retransmission.
 * Times, ports, initial sequence numbers and timestamps differ in every run and
 * are not compared. Frames without TCP, and TCP frames of an unknown connection,
 * are compared by their text.
 *
 * Differences that are not counted, because they vary from run to run:
 *
 * - the order of segments of different hosts or connections that are less than
 *   COMPARE_SLACK apart;
 * - sequence and acknowledgement numbers of another connection, which are not
 *   relative to anything;
 * - at the end, segments that one run did not record because it ended just
 *   before them, and a last delayed ACK;
 * - a segment that the wire was still delaying when its run ended.
 */
#pragma once

#include "align.h"
#include "result.h"

enum { COMPARE_A, COMPARE_B, COMPARE_SIDES };

/* In seconds. */
#define COMPARE_SLACK 0.050

struct compare_segment {
	const json_t *record; /* the first frame record of the packet */
	const char *from, *to; /* origin and last receiver; "wire" for the wire */
	const char *fate; /* as in the journal; "forwarded" if nothing else */
	double t, until; /* in seconds since result->zero: sent, and received */
	json_int_t connection; /* 0: none */
	bool is_delayed; /* still in the wire; such segments are left out */
	uint64_t key; /* equal: the same segment */
};

struct compare_segments {
	struct compare_segment *all[COMPARE_SIDES];
	size_t n[COMPARE_SIDES];
	struct align_step *steps; /* indices in all[]; ALIGN_NONE: only in one */
	size_t n_steps;
	size_t parts_at; /* the first step that only one has; n_steps: none */
	size_t alone[COMPARE_SIDES]; /* segments that only this side has */
	/* The last steps that only one side has because the other had ended;
	 * not counted in `alone`. */
	size_t n_unseen;
	/* The wire counted segments without recording them in one of the runs:
	 * nothing is compared. */
	bool only_counted;
};

/* The results, with their whole journals, are borrowed. -ENOMEM; call
 * compare_segments_deinit() also after a failure. */
int compare_segments_init(struct compare_segments *segments,
			  const struct result *const results[COMPARE_SIDES]);
void compare_segments_deinit(struct compare_segments *segments);
