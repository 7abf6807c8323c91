/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has closed first and holds the TIME-WAIT; the server, which has
 * nothing left of the old connection, connects from its side with the same
 * four-tuple. TIME-WAIT prevents only its own end from doing that. The other
 * end's SYN is up to tcp_timewait_state_process():
 *
 * A SYN with a sequence number above the old ones, or with a newer timestamp,
 * is accepted: the listener gets it, TIME-WAIT is over, and the client's new
 * sequence numbers start 65537 above its old ones (since 6.10; isn.h). The
 * clock behind initial sequence numbers advances by 15.6 MB a second
 * (secure_tcp_seq()), and few connections are as fast. So that is the normal
 * case, at once and not after 60 s.
 *
 * A SYN with an older sequence number and without a timestamp is answered with
 * an ACK. It follows a connection that was faster than the clock, whose
 * sequence numbers the new one would use again: TIME-WAIT exists for this
 * case. But the other end is in SYN-SENT, finds the ACK unacceptable and
 * answers with a RST; the RST ends the TIME-WAIT, the assassination of RFC
 * 1337. The SYN is retransmitted two jiffies later
 * (tcp_rcv_synsent_state_process(); a second before 5.7) and is accepted. With
 * tcp_rfc1337, which is off by default, the TIME-WAIT stays.
 *
 * What an old segment does in the new connection: time-wait-stale-data.
 */
#include "case.h"

/* BULK is as much as the clock counts in 4.3 s: the time for the whole script.
 */
enum { BULK = 64 << 20, LITTLE = 300, TICKS = 3 };

static const nsec_t patience = SEC(10);

struct stage {
	struct run *run;
	struct pair old;
	struct mark began, asked;
	struct sock *server;
	struct finding got; /* from the server's connect() */
};

enum outcome { ACCEPTED, ACCEPTED_AFTER_RST, REJECTED };

/* The old connection was faster than the clock. */
static bool is_fast(const struct stage *s)
{
	return run_value(s->run);
}

static enum outcome forecast_outcome(const struct stage *s)
{
	if (!is_fast(s) ||
	    run_sysctl(s->run, "client", "net.ipv4.tcp_timestamps"))
		return ACCEPTED;
	return run_sysctl(s->run, "client", "net.ipv4.tcp_rfc1337") ?
		       REJECTED :
		       ACCEPTED_AFTER_RST;
}

static void use_and_close_old(struct stage *s)
{
	uint64_t bytes = is_fast(s) ? BULK : LITTLE;
	struct finding got;

	s->began = mark_now(s->run);
	s->old = sock_pair(s->run);
	frames_count_only(s->run, bytes > LITTLE);
	got = sock_stream(s->old.server, s->old.client, bytes, patience);
	frames_count_only(s->run, false);
	expect_stream(&got, bytes, 0);
	sock_shutdown(s->old.client, SHUT_WR);
	sock_recv(s->old.server, soon);
	sock_close(s->old.server);
	expect_that(s->run,
		    sock_wait_state(s->old.client, DIAG_TIME_WAIT, soon),
		    "the client is in TIME-WAIT", "%s",
		    diag_state_text(sock_state(s->old.client)));
	sock_close(s->old.client);
	sock_close(s->old.listener);
	/* Timestamps tick once a millisecond: within the tick of the server's
	 * FIN, its SYN is no newer. */
	run_pass(s->run, MSEC(TICKS));
}

/* The server connects to the client's port with the old four-tuple. */
static void connect_from_server(struct stage *s)
{
	struct sock *listener = sock_listen_on(
		s->old.client_probe, sock_local_port(s->old.client), 1);

	s->server = sock_open(s->old.server_probe);
	sock_set(s->server, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_bind(s->server, sock_local_port(s->old.server));
	s->asked = mark_now(s->run);
	sock_start_connect(s->server, listener);
	s->got = sock_reap(s->server, soon);
}

/* The server's nth SYN since its connect(). */
static const struct wire_capture *server_syn(struct stage *s, unsigned int n)
{
	return frames_nth(s->run, s->asked,
			  FRAMES(FROM("server"), KIND(WIRE_SYN)), n);
}

static void expect_sent(struct stage *s, const char *from, unsigned int kind,
			const char *what, unsigned int n)
{
	expect_frames(s->run, s->asked, what, FRAMES(FROM(from), KIND(kind)),
		      n);
}

/* How far the old sequence numbers are above the new initial one. */
static int32_t old_ahead(struct stage *s)
{
	const struct mark start = { 0 };
	const struct wire_capture *fin = frames_nth(
		s->run, start, FRAMES(FROM("server"), KIND(WIRE_FIN)), 1);

	return (int32_t)(fin->frame.tcp.seq + 1 -
			 server_syn(s, 1)->frame.tcp.seq);
}

static void expect_connected(struct stage *s)
{
	struct diag_socket seen;

	expect_that(s->run, !s->got.open && !s->got.error,
		    "the server's connect() succeeds", "%s",
		    finding_outcome(&s->got));
	sock_look(s->server, &seen);
	expect_that(s->run, seen.state == DIAG_ESTABLISHED,
		    "the new connection is ESTABLISHED", "%s",
		    diag_state_text(seen.state));
}

static void expect_accepted(struct stage *s)
{
	expect_connected(s);
	expect_sent(s, "server", WIRE_SYN, "SYNs", 1);
	expect_sent(s, "server", WIRE_RST, "RSTs", 0);
	expect_isn_after_time_wait(s->run, "client", s->began, s->asked);
}

/* TCP_TIMEOUT_MIN since 9603d47bad46; before, the second of the SYN's timer. */
static struct range forecast_next_syn(void)
{
	unsigned int hz = nsec_hz();

	if (kernel_version() < KERNEL_VERSION(5, 7, 0))
		return predict_timer(SEC(1), hz);
	return predict_timer(predict_nsec(2, hz), hz);
}

static void expect_accepted_after_rst(struct stage *s)
{
	const struct range range = forecast_next_syn();
	const struct wire_capture *first, *second;

	expect_connected(s);
	expect_sent(s, "client", WIRE_SYN_ACK, "SYN-ACKs", 1);
	expect_sent(s, "server", WIRE_SYN, "SYNs", 2);
	expect_sent(s, "server", WIRE_RST, "RSTs", 1);
	first = server_syn(s, 1);
	second = server_syn(s, 2);
	if (!second)
		return;
	run_predicted(s->run, "syn_again_s", nsec_seconds(range.min));
	run_measured(s->run, "syn_again_s",
		     nsec_seconds(second->at - first->at));
	expect_span(s->run, "time between the SYNs", second->at - first->at,
		    range);
}

static void expect_rejected(struct stage *s)
{
	expect_open(&s->got);
	expect_sent(s, "client", WIRE_SYN_ACK, "SYN-ACKs", 0);
	expect_frames_between(s->run, s->asked, "RSTs",
			      FRAMES(FROM("server"), KIND(WIRE_RST)), 1,
			      UINT32_MAX);
	expect_that(s->run, sock_state(s->old.client) == DIAG_TIME_WAIT,
		    "the client stays in TIME-WAIT", "%s",
		    diag_state_text(sock_state(s->old.client)));
}

static void script(struct run *run)
{
	struct stage s = { .run = run };

	use_and_close_old(&s);
	if (is_fast(&s))
		isn_skip_slow_machine(run, s.began, BULK);
	connect_from_server(&s);
	expect_that(run, (old_ahead(&s) > 0) == is_fast(&s),
		    is_fast(&s) ? "the old sequence numbers are above the new" :
				  "the old sequence numbers are below the new",
		    "%d above", old_ahead(&s));
	switch (forecast_outcome(&s)) {
	case ACCEPTED:
		expect_accepted(&s);
		break;
	case ACCEPTED_AFTER_RST:
		expect_accepted_after_rst(&s);
		break;
	case REJECTED:
		expect_rejected(&s);
		break;
	}
}

#define SETTINGS(timestamps_, rfc1337_)                                        \
	.settings =                                                            \
		SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", (timestamps_) },    \
			{ NULL, "net.ipv4.tcp_rfc1337", (rfc1337_) })

CASE(time_wait_other_end) = {
	.name = "time-wait-other-end",
	.claim = "TIME-WAIT does not prevent the other end from using the same "
		 "four-tuple at once: its SYN is accepted, or ends the "
		 "TIME-WAIT",
	.judgements = CLAIMS(
		{ "C6", DOCUMENT_CONDITIONAL,
		  "TIME-WAIT prevents its own end for 60 s; a SYN of the other "
		  "end is accepted when it is newer, "
		  "tcp_timewait_state_process()" }),
	.why = "the TIME-WAIT has the old sequence numbers and accepts a newer "
	       "SYN; it answers an older one with an ACK, and the RST against "
	       "that ACK has the sequence number that ends the TIME-WAIT",
	.sources = "RFC 9293 3.6.1; RFC 1337; RFC 6191; "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process()",
	.steps = STEPS(
		"a connection on which the server sends little, or 64 MiB "
		"faster than the clock behind initial sequence numbers",
		"the client closes first and is in TIME-WAIT; then the server "
		"closes",
		"the server connects with the same four-tuple to a new "
		"listener on the client's port"),
	.expect = "after little, or with timestamps: SYN and SYN-ACK, 65537 "
		  "above the old sequence numbers (before 6.10: from the "
		  "clock). After 64 MiB: SYN, ACK, RST, SYN two jiffies later, "
		  "SYN-ACK; with tcp_rfc1337 no SYN-ACK",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "slow", SETTINGS(0, 0) },
		{ "fast-timestamps", .value = true, SETTINGS(1, 0) },
		{ "fast", .value = true, SETTINGS(0, 0),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_CONDITIONAL,
			    "where the old sequence numbers are ahead and "
			    "there are no timestamps, a SYN of the other end "
			    "leads to a RST that ends the TIME-WAIT (RFC "
			    "1337), unless tcp_rfc1337 is set" }) },
		{ "fast-rfc1337", .value = true, SETTINGS(0, 1),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_RIGHT,
			    "with tcp_rfc1337 no RST ends the TIME-WAIT, and "
			    "it keeps out the other end as well" }) }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
