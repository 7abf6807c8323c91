/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nsec.h"

#include "unit.h"

START_TEST(sums_do_not_overflow)
{
	ck_assert(nsec_add(SEC(1), SEC(2)) == SEC(3));
	ck_assert(nsec_add(NSEC_NEVER, SEC(1)) == NSEC_NEVER);
	ck_assert(nsec_add(SEC(1), NSEC_NEVER) == NSEC_NEVER);
	ck_assert(nsec_add(NSEC_NEVER - 1, 2) == NSEC_NEVER);
	ck_assert(nsec_add(NSEC_NEVER - 2, 1) == NSEC_NEVER - 1);
}
END_TEST

/* The remaining time after a deadline is negative, not NSEC_NEVER. */
START_TEST(remainders_may_be_negative)
{
	ck_assert(nsec_add(SEC(5), -SEC(2)) == SEC(3));
	ck_assert(nsec_add(SEC(1), -SEC(2)) == -SEC(1));
	ck_assert(nsec_add(NSEC_NEVER, -SEC(2)) == NSEC_NEVER);
}
END_TEST

START_TEST(seconds_are_converted_back_to_the_same_duration)
{
	static const nsec_t all[] = { 0, 1, 224083, 68144, 540892, 774483,
				      SEC(937) + 1 };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ck_assert(nsec_from_seconds(nsec_seconds(all[i])) == all[i]);
	ck_assert(nsec_from_seconds(-1) == 0);
	ck_assert(nsec_from_seconds(1e10) == NSEC_NEVER);
}
END_TEST

static const TTest *const *const tests[] = {
	&sums_do_not_overflow,
	&remainders_may_be_negative,
	&seconds_are_converted_back_to_the_same_duration,
};

int main(void)
{
	return unit_run("nsec", tests, ARRAY_SIZE(tests), NULL);
}
