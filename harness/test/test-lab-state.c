/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of TCP endpoints, derived from their segments. */
#include <string.h>

#include "lab-state.h"
#include "suite.h"
#include "unit.h"

enum {
	SYN = SEGMENT_SYN,
	ACK = SEGMENT_ACK,
	FIN = SEGMENT_FIN,
	RST = SEGMENT_RST,
};

static struct lab_events *events;
static struct lab_states *states;
static nsec_t now;

/* No test runs out of memory: no run has to end. */
static void setup(void)
{
	events = lab_events_free(events);
	events = lab_events_new(NULL);
	states = lab_states_new(NULL, events);
	now = 0;
}

static void see(unsigned int connection, enum lab_event_kind kind,
		uint8_t flags, uint32_t seq, uint32_t ack)
{
	const struct lab_event event = { .kind = kind,
					 .at = ++now,
					 .host = "client" };
	struct wire_capture capture = { .connection = connection };

	capture.frame.kind = FRAME_TCP;
	capture.frame.tcp.flags = flags;
	capture.frame.tcp.seq = seq;
	capture.frame.tcp.ack = ack;
	lab_states_see(states, &event, &capture);
}

static void sends(uint8_t flags, uint32_t seq, uint32_t ack)
{
	see(1, LAB_EVENT_SENT, flags, seq, ack);
}

static void receives(uint8_t flags, uint32_t seq, uint32_t ack)
{
	see(1, LAB_EVENT_RECEIVED, flags, seq, ack);
}

/* With the time of the last segment. */
static void assert_state(enum diag_state state)
{
	struct lab_event event;

	ck_assert(lab_events_pop(events, &event));
	ck_assert_int_eq(event.kind, LAB_EVENT_STATE);
	ck_assert_str_eq(event.host, "client");
	ck_assert_str_eq(diag_state_text(event.state), diag_state_text(state));
	ck_assert_int_eq(event.at, now);
	ck_assert(event.derived);
}

static void assert_none(void)
{
	ck_assert(lab_events_are_empty(events));
}

START_TEST(active_open_and_close)
{
	sends(SYN, 100, 0);
	assert_state(DIAG_SYN_SENT);
	sends(SYN, 100, 0);
	receives(SYN | ACK, 500, 101);
	assert_none();
	sends(ACK, 101, 501);
	assert_state(DIAG_ESTABLISHED);
	sends(FIN | ACK, 101, 501);
	assert_state(DIAG_FIN_WAIT1);
	sends(FIN | ACK, 101, 501);
	assert_none();
	receives(ACK, 501, 102);
	assert_state(DIAG_FIN_WAIT2);
	receives(FIN | ACK, 501, 102);
	assert_none();
	sends(ACK, 102, 502);
	assert_state(DIAG_TIME_WAIT);
	sends(ACK, 102, 502);
	assert_none();
}
END_TEST

START_TEST(passive_close)
{
	receives(FIN | ACK, 500, 100);
	assert_none();
	sends(ACK, 100, 501);
	assert_state(DIAG_CLOSE_WAIT);
	sends(FIN | ACK, 100, 501);
	assert_state(DIAG_LAST_ACK);
	receives(ACK, 501, 101);
	assert_state(DIAG_CLOSE);
}
END_TEST

START_TEST(fin_that_acknowledges_a_fin_passes_close_wait)
{
	receives(FIN | ACK, 500, 100);
	sends(FIN | ACK, 100, 501);
	assert_state(DIAG_CLOSE_WAIT);
	assert_state(DIAG_LAST_ACK);
}
END_TEST

START_TEST(simultaneous_close)
{
	sends(FIN | ACK, 100, 500);
	assert_state(DIAG_FIN_WAIT1);
	receives(FIN | ACK, 500, 100);
	assert_none();
	sends(ACK, 101, 501);
	assert_state(DIAG_CLOSING);
	receives(ACK, 501, 101);
	assert_state(DIAG_TIME_WAIT);
}
END_TEST

START_TEST(acknowledgement_before_the_fin_changes_nothing)
{
	sends(FIN | ACK, 100, 500);
	assert_state(DIAG_FIN_WAIT1);
	receives(ACK, 500, 100);
	assert_none();
}
END_TEST

START_TEST(sequence_numbers_wrap_around)
{
	sends(FIN | ACK, UINT32_MAX, 500);
	assert_state(DIAG_FIN_WAIT1);
	receives(ACK, 500, 0);
	assert_state(DIAG_FIN_WAIT2);
}
END_TEST

START_TEST(rst_and_unknown_connections_are_ignored)
{
	sends(RST, 100, 0);
	receives(RST | ACK, 500, 100);
	see(0, LAB_EVENT_SENT, FIN | ACK, 100, 500);
	assert_none();
}
END_TEST

START_TEST(connections_are_independent)
{
	sends(FIN | ACK, 100, 500);
	assert_state(DIAG_FIN_WAIT1);
	see(2, LAB_EVENT_SENT, SYN, 700, 0);
	assert_state(DIAG_SYN_SENT);
	receives(ACK, 500, 101);
	assert_state(DIAG_FIN_WAIT2);
}
END_TEST

static const TTest *const *const tests[] = {
	&active_open_and_close,
	&passive_close,
	&fin_that_acknowledges_a_fin_passes_close_wait,
	&simultaneous_close,
	&acknowledgement_before_the_fin_changes_nothing,
	&sequence_numbers_wrap_around,
	&rst_and_unknown_connections_are_ignored,
	&connections_are_independent,
};

int main(void)
{
	return unit_run("lab-state", tests, ARRAY_SIZE(tests), setup);
}
