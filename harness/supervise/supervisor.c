/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of jobs, an array of running workers, and an array of ended ones
 * whose processes are still dying. The loop starts workers until a limit is
 * reached, waits for events, and frees those whose process has been reaped. A
 * run that is to be tried again is appended to the queue.
 *
 * The queue is sorted by duration, the longest first: the total time is then
 * close to that of the longest run. Most runs only wait for timers, so that far
 * more of them run at a time than the machine has CPUs; the limits are
 * processes, file descriptors and memory. In virtual time waiting takes no time,
 * and runs are made one after the other: side by side they need more memory, and
 * more work of the CPU for each.
 *
 * The worker owns a result while the run goes on. settle() takes it, decides on
 * a retry, applies the options that change a verdict, and counts it. Then it is
 * reported, and freed or kept for the end of the report.
 */
#include "supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "case-table.h"
#include "end-signals.h"
#include "errors.h"
#include "fd.h"
#include "virtual-time.h"
#include "out-folder.h"
#include "privilege.h"
#include "process.h"
#include "worker.h"

enum {
	PARALLEL_MAX = 200,
	PROCESSES_EACH = 8, /* of a run: case process, inits of hosts, probes */
	FILES_EACH = 5, /* of a run, in the supervisor */
	/* Of a run: three network namespaces and what five processes write.
	 * Measured: 3.6 MiB in a guest with Linux 6.12. */
	KIB_EACH = 4096,
	DYING_MAX = 50, /* at a time, beside the running ones */
};

struct supervisor {
	const struct supervisor_plan *plan;
	struct report *report;
	struct report_tally *tally;
	struct loop *loop;
	struct run_job *queue; /* longest first; retries at the end */
	size_t n_queue, next;
	struct worker **workers; /* that are running */
	const struct result **running; /* their results, for the reporter */
	size_t n_workers, parallel;
	struct worker **ended; /* that have reported and are dying */
	size_t n_ended;
	struct result **results; /* that the reporter keeps */
	size_t n_results;
	int signals;
	int signal; /* that ended it; 0: none */
	int out_error; /* of writing below `out`; 0: none */
	char out_text[256]; /* the reason of the first one */
	nsec_t start;
	struct loop_source *tick, *sampler;
	struct softirqs_samples softirqs;
};

/* --- order and limits ------------------------------------------------- */

static int compare_durations(const struct run_job *x, const struct run_job *y)
{
	nsec_t lx = testcase_duration(x->testcase, x->variant);
	nsec_t ly = testcase_duration(y->testcase, y->variant);

	return lx == ly ? 0 : lx < ly ? 1 : -1;
}

/* Exclusive runs come last, when those that run in parallel have ended. */
static int compare_jobs(const void *a, const void *b)
{
	const struct run_job *x = a, *y = b;

	if (x->testcase->exclusive != y->testcase->exclusive)
		return x->testcase->exclusive ? 1 : -1;
	return compare_durations(x, y);
}

/* Half of the limit is left to the user's other processes and to files that are
 * open for other reasons. */
static size_t limit_of(int resource, size_t each)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY)
		return PARALLEL_MAX;
	return MAX((size_t)limit.rlim_cur / 2 / each, (size_t)1);
}

/* As above, half of what the kernel could give without swapping. A guest has
 * little: without a limit 200 worlds fill 512 MiB, and its kernel does nothing
 * but reclaim (try_to_free_pages()). */
static size_t limit_of_memory(void)
{
	FILE *meminfo = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (meminfo && !kib && fgets(line, sizeof(line), meminfo))
		sscanf(line, "MemAvailable: %lu", &kib);
	if (meminfo)
		fclose(meminfo);
	return kib ? MAX((size_t)kib / 2 / KIB_EACH, (size_t)1) : PARALLEL_MAX;
}

size_t supervisor_parallel(unsigned int wanted)
{
	size_t n = virtual_time_is_on() ? 1 : PARALLEL_MAX;

	if (wanted)
		n = wanted;
	process_raise_limits();
	n = MIN(n, limit_of(RLIMIT_NPROC, PROCESSES_EACH));
	n = MIN(n, limit_of(RLIMIT_NOFILE, FILES_EACH));
	return MIN(n, limit_of_memory());
}

/* --- ends ------------------------------------------------------------- */

/* Options that change a verdict. */
static void adjust(const struct supervisor_plan *plan, struct result *result)
{
	if (result->inconclusive && plan->skip_inconclusive)
		result->verdict = VERDICT_SKIP;
	else if (result->verdict == VERDICT_SKIP && plan->must_run)
		result->verdict = VERDICT_FAIL;
}

static void keep_out_error(struct supervisor *s, int r, const char *text)
{
	if (!s->out_error)
		snprintf(s->out_text, sizeof(s->out_text), "%s", text);
	s->out_error = r;
}

/* A run without its page must not look like a pass. */
static void write_page(struct supervisor *s, struct result *result)
{
	int r = s->plan->out ? out_folder_finish(s->plan->out, result) : 0;

	if (r >= 0)
		return;
	keep_out_error(s, r, error_message());
	if (result->verdict == VERDICT_PASS || result->verdict == VERDICT_SKIP)
		result_broken(result, error_message());
}

/* Takes the result. What the reporter does not keep is freed now, so that
 * memory does not grow with the number of runs. */
static void report_result(struct supervisor *s, struct result *result)
{
	report_print_result(s->report, result);
	if (!report_keeps(s->report, result)) {
		result_free(result);
		return;
	}
	if (!report_needs_journal(s->report, result))
		result_clear_journal(result);
	s->results[s->n_results++] = result;
}

/* Takes the result. */
static void settle(struct supervisor *s, struct result *result,
		   const struct run_job *job)
{
	struct report_delays *delays = &s->tally->delays;

	delays->cases = MAX(delays->cases, result->timer_delay);
	delays->wire = MAX(delays->wire, result->frame_delay);
	/* Before options change the verdict: an inconclusive run is tried again
	 * before it becomes a SKIP, and a SKIP, which another try would not
	 * change, is never tried again. */
	result->final = s->signal ||
			!result_wants_retry(result, s->plan->retries);
	if (result->final)
		adjust(s->plan, result);
	write_page(s, result);
	if (result->final) {
		report_count(s->tally, result);
	} else {
		s->queue[s->n_queue] = *job;
		s->queue[s->n_queue++].attempt++;
	}
	report_result(s, result);
}

static void on_ended(void *data, struct worker *worker)
{
	struct supervisor *s = data;

	for (size_t i = 0; i < s->n_workers; i++)
		if (s->workers[i] == worker) {
			s->n_workers--;
			s->workers[i] = s->workers[s->n_workers];
			s->running[i] = s->running[s->n_workers];
			break;
		}
	if (worker_file_error(worker) < 0)
		keep_out_error(s, worker_file_error(worker),
			       strerror(-worker_file_error(worker)));
	settle(s, worker_take_result(worker), worker_job(worker));
	s->ended[s->n_ended++] = worker;
}

static void on_record(void *data, struct worker *worker, const json_t *record)
{
	struct supervisor *s = data;

	if (s->report->reporter->record)
		s->report->reporter->record(s->report, worker_result(worker),
					    record);
}

/* What is wrong with the line is found at the end of the run. */
static void on_frame(void *data, struct worker *worker,
		     const struct journal_packet *frame MACRO_UNUSED,
		     const char *line, size_t size)
{
	json_t *record;

	if (journal_parse(&record, line, size) < 0)
		return;
	on_record(data, worker, record);
	json_decref(record);
}

/* --- starts ----------------------------------------------------------- */

/* One world is made at a time: in parallel they would only wait for the lock of
 * rtnetlink. */
static bool may_start(const struct supervisor *s)
{
	if (s->next == s->n_queue || s->n_workers >= s->parallel ||
	    s->n_ended >= DYING_MAX || s->signal)
		return false;
	if (s->n_workers && (s->queue[s->next].testcase->exclusive ||
			     worker_job(s->workers[0])->testcase->exclusive))
		return false;
	for (size_t i = 0; i < s->n_workers; i++)
		if (!worker_is_ready(s->workers[i]))
			return false;
	return true;
}

/* A resource that is free again when a run ends. */
static bool is_shortage(int r)
{
	return r == -EAGAIN || r == -EMFILE || r == -ENFILE || r == -ENOMEM ||
	       r == -ENOSPC;
}

/* The result of a run that was not started: BROKEN, with this reason. */
static int new_broken(const struct supervisor *s, const struct run_job *job,
		      const char *reason, struct result **ret)
{
	int r = result_new(ret, job->testcase, job->variant,
			   s->plan->options.family == AF_INET6 ? 6 : 4,
			   job->repetition, job->attempt);

	if (r < 0)
		return error_trace(r);
	result_broken(*ret, reason);
	return 0;
}

/* After a shortage, fewer run at a time and the job stays in the queue, if
 * another run is active whose end frees the resource. Otherwise this run is
 * BROKEN. */
static int handle_start_failure(struct supervisor *s, int r)
{
	const struct run_job *job = &s->queue[s->next - 1];
	struct result *result;

	if (is_shortage(r) && s->n_workers) {
		s->parallel = s->n_workers;
		s->next--;
		return 0;
	}
	r = new_broken(s, job, error_trail(), &result);
	if (r < 0)
		return error_trace(r);
	settle(s, result, job);
	return 0;
}

static int start_next(struct supervisor *s)
{
	const struct worker_events events = { .record = on_record,
					      .frame = s->report->verbose ?
							       on_frame :
							       NULL,
					      .ended = on_ended,
					      .data = s };
	const struct run_job *job = &s->queue[s->next++];
	struct worker *worker;
	int r = worker_start(&worker, s->loop, &s->plan->options, job,
			     s->plan->out, &events);

	if (r < 0)
		return handle_start_failure(s, r);
	worker_result(worker)->keeps_all_frames =
		s->report->reporter->sends_frames;
	s->workers[s->n_workers] = worker;
	s->running[s->n_workers++] = worker_result(worker);
	if (s->report->reporter->start)
		s->report->reporter->start(s->report, worker_result(worker));
	return 0;
}

/* --- the loop --------------------------------------------------------- */

static int on_signal(void *data, uint32_t events MACRO_UNUSED)
{
	struct supervisor *s = data;
	int number = end_signals_read(s->signals);

	if (number)
		s->signal = number;
	return 0;
}

static int on_tick(void *data)
{
	struct supervisor *s = data;

	s->report->reporter->tick(s->report, s->running, s->n_workers,
				  nsec_now() - s->start);
	loop_set_timer(s->tick, nsec_now() + SEC(1));
	return 0;
}

/* At intervals that grow with the run. The loop measures the delay of this
 * timer itself. */
static int on_sample(void *data)
{
	struct supervisor *s = data;
	nsec_t now = nsec_now();

	softirqs_sample(&s->softirqs, &s->plan->options.softirqs);
	loop_set_timer(s->sampler, now + MAX((now - s->start) / 50, MSEC(20)));
	return 0;
}

static void note_delays(struct supervisor *s)
{
	struct report_delays *delays = &s->tally->delays;

	softirqs_sample(&s->softirqs, &s->plan->options.softirqs);
	delays->timers = loop_max_delay(s->loop);
	delays->softirqs = s->softirqs.longest;
}

static void free_dead(struct supervisor *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_ended; i++) {
		if (worker_is_dead(s->ended[i]))
			worker_free(s->ended[i]);
		else
			s->ended[kept++] = s->ended[i];
	}
	s->n_ended = kept;
}

static void cancel_running(struct supervisor *s)
{
	while (s->n_workers) {
		struct worker *worker = s->workers[--s->n_workers];
		struct result *result = worker_take_result(worker);

		if (!result->has_verdict)
			result_broken(result, "interrupted");
		settle(s, result, worker_job(worker));
		worker_free(worker);
	}
}

static int run_all(struct supervisor *s)
{
	while (s->n_workers || s->n_ended ||
	       (s->next < s->n_queue && !s->signal)) {
		int r = 0;

		while (r >= 0 && may_start(s))
			r = start_next(s);
		if (r >= 0 && (s->n_workers || s->n_ended))
			r = loop_run_once(s->loop, NSEC_NEVER);
		free_dead(s);
		if (r < 0)
			return error_trace(r);
		if (s->signal)
			cancel_running(s);
	}
	return 0;
}

static int set_up(struct supervisor *s)
{
	size_t n = s->plan->n_jobs;
	unsigned int retries = MAX(s->plan->retries,
				   (unsigned int)RESULT_INCONCLUSIVE_RETRIES);
	size_t most = n * (retries + 1);
	int r;

	s->parallel = supervisor_parallel(s->plan->parallel);
	s->queue = calloc(most, sizeof(*s->queue));
	s->results = calloc(most, sizeof(*s->results));
	s->workers = calloc(s->parallel, sizeof(struct worker *));
	s->running = calloc(s->parallel, sizeof(struct result *));
	s->ended = calloc(s->parallel + DYING_MAX, sizeof(struct worker *));
	if (!s->queue || !s->results || !s->workers || !s->running ||
	    !s->ended)
		return error_origin(-ENOMEM, "supervisor");
	for (size_t i = 0; i < n; i++)
		s->queue[i] = s->plan->jobs[i];
	s->n_queue = n;
	qsort(s->queue, n, sizeof(*s->queue), compare_jobs);
	r = loop_new(&s->loop);
	if (r >= 0)
		r = end_signals_watch(s->loop, &s->signals, on_signal, s);
	softirqs_begin(&s->softirqs, &s->plan->options.softirqs);
	if (r >= 0 && !virtual_time_work_is_free())
		r = loop_add_timer(s->loop, &s->sampler, s->start + MSEC(20),
				   on_sample, s);
	if (r >= 0 && s->report->reporter->tick)
		r = loop_add_timer(s->loop, &s->tick, s->start, on_tick, s);
	return error_trace(r);
}

static void tear_down(struct supervisor *s)
{
	while (s->n_workers)
		worker_free(s->workers[--s->n_workers]);
	while (s->n_ended)
		worker_free(s->ended[--s->n_ended]);
	for (size_t i = 0; i < s->n_results; i++)
		result_free(s->results[i]);
	loop_free(s->loop);
	fd_close(s->signals);
	free(s->queue);
	free(s->results);
	free(s->workers);
	free(s->running);
	free(s->ended);
}

/* For a machine where no world can be made. */
static void skip_all(struct supervisor *s, const char *reason)
{
	for (size_t i = 0; i < s->plan->n_jobs; i++) {
		const struct run_job *job = &s->plan->jobs[i];
		struct result *result;

		if (new_broken(s, job, reason, &result) < 0)
			return;
		result->verdict = VERDICT_SKIP;
		settle(s, result, job);
	}
}

/* Temporary shortages are reported by each run. ENOSPC is not one here: without
 * any run yet it means that the limit of namespaces is 0. */
static int run_or_skip(struct supervisor *s)
{
	int r = privilege_check();

	if (r >= 0 || (is_shortage(r) && r != -ENOSPC))
		return error_trace(run_all(s));
	skip_all(s, error_message());
	return 0;
}

int supervisor_run(const struct supervisor_plan *plan, struct report *report,
		   struct report_tally *ret)
{
	struct supervisor s = { .plan = plan,
				.report = report,
				.tally = ret,
				.signals = -1,
				.start = nsec_now() };
	int r;

	*ret = (struct report_tally){ 0 };
	report->info.n_runs = plan->n_jobs;
	r = set_up(&s);
	if (r >= 0) {
		report_print_begin(report);
		r = run_or_skip(&s);
		ret->took = nsec_now() - s.start;
		note_delays(&s);
		report_print_end(report, ret);
	}
	tear_down(&s);
	if (plan->out && r >= 0 && !s.out_error) {
		int written = out_folder_index(plan->out);

		if (written < 0)
			keep_out_error(&s, written, error_message());
	}
	if (r >= 0 && s.out_error && !s.signal)
		r = error_refuse(s.out_error,
				 "write the journals below %s: %s", plan->out,
				 s.out_text);
	return r < 0 ? error_trace(r) : s.signal;
}
