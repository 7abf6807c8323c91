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

enum { FOLDER = 512 };

/* "NAME/VARIANT", and for further repetitions and tries "NAME/VARIANT.2.try3". */
static void write_folder(const struct result *result, char ret[static FOLDER])
{
	char repetition[32] = "", attempt[32] = "";

	if (result->repetition > 1)
		snprintf(repetition, sizeof(repetition), ".%u",
			 result->repetition);
	if (result->attempt > 1)
		snprintf(attempt, sizeof(attempt), ".try%u", result->attempt);
	snprintf(ret, FOLDER, "%s%s%s", result_name(result), repetition,
		 attempt);
}

static int open_file(FILE **ret, const char *out, const char *folder,
		     const char *name)
{
	char path[1024];
	int r = snprintf(path, sizeof(path), "%s/%s/%s", out, folder, name);

	if (r >= (int)sizeof(path))
		return error_origin(-ENAMETOOLONG, "%.64s…", path);
	r = make_directories(path);
	if (r < 0)
		return error_trace(r);
	*ret = fopen(path, "we");
	return *ret ? 0 : error_origin(-errno, "write %s", path);
}

int out_folder_open(FILE **ret, const char *out, const struct result *result)
{
	char folder[FOLDER];

	write_folder(result, folder);
	return error_trace(open_file(ret, out, folder, "journal.jsonl"));
}

static int write_capture(const char *out, const char *folder,
			 const json_t *journal)
{
	FILE *file;
	int r = open_file(&file, out, folder, "capture.pcapng");

	if (r < 0)
		return error_trace(r);
	r = capture_write(file, journal);
	if (fclose(file) != 0 && r >= 0)
		r = error_origin(-errno, "write a capture below %s", out);
	return error_trace(r);
}

int out_folder_finish(const char *out, const struct result *result)
{
	char folder[FOLDER];
	int r;

	write_folder(result, folder);
	r = write_capture(out, folder, result->journal);
	if (r < 0)
		return error_trace(r);
	return error_trace(page_folder_run(out, folder, result));
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
