/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * harness/doc/lab.md, or its translation, against the grammar. The language of
 * a fenced block says what is in it: `yaml` a file; `action`, `moment` and
 * `expectation` a sentence per line; `syntax` forms of sentences; `text` what
 * is printed. Every example must be valid, every form and key must be listed,
 * and every verb, event, and kind of expectation must have an example. The page
 * in the other language has the same sections with the same examples.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "lab-action.h"
#include "lab-check.h"
#include "lab-expectation.h"
#include "lab-file.h"
#include "lab-value.h"
#include "plans.h"
#include "unit.h"

enum { TEXT = 64 << 10 };

static const char *page_file, *other_file; /* the arguments */
static char page[TEXT]; /* a line break, and all of it */

static void read_page(const char *name, char text[TEXT])
{
	FILE *file = fopen(name, "re");
	size_t n;

	ck_assert_msg(file != NULL, "%s: %s", name, strerror(errno));
	text[0] = '\n';
	n = 1 + fread(text + 1, 1, TEXT - 1, file);
	fclose(file);
	ck_assert_uint_lt(n, TEXT);
	text[n] = '\0';
}

static void setup(void)
{
	plan_begin();
	read_page(page_file, page);
}

/* Calls the function for each fenced block of this language. */
static void each_block(const char *language, void (*fn)(const char *text))
{
	char fence[32], *at = page;
	bool inside = false;
	unsigned int n = 0;

	snprintf(fence, sizeof(fence), "\n```%s\n", language);
	while ((at = strstr(at, "\n```"))) {
		bool ours = !inside && strncmp(at, fence, strlen(fence)) == 0;
		char *begin = at + strlen(fence);
		char *end = strstr(at + 1, "\n```");

		inside = !inside;
		if (inside)
			ck_assert_ptr_nonnull(end);
		if (ours) {
			*end = '\0';
			fn(begin);
			*end = '\n';
			n++;
		}
		at++;
	}
	ck_assert_msg(n > 0, "no block of %s", language);
}

/* The same for each line of these blocks. */
static void (*line_fn)(const char *line);

static void each_line_of_block(const char *text)
{
	char copy[TEXT];

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *rest, *line = strtok_r(copy, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		line_fn(line);
}

static void each_line(const char *language, void (*fn)(const char *line))
{
	line_fn = fn;
	each_block(language, each_line_of_block);
}

static bool is_one_of(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

/* A block of another language would be an example that no test parses. */
START_TEST(every_block_has_a_known_language)
{
	static const char *const languages[] = {
		"action", "expectation", "moment", "syntax", "text", "yaml",
	};
	bool inside = false;

	for (char *at = page; (at = strstr(at, "\n```")); at += 4) {
		char language[32];

		inside = !inside;
		snprintf(language, sizeof(language), "%.*s",
			 (int)strcspn(at + 4, "\n"), at + 4);
		ck_assert_msg(inside ? is_one_of(language, languages,
						 ARRAY_SIZE(languages)) :
				       !*language,
			      "'%s'", language);
	}
	ck_assert(!inside);
}
END_TEST

START_TEST(every_file_is_valid)
{
	each_block("yaml", must_pass);
}
END_TEST

/* --- sentences ------------------------------------------------------------*/

static const char *verbs[LAB_STEPS]; /* of the examples */
static size_t n_verbs;

static void parse_action(const char *line)
{
	struct lab_action action;

	ck_assert_msg(lab_action_parse(plan, line, NULL, &action) == 0,
		      "%s: %s", line, error_message());
	ck_assert_uint_lt(n_verbs, ARRAY_SIZE(verbs));
	verbs[n_verbs++] = action.name;
}

/* "crash HOST": an example has this verb. */
static void must_have_example(void *data MACRO_UNUSED, const char *syntax,
			      const char *what MACRO_UNUSED)
{
	char verb[32];

	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(syntax, " "), syntax);
	/* CHOICE and KIND are no verbs. */
	if (*verb >= 'A' && *verb <= 'Z')
		return;
	ck_assert_msg(is_one_of(verb, verbs, n_verbs),
		      "no example of '%s' in a block of actions", verb);
}

START_TEST(every_action_has_a_valid_example)
{
	each_line("action", parse_action);
	lab_action_each(must_have_example, NULL);
}
END_TEST

static bool events[LAB_AFTER_STEP + 1];

static void parse_moment(const char *line)
{
	struct lab_moment moment;

	ck_assert_msg(lab_moment_parse(plan, line, NULL, &moment) == 0,
		      "%s: %s", line, error_message());
	events[moment.event] = true;
}

START_TEST(every_event_has_a_valid_example)
{
	each_line("moment", parse_moment);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		ck_assert_msg(events[i], "no example of event %zu", i);
}
END_TEST

static bool kinds[LAB_EXPECT_RECEIVED + 1];

static void parse_expectation(const char *line)
{
	struct lab_expectation e;

	ck_assert_msg(lab_expectation_parse(plan, line, NULL, &e) == 0,
		      "%s: %s", line, error_message());
	kinds[e.kind] = true;
}

START_TEST(every_expectation_has_a_valid_example)
{
	each_line("expectation", parse_expectation);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		ck_assert_msg(kinds[i], "no example of expectation %zu", i);
}
END_TEST

/* --- forms, keys and words ------------------------------------------------*/

static const char *wanted;
static bool found;

static void find_line(const char *line)
{
	found |= strcmp(line, wanted) == 0;
}

static void must_be_listed(void *data MACRO_UNUSED, const char *syntax,
			   const char *what MACRO_UNUSED)
{
	wanted = syntax;
	found = false;
	each_line("syntax", find_line);
	ck_assert_msg(found, "'%s' is in no block of syntax", syntax);
}

static void find_syntax(void *data MACRO_UNUSED, const char *syntax,
			const char *what MACRO_UNUSED)
{
	found |= strcmp(syntax, wanted) == 0;
}

static void must_exist(const char *line)
{
	wanted = line;
	found = false;
	lab_action_each(find_syntax, NULL);
	lab_moment_each(find_syntax, NULL);
	lab_expectation_each(find_syntax, NULL);
	ck_assert_msg(found, "'%s' is no form of the grammar", line);
}

START_TEST(syntax_is_that_of_the_tables)
{
	lab_action_each(must_be_listed, NULL);
	lab_moment_each(must_be_listed, NULL);
	lab_expectation_each(must_be_listed, NULL);
	each_line("syntax", must_exist);
}
END_TEST

/* As `key`, behind the last dot of the path. */
static void must_have_key(void *data MACRO_UNUSED, const char *path)
{
	const char *dot = strrchr(path, '.');
	char key[64];

	snprintf(key, sizeof(key), "`%s`", dot ? dot + 1 : path);
	ck_assert_msg(strstr(page, key) != NULL, "no key %s", key);
}

START_TEST(every_key_of_the_file_is_described)
{
	lab_file_each_key(must_have_key, NULL);
}
END_TEST

START_TEST(every_kind_of_frame_and_state_is_listed)
{
	const struct lab_kind *all;
	const char *states[16];
	size_t n;

	all = lab_value_kinds(&n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(page, all[i].many) != NULL, "%s",
			      all[i].many);
	n = lab_value_states(states, ARRAY_SIZE(states));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(page, states[i]) != NULL, "%s", states[i]);
}
END_TEST

/* --- the other language ---------------------------------------------------*/

/* Reduces the text to what is the same in every language: the levels of the
 * headings, and the blocks except those of what is printed. */
static void keep_structure(char *text)
{
	bool inside = false, printed = false;
	char *to = text;

	for (char *rest, *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		bool fence = strncmp(line, "```", 3) == 0;
		size_t n;

		if (fence) {
			inside = !inside;
			printed = strcmp(line, "```text") == 0;
		}
		if (!inside && !fence)
			line[strspn(line, "#")] = '\0';
		if (!*line || (printed && !fence))
			continue;
		n = strlen(line);
		memmove(to, line, n);
		to[n] = '\n';
		to += n + 1;
	}
	*to = '\0';
}

START_TEST(other_page_has_the_same_sections_and_examples)
{
	static char other[TEXT];
	size_t same = 0;

	read_page(other_file, other);
	keep_structure(page);
	keep_structure(other);
	while (page[same] && page[same] == other[same])
		same++;
	while (same > 0 && page[same - 1] != '\n')
		same--;
	ck_assert_msg(!page[same] && !other[same], "'%.*s', and in %s '%.*s'",
		      (int)strcspn(page + same, "\n"), page + same, other_file,
		      (int)strcspn(other + same, "\n"), other + same);
}
END_TEST

static const TTest *const *const tests[] = {
	&every_block_has_a_known_language,
	&every_file_is_valid,
	&every_action_has_a_valid_example,
	&every_event_has_a_valid_example,
	&every_expectation_has_a_valid_example,
	&syntax_is_that_of_the_tables,
	&every_key_of_the_file_is_described,
	&every_kind_of_frame_and_state_is_listed,
	&other_page_has_the_same_sections_and_examples,
};

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: test-lab-manual PAGE OTHER-PAGE\n");
		return 2;
	}
	page_file = argv[1];
	other_file = argv[2];
	return unit_run("lab-manual", tests, ARRAY_SIZE(tests), setup);
}
