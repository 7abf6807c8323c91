/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "lab-run.h"

/*
 * The hosts' kernels tell nobody when a socket changes its state: all of them
 * are asked again and again, and compared with what was seen before.
 */

enum {
	TOLD_MAX = 200, /* sockets of a run that are told of one by one */
	FIRST_NUMBER = 1000, /* of those that no probe holds */
};

struct known {
	const char *host;
	struct diag_socket last;
	int number;
	unsigned int look; /* at which it was seen last */
	bool told;
};

struct lab_sockets {
	struct known *all;
	size_t n, space;
	unsigned int look, told;
	int numbers;
	struct lab *lab;
	const char *host; /* that is being looked at */
	bool all_told; /* of this look, changed or not */
};

static struct lab_sockets *sockets(struct lab *lab)
{
	if (lab->sockets)
		return lab->sockets;
	lab->sockets = calloc(1, sizeof(*lab->sockets));
	if (!lab->sockets)
		run_broken(lab->run, error_origin(-ENOMEM, "sockets"));
	lab->sockets->lab = lab;
	return lab->sockets;
}

/* By its cookie, which no other socket of this kernel ever has. */
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
	int number = lab_probes_number(s->lab, s->host, socket);

	if (s->n == s->space) {
		size_t space = MAX(s->space * 2, (size_t)64);
		struct known *grown =
			reallocarray(s->all, space, sizeof(*grown));

		if (!grown)
			run_broken(s->lab->run,
				   error_origin(-ENOMEM, "sockets"));
		s->all = grown;
		s->space = space;
	}
	s->all[s->n] = (struct known){
		.host = s->host,
		.number = number ? number : FIRST_NUMBER + s->numbers++,
		.told = s->told < TOLD_MAX,
	};
	s->told += s->told < TOLD_MAX;
	return &s->all[s->n++];
}

/* "10.0.0.1:40312 > 10.0.0.2:80", or the port of a listener. */
static void ends_text(const struct diag_socket *socket, char *ret, size_t size)
{
	char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];

	if (socket->state == DIAG_LISTEN)
		snprintf(ret, size, "port %u, accept queue %u of %u",
			 socket->local_port, socket->receive_queue,
			 socket->send_queue);
	else
		snprintf(ret, size, "%s:%u > %s:%u",
			 address_text(&socket->local, local),
			 socket->local_port,
			 address_text(&socket->remote, remote),
			 socket->remote_port);
}

static void tell(struct lab_sockets *s, const struct known *k, bool gone)
{
	const struct diag_socket *socket = &k->last;
	const char *state = gone ? "none" : diag_state_text(socket->state);
	bool timed = !gone && socket->timer != DIAG_TIMER_NONE;
	char ends[2 * ADDRESS_TEXT + 32], text[256], timer[64] = "";

	if (!k->told)
		return;
	ends_text(socket, ends, sizeof(ends));
	if (timed)
		snprintf(timer, sizeof(timer), " timer:(%s,%.3f s,%u)",
			 diag_timer_text(socket->timer),
			 nsec_seconds(socket->expires), socket->retransmits);
	snprintf(text, sizeof(text), "%s%s  %s", gone ? "no socket" : state,
		 timer, ends);
	run_journal(s->lab->run, nsec_now(), "state",
		    "{s:s, s:i, s:i, s:i, s:s, s:s, s:f, s:i, s:s}", "host",
		    k->host, "socket", k->number, "port", socket->local_port,
		    "peer_port", socket->remote_port, "state", state, "timer",
		    timed ? diag_timer_text(socket->timer) : "none", "expires",
		    timed ? nsec_seconds(socket->expires) : 0.0, "retransmits",
		    timed ? (int)socket->retransmits : 0, "text", text);
}

/* A full accept queue is worth a line; a moving one is not. */
static bool overflows(const struct diag_socket *socket)
{
	return socket->state == DIAG_LISTEN &&
	       socket->receive_queue > socket->send_queue;
}

static bool has_changed(const struct diag_socket *was,
			const struct diag_socket *is)
{
	return was->state != is->state || was->timer != is->timer ||
	       overflows(was) != overflows(is) ||
	       (is->timer != DIAG_TIMER_NONE &&
		was->retransmits != is->retransmits);
}

static void tell_state(struct lab_sockets *s, const struct known *k)
{
	lab_tell(s->lab, &(struct lab_news){ .kind = LAB_NEWS_STATE,
					     .at = nsec_now(),
					     .host = k->host,
					     .state = k->last.state });
}

/* A connect() that waits has no port of its own yet. */
static void learn_number(struct lab_sockets *s, struct known *k,
			 const struct diag_socket *socket)
{
	int number = k->number < FIRST_NUMBER ?
			     0 :
			     lab_probes_number(s->lab, s->host, socket);

	if (number)
		k->number = number;
}

static int see(void *data, const struct diag_socket *socket)
{
	struct lab_sockets *s = data;
	struct known *k = find(s, socket);
	bool is_new = !k, changed;
	enum diag_state before;

	if (!k)
		k = add(s, socket);
	learn_number(s, k, socket);
	before = k->last.state;
	changed = is_new || has_changed(&k->last, socket);
	k->last = *socket;
	k->look = s->look;
	if (changed || s->all_told)
		tell(s, k, false);
	if (is_new || before != socket->state)
		tell_state(s, k);
	return 0;
}

static void see_those_gone(struct lab_sockets *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i].look == s->look) {
			s->all[kept++] = s->all[i];
			continue;
		}
		tell(s, &s->all[i], true);
		s->told -= s->all[i].told;
		s->all[i].last.state = DIAG_CLOSE;
		tell_state(s, &s->all[i]);
	}
	s->n = kept;
}

/* Over IPv6 a server that speaks both is [::], and has IPv4's clients, too. */
static void look(struct lab *lab, bool all_told)
{
	struct lab_sockets *s = sockets(lab);

	s->look++;
	s->all_told = all_told;
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		struct diag *diag;
		int r;

		s->host = lab->plan->hosts[i].name;
		if (!host_is_running(run_host(lab->run, s->host)))
			continue;
		diag = world_diag(lab->run->world, s->host);
		r = diag_each(diag, AF_INET, see, s);
		if (r >= 0)
			r = diag_each(diag, AF_INET6, see, s);
		if (r < 0)
			run_broken(lab->run, r);
	}
	see_those_gone(s);
}

void lab_sockets_look(struct lab *lab)
{
	look(lab, false);
}

void lab_sockets_tell(struct lab *lab)
{
	look(lab, true);
	if (lab->sockets->n > TOLD_MAX)
		run_note(lab->run, "%zu sockets, of which %d are told of",
			 lab->sockets->n, TOLD_MAX);
}

unsigned int lab_sockets_count(const struct lab *lab, const char *host,
			       enum diag_state state)
{
	const struct lab_sockets *s = lab->sockets;
	unsigned int n = 0;

	for (size_t i = 0; s && i < s->n; i++)
		n += strcmp(s->all[i].host, host) == 0 &&
		     (state ? s->all[i].last.state == state :
			      s->all[i].last.state != DIAG_LISTEN);
	return n;
}

void lab_sockets_each(struct lab *lab, lab_socket_fn fn)
{
	const struct lab_sockets *s = lab->sockets;

	for (size_t i = 0; s && i < s->n; i++)
		fn(lab, s->all[i].host, &s->all[i].last);
}

static bool is_translated(const struct lab *lab)
{
	const struct lab_host *between = lab_plan_gateway(lab->plan);

	return between && between->role == LAB_NAT;
}

static bool is_there(const struct diag_socket *socket,
		     const struct address *address, uint16_t port)
{
	return socket->local_port == port &&
	       address_equal(&socket->local, address);
}

/* A gateway that translates leaves one end's address as it is, and mostly the
 * port of the other: who fits that far is peer enough. */
static bool is_peer(const struct diag_socket *one,
		    const struct diag_socket *other, bool translated)
{
	bool here = is_there(other, &one->remote, one->remote_port);
	bool there = is_there(one, &other->remote, other->remote_port);

	if (other->state == DIAG_LISTEN ||
	    other->state == DIAG_TIME_WAIT)
		return false;
	if (!translated)
		return here && there;
	return here || (there && other->local_port == one->remote_port);
}

bool lab_sockets_has_peer(const struct lab *lab,
			  const struct diag_socket *socket)
{
	const struct lab_sockets *s = lab->sockets;
	bool translated = is_translated(lab);

	for (size_t i = 0; s && i < s->n; i++)
		if (&s->all[i].last != socket &&
		    is_peer(socket, &s->all[i].last, translated))
			return true;
	return false;
}
