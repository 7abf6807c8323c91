/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"

/* The kernel cuts it at rmem_max. */
static const int receive_buffer = 4 << 20;

static struct wire_port *port_by_ifindex(struct wire *wire, int ifindex)
{
	for (struct wire_port *port = wire->ports; port; port = port->next)
		if (port->ifindex == ifindex)
			return port;
	return NULL;
}

/* A frame for all goes to every other port of its network, any other to the
 * port with that MAC. (`from` is NULL for a cable that is no longer there: what
 * a dead host's kernel said last.) */
static bool is_receiver(const struct wire_port *port,
			const struct wire_port *from, const struct frame *frame)
{
	bool for_all = frame->destination_mac[0] & 1;

	return port != from && (!from || port->network == from->network) &&
	       (for_all ||
		memcmp(port->mac, frame->destination_mac, FRAME_MAC) == 0);
}

/* To `to`, or to nobody: NULL. */
static int forward(struct wire *wire, size_t index, struct wire_port *from,
		   struct wire_port *to, size_t size)
{
	struct wire_capture *capture = &wire->captures[index];
	int r;

	capture->from = from ? from->host : "";
	capture->to = to ? to->host : "";
	if (!from || from->dead || from->suspended) {
		capture->fate = WIRE_GHOST;
		return 0;
	}
	if (!to) {
		capture->fate = WIRE_NOBODY;
		return 0;
	}
	if (from->cut_from || to->cut_to) {
		capture->fate = WIRE_CUT;
		return 0;
	}
	r = wire_carry_out(wire, index, from, to, size);
	return r < 0 ? error_trace(r) : 0;
}

/* The frame in hand, of which `seen` has what is the same for all receivers. */
static int send_copy(struct wire *wire, const struct wire_capture *seen,
		     struct wire_port *from, struct wire_port *to, size_t size)
{
	struct wire_capture *capture = wire_capture_new(wire);
	size_t index = wire->n_captures - 1;
	int r;

	if (!capture)
		return error_origin(-ENOMEM, "keep a frame");
	*capture = *seen;
	r = forward(wire, index, from, to, size);
	if (r < 0)
		return error_trace(r);
	if (wire_hush(wire, size))
		return 0;
	r = wire_capture_tell_later(wire, index, seen->at, size);
	if (r >= 0 && wire->captures[index].fate == WIRE_REJECTED)
		r = wire_answer(wire, index, from, wire->ruled->answer, size);
	return r < 0 ? error_trace(r) : 0;
}

/* To one port, or to all but its own. */
static int switch_frame(struct wire *wire, struct wire_port *from, nsec_t at,
			const struct frame *frame, size_t size)
{
	struct wire_capture seen = { .at = at,
				     .network = from ? from->network : 0,
				     .frame = *frame };
	struct identity identity;
	bool taken = false;
	int r;

	r = identities_receive(wire->identities, from ? from->number : 0,
			       !from || from->dead || from->suspended, frame,
			       wire->hand->bytes, &identity);
	if (r < 0)
		return error_trace(r);
	wire_capture_identify(&seen, &identity);
	for (struct wire_port *to = wire->ports; to && r >= 0; to = to->next) {
		if (!is_receiver(to, from, frame))
			continue;
		taken = true;
		r = send_copy(wire, &seen, from, to, size);
	}
	if (!taken)
		r = send_copy(wire, &seen, from, NULL, size);
	return r < 0 ? error_trace(r) : 0;
}

/* --- receiving -------------------------------------------------------- */

static nsec_t arrival(struct msghdr *message)
{
	nsec_t now = nsec_now(), at;
	struct cmsghdr *cmsg;
	struct timespec ts;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		at = nsec_from_timespec(ts) + nsec_monotonic_minus_realtime();
		/* Nothing arrives after it was read, whatever somebody did to
		 * the wall clock in between. */
		return MIN(at, now);
	}
	return now;
}

/* Returns the frame's size, 0 when there is none. */
static ssize_t receive(struct wire *wire, struct sockaddr_ll *address,
		       nsec_t *ret_at)
{
	struct iovec iov = { .iov_base = wire->hand,
			     .iov_len = sizeof(*wire->hand) };
	char control[64];
	struct msghdr message = { .msg_name = address,
				  .msg_namelen = sizeof(*address),
				  .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(wire->socket, &message, MSG_DONTWAIT);

	/* A port that goes down leaves ENETDOWN on the socket, once. */
	if (n < 0 && errno == ENETDOWN)
		n = recvmsg(wire->socket, &message, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_origin(-errno, "receive a frame");
	*ret_at = arrival(&message);
	return n - (ssize_t)sizeof(wire->hand->header);
}

/* The slots of tales that wait follow one another, up to the one in hand: since
 * there are fewer tales than slots, the next one is free. */
static void next_slot(struct wire *wire)
{
	size_t next = (size_t)(wire->hand - wire->slots) + 1;

	if (!wire->n_tales)
		wire->hand = wire->slots;
	else if (wire->tales[wire->n_tales - 1].slot == wire->hand)
		wire->hand = &wire->slots[next % WIRE_SLOTS];
}

static int take_one(struct wire *wire)
{
	struct sockaddr_ll address;
	struct frame frame;
	nsec_t at = 0;
	ssize_t size = receive(wire, &address, &at);
	int r;

	if (size <= 0)
		return size < 0 ? error_trace((int)size) : 0;
	wire->residence = MAX(wire->residence, nsec_now() - at);
	r = frame_decode(&frame, wire->hand->bytes, (size_t)size);
	if (r == -EBADMSG) {
		memset(&frame, 0, sizeof(frame));
		memcpy(frame.destination_mac, wire->hand->bytes, FRAME_MAC);
	} else if (r < 0) {
		return error_trace(r);
	}
	r = switch_frame(wire, port_by_ifindex(wire, address.sll_ifindex), at,
			 &frame, (size_t)size);
	next_slot(wire);
	return r < 0 ? error_trace(r) : 1;
}

int wire_catch_up(struct wire *wire)
{
	int r, told;

	do {
		r = take_one(wire);
	} while (r > 0);
	told = wire_capture_tell_all(wire);
	wire->hand = wire->slots;
	if (r < 0)
		return error_trace(r);
	return told < 0 ? error_trace(told) : 0;
}

static int on_frames(void *data, uint32_t events MACRO_UNUSED)
{
	int r = wire_catch_up(data);

	return r < 0 ? error_trace(r) : 0;
}

/* --- life ------------------------------------------------------------- */

static int set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		return error_origin(-errno, "packet socket option %d", option);
	return 0;
}

/* Only the machine's own root may go beyond net.core.rmem_max. */
static int set_buffer(int fd)
{
	int size = receive_buffer;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    0)
		return 0;
	return set_option(fd, SOL_SOCKET, SO_RCVBUF, size);
}

static int open_socket(struct wire *wire)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL) };
	int r;

	/* Protocol 0 first, and bind later: a socket that is made with
	 * ETH_P_ALL waits for a grace period. */
	wire->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (wire->socket < 0)
		return error_origin(-errno, "packet socket");
	r = set_option(wire->socket, SOL_PACKET, PACKET_VNET_HDR, 1);
	if (r >= 0)
		r = set_option(wire->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING,
			       1);
	if (r >= 0)
		r = set_option(wire->socket, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (r >= 0)
		r = set_buffer(wire->socket);
	if (r < 0)
		return error_trace(r);
	if (bind(wire->socket, (struct sockaddr *)&all, sizeof(all)) < 0)
		return error_origin(-errno, "bind the packet socket");
	return 0;
}

int wire_new(struct wire **ret, struct loop *loop, struct journal *journal)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	int r;

	if (!wire)
		return error_origin(-ENOMEM, "wire");
	wire->loop = loop;
	wire->journal = journal;
	wire->socket = -1;
	wire->hand = wire->slots;
	wire->words = open_memstream(&wire->words_text, &wire->words_size);
	r = wire->words ? identities_new(&wire->identities) :
			  error_origin(-ENOMEM, "wire");
	if (r >= 0)
		r = open_socket(wire);
	if (r >= 0)
		r = loop_add_fd(loop, &wire->source, wire->socket, EPOLLIN,
				on_frames, wire);
	if (r >= 0)
		r = loop_add_timer(loop, &wire->timer, NSEC_NEVER,
				   wire_parcels_due, wire);
	if (r < 0) {
		wire_free(wire);
		return error_trace(r);
	}
	*ret = wire;
	return 0;
}

struct wire *wire_free(struct wire *wire)
{
	if (!wire)
		return NULL;
	wire_rules_free(wire);
	while (wire->ports) {
		struct wire_port *port = wire->ports;

		wire->ports = port->next;
		wire_parcels_free(port->waiting);
		free(port);
	}
	wire_parcels_free(wire->parcels);
	wire_tallies_free(wire);
	loop_remove(wire->source);
	loop_remove(wire->timer);
	identities_free(wire->identities);
	if (wire->words)
		fclose(wire->words);
	free(wire->words_text);
	free(wire->captures);
	free(wire->duplicates);
	fd_close(wire->socket);
	free(wire);
	return NULL;
}

/* --- ports ------------------------------------------------------------ */

int wire_add_port(struct wire *wire, struct wire_port **ret, const char *host,
		  unsigned int network, int ifindex, const uint8_t mac[6])
{
	struct wire_port *port = calloc(1, sizeof(*port));
	int number;

	if (!port)
		return error_origin(-ENOMEM, "port of %s", host);
	snprintf(port->host, sizeof(port->host), "%s", host);
	number = identities_add_port(wire->identities, port->host, network);
	if (number < 0) {
		free(port);
		return error_trace(number);
	}
	port->wire = wire;
	port->number = (unsigned int)number;
	port->network = network;
	port->ifindex = ifindex;
	memcpy(port->mac, mac, 6);
	port->next = wire->ports;
	wire->ports = port;
	*ret = port;
	return 0;
}

int wire_port_add_address(struct wire_port *port, const struct address *address)
{
	return error_trace(identities_add_address(port->wire->identities,
						  port->number, address));
}

void wire_port_rebind(struct wire_port *port, int ifindex)
{
	port->ifindex = ifindex;
	port->dead = port->suspended = false;
}

int wire_port_ifindex(const struct wire_port *port)
{
	return port->ifindex;
}

/* What waited for it is lost with it. */
void wire_port_kill(struct wire_port *port)
{
	port->dead = true;
	identities_reset_host(port->wire->identities, port->number);
	wire_parcels_free(port->waiting);
	port->waiting = NULL;
	port->n_waiting = 0;
}

int wire_port_suspend(struct wire *wire, struct wire_port *port, bool still)
{
	int r = wire_catch_up(wire);

	port->suspended = still;
	while (r >= 0 && !still && port->waiting) {
		struct parcel *parcel = port->waiting;

		port->waiting = parcel->next;
		port->n_waiting--;
		r = wire_parcel_send(wire, parcel);
	}
	return r < 0 ? error_trace(r) : 0;
}

void wire_port_cut(struct wire_port *port, bool from_host, bool to_host)
{
	port->cut_from = from_host;
	port->cut_to = to_host;
}

void wire_port_delay(struct wire_port *port, nsec_t one_way)
{
	port->one_way = one_way;
}

int wire_inject(struct wire *wire, struct wire_port *port, const void *bytes,
		size_t size)
{
	struct wire_capture *capture;
	struct identity identity;
	struct frame frame;
	size_t index;
	int r;

	if (size > sizeof(wire->hand->bytes))
		return error_origin(-EMSGSIZE, "inject a frame");
	r = frame_decode(&frame, bytes, size);
	if (r < 0)
		return error_trace(r);
	wire->hand->header = (struct virtio_net_hdr){ 0 };
	memcpy(wire->hand->bytes, bytes, size);
	capture = wire_capture_new(wire);
	if (!capture)
		return error_origin(-ENOMEM, "inject a frame");
	index = wire->n_captures - 1;
	capture->at = nsec_now();
	capture->to = port->host;
	capture->network = port->network;
	capture->frame = frame;
	r = identities_inject(wire->identities, port->network, &frame, bytes,
			      &identity);
	if (r < 0)
		return error_trace(r);
	wire_capture_identify(capture, &identity);
	r = wire_deliver(wire, index, port, &wire->hand->header, size,
			 WIRE_INJECTED);
	if (r < 0)
		return error_trace(r);
	r = wire_capture_tell(wire, index, wire->captures[index].at,
			      &wire->hand->header, wire->hand->bytes, size);
	return r < 0 ? error_trace(r) : 0;
}

unsigned int wire_connection(const struct wire *wire,
			     const struct address *local, uint16_t local_port,
			     const struct address *peer, uint16_t peer_port)
{
	return identities_find_socket(wire->identities, local, local_port,
				      peer, peer_port);
}

nsec_t wire_residence(const struct wire *wire)
{
	return wire->residence;
}

int wire_buffer(const struct wire *wire, int *ret)
{
	socklen_t size = sizeof(*ret);

	if (getsockopt(wire->socket, SOL_SOCKET, SO_RCVBUF, ret, &size) < 0)
		return error_origin(-errno, "packet socket's buffer");
	return 0;
}

int wire_losses(struct wire *wire, unsigned int *ret)
{
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);

	/* Reading sets the kernel's counter to zero. */
	if (getsockopt(wire->socket, SOL_PACKET, PACKET_STATISTICS, &stats,
		       &size) < 0)
		return error_origin(-errno, "packet statistics");
	wire->losses += stats.tp_drops;
	*ret = wire->losses;
	return 0;
}
