/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket of the probe process, and what it does by itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nsec.h"
#include "probe-protocol.h"

enum probe_role {
	PROBE_PLAIN, /* does what it is told, no more */
	PROBE_ECHOES,
	PROBE_HTTP_LISTENER,
	PROBE_HTTP_CONNECTION,
	PROBE_BEATS,
};

/* A call that has not returned yet; id 0: none. */
struct probe_call {
	uint32_t id;
	enum probe_operation operation;
	int64_t wanted, done;
	int other;
	size_t size; /* of data, 0: the pattern */
	uint8_t data[PROBE_DATA];
};

/* How far a socket has come in the streams of either direction. */
struct probe_stream {
	uint64_t sent, received;
	struct probe_wrong wrong;
};

struct probe_slot {
	int fd; /* -1: free */
	struct probe_call in, out;
	struct probe_stream stream;
	enum probe_role role;
	nsec_t timer; /* for the roles; NSEC_NEVER: none */
	nsec_t interval;
	unsigned int beats;
	bool beat_open;
	uint32_t matched; /* bytes of the blank line that ends a request */
};

/* The slot is there and holds a socket, or NULL. */
struct probe_slot *probe_slot(int index);

/* Puts a socket into a slot, by the script's number. */
struct probe_slot *probe_slot_take(int index, int fd);

/* All slots that were ever used, from 0; the free ones have fd -1. */
int probe_slots(void);
struct probe_slot *probe_slot_at(int index);

/* A free slot for a socket that the probe accepted by itself, or -1. */
int probe_slot_adopt(int fd, enum probe_role role);
void probe_slot_close(struct probe_slot *slot);

void probe_reply_send(const struct probe_reply *reply);

/* Answers a call; the slot's addresses come along where it has some. */
void probe_answer(uint32_t id, int64_t value, int error,
		  const struct probe_slot *slot);

/* --- streams that can be checked (probe-stream.c) --------------------------*/

/* Each goes on with the call of its direction; true when it has returned, and
 * was answered. */
bool probe_stream_send(struct probe_slot *slot);
bool probe_stream_receive(struct probe_slot *slot);

/* --- what slots do by themselves (probe-roles.c) ---------------------------*/

/* Readable, or timer due: what the role does then. */
void probe_role_readable(struct probe_slot *slot);
void probe_role_timer(struct probe_slot *slot);

void probe_role_serve_http(struct probe_slot *slot, nsec_t keepalive);
void probe_role_beat(struct probe_slot *slot, uint32_t id, nsec_t interval);
