/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result of one run, folded from the records of its journal as they come in
 * and from nothing else: a journal that is read from a file gives the same
 * result. All reports are made from results.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "nsec.h"
#include "testcase.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_SKIP, VERDICT_BROKEN };

struct result {
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: none */
	int family; /* 4 or 6 */
	unsigned int repetition, attempt; /* from 1 */
	bool final; /* no further try will be made */

	enum verdict verdict;
	bool inconclusive; /* BROKEN because of scheduling delay */
	char *reason; /* "" for a pass; not NULL once there is a verdict */
	bool has_verdict;
	nsec_t created; /* by result_new(), on CLOCK_MONOTONIC */
	/* The longest scheduling delay of the case's timers, and of a frame in
	 * the wire. The journal calls them lateness and residence. */
	nsec_t timer_delay, frame_delay;
	/* The start of a lab's timeline, in seconds on the journal's clock; 0
	 * for a case. Reports show times since then. */
	double zero;
	nsec_t took; /* from `created` to the verdict */

	/* In the form of --format jsonl. */
	json_t *judgements; /* array; empty unless the run passed */
	json_t *sysctls; /* object: "host:name" -> value */
	json_t *predicted, *measured; /* objects */
	json_t *expectations; /* array */

	/* The records, in order; empty after result_clear_journal(). Of many
	 * frames only the first RESULT_FIRST and at least the last RESULT_LAST
	 * are there, with a note where the others were. Until
	 * result_parse_frames(), strings stand for frames. */
	json_t *journal;
	bool keeps_all_frames; /* set by the owner: none is left out */
	size_t n_frames; /* of `journal` */
	json_t *omission; /* the note; borrowed; NULL: none */
};

/* A record of a frame takes 4 KB of memory, and no page shows thousands. */
enum { RESULT_FIRST = 8000, RESULT_LAST = 8000 };

/* Test case and variant are borrowed. -ENOMEM. */
int result_new(struct result **ret, const struct testcase *testcase,
	       const struct variant *variant, int family,
	       unsigned int repetition, unsigned int attempt);
struct result *result_free(struct result *result);

enum { RESULT_INCONCLUSIVE_RETRIES = 2 };

/*
 * Whether another try follows, with --retry `retries`: of FAIL and BROKEN up to
 * that many, of an inconclusive run RESULT_INCONCLUSIVE_RETRIES at least.
 * Decided by the verdict of the run, before options change it.
 */
bool result_wants_retry(const struct result *result, unsigned int retries);

/* -EBADMSG for a record that lacks a member that its type requires; members
 * that no report reads are not checked. */
int result_check(const json_t *record);

/* Takes the record, also on failure. -EBADMSG as for result_check(), for an
 * unknown verdict and for a second verdict; -ENOMEM. */
int result_take(struct result *result, json_t *record);

/*
 * The same for a line that journal_read_packet() has read. It is parsed and
 * checked by result_parse_frames(), unless it is left out before: a transfer is
 * as fast as this process takes its records. -ENOMEM.
 */
int result_take_frame(struct result *result, const char *line, size_t size);
/* At the end of the run, before the journal is read. A frame that is refused is
 * not in the journal. -EBADMSG, -ENOMEM. */
int result_parse_frames(struct result *result);

/* Appends a record without reading it: for a journal that is read again. Takes
 * the record, also on failure. -ENOMEM. */
int result_keep(struct result *result, json_t *record);

/* Notes that the caller leaves out `n` frames, of which the first one is at this
 * place and time. Once for a journal. -ENOMEM. */
int result_leave_out(struct result *result, double t, size_t n);
/* The time of the last one of them. */
void result_leave_out_until(struct result *result, double t);

/* Takes the journal of a result that result_parse() has made. */
void result_set_journal(struct result *result, json_t *journal);

/*
 * From a line of --format jsonl about `testcase`: everything except the journal.
 * -EBADMSG for another line, and for a variant that the case does not have.
 */
int result_parse(struct result **ret, const json_t *line,
		 const struct testcase *testcase);

/* Frees the records, of which a thousand runs have too many for memory. The
 * members folded from them stay. */
void result_clear_journal(struct result *result);

/* Sets the verdict of a run that ended without one; `reason` is copied. */
void result_broken(struct result *result, const char *reason);

/*
 * The upper bound of the value `name` in an object of predicted or measured
 * values: "frames_max" of "frames", "elapsed_max_s" of "elapsed_s" (the unit stays
 * last). NULL: it has none. expect_number() writes such pairs.
 */
const json_t *result_maximum(const json_t *values, const char *name);

/* The reverse: whether `name` is the upper bound of another of the values, which
 * reports print with the value that it bounds. */
bool result_is_maximum(const json_t *values, const char *name);

/* The object of --format jsonl; a new reference, NULL without memory. */
json_t *result_json(const struct result *result);

/* pass, fail, skip, broken */
const char *verdict_text(enum verdict verdict);

/* "server-host-crash-data/retries2=5", in static storage. */
const char *result_name(const struct result *result);
