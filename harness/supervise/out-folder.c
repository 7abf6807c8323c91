/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "errors.h"
#include "fd.h"
#include "page-folder.h"
#include "page.h"

static int make_directories(char *path)
{
	for (char *at = path + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return error_origin(-errno, "make directory %s", path);
		*at = '/';
	}
	return 0;
}

int out_folder_check(const char *out)
{
	char path[1024];
	int fd, r;

	if (!*out || strlen(out) > sizeof(path) / 2)
		return error_refuse(-EINVAL,
				    "--out '%s': empty name, or longer than "
				    "%zu bytes",
				    out, sizeof(path) / 2);
	snprintf(path, sizeof(path), "%s/.halfopen-XXXXXX", out);
	r = make_directories(path);
	if (r < 0)
		return error_trace(r);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return error_origin(-errno, "write below %s", out);
	r = fd_write_all(fd, "\n", 1);
	if (r < 0)
		r = error_origin(r, "write below %s", out);
	fd_close(fd);
	unlink(path);
	return error_trace(r);
}

static int open_named(FILE **ret, const char *out, const struct result *result,
		      const char *name)
{
	char path[1024], run[32] = "", attempt[32] = "";
	FILE *file;
	int r;

	if (result->repetition > 1)
		snprintf(run, sizeof(run), ".%u", result->repetition);
	if (result->attempt > 1)
		snprintf(attempt, sizeof(attempt), ".try%u", result->attempt);
	r = snprintf(path, sizeof(path), "%s/%s%s%s/%s", out,
		     result_name(result), run, attempt, name);
	if (r >= (int)sizeof(path))
		return error_origin(-ENAMETOOLONG, "%.64s…", path);
	r = make_directories(path);
	if (r < 0)
		return error_trace(r);
	file = fopen(path, "we");
	if (!file)
		return error_origin(-errno, "write %s", path);
	*ret = file;
	return 0;
}

int out_folder_open(FILE **ret, const char *out, const struct result *result)
{
	return error_trace(open_named(ret, out, result, "journal.jsonl"));
}

/* Relative to the run's folder. */
static const char *index_of(const struct result *result)
{
	return result->variant ? "../../index.html" : "../index.html";
}

static int write_page(const char *out, const struct result *result)
{
	FILE *file;
	int r = open_named(&file, out, result, "report.html");

	if (r < 0)
		return error_trace(r);
	r = page_write(file, result, index_of(result));
	if (fclose(file) != 0 && r >= 0)
		r = error_origin(-errno, "write a page below %s", out);
	return error_trace(r);
}

static int write_capture(const char *out, const struct result *result)
{
	FILE *file;
	int r = open_named(&file, out, result, "capture.pcapng");

	if (r < 0)
		return error_trace(r);
	r = capture_write(file, result->journal);
	if (fclose(file) != 0 && r >= 0)
		r = error_origin(-errno, "write a capture below %s", out);
	return error_trace(r);
}

int out_folder_finish(const char *out, const struct result *result)
{
	int r = write_capture(out, result);

	if (r < 0)
		return error_trace(r);
	return error_trace(write_page(out, result));
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
