/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --format junit: well-formed XML, elements, tries. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

enum { DEPTH = 16, NAME = 32 };

/* One tag, from its '<'; returns what follows its '>'. */
static const char *check_tag(const char *at, char stack[DEPTH][NAME],
			     size_t *depth)
{
	size_t name = strcspn(at + 1, " />");
	const char *end = at + 1 + name;

	if (at[1] == '/') {
		name = strcspn(at + 2, ">");
		ck_assert_uint_gt(*depth, 0);
		(*depth)--;
		ck_assert_uint_eq(name, strlen(stack[*depth]));
		ck_assert_int_eq(strncmp(at + 2, stack[*depth], name), 0);
		return at + 2 + name + 1;
	}
	/* Attributes: what is quoted has neither '<' nor a raw quote. */
	while (*end == ' ') {
		end += strcspn(end, "=");
		ck_assert_int_eq(strncmp(end, "=\"", 2), 0);
		end += 2;
		ck_assert_int_eq(end[strcspn(end, "\"<")], '"');
		end += strcspn(end, "\"") + 1;
	}
	if (strncmp(end, "/>", 2) == 0)
		return end + 2;
	ck_assert_msg(*end == '>', "not well-formed: %.60s", at);
	ck_assert(*depth < DEPTH && name < NAME);
	snprintf(stack[(*depth)++], NAME, "%.*s", (int)name, at + 1);
	return end + 1;
}

static void check_entity(const char *at)
{
	static const char *const known[] = { "&amp;", "&lt;",  "&gt;", "&quot;",
					     "&#9;",  "&#10;", "&#13;", "&#39;" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strncmp(at, known[i], strlen(known[i])) == 0)
			return;
	ck_abort_msg("no entity: %.20s", at);
}

static void assert_well_formed(const char *text)
{
	static const char head[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
	char stack[DEPTH][NAME];
	size_t depth = 0;
	const char *at = text + strlen(head);

	ck_assert_int_eq(strncmp(text, head, strlen(head)), 0);
	while (*at) {
		if (*at == '<') {
			at = check_tag(at, stack, &depth);
			continue;
		}
		if (*at == '&')
			check_entity(at);
		/* Only white space is outside of the root. */
		ck_assert(depth || strchr("\n ", *at));
		at++;
	}
	ck_assert_uint_eq(depth, 0);
	/* XML 1.0 allows no other control characters. */
	for (at = text; *at; at++)
		ck_assert((unsigned char)*at >= ' ' || strchr("\t\n", *at));
}

START_TEST(the_document_is_well_formed)
{
	char *text = fake_all("junit", 80);

	assert_well_formed(text);
	free(text);
}
END_TEST

START_TEST(the_head_has_the_totals)
{
	char *text = fake_all("junit", 80);

	assert_has(text, "<testsuites tests=\"7\" failures=\"1\" errors=\"1\" "
			 "skipped=\"2\" time=\"12.345000\">");
	assert_has(text, "<property name=\"kernel\" value=\"6.18.44\"/>");
	assert_has(text, "<property name=\"hz\" value=\"250\"/>");
	assert_has(text, "<property name=\"rootless\" value=\"true\"/>");
	free(text);
}
END_TEST

START_TEST(each_verdict_has_its_element)
{
	char *text = fake_all("junit", 80);

	assert_has(text, "<failure message=\"recv() in client # &lt;1&gt;: "
			 "expected EOF &amp; &quot;nothing&quot; else, observed "
			 "ECONN\xef\xbf\xbdRESET&#10;at once (1 of 2 "
			 "expectations failed)\" "
			 "type=\"fail\">1 of 2 expectations failed\n"
			 "recv() in client # &lt;1&gt;\n");
	assert_has(text, "<skipped message=\"nginx is not installed\"/>");
	assert_has(text, "<error message=\"the wire lost 3 frames, at ");
	assert_has(text, "type=\"inconclusive\"/>");
	free(text);
}
END_TEST

START_TEST(only_a_failure_has_a_timeline)
{
	char *text = fake_all("junit", 80);
	char *story = strstr(text, "<system-out>");

	assert_has(text, "<system-out>0.000 server  listen 10.0.0.2:7777\n");
	assert_has(text, "server &gt; client  F. 1:1(0) ack 1\n");
	assert_has(text, "EOF &amp; &quot;nothing&quot; else");
	/* Three runs before the failed one passed. */
	ck_assert(story > strstr(text, "name=\"server-process-crash\""));
	free(text);
}
END_TEST

START_TEST(a_run_has_its_claims_and_values)
{
	char *text = fake_all("junit", 80);

	assert_has(text, "<testcase classname=\"halfopen.server-host-crash-data"
			 "\" name=\"server-host-crash-data/retries2=5\" "
			 "file=\"cases/");
	assert_has(text, " time=\"5.073000\">");
	assert_has(text, "<property name=\"claims\" value=\"A3-A5\"/>");
	assert_has(text, "<property name=\"judgements\" value=\"[{&quot;claim"
			 "&quot;:&quot;A6&quot;");
	assert_has(text, "<property name=\"measured\" value=\"{&quot;outcome"
			 "&quot;:&quot;ETIMEDOUT&quot;");
	free(text);
}
END_TEST

/* The first try fails; `second` is the result of the second. */
static char *report_tries(struct result *second)
{
	struct result *first = fake_fail();
	struct report_tally tally = { .passed = 1 };
	struct fake_report fake;
	char *text;

	first->final = false;
	first->testcase = second->testcase;
	first->variant = second->variant;
	second->attempt = 2;
	fake_begin(&fake, "junit", 1, 80);
	fake.report.reporter->result(&fake.report, first);
	fake.report.reporter->result(&fake.report, second);
	text = fake_end(&fake, &tally);
	assert_well_formed(text);
	/* One testcase for all tries. */
	ck_assert_ptr_null(strstr(strstr(text, "<testcase ") + 1,
				  "<testcase "));
	result_free(first);
	result_free(second);
	return text;
}

START_TEST(a_pass_has_its_failed_tries)
{
	char *text = report_tries(fake_pass());

	assert_has(text, "<flakyFailure message=\"recv() in client");
	assert_has(text, "<stackTrace>1 of 2 expectations failed\nrecv() in ");
	assert_has(text, "<system-out>0.000 server  listen");
	assert_lacks(text, "<failure");
	free(text);
}
END_TEST

START_TEST(a_failure_has_its_failed_tries)
{
	char *text = report_tries(fake_broken());

	assert_has(text, "<error message=\"the wire lost 3 frames");
	assert_has(text, "<rerunFailure message=\"recv() in client");
	assert_lacks(text, "flaky");
	free(text);
}
END_TEST

START_TEST(the_suite_has_a_timestamp)
{
	char *text = fake_all("junit", 80);
	const char *at = strstr(text, " timestamp=\"20");

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(at[strlen(" timestamp=\"") + 19], '"');
	free(text);
}
END_TEST

START_TEST(characters_that_xml_forbids_are_replaced)
{
	struct result *result = fake_new(FAKE_BOUNDS, -1);
	struct report_tally tally = { .broken = 1 };
	struct fake_report fake;
	char *text;

	fake_verdict(result, "broken",
		     "\x1b[31mred\x1b[0m \xef\xbf\xbf]]> é\ttab", false);
	fake_begin(&fake, "junit", 1, 80);
	fake.report.reporter->result(&fake.report, result);
	text = fake_end(&fake, &tally);
	assert_well_formed(text);
	assert_has(text, "message=\"?[31mred?[0m "
			 "\xef\xbf\xbd]]&gt; é&#9;tab\"");
	free(text);
	result_free(result);
}
END_TEST

static const TTest *const *const tests[] = {
	&the_document_is_well_formed,
	&the_head_has_the_totals,
	&each_verdict_has_its_element,
	&only_a_failure_has_a_timeline,
	&a_run_has_its_claims_and_values,
	&a_pass_has_its_failed_tries,
	&a_failure_has_its_failed_tries,
	&the_suite_has_a_timestamp,
	&characters_that_xml_forbids_are_replaced,
};

int main(void)
{
	return unit_run("junit", tests, ARRAY_SIZE(tests), NULL);
}
