/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a journal as a pcapng file, written record by record: an
 * interface for each host, a packet for each frame record. Packets that the wire
 * did not simply forward have a comment that says what it did; a fault is a
 * comment on the packet that follows it.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "journal.h"

struct capture;

/* Begins the file. `out` stays the caller's; ferror() tells of failed writes.
 * -ENOMEM. */
int capture_new(struct capture **ret, FILE *out);
struct capture *capture_free(struct capture *capture);

/* The next record. Records that lack members are left out. */
void capture_add(struct capture *capture, const json_t *record);
/* The same for a frame whose record was not parsed. */
void capture_add_frame(struct capture *capture,
		       const struct journal_packet *frame);
