/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A word of safe characters is printed as it is. Any other word is put in
 * single quotes, within which the shell interprets nothing (POSIX XCU 2.2.2); a
 * single quote ends them, follows as \', and opens new ones.
 */
#include "shell-word.h"

#include <string.h>

void shell_word_print(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./=:,+@%";

	if (*word && strspn(word, plain) == strlen(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}
