/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command is told and what it says of itself: one description, of which
 * --help, the manual page, the completion of the shell and the parser are made.
 */
#pragma once

#include <getopt.h> /* optarg, optind */
#include <stddef.h>
#include <stdio.h>

struct usage_option {
	const char *name; /* without its dashes; NULL: the end */
	char letter; /* 0: none */
	const char *argument; /* "N"; NULL: takes none */
	const char *choices; /* "human ktap", where these are all; or NULL */
	const char *what;
};

/* What is no option: a PATTERN, a KEY. */
struct usage_word {
	const char *name; /* NULL: the end */
	const char *what;
};

typedef void usage_tell_fn(void *data, const char *name, const char *what);

struct usage {
	const char *name; /* of the command: "run" */
	const char *arguments; /* "[PATTERN...] [options]" */
	const char *brief; /* one line, for the list of commands */
	const char *text; /* what it does */
	const struct usage_word *words; /* or NULL */
	/* Words that some table has; or NULL. */
	void (*each_word)(usage_tell_fn *tell, void *data);
	const struct usage_option *options; /* or NULL; every one has --help */
	const char *after; /* what follows the options; or NULL */
	const char *status; /* the exit status */
};

void usage_print(FILE *out, const struct usage *usage);

/* "-j, --jobs N". Returns `buffer`. */
const char *usage_option_text(const struct usage_option *option, char *buffer,
			      size_t size);

/*
 * The command line, option by option: USAGE_FIRST + i for option i of the
 * description, with its argument in `optarg`; 'h' for --help; '?' for what is
 * none, about which has been said on stderr; -1 at the end, where the other
 * words begin at argv[optind]. argv[0] is made "halfopen COMMAND", in whose name
 * getopt_long() complains.
 */
enum { USAGE_FIRST = 256 };

void usage_begin(const struct usage *usage, int argc, char **argv);
int usage_next(void);

/* For an option of two words, such as --at WHEN WHAT: the second one, which is
 * taken; NULL where there is none. */
const char *usage_next_word(void);

/* --help was asked for (prints it), or something was wrong (says where help is):
 * what is left to do for a code that is no option. Returns the exit status. */
int usage_end(const struct usage *usage, int code);
