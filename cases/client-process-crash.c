/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's process dies, its host lives. do_exit() closes the files, and
 * __tcp_close() sends FIN for the dead process, which the server receives at
 * once, without keepalive and without data. This is one half of the
 * close; the other half is up to the server's program:
 *
 * - it reads EOF and closes: the four-way close of the document;
 * - it does not close: CLOSE-WAIT, which has no timer and no end. The dead
 *   client's orphan stays in FIN-WAIT-2 for tcp_fin_timeout, so the FIN of a
 *   later close() finds no socket and is answered with RST
 *   (tcp_v4_send_reset());
 * - it writes: the first send() succeeds, and the data is answered with RST
 *   (tcp_timewait_state_process()); in CLOSE-WAIT tcp_reset() sets EPIPE, which
 *   the next send() returns;
 * - it has not called accept() yet: accept() returns the dead client's
 *   connection, on which recv() returns EOF.
 *
 * If the client's process leaves bytes unread, __tcp_close() sends RST and no
 * FIN (RFC 2525 2.17).
 */
#include "case.h"

enum { FIN_TIMEOUT = 2, BYTES = 100, BACKLOG = 16 };

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

/* The client's FIN and its ACK: the half of the close that kernels do. */
static bool expect_half_close(struct run *run, struct pair *tcp,
			      struct mark dead)
{
	struct finding got = sock_reap(tcp->server, soon);

	if (!expect_eof(&got))
		return false;
	expect_took(dead, &got, at_once);
	expect_state_within(tcp->client, DIAG_FIN_WAIT2, soon);
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	expect_timer(tcp->server, DIAG_TIMER_NONE);
	expect_exchange(run, dead, "the client's FIN and its ACK",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2");
	return true;
}

static void server_closes(struct run *run, struct pair *tcp, struct mark dead)
{
	sock_close(tcp->server);
	expect_state_within(tcp->client, DIAG_TIME_WAIT, soon);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, dead, "the four segments of the close",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2, "
			"server F. 1:1(0) ack 2, client . 2:2(0) ack 2");
}

/* The control: exit() looks the same on the wire. */
static void client_exits(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark ended;

	sock_post_recv(tcp.server);
	ended = mark_now(run);
	probe_exit(tcp.client_probe);
	if (expect_half_close(run, &tcp, ended))
		server_closes(run, &tcp, ended);
}

/* tcp_fin_time(): at least 3.5 RTO. */
static struct range forecast_fin_wait2(struct run *run, struct sock *client)
{
	struct predict_tcp now = forecast_inputs(client);
	nsec_t timeout =
		SEC(run_sysctl(run, "client", "net.ipv4.tcp_fin_timeout"));
	struct range range =
		predict_timer(MAX(timeout, now.rto * 7 / 2), now.hz);

	run_predicted(run, "fin_wait2_s", nsec_seconds(range.min));
	return range;
}

static void server_idles(struct run *run, struct pair *tcp, struct mark dead,
			 struct range fin_wait2)
{
	struct mark closed;
	nsec_t lived;

	mark_done(run, &dead); /* the client is in FIN-WAIT-2 by now */
	expect_timer(tcp->client, DIAG_TIMER_TIME_WAIT);
	lived = expect_lifetime(tcp->client, DIAG_FIN_WAIT2, dead, fin_wait2);
	run_measured(run, "fin_wait2_s", nsec_seconds(lived));
	expect_state(tcp->server, DIAG_CLOSE_WAIT);
	expect_timer(tcp->server, DIAG_TIMER_NONE);

	closed = mark_now(run);
	sock_close(tcp->server);
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, closed,
			"the server's late FIN and the RST in reply",
			"server F. 1:1(0) ack 2, client R 2:2(0)");
}

static void server_writes(struct run *run, struct pair *tcp)
{
	struct mark sent = mark_now(run);
	struct finding got = sock_send(tcp->server, BYTES);

	expect_that(run, got.value == BYTES, "the first send() succeeds", "%s",
		    finding_outcome(&got));
	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, sent, "the server's data and the RST in reply",
			"server P. 1:101(100) ack 2, client R 2:2(0)");
	got = sock_send(tcp->server, BYTES);
	expect_error(&got, EPIPE);
}

static void client_dies(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct range fin_wait2 = forecast_fin_wait2(run, tcp.client);
	struct mark dead;

	sock_post_recv(tcp.server);
	expect_timer(tcp.server, DIAG_TIMER_NONE);
	dead = kill_client(run, tcp.client_probe);
	if (!expect_half_close(run, &tcp, dead))
		return;
	if (run_is_variant(run, "server-idles")) {
		server_idles(run, &tcp, dead, fin_wait2);
	} else if (run_is_variant(run, "server-writes")) {
		server_writes(run, &tcp);
	} else {
		server_closes(run, &tcp, dead);
		client_exits(run);
	}
	expect_counter(run, "server", "TCPKeepAlive", 0);
	expect_counter(run, "server", "TCPTimeouts", 0);
}

static void client_dies_with_unread_bytes(struct run *run)
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

static void client_dies_before_accept(struct run *run)
{
	struct sock *listener =
		sock_listen(probe_start(run, "server"), BACKLOG);
	struct probe *probe = probe_start(run, "client");
	struct sock *client = sock_connect(probe, listener);
	struct sock *queued = sock_peer(client, "server"), *accepted;
	struct finding got;
	struct mark dead;

	expect_state_within(queued, DIAG_ESTABLISHED, soon);
	dead = kill_client(run, probe);
	if (!expect_state_within(queued, DIAG_CLOSE_WAIT, soon))
		return;
	expect_state_within(client, DIAG_FIN_WAIT2, soon);
	expect_exchange(run, dead, "the client's FIN and its ACK",
			"client F. 1:1(0) ack 1, server . 1:1(0) ack 2");
	accepted = sock_accept(listener);
	got = sock_recv(accepted, soon);
	expect_eof(&got);
	sock_close(accepted);
	expect_state_within(client, DIAG_TIME_WAIT, soon);
}

static void script(struct run *run)
{
	if (run_is_variant(run, "unread-bytes"))
		client_dies_with_unread_bytes(run);
	else if (run_is_variant(run, "not-accepted"))
		client_dies_before_accept(run);
	else
		client_dies(run);
}

CASE(client_process_crash) = {
	.name = "client-process-crash",
	.claim = "client process dies, no keepalive, no data: its kernel sends "
		 "FIN at once; the rest of the close is up to the server's "
		 "program",
	.judgements = CLAIMS(
		{ "D12", DOCUMENT_CONDITIONAL,
		  "FIN is sent at once, without keepalive or data; but the "
		  "server's half of the close is up to its program: tcp_fin() "
		  "leaves the server's end in CLOSE-WAIT, which has no timer" },
		{ "D12", DOCUMENT_WRONG,
		  "one version writes that the client's kernel closes with the "
		  "client, by mistake; the other version has it right: "
		  "tcp_send_fin() closes with the server" }),
	.why = "exit_files() closes the sockets as close() would; the server "
	       "learns of it from that FIN or RST, not from a probe of its own",
	.sources = "RFC 9293 3.6; RFC 2525 2.17; net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_input.c:tcp_fin(), tcp_reset(); "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process()",
	.steps = STEPS("an idle connection, keepalive off; the server blocks "
		       "in recv(), or has not accepted it yet, or has sent "
		       "bytes that the client has not read",
		       "the client's process dies (SIGKILL, SIGSEGV, and "
		       "exit() as the control)",
		       "the server closes; or idles and closes when the "
		       "client's orphan is gone; or writes"),
	.expect = "EOF at once, FIN and ACK, CLOSE-WAIT without a timer; "
		  "server closes: its FIN and the client's ACK, or RST if it "
		  "closes later than tcp_fin_timeout; server writes: RST, and "
		  "EPIPE for the second send(); unread bytes: ECONNRESET at "
		  "once; accepted later: EOF",
	.shows = SHOWS("outcome", "elapsed_s", "client_state", "server_state"),
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_fin_timeout",
			      FIN_TIMEOUT }),
	.variants = VARIANTS(
		{ "killed",
		  "SIGKILL ends the process, and the server closes at once: "
		  "the four segments of an ordinary close, as after exit()" },
		{ "segfault",
		  "SIGSEGV ends the process, and the server closes at once: "
		  "the kernel closes the socket as after SIGKILL" },
		{ "server-idles",
		  "SIGKILL ends the process, and the server closes only after "
		  "tcp_fin_timeout, 2 s: the client's orphan is gone, and the "
		  "server's FIN is answered with RST",
		  .duration = SEC(FIN_TIMEOUT) },
		{ "server-writes",
		  "SIGKILL ends the process, and the server sends: its data is "
		  "answered with RST, and the next send() returns EPIPE" },
		{ "unread-bytes",
		  "the process dies with 100 bytes unread: its kernel sends "
		  "RST and no FIN, and the server's recv() returns ECONNRESET",
		  .judgements = CLAIMS({ "D12", DOCUMENT_CONDITIONAL,
					 "if the process leaves bytes unread, "
					 "its kernel sends RST and no FIN: "
					 "__tcp_close(), RFC 2525 2.17" }) },
		{ "not-accepted",
		  "the process dies before the server calls accept(): accept() "
		  "returns the connection all the same, and recv() on it "
		  "returns EOF" }),
	.duration = MSEC(10),
	.script = script,
};
