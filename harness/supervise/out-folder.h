/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of --out DIR: for each run DIR/NAME/VARIANT/ with journal.jsonl,
 * capture.pcapng and report.html; and DIR/index.html.
 */
#pragma once

#include <stdio.h>

#include "result.h"

/* Makes the folder, locks it against other processes until this one ends, and
 * checks that a file can be written there. -EBUSY: another halfopen has it. */
int out_folder_check(const char *out);

/* Creates the journal of this run. Further repetitions and tries have folders
 * beside the first one: NAME.2, NAME.try2. */
int out_folder_open(FILE **ret, const char *out, const struct result *result);

/* Writes capture and page from the result's journal, beside it. */
int out_folder_finish(const char *out, const struct result *result);

/* Writes the index of all runs below DIR, including those of earlier commands. */
int out_folder_index(const char *out);
