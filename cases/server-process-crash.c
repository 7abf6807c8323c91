/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's process dies; its machine lives. The kernel closes the dead
 * process' files (do_exit(), exit_files()), and what goes over the wire is up to
 * __tcp_close():
 *
 * - nothing unread: FIN. The close goes on without any process, but only to its
 *   half: the second half is the client's close(), and until then this end is an
 *   orphan in FIN-WAIT-2 (a small socket that tcp_time_wait() made, for
 *   tcp_fin_timeout), and the client in CLOSE-WAIT for as long as it likes.
 * - bytes that nobody had read: RST, and no FIN (RFC 2525 2.17).
 * - not accepted yet: RST too. inet_csk_listen_stop() can only disconnect what
 *   is in its queue.
 * - somebody else holds the socket as well: nothing. close() is the end of a
 *   file, not of a process, and the connection lives, read by nobody.
 *
 * A client that writes into the orphan gets RST: tcp_timewait_state_process().
 * In CLOSE-WAIT that is EPIPE and not ECONNRESET (tcp_reset()), and recv() does
 * not tell of it: it says EOF as before, since tcp_fin() set SOCK_DONE, which
 * tcp_recvmsg_locked() asks before the error.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BYTES = 100 };

static const nsec_t soon = MSEC(500);

/* The other half is the client's, and its kernel does not say it by itself. */
static void client_closes(struct run *run, struct pair *tcp, struct mark dead)
{
	expect_state_soon(tcp->server, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->client, DIAG_CLOSE_WAIT);
	expect_exchange(run, dead, "half a close",
			"server F. 1:1(0) ack 1, client . 1:1(0) ack 2");
	sock_close(tcp->client);
	expect_state_soon(tcp->server, DIAG_TIME_WAIT, soon);
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
	expect_took(dead, &got, (struct range){ 0, MSEC(100) });
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
	expect_state_soon(tcp->server, DIAG_CLOSE, range.max);
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
	expect_state_soon(tcp->server, DIAG_FIN_WAIT2, soon);
	if (run_is_variant(run, "client-idles"))
		orphan_ends(run, tcp, dead, fin_wait2);

	sent = mark_now(run);
	got = sock_send(tcp->client, BYTES);
	expect_that(run, got.value == BYTES, "the first send() succeeds",
		    "%s", finding_outcome(&got));
	expect_state_soon(tcp->client, DIAG_CLOSE, soon);
	expect_exchange(run, sent, "data into the orphan",
			"client P. 1:101(100) ack 2, server R 2:2(0)");
	expect_state(tcp->server, DIAG_CLOSE);
	got = sock_recv(tcp->client, soon);
	expect_eof(&got);
	got = sock_send(tcp->client, BYTES);
	expect_error(&got, EPIPE);
}

static void expect_reset(struct run *run, struct sock *client,
			 struct sock *server, struct mark dead,
			 const char *exchange)
{
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNRESET);
	expect_took(dead, &got, (struct range){ 0, MSEC(100) });
	expect_exchange(run, dead, "RST, and no FIN", exchange);
	expect_state(server, DIAG_CLOSE);
	expect_state(client, DIAG_CLOSE);
}

static void unread(struct run *run, struct pair *tcp)
{
	struct mark dead;

	sock_send(tcp->client, BYTES);
	sock_post_recv(tcp->client);
	dead = mark_now(run);
	fault_kill(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, dead,
		     "server R. 1:1(0) ack 101");
	expect_counter(run, "server", "TCPAbortOnClose", 1);
}

static void not_accepted(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 16);
	struct sock *client =
		sock_connect(probe_start(run, "client"), listener);
	struct sock *queued = sock_far_end(client, "server");
	struct mark dead;

	expect_state_soon(queued, DIAG_ESTABLISHED, soon);
	sock_post_recv(client);
	dead = mark_now(run);
	fault_kill(server);
	expect_reset(run, client, queued, dead, "server R. 1:1(0) ack 1");
	expect_counter(run, "server", "TCPAbortOnClose", 0);
}

static void child_holds(struct run *run, struct pair *tcp)
{
	struct mark dead = mark_now(run), orphaned;
	struct diag_socket seen;

	probe_fork(tcp->server_probe);
	sock_post_recv(tcp->client);
	fault_kill(tcp->server_probe);
	expect_that(run, !probe_is_running(tcp->server_probe),
		    "the process is dead", "it runs");
	run_pass(run, soon);
	expect_exchange(run, dead, "not a word", "");

	/* Acknowledged by the kernel, and kept for nobody. */
	sock_send(tcp->client, BYTES);
	run_pass(run, soon);
	expect_exchange(run, dead, "data, and its ACK",
			"client P. 1:101(100) ack 1, server . 1:1(0) ack 101");
	sock_look(tcp->server, &seen);
	expect_number(run, "unread_bytes", seen.receive_queue, BYTES, BYTES);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_state(tcp->client, DIAG_ESTABLISHED);

	orphaned = mark_now(run);
	fault_kill_child(tcp->server_probe);
	expect_reset(run, tcp->client, tcp->server, orphaned,
		     "server R. 1:1(0) ack 101");
}

static void script(struct run *run)
{
	struct pair tcp;

	if (run_is_variant(run, "not-accepted")) {
		not_accepted(run);
		return;
	}
	tcp = sock_pair(run);
	if (run_is_variant(run, "unread-bytes"))
		unread(run, &tcp);
	else if (run_is_variant(run, "child-holds-it"))
		child_holds(run, &tcp);
	else if (run_value(run))
		client_stays(run, &tcp);
	else
		dies(run, &tcp);
}

CASE(server_process_crash) = {
	.name = "server-process-crash",
	.claim = "server process dies: its kernel sends FIN at once and does "
		 "its half of the close without any process",
	.judgements = CLAIMS({ "A1", DOCUMENT_CONDITIONAL,
			       "the client's program must close too: its kernel "
			       "stays in CLOSE-WAIT until then, tcp_fin()" }),
	.why = "exit_files() closes the sockets as close() would; what is sent "
	       "then is up to __tcp_close(): FIN, RST where bytes are unread, "
	       "nothing while another process holds the socket",
	.see = "RFC 9293 3.6; RFC 2525 2.17; net/ipv4/tcp.c:__tcp_close(); "
	       "inet_connection_sock.c:inet_csk_listen_stop(); "
	       "tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS("a connection, idle, keepalive off",
		       "the server's process dies (kill -9, SIGSEGV)",
		       "the client closes; or does nothing; or writes",
		       "or the server died with bytes unread, before accept(), "
		       "or while a child held the socket"),
	.expect = "FIN and ACK at once; the other FIN and ACK only when the "
		  "client closes, else FIN-WAIT-2 for tcp_fin_timeout and "
		  "CLOSE-WAIT without end; RST for unread bytes and for what "
		  "was not accepted; nothing where a child holds the socket",
	.world = &world_pair,
	.settings = SYSCTLS({ "server", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "killed" }, { "segfault" },
		{ "client-idles", .value = 1, .lasts = SEC(FIN_TIMEOUT) },
		{ "client-writes", .value = 1 },
		{ "unread-bytes",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "with unread bytes it is RST and no FIN, and no "
			    "close at all: __tcp_close(), RFC 2525 2.17" }) },
		{ "not-accepted",
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "what waits in the accept queue gets RST: "
			    "inet_csk_listen_stop()" }) },
		{ "child-holds-it",
		  .lasts = SEC(1),
		  .judgements = CLAIMS(
			  { "A1", DOCUMENT_CONDITIONAL,
			    "no FIN while any other process holds the socket: "
			    "__fput() comes with the last one" }) }),
	.lasts = MSEC(10),
	.script = script,
};
