/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row of the matrix. Each kernel is compared with the previous one that has a
 * result and did not fail. A difference is explained if the case declares a change
 * of the kernel between the two versions; any other one is unexpected. FAIL is
 * always unexpected; BROKEN and a missing result prove nothing about the kernel.
 */
#include "matrix-row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "macro.h"
#include "message.h"
#include "report.h"

/* --- differences ----------------------------------------------------------*/

/* The first fact of a that differs in b; NULL: none. */
static const char *other_fact(json_t *a, json_t *b)
{
	const char *name;
	json_t *value;

	json_object_foreach(a, name, value)
		if (difference_is_other_fact(name, value,
					     json_object_get(b, name)))
			return name;
	return NULL;
}

/* The name of what differs in two results; NULL: nothing. */
static const char *find_difference(const struct result *a,
				   const struct result *b)
{
	const char *fact;

	if (a->verdict != b->verdict)
		return "verdict";
	fact = other_fact(a->measured, b->measured);
	if (!fact && (difference_is_sooner(a->predicted, b->predicted) ||
		      difference_is_sooner(b->predicted, a->predicted)))
		fact = "elapsed_s";
	return fact;
}

/* --- their description ----------------------------------------------------*/

static void print_difference(FILE *out, const char *name,
			     const struct result *a, const struct result *b)
{
	const struct result *both[] = { a, b };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		const char *reason = both[i]->reason;
		char buffer[512];

		fputs(i ? _(", then ") : "", out);
		if (strcmp(name, "verdict") == 0)
			fprintf(out, "%s%s%s", report_verdict(both[i]->verdict),
				*reason ? _(": ") : "",
				message_record(reason, buffer, sizeof(buffer)));
		else
			difference_print_value(
				out, json_object_get(both[i]->measured, name));
	}
}

static bool explain(FILE *out, const struct matrix_cell *a,
		    const struct matrix_cell *b, const char *name)
{
	const char *reason = *a->result->reason ? a->result->reason :
						   b->result->reason;
	char buffer[REPORT_TEXT];

	if (difference_print_changes(out, a->result->testcase, a->version,
				     b->version, reason))
		return true;
	fprintf(out, _("unexpected between %s and %s: "), a->release,
		b->release);
	if (strcmp(name, "verdict") != 0)
		fprintf(out, "%s ",
			message_value(name, buffer, sizeof(buffer)));
	print_difference(out, name, a->result, b->result);
	return false;
}

static bool has_no_result(const struct matrix_cell *cell)
{
	return !cell->result || cell->result->verdict == VERDICT_BROKEN;
}

static bool has_failed(const struct matrix_cell *cell)
{
	return cell->result->verdict == VERDICT_FAIL;
}

static void print_step(FILE *out, const struct matrix_cell *last,
		       const struct matrix_cell *cell, bool *unexpected)
{
	const char *name = NULL;

	if (has_no_result(cell) || has_failed(cell)) {
		fputs(ftell(out) > 0 ? _("; ") : "", out);
		fprintf(out,
			has_no_result(cell) ? _("no result on %s") :
					      _("unexpected: FAIL on %s"),
			cell->release);
		if (cell->result) {
			fputs(_(": "), out);
			difference_print_why(out, cell->result);
		}
		*unexpected |= !has_no_result(cell);
		return;
	}
	if (last)
		name = find_difference(last->result, cell->result);
	if (!name)
		return;
	fputs(ftell(out) > 0 ? _("; ") : "", out);
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
		if (!has_no_result(&cells[i]) && !has_failed(&cells[i]))
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
		    difference_is_other_fact(
			    name, value,
			    json_object_get(cells[i].result->measured, name)))
			return true;
	return false;
}

/* Values that cases share: outcome, time, count, state. A case's own names
 * would be too many for a cell. */
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
		if (json_is_integer(value) && difference_is_fact(name, value))
			return true;
	return false;
}

static void print_facts(FILE *out, const struct matrix_cell *cells, size_t n,
			const struct result *result, const char *summary)
{
	char name_buffer[REPORT_TEXT], buffer[REPORT_TEXT];
	const char *name;
	json_t *value;

	json_object_foreach(result->measured, name, value)
	{
		const char *text =
			json_is_string(value) ?
				message_value(json_string_value(value), buffer,
					      sizeof(buffer)) :
				NULL;

		if (text && !strstr(summary, text) &&
		    differs_in_row(cells, n, name, value))
			fprintf(out, "%s%s %s", ftell(out) > 0 ? ", " : "",
				message_value(name, name_buffer,
					      sizeof(name_buffer)),
				text);
	}
}

static void print_cell(FILE *out, const struct matrix_cell *cells, size_t n,
		       const struct result *result)
{
	char summary[512] = "";

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
