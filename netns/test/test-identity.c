/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets are recognised where a gateway forwards them, and what a gateway
 * sends on its own account is a new packet. Pure code: whole frames are
 * encoded, and "forwarded" by changing what a router changes.
 */
#include "identity.h"

#include <string.h>

#include "unit.h"

enum { INSIDE = 0, OUTSIDE = 1 }; /* networks */
enum { ISN = 1000, PEER_ISN = 5000, TTL = 64 };

static struct identities *identities;
static unsigned int client, gateway_in, gateway_out, server; /* ports */
static struct identity got; /* the last answer */

/* A frame and its bytes. */
struct packet {
	struct frame frame;
	uint8_t bytes[4096];
};

static struct address address(const char *text)
{
	struct address address;

	ck_assert_int_eq(address_parse(&address, text), 0);
	return address;
}

static void set_up(void)
{
	const struct address inner = address("10.0.0.254");
	const struct address outer = address("10.0.1.253");

	ck_assert_int_eq(identities_new(&identities), 0);
	client =
		(unsigned int)identities_add_port(identities, "client", INSIDE);
	gateway_in = (unsigned int)identities_add_port(identities, "gateway",
						       INSIDE);
	gateway_out = (unsigned int)identities_add_port(identities, "gateway",
							OUTSIDE);
	server = (unsigned int)identities_add_port(identities, "server",
						   OUTSIDE);
	ck_assert_int_eq(identities_add_address(identities, gateway_in, &inner),
			 0);
	ck_assert_int_eq(
		identities_add_address(identities, gateway_out, &outer), 0);
}

/* Encodes the frame anew: after a change, as the checksums want it. */
static void encode(struct packet *packet, const char *payload)
{
	struct frame frame = packet->frame;
	ssize_t n = frame_encode_tcp(packet->bytes, sizeof(packet->bytes),
				     &frame, payload);

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(frame_decode(&packet->frame, packet->bytes, (size_t)n),
			 0);
}

static const char text[] = "a payload of this packet";

static struct packet segment(bool to_server, uint8_t flags, uint32_t seq,
			     uint16_t ip_id, uint32_t length)
{
	struct packet packet = { 0 };
	struct frame *f = &packet.frame;

	f->source = address(to_server ? "10.0.0.1" : "10.0.1.1");
	f->destination = address(to_server ? "10.0.1.1" : "10.0.0.1");
	f->ip_id = ip_id;
	f->ttl = TTL;
	f->tcp.source_port = to_server ? 40000 : 80;
	f->tcp.destination_port = to_server ? 80 : 40000;
	f->tcp.flags = flags;
	f->tcp.seq = seq;
	f->tcp.has_timestamps = true;
	f->tcp.tsval = 77;
	f->tcp.length = length;
	encode(&packet, text);
	return packet;
}

static struct packet data(uint32_t seq, uint16_t ip_id)
{
	return segment(true, SEGMENT_ACK, seq, ip_id, sizeof(text));
}

/* As it leaves a router. */
static struct packet routed(struct packet packet)
{
	packet.frame.ttl--;
	encode(&packet, text);
	return packet;
}

/* As it leaves a NAT: to the server from the gateway's address. */
static struct packet translated(struct packet packet)
{
	packet.frame.ttl--;
	packet.frame.source = address("10.0.1.253");
	packet.frame.tcp.source_port = 1024;
	encode(&packet, text);
	return packet;
}

static const struct identity *receive(unsigned int port,
				      const struct packet *packet)
{
	ck_assert_int_eq(identities_receive(identities, port, false,
					    &packet->frame, packet->bytes,
					    &got),
			 0);
	return &got;
}

/* What was received last reaches this port. */
static void deliver(unsigned int port, const struct packet *packet)
{
	ck_assert_int_eq(identities_deliver(identities, port, &packet->frame,
					    packet->bytes, &got),
			 0);
}

/* From the client to the gateway. Returns the packet's number. */
static unsigned int enters(const struct packet *packet)
{
	unsigned int number = receive(client, packet)->packet;

	deliver(gateway_in, packet);
	return number;
}

START_TEST(every_frame_of_a_host_is_a_new_packet)
{
	struct packet packet = data(ISN, 1);

	ck_assert_uint_eq(receive(client, &packet)->packet, 1);
	ck_assert_uint_eq(got.port, client);
	ck_assert_str_eq(got.origin, "client");
	/* The same bytes once more are another packet. */
	ck_assert_uint_eq(receive(client, &packet)->packet, 2);
	ck_assert_uint_eq(got.flow.transmission, 2);
	identities_free(identities);
}
END_TEST

START_TEST(router_continues_a_packet)
{
	struct packet packet = data(ISN, 1), out = routed(packet);
	unsigned int number = enters(&packet);

	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number);
	ck_assert_uint_eq(got.port, gateway_out);
	ck_assert_str_eq(got.origin, "client");
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(got.flow.from_client);
	ck_assert_uint_eq(got.flow.transmission, 1);
	/* Once: what comes a second time is the gateway's own. */
	ck_assert_uint_ne(receive(gateway_out, &out)->packet, number);
	ck_assert_str_eq(got.origin, "gateway");
	identities_free(identities);
}
END_TEST

START_TEST(nat_continues_a_packet_and_its_connection)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0);
	struct packet out = translated(syn), answer;
	unsigned int number = enters(&syn);

	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number);
	ck_assert_uint_eq(got.flow.connection, 1);
	deliver(server, &out);
	answer = segment(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0, 0);
	answer.frame.destination = out.frame.source;
	answer.frame.tcp.destination_port = out.frame.tcp.source_port;
	encode(&answer, text);
	number = receive(server, &answer)->packet;
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(!got.flow.from_client);
	deliver(gateway_out, &answer);
	answer = segment(false, SEGMENT_SYN | SEGMENT_ACK, PEER_ISN, 0, 0);
	answer.frame.ttl--;
	encode(&answer, text);
	ck_assert_uint_eq(receive(gateway_in, &answer)->packet, number);
	ck_assert_str_eq(got.origin, "server");
	ck_assert_uint_eq(got.flow.connection, 1);
	/* From both ends, and by a mapped address. */
	ck_assert_uint_eq(identities_find_socket(identities,
						 &out.frame.destination, 80,
						 &out.frame.source, 1024),
			  1);
	syn.frame.source = address_mapped(&syn.frame.source);
	syn.frame.destination = address_mapped(&syn.frame.destination);
	ck_assert_uint_eq(identities_find_socket(identities, &syn.frame.source,
						 40000, &syn.frame.destination,
						 80),
			  1);
	identities_free(identities);
}
END_TEST

/* Each of the things that a router leaves as they are. */
START_TEST(frame_that_differs_is_a_new_packet)
{
	for (int i = 0; i < 8; i++) {
		struct packet packet = data(ISN, 1), other = packet;
		const char *payload = text;
		unsigned int number = enters(&packet);

		other.frame.ttl--;
		if (i == 0)
			other.frame.ttl--;
		else if (i == 1)
			other.frame.ip_id++;
		else if (i == 2)
			other.frame.tcp.seq++;
		else if (i == 3)
			other.frame.tcp.ack++;
		else if (i == 4)
			other.frame.tcp.flags |= SEGMENT_PSH;
		else if (i == 5)
			other.frame.tcp.tsval++;
		else if (i == 6)
			other.frame.tcp.length--;
		else
			payload = "a payload of that packet";
		encode(&other, payload);
		ck_assert_msg(receive(gateway_out, &other)->packet != number,
			      "difference %d", i);
		ck_assert_str_eq(got.origin, "gateway");
		other = routed(packet);
		ck_assert_uint_eq(receive(gateway_out, &other)->packet, number);
	}
	identities_free(identities);
}
END_TEST

/* Equal in everything that is compared, such as wire-made duplicates. */
START_TEST(equal_packets_come_out_in_the_order_of_delivery)
{
	struct packet packet = data(ISN, 1), out = routed(packet);
	unsigned int first = enters(&packet), second = enters(&packet);

	deliver(gateway_in, &packet);
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, first);
	ck_assert_uint_eq(got.flow.transmission, 1);
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, second);
	ck_assert_uint_eq(got.flow.transmission, 2);
	/* The wire's duplicate of the second. */
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, second);
	identities_free(identities);
}
END_TEST

/* A gateway that keeps a packet, and one that swallowed many before. */
START_TEST(memory_of_a_gateway_is_bounded)
{
	struct packet kept = data(ISN, 1), out = routed(kept);
	unsigned int number = enters(&kept);

	for (uint32_t i = 1; i < 4096; i++) {
		struct packet swallowed = data(ISN + 100 * i, 7);

		enters(&swallowed);
	}
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number);
	number = enters(&kept);
	for (uint32_t i = 1; i <= 4096; i++) {
		struct packet swallowed = data(ISN + 100 * i, 7);

		enters(&swallowed);
	}
	ck_assert_uint_ne(receive(gateway_out, &out)->packet, number);
	/* The newest ones are there. */
	kept = data(ISN + 100 * 4096, 7);
	out = routed(kept);
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number + 4096);
	identities_free(identities);
}
END_TEST

START_TEST(rebooted_gateway_forwards_nothing_from_before)
{
	struct packet packet = data(ISN, 1), out = routed(packet);
	unsigned int number = enters(&packet);

	identities_reset_host(identities, gateway_in);
	identities_reset_host(identities, gateway_out);
	ck_assert_uint_ne(receive(gateway_out, &out)->packet, number);
	ck_assert_str_eq(got.origin, "gateway");
	number = enters(&packet);
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number);
	identities_free(identities);
}
END_TEST

/* A host with one cable forwards nothing, whatever it sends. */
START_TEST(host_with_one_cable_continues_no_packet)
{
	struct packet packet = data(ISN, 1), out = routed(packet);
	unsigned int number = receive(gateway_out, &packet)->packet;

	deliver(server, &packet);
	ck_assert_uint_ne(receive(server, &out)->packet, number);
	ck_assert_str_eq(got.origin, "server");
	identities_free(identities);
}
END_TEST

START_TEST(reset_by_a_gateway_is_a_packet_of_its_own_in_the_connection)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0);
	struct packet rst = segment(false, SEGMENT_RST | SEGMENT_ACK, 0, 0, 0);
	unsigned int number = enters(&syn);

	ck_assert_uint_eq(receive(gateway_in, &rst)->packet, number + 1);
	ck_assert_str_eq(got.origin, "gateway");
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(!got.flow.from_client);
	identities_free(identities);
}
END_TEST

START_TEST(connection_of_the_gateway_itself_is_one)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0);

	syn.frame.source = address("10.0.1.253");
	encode(&syn, text);
	receive(gateway_out, &syn);
	ck_assert_str_eq(got.origin, "gateway");
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(got.flow.from_client);
	identities_free(identities);
}
END_TEST

START_TEST(syn_of_a_proxy_in_the_name_of_the_client_has_no_connection)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0), other;

	enters(&syn);
	other = segment(true, SEGMENT_SYN, ISN, 9, 0);
	receive(gateway_out, &other);
	ck_assert_str_eq(got.origin, "gateway");
	ck_assert_uint_eq(got.flow.connection, 0);
	identities_free(identities);
}
END_TEST

/* Destination unreachable, in answer to `about`, from the gateway. */
static struct packet icmp_about(const struct packet *about, const char *from)
{
	struct packet icmp = { 0 };
	ssize_t n = frame_encode_unreachable(icmp.bytes, sizeof(icmp.bytes),
					     about->bytes, about->frame.size,
					     FRAME_UNREACHABLE_HOST);
	struct address source = address(from);

	ck_assert_int_gt(n, 0);
	memcpy(icmp.bytes + FRAME_ETHERNET + 12, source.bytes, 4);
	ck_assert_int_eq(frame_decode(&icmp.frame, icmp.bytes, (size_t)n), 0);
	return icmp;
}

START_TEST(icmp_error_belongs_to_the_connection_that_it_quotes)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0), icmp;
	unsigned int number = enters(&syn);

	icmp = icmp_about(&syn, "10.0.0.254");
	ck_assert_uint_eq(receive(gateway_in, &icmp)->packet, number + 1);
	ck_assert_str_eq(got.origin, "gateway");
	ck_assert_uint_eq(got.flow.kinds, WIRE_ICMP);
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(!got.flow.from_client);
	identities_free(identities);
}
END_TEST

/* A router behind the NAT answers what the NAT sent; the NAT forwards that,
 * with the quoted addresses and ports changed back. */
START_TEST(nat_continues_an_icmp_error)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0);
	struct packet out = translated(syn), icmp;
	unsigned int number;

	enters(&syn);
	receive(gateway_out, &out);
	deliver(server, &out);
	icmp = icmp_about(&out, "10.0.1.1");
	number = receive(server, &icmp)->packet;
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(!got.flow.from_client);
	deliver(gateway_out, &icmp);
	syn.frame.ttl--;
	encode(&syn, text);
	icmp = icmp_about(&syn, "10.0.1.1");
	icmp.frame.ttl--;
	icmp.bytes[FRAME_ETHERNET + 8]--;
	ck_assert_uint_eq(receive(gateway_in, &icmp)->packet, number);
	ck_assert_str_eq(got.origin, "server");
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert(!got.flow.from_client);
	identities_free(identities);
}
END_TEST

START_TEST(icmp_error_about_nothing_known_has_no_connection)
{
	struct packet syn = segment(true, SEGMENT_SYN, ISN, 1, 0), icmp;

	icmp = icmp_about(&syn, "10.0.0.254");
	receive(gateway_in, &icmp);
	ck_assert_uint_eq(got.flow.connection, 0);
	identities_free(identities);
}
END_TEST

START_TEST(injected_frame_is_a_packet_of_the_wire)
{
	struct packet packet = data(ISN, 1), out = routed(packet);

	receive(client, &packet);
	ck_assert_int_eq(identities_inject(identities, INSIDE, &packet.frame,
					   packet.bytes, &got),
			 0);
	ck_assert_uint_eq(got.packet, 2);
	ck_assert_uint_eq(got.port, 0);
	ck_assert_str_eq(got.origin, "");
	ck_assert_uint_eq(got.flow.connection, 1);
	ck_assert_uint_eq(got.flow.transmission, 0);
	/* A gateway forwards it like any other. */
	deliver(gateway_in, &packet);
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, 2);
	ck_assert_str_eq(got.origin, "");
	identities_free(identities);
}
END_TEST

START_TEST(ghosts_are_new_packets_that_nothing_is_concluded_from)
{
	struct packet packet = data(ISN, 1), out = routed(packet);
	unsigned int number = enters(&packet);

	ck_assert_int_eq(identities_receive(identities, gateway_out, true,
					    &out.frame, out.bytes, &got),
			 0);
	ck_assert_uint_eq(got.packet, number + 1);
	ck_assert_int_eq(identities_receive(identities, 0, true, &packet.frame,
					    packet.bytes, &got),
			 0);
	ck_assert_uint_eq(got.packet, number + 2);
	ck_assert_str_eq(got.origin, "");
	ck_assert_uint_eq(receive(gateway_out, &out)->packet, number);
	identities_free(identities);
}
END_TEST

static const TTest *const *const tests[] = {
	&every_frame_of_a_host_is_a_new_packet,
	&router_continues_a_packet,
	&nat_continues_a_packet_and_its_connection,
	&frame_that_differs_is_a_new_packet,
	&equal_packets_come_out_in_the_order_of_delivery,
	&memory_of_a_gateway_is_bounded,
	&rebooted_gateway_forwards_nothing_from_before,
	&host_with_one_cable_continues_no_packet,
	&reset_by_a_gateway_is_a_packet_of_its_own_in_the_connection,
	&connection_of_the_gateway_itself_is_one,
	&syn_of_a_proxy_in_the_name_of_the_client_has_no_connection,
	&icmp_error_belongs_to_the_connection_that_it_quotes,
	&nat_continues_an_icmp_error,
	&icmp_error_about_nothing_known_has_no_connection,
	&injected_frame_is_a_packet_of_the_wire,
	&ghosts_are_new_packets_that_nothing_is_concluded_from,
};

int main(void)
{
	return unit_run("identity", tests, ARRAY_SIZE(tests), set_up);
}
