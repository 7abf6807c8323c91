/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture as Wireshark and its kin read it: several interfaces in one file,
 * nanoseconds, and a comment on any packet (draft-ietf-opsawg-pcapng). Ethernet
 * only. What could not be written is found by ferror() of the file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The section header: once, first. */
void pcapng_begin(FILE *out, const char *application);

/* Interfaces count from 0, in the order in which they are told. */
void pcapng_add_interface(FILE *out, const char *name);

struct pcapng_packet {
	unsigned int interface;
	uint64_t nsec; /* since 1970 */
	const void *bytes; /* `captured` of them, of `size` on the wire */
	size_t captured, size;
	const char *const *comments; /* end: NULL; or NULL */
};

void pcapng_add_packet(FILE *out, const struct pcapng_packet *packet);
