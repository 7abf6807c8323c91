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

#include "caller.h"
#include "errors.h"
#include "initramfs.h"
#include "macro.h"
#include "scratch.h"
#include "vm-signals.h"

/* --- the kernel's configuration -------------------------------------------*/

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

/* Returns the lines of the kernel's configuration, to be freed. */
static int read_config(const char *kernel, char **ret)
{
	int fds[2], status;
	size_t size = 0;
	FILE *config;
	pid_t pid;

	*ret = NULL;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	pid = fork();
	if (pid == 0)
		show_config(kernel, fds[1]);
	close(fds[1]);
	config = pid > 0 ? fdopen(fds[0], "r") : NULL;
	if (!config) {
		close(fds[0]);
		return error_origin(-errno, "fork");
	}
	if (getdelim(ret, &size, '\0', config) < 0 && !*ret)
		*ret = strdup("");
	fclose(config);
	waitpid(pid, &status, 0);
	return *ret ? 0 : error_origin(-ENOMEM, "read the configuration");
}

static bool has_option(const char *config, const char *option)
{
	size_t size = strlen(option);

	for (const char *line = config; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, option, size) == 0 &&
		    strncmp(line + size, "=y\n", 3) == 0)
			return true;
	return false;
}

static int check_config(const char *kernel, const char *config,
			bool virtual_time, const struct vm_feature *feature)
{
	if (!has_option(config, "CONFIG_UML"))
		return error_refuse(-EINVAL, "--uml %s: not a User Mode Linux "
				    "kernel; harness/vm/build-uml builds one",
				    kernel);
	if (virtual_time &&
	    !has_option(config, "CONFIG_UML_TIME_TRAVEL_SUPPORT"))
		return error_refuse(
			-EINVAL, "--uml %s: kernel without "
			"CONFIG_UML_TIME_TRAVEL_SUPPORT: its clock cannot "
			"skip idle time; harness/vm/build-uml builds one "
			"that can", kernel);
	for (; feature && feature->name; feature++)
		if (!has_option(config, feature->option))
			return error_refuse(-EINVAL,
					    "%s: kernel %s has no %s (%s); "
					    "harness/vm/build-uml builds one "
					    "that has",
					    feature->user, kernel,
					    feature->name, feature->option);
	return 0;
}

int vm_uml_check(const char *kernel, bool virtual_time,
		 const struct vm_feature *features)
{
	char *config;
	int r;

	if (access(kernel, X_OK) < 0)
		return error_refuse(-errno, "--uml %s: %s; harness/vm/build-uml "
				    "builds a User Mode Linux kernel",
				    kernel, strerror(errno));
	r = read_config(kernel, &config);
	if (r >= 0)
		r = check_config(kernel, config, virtual_time, features);
	free(config);
	return error_trace(r);
}

/* --- the shared folder ----------------------------------------------------*/

static int open_file(const char *folder, const char *name, FILE **ret)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	*ret = fopen(path, "we");
	return *ret ? 0 : error_origin(-errno, "write %s", path);
}

static int put_words(const char *folder, const char *name, char *const *words,
		     size_t n)
{
	FILE *file;
	int r = open_file(folder, name, &file);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < n; i++)
		fwrite(words[i], 1, strlen(words[i]) + 1, file);
	return fclose(file) != 0 ? error_origin(-errno, "write %s", name) : 0;
}

static int put_caller(const char *folder)
{
	size_t size;
	char *text = caller_text(&size);
	FILE *file;
	int r = text ? open_file(folder, INITRAMFS_CALLER, &file) :
		       error_origin(-ENOMEM, "describe the caller");

	if (r >= 0) {
		fwrite(text, 1, size, file);
		if (fclose(file) != 0)
			r = error_origin(-errno, "write %s", INITRAMFS_CALLER);
	}
	free(text);
	return error_trace(r);
}

static int run_in(const char *folder, const struct machine_plan *plan,
		  char *const *words, size_t n_words, struct stream *stream,
		  struct machine_report *ret)
{
	int r = put_words(folder, INITRAMFS_WORDS, words, n_words);

	if (r >= 0)
		r = put_words(folder, "result", NULL, 0);
	if (r >= 0 && plan->has_files)
		r = put_caller(folder);
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
