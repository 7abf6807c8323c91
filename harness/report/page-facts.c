/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a run's page. */
#include "page-parts.h"

#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "macro.h"
#include "markup.h"
#include "report.h"

/* Of a long timeline the middle is left out: the journal lies beside. */
enum { TIMELINE_HEAD = 1200, TIMELINE_TAIL = 800 };

static void cell(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<td%s%s%s>", *class ? " class=\"" : "", class,
		*class ? "\"" : "");
	markup_text(out, text);
	fputs("</td>", out);
}

/* --- predicted and measured ------------------------------------------------*/

static void put_value(FILE *out, const json_t *value)
{
	double number = json_number_value(value);

	if (json_is_string(value))
		markup_text(out, json_string_value(value));
	else if (!json_is_number(value))
		fputs("–", out);
	else if (number > -1e15 && number < 1e15 &&
		 number == (double)(long long)number)
		fprintf(out, "%.0f", number);
	else
		fprintf(out, "%.7g", number);
}

/* "elapsed_max_s" is the greatest "elapsed_s" may be, "frames_max" of "frames".
 * False for a name that is no such thing. */
static bool is_maximum_of(const char *name, const json_t *values, char *ret,
			  size_t size)
{
	const char *max = strstr(name, "_max");
	size_t before = max ? (size_t)(max - name) : 0;

	if (!max || (max[4] && max[4] != '_'))
		return false;
	snprintf(ret, size, "%.*s%s", (int)before, name, max + 4);
	return json_object_get(values, ret);
}

static void put_range(FILE *out, const json_t *values, const char *name)
{
	const char *unit = strrchr(name, '_');
	char key[160];
	const json_t *max;

	put_value(out, json_object_get(values, name));
	snprintf(key, sizeof(key), "%.100s_max", name);
	max = json_object_get(values, key);
	if (!max && unit) {
		snprintf(key, sizeof(key), "%.*s_max%s",
			 (int)MIN(unit - name, 100), name, unit);
		max = json_object_get(values, key);
	}
	if (max) {
		fputs(" .. ", out);
		put_value(out, max);
	}
}

static void value_row(FILE *out, const struct result *result, const char *name)
{
	char base[160];

	if (is_maximum_of(name, result->predicted, base, sizeof(base)) ||
	    is_maximum_of(name, result->measured, base, sizeof(base)))
		return;
	fputs("<tr>", out);
	cell(out, "name", name);
	fputs("<td class=\"n\">", out);
	put_range(out, result->predicted, name);
	fputs("</td><td class=\"n\">", out);
	put_range(out, result->measured, name);
	fputs("</td></tr>\n", out);
}

void page_values(FILE *out, const struct result *result)
{
	const char *name;
	json_t *value;

	if (!json_object_size(result->predicted) &&
	    !json_object_size(result->measured))
		return;
	fputs("<section><h2>Predicted and measured</h2>\n<table><thead><tr>"
	      "<th></th><th class=\"n\">predicted</th>"
	      "<th class=\"n\">measured</th></tr></thead><tbody>\n",
	      out);
	json_object_foreach (result->predicted, name, value) {
		value_row(out, result, name);
	}
	json_object_foreach (result->measured, name, value) {
		if (!json_object_get(result->predicted, name))
			value_row(out, result, name);
	}
	fputs("</tbody></table></section>\n", out);
}

/* --- expectations ----------------------------------------------------------*/

void page_expectations(FILE *out, const struct result *result)
{
	size_t i;
	json_t *each;

	if (!json_array_size(result->expectations))
		return;
	fputs("<section><h2>Expectations</h2>\n<table><thead><tr><th>what</th>"
	      "<th>expected</th><th>observed</th><th>at</th></tr></thead>"
	      "<tbody>\n",
	      out);
	json_array_foreach (result->expectations, i, each) {
		bool ok = json_is_true(json_object_get(each, "ok"));

		fprintf(out, "<tr%s>", ok ? "" : " class=\"bad\"");
		fputs("<td>", out);
		fputs(ok ? "" : "✗ ", out);
		markup_text(out, journal_text(each, "what"));
		fputs("</td>", out);
		cell(out, "", journal_text(each, "expected"));
		cell(out, "", journal_text(each, "observed"));
		cell(out, "name at", journal_text(each, "at"));
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></section>\n", out);
}

/* --- sysctls and counters --------------------------------------------------*/

void page_sysctls(FILE *out, const struct result *result)
{
	const char *key;
	json_t *value;

	if (!json_object_size(result->sysctls))
		return;
	fputs("<section><h2>Sysctls</h2>\n<table><tbody>\n", out);
	json_object_foreach (result->sysctls, key, value) {
		const char *name = strchr(key, ':');
		char host[128];

		snprintf(host, sizeof(host), "%.*s",
			 name ? (int)MIN(name - key, 120) : 0, key);
		fputs("<tr>", out);
		cell(out, "", host);
		cell(out, "name", name ? name + 1 : key);
		cell(out, "name n", json_is_string(value) ?
					    json_string_value(value) : "");
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></section>\n", out);
}

static void counter_row(FILE *out, const json_t *record, const char *before)
{
	const char *host = journal_text(record, "host");

	fputs("<tr>", out);
	cell(out, "", strcmp(host, before) == 0 ? "" : host);
	cell(out, "name", journal_text(record, "name"));
	fputs("<td class=\"n\">", out);
	put_value(out, json_object_get(record, "change"));
	fputs("</td></tr>\n", out);
}

void page_counters(FILE *out, const json_t *journal)
{
	const char *before = "";
	size_t i;
	json_t *record;

	if (!journal_find(journal, "counter"))
		return;
	fputs("<details><summary>Counters that moved</summary>\n<table><thead>"
	      "<tr><th>host</th><th>counter</th><th class=\"n\">by</th></tr>"
	      "</thead><tbody>\n",
	      out);
	json_array_foreach (journal, i, record) {
		if (!journal_is(record, "counter"))
			continue;
		counter_row(out, record, before);
		before = journal_text(record, "host");
	}
	fputs("</tbody></table></details>\n", out);
}

/* --- what it means -------------------------------------------------------- */

void page_meaning(FILE *out, const json_t *journal)
{
	bool any = false;
	json_t *record;
	size_t i;

	json_array_foreach (journal, i, record) {
		if (!journal_is(record, "meaning"))
			continue;
		if (!any)
			fputs("<section><h2>What this means</h2>\n<ul>\n", out);
		any = true;
		fputs("<li><b>", out);
		markup_text(out, journal_text(record, "host"));
		fputs("</b> ", out);
		markup_text(out, journal_text(record, "text"));
		fputs("</li>\n", out);
	}
	if (any)
		fputs("</ul></section>\n", out);
}

/* --- the timeline ----------------------------------------------------------*/

static char *timeline_line(const json_t *record, double zero)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	bool tells = memory && report_timeline(memory, record, zero);

	if (memory)
		fclose(memory);
	if (tells)
		return text;
	free(text);
	return NULL;
}

static size_t count_lines(const json_t *journal, double zero)
{
	size_t n = 0, i;
	json_t *record;

	json_array_foreach (journal, i, record) {
		char *line = timeline_line(record, zero);

		n += line != NULL;
		free(line);
	}
	return n;
}

void page_timeline(FILE *out, const json_t *journal, double zero)
{
	size_t n = count_lines(journal, zero), at = 0, i;
	bool whole = n <= TIMELINE_HEAD + TIMELINE_TAIL;
	json_t *record;

	if (!n)
		return;
	fprintf(out, "<details><summary>Timeline, %zu lines</summary>\n<pre>",
		n);
	json_array_foreach (journal, i, record) {
		char *line = timeline_line(record, zero);

		if (line && (whole || at < TIMELINE_HEAD ||
			     at >= n - TIMELINE_TAIL))
			markup_text(out, line);
		else if (line && at == TIMELINE_HEAD)
			fprintf(out,
				"… %zu lines left out; journal.jsonl has them "
				"all\n",
				n - TIMELINE_HEAD - TIMELINE_TAIL);
		at += line != NULL;
		free(line);
	}
	fputs("</pre></details>\n", out);
}
