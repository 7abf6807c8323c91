/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd-list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "documents.h"
#include "errors.h"
#include "exit-status.h"
#include "fold.h"
#include "macro.h"
#include "report.h"
#include "select.h"
#include "table.h"

struct options {
	bool document, markdown, jsonl, help;
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
	report_about(testcase_lasts_in_all(testcase), about);
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
		line = json_pack("{s:s, s:s, s:o, s:s, s:f, s:o, s:o, s:b}",
				 "type", "listed", "name", testcase->name,
				 "claims", claims_array(testcase), "claim",
				 testcase->claim, "seconds",
				 nsec_seconds(testcase_lasts_in_all(testcase)),
				 "needs", needs,
				 "variants", variants_array(testcase),
				 "default", (int)!testcase->by_name);
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

static void print_help(void)
{
	printf("usage: halfopen list [--document] [--format FORMAT] "
	       "[PATTERN...]\n\n"
	       "The cases: what each one is called, which claims of the "
	       "documents it is about,\nhow long it takes, what it needs.\n\n"
	       "  PATTERN        a name, a pattern ('server-*'), a claim (A5); "
	       "all without one\n"
	       "  --document     the claims instead, and what each one turned "
	       "out to be\n"
	       "  --format human the default\n"
	       "  --format jsonl one JSON object a line\n"
	       "  --format markdown\n"
	       "                 --document as the README has it\n\n"
	       "Exit status: 0, or 2 for a pattern that means no case.\n");
}

static bool complain(const char *argument, const char *what)
{
	fprintf(stderr, "halfopen list: %s '%s'; see halfopen list --help\n",
		what, argument);
	return false;
}

static bool parse_format(struct options *options, const char *format)
{
	if (!format)
		return complain("--format", "no format after");
	options->jsonl = strcmp(format, "jsonl") == 0;
	options->markdown = strcmp(format, "markdown") == 0;
	if (!options->jsonl && !options->markdown &&
	    strcmp(format, "human") != 0)
		return complain(format, "no such format:");
	return true;
}

/* Patterns move to the front of argv, from argv[1]. */
static bool parse(struct options *options, int argc, char **argv)
{
	static const char format[] = "--format=";

	options->patterns = argv + 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			options->help = true;
		} else if (strcmp(argv[i], "--document") == 0) {
			options->document = true;
		} else if (strcmp(argv[i], "--format") == 0) {
			i++;
			if (!parse_format(options, i < argc ? argv[i] : NULL))
				return false;
		} else if (strncmp(argv[i], format, strlen(format)) == 0) {
			if (!parse_format(options, argv[i] + strlen(format)))
				return false;
		} else if (argv[i][0] == '-') {
			return complain(argv[i], "unknown option");
		} else {
			options->patterns[options->n_patterns++] = argv[i];
		}
	}
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

	if (!parse(&options, argc, argv))
		return EXIT_STATUS_USAGE;
	if (options.help) {
		print_help();
		return EXIT_STATUS_PASS;
	}
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
