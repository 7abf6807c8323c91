/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of a lab, of what a file and the command line say together. */
#include "lab-options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "lab-action.h"
#include "lab-check.h"
#include "lab-commands.h"
#include "lab-expectation.h"
#include "lab-file.h"
#include "lab-value.h"
#include "nearest.h"
#include "settings.h"
#include "version.h"

struct building {
	struct lab_plan *plan;
	char source[512]; /* "--at '2s' 'unplug client'" */
	struct lab_place place;
};

static const char *say_where(struct building *b, const struct lab_word_pair *pair)
{
	snprintf(b->source, sizeof(b->source), "--%s '%.200s'%s%.200s%s",
		 pair->name, pair->first,
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
		r = lab_value_duration(value, &host->delay);
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

	if (!host || !lab_host_tracks_connections(host))
		return error_refuse(-EINVAL,
				    "nothing between forgets connections; "
				    "--between nat?");
	r = lab_value_idle(text, &host->idle);
	return r < 0 ? error_trace(r) : 0;
}

static int say(struct building *b, const struct lab_word_pair *pair)
{
	switch (pair->option) {
	case LAB_OPTION_CLIENT:
		return add_program(b, "client", pair->first);
	case LAB_OPTION_SERVER:
		return add_program(b, "server", pair->first);
	case LAB_OPTION_RUN:
		return add_program(b, pair->first, pair->second);
	case LAB_OPTION_BETWEEN:
		return set_between(b, pair->first);
	case LAB_OPTION_IDLE:
		return set_idle(b, pair->first);
	case LAB_OPTION_DELAY:
		return set_delay(b, pair->first);
	case LAB_OPTION_LOSS:
		return set_loss(b, pair->first);
	case LAB_OPTION_FOR:
		return lab_value_duration(pair->first, &b->plan->duration);
	case LAB_OPTION_SYSCTL:
	case LAB_OPTION_AT:
	case LAB_OPTION_EXPECT:
	case LAB_OPTION_INTERACTIVE:
	case LAB_OPTION_SHELL:
	case LAB_OPTION_OUT:
	case LAB_OPTION_FORMAT:
	case LAB_OPTION_FAMILY:
	case LAB_OPTION_QUIET:
	case LAB_OPTION_SLACK:
	case LAB_OPTION_WITHOUT_FAULTS:
	case LAB_OPTIONS:
		break;
	}
	return 0;
}

/* These put the place before their message by themselves. */
static int say_with_place(struct building *b, const struct lab_word_pair *pair)
{
	if (pair->option == LAB_OPTION_SYSCTL)
		return lab_plan_add_setting(b->plan, pair->first, &b->place);
	if (pair->option == LAB_OPTION_AT)
		return lab_action_add_step(b->plan, pair->first, &b->place,
					   pair->second, &b->place);
	if (pair->option == LAB_OPTION_EXPECT)
		return lab_expectation_add(b->plan, pair->first, &b->place);
	return 0;
}

/* Hosts as they stand on the path, whatever was said first. */
static int place_hosts(struct building *b, const struct lab_options *options)
{
	bool between = false;
	struct lab_host *host;
	int r = have_host(b, "client", &host);

	for (size_t i = 0; i < options->n_said; i++)
		between |= options->said[i].option == LAB_OPTION_BETWEEN;
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

		if ((pair->option == LAB_OPTION_BETWEEN) != between)
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

/*
 * An incident that ships, by its name alone: where this program was installed
 * from, or to. A file of that name here comes first.
 */
static const char *find_incident(const char *name, char *buffer, size_t size)
{
	char exe[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (strchr(name, '/') || access(name, F_OK) == 0)
		return name;
	snprintf(buffer, size, "%s/%s.yaml", HALFOPEN_INCIDENTS, name);
	if (access(buffer, R_OK) == 0)
		return buffer;
	if (n < 0)
		return name;
	/* …/build/harness/halfopen: …/cases/incidents */
	exe[n] = '\0';
	for (int i = 0; i < 3 && strrchr(exe, '/'); i++)
		*strrchr(exe, '/') = '\0';
	snprintf(buffer, size, "%s/cases/incidents/%s.yaml", exe, name);
	return access(buffer, R_OK) == 0 ? buffer : name;
}

static int build(struct building *b, const struct lab_options *options,
		 const char *file)
{
	char path[512];
	int r = file ? lab_file_read(b->plan,
				     find_incident(file, path, sizeof(path))) :
		       0;

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
		b->plan->command = lab_plan_keep(b->plan, options->again);
	/* Nobody who types wants to be hurried. */
	if (r >= 0 && !b->plan->duration &&
	    (options->interactive || options->shell))
		b->plan->duration = SEC(365 * 86400);
	if (r >= 0)
		r = lab_plan_add_defaults(b->plan);
	if (r >= 0)
		r = lab_check(b->plan);
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
