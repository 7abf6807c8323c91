/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of one 4 GiB lap are a hash of their index in the lap. Each lap is
 * the same sequence with one value XORed into every byte, the number of the lap
 * modulo 256: so bytes at equal positions of two laps differ unless the laps
 * are a multiple of 256 apart.
 */
#include "pattern.h"

#include <endian.h>
#include <string.h>

#include "macro.h"

enum { WORD = sizeof(uint64_t), CHUNK = 4096 };

/* Computes eight bytes at once from the word's index within its 4 GiB lap,
 * mixed by two odd factors, so that gigabytes are generated faster than they
 * are sent. */
static uint64_t word_at(uint64_t offset)
{
	uint64_t lap = offset >> 32 & 0xff;
	uint64_t mixed = (uint32_t)offset / WORD + 1;

	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	mixed ^= mixed >> 29;
	mixed *= UINT64_C(0xd6e8feb86659fd93);
	mixed ^= mixed >> 32;
	return htole64(mixed ^ lap * UINT64_C(0x0101010101010101));
}

/* Fills part of one word. Returns the number of bytes. */
static size_t fill_within(uint8_t *at, size_t size, uint64_t offset)
{
	size_t skip = offset % WORD, n = MIN(WORD - skip, size);
	uint64_t word = word_at(offset);

	memcpy(at, (const uint8_t *)&word + skip, n);
	return n;
}

void pattern_fill(void *bytes, size_t size, uint64_t offset)
{
	uint8_t *at = bytes, *end = at + size;

	if (offset % WORD && size) {
		size_t n = fill_within(at, size, offset);

		at += n;
		offset += n;
	}
	for (; end - at >= WORD; at += WORD, offset += WORD) {
		uint64_t word = word_at(offset);

		memcpy(at, &word, WORD);
	}
	if (at < end)
		fill_within(at, (size_t)(end - at), offset);
}

static size_t count_wrong(const uint8_t *bytes, const uint8_t *right,
			  size_t size, size_t *ret_first)
{
	size_t wrong = 0;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == right[i])
			continue;
		if (!wrong++)
			*ret_first = i;
	}
	return wrong;
}

size_t pattern_wrong(const void *bytes, size_t size, uint64_t offset,
		     size_t *ret_first)
{
	const uint8_t *all = bytes;
	uint8_t right[CHUNK];
	size_t wrong = 0, first = 0;

	for (size_t at = 0; at < size; at += CHUNK) {
		size_t n = MIN(size - at, (size_t)CHUNK), found;

		pattern_fill(right, n, offset + at);
		if (memcmp(all + at, right, n) == 0)
			continue;
		found = count_wrong(all + at, right, n, &first);
		if (!wrong)
			*ret_first = at + first;
		wrong += found;
	}
	return wrong;
}
