/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fd.h"
#include "lab-file-parts.h"
#include "lab-values.h"
#include "lab-words.h"

/* --- values ---------------------------------------------------------------*/

int lab_file_duration(const struct lab_yaml_at *at, nsec_t *ret)
{
	const char *text;
	int r = lab_yaml_text(at, "a duration such as 2s", &text);

	if (r < 0)
		return error_trace(r);
	r = lab_duration_parse(text, ret);
	return r < 0 ? lab_yaml_trace(at, r) : 0;
}

static int add_setting(const struct lab_yaml_at *at, const char *host,
		       const char *key)
{
	struct lab_place place = lab_yaml_place(at);
	const char *value;
	char *text = NULL;
	int r = lab_yaml_text(at, "a sysctl's value", &value);

	if (r < 0)
		return error_trace(r);
	/* A colon, or a sign of equality, would part it elsewhere. */
	if (strpbrk(key, ":="))
		return lab_yaml_refuse(at, "'%s' is no sysctl's full name",
				       key);
	if (asprintf(&text, "%s%s%s=%s", host ? host : "", host ? ":" : "", key,
		     value) < 0)
		return error_origin(-ENOMEM, "a sysctl");
	r = lab_plan_add_setting(at->yaml->plan, text, &place);
	free(text);
	return r < 0 ? error_trace(r) : 0;
}

int lab_file_settings(const struct lab_yaml_at *at, const char *host)
{
	int r = lab_yaml_check_map(at, "a map of sysctls");

	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i), value;
		const char *name;

		r = lab_yaml_text(&key, "a sysctl's name", &name);
		if (r >= 0)
			r = lab_yaml_value(at, i, &value);
		if (r >= 0)
			r = add_setting(&value, host, name);
	}
	return r < 0 ? error_trace(r) : 0;
}

/* --- the top --------------------------------------------------------------*/

static int read_about(const struct lab_yaml_at *at, void *data)
{
	struct lab_plan *plan = data;
	const char *text;
	size_t size;
	int r = lab_yaml_text(at, "a text", &text);

	if (r < 0)
		return error_trace(r);
	for (size = strlen(text); size && strchr(" \n", text[size - 1]);)
		size--;
	plan->about = lab_plan_keep_part(plan, text, size);
	return plan->about ? 0 : error_origin(-ENOMEM, "about");
}

static int read_for(const struct lab_yaml_at *at, void *data)
{
	struct lab_plan *plan = data;
	int r = lab_file_duration(at, &plan->duration);

	if (r >= 0 && !plan->duration)
		r = lab_yaml_refuse(at, "a lab that lasts 0s is none");
	return r < 0 ? error_trace(r) : 0;
}

static int add_need(const struct lab_yaml_at *at)
{
	const char *program;
	int r = lab_yaml_text(at, "a program's name", &program);

	if (r < 0)
		return error_trace(r);
	r = lab_plan_add_need(at->yaml->plan, program);
	return r < 0 ? lab_yaml_trace(at, r) : 0;
}

/* One, or a list. */
static int read_needs(const struct lab_yaml_at *at, void *data MACRO_UNUSED)
{
	int r = 0;

	if (!lab_yaml_is_list(at))
		return add_need(at);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at one = lab_yaml_element(at, i);

		r = add_need(&one);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_settings(const struct lab_yaml_at *at, void *data MACRO_UNUSED)
{
	return lab_file_settings(at, NULL);
}

/* --- the timeline ---------------------------------------------------------*/

static int add_step(const struct lab_yaml_at *when,
		    const struct lab_yaml_at *at)
{
	struct lab_place when_place = lab_yaml_place(when);
	struct lab_place place = lab_yaml_place(at);
	const char *moment, *action;
	int r = lab_yaml_text(when, "a moment such as 2s", &moment);

	if (r >= 0)
		r = lab_yaml_text(at, "an action such as 'unplug client'",
				  &action);
	if (r < 0)
		return error_trace(r);
	r = lab_plan_add_step_at(at->yaml->plan, moment, &when_place, action,
				 &place);
	return r < 0 ? error_trace(r) : 0;
}

/* One action, or several at the same moment. */
static int add_steps(const struct lab_yaml_at *when, struct lab_yaml_at *at)
{
	int r = 0;

	/* Not the moment, with all its words. */
	at->path = when->path;
	if (!lab_yaml_is_list(at))
		return add_step(when, at);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at action = lab_yaml_element(at, i);

		r = add_step(when, &action);
	}
	return r < 0 ? error_trace(r) : 0;
}

struct at_do {
	struct lab_yaml_at at, action;
};

static int read_at(const struct lab_yaml_at *at, void *data)
{
	((struct at_do *)data)->at = *at;
	return 0;
}

static int read_do(const struct lab_yaml_at *at, void *data)
{
	((struct at_do *)data)->action = *at;
	return 0;
}

static int add_at_do(const struct lab_yaml_at *at)
{
	static const struct lab_yaml_field keys[] = {
		{ "at", read_at },
		{ "do", read_do },
	};
	struct at_do step = { 0 };
	int r = lab_yaml_read_map(at, "a step", keys, ARRAY_SIZE(keys), &step);

	if (r < 0)
		return error_trace(r);
	if (!step.at.node || !step.action.node)
		return lab_yaml_refuse(at, "a step has both: 'at' and 'do'");
	step.at.path = at->path;
	return add_steps(&step.at, &step.action);
}

static bool is_at_do(const struct lab_yaml_at *at)
{
	for (size_t i = 0; i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i);
		const char *text = (const char *)key.node->data.scalar.value;

		if (strcmp(text, "at") == 0 || strcmp(text, "do") == 0)
			return true;
	}
	return false;
}

static int add_pairs(const struct lab_yaml_at *at)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at when = lab_yaml_key(at, i), action;

		r = lab_yaml_value(at, i, &action);
		if (r >= 0)
			r = add_steps(&when, &action);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_step(const struct lab_yaml_at *at)
{
	int r;

	if (!lab_yaml_is_map(at))
		return lab_yaml_expected(at, "MOMENT: ACTION, such as '2s: "
					     "unplug client'");
	r = lab_yaml_check_map(at, "MOMENT: ACTION");
	if (r < 0)
		return error_trace(r);
	return is_at_do(at) ? add_at_do(at) : add_pairs(at);
}

static int read_timeline(const struct lab_yaml_at *at, void *data MACRO_UNUSED)
{
	int r = 0;

	if (lab_yaml_is_map(at))
		return read_step(at);
	if (!lab_yaml_is_list(at))
		return lab_yaml_expected(at, "a list of steps");
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at step = lab_yaml_element(at, i);

		r = read_step(&step);
	}
	return r < 0 ? error_trace(r) : 0;
}

/* --- expectations ---------------------------------------------------------*/

/* As many blanks between the two as there are in the file, so that what is
 * wrong is found there. */
static size_t blanks_between(const struct lab_yaml_at *key,
			     const struct lab_yaml_at *value,
			     struct lab_place *place)
{
	const struct lab_place behind = lab_yaml_place(value);
	size_t end = key->node->end_mark.column + 2;

	if (place->verbatim && behind.verbatim && behind.line == place->line &&
	    place->column == key->node->start_mark.column + 1 &&
	    behind.column > end)
		return behind.column - end;
	place->verbatim = false;
	return 1;
}

static int add_expectation(const struct lab_yaml_at *key,
			   const struct lab_yaml_at *value)
{
	struct lab_place place = lab_yaml_place(key);
	const char *subject, *rest;
	char *text = NULL;
	int r = lab_yaml_text(key, "a host or a program", &subject);

	if (r >= 0)
		r = lab_yaml_text(value, "an outcome, such as 'EOF within 5s'",
				  &rest);
	if (r < 0)
		return error_trace(r);
	if (asprintf(&text, "%s:%*s%s", subject,
		     (int)blanks_between(key, value, &place), "", rest) < 0)
		return error_origin(-ENOMEM, "an expectation");
	r = lab_plan_add_expectation(key->yaml->plan, text, &place);
	free(text);
	return r < 0 ? error_trace(r) : 0;
}

static int add_expectations(const struct lab_yaml_at *at)
{
	int r = lab_yaml_check_map(at, "HOST: OUTCOME");

	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at key = lab_yaml_key(at, i), value;

		r = lab_yaml_value(at, i, &value);
		if (r >= 0)
			r = add_expectation(&key, &value);
	}
	return r < 0 ? error_trace(r) : 0;
}

static int read_expectation(const struct lab_yaml_at *at)
{
	struct lab_place place = lab_yaml_place(at);
	const char *text;
	int r;

	if (lab_yaml_is_map(at))
		return add_expectations(at);
	r = lab_yaml_text(at, "an expectation such as 'client: EOF'", &text);
	if (r >= 0)
		r = lab_plan_add_expectation(at->yaml->plan, text, &place);
	return r < 0 ? error_trace(r) : 0;
}

static int read_expect(const struct lab_yaml_at *at, void *data MACRO_UNUSED)
{
	int r = 0;

	if (!lab_yaml_is_list(at))
		return read_expectation(at);
	for (size_t i = 0; r >= 0 && i < lab_yaml_size(at); i++) {
		struct lab_yaml_at one = lab_yaml_element(at, i);

		r = read_expectation(&one);
	}
	return r < 0 ? error_trace(r) : 0;
}

/* --- all of it ------------------------------------------------------------*/

static const struct lab_yaml_field fields[] = {
	{ "about", read_about },     { "for", read_for },
	{ "needs", read_needs },     { "sysctls", read_settings },
	{ "hosts", lab_file_hosts }, { "timeline", read_timeline },
	{ "expect", read_expect },
};

/* "dir/idle-nat.yaml" is idle-nat. */
static const char *plan_name(struct lab_plan *plan, const char *file)
{
	static const char *const endings[] = { ".yaml", ".yml" };
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base);

	/* It names a folder below --out. */
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
	struct lab_yaml_at root;
	struct lab_yaml yaml;
	int r;

	plan->name = plan_name(plan, name);
	if (!plan->name)
		return error_origin(-ENOMEM, "%s", name);
	r = lab_yaml_init(&yaml, plan, name, text, size);
	if (r < 0)
		return error_trace(r);
	root = lab_yaml_root(&yaml);
	r = lab_yaml_read_map(&root, "a lab", fields, ARRAY_SIZE(fields), plan);
	lab_yaml_deinit(&yaml);
	return r < 0 ? error_trace(r) : 0;
}

enum { FILE_MAX = 1 << 20 };

int lab_file_read(struct lab_plan *plan, const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t n;
	int r;

	if (fd < 0)
		return error_origin(-errno, "%s", path);
	text = malloc(FILE_MAX + 1);
	if (!text)
		return error_origin(-ENOMEM, "%s", path);
	n = fd_read_all(fd, text, FILE_MAX + 1);
	if (n < 0)
		r = error_origin((int)n, "%s", path);
	else if (n > FILE_MAX)
		r = error_refuse(-EINVAL, "%s: more than 1 MiB: that is no lab",
				 path);
	else
		r = lab_file_parse(plan, path, text, (size_t)n);
	free(text);
	return r < 0 ? error_trace(r) : 0;
}
