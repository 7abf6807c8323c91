/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close() with data that the peer's window does not let out. The FIN comes
 * after the data, so it waits with it: tcp_send_fin() hangs it onto the last
 * segment of the write queue. The state does not wait: __tcp_close() calls
 * tcp_close_state() first. So this end is in FIN-WAIT-1, and an orphan, and the
 * peer is ESTABLISHED and knows of nothing.
 *
 * A full window has a timer of its own, that of tcp_probe_timer(); of an orphan
 * it gives up after tcp_orphan_retries() of unanswered probes, or at once where
 * memory is short. Here the peer answers each.
 *
 * When the peer reads, the data goes out, and the FIN on the last of it. Once,
 * for there is no tail loss probe here: on a busy machine an ACK may take longer
 * than the two jiffies that one waits for.
 */
#include "case.h"

enum { WINDOW = 8192, BYTES = 1 << 16, BUFFER = 1 << 18, WATCHED_MS = 400 };

static const nsec_t soon = MSEC(500);

/* The server's window is small before it is advertised, and the client's buffer
 * takes all of the data. */
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
	expect_frames(run, closed, "FIN", FRAMES(KIND(WIRE_FIN)), 0);
	sock_look(tcp->client, &seen);
	expect_that(run, seen.send_queue > 0 && !seen.inode,
		    "an orphan, with data in its queue", "%u bytes",
		    seen.send_queue);
}

/* Reads until EOF; returns how much it was. */
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
	expect_that(run, got.value == BYTES, "send() takes all of it", "%ld",
		    (long)got.value);
	closed = mark_now(run);
	sock_close(tcp.client);
	expect_no_fin_yet(run, &tcp, closed);
	run_pass_until(run, closed, MSEC(WATCHED_MS));
	expect_no_fin_yet(run, &tcp, closed);

	read = mark_now(run);
	expect_number(run, "bytes", (int64_t)read_all(tcp.server), BYTES,
		      BYTES);
	expect_frames(run, read, "FIN, with the last data",
		      FRAMES(FROM("client"), KIND(WIRE_FIN)), 1);
	expect_state(tcp.server, DIAG_CLOSE_WAIT);
	expect_state_within(tcp.client, DIAG_FIN_WAIT2, soon);
}

CASE(fin_wait_1_before_fin) = {
	.name = "fin-wait-1-before-fin",
	.claim = "close() with data that cannot leave: FIN-WAIT-1 at once, and "
		 "no FIN until the peer has read",
	.judgements = CLAIMS(
		{ "C1", DOCUMENT_WRONG,
		  "the text has the FIN first and FIN-WAIT-1 after it: "
		  "__tcp_close() enters the state by tcp_close_state(), and "
		  "the FIN follows when the data before it may leave" }),
	.why = "the state is the program's wish to close; the FIN has its "
	       "place in the sequence, after all data",
	.sources = "RFC 9293 3.6, 3.10.4; net/ipv4/tcp.c:__tcp_close(), "
		   "tcp_close_state(); net/ipv4/tcp_output.c:tcp_send_fin()",
	.steps = STEPS("a connection; the server's receive buffer is small",
		       "the client sends 64 KiB, of which the server reads "
		       "nothing, and closes",
		       "both ends are looked at, at once and after 0.4 s",
		       "the server reads"),
	.expect = "FIN-WAIT-1 and ESTABLISHED, and no FIN; then all 64 KiB, "
		  "EOF and one FIN",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 }),
	.duration = MSEC(WATCHED_MS),
	.no_fault = true,
	.script = script,
};
