/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPVS (ip_vs): the kernel's load balancer. It forwards a connection to one of
 * several backends by address translation (NAT), with a table and timeouts of
 * its own, without conntrack.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "firewall.h"

enum {
	IPVS_BACKENDS = 16,
	/* Connections whose first segment has this mark are balanced: rules of
	 * nft(8) choose them. */
	IPVS_MARK = 1,
};

struct ipvs_plan {
	struct address backends[IPVS_BACKENDS]; /* IPv4 */
	size_t n_backends;
	bool by_source; /* one client, one backend; else they take turns */
	/* Timeouts of entries in seconds; 0: the kernel's, 900 and 120. */
	unsigned int established, fin_wait;
};

/* Whether this kernel has IPVS, and its modules are loaded. */
bool ipvs_possible(void);

/*
 * Balances in the namespace `fd`. A segment of a connection without an entry is
 * not forwarded: it is for the host itself. -ENOENT where the scheduler is
 * missing.
 */
int ipvs_load(int fd, const struct ipvs_plan *plan);

/* Calls `fn` for each TCP connection of the namespace `fd` that has an entry,
 * with the tuple of the client's segments and that of the backend's. */
int ipvs_each(int fd, firewall_fn fn, void *data);
