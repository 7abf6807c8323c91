/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bulk transfers: large frames, frames of several segments, and frames that are
 * only counted. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.h"
#include "realm.h"

enum { BULK = 1 << 20, LARGE_MTU = 65535 };

struct pair {
	struct realm realm;
	int client, server;
};

static void begin(struct pair *pair, unsigned int mtu)
{
	realm_begin_with_mtu(&pair->realm, AF_INET, mtu);
	pair->client = realm_pair(&pair->realm, &pair->server);
}

static void transfer(struct pair *pair, size_t bytes)
{
	static char data[1 << 17];
	size_t sent = 0, got = 0;

	while (got < bytes) {
		size_t left = MIN(bytes - sent, sizeof(data));
		ssize_t n = left ? send(pair->client, data, left, 0) : 0;

		sent += n > 0 ? (size_t)n : 0;
		realm_run_for(&pair->realm, USEC(200));
		n = recv(pair->server, data, sizeof(data), 0);
		got += n > 0 ? (size_t)n : 0;
	}
	ck_assert_uint_eq(got, bytes);
	/* For a delayed ACK. */
	realm_run_for(&pair->realm, MSEC(60));
}

/* Captures with any of these kinds, whatever their host and fate. */
static unsigned int count_kinds(struct pair *pair, unsigned int kinds)
{
	const struct wire_capture *all;
	size_t n = wire_captures(pair->realm.wire, &all);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += (all[i].kinds & kinds) != 0;
	return found;
}

static unsigned int count_notes(struct pair *pair, const char *text)
{
	json_t *records = realm_records(&pair->realm), *record;
	unsigned int found = 0;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *note =
			json_string_value(json_object_get(record, "text"));

		if (strcmp(json_string_value(json_object_get(record, "type")),
			   "note") == 0)
			found += strstr(note, text) != NULL;
	}
	json_decref(records);
	return found;
}

START_TEST(large_frame_is_one_segment)
{
	const struct wire_capture *all;
	size_t n, payload = 0, largest = 0;
	struct pair pair;

	begin(&pair, LARGE_MTU);
	transfer(&pair, BULK);
	n = wire_captures(pair.realm.wire, &all);
	for (size_t i = 0; i < n; i++) {
		largest = MAX(largest, (size_t)all[i].frame.size);
		if (all[i].kinds & WIRE_DATA)
			payload += all[i].frame.tcp.length;
	}
	ck_assert_uint_eq(payload, BULK);
	ck_assert_uint_eq(largest, LARGE_MTU + FRAME_ETHERNET);
	realm_end(&pair.realm);
}
END_TEST

static void begin_with_offload(struct pair *pair)
{
	realm_begin_with_offload(&pair->realm, AF_INET);
	pair->client = realm_pair(&pair->realm, &pair->server);
}

static int64_t integer(const json_t *record, const char *name, int64_t missing)
{
	const json_t *value = json_object_get(record, name);

	return value ? json_integer_value(value) : missing;
}

/* The sum of a member of all frames that send data for the first time. */
static int64_t sum_of_data(struct pair *pair, const char *name, int64_t missing)
{
	json_t *records = realm_records(&pair->realm), *record;
	int64_t sum = 0;
	size_t i;

	json_array_foreach(records, i, record)
	{
		if (integer(record, "len", 0) > 0 &&
		    integer(record, "transmission", 0) == 1)
			sum += integer(record, name, missing);
	}
	json_decref(records);
	return sum;
}

/* The MSS of the kernel's default MTU, with timestamps. */
enum { MSS = 1448 };

START_TEST(frame_of_several_segments_is_forwarded_whole)
{
	const struct wire_capture *all;
	unsigned int segments = 0, most = 0;
	struct pair pair;
	size_t n;

	begin_with_offload(&pair);
	transfer(&pair, BULK);
	n = wire_captures(pair.realm.wire, &all);
	for (size_t i = 0; i < n; i++) {
		if (!(all[i].kinds & WIRE_DATA))
			continue;
		ck_assert_uint_eq(all[i].segments,
				  (all[i].frame.tcp.length + MSS - 1) / MSS);
		most = MAX(most, all[i].segments);
		segments += all[i].segments;
	}
	ck_assert_uint_ge(most, 2);
	ck_assert_int_eq(sum_of_data(&pair, "len", 0), BULK);
	ck_assert_int_eq(sum_of_data(&pair, "segments", 1), segments);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(frame_has_one_segment_without_offload)
{
	struct pair pair;

	begin(&pair, 0);
	transfer(&pair, BULK);
	ck_assert_int_eq(sum_of_data(&pair, "segments", 0), 0);
	realm_end(&pair.realm);
}
END_TEST

/* A frame has at least two: tcp_min_tso_segs. */
START_TEST(rule_counts_segments)
{
	const struct wire_match third = { .kinds = WIRE_DATA,
					  .first = 3,
					  .count = 1 };
	const struct wire_capture *all;
	struct wire_rule *rule;
	struct pair pair;
	size_t n, dropped = 0;

	begin_with_offload(&pair);
	realm_ok(wire_arm(pair.realm.wire, &rule, &third, WIRE_DROP, 0));
	transfer(&pair, 10 * MSS);
	ck_assert_uint_eq(wire_rule_hits(rule), 1);
	n = wire_captures(pair.realm.wire, &all);
	for (size_t i = 0; i < n; i++) {
		const struct segment *tcp = &all[i].frame.tcp;
		uint32_t first = tcp->seq - all[i].base.sender - 1;

		if (all[i].fate != WIRE_DROPPED)
			continue;
		dropped++;
		ck_assert_uint_le(first, 2 * MSS);
		ck_assert_uint_gt(first + tcp->length, 2 * MSS);
	}
	ck_assert_uint_eq(dropped, 1);
	realm_end(&pair.realm);
}
END_TEST

/* The kernel would deliver the frame: it looks at no segment of it. */
START_TEST(frame_of_segments_above_the_mtu_is_lost)
{
	static const char data[10 * MSS];
	struct pair pair;

	begin_with_offload(&pair);
	wire_port_set_mtu(world_port(pair.realm.world, "server"), 1000);
	ck_assert_int_eq(send(pair.client, data, sizeof(data), 0),
			 sizeof(data));
	realm_until(&pair.realm, realm_frames(&pair.realm, "client", WIRE_DATA,
					      WIRE_TOO_LARGE) > 0);
	realm_end(&pair.realm);
}
END_TEST

static bool has_receive_offload(struct pair *pair)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GGRO };
	struct ifreq request = { .ifr_name = "eth0",
				 .ifr_data = (char *)&value };
	int fd = host_socket(realm_host(&pair->realm, "server"), AF_INET,
			     SOCK_DGRAM, 0);

	realm_ok(fd);
	ck_assert_int_eq(ioctl(fd, SIOCETHTOOL, &request), 0);
	close(fd);
	return value.data;
}

START_TEST(hosts_have_receive_offload_on_request)
{
	struct pair pair;

	begin_with_offload(&pair);
	ck_assert(has_receive_offload(&pair));
	realm_end(&pair.realm);
	realm_new_network();
	begin(&pair, 0);
	ck_assert(!has_receive_offload(&pair));
	realm_end(&pair.realm);
}
END_TEST

START_TEST(plain_flow_is_counted_and_not_captured)
{
	struct pair pair;
	unsigned int data, acks;

	begin(&pair, 0);
	data = count_kinds(&pair, WIRE_DATA);
	acks = count_kinds(&pair, WIRE_PURE_ACK);
	realm_ok(wire_set_count_only(pair.realm.wire, true));
	transfer(&pair, BULK);
	ck_assert_uint_eq(count_kinds(&pair, WIRE_DATA), data);
	ck_assert_uint_eq(count_notes(&pair, "only counted"), 0);
	realm_ok(wire_set_count_only(pair.realm.wire, false));
	ck_assert_uint_eq(count_notes(&pair, "only counted"), 2);
	ck_assert_uint_eq(count_notes(&pair, "client:"), 2);
	transfer(&pair, 10);
	ck_assert_uint_eq(count_kinds(&pair, WIRE_DATA), data + 1);
	ck_assert_uint_gt(count_kinds(&pair, WIRE_PURE_ACK), acks);
	realm_ok(wire_set_count_only(pair.realm.wire, false));
	ck_assert_uint_eq(count_notes(&pair, "only counted"), 2);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(retransmissions_and_fins_are_captured)
{
	const struct wire_match second = { .kinds = WIRE_DATA,
					   .first = 2,
					   .count = 1 };
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair, 0);
	realm_ok(wire_set_count_only(pair.realm.wire, true));
	realm_ok(wire_arm(pair.realm.wire, &rule, &second, WIRE_DROP, 0));
	transfer(&pair, 10);
	/* This one is dropped and retransmitted. */
	transfer(&pair, 10);
	ck_assert_uint_eq(wire_rule_hits(rule), 1);
	ck_assert_uint_eq(count_kinds(&pair, WIRE_DATA), 1);
	ck_assert_uint_ge(count_kinds(&pair, WIRE_RETRANSMISSION), 1);
	ck_assert_int_eq(shutdown(pair.client, SHUT_WR), 0);
	realm_until(&pair.realm, count_kinds(&pair, WIRE_FIN) == 1);
	realm_end(&pair.realm);
}
END_TEST

START_TEST(duplicated_frame_is_captured)
{
	struct wire_rule *rule;
	struct pair pair;

	begin(&pair, 0);
	realm_ok(wire_set_count_only(pair.realm.wire, true));
	realm_ok(wire_arm(pair.realm.wire, &rule,
			  &(const struct wire_match){ .kinds = WIRE_DATA },
			  WIRE_DUPLICATE, MSEC(1)));
	transfer(&pair, 10);
	ck_assert_uint_eq(count_kinds(&pair, WIRE_DATA), 1);
	ck_assert_uint_eq(
		realm_frames(&pair.realm, "client", WIRE_DATA, WIRE_DUPLICATED),
		1);
	realm_end(&pair.realm);
}
END_TEST

static int64_t size_of(const json_t *record)
{
	return json_integer_value(json_object_get(record, "size"));
}

/* More than the wire has buffers, each of another size. */
START_TEST(burst_is_recorded_in_order)
{
	enum { FRAMES = 40, PORT = 7, HEADERS = FRAME_ETHERNET + 20 + 8 };
	json_t *records, *record;
	struct realm realm;
	char text[FRAMES + 1] = "";
	int64_t recorded = 0;
	int client;
	size_t i;

	realm_begin(&realm, AF_INET);
	client = realm_socket(&realm, "client", SOCK_DGRAM, PORT);
	realm_socket(&realm, "server", SOCK_DGRAM, PORT);
	for (i = 0; i < FRAMES; i++) {
		text[i] = 'x';
		realm_send_datagram(&realm, client, "server", text);
	}
	realm_ok(wire_catch_up(realm.wire));
	records = realm_records(&realm);
	json_array_foreach(records, i, record)
	{
		if (strcmp(json_string_value(json_object_get(record, "type")),
			   "frame") == 0)
			ck_assert_int_eq(size_of(record), HEADERS + ++recorded);
	}
	ck_assert_int_eq(recorded, FRAMES);
	json_decref(records);
	realm_end(&realm);
}
END_TEST

static void send_small(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(send(fd, "0123456789", 10, 0), 10);
}

/* The IP protocol of the only frame in the journal that is not TCP; -1: none.
 */
static int protocol_in_the_journal(struct pair *pair)
{
	json_t *records = realm_records(&pair->realm), *record;
	unsigned int protocol = 0;
	int found = -1;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *text =
			json_string_value(json_object_get(record, "text"));
		const char *hex =
			json_string_value(json_object_get(record, "hex"));

		if (!hex || strncmp(text, "ip ", 3) != 0)
			continue;
		ck_assert_int_eq(found, -1);
		ck_assert_int_eq(sscanf(hex + 46, "%2x", &protocol), 1);
		found = (int)protocol;
	}
	json_decref(records);
	return found;
}

/* The counted frames are more than the wire has buffers. */
START_TEST(pending_record_survives_counted_frames)
{
	struct pair pair;
	int client;

	begin(&pair, 0);
	client = realm_socket(&pair.realm, "client", SOCK_DGRAM, 7);
	realm_ok(wire_set_count_only(pair.realm.wire, true));
	realm_send_datagram(&pair.realm, client, "server", "x");
	send_small(pair.client);
	send_small(pair.server);
	realm_ok(wire_catch_up(pair.realm.wire));
	ck_assert_int_eq(protocol_in_the_journal(&pair), IPPROTO_UDP);
	realm_end(&pair.realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&large_frame_is_one_segment,
	&frame_of_several_segments_is_forwarded_whole,
	&frame_has_one_segment_without_offload,
	&rule_counts_segments,
	&frame_of_segments_above_the_mtu_is_lost,
	&hosts_have_receive_offload_on_request,
	&plain_flow_is_counted_and_not_captured,
	&retransmissions_and_fins_are_captured,
	&duplicated_frame_is_captured,
	&burst_is_recorded_in_order,
	&pending_record_survives_counted_frames,
};

int main(void)
{
	return realm_run("wire-count-only", tests, ARRAY_SIZE(tests));
}
