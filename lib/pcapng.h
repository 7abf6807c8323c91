/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes captures for Wireshark: several interfaces in one file, nanosecond
 * timestamps, and comments on packets (draft-ietf-opsawg-pcapng). Ethernet
 * only. Write errors show in ferror() of the file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes the section header: call it once, first. */
void pcapng_begin(FILE *out, const char *application);

/* Interfaces are numbered from 0 in the order of these calls. */
void pcapng_add_interface(FILE *out, const char *name);

struct pcapng_packet {
	unsigned int interface;
	uint64_t nsec; /* since 1970 */
	const void *bytes; /* `captured` bytes, of `size` on the wire */
	size_t captured, size;
	const char *const *comments; /* ends with NULL; NULL: none */
};

void pcapng_add_packet(FILE *out, const struct pcapng_packet *packet);
