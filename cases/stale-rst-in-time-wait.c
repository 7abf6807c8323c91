/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RST of an earlier connection attempt arrives while the client is in
 * TIME-WAIT, which nothing cuts short (tcp_tw_reuse 0). It ends there and does
 * no harm: its number, 0, is not what tcp_timewait_state_process() waits for,
 * and a RST out of the window is not even answered. The TIME_WAIT goes on, its
 * timer untouched.
 *
 * With the number that the TIME_WAIT waits for, RCV.NXT, it is the end of the
 * TIME_WAIT (RFC 1337 calls it an assassination): the port is free at once, and
 * whatever else is still under way meets the next connection. tcp_rfc1337, 0 by
 * default, prevents that. A timestamp older than the last one does as well:
 * here PAWS does apply to a RST, for TCP_PAWS_MSL (60 s), tcp_paws_reject().
 *
 * What the TIME_WAIT is to wait for is nobody's duty: a RST that was under way
 * for longer is let through all the same, and arrives in the next connection.
 */
#include "case.h"

enum { PORT = 8080 };

enum way { HELD, KILLS, IGNORED, OUTLIVES };

/* TCP_TIMEWAIT_LEN */
static const nsec_t time_wait = SEC(60);

/* Until a segment is received on a busy machine, and a timer that was started
 * again would show. */
static const nsec_t settle = MSEC(100);

struct story {
	struct pair tcp;
	struct wire_rule *rst; /* that is stuck */
	struct frame fin; /* the server's */
	nsec_t entered; /* TIME-WAIT, at the latest: with the answer to it */
};

/* A SYN to nobody. False: its RST got through. */
static bool too_early(struct run *run, struct story *story)
{
	struct mark asked = mark_now(run);
	struct sock *early;

	story->rst = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_RST), .count = 1));
	early = sock_post_connect_to(story->tcp.client_probe, "server", PORT);
	frames_first(run, asked, "server", WIRE_RST);
	if (!expect_state(early, DIAG_SYN_SENT))
		return false;
	sock_close(early);
	return true;
}

/* On the same four-tuple, for there is one port only. */
static void client_closes_first(struct run *run, struct story *story)
{
	const struct wire_capture *fin;
	struct mark told = mark_now(run);
	struct pair *tcp = &story->tcp;

	tcp->listener = sock_listen_on(tcp->server_probe, PORT, 16);
	tcp->client = sock_connect(tcp->client_probe, tcp->listener);
	tcp->server = sock_accept(tcp->listener);
	sock_close_both(tcp->client, tcp->server);
	fin = frames_first(run, told, "server", WIRE_FIN);
	story->fin = fin->frame;
	told.at = fin->at;
	story->entered = frames_first(run, told, "client", WIRE_PURE_ACK)->at;
	expect_state(tcp->client, DIAG_TIME_WAIT);
}

static struct finding connect_again(struct story *story)
{
	struct sock *sock =
		sock_post_connect(story->tcp.client_probe, story->tcp.listener);

	return sock_reap(sock, soon);
}

/* Nothing is to be seen of a RST that is ignored, but that it was received. */
static void expect_received(struct run *run, struct mark sent, int64_t before)
{
	run_pass(run, settle);
	expect_number(run, "rst_received",
		      counter_change(run, "client", "InSegs") - before, 1, 1);
	expect_frames(run, sent, "answers to the RST",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

static void expect_goes_on(struct run *run, struct story *story)
{
	const nsec_t jiffy = predict_nsec(1, nsec_hz());
	struct diag_socket now;
	struct finding got;
	nsec_t asked;

	expect_state(story->tcp.client, DIAG_TIME_WAIT);
	asked = nsec_now();
	sock_look(story->tcp.client, &now);
	expect_that(run,
		    now.expires <=
			    time_wait + 2 * jiffy - (asked - story->entered),
		    "its timer was not started again", "%.3f s left",
		    nsec_seconds(now.expires));
	got = connect_again(story);
	expect_error(&got, EADDRNOTAVAIL);
}

static void expect_gone(struct run *run, struct story *story, struct mark since)
{
	struct finding got;

	expect_state_within(story->tcp.client, DIAG_CLOSE, soon);
	got = connect_again(story);
	expect_success(&got);
	expect_frames(run, since, "SYN", FRAMES(FROM("client"), KIND(WIRE_SYN)),
		      1);
	expect_counter(run, "client", "TWRecycled", 0);
}

/* The real one, which has been waiting on the wire. */
static void arrives(struct run *run, struct story *story)
{
	struct mark released;
	int64_t before;

	run_pass(run, settle);
	before = counter_change(run, "client", "InSegs");
	released = mark_now(run);
	fault_release(run, story->rst);
	expect_received(run, released, before);
	expect_goes_on(run, story);
}

/* Older kernels count it with those of connections. */
static void expect_paws(struct run *run)
{
	const char *name = counter_exists(run, "client", "PAWSTimewait") ?
				   "PAWSTimewait" :
				   "PAWSEstab";

	expect_counter(run, "client", name, 1);
}

/* One that fits: the number after the server's FIN, and no timestamp, as
 * tcp_v4_send_reset() makes them; or with one that is as old as can be. */
static void forged(struct run *run, struct story *story)
{
	struct frame rst = story->fin;
	struct mark told;
	int64_t before;

	rst.tcp.flags = SEGMENT_RST;
	rst.tcp.seq++;
	rst.tcp.ack = 0;
	rst.tcp.has_timestamps = run_is_variant(run, "forged-stale-timestamp");
	rst.tcp.tsval -= 1000;
	run_pass(run, settle);
	before = counter_change(run, "client", "InSegs");
	told = mark_now(run);
	fault_inject(run, "client", &rst, NULL);
	expect_received(run, told, before);
	if (run_value(run) == KILLS)
		expect_gone(run, story, told);
	else
		expect_goes_on(run, story);
	if (rst.tcp.has_timestamps)
		expect_paws(run);
}

/* The full 2MSL pass, and it arrives where it should not. */
static void outlives(struct run *run, struct story *story)
{
	struct range timer = predict_timer(time_wait, nsec_hz());
	struct mark released;
	struct finding got;
	int64_t before;

	run_pass_until(run, (struct mark){ .at = story->entered }, timer.max);
	expect_state_within(story->tcp.client, DIAG_CLOSE, SEC(1));
	got = connect_again(story);
	expect_success(&got);
	story->tcp.server = sock_accept(story->tcp.listener);
	before = counter_change(run, "client", "InSegs");
	released = mark_now(run);
	fault_release(run, story->rst);
	expect_received(run, released, before);
	expect_state(story->tcp.server, DIAG_ESTABLISHED);
	expect_state(story->tcp.client, DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct story story = {
		.tcp = { .client_probe = probe_start(run, "client"),
			 .server_probe = probe_start(run, "server") },
	};

	if (!too_early(run, &story))
		return;
	client_closes_first(run, &story);
	switch ((enum way)run_value(run)) {
	case HELD:
		arrives(run, &story);
		break;
	case KILLS:
	case IGNORED:
		forged(run, &story);
		break;
	case OUTLIVES:
		outlives(run, &story);
		break;
	}
}

#define RFC1337 "net.ipv4.tcp_rfc1337"

CASE(stale_rst_in_time_wait) = {
	.name = "stale-rst-in-time-wait",
	.claim = "an old RST meets TIME-WAIT and ends there, unless its number "
		 "is RCV.NXT",
	.judgements = CLAIMS({ "C21", DOCUMENT_RIGHT,
			       "what comes while the TIME_WAIT lives ends in "
			       "it: tcp_timewait_state_process() ignores a RST "
			       "out of the window" }),
	.why = "the TIME_WAIT has the four-tuple, so the segment is its own; "
	       "tcp_rfc1337 decides whether a RST that fits may end it",
	.sources =
		"net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		"include/net/tcp.h:tcp_paws_reject(); RFC 1337; RFC 9293 3.6",
	.steps = STEPS("the client connects to a port without a listener; the "
		       "RST is held on the wire, and the client gives up",
		       "a server listens; the client, with its single port, "
		       "connects and closes first",
		       "the RST arrives in TIME-WAIT; or a forged one that "
		       "fits; or it comes only after 60 s",
		       "the client connects again"),
	.expect = "no answer, a TIME_WAIT with the same timer, EADDRNOTAVAIL; "
		  "with RCV.NXT the TIME_WAIT is gone and connect() succeeds, "
		  "but not with tcp_rfc1337 nor with an old timestamp; after "
		  "60 s the RST arrives in the next connection",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" },
			    { "client", "net.ipv4.tcp_tw_reuse", 0 }),
	.variants = VARIANTS(
		{ "as-told", .value = HELD },
		{ "forged-exact", .value = KILLS,
		  .settings = SYSCTLS({ "client", RFC1337, 0 }),
		  .judgements = CLAIMS(
			  { "C21", DOCUMENT_CONDITIONAL,
			    "a RST with RCV.NXT cuts the 2MSL short: "
			    "tcp_timewait_state_process() with tcp_rfc1337 0, "
			    "the default" }) },
		{ "forged-exact-rfc1337", .value = IGNORED,
		  .settings = SYSCTLS({ "client", RFC1337, 1 }) },
		{ "forged-stale-timestamp", .value = IGNORED,
		  .settings = SYSCTLS({ "client", RFC1337, 0 }) },
		{ "under-way-for-60s", .value = OUTLIVES, .slow = true,
		  .duration = SEC(63),
		  .judgements = CLAIMS(
			  { "C21", DOCUMENT_CONDITIONAL,
			    "only where the RST is not under way for longer: "
			    "no host looks at a segment's age, "
			    "tcp_validate_incoming() sees numbers only" }) }),
	.duration = MSEC(220),
	.script = script,
};
