/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations: what each sentence asks, what it is said as again, and what a
 * wrong one is told. */
#include "lab-words.h"

#include <errno.h>
#include <string.h>

#include "errors.h"
#include "unit.h"
#include "wire.h"

static struct lab_plan *plan;

static void setup(void)
{
	ck_assert_int_eq(lab_plan_new(&plan), 0);
}

static struct lab_expectation expectation(const char *text)
{
	struct lab_expectation ret;

	ck_assert_msg(lab_expectation_parse(plan, text, &ret) == 0, "%s: %s",
		      text, error_message());
	return ret;
}

/* What is said, and what it is said as. */
struct pair {
	const char *said, *text;
};

START_TEST(an_expectation_has_its_question)
{
	struct lab_expectation got = expectation(
		"client: ETIMEDOUT after 5s within 20s of crash the server");

	ck_assert_int_eq(got.kind, LAB_EXPECT_OUTCOME);
	ck_assert_str_eq(got.host, "client");
	ck_assert_ptr_null(got.program);
	ck_assert_str_eq(got.outcome, "ETIMEDOUT");
	ck_assert_int_eq(got.from, SEC(5));
	ck_assert_int_eq(got.within, SEC(20));
	ck_assert_int_eq(got.since.event, LAB_AFTER_STEP);
	ck_assert_str_eq(got.since.text, "crash server");
	got = expectation("nginx: prints no 'error'");
	ck_assert_int_eq(got.kind, LAB_EXPECT_LINE);
	ck_assert_str_eq(got.program, "nginx");
	ck_assert_ptr_null(got.host);
	ck_assert(got.negated);
	ck_assert_str_eq(got.words, "error");
	ck_assert_int_eq(got.from, 0);
	ck_assert_int_eq(got.within, NSEC_NEVER);
	ck_assert_int_eq(got.since.event, LAB_AFTER_START);
	got = expectation("curl: exit 28");
	ck_assert_int_eq(got.kind, LAB_EXPECT_EXIT);
	ck_assert_int_eq(got.number, 28);
	got = expectation("curl: signal term");
	ck_assert_int_eq(got.kind, LAB_EXPECT_SIGNAL);
	ck_assert_int_eq(got.number, SIGTERM);
	got = expectation("server: counter TCPKeepAlive");
	ck_assert_int_eq(got.kind, LAB_EXPECT_COUNTER);
	ck_assert_str_eq(got.words, "TCPKeepAlive");
	got = expectation("server: sends no rst");
	ck_assert_int_eq(got.kind, LAB_EXPECT_SENT);
	ck_assert_uint_eq(got.kinds, WIRE_RST);
}
END_TEST

START_TEST(a_number_is_a_span)
{
	static const struct {
		const char *text;
		uint64_t min, max;
	} spans[] = {
		{ "server: CLOSE-WAIT", 1, UINT64_MAX },
		{ "server: no CLOSE-WAIT", 0, 0 },
		{ "server: 3 CLOSE-WAIT", 3, 3 },
		{ "server: at least 3 CLOSE-WAIT", 3, UINT64_MAX },
		{ "server: at most 3 CLOSE-WAIT", 0, 3 },
		{ "server: 3..5 CLOSE-WAIT", 3, 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		struct lab_expectation got = expectation(spans[i].text);

		ck_assert_int_eq(got.kind, LAB_EXPECT_SOCKETS);
		ck_assert_int_eq(got.state, DIAG_CLOSE_WAIT);
		ck_assert_uint_eq(got.min, spans[i].min);
		ck_assert_uint_eq(got.max, spans[i].max);
		ck_assert_str_eq(got.text, spans[i].text);
	}
}
END_TEST

START_TEST(every_expectation_is_said_in_one_form)
{
	static const struct pair pairs[] = {
		{ "the client:etimedout", "client: ETIMEDOUT" },
		{ "client : data within 90s", "client: DATA within 1m30s" },
		{ "client: eof within 2s of the start",
		  "client: EOF within 2s" },
		{ "client: open", "client: open" },
		{ "client: no socket", "client: no sockets" },
		{ "client: 1 sockets", "client: 1 socket" },
		{ "client: 3..3 estab", "client: 3 ESTAB" },
		{ "client: 0..3 estab", "client: at most 3 ESTAB" },
		{ "client: at least 1 estab", "client: ESTAB" },
		{ "client: sent fin and syn", "client: sends syns and fins" },
		{ "client: received 1 ack", "client: receives 1 ack" },
		{ "client: counter X no", "client: counter X 0" },
		{ "curl: exit 28 after 5s", "curl: exit 28 after 5s" },
		{ "curl: signal 9", "curl: signal KILL" },
		{ "nginx: runs", "nginx: runs" },
		{ "nginx: prints no GET within 2s of nginx reaches LISTEN",
		  "nginx: prints no \"GET\" within 2s of nginx reaches "
		  "LISTEN" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		ck_assert_str_eq(expectation(pairs[i].said).text,
				 pairs[i].text);
		ck_assert_str_eq(expectation(pairs[i].text).text,
				 pairs[i].text);
	}
}
END_TEST

START_TEST(a_wrong_expectation_is_told_why)
{
	static const struct pair pairs[] = {
		{ "client", "column 1: 'client' is no HOST: OUTCOME" },
		{ ": open", "column 3: nothing stands before the colon" },
		{ "client is: open",
		  "column 8: 'is' stands here; expected: a " },
		{ "client:", "column 8: expected here: an outcome" },
		{ "client: ETIMEOUT",
		  "column 9: 'ETIMEOUT' cannot be expected; "
		  "ETIMEDOUT?" },
		{ "client: EXYZ", "column 9: 'EXYZ' " },
		{ "client: wibble", "column 9: 'wibble' stands here; expected: "
				    "an outcome" },
		{ "client: no ETIMEDOUT",
		  "column 12: 'ETIMEDOUT' is no state" },
		{ "client: 5..3 ESTAB", "column 9: nothing is 5..3" },
		{ "client: at least 0 ESTAB", "column 18: there is always" },
		{ "client: at ESTAB",
		  "column 12: 'ESTAB' stands here; expected: "
		  "'least' or 'most'" },
		{ "client: open within 5s",
		  "column 14: 'open' is asked at the " },
		{ "client: EOF of start", "column 13: 'of' is too much" },
		{ "client: EOF within 5", "column 20: '5' has no unit" },
		{ "client: EOF after 5s within 3s",
		  "column 29: nothing comes after 5s and within 3s" },
		{ "client: EOF within 0s",
		  "column 20: nothing comes after 0s" },
		{ "client: EOF within 5s of",
		  "column 25: expected here: 'star" },
		{ "client: sends 3",
		  "column 16: expected here: a kind of fra" },
		{ "client: counter", "column 16: expected here: a counter" },
		{ "client: counter Tcp.X", "column 17: 'Tcp.X' is no counter" },
		{ "curl: exit 256", "column 12: '256' is not an exit status: 0 "
				    "to 255" },
		{ "curl: signal NONE", "column 14: 'NONE' is no signal" },
		{ "curl: runs now", "column 12: 'now' is too much" },
		{ "curl: prints", "column 13: expected here: a text" },
	};
	struct lab_expectation ignored;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		ck_assert_msg(lab_expectation_parse(plan, pairs[i].said,
						    &ignored) == -EINVAL,
			      "%s", pairs[i].said);
		ck_assert_msg(strncmp(error_message(), pairs[i].text,
				      strlen(pairs[i].text)) == 0,
			      "%s\n%s", pairs[i].said, error_message());
	}
}
END_TEST

static const TTest *const *const tests[] = {
	&an_expectation_has_its_question,
	&a_number_is_a_span,
	&every_expectation_is_said_in_one_form,
	&a_wrong_expectation_is_told_why,
};

int main(void)
{
	return unit_run("lab-expectations", tests, ARRAY_SIZE(tests), setup);
}
