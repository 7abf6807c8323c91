/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen vm. The guest runs this program again (cmd_in_guest()) with the words
 * after "--", and sends results and journals as a stream over a serial port
 * (guest.h).
 * The host parses the same words: it needs the selection, or the labs, to find runs
 * whose result is missing, and --out and --format apply to the host.
 *
 * Signals are held while the guest runs, so that results that have arrived are still
 * reported.
 */
#include "commands.h"

#include <stdio.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "local-report.h"
#include "message.h"
#include "nsec.h"
#include "out-folder.h"
#include "run-options.h"
#include "selection.h"
#include "stream.h"
#include "version.h"
#include "vm-lab.h"
#include "vm-options.h"
#include "vm-signals.h"
#include "vm.h"

enum option_code {
	OPTION_KERNEL = VM_OPTIONS_SHARED,
	OPTION_ARCH,
	OPTION_UML,
	OPTIONS
};

static const struct usage_option option_table[OPTIONS + 1] = {
	VM_OPTION_TABLE,
	[OPTION_KERNEL] = { "kernel", 0, "KERNEL", NULL,
			    "an image (vmlinuz-…), a folder with boot/ and "
			    "lib/modules/, or a Debian package; default: the "
			    "newest installed one" },
	[OPTION_ARCH] = { "arch", 0, "ARCH", NULL,
			  "amd64, arm64, riscv64 or s390x: find a kernel and a "
			  "program of this architecture below build/" },
	[OPTION_UML] = { "uml", 0, "PATH", NULL,
			 "use a User Mode Linux kernel (see "
			 "harness/vm/build-uml)" },
};

static const struct usage_word words[] = {
	{ "-- run …", "the command line of halfopen run in the guest" },
	{ "-- lab …", "that of halfopen lab: the hosts are in the guest, with "
		      "the programs of this machine" },
	{ NULL, NULL },
};

const struct usage usage_vm = {
	.name = "vm",
	.arguments = "[options] -- run [PATTERN...] [run's options]\n"
		     "       halfopen vm [options] -- lab [FILE...] "
		     "[lab's options]",
	.brief = "run cases or labs on another kernel, or in virtual time",
	.text = "Boots a kernel in a guest, with this program as init, runs "
		"cases or labs there, and prints what run or lab would print. "
		"halfopen vm --virtual-time -- run --defaults runs at the "
		"kernel's default values, and halfopen vm --virtual-time -- lab "
		"FILE an incident of hours, in seconds. The programs of a lab "
		"see this machine's files; what they write is not kept.",
	.words = words,
	.options = option_table,
	.status = "that of run or lab; 3 also when the guest does not finish.",
};

/* What the guest runs, and how it is reported. */
struct guest_run {
	const struct reporter *reporter;
	enum colour_when colour;
	int family;
	const struct run_job *jobs;
	size_t n;
	nsec_t longest;
	size_t n_all; /* of all shards; 0: labs, which have no results.jsonl */
	unsigned int shard, shards;
	unsigned int retries;
	const char *out;
};

static struct report make_report(const struct guest_run *run,
				 const struct vm_plan *options)
{
	return (struct report){
		.reporter = run->reporter,
		.out = stdout,
		.terminal = isatty(STDOUT_FILENO),
		.coloured = colour_wanted(stdout, run->colour),
		.columns = report_columns(stdout),
		/* Until the guest reports its kernel. */
		.info = { .version = HALFOPEN_VERSION,
			  .kernel = "?",
			  .virtual_time = options->virtual_time,
			  .n_runs = run->n,
			  .n_selected = run->n_all,
			  .shard = run->shard,
			  .shards = run->shards,
			  .longest = run->longest,
			  .family = run->family == AF_INET6 ? 6 : 4 },
	};
}

static void report_end(const struct vm *vm, const struct machine_report *machine)
{
	char buffer[512];

	if (machine->end == MACHINE_ENDED) {
		fprintf(stderr,
			_("halfopen vm: %.1f s of wall-clock time, %.1f of "
			  "them for the boot; %.1f s of CPU time, %.1f of "
			  "them for the boot\n"),
			nsec_seconds(machine->elapsed),
			nsec_seconds(machine->until_first_result),
			nsec_seconds(machine->cpu),
			nsec_seconds(machine->cpu_until_first_result));
		return;
	}
	fprintf(stderr, "halfopen vm: %s\n",
		message_record(vm_end_text(vm, machine->end), buffer,
			       sizeof(buffer)));
	if (machine->end != MACHINE_INTERRUPTED)
		vm_print_console(machine->console);
}

/* Returns the exit status. */
static int run_and_report(struct vm *vm, const struct vm_plan *options,
			  const struct guest_run *run)
{
	struct report report = make_report(run, options);
	struct machine_report machine = { .end = MACHINE_MISSING };
	struct report_tally tally = { 0 };
	struct stream *stream = NULL;
	char buffer[512];
	int status, failure;
	int r = stream_new(&stream, &report, run->jobs, run->n, run->retries,
			   run->out);

	if (r >= 0 && run->out && run->n_all)
		r = out_report_open(&report, run->out);
	if (r >= 0)
		r = vm_run(vm, stream, &machine);
	if (r < 0) {
		fprintf(stderr, "halfopen vm: %s\n", error_text());
		out_report_close(&report);
		stream_free(stream);
		return EXIT_STATUS_BROKEN;
	}
	if (stream_refusal(stream) && stream_has_ended(stream, &status)) {
		fprintf(stderr, "halfopen vm: %s\n",
			message_record(stream_refusal(stream), buffer,
				       sizeof(buffer)));
		out_report_close(&report);
		stream_free(stream);
		return status;
	}
	tally.took = machine.elapsed;
	stream_finish(stream, vm_end_text(vm, machine.end), &tally);
	fflush(stdout);
	failure = out_report_close(&report);
	if (failure >= 0 && run->out)
		failure = out_folder_index(run->out);
	if (failure < 0)
		fprintf(stderr, "halfopen vm: %s\n", error_text());
	report_end(vm, &machine);
	report_deinit(&report);
	stream_free(stream);
	return machine.end == MACHINE_ENDED || tally.failed ?
		       local_report_status(&tally, failure) :
		       EXIT_STATUS_BROKEN;
}

static int boot(const struct vm_plan *plan, const struct guest_run *run)
{
	struct vm *vm;
	int status;

	vm_signals_hold();
	if (vm_new(&vm, plan) < 0) {
		fprintf(stderr, "halfopen vm: %s\n", error_text());
		status = EXIT_STATUS_USAGE;
	} else {
		status = run_and_report(vm, plan, run);
		vm_free(vm);
	}
	vm_signals_deliver();
	return status;
}

static int boot_with_cases(struct vm_plan *plan)
{
	struct command_options options;
	struct selection selection;
	int status = vm_options_parse_run("vm", plan, &options, &selection);

	if (status >= 0)
		return status;
	plan->journals = options.out;
	status = boot(plan, &(struct guest_run){
				    .reporter = options.reporter,
				    .colour = options.colour,
				    .family = options.run.family,
				    .jobs = selection.jobs,
				    .n = selection.n,
				    .longest = selection_longest(&selection),
				    .n_all = selection.n_all,
				    .shard = options.shard,
				    .shards = options.shards,
				    .retries = options.retries,
				    .out = options.out,
			    });
	selection_free(&selection);
	return status;
}

static int boot_with_labs(struct vm_plan *plan)
{
	static struct vm_lab lab;
	int status = vm_lab_parse(&lab, "vm", plan);

	if (status >= 0)
		return status;
	status = boot(plan, &(struct guest_run){
				    .reporter = vm_lab_reporter(&lab),
				    .colour = lab.options.colour,
				    .family = lab.options.run.family,
				    .jobs = lab.jobs,
				    .n = lab.labs.n,
				    .out = lab.options.out,
			    });
	vm_lab_deinit(&lab);
	return status;
}

static int take_arch(struct vm_plan *plan)
{
	plan->arch = vm_arch_find(optarg);
	return plan->arch ? -1 :
			    usage_error(_("--arch: unknown architecture '%s'"),
					optarg);
}

static int parse(struct vm_plan *plan, int argc, char **argv)
{
	int option, status = -1;

	usage_begin(&usage_vm, argc, argv);
	while (status < 0 && (option = usage_next()) >= 0) {
		if (option == OPTION_KERNEL)
			plan->kernel = optarg;
		else if (option == OPTION_UML)
			plan->uml = optarg;
		else if (option == OPTION_ARCH)
			status = take_arch(plan);
		else
			status = vm_options_set(plan, (enum vm_option)option);
	}
	if (status >= 0)
		return status;
	if (option != USAGE_END)
		return usage_end(option);
	if (argv[optind])
		return usage_error(_("unexpected '%s' before --"),
				   argv[optind]);
	return -1;
}

int cmd_vm(int argc, char **argv)
{
	struct vm_plan plan = vm_options_defaults();
	int status = vm_options_split("vm", &plan, &argc, argv);

	if (status < 0)
		status = parse(&plan, argc, argv);
	if (status >= 0)
		return status;
	return vm_options_is_lab(&plan) ? boot_with_labs(&plan) :
					  boot_with_cases(&plan);
}
