/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run from the outside: its process, the pipe from which its journal comes, and
 * the result that is made of it.
 */
#pragma once

#include <stdbool.h>

#include "journal.h"
#include "loop.h"
#include "result.h"
#include "run-control.h"

struct worker;

struct worker_events {
	/* A record came in; it is in the worker's result already. */
	void (*record)(void *data, struct worker *worker,
		       const json_t *record);
	/* The same for a frame whose record is not parsed; NULL: not wanted. */
	void (*frame)(void *data, struct worker *worker,
		      const struct journal_packet *frame, const char *line,
		      size_t size);
	/* The run has ended and its result has a verdict. Its process may still
	 * be dying. Called once. */
	void (*ended)(void *data, struct worker *worker);
	void *data;
};

/*
 * Starts the run. `job` and `options` are borrowed until it has ended. With
 * `out` the journal is also written below that directory. -errno; nothing stays
 * after a failure.
 */
int worker_start(struct worker **ret, struct loop *loop,
		 const struct run_options *options, const struct run_job *job,
		 const char *out, const struct worker_events *events);

/* Kills the process if it still runs, and with it its whole world. */
struct worker *worker_free(struct worker *worker);

struct result *worker_result(const struct worker *worker);
/* The caller owns it afterwards. Its journal is complete and parsed. */
struct result *worker_take_result(struct worker *worker);
/* After the end: a negative errno when the journal below `out` is incomplete. */
int worker_file_error(const struct worker *worker);
const struct run_job *worker_job(const struct worker *worker);
/* Its world is made, or never will be: the next world may be made. */
bool worker_is_ready(const struct worker *worker);

/* Its process is reaped, and the kernel removes its world. */
bool worker_is_dead(const struct worker *worker);
