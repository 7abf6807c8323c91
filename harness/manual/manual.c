/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the manual page: a template, of which lines that begin with @ are
 * replaced by the program's own tables.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fault.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "lab-file.h"
#include "macro.h"
#include "case-table.h"
#include "version.h"

/* Escapes text for roff: dashes, backslashes, and a dot at the start of a
 * line. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void put_item(const char *name, const char *what)
{
	fputs(".TP\n.B ", stdout);
	put_text(name);
	putchar('\n');
	put_text(what);
	putchar('\n');
}

static void put_word(void *data MACRO_UNUSED, const char *name,
		     const char *what)
{
	put_item(name, what);
}

static void put_command(const struct usage *usage)
{
	const struct usage_word *word = usage->words;
	const struct usage_option *option = usage->options;
	char name[64];

	printf(".SS halfopen %s ", usage->name);
	put_text(usage->arguments);
	fputs("\n", stdout);
	put_text(usage->text);
	putchar('\n');
	for (; word && word->name; word++)
		put_item(word->name, word->what);
	if (usage->each_word)
		usage->each_word(put_word, NULL);
	for (; option && option->name; option++)
		put_item(usage_option_text(option, name, sizeof(name)),
			 option->what);
	fputs(".PP\n", stdout);
	if (usage->after) {
		put_text(usage->after);
		fputs("\n.PP\n", stdout);
	}
	fputs("Exit status: ", stdout);
	put_text(usage->status);
	putchar('\n');
}

static void put_commands(void)
{
	size_t n;
	const struct command *command = commands(&n);

	for (; n > 0; n--, command++)
		put_command(command->usage);
}

static void put_faults(void)
{
	size_t n;
	const struct fault_verb *verb = fault_verbs(&n);
	char name[64];

	for (; n > 0; n--, verb++) {
		snprintf(name, sizeof(name), "%s%s%s", verb->name,
			 *verb->arguments ? " " : "", verb->arguments);
		put_item(name, verb->what);
	}
}

static void put_cases(void)
{
	for (size_t i = 0; i < testcases_n; i++)
		put_item(testcases[i]->name, testcases[i]->claim);
}

static void put_key(void *data MACRO_UNUSED, const char *path)
{
	fputs(".br\n.B ", stdout);
	put_text(path);
	putchar('\n');
}

static void put_lab_keys(void)
{
	fputs(".RS\n", stdout);
	lab_file_each_key(put_key, NULL);
	fputs(".RE\n", stdout);
}

static void put_lab_moments(void)
{
	lab_moment_each(put_word, NULL);
}

static void put_lab_actions(void)
{
	lab_action_each(put_word, NULL);
}

static void put_lab_expectations(void)
{
	lab_expectation_each(put_word, NULL);
}

static void put_title(void)
{
	printf(".TH HALFOPEN 1 \"\" \"halfopen %s\"\n", HALFOPEN_VERSION);
}

static int print_page(const char *path)
{
	static const struct {
		const char *mark;
		void (*put)(void);
	} marks[] = {
		{ "@TITLE@\n", put_title },
		{ "@COMMANDS@\n", put_commands },
		{ "@FAULTS@\n", put_faults },
		{ "@CASES@\n", put_cases },
		{ "@LAB-KEYS@\n", put_lab_keys },
		{ "@LAB-MOMENTS@\n", put_lab_moments },
		{ "@LAB-ACTIONS@\n", put_lab_actions },
		{ "@LAB-EXPECTATIONS@\n", put_lab_expectations },
	};
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(marks) &&
		       strcmp(marks[i].mark, line) != 0)
			i++;
		if (i < ARRAY_SIZE(marks))
			marks[i].put();
		else
			fputs(line, stdout);
	}
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return print_page(argv[1]);
	fprintf(stderr, "usage: manual TEMPLATE\n");
	return 2;
}
