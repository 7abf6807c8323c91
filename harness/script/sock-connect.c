/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sock-parts.h"

#include <stdio.h>

#include "errors.h"

enum { FIRST_PORT = 7777 };

/* As the probe's program has it. */
static socklen_t put_address(const struct run *run,
			     const struct address *address, uint16_t port,
			     struct sockaddr_storage *ret)
{
	struct address mapped = address_mapped(address);

	return address_to_sockaddr(run->options->mapped ? &mapped : address,
				   port, ret);
}

struct sock *sock_listen_on(struct probe *probe, uint16_t port, int backlog)
{
	struct run *run = probe_run(probe);
	struct sock *sock = sock_new(probe);
	struct probe_request request = { .operation = PROBE_LISTEN,
					 .number = backlog };
	struct address address = run_address(run, probe_host(probe));
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(run, &address, port, &request.address);
	sock_ask_or_break(sock, &request, "listen");
	snprintf(text, sizeof(text), "listen(%d) on %s:%u", backlog,
		 address_text(&address, name), sock->local_port);
	sock_tell_call(sock, text);
	return sock;
}

struct sock *sock_listen(struct probe *probe, int backlog)
{
	struct run *run = probe_run(probe);

	if (!run->next_port)
		run->next_port = FIRST_PORT;
	return sock_listen_on(probe, run->next_port++, backlog);
}

void sock_set_backlog(struct sock *listener, int backlog)
{
	struct probe_request request = { .operation = PROBE_LISTEN_AGAIN,
					 .number = backlog };
	char text[32];

	snprintf(text, sizeof(text), "listen(%d) again", backlog);
	sock_tell_call(listener, text);
	sock_ask_or_break(listener, &request, "listen");
}

struct sock *sock_open(struct probe *probe)
{
	struct sock *sock = sock_new(probe);
	struct probe_request request = { .operation = PROBE_OPEN };
	struct address address = run_address(sock->run, sock->host);

	request.address_size =
		put_address(sock->run, &address, 0, &request.address);
	sock_ask_or_break(sock, &request, "socket");
	return sock;
}

struct finding sock_bind(struct sock *sock, uint16_t port)
{
	struct probe_request request = { .operation = PROBE_BIND };
	struct address address = run_address(sock->run, sock->host);
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(sock->run, &address, port, &request.address);
	snprintf(text, sizeof(text), "bind(%s:%u)",
		 address_text(&address, name), port);
	sock_tell_call(sock, text);
	sock_post_call(sock, &sock->out, "bind", &request);
	return sock_reap_call(sock, &sock->out, sock_patience);
}

static void dial(struct sock *sock, const struct address *address,
		 uint16_t port)
{
	struct probe_request request = { .operation = PROBE_CONNECT };
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(sock->run, address, port, &request.address);
	snprintf(text, sizeof(text), "connect(%s:%u)",
		 address_text(address, name), port);
	sock_tell_call(sock, text);
	sock_post_call(sock, &sock->out, "connect", &request);
	sock->remote = *address;
	sock->remote_port = port;
}

void sock_start_connect(struct sock *sock, const struct sock *listener)
{
	dial(sock, &listener->local, listener->local_port);
}

void sock_start_connect_to(struct sock *sock, const char *host, uint16_t port)
{
	struct address address = run_address(sock->run, host);

	dial(sock, &address, port);
}

struct sock *sock_post_connect(struct probe *probe, const struct sock *listener)
{
	struct sock *sock = sock_new(probe);

	sock_start_connect(sock, listener);
	return sock;
}

struct sock *sock_post_connect_to(struct probe *probe, const char *host,
				  uint16_t port)
{
	struct sock *sock = sock_new(probe);

	sock_start_connect_to(sock, host, port);
	return sock;
}

static void must_succeed(struct sock *sock, const struct finding *finding)
{
	if (finding->open)
		run_broken_because(sock_run(sock),
				   "the stage is not set: %s() in %s waits",
				   finding->call, sock_host(sock));
	if (finding->error)
		run_broken_because(sock_run(sock),
				   "the stage is not set: %s() in %s = -1 %s",
				   finding->call, sock_host(sock),
				   error_name(finding->error));
}

static struct sock *connected(struct sock *sock)
{
	struct finding finding = sock_reap(sock, sock_patience);

	must_succeed(sock, &finding);
	return sock;
}

struct sock *sock_connect(struct probe *probe, const struct sock *listener)
{
	return connected(sock_post_connect(probe, listener));
}

struct sock *sock_connect_to(struct probe *probe, const char *host,
			     uint16_t port)
{
	return connected(sock_post_connect_to(probe, host, port));
}

struct sock *sock_post_accept(struct sock *listener)
{
	struct sock *sock = sock_new(listener->probe);
	struct probe_request request = { .operation = PROBE_ACCEPT,
					 .other = sock->slot };

	sock_post_call(listener, &listener->in, "accept", &request);
	listener->in.made = sock;
	return sock;
}

struct sock *sock_accept(struct sock *listener)
{
	struct sock *sock = sock_post_accept(listener);
	struct finding finding =
		sock_reap_call(listener, &listener->in, sock_patience);

	must_succeed(listener, &finding);
	return sock;
}

struct pair sock_pair(struct run *run)
{
	struct pair pair = { .server_probe = probe_start(run, "server") };

	pair.client_probe = probe_start(run, "client");
	pair.listener = sock_listen(pair.server_probe, 16);
	pair.client = sock_connect(pair.client_probe, pair.listener);
	pair.server = sock_accept(pair.listener);
	return pair;
}

static void must_reach(struct sock *sock, enum diag_state state)
{
	if (!sock_wait_state(sock, state, sock_patience))
		run_broken_because(sock_run(sock),
				   "the stage is not set: %s does not reach %s",
				   sock_host(sock), diag_state_text(state));
}

void sock_close_both(struct sock *first, struct sock *second)
{
	sock_close(first);
	/* Else the two could close at once, and both be in TIME-WAIT. */
	must_reach(first, DIAG_FIN_WAIT2);
	sock_close(second);
	must_reach(first, DIAG_TIME_WAIT);
	must_reach(second, DIAG_CLOSE);
}
