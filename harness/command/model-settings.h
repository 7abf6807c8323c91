/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE arguments of `halfopen predict`: the inputs of the timer model. */
#pragma once

#include <stdbool.h>

#include "predict.h"
#include "usage.h"

/*
 * Reads this machine's kernel and the sysctls of this network namespace, and
 * applies `words`, which end with NULL. False for an unknown key or an invalid
 * value, after a message on stderr.
 */
bool model_settings_read(struct predict_tcp *ret, char *const *words);

/* Calls `item` for each key, for usage.h. */
void model_settings_each(usage_item_fn *item, void *data);
