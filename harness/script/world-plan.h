/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of a case, as the case writes it down: who is there, and in which
 * network. The rest follows from it: a network is 10.N.N.x and fdNN:N::x, all
 * hosts in it see each other, and who has a cable in two of them forwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "host.h"

enum { WORLD_HOSTS = 8, WORLD_ROUTERS = 64 };

struct world_plan {
	struct {
		const char *name; /* NULL: the end */
		const char *v4, *v6;
		/* Its second cable, and so on: then it is a router. */
		struct {
			const char *v4, *v6;
		} also[HOST_CABLES - 1];
		const char *rules; /* its firewall's, for nft(8) */
	} hosts[WORLD_HOSTS];
	/* A chain of so many routers, router-1 and so on, from the network of
	 * the first host to that of the second. */
	unsigned int routers;
	bool bulk; /* for gigabytes: an MTU of 65535, and one processor */
	bool ageing_neighbours; /* address resolution is real, and may fail */
};

/* client 10.0.0.1, server 10.0.0.2, a cable each. */
extern const struct world_plan world_pair;
/* The same, but who has which MAC must be asked, and is forgotten. */
extern const struct world_plan world_pair_ageing;

/* world_pair for gigabytes: still one frame is one segment. */
extern const struct world_plan world_pair_bulk;

/* client 10.0.0.1, server 10.0.1.1, and a chain of routers between them. */
#define WORLD_CHAIN(n_)                                                        \
	{                                                                      \
		.hosts = { { "client", "10.0.0.1", "fd00::1" },                \
			   { "server", "10.0.1.1", "fd00:1::1" } },            \
		.routers = (n_),                                               \
	}

/* For `rules`: whoever goes out by the second cable has the gateway's address
 * there. */
#define WORLD_MASQUERADE                                                       \
	"table inet gateway { chain out { type nat hook postrouting "          \
	"priority 100; oifname eth1 masquerade; }; }"

/* client and client-b behind a gateway that masquerades; the server outside. */
extern const struct world_plan world_nat;

/* --- for the harness ------------------------------------------------------*/

/* One host of the plan, those of the chain included. Texts are "" for none. */
struct planned_host {
	char name[HOST_NAME];
	const char *rules; /* NULL: none */
	size_t n_cables;
	struct {
		char v4[ADDRESS_TEXT], v6[ADDRESS_TEXT];
	} cables[HOST_CABLES];
};

/* How many there are; and the ith, from 0: the routers of the chain come last.
 */
size_t world_plan_hosts(const struct world_plan *plan);
void world_plan_host(const struct world_plan *plan, size_t i,
		     struct planned_host *ret);
/* A host of it has rules, for which libnftables is needed. */
bool world_plan_has_rules(const struct world_plan *plan);
bool world_plan_has(const struct world_plan *plan, const char *name);

/* The same for netns/, with addresses of that family. `planned` is borrowed. */
int planned_host_plan(const struct planned_host *planned, size_t i, int family,
		      struct host_plan *ret);
