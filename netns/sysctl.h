/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sysctls of a network namespace, by their dotted names. Each value is read
 * back after it was written. A namespace that halfopen did not make is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SYSCTL_NAME = 128, SYSCTL_VALUE = 256 };

struct sysctl_setting {
	const char *name; /* net.ipv4.tcp_retries2 */
	const char *value;
};

/*
 * Writes `n` settings in the namespace `fd`. -ENOENT: this kernel has no such
 * sysctl in a namespace; -EINVAL: it does not accept the value; -EDOM: it stores
 * another one; -EPERM: the namespace is not ours (namespace_is_ours()). The
 * message has the setting.
 */
int sysctl_write(int fd, const struct sysctl_setting *settings, size_t n);

/* Reads one value as text; each run of white space becomes one space, and the
 * newline is removed. */
int sysctl_read(int fd, const char *name, char ret[SYSCTL_VALUE]);

/* The first number of the value. -ENOENT as above. */
int sysctl_read_number(int fd, const char *name, long *ret);

/* net.ipv4.conf.eth0.x -> /proc/sys/net/ipv4/conf/eth0/x; -EINVAL for a name
 * that does not begin with "net." or contains a slash. */
int sysctl_path(const char *name, char *ret, size_t size);
