/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <linux/version.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sysctl.h"

const char *kernel_release(void)
{
	static struct utsname name;

	if (!name.release[0] && uname(&name) < 0)
		return "unknown";
	return name.release;
}

/* The third number is left out: a change that was backported to a stable
 * release has no version here, and NEEDS() and CHANGES() name mainline
 * releases. */
unsigned int kernel_version_of(const char *release)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(release, "%u.%u", &major, &minor) != 2)
		return 0;
	return KERNEL_VERSION(major, minor, 0);
}

unsigned int kernel_version(void)
{
	return kernel_version_of(kernel_release());
}

/* /proc/sys/net shows the sysctls of the network namespace of the thread that
 * opens it: net_ctl_header_lookup(). */
bool kernel_has_sysctl(const char *name)
{
	char path[256];

	return sysctl_path(name, path, sizeof(path)) >= 0 &&
	       access(path, F_OK) == 0;
}
