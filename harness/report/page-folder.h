/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages made of a DIR that --out kept, and put beside its journals. */
#pragma once

#include "saved.h"

/* DIR/FOLDER/report.html, from the run's journal, which must have been read. */
int page_folder_run(const char *dir, const struct saved_run *run);

/* DIR/index.html, over all runs that could be read. */
int page_folder_index(const char *dir, const struct saved *saved);
