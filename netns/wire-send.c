/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "errors.h"
#include "macro.h"

static_assert(offsetof(struct wire_slot, bytes) ==
			      sizeof(struct virtio_net_hdr) &&
		      offsetof(struct parcel, bytes) ==
			      offsetof(struct parcel, header) +
				      sizeof(struct virtio_net_hdr),
	      "a header and its bytes are sent as one piece");

static int put_on_cable(struct wire *wire, const struct wire_port *to,
			const struct virtio_net_hdr *header, size_t size,
			enum wire_fate *fate)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = to->ifindex };

	if (sendto(wire->socket, header, sizeof(*header) + size, 0,
		   (const struct sockaddr *)&address, sizeof(address)) >= 0)
		return 0;
	/* The port is down, or has gone with its namespace: the cable's end
	 * hangs loose, and that is something that happens to cables. */
	if (errno != ENETDOWN && errno != ENXIO && errno != ENODEV &&
	    errno != ENOBUFS)
		return error_origin(-errno, "send a frame to %s", to->host);
	*fate = WIRE_LOST;
	return 0;
}

enum { RING = 256 /* receive buffers of a usual network card */ };

static struct parcel *parcel_of(size_t capture, struct wire_port *to,
				enum wire_fate fate,
				const struct virtio_net_hdr *header,
				size_t size)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + size);

	if (!parcel)
		return NULL;
	*parcel = (struct parcel){ .to = to,
				   .capture = capture,
				   .fate = fate,
				   .size = size };
	memcpy(&parcel->header, header, sizeof(*header) + size);
	return parcel;
}

/* The host stands still. */
static int wait_at(struct wire *wire, size_t capture, struct wire_port *to,
		   const struct virtio_net_hdr *header, size_t size)
{
	struct parcel **at = &to->waiting, *parcel;

	if (to->n_waiting == RING) {
		wire->captures[capture].fate = WIRE_LOST;
		return 0;
	}
	parcel = parcel_of(capture, to, WIRE_RELEASED, header, size);
	if (!parcel)
		return error_origin(-ENOMEM, "hold a frame");
	wire->captures[capture].fate = WIRE_HELD;
	while (*at)
		at = &(*at)->next;
	*at = parcel;
	to->n_waiting++;
	return 0;
}

/* So that it is recognised where a gateway forwards it. */
static int note_delivery(struct wire *wire, size_t capture,
			 const struct wire_port *to,
			 const struct virtio_net_hdr *header)
{
	const struct wire_capture *c = &wire->captures[capture];
	const struct identity identity = {
		.packet = c->packet,
		.port = c->port,
		.origin = c->origin,
		.flow = { .kinds = c->kinds,
			  .base = c->base,
			  .connection = c->connection,
			  .from_client = c->from_client,
			  .transmission = c->transmission },
	};

	return error_trace(identities_deliver(wire->identities, to->number,
					      &c->frame,
					      (const uint8_t *)(header + 1),
					      &identity));
}

int wire_deliver(struct wire *wire, size_t capture, struct wire_port *to,
		 const struct virtio_net_hdr *header, size_t size,
		 enum wire_fate fate)
{
	const nsec_t left = nsec_now();
	int r = 0;

	if (to->suspended && !to->dead && !to->cut_to) {
		r = wait_at(wire, capture, to, header, size);
		return r < 0 ? error_trace(r) : 0;
	}
	if (to->dead)
		fate = WIRE_DEAD;
	else if (to->cut_to)
		fate = WIRE_CUT;
	else
		r = put_on_cable(wire, to, header, size, &fate);
	if (r < 0)
		return error_trace(r);
	if (fate != WIRE_DEAD && fate != WIRE_CUT && fate != WIRE_LOST)
		r = note_delivery(wire, capture, to, header);
	if (r < 0)
		return error_trace(r);
	/* Forwarding is what a frame expects; a fate once told stays. */
	if (fate != WIRE_FORWARDED)
		wire->captures[capture].fate = fate;
	if (fate != WIRE_DEAD && fate != WIRE_CUT && fate != WIRE_LOST)
		wire->captures[capture].left = left;
	return 0;
}

struct parcel *wire_parcel_new(struct wire *wire, size_t capture,
			       struct wire_port *to, enum wire_fate fate,
			       size_t size)
{
	return parcel_of(capture, to, fate, &wire->hand->header, size);
}

static void set_timer(struct wire *wire)
{
	loop_set_timer(wire->timer,
		       wire->parcels ? wire->parcels->due : NSEC_NEVER);
}

void wire_parcel_schedule(struct wire *wire, struct parcel *parcel, nsec_t due)
{
	struct parcel **at = &wire->parcels;

	parcel->due = due;
	while (*at && (*at)->due <= due)
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
	set_timer(wire);
}

static int note_duplicate(struct wire *wire, const struct parcel *parcel)
{
	if (wire->n_duplicates == wire->duplicates_space) {
		size_t space = MAX(wire->duplicates_space * 2, (size_t)16);
		struct wire_duplicate *grown = reallocarray(
			wire->duplicates, space, sizeof(*grown));

		if (!grown)
			return error_origin(-ENOMEM, "keep a duplicate");
		wire->duplicates = grown;
		wire->duplicates_space = space;
	}
	wire->duplicates[wire->n_duplicates++] = (struct wire_duplicate){
		parcel->capture, wire->captures[parcel->capture].left
	};
	return 0;
}

size_t wire_duplicates(const struct wire *wire,
		       const struct wire_duplicate **ret)
{
	*ret = wire->duplicates;
	return wire->n_duplicates;
}

int wire_parcel_send(struct wire *wire, struct parcel *parcel)
{
	int r = wire_deliver(wire, parcel->capture, parcel->to,
			     &parcel->header, parcel->size, parcel->fate);

	if (r >= 0 && parcel->fate == WIRE_DUPLICATED &&
	    wire->captures[parcel->capture].fate == WIRE_DUPLICATED)
		r = note_duplicate(wire, parcel);
	if (r >= 0)
		r = wire_capture_tell(wire, parcel->capture, nsec_now(),
				      &parcel->header, parcel->bytes,
				      parcel->size);
	free(parcel);
	return r < 0 ? error_trace(r) : 0;
}

int wire_parcels_due(void *data)
{
	struct wire *wire = data;
	nsec_t now = nsec_now();

	while (wire->parcels && wire->parcels->due <= now) {
		struct parcel *parcel = wire->parcels;
		int r;

		wire->parcels = parcel->next;
		r = wire_parcel_send(wire, parcel);
		if (r < 0)
			return error_trace(r);
	}
	set_timer(wire);
	return 0;
}

void wire_parcels_free(struct parcel *parcel)
{
	while (parcel) {
		struct parcel *next = parcel->next;

		free(parcel);
		parcel = next;
	}
}
