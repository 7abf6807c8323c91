/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells two runs of one case apart, and whether the case knows why: for
 * who puts kernels, or recorded runs, beside each other.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "result.h"

/* A word, or a count that all cases share: it is the same from run to run. */
bool difference_is_fact(const char *name, const json_t *value);

/* Told of by one alone it is no difference: there are runs that take one of two
 * ways by a throw of the dice (an initial number), or by who is who. */
bool difference_is_other_fact(const char *name, const json_t *value,
			      const json_t *other);

/* All of a's predicted time lies before b's, and well before: an RTO is made of
 * an RTT that was measured. */
bool difference_is_sooner(const json_t *a, const json_t *b);

/* "none" for NULL. */
void difference_print_value(FILE *out, const json_t *value);

/*
 * All that the case knows to have changed between the two kernels, given by
 * KERNEL_VERSION(), or just that which `reason`, of a SKIP, speaks of; false, and
 * nothing is printed, where that is nothing.
 */
bool difference_print_changes(FILE *out, const struct testcase *testcase,
			      unsigned int a, unsigned int b,
			      const char *reason);

/* The first expectation that did not hold, or else the reason. */
void difference_print_why(FILE *out, const struct result *result);
