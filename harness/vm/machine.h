/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that the guest's kernel runs on: QEMU, or the kernel itself where
 * that is a User Mode Linux. A process of its own, whose two voices, the console
 * and the results, are read while it runs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "nsec.h"
#include "stream.h"

struct machine_plan {
	/* The image, or User Mode Linux' program: absolute, it does not run
	 * where we do. */
	const char *kernel;
	const char *initramfs; /* a path; QEMU */
	const char *folder; /* where words are and results come; UML */
	bool virtual_time;
	bool uml;
	bool kvm; /* QEMU; otherwise plain emulation */
	bool journals; /* all of them are to be sent */
	unsigned int memory; /* MiB */
	nsec_t patience; /* of the wall's time, for all of it */
	nsec_t first_word; /* the console must have spoken by then; 0: none */
};

enum machine_end {
	MACHINE_ENDED, /* the guest said its last line and went */
	MACHINE_MISSING, /* there is no such program */
	MACHINE_REFUSED, /* it went at once, without a word of the guest's */
	MACHINE_SILENT, /* not a word by `first_word` */
	MACHINE_PANICKED,
	MACHINE_CUT_SHORT, /* went before the last line */
	MACHINE_HUNG, /* still there after `patience`, and idle */
	MACHINE_SPUN, /* the same, and busy */
	MACHINE_GARBLED, /* said what is none of its words */
	MACHINE_INTERRUPTED, /* ended by us, who were told to end */
};

struct machine_report {
	enum machine_end end;
	nsec_t took;
	nsec_t until_first_result; /* the boot; 0: none came */
	char console[8192]; /* its last lines */
};

/* Returns a failure only of its own; what became of the guest is in `ret`. */
int machine_run(const struct machine_plan *plan, struct stream *stream,
		struct machine_report *ret);
