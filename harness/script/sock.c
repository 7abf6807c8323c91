/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket exists in a probe, under a slot number that the script's side
 * chooses (probe-protocol.h). Every call is a request to the probe. Calls that
 * return at once are asked; calls that may block are posted, one for each
 * direction, and reaped. The answer is journalled when it arrives, so that the
 * "result" record has its place in the timeline whenever the script reaps the
 * call.
 *
 * What the kernel reports about a socket is read with sock_diag from outside
 * the probe, by the four-tuple. The tuple is known from the answers of the
 * probe; for a connect() that has not returned it is asked for.
 */
#include "sock-control.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "message.h"

enum { FIRST_PORT = 7777 };

/* A posted call. */
struct call {
	struct sock *sock;
	const char *name; /* NULL: none */
	nsec_t posted;
	struct sock *made; /* accept(): the socket whose addresses arrive */
	struct probe_answer answer;
	bool stream; /* the answer has a struct probe_wrong */
};

struct sock {
	struct run *run;
	const char *host;
	struct probe *probe; /* NULL: held by no probe of the script */
	int number; /* in the run, for the journal */
	int slot;
	struct address local, remote;
	uint16_t local_port, remote_port;
	struct call in, out;
	struct call shutdown; /* in a frozen host it returns late */
	unsigned int connection; /* as the wire numbers it; 0: not known */
	bool time_wait; /* sock_diag has reported it in TIME-WAIT */
	unsigned int older; /* last connection before this socket's connect() */
};

/* For calls and states without which there is no experiment; far beyond any
 * scheduling delay. */
static const nsec_t needed_timeout = SEC(20);

struct probe *sock_probe(const struct sock *sock)
{
	return sock->probe;
}

struct run *sock_run(const struct sock *sock)
{
	return sock->run;
}

const char *sock_host(const struct sock *sock)
{
	return sock->host;
}

uint16_t sock_local_port(const struct sock *sock)
{
	return sock->local_port;
}

int sock_number(const struct sock *sock)
{
	return sock->number;
}

bool sock_is(const struct sock *sock, const struct diag_socket *seen)
{
	/* A listener has no remote end. */
	return sock->local_port == seen->local_port &&
	       sock->remote_port == seen->remote_port &&
	       (!sock->remote_port ||
		address_equal(&sock->remote, &seen->remote));
}

static struct sock *new_in_host(struct run *run, const char *host)
{
	struct sock *sock = calloc(1, sizeof(*sock));

	if (!sock)
		run_broken(run, error_origin(-ENOMEM, "socket"));
	sock->run = run;
	sock->host = host;
	sock->number = (int)++run->sockets;
	return sock;
}

static struct sock *new_in_probe(struct probe *probe)
{
	struct sock *sock = new_in_host(probe_run(probe), probe_host(probe));

	sock->probe = probe;
	sock->slot = probe_next_slot(probe);
	return sock;
}

static void need_probe(const struct sock *sock, const char *call)
{
	if (!sock->probe)
		run_broken_because(sock->run,
				   "%s() on a socket in %s that no probe holds",
				   call, sock->host);
}

/* Answers have the socket's addresses as the probe sees them: v4-mapped where
 * its sockets are IPv6 sockets. */
static void take_addresses(struct sock *sock, const struct probe_reply *reply)
{
	struct address seen;

	if (reply->local.ss_family) {
		seen = address_from_sockaddr(&reply->local, &sock->local_port);
		sock->local = address_unmapped(&seen);
	}
	if (reply->remote.ss_family) {
		seen = address_from_sockaddr(&reply->remote,
					     &sock->remote_port);
		sock->remote = address_unmapped(&seen);
	}
}

/* The newest connection that the wire has recorded. Connections are numbered in
 * the order of their first segments: that of a later connect() has a higher
 * number. */
static unsigned int newest_connection(struct run *run)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(run->world), &all);
	unsigned int newest = 0;

	for (size_t i = 0; i < n; i++)
		newest = MAX(newest, all[i].connection);
	return newest;
}

/*
 * Member "connection" of a record: the wire's number of the socket's
 * connection, or null. The number is kept once it is known, since the
 * four-tuple may be used again by a later connection. Until the wire has seen
 * the SYN of this socket, the four-tuple may belong to an earlier one.
 */
static json_t *connection_json(struct sock *sock)
{
	unsigned int newest;

	if (!sock->connection && sock->local_port && sock->remote_port) {
		newest = wire_connection(world_wire(sock->run->world),
					 &sock->local, sock->local_port,
					 &sock->remote, sock->remote_port);
		if (newest > sock->older)
			sock->connection = newest;
	}
	return sock->connection ? json_integer(sock->connection) : json_null();
}

/* An address in the form in which the probe's socket takes it. */
static socklen_t put_address(const struct run *run,
			     const struct address *address, uint16_t port,
			     struct sockaddr_storage *ret)
{
	struct address mapped = address_mapped(address);

	return address_to_sockaddr(run->options->mapped ? &mapped : address,
				   port, ret);
}

/* --- journal -----------------------------------------------------------*/

void sock_journal_call(struct sock *sock, const char *call, bool posted,
		       const char *text)
{
	run_journal(sock->run, nsec_now(), "call", "{s:s, s:i, s:s?, s:b, s:s}",
		    "host", sock->host, "socket", sock->number, "call", call,
		    "posted", (int)posted, "text", text);
}

const char *finding_outcome(const struct finding *finding)
{
	if (finding->open)
		return "OPEN";
	if (finding->error)
		return error_name(finding->error);
	if (strcmp(finding->call, "recv") != 0)
		return "0";
	return finding->value ? "DATA" : "EOF";
}

/* `sock` is the one whose connection the call is about. */
static void journal_finding(const struct finding *f, struct sock *sock)
{
	char text[128];

	if (f->error)
		snprintf(text, sizeof(text), "%s() = -1 %s", f->call,
			 error_name(f->error));
	else if (f->wrong)
		snprintf(text, sizeof(text),
			 "%s() = %lld, %" PRIu64
			 " wrong bytes, the first at offset %" PRIu64,
			 f->call, (long long)f->value, f->wrong,
			 f->first_wrong);
	else
		snprintf(text, sizeof(text), "%s() = %lld", f->call,
			 (long long)f->value);
	run_journal(f->sock->run, f->returned, "result",
		    "{s:s, s:i, s:s, s:I, s:s?, s:o*, s:o*, s:s, s:o}", "host",
		    f->sock->host, "socket", f->sock->number, "call", f->call,
		    "value", (json_int_t)f->value, "errno",
		    f->error ? error_name(f->error) : NULL, "wrong",
		    f->wrong ? json_integer((json_int_t)f->wrong) : NULL,
		    "first_wrong",
		    f->wrong ? json_integer((json_int_t)f->first_wrong) : NULL,
		    "text", text, "connection", connection_json(sock));
}

/* --- posting, reaping and asking -----------------------------------------*/

static struct finding finding_of(const struct call *call)
{
	const struct probe_reply *reply = &call->answer.reply;
	struct finding finding = { .sock = call->sock,
				   .call = call->name,
				   .value = reply->value,
				   .error = reply->error,
				   .posted = call->posted,
				   .returned = reply->returned,
				   .size = reply->size };

	if (call->stream) {
		struct probe_wrong wrong;

		memcpy(&wrong, reply->data, sizeof(wrong));
		finding.wrong = wrong.bytes;
		finding.first_wrong = wrong.first;
		finding.size = 0;
		return finding;
	}
	memcpy(finding.data, reply->data, reply->size);
	return finding;
}

/* The reply has arrived, perhaps while the script waits for another event. */
static void on_arrival(void *data)
{
	const struct call *call = data;
	struct sock *sock = call->made ? call->made : call->sock;
	struct finding finding;

	/* sock_close() has cancelled the call; its reply was already on its
	 * way. */
	if (!call->name)
		return;
	finding = finding_of(call);
	take_addresses(sock, &call->answer.reply);
	journal_finding(&finding, sock);
}

/* Sends the request of a call that may block. */
static void post(struct sock *sock, struct call *call, const char *name,
		 struct probe_request *request)
{
	need_probe(sock, name);
	/* A call that did not return in time is a failed expectation. */
	if (call->name && sock->run->failed)
		sock->run->finish(sock->run);
	if (call->name)
		run_broken_because(sock->run,
				   "%s() posted while %s() has not been reaped",
				   name, call->name);
	request->slot = sock->slot;
	call->sock = sock;
	call->name = name;
	call->stream = false;
	call->posted = nsec_now();
	call->made = NULL;
	probe_post_notify(sock->probe, request, &call->answer, on_arrival,
			  call);
}

static bool is_done(void *data)
{
	const struct call *call = data;

	return call->answer.done;
}

/* Waits for the reply. After a timeout the call stays posted: its result is
 * journalled when it arrives, and can be reaped then. */
static struct finding reap(struct sock *sock, struct call *call, nsec_t timeout)
{
	struct finding finding;

	/* A failed expectation may have taken the result of the call. */
	if (!call->name && sock->run->failed)
		sock->run->finish(sock->run);
	if (!call->name)
		run_broken_because(sock->run, "no call is posted in %s",
				   sock->host);
	if (!run_wait(sock->run, is_done, call, nsec_add(nsec_now(), timeout)))
		return (struct finding){ .sock = sock,
					 .call = call->name,
					 .open = true,
					 .posted = call->posted,
					 .returned = nsec_now() };
	finding = finding_of(call);
	call->name = NULL;
	return finding;
}

static struct call *call_of(struct sock *sock, enum sock_way way)
{
	return way == SOCK_IN ? &sock->in : &sock->out;
}

bool sock_is_posted(const struct sock *sock, enum sock_way way)
{
	return (way == SOCK_IN ? &sock->in : &sock->out)->name;
}

bool sock_has_returned(const struct sock *sock, enum sock_way way)
{
	return sock_is_posted(sock, way) &&
	       (way == SOCK_IN ? &sock->in : &sock->out)->answer.done;
}

struct finding sock_reap_way(struct sock *sock, enum sock_way way,
			     nsec_t timeout)
{
	return reap(sock, call_of(sock, way), timeout);
}

struct finding sock_reap(struct sock *sock, nsec_t timeout)
{
	return reap(sock, sock->in.name ? &sock->in : &sock->out, timeout);
}

/* A call that returns at once: request and reply. */
static void ask(struct sock *sock, struct probe_request *request,
		struct probe_answer *answer)
{
	need_probe(sock, "a call");
	request->slot = sock->slot;
	probe_ask(sock->probe, request, answer);
}

/* Errors of a machine without the memory, the rights or the options that a call
 * needs. Any other error of a call that must succeed is the kernel's TCP. */
static bool is_of_machine(int error)
{
	static const int errors[] = { ENOMEM,	   ENOBUFS, EMFILE,
				      ENFILE,	   EPERM,   EACCES,
				      ENOPROTOOPT, ENOSYS,  EOPNOTSUPP,
				      EAFNOSUPPORT };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i] == error)
			return true;
	return false;
}

static void need_no_error(struct sock *sock, const char *call, int error)
{
	char what[96];

	if (!error)
		return;
	if (is_of_machine(error))
		run_broken(sock->run,
			   error_origin(-error, "%s in %s", call, sock->host));
	snprintf(what, sizeof(what), "%s() of %s", call, sock->host);
	run_needed(sock->run, what, "0", "-1 %s", error_name(error));
}

/* A call that never blocks and without which there is no experiment. */
static void ask_or_end(struct sock *sock, struct probe_request *request,
		       const char *what)
{
	struct probe_answer answer;

	ask(sock, request, &answer);
	need_no_error(sock, what,
		      answer.reply.value < 0 ? answer.reply.error : 0);
	take_addresses(sock, &answer.reply);
}

/* A call without which there is no experiment. */
static void need_success(struct sock *sock, const struct finding *finding)
{
	char what[96];

	snprintf(what, sizeof(what), "%s() of %s", finding->call, sock->host);
	if (finding->open)
		run_needed(sock->run, what, "0", "blocks");
	need_no_error(sock, finding->call, finding->error);
}

/* --- connections ----------------------------------------------------------*/

static struct sock *listen_at(struct probe *probe, struct address address,
			      uint16_t port, int backlog)
{
	struct run *run = probe_run(probe);
	struct sock *sock = new_in_probe(probe);
	struct probe_request request = { .operation = PROBE_LISTEN,
					 .number = backlog };
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(run, &address, port, &request.address);
	ask_or_end(sock, &request, "listen");
	snprintf(text, sizeof(text), "listen(%d) on %s:%u", backlog,
		 address_text(&address, name), sock->local_port);
	sock_journal_call(sock, "listen", false, text);
	return sock;
}

struct sock *sock_listen_on(struct probe *probe, uint16_t port, int backlog)
{
	return listen_at(probe,
			 run_address(probe_run(probe), probe_host(probe)), port,
			 backlog);
}

struct sock *sock_listen_any(struct probe *probe, uint16_t port, int backlog)
{
	struct address any = { .family = probe_run(probe)->options->family };

	return listen_at(probe, any, port, backlog);
}

/* Each listener of a run has a port of its own. */
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

	snprintf(text, sizeof(text), R_("listen(%d) again"), backlog);
	sock_journal_call(listener, "listen", false, text);
	ask_or_end(listener, &request, "listen");
}

struct sock *sock_open(struct probe *probe)
{
	struct sock *sock = new_in_probe(probe);
	struct probe_request request = { .operation = PROBE_OPEN };
	struct address address = run_address(sock->run, sock->host);

	/* Its family is that of the socket. */
	request.address_size =
		put_address(sock->run, &address, 0, &request.address);
	ask_or_end(sock, &request, "socket");
	return sock;
}

static void post_bind(struct sock *sock, uint16_t port)
{
	struct probe_request request = { .operation = PROBE_BIND };
	struct address address = run_address(sock->run, sock->host);
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(sock->run, &address, port, &request.address);
	snprintf(text, sizeof(text), "bind(%s:%u)",
		 address_text(&address, name), port);
	sock_journal_call(sock, "bind", false, text);
	post(sock, &sock->out, "bind", &request);
}

struct finding sock_bind(struct sock *sock, uint16_t port)
{
	post_bind(sock, port);
	return reap(sock, &sock->out, needed_timeout);
}

/* The remote end is known at once, the local port when the call has returned or
 * from ask_port(). */
static void start_connect(struct sock *sock, const struct address *address,
			  uint16_t port)
{
	struct probe_request request = { .operation = PROBE_CONNECT };
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		put_address(sock->run, address, port, &request.address);
	snprintf(text, sizeof(text), "connect(%s:%u)",
		 address_text(address, name), port);
	sock_journal_call(sock, "connect", false, text);
	/* Before the request is sent, so that the SYN cannot be counted. */
	sock->older = newest_connection(sock->run);
	post(sock, &sock->out, "connect", &request);
	sock->remote = *address;
	sock->remote_port = port;
}

void sock_start_connect(struct sock *sock, const struct sock *listener)
{
	start_connect(sock, &listener->local, listener->local_port);
}

struct sock *sock_post_connect(struct probe *probe, const struct sock *listener)
{
	struct sock *sock = new_in_probe(probe);

	sock_start_connect(sock, listener);
	return sock;
}

struct sock *sock_post_connect_to(struct probe *probe, const char *host,
				  uint16_t port)
{
	struct sock *sock = new_in_probe(probe);
	struct address address = run_address(sock->run, host);

	start_connect(sock, &address, port);
	return sock;
}

struct sock *sock_post_connect_bound(struct probe *probe, const char *host,
				     uint16_t port, bool late)
{
	struct sock *sock = sock_open(probe);
	struct address address = run_address(sock->run, host);

	if (late) {
		sock_journal_call(sock, "setsockopt", false,
				  "setsockopt(IP_BIND_ADDRESS_NO_PORT, 1)");
		sock_set(sock, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	}
	post_bind(sock, 0);
	if (run_wait(sock->run, is_done, &sock->out,
		     nsec_add(nsec_now(), needed_timeout)) &&
	    !sock->out.answer.reply.error) {
		sock->out.name = NULL;
		start_connect(sock, &address, port);
	}
	return sock;
}

struct finding sock_try_connect(struct probe *probe,
				const struct sock *listener, nsec_t timeout)
{
	return sock_reap(sock_post_connect(probe, listener), timeout);
}

static struct sock *need_connection(struct sock *sock)
{
	struct finding finding = sock_reap(sock, needed_timeout);

	need_success(sock, &finding);
	return sock;
}

struct sock *sock_connect(struct probe *probe, const struct sock *listener)
{
	return need_connection(sock_post_connect(probe, listener));
}

struct sock *sock_connect_to(struct probe *probe, const char *host,
			     uint16_t port)
{
	return need_connection(sock_post_connect_to(probe, host, port));
}

struct sock *sock_post_accept(struct sock *listener)
{
	struct sock *sock = new_in_probe(listener->probe);
	struct probe_request request = { .operation = PROBE_ACCEPT,
					 .other = sock->slot };

	post(listener, &listener->in, "accept", &request);
	listener->in.made = sock;
	return sock;
}

struct sock *sock_accept(struct sock *listener)
{
	struct sock *sock = sock_post_accept(listener);
	struct finding finding = reap(listener, &listener->in, needed_timeout);

	need_success(listener, &finding);
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

/* --- calls ----------------------------------------------------------------*/

void sock_post_send(struct sock *sock, size_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)bytes };

	post(sock, &sock->out, "send", &request);
}

struct finding sock_send(struct sock *sock, size_t bytes)
{
	sock_post_send(sock, bytes);
	return reap(sock, &sock->out, needed_timeout);
}

struct finding sock_send_text(struct sock *sock, const char *text)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)strlen(text),
					 .size = strlen(text) };

	if (request.size > sizeof(request.data))
		run_broken_because(sock->run,
				   "send: %zu bytes of text, at most %zu",
				   request.size, sizeof(request.data));
	memcpy(request.data, text, request.size);
	post(sock, &sock->out, "send", &request);
	return reap(sock, &sock->out, needed_timeout);
}

void sock_post_recv(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_RECEIVE,
					 .number = 1 << 16 };

	post(sock, &sock->in, "recv", &request);
	sock_journal_call(sock, "recv", true, R_("recv() blocks"));
}

struct finding sock_recv(struct sock *sock, nsec_t timeout)
{
	sock_post_recv(sock);
	return reap(sock, &sock->in, timeout);
}

void sock_deliver(struct sock *from, struct sock *to, size_t bytes)
{
	size_t received = 0;

	sock_send(from, bytes);
	while (received < bytes) {
		struct finding got;

		if (!sock_is_posted(to, SOCK_IN))
			sock_post_recv(to);
		got = reap(to, &to->in, needed_timeout);
		need_success(to, &got);
		if (got.value == 0)
			run_needed(to->run, "data that was sent", "received",
				   "EOF in %s", to->host);
		received += (size_t)got.value;
	}
}

void sock_post_send_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	post(sock, &sock->out, "send", &request);
	snprintf(text, sizeof(text), R_("send() %llu bytes of the stream"),
		 (unsigned long long)bytes);
	sock_journal_call(sock, "send", true, text);
}

void sock_post_recv_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_RECEIVE_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	post(sock, &sock->in, "recv", &request);
	sock->in.stream = true;
	snprintf(text, sizeof(text),
		 R_("recv() blocks for %llu bytes of the stream"),
		 (unsigned long long)bytes);
	sock_journal_call(sock, "recv", true, text);
}

struct finding sock_stream(struct sock *from, struct sock *to, uint64_t bytes,
			   nsec_t timeout)
{
	struct finding finding;

	sock_post_recv_stream(to, bytes);
	sock_post_send_stream(from, bytes);
	finding = reap(to, &to->in, timeout);
	/* When all has been read, send() has returned; a stream that is stuck
	 * is reported by the receiver's finding. */
	if (!finding.open)
		reap(from, &from->out, needed_timeout);
	return finding;
}

void sock_post_heartbeat(struct sock *sock, nsec_t interval)
{
	struct probe_request request = { .operation = PROBE_HEARTBEAT,
					 .number = interval };

	post(sock, &sock->in, "heartbeat", &request);
	sock_journal_call(sock, NULL, true, R_("heartbeat starts"));
}

bool sock_is_held(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_NAMES };
	struct probe_answer answer;

	ask(sock, &request, &answer);
	return answer.reply.value >= 0;
}

void sock_set_paused(struct sock *sock, bool paused)
{
	struct probe_request request = { .operation = PROBE_PAUSE,
					 .number = paused };

	sock_journal_call(sock, NULL, false,
			  paused ? R_("stops reading") : R_("reads again"));
	ask_or_end(sock, &request, "stop reading");
}

void sock_echo(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_ECHO };

	ask_or_end(sock, &request, "echo");
	sock_journal_call(sock, NULL, true, R_("echoes from now on"));
}

void sock_serve_http(struct sock *listener, nsec_t keepalive_timeout)
{
	struct probe_request request = { .operation = PROBE_SERVE_HTTP,
					 .number = keepalive_timeout };

	ask_or_end(listener, &request, "serve HTTP");
	sock_journal_call(listener, NULL, true, R_("serves HTTP from now on"));
}

/* A call of its own: the script may shut down a socket while recv() is posted
 * on it, and shutdown() in a frozen host returns after the thaw. */
struct finding sock_shutdown(struct sock *sock, int how)
{
	struct probe_request request = { .operation = PROBE_SHUTDOWN,
					 .number = how };

	post(sock, &sock->shutdown, "shutdown", &request);
	return reap(sock, &sock->shutdown, needed_timeout);
}

void sock_close(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_CLOSE };

	sock_journal_call(sock, "close", false, "close()");
	ask_or_end(sock, &request, "close");
	/* The probe sends no reply to calls that were posted. */
	sock->in.name = sock->out.name = NULL;
}

void sock_linger(struct sock *sock, int seconds)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = seconds };
	struct probe_request request = { .operation = PROBE_SET,
					 .level = SOL_SOCKET,
					 .option = SO_LINGER,
					 .size = sizeof(linger) };

	memcpy(request.data, &linger, sizeof(linger));
	ask_or_end(sock, &request, "setsockopt");
}

/* __tcp_close() of a socket that lingers for 0 s sends a RST and deletes all
 * data: tcp_disconnect(). */
void sock_abort(struct sock *sock)
{
	sock_linger(sock, 0);
	sock_close(sock);
}

static void need_state(struct sock *sock, enum diag_state state)
{
	char what[96];

	if (sock_wait_state(sock, state, needed_timeout))
		return;
	snprintf(what, sizeof(what), "state of %s's end", sock->host);
	run_needed(sock->run, what, diag_state_text(state), "%s",
		   diag_state_text(sock_state(sock)));
}

struct range sock_close_both(struct sock *first, struct sock *second)
{
	struct range entered;

	sock_close(first);
	/* Without this both could close at the same time, and both be in
	 * TIME-WAIT. */
	need_state(first, DIAG_FIN_WAIT2);
	entered.min = nsec_now();
	sock_close(second);
	need_state(first, DIAG_TIME_WAIT);
	entered.max = nsec_now();
	need_state(second, DIAG_CLOSE);
	return entered;
}

static struct probe_request set_request(int level, int option, int value)
{
	struct probe_request request = { .operation = PROBE_SET,
					 .level = level,
					 .option = option,
					 .size = sizeof(value) };

	memcpy(request.data, &value, sizeof(value));
	return request;
}

void sock_set(struct sock *sock, int level, int option, int value)
{
	struct probe_request request = set_request(level, option, value);

	ask_or_end(sock, &request, "setsockopt");
}

int sock_try_set(struct sock *sock, int level, int option, int value)
{
	struct probe_request request = set_request(level, option, value);
	struct probe_answer answer;

	ask(sock, &request, &answer);
	return answer.reply.value < 0 ? answer.reply.error : 0;
}

void sock_keepalive(struct sock *sock, bool on)
{
	sock_journal_call(sock, "setsockopt", false,
			  on ? "setsockopt(SO_KEEPALIVE, 1)" :
			       "setsockopt(SO_KEEPALIVE, 0)");
	sock_set(sock, SOL_SOCKET, SO_KEEPALIVE, on);
}

int sock_get(struct sock *sock, int level, int option)
{
	struct probe_request request = { .operation = PROBE_GET,
					 .level = level,
					 .option = option };
	struct probe_answer answer;
	int value = 0;

	ask(sock, &request, &answer);
	if (answer.reply.value < 0)
		run_broken(sock->run,
			   error_origin(-answer.reply.error, "getsockopt in %s",
					sock->host));
	memcpy(&value, answer.reply.data, sizeof(value));
	return value;
}

int sock_error(struct sock *sock)
{
	return sock_get(sock, SOL_SOCKET, SO_ERROR);
}

/* --- the kernel's view ----------------------------------------------------*/

struct sock *sock_peer(struct sock *sock, const char *host)
{
	struct sock *peer = new_in_host(sock->run, host);

	run_host(sock->run, host); /* BROKEN without such a host */
	peer->local = sock->remote;
	peer->local_port = sock->remote_port;
	peer->remote = sock->local;
	peer->remote_port = sock->local_port;
	peer->connection = sock->connection;
	return peer;
}

struct search {
	struct sock *sock;
	uint16_t remote_port;
	unsigned int found;
};

/* Called for each socket of the host. */
static int match_connection(void *data, const struct diag_socket *seen)
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
	struct search search = { .sock = new_in_host(run, host),
				 .remote_port = remote_port };
	int r = diag_each(world_diag(run->world, host), DIAG_ALL,
			  match_connection, &search);

	if (r < 0)
		run_broken(run, r);
	if (search.found != 1)
		run_needed(run, "connections to the port", "1", "%u of %s",
			   search.found, host);
	return search.sock;
}

/*
 * TIME-WAIT is the last state of a connection. If sock_diag, which finds by the
 * four-tuple, afterwards reports an earlier state, then a new connection has
 * taken over the four-tuple: tcp_twsk_unique(), tcp_timewait_state_process().
 * The number of the state's record is that of the new connection.
 */
static void notice_successor(struct sock *sock, enum diag_state state)
{
	if (state == DIAG_TIME_WAIT)
		sock->time_wait = true;
	else if (sock->time_wait &&
		 (state == DIAG_SYN_SENT || state == DIAG_SYN_RECV ||
		  state == DIAG_ESTABLISHED)) {
		sock->connection = 0;
		sock->older = 0;
		sock->time_wait = false;
	}
}

static void journal_state(struct sock *sock, bool found,
			  const struct diag_socket *seen)
{
	const char *state = found ? diag_state_text(seen->state) : "none";
	const char *timer = found ? diag_timer_text(seen->timer) : "none";
	double expires = found ? nsec_seconds(seen->expires) : 0;
	unsigned int retransmits = found ? seen->retransmits : 0;
	char text[DIAG_LINE];

	if (found)
		notice_successor(sock, seen->state);
	run_journal(sock->run, nsec_now(), "state",
		    "{s:s, s:i, s:i, s:i, s:s, s:s, s:f, s:i, s:s, s:o}",
		    "host", sock->host, "socket", sock->number, "port",
		    sock->local_port, "peer_port", sock->remote_port, "state",
		    state, "timer", timer, "expires", expires, "retransmits",
		    (int)retransmits, "text",
		    diag_line(found ? state : "no socket", timer, expires,
			      retransmits, text),
		    "connection", connection_json(sock));
}

/* Of a connect() that has not returned: the kernel has chosen the port. */
static void ask_port(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_NAMES };
	struct probe_answer answer;
	struct address remote = sock->remote;
	uint16_t remote_port = sock->remote_port;

	ask(sock, &request, &answer);
	take_addresses(sock, &answer.reply);
	/* getpeername() fails before the connection is established. */
	sock->remote = remote;
	sock->remote_port = remote_port;
}

/* sock_diag finds full sockets, TIME-WAIT and request sockets by the exact
 * four-tuple: inet_diag_find_one_icsk(). */
static bool look(struct sock *sock, struct diag_socket *ret)
{
	struct diag *diag = world_diag(sock->run->world, sock->host);
	int r;

	if (!sock->local_port && sock->out.name && sock->probe)
		ask_port(sock);
	r = diag_find(diag, ret, &sock->local, sock->local_port, &sock->remote,
		      sock->remote_port);
	if (r < 0)
		run_broken(sock->run, r);
	return r;
}

bool sock_look(struct sock *sock, struct diag_socket *ret)
{
	struct diag_socket seen = { .state = DIAG_CLOSE };
	bool found;

	/* Journals first what has arrived before. */
	run_wait(sock->run, NULL, NULL, nsec_now());
	found = look(sock, &seen);
	journal_state(sock, found, &seen);
	*ret = seen;
	return found;
}

void sock_destroy(struct sock *sock)
{
	struct diag_socket seen;
	int r = 0;

	sock_journal_call(sock, "destroy", false, "ss -K: SOCK_DESTROY");
	if (look(sock, &seen))
		r = diag_destroy(world_diag(sock->run->world, sock->host),
				 &seen);
	if (r < 0)
		run_broken(sock->run, error_trace(r));
}

enum diag_state sock_state(struct sock *sock)
{
	struct diag_socket seen;

	return sock_look(sock, &seen) ? seen.state : DIAG_CLOSE;
}

/*
 * The kernel reports no changes of state: ask again after 1/50 of the time
 * already waited, at least 1 ms, so that waiting for hours costs little.
 * Returns when to ask next.
 */
static nsec_t next_look(nsec_t start, nsec_t now)
{
	return now + MAX((now - start) / 50, MSEC(1));
}

bool sock_wait_state(struct sock *sock, enum diag_state state, nsec_t timeout)
{
	nsec_t start = nsec_now(), deadline = nsec_add(start, timeout);
	struct diag_socket seen = { .state = DIAG_CLOSE };
	nsec_t now = start;
	bool found, hit;

	for (;;) {
		found = look(sock, &seen);
		hit = (found ? seen.state : DIAG_CLOSE) == state;
		if (hit || now >= deadline)
			break;
		run_wait(sock->run, NULL, NULL,
			 MIN(deadline, next_look(start, now)));
		now = nsec_now();
	}
	journal_state(sock, found, &seen);
	return hit;
}

static void journal_queue(struct sock *listener, struct queue queue)
{
	char text[64];

	snprintf(text, sizeof(text), "LISTEN, accept queue %u, limit %u",
		 queue.length, queue.limit);
	run_journal(listener->run, nsec_now(), "state",
		    "{s:s, s:i, s:s, s:s, s:I, s:I, s:s}", "host",
		    listener->host, "socket", listener->number, "state",
		    "LISTEN", "timer", "none", "queue",
		    (json_int_t)queue.length, "limit", (json_int_t)queue.limit,
		    "text", text);
}

static struct queue look_at_queue(struct sock *listener)
{
	struct diag_socket seen;

	if (!look(listener, &seen))
		run_needed(listener->run, "state of the listener", "LISTEN",
			   "no socket in %s", listener->host);
	/* For LISTEN sockets sock_diag puts the accept queue's length and limit
	 * there: tcp_diag_get_info(). */
	return (struct queue){ seen.receive_queue, seen.send_queue };
}

struct queue sock_wait_queue(struct sock *listener, unsigned int length,
			     nsec_t timeout)
{
	nsec_t start = nsec_now(), now = start;
	struct queue queue;

	for (;;) {
		run_wait(listener->run, NULL, NULL, now);
		queue = look_at_queue(listener);
		if (queue.length == length || now - start >= timeout)
			break;
		run_wait(listener->run, NULL, NULL, next_look(start, now));
		now = nsec_now();
	}
	journal_queue(listener, queue);
	return queue;
}
