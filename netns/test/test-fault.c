/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of verbs is consistent. What the verbs do: test-world.c. */
#include "fault.h"

#include <string.h>

#include "macro.h"
#include "unit.h"

START_TEST(names_are_unique_and_found)
{
	size_t n;
	const struct fault_verb *verbs = fault_verbs(&n);

	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_eq(fault_verb(verbs[i].name), &verbs[i]);
		ck_assert_ptr_eq(fault_recorded_verb(verbs[i].name), &verbs[i]);
		ck_assert_ptr_nonnull(verbs[i].arguments);
		ck_assert_ptr_nonnull(verbs[i].what);
		ck_assert(verbs[i].apply);
	}
	ck_assert_ptr_null(fault_verb("explode"));
	ck_assert_ptr_null(fault_recorded_verb("explode"));
}
END_TEST

START_TEST(script_verbs_are_recorded_and_cannot_be_applied)
{
	static const char *const names[] = {
		"drop",	   "hold",   "delay",  "duplicate", "reject",
		"release", "disarm", "inject", "segfault",  "move",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct fault_verb *verb = fault_recorded_verb(names[i]);

		ck_assert_msg(verb, "%s", names[i]);
		ck_assert(!verb->apply);
		ck_assert_ptr_null(fault_verb(names[i]));
		if (!verb->undo)
			continue;
		ck_assert_int_eq(fault_recorded_verb(verb->undo)->drawing,
				 FAULT_DRAW_END);
	}
}
END_TEST

START_TEST(every_lasting_verb_has_a_state_and_an_undo_that_is_drawn_as_end)
{
	size_t n;
	const struct fault_verb *verbs = fault_verbs(&n);

	for (size_t i = 0; i < n; i++) {
		const struct fault_verb *verb = &verbs[i];
		const struct fault_verb *undo;

		ck_assert_msg(!verb->undo == !verb->state, "%s", verb->name);
		if (!verb->undo) {
			ck_assert_msg(verb->drawing == FAULT_DRAW_EVENT ||
					      verb->drawing == FAULT_DRAW_END,
				      "%s", verb->name);
			ck_assert(!verb->stops_processes);
			ck_assert(!verb->survives_crash);
			continue;
		}
		undo = fault_verb(verb->undo);
		ck_assert_msg(undo, "%s", verb->name);
		ck_assert_msg(undo->drawing == FAULT_DRAW_END, "%s",
			      undo->name);
		ck_assert_ptr_null(undo->undo);
	}
}
END_TEST

START_TEST(every_verb_that_is_drawn_as_end_undoes_another)
{
	size_t n;
	const struct fault_verb *verbs = fault_verbs(&n);

	for (size_t i = 0; i < n; i++) {
		unsigned int undone = 0;

		for (size_t j = 0; j < n; j++)
			undone += verbs[j].undo &&
				  strcmp(verbs[j].undo, verbs[i].name) == 0;
		ck_assert_msg(undone == (verbs[i].drawing == FAULT_DRAW_END),
			      "%s undoes %u", verbs[i].name, undone);
	}
}
END_TEST

START_TEST(properties_are_those_of_the_world)
{
	ck_assert(fault_verb("crash")->kills_host);
	ck_assert(fault_verb("reboot")->kills_host);
	ck_assert(!fault_verb("suspend")->kills_host);
	ck_assert(fault_verb("freeze")->stops_processes);
	ck_assert(fault_verb("suspend")->stops_processes);
	ck_assert(!fault_verb("crash")->stops_processes);
	/* wire_port_rebind() keeps a cut; the rest is made anew. */
	ck_assert(fault_verb("cut")->survives_crash);
	ck_assert(!fault_verb("unplug")->survives_crash);
	ck_assert_int_eq(fault_verb("crash")->drawing, FAULT_DRAW_DEAD);
	ck_assert_int_eq(fault_verb("suspend")->drawing, FAULT_DRAW_FROZEN);
	ck_assert_int_eq(fault_verb("down")->drawing, FAULT_DRAW_UNPLUGGED);
	ck_assert_int_eq(fault_verb("forget")->drawing, FAULT_DRAW_EVENT);
}
END_TEST

static const TTest *const *const tests[] = {
	&names_are_unique_and_found,
	&script_verbs_are_recorded_and_cannot_be_applied,
	&every_lasting_verb_has_a_state_and_an_undo_that_is_drawn_as_end,
	&every_verb_that_is_drawn_as_end_undoes_another,
	&properties_are_those_of_the_world,
};

int main(void)
{
	return unit_run("fault", tests, ARRAY_SIZE(tests), NULL);
}
