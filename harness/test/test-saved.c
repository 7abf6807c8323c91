/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Journals of --out DIR, read back: cases, damaged files, untrusted text. */
#include "saved.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "case-table.h"
#include "errors.h"
#include "fake.h"
#include "macro.h"
#include "unit.h"

static char dir[] = "/tmp/halfopen-saved-XXXXXX";

static int remove_entry(const char *path, const struct stat *status MACRO_UNUSED,
		int type MACRO_UNUSED, struct FTW *at MACRO_UNUSED)
{
	return remove(path);
}

/* check runs each test in a process of its own, which removes its folder. */
static void remove_all(void)
{
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void new_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	atexit(remove_all);
}

/* DIR/FOLDER/journal.jsonl, with these bytes. */
static void write_journal(const char *folder, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	for (char *at = path + 1; *at; at++)
		if (*at == '/') {
			*at = '\0';
			mkdir(path, 0777);
			*at = '/';
		}
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/journal.jsonl", dir, folder);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static struct saved *read_dir(struct saved_run **ret, size_t n)
{
	struct saved *saved;

	ck_assert_int_eq(saved_new(&saved, dir), 0);
	ck_assert_uint_eq(saved_runs(saved, ret), n);
	return saved;
}

#define START(name_, more_)                                                    \
	"{\"t\":0,\"type\":\"start\",\"journal\":2,\"name\":\"" name_           \
	"\",\"family\":4,\"repetition\":1,\"seconds\":1" more_ "}\n"
#define NOTE "{\"t\":0.5,\"type\":\"note\",\"text\":\"x\"}\n"
#define PASS                                                                   \
	"{\"t\":2.5,\"type\":\"verdict\",\"verdict\":\"pass\",\"reason\":\"\"," \
	"\"inconclusive\":false}\n"

START_TEST(a_known_case_is_the_one_of_the_table)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", START("server-process-crash", "") NOTE PASS);
	saved = read_dir(&runs, 1);
	ck_assert_ptr_null(runs[0].problem);
	ck_assert_ptr_eq(runs[0].result->testcase, testcases[FAKE_PROCESS]);
	ck_assert_int_eq(runs[0].result->verdict, VERDICT_PASS);
	ck_assert_uint_eq(json_array_size(runs[0].result->judgements), 1);
	/* The duration of the run, not of reading it. */
	ck_assert_int_eq(runs[0].result->took, MSEC(2500));
	saved_free(saved);
}
END_TEST

START_TEST(an_unknown_case_is_made_from_the_start_record)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal(
		"a",
		START("brand-new",
		      ",\"variant\":\"v=1\",\"claim\":\"a claim\",\"why\":\"so\""
		      ",\"judgements\":[{\"claim\":\"Z9\",\"document\":"
		      "\"outdated\",\"since\":\"7.1\",\"note\":\"n\"}]") PASS);
	write_journal("b", START("brand-new",
				 ",\"variant\":\"v=2\",\"claim\":\"a claim\"")
				   PASS);
	saved = read_dir(&runs, 2);
	ck_assert_str_eq(runs[0].result->testcase->name, "brand-new");
	ck_assert_str_eq(runs[0].result->testcase->claim, "a claim");
	ck_assert_str_eq(runs[0].result->testcase->why, "so");
	ck_assert_str_eq(runs[0].result->variant->name, "v=1");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(runs[0].result->judgements, 0),
				 "since")),
			 "7.1");
	/* One case: tables group its variants. */
	ck_assert_ptr_eq(runs[0].result->testcase, runs[1].result->testcase);
	ck_assert_uint_eq(json_array_size(runs[1].result->judgements), 0);
	ck_assert(saved_matches(&runs[0], "brand-*"));
	ck_assert(saved_matches(&runs[0], "brand-new/v=1"));
	ck_assert(saved_matches(&runs[0], "z9"));
	ck_assert(!saved_matches(&runs[1], "z9"));
	ck_assert(saved_matches(&runs[1], "b"));
	saved_free(saved);
}
END_TEST

START_TEST(a_case_that_has_changed_is_made_from_the_start_record)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", START("server-process-crash",
				 ",\"claim\":\"an older sentence\","
				 "\"judgements\":[]") PASS);
	saved = read_dir(&runs, 1);
	ck_assert_str_eq(runs[0].result->testcase->claim, "an older sentence");
	ck_assert_uint_eq(json_array_size(runs[0].result->judgements), 0);
	saved_free(saved);
}
END_TEST

START_TEST(a_line_without_its_end_is_reported_and_left_out)
{
	struct saved_run *runs;
	struct saved *saved;
	char expected[256];

	write_journal("a", START("server-process-crash", "") NOTE
		      "{\"t\":0.7,\"type\":\"no");
	saved = read_dir(&runs, 1);
	snprintf(expected, sizeof(expected),
		 "%s/a/journal.jsonl: line 3 is cut off and left out",
		 dir);
	ck_assert_str_eq(runs[0].problem, expected);
	ck_assert_int_eq(runs[0].result->verdict, VERDICT_BROKEN);
	ck_assert_str_eq(runs[0].result->reason, "the journal has no verdict");
	ck_assert_int_eq(saved_read_journal(&runs[0]), 0);
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 2);
	saved_free(saved);
}
END_TEST

START_TEST(an_invalid_record_is_reported_with_its_line)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", START("server-process-crash", "") "{\"t\":1,}\n" PASS);
	write_journal("b", START("server-process-crash", "")
			       "{\"t\":1,\"type\":\"note\"}\n" PASS);
	saved = read_dir(&runs, 2);
	ck_assert_ptr_nonnull(
		strstr(runs[0].problem, "a/journal.jsonl: line 2: journal, "
					"byte 8: "));
	ck_assert_ptr_nonnull(
		strstr(runs[1].problem,
		       "b/journal.jsonl: line 2: journal record "
		       "'note': text has the wrong type; expected: a string"));
	/* The records before that line are there. */
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 1);
	saved_free(saved);
}
END_TEST

START_TEST(a_journal_without_a_start_record_is_no_run)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", NOTE PASS);
	write_journal("b", "");
	write_journal("c", START("server-process-crash", "") PASS);
	saved = read_dir(&runs, 3);
	ck_assert_ptr_null(runs[0].result);
	ck_assert_ptr_nonnull(strstr(runs[0].problem, "line 1"));
	ck_assert_ptr_null(runs[1].result);
	ck_assert_ptr_nonnull(strstr(runs[1].problem, "empty"));
	ck_assert_ptr_nonnull(runs[2].result);
	ck_assert_ptr_null(runs[2].problem);
	saved_free(saved);
}
END_TEST

START_TEST(a_journal_of_version_1_is_refused)
{
	struct saved_run *runs;
	struct saved *saved;
	char expected[256];

	write_journal("a", "{\"t\":0,\"type\":\"start\",\"name\":\"old\","
			   "\"family\":4,\"repetition\":1,\"seconds\":1}\n"
			   PASS);
	saved = read_dir(&runs, 1);
	snprintf(expected, sizeof(expected),
		 "%s/a/journal.jsonl: journal version 1: this halfopen reads "
		 "version 2; record the run again",
		 dir);
	ck_assert_ptr_null(runs[0].result);
	ck_assert_str_eq(runs[0].problem, expected);
	saved_free(saved);
}
END_TEST

START_TEST(a_folder_without_journals_is_refused)
{
	struct saved *saved;

	ck_assert_int_eq(saved_new(&saved, dir), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error_message(), dir));
	ck_assert_int_lt(saved_new(&saved, "/nowhere/at/all"), 0);
	ck_assert_ptr_nonnull(strstr(error_message(), "/nowhere/at/all"));
}
END_TEST

START_TEST(the_whole_journal_can_be_read_again)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", START("server-process-crash", "") NOTE NOTE PASS);
	saved = read_dir(&runs, 1);
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 1);
	ck_assert_int_eq(saved_read_journal(&runs[0]), 0);
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 4);
	saved_free(saved);
}
END_TEST

/* ESC and the one-character CSI, U+009B. */
START_TEST(paths_with_unsafe_characters_are_refused)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a\x1b[2J", START("server-process-crash", "") PASS);
	write_journal("b\xff", START("server-process-crash", "") PASS);
	saved = read_dir(&runs, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_ptr_null(runs[i].result);
		ck_assert_ptr_nonnull(strstr(runs[i].problem,
					     "control characters"));
		ck_assert_ptr_null(strchr(runs[i].problem, '\x1b'));
		ck_assert_ptr_null(strstr(runs[i].problem, "\xff"));
	}
	saved_free(saved);
}
END_TEST

/* Of 30000 frames the first and last 8000 are read, all of them on request. */
START_TEST(of_many_frames_the_middle_is_left_out)
{
	struct saved_run *runs;
	struct saved *saved;
	const json_t *note;
	char path[256];
	FILE *file;

	write_journal("a", START("server-process-crash", ""));
	snprintf(path, sizeof(path), "%s/a/journal.jsonl", dir);
	file = fopen(path, "ae");
	ck_assert_ptr_nonnull(file);
	for (int i = 1; i <= 30000; i++)
		fprintf(file,
			"{\"t\":%d.5,\"type\":\"frame\",\"from\":\"client\","
			"\"to\":\"server\",\"fate\":\"forwarded\","
			"\"text\":\"frame %d\",\"kinds\":[]}\n", i, i);
	fclose(file);
	saved = read_dir(&runs, 1);
	ck_assert_ptr_null(runs[0].problem);
	ck_assert_int_eq(runs[0].result->took, SEC(30000) + MSEC(500));
	ck_assert_int_eq(saved_read_journal(&runs[0]), 0);
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 16002);
	note = json_array_get(runs[0].result->journal, 8001);
	ck_assert_str_eq(json_string_value(json_object_get(note, "text")),
			 "14000 frames are left out here");
	ck_assert_double_eq(json_number_value(json_object_get(note, "t")),
			    8001.5);
	ck_assert_double_eq(json_number_value(json_object_get(note, "until")),
			    22000.5);
	note = json_array_get(runs[0].result->journal, 8002);
	ck_assert_str_eq(json_string_value(json_object_get(note, "text")),
			 "frame 22001");
	runs[0].result->keeps_all_frames = true;
	ck_assert_int_eq(saved_read_journal(&runs[0]), 0);
	ck_assert_uint_eq(json_array_size(runs[0].result->journal), 30001);
	saved_free(saved);
}
END_TEST

START_TEST(control_characters_are_replaced)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal("a", START("server-process-crash", "")
			       "{\"t\":1,\"type\":\"note\",\"text\":"
			       "\"\\u001b[2J \xc2\x9b[2J\"}\n" PASS);
	saved = read_dir(&runs, 1);
	ck_assert_int_eq(saved_read_journal(&runs[0]), 0);
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(runs[0].result->journal, 1),
				 "text")),
			 "?[2J ?[2J");
	saved_free(saved);
}
END_TEST

START_TEST(a_journal_in_dir_itself_has_an_empty_folder)
{
	struct saved_run *runs;
	struct saved *saved;

	write_journal(".", START("server-process-crash", "") PASS);
	saved = read_dir(&runs, 1);
	ck_assert_str_eq(runs[0].folder, "");
	saved_free(saved);
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&a_known_case_is_the_one_of_the_table,
		&an_unknown_case_is_made_from_the_start_record,
		&a_case_that_has_changed_is_made_from_the_start_record,
		&a_line_without_its_end_is_reported_and_left_out,
		&an_invalid_record_is_reported_with_its_line,
		&a_journal_without_a_start_record_is_no_run,
		&a_journal_of_version_1_is_refused,
		&a_folder_without_journals_is_refused,
		&the_whole_journal_can_be_read_again,
		&paths_with_unsafe_characters_are_refused,
	&of_many_frames_the_middle_is_left_out,
	&control_characters_are_replaced,
		&a_journal_in_dir_itself_has_an_empty_folder,
	};

	return unit_run("saved", tests, ARRAY_SIZE(tests), new_dir);
}
