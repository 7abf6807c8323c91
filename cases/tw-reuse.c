/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_tw_reuse. A connect() that has to choose a local port, and meets a
 * TIME_WAIT of its own four-tuple, may take it over when it is old enough:
 * tcp_twsk_unique(). Since 6.14 that is compared in milliseconds with
 * tcp_tw_reuse_delay (1000 by default): the TIME_WAIT is old enough in the
 * first millisecond after those. Before, whole seconds were compared, and a
 * fraction of a second could be enough.
 *
 * The new connection begins 65537 above the last number of the old one and
 * remembers its timestamps, so that nothing of the old one fits. The TIME_WAIT
 * is gone with it, and only with it: the sysctl by itself ends none.
 *
 * It is 2 by default since 79e9fed46038 (4.19): on for loopback, and off for
 * all else.
 *
 * All of it is for the port that connect() chooses. For one that bind() has
 * given to the socket (with SO_REUSEADDR on it, and on the old one),
 * __inet_hash_connect() passes no `twp`, and then tcp_twsk_unique() asks
 * neither for the age nor for the sysctl: timestamps are enough.
 */
#include "case.h"

/* What tcp_twsk_unique() adds to the last number of the old connection. */
enum { AHEAD = 65535 + 2 };

/* TCP_TIMEWAIT_LEN */
static const nsec_t time_wait = SEC(60);

/* After the moment from which it may be. */
static const nsec_t past = MSEC(100);

struct story {
	struct pair tcp;
	struct range entered; /* when the client's end entered TIME-WAIT */
	struct range from; /* when it may be taken over */
	uint32_t last; /* number of the old connection: SND.NXT */
};

/* Between the server's FIN and the answer to it, as the wire saw them. */
static void client_closes_first(struct run *run, struct story *story)
{
	struct mark since = mark_now(run);

	sock_close_both(story->tcp.client, story->tcp.server);
	story->last =
		frames_first(run, since, "client", WIRE_FIN)->frame.tcp.seq + 1;
	since.at = frames_first(run, since, "server", WIRE_FIN)->at;
	story->entered.min = since.at;
	story->entered.max =
		frames_first(run, since, "client", WIRE_PURE_ACK)->at;
	story->from = forecast_tw_reuse(run, "client", story->entered);
}

/* In the place of the TIME_WAIT, under the same four-tuple. */
static void expect_taken_over(struct run *run, struct story *story,
			      struct mark since, struct sock *again)
{
	const uint32_t isn =
		frames_first(run, since, "client", WIRE_SYN)->frame.tcp.seq;

	expect_number(run, "local_port", sock_local_port(again),
		      sock_local_port(story->tcp.client),
		      sock_local_port(story->tcp.client));
	/* The one number in 2^32 that is left out is 0. */
	expect_number(run, "isn_above_last", (uint32_t)(isn - story->last),
		      AHEAD, AHEAD + (isn == 1));
	expect_state(story->tcp.client, DIAG_ESTABLISHED);
	expect_state(sock_accept(story->tcp.listener), DIAG_ESTABLISHED);
	expect_counter(run, "client", "TWRecycled", 1);
}

/* NULL: refused. In the millisecond in which it changes, both are right. */
static struct sock *attempt(struct run *run, struct story *story)
{
	struct sock *sock =
		sock_post_connect(story->tcp.client_probe, story->tcp.listener);
	struct finding got = sock_reap(sock, soon);

	if (got.returned < story->from.min)
		expect_error(&got, EADDRNOTAVAIL);
	else if (got.posted >= story->from.max)
		expect_success(&got);
	run_measured(run, got.error ? "refused_after_s" : "reused_after_s",
		     nsec_seconds(got.posted - story->entered.min));
	return got.error ? NULL : sock;
}

static void to_the_millisecond(struct run *run, struct story *story)
{
	static const nsec_t before[] = { MSEC(500), MSEC(100), MSEC(10),
					 MSEC(2) };
	struct mark from = { .at = story->from.min }, asked;
	struct sock *sock = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(before) && !sock; i++) {
		run_pass_until(run, from, -before[i]);
		asked = mark_now(run);
		sock = attempt(run, story);
	}
	if (!sock) {
		expect_state(story->tcp.client, DIAG_TIME_WAIT);
		from.at = story->from.max;
		run_pass_until(run, from, 0);
		asked = mark_now(run);
		sock = attempt(run, story);
	}
	if (sock)
		expect_taken_over(run, story, asked, sock);
}

/* What is left of the 60 s, which is told in jiffies. */
static void expect_lives_on(struct run *run, struct story *story)
{
	const nsec_t jiffy = predict_nsec(1, nsec_hz());
	struct range left;
	struct diag_socket now;

	expect_state(story->tcp.client, DIAG_TIME_WAIT);
	left.max = time_wait + jiffy - (nsec_now() - story->entered.max);
	sock_look(story->tcp.client, &now);
	left.min = time_wait - jiffy - (nsec_now() - story->entered.min);
	expect_span(run, "the TIME_WAIT still has", now.expires, left);
	expect_counter(run, "client", "TWRecycled", 0);
}

/* Old enough and allowed, but what is asked for is another four-tuple. */
static void nobody_asks(struct run *run, struct story *story)
{
	struct sock *other = sock_listen(story->tcp.server_probe, 16);
	struct sock *sock;

	sock = sock_connect(story->tcp.client_probe, other);
	expect_number(run, "local_port", sock_local_port(sock),
		      sock_local_port(story->tcp.client),
		      sock_local_port(story->tcp.client));
	expect_lives_on(run, story);
}

static void refused(struct run *run, struct story *story)
{
	struct sock *sock =
		sock_post_connect(story->tcp.client_probe, story->tcp.listener);
	struct finding got = sock_reap(sock, soon);

	expect_error(&got, EADDRNOTAVAIL);
	expect_lives_on(run, story);
}

static void bound(struct run *run, struct story *story)
{
	struct mark asked = mark_now(run);
	struct sock *sock = sock_open(story->tcp.client_probe);
	struct finding got;

	sock_set(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	got = sock_bind(sock, sock_local_port(story->tcp.client));
	expect_success(&got);
	sock_start_connect(sock, story->tcp.listener);
	got = sock_reap(sock, soon);
	expect_success(&got);
	run_measured(run, "reused_after_s",
		     nsec_seconds(got.posted - story->entered.min));
	expect_taken_over(run, story, asked, sock);
}

static void script(struct run *run)
{
	struct story story = { .tcp = sock_pair(run) };

	client_closes_first(run, &story);
	expect_state(story.tcp.client, DIAG_TIME_WAIT);
	if (run_is_variant(run, "bound")) {
		bound(run, &story);
		return;
	}
	if (run_is_variant(run, "by-default"))
		expect_number(
			run, "tcp_tw_reuse",
			run_sysctl(run, "client", "net.ipv4.tcp_tw_reuse"), 2,
			2);
	if (!run_value(run)) {
		to_the_millisecond(run, &story);
		return;
	}
	run_pass_until(run, (struct mark){ .at = story.from.max }, past);
	if (run_is_variant(run, "nobody-asks"))
		nobody_asks(run, &story);
	else
		refused(run, &story);
}

#define REUSE "net.ipv4.tcp_tw_reuse"

static const struct setting off[] = { { "client", REUSE, 0, NULL },
				      { .name = NULL } };
static const struct setting on[] = { { "client", REUSE, 1, NULL },
				     { .name = NULL } };

CASE(tw_reuse) = {
	.name = "tw-reuse",
	.claim = "tcp_tw_reuse: connect() takes over a TIME_WAIT that is older "
		 "than 1 s",
	.judgements = CLAIMS(
		{ "C9", DOCUMENT_RIGHT,
		  "to the millisecond since 6.14, tcp_tw_reuse_delay; before, "
		  "tcp_twsk_unique() compared whole seconds, and a fraction of "
		  "one could do" },
		{ "B3", DOCUMENT_RIGHT,
		  "tcp_twsk_unique() refuses a younger one, and gives an older "
		  "one to connect()" }),
	.why = "tcp_twsk_unique() lets a new connection begin above the last "
	       "number of the old one, with the old one's timestamps as PAWS' "
	       "floor",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(); "
		   "net/ipv4/inet_hashtables.c:__inet_check_established(), "
		   "__inet_hash_connect()",
	.steps = STEPS("a client with a single local port closes first",
		       "it connects again: 500, 100, 10 and 2 ms before the "
		       "TIME_WAIT is old enough, and once it is",
		       "nobody-asks: it connects to elsewhere; off, "
		       "by-default: without tcp_tw_reuse; bound: at once, on a "
		       "socket with SO_REUSEADDR and bind()"),
	.expect =
		"EADDRNOTAVAIL, and success in the first millisecond after "
		"tcp_tw_reuse_delay; a SYN 65537 above the last number, "
		"TWRecycled 1; without the sysctl, or without such a "
		"connect(), a TIME_WAIT that goes on; after bind() success at "
		"once, sysctl or not",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" }),
	.variants = VARIANTS(
		{ "one-second", .settings = on },
		{ "delay=300ms",
		  .settings = SYSCTLS({ "client", REUSE, 1 },
				      { "client", "net.ipv4.tcp_tw_reuse_delay",
					300 }),
		  .duration = MSEC(310),
		  .judgements = CLAIMS({ .claim = "C9",
					 .document = DOCUMENT_OUTDATED,
					 .note = "the second is only the "
						 "default of "
						 "tcp_tw_reuse_delay",
					 .since = "6.14" }) },
		{ "nobody-asks", .settings = on, .value = 1,
		  .duration = SEC(1) + MSEC(100),
		  .judgements = CLAIMS(
			  { "B12", DOCUMENT_CONDITIONAL,
			    "tcp_tw_reuse ends no TIME_WAIT but the one whose "
			    "four-tuple a connect() takes over; all others "
			    "last their 60 s: tcp_twsk_unique()" }) },
		{ "off", .settings = off, .value = 1,
		  .duration = SEC(1) + MSEC(100),
		  .judgements =
			  CLAIMS({ "B3", DOCUMENT_RIGHT,
				   "without it nothing takes a TIME_WAIT over, "
				   "however old: tcp_twsk_unique()" }) },
		{ "by-default", .value = 1, .duration = SEC(1) + MSEC(100),
		  .judgements = CLAIMS(
			  { .claim = "C9",
			    .document = DOCUMENT_OUTDATED,
			    .note = "the default is 2, on for loopback, off "
				    "for all other paths: 79e9fed46038",
			    .since = "4.19" },
			  { .claim = "B12",
			    .document = DOCUMENT_OUTDATED,
			    .note = "the default is 2, on for loopback, off "
				    "for all other paths: 79e9fed46038",
			    .since = "4.19" }) },
		{ "bound", .settings = off, .duration = MSEC(10),
		  .judgements = CLAIMS(
			  { "C9", DOCUMENT_CONDITIONAL,
			    "on a port from bind() with SO_REUSEADDR neither "
			    "the second nor the sysctl counts: "
			    "__inet_hash_connect() passes no twp to "
			    "tcp_twsk_unique()" }) }),
	.changes = CHANGES(CHANGE_TW_REUSE_DELAY),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
