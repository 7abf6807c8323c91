/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest, from its kernel's name to its last word. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "machine.h"

struct vm_plan {
	const char *kernel, *modules; /* as vm_kernel_find() takes them */
	const char *uml; /* a User Mode Linux kernel instead; or NULL */
	bool virtual_time;
	bool journals; /* all of them are to be sent */
	double timeout; /* seconds of this machine's time */
	unsigned int memory; /* MiB */
	int argc; /* the words of run, "run" first */
	char **argv;
};

/* What became of the guest is in `ret`; a failure is of a kernel that cannot be
 * booted, said in a sentence with its cure. */
int vm_run(const struct vm_plan *plan, struct stream *stream,
	   struct machine_report *ret);

/* The newest kernel that vm_run() would find by itself: "6.12.107 (PATH)". False:
 * there is none. */
bool vm_default_kernel(char *ret, size_t size);

/* May KVM work? A guest that says nothing is booted anew without. */
bool vm_may_have_kvm(void);

/* Such an end in a sentence, with its cure. */
const char *vm_end_text(enum machine_end end, bool uml);

/* The console's last lines, on stderr. */
void vm_print_console(const char *console);
