/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway that masquerades, and forgets. */
#include "firewall.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fault.h"
#include "fd.h"
#include "realm.h"

enum { SKIPPED = 77 };

static const char masquerade[] =
	"table inet gateway { chain out { type nat hook postrouting "
	"priority 100; oifname eth1 masquerade; }; }";

static struct address peer_of(int fd)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	uint16_t port;

	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&storage, &size),
			 0);
	return address_from_sockaddr(&storage, &port);
}

static void say(struct realm *realm, int from, int to)
{
	char byte;

	ck_assert_int_eq(send(from, "x", 1, 0), 1);
	realm_until(realm, realm_is_ready(to, POLLIN));
	ck_assert_int_eq(recv(to, &byte, 1, 0), 1);
}

static void gateway_hides_who_is_behind_it(int family)
{
	struct address outside, seen;
	struct realm realm;
	int client, server;

	realm_begin_gateway(&realm, family, masquerade);
	client = realm_pair(&realm, &server);
	outside = cable_address(
		&host_plan(realm_host(&realm, "router-1"))->cables[1], family);
	seen = peer_of(server);
	ck_assert(address_equal(&seen, &outside));
	say(&realm, client, server);
	say(&realm, server, client);
	realm_end(&realm);
}

START_TEST(gateway_hides_who_is_behind_it_v4)
{
	gateway_hides_who_is_behind_it(AF_INET);
}
END_TEST

START_TEST(gateway_hides_who_is_behind_it_v6)
{
	gateway_hides_who_is_behind_it(AF_INET6);
}
END_TEST

/* What comes for a connection that it does not know is for the gateway itself,
 * which has no such socket. */
START_TEST(forgotten_connection_is_reset)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	say(&realm, server, client);
	realm_ok(fault_verb("forget")->apply(realm.world, "router-1", NULL));
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_int_eq(recv(server, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(
		realm_frames(&realm, "router-1", WIRE_RST, WIRE_FORWARDED), 1);
	realm_end(&realm);
}
END_TEST

/* And what the client sends makes it known again. */
START_TEST(forgotten_connection_is_picked_up)
{
	struct realm realm;
	int client, server;

	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	realm_ok(fault_verb("forget")->apply(realm.world, "router-1", NULL));
	say(&realm, client, server);
	say(&realm, server, client);
	realm_end(&realm);
}
END_TEST

struct known {
	unsigned int n;
	struct firewall_tuple original, reply;
};

static void note_known(void *data, const struct firewall_tuple *original,
		       const struct firewall_tuple *reply)
{
	struct known *known = data;

	known->n++;
	known->original = *original;
	known->reply = *reply;
}

static void gateway_tells_whom_it_knows(int family)
{
	struct address client_is, server_is;
	struct known known = { .n = 0 };
	struct realm realm;
	int client, server, gateway;

	realm_begin_gateway(&realm, family, masquerade);
	client_is = host_address(realm_host(&realm, "client"), family);
	server_is = host_address(realm_host(&realm, "server"), family);
	gateway = host_namespace(realm_host(&realm, "router-1"));
	client = realm_pair(&realm, &server);
	say(&realm, client, server);
	realm_ok(firewall_each(gateway, family, note_known, &known));
	ck_assert_uint_eq(known.n, 1);
	ck_assert(address_equal(&known.original.source, &client_is));
	ck_assert(address_equal(&known.original.destination, &server_is));
	ck_assert(address_equal(&known.reply.source, &server_is));
	ck_assert(!address_equal(&known.reply.destination, &client_is));
	ck_assert_uint_eq(known.original.destination_port,
			  known.reply.source_port);
	ck_assert_uint_ne(known.original.destination_port, 0);
	realm_ok(fault_verb("forget")->apply(realm.world, "router-1", NULL));
	known.n = 0;
	realm_ok(firewall_each(gateway, family, note_known, &known));
	ck_assert_uint_eq(known.n, 0);
	realm_end(&realm);
}

START_TEST(gateway_tells_whom_it_knows_v4)
{
	gateway_tells_whom_it_knows(AF_INET);
}
END_TEST

START_TEST(gateway_tells_whom_it_knows_v6)
{
	gateway_tells_whom_it_knows(AF_INET6);
}
END_TEST

START_TEST(rules_come_back_with_the_gateway)
{
	struct address inside, seen;
	struct realm realm;
	int client, server;

	realm_begin_gateway(&realm, AF_INET, masquerade);
	realm_ok(fault_verb("reboot")->apply(realm.world, "router-1", NULL));
	client = realm_pair(&realm, &server);
	inside = host_address(realm_host(&realm, "client"), AF_INET);
	seen = peer_of(server);
	ck_assert(!address_equal(&seen, &inside));
	say(&realm, server, client);
	realm_end(&realm);
}
END_TEST

START_TEST(rules_that_are_none_are_refused)
{
	struct realm realm;
	int fd;

	realm_begin(&realm, AF_INET);
	fd = host_namespace(realm_host(&realm, "client"));
	ck_assert_int_eq(firewall_load(fd, "nonsense"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error_message(), "syntax error"));
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&gateway_hides_who_is_behind_it_v4, &gateway_hides_who_is_behind_it_v6,
	&gateway_tells_whom_it_knows_v4,    &gateway_tells_whom_it_knows_v6,
	&forgotten_connection_is_reset,	    &forgotten_connection_is_picked_up,
	&rules_come_back_with_the_gateway,  &rules_that_are_none_are_refused,
};

int main(void)
{
	if (firewall_possible())
		return realm_run("firewall", tests, ARRAY_SIZE(tests));
	printf("firewall: built without libnftables\n");
	return SKIPPED;
}
