/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An action of a probe is a command. It is queued for each connection that the
 * probe has or is making at that time, and each connection executes its queue
 * first in, first out:
 *
 *	- nothing before connect() has returned;
 *	- send, shut and close after the previous send() has returned: a socket
 *	  has one call in each direction, and a close() or shutdown() during a
 *	  send() would cut off what is not in the socket's buffer yet;
 *	- the others as soon as they are first.
 *
 * In a host without any connection, whose listener accepts, commands wait for
 * the first connection. In a stopped host all of them wait. After calls have
 *been posted, one more request is answered by the probe before this module
 *returns: the probe handles requests one by one, so the calls have begun, and
 *whatever happens next (a kill, an unplugged cable) happens after them.
 *
 * A command that no connection has executed is a failed expectation. Where only
 * some have, a note has their number.
 */
#include "lab-probes.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "expect-control.h"
#include "faults-control.h"
#include "message.h"
#include "sock-control.h"

struct command {
	struct command *next; /* of all commands of the lab */
	const struct lab_action *action;
	const struct lab_place *place;
	unsigned int queued; /* connections that have not executed it yet */
	unsigned int executed; /* connections that have */
};

/* A command may be in the queues of several connections. */
struct queue_entry {
	struct queue_entry *next;
	struct command *command;
};

enum endpoint_kind { LISTENER, ACCEPTED, CONNECTED };

struct endpoint {
	struct endpoint *next;
	struct sock *sock;
	enum endpoint_kind kind;
	bool connected, closed;
	int error; /* of connect(); 0: none */
	struct queue_entry *queue;
	enum lab_service service; /* of a listener, and of what it accepts */
	/* of a listener: */
	struct sock *accepting; /* what the posted accept() will return */
	nsec_t interval; /* between two accept(); 0: none */
	nsec_t next_accept; /* its time; 0: posted, or none will come */
};

struct host_probe {
	struct host_probe *next;
	const char *host;
	struct probe *process; /* NULL: none, or dead */
	struct endpoint *endpoints;
	bool stopped;
	nsec_t next_accept; /* the first of its endpoints'; NSEC_NEVER: none */
	struct queue_entry *waiting; /* for the host to run again */
	struct queue_entry *unassigned; /* for a connection to be accepted */
};

struct lab_probes {
	struct run *run;
	const struct lab_plan *plan;
	struct lab_events *events;
	struct host_probe *all;
	struct command *commands;
};

struct lab_probes *lab_probes_new(struct run *run, const struct lab_plan *plan,
				  struct lab_events *events)
{
	struct lab_probes *probes = calloc(1, sizeof(*probes));

	if (!probes)
		run_broken(run, error_origin(-ENOMEM, "probes"));
	probes->run = run;
	probes->plan = plan;
	probes->events = events;
	return probes;
}

static struct host_probe *find(const struct lab_probes *probes,
			       const char *host)
{
	for (struct host_probe *p = probes->all; p; p = p->next)
		if (strcmp(p->host, host) == 0)
			return p;
	return NULL;
}

static struct host_probe *find_or_add(struct lab_probes *probes,
				      const char *host)
{
	struct host_probe *p = find(probes, host);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		run_broken(probes->run, error_origin(-ENOMEM, "probe"));
	p->host = host;
	p->next_accept = NSEC_NEVER;
	p->next = probes->all;
	probes->all = p;
	return p;
}

/* Started with its first action. */
static struct probe *process_of(struct lab_probes *probes, struct host_probe *p)
{
	if (!p->process)
		p->process = probe_start(probes->run, p->host);
	return p->process;
}

static struct endpoint *add_endpoint(struct lab_probes *probes,
				     struct host_probe *p, struct sock *sock,
				     enum endpoint_kind kind)
{
	struct endpoint *e = calloc(1, sizeof(*e)), **at = &p->endpoints;

	if (!e)
		run_broken(probes->run, error_origin(-ENOMEM, "socket"));
	e->sock = sock;
	e->kind = kind;
	while (*at)
		at = &(*at)->next;
	*at = e;
	return e;
}

static bool is_open(const struct endpoint *e)
{
	return e->kind != LISTENER && e->connected && !e->closed;
}

/* --- queues --------------------------------------------------------------- */

static void enqueue(struct lab_probes *probes, struct queue_entry **queue,
		    struct command *command)
{
	struct queue_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		run_broken(probes->run, error_origin(-ENOMEM, "action"));
	entry->command = command;
	command->queued++;
	while (*queue)
		queue = &(*queue)->next;
	*queue = entry;
}

static struct command *dequeue(struct queue_entry **queue)
{
	struct queue_entry *entry = *queue;
	struct command *command = entry->command;

	*queue = entry->next;
	free(entry);
	command->queued--;
	return command;
}

static void fail(struct lab_probes *probes, const struct command *command,
		 const char *format, ...) MACRO_PRINTF(3, 4);

static void fail(struct lab_probes *probes, const struct command *command,
		 const char *format, ...)
{
	char reason[128], observed[160];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(observed, sizeof(observed), R_("not executed: %s"), reason);
	if (command->place && command->place->source)
		run_here(command->place->source, (int)command->place->line);
	else
		run_here("prompt", 0);
	run_expectation(probes->run, false, command->action->host,
			command->action->text, observed);
}

/* One connection less that may execute the command. */
static void drop(struct lab_probes *probes, struct queue_entry **queue,
		 const char *reason)
{
	struct command *command = dequeue(queue);

	if (command->queued)
		return;
	if (!command->executed)
		fail(probes, command, "%s", reason);
	else
		run_note(probes->run,
			 "%s: executed on %u connection%s only: %s",
			 command->action->text, command->executed,
			 command->executed == 1 ? "" : "s", reason);
}

/* The connection will never execute what is in its queue. */
static void drop_all(struct lab_probes *probes, struct queue_entry **queue,
		     const char *reason)
{
	while (*queue)
		drop(probes, queue, reason);
}

/* --- execution ------------------------------------------------------------ */

static void start_listening(struct lab_probes *probes, struct host_probe *p,
			    const struct lab_action *action)
{
	uint16_t port = action->port ? action->port : LAB_PORT;
	struct probe *process = process_of(probes, p);
	/* Addresses may come to the host later. */
	struct sock *sock =
		probes->plan->n_addresses ?
			sock_listen_any(process, port, action->backlog) :
			sock_listen_on(process, port, action->backlog);
	struct endpoint *e = add_endpoint(probes, p, sock, LISTENER);

	e->service = action->service;
	e->interval = action->time;
	if (e->service == LAB_HTTP)
		sock_serve_http(sock, SEC(3600));
	else if (e->service != LAB_UNACCEPTED)
		e->accepting = sock_post_accept(sock);
}

/* All of them at once; connect() returns later, in lab_probes_collect(). */
static void start_connecting(struct lab_probes *probes, struct host_probe *p,
			     const struct lab_action *action)
{
	uint16_t port = action->peer_port ? action->peer_port : LAB_PORT;

	for (unsigned int i = 0; i < MAX(action->times, 1U); i++) {
		struct probe *process = process_of(probes, p);

		add_endpoint(probes, p,
			     action->bind == LAB_UNBOUND ?
				     sock_post_connect_to(process, action->peer,
							  port) :
				     sock_post_connect_bound(
					     process, action->peer, port,
					     action->bind == LAB_BIND_NO_PORT),
			     CONNECTED);
	}
}

/* Now; see the head of this file. */
static bool can_execute(const struct endpoint *e,
			const struct lab_action *action)
{
	if (!is_open(e))
		return false;
	switch ((int)action->verb) {
	case LAB_SEND:
	case LAB_SHUT:
	case LAB_CLOSE:
		return !sock_is_posted(e->sock, SOCK_OUT);
	default:
		return true;
	}
}

/* A connection of a silent listener has no recv() yet; one that echoes reads
 * without one. */
static void set_reading(struct endpoint *e, bool reading)
{
	sock_set_paused(e->sock, !reading);
	if (reading && e->service == LAB_SILENT &&
	    !sock_is_posted(e->sock, SOCK_IN))
		sock_post_recv(e->sock);
}

static void execute(struct endpoint *e, const struct lab_action *action)
{
	switch ((int)action->verb) {
	case LAB_SEND:
		sock_post_send(e->sock, action->bytes);
		break;
	case LAB_SHUT:
		sock_shutdown(e->sock, SHUT_WR);
		break;
	case LAB_CLOSE:
		e->closed = true;
		sock_close(e->sock);
		break;
	case LAB_ABORT:
		e->closed = true;
		sock_abort(e->sock);
		break;
	case LAB_STOP_READING:
	case LAB_READ_AGAIN:
		set_reading(e, action->verb == LAB_READ_AGAIN);
		break;
	case LAB_KEEPALIVE:
		sock_keepalive(e->sock, true);
		break;
	case LAB_USER_TIMEOUT:
		sock_journal_call(e->sock, "setsockopt", false,
				  "setsockopt(TCP_USER_TIMEOUT)");
		sock_set(e->sock, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 (int)(action->time / MSEC(1)));
		break;
	default: /* not an action of a socket */
		break;
	}
}

/* A probe that echoes closes its end when the peer has closed. */
static void notice_close(struct endpoint *e)
{
	if (e->kind == ACCEPTED && !e->closed)
		e->closed = !sock_is_held(e->sock);
}

/* Returns whether anything was executed. */
static bool execute_queue(struct lab_probes *probes, struct endpoint *e)
{
	bool executed = false;

	while (e->queue && can_execute(e, e->queue->command->action)) {
		struct command *command;

		notice_close(e);
		if (e->closed)
			break;
		command = dequeue(&e->queue);
		execute(e, command->action);
		command->executed++;
		executed = true;
	}
	if (e->closed)
		drop_all(probes, &e->queue, R_("its connection was closed"));
	return executed;
}

/* See the head of this file. No slot has the number -1: the answer is an error,
 * and all that matters of it is that it comes. */
static void wait_until_begun(struct host_probe *p)
{
	struct probe_request request = { .operation = PROBE_NAMES, .slot = -1 };
	struct probe_answer answer;

	probe_ask(p->process, &request, &answer);
}

/* The probe itself: an HTTP listener handles its connections alone. */
static bool accepts(const struct host_probe *p)
{
	for (const struct endpoint *e = p->endpoints; e; e = e->next)
		if (e->kind == LISTENER && (e->accepting || e->next_accept))
			return true;
	return false;
}

/* A connection that is open or will be, unless its connect() fails. */
static bool may_execute(const struct endpoint *e)
{
	return e->kind != LISTENER && !e->closed &&
	       (e->connected || sock_is_posted(e->sock, SOCK_OUT));
}

/* With the last error of connect() as the reason, if there is one. */
static void fail_without_connection(struct lab_probes *probes,
				    const struct host_probe *p,
				    const struct command *command)
{
	int error = 0;

	for (const struct endpoint *e = p->endpoints; e; e = e->next)
		if (e->error)
			error = e->error;
	if (error)
		fail(probes, command, "connect() = -1 %s", error_name(error));
	else
		fail(probes, command, "the probe in %s has no connection",
		     p->host);
}

/* Puts the command into the queues of all connections that may execute it, and
 * executes what can be executed at once. */
static void assign(struct lab_probes *probes, struct host_probe *p,
		   struct command *command)
{
	for (struct endpoint *e = p->endpoints; e; e = e->next) {
		notice_close(e);
		if (may_execute(e))
			enqueue(probes, &e->queue, command);
	}
	if (!command->queued && accepts(p))
		enqueue(probes, &p->unassigned, command);
	if (!command->queued)
		fail_without_connection(probes, p, command);
	for (struct endpoint *e = p->endpoints; e; e = e->next)
		execute_queue(probes, e);
}

static void start_command(struct lab_probes *probes, struct host_probe *p,
			  struct command *command)
{
	if (command->action->verb == LAB_LISTEN)
		start_listening(probes, p, command->action);
	else if (command->action->verb == LAB_CONNECT)
		start_connecting(probes, p, command->action);
	else
		assign(probes, p, command);
	if (p->process)
		wait_until_begun(p);
}

static void drop_commands(struct lab_probes *probes, struct host_probe *p,
			  const char *reason)
{
	drop_all(probes, &p->waiting, reason);
	drop_all(probes, &p->unassigned, reason);
	for (struct endpoint *e = p->endpoints; e; e = e->next)
		drop_all(probes, &e->queue, reason);
}

/* A later action starts a new process. */
static void lose_process(struct lab_probes *probes, struct host_probe *p)
{
	drop_commands(probes, p, R_("the probe died first"));
	p->process = NULL;
	p->endpoints = NULL;
	p->next_accept = NSEC_NEVER;
}

/* SIGKILL also ends a stopped process, so that a frozen host makes no
 * difference. */
static void kill_probe(struct lab_probes *probes, struct host_probe *p,
		       const struct command *command)
{
	if (!p->process) {
		fail(probes, command, "there is no probe in %s", p->host);
		return;
	}
	fault_kill(p->process);
	if (!probes->run->options->without_faults)
		lose_process(probes, p);
}

void lab_probes_act(struct lab_probes *probes, const struct lab_action *action,
		    const struct lab_place *place)
{
	struct host_probe *p = find_or_add(probes, action->host);
	struct command *command = calloc(1, sizeof(*command));

	if (!command)
		run_broken(probes->run, error_origin(-ENOMEM, "action"));
	/* Other calls are what a program does. */
	if ((action->verb == LAB_STOP_READING ||
	     action->verb == LAB_READ_AGAIN) &&
	    !fault_announce(probes->run, action->name, action->host,
			    action->text)) {
		free(command);
		return;
	}
	command->action = action;
	command->place = place;
	command->next = probes->commands;
	probes->commands = command;
	if (action->verb == LAB_KILL)
		kill_probe(probes, p, command);
	else if (!host_is_running(run_host(probes->run, action->host)))
		fail(probes, command, "%s is dead", action->host);
	else if (p->stopped)
		enqueue(probes, &p->waiting, command);
	else
		start_command(probes, p, command);
}

static bool contains(const struct queue_entry *queue,
		     const struct lab_action *action)
{
	for (; queue; queue = queue->next)
		if (queue->command->action == action)
			return true;
	return false;
}

bool lab_probes_have_queued(const struct lab_probes *probes,
			    const struct lab_action *action)
{
	for (const struct host_probe *p = probes->all; p; p = p->next) {
		if (contains(p->waiting, action) ||
		    contains(p->unassigned, action))
			return true;
		for (const struct endpoint *e = p->endpoints; e; e = e->next)
			if (contains(e->queue, action))
				return true;
	}
	return false;
}

/* --- results -------------------------------------------------------------- */

static void push_result(struct lab_probes *probes, const struct host_probe *p,
			const struct finding *finding)
{
	lab_events_push(
		probes->events,
		&(struct lab_event){ .kind = LAB_EVENT_RESULT,
				     .at = finding->returned,
				     .host = p->host,
				     .text = finding_outcome(finding) });
}

static void on_accepted(struct lab_probes *probes, struct host_probe *p,
			struct endpoint *listener)
{
	struct finding finding = sock_reap_way(listener->sock, SOCK_IN, 0);
	struct sock *sock = TAKE(listener->accepting);
	struct endpoint *e;

	/* EMFILE or ENOMEM would come again at once. */
	if (finding.error) {
		listener->next_accept = nsec_now() + SEC(1);
		return;
	}
	e = add_endpoint(probes, p, sock, ACCEPTED);
	e->connected = true;
	e->service = listener->service;
	if (listener->service == LAB_ECHO)
		sock_echo(sock);
	while (p->unassigned)
		enqueue(probes, &e->queue, dequeue(&p->unassigned));
	if (listener->interval)
		listener->next_accept =
			nsec_add(finding.returned, listener->interval);
	else
		listener->accepting = sock_post_accept(listener->sock);
}

/* As long as the connection lives, a recv() is posted: EOF and errors are seen
 * when they arrive. */
static void on_received(struct lab_probes *probes, struct host_probe *p,
			struct endpoint *e)
{
	struct finding finding = sock_reap_way(e->sock, SOCK_IN, 0);

	push_result(probes, p, &finding);
	if (!finding.error && finding.value > 0)
		sock_post_recv(e->sock);
}

/* connect() or send(): their success ends nothing, and is no event. */
static void on_sent(struct lab_probes *probes, struct host_probe *p,
		    struct endpoint *e)
{
	struct finding finding = sock_reap_way(e->sock, SOCK_OUT, 0);
	char reason[64];

	if (finding.error)
		push_result(probes, p, &finding);
	if (e->connected)
		return;
	e->error = finding.error;
	if (finding.error) {
		snprintf(reason, sizeof(reason), "connect() = -1 %s",
			 error_name(finding.error));
		drop_all(probes, &e->queue, reason);
		return;
	}
	e->connected = true;
	sock_post_recv(e->sock);
}

static void collect(struct lab_probes *probes, struct host_probe *p,
		    struct endpoint *e)
{
	if (e->next_accept && nsec_now() >= e->next_accept) {
		e->next_accept = 0;
		e->accepting = sock_post_accept(e->sock);
	}
	if (!e->closed && sock_has_returned(e->sock, SOCK_OUT))
		on_sent(probes, p, e);
	if (e->closed || !sock_has_returned(e->sock, SOCK_IN))
		return;
	if (e->kind == LISTENER)
		on_accepted(probes, p, e);
	else
		on_received(probes, p, e);
}

void lab_probes_collect(struct lab_probes *probes)
{
	for (struct host_probe *p = probes->all; p; p = p->next) {
		bool executed = false;

		if (p->stopped)
			continue;
		while (p->waiting)
			start_command(probes, p, dequeue(&p->waiting));
		p->next_accept = NSEC_NEVER;
		for (struct endpoint *e = p->endpoints; e; e = e->next) {
			collect(probes, p, e);
			executed |= execute_queue(probes, e);
			if (e->next_accept)
				p->next_accept =
					MIN(p->next_accept, e->next_accept);
		}
		if (executed)
			wait_until_begun(p);
	}
}

bool lab_probes_have_results(const struct lab_probes *probes)
{
	for (const struct host_probe *p = probes->all; p; p = p->next) {
		if (p->stopped)
			continue;
		for (const struct endpoint *e = p->endpoints; e; e = e->next)
			if (!e->closed &&
			    (sock_has_returned(e->sock, SOCK_IN) ||
			     sock_has_returned(e->sock, SOCK_OUT)))
				return true;
	}
	return false;
}

nsec_t lab_probes_next_accept(const struct lab_probes *probes)
{
	nsec_t next = NSEC_NEVER;

	for (const struct host_probe *p = probes->all; p; p = p->next)
		if (!p->stopped)
			next = MIN(next, p->next_accept);
	return next;
}

/* --- faults and the end --------------------------------------------------- */

void lab_probes_set_stopped(struct lab_probes *probes, const char *host,
			    bool stopped)
{
	find_or_add(probes, host)->stopped = stopped;
}

void lab_probes_lose_host(struct lab_probes *probes, const char *host)
{
	struct host_probe *p = find(probes, host);

	if (p)
		lose_process(probes, p);
}

static const char *blocking_call(const struct endpoint *e)
{
	if (!e->connected)
		return R_("connect() has not returned");
	return R_("the send() before it has not returned");
}

/* Why no connection has executed the command that waited for one. */
static const char *missing_connection(const struct host_probe *p)
{
	for (const struct endpoint *e = p->endpoints; e; e = e->next)
		if (e->kind == ACCEPTED)
			return R_("no connection was open any more, and no "
				  "other one was accepted");
	return R_("no connection was accepted");
}

void lab_probes_finish(struct lab_probes *probes)
{
	for (struct host_probe *p = probes->all; p; p = p->next) {
		drop_all(probes, &p->waiting, R_("the host is stopped"));
		drop_all(probes, &p->unassigned, missing_connection(p));
		for (struct endpoint *e = p->endpoints; e; e = e->next)
			drop_all(probes, &e->queue, blocking_call(e));
	}
}

bool lab_probes_are_open(const struct lab_probes *probes, const char *host)
{
	const struct host_probe *p = find(probes, host);

	for (const struct endpoint *e = p ? p->endpoints : NULL; e; e = e->next)
		if (is_open(e))
			return true;
	return false;
}

int lab_probes_number(const struct lab_probes *probes, const char *host,
		      const struct diag_socket *socket)
{
	const struct host_probe *p = find(probes, host);

	for (const struct endpoint *e = p ? p->endpoints : NULL; e; e = e->next)
		if (sock_is(e->sock, socket))
			return sock_number(e->sock);
	return 0;
}
