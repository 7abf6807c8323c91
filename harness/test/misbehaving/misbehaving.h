/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases that fail, hang, crash or leak, for the tests of the runner. Some use
 * the harness' side of the vocabulary. */
#pragma once

#include <errno.h>

#include "expect.h"
#include "faults.h"
#include "frames.h"
#include "program.h"
#include "run-control.h"
#include "sock.h"
#include "testcase.h"

#include "locations.h"

#define MISBEHAVING(id_)                                                       \
	extern const struct testcase misbehaving_##id_;                        \
	const struct testcase misbehaving_##id_

/* An expectation that always holds. */
static inline void expect_true(struct run *run)
{
	expect_that(run, true, "true", "true");
}
