/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab-parts.h"
#include "lab-words.h"
#include "settings.h"

struct lab_text {
	struct lab_text *next;
	max_align_t bytes[];
};

int lab_plan_new(struct lab_plan **ret)
{
	struct lab_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return error_origin(-ENOMEM, "a lab's plan");
	*ret = plan;
	return 0;
}

struct lab_plan *lab_plan_free(struct lab_plan *plan)
{
	struct lab_text *next;

	if (!plan)
		return NULL;
	for (struct lab_text *text = plan->texts; text; text = next) {
		next = text->next;
		free(text);
	}
	free(plan);
	return NULL;
}

/* --- texts ----------------------------------------------------------------*/

void *lab_plan_allocate(struct lab_plan *plan, size_t size)
{
	struct lab_text *text = calloc(1, sizeof(*text) + size);

	if (!text)
		return NULL;
	text->next = plan->texts;
	plan->texts = text;
	return text->bytes;
}

const char *lab_plan_keep_part(struct lab_plan *plan, const char *text,
			       size_t size)
{
	char *copy = lab_plan_allocate(plan, size + 1);

	if (copy)
		memcpy(copy, text, size);
	return copy;
}

char *lab_plan_copy(struct lab_plan *plan, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = lab_plan_allocate(plan, size);

	return copy ? memcpy(copy, text, size) : NULL;
}

const char *lab_plan_keep(struct lab_plan *plan, const char *text)
{
	return lab_plan_copy(plan, text);
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
		return error_origin(-ENOMEM, "a place");
	*ret = copy;
	return 0;
}

/* --- who is there ---------------------------------------------------------*/

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
			return (struct lab_program *)(uintptr_t)&plan->programs[i];
	return NULL;
}

const struct lab_host *lab_plan_gateway(const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_hosts; i++)
		if (plan->hosts[i].role != LAB_ENDPOINT)
			return &plan->hosts[i];
	return NULL;
}

bool lab_host_tracks_connections(const struct lab_host *host)
{
	return host->role == LAB_NAT || host->role == LAB_FIREWALL;
}

bool lab_plan_runs_in(const struct lab_plan *plan, const char *host)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		if (strcmp(plan->programs[i].host, host) == 0)
			return true;
	return false;
}

const struct lab_step *lab_plan_probe_step(const struct lab_plan *plan,
					   const char *host, enum lab_verb verb)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;

		if (action->verb == verb && strcmp(action->host, host) == 0)
			return &plan->steps[i];
	}
	return NULL;
}

static int check_new_name(struct lab_plan *plan, const char *name,
			  const char *what, size_t size)
{
	int r = lab_name_check(name, what);

	if (r < 0)
		return error_trace(r);
	if (strlen(name) >= size)
		return error_refuse(-EINVAL,
				    "'%s' is too long for a %s: at most %zu "
				    "characters",
				    name, what, size - 1);
	if (lab_plan_host(plan, name))
		return error_refuse(-EINVAL, "'%s' is a host's name already",
				    name);
	if (lab_plan_program(plan, name))
		return error_refuse(-EINVAL, "'%s' is a program's name already",
				    name);
	return 0;
}

static int too_many(const char *what, size_t most)
{
	return error_refuse(-E2BIG, "a lab has at most %zu %s", most, what);
}

int lab_plan_add_host(struct lab_plan *plan, const char *name,
		      const struct lab_place *place, struct lab_host **ret)
{
	struct lab_host host = { .role = LAB_ENDPOINT };
	int r = check_new_name(plan, name, "host", HOST_NAME);

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

/* "/usr/sbin/nginx -g …" is nginx; "LANG=C ./x+y" is xy. */
static void name_of_command(const char *command, char *ret, size_t size)
{
	static const char blanks[] = " \t\n";
	const char *word = command + strspn(command, blanks);
	size_t length = strcspn(word, blanks), used = 0;
	const char *slash;

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
		if (lab_name_takes(word[i], used == 0))
			ret[used++] = word[i];
	ret[used] = '\0';
	if (!used)
		snprintf(ret, size, "program");
}

/* nginx, nginx-2, … */
static void free_name(struct lab_plan *plan, const char *command, char *ret,
		      size_t size)
{
	char base[LAB_NAME - 4];

	name_of_command(command, base, sizeof(base));
	snprintf(ret, size, "%s", base);
	for (unsigned int i = 2;
	     lab_name_is_reserved(ret) || lab_plan_host(plan, ret) ||
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
	char made[LAB_NAME];
	int r = 0;

	if (command[strspn(command, " \t\n")] == '\0')
		return lab_place_refuse(place, "the command is empty");
	if (plan->n_programs == LAB_PROGRAMS)
		r = too_many("programs", LAB_PROGRAMS);
	else if (name)
		r = check_new_name(plan, name, "program", LAB_NAME);
	else
		free_name(plan, command, made, sizeof(made));
	if (r < 0)
		return lab_place_trace(place, r);
	r = lab_plan_keep_place(plan, place, &program.place);
	if (r < 0)
		return error_trace(r);
	program.name = lab_plan_keep(plan, name ? name : made);
	program.host = lab_plan_keep(plan, host);
	program.command = lab_plan_keep(plan, command);
	if (!program.name || !program.host || !program.command)
		return error_origin(-ENOMEM, "a program");
	plan->programs[plan->n_programs] = program;
	*ret = &plan->programs[plan->n_programs++];
	return 0;
}

static int check_file(const struct lab_plan *plan, const char *host,
		      const char *name)
{
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return error_refuse(-EINVAL,
				    "'%s' is no name of a file in $FOLDER: one "
				    "without a slash",
				    name);
	if (strlen(name) > 255)
		return error_refuse(-EINVAL, "a file's name is at most 255 "
					     "characters long");
	for (size_t i = 0; i < plan->n_files; i++)
		if (strcmp(plan->files[i].host, host) == 0 &&
		    strcmp(plan->files[i].name, name) == 0)
			return error_refuse(-EINVAL,
					    "%s has a file '%s' already", host,
					    name);
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
		return error_origin(-ENOMEM, "a file");
	plan->files[plan->n_files++] = file;
	return 0;
}

int lab_plan_add_need(struct lab_plan *plan, const char *program)
{
	if (!*program || program[strcspn(program, "/ \t\n")])
		return error_refuse(-EINVAL,
				    "'%s' is no program's name: one word, "
				    "without a slash",
				    program);
	if (plan->n_needs == LAB_NEEDS)
		return too_many("needs", LAB_NEEDS);
	program = lab_plan_keep(plan, program);
	if (!program)
		return error_origin(-ENOMEM, "a need");
	plan->needs[plan->n_needs++] = program;
	return 0;
}

int lab_plan_add_setting(struct lab_plan *plan, const char *text,
			 const struct lab_place *place)
{
	char *copy = lab_plan_copy(plan, text);
	size_t n = plan->n_settings;
	int r;

	if (!copy)
		return error_origin(-ENOMEM, "a setting");
	r = settings_parse(&plan->settings[n], copy);
	if (r >= 0 && n == LAB_SETTINGS)
		r = too_many("sysctls", LAB_SETTINGS);
	if (r >= 0)
		r = lab_plan_keep_place(plan, place, &plan->setting_places[n]);
	if (r < 0) {
		plan->settings[n] = (struct setting){ 0 };
		return lab_place_trace(place, r);
	}
	plan->n_settings++;
	return 0;
}
