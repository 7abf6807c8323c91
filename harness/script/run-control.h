/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as the harness sees it: the process that holds the world of one case,
 * runs the script and writes the journal. When this process ends, the kernel
 * removes its world.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "journal.h"
#include "loop.h"
#include "run.h"
#include "softirqs.h"
#include "world.h"

/* Options of the command line that hold for every run. */
struct run_options {
	int family; /* AF_INET, AF_INET6 */
	bool mapped; /* IPv4, through IPv6 sockets with v4-mapped addresses */
	bool without_faults; /* fault verbs do nothing */
	bool offload; /* several segments in a frame: world_set_offload() */
	bool keep; /* on failure: stop, and print how to enter the hosts */
	bool rootless; /* in a user namespace; set by the worker */
	nsec_t slack; /* tolerance for scheduling delay, on every upper bound */
	double timeout_multiplier;
	const struct setting *settings; /* --set, after the cases'; or NULL */
	int exe; /* fd of the probe's executable */
	int prompt; /* fd that delivers further commands (lab); 0: none */
	struct softirqs softirqs; /* borrowed fds, to measure softirq delay */
};

struct run_job {
	const struct testcase *testcase;
	const struct variant *variant; /* NULL: none */
	unsigned int repetition, attempt; /* from 1 */
};

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
	nsec_t softirq_wait; /* longest softirq delay between two samples */
	nsec_t longest_act; /* longest call or fault of the script itself */
	uint16_t next_port;
	bool only_times_failed; /* all failures are times out of their bounds */
	nsec_t excess; /* the most by which bound plus slack was exceeded */
	nsec_t early; /* the most by which a lower bound was missed */
	/* What delays within the tolerance can do to the predictions: how much
	 * later a round or the end can be, and whether they decide about a
	 * round. */
	nsec_t delay_effect;
	bool delay_decides;
	bool unexplained; /* no delay explains a failure: not inconclusive */
	bool has_outcome; /* the first finding that is expected sets "outcome"
			   */
	/* Ends the run with the verdict of its expectations so far, wherever
	 * the script is. */
	MACRO_NORETURN void (*finish)(struct run *run);
};

/* Counts and journals an expectation. Returns `ok`. */
bool run_expectation(struct run *run, bool ok, const char *what,
		     const char *expected, const char *observed);

/*
 * What every working kernel does, and the script builds on, did not happen: a
 * failed expectation, with which the run ends. So a fault of the kernel is a
 * FAIL, also in the set-up; BROKEN is for what the harness cannot do.
 */
void run_needed(struct run *run, const char *what, const char *expected,
		const char *observed_format, ...)
	MACRO_PRINTF(4, 5) MACRO_NORETURN;

/* Returns `exists`; a failed expectation where this kernel must have the sysctl
 * or counter. */
bool run_has(struct run *run, const char *name, bool exists);

/* The position in the script that run_here() has recorded: "cases/NAME.c:LINE",
 * for expectations and reasons. Valid until the next call. */
const char *run_where(void);

/*
 * Writes the last record of the journal and ends this process and its world.
 * `verdict`: pass, fail, skip or broken.
 */
void run_end(struct run *run, const char *verdict, const char *reason,
	     bool inconclusive) MACRO_NORETURN;

/* Ends the run as BROKEN with the error trail of `r`, a negative errno. */
void run_broken(struct run *run, int r) MACRO_NORETURN;

/* Serves the world until `done` (NULL: never) returns true or the deadline.
 * Returns whether `done` did. */
bool run_wait(struct run *run, bool (*done)(void *data), void *data,
	      nsec_t deadline);

/*
 * An act of the script that started at `began` is complete. The longest one
 * goes into the verdict: a machine on which acts take long sets up another
 * experiment than planned.
 */
void run_acted(struct run *run, nsec_t began);

/* journal_write() whose failure ends the run. */
#define run_journal(run_, ...)                                                 \
	do {                                                                   \
		int journal_r_ = journal_write((run_)->journal, __VA_ARGS__);  \
		if (journal_r_ < 0)                                            \
			run_broken((run_), journal_r_);                        \
	} while (0)

/* net.ipv4.neigh.eth0.x and net.ipv4.conf.eth0.x: with net.ipv6 in an IPv6 run.
 * Other names are the same: IPv6 uses TCP's sysctls below net.ipv4. */
void run_sysctl_of_family(const struct run *run, const char *name,
			  char ret[static SYSCTL_NAME]);

const struct world_plan *run_world_plan(const struct run *run);

/* The host of that name; BROKEN without one. */
struct host *run_host(struct run *run, const char *name);
