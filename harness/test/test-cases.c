/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of cases in cases/: what list, show and run need of each. */
#include <fnmatch.h>
#include <linux/version.h>
#include <stdio.h>
#include <string.h>

#include "case-table.h"
#include "documents.h"
#include "edges.h"
#include "kernel.h"
#include "unit.h"

static bool is_filled(const char *text)
{
	return text && *text;
}

START_TEST(names_are_unique_and_lower_case)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const char *name = testcases[i]->name;

		ck_assert_msg(strspn(name, "abcdefghijklmnopqrstuvwxyz"
					   "0123456789-") == strlen(name),
			      "%s", name);
		ck_assert_ptr_eq(testcase_find(name), testcases[i]);
	}
}
END_TEST

START_TEST(every_text_is_present)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *c = testcases[i];

		ck_assert_msg(is_filled(c->claim) && is_filled(c->why) &&
				      is_filled(c->sources) &&
				      is_filled(c->expect) && c->steps &&
				      c->steps[0],
			      "%s: a text is missing", c->name);
		ck_assert_msg(c->world && c->script, "%s", c->name);
	}
}
END_TEST

START_TEST(variants_have_sentences_of_their_own)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *first = testcases[i]->variants;

		for (const struct variant *v = first; v && v->name; v++) {
			ck_assert_msg(is_filled(v->what), "%s/%s: no sentence",
				      testcases[i]->name, v->name);
			ck_assert_msg(v->what[strlen(v->what) - 1] != '.',
				      "%s/%s ends with a full stop",
				      testcases[i]->name, v->name);
			for (const struct variant *w = first; w != v; w++)
				ck_assert_msg(strcmp(v->what, w->what) != 0,
					      "%s: %s and %s have the same "
					      "sentence",
					      testcases[i]->name, w->name,
					      v->name);
		}
	}
}
END_TEST

static void check_judgements(const char *name,
			     const struct judgement *judgement)
{
	for (; judgement && judgement->claim; judgement++) {
		ck_assert_msg(is_filled(documents_claim(judgement->claim)),
			      "%s judges %s, which is missing in "
			      "harness/command/documents.c",
			      name, judgement->claim);
		ck_assert_msg(judgement->document != DOCUMENT_NONE &&
				      is_filled(judgement->note),
			      "%s judges %s without a reason", name,
			      judgement->claim);
		ck_assert_msg((judgement->document == DOCUMENT_OUTDATED) ==
				      (judgement->since != NULL),
			      "%s, %s: 'since' belongs to outdated", name,
			      judgement->claim);
	}
}

START_TEST(judgements_have_claims_and_reasons)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;

		check_judgements(testcases[i]->name, testcases[i]->judgements);
		for (; variant && variant->name; variant++)
			check_judgements(testcases[i]->name,
					 variant->judgements);
	}
}
END_TEST

static bool is_judged(const char *claim)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct judgement *judgement = testcases[i]->judgements;
		const struct variant *variant = testcases[i]->variants;

		for (; judgement && judgement->claim; judgement++)
			if (strcmp(judgement->claim, claim) == 0)
				return true;
		for (; variant && variant->name; variant++)
			for (judgement = variant->judgements;
			     judgement && judgement->claim; judgement++)
				if (strcmp(judgement->claim, claim) == 0)
					return true;
	}
	return false;
}

START_TEST(stable_releases_decide_before_the_mainline_release)
{
	static const struct change backported = {
		KERNEL_VERSION(7, 1, 0), .stable = true,
		.present = { KERNEL_VERSION(6, 12, 91) },
		.absent = { KERNEL_VERSION(6, 1, 192) },
	};
	static const struct change mainline = { KERNEL_VERSION(6, 5, 0) };
	static const struct {
		unsigned int release;
		enum kernel_change state;
	} table[] = {
		{ KERNEL_VERSION(7, 1, 0), CHANGE_PRESENT },
		{ KERNEL_VERSION(7, 3, 4), CHANGE_PRESENT },
		{ KERNEL_VERSION(6, 12, 91), CHANGE_PRESENT },
		{ KERNEL_VERSION(6, 12, 117), CHANGE_PRESENT },
		{ KERNEL_VERSION(6, 12, 90), CHANGE_UNKNOWN },
		{ KERNEL_VERSION(6, 1, 192), CHANGE_ABSENT },
		{ KERNEL_VERSION(6, 1, 0), CHANGE_ABSENT },
		{ KERNEL_VERSION(6, 1, 193), CHANGE_UNKNOWN },
		{ KERNEL_VERSION(6, 6, 3), CHANGE_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_int_eq(kernel_change_of(&backported,
						  table[i].release),
				 table[i].state);
	ck_assert_int_eq(kernel_change_of(&mainline, KERNEL_VERSION(6, 5, 0)),
			 CHANGE_PRESENT);
	ck_assert_int_eq(kernel_change_of(&mainline, KERNEL_VERSION(6, 4, 99)),
			 CHANGE_ABSENT);
}
END_TEST

START_TEST(cases_belong_to_a_book)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *testcase = testcases[i];
		const struct variant *variant = testcase->variants;
		bool judges = testcase->judgements != NULL;

		for (; variant && variant->name; variant++)
			judges |= variant->judgements != NULL;
		ck_assert_msg(judges || testcase->topic,
			      "%s has neither judgements nor a topic",
			      testcase->name);
		ck_assert(testcase->topic == TOPIC_NONE ||
			  is_filled(edges_topic(testcase->topic)));
	}
}
END_TEST

START_TEST(every_claim_of_the_documents_is_judged)
{
	static const struct {
		char article;
		int claims;
	} articles[] = { { 'A', 21 }, { 'B', 15 }, { 'C', 21 }, { 'D', 13 } };

	for (size_t i = 0; i < ARRAY_SIZE(articles); i++)
		for (int j = 1; j <= articles[i].claims; j++) {
			char claim[16];

			snprintf(claim, sizeof(claim), "%c%d",
				 articles[i].article, j);
			ck_assert_msg(is_judged(claim), "no case judges %s",
				      claim);
		}
}
END_TEST

/* Of those with a text; single terms, not sentences. */
START_TEST(claims_have_terms_of_the_documents)
{
	enum { TERMS = 8 };
	size_t n;
	const struct documents_line *line = documents_lines(&n);

	for (; n > 0; n--, line++) {
		int terms = 1;

		if (line->kind != LINE_CLAIM || !line->text)
			continue;
		ck_assert_msg(is_filled(line->words), "%s has no terms",
			      line->id);
		for (const char *p = line->words; *p; p++)
			terms += *p == ' ';
		ck_assert_msg(terms <= TERMS, "%s has %d terms", line->id,
			      terms);
	}
}
END_TEST

START_TEST(default_set_has_no_case_over_30_s)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;

		if (testcases[i]->slow)
			continue;
		for (; variant && variant->name; variant++)
			ck_assert_msg(
				testcase_set(testcases[i], variant) !=
						SET_DEFAULT ||
					testcase_duration(testcases[i],
							  variant) <= SEC(30),
				"%s/%s", testcases[i]->name, variant->name);
		ck_assert_msg(testcases[i]->variants ||
				      testcases[i]->duration <= SEC(30),
			      "%s", testcases[i]->name);
	}
}
END_TEST

static const TTest *const *const tests[] = {
	&names_are_unique_and_lower_case,
	&every_text_is_present,
	&variants_have_sentences_of_their_own,
	&judgements_have_claims_and_reasons,
	&stable_releases_decide_before_the_mainline_release,
	&cases_belong_to_a_book,
	&every_claim_of_the_documents_is_judged,
	&claims_have_terms_of_the_documents,
	&default_set_has_no_case_over_30_s,
};

int main(void)
{
	return unit_run("cases", tests, ARRAY_SIZE(tests), NULL);
}
