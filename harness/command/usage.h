/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command's arguments as data: one description from which --help, the manual
 * page, the shell completion and the parser are made. The parser validates
 * choices and ranges, so that every command reports a wrong value in the same
 * words before it starts anything.
 */
#pragma once

#include <getopt.h> /* optarg, optind */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "colour.h"

struct usage_option {
	const char *name; /* without dashes; NULL: end of the table */
	char letter; /* 0: none */
	const char *argument; /* "N"; NULL: a flag */
	const char *choices; /* "human ktap": the only valid values; or NULL */
	const char *what;
	double min, max; /* a number within this range; max 0: no number */
	bool fraction; /* of a number: it need not be an integer */
};

/* --color, with the same words in every command. Its choice is an enum
 * colour_when. */
#define USAGE_COLOR                                                       \
	{                                                                 \
		"color", 0, "WHEN", COLOUR_CHOICES,                       \
			"use colours: auto (default: on a terminal, "     \
			"unless NO_COLOR is set), always or never"        \
	}

/* --ascii and --columns of the commands that draw ladders and tables. */
#define USAGE_ASCII                                                           \
	{                                                                     \
		"ascii", 0, NULL, NULL, "draw with ASCII characters only"     \
	}
#define USAGE_COLUMNS                                                         \
	{                                                                     \
		"columns", 0, "N", NULL,                                      \
			"width (default: the terminal's, or 80)", .min = 40,  \
			.max = 1000                                           \
	}

/* --lang, which every command has. */
extern const struct usage_option usage_language;

/* An argument that is not an option: PATTERN, KEY. */
struct usage_word {
	const char *name; /* NULL: end of the table */
	const char *what;
};

typedef void usage_item_fn(void *data, const char *name, const char *what);

struct usage {
	const char *name; /* of the command: "run" */
	const char *arguments; /* "[PATTERN...] [options]" */
	const char *brief; /* one line, for the list of commands */
	const char *text; /* description */
	const struct usage_word *words; /* or NULL */
	/* Calls `item` for words that come from another table; or NULL. */
	void (*each_word)(usage_item_fn *item, void *data);
	const struct usage_option *options; /* or NULL; --help is added */
	const char *after; /* text after the options; or NULL */
	const char *status; /* the exit status */
};

/* What --help prints. */
void usage_print(FILE *out, const struct usage *usage);

/* "-j, --jobs N". Returns `buffer`. */
const char *usage_option_text(const struct usage_option *option, char *buffer,
			      size_t size);

/* --- parsing: one command line at a time, as with getopt_long() ---------- */

/* Starts with a command line. argv[0] becomes "halfopen COMMAND", which
 * prefixes every message. */
void usage_begin(const struct usage *usage, int argc, char **argv);

/*
 * The next option: its index in the table, with its validated value in
 * `optarg`, usage_number() or usage_choice(). USAGE_END when only words are
 * left, beginning at argv[optind]; USAGE_HELP for --help; USAGE_WRONG after a
 * message on stderr.
 */
enum { USAGE_END = -1, USAGE_HELP = -2, USAGE_WRONG = -3 };
int usage_next(void);

/* The value of the last option as a number; its index among the choices. */
double usage_number(void);
size_t usage_choice(void);

/* For an option with two words, such as --at MOMENT ACTION: takes the second
 * one. NULL: missing. */
const char *usage_next_word(void);

/* Prints "halfopen COMMAND: MESSAGE" on stderr. Returns EXIT_STATUS_USAGE. */
int usage_error(const char *format, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/* Ends parsing after USAGE_HELP (prints the help) or USAGE_WRONG (refers to
 * it). Returns the exit status. */
int usage_end(int code);
