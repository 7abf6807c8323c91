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
#include "fold.h"
#include "incidents.h"
#include "ladder.h"
#include "lab-network.h"
#include "lab-options.h"
#include "lab-script.h"
#include "lab-session.h"
#include "lab-shell.h"
#include "lab-summary.h"
#include "local-report.h"
#include "out-folder.h"
#include "privilege.h"
#include "probe-program.h"

enum { FILES_MAX = 256 };

struct labs {
	struct lab_plan *plans[FILES_MAX];
	struct lab_case *cases[FILES_MAX];
	size_t n;
};

static int print_error(int status)
{
	fprintf(stderr, "halfopen lab: %s\n", error_message());
	return status;
}

/* --- one lab -------------------------------------------------------------- */

static void print_host(const struct lab_host *host, const char *before)
{
	static const char *const roles[] = {
		[LAB_ENDPOINT] = "",
		[LAB_ROUTER] = " (router)",
		[LAB_NAT] = " (NAT)",
		[LAB_FIREWALL] = " (firewall)",
	};

	printf("%s%s%s", before, host->name, roles[host->role]);
}

/* "client -- gateway (NAT) -- server", or each network with its hosts. */
static void print_hosts(const struct lab_plan *plan)
{
	for (size_t i = 0; plan->named_networks && i < plan->n_networks; i++) {
		const char *before = " ";

		printf("%s:", plan->networks[i].name);
		for (size_t j = 0; j < plan->n_hosts; j++)
			if (lab_network_interface(&plan->hosts[j], i)) {
				print_host(&plan->hosts[j], before);
				before = ", ";
			}
		putchar('\n');
	}
	if (plan->named_networks)
		return;
	for (size_t i = 0; i < plan->n_hosts; i++)
		print_host(&plan->hosts[i], i ? " -- " : "");
	putchar('\n');
}

static void print_begin(const struct report *report,
			const struct lab_plan *plan)
{
	printf("halfopen %s, Linux %s, HZ %u, IPv%d%s\n",
	       report->info.version, report->info.kernel, report->info.hz,
	       report->info.family, report->info.rootless ? ", rootless" : "");
	if (plan->name)
		printf("%s\n", plan->name);
	if (plan->about)
		fold_print(stdout, plan->about, 0, 0, report->columns);
	print_hosts(plan);
	fflush(stdout);
}

static void print_ladder(const struct report *report,
			 const struct result *result)
{
	struct ladder *ladder;

	putchar('\n');
	if (ladder_new(&ladder, result->journal) < 0) {
		printf("%s\n", error_message());
		return;
	}
	ladder_print(stdout, ladder,
		     &(struct ladder_view){ .columns = report->columns,
					    .unicode = report_unicode(stdout),
					    .coloured = report->coloured });
	ladder_free(ladder);
}

/* A lab without expectations has a verdict only if it did not pass. */
static void print_end(const struct report *report, const struct lab_plan *plan,
		      const struct result *result)
{
	enum colour colour = report_verdict_colour(result->verdict);
	char reason[1024];

	report_reason(result, reason, sizeof(reason));
	print_ladder(report, result);
	lab_summary_print(stdout, report, result);
	if (plan->n_expectations || result->verdict != VERDICT_PASS) {
		printf("\n%s%s%s", colour_begin(report->coloured, colour),
		       report_verdict(result->verdict),
		       colour_end(report->coloured, colour));
		if (*reason)
			printf(": %s", reason);
		putchar('\n');
	}
	fflush(stdout);
}

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

/* Files in different folders may have the same name. As repetitions they get
 * folders of their own below --out. */
static unsigned int repetition_of(const struct labs *labs, size_t i)
{
	const char *name = lab_case_testcase(labs->cases[i])->name;
	unsigned int repetition = 1;

	while (i--)
		if (strcmp(lab_case_testcase(labs->cases[i])->name, name) == 0)
			repetition++;
	return repetition;
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
		print_end(report, plan, result);
	if (!options->reporter && !result->final)
		printf("\ninconclusive; the lab is repeated: try %u of %d\n\n",
		       result->attempt + 1, RESULT_INCONCLUSIVE_RETRIES + 1);
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
		.repetition = repetition_of(labs, i),
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
			print_begin(report, plan);
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

static void free_labs(struct labs *labs)
{
	for (size_t i = 0; i < labs->n; i++) {
		lab_case_free(labs->cases[i]);
		lab_plan_free(labs->plans[i]);
	}
}

/* All files are read and checked before the first lab starts. */
static int read_labs(struct labs *labs, const struct lab_options *options)
{
	size_t n = options->n_files ? options->n_files : 1;

	if (n > FILES_MAX)
		return error_refuse(-E2BIG, "more than %d files", FILES_MAX);
	if (n > 1 && (options->interactive || options->shell))
		return error_refuse(-EINVAL,
				    "--interactive and --shell: need a single "
				    "file");
	for (; labs->n < n; labs->n++) {
		const char *file =
			options->n_files ? options->files[labs->n] : NULL;
		int r = lab_options_plan(options, file,
					 &labs->plans[labs->n]);

		if (r < 0)
			return error_trace(r);
		r = lab_case_new(&labs->cases[labs->n], labs->plans[labs->n],
				 lab_script);
		if (r < 0) {
			lab_plan_free(labs->plans[labs->n]);
			return error_trace(r);
		}
	}
	if (options->shell && !lab_plan_host(labs->plans[0], options->shell))
		return error_refuse(-EINVAL, "--shell: unknown host '%s'",
				    options->shell);
	if (options->out && out_folder_check(options->out) < 0)
		return error_refuse(-EINVAL, "--out: %s", error_message());
	return 0;
}

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
		printf("\n%u passed, %u failed, %u skipped, %u broken\n",
		       tally.passed, tally.failed, tally.skipped,
		       tally.broken);
	fflush(stdout);
	if (options->out && r >= 0) {
		int drawn = out_folder_index(options->out);

		r = drawn < 0 ? drawn : r;
	}
	for (size_t i = 0; i < report.n_kept; i++)
		result_free((struct result *)(uintptr_t)report.kept[i]);
	report_deinit(&report);
	if (r < 0)
		fprintf(stderr, "halfopen lab: %s\n", error_trail());
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
	r = read_labs(&labs, &options);
	if (r < 0) {
		free_labs(&labs);
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
	free_labs(&labs);
	lab_options_deinit(&options);
	return r;
}
