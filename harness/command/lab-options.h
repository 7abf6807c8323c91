/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `halfopen lab`, and the plan that it and a file make. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab-plan.h"
#include "report.h"
#include "run-control.h"

enum { LAB_OPTIONS_MAX = 256 };

/* An option that adds to the plan, in the order of the command line. */
struct lab_plan_option {
	int option; /* index in the table of options */
	const char *name; /* of the option */
	const char *first, *second; /* second: NULL for options of one word */
};

struct lab_options {
	struct run_options run;
	const struct reporter *reporter; /* NULL: for a terminal */
	enum colour_when colour;
	bool quiet, interactive, list;
	/* The labs run on another kernel, where sysctls are tried. */
	bool elsewhere;
	const char *out, *shell;
	struct lab_plan_option plan[LAB_OPTIONS_MAX];
	size_t n_plan;
	char *command; /* the whole command line, quoted; lab_options_deinit() */
	char *const *files;
	size_t n_files;
};

/* Returns -1, or an exit status after --help or a wrong argument. Points
 * into argv, which is reordered. */
int lab_options_parse(struct lab_options *ret, int argc, char **argv);

/*
 * The plan that the file (NULL: none) and the options make together, complete
 * and checked. A file may be the name of an incident that ships with halfopen.
 * -EINVAL and others with a message for the user.
 */
int lab_options_plan(const struct lab_options *options, const char *file,
		     struct lab_plan **ret);

void lab_options_deinit(struct lab_options *options);
