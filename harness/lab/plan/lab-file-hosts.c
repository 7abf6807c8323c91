/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hosts of a lab's file, and what runs in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab-file-parts.h"
#include "lab-values.h"
#include "lab-words.h"

/* --- programs -------------------------------------------------------------*/

/* The parts of a program, before it is one. */
struct parts {
	struct lab_program program;
	struct lab_yaml_at run;
	const char *name;
};

static int read_name(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;

	return lab_yaml_text(at, "a name", &parts->name);
}

static int read_command(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;

	parts->run = *at;
	return lab_yaml_text(at, "a command", &parts->program.command);
}

static int read_variable(const struct lab_yaml_at *at, const char **ret)
{
	const char *key = strrchr(at->path, '.');
	const char *value;
	char *text = NULL;
	int r;

	key = key ? key + 1 : at->path;
	/* A key without a value is a variable that is empty. */
	value = "";
	r = lab_yaml_is_nothing(at) ?
		    0 :
		    lab_yaml_text(at, "a variable's value", &value);
	if (r < 0)
		return error_trace(r);
	if (asprintf(&text, "%s=%s", key, value) < 0)
		return error_origin(-ENOMEM, "a variable");
	*ret = lab_plan_keep(at->yaml->plan, text);
	free(text);
	return *ret ? 0 : error_origin(-ENOMEM, "a variable");
}

/* Those of environ(7), and none that hides another. */
static int check_variable(const struct lab_yaml_at *key)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	const char *name;
	int r = lab_yaml_text(key, "a variable's name", &name);

	if (r < 0)
		return error_trace(r);
	if (strchr("0123456789", *name) || name[strspn(name, others)])
		return lab_yaml_refuse(key, "'%s' is no name of a variable",
				       name);
	return 0;
}

static int read_env(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;
	const char **environment;
	int r = lab_yaml_check_map(at, "a map of variables");

	if (r < 0)
		return error_trace(r);
	environment = lab_plan_allocate(
		at->yaml->plan, (lab_yaml_size(at) + 1) * sizeof(*environment));
	if (!environment)
		return error_origin(-ENOMEM, "an environment");
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i), value;

		r = check_variable(&key);
		if (r >= 0)
			r = lab_yaml_value(at, i, &value);
		if (r >= 0)
			r = read_variable(&value, &environment[i]);
	}
	if (r < 0)
		return error_trace(r);
	parts->program.environment = environment;
	return 0;
}

static int read_user(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;
	const char *user;
	int r = lab_yaml_text(at, "a user's name", &user);

	if (r < 0)
		return error_trace(r);
	parts->program.user = lab_plan_keep(at->yaml->plan, user);
	return parts->program.user ? 0 : error_origin(-ENOMEM, "a user");
}

static int read_listens(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;
	uint64_t port = 0;
	const char *text;
	int r = lab_yaml_text(at, "a port", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_number(text, "a port", 1, UINT16_MAX, &port);
	if (r < 0)
		return lab_yaml_trace(at, r);
	parts->program.listens = (uint16_t)port;
	return 0;
}

static int read_later(const struct lab_yaml_at *at, void *data)
{
	struct parts *parts = data;
	const char *text;
	int r = lab_yaml_text(at, "yes or no", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_bool(text, &parts->program.later);
	return r < 0 ? lab_yaml_trace(at, r) : 0;
}

static const struct lab_yaml_field program_fields[] = {
	{ "name", read_name },	     { "run", read_command },
	{ "env", read_env },	     { "user", read_user },
	{ "listens", read_listens }, { "later", read_later },
};

static int add_program(const struct lab_yaml_at *at, const char *host,
		       struct parts *parts)
{
	struct lab_place place = lab_yaml_place(at);
	struct lab_program *program;
	int r = lab_plan_add_program(at->yaml->plan, host, parts->name,
				     parts->program.command, &place, &program);

	if (r < 0)
		return error_trace(r);
	program->environment = parts->program.environment;
	program->user = parts->program.user;
	program->listens = parts->program.listens;
	program->later = parts->program.later;
	return 0;
}

/* A command line alone, or a map with more of it. */
static int read_program(const struct lab_yaml_at *at, const char *host)
{
	struct parts parts = { .run = *at };
	int r;

	if (lab_yaml_is_map(at))
		r = lab_yaml_read_map(at, "a program", program_fields,
				      ARRAY_SIZE(program_fields), &parts);
	else
		r = lab_yaml_text(at,
				  "a command, a program's map, or a list "
				  "of these",
				  &parts.program.command);
	if (r < 0)
		return error_trace(r);
	if (!parts.program.command)
		return lab_yaml_refuse(at, "a program needs a command: 'run'");
	parts.run.path = at->path;
	return add_program(&parts.run, host, &parts);
}

/* --- hosts ----------------------------------------------------------------*/

static int read_run(const struct lab_yaml_at *at, void *data)
{
	const struct lab_host *host = data;
	int r = 0;

	if (!lab_yaml_is_list(at))
		return read_program(at, host->name);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at one = lab_yaml_element(at, i);

		r = read_program(&one, host->name);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_files(const struct lab_yaml_at *at, void *data)
{
	const struct lab_host *host = data;
	int r = lab_yaml_check_map(at, "a map of files");

	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i), value;
		const char *name, *text = "";

		r = lab_yaml_text(&key, "a file's name", &name);
		if (r >= 0)
			r = lab_yaml_value(at, i, &value);
		if (r >= 0 && !lab_yaml_is_nothing(&value))
			r = lab_yaml_text(&value, "what is in the file", &text);
		if (r < 0)
			return error_trace(r);
		r = lab_plan_add_file(at->yaml->plan, host->name, name, text);
		if (r < 0)
			return lab_yaml_trace(&key, r);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_as(const struct lab_yaml_at *at, void *data)
{
	static const char *const roles[] = { [LAB_ROUTER] = "router",
					     [LAB_NAT] = "nat",
					     [LAB_FIREWALL] = "firewall" };
	struct lab_host *host = data;
	const char *text;
	char near[128];
	int r = lab_yaml_text(at, "nat, firewall or router", &text);

	if (r < 0)
		return error_trace(r);
	for (size_t i = LAB_ROUTER; i < ARRAY_SIZE(roles); i++) {
		if (strcmp(text, roles[i]) != 0)
			continue;
		host->role = (enum lab_role)i;
		return 0;
	}
	return lab_yaml_refuse(at, "'%s' is nothing a host can be%s", text,
			       lab_suggest(text, roles + LAB_ROUTER,
					   ARRAY_SIZE(roles) - LAB_ROUTER, near,
					   sizeof(near)));
}

static int read_idle(const struct lab_yaml_at *at, void *data)
{
	struct lab_host *host = data;
	const char *text;
	int r = lab_yaml_text(at, "a duration such as 5s", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_idle_parse(text, &host->idle);
	if (r < 0)
		return lab_yaml_trace(at, r);
	if (!lab_host_tracks_connections(host))
		return lab_yaml_refuse(at,
				       "%s forgets no connections, having "
				       "none in mind: 'as: nat' or 'as: "
				       "firewall' would",
				       host->name);
	return 0;
}

static int read_rules(const struct lab_yaml_at *at, void *data)
{
	struct lab_host *host = data;
	const char *text;
	int r = lab_yaml_text(at, "rules for nft(8)", &text);

	if (r < 0)
		return error_trace(r);
	host->rules = lab_plan_keep(at->yaml->plan, text);
	return host->rules ? 0 : error_origin(-ENOMEM, "rules");
}

static int read_delay(const struct lab_yaml_at *at, void *data)
{
	struct lab_host *host = data;

	return lab_file_duration(at, &host->delay);
}

static int read_loss(const struct lab_yaml_at *at, void *data)
{
	struct lab_host *host = data;
	const char *text;
	int r = lab_yaml_text(at, "a percentage such as 1%", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_share(text, &host->loss);
	return r < 0 ? lab_yaml_trace(at, r) : 0;
}

static int read_host_settings(const struct lab_yaml_at *at, void *data)
{
	const struct lab_host *host = data;

	return lab_file_settings(at, host->name);
}

/* What it is comes before what only some can have. */
static const struct lab_yaml_field host_fields[] = {
	{ "as", read_as },	 { "idle", read_idle },
	{ "rules", read_rules }, { "delay", read_delay },
	{ "loss", read_loss },	 { "sysctls", read_host_settings },
	{ "files", read_files }, { "run", read_run },
};

static int add_host(const struct lab_yaml_at *map, size_t i)
{
	struct lab_yaml_at key = lab_yaml_key(map, i), value;
	struct lab_host *host;
	struct lab_place place;
	const char *name;
	int r = lab_yaml_text(&key, "a host's name", &name);

	if (r >= 0)
		r = lab_yaml_value(map, i, &value);
	if (r < 0)
		return error_trace(r);
	key.path = value.path;
	place = lab_yaml_place(&key);
	r = lab_plan_add_host(map->yaml->plan, name, &place, &host);
	return r < 0 ? error_trace(r) : 0;
}

/* All names are known before the first program gets one. */
int lab_file_hosts(const struct lab_yaml_at *at, void *data)
{
	struct lab_plan *plan = data;
	size_t before = plan->n_hosts;
	int r = lab_yaml_check_map(at, "a map of hosts");

	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++)
		r = add_host(at, i);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at value;

		r = lab_yaml_value(at, i, &value);
		if (r >= 0 && !lab_yaml_is_nothing(&value))
			r = lab_yaml_read_map(&value, "a host", host_fields,
					      ARRAY_SIZE(host_fields),
					      &plan->hosts[before + i]);
	}
	return r < 0 ? error_trace(r) : 0;
}
