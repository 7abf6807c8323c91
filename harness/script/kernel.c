/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <linux/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "macro.h"
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

/* Debian's releases before 13 have the third number only in the version:
 * "#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)". */
static unsigned int full_release(void)
{
	unsigned int major = 0, minor = 0, patch = 0;
	struct utsname name;
	const char *debian;

	if (uname(&name) < 0)
		return 0;
	debian = strstr(name.version, "Debian ");
	if (!debian ||
	    sscanf(debian, "Debian %u.%u.%u", &major, &minor, &patch) != 3)
		sscanf(name.release, "%u.%u.%u", &major, &minor, &patch);
	return KERNEL_VERSION(major, minor, patch);
}

static bool same_branch(unsigned int a, unsigned int b)
{
	return a >> 8 == b >> 8;
}

enum kernel_change kernel_change_of(const struct change *change,
				    unsigned int release)
{
	if (release >= change->kernel)
		return CHANGE_PRESENT;
	for (int i = 0; i < CHANGE_RELEASES; i++) {
		if (same_branch(release, change->present[i]) &&
		    release >= change->present[i])
			return CHANGE_PRESENT;
		if (same_branch(release, change->absent[i]) &&
		    release <= change->absent[i])
			return CHANGE_ABSENT;
	}
	return change->stable ? CHANGE_UNKNOWN : CHANGE_ABSENT;
}

enum kernel_change kernel_change(const struct change *change)
{
	return kernel_change_of(change, full_release());
}

/* /proc/sys/net shows the sysctls of the network namespace of the thread that
 * opens it: net_ctl_header_lookup(). */
bool kernel_has_sysctl(const char *name)
{
	char path[256];

	return sysctl_path(name, path, sizeof(path)) >= 0 &&
	       access(path, F_OK) == 0;
}

bool kernel_must_have(const char *name)
{
	static const struct {
		const char *name;
		unsigned int since;
	} added[] = {
		{ "net.ipv4.tcp_syn_linear_timeouts", KERNEL_VERSION(6, 5, 0) },
		{ "net.ipv4.tcp_rto_min_us", KERNEL_VERSION(6, 11, 0) },
		{ "net.ipv4.tcp_tw_reuse_delay", KERNEL_VERSION(6, 14, 0) },
		{ "net.ipv4.tcp_rto_max_ms", KERNEL_VERSION(6, 15, 0) },
		{ "PAWSOldAck", KERNEL_VERSION(6, 14, 0) },
		{ "TSEcrRejected", KERNEL_VERSION(6, 15, 0) },
		{ "PAWSTimewait", KERNEL_VERSION(6, 16, 0) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		if (strcmp(added[i].name, name) == 0)
			return kernel_version() >= added[i].since;
	return false;
}
