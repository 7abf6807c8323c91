/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the files of a run: journal.jsonl is created before the run
 * starts and written while it goes on; capture and page are made from the
 * complete journal when the run has ended; the index is made last, from all
 * journals below the folder, those of earlier commands included.
 *
 * All files are created through lib/folder.h, because the folder may lie in a
 * directory that other users write to.
 */
#include "out-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "capture.h"
#include "errors.h"
#include "fd.h"
#include "folder.h"
#include "macro.h"
#include "page-folder.h"
#include "safe-text.h"

enum { NAME_LENGTH = 512 }; /* of --out */

/* Locked until the process ends. */
static int locked = -1;

/* The lock is that of an open file description: each process of a run closes
 * its copy, so that no world that outlives halfopen keeps it. */
static int lock(int fd, const char *out)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return error_refuse(-EBUSY,
				    "%s: another halfopen writes to this folder",
				    out);
	/* A file system without locks: two writers are not noticed. */
	fd_close(locked);
	locked = fd;
	return 0;
}

static int write_test_file(int fd, const char *out)
{
	static const char name[] = ".halfopen-test";
	CLEANUP_FD int file = -1;
	int r;

	unlinkat(fd, name, 0);
	file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return error_origin(-errno, "write below %s", out);
	r = fd_write_all(file, "\n", 1);
	if (r < 0)
		r = error_origin(r, "write below %s", out);
	unlinkat(fd, name, 0);
	return error_trace(r);
}

int out_folder_check(const char *out)
{
	int fd, r;

	if (!*out)
		return error_refuse(-EINVAL, "empty name");
	if (strlen(out) > NAME_LENGTH)
		return error_refuse(-EINVAL, "%.64s…: longer than %d bytes", out,
				    NAME_LENGTH);
	if (!safe_text_is_safe(out, false))
		return error_refuse(-EINVAL,
				    "%s: the name has control characters or is "
				    "not UTF-8",
				    out);
	fd = folder_open(out);
	if (fd < 0)
		return error_trace(fd);
	r = lock(fd, out);
	if (r < 0) {
		fd_close(fd);
		return error_trace(r);
	}
	return error_trace(write_test_file(fd, out));
}

void out_folder_of(const struct result *result, char ret[static OUT_FOLDER])
{
	char repetition[32] = "", attempt[32] = "";

	if (result->repetition > 1)
		snprintf(repetition, sizeof(repetition), ".%u",
			 result->repetition);
	if (result->attempt > 1)
		snprintf(attempt, sizeof(attempt), ".try%u", result->attempt);
	snprintf(ret, OUT_FOLDER, "%s%s%s", result_name(result), repetition,
		 attempt);
}

static int open_file(FILE **ret, const char *out, const char *folder,
		     const char *name)
{
	char path[OUT_FOLDER + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return error_trace(folder_create(ret, out, path));
}

struct out_run {
	FILE *journal, *packets;
	struct capture *capture;
};

static int open_run(struct out_run *run, const char *out,
		    const struct result *result)
{
	char folder[OUT_FOLDER];
	int r;

	out_folder_of(result, folder);
	r = open_file(&run->journal, out, folder, "journal.jsonl");
	if (r < 0)
		return error_trace(r);
	r = open_file(&run->packets, out, folder, "capture.pcapng");
	if (r < 0)
		return error_trace(r);
	return error_trace(capture_new(&run->capture, run->packets));
}

int out_run_new(struct out_run **ret, const char *out,
		const struct result *result)
{
	struct out_run *run = calloc(1, sizeof(*run));
	int r;

	if (!run)
		return error_origin(-ENOMEM, "run");
	r = open_run(run, out, result);
	if (r < 0) {
		out_run_close(run);
		return error_trace(r);
	}
	*ret = run;
	return 0;
}

static void add_line(struct out_run *run, const char *line, size_t size)
{
	fwrite(line, 1, size, run->journal);
	fputc('\n', run->journal);
}

void out_run_add(struct out_run *run, const json_t *record, const char *line,
		 size_t size)
{
	add_line(run, line, size);
	capture_add(run->capture, record);
}

void out_run_add_frame(struct out_run *run, const struct journal_packet *frame,
		       const char *line, size_t size)
{
	add_line(run, line, size);
	capture_add_frame(run->capture, frame);
}

/* stdio keeps a failure until out_run_close() reports it. */
void out_run_flush(struct out_run *run)
{
	fflush(run->journal);
	fflush(run->packets);
}

/* A full disk is seen here at the latest. */
static int close_file(FILE *file, int r)
{
	if (!file)
		return r;
	if (fflush(file) != 0 || ferror(file))
		r = fd_stream_error(file);
	return fclose(file) != 0 && r >= 0 ? -errno : r;
}

int out_run_close(struct out_run *run)
{
	int r;

	if (!run)
		return 0;
	capture_free(run->capture);
	r = close_file(run->packets, close_file(run->journal, 0));
	free(run);
	return r;
}

int out_folder_finish(const char *out, const struct result *result)
{
	char folder[OUT_FOLDER];

	out_folder_of(result, folder);
	return error_trace(page_folder_run(out, folder, result));
}

int out_report_open(struct report *report, const char *out)
{
	struct report *copy = calloc(1, sizeof(*copy));
	int r;

	if (!copy)
		return error_origin(-ENOMEM, "report");
	copy->reporter = &reporter_jsonl;
	r = folder_create(&copy->out, out, "results.jsonl");
	if (r < 0) {
		free(copy);
		return error_trace(r);
	}
	report->copy = copy;
	return 0;
}

int out_report_close(struct report *report)
{
	struct report *copy = TAKE(report->copy);
	int r;

	if (!copy)
		return 0;
	r = close_file(copy->out, copy->error);
	free(copy);
	return r < 0 ? error_origin(r, "write results.jsonl") : 0;
}

int out_folder_index(const char *out)
{
	struct saved *saved;
	int r = saved_new(&saved, out);

	/* No run was started. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_trace(r);
	r = page_folder_index(out, saved);
	saved_free(saved);
	return error_trace(r);
}
