/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is pulled while the connection is idle. netif_carrier_off() is the
 * beginning and linkwatch_do_dev() the end of what the kernel does about it:
 * the interface's queue is taken out, its routes are marked linkdown
 * (fib_sync_down_dev()), and that is all. No list leads from an interface to
 * the sockets that use it. Setting the interface down goes further (the routes
 * go, fib_disable_ip()), and taking the address away further still (it is no
 * longer this host's, fib_del_ifaddr()), and neither asks for sockets.
 *
 * So all that the kernel tells of the connection is the same as before, to the
 * byte: state, numbers, windows, RTT, the congestion window, what was lost and
 * retransmitted. The three times of tcp_info are told as "so long ago"
 * (tcp_get_info()) and grow as any clock does.
 *
 * All that is in struct sock and in what is built on it (inet_connection_sock,
 * tcp_sock), not in struct socket. That is what a file descriptor leads to, and
 * has nothing of TCP: its own state is SS_CONNECTED. A connection that nobody
 * has accepted has no struct socket at all (the inode that sock_diag tells is
 * its), and is as ESTABLISHED as any, through all of this.
 */
#include "case.h"

/* Jiffies, told in milliseconds, may be one off. */
enum { PASS_MS = 500, ROUNDING_MS = 1 };

static const nsec_t soon = MSEC(500);

/* One more than the server accepts. */
struct ends {
	struct pair tcp;
	struct sock *waiting, *not_accepted;
};

struct fault {
	const char *name;
	void (*happens)(struct run *run, const char *host);
	void (*ends)(struct run *run, const char *host);
	const char *link, *link_v6; /* of the client, meanwhile */
};

/* The address of IPv6 goes with the interface: addrconf_ifdown(). */
static const struct fault faults[] = {
	{ "cable", fault_unplug, fault_plug,
	  "up, no carrier, address, route linkdown",
	  "up, no carrier, address, route linkdown" },
	{ "interface-down", fault_down, fault_up,
	  "down, no carrier, address, no route",
	  "down, no carrier, no address, no route" },
	{ "address-removed", fault_unaddress, fault_readdress,
	  "up, carrier, no address, no route",
	  "up, carrier, no address, no route" },
};

static const struct fault *fault_of(struct run *run)
{
	const struct fault *fault = faults;

	while (!run_is_variant(run, fault->name))
		fault++;
	return fault;
}

/* What is told as a distance from now, each time another one. */
static void take_clocks(struct diag_socket *seen, uint32_t clocks[3])
{
	struct tcp_info *info = &seen->info;

	clocks[0] = info->tcpi_last_data_sent;
	clocks[1] = info->tcpi_last_data_recv;
	clocks[2] = info->tcpi_last_ack_recv;
	info->tcpi_last_data_sent = info->tcpi_last_data_recv =
		info->tcpi_last_ack_recv = 0;
}

static void expect_clocks(struct run *run, const char *host,
			  const uint32_t before[3], const uint32_t after[3])
{
	uint32_t least = UINT32_MAX, most = 0;

	for (int i = 0; i < 3; i++) {
		least = MIN(least, after[i] - before[i]);
		most = MAX(most, after[i] - before[i]);
	}
	expect_that(run, least >= PASS_MS && most - least <= ROUNDING_MS,
		    "its three clocks have gone on together",
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

/* Everything that sock_diag tells. */
static void expect_same(struct run *run, struct sock *sock,
			struct diag_socket before)
{
	uint32_t clocks_before[3], clocks_after[3];
	struct diag_socket after;
	size_t at;

	sock_look(sock, &after);
	take_clocks(&before, clocks_before);
	take_clocks(&after, clocks_after);
	expect_clocks(run, sock_host(sock), clocks_before, clocks_after);
	at = first_difference(&before.info, &after.info);
	expect_that(run, before.has_info && at == sizeof(before.info),
		    "tcp_info is the same, but for its clocks",
		    "%s: %zu bytes, the first difference at %zu",
		    sock_host(sock), sizeof(before.info), at);
	expect_that(run,
		    after.state == DIAG_ESTABLISHED &&
			    after.timer == DIAG_TIMER_NONE &&
			    after.cookie[0] == before.cookie[0] &&
			    after.inode == before.inode &&
			    after.receive_queue == before.receive_queue &&
			    after.send_queue == before.send_queue,
		    "the same socket, its state, timer and queues",
		    "%s: %s, timer %s, %u and %u bytes", sock_host(sock),
		    diag_state_text(after.state), diag_timer_text(after.timer),
		    after.receive_queue, after.send_queue);
}

/* With something in it: data has gone both ways, and nothing is left to do. */
static void connect_ends(struct run *run, struct ends *ends)
{
	ends->tcp = sock_pair(run);
	ends->waiting =
		sock_connect(ends->tcp.client_probe, ends->tcp.listener);
	ends->not_accepted = sock_peer(ends->waiting, "server");
	sock_send(ends->tcp.client, 1000);
	sock_recv(ends->tcp.server, soon);
	sock_send(ends->tcp.server, 1000);
	sock_recv(ends->tcp.client, soon);
	sock_post_recv(ends->tcp.client);
	sock_post_recv(ends->tcp.server);
	run_pass(run, MSEC(PASS_MS));
}

static void one_byte(struct sock *from, struct sock *to)
{
	struct finding got;

	sock_send(from, 1);
	got = sock_reap(to, soon);
	expect_data(&got, 1);
}

static void has_no_socket(struct run *run, const struct diag_socket *seen)
{
	expect_that(run, seen->inode == 0 && seen->state == DIAG_ESTABLISHED,
		    "nobody has accepted it: ESTABLISHED without any "
		    "struct socket",
		    "%s, inode %u", diag_state_text(seen->state), seen->inode);
}

static void script(struct run *run)
{
	const struct fault *fault = fault_of(run);
	struct diag_socket client, server, not_accepted;
	struct ends ends;
	struct mark before;

	connect_ends(run, &ends);
	sock_look(ends.tcp.client, &client);
	sock_look(ends.tcp.server, &server);
	sock_look(ends.not_accepted, &not_accepted);
	has_no_socket(run, &not_accepted);
	expect_link(run, "client", "up, carrier, address, route");

	before = mark_now(run);
	fault->happens(run, "client");
	run_pass(run, MSEC(PASS_MS));
	expect_link(run, "client",
		    run_address(run, "client").family == AF_INET6 ?
			    fault->link_v6 :
			    fault->link);
	expect_link(run, "server", "up, carrier, address, route");
	expect_same(run, ends.tcp.client, client);
	expect_same(run, ends.tcp.server, server);
	expect_same(run, ends.not_accepted, not_accepted);
	expect_frames(run, before, "TCP segments", FRAMES(KIND(WIRE_TCP)), 0);

	fault->ends(run, "client");
	expect_link(run, "client", "up, carrier, address, route");
	one_byte(ends.tcp.server, ends.tcp.client);
	one_byte(ends.tcp.client, ends.tcp.server);
}

static const struct judgement of_interface[] = {
	{ "D1", DOCUMENT_RIGHT,
	  "not even an interface that is set down changes anything of it: "
	  "fib_disable_ip() goes through routes, not sockets" },
	{ .claim = NULL },
};

static const struct judgement of_address[] = {
	{ "D1", DOCUMENT_RIGHT,
	  "not even its own address taken away changes anything of it: "
	  "fib_del_ifaddr() goes through routes, not sockets" },
	{ .claim = NULL },
};

CASE(unplug_states) = {
	.name = "unplug-states",
	.claim = "cable pulled: all that the kernels tell of the connection "
		 "stays the same, at both ends",
	.judgements = CLAIMS(
		{ "D1", DOCUMENT_RIGHT,
		  "no socket is touched: linkwatch_do_dev() takes out the "
		  "queue and marks the routes" },
		{ "D1", DOCUMENT_WRONG,
		  "the state is in struct sock (sk_state) and tcp_sock: a "
		  "connection in the accept queue is ESTABLISHED without any "
		  "struct socket, which inet_accept() grafts on" }),
	.why = "carrier, interface and address are the network layer's; a "
	       "socket meets them only when it next sends",
	.sources =
		"RFC 1122 4.2.3.9; net/core/link_watch.c:linkwatch_do_dev(); "
		"net/ipv4/fib_frontend.c:fib_netdev_event(), "
		"fib_inetaddr_event(); net/ipv4/tcp.c:tcp_get_info()",
	.steps = STEPS("a connection that has carried data, and one that the "
		       "server has not accepted",
		       "the client's cable is pulled; or its interface set "
		       "down; or its address removed",
		       "tcp_info, state, timer and queues of all ends are "
		       "compared with those of before",
		       "it is put back, and a byte goes each way"),
	.expect = "the interface has lost its carrier (and its routes, its "
		  "address), and no byte of tcp_info differs, but for three "
		  "clocks that go on",
	.world = &world_pair,
	.variants = VARIANTS({ "cable" },
			     { "interface-down", .judgements = of_interface },
			     { "address-removed", .judgements = of_address }),
	.duration = MSEC(2 * PASS_MS),
	.script = script,
};
