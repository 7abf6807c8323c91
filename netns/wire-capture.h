/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the wire saw: a capture for each frame and receiver, in memory for the
 * script and as a record in the journal.
 *
 * Forwarding comes first. A record of a frame that was just forwarded is
 * pending until no frame waits to be received, so that writing delays no frame.
 */
#pragma once

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "identity.h"
#include "journal.h"
#include "nsec.h"
#include "wire-kind.h"

enum wire_fate {
	WIRE_FORWARDED,
	WIRE_DROPPED, /* by a rule */
	WIRE_REJECTED, /* by a rule; an injected frame has answered it */
	WIRE_OVERFLOW, /* the queue of a link, or a receive ring, is full */
	WIRE_CUT, /* the path is cut */
	WIRE_DEAD, /* the host at the other end is dead */
	WIRE_GHOST, /* from a dead host's kernel: no machine sent it */
	WIRE_HELD, /* waits in the wire; recorded again when released */
	WIRE_RELEASED,
	WIRE_DELAYED, /* forwarded, later: see `left` */
	WIRE_CORRUPTED, /* forwarded with a wrong bit */
	WIRE_DUPLICATED, /* a second copy of a frame that went before */
	WIRE_INJECTED, /* made by the wire */
	WIRE_LOST, /* the kernel refused to send it: no carrier, port down */
	WIRE_TOO_LARGE, /* ... larger than the receiver's MTU */
	WIRE_NOBODY, /* no host has that MAC address */
};

/* The text of `fate` in the journal. */
const char *wire_fate_text(enum wire_fate fate);

/* A decoded frame, from one host to another. Names are borrowed, valid as long
 * as the wire. */
struct wire_capture {
	nsec_t at; /* arrival, by the kernel's timestamp */
	nsec_t left; /* when it was sent on; 0: it was not */
	unsigned int network;
	const char *from, *to; /* "" where no host has that address */
	unsigned int kinds; /* enum wire_kind */
	enum wire_fate fate;
	const char *label; /* of the rule or link that decided on it, or NULL */
	struct frame frame;
	struct segment_base base; /* for relative sequence numbers */
	unsigned int segments; /* in this frame; more than 1 with offload */
	uint32_t segment_length; /* payload of each, but for the last one */

	/* Its identity; journal.h describes each member. */
	unsigned int packet; /* from 1; the same on every cable */
	unsigned int port; /* of the wire, from 1; 0: made by the wire */
	const char *origin; /* host that originated it; "" for the wire */
	unsigned int connection; /* 0: unknown, or no TCP */
	bool from_client;
	unsigned int transmission; /* 1, 2, ...; 0: not counted */
};

/* Bytes of the frame or, if it has several segments, of the largest of them. */
size_t wire_segment_size(const struct wire_capture *capture);

/* A copy that the wire made (WIRE_DUPLICATE) and has sent. */
struct wire_duplicate {
	size_t capture; /* index of the original */
	nsec_t left;
};

/* --- the log of captures, for wire.c ---------------------------------- */

struct wire_capture_log;

/* Borrows the journal. */
int wire_capture_log_new(struct wire_capture_log **ret,
			 struct journal *journal);
struct wire_capture_log *wire_capture_log_free(struct wire_capture_log *log);

/* Appends a copy of `capture`. May move all others; they are named by index. */
int wire_capture_log_add(struct wire_capture_log *log,
			 const struct wire_capture *capture, size_t *ret_index);
struct wire_capture *wire_capture_log_at(struct wire_capture_log *log,
					 size_t index);
size_t wire_capture_log_all(const struct wire_capture_log *log,
			    const struct wire_capture **ret);

int wire_capture_log_add_duplicate(struct wire_capture_log *log, size_t index);
size_t wire_capture_log_duplicates(const struct wire_capture_log *log,
				   const struct wire_duplicate **ret);

/*
 * Writes a record of the capture as it is now, with the time `at`. `header` is
 * followed by the `size` bytes of the frame, as PACKET_VNET_HDR has it. Pending
 * records are written first.
 */
int wire_capture_log_write(struct wire_capture_log *log, size_t index,
			   nsec_t at, const struct virtio_net_hdr *header,
			   size_t size);

/* The same with the capture's time of arrival, but pending: the frame stays
 * borrowed until wire_capture_log_flush(). */
int wire_capture_log_defer(struct wire_capture_log *log, size_t index,
			   const struct virtio_net_hdr *header, size_t size);
bool wire_capture_log_is_pending(const struct wire_capture_log *log);
int wire_capture_log_flush(struct wire_capture_log *log);

/* Notes that a copy of the frame, made by the wire, is lost. */
int wire_capture_log_note_lost(struct wire_capture_log *log, size_t index,
			       const char *reason);

/*
 * Counting only: wire_set_count_only(). True: the newest capture belongs to the
 * plain flow of a transfer; it has been counted and removed. A frame that a
 * rule decided on must not be offered. Switching off writes the counts.
 */
int wire_capture_log_set_count_only(struct wire_capture_log *log, bool on);
bool wire_capture_log_count(struct wire_capture_log *log, size_t size);
