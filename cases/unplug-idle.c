/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's cable is pulled while nothing is in flight and keepalive is
 * off. The carrier belongs to the interface: netif_carrier_off() and
 * linkwatch_do_dev() stop the queue and mark the routes as linkdown; they
 * touch no socket. The other end is not informed at all. So both ends stay
 * ESTABLISHED without a timer, and the connection works when the cable is
 * back.
 *
 * The control leaves the idle connection alone: on a second one the client
 * sends a byte while the cable is unplugged. The byte leaves the client's TCP
 * (OutSegs), and the wire does not see it before the cable is back. The
 * keepalive sysctls are low enough to fire within the wait, but they do not
 * apply to a socket without SO_KEEPALIVE.
 */
#include "case.h"

enum { IDLE = 3, DAY = 24 * 60 * 60 };
enum { KEEPALIVE = 1, QUIET_MS = 100, PATIENCE = 5 };

#define SHORT_KEEPALIVE                                                        \
	.settings =                                                            \
		SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", KEEPALIVE },    \
			{ NULL, "net.ipv4.tcp_keepalive_intvl", KEEPALIVE },   \
			{ NULL, "net.ipv4.tcp_keepalive_probes", 1 })

static void expect_idle(struct run *run, const struct pair *tcp,
			struct mark since)
{

	run_pass(run, SEC(run_value(run)));
	expect_call_blocked(tcp->client);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_timer(tcp->client, DIAG_TIMER_NONE);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	expect_timer(tcp->server, DIAG_TIMER_NONE);
	expect_frames(run, since, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

static void send_without_carrier(struct run *run, struct sock *client)
{
	int64_t before = counter_change(run, "client", "OutSegs");
	struct mark sent = mark_now(run);
	int64_t out;

	sock_send(client, 1);
	run_pass(run, MSEC(QUIET_MS));
	out = counter_change(run, "client", "OutSegs") - before;
	expect_that(run, out > 0, "a segment left the client's TCP",
		    "OutSegs +%ld", (long)out);
	expect_frames(run, sent, "segments while the cable is unplugged",
		      FRAMES(KIND(WIRE_TCP)), 0);
}

static void expect_byte(struct sock *sock)
{
	struct finding got = sock_reap(sock, SEC(PATIENCE));

	expect_data(&got, 1);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct sock *other = sock_connect(tcp.client_probe, tcp.listener);
	struct sock *other_server = sock_accept(tcp.listener);
	struct mark idle;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	sock_post_recv(other_server);
	idle = mark_now(run);

	fault_unplug(run, "client");
	expect_idle(run, &tcp, idle);
	send_without_carrier(run, other);

	fault_plug(run, "client");
	sock_send(tcp.server, 1);
	expect_byte(tcp.client);
	sock_send(tcp.client, 1);
	expect_byte(tcp.server);
	expect_byte(other_server);
}

CASE(unplug_idle) = {
	.name = "unplug-idle",
	.claim = "cable pulled, no data, no keepalive: both ends stay "
		 "ESTABLISHED, and work once it is plugged in again",
	.judgements = CLAIMS({ "D8", DOCUMENT_RIGHT,
			       "no timer is armed at either end, and the loss "
			       "of the carrier closes no socket: "
			       "linkwatch_do_dev()" }),
	.why = "only a timer or a segment changes an idle connection; the loss "
	       "of the carrier changes the interface only",
	.sources = "RFC 1122 4.2.3.6; net/core/link_watch.c:"
		   "linkwatch_do_dev(); net/ipv4/tcp_timer.c:"
		   "tcp_set_keepalive()",
	.steps =
		STEPS("two connections, idle; the client blocks in recv()",
		      "the client's cable is pulled; idle for 3 s, or a day",
		      "on the second connection the client sends a byte, which "
		      "does not reach the wire",
		      "the cable is plugged in; one byte each way on the first "
		      "connection"),
	.expect = "both ends ESTABLISHED without a timer, and no segment; when "
		  "the cable is back every byte arrives, also that of the "
		  "second connection",
	.shows = SHOWS("outcome", "client_state", "server_state"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "seconds",
		  "the cable stays unplugged for 3 s, longer than keepalive "
		  "would need with the sysctls of this variant, 1 + 1 * 1 s",
		  .value = IDLE, SHORT_KEEPALIVE },
		{ "defaults",
		  "the cable stays unplugged for a day, at the kernel's "
		  "default values: keepalive would need a little more than two "
		  "hours",
		  .value = DAY, .defaults = true, .duration = SEC(DAY) }),
	.duration = SEC(IDLE) + MSEC(3 * QUIET_MS),
	.script = script,
};
