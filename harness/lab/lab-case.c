/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translates a plan's hosts into a world plan. Without a gateway all hosts
 * share the network 10.0.0.0/24 (fd00::/64). With one, the hosts before it on
 * the path are in that network, the hosts behind it in 10.0.1.0/24
 * (fd00:1::/64), and the gateway has a cable in each, eth0 and eth1, with the
 * host number 254.
 */
#include "lab-case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "lab-gateway.h"

enum { GATEWAY_NUMBER = 254 };

struct lab_case {
	struct testcase testcase;
	struct world_plan world;
	struct lab_plan *plan;
	struct {
		char v4[2][ADDRESS_TEXT], v6[2][ADDRESS_TEXT];
	} addresses[LAB_HOSTS];
	struct lab_gateway gateway;
	struct setting settings[LAB_GATEWAY_SETTINGS + LAB_SETTINGS + 1];
	struct need needs[LAB_NEEDS + 1];
};

static void write_address(struct lab_case *c, size_t host, size_t cable,
			  unsigned int network, unsigned int number)
{
	snprintf(c->addresses[host].v4[cable], ADDRESS_TEXT, "10.0.%u.%u",
		 network, number);
	snprintf(c->addresses[host].v6[cable], ADDRESS_TEXT,
		 network ? "fd00:%u::%x" : "fd00::%.0u%x", network, number);
}

static void place_endpoint(struct lab_case *c, size_t i, unsigned int network,
			   unsigned int number)
{
	write_address(c, i, 0, network, number);
	c->world.hosts[i].name = c->plan->hosts[i].name;
	c->world.hosts[i].v4 = c->addresses[i].v4[0];
	c->world.hosts[i].v6 = c->addresses[i].v6[0];
}

static void place_gateway(struct lab_case *c, size_t i)
{
	place_endpoint(c, i, 0, GATEWAY_NUMBER);
	write_address(c, i, 1, 1, GATEWAY_NUMBER);
	c->world.hosts[i].also[0].v4 = c->addresses[i].v4[1];
	c->world.hosts[i].also[0].v6 = c->addresses[i].v6[1];
	if (*c->gateway.rules)
		c->world.hosts[i].rules = c->gateway.rules;
}

static void place_hosts(struct lab_case *c)
{
	unsigned int network = 0, number = 1;

	for (size_t i = 0; i < c->plan->n_hosts; i++) {
		if (c->plan->hosts[i].role == LAB_ENDPOINT) {
			place_endpoint(c, i, network, number++);
			continue;
		}
		place_gateway(c, i);
		network = number = 1;
	}
}

/* The plan's own settings come last: they override these. */
static void write_settings(struct lab_case *c, const struct lab_host *gateway)
{
	size_t n = gateway ? lab_gateway_settings(&c->gateway, gateway,
						  c->settings) :
			     0;

	memcpy(c->settings + n, c->plan->settings,
	       c->plan->n_settings * sizeof(*c->settings));
}

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
	const struct lab_host *gateway = lab_plan_gateway(plan);
	struct lab_case *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_origin(-ENOMEM, "lab");
	c->plan = plan;
	r = gateway ? lab_gateway_rules(&c->gateway, gateway) : 0;
	if (r >= 0)
		r = lab_gateway_check_steps(plan, gateway,
					    gateway ? c->gateway.rules : "");
	if (r < 0) {
		free(c);
		return error_trace(r);
	}
	place_hosts(c);
	write_settings(c, gateway);
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
