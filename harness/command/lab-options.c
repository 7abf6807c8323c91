/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of the plan are collected while parsing and applied in the order of
 * the command line when the file has been read. An error in one of them has the
 * option as its place, as an error in a file has file and line.
 */
#include "lab-options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "errors.h"
#include "exit-status.h"
#include "incidents.h"
#include "lab-action.h"
#include "lab-check.h"
#include "lab-commands.h"
#include "lab-defaults.h"
#include "lab-expectation.h"
#include "lab-file.h"
#include "lab-value.h"
#include "macro.h"
#include "message.h"
#include "nearest.h"
#include "settings.h"
#include "shell-word.h"
#include "virtual-time.h"

enum option_code {
	OPTION_CLIENT,
	OPTION_SERVER,
	OPTION_RUN,
	OPTION_BETWEEN,
	OPTION_IDLE,
	OPTION_SYSCTL,
	OPTION_DELAY,
	OPTION_LOSS,
	OPTION_SEED,
	OPTION_AT,
	OPTION_FOR,
	OPTION_EXPECT,
	OPTION_INTERACTIVE,
	OPTION_SHELL,
	OPTION_LIST,
	OPTION_OUT,
	OPTION_FORMAT,
	OPTION_COLOR,
	OPTION_FAMILY,
	OPTION_QUIET,
	OPTION_SLACK,
	OPTION_WITHOUT_FAULTS,
	OPTIONS,
};

static const struct usage_word words[] = {
	{ "FILE",
	  "a lab in YAML, or the name of a shipped incident "
	  "(nat-forgets-idle); several run one after the other" },
	{ NULL, NULL },
};

static const struct usage_option option_table[OPTIONS + 1] = {
	[OPTION_CLIENT] = { "client", 0, "COMMAND", NULL,
			    "program in the host client; default: a probe "
			    "that connects" },
	[OPTION_SERVER] = { "server", 0, "COMMAND", NULL,
			    "program in the host server; default: a probe "
			    "that listens on port 80" },
	[OPTION_RUN] = { "run", 0, "HOST COMMAND", NULL,
			 "another program, in client, server or gateway (two "
			 "words: --run client 'curl http://server/')" },
	[OPTION_BETWEEN] = { "between", 0, "WHAT", "nat firewall router",
			     "add the host gateway between client and "
			     "server: nat, firewall or router" },
	[OPTION_IDLE] = { "idle", 0, "DURATION", NULL,
			  "the gateway deletes connections that are idle "
			  "for this time" },
	[OPTION_SYSCTL] = { "sysctl", 0, "[HOST:]KEY=VALUE", NULL,
			    "set a sysctl of all hosts, or of one" },
	[OPTION_DELAY] = { "delay", 0, "[HOST:]DURATION", NULL,
			   "one-way delay of the path to a host (default: "
			   "server)" },
	[OPTION_LOSS] = { "loss", 0, "[HOST:]PERCENT", NULL,
			  "loss of the path to a host (default: server), in "
			  "each direction" },
	[OPTION_SEED] = { "seed", 0, "N", NULL,
			  "seed of random choices (0)", .max = UINT32_MAX },
	[OPTION_AT] = { "at", 0, "MOMENT ACTION", NULL,
			"apply an action at a moment (two words: --at 2s "
			"'unplug client')" },
	[OPTION_FOR] = { "for", 0, "DURATION", NULL,
			 "duration of the lab" },
	[OPTION_EXPECT] = { "expect", 0, "EXPECTATION", NULL,
			    "expected result: 'client: ETIMEDOUT within 20s'" },
	[OPTION_INTERACTIVE] = { "interactive", 'i', NULL, NULL,
				 "type actions while the lab runs; help lists "
				 "them" },
	[OPTION_SHELL] = { "shell", 0, "HOST", NULL,
			   "run a shell in a host; the lab ends when the "
			   "shell exits. Without other arguments: enter a "
			   "running lab (HOST@PID if there are several)" },
	[OPTION_LIST] = { "list", 0, NULL, NULL,
			  "list the shipped incidents by symptom instead, or "
			  "those that contain every word of the command line, "
			  "and the description of a single one; with --format "
			  "jsonl, one JSON object a line" },
	[OPTION_OUT] = { "out", 0, "DIR", NULL,
			 "keep journal, capture and page below DIR" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human ktap junit jsonl",
			    "human (default), ktap, junit, jsonl" },
	[OPTION_COLOR] = USAGE_COLOR,
	[OPTION_FAMILY] = { "family", 0, "4|6", "4 6",
			    "IPv4 (default) or IPv6" },
	[OPTION_QUIET] = { "quiet", 'q', NULL, NULL,
			   "print nothing while the lab runs" },
	[OPTION_SLACK] = { "slack", 0, "MS", NULL,
			   "scheduling delay above which a failed lab is "
			   "inconclusive (250)",
			   .max = 1e7, .fraction = true },
	[OPTION_WITHOUT_FAULTS] = { "without-faults", 0, NULL, NULL,
				    "do not apply the faults of the timeline" },
};

const struct usage usage_lab = {
	.name = "lab",
	.arguments = "[FILE...] [options]",
	.brief = "reproduce an incident with your own programs",
	.text = "Builds hosts out of network namespaces, runs programs (or "
		"probes) in them, applies the timeline of faults, shows what "
		"happens, and prints conclusions at the end. With expectations "
		"it is a test. harness/doc/lab.md and halfopen(1) describe "
		"every action, moment and expectation.",
	.words = words,
	.options = option_table,
	.after = "Hosts resolve each other's names. $FOLDER is a folder of the "
		 "program's host ($FOLDER_server is that of server). Ctrl-C "
		 "ends the timeline; a second one ends everything.",
	.status = "0 all expectations held, 1 at least one failed, 2 wrong usage "
		  "(nothing was started), 3 halfopen could not do its work, 4 "
		  "this machine cannot run the lab.",
};

/* --- parsing ------------------------------------------------------------- */

/* An option of the plan is applied later, when the file has been read. */
static int keep(struct lab_options *options, enum option_code option)
{
	bool two = option == OPTION_AT || option == OPTION_RUN;
	const char *first = optarg, *second = two ? usage_next_word() : NULL;
	const char *name = option_table[option].name;

	if (two && !second)
		return usage_error(_("--%s '%s': missing %s"), name, first,
				   option == OPTION_AT ? "ACTION" : "COMMAND");
	if (options->n_plan == LAB_OPTIONS_MAX)
		return usage_error(_("more than %d options"), LAB_OPTIONS_MAX);
	options->plan[options->n_plan++] =
		(struct lab_plan_option){ option, name, first, second };
	return -1;
}

/* Returns -1, or EXIT_STATUS_USAGE. */
static int set_option(struct lab_options *options, enum option_code option)
{
	switch (option) {
	case OPTION_CLIENT:
	case OPTION_SERVER:
	case OPTION_RUN:
	case OPTION_BETWEEN:
	case OPTION_IDLE:
	case OPTION_SYSCTL:
	case OPTION_DELAY:
	case OPTION_LOSS:
	case OPTION_SEED:
	case OPTION_AT:
	case OPTION_FOR:
	case OPTION_EXPECT:
		return keep(options, option);
	case OPTION_INTERACTIVE:
		options->interactive = true;
		break;
	case OPTION_SHELL:
		options->shell = optarg;
		break;
	case OPTION_LIST:
		options->list = true;
		break;
	case OPTION_OUT:
		options->out = optarg;
		break;
	case OPTION_FORMAT:
		options->reporter = reporter_find(optarg);
		if (options->reporter == &reporter_human)
			options->reporter = NULL;
		else
			message_use(false); /* for programs: English */
		break;
	case OPTION_COLOR:
		options->colour = (enum colour_when)usage_choice();
		break;
	case OPTION_FAMILY:
		options->run.family = usage_choice() ? AF_INET6 : AF_INET;
		break;
	case OPTION_QUIET:
		options->quiet = true;
		break;
	case OPTION_SLACK:
		options->run.slack = (nsec_t)(usage_number() * 1e6);
		break;
	case OPTION_WITHOUT_FAULTS:
		options->run.without_faults = true;
		break;
	case OPTIONS:
		break;
	}
	return -1;
}

/* Before parsing, because getopt_long() reorders the words. */
static char *command_line(int argc, char *const *argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(virtual_time_is_on() ? "halfopen vm --virtual-time -- lab" :
				     "halfopen lab",
	      out);
	for (int i = 1; i < argc; i++) {
		fputc(' ', out);
		shell_word_print(out, argv[i]);
	}
	fclose(out);
	return text;
}

static int parse(struct lab_options *options, int argc, char **argv)
{
	int option;

	usage_begin(&usage_lab, argc, argv);
	while ((option = usage_next()) >= 0) {
		int status = set_option(options, (enum option_code)option);

		if (status >= 0)
			return status;
	}
	if (option != USAGE_END)
		return usage_end(option);
	options->files = argv + optind;
	options->n_files = (size_t)(argc - optind);
	return -1;
}

int lab_options_parse(struct lab_options *ret, int argc, char **argv)
{
	int status;

	*ret = (struct lab_options){ .run = { .family = AF_INET,
					      .slack = MSEC(250),
					      .timeout_multiplier = 1,
					      .exe = -1 },
				     .command = command_line(argc, argv) };
	status = parse(ret, argc, argv);
	if (status >= 0)
		lab_options_deinit(ret);
	return status;
}

void lab_options_deinit(struct lab_options *options)
{
	free(options->command);
	options->command = NULL;
}

/* --- the plan ------------------------------------------------------------ */

struct builder {
	struct lab_plan *plan;
	char source[512]; /* "--at '2s' 'unplug client'", for messages */
	struct lab_place place;
};

static const char *set_place(struct builder *b,
			     const struct lab_plan_option *option)
{
	snprintf(b->source, sizeof(b->source), "--%s '%.200s'%s%.200s%s",
		 option->name, option->first,
		 option->second ? " '" : "", option->second ? option->second : "",
		 option->second ? "'" : "");
	b->place = (struct lab_place){ .source = b->source };
	return b->source;
}

/* Finds the host of that name or adds it. */
static int find_or_add_host(struct builder *b, const char *name,
		     struct lab_host **ret)
{
	int r;

	*ret = lab_plan_host(b->plan, name);
	if (*ret)
		return 0;
	r = lab_plan_add_host(b->plan, name, &b->place, ret);
	return error_trace(r);
}

/* The command line knows client, server and gateway; a file may have any
 * hosts. */
static int find_host(struct builder *b, const char *name,
		     struct lab_host **ret)
{
	const char *names[LAB_HOSTS], *near;
	size_t n = b->plan->n_hosts;

	*ret = lab_plan_host(b->plan, name);
	if (*ret)
		return 0;
	for (size_t i = 0; i < n; i++)
		names[i] = b->plan->hosts[i].name;
	if (nearest_names(name, names, n, &near, 1) == 0)
		near = "client";
	return error_refuse(-EINVAL, "unknown host '%s'; similar: %s", name, near);
}

static int add_program(struct builder *b, const char *host,
		       const char *command)
{
	struct lab_program *program;
	struct lab_host *there;
	int r = find_host(b, host, &there);

	if (r >= 0)
		r = lab_plan_add_program(b->plan, host, NULL, command,
					 &b->place, &program);
	return error_trace(r);
}

/* "[HOST:]VALUE" */
static int split_host(struct builder *b, const char *text,
		      struct lab_host **ret, const char **ret_value)
{
	const char *colon = strchr(text, ':');
	char name[HOST_NAME + 1];
	int r;

	snprintf(name, sizeof(name), "%.*s",
		 colon ? (int)MIN(colon - text, HOST_NAME) : HOST_NAME,
		 colon ? text : "server");
	*ret_value = colon ? colon + 1 : text;
	r = find_host(b, name, ret);
	return error_trace(r);
}

static int set_delay(struct builder *b, const char *text)
{
	struct lab_host *host;
	const char *value;
	int r = split_host(b, text, &host, &value);

	if (r >= 0)
		r = lab_value_duration(value, &host->links[0].delay);
	if (r >= 0)
		host->links[1].delay = host->links[0].delay;
	return error_trace(r);
}

static int set_loss(struct builder *b, const char *text)
{
	struct lab_host *host;
	const char *value;
	char *end;
	double percent;
	int r = split_host(b, text, &host, &value);

	if (r < 0)
		return error_trace(r);
	percent = strtod(value, &end);
	if (end == value || (*end && strcmp(end, "%") != 0) ||
	    !(percent >= 0 && percent <= 100))
		return error_refuse(-EINVAL,
				    "'%s': expected a percentage from 0 to "
				    "100",
				    value);
	host->links[0].loss = host->links[1].loss = percent / 100;
	return 0;
}

static int set_between(struct builder *b, const char *text)
{
	static const struct {
		const char *word;
		enum lab_role role;
	} roles[] = { { "nat", LAB_NAT },
		      { "firewall", LAB_FIREWALL },
		      { "router", LAB_ROUTER } };
	struct lab_host *host;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(roles) && strcmp(roles[i].word, text) != 0)
		i++;
	/* usage_next() has checked the choice. */
	assert(i < ARRAY_SIZE(roles));
	r = find_or_add_host(b, "gateway", &host);
	if (r < 0)
		return error_trace(r);
	host->role = roles[i].role;
	return 0;
}

static int set_idle(struct builder *b, const char *text)
{
	struct lab_host *host = lab_plan_host(b->plan, "gateway");
	int r;

	if (!host || !lab_host_tracks_connections(host))
		return error_refuse(-EINVAL,
				    "no gateway tracks connections; add "
				    "--between nat or --between firewall");
	r = lab_value_idle(text,
			   &host->tracking.idle[LAB_TRACKED_ESTABLISHED]);
	return error_trace(r);
}

static int apply(struct builder *b, const struct lab_plan_option *option)
{
	switch ((enum option_code)option->option) {
	case OPTION_CLIENT:
		return add_program(b, "client", option->first);
	case OPTION_SERVER:
		return add_program(b, "server", option->first);
	case OPTION_RUN:
		return add_program(b, option->first, option->second);
	case OPTION_BETWEEN:
		return set_between(b, option->first);
	case OPTION_IDLE:
		return set_idle(b, option->first);
	case OPTION_DELAY:
		return set_delay(b, option->first);
	case OPTION_LOSS:
		return set_loss(b, option->first);
	case OPTION_SEED:
		return lab_value_number(option->first, "seed", 0, UINT32_MAX,
					&b->plan->seed);
	case OPTION_FOR:
		return lab_value_duration(option->first, &b->plan->duration);
	case OPTION_SYSCTL:
	case OPTION_AT:
	case OPTION_EXPECT:
	case OPTION_INTERACTIVE:
	case OPTION_SHELL:
	case OPTION_LIST:
	case OPTION_OUT:
	case OPTION_FORMAT:
	case OPTION_COLOR:
	case OPTION_FAMILY:
	case OPTION_QUIET:
	case OPTION_SLACK:
	case OPTION_WITHOUT_FAULTS:
	case OPTIONS:
		break;
	}
	return 0;
}

/* The functions of the plan that put the place before their messages
 * themselves. */
static int apply_with_place(struct builder *b,
			    const struct lab_plan_option *option)
{
	if (option->option == OPTION_SYSCTL)
		return lab_plan_add_setting(b->plan, option->first, &b->place);
	if (option->option == OPTION_AT)
		return lab_action_add_step(b->plan, option->first, &b->place,
					   option->second, &b->place);
	if (option->option == OPTION_EXPECT)
		return lab_expectation_add(b->plan, option->first, &b->place);
	return 0;
}

/* Adds the hosts in the order of the path, whatever the order of the
 * options. */
static int add_hosts(struct builder *b, const struct lab_options *options)
{
	bool between = false;
	struct lab_host *host;
	int r = find_or_add_host(b, "client", &host);

	for (size_t i = 0; i < options->n_plan; i++)
		between |= options->plan[i].option == OPTION_BETWEEN;
	if (r >= 0 && between)
		r = find_or_add_host(b, "gateway", &host);
	if (r >= 0)
		r = find_or_add_host(b, "server", &host);
	return error_trace(r);
}

static int apply_all(struct builder *b, const struct lab_options *options,
		     bool between)
{
	for (size_t i = 0; i < options->n_plan; i++) {
		const struct lab_plan_option *option = &options->plan[i];
		const char *place = set_place(b, option);
		int r;

		if ((option->option == OPTION_BETWEEN) != between)
			continue;
		r = apply(b, option);
		if (r < 0)
			return error_refuse(r, "%s: %s", place,
					    error_message());
		r = apply_with_place(b, option);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* Tries one setting in a fresh namespace, with its place in the message. */
static int try_setting(const struct setting *setting,
		       const struct lab_place *at)
{
	const struct setting one[] = { *setting, { .name = NULL } };
	char place[LAB_PLACE];
	int r = settings_try(one);

	if (r < 0)
		return error_refuse(r, "%s%s",
				    lab_place_text(at, place, sizeof(place)),
				    error_message());
	return 0;
}

/* Those of the start, and those of steps: a sysctl that cannot be set later would
 * only leave a note in a lab that passes. */
static int try_settings(const struct lab_plan *plan)
{
	int r = settings_try(plan->settings);

	if (r < 0) {
		for (size_t i = 0; i < plan->n_settings; i++) {
			r = try_setting(&plan->settings[i],
					&plan->setting_places[i]);
			if (r < 0)
				return error_trace(r);
		}
		return -EINVAL;
	}
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;
		const struct setting setting = { .host = action->host,
						 .name = action->key,
						 .text = action->value };

		if (action->verb != LAB_SET)
			continue;
		r = try_setting(&setting, &plan->steps[i].place);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static int build(struct builder *b, const struct lab_options *options,
		 const char *file)
{
	char path[1024];
	int r = file ? incidents_find(file, path, sizeof(path)) : 0;

	if (r >= 0 && file)
		r = lab_file_read(b->plan, path);
	if (r < 0)
		return error_trace(r);
	if (!b->plan->n_hosts)
		r = add_hosts(b, options);
	/* --between first: other options refer to the gateway. */
	if (r >= 0)
		r = apply_all(b, options, true);
	if (r >= 0)
		r = apply_all(b, options, false);
	if (r >= 0 && options->command)
		b->plan->command = lab_plan_keep(b->plan, options->command);
	/* An interactive lab has no time limit by default. */
	if (r >= 0 && !b->plan->duration &&
	    (options->interactive || options->shell))
		b->plan->duration = LAB_UNLIMITED;
	if (r >= 0)
		r = lab_defaults_add(b->plan);
	if (r >= 0)
		r = lab_check(b->plan);
	if (r >= 0)
		r = lab_commands_check(b->plan);
	if (r >= 0 && !options->elsewhere)
		r = try_settings(b->plan);
	return error_trace(r);
}

int lab_options_plan(const struct lab_options *options, const char *file,
		     struct lab_plan **ret)
{
	struct builder building = { 0 };
	int r = lab_plan_new(&building.plan);

	if (r >= 0)
		r = build(&building, options, file);
	if (r < 0) {
		lab_plan_free(building.plan);
		return error_trace(r);
	}
	*ret = building.plan;
	return 0;
}
