/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "complete.h"
#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "filter.h"
#include "firewall.h"
#include "guest.h"
#include "macro.h"
#include "message.h"
#include "nearest.h"
#include "probe-process.h"
#include "safe-text.h"
#include "version.h"

static void print_help(FILE *out)
{
	size_t n;
	const struct command *command = commands(&n);

	fputs(_("usage: halfopen COMMAND [arguments]\n\n"
		"Network fault injection for TCP: what each side observes when "
		"a connection\ndies.\n\n"),
	      out);
	for (; n > 0; n--, command++)
		fprintf(out, "  %-8s %s\n", command->usage->name,
			_(command->usage->brief));
	fputs(_("\n'halfopen COMMAND --help' describes a command. --lang zh|en, "
		"before or after the\ncommand, selects the language.\n"),
	      out);
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
	fprintf(stderr, _("halfopen: write to stdout: %s\n"),
		error_explanation(-fd_stream_error(stdout)));
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
	fprintf(stderr, _("halfopen: unknown command '%s'"), name);
	if (nearest_names(name, names, n, found, 1))
		fprintf(stderr, _("; similar: %s"), found[0]);
	fputs(_("; 'halfopen --help' lists all\n"), stderr);
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
			_("halfopen: word %d of the command line is not UTF-8 or "
			  "has control characters\n"),
			i);
		return false;
	}
	return true;
}

/* --- the language -------------------------------------------------------- */

static const unsigned char chinese[] = {
#ifdef __cppcheck__ /* would need minutes for the array */
	0,
#else
#include "catalogue-zh.h"
#endif
};

/* `word` is --lang=VALUE, or --lang before `next`. Returns the number of words; 0
 * for another one. */
static int language_words(const char *word, const char *next,
			  const char **ret_value)
{
	if (strncmp(word, "--lang=", strlen("--lang=")) == 0) {
		*ret_value = word + strlen("--lang=");
		return 1;
	}
	*ret_value = next;
	return strcmp(word, "--lang") == 0 && next ? 2 : 0;
}

/* The last --lang of the command line counts, wherever it stands, so that messages
 * about the other words are in that language as well. An invalid value is an error
 * of the parser that comes to it. */
static void choose_language(int argc, char **argv)
{
	enum message_language language = message_language();
	const char *value;

	for (int i = 1; i < argc; i++) {
		if (!language_words(argv[i], argv[i + 1], &value))
			continue;
		if (strcmp(value, "zh") == 0)
			language = MESSAGE_CHINESE;
		else if (strcmp(value, "en") == 0)
			language = MESSAGE_ENGLISH;
	}
	/* Also for searching in both languages. */
	if (!message_load(chinese, sizeof(chinese)))
		abort();
	message_use(language == MESSAGE_CHINESE);
}

/* Removes --lang before the command; the commands parse it after that. Returns false
 * after a message. */
static bool remove_language(int *argc, char ***argv)
{
	const char *value;
	int n;

	while (*argc > 1 &&
	       (n = language_words((*argv)[1], (*argv)[2], &value)) > 0) {
		if (strcmp(value, "zh") != 0 && strcmp(value, "en") != 0) {
			fprintf(stderr,
				_("halfopen: --lang '%s': expected zh or en\n"),
				value);
			return false;
		}
		(*argv)[n] = (*argv)[0];
		*argv += n;
		*argc -= n;
	}
	return true;
}

static int run_command(int argc, char **argv)
{
	const struct command *command;

	if (!remove_language(&argc, &argv))
		return EXIT_STATUS_USAGE;
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
	if (strcmp(argv[1], "--complete") == 0) {
		complete(argv + 2, (size_t)argc - 2);
		return EXIT_STATUS_PASS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf(_("halfopen %s\n%c nftables: gateways, firewalls\n"
			 "%c libseccomp: socket families of programs\n"),
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
		guest_main(cmd_in_guest);
	choose_language(argc, argv);
	open_standard_fds();
	return check_stdout(run_command(argc, argv));
}
