/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen matrix. One guest runs at a time, so that the guests do not slow each
 * other down. Each sends its results as a stream (stream.h); the silent reporter
 * only stores them, and the table is printed after the last guest.
 *
 * Everything that can be refused (kernels, patterns, labs, their options) is refused
 * before the first boot.
 */
#include "case-table.h"
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "journal.h"
#include "kernel.h"
#include "local-report.h"
#include "matrix-row.h"
#include "message.h"
#include "run-options.h"
#include "selection.h"
#include "table.h"
#include "vm-lab.h"
#include "vm-options.h"
#include "vm-signals.h"
#include "vm.h"

enum { KERNELS_MAX = TABLE_COLUMNS - 2 };

enum option_code { OPTION_MARKDOWN = VM_OPTIONS_SHARED, OPTIONS };

static const struct usage_option option_table[OPTIONS + 1] = {
	VM_OPTION_TABLE,
	[OPTION_MARKDOWN] = { "markdown", 0, NULL, NULL,
			      "print the table as Markdown" },
};

static const struct usage_word words[] = {
	{ "KERNEL", "an image, a folder or a Debian package, as for vm; "
		    "older ones first" },
	{ "-- run …", "the command line of halfopen run, for each kernel" },
	{ "-- lab …", "that of halfopen lab" },
	{ NULL, NULL },
};

const struct usage usage_matrix = {
	.name = "matrix",
	.arguments = "KERNEL... [options] -- run|lab ...",
	.brief = "run the same cases or labs on several kernels, side by side",
	.text = "Boots one guest after the other and prints one table with a "
		"row for each run and a column for each kernel. Differences "
		"that the case declares are explained with the version and the "
		"commit that caused them; other differences are unexpected. A "
		"lab has a row for its verdict and one for each expectation, "
		"with what was observed.",
	.words = words,
	.options = option_table,
	.status = "that of run or lab, for all kernels together; 1 also for an "
		  "unexpected difference.",
};

struct column {
	const char *path;
	struct vm_plan plan;
	struct vm *vm;
	struct report report;
	struct stream *stream;
	struct machine_report machine;
	unsigned int version; /* KERNEL_VERSION() */
	char release[64]; /* of its uname; "?": it sent nothing */
};

struct matrix {
	struct vm_plan plan;
	const struct run_job *jobs;
	size_t n_jobs;
	unsigned int retries;
	int family;
	struct column columns[KERNELS_MAX];
	size_t n;
	bool markdown;
	bool unexpected;
	struct report_tally tally;
};

/* --- the table ------------------------------------------------------------*/

static void fill_cells(const struct matrix *matrix, const struct run_job *job,
		       struct matrix_cell *ret)
{
	for (size_t i = 0; i < matrix->n; i++) {
		const struct column *column = &matrix->columns[i];

		ret[i] = (struct matrix_cell){
			.result = stream_result(column->stream, job),
			.release = column->release,
			.version = column->version,
		};
	}
}

static int add_row(struct matrix *matrix, const struct run_job *job,
		   struct table *table)
{
	char name[TESTCASE_RUN_NAME], texts[KERNELS_MAX][320];
	const char *texts_of[TABLE_COLUMNS] = {
		testcase_run_name(job->testcase, job->variant, name)
	};
	struct matrix_cell cells[KERNELS_MAX];
	char *differences;
	int r;

	fill_cells(matrix, job, cells);
	differences = matrix_row_differences(cells, matrix->n,
					     &matrix->unexpected);
	for (size_t i = 0; i < matrix->n; i++) {
		matrix_row_text(cells, matrix->n, i, texts[i],
				sizeof(texts[i]));
		texts_of[i + 1] = texts[i];
	}
	texts_of[matrix->n + 1] = differences;
	r = table_add(table, texts_of, 0, COLOUR_PLAIN);
	free(differences);
	return error_trace(r);
}

/* What a lab on this kernel has observed. "": it has no result. */
static void expectation_text(const struct matrix *matrix, size_t column,
			     const struct run_job *job, size_t i, char *ret,
			     size_t size)
{
	const struct result *result =
		stream_result(matrix->columns[column].stream, job);
	const json_t *expectation =
		result ? json_array_get(result->expectations, i) : NULL;

	snprintf(ret, size, "%s%s",
		 expectation && !json_is_true(json_object_get(expectation,
							      "ok")) ?
			 _("not met: ") :
			 "",
		 expectation ? journal_text(expectation, "observed") : "");
}

static int add_expectation(const struct matrix *matrix,
			   const struct run_job *job, size_t i,
			   struct table *table)
{
	const struct lab_plan *plan = lab_case_plan(job->testcase);
	char name[160], texts[KERNELS_MAX][320];
	const char *texts_of[TABLE_COLUMNS] = { name };

	snprintf(name, sizeof(name), "  %s", plan->expectations[i].text);
	for (size_t j = 0; j < matrix->n; j++) {
		expectation_text(matrix, j, job, i, texts[j],
				 sizeof(texts[j]));
		texts_of[j + 1] = texts[j];
	}
	texts_of[matrix->n + 1] = "";
	return error_trace(table_add(table, texts_of, 0, COLOUR_PLAIN));
}

static int add_expectations(const struct matrix *matrix,
			    const struct run_job *job, struct table *table)
{
	const struct lab_plan *plan = lab_case_plan(job->testcase);
	int r = 0;

	for (size_t i = 0; i < plan->n_expectations && r >= 0; i++)
		r = add_expectation(matrix, job, i, table);
	return error_trace(r);
}

static int print_table(struct matrix *matrix)
{
	const char *headings[TABLE_COLUMNS] = { _("run") };
	struct table *table;
	int r;

	for (size_t i = 0; i < matrix->n; i++)
		headings[i + 1] = matrix->columns[i].release;
	headings[matrix->n + 1] = _("difference");
	r = table_new(&table, matrix->n + 2, headings);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < matrix->n_jobs && r >= 0; i++) {
		r = add_row(matrix, &matrix->jobs[i], table);
		if (r >= 0 && vm_options_is_lab(&matrix->plan))
			r = add_expectations(matrix, &matrix->jobs[i], table);
	}
	if (r >= 0 && matrix->markdown) {
		table_print_markdown(table, stdout);
	} else if (r >= 0) {
		table_keep_last(table);
		table_print(table, stdout, report_columns(stdout));
	}
	table_free(table);
	return error_trace(r);
}

/* --- the guests -----------------------------------------------------------*/

static void add_tally(struct report_tally *to, const struct report_tally *from)
{
	to->passed += from->passed;
	to->failed += from->failed;
	to->skipped += from->skipped;
	to->broken += from->broken;
	to->inconclusive += from->inconclusive;
	to->took += from->took;
}

/* Shortens "6.12.115+deb12-cloud-amd64" to "6.12.115" for the table. A kernel of
 * another architecture has its name: "6.12.115 s390x". */
static void set_release(struct column *column)
{
	const char *kernel = column->report.info.kernel;
	const char *arch = vm_foreign_arch(column->vm);

	snprintf(column->release, sizeof(column->release), "%.*s%s%s",
		 (int)strcspn(kernel, "+-"), kernel, *arch ? " " : "", arch);
	column->version = kernel_version_of(kernel);
}

static int run_column(struct matrix *matrix, struct column *column)
{
	struct report_tally tally = { 0 };
	char buffer[512];
	int r;

	column->report = (struct report){
		.reporter = &reporter_silent,
		.out = stdout,
		.info = { .kernel = "?",
			  .family = matrix->family == AF_INET6 ? 6 : 4 },
	};
	r = stream_new(&column->stream, &column->report, matrix->jobs,
		       matrix->n_jobs, matrix->retries, NULL);
	if (r >= 0)
		r = vm_run(column->vm, column->stream, &column->machine);
	if (r < 0)
		return error_trace(r);
	tally.took = column->machine.elapsed;
	stream_finish(column->stream, vm_end_text(column->vm, column->machine.end),
		      &tally);
	add_tally(&matrix->tally, &tally);
	set_release(column);
	fprintf(stderr,
		_("halfopen matrix: %s: %u passed, %u failed, %u "
		  "skipped, %u broken in %.1f s\n"),
		column->report.info.kernel, tally.passed, tally.failed,
		tally.skipped, tally.broken, nsec_seconds(tally.took));
	if (column->machine.end != MACHINE_ENDED) {
		fprintf(stderr, "halfopen matrix: %s: %s\n", column->path,
			message_record(
				vm_end_text(column->vm, column->machine.end),
				buffer, sizeof(buffer)));
		vm_print_console(column->machine.console);
	}
	return 0;
}

/* All guests are prepared before the first one is booted. */
static int prepare(struct matrix *matrix)
{
	for (size_t i = 0; i < matrix->n; i++) {
		struct column *column = &matrix->columns[i];
		int r;

		column->plan = matrix->plan;
		column->plan.kernel = column->path;
		r = vm_new(&column->vm, &column->plan);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* Returns the exit status. */
static int run_all(struct matrix *matrix)
{
	int r = 0, status;

	for (size_t i = 0; i < matrix->n && r >= 0; i++)
		r = run_column(matrix, &matrix->columns[i]);
	if (r >= 0)
		r = print_table(matrix);
	if (r < 0)
		fprintf(stderr, "halfopen matrix: %s\n", error_text());
	status = local_report_status(&matrix->tally, r);
	if (status == EXIT_STATUS_PASS && matrix->unexpected)
		status = EXIT_STATUS_FAIL;
	return status;
}

/* --- the command line -----------------------------------------------------*/

static int parse(struct matrix *matrix, int argc, char **argv)
{
	int option, status = -1;

	usage_begin(&usage_matrix, argc, argv);
	while (status < 0 && (option = usage_next()) >= 0) {
		if (option == OPTION_MARKDOWN)
			matrix->markdown = true;
		else
			status = vm_options_set(&matrix->plan,
						(enum vm_option)option);
	}
	if (status >= 0)
		return status;
	if (option != USAGE_END)
		return usage_end(option);
	for (; argv[optind]; optind++) {
		if (matrix->n == KERNELS_MAX)
			return usage_error(_("more than %d kernels"),
					   KERNELS_MAX);
		matrix->columns[matrix->n++].path = argv[optind];
	}
	if (!matrix->n)
		return usage_error(_("missing KERNEL"));
	return -1;
}

/* Boots all guests. Returns the exit status. */
static int boot(struct matrix *matrix)
{
	int status;

	vm_signals_hold();
	if (prepare(matrix) < 0) {
		fprintf(stderr, "halfopen matrix: %s\n", error_text());
		status = EXIT_STATUS_USAGE;
	} else {
		status = run_all(matrix);
	}
	for (size_t i = 0; i < matrix->n; i++) {
		stream_free(matrix->columns[i].stream);
		vm_free(matrix->columns[i].vm);
	}
	vm_signals_deliver();
	return status;
}

static int boot_with_cases(struct matrix *matrix)
{
	struct command_options options;
	struct selection selection;
	int status = vm_options_parse_run("matrix", &matrix->plan, &options,
					  &selection);

	if (status >= 0)
		return status;
	matrix->jobs = selection.jobs;
	matrix->n_jobs = selection.n;
	matrix->retries = options.retries;
	matrix->family = options.run.family;
	status = boot(matrix);
	selection_free(&selection);
	return status;
}

static int boot_with_labs(struct matrix *matrix)
{
	static struct vm_lab lab;
	int status = vm_lab_parse(&lab, "matrix", &matrix->plan);

	if (status >= 0)
		return status;
	matrix->plan.journals = false; /* the table needs none */
	matrix->jobs = lab.jobs;
	matrix->n_jobs = lab.labs.n;
	matrix->family = lab.options.run.family;
	status = boot(matrix);
	vm_lab_deinit(&lab);
	return status;
}

int cmd_matrix(int argc, char **argv)
{
	static struct matrix matrix;
	int status;

	matrix.plan = vm_options_defaults();
	status = vm_options_split("matrix", &matrix.plan, &argc, argv);
	if (status < 0)
		status = parse(&matrix, argc, argv);
	if (status >= 0)
		return status;
	return vm_options_is_lab(&matrix.plan) ? boot_with_labs(&matrix) :
						 boot_with_cases(&matrix);
}
