/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds: hosts of a plan, their networks, and their drawing. */
#include "world-plan-control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw-world.h"
#include "unit.h"

static const struct world_plan chain = WORLD_CHAIN(3);
static const struct world_plan long_chain = WORLD_CHAIN(WORLD_ROUTERS);
static const struct world_plan two_networks = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.1.1", "fd00:1::1" },
		   { "gateway", "10.0.0.9", "fd00::9",
		     .also = { { "10.0.1.9", "fd00:1::9" } } },
		   { "client-b", "10.0.0.2", "fd00::2" } },
};

static struct planned_host planned(const struct world_plan *plan, size_t i)
{
	struct planned_host host;

	world_plan_host(plan, i, &host);
	return host;
}

static struct host_plan resolved(const struct world_plan *plan, size_t i,
				 int family)
{
	struct planned_host host = planned(plan, i);
	struct host_plan ret;

	ck_assert_int_eq(planned_host_plan(&host, i, family, &ret), 0);
	return ret;
}

START_TEST(routers_of_a_chain_have_names_and_addresses)
{
	struct planned_host router;

	ck_assert_uint_eq(world_plan_hosts(&world_pair), 2);
	ck_assert_uint_eq(world_plan_hosts(&chain), 5);
	ck_assert_uint_eq(world_plan_hosts(&long_chain), 66);
	router = planned(&chain, 2);
	ck_assert_str_eq(router.name, "router-1");
	ck_assert_uint_eq(router.n_cables, 2);
	ck_assert_str_eq(router.cables[0].v4, "10.0.0.254");
	ck_assert_str_eq(router.cables[0].v6, "fd00::fe");
	ck_assert_str_eq(router.cables[1].v4, "10.1.1.1");
	router = planned(&chain, 3);
	ck_assert_str_eq(router.cables[0].v4, "10.1.1.2");
	ck_assert_str_eq(router.cables[1].v6, "fd01:2::1");
	router = planned(&chain, 4);
	ck_assert_str_eq(router.name, "router-3");
	ck_assert_str_eq(router.cables[1].v4, "10.0.1.254");
	ck_assert(world_plan_has(&chain, "router-3"));
	ck_assert(!world_plan_has(&chain, "router-4"));
	ck_assert(world_plan_has(&chain, "server"));
}
END_TEST

static void assert_neighbours_share_a_network(int family)
{
	for (size_t i = 3; i < world_plan_hosts(&long_chain); i++) {
		struct host_plan near = resolved(&long_chain, i - 1, family);
		struct host_plan far = resolved(&long_chain, i, family);

		ck_assert_uint_eq(near.cables[1].network,
				  far.cables[0].network);
		ck_assert_uint_ne(far.cables[0].network, far.cables[1].network);
		ck_assert(!address_equal(&near.cables[1].addresses[0],
					 &far.cables[0].addresses[0]));
	}
}

START_TEST(neighbours_in_a_chain_share_a_network)
{
	assert_neighbours_share_a_network(AF_INET);
	assert_neighbours_share_a_network(AF_INET6);
}
END_TEST

START_TEST(networks_follow_from_addresses)
{
	struct host_plan client = resolved(&two_networks, 0, AF_INET6);
	struct host_plan server = resolved(&two_networks, 1, AF_INET6);
	struct host_plan gateway = resolved(&two_networks, 2, AF_INET6);

	ck_assert_uint_eq(host_plan_cables(&client), 1);
	ck_assert_uint_eq(host_plan_cables(&gateway), 2);
	ck_assert_uint_eq(client.cables[0].network, gateway.cables[0].network);
	ck_assert_uint_eq(server.cables[0].network, gateway.cables[1].network);
	ck_assert_uint_ne(client.cables[0].network, server.cables[0].network);
	ck_assert(memcmp(gateway.cables[0].mac, gateway.cables[1].mac, 6) != 0);
}
END_TEST

static void assert_drawn(const struct world_plan *plan, int lines,
			 const char *const *words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	draw_world(out, plan, false);
	fclose(out);
	for (; *words; words++)
		ck_assert_msg(strstr(text, *words) != NULL, "no '%s' in\n%s",
			      *words, text);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines--;
	ck_assert_msg(lines == 0, "%d lines missing:\n%s", lines, text);
	free(text);
}

START_TEST(drawing_has_a_box_for_each_host)
{
	assert_drawn(&world_pair, 5,
		     (const char *const[]){ "| client ", "10.0.0.2", NULL });
	/* Three hosts in one network, two in the other. */
	assert_drawn(&two_networks, 10 + 1 + 5,
		     (const char *const[]){ "gateway (eth0)", "gateway (eth1)",
					    "client-b", "server", NULL });
	/* A long chain is abbreviated. */
	assert_drawn(&long_chain, 5 + 3 + 5,
		     (const char *const[]){ "router-1 (eth0)",
					    "router-64 (eth1)",
					    "router-1 to router-64", NULL });
}
END_TEST

static const TTest *const *const tests[] = {
	&routers_of_a_chain_have_names_and_addresses,
	&neighbours_in_a_chain_share_a_network,
	&networks_follow_from_addresses,
	&drawing_has_a_box_for_each_host,
};

int main(void)
{
	return unit_run("world-plan", tests, ARRAY_SIZE(tests), NULL);
}
