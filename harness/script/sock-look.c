/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sock-parts.h"

#include <stdio.h>

#include "errors.h"

/* --- sockets that no probe holds ------------------------------------------ */

struct sock *sock_peer(struct sock *sock, const char *host)
{
	struct sock *far = sock_new_in(sock->run, host);

	run_host(sock->run, host); /* it is one */
	far->local = sock->remote;
	far->local_port = sock->remote_port;
	far->remote = sock->local;
	far->remote_port = sock->local_port;
	return far;
}

struct search {
	struct sock *sock;
	uint16_t remote_port;
	unsigned int found;
};

static int see_connection(void *data, const struct diag_socket *seen)
{
	struct search *search = data;
	struct sock *sock = search->sock;

	if (seen->state != DIAG_ESTABLISHED ||
	    seen->remote_port != search->remote_port)
		return 0;
	search->found++;
	sock->local = seen->local;
	sock->local_port = seen->local_port;
	sock->remote = seen->remote;
	sock->remote_port = seen->remote_port;
	return 0;
}

struct sock *sock_find(struct run *run, const char *host, uint16_t remote_port)
{
	struct search search = { .sock = sock_new_in(run, host),
				 .remote_port = remote_port };
	int r = diag_each(world_diag(run->world, host), run->options->family,
			  see_connection, &search);

	if (r < 0)
		run_broken(run, r);
	if (search.found != 1)
		run_broken_because(run,
				   "%u connections of %s to port %u, not one",
				   search.found, host, remote_port);
	return search.sock;
}

/* --- states --------------------------------------------------------------- */

static void tell_look(struct sock *sock, bool found,
		      const struct diag_socket *seen)
{
	const char *state = found ? diag_state_text(seen->state) : "none";
	char text[128];

	snprintf(text, sizeof(text), "%s", found ? state : "no socket");
	if (found && seen->timer != DIAG_TIMER_NONE)
		snprintf(text, sizeof(text), "%s timer:(%s,%.3f s,%u)", state,
			 diag_timer_text(seen->timer),
			 nsec_seconds(seen->expires), seen->retransmits);
	run_journal(sock_run(sock), nsec_now(), "state",
		    "{s:s, s:i, s:i, s:i, s:s, s:s, s:f, s:i, s:s}", "host",
		    sock_host(sock), "socket", sock->number, "port",
		    sock->local_port, "peer_port", sock->remote_port, "state",
		    state,
		    "timer", found ? diag_timer_text(seen->timer) : "none",
		    "expires", found ? nsec_seconds(seen->expires) : 0.0,
		    "retransmits", found ? (int)seen->retransmits : 0, "text",
		    text);
}

/* Of a connect() that has not returned: the kernel has chosen the port. */
static void learn_port(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_NAMES };
	struct probe_answer answer;
	struct address remote = sock->remote;
	uint16_t remote_port = sock->remote_port;

	sock_ask(sock, &request, &answer);
	sock_learn_addresses(sock, &answer.reply);
	/* One that is not connected has no peer's name. */
	sock->remote = remote;
	sock->remote_port = remote_port;
}

static bool look(struct sock *sock, struct diag_socket *ret)
{
	struct run *run = sock_run(sock);
	struct diag *diag = world_diag(run->world, sock_host(sock));
	int r;

	if (!sock->local_port && sock->out.name && sock->probe)
		learn_port(sock);
	r = diag_find(diag, ret, &sock->local, sock->local_port, &sock->remote,
		      sock->remote_port);

	if (r < 0)
		run_broken(run, r);
	return r;
}

bool sock_look(struct sock *sock, struct diag_socket *ret)
{
	struct diag_socket seen = { .state = DIAG_CLOSE };
	bool found;

	/* What has come by now belongs before the look. */
	run_wait(sock_run(sock), NULL, NULL, nsec_now());
	found = look(sock, &seen);
	tell_look(sock, found, &seen);
	*ret = seen;
	return found;
}

static void tell_queue(struct sock *listener, struct queue queue)
{
	char text[64];

	snprintf(text, sizeof(text), "LISTEN, accept queue %u, limit %u",
		 queue.length, queue.limit);
	run_journal(sock_run(listener), nsec_now(), "state",
		    "{s:s, s:i, s:s, s:s, s:I, s:I, s:s}", "host",
		    sock_host(listener), "socket", listener->number, "state",
		    "LISTEN", "timer", "none", "queue",
		    (json_int_t)queue.length, "limit", (json_int_t)queue.limit,
		    "text", text);
}

static struct queue look_at_queue(struct sock *listener)
{
	struct diag_socket seen;

	if (!look(listener, &seen))
		run_broken_because(sock_run(listener),
				   "there is no listener in %s any more",
				   sock_host(listener));
	return (struct queue){ seen.receive_queue, seen.send_queue };
}

struct queue sock_queue(struct sock *listener)
{
	struct queue queue;

	run_wait(sock_run(listener), NULL, NULL, nsec_now());
	queue = look_at_queue(listener);
	tell_queue(listener, queue);
	return queue;
}

struct queue sock_wait_queue(struct sock *listener, unsigned int length,
			     nsec_t patience)
{
	struct run *run = sock_run(listener);
	nsec_t start = nsec_now(), now = start;
	struct queue queue;

	/* No event tells of this either: as in sock_wait_state(). */
	for (;;) {
		run_wait(run, NULL, NULL, now);
		queue = look_at_queue(listener);
		if (queue.length == length || now - start >= patience)
			break;
		run_wait(run, NULL, NULL,
			 now + MAX((now - start) / 50, MSEC(1)));
		now = nsec_now();
	}
	tell_queue(listener, queue);
	return queue;
}

enum diag_state sock_state(struct sock *sock)
{
	struct diag_socket seen;

	return sock_look(sock, &seen) ? seen.state : DIAG_CLOSE;
}

bool sock_wait_state(struct sock *sock, enum diag_state state, nsec_t patience)
{
	nsec_t start = nsec_now(), deadline = nsec_add(start, patience);
	struct diag_socket seen = { .state = DIAG_CLOSE };
	nsec_t now = start;
	bool found, hit;

	/* No event tells of a change of state: ask again after 1/50 of the
	 * time already waited, so that waiting for hours costs little. */
	for (;;) {
		found = look(sock, &seen);
		hit = (found ? seen.state : DIAG_CLOSE) == state;
		if (hit || now >= deadline)
			break;
		run_wait(sock_run(sock), NULL, NULL,
			 MIN(deadline, now + MAX((now - start) / 50, MSEC(1))));
		now = nsec_now();
	}
	tell_look(sock, found, &seen);
	return hit;
}
