/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four ways to be unreachable, and what the client's kernel makes of each. The
 * cases unreachable-* are the same client, idle, sending and so on, under each.
 *
 * cable: the client's own is pulled. linkwatch_do_dev() puts noop_qdisc in the
 * place of its queue; the routes stay (unless ignore_routes_with_linkdown says
 * otherwise). noop_enqueue() throws each packet away and says NET_XMIT_CN, of
 * which net_xmit_eval() makes a success: TCP believes that it sends.
 *
 * interface: the client's own is set down. fib_disable_ip() takes its routes
 * out, so that __ip_queue_xmit() says EHOSTUNREACH and inet_sk_rebuild_header()
 * ENETUNREACH: TCP knows that it does not send, and where it meets the second
 * one, it keeps that as sk_err_soft.
 *
 * path: somewhere on the way all is lost. Everything leaves the client, and
 * nothing tells of it.
 *
 * neighbour: the machine next on the way is gone, and its address is forgotten.
 * What the client sends waits in its own arp_queue; when nobody has answered
 * the questions, neigh_invalidate() -> arp_error_report() ->
 * ipv4_link_failure() makes an ICMP of it, host unreachable, from the client to
 * itself, which tcp_v4_err() may believe.
 *
 * To the wire, path and neighbour are the same cut; they differ in whether the
 * client must ask who has the server's address.
 */
#pragma once

#include "case.h"

/* An entry that is not used for 50 to 150 ms is stale; QUIET is longer. */
enum { UNREACHABLE_ASK_MS = 100, UNREACHABLE_QUIET_MS = 500 };

#define UNREACHABLE_AGEING                                                     \
	.world = &world_pair_ageing,                                           \
	.ipv4_only = "ARP's sysctls make its entries age",                     \
	.settings = SYSCTLS(                                                   \
		{ "client", "net.ipv4.neigh.eth0.base_reachable_time_ms",      \
		  UNREACHABLE_ASK_MS },                                        \
		{ "client", "net.ipv4.neigh.eth0.delay_first_probe_time", 0 }, \
		{ "client", "net.ipv4.neigh.eth0.retrans_time_ms",             \
		  UNREACHABLE_ASK_MS },                                        \
		{ "client", "net.ipv4.neigh.eth0.ucast_solicit", 1 },          \
		{ "client", "net.ipv4.neigh.eth0.mcast_solicit", 1 })

/* Of an idle connection, whose neighbours have time to be forgotten. */
static inline void unreachable_begin(struct run *run)
{
	run_pass(run, MSEC(UNREACHABLE_QUIET_MS));
	if (run_is_variant(run, "cable"))
		fault_unplug(run, "client");
	else if (run_is_variant(run, "interface"))
		fault_down(run, "client");
	else
		fault_cut(run, "server");
}

static inline void unreachable_end(struct run *run)
{
	if (run_is_variant(run, "cable"))
		fault_plug(run, "client");
	else if (run_is_variant(run, "interface"))
		fault_up(run, "client");
	else
		fault_mend(run, "server");
}

/* Segments of the client's that the wire saw: "frames" of the report. */
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
