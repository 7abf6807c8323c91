/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP destination unreachable in reply to a SYN. RFC 1122 4.2.3.9 calls net
 * and host unreachable soft errors, which must not abort a connection. In
 * SYN-SENT Linux aborts all the same, so that connect() can try the next
 * address: tcp_v4_err(), tcp_v6_err(). 0a8de364ff7a followed the RFC for a
 * short time before 6.8, and b59db45d7eba reverted it, because programs relied
 * on the error.
 *
 * The message must quote a sequence number in flight (OutOfWindowIcmps). The
 * control is the same message for data of an established connection: a soft
 * error, which only a timeout returns. With IP_RECVERR the next call returns it,
 * and the connection goes on.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "case.h"

enum { BYTES = 100, PAUSE = 300 };

static const struct plan {
	const char *variant;
	enum wire_answer answer;
	int error, error6;
} plans[] = {
	{ "net", WIRE_ANSWER_NET, ENETUNREACH, ENETUNREACH },
	{ "host", WIRE_ANSWER_HOST, EHOSTUNREACH, EHOSTUNREACH },
	{ "port", WIRE_ANSWER_PORT, ECONNREFUSED, ECONNREFUSED },
	/* icmp_err_convert[], icmpv6_err_convert() */
	{ "admin", WIRE_ANSWER_ADMIN, EHOSTUNREACH, EACCES },
	{ "established", WIRE_ANSWER_PORT, 0, 0 },
	{ "recverr", WIRE_ANSWER_PORT, 0, 0 },
};

/* IPv6 has other ICMP messages in passing: multicast listener reports. */
static bool is_unreachable(const struct wire_capture *capture,
			   const void *data MACRO_UNUSED)
{
	return capture->frame.icmp_type ==
	       (capture->frame.source.family == AF_INET6 ?
			ICMP6_DST_UNREACH :
			ICMP_DEST_UNREACH);
}

static void expect_soft(struct run *run, const struct plan *plan)
{
	struct pair tcp = sock_pair(run);
	struct mark sent = mark_now(run);
	struct finding got;

	fault_reject(run, FRAMES(FROM("client"), KIND(WIRE_DATA)),
		     plan->answer);
	sock_post_recv(tcp.server);
	if (run_is_variant(run, "recverr")) {
		bool v6 = run_address(run, "client").family == AF_INET6;

		sock_set(tcp.client, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			 v6 ? IPV6_RECVERR : IP_RECVERR, 1);
		sock_post_recv(tcp.client);
	}
	sock_send(tcp.client, BYTES);
	if (!expect_frames_between(run, sent, "ICMP errors",
				   FRAMES(KIND(WIRE_ICMP),
					  .where = is_unreachable),
				   0, 1))
		return;
	got = sock_reap(tcp.server, MSEC(PAUSE) + soon);
	expect_data(&got, BYTES);
	expect_number(
		run, "retransmissions",
		frames_count(run, sent, FRAMES(KIND(WIRE_RETRANSMISSION))), 1,
		1);
	expect_state(tcp.client, DIAG_ESTABLISHED);
	if (run_is_variant(run, "recverr")) {
		got = sock_reap(tcp.client, soon);
		expect_error(&got, ECONNREFUSED);
		return;
	}
	expect_pending_error(tcp.client, 0);
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	bool v6 = run_address(run, "client").family == AF_INET6;
	struct sock *listener, *client;
	struct probe *probe;
	struct finding got;
	struct mark asked;

	if (!plan->error) {
		expect_soft(run, plan);
		return;
	}
	listener = sock_listen(probe_start(run, "server"), 1);
	probe = probe_start(run, "client");
	fault_reject(run, FRAMES(FROM("client"), KIND(WIRE_SYN)), plan->answer);
	asked = mark_now(run);
	client = sock_post_connect(probe, listener);
	got = sock_reap(client, soon);
	expect_error(&got, v6 ? plan->error6 : plan->error);
	expect_took(asked, &got, at_once);
	expect_frames(run, asked, "SYNs",
		      FRAMES(FROM("client"), KIND(WIRE_SYN)), 1);
	expect_state(client, DIAG_CLOSE);
	expect_counter(run, "client", "AttemptFails", 1);
}

CASE(icmp_connecting) = {
	.name = "icmp-connecting",
	.claim = "any ICMP destination unreachable ends a connect() at once; "
		 "an established connection none",
	.topic = TOPIC_HANDSHAKE,
	.why = "a program that connects can try another address; one that has "
	       "a connection waits for the path to recover",
	.sources = "RFC 1122 4.2.3.9; RFC 5461; "
		   "net/ipv4/tcp_ipv4.c:tcp_v4_err(); "
		   "net/ipv6/tcp_ipv6.c:tcp_v6_err(); "
		   "net/ipv4/icmp.c:icmp_err_convert; reverted: "
		   "0a8de364ff7a, by b59db45d7eba",
	.steps = STEPS("the wire answers the client's SYN with an ICMP error: "
		       "net, host or port unreachable, or prohibited",
		       "established: it answers the first transmission of data "
		       "with port unreachable; recverr: the socket has set "
		       "IP_RECVERR"),
	.expect = "connect() fails at once with ENETUNREACH, EHOSTUNREACH, "
		  "ECONNREFUSED, or, prohibited, EHOSTUNREACH (IPv6: EACCES); "
		  "established: the retransmission arrives, no error; recverr: "
		  "the same, but recv() reports ECONNREFUSED once",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "net", "the SYN is answered with ICMP network unreachable "
			 "(IPv6: no route): connect() fails with ENETUNREACH" },
		{ "host", "the SYN is answered with ICMP host unreachable: "
			  "connect() fails with EHOSTUNREACH" },
		{ "port", "the SYN is answered with ICMP port unreachable: "
			  "connect() fails with ECONNREFUSED, as after a RST" },
		{ "admin", "the SYN is answered with ICMP communication "
			   "administratively prohibited: connect() fails with "
			   "EHOSTUNREACH, over IPv6 with EACCES" },
		{ "established",
		  "the ICMP port unreachable answers the first transmission of "
		  "data on an ESTABLISHED connection: the retransmission is "
		  "delivered, and no call fails",
		  .duration = MSEC(PAUSE) },
		{ "recverr",
		  "as in established, but the socket has IP_RECVERR "
		  "(IPV6_RECVERR): recv() returns ECONNREFUSED once, and the "
		  "connection stays ESTABLISHED",
		  .duration = MSEC(PAUSE) }),
	.duration = MSEC(20),
	.script = script,
};
