/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Incidents are the files NAME.yaml of a folder that is found from the path of the
 * program, so that an unpacked tarball works anywhere: PREFIX/bin/halfopen and
 * PREFIX/share/halfopen/incidents, or build/harness/halfopen and cases/incidents of
 * the source tree. A name of the first folder hides that of the second. Beside a
 * program at any other place, such as a copy in the folder for temporary files, the
 * folder could belong to another user.
 */
#include "incidents.h"

#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fold.h"
#include "lab-file.h"
#include "macro.h"
#include "message.h"
#include "nearest.h"
#include "program-find.h"
#include "report.h"
#include "search-text.h"
#include "table.h"

enum { FOLDER = 512 };

/* Where incidents are for a program whose path ends so, after the removal of `n`
 * names from that path. */
static const struct place {
	const char *program;
	int n;
	const char *folder;
} places[] = { { "/bin/halfopen", 2, "share/halfopen/incidents" },
	       { "/harness/halfopen", 3, "cases/incidents" } };

/* Without the folder and the ending. */
static void base_name(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	snprintf(ret, size, "%.*s", (int)(strlen(base) - strlen(".yaml")),
		 base);
}

/* The files of both folders. globfree() in any case. */
static void find_all(glob_t *ret)
{
	char folder[FOLDER], pattern[FOLDER + 64];

	*ret = (glob_t){ .gl_pathc = 0 };
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!program_own_folder(places[i].program, places[i].n, folder,
					sizeof(folder)))
			continue;
		snprintf(pattern, sizeof(pattern), "%s/%s/*.yaml", folder,
			 places[i].folder);
		glob(pattern, ret->gl_pathc ? GLOB_APPEND : 0, NULL, ret);
	}
}

static bool has_name(const char *path, const char *name)
{
	char base[128];

	base_name(path, base, sizeof(base));
	return strcmp(base, name) == 0;
}

static int refuse(const char *name, const glob_t *files)
{
	char base[128], near[128] = "";
	unsigned int best = ~0U;

	for (size_t i = 0; i < files->gl_pathc; i++) {
		unsigned int distance;

		base_name(files->gl_pathv[i], base, sizeof(base));
		distance = nearest_distance(name, base);
		if (distance >= best)
			continue;
		best = distance;
		memcpy(near, base, sizeof(near));
	}
	if (!*near)
		return error_refuse(-ENOENT, "%s: no such file or incident",
				    name);
	return error_refuse(-ENOENT,
			    "%s: no such file or incident; similar: %s", name,
			    near);
}

int incidents_find(const char *name, char *buffer, size_t size)
{
	glob_t files;
	size_t i = 0;
	int r = 0;

	snprintf(buffer, size, "%s", name);
	if (strchr(name, '/') || access(name, F_OK) == 0)
		return 0;
	find_all(&files);
	while (i < files.gl_pathc && !has_name(files.gl_pathv[i], name))
		i++;
	if (i < files.gl_pathc)
		snprintf(buffer, size, "%s", files.gl_pathv[i]);
	else
		r = refuse(name, &files);
	globfree(&files);
	return error_trace(r);
}

/* --- the list --------------------------------------------------------- */

static const char *symptom_of(const struct lab_plan *plan)
{
	return plan->symptom ? plan->symptom : "";
}

/* By symptom, then by name. */
static int compare(const void *a, const void *b)
{
	const struct lab_plan *x = *(struct lab_plan *const *)a;
	const struct lab_plan *y = *(struct lab_plan *const *)b;
	int order = strcmp(symptom_of(x), symptom_of(y));

	return order ? order : strcmp(x->name, y->name);
}

/* Symptoms and descriptions can be searched in both languages. */
static bool is_selected(const struct lab_plan *plan, char *const *words,
			size_t n)
{
	const char *about = plan->about ? plan->about : "";

	for (size_t i = 0; i < n; i++)
		if (!search_text_contains(symptom_of(plan), words[i]) &&
		    !search_text_contains(plan->name, words[i]) &&
		    !search_text_contains(about, words[i]))
			return false;
	return true;
}

static bool is_long(const struct lab_plan *plan)
{
	return plan->duration > SEC(INCIDENT_REAL_SECONDS);
}

static json_t *needs_array(const struct lab_plan *plan)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->n_needs; i++)
		json_array_append_new(array, json_string(plan->needs[i]));
	return array;
}

static void print_json(const struct lab_plan *plan)
{
	json_t *line = json_pack("{s:s, s:s, s:s, s:s?, s:o, s:b}", "type",
				 "incident", "name", plan->name, "symptom",
				 symptom_of(plan), "about", plan->about,
				 "needs", needs_array(plan), "virtual_time",
				 (int)is_long(plan));

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* The description of the only one, or how to read it. */
static void print_closing(struct lab_plan *const *plans, size_t n)
{
	putchar('\n');
	if (n == 1 && plans[0]->about)
		fold_print(stdout, _(plans[0]->about), 0, 0,
			   report_columns(stdout));
	else
		puts(_("halfopen lab LAB runs one; halfopen lab --list LAB "
		       "prints why it happens and what helps."));
}

/* A symptom is printed once. */
static int print_table(struct lab_plan *const *plans, size_t n)
{
	const char *const headings[] = { _("symptom"), _("lab"), _("needs") };
	struct table *table;
	bool any_long = false;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		const char *symptom = symptom_of(plans[i]);
		bool is_new = !i ||
			      strcmp(symptom, symptom_of(plans[i - 1])) != 0;
		char needs[256] = "";
		size_t used = 0;

		if (is_long(plans[i]))
			used = (size_t)snprintf(needs, sizeof(needs), "%s%s",
						_("virtual time"),
						plans[i]->n_needs ? ", " : "");
		for (size_t j = 0; j < plans[i]->n_needs && used < sizeof(needs);
		     j++)
			used += (size_t)snprintf(needs + used,
						 sizeof(needs) - used, "%s%s",
						 j ? ", " : "",
						 plans[i]->needs[j]);
		r = table_add(table,
			      (const char *const[]){ is_new ? _(symptom) : "",
						     plans[i]->name, needs },
			      0, COLOUR_PLAIN);
		any_long = any_long || is_long(plans[i]);
	}
	if (r >= 0) {
		table_keep_last(table);
		table_print(table, stdout, report_columns(stdout));
		print_closing(plans, n);
		if (any_long)
			puts(_("One that needs virtual time takes minutes "
			       "without it: halfopen vm --virtual-time -- lab "
			       "LAB"));
	}
	table_free(table);
	return error_trace(r);
}

static bool is_name(const glob_t *files, const char *word)
{
	for (size_t i = 0; i < files->gl_pathc; i++)
		if (has_name(files->gl_pathv[i], word))
			return true;
	return false;
}

/* The selected ones of the files, without those whose name came before. The name of
 * an incident selects it only, not those whose descriptions refer to it. */
static int read_plans(const glob_t *files, char *const *words, size_t n_words,
		      struct lab_plan **plans, size_t *n)
{
	bool named = n_words == 1 && is_name(files, words[0]);

	for (size_t i = 0; i < files->gl_pathc; i++) {
		char name[128];
		size_t j = 0;
		int r;

		base_name(files->gl_pathv[i], name, sizeof(name));
		while (!has_name(files->gl_pathv[j], name))
			j++;
		if (j < i)
			continue;
		r = lab_plan_new(&plans[*n]);
		if (r < 0)
			return error_trace(r);
		r = lab_file_read(plans[(*n)++], files->gl_pathv[i]);
		if (r < 0)
			return error_trace(r);
		if (named ? strcmp(name, words[0]) != 0 :
			    !is_selected(plans[*n - 1], words, n_words)) {
			--*n;
			plans[*n] = lab_plan_free(plans[*n]);
		}
	}
	return 0;
}

/* The incidents that contain all words; the caller frees each and the array. */
static int find_plans(char *const *words, size_t n_words,
		      struct lab_plan ***ret, size_t *n)
{
	glob_t files;
	int r;

	*n = 0;
	find_all(&files);
	*ret = calloc(files.gl_pathc + 1, sizeof(**ret));
	r = *ret ? read_plans(&files, words, n_words, *ret, n) :
		   error_origin(-ENOMEM, "list of incidents");
	globfree(&files);
	return error_trace(r);
}

static void free_plans(struct lab_plan **plans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lab_plan_free(plans[i]);
	free(plans);
}

int incidents_list(char *const *words, size_t n_words, bool jsonl)
{
	struct lab_plan **plans;
	size_t n;
	int r = find_plans(words, n_words, &plans, &n);

	if (r >= 0 && !n)
		r = error_refuse(-ENOENT, "--list: no incident contains %s%s%s",
				 n_words ? "'" : "any word",
				 n_words ? words[0] : "",
				 n_words > 1 ? "' and the other words" :
				 n_words     ? "'" :
					       "");
	if (r >= 0) {
		qsort(plans, n, sizeof(struct lab_plan *), compare);
		for (size_t i = 0; jsonl && i < n; i++)
			print_json(plans[i]);
		if (!jsonl)
			r = print_table(plans, n);
	}
	free_plans(plans, n);
	return error_trace(r);
}

void incidents_each(usage_item_fn *item, void *data)
{
	struct lab_plan **plans;
	size_t n;

	find_plans(NULL, 0, &plans, &n);
	for (size_t i = 0; i < n; i++)
		item(data, plans[i]->name, plans[i]->symptom);
	free_plans(plans, n);
}
