/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sock.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

enum { FIRST_PORT = 7777 };

/* A posted call. */
struct call {
	struct sock *sock;
	const char *name; /* NULL: none */
	nsec_t posted;
	struct sock *made; /* whose ends the answer tells, when not sock's own */
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

static const nsec_t stage_patience = SEC(20);

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

static struct sock *new_in(struct run *run, const char *host)
{
	struct sock *sock = calloc(1, sizeof(*sock));

	if (!sock)
		run_broken(run, error_origin(-ENOMEM, "socket"));
	sock->run = run;
	sock->host = host;
	sock->number = (int)++run->sockets;
	return sock;
}

static struct sock *sock_new(struct probe *probe)
{
	struct sock *sock = new_in(probe_run(probe), probe_host(probe));

	sock->probe = probe;
	sock->slot = probe_next_slot(probe);
	return sock;
}

/* Nobody is there whom the script could tell to make a call on it. */
static void need_probe(const struct sock *sock, const char *call)
{
	if (!sock->probe)
		run_broken_because(sock->run,
				   "%s() on a socket in %s that no probe holds",
				   call, sock->host);
}

static void learn_addresses(struct sock *sock, const struct probe_reply *reply)
{
	if (reply->local.ss_family)
		sock->local = address_from_sockaddr(&reply->local,
						    &sock->local_port);
	if (reply->remote.ss_family)
		sock->remote = address_from_sockaddr(&reply->remote,
						     &sock->remote_port);
}

/* --- the journal's sentences ------------------------------------------ */

static void tell_call(struct sock *sock, const char *text)
{
	run_journal(sock_run(sock), nsec_now(), "call", "{s:s, s:i, s:s}",
		    "host", sock_host(sock), "socket", sock->number, "text",
		    text);
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

static void tell_finding(const struct finding *f)
{
	char text[128];

	if (f->error)
		snprintf(text, sizeof(text), "%s() = -1 %s", f->call,
			 error_name(f->error));
	else if (f->wrong)
		snprintf(text, sizeof(text),
			 "%s() = %lld, and %" PRIu64
			 " bytes were wrong, the first at %" PRIu64,
			 f->call, (long long)f->value, f->wrong,
			 f->first_wrong);
	else
		snprintf(text, sizeof(text), "%s() = %lld", f->call,
			 (long long)f->value);
	run_journal(sock_run(f->sock), f->returned, "result",
		    "{s:s, s:i, s:s, s:I, s:s?, s:s}", "host",
		    sock_host(f->sock), "socket", f->sock->number, "call",
		    f->call, "value", (json_int_t)f->value, "errno",
		    f->error ? error_name(f->error) : NULL, "text", text);
}

/* --- calls ------------------------------------------------------------ */

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

/* The call has returned, whether or not the script asks for it yet. */
static void on_arrival(void *data)
{
	const struct call *call = data;
	struct finding finding;

	/* close() makes nobody wait any more. */
	if (!call->name)
		return;
	finding = finding_of(call);
	tell_finding(&finding);
}

static void post(struct sock *sock, struct call *call, const char *name,
		 struct probe_request *request)
{
	need_probe(sock, name);
	if (call->name)
		run_broken_because(sock_run(sock),
				   "%s() is posted while %s() is waiting", name,
				   call->name);
	request->slot = sock->slot;
	call->sock = sock;
	call->name = name;
	call->stream = false;
	call->posted = nsec_now();
	call->made = NULL;
	probe_post_told(sock->probe, request, &call->answer, on_arrival, call);
}

static bool is_done(void *data)
{
	const struct call *call = data;

	return call->answer.done;
}

static struct finding reap(struct sock *sock, struct call *call,
			   nsec_t patience)
{
	struct finding finding;

	if (!run_wait(sock_run(sock), is_done, call,
		      nsec_add(nsec_now(), patience)))
		return (struct finding){ .sock = sock,
					 .call = call->name,
					 .open = true,
					 .posted = call->posted,
					 .returned = nsec_now() };
	finding = finding_of(call);
	learn_addresses(call->made ? call->made : sock, &call->answer.reply);
	call->name = NULL;
	return finding;
}

struct finding sock_reap(struct sock *sock, nsec_t patience)
{
	if (!sock->in.name && !sock->out.name)
		run_broken_because(sock_run(sock),
				   "nothing is posted that could be reaped");
	return reap(sock, sock->in.name ? &sock->in : &sock->out, patience);
}

static void ask(struct sock *sock, struct probe_request *request,
		struct probe_answer *answer)
{
	need_probe(sock, "a call");
	request->slot = sock->slot;
	probe_ask(sock->probe, request, answer);
}

/* Calls that return at once, and whose failure is the harness' own. */
static void ask_or_break(struct sock *sock, struct probe_request *request,
			 const char *what)
{
	struct probe_answer answer;

	ask(sock, request, &answer);
	if (answer.reply.value < 0)
		run_broken(sock_run(sock),
			   error_origin(-answer.reply.error, "%s in %s", what,
					sock_host(sock)));
	learn_addresses(sock, &answer.reply);
}

struct finding sock_send(struct sock *sock, size_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)bytes };

	post(sock, &sock->out, "send", &request);
	return reap(sock, &sock->out, stage_patience);
}

struct finding sock_send_text(struct sock *sock, const char *text)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)strlen(text),
					 .size = strlen(text) };

	if (request.size > sizeof(request.data))
		run_broken_because(sock_run(sock), "a text of %zu bytes: at "
				   "most %zu can be sent", request.size,
				   sizeof(request.data));
	memcpy(request.data, text, request.size);
	post(sock, &sock->out, "send", &request);
	return reap(sock, &sock->out, stage_patience);
}

void sock_post_recv(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_RECEIVE,
					 .number = 1 << 16 };

	post(sock, &sock->in, "recv", &request);
	tell_call(sock, "recv() waits");
}

struct finding sock_recv(struct sock *sock, nsec_t patience)
{
	sock_post_recv(sock);
	return reap(sock, &sock->in, patience);
}

void sock_post_send_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	post(sock, &sock->out, "send", &request);
	snprintf(text, sizeof(text), "send() %" PRIu64 " bytes of the stream",
		 bytes);
	tell_call(sock, text);
}

void sock_post_recv_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_RECEIVE_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	post(sock, &sock->in, "recv", &request);
	sock->in.stream = true;
	snprintf(text, sizeof(text),
		 "recv() waits for %" PRIu64 " bytes of the stream", bytes);
	tell_call(sock, text);
}

struct finding sock_stream(struct sock *from, struct sock *to, uint64_t bytes,
			   nsec_t patience)
{
	struct finding finding;

	sock_post_recv_stream(to, bytes);
	sock_post_send_stream(from, bytes);
	finding = reap(to, &to->in, patience);
	/* What the peer has read, send() has long been done with; a stream that
	 * got stuck is the receiver's finding. */
	if (!finding.open)
		reap(from, &from->out, stage_patience);
	return finding;
}

void sock_post_heartbeat(struct sock *sock, nsec_t interval)
{
	struct probe_request request = { .operation = PROBE_HEARTBEAT,
					 .number = interval };

	post(sock, &sock->in, "heartbeat", &request);
	tell_call(sock, "heartbeat starts");
}

void sock_echo(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_ECHO };

	ask_or_break(sock, &request, "echo");
	tell_call(sock, "echoes from now on");
}

void sock_serve_http(struct sock *listener, nsec_t keepalive_timeout)
{
	struct probe_request request = { .operation = PROBE_SERVE_HTTP,
					 .number = keepalive_timeout };

	ask_or_break(listener, &request, "serve HTTP");
	tell_call(listener, "serves HTTP from now on");
}

struct finding sock_shutdown(struct sock *sock, int how)
{
	struct probe_request request = { .operation = PROBE_SHUTDOWN,
					 .number = how };

	post(sock, &sock->shutdown, "shutdown", &request);
	return reap(sock, &sock->shutdown, stage_patience);
}

void sock_close(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_CLOSE };

	tell_call(sock, "close()");
	ask_or_break(sock, &request, "close");
	sock->in.name = sock->out.name = NULL;
}

void sock_abort(struct sock *sock)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct probe_request request = { .operation = PROBE_SET,
					 .level = SOL_SOCKET,
					 .option = SO_LINGER,
					 .size = sizeof(linger) };

	memcpy(request.data, &linger, sizeof(linger));
	ask_or_break(sock, &request, "setsockopt");
	sock_close(sock);
}

void sock_set(struct sock *sock, int level, int option, int value)
{
	struct probe_request request = { .operation = PROBE_SET,
					 .level = level,
					 .option = option,
					 .size = sizeof(value) };

	memcpy(request.data, &value, sizeof(value));
	ask_or_break(sock, &request, "setsockopt");
}

void sock_keepalive(struct sock *sock, bool on)
{
	tell_call(sock, on ? "setsockopt(SO_KEEPALIVE, 1)" :
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
		run_broken(sock_run(sock),
			   error_origin(-answer.reply.error, "getsockopt in %s",
					sock_host(sock)));
	memcpy(&value, answer.reply.data, sizeof(value));
	return value;
}

int sock_error(struct sock *sock)
{
	return sock_get(sock, SOL_SOCKET, SO_ERROR);
}

/* --- connections ------------------------------------------------------ */

struct sock *sock_listen_on(struct probe *probe, uint16_t port, int backlog)
{
	struct run *run = probe_run(probe);
	struct sock *sock = sock_new(probe);
	struct probe_request request = { .operation = PROBE_LISTEN,
					 .number = backlog };
	struct address address = run_address(run, probe_host(probe));
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		address_to_sockaddr(&address, port, &request.address);
	ask_or_break(sock, &request, "listen");
	snprintf(text, sizeof(text), "listen(%d) on %s:%u", backlog,
		 address_text(&address, name), sock->local_port);
	tell_call(sock, text);
	return sock;
}

struct sock *sock_listen(struct probe *probe, int backlog)
{
	struct run *run = probe_run(probe);

	if (!run->next_port)
		run->next_port = FIRST_PORT;
	return sock_listen_on(probe, run->next_port++, backlog);
}

void sock_listen_again(struct sock *listener, int backlog)
{
	struct probe_request request = { .operation = PROBE_LISTEN_AGAIN,
					 .number = backlog };
	char text[32];

	snprintf(text, sizeof(text), "listen(%d) again", backlog);
	tell_call(listener, text);
	ask_or_break(listener, &request, "listen");
}

struct sock *sock_open(struct probe *probe)
{
	struct sock *sock = sock_new(probe);
	struct probe_request request = { .operation = PROBE_OPEN };
	struct address address = run_address(sock->run, sock->host);

	request.address_size = address_to_sockaddr(&address, 0,
						   &request.address);
	ask_or_break(sock, &request, "socket");
	return sock;
}

struct finding sock_bind(struct sock *sock, uint16_t port)
{
	struct probe_request request = { .operation = PROBE_BIND };
	struct address address = run_address(sock->run, sock->host);
	char text[96], name[ADDRESS_TEXT];

	request.address_size = address_to_sockaddr(&address, port,
						   &request.address);
	snprintf(text, sizeof(text), "bind(%s:%u)",
		 address_text(&address, name), port);
	tell_call(sock, text);
	post(sock, &sock->out, "bind", &request);
	return reap(sock, &sock->out, stage_patience);
}

static void dial(struct sock *sock, const struct address *address,
		 uint16_t port)
{
	struct probe_request request = { .operation = PROBE_CONNECT };
	char text[96], name[ADDRESS_TEXT];

	request.address_size =
		address_to_sockaddr(address, port, &request.address);
	snprintf(text, sizeof(text), "connect(%s:%u)",
		 address_text(address, name), port);
	tell_call(sock, text);
	post(sock, &sock->out, "connect", &request);
	sock->remote = *address;
	sock->remote_port = port;
}

void sock_dial(struct sock *sock, const struct sock *listener)
{
	dial(sock, &listener->local, listener->local_port);
}

void sock_dial_to(struct sock *sock, const char *host, uint16_t port)
{
	struct address address = run_address(sock->run, host);

	dial(sock, &address, port);
}

struct sock *sock_post_connect(struct probe *probe,
			       const struct sock *listener)
{
	struct sock *sock = sock_new(probe);

	sock_dial(sock, listener);
	return sock;
}

struct sock *sock_post_connect_to(struct probe *probe, const char *host,
				  uint16_t port)
{
	struct sock *sock = sock_new(probe);

	sock_dial_to(sock, host, port);
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
	struct finding finding = sock_reap(sock, stage_patience);

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

	post(listener, &listener->in, "accept", &request);
	listener->in.made = sock;
	return sock;
}

struct sock *sock_accept(struct sock *listener)
{
	struct sock *sock = sock_post_accept(listener);
	struct finding finding = reap(listener, &listener->in, stage_patience);

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

struct sock *sock_far_end(struct sock *sock, const char *host)
{
	struct sock *far = new_in(sock->run, host);

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

struct sock *sock_found(struct run *run, const char *host,
			uint16_t remote_port)
{
	struct search search = { .sock = new_in(run, host),
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

/* --- from outside ----------------------------------------------------------*/

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
		    "{s:s, s:i, s:s, s:s, s:f, s:i, s:s}", "host",
		    sock_host(sock), "socket", sock->number, "state", state,
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

	ask(sock, &request, &answer);
	learn_addresses(sock, &answer.reply);
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

bool sock_wait_state(struct sock *sock, enum diag_state state,
		     nsec_t patience)
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
			 MIN(deadline, now + MAX((now - start) / 50,
						 MSEC(1))));
		now = nsec_now();
	}
	tell_look(sock, found, &seen);
	return hit;
}

static void must_reach(struct sock *sock, enum diag_state state)
{
	if (!sock_wait_state(sock, state, stage_patience))
		run_broken_because(sock_run(sock),
				   "the stage is not set: %s does not reach %s",
				   sock_host(sock), diag_state_text(state));
}

void sock_finish(struct sock *first, struct sock *second)
{
	sock_close(first);
	/* Else the two could close at once, and both be in TIME-WAIT. */
	must_reach(first, DIAG_FIN_WAIT2);
	sock_close(second);
	must_reach(first, DIAG_TIME_WAIT);
	must_reach(second, DIAG_CLOSE);
}
