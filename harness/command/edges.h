/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second book, "timers and edges": the cases that have a topic, as a table
 * by topic.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "testcase.h"

/* "zero window"; NULL for TOPIC_NONE. */
const char *edges_topic(enum topic topic);

/* "6.14 and stable kernels, 124c4c32e9f3" */
void edges_print_version(FILE *out, const struct change *change);

/* Prints the selected cases for a terminal. */
void edges_print(bool (*selected)(void *data, const struct testcase *),
		 void *data, int columns);

/* Prints them for cases/README.md. */
void edges_print_markdown(bool (*selected)(void *data, const struct testcase *),
			  void *data);
