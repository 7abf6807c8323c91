/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract of --format jsonl: names, order and types of members. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

struct field {
	const char *name;
	const char *types; /* of s i r b n a o, those that are allowed */
};

static bool has_type(const json_t *value, const char *types)
{
	static const struct {
		char letter;
		json_type type;
	} table[] = {
		{ 's', JSON_STRING }, { 'i', JSON_INTEGER },
		{ 'r', JSON_REAL },   { 'n', JSON_NULL },
		{ 'b', JSON_TRUE },   { 'b', JSON_FALSE },
		{ 'a', JSON_ARRAY },  { 'o', JSON_OBJECT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strchr(types, table[i].letter) &&
		    json_typeof(value) == table[i].type)
			return true;
	return false;
}

static void assert_fields(json_t *object, const struct field *fields, size_t n)
{
	size_t i = 0;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		ck_assert_msg(i < n, "unexpected member '%s'", name);
		ck_assert_str_eq(name, fields[i].name);
		ck_assert_msg(has_type(value, fields[i].types),
			      "'%s' has a wrong type", name);
		i++;
	}
	ck_assert_uint_eq(i, n);
}

/* The nth line of all; n from 0. A new reference. */
static json_t *line_of(const char *text, size_t n)
{
	json_t *object;

	while (n--)
		text = strchr(text, '\n') + 1;
	object = json_loadb(text, strcspn(text, "\n"), 0, NULL);
	ck_assert_msg(object != NULL, "no JSON: %s", text);
	return object;
}

START_TEST(the_first_line_describes_the_run)
{
	static const struct field fields[] = {
		{ "type", "s" },   { "version", "s" },	{ "kernel", "s" },
		{ "hz", "i" },	   { "rootless", "b" }, { "virtual_time", "b" },
		{ "family", "i" }, { "mapped", "b" },	{ "shard", "sn" },
		{ "runs", "i" },   { "selected", "i" }, { "slack_s", "r" },
	};
	char *text = fake_all("jsonl", 80);
	json_t *line = line_of(text, 0);

	assert_fields(line, fields, ARRAY_SIZE(fields));
	ck_assert_str_eq(json_string_value(json_object_get(line, "type")),
			 "run");
	json_decref(line);
	free(text);
}
END_TEST

static const struct field case_fields[] = {
	{ "type", "s" },       { "name", "s" },		{ "variant", "sn" },
	{ "family", "i" },     { "repetition", "i" },	{ "try", "i" },
	{ "verdict", "s" },    { "inconclusive", "b" }, { "reason", "s" },
	{ "judgements", "a" }, { "seconds", "r" },	{ "sysctls", "o" },
	{ "predicted", "o" },  { "measured", "o" },	{ "expectations", "a" },
};

START_TEST(each_run_is_a_line)
{
	static const char *const verdicts[] = { "pass", "pass", "pass",
						"fail", "skip", "broken",
						"skip" };
	char *text = fake_all("jsonl", 80);

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		json_t *line = line_of(text, i + 1);

		assert_fields(line, case_fields, ARRAY_SIZE(case_fields));
		ck_assert_str_eq(
			json_string_value(json_object_get(line, "type")),
			"case");
		ck_assert_str_eq(
			json_string_value(json_object_get(line, "verdict")),
			verdicts[i]);
		ck_assert(json_is_true(json_object_get(line, "inconclusive")) ==
			  (i == 6));
		ck_assert_str_eq(
			json_is_string(json_object_get(line, "variant")) ?
				"variant" :
				"none",
			i == 1 || i == 2 ? "variant" : "none");
		json_decref(line);
	}
	free(text);
}
END_TEST

START_TEST(nested_objects_have_their_members)
{
	static const struct field judgement[] = { { "claim", "s" },
						  { "document", "s" },
						  { "since", "sn" },
						  { "note", "s" } };
	static const struct field expectation[] = { { "what", "s" },
						    { "ok", "b" },
						    { "expected", "s" },
						    { "observed", "s" },
						    { "at", "s" } };
	char *text = fake_all("jsonl", 80);
	json_t *line = line_of(text, 1);

	assert_fields(json_array_get(json_object_get(line, "judgements"), 1),
		      judgement, ARRAY_SIZE(judgement));
	assert_fields(json_array_get(json_object_get(line, "expectations"), 0),
		      expectation, ARRAY_SIZE(expectation));
	/* Values of sysctls are always text. */
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_object_get(line, "sysctls"),
				 "client:net.ipv4.tcp_keepalive_time")),
			 "2");
	json_decref(line);
	free(text);
}
END_TEST

START_TEST(the_last_line_is_the_summary)
{
	static const struct field fields[] = {
		{ "type", "s" },    { "passed", "i" }, { "failed", "i" },
		{ "skipped", "i" }, { "broken", "i" }, { "inconclusive", "i" },
		{ "seconds", "r" }, { "lateness", "o" },
	};
	static const struct field lateness[] = {
		{ "timers_s", "r" }, { "softirqs_s", "r" },
		{ "cases_s", "r" },  { "wire_s", "r" },
	};
	char *text = fake_all("jsonl", 80);
	json_t *line = line_of(text, 8);

	assert_fields(line, fields, ARRAY_SIZE(fields));
	ck_assert_str_eq(json_string_value(json_object_get(line, "type")),
			 "summary");
	ck_assert_int_eq(json_integer_value(json_object_get(line, "skipped")),
			 2);
	ck_assert_double_eq(json_real_value(json_object_get(line, "seconds")),
			    12.345);
	assert_fields(json_object_get(line, "lateness"), lateness,
		      ARRAY_SIZE(lateness));
	json_decref(line);
	free(text);
}
END_TEST

START_TEST(every_try_is_a_line)
{
	struct result *first = fake_fail(), *second = fake_fail();
	struct report_tally tally = { .failed = 1 };
	struct fake_report fake;
	char *text;
	json_t *line;

	first->final = false;
	second->attempt = 2;
	fake_begin(&fake, "jsonl", 1, 80);
	fake.report.reporter->result(&fake.report, first);
	fake.report.reporter->result(&fake.report, second);
	text = fake_end(&fake, &tally);
	line = line_of(text, 2);
	ck_assert_int_eq(json_integer_value(json_object_get(line, "try")), 2);
	json_decref(line);
	free(text);
	result_free(first);
	result_free(second);
}
END_TEST

static const TTest *const *const tests[] = {
	&the_first_line_describes_the_run,	       &each_run_is_a_line,
	&nested_objects_have_their_members, &the_last_line_is_the_summary,
	&every_try_is_a_line,
};

int main(void)
{
	return unit_run("jsonl", tests, ARRAY_SIZE(tests), NULL);
}
