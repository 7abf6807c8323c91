/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close() while the peer's window holds back data. The FIN comes after the data
 * in the sequence, so it waits too: tcp_send_fin() sets the flag on the last
 * segment of the write queue. The state changes at once: __tcp_close() calls
 * tcp_close_state() first. So the client is an orphan in FIN-WAIT-1 while the
 * server is ESTABLISHED and has received no FIN.
 *
 * A closed window has a timer of its own, tcp_probe_timer(). For an orphan it
 * gives up after tcp_orphan_retries() unanswered probes, or at once if memory
 * is short. Here the server answers each probe.
 *
 * When the server reads, the data is sent, and the FIN with the last of it.
 * tcp_early_retrans = 0 disables the tail loss probe, which on a busy machine
 * could send the FIN twice: it waits only two jiffies for the ACK.
 */
#include "case.h"

enum { WINDOW = 8192, BYTES = 1 << 16, BUFFER = 1 << 18, WATCHED_MS = 400 };

/* The server's receive buffer is small before it advertises a window, and the
 * client's send buffer holds all of the data. */
static struct pair connect_narrow(struct run *run)
{
	struct pair tcp = { .server_probe = probe_start(run, "server") };

	tcp.client_probe = probe_start(run, "client");
	tcp.listener = sock_listen(tcp.server_probe, 1);
	sock_set(tcp.listener, SOL_SOCKET, SO_RCVBUF, WINDOW);
	tcp.client = sock_connect(tcp.client_probe, tcp.listener);
	tcp.server = sock_accept(tcp.listener);
	sock_set(tcp.client, SOL_SOCKET, SO_SNDBUF, BUFFER);
	return tcp;
}

static void expect_no_fin_yet(struct run *run, struct pair *tcp,
			      struct mark closed)
{
	struct diag_socket seen;

	expect_state(tcp->client, DIAG_FIN_WAIT1);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_frames(run, closed, "FINs", FRAMES(KIND(WIRE_FIN)), 0);
	sock_look(tcp->client, &seen);
	expect_that(run, seen.send_queue > 0 && !seen.inode,
		    "the client's end is an orphan with data in its send queue",
		    "%u bytes, inode %u", seen.send_queue, seen.inode);
}

/* Reads until EOF, and returns the number of bytes. */
static size_t read_all(struct sock *server)
{
	size_t sum = 0;

	for (;;) {
		struct finding got = sock_recv(server, SEC(5));

		if (got.open || got.value <= 0)
			return sum;
		sum += (size_t)got.value;
	}
}

static void script(struct run *run)
{
	struct pair tcp = connect_narrow(run);
	struct mark closed, read;
	struct finding got;

	got = sock_send(tcp.client, BYTES);
	expect_that(run, got.value == BYTES, "send() takes all bytes", "%ld",
		    (long)got.value);
	closed = mark_now(run);
	sock_close(tcp.client);
	expect_no_fin_yet(run, &tcp, closed);
	run_pass_until(run, closed, MSEC(WATCHED_MS));
	expect_no_fin_yet(run, &tcp, closed);

	read = mark_now(run);
	expect_number(run, "bytes", (int64_t)read_all(tcp.server), BYTES,
		      BYTES);
	expect_frames(run, read, "FINs, with the last data",
		      FRAMES(FROM("client"), KIND(WIRE_FIN)), 1);
	expect_state(tcp.server, DIAG_CLOSE_WAIT);
	expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
}

CASE(fin_wait_1_before_fin) = {
	.name = "fin-wait-1-before-fin",
	.claim = "close() with data that the window holds back: FIN-WAIT-1 at "
		 "once, and no FIN until the peer reads",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_WRONG,
		  "the document has the FIN first and FIN-WAIT-1 after it: "
		  "__tcp_close() enters the state with tcp_close_state(), and "
		  "the FIN follows when the data before it may be sent" }),
	.why = "the state follows the program's close(); the FIN has its place "
	       "in the sequence, after all data",
	.sources = "RFC 9293 3.6, 3.10.4; net/ipv4/tcp.c:__tcp_close(), "
		   "tcp_close_state(); net/ipv4/tcp_output.c:tcp_send_fin()",
	.steps = STEPS(
		"a connection; the server's receive buffer is small",
		"the client sends 64 KiB, of which the server reads nothing, "
		"and closes",
		"the states of both ends are read at once and after 0.4 s",
		"the server reads"),
	.expect = "client in FIN-WAIT-1, server ESTABLISHED, no FIN; after the "
		  "read all 64 KiB, EOF and one FIN",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.duration = MSEC(WATCHED_MS),
	.no_fault = true,
	.script = script,
};
