/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The architectures of guests: how a kernel image is recognised, which QEMU
 * emulates the machine, and how the guest's results leave it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm_arch {
	const char *name; /* as Debian names it: "arm64" */
	const char *machine; /* as uname -m prints it: "aarch64" */
	uint16_t elf; /* e_machine: EM_AARCH64 */
	bool big_endian;
	const char *qemu, *package;
	/* Words of QEMU's command line; each list ends with NULL. `kvm` NULL: only
	 * emulation. */
	const char *const *common, *const *virtual_clock, *const *emulated;
	const char *const *kvm;
	bool result_on_serial; /* the second serial port carries the results, too */
	const char *append; /* words of the kernel's command line */
	/* Modules for the device that carries the results. */
	const char *const *modules;
	/* A guest that finishes ends QEMU with an odd exit status
	 * (isa-debug-exit); otherwise it powers off, with status 0. */
	bool odd_exit;
};

/* By either name; NULL: unknown. */
const struct vm_arch *vm_arch_find(const char *name);
/* That of this program. NULL where no guest has it. */
const struct vm_arch *vm_arch_own(void);

enum { VM_ARCH_RELEASE = 128 };

/*
 * The architecture of a kernel image and its release ("6.12.107-arm64"). NULL
 * for a file that is not a kernel image which QEMU can boot.
 */
const struct vm_arch *vm_arch_of_image(int fd, char ret[VM_ARCH_RELEASE]);

/* The architecture of a 64-bit ELF program, and whether it is linked statically.
 * NULL: it is not a program of one of them. */
const struct vm_arch *vm_arch_of_program(int fd, bool *ret_static);
