/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "book-runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "figures.h"
#include "journal.h"
#include "ladder.h"

int book_runs_add(struct book_runs *runs, const struct testcase *testcase,
		  const struct variant *variant)
{
	struct book_run run = { .testcase = testcase, .variant = variant };
	struct book_run *grown;

	testcase_run_name(testcase, variant, run.name);
	if (book_runs_find(runs, run.name))
		return 0;
	grown = array_grow(runs->all, runs->n, &runs->capacity, sizeof(run));
	if (!grown)
		return error_origin(-ENOMEM, "book");
	runs->all = grown;
	runs->all[runs->n++] = run;
	return 0;
}

int book_runs_add_name(struct book_runs *runs, const char *name)
{
	size_t size = strcspn(name, "/");

	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;

		if (strncmp(testcases[i]->name, name, size) != 0 ||
		    testcases[i]->name[size])
			continue;
		for (; variant && variant->name; variant++)
			if (name[size] &&
			    strcmp(variant->name, name + size + 1) == 0)
				return book_runs_add(runs, testcases[i],
						     variant);
	}
	return 0;
}

struct book_run *book_runs_find(const struct book_runs *runs, const char *name)
{
	for (size_t i = 0; i < runs->n; i++)
		if (strcmp(runs->all[i].name, name) == 0)
			return &runs->all[i];
	return NULL;
}

/* --- drawings ------------------------------------------------------------- */

static void clear(struct book_run *run)
{
	for (size_t i = 0; i < FIGURE_KINDS; i++) {
		free(run->figures[i]);
		run->figures[i] = NULL;
	}
	free(run->ladder);
	free(run->kernel);
	json_decref(run->counters);
	run->ladder = run->kernel = NULL;
	run->counters = NULL;
}

static int draw_ladder(struct book_run *run, const struct result *result)
{
	struct ladder *ladder;
	size_t size;
	FILE *out;
	int r = ladder_new(&ladder, result->journal);

	if (r < 0)
		return error_trace(r);
	out = ladder->n_rows ? open_memstream(&run->ladder, &size) : NULL;
	if (out) {
		r = ladder_svg(out, ladder);
		fclose(out);
	}
	ladder_free(ladder);
	return error_trace(r);
}

static int draw_figure(struct book_run *run, enum figure_kind kind,
		       const struct result *result)
{
	size_t size;
	FILE *out;
	int r;

	if (run->figures[kind])
		return 0;
	out = open_memstream(&run->figures[kind], &size);
	if (!out)
		return error_origin(-ENOMEM, "book");
	r = figure_html(out, kind, result);
	fclose(out);
	return error_trace(r);
}

static bool is_of_figure(const struct book_run *run,
			 const struct documents_figure *figure)
{
	for (int i = 0; figure->runs[i]; i++)
		if (strcmp(figure->runs[i], run->name) == 0)
			return true;
	return figure->at_defaults &&
	       strcmp(figure->at_defaults, run->name) == 0;
}

static int note_counters(struct book_run *run, const json_t *journal)
{
	const json_t *record;
	size_t i;

	run->counters = json_object();
	if (!run->counters)
		return error_origin(-ENOMEM, "book");
	json_array_foreach(
		journal, i,
		record) if (journal_is(record, "counter") &&
			    json_object_set_new(run->counters,
						journal_text(record, "name"),
						json_true()) <
				    0) return error_origin(-ENOMEM, "book");
	return 0;
}

int book_run_draw(struct book_run *run, const struct result *result)
{
	const json_t *start = journal_find(result->journal, "start");
	size_t n;
	const struct documents_figure *figures = documents_figures(&n);
	int r;

	clear(run);
	run->result = result;
	run->virtual_time =
		json_is_true(json_object_get(start, "virtual_time"));
	run->kernel = strdup(journal_text(start, "kernel"));
	if (!run->kernel)
		return error_origin(-ENOMEM, "book");
	r = note_counters(run, result->journal);
	if (r >= 0)
		r = draw_ladder(run, result);
	for (size_t i = 0; i < n && r >= 0; i++)
		if (is_of_figure(run, &figures[i]))
			r = draw_figure(run, figures[i].kind, result);
	return error_trace(r);
}

/* --- all runs ------------------------------------------------------------- */

size_t book_runs_recorded(const struct book_runs *runs)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++)
		n += runs->all[i].result != NULL;
	return n;
}

size_t book_runs_counting(const struct book_runs *runs, const char *counter)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++)
		n += json_object_get(runs->all[i].counters, counter) != NULL;
	return n;
}

void book_runs_deinit(struct book_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		clear(&runs->all[i]);
	free(runs->all);
	*runs = (struct book_runs){ 0 };
}
