/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's process dies; its machine lives. do_exit() closes the files, and
 * __tcp_close() says FIN for a process that is not there any more. No keepalive
 * and no data is needed for that: the server knows at once. That is the
 * kernel's half of the close. What the other half needs is a program at the
 * server:
 *
 * - which reads EOF and closes: then it is the four-way close of the text;
 * - which does not (it waits for something else, or has forgotten the socket):
 *   CLOSE-WAIT, which has no timer and no end. The dead client's orphan is in
 *   FIN-WAIT-2 for tcp_fin_timeout and then forgotten, so that a close() later
 *   than that meets a kernel that knows nothing: RST, tcp_v4_send_reset();
 * - which writes: its first send() is fine, and answered with RST
 *   (tcp_timewait_state_process()); in CLOSE-WAIT that makes EPIPE of the next
 *   one, tcp_reset();
 * - which has not come to accept() yet: it gets the dead client's connection
 *   all the same, with EOF as all that there is to read.
 *
 * Where the client's process leaves bytes unread it is RST, no FIN and no close
 * of any number of segments: __tcp_close(), RFC 2525 2.17.
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BYTES = 100, BACKLOG = 16 };

/* How long to look out for what takes no timer. */
static const nsec_t soon = MSEC(500);

static struct mark kill_client(struct run *run, struct probe *client)
{
	struct mark dead = mark_now(run);

	if (run_is_variant(run, "segfault"))
		fault_segfault(client);
	else
		fault_kill(client);
	mark_done(run, &dead);
	return dead;
}

/* What the dead process' kernel says, and how far that gets. */
static bool expect_half_a_close(struct run *run, struct pair *tcp,
				struct mark dead)
{
	struct finding got = sock_reap(tcp->server, soon);

	if (!expect_eof(&got))
		return false;
	expect_took(dead, &got, at_once);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	expect_timer(tcp->server, DIAG_TIMER_NONE);
	expect_exchange(run, dead, "half a close",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2");
	return true;
}

static void server_closes(struct run *run, struct pair *tcp, struct mark dead)
{
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_exchange(run, dead, "the four segments",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"server F. 1:1(0) ack 2, client . 2:2(0) ack 2");
}

/* The control: whose end was orderly looks just the same from outside. */
static void exits(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark ended;

	sock_post_recv(tcp.server);
	ended = mark_now(run);
	probe_exit(tcp.client_probe);
	if (expect_half_a_close(run, &tcp, ended))
		server_closes(run, &tcp, ended);
}

/* tcp_fin_time(): a very large RTO would prevail. */
static struct range forecast_fin_wait2(struct run *run, struct sock *client)
{
	struct predict_tcp now = forecast_inputs(client);
	nsec_t sysctl =
		SEC(run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout"));
	struct range range =
		predict_timer(MAX(sysctl, now.rto * 7 / 2), now.hz);

	run_predicted(run, "fin_wait2_s", nsec_seconds(range.min));
	return range;
}

static void server_idles(struct run *run, struct pair *tcp, struct mark dead,
			 struct range fin_wait2)
{
	struct mark closed;
	nsec_t lived;

	mark_done(run, &dead); /* it is in FIN-WAIT-2 by now */
	expect_timer(tcp->client, DIAG_TIMER_TIME_WAIT);
	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, dead, fin_wait2.min - MSEC(50));
	expect_state_within(tcp->client, DIAG_CLOSE, fin_wait2.max);
	lived = mark_now(run).at - dead.at;
	fin_wait2.max += dead.done - dead.at;
	run_measured(run, "fin_wait2_s", nsec_seconds(lived));
	expect_span(run, "the orphan in FIN-WAIT-2 lived", lived, fin_wait2);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	expect_timer(tcp->server, DIAG_TIMER_NONE);

	closed = mark_now(run);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed, "FIN to nobody",
			"server F. 1:1(0) ack 2, client R 2:2(0)");
}

static void server_writes(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->server, BYTES);

	expect_that(run, got.value == BYTES, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, sent, "data for the dead",
			"server P. 1:101(100) ack 2, client R 2:2(0)");
	got = sock_send(tcp->server, BYTES);
	expect_error(&got, EPIPE);
}

static void dies(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct range fin_wait2 = forecast_fin_wait2(run, tcp.client);
	struct mark dead;

	sock_post_recv(tcp.server);
	expect_timer(tcp.server, DIAG_TIMER_NONE);
	dead = kill_client(run, tcp.client_probe);
	if (!expect_half_a_close(run, &tcp, dead))
		return;
	if (run_is_variant(run, "server-idles")) {
		server_idles(run, &tcp, dead, fin_wait2);
	} else if (run_is_variant(run, "server-writes")) {
		server_writes(run, &tcp);
	} else {
		server_closes(run, &tcp, dead);
		exits(run);
	}
	expect_counter(run, "server", "TCPKeepAlive", 0);
	expect_counter(run, "server", "TCPTimeouts", 0);
}

static void leaves_unread(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;
	struct mark dead;

	sock_send(tcp.server, BYTES);
	sock_post_recv(tcp.server);
	dead = kill_client(run, tcp.client_probe);
	got = sock_reap(tcp.server, soon);
	expect_error(&got, ECONNRESET);
	expect_took(dead, &got, at_once);
	expect_exchange(run, dead, "RST, and no FIN",
			"client R. 1:1(0) ack 101");
	expect_counter(run, "client", "TCPAbortOnClose", 1);
	expect_state(tcp.client, DIAG_CLOSE);
	expect_state(tcp.server, DIAG_CLOSE);
}

static void dies_before_accept(struct run *run)
{
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	struct probe *probe = probe_start(run, "client");
	struct sock *client = sock_connect(probe, listener), *late;
	struct sock *queued = sock_peer(client, "server");
	struct finding got;
	struct mark dead;

	expect_state_within(queued, DIAG_ESTABLISHED, soon);
	dead = kill_client(run, probe);
	if (!expect_state_within(queued, DIAG_CLOSE_WAIT, soon))
		return;
	expect_state_within(client, DIAG_FIN_WAIT2, soon);
	expect_exchange(run, dead, "half a close",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2");
	late = sock_accept(listener);
	got = sock_recv(late, soon);
	expect_eof(&got);
	sock_close(late);
	expect_state_within(client, DIAG_TIME_WAIT, soon);
}

static void script(struct run *run)
{
	if (run_is_variant(run, "unread-bytes"))
		leaves_unread(run);
	else if (run_is_variant(run, "not-accepted"))
		dies_before_accept(run);
	else
		dies(run);
}

CASE(client_process_crash) = {
	.name = "client-process-crash",
	.claim = "client process dies, no keepalive, no data: its kernel sends "
		 "FIN at once; the rest is up to the server's program",
	.judgements = CLAIMS(
		{ "D12", DOCUMENT_CONDITIONAL,
		  "FIN comes at once, without keepalive or data; but the "
		  "server's half of the close is its program's: tcp_fin() "
		  "leaves its end in CLOSE-WAIT, which has no timer" },
		{ "D12", DOCUMENT_WRONG,
		  "the close with the client, in one version, is a slip, which "
		  "the other mends: tcp_send_fin() of the client's kernel "
		  "speaks to the server" }),
	.why = "exit_files() closes the sockets as close() would; only a FIN "
	       "or "
	       "a RST, and no question of the server's, tells of it",
	.sources = "RFC 9293 3.6; RFC 2525 2.17; net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_input.c:tcp_fin(), tcp_reset(); net/ipv4/"
		   "tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS("a connection, idle, keepalive off; the server waits in "
		       "recv(); or has not accepted it yet; or has sent what "
		       "the client has not read",
		       "the client's process dies (kill -9, SIGSEGV; and "
		       "exit(), as the control)",
		       "the server closes; or idles, and closes after the "
		       "orphan's time; or writes"),
	.expect = "EOF at once, FIN and ACK, CLOSE-WAIT without a timer; the "
		  "other FIN and ACK when the server closes, RST when it is "
		  "later than tcp_fin_timeout; RST and EPIPE when it writes; "
		  "ECONNRESET at once for unread bytes; EOF for a connection "
		  "that is accepted too late",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "killed" }, { "segfault" },
		{ "server-idles", .duration = SEC(FIN_TIMEOUT) },
		{ "server-writes" },
		{ "unread-bytes",
		  .judgements = CLAIMS(
			  { "D12", DOCUMENT_CONDITIONAL,
			    "with bytes that the process had not read it is "
			    "RST and no FIN: __tcp_close(), RFC 2525 2.17" }) },
		{ "not-accepted" }),
	.duration = MSEC(10),
	.script = script,
};
