/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sock-parts.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

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

struct sock *sock_new_in(struct run *run, const char *host)
{
	struct sock *sock = calloc(1, sizeof(*sock));

	if (!sock)
		run_broken(run, error_origin(-ENOMEM, "socket"));
	sock->run = run;
	sock->host = host;
	sock->number = (int)++run->sockets;
	return sock;
}

struct sock *sock_new(struct probe *probe)
{
	struct sock *sock = sock_new_in(probe_run(probe), probe_host(probe));

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

void sock_learn_addresses(struct sock *sock, const struct probe_reply *reply)
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

/* --- the journal's sentences ------------------------------------------ */

void sock_tell_call(struct sock *sock, const char *text)
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

void sock_post_call(struct sock *sock, struct call *call, const char *name,
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

struct finding sock_reap_call(struct sock *sock, struct call *call,
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
	sock_learn_addresses(call->made ? call->made : sock,
			     &call->answer.reply);
	call->name = NULL;
	return finding;
}

struct finding sock_reap(struct sock *sock, nsec_t patience)
{
	if (!sock->in.name && !sock->out.name)
		run_broken_because(sock_run(sock),
				   "nothing is posted that could be reaped");
	return sock_reap_call(sock, sock->in.name ? &sock->in : &sock->out,
			      patience);
}

static const struct call *call_of(const struct sock *sock, enum sock_way way)
{
	return way == SOCK_IN ? &sock->in : &sock->out;
}

bool sock_is_posted(const struct sock *sock, enum sock_way way)
{
	return call_of(sock, way)->name;
}

bool sock_has_returned(const struct sock *sock, enum sock_way way)
{
	return sock_is_posted(sock, way) && call_of(sock, way)->answer.done;
}

struct finding sock_reap_way(struct sock *sock, enum sock_way way,
			     nsec_t patience)
{
	if (!sock_is_posted(sock, way))
		run_broken_because(sock_run(sock),
				   "nothing is posted that could be reaped");
	return sock_reap_call(sock, way == SOCK_IN ? &sock->in : &sock->out,
			      patience);
}

void sock_ask(struct sock *sock, struct probe_request *request,
	      struct probe_answer *answer)
{
	need_probe(sock, "a call");
	request->slot = sock->slot;
	probe_ask(sock->probe, request, answer);
}

/* Calls that return at once, and whose failure is the harness' own. */
void sock_ask_or_break(struct sock *sock, struct probe_request *request,
		       const char *what)
{
	struct probe_answer answer;

	sock_ask(sock, request, &answer);
	if (answer.reply.value < 0)
		run_broken(sock_run(sock),
			   error_origin(-answer.reply.error, "%s in %s", what,
					sock_host(sock)));
	sock_learn_addresses(sock, &answer.reply);
}

void sock_post_send(struct sock *sock, size_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)bytes };

	sock_post_call(sock, &sock->out, "send", &request);
}

struct finding sock_send(struct sock *sock, size_t bytes)
{
	sock_post_send(sock, bytes);
	return sock_reap_call(sock, &sock->out, sock_patience);
}

struct finding sock_send_text(struct sock *sock, const char *text)
{
	struct probe_request request = { .operation = PROBE_SEND,
					 .number = (int64_t)strlen(text),
					 .size = strlen(text) };

	if (request.size > sizeof(request.data))
		run_broken_because(sock_run(sock),
				   "a text of %zu bytes: at "
				   "most %zu can be sent",
				   request.size, sizeof(request.data));
	memcpy(request.data, text, request.size);
	sock_post_call(sock, &sock->out, "send", &request);
	return sock_reap_call(sock, &sock->out, sock_patience);
}

void sock_post_recv(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_RECEIVE,
					 .number = 1 << 16 };

	sock_post_call(sock, &sock->in, "recv", &request);
	sock_tell_call(sock, "recv() waits");
}

struct finding sock_recv(struct sock *sock, nsec_t patience)
{
	sock_post_recv(sock);
	return sock_reap_call(sock, &sock->in, patience);
}

void sock_post_send_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_SEND_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	sock_post_call(sock, &sock->out, "send", &request);
	snprintf(text, sizeof(text), "send() %" PRIu64 " bytes of the stream",
		 bytes);
	sock_tell_call(sock, text);
}

void sock_post_recv_stream(struct sock *sock, uint64_t bytes)
{
	struct probe_request request = { .operation = PROBE_RECEIVE_STREAM,
					 .number = (int64_t)bytes };
	char text[96];

	sock_post_call(sock, &sock->in, "recv", &request);
	sock->in.stream = true;
	snprintf(text, sizeof(text),
		 "recv() waits for %" PRIu64 " bytes of the stream", bytes);
	sock_tell_call(sock, text);
}

struct finding sock_stream(struct sock *from, struct sock *to, uint64_t bytes,
			   nsec_t patience)
{
	struct finding finding;

	sock_post_recv_stream(to, bytes);
	sock_post_send_stream(from, bytes);
	finding = sock_reap_call(to, &to->in, patience);
	/* What the peer has read, send() has long been done with; a stream that
	 * got stuck is the receiver's finding. */
	if (!finding.open)
		sock_reap_call(from, &from->out, sock_patience);
	return finding;
}

void sock_post_heartbeat(struct sock *sock, nsec_t interval)
{
	struct probe_request request = { .operation = PROBE_HEARTBEAT,
					 .number = interval };

	sock_post_call(sock, &sock->in, "heartbeat", &request);
	sock_tell_call(sock, "heartbeat starts");
}

void sock_echo(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_ECHO };

	sock_ask_or_break(sock, &request, "echo");
	sock_tell_call(sock, "echoes from now on");
}

void sock_serve_http(struct sock *listener, nsec_t keepalive_timeout)
{
	struct probe_request request = { .operation = PROBE_SERVE_HTTP,
					 .number = keepalive_timeout };

	sock_ask_or_break(listener, &request, "serve HTTP");
	sock_tell_call(listener, "serves HTTP from now on");
}

struct finding sock_shutdown(struct sock *sock, int how)
{
	struct probe_request request = { .operation = PROBE_SHUTDOWN,
					 .number = how };

	sock_post_call(sock, &sock->shutdown, "shutdown", &request);
	return sock_reap_call(sock, &sock->shutdown, sock_patience);
}

void sock_close(struct sock *sock)
{
	struct probe_request request = { .operation = PROBE_CLOSE };

	sock_tell_call(sock, "close()");
	sock_ask_or_break(sock, &request, "close");
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
	sock_ask_or_break(sock, &request, "setsockopt");
	sock_close(sock);
}

void sock_set(struct sock *sock, int level, int option, int value)
{
	struct probe_request request = { .operation = PROBE_SET,
					 .level = level,
					 .option = option,
					 .size = sizeof(value) };

	memcpy(request.data, &value, sizeof(value));
	sock_ask_or_break(sock, &request, "setsockopt");
}

void sock_keepalive(struct sock *sock, bool on)
{
	sock_tell_call(sock, on ? "setsockopt(SO_KEEPALIVE, 1)" :
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

	sock_ask(sock, &request, &answer);
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
