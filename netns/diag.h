/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP sockets of a namespace, by sock_diag(7), as ss(8) shows them. Works
 * on a dead host too: the sockets that its processes left behind are still in
 * its kernel.
 */
#pragma once

#include <linux/tcp.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "nsec.h"

/* As include/net/tcp_states.h numbers them. */
enum diag_state {
	DIAG_ESTABLISHED = 1,
	DIAG_SYN_SENT,
	DIAG_SYN_RECV,
	DIAG_FIN_WAIT1,
	DIAG_FIN_WAIT2,
	DIAG_TIME_WAIT,
	DIAG_CLOSE,
	DIAG_CLOSE_WAIT,
	DIAG_LAST_ACK,
	DIAG_LISTEN,
	DIAG_CLOSING,
};

enum diag_timer {
	DIAG_TIMER_NONE,
	DIAG_TIMER_RETRANSMIT, /* also for tail loss probes */
	DIAG_TIMER_KEEPALIVE,
	DIAG_TIMER_TIME_WAIT,
	DIAG_TIMER_PROBE, /* zero window */
};

struct diag_socket {
	struct address local, remote;
	uint16_t local_port, remote_port;
	enum diag_state state;
	enum diag_timer timer;
	nsec_t expires; /* from now; only with a timer */
	unsigned int retransmits; /* or probes, according to the timer */
	/* Bytes; for LISTEN length and limit of the accept queue. */
	uint32_t receive_queue, send_queue;
	uint32_t inode; /* 0: no process has it open */
	bool has_info;
	struct tcp_info info;
	uint32_t cookie[2];
};

struct diag;

int diag_new(struct diag **ret, int namespace);
struct diag *diag_free(struct diag *diag);

/*
 * Sets of states, one bit for each. For listeners alone the kernel does not walk
 * the table of connections: inet_diag_dump_icsk(). "All" lacks a pseudo-state of
 * Linux 6.8 and newer, TCP_BOUND_INACTIVE (bit 13), for sockets that are bound and
 * not connected: the kernel would walk the table of ports for it as well.
 */
enum {
	DIAG_ALL = (1 << 13) - 1,
	DIAG_LISTENERS = 1 << DIAG_LISTEN,
};

typedef int (*diag_fn)(void *data, const struct diag_socket *socket);

/* Calls `fn` for every TCP socket of both families that is in one of `states`,
 * until it returns a failure, which is passed on. */
int diag_each(struct diag *diag, unsigned int states, diag_fn fn, void *data);

/*
 * Finds the socket with this 4-tuple; a remote port of 0 means the listener.
 * Returns 1, or 0 when the kernel has no such socket.
 */
int diag_find(struct diag *diag, struct diag_socket *ret,
	      const struct address *local, uint16_t local_port,
	      const struct address *remote, uint16_t remote_port);

/* SOCK_DESTROY: aborts the connection with a RST. -EOPNOTSUPP where the kernel
 * lacks CONFIG_INET_DIAG_DESTROY. */
int diag_destroy(struct diag *diag, const struct diag_socket *socket);

/* The words of ss: ESTAB, SYN-SENT, TIME-WAIT, ... */
const char *diag_state_text(enum diag_state state);
/* The words of ss -o: none, on, keepalive, timewait, persist. */
const char *diag_timer_text(enum diag_timer timer);

enum { DIAG_LINE = 96 };

/* "ESTAB", or with a timer other than "none" "ESTAB timer:(on,0.200 s,1)".
 * `expires` in seconds. Returns `buffer`. */
const char *diag_line(const char *state, const char *timer, double expires,
		      unsigned int retransmits, char buffer[DIAG_LINE]);
