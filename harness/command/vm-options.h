/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that the commands which boot guests (vm, matrix) share. */
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
	VM_OPTION_APPEND,
	VM_OPTION_PROGRAM,
	VM_OPTIONS_SHARED, /* their number */
};

/* The first entries of a table of options. */
#define VM_OPTION_TABLE                                                        \
	[VM_OPTION_MODULES] = { "modules", 0, "DIR", NULL,                     \
				"the kernel's lib/modules/VERSION; by default " \
				"searched beside the image" },                 \
	[VM_OPTION_VIRTUAL_TIME] = { "virtual-time", 0, NULL, NULL,            \
				     "the guest's clock skips idle time: "     \
				     "hours take seconds" },                   \
	[VM_OPTION_TIMEOUT] = { "timeout", 0, "SECONDS", NULL,                 \
				"end a guest after this wall-clock time "      \
				"(600)",                                       \
				.min = 1, .max = 1e6, .fraction = true },      \
	[VM_OPTION_MEMORY] = { "memory", 0, "MIB", NULL,                       \
			       "the guest's memory (512; of labs up to 2048)", \
			       .min = 1, .max = 1 << 20 },                     \
	[VM_OPTION_APPEND] = { "append", 0, "WORDS", NULL,                     \
			       "add these words to the kernel's command line" }, \
	[VM_OPTION_PROGRAM] = { "program", 0, "FILE", NULL,                    \
				"a static halfopen for the guest; once for "   \
				"each architecture; default: this one, or "    \
				"build-ARCH/harness/halfopen" }

struct vm_plan vm_options_defaults(void);

/* Stores the value of a shared option that usage_next() has returned. Returns -1, or
 * an exit status. */
int vm_options_set(struct vm_plan *plan, enum vm_option option);

/*
 * The words after "--" are those of `run` or `lab`: stores them in `plan` and ends
 * `argc` before the "--". Returns -1, or an exit status.
 */
int vm_options_split(const char *command, struct vm_plan *plan, int *argc,
		     char **argv);

/* A copy of those words for parsing, which reorders and splits them. It is not
 * freed, because options point into it. NULL without memory. */
char **vm_options_copy_words(const struct vm_plan *plan);

/* Whether they are the words of `lab`; otherwise of `run`. */
bool vm_options_is_lab(const struct vm_plan *plan);

/* Parses those of run and selects the runs. Returns -1, or an exit status. */
int vm_options_parse_run(const char *command, const struct vm_plan *plan,
			 struct command_options *ret,
			 struct selection *ret_selection);
