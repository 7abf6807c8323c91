/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that have to be set before the handshake. TCP_WINDOW_CLAMP limits the
 * window, whatever tcp_rmem allows: tcp_select_initial_window() rounds it down
 * to whole segments and needs no window scale for it. (Later it need not: where
 * the size of the segments shows that more payload fits into the buffer than
 * was assumed, tcp_measure_rcv_mss() replaces the clamp.) TCP_MAXSEG is the MSS
 * option of the SYN (tcp_connect_init(), tcp_mss_clamp()), and limits the size
 * of the segments in both directions: tcp_sync_mss() at one end, the option at
 * the other. Timestamps take 12 bytes of each segment.
 */
#include "case.h"

enum { CLAMP = 8192, MAXSEG = 700, TIMESTAMPS = 12, BYTES = 2000 };

#define ACK(host_) FRAMES(FROM(host_), KIND(WIRE_PURE_ACK))

struct window_stage {
	struct sock *client, *server;
	struct segment syn;
};

static struct window_stage connect_with(struct run *run, int option, int value)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct window_stage stage = {
		.client = sock_open(probe_start(run, "client")),
	};
	struct mark asked = mark_now(run);
	struct finding got;

	sock_set(stage.client, IPPROTO_TCP, option, value);
	sock_start_connect(stage.client, listener);
	got = sock_reap(stage.client, soon);
	expect_success(&got);
	stage.server = sock_accept(listener);
	stage.syn = frames_first(run, asked, "client", WIRE_SYN)->frame.tcp;
	return stage;
}

/* It ends above the sequence number to which the SYN's window reaches. */
static bool is_beyond(const struct wire_capture *capture, const void *data)
{
	uint32_t sent = capture->frame.tcp.seq - capture->base.sender - 1;

	return sent + capture->frame.tcp.length > *(const unsigned int *)data;
}

static void expect_clamp(struct run *run)
{
	struct window_stage stage = connect_with(run, TCP_WINDOW_CLAMP, CLAMP);
	const unsigned int window = CLAMP / stage.syn.mss * stage.syn.mss;
	struct mark sent = mark_now(run);

	const struct wire_capture *ack, *beyond;
	struct finding got;

	expect_number(run, "window", stage.syn.window, window, window);
	expect_number(run, "window_scale", stage.syn.window_scale, 0, 0);
	/* The congestion window allows 10 segments: TCP_INIT_CWND. */
	got = sock_stream(stage.server, stage.client, 2 * CLAMP, soon);
	expect_stream(&got, 2 * CLAMP, 0);
	ack = frames_wait(run, sent, ACK("client"), 1, soon);
	beyond = frames_nth(run, sent,
			    FRAMES(FROM("server"), KIND(WIRE_DATA),
				   .where = is_beyond, .data = &window),
			    1);
	expect_that(run, ack && beyond && beyond->at >= ack->at,
		    "no segment beyond the window before the first ACK", "%s",
		    ack && beyond ? R_("one before it") : R_("no such segment"));
}

/* tcpi_snd_mss: the payload of a full segment. */
static void expect_snd_mss(struct sock *sock, const char *name)
{
	struct diag_socket seen = { .has_info = false };

	sock_look(sock, &seen);
	expect_number(sock_run(sock), name, seen.info.tcpi_snd_mss,
		      MAXSEG - TIMESTAMPS, MAXSEG - TIMESTAMPS);
}

static void expect_maxseg(struct run *run)
{
	struct window_stage stage = connect_with(run, TCP_MAXSEG, MAXSEG);
	struct finding got;

	expect_number(run, "mss", stage.syn.mss, MAXSEG, MAXSEG);
	got = sock_stream(stage.client, stage.server, BYTES, soon);
	expect_stream(&got, BYTES, 0);
	got = sock_stream(stage.server, stage.client, BYTES, soon);
	expect_stream(&got, BYTES, 0);
	expect_snd_mss(stage.client, "client_snd_mss");
	expect_snd_mss(stage.server, "server_snd_mss");
}

static void script(struct run *run)
{
	if (run_is_variant(run, "window-clamp"))
		expect_clamp(run);
	else
		expect_maxseg(run);
}

CASE(option_window) = {
	.name = "option-window",
	.claim = "TCP_WINDOW_CLAMP before connect() wins over tcp_rmem, and "
		 "TCP_MAXSEG over the MTU",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "both are limits of one socket below those of the host and the "
	       "interface",
	.sources = "net/ipv4/tcp_output.c:tcp_select_initial_window(), "
		   "tcp_connect_init(), tcp_sync_mss()",
	.steps = STEPS("TCP_WINDOW_CLAMP is set to 8192, or TCP_MAXSEG to 700, "
		       "before connect()",
		       "data is sent"),
	.expect = "window-clamp: the SYN advertises as many whole segments as "
		  "fit into 8192 bytes, without a window scale, and the server "
		  "sends no more before the first ACK; maxseg: MSS 700 in the "
		  "SYN, and segments of 688 bytes in both directions",
	.shows = SHOWS("window", "window_scale", "mss", "client_snd_mss",
		       "server_snd_mss"),
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_rmem",
			      .text = "4096 131072 131072" },
			    { NULL, "net.ipv4.tcp_timestamps", 1 }),
	.variants = VARIANTS(
		{ "window-clamp",
		  "TCP_WINDOW_CLAMP is 8192: the SYN advertises that many "
		  "bytes in whole segments, and no more are sent before the "
		  "first ACK" },
		{ "maxseg", "TCP_MAXSEG is 700: the SYN has MSS 700, and "
			    "segments of both ends carry at most 688 bytes" }),
	.duration = MSEC(50),
	.no_fault = true,
	.script = script,
};
