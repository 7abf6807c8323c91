/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of a journal as a pcapng file: an interface for each host's cable,
 * a packet for each frame record. Packets that the wire did not simply forward
 * have a comment that says what it did; a fault is a comment on the packet that
 * follows it.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* -EIO when `out` has failed; -ENOMEM. Records that lack members are left out. */
int capture_write(FILE *out, const json_t *journal);
