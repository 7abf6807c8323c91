/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sentence, parsed as an action, a moment, an expectation and a duration: the
 * text of a valid one means the same when it is parsed again, and the message
 * for any other has a column. */
#include <errno.h>

#include "fuzz.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "lab-value.h"

static void must_be_refused(int r)
{
	fuzz_must(r == -EINVAL && *error_message());
	fuzz_must(strstr(error_message(), "column "));
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void action(struct lab_plan *plan, const char *text)
{
	struct lab_action first, again;
	int r = lab_action_parse(plan, text, NULL, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	fuzz_must(lab_action_parse(plan, first.text, NULL, &again) == 0);
	fuzz_must(same(first.text, again.text) && same(first.name, again.name));
	fuzz_must(same(first.program, again.program) &&
		  same(first.command, again.command) &&
		  first.signal == again.signal);
	fuzz_must(lab_action_equal(&first, &again));
}

static void moment(struct lab_plan *plan, const char *text)
{
	struct lab_moment first, again;
	int r = lab_moment_parse(plan, text, NULL, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	fuzz_must(lab_moment_parse(plan, first.text, NULL, &again) == 0);
	fuzz_must(same(first.text, again.text));
	fuzz_must(first.after == again.after && first.event == again.event &&
		  first.sent == again.sent && first.count == again.count &&
		  first.kinds == again.kinds && first.state == again.state);
	fuzz_must(same(first.host, again.host) &&
		  same(first.line, again.line) &&
		  same(first.program, again.program));
	fuzz_must(!first.action == (first.event != LAB_AFTER_STEP));
	fuzz_must(!first.action ||
		  lab_action_equal(first.action, again.action));
}

static void expectation(struct lab_plan *plan, const char *text)
{
	struct lab_expectation first, again;
	int r = lab_expectation_parse(plan, text, NULL, &first);

	if (r < 0) {
		must_be_refused(r);
		return;
	}
	fuzz_must(lab_expectation_parse(plan, first.text, NULL, &again) == 0);
	fuzz_must(same(first.text, again.text));
	fuzz_must(first.kind == again.kind && first.negated == again.negated &&
		  first.number == again.number && first.state == again.state &&
		  first.kinds == again.kinds && first.min == again.min &&
		  first.max == again.max && first.from == again.from &&
		  first.within == again.within && first.min <= first.max);
	fuzz_must(same(first.host, again.host) &&
		  same(first.program, again.program) &&
		  same(first.line, again.line) &&
		  same(first.counter, again.counter) &&
		  same(first.outcome, again.outcome));
}

static void duration(const char *text)
{
	char again_text[64];
	nsec_t first = 77, again;

	if (lab_value_duration(text, &first) < 0) {
		fuzz_must(first == 77 && *error_message());
		return;
	}
	fuzz_must(first >= 0);
	lab_value_duration_text(first, again_text, sizeof(again_text));
	fuzz_must(lab_value_duration(again_text, &again) == 0 &&
		  again == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct lab_plan *plan = NULL;

	fuzz_must(lab_plan_new(&plan) == 0);
	action(plan, text);
	moment(plan, text);
	expectation(plan, text);
	duration(text);
	fuzz_must(plan->n_programs == 0 && plan->n_steps == 0);
	lab_plan_free(plan);
	free(text);
	return 0;
}
