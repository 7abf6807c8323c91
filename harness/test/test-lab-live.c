/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a lab while it runs: order, groups, bursts. */
#include "lab-live.h"

#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "macro.h"
#include "suite.h"
#include "unit.h"

static struct lab_live *live;
static char *text;
static size_t size;
static FILE *out;

static void setup(void)
{
	out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(lab_live_new(&live, out, false), 0);
}

static void end(void)
{
	lab_live_free(live);
	fclose(out);
	free(text);
}

/* Takes the record. */
static void add_at(nsec_t now, double t, const char *type, json_t *record)
{
	ck_assert_ptr_nonnull(record);
	json_object_set_new(record, "t", json_real(t));
	json_object_set_new(record, "type", json_string(type));
	lab_live_add(live, record, now);
	json_decref(record);
}

static void start(void)
{
	add_at(0, 0, "timeline", json_object());
}

static void add_note(nsec_t now, double t, const char *note)
{
	add_at(now, t, "note", json_pack("{s:s}", "text", note));
}

static void add_state(double t, int socket, const char *state)
{
	add_at(0, t, "state",
	       json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:o}", "host",
			 "client", "socket", socket, "port", 40000 + socket,
			 "peer_port", 80, "state", state, "timer", "none",
			 "retransmits", 0, "text",
			 json_sprintf("%s  10.0.0.1:%d > 10.0.0.2:80", state,
				      40000 + socket)));
}

static void add_line(const json_t *record)
{
	char *line = json_dumps(record, JOURNAL_DUMP);
	struct journal_packet frame;

	ck_assert(journal_read_packet(&frame, line, strlen(line)));
	lab_live_add_frame(live, &frame, line, strlen(line), 0);
	free(line);
}

/* Every second frame is not parsed, and printed in the same way. */
static void add_frame(double t, int connection, const char *fate)
{
	static unsigned int n;
	json_t *record = json_pack(
		"{s:f, s:s, s:s, s:s, s:s, s:o, s:[], s:f, s:i, s:i, s:s}", "t",
		t, "type", "frame", "from", "client", "to", "server", "fate",
		fate, "text", json_sprintf(". %d", (int)(t * 1e4 + 0.5)),
		"kinds", "left", t, "size", 1000, "connection", connection,
		"hex", "00");

	ck_assert_ptr_nonnull(record);
	if (n++ % 2)
		add_line(record);
	else
		lab_live_add(live, record, 0);
	json_decref(record);
}

static const char *printed(nsec_t now)
{
	lab_live_print(live, 0, now);
	fflush(out);
	return text;
}

START_TEST(records_are_printed_by_time_not_by_arrival)
{
	start();
	add_note(0, 2, "second");
	add_note(MSEC(50), 1, "first");
	add_note(MSEC(60), 2, "third");
	ck_assert_str_eq(printed(NSEC_NEVER), "1.000 note    first\n"
					      "2.000 note    second\n"
					      "2.000 note    third\n");
	end();
}
END_TEST

START_TEST(records_are_held_for_a_moment)
{
	nsec_t due;

	ck_assert(lab_live_due(live) == NSEC_NEVER);
	start();
	add_note(MSEC(10), 2, "later");
	due = lab_live_due(live);
	ck_assert_int_gt(due, MSEC(0));
	ck_assert_int_lt(due, SEC(1));
	/* One that arrives meanwhile, and happened before. */
	add_note(due - 1, 1, "earlier");
	ck_assert_str_eq(printed(due - 1), "");
	ck_assert_str_eq(printed(due + MSEC(10)), "1.000 note    earlier\n"
						  "2.000 note    later\n");
	ck_assert(lab_live_due(live) == NSEC_NEVER);
	/* A record that is later still has a remark. */
	add_note(SEC(5), 1.5, "late");
	assert_has(printed(NSEC_NEVER),
		   "\n1.500 note    late  (recorded late)\n");
	end();
}
END_TEST

START_TEST(times_before_the_timeline_are_not_printed)
{
	add_note(0, -0.5, "before");
	ck_assert_str_eq(printed(NSEC_NEVER), "-     note    before\n");
	start();
	add_note(0, 0.25, "after");
	add_note(0, -0.25, "recorded before the start");
	ck_assert_str_eq(strchr(printed(NSEC_NEVER), '\n') + 1,
			 "-     note    recorded before the start\n"
			 "0.250 note    after\n");
	end();
}
END_TEST

START_TEST(equal_sockets_are_one_line)
{
	start();
	for (int i = 0; i < 20; i++)
		add_state(0.1 + i * 1e-3, i, "ESTAB");
	add_state(0.105, 30, "SYN-SENT");
	add_state(0.106, 31, "SYN-SENT");
	/* A second state of the same socket is an event of its own. */
	add_state(0.13, 5, "ESTAB");
	ck_assert_str_eq(printed(NSEC_NEVER),
			 "0.100 client  ESTAB  20 sockets, peer port 80\n"
			 "0.105 client  SYN-SENT  10.0.0.1:40030 > "
			 "10.0.0.2:80\n"
			 "0.106 client  SYN-SENT  10.0.0.1:40031 > "
			 "10.0.0.2:80\n"
			 "0.130 client  ESTAB  10.0.0.1:40005 > 10.0.0.2:80\n");
	end();
}
END_TEST

START_TEST(equal_calls_and_results_are_one_line)
{
	start();
	for (int i = 0; i < 20; i++) {
		add_at(0, 0.1, "call",
		       json_pack("{s:s, s:i, s:s}", "host", "client", "socket",
				 i, "text", "connect(10.0.0.2:80)"));
		/* accept() is called on one socket, the listener. */
		add_at(0, 0.2, "result",
		       json_pack("{s:s, s:i, s:i, s:s}", "host", "server",
				 "socket", 1, "connection", i + 1, "text",
				 "accept() = 0"));
		/* Lines of a program have no socket. */
		add_at(0, 0.3, "result",
		       json_pack("{s:s, s:s}", "host", "server", "text",
				 "web: again"));
	}
	printed(NSEC_NEVER);
	assert_has(text, "0.100 client  connect(10.0.0.2:80)  20 sockets\n"
			 "0.200 server  accept() = 0  20 sockets\n"
			 "0.300 server  web: again\n"
			 "0.300 server  web: again\n");
	end();
}
END_TEST

START_TEST(equal_frames_of_several_connections_are_one_line)
{
	start();
	for (int i = 1; i <= 4; i++)
		add_frame(1, i, "forwarded");
	add_frame(2, 1, "forwarded");
	assert_has(printed(NSEC_NEVER),
		   "1.000 wire    client > server  . 10000  4 connections\n"
		   "2.000 wire    client > server  . 20000\n");
}
END_TEST

START_TEST(a_burst_of_frames_is_counted)
{
	start();
	for (int i = 0; i < 100; i++)
		add_frame(1 + i * 1e-3, 1, "forwarded");
	add_frame(1.0505, 1, "dropped");
	add_frame(5, 1, "forwarded");
	printed(NSEC_NEVER);
	assert_has(text, "1.011 wire    client > server  . 10110\n"
			 "1.050 wire    client > server  . 10505  [dropped]\n"
			 "      wire    … 88 more frames, 88000 bytes\n"
			 "5.000 wire    client > server  . 50000\n");
	end();
}
END_TEST

START_TEST(a_burst_ends_at_a_fault)
{
	start();
	for (int i = 0; i < 20; i++)
		add_frame(1 + i * 1e-3, 1, "forwarded");
	add_at(0, 1.0195, "fault",
	       json_pack("{s:s, s:s, s:s}", "verb", "kill", "target", "server",
			 "text", "kill server"));
	add_frame(1.02, 1, "forwarded");
	printed(NSEC_NEVER);
	assert_has(text, "      wire    … 8 more frames, 8000 bytes\n"
			 "1.020 fault   kill server\n"
			 "1.020 wire    client > server  . 10200\n");
	end();
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&records_are_printed_by_time_not_by_arrival,
		&records_are_held_for_a_moment,
		&times_before_the_timeline_are_not_printed,
		&equal_sockets_are_one_line,
		&equal_calls_and_results_are_one_line,
		&equal_frames_of_several_connections_are_one_line,
		&a_burst_of_frames_is_counted,
		&a_burst_ends_at_a_fault,
	};

	return unit_run("lab-live", tests, ARRAY_SIZE(tests), setup);
}
