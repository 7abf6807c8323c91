/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translates a plan's hosts into a world plan: names into addresses, roles into
 * firewall rules and sysctls.
 */
#include "lab-case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "lab-gateway.h"
#include "lab-network.h"

struct texts {
	char v4[ADDRESS_TEXT], v6[ADDRESS_TEXT];
};

struct lab_case {
	struct testcase testcase;
	struct world_plan world;
	struct lab_plan *plan;
	struct texts addresses[LAB_HOSTS][LAB_INTERFACES];
	struct {
		struct world_route list[LAB_ROUTES * LAB_INTERFACES + 1];
		struct texts to[LAB_ROUTES * LAB_INTERFACES];
		size_t n;
	} routes[LAB_HOSTS];
	struct texts further[LAB_ADDRESSES];
	struct lab_gateway gateways[LAB_HOSTS];
	struct setting settings[LAB_HOSTS * LAB_GATEWAY_SETTINGS +
				LAB_SETTINGS + 1];
	struct need needs[LAB_NEEDS + 1];
};

/* --- addresses and routes ------------------------------------------------- */

static void write_texts(struct texts *texts, size_t network,
			unsigned int number)
{
	lab_network_address(network, number, AF_INET, texts->v4);
	lab_network_address(network, number, AF_INET6, texts->v6);
}

static void place_host(struct lab_case *c, size_t i)
{
	const struct lab_host *host = &c->plan->hosts[i];

	for (size_t j = 0; j < host->n_interfaces; j++) {
		const struct lab_interface *interface = &host->interfaces[j];

		write_texts(&c->addresses[i][j], interface->network,
			    interface->number);
		c->world.hosts[i].mtus[j] =
			lab_network_mtu(c->plan, host, interface);
		c->world.hosts[i].network_mtus[j] =
			c->plan->networks[interface->network].mtu;
	}
	c->world.hosts[i].name = host->name;
	c->world.hosts[i].v4 = c->addresses[i][0].v4;
	c->world.hosts[i].v6 = c->addresses[i][0].v6;
	for (size_t j = 1; j < host->n_interfaces; j++) {
		c->world.hosts[i].also[j - 1].v4 = c->addresses[i][j].v4;
		c->world.hosts[i].also[j - 1].v6 = c->addresses[i][j].v6;
	}
	c->world.hosts[i].multihomed = host->n_interfaces > 1 &&
				       !lab_host_is_gateway(host);
}

/* `to` NULL: the default route. */
static void add_route(struct lab_case *c, size_t host, const struct texts *via,
		      const struct lab_interface *to, bool to_host)
{
	size_t n = c->routes[host].n++;
	struct texts *texts = &c->routes[host].to[n];

	if (to)
		write_texts(texts, to->network, to->number);
	c->routes[host].list[n] = (struct world_route){
		.v4 = to ? texts->v4 : NULL,
		.v6 = to ? texts->v6 : NULL,
		.to_host = to_host,
		.via_v4 = via->v4,
		.via_v6 = via->v6,
	};
}

/* A host is reached at all of its addresses. */
static void place_route(struct lab_case *c, size_t i,
			const struct lab_route *route)
{
	const struct lab_host *via = lab_plan_host(c->plan, route->via);
	const struct lab_interface *near =
		lab_network_shared(via, &c->plan->hosts[i]);
	const struct texts *texts =
		&c->addresses[via - c->plan->hosts][near - via->interfaces];
	const struct lab_network *network;
	const struct lab_host *host;

	if (!route->to) {
		add_route(c, i, texts, NULL, false);
		return;
	}
	network = lab_network_find(c->plan, route->to);
	if (network) {
		const struct lab_interface any = {
			.network = (size_t)(network - c->plan->networks),
			.number = 1
		};

		add_route(c, i, texts, &any, false);
		return;
	}
	host = lab_plan_host(c->plan, route->to);
	for (size_t j = 0; j < host->n_interfaces; j++)
		add_route(c, i, texts, &host->interfaces[j], true);
}

static void place_further(struct lab_case *c, size_t i)
{
	const struct lab_address *further = &c->plan->addresses[i];

	write_texts(&c->further[i], further->network, further->number);
	c->world.addresses[i] =
		(struct world_address){ .name = further->name,
					.host = further->host,
					.v4 = c->further[i].v4,
					.v6 = c->further[i].v6 };
}

static void place_hosts(struct lab_case *c)
{
	for (size_t i = 0; i < c->plan->n_hosts; i++)
		place_host(c, i);
	for (size_t i = 0; i < c->plan->n_addresses; i++)
		place_further(c, i);
	for (size_t i = 0; i < c->plan->n_hosts; i++) {
		const struct lab_host *host = &c->plan->hosts[i];

		for (size_t j = 0; j < host->n_routes; j++)
			place_route(c, i, &host->routes[j]);
		if (host->static_routes)
			c->world.hosts[i].routes = c->routes[i].list;
	}
}

/* --- gateways ------------------------------------------------------------- */

/* The plan's own settings come last: they override these. */
static int place_gateways(struct lab_case *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->plan->n_hosts; i++) {
		const struct lab_host *host = &c->plan->hosts[i];
		struct lab_gateway *gateway = &c->gateways[i];
		int r;

		if (!lab_host_is_gateway(host))
			continue;
		r = lab_gateway_rules(gateway, c->plan, host);
		if (r < 0)
			return error_trace(r);
		if (*gateway->rules)
			c->world.hosts[i].rules = gateway->rules;
		if (host->ipvs) {
			r = lab_gateway_ipvs(gateway, c->plan, host);
			c->world.hosts[i].ipvs = &gateway->ipvs;
		}
		if (r < 0)
			return error_trace(r);
		n += lab_gateway_settings(gateway, host, c->settings + n);
	}
	memcpy(c->settings + n, c->plan->settings,
	       c->plan->n_settings * sizeof(*c->settings));
	return error_trace(lab_gateway_check_steps(c->plan, c->gateways));
}

/* --- the case ------------------------------------------------------------- */

/* Servers start one after the other, and each is waited for. */
static nsec_t preparation_of(const struct lab_plan *plan)
{
	nsec_t preparation = 0;

	for (size_t i = 0; i < plan->n_programs; i++)
		preparation =
			nsec_add(preparation, plan->programs[i].listens_within);
	return preparation;
}

static void write_needs(struct lab_case *c)
{
	for (size_t i = 0; i < c->plan->n_needs; i++)
		c->needs[i].program = c->plan->needs[i];
}

/* Programs get theirs only; the inits of all hosts can grant all of them. */
static unsigned int all_grants(const struct lab_plan *plan)
{
	unsigned int grants = 0;

	for (size_t i = 0; i < plan->n_programs; i++)
		grants |= plan->programs[i].grants;
	return grants;
}

int lab_case_new(struct lab_case **ret, struct lab_plan *plan,
		 void (*script)(struct run *run))
{
	struct lab_case *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_origin(-ENOMEM, "lab");
	c->plan = plan;
	place_hosts(c);
	r = place_gateways(c);
	if (r < 0) {
		free(c);
		return error_trace(r);
	}
	write_needs(c);
	c->testcase = (struct testcase){
		.name = plan->name ? plan->name : "lab",
		.claim = plan->about ? plan->about : "",
		.command = plan->command,
		.world = &c->world,
		.settings = c->settings,
		.needs = c->needs,
		.duration = plan->duration,
		.preparation = preparation_of(plan),
		.may_expect_nothing = true,
		.offload = plan->offload,
		.programs = true,
		.tmp_size = plan->tmp_size,
		.processes = plan->processes,
		.grants = all_grants(plan),
		.script = script,
	};
	*ret = c;
	return 0;
}

struct lab_case *lab_case_free(struct lab_case *lab_case)
{
	free(lab_case);
	return NULL;
}

const struct testcase *lab_case_testcase(const struct lab_case *lab_case)
{
	return &lab_case->testcase;
}

/* The testcase is the first member. */
struct lab_plan *lab_case_plan(const struct testcase *testcase)
{
	return ((const struct lab_case *)testcase)->plan;
}
