/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Worlds of several networks: forwarding, routes, broadcast domains. */
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

static unsigned int count_between(struct realm *realm, const char *from,
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

/* Sends one byte; false when it does not arrive within 50 ms. */
static bool arrives(struct realm *realm, int from, int to)
{
	nsec_t end = nsec_now() + MSEC(50);
	char byte;

	ck_assert_int_eq(send(from, "x", 1, 0), 1);
	while (!realm_is_ready(to, POLLIN) && nsec_now() < end)
		realm_run_for(realm, MSEC(1));
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
	ck_assert(arrives(&realm, client, server));
	ck_assert(arrives(&realm, server, client));
	/* Each hop is captured, with the names of its two hosts. */
	ck_assert_uint_eq(count_between(&realm, "client", "router-1", WIRE_SYN),
			  1);
	ck_assert_uint_eq(
		count_between(&realm, "router-1", "router-2", WIRE_SYN), 1);
	ck_assert_uint_eq(
		count_between(&realm, "router-2", "router-3", WIRE_SYN), 1);
	ck_assert_uint_eq(count_between(&realm, "router-3", "server", WIRE_SYN),
			  1);
	ck_assert_uint_eq(count_between(&realm, "client", "server", WIRE_ANY),
			  0);
	ck_assert_uint_eq(
		count_between(&realm, "router-2", "router-1", WIRE_DATA), 1);
	/* A forwarded segment is no retransmission. */
	ck_assert_uint_eq(
		count_between(&realm, NULL, NULL, WIRE_RETRANSMISSION), 0);
	ck_assert_uint_eq(count_between(&realm, NULL, NULL, WIRE_NEIGHBOUR), 0);
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

/* ARP requests reach the hosts of one network only. */
START_TEST(broadcasts_stay_in_their_network)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET, 2, false);
	client = realm_pair(&realm, &server);
	ck_assert(arrives(&realm, client, server));
	ck_assert_uint_ge(
		count_between(&realm, "client", "router-1", WIRE_NEIGHBOUR), 1);
	ck_assert_uint_ge(
		count_between(&realm, "router-2", "server", WIRE_NEIGHBOUR), 1);
	ck_assert_uint_eq(count_between(&realm, "client", "router-2", WIRE_ANY),
			  0);
	ck_assert_uint_eq(count_between(&realm, "client", "server", WIRE_ANY),
			  0);
	ck_assert_uint_eq(count_between(&realm, "server", "router-1", WIRE_ANY),
			  0);
	realm_end(&realm);
}
END_TEST

/* In a network of three hosts. */
START_TEST(broadcasts_reach_all_hosts_of_a_network)
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
	ck_assert(arrives(&realm, client, server));
	ck_assert_uint_ge(
		count_between(&realm, "client", "third", WIRE_NEIGHBOUR), 1);
	ck_assert_uint_eq(count_between(&realm, "server", "third", WIRE_ANY),
			  0);
	realm_end(&realm);
}
END_TEST

static void break_router(const char *breaks, const char *mends)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET, 1, true);
	client = realm_pair(&realm, &server);
	apply(&realm, breaks, "router-1");
	ck_assert(!arrives(&realm, client, server));
	ck_assert(!arrives(&realm, server, client));
	apply(&realm, mends, "router-1");
	/* The next retransmissions arrive. */
	realm_until(&realm, realm_is_ready(server, POLLIN));
	realm_until(&realm, realm_is_ready(client, POLLIN));
	realm_end(&realm);
}

START_TEST(cut_applies_to_all_cables_of_a_router)
{
	break_router("cut", "mend");
}
END_TEST

START_TEST(unplug_applies_to_all_cables_of_a_router)
{
	break_router("unplug", "plug");
}
END_TEST

START_TEST(down_applies_to_all_interfaces_of_a_router)
{
	break_router("down", "up");
}
END_TEST

START_TEST(rebooted_router_forwards_again)
{
	break_router("crash", "reboot");
}
END_TEST

START_TEST(host_gets_its_routes_back_after_down_and_reboot)
{
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, AF_INET6, 2, true);
	client = realm_pair(&realm, &server);
	apply(&realm, "down", "server");
	apply(&realm, "up", "server");
	ck_assert(arrives(&realm, server, client));
	fd_close(server);
	fd_close(client);
	apply(&realm, "reboot", "server");
	client = realm_pair(&realm, &server);
	ck_assert(arrives(&realm, server, client));
	realm_end(&realm);
}
END_TEST

/* It comes from an address in a network without end hosts. */
START_TEST(icmp_error_of_a_router_reaches_the_client)
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
	ck_assert_uint_eq(
		count_between(&realm, "router-1", "router-2", WIRE_SYN), 1);
	ck_assert_uint_eq(
		count_between(&realm, "router-2", "router-3", WIRE_ANY), 0);
	ck_assert_uint_eq(
		count_between(&realm, "router-2", "router-1", WIRE_ICMP), 1);
	ck_assert_uint_eq(
		count_between(&realm, "router-1", "client", WIRE_ICMP), 1);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&segments_go_through_a_chain_v4,
	&segments_go_through_a_chain_v6,
	&broadcasts_stay_in_their_network,
	&broadcasts_reach_all_hosts_of_a_network,
	&cut_applies_to_all_cables_of_a_router,
	&unplug_applies_to_all_cables_of_a_router,
	&down_applies_to_all_interfaces_of_a_router,
	&rebooted_router_forwards_again,
	&host_gets_its_routes_back_after_down_and_reboot,
	&icmp_error_of_a_router_reaches_the_client,
};

int main(void)
{
	return realm_run("router", tests, ARRAY_SIZE(tests));
}
