/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations. Each is journalled with what was expected, what was observed
 * and where in the script it stands. All of a case run: a failed one does not
 * hide the next. They return whether they held, for a script that wants to go
 * another way then.
 *
 * A time is one-sided: the lower bound is the claim and exact, since the
 * kernel's timers are never early; the upper bound has the timer wheel's
 * granules in it, and the allowance for the machine (--slack) on top.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"
#include "predict.h"
#include "sock.h"

/* The finding's outcome: ETIMEDOUT, … The first one that a case expects is the
 * "outcome" of the report. */
bool expect_error(const struct finding *finding, int error);
bool expect_eof(const struct finding *finding);
bool expect_data(const struct finding *finding, size_t bytes);
/* All of a stream's bytes came, and as many of all so far are wrong. */
bool expect_stream(const struct finding *finding, uint64_t bytes,
		   uint64_t wrong);
bool expect_success(const struct finding *finding);
/* It has not returned: the call is still waiting. */
bool expect_open(const struct finding *finding);

/* SO_ERROR, for an error that no call has brought; 0: none. Clears it. */
bool expect_pending_error(struct sock *sock, int error);

/* How long it took from the mark: "elapsed_s" of the report. */
bool expect_took(struct mark since, const struct finding *finding,
		 struct range range);

/* Any other span of time, under its own name. */
bool expect_span(struct run *run, const char *what, nsec_t observed,
		 struct range range);

/* The state that the host's kernel says the socket is in (DIAG_CLOSE: it has
 * no such socket): "client_state" of the report for a socket of "client". */
bool expect_state(struct sock *sock, enum diag_state state);

/* Within a patience, where the change is on its way. */
bool expect_state_within(struct sock *sock, enum diag_state state,
			 nsec_t patience);

/* The listener's accept queue, within a patience, and its limit: "accept_queue"
 * of the report. */
bool expect_queue(struct sock *listener, unsigned int length,
		  unsigned int limit, nsec_t patience);

/* The timer that runs, as `ss -o` names it. */
bool expect_timer(struct sock *sock, enum diag_timer timer);

/*
 * The same, and that it was armed at the mark, for so long: what has passed and
 * what is left make the length, to a jiffy at each end. Predicted and measured
 * by name. (A timer that was armed again since has more left.)
 */
bool expect_timer_armed(struct sock *sock, enum diag_timer timer,
			const char *name, struct mark since, nsec_t length);

/* Frames that came by since the mark. A max of UINT32_MAX is none. */
bool expect_frames(struct run *run, struct mark since, const char *what,
		   const struct wire_match *match, unsigned int n);
bool expect_frames_between(struct run *run, struct mark since,
			   const char *what, const struct wire_match *match,
			   unsigned int min, unsigned int max);

/*
 * The sender's copies on the wire beside the prediction's rounds, one by one:
 * each in its time since the mark, and none besides. The timer that led to each
 * is in the report, predicted and measured: "rto_1_s", "keepalive_2_s". False
 * once a copy is missing.
 */
bool expect_rounds(struct sock *from, struct mark since,
		   const struct prediction *prediction);

/*
 * The finding is the end that was predicted for data into a void: ETIMEDOUT, in
 * its time since the mark, after the predicted rounds, as many on the wire and
 * in the sender's own counters.
 */
bool expect_gives_up(const struct finding *finding, struct mark since,
		     const struct prediction *prediction);

/*
 * All TCP segments since the mark, in order, and who sent them, with relative
 * numbers as the timeline shows them:
 * "server F. 1:1(0) ack 1, client . 1:1(0) ack 2". "": none at all.
 */
bool expect_exchange(struct run *run, struct mark since, const char *what,
		     const char *expected);

/*
 * The nth frame since the mark comes, and when: waits for it. Its moment comes
 * back, for what is counted from there. A frame that stays away is a failed
 * expectation, and the script goes on from now.
 */
struct mark expect_frame(struct run *run, struct mark since, const char *what,
			 const struct wire_match *match, unsigned int nth,
			 struct range range);

/* By how much a counter of the host's kernel has grown; BROKEN for one that this
 * kernel does not have. */
bool expect_counter(struct run *run, const char *host, const char *name,
		    int64_t change);

/* So many TIME-WAITs have begun and not ended, by the kernel's counter TW; which
 * counts those that have ended before 5.18. */
bool expect_time_waits(struct run *run, const char *host, int64_t n);

/* A number that belongs into the report: predicted and measured by name. */
bool expect_number(struct run *run, const char *name, int64_t observed,
		   int64_t min, int64_t max);

/* For who compares himself: journals it. Late is what came as it should and
 * only `excess` too late, for which the machine may be to blame. */
bool expect_told(struct run *run, bool ok, const char *what,
		 const char *expected, const char *observed);
bool expect_told_late(struct run *run, const char *what, const char *expected,
		      const char *observed, nsec_t excess);

/* Anything else, in words. */
bool expect_that(struct run *run, bool ok, const char *what,
		 const char *observed_format, ...) MACRO_PRINTF(4, 5);
