/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selects the kernel and the machine: an installed or unpacked kernel under
 * QEMU, with an initramfs that contains this program, its libraries and the
 * modules; or User Mode Linux, which needs none of these, for its root is the
 * host's file system (vm-uml.c). Both run this program as init (guest.c) with
 * the same words.
 *
 * A guest without virtual time uses KVM where possible; virtual time needs TCG,
 * whose instruction counter is the clock.
 */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "initramfs.h"
#include "macro.h"
#include "message.h"
#include "nsec.h"
#include "program-find.h"
#include "safe-text.h"
#include "vm-program.h"
#include "vm-uml.h"

/* --- the end --------------------------------------------------------------*/

struct vm {
	const struct vm_plan *plan;
	struct vm_kernel kernel; /* QEMU */
	int initramfs; /* memfd; QEMU */
	uint64_t files_size; /* bytes of the host's files in it */
};

static const char *missing_text(const struct vm *vm)
{
	static char text[128];

	if (vm->plan->uml)
		return R_("User Mode Linux kernel not found; "
			  "harness/vm/build-uml builds one");
	snprintf(text, sizeof(text), R_("%s is not installed (package %s)"),
		 vm->kernel.arch->qemu, vm->kernel.arch->package);
	return text;
}

/* A guest cannot skip the ticks of a periodic timer, so that it executes each of
 * the time that passes. */
static const char *busy_text(const struct vm *vm)
{
	return vm->plan->virtual_time && !vm->plan->uml &&
			       vm_kernel_is_periodic(&vm->kernel) ?
		       R_("the guest was still busy when --timeout expired: an "
			  "idle CPU executes every tick of its kernel "
			  "(CONFIG_HZ_PERIODIC)") :
		       R_("the guest was still busy when --timeout expired");
}

const char *vm_end_text(const struct vm *vm, enum machine_end end)
{
	switch (end) {
	case MACHINE_ENDED:
		return "";
	case MACHINE_MISSING:
		return missing_text(vm);
	case MACHINE_REFUSED:
		return R_("the machine ended before the guest started");
	case MACHINE_SILENT:
		return R_("the guest printed nothing");
	case MACHINE_PANICKED:
		return R_("the guest's kernel panicked");
	case MACHINE_TRUNCATED:
		return R_("the guest ended before it had sent all results");
	case MACHINE_HUNG:
		return R_("the guest hung: idle when --timeout expired");
	case MACHINE_BUSY:
		return busy_text(vm);
	case MACHINE_INVALID:
		return R_("the guest sent an invalid result");
	case MACHINE_INTERRUPTED:
		return R_("interrupted");
	}
	return "";
}

/* The start of an oops or BUG message; NULL: none. */
static const char *find_oops(const char *console)
{
	static const char *const beginnings[] = {
		"BUG: ", "Oops: ", "general protection fault", "cut here",
	};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		const char *found = strstr(console, beginnings[i]);

		if (found && (!first || found < first))
			first = found;
	}
	return first;
}

/* Warnings about what the cases do on purpose, which would fill the tail. */
static bool is_caused_by_cases(const char *line)
{
	static const char *const texts[] = {
		/* local-port-range, port-exhaustion: proc_..._port_range() */
		"ip_local_port_range: prefer different parity",
		/* accept-queue-*, syn-queue-full: tcp_syn_flood_action() */
		"Possible SYN flooding on port",
		/* close-without-time-wait: inet_twsk_alloc() failed */
		"time wait bucket table overflow",
		/* net_ratelimit() about the two above */
		"net_ratelimit: ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strstr(line, texts[i]))
			return true;
	return false;
}

/* Removes such lines; all lines end with a line feed then. */
static void leave_out_caused(char *console)
{
	char *to = console, *save;

	for (char *line = strtok_r(console, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t size = strlen(line);

		if (is_caused_by_cases(line))
			continue;
		memmove(to, line, size);
		to += size;
		*to++ = '\n';
	}
	*to = '\0';
}

/* Boot loaders print control characters, a crashing kernel bytes of any value. */
void vm_print_console(const char *console)
{
	const char *oops;
	char *copy, *from;
	int lines;

	/* The last line may lack its line feed. */
	if (asprintf(&copy, "%s\n", console) < 0)
		return;
	leave_out_caused(copy);
	oops = find_oops(copy);
	from = copy + (oops ? (size_t)(oops - copy) : strlen(copy));
	lines = oops ? 11 : 0;
	while (from > copy && lines < 12)
		if (*--from == '\n')
			lines++;
	safe_text(from, true);
	if (*copy)
		fprintf(stderr,
			"halfopen vm: last lines of the guest's console:\n"
			"%s\n",
			from);
	free(copy);
}

/* --- the guest ------------------------------------------------------------*/

static const char *const required[] = { "veth", "af_packet", "inet_diag",
					"tcp_diag", NULL };
/* crc32c_generic is a soft dependency of libcrc32c, which nf_tables needs: its
 * libcrc32c_mod_init() fails without it, where it is a module (s390x). */
static const char *const optional[] = {
	"crc32c_generic",
	"ipv6",	    "nf_tables",  "nft_chain_nat",	  "nft_masq",
	"nft_ct",   "nft_nat",	  "nf_conntrack_netlink", "nft_reject_inet",
	"hostfs",   "virtio_pci", "virtio_console",	  NULL,
};

/* The folder in which harness/bootstrap and harness/vm/fetch-kernels unpack. */
static const char *fallback_folder(const struct vm_arch *arch)
{
	static char path[4096 + 32];
	char build[4096];

	if (!program_own_folder("", 2, build, sizeof(build)))
		return NULL;
	snprintf(path, sizeof(path), "%s/kernels/%s", build,
		 arch && arch != vm_arch_own() ? arch->name : "");
	return path;
}

bool vm_default_kernel(char *ret, size_t size)
{
	struct vm_kernel kernel;

	if (vm_kernel_find(&kernel, NULL, NULL, fallback_folder(NULL), NULL) < 0)
		return false;
	snprintf(ret, size, "%s (%s)", kernel.release, kernel.image);
	vm_kernel_deinit(&kernel);
	return true;
}

const char *vm_foreign_arch(const struct vm *vm)
{
	return vm->plan->uml || vm->kernel.arch == vm_arch_own() ?
		       "" :
		       vm->kernel.arch->name;
}

/* The optional modules, and those of the features. */
static const char **all_optional(const struct vm_feature *features)
{
	size_t n = 0, count = ARRAY_SIZE(optional);
	const char **all;

	while (features && features[n].name)
		n++;
	all = calloc(n + count, sizeof(*all));
	for (size_t i = 0; all && i < n; i++)
		all[i] = features[i].module;
	if (all)
		memcpy(all + n, optional, sizeof(optional));
	return all;
}

/* The modules that every guest needs, and those of its architecture. */
static int find_modules(const struct vm *vm, struct vm_module **ret,
			size_t *ret_n)
{
	const char **all = all_optional(vm->plan->features);
	const char *names[16] = { NULL };
	size_t n = 0;
	int r;

	if (!all)
		return error_origin(-ENOMEM, "list modules");
	for (const char *const *name = vm->kernel.arch->modules; *name; name++)
		names[n++] = *name;
	for (const char *const *name = required; *name; name++)
		names[n++] = *name;
	r = vm_modules_find(&vm->kernel, names, all, ret, ret_n);
	free(all);
	return error_trace(r);
}

static int make_initramfs(struct vm *vm)
{
	const struct vm_plan *plan = vm->plan;
	struct vm_module *modules;
	char program[PATH_MAX];
	size_t n;
	int r = vm_program_find(vm->kernel.arch, plan->programs,
				plan->n_programs, program);

	if (r >= 0 && *program && plan->files)
		r = error_refuse(-EINVAL, "labs execute the programs of this "
				 "machine: not with --program, and not on a "
				 "kernel of another architecture");
	if (r >= 0)
		r = find_modules(vm, &modules, &n);
	if (r < 0)
		return error_trace(r);
	r = initramfs_new(*program ? program : NULL, plan->argv,
			  (size_t)plan->argc, modules, n, plan->files,
			  &vm->files_size);
	vm_modules_free(modules, n);
	if (r >= 0)
		vm->initramfs = r;
	return error_trace(MIN(r, 0));
}

static int prepare(struct vm *vm)
{
	const struct vm_plan *plan = vm->plan;
	int r;

	if (plan->append && strlen(plan->append) > MACHINE_APPEND_MAX)
		return error_refuse(-EINVAL,
				    "--append: longer than %d characters",
				    MACHINE_APPEND_MAX);
	if (plan->uml)
		return error_trace(vm_uml_check(plan->uml, plan->virtual_time,
						plan->features));
	r = vm_kernel_find(&vm->kernel, plan->kernel, plan->modules,
			   fallback_folder(plan->arch), plan->arch);
	if (r >= 0 && plan->features)
		r = vm_kernel_check(&vm->kernel, plan->features);
	if (r >= 0)
		r = make_initramfs(vm);
	return error_trace(r);
}

int vm_new(struct vm **ret, const struct vm_plan *plan)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int r;

	if (!vm)
		return error_origin(-ENOMEM, "prepare a guest");
	vm->plan = plan;
	vm->initramfs = -1;
	r = prepare(vm);
	if (r < 0) {
		vm_free(vm);
		return error_trace(r);
	}
	*ret = vm;
	return 0;
}

struct vm *vm_free(struct vm *vm)
{
	if (!vm)
		return NULL;
	vm_kernel_deinit(&vm->kernel);
	fd_close(vm->initramfs);
	free(vm);
	return NULL;
}

/* On nested machines /dev/kvm opens even where KVM does not work, so the
 * guest must also print something soon: run_qemu(). */
bool vm_may_have_kvm(void)
{
	CLEANUP_FD int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char line[4096];
	bool found = false;
	FILE *file = fd < 0 ? NULL : fopen("/proc/cpuinfo", "re");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strncmp(line, "flags", 5) == 0 &&
			(strstr(line, " vmx ") || strstr(line, " svm "));
	if (file)
		fclose(file);
	return found;
}

static int run_qemu(struct vm *vm, struct machine_plan plan,
		    struct stream *stream, struct machine_report *ret)
{
	char initramfs[64];
	int r;

	snprintf(initramfs, sizeof(initramfs), "/proc/%d/fd/%d", getpid(),
		 vm->initramfs);
	plan.arch = vm->kernel.arch;
	plan.kernel = vm->kernel.image;
	plan.initramfs = initramfs;
	/* The files are in memory twice while the kernel unpacks them
	 * (init/initramfs.c), and its root file system, a tmpfs, is limited to
	 * half of the memory. */
	plan.memory += (unsigned int)(3 * vm->files_size >> 20);
	plan.kvm = !plan.virtual_time && plan.arch == vm_arch_own() &&
		   plan.arch->kvm && vm_may_have_kvm();
	plan.first_output = plan.kvm ? SEC(10) : 0;
	r = machine_run(&plan, stream, ret);
	if (r >= 0 && plan.kvm && ret->end == MACHINE_SILENT) {
		plan.kvm = false;
		plan.first_output = 0;
		r = machine_run(&plan, stream, ret);
	}
	return error_trace(r);
}

/*
 * In MiB. Servers of labs allocate more than they use, 128 MiB of buffers for
 * example, and the limit of each program is half of the guest's memory. What the
 * guest does not touch takes no memory of this machine.
 */
static unsigned int memory_of(const struct vm_plan *plan)
{
	enum { CASES = 512, LABS = 2048 };
	long page = sysconf(_SC_PAGESIZE) >> 10; /* KiB */
	long half = sysconf(_SC_PHYS_PAGES) / 2 * page >> 10;

	if (plan->memory)
		return plan->memory;
	return plan->files ? (unsigned int)MIN(MAX(half, CASES), LABS) : CASES;
}

int vm_run(struct vm *vm, struct stream *stream, struct machine_report *ret)
{
	const struct vm_plan *plan = vm->plan;
	struct machine_plan machine = {
		.append = plan->append ? plan->append : "",
		.virtual_time = plan->virtual_time,
		.journals = plan->journals,
		.has_files = plan->files,
		.memory = memory_of(plan),
		.timeout = (nsec_t)(plan->timeout * 1e9),
	};
	int r;

	if (!plan->uml) {
		r = run_qemu(vm, machine, stream, ret);
	} else {
		machine.kernel = plan->uml;
		r = vm_uml_run(machine, plan->argv, (size_t)plan->argc, stream,
			       ret);
	}
	return error_trace(r);
}
