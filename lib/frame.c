/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes from the outside in: Ethernet, IP with its extension headers,
 * transport. `struct packet` is the cursor: each layer checks that its header
 * lies before `end` and then moves `at` behind it and `end` to its own length,
 * so that padding of short Ethernet frames is never taken for payload.
 */
#include "frame.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "errors.h"
#include "macro.h"

enum {
	IPV4_HEADER = 20, /* without options */
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	ARP_SIZE = 28, /* for Ethernet and IPv4 */
};

struct packet {
	const uint8_t *bytes;
	size_t at; /* bytes before it are decoded */
	size_t end; /* by the lengths decoded so far; padding follows */
	uint8_t protocol; /* of the header at `at`, once in IP */
	bool partial; /* the transport checksum covers more than this frame */
};

/* Fails unless `size` bytes of a header lie between `at` and `end`. */
static int check_room(const struct packet *packet, size_t size,
		      const char *what)
{
	size_t left = packet->end - packet->at;

	if (size <= left)
		return 0;
	return error_origin(-EBADMSG, "%s at offset %zu: %zu bytes, %zu left",
			    what, packet->at, size, left);
}

static int check_field(const char *field, size_t offset, size_t value,
		       size_t min, size_t max)
{
	if (min <= value && value <= max)
		return 0;
	return error_origin(-EBADMSG, "%s at offset %zu: %zu not in %zu..%zu",
			    field, offset, value, min, max);
}

/* --- decoding ------------------------------------------------------------ */

static int decode_tcp(struct frame *frame, const struct packet *packet)
{
	const uint8_t *header = packet->bytes + packet->at;
	struct segment *tcp = &frame->tcp;
	size_t payload_at;
	int r;

	r = check_room(packet, TCP_HEADER, "TCP header");
	if (r < 0)
		return error_trace(r);
	payload_at = packet->at + (header[12] >> 4) * 4u;
	r = check_field("TCP data offset", packet->at + 12, payload_at,
			packet->at + TCP_HEADER, packet->end);
	if (r >= 0)
		r = segment_decode_options(tcp, packet->bytes,
				       packet->at + TCP_HEADER, payload_at);
	if (r < 0)
		return error_trace(r);

	tcp->source_port = bytes_get16(header);
	tcp->destination_port = bytes_get16(header + 2);
	tcp->seq = bytes_get32(header + 4);
	tcp->ack = bytes_get32(header + 8);
	tcp->flags = header[13];
	tcp->window = bytes_get16(header + 14);
	tcp->payload_at = (uint16_t)payload_at;
	tcp->length = (uint32_t)(packet->end - payload_at);
	frame->kind = FRAME_TCP;
	return 0;
}

static int decode_icmp(struct frame *frame, const struct packet *packet)
{
	int r;

	/* RFC 792: type, code, checksum and four bytes whose use depends on the
	 * type. */
	r = check_room(packet, 8, "ICMP header");
	if (r < 0)
		return error_trace(r);
	frame->icmp_type = packet->bytes[packet->at];
	frame->icmp_code = packet->bytes[packet->at + 1];
	frame->kind = FRAME_ICMP;
	return 0;
}

static bool has_nd_target(const struct frame *frame)
{
	return frame->icmp_type == ND_NEIGHBOR_SOLICIT ||
	       frame->icmp_type == ND_NEIGHBOR_ADVERT;
}

static int decode_nd(struct frame *frame, const struct packet *packet)
{
	/* RFC 4861 section 4, without options, from the first type on */
	static const uint8_t sizes[] = { 8, 16, 24, 24, 40 };
	size_t size = sizes[frame->icmp_type - ND_ROUTER_SOLICIT];
	int r;

	r = check_room(packet, size, "neighbour discovery");
	if (r < 0)
		return error_trace(r);
	if (has_nd_target(frame))
		frame->nd_target = address_from_bytes(
			AF_INET6, packet->bytes + packet->at + 8);
	frame->kind = FRAME_ND;
	return 0;
}

static int decode_icmpv6(struct frame *frame, const struct packet *packet)
{
	int r;

	r = check_room(packet, 4, "ICMPv6 header");
	if (r < 0)
		return error_trace(r);
	frame->icmp_type = packet->bytes[packet->at];
	frame->icmp_code = packet->bytes[packet->at + 1];
	frame->kind = FRAME_ICMP;
	if (frame->icmp_type < ND_ROUTER_SOLICIT ||
	    frame->icmp_type > ND_REDIRECT)
		return 0;
	return error_trace(decode_nd(frame, packet));
}

static int decode_transport(struct frame *frame, const struct packet *packet)
{
	static const struct {
		int family;
		uint8_t protocol;
		int (*decode)(struct frame *frame, const struct packet *packet);
	} transports[] = {
		{ AF_INET, IPPROTO_TCP, decode_tcp },
		{ AF_INET6, IPPROTO_TCP, decode_tcp },
		{ AF_INET, IPPROTO_ICMP, decode_icmp },
		{ AF_INET6, IPPROTO_ICMPV6, decode_icmpv6 },
	};
	int r;

	/* A chain of extension headers may exceed the 16 bits of transport_at
	 * and payload_at. */
	r = check_field("header above IP", packet->at, packet->at, 0,
			UINT16_MAX - TCP_HEADER - SEGMENT_OPTIONS_MAX);
	if (r < 0)
		return error_trace(r);
	frame->transport_at = (uint16_t)packet->at;
	for (size_t i = 0; !frame->fragment && i < ARRAY_SIZE(transports); i++)
		if (transports[i].family == frame->source.family &&
		    transports[i].protocol == packet->protocol)
			return error_trace(transports[i].decode(frame, packet));
	return 0;
}

static int decode_ipv4(struct frame *frame, struct packet *packet)
{
	const uint8_t *header = packet->bytes + packet->at;
	size_t at = packet->at, size, total;
	uint16_t fragment;
	int r;

	r = check_room(packet, IPV4_HEADER, "IPv4 header");
	if (r < 0)
		return error_trace(r);
	size = (header[0] & 0x0f) * 4u;
	total = bytes_get16(header + 2);
	r = check_field("IPv4 version", at, header[0] >> 4, 4, 4);
	if (r >= 0)
		r = check_field("IPv4 header length", at, size, IPV4_HEADER,
				total);
	if (r >= 0)
		r = check_field("IPv4 total length", at + 2, total, size,
				packet->end - at);
	if (r < 0)
		return error_trace(r);

	frame->ip_id = bytes_get16(header + 4);
	fragment = bytes_get16(header + 6);
	/* Only the first fragment has a transport header: offset 0. Its
	 * checksum covers all fragments. */
	frame->fragment = fragment & 0x1fff;
	frame->ttl = header[8];
	frame->source = address_from_bytes(AF_INET, header + 12);
	frame->destination = address_from_bytes(AF_INET, header + 16);
	packet->partial = fragment & 0x3fff; /* more-fragments included */
	packet->protocol = header[9];
	packet->at += size;
	packet->end = at + total;
	return error_trace(decode_transport(frame, packet));
}

/* RFC 8200 section 4.1. The authentication header and ESP are not skipped:
 * their packets are FRAME_OTHER. */
static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

static int skip_extension(struct frame *frame, struct packet *packet)
{
	const uint8_t *header = packet->bytes + packet->at;
	size_t size = 8;
	int r;

	r = check_room(packet, size, "IPv6 extension header");
	if (r < 0)
		return error_trace(r);
	/* The fragment header has a fixed size; the others have their length in
	 * units of 8 bytes, without the first 8. In a fragment header the low
	 * three bits of the offset field are reserved bits and M (RFC 8200
	 * section 4.5). */
	if (packet->protocol == IPPROTO_FRAGMENT) {
		frame->fragment = bytes_get16(header + 2) & 0xfff8;
		packet->partial |= bytes_get16(header + 2) & 0xfff9;
	} else {
		size += header[1] * 8u;
	}
	/* The pseudo header has the final destination (RFC 8200 section 8.1),
	 * which a routing header with segments left carries elsewhere. */
	if (packet->protocol == IPPROTO_ROUTING && header[3])
		packet->partial = true;
	r = check_room(packet, size, "IPv6 extension header");
	if (r < 0)
		return error_trace(r);
	packet->protocol = header[0];
	packet->at += size;
	return 0;
}

static int decode_ipv6(struct frame *frame, struct packet *packet)
{
	const uint8_t *header = packet->bytes + packet->at;
	size_t at = packet->at, payload;
	int r;

	r = check_room(packet, IPV6_HEADER, "IPv6 header");
	if (r < 0)
		return error_trace(r);
	payload = bytes_get16(header + 4);
	r = check_field("IPv6 version", at, header[0] >> 4, 6, 6);
	if (r >= 0)
		r = check_field("IPv6 payload length", at + 4, payload, 0,
				packet->end - at - IPV6_HEADER);
	if (r < 0)
		return error_trace(r);

	frame->ttl = header[7];
	frame->source = address_from_bytes(AF_INET6, header + 8);
	frame->destination = address_from_bytes(AF_INET6, header + 24);
	packet->protocol = header[6];
	packet->at += IPV6_HEADER;
	packet->end = packet->at + payload;
	while (r >= 0 && !frame->fragment && is_extension(packet->protocol))
		r = skip_extension(frame, packet);
	if (r >= 0)
		r = decode_transport(frame, packet);
	return error_trace(r);
}

static int decode_arp(struct frame *frame, struct packet *packet)
{
	const uint8_t *arp = packet->bytes + packet->at;
	int r;

	r = check_room(packet, ARP_SIZE, "ARP");
	if (r < 0)
		return error_trace(r);
	/* Another hardware or protocol type has other lengths: FRAME_OTHER. */
	if (bytes_get16(arp) != 1 || bytes_get16(arp + 2) != ETHERTYPE_IP)
		return 0;
	r = check_field("ARP hardware length", packet->at + 4, arp[4],
			FRAME_MAC, FRAME_MAC);
	if (r >= 0)
		r = check_field("ARP protocol length", packet->at + 5, arp[5],
				4, 4);
	if (r < 0)
		return error_trace(r);
	frame->arp_operation = bytes_get16(arp + 6);
	frame->source = address_from_bytes(AF_INET, arp + 14);
	frame->destination = address_from_bytes(AF_INET, arp + 24);
	frame->kind = FRAME_ARP;
	return 0;
}

static int decode_ethernet(struct frame *frame, struct packet *packet)
{
	const uint8_t *header = packet->bytes;
	int r;

	r = check_room(packet, FRAME_ETHERNET, "Ethernet header");
	if (r < 0)
		return error_trace(r);
	memcpy(frame->destination_mac, header, FRAME_MAC);
	memcpy(frame->source_mac, header + FRAME_MAC, FRAME_MAC);
	frame->ethertype = bytes_get16(header + 2 * FRAME_MAC);
	frame->size = (uint32_t)packet->end;
	packet->at = FRAME_ETHERNET;
	if (frame->ethertype == ETHERTYPE_IP)
		r = decode_ipv4(frame, packet);
	else if (frame->ethertype == ETHERTYPE_IPV6)
		r = decode_ipv6(frame, packet);
	else if (frame->ethertype == ETHERTYPE_ARP)
		r = decode_arp(frame, packet);
	return error_trace(r);
}

int frame_decode(struct frame *ret, const void *bytes, size_t size)
{
	struct packet packet = { .bytes = bytes, .end = size };
	struct frame frame = { 0 };
	int r;

	r = decode_ethernet(&frame, &packet);
	if (r < 0)
		return error_trace(r);
	*ret = frame;
	return 0;
}

/*
 * Decodes by hand instead of with decode_ipv4() and decode_tcp(): a quoted
 * packet may be truncated after 8 bytes of its transport header, so that its
 * length fields exceed the message. IPv6 extension headers in it are not
 * skipped.
 */
bool frame_decode_quoted(struct frame *ret, const void *bytes,
			 const struct frame *icmp)
{
	/* The header of the message has 8 bytes in both versions. */
	size_t at = icmp->transport_at + 8u, size, protocol_at;
	bool v6 = icmp->source.family == AF_INET6;
	const uint8_t *ip = (const uint8_t *)bytes + at;
	struct frame frame = { .kind = FRAME_TCP };

	size = v6 ? IPV6_HEADER : IPV4_HEADER;
	protocol_at = v6 ? 6 : 9;
	if (!icmp->transport_at || at + size > icmp->size ||
	    ip[0] >> 4 != (v6 ? 6 : 4))
		return false;
	if (!v6)
		size = (ip[0] & 0x0f) * 4u;
	if (size < IPV4_HEADER || at + size + 8 > icmp->size ||
	    ip[protocol_at] != IPPROTO_TCP)
		return false;
	if (v6) {
		frame.source = address_from_bytes(AF_INET6, ip + 8);
		frame.destination = address_from_bytes(AF_INET6, ip + 24);
	} else {
		frame.ip_id = bytes_get16(ip + 4);
		frame.source = address_from_bytes(AF_INET, ip + 12);
		frame.destination = address_from_bytes(AF_INET, ip + 16);
	}
	frame.tcp.source_port = bytes_get16(ip + size);
	frame.tcp.destination_port = bytes_get16(ip + size + 2);
	frame.tcp.seq = bytes_get32(ip + size + 4);
	*ret = frame;
	return true;
}

/* --- checksums ----------------------------------------------------------- */

int frame_complete_checksum(void *bytes, size_t size, uint16_t start,
			    uint16_t offset)
{
	uint8_t *from;

	if ((size_t)start + offset + 2 > size)
		return error_origin(-EBADMSG,
				    "checksum at offset %u + %u of %zu bytes",
				    start, offset, size);
	/* The field itself holds the sum of the pseudo header, so the sum over
	 * everything from `start` on is complete: skb_checksum_help(). */
	from = (uint8_t *)bytes + start;
	checksum_put(from + offset, checksum_sum(from, size - start));
	return 0;
}

/* RFC 768: a checksum of 0 means that the sender computed none. RFC 8200
 * section 8.1 forbids it over IPv6. */
static bool is_udp_without_checksum(const struct frame *frame,
				    const struct packet *packet)
{
	return packet->protocol == IPPROTO_UDP &&
	       frame->source.family == AF_INET &&
	       packet->end - packet->at >= 8 &&
	       !bytes_get16(packet->bytes + packet->at + 6);
}

static bool transport_correct(const struct frame *frame,
			    const struct packet *packet)
{
	size_t size = packet->end - packet->at;
	uint64_t sum = checksum_sum(packet->bytes + packet->at, size);

	switch (packet->protocol) {
	/* ICMP has no pseudo header (RFC 792); ICMPv6 has one (RFC 4443 section
	 * 2.3). */
	case IPPROTO_ICMP:
		return checksum_right(sum);
	case IPPROTO_UDP:
		if (is_udp_without_checksum(frame, packet))
			return true;
		/* fall through */
	case IPPROTO_TCP:
	case IPPROTO_ICMPV6:
		sum += checksum_pseudo(&frame->source, &frame->destination,
				       packet->protocol, size);
		return checksum_right(sum);
	}
	return true; /* a protocol without a known checksum */
}

static bool ipv4_header_correct(const uint8_t *header)
{
	return checksum_right(checksum_sum(header, (header[0] & 0x0f) * 4u));
}

bool frame_checksums_right(const void *bytes, size_t size)
{
	struct packet packet = { .bytes = bytes, .end = size };
	struct frame frame = { 0 };

	if (decode_ethernet(&frame, &packet) < 0)
		return false;
	if (frame.ethertype == ETHERTYPE_IP &&
	    !ipv4_header_correct(packet.bytes + FRAME_ETHERNET))
		return false;
	return !frame.transport_at || packet.partial ||
	       transport_correct(&frame, &packet);
}

/* --- classification ------------------------------------------------------ */

/* Exactly `set` of the flags in `mask`. */
static bool has_flags(const struct frame *frame, uint8_t mask, uint8_t set)
{
	return frame->kind == FRAME_TCP && (frame->tcp.flags & mask) == set;
}

bool frame_is_syn(const struct frame *frame)
{
	return has_flags(frame, SEGMENT_SYN | SEGMENT_ACK, SEGMENT_SYN);
}

bool frame_is_syn_ack(const struct frame *frame)
{
	return has_flags(frame, SEGMENT_SYN | SEGMENT_ACK,
			 SEGMENT_SYN | SEGMENT_ACK);
}

bool frame_is_fin(const struct frame *frame)
{
	return has_flags(frame, SEGMENT_FIN, SEGMENT_FIN);
}

bool frame_is_rst(const struct frame *frame)
{
	return has_flags(frame, SEGMENT_RST, SEGMENT_RST);
}

bool frame_is_data(const struct frame *frame)
{
	return frame->kind == FRAME_TCP && frame->tcp.length;
}

bool frame_is_pure_ack(const struct frame *frame)
{
	return has_flags(frame,
			 SEGMENT_ACK | SEGMENT_SYN | SEGMENT_FIN |
				 SEGMENT_RST,
			 SEGMENT_ACK) &&
	       !frame->tcp.length;
}

uint32_t frame_sequence_length(const struct frame *frame)
{
	if (frame->kind != FRAME_TCP)
		return 0;
	return frame->tcp.length + !!(frame->tcp.flags & SEGMENT_SYN) +
	       !!(frame->tcp.flags & SEGMENT_FIN);
}
