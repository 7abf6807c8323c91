/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RST of an earlier connection attempt arrives while the client is in
 * TIME-WAIT, which nothing shortens (tcp_tw_reuse 0). It ends there without
 * any effect: its sequence number, 0, is not the one that
 * tcp_timewait_state_process() accepts, and a RST outside the window is not
 * even answered. The TIME-WAIT and its timer continue.
 *
 * A RST with the expected sequence number, RCV.NXT, ends the TIME-WAIT (RFC
 * 1337 calls that an assassination): the port is free at once, and whatever
 * else is in flight meets the next connection. tcp_rfc1337, 0 by default,
 * prevents it. So does a timestamp older than the last one: here PAWS does
 * apply to a RST, for TCP_PAWS_MSL (60 s), tcp_paws_reject().
 *
 * Nothing limits how long a segment may be in flight: a RST that arrives after
 * the TIME-WAIT reaches the next connection.
 */
#include "case.h"

enum { PORT = 8080 };

/* The variants' values. */
enum { HELD, FORGED_ENDS, FORGED_IGNORED, OUTLIVES };

/* Until a segment is received on a busy machine, and until a restarted timer
 * would show. */
static const nsec_t settle = MSEC(100);

struct stage {
	struct pair tcp;
	struct wire_rule *held; /* the RST of the first attempt */
	struct frame fin; /* the server's */
	nsec_t entered; /* TIME-WAIT, at the latest: the ACK of the FIN */
};

/* A SYN to a port without a listener. False: its RST was not held. */
static bool connect_too_early(struct run *run, struct stage *stage)
{
	struct mark asked = mark_now(run);
	struct sock *early;

	stage->held = fault_hold(
		run, FRAMES(FROM("server"), KIND(WIRE_RST), .count = 1));
	early = sock_post_connect_to(stage->tcp.client_probe, "server", PORT);
	frames_first(run, asked, "server", WIRE_RST);
	if (!expect_state(early, DIAG_SYN_SENT))
		return false;
	sock_close(early);
	return true;
}

/* On the same four-tuple, because there is only one local port. */
static void connect_and_close(struct run *run, struct stage *stage)
{
	const struct wire_capture *fin;
	struct mark began = mark_now(run);
	struct pair *tcp = &stage->tcp;

	tcp->listener = sock_listen_on(tcp->server_probe, PORT, 16);
	tcp->client = sock_connect(tcp->client_probe, tcp->listener);
	tcp->server = sock_accept(tcp->listener);
	sock_close_both(tcp->client, tcp->server);
	fin = frames_first(run, began, "server", WIRE_FIN);
	stage->fin = fin->frame;
	began.at = fin->at;
	stage->entered = frames_first(run, began, "client", WIRE_PURE_ACK)->at;
	expect_state(tcp->client, DIAG_TIME_WAIT);
}

static struct finding connect_again(struct stage *stage)
{
	return sock_try_connect(stage->tcp.client_probe, stage->tcp.listener,
				soon);
}

/* The RST was received and not answered. */
static void expect_received(struct run *run, struct mark sent, int64_t before)
{
	run_pass(run, settle);
	expect_number(run, "rst_received",
		      counter_change(run, "client", "InSegs") - before, 1, 1);
	expect_frames(run, sent, "answers to the RST",
		      FRAMES(FROM("client"), KIND(WIRE_TCP)), 0);
}

static void release_held(struct run *run, struct stage *stage)
{
	int64_t before = counter_change(run, "client", "InSegs");
	struct mark released = mark_now(run);

	fault_release(run, stage->held);
	expect_received(run, released, before);
}

static void expect_continues(struct run *run, struct stage *stage)
{
	const nsec_t jiffy = predict_nsec(1, nsec_hz());
	struct diag_socket now;
	struct finding got;
	nsec_t age;

	expect_state(stage->tcp.client, DIAG_TIME_WAIT);
	age = nsec_now() - stage->entered;
	sock_look(stage->tcp.client, &now);
	expect_that(run, now.expires <= time_wait_length + 2 * jiffy - age,
		    "the TIME-WAIT timer was not restarted",
		    "%.3f s left after %.3f s", nsec_seconds(now.expires),
		    nsec_seconds(age));
	got = connect_again(stage);
	expect_error(&got, EADDRNOTAVAIL);
}

static void expect_ended(struct run *run, struct stage *stage,
			 struct mark since)
{
	struct finding got;

	expect_state_within(stage->tcp.client, DIAG_CLOSE, soon);
	got = connect_again(stage);
	expect_success(&got);
	expect_frames(run, since, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 1);
	expect_counter(run, "client", "TWRecycled", 0);
}

/* The sequence number after the server's FIN, and no timestamp, as
 * tcp_v4_send_reset() makes it; in one variant an old timestamp. */
static void inject_forged(struct run *run, struct stage *stage)
{
	struct frame rst = stage->fin;
	struct mark injected;
	int64_t before;

	rst.tcp.flags = SEGMENT_RST;
	rst.tcp.seq++;
	rst.tcp.ack = 0;
	rst.tcp.has_timestamps = run_is_variant(run, "forged-stale-timestamp");
	rst.tcp.tsval -= 1000;
	run_pass(run, settle);
	before = counter_change(run, "client", "InSegs");
	injected = fault_inject(run, "client", &rst, NULL);
	expect_received(run, injected, before);
	if (run_value(run) == FORGED_ENDS)
		expect_ended(run, stage, injected);
	else
		expect_continues(run, stage);
	if (rst.tcp.has_timestamps) /* older kernels: with the connections' */
		expect_counter(run, "client",
			       counter_exists(run, "client", "PAWSTimewait") ?
				       "PAWSTimewait" :
				       "PAWSEstab",
			       1);
}

/* The RST arrives after the whole 2MSL, in the next connection. */
static void outlive_time_wait(struct run *run, struct stage *stage)
{
	struct range timer = predict_timer(time_wait_length, nsec_hz());
	struct finding got;

	run_pass_until_time(run, stage->entered + timer.max);
	expect_state_within(stage->tcp.client, DIAG_CLOSE, SEC(1));
	got = connect_again(stage);
	expect_success(&got);
	stage->tcp.server = sock_accept(stage->tcp.listener);
	release_held(run, stage);
	expect_state(stage->tcp.server, DIAG_ESTABLISHED);
	expect_state(stage->tcp.client, DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct stage stage = {
		.tcp = { .client_probe = probe_start(run, "client"),
			 .server_probe = probe_start(run, "server") },
	};

	if (!connect_too_early(run, &stage))
		return;
	connect_and_close(run, &stage);
	if (run_value(run) == OUTLIVES) {
		outlive_time_wait(run, &stage);
	} else if (run_value(run) == HELD) {
		run_pass(run, settle);
		release_held(run, &stage);
		expect_continues(run, &stage);
	} else {
		inject_forged(run, &stage);
	}
}

#define RFC1337(on_) SYSCTLS({ "client", "net.ipv4.tcp_rfc1337", on_ })

CASE(stale_rst_in_time_wait) = {
	.name = "stale-rst-in-time-wait",
	.claim = "an old RST arrives in TIME-WAIT and has no effect, unless "
		 "its sequence number is RCV.NXT",
	.judgements = CLAIMS({ "C21", DOCUMENT_RIGHT,
			       "what arrives during TIME-WAIT ends there: "
			       "tcp_timewait_state_process() ignores a RST "
			       "outside the window" }),
	.why = "the TIME-WAIT has the four-tuple, so the segment is delivered "
	       "to it; tcp_rfc1337 decides whether a RST that fits ends it",
	.sources = "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "include/net/tcp.h:tcp_paws_reject(); RFC 1337; RFC 9293 "
		   "3.6",
	.steps =
		STEPS("the client connects to a port without a listener; the "
		      "RST is held on the wire, and the client gives up",
		      "a server listens; the client, with its only local port, "
		      "connects and closes first",
		      "in TIME-WAIT the RST is released, or a RST is forged "
		      "that fits; or the RST is released only after 60 s",
		      "the client connects again"),
	.expect = "no answer, a TIME-WAIT with the same timer, EADDRNOTAVAIL; "
		  "with RCV.NXT the TIME-WAIT is gone and connect() succeeds, "
		  "except with tcp_rfc1337 or with an old timestamp; after "
		  "60 s the RST arrives in the next connection",
	.shows = SHOWS("outcome", "client_state"),
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client"),
			    { "client", "net.ipv4.tcp_tw_reuse", 0 }),
	.variants = VARIANTS(
		{ "as-told",
		  "the RST of the first attempt, which has sequence number 0, "
		  "arrives in TIME-WAIT, as the document describes: it has no "
		  "effect",
		  .value = HELD },
		{ "forged-exact",
		  "a forged RST has RCV.NXT and no timestamp, and tcp_rfc1337 "
		  "is 0: it ends the TIME-WAIT, and the port is free at once",
		  .value = FORGED_ENDS, .settings = RFC1337(0),
		  .judgements = CLAIMS(
			  { "C21", DOCUMENT_CONDITIONAL,
			    "a RST with RCV.NXT cuts the 2MSL short: "
			    "tcp_timewait_state_process() with tcp_rfc1337 0, "
			    "the default" }) },
		{ "forged-exact-rfc1337",
		  "a forged RST has RCV.NXT and no timestamp, and tcp_rfc1337 "
		  "is 1: the TIME-WAIT continues",
		  .value = FORGED_IGNORED, .settings = RFC1337(1) },
		{ "forged-stale-timestamp",
		  "a forged RST has RCV.NXT and a timestamp 1000 ticks old, "
		  "and tcp_rfc1337 is 0: PAWS drops it, and the TIME-WAIT "
		  "continues",
		  .value = FORGED_IGNORED, .settings = RFC1337(0) },
		{ "under-way-for-60s",
		  "the RST of the first attempt arrives after the 60 s of "
		  "TIME-WAIT, when the next connection has the same "
		  "four-tuple: it reaches that one, and has no effect",
		  .value = OUTLIVES, .slow = true, .duration = SEC(63),
		  .judgements = CLAIMS(
			  { "C21", DOCUMENT_CONDITIONAL,
			    "only where the RST is not in flight for longer: "
			    "no host checks the age of a segment, "
			    "tcp_validate_incoming() checks its numbers "
			    "only" }) }),
	.duration = MSEC(220),
	.script = script,
};
