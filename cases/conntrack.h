/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hosts and a gateway between them, which tracks their connections and
 * drops what nf_conntrack_tcp_packet() calls invalid: for the cases
 * conntrack-*. They are the stories of the kernel's own tests in
 * net/netfilter/packetdrill, with two real TCP stacks in place of a script.
 *
 * A segment that the gateway drops is a frame to the gateway without one from
 * it. The gateway's first cable is the server's, so that segments can be forged
 * from there.
 */
#pragma once

#include "case.h"

static const struct world_plan conntrack_world = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.1.1", "fd00:1::1" },
		   { "gateway", "10.0.1.254", "fd00:1::fe",
		     .also = { { "10.0.0.254", "fd00::fe" } },
		     .rules = "table inet gateway { chain forward { type "
			      "filter hook forward priority 0; ct state "
			      "invalid drop; }; }" } },
};

/* The gateway does not excuse what its state contradicts. */
#define CONNTRACK_SYSCTLS                                                      \
	{ "gateway", "net.netfilter.nf_conntrack_tcp_be_liberal", 0 },         \
	{                                                                      \
		"gateway", "net.netfilter.nf_conntrack_tcp_loose", 1           \
	}

/* The first versions in which the six stories end well. */
#define CONNTRACK_NEEDS NEEDS({ .kernel = KERNEL_VERSION(6, 1, 0) })
