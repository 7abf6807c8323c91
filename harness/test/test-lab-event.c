/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of a lab's events. */
#include <string.h>

#include "lab-event.h"
#include "suite.h"
#include "unit.h"
#include "wire-kind.h"

static struct lab_events *events;

/* No test runs out of memory: no run has to end. */
static void setup(void)
{
	events = lab_events_free(events);
	events = lab_events_new(NULL);
}

static void push(nsec_t at, const char *text)
{
	lab_events_push(events, &(struct lab_event){ .kind = LAB_EVENT_LINE,
						     .at = at,
						     .program = "nginx",
						     .text = text });
}

static void assert_next(nsec_t at, const char *text)
{
	struct lab_event event;

	ck_assert(lab_events_pop(events, &event));
	ck_assert_int_eq(event.at, at);
	ck_assert_str_eq(event.text, text);
}

START_TEST(events_leave_in_the_order_of_time)
{
	push(30, "c");
	push(10, "a");
	push(20, "b");
	assert_next(10, "a");
	push(5, "late");
	assert_next(5, "late");
	assert_next(20, "b");
	assert_next(30, "c");
	ck_assert(lab_events_are_empty(events));
}
END_TEST

START_TEST(events_of_one_time_leave_in_the_order_of_arrival)
{
	push(10, "a");
	push(10, "b");
	push(10, "c");
	assert_next(10, "a");
	assert_next(10, "b");
	assert_next(10, "c");
}
END_TEST

START_TEST(texts_are_copied)
{
	char line[] = "one";

	push(10, line);
	memcpy(line, "two", 4);
	assert_next(10, "one");
}
END_TEST

START_TEST(queue_grows_and_is_reused)
{
	for (int round = 0; round < 3; round++) {
		struct lab_event event;

		for (int i = 0; i < 1000; i++)
			push(i, "line");
		for (int i = 0; i < 1000; i++)
			assert_next(i, "line");
		ck_assert(!lab_events_pop(events, &event));
	}
}
END_TEST

START_TEST(moment_is_completed_by_its_nth_frame)
{
	const struct lab_moment moment = { .event = LAB_AFTER_FRAMES,
					   .host = "client",
					   .kinds = WIRE_SYN,
					   .sent = true,
					   .count = 2 };
	struct lab_event event = { .kind = LAB_EVENT_SENT,
				   .at = 10,
				   .host = "client",
				   .kinds = WIRE_TCP | WIRE_SYN,
				   .segments = 1 };
	struct lab_wait wait = { 0 };

	ck_assert(!lab_wait_see(&wait, &moment, &event));
	event.host = "server";
	ck_assert(!lab_wait_see(&wait, &moment, &event));
	event.host = "client";
	event.kinds = WIRE_TCP | WIRE_DATA;
	ck_assert(!lab_wait_see(&wait, &moment, &event));
	event.kinds = WIRE_TCP | WIRE_SYN;
	event.at = 20;
	ck_assert(lab_wait_see(&wait, &moment, &event));
	ck_assert_int_eq(wait.happened, 20);
	event.at = 30;
	ck_assert(!lab_wait_see(&wait, &moment, &event));
	ck_assert_int_eq(wait.happened, 20);
}
END_TEST

/* A FIN is in the last segment of its frame. */
START_TEST(segments_of_a_frame_count_for_a_moment)
{
	struct lab_moment moment = { .event = LAB_AFTER_FRAMES,
				     .host = "client",
				     .kinds = WIRE_DATA,
				     .sent = true,
				     .count = 3 };
	const struct lab_event event = { .kind = LAB_EVENT_SENT,
					 .at = 10,
					 .host = "client",
					 .kinds = WIRE_TCP | WIRE_DATA |
						  WIRE_FIN,
					 .segments = 3 };
	struct lab_wait wait = { 0 };

	ck_assert(lab_wait_see(&wait, &moment, &event));
	wait = (struct lab_wait){ 0 };
	moment.count = 4;
	ck_assert(!lab_wait_see(&wait, &moment, &event));
	ck_assert(lab_wait_see(&wait, &moment, &event));
	ck_assert_uint_eq(lab_event_segments(&event, 0), 3);
	ck_assert_uint_eq(lab_event_segments(&event, WIRE_FIN), 1);
	ck_assert_uint_eq(lab_event_segments(&event, WIRE_SYN), 0);
}
END_TEST

static const TTest *const *const tests[] = {
	&events_leave_in_the_order_of_time,
	&events_of_one_time_leave_in_the_order_of_arrival,
	&texts_are_copied,
	&queue_grows_and_is_reused,
	&moment_is_completed_by_its_nth_frame,
	&segments_of_a_frame_count_for_a_moment,
};

int main(void)
{
	return unit_run("lab-event", tests, ARRAY_SIZE(tests), setup);
}
