/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "journal.h"
#include "ladder-fold.h"
#include "ladder-parts.h"
#include "ladder-rows.h"

/* --- help ---------------------------------------------------------------- */

void *ladder_grow(struct ladder_build *build, void *array, size_t n,
		  size_t *space, size_t each)
{
	size_t wanted = *space ? *space * 2 : 16;
	void *grown;

	if (n < *space)
		return array;
	grown = reallocarray(array, wanted, each);
	if (!grown) {
		build->no_memory = true;
		return NULL;
	}
	*space = wanted;
	return grown;
}

char *ladder_line(struct ladder_build *build, const char *text)
{
	char *line = strdup(text);

	if (!line)
		build->no_memory = true;
	for (char *c = line; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return line;
}

char *ladder_printf(struct ladder_build *build, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return ladder_line(build, text);
}

double ladder_number_of(const json_t *record, const char *name)
{
	double number = json_number_value(json_object_get(record, name));

	/* Ten million years from now on are more than any run has. */
	return number >= -1e15 && number <= 1e15 ? number : 0;
}

int ladder_socket_of(const json_t *record)
{
	json_int_t socket =
		json_integer_value(json_object_get(record, "socket"));

	return socket > 0 && socket < INT_MAX ? (int)socket : 0;
}

bool ladder_is_kind(const json_t *frame, const char *kind)
{
	size_t i;
	json_t *each;

	json_array_foreach (json_object_get(frame, "kinds"), i, each) {
		const char *text = json_string_value(each);

		if (text && strcmp(text, kind) == 0)
			return true;
	}
	return false;
}

/* --- rows ---------------------------------------------------------------- */

struct ladder_row *ladder_add_row(struct ladder_build *build,
				  enum ladder_kind kind, double t, int host)
{
	struct ladder_row *row =
		ladder_append_row(build->ladder, kind, t, host);

	build->no_memory |= !row;
	return row;
}

/* --- the whole ----------------------------------------------------------- */

static void take_wrong(struct ladder_build *build, const json_t *record)
{
	struct ladder_row *row;

	if (!json_is_false(json_object_get(record, "ok")))
		return;
	row = ladder_add_row(build, LADDER_FAILURE, ladder_number_of(record, "t"),
			     LADDER_NO_HOST);
	if (row)
		row->text = ladder_printf(build, "%s: expected %s, observed %s",
					  journal_text(record, "what"),
					  journal_text(record, "expected"),
					  journal_text(record, "observed"));
}

/* wire_set_count_only() tells in a note of what it only counted. */
static void take_note(struct ladder_build *build, const json_t *record)
{
	const char *text = journal_text(record, "text");
	struct ladder_row *row;

	if (!strstr(text, ", only counted"))
		return;
	row = ladder_add_row(build, LADDER_COUNTED, ladder_number_of(record, "t"),
			     LADDER_NO_HOST);
	if (row)
		row->text = ladder_line(build, text);
}

static void take(struct ladder_build *build, const json_t *record)
{
	if (journal_is(record, "frame"))
		ladder_take_frame(build, record);
	else if (journal_is(record, "call") || journal_is(record, "result"))
		ladder_take_says(build, record);
	else if (journal_is(record, "state"))
		ladder_take_look(build, record);
	else if (journal_is(record, "fault"))
		ladder_take_fault(build, record);
	else if (journal_is(record, "expectation"))
		take_wrong(build, record);
	else if (journal_is(record, "note"))
		take_note(build, record);
}

static void find_end(struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		ladder->end = MAX(ladder->end, MAX(ladder->rows[i].t,
						   ladder->rows[i].until));
	ladder->decimals = ladder->end < 0.1 ? 5 : ladder->end < 1 ? 4 : 3;
}

/* A lab's times count from the start of its timeline, whatever was before. */
static double zero_of(const json_t *journal)
{
	return ladder_number_of(journal_find(journal, "timeline"), "t");
}

static void shift_row(struct ladder_row *row, double by)
{
	row->t -= by;
	row->until -= by;
	for (size_t i = 0; i < row->n_hops; i++)
		row->hops[i].at -= by;
}

static void shift(struct ladder *ladder, double by)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		shift_row(&ladder->rows[i], by);
	for (size_t i = 0; i < ladder->n_spans; i++) {
		ladder->spans[i].from -= by;
		ladder->spans[i].sure -= by;
		ladder->spans[i].until -= by;
	}
	ladder->end -= by;
}

static void build_all(struct ladder_build *build, bool whole)
{
	size_t i;
	json_t *record;

	ladder_find_hosts(build);
	json_array_foreach (build->journal, i, record) {
		if (build->no_memory)
			return;
		take(build, record);
	}
	if (build->no_memory)
		return;
	ladder_end_frames(build);
	ladder_name_connections(build);
	ladder_name_sockets(build);
	ladder_make_columns(build);
	build->no_memory |= ladder_sort_rows(build->ladder) < 0 ||
			    ladder_join_calls(build->ladder) < 0;
	find_end(build->ladder);
	ladder_end_spans(build);
	build->no_memory |= (!whole && ladder_fold(build->ladder) < 0) ||
			    ladder_add_arrivals(build->ladder) < 0 ||
			    ladder_add_silences(build->ladder) < 0;
	shift(build->ladder, zero_of(build->journal));
}

static int new_ladder(struct ladder **ret, const json_t *journal, bool whole)
{
	struct ladder *ladder = calloc(1, sizeof(*ladder));
	struct ladder_build build = { .ladder = ladder, .journal = journal };

	if (!ladder)
		return error_origin(-ENOMEM, "ladder");
	build_all(&build, whole);
	ladder_tracks_free(&build);
	free(build.aliases);
	free(build.traces);
	free(build.holders);
	if (build.no_memory) {
		ladder_free(ladder);
		return error_origin(-ENOMEM, "ladder");
	}
	*ret = ladder;
	return 0;
}

int ladder_new(struct ladder **ret, const json_t *journal)
{
	int r = new_ladder(ret, journal, false);

	return r < 0 ? error_trace(r) : 0;
}

int ladder_new_whole(struct ladder **ret, const json_t *journal)
{
	int r = new_ladder(ret, journal, true);

	return r < 0 ? error_trace(r) : 0;
}

struct ladder *ladder_free(struct ladder *ladder)
{
	if (!ladder)
		return NULL;
	for (size_t i = 0; i < ladder->n_hosts; i++) {
		free(ladder->hosts[i].name);
		free(ladder->hosts[i].address);
	}
	for (size_t i = 0; i < ladder->n_columns; i++)
		free(ladder->columns[i].name);
	for (size_t i = 0; i < ladder->n_connections; i++)
		free(ladder->connections[i].text);
	for (size_t i = 0; i < ladder->n_rows; i++)
		ladder_row_deinit(&ladder->rows[i]);
	for (size_t i = 0; i < ladder->n_spans; i++)
		free(ladder->spans[i].text);
	free(ladder->hosts);
	free(ladder->columns);
	free(ladder->connections);
	free(ladder->rows);
	free(ladder->spans);
	free(ladder);
	return NULL;
}
