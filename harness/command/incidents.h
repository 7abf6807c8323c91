/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The incidents that ship with halfopen: labs that are known by their name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "usage.h"

/* A lab of more than this is for virtual time. */
enum { INCIDENT_REAL_SECONDS = 60 };

/* The path of a lab's file: `name` itself if there is such a file, or that of
 * the incident with this name. -ENOENT names the nearest incident. */
int incidents_find(const char *name, char *buffer, size_t size);

/* Prints the incidents by symptom; with words, those that contain each word in
 * name, symptom or description. `jsonl`: one JSON object a line. -ENOENT: there
 * is none; -EINVAL for an invalid file. */
int incidents_list(char *const *words, size_t n, bool jsonl);

/* Calls `item` with name and symptom of each incident, up to an invalid file.
 */
void incidents_each(usage_item_fn *item, void *data);
