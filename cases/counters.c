/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the counters of /proc/net/snmp and /proc/net/netstat count, in scenarios
 * in which each event happens exactly once: TCP_INC_STATS() and NET_INC_STATS()
 * beside the mechanism. A counter that is not in a row of the table is not
 * expected to stay 0.
 *
 * OutSegs counts what __tcp_transmit_skb() sends for the first time, and
 * tcp_make_synack() and tcp_v4_send_reset(); RetransSegs counts the rest. So in
 * a scenario without a loss the segments of the wire are OutSegs of one host
 * and InSegs of the other.
 */
#include "case.h"

enum { BYTES = 100, CLOSED_PORT = 9, TWICE_MS = 20 };

#define DATA FROM("client"), KIND(WIRE_DATA)
#define SEGMENTS KIND(WIRE_TCP)

struct count {
	const char *host, *name;
	int64_t change;
};

struct scenario {
	const char *variant;
	void (*play)(struct run *run);
	struct count counts[12]; /* end: name NULL */
};

/* --- scenarios ------------------------------------------------------------*/

static void expect_segments(struct run *run, struct mark since)
{
	const char *const hosts[] = { "client", "server" };

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		int64_t out = frames_count(run, since,
					   FRAMES(FROM(hosts[i]), SEGMENTS));
		int64_t in = frames_count(run, since,
					  FRAMES(TO(hosts[i]), SEGMENTS));

		expect_counter(run, hosts[i], "OutSegs", out);
		expect_counter(run, hosts[i], "InSegs", in);
	}
}

static void open_and_close(struct run *run)
{
	struct mark begin = mark_now(run);
	struct pair tcp = sock_pair(run);

	sock_deliver(tcp.client, tcp.server, BYTES);
	sock_deliver(tcp.server, tcp.client, BYTES);
	expect_counter(run, "client", "CurrEstab", 1);
	expect_counter(run, "server", "CurrEstab", 1);
	sock_close_both(tcp.client, tcp.server);
	expect_time_waits(run, "client", 1);
	expect_segments(run, begin);
}

static void refuse(struct run *run)
{
	struct mark begin = mark_now(run);
	struct sock *client =
		sock_post_connect_to(probe_start(run, "client"), "server",
				     CLOSED_PORT);
	struct finding got = sock_reap(client, soon);

	expect_error(&got, ECONNREFUSED);
	expect_segments(run, begin);
}

static void abort_connection(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;

	sock_post_recv(tcp.client);
	sock_abort(tcp.server);
	got = sock_reap(tcp.client, soon);
	expect_error(&got, ECONNRESET);
}

static void close_unread(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;

	sock_post_recv(tcp.client);
	sock_send(tcp.client, BYTES);
	frames_need(run, (struct mark){ .at = 0 },
		    FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)));
	sock_close(tcp.server);
	got = sock_reap(tcp.client, soon);
	expect_error(&got, ECONNRESET);
}

/* The first transmission is lost; the second arrives. */
static void lose_data(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;

	fault_drop(run, FRAMES(DATA, .first = 1, .count = 1));
	sock_post_recv(tcp.server);
	sock_send(tcp.client, BYTES);
	got = sock_reap(tcp.server, SEC(2));
	if (!expect_data(&got, BYTES))
		return;
	/* Data that is acknowledged beyond the probe proves that the probe
	 * repaired a loss: tcp_process_tlp_ack(). */
	sock_deliver(tcp.client, tcp.server, BYTES);
	run_pass(run, MSEC(50));
}

static void lose_syn(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct probe *client = probe_start(run, "client");
	struct finding got;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_SYN), .first = 1,
			       .count = 1));
	got = sock_try_connect(client, listener, SEC(2));
	expect_success(&got);
}

/*
 * The client is ESTABLISHED and silent; the server's timer sends the SYN-ACK
 * again. Which of the two the client acknowledges is unknown without timestamps,
 * and tcp_synack_rtt_meas() takes no RTT sample.
 */
static void lose_third_ack(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 1);
	struct probe *client = probe_start(run, "client");
	struct diag_socket seen = { .has_info = false };
	struct sock *accepted;
	struct finding got;

	fault_drop(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK), .first = 1,
			       .count = 1));
	accepted = sock_post_accept(listener);
	sock_connect(client, listener);
	got = sock_reap(listener, SEC(2));
	if (!expect_success(&got))
		return;
	sock_look(accepted, &seen);
	expect_number(run, "server_rtt_us", seen.info.tcpi_rtt, 0, 0);
	expect_number(run, "server_total_retrans", seen.info.tcpi_total_retrans,
		      1, 1);
}

static void send_twice(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct mark sent;

	/* The ACK of the data is delayed, that of the duplicate is not. */
	sock_set(tcp.server, IPPROTO_TCP, TCP_QUICKACK, 0);
	fault_duplicate(run, FRAMES(DATA, .first = 1, .count = 1),
			MSEC(TWICE_MS));
	sent = mark_now(run);
	sock_deliver(tcp.client, tcp.server, BYTES);
	mark_done(run, &sent);
	expect_frame(run, sent, "ACK of the duplicate",
		     FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		     (struct range){ MSEC(TWICE_MS), MSEC(TWICE_MS) });
	run_pass(run, MSEC(TWICE_MS));
}

/* --- the table ------------------------------------------------------------*/

static const struct scenario scenarios[] = {
	{ "open-close",
	  open_and_close,
	  { { "client", "ActiveOpens", 1 },
	    { "client", "PassiveOpens", 0 },
	    { "server", "ActiveOpens", 0 },
	    { "server", "PassiveOpens", 1 },
	    { "client", "CurrEstab", 0 },
	    { "server", "CurrEstab", 0 },
	    { "client", "RetransSegs", 0 },
	    { "client", "EstabResets", 0 },
	    { "server", "EstabResets", 0 },
	    { "client", "OutRsts", 0 },
	    { "server", "OutRsts", 0 } } },
	{ "refused",
	  refuse,
	  { { "client", "ActiveOpens", 1 },
	    { "client", "AttemptFails", 1 },
	    { "client", "EstabResets", 0 },
	    { "server", "PassiveOpens", 0 },
	    { "server", "OutRsts", 1 } } },
	{ "abort",
	  abort_connection,
	  { { "server", "OutRsts", 1 },
	    { "server", "EstabResets", 1 },
	    { "server", "TCPAbortOnData", 1 },
	    { "server", "TCPAbortOnClose", 0 },
	    { "server", "CurrEstab", 0 },
	    { "client", "OutRsts", 0 },
	    { "client", "EstabResets", 1 },
	    { "client", "AttemptFails", 0 },
	    { "client", "CurrEstab", 0 } } },
	{ "unread",
	  close_unread,
	  { { "server", "OutRsts", 1 },
	    { "server", "EstabResets", 1 },
	    { "server", "TCPAbortOnClose", 1 },
	    { "server", "TCPAbortOnData", 0 },
	    { "client", "EstabResets", 1 } } },
	{ "lost-data",
	  lose_data,
	  { { "client", "TCPTimeouts", 1 },
	    { "client", "RetransSegs", 1 },
	    { "client", "TCPLossProbes", 0 },
	    { "client", "TCPLossProbeRecovery", 0 },
	    { "client", "TCPSynRetrans", 0 },
	    { "client", "TCPAbortOnTimeout", 0 } } },
	{ "lost-tail",
	  lose_data,
	  { { "client", "TCPTimeouts", 0 },
	    { "client", "RetransSegs", 1 },
	    { "client", "TCPLossProbes", 1 },
	    { "client", "TCPLossProbeRecovery", 1 } } },
	{ "lost-syn",
	  lose_syn,
	  { { "client", "ActiveOpens", 1 },
	    { "client", "TCPTimeouts", 1 },
	    { "client", "TCPSynRetrans", 1 },
	    { "client", "RetransSegs", 1 },
	    { "server", "PassiveOpens", 1 },
	    { "server", "RetransSegs", 0 } } },
	{ "lost-third-ack",
	  lose_third_ack,
	  { { "server", "TCPTimeouts", 1 },
	    { "server", "TCPSynRetrans", 1 },
	    { "server", "RetransSegs", 1 },
	    { "server", "PassiveOpens", 1 },
	    { "client", "RetransSegs", 0 } } },
	{ "sent-twice",
	  send_twice,
	  { { "server", "DelayedACKLost", 1 },
	    { "server", "TCPDSACKOldSent", 1 },
	    { "client", "TCPDSACKRecv", 1 },
	    { "client", "RetransSegs", 0 } } },
};

static void script(struct run *run)
{
	const struct scenario *scenario = VARIANT_ROW(run, scenarios);

	scenario->play(run);
	for (const struct count *count = scenario->counts; count->name; count++)
		expect_counter(run, count->host, count->name, count->change);
}

#define NO_PROBE SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 0 })
#define PROBE SYSCTLS({ "client", "net.ipv4.tcp_early_retrans", 3 })

CASE(counters) = {
	.name = "counters",
	.claim = "each event of a connection is counted once, by the host that "
		 "it happens to",
	.topic = TOPIC_COUNTERS,
	.why = "monitoring derives losses, refusals and resets from these "
	       "counters",
	.sources = "RFC 4022; net/ipv4/proc.c; net/ipv4/tcp.c:tcp_set_state(), "
		   "tcp_done(); net/ipv4/tcp_output.c:__tcp_transmit_skb()",
	.steps = STEPS("a connection opens and closes; or is refused, aborted, "
		       "or closed with unread data",
		       "or one segment is lost or sent twice: data, SYN, third "
		       "ACK"),
	.expect = "each counter of the scenario changes by the number of its "
		  "events; without a loss InSegs and OutSegs are the segments "
		  "on the wire",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "open-close", "a connection opens, carries 100 bytes in each "
				"direction and closes: opens, CurrEstab, and "
				"InSegs and OutSegs without a loss" },
		{ "refused", "connect() to a closed port: AttemptFails at the "
			     "client and OutRsts at the server" },
		{ "abort",
		  "the server aborts the connection with RST: TCPAbortOnData "
		  "at the server, EstabResets at both ends" },
		{ "unread", "the server closes with 100 bytes unread: "
			    "TCPAbortOnClose instead of TCPAbortOnData" },
		{ "lost-data",
		  "the first transmission of the data is lost, and "
		  "tcp_early_retrans is 0, so that the RTO repairs the loss: "
		  "TCPTimeouts",
		  NO_PROBE },
		{ "lost-tail",
		  "the first transmission of the data is lost, and "
		  "tcp_early_retrans is 3, so that a tail loss probe repairs "
		  "the loss: TCPLossProbes and TCPLossProbeRecovery, and no "
		  "TCPTimeouts",
		  PROBE },
		{ "lost-syn",
		  "the first SYN is lost: TCPTimeouts, TCPSynRetrans and "
		  "RetransSegs at the client",
		  .duration = SEC(1) },
		{ "lost-third-ack",
		  "the third ACK is lost and timestamps are off: the server "
		  "retransmits the SYN-ACK, counts TCPSynRetrans and takes no "
		  "RTT sample from the answer",
		  SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 0 }),
		  .duration = SEC(1) },
		{ "sent-twice",
		  "the path delivers the data a second time after 20 ms: "
		  "DelayedACKLost and TCPDSACKOldSent at the server, "
		  "TCPDSACKRecv at the client" }),
	.duration = MSEC(300),
	.no_fault = true,
	.script = script,
};
