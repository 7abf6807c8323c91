/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An expectation compares, counts itself in the run and writes one
 * "expectation" record. The report's values ("predicted", "measured") are
 * separate records.
 *
 * A time beyond its upper bound may be due to scheduling delay, and one below its
 * lower bound to a late tick. While such failures are the only ones,
 * run->only_times_failed is set, and the end of the run decides by the measured
 * delays whether the run is inconclusive.
 */
#include "expect-control.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "errors.h"
#include "kernel.h"
#include "message.h"
#include "sock-control.h"

enum { TEXT = 192 };

/* run_expectation() clears only_times_failed; it is set again when no other kind
 * of failure came before. */
static void record_time(struct run *run, const char *what, const char *expected,
			const char *observed)
{
	bool only = !run->failed || run->only_times_failed;

	run_expectation(run, false, what, expected, observed);
	run->only_times_failed = only;
}

bool expect_record_late(struct run *run, const char *what, const char *expected,
			const char *observed, nsec_t excess)
{
	record_time(run, what, expected, observed);
	run->excess = MAX(run->excess, excess);
	return false;
}

/* --- results of calls --------------------------------------------------*/

/* Upper bound for a call or a frame that depends on no timer of TCP. */
static const nsec_t no_timer = MSEC(500);

static void record_outcome(struct run *run, const char *expected,
			   const char *observed)
{
	if (run->has_outcome)
		return;
	run->has_outcome = true;
	run_predicted_text(run, "outcome", expected);
	run_measured_text(run, "outcome", observed);
}

/* The report has one outcome: that of the first finding that is expected. */
static bool expect_outcome(const struct finding *finding, const char *expected)
{
	struct run *run = sock_run(finding->sock);
	const char *observed = finding_outcome(finding);
	char what[TEXT];

	record_outcome(run, expected, observed);
	snprintf(what, sizeof(what), R_("%s() in %s"), finding->call,
		 sock_host(finding->sock));
	return run_expectation(run, strcmp(expected, observed) == 0, what,
			       expected, observed);
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

bool expect_call_blocked(struct sock *sock)
{
	struct finding finding = sock_reap(sock, 0);

	return expect_open(&finding);
}

static bool expect_value(const struct finding *finding, int64_t value)
{
	struct run *run = sock_run(finding->sock);
	char what[TEXT], expected[TEXT], observed[TEXT];

	snprintf(what, sizeof(what), R_("%s() in %s"), finding->call,
		 sock_host(finding->sock));
	snprintf(expected, sizeof(expected), "%" PRId64, value);
	if (finding->open || finding->error)
		snprintf(observed, sizeof(observed), "%s",
			 finding_outcome(finding));
	else
		snprintf(observed, sizeof(observed), "%" PRId64,
			 finding->value);
	return run_expectation(run, strcmp(expected, observed) == 0, what,
			       expected, observed);
}

bool expect_data(const struct finding *finding, size_t bytes)
{
	record_outcome(sock_run(finding->sock), "DATA",
		       finding_outcome(finding));
	return expect_value(finding, (int64_t)bytes);
}

bool expect_stream(const struct finding *finding, uint64_t bytes,
		   uint64_t wrong)
{
	char what[TEXT], expected[TEXT], observed[TEXT];
	bool ok;

	ok = expect_value(finding, (int64_t)bytes);
	snprintf(what, sizeof(what), R_("wrong bytes received by %s"),
		 sock_host(finding->sock));
	snprintf(expected, sizeof(expected), "%" PRIu64, wrong);
	snprintf(observed, sizeof(observed), "%" PRIu64, finding->wrong);
	return run_expectation(sock_run(finding->sock), finding->wrong == wrong,
			       what, expected, observed) &&
	       ok;
}

bool expect_delivery(struct sock *from, struct sock *to, size_t bytes)
{
	struct finding sent = sock_send(from, bytes), got = { 0 };
	char what[TEXT], expected[TEXT], observed[TEXT];
	size_t received = 0;

	/* An error of send() needs no recv() beside it. */
	while (sent.value == (int64_t)bytes && received < bytes) {
		if (!sock_is_posted(to, SOCK_IN))
			sock_post_recv(to);
		got = sock_reap_way(to, SOCK_IN, no_timer);
		if (got.open || got.value <= 0)
			break;
		received += (size_t)got.value;
	}
	snprintf(what, sizeof(what), R_("data from %s to %s"), sock_host(from),
		 sock_host(to));
	snprintf(expected, sizeof(expected), R_("%zu bytes"), bytes);
	snprintf(observed, sizeof(observed), R_("%zu bytes"), received);
	if (received < bytes)
		snprintf(observed, sizeof(observed),
			 R_("send() %s, %zu bytes received, recv() %s"),
			 finding_outcome(&sent), received,
			 got.call ? finding_outcome(&got) : R_("not called"));
	return run_expectation(sock_run(to), received == bytes, what, expected,
			       observed);
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

	record_outcome(run, expected, observed);
	snprintf(what, sizeof(what), R_("SO_ERROR in %s"), sock_host(sock));
	return run_expectation(run, pending == error, what, expected, observed);
}

/* --- times ------------------------------------------------------------ */

static void range_text(struct range range, char *text, size_t size)
{
	if (range.max == NSEC_NEVER)
		snprintf(text, size, R_("%.3f s or more"), nsec_seconds(range.min));
	else
		snprintf(text, size, "%.3f .. %.3f s", nsec_seconds(range.min),
			 nsec_seconds(range.max));
}

/* How long to wait for a frame or the end of a state beyond its upper bound, to
 * distinguish late from never. */
static const nsec_t late_timeout = MSEC(500);

/* Every upper bound gets --slack, at one place. */
static struct range with_slack(struct run *run, struct range range)
{
	range.max = nsec_add(range.max, run->options->slack);
	return range;
}

/* The clock may have started as late as since.done: counted from since.at, the
 * upper bound moves by the difference. */
static struct range seen_from(struct mark since, struct range range)
{
	if (since.done)
		range.max = nsec_add(range.max, since.done - since.at);
	return range;
}

/* How much is recorded, because the machine can be the reason: scheduling delay
 * makes a time too long, a late tick makes one too short. */
bool expect_span(struct run *run, const char *what, nsec_t observed,
		 struct range range)
{
	char expected_text[TEXT], observed_text[TEXT];

	range = with_slack(run, range);
	range_text(range, expected_text, sizeof(expected_text));
	snprintf(observed_text, sizeof(observed_text), "%.6f s",
		 nsec_seconds(observed));
	if (observed > range.max)
		return expect_record_late(run, what, expected_text,
					  observed_text, observed - range.max);
	if (observed >= range.min)
		return run_expectation(run, true, what, expected_text,
				       observed_text);
	record_time(run, what, expected_text, observed_text);
	run->early = MAX(run->early, range.min - observed);
	return false;
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
	snprintf(what, sizeof(what), R_("duration of %s() in %s"), finding->call,
		 sock_host(finding->sock));
	if (finding->open) {
		range_text(range, expected, sizeof(expected));
		return run_expectation(run, false, what, expected,
				       R_("the call still blocks"));
	}
	run_measured(run, "elapsed_s", nsec_seconds(observed));
	return expect_span(run, what, observed, seen_from(since, range));
}

/* --- states ----------------------------------------------------------- */

static const char *state_words(enum diag_state state)
{
	return state == DIAG_CLOSE ? R_("no socket") : diag_state_text(state);
}

/* In the report: "client_state" for a socket in "client". */
static bool record_state(struct sock *sock, enum diag_state expected,
			 enum diag_state observed)
{
	struct run *run = sock_run(sock);
	char what[TEXT], name[TEXT];

	snprintf(name, sizeof(name), V_("%s_state"), sock_host(sock));
	run_predicted_text(run, name, diag_state_text(expected));
	run_measured_text(run, name, diag_state_text(observed));
	snprintf(what, sizeof(what), R_("state in %s"), sock_host(sock));
	return run_expectation(run, expected == observed, what,
			       state_words(expected), state_words(observed));
}

bool expect_state(struct sock *sock, enum diag_state state)
{
	return record_state(sock, state, sock_state(sock));
}

bool expect_state_within(struct sock *sock, enum diag_state state,
			 nsec_t timeout)
{
	sock_wait_state(sock, state, timeout);
	return record_state(sock, state, sock_state(sock));
}

nsec_t expect_lifetime(struct sock *sock, enum diag_state state,
		       struct mark since, struct range range)
{
	struct run *run = sock_run(sock);
	struct range allowed = with_slack(run, seen_from(since, range));
	nsec_t deadline =
		nsec_add(nsec_add(since.at, allowed.max), late_timeout);
	nsec_t lifetime;
	char what[TEXT];

	/* sock_wait_state() looks ever less often, so it starts just before the
	 * earliest end. */
	run_pass_until(run, since, range.min - MSEC(50));
	expect_state(sock, state);
	expect_state_within(sock, DIAG_CLOSE, deadline - nsec_now());
	lifetime = nsec_now() - since.at;
	snprintf(what, sizeof(what), R_("duration of %s in %s"),
		 diag_state_text(state), sock_host(sock));
	expect_span(run, what, lifetime, seen_from(since, range));
	return lifetime;
}

bool expect_held(struct sock *sock, bool held)
{
	struct diag_socket seen;
	char what[TEXT];

	sock_look(sock, &seen);
	snprintf(what, sizeof(what), R_("process that holds the socket in %s"),
		 sock_host(sock));
	return run_expectation(sock_run(sock), (seen.inode != 0) == held, what,
			       held ? R_("one") : R_("none"),
			       seen.inode ? R_("one") : R_("none"));
}

bool expect_queue(struct sock *listener, unsigned int length,
		  unsigned int limit, nsec_t timeout)
{
	struct queue queue = sock_wait_queue(listener, length, timeout);
	char expected[TEXT], observed[TEXT];

	snprintf(expected, sizeof(expected), V_("%u, limit %u"), length, limit);
	snprintf(observed, sizeof(observed), V_("%u, limit %u"), queue.length,
		 queue.limit);
	run_predicted_text(sock_run(listener), "accept_queue", expected);
	run_measured_text(sock_run(listener), "accept_queue", observed);
	return run_expectation(sock_run(listener),
			       queue.length == length && queue.limit == limit,
			       R_("accept queue"), expected, observed);
}

static bool record_timer(struct sock *sock, enum diag_timer timer,
			 struct diag_socket *ret_seen)
{
	char what[TEXT];

	sock_look(sock, ret_seen);
	snprintf(what, sizeof(what), R_("timer in %s"), sock_host(sock));
	return run_expectation(sock_run(sock), ret_seen->timer == timer, what,
			       diag_timer_text(timer),
			       diag_timer_text(ret_seen->timer));
}

bool expect_timer(struct sock *sock, enum diag_timer timer)
{
	struct diag_socket seen;

	return record_timer(sock, timer, &seen);
}

bool expect_timer_armed(struct sock *sock, enum diag_timer timer,
			const char *name, struct mark since, nsec_t length)
{
	struct run *run = sock_run(sock);
	nsec_t jiffy = NSEC_PER_SEC / nsec_hz(), asked = nsec_now(), answered;
	struct range range = { length - jiffy - MSEC(1), length + jiffy };
	struct diag_socket seen;
	nsec_t whole;

	if (!record_timer(sock, timer, &seen))
		return false;
	answered = nsec_now();
	/* The kernel answered at some time between the two, in whole
	 * milliseconds of whole jiffies. */
	range.max += answered - asked;
	whole = seen.expires + answered - since.at;
	run_predicted(run, name, nsec_seconds(length));
	run_measured(run, name, nsec_seconds(whole));
	return expect_span(run, name, whole, seen_from(since, range));
}

/* --- frames, counters, numbers ---------------------------------------- */

static bool record_number(struct run *run, const char *what, int64_t observed,
			  int64_t min, int64_t max)
{
	char expected_text[TEXT], observed_text[TEXT];

	if (min == max)
		snprintf(expected_text, sizeof(expected_text), "%" PRId64, min);
	else if (max == INT64_MAX)
		snprintf(expected_text, sizeof(expected_text),
			 R_("%lld or more"), (long long)min);
	else
		snprintf(expected_text, sizeof(expected_text),
			 "%" PRId64 " .. %" PRId64, min, max);
	snprintf(observed_text, sizeof(observed_text), "%" PRId64, observed);
	return run_expectation(run, observed >= min && observed <= max, what,
			       expected_text, observed_text);
}

/*
 * frames_count() where at least `wanted` are expected: when there are fewer,
 * waits for those that were sent before now. A frame lies in a queue until a
 * softirq takes it (netif_rx() timestamps it, process_backlog() delivers it),
 * and on a busy machine the script sees the socket's error of the same moment
 * earlier.
 */
static unsigned int count_sent(struct run *run, struct mark since,
			       const struct wire_match *match,
			       unsigned int wanted)
{
	/* Timestamps are CLOCK_REALTIME, and converted with a small error. */
	nsec_t now = nsec_now() + MSEC(1);
	unsigned int n = frames_count(run, since, match);
	const struct wire_capture *capture;

	if (n >= wanted)
		return n;
	frames_wait(run, since, match, wanted, no_timer);
	for (n = 0; (capture = frames_nth(run, since, match, n + 1)); n++)
		if (capture->at > now)
			break;
	return n;
}

/* Waits for the minimum only: a frame too many may come later, and is then not
 * seen. */
bool expect_frames_between(struct run *run, struct mark since, const char *what,
			   const struct wire_match *match, unsigned int min,
			   unsigned int max)
{
	return record_number(run, what, count_sent(run, since, match, min), min,
			     max == UINT32_MAX ? INT64_MAX : max);
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
		snprintf(name, size, V_("tail_loss_probe"));
		return;
	case PREDICT_RETRANSMISSION:
		snprintf(name, size, V_("rto_%u"), nth);
		return;
	case PREDICT_KEEPALIVE_PROBE:
		snprintf(name, size, V_("keepalive_%u"), nth);
		return;
	case PREDICT_WINDOW_PROBE:
		snprintf(name, size, V_("window_probe_%u"), nth);
		return;
	case PREDICT_GIVE_UP:
		break;
	}
	snprintf(name, size, "end");
}

/* The frames of such a round on the wire. */
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

/* The note has words and not the name of the value, which message_record() would
 * take for a word of the user. */
static bool expect_round(struct run *run, const char *name, struct mark since,
			 const struct predict_round *round, unsigned int nth,
			 nsec_t before, nsec_t at)
{
	char key[TEXT + 2], times[TEXT];

	snprintf(key, sizeof(key), V_("%s_s"), name);
	run_predicted(run, key, nsec_seconds(round->interval));
	run_measured(run, key, nsec_seconds(at - before));
	snprintf(times, sizeof(times),
		 R_("predicted %.3f s, at %.3f .. %.3f s; measured %.3f s, at "
		    "%.3f s"),
		 nsec_seconds(round->interval), nsec_seconds(round->at.min),
		 nsec_seconds(round->at.max), nsec_seconds(at - before),
		 nsec_seconds(at));
	if (round->kind == PREDICT_TAIL_LOSS_PROBE)
		run_note(run, "tail loss probe: %s", times);
	else
		run_note(run, "%s number %u: %s",
			 predict_round_text(round->kind), nth, times);
	return expect_span(run, name, at, seen_from(since, round->at));
}

/*
 * The nth frame of the matching kind is the nth round. Rounds that are not
 * certain are the last ones: the connection may end before. The tail loss probe
 * has no number, since it does not count as a retransmission by timeout.
 */
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
			return run_expectation(run, false, name,
					       R_("a frame on the wire"), "none");
		n++;
		expect_round(run, name, since, round, counted, before,
			     frames_after(since, copy));
		before = frames_after(since, copy);
	}
	return expect_frames_between(run, since,
				     "retransmissions and probes on the wire",
				     &match, certain, n);
}

bool expect_gives_up(const struct finding *finding, struct mark since,
		     const struct prediction *prediction)
{
	struct run *run = sock_run(finding->sock);
	const char *host = sock_host(finding->sock);
	bool ok = expect_error(finding, ETIMEDOUT);

	ok &= expect_took(since, finding, prediction->elapsed);
	ok &= expect_rounds(finding->sock, since, prediction);
	/* The expiry that ends the connection counts as a timeout, too. */
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
	count_sent(run, since, FRAMES(KIND(WIRE_TCP)), wanted);
	print_exchange(run, since, out);
	fclose(out);
	ok = run_expectation(run, strcmp(expected, observed) == 0, what, expected,
			     observed);
	free(observed);
	return ok;
}

struct mark expect_frame(struct run *run, struct mark since, const char *what,
			 const struct wire_match *match, unsigned int nth,
			 struct range range)
{
	struct range allowed = with_slack(run, range);
	nsec_t deadline =
		nsec_add(nsec_add(since.at, allowed.max), late_timeout);
	const struct wire_capture *capture =
		frames_wait(run, since, match, nth, deadline - nsec_now());
	struct mark none = { .missing = true };
	char expected[TEXT];

	if (capture) {
		struct mark came = { .at = capture->at };

		expect_span(run, what, frames_after(since, capture), range);
		return came;
	}
	range_text(allowed, expected, sizeof(expected));
	run_expectation(run, false, what, expected, R_("no such frame"));
	none.at = nsec_now();
	return none;
}

bool expect_counter(struct run *run, const char *host, const char *name,
		    int64_t change)
{
	char what[TEXT];

	/* A counter that does not exist never changes: the expectation of 0
	 * would always hold. */
	if (!counter_exists(run, host, name)) {
		if (kernel_must_have(name))
			return false; /* has failed in counter_exists() */
		run_broken_because(run, "this kernel has no counter %s", name);
	}
	snprintf(what, sizeof(what), R_("counter %s of %s"), name, host);
	return record_number(run, what, counter_change(run, host, name), change,
			     change);
}

bool expect_time_waits(struct run *run, const char *host, int64_t n)
{
	/* Counted in tw_timer_handler() before 27dd35e02235, and in
	 * inet_twsk_schedule() since then. */
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
	return record_number(run, name, observed, min, max);
}

/* As RFC 2863 and ip(8) name them. */
static const char *operstate_text(uint8_t operstate)
{
	static const char *const names[] = {
		[IF_OPER_UNKNOWN] = "UNKNOWN",
		[IF_OPER_NOTPRESENT] = "NOTPRESENT",
		[IF_OPER_DOWN] = "DOWN",
		[IF_OPER_LOWERLAYERDOWN] = "LOWERLAYERDOWN",
		[IF_OPER_TESTING] = "TESTING",
		[IF_OPER_DORMANT] = "DORMANT",
		[IF_OPER_UP] = "UP",
	};

	return operstate < ARRAY_SIZE(names) ? names[operstate] : "?";
}

static const char *route_text(enum rtnl_route route)
{
	switch (route) {
	case RTNL_ROUTE_NONE:
		return "no route";
	case RTNL_ROUTE_LINKDOWN:
		return "route linkdown";
	case RTNL_ROUTE_GOOD:
		break;
	}
	return "route";
}

bool expect_link(struct run *run, const char *host, const char *expected)
{
	struct world_link seen;
	char observed[TEXT], what[2 * TEXT];
	int r = world_get_link(run->world, host, &seen);

	if (r < 0)
		run_broken(run, r);
	snprintf(observed, sizeof(observed), "%s, %s, %s, %s",
		 seen.link.up ? "up" : "down",
		 seen.link.carrier ? "carrier" : "no carrier",
		 seen.address ? "address" : "no address",
		 route_text(seen.route));
	run_note(run, "interface of %s: %s (state %s)", host, observed,
		 operstate_text(seen.link.operstate));
	snprintf(what, sizeof(what), R_("interface of %s: %s"), host, expected);
	return expect_that(run, strcmp(observed, expected) == 0, what, "%s",
			   observed);
}

/* `ok` has been computed before the call, so there is no expected value to
 * show. */
bool expect_that(struct run *run, bool ok, const char *what,
		 const char *observed_format, ...)
{
	char observed[TEXT];
	va_list args;

	va_start(args, observed_format);
	vsnprintf(observed, sizeof(observed), observed_format, args);
	va_end(args);
	/* A text without a value says what was observed otherwise. */
	return run_expectation(run, ok, what, R_("true"),
			       ok && !strchr(observed_format, '%') ? "true" :
								     observed);
}
