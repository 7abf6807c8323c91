/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main() of the unit tests. */
#pragma once

#include <check.h>
#include <stdlib.h>

#include "macro.h"

/* Runs the tests. `setup`, if not NULL, runs before each test, in its process.
 * Returns the exit status of main(). */
static inline int unit_run(const char *name, const TTest *const *const *tests,
			   size_t n, void (*setup)(void))
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	if (setup)
		tcase_add_checked_fixture(tcase, setup, NULL);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, *tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
