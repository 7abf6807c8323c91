/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the program, in the order in which they are told. */
#pragma once

#include <stddef.h>

#include "usage.h"

struct command {
	const struct usage *usage; /* its name, and all else that is told */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

const struct command *commands(size_t *ret_n);

/* NULL for a word that is none. */
const struct command *command_find(const char *name);
