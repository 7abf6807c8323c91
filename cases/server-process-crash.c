/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's process dies; its machine lives. The kernel closes the dead
 * process' files (do_exit(), exit_files()), and __tcp_close() sends FIN, as for
 * any close(). (Not always: see server-process-crash-no-fin.)
 *
 * The close goes on without the process, but only to its half. The other half is
 * the client's close(), and until then this end is an orphan in FIN-WAIT-2 (a
 * small socket that tcp_time_wait() made, for tcp_fin_timeout), and the client
 * in CLOSE-WAIT for as long as it likes.
 *
 * The client's kernel holds the ACK of the FIN back, so that it can ride on the
 * client's own FIN (tcp_fin() enters pingpong mode): for 40 ms, TCP_ATO_MIN, or
 * for a jiffy where the client never got data (icsk_ack.ato is 0 until
 * tcp_event_data_recv()). A client that closes at once makes it a close of three
 * segments, not four.
 *
 * A client that writes into the orphan gets RST: tcp_timewait_state_process().
 * In CLOSE-WAIT that is EPIPE and not ECONNRESET (tcp_reset()), and recv() does
 * not tell of it: it says EOF as before, since tcp_fin() set SOCK_DONE, which
 * tcp_recvmsg_locked() asks before the error.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BYTES = 100, STAYS = 1 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

/* Where the machine was so slow that the ACK of the FIN has gone before the
 * close(), there are four all the same. */
static void client_closes_at_once(struct run *run, struct pair *tcp)
{
	struct mark dead;
	struct finding got;
	bool ack_is_out;

	sock_send(tcp->server, BYTES);
	sock_recv(tcp->client, soon);
	sock_post_recv(tcp->client);
	dead = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, soon);
	if (!expect_eof(&got))
		return;
	ack_is_out = frames_count(run, dead, FRAMES(FROM("client"),
						    KIND(WIRE_PURE_ACK)));
	sock_close(tcp->client);
	expect_state_within(tcp->server, DIAG_TIME_WAIT, soon);
	expect_exchange(run, dead, "three segments",
			ack_is_out ? "server F. 101:101(0) ack 1, "
				     "client . 1:1(0) ack 102, "
				     "client F. 1:1(0) ack 102, "
				     "server . 102:102(0) ack 2" :
				     "server F. 101:101(0) ack 1, "
				     "client F. 1:1(0) ack 102, "
				     "server . 102:102(0) ack 2");
}

/* The other half is the client's, and its kernel does not say it by itself. */
static void client_closes(struct run *run, struct pair *tcp, struct mark dead)
{
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
	expect_exchange(run, dead, "half a close",
			"server F. 1:1(0) ack 1, client . 1:1(0) ack 2");
	sock_close(tcp->client);
	expect_state_within(tcp->server, DIAG_TIME_WAIT, soon);
	expect_state(tcp->client, DIAG_CLOSE);
	expect_exchange(run, dead, "the four segments",
			"server F. 1:1(0) ack 1, client . 1:1(0) ack 2, "
			"client F. 1:1(0) ack 2, server . 2:2(0) ack 2");
}

/* The control: whose end was orderly looks just the same from outside. */
static void exits(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark ended = mark_now(run);

	probe_exit(tcp.server_probe);
	client_closes(run, &tcp, ended);
}

static void dies(struct run *run, struct pair *tcp)
{
	struct mark dead;
	struct finding got;

	sock_post_recv(tcp->client);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	dead = mark_now(run);
	if (run_is_variant(run, "segfault"))
		fault_segfault(tcp->server_probe);
	else
		fault_kill(tcp->server_probe);
	got = sock_reap(tcp->client, soon);
	expect_eof(&got);
	expect_took(dead, &got, at_once);
	client_closes(run, tcp, dead);
	expect_counter(run, "client", "TCPKeepAlive", 0);
	exits(run);
}

/* tcp_fin_time(): a very large RTO would prevail. */
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

/* The client does nothing: its end stays, the orphan's is forgotten. */
static void orphan_ends(struct run *run, struct pair *tcp, struct mark dead,
			struct range range)
{
	expect_timer(tcp->server, DIAG_TIMER_TIME_WAIT);
	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, dead, range.min - MSEC(50));
	expect_state_within(tcp->server, DIAG_CLOSE, range.max);
	run_measured(run, "fin_wait2_s",
		     nsec_seconds(mark_now(run).at - dead.at));
	expect_span(run, "the orphan in FIN-WAIT-2 lived",
		    mark_now(run).at - dead.at, range);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
}

static void client_stays(struct run *run, struct pair *tcp)
{
	struct range fin_wait2 = forecast_fin_wait2(run, tcp->server);
	struct mark dead, sent;
	struct finding got;

	dead = mark_now(run);
	fault_kill(tcp->server_probe);
	got = sock_recv(tcp->client, soon);
	if (!expect_eof(&got))
		return;
	expect_state_within(tcp->server, DIAG_FIN_WAIT2, soon);
	if (run_is_variant(run, "client-idles"))
		orphan_ends(run, tcp, dead, fin_wait2);

	sent = mark_now(run);
	got = sock_send(tcp->client, BYTES);
	expect_that(run, got.value == BYTES, "the first send() succeeds",
		    "%s", finding_outcome(&got));
	expect_state_within(tcp->client, DIAG_CLOSE, soon);
	expect_exchange(run, sent, "data into the orphan",
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
		client_closes_at_once(run, &tcp);
	else if (run_value(run) == STAYS)
		client_stays(run, &tcp);
	else
		dies(run, &tcp);
}

CASE(server_process_crash) = {
	.name = "server-process-crash",
	.claim = "server process dies: its kernel sends FIN at once and does "
		 "its half of the close without any process",
	.judgements =
		CLAIMS({ "A1", DOCUMENT_CONDITIONAL,
			 "the client's program must close too: its kernel "
			 "stays in CLOSE-WAIT until then, tcp_fin()" }),
	.why = "exit_files() closes the sockets as close() would; what is sent "
	       "then is up to __tcp_close(); what the client's half does is "
	       "up to the client's program",
	.sources = "RFC 9293 3.6; net/ipv4/tcp.c:__tcp_close(); net/ipv4/"
		   "tcp_input.c:tcp_fin(); net/ipv4/tcp_minisocks.c:"
		   "tcp_timewait_state_process()",
	.steps = STEPS("a connection, idle, keepalive off",
		       "the server's process dies (kill -9, SIGSEGV)",
		       "the client closes, sooner or later; or does nothing; "
		       "or writes"),
	.expect = "FIN and ACK; the other FIN and ACK only when the client "
		  "closes (three segments in all when it does so at once), "
		  "else FIN-WAIT-2 for tcp_fin_timeout and CLOSE-WAIT without "
		  "end; RST and EPIPE when it writes; the same after exit()",
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "killed" }, { "segfault" },
		{ "client-closes-at-once",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "four segments only when the client closes later "
			    "than the delayed ACK; at once, its FIN carries "
			    "the ACK: tcp_fin() enters pingpong mode" }) },
		{ "client-idles", .value = STAYS,
		  .duration = SEC(FIN_TIMEOUT) },
		{ "client-writes", .value = STAYS }),
	.duration = MSEC(10),
	.script = script,
};
