/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of a case as the case declares it: hosts and their addresses. The
 * networks follow from the addresses: 10.N.N.x and fdNN:N::x. All hosts of a
 * network are connected; a host with cables in two networks forwards.
 */
#pragma once

#include <stdbool.h>

#include "host.h"

enum { WORLD_HOSTS = 32, WORLD_ROUTERS = 64, WORLD_ADDRESSES = 8 };

/* A route to the network of the address; or to the address alone; or, without
 * an address, the default route. */
struct world_route {
	const char *v4, *v6;
	bool to_host;
	const char *via_v4, *via_v6; /* NULL: the end of the list */
};

struct world_plan {
	struct {
		const char *name; /* NULL: the end */
		const char *v4, *v6;
		/* Addresses of further cables, which make the host a router. */
		struct {
			const char *v4, *v6;
		} also[HOST_CABLES - 1];
		const char *rules; /* of its firewall, in nft(8) syntax */
		const struct ipvs_plan *ipvs; /* NULL: balances nothing */
		/* It has further cables and is no router. */
		bool multihomed;
		/* NULL: by the fewest hops, which world.h explains. At most
		 * HOST_ROUTES. */
		const struct world_route *routes;
		unsigned int mtus[HOST_CABLES]; /* 0: the kernel's default */
		unsigned int network_mtus[HOST_CABLES]; /* 0: no limit */
	} hosts[WORLD_HOSTS];
	/* Further addresses, with names of their own, which may move from one
	 * host to another: world_move_address(). */
	struct world_address {
		const char *name; /* NULL: the end */
		const char *host; /* that has it at the start */
		const char *v4, *v6;
	} addresses[WORLD_ADDRESSES];
	/* A chain of so many routers, router-1 and so on, from the network of
	 * the first host to that of the second. */
	unsigned int routers;
	bool bulk; /* for gigabytes: an MTU of 65535, on one processor */
	bool ageing_neighbours; /* ARP or ND is real, and entries expire */
};

/* client 10.0.0.1, server 10.0.0.2, with one cable each. */
extern const struct world_plan world_pair;

/* The same and client-b 10.0.0.3. */
extern const struct world_plan world_two_clients;

/* world_pair without permanent neighbour entries. */
extern const struct world_plan world_pair_ageing;

/* world_pair for gigabytes; one frame is still one segment. */
extern const struct world_plan world_pair_bulk;

/* client 10.0.0.1, server 10.0.1.1, and a chain of routers between them. */
#define WORLD_CHAIN(n_)                                                        \
	{                                                                      \
		.hosts = { { "client", "10.0.0.1", "fd00::1" },                \
			   { "server", "10.0.1.1", "fd00:1::1" } },            \
		.routers = (n_),                                               \
	}

/* .rules of a gateway: packets that leave by its second cable get its address
 * there as their source address. */
#define WORLD_MASQUERADE                                                       \
	"table inet gateway { chain out { type nat hook postrouting "          \
	"priority 100; oifname eth1 masquerade; }; }"

/* client and client-b behind a gateway that masquerades; server outside. */
extern const struct world_plan world_nat;
