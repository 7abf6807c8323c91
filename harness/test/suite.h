/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the main() of every test program of this folder does. */
#pragma once

#include <check.h>
#include <stddef.h>

/* Returns the exit status. */
int suite_main(const char *name, const TTest *const *const *tests, size_t n);

/* The text has it; the failure shows both. */
#define assert_has(text_, part_)                                               \
	ck_assert_msg(strstr((text_), (part_)) != NULL,                        \
		      "no '%s' in:\n%s", (part_), (text_))
#define assert_lacks(text_, part_)                                             \
	ck_assert_msg(strstr((text_), (part_)) == NULL, "'%s' in:\n%s",        \
		      (part_), (text_))
