/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bulk: large frames, and those that are only counted. */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "realm.h"

enum { BULK = 1 << 20, LARGE_MTU = 65535 };

struct talk {
	struct realm realm;
	int client, server;
};

static void begin(struct talk *talk, unsigned int mtu)
{
	realm_begin_with_mtu(&talk->realm, AF_INET, mtu);
	talk->client = realm_pair(&talk->realm, &talk->server);
}

static void transfer(struct talk *talk, size_t bytes)
{
	static char data[1 << 17];
	size_t sent = 0, got = 0;

	while (got < bytes) {
		size_t left = MIN(bytes - sent, sizeof(data));
		ssize_t n = left ? send(talk->client, data, left, 0) : 0;

		sent += n > 0 ? (size_t)n : 0;
		realm_pass(&talk->realm, USEC(200));
		n = recv(talk->server, data, sizeof(data), 0);
		got += n > 0 ? (size_t)n : 0;
	}
	ck_assert_uint_eq(got, bytes);
	/* The last ACK, delayed ones too. */
	realm_pass(&talk->realm, MSEC(60));
}

/* From either host, with any of these kinds and any fate. */
static unsigned int seen(struct talk *talk, unsigned int kinds)
{
	const struct wire_capture *all;
	size_t n = wire_captures(talk->realm.wire, &all);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += (all[i].kinds & kinds) != 0;
	return found;
}

static unsigned int notes(struct talk *talk, const char *text)
{
	json_t *records = realm_records(&talk->realm), *record;
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

START_TEST(large_frames_are_segments_too)
{
	const struct wire_capture *all;
	size_t n, payload = 0, largest = 0;
	struct talk talk;

	begin(&talk, LARGE_MTU);
	transfer(&talk, BULK);
	n = wire_captures(talk.realm.wire, &all);
	for (size_t i = 0; i < n; i++) {
		largest = MAX(largest, (size_t)all[i].frame.size);
		if (all[i].kinds & WIRE_DATA)
			payload += all[i].frame.tcp.length;
	}
	ck_assert_uint_eq(payload, BULK);
	ck_assert_uint_eq(largest, LARGE_MTU + FRAME_ETHERNET);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(quiet_wire_counts_and_does_not_record)
{
	struct talk talk;
	unsigned int data, acks;

	begin(&talk, 0);
	data = seen(&talk, WIRE_DATA);
	acks = seen(&talk, WIRE_PURE_ACK);
	realm_ok(wire_set_count_only(talk.realm.wire, true));
	transfer(&talk, BULK);
	ck_assert_uint_eq(seen(&talk, WIRE_DATA), data);
	ck_assert_uint_eq(notes(&talk, "only counted"), 0);
	realm_ok(wire_set_count_only(talk.realm.wire, false));
	ck_assert_uint_eq(notes(&talk, "only counted"), 2);
	ck_assert_uint_eq(notes(&talk, "client:"), 2);
	transfer(&talk, 10);
	ck_assert_uint_eq(seen(&talk, WIRE_DATA), data + 1);
	ck_assert_uint_gt(seen(&talk, WIRE_PURE_ACK), acks);
	realm_ok(wire_set_count_only(talk.realm.wire, false));
	ck_assert_uint_eq(notes(&talk, "only counted"), 2);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(quiet_wire_records_what_is_no_plain_flow)
{
	const struct wire_match second = { .kinds = WIRE_DATA,
					   .first = 2,
					   .count = 1 };
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk, 0);
	realm_ok(wire_set_count_only(talk.realm.wire, true));
	realm_ok(wire_arm(talk.realm.wire, &rule, &second, WIRE_DROP, 0));
	transfer(&talk, 10);
	/* This one is dropped, and sent again. */
	transfer(&talk, 10);
	ck_assert_uint_eq(wire_rule_hits(rule), 1);
	ck_assert_uint_eq(seen(&talk, WIRE_DATA), 1);
	ck_assert_uint_ge(seen(&talk, WIRE_RETRANSMISSION), 1);
	ck_assert_int_eq(shutdown(talk.client, SHUT_WR), 0);
	realm_until(&talk.realm, seen(&talk, WIRE_FIN) == 1);
	realm_end(&talk.realm);
}
END_TEST

START_TEST(quiet_wire_records_a_frame_that_is_sent_twice)
{
	struct wire_rule *rule;
	struct talk talk;

	begin(&talk, 0);
	realm_ok(wire_set_count_only(talk.realm.wire, true));
	realm_ok(wire_arm(talk.realm.wire, &rule,
			  &(const struct wire_match){ .kinds = WIRE_DATA },
			  WIRE_DUPLICATE, MSEC(1)));
	transfer(&talk, 10);
	ck_assert_uint_eq(seen(&talk, WIRE_DATA), 1);
	ck_assert_uint_eq(
		realm_frames(&talk.realm, "client", WIRE_DATA, WIRE_DUPLICATED),
		1);
	realm_end(&talk.realm);
}
END_TEST

static int64_t size_of(const json_t *record)
{
	return json_integer_value(json_object_get(record, "size"));
}

/* More of them than the wire has slots, each of another size. */
START_TEST(burst_is_in_the_journal_as_it_came)
{
	enum { FRAMES = 40, PORT = 7, HEADERS = FRAME_ETHERNET + 20 + 8 };
	json_t *records, *record;
	struct realm realm;
	char text[FRAMES + 1] = "";
	int64_t told = 0;
	int client;
	size_t i;

	realm_begin(&realm, AF_INET);
	client = realm_socket(&realm, "client", SOCK_DGRAM, PORT);
	realm_socket(&realm, "server", SOCK_DGRAM, PORT);
	for (i = 0; i < FRAMES; i++) {
		text[i] = 'x';
		realm_say(&realm, client, "server", text);
	}
	realm_ok(wire_catch_up(realm.wire));
	records = realm_records(&realm);
	json_array_foreach(records, i, record)
	{
		if (strcmp(json_string_value(json_object_get(record, "type")),
			   "frame") == 0)
			ck_assert_int_eq(size_of(record), HEADERS + ++told);
	}
	ck_assert_int_eq(told, FRAMES);
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

/* The IP protocol of the only frame in the journal that is no TCP; -1: none. */
static int protocol_in_the_journal(struct talk *talk)
{
	json_t *records = realm_records(&talk->realm), *record;
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

/* What is only counted is more than the wire has slots. */
START_TEST(frame_to_be_told_outlives_those_that_are_counted)
{
	struct talk talk;
	int client;

	begin(&talk, 0);
	client = realm_socket(&talk.realm, "client", SOCK_DGRAM, 7);
	realm_ok(wire_set_count_only(talk.realm.wire, true));
	realm_say(&talk.realm, client, "server", "x");
	send_small(talk.client);
	send_small(talk.server);
	realm_ok(wire_catch_up(talk.realm.wire));
	ck_assert_int_eq(protocol_in_the_journal(&talk), IPPROTO_UDP);
	realm_end(&talk.realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&large_frames_are_segments_too,
	&quiet_wire_counts_and_does_not_record,
	&quiet_wire_records_what_is_no_plain_flow,
	&quiet_wire_records_a_frame_that_is_sent_twice,
	&burst_is_in_the_journal_as_it_came,
	&frame_to_be_told_outlives_those_that_are_counted,
};

int main(void)
{
	return realm_run("wire-quiet", tests, ARRAY_SIZE(tests));
}
