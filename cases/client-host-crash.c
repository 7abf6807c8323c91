/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server loses two clients at the same moment: the host of one crashes, the
 * cable of client-b is unplugged. Neither sends anything. Without data and
 * without SO_KEEPALIVE neither connection has a timer (tcp_rearm_rto(),
 * tcp_set_keepalive()), so both stay ESTABLISHED, and TCP_INFO stays the same.
 *
 * The difference shows when the server sends: a cable that is plugged in again
 * lets the next retransmission through; a rebooted host has no connection and
 * answers with RST (tcp_v4_send_reset()). The reboot alone sends nothing to the
 * server's TCP.
 *
 * The rebooted client can also end the server's connection itself, without a
 * restart of the server, by connecting from the same port again. Its SYN
 * reaches an ESTABLISHED socket, which answers with an ACK of the old
 * connection (RFC 5961 4.2, tcp_validate_incoming(); PAWS does the same if the
 * timestamp is older). The client answers with a RST whose sequence number is
 * exactly that ACK's acknowledgement number (tcp_rcv_synsent_state_process()),
 * and tcp_reset() ends the old connection. The next SYN is accepted: two
 * jiffies later since 5.6 (TCP_TIMEOUT_MIN), before that after the first RTO.
 */
#include "case.h"

/* IDLE is longer than keepalive would need; ANSWER_MS is longer than a delayed
 * ACK (40 ms) and shorter than the first RTO. */
enum { IDLE = 3, KEEPALIVE = 1, ANSWER_MS = 100, BACKLOG = 16 };

struct ends {
	struct sock *listener, *client;
	struct sock *to_client, *to_client_b; /* the server's ends */
};

static struct ends connect_both(struct run *run)
{
	struct ends ends;
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);

	ends.listener = listener;
	ends.client = sock_connect(probe_start(run, "client"), listener);
	ends.to_client = sock_accept(listener);
	sock_connect(probe_start(run, "client-b"), listener);
	ends.to_client_b = sock_accept(listener);
	sock_post_recv(ends.to_client);
	sock_post_recv(ends.to_client_b);
	return ends;
}

/* TCP_INFO without the ages, which grow in any case. */
static struct tcp_info info_without_ages(struct sock *sock)
{
	struct diag_socket seen;

	sock_look(sock, &seen);
	seen.info.tcpi_last_data_sent = seen.info.tcpi_last_ack_sent = 0;
	seen.info.tcpi_last_data_recv = seen.info.tcpi_last_ack_recv = 0;
	return seen.info;
}

/* Byte by byte: tcp_get_info() clears the struct first, padding included. */
static bool is_same(const struct tcp_info *a, const struct tcp_info *b)
{
	const unsigned char *x = (const void *)a, *y = (const void *)b;
	size_t at = 0;

	while (at < sizeof(*a) && x[at] == y[at])
		at++;
	return at == sizeof(*a);
}

static void expect_unchanged(struct run *run, struct sock *sock,
			     const struct tcp_info *before, const char *what)
{
	struct tcp_info now = info_without_ages(sock);

	expect_call_blocked(sock);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	expect_that(run, is_same(before, &now), what,
		    "%u segments out, %u in, RTO %u µs", now.tcpi_segs_out,
		    now.tcpi_segs_in, now.tcpi_rto);
}

static void lose_both(struct run *run, struct ends *ends)
{
	struct tcp_info crashed = info_without_ages(ends->to_client);
	struct tcp_info unplugged = info_without_ages(ends->to_client_b);
	struct mark lost = mark_now(run);

	fault_crash(run, "client");
	fault_unplug(run, "client-b");
	expect_state(ends->client, DIAG_CLOSE);
	run_pass(run, SEC(IDLE));
	expect_unchanged(run, ends->to_client, &crashed,
			 "TCP_INFO is the same as before the crash");
	expect_unchanged(run, ends->to_client_b, &unplugged,
			 "TCP_INFO is the same as before the unplugging");
	expect_frames(run, lost, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

/* The server sends a byte and receives no answer. */
static bool send_in_vain(struct run *run, struct sock *end, const char *peer)
{
	struct mark sent = mark_now(run);

	sock_send(end, 1);
	run_pass(run, MSEC(ANSWER_MS));
	expect_timer(end, DIAG_TIMER_RETRANSMIT);
	expect_state(end, DIAG_ESTABLISHED);
	return expect_frames(run, sent, "answers",
			     FRAMES(.from = peer, KIND(WIRE_TCP)), 0);
}

static void restore_both(struct run *run, struct ends *ends)
{
	const struct prediction *forecast = forecast_give_up(ends->to_client);
	/* The next retransmission may be lost while the host boots or the
	 * carrier comes back; the one after it arrives. */
	nsec_t two_rounds = forecast->rounds[2].at.max;
	struct finding got;

	if (!send_in_vain(run, ends->to_client, "client") ||
	    !send_in_vain(run, ends->to_client_b, "client-b"))
		return;
	fault_plug(run, "client-b");
	fault_reboot(run, "client");
	got = sock_reap(ends->to_client, two_rounds + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_state(ends->to_client, DIAG_CLOSE);
	run_pass_until(run, (struct mark){ .at = got.returned }, two_rounds);
	expect_state(ends->to_client_b, DIAG_ESTABLISHED);
	expect_timer(ends->to_client_b, DIAG_TIMER_NONE);
}

/* The rebooted host sends nothing. */
static void reboot_client(struct run *run, struct ends *ends)
{
	struct tcp_info before = info_without_ages(ends->to_client);
	struct mark died = mark_now(run);

	fault_reboot(run, "client");
	expect_state(ends->client, DIAG_CLOSE);
	run_pass(run, SEC(IDLE));
	expect_unchanged(run, ends->to_client, &before,
			 "TCP_INFO is the same as before the reboot");
	expect_frames(run, died, "segments", FRAMES(KIND(WIRE_TCP)), 0);
}

/* The rebooted host connects from the port of the old connection. */
static void reconnect_from_old_port(struct run *run, struct ends *ends)
{
	struct range first_rto = predict_timer(SEC(1), nsec_hz());
	struct finding bound, got, connected;
	struct mark connecting;
	struct sock *client;
	int64_t syn_challenges, paws_drops;

	fault_reboot(run, "client");
	run_pass(run, MSEC(ANSWER_MS));
	expect_state(ends->to_client, DIAG_ESTABLISHED);
	client = sock_open(probe_start(run, "client"));
	bound = sock_bind(client, sock_local_port(ends->client));
	expect_that(run, !bound.error,
		    "the old port is free on the rebooted host", "%s",
		    finding_outcome(&bound));
	connecting = mark_now(run);
	sock_start_connect(client, ends->listener);
	got = sock_reap(ends->to_client, soon);
	expect_error(&got, ECONNRESET);
	expect_took(connecting, &got, at_once);
	connected = sock_reap(client, first_rto.max + SEC(1));
	expect_success(&connected);
	expect_frames(run, connecting, "ACKs of the old connection",
		      FRAMES(FROM("server"), TO("client"), KIND(WIRE_PURE_ACK)),
		      1);
	expect_frames(run, connecting, "RSTs in reply to that ACK",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, connecting, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 2);
	syn_challenges = counter_change(run, "server", "TCPSYNChallenge");
	paws_drops = counter_change(run, "server", "PAWSEstab");
	expect_that(run, syn_challenges + paws_drops == 1,
		    "the old connection answers the first SYN",
		    "TCPSYNChallenge +%ld, PAWSEstab +%ld",
		    (long)syn_challenges, (long)paws_drops);
	expect_state(sock_accept(ends->listener), DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct ends ends = connect_both(run);

	if (run_is_variant(run, "reboots")) {
		reboot_client(run, &ends);
	} else if (run_is_variant(run, "same-port-again")) {
		reconnect_from_old_port(run, &ends);
	} else {
		lose_both(run, &ends);
		restore_both(run, &ends);
	}
	expect_counter(run, "server", "TCPKeepAlive", 0);
}

CASE(client_host_crash) = {
	.name = "client-host-crash",
	.claim = "client host crashes, no data, no keepalive: the server's end "
		 "stays ESTABLISHED, as with an unplugged cable",
	.judgements = CLAIMS({ "D11", DOCUMENT_RIGHT,
			       "neither a crashed host nor an unplugged cable "
			       "sends anything, and no timer runs: both "
			       "connections stay ESTABLISHED, and "
			       "tcp_get_info() reports the same as before" }),
	.why = "only a timer or a segment changes an idle connection, and the "
	       "server has neither, whatever happened to its client",
	.sources = "RFC 9293 3.5.1; RFC 5961 4.2; "
		   "net/ipv4/tcp_input.c:tcp_validate_incoming(), "
		   "tcp_rcv_synsent_state_process(); "
		   "net/ipv4/tcp_timer.c:tcp_set_keepalive()",
	.steps = STEPS("two clients connect and are idle; the server blocks in "
		       "recv() on both connections",
		       "client's host crashes, client-b's cable is unplugged; "
		       "idle for 3 s",
		       "the server sends a byte to each, and nobody answers; "
		       "then the cable is plugged in and the host boots",
		       "other variants: the host reboots and sends nothing; or "
		       "it reboots and connects from its old port"),
	.expect = "both ends ESTABLISHED without a timer, TCP_INFO unchanged, "
		  "no segment; then ECONNRESET from the rebooted host, and an "
		  "ACK through the cable; reboot alone: nothing changes; old "
		  "port: ECONNRESET for the old connection, and a new one",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_two_clients,
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS(NULL, KEEPALIVE, KEEPALIVE, 1)),
	.variants = VARIANTS(
		{ "idle",
		  "the host of client crashes and the cable of client-b is "
		  "unplugged: the server's two connections look the same for 3 "
		  "s, and differ only when the server sends" },
		{ "reboots",
		  "the client's host reboots, and nobody sends: the server's "
		  "connection stays as it is",
		  .duration = SEC(IDLE) },
		{ "same-port-again",
		  "the client's host reboots and connects from its old port: "
		  "its RST in reply to the server's challenge ACK ends the old "
		  "connection, and the next SYN creates a new one",
		  .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "D11", DOCUMENT_CONDITIONAL,
			    "no restart of the server is needed: the rebooted "
			    "client ends the connection when it connects from "
			    "the old port, with the RST that answers the "
			    "challenge ACK of tcp_validate_incoming()" }) }),
	.duration = SEC(IDLE) + MSEC(2500),
	.script = script,
};
