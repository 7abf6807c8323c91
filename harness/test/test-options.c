/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of `run`, and which runs it means. */
#include "run-options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "fake.h"
#include "selection.h"
#include "settings.h"
#include "unit.h"
#include "vm-options.h"

static struct command_options options;

/* `line` is parted at its blanks; "run" stands before it. What it complains of
 * on stderr is the runner's tests' business. */
/* -1, or an exit status. */
static int parse(const char *line)
{
	static char words[512], *argv[32];
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	argv[0] = words + sizeof(words) - 1;
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	fclose(stderr);
	stderr = fopen("/dev/null", "w");
	return run_options_parse(&options, argc, argv);
}

START_TEST(defaults_without_arguments)
{
	ck_assert_int_eq(parse(""), -1);
	ck_assert_int_eq(options.run.family, AF_INET);
	ck_assert_int_eq(options.run.slack, MSEC(50));
	ck_assert_double_eq(options.run.timeout_multiplier, 1);
	ck_assert_uint_eq(options.repetitions, 1);
	ck_assert_uint_eq(options.retries, 0);
	ck_assert_uint_eq(options.parallel, 0);
	ck_assert_ptr_eq(options.reporter, &reporter_human);
	ck_assert(!options.run.without_faults && !options.run.offload &&
		  !options.skip_inconclusive && !options.all &&
		  !options.verbose && !options.run.keep);
	ck_assert_ptr_null(options.settings[0].name);
	ck_assert_uint_eq(options.n_patterns, 0);
}
END_TEST

START_TEST(every_option_is_stored)
{
	ck_assert_int_eq(parse("-v -j 3 --repeat 4 --retry 5 --family 6 "
			       "--format jsonl --out here --all --keep "
			       "--without-faults --offload --inconclusive skip "
			       "--slack 7.5 --timeout-mul 2.5 --shard 2/3 A10 "
			       "server-*"),
			 -1);
	ck_assert(options.verbose && options.all && options.run.keep &&
		  options.run.without_faults && options.run.offload &&
		  options.skip_inconclusive);
	ck_assert_uint_eq(options.parallel, 3);
	ck_assert_uint_eq(options.repetitions, 4);
	ck_assert_uint_eq(options.retries, 5);
	ck_assert_int_eq(options.run.family, AF_INET6);
	ck_assert_ptr_eq(options.reporter, &reporter_jsonl);
	ck_assert_str_eq(options.out, "here");
	ck_assert_int_eq(options.run.slack, USEC(7500));
	ck_assert_double_eq(options.run.timeout_multiplier, 2.5);
	ck_assert_uint_eq(options.shard, 2);
	ck_assert_uint_eq(options.shards, 3);
	ck_assert_uint_eq(options.n_patterns, 2);
	ck_assert_str_eq(options.patterns[0], "A10");
}
END_TEST

START_TEST(settings_are_split_and_keep_their_order)
{
	ck_assert_int_eq(parse("--set net.ipv4.tcp_retries2=3 "
			       "--set client:net.ipv4.tcp_sack=0"),
			 -1);
	ck_assert_ptr_eq(options.run.settings, options.settings);
	ck_assert_ptr_null(options.settings[0].host);
	ck_assert_str_eq(options.settings[0].name, "net.ipv4.tcp_retries2");
	ck_assert_str_eq(options.settings[0].text, "3");
	ck_assert_str_eq(options.settings[1].host, "client");
	ck_assert_str_eq(options.settings[1].name, "net.ipv4.tcp_sack");
	ck_assert_ptr_null(options.settings[2].name);
}
END_TEST

START_TEST(invalid_arguments_are_refused)
{
	static const char *const lines[] = {
		"--frob",	   "-j",	      "-j 0",
		"-j x",		   "-j 3x",	      "--repeat 0",
		"--repeat -1",	   "--retry x",	      "--family 5",
		"--format xml",	   "--inconclusive",  "--inconclusive maybe",
		"--slack -1",	   "--slack nan",     "--timeout-mul 0",
		"--timeout-mul x", "--set",	      "--set x",
		"--mapped --family 6",
		"--set =3",	   "--set net.ipv4.tcp_sack=",
		"--set kernel.panic=1",		      "--set net.ipv4/tcp_sack=1",
		"--set net.ipv4...x=1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		ck_assert_msg(parse(lines[i]) == EXIT_STATUS_USAGE, "%s",
			      lines[i]);
}
END_TEST

static size_t count(const char *line)
{
	struct selection selection;
	size_t n;

	ck_assert_int_eq(parse(line), -1);
	if (selection_new(&selection, &options) < 0)
		return 0;
	n = selection.n;
	selection_free(&selection);
	return n;
}

START_TEST(patterns_select_cases_variants_and_claims)
{
	ck_assert_uint_eq(count("server-host-crash-data"), 2);
	ck_assert_uint_eq(count("server-host-crash-data/retries2=5"), 1);
	ck_assert_uint_eq(count("server-host-crash-data/*"), 2);
	/* Two patterns for a run select it once. */
	ck_assert_uint_eq(count("server-host-crash-data server-*-data"), 2);
	ck_assert_uint_eq(count("--repeat 3 server-host-crash-data"), 6);
	ck_assert_uint_ge(count("A3"), 1);
	ck_assert_uint_eq(count("A3"), count("a3"));
	ck_assert_uint_eq(count("no-such-case"), 0);
	ck_assert_uint_eq(count("server-host-crash-data no-such-case"), 0);
	ck_assert_uint_ge(count("--all"), count(""));
}
END_TEST

START_TEST(defaults_select_runs_at_default_values)
{
	size_t n = count("--defaults");

	ck_assert_uint_ge(n, 1);
	ck_assert_uint_eq(count("--defaults --all"), n);
	ck_assert_uint_eq(count("server-host-crash-data-defaults"), 1);
	ck_assert_uint_eq(count("server-host-crash-data/defaults"), 1);
	ck_assert_uint_eq(count("--defaults server-host-crash-data"), 1);
	ck_assert_uint_eq(count("--all server-host-crash-data"), 2);
	/* None of its runs is at default values. */
	ck_assert_uint_eq(count("--defaults http-keepalive-timeout"), 0);
}
END_TEST

/* The parts contain each run once, and differ by one run at most. */
START_TEST(shards_are_a_partition)
{
	enum { SHARDS = 3 };
	const size_t all = count("--all --repeat 2");
	size_t sum = 0;

	for (int k = 1; k <= SHARDS; k++) {
		char line[64];
		struct selection part;

		snprintf(line, sizeof(line), "--all --repeat 2 --shard %d/%d", k,
			 SHARDS);
		ck_assert_int_eq(parse(line), -1);
		ck_assert_int_eq(selection_new(&part, &options), 0);
		ck_assert_uint_ge(part.n + 2, all / SHARDS);
		ck_assert_uint_le(part.n, all / SHARDS + 2);
		sum += part.n;
		for (size_t i = 0; i < part.n; i += 2)
			ck_assert(part.jobs[i].variant ==
					  part.jobs[i + 1].variant &&
				  part.jobs[i + 1].repetition == 2);
		selection_free(&part);
	}
	ck_assert_uint_eq(sum, all);
	/* The whole of one shard; more shards than runs. */
	ck_assert_uint_eq(count("--shard 1/1 --all --repeat 2"), all);
	ck_assert_uint_eq(count("--shard 3/3 server-host-crash-data"), 0);
}
END_TEST

/* The two parts are disjoint, and the longest runs are in different ones. */
START_TEST(shards_are_balanced_by_duration)
{
	struct selection parts[2];

	for (int k = 0; k < 2; k++) {
		ck_assert_int_eq(parse(k ? "--shard 2/2" : "--shard 1/2"), -1);
		ck_assert_int_eq(selection_new(&parts[k], &options), 0);
	}
	for (size_t i = 0; i < parts[0].n; i++)
		for (size_t j = 0; j < parts[1].n; j++)
			ck_assert(parts[0].jobs[i].testcase !=
					  parts[1].jobs[j].testcase ||
				  parts[0].jobs[i].variant !=
					  parts[1].jobs[j].variant);
	ck_assert_int_ge(selection_longest(&parts[0]),
			 selection_longest(&parts[1]));
	selection_free(&parts[0]);
	selection_free(&parts[1]);
}
END_TEST

/* Parsing splits settings and reorders words. */
START_TEST(a_guest_gets_the_words_as_typed)
{
	char command[] = "run", option[] = "--set",
	     setting[] = "client:net.ipv4.tcp_retries2=3",
	     pattern[] = "server-process-crash";
	char *words[] = { command, pattern, option, setting, NULL };
	struct vm_plan plan = { .argc = 4, .argv = words };
	struct selection selection;

	ck_assert_int_eq(vm_options_parse_run("vm", &plan, &options,
					      &selection), -1);
	ck_assert_uint_eq(selection.n, 1);
	ck_assert_str_eq(options.settings[0].host, "client");
	ck_assert_str_eq(plan.argv[1], "server-process-crash");
	ck_assert_str_eq(plan.argv[2], "--set");
	ck_assert_str_eq(plan.argv[3], "client:net.ipv4.tcp_retries2=3");
	selection_free(&selection);
}
END_TEST

static const TTest *const *const tests[] = {
	&defaults_without_arguments,
	&every_option_is_stored,
	&settings_are_split_and_keep_their_order,
	&invalid_arguments_are_refused,
	&patterns_select_cases_variants_and_claims,
	&defaults_select_runs_at_default_values,
	&shards_are_a_partition,
	&shards_are_balanced_by_duration,
	&a_guest_gets_the_words_as_typed,
};

int main(void)
{
	return unit_run("options", tests, ARRAY_SIZE(tests), NULL);
}
