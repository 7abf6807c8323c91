/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds, connections and transmissions follow from what was sent before. Pure
 * code: no namespace is needed.
 */
#include "flow.h"

#include "unit.h"

enum { CLIENT = 40000, SERVER = 80, ISN = 1000, APART = 4000 };
enum { PEER_ISN = ISN + APART };
enum { INSIDE = 0, OUTSIDE = 1 }; /* networks, before and behind a gateway */

static struct flows *flows;
static struct flow_report seen; /* the last report */

static void set_up(void)
{
	ck_assert_int_eq(flows_new(&flows), 0);
}

static struct frame segment(bool to_server, uint8_t flags, uint32_t seq,
			    uint32_t length)
{
	static const uint8_t near[4] = { 10, 0, 0, 1 };
	static const uint8_t far[4] = { 10, 0, 0, 2 };
	struct frame frame = { .kind = FRAME_TCP };

	frame.source = address_from_bytes(AF_INET, to_server ? near : far);
	frame.destination = address_from_bytes(AF_INET, to_server ? far : near);
	frame.tcp = (struct segment){
		.source_port = to_server ? CLIENT : SERVER,
		.destination_port = to_server ? SERVER : CLIENT,
		.flags = flags,
		.seq = seq,
		.length = length,
	};
	return frame;
}

/* A segment as a NAT between the networks sends it on, from another port. */
static struct frame translated(bool to_server, uint8_t flags, uint32_t seq,
			       uint32_t length)
{
	static const uint8_t gateway[4] = { 10, 0, 1, 9 };
	struct frame frame = segment(to_server, flags, seq, length);

	if (to_server) {
		frame.source = address_from_bytes(AF_INET, gateway);
		frame.tcp.source_port = CLIENT + 1;
	} else {
		frame.destination = address_from_bytes(AF_INET, gateway);
		frame.tcp.destination_port = CLIENT + 1;
	}
	return frame;
}

static void see(unsigned int network, struct frame frame,
		enum flow_sender sender)
{
	ck_assert_int_eq(flows_see(flows, network, &frame, sender, &seen), 0);
}

/* What was seen last comes out of the gateway. */
static void forward(unsigned int network, struct frame frame)
{
	struct flow_report origin = seen;

	ck_assert_int_eq(
		flows_see_forwarded(flows, network, &frame, &origin, &seen), 0);
}

static unsigned int kinds(void)
{
	return seen.kinds & ~(unsigned int)WIRE_TCP;
}

static unsigned int client(uint8_t flags, uint32_t seq, uint32_t length)
{
	see(INSIDE, segment(true, flags, seq, length), FLOW_ENDPOINT);
	return kinds();
}

static unsigned int server(uint8_t flags, uint32_t seq, uint32_t length)
{
	see(INSIDE, segment(false, flags, seq, length), FLOW_ENDPOINT);
	return kinds();
}

static unsigned int client_transmits(uint32_t seq, uint32_t length)
{
	client(SEGMENT_ACK, seq, length);
	return seen.transmission;
}

/* The handshake; the client's next sequence number is isn + 1. */
static void connect_at(uint32_t isn)
{
	ck_assert_uint_eq(client(SEGMENT_SYN, isn, 0), WIRE_SYN);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, isn + APART, 0),
			  WIRE_SYN_ACK);
	ck_assert_uint_eq(client(SEGMENT_ACK, isn + 1, 0), WIRE_PURE_ACK);
}

/* --- kinds ------------------------------------------------------------ */

START_TEST(every_segment_is_tcp)
{
	client(SEGMENT_ACK, 1, 0);
	ck_assert(seen.kinds & WIRE_TCP);
	flows_free(flows);
}
END_TEST

START_TEST(keepalive_probe_is_one_below_the_next_sequence_number)
{
	connect_at(ISN);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(seen.transmission, 0);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 1, 0), WIRE_PURE_ACK);
	ck_assert_uint_eq(seen.transmission, 0);
	/* The answer to it is an ACK at the peer's own next number. */
	ck_assert_uint_eq(server(SEGMENT_ACK, PEER_ISN + 1, 0), WIRE_PURE_ACK);
	flows_free(flows);
}
END_TEST

START_TEST(bytes_are_data_once_and_retransmissions_afterwards)
{
	connect_at(ISN);
	ck_assert_uint_eq(client(SEGMENT_ACK | SEGMENT_PSH, ISN + 1, 100),
			  WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK | SEGMENT_PSH, ISN + 1, 100),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 51, 50),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 101, 1), WIRE_DATA);
	/* Part old, part new: it has bytes that were not sent before. */
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 1, 200), WIRE_DATA);
	/* A probe after data is one below the newest. */
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 200, 0),
			  WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 201, 0), WIRE_PURE_ACK);
	flows_free(flows);
}
END_TEST

START_TEST(syn_and_fin_are_retransmitted_too)
{
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0), WIRE_SYN);
	ck_assert_uint_eq(seen.transmission, 1);
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0),
			  WIRE_SYN | WIRE_RETRANSMISSION);
	ck_assert_uint_eq(seen.transmission, 2);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
			  WIRE_SYN_ACK);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
			  WIRE_SYN_ACK | WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_FIN | SEGMENT_ACK, ISN + 1, 0),
			  WIRE_FIN);
	ck_assert_uint_eq(client(SEGMENT_FIN | SEGMENT_ACK, ISN + 1, 0),
			  WIRE_FIN | WIRE_RETRANSMISSION);
	ck_assert_uint_eq(seen.transmission, 2);
	ck_assert_uint_eq(seen.connection, 1);
	/* A FIN with the last data is both. */
	ck_assert_uint_eq(server(SEGMENT_FIN | SEGMENT_ACK, PEER_ISN + 1, 10),
			  WIRE_FIN | WIRE_DATA);
	flows_free(flows);
}
END_TEST

START_TEST(reset_is_never_a_retransmission)
{
	connect_at(ISN);
	ck_assert_uint_eq(client(SEGMENT_RST, ISN + 1, 0), WIRE_RST);
	ck_assert_uint_eq(seen.transmission, 0);
	ck_assert_uint_eq(client(SEGMENT_RST | SEGMENT_ACK, ISN, 0), WIRE_RST);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

START_TEST(sequence_numbers_wrap)
{
	connect_at(UINT32_MAX - 10);
	ck_assert_uint_eq(client(SEGMENT_ACK, UINT32_MAX - 9, 100), WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK, UINT32_MAX - 9, 100),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(seen.transmission, 2);
	ck_assert_uint_eq(client(SEGMENT_ACK, 90, 10), WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK, 99, 0), WIRE_KEEPALIVE_PROBE);
	flows_free(flows);
}
END_TEST

START_TEST(base_is_the_isn_of_either_end)
{
	client(SEGMENT_SYN, ISN, 0);
	ck_assert(seen.base.knows_sender && !seen.base.knows_receiver);
	server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0);
	ck_assert(seen.base.knows_sender && seen.base.knows_receiver);
	ck_assert_uint_eq(seen.base.sender, PEER_ISN);
	ck_assert_uint_eq(seen.base.receiver, ISN);
	flows_free(flows);
}
END_TEST

/* Its SYN was not seen: the first segment is no probe and no retransmission. */
START_TEST(connection_is_followed_from_the_middle)
{
	ck_assert_uint_eq(client(SEGMENT_ACK, 777, 0), WIRE_PURE_ACK);
	ck_assert(!seen.base.knows_sender);
	ck_assert(seen.from_client);
	ck_assert_uint_eq(client(SEGMENT_ACK, 776, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(server(SEGMENT_ACK, 9, 10), WIRE_DATA);
	ck_assert_uint_eq(server(SEGMENT_ACK, 9, 10), WIRE_RETRANSMISSION);
	/* Bytes from before the first segment: unknown. */
	ck_assert_uint_eq(server(SEGMENT_ACK, 5, 10), WIRE_RETRANSMISSION);
	ck_assert_uint_eq(seen.transmission, 0);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

START_TEST(frames_other_than_tcp_have_kinds_and_no_connection)
{
	see(0, (struct frame){ .kind = FRAME_ARP }, FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.kinds, WIRE_NEIGHBOUR);
	see(0, (struct frame){ .kind = FRAME_ND }, FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.kinds, WIRE_NEIGHBOUR);
	see(0, (struct frame){ .kind = FRAME_ICMP }, FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.kinds, WIRE_ICMP);
	see(0, (struct frame){ .kind = FRAME_OTHER }, FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.kinds, WIRE_OTHER);
	ck_assert(!seen.base.knows_sender && !seen.base.knows_receiver);
	ck_assert_uint_eq(seen.connection, 0);
	flows_free(flows);
}
END_TEST

/* --- transmissions ---------------------------------------------------- */

START_TEST(transmission_counts_the_byte_that_was_sent_most)
{
	connect_at(ISN);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 1);
	ck_assert_uint_eq(client_transmits(ISN + 101, 100), 1);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 2);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 3);
	ck_assert_uint_eq(client_transmits(ISN + 101, 100), 2);
	/* Both in one segment, as tcp_retrans_try_collapse() joins them. */
	ck_assert_uint_eq(client_transmits(ISN + 1, 200), 4);
	/* 1:101 four times, 101:201 three times. */
	ck_assert_uint_eq(client_transmits(ISN + 151, 50), 4);
	ck_assert_uint_eq(client_transmits(ISN + 101, 50), 4);
	ck_assert_uint_eq(client_transmits(ISN + 1, 1), 5);
	ck_assert_uint_eq(client_transmits(ISN + 2, 1), 5);
	ck_assert_uint_eq(client_transmits(ISN + 3, 98), 5);
	/* Part old, part new. */
	ck_assert_uint_eq(client_transmits(ISN + 191, 20), 5);
	ck_assert_uint_eq(client_transmits(ISN + 201, 10), 2);
	ck_assert_uint_eq(client_transmits(ISN + 211, 10), 1);
	flows_free(flows);
}
END_TEST

/* Lost on the way to the wire: only later bytes came. */
START_TEST(bytes_that_the_wire_did_not_see_were_not_transmitted)
{
	connect_at(ISN);
	ck_assert_uint_eq(client_transmits(ISN + 101, 100), 1);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 1);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 2);
	ck_assert_uint_eq(client_transmits(ISN + 101, 100), 2);
	flows_free(flows);
}
END_TEST

START_TEST(both_directions_are_counted_apart)
{
	connect_at(ISN);
	client_transmits(ISN + 1, 100);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 2);
	server(SEGMENT_ACK, PEER_ISN + 1, 100);
	ck_assert_uint_eq(seen.transmission, 1);
	flows_free(flows);
}
END_TEST

/* More isolated retransmissions than are remembered: the lowest are given up,
 * and what is not known is not counted. */
START_TEST(many_retransmissions_need_bounded_memory)
{
	enum { HOLES = 10000 };

	connect_at(ISN);
	ck_assert_uint_eq(client_transmits(ISN + 1, 20 * HOLES), 1);
	for (uint32_t i = 0; i < HOLES; i++)
		ck_assert_uint_eq(client_transmits(ISN + 1 + 20 * i, 10), 2);
	ck_assert_uint_eq(client_transmits(ISN + 1 + 20 * (HOLES - 1), 10), 3);
	ck_assert_uint_eq(client_transmits(ISN + 1 + 20 * (HOLES - 2), 10), 3);
	ck_assert_uint_eq(client_transmits(ISN + 1, 10), 0);
	flows_free(flows);
}
END_TEST

/* Not one segment is lost: the floor rises all the same. */
START_TEST(transfer_without_loss_needs_no_memory)
{
	enum { SIZE = 65000, SEGMENTS = 40000 };
	uint32_t seq = ISN + 1;

	connect_at(ISN);
	for (unsigned int i = 0; i < SEGMENTS; i++, seq += SIZE)
		ck_assert_uint_eq(client_transmits(seq, SIZE), 1);
	ck_assert_uint_eq(client_transmits(seq - SIZE, SIZE), 2);
	flows_free(flows);
}
END_TEST

/* Ten GiB: the sequence space wraps twice. */
START_TEST(transfer_of_gigabytes_is_counted_to_the_end)
{
	enum { SIZE = 65000, SEGMENTS = 165000 };
	uint32_t seq = ISN + 1;

	connect_at(ISN);
	for (unsigned int i = 0; i < SEGMENTS; i++, seq += SIZE) {
		ck_assert_uint_eq(client_transmits(seq, SIZE), 1);
		ck_assert_uint_eq(kinds(), WIRE_DATA);
		if (i % 100)
			continue;
		ck_assert_uint_eq(client_transmits(seq, SIZE), 2);
		ck_assert_uint_eq(client_transmits(seq, SIZE), 3);
		ck_assert_uint_eq(kinds(), WIRE_RETRANSMISSION);
	}
	flows_free(flows);
}
END_TEST

/* --- connections ------------------------------------------------------ */

START_TEST(direction_is_that_of_the_first_syn)
{
	client(SEGMENT_SYN, ISN, 0);
	ck_assert(seen.from_client);
	server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0);
	ck_assert(!seen.from_client);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

/* The SYN was forged by the wire, and only the answer counts. */
START_TEST(first_segment_of_a_server_is_not_from_the_client)
{
	see(INSIDE, segment(true, SEGMENT_SYN, ISN, 0), FLOW_FORGED);
	ck_assert_uint_eq(seen.connection, 0);
	ck_assert_uint_eq(seen.transmission, 0);
	server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	flows_free(flows);
}
END_TEST

START_TEST(new_isn_starts_a_new_connection)
{
	connect_at(ISN);
	client(SEGMENT_ACK, ISN + 1, 100);
	ck_assert_uint_eq(seen.connection, 1);
	connect_at(70000);
	ck_assert_uint_eq(seen.connection, 2);
	ck_assert_uint_eq(client(SEGMENT_ACK, 70001, 10), WIRE_DATA);
	ck_assert_uint_eq(seen.transmission, 1);
	ck_assert(seen.base.knows_sender);
	ck_assert_uint_eq(seen.base.sender, 70000);
	/* From the other end, which had been the server. */
	server(SEGMENT_SYN, 5, 0);
	ck_assert_uint_eq(seen.connection, 3);
	ck_assert(seen.from_client);
	client(SEGMENT_SYN | SEGMENT_ACK, 6, 0);
	ck_assert_uint_eq(seen.connection, 3);
	ck_assert(!seen.from_client);
	flows_free(flows);
}
END_TEST

/* A SYN cookie, or a server that was rebooted meanwhile. */
START_TEST(syn_ack_with_another_isn_is_the_same_connection)
{
	client(SEGMENT_SYN, ISN, 0);
	server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, 9, 0),
			  WIRE_SYN_ACK);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert_uint_eq(seen.base.sender, 9);
	flows_free(flows);
}
END_TEST

START_TEST(simultaneous_open_is_one_connection)
{
	client(SEGMENT_SYN, ISN, 0);
	server(SEGMENT_SYN, PEER_ISN, 0);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	client(SEGMENT_SYN | SEGMENT_ACK, ISN, 0);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

START_TEST(reset_starts_no_connection)
{
	server(SEGMENT_RST | SEGMENT_ACK, 0, 0);
	ck_assert_uint_eq(seen.connection, 0);
	client(SEGMENT_SYN, ISN, 0);
	ck_assert_uint_eq(seen.connection, 1);
	server(SEGMENT_RST | SEGMENT_ACK, 0, 0);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	/* The same SYN again, and then another one. */
	client(SEGMENT_SYN, ISN, 0);
	ck_assert_uint_eq(seen.connection, 1);
	client(SEGMENT_SYN, ISN + 7, 0);
	ck_assert_uint_eq(seen.connection, 2);
	flows_free(flows);
}
END_TEST

START_TEST(many_connections_are_kept_apart)
{
	enum { MANY = 20000 };

	for (unsigned int i = 0; i < 2 * MANY; i++) {
		struct frame frame = segment(true, SEGMENT_SYN, ISN, 0);

		frame.tcp.source_port = (uint16_t)(i % MANY);
		see(INSIDE, frame, FLOW_ENDPOINT);
		ck_assert_uint_eq(seen.connection, 1 + i % MANY);
		ck_assert_uint_eq(seen.transmission, 1 + i / MANY);
	}
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0), WIRE_SYN);
	flows_free(flows);
}
END_TEST

START_TEST(forged_segments_are_not_remembered)
{
	connect_at(ISN);
	see(INSIDE, segment(true, SEGMENT_ACK, ISN + 1, 100), FLOW_FORGED);
	ck_assert_uint_eq(kinds(), WIRE_DATA);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(seen.from_client);
	ck_assert_uint_eq(seen.base.sender, ISN);
	see(INSIDE, segment(true, SEGMENT_SYN, 9, 0), FLOW_FORGED);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 1);
	ck_assert_uint_eq(kinds(), WIRE_DATA);
	flows_free(flows);
}
END_TEST

/* Classified by what was sent before, and not sent by any machine. */
START_TEST(ghosts_are_not_remembered)
{
	connect_at(ISN);
	client_transmits(ISN + 1, 100);
	for (int i = 0; i < 3; i++) {
		see(INSIDE, segment(true, SEGMENT_ACK, ISN + 1, 100),
		    FLOW_GHOST);
		ck_assert_uint_eq(kinds(), WIRE_RETRANSMISSION);
		ck_assert_uint_eq(seen.transmission, 2);
		ck_assert_uint_eq(seen.connection, 1);
	}
	/* A SYN of the suspended kernel is of no connection so far. */
	see(INSIDE, segment(true, SEGMENT_SYN, 9, 0), FLOW_GHOST);
	ck_assert_uint_eq(kinds(), WIRE_SYN);
	ck_assert_uint_eq(seen.connection, 0);
	ck_assert_uint_eq(client_transmits(ISN + 1, 100), 2);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

/* --- gateways --------------------------------------------------------- */

START_TEST(nat_binds_the_new_tuple_to_the_connection)
{
	client(SEGMENT_SYN, ISN, 0);
	forward(OUTSIDE, translated(true, SEGMENT_SYN, ISN, 0));
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(seen.from_client);
	see(OUTSIDE, translated(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
	    FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	ck_assert_uint_eq(seen.base.receiver, ISN);
	forward(INSIDE, segment(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0));
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	flows_free(flows);
}
END_TEST

/* The gateway has forgotten the connection, and gives it another port. */
START_TEST(nat_binds_another_tuple_in_the_middle)
{
	connect_at(ISN);
	client(SEGMENT_ACK, ISN + 1, 100);
	forward(OUTSIDE, translated(true, SEGMENT_ACK, ISN + 1, 100));
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(seen.from_client);
	ck_assert_uint_eq(kinds(), WIRE_DATA);
	ck_assert_uint_eq(seen.base.sender, ISN);
	ck_assert_uint_eq(seen.base.receiver, PEER_ISN);
	see(OUTSIDE, translated(false, SEGMENT_ACK, PEER_ISN + 1, 0),
	    FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(seen.base.knows_sender);
	flows_free(flows);
}
END_TEST

START_TEST(tuple_of_a_nat_passes_to_a_newer_connection)
{
	struct flow_report old;

	client(SEGMENT_SYN, ISN, 0);
	forward(OUTSIDE, translated(true, SEGMENT_SYN, ISN, 0));
	old = seen;
	client(SEGMENT_SYN, 70000, 0);
	forward(OUTSIDE, translated(true, SEGMENT_SYN, 70000, 0));
	ck_assert_uint_eq(seen.connection, 2);
	/* A late segment of the former one. */
	seen = old;
	forward(OUTSIDE, translated(true, SEGMENT_ACK, ISN + 1, 0));
	ck_assert_uint_eq(seen.connection, 1);
	see(OUTSIDE, translated(false, SEGMENT_ACK, 9, 1), FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.connection, 2);
	flows_free(flows);
}
END_TEST

/* The first transmission was lost before the gateway. */
START_TEST(forwarded_segment_has_the_transmission_of_its_origin)
{
	connect_at(ISN);
	client_transmits(ISN + 1, 100);
	client_transmits(ISN + 1, 100);
	forward(OUTSIDE, translated(true, SEGMENT_ACK, ISN + 1, 100));
	ck_assert_uint_eq(seen.transmission, 2);
	ck_assert_uint_eq(kinds(), WIRE_DATA);
	flows_free(flows);
}
END_TEST

START_TEST(gateway_resets_in_the_name_of_a_host)
{
	client(SEGMENT_SYN, ISN, 0);
	see(INSIDE, segment(false, SEGMENT_RST | SEGMENT_ACK, 0, 0),
	    FLOW_ON_BEHALF);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	flows_free(flows);
}
END_TEST

/* It answers the client's SYN itself, and sends another one to the server. */
START_TEST(segments_of_a_syn_proxy_have_no_connection)
{
	client(SEGMENT_SYN, ISN, 0);
	see(INSIDE, segment(false, SEGMENT_SYN | SEGMENT_ACK, 5, 0),
	    FLOW_ON_BEHALF);
	ck_assert_uint_eq(seen.connection, 1);
	see(OUTSIDE, segment(true, SEGMENT_SYN, ISN, 0), FLOW_ON_BEHALF);
	ck_assert_uint_eq(seen.connection, 0);
	see(OUTSIDE, segment(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
	    FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.connection, 0);
	ck_assert(!seen.from_client);
	flows_free(flows);
}
END_TEST

/* It answers through another network than the one that the SYN came from. */
START_TEST(multihomed_host_has_one_connection_in_two_networks)
{
	client(SEGMENT_SYN, ISN, 0);
	see(OUTSIDE, segment(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
	    FLOW_MULTIHOMED);
	ck_assert_uint_eq(seen.connection, 1);
	ck_assert(!seen.from_client);
	ck_assert(seen.base.knows_receiver);
	ck_assert_uint_eq(seen.base.receiver, ISN);
	flows_free(flows);
}
END_TEST

/* From the gateway's own address, as a masqueraded one that was not recognised.
 */
START_TEST(segment_of_a_gateway_without_a_syn_starts_no_connection)
{
	see(OUTSIDE, translated(true, SEGMENT_ACK, ISN, 100), FLOW_MULTIHOMED);
	ck_assert_uint_eq(seen.connection, 0);
	see(OUTSIDE, translated(true, SEGMENT_SYN, 9, 0), FLOW_MULTIHOMED);
	ck_assert_uint_eq(seen.connection, 1);
	flows_free(flows);
}
END_TEST

/* Equal addresses in networks that are not connected. */
START_TEST(equal_tuples_of_other_networks_are_other_connections)
{
	client(SEGMENT_SYN, ISN, 0);
	see(OUTSIDE, segment(true, SEGMENT_SYN, ISN, 0), FLOW_ENDPOINT);
	ck_assert_uint_eq(seen.connection, 2);
	ck_assert_uint_eq(seen.transmission, 1);
	flows_free(flows);
}
END_TEST

/* --- questions -------------------------------------------------------- */

START_TEST(socket_is_found_from_both_ends)
{
	struct frame inside = segment(true, SEGMENT_SYN, ISN, 0);
	struct frame outside = translated(true, SEGMENT_SYN, ISN, 0);

	see(INSIDE, inside, FLOW_ENDPOINT);
	forward(OUTSIDE, outside);
	ck_assert_uint_eq(flows_find_socket(flows, &inside.source, CLIENT,
					    &inside.destination, SERVER),
			  1);
	ck_assert_uint_eq(flows_find_socket(flows, &outside.destination, SERVER,
					    &outside.source, CLIENT + 1),
			  1);
	ck_assert_uint_eq(flows_find_socket(flows, &inside.source, CLIENT,
					    &inside.destination, SERVER + 1),
			  0);
	connect_at(70000);
	ck_assert_uint_eq(flows_find_socket(flows, &inside.source, CLIENT,
					    &inside.destination, SERVER),
			  2);
	flows_free(flows);
}
END_TEST

START_TEST(quoted_segment_gives_connection_and_reverse_direction)
{
	struct frame quoted = segment(true, SEGMENT_SYN, ISN, 0);
	bool from_client = true;

	ck_assert_uint_eq(
		flows_find_quoted(flows, INSIDE, &quoted, &from_client), 0);
	client(SEGMENT_SYN, ISN, 0);
	ck_assert_uint_eq(
		flows_find_quoted(flows, INSIDE, &quoted, &from_client), 1);
	ck_assert(!from_client);
	quoted = segment(false, SEGMENT_ACK, PEER_ISN, 0);
	ck_assert_uint_eq(
		flows_find_quoted(flows, INSIDE, &quoted, &from_client), 1);
	ck_assert(from_client);
	flows_free(flows);
}
END_TEST

static const TTest *const *const tests[] = {
	&every_segment_is_tcp,
	&keepalive_probe_is_one_below_the_next_sequence_number,
	&bytes_are_data_once_and_retransmissions_afterwards,
	&syn_and_fin_are_retransmitted_too,
	&reset_is_never_a_retransmission,
	&sequence_numbers_wrap,
	&base_is_the_isn_of_either_end,
	&connection_is_followed_from_the_middle,
	&frames_other_than_tcp_have_kinds_and_no_connection,
	&transmission_counts_the_byte_that_was_sent_most,
	&bytes_that_the_wire_did_not_see_were_not_transmitted,
	&both_directions_are_counted_apart,
	&many_retransmissions_need_bounded_memory,
	&transfer_without_loss_needs_no_memory,
	&transfer_of_gigabytes_is_counted_to_the_end,
	&direction_is_that_of_the_first_syn,
	&first_segment_of_a_server_is_not_from_the_client,
	&new_isn_starts_a_new_connection,
	&syn_ack_with_another_isn_is_the_same_connection,
	&simultaneous_open_is_one_connection,
	&reset_starts_no_connection,
	&many_connections_are_kept_apart,
	&forged_segments_are_not_remembered,
	&ghosts_are_not_remembered,
	&nat_binds_the_new_tuple_to_the_connection,
	&nat_binds_another_tuple_in_the_middle,
	&tuple_of_a_nat_passes_to_a_newer_connection,
	&forwarded_segment_has_the_transmission_of_its_origin,
	&gateway_resets_in_the_name_of_a_host,
	&segments_of_a_syn_proxy_have_no_connection,
	&multihomed_host_has_one_connection_in_two_networks,
	&segment_of_a_gateway_without_a_syn_starts_no_connection,
	&equal_tuples_of_other_networks_are_other_connections,
	&socket_is_found_from_both_ends,
	&quoted_segment_gives_connection_and_reverse_direction,
};

int main(void)
{
	return unit_run("flow", tests, ARRAY_SIZE(tests), set_up);
}
