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

/* KERNEL_VERSION() has eight bits for the third number. */
unsigned int kernel_version_of(const char *release)
{
	unsigned int major = 0, minor = 0, sublevel = 0;

	if (sscanf(release, "%3u.%3u.%5u", &major, &minor, &sublevel) < 2 ||
	    major > 255 || minor > 255)
		return 0;
	return KERNEL_VERSION(major, minor, MIN(sublevel, 255U));
}

/*
 * Distributions leave the sublevel of a stable release out of uname -r, or put a
 * number of their own there: "6.1.0-50-amd64" is "... Debian 6.1.192-3 ..." in
 * uname -v, "5.15.0-91-generic" is "Ubuntu 5.15.0-91.101-generic 5.15.131" in
 * /proc/version_signature.
 */
static unsigned int distribution_version(void)
{
	static const char debian[] = " Debian ";
	char ubuntu[128] = "", line[256] = "";
	struct utsname name;
	const char *found;
	FILE *file;

	if (uname(&name) == 0 && (found = strstr(name.version, debian)))
		return kernel_version_of(found + sizeof(debian) - 1);

	file = fopen("/proc/version_signature", "re");
	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file))
		sscanf(line, "Ubuntu %*s %127s", ubuntu);
	fclose(file);
	return kernel_version_of(ubuntu);
}

unsigned int kernel_version(void)
{
	static unsigned int version;
	unsigned int named;

	if (version)
		return version;
	version = kernel_version_of(kernel_release());
	named = distribution_version();
	if (named >> 8 == version >> 8)
		version = MAX(version, named);
	return version;
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
	return kernel_change_of(change, kernel_version());
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
