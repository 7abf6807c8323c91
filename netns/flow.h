/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP connections that pass through the wire. For each 4-tuple of each
 * network: the connection that it belongs to, the initial sequence numbers, and
 * how often each byte was sent. From that follow the kinds of a segment (a
 * first transmission, a retransmission, a keepalive probe), its number of
 * transmissions, and the base of relative sequence numbers.
 *
 * Connections are numbered from 1. A SYN with an initial sequence number other
 * than the one before starts a new connection on its 4-tuple, as in TIME-WAIT
 * (RFC 9293 section 3.10.7.4, tcp_timewait_state_process()) or after a reboot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "wire-kind.h"

struct flows;

int flows_new(struct flows **ret);
struct flows *flows_free(struct flows *flows);

/* The sender of a frame, which determines what may be concluded from it. */
enum flow_sender {
	/* The host at the port, as an endpoint of the connection. */
	FLOW_ENDPOINT,
	/* The same, from a host with several cables: the 4-tuple may be
	 * known in another network already. Only a SYN starts a connection. */
	FLOW_MULTIHOMED,
	/* A gateway in the name of another host (a RST of its firewall, a SYN
	 * proxy): it belongs to the connection of its 4-tuple, if there is one,
	 * and starts none. */
	FLOW_ON_BEHALF,
	/* The kernel of a dead or suspended machine: classified by what was
	 * sent before, and not recorded. */
	FLOW_GHOST,
	/* The wire: classified as if nothing was sent before, and not
	 * recorded. */
	FLOW_FORGED,
};

struct flow_report {
	unsigned int kinds; /* enum wire_kind */
	struct segment_base base; /* for relative sequence numbers */
	unsigned int connection; /* 0: none known */
	bool from_client; /* in the direction of the first SYN, or segment */
	/* 1 + earlier transmissions of any of its bytes in this network; SYN
	 * and FIN count as a byte. 0: it has none, it is a RST or forged, or
	 * earlier transmissions are no longer known. */
	unsigned int transmission;
};

/* Classifies a frame that its sender sends into a network, and records it.
 * -ENOMEM is the only failure. */
int flows_see(struct flows *flows, unsigned int network,
	      const struct frame *frame, enum flow_sender sender,
	      struct flow_report *ret);

/*
 * The same for a segment that a gateway forwards into this network; `origin` is
 * what was reported when its sender sent it. Binds the 4-tuple that it has
 * here, which is another one behind a NAT, to the connection. The kinds depend
 * on what was sent in this network before; transmissions are those of the
 * origin.
 */
int flows_see_forwarded(struct flows *flows, unsigned int network,
			const struct frame *frame,
			const struct flow_report *origin,
			struct flow_report *ret);

/* The connection of the segment that an ICMP error quotes, and whether the
 * message travels from the client; 0: not known. */
unsigned int flows_find_quoted(const struct flows *flows, unsigned int network,
			       const struct frame *quoted,
			       bool *ret_from_client);

/* The newest connection of a socket with these addresses; 0: none. */
unsigned int flows_find_socket(const struct flows *flows,
			       const struct address *local, uint16_t local_port,
			       const struct address *peer, uint16_t peer_port);
