/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines typed at a terminal, with editing, history and completion. The event
 * loop is served meanwhile, and what its handlers print appears above the line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab-plan.h"
#include "loop.h"

struct lab_editor;

/*
 * The terminal is standard input and output. All arguments are borrowed.
 * `is_over` is asked after each event of the loop: true gives up the line. Tab
 * completes the verbs of actions, the `words` of the prompt (the last is NULL),
 * and names of the plan.
 */
int lab_editor_new(struct lab_editor **ret, struct loop *loop,
		   const struct lab_plan *plan, const char *const *words,
		   bool (*is_over)(void *data), void *data);
/* Restores the modes of the terminal. */
struct lab_editor *lab_editor_free(struct lab_editor *editor);

/* Whether standard input and output are a terminal that can be edited on. */
bool lab_editor_possible(void);

/*
 * Serves the loop until a line is complete. Returns its length without the line
 * end, which may be too long, as that of snprintf(); -ENODATA at the end of the
 * input (Ctrl-D); -ECANCELED when the line was given up; or the failure of a
 * handler.
 */
int lab_editor_read(struct lab_editor *editor, char *line, size_t size);

/* Gives up the line if something is typed in it: true. For Ctrl-C. This
 * function and the following ones accept NULL. */
bool lab_editor_discard(struct lab_editor *editor);

/* Around whatever is printed while a line is read; at other times without
 * effect. */
void lab_editor_hide(struct lab_editor *editor);
void lab_editor_show(struct lab_editor *editor);
