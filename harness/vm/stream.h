/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results on their way from a guest to its host: the lines of --format jsonl,
 * and before the line of a run that somebody will want to read more of, its
 * journal, a record a line: {"type":"journal","record":{…}}.
 */
#pragma once

#include "report.h"
#include "run.h"

/* What a guest reports with. */
extern const struct reporter reporter_stream;

/* With this in the guest's environment every journal is sent. */
#define STREAM_VARIABLE "HALFOPEN_JOURNALS"

/* The host's side: turns lines into the calls of a reporter. */
struct stream;

/* Borrows all of it; the results, which come in the guest's order, are kept until
 * stream_free(). What fails is tried again up to `retries` times, in the guest.
 * Journals are written below `out`, unless that is NULL. */
int stream_new(struct stream **ret, struct report *report,
	       const struct run_job *jobs, size_t n_jobs, unsigned int retries,
	       const char *out);
struct stream *stream_free(struct stream *stream);

/* Takes what has come, whole lines or not. -EBADMSG for what is none of it. */
int stream_take(struct stream *stream, const char *bytes, size_t size);

/* The guest has said all: its last line has come, and this is its status. */
bool stream_has_ended(const struct stream *stream, int *ret_status);

/* What became of it, in its last try; NULL: it has not come. */
const struct result *stream_result(const struct stream *stream,
				   const struct run_job *job);

/* Has the guest's program said anything? */
bool stream_has_begun(const struct stream *stream);

/*
 * What never came is BROKEN, for `reason`. Counts all into `ret`, whose time is
 * the caller's, and tells the reporter that all is over.
 */
void stream_finish(struct stream *stream, const char *reason,
		   struct report_tally *ret);
