/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

const char *wire_fate_text(enum wire_fate fate)
{
	static const char *const texts[] = {
		[WIRE_FORWARDED] = "forwarded",
		[WIRE_DROPPED] = "dropped",
		[WIRE_REJECTED] = "dropped: rejected",
		[WIRE_CUT] = "dropped: path is cut",
		[WIRE_DEAD] = "dropped: host is dead",
		[WIRE_GHOST] = "ghost",
		[WIRE_HELD] = "held",
		[WIRE_RELEASED] = "released",
		[WIRE_DELAYED] = "delayed",
		[WIRE_DUPLICATED] = "duplicated",
		[WIRE_INJECTED] = "injected",
		[WIRE_LOST] = "lost: no carrier",
		[WIRE_NOBODY] = "dropped: nobody has that address",
	};

	return texts[fate];
}

enum { KINDS = 12 };

static void kinds_in_words(unsigned int kinds, const char *ret[KINDS + 1])
{
	static const char *const words[KINDS] = {
		"tcp",	      "syn",	 "syn-ack",
		"fin",	      "rst",	 "data",
		"pure-ack",   "probe",	 "retransmission",
		"neighbour",  "icmp",	 "other",
	};
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++)
		if (kinds & 1U << i)
			ret[n++] = words[i];
	ret[n] = NULL;
}

/* Into the wire's own stream, which keeps its memory. Returns the size. */
static size_t frame_in_words(struct wire *wire, const struct wire_capture *c)
{
	rewind(wire->words);
	frame_print(wire->words, &c->frame, &c->base, false);
	fflush(wire->words);
	return wire->words_size;
}

/* -1: absolute, for the ISN is not known. */
static int64_t relative(uint32_t number, bool known, uint32_t isn)
{
	return known ? (int64_t)(uint32_t)(number - isn) : -1;
}

static void describe(struct journal_frame *frame, const struct wire_capture *c)
{
	const struct segment *tcp = &c->frame.tcp;

	frame->packet = c->packet;
	frame->port = c->port;
	frame->origin = c->origin;
	frame->connection = c->connection;
	frame->from_client = c->from_client;
	if (c->frame.kind != FRAME_TCP)
		return;
	frame->is_tcp = true;
	frame->source_port = tcp->source_port;
	frame->destination_port = tcp->destination_port;
	frame->transmission = c->transmission;
	frame->seq = relative(tcp->seq, c->base.knows_sender, c->base.sender);
	frame->ack = relative(tcp->ack,
			      c->base.knows_receiver &&
				      (tcp->flags & SEGMENT_ACK),
			      c->base.receiver);
	frame->len = tcp->length;
	frame->flags = tcp->flags;
}

static int tell(struct wire *wire, size_t capture, nsec_t at,
		const struct virtio_net_hdr *header, const uint8_t *bytes,
		size_t size)
{
	const struct wire_capture *c = &wire->captures[capture];
	size_t text_size = frame_in_words(wire, c);
	const char *kinds[KINDS + 1];
	uint8_t whole[FRAME_MAX];
	struct journal_frame frame = {
		.from = c->from,
		.to = c->to,
		.fate = wire_fate_text(c->fate),
		.text = wire->words_text,
		.text_size = text_size,
		.kinds = kinds,
		.left = c->left,
		.size = size,
		.bytes = whole,
		.n_bytes = size,
	};
	int r;

	describe(&frame, c);
	kinds_in_words(c->kinds, kinds);
	/* The journal's copy has the checksum that a real cable would see. */
	memcpy(whole, bytes, size);
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete_checksum(whole, size, header->csum_start,
					header->csum_offset);
	r = journal_gather_frame(wire->journal, at, &frame);
	return r < 0 ? error_trace(r) : 0;
}

int wire_capture_tell_all(struct wire *wire)
{
	int r = 0;

	for (size_t i = 0; i < wire->n_tales && r >= 0; i++) {
		const struct wire_tale *tale = &wire->tales[i];

		r = tell(wire, tale->capture, tale->at, &tale->slot->header,
			 tale->slot->bytes, tale->size);
	}
	wire->n_tales = 0;
	if (r >= 0)
		r = journal_flush(wire->journal);
	return r < 0 ? error_trace(r) : 0;
}

int wire_capture_tell(struct wire *wire, size_t capture, nsec_t at,
		      const struct virtio_net_hdr *header,
		      const uint8_t *bytes, size_t size)
{
	int r = wire_capture_tell_all(wire);

	if (r >= 0)
		r = tell(wire, capture, at, header, bytes, size);
	if (r >= 0)
		r = journal_flush(wire->journal);
	return r < 0 ? error_trace(r) : 0;
}

int wire_capture_tell_later(struct wire *wire, size_t capture, nsec_t at,
			    size_t size)
{
	int r = 0;

	wire->tales[wire->n_tales++] = (struct wire_tale){ .capture = capture,
							   .at = at,
							   .slot = wire->hand,
							   .size = size };
	if (wire->n_tales == WIRE_SLOTS)
		r = wire_capture_tell_all(wire);
	return r < 0 ? error_trace(r) : 0;
}

void wire_capture_identify(struct wire_capture *capture,
			   const struct identity *identity)
{
	capture->packet = identity->packet;
	capture->port = identity->port;
	capture->origin = identity->origin;
	capture->kinds = identity->flow.kinds;
	capture->base = identity->flow.base;
	capture->connection = identity->flow.connection;
	capture->from_client = identity->flow.from_client;
	capture->transmission = identity->flow.transmission;
}

struct wire_capture *wire_capture_new(struct wire *wire)
{
	if (wire->n_captures == wire->captures_space) {
		size_t space = wire->captures_space ?
				       wire->captures_space * 2 :
				       64;
		struct wire_capture *grown = reallocarray(
			wire->captures, space, sizeof(*grown));

		if (!grown)
			return NULL;
		wire->captures = grown;
		wire->captures_space = space;
	}
	wire->captures[wire->n_captures] = (struct wire_capture){ .from = "",
								  .to = "",
								  .origin = "" };
	return &wire->captures[wire->n_captures++];
}

size_t wire_captures(const struct wire *wire, const struct wire_capture **ret)
{
	*ret = wire->captures;
	return wire->n_captures;
}
