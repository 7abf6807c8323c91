/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ends of names: file name extensions, units in names of values. */
#pragma once

#include <stdbool.h>
#include <string.h>

static inline bool suffix_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), n = strlen(suffix);

	return length >= n && strcmp(text + length - n, suffix) == 0;
}
