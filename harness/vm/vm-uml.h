/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest on a User Mode Linux kernel, which is a process of this machine. */
#pragma once

#include "machine.h"

/*
 * Runs `plan`, whose kernel is the UML program, with `words` as the guest's
 * command line. -ENOENT and others where it cannot be executed; -EINVAL for a
 * program that is not a UML kernel, or that lacks time travel where the plan
 * has virtual time.
 */
int vm_uml_run(struct machine_plan plan, char *const *words, size_t n_words,
	       struct stream *stream, struct machine_report *ret);
