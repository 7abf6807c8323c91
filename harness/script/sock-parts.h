/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a socket, for its own files: sock.c makes calls on it,
 * sock-connect.c has connections made of them, sock-look.c asks the host's
 * kernel about it.
 */
#pragma once

#include "sock.h"

/* A posted call. */
struct call {
	struct sock *sock;
	const char *name; /* NULL: none */
	nsec_t posted;
	struct sock
		*made; /* whose ends the answer tells, when not sock's own */
	struct probe_answer answer;
	bool stream; /* the answer has a struct probe_wrong */
};

struct sock {
	struct run *run;
	const char *host;
	struct probe *probe; /* NULL: nobody whom the script drives */
	int number; /* of the run, for the journal */
	int slot;
	struct address local, remote;
	uint16_t local_port, remote_port;
	struct call in, out;
	struct call shutdown; /* its answer may be late: a frozen host's */
};

/* For what must come about, or the stage is not set. */
static const nsec_t sock_patience = SEC(20);

/* --- sock.c --------------------------------------------------------------- */

/* Of a host, without a probe; and one of a probe, in a slot of its own. */
struct sock *sock_new_in(struct run *run, const char *host);
struct sock *sock_new(struct probe *probe);

/* Takes the ends that an answer tells. */
void sock_learn_addresses(struct sock *sock, const struct probe_reply *reply);

/* A sentence of the journal. */
void sock_tell_call(struct sock *sock, const char *text);

/* A call of one direction: on its way, and its finding. */
void sock_post_call(struct sock *sock, struct call *call, const char *name,
		    struct probe_request *request);
struct finding sock_reap_call(struct sock *sock, struct call *call,
			      nsec_t patience);

/* Calls that return at once; the second one's failure is the harness' own. */
void sock_ask(struct sock *sock, struct probe_request *request,
	      struct probe_answer *answer);
void sock_ask_or_break(struct sock *sock, struct probe_request *request,
		       const char *what);
