/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usage.h"

#include <assert.h>
#include <stdint.h>
#include <getopt.h>

#include "exit-status.h"
#include "fold.h"

enum { COLUMNS = 80, HANG = 26 };

const char *usage_option_text(const struct usage_option *option, char *buffer,
			      size_t size)
{
	char letter[8] = "";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(buffer, size, "%s--%s%s%s", letter, option->name,
		 option->argument ? " " : "",
		 option->argument ? option->argument : "");
	return buffer;
}

/* The name, and beside it (or below, where it is long) what it means. */
static void print_item(FILE *out, const char *name, int indent,
		       const char *what)
{
	int at = indent + fold_width(name, SIZE_MAX);

	fprintf(out, "%*s%s", indent, "", name);
	if (at > HANG - 2) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", HANG - at, "");
	fold_print(out, what, HANG, HANG, COLUMNS);
}

static void print_options(FILE *out, const struct usage *usage)
{
	static const struct usage_option none;
	const struct usage_option *option = usage->options;
	char name[64];

	for (option = option ? option : &none; option->name; option++)
		print_item(out, usage_option_text(option, name, sizeof(name)),
			   option->letter ? 2 : 6, option->what);
	print_item(out, "-h, --help", 2, "this text");
}

static void print_word(void *data, const char *name, const char *what)
{
	print_item(data, name, 2, what);
}

void usage_print(FILE *out, const struct usage *usage)
{
	const struct usage_word *word = usage->words;

	fprintf(out, "usage: halfopen %s %s\n\n", usage->name,
		usage->arguments);
	fold_print(out, usage->text, 0, 0, COLUMNS);
	fputc('\n', out);
	for (; word && word->name; word++)
		print_word(out, word->name, word->what);
	if (usage->each_word)
		usage->each_word(print_word, out);
	print_options(out, usage);
	if (usage->after) {
		fputc('\n', out);
		fold_print(out, usage->after, 0, 0, COLUMNS);
	}
	fputs("\nExit status: ", out);
	fold_print(out, usage->status, 13, 0, COLUMNS);
}

/* --- parsing ----------------------------------------------------------- */

enum { OPTIONS = 32 }; /* of one command, at most */

/* getopt_long() has but one state, too. */
static struct {
	const struct usage *usage;
	int argc;
	char **argv;
	char name[32], letters[2 * OPTIONS + 2];
	struct option longs[OPTIONS + 2];
} parser;

static int add_options(const struct usage_option *option)
{
	char *letters = parser.letters;
	int n = 0;

	for (; option && option->name; option++, n++) {
		assert(n < OPTIONS);
		parser.longs[n] = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument :
						      no_argument,
			.val = USAGE_FIRST + n
		};
		if (option->letter)
			*letters++ = option->letter;
		if (option->letter && option->argument)
			*letters++ = ':';
	}
	*letters++ = 'h';
	*letters = '\0';
	return n;
}

void usage_begin(const struct usage *usage, int argc, char **argv)
{
	int n = add_options(usage->options);

	parser.usage = usage;
	parser.argc = argc;
	parser.argv = argv;
	parser.longs[n++] = (struct option){ .name = "help", .val = 'h' };
	parser.longs[n] = (struct option){ 0 };
	snprintf(parser.name, sizeof(parser.name), "halfopen %s", usage->name);
	if (argc > 0)
		argv[0] = parser.name;
	optind = 0; /* glibc: start anew, whatever was parsed before */
}

int usage_next(void)
{
	const struct usage_option *option = parser.usage->options;
	int code = getopt_long(parser.argc, parser.argv, parser.letters,
			       parser.longs, NULL);

	for (int i = 0; option && option[i].name; i++)
		if (option[i].letter && option[i].letter == code)
			return USAGE_FIRST + i;
	return code;
}

const char *usage_next_word(void)
{
	return optind < parser.argc ? parser.argv[optind++] : NULL;
}

int usage_end(const struct usage *usage, int code)
{
	if (code == 'h') {
		usage_print(stdout, usage);
		return EXIT_STATUS_PASS;
	}
	fprintf(stderr, "Try 'halfopen %s --help'.\n", usage->name);
	return EXIT_STATUS_USAGE;
}
