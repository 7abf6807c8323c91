/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server process dies; its host lives. The kernel closes the process'
 * files (do_exit(), exit_files()), and __tcp_close() sends a FIN as for any
 * close(). (Exceptions: server-process-crash-no-fin.)
 *
 * Without the process only this half is closed. The other half is the client's
 * close(). Until then the server's end is an orphan in FIN-WAIT-2
 * (tcp_time_wait() replaces it by a small socket for tcp_fin_timeout), and the
 * client stays in CLOSE-WAIT as long as its program likes.
 *
 * The client's kernel delays the ACK of the FIN, so that its own FIN can carry
 * it (tcp_fin() enters pingpong mode): for 40 ms, TCP_ATO_MIN, or for a jiffy
 * where the client has never received data (icsk_ack.ato is 0 until
 * tcp_event_data_recv()). So a client that closes at once makes a close of
 * three segments, not four.
 *
 * A client that writes to the orphan gets a RST: tcp_timewait_state_process().
 * In CLOSE-WAIT the error is EPIPE and not ECONNRESET (tcp_reset()). recv()
 * does not report it and returns EOF as before: tcp_fin() has set SOCK_DONE,
 * which tcp_recvmsg_locked() checks before the error.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BYTES = 100, CLIENT_STAYS = 1 };

static void close_at_once(struct run *run, struct pair *tcp)
{
	struct mark killed;
	struct finding got;
	bool acked;

	sock_deliver(tcp->server, tcp->client, BYTES);
	sock_post_recv(tcp->client);
	killed = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, soon);
	if (!expect_eof(&got))
		return;
	/* On a slow machine the delayed ACK goes out before the close(): then
	 * there are four segments all the same. */
	acked = frames_count(run, killed,
			     FRAMES(FROM("client"), KIND(WIRE_PURE_ACK)));
	sock_close(tcp->client);
	expect_state_within(tcp->server, DIAG_TIME_WAIT, soon);
	expect_exchange(run, killed, "three segments",
			acked ? "server F. 101:101(0) ack 1, "
				"client . 1:1(0) ack 102, "
				"client F. 1:1(0) ack 102, "
				"server . 102:102(0) ack 2" :
				"server F. 101:101(0) ack 1, "
				"client F. 1:1(0) ack 102, "
				"server . 102:102(0) ack 2");
}

/* Half a close without the client's program, and the other half with it. */
static void expect_two_halves(struct run *run, struct pair *tcp,
			      struct mark ended)
{
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
	expect_exchange(run, ended, "half of the close",
			"server F. 1:1(0) ack 1, client . 1:1(0) ack 2");
	sock_close(tcp->client);
	expect_state_within(tcp->server, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
	expect_exchange(run, ended, "four segments",
			"server F. 1:1(0) ack 1, client . 1:1(0) ack 2, "
			"client F. 1:1(0) ack 2, server . 2:2(0) ack 2");
}

/* The control, a process that exits, looks the same from outside. */
static void kill_and_compare_with_exit(struct run *run, struct pair *tcp)
{
	struct mark killed, exited;
	struct finding got;
	struct pair other;

	sock_post_recv(tcp->client);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	killed = mark_now(run);
	if (run_is_variant(run, "segfault"))
		fault_segfault(tcp->server_probe);
	else
		fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, soon);
	expect_eof(&got);
	expect_took(killed, &got, at_once);
	expect_two_halves(run, tcp, killed);
	expect_counter(run, "client", "TCPKeepAlive", 0);

	other = sock_pair(run);
	exited = mark_now(run);
	probe_exit(other.server_probe);
	expect_two_halves(run, &other, exited);
}

/* tcp_fin_time(): a very large RTO would replace the sysctl. */
static struct range forecast_fin_wait2(struct run *run, struct sock *server)
{
	struct predict_tcp now = forecast_inputs(server);
	nsec_t sysctl =
		SEC(run_sysctl(run, "server", "net.ipv4.tcp_fin_timeout"));
	struct range range =
		predict_timer(MAX(sysctl, now.rto * 7 / 2), now.hz);

	run_predicted(run, "fin_wait2_s", nsec_seconds(range.min));
	return range;
}

/* The orphan ends by itself where the client idles; the client writes to it, or
 * to nothing. */
static void write_to_orphan(struct run *run, struct pair *tcp)
{
	struct range fin_wait2 = forecast_fin_wait2(run, tcp->server);
	struct mark killed, sent;
	struct finding got;

	killed = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_recv(tcp->client, soon);
	if (!expect_eof(&got))
		return;
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, soon);
	if (run_is_variant(run, "client-idles")) {
		expect_timer(tcp->server, DIAG_TIMER_TIME_WAIT);
		run_measured(run, "fin_wait2_s",
			     nsec_seconds(expect_lifetime(tcp->server,
							  DIAG_FIN_WAIT2,
							  killed, fin_wait2)));
		expect_state(tcp->client, DIAG_CLOSE_WAIT);
	}

	sent = mark_now(run);
	got = sock_send(tcp->client, BYTES);
	expect_that(run, got.value == BYTES, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
	expect_exchange(run, sent, "data to the orphan is answered with a RST",
			"client P. 1:101(100) ack 2, server R 2:2(0)");
	expect_state(tcp->server, DIAG_CLOSE);
	got = sock_recv(tcp->client, soon);
	expect_eof(&got);
	got = sock_send(tcp->client, BYTES);
	expect_error(&got, EPIPE);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);

	if (run_is_variant(run, "client-closes-at-once"))
		close_at_once(run, &tcp);
	else if (run_value(run) == CLIENT_STAYS)
		write_to_orphan(run, &tcp);
	else
		kill_and_compare_with_exit(run, &tcp);
}

CASE(server_process_crash) = {
	.name = "server-process-crash",
	.claim = "server process dies: its kernel sends a FIN at once and "
		 "closes its half of the connection without any process",
	.judgements =
		CLAIMS({ "A1", DOCUMENT_CONDITIONAL,
			 "the client's program must close too: its kernel "
			 "stays in CLOSE-WAIT until then, tcp_fin()" }),
	.why = "exit_files() closes the sockets as close() does, and "
	       "__tcp_close() decides what is sent; the client's half depends "
	       "on the client's program",
	.sources = "RFC 9293 3.6; net/ipv4/tcp.c:__tcp_close(); net/ipv4/"
		   "tcp_input.c:tcp_fin(); net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process()",
	.steps = STEPS("a connection, idle, keepalive off",
		       "the server process dies (SIGKILL, SIGSEGV)",
		       "the client closes at once, or later; or it idles, and "
		       "then writes"),
	.expect = "FIN and ACK; the other FIN and ACK only when the client "
		  "closes (three segments in all when it closes at once); "
		  "until then FIN-WAIT-2 for tcp_fin_timeout and CLOSE-WAIT "
		  "without end; a RST and EPIPE when it writes; the same after "
		  "exit()",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "killed", "SIGKILL ends the process, and the client closes "
			    "later: half of the close at once, the other half "
			    "when the client closes" },
		{ "segfault", "SIGSEGV ends the process, and the client closes "
			      "later: the same segments and states as after "
			      "SIGKILL and after exit()" },
		{ "client-closes-at-once",
		  "SIGKILL ends the process, and the client closes as soon as "
		  "it reads EOF: its FIN carries the ACK, and the close takes "
		  "three segments",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "four segments only when the client closes later "
			    "than the delayed ACK; at once, its FIN carries "
			    "the ACK: tcp_fin() enters pingpong mode" }) },
		{ "client-idles",
		  "SIGKILL ends the process, and the client idles until the "
		  "orphan is deleted after tcp_fin_timeout, 2 s: it stays in "
		  "CLOSE-WAIT, and its data is then answered with RST",
		  .value = CLIENT_STAYS, .duration = SEC(FIN_TIMEOUT) },
		{ "client-writes",
		  "SIGKILL ends the process, and the client sends while the "
		  "orphan is in FIN-WAIT-2: its data is answered with RST",
		  .value = CLIENT_STAYS }),
	.duration = MSEC(10),
	.script = script,
};
