/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "case-process.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "errors.h"
#include "virtual-time.h"
#include "namespace.h"
#include "privilege.h"
#include "processes.h"
#include "stage.h"
#include "start-record.h"
#include "counter-control.h"

/*
 * What a late machine can explain. An observed time is the sum of several
 * timers' (tcp_retries2 of 15 is the most), each of which may have been late:
 * beyond that, it was the kernel, and lateness must not hide it.
 */
enum { IN_A_ROW = 16 };

/*
 * This process knows when it was late itself, and for how long frames waited
 * for it; that the kernel's timers were, by the samples of their threads. That
 * a probe or a program was, only the scheduler knows; it counts all its waiting,
 * so that is asked where too late is all that is wrong.
 */
static nsec_t lateness_of_all(struct run *run, nsec_t residence)
{
	nsec_t late = MAX(residence, loop_max_delay(run->loop));

	if (!run->upper_bound_failed)
		return late;
	return MAX(MAX(late, run->softirq_wait), processes_longest_delay());
}

/*
 * Cases keep some hundred milliseconds, or less, between acts whose order
 * matters. Where an act, a frame or a timer was late by more than the allowance,
 * it is another stage than the one that was planned, and what is seen on it says
 * nothing of the kernel. (A tick that comes late even makes timers early: they
 * are armed from jiffies that lag behind the clock.)
 */
static nsec_t lateness_of_stage(const struct run *run, nsec_t residence)
{
	nsec_t late = MAX(residence, loop_max_delay(run->loop));

	return MAX(late, MAX(run->softirq_wait, run->longest_act));
}

static void MACRO_NORETURN end_inconclusive(struct run *run, nsec_t late,
					    nsec_t allowed)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "this machine was late by %.1f ms, %.1f ms are allowed",
		 nsec_seconds(late) * 1e3, nsec_seconds(allowed) * 1e3);
	run_end(run, "broken", text, true);
}

/*
 * PASS says that the kernel did what was expected. A wire that lost frames has
 * seen something else than what happened, and says nothing.
 */
static void MACRO_NORETURN judge(struct run *run)
{
	nsec_t residence = wire_residence(world_wire(run->world));
	nsec_t late = lateness_of_all(run, residence);
	nsec_t stage = lateness_of_stage(run, residence);
	unsigned int losses;
	int r = wire_losses(world_wire(run->world), &losses);
	char text[160];

	if (r < 0)
		run_broken(run, r);
	if (losses)
		run_broken_because(run, "the wire lost %u frames", losses);
	if (!run->expectations && !run->job->testcase->may_expect_nothing)
		run_broken_because(run, "the script expects nothing");
	if (!run->failed)
		run_end(run, "pass", "", false);
	if (run->upper_bound_failed && late > run->options->slack &&
	    run->excess <= late * IN_A_ROW)
		end_inconclusive(run, late, run->options->slack);
	if (stage > run->options->slack)
		end_inconclusive(run, stage, run->options->slack);
	snprintf(text, sizeof(text), "%u of %u expectations failed",
		 run->failed, run->expectations);
	run_end(run, "fail", text, false);
}

/* Even where no timer of the script's own is near, the lateness of this machine
 * is to be known: asked in ever longer intervals, as hours cost little. */
struct sampler {
	struct run *run;
	struct loop_source *source;
	struct softirqs_samples softirqs;
};

static void sample_softirqs(struct sampler *sampler)
{
	softirqs_sample(&sampler->softirqs, &sampler->run->options->softirqs);
	sampler->run->softirq_wait = sampler->softirqs.longest;
}

static int sample(void *data)
{
	struct sampler *sampler = data;
	nsec_t now = nsec_now();
	nsec_t pause = MAX((now - sampler->run->start) / 50, MSEC(20));

	sample_softirqs(sampler);
	loop_set_timer(sampler->source, now + pause);
	return 0;
}

static void start_sampler(struct sampler *sampler)
{
	struct run *run = sampler->run;
	int r = 0;

	/* What was waited before this run is not its own. */
	softirqs_begin(&sampler->softirqs, &run->options->softirqs);
	if (!virtual_time_work_is_free())
		r = loop_add_timer(run->loop, &sampler->source,
				   run->start + MSEC(20), sample, sampler);
	if (r < 0)
		run_broken(run, r);
}

static void set_up(struct run *run, int journal_fd)
{
	int r;

	run->journal_fd = journal_fd;
	prctl(PR_SET_TIMERSLACK, 1);
	signal(SIGINT, SIG_IGN); /* the supervisor's to decide */
	run->start = nsec_now();
	r = journal_new(&run->journal, journal_fd, run->start);
	if (r < 0)
		_exit(1);
	start_record(run);
	stage_check_needs(run);
	r = namespace_remember_home();
	if (r >= 0) {
		namespace_home_is_ours();
		r = privilege_private_mounts();
	}
	if (r >= 0)
		r = privilege_keep_for_world();
	if (r >= 0)
		r = loop_new(&run->loop);
	if (r < 0)
		run_broken(run, r);
	stage_check_programs(run);
}

void case_process_main(const struct run_options *options,
		       const struct run_job *job, int journal)
{
	static struct run run;
	static struct sampler sampler = { .run = &run };

	run.options = options;
	run.job = job;
	set_up(&run, journal);
	stage_make_world(&run);
	start_sampler(&sampler);
	counter_take_baselines(&run);
	run_journal(&run, nsec_now(), "ready", NULL);
	job->testcase->script(&run);
	/* What has come by now belongs to the run. */
	run_wait(&run, NULL, NULL, nsec_now());
	counter_journal_changes(&run);
	sample_softirqs(&sampler);
	judge(&run);
}
