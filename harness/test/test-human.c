/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format human: progress, the table, failures and totals. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fold.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

static const char *line_with(const char *text, const char *part)
{
	const char *found = strstr(text, part);

	ck_assert_msg(found != NULL, "no '%s' in:\n%s", part, text);
	while (found > text && found[-1] != '\n')
		found--;
	return found;
}

/* The digest, without the lines of progress before it. */
static char *digest(int columns)
{
	char *all = fake_all("human", columns);
	char *copy = strdup(line_with(all, "\ncase  ") + 1);

	free(all);
	return copy;
}

START_TEST(a_pipe_gets_a_line_for_each_start_and_end)
{
	char *text = fake_all("human", 80);

	assert_has(text,
		   "7 runs, longest: about 13 s\nhosts: client connects to "
		   "server; ");
	assert_has(text, "\nrun server-host-crash-data/retries2=3 (about 3 s)\n"
			 "PASS   server-host-crash-data/retries2=3 5.07 s\n");
	assert_has(text, "\nSKIP   http-keepalive-timeout 5.07 s: nginx is "
			 "not installed\n");
	assert_lacks(text, "\033");
	assert_lacks(text, "\r");
	free(text);
}
END_TEST

START_TEST(rows_are_in_the_order_of_the_table_of_cases)
{
	static const char *const order[] = {
		"\nserver-process-crash  ",
		"\nserver-host-crash-data  ",
		"\n  retries2=3  ",
		"\n  retries2=5  ",
		"\nserver-host-crash-keepalive  ",
		"\nhttp-keepalive-timeout  ",
		"\nrto-bounds  ",
		"\nkeepalive-peer-alive  ",
	};
	char *text = digest(200);
	const char *at = text;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const char *found = strstr(at, order[i]);

		ck_assert_msg(found != NULL, "no '%s' in:\n%s", order[i], at);
		at = found + 1;
	}
	free(text);
}
END_TEST

START_TEST(a_wide_terminal_gets_all_columns)
{
	char *text = digest(200);
	const char *row = line_with(text, "server-host-crash-keepalive  A10");
	const char *head = line_with(text, "document");

	ck_assert_int_eq(
		strncmp(row,
			"server-host-crash-keepalive  A10 A13  PASS     "
			"ETIMEDOUT, 5.00 .. 5.64 s, 3 probes  "
			"ETIMEDOUT, 5.07 s, 3 probes  A10 right; A13 ",
			120),
		0);
	/* Each heading is above its column. */
	ck_assert_int_eq(strstr(head, "measured") - head,
			 strstr(row, "ETIMEDOUT, 5.07") - row);
	ck_assert_int_eq(strstr(head, "document") - head,
			 strstr(row, "A10 right") - row);
	free(text);
}
END_TEST

START_TEST(a_narrow_terminal_gets_the_document_below_the_row)
{
	char *text = digest(80);

	assert_has(text, "\n    document\n");
	assert_has(text, "\n    A10 right; A13 conditional: It says that "
			 "\"连接\" is released, and means the\n"
			 "    descriptor\n");
	free(text);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
	static const int columns[] = { 80, 100, 120, 140, 200 };

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		char *text = digest(columns[i]);
		char *end = strstr(text, "\n\n");

		*end = '\0';
		for (char *line = strtok(text, "\n"); line;
		     line = strtok(NULL, "\n")) {
			ck_assert_msg(fold_width(line, SIZE_MAX) <= columns[i],
				      "wider than %d: %s", columns[i], line);
			ck_assert_int_ne(line[strlen(line) - 1], ' ');
		}
		free(text);
	}
}
END_TEST

START_TEST(a_failure_has_claim_expectations_timeline_and_counters)
{
	char *text = digest(80);

	assert_has(
		text,
		"\nserver-process-crash  FAIL  5.07 s\n"
		"  claim     the server's process dies: its kernel closes the "
		"connection\n"
		"  expected  recv() in client # <1>: EOF & \"nothing\" else\n"
		"  observed  recv() in client # <1>: ECONN?RESET at once\n"
		"  at        cases/fake.c:34\n"
		"  timeline  0.000 server  listen 10.0.0.2:7777\n"
		"            0.003 fault   kill server 7\n"
		"            0.004 wire    server > client  F. 1:1(0) ack 1\n"
		"            0.005 client  recv() = -1 ECONNRESET\n"
		"            5.071 failed  ");
	assert_has(text, "\n  counters  client TCPAbortOnData +1\n");
	free(text);
}
END_TEST

START_TEST(broken_and_skipped_runs_have_a_reason)
{
	char *text = digest(80);

	assert_has(text, "\nrto-bounds  BROKEN  5.07 s\n  claim     ");
	assert_has(text, "\n  reason    the wire lost 3 frames, at "
			 "cases/rto-bounds.c:12\n");
	assert_has(text, "\n  reason    nginx is not installed\n");
	assert_has(text, "\n  reason    inconclusive: scheduling delay");
	assert_has(text, "\n3 passed, 1 failed, 2 skipped, 1 broken "
			 "(1 inconclusive) in 12.3 s\n");
	free(text);
}
END_TEST

START_TEST(a_failed_run_has_no_judgement)
{
	char *text = digest(200);
	const char *row = line_with(text, "ECONNRESET\n");

	ck_assert_ptr_null(memmem(row, strcspn(row, "\n"), "conditional", 11));
	free(text);
}
END_TEST

START_TEST(verbose_prints_records_as_they_come_in)
{
	struct report_tally tally = { .passed = 1 };
	struct result *result = fake_pass();
	struct fake_report fake;
	char *text;

	fake_begin(&fake, "human", 2, 80);
	fake.report.verbose = true;
	for (size_t i = 0; i < json_array_size(result->journal); i++)
		fake.report.reporter->record(
			&fake.report, result,
			json_array_get(result->journal, i));
	text = fake_end(&fake, &tally);
	assert_has(text, "\nserver-host-crash-keepalive  0.002 client  connect "
			 "10.0.0.2:7777\n");
	free(text);

	fake_begin(&fake, "human", 1, 80);
	fake.report.verbose = true;
	fake.report.reporter->record(&fake.report, result,
				     json_array_get(result->journal, 1));
	text = fake_end(&fake, &tally);
	assert_has(text, "\n0.002 client  connect 10.0.0.2:7777\n");
	free(text);
	result_free(result);
}
END_TEST

START_TEST(a_terminal_gets_a_status_line_and_colours)
{
	struct report_tally tally = { .failed = 1 };
	struct result *slow = fake_new(FAKE_DATA, 1), *fail = fake_fail();
	const struct result *running[] = { fail, slow };
	struct fake_report fake;
	char *text;

	fake_begin(&fake, "human", 5, 200);
	fake.report.terminal = fake.report.coloured = true;
	fake.report.reporter->start(&fake.report, slow);
	fake.report.reporter->tick(&fake.report, running, 2, SEC(3));
	fake.report.reporter->tick(&fake.report, running, 2, SEC(4));
	fake.report.reporter->result(&fake.report, fail);
	text = fake_end(&fake, &tally);
	assert_has(text, "0 of 5 done, 2 running for 4 s; longest: "
			 "server-host-crash-data/retries2=5, about 13 s"
			 "\r\033[K\033[1;31mFAIL  \033[0m server-process");
	assert_lacks(text, "run server-host-crash-data");
	free(text);
	result_free(slow);
	result_free(fail);
}
END_TEST

/* Two of eight in ten seconds: the other six take thirty. */
START_TEST(a_guest_has_progress_and_an_estimate)
{
	struct report_tally tally = { 0 };
	struct fake_report fake;
	char *text;

	fake_begin(&fake, "human", 8, 200);
	fake.report.terminal = fake.report.info.virtual_time = true;
	fake.report.reporter->tick(&fake.report, NULL, 0, SEC(1));
	fake.report.n_ended = 2;
	fake.report.reporter->tick(&fake.report, NULL, 0, SEC(10));
	text = fake_end(&fake, &tally);
	assert_has(text, "0 of 8 done, in a guest for 1 s\r");
	assert_has(text, "2 of 8 done, in a guest for 10 s; about 30 s left\r");
	free(text);
}
END_TEST

START_TEST(tries_and_repetitions_are_numbered)
{
	struct report_tally tally = { .passed = 1 };
	struct result *first = fake_fail(), *second = fake_pass();
	struct fake_report fake;
	char *text;

	first->final = false;
	second->attempt = 2;
	second->repetition = 4;
	fake_begin(&fake, "human", 1, 200);
	fake.report.reporter->result(&fake.report, first);
	fake.report.reporter->result(&fake.report, second);
	text = fake_end(&fake, &tally);
	assert_has(text, "expectations failed (try 1; retrying)\n");
	assert_has(text, "\nserver-host-crash-keepalive #4  A10 A13  "
			 "PASS (try 2)  ");
	/* A run that passed in the end has no section of failures. */
	assert_lacks(text, "timeline");
	free(text);
	result_free(first);
	result_free(second);
}
END_TEST

static char *report_delay(nsec_t delay, bool inconclusive, bool verbose)
{
	struct report_tally tally = { .passed = 1,
				      .inconclusive = inconclusive,
				      .delays = { .timers = USEC(300),
						  .softirqs = delay } };
	struct fake_report fake;

	fake_begin(&fake, "human", 1, 120);
	fake.report.info.slack = MSEC(50);
	fake.report.verbose = verbose;
	return fake_end(&fake, &tally);
}

START_TEST(scheduling_delay_is_printed_where_it_mattered)
{
	static const struct {
		nsec_t delay;
		bool inconclusive, verbose, printed;
	} table[] = {
		{ MSEC(31), false, false, false },
		{ MSEC(31), true, false, true },
		{ MSEC(31), false, true, true },
		{ MSEC(51), false, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *text = report_delay(table[i].delay,
					  table[i].inconclusive,
					  table[i].verbose);

		if (table[i].printed)
			assert_has(text, "\nmax scheduling delay: timers 0.3 "
					 "ms, softirqs ");
		else
			assert_lacks(text, "scheduling delay");
		free(text);
	}
}
END_TEST

START_TEST(scheduling_delay_has_its_tolerance)
{
	char *text = report_delay(MSEC(31), false, true);

	assert_has(text, "softirqs 31.0 ms, cases 0.0 ms, wire 0.0 ms "
			 "(tolerance 50 ms)\n");
	free(text);
}
END_TEST

static const TTest *const *const tests[] = {
	&scheduling_delay_is_printed_where_it_mattered,
	&scheduling_delay_has_its_tolerance,
	&a_pipe_gets_a_line_for_each_start_and_end,
	&rows_are_in_the_order_of_the_table_of_cases,
	&a_wide_terminal_gets_all_columns,
	&a_narrow_terminal_gets_the_document_below_the_row,
	&no_line_is_wider_than_the_terminal,
	&a_failure_has_claim_expectations_timeline_and_counters,
	&broken_and_skipped_runs_have_a_reason,
	&a_failed_run_has_no_judgement,
	&verbose_prints_records_as_they_come_in,
	&a_terminal_gets_a_status_line_and_colours,
	&a_guest_has_progress_and_an_estimate,
	&tries_and_repetitions_are_numbered,
};

int main(void)
{
	return unit_run("human", tests, ARRAY_SIZE(tests), NULL);
}
