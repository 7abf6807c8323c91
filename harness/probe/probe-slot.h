/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of the probe process, and replies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "nsec.h"
#include "probe-protocol.h"

enum { PROBE_CONTROL = 3 /* fd of the socket to the script */ };

/* What a socket does without requests: probe-roles.h. */
enum probe_role {
	PROBE_PLAIN, /* nothing */
	PROBE_ECHOES,
	PROBE_HTTP_LISTENER,
	PROBE_HTTP_CONNECTION,
	PROBE_BEATS,
};

/* A call that has not returned yet; id 0: none. */
struct probe_call {
	uint32_t id;
	enum probe_operation operation;
	int64_t wanted, done; /* bytes */
	int other;
	size_t size; /* of data; 0: zero bytes are sent */
	uint8_t data[PROBE_DATA];
};

/* Position in the verified streams of both directions. */
struct probe_stream {
	uint64_t sent, received;
	struct probe_wrong wrong;
};

struct probe_slot {
	int fd; /* -1: free */
	struct probe_call in, out; /* one call in each direction */
	bool paused; /* `in` and the role wait */
	int icmp_error; /* errno of a message during connect(); 0: none */
	struct probe_stream stream;
	enum probe_role role;
	bool echo_waits; /* for room in the send buffer */
	nsec_t timer; /* of the role; NSEC_NEVER: none */
	nsec_t interval;
	unsigned int beats; /* answered ones */
	bool beat_open; /* the last one is unanswered */
	uint32_t matched; /* bytes of the empty line that ends a request */
};

/* Slots of both kinds: those that the script numbers, and as many others. */
enum { PROBE_SLOTS_ALL = 2 * PROBE_SLOTS };

/* The slot of that number of the script; NULL: free. */
struct probe_slot *probe_slot(int number);

/* Puts a socket into a slot. */
struct probe_slot *probe_slot_take(int number, int fd);

/* Puts a socket that the probe accepted by itself into a slot that no script
 * numbers. NULL: none is free, the socket is closed. */
struct probe_slot *probe_slot_adopt(int fd, enum probe_role role);

/* One more than the highest index of a slot that was used, and the slot at an
 * index; fd -1: free. */
int probe_slots(void);
struct probe_slot *probe_slot_at(int index);

/* Closes the socket; calls that have not returned get no reply. */
void probe_slot_close(struct probe_slot *slot);

void probe_reply_send(const struct probe_reply *reply);

/* Replies with a value, the time and, unless `slot` is NULL, its addresses. */
void probe_answer(uint32_t id, int64_t value, int error,
		  const struct probe_slot *slot);
