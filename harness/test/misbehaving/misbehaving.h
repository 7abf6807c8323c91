/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases that do not behave, for the tests of the runner. They are no part of
 * cases/, and so have no case.h: each notes by itself where it stands.
 */
#pragma once

#include <errno.h>

#include "expect-control.h"
#include "fault-control.h"
#include "frames.h"
#include "run-control.h"
#include "sock-control.h"
#include "testcase.h"

#define HERE(run_) (run_here(__FILE__, __LINE__), (run_))

#define MISBEHAVING(id_)                                                       \
	extern const struct testcase misbehaving_##id_;                        \
	const struct testcase misbehaving_##id_

/* An expectation that always holds. */
static inline void expect_nothing_bad(struct run *run)
{
	expect_that(run, true, "nothing", "so");
}
