/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets, connections and transmissions as the wire numbers them, on real
 * kernels: through routers and NAT, over reboots, and when a 4-tuple is used
 * again.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fault.h"
#include "fd.h"
#include "firewall.h"
#include "realm.h"

enum { CLIENT_PORT = 5000, SERVER_PORT = 80 };

static const char masquerade[] =
	"table inet gateway { chain out { type nat hook postrouting "
	"priority 100; oifname eth1 masquerade; }; }";

static void apply(struct realm *realm, const char *verb, const char *host)
{
	realm_ok(fault_verb(verb)->apply(realm->world, host, NULL));
}

/* The nth frame of these kinds that came from the host; n counts from 1. */
static const struct wire_capture *nth(struct realm *realm, const char *from,
				      unsigned int kinds, unsigned int n)
{
	const struct wire_capture *all;
	size_t size;

	realm_ok(wire_catch_up(realm->wire));
	size = wire_captures(realm->wire, &all);
	for (size_t i = 0; i < size; i++)
		if (strcmp(all[i].from, from) == 0 && (all[i].kinds & kinds) &&
		    all[i].fate != WIRE_GHOST && --n == 0)
			return &all[i];
	return NULL;
}

static const struct wire_capture *first(struct realm *realm, const char *from,
					unsigned int kinds)
{
	const struct wire_capture *capture = nth(realm, from, kinds, 1);

	ck_assert_msg(capture, "no such frame from %s", from);
	return capture;
}

/* From a port that the test knows. */
static int connect_from(struct realm *realm, uint16_t port)
{
	const struct address address =
		host_plan(realm_host(realm, "server"))->cables[0].addresses[0];
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&address, SERVER_PORT, &storage);
	int fd = realm_socket(realm, "client", SOCK_STREAM, port);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&storage, size), -1);
	ck_assert_int_eq(errno, EINPROGRESS);
	return fd;
}

static int accept_from(struct realm *realm, int listener)
{
	int fd;

	realm_until(realm, realm_is_ready(listener, POLLIN));
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void send_byte(struct realm *realm, int from, int to)
{
	char byte;

	ck_assert_int_eq(send(from, "x", 1, 0), 1);
	realm_until(realm, realm_is_ready(to, POLLIN));
	ck_assert_int_eq(recv(to, &byte, 1, 0), 1);
}

static unsigned int connection_of(struct realm *realm, int fd)
{
	struct sockaddr_storage local, peer;
	socklen_t size = sizeof(local), peer_size = sizeof(peer);
	struct address here, there;
	uint16_t port, peer_port;

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&local, &size), 0);
	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&peer, &peer_size),
			 0);
	here = address_from_sockaddr(&local, &port);
	there = address_from_sockaddr(&peer, &peer_port);
	return wire_connection(realm->wire, &here, port, &there, peer_port);
}

/* --- gateways --------------------------------------------------------- */

/* On every cable of the chain the same packet, each from another port. */
static void packet_crosses_a_chain(int family)
{
	static const char *const hops[] = { "client", "router-1", "router-2",
					    "router-3" };
	unsigned int packet = 0, ports = 0;
	struct realm realm;
	int client, server;

	realm_begin_routed(&realm, family, 3, true);
	client = realm_pair(&realm, &server);
	send_byte(&realm, client, server);
	send_byte(&realm, server, client);
	for (size_t i = 0; i < ARRAY_SIZE(hops); i++) {
		const struct wire_capture *c =
			first(&realm, hops[i], WIRE_DATA);

		packet = packet ? packet : c->packet;
		ck_assert_uint_eq(c->packet, packet);
		ck_assert_str_eq(c->origin, "client");
		ck_assert_uint_eq(c->connection, 1);
		ck_assert(c->from_client);
		ck_assert_uint_eq(c->transmission, 1);
		ck_assert_uint_eq(ports & 1U << c->port, 0);
		ports |= 1U << c->port;
	}
	packet = first(&realm, "server", WIRE_DATA)->packet;
	/* The client's byte came by router-1 first. */
	ck_assert_uint_eq(nth(&realm, "router-1", WIRE_DATA, 2)->packet,
			  packet);
	ck_assert(!nth(&realm, "router-1", WIRE_DATA, 2)->from_client);
	ck_assert_str_eq(nth(&realm, "router-1", WIRE_DATA, 2)->origin,
			 "server");
	realm_end(&realm);
}

START_TEST(packet_crosses_a_chain_v4)
{
	packet_crosses_a_chain(AF_INET);
}
END_TEST

START_TEST(packet_crosses_a_chain_v6)
{
	packet_crosses_a_chain(AF_INET6);
}
END_TEST

static void connection_crosses_a_nat(int family)
{
	const struct wire_capture *inside, *outside;
	struct realm realm;
	int client, server;

	realm_begin_gateway(&realm, family, masquerade);
	client = realm_pair(&realm, &server);
	send_byte(&realm, client, server);
	send_byte(&realm, server, client);
	inside = first(&realm, "client", WIRE_SYN);
	outside = first(&realm, "router-1", WIRE_SYN);
	ck_assert(
		!address_equal(&inside->frame.source, &outside->frame.source));
	ck_assert_uint_eq(inside->packet, outside->packet);
	ck_assert_uint_eq(outside->connection, 1);
	ck_assert(outside->from_client);
	ck_assert_uint_eq(first(&realm, "server", WIRE_SYN_ACK)->connection, 1);
	ck_assert_uint_eq(first(&realm, "server", WIRE_SYN_ACK)->packet,
			  first(&realm, "router-1", WIRE_SYN_ACK)->packet);
	ck_assert(!first(&realm, "router-1", WIRE_SYN_ACK)->from_client);
	/* The two ends have different 4-tuples. */
	ck_assert_uint_eq(connection_of(&realm, client), 1);
	ck_assert_uint_eq(connection_of(&realm, server), 1);
	fd_close(client);
	client = realm_pair(&realm, &server);
	ck_assert_uint_eq(connection_of(&realm, client), 2);
	ck_assert_uint_eq(connection_of(&realm, server), 2);
	realm_end(&realm);
}

START_TEST(connection_crosses_a_nat_v4)
{
	if (firewall_possible())
		connection_crosses_a_nat(AF_INET);
}
END_TEST

START_TEST(connection_crosses_a_nat_v6)
{
	if (firewall_possible())
		connection_crosses_a_nat(AF_INET6);
}
END_TEST

/* The gateway forgets the connection and resets what the server sends. */
START_TEST(reset_by_a_nat_belongs_to_the_connection)
{
	const struct wire_capture *rst;
	struct realm realm;
	int client, server;

	if (!firewall_possible())
		return;
	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	send_byte(&realm, client, server);
	apply(&realm, "forget", "router-1");
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	realm_until(&realm, nth(&realm, "router-1", WIRE_RST, 1));
	rst = first(&realm, "router-1", WIRE_RST);
	ck_assert_str_eq(rst->origin, "router-1");
	ck_assert_uint_eq(rst->connection, 1);
	ck_assert(rst->from_client);
	ck_assert_uint_eq(rst->transmission, 0);
	realm_end(&realm);
}
END_TEST

/* What the client sends makes the connection known again. */
START_TEST(connection_survives_a_nat_that_forgets)
{
	struct realm realm;
	int client, server;

	if (!firewall_possible())
		return;
	realm_begin_gateway(&realm, AF_INET, masquerade);
	client = realm_pair(&realm, &server);
	apply(&realm, "forget", "router-1");
	send_byte(&realm, client, server);
	send_byte(&realm, server, client);
	ck_assert_uint_eq(first(&realm, "router-1", WIRE_DATA)->connection, 1);
	ck_assert_uint_eq(first(&realm, "server", WIRE_DATA)->connection, 1);
	ck_assert_uint_eq(connection_of(&realm, server), 1);
	realm_end(&realm);
}
END_TEST

START_TEST(icmp_error_of_a_router_belongs_to_the_connection)
{
	const struct sysctl_setting ttl = { "net.ipv4.ip_default_ttl", "2" };
	const struct wire_capture *near, *far;
	struct realm realm;
	int client;

	realm_begin_routed(&realm, AF_INET, 3, true);
	realm_ok(sysctl_write(host_namespace(realm_host(&realm, "client")),
			      &ttl, 1));
	client = realm_connect(&realm, SERVER_PORT);
	realm_until(&realm, realm_is_ready(client, POLLOUT));
	far = first(&realm, "router-2", WIRE_ICMP);
	near = first(&realm, "router-1", WIRE_ICMP);
	ck_assert_str_eq(far->origin, "router-2");
	ck_assert_uint_eq(far->connection, 1);
	ck_assert(!far->from_client);
	ck_assert_uint_eq(near->packet, far->packet);
	ck_assert_uint_eq(near->connection, 1);
	ck_assert_uint_ne(far->packet,
			  first(&realm, "client", WIRE_SYN)->packet);
	realm_end(&realm);
}
END_TEST

/* --- one 4-tuple, several connections --------------------------------- */

/* The server still has the old connection: it answers the SYN with a challenge
 * ACK, the client resets that, and its next SYN succeeds (RFC 9293 3.10.7.4).
 */
START_TEST(reboot_and_the_same_tuple_is_a_new_connection)
{
	struct realm realm;
	int client, listener, server;

	realm_begin(&realm, AF_INET);
	listener = realm_listener(&realm, SERVER_PORT);
	client = connect_from(&realm, CLIENT_PORT);
	server = accept_from(&realm, listener);
	send_byte(&realm, client, server);
	ck_assert_uint_eq(connection_of(&realm, server), 1);
	apply(&realm, "crash", "client");
	fd_close(client);
	apply(&realm, "reboot", "client");
	client = connect_from(&realm, CLIENT_PORT);
	server = accept_from(&realm, listener);
	ck_assert_uint_eq(connection_of(&realm, client), 2);
	send_byte(&realm, client, server);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 1)->connection, 1);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 2)->connection, 2);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 2)->transmission, 1);
	/* Until the challenge ACK has been reset, the SYN is retransmitted. */
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 3)->connection, 2);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 3)->transmission, 2);
	ck_assert_uint_eq(first(&realm, "client", WIRE_RST)->connection, 2);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_DATA, 2)->transmission, 1);
	realm_end(&realm);
}
END_TEST

/* tcp_twsk_unique() lets connect() take over a TIME-WAIT socket after one
 * second, with a higher initial sequence number. */
START_TEST(tuple_taken_over_from_time_wait_is_a_new_connection)
{
	const struct sysctl_setting reuse[] = {
		{ "net.ipv4.tcp_tw_reuse", "1" },
		{ "net.ipv4.tcp_timestamps", "1" },
	};
	struct realm realm;
	int client, listener, server;

	realm_begin(&realm, AF_INET);
	realm_ok(sysctl_write(host_namespace(realm_host(&realm, "client")),
			      reuse, ARRAY_SIZE(reuse)));
	listener = realm_listener(&realm, SERVER_PORT);
	client = connect_from(&realm, CLIENT_PORT);
	server = accept_from(&realm, listener);
	fd_close(client);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	fd_close(server);
	realm_until(&realm, nth(&realm, "server", WIRE_FIN, 1));
	realm_run_for(&realm, MSEC(2100));
	client = connect_from(&realm, CLIENT_PORT);
	server = accept_from(&realm, listener);
	send_byte(&realm, server, client);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 1)->connection, 1);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_FIN, 1)->connection, 1);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 2)->connection, 2);
	ck_assert_uint_eq(nth(&realm, "client", WIRE_SYN, 2)->transmission, 1);
	ck_assert_uint_eq(nth(&realm, "server", WIRE_SYN_ACK, 2)->connection,
			  2);
	ck_assert_uint_eq(connection_of(&realm, client), 2);
	realm_end(&realm);
}
END_TEST

/* --- transmissions and rules of the wire ------------------------------ */

START_TEST(dropped_transmissions_are_counted)
{
	const struct wire_match match = { .from = "client",
					  .kinds = WIRE_DATA |
						   WIRE_RETRANSMISSION,
					  .count = 2 };
	struct wire_rule *rule;
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	realm_ok(wire_arm(realm.wire, &rule, &match, WIRE_DROP, 0));
	send_byte(&realm, client, server);
	for (unsigned int i = 1; i <= 3; i++) {
		const struct wire_capture *c = nth(
			&realm, "client", WIRE_DATA | WIRE_RETRANSMISSION, i);

		ck_assert_uint_eq(c->transmission, i);
		ck_assert_int_eq(c->fate,
				 i < 3 ? WIRE_DROPPED : WIRE_FORWARDED);
	}
	realm_end(&realm);
}
END_TEST

/* Records of the journal that have this packet. */
static unsigned int records_of(struct realm *realm, unsigned int packet,
			       const char *fate)
{
	json_t *records = realm_records(realm), *record;
	unsigned int n = 0;
	size_t i;

	json_array_foreach(records, i, record)
		n += journal_is(record, "frame") &&
		     journal_integer(record, "packet") == packet &&
		     strcmp(journal_text(record, "fate"), fate) == 0;
	json_decref(records);
	return n;
}

START_TEST(held_and_duplicated_frames_are_one_packet)
{
	const struct wire_match data = { .kinds = WIRE_DATA, .count = 1 };
	struct wire_rule *rule;
	struct realm realm;
	unsigned int packet;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	realm_ok(wire_arm(realm.wire, &rule, &data, WIRE_DUPLICATE, MSEC(5)));
	send_byte(&realm, client, server);
	realm_run_for(&realm, MSEC(20));
	packet = first(&realm, "client", WIRE_DATA)->packet;
	ck_assert_uint_eq(records_of(&realm, packet, "forwarded"), 1);
	ck_assert_uint_eq(records_of(&realm, packet, "duplicated"), 1);
	realm_ok(wire_arm(realm.wire, &rule, &data, WIRE_HOLD, 0));
	ck_assert_int_eq(send(client, "y", 1, 0), 1);
	realm_until(&realm, wire_rule_held(rule) == 1);
	realm_ok(wire_release(rule));
	packet = nth(&realm, "client", WIRE_DATA, 2)->packet;
	ck_assert_uint_eq(records_of(&realm, packet, "held"), 1);
	ck_assert_uint_eq(records_of(&realm, packet, "released"), 1);
	realm_end(&realm);
}
END_TEST

START_TEST(journal_has_the_numbers_of_a_segment)
{
	json_t *records, *record;
	struct realm realm;
	int client, server;
	bool found = false;
	json_int_t ack;
	size_t i;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	send_byte(&realm, client, server);
	records = realm_records(&realm);
	json_array_foreach(records, i, record)
	{
		if (!journal_is(record, "frame") ||
		    journal_integer(record, "len") != 1)
			continue;
		found = true;
		ck_assert_int_eq(journal_integer(record, "connection"), 1);
		ck_assert(journal_is_true(record, "from_client"));
		ck_assert_int_eq(journal_integer(record, "destination_port"),
				 SERVER_PORT);
		ck_assert_int_eq(journal_integer(record, "transmission"), 1);
		ck_assert_int_eq(journal_integer(record, "seq"), 1);
		ck_assert(journal_get_integer(record, "ack", &ack));
		ck_assert_int_eq(ack, 1);
		ck_assert_int_eq(journal_integer(record, "flags"),
				 SEGMENT_ACK | SEGMENT_PSH);
		ck_assert_str_eq(journal_text(record, "origin"), "client");
	}
	ck_assert(found);
	json_decref(records);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&packet_crosses_a_chain_v4,
	&packet_crosses_a_chain_v6,
	&connection_crosses_a_nat_v4,
	&connection_crosses_a_nat_v6,
	&reset_by_a_nat_belongs_to_the_connection,
	&connection_survives_a_nat_that_forgets,
	&icmp_error_of_a_router_belongs_to_the_connection,
	&reboot_and_the_same_tuple_is_a_new_connection,
	&tuple_taken_over_from_time_wait_is_a_new_connection,
	&dropped_transmissions_are_counted,
	&held_and_duplicated_frames_are_one_packet,
	&journal_has_the_numbers_of_a_segment,
};

int main(void)
{
	return realm_run("connections", tests, ARRAY_SIZE(tests));
}
