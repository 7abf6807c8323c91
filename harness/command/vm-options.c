/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What vm and matrix share: options of the guest before "--", and after it a command
 * line of run or lab, which is validated on the host before a guest is booted.
 */
#include "vm-options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "message.h"
#include "out-folder.h"

struct vm_plan vm_options_defaults(void)
{
	return (struct vm_plan){ .timeout = 600 };
}

int vm_options_set(struct vm_plan *plan, enum vm_option option)
{
	switch (option) {
	case VM_OPTION_MODULES:
		plan->modules = optarg;
		break;
	case VM_OPTION_VIRTUAL_TIME:
		plan->virtual_time = true;
		break;
	case VM_OPTION_TIMEOUT:
		plan->timeout = usage_number();
		break;
	case VM_OPTION_MEMORY:
		plan->memory = (unsigned int)usage_number();
		break;
	case VM_OPTION_APPEND:
		plan->append = optarg;
		break;
	case VM_OPTION_PROGRAM:
		if (plan->n_programs == VM_PROGRAMS_MAX)
			return usage_error(_("more than %d times --program"),
					   VM_PROGRAMS_MAX);
		plan->programs[plan->n_programs++] = optarg;
		break;
	case VM_OPTIONS_SHARED:
		break;
	}
	return -1;
}

bool vm_options_is_lab(const struct vm_plan *plan)
{
	return plan->argc && strcmp(plan->argv[0], "lab") == 0;
}

int vm_options_split(const char *command, struct vm_plan *plan, int *argc,
		     char **argv)
{
	int at = 1;

	while (at < *argc && strcmp(argv[at], "--") != 0)
		at++;
	plan->argc = at < *argc ? *argc - at - 1 : 0;
	plan->argv = argv + at + 1;
	*argc = at;
	argv[at] = NULL;
	if (plan->argc && (strcmp(plan->argv[0], "run") == 0 ||
			   vm_options_is_lab(plan)))
		return -1;
	/* --help needs no run. */
	for (int i = 1; i < at; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return -1;
	fprintf(stderr,
		_("halfopen %s: missing command for the guest after --: "
		  "-- run [PATTERN...] or -- lab FILE...\n"),
		command);
	return EXIT_STATUS_USAGE;
}

static char **free_words(char **words)
{
	for (size_t i = 1; words && words[i]; i++)
		free(words[i]);
	free(words);
	return NULL;
}

/* The guest gets the words as typed, but parsing reorders them
 * (getopt_long()) and splits settings. The first word, "run" or "lab", is replaced
 * by usage_begin() and is no copy. */
char **vm_options_copy_words(const struct vm_plan *plan)
{
	char **copy = calloc((size_t)plan->argc + 1, sizeof(*copy));

	if (copy && plan->argc)
		copy[0] = plan->argv[0];
	for (int i = 1; copy && i < plan->argc; i++) {
		copy[i] = strdup(plan->argv[i]);
		if (!copy[i])
			return free_words(copy);
	}
	return copy;
}

int vm_options_parse_run(const char *command, const struct vm_plan *plan,
			 struct command_options *ret,
			 struct selection *ret_selection)
{
	char **copy = vm_options_copy_words(plan);
	int r = EXIT_STATUS_BROKEN;

	if (copy)
		r = run_options_parse(ret, plan->argc, copy);
	if (r >= 0)
		return r;
	if (ret->run.keep) {
		fprintf(stderr,
			_("halfopen %s: --keep: a guest ends with its runs, so "
			  "its worlds cannot be kept\n"),
			command);
		return EXIT_STATUS_USAGE;
	}
	r = selection_new(ret_selection, ret);
	if (r >= 0 && ret->out && out_folder_check(ret->out) < 0)
		r = error_refuse(-EINVAL, "--out: %s", error_message());
	if (r >= 0)
		return -1;
	/* For an unknown pattern the message is printed already. */
	if (r != -ENOENT)
		fprintf(stderr, "halfopen %s: %s\n", command, error_text());
	return EXIT_STATUS_USAGE;
}
