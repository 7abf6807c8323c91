/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A masquerading gateway, and one that loses its connection tracking entries.
 */
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

static void send_byte(struct realm *realm, int from, int to)
{
	char byte;

	ck_assert_int_eq(send(from, "x", 1, 0), 1);
	realm_until(realm, realm_is_ready(to, POLLIN));
	ck_assert_int_eq(recv(to, &byte, 1, 0), 1);
}

static void check_masquerade(int family)
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
	send_byte(&realm, client, server);
	send_byte(&realm, server, client);
	realm_end(&realm);
}

START_TEST(server_sees_the_address_of_the_gateway_v4)
{
	check_masquerade(AF_INET);
}
END_TEST

START_TEST(server_sees_the_address_of_the_gateway_v6)
{
	check_masquerade(AF_INET6);
}
END_TEST

/* A segment to the gateway's address without an entry is for the gateway
 * itself, which has no such socket. */
START_TEST(forgotten_connection_is_reset)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	send_byte(&realm, server, client);
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

/* nf_conntrack_tcp_loose: a segment from inside makes a new entry. */
START_TEST(forgotten_connection_continues_from_inside)
{
	struct realm realm;
	int client, server;

	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	realm_ok(fault_verb("forget")->apply(realm.world, "router-1", NULL));
	send_byte(&realm, client, server);
	send_byte(&realm, server, client);
	realm_end(&realm);
}
END_TEST

static void check_entries(int family)
{
	struct address client_is, server_is;
	struct realm_entries entries = { .n = 0 };
	struct realm realm;
	int client, server, gateway;

	realm_begin_gateway(&realm, family, masquerade);
	client_is = host_address(realm_host(&realm, "client"), family);
	server_is = host_address(realm_host(&realm, "server"), family);
	gateway = host_namespace(realm_host(&realm, "router-1"));
	client = realm_pair(&realm, &server);
	send_byte(&realm, client, server);
	realm_ok(firewall_each(gateway, family, realm_add_entry, &entries));
	ck_assert_uint_eq(entries.n, 1);
	ck_assert(address_equal(&entries.original.source, &client_is));
	ck_assert(address_equal(&entries.original.destination, &server_is));
	ck_assert(address_equal(&entries.reply.source, &server_is));
	ck_assert(!address_equal(&entries.reply.destination, &client_is));
	ck_assert_uint_eq(entries.original.destination_port,
			  entries.reply.source_port);
	ck_assert_uint_ne(entries.original.destination_port, 0);
	realm_ok(fault_verb("forget")->apply(realm.world, "router-1", NULL));
	entries.n = 0;
	realm_ok(firewall_each(gateway, family, realm_add_entry, &entries));
	ck_assert_uint_eq(entries.n, 0);
	realm_end(&realm);
}

START_TEST(entries_have_both_tuples_v4)
{
	check_entries(AF_INET);
}
END_TEST

START_TEST(entries_have_both_tuples_v6)
{
	check_entries(AF_INET6);
}
END_TEST

START_TEST(rebooted_gateway_has_its_rules)
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
	send_byte(&realm, server, client);
	realm_end(&realm);
}
END_TEST

START_TEST(invalid_rules_are_refused)
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

static const char table[] = "table inet lab { chain forward { type filter hook "
			    "forward priority 0; }; }\n";

START_TEST(invalid_rules_have_a_position)
{
	static const struct {
		const char *rules;
		unsigned int line, column;
		const char *message;
	} all[] = {
		{ "\n\tadd rule inet lab forward tcp dpor 80 drop\n", 2, 32,
		  "syntax error" },
		{ "add rule inet lab forward drop comment \"a\"\n"
		  "add rule inet lab nowhere drop\n",
		  2, 19, "No such file or directory; unknown name, or not" },
		{ "add rule inet lab forward drop ; add tble inet x", 1, 43,
		  "syntax error" },
		{ "add rule inet lab forward ip6 saddr 10.0.0.1 drop", 1, 37,
		  "Could not resolve hostname" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct firewall_position at = { 0 };

		ck_assert_int_eq(firewall_check(table, all[i].rules, &at),
				 -EINVAL);
		ck_assert_msg(at.line == all[i].line &&
				      at.column == all[i].column &&
				      strstr(error_message(), all[i].message),
			      "%u:%u: %s", at.line, at.column, error_message());
	}
}
END_TEST

START_TEST(valid_rules_are_accepted)
{
	static const char *const all[] = {
		"",
		"# add tble",
		"define port = 80\n"
		"add rule inet lab forward tcp dport $port drop",
		"add chain inet lab include-it # include \"/etc/hosts\"\n"
		"add rule inet lab forward drop comment \"# include\"\n"
		"add rule inet lab forward jump include-it comment \"a\nb\"\n",
	};
	struct firewall_position at;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ck_assert_msg(firewall_check(table, all[i], &at) == 0, "%s: %s",
			      all[i], error_message());
}
END_TEST

/* Each of these makes nft(8) read the file. */
START_TEST(rules_include_no_files)
{
	static const struct {
		const char *rules;
		unsigned int line, column;
	} all[] = {
		{ "include \"/etc/hosts\"", 1, 1 },
		{ "# a comment with one \"\ninclude \"/etc/hosts\"", 2, 1 },
		{ "table inet x { chain y { include \"/etc/hosts\"\n}; };", 1,
		  26 },
		{ "add table inet x;include\"/etc/h*\"", 1, 18 },
		{ "add table inet x comment \"a;\nb\"\n \\\ninclude \"/x\"", 4,
		  1 },
	};
	struct realm realm;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct firewall_position at = { 0 };

		ck_assert_int_eq(firewall_check("", all[i].rules, &at),
				 -EINVAL);
		ck_assert_str_eq(error_message(), "'include' not allowed: "
						  "rules read no files");
		ck_assert_msg(at.line == all[i].line &&
				      at.column == all[i].column,
			      "%s: %u:%u", all[i].rules, at.line, at.column);
	}
	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(
		firewall_load(host_namespace(realm_host(&realm, "client")),
			      all[0].rules),
		-EINVAL);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&server_sees_the_address_of_the_gateway_v4,
	&server_sees_the_address_of_the_gateway_v6,
	&entries_have_both_tuples_v4,
	&entries_have_both_tuples_v6,
	&forgotten_connection_is_reset,
	&forgotten_connection_continues_from_inside,
	&rebooted_gateway_has_its_rules,
	&invalid_rules_are_refused,
	&invalid_rules_have_a_position,
	&valid_rules_are_accepted,
	&rules_include_no_files,
};

int main(void)
{
	if (firewall_possible())
		return realm_run("firewall", tests, ARRAY_SIZE(tests));
	printf("firewall: neither libnftables nor nft\n");
	return SKIPPED;
}
