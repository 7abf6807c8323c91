/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

/* Prints `word` as one word of sh(1), quoted where necessary. */
void shell_word_print(FILE *out, const char *word);
