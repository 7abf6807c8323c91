/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, paths, injected and rejected frames, and odd frames, on real links. */
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

/* Two UDP sockets. A datagram is a frame of the kind WIRE_OTHER. */
struct pair {
	struct realm realm;
	int client, server;
};

static void begin(struct pair *pair)
{
	realm_begin(&pair->realm, AF_INET);
	pair->client = realm_socket(&pair->realm, "client", SOCK_DGRAM, PORT);
	pair->server = realm_socket(&pair->realm, "server", SOCK_DGRAM, PORT);
}

static void send_text(struct pair *pair, const char *text)
{
	realm_send_datagram(&pair->realm, pair->client, "server", text);
}

/* The texts of all datagrams that have arrived by now, joined. */
static const char *received(struct pair *pair)
{
	static char all[256];
	const char *text;

	realm_ok(wire_catch_up(pair->realm.wire));
	all[0] = '\0';
	while ((text = realm_receive_text(pair->server))[0])
		strcat(all, text);
	return all;
}

static struct wire_rule *arm(struct pair *pair, struct wire_match match,
			     enum wire_action action, nsec_t delay)
{
	struct wire_rule *rule;

	if (!match.kinds)
		match.kinds = WIRE_OTHER;
	realm_ok(wire_arm(pair->realm.wire, &rule, &match, action, delay));
	return rule;
}

static unsigned int count_fate(struct pair *pair, enum wire_fate fate)
{
	return realm_frames(&pair->realm, "client", WIRE_OTHER, fate);
}

START_TEST(frames_are_forwarded_in_both_directions)
{
	struct pair pair;

	begin(&pair);
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "a");
	realm_send_datagram(&pair.realm, pair.server, "client", "back");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "back");
	ck_assert_uint_eq(count_fate(&pair, WIRE_FORWARDED), 1);
	ck_assert_uint_eq(
		realm_frames(&pair.realm, "server", WIRE_OTHER, WIRE_FORWARDED),
		1);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(capture_has_times_and_hosts)
{
	const struct wire_capture *all;
	nsec_t before, after;
	struct pair pair;
	size_t n;

	begin(&pair);
	before = nsec_now();
	send_text(&pair, "a");
	received(&pair);
	after = nsec_now();
	n = wire_captures(pair.realm.wire, &all);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(all[0].from, "client");
	ck_assert_str_eq(all[0].to, "server");
	/* The conversion between the clocks is not exact. */
	ck_assert(all[0].at >= before - USEC(100));
	ck_assert(all[0].at <= all[0].left && all[0].left <= after);
	ck_assert(wire_residence(pair.realm.wire) > 0);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(rule_with_first_and_count_drops_these_frames)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair);
	rule = arm(&pair,
		   (struct wire_match){ .from = "client",
					.to = "server",
					.first = 2,
					.count = 2 },
		   WIRE_DROP, 0);
	for (int i = 0; i < 5; i++)
		send_text(&pair, (const char[]){ (char)('a' + i), '\0' });
	ck_assert_str_eq(received(&pair), "ade");
	ck_assert_uint_eq(wire_rule_hits(rule), 2);
	ck_assert_uint_eq(count_fate(&pair, WIRE_DROPPED), 2);
	ck_assert_uint_eq(count_fate(&pair, WIRE_FORWARDED), 3);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(rule_without_count_drops_until_it_is_disarmed)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair);
	rule = arm(&pair, (struct wire_match){ .first = 2 }, WIRE_DROP, 0);
	send_text(&pair, "a");
	send_text(&pair, "b");
	send_text(&pair, "c");
	ck_assert_str_eq(received(&pair), "a");
	wire_disarm(rule);
	send_text(&pair, "d");
	ck_assert_str_eq(received(&pair), "d");
	realm_end(&pair.realm);
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

START_TEST(rule_matches_by_port_and_by_function)
{
	static const uint32_t limit = 2;
	struct wire_rule *by_port, *other_port, *by_size;
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	realm_ok(wire_arm(realm.wire, &other_port,
			  &(struct wire_match){ .to_port = 1 }, WIRE_DROP, 0));
	realm_ok(wire_arm(
		realm.wire, &by_size,
		&(struct wire_match){ .where = is_big, .data = &limit },
		WIRE_DROP, 0));
	ck_assert_int_eq(send(client, "ab", 2, 0), 2);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_uint_eq(wire_rule_hits(by_size), 0);
	ck_assert_int_eq(send(client, "abc", 3, 0), 3);
	realm_until(&realm, wire_rule_hits(by_size) > 0);
	wire_disarm(by_size);
	realm_ok(wire_arm(realm.wire, &by_port,
			  &(struct wire_match){ .from = "client",
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

START_TEST(rule_matches_by_hosts_and_kind)
{
	struct pair pair;

	begin(&pair);
	arm(&pair, (struct wire_match){ .from = "server" }, WIRE_DROP, 0);
	arm(&pair, (struct wire_match){ .to = "client" }, WIRE_DROP, 0);
	arm(&pair, (struct wire_match){ .kinds = WIRE_TCP }, WIRE_DROP, 0);
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "a");
	realm_send_datagram(&pair.realm, pair.server, "client", "b");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "");
	realm_end(&pair.realm);
}
END_TEST

/* Both count every frame; the first whose count is not used up decides. */
START_TEST(first_rule_in_order_decides)
{
	struct wire_rule *drops, *holds;
	struct pair pair;

	begin(&pair);
	drops = arm(&pair, (struct wire_match){ .first = 2, .count = 1 },
		    WIRE_DROP, 0);
	holds = arm(&pair, (struct wire_match){ .first = 2, .count = 2 },
		    WIRE_HOLD, 0);
	send_text(&pair, "a");
	send_text(&pair, "b");
	send_text(&pair, "c");
	send_text(&pair, "d");
	ck_assert_str_eq(received(&pair), "ad");
	ck_assert_uint_eq(wire_rule_hits(drops), 1);
	ck_assert_uint_eq(wire_rule_hits(holds), 1);
	ck_assert_uint_eq(wire_rule_held(holds), 1);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(held_frames_are_sent_on_release)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair);
	rule = arm(&pair, (struct wire_match){ .count = 2 }, WIRE_HOLD, 0);
	send_text(&pair, "a");
	send_text(&pair, "b");
	send_text(&pair, "c");
	ck_assert_str_eq(received(&pair), "c");
	ck_assert_uint_eq(wire_rule_held(rule), 2);
	ck_assert_uint_eq(count_fate(&pair, WIRE_HELD), 2);
	realm_run_for(&pair.realm, MSEC(10));
	ck_assert_str_eq(received(&pair), "");
	/* A disarmed rule keeps what it holds. */
	wire_disarm(rule);
	ck_assert_uint_eq(wire_rule_held(rule), 2);
	realm_ok(wire_release(rule));
	ck_assert_str_eq(received(&pair), "ab");
	ck_assert_uint_eq(wire_rule_held(rule), 0);
	ck_assert_uint_eq(count_fate(&pair, WIRE_RELEASED), 2);
	realm_ok(wire_release(rule));
	realm_end(&pair.realm);
}
END_TEST

START_TEST(delayed_frame_is_sent_after_the_delay)
{
	const struct wire_capture *all;
	struct pair pair;
	size_t n;

	begin(&pair);
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DELAY, MSEC(30));
	send_text(&pair, "a");
	send_text(&pair, "b");
	ck_assert_str_eq(received(&pair), "b");
	realm_until(&pair.realm, realm_is_ready(pair.server, POLLIN));
	ck_assert_str_eq(received(&pair), "a");
	n = wire_captures(pair.realm.wire, &all);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(all[0].fate, WIRE_DELAYED);
	ck_assert(all[0].left >= all[0].at + MSEC(30));
	realm_end(&pair.realm);
}
END_TEST

START_TEST(path_delay_applies_to_all_frames_in_order)
{
	struct pair pair;
	nsec_t start;

	begin(&pair);
	wire_port_delay(world_port(pair.realm.world, "server"), MSEC(20));
	start = nsec_now();
	send_text(&pair, "a");
	send_text(&pair, "b");
	send_text(&pair, "c");
	ck_assert_str_eq(received(&pair), "");
	realm_until(&pair.realm, realm_is_ready(pair.server, POLLIN));
	ck_assert(nsec_now() >= start + MSEC(20));
	realm_run_for(&pair.realm, MSEC(5));
	ck_assert_str_eq(received(&pair), "abc");
	/* A rule decides as on any other path. */
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DROP, 0);
	send_text(&pair, "d");
	send_text(&pair, "e");
	realm_run_for(&pair.realm, MSEC(30));
	ck_assert_str_eq(received(&pair), "e");
	realm_end(&pair.realm);
}
END_TEST

/* A released frame still has the delay of the path, and overtakes none. */
START_TEST(released_frame_has_the_delay_of_the_path)
{
	struct wire_rule *rule;
	struct pair pair;
	nsec_t start;

	begin(&pair);
	wire_port_delay(world_port(pair.realm.world, "server"), MSEC(20));
	rule = arm(&pair, (struct wire_match){ .first = 2, .count = 1 },
		   WIRE_HOLD, 0);
	send_text(&pair, "a");
	send_text(&pair, "b");
	ck_assert_str_eq(received(&pair), "");
	ck_assert_uint_eq(wire_rule_held(rule), 1);
	start = nsec_now();
	realm_ok(wire_release(rule));
	ck_assert_str_eq(received(&pair), "");
	realm_run_for(&pair.realm, MSEC(25));
	ck_assert_str_eq(received(&pair), "ab");
	ck_assert(nsec_now() >= start + MSEC(20));
	ck_assert_uint_eq(count_fate(&pair, WIRE_RELEASED), 1);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(duplicated_frame_arrives_twice)
{
	struct pair pair;

	begin(&pair);
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DUPLICATE, MSEC(20));
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "a");
	realm_until(&pair.realm, realm_is_ready(pair.server, POLLIN));
	ck_assert_str_eq(received(&pair), "a");
	send_text(&pair, "b");
	realm_run_for(&pair.realm, MSEC(30));
	ck_assert_str_eq(received(&pair), "b");
	ck_assert_uint_eq(count_fate(&pair, WIRE_DUPLICATED), 1);
	realm_end(&pair.realm);
}
END_TEST

/* The path takes 10 ms; the copy arrives 20 ms after the original. */
START_TEST(duplicated_frame_arrives_twice_on_a_delayed_path)
{
	struct pair pair;

	begin(&pair);
	wire_port_delay(world_port(pair.realm.world, "server"), MSEC(10));
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DUPLICATE, MSEC(20));
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "");
	realm_until(&pair.realm, realm_is_ready(pair.server, POLLIN));
	ck_assert_str_eq(received(&pair), "a");
	realm_run_for(&pair.realm, MSEC(40));
	ck_assert_str_eq(received(&pair), "a");
	realm_end(&pair.realm);
}
END_TEST

static void set_link(struct pair *pair, struct wire_link_settings settings)
{
	realm_ok(wire_port_set_link(world_port(pair->realm.world, "server"),
				    true, &settings));
}

/* Each frame occupies the line for 20 ms: the released one enters it behind the
 * one that the host has sent in the meantime. */
START_TEST(released_frame_queues_for_the_rate)
{
	const struct wire_capture *all;
	struct wire_rule *rule;
	struct pair pair;
	uint64_t rate;

	begin(&pair);
	rule = arm(&pair, (struct wire_match){ .count = 1 }, WIRE_HOLD, 0);
	send_text(&pair, "a");
	realm_ok(wire_catch_up(pair.realm.wire));
	wire_captures(pair.realm.wire, &all);
	rate = all[0].frame.size * 8 * NSEC_PER_SEC / MSEC(20);
	set_link(&pair, (struct wire_link_settings){ .rate = rate });
	send_text(&pair, "b");
	realm_ok(wire_catch_up(pair.realm.wire));
	realm_ok(wire_release(rule));
	realm_until(&pair.realm, count_fate(&pair, WIRE_RELEASED) == 1);
	ck_assert_str_eq(received(&pair), "ba");
	wire_captures(pair.realm.wire, &all);
	ck_assert(all[0].left >= all[1].at + MSEC(40));
	realm_end(&pair.realm);
}
END_TEST

START_TEST(delayed_and_released_frames_may_be_lost_on_the_path)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair);
	set_link(&pair, (struct wire_link_settings){ .loss = 1 });
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DELAY, MSEC(1));
	rule = arm(&pair, (struct wire_match){ .first = 2 }, WIRE_HOLD, 0);
	send_text(&pair, "a");
	send_text(&pair, "b");
	realm_until(&pair.realm, count_fate(&pair, WIRE_DROPPED) == 1);
	realm_ok(wire_release(rule));
	ck_assert_uint_eq(count_fate(&pair, WIRE_DROPPED), 2);
	ck_assert_str_eq(received(&pair), "");
	realm_end(&pair.realm);
}
END_TEST

static bool has_note(struct pair *pair, const char *text)
{
	json_t *records = realm_records(&pair->realm), *record;
	bool found = false;
	size_t i;

	json_array_foreach(records, i, record)
		found |= strcmp(json_string_value(
					json_object_get(record, "type")),
				"note") == 0 &&
			 strcmp(json_string_value(
					json_object_get(record, "text")),
				text) == 0;
	json_decref(records);
	return found;
}

/* The original has arrived. */
START_TEST(duplicate_may_be_lost_on_the_path)
{
	struct pair pair;

	begin(&pair);
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DUPLICATE, MSEC(1));
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "a");
	set_link(&pair, (struct wire_link_settings){ .loss = 1 });
	realm_until(&pair.realm,
		    has_note(&pair, "client > server: a duplicate is lost: the "
				    "loss of the path"));
	ck_assert_str_eq(received(&pair), "");
	ck_assert_uint_eq(count_fate(&pair, WIRE_FORWARDED), 1);
	realm_end(&pair.realm);
}
END_TEST

/* A path without a delay: what leaves at once has one record. */
START_TEST(corrupted_frame_has_one_record)
{
	const struct wire_capture *all;
	unsigned int n = 0;
	json_t *records, *record;
	struct pair pair;
	size_t i;
	int fd;

	begin(&pair);
	set_link(&pair, (struct wire_link_settings){ .corruption = 1 });
	fd = realm_connect(&pair.realm, PORT);
	ck_assert_uint_ge(realm_frames(&pair.realm, "client", WIRE_SYN,
				       WIRE_CORRUPTED),
			  1);
	wire_captures(pair.realm.wire, &all);
	ck_assert_int_gt(all[0].left, 0);
	realm_run_for(&pair.realm, MSEC(1));
	records = realm_records(&pair.realm);
	json_array_foreach(records, i, record)
		n += json_integer_value(json_object_get(record, "packet")) == 1;
	ck_assert_uint_eq(n, 1);
	json_decref(records);
	close(fd);
	realm_end(&pair.realm);
}
END_TEST

/* The timer of the delay has no chance to expire before the second frame. */
START_TEST(delayed_frame_keeps_its_place_if_the_timer_is_late)
{
	struct pair pair;

	begin(&pair);
	arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DELAY, MSEC(5));
	send_text(&pair, "a");
	realm_ok(wire_catch_up(pair.realm.wire));
	usleep(6000);
	send_text(&pair, "b");
	ck_assert_str_eq(received(&pair), "ab");
	realm_end(&pair.realm);
}
END_TEST

static void cut(struct pair *pair, const char *host, bool from, bool to)
{
	wire_port_cut(world_port(pair->realm.world, host), from, to);
}

START_TEST(cut_drops_frames_of_one_direction)
{
	struct pair pair;

	begin(&pair);
	cut(&pair, "server", true, false);
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "a");
	realm_send_datagram(&pair.realm, pair.server, "client", "b");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "");
	cut(&pair, "server", false, true);
	send_text(&pair, "c");
	ck_assert_str_eq(received(&pair), "");
	realm_send_datagram(&pair.realm, pair.server, "client", "d");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "d");
	cut(&pair, "server", false, false);
	send_text(&pair, "e");
	ck_assert_str_eq(received(&pair), "e");
	ck_assert_uint_eq(count_fate(&pair, WIRE_CUT), 1);
	realm_end(&pair.realm);
}
END_TEST

/* The cut is before the rules. */
START_TEST(frame_dropped_by_a_cut_matches_no_rule)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair);
	rule = arm(&pair, (struct wire_match){ .count = 1 }, WIRE_DROP, 0);
	cut(&pair, "client", true, false);
	send_text(&pair, "a");
	received(&pair);
	ck_assert_uint_eq(wire_rule_hits(rule), 0);
	cut(&pair, "client", false, false);
	send_text(&pair, "b");
	send_text(&pair, "c");
	ck_assert_str_eq(received(&pair), "c");
	realm_end(&pair.realm);
}
END_TEST

START_TEST(dead_port_neither_sends_nor_receives)
{
	struct pair pair;

	begin(&pair);
	wire_port_kill(world_port(pair.realm.world, "server"));
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "");
	ck_assert_uint_eq(count_fate(&pair, WIRE_DEAD), 1);
	realm_send_datagram(&pair.realm, pair.server, "client", "b");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "");
	ck_assert_uint_eq(
		realm_frames(&pair.realm, "server", WIRE_OTHER, WIRE_GHOST), 1);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(frame_to_an_unplugged_host_is_lost)
{
	struct pair pair;

	begin(&pair);
	realm_ok(world_set_plugged(pair.realm.world, "server", false));
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "");
	ck_assert_uint_eq(count_fate(&pair, WIRE_LOST), 1);
	realm_ok(world_set_plugged(pair.realm.world, "server", true));
	send_text(&pair, "b");
	ck_assert_str_eq(received(&pair), "b");
	realm_end(&pair.realm);
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

/* Frames from veth carry partial checksums, those of the journal whole ones. */
static void check_checksums(int family)
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
	realm_run_for(&realm, MSEC(5));
	records = realm_records(&realm);
	json_array_foreach(records, i, record)
	{
		uint8_t bytes[1024];
		size_t n;

		if (strcmp(json_string_value(json_object_get(record, "type")),
			   "frame") != 0)
			continue;
		n = hex_to_bytes(
			json_string_value(json_object_get(record, "hex")),
			bytes);
		ck_assert_uint_eq(n, (size_t)json_integer_value(
					     json_object_get(record, "size")));
		ck_assert_msg(
			frame_checksums_right(bytes, n), "%s",
			json_string_value(json_object_get(record, "text")));
		frames++;
	}
	/* SYN, SYN-ACK, ACK, data, ACK */
	ck_assert_uint_ge(frames, 5);
	json_decref(records);
	realm_end(&realm);
}

START_TEST(journal_has_complete_checksums_v4)
{
	check_checksums(AF_INET);
}
END_TEST

START_TEST(journal_has_complete_checksums_v6)
{
	check_checksums(AF_INET6);
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
		realm_run_for(&realm, USEC(200));
		m = recv(server, data, sizeof(data), 0);
		got += m > 0 ? (size_t)m : 0;
	}
	/* On a loaded machine there may be tail loss probes, which are no
	 * WIRE_DATA. */
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

START_TEST(lost_frames_are_counted)
{
	struct pair pair;
	unsigned int losses = 77;

	begin(&pair);
	send_text(&pair, "a");
	received(&pair);
	realm_ok(wire_losses(pair.realm.wire, &losses));
	ck_assert_uint_eq(losses, 0);
	/* The wire does not read: its receive buffer overflows. */
	for (int i = 0; i < 20000; i++)
		send_text(&pair, "b");
	realm_ok(wire_losses(pair.realm.wire, &losses));
	ck_assert_uint_gt(losses, 0);
	realm_end(&pair.realm);
}
END_TEST

/* --- injected and raw frames ------------------------------------------ */

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
	/* The last frame is the client's ACK: a RST with its sequence number is
	 * acceptable to the server (RFC 5961 section 3.2). */
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
	/* The client is not affected. */
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	realm_end(&realm);
}
END_TEST

START_TEST(frame_that_cannot_be_injected_is_not_captured)
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

/* From the client: these bytes after an Ethernet header. */
static void send_raw(struct realm *realm, const uint8_t *to,
		     const uint8_t *payload, size_t size)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = WORLD_HOST_IFINDEX,
				       .sll_protocol = htons(ETHERTYPE_IP),
				       .sll_halen = 6 };
	int fd = host_socket(realm_host(realm, "client"), AF_PACKET, SOCK_DGRAM,
			     0);

	realm_ok(fd);
	memcpy(address.sll_addr, to, 6);
	ck_assert_int_eq(sendto(fd, payload, size, 0,
				(struct sockaddr *)&address, sizeof(address)),
			 (ssize_t)size);
	fd_close(fd);
}

/* The IPv4 header is cut off. */
START_TEST(malformed_frame_is_forwarded)
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
	send_raw(&realm, server, nonsense, sizeof(nonsense));
	realm_until(&realm, realm_is_ready(listener, POLLIN));
	ck_assert_int_eq(recv(listener, got, sizeof(got), 0), sizeof(nonsense));
	ck_assert_mem_eq(got, nonsense, sizeof(nonsense));
	ck_assert_uint_eq(
		realm_frames(&realm, "client", WIRE_OTHER, WIRE_FORWARDED), 1);
	realm_end(&realm);
}
END_TEST

START_TEST(broadcast_is_forwarded_to_the_other_ports)
{
	static const uint8_t everybody[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	struct realm realm;

	realm_begin(&realm, AF_INET);
	send_raw(&realm, everybody, (const uint8_t *)"x", 1);
	realm_run_for(&realm, MSEC(5));
	/* To the server, and not back to the client. */
	ck_assert_uint_eq(
		realm_frames(&realm, "client", WIRE_ANY, WIRE_FORWARDED), 1);
	realm_end(&realm);
}
END_TEST

START_TEST(frame_to_an_unknown_mac_address_is_captured)
{
	static const uint8_t nobody[] = { 2, 0, 0, 0, 0, 99 };
	struct realm realm;

	realm_begin(&realm, AF_INET);
	send_raw(&realm, nobody, (const uint8_t *)"x", 1);
	realm_run_for(&realm, MSEC(5));
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_ANY, WIRE_NOBODY),
			  1);
	realm_end(&realm);
}
END_TEST

/* The errno of connect() to a listener when the SYN is rejected. */
static int connect_rejected(int family, enum wire_answer answer)
{
	const struct wire_match match = { .from = "client", .kinds = WIRE_SYN };
	struct wire_rule *rule;
	struct realm realm;
	socklen_t size = sizeof(int);
	int fd, listener, error = 0;

	realm_new_network();
	realm_begin(&realm, family);
	listener = realm_listener(&realm, PORT);
	realm_ok(wire_arm_reject(realm.wire, &rule, &match, answer));
	fd = realm_connect(&realm, PORT);
	realm_until(&realm, realm_is_ready(fd, POLLOUT));
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	ck_assert_uint_eq(
		realm_frames(&realm, "client", WIRE_SYN, WIRE_REJECTED), 1);
	ck_assert_uint_eq(realm_frames(&realm, "", WIRE_ANY, WIRE_INJECTED), 1);
	fd_close(fd);
	fd_close(listener);
	realm_end(&realm);
	return error;
}

START_TEST(rejected_syn_fails_with_the_errno_of_the_answer)
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
		ck_assert_int_eq(connect_rejected(AF_INET, known[i].answer),
				 known[i].v4);
		ck_assert_int_eq(connect_rejected(AF_INET6, known[i].answer),
				 known[i].v6);
	}
}
END_TEST

START_TEST(datagram_is_not_answered_with_a_reset)
{
	const struct wire_capture *all;
	struct pair pair;
	size_t n;

	begin(&pair);
	arm(&pair, (struct wire_match){ .from = "client" }, WIRE_REJECT, 0);
	send_text(&pair, "a");
	ck_assert_str_eq(received(&pair), "");
	n = wire_captures(pair.realm.wire, &all);
	/* UDP cannot be answered with a RST: it is only dropped. */
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(all[0].fate, WIRE_REJECTED);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(suspended_host_sends_nothing_and_receives_on_resume)
{
	struct wire_port *server;
	struct pair pair;

	begin(&pair);
	server = world_port(pair.realm.world, "server");
	realm_ok(wire_port_suspend(pair.realm.wire, server, true));
	send_text(&pair, "a");
	send_text(&pair, "b");
	ck_assert_str_eq(received(&pair), "");
	ck_assert_uint_eq(count_fate(&pair, WIRE_HELD), 2);
	realm_send_datagram(&pair.realm, pair.server, "client", "back");
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_str_eq(realm_receive_text(pair.client), "");
	ck_assert_uint_eq(
		realm_frames(&pair.realm, "server", WIRE_OTHER, WIRE_GHOST), 1);
	realm_ok(wire_port_suspend(pair.realm.wire, server, false));
	realm_ok(wire_port_receive_waiting(pair.realm.wire, server));
	ck_assert_str_eq(received(&pair), "ab");
	ck_assert_uint_eq(count_fate(&pair, WIRE_RELEASED), 2);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(receive_ring_of_a_suspended_host_is_limited)
{
	enum { RING = 256, MORE = 3 };
	struct pair pair;

	begin(&pair);
	realm_ok(wire_port_suspend(
		pair.realm.wire, world_port(pair.realm.world, "server"), true));
	for (int i = 0; i < RING + MORE; i++)
		send_text(&pair, "x");
	received(&pair);
	ck_assert_uint_eq(count_fate(&pair, WIRE_HELD), RING);
	ck_assert_uint_eq(count_fate(&pair, WIRE_OVERFLOW), MORE);
	/* Waiting frames are freed with the port. */
	wire_port_kill(world_port(pair.realm.world, "server"));
	realm_end(&pair.realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&rejected_syn_fails_with_the_errno_of_the_answer,
	&datagram_is_not_answered_with_a_reset,
	&suspended_host_sends_nothing_and_receives_on_resume,
	&receive_ring_of_a_suspended_host_is_limited,
	&frames_are_forwarded_in_both_directions,
	&capture_has_times_and_hosts,
	&rule_with_first_and_count_drops_these_frames,
	&rule_without_count_drops_until_it_is_disarmed,
	&rule_matches_by_port_and_by_function,
	&rule_matches_by_hosts_and_kind,
	&first_rule_in_order_decides,
	&held_frames_are_sent_on_release,
	&delayed_frame_is_sent_after_the_delay,
	&path_delay_applies_to_all_frames_in_order,
	&released_frame_has_the_delay_of_the_path,
	&duplicated_frame_arrives_twice,
	&duplicated_frame_arrives_twice_on_a_delayed_path,
	&released_frame_queues_for_the_rate,
	&delayed_and_released_frames_may_be_lost_on_the_path,
	&duplicate_may_be_lost_on_the_path,
	&corrupted_frame_has_one_record,
	&delayed_frame_keeps_its_place_if_the_timer_is_late,
	&cut_drops_frames_of_one_direction,
	&frame_dropped_by_a_cut_matches_no_rule,
	&dead_port_neither_sends_nor_receives,
	&frame_to_an_unplugged_host_is_lost,
	&journal_has_complete_checksums_v4,
	&journal_has_complete_checksums_v6,
	&one_frame_is_one_segment,
	&lost_frames_are_counted,
	&injected_reset_ends_a_connection,
	&frame_that_cannot_be_injected_is_not_captured,
	&malformed_frame_is_forwarded,
	&broadcast_is_forwarded_to_the_other_ports,
	&frame_to_an_unknown_mac_address_is_captured,
};

int main(void)
{
	return realm_run("wire", tests, ARRAY_SIZE(tests));
}
