/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "realm.h"
#include "world.h"

enum { PORT = 7 };

/* Datagrams from client to server; every one is a WIRE_OTHER. */
struct talk {
	struct realm realm;
	int client, server;
};

static void begin(struct talk *talk)
{
	realm_begin(&talk->realm, AF_INET);
	talk->client = realm_socket(&talk->realm, "client", SOCK_DGRAM, PORT);
	talk->server = realm_socket(&talk->realm, "server", SOCK_DGRAM, PORT);
}

static void say(struct talk *talk, const char *text)
{
	realm_say(&talk->realm, talk->client, "server", text);
}

/* Everything that has arrived by now, word by word. */
static const char *heard(struct talk *talk)
{
	static char all[256];
	const char *text;

	realm_ok(wire_catch_up(talk->realm.wire));
	all[0] = '\0';
	while ((text = realm_hear(talk->server))[0])
		strcat(all, text);
	return all;
}

static struct wire_rule *arm(struct talk *talk, struct wire_match match,
			     enum wire_action action, nsec_t delay)
{
	struct wire_rule *rule;

	if (!match.kinds)
		match.kinds = WIRE_OTHER;
	realm_ok(wire_arm(talk->realm.wire, &rule, &match, action, delay));
	return rule;
}

static unsigned int fates(struct talk *talk, enum wire_fate fate)
{
	return realm_frames(&talk->realm, "client", WIRE_OTHER, fate);
}

START_TEST(frames_go_both_ways)
{
	struct talk talk;

	begin(&talk);
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "a");
	realm_say(&talk.realm, talk.server, "client", "back");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "back");
	ck_assert_uint_eq(fates(&talk, WIRE_FORWARDED), 1);
	ck_assert_uint_eq(realm_frames(&talk.realm, "server", WIRE_OTHER,
				       WIRE_FORWARDED),
			  1);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(capture_says_when_and_whither)
{
	const struct wire_capture *all;
	nsec_t before, after;
	struct talk talk;
	size_t n;

	begin(&talk);
	before = nsec_now();
	say(&talk, "a");
	heard(&talk);
	after = nsec_now();
	n = wire_captures(talk.realm.wire, &all);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(all[0].from, "client");
	ck_assert_str_eq(all[0].to, "server");
	/* The two clocks are read one after the other. */
	ck_assert(all[0].at >= before - USEC(100));
	ck_assert(all[0].at <= all[0].left && all[0].left <= after);
	ck_assert(wire_residence(talk.realm.wire) > 0);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(counted_drop)
{
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk);
	rule = arm(&talk,
		   (struct wire_match){ .from = "client",
					.to = "server",
					.first = 2,
					.count = 2 },
		   WIRE_DROP, 0);
	for (int i = 0; i < 5; i++)
		say(&talk, (const char[]){ (char)('a' + i), '\0' });
	ck_assert_str_eq(heard(&talk), "ade");
	ck_assert_uint_eq(wire_rule_hits(rule), 2);
	ck_assert_uint_eq(fates(&talk, WIRE_DROPPED), 2);
	ck_assert_uint_eq(fates(&talk, WIRE_FORWARDED), 3);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(count_of_none_is_all_and_disarming_ends_it)
{
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk);
	rule = arm(&talk, (struct wire_match){ .first = 2 }, WIRE_DROP, 0);
	say(&talk, "a");
	say(&talk, "b");
	say(&talk, "c");
	ck_assert_str_eq(heard(&talk), "a");
	wire_disarm(rule);
	say(&talk, "d");
	ck_assert_str_eq(heard(&talk), "d");
	realm_end(&talk.realm);
}
END_TEST

static uint16_t port_of(int fd)
{
	struct sockaddr_in name;
	socklen_t size = sizeof(name);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
	return ntohs(name.sin_port);
}

static bool is_big(const struct wire_capture *capture, const void *data)
{
	return capture->frame.kind == FRAME_TCP &&
	       capture->frame.tcp.length > *(const uint32_t *)data;
}

START_TEST(match_is_by_port_and_by_what_the_caller_asks)
{
	static const uint32_t limit = 2;
	struct wire_rule *by_port, *other_port, *by_size;
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	realm_ok(wire_arm(realm.wire, &other_port,
			  &(struct wire_match){ .to_port = 1 }, WIRE_DROP, 0));
	realm_ok(wire_arm(realm.wire, &by_size,
			  &(struct wire_match){ .where = is_big,
						.data = &limit },
			  WIRE_DROP, 0));
	ck_assert_int_eq(send(client, "ab", 2, 0), 2);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_uint_eq(wire_rule_hits(by_size), 0);
	ck_assert_int_eq(send(client, "abc", 3, 0), 3);
	realm_until(&realm, wire_rule_hits(by_size) > 0);
	wire_disarm(by_size);
	realm_ok(wire_arm(realm.wire, &by_port,
			  &(struct wire_match){
				  .from = "client",
				  .from_port = port_of(client) },
			  WIRE_DROP, 0));
	ck_assert_int_eq(send(client, "d", 1, 0), 1);
	realm_until(&realm, wire_rule_hits(by_port) > 0);
	ck_assert_uint_eq(wire_rule_hits(other_port), 0);
	realm_end(&realm);
	fd_close(client);
	fd_close(server);
}
END_TEST

START_TEST(match_is_by_both_ends_and_by_kind)
{
	struct talk talk;

	begin(&talk);
	arm(&talk, (struct wire_match){ .from = "server" }, WIRE_DROP, 0);
	arm(&talk, (struct wire_match){ .to = "client" }, WIRE_DROP, 0);
	arm(&talk, (struct wire_match){ .kinds = WIRE_TCP }, WIRE_DROP, 0);
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "a");
	realm_say(&talk.realm, talk.server, "client", "b");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "");
	realm_end(&talk.realm);
}
END_TEST

/* Both count every frame; the first whose turn it is decides. */
START_TEST(rules_are_asked_in_order)
{
	struct wire_rule *drops, *holds;
	struct talk talk;

	begin(&talk);
	drops = arm(&talk, (struct wire_match){ .first = 2, .count = 1 },
		    WIRE_DROP, 0);
	holds = arm(&talk, (struct wire_match){ .first = 2, .count = 2 },
		     WIRE_HOLD, 0);
	say(&talk, "a");
	say(&talk, "b");
	say(&talk, "c");
	say(&talk, "d");
	ck_assert_str_eq(heard(&talk), "ad");
	ck_assert_uint_eq(wire_rule_hits(drops), 1);
	ck_assert_uint_eq(wire_rule_hits(holds), 1);
	ck_assert_uint_eq(wire_rule_held(holds), 1);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(held_frames_wait_for_their_release)
{
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk);
	rule = arm(&talk, (struct wire_match){ .count = 2 }, WIRE_HOLD, 0);
	say(&talk, "a");
	say(&talk, "b");
	say(&talk, "c");
	ck_assert_str_eq(heard(&talk), "c");
	ck_assert_uint_eq(wire_rule_held(rule), 2);
	ck_assert_uint_eq(fates(&talk, WIRE_HELD), 2);
	realm_pass(&talk.realm, MSEC(10));
	ck_assert_str_eq(heard(&talk), "");
	/* Disarmed, it keeps what it holds. */
	wire_disarm(rule);
	ck_assert_uint_eq(wire_rule_held(rule), 2);
	realm_ok(wire_release(rule));
	ck_assert_str_eq(heard(&talk), "ab");
	ck_assert_uint_eq(wire_rule_held(rule), 0);
	ck_assert_uint_eq(fates(&talk, WIRE_RELEASED), 2);
	realm_ok(wire_release(rule));
	realm_end(&talk.realm);
}
END_TEST

START_TEST(delayed_frames_are_late_and_not_early)
{
	const struct wire_capture *all;
	struct talk talk;
	size_t n;

	begin(&talk);
	arm(&talk, (struct wire_match){ .count = 1 }, WIRE_DELAY, MSEC(30));
	say(&talk, "a");
	say(&talk, "b");
	ck_assert_str_eq(heard(&talk), "b");
	realm_until(&talk.realm, realm_is_ready(talk.server, POLLIN));
	ck_assert_str_eq(heard(&talk), "a");
	n = wire_captures(talk.realm.wire, &all);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(all[0].fate, WIRE_DELAYED);
	ck_assert(all[0].left >= all[0].at + MSEC(30));
	realm_end(&talk.realm);
}
END_TEST

START_TEST(long_path_delays_all_and_keeps_the_order)
{
	struct talk talk;
	nsec_t start;

	begin(&talk);
	wire_port_delay(world_port(talk.realm.world, "server"), MSEC(20));
	start = nsec_now();
	say(&talk, "a");
	say(&talk, "b");
	say(&talk, "c");
	ck_assert_str_eq(heard(&talk), "");
	realm_until(&talk.realm, realm_is_ready(talk.server, POLLIN));
	ck_assert(nsec_now() >= start + MSEC(20));
	realm_pass(&talk.realm, MSEC(5));
	ck_assert_str_eq(heard(&talk), "abc");
	/* A rule on top of it decides as on any path. */
	arm(&talk, (struct wire_match){ .count = 1 }, WIRE_DROP, 0);
	say(&talk, "d");
	say(&talk, "e");
	realm_pass(&talk.realm, MSEC(30));
	ck_assert_str_eq(heard(&talk), "e");
	realm_end(&talk.realm);
}
END_TEST

/* Released, it goes the whole way, and overtakes nobody. */
START_TEST(held_frames_have_the_path_before_them)
{
	struct wire_rule *rule;
	struct talk talk;
	nsec_t start;

	begin(&talk);
	wire_port_delay(world_port(talk.realm.world, "server"), MSEC(20));
	rule = arm(&talk, (struct wire_match){ .first = 2, .count = 1 },
		   WIRE_HOLD, 0);
	say(&talk, "a");
	say(&talk, "b");
	ck_assert_str_eq(heard(&talk), "");
	ck_assert_uint_eq(wire_rule_held(rule), 1);
	start = nsec_now();
	realm_ok(wire_release(rule));
	ck_assert_str_eq(heard(&talk), "");
	realm_pass(&talk.realm, MSEC(25));
	ck_assert_str_eq(heard(&talk), "ab");
	ck_assert(nsec_now() >= start + MSEC(20));
	ck_assert_uint_eq(fates(&talk, WIRE_RELEASED), 1);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(duplicate_comes_at_once_and_again)
{
	struct talk talk;

	begin(&talk);
	arm(&talk, (struct wire_match){ .count = 1 }, WIRE_DUPLICATE, MSEC(20));
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "a");
	realm_until(&talk.realm, realm_is_ready(talk.server, POLLIN));
	ck_assert_str_eq(heard(&talk), "a");
	say(&talk, "b");
	realm_pass(&talk.realm, MSEC(30));
	ck_assert_str_eq(heard(&talk), "b");
	ck_assert_uint_eq(fates(&talk, WIRE_DUPLICATED), 1);
	realm_end(&talk.realm);
}
END_TEST

/* On a path that takes 10 ms, the copy comes 20 ms after the first. */
START_TEST(duplicate_on_a_long_path_is_two)
{
	struct talk talk;

	begin(&talk);
	wire_port_delay(world_port(talk.realm.world, "server"), MSEC(10));
	arm(&talk, (struct wire_match){ .count = 1 }, WIRE_DUPLICATE, MSEC(20));
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "");
	realm_until(&talk.realm, realm_is_ready(talk.server, POLLIN));
	ck_assert_str_eq(heard(&talk), "a");
	realm_pass(&talk.realm, MSEC(40));
	ck_assert_str_eq(heard(&talk), "a");
	realm_end(&talk.realm);
}
END_TEST

static void cut(struct talk *talk, const char *host, bool from, bool to)
{
	wire_port_cut(world_port(talk->realm.world, host), from, to);
}

START_TEST(cut_each_way)
{
	struct talk talk;

	begin(&talk);
	cut(&talk, "server", true, false);
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "a");
	realm_say(&talk.realm, talk.server, "client", "b");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "");
	cut(&talk, "server", false, true);
	say(&talk, "c");
	ck_assert_str_eq(heard(&talk), "");
	realm_say(&talk.realm, talk.server, "client", "d");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "d");
	cut(&talk, "server", false, false);
	say(&talk, "e");
	ck_assert_str_eq(heard(&talk), "e");
	ck_assert_uint_eq(fates(&talk, WIRE_CUT), 1);
	realm_end(&talk.realm);
}
END_TEST

/* A rule counts what reaches it, and a cut lies before it. */
START_TEST(what_a_cut_swallows_no_rule_counts)
{
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk);
	rule = arm(&talk, (struct wire_match){ .count = 1 }, WIRE_DROP, 0);
	cut(&talk, "client", true, false);
	say(&talk, "a");
	heard(&talk);
	ck_assert_uint_eq(wire_rule_hits(rule), 0);
	cut(&talk, "client", false, false);
	say(&talk, "b");
	say(&talk, "c");
	ck_assert_str_eq(heard(&talk), "c");
	realm_end(&talk.realm);
}
END_TEST

START_TEST(dead_port_neither_takes_nor_gives)
{
	struct talk talk;

	begin(&talk);
	wire_port_kill(world_port(talk.realm.world, "server"));
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "");
	ck_assert_uint_eq(fates(&talk, WIRE_DEAD), 1);
	realm_say(&talk.realm, talk.server, "client", "b");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "");
	ck_assert_uint_eq(realm_frames(&talk.realm, "server", WIRE_OTHER,
				       WIRE_GHOST),
			  1);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(nobody_hears_behind_a_pulled_cable)
{
	struct talk talk;

	begin(&talk);
	realm_ok(world_set_plugged(talk.realm.world, "server", false));
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "");
	ck_assert_uint_eq(fates(&talk, WIRE_LOST), 1);
	realm_ok(world_set_plugged(talk.realm.world, "server", true));
	say(&talk, "b");
	ck_assert_str_eq(heard(&talk), "b");
	realm_end(&talk.realm);
}
END_TEST

/* --- TCP -------------------------------------------------------------- */

static size_t hex_to_bytes(const char *hex, uint8_t *ret)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		ret[i] = (uint8_t)byte;
	}
	return n;
}

/* Frames from veth carry partial checksums; what is written down must not. */
static void checksums_in_the_journal(int family)
{
	unsigned int frames = 0;
	struct realm realm;
	int client, server;
	json_t *records, *record;
	size_t i;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	ck_assert_int_eq(send(client, "hello", 5, 0), 5);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	realm_pass(&realm, MSEC(5));
	records = realm_records(&realm);
	json_array_foreach(records, i, record)
	{
		uint8_t bytes[1024];
		size_t n;

		if (strcmp(json_string_value(json_object_get(record, "type")),
			   "frame") != 0)
			continue;
		n = hex_to_bytes(json_string_value(
					 json_object_get(record, "hex")),
				 bytes);
		ck_assert_uint_eq(n, (size_t)json_integer_value(json_object_get(
					     record, "size")));
		ck_assert_msg(frame_checksums_right(bytes, n), "%s",
			      json_string_value(
				      json_object_get(record, "text")));
		frames++;
	}
	/* SYN, SYN-ACK, ACK, data, ACK */
	ck_assert_uint_ge(frames, 5);
	json_decref(records);
	realm_end(&realm);
}

START_TEST(checksums_are_right_v4)
{
	checksums_in_the_journal(AF_INET);
}
END_TEST

START_TEST(checksums_are_right_v6)
{
	checksums_in_the_journal(AF_INET6);
}
END_TEST

START_TEST(one_frame_is_one_segment)
{
	static char data[1 << 17];
	const struct wire_capture *all;
	size_t n, got = 0, sent = 0, payload = 0, largest = 0;
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	while (got < sizeof(data)) {
		ssize_t m = send(client, data + sent, sizeof(data) - sent, 0);

		sent += m > 0 ? (size_t)m : 0;
		realm_pass(&realm, USEC(200));
		m = recv(server, data, sizeof(data), 0);
		got += m > 0 ? (size_t)m : 0;
	}
	/* On a loaded machine the sender may probe for loss: what is sent again
	 * is no WIRE_DATA, and does not count twice. */
	n = wire_captures(realm.wire, &all);
	for (size_t i = 0; i < n; i++) {
		largest = MAX(largest, (size_t)all[i].frame.size);
		if (all[i].kinds & WIRE_DATA)
			payload += all[i].frame.tcp.length;
	}
	ck_assert_uint_eq(payload, sizeof(data));
	ck_assert_uint_eq(largest, 1514);
	realm_end(&realm);
}
END_TEST

START_TEST(nothing_is_lost_and_that_is_known)
{
	struct talk talk;
	unsigned int losses = 77;

	begin(&talk);
	say(&talk, "a");
	heard(&talk);
	realm_ok(wire_losses(talk.realm.wire, &losses));
	ck_assert_uint_eq(losses, 0);
	/* Nobody reads: the buffer overflows, and the kernel counts. */
	for (int i = 0; i < 20000; i++)
		say(&talk, "b");
	realm_ok(wire_losses(talk.realm.wire, &losses));
	ck_assert_uint_gt(losses, 0);
	realm_end(&talk.realm);
}
END_TEST

/* --- the wire's own --------------------------------------------------- */

START_TEST(injected_reset_ends_a_connection)
{
	const struct wire_capture *all;
	struct realm realm;
	struct frame frame;
	uint8_t bytes[256];
	int client, server;
	ssize_t size;
	char byte;
	size_t n;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	n = wire_captures(realm.wire, &all);
	/* The last frame is the client's ACK: its numbers are what the server
	 * wants to see. */
	frame = all[n - 1].frame;
	ck_assert_str_eq(all[n - 1].from, "client");
	frame.tcp.flags = SEGMENT_RST;
	frame.tcp.has_timestamps = false;
	size = frame_encode_tcp(bytes, sizeof(bytes), &frame, NULL);
	realm_ok(size);
	realm_ok(wire_inject(realm.wire, world_port(realm.world, "server"),
			     bytes, (size_t)size));
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_int_eq(recv(server, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_uint_eq(realm_frames(&realm, "", WIRE_RST, WIRE_INJECTED), 1);
	/* The client knows nothing of it. */
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	realm_end(&realm);
}
END_TEST

START_TEST(injecting_too_much_leaves_no_trace)
{
	static uint8_t bytes[70000];
	const struct wire_capture *all;
	struct realm realm;
	size_t before;

	realm_begin(&realm, AF_INET);
	before = wire_captures(realm.wire, &all);
	ck_assert_int_eq(wire_inject(realm.wire,
				     world_port(realm.world, "server"), bytes,
				     sizeof(bytes)),
			 -EMSGSIZE);
	ck_assert_int_eq(wire_inject(realm.wire,
				     world_port(realm.world, "server"), bytes,
				     4),
			 -EBADMSG);
	ck_assert_uint_eq(wire_captures(realm.wire, &all), before);
	realm_end(&realm);
}
END_TEST

/* A host says whatever it likes: raw bytes behind an Ethernet header. */
static void say_raw(struct realm *realm, const uint8_t *to,
		    const uint8_t *payload, size_t size)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = WORLD_HOST_IFINDEX,
				       .sll_protocol = htons(ETHERTYPE_IP),
				       .sll_halen = 6 };
	int fd = host_socket(realm_host(realm, "client"), AF_PACKET,
			     SOCK_DGRAM, 0);

	realm_ok(fd);
	memcpy(address.sll_addr, to, 6);
	ck_assert_int_eq(sendto(fd, payload, size, 0,
				(struct sockaddr *)&address, sizeof(address)),
			 (ssize_t)size);
	fd_close(fd);
}

/* It says IPv4 and ends in the middle of the header. */
START_TEST(frame_that_makes_no_sense_goes_its_way)
{
	static const uint8_t nonsense[] = { 0x45, 0, 0xff, 0xff, 0 };
	static const uint8_t server[] = { 2, 0, 0, 0, 0, 2 };
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETHERTYPE_IP) };
	struct realm realm;
	uint8_t got[128];
	int listener;

	realm_begin(&realm, AF_INET);
	listener = host_socket(realm_host(&realm, "server"), AF_PACKET,
			       SOCK_DGRAM | SOCK_NONBLOCK, 0);
	realm_ok(listener);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&all, sizeof(all)),
			 0);
	say_raw(&realm, server, nonsense, sizeof(nonsense));
	realm_until(&realm, realm_is_ready(listener, POLLIN));
	ck_assert_int_eq(recv(listener, got, sizeof(got), 0),
			 sizeof(nonsense));
	ck_assert_mem_eq(got, nonsense, sizeof(nonsense));
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_OTHER,
				       WIRE_FORWARDED),
			  1);
	realm_end(&realm);
}
END_TEST

START_TEST(frame_to_all_goes_to_all)
{
	static const uint8_t everybody[] = { 0xff, 0xff, 0xff, 0xff, 0xff,
					     0xff };
	struct realm realm;

	realm_begin(&realm, AF_INET);
	say_raw(&realm, everybody, (const uint8_t *)"x", 1);
	realm_pass(&realm, MSEC(5));
	/* To the server, and not back to where it came from. */
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_ANY,
				       WIRE_FORWARDED),
			  1);
	realm_end(&realm);
}
END_TEST

START_TEST(frame_to_nobody_is_seen_all_the_same)
{
	static const uint8_t nobody[] = { 2, 0, 0, 0, 0, 99 };
	struct realm realm;

	realm_begin(&realm, AF_INET);
	say_raw(&realm, nobody, (const uint8_t *)"x", 1);
	realm_pass(&realm, MSEC(5));
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_ANY,
				       WIRE_NOBODY),
			  1);
	realm_end(&realm);
}
END_TEST

/* connect() to a listener, and what it comes to where its SYN is rejected. */
static int error_of_rejected(int family, enum wire_answer answer)
{
	const struct wire_match match = { .from = "client",
					  .kinds = WIRE_SYN };
	struct wire_rule *rule;
	struct realm realm;
	socklen_t size = sizeof(int);
	int fd, listener, error = 0;

	realm_fresh();
	realm_begin(&realm, family);
	listener = realm_listener(&realm, PORT);
	realm_ok(wire_arm_reject(realm.wire, &rule, &match, answer));
	fd = realm_connect(&realm, PORT);
	realm_until(&realm, realm_is_ready(fd, POLLOUT));
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_SYN,
				       WIRE_REJECTED), 1);
	ck_assert_uint_eq(realm_frames(&realm, "", WIRE_ANY, WIRE_INJECTED), 1);
	fd_close(fd);
	fd_close(listener);
	realm_end(&realm);
	return error;
}

START_TEST(rejected_syn_fails_at_once_with_the_errno_of_the_answer)
{
	static const struct {
		enum wire_answer answer;
		int v4, v6;
	} known[] = {
		{ WIRE_ANSWER_RST, ECONNREFUSED, ECONNREFUSED },
		{ WIRE_ANSWER_NET, ENETUNREACH, ENETUNREACH },
		{ WIRE_ANSWER_HOST, EHOSTUNREACH, EHOSTUNREACH },
		{ WIRE_ANSWER_PORT, ECONNREFUSED, ECONNREFUSED },
		{ WIRE_ANSWER_ADMIN, EHOSTUNREACH, EACCES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		ck_assert_int_eq(error_of_rejected(AF_INET, known[i].answer),
				 known[i].v4);
		ck_assert_int_eq(error_of_rejected(AF_INET6, known[i].answer),
				 known[i].v6);
	}
}
END_TEST

START_TEST(answer_stands_after_the_frame_that_it_answers)
{
	const struct wire_capture *all;
	struct talk talk;
	size_t n;

	begin(&talk);
	arm(&talk, (struct wire_match){ .from = "client" }, WIRE_REJECT, 0);
	say(&talk, "a");
	ck_assert_str_eq(heard(&talk), "");
	n = wire_captures(talk.realm.wire, &all);
	/* An answer to UDP is no RST: rule and all, it is only dropped. */
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(all[0].fate, WIRE_REJECTED);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(suspended_host_says_nothing_and_hears_later)
{
	struct wire_port *server;
	struct talk talk;

	begin(&talk);
	server = world_port(talk.realm.world, "server");
	realm_ok(wire_port_suspend(talk.realm.wire, server, true));
	say(&talk, "a");
	say(&talk, "b");
	ck_assert_str_eq(heard(&talk), "");
	ck_assert_uint_eq(fates(&talk, WIRE_HELD), 2);
	realm_say(&talk.realm, talk.server, "client", "back");
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_str_eq(realm_hear(talk.client), "");
	ck_assert_uint_eq(realm_frames(&talk.realm, "server", WIRE_OTHER,
				       WIRE_GHOST), 1);
	realm_ok(wire_port_suspend(talk.realm.wire, server, false));
	ck_assert_str_eq(heard(&talk), "ab");
	ck_assert_uint_eq(fates(&talk, WIRE_RELEASED), 2);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(suspended_host_has_room_for_so_many_frames)
{
	enum { RING = 256, MORE = 3 };
	struct talk talk;

	begin(&talk);
	realm_ok(wire_port_suspend(talk.realm.wire,
				   world_port(talk.realm.world, "server"),
				   true));
	for (int i = 0; i < RING + MORE; i++)
		say(&talk, "x");
	heard(&talk);
	ck_assert_uint_eq(fates(&talk, WIRE_HELD), RING);
	ck_assert_uint_eq(fates(&talk, WIRE_LOST), MORE);
	/* It dies with what waited for it. */
	wire_port_kill(world_port(talk.realm.world, "server"));
	realm_end(&talk.realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&rejected_syn_fails_at_once_with_the_errno_of_the_answer,
	&answer_stands_after_the_frame_that_it_answers,
	&suspended_host_says_nothing_and_hears_later,
	&suspended_host_has_room_for_so_many_frames,
	&frames_go_both_ways,
	&capture_says_when_and_whither,
	&counted_drop,
	&count_of_none_is_all_and_disarming_ends_it,
	&match_is_by_port_and_by_what_the_caller_asks,
	&match_is_by_both_ends_and_by_kind,
	&rules_are_asked_in_order,
	&held_frames_wait_for_their_release,
	&delayed_frames_are_late_and_not_early,
	&long_path_delays_all_and_keeps_the_order,
	&held_frames_have_the_path_before_them,
	&duplicate_comes_at_once_and_again,
	&duplicate_on_a_long_path_is_two,
	&cut_each_way,
	&what_a_cut_swallows_no_rule_counts,
	&dead_port_neither_takes_nor_gives,
	&nobody_hears_behind_a_pulled_cable,
	&checksums_are_right_v4,
	&checksums_are_right_v6,
	&one_frame_is_one_segment,
	&nothing_is_lost_and_that_is_known,
	&injected_reset_ends_a_connection,
	&injecting_too_much_leaves_no_trace,
	&frame_that_makes_no_sense_goes_its_way,
	&frame_to_all_goes_to_all,
	&frame_to_nobody_is_seen_all_the_same,
};

int main(void)
{
	return realm_run("wire", tests, ARRAY_SIZE(tests));
}
