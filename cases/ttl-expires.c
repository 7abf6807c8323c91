/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chain of routers between client and server. Each takes one off the TTL of
 * what it sends on (ip_decrease_ttl()), and does not send on what came with 1:
 * ip_forward() asks before it subtracts, so that a TTL of 0 is on no cable, and
 * a segment that began with n passes n - 1 routers. The nth drops it and tells
 * the sender, by ICMP time exceeded.
 *
 * What the sender's TCP makes of that depends on where the connection is:
 *  - connect() fails at once, with EHOSTUNREACH and after one SYN: in SYN-SENT
 *    tcp_v4_err() takes it for the end, tcp_done_with_error();
 *  - the server, whose SYN-ACK died, forgets the request and tells nobody:
 *    tcp_req_err(). The client goes on asking until its retries are used up. By
 *    IPv6 the request stays, and the SYN-ACK is sent again: there the message
 *    is not fatal, icmpv6_err_convert();
 *  - an ESTABLISHED connection goes on: the error waits in sk_err_soft, where
 *    SO_ERROR finds it, and the retransmission timer runs. As soon as the TTL
 *    suffices, the copy arrives.
 *
 * The TTL counts routers, and nothing else. RFC 791 had it count seconds, too;
 * ip_forward() takes off one of a segment that was under way for as long as you
 * like. So it ensures no maximum lifetime, and no route of 64 routers is taken
 * to be shorter than 30 s by anything in the kernel.
 */
#include "case.h"

enum { TTL = 4, ANSWER_TTL = 4, MS = 5, SLOW_MS = 600, BYTES = 100 };
enum { NAME = 24 };

static const nsec_t soon = MSEC(500);

static bool is_v6(struct run *run)
{
	return run_address(run, "client").family == AF_INET6;
}

static int routers(struct run *run)
{
	return (int)run_value(run);
}

/* Of what the host sends: one sysctl for both families. */
static int ttl_of(struct run *run, const char *host)
{
	int ttl = (int)run_sysctl(run, host, "net.ipv4.ip_default_ttl");

	if (is_v6(run))
		run_set_sysctl(run, host, "net.ipv6.conf.eth0.hop_limit", ttl);
	return ttl;
}

static bool is_time_exceeded(const struct wire_capture *capture,
			     const void *data MACRO_UNUSED)
{
	return capture->frame.icmp_type ==
	       (capture->frame.source.family == AF_INET6 ? 3 : 11);
}

#define TIME_EXCEEDED KIND(WIRE_ICMP), .where = is_time_exceeded

/* Who is so many cables away from the client. */
static const char *name_of(struct run *run, int n, char text[NAME])
{
	if (n == 0)
		return "client";
	if (n > routers(run))
		return "server";
	snprintf(text, NAME, "router-%d", n);
	return text;
}

/* The TTL of the first such segment on the nth cable from the client, from 0;
 * 0: it was not there. */
static int ttl_on_cable(struct run *run, struct mark since, unsigned int kinds,
			int n)
{
	char near[NAME], far[NAME];
	const struct wire_capture *seen =
		frames_nth(run, since,
			   FRAMES(FROM(name_of(run, n, near)),
				  TO(name_of(run, n + 1, far)), KIND(kinds)),
			   1);

	return seen ? seen->frame.ttl : 0;
}

/* One less on every cable, down to 1 or to the server, and not on the next. */
static void expect_cables(struct run *run, struct mark since,
			  unsigned int kinds, int ttl)
{
	int predicted = MIN(ttl, routers(run) + 1), seen = 0;

	while (seen <= routers(run) &&
	       ttl_on_cable(run, since, kinds, seen) == ttl - seen &&
	       seen < ttl)
		seen++;
	expect_number(run, "cables_passed", seen, predicted, predicted);
	for (int n = predicted; n <= routers(run); n++)
		expect_that(run, ttl_on_cable(run, since, kinds, n) == 0,
			    "nothing on the cables behind", "cable %d", n + 1);
}

/* The one who dropped it says so, and nobody else. */
static void expect_message(struct run *run, struct mark since, int router)
{
	char from[NAME], to[NAME];

	expect_frames(run, since, "time exceeded, from the router that dropped",
		      FRAMES(FROM(name_of(run, router, from)),
			     TO(name_of(run, router - 1, to)), TIME_EXCEEDED),
		      1);
	expect_frames(run, since, "time exceeded, for the client",
		      FRAMES(TO("client"), TIME_EXCEEDED), 1);
	if (is_v6(run))
		return;
	expect_counter(run, name_of(run, router, from), "InHdrErrors", 1);
	expect_counter(run, name_of(run, router, from), "OutTimeExcds", 1);
	expect_counter(run, "client", "InTimeExcds", 1);
}

/* --- connect()
 * --------------------------------------------------------------*/

/*
 * The path takes 5 ms, so that the message does not find the socket in the
 * hands of the connect() that sent the SYN: sock_owned_by_user().
 */
static void connects_or_not(struct run *run)
{
	/* A round trip, and no timer: the first copy would come after 1 s. */
	const struct range trip = { MSEC(2 * MS), SEC(1) };
	const int ttl = ttl_of(run, "client");
	const bool arrives = routers(run) < ttl;
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *sock;
	struct mark dialled;
	struct finding got;

	path_delay(run, "client", MSEC(MS));
	run_note(run, "predicted: TTL %d, %d routers: %s", ttl, routers(run),
		 arrives ? "arrives" : "does not arrive");
	dialled = mark_now(run);
	sock = sock_post_connect(client, listener);
	got = sock_reap(sock, SEC(2));
	if (arrives)
		expect_success(&got);
	else
		expect_error(&got, EHOSTUNREACH);
	expect_took(dialled, &got, trip);
	expect_frames(run, dialled, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 1);
	expect_cables(run, dialled, WIRE_SYN, ttl);
	expect_state(sock, arrives ? DIAG_ESTABLISHED : DIAG_CLOSE);
	if (!arrives)
		expect_message(run, dialled, ttl);
}

/* --- the answer
 * ---------------------------------------------------------------*/

/* By IPv4 each SYN makes a request, which ends with its SYN-ACK. */
static void expect_requests(struct run *run, struct sock *client,
			    struct mark dialled)
{
	unsigned int syns = frames_count(
		run, dialled, FRAMES(FROM("client"), KIND(WIRE_SYN)));
	unsigned int answers = frames_count(
		run, dialled, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)));

	if (is_v6(run)) {
		expect_that(run, answers >= syns, "SYN-ACKs", "%u to %u SYNs",
			    answers, syns);
		expect_state(sock_peer(client, "server"), DIAG_SYN_RECV);
		expect_counter(run, "server", "ListenDrops", 0);
		return;
	}
	expect_number(run, "syn_acks", answers, syns, syns);
	expect_state(sock_peer(client, "server"), DIAG_CLOSE);
	expect_counter(run, "server", "ListenDrops", syns);
	expect_counter(run, "server", "InTimeExcds", syns);
}

static void answer_expires(struct run *run)
{
	const struct prediction *end = forecast_connect(run, "client");
	const int ttl = ttl_of(run, "server");
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *sock;
	struct mark dialled;
	struct finding got;
	char last[NAME];

	name_of(run, routers(run) + 1 - ttl, last);
	dialled = mark_now(run);
	sock = sock_post_connect(client, listener);
	frames_wait(run, dialled, FRAMES(FROM("client"), KIND(WIRE_SYN)), 1,
		    soon);
	mark_done(run, &dialled);
	got = sock_reap(sock, end->elapsed.max + SEC(1));
	expect_gives_up(&got, dialled, end);
	expect_frames(run, dialled, "SYN-ACKs at the client",
		      FRAMES(TO("client"), KIND(WIRE_SYN_ACK)), 0);
	expect_that(
		run,
		frames_count(run, dialled, FRAMES(FROM(last), TIME_EXCEEDED)) >
			0,
		"the message is for the server", "%u from %s",
		frames_count(run, dialled, FRAMES(FROM(last), TIME_EXCEEDED)),
		last);
	expect_frames(run, dialled, "messages for the client",
		      FRAMES(TO("client"), TIME_EXCEEDED), 0);
	expect_requests(run, sock, dialled);
}

/* --- data
 * -------------------------------------------------------------------*/

static void set_ttl(struct run *run, struct sock *sock, int ttl)
{
	if (is_v6(run))
		sock_set(sock, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	else
		sock_set(sock, IPPROTO_IP, IP_TTL, ttl);
}

/* As where a route becomes longer than the TTL reaches, and shorter again. */
static void expires_later(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark sent;
	struct finding got;

	set_ttl(run, tcp.client, TTL);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	frames_wait(run, sent, FRAMES(TO("client"), TIME_EXCEEDED), 1, soon);
	expect_cables(run, sent, WIRE_DATA, TTL);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_timer(tcp.client, DIAG_TIMER_RETRANSMIT);
	got = sock_reap(tcp.client, 0);
	expect_open(&got);
	expect_pending_error(tcp.client, EHOSTUNREACH);

	set_ttl(run, tcp.client, -1);
	got = sock_reap(tcp.server, SEC(2));
	expect_data(&got, BYTES);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_frames(run, sent, "data on the server's cable",
		      FRAMES(TO("server"), KIND(WIRE_DATA)), 1);
}

/* Twice over the cables of a router that is far away. */
static void takes_its_time(struct run *run)
{
	const struct range trip = { MSEC(2 * SLOW_MS), MSEC(2 * SLOW_MS) };
	struct pair tcp = sock_pair(run);
	const int ttl = ttl_of(run, "client");
	struct mark sent;
	struct finding got;

	path_delay(run, "router-2", MSEC(SLOW_MS));
	sent = mark_now(run);
	sock_send(tcp.client, BYTES);
	got = sock_recv(tcp.server, SEC(3));
	expect_data(&got, BYTES);
	expect_took(sent, &got, trip);
	expect_cables(run, sent, WIRE_DATA, ttl);
}

static void script(struct run *run)
{
	if (run_is_variant(run, "answer-expires"))
		answer_expires(run);
	else if (run_is_variant(run, "expires-later"))
		expires_later(run);
	else if (run_is_variant(run, "slow-path"))
		takes_its_time(run);
	else
		connects_or_not(run);
}

static const struct judgement of_number[] = {
	{ "C4", DOCUMENT_WRONG,
	  "a TTL of 64 passes 63 routers: ip_forward() drops what comes with "
	  "1, so the 64th does not send it on" },
	{ .claim = NULL },
};

static const struct judgement of_time[] = {
	{ "C4", DOCUMENT_WRONG,
	  "it ensures no MSL: ip_forward() takes one off, however long the "
	  "segment has been under way" },
	{ .claim = NULL },
};

static const struct setting small[] = {
	{ "client", "net.ipv4.ip_default_ttl", TTL },
	{ .name = NULL },
};

static const struct setting small_answer[] = {
	{ "server", "net.ipv4.ip_default_ttl", ANSWER_TTL },
	{ "client", "net.ipv4.tcp_syn_retries", 1 },
	{ .name = NULL },
};

static const struct world_plan chain_3 = WORLD_CHAIN(TTL - 1);
static const struct world_plan chain_4 = WORLD_CHAIN(TTL);
static const struct world_plan chain_5 = WORLD_CHAIN(TTL + 1);
static const struct world_plan chain_63 = WORLD_CHAIN(63);
static const struct world_plan chain_64 = WORLD_CHAIN(64);

CASE(ttl_expires) = {
	.name = "ttl-expires",
	.claim = "every router takes one off the TTL; the one that gets it "
		 "with 1 drops it, and connect() fails at once",
	.judgements = CLAIMS({ "C4", DOCUMENT_RIGHT,
			       "every router takes one off, and drops it "
			       "instead of sending it with 0: ip_forward()" }),
	.why = "ip_forward() answers what it does not send on with ICMP time "
	       "exceeded; tcp_v4_err() makes of that EHOSTUNREACH, which ends "
	       "a connect() and only notes itself in a connection",
	.sources =
		"RFC 1812 5.3.1; RFC 791 3.2; net/ipv4/ip_forward.c:"
		"ip_forward(); net/ipv6/ip6_output.c:ip6_forward(); net/ipv4/"
		"tcp_ipv4.c:tcp_v4_err(), tcp_req_err()",
	.steps = STEPS(
		"a chain of routers; the client's TTL is 4, or the kernel's "
		"own 64",
		"the client calls connect(); the TTL is read on every cable",
		"in three variants: the server's TTL is too small for its "
		"answer; the TTL of a connection becomes too small, and large "
		"again; a path of 1.2 s"),
	.expect = "one less on each cable; n - 1 routers are passed, of n or "
		  "more the nth sends ICMP and connect() is EHOSTUNREACH a "
		  "round trip later, after one SYN; a lost answer: ETIMEDOUT; "
		  "a connection: nothing but SO_ERROR, and the next copy "
		  "arrives",
	.world = &chain_4,
	.variants = VARIANTS(
		{ "routers=3", .settings = small, .value = 3,
		  .world = &chain_3 },
		{ "routers=4", .settings = small, .value = 4 },
		{ "routers=5", .settings = small, .value = 5,
		  .world = &chain_5 },
		{ "routers=63", .value = 63, .world = &chain_63 },
		{ "routers=64", .value = 64, .world = &chain_64,
		  .judgements = of_number },
		{ "answer-expires", .settings = small_answer, .value = 4,
		  .duration = SEC(3) },
		{ "expires-later", .value = 4, .duration = MSEC(300) },
		{ "slow-path", .value = 3, .world = &chain_3,
		  .duration = MSEC(2 * SLOW_MS), .judgements = of_time }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = MSEC(2 * MS),
	.no_fault = true,
	.script = script,
};
