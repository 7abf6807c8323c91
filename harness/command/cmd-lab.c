/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen lab. The files are read and checked first, all of them, and then run one
 * after the other. On a terminal a lab prints its events as they happen and ends
 * with its ladder; with --format the reporter prints instead.
 *
 * A reporter that prints at its end keeps results (report_keeps()): these are freed
 * after it, all others at once.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "incidents.h"
#include "lab-options.h"
#include "lab-print.h"
#include "lab-session.h"
#include "lab-shell.h"
#include "labs.h"
#include "local-report.h"
#include "out-folder.h"
#include "privilege.h"
#include "probe-program.h"
#include "stream.h"

static int print_error(int status)
{
	fprintf(stderr, "halfopen lab: %s\n", error_text());
	return status;
}

/* --- one lab -------------------------------------------------------------- */

static void count(struct report_tally *tally, const struct result *result)
{
	if (result->final)
		report_count(tally, result);
	tally->delays.cases = MAX(tally->delays.cases, result->timer_delay);
	tally->delays.wire = MAX(tally->delays.wire, result->frame_delay);
}

static int keep(const struct lab_options *options, const struct result *result)
{
	int r = options->out ? out_folder_finish(options->out, result) : 0;

	return error_trace(r);
}

/* Takes the result. */
static int report_result(const struct lab_options *options,
			 const struct lab_plan *plan, struct report *report,
			 struct report_tally *tally, struct result *result)
{
	int r = keep(options, result);

	/* A lab without its page must not look like a pass. */
	if (r < 0 && (result->verdict == VERDICT_PASS ||
		      result->verdict == VERDICT_SKIP))
		result_broken(result, error_message());
	count(tally, result);
	if (options->reporter)
		options->reporter->result(report, result);
	else
		lab_print_end(report, plan, result);
	if (!options->reporter || !report_keeps(report, result))
		result_free(result);
	return error_trace(r);
}

/*
 * An inconclusive lab is repeated, but not one that a person takes part in: at
 * a prompt, in a shell or by Ctrl-C. Returns 0, the signal that ended it, or a
 * failure.
 */
static int run_one(const struct lab_options *options, struct labs *labs,
		   size_t i, struct report *report, struct report_tally *tally)
{
	struct lab_plan *plan = labs->plans[i];
	struct lab_session_plan session = {
		.plan = plan,
		.lab_case = labs->cases[i],
		.run = options->run,
		.report = report,
		.out = options->out,
		.repetition = labs_repetition(labs, i),
		.live = !options->reporter && !options->quiet,
		.interactive = options->interactive,
		.shell = options->shell,
	};
	bool final = false;
	int r = 0;

	while (r == 0 && !final) {
		struct result *result = NULL;
		bool interrupted = false;
		int kept;

		session.attempt++;
		if (!options->reporter)
			lab_print_begin(report, plan);
		r = lab_session_run(&session, &result, &interrupted);
		if (!result)
			break;
		final = r != 0 || interrupted || options->interactive ||
			options->shell || !result->inconclusive ||
			!result_wants_retry(result, 0);
		result->final = final;
		kept = report_result(options, plan, report, tally, result);
		r = r == 0 ? kept : r;
	}
	return r < 0 ? error_trace(r) : r;
}

/* --- several labs --------------------------------------------------------- */

static int run_all(const struct lab_options *options, struct labs *labs)
{
	struct report_tally tally = { 0 };
	struct report report;
	nsec_t start = nsec_now();
	int r = 0;

	local_report_init(&report,
			  options->reporter ? options->reporter :
					      &reporter_human,
			  &options->run);
	report.coloured = colour_wanted(stdout, options->colour);
	report.info.n_runs = labs->n;
	if (options->reporter)
		options->reporter->begin(&report);
	for (size_t i = 0; i < labs->n && r == 0; i++)
		r = run_one(options, labs, i, &report, &tally);
	tally.took = nsec_now() - start;
	if (options->reporter)
		options->reporter->end(&report, &tally);
	else if (labs->n > 1)
		lab_print_tally(&tally);
	fflush(stdout);
	if (options->out && r >= 0) {
		int drawn = out_folder_index(options->out);

		r = drawn < 0 ? drawn : r;
	}
	for (size_t i = 0; i < report.n_kept; i++)
		result_free((struct result *)(uintptr_t)report.kept[i]);
	report_deinit(&report);
	if (r < 0)
		fprintf(stderr, "halfopen lab: %s\n", error_trail_text());
	if (r > 0)
		local_report_end_by_signal(r);
	return local_report_status(&tally, r);
}

/* Only --shell: enter a lab of another process. */
static bool enters(const struct lab_options *options)
{
	return options->shell && !options->n_files && !options->n_plan &&
	       !options->interactive && !options->out;
}

static int enter(const struct lab_options *options)
{
	int r = lab_shell_enter(options->shell);

	return r < 0 ? print_error(EXIT_STATUS_USAGE) : r;
}

/* A list of files, in a format for lists. */
static int list(const struct lab_options *options)
{
	bool jsonl = options->reporter == &reporter_jsonl;
	int r;

	if (options->reporter && !jsonl)
		r = error_refuse(-EINVAL, "--list: has the formats human and "
					  "jsonl only");
	else if (options->n_plan || options->interactive || options->shell ||
		 options->out)
		r = error_refuse(-EINVAL, "--list: runs no lab; expected words "
					  "of symptoms only");
	else
		r = incidents_list(options->files, options->n_files, jsonl);
	return r < 0 ? print_error(EXIT_STATUS_USAGE) : EXIT_STATUS_PASS;
}

int cmd_lab(int argc, char **argv)
{
	struct lab_options options;
	struct labs labs = { .n = 0 };
	int r = lab_options_parse(&options, argc, argv);

	if (r >= 0)
		return r;
	if (options.list) {
		r = list(&options);
		lab_options_deinit(&options);
		return r;
	}
	if (enters(&options)) {
		r = enter(&options);
		lab_options_deinit(&options);
		return r;
	}
	r = labs_read(&labs, &options);
	if (r < 0) {
		labs_free(&labs);
		lab_options_deinit(&options);
		return print_error(EXIT_STATUS_USAGE);
	}
	options.run.exe = probe_program_open();
	r = options.run.exe < 0 ? options.run.exe : privilege_check();
	if (r < 0)
		r = print_error(options.run.exe < 0 ? EXIT_STATUS_BROKEN :
						   EXIT_STATUS_SKIPPED);
	else
		r = run_all(&options, &labs);
	labs_free(&labs);
	lab_options_deinit(&options);
	return r;
}

static int run_in_guest(struct lab_options *options)
{
	struct labs labs = { .n = 0 };
	int status, r = labs_read(&labs, options);

	status = r < 0 ? EXIT_STATUS_USAGE : EXIT_STATUS_SKIPPED;
	if (r >= 0)
		r = privilege_check();
	if (r >= 0) {
		options->run.exe = r = probe_program_open();
		status = EXIT_STATUS_BROKEN;
	}
	if (r >= 0)
		status = run_all(options, &labs);
	else
		stream_refuse(stdout, error_message());
	labs_free(&labs);
	return status;
}

int cmd_lab_in_guest(int argc, char **argv)
{
	struct lab_options options;
	/* The host has parsed the same words before it booted the guest. */
	int status = lab_options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	options.reporter = &reporter_stream;
	options.out = NULL;
	status = run_in_guest(&options);
	lab_options_deinit(&options);
	return status;
}
