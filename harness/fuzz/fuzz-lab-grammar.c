/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sentence of the lab, read as each of its sorts: what is one, is said in one
 * form, which means the same. */
#include <errno.h>

#include "fuzz.h"
#include "lab-words.h"

static struct lab_plan *new_plan(void)
{
	struct lab_plan *plan = NULL;

	fuzz_must(lab_plan_new(&plan) == 0);
	return plan;
}

static void must_be_refused(int r)
{
	fuzz_must(r == -EINVAL && *error_message());
	fuzz_must(strstr(error_message(), "column "));
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* All but the text, and what is kept in other memory. */
static void must_be_same(const struct lab_action *a, const struct lab_action *b)
{
	fuzz_must(a->verb == b->verb && a->fault == b->fault);
	fuzz_must(same(a->host, b->host) && same(a->argument, b->argument) &&
		  same(a->program, b->program) &&
		  same(a->command, b->command) && same(a->from, b->from) &&
		  same(a->to, b->to) && same(a->name, b->name) &&
		  same(a->value, b->value) && same(a->peer, b->peer));
	fuzz_must(a->signal == b->signal && a->kinds == b->kinds &&
		  a->first == b->first && a->count == b->count &&
		  a->rate == b->rate && a->port == b->port &&
		  a->time == b->time && a->answer == b->answer);
	fuzz_must(a->peer_port == b->peer_port && a->times == b->times &&
		  a->backlog == b->backlog && a->service == b->service &&
		  a->bytes == b->bytes);
}

static void action(struct lab_plan *plan, const char *text)
{
	struct lab_action first, again;
	int r = lab_action_parse(plan, text, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	fuzz_must(lab_action_parse(plan, first.text, &again) == 0);
	fuzz_must(same(first.text, again.text));
	must_be_same(&first, &again);
}

static void moment(struct lab_plan *plan, const char *text)
{
	struct lab_moment first, again;
	const char *said;
	int r = lab_moment_parse(plan, text, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	said = lab_moment_text(plan, &first);
	fuzz_must(lab_moment_parse(plan, said, &again) == 0);
	fuzz_must(same(said, lab_moment_text(plan, &again)));
	fuzz_must(first.after == again.after && first.event == again.event &&
		  first.sent == again.sent && first.count == again.count &&
		  first.kinds == again.kinds && first.state == again.state);
	fuzz_must(same(first.host, again.host) &&
		  same(first.text, again.text) &&
		  same(first.program, again.program));
}

static void expectation(struct lab_plan *plan, const char *text)
{
	struct lab_expectation first, again;
	int r = lab_expectation_parse(plan, text, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	fuzz_must(lab_expectation_parse(plan, first.text, &again) == 0);
	fuzz_must(same(first.text, again.text));
	fuzz_must(first.kind == again.kind &&
		  first.negated == again.negated &&
		  first.number == again.number && first.state == again.state &&
		  first.kinds == again.kinds && first.min == again.min &&
		  first.max == again.max && first.from == again.from &&
		  first.within == again.within && first.min <= first.max);
	fuzz_must(same(first.host, again.host) &&
		  same(first.program, again.program) &&
		  same(first.words, again.words) &&
		  same(first.outcome, again.outcome));
}

static void duration(const char *text)
{
	char said[64];
	nsec_t first = 77, again;

	if (lab_duration_parse(text, &first) < 0) {
		fuzz_must(first == 77 && *error_message());
		return;
	}
	fuzz_must(first >= 0);
	lab_duration_text(first, said, sizeof(said));
	fuzz_must(lab_duration_parse(said, &again) == 0 && again == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct lab_plan *plan = new_plan();

	action(plan, text);
	moment(plan, text);
	expectation(plan, text);
	duration(text);
	fuzz_must(plan->n_programs == 0 && plan->n_steps == 0);
	lab_plan_free(plan);
	free(text);
	return 0;
}
