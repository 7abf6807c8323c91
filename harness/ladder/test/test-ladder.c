/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <string.h>

#include "telling.h"
#include "unit.h"

static json_t *journal;
static struct ladder *ladder;

static void new_journal(void)
{
	journal = json_array();
}

static void draw(void)
{
	ck_assert_int_eq(ladder_new(&ladder, journal), 0);
	json_decref(journal);
}

static void done(void)
{
	ladder = ladder_free(ladder);
}

static const struct ladder_row *segment(size_t nth)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].kind == LADDER_SEGMENT && nth-- == 0)
			return &ladder->rows[i];
	ck_abort_msg("no such segment");
}

static size_t count(enum ladder_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < ladder->n_rows; i++)
		n += ladder->rows[i].kind == kind;
	return n;
}

static const struct ladder_row *row_of(enum ladder_kind kind)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].kind == kind)
			return &ladder->rows[i];
	ck_abort_msg("no such row");
}

static const struct ladder_span *span_of(enum ladder_span_kind kind,
					 const char *host)
{
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (ladder->spans[i].kind == kind &&
		    strcmp(ladder->hosts[ladder->spans[i].host].name, host) ==
			    0)
			return &ladder->spans[i];
	ck_abort_msg("no such span");
}

START_TEST(nothing_is_an_empty_ladder)
{
	draw();
	ck_assert_uint_eq(ladder->n_rows, 0);
	ck_assert_uint_eq(ladder->n_hosts, 0);
	done();
}
END_TEST

START_TEST(handshake_is_three_segments_of_one_connection)
{
	telling_handshake(journal);
	draw();
	ck_assert_uint_eq(ladder->n_hosts, 2);
	ck_assert_str_eq(ladder->hosts[0].name, "client");
	ck_assert_str_eq(ladder->hosts[0].address, "10.0.0.1");
	ck_assert_str_eq(ladder->hosts[1].address, "10.0.0.2");
	ck_assert_uint_eq(ladder->n_connections, 1);
	ck_assert_str_eq(ladder->connections[0].text,
			 "client:40000 > server:7777");
	ck_assert_uint_eq(ladder->n_segments, 3);
	ck_assert_str_eq(segment(1)->text, "S. 0:0(0) ack 1");
	ck_assert_int_eq(segment(1)->host, 1);
	ck_assert_int_eq(segment(1)->hops[0].host, 0);
	ck_assert(segment(1)->until > segment(1)->t);
	ck_assert_ptr_null(segment(1)->end);
	done();
}
END_TEST

START_TEST(state_begins_with_connect_and_accept)
{
	telling_handshake(journal);
	draw();
	ck_assert_str_eq(span_of(LADDER_STATE, "client")->text, "ESTAB");
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->from, 0.015);
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->from, 0.016);
	ck_assert_int_eq(span_of(LADDER_STATE, "server")->connection, 0);
	done();
}
END_TEST

START_TEST(state_is_known_no_more_once_a_fin_is_sent)
{
	telling_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp fin",
	      .flags = SEGMENT_FIN | SEGMENT_ACK, .seq = 1, .ack = 1);
	telling_result(journal, 0.9, "client", 2, "recv", 0, NULL);
	draw();
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->until, 0.5);
	ck_assert(!span_of(LADDER_STATE, "client")->open);
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->until, 0.50003);
	done();
}
END_TEST

START_TEST(between_two_looks_that_differ_nothing_is_sure)
{
	telling_handshake(journal);
	telling_state(journal, 0.1, "client", 2, "ESTAB", "none", 0);
	telling_state(journal, 0.6, "client", 2, "none", "none", 0);
	draw();
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->sure, 0.1);
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->until, 0.6);
	done();
}
END_TEST

static void tell_data(double t, const char *fate, const char *kinds,
		      uint32_t seq)
{
	FRAME(journal, .t = t, .left = fate ? 0 : t + 3e-5, .from = "client",
	      .to = "server", .fate = fate, .kinds = kinds,
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = seq, .ack = 1,
	      .length = 100);
}

START_TEST(copies_are_numbered_with_the_time_since)
{
	telling_handshake(journal);
	tell_data(0.1, "dropped: host is dead", "tcp data", 1);
	tell_data(0.3, "dropped: host is dead", "tcp retransmission", 1);
	tell_data(0.7, "dropped: host is dead", "tcp retransmission", 1);
	tell_data(0.75, "dropped: host is dead", "tcp data", 101);
	tell_data(0.8, "dropped: host is dead", "tcp retransmission", 101);
	draw();
	ck_assert_ptr_null(segment(3)->remark);
	ck_assert_str_eq(segment(4)->remark, "retransmission 1, +0.200\u00a0s");
	ck_assert_str_eq(segment(5)->remark, "retransmission 2, +0.400\u00a0s");
	ck_assert_ptr_null(segment(6)->remark);
	ck_assert_str_eq(segment(7)->remark, "retransmission 1, +0.050\u00a0s");
	ck_assert_int_eq(segment(5)->fate, LADDER_DROPPED);
	ck_assert_str_eq(segment(5)->end, "dropped: host is dead");
	ck_assert(segment(5)->repeated && !segment(3)->repeated);
	done();
}
END_TEST

static void tell_probe(double t, const char *fate)
{
	FRAME(journal, .t = t, .left = fate ? 0 : t + 3e-5, .from = "client",
	      .to = "server", .fate = fate, .kinds = "tcp probe",
	      .flags = SEGMENT_ACK, .seq = 0, .ack = 1);
}

START_TEST(probes_are_counted_until_one_is_answered)
{
	telling_handshake(journal);
	tell_probe(1, "dropped");
	tell_probe(2, NULL);
	FRAME(journal, .t = 2.001, .left = 2.00103, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	tell_probe(3, NULL);
	draw();
	ck_assert_str_eq(segment(3)->remark, "probe 1");
	ck_assert_str_eq(segment(4)->remark, "probe 2");
	ck_assert_str_eq(segment(6)->remark, "probe 1");
	done();
}
END_TEST

START_TEST(probe_of_a_shut_window_is_called_so)
{
	telling_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .window = 1, .to_client = true);
	tell_probe(1, NULL);
	draw();
	ck_assert_str_eq(segment(4)->remark, "window probe 1");
	done();
}
END_TEST

START_TEST(held_segment_finds_its_release)
{
	telling_handshake(journal);
	tell_data(0.1, "held", "tcp data", 1);
	tell_data(0.2, "held", "tcp data", 101);
	FRAME(journal, .t = 0.9, .left = 0.9, .from = "client", .to = "server",
	      .fate = "released", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 100);
	draw();
	ck_assert_int_eq(segment(3)->fate, LADDER_HELD);
	ck_assert_int_eq(segment(5)->fate, LADDER_RELEASED);
	ck_assert_ptr_eq(&ladder->rows[segment(3)->partner], segment(5));
	ck_assert_ptr_eq(&ladder->rows[segment(5)->partner], segment(3));
	ck_assert_int_eq(segment(4)->partner, LADDER_NONE);
	ck_assert(segment(5)->starts_on_wire);
	done();
}
END_TEST

START_TEST(delayed_segment_is_one_row)
{
	telling_handshake(journal);
	tell_data(0.1, "delayed", "tcp data", 1);
	FRAME(journal, .t = 0.4, .left = 0.4, .from = "client", .to = "server",
	      .fate = "delayed", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 100);
	draw();
	ck_assert_uint_eq(ladder->n_segments, 4);
	ck_assert_int_eq(segment(3)->fate, LADDER_DELAYED);
	ck_assert_double_eq(segment(3)->t, 0.1);
	ck_assert_double_eq(segment(3)->until, 0.4);
	done();
}
END_TEST

START_TEST(what_never_left_the_wire_does_not_arrive)
{
	telling_handshake(journal);
	tell_data(0.1, "delayed", "tcp data", 1);
	draw();
	ck_assert_int_eq(segment(3)->fate, LADDER_IN_TRANSIT);
	ck_assert_str_eq(segment(3)->end, "delayed beyond the end");
	done();
}
END_TEST

START_TEST(injected_segment_comes_from_the_wire)
{
	telling_handshake(journal);
	FRAME(journal, .t = 0.1, .left = 0.10001, .from = "", .to = "client",
	      .fate = "injected", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .seq = 1, .to_client = true);
	draw();
	ck_assert_int_eq(segment(3)->host, LADDER_WIRE);
	ck_assert_int_eq(segment(3)->fate, LADDER_INJECTED);
	ck_assert_int_eq(segment(3)->connection, 0);
	done();
}
END_TEST

/* A gateway that changes the client's address and port. */
static void tell_through_gateway(double t, bool to_client, const char *kinds,
				 uint8_t flags, uint32_t seq, uint32_t ack)
{
	struct told_frame told = { .t = t,
				   .left = t + 3e-5,
				   .from = to_client ? "server" : "client",
				   .to = "gateway",
				   .kinds = kinds,
				   .flags = flags,
				   .seq = seq,
				   .ack = ack,
				   .to_client = to_client };

	if (to_client) {
		told.client = "10.0.0.9";
		told.client_port = 50000;
	}
	telling_frame(journal, told);
	told.t += 3e-5;
	told.left += 3e-5;
	told.from = "gateway";
	told.to = to_client ? "client" : "server";
	told.ttl = 63;
	told.client = to_client ? NULL : "10.0.0.9";
	told.client_port = to_client ? 0 : 50000;
	telling_frame(journal, told);
}

START_TEST(packet_that_a_gateway_passes_on_is_one_row)
{
	tell_through_gateway(0.1, false, "tcp syn", SEGMENT_SYN, 0, 0);
	tell_through_gateway(0.2, true, "tcp syn-ack",
			     SEGMENT_SYN | SEGMENT_ACK, 0, 1);
	draw();
	ck_assert_uint_eq(ladder->n_segments, 2);
	ck_assert_uint_eq(segment(0)->n_hops, 2);
	ck_assert_str_eq(ladder->hosts[segment(0)->hops[0].host].name,
			 "gateway");
	ck_assert_str_eq(ladder->hosts[segment(0)->hops[1].host].name,
			 "server");
	ck_assert_str_eq(ladder->hosts[1].name, "gateway");
	/* Two names, one connection. */
	ck_assert_uint_eq(ladder->n_connections, 1);
	ck_assert_int_eq(segment(1)->connection, 0);
	done();
}
END_TEST

START_TEST(what_a_gateway_keeps_is_not_passed_on)
{
	tell_through_gateway(0.1, false, "tcp syn", SEGMENT_SYN, 0, 0);
	tell_through_gateway(0.2, true, "tcp syn-ack",
			     SEGMENT_SYN | SEGMENT_ACK, 0, 1);
	FRAME(journal, .t = 5, .left = 5.00003, .from = "client",
	      .to = "gateway", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 10);
	draw();
	ck_assert(!segment(0)->not_forwarded && !segment(1)->not_forwarded);
	ck_assert(segment(2)->not_forwarded);
	ck_assert_str_eq(segment(2)->end, "not passed on");
	done();
}
END_TEST

START_TEST(packet_that_is_not_the_same_is_no_next_hop)
{
	struct told_frame told = { .t = 0.1,
				   .left = 0.10003,
				   .from = "client",
				   .to = "gateway",
				   .kinds = "tcp syn",
				   .flags = SEGMENT_SYN };

	telling_frame(journal, told);
	/* The gateway's own: its TTL is a whole one. */
	told.from = "gateway";
	told.to = "server";
	told.t = 0.2;
	telling_frame(journal, told);
	draw();
	ck_assert_uint_eq(ladder->n_segments, 2);
	ck_assert_uint_eq(segment(0)->n_hops, 1);
	done();
}
END_TEST

START_TEST(new_isn_is_a_new_connection)
{
	telling_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN,
	      .isn = 77);
	FRAME(journal, .t = 1.5, .left = 1.50003, .from = "client",
	      .to = "server", .kinds = "tcp syn retransmission",
	      .flags = SEGMENT_SYN, .isn = 77);
	draw();
	ck_assert_uint_eq(ladder->n_connections, 2);
	ck_assert_int_eq(segment(2)->connection, 0);
	ck_assert_int_eq(segment(3)->connection, 1);
	ck_assert_int_eq(segment(4)->connection, 1);
	ck_assert_str_eq(segment(4)->remark, "retransmission 1, +1.000\u00a0s");
	done();
}
END_TEST

START_TEST(ghosts_are_counted_and_not_drawn)
{
	telling_handshake(journal);
	telling_fault(journal, 0.1, "crash", "server");
	FRAME(journal, .t = 0.101, .from = "server", .to = "client",
	      .fate = "ghost", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .to_client = true);
	draw();
	ck_assert_uint_eq(ladder->n_segments, 3);
	ck_assert_uint_eq(ladder->n_ghosts, 1);
	ck_assert_double_eq(span_of(LADDER_DEAD, "server")->from, 0.1);
	ck_assert(span_of(LADDER_DEAD, "server")->open);
	/* What the dead host had is gone with it. */
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->until, 0.1);
	done();
}
END_TEST

START_TEST(faults_that_end_are_as_long_as_they_lasted)
{
	telling_handshake(journal);
	telling_fault(journal, 0.1, "unplug", "client");
	telling_fault(journal, 0.4, "plug", "client");
	telling_fault(journal, 0.5, "kill", "server 2");
	draw();
	ck_assert_double_eq(span_of(LADDER_UNPLUGGED, "client")->until, 0.4);
	ck_assert_uint_eq(count(LADDER_FAULT), 3);
	ck_assert_str_eq(ladder->hosts[ladder->rows[ladder->n_rows - 1].host]
				 .name,
			 "server");
	ck_assert(!row_of(LADDER_FAULT)->ends_fault);
	done();
}
END_TEST

START_TEST(timer_runs_until_it_fires)
{
	telling_handshake(journal);
	telling_state(journal, 0.1, "client", 2, "ESTAB", "on", 0.3);
	/* The same one, looked at again. */
	telling_state(journal, 0.2, "client", 2, "ESTAB", "on", 0.2);
	telling_state(journal, 1.0, "client", 2, "ESTAB", "keepalive", 60);
	draw();
	ck_assert_double_eq_tol(span_of(LADDER_TIMER, "client")->until, 0.4,
				1e-9);
	ck_assert_uint_eq(count(LADDER_SOCKET), 2);
	ck_assert_str_eq(row_of(LADDER_SOCKET)->text,
			 "ESTAB, retransmission in 0.300\u00a0s");
	ck_assert(!span_of(LADDER_TIMER, "client")->open);
	ck_assert(ladder->spans[ladder->n_spans - 1].open);
	done();
}
END_TEST

START_TEST(call_and_result_at_once_are_one_row)
{
	telling_call(journal, 0.1, "client", 1, "bind(10.0.0.1:1)");
	telling_result(journal, 0.1001, "client", 1, "bind", -1, "EADDRINUSE");
	telling_call(journal, 0.2, "client", 1, "recv() waits");
	telling_result(journal, 0.3, "client", 1, "recv", 7, NULL);
	draw();
	ck_assert_uint_eq(count(LADDER_CALL), 3);
	ck_assert_str_eq(ladder->rows[0].text,
			 "bind(10.0.0.1:1) = -1 EADDRINUSE");
	ck_assert(ladder->rows[0].failed);
	done();
}
END_TEST

START_TEST(silence_is_told_with_its_length)
{
	telling_handshake(journal);
	tell_data(2.016, NULL, "tcp data", 1);
	draw();
	ck_assert_uint_eq(count(LADDER_QUIET), 1);
	ck_assert_str_eq(row_of(LADDER_QUIET)->text, "2.000\u00a0s quiet");
	done();
}
END_TEST

/* Data and its ACKs, a millisecond each. */
static void tell_flow(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t seq = (uint32_t)i * 1000 + 1;
		double t = 0.02 + (double)i * 1e-3;

		FRAME(journal, .t = t, .left = t + 3e-5, .from = "client",
		      .to = "server", .kinds = "tcp data", .flags = SEGMENT_ACK,
		      .seq = seq, .ack = 1, .length = 1000);
		FRAME(journal, .t = t + 4e-4, .left = t + 5e-4,
		      .from = "server", .to = "client",
		      .kinds = "tcp pure-ack", .flags = SEGMENT_ACK, .seq = 1,
		      .ack = seq + 1000, .to_client = true);
	}
}

START_TEST(short_flow_is_not_folded)
{
	telling_handshake(journal);
	tell_flow(8);
	draw();
	ck_assert_uint_eq(count(LADDER_FOLD), 0);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 3 + 16);
	done();
}
END_TEST

START_TEST(long_flow_is_folded_and_counted)
{
	telling_handshake(journal);
	tell_flow(250);
	draw();
	ck_assert_uint_eq(count(LADDER_FOLD), 1);
	/* Six of its rows stand before it, and six behind. */
	ck_assert_str_eq(row_of(LADDER_FOLD)->text, "488 segments, 244.0 kB");
	ck_assert_uint_eq(ladder->n_folded, 488);
	ck_assert_uint_eq(ladder->n_segments, 503);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 15);
	done();
}
END_TEST

START_TEST(whole_ladder_has_every_segment)
{
	telling_handshake(journal);
	tell_flow(250);
	ck_assert_int_eq(ladder_new_whole(&ladder, journal), 0);
	json_decref(journal);
	ck_assert_uint_eq(count(LADDER_FOLD), 0);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 503);
	done();
}
END_TEST

START_TEST(drop_in_a_flow_parts_it)
{
	bool dropped = false;

	telling_handshake(journal);
	tell_flow(100);
	tell_data(0.0702, "dropped", "tcp data", 500000);
	draw();
	ck_assert_uint_eq(count(LADDER_FOLD), 2);
	for (size_t i = 0; i < ladder->n_rows; i++)
		dropped |= ladder->rows[i].fate == LADDER_DROPPED;
	ck_assert(dropped);
	done();
}
END_TEST

static void tell_long_run(size_t every)
{
	telling_handshake(journal);
	for (size_t i = 0; i < 50000; i++)
		tell_data(0.1 + (double)i * 1e-4, (i % every) ? NULL : "dropped",
			  "tcp data", (uint32_t)i * 100 + 1);
	telling_fault(journal, 6, "crash", "server");
}

START_TEST(hundred_drops_among_fifty_thousand_segments_are_seen)
{
	size_t drops = 0;

	tell_long_run(500);
	draw();
	ck_assert_uint_lt(ladder->n_rows, 600);
	for (size_t i = 0; i < ladder->n_rows; i++)
		drops += ladder->rows[i].fate == LADDER_DROPPED;
	ck_assert_uint_eq(drops, 100);
	done();
}
END_TEST

START_TEST(thousands_of_drops_are_counted)
{
	tell_long_run(7);
	draw();
	ck_assert_uint_lt(ladder->n_rows, 600);
	/* In pieces, so that one sees when. */
	ck_assert_uint_gt(count(LADDER_FOLD), 100);
	ck_assert(strstr(row_of(LADDER_FOLD)->text, " dropped"));
	ck_assert_uint_eq(count(LADDER_FAULT), 1);
	done();
}
END_TEST

START_TEST(routers_that_only_pass_on_share_a_lifeline)
{
	for (int i = 0; i <= 20; i++) {
		char from[16] = "client", to[16] = "server";

		if (i)
			snprintf(from, sizeof(from), "router-%d", i);
		if (i < 20)
			snprintf(to, sizeof(to), "router-%d", i + 1);
		FRAME(journal, .t = 0.1 + i * 3e-5, .left = 0.1 + i * 3e-5 + 3e-5,
		      .from = from, .to = to, .kinds = "tcp syn",
		      .flags = SEGMENT_SYN, .ttl = (uint8_t)(64 - i));
	}
	draw();
	ck_assert_uint_eq(ladder->n_hosts, 22);
	ck_assert_uint_eq(ladder->n_segments, 1);
	ck_assert_uint_eq(segment(0)->n_hops, 21);
	ck_assert_uint_eq(ladder->n_columns, 3);
	ck_assert_str_eq(ladder->columns[1].name, "router-1 .. router-20");
	done();
}
END_TEST

START_TEST(failed_expectation_is_a_row)
{
	telling_handshake(journal);
	TELL(journal, 0.5, "expectation", "{s:s, s:b, s:s, s:s, s:s}", "what",
	     "recv() in client", "ok", 0, "expected", "ETIMEDOUT", "observed",
	     "EOF", "at", "cases/x.c:1");
	draw();
	ck_assert_str_eq(row_of(LADDER_FAILURE)->text,
			 "recv() in client: expected ETIMEDOUT, observed EOF");
	done();
}
END_TEST

START_TEST(control_characters_do_not_get_through)
{
	telling_call(journal, 0.1, "client", 0, "nginx: \033[31mred\nline");
	draw();
	ck_assert_str_eq(ladder->rows[0].text, "nginx:  [31mred line");
	done();
}
END_TEST

START_TEST(frame_without_bytes_is_drawn_by_its_text)
{
	TELL(journal, 0.1, "frame", "{s:s, s:s, s:s, s:s, s:[s], s:f}", "from",
	     "a", "to", "b", "fate", "forwarded", "text", "S 0:0(0)", "kinds",
	     "tcp", "left", 0.2);
	draw();
	ck_assert_str_eq(segment(0)->text, "S 0:0(0)");
	ck_assert_int_eq(segment(0)->connection, LADDER_NONE);
	done();
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&nothing_is_an_empty_ladder,
		&handshake_is_three_segments_of_one_connection,
		&state_begins_with_connect_and_accept,
		&state_is_known_no_more_once_a_fin_is_sent,
		&between_two_looks_that_differ_nothing_is_sure,
		&copies_are_numbered_with_the_time_since,
		&probes_are_counted_until_one_is_answered,
		&probe_of_a_shut_window_is_called_so,
		&held_segment_finds_its_release,
		&delayed_segment_is_one_row,
		&what_never_left_the_wire_does_not_arrive,
		&injected_segment_comes_from_the_wire,
		&packet_that_a_gateway_passes_on_is_one_row,
		&what_a_gateway_keeps_is_not_passed_on,
		&packet_that_is_not_the_same_is_no_next_hop,
		&new_isn_is_a_new_connection,
		&ghosts_are_counted_and_not_drawn,
		&faults_that_end_are_as_long_as_they_lasted,
		&timer_runs_until_it_fires,
		&call_and_result_at_once_are_one_row,
		&silence_is_told_with_its_length,
		&short_flow_is_not_folded,
		&long_flow_is_folded_and_counted,
		&whole_ladder_has_every_segment,
		&drop_in_a_flow_parts_it,
		&hundred_drops_among_fifty_thousand_segments_are_seen,
		&thousands_of_drops_are_counted,
		&routers_that_only_pass_on_share_a_lifeline,
		&failed_expectation_is_a_row,
		&control_characters_do_not_get_through,
		&frame_without_bytes_is_drawn_by_its_text,
	};

	return unit_run("ladder", tests, ARRAY_SIZE(tests), new_journal);
}
