/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The completion of command lines, for the scripts in harness/manual. A shell
 * runs halfopen --complete WORD..., so that there is one implementation for all
 * shells and it reads the same tables as the parser.
 */
#pragma once

#include <stddef.h>

/*
 * Prints the completions of the last of `words`, which are those after
 * "halfopen", one a line: the whole word, and after a tab a description, which
 * may be empty. The line ":files" or ":folders" stands for the files or folders
 * that the shell finds. An unfinished word is "".
 */
void complete(char *const *words, size_t n);
