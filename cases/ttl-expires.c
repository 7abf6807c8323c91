/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chain of routers between client and server. Each router subtracts one from
 * the TTL of what it forwards (ip_decrease_ttl()) and does not forward what
 * arrives with 1: ip_forward() compares before it subtracts, so no cable
 * carries a TTL of 0, and a segment that starts with n passes n - 1 routers.
 * The nth drops it and sends ICMP time exceeded to the sender.
 *
 * The effect on the sender's TCP depends on the state:
 *
 * - connect() fails at once with EHOSTUNREACH, after one SYN: in SYN-SENT
 *   tcp_v4_err() ends the attempt, tcp_done_with_error();
 * - a server whose SYN-ACK expired deletes the request silently:
 *   tcp_req_err(). The client retransmits its SYN until its retries are used
 *   up. Over IPv6 the request stays, and the SYN-ACK is retransmitted, because
 *   there the error is not fatal, icmpv6_err_convert();
 * - an ESTABLISHED connection continues: the error is stored in sk_err_soft,
 *   where SO_ERROR reads it, and the retransmission timer runs. As soon as the
 *   TTL is large enough, the retransmission arrives.
 *
 * The TTL counts routers and nothing else. RFC 791 made it count seconds, too;
 * ip_forward() subtracts one from a segment that was in flight for any time.
 * So the TTL ensures no maximum lifetime, and nothing in the kernel assumes
 * that a route of 64 routers takes less than 30 s.
 */
#include "case.h"

enum { TTL = 4, ANSWER_TTL = 4, MS = 5, SLOW_MS = 600, BYTES = 100 };
enum { NAME = 24 };

static bool is_v6(struct run *run)
{
	return run_address(run, "client").family == AF_INET6;
}

static int routers(struct run *run)
{
	return (int)run_value(run);
}

/* The sysctl of IPv4 sets the hop limit of IPv6 as well. */
static int default_ttl(struct run *run, const char *host)
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

/* The host that is n cables away from the client. */
static const char *chain_host(struct run *run, int n, char text[NAME])
{
	if (n == 0)
		return "client";
	if (n > routers(run))
		return "server";
	snprintf(text, NAME, "router-%d", n);
	return text;
}

/* The TTL of the first such segment on the nth cable from the client, from 0.
 * 0: no such segment. */
static int ttl_on_cable(struct run *run, struct mark since, unsigned int kinds,
			int n)
{
	char near[NAME], far[NAME];
	const struct wire_capture *seen =
		frames_nth(run, since,
			   FRAMES(FROM(chain_host(run, n, near)),
				  TO(chain_host(run, n + 1, far)), KIND(kinds)),
			   1);

	return seen ? seen->frame.ttl : 0;
}

/* One less on every cable, down to 1 or to the server, and nothing behind. */
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
			    "no segment on the cables behind", "cable %d",
			    n + 1);
}

/* Only the router that dropped the segment sends ICMP. */
static void expect_time_exceeded(struct run *run, struct mark since, int router)
{
	char from[NAME], to[NAME];

	expect_frames(run, since,
		      "time exceeded, from the router that drops the segment",
		      FRAMES(FROM(chain_host(run, router, from)),
			     TO(chain_host(run, router - 1, to)),
			     TIME_EXCEEDED),
		      1);
	expect_frames(run, since, "time exceeded, at the client",
		      FRAMES(TO("client"), TIME_EXCEEDED), 1);
	if (is_v6(run))
		return;
	expect_counter(run, chain_host(run, router, from), "InHdrErrors", 1);
	expect_counter(run, chain_host(run, router, from), "OutTimeExcds", 1);
	expect_counter(run, "client", "InTimeExcds", 1);
}

/*
 * The path takes 5 ms, so that the ICMP error does not find the socket owned
 * by the connect() that sent the SYN: sock_owned_by_user().
 */
static void connect_through_chain(struct run *run)
{
	/* A round trip and no timer: the first retransmission comes after
	 * 1 s. */
	const struct range trip = { MSEC(2 * MS), SEC(1) };
	const int ttl = default_ttl(run, "client");
	const bool arrives = routers(run) < ttl;
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *sock;
	struct mark asked;
	struct finding got;

	path_delay(run, "client", MSEC(MS));
	run_note(run, "prediction: TTL %d, %d routers: the SYN %s", ttl,
		 routers(run), arrives ? R_("arrives") : R_("does not arrive"));
	asked = mark_now(run);
	sock = sock_post_connect(client, listener);
	got = sock_reap(sock, SEC(2));
	if (arrives)
		expect_success(&got);
	else
		expect_error(&got, EHOSTUNREACH);
	expect_took(asked, &got, trip);
	expect_frames(run, asked, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 1);
	expect_cables(run, asked, WIRE_SYN, ttl);
	expect_state(sock, arrives ? DIAG_ESTABLISHED : DIAG_CLOSE);
	if (!arrives)
		expect_time_exceeded(run, asked, ttl);
}

/* Over IPv4 each SYN makes a request, which ends with its SYN-ACK. */
static void expect_requests(struct run *run, struct sock *client,
			    struct mark asked)
{
	unsigned int syns = frames_count(
		run, asked, FRAMES(FROM("client"), KIND(WIRE_SYN)));
	unsigned int answers = frames_count(
		run, asked, FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)));

	if (is_v6(run)) {
		expect_that(run, answers >= syns,
			    "at least one SYN-ACK for each SYN",
			    "%u SYN-ACKs, %u SYNs", answers, syns);
		expect_state(sock_peer(client, "server"), DIAG_SYN_RECV);
		expect_counter(run, "server", "ListenDrops", 0);
		return;
	}
	expect_number(run, "syn_acks", answers, syns, syns);
	expect_state(sock_peer(client, "server"), DIAG_CLOSE);
	expect_counter(run, "server", "ListenDrops", syns);
	expect_counter(run, "server", "InTimeExcds", syns);
}

static void let_answer_expire(struct run *run)
{
	const struct prediction *end = forecast_connect(run, "client");
	const int ttl = default_ttl(run, "server");
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *sock;
	unsigned int messages;
	struct mark asked;
	struct finding got;
	char last[NAME];

	chain_host(run, routers(run) + 1 - ttl, last);
	asked = mark_now(run);
	sock = sock_post_connect(client, listener);
	frames_wait(run, asked, FRAMES(FROM("client"), KIND(WIRE_SYN)), 1,
		    soon);
	mark_done(run, &asked);
	got = sock_reap(sock, end->elapsed.max + SEC(1));
	expect_gives_up(&got, asked, end);
	expect_frames(run, asked, "SYN-ACKs at the client",
		      FRAMES(TO("client"), KIND(WIRE_SYN_ACK)), 0);
	messages = frames_count(run, asked, FRAMES(FROM(last), TIME_EXCEEDED));
	expect_that(run, messages > 0,
		    "the last router sends time exceeded to the server",
		    "%u from %s", messages, last);
	expect_frames(run, asked, "time exceeded, at the client",
		      FRAMES(TO("client"), TIME_EXCEEDED), 0);
	expect_requests(run, sock, asked);
}

static void set_ttl(struct run *run, struct sock *sock, int ttl)
{
	if (is_v6(run))
		sock_set(sock, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
	else
		sock_set(sock, IPPROTO_IP, IP_TTL, ttl);
}

/* As if the route became longer than the TTL allows, and shorter again. */
static void let_data_expire(struct run *run)
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
	expect_call_blocked(tcp.client);
	expect_pending_error(tcp.client, EHOSTUNREACH);

	set_ttl(run, tcp.client, -1);
	got = sock_reap(tcp.server, SEC(2));
	expect_data(&got, BYTES);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	expect_frames(run, sent, "data on the server's cable",
		      FRAMES(TO("server"), KIND(WIRE_DATA)), 1);
}

/* Both cables of router-2 delay what they carry. */
static void send_over_slow_path(struct run *run)
{
	const struct range trip = { MSEC(2 * SLOW_MS), MSEC(2 * SLOW_MS) };
	struct pair tcp = sock_pair(run);
	const int ttl = default_ttl(run, "client");
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
		let_answer_expire(run);
	else if (run_is_variant(run, "expires-later"))
		let_data_expire(run);
	else if (run_is_variant(run, "slow-path"))
		send_over_slow_path(run);
	else
		connect_through_chain(run);
}

#define SMALL_TTL SYSCTLS({ "client", "net.ipv4.ip_default_ttl", TTL })

static const struct world_plan chain_3 = WORLD_CHAIN(TTL - 1);
static const struct world_plan chain_4 = WORLD_CHAIN(TTL);
static const struct world_plan chain_5 = WORLD_CHAIN(TTL + 1);
static const struct world_plan chain_63 = WORLD_CHAIN(63);
static const struct world_plan chain_64 = WORLD_CHAIN(64);

CASE(ttl_expires) = {
	.name = "ttl-expires",
	.claim = "every router subtracts one from the TTL; the router that "
		 "receives 1 drops the segment, and connect() fails at once",
	.judgements = CLAIMS({ "C4", DOCUMENT_RIGHT,
			       "every router subtracts one, and drops the "
			       "segment instead of forwarding it with 0: "
			       "ip_forward()" }),
	.why = "ip_forward() answers what it does not forward with ICMP time "
	       "exceeded; tcp_v4_err() turns that into EHOSTUNREACH, which "
	       "ends a connect() and is only stored in a connection",
	.sources = "RFC 1812 5.3.1; RFC 791 3.2; net/ipv4/ip_forward.c:"
		   "ip_forward(); net/ipv6/ip6_output.c:ip6_forward(); "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_err(), tcp_req_err()",
	.steps = STEPS(
		"a chain of routers; the client's TTL is 4, or the kernel's "
		"default of 64",
		"the client calls connect(); the TTL is read on every cable",
		"in three variants: the server's TTL is too small for its "
		"SYN-ACK; the TTL of a connection becomes too small, and large "
		"again; the path takes 1.2 s"),
	.expect = "one less on each cable: a TTL of n passes n - 1 routers. "
		  "With n routers or more the nth sends ICMP, and connect() "
		  "fails with EHOSTUNREACH after a round trip and one SYN. A "
		  "lost SYN-ACK: ETIMEDOUT. A connection: only SO_ERROR, and "
		  "the next retransmission arrives",
	.shows = SHOWS("outcome", "cables_passed", "elapsed_s"),
	.world = &chain_4,
	.variants = VARIANTS(
		{ "routers=3",
		  "the client's TTL is 4, with three routers on the path: the "
		  "SYN arrives at the server with a TTL of 1",
		  .settings = SMALL_TTL, .value = 3, .world = &chain_3 },
		{ "routers=4",
		  "the client's TTL is 4, with four routers on the path: the "
		  "fourth one drops the SYN",
		  .settings = SMALL_TTL, .value = 4 },
		{ "routers=5",
		  "the client's TTL is 4, with five routers on the path: the "
		  "fourth one drops the SYN, and the fifth one receives "
		  "nothing",
		  .settings = SMALL_TTL, .value = 5, .world = &chain_5 },
		{ "routers=63",
		  "the client's TTL is the default of 64, with 63 routers on "
		  "the path: the SYN arrives at the server with a TTL of 1",
		  .value = 63, .world = &chain_63 },
		{ "routers=64",
		  "the client's TTL is the default of 64, with 64 routers on "
		  "the path: the 64th one drops the SYN",
		  .value = 64, .world = &chain_64,
		  .judgements = CLAIMS(
			  { "C4", DOCUMENT_WRONG,
			    "a TTL of 64 passes 63 routers: ip_forward() drops "
			    "what arrives with 1, so the 64th does not forward "
			    "it" }) },
		{ "answer-expires",
		  "the server's TTL is 4, with four routers on the path: its "
		  "SYN-ACKs are dropped, and connect() ends with ETIMEDOUT "
		  "after tcp_syn_retries of 1",
		  .value = 4, .duration = SEC(3),
		  .settings = SYSCTLS(
			  { "server", "net.ipv4.ip_default_ttl", ANSWER_TTL },
			  { "client", "net.ipv4.tcp_syn_retries", 1 }) },
		{ "expires-later",
		  "the TTL of an ESTABLISHED connection becomes 4, with four "
		  "routers on the path, and then the default again: the error "
		  "is only stored, and the retransmission arrives",
		  .value = 4, .duration = MSEC(300) },
		{ "slow-path",
		  "three routers on the path, one of which delays by 1.2 s: "
		  "the segment loses one from its TTL there, however long it "
		  "is in flight",
		  .value = 3, .world = &chain_3, .duration = MSEC(2 * SLOW_MS),
		  .judgements = CLAIMS(
			  { "C4", DOCUMENT_WRONG,
			    "it ensures no MSL: ip_forward() subtracts one, "
			    "however long the segment has been in flight" },
			  { "C23", DOCUMENT_WRONG,
			    "Linux assumes nothing of the kind: "
			    "TCP_TIMEWAIT_LEN is a constant, and no code "
			    "relates it to a TTL or to routers; here three of "
			    "them take 1.2 s" }) }),
	.changes = CHANGES(CHANGE_SYN_LINEAR),
	.duration = MSEC(2 * MS),
	.no_fault = true,
	.script = script,
};
