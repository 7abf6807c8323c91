/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "errors.h"
#include "expect.h"
#include "lab-run.h"
#include "watch.h"

static bool is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* --- windows of time ------------------------------------------------------ */

static bool is_timed(const struct lab_expectation *e)
{
	return e->within != NSEC_NEVER;
}

/* False before the moment that it is counted from. */
static bool has_begun(const struct lab_judging *j)
{
	return j->since.happened > 0;
}

static nsec_t opens(const struct lab_expectation *e,
		    const struct lab_judging *j)
{
	return nsec_add(j->since.happened, e->from);
}

static nsec_t closes(const struct lab_expectation *e,
		     const struct lab_judging *j)
{
	return nsec_add(j->since.happened, e->within);
}

static bool is_in_window(const struct lab_expectation *e,
			 const struct lab_judging *j, nsec_t at)
{
	/* A server may say what is expected before the timeline begins. */
	if (!e->from && !is_timed(e))
		return true;
	return has_begun(j) && at >= opens(e, j) && at <= closes(e, j);
}

/* It came: in time, or not. */
static void came(const struct lab_expectation *e, struct lab_judging *j,
		 nsec_t at)
{
	if (is_in_window(e, j, at)) {
		if (!j->met)
			j->met = at;
	} else if (!j->missed) {
		j->missed = at;
	}
}

/* --- what may be what was expected ---------------------------------------- */

static void note_observed(struct lab_judging *j, const char *what)
{
	snprintf(j->observed, sizeof(j->observed), "%s", what);
}

static void judge_finding(const struct lab_expectation *e,
			  struct lab_judging *j, const struct lab_news *news)
{
	bool wanted = e->kind == LAB_EXPECT_OUTCOME && is(e->outcome, news->text);

	if (!is(e->host, news->host))
		return;
	/* Data and success end nothing. */
	if (e->kind == LAB_EXPECT_OPEN && strcmp(news->text, "DATA") != 0) {
		j->missed = news->at;
		note_observed(j, news->text);
	}
	if (e->kind != LAB_EXPECT_OUTCOME)
		return;
	if (wanted)
		came(e, j, news->at);
	if (wanted || !j->met)
		note_observed(j, news->text);
}

static void status_text(int status, char *ret, size_t size)
{
	if (status == -1)
		snprintf(ret, size, "died with its host");
	else if (WIFSIGNALED(status))
		snprintf(ret, size, "signal %d", WTERMSIG(status));
	else
		snprintf(ret, size, "exit %d", WEXITSTATUS(status));
}

static void judge_end(const struct lab_expectation *e, struct lab_judging *j,
		      const struct lab_news *news)
{
	bool by_signal = news->status != -1 && WIFSIGNALED(news->status);
	bool by_exit = news->status != -1 && WIFEXITED(news->status);

	if (!is(e->program, news->program))
		return;
	if ((e->kind == LAB_EXPECT_EXIT && by_exit &&
	     WEXITSTATUS(news->status) == e->number) ||
	    (e->kind == LAB_EXPECT_SIGNAL && by_signal &&
	     WTERMSIG(news->status) == e->number))
		came(e, j, news->at);
	if (e->kind == LAB_EXPECT_RUNS)
		j->missed = news->at;
	if (e->kind == LAB_EXPECT_EXIT || e->kind == LAB_EXPECT_SIGNAL ||
	    e->kind == LAB_EXPECT_RUNS)
		status_text(news->status, j->observed, sizeof(j->observed));
}

static void judge_line(const struct lab_expectation *e, struct lab_judging *j,
		       const struct lab_news *news)
{
	if (e->kind != LAB_EXPECT_LINE || !is(e->program, news->program) ||
	    !strstr(news->text, e->words))
		return;
	if (!j->met && !j->missed)
		note_observed(j, news->text);
	came(e, j, news->at);
}

static void judge_frame(const struct lab_expectation *e, struct lab_judging *j,
			const struct lab_news *news)
{
	bool sent = news->kind == LAB_NEWS_SENT;

	if (e->kind != (sent ? LAB_EXPECT_SENT : LAB_EXPECT_RECEIVED) ||
	    !is(e->host, news->host) ||
	    (e->kinds && !(e->kinds & news->kinds)))
		return;
	if (is_in_window(e, j, news->at))
		j->count++;
}

void lab_judge_news(struct lab *lab, const struct lab_news *news)
{
	for (size_t i = 0; i < lab->plan->n_expectations; i++) {
		const struct lab_expectation *e = &lab->plan->expectations[i];
		struct lab_judging *j = &lab->judgings[i];

		lab_wait_sees(&j->since, &e->since, news);
		if (news->kind == LAB_NEWS_FINDING)
			judge_finding(e, j, news);
		else if (news->kind == LAB_NEWS_END)
			judge_end(e, j, news);
		else if (news->kind == LAB_NEWS_LINE)
			judge_line(e, j, news);
		else if (news->kind == LAB_NEWS_SENT ||
			 news->kind == LAB_NEWS_RECEIVED)
			judge_frame(e, j, news);
	}
}

static bool is_among(const struct lab_expectation *e, uint64_t n)
{
	return n >= e->min && n <= e->max;
}

/* "no CLOSE-WAIT", "at most 3 CLOSE-WAIT" */
static bool is_a_limit(const struct lab_expectation *e)
{
	return e->min == 0;
}

static void judge_look(const struct lab_expectation *e, struct lab_judging *j,
		       unsigned int n)
{
	nsec_t now = nsec_now();

	if (!is_a_limit(e)) {
		if (!j->met)
			j->count = n;
		if (is_among(e, n))
			came(e, j, now);
		return;
	}
	if (!is_in_window(e, j, now))
		return;
	j->count = MAX(j->count, (uint64_t)n);
	if (!is_among(e, n) && !j->missed)
		j->missed = now;
}

/* With a time: so many at some look in it; no more than so many at all of them.
 * Without: so many at the end. */
void lab_judge_sockets(struct lab *lab)
{
	for (size_t i = 0; i < lab->plan->n_expectations; i++) {
		const struct lab_expectation *e = &lab->plan->expectations[i];
		struct lab_judging *j = &lab->judgings[i];
		unsigned int n;

		if (e->kind != LAB_EXPECT_SOCKETS)
			continue;
		n = lab_sockets_count(lab, e->host, e->state);
		if (!is_timed(e))
			j->count = n;
		else
			judge_look(e, j, n);
	}
}

/* --- the verdict ---------------------------------------------------------- */

static void append_time(struct lab_judging *j, nsec_t at)
{
	size_t used = strlen(j->observed);

	snprintf(j->observed + used, sizeof(j->observed) - used, ", %.3f s",
		 nsec_seconds(at - j->since.happened));
}

/* "client: EOF within 1s": of whom, and what. */
static const char *whom(const struct lab_expectation *e)
{
	static char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(e->text, ":"),
		 e->text);
	return text;
}

static const char *what(const struct lab_expectation *e)
{
	const char *colon = strchr(e->text, ':');

	return colon ? colon + 1 + strspn(colon + 1, " ") : e->text;
}

/* Came, or did not come, in its time. */
static void tell_event(struct lab *lab, const struct lab_expectation *e,
		       struct lab_judging *j)
{
	bool ok = e->negated ? !j->met : j->met > 0;

	if (!j->observed[0])
		note_observed(j, e->kind == LAB_EXPECT_LINE ? "no such line" :
							   "nothing came");
	if (has_begun(j) && (j->met || j->missed))
		append_time(j, j->met ? j->met : j->missed);
	if (!ok && !e->negated && j->missed > closes(e, j)) {
		expect_told_late(lab->run, whom(e), what(e), j->observed,
				 j->missed - closes(e, j));
		return;
	}
	expect_told(lab->run, ok, whom(e), what(e), j->observed);
}

static void tell_number(struct lab *lab, const struct lab_expectation *e,
			struct lab_judging *j, uint64_t n, bool ok)
{
	snprintf(j->observed, sizeof(j->observed), "%" PRIu64, n);
	if (j->met && has_begun(j))
		append_time(j, j->met);
	expect_told(lab->run, ok, whom(e), what(e), j->observed);
}

/* Until the end nothing has happened that would be against it. */
static void tell_lasting(struct lab *lab, const struct lab_expectation *e,
			 struct lab_judging *j)
{
	bool ok = !j->missed;

	if (e->kind == LAB_EXPECT_RUNS)
		ok = lab_program_runs(lab, e->program);
	else if (ok && !lab_probes_are_open(lab, e->host))
		ok = false;
	if (!ok && e->kind == LAB_EXPECT_OPEN && !j->missed)
		note_observed(j, "no connection");
	if (ok)
		note_observed(j, e->kind == LAB_EXPECT_RUNS ? "it runs" : "open");
	else if (!j->observed[0])
		note_observed(j, "it was never started");
	else if (has_begun(j) && j->missed)
		append_time(j, j->missed);
	expect_told(lab->run, ok, whom(e), what(e), j->observed);
}

static void judge_one(struct lab *lab, const struct lab_expectation *e,
		      struct lab_judging *j)
{
	int64_t n;

	/* Nothing can be said of a time that never was. */
	if (!has_begun(j)) {
		expect_told(lab->run, false, whom(e), what(e),
			    "the moment that it counts from never came");
		return;
	}
	switch (e->kind) {
	case LAB_EXPECT_OUTCOME:
	case LAB_EXPECT_EXIT:
	case LAB_EXPECT_SIGNAL:
	case LAB_EXPECT_LINE:
		tell_event(lab, e, j);
		break;
	case LAB_EXPECT_OPEN:
	case LAB_EXPECT_RUNS:
		tell_lasting(lab, e, j);
		break;
	case LAB_EXPECT_SOCKETS:
		tell_number(lab, e, j, j->count,
			    is_timed(e) && !is_a_limit(e) ?
				    j->met > 0 :
				    !j->missed && is_among(e, j->count));
		break;
	case LAB_EXPECT_SENT:
	case LAB_EXPECT_RECEIVED:
		tell_number(lab, e, j, j->count, is_among(e, j->count));
		break;
	case LAB_EXPECT_COUNTER:
		if (!counter_exists(lab->run, e->host, e->words)) {
			expect_told(lab->run, false, whom(e), what(e),
				    "this kernel has no such counter");
			break;
		}
		n = counter_change(lab->run, e->host, e->words);
		tell_number(lab, e, j, (uint64_t)MAX(n, (int64_t)0),
			    is_among(e, (uint64_t)MAX(n, (int64_t)0)));
		break;
	}
}

void lab_judge(struct lab *lab)
{
	lab_judge_sockets(lab);
	for (size_t i = 0; i < lab->plan->n_expectations; i++) {
		const struct lab_expectation *e = &lab->plan->expectations[i];

		run_here(e->place.source ? e->place.source : "lab",
			 (int)e->place.line);
		judge_one(lab, e, &lab->judgings[i]);
	}
}
