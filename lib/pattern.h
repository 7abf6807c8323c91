/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of which every byte can be checked: each is a function of its 64-bit
 * offset alone, so both ends make it, from any offset. Bytes that are a whole
 * number of laps of 4 GiB apart, up to 255, are never the same: what has the
 * right sequence number and is of another lap is wrong in every byte.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void pattern_fill(void *bytes, size_t size, uint64_t offset);

/*
 * How many of the bytes are not those of the stream at `offset`. If there are
 * any, the first one's place among `bytes` goes into `ret_first`.
 */
size_t pattern_wrong(const void *bytes, size_t size, uint64_t offset,
		     size_t *ret_first);
