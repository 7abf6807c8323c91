/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Journals for tests of what is made of them: records as a run would write
 * them, frames with their bytes among them.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "macro.h"

struct told_frame {
	double t, left; /* left 0: it did not */
	const char *from, *to;
	const char *fate; /* NULL: forwarded */
	const char *kinds; /* "tcp data", separated by blanks */
	uint8_t flags;
	uint32_t seq, ack, length; /* relative: the ISNs are 1000 and 2000 */
	uint16_t client_port; /* 0: 40000 */
	uint16_t window; /* 0: 500; 1: shut */
	uint8_t ttl; /* 0: 64 */
	uint32_t isn; /* added to the sender's */
	bool to_client; /* the server sends */
	const char *client; /* its address; NULL: 10.0.0.1 */
};

/* A record of whatever type: json_pack()'s format for its members. */
#define TELL(journal_, t_, type_, ...)                                         \
	telling_add(journal_, t_, type_, json_pack(__VA_ARGS__))

static inline void telling_add(json_t *journal, double t, const char *type,
			       json_t *members)
{
	json_object_set_new(members, "t", json_real(t));
	json_object_set_new(members, "type", json_string(type));
	json_array_append_new(journal, members);
}

static inline json_t *telling_kinds(const char *kinds)
{
	json_t *array = json_array();
	char text[128], *rest = text, *kind;

	snprintf(text, sizeof(text), "%s", kinds);
	while ((kind = strsep(&rest, " ")))
		json_array_append_new(array, json_string(kind));
	return array;
}

static inline void telling_hex(const uint8_t *bytes, size_t size, char *ret)
{
	for (size_t i = 0; i < size; i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static inline struct frame telling_decoded(const struct told_frame *told)
{
	struct address client, server;
	uint16_t port = told->client_port ? told->client_port : 40000;
	struct frame frame = { .kind = FRAME_TCP,
			       .ttl = told->ttl ? told->ttl : 64,
			       .ip_id = (uint16_t)(told->seq + told->ack) };

	address_parse(&client, told->client ? told->client : "10.0.0.1");
	address_parse(&server, "10.0.0.2");
	frame.source = told->to_client ? server : client;
	frame.destination = told->to_client ? client : server;
	frame.tcp = (struct segment){
		.source_port = told->to_client ? 7777 : port,
		.destination_port = told->to_client ? port : 7777,
		.seq = (told->to_client ? 2000 : 1000) + told->isn + told->seq,
		.ack = (told->to_client ? 1000 : 2000) + told->ack,
		.flags = told->flags,
		.window = told->window == 1 ? 0 : 500,
		.length = told->length,
	};
	return frame;
}

static inline void telling_frame(json_t *journal, struct told_frame told)
{
	static uint8_t payload[1500], bytes[2000];
	struct frame frame = telling_decoded(&told);
	struct segment_base base = {
		.knows_sender = true,
		.knows_receiver = true,
		.sender = (told.to_client ? 2000 : 1000) + told.isn,
		.receiver = told.to_client ? 1000 : 2000,
	};
	char hex[2 * 192 + 1], text[256];
	FILE *out = fmemopen(text, sizeof(text), "w");
	ssize_t size =
		frame_encode_tcp(bytes, sizeof(bytes), &frame, payload);

	frame_print(out, &frame, &base, false);
	fclose(out);
	telling_hex(bytes, MIN((size_t)size, (size_t)192), hex);
	TELL(journal, told.t, "frame",
	     "{s:s, s:s, s:s, s:s, s:o, s:f, s:i, s:s}", "from", told.from,
	     "to", told.to, "fate", told.fate ? told.fate : "forwarded", "text",
	     text, "kinds", telling_kinds(told.kinds), "left", told.left,
	     "size", (int)size, "hex", hex);
}

#define FRAME(journal_, ...)                                                   \
	telling_frame(journal_, (struct told_frame){ __VA_ARGS__ })

static inline void telling_call(json_t *journal, double t, const char *host,
				int socket, const char *text)
{
	TELL(journal, t, "call", "{s:s, s:i, s:s}", "host", host, "socket",
	     socket, "text", text);
}

static inline void telling_result(json_t *journal, double t, const char *host,
				  int socket, const char *call, int value,
				  const char *error)
{
	char text[128];

	snprintf(text, sizeof(text), "%s() = %d%s%s", call, value,
		 error ? " " : "", error ? error : "");
	TELL(journal, t, "result", "{s:s, s:i, s:s, s:i, s:s?, s:s}", "host",
	     host, "socket", socket, "call", call, "value", value, "errno",
	     error, "text", text);
}

static inline void telling_state(json_t *journal, double t, const char *host,
				 int socket, const char *state,
				 const char *timer, double expires)
{
	TELL(journal, t, "state", "{s:s, s:i, s:s, s:s, s:f, s:i, s:s}", "host",
	     host, "socket", socket, "state", state, "timer", timer, "expires",
	     expires, "retransmits", 0, "text",
	     strcmp(state, "none") == 0 ? "no socket" : state);
}

static inline void telling_fault(json_t *journal, double t, const char *verb,
				 const char *target)
{
	char text[512];

	snprintf(text, sizeof(text), "%s %s", verb, target);
	TELL(journal, t, "fault", "{s:s, s:s, s:s}", "verb", verb, "target",
	     target, "text", text);
}

/* From 10 ms on: client and server have a connection, by socket 1 and 2. */
static inline void telling_handshake(json_t *journal)
{
	telling_call(journal, 0.010, "server", 1, "listen(16) on 10.0.0.2:7777");
	telling_call(journal, 0.011, "client", 2, "connect(10.0.0.2:7777)");
	FRAME(journal, .t = 0.012, .left = 0.01203, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.013, .left = 0.01303, .from = "server",
	      .to = "client", .kinds = "tcp syn-ack",
	      .flags = SEGMENT_SYN | SEGMENT_ACK, .ack = 1, .to_client = true);
	FRAME(journal, .t = 0.014, .left = 0.01403, .from = "client",
	      .to = "server", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1);
	telling_result(journal, 0.015, "client", 2, "connect", 0, NULL);
	telling_result(journal, 0.016, "server", 1, "accept", 0, NULL);
}
