/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP options, up to the maximum size in a header, are decoded and encoded. */
#include <errno.h>
#include <stdio.h>

#include "fuzz.h"
#include "macro.h"
#include "segment.h"

static char *printed(const struct segment *tcp)
{
	const struct segment_base base = { .knows_receiver = true };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out);
	segment_print_options(out, tcp, &base, true);
	fclose(out);
	return text;
}

static void encode(const struct segment *tcp)
{
	struct segment copy = { 0 };
	size_t size = segment_options_size(tcp);
	uint8_t *again;
	char *before, *after;

	fuzz_must(size % 4 == 0);
	if (size > SEGMENT_OPTIONS_MAX)
		return;
	again = malloc(size + 1);
	fuzz_must(again);
	segment_encode_options(again, tcp);
	fuzz_must(segment_decode_options(&copy, again, 0, size) == 0);
	before = printed(tcp);
	after = printed(&copy);
	fuzz_must(strcmp(before, after) == 0);
	free(before);
	free(after);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t end = MIN(size, (size_t)SEGMENT_OPTIONS_MAX);
	uint8_t *bytes = fuzz_copy(data, end);
	struct segment tcp = { 0 };
	int r = segment_decode_options(&tcp, bytes, 0, end);

	if (r < 0) {
		fuzz_must(r == -EBADMSG);
		fuzz_message_has("offset");
	} else {
		encode(&tcp);
	}
	free(bytes);
	return 0;
}
