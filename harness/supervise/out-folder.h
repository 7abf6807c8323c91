/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --out DIR keeps: DIR/NAME/VARIANT/journal.jsonl, and capture.pcapng. */
#pragma once

#include <stdio.h>

#include "result.h"

/* Whether something can be written below it: tries, and removes what it tried. */
int out_folder_check(const char *out);

/* The journal of this run, empty; further repetitions and tries lie in folders
 * beside the first. */
int out_folder_open(FILE **ret, const char *out, const struct result *result);

/* The frames of the result's journal beside it, as tshark reads them. */
int out_folder_capture(const char *out, const struct result *result);
