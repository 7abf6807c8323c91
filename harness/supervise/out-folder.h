/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of --out DIR: for each run DIR/NAME/VARIANT/ with journal.jsonl,
 * capture.pcapng and report.html; DIR/index.html; and DIR/results.jsonl.
 */
#pragma once

#include <stdio.h>

#include "journal.h"
#include "report.h"

/* Makes the folder, locks it against other processes until this one ends, and
 * checks that a file can be written there. -EBUSY: another halfopen has it. */
int out_folder_check(const char *out);

/* Journal and capture of one run, which are written as its records arrive: a run
 * may have more of them than memory has room for. */
struct out_run;

/* Creates both files. Further repetitions and tries have folders beside the first
 * one: NAME.2, NAME.try2. */
int out_run_new(struct out_run **ret, const char *out,
		const struct result *result);

/* Appends a record; `line` is its text, without a newline. */
void out_run_add(struct out_run *run, const json_t *record, const char *line,
		 size_t size);

/* The same for a frame whose record was not parsed. */
void out_run_add_frame(struct out_run *run, const struct journal_packet *frame,
		       const char *line, size_t size);

/* Writes what stdio has buffered, so that the files have all records up to here
 * even if this process is killed. A failure is reported by out_run_close(). */
void out_run_flush(struct out_run *run);

/* Frees the run; accepts NULL. -errno if anything could not be written. */
int out_run_close(struct out_run *run);

/* Writes the page from the result's journal, beside the other files. */
int out_folder_finish(const char *out, const struct result *result);

/* The folder of a run below DIR: "NAME/VARIANT", and for further repetitions and
 * tries "NAME/VARIANT.2.try3". */
enum { OUT_FOLDER = 512 };
void out_folder_of(const struct result *result, char ret[static OUT_FOLDER]);

/* Also prints the report to DIR/results.jsonl, as --format jsonl does: the options
 * that change verdicts and the runs that never started are in no journal. */
int out_report_open(struct report *report, const char *out);
/* Accepts a report that was not opened. -errno if anything could not be written. */
int out_report_close(struct report *report);

/* Writes the index of all runs below DIR, including those of earlier commands. */
int out_folder_index(const char *out);
