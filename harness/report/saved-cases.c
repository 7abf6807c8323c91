/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "saved-cases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

struct told_case {
	struct testcase testcase;
	struct told_case *next;
};

struct told_variant {
	const struct testcase *testcase;
	struct variant variant;
	struct told_variant *next;
};

struct saved_cases {
	json_t *starts; /* the records that the texts are borrowed from */
	struct told_case *told;
	struct told_variant *variants;
	struct judgement **judgements;
	size_t n_judgements;
};

int saved_cases_new(struct saved_cases **ret)
{
	struct saved_cases *saved = calloc(1, sizeof(*saved));

	if (!saved)
		return error_origin(-ENOMEM, "cases");
	saved->starts = json_array();
	if (!saved->starts) {
		free(saved);
		return error_origin(-ENOMEM, "cases");
	}
	*ret = saved;
	return 0;
}

struct saved_cases *saved_cases_free(struct saved_cases *saved)
{
	if (!saved)
		return NULL;
	while (saved->told) {
		struct told_case *told = saved->told;

		saved->told = told->next;
		free(told);
	}
	while (saved->variants) {
		struct told_variant *told = saved->variants;

		saved->variants = told->next;
		free(told);
	}
	for (size_t i = 0; i < saved->n_judgements; i++)
		free(saved->judgements[i]);
	free(saved->judgements);
	json_decref(saved->starts);
	free(saved);
	return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool is_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static enum document document_of(const char *text)
{
	for (int i = DOCUMENT_NONE; i <= DOCUMENT_WRONG; i++)
		if (text && strcmp(document_text((enum document)i), text) == 0)
			return (enum document)i;
	return DOCUMENT_NONE;
}

/* Ends with an empty one, as everywhere; NULL without memory. */
static const struct judgement *keep_judgements(struct saved_cases *saved,
					       const json_t *array)
{
	struct judgement **all =
		reallocarray(saved->judgements, saved->n_judgements + 1,
			     sizeof(*all));
	struct judgement *judgements;
	size_t n = 0, i;
	json_t *each;

	if (!all)
		return NULL;
	saved->judgements = all;
	judgements = calloc(json_array_size(array) + 1, sizeof(*judgements));
	if (!judgements)
		return NULL;
	all[saved->n_judgements++] = judgements;
	json_array_foreach (array, i, each)
		if (text_of(each, "claim"))
			judgements[n++] = (struct judgement){
				.claim = text_of(each, "claim"),
				.document =
					document_of(text_of(each, "document")),
				.since = text_of(each, "since"),
				.note = text_of(each, "note"),
			};
	return judgements;
}

static struct testcase *find_told(struct saved_cases *saved, const char *name,
				  const char *claim)
{
	for (struct told_case *told = saved->told; told; told = told->next)
		if (is_same(told->testcase.name, name) &&
		    is_same(told->testcase.claim, claim))
			return &told->testcase;
	return NULL;
}

static const struct testcase *tell_case(struct saved_cases *saved,
					const json_t *start)
{
	static const struct judgement none[] = { { .claim = NULL } };
	const char *name = text_of(start, "name");
	const char *claim = text_of(start, "claim");
	struct told_case *told;

	if (find_told(saved, name, claim))
		return find_told(saved, name, claim);
	told = calloc(1, sizeof(*told));
	if (!told)
		return NULL;
	told->testcase = (struct testcase){
		.name = name,
		.claim = claim ? claim : "",
		.why = text_of(start, "why"),
		.sources = text_of(start, "see"),
		.expect = text_of(start, "expect"),
		.judgements = none,
	};
	told->next = saved->told;
	saved->told = told;
	if (!text_of(start, "variant"))
		told->testcase.judgements = keep_judgements(
			saved, json_object_get(start, "judgements"));
	return told->testcase.judgements ? &told->testcase : NULL;
}

static const struct variant *tell_variant(struct saved_cases *saved,
					  const struct testcase *testcase,
					  const json_t *start)
{
	const char *name = text_of(start, "variant");
	struct told_variant *told = saved->variants;

	for (; told; told = told->next)
		if (told->testcase == testcase &&
		    is_same(told->variant.name, name))
			return &told->variant;
	told = calloc(1, sizeof(*told));
	if (!told)
		return NULL;
	told->testcase = testcase;
	told->variant.name = name;
	told->next = saved->variants;
	saved->variants = told;
	told->variant.judgements = keep_judgements(
		saved, json_object_get(start, "judgements"));
	return told->variant.judgements ? &told->variant : NULL;
}

static const struct variant *own_variant(const struct testcase *testcase,
					 const char *name)
{
	const struct variant *variant = testcase->variants;

	for (; name && variant && variant->name; variant++)
		if (strcmp(variant->name, name) == 0)
			return variant;
	return NULL;
}

static bool says_the_same(const struct judgement *own, const json_t *array)
{
	size_t i;
	json_t *each;

	json_array_foreach (array, i, each) {
		if (!own || !own->claim ||
		    !is_same(own->claim, text_of(each, "claim")) ||
		    !is_same(document_text(own->document),
			     text_of(each, "document")) ||
		    !is_same(own->note, text_of(each, "note")) ||
		    !is_same(own->since, text_of(each, "since")))
			return false;
		own++;
	}
	return !own || !own->claim;
}

/* This program's own case, when it still is what the journal says. */
static bool find_own(const json_t *start, const struct testcase **ret,
		     const struct variant **ret_variant)
{
	const char *variant_name = text_of(start, "variant");
	const struct testcase *testcase = testcase_find(text_of(start, "name"));
	const struct variant *variant =
		testcase ? own_variant(testcase, variant_name) : NULL;
	const json_t *judgements = json_object_get(start, "judgements");

	if (!testcase || (variant_name && !variant))
		return false;
	if (text_of(start, "claim") &&
	    (!is_same(testcase->claim, text_of(start, "claim")) ||
	     !says_the_same(testcase_judgements(testcase, variant),
			    judgements)))
		return false;
	*ret = testcase;
	*ret_variant = variant;
	return true;
}

static int make_result(struct saved_cases *saved, struct result **ret,
		       const json_t *start)
{
	const struct testcase *testcase = NULL;
	const struct variant *variant = NULL;
	json_int_t attempt = json_integer_value(json_object_get(start, "try"));
	json_int_t family = json_integer_value(json_object_get(start, "family"));
	int r;

	if (!find_own(start, &testcase, &variant)) {
		testcase = tell_case(saved, start);
		if (testcase && text_of(start, "variant"))
			variant = tell_variant(saved, testcase, start);
		if (!testcase || (text_of(start, "variant") && !variant))
			return error_origin(-ENOMEM, "case");
	}
	r = result_new(ret, testcase, variant, family == 6 ? 6 : 4,
		       (unsigned int)json_integer_value(
			       json_object_get(start, "repetition")),
		       (unsigned int)MAX(attempt, 1));
	if (r < 0)
		return error_trace(r);
	(*ret)->final = true;
	return 0;
}

int saved_cases_result(struct saved_cases *saved, struct result **ret,
		       json_t *start)
{
	int r;

	if (json_array_append(saved->starts, start) < 0)
		return error_origin(-ENOMEM, "cases");
	r = make_result(saved, ret, start);
	return r < 0 ? error_trace(r) : 0;
}
