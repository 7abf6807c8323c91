/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The half-open queue has a limit too, and the text does not speak of it: a
 * third way in which a SYN is dropped. Clients fill it whose third ACKs the
 * wire loses; each leaves a request in SYN-RECV. What the next SYN meets
 * depends on tcp_syncookies, in tcp_conn_request():
 *
 * - 0: inet_csk_reqsk_queue_is_full() finds more requests than the backlog says
 *   (sk_max_ack_backlog, the accept queue's limit, is this one's as well), and
 *   the SYN is dropped: TCPReqQFullDrop and ListenDrops. Or, with room by that,
 *   net.ipv4.tcp_max_syn_backlog: its last quarter is for peers whose metrics
 *   are known (tcp_peer_is_proven()); of the rest the SYN is dropped, and only
 *   ListenDrops tells.
 * - 1: the SYN is answered with a cookie, and nothing is stored. The client is
 *   ESTABLISHED, its third ACK is lost as those before, and the server knows
 *   nothing of it; but its data carries the same ACK, and cookie_v4_check()
 *   makes the connection of that alone. Without timestamps, which the server
 *   would have had to store the options in, there are no options.
 * - 2: the same for every SYN, full or not: there is no half-open queue at all.
 *
 * So one more than the backlog fits, as in the accept queue; it was the backlog
 * itself before 6.13 and its stable relatives (3479c7549fb1).
 */
#include "case.h"

enum { BACKLOG = 2, LONG = 64, SYN_BACKLOG = 8, MANY = 256 };

/* Long enough for an answer, and shorter than the SYN's timer. */
static const nsec_t no_answer = MSEC(100);

#define SYN FRAMES(FROM("client"), KIND(WIRE_SYN))

struct queue_story {
	struct run *run;
	struct sock *listener;
	struct wire_rule *lost;
	struct sock *far; /* of the first client, half-open at the server */
	struct sock *late; /* the first that is not */
	struct mark dialled;
	unsigned int half_open, min, max;
	long cookies; /* tcp_syncookies */
	const struct prediction *syns;
};

/* So many requests fit. */
static void predict_room(struct queue_story *s)
{
	struct run *run = s->run;
	long syn_backlog =
		run_sysctl(run, "server", "net.ipv4.tcp_max_syn_backlog");
	/* max - length < max / 4: tcp_conn_request() */
	unsigned int unproven =
		(unsigned int)(syn_backlog - (syn_backlog >> 2) + 1);

	s->cookies = run_sysctl(run, "server", "net.ipv4.tcp_syncookies");
	s->max = (unsigned int)run_value(run) + 1;
	s->min = kernel_version() < KERNEL_VERSION(6, 13, 0) ? s->max - 1 :
							       s->max;
	if (s->cookies == 2)
		s->min = s->max = 0;
	if (s->cookies == 0 && unproven < s->min)
		s->min = s->max = unproven;
}

/* True if the server keeps a request of it. */
static bool is_half_open(struct queue_story *s, struct probe *client)
{
	bool answered = s->cookies || s->half_open < s->min;
	struct finding got;
	struct sock *far;

	s->dialled = mark_now(s->run);
	s->late = sock_post_connect(client, s->listener);
	frames_wait(s->run, s->dialled, SYN, 1, soon);
	mark_done(s->run, &s->dialled);
	got = sock_reap(s->late, answered ? soon : no_answer);
	if (got.open)
		return false;
	far = sock_peer(s->late, "server");
	if (sock_state(far) != DIAG_SYN_RECV)
		return false;
	if (!s->half_open++)
		s->far = far;
	return true;
}

static void fill(struct queue_story *s)
{
	struct probe *client = probe_start(s->run, "client");

	while (is_half_open(s, client) && s->half_open <= s->max)
		;
}

static void expect_counters(struct queue_story *s, int64_t drops,
			    int64_t full_drops, int64_t cookies)
{
	expect_counter(s->run, "server", "ListenDrops", drops);
	expect_counter(s->run, "server", "TCPReqQFullDrop", full_drops);
	expect_counter(s->run, "server", "TCPReqQFullDoCookies", cookies);
	expect_counter(s->run, "server", "SyncookiesSent", cookies);
	/* The accept queue is not full; it is empty. */
	expect_counter(s->run, "server", "ListenOverflows", 0);
	expect_queue(s->listener, 0, (unsigned int)run_value(s->run), 0);
}

/* No answer to its SYN, nor to the first copy. */
static void is_dropped(struct queue_story *s)
{
	bool by_backlog = !run_is_variant(s->run, "max-syn-backlog");

	expect_state(s->late, DIAG_SYN_SENT);
	expect_counters(s, 1, by_backlog ? 1 : 0, 0);
	expect_frame(s->run, s->dialled, "the SYN once more", SYN, 2,
		     s->syns->rounds[0].at);
	run_pass(s->run, no_answer);
	expect_state(s->late, DIAG_SYN_SENT);
	expect_state(s->far, DIAG_SYN_RECV);
	expect_counters(s, 2, by_backlog ? 2 : 0, 0);
}

/* Answered, and not remembered, until it sends. */
static void has_cookie(struct queue_story *s)
{
	struct sock *far = sock_peer(s->late, "server");
	bool stamps = run_sysctl(s->run, "server", "net.ipv4.tcp_timestamps");
	const struct wire_capture *answer =
		frames_nth(s->run, s->dialled,
			   FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 1);

	expect_state(s->late, DIAG_ESTABLISHED);
	expect_state(far, DIAG_CLOSE);
	expect_counters(s, 0, 0, 1);
	expect_that(s->run,
		    answer && answer->frame.tcp.has_window_scale == stamps &&
			    answer->frame.tcp.sack_permitted == stamps,
		    "a cookie has options only where there are timestamps",
		    "%s", answer ? "not so" : "no SYN-ACK");
	fault_disarm(s->run, s->lost);
	sock_send_text(s->late, "?");
	expect_queue(s->listener, 1, (unsigned int)run_value(s->run), soon);
	expect_state(far, DIAG_ESTABLISHED);
	expect_counter(s->run, "server", "SyncookiesRecv", 1);
}

static void script(struct run *run)
{
	struct queue_story s = { .run = run };

	s.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	s.syns = forecast_connect(run, "client");
	s.lost = fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	predict_room(&s);
	fill(&s);
	if (!expect_number(run, "half_open", s.half_open, s.min, s.max))
		return;
	if (s.cookies)
		has_cookie(&s);
	else
		is_dropped(&s);
}

static const struct judgement dropped[] = {
	{ "B1", DOCUMENT_RIGHT,
	  "in a third way, which the text does not name: the half-open queue "
	  "is full: tcp_conn_request()" },
	{ .claim = NULL },
};

static const struct judgement not_stored[] = {
	{ "B8", DOCUMENT_CONDITIONAL,
	  "a SYN that is answered with a cookie is stored nowhere, and its "
	  "connection is made of the ACK alone: cookie_v4_check()" },
	{ .claim = NULL },
};

static const struct setting none[] = {
	{ "server", "net.ipv4.tcp_syncookies", 0 },
	{ "server", "net.ipv4.tcp_max_syn_backlog", MANY },
	{ .name = NULL },
};

static const struct setting few[] = {
	{ "server", "net.ipv4.tcp_syncookies", 0 },
	{ "server", "net.ipv4.tcp_max_syn_backlog", SYN_BACKLOG },
	{ .name = NULL },
};

static const struct setting no_stamps[] = {
	{ "server", "net.ipv4.tcp_syncookies", 1 },
	{ "server", "net.ipv4.tcp_timestamps", 0 },
	{ .name = NULL },
};

CASE(syn_queue_full) = {
	.name = "syn-queue-full",
	.claim = "the half-open queue is full: the next SYN is dropped, or "
		 "answered with a cookie that the server does not remember",
	.why = "a request is stored while the third ACK is out, and so many "
	       "are allowed; a cookie is a request that the client keeps",
	.sources = "RFC 4987; net/ipv4/tcp_input.c:tcp_conn_request(), "
		   "tcp_syn_flood_action(); net/ipv4/syncookies.c:"
		   "cookie_v4_check()",
	.steps = STEPS("the wire loses the third ACKs; clients connect until "
		       "one leaves no request at the server",
		       "without cookies: its SYN and the first copy are "
		       "dropped",
		       "with cookies: the wire loses nothing any more, and "
		       "that client sends a byte"),
	.expect = "backlog + 1 requests in SYN-RECV (7 with a "
		  "tcp_max_syn_backlog of 8; none with tcp_syncookies 2), "
		  "then TCPReqQFullDrop, or ListenDrops alone; or a cookie, no "
		  "request, and a connection with the first data",
	.world = &world_pair,
	.variants =
		VARIANTS({ "syncookies=0", none, .value = BACKLOG,
			   .duration = MSEC(1300), .judgements = dropped },
			 { "max-syn-backlog", few, .value = LONG,
			   .duration = MSEC(1300), .judgements = dropped },
			 { "syncookies=1",
			   SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 1 }),
			   .value = BACKLOG, .judgements = not_stored },
			 { "syncookies=1-no-timestamps", no_stamps,
			   .value = BACKLOG, .judgements = not_stored },
			 { "syncookies=2",
			   SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 2 }),
			   .value = BACKLOG, .judgements = not_stored }),
	.changes = CHANGES({ KERNEL_VERSION(6, 13, 0), "3479c7549fb1",
			     "one more than the backlog fits",
			     .stable = true }),
	.duration = MSEC(10),
	.script = script,
};
