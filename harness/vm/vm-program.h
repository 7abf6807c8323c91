/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The halfopen program that a guest executes as init. */
#pragma once

#include <limits.h>
#include <stddef.h>

#include "vm-arch.h"

/*
 * The one of `programs` that is made for the architecture; by default this program
 * ("" in `ret`) or, for another architecture, the one that harness/cross/build
 * builds. -ENOENT without one, -EINVAL for a program that is none or is linked
 * dynamically; the message names the file or the cure.
 */
int vm_program_find(const struct vm_arch *arch, const char *const *programs,
		    size_t n, char ret[static PATH_MAX]);
