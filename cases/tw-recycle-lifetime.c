/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tcp_tw_recycle did to a TIME_WAIT, while it was there: tcp_time_wait()
 * gave it 3.5 RTO instead of TCP_TIMEWAIT_LEN, where tcp_remember_stamp() had
 * kept the peer's last timestamp. With a small RTT that was 0.7 s, in which the
 * port was taken. It was off by default.
 *
 * 4.12 took it away (4396e46187ca). The 3.5 RTO are still worked out, for an
 * orphan in FIN-WAIT-2; a TIME_WAIT gets its 60 s in the next line. Where the
 * sysctl is there, this case expects what it did; elsewhere, that it cannot be
 * set, and the 60 s. (What tcp_tw_reuse does to a TIME_WAIT: tw-reuse.)
 */
#include "case.h"

enum { TIME_WAIT = 60 };

static const char recycle[] = "net.ipv4.tcp_tw_recycle";

/* tcp_time_wait(), as it was: (icsk_rto << 2) - (icsk_rto >> 1). */
static nsec_t recycled(struct sock *server)
{
	return forecast_inputs(server).rto * 7 / 2;
}

static void expect_time_wait(struct run *run, struct pair *tcp, nsec_t length)
{
	struct mark closed = mark_now(run);

	run_predicted(run, "elapsed_s", nsec_seconds(length));
	sock_close_both(tcp->server, tcp->client);
	mark_done(run, &closed);
	expect_state(tcp->server, DIAG_TIME_WAIT);
	expect_timer_armed(tcp->server, DIAG_TIMER_TIME_WAIT, "elapsed_s",
			   closed, length);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	const bool there = kernel_has_sysctl(recycle);

	run_predicted_count(run, "tcp_tw_recycle_is_there",
			    kernel_version() < KERNEL_VERSION(4, 12, 0));
	run_measured_count(run, "tcp_tw_recycle_is_there", there);
	expect_that(run, there == (kernel_version() < KERNEL_VERSION(4, 12, 0)),
		    "the sysctl is gone since 4.12", "%s: it is %s",
		    kernel_release(), there ? "there" : "gone");
	if (there) {
		expect_number(run, "default",
			      run_sysctl(run, "server", recycle), 0, 0);
		run_set_sysctl(run, "server", recycle, 1);
	}
	expect_time_wait(run, &tcp,
			 there ? recycled(tcp.server) : SEC(TIME_WAIT));
}

CASE(tw_recycle_lifetime) = {
	.name = "tw-recycle-lifetime",
	.claim = "tcp_tw_recycle, which made a TIME_WAIT last 3.5 RTO, is "
		 "gone: it lasts 60 s",
	.judgements = CLAIMS(
		{ "B12", DOCUMENT_OUTDATED,
		  "tcp_tw_recycle, by which tcp_time_wait() took 3.5 RTO, is "
		  "gone, and a TIME_WAIT has its 60 s: 4396e46187ca",
		  "4.12" }),
	.why = "without it nothing in the kernel makes a TIME_WAIT shorter "
	       "than TCP_TIMEWAIT_LEN",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_time_wait(); 4396e46187ca",
	.steps = STEPS("the sysctl is looked for, and set where it is there",
		       "a connection, which the server closes first; the timer "
		       "of its TIME_WAIT is read"),
	.expect = "no such sysctl since 4.12, and a timer of 60 s; before, a "
		  "default of 0, and 3.5 RTO with 1",
	.world = &world_pair,
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
