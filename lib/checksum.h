/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

/*
 * Sums of consecutive pieces may be added if all but the last have an even
 * size. The sum is in host byte order: pass it to the functions below only.
 */
uint64_t checksum_sum(const void *bytes, size_t size);

/* The pseudo header of TCP, UDP and ICMPv6: RFC 9293 section 3.1, RFC 8200
 * section 8.1. */
uint64_t checksum_pseudo(const struct address *source,
			 const struct address *destination, uint8_t protocol,
			 size_t size);

/* True when `sum` is over bytes that include their own correct checksum. */
bool checksum_right(uint64_t sum);

/* Writes the checksum for the sum, two bytes; never 0. */
void checksum_put(void *at, uint64_t sum);
