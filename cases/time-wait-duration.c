/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TIME-WAIT lasts TCP_TIMEWAIT_LEN, 60 * HZ: a constant. No MSL is defined of
 * which it would be the double (TCP_PAWS_MSL is 60 s as well, and the age after
 * which stored timestamps no longer count), and no setting changes it. The
 * candidates, each in a variant:
 *
 * tcp_fin_timeout, and TCP_LINGER2, the same for one socket, apply to an
 * orphan in FIN-WAIT-2. sock_diag reports the same kind of timer for both
 * states; when the FIN arrives, tcp_timewait_state_process() arms it again.
 * (More of that: fin-wait-2-duration.)
 *
 * tcp_tw_reuse, its delay and tcp_max_tw_buckets decide whether a TIME-WAIT is
 * taken over or created at all; tcp_rfc1337 whether a RST ends it.
 * tcp_rto_max_ms would matter if the 3.5 RTO that tcp_time_wait() computes
 * were still used for TIME-WAIT: they were with tcp_tw_recycle, which is gone
 * since 4.12.
 *
 * TIME-WAIT is entered from an orphan in FIN-WAIT-2, which is a small socket
 * already, or from a socket that a process still holds: tcp_fin(). Two
 * connections enter it in both ways.
 */
#include "case.h"

enum { MINUTE = 60 };
enum { LINGER2 = 1, USER_TIMEOUT };
enum { SHORT = 5, MSEC_SHORT = SHORT * 1000 };

static void set_option(struct run *run, struct sock *sock)
{
	if (run_value(run) == LINGER2)
		sock_set(sock, IPPROTO_TCP, TCP_LINGER2, SHORT);
	if (run_value(run) == USER_TIMEOUT)
		sock_set(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, MSEC_SHORT);
}

/* The client closes first, or only shuts down its side. Returns when it entered
 * TIME-WAIT. */
static struct mark enter_time_wait(struct run *run, struct sock *client,
				   struct sock *server, bool keep_socket)
{
	struct mark entered;

	set_option(run, client);
	if (keep_socket)
		sock_shutdown(client, SHUT_WR);
	else
		sock_close(client);
	expect_state_within(client, DIAG_FIN_WAIT2, soon);
	entered = mark_now(run);
	sock_close(server);
	expect_state_within(client, DIAG_TIME_WAIT, soon);
	mark_done(run, &entered);
	expect_state_within(server, DIAG_CLOSE, soon);
	return entered;
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct sock *held = sock_connect(tcp.client_probe, tcp.listener);
	struct sock *held_server = sock_accept(tcp.listener);
	struct range range = predict_timer(time_wait_length, nsec_hz());
	struct mark entered;

	entered = enter_time_wait(run, tcp.client, tcp.server, false);
	expect_timer_armed(tcp.client, DIAG_TIMER_TIME_WAIT,
			   "timer_of_orphan_s", entered, time_wait_length);
	entered = enter_time_wait(run, held, held_server, true);
	expect_timer_armed(held, DIAG_TIMER_TIME_WAIT, "timer_s", entered,
			   time_wait_length);
	expect_time_waits(run, "client", 2);
	expect_counter(run, "client", "TWKilled", 0);
	if (run_is_variant(run, "defaults") ||
	    run_is_variant(run, "fin-timeout=5-to-the-end"))
		run_elapsed(
			run, range,
			expect_lifetime(held, DIAG_TIME_WAIT, entered, range));
}

#define CLIENT(name_, value_)                                                  \
	.settings = SYSCTLS({ "client", "net.ipv4." name_, value_ })

CASE(time_wait_duration) = {
	.name = "time-wait-duration",
	.claim = "TIME-WAIT lasts 60 s, and no setting makes it shorter or "
		 "longer",
	.judgements = CLAIMS(
		{ "C3", DOCUMENT_RIGHT,
		  "60 s: tcp_time_wait() arms TCP_TIMEWAIT_LEN; and RFC 9293 "
		  "3.4.2 still has the MSL of 2 minutes of RFC 793" },
		{ "C3", DOCUMENT_WRONG,
		  "Linux has no MSL of 30 s to set: TCP_TIMEWAIT_LEN is a "
		  "constant of 60 s; TCP_PAWS_MSL, the only one named after "
		  "the MSL, is 60 s as well and about timestamps; and "
		  "tcp_fin_timeout, which is mistaken for it, applies to "
		  "FIN-WAIT-2" }),
	.why = "tcp_time_wait() and tcp_timewait_state_process() arm the timer "
	       "for TCP_TIMEWAIT_LEN, whatever is set",
	.sources =
		"include/net/tcp.h:TCP_TIMEWAIT_LEN; net/ipv4/tcp_minisocks.c:"
		"tcp_time_wait(), tcp_timewait_state_process(); "
		"Documentation/networking/ip-sysctl.rst:tcp_fin_timeout",
	.steps = STEPS("two connections; each variant changes one setting",
		       "the client closes one of them and shuts down its side "
		       "of the other; the server closes both",
		       "the timer of the client's TIME-WAIT is read at once "
		       "(timer_s); the long variants wait for its end "
		       "(elapsed_s)"),
	.expect = "a timer of 60 s in every variant, armed when the server's "
		  "FIN arrives",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "as-it-is", "no setting is changed, the control" },
		{ "fin-timeout=5",
		  "tcp_fin_timeout is 5 s at the client, which applies to "
		  "FIN-WAIT-2 only",
		  CLIENT("tcp_fin_timeout", SHORT) },
		{ "fin-timeout=120",
		  "tcp_fin_timeout is 120 s at the client, longer than "
		  "TIME-WAIT",
		  CLIENT("tcp_fin_timeout", 2 * MINUTE) },
		{ "linger2=5",
		  "the client's sockets have TCP_LINGER2 of 5 s, which "
		  "replaces tcp_fin_timeout for one socket",
		  .value = LINGER2 },
		{ "user-timeout=5",
		  "the client's sockets have TCP_USER_TIMEOUT of 5 s",
		  .value = USER_TIMEOUT },
		{ "tw-reuse=1",
		  "tcp_tw_reuse is 1 at the client, which allows connect() to "
		  "take the TIME-WAIT over and does not shorten it",
		  CLIENT("tcp_tw_reuse", 1) },
		{ "tw-reuse-delay=5",
		  "tcp_tw_reuse_delay is 5 s at the client, which says how old "
		  "a TIME-WAIT must be to be taken over",
		  CLIENT("tcp_tw_reuse_delay", MSEC_SHORT) },
		{ "max-tw-buckets=2",
		  "tcp_max_tw_buckets is 2 at the client, just enough for its "
		  "two TIME-WAITs",
		  CLIENT("tcp_max_tw_buckets", 2) },
		{ "rfc1337=1",
		  "tcp_rfc1337 is 1 at the client, so that no RST ends a "
		  "TIME-WAIT",
		  CLIENT("tcp_rfc1337", 1) },
		{ "rto-max=1",
		  "tcp_rto_max_ms is 1 s at the client: TIME-WAIT does not "
		  "depend on the RTO",
		  CLIENT("tcp_rto_max_ms", 1000) },
		{ "timestamps=0",
		  "tcp_timestamps is 0 at the client: TIME-WAIT does not "
		  "depend on PAWS",
		  CLIENT("tcp_timestamps", 0) },
		{ "fin-timeout=5-to-the-end",
		  "tcp_fin_timeout is 5 s at the client, and the run waits "
		  "until TIME-WAIT ends, after 60 s",
		  CLIENT("tcp_fin_timeout", SHORT), .slow = true,
		  .duration = SEC(63) },
		{ "defaults",
		  "no setting is changed, and the run waits until TIME-WAIT "
		  "ends, after 60 s",
		  .defaults = true, .duration = SEC(63) }),
	.changes = CHANGES(CHANGE_TW_REUSE_DELAY, CHANGE_RTO_MAX),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
