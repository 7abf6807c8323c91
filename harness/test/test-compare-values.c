/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare: values and events of two runs, and how a comparison is printed. */
#include "compare-print.h"

#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fold.h"
#include "frame.h"
#include "macro.h"
#include "story.h"
#include "suite.h"
#include "unit.h"

/* --- values -------------------------------------------------------------- */

static void take_value(struct story *story, const char *type, const char *name,
		       json_t *value)
{
	fake_take(story->result, 1, type, "{s:s, s:o}", "name", name, "value",
		  value);
}

static bool differ(const char *name, json_t *x, json_t *y, double from,
		   double to)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);
	struct comparison *c;
	bool differs;

	take_value(&a, "measured", name, x);
	take_value(&b, "measured", name, y);
	if (to > 0) {
		take_value(&a, "predicted", "elapsed_s", json_real(from));
		take_value(&a, "predicted", "elapsed_max_s", json_real(to));
	}
	story_end(&a, 2);
	story_end(&b, 2);
	c = story_compare(&a, &b);
	differs = c->differs;
	story_done(c, &a, &b);
	return differs;
}

static bool times_differ(const char *name, double a, double b, double from,
			 double to)
{
	return differ(name, json_real(a), json_real(b), from, to);
}

static bool counts_differ(json_int_t a, json_int_t b)
{
	return differ("a_number", json_integer(a), json_integer(b), 0, 0);
}

START_TEST(times_have_a_tolerance)
{
	/* 50 ms, or 2 % */
	ck_assert(!times_differ("elapsed_s", 0.01, 0.055, 0, 0));
	ck_assert(times_differ("elapsed_s", 0.01, 0.065, 0, 0));
	ck_assert(!times_differ("elapsed_s", 100, 101.9, 99, 99.1));
	/* What was predicted; and a granule where nothing was. */
	ck_assert(!times_differ("elapsed_s", 6.53, 6.88, 6.5, 6.9));
	ck_assert(times_differ("elapsed_s", 6.53, 7.2, 6.5, 6.9));
	ck_assert(!times_differ("rto_s", 4, 4.45, 0, 0));
	ck_assert(times_differ("rto_s", 4, 4.6, 0, 0));
	ck_assert(!times_differ("wait_ms", 20, 60, 0, 0));
	ck_assert(times_differ("wait_ms", 20, 80, 0, 0));
}
END_TEST

/* "silence_max_s" bounds "silence_s" as "elapsed_max_s" bounds "elapsed_s". */
START_TEST(upper_bounds_of_all_times_are_read)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);
	struct comparison *c;

	take_value(&a, "predicted", "silence_s", json_real(6.5));
	take_value(&a, "predicted", "silence_max_s", json_real(8));
	take_value(&a, "measured", "silence_s", json_real(6.53));
	take_value(&b, "measured", "silence_s", json_real(7.6));
	story_end(&a, 2);
	story_end(&b, 2);
	c = story_compare(&a, &b);
	ck_assert(!c->differs);
	story_done(c, &a, &b);
}
END_TEST

START_TEST(counts_must_be_equal)
{
	ck_assert(!counts_differ(5, 5));
	ck_assert(counts_differ(5, 6));
	ck_assert(counts_differ(0, 1));
	ck_assert(!counts_differ(2000, 2008));
	ck_assert(counts_differ(2000, 2100));
	/* A timestamp, and none. */
	ck_assert(!counts_differ(993625986, 1542294274));
	ck_assert(counts_differ(0, 1542294274));
}
END_TEST

START_TEST(words_are_compared)
{
	ck_assert(differ("outcome", json_string("EOF"),
			 json_string("ETIMEDOUT"), 0, 0));
	ck_assert(!differ("outcome", json_string("EOF"), json_string("EOF"), 0,
			  0));
}
END_TEST

START_TEST(a_value_of_one_run_only_is_no_difference)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);
	struct comparison *c;

	take_value(&a, "measured", "rto_5_s", json_real(3));
	story_end(&a, 2);
	story_end(&b, 2);
	c = story_compare(&a, &b);
	ck_assert(!c->differs);
	ck_assert_uint_eq(c->measured.n, 1);
	ck_assert_ptr_null(c->measured.all[0].values[COMPARE_B]);
	story_done(c, &a, &b);
}
END_TEST

/* --- events -------------------------------------------------------------- */

static void returns(struct story *story, double t, const char *host,
		    const char *call, int value, const char *error)
{
	fake_take(story->result, t, "result", "{s:s, s:i, s:s, s:i, s:s?, s:s}",
		  "host", host, "socket", 1, "call", call, "value", value,
		  "errno", error, "text", error ? error : call);
}

START_TEST(errnos_and_end_of_file_are_compared)
{
	static const struct {
		int value;
		const char *error;
	} ends[] = { { 10, NULL },
		     { 20, NULL },
		     { 0, NULL },
		     { -1, "ETIMEDOUT" },
		     { -1, "ECONNRESET" } };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ends); j++) {
			struct story a = story_begin(0, 1),
				     b = story_begin(0, 1);
			struct comparison *c;
			const json_t *const *records;

			returns(&a, 1, "client", "recv", ends[i].value,
				ends[i].error);
			returns(&b, 2, "client", "recv", ends[j].value,
				ends[j].error);
			story_end(&a, 3);
			story_end(&b, 3);
			c = story_compare(&a, &b);
			/* How much was received at a time is chance. */
			ck_assert_int_eq(c->differs, i != j && i + j != 1);
			records = c->events[COMPARE_RESULT].records;
			ck_assert_int_eq(records[COMPARE_A] != NULL,
					 c->differs);
			story_done(c, &a, &b);
		}
}
END_TEST

START_TEST(results_of_two_hosts_come_in_any_order)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);

	returns(&a, 1, "client", "recv", 0, NULL);
	returns(&a, 2, "server", "recv", -1, "ECONNRESET");
	story_end(&a, 3);
	returns(&b, 1, "server", "recv", -1, "ECONNRESET");
	returns(&b, 2, "client", "recv", 0, NULL);
	story_end(&b, 3);
	story_assert_same(&a, &b);
}
END_TEST

static void look(struct story *story, double t, const char *state)
{
	fake_take(story->result, t, "state", "{s:s, s:i, s:s, s:s}", "host",
		  "client", "socket", 1, "state", state, "text", state);
}

START_TEST(how_often_a_state_was_read_is_not_compared)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1),
		     c = story_begin(0, 1);
	struct comparison *comparison;

	look(&a, 1, "ESTAB");
	look(&a, 2, "ESTAB");
	look(&a, 3, "CLOSE-WAIT");
	story_end(&a, 4);
	look(&b, 1, "ESTAB");
	look(&b, 3, "CLOSE-WAIT");
	story_end(&b, 4);
	look(&c, 1, "ESTAB");
	look(&c, 3, "TIME-WAIT");
	story_end(&c, 4);
	comparison = story_compare(&a, &b);
	ck_assert(!comparison->differs);
	comparison_free(comparison);
	comparison = story_compare(&a, &c);
	ck_assert(comparison->differs);
	ck_assert_ptr_nonnull(
		comparison->events[COMPARE_STATE].records[COMPARE_A]);
	story_done(comparison, &a, &c);
	result_free(b.result);
}
END_TEST

static void look_at(struct story *story, double t, int socket, int connection,
		    const char *state)
{
	fake_take(story->result, t, "state", "{s:s, s:i, s:i, s:s, s:s}",
		  "host", "client", "socket", socket, "connection", connection,
		  "state", state, "text", state);
}

START_TEST(a_connection_is_the_identity_of_a_socket)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);

	look_at(&a, 1, 1000, 1, "ESTAB");
	look_at(&a, 2, 3, 1, "CLOSE-WAIT");
	story_end(&a, 3);
	look_at(&b, 1, 3, 1, "ESTAB");
	look_at(&b, 2, 3, 1, "CLOSE-WAIT");
	story_end(&b, 3);
	story_assert_same(&a, &b);
}
END_TEST

static bool states_differ(double lasts)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);
	struct comparison *c;
	bool found;

	look_at(&a, 1, 1, 1, "ESTAB");
	look_at(&a, 2, 1, 1, "FIN-WAIT-1");
	look_at(&a, 2 + lasts, 1, 1, "FIN-WAIT-2");
	story_end(&a, 4);
	look_at(&b, 1, 1, 1, "ESTAB");
	look_at(&b, 2, 1, 1, "FIN-WAIT-2");
	story_end(&b, 4);
	c = story_compare(&a, &b);
	found = c->differs;
	story_done(c, &a, &b);
	return found;
}

START_TEST(a_state_between_two_reads_is_no_difference)
{
	ck_assert(!states_differ(COMPARE_SLACK * 0.9));
	ck_assert(states_differ(COMPARE_SLACK * 1.1));
}
END_TEST

/* --- output -------------------------------------------------------------- */

static void fill(struct story *a, struct story *b)
{
	*a = story_begin(0.5, 1);
	*b = story_begin(0.7, 2);
	fake_take(b->result, 0, "sysctl", "{s:s, s:s, s:s}", "host", "client",
		  "name", "net.ipv4.tcp_retries2", "value", "3");
	story_handshake(a);
	story_handshake(b);
	for (int i = 0; i < 30; i++) {
		story_data(a, 1 + i, "dropped: host is dead");
		story_segment(b, 1 + i, STORY_SERVER, SEGMENT_ACK, 1, 1, 0,
			      "forwarded");
	}
	take_value(a, "measured", "elapsed_s", json_real(5));
	take_value(b, "measured", "elapsed_s", json_real(7.5));
	take_value(a, "predicted", "elapsed_s", json_real(4.9));
	take_value(a, "predicted", "elapsed_max_s", json_real(5.2));
	returns(a, 32, "client", "recv", -1, "ETIMEDOUT");
	returns(b, 32, "client", "recv", -1, "EHOSTUNREACH");
	story_end(a, 33);
	story_end(b, 33);
}

static char *print(const struct compare_view *view, const struct comparison *c)
{
	static const char *const headings[COMPARE_COLUMNS] = { "run", "A", "B",
							       "difference" };
	struct table *table;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(table_new(&table, COMPARE_COLUMNS, headings), 0);
	ck_assert_int_eq(compare_print_row(view, c, table), 0);
	table_print(table, out, view->columns);
	compare_print_details(out, view, c);
	table_free(table);
	fclose(out);
	return text;
}

/* One column below the rows is not enough here. */
START_TEST(narrow_table_has_whole_headings_and_more_columns_below)
{
	static const char *const headings[] = { "run", "two words", "a", "b" };
	static const char *const cells[] = { "name", "x",
					     "a-word-of-twenty-one",
					     "some words at the end" };
	struct table *table;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(table_new(&table, ARRAY_SIZE(headings), headings), 0);
	ck_assert_int_eq(table_add(table, cells, 0, COLOUR_PLAIN), 0);
	table_print(table, out, 30);
	table_free(table);
	fclose(out);
	ck_assert_str_eq(text, "run   two words\n"
			       "    a\n"
			       "    b\n"
			       "name  x\n"
			       "    a-word-of-twenty-one\n"
			       "    some words at the end\n");
	free(text);
}
END_TEST

/* As prose, the last column would be below the row. */
START_TEST(last_column_without_prose_stays_beside_the_others)
{
	static const char *const headings[] = { "run", "5.10", "6.12" };
	static const char *const cells[] = { "client: ETIMEDOUT after 30s",
					     "ETIMEDOUT, 30.447 s",
					     "ETIMEDOUT, 30.564 s" };
	struct table *table;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(table_new(&table, ARRAY_SIZE(headings), headings), 0);
	ck_assert_int_eq(table_add(table, cells, 0, COLOUR_PLAIN), 0);
	table_keep_last(table);
	table_print(table, out, 60);
	table_free(table);
	fclose(out);
	ck_assert_str_eq(text,
			 "run                 5.10                 6.12\n"
			 "client: ETIMEDOUT   ETIMEDOUT, 30.447 s  "
			 "ETIMEDOUT, 30.564 s\n"
			 "after 30s\n");
	free(text);
}
END_TEST

START_TEST(output_fits_the_terminal_and_has_both_sides)
{
	struct story a, b;
	struct comparison *c;

	fill(&a, &b);
	c = story_compare(&a, &b);
	/* Less has no room for the name of the sysctl. */
	for (int columns = 47; columns <= 200; columns += 7) {
		const struct compare_view view = { .columns = columns,
						   .unicode = columns % 2 };
		char *text = print(&view, c);

		assert_has(text, "ETIMEDOUT");
		assert_has(text, "EHOSTUNREACH");
		assert_has(text, "tcp_retries2");
		assert_has(text, view.unicode ? "≠" : "!");
		for (char *line = strtok(text, "\n"); line;
		     line = strtok(NULL, "\n")) {
			ck_assert_msg(fold_width(line, SIZE_MAX) <= columns,
				      "wider than %d: %s", columns, line);
			ck_assert_msg(line[strlen(line) - 1] != ' ',
				      "a blank at the end of: %s", line);
		}
		free(text);
	}
	story_done(c, &a, &b);
}
END_TEST

START_TEST(values_of_both_sides_are_on_one_line)
{
	const struct compare_view view = { .columns = 200, .unicode = true };
	struct story a, b;
	struct comparison *c;
	char *text;

	fill(&a, &b);
	c = story_compare(&a, &b);
	text = print(&view, c);
	assert_has(text, "elapsed_s 5.00 s | 7.50 s (+50 %)");
	assert_has(text, "predicted elapsed_s 4.90 .. 5.20 s | none");
	assert_has(text, "result; segment 4;");
	assert_has(text, "net.ipv4.tcp_retries2: A not set, B 3");
	assert_has(text, "3 equal, then 30 only in A and 30 only in B");
	assert_has(text, "… and 16 more in A, 16 in B");
	free(text);
	story_done(c, &a, &b);
}
END_TEST

START_TEST(a_skipped_run_has_no_segments)
{
	const struct compare_view view = { .columns = 120 };
	struct story a, b = story_begin(0, 1);
	struct comparison *c;
	char *text;

	a.result = fake_skip();
	story_handshake(&b);
	story_end(&b, 1);
	c = story_compare(&a, &b);
	ck_assert(c->differs);
	ck_assert_uint_eq(c->segments.n_steps, 0);
	text = print(&view, c);
	assert_has(text, "SKIP  PASS  verdict\n");
	assert_has(text, "A nginx is not installed");
	assert_lacks(text, "segments");
	free(text);
	story_done(c, &a, &b);
}
END_TEST

START_TEST(the_json_object_has_values_and_first_differences)
{
	struct story a, b;
	struct comparison *c;
	json_t *object, *parts, *pair;

	fill(&a, &b);
	c = story_compare(&a, &b);
	object = comparison_json(c);
	ck_assert_ptr_nonnull(object);
	ck_assert(json_is_true(json_object_get(object, "differs")));
	pair = json_object_get(json_object_get(object, "measured"),
			       "elapsed_s");
	ck_assert_double_eq(json_number_value(json_array_get(pair, 1)), 7.5);
	parts = json_object_get(object, "parts_at");
	pair = json_object_get(parts, "segment");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(pair, 0), "text")),
			 "P. 1:101(100) ack 1");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(pair, 1), "from")),
			 "server");
	ck_assert_ptr_nonnull(json_object_get(parts, "result"));
	ck_assert_ptr_null(json_object_get(parts, "fault"));
	json_decref(object);
	story_done(c, &a, &b);
}
END_TEST

/* The text comes from a journal. */
START_TEST(a_long_origin_is_cut)
{
	struct story story = story_begin(0, 1);
	char kernel[300], text[64];

	memset(kernel, 'x', sizeof(kernel) - 1);
	kernel[sizeof(kernel) - 1] = '\0';
	fake_take(story.result, 0, "start",
		  "{s:s, s:i, s:i, s:i, s:s, s:s}", "name", "x", "family", 4,
		  "repetition", 1, "seconds", 1, "kernel", kernel, "version",
		  "0.1.0");
	compare_origin(story.result, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
	result_free(story.result);
}
END_TEST

static const TTest *const *const tests[] = {
	&a_long_origin_is_cut,
	&times_have_a_tolerance,
	&upper_bounds_of_all_times_are_read,
	&counts_must_be_equal,
	&words_are_compared,
	&a_value_of_one_run_only_is_no_difference,
	&errnos_and_end_of_file_are_compared,
	&results_of_two_hosts_come_in_any_order,
	&how_often_a_state_was_read_is_not_compared,
	&a_connection_is_the_identity_of_a_socket,
	&a_state_between_two_reads_is_no_difference,
	&narrow_table_has_whole_headings_and_more_columns_below,
	&last_column_without_prose_stays_beside_the_others,
	&output_fits_the_terminal_and_has_both_sides,
	&values_of_both_sides_are_on_one_line,
	&a_skipped_run_has_no_segments,
	&the_json_object_has_values_and_first_differences,
};

int main(void)
{
	return unit_run("compare-values", tests, ARRAY_SIZE(tests), NULL);
}
