/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire connects the hosts. Every cable ends here, in a namespace of its
 * own, and one AF_PACKET socket serves all ends: each frame that a host sends
 * comes to user space with the kernel's timestamp, in one total order, is
 * recorded in the journal, and is forwarded, delayed or dropped.
 *
 * To the kernels of the hosts the wire is a switch that neither loses nor
 * reorders frames, unless a rule or the settings of a path (wire-link.h) do.
 * The sender of a frame that is dropped sees a successful transmission. (netem
 * on the host's own interface would report the loss to the host's TCP.)
 * A cable that is unplugged is different: its host loses the carrier and sends
 * nothing.
 *
 * Each network is a switch of its own. A packet goes from one to another
 * through a host, and passes the wire once in each.
 *
 * One frame is one segment: the hosts' ends are made with IFLA_GSO_MAX_SEGS=1,
 * unless the world has offload (world_set_offload()). A frame of several segments
 * is forwarded whole, and rules treat it as a whole.
 * Frames from veth carry partial checksums; PACKET_VNET_HDR passes them on as
 * they are, and the journal gets complete ones.
 *
 * The wire works in the loop of the process that holds the world, between two
 * steps of the script. So a rule is in force when the call that arms it
 * returns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "journal.h"
#include "loop.h"
#include "nsec.h"
#include "wire-capture.h"
#include "wire-link.h"

struct wire;
struct wire_port;
struct wire_rule;

enum { WIRE_NAME = 16 };

/* In the namespace that this process is in (home). Borrows loop and journal. */
int wire_new(struct wire **ret, struct loop *loop, struct journal *journal);
struct wire *wire_free(struct wire *wire);

/* --- ports: one for each cable ---------------------------------------- */

/*
 * `ifindex`: of the wire's end of the cable; `mac`: of the host's. Frames pass
 * between ports of the same network only. A host with several cables has a port
 * for each, with the same name.
 */
int wire_add_port(struct wire *wire, struct wire_port **ret, const char *host,
		  unsigned int network, int ifindex, const uint8_t mac[6]);

/* MTU of the host's interface, in bytes; initially 1500. It drops what is
 * larger, and the frame's fate is WIRE_TOO_LARGE. */
void wire_port_set_mtu(struct wire_port *port, unsigned int mtu);

/* MTU of the network, in bytes; initially 0: any frame passes. What is larger does
 * not reach the port, as from a switch, and the fate is the same. */
void wire_port_set_network_mtu(struct wire_port *port, unsigned int mtu);

/* An address of the port's host. A host with several ports needs them: segments
 * from other addresses are those that it forwards. */
int wire_port_add_address(struct wire_port *port,
			  const struct address *address);

/* The cable of a rebooted host: another interface in the same place. Revives
 * the port; a cut and a delay of the path stay. */
void wire_port_rebind(struct wire_port *port, int ifindex);
int wire_port_ifindex(const struct wire_port *port);

/* From now on nothing goes to the host or comes from it. */
void wire_port_kill(struct wire_port *port);

/* The path between this port and the rest drops everything, in the directions
 * that are true. The hosts keep their carrier. */
void wire_port_cut(struct wire_port *port, bool from_host, bool to_host);

/* The settings of the path in one direction: from the host, or to it. Both
 * links of a frame, that of its sender and that of its receiver, are decided
 * when it enters the wire or, if a rule keeps it, when it leaves the rule.
 * -ENOMEM. */
int wire_port_set_link(struct wire_port *port, bool to_host,
		       const struct wire_link_settings *settings);
const struct wire_link_settings *wire_port_link(const struct wire_port *port,
						bool to_host);

/* Of all links, from now on; 0 unless it is set. */
void wire_set_seed(struct wire *wire, uint64_t seed);

/* One-way delay of the path, in both directions. The other settings stay. */
int wire_port_delay(struct wire_port *port, nsec_t one_way);

/*
 * The machine at the port is suspended, as a paused guest, or resumed. Frames
 * that its kernel sends meanwhile are dropped (WIRE_GHOST). Frames that are
 * sent to it wait, as in the receive ring of a network card; when the ring is
 * full, further frames are lost. After the resume of all ports of the machine,
 * wire_port_receive_waiting() delivers them in order. (What a gateway receives
 * at one port it sends at another one.)
 */
int wire_port_suspend(struct wire *wire, struct wire_port *port,
		      bool suspended);
int wire_port_receive_waiting(struct wire *wire, struct wire_port *port);

/* --- rules ------------------------------------------------------------ */

enum wire_action {
	WIRE_DROP,
	WIRE_HOLD, /* until wire_release() */
	WIRE_DELAY, /* by `delay` */
	WIRE_DUPLICATE, /* with a copy `delay` later */
	WIRE_REJECT, /* drop, and answer the sender */
};

/* With a RST, as the receiver's own kernel sends it (TCP only), or with ICMP
 * destination unreachable from the receiver's address (RFC 792, RFC 4443). */
enum wire_answer {
	WIRE_ANSWER_RST,
	WIRE_ANSWER_NET,
	WIRE_ANSWER_HOST,
	WIRE_ANSWER_PORT,
	WIRE_ANSWER_ADMIN,
};

struct wire_match {
	const char *from, *to; /* host names; NULL: any. Borrowed. */
	unsigned int kinds; /* frames with any of these; 0: all frames */
	uint16_t from_port, to_port; /* TCP's; 0: any */
	/* For anything else: a sequence number, a timestamp. In a rule it is
	 * called while a frame is handled, and must not use the wire. */
	bool (*where)(const struct wire_capture *capture, const void *data);
	const void *data; /* for `where`. Borrowed. */
	/* The first segment that counts (0 and 1: the 1st), and the number of
	 * segments from there on (0: all). A frame counts when one of its
	 * segments does. */
	unsigned int first, count;
	const char *label; /* of wire_capture, or NULL. Borrowed. */
};

/* Rules are tried in the order in which they were armed; the first that matches
 * and whose count is not used up decides. What a rule delays, holds or
 * duplicates passes the links of the path afterwards. The wire owns the rule. */
int wire_arm(struct wire *wire, struct wire_rule **ret,
	     const struct wire_match *match, enum wire_action action,
	     nsec_t delay);

/* The same for WIRE_REJECT. A frame that must not be answered (an ARP request;
 * a RST or an ICMP error: RFC 1122 section 3.2.2) is dropped all the same. */
int wire_arm_reject(struct wire *wire, struct wire_rule **ret,
		    const struct wire_match *match, enum wire_answer answer);

/* The number of frames that it decided on, and of those that it holds. */
unsigned int wire_rule_hits(const struct wire_rule *rule);
unsigned int wire_rule_held(const struct wire_rule *rule);

/* Sends what the rule holds over the path, in order, and disarms the rule. */
int wire_release(struct wire_rule *rule);

/* The rule decides on no further frame. What it holds stays held. */
void wire_disarm(struct wire_rule *rule);

/* Sends a frame made by the caller to the host of `port`. */
int wire_inject(struct wire *wire, struct wire_port *port, const void *bytes,
		size_t size);

/* --- what was seen ---------------------------------------------------- */

/*
 * While the wire only counts, the plain flow of a transfer (data that was not
 * sent before, ACKs without SACK blocks, forwarded at once, without a rule) is
 * counted and not captured. Everything else is captured as before. When it
 * ends, a note for each flow in the journal has the number of frames and bytes.
 */
int wire_set_count_only(struct wire *wire, bool on);

size_t wire_captures(const struct wire *wire, const struct wire_capture **ret);

/* Copies that the wire made (WIRE_DUPLICATE) and has sent, in order. */
size_t wire_duplicates(const struct wire *wire,
		       const struct wire_duplicate **ret);

/* The newest connection of a socket with these addresses, as numbered in
 * captures and in the journal; 0: none. */
unsigned int wire_connection(const struct wire *wire,
			     const struct address *local, uint16_t local_port,
			     const struct address *peer, uint16_t peer_port);

bool wire_matches(const struct wire_capture *capture,
		  const struct wire_match *match);

/* As how many segments a frame counts of which these kinds are wanted. */
unsigned int wire_segments(unsigned int kinds, unsigned int segments);

/* The longest time that a frame waited for user space. */
nsec_t wire_residence(const struct wire *wire);

/* The time during which at least one frame waited. */
nsec_t wire_total_residence(const struct wire *wire);

/* Size of the socket's receive buffer in bytes, the kernel's overhead included:
 * what is in flight at any moment must fit. */
int wire_buffer(const struct wire *wire, int *ret);

/* Frames that did not fit into the receive buffer, so far. Above zero the
 * captures are incomplete, and no conclusion from them is valid. */
int wire_losses(struct wire *wire, unsigned int *ret);

/* Processes the frames that have arrived, without waiting. */
int wire_catch_up(struct wire *wire);
