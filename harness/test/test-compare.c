/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare: which differences between the segments of two runs count. */
#include "compare.h"

#include "fake.h"
#include "frame.h"
#include "macro.h"
#include "story.h"
#include "unit.h"

/* The first step that only one run has, and how many segments only one has. */
static void assert_parts(struct story *a, struct story *b, size_t at,
			 size_t only_a, size_t only_b)
{
	struct comparison *c = story_compare(a, b);

	ck_assert(c->differs);
	ck_assert_uint_eq(c->segments.parts_at, at);
	ck_assert_uint_eq(c->segments.alone[COMPARE_A], only_a);
	ck_assert_uint_eq(c->segments.alone[COMPARE_B], only_b);
	story_done(c, a, b);
}

START_TEST(times_ports_and_initial_sequence_numbers_are_not_compared)
{
	struct story a = story_begin(0.01, 1000);
	struct story b = story_begin(3, 4294967290U);

	story_handshake(&a);
	story_data(&a, 0.5, "forwarded");
	story_ack(&a, 0.501);
	story_end(&a, 2);
	story_handshake(&b);
	story_data(&b, 0.9, "forwarded");
	story_ack(&b, 0.94);
	story_end(&b, 5);
	story_assert_same(&a, &b);
}
END_TEST

START_TEST(a_segment_of_one_run_only_is_found)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);

	story_handshake(&a);
	story_data(&a, 0.5, "forwarded");
	story_ack(&a, 0.6);
	story_end(&a, 2);
	story_handshake(&b);
	story_ack(&b, 0.6);
	story_end(&b, 2);
	assert_parts(&a, &b, 3, 1, 0);
}
END_TEST

START_TEST(flags_length_and_fate_are_compared)
{
	for (int i = 0; i < 3; i++) {
		struct story a = story_begin(0, 1), b = story_begin(0, 1);

		story_handshake(&a);
		story_data(&a, 0.5, "forwarded");
		story_end(&a, 2);
		story_handshake(&b);
		if (i == 0)
			story_segment(&b, 0.5, STORY_CLIENT, SEGMENT_ACK, 1, 1,
				      100, "forwarded");
		else if (i == 1)
			story_segment(&b, 0.5, STORY_CLIENT,
				      SEGMENT_PSH | SEGMENT_ACK, 1, 1, 99,
				      "forwarded");
		else
			story_data(&b, 0.5, "dropped");
		story_end(&b, 2);
		assert_parts(&a, &b, 3, 1, 1);
	}
}
END_TEST

static struct story selective(uint32_t isn, uint32_t left)
{
	struct story story = story_begin(0, isn);

	story_handshake(&story);
	story_data(&story, 0.5, "dropped");
	story_segment(&story, 0.6, STORY_CLIENT, SEGMENT_ACK, 101, 1, 200,
		      "forwarded");
	story.sack[0] = left;
	story.sack[1] = 301;
	story_segment(&story, 0.61, STORY_SERVER, SEGMENT_ACK, 1, 1, 0,
		      "forwarded");
	story_end(&story, 2);
	return story;
}

START_TEST(sack_blocks_are_compared)
{
	struct story a = selective(5, 101), b = selective(4294967000U, 101);
	struct story c = selective(5, 101), d = selective(5, 201);

	story_assert_same(&a, &b);
	assert_parts(&c, &d, 5, 1, 1);
}
END_TEST

/* Both ends send at once, in either order. */
static struct story crossing(bool swap, double apart, int second)
{
	struct story story = story_begin(0, 5);

	story_handshake(&story);
	for (int i = 0; i < 2; i++) {
		bool push = (i == 1) == swap;

		story_segment(&story, 1 + i * apart,
			      push ? STORY_CLIENT : second,
			      push ? SEGMENT_PSH | SEGMENT_ACK :
				     SEGMENT_FIN | SEGMENT_ACK,
			      1, 1, push ? 10 : 0, "forwarded");
	}
	story_end(&story, 5);
	return story;
}

START_TEST(near_segments_of_two_senders_may_change_places)
{
	struct story a = crossing(false, 0.002, STORY_SERVER);
	struct story b = crossing(true, 0.002, STORY_SERVER);
	struct story c = crossing(false, 0.2, STORY_SERVER);
	struct story d = crossing(true, 0.2, STORY_SERVER);
	struct story e = crossing(false, 0.002, STORY_CLIENT);
	struct story f = crossing(true, 0.002, STORY_CLIENT);

	story_assert_same(&a, &b);
	assert_parts(&c, &d, 3, 1, 1);
	assert_parts(&e, &f, 3, 1, 1);
}
END_TEST

START_TEST(a_missing_retransmission_is_found_by_its_time)
{
	static const double times[] = { 0.5, 0.7, 0.92, 1.34, 2.17, 3.83 };
	struct story a = story_begin(0, 1), b = story_begin(0, 2);

	story_handshake(&a);
	story_handshake(&b);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		story_data(&a, times[i], "dropped: host is dead");
		/* The tail loss probe is off. */
		if (i != 1)
			story_data(&b, times[i] + 0.01,
				   "dropped: host is dead");
	}
	story_end(&a, 7);
	story_end(&b, 7);
	assert_parts(&a, &b, 4, 1, 0);
}
END_TEST

START_TEST(a_last_delayed_ack_is_no_difference)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);

	story_handshake(&a);
	story_data(&a, 0.5, "forwarded");
	story_ack(&a, 0.53);
	story_end(&a, 0.54);
	story_handshake(&b);
	story_data(&b, 0.5, "forwarded");
	story_end(&b, 0.52);
	story_assert_same(&a, &b);
}
END_TEST

START_TEST(a_last_rst_is_a_difference)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);

	story_handshake(&a);
	story_segment(&a, 0.5, STORY_CLIENT, SEGMENT_RST | SEGMENT_ACK, 1, 1, 0,
		      "forwarded");
	story_end(&a, 0.51);
	story_handshake(&b);
	story_end(&b, 0.51);
	assert_parts(&a, &b, 3, 1, 0);
}
END_TEST

START_TEST(numbers_of_another_connection_are_not_compared)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1),
		     c = story_begin(0, 1);

	story_handshake(&a);
	story_segment(&a, 0.5, STORY_SERVER, SEGMENT_ACK, 1, 4291981647U, 0,
		      "forwarded");
	story_end(&a, 2);
	story_handshake(&b);
	story_segment(&b, 0.5, STORY_SERVER, SEGMENT_ACK, 1, 1234567890U, 0,
		      "forwarded");
	story_end(&b, 2);
	story_assert_same(&a, &b);
	a = story_begin(0, 1);
	story_handshake(&a);
	story_segment(&a, 0.5, STORY_SERVER, SEGMENT_ACK, 1, 1, 0, "forwarded");
	story_end(&a, 2);
	story_handshake(&c);
	story_segment(&c, 0.5, STORY_SERVER, SEGMENT_ACK, 1, 4291981647U, 0,
		      "forwarded");
	story_end(&c, 2);
	assert_parts(&a, &c, 3, 1, 1);
}
END_TEST

START_TEST(segments_that_were_only_counted_are_not_compared)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 1);
	struct comparison *c;

	story_handshake(&a);
	story_data(&a, 0.5, "forwarded");
	story_end(&a, 2);
	story_handshake(&b);
	fake_take(b.result, 0.6, "note", "{s:s, s:i, s:i}", "text",
		  "client:1 > server:2: 297 frames, 19602 bytes, only "
		  "counted",
		  "frames", 297, "bytes", 19602);
	story_end(&b, 2);
	c = story_compare(&a, &b);
	ck_assert(c->segments.only_counted);
	ck_assert(!c->differs);
	story_done(c, &a, &b);
}
END_TEST

START_TEST(five_thousand_segments_are_aligned_in_seconds)
{
	struct story a = story_begin(0, 1), b = story_begin(0, 9);
	nsec_t start;
	struct comparison *c;

	for (uint32_t i = 0; i < 2500; i++) {
		story_segment(&a, i * 1e-3, STORY_CLIENT, SEGMENT_ACK,
			      1 + 100 * i, 1, 100, "forwarded");
		story_segment(&a, i * 1e-3 + 1e-4, STORY_SERVER, SEGMENT_ACK, 1,
			      101 + 100 * i, 0, "forwarded");
		story_segment(&b, i * 1e-3, STORY_CLIENT, SEGMENT_ACK,
			      1 + 100 * i, 1, i % 50 ? 100 : 99, "forwarded");
		story_segment(&b, i * 1e-3 + 1e-4, STORY_SERVER, SEGMENT_ACK, 1,
			      101 + 100 * i, 0, "forwarded");
	}
	story_end(&a, 9);
	story_end(&b, 9);
	start = nsec_now();
	c = story_compare(&a, &b);
	ck_assert_int_lt(nsec_now() - start, SEC(3));
	ck_assert_uint_eq(c->segments.alone[COMPARE_A], 50);
	ck_assert_uint_eq(c->segments.alone[COMPARE_B], 50);
	story_done(c, &a, &b);
}
END_TEST

static const TTest *const *const tests[] = {
	&times_ports_and_initial_sequence_numbers_are_not_compared,
	&a_segment_of_one_run_only_is_found,
	&flags_length_and_fate_are_compared,
	&sack_blocks_are_compared,
	&near_segments_of_two_senders_may_change_places,
	&a_missing_retransmission_is_found_by_its_time,
	&a_last_delayed_ack_is_no_difference,
	&a_last_rst_is_a_difference,
	&numbers_of_another_connection_are_not_compared,
	&segments_that_were_only_counted_are_not_compared,
	&five_thousand_segments_are_aligned_in_seconds,
};

int main(void)
{
	return unit_run("compare", tests, ARRAY_SIZE(tests), NULL);
}
