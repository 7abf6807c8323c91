/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "bytes.h"
#include "checksum.h"
#include "errors.h"
#include "tcp-options.h"

enum {
	IPV4_HEADER = 20, /* without options */
	IPV6_HEADER = 40,
	TCP_HEADER = 20,
	DEFAULT_TTL = 64,
};

static void put_ethernet(uint8_t *to, const struct frame *frame)
{
	bool is_ipv4 = frame->source.family == AF_INET;
	uint16_t ethertype = is_ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;

	memcpy(to, frame->destination_mac, FRAME_MAC);
	memcpy(to + FRAME_MAC, frame->source_mac, FRAME_MAC);
	bytes_put16(to + 2 * FRAME_MAC, ethertype);
}

static void put_ipv4(uint8_t *to, const struct frame *frame, size_t payload)
{
	memset(to, 0, IPV4_HEADER);
	to[0] = 0x45;
	bytes_put16(to + 2, IPV4_HEADER + payload);
	bytes_put16(to + 4, frame->ip_id);
	bytes_put16(to + 6, 0x4000); /* don't fragment, as Linux sends TCP */
	to[8] = frame->ttl ? frame->ttl : DEFAULT_TTL;
	to[9] = IPPROTO_TCP;
	memcpy(to + 12, frame->source.bytes, 4);
	memcpy(to + 16, frame->destination.bytes, 4);
	checksum_put(to + 10, checksum_sum(to, IPV4_HEADER));
}

static void put_ipv6(uint8_t *to, const struct frame *frame, size_t payload)
{
	bytes_put32(to, UINT32_C(6) << 28);
	bytes_put16(to + 4, payload);
	to[6] = IPPROTO_TCP;
	to[7] = frame->ttl ? frame->ttl : DEFAULT_TTL;
	memcpy(to + 8, frame->source.bytes, 16);
	memcpy(to + 24, frame->destination.bytes, 16);
}

static void put_tcp(uint8_t *to, const struct segment *tcp, const void *payload)
{
	size_t size = TCP_HEADER + tcp_options_size(tcp);

	memset(to, 0, TCP_HEADER);
	bytes_put16(to, tcp->source_port);
	bytes_put16(to + 2, tcp->destination_port);
	bytes_put32(to + 4, tcp->seq);
	bytes_put32(to + 8, tcp->ack);
	to[12] = (uint8_t)(size / 4 << 4);
	to[13] = tcp->flags;
	bytes_put16(to + 14, tcp->window);
	tcp_options_encode(to + TCP_HEADER, tcp);
	if (tcp->length)
		memcpy(to + size, payload, tcp->length);
}

static void put_tcp_checksum(uint8_t *tcp, const struct frame *frame,
			     size_t size)
{
	uint64_t sum = checksum_pseudo(&frame->source, &frame->destination,
				       IPPROTO_TCP, size);

	checksum_put(tcp + 16, sum + checksum_sum(tcp, size));
}

static size_t ip_header_size(const struct frame *frame)
{
	return frame->source.family == AF_INET ? IPV4_HEADER : IPV6_HEADER;
}

/* -EINVAL for what no frame can hold. */
static int check_encodable(const struct frame *frame)
{
	size_t options = tcp_options_size(&frame->tcp);
	size_t most = UINT16_MAX - TCP_HEADER - options;

	if (!address_size(&frame->source) ||
	    frame->source.family != frame->destination.family)
		return error_origin(-EINVAL, "frame from family %d to %d",
				    frame->source.family,
				    frame->destination.family);
	if (options > TCP_OPTIONS_MAX)
		return error_origin(-EINVAL, "%zu bytes of TCP options",
				    options);
	/* IPv4's length has its own header in it, IPv6's has not. */
	if (frame->source.family == AF_INET)
		most -= IPV4_HEADER;
	if (frame->tcp.length > most)
		return error_origin(-EINVAL, "payload of %u bytes",
				    frame->tcp.length);
	return 0;
}

ssize_t frame_encode_tcp(void *bytes, size_t size, const struct frame *frame,
			 const void *payload)
{
	size_t transport_at = FRAME_ETHERNET + ip_header_size(frame);
	uint8_t *ethernet = bytes;
	size_t segment, total;
	int r;

	r = check_encodable(frame);
	if (r < 0)
		return error_trace(r);
	segment = TCP_HEADER + tcp_options_size(&frame->tcp) +
		  frame->tcp.length;
	total = transport_at + segment;
	if (total > size)
		return error_origin(-ENOBUFS, "frame of %zu bytes into %zu",
				    total, size);

	put_ethernet(ethernet, frame);
	if (frame->source.family == AF_INET)
		put_ipv4(ethernet + FRAME_ETHERNET, frame, segment);
	else
		put_ipv6(ethernet + FRAME_ETHERNET, frame, segment);
	put_tcp(ethernet + transport_at, &frame->tcp, payload);
	put_tcp_checksum(ethernet + transport_at, frame, segment);
	return (ssize_t)total;
}
