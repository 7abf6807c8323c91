/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expectation has a window of time, [from, within] after its moment; without
 * one it is the whole run, or, for sockets, its end. Three kinds of evidence:
 *
 *	an event that should come (a result, a line, an exit): the first one in
 *	the window makes it true; one outside is only reported;
 *	a number (frames, counters, sockets): counted in the window. Of sockets,
 *	an expected number must be seen once at least, and a limit ("no
 *	CLOSE-WAIT", "at most 3") must never be exceeded: at a look at the
 *	sockets, or at a state between two looks that follows from a frame;
 *	what should last (open, runs): false with the first event against it,
 *	or if it does not hold at the end.
 */
#include "lab-judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "errors.h"
#include "expect-control.h"
#include "counter-control.h"
#include "lab-delay.h"
#include "safe-text.h"

struct evidence {
	struct lab_wait since;
	nsec_t met; /* the first event in the window; 0: none */
	/* The first event outside, or against what should last; 0: none. */
	nsec_t missed;
	uint64_t count;
	uint64_t last_look; /* sockets in the state */
	/* With a limit of time: a sample when its moment was noticed, and the
	 * most by which `missed` can be late. */
	const struct lab_delay *begin;
	nsec_t delay;
	char observed[128];
};

struct lab_judge {
	struct run *run;
	const struct lab_plan *plan;
	struct evidence all[LAB_EXPECTATIONS];
	struct lab_delay *sample; /* the latest */
};

struct lab_judge *lab_judge_new(struct run *run, const struct lab_plan *plan)
{
	struct lab_judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		run_broken(run, error_origin(-ENOMEM, "expectations"));
	judge->run = run;
	judge->plan = plan;
	return judge;
}

/* Members of an expectation that do not belong to its kind are NULL. */
static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* --- windows of time ------------------------------------------------------ */

static bool has_window(const struct lab_expectation *e)
{
	return e->from || e->within != NSEC_NEVER;
}

static bool has_begun(const struct evidence *ev)
{
	return ev->since.happened > 0;
}

static nsec_t window_end(const struct lab_expectation *e,
			 const struct evidence *ev)
{
	return nsec_add(ev->since.happened, e->within);
}

static bool is_in_window(const struct lab_expectation *e,
			 const struct evidence *ev, nsec_t at)
{
	/* A server may print the expected line before the timeline starts. */
	if (!has_window(e))
		return true;
	return has_begun(ev) && at >= nsec_add(ev->since.happened, e->from) &&
	       at <= window_end(e, ev);
}

/* The most by which something is late that happens now. What the moment of its
 * window waited to be noticed counts, too. */
static nsec_t delay_of_window(const struct lab_judge *judge,
			      const struct evidence *ev)
{
	return ev->begin->at - ev->since.happened +
	       lab_delay_since(judge->run, ev->begin);
}

/* The first event in the window, and the first one outside, count. */
static void add_event(struct lab_judge *judge, const struct lab_expectation *e,
		      struct evidence *ev, nsec_t at)
{
	if (is_in_window(e, ev, at)) {
		if (!ev->met)
			ev->met = at;
	} else if (!ev->missed) {
		ev->missed = at;
		if (ev->begin)
			ev->delay = delay_of_window(judge, ev);
	}
}

/* Most moments are the start. */
static void begin_window(struct lab_judge *judge, struct evidence *ev)
{
	if (!judge->sample || nsec_now() - judge->sample->at > MSEC(1))
		judge->sample = lab_delay_sample(judge->run);
	ev->begin = judge->sample;
}

/* --- events --------------------------------------------------------------- */

static bool is_expected(const struct lab_expectation *e, uint64_t n)
{
	return n >= e->min && n <= e->max;
}

/* "no CLOSE-WAIT", "at most 3 CLOSE-WAIT" */
static bool is_limit(const struct lab_expectation *e)
{
	return e->min == 0;
}

static void set_observed(struct evidence *ev, const char *what)
{
	snprintf(ev->observed, sizeof(ev->observed), "%s", what);
	/* A character of a program's line that does not fit is cut off. */
	safe_text(ev->observed, false);
}

static void see_result(struct lab_judge *judge, const struct lab_expectation *e,
		       struct evidence *ev, const struct lab_event *event)
{
	bool matches = is_same(e->outcome, event->text);

	if (!is_same(e->host, event->host))
		return;
	/* recv() of data ends nothing. */
	if (e->kind == LAB_EXPECT_OPEN && strcmp(event->text, "DATA") != 0) {
		ev->missed = event->at;
		set_observed(ev, event->text);
	}
	if (e->kind != LAB_EXPECT_OUTCOME)
		return;
	if (matches)
		add_event(judge, e, ev, event->at);
	if (matches || !ev->met)
		set_observed(ev, event->text);
}

/* A program that a step starts again may still run in the end: see
 * finish_runs(). */
static void see_exit(struct lab_judge *judge, const struct lab_expectation *e,
		     struct evidence *ev, const struct lab_event *event)
{
	int status = event->status;
	bool with_host = status == -1;
	bool by_signal = !with_host && WIFSIGNALED(status);
	int number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);

	if (!is_same(e->program, event->program))
		return;
	switch ((int)e->kind) {
	case LAB_EXPECT_EXIT:
	case LAB_EXPECT_SIGNAL:
		if (!with_host && number == e->number &&
		    by_signal == (e->kind == LAB_EXPECT_SIGNAL))
			add_event(judge, e, ev, event->at);
		break;
	case LAB_EXPECT_RUNS:
		ev->missed = event->at;
		break;
	default:
		return;
	}
	if (with_host)
		set_observed(ev, "died with its host");
	else
		snprintf(ev->observed, sizeof(ev->observed), "%s %d",
			 by_signal ? "signal" : "exit", number);
}

static void see_line(struct lab_judge *judge, const struct lab_expectation *e,
		     struct evidence *ev, const struct lab_event *event)
{
	if (e->kind != LAB_EXPECT_LINE ||
	    !is_same(e->program, event->program) ||
	    !strstr(event->text, e->line))
		return;
	if (!ev->met && !ev->missed)
		set_observed(ev, event->text);
	add_event(judge, e, ev, event->at);
}

static void see_frame(const struct lab_expectation *e, struct evidence *ev,
		      const struct lab_event *event)
{
	bool sent = event->kind == LAB_EVENT_SENT;

	if (e->kind == (sent ? LAB_EXPECT_SENT : LAB_EXPECT_RECEIVED) &&
	    is_same(e->host, event->host) && is_in_window(e, ev, event->at))
		ev->count += lab_event_segments(event, e->kinds);
}

/* One socket more than at the last look, unless some have left the state since:
 * so it may meet an expectation, and exceeds only the limit of none. */
static void see_derived_state(struct lab_judge *judge,
			      const struct lab_expectation *e,
			      struct evidence *ev,
			      const struct lab_event *event)
{
	if (e->kind != LAB_EXPECT_SOCKETS || !has_window(e) ||
	    e->state != event->state || !is_same(e->host, event->host))
		return;
	if (!is_limit(e) && is_expected(e, ev->last_look + 1)) {
		if (!ev->met)
			ev->count = ev->last_look + 1;
		add_event(judge, e, ev, event->at);
	} else if (e->max == 0 && is_in_window(e, ev, event->at)) {
		ev->count = MAX(ev->count, (uint64_t)1);
		if (!ev->missed)
			ev->missed = event->at;
	}
}

void lab_judge_see(struct lab_judge *judge, const struct lab_event *event)
{
	for (size_t i = 0; i < judge->plan->n_expectations; i++) {
		const struct lab_expectation *e = &judge->plan->expectations[i];
		struct evidence *ev = &judge->all[i];

		if (lab_wait_see(&ev->since, &e->since, event) &&
		    e->within != NSEC_NEVER)
			begin_window(judge, ev);
		switch (event->kind) {
		case LAB_EVENT_RESULT:
			see_result(judge, e, ev, event);
			break;
		case LAB_EVENT_EXIT:
			see_exit(judge, e, ev, event);
			break;
		case LAB_EVENT_LINE:
			see_line(judge, e, ev, event);
			break;
		case LAB_EVENT_SENT:
		case LAB_EVENT_RECEIVED:
			see_frame(e, ev, event);
			break;
		case LAB_EVENT_STATE:
			if (event->derived)
				see_derived_state(judge, e, ev, event);
			break;
		case LAB_EVENT_START:
		case LAB_EVENT_STEP:
			break;
		}
	}
}

/* --- numbers of sockets --------------------------------------------------- */

static void see_number(struct lab_judge *judge, const struct lab_expectation *e,
		       struct evidence *ev, unsigned int n)
{
	nsec_t now = nsec_now();

	ev->last_look = n;
	if (!has_window(e)) {
		/* At the end: the last look counts. */
		ev->count = n;
	} else if (!is_limit(e)) {
		if (!ev->met)
			ev->count = n;
		if (is_expected(e, n))
			add_event(judge, e, ev, now);
	} else if (is_in_window(e, ev, now)) {
		ev->count = MAX(ev->count, (uint64_t)n);
		if (!is_expected(e, n) && !ev->missed)
			ev->missed = now;
	}
}

void lab_judge_see_sockets(struct lab_judge *judge,
			   const struct lab_sockets *sockets)
{
	for (size_t i = 0; i < judge->plan->n_expectations; i++) {
		const struct lab_expectation *e = &judge->plan->expectations[i];

		if (e->kind == LAB_EXPECT_SOCKETS)
			see_number(
				judge, e, &judge->all[i],
				lab_sockets_count(sockets, e->host, e->state));
	}
}

/* --- results -------------------------------------------------------------- */

static void append_time(struct evidence *ev, nsec_t at)
{
	size_t used = strlen(ev->observed);

	snprintf(ev->observed + used, sizeof(ev->observed) - used, ", %.3f s",
		 nsec_seconds(at - ev->since.happened));
}

/* Of "client: EOF within 1s" the part after the colon. */
static const char *predicate(const struct lab_expectation *e)
{
	const char *colon = strchr(e->text, ':');

	return colon ? colon + 1 + strspn(colon + 1, " ") : e->text;
}

static void report(struct lab_judge *judge, const struct lab_expectation *e,
		   bool ok, const char *observed)
{
	run_expectation(judge->run, ok, e->program ? e->program : e->host,
			predicate(e), observed);
}

/*
 * A failure is inconclusive only if the scheduling delay can explain it. What
 * came after the window, or not until the end of the lab, was missed by that
 * time. Without a time, evidence against an expectation is final; something that
 * is still missing at the end might have come later.
 */
static void report_late(struct lab_judge *judge, const struct lab_expectation *e,
			const struct evidence *ev)
{
	nsec_t came = ev->missed ? ev->missed : nsec_now();
	nsec_t excess = came - window_end(e, ev);
	nsec_t delay = ev->missed ? ev->delay :
				    delay_of_window(judge, ev);

	expect_record_late(judge->run, e->program ? e->program : e->host,
			   predicate(e), ev->observed, excess);
	judge->run->unexplained |= excess > delay;
}

static void report_final(struct lab_judge *judge,
			 const struct lab_expectation *e, bool ok,
			 const char *observed)
{
	if (!ok && !has_window(e))
		judge->run->unexplained = true;
	report(judge, e, ok, observed);
}

/* Nothing came in the window, which has ended. */
static bool is_late(const struct lab_expectation *e, const struct evidence *ev)
{
	return e->within != NSEC_NEVER && !ev->met &&
	       (!ev->missed || ev->missed > window_end(e, ev)) &&
	       nsec_now() > window_end(e, ev);
}

static void finish_event(struct lab_judge *judge,
			 const struct lab_expectation *e, struct evidence *ev)
{
	bool ok = e->negated ? !ev->met : ev->met > 0;
	/* After data, another result may follow. */
	bool contradicted = e->negated || (ev->observed[0] &&
					   strcmp(ev->observed, "DATA") != 0);
	const char *nothing = e->kind == LAB_EXPECT_LINE ? "no such line" :
			      e->kind == LAB_EXPECT_OUTCOME ?
							   "no such result" :
							   "it has not ended";

	if (!ev->observed[0])
		set_observed(ev, nothing);
	if (ev->met || ev->missed)
		append_time(ev, ev->met ? ev->met : ev->missed);
	if (!ok && !e->negated && is_late(e, ev))
		report_late(judge, e, ev);
	else if (contradicted)
		report_final(judge, e, ok, ev->observed);
	else
		report(judge, e, ok, ev->observed);
}

static void finish_number(struct lab_judge *judge,
			  const struct lab_expectation *e, struct evidence *ev,
			  uint64_t n, bool ok)
{
	snprintf(ev->observed, sizeof(ev->observed), "%" PRIu64, n);
	if (ev->met)
		append_time(ev, ev->met);
	if (!ok && e->kind == LAB_EXPECT_SOCKETS && !is_limit(e) &&
	    is_late(e, ev))
		report_late(judge, e, ev);
	else if (e->kind != LAB_EXPECT_SOCKETS && n > e->max)
		report_final(judge, e, ok, ev->observed);
	else
		report(judge, e, ok, ev->observed);
}

static void finish_open(struct lab_judge *judge,
			const struct lab_expectation *e, struct evidence *ev,
			const struct lab_probes *probes)
{
	bool ok = !ev->missed && lab_probes_are_open(probes, e->host);

	if (ev->missed)
		append_time(ev, ev->missed);
	else
		set_observed(ev, ok ? "open" : "no connection");
	if (ev->missed)
		report_final(judge, e, ok, ev->observed);
	else
		report(judge, e, ok, ev->observed);
}

static void finish_runs(struct lab_judge *judge,
			const struct lab_expectation *e, struct evidence *ev,
			const struct lab_programs *programs)
{
	bool ok = lab_program_runs(programs, e->program);

	if (ok)
		set_observed(ev, "it runs");
	else if (ev->missed)
		append_time(ev, ev->missed);
	else
		set_observed(ev, "it was never started");
	if (ev->missed)
		report_final(judge, e, ok, ev->observed);
	else
		report(judge, e, ok, ev->observed);
}

/* A rebooted host counts from 0: what it counted before is no change. */
static void finish_counter(struct lab_judge *judge,
			   const struct lab_expectation *e, struct evidence *ev)
{
	int64_t change;
	uint64_t n;

	if (!counter_exists(judge->run, e->host, e->counter)) {
		report_final(judge, e, false, "this kernel has no such counter");
		return;
	}
	change = counter_change(judge->run, e->host, e->counter);
	n = (uint64_t)MAX(change, (int64_t)0);
	finish_number(judge, e, ev, n, is_expected(e, n));
}

static void finish_one(struct lab_judge *judge, const struct lab_expectation *e,
		       struct evidence *ev, const struct lab_probes *probes,
		       const struct lab_programs *programs)
{
	if (!has_begun(ev)) {
		report(judge, e, false,
		       "the event that its time counts from did not happen");
		return;
	}
	switch (e->kind) {
	case LAB_EXPECT_OUTCOME:
	case LAB_EXPECT_EXIT:
	case LAB_EXPECT_SIGNAL:
	case LAB_EXPECT_LINE:
		finish_event(judge, e, ev);
		break;
	case LAB_EXPECT_OPEN:
		finish_open(judge, e, ev, probes);
		break;
	case LAB_EXPECT_RUNS:
		finish_runs(judge, e, ev, programs);
		break;
	case LAB_EXPECT_SOCKETS:
		finish_number(judge, e, ev, ev->count,
			      has_window(e) && !is_limit(e) ?
				      ev->met > 0 :
				      !ev->missed && is_expected(e, ev->count));
		break;
	case LAB_EXPECT_SENT:
	case LAB_EXPECT_RECEIVED:
		finish_number(judge, e, ev, ev->count,
			      is_expected(e, ev->count));
		break;
	case LAB_EXPECT_COUNTER:
		finish_counter(judge, e, ev);
		break;
	}
}

void lab_judge_finish(struct lab_judge *judge, const struct lab_probes *probes,
		      const struct lab_programs *programs)
{
	for (size_t i = 0; i < judge->plan->n_expectations; i++) {
		const struct lab_expectation *e = &judge->plan->expectations[i];

		run_here(e->place.source ? e->place.source : "lab",
			 (int)e->place.line);
		finish_one(judge, e, &judge->all[i], probes, programs);
	}
}
