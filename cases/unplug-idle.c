/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's cable is pulled while nothing is under way and no keepalive is
 * on. The carrier belongs to the interface: netif_carrier_off() and
 * linkwatch_do_dev() stop the queue and mark the routes as linkdown, and touch
 * no socket. The other end is not even told that. So both stay ESTABLISHED
 * without a timer, and with the cable back the connection is as good as before.
 *
 * The control leaves the idle connection alone: on a second one the client
 * sends a byte while the cable is out. It leaves that kernel's TCP (OutSegs),
 * and the wire sees none of it until the cable is back. The keepalive sysctls
 * are so low that they would tell, too; but they are nothing to a socket that
 * did not ask.
 */
#include "case.h"

enum { IDLE = 3, DAY = 24 * 60 * 60 };
enum { KEEPALIVE = 1, QUIET_MS = 100, PATIENCE = 5 };

#define IMPATIENT                                                              \
	.settings =                                                            \
		SYSCTLS({ NULL, "net.ipv4.tcp_keepalive_time", KEEPALIVE },    \
			{ NULL, "net.ipv4.tcp_keepalive_intvl", KEEPALIVE },   \
			{ NULL, "net.ipv4.tcp_keepalive_probes", 1 })

static void is_idle(struct sock *sock)
{
	expect_state(sock, DIAG_ESTABLISHED);
	expect_timer(sock, DIAG_TIMER_NONE);
}

static void stays_idle(struct run *run, const struct pair *tcp,
		       struct mark since)
{
	struct finding waiting;

	run_pass(run, SEC(run_value(run)));
	waiting = sock_reap(tcp->client, 0);
	expect_open(&waiting);
	is_idle(tcp->client);
	is_idle(tcp->server);
	expect_frames(run, since, "segments while idle", FRAMES(KIND(WIRE_TCP)),
		      0);
}

static void sends_in_vain(struct run *run, struct sock *client)
{
	int64_t before = counter_change(run, "client", "OutSegs");
	struct mark sent = mark_now(run);
	int64_t out;

	sock_send(client, 1);
	run_pass(run, MSEC(QUIET_MS));
	out = counter_change(run, "client", "OutSegs") - before;
	expect_that(run, out > 0, "a segment left the client's TCP",
		    "OutSegs +%ld", (long)out);
	expect_frames(run, sent, "segments while unplugged",
		      FRAMES(KIND(WIRE_TCP)), 0);
}

static void arrives(struct sock *sock)
{
	struct finding got = sock_reap(sock, SEC(PATIENCE));

	expect_data(&got, 1);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct sock *other = sock_connect(tcp.client_probe, tcp.listener);
	struct sock *other_end = sock_accept(tcp.listener);
	struct mark idle;

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	sock_post_recv(other_end);
	idle = mark_now(run);

	fault_unplug(run, "client");
	stays_idle(run, &tcp, idle);
	sends_in_vain(run, other);

	fault_plug(run, "client");
	sock_send(tcp.server, 1);
	arrives(tcp.client);
	sock_send(tcp.client, 1);
	arrives(tcp.server);
	arrives(other_end);
}

CASE(unplug_idle) = {
	.name = "unplug-idle",
	.claim = "cable pulled, no data, no keepalive: both ends stay "
		 "ESTABLISHED, and go on once it is plugged in again",
	.judgements = CLAIMS({ "D8", DOCUMENT_RIGHT,
			       "no timer is armed at either end, and the loss "
			       "of the carrier closes no socket: "
			       "linkwatch_do_dev()" }),
	.why = "only a timer or a segment changes an idle connection; a "
	       "carrier "
	       "is the interface's affair",
	.sources =
		"RFC 1122 4.2.3.6; net/core/link_watch.c:linkwatch_do_dev(); "
		"net/ipv4/tcp_timer.c:tcp_set_keepalive()",
	.steps =
		STEPS("two connections, idle; the client waits in recv()",
		      "the client's cable is pulled; idle for 3 s, or a day",
		      "on the second connection the client sends a byte, which "
		      "never reaches the wire",
		      "the cable is plugged in; a byte goes each way on the "
		      "first, and that of the second arrives as well"),
	.expect = "both ends ESTABLISHED without a timer, not one segment, and "
		  "every byte arrives once the cable is back",
	.world = &world_pair,
	.variants = VARIANTS({ "seconds", .value = IDLE, IMPATIENT },
			     { "defaults", .value = DAY, .defaults = true,
			       .duration = SEC(DAY) }),
	.duration = SEC(IDLE) + MSEC(3 * QUIET_MS),
	.script = script,
};
