/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen run, on this machine and in a guest. Patterns, settings and --out are
 * checked before anything starts: exit status 2 means that no case ran.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case-table.h"
#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "local-report.h"
#include "message.h"
#include "out-folder.h"
#include "probe-program.h"
#include "run-options.h"
#include "selection.h"
#include "settings.h"
#include "shell-word.h"
#include "stream.h"
#include "supervisor.h"
#include "virtual-time.h"
#include "world-plan-control.h"

static int run(const struct command_options *options,
	       const struct selection *selection)
{
	struct supervisor_plan plan = {
		.jobs = selection->jobs,
		.n_jobs = selection->n,
		.options = options->run,
		.parallel = options->parallel,
		.retries = options->retries,
		.skip_inconclusive = options->skip_inconclusive,
		.must_run = options->must_run,
		.out = options->out,
	};
	struct report_tally tally = { 0 };
	struct report report;
	int r = 0, closed;

	local_report_init(&report, options->reporter, &options->run);
	report.coloured = colour_wanted(stdout, options->colour);
	report.verbose = options->verbose;
	report.data = options->reporter_data;
	report.info.longest = selection_longest(selection);
	report.info.n_selected = selection->n_all;
	report.info.shard = options->shard;
	report.info.shards = options->shards;
	if (options->out)
		r = out_report_open(&report, options->out);
	if (r >= 0)
		r = supervisor_run(&plan, &report, &tally);
	fflush(stdout);
	closed = out_report_close(&report);
	if (r >= 0 && closed < 0)
		r = closed;
	if (r >= 0 && (report.error < 0 || ferror(stdout)))
		r = error_origin(report.error < 0 ? report.error :
						    fd_stream_error(stdout),
				 "print the report");
	report_deinit(&report);
	if (r < 0)
		fprintf(stderr, "halfopen: %s\n", error_trail_text());
	if (r > 0)
		local_report_end_by_signal(r);
	return local_report_status(&tally, r);
}

static bool has_host(const struct selection *selection, const char *name)
{
	for (size_t i = 0; i < selection->n; i++) {
		const struct world_plan *plan =
			testcase_world(selection->jobs[i].testcase,
				       selection->jobs[i].variant);

		if (world_plan_has(plan, name))
			return true;
	}
	return false;
}

/* Refuses a setting of a host that no selected case has. */
static int check_hosts(const struct command_options *options,
		       const struct selection *selection)
{
	const struct setting *setting = options->settings;

	for (; setting->name; setting++)
		if (setting->host && !has_host(selection, setting->host))
			return error_refuse(-EINVAL,
					    "--set %s:%s: no selected case has this "
					    "host",
					    setting->host, setting->name);
	return 0;
}

static int prepare(const struct command_options *options,
		   struct selection *selection)
{
	int r = settings_try(options->settings);

	if (r < 0)
		return error_refuse(r, "--set: %s", error_message());
	r = selection_new(selection, options);
	if (r < 0)
		return error_trace(r);
	r = check_hosts(options, selection);
	if (r >= 0 && options->out && out_folder_check(options->out) < 0)
		r = error_refuse(-EINVAL, "--out: %s", error_message());
	if (r < 0) {
		selection_free(selection);
		return error_trace(r);
	}
	return 0;
}

/* Waiting costs nothing in virtual time. */
static void advise_virtual_time(const struct command_options *options,
				const struct selection *selection)
{
	if (options->reporter != &reporter_human || virtual_time_is_on() ||
	    selection_longest(selection) < REPORT_MINUTES)
		return;
	printf("in seconds: halfopen vm --virtual-time -- run");
	for (size_t i = 0; i < options->n_patterns; i++) {
		putchar(' ');
		shell_word_print(stdout, options->patterns[i]);
	}
	if (options->shards)
		printf(" --shard %u/%u", options->shard, options->shards);
	printf("%s%s%s\n", options->all ? " --all" : "",
	       options->defaults ? " --defaults" : "",
	       options->run.family == AF_INET6 ? " --family 6" : "");
}

/* A reader of the table takes it for all runs of the claim or case. */
static void print_left_out(const struct selection *selection)
{
	enum { LINES = 6 };
	char name[TESTCASE_RUN_NAME], about[REPORT_TEXT];
	size_t n = selection->n_left_out;

	for (size_t i = 0; i < n && i < LINES; i++) {
		const struct run_job *job = &selection->left_out[i];

		report_about(testcase_duration(job->testcase, job->variant),
			     about);
		printf(_("not run: %s (%s%s)\n"),
		       testcase_run_name(job->testcase, job->variant, name),
		       about,
		       _(case_set_text(
			       testcase_set(job->testcase, job->variant))));
	}
	if (n > LINES)
		printf(_("not run: %zu more, see 'halfopen list'\n"),
		       n - LINES);
}

/* The names of variants are short; `show` has a sentence for each. */
static void advise_show(const struct selection *selection)
{
	const struct testcase *found = NULL;
	bool several = false;

	for (size_t i = 0; i < selection->n; i++) {
		if (!selection->jobs[i].variant)
			continue;
		several |= found && found != selection->jobs[i].testcase;
		found = selection->jobs[i].testcase;
	}
	if (found)
		printf(_("what each variant means: halfopen show %s\n"),
		       several ? _("CASE") : found->name);
}

/* Below the table, for runs that patterns have selected. */
static void print_hints(const struct command_options *options,
			const struct selection *selection)
{
	if (options->reporter != &reporter_human || !options->n_patterns ||
	    options->shards || options->defaults)
		return;
	print_left_out(selection);
	advise_show(selection);
}

int run_options_execute(struct command_options *options)
{
	struct selection selection;
	int r = prepare(options, &selection);

	/* selection_new() has printed the message. */
	if (r == -ENOENT)
		return EXIT_STATUS_USAGE;
	if (r < 0) {
		fprintf(stderr, "halfopen run: %s\n", error_text());
		return EXIT_STATUS_USAGE;
	}
	options->run.exe = probe_program_open();
	if (options->run.exe < 0) {
		fprintf(stderr, "halfopen run: %s\n", error_text());
		selection_free(&selection);
		return EXIT_STATUS_BROKEN;
	}
	advise_virtual_time(options, &selection);
	softirqs_open(&options->run.softirqs);
	r = run(options, &selection);
	print_hints(options, &selection);
	softirqs_close(&options->run.softirqs);
	selection_free(&selection);
	return r;
}

int cmd_run(int argc, char **argv)
{
	struct command_options options;
	int status = run_options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	return run_options_execute(&options);
}

int cmd_run_in_guest(int argc, char **argv)
{
	struct command_options options;
	/* The host has parsed the same words before it booted the guest. */
	int status = run_options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	options.reporter = &reporter_stream;
	options.out = NULL;
	options.verbose = options.run.keep = false;
	return run_options_execute(&options);
}
