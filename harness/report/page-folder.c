/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file is created below the folder of --out by folder_create(), which
 * follows no link that somebody else may have put there.
 */
#include "page-folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "errors.h"
#include "fd.h"
#include "folder.h"
#include "ladder.h"
#include "page.h"

static int open_page(FILE **ret, const char *dir, const char *folder,
		     const char *name)
{
	char *path;
	int r;

	if (asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", name) < 0)
		return error_origin(-ENOMEM, "page");
	r = folder_create(ret, dir, path);
	free(path);
	return error_trace(r);
}

/* A full disk is often seen by fclose() first. */
static int close_page(FILE *file, int r, const char *dir)
{
	if (fclose(file) != 0 && r >= 0)
		r = error_origin(-errno, "write a file below %s", dir);
	return error_trace(r);
}

/* "../../index.html" from a folder in a folder. */
static char *index_from(const char *folder)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (*folder)
		fputs("../", out);
	for (; *folder; folder++)
		if (*folder == '/')
			fputs("../", out);
	fputs("index.html", out);
	fclose(out);
	return text;
}

int page_folder_run(const char *dir, const char *folder,
		    const struct result *result)
{
	char *index = index_from(folder);
	FILE *file;
	int r;

	if (!index)
		return error_origin(-ENOMEM, "page");
	r = open_page(&file, dir, folder, "report.html");
	if (r >= 0) {
		r = page_write(file, result, index);
		r = close_page(file, r, dir);
	}
	free(index);
	return error_trace(r);
}

int page_folder_ladder(const char *dir, const char *folder,
		       const struct result *result)
{
	struct ladder *ladder;
	FILE *file;
	int r = ladder_new(&ladder, result->journal);

	if (r < 0)
		return error_trace(r);
	r = open_page(&file, dir, folder, "ladder.svg");
	if (r >= 0) {
		r = ladder_svg_file(file, ladder);
		if (r >= 0 && ferror(file))
			r = error_origin(fd_stream_error(file),
					 "write a ladder below %s", dir);
		r = close_page(file, r, dir);
	}
	ladder_free(ladder);
	return error_trace(r);
}

int page_folder_index(const char *dir, const struct saved *saved)
{
	struct saved_run *runs;
	size_t all = saved_runs(saved, &runs), n = 0;
	struct page_entry *entries = calloc(all + 1, sizeof(*entries));
	FILE *file;
	int r;

	if (!entries)
		return error_origin(-ENOMEM, "index");
	for (size_t i = 0; i < all; i++)
		if (runs[i].result)
			entries[n++] = (struct page_entry){ runs[i].result,
							    runs[i].folder };
	r = open_page(&file, dir, "", "index.html");
	if (r >= 0) {
		r = page_index_write(file, entries, n);
		r = close_page(file, r, dir);
	}
	free(entries);
	return error_trace(r);
}
