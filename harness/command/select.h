/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cases are meant by a word of the command line: a name, or a pattern of
 * the shell's kind ("server-*"); one with its variant
 * ("server-host-crash-data/retries2=5", "server-host-crash-data/…*"), with a
 * dash where it runs at the kernel's own values ("unplug-idle-defaults"); or the
 * claim that they prove ("A5", "A*").
 */
#pragma once

#include <stdbool.h>

#include "testcase.h"

/* For one run of the case: of this variant, or of none for NULL. */
bool select_run(const struct testcase *testcase, const struct variant *variant,
		const char *pattern);

/* The pattern means just such variants, not the case as a whole:
 * "keepalive-consecutive/quick", and "server-host-crash-data-defaults" for one
 * at the kernel's own values. */
bool select_variant(const struct testcase *testcase,
		    const struct variant *variant, const char *pattern);

/* For the case: as it is, or in any of its variants. */
bool select_case(const struct testcase *testcase, const char *pattern);

/*
 * False, with the reason and the nearest names on stderr, when the pattern
 * means no case at all. `command` is "run".
 */
bool select_check(const char *command, const char *pattern);
