/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd-run.h"
#include "commands.h"
#include "exit-status.h"
#include "firewall.h"
#include "guest.h"
#include "probe-process.h"
#include "version.h"

static void print_help(FILE *out)
{
	size_t n;
	const struct command *command = commands(&n);

	fprintf(out, "usage: halfopen COMMAND [arguments]\n\n"
		     "Makes TCP connections die in strange ways, on purpose, "
		     "and tells what each side\nsaw.\n\n");
	for (; n > 0; n--, command++)
		fprintf(out, "  %-8s %s\n", command->usage->name,
			command->usage->brief);
	fprintf(out, "\n'halfopen COMMAND --help' tells more. "
		     "'halfopen --version' says the version.\n");
}

/* What is opened next would become our stdout, and be written to. Read-only: a
 * report that nobody gets stays an error. */
static void open_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* What was asked for was to be printed, too. A worse status has said why. */
static int after_printing(int status)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);

	if (!failed || status != EXIT_STATUS_PASS)
		return status;
	fprintf(stderr, "halfopen: stdout cannot be written\n");
	return EXIT_STATUS_BROKEN;
}

static int run_words(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return EXIT_STATUS_PASS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("halfopen %s\n%c libnftables: gateways, firewalls\n",
		       HALFOPEN_VERSION, firewall_possible() ? '+' : '-');
		return EXIT_STATUS_PASS;
	}
	command = command_find(argv[1]);
	if (command)
		return command->run(argc - 1, argv + 1);
	fprintf(stderr, "halfopen: no command is called '%s'\n\n", argv[1]);
	print_help(stderr);
	return EXIT_STATUS_USAGE;
}

int main(int argc, char **argv)
{
	/* As a rule the probe is a program of its own: probe-program.c. */
	if (argc > 0 && strcmp(argv[0], PROBE_NAME) == 0)
		return probe_process_main();
	if (guest_is_init())
		guest_main(cmd_run_in_guest);
	open_standard_fds();
	return after_printing(run_words(argc, argv));
}
