/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one run came to, gathered from its journal as it is read, and from
 * nothing else: the same records, read from a file, give the same result.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "nsec.h"
#include "testcase.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_SKIP, VERDICT_BROKEN };

struct result {
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: none */
	int family; /* 4 or 6 */
	unsigned int repetition, attempt;
	bool final; /* no further try will be made */

	enum verdict verdict;
	bool inconclusive; /* BROKEN because the machine was too slow */
	char *reason; /* "" for a pass; never NULL once there is a verdict */
	bool has_verdict;
	nsec_t created; /* by result_new() */
	nsec_t lateness, residence; /* of its timers and its frames, at most */
	double zero; /* of a lab's timeline, on the journal's clock; 0 else */
	nsec_t took; /* from then to the verdict, of the wall's time */

	/* As the contract of --format jsonl has them. */
	json_t *judgements; /* array; of a pass: what has been shown */
	json_t *sysctls; /* object: "host:name" -> value */
	json_t *predicted, *measured; /* objects */
	json_t *expectations; /* array */

	/* All records, in order; none any more once they are forgotten. */
	json_t *journal;
};

int result_new(struct result **ret, const struct testcase *testcase,
	       const struct variant *variant, int family,
	       unsigned int repetition, unsigned int attempt);
struct result *result_free(struct result *result);

/* -EBADMSG for a record that lacks what its type needs. */
int result_check(const json_t *record);

/* Takes the record. -EBADMSG for one that lacks what its type needs. */
int result_take(struct result *result, json_t *record);

/*
 * From a line of --format jsonl: all but the journal. -EBADMSG for what is none,
 * or is of a case that this program does not have.
 */
int result_parse(struct result **ret, const json_t *line);

/* A thousand runs' journals would fill the memory, and only a story needs one.
 * What has been gathered stays. */
void result_forget_journal(struct result *result);

/* For a run that ended without saying how: `reason` is copied. */
void result_broken(struct result *result, const char *reason);

/* The object of --format jsonl, a new reference. */
json_t *result_json(const struct result *result);

/* pass, fail, skip, broken */
const char *verdict_text(enum verdict verdict);

/* "server-host-crash-data/retries2=5"; static storage. */
const char *result_name(const struct result *result);
