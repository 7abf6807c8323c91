/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list and show, from their arguments to what stands on the screen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "case-table.h"
#include "cmd-list.h"
#include "cmd-show.h"
#include "fake.h"
#include "fold.h"
#include "macro.h"
#include "select.h"
#include "suite.h"
#include "unit.h"

struct told {
	int status;
	char out[16384], err[4096];
};

static int redirect(int fd)
{
	int file = memfd_create("told", MFD_CLOEXEC);

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

/* `line` is parted at its blanks. */
static struct told *run(const char *line)
{
	static struct told told;
	char *copy = strdup(line), *argv[8] = { NULL };
	int saved_out, saved_err, out, err, argc = 0;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(NULL);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	out = redirect(STDOUT_FILENO);
	err = redirect(STDERR_FILENO);
	told.status = strcmp(argv[0], "list") == 0 ? cmd_list(argc, argv) :
						     cmd_show(argc, argv);
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	collect(out, told.out, sizeof(told.out));
	collect(err, told.err, sizeof(told.err));
	free(copy);
	return &told;
}

static void assert_fits(char *text, int columns)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(fold_width(line, SIZE_MAX) <= columns,
			      "wider than %d: %s", columns, line);
}

START_TEST(list_tells_all)
{
	struct told *told = run("list");

	ck_assert_int_eq(told->status, 0);
	ck_assert_str_eq(told->err, "");
	assert_has(told->out, "\nserver-host-crash-data       A3-A6    "
			      "about 13 s\n"
			      "    the server's host dies while");
	assert_has(told->out, "nginx, Linux 4.19\n");
	assert_has(told->out, "about 15 min,");
	assert_fits(told->out, 80);
}
END_TEST

START_TEST(list_takes_patterns_names_and_claims)
{
	struct told *told = run("list keepalive-* A5 rto-bounds");

	ck_assert_int_eq(told->status, 0);
	assert_has(told->out, "\nkeepalive-peer-alive ");
	assert_has(told->out, "\nserver-host-crash-data ");
	assert_has(told->out, "\nrto-bounds ");
	assert_lacks(told->out, "gateway");
	assert_lacks(told->out, "http-keepalive-timeout");
}
END_TEST

START_TEST(list_has_json_lines)
{
	struct told *told = run("list --format jsonl server-host-crash-data");
	json_t *line = json_loads(told->out, 0, NULL);

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

START_TEST(list_knows_the_documents)
{
	struct told *told = run("list --document");
	const char *a9 = strstr(told->out, "  A9 ");
	const char *a10 = strstr(told->out, "  A10 ");

	ck_assert_int_eq(told->status, 0);
	assert_has(told->out, "A. 服务端挂了");
	assert_has(told->out, "\nB. SYN 报文");
	assert_lacks(told->out, "\nC. ");
	assert_has(told->out, "  A6    with a small RTT there are exactly 15");
	assert_has(told->out, "        outdated since 6.15  "
			      "(server-host-crash-data/retries2=5)\n"
			      "          The RTO's maximum can be set.\n");
	/* Numbers are numbers: A10 is not between A1 and A3. */
	ck_assert_ptr_nonnull(a9);
	ck_assert_ptr_nonnull(a10);
	ck_assert(a9 < a10);
}
END_TEST

START_TEST(what_is_unknown_is_named)
{
	static const struct {
		const char *line, *message;
	} table[] = {
		{ "list server-host-crahs-data",
		  "'server-host-crahs-data', or proves it; the nearest: "
		  "server-host-crash-data" },
		{ "list keepalife", "keepalive-peer-alive" },
		{ "list rto-bounds A99", "'A99'" },
		{ "list server-host-crash-data/retries2=9",
		  "no variant 'retries2=9'; it has: retries2=3, retries2=5" },
		{ "show rto-bounds/x", "no variant 'x'\n" },
		{ "list --formt jsonl", "unrecognized option '--formt'" },
		{ "list --format yaml", "'yaml'" },
		{ "list --format", "'--format'" },
		{ "show gatway", "the nearest: gateway" },
		{ "show", "halfopen list" },
		{ "show --all", "unrecognized option '--all'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct told *told = run(table[i].line);

		ck_assert_int_eq(told->status, 2);
		ck_assert_str_eq(told->out, "");
		assert_has(told->err, table[i].message);
	}
}
END_TEST

START_TEST(help_is_at_hand)
{
	ck_assert_int_eq(run("list --help")->status, 0);
	assert_has(run("list --help")->out, "usage: halfopen list ");
	ck_assert_int_eq(run("show --help")->status, 0);
	assert_has(run("show --help")->out, "usage: halfopen show ");
}
END_TEST

START_TEST(show_tells_the_whole_case)
{
	struct told *told;

	setenv("LC_ALL", "C.UTF-8", 1);
	told = run("show server-host-crash-data");
	ck_assert_int_eq(told->status, 0);
	assert_has(told->out, "server-host-crash-data  A3-A6  (about 13 s)\n");
	assert_has(told->out, "│ 10.0.0.1         ├───────┤ sees, records ├");
	assert_has(told->out, "\n  client     net.ipv4.tcp_syn_retries = 2\n");
	assert_has(told->out, "\n  retries2=5  (about 13 s)\n"
			      "    client     net.ipv4.tcp_retries2 = 5\n"
			      "    A6   outdated since 6.15\n");
	assert_has(told->out, "\n   2. crash the server's host\n");
	assert_has(told->out, "\nWhy\n  Nobody acknowledges");
	assert_has(told->out, "\n  A5   wrong\n       The first copy");
	assert_has(told->out, "\n  net/ipv4/tcp_timer.c:tcp_write_timeout()\n");
	assert_has(told->out, "\n  halfopen run server-host-crash-data\n");
	assert_fits(told->out, 80);
}
END_TEST

START_TEST(show_parts_the_sources)
{
	struct told *told = run("show server-host-crash-keepalive");

	assert_has(told->out, "\nSources\n  RFC 9293 3.8.4\n"
			      "  net/ipv4/tcp_timer.c:tcp_keepalive_timer()\n");
	assert_has(told->out, "\n  every host net.ipv4.tcp_rmem = 4096 131072 "
			      "1048576\n");
}
END_TEST

START_TEST(show_draws_ascii_where_it_must)
{
	struct told *told;

	setenv("LC_ALL", "C", 1);
	told = run("show gateway");
	assert_has(told->out,
		   "  +------------------+       +---------------+       "
		   "+------------------+\n"
		   "  | client           | cable | the wire      | cable "
		   "| server           |\n"
		   "  | 10.0.0.1         +-------+ sees, records +-------"
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
	assert_has(told->out, "address resolution can\n  fail.");
}
END_TEST

START_TEST(words_select_runs)
{
	const struct testcase *testcase = testcases[FAKE_DATA];
	const struct variant *three = &testcase->variants[0];
	const struct variant *five = &testcase->variants[1];

	ck_assert(select_run(testcase, three, "server-host-crash-data"));
	ck_assert(select_run(testcase, three, "server-*"));
	ck_assert(select_run(testcase, three,
			     "server-host-crash-data/retries2=3"));
	ck_assert(!select_run(testcase, five,
			      "server-host-crash-data/retries2=3"));
	/* The second variant judges A6, and nothing else. */
	ck_assert(select_run(testcase, five, "a6"));
	ck_assert(!select_run(testcase, five, "A5"));
	ck_assert(select_run(testcase, three, "A5"));
	ck_assert(!select_run(testcase, three, "A55"));
	ck_assert(select_case(testcase, "A6"));
	ck_assert(!select_case(testcase, "A1"));
}
END_TEST

static const TTest *const *const tests[] = {
	&list_tells_all,
	&list_takes_patterns_names_and_claims,
	&list_has_json_lines,
	&list_knows_the_documents,
	&what_is_unknown_is_named,
	&help_is_at_hand,
	&show_tells_the_whole_case,
	&show_parts_the_sources,
	&show_draws_ascii_where_it_must,
	&words_select_runs,
};

int main(void)
{
	return unit_run("commands", tests, ARRAY_SIZE(tests), NULL);
}
