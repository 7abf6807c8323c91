/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reporters share: timelines, summaries, claims, numbers. */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

static char *line_of(const char *json, bool *ret_printed)
{
	json_t *record = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(record);
	*ret_printed = report_timeline_line(out, record, 0, false);
	fclose(out);
	json_decref(record);
	return text;
}

START_TEST(each_kind_of_record_has_its_line)
{
	static const struct {
		const char *json, *line;
	} table[] = {
		{ "{\"t\":0.004,\"type\":\"frame\",\"from\":\"server\","
		  "\"to\":\"client\",\"fate\":\"forwarded\","
		  "\"text\":\"F. 1:1(0) ack 1\",\"kinds\":[]}",
		  "0.004 wire    server > client  F. 1:1(0) ack 1\n" },
		{ "{\"t\":12.3456,\"type\":\"frame\",\"from\":\"client\","
		  "\"to\":\"server\",\"fate\":\"dropped: path is cut\","
		  "\"text\":\"P. 1:2(1) ack 1\",\"kinds\":[]}",
		  "12.346 wire    client > server  P. 1:2(1) ack 1  "
		  "[dropped: path is cut]\n" },
		{ "{\"t\":0.004,\"type\":\"result\",\"host\":\"client\","
		  "\"text\":\"recv() = 0\"}",
		  "0.004 client  recv() = 0\n" },
		{ "{\"t\":0.003,\"type\":\"fault\",\"verb\":\"crash\","
		  "\"target\":\"server\",\"text\":\"crash server\"}",
		  "0.003 fault   crash server\n" },
		{ "{\"t\":1,\"type\":\"note\",\"text\":\"a\\u001bb\\nc\"}",
		  "1.000 note    a?b c\n" },
		{ "{\"t\":1,\"type\":\"state\",\"host\":\"client\","
		  "\"state\":\"ESTAB\",\"timer\":\"none\",\"text\":\"ESTAB\"}",
		  "1.000 client  ESTAB\n" },
		{ "{\"t\":1,\"type\":\"state\",\"host\":\"client\","
		  "\"state\":\"ESTAB\",\"timer\":\"on\",\"expires\":5.404,"
		  "\"retransmits\":2,\"text\":\"ESTAB timer:(on,5.404 s,2)  "
		  "10.0.0.1:40000 > 10.0.0.2:80\"}",
		  "1.000 client  ESTAB, retransmission in 5.404 s (2 so far)  "
		  "10.0.0.1:40000 > 10.0.0.2:80\n" },
		{ "{\"t\":1,\"type\":\"state\",\"host\":\"client\","
		  "\"state\":\"TIME-WAIT\",\"timer\":\"timewait\",\"expires\":"
		  "60,"
		  "\"text\":\"TIME-WAIT timer:(timewait,60.000 s,0)\"}",
		  "1.000 client  TIME-WAIT, 60.000 s left\n" },
		{ "{\"t\":1,\"type\":\"state\",\"host\":\"client\","
		  "\"state\":\"none\",\"timer\":\"none\","
		  "\"text\":\"no socket\"}",
		  "1.000 client  no socket\n" },
		{ "{\"t\":5,\"type\":\"expectation\",\"what\":\"recv()\","
		  "\"ok\":false,\"expected\":\"EOF\",\"observed\":\"DATA\"}",
		  "5.000 failed  recv(): expected EOF, observed DATA\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bool printed;
		char *line = line_of(table[i].json, &printed);

		ck_assert(printed);
		ck_assert_str_eq(line, table[i].line);
		free(line);
	}
}
END_TEST

START_TEST(the_timeline_leaves_out_other_records)
{
	static const char *const quiet[] = {
		"{\"t\":0,\"type\":\"ready\"}",
		"{\"t\":0,\"type\":\"sysctl\",\"host\":\"client\","
		"\"name\":\"x\",\"value\":\"1\"}",
		"{\"t\":5,\"type\":\"expectation\",\"what\":\"x\",\"ok\":true,"
		"\"expected\":\"EOF\",\"observed\":\"EOF\"}",
		/* The kernel of a crashed host sent it. */
		"{\"t\":0,\"type\":\"frame\",\"from\":\"server\","
		"\"to\":\"client\",\"fate\":\"ghost\",\"text\":\"R\"}",
		"{\"t\":0,\"type\":\"counter\",\"host\":\"client\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		bool printed;
		char *line = line_of(quiet[i], &printed);

		ck_assert(!printed);
		ck_assert_str_eq(line, "");
		free(line);
	}
}
END_TEST

START_TEST(a_long_timeline_is_shortened_in_the_middle)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char *text = NULL;
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 250; i++)
		fake_take(result, i, "note", "{s:s+}", "text",
			  i == 39  ? "head" :
			  i == 40  ? "gone" :
			  i == 189 ? "gone" :
			  i == 190 ? "tail" :
				     "x",
			  "!");
	report_timeline(out, result, "> ", false);
	fclose(out);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_uint_eq(lines, 101);
	assert_has(text, "> 39.000 note    head!");
	assert_has(text, "> … 150 lines left out");
	assert_has(text, "> 190.000 note    tail!");
	assert_lacks(text, "gone");
	free(text);
	result_free(result);
}
END_TEST

static void assert_summary(const char *predicted, const char *measured,
			   const char *p, const char *m)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char text[128];

	json_decref(result->predicted);
	json_decref(result->measured);
	result->predicted = json_loads(predicted, 0, NULL);
	result->measured = json_loads(measured, 0, NULL);
	report_summary(result, true, text, sizeof(text));
	ck_assert_str_eq(text, p);
	report_summary(result, false, text, sizeof(text));
	ck_assert_str_eq(text, m);
	result_free(result);
}

START_TEST(a_summary_has_words_for_success_and_no_socket)
{
	assert_summary("{\"outcome\":\"0\",\"elapsed_s\":1.0}",
		       "{\"outcome\":\"EADDRINUSE\"}", "success, 1.00 s or more",
		       "EADDRINUSE");
	assert_summary("{\"client_state\":\"UNCONN\","
		       "\"server_state\":\"TIME-WAIT\"}",
		       "{\"client_state\":\"UNCONN\"}",
		       "client no socket, server TIME-WAIT", "client no socket");
}
END_TEST

START_TEST(a_summary_has_outcome_and_time)
{
	assert_summary("{\"outcome\":\"ETIMEDOUT\",\"elapsed_s\":5.0,"
		       "\"elapsed_max_s\":5.64}",
		       "{\"outcome\":\"ETIMEDOUT\",\"elapsed_s\":5.0712}",
		       "ETIMEDOUT, 5.00 .. 5.64 s", "ETIMEDOUT, 5.07 s");
	assert_summary("{\"elapsed_s\":12.6}", "{\"elapsed_s\":0.00042}",
		       "12.6 s or more", "0.0004 s");
	assert_summary("{\"elapsed_s\":0.0,\"elapsed_max_s\":0.05}",
		       "{\"elapsed_s\":924.61}", "0.000 .. 0.050 s", "924.6 s");
	assert_summary("{\"outcome\":\"EOF\",\"elapsed_s\":0.0,"
		       "\"elapsed_max_s\":0.0}",
		       "{\"elapsed_s\":0.0003}", "EOF, at once", "0.0003 s");
	assert_summary("{\"elapsed_s\":0.04,\"elapsed_max_s\":0.044}",
		       "{\"elapsed_s\":0.0417}", "0.040 .. 0.044 s", "0.042 s");
	assert_summary("{\"elapsed_s\":2.0,\"elapsed_max_s\":2.004}",
		       "{\"elapsed_s\":2.0021}", "2.000 .. 2.004 s", "2.00 s");
	assert_summary("{}", "{}", "", "");
}
END_TEST

START_TEST(a_summary_names_a_timer_value_as_such)
{
	assert_summary("{\"timer_s\":60.0}", "{\"timer_s\":60.0014}",
		       "timer 60.0 s", "timer 60.0 s");
	assert_summary("{\"timer_s\":60.0,\"elapsed_s\":60.0}",
		       "{\"timer_s\":60.0,\"elapsed_s\":60.9}",
		       "60.0 s or more, timer 60.0 s", "60.9 s, timer 60.0 s");
}
END_TEST

START_TEST(a_summary_has_counts)
{
	assert_summary("{\"outcome\":\"OPEN\",\"rto_retransmissions\":3.0,"
		       "\"rto_retransmissions_max\":4.0}",
		       "{\"outcome\":\"OPEN\",\"rto_retransmissions\":1.0,"
		       "\"keepalive_probes\":0.0,\"syns\":2}",
		       "OPEN, 3 .. 4 retransmissions",
		       "OPEN, 1 retransmission, 0 probes, 2 SYNs");
}
END_TEST

START_TEST(a_summary_falls_back_on_states_and_own_values)
{
	assert_summary("{\"client_state\":\"ESTAB\",\"other\":1}",
		       "{\"client_state\":\"ESTAB\","
		       "\"server_state\":\"CLOSE\"}",
		       "client ESTAB", "client ESTAB, server CLOSE");
	assert_summary("{\"rto_min_ms\":200.0,\"rto_min_ms_max\":204.0}",
		       "{\"rto_min_ms\":200.25,\"unit\":\"ms\"}",
		       "rto_min_ms 200 .. 204", "rto_min_ms 200.25, unit ms");
	/* A value is an upper bound only beside the value that it bounds. */
	assert_summary("{\"silence_s\":1.0,\"silence_max_s\":2.0}",
		       "{\"queue_max\":3}", "silence_s 1 .. 2", "queue_max 3");
}
END_TEST

/* Those of the variant, or else of the case, in its order; usual ones where
 * there is none of them. */
START_TEST(a_summary_has_the_values_that_the_case_shows)
{
	const struct variant variant = {
		.shows = SHOWS("port", "client_state", "outcome", "absent"),
	};
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char text[128];

	json_decref(result->measured);
	result->measured = json_pack("{s:s, s:f, s:s, s:i}", "outcome", "0",
				     "elapsed_s", 1.0, "client_state", "UNCONN",
				     "port", 40000);
	result->variant = &variant;
	report_summary(result, false, text, sizeof(text));
	ck_assert_str_eq(text, "port 40000, client no socket, success");
	json_object_del(result->measured, "port");
	json_object_del(result->measured, "client_state");
	json_object_del(result->measured, "outcome");
	report_summary(result, false, text, sizeof(text));
	ck_assert_str_eq(text, "1.00 s");
	result_free(result);
}
END_TEST

START_TEST(a_summary_without_values_counts_expectations)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char text[128];

	json_decref(result->predicted);
	json_decref(result->measured);
	json_decref(result->expectations);
	result->predicted = json_object();
	result->measured = json_object();
	result->expectations = json_pack("[{s:b}, {s:b}]", "ok", 1, "ok", 0);
	report_summary(result, true, text, sizeof(text));
	ck_assert_str_eq(text, "2 expectations");
	report_summary(result, false, text, sizeof(text));
	ck_assert_str_eq(text, "1 met");
	result_free(result);
}
END_TEST

START_TEST(consecutive_claims_are_a_range)
{
	char text[REPORT_TEXT];

	report_claims(CLAIMS({ .claim = "A3" }, { .claim = "A4" },
			     { .claim = "A5" }, { .claim = "A10" },
			     { .claim = "B11" }),
		      text);
	ck_assert_str_eq(text, "A3-A5 A10 B11");
	report_claims(CLAIMS({ .claim = "A9" }, { .claim = "A10" }), text);
	ck_assert_str_eq(text, "A9-A10");
	report_claims(CLAIMS({ .claim = "B5" }, { .claim = "B5" },
			     { .claim = "B6" }, { .claim = "C1" },
			     { .claim = "C1" }),
		      text);
	ck_assert_str_eq(text, "B5-B6 C1");
	report_claims(NULL, text);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(the_first_sentence_of_a_note_is_found)
{
	ck_assert_uint_eq(report_sentence("One. Two."), 3);
	ck_assert_uint_eq(report_sentence("One."), 3);
	ck_assert_uint_eq(report_sentence("net.ipv4.x is e.g. 3. No."), 20);
	ck_assert_uint_eq(report_sentence("none"), 4);
	ck_assert_uint_eq(report_sentence(""), 0);
}
END_TEST

START_TEST(judgements_are_grouped_by_claim)
{
	struct result *many = fake_variant(0), *one = fake_variant(1);
	char *text = report_document(many->judgements, many->judgements);

	ck_assert_str_eq(text, "A3 A4 right; A5 wrong: The first copy on the "
			       "wire is a tail loss probe, not a round");
	free(text);
	text = report_document(one->judgements, one->judgements);
	ck_assert_str_eq(text,
			 "outdated since 6.15: The RTO's maximum can be set");
	free(text);
	result_free(many);
	result_free(one);
}
END_TEST

/* A claim that is only partly right: which part is it? */
START_TEST(right_beside_another_judgement_has_its_reason)
{
	json_t *some = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}, "
				 "{s:s, s:s, s:s}]",
				 "claim", "A3", "document", "right", "note",
				 "the first", "claim", "A4", "document", "right",
				 "note", "the second", "claim", "A5",
				 "document", "right", "note", "the third");
	json_t *among = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "claim",
				  "A4", "document", "wrong", "note", "no",
				  "claim", "A5", "document", "right", "note",
				  "as well");
	char *text = report_document(some, among);

	ck_assert_str_eq(text, "A3 right; A4 right: the second; A5 right");
	free(text);
	text = report_document(some, NULL);
	ck_assert_str_eq(text, "A3 A4 A5 right");
	free(text);
	json_decref(some);
	json_decref(among);
}
END_TEST

START_TEST(planned_durations_are_rounded)
{
	static const struct {
		nsec_t planned;
		const char *text;
	} table[] = {
		{ MSEC(10), "under 1 s" },
		{ MSEC(5600), "about 6 s" },
		{ SEC(120), "about 120 s" },
		{ MSEC(924600), "about 15 min" },
		{ SEC(3600), "about 1 h" },
		{ SEC(7875), "about 2 h 11 min" },
		{ SEC(86400), "about 24 h" },
		{ 2 * SEC(86400), "about 2 days" },
		{ 60 * SEC(86400), "about 60 days" },
	};
	char text[REPORT_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		report_about(table[i].planned, text);
		ck_assert_str_eq(text, table[i].text);
	}
}
END_TEST

START_TEST(reporters_are_found_by_name)
{
	ck_assert_ptr_eq(reporter_find("human"), &reporter_human);
	ck_assert_ptr_eq(reporter_find("jsonl"), &reporter_jsonl);
	ck_assert_ptr_eq(reporter_find("junit"), &reporter_junit);
	ck_assert_ptr_eq(reporter_find("ktap"), &reporter_ktap);
	ck_assert_ptr_null(reporter_find("tap"));
}
END_TEST

static const TTest *const *const tests[] = {
	&each_kind_of_record_has_its_line,
	&the_timeline_leaves_out_other_records,
	&a_long_timeline_is_shortened_in_the_middle,
	&a_summary_has_outcome_and_time,
	&a_summary_has_words_for_success_and_no_socket,
	&a_summary_names_a_timer_value_as_such,
	&a_summary_has_counts,
	&a_summary_falls_back_on_states_and_own_values,
	&a_summary_has_the_values_that_the_case_shows,
	&a_summary_without_values_counts_expectations,
	&consecutive_claims_are_a_range,
	&the_first_sentence_of_a_note_is_found,
	&judgements_are_grouped_by_claim,
	&right_beside_another_judgement_has_its_reason,
	&planned_durations_are_rounded,
	&reporters_are_found_by_name,
};

int main(void)
{
	return unit_run("report", tests, ARRAY_SIZE(tests), NULL);
}
