/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run-options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "settings.h"
#include "usage.h"

static const struct usage_word words[] = {
	{ "PATTERN",
	  "a name, or a pattern (server-*); one variant of a case (NAME/VARIANT, "
	  "or NAME-defaults); a claim that is proved (A10)" },
	{ NULL, NULL },
};

enum option_code {
	OPTION_VERBOSE,
	OPTION_JOBS,
	OPTION_REPEAT,
	OPTION_SET,
	OPTION_FAMILY,
	OPTION_MAPPED,
	OPTION_FORMAT,
	OPTION_OUT,
	OPTION_ALL,
	OPTION_DEFAULTS,
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
	[OPTION_JOBS] = { "jobs", 'j', "N", NULL, "at most N runs at once" },
	[OPTION_REPEAT] = { "repeat", 0, "N", NULL, "run each N times" },
	[OPTION_SET] = { "set", 0, "[HOST:]KEY=VALUE", NULL,
			 "a sysctl of all hosts (of one), over the case's own: "
			 "client:net.ipv4.tcp_retries2=5" },
	[OPTION_FAMILY] = { "family", 0, "4|6", "4 6",
			    "IPv4 (default) or IPv6" },
	[OPTION_MAPPED] = { "mapped", 0, NULL, NULL,
			    "over IPv4 with IPv6 sockets, as a program has them "
			    "that serves both: ::ffff:10.0.0.1" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human ktap junit jsonl",
			    "human (default), ktap, junit, jsonl" },
	[OPTION_OUT] = { "out", 0, "DIR", NULL,
			 "keep each run's journal, capture (pcapng) and "
			 "page below DIR" },
	[OPTION_ALL] = { "all", 0, NULL, NULL,
			 "also what takes longer than the default set" },
	[OPTION_DEFAULTS] = { "defaults", 0, NULL, NULL,
			      "instead: what runs at the kernel's own values, "
			      "which takes hours, or days" },
	[OPTION_RETRY] = { "retry", 0, "N", NULL,
			   "try again what failed or broke, up to N times" },
	[OPTION_INCONCLUSIVE] = { "inconclusive", 0, "WHAT", "broken skip",
				  "broken (default) or skip: what a run is "
				  "whose only fault is that this machine was "
				  "too slow" },
	[OPTION_WITHOUT_FAULTS] = { "without-faults", 0, NULL, NULL,
				    "fault verbs do nothing; no case with a "
				    "fault may pass" },
	[OPTION_SLACK] = { "slack", 0, "MS", NULL,
			   "allowance for the machine on every upper bound "
			   "(50)" },
	[OPTION_TIMEOUT_MUL] = { "timeout-mul", 0, "X", NULL,
				 "multiply the time limit of every run" },
	[OPTION_KEEP] = { "keep", 0, NULL, NULL,
			  "when a run fails, leave its world standing and say "
			  "how to enter it, until Ctrl-C" },
};

const struct usage usage_run = {
	.name = "run",
	.arguments = "[PATTERN...] [options]",
	.brief = "run cases on this machine's kernel",
	.text = "Runs cases: those whose names match (server-*), or that prove "
		"a claim (A10); without a pattern the default set.",
	.words = words,
	.options = option_table,
	.after = "HALFOPEN_MUST_RUN=1 in the environment counts a SKIP as "
		 "FAIL.",
	.status = "0 all passed (some may be skipped), 1 at least one FAIL, 2 "
		  "wrong usage, 3 at least one BROKEN, 4 nothing ran because "
		  "all were skipped.",
};

static int wrong(const char *option, const char *value, const char *wanted)
{
	return error_refuse(-EINVAL, "--%s %s: wants %s", option, value,
			    wanted);
}

static int parse_count(unsigned int *ret, const char *option, const char *text,
		       unsigned int min)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < (long)min || n > 1000000)
		return wrong(option, text, min ? "a number above 0" :
						 "a number from 0");
	*ret = (unsigned int)n;
	return 0;
}

static int parse_real(double *ret, const char *option, const char *text)
{
	char *end;
	double x;

	errno = 0;
	x = strtod(text, &end);
	if (errno || end == text || *end || !(x >= 0) || x > 1e6)
		return wrong(option, text, "a number from 0");
	*ret = x;
	return 0;
}

static int parse_set(struct command_options *options, char *text)
{
	size_t n = 0;
	int r;

	while (options->settings[n].name)
		n++;
	if (n == RUN_SETTINGS_MAX)
		return error_refuse(-E2BIG, "too many --set");
	r = settings_parse(&options->settings[n], text);
	return r < 0 ? error_trace(r) : 0;
}

static int parse_family(struct command_options *options, const char *text)
{
	if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
		return wrong("family", text, "4 or 6");
	options->run.family = text[0] == '6' ? AF_INET6 : AF_INET;
	return 0;
}

static int parse_format(struct command_options *options, const char *text)
{
	options->reporter = reporter_find(text);
	if (!options->reporter)
		return wrong("format", text, "human, ktap, junit or jsonl");
	return 0;
}

static int parse_inconclusive(struct command_options *options, const char *text)
{
	if (strcmp(text, "broken") != 0 && strcmp(text, "skip") != 0)
		return wrong("inconclusive", text, "broken or skip");
	options->skip_inconclusive = text[0] == 's';
	return 0;
}

static int parse_slack(struct command_options *options, const char *text)
{
	double x = 0;
	int r = parse_real(&x, "slack", text);

	if (r >= 0)
		options->run.slack = (nsec_t)(x * 1e6);
	return r;
}

static int parse_timeout_multiplier(struct command_options *options,
				    const char *text)
{
	double x = 0;
	int r = parse_real(&x, "timeout-mul", text);

	if (r >= 0 && x == 0)
		r = wrong("timeout-mul", text, "a number above 0");
	if (r >= 0)
		options->run.timeout_multiplier = x;
	return r;
}

static int parse_value(struct command_options *options, enum option_code code,
		       char *text)
{
	switch (code) {
	case OPTION_JOBS:
		return parse_count(&options->parallel, "jobs", text, 1);
	case OPTION_REPEAT:
		return parse_count(&options->repetitions, "repeat", text, 1);
	case OPTION_RETRY:
		return parse_count(&options->retries, "retry", text, 0);
	case OPTION_SET:
		return parse_set(options, text);
	case OPTION_FAMILY:
		return parse_family(options, text);
	case OPTION_FORMAT:
		return parse_format(options, text);
	case OPTION_INCONCLUSIVE:
		return parse_inconclusive(options, text);
	case OPTION_SLACK:
		return parse_slack(options, text);
	case OPTION_TIMEOUT_MUL:
		return parse_timeout_multiplier(options, text);
	case OPTION_OUT:
		options->out = *text ? text : NULL;
		return 0;
	case OPTION_VERBOSE:
	case OPTION_ALL:
	case OPTION_DEFAULTS:
	case OPTION_WITHOUT_FAULTS:
	case OPTION_KEEP:
	case OPTION_MAPPED:
	case OPTIONS:
		break;
	}
	return 0;
}

/* What is just said, or not. */
static bool *flag(struct command_options *options, enum option_code code)
{
	switch (code) {
	case OPTION_VERBOSE:
		return &options->verbose;
	case OPTION_ALL:
		return &options->all;
	case OPTION_DEFAULTS:
		return &options->defaults;
	case OPTION_WITHOUT_FAULTS:
		return &options->run.without_faults;
	case OPTION_KEEP:
		return &options->run.keep;
	case OPTION_MAPPED:
		return &options->run.mapped;
	case OPTION_JOBS:
	case OPTION_REPEAT:
	case OPTION_SET:
	case OPTION_FAMILY:
	case OPTION_FORMAT:
	case OPTION_OUT:
	case OPTION_RETRY:
	case OPTION_INCONCLUSIVE:
	case OPTION_SLACK:
	case OPTION_TIMEOUT_MUL:
	case OPTIONS:
		break;
	}
	return NULL;
}

static int parse_one(struct command_options *options, enum option_code code,
		     char *text)
{
	bool *said = flag(options, code);

	if (!said)
		return parse_value(options, code, text);
	*said = true;
	return 0;
}

static struct command_options defaults(void)
{
	const char *must_run = getenv("HALFOPEN_MUST_RUN");

	return (struct command_options){
		.run = { .family = AF_INET,
			 .slack = MSEC(50),
			 .timeout_multiplier = 1,
			 .exe = -1 },
		.reporter = &reporter_human,
		.repetitions = 1,
		.must_run = must_run && *must_run && strcmp(must_run, "0") != 0,
	};
}

enum run_options_outcome run_options_parse(struct command_options *ret,
					   int argc, char **argv)
{
	struct command_options options = defaults();
	int code;

	usage_begin(&usage_run, argc, argv);
	while ((code = usage_next()) != -1) {
		if (code < USAGE_FIRST)
			return usage_end(&usage_run, code) == EXIT_STATUS_PASS ?
				       RUN_OPTIONS_DONE :
				       RUN_OPTIONS_WRONG;
		if (parse_one(&options, (enum option_code)(code - USAGE_FIRST),
			      optarg) < 0) {
			fprintf(stderr, "halfopen run: %s\n", error_message());
			return RUN_OPTIONS_WRONG;
		}
	}
	if (options.run.mapped && options.run.family == AF_INET6) {
		fprintf(stderr, "halfopen run: --mapped: IPv4 is what is "
				"mapped, and --family is 6\n");
		return RUN_OPTIONS_WRONG;
	}
	options.patterns = argv + optind;
	options.n_patterns = (size_t)(argc - optind);
	*ret = options;
	/* A copy has its own array; the pointer is set when it has settled. */
	ret->run.settings = ret->settings;
	return RUN_OPTIONS_GO;
}
