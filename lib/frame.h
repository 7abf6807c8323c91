/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One Ethernet frame: taken apart, put together, and written down the way the
 * field writes it (packetdrill's notation). Pure code: bytes in, values out.
 *
 * Numbers are in host order, sizes in bytes. Sources: RFC 9293 section 3.1 (the
 * TCP header), RFC 7323 (window scale, timestamps), RFC 2018 (SACK), RFC 791,
 * RFC 8200, RFC 826 (ARP), RFC 792 and RFC 4443 (ICMP), RFC 4861 (ND).
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
	FRAME_OTHER, /* well formed as far as it was looked at */
	FRAME_TCP,
	FRAME_ARP,
	FRAME_ICMP, /* ICMP and ICMPv6, neighbour discovery excepted */
	FRAME_ND, /* neighbour solicitation, advertisement, router … */
};

struct frame {
	uint8_t destination_mac[FRAME_MAC], source_mac[FRAME_MAC];
	uint16_t ethertype;
	enum frame_kind kind;
	uint32_t size; /* as it was on the wire, without preamble and FCS */

	/* IP's, whatever is in it (ARP: the sender's and the target's) */
	struct address source, destination;
	uint8_t ttl; /* hop limit */
	uint16_t ip_id; /* 0 for IPv6 */
	bool fragment; /* a later fragment: nothing above IP was decoded */
	uint16_t transport_at; /* offset of the header above IP; 0: no IP */

	struct segment tcp; /* FRAME_TCP */
	uint8_t icmp_type, icmp_code; /* FRAME_ICMP, FRAME_ND */
	struct address nd_target; /* FRAME_ND: whom a neighbour message is about */
	uint16_t arp_operation; /* FRAME_ARP: 1 request, 2 reply */
};

/*
 * Takes `size` bytes apart; never reads past them. `ret` is untouched on
 * failure: -EBADMSG for a frame whose lengths contradict each other or its
 * size (the message says which field, at which offset). IPv6 extension headers
 * (hop-by-hop, routing, destination options, fragment) are passed over.
 * Checksums are not verified here: frames from veth carry only partial ones.
 */
int frame_decode(struct frame *ret, const void *bytes, size_t size);

/*
 * Writes a whole TCP frame (Ethernet, IP, TCP with the options named in
 * `frame->tcp`, then `payload`, frame->tcp.length bytes) with all checksums,
 * for the wire to inject. The addresses' family decides on IPv4 or IPv6; a TTL
 * of 0 becomes 64. Returns its size; -ENOBUFS when `size` is too small; -EINVAL
 * for families that differ or are none, for more options than 40 bytes hold,
 * and for more payload than IP can count. `payload` may be NULL when length is
 * 0.
 */
ssize_t frame_encode_tcp(void *bytes, size_t size, const struct frame *frame,
			 const void *payload);

/* As a router or the host itself would say it: RFC 792, RFC 1812 section
 * 5.2.7.1, RFC 4443 section 3.1. */
enum frame_unreachable {
	FRAME_UNREACHABLE_NET, /* no route */
	FRAME_UNREACHABLE_HOST,
	FRAME_UNREACHABLE_PORT,
	FRAME_UNREACHABLE_ADMIN, /* prohibited */
};

/*
 * Writes the whole frame of an ICMP (or ICMPv6) destination unreachable that
 * answers the frame `about`, whose `about_size` bytes it quotes as far as it
 * may: from its receiver's addresses to its sender's. Returns its size; -ENOBUFS
 * when `size` is too small, -EINVAL for a frame without IP.
 */
ssize_t frame_encode_unreachable(void *bytes, size_t size,
				 const void *about, size_t about_size,
				 enum frame_unreachable why);

/*
 * The transport checksum of a frame that carries only the pseudo header's sum
 * (what the virtio header calls NEEDS_CSUM: sum from `start` to the end, store
 * at start + offset). -EBADMSG when they lie outside the frame.
 */
int frame_complete_checksum(void *bytes, size_t size, uint16_t start,
			    uint16_t offset);

/*
 * True when the IPv4 header's and the transport's checksums are right, as far
 * as the frame has them: a fragment's transport is not judged, and nothing is
 * in a protocol other than TCP, UDP, ICMP and ICMPv6. False for a frame that
 * cannot be decoded.
 */
bool frame_checksums_right(const void *bytes, size_t size);

/* --- what a segment is ------------------------------------------------- */

bool frame_is_syn(const struct frame *frame); /* SYN without ACK */
bool frame_is_syn_ack(const struct frame *frame);
bool frame_is_fin(const struct frame *frame);
bool frame_is_rst(const struct frame *frame);
bool frame_is_data(const struct frame *frame); /* at least one byte */
/* ACK alone: no SYN, FIN, RST and no data */
bool frame_is_pure_ack(const struct frame *frame);

/* Sequence space that the segment takes: payload, SYN and FIN. */
uint32_t frame_sequence_length(const struct frame *frame);

/* --- in words ---------------------------------------------------------- */

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
 * Flags come in packetdrill's order, "FSRP.EWU", with `.` for ACK; a segment
 * with no flag at all is `-`. The second number is first + payload. `verbose`
 * adds window, options and, last, " ttl 64"; without it only what tells the
 * story: flags, numbers, ack, SACK blocks. NOPs are not kept by decoding: they
 * are printed where Linux puts them. An ICMP message is shown with who sent it.
 * A `base` of NULL knows nothing. Nothing is printed but the text itself: no
 * newline.
 */
void frame_print(FILE *out, const struct frame *frame,
		 const struct segment_base *base, bool verbose);
