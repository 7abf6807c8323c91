/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes two segments of two runs the same one. */
#include "compare-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

/* What may be sent beyond all that the wire saw: a window's size, where a host
 * was unplugged and lost it. Numbers beyond that were never meant for this
 * connection: those of an older one, or of a stranger. */
enum { BEYOND = 1 << 20 };

struct direction {
	int64_t reached; /* what comes next, as far as it was sent */
};

struct reader {
	const struct ladder *ladder;
	struct direction (*directions)[2]; /* of each connection */
	uint64_t key;
};

const char *compare_host_name(const struct ladder *ladder, int host)
{
	return host >= 0 ? ladder->hosts[host].name : "wire";
}

/* --- the key: FNV-1a, 64 bits --------------------------------------------- */

static void put_bytes(struct reader *reader, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		reader->key ^= (unsigned char)bytes[i];
		reader->key *= 0x100000001b3;
	}
}

/* With its end, so that "ab" and "c" are not "a" and "bc". */
static void put(struct reader *reader, const char *text)
{
	put_bytes(reader, text, strlen(text) + 1);
}

/* --- numbers -------------------------------------------------------------- */

/* The number near `reached` whose lower half this is; -1: nobody got there. */
static int64_t place_of(const struct direction *direction, uint32_t number)
{
	int64_t place = direction->reached +
			(int32_t)(number - (uint32_t)direction->reached);

	return place >= 0 && place <= direction->reached + BEYOND ? place : -1;
}

static void put_number(struct reader *reader, const struct direction *direction,
		       uint32_t number)
{
	char text[24] = "*";

	if (place_of(direction, number) >= 0)
		snprintf(text, sizeof(text), "%u", number);
	put(reader, text);
}

/* Which way it goes: whatever made it, its receiver says. */
static size_t direction_of(const struct ladder *ladder,
			   const struct ladder_row *row)
{
	const struct ladder_connection *connection =
		&ladder->connections[row->connection];
	int to = ladder_receiver(row);

	return row->host == connection->server ||
	       (row->host != connection->client && to == connection->client);
}

static void move_on(struct direction *direction, const char *flags,
		    uint32_t first, uint32_t length)
{
	int64_t place = place_of(direction, first);
	size_t n = strcspn(flags, " ");

	if (place < 0)
		return;
	place += length + (memchr(flags, 'S', n) != NULL) +
		 (memchr(flags, 'F', n) != NULL);
	direction->reached = MAX(direction->reached, place);
}

/* "P. 1:101(100) ack 1 <sack 1:3,5:7>", behind the first numbers: each number
 * there is the other direction's. */
static void put_rest(struct reader *reader, const struct direction *peer,
		     const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "0123456789");

		put_bytes(reader, text, n);
		text += n;
		if (!*text)
			break;
		put_number(
			reader, peer,
			(uint32_t)strtoul(text, (char **)(uintptr_t)&text, 10));
	}
}

static void put_segment(struct reader *reader, const struct ladder_row *row)
{
	struct direction *directions = reader->directions[row->connection];
	size_t own = direction_of(reader->ladder, row);
	uint32_t first, next, length;
	char flags[16];
	int end = 0;

	/* What is written in another way is compared as it is written. */
	if (sscanf(row->text, "%15s %u:%u(%u)%n", flags, &first, &next, &length,
		   &end) != 4 ||
	    !end) {
		put(reader, row->text);
		return;
	}
	put(reader, flags);
	put_number(reader, &directions[own], first);
	put_bytes(reader, (const char *)&length, sizeof(length));
	put_rest(reader, &directions[!own], row->text + end);
	move_on(&directions[own], flags, first, length);
}

/* --- all ------------------------------------------------------------------ */

static uint64_t key_of(struct reader *reader, const struct ladder_row *row)
{
	int to = ladder_receiver(row);

	reader->key = 0xcbf29ce484222325;
	put(reader, compare_host_name(reader->ladder, row->host));
	put(reader, compare_host_name(reader->ladder, to));
	put(reader, row->end ? row->end : "");
	if (row->connection >= 0)
		put_segment(reader, row);
	else
		put(reader, row->text);
	return reader->key;
}

int compare_keys(struct compare_segment *segments, size_t n,
		 const struct ladder *ladder)
{
	struct reader reader = {
		.ladder = ladder,
		.directions = calloc(ladder->n_connections + 1,
				     sizeof(*reader.directions)),
	};

	if (!reader.directions)
		return error_origin(-ENOMEM, "comparison");
	for (size_t i = 0; i < n; i++)
		segments[i].key = key_of(&reader, segments[i].row);
	free(reader.directions);
	return 0;
}
