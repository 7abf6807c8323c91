/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a frame is: the words of rules and of the journal's `kinds`. */
#pragma once

/* Bits: one frame has several. */
enum wire_kind {
	WIRE_TCP = 1 << 0,
	WIRE_SYN = 1 << 1, /* without ACK */
	WIRE_SYN_ACK = 1 << 2,
	WIRE_FIN = 1 << 3,
	WIRE_RST = 1 << 4,
	WIRE_DATA = 1 << 5, /* at least one byte that was not sent before */
	WIRE_PURE_ACK = 1 << 6, /* and no keepalive probe */
	/* An empty segment one below the next sequence number:
	 * tcp_xmit_probe_skb(). */
	WIRE_KEEPALIVE_PROBE = 1 << 7,
	WIRE_RETRANSMISSION = 1 << 8, /* data, SYN or FIN, all sent before */
	WIRE_NEIGHBOUR = 1 << 9, /* ARP, neighbour discovery */
	WIRE_ICMP = 1 << 10,
	WIRE_OTHER = 1 << 11,
	WIRE_ANY = (1 << 12) - 1,
};
