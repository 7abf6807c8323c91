/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser of all commands. A command's table of options makes the arguments of
 * getopt_long() and the help text; choices and ranges in it are checked before the
 * command sees the value. An option's code is its index in the table.
 *
 * getopt_long() permutes argv: patterns may stand before options.
 */
#include "usage.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exit-status.h"
#include "fold.h"
#include "message.h"

enum { COLUMNS = 80, DESCRIPTION = 26 /* column of the descriptions */ };

/* --- help ---------------------------------------------------------------- */

const struct usage_option usage_language = {
	.name = "lang",
	.argument = "en|zh",
	.choices = MESSAGE_LANGUAGES,
	.what = "the language of texts for people (default: that of the "
		"locale, see the manual)",
};

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

/* The description stands beside the name, or below a long name. */
static void print_item(FILE *out, const char *name, int indent,
		       const char *what)
{
	int at = indent + fold_width(name, SIZE_MAX);

	fprintf(out, "%*s%s", indent, "", name);
	if (at > DESCRIPTION - 2) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", DESCRIPTION - at, "");
	fold_print(out, what, DESCRIPTION, DESCRIPTION, COLUMNS);
}

static void print_options(FILE *out, const struct usage *usage)
{
	static const struct usage_option none;
	const struct usage_option *option = usage->options;
	char name[64];

	for (option = option ? option : &none; option->name; option++)
		print_item(out, usage_option_text(option, name, sizeof(name)),
			   option->letter ? 2 : 6, _(option->what));
	print_item(out,
		   usage_option_text(&usage_language, name, sizeof(name)), 6,
		   _(usage_language.what));
	print_item(out, "-h, --help", 2, _("print this text"));
}

static void print_word(void *data, const char *name, const char *what)
{
	print_item(data, _(name), 2, _(what));
}

void usage_print(FILE *out, const struct usage *usage)
{
	const struct usage_word *word = usage->words;

	fprintf(out, _("usage: halfopen %s %s\n\n"), usage->name,
		_(usage->arguments));
	fold_print(out, _(usage->text), 0, 0, COLUMNS);
	fputc('\n', out);
	for (; word && word->name; word++)
		print_word(out, word->name, word->what);
	if (usage->each_word)
		usage->each_word(print_word, out);
	print_options(out, usage);
	if (usage->after) {
		fputc('\n', out);
		fold_print(out, _(usage->after), 0, 0, COLUMNS);
	}
	fprintf(out, "\n%s", _("Exit status: "));
	fold_print(out, _(usage->status),
		   fold_width(_("Exit status: "), SIZE_MAX), 0, COLUMNS);
}

/* --- parsing ------------------------------------------------------------- */

enum { OPTIONS = 32 /* of one command, at most */, LANGUAGE = 256, FIRST };

/* One state for the process, as getopt_long() has. */
static struct {
	const struct usage *usage;
	int argc;
	char **argv;
	char name[32], letters[2 * OPTIONS + 4];
	struct option longs[OPTIONS + 3];
	double number;
	size_t choice;
} parser;

static int add_options(const struct usage_option *option)
{
	char *letters = parser.letters;
	int n = 0;

	*letters++ = ':'; /* a missing argument is ':', not '?' */

	for (; option && option->name; option++, n++) {
		assert(n < OPTIONS);
		parser.longs[n] = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument :
						      no_argument,
			.val = FIRST + n
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
	parser.longs[n++] = (struct option){ .name = "lang",
					     .has_arg = required_argument,
					     .val = LANGUAGE };
	parser.longs[n++] = (struct option){ .name = "help", .val = 'h' };
	parser.longs[n] = (struct option){ 0 };
	snprintf(parser.name, sizeof(parser.name), "halfopen %s", usage->name);
	if (argc > 0)
		argv[0] = parser.name;
	optind = 0; /* glibc: reset the scan of an earlier command line */
	opterr = 0; /* refuse_word() prints the errors */
}

int usage_error(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", parser.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_STATUS_USAGE;
}

/* "human, ktap, junit or jsonl" */
static void print_choices(char *ret, size_t size, const char *choices)
{
	size_t used = 0;

	while (*choices && used < size) {
		size_t n = strcspn(choices, " ");
		bool last = !choices[n];
		const char *separator = !used ? "" : last ? _(" or ") : ", ";

		used += (size_t)snprintf(ret + used, size - used, "%s%.*s",
					 separator, (int)n, choices);
		choices += n + !last;
	}
}

static int check_choice(const struct usage_option *option)
{
	const char *choice = option->choices;
	char expected[128] = "";

	for (size_t i = 0; *choice; i++) {
		size_t n = strcspn(choice, " ");

		if (strlen(optarg) == n && strncmp(choice, optarg, n) == 0) {
			parser.choice = i;
			return 0;
		}
		choice += n + (choice[n] == ' ');
	}
	print_choices(expected, sizeof(expected), option->choices);
	usage_error(_("--%s '%s': expected %s"), option->name, optarg, expected);
	return USAGE_WRONG;
}

static int check_number(const struct usage_option *option)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(optarg, &end);
	if (errno || end == optarg || *end || !(value >= option->min) ||
	    value > option->max ||
	    (!option->fraction && value != floor(value))) {
		usage_error(option->fraction ?
				    _("--%s '%s': expected a number from %.15g "
				      "to %.15g") :
				    _("--%s '%s': expected an integer from "
				      "%.15g to %.15g"),
			    option->name, optarg, option->min, option->max);
		return USAGE_WRONG;
	}
	parser.number = value;
	return 0;
}

static bool is_prefix(const char *word, const struct option *option)
{
	size_t n = strcspn(word, "=");

	return strncmp(word, option->name, n) == 0;
}

/* A word "--NAME" that is no option, or the beginning of several. */
static void refuse_name(const char *word)
{
	const struct option *option;
	char found[256] = "";
	size_t used = 0;

	for (option = parser.longs; option->name; option++)
		if (is_prefix(word + 2, option) && used < sizeof(found))
			used += (size_t)snprintf(found + used,
						 sizeof(found) - used,
						 " '--%s'", option->name);
	if (used)
		usage_error(_("option '%s' is ambiguous; possibilities:%s"),
			    word, found);
	else
		usage_error(_("unrecognized option '%s'"), word);
}

/*
 * Prints why getopt_long() has returned `code`, ':' or '?', in the words of the
 * C library. optopt is 0 for an unknown word, the letter for an option of one
 * letter, and for a known word its value in the table; that of --help is a
 * letter, too, but -h is never wrong.
 */
static void refuse_word(int code)
{
	const struct option *option = parser.longs;

	if (!optopt) {
		refuse_name(parser.argv[optind - 1]);
		return;
	}
	while (option->name && option->val != optopt)
		option++;
	if (code == ':' && option->name)
		usage_error(_("option '--%s' requires an argument"),
			    option->name);
	else if (code == ':')
		usage_error(_("option requires an argument -- '%c'"), optopt);
	else if (option->name)
		usage_error(_("option '--%s' doesn't allow an argument"),
			    option->name);
	else
		usage_error(_("invalid option -- '%c'"), optopt);
}

int usage_next(void)
{
	const struct usage_option *options = parser.usage->options;
	int code = getopt_long(parser.argc, parser.argv, parser.letters,
			       parser.longs, NULL);
	int index = code - FIRST, r = 0;

	/* main() has applied it. */
	if (code == LANGUAGE) {
		r = check_choice(&usage_language);
		return r < 0 ? r : usage_next();
	}
	if (code == -1)
		return USAGE_END;
	if (code == 'h')
		return USAGE_HELP;
	if (code == '?' || code == ':') {
		refuse_word(code);
		return USAGE_WRONG;
	}
	for (int i = 0; index < 0; i++)
		if (options[i].letter == code)
			index = i;
	if (options[index].choices)
		r = check_choice(&options[index]);
	else if (options[index].max > 0)
		r = check_number(&options[index]);
	return r < 0 ? r : index;
}

double usage_number(void)
{
	return parser.number;
}

size_t usage_choice(void)
{
	return parser.choice;
}

const char *usage_next_word(void)
{
	return optind < parser.argc ? parser.argv[optind++] : NULL;
}

int usage_end(int code)
{
	if (code == USAGE_HELP) {
		usage_print(stdout, parser.usage);
		return EXIT_STATUS_PASS;
	}
	fprintf(stderr, _("Try '%s --help'.\n"), parser.name);
	return EXIT_STATUS_USAGE;
}
