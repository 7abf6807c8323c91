/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close() sends a RST instead of a FIN where unread data is lost by it: RFC
 * 2525 2.17, __tcp_close(). What counts is the receive queue, and that can
 * contain a segment all of whose bytes the process has read: a retransmission
 * that also has the FIN. Up to 6.17 its length was enough for a RST; since
 * 5f9238530970 its end is compared with copied_seq.
 *
 * Such a segment comes from the client's kernel: the ACK of the data and the
 * FIN are lost, and tcp_retrans_try_collapse() joins both into one
 * retransmission. The control is data that is really unread.
 */
#include "case.h"

enum { BYTES = 100 };

static const struct change changes[] = {
	{ KERNEL_VERSION(6, 18, 0), "5f9238530970",
	  "close() compares the bytes in the queue with those that were read",
	  .stable = true,
	  .present = { KERNEL_VERSION(6, 1, 158), KERNEL_VERSION(6, 12, 56) },
	  .absent = { KERNEL_VERSION(5, 10, 223) } },
	{ .what = NULL },
};

static bool empty_fin(const struct wire_capture *capture,
		      const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.flags & SEGMENT_FIN &&
	       capture->frame.tcp.length == 0;
}

static bool fin_with_data(const struct wire_capture *capture,
			  const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.flags & SEGMENT_FIN &&
	       capture->frame.tcp.length == BYTES;
}

/* The data arrives, and then once more, with the FIN. */
static bool deliver_twice(struct run *run, struct pair *tcp, bool read)
{
	const struct wire_capture *again;
	struct mark sent = mark_now(run);

	fault_drop(run, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK), .first = 1,
			       .count = 1));
	fault_drop(run,
		   FRAMES(FROM("client"), KIND(WIRE_FIN), .where = empty_fin));
	if (read)
		sock_deliver(tcp->client, tcp->server, BYTES);
	else
		sock_send(tcp->client, BYTES);
	frames_wait(run, sent, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	sock_shutdown(tcp->client, SHUT_WR);
	again = frames_wait(run, sent,
			    FRAMES(FROM("client"), .where = fin_with_data), 1,
			    SEC(1));
	return expect_that(run, again, "the data is retransmitted with the FIN",
			   "no such segment") &&
	       expect_state_within(tcp->server, DIAG_CLOSE_WAIT, soon);
}

static void script(struct run *run)
{
	bool unread = run_is_variant(run, "unread");
	struct pair tcp = sock_pair(run);
	bool reset = unread || !run_has_change(run, changes);
	struct mark closed;

	if (!deliver_twice(run, &tcp, !unread))
		return;
	closed = mark_now(run);
	sock_close(tcp.server);
	frames_wait(run, closed, FRAMES(FROM("server")), 1, soon);
	run_pass(run, MSEC(10));
	expect_counter(run, "server", "TCPAbortOnClose", reset);
	expect_frames(run, closed, "RSTs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_RST)), reset);
	expect_frames(run, closed, "FINs of the server",
		      FRAMES(FROM("server"), KIND(WIRE_FIN)), !reset);
	expect_state(tcp.client, reset ? DIAG_CLOSE : DIAG_TIME_WAIT);
}

CASE(close_after_read) = {
	.name = "close-after-read",
	.claim = "close() sends a FIN where everything was read, also where "
		 "the data has arrived once more; unread data makes it a RST",
	.topic = TOPIC_CLOSE,
	.why = "a RST says that data was lost; a second copy of what was read "
	       "is not lost",
	.sources = "RFC 2525 2.17; net/ipv4/tcp.c:__tcp_close(); "
		   "net/ipv4/tcp_output.c:tcp_retrans_try_collapse()",
	.steps = STEPS("the client sends, and the wire drops the ACK",
		       "the server reads; the client closes, and the wire "
		       "drops the FIN: data and FIN are retransmitted as one "
		       "segment (unread: the server does not read)",
		       "the server closes"),
	.expect = "read-twice: a FIN, and TIME-WAIT at the client (before "
		  "5f9238530970: a RST); unread: a RST",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_retrans_collapse", 1 }),
	.variants = VARIANTS(
		{ "read-twice",
		  "the server has read the data before it arrives once more, "
		  "together with the FIN: close() sends FIN, on kernels before "
		  "5f9238530970 RST" },
		{ "unread",
		  "the server reads nothing, so that the data really is lost: "
		  "close() sends RST on every kernel, which is the control" }),
	.changes = changes,
	.duration = MSEC(300),
	.script = script,
};
