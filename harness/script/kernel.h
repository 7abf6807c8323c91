/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the running kernel without trying. */
#pragma once

#include <stdbool.h>

/* KERNEL_VERSION(6, 18, 0) for 6.18.44-whatever. */
unsigned int kernel_version(void);

/* The same of another kernel's release; 0 for text that does not start with two
 * numbers. */
unsigned int kernel_version_of(const char *release);

/* "6.18.44-whatever" */
const char *kernel_release(void);

/* A sysctl that exists here, in whatever namespace this process is in. */
bool kernel_has_sysctl(const char *name);

/* The clock jumps over idle time: said by what booted this kernel, with
 * HALFOPEN_VIRTUAL_TIME=1 in the environment. */
bool kernel_in_virtual_time(void);

/* And work of the processor takes no time, so that nothing and nobody can be
 * late: said with HALFOPEN_WORK_TAKES_NO_TIME=1 by the same. */
bool kernel_works_in_no_time(void);
