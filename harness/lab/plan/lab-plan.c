/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model of a lab and its construction.
 *
 * A plan is a set of arrays of fixed size, so that a step or a host can be
 * referred to by its address while others are added. Its strings are in a list
 * of allocations that is freed with the plan; nothing is freed before.
 */
#include "lab-plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message.h"
#include "nearest.h"
#include "settings.h"

/* max_align_t: a copy of an action is allocated in the same way as a string. */
struct lab_memory {
	struct lab_memory *next;
	max_align_t bytes[];
};

int lab_plan_new(struct lab_plan **ret)
{
	struct lab_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return error_origin(-ENOMEM, "plan of a lab");
	*ret = plan;
	return 0;
}

struct lab_plan *lab_plan_free(struct lab_plan *plan)
{
	struct lab_memory *next;

	if (!plan)
		return NULL;
	for (struct lab_memory *memory = plan->memory; memory; memory = next) {
		next = memory->next;
		free(memory);
	}
	free(plan);
	return NULL;
}

/* --- strings --------------------------------------------------------------*/

void *lab_plan_allocate(struct lab_plan *plan, size_t size)
{
	struct lab_memory *memory = calloc(1, sizeof(*memory) + size);

	if (!memory)
		return NULL;
	memory->next = plan->memory;
	plan->memory = memory;
	return memory->bytes;
}

char *lab_plan_keep_part(struct lab_plan *plan, const char *text, size_t size)
{
	char *copy = lab_plan_allocate(plan, size + 1);

	return copy ? memcpy(copy, text, size) : NULL;
}

char *lab_plan_keep(struct lab_plan *plan, const char *text)
{
	return lab_plan_keep_part(plan, text, strlen(text));
}

int lab_plan_keep_place(struct lab_plan *plan, const struct lab_place *place,
			struct lab_place *ret)
{
	struct lab_place copy = { 0 };

	if (place)
		copy = *place;
	if (copy.source)
		copy.source = lab_plan_keep(plan, copy.source);
	if (copy.key)
		copy.key = lab_plan_keep(plan, copy.key);
	if (place &&
	    ((place->source && !copy.source) || (place->key && !copy.key)))
		return error_origin(-ENOMEM, "place in a lab");
	*ret = copy;
	return 0;
}

/* --- lookups --------------------------------------------------------------*/

struct lab_host *lab_plan_host(const struct lab_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		if (strcmp(plan->hosts[i].name, name) == 0)
			return (struct lab_host *)(uintptr_t)&plan->hosts[i];
	return NULL;
}

struct lab_program *lab_plan_program(const struct lab_plan *plan,
				     const char *name)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strcmp(plan->programs[i].name, name) == 0)
			return (struct lab_program *)(uintptr_t)&plan
				->programs[i];
	return NULL;
}

const struct lab_address *lab_plan_address(const struct lab_plan *plan,
					   const char *name)
{
	for (size_t i = 0; i < plan->n_addresses; i++)
		if (strcmp(plan->addresses[i].name, name) == 0)
			return &plan->addresses[i];
	return NULL;
}

size_t lab_plan_host_names(const struct lab_plan *plan, const char **ret)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		ret[i] = plan->hosts[i].name;
	return plan->n_hosts;
}

bool lab_host_is_gateway(const struct lab_host *host)
{
	return host->role != LAB_ENDPOINT;
}

bool lab_host_tracks_connections(const struct lab_host *host)
{
	return host->role == LAB_NAT || host->role == LAB_FIREWALL ||
	       (host->role == LAB_BALANCER && !host->ipvs);
}

bool lab_plan_runs_in(const struct lab_plan *plan, const char *host)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strcmp(plan->programs[i].host, host) == 0)
			return true;
	return false;
}

const struct lab_step *lab_plan_find_step(const struct lab_plan *plan,
					  const char *host, enum lab_verb verb)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;

		if (action->verb == verb && strcmp(action->host, host) == 0)
			return &plan->steps[i];
	}
	return NULL;
}

bool lab_plan_has_probe(const struct lab_plan *plan, const char *host)
{
	return lab_plan_find_step(plan, host, LAB_LISTEN) ||
	       lab_plan_find_step(plan, host, LAB_CONNECT);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool changes_equal(const struct lab_link_change *a,
			  const struct lab_link_change *b)
{
	const struct wire_link_settings *x = &a->settings, *y = &b->settings;

	return a->properties == b->properties && a->from_host == b->from_host &&
	       a->to_host == b->to_host && x->delay == y->delay &&
	       x->jitter == y->jitter && x->rate == y->rate &&
	       x->queue == y->queue && x->loss == y->loss &&
	       x->corruption == y->corruption && x->reordering == y->reordering;
}

bool lab_action_equal(const struct lab_action *a, const struct lab_action *b)
{
	if (a->verb != b->verb || a->fault != b->fault)
		return false;
	/* Whether a name is a host's may have been unknown when one of them was
	 * read, see resolve_kills(). */
	if (a->verb == LAB_KILL)
		return a->signal == b->signal &&
		       same(a->host ? a->host : a->program,
			    b->host ? b->host : b->program);
	/* A moment that names the command precedes or follows the step that
	 * made a program of it. */
	if (a->verb == LAB_RUN && a->program && b->program)
		return same(a->program, b->program);
	if (a->verb == LAB_RUN)
		return same(a->host, b->host) && same(a->command, b->command);
	return same(a->host, b->host) && same(a->argument, b->argument) &&
	       a->quiet == b->quiet && same(a->from, b->from) &&
	       same(a->to, b->to) && a->kinds == b->kinds &&
	       a->first == b->first && a->count == b->count &&
	       a->rate == b->rate && a->port == b->port && a->time == b->time &&
	       a->answer == b->answer && same(a->key, b->key) &&
	       same(a->value, b->value) && same(a->peer, b->peer) &&
	       a->peer_port == b->peer_port && a->times == b->times &&
	       a->backlog == b->backlog && a->service == b->service &&
	       a->seq == b->seq && a->ack == b->ack &&
	       changes_equal(&a->link, &b->link) &&
	       a->bind == b->bind && a->connections == b->connections &&
	       a->bytes == b->bytes;
}

const struct lab_step *lab_plan_step(const struct lab_plan *plan,
				     const struct lab_action *action)
{
	for (size_t i = 0; i < plan->n_steps; i++)
		if (lab_action_equal(&plan->steps[i].action, action))
			return &plan->steps[i];
	return NULL;
}

/* --- times ----------------------------------------------------------------*/

/* A chain of steps that wait for each other has at most n_steps links, unless
 * it is circular: lab_check() refuses that. */
nsec_t lab_plan_moment_time(const struct lab_plan *plan,
			    const struct lab_moment *moment)
{
	nsec_t time = 0;

	for (size_t i = 0; i <= plan->n_steps; i++) {
		const struct lab_step *step;

		time += moment->after;
		if (moment->event == LAB_AFTER_START)
			return time;
		if (moment->event != LAB_AFTER_STEP)
			return NSEC_NEVER;
		step = lab_plan_step(plan, moment->action);
		if (!step)
			return NSEC_NEVER;
		moment = &step->when;
	}
	return NSEC_NEVER;
}

nsec_t lab_plan_step_time(const struct lab_plan *plan, size_t step)
{
	return lab_plan_moment_time(plan, &plan->steps[step].when);
}

/* --- names ----------------------------------------------------------------*/

/* They separate the parts of a sentence, so that no name may be one. */
static const char *const keywords[] = {
	"a",	   "after", "an",  "and", "as",	  "at",	  "by",	    "ends",
	"every",   "from",  "has", "in",  "no",	  "of",	  "port",   "prints",
	"reaches", "start", "the", "to",  "when", "with", "within",
};

bool lab_name_is_keyword(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcasecmp(name, keywords[i]) == 0)
			return true;
	return false;
}

static bool is_name_character(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first &&
		((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'));
}

static bool is_name(const char *text)
{
	bool valid = *text;

	for (size_t i = 0; text[i]; i++)
		valid = valid && is_name_character(text[i], i == 0);
	return valid;
}

bool lab_name_is_valid(const char *text)
{
	return is_name(text) && !lab_name_is_keyword(text);
}

int lab_name_check(const char *name, const char *what)
{
	if (!is_name(name))
		return error_refuse(-EINVAL,
				    "invalid %s name '%s': expected a letter, "
				    "then letters, digits, '-', '_' and '.'",
				    what, name);
	if (lab_name_is_keyword(name))
		return error_refuse(-EINVAL,
				    "invalid %s name '%s': keyword of the "
				    "timeline",
				    what, name);
	return 0;
}

/*
 * Every program has a variable with the name of each host, for its address, so
 * a host must not have the name of a variable that changes how a program runs.
 */
static bool is_special_variable(const char *name)
{
	static const char *const prefixes[] = { "LD_", "LC_", "BASH", "FOLDER",
						"PYTHON", "PERL", "NODE_" };
	static const char *const names[] = {
		"PATH", "HOME", "IFS",	  "ENV",  "SHELL", "USER", "LOGNAME",
		"LANG", "TERM", "TMPDIR", "PWD",  "MAIL",  "TZ",   "PS1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Hosts and programs share one set of names: `kill NAME` and the subject of an
 * expectation may be either. */
static int check_new_name(struct lab_plan *plan, const char *name,
			  const char *what, size_t size)
{
	int r = lab_name_check(name, what);

	if (r < 0)
		return error_trace(r);
	if (strlen(name) >= size)
		return error_refuse(-EINVAL,
				    "invalid %s name '%s': longer than %zu "
				    "characters",
				    what, name, size - 1);
	if (lab_plan_host(plan, name))
		return error_refuse(
			-EINVAL, "duplicate name '%s': already a host", name);
	if (lab_plan_program(plan, name))
		return error_refuse(-EINVAL,
				    "duplicate name '%s': already a program",
				    name);
	if (lab_plan_address(plan, name))
		return error_refuse(-EINVAL,
				    "duplicate name '%s': already an address",
				    name);
	return 0;
}

static int check_variable(const char *name, const char *what)
{
	if (!is_special_variable(name))
		return 0;
	return error_refuse(-EINVAL,
			    "invalid %s name '%s': a variable of the "
			    "environment; names of hosts and addresses are "
			    "variables of programs",
			    what, name);
}

/* --- adding ---------------------------------------------------------------*/

static int too_many(const char *what, size_t most)
{
	return error_refuse(-E2BIG, "too many %s: at most %zu", what, most);
}

int lab_plan_add_host(struct lab_plan *plan, const char *name,
		      const struct lab_place *place, struct lab_host **ret)
{
	struct lab_host host = { .role = LAB_ENDPOINT };
	int r = check_new_name(plan, name, "host", HOST_NAME);

	if (r >= 0)
		r = check_variable(name, "host");
	if (r >= 0 && plan->n_hosts == LAB_HOSTS)
		r = too_many("hosts", LAB_HOSTS);
	if (r < 0)
		return lab_place_trace(place, r);
	r = lab_plan_keep_place(plan, place, &host.place);
	if (r < 0)
		return error_trace(r);
	memcpy(host.name, name, strlen(name) + 1);
	plan->hosts[plan->n_hosts] = host;
	*ret = &plan->hosts[plan->n_hosts++];
	return 0;
}

int lab_plan_add_address(struct lab_plan *plan, const char *host,
			 const char *name, const char *text,
			 const struct lab_place *place)
{
	struct lab_address address = { 0 };
	int r = check_new_name(plan, name, "address", HOST_NAME);

	if (r >= 0)
		r = check_variable(name, "address");
	if (r >= 0 && plan->n_addresses == LAB_ADDRESSES)
		r = too_many("addresses", LAB_ADDRESSES);
	if (r < 0)
		return lab_place_trace(place, r);
	r = lab_plan_keep_place(plan, place, &address.place);
	if (r < 0)
		return error_trace(r);
	address.name = lab_plan_keep(plan, name);
	address.host = lab_plan_keep(plan, host);
	address.text = text ? lab_plan_keep(plan, text) : NULL;
	if (!address.name || !address.host || (text && !address.text))
		return error_origin(-ENOMEM, "address of a lab");
	plan->addresses[plan->n_addresses++] = address;
	return 0;
}

/* "/usr/sbin/nginx -g ..." is nginx; "LANG=C ./x+y" is xy. */
static void name_of_command(const char *command, char *ret, size_t size)
{
	static const char blanks[] = " \t\n";
	const char *word = command + strspn(command, blanks);
	size_t length = strcspn(word, blanks), used = 0;
	const char *slash;

	/* Variables of the environment come before the program's name. */
	while (memchr(word, '=', length) && word[length]) {
		word += length;
		word += strspn(word, blanks);
		length = strcspn(word, blanks);
	}
	slash = memrchr(word, '/', length);
	if (slash) {
		length -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	for (size_t i = 0; i < length && used + 1 < size; i++)
		if (is_name_character(word[i], used == 0))
			ret[used++] = word[i];
	ret[used] = '\0';
	if (!used)
		snprintf(ret, size, "program");
}

/* nginx, nginx-2, ... */
static void unused_name(struct lab_plan *plan, const char *command, char *ret,
			size_t size)
{
	char base[LAB_NAME - 4];

	name_of_command(command, base, sizeof(base));
	snprintf(ret, size, "%s", base);
	for (unsigned int i = 2;
	     lab_name_is_keyword(ret) || lab_plan_host(plan, ret) ||
	     lab_plan_program(plan, ret);
	     i++)
		snprintf(ret, size, "%s-%u", base, i);
}

int lab_plan_add_program(struct lab_plan *plan, const char *host,
			 const char *name, const char *command,
			 const struct lab_place *place,
			 struct lab_program **ret)
{
	struct lab_program program = { 0 };
	char unused[LAB_NAME];
	int r = 0;

	if (command[strspn(command, " \t\r\n")] == '\0')
		r = error_refuse(-EINVAL, "empty command");
	else if (strlen(command) > LAB_COMMAND)
		r = error_refuse(-EINVAL,
				 "command too long: %zu bytes, at most %d",
				 strlen(command), LAB_COMMAND);
	else if (plan->n_programs == LAB_PROGRAMS)
		r = too_many("programs", LAB_PROGRAMS);
	else if (name)
		r = check_new_name(plan, name, "program", LAB_NAME);
	if (r < 0)
		return lab_place_trace(place, r);
	if (!name) {
		unused_name(plan, command, unused, sizeof(unused));
		name = unused;
	}
	r = lab_plan_keep_place(plan, place, &program.place);
	if (r < 0)
		return error_trace(r);
	program.name = lab_plan_keep(plan, name);
	program.host = lab_plan_keep(plan, host);
	program.command = lab_plan_keep(plan, command);
	if (!program.name || !program.host || !program.command)
		return error_origin(-ENOMEM, "program of a lab");
	plan->programs[plan->n_programs] = program;
	*ret = &plan->programs[plan->n_programs++];
	return 0;
}

int lab_plan_add_command(struct lab_plan *plan, struct lab_action *action,
			 const struct lab_place *place)
{
	struct lab_program *program;
	int r;

	if (!action->command)
		return 0;
	r = lab_plan_add_program(plan, action->host, action->program,
				 action->command, place, &program);
	if (r < 0)
		return error_trace(r);
	program->later = true;
	action->program = program->name;
	return 0;
}

/* A file is created in the host's folder before programs start. */
static int check_file(const struct lab_plan *plan, const char *host,
		      const char *name)
{
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return error_refuse(-EINVAL,
				    "invalid file name '%s': expected a name "
				    "in $FOLDER, without a slash",
				    name);
	if (strlen(name) > 255)
		return error_refuse(-EINVAL, "invalid file name: longer than "
					     "255 characters");
	for (size_t i = 0; i < plan->n_files; i++)
		if (strcmp(plan->files[i].host, host) == 0 &&
		    strcmp(plan->files[i].name, name) == 0)
			return error_refuse(-EINVAL,
					    "duplicate file '%s' of host %s",
					    name, host);
	return plan->n_files < LAB_FILES ? 0 : too_many("files", LAB_FILES);
}

int lab_plan_add_file(struct lab_plan *plan, const char *host, const char *name,
		      const char *text)
{
	struct lab_file file;
	int r = check_file(plan, host, name);

	if (r < 0)
		return error_trace(r);
	file.host = lab_plan_keep(plan, host);
	file.name = lab_plan_keep(plan, name);
	file.text = lab_plan_keep(plan, text);
	if (!file.host || !file.name || !file.text)
		return error_origin(-ENOMEM, "file of a lab");
	plan->files[plan->n_files++] = file;
	return 0;
}

int lab_plan_add_need(struct lab_plan *plan, const char *program)
{
	if (!*program || program[strcspn(program, "/ \t\n")])
		return error_refuse(-EINVAL,
				    "invalid program name '%s': expected one "
				    "word without a slash",
				    program);
	if (plan->n_needs == LAB_NEEDS)
		return too_many("needs", LAB_NEEDS);
	program = lab_plan_keep(plan, program);
	if (!program)
		return error_origin(-ENOMEM, "needs of a lab");
	plan->needs[plan->n_needs++] = program;
	return 0;
}

int lab_plan_add_setting(struct lab_plan *plan, const char *text,
			 const struct lab_place *place)
{
	char *copy = lab_plan_keep(plan, text);
	size_t n = plan->n_settings;
	struct setting setting;
	int r;

	if (!copy)
		return error_origin(-ENOMEM, "sysctl of a lab");
	r = settings_parse(&setting, copy);
	if (r >= 0 && n == LAB_SETTINGS)
		r = too_many("sysctls", LAB_SETTINGS);
	if (r < 0)
		return lab_place_trace(place, r);
	r = lab_plan_keep_place(plan, place, &plan->setting_places[n]);
	if (r < 0)
		return error_trace(r);
	plan->settings[plan->n_settings++] = setting;
	return 0;
}

/* --- messages -------------------------------------------------------------*/

const char *lab_place_text(const struct lab_place *place, char *buffer,
			   size_t size)
{
	const char *source = place && place->source ? place->source : "";
	const char *key = place && place->key ? place->key : "";
	char position[32] = "";

	if (*source && place->line)
		snprintf(position, sizeof(position), ":%u:%u", place->line,
			 place->column);
	snprintf(buffer, size, "%s%s%s%s%s", source, position,
		 *source ? ": " : "", key, *key ? ": " : "");
	return buffer;
}

/* The columns of a file are counted in characters. */
struct lab_place lab_place_inside(const struct lab_place *place,
				  const char *text, unsigned int line,
				  unsigned int column)
{
	struct lab_place inside = *place;

	if (!place->verbatim || !line || !column)
		return inside;
	inside.line += line - 1;
	while (--line && (text = strchr(text, '\n')))
		text++;
	while (text && *text && --column)
		inside.column += (*text++ & 0xc0) != 0x80;
	return inside;
}

int lab_place_refuse(const struct lab_place *place, const char *format, ...)
{
	char message[400], text[LAB_PLACE];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_refuse(-EINVAL, "%s%s",
			    lab_place_text(place, text, sizeof(text)), message);
}

int lab_place_trace(const struct lab_place *place, int r)
{
	char text[LAB_PLACE];

	return error_refuse(r, "%s%s",
			    lab_place_text(place, text, sizeof(text)),
			    error_message());
}

/* One slip in three characters, at least one: more would suggest names that
 * have nothing in common with the word. */
const char *lab_nearest(const char *name, const char *const *names, size_t n)
{
	size_t most = MAX(strlen(name) / 3, (size_t)1);
	const char *near = NULL;

	if (!nearest_names(name, names, n, &near, 1) ||
	    nearest_distance(name, near) > most)
		return NULL;
	return near;
}

const char *lab_suggest(const char *name, const char *const *names, size_t n,
			char *buffer, size_t size)
{
	const char *near = lab_nearest(name, names, n);
	size_t used = 0;

	buffer[0] = '\0';
	if (near)
		snprintf(buffer, size, R_("; did you mean '%s'?"), near);
	for (size_t i = 0; !near && i < n && used < size; i++)
		used += (size_t)snprintf(
			buffer + used, size - used,
			i ? ", %s" : R_("; expected one of: %s"), names[i]);
	return buffer;
}
