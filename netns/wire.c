/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "flow.h"

enum {
	FRAME_MAX = 65536 + FRAME_ETHERNET,
	RECEIVE_BUFFER = 4 << 20, /* the kernel cuts it at rmem_max */
	HEX_MAX = 192, /* bytes of a frame that the journal keeps */
};

struct wire_port {
	struct wire_port *next;
	char host[WIRE_NAME];
	int ifindex;
	uint8_t mac[6];
	bool dead, cut_from, cut_to;
	nsec_t one_way;
};

/* A frame that is to be sent later: by a moment, or by wire_release(). */
struct parcel {
	struct parcel *next;
	nsec_t due;
	struct wire_port *to;
	size_t capture; /* index */
	enum wire_fate fate; /* with which it leaves */
	struct virtio_net_hdr header;
	size_t size;
	uint8_t bytes[];
};

struct wire_rule {
	struct wire_rule *next;
	struct wire *wire;
	struct wire_match match;
	enum wire_action action;
	nsec_t delay;
	unsigned int seen, hits, n_held;
	bool disarmed;
	struct parcel *held;
};

struct wire {
	struct loop *loop;
	struct journal *journal;
	int socket;
	struct loop_source *source, *timer;
	struct wire_port *ports;
	struct wire_rule *rules;
	struct parcel *parcels; /* by due time */
	struct flows *flows;
	struct wire_capture *captures;
	size_t n_captures, captures_space;
	nsec_t residence;
	unsigned int losses;
	struct virtio_net_hdr header; /* of the frame in hand */
	uint8_t bytes[FRAME_MAX];
};

const char *wire_fate_text(enum wire_fate fate)
{
	static const char *const texts[] = {
		[WIRE_FORWARDED] = "forwarded",
		[WIRE_DROPPED] = "dropped",
		[WIRE_CUT] = "dropped: path is cut",
		[WIRE_DEAD] = "dropped: host is dead",
		[WIRE_GHOST] = "ghost",
		[WIRE_HELD] = "held",
		[WIRE_RELEASED] = "released",
		[WIRE_DELAYED] = "delayed",
		[WIRE_DUPLICATED] = "duplicated",
		[WIRE_INJECTED] = "injected",
		[WIRE_LOST] = "lost: no carrier",
		[WIRE_NOBODY] = "dropped: nobody has that address",
	};

	return texts[fate];
}

/* --- the journal ------------------------------------------------------ */

static json_t *kinds_in_words(unsigned int kinds)
{
	static const char *const words[] = {
		"tcp",	      "syn",	 "syn-ack",
		"fin",	      "rst",	 "data",
		"pure-ack",   "probe",	 "retransmission",
		"neighbour",  "icmp",	 "other",
	};
	json_t *array = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (kinds & 1U << i)
			json_array_append_new(array, json_string(words[i]));
	return array;
}

static char *frame_in_words(const struct wire_capture *capture)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	frame_print(out, &capture->frame, &capture->base, false);
	fclose(out);
	return text;
}

static void to_hex(const uint8_t *bytes, size_t size, char *ret)
{
	for (size_t i = 0; i < size; i++)
		sprintf(ret + 2 * i, "%02x", bytes[i]);
	ret[2 * size] = '\0';
}

static int journal_capture(struct wire *wire, const struct wire_capture *c,
			   nsec_t at, enum wire_fate fate,
			   const struct virtio_net_hdr *header,
			   const uint8_t *bytes, size_t size)
{
	uint8_t whole[FRAME_MAX];
	char hex[2 * HEX_MAX + 1];
	char *text = frame_in_words(c);
	int r;

	if (!text)
		return error_origin(-ENOMEM, "journal a frame");
	/* The journal's copy has the checksum that a real cable would see. */
	memcpy(whole, bytes, size);
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		frame_complete_checksum(whole, size, header->csum_start,
					header->csum_offset);
	to_hex(whole, MIN(size, (size_t)HEX_MAX), hex);
	r = journal_write(wire->journal, at, "frame",
			  "{s:s, s:s, s:s, s:s, s:o, s:f, s:i, s:s}", "from",
			  c->from, "to", c->to, "fate", wire_fate_text(fate),
			  "text", text, "kinds", kinds_in_words(c->kinds),
			  "left",
			  c->left ? nsec_seconds(
					    c->left -
					    journal_start(wire->journal)) :
				    0.0,
			  "size", (int)size, "hex", hex);
	free(text);
	return r < 0 ? error_trace(r) : 0;
}

static struct wire_capture *capture_new(struct wire *wire)
{
	if (wire->n_captures == wire->captures_space) {
		size_t space = wire->captures_space ?
				       wire->captures_space * 2 :
				       64;
		struct wire_capture *grown = reallocarray(
			wire->captures, space, sizeof(*grown));

		if (!grown)
			return NULL;
		wire->captures = grown;
		wire->captures_space = space;
	}
	wire->captures[wire->n_captures] = (struct wire_capture){ .from = "",
								  .to = "" };
	return &wire->captures[wire->n_captures++];
}

/* --- sending ---------------------------------------------------------- */

static int put_on_cable(struct wire *wire, const struct wire_port *to,
			const struct virtio_net_hdr *header,
			const uint8_t *bytes, size_t size,
			enum wire_fate *fate)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = to->ifindex };
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)header,
		  .iov_len = sizeof(*header) },
		{ .iov_base = (void *)(uintptr_t)bytes, .iov_len = size },
	};
	struct msghdr message = { .msg_name = &address,
				  .msg_namelen = sizeof(address),
				  .msg_iov = iov,
				  .msg_iovlen = 2 };

	if (sendmsg(wire->socket, &message, 0) >= 0)
		return 0;
	/* The port is down, or has gone with its namespace: the cable's end
	 * hangs loose, and that is something that happens to cables. */
	if (errno != ENETDOWN && errno != ENXIO && errno != ENODEV &&
	    errno != ENOBUFS)
		return error_origin(-errno, "send a frame to %s", to->host);
	*fate = WIRE_LOST;
	return 0;
}

static int deliver(struct wire *wire, size_t capture, struct wire_port *to,
		   const struct virtio_net_hdr *header, const uint8_t *bytes,
		   size_t size, enum wire_fate fate)
{
	int r = 0;

	if (to->dead)
		fate = WIRE_DEAD;
	else if (to->cut_to)
		fate = WIRE_CUT;
	else
		r = put_on_cable(wire, to, header, bytes, size, &fate);
	if (r < 0)
		return error_trace(r);
	/* Forwarding is what a frame expects; a fate once told stays. */
	if (fate != WIRE_FORWARDED)
		wire->captures[capture].fate = fate;
	if (fate != WIRE_DEAD && fate != WIRE_CUT && fate != WIRE_LOST)
		wire->captures[capture].left = nsec_now();
	return 0;
}

/* --- later ------------------------------------------------------------ */

static struct parcel *parcel_new(struct wire *wire, size_t capture,
				 struct wire_port *to, enum wire_fate fate,
				 size_t size)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + size);

	if (!parcel)
		return NULL;
	*parcel = (struct parcel){ .to = to,
				   .capture = capture,
				   .fate = fate,
				   .header = wire->header,
				   .size = size };
	memcpy(parcel->bytes, wire->bytes, size);
	return parcel;
}

static void set_timer(struct wire *wire)
{
	loop_set_timer(wire->timer,
		       wire->parcels ? wire->parcels->due : NSEC_NEVER);
}

/* Takes `parcel`. Equal moments keep their order. */
static void schedule(struct wire *wire, struct parcel *parcel, nsec_t due)
{
	struct parcel **at = &wire->parcels;

	parcel->due = due;
	while (*at && (*at)->due <= due)
		at = &(*at)->next;
	parcel->next = *at;
	*at = parcel;
	set_timer(wire);
}

/* Takes `parcel`. */
static int send_parcel(struct wire *wire, struct parcel *parcel)
{
	const struct wire_capture *capture;
	int r;

	r = deliver(wire, parcel->capture, parcel->to, &parcel->header,
		    parcel->bytes, parcel->size, parcel->fate);
	capture = &wire->captures[parcel->capture];
	if (r >= 0)
		r = journal_capture(wire, capture, nsec_now(), capture->fate,
				    &parcel->header, parcel->bytes,
				    parcel->size);
	free(parcel);
	return r < 0 ? error_trace(r) : 0;
}

static int on_timer(void *data)
{
	struct wire *wire = data;
	nsec_t now = nsec_now();

	while (wire->parcels && wire->parcels->due <= now) {
		struct parcel *parcel = wire->parcels;
		int r;

		wire->parcels = parcel->next;
		r = send_parcel(wire, parcel);
		if (r < 0)
			return error_trace(r);
	}
	set_timer(wire);
	return 0;
}

/* --- deciding --------------------------------------------------------- */

bool wire_matches(const struct wire_capture *capture,
		  const struct wire_match *match)
{
	return (!match->kinds || (capture->kinds & match->kinds)) &&
	       (!match->from || strcmp(match->from, capture->from) == 0) &&
	       (!match->to || strcmp(match->to, capture->to) == 0);
}

static bool is_its_turn(const struct wire_rule *rule)
{
	unsigned int first = MAX(rule->match.first, 1U);

	return rule->seen >= first &&
	       (!rule->match.count ||
		rule->seen < first + rule->match.count);
}

static struct wire_rule *decide(struct wire *wire,
				const struct wire_capture *capture)
{
	struct wire_rule *chosen = NULL;

	/* Every rule counts what it matches, also what another one decides. */
	for (struct wire_rule *rule = wire->rules; rule; rule = rule->next) {
		if (rule->disarmed || !wire_matches(capture, &rule->match))
			continue;
		rule->seen++;
		if (!chosen && is_its_turn(rule))
			chosen = rule;
	}
	if (chosen)
		chosen->hits++;
	return chosen;
}

static int hold(struct wire_rule *rule, struct parcel *parcel)
{
	struct parcel **at = &rule->held;

	while (*at)
		at = &(*at)->next;
	parcel->next = NULL;
	*at = parcel;
	rule->n_held++;
	return 0;
}

/* Where the frame goes whose rule (NULL: none) is known. Fills in its fate. */
static int carry_out(struct wire *wire, size_t index, struct wire_port *from,
		     struct wire_port *to, size_t size, struct wire_rule *rule)
{
	nsec_t path = (from ? from->one_way : 0) + to->one_way;
	struct wire_capture *capture = &wire->captures[index];
	struct parcel *parcel;

	if (rule && rule->action == WIRE_DROP) {
		capture->fate = WIRE_DROPPED;
		return 0;
	}
	if (rule && rule->action != WIRE_DUPLICATE) {
		bool held = rule->action == WIRE_HOLD;

		capture->fate = held ? WIRE_HELD : WIRE_DELAYED;
		parcel = parcel_new(wire, index, to,
				    held ? WIRE_RELEASED : WIRE_DELAYED, size);
		if (!parcel)
			return error_origin(-ENOMEM, "hold a frame");
		if (held)
			return hold(rule, parcel);
		schedule(wire, parcel, capture->at + path + rule->delay);
		return 0;
	}
	if (rule) {
		parcel = parcel_new(wire, index, to, WIRE_DUPLICATED, size);
		if (!parcel)
			return error_origin(-ENOMEM, "duplicate a frame");
		schedule(wire, parcel, capture->at + path + rule->delay);
	}
	if (path) {
		capture->fate = WIRE_DELAYED;
		parcel = parcel_new(wire, index, to, WIRE_DELAYED, size);
		if (!parcel)
			return error_origin(-ENOMEM, "delay a frame");
		schedule(wire, parcel, capture->at + path);
		return 0;
	}
	return deliver(wire, index, to, &wire->header, wire->bytes, size,
		       WIRE_FORWARDED);
}

static struct wire_port *port_by_ifindex(struct wire *wire, int ifindex)
{
	for (struct wire_port *port = wire->ports; port; port = port->next)
		if (port->ifindex == ifindex)
			return port;
	return NULL;
}

static struct wire_port *port_by_mac(struct wire *wire, const uint8_t mac[6])
{
	for (struct wire_port *port = wire->ports; port; port = port->next)
		if (memcmp(port->mac, mac, 6) == 0)
			return port;
	return NULL;
}

/* To `to`, or to nobody: NULL. */
static int forward(struct wire *wire, size_t index, struct wire_port *from,
		   struct wire_port *to, size_t size)
{
	struct wire_capture *capture = &wire->captures[index];
	int r;

	capture->from = from ? from->host : "";
	capture->to = to ? to->host : "";
	if (!from || from->dead) {
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
	r = carry_out(wire, index, from, to, size, decide(wire, capture));
	return r < 0 ? error_trace(r) : 0;
}

/* The frame in hand, of which `seen` has what is the same for all receivers. */
static int send_copy(struct wire *wire, const struct wire_capture *seen,
		     struct wire_port *from, struct wire_port *to, size_t size)
{
	struct wire_capture *capture = capture_new(wire);
	size_t index = wire->n_captures - 1;
	int r;

	if (!capture)
		return error_origin(-ENOMEM, "keep a frame");
	*capture = *seen;
	r = forward(wire, index, from, to, size);
	if (r < 0)
		return error_trace(r);
	capture = &wire->captures[index];
	r = journal_capture(wire, capture, capture->at, capture->fate,
			    &wire->header, wire->bytes, size);
	return r < 0 ? error_trace(r) : 0;
}

/* To one port, or to all but its own. */
static int switch_frame(struct wire *wire, struct wire_port *from, nsec_t at,
			const struct frame *frame, size_t size)
{
	struct wire_capture seen = { .at = at, .frame = *frame };
	bool flood = frame->destination_mac[0] & 1, taken = false;
	int r = 0;

	seen.kinds = flows_see(wire->flows, frame, &seen.base);
	for (struct wire_port *to = wire->ports; to && r >= 0; to = to->next) {
		if (to == from ||
		    (!flood && to != port_by_mac(wire, frame->destination_mac)))
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
	struct cmsghdr *cmsg;
	struct timespec ts;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		return nsec_from_timespec(ts) +
		       nsec_monotonic_minus_realtime();
	}
	return nsec_now();
}

/* Returns the frame's size, 0 when there is none. */
static ssize_t receive(struct wire *wire, struct sockaddr_ll *address,
		       nsec_t *ret_at)
{
	struct iovec iov[2] = {
		{ .iov_base = &wire->header, .iov_len = sizeof(wire->header) },
		{ .iov_base = wire->bytes, .iov_len = sizeof(wire->bytes) },
	};
	char control[64];
	struct msghdr message = { .msg_name = address,
				  .msg_namelen = sizeof(*address),
				  .msg_iov = iov,
				  .msg_iovlen = 2,
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
	return n - (ssize_t)sizeof(wire->header);
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
	r = frame_decode(&frame, wire->bytes, (size_t)size);
	if (r == -EBADMSG) {
		memset(&frame, 0, sizeof(frame));
		memcpy(frame.destination_mac, wire->bytes, FRAME_MAC);
	} else if (r < 0) {
		return error_trace(r);
	}
	r = switch_frame(wire, port_by_ifindex(wire, address.sll_ifindex), at,
			 &frame, (size_t)size);
	return r < 0 ? error_trace(r) : 1;
}

int wire_catch_up(struct wire *wire)
{
	int r;

	do {
		r = take_one(wire);
	} while (r > 0);
	return r < 0 ? error_trace(r) : 0;
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
	int size = RECEIVE_BUFFER;

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
		r = set_option(wire->socket, SOL_PACKET,
			       PACKET_IGNORE_OUTGOING, 1);
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
	r = flows_new(&wire->flows);
	if (r >= 0)
		r = open_socket(wire);
	if (r >= 0)
		r = loop_add_fd(loop, &wire->source, wire->socket, EPOLLIN,
				on_frames, wire);
	if (r >= 0)
		r = loop_add_timer(loop, &wire->timer, NSEC_NEVER, on_timer,
				   wire);
	if (r < 0) {
		wire_free(wire);
		return error_trace(r);
	}
	*ret = wire;
	return 0;
}

static void free_parcels(struct parcel *parcel)
{
	while (parcel) {
		struct parcel *next = parcel->next;

		free(parcel);
		parcel = next;
	}
}

struct wire *wire_free(struct wire *wire)
{
	if (!wire)
		return NULL;
	while (wire->rules) {
		struct wire_rule *rule = wire->rules;

		wire->rules = rule->next;
		free_parcels(rule->held);
		free(rule);
	}
	while (wire->ports) {
		struct wire_port *port = wire->ports;

		wire->ports = port->next;
		free(port);
	}
	free_parcels(wire->parcels);
	loop_remove(wire->source);
	loop_remove(wire->timer);
	flows_free(wire->flows);
	free(wire->captures);
	fd_close(wire->socket);
	free(wire);
	return NULL;
}

/* --- ports and rules -------------------------------------------------- */

int wire_add_port(struct wire *wire, struct wire_port **ret, const char *host,
		  int ifindex, const uint8_t mac[6])
{
	struct wire_port *port = calloc(1, sizeof(*port));

	if (!port)
		return error_origin(-ENOMEM, "port of %s", host);
	snprintf(port->host, sizeof(port->host), "%s", host);
	port->ifindex = ifindex;
	memcpy(port->mac, mac, 6);
	port->next = wire->ports;
	wire->ports = port;
	*ret = port;
	return 0;
}

void wire_port_rebind(struct wire_port *port, int ifindex)
{
	port->ifindex = ifindex;
	port->dead = false;
}

int wire_port_ifindex(const struct wire_port *port)
{
	return port->ifindex;
}

void wire_port_kill(struct wire_port *port)
{
	port->dead = true;
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

int wire_arm(struct wire *wire, struct wire_rule **ret,
	     const struct wire_match *match, enum wire_action action,
	     nsec_t delay)
{
	struct wire_rule **at = &wire->rules;
	struct wire_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return error_origin(-ENOMEM, "rule");
	*rule = (struct wire_rule){ .wire = wire,
				    .match = *match,
				    .action = action,
				    .delay = delay };
	while (*at)
		at = &(*at)->next;
	*at = rule;
	*ret = rule;
	return 0;
}

unsigned int wire_rule_hits(const struct wire_rule *rule)
{
	return rule->hits;
}

unsigned int wire_rule_held(const struct wire_rule *rule)
{
	return rule->n_held;
}

int wire_release(struct wire_rule *rule)
{
	rule->disarmed = true;
	while (rule->held) {
		struct parcel *parcel = rule->held;
		int r;

		rule->held = parcel->next;
		rule->n_held--;
		r = send_parcel(rule->wire, parcel);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

void wire_disarm(struct wire_rule *rule)
{
	rule->disarmed = true;
}

int wire_inject(struct wire *wire, struct wire_port *port, const void *bytes,
		size_t size)
{
	struct wire_capture *capture;
	struct frame frame;
	size_t index;
	int r;

	if (size > sizeof(wire->bytes))
		return error_origin(-EMSGSIZE, "inject a frame");
	r = frame_decode(&frame, bytes, size);
	if (r < 0)
		return error_trace(r);
	wire->header = (struct virtio_net_hdr){ 0 };
	memcpy(wire->bytes, bytes, size);
	capture = capture_new(wire);
	if (!capture)
		return error_origin(-ENOMEM, "inject a frame");
	index = wire->n_captures - 1;
	capture->at = nsec_now();
	capture->to = port->host;
	capture->frame = frame;
	/* Forged numbers must not teach the wire what the real sender sent. */
	capture->kinds = flows_kinds_alone(&frame);
	r = deliver(wire, index, port, &wire->header, wire->bytes, size,
		    WIRE_INJECTED);
	if (r < 0)
		return error_trace(r);
	capture = &wire->captures[index];
	r = journal_capture(wire, capture, capture->at, capture->fate,
			    &wire->header, wire->bytes, size);
	return r < 0 ? error_trace(r) : 0;
}

size_t wire_captures(const struct wire *wire, const struct wire_capture **ret)
{
	*ret = wire->captures;
	return wire->n_captures;
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
