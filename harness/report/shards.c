/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shards are of the same run if their "run" lines differ in the shard and its number
 * of runs only. The number of runs of all shards is one of the other members: it
 * differs where patterns or options selected other runs.
 *
 * A shard whose job was killed has no summary line, and one that was interrupted has
 * results for some runs only. Both show as fewer final results than planned runs.
 */
#include "shards.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "case-table.h"
#include "errors.h"
#include "folder.h"
#include "journal.h"
#include "macro.h"
#include "message.h"

/* --- reading -------------------------------------------------------------- */

bool shard_parse(const char *text, unsigned int *number, unsigned int *shards)
{
	int end = 0;

	return strspn(text, "0123456789/") == strlen(text) &&
	       sscanf(text, "%4u/%4u%n", number, shards, &end) == 2 &&
	       !text[end] && *number && *number <= *shards;
}

static int take_info(struct shard *shard, json_t *line)
{
	const char *version, *kernel, *text = journal_text(line, "shard");
	int hz, rootless, virtual_time, family, mapped;
	json_int_t runs, selected;
	unsigned int shards;

	if (shard->info)
		return error_refuse(-EBADMSG, "second 'run' line");
	if (json_unpack(line,
			"{s:s, s:s, s:i, s:b, s:b, s:i, s:b, s:I, s:I}",
			"version", &version, "kernel", &kernel, "hz", &hz,
			"rootless", &rootless, "virtual_time", &virtual_time,
			"family", &family, "mapped", &mapped,
			"runs", &runs, "selected", &selected) < 0)
		return error_refuse(-EBADMSG, "incomplete 'run' line");
	/* A guest that did not start has no HZ. */
	if (hz < 0 || runs < 0 || selected < runs)
		return error_refuse(-EBADMSG, "invalid number in 'run' line");
	/* Without --shard there is only one. */
	shard->number = 1;
	if (*text && !shard_parse(text, &shard->number, &shards))
		return error_refuse(-EBADMSG, "invalid shard '%s'", text);
	shard->info = json_incref(line);
	return 0;
}

static int take_case(struct shard *shard, const json_t *line)
{
	const char *name = journal_text(line, "name");
	const struct testcase *testcase = testcase_find(name);
	struct result **grown;
	int r;

	if (!testcase)
		return error_refuse(-EBADMSG, "unknown case '%s'", name);
	grown = array_grow(shard->results, shard->n, &shard->space,
			   sizeof(*grown));
	if (!grown)
		return error_origin(-ENOMEM, "results");
	shard->results = grown;
	r = result_parse(&grown[shard->n], line, testcase);
	if (r < 0)
		return error_trace(r);
	shard->n++;
	return 0;
}

static int take_summary(struct shard *shard, json_t *line)
{
	double took, timers, softirqs, cases, wire;

	if (json_unpack(line, "{s:F, s:{s:F, s:F, s:F, s:F}}", "seconds", &took,
			"lateness", "timers_s", &timers, "softirqs_s",
			&softirqs, "cases_s", &cases, "wire_s", &wire) < 0)
		return error_refuse(-EBADMSG, "incomplete 'summary' line");
	shard->took = nsec_from_seconds(took);
	shard->delays = (struct report_delays){
		.timers = nsec_from_seconds(timers),
		.softirqs = nsec_from_seconds(softirqs),
		.cases = nsec_from_seconds(cases),
		.wire = nsec_from_seconds(wire),
	};
	return 0;
}

static int take_line(struct shard *shard, const char *text, size_t size)
{
	json_error_t error;
	json_t *line = json_loadb(text, size, 0, &error);
	int r;

	if (!line)
		return error_refuse(-EBADMSG, "position %d: %s", error.position,
				    error.text);
	journal_make_safe(line);
	if (journal_is(line, "run"))
		r = take_info(shard, line);
	else if (!shard->info)
		r = error_refuse(-EBADMSG, "no 'run' line before this one");
	else if (journal_is(line, "case"))
		r = take_case(shard, line);
	else if (journal_is(line, "summary"))
		r = take_summary(shard, line);
	else
		r = error_refuse(-EBADMSG, "unknown type of line");
	json_decref(line);
	return error_trace(r);
}

/* Of a machine that died, the last line may lack its end. */
static int read_lines(struct shard *shard, FILE *file, const char *path)
{
	size_t space = 0, number = 0;
	char *line = NULL;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&line, &space, file)) > 0 &&
	       line[n - 1] == '\n') {
		number++;
		r = take_line(shard, line, (size_t)n);
		if (r < 0 && r != -ENOMEM)
			r = error_refuse(r, "%s: line %zu: %s", path, number,
					 error_message());
	}
	free(line);
	if (r == 0 && !shard->info)
		r = error_refuse(-EBADMSG, "%s: no 'run' line", path);
	return error_trace(r);
}

/* Within a shard. */
static bool is_same_run(const struct result *a, const struct result *b)
{
	return a->testcase == b->testcase && a->variant == b->variant &&
	       a->repetition == b->repetition;
}

/* The last try of each run counts. Only a repeated run has earlier ones. */
static void mark_final(struct shard *shard)
{
	for (size_t i = 0; i < shard->n; i++) {
		struct result *result = shard->results[i];

		result->final = true;
		for (size_t j = 0; result->attempt > 1 && j < i; j++)
			if (is_same_run(shard->results[j], result))
				shard->results[j]->final = false;
	}
}

static int read_shard(struct shard *shard)
{
	char *path;
	FILE *file;
	int r;

	if (asprintf(&path, "%s/results.jsonl", shard->dir) < 0)
		return error_origin(-ENOMEM, "results");
	r = folder_read(&file, path);
	if (r >= 0) {
		r = read_lines(shard, file, path);
		fclose(file);
	}
	free(path);
	mark_final(shard);
	return error_trace(r);
}

/* --- whether they belong together ----------------------------------------- */

/* "4" of "2/4": of two shards of the same run it is the same. */
static const char *number_of_shards(const json_t *info)
{
	const char *text = journal_text(info, "shard");

	return *text ? strchr(text, '/') + 1 : "1";
}

/* The name of a member of `a` that `b` lacks, or has with another value. */
static const char *find_other(json_t *a, json_t *b)
{
	const char *name;
	json_t *value;

	json_object_foreach (a, name, value)
		if (strcmp(name, "shard") != 0 && strcmp(name, "runs") != 0 &&
		    !json_equal(value, json_object_get(b, name)))
			return name;
	return NULL;
}

/* The name of a member in which the shards of one run do not differ, and these
 * two do; NULL: none. */
static const char *find_difference(json_t *a, json_t *b)
{
	const char *name = find_other(a, b);

	if (!name)
		name = find_other(b, a);
	if (name)
		return name;
	return strcmp(number_of_shards(a), number_of_shards(b)) != 0 ?
		       "shard" :
		       NULL;
}

static int refuse_difference(const struct shard *a, const struct shard *b,
			     const char *name)
{
	char *texts[] = {
		json_dumps(json_object_get(a->info, name), JSON_ENCODE_ANY),
		json_dumps(json_object_get(b->info, name), JSON_ENCODE_ANY),
	};
	int r = error_refuse(-EBADMSG,
			     "%s and %s are not shards of one run: %s is %s and %s",
			     a->dir, b->dir, name, texts[0] ? texts[0] : "missing",
			     texts[1] ? texts[1] : "missing");

	free(texts[0]);
	free(texts[1]);
	return r;
}

static int check(const struct shards *shards)
{
	for (size_t i = 1; i < shards->n; i++) {
		const struct shard *a = &shards->all[0], *b = &shards->all[i];
		const char *name = find_difference(a->info, b->info);

		if (name)
			return refuse_difference(a, b, name);
		for (size_t j = 0; j < i; j++)
			if (shards->all[j].number == b->number)
				return error_refuse(
					-EBADMSG,
					"shard %u/%u is in %s and in %s",
					b->number, shards->planned,
					shards->all[j].dir, b->dir);
	}
	return 0;
}

int shards_new(struct shards **ret, char *const *dirs, size_t n)
{
	struct shards *shards = calloc(1, sizeof(*shards));
	int r = 0;

	if (shards)
		shards->all = calloc(n, sizeof(*shards->all));
	if (!shards || !shards->all) {
		free(shards);
		return error_origin(-ENOMEM, "shards");
	}
	for (; shards->n < n && r >= 0; shards->n++) {
		struct shard *shard = &shards->all[shards->n];

		shard->dir = dirs[shards->n];
		r = read_shard(shard);
	}
	if (r >= 0) {
		shards->planned = (unsigned int)strtoul(
			number_of_shards(shards->all[0].info), NULL, 10);
		r = check(shards);
	}
	if (r < 0) {
		shards_free(shards);
		return error_trace(r);
	}
	*ret = shards;
	return 0;
}

struct shards *shards_free(struct shards *shards)
{
	if (!shards)
		return NULL;
	for (size_t i = 0; i < shards->n; i++) {
		struct shard *shard = &shards->all[i];

		for (size_t j = 0; j < shard->n; j++)
			result_free(shard->results[j]);
		free(shard->results);
		json_decref(shard->info);
	}
	free(shards->all);
	free(shards);
	return NULL;
}

/* --- totals --------------------------------------------------------------- */

static nsec_t longest(const struct shards *shards)
{
	nsec_t longest = 0;

	for (size_t i = 0; i < shards->n; i++)
		for (size_t j = 0; j < shards->all[i].n; j++) {
			const struct result *result = shards->all[i].results[j];

			longest = MAX(longest,
				      testcase_duration(result->testcase,
							result->variant));
		}
	return longest;
}

void shards_info(const struct shards *shards, struct report_info *ret)
{
	const json_t *info = shards->all[0].info;

	*ret = (struct report_info){
		.version = journal_text(info, "version"),
		.kernel = journal_text(info, "kernel"),
		.hz = (unsigned int)journal_integer(info, "hz"),
		.rootless = json_is_true(json_object_get(info, "rootless")),
		.virtual_time =
			json_is_true(json_object_get(info, "virtual_time")),
		.mapped = json_is_true(json_object_get(info, "mapped")),
		.family = (int)journal_integer(info, "family"),
		.n_runs = (size_t)journal_integer(info, "selected"),
		.slack = nsec_from_seconds(json_number_value(
			json_object_get(info, "slack_s"))),
		.longest = longest(shards),
	};
}

void shards_tally(const struct shards *shards, struct report_tally *ret)
{
	*ret = (struct report_tally){ 0 };
	for (size_t i = 0; i < shards->n; i++) {
		const struct shard *shard = &shards->all[i];
		struct report_delays *to = &ret->delays;

		for (size_t j = 0; j < shard->n; j++)
			if (shard->results[j]->final)
				report_count(ret, shard->results[j]);
		ret->took = MAX(ret->took, shard->took);
		to->timers = MAX(to->timers, shard->delays.timers);
		to->softirqs = MAX(to->softirqs, shard->delays.softirqs);
		to->cases = MAX(to->cases, shard->delays.cases);
		to->wire = MAX(to->wire, shard->delays.wire);
	}
}

/* --- what is missing ------------------------------------------------------ */

static const struct shard *find_shard(const struct shards *shards,
				      unsigned int number)
{
	for (size_t i = 0; i < shards->n; i++)
		if (shards->all[i].number == number)
			return &shards->all[i];
	return NULL;
}

static size_t count_final(const struct shard *shard)
{
	size_t n = 0;

	for (size_t i = 0; i < shard->n; i++)
		n += shard->results[i]->final;
	return n;
}

size_t shards_print_missing(const struct shards *shards, FILE *out,
			    const char *prefix)
{
	size_t n = 0;

	for (unsigned int k = 1; k <= shards->planned; k++) {
		const struct shard *shard = find_shard(shards, k);
		size_t runs, final;

		if (!shard) {
			fprintf(out, _("%sshard %u/%u is missing\n"), prefix, k,
				shards->planned);
			n++;
			continue;
		}
		runs = (size_t)journal_integer(shard->info, "runs");
		final = count_final(shard);
		if (final == runs)
			continue;
		fprintf(out,
			_("%s%s: %zu of %zu runs of shard %u/%u have a "
			  "result\n"),
			prefix, shard->dir, final, runs, k, shards->planned);
		n++;
	}
	return n;
}
