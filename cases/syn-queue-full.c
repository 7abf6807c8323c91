/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SYN queue has a limit, too: a third reason to drop a SYN, which the
 * document does not mention. Clients whose third ACKs the wire loses fill it;
 * each leaves a request in SYN-RECV. What happens to the next SYN depends on
 * tcp_syncookies, in tcp_conn_request():
 *
 * - 0: inet_csk_reqsk_queue_is_full() finds more requests than the backlog
 *   (sk_max_ack_backlog limits this queue like the accept queue), and the SYN
 *   is dropped: TCPReqQFullDrop and ListenDrops. If that limit leaves room,
 *   net.ipv4.tcp_max_syn_backlog may not: its last quarter is reserved for
 *   peers with known metrics (tcp_peer_is_proven()); other SYNs are dropped,
 *   and only ListenDrops counts them.
 * - 1: the SYN is answered with a cookie, and nothing is stored. The client is
 *   ESTABLISHED; its third ACK is lost like the others, and the server has no
 *   record of it. But the client's data carries the same ACK, and from that
 *   alone cookie_v4_check() creates the connection. The server stores the
 *   options in its timestamps, so without timestamps there are no options.
 * - 2: the same for every SYN, full or not: there is no SYN queue at all.
 *
 * The queue holds one request more than the backlog, as the accept queue does;
 * it was the backlog itself before 6.13 and the stable kernels with the same
 * fix (3479c7549fb1).
 */
#include "case.h"

enum { BACKLOG = 2, LONG_BACKLOG = 64, SYN_BACKLOG = 8, MANY = 256 };

/* Long enough for an answer, and shorter than the SYN's timer. */
static const nsec_t no_answer = MSEC(100);

#define SYN FRAMES(FROM("client"), KIND(WIRE_SYN))

#define ONE_MORE                                                               \
	{                                                                      \
		KERNEL_VERSION(6, 13, 0), "3479c7549fb1",                      \
			"the queue holds one request more than the backlog",   \
			.stable = true,                                        \
			.present = { KERNEL_VERSION(6, 1, 176),                \
				     KERNEL_VERSION(6, 12, 107) },             \
			.absent = { KERNEL_VERSION(5, 10, 223) }               \
	}
static const struct change one_more = ONE_MORE;

struct stage {
	struct run *run;
	struct sock *listener;
	struct wire_rule *loss; /* of the third ACKs */
	struct sock *first; /* the server's end of the first client: SYN-RECV */
	struct sock *last; /* the first client that leaves no request */
	struct mark asked; /* when that one called connect() */
	unsigned int half_open, min, max; /* requests: measured, predicted */
	long cookies; /* tcp_syncookies */
	const struct prediction *syns;
};

static void predict_room(struct stage *s)
{
	struct run *run = s->run;
	long syn_backlog =
		run_sysctl(run, "server", "net.ipv4.tcp_max_syn_backlog");
	/* max - length < max / 4: tcp_conn_request() */
	unsigned int unproven =
		(unsigned int)(syn_backlog - (syn_backlog >> 2) + 1);

	s->cookies = run_sysctl(run, "server", "net.ipv4.tcp_syncookies");
	s->max = (unsigned int)run_value(run) + 1;
	s->min = s->max;
	switch (kernel_change(&one_more)) {
	case CHANGE_UNKNOWN:
		s->min = s->max - 1;
		break;
	case CHANGE_ABSENT:
		s->min = --s->max;
		break;
	case CHANGE_PRESENT:
		break;
	}
	if (s->cookies == 2)
		s->min = s->max = 0;
	if (s->cookies == 0 && unproven < s->min)
		s->min = s->max = unproven;
}

/* Connects once more. True if the server stores a request for it. */
static bool leaves_request(struct stage *s, struct probe *client)
{
	bool answered = s->cookies || s->half_open < s->min;
	struct finding got;
	struct sock *server;

	s->asked = mark_now(s->run);
	s->last = sock_post_connect(client, s->listener);
	frames_wait(s->run, s->asked, SYN, 1, soon);
	mark_done(s->run, &s->asked);
	got = sock_reap(s->last, answered ? soon : no_answer);
	if (got.open)
		return false;
	server = sock_peer(s->last, "server");
	if (sock_state(server) != DIAG_SYN_RECV)
		return false;
	if (!s->half_open++)
		s->first = server;
	return true;
}

static void fill_syn_queue(struct stage *s)
{
	struct probe *client = probe_start(s->run, "client");

	while (leaves_request(s, client) && s->half_open <= s->max)
		;
}

static void expect_counters(struct stage *s, int64_t drops, int64_t full_drops,
			    int64_t cookies)
{
	expect_counter(s->run, "server", "ListenDrops", drops);
	expect_counter(s->run, "server", "TCPReqQFullDrop", full_drops);
	expect_counter(s->run, "server", "TCPReqQFullDoCookies", cookies);
	expect_counter(s->run, "server", "SyncookiesSent", cookies);
	/* The accept queue is empty. */
	expect_counter(s->run, "server", "ListenOverflows", 0);
	expect_queue(s->listener, 0, (unsigned int)run_value(s->run), 0);
}

/* Neither the SYN nor its first retransmission is answered. */
static void expect_dropped(struct stage *s)
{
	int64_t full = !run_is_variant(s->run, "max-syn-backlog");

	expect_state(s->last, DIAG_SYN_SENT);
	expect_counters(s, 1, full, 0);
	expect_frame(s->run, s->asked, "the retransmitted SYN", SYN, 2,
		     s->syns->rounds[0].at);
	run_pass(s->run, no_answer);
	expect_state(s->last, DIAG_SYN_SENT);
	expect_state(s->first, DIAG_SYN_RECV);
	expect_counters(s, 2, 2 * full, 0);
}

/* The SYN is answered, and the server has no request until data arrives. */
static void expect_cookie(struct stage *s)
{
	struct sock *server = sock_peer(s->last, "server");
	bool stamps = run_sysctl(s->run, "server", "net.ipv4.tcp_timestamps");
	const struct wire_capture *answer =
		frames_nth(s->run, s->asked,
			   FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 1);
	bool options = answer && answer->frame.tcp.has_window_scale &&
		       answer->frame.tcp.sack_permitted;

	expect_state(s->last, DIAG_ESTABLISHED);
	expect_state(server, DIAG_CLOSE);
	expect_counters(s, 0, 0, 1);
	expect_that(s->run,
		    answer && answer->frame.tcp.has_window_scale == stamps &&
			    answer->frame.tcp.sack_permitted == stamps,
		    stamps ? "the SYN-ACK with a cookie has options" :
			     R_("the SYN-ACK with a cookie has no options"),
		    "%s",
		    !answer ? "no SYN-ACK" :
		    options ? R_("options") :
			      R_("not all options"));
	fault_disarm(s->run, s->loss);
	sock_send_text(s->last, "?");
	expect_queue(s->listener, 1, (unsigned int)run_value(s->run), soon);
	expect_state(server, DIAG_ESTABLISHED);
	expect_counter(s->run, "server", "SyncookiesRecv", 1);
}

static void script(struct run *run)
{
	struct stage s = { .run = run };

	s.listener =
		sock_listen(probe_start(run, "server"), (int)run_value(run));
	s.syns = forecast_connect(run, "client");
	s.loss = fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	predict_room(&s);
	fill_syn_queue(&s);
	if (!expect_number(run, "half_open", s.half_open, s.min, s.max))
		return;
	if (s.cookies)
		expect_cookie(&s);
	else
		expect_dropped(&s);
}

static const struct judgement of_drop[] = {
	{ "B1", DOCUMENT_RIGHT,
	  "for a third reason, which the document does not mention: the SYN "
	  "queue is full: tcp_conn_request()" },
	{ .claim = NULL },
};

static const struct judgement of_cookie[] = {
	{ "B8", DOCUMENT_CONDITIONAL,
	  "a SYN that is answered with a cookie is stored nowhere, and its "
	  "connection is created from the ACK alone: cookie_v4_check()" },
	{ .claim = NULL },
};

CASE(syn_queue_full) = {
	.name = "syn-queue-full",
	.claim = "the SYN queue is full: the next SYN is dropped, or answered "
		 "with a cookie and not stored",
	.why = "the server stores a request until the third ACK arrives, and "
	       "their number is limited; a cookie makes the client store the "
	       "request instead",
	.sources = "RFC 4987; net/ipv4/tcp_input.c:tcp_conn_request(), "
		   "tcp_syn_flood_action(); net/ipv4/syncookies.c:"
		   "cookie_v4_check()",
	.steps = STEPS(
		"the wire loses the third ACKs; clients connect until "
		"one leaves no request at the server",
		"without cookies: the SYN of that client is retransmitted "
		"once",
		"with cookies: the wire loses nothing from now on, and "
		"that client sends a byte"),
	.expect = "backlog + 1 requests in SYN-RECV (7 with a "
		  "tcp_max_syn_backlog of 8; none with tcp_syncookies 2). Then "
		  "the SYN and its retransmission are dropped, counted by "
		  "TCPReqQFullDrop, or by ListenDrops alone; or the SYN is "
		  "answered with a cookie, there is no request, and the first "
		  "data creates the connection",
	.shows = SHOWS("half_open", "client_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "syncookies=0",
		  "tcp_syncookies is 0 and the backlog is 2: three requests "
		  "fill the queue, and TCPReqQFullDrop counts the SYNs that "
		  "are dropped",
		  SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 0 },
			  { "server", "net.ipv4.tcp_max_syn_backlog", MANY }),
		  .value = BACKLOG, .duration = MSEC(1300),
		  .judgements = of_drop },
		{ "max-syn-backlog",
		  "tcp_syncookies is 0, the backlog is 64 and "
		  "tcp_max_syn_backlog is 8: seven requests reach the quarter "
		  "that is reserved, and only ListenDrops counts the SYNs that "
		  "are dropped",
		  SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 0 },
			  { "server", "net.ipv4.tcp_max_syn_backlog",
			    SYN_BACKLOG }),
		  .value = LONG_BACKLOG, .duration = MSEC(1300),
		  .judgements = of_drop },
		{ "syncookies=1",
		  "tcp_syncookies is 1 and the backlog is 2: three requests "
		  "fill the queue, and the next SYN is answered with a cookie",
		  SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 1 }),
		  .value = BACKLOG, .judgements = of_cookie },
		{ "syncookies=1-no-timestamps",
		  "as in syncookies=1, but tcp_timestamps is 0 at the server: "
		  "the cookie has no room for options, and the connection has "
		  "no window scale and no SACK",
		  SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 1 },
			  { "server", "net.ipv4.tcp_timestamps", 0 }),
		  .value = BACKLOG, .judgements = of_cookie },
		{ "syncookies=2",
		  "tcp_syncookies is 2: every SYN is answered with a cookie, "
		  "and the queue stays empty",
		  SYSCTLS({ "server", "net.ipv4.tcp_syncookies", 2 }),
		  .value = BACKLOG, .judgements = of_cookie }),
	.changes = CHANGES(ONE_MORE),
	.duration = MSEC(10),
	.script = script,
};
