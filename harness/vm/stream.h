/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers results from a guest to its host: the lines of --format jsonl, and
 * before the line of a run that did not pass its journal, one record per line:
 * {"type":"journal","record":{…}}.
 */
#pragma once

#include "report.h"
#include "run-control.h"

/* The guest's reporter. */
extern const struct reporter reporter_stream;

/* If set in the guest's environment, every journal is sent. */
#define STREAM_VARIABLE "HALFOPEN_JOURNALS"

/* Instead of all lines: this kernel, or the guest, cannot run the command. */
void stream_refuse(FILE *out, const char *message);

/* The host's side: calls a reporter for each line. */
struct stream;

/* Borrows all arguments and owns the results, in the guest's order, until
 * stream_free(). The guest repeats runs as result_wants_retry() decides.
 * Journals are written below `out`, unless it is NULL. */
int stream_new(struct stream **ret, struct report *report,
	       const struct run_job *jobs, size_t n_jobs, unsigned int retries,
	       const char *out);
struct stream *stream_free(struct stream *stream);

/* Accepts any part of the stream. -EBADMSG for invalid lines. */
int stream_take(struct stream *stream, const char *bytes, size_t size);

/* True when the guest's last line has arrived, with the command's exit
 * status. */
bool stream_has_ended(const struct stream *stream, int *ret_status);

/* The message of stream_refuse(); NULL: none has arrived. */
const char *stream_refusal(const struct stream *stream);

/* The result of the last try; NULL: not received. */
const struct result *stream_result(const struct stream *stream,
				   const struct run_job *job);

/* True when the first line has arrived. */
bool stream_has_begun(const struct stream *stream);

/* About once a second, for a status line; `elapsed` counts from the first line. */
void stream_tick(struct stream *stream, nsec_t elapsed);

/*
 * Makes missing runs BROKEN with `reason`, counts all into `ret` (whose time
 * the caller sets) and ends the report.
 */
void stream_finish(struct stream *stream, const char *reason,
		   struct report_tally *ret);
