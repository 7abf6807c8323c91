/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations. Each is journalled with what was expected, what was observed
 * and its line in the script. A failed one does not end the script. Most return
 * whether they hold: return from the script where nothing after them makes
 * sense, as with --without-faults, when the first expectation about the fault
 * fails.
 *
 * Bounds on times are one-sided: the lower bound is the claim and exact, since
 * the kernel's timers are never early; the upper bound includes the granularity
 * of the timer wheel, and --slack is added for scheduling delay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"
#include "predict.h"
#include "sock.h"

/* --- results of calls -----------------------------------------------------*/

/* The finding's outcome. The first outcome that a case expects is "outcome" of
 * the report. */
bool expect_error(const struct finding *finding, int error);
bool expect_eof(const struct finding *finding);
bool expect_data(const struct finding *finding, size_t bytes);
bool expect_success(const struct finding *finding);

/* All bytes of the stream arrived, and so many of all bytes so far are wrong.
 */
bool expect_stream(const struct finding *finding, uint64_t bytes,
		   uint64_t wrong);

/* The call had not returned at the timeout; the posted call has not returned
 * until now (if it has, the expectation takes its finding: do not reap it). */
bool expect_open(const struct finding *finding);
bool expect_call_blocked(struct sock *sock);

/* `from` sends so many bytes and `to` receives them at once; a recv() that is
 * posted there is the one that returns. */
bool expect_delivery(struct sock *from, struct sock *to, size_t bytes);

/* SO_ERROR, an error that no call has returned; 0: none. Clears it. */
bool expect_pending_error(struct sock *sock, int error);

/* The finding is the end that was predicted for unanswered data: ETIMEDOUT, in
 * the predicted time since the mark, after the predicted retransmissions, both
 * on the wire and in the sender's counters. */
bool expect_gives_up(const struct finding *finding, struct mark since,
		     const struct prediction *prediction);

/* --- times ----------------------------------------------------------------*/

/* Time from the mark to the finding: "elapsed_s" of the report. */
bool expect_took(struct mark since, const struct finding *finding,
		 struct range range);

/* Any other time, under its own name. */
bool expect_span(struct run *run, const char *what, nsec_t observed,
		 struct range range);

/* --- sockets --------------------------------------------------------------*/

/* The state that sock_diag reports (DIAG_CLOSE: no such socket), at once or
 * within a timeout: "client_state" of the report for a socket of "client". */
bool expect_state(struct sock *sock, enum diag_state state);
bool expect_state_within(struct sock *sock, enum diag_state state,
			 nsec_t timeout);

/*
 * A socket that is in `state` since the mark stays in it for a time in the
 * range and is then deleted: waits for that. Returns the time since the mark.
 */
nsec_t expect_lifetime(struct sock *sock, enum diag_state state,
		       struct mark since, struct range range);

/* A process holds the socket; or none does: an orphan, or a connection that
 * has not been accepted. */
bool expect_held(struct sock *sock, bool held);

/* Length, within a timeout, and limit of a listener's accept queue:
 * "accept_queue" of the report. */
bool expect_queue(struct sock *listener, unsigned int length,
		  unsigned int limit, nsec_t timeout);

/* The timer that is running, as `ss -o` names it. */
bool expect_timer(struct sock *sock, enum diag_timer timer);

/*
 * The same, and that it was armed at the mark for `length`: the time since the
 * mark plus the remaining time, to a jiffy at each end. `name` is a value of
 * the report. (A timer that was armed again since has more time left.)
 */
bool expect_timer_armed(struct sock *sock, enum diag_timer timer,
			const char *name, struct mark since, nsec_t length);

/* --- frames ---------------------------------------------------------------*/

/* The number of matching frames since the mark; a max of UINT32_MAX is no
 * limit. */
bool expect_frames(struct run *run, struct mark since, const char *what,
		   const struct wire_match *match, unsigned int n);
bool expect_frames_between(struct run *run, struct mark since, const char *what,
			   const struct wire_match *match, unsigned int min,
			   unsigned int max);

/* The nth matching frame since the mark, waited for, and its time since the
 * mark. Returns its time; now and `missing`, when it has not come. A frame at
 * the time of the mark counts: the mark that this returns includes its own
 * frame. */
struct mark expect_frame(struct run *run, struct mark since, const char *what,
			 const struct wire_match *match, unsigned int nth,
			 struct range range);

/*
 * The retransmissions or probes of the sender on the wire are the predicted
 * rounds: each in its time since the mark, and no others. The report has the
 * timer that led to each, predicted and measured: "rto_1_s", "keepalive_2_s".
 * Stops at the first missing one.
 */
bool expect_rounds(struct sock *from, struct mark since,
		   const struct prediction *prediction);

/* All TCP segments since the mark, in order, with relative sequence numbers as
 * the timeline shows them: "server F. 1:1(0) ack 1, client . 1:1(0) ack 2". "":
 * none. */
bool expect_exchange(struct run *run, struct mark since, const char *what,
		     const char *expected);

/* --- counters and other values --------------------------------------------*/

/* The change of a kernel counter; BROKEN where this kernel does not have it. */
bool expect_counter(struct run *run, const char *host, const char *name,
		    int64_t change);

/* So many TIME-WAIT sockets were created and still exist, by the counter TW.
 * Before 5.18 the kernel counts them when they end. */
bool expect_time_waits(struct run *run, const char *host, int64_t n);

/* A value of the report, predicted and measured. */
bool expect_number(struct run *run, const char *name, int64_t observed,
		   int64_t min, int64_t max);

/*
 * The host's interface, as `ip link`, `ip address` and `ip route` show it: "up,
 * carrier, address, route". Otherwise "down", "no carrier", "no address", "no
 * route"; "route linkdown" is a route through a link without carrier.
 */
bool expect_link(struct run *run, const char *host, const char *expected);

/* Any other condition, with the observed value in words. */
bool expect_that(struct run *run, bool ok, const char *what,
		 const char *observed_format, ...) MACRO_PRINTF(4, 5);
