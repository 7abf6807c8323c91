/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "frame.h"
#include "macro.h"
#include "unit.h"

struct story story_begin(double at, uint32_t isn)
{
	return (struct story){
		.result = fake_new(FAKE_KEEPALIVE, -1),
		.begin = at,
		.isns = { isn, isn * 7 + 1 },
		.port = (uint16_t)(40000 + isn % 20000),
	};
}

static void parse(struct address *ret, int end)
{
	static const char *const addresses[] = { "10.0.0.1", "10.0.0.2" };

	ck_assert_int_ge(address_parse(ret, addresses[end]), 0);
}

static struct frame frame_of(const struct story *story, int from, uint8_t flags,
			     uint32_t seq, uint32_t ack, uint32_t length)
{
	const uint16_t ports[] = { story->port, 7777 };
	struct frame frame = {
		.kind = FRAME_TCP,
		.tcp = { .source_port = ports[from],
			 .destination_port = ports[!from],
			 .seq = story->isns[from] + seq,
			 .flags = flags,
			 .window = 500,
			 .length = length },
	};

	if (flags & SEGMENT_ACK)
		frame.tcp.ack = story->isns[!from] + ack;
	if (story->sack[1]) {
		frame.tcp.n_sacks = 1;
		frame.tcp.sacks[0].left = story->isns[!from] + story->sack[0];
		frame.tcp.sacks[0].right = story->isns[!from] + story->sack[1];
	}
	parse(&frame.source, from);
	parse(&frame.destination, !from);
	return frame;
}

/* Like the wire: with numbers relative to the ISNs. */
static char *text_of(const struct story *story, const struct frame *frame,
		     int from)
{
	const struct segment_base base = { true, true, story->isns[from],
					 story->isns[!from] };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	frame_print(out, frame, &base, false);
	fclose(out);
	return text;
}

static void write_hex(const uint8_t *bytes, size_t size, char *ret)
{
	for (size_t i = 0; i < size; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void story_segment(struct story *story, double t, int from, uint8_t flags,
		   uint32_t seq, uint32_t ack, uint32_t length,
		   const char *fate)
{
	static const char *const names[] = { "client", "server" };
	static const uint8_t payload[2000];
	struct frame frame = frame_of(story, from, flags, seq, ack, length);
	bool lost = strncmp(fate, "dropped", 7) == 0;
	char hex[2 * 120 + 1], *text = text_of(story, &frame, from);
	uint8_t bytes[2200];
	ssize_t n = frame_encode_tcp(bytes, sizeof(bytes), &frame, payload);

	ck_assert_int_gt(n, 0);
	write_hex(bytes, MIN((size_t)n, (size_t)120), hex);
	fake_take(story->result, story->begin + t, "frame",
		  "{s:s, s:s, s:s, s:s, s:[s], s:f, s:i, s:i, s:i, s:s, s:i,"
		  " s:b, s:i, s:i, s:o, s:I, s:I, s:i, s:i, s:s}",
		  "from", names[from], "to", names[!from], "fate", fate,
		  "text", text, "kinds", "tcp", "left",
		  lost ? 0.0 : story->begin + t, "size", (int)n, "packet",
		  (int)++story->packets, "port", from + 1, "origin",
		  names[from], "connection", 1, "from_client",
		  (int)(from == STORY_CLIENT), "source_port",
		  frame.tcp.source_port, "destination_port",
		  frame.tcp.destination_port, "transmission",
		  length ? json_integer(++story->data) : json_null(), "seq",
		  (json_int_t)seq, "ack", (json_int_t)ack, "len", (int)length,
		  "flags", (int)flags, "hex", hex);
	free(text);
}

void story_handshake(struct story *story)
{
	story_segment(story, 0, STORY_CLIENT, SEGMENT_SYN, 0, 0, 0,
		      "forwarded");
	story_segment(story, 1e-4, STORY_SERVER, SEGMENT_SYN | SEGMENT_ACK, 0,
		      1, 0, "forwarded");
	story_segment(story, 2e-4, STORY_CLIENT, SEGMENT_ACK, 1, 1, 0,
		      "forwarded");
}

void story_data(struct story *story, double t, const char *fate)
{
	story_segment(story, t, STORY_CLIENT, SEGMENT_PSH | SEGMENT_ACK, 1, 1,
		      100, fate);
}

void story_ack(struct story *story, double t)
{
	story_segment(story, t, STORY_SERVER, SEGMENT_ACK, 1, 101, 0,
		      "forwarded");
}

void story_end(struct story *story, double t)
{
	fake_take(story->result, story->begin + t, "verdict", "{s:s, s:s, s:b}",
		  "verdict", "pass", "reason", "", "inconclusive", 0);
}

struct comparison *story_compare(struct story *a, struct story *b)
{
	struct comparison *comparison;

	ck_assert_int_eq(comparison_new(&comparison, a->result, b->result), 0);
	return comparison;
}

void story_done(struct comparison *comparison, struct story *a, struct story *b)
{
	comparison_free(comparison);
	result_free(a->result);
	result_free(b->result);
}

void story_assert_same(struct story *a, struct story *b)
{
	struct comparison *c = story_compare(a, b);

	ck_assert_msg(!c->differs, "parts at step %zu of %zu",
		      c->segments.parts_at, c->segments.n_steps);
	ck_assert_uint_eq(c->segments.parts_at, c->segments.n_steps);
	story_done(c, a, b);
}
