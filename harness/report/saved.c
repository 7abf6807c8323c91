/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each journal is read twice. saved_new() folds the records into a result and
 * keeps only the start record, so that a thousand runs fit into memory;
 * saved_read_journal() then loads the records of one run for its ladder or page.
 *
 * A struct result needs a struct testcase. For a case that this program does not
 * have, or that has changed since, one is made from the start record; its
 * strings are borrowed from that record, which is kept. Runs of the same case
 * share it, so that a table can group them by its address.
 */
#include "saved.h"

#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array.h"
#include "case-table.h"
#include "errors.h"
#include "folder.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "safe-text.h"

struct recorded_case {
	struct testcase testcase;
	struct judgement *judgements;
	struct recorded_case *next;
};

struct recorded_variant {
	const struct testcase *testcase;
	struct variant variant;
	struct judgement *judgements;
	struct recorded_variant *next;
};

struct saved {
	struct saved_run *runs;
	size_t n;
	json_t *starts; /* the records that strings are borrowed from */
	struct recorded_case *cases;
	struct recorded_variant *variants;
};

/* --- finding journals ----------------------------------------------------- */

/* nftw() passes no argument to its callback. */
static struct {
	char **paths;
	size_t n, capacity;
	bool no_memory;
} found;

static int visit(const char *path, const struct stat *status MACRO_UNUSED,
		 int type, struct FTW *at)
{
	char **paths;

	if (type != FTW_F || strcmp(path + at->base, "journal.jsonl") != 0)
		return 0;
	paths = array_grow(found.paths, found.n, &found.capacity,
			   sizeof(*paths));
	if (paths) {
		found.paths = paths;
		paths[found.n] = strdup(path);
	}
	found.no_memory = !paths || !paths[found.n];
	if (found.no_memory)
		return 1; /* ends the walk */
	found.n++;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_journals(const char *dir)
{
	if (nftw(dir, visit, 16, FTW_PHYS) < 0)
		return error_origin(-errno, "look for journals below %s", dir);
	if (found.no_memory)
		return error_origin(-ENOMEM, "journals");
	if (!found.n)
		return error_refuse(-ENOENT,
				    "there is no journal.jsonl below %s", dir);
	qsort(found.paths, found.n, sizeof(*found.paths), compare_paths);
	return 0;
}

static void free_found(void)
{
	for (size_t i = 0; i < found.n; i++)
		free(found.paths[i]);
	free(found.paths);
	memset(&found, 0, sizeof(found));
}

/* --- test cases from start records ---------------------------------------- */

/* Absent and empty are the same. */
static bool is_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* As journal_text(), but NULL for a missing text: the tables of cases have NULL
 * there. */
static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static enum document document_of(const json_t *judgement)
{
	const char *text = journal_text(judgement, "document");

	for (int i = DOCUMENT_NONE; i <= DOCUMENT_WRONG; i++)
		if (strcmp(document_text((enum document)i), text) == 0)
			return (enum document)i;
	return DOCUMENT_NONE;
}

/* To be freed; the last one has no claim. NULL without memory. */
static struct judgement *judgements_of(const json_t *start)
{
	const json_t *array = json_object_get(start, "judgements");
	struct judgement *judgements =
		calloc(json_array_size(array) + 1, sizeof(*judgements));
	size_t n = 0, i;
	json_t *each;

	json_array_foreach (array, i, each)
		if (judgements && text_of(each, "claim"))
			judgements[n++] = (struct judgement){
				.claim = text_of(each, "claim"),
				.document = document_of(each),
				.since = text_of(each, "since"),
				.note = text_of(each, "note"),
			};
	return judgements;
}

/* The judgements of a start record are those of its variant, if it has one. */
static int add_case(struct saved *saved, const json_t *start,
		    const struct testcase **ret)
{
	static const struct judgement none[] = { { .claim = NULL } };
	const char *name = journal_text(start, "name");
	const char *claim = journal_text(start, "claim");
	struct recorded_case *recorded = saved->cases;

	for (; recorded; recorded = recorded->next)
		if (is_same(recorded->testcase.name, name) &&
		    is_same(recorded->testcase.claim, claim))
			break;
	if (!recorded) {
		recorded = calloc(1, sizeof(*recorded));
		if (!recorded)
			return error_origin(-ENOMEM, "case");
		recorded->testcase = (struct testcase){
			.name = name,
			.claim = claim,
			.why = text_of(start, "why"),
			.sources = text_of(start, "see"),
			.expect = text_of(start, "expect"),
			.judgements = none,
		};
		recorded->next = saved->cases;
		saved->cases = recorded;
		if (!text_of(start, "variant")) {
			recorded->judgements = judgements_of(start);
			if (!recorded->judgements)
				return error_origin(-ENOMEM, "case");
			recorded->testcase.judgements = recorded->judgements;
		}
	}
	*ret = &recorded->testcase;
	return 0;
}

static int add_variant(struct saved *saved, const struct testcase *testcase,
		       const json_t *start, const struct variant **ret)
{
	const char *name = text_of(start, "variant");
	struct recorded_variant *recorded = saved->variants;

	for (; recorded; recorded = recorded->next)
		if (recorded->testcase == testcase &&
		    is_same(recorded->variant.name, name))
			break;
	if (!recorded) {
		recorded = calloc(1, sizeof(*recorded));
		if (!recorded)
			return error_origin(-ENOMEM, "variant");
		recorded->testcase = testcase;
		recorded->next = saved->variants;
		saved->variants = recorded;
		recorded->judgements = judgements_of(start);
		if (!recorded->judgements)
			return error_origin(-ENOMEM, "variant");
		recorded->variant.name = name;
		recorded->variant.judgements = recorded->judgements;
	}
	*ret = &recorded->variant;
	return 0;
}

static const struct variant *find_variant(const struct testcase *testcase,
					  const char *name)
{
	const struct variant *variant = testcase->variants;

	for (; name && variant && variant->name; variant++)
		if (strcmp(variant->name, name) == 0)
			return variant;
	return NULL;
}

static bool has_same_judgements(const struct judgement *own,
				const json_t *array)
{
	size_t i;
	json_t *each;

	json_array_foreach (array, i, each) {
		if (!own || !own->claim ||
		    !is_same(own->claim, text_of(each, "claim")) ||
		    !is_same(document_text(own->document),
			     text_of(each, "document")) ||
		    !is_same(own->note, text_of(each, "note")) ||
		    !is_same(own->since, text_of(each, "since")))
			return false;
		own++;
	}
	return !own || !own->claim;
}

/* This program's own case, unless its claim or judgements have changed. */
static bool find_own(const json_t *start, const struct testcase **ret,
		     const struct variant **ret_variant)
{
	const char *variant_name = text_of(start, "variant");
	const char *claim = text_of(start, "claim");
	const struct testcase *testcase =
		testcase_find(journal_text(start, "name"));
	const struct variant *variant =
		testcase ? find_variant(testcase, variant_name) : NULL;

	if (!testcase || (variant_name && !variant))
		return false;
	if (claim && (!is_same(testcase->claim, claim) ||
		      !has_same_judgements(
			      testcase_judgements(testcase, variant),
			      json_object_get(start, "judgements"))))
		return false;
	*ret = testcase;
	*ret_variant = variant;
	return true;
}

/* The result of a run that begins with this record. */
static int begin_result(struct saved *saved, struct result **ret,
			json_t *start)
{
	const struct testcase *testcase = NULL;
	const struct variant *variant = NULL;
	json_int_t attempt = json_integer_value(json_object_get(start, "try"));
	json_int_t family = json_integer_value(json_object_get(start, "family"));
	json_int_t repetition =
		json_integer_value(json_object_get(start, "repetition"));
	int r = 0;

	if (json_array_append(saved->starts, start) < 0)
		return error_origin(-ENOMEM, "cases");
	if (!find_own(start, &testcase, &variant)) {
		r = add_case(saved, start, &testcase);
		if (r >= 0 && text_of(start, "variant"))
			r = add_variant(saved, testcase, start, &variant);
	}
	if (r >= 0)
		r = result_new(ret, testcase, variant, family == 6 ? 6 : 4,
			       (unsigned int)repetition,
			       (unsigned int)MAX(attempt, 1));
	if (r < 0)
		return error_trace(r);
	(*ret)->final = true;
	return 0;
}

/* --- reading -------------------------------------------------------------- */

static int MACRO_PRINTF(2, 3)
set_problem(struct saved_run *run, const char *format, ...)
{
	va_list args;
	int n;

	if (run->problem)
		return 0;
	va_start(args, format);
	n = vasprintf(&run->problem, format, args);
	va_end(args);
	if (n < 0) {
		run->problem = NULL;
		return error_origin(-ENOMEM, "journals");
	}
	safe_text(run->problem, true);
	return 0;
}

/* The first record is the start record; all others are folded into the result
 * that it begins. */
static int take(struct saved *saved, struct saved_run *run, json_t *record)
{
	int r;

	if (run->result)
		return error_trace(result_take(run->result, record));
	r = result_check(record);
	if (r >= 0 && !journal_is(record, "start"))
		r = error_origin(-EBADMSG,
				 "the first record of a journal is 'start'");
	if (r >= 0)
		r = journal_check_version(record, run->path);
	if (r >= 0)
		r = begin_result(saved, &run->result, record);
	if (r < 0) {
		json_decref(record);
		return error_trace(r);
	}
	return error_trace(result_take(run->result, record));
}

/*
 * Whether the line is a frame's record as journal_gather_frame() writes it, and
 * when the frame was. Parsing takes 20 us, and a long run has a million frames:
 * what is going to be left out is only counted.
 */
static bool is_frame_line(const char *line, size_t size, double *ret)
{
	static const char type[] = ",\"type\":\"frame\",";
	char *end;
	double t;

	if (size < 64 || strncmp(line, "{\"t\":", 5) != 0 ||
	    strcmp(line + size - 2, "}\n") != 0)
		return false;
	t = strtod(line + 5, &end);
	if (strncmp(end, type, sizeof(type) - 1) != 0)
		return false;
	*ret = t;
	return true;
}

/* Returns 1 to stop reading. */
static int read_line(struct saved *saved, struct saved_run *run,
		     const char *line, size_t size, size_t number)
{
	bool cut = size == 0 || line[size - 1] != '\n';
	json_t *record;
	int r = journal_parse(&record, line, size - !cut);

	if (r == -EBADMSG && cut)
		return set_problem(run,
				   "%s: line %zu is cut off and left out",
				   run->path, number);
	if (r >= 0)
		r = take(saved, run, record);
	if (r == -EPROTONOSUPPORT) {
		r = set_problem(run, "%s", error_message());
		return r < 0 ? error_trace(r) : 1;
	}
	if (r == -EBADMSG) {
		r = set_problem(run, "%s: line %zu: %s", run->path, number,
				error_message());
		return r < 0 ? error_trace(r) : 1;
	}
	return error_trace(r);
}

/* Of a run that ends at this time of its journal. */
static nsec_t duration(double seconds)
{
	return seconds > 0 && seconds < 1e9 ? nsec_from_seconds(seconds) : 0;
}

/* The duration is that of the journal, not that of reading it. */
static nsec_t duration_of(const json_t *journal)
{
	const json_t *last = json_array_get(journal,
					    json_array_size(journal) - 1);

	return duration(json_number_value(json_object_get(last, "t")));
}

/* A line at a time: a journal may have gigabytes. */
static int read_lines(struct saved *saved, struct saved_run *run, FILE *file)
{
	size_t space = 0, number = 0;
	double t, end = 0;
	char *line = NULL;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&line, &space, file)) > 0) {
		number++;
		if (run->result && is_frame_line(line, (size_t)n, &t) &&
		    ++run->n_frames > RESULT_FIRST) {
			end = t;
			continue;
		}
		r = read_line(saved, run, line, (size_t)n, number);
	}
	free(line);
	if (run->result)
		run->result->took = MAX(duration_of(run->result->journal),
					duration(end));
	if (r < 0)
		return error_trace(r);
	if (ferror(file))
		return error_origin(-EIO, "read %s", run->path);
	if (!number)
		return set_problem(run, "%s: the file is empty", run->path);
	return 0;
}

/* Drops the journal except for its start record, which the index of pages needs. */
static int keep_start_record(struct result *result)
{
	json_t *start = json_incref(json_array_get(result->journal, 0));

	result_clear_journal(result);
	if (json_array_append_new(result->journal, start) < 0)
		return error_origin(-ENOMEM, "journal");
	return 0;
}

static int read_journal(struct saved *saved, struct saved_run *run)
{
	nsec_t took;
	FILE *file;
	int r;

	/* Pages and tables show the name, and the index has a link to it. */
	if (!safe_text_is_safe(run->path, false))
		return set_problem(run,
				   "%s: the path has control characters or is "
				   "not UTF-8",
				   run->path);
	r = folder_read(&file, run->path);
	if (r == -ENOMEM)
		return error_trace(r);
	if (r < 0)
		return set_problem(run, "%s", error_message());
	r = read_lines(saved, run, file);
	fclose(file);
	if (r < 0)
		return error_trace(r);
	if (!run->result)
		return 0;
	took = run->result->took;
	if (!run->result->has_verdict)
		result_broken(run->result, "the journal has no verdict");
	run->result->took = took; /* and not the time that reading took */
	return error_trace(keep_start_record(run->result));
}

/* Whether this frame, counted from 1, is left out. */
static bool is_left_out(const struct saved_run *run, size_t frame)
{
	return !run->result->keeps_all_frames &&
	       run->n_frames > RESULT_FIRST + 2 * RESULT_LAST &&
	       frame > RESULT_FIRST && frame <= run->n_frames - RESULT_LAST;
}

/* Returns 1 to stop reading. */
static int read_line_again(struct saved_run *run, const char *line, size_t size,
			   size_t number)
{
	json_t *record;
	int r = journal_parse(&record, line, size - (line[size - 1] == '\n'));

	if (r >= 0) {
		r = result_check(record);
		if (r < 0)
			json_decref(record);
	}
	if (r < 0) {
		r = set_problem(run, "%s: line %zu: %s", run->path, number,
				error_message());
		return r < 0 ? error_trace(r) : 1;
	}
	return error_trace(result_keep(run->result, record));
}

/* Stops where the first reading stopped, whose problem is known, or at a frame
 * that the first reading did not parse. */
int saved_read_journal(struct saved_run *run)
{
	size_t space = 0, number = 0, frame = 0;
	char *line = NULL;
	FILE *file;
	ssize_t n;
	double t;
	int r = folder_read(&file, run->path);

	if (r < 0)
		return error_trace(r);
	result_clear_journal(run->result);
	while (r == 0 && (n = getline(&line, &space, file)) > 0) {
		number++;
		if (!is_frame_line(line, (size_t)n, &t) ||
		    !is_left_out(run, ++frame))
			r = read_line_again(run, line, (size_t)n, number);
		else if (!run->result->omission)
			r = result_leave_out(run->result, t,
					     run->n_frames - RESULT_FIRST -
						     RESULT_LAST);
		else
			result_leave_out_until(run->result, t);
	}
	free(line);
	fclose(file);
	return r < 0 ? error_trace(r) : 0;
}

/* --- life ----------------------------------------------------------------- */

static char *folder_of(const char *path, const char *dir)
{
	const char *below = path + strlen(dir);
	size_t length;

	while (*below == '/')
		below++;
	length = strlen(below) - strlen("journal.jsonl");
	return strndup(below, length ? length - 1 : 0);
}

static int read_all(struct saved *saved, const char *dir)
{
	saved->runs = calloc(found.n, sizeof(*saved->runs));
	if (!saved->runs)
		return error_origin(-ENOMEM, "journals");
	for (size_t i = 0; i < found.n; i++) {
		struct saved_run *run = &saved->runs[saved->n++];
		int r;

		run->path = TAKE(found.paths[i]);
		run->folder = folder_of(run->path, dir);
		if (!run->folder)
			return error_origin(-ENOMEM, "journals");
		r = read_journal(saved, run);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

int saved_new(struct saved **ret, const char *dir)
{
	struct saved *saved = calloc(1, sizeof(*saved));
	int r;

	if (!saved)
		return error_origin(-ENOMEM, "journals");
	saved->starts = json_array();
	r = saved->starts ? find_journals(dir) :
			    error_origin(-ENOMEM, "journals");
	if (r >= 0)
		r = read_all(saved, dir);
	free_found();
	if (r < 0) {
		saved_free(saved);
		return error_trace(r);
	}
	*ret = saved;
	return 0;
}

struct saved *saved_free(struct saved *saved)
{
	if (!saved)
		return NULL;
	for (size_t i = 0; i < saved->n; i++) {
		free(saved->runs[i].folder);
		free(saved->runs[i].path);
		free(saved->runs[i].problem);
		result_free(saved->runs[i].result);
	}
	while (saved->cases) {
		struct recorded_case *recorded = saved->cases;

		saved->cases = recorded->next;
		free(recorded->judgements);
		free(recorded);
	}
	while (saved->variants) {
		struct recorded_variant *recorded = saved->variants;

		saved->variants = recorded->next;
		free(recorded->judgements);
		free(recorded);
	}
	json_decref(saved->starts);
	free(saved->runs);
	free(saved);
	return NULL;
}

size_t saved_runs(const struct saved *saved, struct saved_run **ret)
{
	*ret = saved->runs;
	return saved->n;
}

/* --- patterns ------------------------------------------------------------- */

static bool has_claim(const struct result *result, const char *pattern)
{
	const struct judgement *judgement =
		testcase_judgements(result->testcase, result->variant);

	for (; judgement && judgement->claim; judgement++)
		if (strcasecmp(judgement->claim, pattern) == 0 ||
		    fnmatch(pattern, judgement->claim, 0) == 0)
			return true;
	return false;
}

bool saved_matches(const struct saved_run *run, const char *pattern)
{
	const struct result *result = run->result;

	if (fnmatch(pattern, run->folder, 0) == 0)
		return true;
	return result && (fnmatch(pattern, result->testcase->name, 0) == 0 ||
			  fnmatch(pattern, result_name(result), 0) == 0 ||
			  has_claim(result, pattern));
}
