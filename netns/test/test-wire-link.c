/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link by itself: times are computed, so that they are exact. */
#include "wire-link.h"

#include "macro.h"
#include "unit.h"

static struct wire_link wire_link;

static void set(struct wire_link_settings settings)
{
	wire_link_deinit(&wire_link);
	wire_link_init(&wire_link, 7);
	ck_assert_int_eq(wire_link_set(&wire_link, &settings), 0);
}

START_TEST(link_without_settings_changes_nothing)
{
	struct wire_passage p;

	set((struct wire_link_settings){ .delay = 0 });
	ck_assert(wire_link_is_clear(&wire_link, 12345));
	p = wire_link_pass(&wire_link, 1500, 12345);
	ck_assert_int_eq(p.arrives, 12345);
	ck_assert(!p.lost && !p.overflows && !p.corrupt && !p.overtaken);
}
END_TEST

/* 1250 bytes at 1 Mbit/s take 10 ms. */
START_TEST(frames_are_transmitted_one_after_the_other_and_then_delayed)
{
	set((struct wire_link_settings){ .rate = 1000000, .delay = MSEC(3) });
	for (int i = 1; i <= 5; i++)
		ck_assert_int_eq(
			wire_link_pass(&wire_link, 1250, SEC(1)).arrives,
			SEC(1) + i * MSEC(10) + MSEC(3));
	/* The line has been idle. */
	ck_assert_int_eq(wire_link_pass(&wire_link, 1250, SEC(2)).arrives,
			 SEC(2) + MSEC(13));
}
END_TEST

START_TEST(duration_of_a_transmission_is_rounded_up)
{
	set((struct wire_link_settings){ .rate = 3 });
	ck_assert_int_eq(wire_link_pass(&wire_link, 1, 0).arrives,
			 INT64_C(2666666667));
}
END_TEST

/* One is on the line, and two wait. */
START_TEST(full_queue_drops_the_newest_frame)
{
	set((struct wire_link_settings){ .rate = 1000000, .queue = 2 });
	for (int i = 0; i < 3; i++)
		ck_assert(!wire_link_pass(&wire_link, 1250, 0).overflows);
	ck_assert(wire_link_pass(&wire_link, 1250, 0).overflows);
	ck_assert(wire_link_pass(&wire_link, 1250, MSEC(10) - 1).overflows);
	ck_assert(!wire_link_pass(&wire_link, 1250, MSEC(10)).overflows);
	ck_assert(wire_link_pass(&wire_link, 1250, MSEC(10)).overflows);
}
END_TEST

START_TEST(settings_change_while_frames_wait)
{
	const struct wire_link_settings longer = { .rate = 2000000,
						   .queue = 9 },
					unlimited = { .rate = 0 };

	set((struct wire_link_settings){ .rate = 1000000, .queue = 2 });
	for (int i = 0; i < 3; i++)
		wire_link_pass(&wire_link, 1250, 0);
	ck_assert_int_eq(wire_link_set(&wire_link, &longer), 0);
	ck_assert_int_eq(wire_link_pass(&wire_link, 1250, 0).arrives, MSEC(35));
	/* It does not overtake what waits. */
	ck_assert_int_eq(wire_link_set(&wire_link, &unlimited), 0);
	ck_assert(!wire_link_is_clear(&wire_link, MSEC(35) - 1));
	ck_assert(wire_link_is_clear(&wire_link, MSEC(35)));
	ck_assert_int_eq(wire_link_pass(&wire_link, 1250, 0).arrives, MSEC(35));
	ck_assert_int_eq(wire_link_pass(&wire_link, 1250, MSEC(40)).arrives,
			 MSEC(40));
}
END_TEST

START_TEST(jitter_adds_to_the_delay_and_keeps_the_order)
{
	nsec_t last = 0, most = 0, least = SEC(1);

	set((struct wire_link_settings){ .delay = MSEC(5),
					 .jitter = MSEC(10) });
	for (int i = 0; i < 1000; i++) {
		nsec_t at = i * MSEC(2);
		nsec_t arrives = wire_link_pass(&wire_link, 100, at).arrives;

		ck_assert_int_ge(arrives, last);
		last = arrives;
		most = MAX(most, arrives - at);
		least = MIN(least, arrives - at);
	}
	ck_assert_int_ge(least, MSEC(5));
	ck_assert_int_le(most, MSEC(15));
	ck_assert_int_gt(most - least, MSEC(5));
}
END_TEST

static unsigned int count(unsigned int frames,
			  bool (*is)(struct wire_passage p))
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < frames; i++)
		n += is(wire_link_pass(&wire_link, 100, i));
	return n;
}

static bool is_lost(struct wire_passage p)
{
	return p.lost;
}

static bool is_corrupt(struct wire_passage p)
{
	return p.corrupt;
}

static bool is_overtaken(struct wire_passage p)
{
	return p.overtaken;
}

/* The seed is fixed, and so are the choices. */
START_TEST(shares_are_about_those_of_the_settings)
{
	set((struct wire_link_settings){ .loss = 0.1 });
	ck_assert_uint_eq(count(10000, is_lost) / 100, 10);
	set((struct wire_link_settings){ .corruption = 0.25 });
	ck_assert_uint_eq(count(10000, is_corrupt) / 1000, 2);
	set((struct wire_link_settings){ .reordering = 1 });
	ck_assert_uint_eq(count(100, is_overtaken), 100);
	set((struct wire_link_settings){ .loss = 0 });
	ck_assert_uint_eq(count(100, is_lost), 0);
}
END_TEST

START_TEST(same_seed_makes_the_same_choices)
{
	struct wire_link links[3];
	unsigned int differ[2] = { 0, 0 };
	const struct wire_link_settings half = { .loss = 0.5 };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		wire_link_init(&links[i], i / 2);
		ck_assert_int_eq(wire_link_set(&links[i], &half), 0);
	}
	for (int i = 0; i < 1000; i++) {
		bool lost[3];

		for (size_t k = 0; k < ARRAY_SIZE(links); k++)
			lost[k] = wire_link_pass(&links[k], 100, i).lost;
		differ[0] += lost[0] != lost[1];
		differ[1] += lost[0] != lost[2];
	}
	ck_assert_uint_eq(differ[0], 0);
	ck_assert_uint_gt(differ[1], 400);
}
END_TEST

static const TTest *const *const tests[] = {
	&link_without_settings_changes_nothing,
	&frames_are_transmitted_one_after_the_other_and_then_delayed,
	&duration_of_a_transmission_is_rounded_up,
	&full_queue_drops_the_newest_frame,
	&settings_change_while_frames_wait,
	&jitter_adds_to_the_delay_and_keeps_the_order,
	&shares_are_about_those_of_the_settings,
	&same_seed_makes_the_same_choices,
};

int main(void)
{
	return unit_run("wire-link", tests, ARRAY_SIZE(tests), NULL);
}
