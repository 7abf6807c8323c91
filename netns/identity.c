/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each packet that is delivered to a gateway is stored with a fingerprint: a
 * hash of all that the gateway leaves unchanged, computed with the TTL that the
 * packet has when the gateway sends it. The forwarded frame has the same
 * fingerprint.
 *
 * The last DELIVERIES packets are stored in a ring; a hash table with chains
 * finds the oldest one with a fingerprint in a few steps. Each chain is in the
 * order of delivery, so that the entry that the ring overwrites is the first of
 * its chain. A packet that a gateway forwards after DELIVERIES later ones is
 * not found any more and counts as a new packet. (The kernel's backlog is a
 * quarter of it: netdev_max_backlog.)
 */
#include "identity.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bytes.h"
#include "errors.h"
#include "macro.h"

enum {
	DELIVERIES = 4096,
	/* Of a payload, this much at either end goes into the fingerprint: a
	 * bulk frame has 64 KiB, and the headers of most packets differ. */
	SAMPLE = 128,
	NOWHERE = -1,
};

/* A host: its ports and the addresses of all of them. */
struct node {
	const char *name;
	unsigned int n_ports;
	unsigned int boots; /* increases with each crash */
	struct address *addresses;
	size_t n_addresses, capacity;
};

struct port {
	unsigned int node; /* index */
	unsigned int network;
};

/* A packet that was put on the cable of a gateway. */
struct delivery {
	uint64_t fingerprint;
	bool waiting; /* not forwarded so far */
	int next; /* of the bucket's chain; NOWHERE at its end */
	struct identity identity;
};

struct deliveries {
	size_t next; /* the entry that is overwritten next */
	struct delivery all[DELIVERIES];
	struct {
		int first, last;
	} buckets[DELIVERIES];
};

struct identities {
	struct flows *flows;
	struct node *nodes;
	size_t n_nodes, nodes_capacity;
	struct port *ports;
	size_t n_ports, ports_capacity;
	unsigned int n_packets;
	struct deliveries *deliveries; /* NULL before the first one */
};

int identities_new(struct identities **ret)
{
	struct identities *identities = calloc(1, sizeof(*identities));
	int r;

	if (!identities)
		return error_origin(-ENOMEM, "identities");
	r = flows_new(&identities->flows);
	if (r < 0) {
		free(identities);
		return error_trace(r);
	}
	*ret = identities;
	return 0;
}

struct identities *identities_free(struct identities *identities)
{
	if (!identities)
		return NULL;
	for (size_t i = 0; i < identities->n_nodes; i++)
		free(identities->nodes[i].addresses);
	free(identities->nodes);
	free(identities->ports);
	free(identities->deliveries);
	flows_free(identities->flows);
	free(identities);
	return NULL;
}

/* --- hosts and ports -------------------------------------------------- */

static int find_node(struct identities *identities, const char *name,
		     unsigned int *ret)
{
	struct node *nodes;

	for (size_t i = 0; i < identities->n_nodes; i++)
		if (strcmp(identities->nodes[i].name, name) == 0) {
			*ret = (unsigned int)i;
			return 0;
		}
	nodes = array_grow(identities->nodes, identities->n_nodes,
			   &identities->nodes_capacity, sizeof(*nodes));
	if (!nodes)
		return error_origin(-ENOMEM, "identity of %s", name);
	identities->nodes = nodes;
	nodes[identities->n_nodes] = (struct node){ .name = name };
	*ret = (unsigned int)identities->n_nodes++;
	return 0;
}

int identities_add_port(struct identities *identities, const char *host,
			unsigned int network)
{
	struct port *ports = array_grow(identities->ports, identities->n_ports,
					&identities->ports_capacity,
					sizeof(*ports));
	unsigned int node;
	int r;

	if (!ports)
		return error_origin(-ENOMEM, "identity of %s", host);
	identities->ports = ports;
	r = find_node(identities, host, &node);
	if (r < 0)
		return error_trace(r);
	identities->nodes[node].n_ports++;
	ports[identities->n_ports++] = (struct port){ node, network };
	return (int)identities->n_ports;
}

static struct node *node_of(const struct identities *identities,
			    unsigned int port)
{
	return &identities->nodes[identities->ports[port - 1].node];
}

int identities_add_address(struct identities *identities, unsigned int port,
			   const struct address *address)
{
	struct node *node = node_of(identities, port);
	struct address *addresses =
		array_grow(node->addresses, node->n_addresses, &node->capacity,
			   sizeof(*addresses));

	if (!addresses)
		return error_origin(-ENOMEM, "address of %s", node->name);
	node->addresses = addresses;
	addresses[node->n_addresses++] = *address;
	return 0;
}

void identities_reset_host(struct identities *identities, unsigned int port)
{
	node_of(identities, port)->boots++;
}

/* A host with several cables sends for itself and for others. The source
 * address tells them apart, except behind a masquerading gateway, whose packets
 * have its own address. */
static bool is_own(const struct node *node, const struct address *address)
{
	for (size_t i = 0; i < node->n_addresses; i++)
		if (address_equal(&node->addresses[i], address))
			return true;
	return false;
}

/* --- fingerprints ----------------------------------------------------- */

/*
 * A fingerprint has 64 bits: among a few thousand waiting packets, two
 * different ones with equal fingerprints are practically impossible. Equal
 * packets, such as a retransmission in the same millisecond over IPv6, have
 * equal fingerprints.
 */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	uint64_t word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = mix(hash, word);
		bytes += sizeof(word);
	}
	word = size;
	memcpy(&word, bytes, size);
	return mix(hash, word);
}

/* The whole of a small payload, both ends of a large one. */
static uint64_t mix_payload(uint64_t hash, const uint8_t *bytes, size_t size)
{
	if (size <= 2 * SAMPLE)
		return mix_bytes(hash, bytes, size);
	hash = mix_bytes(hash, bytes, SAMPLE);
	return mix_bytes(hash, bytes + size - SAMPLE, SAMPLE);
}

/* RFC 792 and RFC 4443 section 2.1: the messages that quote a packet. */
static bool is_icmp_error(const struct frame *f)
{
	if (f->kind != FRAME_ICMP)
		return false;
	if (f->source.family == AF_INET6)
		return f->icmp_type < ICMP6_INFOMSG_MASK;
	return f->icmp_type == ICMP_DEST_UNREACH ||
	       f->icmp_type == ICMP_SOURCE_QUENCH ||
	       f->icmp_type == ICMP_REDIRECT ||
	       f->icmp_type == ICMP_TIME_EXCEEDED ||
	       f->icmp_type == ICMP_PARAMETERPROB;
}

/*
 * ICMP errors and UDP as a NAT passes them on: it rewrites the addresses, ports
 * and checksums, those of quoted headers too (nf_nat_icmp_reply_translation()),
 * and an echo's identifier.
 */
static uint64_t mix_transport(uint64_t hash, const struct frame *f,
			      const uint8_t *bytes)
{
	const uint8_t *at = bytes + f->transport_at;
	size_t size = f->size - f->transport_at, skip = 0;
	struct frame quoted;

	if (f->kind == FRAME_ICMP) {
		hash = mix(hash, (uint64_t)f->icmp_type << 8 | f->icmp_code);
		skip = 6;
		if (is_icmp_error(f))
			return frame_decode_quoted(&quoted, bytes, f) ?
				       mix(mix(hash, quoted.tcp.seq),
					   quoted.ip_id) :
				       hash;
	} else if (!f->fragment) {
		skip = 8;
	}
	return size > skip ? mix_payload(hash, at + skip, size - skip) : hash;
}

/*
 * Of the packet with this TTL. `boots` separates what was delivered before a
 * reboot of the gateway from what it sends afterwards. The addresses, the
 * ports, the checksums, the window and the other TCP options are left out: a
 * NAT or a firewall may change them.
 */
static uint64_t fingerprint(const struct identities *identities,
			    unsigned int port, const struct frame *f,
			    const uint8_t *bytes, uint8_t ttl)
{
	const struct node *node = node_of(identities, port);
	const struct segment *tcp = &f->tcp;
	uint64_t hash = mix(node->boots, identities->ports[port - 1].node);

	hash = mix(hash, (uint64_t)f->kind << 48 | (uint64_t)f->size << 16 |
				 f->ip_id);
	hash = mix(hash, ttl);
	if (f->kind != FRAME_TCP)
		return mix_transport(hash, f, bytes);
	hash = mix(hash, (uint64_t)tcp->seq << 32 | tcp->ack);
	hash = mix(hash, (uint64_t)tcp->tsval << 8 | tcp->flags);
	return mix_payload(hash, bytes + tcp->payload_at, tcp->length);
}

/* IP packets with a TTL. ARP and neighbour discovery stay on their link. */
static bool is_forwardable(const struct frame *f)
{
	return f->transport_at && f->kind != FRAME_ND && f->ttl;
}

/* --- deliveries to gateways ------------------------------------------- */

static size_t bucket_of(uint64_t fingerprint)
{
	return fingerprint & (DELIVERIES - 1);
}

static struct deliveries *new_deliveries(void)
{
	struct deliveries *deliveries = calloc(1, sizeof(*deliveries));

	for (size_t i = 0; deliveries && i < DELIVERIES; i++)
		deliveries->buckets[i].first = NOWHERE;
	return deliveries;
}

/* Takes the entry out of its chain; `before` is the one in front of it. */
static void unlink_delivery(struct deliveries *deliveries, int index,
			    int before)
{
	struct delivery *delivery = &deliveries->all[index];
	size_t bucket = bucket_of(delivery->fingerprint);

	if (before == NOWHERE)
		deliveries->buckets[bucket].first = delivery->next;
	else
		deliveries->all[before].next = delivery->next;
	if (delivery->next == NOWHERE)
		deliveries->buckets[bucket].last = before;
	delivery->waiting = false;
}

int identities_deliver(struct identities *identities, unsigned int port,
		       const struct frame *frame, const uint8_t *bytes,
		       const struct identity *identity)
{
	struct deliveries *deliveries = identities->deliveries;
	struct delivery *delivery;
	size_t bucket;
	int index;

	if (node_of(identities, port)->n_ports < 2 || !is_forwardable(frame))
		return 0;
	if (!deliveries)
		deliveries = identities->deliveries = new_deliveries();
	if (!deliveries)
		return error_origin(-ENOMEM, "remember a packet");
	index = (int)(deliveries->next++ % DELIVERIES);
	delivery = &deliveries->all[index];
	/* The oldest of all is also the oldest of its chain. */
	if (delivery->waiting)
		unlink_delivery(deliveries, index, NOWHERE);
	*delivery = (struct delivery){
		.fingerprint = fingerprint(identities, port, frame, bytes,
					   (uint8_t)(frame->ttl - 1)),
		.waiting = true,
		.next = NOWHERE,
		.identity = *identity,
	};
	bucket = bucket_of(delivery->fingerprint);
	if (deliveries->buckets[bucket].first == NOWHERE)
		deliveries->buckets[bucket].first = index;
	else
		deliveries->all[deliveries->buckets[bucket].last].next = index;
	deliveries->buckets[bucket].last = index;
	return 0;
}

/* The oldest delivery that this frame may continue, which is then taken. */
static const struct identity *take_delivery(struct identities *identities,
					    unsigned int port,
					    const struct frame *frame,
					    const uint8_t *bytes)
{
	struct deliveries *deliveries = identities->deliveries;
	uint64_t wanted;
	int before = NOWHERE, i;

	if (!deliveries || node_of(identities, port)->n_ports < 2 ||
	    !is_forwardable(frame))
		return NULL;
	wanted = fingerprint(identities, port, frame, bytes, frame->ttl);
	i = deliveries->buckets[bucket_of(wanted)].first;
	while (i != NOWHERE && deliveries->all[i].fingerprint != wanted) {
		before = i;
		i = deliveries->all[i].next;
	}
	if (i == NOWHERE)
		return NULL;
	unlink_delivery(deliveries, i, before);
	return &deliveries->all[i].identity;
}

/* --- frames ----------------------------------------------------------- */

static void find_quoted(const struct identities *identities,
			unsigned int network, const struct frame *frame,
			const uint8_t *bytes, struct flow_report *ret)
{
	struct frame quoted;

	if (is_icmp_error(frame) && frame_decode_quoted(&quoted, bytes, frame))
		ret->connection = flows_find_quoted(identities->flows, network,
						    &quoted, &ret->from_client);
}

/* The kind of sender: flow.h. */
static enum flow_sender sender_of(const struct node *node,
				  const struct frame *frame)
{
	if (node->n_ports < 2)
		return FLOW_ENDPOINT;
	return is_own(node, &frame->source) ? FLOW_MULTIHOMED : FLOW_ON_BEHALF;
}

/* The frame is the packet that was delivered before. An ICMP error keeps its
 * connection as well. */
static int forwarded(struct identities *identities, unsigned int network,
		     const struct frame *frame, const struct identity *before,
		     struct identity *ret)
{
	ret->packet = before->packet;
	ret->origin = before->origin;
	ret->flow = before->flow;
	if (frame->kind != FRAME_TCP)
		return 0;
	return error_trace(flows_see_forwarded(
		identities->flows, network, frame, &before->flow, &ret->flow));
}

int identities_receive(struct identities *identities, unsigned int port,
		       bool ghost, const struct frame *frame,
		       const uint8_t *bytes, struct identity *ret)
{
	const struct node *node = port ? node_of(identities, port) : NULL;
	unsigned int network = port ? identities->ports[port - 1].network : 0;
	enum flow_sender sender = FLOW_GHOST;
	const struct identity *before;
	int r;

	*ret = (struct identity){ .port = port,
				  .origin = node ? node->name : "" };
	if (node && !ghost) {
		sender = sender_of(node, frame);
		before = take_delivery(identities, port, frame, bytes);
		if (before)
			return error_trace(forwarded(identities, network, frame,
						     before, ret));
	}
	/* The frame of a ghost is a packet with a number for its records. It
	 * neither continues a delivery nor changes the state of its flow. */
	ret->packet = ++identities->n_packets;
	r = flows_see(identities->flows, network, frame, sender, &ret->flow);
	if (r < 0)
		return error_trace(r);
	find_quoted(identities, network, frame, bytes, &ret->flow);
	return 0;
}

int identities_inject(struct identities *identities, unsigned int network,
		      const struct frame *frame, const uint8_t *bytes,
		      struct identity *ret)
{
	int r;

	*ret = (struct identity){ .packet = ++identities->n_packets,
				  .origin = "" };
	/* Forged sequence numbers are not what the real sender sent. */
	r = flows_see(identities->flows, network, frame, FLOW_FORGED,
		      &ret->flow);
	if (r < 0)
		return error_trace(r);
	find_quoted(identities, network, frame, bytes, &ret->flow);
	return 0;
}

unsigned int identities_find_socket(const struct identities *identities,
				    const struct address *local,
				    uint16_t local_port,
				    const struct address *peer,
				    uint16_t peer_port)
{
	struct address here = address_unmapped(local);
	struct address there = address_unmapped(peer);

	return flows_find_socket(identities->flows, &here, local_port, &there,
				 peer_port);
}
