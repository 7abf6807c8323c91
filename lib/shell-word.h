/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

/* As one word of sh(1): what a shell would take apart stands between quotes. */
void shell_word_print(FILE *out, const char *word);
