/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen doctor. Most items are tested by use and not by looking for their parts:
 * a trial run, a case that is in no list, makes a world, sends segments over its
 * wire, reads a socket with sock_diag and destroys it. The requirements of the cases
 * are then checked one by one, each with the cases that need it.
 */
#include "commands.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "expect-control.h"
#include "fd.h"
#include "filter.h"
#include "firewall.h"
#include "fold.h"
#include "kernel.h"
#include "macro.h"
#include "message.h"
#include "nsec.h"
#include "privilege.h"
#include "probe-program.h"
#include "program-find.h"
#include "report.h"
#include "supervisor.h"
#include "case-table.h"
#include "virtual-time.h"
#include "vm.h"
#include "world-plan-control.h"

enum { ITEM = 10, TEXT = 34 }; /* columns */

const struct usage usage_doctor = {
	.name = "doctor",
	.arguments = "",
	.brief = "report what works on this machine and what is missing",
	.text = "Tests what the cases need: namespaces, the wire, socket "
		"diagnosis, limits, real programs, sysctls. For each missing "
		"item it prints the cases that are skipped and how to get it.",
	.status = "0 if the default set can run (some of it may be skipped), 3 if "
		  "it would be broken, 4 if all of it would be skipped.",
};

/* --- lines ----------------------------------------------------------------*/

/* `state` is English: works, missing, broken. */
static void line(const char *state, const char *item, const char *format, ...)
	MACRO_PRINTF(3, 4);

static void line(const char *state, const char *item, const char *format, ...)
{
	char text[1024];
	int at = MAX(ITEM + fold_width(item, SIZE_MAX) + 2, (int)TEXT);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fold_pad(stdout, _(state), SIZE_MAX, ITEM);
	fold_pad(stdout, item, SIZE_MAX, at - ITEM);
	fold_print(stdout, text, at, TEXT, report_columns(stdout));
}

/* `text` is English. */
static void print_remedy(const char *text)
{
	printf("%*s", TEXT, "");
	fold_print(stdout, _(text), TEXT, TEXT, report_columns(stdout));
}

/* --- requirements of the cases --------------------------------------------*/

/* A missing item and the cases that need it. */
struct missing {
	char item[96];
	char cases[768];
	unsigned int more; /* cases beyond that buffer */
	const char *remedy;
};

struct missing_items {
	struct missing all[64];
	size_t n;
};

static const struct {
	const char *program, *remedy;
} packages[] = {
	{ "nginx", N_("harness/bootstrap --with-programs unpacks it beside the "
		      "build; or apt-get install nginx-light") },
	{ "sshd", N_("harness/bootstrap --with-programs unpacks it beside the "
		     "build; or apt-get install openssh-server") },
	{ "ssh", N_("harness/bootstrap --with-programs unpacks it beside the "
		    "build; or apt-get install openssh-client") },
	{ "curl", N_("apt-get install curl") },
	{ "ss", N_("apt-get install iproute2") },
};

static const char *program_remedy(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (strcmp(packages[i].program, program) == 0)
			return packages[i].remedy;
	return N_("install it in a folder of PATH");
}

static void add(struct missing_items *items, const char *item,
		const char *remedy, const char *name)
{
	struct missing *s = items->all;
	size_t used;

	while (s < items->all + items->n && strcmp(s->item, item) != 0)
		s++;
	if (s == items->all + ARRAY_SIZE(items->all))
		return;
	if (s == items->all + items->n) {
		items->n++;
		snprintf(s->item, sizeof(s->item), "%s", item);
		s->remedy = remedy;
	}
	used = strlen(s->cases);
	if (used + strlen(name) + sizeof(", ") > sizeof(s->cases)) {
		s->more++;
		return;
	}
	snprintf(s->cases + used, sizeof(s->cases) - used, "%s%s",
		 used ? ", " : "", name);
}

static bool is_private(const char *path)
{
	const char *const *folders = privilege_private_folders();

	while (*folders && strncmp(path, *folders, strlen(*folders)) != 0)
		folders++;
	return *folders;
}

/* The program, or the file that it is a link to. */
static bool is_hidden(const char *program)
{
	char *target = realpath(program, NULL);
	bool hidden = is_private(program) || (target && is_private(target));

	free(target);
	return hidden;
}

static void check_need(struct missing_items *items, const struct need *need,
		       const char *name)
{
	char version[32], path[PATH_MAX];

	if (need->program && !program_find(need->program, path, sizeof(path)))
		add(items, need->program, program_remedy(need->program),
		    name);
	else if (need->program && is_hidden(path))
		add(items, need->program,
		    N_("it is installed where a run cannot see it: /tmp, /run, "
		       "/var/log and /var/tmp are private to each run"),
		    name);
	if (need->sysctl && !kernel_has_sysctl(need->sysctl))
		add(items, need->sysctl, N_("needs another kernel"), name);
	if (need->kernel > kernel_version()) {
		snprintf(version, sizeof(version), "Linux %u.%u", need->kernel >> 16,
			 need->kernel >> 8 & 0xff);
		add(items, version, N_("needs a newer kernel"), name);
	}
}

static void check_case(struct missing_items *items,
		       const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	const struct need *need = testcase->needs;
	char name[128];

	for (; need && (need->kernel || need->program || need->sysctl); need++)
		check_need(items, need, testcase->name);
	if (world_plan_has_rules(testcase->world) && !firewall_possible())
		add(items, "nft", N_("apt-get install nftables"),
		    testcase->name);
	for (; variant && variant->name; variant++) {
		const struct need own = { .program = variant->needs_program };

		snprintf(name, sizeof(name), "%s/%s", testcase->name,
			 variant->name);
		check_need(items, &own, name);
	}
}

static void print_missing(void)
{
	static struct missing_items items;

	for (size_t i = 0; i < testcases_n; i++)
		check_case(&items, testcases[i]);
	for (size_t i = 0; i < items.n; i++) {
		const struct missing *s = &items.all[i];

		if (s->more)
			line(N_("missing"), s->item,
			     _("needed for: %s and %u more"), s->cases,
			     s->more);
		else
			line(N_("missing"), s->item, _("needed for: %s"),
			     s->cases);
		print_remedy(s->remedy);
	}
	if (!items.n)
		line(N_("works"), _("programs and sysctls"),
		     _("everything that the cases need"));
}

/* --- a trial run -----------------------------------------------------------
 * A world, its wire and its sockets are tried: a case that is in no list.
 */

struct trial_result {
	enum verdict verdict;
	char reason[512]; /* "" for a pass */
	bool destroys; /* SOCK_DESTROY works */
	bool has_proc; /* /proc shows the processes of the run only */
	long buffer; /* the wire's receive buffer, bytes */
};

static void try_sock_destroy(struct run *run, struct sock *sock)
{
	struct diag_socket seen;
	struct finding got;
	int r;

	if (!expect_that(run, sock_look(sock, &seen),
			 "sock_diag reports the socket", "no"))
		return;
	r = diag_destroy(world_diag(run->world, sock_host(sock)), &seen);
	if (r < 0 && r != -EOPNOTSUPP)
		run_broken(run, r);
	run_measured_count(run, "destroys", r >= 0);
	if (r < 0)
		return;
	got = sock_recv(sock, SEC(5));
	expect_error(&got, ECONNABORTED);
}

static void script(struct run *run)
{
	struct mark start = mark_now(run);
	struct pair tcp = sock_pair(run);
	int buffer, r = wire_buffer(world_wire(run->world), &buffer);

	if (r < 0)
		run_broken(run, r);
	run_measured_count(run, "buffer", buffer);
	run_measured_count(run, "proc", privilege_has_own_proc());
	expect_frames(run, start, "SYN, SYN-ACK and ACK on the wire",
		      FRAMES(.kinds = WIRE_TCP), 3);
	try_sock_destroy(run, tcp.client);
}

static const struct testcase trial = {
	.name = "doctor",
	.claim = "a world can be created and observed",
	.world = &world_pair,
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};

static struct trial_result trial_result;

static long measured(const struct result *result, const char *name)
{
	return (long)json_integer_value(
		json_object_get(result->measured, name));
}

static void store_result(struct report *report MACRO_UNUSED,
			 const struct result *result)
{
	trial_result = (struct trial_result){
		.verdict = result->verdict,
		.destroys = measured(result, "destroys"),
		.has_proc = measured(result, "proc"),
		.buffer = measured(result, "buffer"),
	};
	snprintf(trial_result.reason, sizeof(trial_result.reason), "%s",
		 result->reason);
}

/* Fails only where the trial itself cannot be run: a world that cannot be
 * made is a result. */
static int run_trial(void)
{
	const struct run_job job = { .testcase = &trial,
				     .repetition = 1,
				     .attempt = 1 };
	const struct supervisor_plan plan = {
		.jobs = &job,
		.n_jobs = 1,
		.options = { .family = AF_INET,
			     .slack = MSEC(50),
			     .timeout_multiplier = 1,
			     .exe = probe_program_open() },
	};
	struct reporter reporter = reporter_silent;
	struct report report = { .reporter = &reporter, .out = stdout };
	struct report_tally tally;
	int r = plan.options.exe;

	reporter.result = store_result;
	if (r >= 0)
		r = supervisor_run(&plan, &report, &tally);
	fd_close(plan.options.exe);
	return error_trace(MIN(r, 0));
}

/* --- this machine ---------------------------------------------------------*/

static bool print_rights(void)
{
	if (privilege_check() < 0) {
		line(N_("missing"), _("namespaces"),
		     _("needed for: every case"));
		print_remedy(error_message());
		return false;
	}
	line(N_("works"), _("namespaces"),
	     privilege_rootless() ? _("in a user namespace of uid %u") :
				    _("as root (uid %u)"),
	     geteuid());
	return true;
}

static void print_limits(const struct trial_result *result)
{
	line(N_("works"), _("parallel runs"),
	     _("%zu, by the limits on processes and files (ulimit -u, -n) and "
	       "available memory"),
	     supervisor_parallel(0));
	line(N_("works"), _("wire buffer"), _("%ld KiB%s"),
	     result->buffer >> 10,
	     result->buffer < 1 << 20 ?
		     _(": receive windows are limited to fit (sysctl "
		       "net.core.rmem_max=4194304 allows more)") :
		     "");
	if (result->destroys)
		line(N_("works"), "SOCK_DESTROY",
		     _("sockets of dead hosts are removed"));
	else
		line(N_("missing"), "SOCK_DESTROY",
		     _("needed for no case; a dead host's unsent data keeps "
		       "its "
		       "namespace for some seconds. Needs a kernel with "
		       "CONFIG_INET_DIAG_DESTROY"));
}

/* Of programs from each other and from the machine; no case needs these. */
static void print_isolation(const struct trial_result *result)
{
	if (result->has_proc) {
		line(N_("works"), _("private /proc"),
		     _("hosts see their own processes only"));
	} else {
		line(N_("missing"), _("private /proc"),
		     _("needed for no case; programs of a lab see other "
		       "processes "
		       "than those of their host"));
		print_remedy(N_(
			"The kernel refuses to mount it where a part of /proc "
			"is mounted over, as in containers "
			"(mount_too_revealing()): docker run --security-opt "
			"systempaths=unconfined"));
	}
	if (filter_works()) {
		line(N_("works"), _("socket filter"),
		     _("programs create sockets of a few families only"));
		return;
	}
	line(N_("missing"), _("socket filter"),
	     _("needed for no case; programs of a lab can create sockets of "
	       "all "
	       "families, such as AF_VSOCK, which no namespace isolates"));
	print_remedy(
		filter_possible() ?
			N_("needs a kernel with CONFIG_SECCOMP_FILTER") :
			N_("apt-get install libseccomp-dev, then rebuild"));
}

/* Returns the exit status. */
static int print_trial(void)
{
	if (run_trial() < 0) {
		line(N_("broken"), _("world"), "%s", error_trail_text());
		return EXIT_STATUS_BROKEN;
	}
	if (trial_result.verdict != VERDICT_PASS) {
		line(trial_result.verdict == VERDICT_SKIP ? N_("missing") :
							    N_("broken"),
		     _("world"), _("needed for: every case; %s"),
		     trial_result.reason);
		return trial_result.verdict == VERDICT_SKIP ? EXIT_STATUS_SKIPPED :
						       EXIT_STATUS_BROKEN;
	}
	line(N_("works"), _("world"),
	     _("veth, packet sockets, sock_diag, sysctls"));
	print_limits(&trial_result);
	print_isolation(&trial_result);
	return EXIT_STATUS_PASS;
}

/* For halfopen vm; no case of the default set needs it. */
static void print_vm(void)
{
	char kernel[4300];

	if (!program_find("qemu-system-x86_64", NULL, 0)) {
		line(N_("missing"), "QEMU",
		     _("needed for: halfopen vm, except --uml"));
		print_remedy(
			N_("harness/bootstrap --with-vm; or apt-get install "
			   "qemu-system-x86"));
	} else {
		line(N_("works"), "QEMU", "%s",
		     vm_may_have_kvm() ?
			     _("with KVM, except in virtual time") :
			     _("emulation: KVM does not work on this machine; "
			       "virtual time needs none"));
	}
	if (vm_default_kernel(kernel, sizeof(kernel))) {
		line(N_("works"), _("guest kernel"), "%s", kernel);
	} else {
		line(N_("missing"), _("guest kernel"),
		     _("needed for: halfopen vm without --kernel"));
		print_remedy(N_("harness/bootstrap --with-vm, or "
				"harness/vm/fetch-kernels"));
	}
}

int cmd_doctor(int argc, char **argv)
{
	int option, status;

	usage_begin(&usage_doctor, argc, argv);
	option = usage_next();
	if (option != USAGE_END)
		return usage_end(option);
	if (argv[optind])
		return usage_error(_("unexpected argument '%s'"), argv[optind]);
	printf(_("Linux %s, HZ %u%s\n"), kernel_release(), nsec_hz(),
	       virtual_time_is_on() ? _(", in virtual time") : "");
	status = print_rights() ? print_trial() : EXIT_STATUS_SKIPPED;
	print_missing();
	print_vm();
	printf("\n%s\n", status == EXIT_STATUS_PASS ?
				 _("The default set can run.") :
				 _("The default set cannot run."));
	return status;
}
