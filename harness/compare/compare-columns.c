/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs' segments in two columns. */
#include "compare-print.h"

#include <stdlib.h>
#include <string.h>

#include "compare-parts.h"
#include "fold.h"
#include "macro.h"

/* Lines before they part and from there on; and what stands around a column. */
enum { BEFORE = 3, BEHIND = 14, MARGIN = 2, GUTTER = 3 };

enum { TEXT = 512 };

struct pen {
	const char *same, *other, *only_a, *only_b, *ellipsis;
};

static const struct pen pens[] = {
	{ "|", "!", "<", ">", "..." },
	{ "│", "≠", "◂", "▸", "…" },
};

/* One line of the two columns, or more when they are folded. */
struct pair {
	int places[COMPARE_SIDES]; /* ALIGN_NONE */
	bool same;
};

struct columns {
	FILE *out;
	const struct compare_view *view;
	const struct comparison *comparison;
	const struct pen *pen;
	int width, indent; /* of one column; what is under its time */
};

/* --- a segment as text ---------------------------------------------------- */

/* Beside what is there, or below it. */
static void add_part(char text[static TEXT], int width, const char *part)
{
	const char *line = strrchr(text, '\n');
	size_t used = strlen(text);
	int taken = fold_width(line ? line + 1 : text, SIZE_MAX);
	bool fits = taken + 2 + fold_width(part, SIZE_MAX) <= width;

	snprintf(text + used, TEXT - used, "%s%s",
		 !used ? "" :
		 fits  ? "  " :
			 "\n",
		 part);
}

/* All but its time, parted where it suits the width. */
static void describe(const struct columns *columns, size_t side, int place,
		     char text[static TEXT])
{
	const struct ladder *ladder = columns->comparison->ladders[side];
	const struct ladder_row *row =
		columns->comparison->segments.all[side][place].row;
	int width = columns->width - columns->indent;
	char who[160];

	*text = '\0';
	snprintf(who, sizeof(who), "%s > %s",
		 compare_host_name(ladder, row->host),
		 compare_host_name(ladder, ladder_receiver(row)));
	add_part(text, width, who);
	add_part(text, width, row->text);
	if (row->end)
		add_part(text, width, row->end);
}

/* --- lines ---------------------------------------------------------------- */

/* The next line of a column; nothing of a text that has ended. Of the last
 * column no blanks. */
static void print_line(const struct columns *columns, const char **rest,
		       const char *time, bool last)
{
	int width = columns->width - columns->indent;
	const char *line = *rest;
	size_t size = 0;

	/* A word that is wider than the column is cut: the gutter stays. */
	if (line && *line)
		size = fold_fits(line, fold_line(line, width, rest), width);
	if (last && !size)
		return;
	fprintf(columns->out, "%s%-*s", last ? " " : "", columns->indent, time);
	if (last)
		fwrite(line, 1, size, columns->out);
	else
		fold_pad(columns->out, size ? line : "", size, width);
}

static const char *mark_of(const struct columns *columns,
			   const struct pair *pair)
{
	if (pair->same)
		return columns->pen->same;
	if (pair->places[COMPARE_A] >= 0 && pair->places[COMPARE_B] >= 0)
		return columns->pen->other;
	return pair->places[COMPARE_A] >= 0 ? columns->pen->only_a :
					      columns->pen->only_b;
}

static bool has_more(const char *const rest[])
{
	return (rest[COMPARE_A] && *rest[COMPARE_A]) ||
	       (rest[COMPARE_B] && *rest[COMPARE_B]);
}

static void print_pair(const struct columns *columns, const struct pair *pair)
{
	const char *mark = mark_of(columns, pair);
	const char *rest[COMPARE_SIDES] = { NULL, NULL };
	char texts[COMPARE_SIDES][TEXT], times[COMPARE_SIDES][24] = { "", "" };
	bool coloured = columns->view->coloured && !pair->same;

	for (size_t side = 0; side < COMPARE_SIDES; side++) {
		int place = pair->places[side];

		if (place < 0)
			continue;
		describe(columns, side, place, texts[side]);
		rest[side] = texts[side];
		snprintf(times[side], sizeof(times[side]), "%.3f",
			 columns->comparison->segments.all[side][place].row->t);
	}
	do {
		fprintf(columns->out, "%*s", MARGIN, "");
		print_line(columns, &rest[COMPARE_A], times[COMPARE_A], false);
		fprintf(columns->out, " %s%s%s", coloured ? "\033[33m" : "",
			mark, coloured ? "\033[0m" : "");
		print_line(columns, &rest[COMPARE_B], times[COMPARE_B], true);
		fputc('\n', columns->out);
		*times[COMPARE_A] = *times[COMPARE_B] = '\0';
	} while (has_more(rest));
}

/* --- pairs ---------------------------------------------------------------- */

/* What stands in the same gap of both is beside each other. */
static size_t pair_up(const struct compare_segments *segments,
		      struct pair *pairs)
{
	size_t n = 0;

	for (size_t i = 0; i < segments->n_steps;) {
		const struct align_step *step = &segments->steps[i];
		size_t a = i, b;

		if (step->a >= 0 && step->b >= 0) {
			pairs[n++] =
				(struct pair){ { step->a, step->b }, true };
			i++;
			continue;
		}
		while (i < segments->n_steps && segments->steps[i].b < 0)
			i++;
		b = i;
		while (i < segments->n_steps && segments->steps[i].a < 0)
			i++;
		for (size_t j = 0; j < MAX(b - a, i - b); j++)
			pairs[n++] = (struct pair){
				{ a + j < b ? segments->steps[a + j].a :
					      ALIGN_NONE,
				  b + j < i ? segments->steps[b + j].b :
					      ALIGN_NONE },
				false
			};
	}
	return n;
}

static void print_left_out(const struct columns *columns,
			   const struct pair *pairs, size_t n)
{
	size_t more[COMPARE_SIDES] = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		more[COMPARE_A] += pairs[i].places[COMPARE_A] >= 0;
		more[COMPARE_B] += pairs[i].places[COMPARE_B] >= 0;
	}
	if (n)
		fprintf(columns->out, "%*s%s and %zu more in A, %zu in B\n",
			MARGIN, "", columns->pen->ellipsis, more[COMPARE_A],
			more[COMPARE_B]);
}

/* Times have three decimals; hours are wider than seconds. */
static int time_width(const struct comparison *comparison)
{
	int widest = 0;

	for (size_t side = 0; side < COMPARE_SIDES; side++)
		for (size_t i = 0; i < comparison->segments.n[side]; i++) {
			double t = comparison->segments.all[side][i].row->t;

			widest = MAX(widest, snprintf(NULL, 0, "%.3f", t));
		}
	return widest;
}

static void print_heading(const struct columns *columns)
{
	fprintf(columns->out, "\n%*s%-*s", MARGIN, "", columns->width + GUTTER,
		"A");
	fputs("B\n", columns->out);
}

void compare_print_columns(FILE *out, const struct compare_view *view,
			   const struct comparison *comparison)
{
	const struct compare_segments *segments = &comparison->segments;
	struct columns columns = {
		.out = out,
		.view = view,
		.comparison = comparison,
		.pen = &pens[view->unicode],
		.width = (view->columns - MARGIN - GUTTER) / 2,
		.indent = time_width(comparison) + 1,
	};
	struct pair *pairs = calloc(segments->n_steps + 1, sizeof(*pairs));
	size_t n = pairs ? pair_up(segments, pairs) : 0, parts = 0, first, last;

	while (parts < n && pairs[parts].same)
		parts++;
	first = parts > BEFORE ? parts - BEFORE : 0;
	last = MIN(n, parts + BEHIND);
	print_heading(&columns);
	for (size_t i = first; i < last; i++)
		print_pair(&columns, &pairs[i]);
	if (pairs)
		print_left_out(&columns, pairs + last, n - last);
	free(pairs);
}
