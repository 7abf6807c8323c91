/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as its script sees it: time, notes, values for the report, sysctls and
 * the variant.
 *
 * A script neither handles errors nor frees memory. When the harness cannot do
 * its work, the run ends as BROKEN at the line of the script that called it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "macro.h"
#include "nsec.h"
#include "predict.h"
#include "testcase.h"

struct run;

/* Records the position in the script; the macros of locations.h call it. */
void run_here(const char *file, int line);

/* --- time -----------------------------------------------------------------*/

/*
 * A point in time, taken before the action that starts a clock. Where a probe
 * performs the action, it happens some time later on a busy machine:
 * mark_done() after the call records by when. The clock then started between
 * `at` and `done`, and upper bounds count from `done`.
 */
struct mark {
	nsec_t at;
	nsec_t done; /* 0: the action happened at `at` */
	bool missing; /* of expect_frame(): the frame has not come */
};
struct mark mark_now(struct run *run);
void mark_done(struct run *run, struct mark *mark);

/* Lets `duration` pass while the world goes on. */
void run_pass(struct run *run, nsec_t duration);

/* The same until `duration` after the mark, and until a time of nsec_now(). */
void run_pass_until(struct run *run, struct mark mark, nsec_t duration);
void run_pass_until_time(struct run *run, nsec_t time);

/* --slack, the tolerance for scheduling delay, which every upper bound of an
 * expectation gets once. */
nsec_t run_slack(const struct run *run);

/* --- the report -----------------------------------------------------------*/

/* A sentence in the timeline. */
void run_note(struct run *run, const char *format, ...) MACRO_PRINTF(2, 3);

/*
 * A value of the report, predicted or measured. The manual lists the names that
 * several cases share; a case may add names of its own.
 */
void run_predicted(struct run *run, const char *name, double value);
void run_measured(struct run *run, const char *name, double value);
void run_predicted_count(struct run *run, const char *name, int64_t value);
void run_measured_count(struct run *run, const char *name, int64_t value);
void run_predicted_text(struct run *run, const char *name, const char *value);
void run_measured_text(struct run *run, const char *name, const char *value);
/* "elapsed_s" and "elapsed_max_s" predicted, "elapsed_s" measured. */
void run_elapsed(struct run *run, struct range predicted, nsec_t measured);

/* --- the variant ----------------------------------------------------------*/

/* The variant's .value (0 without variants); whether it has that name. */
long run_value(const struct run *run);
bool run_is_variant(const struct run *run, const char *name);

/*
 * The row for this variant of a table whose rows start with the variant's name
 * (const char *); BROKEN without one.
 */
#define VARIANT_ROW(run_, table_)                                              \
	(&(table_)[run_variant_row((run_), (table_), sizeof((table_)[0]),      \
				   ARRAY_SIZE(table_))])
size_t run_variant_row(struct run *run, const void *table, size_t row_size,
		       size_t rows);

/* --- hosts ----------------------------------------------------------------*/

/* The host's first address, of the run's address family. */
struct address run_address(struct run *run, const char *host);

/* A sysctl of the host: its current value; of one with several numbers, the
 * nth from 0. */
long run_sysctl(struct run *run, const char *host, const char *name);
long run_sysctl_nth(struct run *run, const char *host, const char *name,
		    unsigned int nth);

/* Changes a sysctl during the script; journalled. What a case needs from the
 * start belongs into .settings. */
void run_set_sysctl(struct run *run, const char *host, const char *name,
		    long value);

/* --- other ends -----------------------------------------------------------*/

/* This machine or --set cannot show the case, which turned out during the
 * script: SKIP. FAIL after a failed expectation, which may be the reason. What
 * the kernel under test decides is an expectation and no reason to skip. */
void run_skip(struct run *run, const char *format, ...)
	MACRO_PRINTF(2, 3) MACRO_NORETURN;

/* Whether this kernel has the change: kernel_change(). SKIP where that is not
 * known. */
bool run_has_change(struct run *run, const struct change *change);

/* What the script shows depends on acts that follow one another faster than the
 * tolerance (--slack): with a delay of a jiffy or more a failure is inconclusive. */
void run_delay_decides(struct run *run);

/* Too much scheduling delay to decide anything: BROKEN, inconclusive. */
void run_inconclusive(struct run *run, const char *reason) MACRO_NORETURN;

/* A precondition of the experiment does not hold: BROKEN, with this reason. */
void run_broken_because(struct run *run, const char *format, ...)
	MACRO_PRINTF(2, 3) MACRO_NORETURN;
