/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding. A transfer of a megabyte is a thousand rows that look alike, and
 * fifty thousand segments cannot be drawn at all. So stretches of rows without
 * anything remarkable become one row that counts them. What is remarkable
 * depends on the number of rows: `levels` lists ever coarser rules, and the first
 * one that leaves few enough rows is applied. Losses and faults disappear last.
 */
#include "ladder-fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "ladder-rows.h"
#include "macro.h"
#include "message.h"
#include "segment.h"

/* The shortest silence that has a row, in seconds. */
static const double shortest_silence = 0.1;

/* A transit that is longer than this can have a row for its arrival: one with a
 * delay that the wire added, and one without, which a busy machine prolongs. */
static const double long_delay = 1e-3, long_transit = 50e-3;

/*
 * A frame's departure has the kernel's timestamp, its arrival is read from the
 * wire's own clock after sendto(): an answer can leave up to this many seconds
 * before the recorded arrival of the segment that it answers.
 */
static const double clock_difference = 200e-6;

/* --- calls that return at once -------------------------------------------- */

/* "connect(10.0.0.2:7777)" and then "connect() = 0", with no row between. */
static bool is_result_of(const struct ladder_row *call,
			 const struct ladder_row *result)
{
	return call->kind == LADDER_CALL && result->kind == LADDER_CALL &&
	       call->host == result->host && call->socket == result->socket &&
	       call->call && call->call == result->call && !call->posted &&
	       !call->returned && result->returned;
}

static int join(struct ladder_row *call, const struct ladder_row *result)
{
	/* A result is "CALL() = VALUE". */
	const char *value =
		result->text + MIN(strlen(result->call) + strlen("()"),
				   strlen(result->text));
	size_t length = strlen(call->text);
	char *joined = realloc(call->text, length + strlen(value) + 1);

	if (!joined)
		return error_origin(-ENOMEM, "ladder");
	memcpy(joined + length, value, strlen(value) + 1);
	call->text = joined;
	call->failed = result->failed;
	call->until = result->t;
	call->connection = result->connection;
	return 0;
}

int ladder_join_calls(struct ladder *ladder)
{
	bool *removed = calloc(ladder->n_rows + 1, sizeof(*removed));
	int r = removed ? 0 : error_origin(-ENOMEM, "ladder");

	for (size_t i = 0; r >= 0 && i + 1 < ladder->n_rows; i++) {
		struct ladder_row *rows = &ladder->rows[i];

		if (removed[i] || !is_result_of(&rows[0], &rows[1]))
			continue;
		r = join(&rows[0], &rows[1]);
		removed[i + 1] = r >= 0;
	}
	if (removed && ladder_remove_rows(ladder, removed) < 0)
		r = -ENOMEM;
	free(removed);
	return error_trace(r);
}

/* --- folding -------------------------------------------------------------- */

/* Which rows count as unremarkable. */
enum plain {
	PLAIN_TRANSFER, /* data, its acknowledgements, send() and recv() */
	PLAIN_SUCCESS, /* also whole connections without failure */
	PLAIN_SEGMENTS, /* also segments of any fate, and states of sockets */
	PLAIN_ALL,
};

static const struct level {
	size_t most_rows; /* the level is enough when so many are left */
	enum plain plain;
	size_t shortest; /* a stretch of more rows than this is folded */
	size_t head, tail; /* rows of the stretch that stay */
	size_t pieces; /* split into at least so many folds, so that their
			  times are seen; 0: one for each stretch */
} levels[] = {
	{ 160, PLAIN_TRANSFER, 24, 6, 6, 0 },
	{ 300, PLAIN_SUCCESS, 12, 4, 4, 0 },
	{ 600, PLAIN_SUCCESS, 3, 1, 1, 0 },
	{ 600, PLAIN_SEGMENTS, 3, 1, 1, 150 },
	{ SIZE_MAX, PLAIN_ALL, 3, 1, 1, 150 },
};

static bool transfers(const struct ladder_row *row)
{
	return row->call && (strcmp(row->call, "send") == 0 ||
			     strcmp(row->call, "recv") == 0);
}

static bool is_plain_segment(const struct ladder_row *row, enum plain plain)
{
	if (plain >= PLAIN_SEGMENTS)
		return true;
	if (row->fate != LADDER_ARRIVES || row->repeated ||
	    row->not_forwarded || row->control || row->flags & SEGMENT_RST)
		return false;
	return row->plain || plain == PLAIN_SUCCESS;
}

static bool is_plain(const struct ladder_row *row, enum plain plain)
{
	switch (row->kind) {
	case LADDER_SEGMENT:
		return is_plain_segment(row, plain);
	case LADDER_CALL:
		if (plain == PLAIN_ALL)
			return true;
		return !row->failed &&
		       (transfers(row) || plain > PLAIN_TRANSFER);
	case LADDER_SOCKET:
		return plain >= PLAIN_SEGMENTS;
	case LADDER_COUNTED:
	case LADDER_FAULT:
	case LADDER_FAILURE:
		return plain == PLAIN_ALL;
	case LADDER_ARRIVAL:
	case LADDER_FOLD:
	case LADDER_QUIET:
		break;
	}
	return false;
}

struct summary {
	size_t segments, repeated, dropped, calls, failed, others;
	double payload; /* bytes */
};

static void add_to_summary(struct summary *summary,
			   const struct ladder_row *row)
{
	if (row->kind == LADDER_SEGMENT) {
		summary->segments += row->segments;
		summary->repeated += row->repeated ? row->segments : 0;
		summary->dropped +=
			row->fate == LADDER_DROPPED ? row->segments : 0;
		summary->payload += row->payload;
	} else if (row->kind == LADDER_CALL) {
		summary->calls++;
		summary->failed += row->failed;
	} else {
		summary->others++;
	}
}

static void print_bytes(FILE *out, double bytes)
{
	if (bytes < 1e4)
		fprintf(out,
			message_plural("%.0f byte", "%.0f bytes",
				       (unsigned long)bytes),
			bytes);
	else if (bytes < 1e6)
		fprintf(out, "%.1f kB", bytes / 1e3);
	else if (bytes < 1e9)
		fprintf(out, "%.1f MB", bytes / 1e6);
	else
		fprintf(out, "%.2f GB", bytes / 1e9);
}

/* "488 segments, 244.0 kB, 3 repeated, 1 dropped; 2 calls and results" */
static char *summary_text(const struct summary *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (s->segments) {
		fprintf(out,
			message_plural("%zu segment, ", "%zu segments, ",
				       s->segments),
			s->segments);
		print_bytes(out, s->payload);
	}
	if (s->repeated)
		fprintf(out, _(", %zu repeated"), s->repeated);
	if (s->dropped)
		fprintf(out, _(", %zu dropped"), s->dropped);
	if (s->calls)
		fprintf(out,
			message_plural("%s%zu call and result",
				       "%s%zu calls and results", s->calls),
			s->segments ? _("; ") : "", s->calls);
	if (s->failed)
		fprintf(out, _(", %zu failed"), s->failed);
	if (s->others)
		fprintf(out,
			message_plural("%s%zu other record",
				       "%s%zu other records", s->others),
			s->segments || s->calls ? _("; ") : "", s->others);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* A silence ends a stretch, except at the coarse levels. */
static bool continues(const struct ladder *ladder, size_t i, enum plain plain)
{
	return is_plain(&ladder->rows[i], plain) &&
	       (plain >= PLAIN_SEGMENTS ||
		ladder->rows[i].t - ladder->rows[i - 1].t < shortest_silence);
}

/* The length of the stretch that begins at row `first`. */
static size_t stretch_length(const struct ladder *ladder, size_t first,
			     const struct level *level)
{
	size_t longest = ladder->n_rows, n = 1;

	if (!is_plain(&ladder->rows[first], level->plain))
		return 0;
	if (level->pieces)
		longest = MAX(longest / level->pieces, level->shortest + 1);
	while (n < longest && first + n < ladder->n_rows &&
	       continues(ladder, first + n, level->plain))
		n++;
	return n;
}

/* How many rows of the stretch become one; 0: none. */
static size_t rows_to_fold(const struct ladder *ladder, size_t first,
			   const struct level *level, size_t *ret_length)
{
	*ret_length = stretch_length(ladder, first, level);
	if (*ret_length <= level->shortest)
		return 0;
	return *ret_length - level->head - level->tail;
}

static size_t rows_left(const struct ladder *ladder, const struct level *level)
{
	size_t left = ladder->n_rows, n;

	for (size_t i = 0; i < ladder->n_rows; i += MAX(n, (size_t)1)) {
		size_t folded = rows_to_fold(ladder, i, level, &n);

		left -= folded ? folded - 1 : 0;
	}
	return left;
}

/* Row `first` and the n - 1 rows after it become one, in the first one's place. */
static int fold_rows(struct ladder *ladder, size_t first, size_t n,
		     bool *removed)
{
	struct ladder_row *rows = ladder->rows;
	struct summary summary = { .segments = 0 };
	struct ladder_row fold = { .kind = LADDER_FOLD,
				   .t = rows[first].t,
				   .until = rows[first + n - 1].t,
				   .host = LADDER_NO_HOST,
				   .connection = LADDER_NONE,
				   .partner = LADDER_NONE };

	for (size_t i = first; i < first + n; i++)
		add_to_summary(&summary, &rows[i]);
	fold.text = summary_text(&summary);
	if (!fold.text)
		return error_origin(-ENOMEM, "ladder");
	for (size_t i = first; i < first + n; i++) {
		removed[i] = i > first;
		/* A held segment whose release is folded, or the reverse. */
		if (rows[i].partner >= 0)
			rows[rows[i].partner].partner = LADDER_NONE;
	}
	ladder->n_folded += n;
	ladder_row_deinit(&rows[first]);
	rows[first] = fold;
	return 0;
}

int ladder_fold(struct ladder *ladder)
{
	const struct level *level = levels;
	bool *removed = calloc(ladder->n_rows + 1, sizeof(*removed));
	int r = removed ? 0 : error_origin(-ENOMEM, "ladder");
	size_t n;

	/* Ends at the last level, which accepts any number. */
	while (rows_left(ladder, level) > level->most_rows)
		level++;
	for (size_t i = 0; r >= 0 && i < ladder->n_rows;
	     i += MAX(n, (size_t)1)) {
		size_t folded = rows_to_fold(ladder, i, level, &n);

		if (folded)
			r = fold_rows(ladder, i + level->head, folded, removed);
	}
	if (removed && ladder_remove_rows(ladder, removed) < 0)
		r = -ENOMEM;
	free(removed);
	return error_trace(r);
}

/* --- arrivals ------------------------------------------------------------- */

struct arrival {
	size_t segment; /* row */
	size_t before; /* row */
	double t;
};

/* The first row that is not earlier than `t`. */
static size_t first_at(const struct ladder *ladder, double t)
{
	size_t low = 0, high = ladder->n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ladder->rows[middle].t < t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Where the arrival of segment i belongs: at its time, but before a segment that
 * its receiver sends within clock_difference, which may be the answer.
 */
static struct arrival arrival_of(const struct ladder *ladder, size_t i)
{
	const struct ladder_row *row = &ladder->rows[i];
	struct arrival arrival = { .segment = i, .t = row->until };
	size_t at = MAX(first_at(ladder, row->until - clock_difference), i + 1);

	while (at < ladder->n_rows && ladder->rows[at].t < row->until) {
		const struct ladder_row *next = &ladder->rows[at];

		if (next->kind == LADDER_SEGMENT && !next->starts_on_wire &&
		    next->host == ladder_receiver(row)) {
			arrival.t = next->t;
			break;
		}
		at++;
	}
	arrival.before = at;
	return arrival;
}

static bool needs_arrival(const struct ladder *ladder, size_t i)
{
	const struct ladder_row *row = &ladder->rows[i];
	double least = row->fate == LADDER_DELAYED ? long_delay : long_transit;

	return row->kind == LADDER_SEGMENT && !ladder_ends_on_wire(row) &&
	       ladder_receiver(row) >= 0 && row->until - row->t > least &&
	       i + 1 < ladder->n_rows && row[1].t < row->until;
}

static int compare_arrivals(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->before != y->before)
		return x->before < y->before ? -1 : 1;
	if (x->t < y->t || x->t > y->t)
		return x->t < y->t ? -1 : 1;
	return x->segment < y->segment ? -1 : x->segment > y->segment;
}

/*
 * After folding, which removes most candidates: an arrow to a row of its own makes
 * the whole drawing put its labels outside.
 */
int ladder_add_arrivals(struct ladder *ladder)
{
	struct arrival *arrivals;
	struct ladder_row *rows;
	size_t *before, n = 0;
	int r = 0;

	for (size_t i = 0; i < ladder->n_rows; i++)
		n += needs_arrival(ladder, i);
	arrivals = calloc(n + 1, sizeof(*arrivals));
	rows = calloc(n + 1, sizeof(*rows));
	before = calloc(n + 1, sizeof(*before));
	if (!arrivals || !rows || !before)
		r = error_origin(-ENOMEM, "ladder");
	for (size_t i = n = 0; r >= 0 && i < ladder->n_rows; i++)
		if (needs_arrival(ladder, i))
			arrivals[n++] = arrival_of(ladder, i);
	if (r >= 0 && n) {
		qsort(arrivals, n, sizeof(*arrivals), compare_arrivals);
		for (size_t i = 0; i < n; i++) {
			struct ladder_row *segment =
				&ladder->rows[arrivals[i].segment];

			segment->until = arrivals[i].t;
			before[i] = arrivals[i].before;
			rows[i] = (struct ladder_row){
				.kind = LADDER_ARRIVAL,
				.t = arrivals[i].t,
				.until = arrivals[i].t,
				.host = ladder_receiver(segment),
				.connection = segment->connection,
				.partner = (int)arrivals[i].segment,
			};
		}
		r = ladder_insert_rows(ladder, rows, before, n);
	}
	free(arrivals);
	free(rows);
	free(before);
	return error_trace(r);
}

/* --- silences ------------------------------------------------------------- */

static int make_silence(struct ladder_row *ret, double from, double until)
{
	char length[32], text[64];

	snprintf(text, sizeof(text), _("%s quiet"),
		 ladder_duration(until - from, length));
	*ret = (struct ladder_row){
		.kind = LADDER_QUIET,
		.t = from,
		.until = until,
		.host = LADDER_NO_HOST,
		.connection = LADDER_NONE,
		.partner = LADDER_NONE,
		.text = strdup(text),
	};
	return ret->text ? 0 : error_origin(-ENOMEM, "ladder");
}

/* The last moment that a row shows: of a segment its arrival, unless that has a
 * row of its own. */
static double last_moment(const struct ladder_row *row)
{
	return row->kind == LADDER_SEGMENT && row->partner >= 0 ? row->t :
								  row->until;
}

/* Last, because a fold or an arrival ends a silence. */
int ladder_add_silences(struct ladder *ladder)
{
	struct ladder_row *rows = calloc(ladder->n_rows + 1, sizeof(*rows));
	size_t *before = calloc(ladder->n_rows + 1, sizeof(*before));
	int r = rows && before ? 0 : error_origin(-ENOMEM, "ladder");
	size_t n = 0;

	for (size_t i = 1; r >= 0 && i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		double last = last_moment(&row[-1]);

		if (row->t - last < shortest_silence)
			continue;
		before[n] = i;
		r = make_silence(&rows[n++], last, row->t);
	}
	if (r >= 0)
		r = ladder_insert_rows(ladder, rows, before, n);
	else
		for (size_t i = 0; i < n; i++)
			ladder_row_deinit(&rows[i]);
	free(rows);
	free(before);
	return error_trace(r);
}
