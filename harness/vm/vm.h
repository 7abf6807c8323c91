/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one guest: finds the kernel, boots it, reports how it ended. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "initramfs.h"
#include "machine.h"
#include "vm-kernel.h"

struct vm;

enum { VM_PROGRAMS_MAX = 4 }; /* one of each architecture */

struct vm_plan {
	const char *kernel, *modules; /* as vm_kernel_find() takes them */
	const struct vm_arch *arch; /* NULL: as the kernel */
	/* Programs for the guest; by default as vm_program_find() finds one. */
	const char *programs[VM_PROGRAMS_MAX];
	size_t n_programs;
	const char *uml; /* a User Mode Linux kernel instead; or NULL */
	const char *append; /* words for the kernel's command line; or NULL */
	bool virtual_time;
	bool journals; /* the guest sends every journal */
	double timeout; /* seconds of wall-clock time */
	unsigned int memory; /* MiB, besides the files; 0: the default */
	/* The command gets these files of the host, and the caller's directory,
	 * ids and environment; NULL: it needs none of them. */
	const struct initramfs_files *files;
	/* What the command needs besides, whose modules the guest loads; ends
	 * with name NULL. NULL: nothing. */
	const struct vm_feature *features;
	int argc; /* the command line of run, "run" first */
	char **argv;
};

/*
 * Prepares a guest: finds or unpacks the kernel, collects its modules, packs
 * the initramfs; nothing is started yet. Borrows `plan`. -ENOENT, -EINVAL and
 * others for a kernel, UML program or module that does not exist or is not one, and
 * for `append` longer than the command line may be; the message names the cure.
 */
int vm_new(struct vm **ret, const struct vm_plan *plan);
struct vm *vm_free(struct vm *vm);

/* Boots it. How the guest ended is in `ret`; fails only for reasons of this
 * process. */
int vm_run(struct vm *vm, struct stream *stream, struct machine_report *ret);

/* The kernel that vm_new() finds by default: "6.12.107 (PATH)". False: none. */
bool vm_default_kernel(char *ret, size_t size);

/* Whether KVM may work. A silent guest is booted again without it. */
bool vm_may_have_kvm(void);

/* Describes the end, with the cure. */
const char *vm_end_text(const struct vm *vm, enum machine_end end);

/* The architecture of the guest, "s390x"; "" for that of this program. */
const char *vm_foreign_arch(const struct vm *vm);

/* Prints the console's last lines to stderr. */
void vm_print_console(const char *console);
