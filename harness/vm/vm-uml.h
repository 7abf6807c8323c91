/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that is a User Mode Linux kernel: a process of this machine. */
#pragma once

#include "machine.h"

/*
 * Runs `plan`, whose kernel is a program, with `words` as the guest's command
 * line. One that is none, or whose clock cannot jump where it should, is refused
 * in a sentence.
 */
int vm_uml_run(struct machine_plan plan, char *const *words, size_t n_words,
	       struct stream *stream, struct machine_report *ret);
