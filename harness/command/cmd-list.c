/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen list: one selection of cases, printed as a table, as JSON lines, or the
 * other way round: with --document by claim, with the cases that judge it, and with
 * --edges by topic of the second book.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "claim-search.h"
#include "documents.h"
#include "edges.h"
#include "errors.h"
#include "exit-status.h"
#include "fold.h"
#include "macro.h"
#include "message.h"
#include "report.h"
#include "table.h"

struct options {
	bool document, edges, markdown, jsonl;
	struct search search;
};

static bool is_selected_claim(void *data, const struct testcase *testcase,
			      const char *claim)
{
	const struct options *options = data;

	return search_selects_claim(&options->search, testcase, claim);
}

/* --- requirements ----------------------------------------------------- */

/* Calls `item` for each requirement of the case. */
static void each_need(const struct testcase *testcase,
		      void (*item)(void *data, const char *text), void *data)
{
	char text[128];

	for (const struct need *need = testcase->needs;
	     need && (need->kernel || need->program || need->sysctl); need++) {
		if (need->kernel) {
			snprintf(text, sizeof(text), "Linux %u.%u",
				 need->kernel >> 16, need->kernel >> 8 & 0xff);
			item(data, text);
		}
		if (need->program)
			item(data, need->program);
		if (need->sysctl)
			item(data, need->sysctl);
	}
}

static void print_need(void *data, const char *text)
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
	each_need(testcase, print_need, out);
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
				_(testcase->claim) };
	int r;

	report_all_claims(testcase, claims);
	report_about(testcase_longest_default(testcase), about);
	snprintf(takes, sizeof(takes), "%s%s", about,
		 _(case_set_text(testcase_set(testcase, NULL))));
	r = table_add(table, cells, 0, COLOUR_PLAIN);
	free(needs);
	return r;
}

static int print_table(const struct options *options)
{
	const char *const headings[] = { _("case"), _("claims"), _("time"),
					 _("needs"), _("statement") };
	struct table *table;
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < testcases_n && r >= 0; i++)
		if (search_selects_case(&options->search, testcases[i]))
			r = add_case(table, testcases[i]);
	if (r >= 0)
		table_print(table, stdout, report_columns(stdout));
	table_free(table);
	if (r >= 0)
		search_print_figure(&options->search);
	return error_trace(r);
}

/* --- JSON lines ------------------------------------------------------- */

static void append_need(void *data, const char *text)
{
	json_array_append_new(data, json_string(text));
}

static void append_claims(json_t *array, const struct judgement *judgement)
{
	size_t i;
	json_t *other;

	for (; judgement && judgement->claim; judgement++) {
		json_array_foreach (array, i, other)
			if (strcmp(json_string_value(other),
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

		if (!search_selects_case(&options->search, testcase))
			continue;
		needs = json_array();
		each_need(testcase, append_need, needs);
		line = json_pack(
			"{s:s, s:s, s:o, s:s?, s:s, s:f, s:o, s:o, s:b}",
			"type", "listed", "name", testcase->name, "claims",
			claims_array(testcase), "topic",
			edges_topic(testcase->topic), "claim", testcase->claim,
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

/* --- judgements ------------------------------------------------------- */

static bool is_selected_row(void *data, const struct testcase *testcase)
{
	const struct options *options = data;

	return search_selects_case(&options->search, testcase);
}

/* For patterns that select cases only. */
static void print_other_cases(const struct options *options)
{
	puts(_("No claim of the documents is about this; these cases are:"));
	for (size_t i = 0; i < testcases_n; i++)
		if (search_selects_case(&options->search, testcases[i])) {
			printf("  halfopen show %s\n    ", testcases[i]->name);
			fold_print(stdout, _(testcases[i]->claim), 4, 4,
				   report_columns(stdout));
		}
}

static void print_document(struct options *options)
{
	size_t n;
	struct documents_row *rows =
		documents_rows(is_selected_claim, options, &n);

	if (options->markdown)
		documents_print_markdown(rows, n);
	else if (n)
		search_print(&options->search, rows, n, report_columns(stdout));
	else
		print_other_cases(options);
	free(rows);
}

static void print_edges(struct options *options)
{
	if (options->markdown)
		edges_print_markdown(is_selected_row, options);
	else
		edges_print(is_selected_row, options, report_columns(stdout));
}

/* --- the command line ------------------------------------------------- */

static const struct usage_word words[] = {
	{ "PATTERN",
	  "a name, a shell pattern ('server-*'), a claim (A5), a figure (图33), or "
	  "words of the documents (拔掉网线), also a whole sentence; default: all" },
	{ NULL, NULL },
};

static const struct usage_option option_table[] = {
	{ "document", 0, NULL, NULL,
	  "list the documents' claims and their judgements instead" },
	{ "edges", 0, NULL, NULL,
	  "list the second book, timers and edges, by topic instead" },
	{ "format", 0, "FORMAT", "human jsonl markdown",
	  "human (default); jsonl: one JSON object a line; markdown: "
	  "the table of claims in cases/README.md, or with --edges that of "
	  "the second book" },
	{ .name = NULL },
};

enum option_code { OPTION_DOCUMENT, OPTION_EDGES, OPTION_FORMAT };

const struct usage usage_list = {
	.name = "list",
	.arguments = "[PATTERN...] [options]",
	.brief = "list the cases and the claims they prove",
	.text = "Lists the cases: name, claims of the documents, time, "
		"requirements, and the claim in one sentence.",
	.words = words,
	.options = option_table,
	.status = "0, also if only claims near a text are found; 2 for a pattern "
		  "without a match.",
};

int cmd_list(int argc, char **argv)
{
	struct options options = { .document = false };
	int option, r = 0;

	usage_begin(&usage_list, argc, argv);
	while ((option = usage_next()) >= 0) {
		if (option == OPTION_DOCUMENT)
			options.document = true;
		if (option == OPTION_EDGES)
			options.edges = true;
		if (option != OPTION_FORMAT)
			continue;
		options.jsonl = strcmp(optarg, "jsonl") == 0;
		options.markdown = strcmp(optarg, "markdown") == 0;
	}
	if (option != USAGE_END)
		return usage_end(option);
	/* A program is not told of what is only near. */
	if (!claim_search_init(&options.search, "list", argv + optind,
			       options.jsonl || options.markdown ||
					       options.edges ?
				       SEARCH_WHOLE :
				       SEARCH_NEAREST))
		return EXIT_STATUS_USAGE;
	if (options.edges)
		print_edges(&options);
	else if (options.jsonl && !options.document)
		print_jsonl(&options);
	else if (options.document || options.markdown ||
		 options.search.nearest)
		print_document(&options);
	else
		r = print_table(&options);
	claim_search_deinit(&options.search);
	if (r < 0) {
		fprintf(stderr, "halfopen list: %s\n", error_text());
		return EXIT_STATUS_BROKEN;
	}
	return EXIT_STATUS_PASS;
}
