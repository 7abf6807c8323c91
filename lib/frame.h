/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One Ethernet frame: decoded, encoded, and printed in packetdrill's notation.
 * Pure code: bytes in, values out.
 *
 * Numbers are in host byte order, sizes in bytes. Sources: RFC 9293 section 3.1
 * (the TCP header), RFC 7323 (window scale, timestamps), RFC 2018 (SACK), RFC
 * 791, RFC 8200, RFC 826 (ARP), RFC 792 and RFC 4443 (ICMP), RFC 4861 (ND).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "segment.h"

enum { FRAME_MAC = 6, FRAME_ETHERNET = 14 };

enum frame_kind {
	FRAME_OTHER, /* well formed as far as it was decoded */
	FRAME_TCP,
	FRAME_ARP,
	FRAME_ICMP, /* ICMP and ICMPv6, neighbour discovery excepted */
	FRAME_ND, /* neighbour solicitation, advertisement, router … */
};

struct frame {
	uint8_t destination_mac[FRAME_MAC], source_mac[FRAME_MAC];
	uint16_t ethertype;
	enum frame_kind kind;
	uint32_t size; /* on the wire, without preamble and FCS */

	/* Of the IP header, whatever its payload (ARP: sender and target) */
	struct address source, destination;
	uint8_t ttl; /* hop limit */
	uint16_t ip_id; /* 0 for IPv6 */
	bool fragment; /* a later fragment: decoded up to IP only */
	uint16_t transport_at; /* offset of the header above IP; 0: no IP */

	struct segment tcp; /* FRAME_TCP */
	uint8_t icmp_type, icmp_code; /* FRAME_ICMP, FRAME_ND */
	struct address nd_target; /* FRAME_ND: the target address */
	uint16_t arp_operation; /* FRAME_ARP: 1 request, 2 reply */
};

/*
 * Decodes `size` bytes and never reads past them. On failure `ret` is
 * unchanged: -EBADMSG for a frame whose lengths contradict each other or its
 * size (the message has the field and the offset). IPv6 extension headers
 * (hop-by-hop, routing, destination options, fragment) are skipped. Checksums
 * are not verified: frames from veth carry partial ones.
 */
int frame_decode(struct frame *ret, const void *bytes, size_t size);

/*
 * The TCP segment that the ICMP error `icmp`, which was decoded from `bytes`,
 * quotes: its addresses, IPv4 identification, ports and sequence number, which
 * are all that RFC 792 promises. False, and `ret` untouched, when the message
 * quotes something else or less.
 */
bool frame_decode_quoted(struct frame *ret, const void *bytes,
			 const struct frame *icmp);

/*
 * Encodes a TCP frame (Ethernet, IP, TCP with the options set in `frame->tcp`,
 * then `payload`, frame->tcp.length bytes) with all checksums, for injection by
 * the wire. The family of the addresses determines IPv4 or IPv6; a TTL of 0
 * becomes 64. Returns the size; -ENOBUFS when `size` is too small; -EINVAL for
 * families that differ or are missing, for options above 40 bytes, and for a
 * payload that exceeds IP's length field. `payload` may be NULL when the length
 * is 0.
 */
ssize_t frame_encode_tcp(void *bytes, size_t size, const struct frame *frame,
			 const void *payload);

/* As a router or the destination host sends it: RFC 792, RFC 1812 section
 * 5.2.7.1, RFC 4443 section 3.1. */
enum frame_unreachable {
	FRAME_UNREACHABLE_NET, /* no route */
	FRAME_UNREACHABLE_HOST,
	FRAME_UNREACHABLE_PORT,
	FRAME_UNREACHABLE_ADMIN, /* prohibited */
};

/*
 * Encodes an ICMP or ICMPv6 destination unreachable message in reply to the
 * frame `about`, of which it quotes as much as the RFCs allow. It goes from the
 * address of that frame's receiver to its sender. Returns the size; -ENOBUFS
 * when `size` is too small, -EINVAL for a frame without IP.
 */
ssize_t frame_encode_unreachable(void *bytes, size_t size,
				 const void *about, size_t about_size,
				 enum frame_unreachable why);

/*
 * Encodes the broadcast with which a host announces that it has an address from
 * now on: a gratuitous ARP request (RFC 5227 section 3), or an unsolicited
 * neighbour advertisement with the override flag (RFC 4861 section 7.2.6).
 * Returns the size; -ENOBUFS when `size` is too small.
 */
ssize_t frame_encode_announcement(void *bytes, size_t size,
				  const struct address *address,
				  const uint8_t mac[FRAME_MAC]);

/*
 * Completes a transport checksum that covers the pseudo header only (NEEDS_CSUM
 * in the virtio header: sum from `start` to the end, stored at start + offset).
 * -EBADMSG when these lie outside the frame.
 */
int frame_complete_checksum(void *bytes, size_t size, uint16_t start,
			    uint16_t offset);

/*
 * True when the checksums of the IPv4 header and of TCP, UDP, ICMP or ICMPv6
 * are correct. The transport of a fragment and other protocols are not checked.
 * False for a frame that cannot be decoded.
 */
bool frame_checksums_right(const void *bytes, size_t size);

/* --- classification ---------------------------------------------------- */

bool frame_is_syn(const struct frame *frame); /* SYN without ACK */
bool frame_is_syn_ack(const struct frame *frame);
bool frame_is_fin(const struct frame *frame);
bool frame_is_rst(const struct frame *frame);
bool frame_is_data(const struct frame *frame); /* at least one byte */
/* ACK alone: no SYN, FIN, RST and no data */
bool frame_is_pure_ack(const struct frame *frame);

/* Sequence space that the segment takes: payload, SYN and FIN. */
uint32_t frame_sequence_length(const struct frame *frame);

/* --- printing ---------------------------------------------------------- */

/*
 *	S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
 *	S. 0:0(0) ack 1 win 65160 <…>      P. 1:101(100) ack 1
 *	R 1:1(0)      F. 1:1(0) ack 1      . 1:1(0) ack 101 <sack 201:301>
 *	arp who-has 10.0.0.2 tell 10.0.0.1      icmp 10.0.0.9 type 3 code 1
 *	arp 10.0.0.2 is-at 02:00:00:00:00:0b    icmp6 fd00::9 type 1 code 3
 *	nd who-has fd00::2 tell fd00::1         nd fd00::2 is-at 02:00:00:00:00:0b
 *	nd fe80::1 type 134 code 0              arp operation 3
 *	fragment 10.0.0.1 > 10.0.0.2            ip 10.0.0.1 > 10.0.0.2
 *	ethertype 0x88cc
 *
 * Flags are in packetdrill's order, "FSRP.EWU", with `.` for ACK; a segment
 * without flags is `-`. The second number is the first plus the payload.
 * `verbose` adds window, options and TTL; otherwise flags, sequence and
 * acknowledgement numbers, SACK blocks and a zero window are printed. NOPs are
 * printed where Linux places them. An ICMP message is printed with its sender.
 * Without a `base` (NULL) all numbers are absolute. No newline follows.
 */
void frame_print(FILE *out, const struct frame *frame,
		 const struct segment_base *base, bool verbose);
