/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream in which every byte can be verified: each is a function of its
 * 64-bit offset, so both ends can compute it from any offset. Bytes whose
 * distance is 1 to 255 times 4 GiB always differ: data with the right sequence
 * number but from another pass through the sequence space is wrong in every
 * byte (PAWS cases).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void pattern_fill(void *bytes, size_t size, uint64_t offset);

/*
 * The number of bytes that differ from the stream at `offset`. With at least
 * one, `ret_first` is the index of the first.
 */
size_t pattern_wrong(const void *bytes, size_t size, uint64_t offset,
		     size_t *ret_first);
