/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences between two runs of one case, and whether the case expects them
 * between the two kernels: for matrix and compare.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "result.h"

/* Whether a measured value is the same in every run on one kernel: a word, or a
 * count that all cases share. */
bool difference_is_fact(const char *name, const json_t *value);

/* Whether such a value differs between two runs. A value that only one of them
 * has is no difference: some runs take one of two ways by chance, for example
 * by their initial sequence numbers. */
bool difference_is_other_fact(const char *name, const json_t *value,
			      const json_t *other);

/* Whether all of a's predicted time is before b's, by a quarter or more: RTOs
 * vary from run to run with the measured RTT. */
bool difference_is_sooner(const json_t *a, const json_t *b);

/* "none" for NULL. */
void difference_print_value(FILE *out, const json_t *value);

/*
 * Prints what changed between the two kernels (KERNEL_VERSION()) according to
 * the case; only the changes that `reason`, of a SKIP, names, if it names any.
 * False when nothing was printed.
 */
bool difference_print_changes(FILE *out, const struct testcase *testcase,
			      unsigned int a, unsigned int b,
			      const char *reason);

/* The first failed expectation, or the reason when none failed. */
void difference_print_why(FILE *out, const struct result *result);
