/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "lab-action.h"
#include "shell-word.h"

static const struct usage_word words[] = {
	{ "FILE",
	  "a lab as YAML, or the name of an incident that ships "
	  "(nat-forgets-idle); several run one after the other" },
	{ NULL, NULL },
};

static const struct usage_option option_table[LAB_OPTIONS + 1] = {
	[LAB_OPTION_CLIENT] = { "client", 0, "COMMAND", NULL,
			    "what runs in the host client; without any, a "
			    "probe that connects" },
	[LAB_OPTION_SERVER] = { "server", 0, "COMMAND", NULL,
			    "what runs in the host server; without any, a "
			    "probe that listens on port 80" },
	[LAB_OPTION_RUN] = { "run", 0, "HOST COMMAND", NULL,
			 "one more program (two words: --run client 'curl "
			 "http://server/'); other hosts than client, server and "
			 "gateway want a file" },
	[LAB_OPTION_BETWEEN] = { "between", 0, "WHAT", "nat firewall router",
			     "what stands between client and server, as the "
			     "host gateway: nat, firewall, router" },
	[LAB_OPTION_IDLE] = { "idle", 0, "DURATION", NULL,
			  "after which the gateway forgets a connection" },
	[LAB_OPTION_SYSCTL] = { "sysctl", 0, "[HOST:]KEY=VALUE", NULL,
			    "a sysctl of all hosts, or of one" },
	[LAB_OPTION_DELAY] = { "delay", 0, "[HOST:]DURATION", NULL,
			   "of the path to that host (server), one way" },
	[LAB_OPTION_LOSS] = { "loss", 0, "[HOST:]PERCENT", NULL,
			  "of the path to that host (server), each way" },
	[LAB_OPTION_AT] = { "at", 0, "MOMENT ACTION", NULL,
			"what happens when (two words: --at 2s 'unplug "
			"client')" },
	[LAB_OPTION_FOR] = { "for", 0, "DURATION", NULL,
			 "how long the lab lasts" },
	[LAB_OPTION_EXPECT] = { "expect", 0, "EXPECTATION", NULL,
			    "what must come of it: 'client: ETIMEDOUT within "
			    "20s'" },
	[LAB_OPTION_INTERACTIVE] = { "interactive", 'i', NULL, NULL,
				 "actions are typed while it runs; help lists "
				 "them" },
	[LAB_OPTION_SHELL] = { "shell", 0, "HOST", NULL,
			   "a shell in that host, for as long as which the lab "
			   "lasts; with nothing else said: in the lab that "
			   "runs (HOST@PID where there are several)" },
	[LAB_OPTION_OUT] = { "out", 0, "DIR", NULL,
			 "keep journal, capture and page below DIR" },
	[LAB_OPTION_FORMAT] = { "format", 0, "FORMAT", "human ktap junit jsonl",
			    "human (default), ktap, junit, jsonl" },
	[LAB_OPTION_FAMILY] = { "family", 0, "4|6", "4 6",
			    "IPv4 (default) or IPv6" },
	[LAB_OPTION_QUIET] = { "quiet", 'q', NULL, NULL,
			   "nothing is printed while it runs" },
	[LAB_OPTION_SLACK] = { "slack", 0, "MS", NULL,
			   "how late this machine may be before a lab that "
			   "fails is inconclusive (250)" },
	[LAB_OPTION_WITHOUT_FAULTS] = { "without-faults", 0, NULL, NULL,
				    "nothing breaks: what would be without" },
};

static void each_action(usage_tell_fn *tell, void *data)
{
	tell(data, "MOMENT",
	     "2s, 500ms: after the start; or an event, which may have a time "
	     "before it (2s after …): 'client has received 3 segments', 'nginx "
	     "prints \"GET\"', 'curl ends', 'server reaches CLOSE-WAIT', or an "
	     "action that is done");
	lab_action_each(tell, data);
	tell(data, "EXPECTATION",
	     "'client: ETIMEDOUT within 20s', 'client: open', 'curl: exit 28', "
	     "'nginx: prints no \"error\"', 'server: 3 CLOSE-WAIT', 'server: "
	     "counter ListenOverflows at least 1', 'client: sends 3 probes'");
}

const struct usage usage_lab = {
	.name = "lab",
	.arguments = "[FILE...] [options]",
	.brief = "an incident, with your own programs, made to happen again",
	.text = "Builds hosts out of network namespaces, runs programs in "
		"them (yours, or probes where there are none), lets happen "
		"what is to happen when, shows it, and says at the end what "
		"each side saw and what that means. With expectations it is a "
		"test.",
	.words = words,
	.each_word = each_action,
	.options = option_table,
	.after = "Hosts find each other by name, and their programs have "
		 "$FOLDER, a folder of the host's own ($FOLDER_server is "
		 "server's). Ctrl-C ends the timeline, and a second one "
		 "everything.",
	.status = "0 all that was expected came; 1 something did not; 2 wrong "
		  "usage, nothing was started; 3 halfopen could not do its own "
		  "work; 4 this machine cannot show it.",
};

/* --- parsing ----------------------------------------------------------- */

static int parse_slack(struct lab_options *options, const char *text)
{
	char *end;
	double milliseconds = strtod(text, &end);

	if (end == text || *end || !(milliseconds >= 0) || milliseconds > 1e7)
		return error_refuse(-EINVAL, "--slack '%s': milliseconds",
				    text);
	options->run.slack = (nsec_t)(milliseconds * 1e6);
	return 0;
}

static int parse_family(struct lab_options *options, const char *text)
{
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
		return error_refuse(-EINVAL, "--family '%s': 4 or 6", text);
	options->run.family = *text == '6' ? AF_INET6 : AF_INET;
	return 0;
}

static int parse_format(struct lab_options *options, const char *text)
{
	const struct reporter *found = reporter_find(text);

	if (!found)
		return error_refuse(-EINVAL,
				    "--format '%s': human, ktap, junit or "
				    "jsonl", text);
	options->reporter = found == &reporter_human ? NULL : found;
	return 0;
}

/* What is said of the plan is said when there is one. */
static int keep(struct lab_options *options, enum lab_option code,
		const char *first)
{
	bool two = code == LAB_OPTION_AT || code == LAB_OPTION_RUN;
	const char *second = two ? usage_next_word() : NULL;

	if (two && !second)
		return error_refuse(-EINVAL, "--%s '%s': and then %s?",
				    option_table[code].name, first,
				    code == LAB_OPTION_AT ? "what happens" :
							"which command");
	if (options->n_said == LAB_WORDS)
		return error_refuse(-E2BIG, "more than %d options", LAB_WORDS);
	options->said[options->n_said++] =
		(struct lab_word_pair){ code, option_table[code].name, first,
					second };
	return 0;
}

static int parse_one(struct lab_options *options, enum lab_option code,
		     const char *text)
{
	switch (code) {
	case LAB_OPTION_CLIENT:
	case LAB_OPTION_SERVER:
	case LAB_OPTION_RUN:
	case LAB_OPTION_BETWEEN:
	case LAB_OPTION_IDLE:
	case LAB_OPTION_SYSCTL:
	case LAB_OPTION_DELAY:
	case LAB_OPTION_LOSS:
	case LAB_OPTION_AT:
	case LAB_OPTION_FOR:
	case LAB_OPTION_EXPECT:
		return keep(options, code, text);
	case LAB_OPTION_INTERACTIVE:
		options->interactive = true;
		return 0;
	case LAB_OPTION_SHELL:
		options->shell = text;
		return 0;
	case LAB_OPTION_OUT:
		options->out = text;
		return 0;
	case LAB_OPTION_FORMAT:
		return parse_format(options, text);
	case LAB_OPTION_FAMILY:
		return parse_family(options, text);
	case LAB_OPTION_QUIET:
		options->quiet = true;
		return 0;
	case LAB_OPTION_SLACK:
		return parse_slack(options, text);
	case LAB_OPTION_WITHOUT_FAULTS:
		options->run.without_faults = true;
		return 0;
	case LAB_OPTIONS:
		break;
	}
	return 0;
}

/* getopt_long() gives the words another order, and takes the first one. */
static char *command_line(int argc, char *const *argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("halfopen lab", out);
	for (int i = 1; i < argc; i++) {
		fputc(' ', out);
		shell_word_print(out, argv[i]);
	}
	fclose(out);
	return text;
}

int lab_options_parse(struct lab_options *ret, int argc, char **argv)
{
	char *again = command_line(argc, argv);
	int code;

	*ret = (struct lab_options){ .run = { .family = AF_INET,
					      .slack = MSEC(250),
					      .timeout_multiplier = 1,
					      .exe = -1 },
				      .again = again };
	usage_begin(&usage_lab, argc, argv);
	while ((code = usage_next()) != -1) {
		if (code < USAGE_FIRST)
			return usage_end(&usage_lab, code);
		if (parse_one(ret, (enum lab_option)(code - USAGE_FIRST),
			      optarg) < 0) {
			fprintf(stderr, "halfopen lab: %s\n", error_message());
			return EXIT_STATUS_USAGE;
		}
	}
	ret->files = argv + optind;
	ret->n_files = (size_t)(argc - optind);
	return -1;
}
