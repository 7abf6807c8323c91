/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `halfopen lab`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab-plan.h"
#include "report.h"
#include "run-control.h"
#include "usage.h"

extern const struct usage usage_lab;

enum { LAB_WORDS = 256 };

enum lab_option {
	LAB_OPTION_CLIENT,
	LAB_OPTION_SERVER,
	LAB_OPTION_RUN,
	LAB_OPTION_BETWEEN,
	LAB_OPTION_IDLE,
	LAB_OPTION_SYSCTL,
	LAB_OPTION_DELAY,
	LAB_OPTION_LOSS,
	LAB_OPTION_AT,
	LAB_OPTION_FOR,
	LAB_OPTION_EXPECT,
	LAB_OPTION_INTERACTIVE,
	LAB_OPTION_SHELL,
	LAB_OPTION_OUT,
	LAB_OPTION_FORMAT,
	LAB_OPTION_FAMILY,
	LAB_OPTION_QUIET,
	LAB_OPTION_SLACK,
	LAB_OPTION_WITHOUT_FAULTS,
	LAB_OPTIONS,
};

/* What was said of the plan, in its order: each is an option, and its words. */
struct lab_word_pair {
	enum lab_option option;
	const char *name; /* of the option */
	const char *first, *second; /* second: NULL for options of one word */
};

struct lab_options {
	struct run_options run;
	const struct reporter *reporter; /* NULL: for a person */
	bool quiet, interactive;
	const char *out, *shell;
	struct lab_word_pair said[LAB_WORDS];
	size_t n_said;
	char *again; /* all that was typed; to be freed */
	char *const *files;
	size_t n_files;
};

/* -1, or the exit status when that is all. Points into argv. */
int lab_options_parse(struct lab_options *ret, int argc, char **argv);

/* --- lab-said.c -----------------------------------------------------------*/

/*
 * The plan that the file (NULL: none) and the options say together, complete and
 * checked. A file may be the bare name of an incident that ships. -EINVAL and its
 * kin with a message for the user.
 */
int lab_options_plan(const struct lab_options *options, const char *file,
		     struct lab_plan **ret);
