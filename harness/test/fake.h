/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of cases that are never run, and results of them, for the tests of
 * reports, list and show. The test programs link it instead of cases/.
 */
#pragma once

#include "report.h"

/* Indices in testcases[]. */
enum {
	FAKE_PROCESS, /* server-process-crash */
	FAKE_DATA, /* server-host-crash-data, with two variants */
	FAKE_KEEPALIVE, /* server-host-crash-keepalive */
	FAKE_NGINX, /* http-keepalive-timeout */
	FAKE_BOUNDS, /* rto-bounds */
	FAKE_ALIVE, /* keepalive-peer-alive */
	FAKE_GATEWAY, /* gateway, with three hosts */
	FAKES,
};

/* An empty result of a case and its variant; -1: no variant. */
struct result *fake_new(size_t fake, int variant);

/* Adds a record, which must be valid; `format` as for journal_write(). */
void fake_take(struct result *result, double t, const char *type,
	       const char *format, ...);

void fake_verdict(struct result *result, const char *verdict,
		  const char *reason, bool inconclusive);

/* Final results with journals. */
struct result *fake_pass(void); /* keepalive: ETIMEDOUT after 5.07 s */
struct result *fake_variant(int variant); /* data: passes */
struct result *fake_fail(void); /* process: with markup and control characters */
struct result *fake_skip(void);
struct result *fake_broken(void);
struct result *fake_inconclusive(enum verdict verdict);

/* A report into memory. fake_end() ends it and returns what was printed, to be
 * freed. */
struct fake_report {
	struct report report;
	char *text;
	size_t size;
};
void fake_begin(struct fake_report *fake, const char *format, size_t n_runs,
		int columns);
char *fake_end(struct fake_report *fake, const struct report_tally *tally);

/* The whole output of a format for all results above; to be freed. */
char *fake_all(const char *format, int columns);
