/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts that the case declares come first, then the routers of the chain. The
 * network of a cable is read from its address, so that two cables are in the
 * same network exactly when their addresses say so.
 */
#include "world-plan-control.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

/* The last byte of a router's address in the network of a host. */
enum { ROUTER = 254 };

const struct world_plan world_pair = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
};

const struct world_plan world_two_clients = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "client-b", "10.0.0.3", "fd00::3" } },
};

const struct world_plan world_pair_ageing = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
	.ageing_neighbours = true,
};

const struct world_plan world_pair_bulk = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
	.bulk = true,
};

const struct world_plan world_nat = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.1.1", "fd00:1::1" },
		   { "gateway", "10.0.0.254", "fd00::fe",
		     .also = { { "10.0.1.254", "fd00:1::fe" } },
		     .rules = WORLD_MASQUERADE },
		   { "client-b", "10.0.0.2", "fd00::2" } },
};

static size_t declared_hosts(const struct world_plan *plan)
{
	size_t n = 0;

	while (n < WORLD_HOSTS && plan->hosts[n].name)
		n++;
	return n;
}

size_t world_plan_hosts(const struct world_plan *plan)
{
	return declared_hosts(plan) + plan->routers;
}

static void copy(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text ? text : "");
}

static void declared_host(const struct world_plan *plan, size_t i,
			  struct planned_host *ret)
{
	copy(ret->name, sizeof(ret->name), plan->hosts[i].name);
	ret->rules = plan->hosts[i].rules;
	ret->ipvs = plan->hosts[i].ipvs;
	ret->multihomed = plan->hosts[i].multihomed;
	ret->routes = plan->hosts[i].routes;
	ret->addresses = plan->addresses;
	copy(ret->cables[0].v4, ADDRESS_TEXT, plan->hosts[i].v4);
	copy(ret->cables[0].v6, ADDRESS_TEXT, plan->hosts[i].v6);
	ret->n_cables = 1;
	for (size_t j = 0; j < HOST_CABLES; j++) {
		ret->cables[j].mtu = plan->hosts[i].mtus[j];
		ret->cables[j].network_mtu = plan->hosts[i].network_mtus[j];
	}
	for (size_t j = 0; j < ARRAY_SIZE(plan->hosts[i].also); j++) {
		if (!plan->hosts[i].also[j].v4)
			break;
		copy(ret->cables[j + 1].v4, ADDRESS_TEXT,
		     plan->hosts[i].also[j].v4);
		copy(ret->cables[j + 1].v6, ADDRESS_TEXT,
		     plan->hosts[i].also[j].v6);
		ret->n_cables++;
	}
}

/* The router's address in the network of a host with this address. */
static void router_address(const char *host_address, char *ret)
{
	struct address address;

	ret[0] = '\0';
	if (!host_address || address_parse(&address, host_address) < 0)
		return;
	address.bytes[address_size(&address) - 1] = ROUTER;
	address_text(&address, ret);
}

/* The ith cable of the kth router, counted from 1. Two routers share a network
 * in which the one nearer to the first host is 1 and the other one 2. */
static void router_cable(const struct world_plan *plan, unsigned int k,
			 size_t i, struct planned_host *ret)
{
	const unsigned int between = k - 1 + (unsigned int)i;
	const unsigned int self = i == 0 ? 2 : 1;

	if (between == 0 || between == plan->routers) {
		router_address(plan->hosts[i].v4, ret->cables[i].v4);
		router_address(plan->hosts[i].v6, ret->cables[i].v6);
		return;
	}
	snprintf(ret->cables[i].v4, ADDRESS_TEXT, "10.1.%u.%u", between, self);
	snprintf(ret->cables[i].v6, ADDRESS_TEXT, "fd01:%u::%u", between, self);
}

void world_plan_host(const struct world_plan *plan, size_t i,
		     struct planned_host *ret)
{
	const size_t declared = declared_hosts(plan);
	const unsigned int k = (unsigned int)(i - declared + 1);

	*ret = (struct planned_host){ 0 };
	if (i < declared) {
		declared_host(plan, i, ret);
		return;
	}
	snprintf(ret->name, sizeof(ret->name), "router-%u", k);
	ret->n_cables = 2;
	router_cable(plan, k, 0, ret);
	router_cable(plan, k, 1, ret);
}

const struct world_address *world_plan_address(const struct world_plan *plan,
					       const char *name)
{
	for (size_t i = 0; i < WORLD_ADDRESSES && plan->addresses[i].name; i++)
		if (strcmp(plan->addresses[i].name, name) == 0)
			return &plan->addresses[i];
	return NULL;
}

const char *world_address_text(const struct world_address *address, int family)
{
	return family == AF_INET6 ? address->v6 : address->v4;
}

bool world_plan_has_rules(const struct world_plan *plan)
{
	for (size_t i = 0; i < declared_hosts(plan); i++)
		if (plan->hosts[i].rules)
			return true;
	return false;
}

bool world_plan_has_ipvs(const struct world_plan *plan)
{
	for (size_t i = 0; i < declared_hosts(plan); i++)
		if (plan->hosts[i].ipvs)
			return true;
	return false;
}

bool world_plan_has(const struct world_plan *plan, const char *name)
{
	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct planned_host host;

		world_plan_host(plan, i, &host);
		if (strcmp(host.name, name) == 0)
			return true;
	}
	return false;
}

/* 10.a.b.x and fdaa:b::x */
static unsigned int network_of(const struct address *address)
{
	const uint8_t *b = address->bytes;

	return address->family == AF_INET ?
		       (unsigned int)(b[1] << 8 | b[2]) :
		       (unsigned int)(b[1] << 16 | b[2] << 8 | b[3]);
}

static int route_plan(const struct world_route *route, int family,
		      struct route_plan *ret)
{
	bool v6 = family == AF_INET6;
	const char *to = v6 ? route->v6 : route->v4;
	int r = address_parse(&ret->via, v6 ? route->via_v6 : route->via_v4);

	if (r >= 0 && to)
		r = address_parse(&ret->to, to);
	ret->to_host = route->to_host;
	return error_trace(r);
}

/* Adds those that the host has at the start to the cables of their networks. */
static int add_floating(const struct planned_host *planned, int family,
			struct host_plan *plan)
{
	size_t used[HOST_CABLES] = { 0 };

	static_assert((int)HOST_FLOATING >= (int)WORLD_ADDRESSES,
		      "one host has room for all of them");
	for (size_t i = 0; i < WORLD_ADDRESSES && planned->addresses; i++) {
		const struct world_address *from = &planned->addresses[i];
		struct address address;
		int r;

		if (!from->name)
			break;
		if (strcmp(from->host, planned->name) != 0)
			continue;
		r = address_parse(&address, world_address_text(from, family));
		if (r < 0)
			return error_trace(r);
		for (size_t j = 0; j < planned->n_cables; j++)
			if (plan->cables[j].network == network_of(&address))
				plan->cables[j].floating[used[j]++] = address;
	}
	return 0;
}

int planned_host_plan(const struct planned_host *planned, size_t i, int family,
		      struct host_plan *ret)
{
	struct host_plan plan = { .name = planned->name,
				  .rules = planned->rules,
				  .ipvs = planned->ipvs,
				  .multihomed = planned->multihomed,
				  .static_routes = planned->routes };

	for (size_t j = 0; planned->routes && planned->routes[j].via_v4; j++) {
		int r = route_plan(&planned->routes[j], family,
				   &plan.routes[j]);

		if (r < 0)
			return error_trace(r);
	}
	for (size_t j = 0; j < planned->n_cables; j++) {
		struct cable_plan *cable = &plan.cables[j];
		int r = address_parse(&cable->addresses[0],
				      family == AF_INET6 ?
					      planned->cables[j].v6 :
					      planned->cables[j].v4);

		if (r < 0)
			return error_trace(r);
		cable->network = network_of(&cable->addresses[0]);
		cable->mtu = planned->cables[j].mtu;
		cable->network_mtu = planned->cables[j].network_mtu;
		cable->mac[0] = 0x02;
		cable->mac[4] = (uint8_t)j;
		cable->mac[5] = (uint8_t)(i + 1);
	}
	*ret = plan;
	return error_trace(add_floating(planned, family, ret));
}
