/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running kernel: version and sysctls. */
#pragma once

#include <stdbool.h>

/* KERNEL_VERSION(6, 18, 0) for 6.18.44-anything. */
unsigned int kernel_version(void);

/* The same of another kernel's release; 0 for text that does not start with two
 * numbers. */
unsigned int kernel_version_of(const char *release);

/* "6.18.44-anything" */
const char *kernel_release(void);

/* Whether the sysctl exists in the network namespace of this thread. */
bool kernel_has_sysctl(const char *name);
