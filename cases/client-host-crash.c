/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two clients are lost to the server at the same moment: client's machine dies,
 * client-b's cable is pulled. To the server both are silence, and silence
 * changes nothing: without data, and without SO_KEEPALIVE, neither connection
 * has a timer (tcp_rearm_rto(), tcp_set_keepalive()), and both stay
 * ESTABLISHED. Not only the state: all that TCP_INFO tells is what it was.
 *
 * What makes a difference is who is there once the server has something to say.
 * A cable that is back lets the next copy through. A machine that is back knows
 * no connection, and answers with RST (tcp_v4_send_reset()). The machine's
 * coming back alone is no news: it says nothing of itself to the server's TCP.
 *
 * The server's end can also be ended by the new machine, without any restart of
 * the server: when it connects again and has the old port by chance (or by
 * bind()). Its SYN meets an ESTABLISHED socket, and is answered with an ACK of
 * the old connection (RFC 5961 4.2, tcp_validate_incoming(); also when its time
 * stamp is too old). To that the client says RST with just the number that
 * the ACK asked for (tcp_rcv_synsent_state_process()), which is exact, and
 * tcp_reset() ends the old connection. The SYN comes again, and is accepted:
 * two jiffies later since 5.6 (TCP_TIMEOUT_MIN), before that after the first
 * RTO.
 */
#include "case.h"

/* IDLE is longer than keepalive would need; ANSWER is longer than a delayed ACK
 * (40 ms), and shorter than the first RTO. */
enum { IDLE = 3, KEEPALIVE = 1, ANSWER_MS = 100, BACKLOG = 16 };

static const nsec_t soon = MSEC(500);

static const struct world_plan two_clients = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "client-b", "10.0.0.3", "fd00::3" } },
};

/* The server's end of each. */
struct ends {
	struct sock *listener, *client;
	struct sock *of_dead, *of_unplugged;
};

static struct ends connect_both(struct run *run)
{
	struct ends ends;
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);

	ends.listener = listener;
	ends.client = sock_connect(probe_start(run, "client"), listener);
	ends.of_dead = sock_accept(listener);
	sock_connect(probe_start(run, "client-b"), listener);
	ends.of_unplugged = sock_accept(listener);
	sock_post_recv(ends.of_dead);
	sock_post_recv(ends.of_unplugged);
	return ends;
}

/* The time since this or that goes on in any case. */
static struct tcp_info without_ages(struct sock *sock)
{
	struct diag_socket seen;

	sock_look(sock, &seen);
	seen.info.tcpi_last_data_sent = seen.info.tcpi_last_ack_sent = 0;
	seen.info.tcpi_last_data_recv = seen.info.tcpi_last_ack_recv = 0;
	return seen.info;
}

static bool is_same(const struct tcp_info *a, const struct tcp_info *b)
{
	const unsigned char *x = (const void *)a, *y = (const void *)b;
	size_t at = 0;

	while (at < sizeof(*a) && x[at] == y[at])
		at++;
	return at == sizeof(*a);
}

static void expect_unmoved(struct run *run, struct sock *sock,
			   const struct tcp_info *before, const char *what)
{
	struct tcp_info now = without_ages(sock);
	struct finding waiting = sock_reap(sock, 0);

	expect_open(&waiting);
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
	expect_that(run, is_same(before, &now), what,
		    "%u segments out, %u in, RTO %u us", now.tcpi_segs_out,
		    now.tcpi_segs_in, now.tcpi_rto);
}

static void both_are_silent(struct run *run, struct ends *ends)
{
	struct tcp_info dead = without_ages(ends->of_dead);
	struct tcp_info unplugged = without_ages(ends->of_unplugged);
	struct mark lost = mark_now(run);

	fault_crash(run, "client");
	fault_unplug(run, "client-b");
	expect_state(ends->client, DIAG_CLOSE);
	run_pass(run, SEC(IDLE));
	expect_unmoved(run, ends->of_dead, &dead,
		       "TCP_INFO as before the machine died");
	expect_unmoved(run, ends->of_unplugged, &unplugged,
		       "TCP_INFO as before the cable was pulled");
	expect_frames(run, lost, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

static bool waits_in_vain(struct run *run, struct sock *end, const char *peer)
{
	struct mark sent = mark_now(run);

	sock_send(end, 1);
	run_pass(run, MSEC(ANSWER_MS));
	expect_timer(end, DIAG_TIMER_RETRANSMIT);
	expect_state(end, DIAG_ESTABLISHED);
	return expect_frames(run, sent, "answers",
			     FRAMES(.from = peer, KIND(WIRE_TCP)), 0);
}

/* The next copy, or the one after it: whatever came while the machine booted
 * or the carrier came back is lost. */
static nsec_t two_rounds(const struct prediction *forecast)
{
	return forecast->rounds[2].at.max;
}

/* The two part where there is somebody to answer. */
static void both_come_back(struct run *run, struct ends *ends)
{
	const struct prediction *forecast = forecast_give_up(ends->of_dead);
	struct finding got;

	if (!waits_in_vain(run, ends->of_dead, "client") ||
	    !waits_in_vain(run, ends->of_unplugged, "client-b"))
		return;
	fault_plug(run, "client-b");
	fault_reboot(run, "client");
	got = sock_reap(ends->of_dead, two_rounds(forecast) + SEC(1));
	expect_error(&got, ECONNRESET);
	expect_state(ends->of_dead, DIAG_CLOSE);
	run_pass_until(run, (struct mark){ .at = got.returned },
		       two_rounds(forecast));
	expect_state(ends->of_unplugged, DIAG_ESTABLISHED);
	expect_timer(ends->of_unplugged, DIAG_TIMER_NONE);
}

/* It boots, and is silent: that is no news to the server. */
static void reboots(struct run *run, struct ends *ends)
{
	struct tcp_info before = without_ages(ends->of_dead);
	struct mark died = mark_now(run);

	fault_reboot(run, "client");
	expect_state(ends->client, DIAG_CLOSE);
	run_pass(run, SEC(IDLE));
	expect_unmoved(run, ends->of_dead, &before,
		       "TCP_INFO as before the reboot");
	expect_frames(run, died, "segments", FRAMES(KIND(WIRE_TCP)), 0);
}

static struct sock *bind_again(struct run *run, uint16_t port)
{
	struct sock *again = sock_open(probe_start(run, "client"));
	struct finding bound = sock_bind(again, port);

	expect_that(run, !bound.error,
		    "the old port is free on the new machine", "%s",
		    finding_outcome(&bound));
	return again;
}

static void has_the_old_port(struct run *run, struct ends *ends)
{
	struct range first_rto = predict_timer(SEC(1), nsec_hz());
	struct finding got, connected;
	struct sock *again;
	struct mark dialled;

	fault_reboot(run, "client");
	run_pass(run, MSEC(ANSWER_MS));
	expect_state(ends->of_dead, DIAG_ESTABLISHED);
	again = bind_again(run, sock_local_port(ends->client));
	dialled = mark_now(run);
	sock_start_connect(again, ends->listener);
	got = sock_reap(ends->of_dead, soon);
	expect_error(&got, ECONNRESET);
	expect_took(dialled, &got, at_once);
	connected = sock_reap(again, first_rto.max + SEC(1));
	expect_success(&connected);
	expect_frames(run, dialled, "an ACK of the old connection",
		      FRAMES(FROM("server"), TO("client"), KIND(WIRE_PURE_ACK)),
		      1);
	expect_frames(run, dialled, "RST, by the number in it",
		      FRAMES(FROM("client"), KIND(WIRE_RST)), 1);
	expect_frames(run, dialled, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 2);
	expect_that(
		run,
		counter_change(run, "server", "TCPSYNChallenge") +
				counter_change(run, "server", "PAWSEstab") ==
			1,
		"the first SYN was one for the old connection",
		"TCPSYNChallenge +%ld, PAWSEstab +%ld",
		(long)counter_change(run, "server", "TCPSYNChallenge"),
		(long)counter_change(run, "server", "PAWSEstab"));
	expect_state(sock_accept(ends->listener), DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct ends ends = connect_both(run);

	if (run_is_variant(run, "reboots")) {
		reboots(run, &ends);
	} else if (run_is_variant(run, "same-port-again")) {
		has_the_old_port(run, &ends);
	} else {
		both_are_silent(run, &ends);
		both_come_back(run, &ends);
	}
	expect_counter(run, "server", "TCPKeepAlive", 0);
}

CASE(client_host_crash) = {
	.name = "client-host-crash",
	.claim = "client host crashes, no data, no keepalive: the server's end "
		 "stays ESTABLISHED, as with a pulled cable",
	.judgements = CLAIMS(
		{ "D11", DOCUMENT_RIGHT,
		  "neither a dead host nor a pulled cable says anything, and "
		  "no timer asks: both connections stay ESTABLISHED, and all "
		  "of tcp_get_info() stays as it was" }),
	.why = "only a timer or a segment changes an idle connection, and a "
	       "server has neither, whatever became of its client",
	.sources = "RFC 9293 3.5.1; RFC 5961 4.2; net/ipv4/tcp_input.c:"
		   "tcp_validate_incoming(), tcp_rcv_synsent_state_process(); "
		   "net/ipv4/tcp_timer.c:tcp_set_keepalive()",
	.steps = STEPS("two clients connect, and idle; the server waits in "
		       "recv() on both",
		       "client's machine dies, client-b's cable is pulled; "
		       "idle for 3 s",
		       "the server sends a byte to each, in vain; then the "
		       "cable is plugged in and the machine boots",
		       "or: the machine boots, and is silent; or connects "
		       "again from its old port"),
	.expect =
		"both ends ESTABLISHED without a timer, TCP_INFO unmoved, not "
		"one segment; then ECONNRESET from the machine that forgot, "
		"and an ACK through the cable; nothing from a boot alone; "
		"ECONNRESET and a new connection for the old port",
	.world = &two_clients,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", KEEPALIVE },
			    { NULL, "net.ipv4.tcp_keepalive_intvl", KEEPALIVE },
			    { NULL, "net.ipv4.tcp_keepalive_probes", 1 }),
	.variants = VARIANTS(
		{ "idle" }, { "reboots", .duration = SEC(IDLE) },
		{ "same-port-again", .duration = SEC(1),
		  .judgements = CLAIMS(
			  { "D11", DOCUMENT_CONDITIONAL,
			    "a restart of the server is not needed: the "
			    "client's new machine ends it when it connects "
			    "from the old port, by the RST that answers "
			    "the challenge ACK of "
			    "tcp_validate_incoming()" }) }),
	.duration = SEC(IDLE) + MSEC(2500),
	.script = script,
};
