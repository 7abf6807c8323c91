/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame is decoded and printed. A TCP frame is also encoded again; the copy
 * must print the same and have correct checksums. */
#include <errno.h>
#include <stdio.h>

#include "frame.h"
#include "fuzz.h"

static char *printed(const struct frame *frame, const struct segment_base *base,
		     bool verbose)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out);
	frame_print(out, frame, base, verbose);
	fclose(out);
	fuzz_must(size && !strchr(text, '\n'));
	return text;
}

static void print(const struct frame *frame)
{
	const struct segment_base base = { true, true, frame->tcp.seq,
					 frame->tcp.ack };

	free(printed(frame, NULL, false));
	free(printed(frame, &base, false));
	free(printed(frame, &base, true));
}

static void encode(struct frame *frame, const uint8_t *data, size_t size)
{
	static uint8_t again[1 << 17];
	const struct segment *tcp = &frame->tcp;
	struct frame copy;
	char *before, *after;
	ssize_t n;

	fuzz_must(tcp->payload_at <= size);
	fuzz_must(tcp->length <= size - tcp->payload_at);
	/* The encoder replaces TTL 0 by 64. */
	frame->ttl = frame->ttl ? frame->ttl : 64;
	n = frame_encode_tcp(again, sizeof(again), frame,
			     data + tcp->payload_at);
	/* The encoder pads options as Linux does, so they may not fit. */
	if (n == -EINVAL)
		return;
	fuzz_must(n > 0 && frame_checksums_right(again, (size_t)n));
	fuzz_must(frame_decode(&copy, again, (size_t)n) == 0);
	fuzz_must(copy.tcp.length == tcp->length);
	fuzz_must(!tcp->length ||
		  memcmp(again + copy.tcp.payload_at, data + tcp->payload_at,
			 tcp->length) == 0);
	before = printed(frame, NULL, true);
	after = printed(&copy, NULL, true);
	fuzz_must(strcmp(before, after) == 0);
	free(before);
	free(after);
}

static void complete(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);
	uint16_t start = size > 0 ? data[0] : 0;
	uint16_t offset = size > 1 ? data[1] : 0;

	if (frame_complete_checksum(copy, size, start, offset) < 0)
		fuzz_message_has("offset");
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame frame = { .ttl = 77 };
	int r = frame_decode(&frame, data, size);

	complete(data, size);
	if (r < 0) {
		fuzz_must(r == -EBADMSG && frame.ttl == 77);
		fuzz_message_has("offset");
		fuzz_must(!frame_checksums_right(data, size));
		return 0;
	}
	frame_checksums_right(data, size);
	print(&frame);
	if (frame.kind == FRAME_TCP)
		encode(&frame, data, size);
	return 0;
}
