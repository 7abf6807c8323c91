/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines from a guest become results and reports of its host. */
#include "selection.h"
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "errors.h"
#include "fake.h"
#include "suite.h"
#include "unit.h"

#define RUN                                                                    \
	"{\"type\":\"run\",\"version\":\"0.1.0\",\"kernel\":\"6.1.0\","        \
	"\"hz\":250,\"rootless\":false,\"virtual_time\":true,\"family\":4}\n"
#define CASE_TRY(name_, variant_, try_, verdict_)                              \
	"{\"type\":\"case\",\"name\":\"" name_ "\",\"variant\":" variant_      \
	",\"family\":4,\"repetition\":1,\"try\":" #try_                        \
	",\"verdict\":\"" verdict_ "\",\"inconclusive\":false,"                \
	"\"reason\":\"why\",\"judgements\":[],\"seconds\":1.5,"                \
	"\"sysctls\":{},\"predicted\":{},\"measured\":{\"outcome\":\"EOF\"},"  \
	"\"expectations\":[]}\n"
#define CASE(name_, verdict_) CASE_TRY(name_, "null", 1, verdict_)
#define JOURNAL                                                                \
	"{\"type\":\"journal\",\"record\":{\"t\":0.5,\"type\":\"note\","       \
	"\"text\":\"here\"}}\n"
#define END "{\"type\":\"guest-end\",\"status\":1}\n"

static struct fake_report fake;
static struct stream *stream;
static struct selection selection;
static struct run_job jobs[2];

static void begin_with(unsigned int retries)
{
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		jobs[i] = (struct run_job){ .repetition = 1, .attempt = 1 };
	jobs[0].testcase = testcases[FAKE_PROCESS];
	jobs[1].testcase = testcases[FAKE_ALIVE];
	selection.jobs = jobs;
	selection.n = ARRAY_SIZE(jobs);
	fake_begin(&fake, "jsonl", selection.n, 80);
	ck_assert_int_eq(stream_new(&stream, &fake.report, selection.jobs,
				    selection.n, retries, NULL),
			 0);
}

/* The stream owns the results, which the report may read until its end. */
static void end(void)
{
	const struct report_tally none = { 0 };

	free(fake_end(&fake, &none));
	stream_free(stream);
}

static void begin(void)
{
	begin_with(0);
}

static int send_text(const char *text)
{
	return stream_take(stream, text, strlen(text));
}

static struct report_tally finish(void)
{
	struct report_tally tally = { .took = SEC(3) };

	stream_finish(stream, "the guest is gone", &tally);
	return tally;
}

START_TEST(all_lines_become_results)
{
	struct report_tally tally;
	int status;

	begin();
	ck_assert(!stream_has_begun(stream));
	ck_assert_int_eq(send_text(RUN CASE("server-process-crash", "pass")
				     CASE("keepalive-peer-alive", "fail")),
			 0);
	ck_assert(stream_has_begun(stream));
	ck_assert(!stream_has_ended(stream, &status));
	ck_assert_int_eq(send_text("{\"type\":\"summary\"}\n" END), 0);
	ck_assert(stream_has_ended(stream, &status));
	ck_assert_int_eq(status, 1);
	ck_assert_uint_eq(fake.report.info.hz, 250);
	ck_assert_str_eq(fake.report.info.kernel, "6.1.0");
	ck_assert(fake.report.info.virtual_time);
	tally = finish();
	ck_assert_uint_eq(tally.passed, 1);
	ck_assert_uint_eq(tally.failed, 1);
	ck_assert_uint_eq(tally.broken, 0);
	end();
}
END_TEST

START_TEST(a_line_may_arrive_in_pieces)
{
	static const char text[] = RUN CASE("server-process-crash", "pass") END;
	int status;

	begin();
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		ck_assert_int_eq(stream_take(stream, text + i, 1), 0);
	ck_assert(stream_has_ended(stream, &status));
	ck_assert_uint_eq(finish().passed, 1);
	end();
}
END_TEST

START_TEST(a_missing_result_is_broken)
{
	const struct result *missing;
	struct report_tally tally;

	begin();
	/* The last line is cut off. */
	ck_assert_int_eq(send_text(RUN CASE("server-process-crash", "pass")
				     "{\"type\":\"case\",\"name\":\"keep"),
			 0);
	ck_assert_ptr_null(stream_result(stream, &jobs[1]));
	tally = finish();
	ck_assert_uint_eq(tally.passed, 1);
	ck_assert_uint_eq(tally.broken, 1);
	missing = stream_result(stream, &jobs[1]);
	ck_assert_int_eq(missing->verdict, VERDICT_BROKEN);
	ck_assert_str_eq(missing->reason, "the guest is gone");
	end();
}
END_TEST

START_TEST(a_silent_guest_has_a_report)
{
	char *text;
	struct report_tally tally;

	begin();
	tally = finish();
	ck_assert_uint_eq(tally.broken, 2);
	fflush(fake.report.out);
	text = fake.text;
	assert_has(text, "\"type\":\"run\"");
	assert_has(text, "the guest is gone");
	end();
}
END_TEST

/* Each is -EBADMSG, and none becomes a result. */
START_TEST(invalid_lines_are_refused)
{
	static const char *const lines[] = {
		"\n",
		"Kernel panic - not syncing\n",
		"{\"type\":\n",
		"[]\n",
		"{}\n",
		"null\n",
		"{\"type\":7}\n",
		RUN, /* a second one */
		"{\"type\":\"run\"}\n",
		CASE("no-such-case", "pass"),
		CASE("server-host-crash-keepalive", "pass"), /* not asked for */
		CASE("server-process-crash", "perhaps"),
		CASE_TRY("server-process-crash", "\"none\"", 1, "pass"),
		"{\"type\":\"case\"}\n",
		"{\"type\":\"case\",\"name\":3}\n",
		"{\"type\":\"case\",\"name\":\"server-process-crash\"}\n",
		"{\"type\":\"case\",\"name\":\"server-process-crash\","
		"\"verdict\":\"pass\",\"inconclusive\":0,\"reason\":[],"
		"\"seconds\":{}}\n",
		"{\"type\":\"journal\"}\n",
		"{\"type\":\"journal\",\"record\":7}\n",
		"\xff\xfe\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		begin();
		ck_assert_int_eq(send_text(RUN), 0);
		ck_assert_msg(send_text(lines[i]) == -EBADMSG, "accepted: %s",
			      lines[i]);
		ck_assert_uint_eq(finish().broken, 2);
		end();
	}
}
END_TEST

START_TEST(a_refusal_replaces_all_results)
{
	int status;

	begin();
	ck_assert_ptr_null(stream_refusal(stream));
	ck_assert_int_eq(send_text("{\"type\":\"refused\",\"message\":"
				   "\"no such sysctl\"}\n"
				   "{\"type\":\"guest-end\",\"status\":2}\n"),
			 0);
	ck_assert_str_eq(stream_refusal(stream), "no such sysctl");
	ck_assert(stream_has_ended(stream, &status));
	ck_assert_int_eq(status, 2);
	ck_assert_int_eq(send_text(CASE("server-process-crash", "pass")),
			 -EBADMSG);
	finish();
	end();
}
END_TEST

START_TEST(the_first_line_must_be_run)
{
	begin();
	ck_assert_int_eq(send_text(CASE("server-process-crash", "pass")), -EBADMSG);
	end();
	begin();
	ck_assert_int_eq(send_text(END), -EBADMSG);
	end();
}
END_TEST

START_TEST(a_line_without_end_is_refused)
{
	static char bytes[1 << 20];
	int r = 0, n = 0;

	memset(bytes, 'x', sizeof(bytes));
	begin();
	for (; r >= 0 && n < 64; n++)
		r = stream_take(stream, bytes, sizeof(bytes));
	ck_assert_int_eq(r, -EBADMSG);
	end();
}
END_TEST

/* Damages each byte of a valid stream in turn. */
START_TEST(damaged_bytes_do_not_crash)
{
	static const char good[] = RUN JOURNAL
		CASE("server-process-crash", "pass") END;
	static const char wrong[] = "\0\"{}:7\xff";

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		text[i] = wrong[i % (sizeof(wrong) - 1)];
		begin();
		stream_take(stream, text, sizeof(good) - 1);
		finish();
		end();
	}
}
END_TEST

START_TEST(the_last_try_counts)
{
	struct report_tally tally;

	begin_with(1);
	ck_assert_int_eq(
		send_text(RUN CASE_TRY("server-process-crash", "null", 1, "fail")
			    CASE_TRY("server-process-crash", "null", 2, "pass")
				    CASE("keepalive-peer-alive", "skip")),
		0);
	tally = finish();
	ck_assert_uint_eq(tally.passed, 1);
	ck_assert_uint_eq(tally.failed, 0);
	ck_assert_uint_eq(tally.skipped, 1);
	end();
}
END_TEST

START_TEST(a_journal_belongs_to_the_next_line)
{
	begin();
	ck_assert_int_eq(send_text(RUN JOURNAL JOURNAL
				     CASE("server-process-crash", "fail")
					     CASE("keepalive-peer-alive",
						  "pass")),
			 0);
	ck_assert_uint_eq(
		json_array_size(stream_result(stream, &jobs[0])->journal), 2);
	ck_assert_uint_eq(
		json_array_size(stream_result(stream, &jobs[1])->journal), 0);
	finish();
	end();
}
END_TEST

static const TTest *const *const tests[] = {
	&all_lines_become_results,
	&a_line_may_arrive_in_pieces,
	&a_missing_result_is_broken,
	&a_silent_guest_has_a_report,
	&invalid_lines_are_refused,
	&a_refusal_replaces_all_results,
	&the_first_line_must_be_run,
	&a_line_without_end_is_refused,
	&damaged_bytes_do_not_crash,
	&the_last_try_counts,
	&a_journal_belongs_to_the_next_line,
};

int main(void)
{
	return unit_run("stream", tests, ARRAY_SIZE(tests), NULL);
}
