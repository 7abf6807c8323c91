/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a lab's report on a terminal, made from its journal. */
#pragma once

#include <stdio.h>

#include "report.h"

/* Changed counters, conclusions, expectations. */
void lab_summary_print(FILE *out, const struct report *report,
		       const struct result *result);
