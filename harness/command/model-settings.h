/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE for the timer model: what `halfopen predict` is asked about. */
#pragma once

#include <stdbool.h>

#include "predict.h"

/*
 * The values of this machine's kernel and of this network namespace's sysctls,
 * and in their place those of argv[1] and so on. False for a key or a value that
 * is none; which, and what is nearest to it, has been said on stderr.
 */
bool model_settings_read(struct predict_tcp *ret, int argc, char **argv);

/* The sysctls among the keys, one a line, with their units. */
void model_settings_help(void);
