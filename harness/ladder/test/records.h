/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Journals for tests: arrays of records as a run would write them. In these runs
 * a client, 10.0.0.1, talks to port 7777 of a server, 10.0.0.2.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "journal.h"
#include "macro.h"

/* Members without a value have the one that is named here. */
struct frame_record {
	double t, left; /* left 0: it stays on the wire */
	const char *from, *to;
	const char *fate; /* "forwarded" */
	const char *kinds; /* "tcp data", separated by blanks */
	uint8_t flags;
	uint32_t seq, ack, length; /* relative */
	int transmission; /* of data, SYN and FIN: 1, or 2 for the kind
			     "retransmission"; of others: null */
	int segments; /* 1: no member */
	bool shut; /* a window of 0; otherwise 500 */
	bool to_client; /* the server sends */
	int packet; /* a number that no other packet has */
	const char *origin; /* `from` */
	int connection; /* 1; -1: null */
	int client_port; /* 40000 */
};

/* A record of any type: json_pack()'s format for its members. */
#define RECORD(journal_, t_, type_, ...)                                       \
	record_add(journal_, t_, type_, json_pack(__VA_ARGS__))

static inline void record_add(json_t *journal, double t, const char *type,
			      json_t *members)
{
	json_object_set_new(members, "t", json_real(t));
	json_object_set_new(members, "type", json_string(type));
	json_array_append_new(journal, members);
}

static inline json_t *record_kinds(const char *kinds)
{
	json_t *array = json_array();
	char text[128], *rest = text, *kind;

	snprintf(text, sizeof(text), "%s", kinds);
	while ((kind = strsep(&rest, " ")))
		json_array_append_new(array, json_string(kind));
	return array;
}

static inline struct frame record_segment(const struct frame_record *r)
{
	uint16_t port = (uint16_t)(r->client_port ? r->client_port : 40000);
	struct frame frame = { .kind = FRAME_TCP, .ttl = 64 };
	struct address client, server;

	address_parse(&client, "10.0.0.1");
	address_parse(&server, "10.0.0.2");
	frame.source = r->to_client ? server : client;
	frame.destination = r->to_client ? client : server;
	frame.tcp = (struct segment){
		.source_port = r->to_client ? 7777 : port,
		.destination_port = r->to_client ? port : 7777,
		.seq = r->seq,
		.ack = r->ack,
		.flags = r->flags,
		.window = 500,
		.length = r->length,
	};
	return frame;
}

static inline void record_frame_text(const struct frame *frame, char *ret,
				     size_t size)
{
	static const struct segment_base base = { .knows_sender = true,
						  .knows_receiver = true };
	FILE *out = fmemopen(ret, size, "w");

	frame_print(out, frame, &base, false);
	fclose(out);
}

/* As far as a journal has the bytes. */
static inline void record_frame_hex(const struct frame *frame,
				    char ret[static 2 * JOURNAL_BYTES + 1])
{
	static uint8_t bytes[2000], payload[1500];
	ssize_t n = frame_encode_tcp(bytes, sizeof(bytes), frame, payload);

	*ret = '\0';
	for (ssize_t i = 0; i < MIN(n, (ssize_t)JOURNAL_BYTES); i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static inline json_t *record_transmission(const struct frame_record *r)
{
	if (r->transmission)
		return json_integer(r->transmission);
	if (!r->length && !(r->flags & (SEGMENT_SYN | SEGMENT_FIN)))
		return json_null();
	return json_integer(strstr(r->kinds, "retransmission") ? 2 : 1);
}

static inline void record_frame(json_t *journal, struct frame_record r)
{
	int port = r.client_port ? r.client_port : 40000;
	int packet = r.packet ? r.packet : (int)json_array_size(journal) + 1;
	bool known = r.connection >= 0;
	const struct frame frame = record_segment(&r);
	char text[256], hex[2 * JOURNAL_BYTES + 1];

	record_frame_text(&frame, text, sizeof(text));
	record_frame_hex(&frame, hex);
	RECORD(journal, r.t, "frame",
	       "{s:s, s:s, s:s, s:s, s:o, s:f, s:i, s:i, s:i, s:s, s:o, s:o, "
	       "s:i, s:i, s:o, s:i, s:i, s:i, s:i, s:i, s:s}",
	       "from", r.from, "to", r.to, "fate",
	       r.fate ? r.fate : "forwarded", "text", text, "kinds",
	       record_kinds(r.kinds), "left", r.left, "size",
	       54 + (int)r.length, "packet", packet, "port", 1, "origin",
	       r.origin ? r.origin : r.from, "connection",
	       known ? json_integer(r.connection ? r.connection : 1) :
		       json_null(),
	       "from_client", known ? json_boolean(!r.to_client) : json_null(),
	       "source_port", r.to_client ? 7777 : port, "destination_port",
	       r.to_client ? port : 7777, "transmission",
	       record_transmission(&r), "seq", (int)r.seq, "ack", (int)r.ack,
	       "len", (int)r.length, "flags", r.flags, "window",
	       r.shut ? 0 : 500, "hex", hex);
	if (r.segments)
		json_object_set_new(
			json_array_get(journal, json_array_size(journal) - 1),
			"segments", json_integer(r.segments));
}

#define FRAME(journal_, ...)                                                   \
	record_frame(journal_, (struct frame_record){ __VA_ARGS__ })

/* An ICMP error; `to_client`: about a segment of the client. */
static inline void record_icmp(json_t *journal, double t, const char *from,
			       const char *to, bool to_client)
{
	RECORD(journal, t, "frame",
	       "{s:s, s:s, s:s, s:s, s:[s], s:f, s:i, s:i, s:s, s:i, s:b}",
	       "from", from, "to", to, "fate", "forwarded", "text",
	       "icmp 10.0.0.9 type 3 code 1", "kinds", "icmp", "left", t + 3e-5,
	       "packet", (int)json_array_size(journal) + 1, "port", 2, "origin",
	       from, "connection", 1, "from_client", !to_client);
}

static inline void record_call(json_t *journal, double t, const char *host,
			       int socket, const char *text)
{
	char call[32];
	const char *end = strrchr(text, ')');

	snprintf(call, sizeof(call), "%.*s",
		 (int)MIN(strcspn(text, "("), (size_t)31), text);
	RECORD(journal, t, "call", "{s:s, s:i, s:s, s:b, s:s}", "host", host,
	       "socket", socket, "call", call, "posted", !end || end[1],
	       "text", text);
}

/* `connection` 0: null. */
static inline void record_result_in(json_t *journal, double t, const char *host,
				    int socket, const char *call, int value,
				    const char *error, int connection)
{
	char text[128];

	snprintf(text, sizeof(text), "%s() = %d%s%s", call, value,
		 error ? " " : "", error ? error : "");
	RECORD(journal, t, "result", "{s:s, s:i, s:s, s:i, s:s?, s:s, s:o}",
	       "host", host, "socket", socket, "call", call, "value", value,
	       "errno", error, "text", text, "connection",
	       connection ? json_integer(connection) : json_null());
}

static inline void record_result(json_t *journal, double t, const char *host,
				 int socket, const char *call, int value,
				 const char *error)
{
	record_result_in(journal, t, host, socket, call, value, error, 1);
}

static inline void record_state_in(json_t *journal, double t, const char *host,
				   int socket, const char *state,
				   const char *timer, double expires,
				   int connection)
{
	bool server = strcmp(host, "server") == 0;

	RECORD(journal, t, "state",
	       "{s:s, s:i, s:i, s:i, s:s, s:s, s:f, s:i, s:s, s:o}", "host",
	       host, "socket", socket, "port", server ? 7777 : 40000,
	       "peer_port", server ? 40000 : 7777, "state", state, "timer",
	       timer, "expires", expires, "retransmits", 0, "text", state,
	       "connection",
	       connection ? json_integer(connection) : json_null());
}

static inline void record_state(json_t *journal, double t, const char *host,
				int socket, const char *state,
				const char *timer, double expires)
{
	record_state_in(journal, t, host, socket, state, timer, expires, 1);
}

static inline void record_fault(json_t *journal, double t, const char *verb,
				const char *target)
{
	char text[512];

	snprintf(text, sizeof(text), "%s %s", verb, target);
	RECORD(journal, t, "fault", "{s:s, s:s, s:s}", "verb", verb, "target",
	       target, "text", text);
}

/* From 10 ms on: sockets 2 of the client and 3 of the server are connected. */
static inline void record_handshake(json_t *journal)
{
	RECORD(journal, 0.009, "ready", "{s:{s:[s], s:[s]}}", "hosts", "client",
	       "10.0.0.1", "server", "10.0.0.2");
	record_call(journal, 0.010, "server", 1,
		    "listen(16) on 10.0.0.2:7777");
	record_call(journal, 0.011, "client", 2, "connect(10.0.0.2:7777)");
	FRAME(journal, .t = 0.012, .left = 0.01203, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.013, .left = 0.01303, .from = "server",
	      .to = "client", .kinds = "tcp syn-ack",
	      .flags = SEGMENT_SYN | SEGMENT_ACK, .ack = 1, .to_client = true);
	FRAME(journal, .t = 0.014, .left = 0.01403, .from = "client",
	      .to = "server", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1);
	record_result(journal, 0.015, "client", 2, "connect", 0, NULL);
	record_result(journal, 0.016, "server", 1, "accept", 0, NULL);
}
