/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "exit-status.h"
#include "lab-commands.h"
#include "lab-file.h"
#include "lab-words.h"
#include "nearest.h"
#include "settings.h"
#include "shell-word.h"

static const struct usage_word words[] = {
	{ "FILE",
	  "a lab as YAML, such as those in cases/incidents; several run one "
	  "after the other" },
	{ NULL, NULL },
};

enum option_code {
	OPTION_CLIENT,
	OPTION_SERVER,
	OPTION_RUN,
	OPTION_BETWEEN,
	OPTION_IDLE,
	OPTION_SYSCTL,
	OPTION_DELAY,
	OPTION_LOSS,
	OPTION_AT,
	OPTION_FOR,
	OPTION_EXPECT,
	OPTION_INTERACTIVE,
	OPTION_SHELL,
	OPTION_OUT,
	OPTION_FORMAT,
	OPTION_FAMILY,
	OPTION_QUIET,
	OPTION_SLACK,
	OPTION_WITHOUT_FAULTS,
	OPTIONS,
};

static const struct usage_option option_table[OPTIONS + 1] = {
	[OPTION_CLIENT] = { "client", 0, "COMMAND", NULL,
			    "what runs in the host client; without any, a "
			    "probe that connects" },
	[OPTION_SERVER] = { "server", 0, "COMMAND", NULL,
			    "what runs in the host server; without any, a "
			    "probe that listens on port 80" },
	[OPTION_RUN] = { "run", 0, "HOST COMMAND", NULL,
			 "one more program (two words: --run client 'curl "
			 "http://server/'); other hosts than client, server and "
			 "gateway want a file" },
	[OPTION_BETWEEN] = { "between", 0, "WHAT", "nat firewall router",
			     "what stands between client and server, as the "
			     "host gateway: nat, firewall, router" },
	[OPTION_IDLE] = { "idle", 0, "DURATION", NULL,
			  "after which the gateway forgets a connection" },
	[OPTION_SYSCTL] = { "sysctl", 0, "[HOST:]KEY=VALUE", NULL,
			    "a sysctl of all hosts, or of one" },
	[OPTION_DELAY] = { "delay", 0, "[HOST:]DURATION", NULL,
			   "of the path to that host (server), one way" },
	[OPTION_LOSS] = { "loss", 0, "[HOST:]PERCENT", NULL,
			  "of the path to that host (server), each way" },
	[OPTION_AT] = { "at", 0, "MOMENT ACTION", NULL,
			"what happens when (two words: --at 2s 'unplug "
			"client')" },
	[OPTION_FOR] = { "for", 0, "DURATION", NULL,
			 "how long the lab lasts" },
	[OPTION_EXPECT] = { "expect", 0, "EXPECTATION", NULL,
			    "what must come of it: 'client: ETIMEDOUT within "
			    "20s'" },
	[OPTION_INTERACTIVE] = { "interactive", 'i', NULL, NULL,
				 "actions are typed while it runs; help lists "
				 "them" },
	[OPTION_SHELL] = { "shell", 0, "HOST", NULL,
			   "a shell in that host, for as long as which the lab "
			   "lasts; with nothing else said: in the lab that "
			   "runs (HOST@PID where there are several)" },
	[OPTION_OUT] = { "out", 0, "DIR", NULL,
			 "keep journal, capture and page below DIR" },
	[OPTION_FORMAT] = { "format", 0, "FORMAT", "human ktap junit jsonl",
			    "human (default), ktap, junit, jsonl" },
	[OPTION_FAMILY] = { "family", 0, "4|6", "4 6",
			    "IPv4 (default) or IPv6" },
	[OPTION_QUIET] = { "quiet", 'q', NULL, NULL,
			   "nothing is printed while it runs" },
	[OPTION_SLACK] = { "slack", 0, "MS", NULL,
			   "how late this machine may be before a lab that "
			   "fails is inconclusive (250)" },
	[OPTION_WITHOUT_FAULTS] = { "without-faults", 0, NULL, NULL,
				    "nothing breaks: what would be without" },
};

static void each_action(usage_tell_fn *tell, void *data)
{
	tell(data, "MOMENT",
	     "2s, 500ms: after the start; or an event, which may have a time "
	     "before it (2s after …): 'client has received 3 segments', 'nginx "
	     "prints \"GET\"', 'curl ends', 'server reaches CLOSE-WAIT', or an "
	     "action that is done");
	lab_words_each(tell, data);
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
static int keep(struct lab_options *options, enum option_code code,
		const char *first)
{
	bool two = code == OPTION_AT || code == OPTION_RUN;
	const char *second = two ? usage_next_word() : NULL;

	if (two && !second)
		return error_refuse(-EINVAL, "--%s '%s': and then %s?",
				    option_table[code].name, first,
				    code == OPTION_AT ? "what happens" :
							"which command");
	if (options->n_said == LAB_WORDS)
		return error_refuse(-E2BIG, "more than %d options", LAB_WORDS);
	options->said[options->n_said++] =
		(struct lab_word_pair){ (int)code, first, second };
	return 0;
}

static int parse_one(struct lab_options *options, enum option_code code,
		     const char *text)
{
	switch (code) {
	case OPTION_CLIENT:
	case OPTION_SERVER:
	case OPTION_RUN:
	case OPTION_BETWEEN:
	case OPTION_IDLE:
	case OPTION_SYSCTL:
	case OPTION_DELAY:
	case OPTION_LOSS:
	case OPTION_AT:
	case OPTION_FOR:
	case OPTION_EXPECT:
		return keep(options, code, text);
	case OPTION_INTERACTIVE:
		options->interactive = true;
		return 0;
	case OPTION_SHELL:
		options->shell = text;
		return 0;
	case OPTION_OUT:
		options->out = text;
		return 0;
	case OPTION_FORMAT:
		return parse_format(options, text);
	case OPTION_FAMILY:
		return parse_family(options, text);
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_SLACK:
		return parse_slack(options, text);
	case OPTION_WITHOUT_FAULTS:
		options->run.without_faults = true;
		return 0;
	case OPTIONS:
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
		if (parse_one(ret, (enum option_code)(code - USAGE_FIRST),
			      optarg) < 0) {
			fprintf(stderr, "halfopen lab: %s\n", error_message());
			return EXIT_STATUS_USAGE;
		}
	}
	ret->files = argv + optind;
	ret->n_files = (size_t)(argc - optind);
	return -1;
}

/* --- the plan ------------------------------------------------------------- */

struct building {
	struct lab_plan *plan;
	char source[512]; /* "--at '2s' 'unplug client'" */
	struct lab_place place;
};

static const char *say_where(struct building *b, const struct lab_word_pair *pair)
{
	snprintf(b->source, sizeof(b->source), "--%s '%.200s'%s%.200s%s",
		 option_table[pair->option].name, pair->first,
		 pair->second ? " '" : "", pair->second ? pair->second : "",
		 pair->second ? "'" : "");
	b->place = (struct lab_place){ .source = b->source };
	return b->source;
}

/* By name; there already, or now. */
static int have_host(struct building *b, const char *name,
		     struct lab_host **ret)
{
	int r;

	*ret = lab_plan_host(b->plan, name);
	if (*ret)
		return 0;
	r = lab_plan_add_host(b->plan, name, &b->place, ret);
	return r < 0 ? error_trace(r) : 0;
}

/* Those of the command line are client, server and what is between; a file has
 * any. */
static int find_host(struct building *b, const char *name,
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
	return error_refuse(-EINVAL, "'%s' is no host; %s?", name, near);
}

static int add_program(struct building *b, const char *host,
		       const char *command)
{
	struct lab_program *program;
	struct lab_host *there;
	int r = find_host(b, host, &there);

	if (r >= 0)
		r = lab_plan_add_program(b->plan, host, NULL, command,
					 &b->place, &program);
	return r < 0 ? error_trace(r) : 0;
}

/* "[HOST:]VALUE" */
static int split_host(struct building *b, const char *text,
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
	return r < 0 ? error_trace(r) : 0;
}

static int set_delay(struct building *b, const char *text)
{
	struct lab_host *host;
	const char *value;
	int r = split_host(b, text, &host, &value);

	if (r >= 0)
		r = lab_duration_parse(value, &host->delay);
	return r < 0 ? error_trace(r) : 0;
}

static int set_loss(struct building *b, const char *text)
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
		return error_refuse(-EINVAL, "'%s' is no percentage", value);
	host->loss = percent / 100;
	return 0;
}

static int set_between(struct building *b, const char *text)
{
	static const struct {
		const char *word;
		enum lab_role role;
	} known[] = { { "nat", LAB_NAT },
		      { "firewall", LAB_FIREWALL },
		      { "router", LAB_ROUTER } };
	struct lab_host *host;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(known) && strcmp(known[i].word, text) != 0)
		i++;
	if (i == ARRAY_SIZE(known))
		return error_refuse(-EINVAL, "'%s': nat, firewall or router",
				    text);
	r = have_host(b, "gateway", &host);
	if (r < 0)
		return error_trace(r);
	host->role = known[i].role;
	return 0;
}

static int set_idle(struct building *b, const char *text)
{
	struct lab_host *host = lab_plan_host(b->plan, "gateway");
	int r;

	if (!host || (host->role != LAB_NAT && host->role != LAB_FIREWALL))
		return error_refuse(-EINVAL,
				    "nothing between forgets connections; "
				    "--between nat?");
	r = lab_duration_parse(text, &host->idle);
	if (r >= 0 && (host->idle < SEC(1) || host->idle % SEC(1)))
		return error_refuse(-EINVAL,
				    "'%s': the kernel counts whole seconds",
				    text);
	return r < 0 ? error_trace(r) : 0;
}

static int say(struct building *b, const struct lab_word_pair *pair)
{
	switch ((enum option_code)pair->option) {
	case OPTION_CLIENT:
		return add_program(b, "client", pair->first);
	case OPTION_SERVER:
		return add_program(b, "server", pair->first);
	case OPTION_RUN:
		return add_program(b, pair->first, pair->second);
	case OPTION_BETWEEN:
		return set_between(b, pair->first);
	case OPTION_IDLE:
		return set_idle(b, pair->first);
	case OPTION_DELAY:
		return set_delay(b, pair->first);
	case OPTION_LOSS:
		return set_loss(b, pair->first);
	case OPTION_FOR:
		return lab_duration_parse(pair->first, &b->plan->lasts);
	case OPTION_SYSCTL:
	case OPTION_AT:
	case OPTION_EXPECT:
	case OPTION_INTERACTIVE:
	case OPTION_SHELL:
	case OPTION_OUT:
	case OPTION_FORMAT:
	case OPTION_FAMILY:
	case OPTION_QUIET:
	case OPTION_SLACK:
	case OPTION_WITHOUT_FAULTS:
	case OPTIONS:
		break;
	}
	return 0;
}

/* These put the place before their message by themselves. */
static int say_with_place(struct building *b, const struct lab_word_pair *pair)
{
	if (pair->option == OPTION_SYSCTL)
		return lab_plan_add_setting(b->plan, pair->first, &b->place);
	if (pair->option == OPTION_AT)
		return lab_plan_add_step(b->plan, pair->first, pair->second,
					 &b->place);
	if (pair->option == OPTION_EXPECT)
		return lab_plan_add_expectation(b->plan, pair->first,
						&b->place);
	return 0;
}

/* Hosts as they stand on the path, whatever was said first. */
static int place_hosts(struct building *b, const struct lab_options *options)
{
	bool between = false;
	struct lab_host *host;
	int r = have_host(b, "client", &host);

	for (size_t i = 0; i < options->n_said; i++)
		between |= options->said[i].option == OPTION_BETWEEN;
	if (r >= 0 && between)
		r = have_host(b, "gateway", &host);
	if (r >= 0)
		r = have_host(b, "server", &host);
	return r < 0 ? error_trace(r) : 0;
}

static int say_all(struct building *b, const struct lab_options *options,
		   bool between)
{
	for (size_t i = 0; i < options->n_said; i++) {
		const struct lab_word_pair *pair = &options->said[i];
		const char *where = say_where(b, pair);
		int r;

		if ((pair->option == OPTION_BETWEEN) != between)
			continue;
		r = say(b, pair);
		if (r < 0)
			return error_refuse(r, "%s: %s", where,
					    error_message());
		r = say_with_place(b, pair);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* Which of them it is, when one does not do. */
static int try_settings(const struct lab_plan *plan)
{
	int r = settings_try(plan->settings);

	for (size_t i = 0; r < 0 && i < plan->n_settings; i++) {
		const struct setting one[] = { plan->settings[i],
					       { .name = NULL } };
		char place[LAB_PLACE];

		r = settings_try(one);
		if (r < 0)
			return error_refuse(
				r, "%s%s",
				lab_place_text(&plan->setting_places[i], place,
					       sizeof(place)),
				error_message());
		r = -EINVAL;
	}
	return r < 0 ? error_trace(r) : 0;
}

static int build(struct building *b, const struct lab_options *options,
		 const char *file)
{
	int r = file ? lab_file_read(b->plan, file) : 0;

	if (r < 0)
		return error_trace(r);
	if (!b->plan->n_hosts)
		r = place_hosts(b, options);
	/* What is between first: other options are about it. */
	if (r >= 0)
		r = say_all(b, options, true);
	if (r >= 0)
		r = say_all(b, options, false);
	if (r >= 0 && options->again)
		b->plan->again = lab_plan_keep(b->plan, options->again);
	/* Nobody who types wants to be hurried. */
	if (r >= 0 && !b->plan->lasts &&
	    (options->interactive || options->shell))
		b->plan->lasts = SEC(365 * 86400);
	if (r >= 0)
		r = lab_plan_complete(b->plan);
	if (r >= 0)
		r = lab_plan_check(b->plan);
	if (r >= 0)
		r = lab_commands_check(b->plan);
	if (r >= 0)
		r = try_settings(b->plan);
	return r < 0 ? error_trace(r) : 0;
}

int lab_options_plan(const struct lab_options *options, const char *file,
		     struct lab_plan **ret)
{
	struct building building = { 0 };
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
