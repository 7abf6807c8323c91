/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of the path between a host and the rest: a queue, a line with a
 * rate, and a delay. A frame that enters the link waits until the frames before
 * it have been transmitted, is transmitted, and travels for the delay; on the
 * way it may be lost, damaged, or overtaken.
 *
 * A frame is never early: it arrives after size / rate + delay or later. Frames
 * keep their order, except those that are overtaken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"

enum { WIRE_LINK_QUEUE = 1000 }; /* as txqueuelen of a network card */

struct wire_link_settings {
	nsec_t delay;
	nsec_t jitter; /* further delay, 0 to this, uniform */
	uint64_t rate; /* bits per second; 0: unlimited */
	unsigned int queue; /* frames that wait for the line; 0: the default */
	double loss, corruption, reordering; /* shares of the frames: 0 .. 1 */
};

struct wire_link {
	struct wire_link_settings settings;
	uint64_t random; /* state of the generator; not 0 */
	nsec_t last; /* arrival of the last frame that keeps the order */
	/* When the line has transmitted the frames that wait, in order: a ring
	 * of as many as may wait, and the one that is being transmitted. */
	nsec_t *ends;
	size_t capacity, first, n;
};

/* What happens to a frame. */
struct wire_passage {
	nsec_t arrives;
	bool lost; /* at random; the rest does not count */
	bool overflows; /* the queue is full; likewise */
	bool corrupt;
	bool overtaken; /* by the next frame of the link */
};

/* The state of the generator for a seed. */
uint64_t wire_link_seed(uint64_t seed);

/* `seed` determines what is lost, damaged, overtaken, and how late; two links
 * with the same seed make the same choices. */
void wire_link_init(struct wire_link *link, uint64_t seed);
void wire_link_deinit(struct wire_link *link);

/* From the next frame on. -ENOMEM: the settings stay. */
int wire_link_set(struct wire_link *link,
		  const struct wire_link_settings *settings);

/* A frame that enters at this time would arrive at the same time, for certain.
 */
bool wire_link_is_clear(const struct wire_link *link, nsec_t at);

/* A frame of `size` bytes enters at the time `at`. One that enters earlier than
 * the frame before it waits behind that one all the same. */
struct wire_passage wire_link_pass(struct wire_link *link, size_t size,
				   nsec_t at);
