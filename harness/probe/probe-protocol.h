/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said between a script and its probes, over a SOCK_SEQPACKET pair.
 * Both ends are of the same build, so there is no format to negotiate.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "nsec.h"

enum probe_operation {
	PROBE_OPEN, /* slot, address' family: a socket, not bound */
	PROBE_BIND, /* slot, address */
	PROBE_NAMES, /* slot: its addresses, as they are now */
	PROBE_LISTEN, /* slot, address, number = backlog */
	PROBE_LISTEN_AGAIN, /* slot = listener, number = backlog */
	PROBE_CONNECT, /* slot (a free one: opens it first), address */
	PROBE_ACCEPT, /* slot = listener, other = the new one's */
	PROBE_SEND, /* slot, number = bytes; data if size */
	PROBE_RECEIVE, /* slot, number = at most so many bytes */
	PROBE_SEND_STREAM, /* slot, number = bytes; see pattern.h */
	PROBE_RECEIVE_STREAM, /* slot, number = bytes, all of them, checked;
			       * struct probe_wrong in data */
	PROBE_SHUTDOWN, /* slot, number = SHUT_… */
	PROBE_CLOSE, /* slot */
	PROBE_SET, /* slot, level, option, data */
	PROBE_GET, /* slot, level, option; answer in data */
	PROBE_ECHO, /* slot: from now on sends back whatever comes */
	PROBE_SERVE_HTTP, /* slot = listener, number = keepalive time-out, ns */
	PROBE_HEARTBEAT, /* slot; number = interval, ns: sends one byte, wants
			  * it back within the interval */
	PROBE_FORK, /* a child that holds every socket open and does nothing */
	PROBE_CRASH, /* SIGSEGV, as a null pointer gives it */
	PROBE_EXIT, /* number = status */
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

enum { PROBE_REQUEST_SHORT = offsetof(struct probe_request, data) };

/* Of the whole stream that a socket has received so far. */
struct probe_wrong {
	uint64_t bytes, first; /* how many, and the offset of the first */
};

/* When the operation returned; blocking ones answer when they do. */
struct probe_reply {
	uint32_t id;
	int64_t value; /* -1: see error */
	int error;
	nsec_t returned; /* CLOCK_MONOTONIC */
	struct sockaddr_storage local, remote; /* CONNECT, ACCEPT, LISTEN */
	size_t size;
	uint8_t data[PROBE_DATA]; /* the first bytes, for RECEIVE */
};

enum { PROBE_REPLY_SHORT = offsetof(struct probe_reply, data) };
