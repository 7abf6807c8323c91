/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list and show, from their arguments to their output. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case-table.h"
#include "commands.h"
#include "draw-world.h"
#include "fake.h"
#include "fold.h"
#include "macro.h"
#include "selection.h"
#include "suite.h"
#include "unit.h"

struct output {
	int status;
	char out[16384], err[4096];
};

static int redirect(int fd)
{
	int file = memfd_create("output", MFD_CLOEXEC);

	ck_assert_int_ge(file, 0);
	ck_assert_int_ge(dup2(file, fd), 0);
	return file;
}

static void collect(int file, char *text, size_t size)
{
	ssize_t got = pread(file, text, size - 1, 0);

	ck_assert_int_ge(got, 0);
	text[got] = '\0';
	close(file);
}

/* `line` is split at blanks. */
static struct output *run(const char *line)
{
	static struct output output;
	char *copy = strdup(line), *argv[8] = { NULL };
	int saved_out, saved_err, out, err, argc = 0;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(NULL);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	out = redirect(STDOUT_FILENO);
	err = redirect(STDERR_FILENO);
	output.status = strcmp(argv[0], "list") == 0 ? cmd_list(argc, argv) :
						     cmd_show(argc, argv);
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	collect(out, output.out, sizeof(output.out));
	collect(err, output.err, sizeof(output.err));
	free(copy);
	return &output;
}

static void assert_fits(char *text, int columns)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(fold_width(line, SIZE_MAX) <= columns,
			      "wider than %d: %s", columns, line);
}

START_TEST(list_prints_all_cases)
{
	struct output *output = run("list");

	ck_assert_int_eq(output->status, 0);
	ck_assert_str_eq(output->err, "");
	assert_has(output->out, "\nserver-host-crash-data       A3-A6    "
			      "about 13 s\n"
			      "    the server's host dies while");
	assert_has(output->out, "nginx, Linux 4.19\n");
	assert_has(output->out, "about 15 min,");
	assert_fits(output->out, 80);
}
END_TEST

START_TEST(list_takes_patterns_names_and_claims)
{
	struct output *output = run("list keepalive-* A5 rto-bounds");

	ck_assert_int_eq(output->status, 0);
	assert_has(output->out, "\nkeepalive-peer-alive ");
	assert_has(output->out, "\nserver-host-crash-data ");
	assert_has(output->out, "\nrto-bounds ");
	assert_lacks(output->out, "gateway");
	assert_lacks(output->out, "http-keepalive-timeout");
}
END_TEST

START_TEST(list_has_json_lines)
{
	struct output *output = run("list --format jsonl server-host-crash-data");
	json_t *line = json_loads(output->out, 0, NULL);

	ck_assert_ptr_nonnull(line);
	ck_assert_str_eq(json_string_value(json_object_get(line, "name")),
			 "server-host-crash-data");
	ck_assert_double_eq(json_real_value(json_object_get(line, "seconds")),
			    12.6);
	ck_assert_uint_eq(json_array_size(json_object_get(line, "claims")), 4);
	ck_assert_uint_eq(json_array_size(json_object_get(line, "variants")),
			  3);
	ck_assert(json_is_true(json_object_get(line, "default")));
	json_decref(line);
}
END_TEST

START_TEST(list_prints_judgements_by_claim)
{
	struct output *output = run("list --document");
	const char *a9 = strstr(output->out, "  A9 ");
	const char *a10 = strstr(output->out, "  A10 ");

	ck_assert_int_eq(output->status, 0);
	assert_has(output->out, "A. 服务端挂了");
	assert_has(output->out, "\nB. SYN 报文");
	assert_lacks(output->out, "\nC. ");
	assert_has(output->out, "  A6    with a small RTT there are exactly 15");
	/* The variant that makes it, and not the case. */
	assert_has(output->out, "        outdated since 6.15\n"
			      "          halfopen run "
			      "server-host-crash-data/retries2=5\n"
			      "          The RTO's maximum can be set.\n");
	/* The case as a whole, of which a fast variant makes it. */
	assert_has(output->out,
		   "          halfopen run server-host-crash-data\n");
	assert_has(output->out,
		   "          halfopen run rto-bounds  (about 15 min)\n"
		   "          halfopen vm --virtual-time -- run rto-bounds  (in "
		   "seconds)\n");
	/* Numbers are numbers: A10 is not between A1 and A3. */
	ck_assert_ptr_nonnull(a9);
	ck_assert_ptr_nonnull(a10);
	ck_assert(a9 < a10);
}
END_TEST

START_TEST(list_prints_the_second_book_by_topic)
{
	struct output *output = run("list --edges");

	ck_assert_int_eq(output->status, 0);
	ck_assert_str_eq(output->out,
			 "connection tracking between two hosts\n"
			 "  gateway\n"
			 "    three hosts have three cables\n"
			 "    net/ipv4/tcp_ipv4.c:tcp_v4_rcv()\n"
			 "    since 5.11 and stable kernels, 9d9b1ee0b2d1:\n"
			 "      it ends\n");
}
END_TEST

START_TEST(wrong_arguments_are_named)
{
	static const struct {
		const char *line, *message;
	} table[] = {
		{ "list server-host-crahs-data",
		  "unknown case or claim 'server-host-crahs-data'; "
		  "similar: server-host-crash-data" },
		{ "list keepalife", "keepalive-peer-alive" },
		{ "list rto-bounds A99", "'A99'" },
		{ "list server-host-crash-data/retries2=9",
		  "unknown variant 'retries2=9' of server-host-crash-data; "
		  "variants: retries2=3, retries2=5" },
		{ "show rto-bounds/x", "unknown variant 'x' of rto-bounds\n" },
		{ "list --formt jsonl", "unrecognized option '--formt'" },
		{ "list --format yaml",
		  "--format 'yaml': expected human, jsonl or markdown" },
		{ "list --format", "'--format'" },
		{ "show gatway", "similar: gateway" },
		{ "list CLOSED_WAITX", "'CLOSED_WAITX'; halfopen list" },
		{ "show", "halfopen list" },
		{ "show --all", "unrecognized option '--all'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct output *output = run(table[i].line);

		ck_assert_int_eq(output->status, 2);
		ck_assert_str_eq(output->out, "");
		assert_has(output->err, table[i].message);
	}
}
END_TEST

START_TEST(words_of_the_documents_find_claims)
{
	static const struct {
		const char *line, *first; /* the first line of a claim */
	} table[] = {
		{ "list --document 倍数增长", "  A5 " },
		{ "list --document 石沉大海", "  A10 " },
		{ "list --document 120秒", "  A5 " },
		{ "list --document keepalive_timeout", "  A13 " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct output *output = run(table[i].line);
		const char *claim = strstr(output->out, "\n  A");

		ck_assert_int_eq(output->status, 0);
		assert_lacks(output->out, "nearest");
		ck_assert_msg(claim && strncmp(claim + 1, table[i].first,
					       strlen(table[i].first)) == 0,
			      "%s:\n%s", table[i].line, output->out);
	}
}
END_TEST

START_TEST(sentences_find_the_nearest_claims)
{
	static const char *const lines[] = {
		"list 每一轮的超时时间都是成倍增长的",
		"list --document 每一轮的超时时间都是成倍增长的",
		"show 每一轮的超时时间都是成倍增长的",
	};
	struct output *output;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		output = run(lines[i]);
		ck_assert_int_eq(output->status, 0);
		assert_has(output->out, "the nearest ones:\n\nA. ");
		assert_has(output->out, "  A5    the RTO doubles");
		assert_lacks(output->out, "\nSteps\n");
	}
	output = run("list 香蕉苹果");
	ck_assert_int_eq(output->status, 2);
	assert_has(output->err, "'香蕉苹果'; halfopen list --document ");
}
END_TEST

START_TEST(help_is_printed)
{
	ck_assert_int_eq(run("list --help")->status, 0);
	assert_has(run("list --help")->out, "usage: halfopen list ");
	ck_assert_int_eq(run("show --help")->status, 0);
	assert_has(run("show --help")->out, "usage: halfopen show ");
}
END_TEST

START_TEST(show_prints_every_section)
{
	struct output *output;

	output = run("show server-host-crash-data");
	ck_assert_int_eq(output->status, 0);
	assert_has(output->out, "server-host-crash-data  A3-A6  (about 13 s)\n");
	assert_has(output->out, "│ 10.0.0.1         ├───────┤ records       ├");
	assert_has(output->out, "\n  client     net.ipv4.tcp_syn_retries = 2\n");
	assert_has(output->out, "\nVariants\n"
			      "  retries2=3  (about 3 s)\n"
			      "    net.ipv4.tcp_retries2 is 3 at the client, whose "
			      "kernel gives up after 3 s\n"
			      "    client     net.ipv4.tcp_retries2 = 3\n");
	assert_has(output->out, "\n  retries2=5  (about 13 s)\n"
			      "    net.ipv4.tcp_retries2 is 5\n"
			      "    client     net.ipv4.tcp_retries2 = 5\n"
			      "    A6   outdated since 6.15\n"
			      "         The RTO's maximum can be set.\n");
	/* The same judgements are printed once. */
	assert_has(output->out, "\n    the kernel's default values\n"
			      "    A6 outdated since 6.15: as for "
			      "retries2=5\n"
			      "\nSteps\n");
	assert_has(output->out, "\n   2. crash the server's host\n");
	assert_has(output->out, "\nWhy\n  Nobody acknowledges");
	assert_has(output->out, "\n  A5   wrong\n       The first copy");
	assert_has(output->out, "\n  net/ipv4/tcp_timer.c:tcp_write_timeout()\n");
	assert_has(output->out, "\n  halfopen run server-host-crash-data\n");
	assert_fits(output->out, 80);
}
END_TEST

START_TEST(show_prints_one_source_per_line)
{
	struct output *output = run("show server-host-crash-keepalive");

	assert_has(output->out, "\nSources\n  RFC 9293 3.8.4\n"
			      "  net/ipv4/tcp_timer.c:tcp_keepalive_timer()\n");
	assert_has(output->out, "\n  every host net.ipv4.tcp_rmem = 4096 131072 "
			      "1048576\n");
}
END_TEST

START_TEST(worlds_are_drawn_in_ascii)
{
	const struct testcase *testcase = testcase_find("gateway");
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	draw_world(out, testcase->world, false);
	fclose(out);
	assert_has(text,
		   "  +------------------+       +---------------+       "
		   "+------------------+\n"
		   "  | client           | cable | the wire      | cable "
		   "| server           |\n"
		   "  | 10.0.0.1         +-------+ records       +-------"
		   "+ 10.0.0.2         |\n"
		   "  | fd00::1          |       | every frame   |       "
		   "| fd00::2          |\n"
		   "  +------------------+       |               |       "
		   "+------------------+\n"
		   "  +------------------+       |               |\n"
		   "  | client-b         | cable |               |\n"
		   "  | 10.0.0.3         +-------+               |\n"
		   "  |                  |       |               |\n"
		   "  +------------------+       +---------------+\n");
	free(text);
	assert_has(run("show gateway")->out, "address resolution can fail.");
}
END_TEST

START_TEST(patterns_select_runs)
{
	const struct testcase *testcase = testcases[FAKE_DATA];
	const struct variant *three = &testcase->variants[0];
	const struct variant *five = &testcase->variants[1];

	ck_assert(selection_matches_run(testcase, three, "server-host-crash-data"));
	ck_assert(selection_matches_run(testcase, three, "server-*"));
	ck_assert(selection_matches_run(testcase, three,
			     "server-host-crash-data/retries2=3"));
	ck_assert(!selection_matches_run(testcase, five,
			      "server-host-crash-data/retries2=3"));
	/* The second variant judges A6, and nothing else. */
	ck_assert(selection_matches_run(testcase, five, "a6"));
	ck_assert(!selection_matches_run(testcase, five, "A5"));
	ck_assert(selection_matches_run(testcase, three, "A5"));
	ck_assert(!selection_matches_run(testcase, three, "A55"));
	ck_assert(selection_matches_case(testcase, "A6"));
	ck_assert(!selection_matches_case(testcase, "A1"));
}
END_TEST

static const TTest *const *const tests[] = {
	&list_prints_all_cases,
	&list_takes_patterns_names_and_claims,
	&list_has_json_lines,
	&list_prints_judgements_by_claim,
	&list_prints_the_second_book_by_topic,
	&wrong_arguments_are_named,
	&words_of_the_documents_find_claims,
	&sentences_find_the_nearest_claims,
	&help_is_printed,
	&show_prints_every_section,
	&show_prints_one_source_per_line,
	&worlds_are_drawn_in_ascii,
	&patterns_select_runs,
};

int main(void)
{
	return unit_run("commands", tests, ARRAY_SIZE(tests), NULL);
}
