/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's host is dead. The server's end of the connection is ESTABLISHED
 * and has no timer. A restart of the server's process changes that:
 *
 * The process ends, killed or by exit(), and __tcp_close() sends FIN, which
 * nobody receives. The end is now an orphan in FIN-WAIT-1: no process holds it,
 * and its timer retransmits the FIN until tcp_orphan_retries() is reached and
 * tcp_write_timeout() deletes it silently. A rebooted client ends it sooner,
 * with RST. If the client had sent data that the old process did not read, RST
 * is sent instead of FIN, and no orphan remains.
 *
 * The new process can listen on the same port meanwhile if it and the old one
 * set SO_REUSEADDR: inet_csk_bind_conflict() then ignores all states except
 * LISTEN. Without it bind() fails with EADDRINUSE while the orphan lives.
 *
 * Nothing changes while another process holds the socket, for example in a
 * server with one process per connection (sshd) whose first process restarts:
 * __fput() runs when the last holder closes it.
 */
#include "case.h"

enum { ORPHAN_RETRIES = 1, QUIET_MS = 500, BYTES = 100, BACKLOG = 16 };

static struct mark end_process(struct run *run, struct probe *server)
{
	struct mark ended = mark_now(run);

	if (run_is_variant(run, "exits"))
		probe_exit(server);
	else
		fault_kill(server);
	return ended;
}

static void expect_bind_without_reuse(struct run *run, struct probe *server,
				      uint16_t port, int error)
{
	struct sock *plain = sock_open(server);
	struct finding got = sock_bind(plain, port);

	expect_that(
		run, got.error == error,
		error ? "bind() without SO_REUSEADDR fails with EADDRINUSE" :
			"bind() without SO_REUSEADDR succeeds",
		"%s", finding_outcome(&got));
	sock_close(plain);
}

/* With SO_REUSEADDR. Leaves no socket that would conflict with a later bind().
 */
static void serve_client_b(struct run *run, struct probe *server, uint16_t port)
{
	struct sock *listener = sock_listen_on(server, port, BACKLOG);
	struct sock *client_b =
		sock_connect(probe_start(run, "client-b"), listener);
	struct sock *accepted = sock_accept(listener);

	expect_state(accepted, DIAG_ESTABLISHED);
	expect_state(client_b, DIAG_ESTABLISHED);
	sock_abort(accepted);
	sock_close(listener);
}

static void expect_orphan(struct sock *old)
{
	expect_state(old, DIAG_FIN_WAIT1);
	expect_timer(old, DIAG_TIMER_RETRANSMIT);
	expect_held(old, false);
}

static void expect_orphan_ends(struct run *run, struct sock *old,
			       struct mark ended,
			       const struct prediction *orphan)
{
	const struct wire_capture *fin = frames_wait(
		run, ended,
		FRAMES(FROM("server"), TO("client"), KIND(WIRE_FIN)), 1, soon);
	struct mark since = { .at = fin ? fin->at : ended.at };

	run_elapsed(
		run, orphan->elapsed,
		expect_lifetime(old, DIAG_FIN_WAIT1, since, orphan->elapsed));
	expect_rounds(old, since, orphan);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "server", "TCPTimeouts") - 1,
		      orphan->retransmissions_min, orphan->retransmissions_max);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
	expect_frames(run, ended, "RSTs to the client",
		      FRAMES(TO("client"), KIND(WIRE_RST)), 0);
}

static void restart_leaves_orphan(struct run *run, struct pair *tcp)
{
	const struct prediction *orphan = forecast_orphan(tcp->server);
	uint16_t port = sock_local_port(tcp->listener);
	struct mark ended = end_process(run, tcp->server_probe);
	struct probe *server = probe_start(run, "server");

	expect_orphan(tcp->server);
	expect_bind_without_reuse(run, server, port, EADDRINUSE);
	serve_client_b(run, server, port);
	expect_state(tcp->server, DIAG_FIN_WAIT1);
	expect_orphan_ends(run, tcp->server, ended, orphan);
	expect_bind_without_reuse(run, server, port, 0);
}

static void restart_leaves_nothing(struct run *run, struct pair *tcp,
				   const char *exchange)
{
	struct mark ended = end_process(run, tcp->server_probe);

	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, ended, "segments of the restart", exchange);
	expect_bind_without_reuse(run, probe_start(run, "server"),
				  sock_local_port(tcp->listener), 0);
}

static void child_holds_socket(struct run *run, struct pair *tcp)
{
	struct mark ended;

	probe_fork(tcp->server_probe);
	ended = end_process(run, tcp->server_probe);
	run_pass_until(run, ended, MSEC(QUIET_MS));
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_timer(tcp->server, DIAG_TIMER_NONE);
	expect_exchange(run, ended, "segments of the restart", "");
}

static void script(struct run *run)
{
	bool unread = run_is_variant(run, "unread-bytes");
	bool reboots = run_is_variant(run, "client-is-back");
	struct pair tcp = sock_pair(run);
	struct mark died;

	if (unread)
		sock_send(tcp.client, BYTES);
	died = mark_now(run);
	if (reboots)
		fault_reboot(run, "client");
	else
		fault_crash(run, "client");
	run_pass_until(run, died, MSEC(QUIET_MS));
	if (!expect_state(tcp.client, DIAG_CLOSE))
		return;
	expect_state(tcp.server, DIAG_ESTABLISHED);
	expect_timer(tcp.server, DIAG_TIMER_NONE);

	if (unread)
		restart_leaves_nothing(run, &tcp, "server R. 1:1(0) ack 101");
	else if (reboots)
		restart_leaves_nothing(run, &tcp,
				       "server F. 1:1(0) ack 1, "
				       "client R 1:1(0)");
	else if (run_is_variant(run, "child-holds-it"))
		child_holds_socket(run, &tcp);
	else
		restart_leaves_orphan(run, &tcp);
}

#define FEW                                                                    \
	.settings = SYSCTLS(                                                   \
		{ "server", "net.ipv4.tcp_orphan_retries", ORPHAN_RETRIES })

CASE(client_host_crash_server_restart) = {
	.name = "client-host-crash-server-restart",
	.claim =
		"client host crashes, server process restarts: the server's "
		"end becomes an orphan in FIN-WAIT-1 whose FIN nobody receives",
	.judgements = CLAIMS(
		{ "D11", DOCUMENT_RIGHT,
		  "the server's end is ESTABLISHED until the restart: the end "
		  "of the old process makes __tcp_close() send FIN, and "
		  "tcp_orphan_retries() ends the orphan in FIN-WAIT-1" }),
	.why = "the kernel closes a socket when its last file is closed; then "
	       "it has a FIN to send, and a timer runs",
	.sources = "net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_timer.c:tcp_orphan_retries(), "
		   "tcp_write_timeout(); "
		   "net/ipv4/inet_connection_sock.c:inet_csk_bind_conflict()",
	.steps = STEPS("an idle connection; variant unread-bytes: the client "
		       "sends 100 bytes that the server does not read",
		       "the client's host crashes and stays down; variant "
		       "client-is-back: it reboots",
		       "the server's process ends; variant child-holds-it: a "
		       "child of it holds the socket and lives on",
		       "a new process binds the port, without SO_REUSEADDR and "
		       "with it, and serves client-b"),
	.expect = "FIN-WAIT-1, and FIN retransmissions as predicted; without "
		  "SO_REUSEADDR EADDRINUSE until the orphan is gone, with it "
		  "client-b is served; unread bytes: RST and no orphan; "
		  "rebooted client: its RST ends the orphan at once; child: "
		  "ESTABLISHED as before",
	.shows = SHOWS("elapsed_s", "rto_retransmissions", "client_state",
		       "server_state"),
	.world = &world_two_clients,
	.variants = VARIANTS(
		{ "killed",
		  "SIGKILL ends the server's process: the orphan sends its FIN "
		  "again as a tail loss probe, and then two RTO "
		  "retransmissions, although tcp_orphan_retries is 1: that "
		  "stands for 0.6 s, compared with the time since the first "
		  "RTO retransmission",
		  FEW },
		{ "exits",
		  "the server's process ends itself with exit(): the kernel "
		  "closes the socket in the same way, and the same orphan "
		  "remains",
		  FEW },
		{ "client-is-back",
		  "the client's host has rebooted: it answers the server's FIN "
		  "with RST, and no orphan remains",
		  .duration = MSEC(QUIET_MS) },
		{ "unread-bytes",
		  "the client has sent 100 bytes that the server's process "
		  "never read: its end makes the kernel send RST, and no "
		  "orphan remains",
		  .duration = MSEC(QUIET_MS) },
		{ "child-holds-it",
		  "a child of the server's process holds the socket too: after "
		  "the parent's end nothing is sent, and the connection stays "
		  "ESTABLISHED",
		  .duration = MSEC(2 * QUIET_MS),
		  .judgements =
			  CLAIMS({ "D11", DOCUMENT_CONDITIONAL,
				   "a restart does not end the connection "
				   "while another process of the server holds "
				   "the socket, as with sshd: __fput() runs "
				   "when the last one closes it" }) },
		{ "defaults",
		  "like killed, at the kernel's default values: "
		  "tcp_orphan_retries of 0 stands for 8, a timeout of 102.2 s: "
		  "eight RTO retransmissions, and the orphan lasts about 105 "
		  "s",
		  .defaults = true, .duration = SEC(110) }),
	.duration = MSEC(QUIET_MS) + SEC(2),
	.script = script,
};
