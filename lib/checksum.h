/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/*
 * Sums of several pieces may be added, if all but the last have an even size.
 * A sum is in the machine's byte order; only fold and put make sense of it.
 */
uint64_t checksum_sum(const void *bytes, size_t size);

/* What TCP, UDP and ICMPv6 add: RFC 9293 section 3.1, RFC 8200 section 8.1. */
uint64_t checksum_pseudo(const struct address *source,
			 const struct address *destination, uint8_t protocol,
			 size_t size);

/* True for the sum of bytes that contain their own, right checksum. */
bool checksum_right(uint64_t sum);

/* Writes the checksum that belongs to the sum, two bytes; never 0. */
void checksum_put(void *at, uint64_t sum);
