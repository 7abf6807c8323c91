/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While tcp_tw_recycle existed, tcp_time_wait() used 3.5 RTO instead of
 * TCP_TIMEWAIT_LEN where tcp_remember_stamp() had stored the peer's last
 * timestamp. With a small RTT that was 0.7 s, in which the port was taken. It
 * was off by default.
 *
 * 4.12 removed it (4396e46187ca). The 3.5 RTO are still computed, for an
 * orphan in FIN-WAIT-2; a TIME-WAIT gets its 60 s in the next line. Where the
 * sysctl exists, this case expects its effect; elsewhere, that it does not
 * exist, and 60 s. (The effect of tcp_tw_reuse on a TIME-WAIT: tw-reuse.)
 */
#include "case.h"

static const char recycle[] = "net.ipv4.tcp_tw_recycle";

/* tcp_time_wait() before 4.12: (icsk_rto << 2) - (icsk_rto >> 1). */
static nsec_t recycled_length(struct sock *server)
{
	return forecast_inputs(server).rto * 7 / 2;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const bool exists = kernel_has_sysctl(recycle);
	const bool expected = kernel_version() < KERNEL_VERSION(4, 12, 0);
	struct mark closed;
	nsec_t length;

	run_predicted_count(run, "tcp_tw_recycle_is_there", expected);
	run_measured_count(run, "tcp_tw_recycle_is_there", exists);
	expect_that(run, exists == expected, "the sysctl is gone since 4.12",
		    "%s: it %s", kernel_release(),
		    exists ? R_("exists") : R_("is gone"));
	if (exists) {
		expect_number(run, "default",
			      run_sysctl(run, "server", recycle), 0, 0);
		run_set_sysctl(run, "server", recycle, 1);
	}

	closed = mark_now(run);
	length = exists ? recycled_length(tcp.server) : time_wait_length;

	sock_close_both(tcp.server, tcp.client);
	mark_done(run, &closed);
	expect_state(tcp.server, DIAG_TIME_WAIT);
	expect_timer_armed(tcp.server, DIAG_TIMER_TIME_WAIT, "timer_s", closed,
			   length);
}

CASE(tw_recycle_lifetime) = {
	.name = "tw-recycle-lifetime",
	.claim = "tcp_tw_recycle, which made a TIME-WAIT last 3.5 RTO, is "
		 "gone: it lasts 60 s",
	.judgements = CLAIMS(
		{ "B12", DOCUMENT_OUTDATED,
		  "tcp_tw_recycle, with which tcp_time_wait() used 3.5 RTO, is "
		  "gone, and a TIME-WAIT has its 60 s: 4396e46187ca",
		  "4.12" }),
	.why = "without that option nothing in the kernel makes a TIME-WAIT "
	       "shorter than TCP_TIMEWAIT_LEN",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_time_wait(); 4396e46187ca",
	.steps = STEPS("the sysctl is looked up, and set where it exists",
		       "a connection, which the server closes first; the timer "
		       "of its TIME-WAIT is read"),
	.expect = "since 4.12 no such sysctl and a timer of 60 s; before, a "
		  "default of 0, and 3.5 RTO with 1",
	.world = &world_pair,
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
