/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scheduling delay can explain in a lab: a sum, and the growth of the
 * timeout of retransmissions. */
#include "lab-delay.h"

#include "unit.h"

static nsec_t sum_of(const struct lab_delay *end)
{
	static struct lab_delay_process processes[] = { { 7, MSEC(100) },
							{ 8, MSEC(20) } };
	static const struct lab_delay begin = { .loop = MSEC(10),
						.wire = MSEC(5),
						.run_queue = MSEC(1),
						.softirqs = MSEC(50),
						.processes = processes,
						.n = 2 };

	return lab_delay_between(&begin, end);
}

START_TEST(delay_is_a_sum_and_no_multiple)
{
	struct lab_delay_process processes[] = { { 7, MSEC(130) },
						 { 9, MSEC(4) } };
	const struct lab_delay end = { .loop = MSEC(339),
				       .wire = MSEC(5),
				       .run_queue = MSEC(2),
				       .softirqs = MSEC(57),
				       .processes = processes,
				       .n = 2 };

	/* 329 ms of the wire's process, 7 ms of softirqs, 30 ms and 4 ms of
	 * programs: not 3 s. */
	ck_assert_int_eq(sum_of(&end), MSEC(329 + 7 + 30 + 4));
}
END_TEST

/* All three see the same stop of the process. */
START_TEST(delay_of_the_wire_is_counted_once)
{
	const struct lab_delay end = { .loop = MSEC(110),
				       .wire = MSEC(305),
				       .run_queue = MSEC(201),
				       .softirqs = MSEC(50) };

	ck_assert_int_eq(sum_of(&end), MSEC(300));
}
END_TEST

START_TEST(pid_that_is_used_again_counts_from_zero)
{
	struct lab_delay_process processes[] = { { 7, MSEC(3) } };
	const struct lab_delay end = { .loop = MSEC(10),
				       .wire = MSEC(5),
				       .run_queue = MSEC(1),
				       .softirqs = MSEC(50),
				       .processes = processes,
				       .n = 1 };

	ck_assert_int_eq(sum_of(&end), 0);
}
END_TEST

/* --- retransmissions ------------------------------------------------------ */

static struct wire_capture frames[8];
static size_t n_frames;

static void setup(void)
{
	n_frames = 0;
}

static void transmit(nsec_t at, unsigned int transmission, unsigned int kinds)
{
	struct wire_capture *frame = &frames[n_frames++];

	*frame = (struct wire_capture){ .at = at,
					.kinds = WIRE_TCP | kinds,
					.connection = 1,
					.from_client = true,
					.transmission = transmission };
	frame->frame.tcp.seq = 100;
}

static nsec_t growth(nsec_t longest)
{
	return lab_delay_growth(frames, n_frames, longest);
}

/* 200 ms, 400 ms: nothing to explain, however long a delay was. */
START_TEST(smallest_timeout_has_not_grown)
{
	transmit(SEC(1), 1, WIRE_DATA);
	transmit(SEC(1) + MSEC(200), 2, WIRE_RETRANSMISSION);
	transmit(SEC(1) + MSEC(600), 3, WIRE_RETRANSMISSION);
	ck_assert_int_eq(growth(MSEC(329)), 0);
}
END_TEST

/* 500 ms, 1 s, and 2 s until the next one: 300 ms too much, 7 times. */
START_TEST(timeout_that_has_grown_is_doubled)
{
	transmit(SEC(1), 1, WIRE_DATA);
	transmit(SEC(1) + MSEC(500), 2, WIRE_RETRANSMISSION);
	transmit(SEC(1) + MSEC(1500), 3, WIRE_RETRANSMISSION);
	ck_assert_int_eq(growth(MSEC(329)), MSEC(300 * 7));
}
END_TEST

/* A path of 1 s, and a delay of 10 ms: RFC 6298 section 2.2. */
START_TEST(timeout_grows_by_three_times_the_delay_at_most)
{
	transmit(SEC(1), 1, WIRE_DATA);
	transmit(SEC(4), 2, WIRE_RETRANSMISSION);
	ck_assert_int_eq(growth(MSEC(10)), MSEC(3 * 10 * 3));
}
END_TEST

START_TEST(timeout_of_a_syn_is_constant)
{
	transmit(SEC(1), 1, WIRE_SYN);
	transmit(SEC(2), 2, WIRE_SYN | WIRE_RETRANSMISSION);
	ck_assert_int_eq(growth(MSEC(329)), 0);
}
END_TEST

/* What was sent for the first time before the window has not delayed it. */
START_TEST(retransmission_of_another_window_does_not_count)
{
	transmit(SEC(4), 2, WIRE_RETRANSMISSION);
	ck_assert_int_eq(growth(MSEC(329)), 0);
}
END_TEST

static const TTest *const *const tests[] = {
	&delay_is_a_sum_and_no_multiple,
	&delay_of_the_wire_is_counted_once,
	&pid_that_is_used_again_counts_from_zero,
	&smallest_timeout_has_not_grown,
	&timeout_that_has_grown_is_doubled,
	&timeout_grows_by_three_times_the_delay_at_most,
	&timeout_of_a_syn_is_constant,
	&retransmission_of_another_window_does_not_count,
};

int main(void)
{
	return unit_run("lab-delay", tests, ARRAY_SIZE(tests), setup);
}
