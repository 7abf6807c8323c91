/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of expectations: what each means, that its text can be parsed
 * again, and the messages for wrong ones. */
#include "lab-expectation.h"

#include <errno.h>
#include <string.h>

#include "errors.h"
#include "plans.h"
#include "unit.h"
#include "wire.h"

static struct lab_expectation expectation(const char *text)
{
	struct lab_expectation ret;

	ck_assert_msg(lab_expectation_parse(plan, text, NULL, &ret) == 0,
		      "%s: %s", text, error_message());
	return ret;
}

START_TEST(expectation_has_kind_and_arguments)
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
	ck_assert_str_eq(got.since.text, "crash the server");
	ck_assert_str_eq(got.since.action->host, "server");
	got = expectation("nginx: prints no 'error'");
	ck_assert_int_eq(got.kind, LAB_EXPECT_LINE);
	ck_assert_str_eq(got.program, "nginx");
	ck_assert_ptr_null(got.host);
	ck_assert(got.negated);
	ck_assert_str_eq(got.line, "error");
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
	ck_assert_str_eq(got.counter, "TCPKeepAlive");
	got = expectation("server: sends no rst");
	ck_assert_int_eq(got.kind, LAB_EXPECT_SENT);
	ck_assert_uint_eq(got.kinds, WIRE_RST);
}
END_TEST

START_TEST(number_is_a_range)
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

/* Sentences that mean the same, however they are written. */
START_TEST(spelling_does_not_matter)
{
	static const struct {
		const char *text, *other;
	} pairs[] = {
		{ "the client:etimedout", "client: ETIMEDOUT" },
		{ "client : data within 90s", "client: DATA within 1m30s" },
		{ "client: eof within 2s of the start",
		  "client: EOF within 2s" },
		{ "client: no socket", "client: no sockets" },
		{ "client: 1 sockets", "client: 1 socket" },
		{ "client: 3..3 estab", "client: 3 ESTABLISHED" },
		{ "client: 0..3 estab", "client: at most 3 ESTAB" },
		{ "client: at least 1 estab", "client: ESTAB" },
		{ "client: sent fin and syn", "client: sends syns and fins" },
		{ "client: received 1 ack", "client: receives 1 acks" },
		{ "client: counter X no", "client: counter X 0" },
		{ "curl: exits 28", "curl: exit 28" },
		{ "curl: signal 9", "curl: signal SIGKILL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct lab_expectation a = expectation(pairs[i].text);
		struct lab_expectation b = expectation(pairs[i].other);

		ck_assert_msg(a.kind == b.kind && a.number == b.number &&
				      a.state == b.state &&
				      a.kinds == b.kinds && a.min == b.min &&
				      a.max == b.max && a.from == b.from &&
				      a.within == b.within &&
				      a.outcome == b.outcome &&
				      a.since.event == b.since.event,
			      "%s", pairs[i].text);
	}
}
END_TEST

START_TEST(text_is_subject_and_statement_on_one_line)
{
	ck_assert_str_eq(expectation("the client :  EOF\n within  2s").text,
			 "client: EOF within 2s");
	ck_assert_str_eq(expectation("nginx:prints no 'a  b'").text,
			 "nginx: prints no 'a  b'");
	ck_assert_str_eq(expectation("server: 1 ESTABLISHED").text,
			 "server: 1 ESTABLISHED");
}
END_TEST

START_TEST(wrong_expectation_is_reported_with_its_column)
{
	static const struct wrong expectations[] = {
		{ "client", "column 1: missing colon in 'client'; expected " },
		{ ": open", "column 1: missing name of a host or program" },
		{ "client is: open",
		  "column 8: unexpected 'is'; expected colon" },
		{ "client:",
		  "column 8: unexpected end of line; expected an outcome" },
		{ "client: ETIMEOUT", "column 9: unknown outcome 'ETIMEOUT'; "
				      "did you mean 'ETIMEDOUT'?" },
		{ "client: EXYZ", "column 9: un" },
		{ "client: wibble",
		  "column 9: unexpected 'wibble'; expected an outcome" },
		{ "client: no ETIMEDOUT",
		  "column 12: unknown socket state 'ETIMEDOUT'" },
		{ "client: 5..3 ESTAB",
		  "column 9: empty range '5..3': 3 is less than 5" },
		{ "client: at least 0 ESTAB",
		  "column 18: 'at least 0' is always true" },
		{ "client: at ESTAB",
		  "column 12: unexpected 'ESTAB'; expected 'least' or 'most'" },
		{ "client: open within 5s",
		  "column 14: unexpected 'within'; 'open' is evaluated at the "
		  "end" },
		{ "client: EOF of start",
		  "column 13: unexpected 'of'; expected end of line" },
		{ "client: EOF within 5",
		  "column 20: invalid duration '5': missing unit" },
		{ "client: EOF after 5s within 3s",
		  "column 29: empty time range: 'within 3s' ends before" },
		{ "client: EOF within 0s", "column 20: empty time range" },
		{ "client: EOF within 5s of",
		  "column 25: unexpected end of line; expected 'start'" },
		{ "client: sends 3",
		  "column 16: unexpected end of line; expected one of: segm" },
		{ "client: counter", "column 16: unexpected end of line; " },
		{ "client: counter Tcp.X", "column 17: invalid counter 'Tcp." },
		{ "curl: exit 256", "column 12: invalid exit status '256': "
				    "expected 0 to 255" },
		{ "curl: signal NONE", "column 14: unknown signal 'NONE'" },
		{ "curl: runs now",
		  "column 12: unexpected 'now'; expected end of line" },
		{ "curl: prints",
		  "column 13: unexpected end of line; expected text" },
	};
	struct lab_expectation ignored;

	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++)
		must_be_refused(lab_expectation_parse(plan,
						      expectations[i].input,
						      NULL, &ignored),
				&expectations[i]);
}
END_TEST

static const TTest *const *const tests[] = {
	&expectation_has_kind_and_arguments,
	&number_is_a_range,
	&spelling_does_not_matter,
	&text_is_subject_and_statement_on_one_line,
	&wrong_expectation_is_reported_with_its_column,
};

int main(void)
{
	return unit_run("lab-expectation", tests, ARRAY_SIZE(tests),
			plan_begin);
}
