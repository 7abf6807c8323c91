/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets for the harness: calls in both directions, and their identity. */
#pragma once

#include "probe-control.h"
#include "sock.h"

/* recv() and accept() are SOCK_IN, the other calls SOCK_OUT. A call that has
 * returned is reaped without waiting. */
enum sock_way { SOCK_IN, SOCK_OUT };
bool sock_is_posted(const struct sock *sock, enum sock_way way);
bool sock_has_returned(const struct sock *sock, enum sock_way way);
struct finding sock_reap_way(struct sock *sock, enum sock_way way,
			     nsec_t timeout);

/* send() that may block until there is room in the send buffer: reap it. */
void sock_post_send(struct sock *sock, size_t bytes);

/* The probe reads nothing from the socket, also for a recv() that is posted, or
 * reads again. */
void sock_set_paused(struct sock *sock, bool paused);

/* The same as sock_post_connect_to(), with a bind() to the host's address
 * before. `late`: with IP_BIND_ADDRESS_NO_PORT, so that connect() chooses the
 * port. An error of bind() is the result of the posted call: reap it. */
struct sock *sock_post_connect_bound(struct probe *probe, const char *host,
				     uint16_t port, bool late);

/* A "call" record of the journal. `call` is the name of the function, NULL for
 * something else; `posted`: its result comes later. */
void sock_journal_call(struct sock *sock, const char *call, bool posted,
		       const char *text);

/* Asks the probe: it closes a socket that echoes at EOF. */
bool sock_is_held(struct sock *sock);

/* Its number in the run's journal. */
int sock_number(const struct sock *sock);

/* Whether sock_diag reports this socket: the same four-tuple. */
bool sock_is(const struct sock *sock, const struct diag_socket *seen);
