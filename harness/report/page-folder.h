/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the pages of a folder that --out kept, beside its journals. */
#pragma once

#include "saved.h"

/* DIR/FOLDER/report.html. The run's journal must be read (saved_read_journal). */
int page_folder_run(const char *dir, const struct saved_run *run);

/* DIR/index.html, of all runs that could be read. */
int page_folder_index(const char *dir, const struct saved *saved);
