/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of runs and the index: contents, order, escaping. */
#include "page.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "macro.h"
#include "unit.h"

/* The contents of the file, to be freed; closes it. */
static char *read_back(FILE *file)
{
	size_t size = (size_t)ftell(file);
	char *text = calloc(1, size + 1);

	rewind(file);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(fread(text, 1, size, file), size);
	fclose(file);
	return text;
}

static char *page_of(const struct result *result, const char *index)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(page_write(file, result, index), 0);
	return read_back(file);
}

static char *index_of(struct page_entry *entries, size_t n)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(page_index_write(file, entries, n), 0);
	return read_back(file);
}

START_TEST(a_page_has_claim_verdict_values_and_ladder)
{
	struct result *result = fake_pass();
	char *page = page_of(result, "../index.html");

	ck_assert_ptr_nonnull(strstr(page, result->testcase->name));
	ck_assert_ptr_nonnull(strstr(page, "badge pass"));
	ck_assert_ptr_nonnull(strstr(page, "ETIMEDOUT"));
	ck_assert_ptr_nonnull(strstr(page, "net.ipv4.tcp_keepalive_time"));
	ck_assert_ptr_nonnull(strstr(page, "<svg"));
	ck_assert_ptr_nonnull(strstr(page, "href=\"../index.html\""));
	free(page);
	result_free(result);
}
END_TEST

START_TEST(a_page_explains_the_variant)
{
	struct result *result = fake_variant(1);
	char *page = page_of(result, NULL);

	ck_assert_ptr_nonnull(
		strstr(page, "retries2=5: net.ipv4.tcp_retries2 is 5</p>"));
	free(page);
	result_free(result);
}
END_TEST

START_TEST(a_page_loads_nothing)
{
	struct result *result = fake_pass();
	char *page = page_of(result, NULL);

	ck_assert_ptr_null(strstr(page, " src="));
	ck_assert_ptr_null(strstr(page, "<link"));
	ck_assert_ptr_null(strstr(page, "@import"));
	ck_assert_ptr_null(strstr(page, "url("));
	ck_assert_ptr_null(strstr(page, "index.html"));
	free(page);
	result_free(result);
}
END_TEST

/* Names and texts come from programs and from journals of others. */
START_TEST(markup_in_a_record_is_escaped)
{
	static const char evil[] = "</svg></pre><script>alert('x')</script>&\"";
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char *page;

	fake_take(result, 0.1, "call", "{s:s, s:s}", "host", evil, "text",
		  evil);
	fake_take(result, 0.2, "fault", "{s:s, s:s, s:s}", "verb", evil,
		  "target", evil, "text", evil);
	fake_take(result, 0.3, "measured", "{s:s, s:s}", "name", evil, "value",
		  evil);
	fake_take(result, 0.3, "sysctl", "{s:s, s:s, s:s}", "host", evil,
		  "name", evil, "value", evil);
	fake_take(result, 0.3, "counter", "{s:s, s:s, s:i}", "host", evil,
		  "name", evil, "change", 1);
	fake_take(result, 0.4, "expectation", "{s:s, s:b, s:s, s:s, s:s}",
		  "what", evil, "ok", 0, "expected", evil, "observed", evil,
		  "at", evil);
	fake_verdict(result, "fail", evil, false);
	page = page_of(result, evil);
	ck_assert_ptr_null(strstr(page, "<script>alert"));
	ck_assert_ptr_null(strstr(page, "'x'"));
	ck_assert_ptr_nonnull(strstr(page, "&lt;script&gt;alert(&#39;x&#39;)"));
	free(page);
	result_free(result);
}
END_TEST

START_TEST(a_value_without_a_prediction_has_a_dash)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char *page;

	fake_take(result, 0.3, "measured", "{s:s, s:f}", "name", "wait_s",
		  "value", 0.25);
	fake_verdict(result, "pass", "", false);
	page = page_of(result, NULL);
	ck_assert_ptr_nonnull(
		strstr(page, "wait_s</td><td class=\"n\">–</td>"
			     "<td class=\"n\">0.25</td>"));
	free(page);
	result_free(result);
}
END_TEST

START_TEST(an_upper_bound_is_shown_as_a_range)
{
	struct result *result = fake_new(FAKE_ALIVE, -1);
	char *page;

	fake_take(result, 0.3, "predicted", "{s:s, s:f}", "name", "elapsed_s",
		  "value", 5.0);
	fake_take(result, 0.3, "predicted", "{s:s, s:f}", "name",
		  "elapsed_max_s", "value", 5.64);
	fake_take(result, 0.3, "predicted", "{s:s, s:i}", "name", "frames",
		  "value", 3);
	fake_take(result, 0.3, "predicted", "{s:s, s:i}", "name", "frames_max",
		  "value", 4);
	fake_verdict(result, "pass", "", false);
	page = page_of(result, NULL);
	ck_assert_ptr_nonnull(strstr(page, ">5 .. 5.64<"));
	ck_assert_ptr_nonnull(strstr(page, ">3 .. 4<"));
	ck_assert_ptr_null(strstr(page, "elapsed_max_s"));
	free(page);
	result_free(result);
}
END_TEST

START_TEST(a_skipped_run_without_frames_has_a_page)
{
	struct result *result = fake_skip();
	char *page = page_of(result, NULL);

	ck_assert_ptr_nonnull(strstr(page, "badge skip"));
	ck_assert_ptr_nonnull(strstr(page, result->reason));
	free(page);
	result_free(result);
}
END_TEST

static size_t place_of(const char *text, const char *part)
{
	const char *at = strstr(text, part);

	ck_assert_ptr_nonnull(at);
	return (size_t)(at - text);
}

START_TEST(the_index_links_all_runs_by_name)
{
	struct result *results[] = { fake_variant(1), fake_variant(0),
				     fake_fail() };
	struct page_entry entries[ARRAY_SIZE(results)];
	char folders[ARRAY_SIZE(results)][64];
	size_t first, second, third;
	char *index;

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		snprintf(folders[i], sizeof(folders[i]), "case %zu/<x>", i);
		entries[i] = (struct page_entry){ results[i], folders[i] };
	}
	index = index_of(entries, ARRAY_SIZE(entries));
	first = place_of(index, "./case%201/%3Cx%3E/report.html");
	second = place_of(index, "./case%200/%3Cx%3E/report.html");
	third = place_of(index, "./case%202/%3Cx%3E/report.html");
	ck_assert_uint_lt(first, second);
	ck_assert_uint_lt(second, third);
	ck_assert_ptr_nonnull(
		strstr(index, "2 passed, 1 failed, 0 skipped, 0 broken"));
	ck_assert_ptr_nonnull(
		strstr(index, "recv() in client # &lt;1&gt;: expected EOF"));
	ck_assert_ptr_nonnull(strstr(index, "<th>predicted</th>"));
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		result_free(results[i]);
	free(index);
}
END_TEST

START_TEST(the_index_counts_the_last_try)
{
	struct result *first = fake_inconclusive(VERDICT_BROKEN);
	struct result *second = fake_inconclusive(VERDICT_PASS);
	struct page_entry entries[] = { { second, "b" }, { first, "a" } };
	char *index;

	second->attempt = first->attempt + 1;
	index = index_of(entries, ARRAY_SIZE(entries));
	ck_assert_ptr_nonnull(
		strstr(index, "1 passed, 0 failed, 0 skipped, 0 broken"));
	ck_assert_ptr_nonnull(strstr(index, "(try 2)"));
	result_free(first);
	result_free(second);
	free(index);
}
END_TEST

START_TEST(the_index_has_no_empty_columns)
{
	struct result *skip = fake_skip();
	struct page_entry entry = { skip, "skip" };
	char *index = index_of(&entry, 1);

	ck_assert_ptr_nonnull(strstr(index, "<th>claims</th><th>verdict</th>"
					    "</tr>"));
	ck_assert_ptr_nonnull(strstr(index, "nginx is not installed"));
	result_free(skip);
	free(index);
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&a_page_has_claim_verdict_values_and_ladder,
		&a_page_explains_the_variant,
		&a_page_loads_nothing,
		&markup_in_a_record_is_escaped,
		&a_value_without_a_prediction_has_a_dash,
		&an_upper_bound_is_shown_as_a_range,
		&a_skipped_run_without_frames_has_a_page,
		&the_index_links_all_runs_by_name,
		&the_index_counts_the_last_try,
		&the_index_has_no_empty_columns,
	};

	return unit_run("page", tests, ARRAY_SIZE(tests), NULL);
}
