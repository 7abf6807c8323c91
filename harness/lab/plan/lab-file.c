/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a YAML document to a plan: a table of fields for each kind of map, and a
 * reader for each field. Fields are read in the order of the tables, which does
 * not depend on the order in the file: all hosts are added before the first
 * program gets a name, and the role of a host is known before its idle time.
 *
 * Sentences of the timeline and of expectations keep their place, so that an
 * error has the line and column of the word.
 */
#include "lab-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fd.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "lab-value.h"
#include "lab-yaml.h"

/* --- values ---------------------------------------------------------------*/

/* A text that the plan keeps. */
static int read_kept(const struct lab_yaml_node *node, const char *what,
		     const char **ret)
{
	const char *text;
	int r = lab_yaml_text(node, what, &text);

	if (r < 0)
		return error_trace(r);
	text = lab_plan_keep(node->yaml->plan, text);
	if (!text)
		return error_origin(-ENOMEM, "%s", what);
	*ret = text;
	return 0;
}

static int read_duration(const struct lab_yaml_node *node, nsec_t *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "duration such as 2s", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_duration(text, ret);
	return r < 0 ? lab_yaml_trace(node, r) : 0;
}

/* `data`: the host's name; NULL: of every host. */
static int read_setting(const struct lab_yaml_node *key,
			const struct lab_yaml_node *node, void *data)
{
	struct lab_place place = lab_yaml_place(node);
	const char *host = data, *name = lab_yaml_key_text(key), *value;
	char *text = NULL;
	int r = lab_yaml_text(node, "value of a sysctl", &value);

	if (r < 0)
		return error_trace(r);
	/* settings_parse() would split the name there. */
	if (strpbrk(name, ":="))
		return lab_yaml_refuse(node,
				       "invalid sysctl '%s': expected "
				       "its full name",
				       name);
	if (asprintf(&text, "%s%s%s=%s", host ? host : "", host ? ":" : "",
		     name, value) < 0)
		return error_origin(-ENOMEM, "sysctl of a lab");
	r = lab_plan_add_setting(node->yaml->plan, text, &place);
	free(text);
	return error_trace(r);
}

/* --- programs -------------------------------------------------------------*/

/* A program before it is added: `name` is NULL unless the file gives one. */
struct new_program {
	struct lab_program program;
	struct lab_yaml_node command;
};

static int read_name(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;

	return lab_yaml_text(node, "program name", &new->program.name);
}

static int read_command(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;

	new->command = *node;
	return lab_yaml_text(node, "command", &new->program.command);
}

/* Names are those of POSIX; a key without a value is an empty variable. */
static int read_variable(const struct lab_yaml_node *key,
			 const struct lab_yaml_node *node, void *data)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	const char ***next = data;
	const char *name = lab_yaml_key_text(key), *value = "";
	char *text = NULL;
	int r = 0;

	if (!*name || strchr("0123456789", *name) ||
	    name[strspn(name, allowed)])
		return lab_yaml_refuse(key,
				       "invalid variable name '%s': expected "
				       "letters, digits and '_'",
				       name);
	if (!lab_yaml_is_empty(node))
		r = lab_yaml_text(node, "value of a variable", &value);
	if (r < 0)
		return error_trace(r);
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return error_origin(-ENOMEM, "variable of a program");
	**next = lab_plan_keep(node->yaml->plan, text);
	free(text);
	if (!**next)
		return error_origin(-ENOMEM, "variable of a program");
	++*next;
	return 0;
}

static int read_environment(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;
	const char **environment, **next;

	environment = lab_plan_allocate(node->yaml->plan,
					(lab_yaml_size(node) + 1) *
						sizeof(*environment));
	if (!environment)
		return error_origin(-ENOMEM, "variables of a program");
	next = environment;
	new->program.environment = environment;
	return lab_yaml_each_pair(node, "map of variables", read_variable,
				  &next);
}

static int read_user(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;

	return read_kept(node, "user name", &new->program.user);
}

static int read_listens(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;
	uint64_t port = 0;
	const char *text;
	int r = lab_yaml_text(node, "port", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_number(text, "port", 1, UINT16_MAX, &port);
	if (r < 0)
		return lab_yaml_trace(node, r);
	new->program.listens = (uint16_t)port;
	return 0;
}

static int read_later(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;
	const char *text;
	int r = lab_yaml_text(node, "yes or no", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_bool(text, &new->program.later);
	return r < 0 ? lab_yaml_trace(node, r) : 0;
}

static const struct lab_yaml_field program_fields[] = {
	{ "name", read_name },	     { "run", read_command },
	{ "env", read_environment }, { "user", read_user },
	{ "listens", read_listens }, { "later", read_later },
};

/* A command line, or a map of the fields above. `data`: the host. */
static int read_program(const struct lab_yaml_node *node, void *data)
{
	const struct lab_host *host = data;
	struct new_program new = { .command = *node };
	struct lab_program *program;
	struct lab_place place;
	int r;

	if (lab_yaml_is_map(node))
		r = lab_yaml_read_map(node, "program", program_fields,
				      ARRAY_SIZE(program_fields), &new);
	else
		r = lab_yaml_text(node,
				  "command, map of program keys, or list "
				  "of these",
				  &new.program.command);
	if (r < 0)
		return error_trace(r);
	if (!new.program.command)
		return lab_yaml_refuse(node, "missing key 'run': a program "
					     "needs a command");
	new.command.path = node->path;
	place = lab_yaml_place(&new.command);
	r = lab_plan_add_program(node->yaml->plan, host->name, new.program.name,
				 new.program.command, &place, &program);
	if (r < 0)
		return error_trace(r);
	program->environment = new.program.environment;
	program->user = new.program.user;
	program->listens = new.program.listens;
	program->later = new.program.later;
	return 0;
}

/* --- hosts ----------------------------------------------------------------*/

static int read_role(const struct lab_yaml_node *node, void *data)
{
	static const char *const roles[] = { "nat", "firewall", "router" };
	static const enum lab_role values[] = { LAB_NAT, LAB_FIREWALL,
						LAB_ROUTER };
	struct lab_host *host = data;
	const char *text;
	char near[128];
	int r = lab_yaml_text(node, "nat, firewall or router", &text);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		if (strcmp(text, roles[i]) != 0)
			continue;
		host->role = values[i];
		return 0;
	}
	return lab_yaml_refuse(node, "unknown role '%s'%s", text,
			       lab_suggest(text, roles, ARRAY_SIZE(roles), near,
					   sizeof(near)));
}

static int read_idle(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	const char *text;
	int r = lab_yaml_text(node, "duration such as 5s", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_idle(text, &host->idle);
	if (r < 0)
		return lab_yaml_trace(node, r);
	if (!lab_host_tracks_connections(host))
		return lab_yaml_refuse(node,
				       "%s: only a host with 'as: nat' or 'as: "
				       "firewall' has an idle time",
				       host->name);
	return 0;
}

static int read_rules(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;

	return read_kept(node, "rules for nft(8)", &host->rules);
}

static int read_delay(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;

	return read_duration(node, &host->delay);
}

static int read_loss(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	const char *text;
	int r = lab_yaml_text(node, "percentage such as 1%", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_share(text, &host->loss);
	return r < 0 ? lab_yaml_trace(node, r) : 0;
}

static int read_host_settings(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;

	return lab_yaml_each_pair(node, "map of sysctls", read_setting,
				  host->name);
}

/* A file without a text is empty. */
static int read_file(const struct lab_yaml_node *key,
		     const struct lab_yaml_node *node, void *data)
{
	const struct lab_host *host = data;
	const char *text = "";
	int r = 0;

	if (!lab_yaml_is_empty(node))
		r = lab_yaml_text(node, "text of a file", &text);
	if (r < 0)
		return error_trace(r);
	r = lab_plan_add_file(node->yaml->plan, host->name,
			      lab_yaml_key_text(key), text);
	return r < 0 ? lab_yaml_trace(key, r) : 0;
}

static int read_files(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each_pair(node, "map of files", read_file, data);
}

static int read_run(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each(node, read_program, data);
}

static const struct lab_yaml_field host_fields[] = {
	{ "as", read_role },	 { "idle", read_idle },
	{ "rules", read_rules }, { "delay", read_delay },
	{ "loss", read_loss },	 { "sysctls", read_host_settings },
	{ "files", read_files }, { "run", read_run },
};

static int add_host(const struct lab_yaml_node *key,
		    const struct lab_yaml_node *node, void *data)
{
	struct lab_yaml_node named = *key;
	struct lab_host *host;
	struct lab_place place;

	/* Its messages have the path of the host, not that of the map. */
	named.path = node->path;
	place = lab_yaml_place(&named);
	return lab_plan_add_host(data, lab_yaml_key_text(key), &place, &host);
}

static int read_host(const struct lab_yaml_node *key,
		     const struct lab_yaml_node *node, void *data)
{
	if (lab_yaml_is_empty(node))
		return 0;
	return lab_yaml_read_map(node, "host", host_fields,
				 ARRAY_SIZE(host_fields),
				 lab_plan_host(data, lab_yaml_key_text(key)));
}

static int read_hosts(const struct lab_yaml_node *node, void *data)
{
	int r = lab_yaml_each_pair(node, "map of hosts", add_host, data);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_each_pair(node, "map of hosts", read_host, data);
}

/* --- the timeline ---------------------------------------------------------*/

/* `data`: the node of the moment. */
static int add_step(const struct lab_yaml_node *node, void *data)
{
	const struct lab_yaml_node *when = data;
	struct lab_yaml_node action = *node;
	struct lab_place when_place = lab_yaml_place(when), place;
	const char *moment, *text;
	int r = lab_yaml_text(when, "moment such as 2s", &moment);

	/* The moment is no part of the path, whatever it says. */
	action.path = when->path;
	place = lab_yaml_place(&action);
	if (r >= 0)
		r = lab_yaml_text(&action, "action such as 'unplug client'",
				  &text);
	if (r < 0)
		return error_trace(r);
	return lab_action_add_step(node->yaml->plan, moment, &when_place, text,
				   &place);
}

static int add_pair(const struct lab_yaml_node *key,
		    const struct lab_yaml_node *node, void *data MACRO_UNUSED)
{
	struct lab_yaml_node when = *key;

	return lab_yaml_each(node, add_step, &when);
}

struct at_do {
	struct lab_yaml_node moment, action;
};

static int read_at(const struct lab_yaml_node *node, void *data)
{
	((struct at_do *)data)->moment = *node;
	return 0;
}

static int read_do(const struct lab_yaml_node *node, void *data)
{
	((struct at_do *)data)->action = *node;
	return 0;
}

static const struct lab_yaml_field step_fields[] = {
	{ "at", read_at },
	{ "do", read_do },
};

static bool has_step_field(const struct lab_yaml_node *map)
{
	for (size_t i = 0; i < lab_yaml_size(map); i++) {
		struct lab_yaml_node key = lab_yaml_key(map, i);

		for (size_t j = 0; j < ARRAY_SIZE(step_fields); j++)
			if (strcmp(lab_yaml_key_text(&key),
				   step_fields[j].name) == 0)
				return true;
	}
	return false;
}

/* MOMENT: ACTION, or a map with `at` and `do`. */
static int read_step(const struct lab_yaml_node *node, void *data MACRO_UNUSED)
{
	static const char what[] =
		"MOMENT: ACTION, such as '2s: unplug client'";
	struct at_do step = { 0 };
	int r = lab_yaml_check_map(node, what);

	if (r < 0)
		return error_trace(r);
	if (!has_step_field(node))
		return lab_yaml_each_pair(node, what, add_pair, NULL);
	r = lab_yaml_read_map(node, "step", step_fields,
			      ARRAY_SIZE(step_fields), &step);
	if (r < 0)
		return error_trace(r);
	if (!step.moment.raw || !step.action.raw)
		return lab_yaml_refuse(node, "missing key '%s' of a step",
				       step.moment.raw ? "do" : "at");
	step.moment.path = node->path;
	return lab_yaml_each(&step.action, add_step, &step.moment);
}

static int read_timeline(const struct lab_yaml_node *node,
			 void *data MACRO_UNUSED)
{
	if (!lab_yaml_is_map(node) && !lab_yaml_is_list(node))
		return lab_yaml_expected(node, "list of steps");
	return lab_yaml_each(node, read_step, NULL);
}

/* --- expectations ---------------------------------------------------------*/

/* The sentence is the key, a colon and the value, with as many blanks between
 * as in the file, so that columns of the sentence are columns of the file. */
static int add_pair_expectation(const struct lab_yaml_node *key,
				const struct lab_yaml_node *node,
				void *data MACRO_UNUSED)
{
	struct lab_place place = lab_yaml_place(key);
	const struct lab_place behind = lab_yaml_place(node);
	size_t end = key->raw->end_mark.column + 2;
	size_t blanks = 1;
	const char *rest;
	char *text = NULL;
	int r = lab_yaml_text(node, "outcome such as 'EOF within 5s'", &rest);

	if (r < 0)
		return error_trace(r);
	if (place.verbatim && behind.verbatim && behind.line == place.line &&
	    place.column == key->raw->start_mark.column + 1 &&
	    behind.column > end)
		blanks = behind.column - end;
	else
		place.verbatim = false;
	if (asprintf(&text, "%s:%*s%s", lab_yaml_key_text(key), (int)blanks, "",
		     rest) < 0)
		return error_origin(-ENOMEM, "expectation of a lab");
	r = lab_expectation_add(node->yaml->plan, text, &place);
	free(text);
	return error_trace(r);
}

static int read_expectation(const struct lab_yaml_node *node,
			    void *data MACRO_UNUSED)
{
	struct lab_place place = lab_yaml_place(node);
	const char *text;
	int r;

	if (lab_yaml_is_map(node))
		return lab_yaml_each_pair(node, "HOST: OUTCOME",
					  add_pair_expectation, NULL);
	r = lab_yaml_text(node, "expectation such as 'client: EOF'", &text);
	if (r < 0)
		return error_trace(r);
	return lab_expectation_add(node->yaml->plan, text, &place);
}

static int read_expectations(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each(node, read_expectation, data);
}

/* --- the file -------------------------------------------------------------*/

static int read_about(const struct lab_yaml_node *node, void *data)
{
	struct lab_plan *plan = data;
	const char *text;
	size_t size;
	int r = lab_yaml_text(node, "text", &text);

	if (r < 0)
		return error_trace(r);
	for (size = strlen(text); size && strchr(" \n", text[size - 1]);)
		size--;
	plan->about = lab_plan_keep_part(plan, text, size);
	return plan->about ? 0 : error_origin(-ENOMEM, "about");
}

static int read_for(const struct lab_yaml_node *node, void *data)
{
	struct lab_plan *plan = data;
	int r = read_duration(node, &plan->duration);

	if (r < 0)
		return error_trace(r);
	if (!plan->duration)
		return lab_yaml_refuse(node, "invalid duration '0s' of a lab: "
					     "expected more than 0s");
	return 0;
}

static int read_need(const struct lab_yaml_node *node, void *data)
{
	const char *program;
	int r = lab_yaml_text(node, "program name", &program);

	if (r < 0)
		return error_trace(r);
	r = lab_plan_add_need(data, program);
	return r < 0 ? lab_yaml_trace(node, r) : 0;
}

static int read_needs(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each(node, read_need, data);
}

static int read_settings(const struct lab_yaml_node *node,
			 void *data MACRO_UNUSED)
{
	return lab_yaml_each_pair(node, "map of sysctls", read_setting, NULL);
}

static const struct lab_yaml_field fields[] = {
	{ "about", read_about },	 { "for", read_for },
	{ "needs", read_needs },	 { "sysctls", read_settings },
	{ "hosts", read_hosts },	 { "timeline", read_timeline },
	{ "expect", read_expectations },
};

void lab_file_each_key(void (*fn)(void *data, const char *path), void *data)
{
	static const struct {
		const char *path;
		const struct lab_yaml_field *fields;
		size_t n;
	} maps[] = {
		{ "", fields, ARRAY_SIZE(fields) },
		{ "hosts.HOST.", host_fields, ARRAY_SIZE(host_fields) },
		{ "hosts.HOST.run.", program_fields,
		  ARRAY_SIZE(program_fields) },
		{ "timeline.", step_fields, ARRAY_SIZE(step_fields) },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		for (size_t j = 0; j < maps[i].n; j++) {
			snprintf(path, sizeof(path), "%s%s", maps[i].path,
				 maps[i].fields[j].name);
			fn(data, path);
		}
}

/* "dir/idle-nat.yaml" is idle-nat. The name becomes a folder below --out, so
 * that it must not begin with a dot. */
static const char *plan_name(struct lab_plan *plan, const char *file)
{
	static const char *const endings[] = { ".yaml", ".yml" };
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base);

	if (base[0] == '.')
		return lab_plan_keep(plan, "lab");
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t end = strlen(endings[i]);

		if (length > end &&
		    strcasecmp(base + length - end, endings[i]) == 0)
			return lab_plan_keep_part(plan, base, length - end);
	}
	return lab_plan_keep(plan, base);
}

int lab_file_parse(struct lab_plan *plan, const char *name, const char *text,
		   size_t size)
{
	struct lab_yaml_node root;
	struct lab_yaml yaml;
	int r;

	plan->name = plan_name(plan, name);
	if (!plan->name)
		return error_origin(-ENOMEM, "%s", name);
	r = lab_yaml_init(&yaml, plan, name, text, size, &root);
	if (r < 0)
		return error_trace(r);
	r = lab_yaml_read_map(&root, "lab", fields, ARRAY_SIZE(fields), plan);
	lab_yaml_deinit(&yaml);
	return error_trace(r);
}

int lab_file_read(struct lab_plan *plan, const char *path)
{
	enum { MOST = 1 << 20 };
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n;
	int r;

	if (fd < 0)
		return error_origin(-errno, "%s", path);
	text = malloc(MOST + 1);
	if (!text)
		return error_origin(-ENOMEM, "%s", path);
	n = fd_read_all(fd, text, MOST + 1);
	if (n < 0)
		r = error_origin((int)n, "%s", path);
	else if (n > MOST)
		r = error_refuse(-EINVAL, "%s: file is larger than 1 MiB",
				 path);
	else
		r = lab_file_parse(plan, path, text, (size_t)n);
	free(text);
	return error_trace(r);
}
