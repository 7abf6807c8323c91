/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases that journals tell of: for saved.c alone. */
#pragma once

#include "result.h"

struct saved_cases;

int saved_cases_new(struct saved_cases **ret);
struct saved_cases *saved_cases_free(struct saved_cases *saved);

/*
 * A result for a run that begins with this record: of this program's own case,
 * when that still is what the record says; else of one that is made of the
 * record, and lives as long as `saved`. Runs of one case share it.
 */
int saved_cases_result(struct saved_cases *saved, struct result **ret,
		       json_t *start);
