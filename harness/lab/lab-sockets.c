/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No kernel interface reports that a socket changes its state (sock_diag
 * multicasts only that one is destroyed): all sockets are listed from time to
 * time and compared with the last list. States that last for less than that are
 * derived from frames: lab-state.c.
 */
#include "lab-sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "message.h"
#include "wire.h"

enum {
	JOURNALLED_MAX = 200, /* sockets of a run with records of their own */
	FIRST_NUMBER = 1000, /* of sockets that no probe has */
};

struct known {
	const char *host;
	struct diag_socket last;
	int number;
	unsigned int connection; /* the wire's number; 0: unknown */
	unsigned int look; /* the last one that listed it */
	bool journalled;
};

struct lab_sockets {
	struct run *run;
	const struct lab_plan *plan;
	struct lab_events *events;
	const struct lab_probes *probes;
	struct known *all;
	size_t n, capacity;
	unsigned int look, journalled;
	bool noted; /* that not all are journalled */
	int numbers;
	/* of the look that is going on: */
	const char *host;
	bool journals_all;
};

struct lab_sockets *lab_sockets_new(struct run *run,
				    const struct lab_plan *plan,
				    struct lab_events *events,
				    const struct lab_probes *probes)
{
	struct lab_sockets *sockets = calloc(1, sizeof(*sockets));

	if (!sockets)
		run_broken(run, error_origin(-ENOMEM, "sockets"));
	sockets->run = run;
	sockets->plan = plan;
	sockets->events = events;
	sockets->probes = probes;
	return sockets;
}

/* By its cookie, which no other socket of the kernel has had since boot
 * (sock_gen_cookie()); a 4-tuple may be used again. */
static struct known *find(struct lab_sockets *s,
			  const struct diag_socket *socket)
{
	for (size_t i = 0; i < s->n; i++) {
		struct known *k = &s->all[i];

		if (k->host == s->host &&
		    k->last.cookie[0] == socket->cookie[0] &&
		    k->last.cookie[1] == socket->cookie[1])
			return k;
	}
	return NULL;
}

static struct known *add(struct lab_sockets *s,
			 const struct diag_socket *socket)
{
	int number = lab_probes_number(s->probes, s->host, socket);
	struct known *grown =
		array_grow(s->all, s->n, &s->capacity, sizeof(*s->all));

	if (!grown)
		run_broken(s->run, error_origin(-ENOMEM, "sockets"));
	s->all = grown;
	s->all[s->n] = (struct known){
		.host = s->host,
		.number = number ? number : FIRST_NUMBER + s->numbers++,
		.journalled = s->journalled < JOURNALLED_MAX,
	};
	s->journalled += s->journalled < JOURNALLED_MAX;
	if (!s->all[s->n].journalled && !s->noted) {
		s->noted = true;
		run_note(s->run,
			 "more than %d sockets: the states of further ones are "
			 "not recorded",
			 JOURNALLED_MAX);
	}
	return &s->all[s->n++];
}

/* "10.0.0.1:40312 > 10.0.0.2:80", or the port and the queue of a listener. */
static const char *ends_text(const struct diag_socket *socket, char *ret,
			     size_t size)
{
	char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];

	snprintf(ret, size, "%s:%u > %s:%u",
		 address_text(&socket->local, local), socket->local_port,
		 address_text(&socket->remote, remote), socket->remote_port);
	return ret;
}

/* As long as it is unknown: afterwards a connection may take the 4-tuple that
 * this socket does not belong to. */
static void update_connection(struct lab_sockets *s, struct known *k)
{
	const struct diag_socket *socket = &k->last;

	if (!k->connection && socket->state != DIAG_LISTEN)
		k->connection =
			wire_connection(world_wire(s->run->world),
					&socket->local, socket->local_port,
					&socket->remote, socket->remote_port);
}

static void journal_state(struct lab_sockets *s, const struct known *k,
			  bool gone)
{
	const struct diag_socket *socket = &k->last;
	const char *state = gone ? "none" : diag_state_text(socket->state);
	bool timed = !gone && socket->timer != DIAG_TIMER_NONE;
	const char *timer = diag_timer_text(timed ? socket->timer :
						    DIAG_TIMER_NONE);
	double expires = timed ? nsec_seconds(socket->expires) : 0;
	unsigned int retransmits = timed ? socket->retransmits : 0;
	char ends[2 * ADDRESS_TEXT + 32], line[DIAG_LINE], text[256];
	json_t *queue = NULL, *limit = NULL;

	if (!k->journalled)
		return;
	if (socket->state == DIAG_LISTEN) {
		queue = json_integer(socket->receive_queue);
		limit = json_integer(socket->send_queue);
		snprintf(text, sizeof(text),
			 gone ? R_("no socket  port %u, accept queue %u of %u") :
				R_("LISTEN  port %u, accept queue %u of %u"),
			 socket->local_port, socket->receive_queue,
			 socket->send_queue);
	} else {
		snprintf(text, sizeof(text), "%s  %s",
			 diag_line(gone ? "no socket" : state, timer, expires,
				   retransmits, line),
			 ends_text(socket, ends, sizeof(ends)));
	}
	run_journal(s->run, nsec_now(), "state",
		    "{s:s, s:i, s:i, s:i, s:s, s:s, s:f, s:i, s:s, s:o, "
		    "s:o*, s:o*}",
		    "host", k->host, "socket", k->number, "port",
		    socket->local_port, "peer_port", socket->remote_port,
		    "state", state, "timer", timer, "expires", expires,
		    "retransmits", (int)retransmits, "text", text,
		    "connection",
		    k->connection ? json_integer(k->connection) : json_null(),
		    "queue", queue, "limit", limit);
}

/* sk_acceptq_is_full(): a queue of its limit still takes one more. */
static bool overflows(const struct diag_socket *socket)
{
	return socket->state == DIAG_LISTEN &&
	       socket->receive_queue > socket->send_queue;
}

/* An accept queue that becomes full is worth a record; one that moves is not.
 */
static bool has_changed(const struct diag_socket *was,
			const struct diag_socket *is)
{
	return was->state != is->state || was->timer != is->timer ||
	       overflows(was) != overflows(is) ||
	       (is->timer != DIAG_TIMER_NONE &&
		was->retransmits != is->retransmits);
}

static void push_state(struct lab_sockets *s, const struct known *k)
{
	lab_events_push(s->events,
			&(struct lab_event){ .kind = LAB_EVENT_STATE,
					     .at = nsec_now(),
					     .host = k->host,
					     .state = k->last.state });
}

/* A probe knows the local port of its socket only when connect() has returned:
 * until then the socket has a number of its own. */
static void update_number(struct lab_sockets *s, struct known *k,
			  const struct diag_socket *socket)
{
	int number = k->number < FIRST_NUMBER ?
			     0 :
			     lab_probes_number(s->probes, s->host, socket);

	if (number)
		k->number = number;
}

/* Called for each socket of s->host. Timers and retransmissions are journalled
 * when they change, but only states are events. */
static int see(void *data, const struct diag_socket *socket)
{
	struct lab_sockets *s = data;
	struct known *k = find(s, socket);
	bool is_new = !k, changed;
	enum diag_state before;

	if (!k)
		k = add(s, socket);
	update_number(s, k, socket);
	before = k->last.state;
	changed = is_new || has_changed(&k->last, socket);
	k->last = *socket;
	k->look = s->look;
	update_connection(s, k);
	if (changed || s->journals_all)
		journal_state(s, k, false);
	if (is_new || before != socket->state)
		push_state(s, k);
	return 0;
}

/* Sockets that the look did not list. Those of a dead host, too: it is not
 * asked. */
static void remove_gone(struct lab_sockets *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i].look == s->look) {
			s->all[kept++] = s->all[i];
			continue;
		}
		journal_state(s, &s->all[i], true);
		s->journalled -= s->all[i].journalled;
		s->all[i].last.state = DIAG_CLOSE;
		push_state(s, &s->all[i]);
	}
	s->n = kept;
}

static void look(struct lab_sockets *s, bool journals_all)
{
	s->look++;
	s->journals_all = journals_all;
	for (size_t i = 0; i < s->plan->n_hosts; i++) {
		struct diag *diag;
		int r;

		s->host = s->plan->hosts[i].name;
		if (!host_is_running(run_host(s->run, s->host)))
			continue;
		diag = world_diag(s->run->world, s->host);
		/* Both families: a server on [::] has sockets of AF_INET6 with
		 * v4-mapped addresses for its IPv4 clients. */
		r = diag_each(diag, DIAG_ALL, see, s);
		if (r < 0)
			run_broken(s->run, r);
	}
	remove_gone(s);
}

void lab_sockets_look(struct lab_sockets *sockets)
{
	look(sockets, false);
}

void lab_sockets_journal_all(struct lab_sockets *sockets)
{
	look(sockets, true);
	if (sockets->n > JOURNALLED_MAX)
		run_note(sockets->run,
			 "%zu sockets; %d of them are in the journal",
			 sockets->n, JOURNALLED_MAX);
}

unsigned int lab_sockets_count(const struct lab_sockets *sockets,
			       const char *host, enum diag_state state)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sockets->n; i++) {
		const struct known *k = &sockets->all[i];

		n += strcmp(k->host, host) == 0 &&
		     (state ? k->last.state == state :
			      k->last.state != DIAG_LISTEN);
	}
	return n;
}

void lab_sockets_each(const struct lab_sockets *sockets, lab_socket_fn fn,
		      void *data)
{
	for (size_t i = 0; i < sockets->n; i++)
		fn(data, sockets->all[i].host, &sockets->all[i].last,
		   sockets->all[i].connection);
}

bool lab_sockets_have_peer(const struct lab_sockets *sockets, const char *host,
			   unsigned int connection)
{
	for (size_t i = 0; i < sockets->n; i++) {
		const struct known *k = &sockets->all[i];

		if (k->connection == connection &&
		    k->last.state != DIAG_TIME_WAIT &&
		    strcmp(k->host, host) != 0)
			return true;
	}
	return false;
}
