/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations whose comparison the caller makes. */
#pragma once

#include "expect.h"
#include "run-control.h"

/* run_expectation() for one that failed only by exceeding its upper bound plus
 * slack by `excess`, for which scheduling delay may be the reason. Returns false. */
bool expect_record_late(struct run *run, const char *what, const char *expected,
			const char *observed, nsec_t excess);
