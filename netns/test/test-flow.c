/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kind a segment is depends on what its sender sent before. Pure code: no
 * namespace is needed.
 */
#include "flow.h"

#include "unit.h"
#include "wire.h"

enum { CLIENT = 40000, SERVER = 80, ISN = 1000, APART = 4000 };
enum { PEER_ISN = ISN + APART };

static struct flows *flows;
static struct segment_base base;

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

static unsigned int sees(bool to_server, uint8_t flags, uint32_t seq,
			 uint32_t length)
{
	struct frame frame = segment(to_server, flags, seq, length);

	return flows_see(flows, 0, &frame, &base) & ~(unsigned int)WIRE_TCP;
}

static unsigned int client(uint8_t flags, uint32_t seq, uint32_t length)
{
	return sees(true, flags, seq, length);
}

static unsigned int server(uint8_t flags, uint32_t seq, uint32_t length)
{
	return sees(false, flags, seq, length);
}

/* The handshake; the client's next number is ISN + 1. */
static void connect_at(uint32_t isn)
{
	ck_assert_uint_eq(client(SEGMENT_SYN, isn, 0), WIRE_SYN);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, isn + APART, 0),
			  WIRE_SYN_ACK);
	ck_assert_uint_eq(client(SEGMENT_ACK, isn + 1, 0), WIRE_PURE_ACK);
}

START_TEST(every_tcp_segment_is_one)
{
	struct frame frame = segment(true, SEGMENT_ACK, 1, 0);

	ck_assert(flows_see(flows, 0, &frame, &base) & WIRE_TCP);
	flows_free(flows);
}
END_TEST

START_TEST(probe_is_one_below_and_an_ack_is_not)
{
	connect_at(ISN);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 1, 0), WIRE_PURE_ACK);
	/* The answer to it is an ACK at the peer's own next. */
	ck_assert_uint_eq(server(SEGMENT_ACK, PEER_ISN + 1, 0), WIRE_PURE_ACK);
	flows_free(flows);
}
END_TEST

START_TEST(data_is_new_once)
{
	connect_at(ISN);
	ck_assert_uint_eq(client(SEGMENT_ACK | SEGMENT_PSH, ISN + 1, 100),
			  WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK | SEGMENT_PSH, ISN + 1, 100),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 51, 50),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 101, 1), WIRE_DATA);
	/* Part old, part new: it has bytes that were never sent before. */
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 1, 200), WIRE_DATA);
	/* A probe after data is one below the newest. */
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 200, 0),
			  WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(client(SEGMENT_ACK, ISN + 201, 0), WIRE_PURE_ACK);
	flows_free(flows);
}
END_TEST

START_TEST(syn_and_fin_are_sent_again_too)
{
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0), WIRE_SYN);
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0),
			  WIRE_SYN | WIRE_RETRANSMISSION);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
			  WIRE_SYN_ACK);
	ck_assert_uint_eq(server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0),
			  WIRE_SYN_ACK | WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_FIN | SEGMENT_ACK, ISN + 1, 0),
			  WIRE_FIN);
	ck_assert_uint_eq(client(SEGMENT_FIN | SEGMENT_ACK, ISN + 1, 0),
			  WIRE_FIN | WIRE_RETRANSMISSION);
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
	ck_assert_uint_eq(client(SEGMENT_RST | SEGMENT_ACK, ISN, 0), WIRE_RST);
	flows_free(flows);
}
END_TEST

/* The first number is near the end of the sequence space. */
START_TEST(numbers_wrap)
{
	connect_at(UINT32_MAX - 10);
	ck_assert_uint_eq(client(SEGMENT_ACK, UINT32_MAX - 9, 100), WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK, UINT32_MAX - 9, 100),
			  WIRE_RETRANSMISSION);
	ck_assert_uint_eq(client(SEGMENT_ACK, 90, 10), WIRE_DATA);
	ck_assert_uint_eq(client(SEGMENT_ACK, 99, 0), WIRE_KEEPALIVE_PROBE);
	flows_free(flows);
}
END_TEST

START_TEST(new_connection_in_an_old_place)
{
	connect_at(ISN);
	client(SEGMENT_ACK, ISN + 1, 100);
	connect_at(70000);
	ck_assert_uint_eq(client(SEGMENT_ACK, 70001, 10), WIRE_DATA);
	ck_assert(base.knows_sender);
	ck_assert_uint_eq(base.sender, 70000);
	flows_free(flows);
}
END_TEST

START_TEST(base_is_both_first_numbers)
{
	client(SEGMENT_SYN, ISN, 0);
	ck_assert(base.knows_sender && !base.knows_receiver);
	server(SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0);
	ck_assert(base.knows_sender && base.knows_receiver);
	ck_assert_uint_eq(base.sender, PEER_ISN);
	ck_assert_uint_eq(base.receiver, ISN);
	flows_free(flows);
}
END_TEST

/* Its SYN was not seen: the first segment is no probe and no repetition. */
START_TEST(connection_from_the_middle)
{
	ck_assert_uint_eq(client(SEGMENT_ACK, 777, 0), WIRE_PURE_ACK);
	ck_assert(!base.knows_sender);
	ck_assert_uint_eq(client(SEGMENT_ACK, 776, 0), WIRE_KEEPALIVE_PROBE);
	ck_assert_uint_eq(server(SEGMENT_ACK, 9, 10), WIRE_DATA);
	ck_assert_uint_eq(server(SEGMENT_ACK, 9, 10), WIRE_RETRANSMISSION);
	flows_free(flows);
}
END_TEST

START_TEST(what_is_no_tcp)
{
	struct frame arp = { .kind = FRAME_ARP }, nd = { .kind = FRAME_ND };
	struct frame icmp = { .kind = FRAME_ICMP }, other = { 0 };

	ck_assert_uint_eq(flows_see(flows, 0, &arp, &base), WIRE_NEIGHBOUR);
	ck_assert_uint_eq(flows_see(flows, 0, &nd, &base), WIRE_NEIGHBOUR);
	ck_assert_uint_eq(flows_see(flows, 0, &icmp, &base), WIRE_ICMP);
	ck_assert_uint_eq(flows_see(flows, 0, &other, &base), WIRE_OTHER);
	ck_assert(!base.knows_sender && !base.knows_receiver);
	flows_free(flows);
}
END_TEST

START_TEST(many_connections_are_kept_apart)
{
	for (uint16_t i = 0; i < 100; i++) {
		struct frame frame = segment(true, SEGMENT_SYN, ISN, 0);

		frame.tcp.source_port = i;
		ck_assert(!(flows_see(flows, 0, &frame, &base) &
			    WIRE_RETRANSMISSION));
	}
	ck_assert_uint_eq(client(SEGMENT_SYN, ISN, 0), WIRE_SYN);
	flows_free(flows);
}
END_TEST

static const TTest *const *const tests[] = {
	&every_tcp_segment_is_one,
	&probe_is_one_below_and_an_ack_is_not,
	&data_is_new_once,
	&syn_and_fin_are_sent_again_too,
	&reset_is_never_a_retransmission,
	&numbers_wrap,
	&new_connection_in_an_old_place,
	&base_is_both_first_numbers,
	&connection_from_the_middle,
	&what_is_no_tcp,
	&many_connections_are_kept_apart,
};

int main(void)
{
	return unit_run("flow", tests, ARRAY_SIZE(tests), set_up);
}
