/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saved.h"

#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "errors.h"
#include "journal.h"
#include "macro.h"
#include "saved-cases.h"

struct saved {
	struct saved_run *runs;
	size_t n;
	struct saved_cases *cases;
};

/* --- finding -------------------------------------------------------------- */

/* nftw() has no argument for who is called. */
static struct {
	char **paths;
	size_t n, space;
	bool no_memory;
} found;

static int see(const char *path, const struct stat *status MACRO_UNUSED,
	       int type, struct FTW *at)
{
	if (type != FTW_F || strcmp(path + at->base, "journal.jsonl") != 0)
		return 0;
	if (found.n == found.space) {
		size_t space = MAX(2 * found.space, (size_t)64);
		char **grown =
			reallocarray(found.paths, space, sizeof(*grown));

		found.no_memory = !grown;
		if (!grown)
			return 1;
		found.paths = grown;
		found.space = space;
	}
	found.paths[found.n] = strdup(path);
	found.no_memory = !found.paths[found.n];
	if (found.no_memory)
		return 1;
	found.n++;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find(const char *dir)
{
	found.paths = NULL;
	found.n = found.space = 0;
	found.no_memory = false;
	if (nftw(dir, see, 16, FTW_PHYS) < 0)
		return error_origin(-errno, "look for journals below %s", dir);
	if (found.no_memory)
		return error_origin(-ENOMEM, "journals");
	if (!found.n)
		return error_refuse(-ENOENT,
				    "there is no journal.jsonl below %s", dir);
	qsort(found.paths, found.n, sizeof(*found.paths), compare_paths);
	return 0;
}

static void forget_found(void)
{
	for (size_t i = 0; i < found.n; i++)
		free(found.paths[i]);
	free(found.paths);
	found.paths = NULL;
	found.n = found.space = 0;
}

/* --- reading -------------------------------------------------------------- */

static int MACRO_PRINTF(2, 3)
tell_trouble(struct saved_run *run, const char *format, ...)
{
	va_list args;
	int n;

	if (run->trouble)
		return 0;
	va_start(args, format);
	n = vasprintf(&run->trouble, format, args);
	va_end(args);
	if (n < 0) {
		run->trouble = NULL;
		return error_origin(-ENOMEM, "trouble");
	}
	return 0;
}

static bool is_start(const json_t *record)
{
	const char *type = json_string_value(json_object_get(record, "type"));

	return strcmp(type, "start") == 0;
}

/* The first record says what run it is; all others go into its result. */
static int take(struct saved *saved, struct saved_run *run, json_t *record)
{
	int r;

	if (run->result) {
		r = result_take(run->result, record);
		return r < 0 ? error_trace(r) : 0;
	}
	r = result_check(record);
	if (r >= 0 && !is_start(record))
		r = error_origin(-EBADMSG,
				 "the first record of a journal is 'start'");
	if (r >= 0)
		r = saved_cases_result(saved->cases, &run->result, record);
	if (r < 0) {
		json_decref(record);
		return error_trace(r);
	}
	r = result_take(run->result, record);
	return r < 0 ? error_trace(r) : 0;
}

/* Control characters, of which U+0080 to U+009F have two bytes: whatever a journal
 * from elsewhere has, no terminal is to obey it. */
static bool clean_text(char *text)
{
	bool changed = false;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool two = c == 0xc2 && (unsigned char)text[1] < 0xa0;

		if ((c >= 0x20 || c == '\n') && c != 0x7f && !two)
			continue;
		text[0] = '?';
		if (two)
			text[1] = '?';
		changed = true;
	}
	return changed;
}

static void clean(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value)) {
		char *copy = strdup(json_string_value(value));

		if (copy && clean_text(copy))
			json_string_set(value, copy);
		free(copy);
	}
	json_array_foreach (value, i, member) {
		clean(member);
	}
	json_object_foreach (value, key, member) {
		clean(member);
	}
}

/* A line as it may be shown. -EBADMSG as of journal_parse(). */
static int parse(json_t **ret, const char *line, size_t size)
{
	int r = journal_parse(ret, line, size);

	if (r >= 0)
		clean(*ret);
	return r;
}

static int read_line(struct saved *saved, struct saved_run *run,
		     const char *path, const char *line, size_t size,
		     size_t number)
{
	bool cut = size == 0 || line[size - 1] != '\n';
	json_t *record;
	int r = parse(&record, line, size - !cut);

	if (r == -EBADMSG && cut)
		return tell_trouble(run,
				    "%s: line %zu, the last one, is cut off, "
				    "and was left out",
				    path, number);
	if (r >= 0)
		r = take(saved, run, record);
	if (r == -EBADMSG) {
		int told = tell_trouble(run, "%s: line %zu: %s", path, number,
					error_message());

		return told < 0 ? error_trace(told) : 1;
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_lines(struct saved *saved, struct saved_run *run,
		      const char *path, FILE *file)
{
	size_t space = 0, number = 0;
	char *line = NULL;
	ssize_t n;
	int r = 0;

	/* One at a time: a journal may be larger than it is worth memory. */
	while (r == 0 && (n = getline(&line, &space, file)) > 0)
		r = read_line(saved, run, path, line, (size_t)n, ++number);
	free(line);
	if (r < 0)
		return error_trace(r);
	if (ferror(file))
		return error_origin(-EIO, "read %s", path);
	if (!number)
		return tell_trouble(run, "%s: it is empty", path);
	return 0;
}

static double end_of(const json_t *journal)
{
	const json_t *last = json_array_get(journal,
					    json_array_size(journal) - 1);
	double seconds = json_number_value(json_object_get(last, "t"));

	return seconds > 0 && seconds < 1e9 ? seconds : 0;
}

/* All but the start, which says what the run is. */
static int forget_journal(struct result *result)
{
	json_t *start = json_incref(json_array_get(result->journal, 0));

	result_forget_journal(result);
	if (json_array_append_new(result->journal, start) < 0)
		return error_origin(-ENOMEM, "journal");
	return 0;
}

static int read_journal(struct saved *saved, struct saved_run *run)
{
	FILE *file = fopen(run->path, "re");
	int r;

	if (!file)
		return tell_trouble(run, "%s: %s", run->path, strerror(errno));
	r = read_lines(saved, run, run->path, file);
	fclose(file);
	if (r < 0)
		return error_trace(r);
	if (!run->result)
		return 0;
	if (!run->result->has_verdict)
		result_broken(run->result, "its journal has no verdict");
	run->result->took = (nsec_t)(end_of(run->result->journal) * 1e9);
	r = forget_journal(run->result);
	return r < 0 ? error_trace(r) : 0;
}

/* Up to where it was read before. */
int saved_read_journal(struct saved_run *run)
{
	FILE *file = fopen(run->path, "re");
	size_t space = 0;
	char *line = NULL;
	ssize_t n;
	int r = 0;

	if (!file)
		return error_origin(-errno, "read %s", run->path);
	result_forget_journal(run->result);
	while (r == 0 && (n = getline(&line, &space, file)) > 0) {
		size_t size = (size_t)n - (line[n - 1] == '\n');
		json_t *record;

		if (parse(&record, line, size) < 0)
			break;
		if (result_check(record) < 0) {
			json_decref(record);
			break;
		}
		if (json_array_append_new(run->result->journal, record) < 0)
			r = error_origin(-ENOMEM, "journal");
	}
	free(line);
	fclose(file);
	return r;
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
	int r = saved ? saved_cases_new(&saved->cases) :
			error_origin(-ENOMEM, "journals");

	if (r >= 0)
		r = find(dir);
	if (r >= 0)
		r = read_all(saved, dir);
	forget_found();
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
		free(saved->runs[i].trouble);
		result_free(saved->runs[i].result);
	}
	saved_cases_free(saved->cases);
	free(saved->runs);
	free(saved);
	return NULL;
}

size_t saved_runs(const struct saved *saved, struct saved_run **ret)
{
	*ret = saved->runs;
	return saved->n;
}

static bool proves(const struct result *result, const char *pattern)
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
	if (fnmatch(pattern, run->folder, 0) == 0)
		return true;
	return run->result &&
	       (fnmatch(pattern, run->result->testcase->name, 0) == 0 ||
		fnmatch(pattern, result_name(run->result), 0) == 0 ||
		proves(run->result, pattern));
}
