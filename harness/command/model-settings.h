/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE for the timer model: what `halfopen predict` is asked about. */
#pragma once

#include <stdbool.h>

#include "predict.h"
#include "usage.h"

/*
 * The values of this machine's kernel and of this network namespace's sysctls,
 * and in their place those of `words`, which end with NULL. False for a key or a
 * value that is none; which, and what is nearest to it, has been said on stderr.
 */
bool model_settings_read(struct predict_tcp *ret, char *const *words);

/* What can be set, for usage.h. */
void model_settings_each(usage_tell_fn *tell, void *data);
