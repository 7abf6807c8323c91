/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has closed first and has TIME_WAIT; the server, which has nothing
 * left of the old connection, opens the same four-tuple from its side.
 * TIME_WAIT keeps only its own end from that. What it makes of the other end's
 * SYN is up to tcp_timewait_state_process():
 *
 * A SYN with a number beyond the old ones, or with a newer timestamp, is
 * welcome: the listener gets it, TIME_WAIT is over, and the client's new
 * numbers begin 65537 beyond its old ones (since 6.10; isn.h). The
 * clock behind first numbers runs at 15.6 MB a second (secure_tcp_seq()), and
 * few connections are as fast. So that is what happens as a rule, at once and
 * not after 60 s.
 *
 * A SYN with a number that is not new, and no timestamp, is answered with an
 * ACK. It comes after a connection that was faster than the clock, whose
 * numbers the new one goes over again: the very case that TIME_WAIT is for. But
 * the other end is in SYN-SENT, knows nothing of that ACK, and answers with a
 * RST; and that RST ends the TIME_WAIT, the assassination of RFC 1337. The SYN
 * comes again two jiffies later (tcp_rcv_synsent_state_process(); a second
 * before 5.7) and finds nothing in its way. Unless tcp_rfc1337 is set, which is
 * not so by default: then TIME_WAIT stays.
 *
 * What an old segment then does in the new connection: time-wait-stale-data.
 */
#include "case.h"

/* BULK is what the clock counts in 4.3 s: as long may all of it take. */
enum { BULK = 64 << 20, LITTLE = 300, TICKS = 3 };

static const nsec_t patience = SEC(10);

struct story {
	struct run *run;
	struct pair old;
	struct mark began, dialled;
	struct sock *server;
	struct finding got; /* its connect() */
};

enum way { IS_WELCOME, ENDS_IT, IS_REFUSED };

static bool outruns(const struct story *s)
{
	return run_value(s->run);
}

static enum way forecast_way(const struct story *s)
{
	if (!outruns(s) ||
	    run_sysctl(s->run, "client", "net.ipv4.tcp_timestamps"))
		return IS_WELCOME;
	return run_sysctl(s->run, "client", "net.ipv4.tcp_rfc1337") ?
		       IS_REFUSED :
		       ENDS_IT;
}

static void old_connection(struct story *s)
{
	uint64_t bytes = outruns(s) ? BULK : LITTLE;
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
		    "the client has TIME_WAIT", "%s",
		    diag_state_text(sock_state(s->old.client)));
	sock_close(s->old.client);
	sock_close(s->old.listener);
	/* Timestamps tick once a millisecond: in the same one as the server's
	 * FIN, its SYN is no newer. */
	run_pass(s->run, MSEC(TICKS));
}

static void dial(struct story *s)
{
	struct sock *listener = sock_listen_on(
		s->old.client_probe, sock_local_port(s->old.client), 1);

	s->server = sock_open(s->old.server_probe);
	sock_set(s->server, SOL_SOCKET, SO_REUSEADDR, 1);
	sock_bind(s->server, sock_local_port(s->old.server));
	s->dialled = mark_now(s->run);
	sock_start_connect(s->server, listener);
	s->got = sock_reap(s->server, soon);
}

/* The nth of that kind since the server's connect(). */
static const struct wire_capture *nth(struct story *s, const char *from,
				      unsigned int kind, unsigned int n)
{
	return frames_nth(s->run, s->dialled, FRAMES(FROM(from), KIND(kind)),
			  n);
}

static void expect_some(struct story *s, const char *from, unsigned int kind,
			const char *what, unsigned int n)
{
	expect_frames(s->run, s->dialled, what, FRAMES(FROM(from), KIND(kind)),
		      n);
}

/* How far the old connection's numbers are ahead of the new first one. */
static int32_t ahead(struct story *s)
{
	const struct mark ever = { 0 };
	const struct wire_capture *fin = frames_nth(
		s->run, ever, FRAMES(FROM("server"), KIND(WIRE_FIN)), 1);
	const struct wire_capture *syn = nth(s, "server", WIRE_SYN, 1);

	return (int32_t)(fin->frame.tcp.seq + 1 - syn->frame.tcp.seq);
}

static void expect_connected(struct story *s)
{
	struct diag_socket seen;

	expect_that(s->run, !s->got.open && !s->got.error,
		    "the server's connect()", "%s", finding_outcome(&s->got));
	sock_look(s->server, &seen);
	expect_that(s->run, seen.state == DIAG_ESTABLISHED,
		    "the new connection", "%s", diag_state_text(seen.state));
}

static void is_welcome(struct story *s)
{
	expect_connected(s);
	expect_some(s, "server", WIRE_SYN, "SYNs", 1);
	expect_some(s, "server", WIRE_RST, "RSTs", 0);
	expect_isn_after_time_wait(s->run, "client", s->began, s->dialled);
}

static struct range forecast_next_syn(void)
{
	unsigned int hz = nsec_hz();

	/* TCP_TIMEOUT_MIN since 9603d47bad46; before, the SYN's own second. */
	if (kernel_version() < KERNEL_VERSION(5, 7, 0))
		return predict_timer(SEC(1), hz);
	return predict_timer(predict_nsec(2, hz), hz);
}

static void ends_it(struct story *s)
{
	const struct range range = forecast_next_syn();
	const struct wire_capture *first, *again;

	expect_connected(s);
	expect_some(s, "client", WIRE_SYN_ACK, "SYN-ACKs", 1);
	expect_some(s, "server", WIRE_SYN, "SYNs", 2);
	expect_some(s, "server", WIRE_RST, "RSTs", 1);
	first = nth(s, "server", WIRE_SYN, 1);
	again = nth(s, "server", WIRE_SYN, 2);
	if (!again)
		return;
	run_predicted(s->run, "syn_again_s", nsec_seconds(range.min));
	run_measured(s->run, "syn_again_s",
		     nsec_seconds(again->at - first->at));
	expect_span(s->run, "from SYN to SYN", again->at - first->at, range);
}

static void is_refused(struct story *s)
{
	expect_open(&s->got);
	expect_some(s, "client", WIRE_SYN_ACK, "SYN-ACKs", 0);
	expect_frames_between(s->run, s->dialled, "RSTs",
			      FRAMES(FROM("server"), KIND(WIRE_RST)), 1,
			      UINT32_MAX);
	expect_that(s->run, sock_state(s->old.client) == DIAG_TIME_WAIT,
		    "the client's TIME_WAIT lives on", "%s",
		    diag_state_text(sock_state(s->old.client)));
}

static void script(struct run *run)
{
	struct story s = { .run = run };

	old_connection(&s);
	if (outruns(&s))
		isn_skip_slow_machine(run, s.began, BULK);
	dial(&s);
	expect_that(run, (ahead(&s) > 0) == outruns(&s),
		    "the old numbers are ahead where the old connection was "
		    "fast",
		    "%d", ahead(&s));
	switch (forecast_way(&s)) {
	case IS_WELCOME:
		is_welcome(&s);
		break;
	case ENDS_IT:
		ends_it(&s);
		break;
	case IS_REFUSED:
		is_refused(&s);
		break;
	}
}

#define SETTINGS(timestamps_, rfc1337_)                                        \
	.settings =                                                            \
		SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", (timestamps_) },    \
			{ NULL, "net.ipv4.tcp_rfc1337", (rfc1337_) })

CASE(time_wait_other_end) = {
	.name = "time-wait-other-end",
	.claim = "TIME_WAIT does not keep the other end from opening the same "
		 "four-tuple at once: its SYN is welcome, or ends it",
	.judgements = CLAIMS(
		{ "C6", DOCUMENT_CONDITIONAL,
		  "TIME_WAIT holds back its own end for 60 s; a SYN of the "
		  "other end is welcome when it is newer, "
		  "tcp_timewait_state_process()" }),
	.why = "who has TIME_WAIT knows the old numbers and lets in what is "
	       "newer; what is not it answers, and the RST against that answer "
	       "has just the number that ends it",
	.sources =
		"RFC 9293 3.6.1; RFC 1337; RFC 6191; net/ipv4/tcp_minisocks.c:"
		"tcp_timewait_state_process(); net/ipv4/tcp_input.c:"
		"tcp_rcv_synsent_state_process()",
	.steps = STEPS(
		"a connection on which the server sends little, or 64 MiB "
		"faster than the clock behind first numbers runs",
		"the client closes first: TIME_WAIT; then the server",
		"the server opens the same four-tuple, to a new listener "
		"on the client's port"),
	.expect =
		"after little, or with timestamps: SYN, SYN-ACK, 65537 beyond "
		"the old numbers (the clock's number before 6.10). After "
		"much: SYN, ACK, RST, SYN two jiffies later, SYN-ACK; with "
		"tcp_rfc1337 no SYN-ACK",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "slow", SETTINGS(0, 0) },
		{ "fast-timestamps", .value = true, SETTINGS(1, 0) },
		{ "fast", .value = true, SETTINGS(0, 0),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_CONDITIONAL,
			    "where the old numbers are ahead and there are no "
			    "timestamps, a SYN of the other end leads to a RST "
			    "that ends TIME_WAIT (RFC 1337), unless "
			    "tcp_rfc1337 is set" }) },
		{ "fast-rfc1337", .value = true, SETTINGS(0, 1),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_RIGHT,
			    "with tcp_rfc1337 no RST ends TIME_WAIT, and it "
			    "keeps out the other end as well" }) }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
