/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue is a ring of the times at which the line will have transmitted its
 * frames. A frame that enters removes those that have passed; it begins when
 * the last one ends.
 */
#include "wire-link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

/* splitmix64 spreads neighbouring seeds; its result is not 0. */
uint64_t wire_link_seed(uint64_t seed)
{
	uint64_t x = seed + UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (x ^ x >> 31) | 1;
}

void wire_link_init(struct wire_link *link, uint64_t seed)
{
	*link = (struct wire_link){ .random = wire_link_seed(seed) };
}

void wire_link_deinit(struct wire_link *link)
{
	free(link->ends);
	link->ends = NULL;
}

/* 0 <= x < 1 (xorshift64*). */
static double random_number(struct wire_link *link)
{
	uint64_t x = link->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	link->random = x;
	return (double)(x * UINT64_C(0x2545f4914f6cdd1d) >> 11) /
	       (double)(UINT64_C(1) << 53);
}

/* A share of 0 takes no number, so that it changes no other choice. */
static bool is_chosen(struct wire_link *link, double share)
{
	return share > 0 && random_number(link) < share;
}

/* Keeps what waits, also when it is more than may wait now. */
int wire_link_set(struct wire_link *link,
		  const struct wire_link_settings *settings)
{
	unsigned int queue = settings->queue ? settings->queue :
					       WIRE_LINK_QUEUE;
	size_t capacity = MAX((size_t)queue + 1, link->n);
	nsec_t *ends;

	if (settings->rate && capacity > link->capacity) {
		ends = calloc(capacity, sizeof(*ends));
		if (!ends)
			return error_origin(-ENOMEM, "queue of a link");
		for (size_t i = 0; i < link->n; i++)
			ends[i] =
				link->ends[(link->first + i) % link->capacity];
		free(link->ends);
		link->ends = ends;
		link->capacity = capacity;
		link->first = 0;
	}
	link->settings = *settings;
	link->settings.queue = queue;
	return 0;
}

bool wire_link_is_clear(const struct wire_link *link, nsec_t at)
{
	const struct wire_link_settings *s = &link->settings;

	return link->last <= at && !s->delay && !s->jitter && !s->rate &&
	       s->loss <= 0 && s->corruption <= 0 && s->reordering <= 0;
}

/* When the line has transmitted the frame; NSEC_NEVER: the queue is full. Of
 * the frames in the ring, the first is on the line and does not wait. */
static nsec_t transmit(struct wire_link *link, size_t size, nsec_t at)
{
	const struct wire_link_settings *s = &link->settings;
	nsec_t begin = at, end;

	while (link->n && link->ends[link->first] <= at) {
		link->first = (link->first + 1) % link->capacity;
		link->n--;
	}
	if (!s->rate)
		return at;
	if (link->n > s->queue)
		return NSEC_NEVER;
	if (link->n)
		begin = link->ends[(link->first + link->n - 1) %
				   link->capacity];
	/* Rounded up: never early. */
	end = begin +
	      (nsec_t)(((uint64_t)size * 8 * NSEC_PER_SEC + s->rate - 1) /
		       s->rate);
	link->ends[(link->first + link->n++) % link->capacity] = end;
	return end;
}

struct wire_passage wire_link_pass(struct wire_link *link, size_t size,
				   nsec_t at)
{
	const struct wire_link_settings *s = &link->settings;
	struct wire_passage passage = { .arrives = at };
	nsec_t sent;

	if (wire_link_is_clear(link, at))
		return passage;
	sent = transmit(link, size, at);
	if (sent == NSEC_NEVER) {
		passage.overflows = true;
		return passage;
	}
	/* Lost behind the line: the frame has used its time. */
	passage.lost = is_chosen(link, s->loss);
	if (passage.lost)
		return passage;
	passage.corrupt = is_chosen(link, s->corruption);
	passage.overtaken = is_chosen(link, s->reordering);
	passage.arrives = sent + s->delay;
	if (s->jitter)
		passage.arrives +=
			(nsec_t)(random_number(link) * (double)s->jitter);
	if (passage.overtaken)
		return passage;
	passage.arrives = MAX(passage.arrives, link->last);
	link->last = passage.arrives;
	return passage;
}
