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

static json_t *kinds_in_words(unsigned int kinds)
{
	static const char *const words[] = {
		"tcp",	      "syn",	 "syn-ack",
		"fin",	      "rst",	 "data",
		"pure-ack",   "probe",	 "retransmission",
		"neighbour",  "icmp",	 "other",
	};
	json_t *array = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (kinds & 1U << i)
			json_array_append_new(array, json_string(words[i]));
	return array;
}

static char *frame_in_words(const struct wire_capture *capture)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	frame_print(out, &capture->frame, &capture->base, false);
	fclose(out);
	return text;
}

static void to_hex(const uint8_t *bytes, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * size] = '\0';
}

int wire_capture_tell(struct wire *wire, size_t capture, nsec_t at,
		      const struct virtio_net_hdr *header,
		      const uint8_t *bytes, size_t size)
{
	const struct wire_capture *c = &wire->captures[capture];
	uint8_t whole[FRAME_MAX];
	char hex[2 * HEX_MAX + 1];
	char *text = frame_in_words(c);
	int r;

	if (!text)
		return error_origin(-ENOMEM, "journal a frame");
	/* The journal's copy has the checksum that a real cable would see. */
	memcpy(whole, bytes, size);
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete_checksum(whole, size, header->csum_start,
					header->csum_offset);
	to_hex(whole, MIN(size, (size_t)HEX_MAX), hex);
	r = journal_write(wire->journal, at, "frame",
			  "{s:s, s:s, s:s, s:s, s:o, s:f, s:i, s:s}", "from",
			  c->from, "to", c->to, "fate", wire_fate_text(c->fate),
			  "text", text, "kinds", kinds_in_words(c->kinds),
			  "left",
			  c->left ? nsec_seconds(
					    c->left -
					    journal_start(wire->journal)) :
				    0.0,
			  "size", (int)size, "hex", hex);
	free(text);
	return r < 0 ? error_trace(r) : 0;
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
								  .to = "" };
	return &wire->captures[wire->n_captures++];
}

size_t wire_captures(const struct wire *wire, const struct wire_capture **ret)
{
	*ret = wire->captures;
	return wire->n_captures;
}
