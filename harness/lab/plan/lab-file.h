/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab as a file, in YAML: its hosts, programs, timeline and expectations.
 * harness/doc/lab.md is the manual of the keys; all of them are optional.
 */
#pragma once

#include "lab-plan.h"

/*
 * Reads a file into an empty plan. -ENOENT and other errors of open(2); -EINVAL
 * or -E2BIG for an invalid file, with a message that has the file, line,
 * column, the path of keys, and what was expected. Unknown and duplicate keys
 * are errors.
 */
int lab_file_read(struct lab_plan *plan, const char *path);

/* The same from memory; `name` is that of the file, for messages. */
int lab_file_parse(struct lab_plan *plan, const char *name, const char *text,
		   size_t size);

/* Calls the function for each key: of the file, of a host ("hosts.HOST.run"),
 * of a program ("hosts.HOST.run.user"). */
void lab_file_each_key(void (*fn)(void *data, const char *path), void *data);
