/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run may be inconclusive. This process measures how late its own timers
 * (loop_max_delay()), the frames in the wire (wire_residence()), the softirq
 * threads and its longest act were, and asks the scheduler for the delay of its
 * probes and programs. When that exceeds the tolerance (--slack), a failed
 * expectation says nothing about the kernel's TCP, and the verdict is BROKEN,
 * inconclusive. So it is after an ICMP message that the kernel dropped: the wire
 * can answer a segment before the call that sends it has returned.
 */
#include "case-process.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "case-table.h"
#include "counter-control.h"
#include "end-signals.h"
#include "errors.h"
#include "host.h"
#include "message.h"
#include "namespace.h"
#include "privilege.h"
#include "stage.h"
#include "start-record.h"
#include "virtual-time.h"
#include "world-plan-control.h"

/*
 * An observed time is the sum of several timers (at most 16, with tcp_retries2 of
 * 15), each of which may have expired late. A greater excess is not explained by
 * scheduling delay, and the run fails.
 */
enum { IN_A_ROW = 16 };

/*
 * The longest delay that can have made a time too long. The scheduler's counters
 * (host_longest_run_delay()) include all waiting of a process, also harmless
 * waiting, so that they are read only when times are all that failed.
 */
static nsec_t delay_of_times(struct run *run, nsec_t residence)
{
	nsec_t delay = MAX(residence, loop_max_delay(run->loop));

	if (!run->only_times_failed)
		return delay;
	return MAX(MAX(delay, run->softirq_wait), host_longest_run_delay());
}

/*
 * The longest delay that can have changed the order of events. Cases leave some
 * hundred milliseconds or less between acts whose order matters; when an act, a
 * frame or a timer was late by more than the tolerance, another situation than
 * the planned one was observed. (A late tick even makes timers early: they are
 * armed from jiffies, which then lag behind the clock.)
 */
static nsec_t delay_of_order(const struct run *run, nsec_t residence)
{
	nsec_t delay = MAX(residence, loop_max_delay(run->loop));

	return MAX(delay, MAX(run->softirq_wait, run->longest_act));
}

/*
 * Whether timers that were armed while jiffies lagged behind the clock explain
 * the times below their lower bounds. Only the first timer of a chain is armed
 * outside of a tick.
 */
static bool is_due_to_tick(const struct run *run)
{
	return run->early && run->early <= loop_tick_delay(run->loop);
}

/* Times beyond their upper bounds are all that failed, but for what a late tick
 * explains. */
static bool is_too_long(const struct run *run)
{
	return run->only_times_failed && (run->excess || !run->early) &&
	       (!run->early || is_due_to_tick(run));
}

/*
 * Whether delays that are each within the tolerance explain the failure: two in a
 * row exceed it, and in a chain of timers they have a greater effect (forecast.c).
 * A delay of less than a jiffy has none.
 */
static bool is_due_to_chain(const struct run *run, nsec_t times, nsec_t order)
{
	nsec_t jiffy = NSEC_PER_SEC / nsec_hz();

	if (is_too_long(run) && times >= jiffy &&
	    (run->excess <= run->delay_effect ||
	     run->options->slack + run->excess <= 2 * times))
		return true;
	return run->delay_decides && order >= jiffy;
}

static void MACRO_NORETURN end_inconclusive(struct run *run, nsec_t delay)
{
	char text[160];

	snprintf(text, sizeof(text),
		 R_("scheduling delay of %.1f ms, tolerance %.1f ms"),
		 nsec_seconds(delay) * 1e3,
		 nsec_seconds(run->options->slack) * 1e3);
	run_end(run, "broken", text, true);
}

static void MACRO_NORETURN end_early(struct run *run)
{
	char text[160];

	snprintf(text, sizeof(text),
		 R_("tick late by %.3f ms, time below its lower bound by %.3f "
		    "ms"),
		 nsec_seconds(loop_tick_delay(run->loop)) * 1e3,
		 nsec_seconds(run->early) * 1e3);
	run_end(run, "broken", text, true);
}

/*
 * tcp_v4_err() and tcp_v6_err() do not act on a message whose socket is in use
 * by a call, except "fragmentation needed". On two CPUs the wire's answer can
 * arrive that early, in about one of a thousand times.
 */
static void end_if_icmp_was_dropped(struct run *run)
{
	int64_t dropped = counter_change_of_all(run, "LockDroppedIcmps");
	char text[160];

	if (!dropped)
		return;
	snprintf(text, sizeof(text),
		 R_("the kernel dropped %ld ICMP messages that arrived during a "
		    "call on their socket (LockDroppedIcmps)"),
		 (long)dropped);
	run_end(run, "broken", text, true);
}

/*
 * The judgements of the documents hold for the settings of the case. With --set
 * the run is another experiment: its predictions follow, and it passes, but the
 * reasons that the judgements give may no longer be those of this run.
 */
static const char *reason_not_to_judge(const struct run *run)
{
	const struct setting *setting = run->options->settings;
	const struct judgement *judgement = testcase_judgements(
		run->job->testcase, run->job->variant);

	if (!judgement || !judgement->claim)
		return "";
	for (; setting && setting->name; setting++)
		if (!setting->host ||
		    world_plan_has(run_world_plan(run), setting->host))
			return R_("not judged: --set changes the experiment");
	return "";
}

/* A wire that lost frames did not see what happened: then no expectation can be
 * judged. */
static void MACRO_NORETURN judge(struct run *run)
{
	nsec_t residence = wire_residence(world_wire(run->world));
	nsec_t times = delay_of_times(run, residence);
	nsec_t order = delay_of_order(run, residence);
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
		run_end(run, "pass", reason_not_to_judge(run), false);
	/* In a guest where work takes no time, no delay is the machine's: what is
	 * measured as one is a call or a timer of the kernel that is late. */
	if (!run->unexplained && !virtual_time_work_is_free()) {
		end_if_icmp_was_dropped(run);
		if (is_too_long(run) && times > run->options->slack &&
		    run->excess <= times * IN_A_ROW)
			end_inconclusive(run, times);
		if (run->only_times_failed && !run->excess &&
		    is_due_to_tick(run))
			end_early(run);
		if (order > run->options->slack)
			end_inconclusive(run, order);
		if (is_due_to_chain(run, times, order))
			end_inconclusive(run, MAX(times, order));
	}
	snprintf(text, sizeof(text), "%u of %u expectations failed",
		 run->failed, run->expectations);
	run_end(run, "fail", text, false);
}

/* Samples the softirq threads, at intervals that grow with the run: a run of
 * hours needs few samples. Its timer also measures the delay of this process
 * while the script waits without one. */
static struct sampler {
	struct run *run;
	struct loop_source *source;
	struct softirqs_samples softirqs;
} sampler;

static void sample_softirqs(void)
{
	softirqs_sample(&sampler.softirqs, &sampler.run->options->softirqs);
	sampler.run->softirq_wait = sampler.softirqs.longest;
}

static int sample(void *data MACRO_UNUSED)
{
	nsec_t now = nsec_now();
	nsec_t pause = MAX((now - sampler.run->start) / 50, MSEC(20));

	sample_softirqs();
	loop_set_timer(sampler.source, now + pause);
	return 0;
}

static void start_sampler(struct run *run)
{
	int r = 0;

	sampler.run = run;
	/* Delay before this point is not attributed to the run. */
	softirqs_begin(&sampler.softirqs, &run->options->softirqs);
	if (!virtual_time_work_is_free())
		r = loop_add_timer(run->loop, &sampler.source,
				   run->start + MSEC(20), sample, NULL);
	if (r < 0)
		run_broken(run, r);
}

static void set_up(struct run *run, int journal_fd)
{
	int r;

	run->journal_fd = journal_fd;
	prctl(PR_SET_TIMERSLACK, 1);
	end_signals_ignore_terminal();
	run->start = nsec_now();
	r = journal_new(&run->journal, journal_fd, run->start);
	if (r < 0)
		_exit(1);
	start_record(run);
	stage_check_needs(run);
	r = namespace_remember_home();
	if (r >= 0) {
		namespace_home_is_ours();
		r = privilege_private_mounts(run->job->testcase->tmp_size);
	}
	if (r >= 0 && stage_runs_programs(run->job))
		privilege_mounts_for_programs();
	if (r >= 0)
		r = privilege_keep_for_world();
	if (r >= 0)
		r = loop_new(&run->loop);
	if (r < 0)
		run_broken(run, r);
	stage_check_programs(run);
}

/* The script has ended, or cannot go on. */
static void MACRO_NORETURN finish(struct run *run)
{
	/* Takes the frames and results that have arrived by now. */
	run_wait(run, NULL, NULL, nsec_now());
	counter_journal_changes(run);
	if (sampler.run)
		sample_softirqs();
	judge(run);
}

void case_process_main(const struct run_options *options,
		       const struct run_job *job, int journal)
{
	static struct run run;

	run.options = options;
	run.job = job;
	run.finish = finish;
	set_up(&run, journal);
	stage_make_world(&run);
	start_sampler(&run);
	counter_take_baselines(&run);
	run_journal(&run, nsec_now(), "ready", "{s:o}", "hosts",
		    stage_addresses(&run));
	job->testcase->script(&run);
	finish(&run);
}
