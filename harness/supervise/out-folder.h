/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --out DIR keeps: DIR/NAME/VARIANT/journal.jsonl, and what is made of it:
 * capture.pcapng and report.html; and DIR/index.html. */
#pragma once

#include <stdio.h>

#include "result.h"

/* Whether something can be written below it: tries, and removes what it tried. */
int out_folder_check(const char *out);

/* The journal of this run, empty; further repetitions and tries lie in folders
 * beside the first. */
int out_folder_open(FILE **ret, const char *out, const struct result *result);

/* Of the result's journal, beside it: its frames as tshark reads them, and its
 * page. */
int out_folder_draw(const char *out, const struct result *result);

/* The page over all runs that DIR has, those of earlier days among them. */
int out_folder_index(const char *out);
