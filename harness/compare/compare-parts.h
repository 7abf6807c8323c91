/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a comparison is made: for the files of this folder alone. */
#pragma once

#include "compare.h"

/* compare-values.c; -ENOMEM */
int compare_values_find(struct comparison *comparison);

/* A name tells its unit by its end: "_s", "_ms"; "_max" is the greatest one. */
bool compare_ends_with(const char *name, const char *end);

/* compare-segments.c; the ladders are there; -ENOMEM */
int compare_segments_find(struct comparison *comparison);
void compare_segments_deinit(struct compare_segments *segments);

/* compare-slide.c: which of several like segments the other run lacks */
void compare_slide(struct compare_segments *segments);

/* compare-key.c: for all of a ladder's segments, in order; -ENOMEM */
int compare_keys(struct compare_segment *segments, size_t n,
		 const struct ladder *ladder);

/* "wire" for who is no host. */
const char *compare_host_name(const struct ladder *ladder, int host);

/* compare-events.c; -ENOMEM */
int compare_events_find(struct comparison *comparison);
