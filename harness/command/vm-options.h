/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that boot guests are told alike. */
#pragma once

#include "run-options.h"
#include "selection.h"
#include "usage.h"
#include "vm.h"

enum vm_option {
	VM_OPTION_MODULES,
	VM_OPTION_VIRTUAL_TIME,
	VM_OPTION_TIMEOUT,
	VM_OPTION_MEMORY,
	VM_OPTIONS_SHARED, /* how many */
};

/* The first entries of a table of options. */
#define VM_OPTION_TABLE                                                        \
	[VM_OPTION_MODULES] = { "modules", 0, "DIR", NULL,                     \
				"lib/modules/VERSION of that kernel; "         \
				"without it looked for beside the image" },    \
	[VM_OPTION_VIRTUAL_TIME] = { "virtual-time", 0, NULL, NULL,            \
				     "the guest's clock jumps over idle "      \
				     "time: hours take seconds" },             \
	[VM_OPTION_TIMEOUT] = { "timeout", 0, "SECONDS", NULL,                 \
				"a guest is ended after so long of this "      \
				"machine's time (600)" },                      \
	[VM_OPTION_MEMORY] = { "memory", 0, "MIB", NULL,                       \
			       "of the guest's machine (512)" }

struct vm_plan vm_options_defaults(void);

/* False, and why on stderr in the name of the command. */
bool vm_options_take(const char *command, struct vm_plan *plan, int option,
		     char *text);

/*
 * What follows "--" are run's words: they go into `plan`, and `argc` ends before
 * it. The functions below return -1, or the exit status when that is all.
 */
int vm_options_split(const char *command, struct vm_plan *plan, int *argc,
		     char **argv);

/* Those words, parsed, and the runs that they mean. */
int vm_options_parse_run(const char *command, const struct vm_plan *plan,
			 struct command_options *ret,
			 struct selection *ret_selection);
