/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the wire, for its own files: wire.c receives and decides where
 * a frame goes, wire-rules.c what becomes of it on the way, wire-send.c puts it
 * on a cable, now or later, and wire-capture.c tells of it, unless wire-quiet.c
 * only counts it.
 */
#pragma once

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "frame.h"
#include "identity.h"
#include "journal.h"
#include "loop.h"
#include "wire.h"

enum {
	FRAME_MAX = 65536 + FRAME_ETHERNET,
	/* How far the journal may fall behind the forwarding. */
	WIRE_SLOTS = 16,
};

/* A frame as PACKET_VNET_HDR has it: one piece, for one copy. */
struct wire_slot {
	struct virtio_net_hdr header;
	uint8_t bytes[FRAME_MAX];
};

/* A frame that has been dealt with, and is still to be told of. */
struct wire_tale {
	size_t capture; /* index */
	nsec_t at;
	const struct wire_slot *slot;
	size_t size;
};

struct wire_port {
	struct wire_port *next;
	struct wire *wire;
	char host[WIRE_NAME];
	unsigned int number; /* from 1 */
	unsigned int network;
	int ifindex;
	uint8_t mac[6];
	bool dead, cut_from, cut_to, suspended;
	nsec_t one_way;
	struct parcel *waiting; /* for a suspended host */
	unsigned int n_waiting;
};

/* A frame that is to be sent later: by a moment, or by wire_release(). */
struct parcel {
	struct parcel *next;
	nsec_t due; /* while it is held: what the path will take */
	struct wire_port *to;
	size_t capture; /* index */
	enum wire_fate fate; /* with which it leaves */
	size_t size;
	struct virtio_net_hdr header; /* the bytes follow without a gap */
	uint8_t bytes[];
};

struct wire_rule {
	struct wire_rule *next;
	struct wire *wire;
	struct wire_match match;
	enum wire_action action;
	enum wire_answer answer;
	nsec_t delay;
	unsigned int seen, hits, n_held;
	bool disarmed;
	struct parcel *held;
};

/* What a flow carried, in one direction, while the wire was quiet. */
struct wire_tally {
	struct wire_tally *next;
	const char *from, *to;
	uint16_t from_port, to_port;
	uint64_t frames, bytes;
};

struct wire {
	struct loop *loop;
	struct journal *journal;
	int socket;
	struct loop_source *source, *timer;
	struct wire_port *ports;
	struct wire_rule *rules;
	struct parcel *parcels; /* by due time */
	struct identities *identities;
	struct wire_capture *captures;
	size_t n_captures, captures_space;
	struct wire_duplicate *duplicates;
	size_t n_duplicates, duplicates_space;
	FILE *words; /* a memory stream, for one frame's text at a time */
	char *words_text;
	size_t words_size;
	nsec_t residence;
	unsigned int losses;
	bool quiet;
	struct wire_tally *tallies;
	const struct wire_rule *ruled; /* it has decided on the frame in hand */
	struct wire_tale tales[WIRE_SLOTS];
	size_t n_tales;
	struct wire_slot *hand; /* one of `slots`: the frame in hand */
	struct wire_slot slots[WIRE_SLOTS];
};

/* --- wire-capture.c ----------------------------------------------------- */

/* What the frame carries. */
void wire_capture_identify(struct wire_capture *capture,
			   const struct identity *identity);

/* A new capture, all empty; NULL without memory. Moves the others. */
struct wire_capture *wire_capture_new(struct wire *wire);

/* A record of a frame, as it is now, at the moment `at`; of all that is still to
 * be told before it. */
int wire_capture_tell(struct wire *wire, size_t capture, nsec_t at,
		      const struct virtio_net_hdr *header, const uint8_t *bytes,
		      size_t size);

/* The same of the frame in hand, but once nothing waits to be forwarded: what is
 * written down delays no frame. Its slot is needed until then. */
int wire_capture_tell_later(struct wire *wire, size_t capture, nsec_t at,
			    size_t size);

/* Of all that is still to be told. */
int wire_capture_tell_all(struct wire *wire);

/* --- wire-send.c -------------------------------------------------------- */

/* Puts a frame, whose bytes follow its header, on the cable of `to`, and its fate
 * into its capture: `fate`, or why it did not get there. */
int wire_deliver(struct wire *wire, size_t capture, struct wire_port *to,
		 const struct virtio_net_hdr *header, size_t size,
		 enum wire_fate fate);

/* A copy of the frame in hand; NULL without memory. */
struct parcel *wire_parcel_new(struct wire *wire, size_t capture,
			       struct wire_port *to, enum wire_fate fate,
			       size_t size);

/* Both take the parcel. Equal moments keep their order. */
void wire_parcel_schedule(struct wire *wire, struct parcel *parcel, nsec_t due);
int wire_parcel_send(struct wire *wire, struct parcel *parcel);

/* A whole list of them. */
void wire_parcels_free(struct parcel *parcel);

/* The loop's timer: sends what is due. */
int wire_parcels_due(void *data);

/* --- wire-rules.c ------------------------------------------------------- */

/* The frame in hand goes from `from` (NULL: the wire itself) to `to`, as the
 * rules and the paths' delays will have it. */
int wire_carry_out(struct wire *wire, size_t capture, struct wire_port *from,
		   struct wire_port *to, size_t size);
void wire_rules_free(struct wire *wire);

/* --- wire-reject.c ------------------------------------------------------ */

/* To `from`, from whom the frame in hand came. */
int wire_answer(struct wire *wire, size_t capture, struct wire_port *from,
		enum wire_answer answer, size_t size);

/* --- wire-quiet.c ------------------------------------------------------- */

/* The newest capture, whose frame has been dealt with, is only counted, and
 * taken away again; false: it is to be recorded. */
bool wire_hush(struct wire *wire, size_t size);
void wire_tallies_free(struct wire *wire);
