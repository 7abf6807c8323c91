/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "exit-status.h"
#include "fd.h"
#include "filter.h"
#include "firewall.h"
#include "guest.h"
#include "macro.h"
#include "nearest.h"
#include "probe-process.h"
#include "safe-text.h"
#include "version.h"

static void print_help(FILE *out)
{
	size_t n;
	const struct command *command = commands(&n);

	fprintf(out, "usage: halfopen COMMAND [arguments]\n\n"
		     "Network fault injection for TCP: what each side "
		     "observes when a connection\ndies.\n\n");
	for (; n > 0; n--, command++)
		fprintf(out, "  %-8s %s\n", command->usage->name,
			command->usage->brief);
	fprintf(out, "\n'halfopen COMMAND --help' describes a command.\n");
}

/* Without it a file that is opened next would become stdout and be
 * overwritten. It is opened read-only, so that writing a report to a closed
 * stdout remains an error. */
static void open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A report that could not be printed makes a pass a failure of halfopen. */
static int check_stdout(int status)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);

	if (!failed || status != EXIT_STATUS_PASS)
		return status;
	fprintf(stderr, "halfopen: write to stdout: %s\n",
		strerror(-fd_stream_error(stdout)));
	return EXIT_STATUS_BROKEN;
}

static int unknown_command(const char *name)
{
	const char *names[16], *found[1];
	size_t n;
	const struct command *all = commands(&n);

	assert(n <= ARRAY_SIZE(names));
	for (size_t i = 0; i < n; i++)
		names[i] = all[i].usage->name;
	fprintf(stderr, "halfopen: unknown command '%s'", name);
	if (nearest_names(name, names, n, found, 1))
		fprintf(stderr, "; similar: %s", found[0]);
	fprintf(stderr, "; 'halfopen --help' lists all\n");
	return EXIT_STATUS_USAGE;
}

/* Messages print the words of the command line. Tabs are in values that /proc
 * prints. */
static bool words_are_safe(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (safe_text_is_safe(argv[i], true))
			continue;
		fprintf(stderr,
			"halfopen: word %d of the command line is not UTF-8 or "
			"has control characters\n",
			i);
		return false;
	}
	return true;
}

static int run_command(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_STATUS_USAGE;
	}
	if (!words_are_safe(argc, argv))
		return EXIT_STATUS_USAGE;
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_STATUS_PASS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("halfopen %s\n%c libnftables: gateways, firewalls\n"
		       "%c libseccomp: socket families of programs\n",
		       HALFOPEN_VERSION, firewall_possible() ? '+' : '-',
		       filter_possible() ? '+' : '-');
		return EXIT_STATUS_PASS;
	}
	command = command_find(argv[1]);
	if (command)
		return command->run(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
	/* The probe is usually a separate program: probe-program.c. */
	if (argc > 0 && strcmp(argv[0], PROBE_NAME) == 0)
		return probe_process_main();
	if (guest_is_init())
		guest_main(cmd_run_in_guest);
	open_standard_fds();
	return check_stdout(run_command(argc, argv));
}
