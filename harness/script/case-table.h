/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of all cases and what the harness derives from a case. */
#pragma once

#include "testcase.h"

/* The table is provided by cases/, or by a test in its place. */
extern const struct testcase *const testcases[];
extern const size_t testcases_n;

const struct testcase *testcase_find(const char *name);

/* What has to be on the command line for a run without patterns to include it:
 * nothing, --all, --defaults, or both. */
enum case_set { SET_DEFAULT, SET_LONG, SET_DEFAULTS, SET_LONG_DEFAULTS };

enum case_set testcase_set(const struct testcase *testcase,
			   const struct variant *variant);

/* ", with --all" and so on; "" for the default set. */
const char *case_set_text(enum case_set set);

enum { TESTCASE_RUN_NAME = 256 };

/* "server-host-crash-data/retries2=5", as 'halfopen run' takes it; the case's
 * name without a variant. Returns `ret`. */
const char *testcase_run_name(const struct testcase *testcase,
			      const struct variant *variant,
			      char ret[static TESTCASE_RUN_NAME]);

/* The planned duration of a run. */
nsec_t testcase_duration(const struct testcase *testcase,
			 const struct variant *variant);

/* That of its longest variant in the default set; variants run in parallel. */
nsec_t testcase_longest_default(const struct testcase *testcase);

/* The variant's, or the case's. `variant` may be NULL. */
const struct world_plan *testcase_world(const struct testcase *testcase,
					const struct variant *variant);
const struct judgement *testcase_judgements(const struct testcase *testcase,
					    const struct variant *variant);

/* "right", ...; "" for DOCUMENT_NONE. */
const char *document_text(enum document document);
