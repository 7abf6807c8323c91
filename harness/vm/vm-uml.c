/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's configuration is checked first (--showconfig). Guest and host
 * share a folder in memory: the command line and the results are files in it,
 * which the guest accesses through hostfs.
 */
#include "vm-uml.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "initramfs.h"
#include "macro.h"
#include "scratch.h"
#include "vm-signals.h"

/* --- the kernel's configuration -------------------------------------------*/

enum { UML = 1 << 0, TIME_TRAVEL = 1 << 1 };

/* The user's file may be any program: alarm() limits its time. */
static void MACRO_NORETURN show_config(const char *kernel, int out)
{
	vm_signals_restore();
	alarm(10);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execl(kernel, kernel, "--showconfig", (char *)NULL);
	_exit(127);
}

static int read_config(FILE *config)
{
	char line[256];
	int found = 0;

	while (fgets(line, sizeof(line), config)) {
		if (strcmp(line, "CONFIG_UML=y\n") == 0)
			found |= UML;
		if (strcmp(line, "CONFIG_UML_TIME_TRAVEL_SUPPORT=y\n") == 0)
			found |= TIME_TRAVEL;
	}
	return found;
}

/* Returns the options that the kernel was built with. */
static int read_options(const char *kernel)
{
	int fds[2], status, found;
	FILE *config;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	pid = fork();
	if (pid == 0)
		show_config(kernel, fds[1]);
	close(fds[1]);
	config = pid > 0 ? fdopen(fds[0], "r") : NULL;
	found = config ? read_config(config) : error_origin(-errno, "fork");
	if (config)
		fclose(config);
	else
		close(fds[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return found;
}

int vm_uml_check(const char *kernel, bool virtual_time)
{
	int found;

	if (access(kernel, X_OK) < 0)
		return error_refuse(-errno, "--uml %s: %s; harness/vm/build-uml "
				    "builds a User Mode Linux kernel",
				    kernel, strerror(errno));
	found = read_options(kernel);
	if (found < 0)
		return error_trace(found);
	if (!(found & UML))
		return error_refuse(-EINVAL, "--uml %s: not a User Mode Linux "
				    "kernel; harness/vm/build-uml builds one",
				    kernel);
	if (virtual_time && !(found & TIME_TRAVEL))
		return error_refuse(
			-EINVAL, "--uml %s: kernel without "
			"CONFIG_UML_TIME_TRAVEL_SUPPORT: its clock cannot "
			"skip idle time; harness/vm/build-uml builds one "
			"that can", kernel);
	return 0;
}

/* --- the shared folder ----------------------------------------------------*/

static int put_file(const char *folder, const char *name, char *const *words,
		    size_t n)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	for (size_t i = 0; file && i < n; i++)
		fwrite(words[i], 1, strlen(words[i]) + 1, file);
	if (!file || fclose(file) != 0)
		return error_origin(-errno, "write %s", path);
	return 0;
}

static int run_in(const char *folder, const struct machine_plan *plan,
		  char *const *words, size_t n_words, struct stream *stream,
		  struct machine_report *ret)
{
	int r = put_file(folder, INITRAMFS_WORDS, words, n_words);

	if (r >= 0)
		r = put_file(folder, "result", NULL, 0);
	if (r >= 0)
		r = machine_run(plan, stream, ret);
	return error_trace(r);
}

int vm_uml_run(struct machine_plan plan, char *const *words, size_t n_words,
	       struct stream *stream, struct machine_report *ret)
{
	char kernel[PATH_MAX];
	struct scratch scratch;
	/* In memory, because the guest writes each line synchronously. */
	int r = scratch_new(&scratch, "/dev/shm");

	if (r < 0)
		return error_trace(r);
	if (realpath(plan.kernel, kernel))
		plan.kernel = kernel;
	plan.uml = true;
	plan.folder = scratch.path;
	r = run_in(scratch.path, &plan, words, n_words, stream, ret);
	scratch_remove(&scratch);
	return error_trace(r);
}
