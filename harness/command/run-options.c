/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run-options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "settings.h"

static const char help[] =
"usage: halfopen run [PATTERN...] [options]\n"
"\n"
"Runs cases: those whose names match (server-*), or that prove a claim (A10);\n"
"without a pattern the default set.\n"
"\n"
"  -v, --verbose           print the journal as it happens\n"
"  -j, --jobs N            at most N runs at once\n"
"      --repeat N          run each N times\n"
"      --set [HOST:]KEY=VALUE\n"
"                          a sysctl of all hosts (of one), over the case's own:\n"
"                          client:net.ipv4.tcp_retries2=5\n"
"      --family 4|6        IPv4 (default) or IPv6\n"
"      --format FORMAT     human (default), ktap, junit, jsonl\n"
"      --out DIR           keep each run's journal below DIR\n"
"      --all               also what takes longer than the default set\n"
"      --defaults          instead: what runs at the kernel's own values, which\n"
"                          takes hours, or days\n"
"      --retry N           try again what failed or broke, up to N times\n"
"      --inconclusive WHAT broken (default) or skip: what a run is whose only\n"
"                          fault is that this machine was too slow\n"
"      --without-faults    fault verbs do nothing; no case with a fault may pass\n"
"      --slack MS          allowance for the machine on every upper bound (50)\n"
"      --timeout-mul X     multiply the time limit of every run\n"
"      --keep              when a run fails, leave its world standing and say\n"
"                          how to enter it, until Ctrl-C\n"
"\n"
"HALFOPEN_MUST_RUN=1 in the environment counts a SKIP as FAIL.\n"
"\n"
"Exit status: 0 all passed (some may be skipped), 1 at least one FAIL, 2 wrong\n"
"usage, 3 at least one BROKEN, 4 nothing ran because all were skipped.\n";

enum option_code {
	OPTION_REPEAT = 256,
	OPTION_SET,
	OPTION_FAMILY,
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
};

static const struct option longs[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "repeat", required_argument, NULL, OPTION_REPEAT },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "family", required_argument, NULL, OPTION_FAMILY },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "defaults", no_argument, NULL, OPTION_DEFAULTS },
	{ "retry", required_argument, NULL, OPTION_RETRY },
	{ "inconclusive", required_argument, NULL, OPTION_INCONCLUSIVE },
	{ "without-faults", no_argument, NULL, OPTION_WITHOUT_FAULTS },
	{ "slack", required_argument, NULL, OPTION_SLACK },
	{ "timeout-mul", required_argument, NULL, OPTION_TIMEOUT_MUL },
	{ "keep", no_argument, NULL, OPTION_KEEP },
	{ NULL, 0, NULL, 0 },
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

static int parse_word(struct command_options *options, int code,
		      const char *text)
{
	switch (code) {
	case OPTION_FAMILY:
		if (strcmp(text, "4") != 0 && strcmp(text, "6") != 0)
			return wrong("family", text, "4 or 6");
		options->run.family = text[0] == '6' ? AF_INET6 : AF_INET;
		return 0;
	case OPTION_FORMAT:
		options->reporter = reporter_find(text);
		if (!options->reporter)
			return wrong("format", text,
				     "human, ktap, junit or jsonl");
		return 0;
	default:
		if (strcmp(text, "broken") != 0 && strcmp(text, "skip") != 0)
			return wrong("inconclusive", text, "broken or skip");
		options->skip_inconclusive = text[0] == 's';
		return 0;
	}
}

static int parse_one(struct command_options *options, int code, char *text)
{
	double x = 0;
	int r = 0;

	switch (code) {
	case 'v':
		options->verbose = true;
		return 0;
	case 'j':
		return parse_count(&options->parallel, "jobs", text, 1);
	case OPTION_REPEAT:
		return parse_count(&options->repetitions, "repeat", text, 1);
	case OPTION_RETRY:
		return parse_count(&options->retries, "retry", text, 0);
	case OPTION_SET:
		return parse_set(options, text);
	case OPTION_OUT:
		options->out = text;
		return 0;
	case OPTION_ALL:
		options->all = true;
		return 0;
	case OPTION_DEFAULTS:
		options->defaults = true;
		return 0;
	case OPTION_WITHOUT_FAULTS:
		options->run.without_faults = true;
		return 0;
	case OPTION_KEEP:
		options->run.keep = true;
		return 0;
	case OPTION_SLACK:
		r = parse_real(&x, "slack", text);
		options->run.slack = (nsec_t)(x * 1e6);
		return r;
	case OPTION_TIMEOUT_MUL:
		r = parse_real(&x, "timeout-mul", text);
		if (r >= 0 && x == 0)
			r = wrong("timeout-mul", text, "a number above 0");
		options->run.timeout_multiplier = x;
		return r;
	default:
		return parse_word(options, code, text);
	}
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
	static char name[] = "halfopen run";
	struct command_options options = defaults();
	int code;

	if (argc > 0)
		argv[0] = name; /* what getopt_long() complains in the name of */
	optind = 0; /* glibc: start anew, whatever was parsed before */
	while ((code = getopt_long(argc, argv, "vj:h", longs, NULL)) != -1) {
		if (code == 'h') {
			fputs(help, stdout);
			return RUN_OPTIONS_DONE;
		}
		if (code == '?') {
			fprintf(stderr, "Try 'halfopen run --help'.\n");
			return RUN_OPTIONS_WRONG;
		}
		if (parse_one(&options, code, optarg) < 0) {
			fprintf(stderr, "halfopen run: %s\n", error_message());
			return RUN_OPTIONS_WRONG;
		}
	}
	options.patterns = argv + optind;
	options.n_patterns = (size_t)(argc - optind);
	*ret = options;
	/* A copy has its own array; the pointer is set when it has settled. */
	ret->run.settings = ret->settings;
	return RUN_OPTIONS_GO;
}
