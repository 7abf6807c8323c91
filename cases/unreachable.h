/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four causes of an unreachable server, and their effect on the client's
 * kernel. The cases unreachable-* have a client that is idle, sends, and so on,
 * under each of them.
 *
 * cable (and cable-no-neighbour, where the neighbour entry is learned): the
 * client's cable is unplugged. linkwatch_do_dev() replaces the queue of the
 * interface by noop_qdisc; the routes stay (unless the sysctl
 * ignore_routes_with_linkdown is set). noop_enqueue() drops each packet and
 * returns NET_XMIT_CN, which net_xmit_eval() turns into success: for TCP the
 * segment has been sent.
 *
 * interface: the client's interface is set down. fib_disable_ip() deletes its
 * routes, so __ip_queue_xmit() returns EHOSTUNREACH and
 * inet_sk_rebuild_header() ENETUNREACH: TCP gets an error for each segment, and
 * keeps the second one as sk_err_soft.
 *
 * path: all frames are lost on the way. Every segment leaves the client, and no
 * error comes back.
 *
 * neighbour: the next host on the way is gone, and its neighbour entry expires.
 * Packets of the client wait in the entry's arp_queue. When no ARP request has
 * been answered, neigh_invalidate() -> arp_error_report() ->
 * ipv4_link_failure() turns each into an ICMP host unreachable from the client
 * to itself, which tcp_v4_err() may take as an error. Over IPv6 the same
 * happens with NDISC: ndisc_error_report(), ip6_link_failure(), tcp_v6_err().
 *
 * For the wire, path and neighbour are the same cut; the client's neighbour
 * entry is permanent in one and ages in the other.
 */
#pragma once

#include "case.h"

/* base_reachable_time_ms of 100: an entry is stale after 50 to 150 ms without
 * use. QUIET is longer. */
enum { UNREACHABLE_ASK_MS = 100, UNREACHABLE_QUIET_MS = 500 };

#define UNREACHABLE_AGEING                                                     \
	.world = &world_pair_ageing,                                           \
	.settings = SYSCTLS(                                                   \
		{ "client", "net.ipv4.neigh.eth0.base_reachable_time_ms",      \
		  UNREACHABLE_ASK_MS },                                        \
		{ "client", "net.ipv4.neigh.eth0.delay_first_probe_time", 0 }, \
		{ "client", "net.ipv4.neigh.eth0.retrans_time_ms",             \
		  UNREACHABLE_ASK_MS },                                        \
		{ "client", "net.ipv4.neigh.eth0.ucast_solicit", 1 },          \
		{ "client", "net.ipv4.neigh.eth0.mcast_solicit", 1 })

static inline bool unreachable_by_cable(struct run *run)
{
	return run_is_variant(run, "cable") ||
	       run_is_variant(run, "cable-no-neighbour");
}

/* Applies the cause to an idle connection, after its neighbour entries have
 * become stale; ends it. */
static inline void unreachable_begin(struct run *run)
{
	run_pass(run, MSEC(UNREACHABLE_QUIET_MS));
	if (unreachable_by_cable(run))
		fault_unplug(run, "client");
	else if (run_is_variant(run, "interface"))
		fault_down(run, "client");
	else
		fault_cut(run, "server");
}

static inline void unreachable_end(struct run *run)
{
	if (unreachable_by_cable(run))
		fault_plug(run, "client");
	else if (run_is_variant(run, "interface"))
		fault_up(run, "client");
	else
		fault_mend(run, "server");
}

/* The number of the client's segments on the wire: "frames" of the report. */
static inline void unreachable_frames(struct run *run, struct mark since,
				      unsigned int min, unsigned int max)
{
	expect_number(run, "frames",
		      frames_count(run, since,
				   FRAMES(FROM("client"), KIND(WIRE_TCP))),
		      min, max);
}

static inline bool unreachable_over_v6(struct run *run)
{
	return run_address(run, "client").family == AF_INET6;
}
