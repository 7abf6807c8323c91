/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd-list.h"
#include "cmd-predict.h"
#include "cmd-run.h"
#include "cmd-show.h"
#include "exit-status.h"
#include "macro.h"
#include "probe-process.h"
#include "version.h"

static const struct command {
	const char *name, *arguments, *what;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", "[PATTERN...]", "the cases, and the claims they prove",
	  cmd_list },
	{ "show", "CASE", "what a case does, and what it expects and why",
	  cmd_show },
	{ "run", "[PATTERN...]", "run cases on this machine's kernel",
	  cmd_run },
	{ "predict", "[KEY=VALUE...]",
	  "how long until this machine's TCP gives up", cmd_predict },
};

static void print_help(FILE *out)
{
	fprintf(out, "usage: halfopen COMMAND [arguments]\n\n"
		     "Makes TCP connections die in strange ways, on purpose, "
		     "and tells what each side\nsaw.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s %-15s %s\n", commands[i].name,
			commands[i].arguments, commands[i].what);
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

int main(int argc, char **argv)
{
	/* The probes are this program under another name: harness/script/probe.c. */
	if (argc > 0 && strcmp(argv[0], PROBE_NAME) == 0)
		return probe_process_main();
	open_standard_fds();
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
		printf("halfopen %s\n", HALFOPEN_VERSION);
		return EXIT_STATUS_PASS;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "halfopen: no command is called '%s'\n\n", argv[1]);
	print_help(stderr);
	return EXIT_STATUS_USAGE;
}
