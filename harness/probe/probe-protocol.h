/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of a script to a probe, and replies, over a SOCK_SEQPACKET pair: one
 * packet is one request or reply. Both ends are from the same build, so structs
 * are sent as they are, up to the used part of `data`.
 *
 * A slot is a socket of the probe; the script chooses the number.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "nsec.h"

enum probe_operation {
	PROBE_OPEN, /* slot, address' family: an unbound socket */
	PROBE_BIND, /* slot, address */
	PROBE_NAMES, /* slot: reply has its addresses */
	PROBE_LISTEN, /* slot, address, number = backlog */
	PROBE_LISTEN_AGAIN, /* slot = listener, number = backlog */
	PROBE_CONNECT, /* slot (opened first if free), address */
	PROBE_ACCEPT, /* slot = listener, other = slot of the new socket */
	PROBE_SEND, /* slot, number = bytes; data if size > 0 */
	PROBE_RECEIVE, /* slot, number = maximum of bytes */
	PROBE_SEND_STREAM, /* slot, number = bytes of the stream, pattern.h */
	PROBE_RECEIVE_STREAM, /* slot, number = bytes, all of them, checked;
			       * reply has a struct probe_wrong in data */
	PROBE_SHUTDOWN, /* slot, number = SHUT_RD, ... */
	PROBE_CLOSE, /* slot */
	PROBE_SET, /* slot, level, option, data */
	PROBE_GET, /* slot, level, option; reply has the value in data */
	PROBE_PAUSE, /* slot; number = 1: reads and accepts nothing, also for a
		      * call that is posted, until number = 0 */
	PROBE_ECHO, /* slot: from now on sends back what it receives */
	PROBE_SERVE_HTTP, /* slot = listener, number = keepalive timeout, ns */
	PROBE_HEARTBEAT, /* slot; number = interval, ns: sends one byte and
			  * expects it back within the interval */
	PROBE_FORK, /* a child that keeps all sockets open; value = its pid */
	PROBE_CRASH, /* dies of SIGSEGV */
	PROBE_EXIT, /* number = exit status */
};

enum { PROBE_DATA = 1024, PROBE_SLOTS = 4096 };

struct probe_request {
	enum probe_operation operation;
	uint32_t id;
	int slot, other;
	int level, option;
	int64_t number;
	struct sockaddr_storage address;
	socklen_t address_size;
	size_t size;
	uint8_t data[PROBE_DATA];
};

/* The size of a request without data. */
enum { PROBE_REQUEST_SHORT = offsetof(struct probe_request, data) };

/* Wrong bytes among all that a socket has received of its stream. */
struct probe_wrong {
	uint64_t bytes; /* their number */
	uint64_t first; /* offset of the first, when there are any */
};

/* The result of an operation. One that blocks is replied to when it returns. */
struct probe_reply {
	uint32_t id; /* of the request */
	int64_t value; /* -1: see error */
	int error; /* errno; 0: none */
	nsec_t returned; /* CLOCK_MONOTONIC */
	struct sockaddr_storage local, remote; /* family 0: not known */
	size_t size;
	uint8_t data[PROBE_DATA]; /* RECEIVE: the first bytes */
};

/* The size of a reply without data. */
enum { PROBE_REPLY_SHORT = offsetof(struct probe_reply, data) };
