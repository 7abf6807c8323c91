/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <string.h>

#include "fault.h"
#include "records.h"
#include "unit.h"

static json_t *journal;
static struct ladder *ladder;

static void new_journal(void)
{
	journal = json_array();
}

/* The ladder of the records so far. */
static void build(void)
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

START_TEST(empty_journal_is_an_empty_ladder)
{
	build();
	ck_assert_uint_eq(ladder->n_rows, 0);
	ck_assert_uint_eq(ladder->n_hosts, 0);
	done();
}
END_TEST

START_TEST(handshake_is_three_segments_of_one_connection)
{
	record_handshake(journal);
	build();
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

START_TEST(established_state_begins_with_connect_and_accept)
{
	record_handshake(journal);
	build();
	ck_assert_str_eq(span_of(LADDER_STATE, "client")->text, "ESTAB");
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->from, 0.015);
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->from, 0.016);
	ck_assert_int_eq(span_of(LADDER_STATE, "server")->connection, 0);
	done();
}
END_TEST

START_TEST(fin_ends_the_known_state_of_both_sockets)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp fin",
	      .flags = SEGMENT_FIN | SEGMENT_ACK, .seq = 1, .ack = 1);
	record_result(journal, 0.9, "client", 2, "recv", 0, NULL);
	build();
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->until, 0.5);
	ck_assert(!span_of(LADDER_STATE, "client")->open);
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->until, 0.50003);
	done();
}
END_TEST

START_TEST(state_between_two_different_observations_is_unsure)
{
	record_handshake(journal);
	record_state(journal, 0.1, "client", 2, "ESTAB", "none", 0);
	record_state(journal, 0.6, "client", 2, "none", "none", 0);
	build();
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->sure, 0.1);
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->until, 0.6);
	done();
}
END_TEST

static void record_data(double t, const char *fate, const char *kinds,
		      uint32_t seq)
{
	FRAME(journal, .t = t, .left = fate ? 0 : t + 3e-5, .from = "client",
	      .to = "server", .fate = fate, .kinds = kinds,
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = seq, .ack = 1,
	      .length = 100);
}

static void record_retransmission(double t, int transmission)
{
	FRAME(journal, .t = t, .from = "client", .to = "server",
	      .fate = "dropped: host is dead", .kinds = "tcp retransmission",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 100, .transmission = transmission);
}

START_TEST(retransmissions_have_number_and_interval)
{
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	record_retransmission(0.3, 2);
	record_retransmission(0.7, 3);
	build();
	ck_assert_ptr_null(segment(3)->remark);
	ck_assert_str_eq(segment(4)->remark,
			 "retransmission 1, +0.200\u00a0s");
	ck_assert_str_eq(segment(5)->remark,
			 "retransmission 2, +0.400\u00a0s");
	ck_assert_int_eq(segment(5)->fate, LADDER_DROPPED);
	ck_assert_str_eq(segment(5)->end, "dropped: host is dead");
	ck_assert(segment(5)->repeated && !segment(3)->repeated);
	done();
}
END_TEST

START_TEST(tail_loss_probe_is_no_retransmission_by_timeout)
{
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	record_retransmission(0.125, 2);
	record_retransmission(0.4, 3);
	build();
	ck_assert_str_eq(segment(4)->remark,
			 "tail loss probe, +0.025\u00a0s");
	ck_assert_str_eq(segment(5)->remark,
			 "retransmission 1, +0.275\u00a0s");
	done();
}
END_TEST

/* An early retransmission can be a fast one when the peer was heard, and one by
 * timeout when tcp_rto_min_us is small. */
START_TEST(early_retransmission_is_not_always_a_loss_probe)
{
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	FRAME(journal, .t = 0.11, .left = 0.11003, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	record_retransmission(0.125, 2);
	build();
	ck_assert_str_eq(segment(5)->remark,
			 "retransmission 1, +0.025\u00a0s");
	done();
	journal = json_array();
	RECORD(journal, 0.001, "sysctl", "{s:s, s:s, s:s}", "host", "client",
	       "name", "net.ipv4.tcp_rto_min_us", "value", "5000");
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	record_retransmission(0.125, 2);
	build();
	ck_assert_str_eq(segment(4)->remark,
			 "retransmission 1, +0.025\u00a0s");
	done();
}
END_TEST

static void record_counter(const char *name, int change)
{
	RECORD(journal, 9, "counter", "{s:s, s:s, s:i}", "host", "client",
	       "name", name, "change", change);
}

/* A single segment is probed when its retransmission timeout is near; then only
 * the counters tell: of three retransmissions two are by timeout, and a third
 * timeout ended the connection. */
START_TEST(counters_name_a_late_tail_loss_probe)
{
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	record_retransmission(0.309, 2);
	record_retransmission(0.52, 3);
	record_retransmission(0.93, 4);
	record_counter("RetransSegs", 3);
	record_counter("TCPTimeouts", 3);
	record_counter("TCPAbortOnTimeout", 1);
	record_counter("TCPLossProbes", 1);
	build();
	ck_assert_str_eq(segment(4)->remark,
			 "tail loss probe, +0.209\u00a0s");
	ck_assert_str_eq(segment(5)->remark,
			 "retransmission 1, +0.211\u00a0s");
	ck_assert_str_eq(segment(6)->remark,
			 "retransmission 2, +0.410\u00a0s");
	done();
}
END_TEST

/* The probe can have been new data, and the retransmission one by timeout. */
START_TEST(counters_that_leave_a_choice_name_no_loss_probe)
{
	record_handshake(journal);
	record_data(0.1, "dropped: host is dead", "tcp data", 1);
	record_retransmission(0.309, 2);
	record_counter("RetransSegs", 1);
	record_counter("TCPTimeouts", 1);
	record_counter("TCPLossProbes", 1);
	build();
	ck_assert_str_eq(segment(4)->remark,
			 "retransmission 1, +0.209\u00a0s");
	done();
}
END_TEST

static void record_probe(double t, const char *fate)
{
	FRAME(journal, .t = t, .left = fate ? 0 : t + 3e-5, .from = "client",
	      .to = "server", .fate = fate, .kinds = "tcp probe",
	      .flags = SEGMENT_ACK, .seq = 0, .ack = 1);
}

START_TEST(probes_are_counted_until_an_answer)
{
	record_handshake(journal);
	record_probe(1, "dropped");
	record_probe(2, NULL);
	FRAME(journal, .t = 2.001, .left = 2.00103, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	record_probe(3, NULL);
	build();
	ck_assert_str_eq(segment(3)->remark, "probe 1");
	ck_assert_str_eq(segment(4)->remark, "probe 2");
	ck_assert_str_eq(segment(6)->remark, "probe 1");
	done();
}
END_TEST

START_TEST(probe_of_a_zero_window_is_a_window_probe)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .shut = true, .to_client = true);
	record_probe(1, NULL);
	build();
	ck_assert_str_eq(segment(4)->remark, "window probe 1");
	done();
}
END_TEST

START_TEST(held_segment_has_its_release_as_partner)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.1, .from = "client", .to = "server",
	      .fate = "held", .kinds = "tcp data", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .length = 100, .packet = 1001);
	record_data(0.2, "held", "tcp data", 101);
	FRAME(journal, .t = 0.9, .left = 0.9, .from = "client", .to = "server",
	      .fate = "released", .kinds = "tcp data", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .length = 100, .packet = 1001);
	build();
	ck_assert_int_eq(segment(3)->fate, LADDER_HELD);
	ck_assert_int_eq(segment(5)->fate, LADDER_RELEASED);
	ck_assert_ptr_eq(&ladder->rows[segment(3)->partner], segment(5));
	ck_assert_ptr_eq(&ladder->rows[segment(5)->partner], segment(3));
	ck_assert_int_eq(segment(4)->partner, LADDER_NONE);
	ck_assert(segment(5)->starts_on_wire);
	done();
}
END_TEST

/* It was sent once. */
START_TEST(held_segment_that_is_lost_on_release_is_one_row)
{
	record_handshake(journal);
	for (int i = 0; i < 2; i++)
		FRAME(journal, .t = i ? 0.3 : 0.1, .from = "client",
		      .to = "server", .fate = i ? "dropped" : "held",
		      .kinds = "tcp data", .flags = SEGMENT_ACK, .seq = 1,
		      .ack = 1, .length = 100, .packet = 1001);
	build();
	ck_assert_uint_eq(ladder->n_segments, 4);
	ck_assert_int_eq(segment(3)->fate, LADDER_DROPPED);
	ck_assert_str_eq(segment(3)->end,
			 "held 0.200\u00a0s, dropped");
	done();
}
END_TEST

/* Both records of a segment that the wire delays, at the time of the first. */
static void record_delayed(double t, double left, bool to_client, int packet)
{
	for (int i = 0; i < 2; i++)
		FRAME(journal, .t = i ? left : t, .left = i ? left : 0,
		      .from = to_client ? "server" : "client",
		      .to = to_client ? "client" : "server", .fate = "delayed",
		      .kinds = "tcp data", .flags = SEGMENT_PSH | SEGMENT_ACK,
		      .seq = 1, .ack = 1, .length = 100, .packet = packet,
		      .to_client = to_client);
}

START_TEST(delayed_segment_is_one_row)
{
	record_handshake(journal);
	record_delayed(0.1, 0.4, false, 1001);
	build();
	ck_assert_uint_eq(ladder->n_segments, 4);
	ck_assert_int_eq(segment(3)->fate, LADDER_DELAYED);
	ck_assert_double_eq(segment(3)->t, 0.1);
	ck_assert_double_eq(segment(3)->until, 0.4);
	/* Nothing else happens meanwhile. */
	ck_assert_uint_eq(count(LADDER_ARRIVAL), 0);
	done();
}
END_TEST

START_TEST(silence_begins_when_a_delayed_segment_arrives)
{
	record_handshake(journal);
	record_delayed(0.1, 0.4, false, 1001);
	record_call(journal, 0.7, "client", 2, "close()");
	build();
	ck_assert_int_eq(ladder->rows[ladder->n_rows - 2].kind, LADDER_QUIET);
	ck_assert_double_eq(ladder->rows[ladder->n_rows - 2].t, 0.4);
	done();
}
END_TEST

START_TEST(silences_end_where_a_delayed_segment_arrives)
{
	record_handshake(journal);
	record_delayed(0.1, 0.4, false, 1001);
	record_call(journal, 0.25, "client", 2, "getsockopt()");
	record_call(journal, 0.7, "client", 2, "close()");
	build();
	ck_assert_uint_eq(count(LADDER_ARRIVAL), 1);
	ck_assert_int_eq(row_of(LADDER_ARRIVAL)->partner,
			 (int)(segment(3) - ladder->rows));
	for (size_t i = 0; i < ladder->n_rows; i++)
		if (ladder->rows[i].kind == LADDER_QUIET)
			ck_assert(ladder->rows[i].until <= 0.4 ||
				  ladder->rows[i].t >= 0.4);
	done();
}
END_TEST

/* The answer has the kernel's timestamp, the arrival that of the wire's clock
 * after it has sent the segment, some microseconds later. */
START_TEST(answer_stands_below_the_arrival_that_causes_it)
{
	const struct ladder_row *arrival;

	record_handshake(journal);
	record_delayed(0.1, 0.40005, false, 1001);
	record_call(journal, 0.2, "client", 2, "close()");
	record_data(0.40003, NULL, "tcp data", 201);
	FRAME(journal, .t = 0.40004, .left = 0.40006, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 101, .to_client = true);
	build();
	arrival = row_of(LADDER_ARRIVAL);
	ck_assert_ptr_eq(arrival + 1, segment(5));
	ck_assert_int_eq(segment(5)->host, 1);
	ck_assert_double_le(arrival->t, segment(5)->t);
	ck_assert_ptr_eq(&ladder->rows[arrival->partner], segment(3));
	ck_assert_ptr_eq(&ladder->rows[segment(3)->partner], arrival);
	done();
}
END_TEST

START_TEST(segment_delayed_beyond_the_end_does_not_arrive)
{
	record_handshake(journal);
	record_data(0.1, "delayed", "tcp data", 1);
	build();
	ck_assert_int_eq(segment(3)->fate, LADDER_IN_TRANSIT);
	ck_assert_str_eq(segment(3)->end, "delayed beyond the end");
	done();
}
END_TEST

START_TEST(segment_lost_after_a_delay_is_one_row)
{
	record_handshake(journal);
	for (int i = 0; i < 2; i++)
		FRAME(journal, .t = 0.1 + 0.3 * i, .from = "client",
		      .to = "server", .fate = i ? "lost: no carrier" : "delayed",
		      .kinds = "tcp data", .flags = SEGMENT_ACK, .seq = 1,
		      .ack = 1, .length = 100, .packet = 1001);
	build();
	ck_assert_uint_eq(ladder->n_segments, 4);
	ck_assert_int_eq(segment(3)->fate, LADDER_DROPPED);
	ck_assert_str_eq(segment(3)->end,
			 "delayed 0.300\u00a0s, lost: no carrier");
	done();
}
END_TEST

START_TEST(injected_segment_comes_from_the_wire)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.1, .left = 0.10001, .from = "", .to = "client",
	      .fate = "injected", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .seq = 1, .to_client = true);
	build();
	ck_assert_int_eq(segment(3)->host, LADDER_WIRE);
	ck_assert_int_eq(segment(3)->fate, LADDER_INJECTED);
	ck_assert_int_eq(segment(3)->connection, 0);
	done();
}
END_TEST

/* On both cables of a gateway that changes the client's port. */
static void record_forwarded(double t, int packet, bool to_client,
			     const char *kinds, uint8_t flags, uint32_t seq,
			     uint32_t ack)
{
	const char *from = to_client ? "server" : "client";
	const char *to = to_client ? "client" : "server";

	FRAME(journal, .t = t, .left = t + 3e-5, .from = from, .to = "gateway",
	      .kinds = kinds, .flags = flags, .seq = seq, .ack = ack,
	      .to_client = to_client, .packet = packet,
	      .client_port = to_client ? 50000 : 40000);
	FRAME(journal, .t = t + 3e-5, .left = t + 6e-5, .from = "gateway",
	      .to = to, .kinds = kinds, .flags = flags, .seq = seq, .ack = ack,
	      .to_client = to_client, .packet = packet, .origin = from,
	      .client_port = to_client ? 40000 : 50000);
}

static void record_forwarded_handshake(void)
{
	record_forwarded(0.1, 1001, false, "tcp syn", SEGMENT_SYN, 0, 0);
	record_forwarded(0.2, 1002, true, "tcp syn-ack",
			 SEGMENT_SYN | SEGMENT_ACK, 0, 1);
}

START_TEST(forwarded_packet_is_one_row_with_two_hops)
{
	record_forwarded_handshake();
	build();
	ck_assert_uint_eq(ladder->n_segments, 2);
	ck_assert_uint_eq(segment(0)->n_hops, 2);
	ck_assert_str_eq(ladder->hosts[segment(0)->hops[0].host].name,
			 "gateway");
	ck_assert_str_eq(ladder->hosts[segment(0)->hops[1].host].name,
			 "server");
	ck_assert_str_eq(ladder->hosts[1].name, "gateway");
	ck_assert_uint_eq(ladder->n_connections, 1);
	ck_assert_int_eq(segment(1)->connection, 0);
	done();
}
END_TEST

START_TEST(packet_that_a_gateway_keeps_is_not_forwarded)
{
	record_forwarded_handshake();
	FRAME(journal, .t = 5, .left = 5.00003, .from = "client",
	      .to = "gateway", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 10);
	build();
	ck_assert(!segment(0)->not_forwarded && !segment(1)->not_forwarded);
	ck_assert(segment(2)->not_forwarded);
	ck_assert_str_eq(segment(2)->end, "not forwarded");
	done();
}
END_TEST

START_TEST(packet_of_a_gateway_is_a_row_of_its_own)
{
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "gateway", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.2, .left = 0.20003, .from = "gateway",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN,
	      .connection = 2);
	build();
	ck_assert_uint_eq(ladder->n_segments, 2);
	ck_assert_uint_eq(segment(0)->n_hops, 1);
	done();
}
END_TEST

/* The RST that a gateway sends on behalf of the server does not make it the
 * server: what it forwards later still reaches its receiver. */
START_TEST(reset_from_a_gateway_does_not_make_it_the_server)
{
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "gateway", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.2, .left = 0.20003, .from = "gateway",
	      .to = "client", .kinds = "tcp rst",
	      .flags = SEGMENT_RST | SEGMENT_ACK, .ack = 1, .to_client = true);
	record_icmp(journal, 0.3, "gateway", "client", true);
	record_forwarded(1.1, 1001, false, "tcp syn retransmission",
			 SEGMENT_SYN, 0, 0);
	record_forwarded(1.2, 1002, true, "tcp syn-ack",
			 SEGMENT_SYN | SEGMENT_ACK, 0, 1);
	record_forwarded(1.3, 1003, false, "tcp pure-ack", SEGMENT_ACK, 1, 1);
	build();
	ck_assert_str_eq(ladder->connections[0].text,
			 "client:40000 > server:7777");
	ck_assert(segment(0)->not_forwarded);
	for (size_t i = 1; i < 6; i++)
		ck_assert(!segment(i)->not_forwarded);
	ck_assert_int_eq(segment(2)->connection, 0);
	done();
}
END_TEST

START_TEST(server_is_the_host_that_has_the_socket)
{
	/* A gateway answers the SYN itself (SYNPROXY). */
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "gateway", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.2, .left = 0.20003, .from = "gateway",
	      .to = "client", .kinds = "tcp syn-ack",
	      .flags = SEGMENT_SYN | SEGMENT_ACK, .ack = 1, .to_client = true);
	record_state(journal, 0.3, "server", 3, "ESTAB", "none", 0);
	build();
	ck_assert_str_eq(ladder->connections[0].text,
			 "client:40000 > server:7777");
	done();
}
END_TEST

START_TEST(silent_server_is_the_host_with_the_destination_address)
{
	RECORD(journal, 0.009, "ready", "{s:{s:[s], s:[s, s], s:[s]}}", "hosts",
	       "client", "10.0.0.1", "gateway", "10.0.0.254", "10.0.1.254",
	       "server", "10.0.0.2");
	record_call(journal, 0.01, "server", 1, "listen()");
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "gateway", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	FRAME(journal, .t = 0.2, .left = 0.20003, .from = "gateway",
	      .to = "client", .kinds = "tcp rst",
	      .flags = SEGMENT_RST | SEGMENT_ACK, .ack = 1, .to_client = true);
	build();
	ck_assert_str_eq(ladder->connections[0].text,
			 "client:40000 > server:7777");
	ck_assert(segment(0)->not_forwarded);
	for (size_t i = 0; i < ladder->n_hosts; i++)
		if (strcmp(ladder->hosts[i].name, "gateway") == 0)
			ck_assert_str_eq(ladder->hosts[i].address,
					 "10.0.0.254");
	done();
}
END_TEST

START_TEST(second_connection_on_the_same_ports_has_rows_of_its_own)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN,
	      .connection = 2);
	FRAME(journal, .t = 1.5, .left = 1.50003, .from = "client",
	      .to = "server", .kinds = "tcp syn retransmission",
	      .flags = SEGMENT_SYN, .connection = 2);
	build();
	ck_assert_uint_eq(ladder->n_connections, 2);
	ck_assert_int_eq(segment(2)->connection, 0);
	ck_assert_int_eq(segment(3)->connection, 1);
	ck_assert_int_eq(segment(4)->connection, 1);
	ck_assert_str_eq(segment(4)->remark,
			 "retransmission 1, +1.000\u00a0s");
	done();
}
END_TEST

START_TEST(connection_that_takes_over_time_wait_ends_its_bar)
{
	record_handshake(journal);
	record_state(journal, 0.2, "client", 2, "TIME-WAIT", "timewait", 60);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN,
	      .connection = 2);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert_str_eq(span_of(LADDER_STATE, "client")->text, "ESTAB");
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (strcmp(ladder->spans[i].text, "TIME-WAIT") == 0)
			ck_assert_double_eq(ladder->spans[i].until, 0.5);
	ck_assert_double_eq(span_of(LADDER_TIMER, "client")->until, 0.5);
	done();
}
END_TEST

/* An RST for another 4-tuple has another connection, or none. */
START_TEST(reset_for_another_connection_does_not_end_a_bar)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .seq = 1, .client_port = 40001, .connection = -1);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert(span_of(LADDER_STATE, "client")->open);
	ck_assert(span_of(LADDER_STATE, "server")->open);
	done();
}
END_TEST

START_TEST(closed_socket_in_syn_sent_has_no_bar)
{
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	record_state(journal, 0.2, "client", 2, "SYN-SENT", "on", 0.9);
	record_call(journal, 0.5, "client", 2, "close()");
	record_call(journal, 2, "client", 4, "sleep");
	build();
	ck_assert_double_eq(span_of(LADDER_STATE, "client")->until, 0.5);
	ck_assert_double_eq(span_of(LADDER_TIMER, "client")->until, 0.5);
	done();
}
END_TEST

/* A lab numbers a socket that it sees before the probe reports its port. */
START_TEST(two_numbers_of_one_socket_have_one_bar)
{
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	record_state(journal, 0.2, "client", 1000, "SYN-SENT", "on", 0.9);
	record_result(journal, 0.5, "client", 2, "connect", 0, NULL);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert_uint_eq(ladder->n_spans, 3);
	ck_assert_str_eq(ladder->spans[0].text, "SYN-SENT");
	ck_assert_double_eq(ladder->spans[0].until, 0.5);
	ck_assert_uint_eq(ladder->spans[2].track, 0);
	done();
}
END_TEST

START_TEST(reset_sent_in_syn_sent_does_not_end_it)
{
	FRAME(journal, .t = 0.1, .left = 0.10003, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN);
	record_state(journal, 0.2, "client", 2, "SYN-SENT", "none", 0);
	FRAME(journal, .t = 0.3, .left = 0.30003, .from = "client",
	      .to = "server", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .seq = 77);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert(span_of(LADDER_STATE, "client")->open);
	done();
}
END_TEST

/* A challenge ACK: the RST is not the next segment that the server expects. */
START_TEST(reset_that_is_answered_with_an_ack_does_not_end_a_bar)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.3, .left = 0.30003, .from = "client",
	      .to = "server", .fate = "injected", .kinds = "tcp rst",
	      .flags = SEGMENT_RST, .seq = 11);
	FRAME(journal, .t = 0.301, .left = 0.30103, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	FRAME(journal, .t = 0.5, .left = 0.50003, .from = "client",
	      .to = "server", .fate = "injected", .kinds = "tcp rst",
	      .flags = SEGMENT_RST, .seq = 1);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert_str_eq(span_of(LADDER_STATE, "server")->text, "ESTAB");
	ck_assert(!span_of(LADDER_STATE, "server")->open);
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->sure, 0.50003);
	done();
}
END_TEST

START_TEST(segment_that_was_sent_before_a_reset_does_not_continue_a_bar)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.3, .left = 0.30003, .from = "client",
	      .to = "server", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .seq = 1);
	FRAME(journal, .t = 0.30002, .left = 0.30004, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->until, 0.30003);
	done();
}
END_TEST

/* A challenge ACK is sent once in tcp_invalid_ratelimit. */
START_TEST(reset_after_one_without_an_answer_does_not_end_a_bar)
{
	record_handshake(journal);
	for (int i = 1; i <= 2; i++)
		FRAME(journal, .t = 0.3 * i, .left = 0.3 * i + 0.00003,
		      .from = "client", .to = "server", .fate = "injected",
		      .kinds = "tcp rst", .flags = SEGMENT_RST, .seq = 11);
	FRAME(journal, .t = 0.601, .left = 0.60103, .from = "server",
	      .to = "client", .kinds = "tcp pure-ack", .flags = SEGMENT_ACK,
	      .seq = 1, .ack = 1, .to_client = true);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert(span_of(LADDER_STATE, "server")->open);
	ck_assert_double_ge(span_of(LADDER_STATE, "server")->sure, 0.601);
	done();
}
END_TEST

START_TEST(state_after_a_reset_continues_its_bar)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.3, .left = 0.30003, .from = "client",
	      .to = "server", .fate = "injected", .kinds = "tcp rst",
	      .flags = SEGMENT_RST, .seq = 100001);
	record_state(journal, 0.4, "server", 1, "ESTAB", "keepalive", 5);
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert(span_of(LADDER_STATE, "server")->open);
	ck_assert_double_lt(span_of(LADDER_STATE, "server")->from, 0.3);
	done();
}
END_TEST

START_TEST(retransmitted_fin_does_not_end_a_bar)
{
	record_handshake(journal);
	for (int i = 0; i < 2; i++) {
		FRAME(journal, .t = 0.3 + i * 0.2, .left = 0.30003 + i * 0.2,
		      .from = "client", .to = "server",
		      .kinds = i ? "tcp fin retransmission" : "tcp fin",
		      .flags = SEGMENT_FIN | SEGMENT_ACK, .seq = 1, .ack = 1);
		if (i == 0) {
			record_state(journal, 0.31, "client", 2, "FIN-WAIT-1",
				     "on", 0.2);
			record_state(journal, 0.32, "server", 1, "CLOSE-WAIT",
				     "none", 0);
		}
	}
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	for (size_t i = 0; i < ladder->n_spans; i++) {
		const struct ladder_span *span = &ladder->spans[i];

		if (span->kind == LADDER_STATE)
			ck_assert(span->open == (span->from > 0.3));
	}
	done();
}
END_TEST

START_TEST(frames_of_a_dead_host_are_counted_and_not_drawn)
{
	record_handshake(journal);
	record_fault(journal, 0.1, "crash", "server");
	FRAME(journal, .t = 0.101, .from = "server", .to = "client",
	      .fate = "ghost", .kinds = "tcp rst", .flags = SEGMENT_RST,
	      .to_client = true);
	build();
	ck_assert_uint_eq(ladder->n_segments, 3);
	ck_assert_uint_eq(ladder->n_ghosts, 1);
	ck_assert_double_eq(span_of(LADDER_DEAD, "server")->from, 0.1);
	ck_assert(span_of(LADDER_DEAD, "server")->open);
	/* What the dead host had is gone with it. */
	ck_assert_double_eq(span_of(LADDER_STATE, "server")->until, 0.1);
	done();
}
END_TEST

START_TEST(lasting_fault_ends_with_its_undo_verb)
{
	record_handshake(journal);
	record_fault(journal, 0.1, "unplug", "client");
	record_fault(journal, 0.4, "plug", "client");
	record_fault(journal, 0.5, "kill", "server 2");
	build();
	ck_assert_double_eq(span_of(LADDER_UNPLUGGED, "client")->until, 0.4);
	ck_assert_uint_eq(count(LADDER_FAULT), 3);
	ck_assert_str_eq(ladder->hosts[ladder->rows[ladder->n_rows - 1].host]
				 .name,
			 "server");
	ck_assert(!row_of(LADDER_FAULT)->ends_fault);
	done();
}
END_TEST

/* As the table of verbs has them, and whatever their names are. */
START_TEST(every_verb_is_drawn_as_the_table_says)
{
	const struct fault_verb *verbs;
	size_t n;

	verbs = fault_verbs(&n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			new_journal();
		record_handshake(journal);
		record_fault(journal, 0.3, verbs[i].name, "client");
		if (verbs[i].undo)
			record_fault(journal, 0.6, verbs[i].undo, "client");
		record_call(journal, 0.9, "server", 4, "sleep");
		build();
		ck_assert_int_eq(row_of(LADDER_FAULT)->ends_fault,
				 verbs[i].drawing == FAULT_DRAW_END);
		for (size_t j = 0; j < ladder->n_spans; j++) {
			const struct ladder_span *span = &ladder->spans[j];

			if (span->kind == LADDER_STATE && span->host == 0)
				ck_assert_int_eq(!span->open,
						 verbs[i].kills_host);
			if (span->kind <= LADDER_TIMER)
				continue;
			ck_assert_str_eq(span->text, verbs[i].state);
			ck_assert_double_eq(span->from, 0.3);
			ck_assert_double_eq(span->until, 0.6);
		}
		done();
	}
}
END_TEST

START_TEST(reboot_ends_what_belonged_to_the_machine)
{
	record_handshake(journal);
	record_fault(journal, 0.1, "freeze", "server");
	record_fault(journal, 0.2, "reboot", "server");
	record_call(journal, 0.9, "client", 4, "sleep");
	build();
	ck_assert_double_eq(span_of(LADDER_FROZEN, "server")->until, 0.2);
	done();
}
END_TEST

START_TEST(timer_lasts_until_it_expires)
{
	record_handshake(journal);
	record_state(journal, 0.1, "client", 2, "ESTAB", "on", 0.3);
	/* The same one, looked at again. */
	record_state(journal, 0.2, "client", 2, "ESTAB", "on", 0.2);
	record_state(journal, 1.0, "client", 2, "ESTAB", "keepalive", 60);
	build();
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

START_TEST(call_that_returns_at_once_is_one_row)
{
	record_call(journal, 0.1, "client", 1, "bind(10.0.0.1:1)");
	record_result(journal, 0.1001, "client", 1, "bind", -1, "EADDRINUSE");
	record_call(journal, 0.2, "client", 1, "recv() blocks");
	record_result(journal, 0.3, "client", 1, "recv", 7, NULL);
	build();
	ck_assert_uint_eq(count(LADDER_CALL), 3);
	ck_assert_str_eq(ladder->rows[0].text,
			 "bind(10.0.0.1:1) = -1 EADDRINUSE");
	ck_assert(ladder->rows[0].failed);
	done();
}
END_TEST

START_TEST(silence_is_a_row_with_its_length)
{
	record_handshake(journal);
	record_data(2.016, NULL, "tcp data", 1);
	build();
	ck_assert_uint_eq(count(LADDER_QUIET), 1);
	ck_assert_str_eq(row_of(LADDER_QUIET)->text, "2.000\u00a0s quiet");
	done();
}
END_TEST

/* Data and its ACKs, a millisecond each. */
static void record_transfer(size_t n, int segments)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t seq = (uint32_t)i * 1000 + 1;
		double t = 0.02 + (double)i * 1e-3;

		FRAME(journal, .t = t, .left = t + 3e-5, .from = "client",
		      .to = "server", .kinds = "tcp data", .flags = SEGMENT_ACK,
		      .seq = seq, .ack = 1, .length = 1000,
		      .segments = segments);
		FRAME(journal, .t = t + 4e-4, .left = t + 5e-4,
		      .from = "server", .to = "client",
		      .kinds = "tcp pure-ack", .flags = SEGMENT_ACK, .seq = 1,
		      .ack = seq + 1000, .to_client = true);
	}
}

START_TEST(short_transfer_is_not_folded)
{
	record_handshake(journal);
	record_transfer(8, 0);
	build();
	ck_assert_uint_eq(count(LADDER_FOLD), 0);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 3 + 16);
	done();
}
END_TEST

START_TEST(long_transfer_is_folded_and_counted)
{
	record_handshake(journal);
	record_transfer(250, 0);
	build();
	ck_assert_uint_eq(count(LADDER_FOLD), 1);
	/* Six of its rows stand before it, and six behind. */
	ck_assert_str_eq(row_of(LADDER_FOLD)->text, "488 segments, 244.0 kB");
	ck_assert_uint_eq(ladder->n_folded, 488);
	ck_assert_uint_eq(ladder->n_segments, 503);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 15);
	done();
}
END_TEST

START_TEST(frame_of_several_segments_counts_as_these)
{
	record_handshake(journal);
	record_transfer(250, 3);
	build();
	/* Of 488 frames 244 have data. */
	ck_assert_str_eq(row_of(LADDER_FOLD)->text, "976 segments, 244.0 kB");
	ck_assert_uint_eq(ladder->n_segments, 3 + 250 * 3 + 250);
	done();
}
END_TEST

START_TEST(whole_ladder_has_every_segment)
{
	record_handshake(journal);
	record_transfer(250, 0);
	ck_assert_int_eq(ladder_new_whole(&ladder, journal), 0);
	json_decref(journal);
	ck_assert_uint_eq(count(LADDER_FOLD), 0);
	ck_assert_uint_eq(count(LADDER_SEGMENT), 503);
	done();
}
END_TEST

START_TEST(drop_splits_a_folded_transfer)
{
	bool dropped = false;

	record_handshake(journal);
	record_transfer(100, 0);
	record_data(0.0702, "dropped", "tcp data", 500000);
	build();
	ck_assert_uint_eq(count(LADDER_FOLD), 2);
	for (size_t i = 0; i < ladder->n_rows; i++)
		dropped |= ladder->rows[i].fate == LADDER_DROPPED;
	ck_assert(dropped);
	done();
}
END_TEST

static void record_long_run(size_t every)
{
	record_handshake(journal);
	for (size_t i = 0; i < 50000; i++)
		record_data(0.1 + (double)i * 1e-4, (i % every) ? NULL : "dropped",
			  "tcp data", (uint32_t)i * 100 + 1);
	record_fault(journal, 6, "crash", "server");
}

START_TEST(every_drop_of_a_hundred_is_a_row)
{
	size_t drops = 0;

	record_long_run(500);
	build();
	ck_assert_uint_lt(ladder->n_rows, 600);
	for (size_t i = 0; i < ladder->n_rows; i++)
		drops += ladder->rows[i].fate == LADDER_DROPPED;
	ck_assert_uint_eq(drops, 100);
	done();
}
END_TEST

START_TEST(thousands_of_drops_are_counted_in_folds)
{
	record_long_run(7);
	build();
	ck_assert_uint_lt(ladder->n_rows, 600);
	/* In pieces, so that one sees when. */
	ck_assert_uint_gt(count(LADDER_FOLD), 100);
	ck_assert(strstr(row_of(LADDER_FOLD)->text, " dropped"));
	ck_assert_uint_eq(count(LADDER_FAULT), 1);
	done();
}
END_TEST

START_TEST(routers_that_only_forward_share_a_lifeline)
{
	for (int i = 0; i <= 20; i++) {
		char from[16] = "client", to[16] = "server";

		if (i)
			snprintf(from, sizeof(from), "router-%d", i);
		if (i < 20)
			snprintf(to, sizeof(to), "router-%d", i + 1);
		FRAME(journal, .t = 0.1 + i * 3e-5, .left = 0.1 + i * 3e-5 + 3e-5,
		      .from = from, .to = to, .kinds = "tcp syn",
		      .flags = SEGMENT_SYN, .packet = 1001,
		      .origin = "client");
	}
	build();
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
	record_handshake(journal);
	RECORD(journal, 0.5, "expectation", "{s:s, s:b, s:s, s:s, s:s}", "what",
	     "recv() in client", "ok", 0, "expected", "ETIMEDOUT", "observed",
	     "EOF", "at", "cases/x.c:1");
	build();
	ck_assert_str_eq(row_of(LADDER_FAILURE)->text,
			 "recv() in client: expected ETIMEDOUT, observed EOF");
	done();
}
END_TEST

START_TEST(control_characters_are_replaced)
{
	record_call(journal, 0.1, "client", 0, "nginx: \033[31mred\nline");
	build();
	ck_assert_str_eq(ladder->rows[0].text, "nginx: ?[31mred line");
	done();
}
END_TEST

START_TEST(calls_before_connect_have_the_number_of_the_connection)
{
	record_call(journal, 0.001, "client", 2, "bind(10.0.0.1:40000)");
	record_handshake(journal);
	record_call(journal, 0.5, "client", 2, "close()");
	build();
	ck_assert_str_eq(ladder->rows[0].text, "bind(10.0.0.1:40000)");
	ck_assert_int_eq(ladder->rows[0].connection, 0);
	/* A listener has none, whatever it accepts. */
	ck_assert_int_eq(ladder->rows[1].connection, LADDER_NONE);
	ck_assert_int_eq(ladder->rows[ladder->n_rows - 1].connection, 0);
	done();
}
END_TEST

START_TEST(frame_without_identity_is_a_row)
{
	RECORD(journal, 0.1, "frame", "{s:s, s:s, s:s, s:s, s:[s], s:f}", "from",
	     "a", "to", "b", "fate", "forwarded", "text", "S 0:0(0)", "kinds",
	     "tcp", "left", 0.2);
	build();
	ck_assert_str_eq(segment(0)->text, "S 0:0(0)");
	ck_assert_int_eq(segment(0)->connection, LADDER_NONE);
	done();
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&empty_journal_is_an_empty_ladder,
		&handshake_is_three_segments_of_one_connection,
		&established_state_begins_with_connect_and_accept,
		&fin_ends_the_known_state_of_both_sockets,
		&state_between_two_different_observations_is_unsure,
		&retransmissions_have_number_and_interval,
		&tail_loss_probe_is_no_retransmission_by_timeout,
		&early_retransmission_is_not_always_a_loss_probe,
		&counters_name_a_late_tail_loss_probe,
		&counters_that_leave_a_choice_name_no_loss_probe,
		&probes_are_counted_until_an_answer,
		&probe_of_a_zero_window_is_a_window_probe,
		&held_segment_has_its_release_as_partner,
		&held_segment_that_is_lost_on_release_is_one_row,
		&delayed_segment_is_one_row,
		&silence_begins_when_a_delayed_segment_arrives,
		&silences_end_where_a_delayed_segment_arrives,
		&answer_stands_below_the_arrival_that_causes_it,
		&segment_delayed_beyond_the_end_does_not_arrive,
		&segment_lost_after_a_delay_is_one_row,
		&injected_segment_comes_from_the_wire,
		&forwarded_packet_is_one_row_with_two_hops,
		&packet_that_a_gateway_keeps_is_not_forwarded,
		&packet_of_a_gateway_is_a_row_of_its_own,
		&reset_from_a_gateway_does_not_make_it_the_server,
		&server_is_the_host_that_has_the_socket,
		&silent_server_is_the_host_with_the_destination_address,
		&second_connection_on_the_same_ports_has_rows_of_its_own,
		&connection_that_takes_over_time_wait_ends_its_bar,
		&reset_for_another_connection_does_not_end_a_bar,
		&closed_socket_in_syn_sent_has_no_bar,
		&two_numbers_of_one_socket_have_one_bar,
		&reset_sent_in_syn_sent_does_not_end_it,
		&reset_that_is_answered_with_an_ack_does_not_end_a_bar,
		&segment_that_was_sent_before_a_reset_does_not_continue_a_bar,
		&reset_after_one_without_an_answer_does_not_end_a_bar,
		&state_after_a_reset_continues_its_bar,
		&retransmitted_fin_does_not_end_a_bar,
		&frames_of_a_dead_host_are_counted_and_not_drawn,
		&lasting_fault_ends_with_its_undo_verb,
		&every_verb_is_drawn_as_the_table_says,
		&reboot_ends_what_belonged_to_the_machine,
		&timer_lasts_until_it_expires,
		&call_that_returns_at_once_is_one_row,
		&silence_is_a_row_with_its_length,
		&short_transfer_is_not_folded,
		&long_transfer_is_folded_and_counted,
		&frame_of_several_segments_counts_as_these,
		&whole_ladder_has_every_segment,
		&drop_splits_a_folded_transfer,
		&every_drop_of_a_hundred_is_a_row,
		&thousands_of_drops_are_counted_in_folds,
		&routers_that_only_forward_share_a_lifeline,
		&failed_expectation_is_a_row,
		&control_characters_are_replaced,
		&calls_before_connect_have_the_number_of_the_connection,
		&frame_without_identity_is_a_row,
	};

	return unit_run("ladder", tests, ARRAY_SIZE(tests), new_journal);
}
