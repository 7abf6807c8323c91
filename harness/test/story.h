/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short runs of one connection with real frames, for the tests of compare. */
#pragma once

#include <stdint.h>

#include "compare.h"

/* Initial sequence numbers, client port and times differ between two stories. */
struct story {
	struct result *result;
	double begin; /* of the connection, in seconds of the journal */
	uint32_t isns[2];
	uint16_t port; /* of the client */
	unsigned int packets, data; /* frames, and data segments, so far */
	uint32_t sack[2]; /* relative edges of a SACK block of the next frames */
};

enum { STORY_CLIENT, STORY_SERVER };

struct story story_begin(double at, uint32_t isn);

/* `seq` and `ack` are relative to the ISNs; `flags` are SEGMENT_…; `fate` is the
 * journal's. */
void story_segment(struct story *story, double t, int from, uint8_t flags,
		   uint32_t seq, uint32_t ack, uint32_t length,
		   const char *fate);

/* SYN, SYN-ACK and ACK. */
void story_handshake(struct story *story);
/* 100 bytes of the client; every further call is a retransmission. */
void story_data(struct story *story, double t, const char *fate);
/* The ACK of these bytes. */
void story_ack(struct story *story, double t);

/* The verdict PASS, at that time. */
void story_end(struct story *story, double t);

struct comparison *story_compare(struct story *a, struct story *b);

/* Frees the comparison and both results. */
void story_done(struct comparison *comparison, struct story *a,
		struct story *b);

/* Asserts that there is no difference, and frees both results. */
void story_assert_same(struct story *a, struct story *b);
