/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records folded into a result; records that are refused. */
#include "result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fake.h"
#include "journal.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

static int take(struct result *result, const char *json)
{
	json_t *record = json_loads(json, 0, NULL);

	ck_assert_msg(record != NULL, "the test's own JSON: %s", json);
	return result_take(result, record);
}

START_TEST(records_are_folded_into_the_result)
{
	struct result *result = fake_pass();

	ck_assert_str_eq(
		json_string_value(json_object_get(
			result->sysctls, "client:net.ipv4.tcp_keepalive_time")),
		"2");
	ck_assert_str_eq(json_string_value(
				 json_object_get(result->predicted, "outcome")),
			 "ETIMEDOUT");
	ck_assert_double_eq(
		json_real_value(json_object_get(result->measured, "elapsed_s")),
		5.0712);
	ck_assert_uint_eq(json_array_size(result->expectations), 2);
	ck_assert(result->has_verdict);
	ck_assert_int_eq(result->verdict, VERDICT_PASS);
	ck_assert_str_eq(result->reason, "");
	/* Every record is kept, in order. */
	ck_assert_uint_eq(json_array_size(result->journal), 13);
	result_free(result);
}
END_TEST

/* Between the first and the last ones, at any time; other records stay. */
START_TEST(of_many_frames_the_middle_is_left_out)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	size_t before = json_array_size(result->journal);
	const json_t *record;
	char line[192];

	for (int i = 1; i <= 100000; i++) {
		snprintf(line, sizeof(line),
			 "{\"t\":%d.5,\"type\":\"%s\",\"from\":\"client\","
			 "\"to\":\"server\",\"fate\":\"forwarded\","
			 "\"text\":\"record %d\",\"kinds\":[]}",
			 i, i == 50000 ? "note" : "frame", i);
		ck_assert_int_eq(take(result, line), 0);
		ck_assert_uint_le(json_array_size(result->journal),
				  before + RESULT_FIRST + 2 * RESULT_LAST + 2);
	}
	ck_assert_uint_ge(json_array_size(result->journal),
			  before + RESULT_FIRST + RESULT_LAST + 2);
	record = json_array_get(result->journal, before + RESULT_FIRST);
	ck_assert_ptr_eq(record, result->omission);
	ck_assert_uint_eq((size_t)json_integer_value(
				  json_object_get(record, "frames")),
			  99999 - result->n_frames);
	record = json_array_get(result->journal, before + RESULT_FIRST + 1);
	ck_assert_str_eq(json_string_value(json_object_get(record, "text")),
			 "record 50000");
	result_free(result);
}
END_TEST

static void print_frame(char *line, size_t size, int i)
{
	snprintf(line, size,
		 "{\"t\":%d.5,\"type\":\"frame\",\"from\":\"client\","
		 "\"to\":\"server\",\"fate\":\"forwarded\","
		 "\"text\":\"record %d\",\"kinds\":[],\"left\":%d.5,"
		 "\"size\":60,\"hex\":\"00\"}",
		 i, i, i);
}

/* The result is the same as that of parsed records. */
START_TEST(frames_may_be_parsed_at_the_end)
{
	struct result *parsed = fake_new(FAKE_ALIVE, -1);
	struct result *lines = fake_new(FAKE_ALIVE, -1);
	char line[256];

	for (int i = 0; i < RESULT_FIRST + 2 * RESULT_LAST + 100; i++) {
		struct journal_packet packet;

		print_frame(line, sizeof(line), i);
		ck_assert(journal_read_packet(&packet, line, strlen(line)));
		ck_assert_int_eq(take(parsed, line), 0);
		ck_assert_int_eq(result_take_frame(lines, line, strlen(line)),
				 0);
	}
	ck_assert_uint_eq(lines->n_frames, parsed->n_frames);
	ck_assert(!json_equal(lines->journal, parsed->journal));
	ck_assert_int_eq(result_parse_frames(lines), 0);
	ck_assert(json_equal(lines->journal, parsed->journal));
	ck_assert_ptr_eq(json_array_get(lines->journal, RESULT_FIRST),
			 lines->omission);
	result_free(parsed);
	result_free(lines);
}
END_TEST

START_TEST(an_invalid_frame_is_found_at_the_end)
{
	static const char *const wrong[] = {
		"\"packet\":,\"hex\"", /* no JSON */
		"\"packet\":\"seven\",\"hex\"", /* not as journal.h has it */
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct result *result = fake_new(FAKE_ALIVE, -1);
		size_t before = json_array_size(result->journal);
		struct journal_packet packet;
		char line[256], *hex;

		print_frame(line, sizeof(line), 1);
		hex = strstr(line, "\"hex\"");
		snprintf(hex, sizeof(line) - (size_t)(hex - line), "%s:\"00\"}",
			 wrong[i]);
		ck_assert(journal_read_packet(&packet, line, strlen(line)));
		for (int n = 0; n < 2; n++)
			ck_assert_int_eq(result_take_frame(result, line,
							   strlen(line)),
					 0);
		ck_assert_int_eq(result_parse_frames(result), -EBADMSG);
		ck_assert_uint_eq(json_array_size(result->journal), before);
		result_free(result);
	}
}
END_TEST

START_TEST(the_last_value_of_a_name_counts)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);

	ck_assert_int_eq(take(result, "{\"t\":1,\"type\":\"measured\","
				      "\"name\":\"x\",\"value\":1}"),
			 0);
	ck_assert_int_eq(take(result, "{\"t\":2,\"type\":\"measured\","
				      "\"name\":\"x\",\"value\":2}"),
			 0);
	ck_assert_int_eq(
		json_integer_value(json_object_get(result->measured, "x")), 2);
	result_free(result);
}
END_TEST

START_TEST(only_a_pass_judges_the_documents)
{
	struct result *pass = fake_pass(), *fail = fake_fail();
	struct result *skip = fake_skip(), *broken = fake_broken();

	ck_assert_uint_eq(json_array_size(pass->judgements), 2);
	ck_assert_uint_eq(json_array_size(fail->judgements), 0);
	ck_assert_uint_eq(json_array_size(skip->judgements), 0);
	ck_assert_uint_eq(json_array_size(broken->judgements), 0);
	result_free(pass);
	result_free(fail);
	result_free(skip);
	result_free(broken);
}
END_TEST

START_TEST(a_variant_may_have_its_own_judgements)
{
	struct result *common = fake_variant(0), *own = fake_variant(1);
	const json_t *judgement = json_array_get(own->judgements, 0);

	ck_assert_uint_eq(json_array_size(common->judgements), 3);
	ck_assert_uint_eq(json_array_size(own->judgements), 1);
	ck_assert_str_eq(json_string_value(json_object_get(judgement, "claim")),
			 "A6");
	ck_assert_str_eq(json_string_value(json_object_get(judgement, "since")),
			 "6.15");
	ck_assert(json_is_null(json_object_get(
		json_array_get(common->judgements, 0), "since")));
	result_free(common);
	result_free(own);
}
END_TEST

START_TEST(an_invalid_record_is_refused_with_its_member)
{
	static const struct {
		const char *json, *message;
	} table[] = {
		{ "{\"type\":\"note\",\"text\":\"x\"}", "\"t\"" },
		{ "{\"t\":1}", "\"type\"" },
		{ "{\"t\":\"1\",\"type\":\"note\",\"text\":\"x\"}", "\"t\"" },
		{ "[1]", "\"type\"" },
		{ "{\"t\":1,\"type\":\"note\"}", "'note': text" },
		{ "{\"t\":1,\"type\":\"note\",\"text\":7}", "'note': text" },
		{ "{\"t\":1,\"type\":\"sysctl\",\"host\":\"client\","
		  "\"name\":\"a\",\"value\":7}",
		  "'sysctl': value has the wrong type; expected: a string" },
		{ "{\"t\":1,\"type\":\"predicted\",\"name\":\"a\","
		  "\"value\":[]}",
		  "'predicted': value has the wrong type; expected: a string "
		  "or a number" },
		{ "{\"t\":1,\"type\":\"expectation\",\"what\":\"w\",\"ok\":1,"
		  "\"expected\":\"e\",\"observed\":\"o\",\"at\":\"f:1\"}",
		  "'expectation': ok has the wrong type; expected: true or "
		  "false" },
		{ "{\"t\":1,\"type\":\"frame\",\"from\":\"a\",\"to\":\"b\","
		  "\"fate\":\"forwarded\",\"text\":\"S\",\"kinds\":\"syn\"}",
		  "'frame': kinds has the wrong type; expected: an array" },
		{ "{\"t\":1,\"type\":\"verdict\",\"verdict\":\"maybe\","
		  "\"reason\":\"\",\"inconclusive\":false}",
		  "unknown verdict 'maybe'" },
		{ "{\"t\":1,\"type\":\"verdict\",\"verdict\":\"pass\","
		  "\"reason\":null,\"inconclusive\":false}",
		  "'verdict': reason" },
		{ "{\"t\":1,\"type\":\"result\",\"host\":\"a\",\"call\":\"r\","
		  "\"value\":0,\"errno\":5,\"text\":\"x\"}",
		  "'result': errno" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct result *result = fake_new(FAKE_ALIVE, -1);

		ck_assert_int_eq(take(result, table[i].json), -EBADMSG);
		assert_has(error_message(), table[i].message);
		ck_assert_uint_eq(json_array_size(result->journal), 0);
		ck_assert(!result->has_verdict);
		result_free(result);
	}
}
END_TEST

START_TEST(optional_members_may_be_null_or_missing)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);

	ck_assert_int_eq(take(result, "{\"t\":1,\"type\":\"result\","
				      "\"host\":\"a\",\"call\":\"r\","
				      "\"value\":0,\"errno\":null,"
				      "\"text\":\"x\"}"),
			 0);
	ck_assert_int_eq(take(result, "{\"t\":1,\"type\":\"ready\"}"), 0);
	/* An unknown type, perhaps of a later version. */
	ck_assert_int_eq(take(result, "{\"t\":1,\"type\":\"tide\"}"), 0);
	ck_assert_uint_eq(json_array_size(result->journal), 3);
	result_free(result);
}
END_TEST

START_TEST(a_second_verdict_is_refused)
{
	struct result *result = fake_pass();

	ck_assert_int_eq(take(result, "{\"t\":1,\"type\":\"verdict\","
				      "\"verdict\":\"fail\",\"reason\":\"x\","
				      "\"inconclusive\":false}"),
			 -EBADMSG);
	ck_assert_int_eq(result->verdict, VERDICT_PASS);
	result_free(result);
}
END_TEST

START_TEST(a_run_without_a_verdict_becomes_broken)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);

	result_broken(result, "killed by signal 11");
	ck_assert(result->has_verdict);
	ck_assert_int_eq(result->verdict, VERDICT_BROKEN);
	ck_assert_str_eq(result->reason, "killed by signal 11");
	ck_assert_int_ge(result->took, 0);
	result_free(result);

	/* Also a run that passed before. */
	result = fake_pass();
	result_broken(result, "it leaked");
	ck_assert_uint_eq(json_array_size(result->judgements), 0);
	ck_assert_str_eq(result->reason, "it leaked");
	result_free(result);
}
END_TEST

START_TEST(a_name_includes_the_variant)
{
	struct result *plain = fake_new(FAKE_DATA, -1);
	struct result *variant = fake_new(FAKE_DATA, 1);

	ck_assert_str_eq(result_name(plain), "server-host-crash-data");
	ck_assert_str_eq(result_name(variant),
			 "server-host-crash-data/retries2=5");
	result_free(plain);
	result_free(variant);
	ck_assert_ptr_null(result_free(NULL));
}
END_TEST

static const TTest *const *const tests[] = {
	&records_are_folded_into_the_result,
	&of_many_frames_the_middle_is_left_out,
	&frames_may_be_parsed_at_the_end,
	&an_invalid_frame_is_found_at_the_end,
	&the_last_value_of_a_name_counts,
	&only_a_pass_judges_the_documents,
	&a_variant_may_have_its_own_judgements,
	&an_invalid_record_is_refused_with_its_member,
	&optional_members_may_be_null_or_missing,
	&a_second_verdict_is_refused,
	&a_run_without_a_verdict_becomes_broken,
	&a_name_includes_the_variant,
};

int main(void)
{
	return unit_run("result", tests, ARRAY_SIZE(tests), NULL);
}
