/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <errno.h>
#include <string.h>

#include "errors.h"

/* The answer's, which is not the frame in hand. */
enum { ANSWER_MAX = 2048 };

static enum frame_unreachable reason(enum wire_answer answer)
{
	switch (answer) {
	case WIRE_ANSWER_NET:
		return FRAME_UNREACHABLE_NET;
	case WIRE_ANSWER_HOST:
		return FRAME_UNREACHABLE_HOST;
	case WIRE_ANSWER_RST:
	case WIRE_ANSWER_PORT:
		return FRAME_UNREACHABLE_PORT;
	case WIRE_ANSWER_ADMIN:
		break;
	}
	return FRAME_UNREACHABLE_ADMIN;
}

/* RFC 9293 section 3.10.7.1: what a host answers for which there is no such
 * connection. */
static ssize_t encode_reset(uint8_t *bytes, size_t size,
			    const struct frame *about)
{
	const struct segment *tcp = &about->tcp;
	struct frame frame = { .source = about->destination,
			       .destination = about->source };

	memcpy(frame.source_mac, about->destination_mac, FRAME_MAC);
	memcpy(frame.destination_mac, about->source_mac, FRAME_MAC);
	frame.tcp.source_port = tcp->destination_port;
	frame.tcp.destination_port = tcp->source_port;
	frame.tcp.flags = SEGMENT_RST;
	if (tcp->flags & SEGMENT_ACK) {
		frame.tcp.seq = tcp->ack;
	} else {
		frame.tcp.flags |= SEGMENT_ACK;
		frame.tcp.ack = tcp->seq + frame_sequence_length(about);
	}
	return frame_encode_tcp(bytes, size, &frame, NULL);
}

/* RFC 9293 section 3.10.7.1, RFC 1122 section 3.2.2: neither answers itself. */
static bool is_answerable(const struct frame *about, enum wire_answer answer)
{
	if (about->kind == FRAME_TCP)
		return answer != WIRE_ANSWER_RST || !frame_is_rst(about);
	return answer != WIRE_ANSWER_RST && about->kind == FRAME_OTHER &&
	       about->transport_at && !about->fragment;
}

int wire_answer(struct wire *wire, size_t capture, struct wire_port *from,
		enum wire_answer answer, size_t size)
{
	const struct frame about = wire->captures[capture].frame;
	uint8_t bytes[ANSWER_MAX];
	struct wire_slot in_hand;
	ssize_t n;
	int r;

	if (!is_answerable(&about, answer))
		return 0;
	/* The answer takes the slot of what it answers. */
	r = wire_capture_tell_all(wire);
	if (r < 0)
		return error_trace(r);
	memcpy(&in_hand, wire->hand, sizeof(in_hand.header) + size);
	if (answer == WIRE_ANSWER_RST)
		n = encode_reset(bytes, sizeof(bytes), &about);
	else
		n = frame_encode_unreachable(bytes, sizeof(bytes),
					     in_hand.bytes, size,
					     reason(answer));
	if (n < 0)
		return error_trace((int)n);
	r = wire_inject(wire, from, bytes, (size_t)n);
	/* Others may be to have it, too. */
	memcpy(wire->hand, &in_hand, sizeof(in_hand.header) + size);
	return r < 0 ? error_trace(r) : 0;
}
