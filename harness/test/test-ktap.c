/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format ktap: lines, nesting, directives. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

START_TEST(the_first_lines_are_version_and_plan)
{
	char *text = fake_all("ktap", 80);

	ck_assert_int_eq(strncmp(text, "KTAP version 1\n1..7\n", 20), 0);
	free(text);
}
END_TEST

START_TEST(expectations_are_nested_tests)
{
	char *text = fake_all("ktap", 80);

	assert_has(text, "\n  KTAP version 1\n  1..2\n  ok 1 recv() in client\n"
			 "  ok 2 recv() in client took\n"
			 "ok 1 server-host-crash-keepalive # time=5073ms\n");
	assert_has(text, "\nok 2 server-host-crash-data/retries2=5 # time=");
	free(text);
}
END_TEST

START_TEST(diagnostics_of_a_failure_come_before_its_line)
{
	char *text = fake_all("ktap", 80);

	/* '#' begins a directive and is replaced in descriptions. */
	assert_has(text, "  # expected: EOF & \"nothing\" else\n"
			 "  # observed: ECONN?RESET at once\n"
			 "  # at: cases/fake.c:34\n"
			 "  not ok 1 recv() in client   <1>\n"
			 "  ok 2 state in client\n"
			 "# claim: ");
	assert_has(text, "#   0.003 fault   kill server 7\n");
	assert_has(text, "\nnot ok 4 server-process-crash # time=5073ms\n");
	free(text);
}
END_TEST

START_TEST(skip_and_error_are_directives)
{
	char *text = fake_all("ktap", 80);

	assert_has(text, "\nok 5 http-keepalive-timeout # SKIP nginx is not "
			 "installed\n");
	assert_has(text, "\nnot ok 6 rto-bounds # ERROR the wire lost 3 frames,"
			 " at cases/rto-bounds.c:12\n");
	free(text);
}
END_TEST

START_TEST(a_skipped_inconclusive_run_has_no_nested_failure)
{
	char *text = fake_all("ktap", 80);

	assert_has(text, "\n# failed: the second probe\n"
			 "# expected: 2.000 .. 2.260 s\n");
	assert_has(text, "\nok 7 keepalive-peer-alive # SKIP inconclusive: "
			 "scheduling delay");
	assert_lacks(text, "not ok 1 the second probe");
	free(text);
}
END_TEST

static char *report_two(struct result *first, struct result *second)
{
	struct report_tally tally = { .passed = 1 };
	struct fake_report fake;

	fake_begin(&fake, "ktap", 1, 80);
	fake.report.reporter->result(&fake.report, first);
	fake.report.reporter->result(&fake.report, second);
	return fake_end(&fake, &tally);
}

START_TEST(a_broken_inconclusive_run_is_an_error)
{
	struct result *broken = fake_inconclusive(VERDICT_BROKEN);
	struct result *pass = fake_pass();
	char *text;

	pass->repetition = 3;
	text = report_two(broken, pass);
	assert_has(text, "not ok 1 keepalive-peer-alive # ERROR inconclusive: "
			 "scheduling delay");
	assert_has(text, "ok 2 server-host-crash-keepalive repetition 3 #");
	free(text);
	result_free(broken);
	result_free(pass);
}
END_TEST

START_TEST(earlier_tries_are_diagnostic_lines)
{
	struct result *first = fake_fail(), *second = fake_pass();
	char *text;

	first->final = false;
	text = report_two(first, second);
	assert_has(text, "# server-process-crash: try 1: fail, 1 of 2 ");
	assert_has(text, "\nok 1 server-host-crash-keepalive ");
	assert_lacks(text, "not ok");
	free(text);
	result_free(first);
	result_free(second);
}
END_TEST

/* Each line is a version, a plan, a result or a diagnostic; the numbers on each
 * level count from 1 to its plan. */
START_TEST(every_line_is_ktap)
{
	char *text = fake_all("ktap", 80);
	unsigned int plan[2] = { 0 }, last[2] = { 0 };

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t level = strspn(line, " ") / 2;
		char *at = line + 2 * level;
		unsigned int number;

		ck_assert_uint_le(level, 1);
		if (strcmp(at, "KTAP version 1") == 0)
			last[level] = 0;
		else if (sscanf(at, "1..%u", &number) == 1)
			plan[level] = number;
		else if (sscanf(at, "ok %u ", &number) == 1 ||
			 sscanf(at, "not ok %u ", &number) == 1)
			ck_assert_uint_eq(number, ++last[level]);
		else
			ck_assert_msg(at[0] == '#', "no KTAP: %s", line);
		ck_assert_uint_le(last[level], plan[level]);
	}
	ck_assert_uint_eq(last[0], 7);
	free(text);
}
END_TEST

static const TTest *const *const tests[] = {
	&the_first_lines_are_version_and_plan,
	&expectations_are_nested_tests,
	&diagnostics_of_a_failure_come_before_its_line,
	&skip_and_error_are_directives,
	&a_skipped_inconclusive_run_has_no_nested_failure,
	&a_broken_inconclusive_run_is_an_error,
	&earlier_tries_are_diagnostic_lines,
	&every_line_is_ktap,
};

int main(void)
{
	return unit_run("ktap", tests, ARRAY_SIZE(tests), NULL);
}
