/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd-doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor-trial.h"
#include "errors.h"
#include "exit-status.h"
#include "firewall.h"
#include "fold.h"
#include "kernel.h"
#include "macro.h"
#include "nsec.h"
#include "privilege.h"
#include "program-find.h"
#include "report.h"
#include "supervisor.h"
#include "case-table.h"
#include "virtual-time.h"
#include "vm.h"
#include "world-plan-control.h"

enum { WHAT = 10, TELL = 34 }; /* columns at which they begin */

const struct usage usage_doctor = {
	.name = "doctor",
	.arguments = "",
	.brief = "what works here, what does not, how to get it",
	.text = "Tries what the cases need: namespaces, the wire, socket "
		"diagnosis, limits, real programs, sysctls. For what is "
		"missing: which cases it costs, and how to get it.",
	.status = "0 when the default set can run (some of it may be "
		  "skipped), 3 when it would break, 4 when all of it would be "
		  "skipped.",
};

/* --- lines ----------------------------------------------------------------*/

static void line(const char *state, const char *what, const char *format, ...)
	MACRO_PRINTF(3, 4);

static void line(const char *state, const char *what, const char *format, ...)
{
	char text[1024];
	int at = MAX(WHAT + fold_width(what, SIZE_MAX) + 2, (int)TELL);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%-*s%-*s", WHAT, state, at - WHAT, what);
	fold_print(stdout, text, at, TELL, report_columns(stdout));
}

static void cure(const char *text)
{
	printf("%*s", TELL, "");
	fold_print(stdout, text, TELL, TELL, report_columns(stdout));
}

/* --- what the cases need --------------------------------------------------*/

/* What is missing, and whom it costs what. */
struct shortage {
	char what[96];
	char cases[768];
	unsigned int more; /* for which that had no room */
	const char *cure;
};

struct shortages {
	struct shortage all[64];
	size_t n;
};

static const struct {
	const char *program, *cure;
} packages[] = {
	{ "nginx", "harness/bootstrap --with-programs unpacks it beside the "
		   "build; or apt-get install nginx-light" },
	{ "sshd", "harness/bootstrap --with-programs unpacks it beside the "
		  "build; or apt-get install openssh-server" },
	{ "ssh", "harness/bootstrap --with-programs unpacks it beside the "
		 "build; or apt-get install openssh-client" },
	{ "curl", "apt-get install curl" },
	{ "ss", "apt-get install iproute2" },
};

static const char *program_cure(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (strcmp(packages[i].program, program) == 0)
			return packages[i].cure;
	return "install it where PATH finds it";
}

static void add(struct shortages *shortages, const char *what,
		const char *remedy, const char *name)
{
	struct shortage *s = shortages->all;
	size_t used;

	while (s < shortages->all + shortages->n && strcmp(s->what, what) != 0)
		s++;
	if (s == shortages->all + ARRAY_SIZE(shortages->all))
		return;
	if (s == shortages->all + shortages->n) {
		shortages->n++;
		snprintf(s->what, sizeof(s->what), "%s", what);
		s->cure = remedy;
	}
	used = strlen(s->cases);
	if (used + strlen(name) + sizeof(", ") > sizeof(s->cases)) {
		s->more++;
		return;
	}
	snprintf(s->cases + used, sizeof(s->cases) - used, "%s%s",
		 used ? ", " : "", name);
}

static void look_at_need(struct shortages *shortages, const struct need *need,
			 const char *name)
{
	char what[32];

	if (need->program && !program_find(need->program, NULL, 0))
		add(shortages, need->program, program_cure(need->program),
		    name);
	if (need->sysctl && !kernel_has_sysctl(need->sysctl))
		add(shortages, need->sysctl, "another kernel has it", name);
	if (need->kernel > kernel_version()) {
		snprintf(what, sizeof(what), "Linux %u.%u", need->kernel >> 16,
			 need->kernel >> 8 & 0xff);
		add(shortages, what, "a newer kernel", name);
	}
}

static void look_at_case(struct shortages *shortages,
			 const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	const struct need *need = testcase->needs;
	char name[128];

	for (; need && (need->kernel || need->program || need->sysctl); need++)
		look_at_need(shortages, need, testcase->name);
	if (world_plan_has_rules(testcase->world) && !firewall_possible())
		add(shortages, "libnftables",
		    "apt-get install libnftables-dev, and build anew",
		    testcase->name);
	for (; variant && variant->name; variant++) {
		const struct need own = { .program = variant->needs_program };

		snprintf(name, sizeof(name), "%s/%s", testcase->name,
			 variant->name);
		look_at_need(shortages, &own, name);
	}
}

static void print_shortages(void)
{
	static struct shortages shortages;

	for (size_t i = 0; i < testcases_n; i++)
		look_at_case(&shortages, testcases[i]);
	for (size_t i = 0; i < shortages.n; i++) {
		const struct shortage *s = &shortages.all[i];

		if (s->more)
			line("missing", s->what, "costs %s, and %u more",
			     s->cases, s->more);
		else
			line("missing", s->what, "costs %s", s->cases);
		cure(s->cure);
	}
	if (!shortages.n)
		line("works", "programs and sysctls", "all that any case "
						      "needs");
}

/* --- this machine ---------------------------------------------------------*/

static bool print_rights(void)
{
	if (privilege_check() < 0) {
		line("missing", "namespaces", "costs every case");
		cure(error_message());
		return false;
	}
	line("works", "namespaces",
	     privilege_rootless() ? "in a user namespace of uid %u" :
				    "as root (uid %u)",
	     geteuid());
	return true;
}

static void print_limits(const struct doctor_trial *trial)
{
	line("works", "at once", "%zu runs, by the limits on processes and "
				 "files (ulimit -u, -n)",
	     supervisor_parallel(0));
	line("works", "the wire's buffer", "%ld KiB%s", trial->buffer >> 10,
	     trial->buffer < 1 << 20 ?
		     ": windows are kept small to fit (sysctl "
		     "net.core.rmem_max=4194304 allows more)" :
		     "");
	if (trial->destroys)
		line("works", "SOCK_DESTROY", "dead hosts leave nothing");
	else
		line("missing", "SOCK_DESTROY",
		     "costs no case; what a dead host had not sent keeps its "
		     "namespace for some seconds. A kernel with "
		     "CONFIG_INET_DIAG_DESTROY has it");
}

/* Returns the exit status. */
static int print_trial(void)
{
	struct doctor_trial trial;

	if (doctor_trial(&trial) < 0) {
		line("broken", "a world", "%s", error_trail());
		return EXIT_STATUS_BROKEN;
	}
	if (trial.verdict != VERDICT_PASS) {
		line(trial.verdict == VERDICT_SKIP ? "missing" : "broken",
		     "a world", "costs every case: %s", trial.reason);
		return trial.verdict == VERDICT_SKIP ? EXIT_STATUS_SKIPPED :
						       EXIT_STATUS_BROKEN;
	}
	line("works", "a world", "veth, packet sockets, sock_diag, sysctls");
	print_limits(&trial);
	return EXIT_STATUS_PASS;
}

/* What halfopen vm has; no case of the default set needs it. */
static void print_vm(void)
{
	char kernel[4300];

	if (!program_find("qemu-system-x86_64", NULL, 0)) {
		line("missing", "QEMU", "costs halfopen vm, but for --uml");
		cure("harness/bootstrap --with-vm; or apt-get install "
		     "qemu-system-x86");
	} else {
		line("works", "QEMU", "%s",
		     vm_may_have_kvm() ?
			     "with KVM where its clock need not jump" :
			     "emulation: no KVM works here, and virtual time "
			     "needs none");
	}
	if (vm_default_kernel(kernel, sizeof(kernel))) {
		line("works", "a guest's kernel", "%s", kernel);
	} else {
		line("missing", "a guest's kernel",
		     "costs halfopen vm without --kernel");
		cure("harness/bootstrap --with-vm, or harness/vm/fetch-kernels");
	}
}

int cmd_doctor(int argc, char **argv)
{
	int code, status;

	usage_begin(&usage_doctor, argc, argv);
	code = usage_next();
	if (code != -1)
		return usage_end(&usage_doctor, code);
	if (argv[optind]) {
		fprintf(stderr, "halfopen doctor: takes no '%s'\n",
			argv[optind]);
		return EXIT_STATUS_USAGE;
	}
	printf("Linux %s, HZ %u%s\n", kernel_release(), nsec_hz(),
	       virtual_time_is_on() ? ", in virtual time" : "");
	status = print_rights() ? print_trial() : EXIT_STATUS_SKIPPED;
	print_shortages();
	print_vm();
	printf("\n%s\n", status == EXIT_STATUS_PASS ?
				 "The default set can run." :
				 "The default set cannot run.");
	return status;
}
