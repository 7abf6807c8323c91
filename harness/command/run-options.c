/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of run. vm and matrix parse the same words for their guests, so this
 * file only stores values: it opens nothing and starts nothing.
 */
#include "run-options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "errors.h"
#include "exit-status.h"
#include "message.h"
#include "settings.h"
#include "shards.h"
#include "virtual-time.h"

static const struct usage_word words[] = {
	{ "PATTERN",
	  "a case's name or a shell pattern (server-*); one variant "
	  "(NAME/VARIANT, or NAME-defaults); a claim (A10)" },
	{ NULL, NULL },
};

enum option_code {
	OPTION_VERBOSE,
	OPTION_JOBS,
	OPTION_REPEAT,
	OPTION_SET,
	OPTION_FAMILY,
	OPTION_MAPPED,
	OPTION_OFFLOAD,
	OPTION_FORMAT,
	OPTION_COLOR,
	OPTION_OUT,
	OPTION_ALL,
	OPTION_DEFAULTS,
	OPTION_SHARD,
	OPTION_RETRY,
	OPTION_INCONCLUSIVE,
	OPTION_WITHOUT_FAULTS,
	OPTION_SLACK,
	OPTION_TIMEOUT_MUL,
	OPTION_KEEP,
	OPTIONS,
};

static const struct usage_option option_table[OPTIONS + 1] = {
	[OPTION_VERBOSE] = { "verbose", 'v', NULL, NULL,
			     "print the journal as it happens" },
	[OPTION_JOBS] = { "jobs", 'j', "N", NULL, "at most N runs at once",
			  .min = 1, .max = 1e6 },
	[OPTION_REPEAT] = { "repeat", 0, "N", NULL, "run each N times",
			    .min = 1, .max = 1e6 },
	[OPTION_SET] = { "set", 0, "[HOST:]KEY=VALUE", NULL,
			 "set a sysctl of all hosts, or of one, after the "
			 "case's own: client:net.ipv4.tcp_retries2=5; nothing is "
			 "judged then" },
	[OPTION_FAMILY] = { "family", 0, "4|6", "4 6",
			    "IPv4 (default) or IPv6" },
	[OPTION_MAPPED] = { "mapped", 0, NULL, NULL,
			    "use v4-mapped IPv6 sockets (::ffff:10.0.0.1)" },
	[OPTION_OFFLOAD] = { "offload", 0, NULL, NULL,
			     "let the hosts use GSO and GRO: a frame is up to 64 "
			     "KiB of segments, as with a real network card" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human ktap junit jsonl",
			    "human (default), ktap, junit, jsonl" },
	[OPTION_COLOR] = USAGE_COLOR,
	[OPTION_OUT] = { "out", 0, "DIR", NULL,
			 "keep journal, capture (pcapng) and page of each run "
			 "below DIR" },
	[OPTION_ALL] = { "all", 0, NULL, NULL,
			 "add runs that take longer than the default set" },
	[OPTION_DEFAULTS] = { "defaults", 0, NULL, NULL,
			      "only runs at the kernel's default values, which "
			      "take hours or days" },
	[OPTION_SHARD] = { "shard", 0, "K/N", NULL,
			   "only part K (1 to N) of the selected runs; the N parts "
			   "take about the same time" },
	[OPTION_RETRY] = { "retry", 0, "N", NULL,
			   "repeat runs that fail or break, up to N times "
			   "(0; inconclusive runs: 2)",
			   .min = 0, .max = 1e6 },
	[OPTION_INCONCLUSIVE] = { "inconclusive", 0, "WHAT", "broken skip",
				  "the verdict of a run that fails only because "
				  "this machine was too slow: broken (default) "
				  "or skip" },
	[OPTION_WITHOUT_FAULTS] = { "without-faults", 0, NULL, NULL,
				    "fault verbs do nothing: no case with a "
				    "fault may pass" },
	[OPTION_SLACK] = { "slack", 0, "MS", NULL,
			   "allowance for the machine on every upper bound "
			   "(default: 50; 2 in a User Mode Linux guest with "
			   "virtual time, where work takes no time)",
			   .max = 1e6, .fraction = true },
	[OPTION_TIMEOUT_MUL] = { "timeout-mul", 0, "X", NULL,
				 "multiply the time limit of every run",
				 .min = 1e-3, .max = 1e6, .fraction = true },
	[OPTION_KEEP] = { "keep", 0, NULL, NULL,
			  "when a run fails, keep its world until Ctrl-C and "
			  "print how to enter it" },
};

const struct usage usage_run = {
	.name = "run",
	.arguments = "[PATTERN...] [options]",
	.brief = "run cases on this machine's kernel",
	.text = "Runs the cases whose names match (server-*) or that prove a "
		"claim (A10); without a pattern, the default set.",
	.words = words,
	.options = option_table,
	.after = "HALFOPEN_MUST_RUN=1 in the environment counts a SKIP as a "
		 "FAIL.",
	.status = "0 all passed (some may be skipped), 1 at least one FAIL, 2 "
		  "wrong usage, 3 at least one BROKEN, 4 nothing ran because "
		  "all were skipped.",
};

static int add_setting(struct command_options *options, char *text)
{
	size_t n = 0;

	while (options->settings[n].name)
		n++;
	if (n == RUN_SETTINGS_MAX)
		return usage_error(_("--set %s: more than %d settings"), text,
				   RUN_SETTINGS_MAX);
	if (settings_parse(&options->settings[n], text) < 0)
		return usage_error("%s", error_text());
	return -1;
}

static int set_shard(struct command_options *options, const char *text)
{
	unsigned int shard, shards;

	if (!shard_parse(text, &shard, &shards))
		return usage_error(_("--shard %s: not K/N with K from 1 to N"),
				   text);
	options->shard = shard;
	options->shards = shards;
	return -1;
}

/* Returns -1, or EXIT_STATUS_USAGE. */
static int set_option(struct command_options *options, enum option_code option)
{
	switch (option) {
	case OPTION_VERBOSE:
		options->verbose = true;
		break;
	case OPTION_JOBS:
		options->parallel = (unsigned int)usage_number();
		break;
	case OPTION_REPEAT:
		options->repetitions = (unsigned int)usage_number();
		break;
	case OPTION_SET:
		return add_setting(options, optarg);
	case OPTION_FAMILY:
		options->run.family = usage_choice() ? AF_INET6 : AF_INET;
		break;
	case OPTION_MAPPED:
		options->run.mapped = true;
		break;
	case OPTION_OFFLOAD:
		options->run.offload = true;
		break;
	case OPTION_FORMAT:
		options->reporter = reporter_find(optarg);
		if (options->reporter != &reporter_human)
			message_use(false); /* for programs: English */
		break;
	case OPTION_COLOR:
		options->colour = (enum colour_when)usage_choice();
		break;
	case OPTION_OUT:
		options->out = optarg;
		break;
	case OPTION_ALL:
		options->all = true;
		break;
	case OPTION_DEFAULTS:
		options->defaults = true;
		break;
	case OPTION_SHARD:
		return set_shard(options, optarg);
	case OPTION_RETRY:
		options->retries = (unsigned int)usage_number();
		break;
	case OPTION_INCONCLUSIVE:
		options->skip_inconclusive = usage_choice() == 1;
		break;
	case OPTION_WITHOUT_FAULTS:
		options->run.without_faults = true;
		break;
	case OPTION_SLACK:
		options->run.slack = (nsec_t)(usage_number() * 1e6);
		break;
	case OPTION_TIMEOUT_MUL:
		options->run.timeout_multiplier = usage_number();
		break;
	case OPTION_KEEP:
		options->run.keep = true;
		break;
	case OPTIONS:
		break;
	}
	return -1;
}

static struct command_options defaults(void)
{
	const char *must_run = getenv("HALFOPEN_MUST_RUN");

	return (struct command_options){
		.run = { .family = AF_INET,
			 .slack = virtual_time_work_is_free() ? MSEC(2) :
								MSEC(50),
			 .timeout_multiplier = 1,
			 .exe = -1 },
		.reporter = &reporter_human,
		.repetitions = 1,
		.must_run = must_run && *must_run && strcmp(must_run, "0") != 0,
	};
}

/* Copies the struct, which points to its own array. */
static void take_options(struct command_options *ret,
			 const struct command_options *options)
{
	*ret = *options;
	ret->run.settings = ret->settings;
}

int run_options_parse(struct command_options *ret, int argc, char **argv)
{
	struct command_options options = defaults();
	int option;

	usage_begin(&usage_run, argc, argv);
	while ((option = usage_next()) >= 0) {
		int status = set_option(&options, (enum option_code)option);

		if (status >= 0)
			return status;
	}
	if (option != USAGE_END)
		return usage_end(option);
	if (options.run.mapped && options.run.family == AF_INET6)
		return usage_error(_("--mapped: needs --family 4, since IPv4 "
				     "addresses are mapped"));
	options.patterns = argv + optind;
	options.n_patterns = (size_t)(argc - optind);
	take_options(ret, &options);
	return -1;
}

void run_options_of_names(struct command_options *ret, const char *out,
			  char *const *names, size_t n)
{
	struct command_options options = defaults();

	options.all = true;
	options.out = out;
	options.patterns = names;
	options.n_patterns = n;
	take_options(ret, &options);
}
