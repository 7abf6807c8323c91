/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's machine is dead, the server's end of the connection is
 * ESTABLISHED and has no timer. What a restart of the server does to it:
 *
 * Its process ends, by kill or in an orderly way; __tcp_close() says FIN, into
 * the void. So it is ESTABLISHED no longer, but an orphan in FIN-WAIT-1: it
 * belongs to no process and has a timer at last, which says FIN again until
 * tcp_orphan_retries() is reached (tcp_write_timeout()), and then forgets it
 * without a word. A client that is back ends that sooner, by its RST.
 *
 * The new process listens on the same port meanwhile, for it asked with
 * SO_REUSEADDR, and so had the old one: inet_csk_bind_conflict() lets any state
 * but LISTEN pass then. Without it, EADDRINUSE is the answer for as long as the
 * orphan lives. (TIME-WAIT is better known for that.) Where the client had sent
 * what the old process did not read, there is a RST instead of the FIN, and no
 * orphan.
 *
 * Nothing of all that happens while another process holds the socket, as of a
 * server with one process for each connection (sshd) whose first one is
 * restarted: __fput() comes with the last holder. ESTABLISHED it stays.
 */
#include "case.h"

enum { ORPHAN_RETRIES = 1, QUIET_MS = 500, BYTES = 100, BACKLOG = 16 };

static const nsec_t soon = MSEC(500);

#define FIN FROM("server"), TO("client"), KIND(WIRE_FIN)

/* A server's restart, as far as its old process is concerned. */
static struct mark end_server(struct run *run, struct probe *server)
{
	struct mark ended = mark_now(run);

	if (run_is_variant(run, "exits"))
		probe_exit(server);
	else
		fault_kill(server);
	return ended;
}

static void bind_plainly(struct run *run, struct probe *server, uint16_t port,
			 int error)
{
	struct sock *plain = sock_open(server);
	struct finding got = sock_bind(plain, port);

	expect_that(run, got.error == error,
		    error ? "EADDRINUSE without SO_REUSEADDR" :
			    "the port is free",
		    "%s", finding_outcome(&got));
	sock_close(plain);
}

static void serves_again(struct run *run, struct probe *server, uint16_t port)
{
	struct sock *listener = sock_listen_on(server, port, BACKLOG);
	struct sock *other =
		sock_connect(probe_start(run, "client-b"), listener);
	struct sock *accepted = sock_accept(listener);

	expect_state(accepted, DIAG_ESTABLISHED);
	expect_state(other, DIAG_ESTABLISHED);
	/* Nothing of it is to be in the way of the next bind(). */
	sock_abort(accepted);
	sock_close(listener);
}

static void is_orphan(struct run *run, struct sock *old)
{
	struct diag_socket seen;

	expect_state(old, DIAG_FIN_WAIT1);
	expect_timer(old, DIAG_TIMER_RETRANSMIT);
	sock_look(old, &seen);
	expect_that(run, seen.inode == 0, "no process holds it any more",
		    "inode %u", seen.inode);
}

static void orphan_ends(struct run *run, struct sock *old, struct mark ended,
			const struct prediction *orphan)
{
	const struct wire_capture *fin =
		frames_wait(run, ended, FRAMES(FIN), 1, soon);
	struct mark since = { .at = fin ? fin->at : ended.at };
	nsec_t lived;

	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, since, orphan->elapsed.min - MSEC(50));
	expect_state(old, DIAG_FIN_WAIT1);
	expect_state_within(old, DIAG_CLOSE, orphan->elapsed.max);
	lived = mark_now(run).at - since.at;
	run_predicted(run, "elapsed_s", nsec_seconds(orphan->elapsed.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(orphan->elapsed.max));
	run_measured(run, "elapsed_s", nsec_seconds(lived));
	expect_span(run, "the orphan in FIN-WAIT-1 lived", lived,
		    orphan->elapsed);
	expect_rounds(old, since, orphan);
	expect_number(run, "rto_retransmissions",
		      counter_change(run, "server", "TCPTimeouts") - 1,
		      orphan->retransmissions_min, orphan->retransmissions_max);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
	expect_frames(run, ended, "RST", FRAMES(TO("client"), KIND(WIRE_RST)),
		      0);
}

static void restarts(struct run *run, struct pair *tcp)
{
	const struct prediction *orphan = forecast_orphan(tcp->server);
	uint16_t port = sock_local_port(tcp->listener);
	struct mark ended = end_server(run, tcp->server_probe);
	struct probe *server = probe_start(run, "server");

	is_orphan(run, tcp->server);
	bind_plainly(run, server, port, EADDRINUSE);
	serves_again(run, server, port);
	expect_state(tcp->server, DIAG_FIN_WAIT1);
	orphan_ends(run, tcp->server, ended, orphan);
	bind_plainly(run, server, port, 0);
}

static void is_gone_at_once(struct run *run, struct pair *tcp,
			    const char *exchange)
{
	struct mark ended = end_server(run, tcp->server_probe);

	expect_state_within(tcp->server, DIAG_CLOSE, soon);
	expect_exchange(run, ended, "what the restart says", exchange);
	bind_plainly(run, probe_start(run, "server"),
		     sock_local_port(tcp->listener), 0);
}

static void child_holds_it(struct run *run, struct pair *tcp)
{
	struct mark ended;

	probe_fork(tcp->server_probe);
	ended = end_server(run, tcp->server_probe);
	run_pass_until(run, ended, MSEC(QUIET_MS));
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_timer(tcp->server, DIAG_TIMER_NONE);
	expect_exchange(run, ended, "what the restart says", "");
}

static void script(struct run *run)
{
	bool unread = run_is_variant(run, "unread-bytes");
	struct pair tcp = sock_pair(run);
	struct mark died;

	if (unread)
		sock_send(tcp.client, BYTES);
	died = mark_now(run);
	if (run_is_variant(run, "client-is-back"))
		fault_reboot(run, "client");
	else
		fault_crash(run, "client");
	run_pass_until(run, died, MSEC(QUIET_MS));
	if (!expect_state(tcp.client, DIAG_CLOSE))
		return;
	expect_state(tcp.server, DIAG_ESTABLISHED);
	expect_timer(tcp.server, DIAG_TIMER_NONE);

	if (unread)
		is_gone_at_once(run, &tcp, "server R. 1:1(0) ack 101");
	else if (run_is_variant(run, "client-is-back"))
		is_gone_at_once(run, &tcp,
				"server F. 1:1(0) ack 1, "
				"client R 1:1(0)");
	else if (run_is_variant(run, "child-holds-it"))
		child_holds_it(run, &tcp);
	else
		restarts(run, &tcp);
}

static const struct world_plan two_clients = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "client-b", "10.0.0.3", "fd00::3" } },
};

#define FEW                                                                    \
	.settings = SYSCTLS(                                                   \
		{ "server", "net.ipv4.tcp_orphan_retries", ORPHAN_RETRIES })

CASE(client_host_crash_server_restart) = {
	.name = "client-host-crash-server-restart",
	.claim = "client host crashes, server process restarts: its end is "
		 "ESTABLISHED no more, but an orphan that says FIN to nobody",
	.judgements = CLAIMS(
		{ "D11", DOCUMENT_RIGHT,
		  "it is ESTABLISHED until then: the old process' end makes "
		  "__tcp_close() say FIN, and what is left in FIN-WAIT-1 ends "
		  "by tcp_orphan_retries()" }),
	.why = "a socket is closed with its last file; the kernel then has a "
	       "FIN to send, so that a timer runs at last",
	.sources = "net/ipv4/tcp.c:__tcp_close(); net/ipv4/tcp_timer.c:"
		   "tcp_orphan_retries(), tcp_write_timeout(); net/ipv4/"
		   "inet_connection_sock.c:inet_csk_bind_conflict()",
	.steps = STEPS("a connection, idle; in one variant the client sends "
		       "what the server does not read",
		       "the client's machine dies, and stays dead but for one "
		       "variant",
		       "the server's process ends; where a child of it holds "
		       "the socket, that lives",
		       "a new process takes the port, without SO_REUSEADDR and "
		       "with it, and serves client-b"),
	.expect = "FIN-WAIT-1 and copies of the FIN, as predicted; EADDRINUSE "
		  "without SO_REUSEADDR until the orphan is gone, and client-b "
		  "served with it; RST and no orphan for unread bytes; no "
		  "orphan once the client's machine answers; ESTABLISHED as "
		  "before while a child holds it",
	.world = &two_clients,
	.variants = VARIANTS(
		{ "killed", FEW }, { "exits", FEW },
		{ "client-is-back", .duration = MSEC(QUIET_MS) },
		{ "unread-bytes", .duration = MSEC(QUIET_MS) },
		{ "child-holds-it", .duration = MSEC(2 * QUIET_MS),
		  .judgements = CLAIMS(
			  { "D11", DOCUMENT_CONDITIONAL,
			    "no restart ends it while another process of the "
			    "server holds the socket, as sshd's do: __fput() "
			    "comes with the last one" }) },
		{ "defaults", .defaults = true, .duration = SEC(110) }),
	.duration = MSEC(QUIET_MS) + SEC(2),
	.script = script,
};
