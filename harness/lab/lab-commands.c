/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mistyped program would fail only when the lab runs, with a message of the
 * shell among all others. So the first word is looked for beforehand, unless it
 * could mean something that only a shell can find.
 */
#include "lab-commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "privilege.h"
#include "program-control.h"
#include "program-find.h"
#include "stage.h"

enum { WORD = 256 };

/* A builtin command or a reserved word of sh(1). */
static bool is_shell_word(const char *word)
{
	static const char *const words[] = {
		":",	  ".",	     "[",	 "alias",  "break", "case",
		"cd",	  "command", "continue", "do",	   "echo",  "eval",
		"exec",	  "exit",    "export",	 "false",  "for",   "getopts",
		"if",	  "kill",    "local",	 "printf", "pwd",   "read",
		"return", "set",     "shift",	 "test",   "times", "trap",
		"true",	  "type",    "ulimit",	 "umask",  "unset", "until",
		"wait",	  "while",   "{",	 "(",	   "!",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* Without quotes, expansions and other shell syntax. */
static bool is_literal(const char *word)
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

/* A word with a slash is a path, which may exist only in the program's host. */
static bool may_be_installed(const struct lab_plan *plan, const char *word)
{
	return !*word || strchr(word, '/') || !is_literal(word) ||
	       is_shell_word(word) || is_needed(plan, word) ||
	       program_find(word, NULL, 0);
}

int lab_commands_check(const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_programs; i++) {
		const struct lab_program *program = &plan->programs[i];
		char word[WORD];

		first_word(program->command, word);
		if (!may_be_installed(plan, word))
			return lab_place_refuse(
				&program->place,
				"program '%s' not found: neither in PATH nor "
				"in programs/bin of the build",
				word);
	}
	return 0;
}

void lab_commands_check_reach(struct run *run, const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_programs; i++) {
		char word[WORD];

		first_word(plan->programs[i].command, word);
		if (!may_be_installed(plan, word))
			stage_skip_hidden(run, word);
	}
}

bool lab_commands_private_path(const char *command, char *ret, size_t size)
{
	const char *const *folders = privilege_private_folders();
	const char *found = NULL;

	for (; *folders && !found; folders++) {
		found = strstr(command, *folders);
		/* Only at the start of a path: not inside of one. */
		if (found && found > command &&
		    !strchr(" \t\n=:'\"<>", found[-1]))
			found = NULL;
	}
	if (found)
		snprintf(ret, size, "%.*s", (int)strcspn(found, " \t\n'\";|&"),
			 found);
	return found;
}
