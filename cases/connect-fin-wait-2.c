/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FIN-WAIT-2 of an orphan is a timewait socket, like TIME-WAIT, but its
 * connection is not over: the peer is in CLOSE-WAIT and may send for as long as
 * it likes. connect() with tcp_tw_reuse must not take its port, or the SYN
 * makes the peer's end its victim (a challenge ACK, and the RST in reply):
 * tcp_twsk_unique() checks tw_substate since 0d9e5df4a257.
 *
 * The check concerns connect() that chooses the port. A program that binds the
 * port itself takes the socket over at any time, with or without tcp_tw_reuse,
 * and resets the peer.
 */
#include "case.h"

enum { REUSE_DELAY_MS = 100 };

static const struct change changes[] = {
	{ KERNEL_VERSION(6, 12, 0), "0d9e5df4a257",
	  "connect() does not take over a socket in FIN-WAIT-2", .stable = true,
	  .present = { KERNEL_VERSION(6, 1, 115) },
	  .absent = { KERNEL_VERSION(5, 10, 223) } },
	{ .what = NULL },
};

/* The connection that the client closes; the range has the entry into
 * FIN-WAIT-2 or TIME-WAIT in it. */
static struct range close_client(struct pair *tcp, bool both)
{
	struct range entered = { .min = nsec_now() };

	if (both)
		return sock_close_both(tcp->client, tcp->server);
	sock_close(tcp->client);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	entered.max = nsec_now();
	return entered;
}

static void wait_until_reusable(struct run *run, struct range entered)
{
	static const char delay[] = "net.ipv4.tcp_tw_reuse_delay";

	if (kernel_has_sysctl(delay))
		run_set_sysctl(run, "client", delay, REUSE_DELAY_MS);
	run_pass_until_time(run, forecast_tw_reuse(run, "client", entered).max);
}

static struct finding connect_again(struct pair *tcp, bool bound)
{
	struct sock *sock = sock_open(tcp->client_probe);

	if (bound) {
		sock_set(sock, SOL_SOCKET, SO_REUSEADDR, 1);
		sock_bind(sock, sock_local_port(tcp->client));
	}
	sock_start_connect(sock, tcp->listener);
	return sock_reap(sock, soon);
}

static void script(struct run *run)
{
	bool time_wait = run_is_variant(run, "time-wait");
	bool bound = run_is_variant(run, "bound");
	struct pair tcp = sock_pair(run);
	bool taken = time_wait || bound || !run_has_change(run, changes);
	bool reset = taken && !time_wait;
	struct finding got;
	struct mark asked;

	wait_until_reusable(run, close_client(&tcp, time_wait));
	asked = mark_now(run);
	got = connect_again(&tcp, bound);
	if (taken)
		expect_success(&got);
	else
		expect_error(&got, EADDRNOTAVAIL);
	/* The old connection answers the first SYN, and is reset: the second is
	 * sent after TCP_TIMEOUT_MIN, as in nat-same-port-time-wait. */
	expect_took(asked, &got,
		    reset ? predict_timer(predict_nsec(2, nsec_hz()),
					  nsec_hz()) :
			    at_once);
	expect_counter(run, "client", "TWRecycled", taken);
	expect_frames(run, asked, "RSTs",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), reset);
	/* tcp_reset() in CLOSE-WAIT. A new connection has the same addresses. */
	if (reset)
		expect_pending_error(tcp.server, EPIPE);
	else if (!time_wait)
		expect_state(tcp.server, DIAG_CLOSE_WAIT);
	if (!taken)
		expect_frames(run, asked, "SYNs", FRAMES(KIND(WIRE_SYN)), 0);
}

CASE(connect_fin_wait_2) = {
	.name = "connect-fin-wait-2",
	.claim = "connect() with tcp_tw_reuse does not take the port of a "
		 "socket in FIN-WAIT-2; a program that binds it does, and "
		 "resets the peer",
	.topic = TOPIC_PORTS,
	.why = "in FIN-WAIT-2 the peer may still send; in TIME-WAIT it is gone",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(); "
		   "net/ipv4/inet_hashtables.c:__inet_check_established()",
	.steps = STEPS("the client has one port; it closes a connection, the "
		       "server does not (time-wait: it does)",
		       "tcp_tw_reuse_delay passes (before 6.14: a second)",
		       "the client connects to the same server again; bound: "
		       "from a socket bound to the port"),
	.expect = "fin-wait-2: EADDRNOTAVAIL, and the server's end stays in "
		  "CLOSE-WAIT (before 0d9e5df4a257: as bound); time-wait: "
		  "connected; bound: connected, after a RST that ends the "
		  "server's old connection",
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client"),
			    { "client", "net.ipv4.tcp_tw_reuse", 1 },
			    { NULL, "net.ipv4.tcp_timestamps", 1 }),
	.variants = VARIANTS(
		{ "fin-wait-2",
		  "only the client has closed, so that its end is in "
		  "FIN-WAIT-2: connect() fails with EADDRNOTAVAIL, and before "
		  "0d9e5df4a257 takes the port" },
		{ "time-wait",
		  "the server has closed too, so that the client's end is in "
		  "TIME-WAIT: connect() takes the port, which is the control" },
		{ "bound",
		  "the client's end is in FIN-WAIT-2, and the new socket is "
		  "bound to its port: connect() takes the port on every kernel "
		  "and resets the server's end" }),
	.changes = changes,
	.duration = MSEC(1000),
	.no_fault = true,
	.script = script,
};
