/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP segment as a struct, and its options: decoded, encoded and printed in
 * the layout that Linux uses (tcp_options_write()). NOPs and unknown options
 * are not stored. Numbers are in host byte order. RFC 9293 section 3.1, RFC
 * 7323, RFC 2018.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	SEGMENT_SACKS_MAX = 4,
	SEGMENT_OPTIONS_MAX = 40, /* bytes; the data offset allows no more */
};

enum {
	SEGMENT_FIN = 0x01,
	SEGMENT_SYN = 0x02,
	SEGMENT_RST = 0x04,
	SEGMENT_PSH = 0x08,
	SEGMENT_ACK = 0x10,
	SEGMENT_URG = 0x20,
	SEGMENT_ECE = 0x40,
	SEGMENT_CWR = 0x80,
};

struct segment {
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint8_t flags; /* SEGMENT_… */
	uint16_t window; /* as on the wire, not scaled */
	uint32_t length; /* payload */
	uint16_t payload_at; /* offset of the payload in the frame */

	/* Options; each `has_` says whether it was there. */
	bool has_mss, has_window_scale, has_timestamps, sack_permitted;
	uint16_t mss;
	uint8_t window_scale;
	uint32_t tsval, tsecr;
	uint8_t n_sacks;
	struct {
		uint32_t left, right;
	} sacks[SEGMENT_SACKS_MAX];
};

/* a < b in sequence space (RFC 9293 section 3.4). */
bool sequence_before(uint32_t a, uint32_t b);

/*
 * Initial sequence numbers, for printing relative sequence numbers: `sender` is
 * the ISN of the segment's sender, `receiver` that of its peer. Without one,
 * the absolute number is printed.
 */
struct segment_base {
	bool knows_sender, knows_receiver;
	uint32_t sender, receiver;
};

/*
 * Reads the options in bytes[at] to bytes[end - 1], at most SEGMENT_OPTIONS_MAX
 * bytes. -EBADMSG for a size that exceeds the header or that the option does
 * not allow; the message has the option and the offset.
 */
int segment_decode_options(struct segment *tcp, const uint8_t *bytes, size_t at,
			   size_t end);

/* A multiple of four; above SEGMENT_OPTIONS_MAX where they do not fit. */
size_t segment_options_size(const struct segment *tcp);

/* Writes segment_options_size() bytes. */
void segment_encode_options(uint8_t *to, const struct segment *tcp);

/* " <mss 1460,…>", or nothing. Not verbose: SACK blocks alone, without NOPs. */
void segment_print_options(FILE *out, const struct segment *tcp,
			   const struct segment_base *base, bool verbose);
