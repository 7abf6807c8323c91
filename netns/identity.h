/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The identity of frames: the packet that a frame carries, and its origin.
 *
 * A packet crosses one cable, or several when gateways forward it; it may be
 * held, delayed or duplicated by the wire on the way. Packets are numbered from
 * 1, and every frame that carries a packet has its number, the host that
 * originated it, and, for TCP, its connection and transmission (flow.h).
 *
 * A frame that comes from a host with several cables continues a packet that
 * was delivered to that host before, if what a gateway leaves unchanged agrees:
 * the TTL is one less; size, TCP's sequence number, acknowledgement number,
 * flags and TSval, the IPv4 identification and the payload are equal. NAT
 * changes addresses and ports only. The oldest such packet is taken, once. Any
 * other frame is a new packet of that host: an ICMP error, a RST of its
 * firewall, or its own traffic.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "frame.h"

struct identities;

struct identity {
	unsigned int packet; /* from 1 */
	unsigned int port; /* where it came from, from 1; 0: the wire */
	const char *origin; /* host; "" for the wire. Borrowed. */
	/* For an ICMP error: connection and from_client of what it quotes. */
	struct flow_report flow;
};

int identities_new(struct identities **ret);
struct identities *identities_free(struct identities *identities);

/*
 * Adds a port of a host, and returns its number: 1, 2, ... `host` is borrowed;
 * ports of one host have equal names. A host with a second port is taken for a
 * gateway.
 */
int identities_add_port(struct identities *identities, const char *host,
			unsigned int network);

/* Segments from this address are the host's own, whatever its cable. */
int identities_add_address(struct identities *identities, unsigned int port,
			   const struct address *address);

/* The host of the port has crashed: packets that were delivered to it before
 * are not forwarded any more. */
void identities_reset_host(struct identities *identities, unsigned int port);

/*
 * A frame of `bytes` came from the port (0: from one that no longer exists).
 * `ghost`: from the kernel of a machine that is dead or suspended.
 */
int identities_receive(struct identities *identities, unsigned int port,
		       bool ghost, const struct frame *frame,
		       const uint8_t *bytes, struct identity *ret);

/* A frame made by the wire enters this network. */
int identities_inject(struct identities *identities, unsigned int network,
		      const struct frame *frame, const uint8_t *bytes,
		      struct identity *ret);

/* The frame was put on the cable of the port: its host may forward it. */
int identities_deliver(struct identities *identities, unsigned int port,
		       const struct frame *frame, const uint8_t *bytes,
		       const struct identity *identity);

/* The newest connection of a socket with these addresses; 0: none. */
unsigned int identities_find_socket(const struct identities *identities,
				    const struct address *local,
				    uint16_t local_port,
				    const struct address *peer,
				    uint16_t peer_port);
