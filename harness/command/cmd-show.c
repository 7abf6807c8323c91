/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen show prints the tables of a case (testcase.h) and nothing that is
 * measured, so that its text is the same on every machine.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "claim-search.h"
#include "documents.h"
#include "draw-world.h"
#include "exit-status.h"
#include "fold.h"
#include "macro.h"
#include "message.h"
#include "report.h"
#include "world-plan-control.h"

enum { COLUMNS = 80, INDENT = 2, HOST = 10 /* columns */ };

/* `text` is English. */
static void heading(const char *text)
{
	printf("\n%s\n", _(text));
}

static void paragraph(int indent, const char *text)
{
	printf("%*s", indent, "");
	fold_print(stdout, text, indent, indent, COLUMNS);
}

/* --- sections -------------------------------------------------------------*/

static void print_title(const struct testcase *testcase)
{
	char claims[REPORT_TEXT], about[REPORT_TEXT];

	report_all_claims(testcase, claims);
	report_about(testcase_longest_default(testcase), about);
	printf(_("%s  %s  (%s%s%s%s)\n"), testcase->name, claims, about,
	       _(case_set_text(testcase_set(testcase, NULL))),
	       testcase->exclusive ? _(", runs alone") : "",
	       testcase->no_fault ? _(", control without a fault") : "");
	paragraph(INDENT, _(testcase->claim));
}

static void print_rules(const struct world_plan *plan)
{
	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct planned_host host;

		world_plan_host(plan, i, &host);
		if (!host.rules)
			continue;
		printf(_("  The nftables rules of %s:\n"), host.name);
		paragraph(2 * INDENT, host.rules);
	}
}

static void print_world(const struct testcase *testcase)
{
	heading(N_("World"));
	draw_world(stdout, testcase->world, report_unicode(stdout));
	paragraph(INDENT,
		  testcase->world->ageing_neighbours ?
			  _("Neighbour entries are learned and age: address "
			    "resolution can fail.") :
			  _("Neighbour entries are permanent: address "
			    "resolution cannot fail."));
	print_rules(testcase->world);
}

static void print_settings(int indent, const struct setting *setting)
{
	for (; setting && setting->name; setting++) {
		const char *host =
			setting->host ? setting->host : _("every host");

		printf("%*s", indent, "");
		fold_pad(stdout, host, strlen(host), HOST);
		printf(" %s = ", setting->name);
		if (setting->text)
			printf("%s\n", setting->text);
		else
			printf("%ld\n", setting->value);
	}
}

static void print_judgements(int indent, const struct judgement *judgement)
{
	char text[REPORT_TEXT];

	for (; judgement && judgement->claim; judgement++) {
		printf("%*s%-4s %s\n", indent, "", judgement->claim,
		       report_judgement(document_text(judgement->document),
					judgement->since, text));
		if (judgement->note && *judgement->note)
			paragraph(indent + 5, _(judgement->note));
	}
}

/* --- variants -------------------------------------------------------------*/

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool judge_the_same(const struct judgement *a, const struct judgement *b)
{
	for (; a->claim && b->claim; a++, b++)
		if (!is_same(a->claim, b->claim) ||
		    a->document != b->document || !is_same(a->note, b->note) ||
		    !is_same(a->since, b->since))
			return false;
	return !a->claim && !b->claim;
}

/* The first variant with the same judgements: `variant` or an earlier one. */
static const struct variant *
first_with_judgements(const struct variant *earlier,
		      const struct variant *variant)
{
	while (earlier != variant &&
	       (!earlier->judgements ||
		!judge_the_same(earlier->judgements, variant->judgements)))
		earlier++;
	return earlier;
}

/* "B9 conditional, B11 wrong: as for short-queue" */
static void print_reference(const struct judgement *judgement,
			    const struct variant *first)
{
	char text[REPORT_TEXT];

	for (const struct judgement *j = judgement; j->claim; j++)
		printf("%s%s %s", j == judgement ? "    " : ", ", j->claim,
		       report_judgement(document_text(j->document), j->since,
					text));
	printf(_(": as for %s\n"), first->name);
}

static void print_variant(const struct testcase *testcase,
			  const struct variant *variant)
{
	const struct judgement *judgements = variant->judgements;
	const struct variant *first;
	char about[REPORT_TEXT];

	report_about(testcase_duration(testcase, variant), about);
	printf(_("  %s  (%s%s%s%s)\n"), variant->name, about,
	       _(case_set_text(testcase_set(testcase, variant))),
	       variant->needs_program ? _(", needs ") : "",
	       variant->needs_program ? variant->needs_program : "");
	paragraph(2 * INDENT, _(variant->what));
	print_settings(2 * INDENT, variant->settings);
	if (!judgements || !judgements->claim)
		return;
	first = first_with_judgements(testcase->variants, variant);
	if (first == variant)
		print_judgements(2 * INDENT, judgements);
	else
		print_reference(judgements, first);
}

static void print_variants(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;

	if (!variant || !variant->name)
		return;
	heading(N_("Variants"));
	for (; variant->name; variant++)
		print_variant(testcase, variant);
}

/* --- further sections -----------------------------------------------------*/

static void print_sysctls(const struct testcase *testcase)
{
	if (!testcase->settings || !testcase->settings->name)
		return;
	heading(N_("Sysctls"));
	print_settings(INDENT, testcase->settings);
}

static void print_steps(const struct testcase *testcase)
{
	const char *const *step = testcase->steps;

	if (!step || !*step)
		return;
	heading(N_("Steps"));
	for (int i = 1; *step; step++, i++) {
		printf("  %2d. ", i);
		fold_print(stdout, _(*step), 6, 6, COLUMNS);
	}
}

static void print_section(const char *title, const char *text)
{
	if (!text || !*text)
		return;
	heading(title);
	paragraph(INDENT, _(text));
}

static void print_document(const struct testcase *testcase)
{
	if (!testcase->judgements || !testcase->judgements->claim)
		return;
	heading(N_("Document"));
	print_judgements(INDENT, testcase->judgements);
}

/* One source per line; they are separated by "; ". */
static void print_sources(const struct testcase *testcase)
{
	const char *at = testcase->sources;

	if (!at || !*at)
		return;
	heading(N_("Sources"));
	while (*at) {
		size_t size = strcspn(at, ";");

		printf("  %.*s\n", (int)size, at);
		at += size;
		at += strspn(at, "; ");
	}
}

static void print_needs(const struct testcase *testcase)
{
	const struct need *need = testcase->needs;

	if (!need || !(need->kernel || need->program || need->sysctl))
		return;
	heading(N_("Requirements (otherwise SKIP)"));
	for (; need->kernel || need->program || need->sysctl; need++) {
		if (need->kernel)
			printf(_("  Linux %u.%u or later\n"), need->kernel >> 16,
			       need->kernel >> 8 & 0xff);
		if (need->program)
			printf(_("  the program %s\n"), need->program);
		if (need->sysctl)
			printf(_("  the sysctl %s\n"), need->sysctl);
	}
}

static void print_commands(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;

	heading(N_("Commands"));
	printf("  halfopen run %s\n", testcase->name);
	printf("  halfopen run -v %s\n", testcase->name);
	for (; variant && variant->name; variant++)
		printf("  halfopen run %s/%s\n", testcase->name, variant->name);
}

static void print_case(const struct testcase *testcase)
{
	print_title(testcase);
	print_world(testcase);
	print_sysctls(testcase);
	print_variants(testcase);
	print_steps(testcase);
	print_section(N_("Expected"), testcase->expect);
	print_section(N_("Why"), testcase->why);
	print_document(testcase);
	print_sources(testcase);
	print_needs(testcase);
	print_commands(testcase);
}

/* --- the command line -----------------------------------------------------*/

static const struct usage_word words[] = {
	{ "CASE", "a name, a shell pattern ('server-*'), a claim (A5), a figure "
		  "(图33), or words of the documents (拔掉网线), also a whole "
		  "sentence" },
	{ NULL, NULL },
};

const struct usage usage_show = {
	.name = "show",
	.arguments = "CASE...",
	.brief = "describe a case: steps, expectations, reasons",
	.text = "Prints a case's claim, world, sysctls, variants, steps, "
		"expectations and reasons, and the judgement of the documents. "
		"For a claim: first its paraphrase, the commands that draw its "
		"figures, and each judgement with the command that makes it.",
	.words = words,
	.status = "0, or 2 for an unknown name.",
};

static bool is_about_claim(void *data, const struct testcase *testcase MACRO_UNUSED,
			   const char *claim)
{
	return search_is_about_claim(data, claim);
}

/* Returns whether the patterns name any claim. */
static bool print_claims(struct search *search)
{
	size_t n;
	struct documents_row *rows =
		documents_rows(is_about_claim, search, &n);

	search_print(search, rows, n, COLUMNS);
	free(rows);
	return n > 0;
}

int cmd_show(int argc, char **argv)
{
	struct search search;
	bool first;
	int option;

	usage_begin(&usage_show, argc, argv);
	option = usage_next();
	if (option != USAGE_END)
		return usage_end(option);
	if (!argv[optind])
		return usage_error(_("missing CASE; 'halfopen list' lists them"));
	if (!claim_search_init(&search, "show", argv + optind,
			       SEARCH_NEAREST))
		return EXIT_STATUS_USAGE;
	first = !print_claims(&search);
	for (size_t i = 0; i < testcases_n; i++) {
		/* Those of the nearest claims would hide these. */
		if (search.nearest ||
		    !search_selects_case(&search, testcases[i]))
			continue;
		printf("%s", first ? "" : "\n\n");
		print_case(testcases[i]);
		first = false;
	}
	claim_search_deinit(&search);
	return EXIT_STATUS_PASS;
}
