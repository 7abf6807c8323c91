/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "matrix-row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "report.h"

/* --- what differs ---------------------------------------------------------*/

static bool is_fact(const char *name, const json_t *value)
{
	static const char *const counts[] = {
		"rto_retransmissions", "keepalive_probes", "syns",
		"connections",	       "half_open",
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (strcmp(counts[i], name) == 0)
			return true;
	return json_is_string(value);
}

/* Told of by one alone it is no difference: there are runs that take one of two
 * ways by a throw of the dice (an initial number), or by who is who. */
static bool is_other_fact(const char *name, const json_t *value,
			  const json_t *other)
{
	return other && is_fact(name, value) && !json_equal(value, other);
}

/* The first fact of a that is another one in b; NULL: none. */
static const char *other_fact(json_t *a, json_t *b)
{
	const char *name;
	json_t *value;

	json_object_foreach(a, name, value)
		if (is_other_fact(name, value, json_object_get(b, name)))
			return name;
	return NULL;
}

static double number(const json_t *values, const char *name, double absent)
{
	const json_t *value = json_object_get(values, name);

	return json_is_number(value) ? json_number_value(value) : absent;
}

/* All of a's predicted time lies before b's, and well before: an RTO is made of
 * an RTT that was measured. */
static bool is_sooner(const json_t *a, const json_t *b)
{
	return 1.25 * number(a, "elapsed_max_s", 1e300) <
	       number(b, "elapsed_s", 0);
}

/* What is not the same in two results; NULL: nothing. */
static const char *find_difference(const struct result *a,
				   const struct result *b)
{
	const char *fact;

	if (a->verdict != b->verdict)
		return "verdict";
	fact = other_fact(a->measured, b->measured);
	if (!fact && (is_sooner(a->predicted, b->predicted) ||
		      is_sooner(b->predicted, a->predicted)))
		fact = "elapsed_s";
	return fact;
}

/* --- in words -------------------------------------------------------------*/

static void print_value(FILE *out, const json_t *value)
{
	if (json_is_string(value))
		report_inline(out, json_string_value(value));
	else if (json_is_number(value))
		fprintf(out, "%.6g", json_number_value(value));
	else
		fputs("none", out);
}

static void print_difference(FILE *out, const char *name,
			     const struct result *a, const struct result *b)
{
	const struct result *both[] = { a, b };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		fputs(i ? ", then " : "", out);
		if (strcmp(name, "verdict") == 0)
			fprintf(out, "%s%s%s", report_verdict(both[i]->verdict),
				*both[i]->reason ? ": " : "", both[i]->reason);
		else
			print_value(out,
				    json_object_get(both[i]->measured, name));
	}
}

/* Of two stable kernels from before a change either may have it. */
static bool is_between(const struct change *change, unsigned int a,
		       unsigned int b)
{
	return MIN(a, b) < change->kernel &&
	       (change->kernel <= MAX(a, b) || change->stable);
}

/* The change is what the reason of a SKIP speaks of: a sysctl, as a rule. */
static bool is_the_reason(const struct change *change, const char *reason)
{
	return strstr(reason, change->what);
}

static bool has_reason(const struct change *changes, const char *reason)
{
	for (; changes && changes->what; changes++)
		if (is_the_reason(changes, reason))
			return true;
	return false;
}

/* All that the case knows to have changed between the two, or just that which
 * the reason is; false: nothing. */
static bool print_changes(FILE *out, const struct testcase *testcase,
			  unsigned int a, unsigned int b, const char *reason)
{
	const struct change *change = testcase->changes;
	bool any = false, one = has_reason(change, reason);

	for (; change && change->what; change++) {
		if (!is_between(change, a, b) ||
		    (one && !is_the_reason(change, reason)))
			continue;
		fprintf(out, "%sas expected since %u.%u%s", any ? "; " : "",
			change->kernel >> 16, change->kernel >> 8 & 0xff,
			change->stable ? " and in stable kernels" : "");
		if (change->commit)
			fprintf(out, " (%s)", change->commit);
		fprintf(out, ": %s", change->what);
		any = true;
	}
	return any;
}

static bool explain(FILE *out, const struct matrix_cell *a,
		    const struct matrix_cell *b, const char *name)
{
	const char *reason = *a->result->reason ? a->result->reason :
						   b->result->reason;

	if (print_changes(out, a->result->testcase, a->version, b->version,
			  reason))
		return true;
	fprintf(out, "unexpected between %s and %s: ", a->release, b->release);
	if (strcmp(name, "verdict") != 0)
		fprintf(out, "%s ", name);
	print_difference(out, name, a->result, b->result);
	return false;
}

static bool says_nothing(const struct matrix_cell *cell)
{
	return !cell->result || cell->result->verdict == VERDICT_BROKEN;
}

static bool has_failed(const struct matrix_cell *cell)
{
	return cell->result->verdict == VERDICT_FAIL;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The first expectation that did not hold, or else the reason. */
static void print_why(FILE *out, const struct result *result)
{
	size_t i;
	json_t *expectation;

	json_array_foreach(result->expectations, i, expectation)
	{
		if (json_is_true(json_object_get(expectation, "ok")))
			continue;
		fprintf(out, ": %s, expected %s, observed %s",
			text_of(expectation, "what"),
			text_of(expectation, "expected"),
			text_of(expectation, "observed"));
		return;
	}
	fprintf(out, ": %s", result->reason);
}

static void print_step(FILE *out, const struct matrix_cell *last,
		       const struct matrix_cell *cell, bool *unexpected)
{
	const char *name = NULL;

	if (says_nothing(cell) || has_failed(cell)) {
		fprintf(out, "%s%s on %s", ftell(out) > 0 ? "; " : "",
			says_nothing(cell) ? "no result" : "unexpected: FAIL",
			cell->release);
		if (cell->result)
			print_why(out, cell->result);
		*unexpected |= !says_nothing(cell);
		return;
	}
	if (last)
		name = find_difference(last->result, cell->result);
	if (!name)
		return;
	fputs(ftell(out) > 0 ? "; " : "", out);
	*unexpected |= !explain(out, last, cell, name);
}

char *matrix_row_differences(const struct matrix_cell *cells, size_t n,
			     bool *unexpected)
{
	const struct matrix_cell *last = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		print_step(out, last, &cells[i], unexpected);
		if (!says_nothing(&cells[i]) && !has_failed(&cells[i]))
			last = &cells[i];
	}
	fclose(out);
	return text;
}

/* --- the cells ------------------------------------------------------------*/

static bool differs_in_row(const struct matrix_cell *cells, size_t n,
			   const char *name, const json_t *value)
{
	for (size_t i = 0; i < n; i++)
		if (cells[i].result &&
		    cells[i].result->verdict == VERDICT_PASS &&
		    is_other_fact(name, value,
				  json_object_get(cells[i].result->measured,
						  name)))
			return true;
	return false;
}

/* Figures that cases share: an outcome, a time, a count, a state. Names of a
 * case's own are too many for a cell. */
static bool has_figures(json_t *measured)
{
	static const char *const names[] = { "outcome", "elapsed_s",
					     "client_state", "server_state" };
	const char *name;
	json_t *value;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (json_object_get(measured, names[i]))
			return true;
	json_object_foreach(measured, name, value)
		if (json_is_integer(value) && is_fact(name, value))
			return true;
	return false;
}

static void print_facts(FILE *out, const struct matrix_cell *cells, size_t n,
			const struct result *result, const char *summary)
{
	const char *name;
	json_t *value;

	json_object_foreach(result->measured, name, value)
		if (json_is_string(value) &&
		    !strstr(summary, json_string_value(value)) &&
		    differs_in_row(cells, n, name, value))
			fprintf(out, "%s%s %s", ftell(out) > 0 ? ", " : "",
				name, json_string_value(value));
}

static void print_cell(FILE *out, const struct matrix_cell *cells, size_t n,
		       const struct result *result)
{
	char summary[256] = "";

	if (result->verdict != VERDICT_PASS)
		fputs(report_verdict(result->verdict), out);
	if (result->verdict == VERDICT_SKIP)
		return;
	if (has_figures(result->measured))
		report_summary(result, false, summary, sizeof(summary));
	fprintf(out, "%s%s", ftell(out) > 0 && *summary ? " " : "", summary);
	print_facts(out, cells, n, result, summary);
	if (ftell(out) == 0)
		fputs(report_verdict(result->verdict), out);
}

void matrix_row_text(const struct matrix_cell *cells, size_t n, size_t i,
		     char *ret, size_t size)
{
	FILE *out = fmemopen(ret, size, "w");

	*ret = '\0';
	if (!out)
		return;
	if (cells[i].result)
		print_cell(out, cells, n, cells[i].result);
	else
		fputc('?', out);
	fclose(out);
	ret[size - 1] = '\0';
}
