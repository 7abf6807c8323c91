/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd-list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "documents.h"
#include "errors.h"
#include "exit-status.h"
#include "fold.h"
#include "macro.h"
#include "report.h"
#include "select.h"
#include "table.h"

struct options {
	bool document, markdown, jsonl;
	char **patterns; /* in argv */
	size_t n_patterns;
};

/* --- what a case is like ---------------------------------------------- */

static bool is_wanted(const struct options *options,
		      const struct testcase *testcase)
{
	for (size_t i = 0; i < options->n_patterns; i++)
		if (select_case(testcase, options->patterns[i]))
			return true;
	return options->n_patterns == 0;
}

/* Calls `tell` for each thing that the case cannot be shown without. */
static void each_need(const struct testcase *testcase,
		      void (*tell)(void *data, const char *text), void *data)
{
	char text[128];

	for (const struct need *need = testcase->needs;
	     need && (need->kernel || need->program || need->sysctl); need++) {
		if (need->kernel) {
			snprintf(text, sizeof(text), "Linux %u.%u",
				 need->kernel >> 16, need->kernel >> 8 & 0xff);
			tell(data, text);
		}
		if (need->program)
			tell(data, need->program);
		if (need->sysctl)
			tell(data, need->sysctl);
	}
}

static void tell_stream(void *data, const char *text)
{
	FILE *out = data;

	fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", text);
}

static char *needs_text(const struct testcase *testcase)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	each_need(testcase, tell_stream, out);
	fclose(out);
	return text;
}

/* --- the table -------------------------------------------------------- */

static int add_case(struct table *table, const struct testcase *testcase)
{
	char claims[REPORT_TEXT], about[REPORT_TEXT];
	char takes[REPORT_TEXT + 16];
	char *needs = needs_text(testcase);
	const char *cells[] = { testcase->name, claims, takes, needs,
				testcase->claim };
	int r;

	report_all_claims(testcase, claims);
	report_about(testcase_longest_default(testcase), about);
	snprintf(takes, sizeof(takes), "%s%s", about,
		 case_set_text(testcase_set(testcase, NULL)));
	r = table_add(table, cells, 0, NULL);
	free(needs);
	return r;
}

static int print_table(const struct options *options)
{
	static const char *const headings[] = { "case", "claims", "takes",
						"needs", "what it shows" };
	struct table *table;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < testcases_n && r >= 0; i++)
		if (is_wanted(options, testcases[i]))
			r = add_case(table, testcases[i]);
	if (r >= 0)
		table_print(table, stdout, report_columns(stdout));
	table_free(table);
	return r < 0 ? error_trace(r) : 0;
}

/* --- JSON lines ------------------------------------------------------- */

static void tell_array(void *data, const char *text)
{
	json_array_append_new(data, json_string(text));
}

static void append_claims(json_t *array, const struct judgement *judgement)
{
	size_t i;
	json_t *known;

	for (; judgement && judgement->claim; judgement++) {
		json_array_foreach (array, i, known)
			if (strcmp(json_string_value(known),
				   judgement->claim) == 0)
				break;
		if (i == json_array_size(array))
			json_array_append_new(array,
					      json_string(judgement->claim));
	}
}

static json_t *claims_array(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	json_t *array = json_array();

	append_claims(array, testcase->judgements);
	for (; variant && variant->name; variant++)
		append_claims(array, variant->judgements);
	return array;
}

static json_t *variants_array(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	json_t *array = json_array();

	for (; variant && variant->name; variant++)
		json_array_append_new(array, json_string(variant->name));
	return array;
}

static void print_jsonl(const struct options *options)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *testcase = testcases[i];
		json_t *needs, *line;

		if (!is_wanted(options, testcase))
			continue;
		needs = json_array();
		each_need(testcase, tell_array, needs);
		line = json_pack(
			"{s:s, s:s, s:o, s:s, s:f, s:o, s:o, s:b}", "type",
			"listed", "name", testcase->name, "claims",
			claims_array(testcase), "claim", testcase->claim,
			"seconds",
			nsec_seconds(testcase_longest_default(testcase)),
			"needs", needs, "variants", variants_array(testcase),
			"default", (int)!testcase->slow);
		json_dumpf(line, stdout,
			   JSON_COMPACT | JSON_REAL_PRECISION(15));
		putchar('\n');
		json_decref(line);
	}
}

/* --- what the documents are ------------------------------------------- */

static bool is_wanted_row(void *data, const struct testcase *testcase)
{
	return is_wanted(data, testcase);
}

static void print_document(struct options *options)
{
	size_t n;
	struct documents_row *rows = documents_rows(is_wanted_row, options, &n);

	if (options->markdown)
		documents_print_markdown(rows, n);
	else
		documents_print(rows, n, report_columns(stdout));
	free(rows);
}

/* --- the command line ------------------------------------------------- */

static const struct usage_word words[] = {
	{ "PATTERN",
	  "a name, a pattern ('server-*'), a claim (A5); all without one" },
	{ NULL, NULL },
};

static const struct usage_option option_table[] = {
	{ "document", 0, NULL, NULL,
	  "the claims instead, and what each one turned out to be" },
	{ "format", 0, "FORMAT", "human jsonl markdown",
	  "human (default); jsonl: one JSON object a line; markdown: "
	  "the table of claims in cases/README.md" },
	{ .name = NULL },
};

enum { LIST_DOCUMENT = USAGE_FIRST, LIST_FORMAT };

const struct usage usage_list = {
	.name = "list",
	.arguments = "[PATTERN...] [options]",
	.brief = "the cases, and the claims they prove",
	.text = "The cases: what each one is called, which claims of the "
		"documents it is about, how long it takes, what it needs.",
	.words = words,
	.options = option_table,
	.status = "0, or 2 for a pattern that means no case.",
};

static bool parse_format(struct options *options, const char *format)
{
	options->jsonl = strcmp(format, "jsonl") == 0;
	options->markdown = strcmp(format, "markdown") == 0;
	if (options->jsonl || options->markdown || strcmp(format, "human") == 0)
		return true;
	fprintf(stderr, "halfopen list: no such format: '%s'; see halfopen "
			"list --help\n", format);
	return false;
}

/* False: `ret_status` is what is left to be said. */
static bool parse(struct options *options, int argc, char **argv,
		  int *ret_status)
{
	int code;

	usage_begin(&usage_list, argc, argv);
	while ((code = usage_next()) != -1) {
		if (code == LIST_DOCUMENT) {
			options->document = true;
			continue;
		}
		if (code == LIST_FORMAT && parse_format(options, optarg))
			continue;
		*ret_status = code == LIST_FORMAT ?
				      EXIT_STATUS_USAGE :
				      usage_end(&usage_list, code);
		return false;
	}
	options->patterns = argv + optind;
	options->n_patterns = (size_t)(argc - optind);
	return true;
}

static int fail(void)
{
	fprintf(stderr, "halfopen list: %s\n", error_trail());
	return EXIT_STATUS_BROKEN;
}

int cmd_list(int argc, char **argv)
{
	struct options options = { .document = false };
	int status;

	if (!parse(&options, argc, argv, &status))
		return status;
	for (size_t i = 0; i < options.n_patterns; i++)
		if (!select_check("list", options.patterns[i]))
			return EXIT_STATUS_USAGE;
	if (options.document || options.markdown)
		print_document(&options);
	else if (options.jsonl)
		print_jsonl(&options);
	else if (print_table(&options) < 0)
		return fail();
	return EXIT_STATUS_PASS;
}
