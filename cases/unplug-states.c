/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is pulled while the connection is idle. From netif_carrier_off()
 * to linkwatch_do_dev() the kernel does two things: it stops the interface's
 * queue and marks its routes linkdown (fib_sync_down_dev()). No list leads
 * from an interface to the sockets that use it. Setting the interface down
 * also removes the routes (fib_disable_ip()), and removing the address makes
 * it foreign to the host (fib_del_ifaddr()), but neither looks for sockets.
 *
 * So everything that the kernel reports about the connection is the same as
 * before, to the byte: state, sequence numbers, windows, RTT, congestion
 * window, losses and retransmissions. Three times in tcp_info are reported as
 * the time since an event (tcp_get_info()), so they advance.
 *
 * All of it is in struct sock and the structures around it
 * (inet_connection_sock, tcp_sock), not in struct socket. That one belongs to
 * a file descriptor and has nothing of TCP: its own state is SS_CONNECTED. A
 * connection that nobody has accepted has no struct socket (and so no inode in
 * sock_diag), and is ESTABLISHED through all of this as well.
 */
#include "case.h"

/* The times in milliseconds come from jiffies and may differ by one. */
enum { PASS_MS = 500, ROUNDING_MS = 1 };

struct fault {
	const char *variant;
	void (*begin)(struct run *run, const char *host);
	void (*end)(struct run *run, const char *host);
	const char *link, *link_v6; /* the client's, between the two */
};

/* The IPv6 address goes with the interface: addrconf_ifdown(). */
static const struct fault faults[] = {
	{ "cable", fault_unplug, fault_plug,
	  R_("up, no carrier, address, route linkdown"),
	  R_("up, no carrier, address, route linkdown") },
	{ "interface-down", fault_down, fault_up,
	  R_("down, no carrier, address, no route"),
	  R_("down, no carrier, no address, no route") },
	{ "address-removed", fault_unaddress, fault_readdress,
	  R_("up, carrier, no address, no route"),
	  R_("up, carrier, no address, no route") },
};

static const struct fault *variant_fault(struct run *run)
{
	const struct fault *fault = faults;

	while (!run_is_variant(run, fault->variant))
		fault++;
	return fault;
}

/* Moves the times since an event out of tcp_info, so that the rest compares. */
static void take_times(struct diag_socket *seen, uint32_t times[3])
{
	struct tcp_info *info = &seen->info;

	times[0] = info->tcpi_last_data_sent;
	times[1] = info->tcpi_last_data_recv;
	times[2] = info->tcpi_last_ack_recv;
	info->tcpi_last_data_sent = info->tcpi_last_data_recv =
		info->tcpi_last_ack_recv = 0;
}

static void expect_times_advance(struct run *run, const char *host,
				 const uint32_t before[3],
				 const uint32_t after[3])
{
	uint32_t least = UINT32_MAX, most = 0;

	for (int i = 0; i < 3; i++) {
		least = MIN(least, after[i] - before[i]);
		most = MAX(most, after[i] - before[i]);
	}
	expect_that(run, least >= PASS_MS && most - least <= ROUNDING_MS,
		    "the three times of tcp_info advance together",
		    "%s: by %u, %u and %u ms", host, after[0] - before[0],
		    after[1] - before[1], after[2] - before[2]);
}

static size_t first_difference(const struct tcp_info *a,
			       const struct tcp_info *b)
{
	const unsigned char *x = (const void *)a, *y = (const void *)b;
	size_t at = 0;

	while (at < sizeof(*a) && x[at] == y[at])
		at++;
	return at;
}

/* Everything that sock_diag reports. */
static void expect_unchanged(struct run *run, struct sock *sock,
			     struct diag_socket before)
{
	uint32_t times_before[3], times_after[3];
	struct diag_socket after;
	size_t at;

	sock_look(sock, &after);
	take_times(&before, times_before);
	take_times(&after, times_after);
	expect_times_advance(run, sock_host(sock), times_before, times_after);
	at = first_difference(&before.info, &after.info);
	expect_that(run, before.has_info && at == sizeof(before.info),
		    "tcp_info is the same apart from three times",
		    "%s: %zu bytes, first difference at %zu", sock_host(sock),
		    sizeof(before.info), at);
	expect_that(run,
		    after.state == DIAG_ESTABLISHED &&
			    after.timer == DIAG_TIMER_NONE &&
			    after.cookie[0] == before.cookie[0] &&
			    after.inode == before.inode &&
			    after.receive_queue == before.receive_queue &&
			    after.send_queue == before.send_queue,
		    "the socket, its state, timer and queues are the same",
		    "%s: %s, timer %s, receive queue %u, send queue %u bytes",
		    sock_host(sock), diag_state_text(after.state),
		    diag_timer_text(after.timer), after.receive_queue,
		    after.send_queue);
}

static void send_byte(struct sock *from, struct sock *to)
{
	struct finding got;

	sock_send(from, 1);
	got = sock_reap(to, soon);
	expect_data(&got, 1);
}

static void script(struct run *run)
{
	const struct fault *fault = variant_fault(run);
	struct diag_socket client, server, queued;
	struct pair tcp = sock_pair(run);
	struct sock *not_accepted = sock_peer(
		sock_connect(tcp.client_probe, tcp.listener), "server");
	struct mark begun;

	/* Data both ways, so that tcp_info has something to report. */
	sock_deliver(tcp.client, tcp.server, 1000);
	sock_deliver(tcp.server, tcp.client, 1000);
	sock_post_recv(tcp.client);
	sock_post_recv(tcp.server);
	run_pass(run, MSEC(PASS_MS));

	sock_look(tcp.client, &client);
	sock_look(tcp.server, &server);
	sock_look(not_accepted, &queued);
	expect_that(run, queued.inode == 0 && queued.state == DIAG_ESTABLISHED,
		    "a connection that is not accepted is ESTABLISHED without "
		    "a struct socket",
		    "%s, inode %u", diag_state_text(queued.state),
		    queued.inode);
	expect_link(run, "client", "up, carrier, address, route");

	begun = mark_now(run);
	fault->begin(run, "client");
	run_pass(run, MSEC(PASS_MS));
	expect_link(run, "client",
		    run_address(run, "client").family == AF_INET6 ?
			    fault->link_v6 :
			    fault->link);
	expect_link(run, "server", "up, carrier, address, route");
	expect_unchanged(run, tcp.client, client);
	expect_unchanged(run, tcp.server, server);
	expect_unchanged(run, not_accepted, queued);
	expect_frames(run, begun, "TCP segments", FRAMES(KIND(WIRE_TCP)), 0);

	fault->end(run, "client");
	expect_link(run, "client", "up, carrier, address, route");
	send_byte(tcp.server, tcp.client);
	send_byte(tcp.client, tcp.server);
}

CASE(unplug_states) = {
	.name = "unplug-states",
	.claim = "cable pulled: everything that the kernels report about the "
		 "connection stays the same, at both ends",
	.judgements = CLAIMS(
		{ "D1", DOCUMENT_RIGHT,
		  "that nothing changes: losing the carrier touches no "
		  "socket, linkwatch_do_dev() stops the queue and marks the "
		  "routes" },
		{ "D1", DOCUMENT_WRONG,
		  "that the state is in struct socket: it is in struct sock "
		  "(sk_state) and tcp_sock; a connection in the accept queue "
		  "is ESTABLISHED without any struct socket, which "
		  "inet_accept() adds later" }),
	.why = "carrier, interface and address belong to the layers below; a "
	       "socket meets them only when it next sends",
	.sources = "RFC 1122 4.2.3.9; net/core/link_watch.c:"
		   "linkwatch_do_dev(); net/ipv4/fib_frontend.c:"
		   "fib_netdev_event(), fib_inetaddr_event(); net/ipv4/tcp.c:"
		   "tcp_get_info()",
	.steps = STEPS("a connection that has carried data, and one that the "
		       "server has not accepted",
		       "the client's cable is pulled; or its interface is set "
		       "down; or its address removed",
		       "tcp_info, state, timer and queues of all ends are "
		       "compared with those before the fault",
		       "the fault ends, and a byte goes each way"),
	.expect = "the interface has lost its carrier (or its routes, or its "
		  "address), and no byte of tcp_info has changed apart from "
		  "three times that advance",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "cable", "the client's cable is pulled: the interface loses "
			   "its carrier and its route is marked linkdown" },
		{ "interface-down",
		  "the client's interface is set down: its routes are removed, "
		  "over IPv6 its address too",
		  .judgements = CLAIMS(
			  { "D1", DOCUMENT_RIGHT,
			    "even an interface that is set down changes "
			    "nothing: fib_disable_ip() goes through routes, "
			    "not sockets" }) },
		{ "address-removed",
		  "the client's address is removed from its interface, and "
		  "with it the route",
		  .judgements = CLAIMS(
			  { "D1", DOCUMENT_RIGHT,
			    "even the removal of its own address changes "
			    "nothing: fib_del_ifaddr() goes through routes, "
			    "not sockets" }) }),
	.duration = MSEC(2 * PASS_MS),
	.script = script,
};
