/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases that nobody runs, and what runs of them might have come to: what the
 * tests of reports, list and show have to look at. fake.c is the table of all
 * cases of the test programs.
 */
#pragma once

#include "report.h"

/* Places in testcases[]. */
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

/* A started result of the case's nth variant, or of none for -1. */
struct result *fake_new(size_t fake, int variant);

/* Takes one record; `format` and the rest as journal_write() has them. It must
 * be a good one. */
void fake_take(struct result *result, double t, const char *type,
	       const char *format, ...);

void fake_verdict(struct result *result, const char *verdict,
		  const char *reason, bool inconclusive);

/* Runs with a story each, ended and final. */
struct result *fake_pass(void); /* keepalive: ETIMEDOUT after 5.07 s */
struct result *fake_variant(int variant); /* data: passes */
struct result *fake_fail(void); /* process: no FIN; with a hostile text */
struct result *fake_skip(void);
struct result *fake_broken(void);
struct result *fake_inconclusive(enum verdict verdict);

/* A report into memory; fake_end() ends it, and gives what was printed, to be
 * freed. */
struct fake_report {
	struct report report;
	char *text;
	size_t size;
};
void fake_begin(struct fake_report *fake, const char *format, size_t n_runs,
		int columns);
char *fake_end(struct fake_report *fake, const struct report_tally *tally);

/* All of the above, reported from start to end in the named format. */
char *fake_all(const char *format, int columns);
