/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the wire remembers of each TCP connection that passes: initial sequence
 * numbers, and how far each side has sent. From that it can tell a first
 * transmission from a retransmission, and a keepalive probe from an ACK.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

struct flows;

int flows_new(struct flows **ret);
struct flows *flows_free(struct flows *flows);

/*
 * Takes note of a frame in a network (a segment that a router sends on is no
 * retransmission there). Returns its kinds (enum wire_kind) and the base for
 * relative numbers.
 */
unsigned int flows_see(struct flows *flows, unsigned int network,
		       const struct frame *frame, struct segment_base *ret_base);

/* The same for a frame that is nobody's: nothing was sent before it, and it is
 * not remembered. */
unsigned int flows_see_alone(struct flows *flows, unsigned int network,
			     const struct frame *frame,
			     struct segment_base *ret_base);
