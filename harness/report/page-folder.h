/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes pages and drawings into a folder of --out, beside its journals. */
#pragma once

#include "saved.h"

/* DIR/FOLDER/report.html. The result must have its whole journal. -errno. */
int page_folder_run(const char *dir, const char *folder,
		    const struct result *result);

/* DIR/FOLDER/ladder.svg, under the same condition. -errno. */
int page_folder_ladder(const char *dir, const char *folder,
		       const struct result *result);

/* DIR/index.html, of all runs that could be read. -errno. */
int page_folder_index(const char *dir, const struct saved *saved);
