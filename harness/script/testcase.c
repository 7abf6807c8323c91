/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testcase.h"

#include <string.h>

#include "errors.h"
#include "macro.h"

const struct world_plan world_pair = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
};

const struct world_plan world_pair_ageing = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
	.ageing_neighbours = true,
};

const struct world_plan world_pair_bulk = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" } },
	.bulk = true,
};

const struct testcase *testcase_find(const char *name)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (strcmp(testcases[i]->name, name) == 0)
			return testcases[i];
	return NULL;
}

enum case_set testcase_set(const struct testcase *testcase,
			   const struct variant *variant)
{
	if (variant && variant->defaults)
		return SET_DEFAULTS;
	return testcase->by_name || (variant && variant->by_name) ?
		       SET_LONG :
		       SET_DEFAULT;
}

const char *case_set_text(enum case_set set)
{
	static const char *const texts[] = {
		[SET_DEFAULT] = "",
		[SET_LONG] = ", with --all",
		[SET_DEFAULTS] = ", with --defaults",
	};

	return texts[set];
}

nsec_t testcase_lasts(const struct testcase *testcase,
		      const struct variant *variant)
{
	return variant && variant->lasts ? variant->lasts : testcase->lasts;
}

nsec_t testcase_lasts_in_all(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	nsec_t longest = variant && variant->name ? 0 : testcase->lasts;

	for (; variant && variant->name; variant++)
		if (!variant->by_name && !variant->defaults)
			longest = MAX(longest,
				      testcase_lasts(testcase, variant));
	return longest;
}

const struct world_plan *testcase_world(const struct testcase *testcase,
					const struct variant *variant)
{
	return variant && variant->world ? variant->world : testcase->world;
}

const struct judgement *testcase_judgements(const struct testcase *testcase,
					    const struct variant *variant)
{
	return variant && variant->judgements ? variant->judgements :
						testcase->judgements;
}

const char *document_text(enum document document)
{
	static const char *const texts[] = {
		[DOCUMENT_NONE] = "",
		[DOCUMENT_RIGHT] = "right",
		[DOCUMENT_CONDITIONAL] = "conditional",
		[DOCUMENT_OUTDATED] = "outdated",
		[DOCUMENT_WRONG] = "wrong",
	};

	return texts[document];
}

int world_plan_address(const struct world_plan *plan, size_t i, int family,
		       struct address *ret)
{
	int r = address_parse(ret, family == AF_INET6 ? plan->hosts[i].v6 :
							plan->hosts[i].v4);

	return r < 0 ? error_trace(r) : 0;
}
