/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine on which the guest's kernel runs: a QEMU process, or a User Mode
 * Linux kernel, which is a process itself. Its console and its results are read
 * while it runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "nsec.h"
#include "stream.h"

enum { MACHINE_APPEND_MAX = 512 };

struct vm_arch;

struct machine_plan {
	const struct vm_arch *arch; /* QEMU */
	/* Image or UML program; absolute, since it runs in another folder. */
	const char *kernel;
	const char *initramfs; /* a path; QEMU */
	const char *folder; /* for command line and results; UML */
	const char *append; /* more words of the kernel's command line */
	bool virtual_time;
	bool has_files; /* the guest has the host's programs: GUEST_FILES */
	bool uml;
	bool kvm; /* QEMU; otherwise emulation (TCG) */
	bool journals; /* the guest sends every journal */
	unsigned int memory; /* MiB */
	nsec_t timeout; /* wall-clock time for the whole run */
	nsec_t first_output; /* limit for the first output; 0: none */
};

enum machine_end {
	MACHINE_ENDED, /* the guest sent its last line and powered off */
	MACHINE_MISSING, /* the program does not exist */
	MACHINE_REFUSED, /* it ended before the guest started */
	MACHINE_SILENT, /* no output within `first_output` */
	MACHINE_PANICKED,
	MACHINE_TRUNCATED, /* it ended before the guest's last line */
	MACHINE_HUNG, /* `timeout` expired, guest idle */
	MACHINE_BUSY, /* `timeout` expired, guest busy */
	MACHINE_INVALID, /* the guest sent an invalid line */
	MACHINE_INTERRUPTED, /* ended because of a signal to this process */
};

struct machine_report {
	enum machine_end end;
	nsec_t elapsed;
	nsec_t until_first_result; /* the boot; 0: no result */
	nsec_t cpu, cpu_until_first_result; /* CPU time of the guest */
	char console[8192]; /* its last lines */
};

/* Fails only for reasons of this process; how the guest ended is in `ret`. */
int machine_run(const struct machine_plan *plan, struct stream *stream,
		struct machine_report *ret);
