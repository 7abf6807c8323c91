/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run as its supervisor sees it: a process, a pipe, a journal. */
#pragma once

#include <stdio.h>

#include "loop.h"
#include "result.h"
#include "run-control.h"

struct worker;

struct worker_events {
	/* A whole record came in; the worker's result has it already. */
	void (*record)(void *data, struct worker *worker,
		       const json_t *record);
	/* It is over, and has told all. Its process may still be dying. */
	void (*ended)(void *data, struct worker *worker);
	void *data;
};

/*
 * Starts the run. `job` and `options` are borrowed until it has ended. With
 * `out`, the journal is also written to a file below that directory.
 */
int worker_start(struct worker **ret, struct loop *loop,
		 const struct run_options *options, const struct run_job *job,
		 const char *out, const struct worker_events *events);

/* Kills it if it still runs, and everything in it. Takes NULL. */
struct worker *worker_free(struct worker *worker);

struct result *worker_result(const struct worker *worker);
/* Hands it over. */
struct result *worker_take_result(struct worker *worker);
/* Once it has ended: a negative errno when its file below `out` is not whole. */
int worker_file_error(const struct worker *worker);
const struct run_job *worker_job(const struct worker *worker);
/* Its world is made, or will not be: another one may be begun. */
bool worker_is_ready(const struct worker *worker);

/* Its process is gone, and with it everything that it made. */
bool worker_is_dead(const struct worker *worker);
