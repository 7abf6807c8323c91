/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The namespace of a file below /proc/sys/net is the one that the thread is in
 * when it opens the file. What was written is compared by value with what is
 * read back: the kernel accepts "0x10" and prints "16", and separates the
 * numbers of a list by tabs.
 */
#include "sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"

int sysctl_path(const char *name, char *ret, size_t size)
{
	static const char root[] = "/proc/sys/";
	size_t length = strlen(name);

	if (strncmp(name, "net.", 4) != 0 || strchr(name, '/') ||
	    strstr(name, "..") || length + sizeof(root) > size)
		return error_refuse(-EINVAL, "sysctl '%s': not below net.",
				    name);
	memcpy(ret, root, sizeof(root) - 1);
	for (size_t i = 0; i <= length; i++)
		ret[sizeof(root) - 1 + i] = name[i] == '.' ? '/' : name[i];
	return 0;
}

/* "4096\t131072  6291456\n" and "4096 131072 6291456" are the same value. */
static void fold(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* In the namespace that the thread is in; returns a file descriptor. */
static int open_here(const char *name, int flags)
{
	char path[256];
	int r = sysctl_path(name, path, sizeof(path)), fd;

	if (r < 0)
		return error_trace(r);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? error_origin(-errno, "sysctl %s", name) : fd;
}

/* proc_sys_call_handler() returns the whole value at offset 0. */
static int read_value(int fd, const char *name, char ret[SYSCTL_VALUE])
{
	ssize_t n = pread(fd, ret, SYSCTL_VALUE - 1, 0);

	if (n < 0)
		return error_origin(-errno, "sysctl %s", name);
	ret[n] = '\0';
	fold(ret);
	return 0;
}

/* The same text or the same integer, in any base. */
static bool same_word(const char *a, const char *b)
{
	char *end_a, *end_b;
	long x, y;

	if (strcmp(a, b) == 0)
		return true;
	x = strtol(a, &end_a, 0);
	y = strtol(b, &end_b, 0);
	return end_a != a && !*end_a && end_b != b && !*end_b && x == y;
}

/* Both are folded; they are split in place. */
static bool same_value(char *a, char *b)
{
	char *save_a, *save_b;
	char *x = strtok_r(a, " ", &save_a), *y = strtok_r(b, " ", &save_b);

	while (x && y && same_word(x, y)) {
		x = strtok_r(NULL, " ", &save_a);
		y = strtok_r(NULL, " ", &save_b);
	}
	return !x && !y;
}

/* The kernel ignores what follows the last number that it expects, so the value
 * is read back and compared. ENOENT and EPERM of open(2) are about the name; of
 * write(2), about the value: tcp_set_default_congestion_control(). */
static int write_here(const struct sysctl_setting *setting)
{
	char got[SYSCTL_VALUE], copy[SYSCTL_VALUE], want[SYSCTL_VALUE];
	CLEANUP_FD int fd = open_here(setting->name, O_RDWR);
	int r;

	if (fd < 0)
		return error_trace(fd);
	if (write(fd, setting->value, strlen(setting->value)) < 0) {
		r = errno == ENOENT || errno == EPERM ? -EINVAL : -errno;
		return error_origin(r, "sysctl %s = %s", setting->name,
				    setting->value);
	}
	r = read_value(fd, setting->name, got);
	if (r < 0)
		return error_trace(r);
	snprintf(want, sizeof(want), "%s", setting->value);
	fold(want);
	memcpy(copy, got, sizeof(copy));
	if (!same_value(copy, want))
		return error_refuse(-EDOM, "sysctl %s = %s reads back as %s",
				    setting->name, setting->value, got);
	return 0;
}

int sysctl_write(int fd, const struct sysctl_setting *settings, size_t n)
{
	int r, left;

	if (!n)
		return 0;
	if (!namespace_is_ours(fd))
		return error_refuse(-EPERM,
				    "sysctl %s: the namespace is not ours",
				    settings[0].name);
	r = namespace_enter(fd);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = write_here(&settings[i]);
	left = namespace_leave();
	return error_trace(r < 0 ? r : left);
}

int sysctl_read(int fd, const char *name, char ret[SYSCTL_VALUE])
{
	CLEANUP_FD int file = -1;
	int r, left;

	r = namespace_enter(fd);
	if (r < 0)
		return error_trace(r);
	file = open_here(name, O_RDONLY);
	left = namespace_leave();
	if (file < 0 || left < 0)
		return error_trace(file < 0 ? file : left);
	return error_trace(read_value(file, name, ret));
}

int sysctl_read_number(int fd, const char *name, long *ret)
{
	char value[SYSCTL_VALUE], *end;
	long number;
	int r;

	r = sysctl_read(fd, name, value);
	if (r < 0)
		return error_trace(r);
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value)
		return error_refuse(-EINVAL, "sysctl %s is '%s'", name, value);
	*ret = number;
	return 0;
}
