/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest on a User Mode Linux kernel, which is a process of this machine. */
#pragma once

#include <stdbool.h>

#include "machine.h"
#include "vm-kernel.h"

/*
 * -ENOENT and others where the kernel cannot be executed; -EINVAL for a program
 * that is not a UML kernel, or that lacks the time travel of `virtual_time` or one
 * of `features` (NULL: none).
 */
int vm_uml_check(const char *kernel, bool virtual_time,
		 const struct vm_feature *features);

/* Runs `plan`, whose kernel is a UML program that vm_uml_check() accepts, with
 * `words` as the guest's command line. */
int vm_uml_run(struct machine_plan plan, char *const *words, size_t n_words,
	       struct stream *stream, struct machine_report *ret);
