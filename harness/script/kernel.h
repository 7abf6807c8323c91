/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running kernel: version and sysctls. */
#pragma once

#include <stdbool.h>

#include "testcase.h"

/* KERNEL_VERSION(6, 18, 44) for 6.18.44-anything. */
unsigned int kernel_version(void);

/* The same of another kernel's release; 0 for text that does not start with two
 * numbers. */
unsigned int kernel_version_of(const char *release);

/*
 * Whether the running kernel has a change that was backported. From the mainline
 * release on it has. Before, the release of its stable branch decides
 * (change.present, change.absent), and for others nothing is known.
 */
enum kernel_change { CHANGE_UNKNOWN, CHANGE_ABSENT, CHANGE_PRESENT };
enum kernel_change kernel_change(const struct change *change);

/* The same for another kernel, with the third number: KERNEL_VERSION(6, 12, 91). */
enum kernel_change kernel_change_of(const struct change *change,
				    unsigned int release);

/* "6.18.44-anything" */
const char *kernel_release(void);

/* Whether the sysctl exists in the network namespace of this thread. */
bool kernel_has_sysctl(const char *name);

/* Whether a mainline release added the sysctl or counter of that name, and this
 * kernel is not older: its absence is a fault and no reason to skip a run. */
bool kernel_must_have(const char *name);
