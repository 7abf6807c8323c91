/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a YAML document to a plan: a table of fields for each kind of map. A
 * field is a value that goes into a structure, at an offset, or has a reader of
 * its own, which gets the structure. Fields are read in the order of the
 * tables, whatever the order in the file: the role of a host is known before
 * its idle time. All hosts are added before the first program gets a name.
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
#include <sys/socket.h>

#include "fd.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "lab-file-networks.h"
#include "lab-value.h"
#include "lab-yaml.h"
#include "privilege.h"
#include "safe-text.h"

/* --- values: `ret` is where the value goes ---------------------------------*/

static int read_node(const struct lab_yaml_node *node, void *ret)
{
	*(struct lab_yaml_node *)ret = *node;
	return 0;
}

static int read_text(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "text", &text);

	if (r < 0)
		return error_trace(r);
	text = lab_plan_keep(node->yaml->plan, text);
	if (!text)
		return error_origin(-ENOMEM, "text of a lab");
	*(const char **)ret = text;
	return 0;
}

static int read_duration(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "duration such as 2s", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_duration(text, ret));
}

static int read_share(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "percentage such as 1%", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_share(text, ret));
}

static int read_bool(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "yes or no", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_bool(text, ret));
}

static int read_bytes(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "size such as 64M", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_bytes(text, ret));
}

static int read_count(const struct lab_yaml_node *node, void *ret)
{
	uint64_t count = 0;
	const char *text;
	int r = lab_yaml_text(node, "number", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_number(text, "number", 1, 1000000, &count);
	*(unsigned int *)ret = (unsigned int)count;
	return lab_yaml_trace(node, r);
}

static int read_port(const struct lab_yaml_node *node, void *ret)
{
	uint64_t port = 0;
	const char *text;
	int r = lab_yaml_text(node, "port", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_value_number(text, "port", 1, UINT16_MAX, &port);
	*(uint16_t *)ret = (uint16_t)port;
	return lab_yaml_trace(node, r);
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
	struct lab_yaml_node command, listens_within;
};

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

static int read_environment(const struct lab_yaml_node *node, void *ret)
{
	const char **environment, **next;

	if (lab_yaml_size(node) > LAB_VARIABLES)
		return lab_yaml_refuse(node,
				       "too many variables: %zu, at most %d",
				       lab_yaml_size(node), LAB_VARIABLES);
	environment = lab_plan_allocate(node->yaml->plan,
					(lab_yaml_size(node) + 1) *
						sizeof(*environment));
	if (!environment)
		return error_origin(-ENOMEM, "variables of a program");
	next = environment;
	*(const char *const **)ret = environment;
	return lab_yaml_each_pair(node, "map of variables", read_variable,
				  &next);
}

/* Looked up here, so that an unknown user is an error of the file. */
static int read_user(const struct lab_yaml_node *node, void *data)
{
	struct new_program *new = data;
	struct privilege_ids *ids =
		lab_plan_allocate(node->yaml->plan, sizeof(*ids));
	int r = read_text(node, &new->program.user);

	if (!ids)
		return error_origin(-ENOMEM, "user of a program");
	if (r < 0)
		return error_trace(r);
	if (privilege_user_ids(new->program.user, ids) < 0)
		return lab_yaml_refuse(node, "%s", error_message());
	new->program.ids = ids;
	return 0;
}

/* A family without AF_, in small letters. */
/* The index of the word; `n` if it is none of them. */
static size_t find_word(const char *word, const char *const *words, size_t n)
{
	size_t i = 0;

	while (i < n && strcmp(words[i], word) != 0)
		i++;
	return i;
}

static int read_family(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = {
		"alg", "bluetooth", "can",  "kcm",   "key", "nfc",
		"rds", "smc",	    "tipc", "vsock", "xdp",
	};
	static const int values[] = {
		AF_ALG, AF_BLUETOOTH, AF_CAN,  AF_KCM,	 AF_KEY, AF_NFC,
		AF_RDS, AF_SMC,	      AF_TIPC, AF_VSOCK, AF_XDP,
	};
	uint64_t *families = data;
	const char *text;
	char near[160];
	size_t i;
	int r = lab_yaml_text(node, "socket family such as vsock", &text);

	if (r < 0)
		return error_trace(r);
	i = find_word(text, names, ARRAY_SIZE(names));
	if (i < ARRAY_SIZE(names)) {
		*families |= UINT64_C(1) << values[i];
		return 0;
	}
	return lab_yaml_refuse(node, "unknown socket family '%s'%s", text,
			       lab_suggest(text, names, ARRAY_SIZE(names), near,
					   sizeof(near)));
}

static int read_families(const struct lab_yaml_node *node, void *ret)
{
	return lab_yaml_each(node, read_family, ret);
}

static int read_capability(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = { "net_admin", "net_raw" };
	static const unsigned int values[] = { PRIVILEGE_NET_ADMIN,
					       PRIVILEGE_NET_RAW };
	unsigned int *grants = data;
	const char *text;
	char near[160];
	size_t i;
	int r = lab_yaml_text(node, "capability such as net_raw", &text);

	if (r < 0)
		return error_trace(r);
	i = find_word(text, names, ARRAY_SIZE(names));
	if (i < ARRAY_SIZE(names)) {
		*grants |= values[i];
		return 0;
	}
	return lab_yaml_refuse(node,
			       "unknown capability '%s'; programs can have "
			       "net_admin and net_raw%s",
			       text,
			       lab_suggest(text, names, ARRAY_SIZE(names), near,
					   sizeof(near)));
}

static int read_capabilities(const struct lab_yaml_node *node, void *ret)
{
	return lab_yaml_each(node, read_capability, ret);
}

#define PROGRAM(member_) offsetof(struct new_program, member_)

static const struct lab_yaml_field program_fields[] = {
	{ "name", read_text, PROGRAM(program.name) },
	{ "run", read_node, PROGRAM(command) },
	{ "env", read_environment, PROGRAM(program.environment) },
	{ "user", read_user, 0 },
	{ "listens", read_port, PROGRAM(program.listens) },
	{ "listens-within", read_node, PROGRAM(listens_within) },
	{ "families", read_families, PROGRAM(program.families) },
	{ "capabilities", read_capabilities, PROGRAM(program.grants) },
	{ "memory", read_bytes, PROGRAM(program.memory) },
	{ "output", read_count, PROGRAM(program.lines) },
	{ "terminal", read_bool, PROGRAM(program.terminal) },
	{ "later", read_bool, PROGRAM(program.later) },
};

/* How long the start waits for a program that has a port to listen on. It does
 * not wait for one that a step starts. */
static int read_listens_within(struct new_program *new)
{
	const struct lab_yaml_node *node = &new->listens_within;
	bool awaited = new->program.listens && !new->program.later;
	int r;

	if (!node->raw) {
		new->program.listens_within =
			awaited ? SEC(LAB_LISTENS_WITHIN) : 0;
		return 0;
	}
	if (!awaited)
		return lab_yaml_refuse(
			node,
			"a limit for a program that is not "
			"awaited; expected 'listens: PORT'%s",
			new->program.listens ? " without 'later: yes'" : "");
	r = read_duration(node, &new->program.listens_within);
	if (r >= 0 && !new->program.listens_within)
		return lab_yaml_refuse(node, "invalid duration '0s': expected "
					     "more than 0s");
	return error_trace(r);
}

/* A command line, or a map of the fields above. `data`: the host. */
static int read_program(const struct lab_yaml_node *node, void *data)
{
	const struct lab_host *host = data;
	struct new_program new = { 0 };
	struct lab_program *program;
	struct lab_place place;
	const char *command, *what = "command";
	int r = 0;

	if (lab_yaml_is_map(node)) {
		r = lab_yaml_read_map(node, "program", program_fields,
				      ARRAY_SIZE(program_fields), &new);
	} else {
		new.command = *node;
		what = "command, map of program keys, or list of these";
	}
	if (r < 0)
		return error_trace(r);
	if (!new.command.raw)
		return lab_yaml_refuse(node, "missing key 'run': a program "
					     "needs a command");
	r = read_listens_within(&new);
	if (r < 0)
		return error_trace(r);
	r = lab_yaml_text(&new.command, what, &command);
	if (r < 0)
		return error_trace(r);
	new.command.path = node->path;
	place = lab_yaml_place(&new.command);
	r = lab_plan_add_program(node->yaml->plan, host->name, new.program.name,
				 command, &place, &program);
	if (r < 0)
		return error_trace(r);
	program->environment = new.program.environment;
	program->user = new.program.user;
	program->ids = new.program.ids;
	program->listens = new.program.listens;
	program->listens_within = new.program.listens_within;
	program->families = new.program.families;
	program->grants = new.program.grants;
	program->memory = new.program.memory;
	program->lines = new.program.lines;
	program->terminal = new.program.terminal;
	program->later = new.program.later;
	return 0;
}

/* --- hosts ----------------------------------------------------------------*/

/* `as`: the first key that is read, see host_fields. */
static int read_role(const struct lab_yaml_node *node, void *data)
{
	static const char *const roles[] = { "nat", "firewall", "router",
					     "balancer" };
	static const enum lab_role values[] = { LAB_NAT, LAB_FIREWALL,
						LAB_ROUTER, LAB_BALANCER };
	struct lab_host *host = data;
	const char *text;
	char near[128];
	size_t i;
	int r = lab_yaml_text(node, "nat, firewall, router or balancer", &text);

	if (r < 0)
		return error_trace(r);
	i = find_word(text, roles, ARRAY_SIZE(roles));
	if (i < ARRAY_SIZE(roles)) {
		host->role = values[i];
		return 0;
	}
	return lab_yaml_refuse(node, "unknown role '%s'%s", text,
			       lab_suggest(text, roles, ARRAY_SIZE(roles), near,
					   sizeof(near)));
}

static int check_balances(const struct lab_yaml_node *node,
			  const struct lab_host *host, const char *has)
{
	if (host->role == LAB_BALANCER)
		return 0;
	return lab_yaml_refuse(node,
			       "%s: only a host with 'as: balancer' has %s",
			       host->name, has);
}

/* Of a key that only gateways with conntrack, or IPVS, have. */
static int check_tracks(const struct lab_yaml_node *node,
			const struct lab_host *host, const char *has)
{
	if (host->ipvs)
		return 0;
	if (lab_host_tracks_connections(host))
		return 0;
	return lab_yaml_refuse(node,
			       "%s: only a host with 'as: nat', 'as: "
			       "firewall' or 'as: balancer' has %s",
			       host->name, has);
}

static int read_timeout(const struct lab_yaml_node *node, nsec_t *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "duration such as 5s", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_idle(text, ret));
}

/* The index of the node's text among the names. `what`: "role". */
static int read_choice(const struct lab_yaml_node *node, const char *what,
		       const char *const *names, size_t n, size_t *ret)
{
	const char *text;
	char near[256];
	int r = lab_yaml_text(node, what, &text);

	if (r < 0)
		return error_trace(r);
	*ret = find_word(text, names, n);
	if (*ret < n)
		return 0;
	return lab_yaml_refuse(node, "unknown %s '%s'%s", what, text,
			       lab_suggest(text, names, n, near, sizeof(near)));
}

static int read_with(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = { "nftables", "ipvs" };
	struct lab_host *host = data;
	size_t i;
	int r = check_balances(node, host, "the key 'with'");

	if (r >= 0)
		r = read_choice(node, "kind of balancer", names,
				ARRAY_SIZE(names), &i);
	if (r < 0)
		return error_trace(r);
	host->ipvs = i == 1;
	return 0;
}

static int read_state_timeout(const struct lab_yaml_node *key,
			      const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	struct lab_yaml_node named = *key;
	const char *const *states;
	size_t n, state = 0;
	int r;

	named.path = node->path;
	states = lab_value_tracked_states(&n);
	r = read_choice(&named, "conntrack state", states, n, &state);
	if (r < 0)
		return error_trace(r);
	if (host->ipvs && state != LAB_TRACKED_ESTABLISHED &&
	    state != LAB_TRACKED_FIN_WAIT)
		return lab_yaml_refuse(key,
				       "IPVS has no timeout for '%s', only for "
				       "established and fin-wait",
				       states[state]);
	return read_timeout(node, &host->tracking.idle[state]);
}

/* A duration, for established connections, or a map of states. */
static int read_idle(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	int r;

	if (lab_yaml_is_map(node))
		r = lab_yaml_each_pair(node, "map of conntrack states",
				       read_state_timeout, host);
	else
		r = read_timeout(node,
				 &host->tracking.idle[LAB_TRACKED_ESTABLISHED]);
	if (r < 0)
		return error_trace(r);
	return check_tracks(node, host, "an idle time");
}

struct tracking_words {
	struct lab_host *host;
	size_t n;
	bool strict;
};

static int read_tracking_word(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = { "strict", "loose", "liberal" };
	struct tracking_words *words = data;
	size_t which = 0;
	int r = read_choice(node, "tracking", names, ARRAY_SIZE(names), &which);

	if (r < 0)
		return error_trace(r);
	words->n++;
	words->strict |= which == 0;
	words->host->tracking.loose |= which == 1;
	words->host->tracking.liberal |= which == 2;
	if (words->strict && words->n > 1)
		return lab_yaml_refuse(node, "'strict' is neither loose nor "
					     "liberal");
	return 0;
}

static int read_tracking(const struct lab_yaml_node *node, void *data)
{
	struct tracking_words words = { .host = data };
	int r = lab_yaml_each(node, read_tracking_word, &words);

	if (r >= 0 && words.host->ipvs)
		r = lab_yaml_refuse(node, "%s: IPVS tracks neither windows nor "
					  "connections that it joins late",
				    words.host->name);
	return r < 0 ? error_trace(r) : check_tracks(node, data, "tracking");
}

/* drop, pass, or an answer. */
static int read_unknown(const struct lab_yaml_node *node, void *data)
{
	enum { MOST = 8 };
	const char *names[MOST] = { "drop", "pass" };
	struct lab_host *host = data;
	const char *const *answers;
	size_t n, which = 0;
	int r;

	answers = lab_value_answers(&n);
	for (size_t i = 0; i < n && i + 2 < MOST; i++)
		names[i + 2] = answers[i];
	r = read_choice(node, "treatment", names, n + 2, &which);
	if (r < 0)
		return error_trace(r);
	host->tracking.unknown = (enum lab_unknown)MIN(which, (size_t)2);
	host->tracking.answer = (enum lab_answer)(which < 2 ? 0 : which - 2);
	return check_tracks(node, host, "unknown connections");
}

static int read_ports(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = {
		[LAB_PORTS_KEPT] = "kept",
		[LAB_PORTS_RANDOM] = "random",
		[LAB_PORTS_FULLY_RANDOM] = "fully-random",
	};
	struct lab_host *host = data;
	size_t which = 0;
	int r = read_choice(node, "choice of ports", names, ARRAY_SIZE(names),
			    &which);

	if (r < 0)
		return error_trace(r);
	host->tracking.ports = (enum lab_ports)which;
	if (host->role != LAB_NAT)
		return lab_yaml_refuse(node,
				       "%s: only a host with 'as: nat' chooses "
				       "ports",
				       host->name);
	return 0;
}

static int read_rules(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	struct lab_place place = lab_yaml_lines_place(node);
	int r = read_text(node, &host->rules);

	if (r < 0)
		return error_trace(r);
	if (host->role == LAB_ENDPOINT)
		return lab_yaml_refuse(node,
				       "%s: only a gateway (a host with 'as') "
				       "has rules",
				       host->name);
	return lab_plan_keep_place(node->yaml->plan, &place,
				   &host->rules_place);
}

/* lab_network_check() looks the host up. */
static int read_backend(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	const char *name;
	int r = lab_yaml_text(node, "host name", &name);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < host->n_backends; i++)
		if (strcmp(host->backends[i], name) == 0)
			return lab_yaml_refuse(node, "duplicate backend '%s'",
					       name);
	if (host->n_backends == LAB_BACKENDS)
		return lab_yaml_refuse(node, "too many backends: at most %d",
				       LAB_BACKENDS);
	name = lab_plan_keep(node->yaml->plan, name);
	if (!name)
		return error_origin(-ENOMEM, "backend of a lab");
	host->backends[host->n_backends++] = name;
	return 0;
}

static int read_backends(const struct lab_yaml_node *node, void *data)
{
	int r = check_balances(node, data, "backends");

	return r < 0 ? error_trace(r) : lab_yaml_each(node, read_backend, data);
}

static int read_balance(const struct lab_yaml_node *node, void *data)
{
	static const char *const names[] = { "round-robin", "source" };
	struct lab_host *host = data;
	size_t i;
	int r = check_balances(node, host, "the key 'balance'");

	if (r >= 0)
		r = read_choice(node, "way to balance", names,
				ARRAY_SIZE(names), &i);
	if (r < 0)
		return error_trace(r);
	host->by_source = i == 1;
	return 0;
}

static int read_icmp(const struct lab_yaml_node *node, void *data)
{
	struct lab_host *host = data;
	bool icmp = false;
	int r = read_bool(node, &icmp);

	if (r < 0)
		return error_trace(r);
	if (host->role == LAB_ENDPOINT)
		return lab_yaml_refuse(node,
				       "%s: only a gateway (a host with 'as') "
				       "filters ICMP",
				       host->name);
	host->no_icmp = !icmp;
	return 0;
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
	return lab_yaml_trace(key, r);
}

static int read_files(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each_pair(node, "map of files", read_file, data);
}

static int read_run(const struct lab_yaml_node *node, void *data)
{
	return lab_yaml_each(node, read_program, data);
}

struct directions {
	struct lab_yaml_node from, to;
};

static const struct lab_yaml_field direction_fields[] = {
	{ "from", read_node, offsetof(struct directions, from) },
	{ "to", read_node, offsetof(struct directions, to) },
};

/* A value for both directions of the path, or a map of them. `ret` is that of
 * the direction from the host. */
static int read_directions(const struct lab_yaml_node *node, void *ret,
			   lab_yaml_fn *read)
{
	void *to = (char *)ret + sizeof(struct wire_link_settings);
	struct directions nodes = { *node, *node };
	int r = 0;

	if (lab_yaml_is_map(node)) {
		nodes = (struct directions){ .from = { .raw = NULL } };
		r = lab_yaml_read_map(node, "direction", direction_fields,
				      ARRAY_SIZE(direction_fields), &nodes);
		if (r >= 0 && !lab_yaml_size(node))
			return lab_yaml_refuse(node, "empty map; expected "
						     "'from', 'to' or both");
	}
	if (r >= 0 && nodes.from.raw)
		r = read(&nodes.from, ret);
	if (r >= 0 && nodes.to.raw)
		r = read(&nodes.to, to);
	return error_trace(r);
}

static int read_link_duration(const struct lab_yaml_node *node, void *ret)
{
	return read_directions(node, ret, read_duration);
}

static int read_link_share(const struct lab_yaml_node *node, void *ret)
{
	return read_directions(node, ret, read_share);
}

static int read_rate(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "rate such as 10Mbit/s", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_value_rate(text, ret));
}

static int read_link_rate(const struct lab_yaml_node *node, void *ret)
{
	return read_directions(node, ret, read_rate);
}

static int read_link_count(const struct lab_yaml_node *node, void *ret)
{
	return read_directions(node, ret, read_count);
}

#define LINK(member_) offsetof(struct lab_host, links[0].member_)

/* The role is read before the keys that only some roles have. */
static const struct lab_yaml_field host_fields[] = {
	{ "as", read_role, 0 },
	{ "with", read_with, 0 },
	{ "idle", read_idle, 0 },
	{ "tracking", read_tracking, 0 },
	{ "unknown", read_unknown, 0 },
	{ "ports", read_ports, 0 },
	{ "backends", read_backends, 0 },
	{ "balance", read_balance, 0 },
	{ "rules", read_rules, 0 },
	{ "icmp", read_icmp, 0 },
	{ "networks", lab_file_read_interfaces, 0 },
	{ "addresses", lab_file_read_addresses, 0 },
	{ "mtu", lab_file_read_mtu, offsetof(struct lab_host, mtu) },
	{ "routes", lab_file_read_routes, 0 },
	{ "delay", read_link_duration, LINK(delay) },
	{ "jitter", read_link_duration, LINK(jitter) },
	{ "rate", read_link_rate, LINK(rate) },
	{ "queue", read_link_count, LINK(queue) },
	{ "loss", read_link_share, LINK(loss) },
	{ "corrupt", read_link_share, LINK(corruption) },
	{ "reorder", read_link_share, LINK(reordering) },
	{ "sysctls", read_host_settings, 0 },
	{ "files", read_files, 0 },
	{ "run", read_run, 0 },
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

static const struct lab_yaml_field step_fields[] = {
	{ "at", read_node, offsetof(struct at_do, moment) },
	{ "do", read_node, offsetof(struct at_do, action) },
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

/* YAML ends a block with a line break. */
static int read_about(const struct lab_yaml_node *node, void *ret)
{
	const char **about = ret;
	char *kept;
	size_t size;
	int r = read_text(node, about);

	if (r < 0)
		return error_trace(r);
	for (size = strlen(*about); size && strchr(" \n", (*about)[size - 1]);)
		size--;
	kept = lab_plan_keep_part(node->yaml->plan, *about, size);
	if (!kept)
		return error_origin(-ENOMEM, "about");
	/* "\e" in quotes is a control character; it is printed as it is. */
	safe_text(kept, true);
	*about = kept;
	return 0;
}

static int read_seed(const struct lab_yaml_node *node, void *ret)
{
	const char *text;
	int r = lab_yaml_text(node, "number", &text);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(
		node, lab_value_number(text, "seed", 0, UINT32_MAX, ret));
}

/* A line of a list. */
static int read_symptom(const struct lab_yaml_node *node, void *ret)
{
	const char **symptom = ret;
	int r = read_text(node, symptom);

	if (r < 0)
		return error_trace(r);
	if (!**symptom || !safe_text_is_safe(*symptom, false) ||
	    strlen(*symptom) > LAB_SYMPTOM)
		return lab_yaml_refuse(node,
				       "invalid symptom: expected one line, at "
				       "most %d characters",
				       LAB_SYMPTOM);
	return 0;
}

static int read_for(const struct lab_yaml_node *node, void *ret)
{
	nsec_t *duration = ret;
	int r = read_duration(node, duration);

	if (r < 0)
		return error_trace(r);
	if (!*duration)
		return lab_yaml_refuse(node, "invalid duration '0s' of a lab: "
					     "expected more than 0s");
	return 0;
}

/* One name, or each of a list. */
static int read_need(const struct lab_yaml_node *node, void *data)
{
	const char *program;
	int r = lab_yaml_text(node, "program name", &program);

	if (r < 0)
		return error_trace(r);
	return lab_yaml_trace(node, lab_plan_add_need(data, program));
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
	{ "symptom", read_symptom, offsetof(struct lab_plan, symptom) },
	{ "about", read_about, offsetof(struct lab_plan, about) },
	{ "for", read_for, offsetof(struct lab_plan, duration) },
	{ "seed", read_seed, offsetof(struct lab_plan, seed) },
	{ "needs", read_needs, 0 },
	{ "tmp", read_bytes, offsetof(struct lab_plan, tmp_size) },
	{ "processes", read_count, offsetof(struct lab_plan, processes) },
	{ "offload", read_bool, offsetof(struct lab_plan, offload) },
	{ "sysctls", read_settings, 0 },
	{ "networks", lab_file_read_networks, 0 },
	{ "hosts", read_hosts, 0 },
	{ "timeline", read_timeline, 0 },
	{ "expect", read_expectations, 0 },
};

void lab_file_each_key(void (*fn)(void *data, const char *path), void *data)
{
	const struct {
		const char *path;
		const struct lab_yaml_field *fields;
		size_t n;
	} maps[] = {
		{ "", fields, ARRAY_SIZE(fields) },
		{ "networks.NETWORK.", lab_file_network_fields,
		  lab_file_network_fields_n },
		{ "hosts.HOST.", host_fields, ARRAY_SIZE(host_fields) },
		{ "hosts.HOST.networks.NETWORK.", lab_file_interface_fields,
		  lab_file_interface_fields_n },
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

	if (!safe_text_is_safe(name, false))
		return error_refuse(-EINVAL,
				    "%s: the name has control characters or is "
				    "not UTF-8",
				    name);
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
