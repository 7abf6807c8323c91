/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of this folder ask of texts. */
#pragma once

#include <check.h>
#include <string.h>

/* The text has it; the failure shows both. */
#define assert_has(text_, part_)                                               \
	ck_assert_msg(strstr((text_), (part_)) != NULL,                        \
		      "no '%s' in:\n%s", (part_), (text_))
#define assert_lacks(text_, part_)                                             \
	ck_assert_msg(strstr((text_), (part_)) == NULL, "'%s' in:\n%s",        \
		      (part_), (text_))
