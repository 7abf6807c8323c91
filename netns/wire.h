/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire: what lies between the hosts. Every cable ends here, in a namespace
 * of its own, and one AF_PACKET socket serves all the ends: each frame that a
 * host sends comes to user space with the kernel's time stamp, in one total
 * order, is journalled, and goes on its way, or does not.
 *
 * The hosts' kernels see a switch that neither loses nor reorders. A frame that
 * the wire drops was sent as far as its sender can tell (netem on a host's own
 * interface would tell that host's TCP of the loss). A cable whose end is
 * unplugged is different: its host loses the carrier and sends nothing.
 *
 * Several networks are several switches, which know nothing of each other: what
 * goes from one to the other goes through a host, and comes by here once in
 * each.
 *
 * One frame is one segment: hosts' ends are made with IFLA_GSO_MAX_SEGS=1.
 * Frames from veth carry partial checksums; PACKET_VNET_HDR passes them on as
 * they are, and the wire completes what it writes to the journal.
 *
 * The wire works in the loop of the process that holds the world, between two
 * steps of the script: so a rule is armed when the call that armed it returns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "journal.h"
#include "loop.h"
#include "nsec.h"
#include "wire-kind.h"

struct wire;
struct wire_port;
struct wire_rule;

enum { WIRE_NAME = 16 };

enum wire_fate {
	WIRE_FORWARDED,
	WIRE_DROPPED, /* by a rule */
	WIRE_REJECTED, /* by a rule; an injected frame has answered it */
	WIRE_CUT, /* the path is cut */
	WIRE_DEAD, /* the host at the other end is dead */
	WIRE_GHOST, /* from a dead host's kernel: no machine sent it */
	WIRE_HELD, /* waits in the wire; journalled again when released */
	WIRE_RELEASED,
	WIRE_DELAYED, /* forwarded, later: see `left` */
	WIRE_DUPLICATED, /* a second copy of a frame that went before */
	WIRE_INJECTED, /* made by the wire */
	WIRE_LOST, /* the kernel refused to send it: no carrier, port down */
	WIRE_NOBODY, /* no host has that MAC */
};

const char *wire_fate_text(enum wire_fate fate);

/* A frame that came by, decoded. Names are borrowed, valid with the wire. */
struct wire_capture {
	nsec_t at; /* arrival, by the kernel's stamp */
	nsec_t left; /* sent on; 0: not */
	unsigned int network;
	const char *from, *to; /* "" when no host has that address */
	unsigned int kinds; /* enum wire_kind */
	enum wire_fate fate;
	struct frame frame;
	struct segment_base base; /* for relative sequence numbers */

	/* What it carries; see the journal's frame record (journal.h). */
	unsigned int packet; /* from 1; the same on every cable */
	unsigned int port; /* where it came from, from 1; 0: the wire */
	const char *origin; /* host that originated it; "" the wire */
	unsigned int connection; /* 0: unknown, or no TCP */
	bool from_client;
	unsigned int transmission; /* 1, 2, ...; 0: not counted */
};

/*
 * In the namespace that this process is in (home). `journal` is borrowed.
 */
int wire_new(struct wire **ret, struct loop *loop, struct journal *journal);
struct wire *wire_free(struct wire *wire);

/* --- ports: one for each cable ------------------------------------------ */

/*
 * `ifindex`: the wire's end of the cable; `mac`: the host's. Frames pass
 * between the ports of one `network` alone. A host with several cables has a
 * port for each, of the same name.
 */
int wire_add_port(struct wire *wire, struct wire_port **ret, const char *host,
		  unsigned int network, int ifindex, const uint8_t mac[6]);

/* An address of the port's host. Needed for hosts with several ports: segments
 * from other addresses are those that it forwards. */
int wire_port_add_address(struct wire_port *port,
			  const struct address *address);

/* The cable of a rebooted host: another end, the same place. Revives it. */
void wire_port_rebind(struct wire_port *port, int ifindex);
int wire_port_ifindex(const struct wire_port *port);

/* From now on nothing goes to it or comes from it. */
void wire_port_kill(struct wire_port *port);

/* The path between this port and the rest blackholes: nobody loses carrier. */
void wire_port_cut(struct wire_port *port, bool from_host, bool to_host);

/* Takes so long one way, in addition to everything else. */
void wire_port_delay(struct wire_port *port, nsec_t one_way);

/*
 * The machine at the port stands still, as a paused guest does. What its kernel
 * says meanwhile no machine has said (WIRE_GHOST); what comes for it waits, as
 * in a ring of receive buffers, and what finds that full is dropped. Standing
 * still no more, it gets what waited, in order.
 */
int wire_port_suspend(struct wire *wire, struct wire_port *port, bool still);

/* --- rules --------------------------------------------------------------- */

enum wire_action {
	WIRE_DROP,
	WIRE_HOLD, /* until wire_release() */
	WIRE_DELAY, /* by `delay` */
	WIRE_DUPLICATE, /* and a copy `delay` later */
	WIRE_REJECT, /* dropped, and its sender is answered */
};

/* With what: a RST, as from the receiver's own kernel, for TCP alone; or ICMP
 * destination unreachable, from the receiver's address (RFC 792, RFC 4443). */
enum wire_answer {
	WIRE_ANSWER_RST,
	WIRE_ANSWER_NET,
	WIRE_ANSWER_HOST,
	WIRE_ANSWER_PORT,
	WIRE_ANSWER_ADMIN,
};

struct wire_match {
	const char *from, *to; /* host names; NULL: any. Borrowed. */
	unsigned int kinds; /* frames that are any of these; 0: all frames */
	uint16_t from_port, to_port; /* TCP's; 0: any */
	/* What no other member can say: a sequence number, a time stamp. */
	bool (*where)(const struct wire_capture *capture, const void *data);
	const void *data; /* for `where`. Borrowed. */
	unsigned int first; /* the first match that counts; 0 and 1: the 1st */
	unsigned int count; /* how many from there on; 0: all */
};

/* Rules are asked in the order in which they were armed; the first whose turn
 * it is decides. The rule is the wire's; the handle is for the calls below. */
int wire_arm(struct wire *wire, struct wire_rule **ret,
	     const struct wire_match *match, enum wire_action action,
	     nsec_t delay);

/* The same for WIRE_REJECT. What cannot be answered so (an ARP request; a RST,
 * or an ICMP error, by RFC 1122) is dropped all the same. */
int wire_arm_reject(struct wire *wire, struct wire_rule **ret,
		    const struct wire_match *match, enum wire_answer answer);

/* How many frames it decided so far, and how many it holds. */
unsigned int wire_rule_hits(const struct wire_rule *rule);
unsigned int wire_rule_held(const struct wire_rule *rule);

/* Sends on what the rule holds, in order, and stops holding. */
int wire_release(struct wire_rule *rule);

/* The rule decides nothing any more. What it holds stays held. */
void wire_disarm(struct wire_rule *rule);

/* A frame of the wire's own, to the host of `port`. */
int wire_inject(struct wire *wire, struct wire_port *port, const void *bytes,
		size_t size);

/* --- what was seen --------------------------------------------------------*/

/*
 * While the wire is quiet it only counts the plain flow of a transfer: data that
 * was never sent before and bare ACKs without SACK, forwarded at once, on which
 * no rule decided. Everything else is recorded as ever. So a transfer of
 * gigabytes costs neither memory nor a journal of millions of lines; but what
 * was only counted is in no count of captures. When the quiet ends, the journal
 * is told how much it was, flow by flow.
 */
int wire_set_quiet(struct wire *wire, bool quiet);

size_t wire_captures(const struct wire *wire,
		     const struct wire_capture **ret);

/* Copies that the wire made (WIRE_DUPLICATE) and has sent on, in order. */
struct wire_duplicate {
	size_t capture; /* index of what it is a copy of */
	nsec_t left;
};
size_t wire_duplicates(const struct wire *wire,
		       const struct wire_duplicate **ret);

/* The newest connection of a socket with these addresses, as numbered in
 * captures and in the journal; 0: none. */
unsigned int wire_connection(const struct wire *wire,
			     const struct address *local, uint16_t local_port,
			     const struct address *peer, uint16_t peer_port);

bool wire_matches(const struct wire_capture *capture,
		  const struct wire_match *match);

/* The longest that a frame waited here for user space. */
nsec_t wire_residence(const struct wire *wire);

/* Bytes that the socket can hold for user space, with the kernel's overhead:
 * what is in flight at any moment must fit in. */
int wire_buffer(const struct wire *wire, int *ret);

/* Frames that the socket's buffer could not take: above zero, nothing that was
 * seen is to be believed. */
int wire_losses(struct wire *wire, unsigned int *ret);

/* Handles what has arrived by now, without waiting. */
int wire_catch_up(struct wire *wire);
