/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of one case: the process that holds the world and tells the script.
 *
 * A script neither handles errors nor frees. When the harness cannot do its own
 * work, the run ends as BROKEN at the script's own file and line, which case.h
 * notes before every call; and the end of this process is the end of its whole
 * world.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "journal.h"
#include "loop.h"
#include "macro.h"
#include "nsec.h"
#include "predict.h"
#include "softirqs.h"
#include "testcase.h"
#include "world.h"

/* What the command line says about every run. */
struct run_options {
	int family; /* AF_INET, AF_INET6 */
	/* Over IPv4, but probes have IPv6 sockets, with v4-mapped addresses: what
	 * a program on [::] sees. */
	bool mapped;
	bool without_faults; /* fault verbs do nothing */
	bool keep; /* on failure: stop, and say how to enter the hosts */
	bool rootless; /* in a user namespace; the worker's to say */
	nsec_t slack; /* allowance for the machine, on every upper bound */
	double timeout_multiplier;
	const struct setting *settings; /* --set, over the cases'; may be NULL */
	int exe; /* fd of this program, for the probes */
	int prompt; /* fd of somebody who says more while it runs; 0: nobody */
	struct softirqs softirqs; /* borrowed fds, to know their lateness by */
};

struct run_job {
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: none */
	unsigned int repetition, attempt; /* from 1 */
};

/* --- for the vocabulary ---------------------------------------------------*/

struct run {
	const struct run_options *options;
	const struct run_job *job;
	struct loop *loop;
	struct journal *journal;
	int journal_fd;
	struct world *world;
	nsec_t start;
	struct probe *probes;
	struct program *programs;
	struct program_folder *folders;
	struct baseline *baselines;
	unsigned int expectations, failed, faults, sockets;
	nsec_t softirq_wait; /* the longest seen between two samples */
	nsec_t longest_act; /* of the script's own: a call, a fault */
	uint16_t next_port;
	bool upper_bound_failed; /* too late, and nothing else is wrong */
	nsec_t excess; /* by how much, at most, beyond bound and slack */
	bool told_outcome; /* the first finding gives "outcome" */
};

/* Where in the script we are. */
void run_here(const char *file, int line);
const char *run_where(void);

/* The last record of the journal, and the end of this process and its world.
 * `verdict`: pass, fail, skip or broken. */
void run_end(struct run *run, const char *verdict, const char *reason,
	     bool inconclusive) MACRO_NORETURN;

/* A failure of the harness: tells, and ends this process. */
void run_broken(struct run *run, int r) MACRO_NORETURN;

/* The same for what is no errno: "the probe in client died unasked". */
void run_broken_because(struct run *run, const char *format, ...)
	MACRO_PRINTF(2, 3) MACRO_NORETURN;

/* The case cannot be shown here; for what only shows once the world is made. */
void run_skip(struct run *run, const char *format, ...) MACRO_PRINTF(2, 3)
	MACRO_NORETURN;

/*
 * Serves the world until `done` (NULL: never) or the deadline. True when done.
 */
bool run_wait(struct run *run, bool (*done)(void *data), void *data,
	      nsec_t deadline);

/* An act that began then is done: the longest is remembered, since a machine on
 * which acts take long sets another stage than was planned. */
void run_acted(struct run *run, nsec_t began);

/* A failure of journal_write() is the end of the run. */
#define run_journal(run_, ...)                                                 \
	do {                                                                   \
		int journal_r_ = journal_write((run_)->journal, __VA_ARGS__);  \
		if (journal_r_ < 0)                                            \
			run_broken((run_), journal_r_);                        \
	} while (0)

const struct world_plan *run_world_plan(const struct run *run);
struct host *run_host(struct run *run, const char *name);
struct address run_address(struct run *run, const char *host);

/* --- for scripts ----------------------------------------------------------*/

/*
 * A moment, taken before the action that starts a clock. Where a probe does it,
 * some time later on a busy machine, say when it has been done: the clock
 * started between the two, and upper bounds count from the later one.
 */
struct mark {
	nsec_t at;
	nsec_t done; /* 0: the action is as good as the mark */
};
struct mark mark_now(struct run *run);
void mark_done(struct run *run, struct mark *mark);

/* Lets time pass while the world goes on. */
void run_pass(struct run *run, nsec_t duration);

/* Lets time pass until `duration` after the mark. */
void run_pass_until(struct run *run, struct mark mark, nsec_t duration);

/* A sentence for whoever reads the timeline. */
void run_note(struct run *run, const char *format, ...) MACRO_PRINTF(2, 3);

/* The variant's value, and whether it is the one of that name. */
long run_value(const struct run *run);
bool run_is_variant(const struct run *run, const char *name);

/* A number of the report: what was predicted, what was measured. Names that
 * several cases share are in the manual; a case adds names of its own. */
void run_predicted(struct run *run, const char *name, double value);
void run_measured(struct run *run, const char *name, double value);
void run_predicted_count(struct run *run, const char *name, int64_t value);
void run_measured_count(struct run *run, const char *name, int64_t value);
void run_predicted_text(struct run *run, const char *name, const char *value);
void run_measured_text(struct run *run, const char *name, const char *value);

/* A sysctl of a host, as it reads now. */
long run_sysctl(struct run *run, const char *host, const char *name);
/* Of one that is several numbers, the nth, from 0. */
long run_sysctl_nth(struct run *run, const char *host, const char *name,
		    unsigned int nth);

/* The host's administrator sets it now. Journalled. What a case relies on from
 * the start belongs into its .settings. */
void run_set_sysctl(struct run *run, const char *host, const char *name,
		    long value);
