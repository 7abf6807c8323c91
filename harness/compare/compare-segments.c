/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame records become segments: all records with one packet number are one
 * segment, except that a packet that the wire released or duplicated is a
 * segment of its own. Each segment gets a key, a hash of what identifies it, and
 * align() finds the longest common sequence of keys. Three corrections follow:
 *
 * 1. slide: several transmissions of a segment have the same key, and align()
 *    cannot distinguish them. The intervals between them show which one the
 *    other run lacks.
 * 2. join: two segments of different senders that changed places are the same.
 * 3. unseen: what one run has behind the end of the other one is no difference.
 */
#include "compare-segments.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "frame.h"
#include "journal.h"
#include "macro.h"

enum {
	SLIDE_MAX = 64, /* steps that a gap is moved */
	SWAP_REACH = 16, /* steps between two segments that changed places */
	FRAME_MAX = 1 << 17, /* bytes; a bulk frame has 64 KiB */
	/* A host may send a window beyond what the wire saw of it, while it is
	 * unplugged. A sequence number farther ahead is one of another
	 * connection. */
	BEYOND = 1 << 20,
};

/* The difference between the clocks of two runs that ended at the same place. */
static const double instant = 0.001;

/* --- keys ----------------------------------------------------------------- */

struct keys {
	/* The next sequence number of each direction of each connection, as far
	 * as the wire saw it. [0] of the client. */
	int64_t (*next)[2];
	uint8_t *bytes; /* FRAME_MAX, zero behind JOURNAL_BYTES */
	uint64_t key;
};

/* FNV-1a, 64 bits. */
static void put_bytes(struct keys *keys, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++) {
		keys->key ^= at[i];
		keys->key *= 0x100000001b3;
	}
}

/* With its NUL, so that "ab", "c" and "a", "bc" differ. */
static void put_text(struct keys *keys, const char *text)
{
	put_bytes(keys, text, strlen(text) + 1);
}

static void put_integer(struct keys *keys, int64_t number)
{
	put_bytes(keys, &number, sizeof(number));
}

/* The 64-bit sequence number near `next` with these lower 32 bits; -1 for one
 * that was never reached: it belongs to another connection. */
static int64_t unwrap(int64_t next, json_int_t number)
{
	int64_t place = next + (int32_t)((uint32_t)number - (uint32_t)next);

	return place >= 0 && place <= next + BEYOND ? place : -1;
}

static void put_number(struct keys *keys, int64_t next, json_int_t number)
{
	put_integer(keys, unwrap(next, number) < 0 ? -1 : number);
}

/*
 * The journal has no SACK blocks, but the bytes of their option. They are made
 * relative with the same base as the acknowledgement number, which the journal
 * has both ways.
 */
static void put_sacks(struct keys *keys, const json_t *record, int64_t next,
		      json_int_t ack)
{
	size_t size = (size_t)MAX(journal_integer(record, "size"), 0);
	size_t n = journal_bytes(record, keys->bytes, JOURNAL_BYTES);
	struct frame frame;

	memset(keys->bytes + n, 0, JOURNAL_BYTES - n);
	if (size > FRAME_MAX ||
	    frame_decode(&frame, keys->bytes, MAX(size, n)) < 0 ||
	    frame.kind != FRAME_TCP)
		return;
	for (size_t i = 0; i < frame.tcp.n_sacks; i++) {
		uint32_t base = frame.tcp.ack - (uint32_t)ack;

		put_number(keys, next, frame.tcp.sacks[i].left - base);
		put_number(keys, next, frame.tcp.sacks[i].right - base);
	}
}

static void put_tcp(struct keys *keys, const struct compare_segment *segment)
{
	const json_t *record = segment->record;
	bool client = journal_is_true(record, "from_client");
	int64_t *next = keys->next[segment->connection];
	int64_t *own = &next[!client], peer = next[client];
	json_int_t flags = journal_integer(record, "flags");
	json_int_t length = journal_integer(record, "len"), seq, ack;
	bool has_ack = journal_get_integer(record, "ack", &ack);

	put_integer(keys, client);
	put_integer(keys, flags);
	put_integer(keys, length);
	put_integer(keys, journal_integer(record, "transmission") > 1);
	if (journal_get_integer(record, "seq", &seq)) {
		int64_t place = unwrap(*own, seq);

		put_number(keys, *own, seq);
		if (place >= 0)
			*own = MAX(*own, place + length +
						 !!(flags & SEGMENT_SYN) +
						 !!(flags & SEGMENT_FIN));
	}
	if (has_ack) {
		put_number(keys, peer, ack);
		put_sacks(keys, record, peer, ack);
	}
}

static void set_key(struct keys *keys, struct compare_segment *segment)
{
	keys->key = 0xcbf29ce484222325;
	put_text(keys, segment->from);
	put_text(keys, segment->to);
	put_text(keys, segment->fate);
	if (segment->connection && json_object_get(segment->record, "flags"))
		put_tcp(keys, segment);
	else
		put_text(keys, journal_text(segment->record, "text"));
	segment->key = keys->key;
}

static int set_keys(struct compare_segment *segments, size_t n)
{
	struct keys keys = { .bytes = calloc(1, FRAME_MAX) };
	json_int_t last = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		last = MAX(last, segments[i].connection);
	keys.next = calloc((size_t)last + 1, sizeof(*keys.next));
	if (keys.bytes && keys.next)
		for (size_t i = 0; i < n; i++)
			set_key(&keys, &segments[i]);
	else
		r = error_origin(-ENOMEM, "comparison");
	free(keys.next);
	free(keys.bytes);
	return r;
}

/* --- segments ------------------------------------------------------------- */

struct gathering {
	struct compare_segment *all;
	size_t n;
	size_t *of_packet; /* index + 1 of the packet's last segment; 0: none */
	size_t n_packets; /* at most: the number of records */
	double zero;
};

/* Released and duplicated packets leave the wire a second time. */
static bool starts_segment(const char *fate)
{
	return strcmp(fate, "released") == 0 || strcmp(fate, "duplicated") == 0;
}

static double seconds_of(const json_t *record, const char *name)
{
	return json_number_value(json_object_get(record, name));
}

/* A host's name is that of the packet's origin; the wire has none. */
static void add_segment(struct gathering *gathering, const json_t *record,
			size_t packet)
{
	struct compare_segment *segment = &gathering->all[gathering->n++];
	json_int_t connection = journal_integer(record, "connection");
	const char *origin = journal_text(record, "origin");

	*segment = (struct compare_segment){
		.record = record,
		.from = *origin ? origin : "wire",
		.fate = "forwarded",
		.t = seconds_of(record, "t") - gathering->zero,
	};
	/* There are not more connections than records. */
	if (connection > 0 && (size_t)connection <= gathering->n_packets)
		segment->connection = connection;
	if (packet)
		gathering->of_packet[packet] = gathering->n;
}

/* A ghost was sent by the kernel of a crashed host: no real wire carries it. */
static void add_frame(struct gathering *gathering, const json_t *record)
{
	const char *fate = journal_text(record, "fate");
	json_int_t number = journal_integer(record, "packet");
	size_t packet = number > 0 && (size_t)number <= gathering->n_packets ?
				(size_t)number :
				0;
	struct compare_segment *segment;
	double left = seconds_of(record, "left");

	if (strcmp(fate, "ghost") == 0)
		return;
	if (!packet || !gathering->of_packet[packet] || starts_segment(fate))
		add_segment(gathering, record, packet);
	segment = packet ?
			  &gathering->all[gathering->of_packet[packet] - 1] :
			  &gathering->all[gathering->n - 1];
	segment->to = journal_text(record, "to");
	segment->until = MAX(seconds_of(record, "t"), left) - gathering->zero;
	if (strcmp(fate, "forwarded") != 0)
		segment->fate = fate;
	/* Its second record, when it leaves, clears this. */
	segment->is_delayed = strcmp(fate, "delayed") == 0 && left <= 0;
}

static int gather(struct compare_segments *segments, size_t side,
		  const struct result *result)
{
	size_t n = json_array_size(result->journal), i, kept = 0;
	struct gathering gathering = {
		.all = calloc(n + 1, sizeof(*gathering.all)),
		.of_packet = calloc(n + 1, sizeof(*gathering.of_packet)),
		.n_packets = n,
		.zero = result->zero,
	};
	json_t *record;
	int r = 0;

	segments->all[side] = gathering.all;
	if (!gathering.all || !gathering.of_packet)
		r = error_origin(-ENOMEM, "comparison");
	json_array_foreach (result->journal, i, record) {
		if (r >= 0 && journal_is(record, "frame"))
			add_frame(&gathering, record);
		else if (journal_is(record, "note") &&
			 json_object_get(record, "frames"))
			segments->only_counted = true;
	}
	for (i = 0; i < gathering.n; i++)
		if (!gathering.all[i].is_delayed)
			gathering.all[kept++] = gathering.all[i];
	segments->n[side] = kept;
	free(gathering.of_packet);
	if (r >= 0)
		r = set_keys(gathering.all, kept);
	return error_trace(r);
}

/* --- steps ---------------------------------------------------------------- */

static bool is_alone(const struct align_step *step)
{
	return step->a < 0 || step->b < 0;
}

static int *place_of(struct align_step *step, size_t side)
{
	return side == COMPARE_A ? &step->a : &step->b;
}

/* The segment of this step; NULL where that side has none. */
static const struct compare_segment *
segment_at(const struct compare_segments *segments, size_t step, size_t side)
{
	int place = *place_of(&segments->steps[step], side);

	return place < 0 ? NULL : &segments->all[side][place];
}

static uint64_t *keys_of(const struct compare_segments *segments, size_t side)
{
	uint64_t *keys = calloc(segments->n[side] + 1, sizeof(*keys));

	for (size_t i = 0; keys && i < segments->n[side]; i++)
		keys[i] = segments->all[side][i].key;
	return keys;
}

static int align_keys(struct compare_segments *segments)
{
	uint64_t *a = keys_of(segments, COMPARE_A);
	uint64_t *b = keys_of(segments, COMPARE_B);
	int r = a && b ? align(&segments->steps, &segments->n_steps, a,
			       segments->n[COMPARE_A], b,
			       segments->n[COMPARE_B]) :
			 error_origin(-ENOMEM, "comparison");

	free(a);
	free(b);
	return error_trace(r);
}

/* --- 1. sliding gaps ------------------------------------------------------ */

/*
 * A gap is a sequence of steps that only one side has. Of "D D D D" and "D D D"
 * it may be any of the four. When the tail loss probe after 0.2 s is missing,
 * the intervals of both sides agree only if the gap is there.
 */
struct gap {
	struct compare_segments *segments;
	size_t side; /* that has these steps */
	size_t first, n;
};

/* How far the gap can move up: as long as the segment that enters at its top has
 * the key of the one that leaves at its bottom. */
static size_t gap_room(const struct gap *gap)
{
	size_t max = MIN(gap->first, (size_t)SLIDE_MAX), room = 0;
	size_t last = gap->first + gap->n - 1;

	while (room < max) {
		size_t above = gap->first - room - 1;

		if (is_alone(&gap->segments->steps[above]) ||
		    segment_at(gap->segments, above, gap->side)->key !=
			    segment_at(gap->segments, last - room, gap->side)
				    ->key)
			break;
		room++;
	}
	return room;
}

/*
 * How much the intervals between segments differ when the gap is moved up by
 * `up`: the sum from step `from` to the first common one behind the gap.
 * Intervals, and not times: an RTO that differs shifts all later segments.
 */
static double gap_disagreement(const struct gap *gap, size_t from, size_t up)
{
	const struct compare_segments *segments = gap->segments;
	const struct compare_segment *own = NULL, *other = NULL;
	double sum = 0, distance = 0;

	if (from) {
		own = segment_at(segments, from - 1, gap->side);
		other = segment_at(segments, from - 1, !gap->side);
		distance = own->t - other->t;
	}
	for (size_t i = from; i <= gap->first; i++) {
		bool behind = i >= gap->first - up;
		size_t own_step = behind ? i + gap->n : i;
		size_t other_step = i < gap->first ? i : own_step;

		if (own_step >= segments->n_steps ||
		    (i == gap->first &&
		     is_alone(&segments->steps[own_step])))
			break;
		own = segment_at(segments, own_step, gap->side);
		other = segment_at(segments, other_step, !gap->side);
		if (i)
			sum += fabs(own->t - other->t - distance);
		distance = own->t - other->t;
	}
	return sum;
}

static void gap_move(const struct gap *gap, size_t up)
{
	struct align_step *steps = gap->segments->steps;

	for (size_t i = gap->first; i > gap->first - up; i--) {
		*place_of(&steps[i - 1 + gap->n], !gap->side) =
			*place_of(&steps[i - 1], !gap->side);
		*place_of(&steps[i - 1], !gap->side) = ALIGN_NONE;
	}
}

static void gap_slide(const struct gap *gap)
{
	size_t room = gap_room(gap), best = 0, from = gap->first - room;
	double least;

	/* Directly behind another gap there is no interval to compare. */
	if (from && is_alone(&gap->segments->steps[from - 1]))
		return;
	least = gap_disagreement(gap, from, 0);
	for (size_t up = 1; up <= room; up++) {
		double sum = gap_disagreement(gap, from, up);

		if (sum < least) {
			least = sum;
			best = up;
		}
	}
	gap_move(gap, best);
}

/* A gap with steps of both sides stays. */
static void slide_gaps(struct compare_segments *segments)
{
	for (size_t i = 0; i < segments->n_steps;) {
		struct gap gap = { .segments = segments, .first = i };
		bool both = false;

		gap.side = segments->steps[i].b < 0 ? COMPARE_A : COMPARE_B;
		for (; i < segments->n_steps && is_alone(&segments->steps[i]);
		     i++)
			both |= !segment_at(segments, i, gap.side);
		gap.n = i - gap.first;
		if (gap.n && !both)
			gap_slide(&gap);
		i += !gap.n;
	}
}

/* --- 2. segments that changed places -------------------------------------- */

/* Between the two are only segments of other senders or connections, and all are
 * of the same moment. */
static bool may_swap(const struct compare_segments *segments, size_t from,
		     size_t to, const struct compare_segment *const own[])
{
	for (size_t i = MIN(from, to) + 1; i < MAX(from, to); i++)
		for (size_t side = 0; side < COMPARE_SIDES; side++) {
			const struct compare_segment *other =
				segment_at(segments, i, side);

			if (!other)
				continue;
			if (strcmp(other->from, own[side]->from) == 0 &&
			    other->connection == own[side]->connection)
				return false;
			if (fabs(other->t - own[side]->t) > COMPARE_SLACK)
				return false;
		}
	return true;
}

/* The step where B alone has the segment that A alone has in step `at`; n_steps:
 * none. */
static size_t find_swapped(const struct compare_segments *segments, size_t at)
{
	const struct compare_segment *own[COMPARE_SIDES] = {
		segment_at(segments, at, COMPARE_A),
	};
	size_t first = at > SWAP_REACH ? at - SWAP_REACH : 0;
	size_t last = MIN(at + SWAP_REACH + 1, segments->n_steps);

	assert(own[COMPARE_A]);
	for (size_t i = first; i < last; i++) {
		own[COMPARE_B] = segment_at(segments, i, COMPARE_B);
		if (segments->steps[i].a < 0 && own[COMPARE_B] &&
		    own[COMPARE_A]->key == own[COMPARE_B]->key &&
		    may_swap(segments, at, i, own))
			return i;
	}
	return segments->n_steps;
}

static void join_swapped(struct compare_segments *segments)
{
	struct align_step *steps = segments->steps;

	for (size_t i = 0; i < segments->n_steps; i++) {
		size_t other;

		if (steps[i].b >= 0)
			continue;
		other = find_swapped(segments, i);
		if (other == segments->n_steps)
			continue;
		steps[i].b = steps[other].b;
		segments->n_steps--;
		memmove(&steps[other], &steps[other + 1],
			(segments->n_steps - other) * sizeof(*steps));
		i -= other < i;
	}
}

/* --- 3. segments behind the end of one run -------------------------------- */

static double end_of(const struct result *result)
{
	const json_t *last =
		json_array_get(result->journal,
			       json_array_size(result->journal) - 1);

	return seconds_of(last, "t") - result->zero;
}

/* The only side with segments from this step to the end; COMPARE_SIDES: none. */
static size_t only_side(const struct compare_segments *segments, size_t from)
{
	size_t side = segments->steps[from].b < 0 ? COMPARE_A : COMPARE_B;

	for (size_t i = from; i < segments->n_steps; i++)
		if (segment_at(segments, i, !side))
			return COMPARE_SIDES;
	return side;
}

/* Seconds since the last common segment, or since the start: both runs may have
 * taken a different time to get there. */
static double since_common(const struct compare_segments *segments, size_t from,
			   size_t side, double t)
{
	return from ? t - segment_at(segments, from - 1, side)->t : t;
}

/* A pure ACK may come at once or up to 40 ms later (TCP_DELACK_MIN), which
 * depends on whether the receiver is in "pingpong" mode. */
static bool may_be_delayed_ack(const struct compare_segment *segment)
{
	return journal_integer(segment->record, "flags") == SEGMENT_ACK &&
	       !journal_integer(segment->record, "len");
}

/* Whether the other run ended before it could record the segment of this step. */
static bool is_unseen(const struct compare_segments *segments,
		      const struct result *const results[], size_t from,
		      size_t at, size_t side)
{
	const struct compare_segment *segment =
		segment_at(segments, at, side);
	double other_end = since_common(segments, from, !side,
					end_of(results[!side]));
	double received = since_common(segments, from, side, segment->until);

	if (end_of(results[side]) - segment->t > COMPARE_SLACK)
		return false;
	if (may_be_delayed_ack(segment))
		return other_end <= COMPARE_SLACK;
	return other_end <= received + instant &&
	       other_end >= received - COMPARE_SLACK;
}

static void find_unseen(struct compare_segments *segments,
			const struct result *const results[])
{
	size_t from = segments->n_steps, side;

	while (from > 0 && is_alone(&segments->steps[from - 1]))
		from--;
	if (from == segments->n_steps)
		return;
	side = only_side(segments, from);
	for (size_t i = from; i < segments->n_steps; i++)
		if (side == COMPARE_SIDES ||
		    !is_unseen(segments, results, from, i, side))
			return;
	segments->n_unseen = segments->n_steps - from;
}

/* --- all ------------------------------------------------------------------ */

static void find_parting(struct compare_segments *segments)
{
	size_t n = segments->n_steps - segments->n_unseen;

	segments->parts_at = segments->n_steps;
	for (size_t i = n; i > 0; i--) {
		const struct align_step *step = &segments->steps[i - 1];

		if (!is_alone(step))
			continue;
		segments->alone[step->a < 0 ? COMPARE_B : COMPARE_A]++;
		segments->parts_at = i - 1;
	}
}

int compare_segments_init(struct compare_segments *segments,
			  const struct result *const results[COMPARE_SIDES])
{
	int r;

	*segments = (struct compare_segments){ .steps = NULL };
	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		r = gather(segments, side, results[side]);
		if (r < 0)
			return error_trace(r);
	}
	if (segments->only_counted)
		return 0;
	r = align_keys(segments);
	if (r < 0)
		return error_trace(r);
	slide_gaps(segments);
	join_swapped(segments);
	find_unseen(segments, results);
	find_parting(segments);
	return 0;
}

void compare_segments_deinit(struct compare_segments *segments)
{
	free(segments->all[COMPARE_A]);
	free(segments->all[COMPARE_B]);
	free(segments->steps);
}
