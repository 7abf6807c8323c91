/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes the frames that the wire injects, TCP segments and ICMP errors, and
 * the announcement of an address.
 * Unlike frames from veth they have complete checksums, because their virtio
 * header asks for no checksum offload (wire_inject()).
 *
 * Sizes are checked before the first byte is written; after that nothing fails.
 */
#include "frame.h"

#include <errno.h>
#include <net/ethernet.h>
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

static void put_ipv4(uint8_t *to, const struct frame *frame, uint8_t protocol,
		     size_t payload)
{
	memset(to, 0, IPV4_HEADER);
	to[0] = 0x45;
	bytes_put16(to + 2, IPV4_HEADER + payload);
	bytes_put16(to + 4, frame->ip_id);
	bytes_put16(to + 6, 0x4000); /* don't fragment, as Linux sends TCP */
	to[8] = frame->ttl ? frame->ttl : DEFAULT_TTL;
	to[9] = protocol;
	memcpy(to + 12, frame->source.bytes, 4);
	memcpy(to + 16, frame->destination.bytes, 4);
	checksum_put(to + 10, checksum_sum(to, IPV4_HEADER));
}

static void put_ipv6(uint8_t *to, const struct frame *frame, uint8_t protocol,
		     size_t payload)
{
	bytes_put32(to, UINT32_C(6) << 28);
	bytes_put16(to + 4, payload);
	to[6] = protocol;
	to[7] = frame->ttl ? frame->ttl : DEFAULT_TTL;
	memcpy(to + 8, frame->source.bytes, 16);
	memcpy(to + 24, frame->destination.bytes, 16);
}

static void put_headers(uint8_t *to, const struct frame *frame,
			uint8_t protocol, size_t payload)
{
	put_ethernet(to, frame);
	if (frame->source.family == AF_INET)
		put_ipv4(to + FRAME_ETHERNET, frame, protocol, payload);
	else
		put_ipv6(to + FRAME_ETHERNET, frame, protocol, payload);
}

static void put_tcp(uint8_t *to, const struct segment *tcp, const void *payload)
{
	size_t size = TCP_HEADER + segment_options_size(tcp);

	memset(to, 0, TCP_HEADER);
	bytes_put16(to, tcp->source_port);
	bytes_put16(to + 2, tcp->destination_port);
	bytes_put32(to + 4, tcp->seq);
	bytes_put32(to + 8, tcp->ack);
	to[12] = (uint8_t)(size / 4 << 4);
	to[13] = tcp->flags;
	bytes_put16(to + 14, tcp->window);
	segment_encode_options(to + TCP_HEADER, tcp);
	if (tcp->length)
		memcpy(to + size, payload, tcp->length);
}

/* RFC 9293 section 3.1: over the pseudo header, the header with a checksum
 * field of 0, and the payload. */
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

/* -EINVAL where the frame cannot be encoded. */
static int check_encodable(const struct frame *frame)
{
	size_t options = segment_options_size(&frame->tcp);
	size_t most = UINT16_MAX - TCP_HEADER - options;

	if (!address_size(&frame->source) ||
	    frame->source.family != frame->destination.family)
		return error_origin(-EINVAL, "encode a frame from family %d to %d",
				    frame->source.family,
				    frame->destination.family);
	if (options > SEGMENT_OPTIONS_MAX)
		return error_origin(-EINVAL, "%zu bytes of TCP options",
				    options);
	/* The length field of IPv4 includes the IP header, that of IPv6 does
	 * not. */
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
	segment = TCP_HEADER + segment_options_size(&frame->tcp) +
		  frame->tcp.length;
	total = transport_at + segment;
	if (total > size)
		return error_origin(-ENOBUFS, "frame of %zu bytes into %zu",
				    total, size);

	put_headers(ethernet, frame, IPPROTO_TCP, segment);
	put_tcp(ethernet + transport_at, &frame->tcp, payload);
	put_tcp_checksum(ethernet + transport_at, frame, segment);
	return (ssize_t)total;
}

/* --- ICMP ------------------------------------------------------------- */

enum {
	ICMP_HEADER = 8,
	UNREACHABLE_V4 = 3, /* ICMP type */
	UNREACHABLE_V6 = 1,
	/* Maximum size of the message: RFC 1812 4.3.2.3, RFC 4443 2.4. */
	MESSAGE_V4 = 576,
	MESSAGE_V6 = 1280,
};

static void put_unreachable(uint8_t *to, bool v6, enum frame_unreachable why,
			    const void *quoted, size_t size)
{
	/* By enum frame_unreachable. ICMPv6 has no code for an unreachable
	 * host; 3 is "address unreachable". */
	static const uint8_t v4_codes[] = { 0, 1, 3, 13 };
	static const uint8_t v6_codes[] = { 0, 3, 4, 1 };

	memset(to, 0, ICMP_HEADER);
	to[0] = v6 ? UNREACHABLE_V6 : UNREACHABLE_V4;
	to[1] = v6 ? v6_codes[why] : v4_codes[why];
	memcpy(to + ICMP_HEADER, quoted, size);
}

/* The addresses of a reply to `about`. */
static void set_reply_addresses(struct frame *ret, const struct frame *about)
{
	*ret = (struct frame){ .source = about->destination,
			       .destination = about->source };
	memcpy(ret->source_mac, about->destination_mac, FRAME_MAC);
	memcpy(ret->destination_mac, about->source_mac, FRAME_MAC);
}

ssize_t frame_encode_unreachable(void *bytes, size_t size,
				 const void *about, size_t about_size,
				 enum frame_unreachable why)
{
	/* From the IP header on: the receiver finds its socket by the ports in
	 * the quoted packet (tcp_v4_err(), tcp_v6_err()). */
	const uint8_t *quoted = (const uint8_t *)about + FRAME_ETHERNET;
	uint8_t *icmp;
	struct frame seen, frame;
	size_t ip, payload, most;
	uint64_t sum = 0;
	int r = frame_decode(&seen, about, about_size);
	bool v6;

	if (r < 0)
		return error_trace(r);
	if (!seen.transport_at)
		return error_origin(-EINVAL,
				    "encode ICMP unreachable: no IP header");
	v6 = seen.source.family == AF_INET6;
	set_reply_addresses(&frame, &seen);
	ip = ip_header_size(&frame);
	most = (v6 ? MESSAGE_V6 : MESSAGE_V4) - ip - ICMP_HEADER;
	payload = ICMP_HEADER + MIN(about_size - FRAME_ETHERNET, most);
	if (FRAME_ETHERNET + ip + payload > size)
		return error_origin(-ENOBUFS, "frame of %zu bytes into %zu",
				    FRAME_ETHERNET + ip + payload, size);
	icmp = (uint8_t *)bytes + FRAME_ETHERNET + ip;
	put_headers(bytes, &frame, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, payload);
	put_unreachable(icmp, v6, why, quoted, payload - ICMP_HEADER);
	if (v6)
		sum = checksum_pseudo(&frame.source, &frame.destination,
				      IPPROTO_ICMPV6, payload);
	checksum_put(icmp + 2, sum + checksum_sum(icmp, payload));
	return (ssize_t)(FRAME_ETHERNET + ip + payload);
}

/* --- announcements ---------------------------------------------------- */

enum {
	ARP_SIZE = 28,
	NA_SIZE = 32, /* with the target link-layer address option */
	NA_TYPE = 136,
	NA_OVERRIDE = 0x20,
	ND_HOPS = 255, /* RFC 4861 section 7.1.2: others are discarded */
};

/* Sender and target are the same. Receivers update their entry, but make none:
 * arp_process(), arp_is_garp(). */
static void put_gratuitous_arp(uint8_t *to, const struct address *address,
			       const uint8_t *mac)
{
	memset(to, 0xff, FRAME_MAC);
	memcpy(to + FRAME_MAC, mac, FRAME_MAC);
	bytes_put16(to + 2 * FRAME_MAC, ETHERTYPE_ARP);
	to += FRAME_ETHERNET;
	memset(to, 0, ARP_SIZE);
	bytes_put16(to, 1); /* Ethernet */
	bytes_put16(to + 2, ETHERTYPE_IP);
	to[4] = FRAME_MAC;
	to[5] = 4;
	bytes_put16(to + 6, 1); /* request */
	memcpy(to + 8, mac, FRAME_MAC);
	memcpy(to + 14, address->bytes, 4);
	memcpy(to + 24, address->bytes, 4);
}

/* To all nodes, ff02::1. */
static void put_advertisement(uint8_t *to, const struct address *address,
			      const uint8_t *mac)
{
	struct frame frame = { .source = *address,
			       .destination = { .family = AF_INET6,
						.bytes = { 0xff,
							   0x02, [15] = 1 } },
			       .destination_mac = { 0x33, 0x33, 0, 0, 0, 1 },
			       .ttl = ND_HOPS };
	uint8_t *icmp = to + FRAME_ETHERNET + IPV6_HEADER;

	memcpy(frame.source_mac, mac, FRAME_MAC);
	put_headers(to, &frame, IPPROTO_ICMPV6, NA_SIZE);
	memset(icmp, 0, NA_SIZE);
	icmp[0] = NA_TYPE;
	icmp[4] = NA_OVERRIDE;
	memcpy(icmp + 8, address->bytes, 16);
	icmp[24] = 2; /* target link-layer address */
	icmp[25] = 1; /* in units of 8 bytes */
	memcpy(icmp + 26, mac, FRAME_MAC);
	checksum_put(icmp + 2,
		     checksum_pseudo(&frame.source, &frame.destination,
				     IPPROTO_ICMPV6, NA_SIZE) +
			     checksum_sum(icmp, NA_SIZE));
}

ssize_t frame_encode_announcement(void *bytes, size_t size,
				  const struct address *address,
				  const uint8_t mac[FRAME_MAC])
{
	bool is_ipv4 = address->family == AF_INET;
	size_t total = FRAME_ETHERNET +
		       (is_ipv4 ? ARP_SIZE : IPV6_HEADER + NA_SIZE);

	if (total > size)
		return error_origin(-ENOBUFS, "frame of %zu bytes into %zu",
				    total, size);
	if (is_ipv4)
		put_gratuitous_arp(bytes, address, mac);
	else
		put_advertisement(bytes, address, mac);
	return (ssize_t)total;
}
