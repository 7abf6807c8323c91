/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a long run short: joined calls, folded flow, told silences. */
#include "ladder-parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A silence is worth a word from here on, in seconds. */
static const double quiet = 0.1;

/* --- calls that returned at once ----------------------------------------- */

/* "connect(10.0.0.2:7777)" and "connect() = 0", one right after the other. */
static bool is_result_of(const struct ladder_row *call,
			 const struct ladder_row *result)
{
	size_t name = strcspn(call->text, "(");
	const char *end = strrchr(call->text, ')');

	return call->kind == LADDER_SAYS && result->kind == LADDER_SAYS &&
	       call->host == result->host && call->socket == result->socket &&
	       call->text[name] && end && !end[1] &&
	       strncmp(call->text, result->text, name) == 0 &&
	       strncmp(result->text + name, "() = ", 5) == 0;
}

static void join(struct ladder_row *call, struct ladder_row *result)
{
	const char *value = strstr(result->text, " = ");
	size_t length = strlen(call->text);
	char *joined = realloc(call->text, length + strlen(value) + 1);

	if (!joined)
		return;
	memcpy(joined + length, value, strlen(value) + 1);
	call->text = joined;
	call->failed = result->failed;
	call->until = result->t;
	call->connection = result->connection;
}

void ladder_join_calls(struct ladder *ladder)
{
	bool *gone = calloc(ladder->n_rows + 1, sizeof(*gone));

	for (size_t i = 0; gone && i + 1 < ladder->n_rows; i++) {
		struct ladder_row *rows = &ladder->rows[i];

		if (gone[i] || !is_result_of(&rows[0], &rows[1]))
			continue;
		join(&rows[0], &rows[1]);
		gone[i + 1] = true;
	}
	if (gone)
		ladder_remove_rows(ladder, gone);
	free(gone);
}

/* --- flow ---------------------------------------------------------------- */

/* What is taken for plain. */
enum plain {
	PLAIN_FLOW, /* data and ACKs, and the calls that they come from */
	PLAIN_GOOD, /* and whole connections in which nothing went wrong */
	PLAIN_SEGMENTS, /* and segments whatever became of them, and looks */
	PLAIN_ALL,
};

/* Ever more, until no more rows are left than a reader follows. */
static const struct level {
	size_t enough; /* rows that are left */
	enum plain plain;
	size_t longest; /* of a stretch that is not folded */
	size_t head, tail; /* what is left of one that is */
	size_t pieces; /* so many at least, for time to be seen; 0: one */
} levels[] = {
	{ 160, PLAIN_FLOW, 24, 6, 6, 0 },
	{ 300, PLAIN_GOOD, 12, 4, 4, 0 },
	{ 600, PLAIN_GOOD, 3, 1, 1, 0 },
	{ 600, PLAIN_SEGMENTS, 3, 1, 1, 150 },
	{ SIZE_MAX, PLAIN_ALL, 3, 1, 1, 150 },
};

static bool is_flow(const struct ladder_row *row)
{
	const char *text = row->text;

	if (row->kind == LADDER_SAYS)
		return !row->failed && (strncmp(text, "send(", 5) == 0 ||
					strncmp(text, "recv(", 5) == 0);
	return (strncmp(text, ". ", 2) == 0 || strncmp(text, "P. ", 3) == 0) &&
	       !strstr(text, "<sack");
}

static bool is_plain(const struct ladder_row *row, enum plain plain)
{
	switch (row->kind) {
	case LADDER_SEGMENT:
		if (plain >= PLAIN_SEGMENTS)
			return true;
		if (row->fate != LADDER_ARRIVES || row->again || row->stops ||
		    row->control)
			return false;
		return plain == PLAIN_FLOW ? is_flow(row) : *row->text != 'R';
	case LADDER_SAYS:
		if (plain == PLAIN_FLOW)
			return is_flow(row);
		return plain == PLAIN_ALL || !row->failed;
	case LADDER_LOOK:
		return plain >= PLAIN_SEGMENTS;
	case LADDER_TALLY:
	case LADDER_FAULT:
	case LADDER_WRONG:
		return plain == PLAIN_ALL;
	case LADDER_FOLD:
	case LADDER_QUIET:
		break;
	}
	return false;
}

struct stretch {
	size_t segments, copies, lost, says, failures, others;
	double payload;
};

static void count(struct stretch *stretch, const struct ladder_row *row)
{
	if (row->kind == LADDER_SEGMENT) {
		stretch->segments++;
		stretch->copies += row->again;
		stretch->lost += row->fate == LADDER_DROPPED;
		stretch->payload += (double)row->payload;
	} else if (row->kind == LADDER_SAYS) {
		stretch->says++;
		stretch->failures += row->failed;
	} else {
		stretch->others++;
	}
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static const char *bytes_text(double bytes, char text[static 32])
{
	if (bytes < 1e4)
		snprintf(text, 32, "%.0f byte%s", bytes, plural((size_t)bytes));
	else if (bytes < 1e6)
		snprintf(text, 32, "%.1f kB", bytes / 1e3);
	else if (bytes < 1e9)
		snprintf(text, 32, "%.1f MB", bytes / 1e6);
	else
		snprintf(text, 32, "%.2f GB", bytes / 1e9);
	return text;
}

static char *stretch_text(struct ladder_build *build, const struct stretch *s)
{
	char bytes[32], copies[64] = "", lost[64] = "", says[64] = "";
	char failures[64] = "", others[64] = "", segments[96] = "";

	if (s->segments)
		snprintf(segments, sizeof(segments), "%zu segment%s, %s",
			 s->segments, plural(s->segments),
			 bytes_text(s->payload, bytes));
	if (s->copies)
		snprintf(copies, sizeof(copies), ", %zu of them again",
			 s->copies);
	if (s->lost)
		snprintf(lost, sizeof(lost), ", %zu dropped", s->lost);
	if (s->says)
		snprintf(says, sizeof(says), "%s%zu call%s and result%s",
			 s->segments ? "; " : "", s->says, plural(s->says),
			 plural(s->says));
	if (s->failures)
		snprintf(failures, sizeof(failures), ", %zu failed",
			 s->failures);
	if (s->others)
		snprintf(others, sizeof(others), "; %zu other record%s",
			 s->others, plural(s->others));
	return ladder_printf(build, "%s%s%s%s%s%s", segments, copies, lost,
			     says, failures, others);
}

/* Silence ends a stretch, until there are too many rows for that. */
static bool goes_on(const struct ladder *ladder, size_t i, enum plain plain)
{
	return is_plain(&ladder->rows[i], plain) &&
	       (plain >= PLAIN_SEGMENTS ||
		ladder->rows[i].t - ladder->rows[i - 1].t < quiet);
}

/* The length of the stretch that begins with `first`. */
static size_t measure(const struct ladder *ladder, size_t first,
		      const struct level *level)
{
	size_t longest = ladder->n_rows, n = 1;

	if (!is_plain(&ladder->rows[first], level->plain))
		return 0;
	if (level->pieces)
		longest = MAX(longest / level->pieces, level->longest + 1);
	while (n < longest && first + n < ladder->n_rows &&
	       goes_on(ladder, first + n, level->plain))
		n++;
	return n;
}

/* Rows `first` and `n` more become one, at the first one's place. */
static void fold_rows(struct ladder_build *build, size_t first, size_t n,
		      bool *gone)
{
	struct ladder *ladder = build->ladder;
	struct ladder_row *rows = ladder->rows;
	struct stretch stretch = { .segments = 0 };
	struct ladder_row fold = { .kind = LADDER_FOLD,
				   .t = rows[first].t,
				   .until = rows[first + n - 1].t,
				   .host = LADDER_NOBODY,
				   .connection = LADDER_NONE,
				   .partner = LADDER_NONE };

	for (size_t i = first; i < first + n; i++) {
		count(&stretch, &rows[i]);
		gone[i] = i > first;
		if (rows[i].partner >= 0)
			rows[rows[i].partner].partner = LADDER_NONE;
	}
	ladder->n_folded += n;
	fold.text = stretch_text(build, &stretch);
	ladder_row_deinit(&rows[first]);
	rows[first] = fold;
}

/* How many of them become one row; 0: none. */
static size_t folds(const struct ladder *ladder, size_t first,
		    const struct level *level, size_t *ret_length)
{
	*ret_length = measure(ladder, first, level);
	if (*ret_length <= level->longest)
		return 0;
	return *ret_length - level->head - level->tail;
}

static size_t rows_left(const struct ladder *ladder, const struct level *level)
{
	size_t left = ladder->n_rows, n;

	for (size_t i = 0; i < ladder->n_rows; i += MAX(n, (size_t)1)) {
		size_t folded = folds(ladder, i, level, &n);

		left -= folded ? folded - 1 : 0;
	}
	return left;
}

static void fold_level(struct ladder_build *build, const struct level *level)
{
	struct ladder *ladder = build->ladder;
	bool *gone = calloc(ladder->n_rows + 1, sizeof(*gone));
	size_t n;

	if (!gone) {
		build->no_memory = true;
		return;
	}
	for (size_t i = 0; i < ladder->n_rows; i += MAX(n, (size_t)1)) {
		size_t folded = folds(ladder, i, level, &n);

		if (folded)
			fold_rows(build, i + level->head, folded, gone);
	}
	ladder_remove_rows(ladder, gone);
	free(gone);
}

void ladder_fold(struct ladder_build *build)
{
	const struct level *level = levels;

	while (rows_left(build->ladder, level) > level->enough)
		level++;
	fold_level(build, level);
}

/* --- silence ------------------------------------------------------------- */

/* Until when something happened that the reader sees in this row. */
static double last_moment(const struct ladder_row *row)
{
	return row->kind == LADDER_FOLD ? row->until : row->t;
}

static struct ladder_row silence(struct ladder_build *build, double from,
				 double until)
{
	char length[32];

	return (struct ladder_row){
		.kind = LADDER_QUIET,
		.t = from,
		.until = until,
		.host = LADDER_NOBODY,
		.connection = LADDER_NONE,
		.partner = LADDER_NONE,
		.text = ladder_printf(build, "%s quiet",
				      ladder_seconds(until - from, length)),
	};
}

void ladder_add_quiet(struct ladder_build *build)
{
	struct ladder *ladder = build->ladder;
	size_t n = ladder->n_rows, all = 0;
	struct ladder_row *rows = calloc(2 * n + 1, sizeof(*rows));
	size_t *places = calloc(n + 1, sizeof(*places));

	for (size_t i = 0; rows && places && i < n; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		double before = i ? last_moment(&row[-1]) : row->t;

		if (row->t - before >= quiet)
			rows[all++] = silence(build, before, row->t);
		places[i] = all;
		rows[all++] = *row;
	}
	if (rows && places) {
		for (size_t i = 0; i < all; i++)
			if (rows[i].partner >= 0)
				rows[i].partner = (int)places[rows[i].partner];
		free(ladder->rows);
		ladder->rows = rows;
		ladder->n_rows = all;
		rows = NULL;
	} else {
		build->no_memory = true;
	}
	free(rows);
	free(places);
}
