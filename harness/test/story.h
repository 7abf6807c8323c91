/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short runs with real frames, for the tests of comparisons. */
#pragma once

#include <stdint.h>

#include "compare.h"

/* A story that is told with its own numbers, at its own time. */
struct story {
	struct result *result;
	double begin;
	uint32_t isns[2];
	uint16_t port;
};

enum { STORY_CLIENT, STORY_SERVER };

struct story story_begin(double at, uint32_t isn);

/* `seq` and `ack` count from 0 at each end's SYN; `flags` are SEGMENT_…. */
void story_segment(struct story *story, double t, int from, uint8_t flags,
		   uint32_t seq, uint32_t ack, uint32_t length,
		   const char *fate);

/* The client's SYN to its ACK; 100 bytes of the client's; their ACK. */
void story_handshake(struct story *story);
void story_data(struct story *story, double t, const char *fate);
void story_ack(struct story *story, double t);

/* The verdict, at that time. */
void story_end(struct story *story, double t);

struct comparison *story_compare(struct story *a, struct story *b);

/* Frees all three. */
void story_done(struct comparison *comparison, struct story *a,
		struct story *b);

void story_assert_same(struct story *a, struct story *b);
