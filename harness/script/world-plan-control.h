/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hosts of a declared world, the routers of the chain included. */
#pragma once

#include <stddef.h>

#include "address.h"
#include "world-plan.h"

/* Texts are "" for none. */
struct planned_host {
	char name[HOST_NAME];
	const char *rules; /* NULL: none */
	const struct ipvs_plan *ipvs; /* NULL: balances nothing */
	bool multihomed;
	const struct world_route *routes; /* NULL: none of its own */
	const struct world_address *addresses; /* of all hosts; NULL: none */
	size_t n_cables;
	struct {
		char v4[ADDRESS_TEXT], v6[ADDRESS_TEXT];
		unsigned int mtu; /* 0: the kernel's default */
		unsigned int network_mtu; /* 0: no limit */
	} cables[HOST_CABLES];
};

/* The number of hosts, and the ith from 0; the routers of the chain are last.
 */
size_t world_plan_hosts(const struct world_plan *plan);
void world_plan_host(const struct world_plan *plan, size_t i,
		     struct planned_host *ret);

/* Whether a host of that name is in it. */
bool world_plan_has(const struct world_plan *plan, const char *name);

/* The further address of that name; NULL: there is none. */
const struct world_address *world_plan_address(const struct world_plan *plan,
					       const char *name);
/* Its text in that family. */
const char *world_address_text(const struct world_address *address, int family);

/* Whether any host has firewall rules, see firewall_possible(). */
bool world_plan_has_rules(const struct world_plan *plan);

/* Whether any host balances with IPVS, which the kernel may lack. */
bool world_plan_has_ipvs(const struct world_plan *plan);

/* The same host for netns/, the ith, with its addresses of that family. Borrows
 * `planned`. */
int planned_host_plan(const struct planned_host *planned, size_t i, int family,
		      struct host_plan *ret);
