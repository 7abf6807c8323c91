/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a segment: between its header's bytes, the fields of struct
 * segment, and words. Written and printed in the layout that Linux gives them;
 * NOPs and options that have no field are not kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "frame.h"

enum { TCP_OPTIONS_MAX = 40 }; /* what the data offset leaves for them */

/*
 * Reads bytes[at] to bytes[end - 1], at most TCP_OPTIONS_MAX. -EBADMSG for a
 * size that does not fit, or is not the one that the option always has.
 */
int tcp_options_decode(struct segment *tcp, const uint8_t *bytes, size_t at,
		       size_t end);

/* A multiple of four; more than TCP_OPTIONS_MAX for what does not fit. */
size_t tcp_options_size(const struct segment *tcp);

/* Writes tcp_options_size() bytes. */
void tcp_options_encode(uint8_t *to, const struct segment *tcp);

/* " <mss 1460,…>", or nothing. Not verbose: SACK blocks alone, without NOPs. */
void tcp_options_print(FILE *out, const struct segment *tcp,
		       const struct frame_base *base, bool verbose);
