/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results come from results.jsonl of each directory, since they include what options
 * made of a verdict; journals are read for the timelines of runs that failed.
 * The folder of --out is what a run without --shard would have written, so that
 * report, compare and a further merge read it like any other.
 */
#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "folder.h"
#include "local-report.h"
#include "macro.h"
#include "out-folder.h"
#include "saved.h"
#include "shards.h"

/* --- timelines ------------------------------------------------------------ */

/* A run that never started has no journal. One that cannot be read costs its
 * timeline, not the rest of the report. */
static int read_journal(const struct shard *shard, struct result *result,
			bool *complete)
{
	struct saved_run run = { .result = result };
	char folder[OUT_FOLDER];
	int r;

	out_folder_of(result, folder);
	if (asprintf(&run.path, "%s/%s/journal.jsonl", shard->dir, folder) < 0)
		return error_origin(-ENOMEM, "journal");
	r = saved_read_journal(&run);
	if (run.problem || (r < 0 && r != -ENOENT && r != -ENOMEM)) {
		fprintf(stderr, "halfopen report: %s\n",
			run.problem ? run.problem : error_text());
		*complete = false;
	}
	free(run.problem);
	free(run.path);
	return r == -ENOMEM ? error_trace(r) : 0;
}

static int print_results(struct report *report, const struct shards *shards,
			 bool *complete)
{
	for (size_t i = 0; i < shards->n; i++) {
		const struct shard *shard = &shards->all[i];

		for (size_t j = 0; j < shard->n; j++) {
			struct result *result = shard->results[j];
			int r = 0;

			if (result->verdict == VERDICT_FAIL ||
			    result->verdict == VERDICT_BROKEN)
				r = read_journal(shard, result, complete);
			if (r < 0)
				return error_trace(r);
			report_print_result(report, result);
		}
	}
	return 0;
}

/* --- the folder ----------------------------------------------------------- */

static int copy(FILE *from, FILE *to, const char *path)
{
	char buffer[1 << 16];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, n, to);
	if (ferror(from))
		return error_origin(-EIO, "read %s", path);
	if (fflush(to) != 0 || ferror(to))
		return error_origin(fd_stream_error(to), "copy %s", path);
	return 0;
}

static int copy_file(const char *dir, const char *out, const char *name)
{
	char *path;
	FILE *from, *to;
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return error_origin(-ENOMEM, "copy a file");
	r = folder_read(&from, path);
	if (r >= 0) {
		r = folder_create(&to, out, name);
		if (r >= 0) {
			r = copy(from, to, path);
			fclose(to);
		}
		fclose(from);
	} else if (r == -ENOENT) {
		r = 0;
	}
	free(path);
	return error_trace(r);
}

static int copy_run(const char *dir, const char *out,
		    const struct result *result)
{
	static const char *const files[] = { "journal.jsonl", "capture.pcapng",
					     "report.html" };
	char folder[OUT_FOLDER], name[OUT_FOLDER + 32];
	int r = 0;

	out_folder_of(result, folder);
	for (size_t i = 0; i < ARRAY_SIZE(files) && r >= 0; i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, files[i]);
		r = copy_file(dir, out, name);
	}
	return error_trace(r);
}

static int copy_runs(const struct shards *shards, const char *out)
{
	for (size_t i = 0; i < shards->n; i++) {
		const struct shard *shard = &shards->all[i];

		for (size_t j = 0; j < shard->n; j++) {
			int r = copy_run(shard->dir, out, shard->results[j]);

			if (r < 0)
				return error_trace(r);
		}
	}
	return error_trace(out_folder_index(out));
}

/* A file cannot be copied to itself. */
static int check_out(const struct merge_options *options)
{
	struct stat out, dir;
	int r = out_folder_check(options->out);

	if (r < 0)
		return error_refuse(r, "--out: %s", error_message());
	for (size_t i = 0; i < options->n; i++)
		if (stat(options->out, &out) == 0 &&
		    stat(options->dirs[i], &dir) == 0 &&
		    out.st_dev == dir.st_dev && out.st_ino == dir.st_ino)
			return error_refuse(-EINVAL,
					    "--out: %s is one of the merged "
					    "directories",
					    options->out);
	return 0;
}

/* --- the report ----------------------------------------------------------- */

/* `complete` becomes false where a journal could not be read. */
static int print(const struct merge_options *options,
		 const struct shards *shards, const struct report_tally *tally,
		 bool *complete)
{
	struct report report = {
		.reporter = options->reporter,
		.out = stdout,
		.coloured = options->coloured,
		.columns = options->columns,
	};
	int r = options->out ? out_report_open(&report, options->out) : 0;
	int closed;

	shards_info(shards, &report.info);
	if (r >= 0) {
		report_print_begin(&report);
		r = print_results(&report, shards, complete);
		report_print_end(&report, tally);
	}
	closed = out_report_close(&report);
	if (r >= 0)
		r = closed;
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = error_origin(fd_stream_error(stdout), "print the report");
	if (r >= 0)
		r = report.error;
	report_deinit(&report);
	return error_trace(r);
}

int merge(const struct merge_options *options)
{
	struct report_tally tally;
	struct shards *shards;
	int r = shards_new(&shards, options->dirs, options->n), status;
	bool complete = true;

	if (r >= 0 && options->out) {
		r = check_out(options);
		if (r < 0)
			shards_free(shards);
	}
	if (r < 0) {
		fprintf(stderr, "halfopen report: %s\n", error_text());
		return r == -ENOMEM ? EXIT_STATUS_BROKEN : EXIT_STATUS_USAGE;
	}
	shards_tally(shards, &tally);
	r = print(options, shards, &tally, &complete);
	if (r >= 0 && options->out)
		r = copy_runs(shards, options->out);
	if (r < 0)
		fprintf(stderr, "halfopen report: %s\n", error_text());
	status = local_report_status(&tally, r);
	if (shards_print_missing(shards, stderr, "halfopen report: "))
		complete = false;
	if (!complete && status != EXIT_STATUS_FAIL)
		status = EXIT_STATUS_BROKEN;
	shards_free(shards);
	return status;
}
