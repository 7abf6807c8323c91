/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "out-folder.h"

struct vm_plan vm_options_defaults(void)
{
	return (struct vm_plan){ .timeout = 600, .memory = 512 };
}

static bool parse_number(const char *command, double *ret, const char *option,
			 const char *text, double max)
{
	char *end;

	errno = 0;
	*ret = strtod(text, &end);
	if (!errno && end != text && !*end && *ret >= 1 && *ret <= max)
		return true;
	fprintf(stderr, "halfopen %s: --%s %s: wants a number from 1 to %.0f\n",
		command, option, text, max);
	return false;
}

bool vm_options_take(const char *command, struct vm_plan *plan, int option,
		     char *text)
{
	double number;

	switch ((enum vm_option)option) {
	case VM_OPTION_MODULES:
		plan->modules = text;
		return true;
	case VM_OPTION_VIRTUAL_TIME:
		plan->virtual_time = true;
		return true;
	case VM_OPTION_TIMEOUT:
		return parse_number(command, &plan->timeout, "timeout", text,
				    1e6);
	case VM_OPTION_MEMORY:
		if (!parse_number(command, &number, "memory", text, 1 << 20))
			return false;
		plan->memory = (unsigned int)number;
		return true;
	case VM_OPTIONS_SHARED:
		break;
	}
	return false;
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
	if (plan->argc && strcmp(plan->argv[0], "run") == 0)
		return -1;
	/* --help wants no run. */
	for (int i = 1; i < at; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return -1;
	fprintf(stderr, "halfopen %s: what is to be run in the guest? It "
			"stands after --: -- run [PATTERN...]\n", command);
	return EXIT_STATUS_USAGE;
}

static char **free_words(char **words)
{
	for (size_t i = 1; words && words[i]; i++)
		free(words[i]);
	free(words);
	return NULL;
}

/* getopt_long() puts the words into another order, and settings_parse() parts
 * them; the guest is to have what was typed. What points into them stays. The
 * first word, "run", is replaced by usage_begin(), and no copy. */
static char **copy_words(const struct vm_plan *plan)
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
	char **copy = copy_words(plan);
	enum run_options_outcome outcome = RUN_OPTIONS_WRONG;
	int r;

	if (copy)
		outcome = run_options_parse(ret, plan->argc, copy);
	if (outcome != RUN_OPTIONS_GO)
		return outcome == RUN_OPTIONS_DONE ? EXIT_STATUS_PASS :
						     EXIT_STATUS_USAGE;
	if (ret->run.keep) {
		fprintf(stderr, "halfopen %s: --keep keeps nothing that could "
				"be entered: the guest ends with its runs\n",
			command);
		return EXIT_STATUS_USAGE;
	}
	r = selection_new(ret_selection, ret);
	if (r >= 0 && ret->out)
		r = out_folder_check(ret->out);
	if (r >= 0)
		return -1;
	if (r != -ENOENT)
		fprintf(stderr, "halfopen %s: %s\n", command, error_message());
	return EXIT_STATUS_USAGE;
}
