/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "program-control.h"
#include "program-find.h"

enum { WORD = 256 };

/* What sh(1) does itself, or takes for grammar. */
static bool is_of_the_shell(const char *word)
{
	static const char *const words[] = {
		":",	  ".",	    "[",      "alias", "break",	 "case",
		"cd",	  "command", "continue", "do",  "echo",	 "eval",
		"exec",	  "exit",   "export", "false", "for",	 "getopts",
		"if",	  "kill",   "local",  "printf", "pwd",	 "read",
		"return", "set",    "shift",  "test",  "times",	 "trap",
		"true",	  "type",   "ulimit", "umask", "unset",	 "until",
		"wait",	  "while",  "{",      "(",     "!",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* What only a shell can make a word of. */
static bool is_plain(const char *word)
{
	return !strpbrk(word, "$`\"'\\=(){}|&;<>*?[]~#!\n");
}

static bool is_needed(const struct lab_plan *plan, const char *word)
{
	for (size_t i = 0; i < plan->n_needs; i++)
		if (strcmp(plan->needs[i], word) == 0)
			return true;
	return false;
}

static void first_word(const char *command, char word[WORD])
{
	command += strspn(command, " \t\n");
	snprintf(word, WORD, "%.*s", (int)strcspn(command, " \t\n"), command);
}

/* With a slash it may lie anywhere, also where only its host sees it. */
static bool may_be_there(const struct lab_plan *plan, const char *word)
{
	return !*word || strchr(word, '/') || !is_plain(word) ||
	       is_of_the_shell(word) || is_needed(plan, word) ||
	       program_find(word, NULL, 0);
}

int lab_commands_check(const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_programs; i++) {
		const struct lab_program *program = &plan->programs[i];
		char word[WORD];

		first_word(program->command, word);
		if (!may_be_there(plan, word))
			return lab_place_refuse(
				&program->place,
				"no program is called '%s' here, nor in the "
				"PATH",
				word);
	}
	return 0;
}

bool lab_commands_private_path(const char *command, char *ret, size_t size)
{
	static const char *const own[] = { "/tmp/", "/run/", "/var/log/" };
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(own) && !found; i++) {
		found = strstr(command, own[i]);
		/* Not in the middle of a path. */
		if (found && found > command &&
		    !strchr(" \t\n=:'\"<>", found[-1]))
			found = NULL;
	}
	if (found)
		snprintf(ret, size, "%.*s", (int)strcspn(found, " \t\n'\";|&"),
			 found);
	return found;
}
