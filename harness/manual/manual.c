/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the manual page: a template, of which lines that begin with @ are
 * replaced by the program's own tables; with a catalogue, by their
 * translations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "commands.h"
#include "fault.h"
#include "fold.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "lab-file.h"
#include "macro.h"
#include "message.h"
#include "version.h"

/* Escapes text for roff: dashes and backslashes. */
static void put_escaped(const char *text, size_t size)
{
	for (const char *end = text + size; text < end; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

/* As it is. */
static void put_roff(const char *text, size_t size)
{
	fwrite(text, 1, size, stdout);
}

/* roff breaks lines at blanks, of which Chinese text has none: marks the other
 * places with \:, since the macros of groff that know them (zh.tmac) are loaded
 * neither by man nor by mandoc. */
static void put_words(const char *text, void (*put)(const char *, size_t))
{
	while (*text) {
		size_t blanks = strspn(text, " \n"), size;

		put(text, blanks);
		text += blanks;
		if (!*text)
			return;
		size = fold_word(text);
		put(text, size);
		text += size;
		if (*text && *text != ' ' && *text != '\n')
			fputs("\\:", stdout);
	}
}

/* A dot at the start of a line is no request. */
static void put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	put_words(text, put_escaped);
}

static void put_item(const char *name, const char *what)
{
	fputs(".TP\n.B ", stdout);
	put_text(name);
	putchar('\n');
	put_text(_(what));
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
	put_text(_(usage->arguments));
	fputs("\n", stdout);
	put_text(_(usage->text));
	putchar('\n');
	for (; word && word->name; word++)
		put_item(_(word->name), word->what);
	if (usage->each_word)
		usage->each_word(put_word, NULL);
	for (; option && option->name; option++)
		put_item(usage_option_text(option, name, sizeof(name)),
			 option->what);
	fputs(".PP\n", stdout);
	if (usage->after) {
		put_text(_(usage->after));
		fputs("\n.PP\n", stdout);
	}
	fputs(_("Exit status: "), stdout);
	put_text(_(usage->status));
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
	/* The title of the manual is given, because groff 1.24 has no Chinese
	 * one of its own. */
	printf(".TH HALFOPEN 1 \"\" \"halfopen %s\" \"%s\"\n",
	       HALFOPEN_VERSION, _("User Commands"));
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
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		perror(path);
		return 1;
	}
	while (getline(&line, &size, file) > 0) {
		size_t i = 0;

		while (i < ARRAY_SIZE(marks) &&
		       strcmp(marks[i].mark, line) != 0)
			i++;
		if (i < ARRAY_SIZE(marks))
			marks[i].put();
		else if (*line == '.' || strstr(line, " \\- "))
			fputs(line, stdout); /* also NAME, for lexgrog(1) */
		else
			put_words(line, put_roff);
	}
	free(line);
	fclose(file);
	return 0;
}

static int use_catalogue(const char *path)
{
	static char catalogue[2 << 20];
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file) {
		perror(path);
		return 1;
	}
	n = fread(catalogue, 1, sizeof(catalogue), file);
	fclose(file);
	if (n == sizeof(catalogue) || !message_load(catalogue, n)) {
		fprintf(stderr, "%s: not a catalogue of at most 2 MiB\n", path);
		return 1;
	}
	message_use(true);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: manual TEMPLATE [CATALOGUE]\n");
		return 2;
	}
	if (argc == 3 && use_catalogue(argv[2]) != 0)
		return 1;
	return print_page(argv[1]);
}
