/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "expect.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "kernel.h"
#include "watch.h"

enum { TEXT = 192 };

bool expect_told(struct run *run, bool ok, const char *what,
		 const char *expected, const char *observed)
{
	run->expectations++;
	if (!ok) {
		run->failed++;
		run->upper_bound_failed = false;
	}
	run_journal(run, nsec_now(), "expectation", "{s:s, s:b, s:s, s:s, s:s}",
		    "what", what, "ok", ok, "expected", expected, "observed",
		    observed, "at", run_where());
	return ok;
}

/* Too late, while nothing else is wrong: the machine may be to blame. */
bool expect_told_late(struct run *run, const char *what, const char *expected,
		      const char *observed, nsec_t excess)
{
	bool first = !run->failed || run->upper_bound_failed;

	expect_told(run, false, what, expected, observed);
	run->upper_bound_failed = first;
	run->excess = MAX(run->excess, excess);
	return false;
}

/* --- findings --------------------------------------------------------- */

static void tell_outcome(struct run *run, const char *expected,
			 const char *observed)
{
	if (run->told_outcome)
		return;
	run->told_outcome = true;
	run_predicted_text(run, "outcome", expected);
	run_measured_text(run, "outcome", observed);
}

static bool expect_outcome(const struct finding *finding, const char *expected)
{
	struct run *run = sock_run(finding->sock);
	const char *observed = finding_outcome(finding);
	char what[TEXT];

	tell_outcome(run, expected, observed);
	snprintf(what, sizeof(what), "%s() in %s", finding->call,
		 sock_host(finding->sock));
	return expect_told(run, strcmp(expected, observed) == 0, what, expected,
			   observed);
}

bool expect_error(const struct finding *finding, int error)
{
	return expect_outcome(finding, error_name(error));
}

bool expect_eof(const struct finding *finding)
{
	return expect_outcome(finding, "EOF");
}

bool expect_open(const struct finding *finding)
{
	return expect_outcome(finding, "OPEN");
}

static bool expect_value(const struct finding *finding, int64_t value)
{
	struct run *run = sock_run(finding->sock);
	char what[TEXT], expected[TEXT], observed[TEXT];

	snprintf(what, sizeof(what), "%s() in %s", finding->call,
		 sock_host(finding->sock));
	snprintf(expected, sizeof(expected), "%" PRId64, value);
	if (finding->open || finding->error)
		snprintf(observed, sizeof(observed), "%s",
			 finding_outcome(finding));
	else
		snprintf(observed, sizeof(observed), "%" PRId64,
			 finding->value);
	return expect_told(run, strcmp(expected, observed) == 0, what, expected,
			   observed);
}

bool expect_data(const struct finding *finding, size_t bytes)
{
	tell_outcome(sock_run(finding->sock), "DATA", finding_outcome(finding));
	return expect_value(finding, (int64_t)bytes);
}

bool expect_stream(const struct finding *finding, uint64_t bytes,
		   uint64_t wrong)
{
	char what[TEXT], expected[TEXT], observed[TEXT];
	bool ok;

	ok = expect_value(finding, (int64_t)bytes);
	snprintf(what, sizeof(what), "wrong bytes that %s has read",
		 sock_host(finding->sock));
	snprintf(expected, sizeof(expected), "%" PRIu64, wrong);
	snprintf(observed, sizeof(observed), "%" PRIu64, finding->wrong);
	return expect_told(sock_run(finding->sock), finding->wrong == wrong,
			   what, expected, observed) &&
	       ok;
}

bool expect_success(const struct finding *finding)
{
	return expect_outcome(finding, "0");
}

bool expect_pending_error(struct sock *sock, int error)
{
	struct run *run = sock_run(sock);
	int pending = sock_error(sock);
	const char *expected = error ? error_name(error) : "0";
	const char *observed = pending ? error_name(pending) : "0";
	char what[TEXT];

	tell_outcome(run, expected, observed);
	snprintf(what, sizeof(what), "SO_ERROR in %s", sock_host(sock));
	return expect_told(run, pending == error, what, expected, observed);
}

/* --- times ------------------------------------------------------------ */

static void range_text(struct range range, char *text, size_t size)
{
	if (range.max == NSEC_NEVER)
		snprintf(text, size, "%.3f s or more", nsec_seconds(range.min));
	else
		snprintf(text, size, "%.3f .. %.3f s", nsec_seconds(range.min),
			 nsec_seconds(range.max));
}

static struct range with_allowance(struct run *run, struct range range)
{
	range.max = nsec_add(range.max, run->options->slack);
	return range;
}

/* As seen from the mark, when the clock may have started later. */
static struct range seen_from(struct mark since, struct range range)
{
	if (since.done)
		range.max = nsec_add(range.max, since.done - since.at);
	return range;
}

bool expect_span(struct run *run, const char *what, nsec_t observed,
		 struct range range)
{
	char expected_text[TEXT], observed_text[TEXT];

	range = with_allowance(run, range);
	range_text(range, expected_text, sizeof(expected_text));
	snprintf(observed_text, sizeof(observed_text), "%.6f s",
		 nsec_seconds(observed));
	if (observed > range.max)
		return expect_told_late(run, what, expected_text, observed_text,
					observed - range.max);
	return expect_told(run, observed >= range.min, what, expected_text,
			   observed_text);
}

bool expect_took(struct mark since, const struct finding *finding,
		 struct range range)
{
	struct run *run = sock_run(finding->sock);
	nsec_t observed = finding->returned - since.at;
	char what[TEXT], expected[TEXT];

	run_predicted(run, "elapsed_s", nsec_seconds(range.min));
	if (range.max != NSEC_NEVER)
		run_predicted(run, "elapsed_max_s", nsec_seconds(range.max));
	snprintf(what, sizeof(what), "%s() in %s took", finding->call,
		 sock_host(finding->sock));
	if (finding->open) {
		range_text(range, expected, sizeof(expected));
		return expect_told(run, false, what, expected,
				   "it still waits");
	}
	run_measured(run, "elapsed_s", nsec_seconds(observed));
	return expect_span(run, what, observed, seen_from(since, range));
}

/* --- states ----------------------------------------------------------- */

static bool judge_state(struct sock *sock, enum diag_state expected,
			enum diag_state observed)
{
	struct run *run = sock_run(sock);
	char what[TEXT], name[TEXT];

	snprintf(name, sizeof(name), "%s_state", sock_host(sock));
	run_predicted_text(run, name, diag_state_text(expected));
	run_measured_text(run, name, diag_state_text(observed));
	snprintf(what, sizeof(what), "state in %s", sock_host(sock));
	return expect_told(run, expected == observed, what,
			   diag_state_text(expected),
			   diag_state_text(observed));
}

bool expect_state(struct sock *sock, enum diag_state state)
{
	return judge_state(sock, state, sock_state(sock));
}

bool expect_state_within(struct sock *sock, enum diag_state state,
			 nsec_t patience)
{
	sock_wait_state(sock, state, patience);
	return judge_state(sock, state, sock_state(sock));
}

bool expect_queue(struct sock *listener, unsigned int length,
		  unsigned int limit, nsec_t patience)
{
	struct queue queue = sock_wait_queue(listener, length, patience);
	char expected[TEXT], observed[TEXT];

	snprintf(expected, sizeof(expected), "%u, limit %u", length, limit);
	snprintf(observed, sizeof(observed), "%u, limit %u", queue.length,
		 queue.limit);
	run_predicted_text(sock_run(listener), "accept_queue", expected);
	run_measured_text(sock_run(listener), "accept_queue", observed);
	return expect_told(sock_run(listener),
			   queue.length == length && queue.limit == limit,
			   "accept queue", expected, observed);
}

static bool judge_timer(struct sock *sock, enum diag_timer timer,
			struct diag_socket *ret_seen)
{
	char what[TEXT];

	sock_look(sock, ret_seen);
	snprintf(what, sizeof(what), "timer in %s", sock_host(sock));
	return expect_told(sock_run(sock), ret_seen->timer == timer, what,
			   diag_timer_text(timer),
			   diag_timer_text(ret_seen->timer));
}

bool expect_timer(struct sock *sock, enum diag_timer timer)
{
	struct diag_socket seen;

	return judge_timer(sock, timer, &seen);
}

bool expect_timer_armed(struct sock *sock, enum diag_timer timer,
			const char *name, struct mark since, nsec_t length)
{
	struct run *run = sock_run(sock);
	nsec_t jiffy = NSEC_PER_SEC / nsec_hz(), asked = nsec_now(), told;
	struct range range = { length - jiffy - MSEC(1), length + jiffy };
	struct diag_socket seen;
	nsec_t whole;

	if (!judge_timer(sock, timer, &seen))
		return false;
	told = nsec_now();
	/* The kernel's answer, in whole milliseconds of whole jiffies, is of
	 * some moment between the two. */
	range.max += told - asked;
	whole = seen.expires + told - since.at;
	run_predicted(run, name, nsec_seconds(length));
	run_measured(run, name, nsec_seconds(whole));
	return expect_span(run, name, whole, seen_from(since, range));
}

/* --- frames, counters, numbers ---------------------------------------- */

static bool tell_number(struct run *run, const char *what, int64_t observed,
			int64_t min, int64_t max)
{
	char expected_text[TEXT], observed_text[TEXT];

	if (min == max)
		snprintf(expected_text, sizeof(expected_text), "%" PRId64, min);
	else if (max == INT64_MAX)
		snprintf(expected_text, sizeof(expected_text),
			 "%" PRId64 " or more", min);
	else
		snprintf(expected_text, sizeof(expected_text),
			 "%" PRId64 " .. %" PRId64, min, max);
	snprintf(observed_text, sizeof(observed_text), "%" PRId64, observed);
	return expect_told(run, observed >= min && observed <= max, what,
			   expected_text, observed_text);
}

bool expect_frames_between(struct run *run, struct mark since, const char *what,
			   const struct wire_match *match, unsigned int min,
			   unsigned int max)
{
	return tell_number(run, what, frames_count_all(run, since, match, min),
			   min, max == UINT32_MAX ? INT64_MAX : max);
}

bool expect_frames(struct run *run, struct mark since, const char *what,
		   const struct wire_match *match, unsigned int n)
{
	return expect_frames_between(run, since, what, match, n, n);
}

static void round_name(const struct predict_round *round, unsigned int nth,
		       char *name, size_t size)
{
	switch (round->kind) {
	case PREDICT_TAIL_LOSS_PROBE:
		snprintf(name, size, "tail_loss_probe");
		return;
	case PREDICT_RETRANSMISSION:
		snprintf(name, size, "rto_%u", nth);
		return;
	case PREDICT_KEEPALIVE_PROBE:
		snprintf(name, size, "keepalive_%u", nth);
		return;
	case PREDICT_GIVE_UP:
		break;
	}
	snprintf(name, size, "end");
}

/* What this round's copy looks like on the wire. */
static const struct wire_match *round_frames(const char *host,
					     const struct predict_round *round,
					     struct wire_match *ret)
{
	*ret = (struct wire_match){ .from = host,
				    .kinds = WIRE_RETRANSMISSION };
	if (round->kind == PREDICT_KEEPALIVE_PROBE)
		ret->kinds = WIRE_KEEPALIVE_PROBE;
	return ret;
}

static bool expect_round(struct run *run, const char *name, struct mark since,
			 const struct predict_round *round, nsec_t before,
			 nsec_t at)
{
	char key[TEXT + 2];

	snprintf(key, sizeof(key), "%s_s", name);
	run_predicted(run, key, nsec_seconds(round->interval));
	run_measured(run, key, nsec_seconds(at - before));
	run_note(run,
		 "%s: predicted %.3f s, at %.3f .. %.3f s; measured %.3f s, "
		 "at %.3f s",
		 name, nsec_seconds(round->interval),
		 nsec_seconds(round->at.min), nsec_seconds(round->at.max),
		 nsec_seconds(at - before), nsec_seconds(at));
	return expect_span(run, name, at, seen_from(since, round->at));
}

bool expect_rounds(struct sock *from, struct mark since,
		   const struct prediction *prediction)
{
	struct run *run = sock_run(from);
	unsigned int n = 0, certain = 0, counted = 0;
	struct wire_match match = { .from = sock_host(from) };
	nsec_t before = 0;

	for (size_t i = 0; i < prediction->n_rounds; i++) {
		const struct predict_round *round = &prediction->rounds[i];
		const struct wire_capture *copy;
		char name[TEXT];

		if (round->kind == PREDICT_GIVE_UP)
			continue;
		certain += round->certain;
		counted += round->kind != PREDICT_TAIL_LOSS_PROBE;
		round_name(round, counted, name, sizeof(name));
		copy = frames_nth(run, since,
				  round_frames(sock_host(from), round, &match),
				  n + 1);
		if (!copy && !round->certain)
			break;
		if (!copy)
			return expect_told(run, false, name,
					   "a copy on the wire", "none");
		n++;
		expect_round(run, name, since, round, before,
			     frames_after(since, copy));
		before = frames_after(since, copy);
	}
	return expect_frames_between(run, since, "copies on the wire", &match,
				     certain, n);
}

bool expect_gives_up(const struct finding *finding, struct mark since,
		     const struct prediction *prediction)
{
	struct run *run = sock_run(finding->sock);
	const char *host = sock_host(finding->sock);
	bool ok = expect_error(finding, ETIMEDOUT);

	ok &= expect_took(since, finding, prediction->elapsed);
	ok &= expect_rounds(finding->sock, since, prediction);
	/* The firing that ends it counts among the time-outs too. */
	ok &= expect_number(run, "rto_retransmissions",
			    counter_change(run, host, "TCPTimeouts") - 1,
			    prediction->retransmissions_min,
			    prediction->retransmissions_max);
	return ok;
}

/* "server F. 1:1(0) ack 1, client . 1:1(0) ack 2" */
static void print_exchange(struct run *run, struct mark since, FILE *out)
{
	const struct wire_match *all = FRAMES(KIND(WIRE_TCP));
	const struct wire_capture *capture;

	for (unsigned int n = 1; (capture = frames_nth(run, since, all, n));
	     n++) {
		fprintf(out, "%s%s ", n == 1 ? "" : ", ", capture->from);
		frame_print(out, &capture->frame, &capture->base, false);
	}
}

bool expect_exchange(struct run *run, struct mark since, const char *what,
		     const char *expected)
{
	char *observed = NULL;
	unsigned int wanted = *expected ? 1 : 0;
	size_t size;
	FILE *out = open_memstream(&observed, &size);
	bool ok;

	if (!out)
		run_broken(run, error_origin(-errno, "text"));
	for (const char *at = expected; (at = strstr(at, ", ")); at++)
		wanted++;
	frames_count_all(run, since, FRAMES(KIND(WIRE_TCP)), wanted);
	print_exchange(run, since, out);
	fclose(out);
	ok = expect_told(run, strcmp(expected, observed) == 0, what, expected,
			 observed);
	free(observed);
	return ok;
}

/* How much longer to look out for a frame that is late already: long enough to
 * tell late from never. */
static const nsec_t lookout = MSEC(500);

struct mark expect_frame(struct run *run, struct mark since, const char *what,
			 const struct wire_match *match, unsigned int nth,
			 struct range range)
{
	struct range allowed = with_allowance(run, range);
	nsec_t deadline = nsec_add(nsec_add(since.at, allowed.max), lookout);
	const struct wire_capture *capture =
		frames_wait(run, since, match, nth, deadline - nsec_now());
	char expected[TEXT];

	if (capture) {
		struct mark came = { .at = capture->at };

		expect_span(run, what, frames_after(since, capture), range);
		return came;
	}
	range_text(allowed, expected, sizeof(expected));
	expect_told(run, false, what, expected, "no such frame");
	return mark_now(run);
}

bool expect_counter(struct run *run, const char *host, const char *name,
		    int64_t change)
{
	char what[TEXT];

	/* What nobody counts does not grow: that would always hold. */
	if (!counter_exists(run, host, name))
		run_broken_because(run, "this kernel has no counter %s", name);
	snprintf(what, sizeof(what), "%s of %s", name, host);
	return tell_number(run, what, counter_change(run, host, name), change,
			   change);
}

bool expect_time_waits(struct run *run, const char *host, int64_t n)
{
	/* tw_timer_handler(); inet_twsk_schedule() since 27dd35e02235. */
	bool at_the_end = kernel_version() < KERNEL_VERSION(5, 18, 0);

	return expect_counter(run, host, "TW", at_the_end ? 0 : n);
}

bool expect_number(struct run *run, const char *name, int64_t observed,
		   int64_t min, int64_t max)
{
	char key[TEXT];

	run_predicted_count(run, name, min);
	if (max != min && max != INT64_MAX) {
		snprintf(key, sizeof(key), "%s_max", name);
		run_predicted_count(run, key, max);
	}
	run_measured_count(run, name, observed);
	return tell_number(run, name, observed, min, max);
}

bool expect_that(struct run *run, bool ok, const char *what,
		 const char *observed_format, ...)
{
	char observed[TEXT];
	va_list args;

	va_start(args, observed_format);
	vsnprintf(observed, sizeof(observed), observed_format, args);
	va_end(args);
	return expect_told(run, ok, what, "so", observed);
}
