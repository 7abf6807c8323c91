/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's frames as a capture, from its journal alone: an interface for each
 * host's cable, a packet where the wire saw it, and a comment on whatever the
 * wire did but pass it on, and on faults (at the packet that follows).
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* -EIO for a file that takes no more. A record without what its type needs is
 * left out. */
int capture_write(FILE *out, const json_t *journal);
