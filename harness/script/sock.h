/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of probes and the calls on them. A call that blocks is posted and
 * reaped later. Its result is a finding: a value, never an error of the
 * harness.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "predict.h"
#include "probe-protocol.h"
#include "probe.h"
#include "run.h"

struct sock;

/* The result of a call and its time. */
struct finding {
	struct sock *sock;
	const char *call; /* "recv" */
	bool open; /* the call has not returned within the timeout */
	int64_t value; /* return value; -1: see error */
	int error; /* errno; 0: none */
	nsec_t posted, returned;
	size_t size; /* of data: all that recv() got, or its first bytes */
	char data[PROBE_DATA + 1];
	/* Streams: the number of wrong bytes so far and the offset of the
	 * first, as the receiving process counted them. */
	uint64_t wrong, first_wrong;
};

/* ETIMEDOUT, EOF (recv() = 0), DATA (recv() > 0), OPEN; "0" for another call
 * that succeeded. */
const char *finding_outcome(const struct finding *finding);

/* --- connections ----------------------------------------------------------*/

/* A connection that is ESTABLISHED at both ends and accepted. */
struct pair {
	struct probe *client_probe, *server_probe;
	struct sock *listener, *client, *server;
};

/* Starts a probe in "client" and one in "server" and connects them. */
struct pair sock_pair(struct run *run);

/* bind() and listen(), on a port that the run chooses, or on that one. */
struct sock *sock_listen(struct probe *probe, int backlog);
struct sock *sock_listen_on(struct probe *probe, uint16_t port, int backlog);
/* At all addresses of its host, also those that it gets later. */
struct sock *sock_listen_any(struct probe *probe, uint16_t port, int backlog);

/* listen() on a listener: changes its backlog. */
void sock_set_backlog(struct sock *listener, int backlog);

/* Calls that the experiment needs: the run ends as FAIL when the kernel refuses
 * them, as BROKEN when the machine cannot perform them. */
struct sock *sock_connect(struct probe *probe, const struct sock *listener);
struct sock *sock_connect_to(struct probe *probe, const char *host,
			     uint16_t port);
struct sock *sock_accept(struct sock *listener);

/* A connect() whose result is the question: returned (.sock is the new socket),
 * or `open` after the timeout. */
struct finding sock_try_connect(struct probe *probe,
				const struct sock *listener, nsec_t timeout);

/* The same, posted: reap the new socket. */
struct sock *sock_post_connect(struct probe *probe,
			       const struct sock *listener);
struct sock *sock_post_connect_to(struct probe *probe, const char *host,
				  uint16_t port);

/* accept(), posted: reap the listener. The new socket has its addresses once
 * the call has succeeded. */
struct sock *sock_post_accept(struct sock *listener);

/* socket(), for options to be set before connect(): without SO_REUSEADDR, which
 * the functions above set. */
struct sock *sock_open(struct probe *probe);

/* bind() to the host's address and this port. */
struct finding sock_bind(struct sock *sock, uint16_t port);

/* connect() on such a socket, posted: reap it. */
void sock_start_connect(struct sock *sock, const struct sock *listener);

/* --- calls ----------------------------------------------------------------*/

/* Result of the posted call; `open` when it has not returned within the
 * timeout. It stays posted then and can be reaped again. */
struct finding sock_reap(struct sock *sock, nsec_t timeout);

/* send() of so many bytes of a pattern, or of a text; returns when they are in
 * the send buffer. */
struct finding sock_send(struct sock *sock, size_t bytes);
struct finding sock_send_text(struct sock *sock, const char *text);

/* recv(), posted; posted and reaped. At most one call is posted in each
 * direction of a socket. */
void sock_post_recv(struct sock *sock);
struct finding sock_recv(struct sock *sock, nsec_t timeout);

/* Sends so many bytes to the other end, which receives them: the run ends as
 * FAIL when they do not arrive at once. A recv() that is posted there is the one
 * that returns. */
void sock_deliver(struct sock *from, struct sock *to, size_t bytes);

/*
 * A stream with verified contents: each byte depends on its 64-bit offset in
 * its direction of the connection (lib/pattern.h). These send the next bytes of
 * it, and receive and check them. The receiver's finding reports wrong bytes.
 */
void sock_post_send_stream(struct sock *sock, uint64_t bytes);
void sock_post_recv_stream(struct sock *sock, uint64_t bytes);

/* Both calls; returns the receiver's finding, `open` after the timeout. */
struct finding sock_stream(struct sock *from, struct sock *to, uint64_t bytes,
			   nsec_t timeout);

/* The probe sends a heartbeat in each interval until one is not answered; the
 * finding's value is the number of answered ones. Posted. */
void sock_post_heartbeat(struct sock *sock, nsec_t interval);

/* From now on the probe sends back what it receives. */
void sock_echo(struct sock *sock);

/* The listener's probe serves HTTP, with this timeout for idle connections. */
void sock_serve_http(struct sock *listener, nsec_t keepalive_timeout);

struct finding sock_shutdown(struct sock *sock, int how);
void sock_close(struct sock *sock);

/* SO_LINGER: close() waits so long until everything is acknowledged. */
void sock_linger(struct sock *sock, int seconds);

/* SO_LINGER with a time of 0, and close(): the peer gets a RST. */
void sock_abort(struct sock *sock);

/*
 * Orderly end of a connection: `first` closes, then `second`, in CLOSE-WAIT.
 * Returns when `first` is in TIME-WAIT and `second` is gone. The range has the
 * entry into TIME-WAIT in it.
 */
struct range sock_close_both(struct sock *first, struct sock *second);

/* setsockopt() and getsockopt() of an int, which must succeed. */
void sock_set(struct sock *sock, int level, int option, int value);
int sock_get(struct sock *sock, int level, int option);

/* setsockopt() whose result is the question: errno, or 0. */
int sock_try_set(struct sock *sock, int level, int option, int value);

/* SO_KEEPALIVE; journalled. */
void sock_keepalive(struct sock *sock, bool on);

/* SO_ERROR: reads and clears the pending error. 0: none. */
int sock_error(struct sock *sock);

/* --- the kernel's view ----------------------------------------------------*/

/*
 * The other end of a connection that no probe of the script holds: a program
 * does, or a probe that accepts by itself, or it is in an accept queue. For the
 * functions of this section only. Borrows `host`.
 */
struct sock *sock_peer(struct sock *sock, const char *host);

/* The connection of a program: the only one of the host to that remote port.
 * For the functions of this section only. */
struct sock *sock_find(struct run *run, const char *host, uint16_t remote_port);

/* What sock_diag reports now; journalled. False: no such socket. */
bool sock_look(struct sock *sock, struct diag_socket *ret);

/* Aborts it as `ss -K` does: SOCK_DESTROY of sock_diag. */
void sock_destroy(struct sock *sock);

/* Its state; DIAG_CLOSE: no such socket. Journalled. */
enum diag_state sock_state(struct sock *sock);

/* Waits for a state; false: not within the timeout. */
bool sock_wait_state(struct sock *sock, enum diag_state state, nsec_t timeout);

/* A listener's accept queue: sk_ack_backlog and sk_max_ack_backlog, which `ss`
 * shows as Recv-Q and Send-Q. */
struct queue {
	unsigned int length, limit;
};

/* The queue once it has this length, or as it is after the timeout. Journalled.
 */
struct queue sock_wait_queue(struct sock *listener, unsigned int length,
			     nsec_t timeout);

struct probe *sock_probe(const struct sock *sock); /* NULL: see sock_peer() */
struct run *sock_run(const struct sock *sock);
const char *sock_host(const struct sock *sock);
uint16_t sock_local_port(const struct sock *sock);
