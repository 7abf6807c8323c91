/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds of several networks: who forwards, who knows the way, who hears what.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fault.h"
#include "fd.h"
#include "realm.h"

static void apply(struct realm *realm, const char *verb, const char *host)
{
	realm_ok(fault_verb(verb)->apply(realm->world, host, NULL));
}

static unsigned int between(struct realm *realm, const char *from,
			    const char *to, unsigned int kinds)
{
	const struct wire_match match = { .from = from,
					  .to = to,
					  .kinds = kinds };
	const struct wire_capture *all;
	unsigned int hits = 0;
	size_t n;

	realm_ok(wire_catch_up(realm->wire));
	n = wire_captures(realm->wire, &all);
	for (size_t i = 0; i < n; i++)
		hits += all[i].fate == WIRE_FORWARDED &&
			wire_matches(&all[i], &match);
	return hits;
}

/* One byte from one to the other; false when it does not come in 50 ms. */
static bool gets_through(struct realm *realm, int from, int to)
{
	nsec_t end = nsec_now() + MSEC(50);
	char byte;

	ck_assert_int_eq(send(from, "x", 1, 0), 1);
	while (!realm_is_ready(to, POLLIN) && nsec_now() < end)
		realm_pass(realm, MSEC(1));
	return recv(to, &byte, 1, 0) == 1;
}

static void segments_go_through_a_chain(int family)
{
	const struct wire_capture *all;
	struct realm realm;
	int client, server, ttl = 64;
	size_t n;

	realm_begin_routed(&realm, family, 3, true);
	client = realm_pair(&realm, &server);
	ck_assert(gets_through(&realm, client, server));
	ck_assert(gets_through(&realm, server, client));
	/* Each hop is seen, by the names of the two that it is between. */
	ck_assert_uint_eq(between(&realm, "client", "router-1", WIRE_SYN), 1);
	ck_assert_uint_eq(between(&realm, "router-1", "router-2", WIRE_SYN), 1);
	ck_assert_uint_eq(between(&realm, "router-2", "router-3", WIRE_SYN), 1);
	ck_assert_uint_eq(between(&realm, "router-3", "server", WIRE_SYN), 1);
	ck_assert_uint_eq(between(&realm, "client", "server", WIRE_ANY), 0);
	ck_assert_uint_eq(between(&realm, "router-2", "router-1", WIRE_DATA),
			  1);
	/* And is nothing that was sent again, although the wire has seen it. */
	ck_assert_uint_eq(between(&realm, NULL, NULL, WIRE_RETRANSMISSION), 0);
	ck_assert_uint_eq(between(&realm, NULL, NULL, WIRE_NEIGHBOUR), 0);
	n = wire_captures(realm.wire, &all);
	for (size_t i = 0; i < n; i++)
		if (all[i].kinds & WIRE_SYN) {
			ck_assert_int_eq(all[i].frame.ttl, ttl--);
			ck_assert_uint_eq(all[i].network,
					  63U - all[i].frame.ttl + 1);
		}
	ck_assert_int_eq(ttl, 60);
	realm_end(&realm);
}

START_TEST(segments_go_through_a_chain_v4)
{
	segments_go_through_a_chain(AF_INET);
}
END_TEST

START_TEST(segments_go_through_a_chain_v6)
{
	segments_go_through_a_chain(AF_INET6);
}
END_TEST

/* Whom ARP asks is in the network; nobody else hears of it. */
START_TEST(broadcasts_stay_in_their_network)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET, 2, false);
	client = realm_pair(&realm, &server);
	ck_assert(gets_through(&realm, client, server));
	ck_assert_uint_ge(between(&realm, "client", "router-1", WIRE_NEIGHBOUR),
			  1);
	ck_assert_uint_ge(between(&realm, "router-2", "server", WIRE_NEIGHBOUR),
			  1);
	ck_assert_uint_eq(between(&realm, "client", "router-2", WIRE_ANY), 0);
	ck_assert_uint_eq(between(&realm, "client", "server", WIRE_ANY), 0);
	ck_assert_uint_eq(between(&realm, "server", "router-1", WIRE_ANY), 0);
	realm_end(&realm);
}
END_TEST

/* What is sent to all in a network of three reaches both others. */
START_TEST(broadcasts_reach_all_of_a_network)
{
	const struct host_plan third = {
		.name = "third",
		.cables = { { .network = 0,
			      .addresses = { { .family = AF_INET,
					       .bytes = { 10, 0, 0, 9 } } },
			      .mac = { 2, 0, 0, 0, 0, 9 } } },
	};
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET, 1, false);
	realm_ok(world_add_host(realm.world, &third, NULL, 0));
	realm_ok(world_connect(realm.world, false));
	client = realm_pair(&realm, &server);
	ck_assert(gets_through(&realm, client, server));
	ck_assert_uint_ge(between(&realm, "client", "third", WIRE_NEIGHBOUR),
			  1);
	ck_assert_uint_eq(between(&realm, "server", "third", WIRE_ANY), 0);
	realm_end(&realm);
}
END_TEST

static void router_loses_all_its_cables(const char *breaks, const char *mends)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET, 1, true);
	client = realm_pair(&realm, &server);
	apply(&realm, breaks, "router-1");
	ck_assert(!gets_through(&realm, client, server));
	ck_assert(!gets_through(&realm, server, client));
	apply(&realm, mends, "router-1");
	/* The next retransmissions find the way. */
	realm_until(&realm, realm_is_ready(server, POLLIN));
	realm_until(&realm, realm_is_ready(client, POLLIN));
	realm_end(&realm);
}

START_TEST(router_is_cut_off)
{
	router_loses_all_its_cables("cut", "mend");
}
END_TEST

START_TEST(router_is_unplugged)
{
	router_loses_all_its_cables("unplug", "plug");
}
END_TEST

START_TEST(router_is_set_down)
{
	router_loses_all_its_cables("down", "up");
}
END_TEST

START_TEST(router_crashes_and_comes_back)
{
	router_loses_all_its_cables("crash", "reboot");
}
END_TEST

/* An end host that comes back knows its way out. */
START_TEST(routes_come_back_with_the_host)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET6, 2, true);
	client = realm_pair(&realm, &server);
	apply(&realm, "down", "server");
	apply(&realm, "up", "server");
	ck_assert(gets_through(&realm, server, client));
	fd_close(server);
	fd_close(client);
	apply(&realm, "reboot", "server");
	client = realm_pair(&realm, &server);
	ck_assert(gets_through(&realm, server, client));
	realm_end(&realm);
}
END_TEST

/* From an address in a network that no end host is in. */
START_TEST(icmp_of_a_router_comes_back)
{
	const struct sysctl_setting ttl = { "net.ipv4.ip_default_ttl", "2" };
	struct realm realm;
	int client, error = 0;
	socklen_t size = sizeof(error);

	realm_begin_routed(&realm, AF_INET, 3, true);
	realm_ok(sysctl_write(host_namespace(realm_host(&realm, "client")),
			      &ttl, 1));
	client = realm_connect(&realm, 80);
	realm_until(&realm, realm_is_ready(client, POLLOUT));
	ck_assert_int_eq(
		getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size), 0);
	ck_assert_int_eq(error, EHOSTUNREACH);
	ck_assert_uint_eq(between(&realm, "router-1", "router-2", WIRE_SYN), 1);
	ck_assert_uint_eq(between(&realm, "router-2", "router-3", WIRE_ANY), 0);
	ck_assert_uint_eq(between(&realm, "router-2", "router-1", WIRE_ICMP),
			  1);
	ck_assert_uint_eq(between(&realm, "router-1", "client", WIRE_ICMP), 1);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&segments_go_through_a_chain_v4,
	&segments_go_through_a_chain_v6,
	&broadcasts_stay_in_their_network,
	&broadcasts_reach_all_of_a_network,
	&router_is_cut_off,
	&router_is_unplugged,
	&router_is_set_down,
	&router_crashes_and_comes_back,
	&routes_come_back_with_the_host,
	&icmp_of_a_router_comes_back,
};

int main(void)
{
	return realm_run("router", tests, ARRAY_SIZE(tests));
}
