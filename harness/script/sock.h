/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets in probes, and the calls on them. A call that blocks is posted and,
 * later, reaped; what came back is a finding: a value, never an error of the
 * harness.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "probe.h"
#include "run.h"

struct sock;

/* What a call returned, and when. */
struct finding {
	struct sock *sock;
	const char *call; /* "recv" */
	bool open; /* it has not returned by the time it was given */
	int64_t value; /* of the call; -1: see error */
	int error; /* errno, 0 none */
	nsec_t posted, returned;
	size_t size; /* what recv() got, or its first bytes */
	char data[PROBE_DATA + 1];
	/* Of a stream, as the application itself has checked it: how many of
	 * all bytes so far are not the stream's, and the first one's offset. */
	uint64_t wrong, first_wrong;
};

/* ETIMEDOUT, EOF (recv() = 0), DATA (recv() > 0), OPEN; "0" for a call that
 * just succeeded. */
const char *finding_outcome(const struct finding *finding);

/* --- to have a connection --------------------------------------------------*/

/* A connection that is ESTABLISHED at both ends and accepted, and the probes
 * that hold the ends. */
struct pair {
	struct probe *client_probe, *server_probe;
	struct sock *listener, *client, *server;
};

/* Starts a probe in "client" and one in "server" and connects them. */
struct pair sock_pair(struct run *run);

/* On a port of its own, or on that one. */
struct sock *sock_listen(struct probe *probe, int backlog);
struct sock *sock_listen_on(struct probe *probe, uint16_t port, int backlog);

/* These must succeed: without them the stage is not set, and the case ends as
 * BROKEN. */
struct sock *sock_connect(struct probe *probe, const struct sock *listener);
struct sock *sock_connect_to(struct probe *probe, const char *host,
			     uint16_t port);
struct sock *sock_accept(struct sock *listener);

/* An accept() whose outcome is the question: reap the listener. The new socket
 * has its ends once that succeeded. */
struct sock *sock_post_accept(struct sock *listener);

/* listen() on what listens already: changes the limit of its queue. */
void sock_set_backlog(struct sock *listener, int backlog);

/* A connect() whose outcome is the question. Reap it. */
struct sock *sock_post_connect(struct probe *probe,
			       const struct sock *listener);
struct sock *sock_post_connect_to(struct probe *probe, const char *host,
				  uint16_t port);

/* --- the same, step by step ------------------------------------------------*/

/* socket(): not bound, not connected. For sock_set() before connect(). It has no
 * SO_REUSEADDR, which those above set. */
struct sock *sock_open(struct probe *probe);

/* bind() to the host's address; EADDRINUSE is an answer. */
struct finding sock_bind(struct sock *sock, uint16_t port);

/* connect(), whose outcome is the question. Reap it. */
void sock_start_connect(struct sock *sock, const struct sock *listener);
void sock_start_connect_to(struct sock *sock, const char *host, uint16_t port);

/* --- calls -----------------------------------------------------------------*/

/* send() of so many bytes of a pattern; returns when the socket's buffer has
 * them, which says nothing of the peer. */
struct finding sock_send(struct sock *sock, size_t bytes);
struct finding sock_send_text(struct sock *sock, const char *text);

/* recv() that waits. A socket has at most one call posted in each direction. */
void sock_post_recv(struct sock *sock);

/* The posted call's finding, once it has returned; `open` when it has not by
 * `patience` from now. An open call stays posted, and can be reaped again. */
struct finding sock_reap(struct sock *sock, nsec_t patience);

/* For who has a call in both directions: recv() and accept() are SOCK_IN, the
 * others SOCK_OUT. One that has returned is reaped without waiting. */
enum sock_way { SOCK_IN, SOCK_OUT };
bool sock_is_posted(const struct sock *sock, enum sock_way way);
bool sock_has_returned(const struct sock *sock, enum sock_way way);
struct finding sock_reap_way(struct sock *sock, enum sock_way way,
			     nsec_t patience);

/* send() that may have to wait, for room in the socket's buffer. Reap it. */
void sock_post_send(struct sock *sock, size_t bytes);

/* Post and reap. */
struct finding sock_recv(struct sock *sock, nsec_t patience);

/*
 * Bulk that can be checked. Either direction of a connection has a stream of its
 * own, of which each byte depends on its 64-bit offset: lib/pattern.h. These send
 * the next bytes of it, and receive the next ones, all of them, and check each.
 * The receiver's finding says what was wrong.
 */
void sock_post_send_stream(struct sock *sock, uint64_t bytes);
void sock_post_recv_stream(struct sock *sock, uint64_t bytes);

/* So many bytes from one end to the other: both calls, and the finding of the
 * receiver, `open` when it has not returned by `patience` from now. */
struct finding sock_stream(struct sock *from, struct sock *to, uint64_t bytes,
			   nsec_t patience);

/* Beats once in every interval until one beat stays unanswered; the finding's
 * value is the number of those that were answered. */
void sock_post_heartbeat(struct sock *sock, nsec_t interval);

/* From now on the probe sends back whatever comes. */
void sock_echo(struct sock *sock);

/* The listener's probe serves HTTP, with that time-out for idle connections. */
void sock_serve_http(struct sock *listener, nsec_t keepalive_timeout);

struct finding sock_shutdown(struct sock *sock, int how);
void sock_close(struct sock *sock);
/* The orderly end of a connection: one end closes, then, in CLOSE-WAIT, the
 * other. The first is in TIME-WAIT when it returns, and the second is gone. */
void sock_close_both(struct sock *first, struct sock *second);

/* SO_LINGER with a time of 0, and close(): the peer sees a RST. */
void sock_abort(struct sock *sock);

/* setsockopt(), which must succeed. */
void sock_set(struct sock *sock, int level, int option, int value);
/* getsockopt() of a number, which must succeed. */
int sock_get(struct sock *sock, int level, int option);
/* SO_KEEPALIVE */
void sock_keepalive(struct sock *sock, bool on);

/* SO_ERROR: reads and clears the pending error. 0: none. */
int sock_error(struct sock *sock);

/* --- to look at it from outside --------------------------------------------*/

/*
 * The other end of a connection, where no probe that the script drives holds
 * it: a program does, or a server that accepts by itself, or the queue of a
 * listener. For the calls below and no others. Borrows `host`.
 */
struct sock *sock_peer(struct sock *sock, const char *host);

/* The connection of a program, the only one in that host with that port at the
 * other end. For the same calls. */
struct sock *sock_find(struct run *run, const char *host, uint16_t remote_port);

/* What the host's kernel says of it now. False: the kernel has no such socket
 * any more. Journalled. */
bool sock_look(struct sock *sock, struct diag_socket *ret);

/* A listener's accept queue, as the kernel tells it for LISTEN: sk_ack_backlog
 * and sk_max_ack_backlog, ss' Recv-Q and Send-Q. Journalled. */
struct queue {
	unsigned int length, limit;
};
struct queue sock_queue(struct sock *listener);

/* The same once it is that long, or as it is by `patience` from now. */
struct queue sock_wait_queue(struct sock *listener, unsigned int length,
			     nsec_t patience);

/* ESTABLISHED and its kin; DIAG_CLOSE where the kernel has no such socket. */
enum diag_state sock_state(struct sock *sock);

/* Waits until it is in that state. False: not by `patience` from now. */
bool sock_wait_state(struct sock *sock, enum diag_state state,
		     nsec_t patience);

struct probe *sock_probe(const struct sock *sock); /* NULL: a far end */
struct run *sock_run(const struct sock *sock);
const char *sock_host(const struct sock *sock);
uint16_t sock_local_port(const struct sock *sock);
