/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a lab on a terminal, while it runs. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "journal.h"
#include "nsec.h"
#include "result.h"

struct lab_live;

int lab_live_new(struct lab_live **ret, FILE *out, bool coloured);
struct lab_live *lab_live_free(struct lab_live *live);

/* Adds a record that arrived at `now`. Without memory for it, it is not
 * printed. */
void lab_live_add(struct lab_live *live, const json_t *record, nsec_t now);

/* The same for a frame, which is parsed only if it has a line of its own. */
void lab_live_add_frame(struct lab_live *live,
			const struct journal_packet *frame, const char *line,
			size_t size, nsec_t now);

/* When lab_live_print() has something to print; NSEC_NEVER: nothing yet. */
nsec_t lab_live_due(const struct lab_live *live);

/* Prints what has been held long enough; NSEC_NEVER for `now` prints all. Times
 * count from `zero`, the result's. */
void lab_live_print(struct lab_live *live, double zero, nsec_t now);
