/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A setting is tested by writing it, in a child process with a network
 * namespace of its own, since the range of a sysctl is in the kernel only. The
 * child sends its error message, if any, through a pipe. It waits for a byte
 * before it starts, because its user namespace has to be mapped by the parent
 * first.
 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "kernel.h"
#include "namespace.h"
#include "privilege.h"
#include "sysctl.h"

int settings_parse(struct setting *ret, char *text)
{
	char *value = strchr(text, '='), *colon = strchr(text, ':');
	struct setting setting = { .name = text };
	char path[256];

	if (!value || value == text || !value[1])
		return error_refuse(-EINVAL, "'%s' is not KEY=VALUE", text);
	*value++ = '\0';
	if (colon && colon < value) {
		*colon = '\0';
		setting.host = text;
		setting.name = colon + 1;
	}
	setting.text = value;
	if (sysctl_path(setting.name, path, sizeof(path)) < 0)
		return error_refuse(-EINVAL,
				    "'%s' is no sysctl below net.: expected a "
				    "full name such as net.ipv4.tcp_retries2",
				    setting.name);
	*ret = setting;
	return 0;
}

/* Writes one setting; a message for the user who typed it. */
static int try_one(const struct setting *setting, bool on_machine)
{
	const char *interface = strstr(setting->name, ".eth");
	const char *rest = interface ? strchr(interface + 1, '.') : NULL;
	struct sysctl_setting one = { setting->name, setting->text };
	char stand_in[256];
	int r;

	/* The interface of the host does not exist here; lo has the same
	 * sysctls. */
	if (rest) {
		snprintf(stand_in, sizeof(stand_in), "%.*s.lo%s",
			 (int)(interface - setting->name), setting->name, rest);
		one.name = stand_in;
	}
	r = sysctl_write(namespace_home(), &one, 1);
	if ((r == -ENOENT || r == -EACCES || r == -EPERM) && on_machine &&
	    !rest)
		return error_refuse(r,
				    "sysctl %s is global, not per network "
				    "namespace",
				    setting->name);
	/* A read-only /proc/sys: the runs report it. */
	if (r == -EROFS)
		return 0;
	if (r == -ENOENT)
		return error_refuse(r, "this kernel has no sysctl %s",
				    setting->name);
	if (r < 0)
		return error_refuse(r, "sysctl %s does not accept '%s'",
				    setting->name, setting->text);
	return 0;
}

/* Runs in a network namespace of its own. Writes the message of the first
 * setting that fails into the pipe. */
static void MACRO_NORETURN try_in_child(const struct setting *settings,
					const bool *on_machine, int go, int out)
{
	char byte;
	int r = 0;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	r = namespace_remember_home();
	if (r >= 0)
		namespace_home_is_ours();
	for (size_t i = 0; r >= 0 && settings[i].name; i++)
		r = try_one(&settings[i], on_machine[i]);
	if (r < 0)
		fd_write_all(out, error_message(), strlen(error_message()));
	_exit(0);
}

enum { TRY_MAX = 64 };

int settings_try(const struct setting *settings)
{
	CLEANUP_FD int go_read = -1, in = -1;
	int go, out;
	bool on_machine[TRY_MAX];
	int go_fds[2], fds[2];
	char message[512];
	ssize_t n = 0;
	pid_t pid;

	if (!settings[0].name)
		return 0;
	for (size_t i = 0; i < TRY_MAX && settings[i].name; i++)
		on_machine[i] = kernel_has_sysctl(settings[i].name);
	if (pipe2(go_fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	go_read = go_fds[0];
	go = go_fds[1];
	if (pipe2(fds, O_CLOEXEC) < 0) {
		fd_close(go);
		return error_origin(-errno, "pipe");
	}
	in = fds[0];
	out = fds[1];
	pid = privilege_clone(privilege_clone_flags(), NULL);
	if (pid == 0) {
		/* With its own copy of the writing end, read() would never
		 * return when the parent closes its end. */
		fd_close(go);
		try_in_child(settings, on_machine, go_read, out);
	}
	fd_close(out);
	/* No namespaces here: the runs report it. */
	if (pid < 0) {
		fd_close(go);
		return 0;
	}
	if (privilege_map_child(pid) >= 0 && fd_write_all(go, "", 1) >= 0)
		n = fd_read_all(in, message, sizeof(message) - 1);
	/* End of file for a child that got no byte. */
	fd_close(go);
	waitpid(pid, NULL, 0);
	if (n <= 0)
		return 0;
	message[n] = '\0';
	/* The message already ends with the reason. */
	return error_refuse(-EINVAL, "%s", message);
}
