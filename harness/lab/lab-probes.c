/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "faults.h"
#include "lab-run.h"
#include "sock-parts.h"

/* The probe of a host, and its sockets. */
struct lab_probe {
	struct lab_probe *next;
	const char *host;
	struct probe *probe;
	struct lab_end *ends;
};

enum lab_end_kind { LISTENER, ACCEPTED, DIALLED };

struct lab_end {
	struct lab_end *next;
	struct sock *sock;
	enum lab_end_kind kind;
	enum lab_service service; /* of a listener */
	struct sock *coming; /* what a listener's accept() will be */
	bool connected, closed;
	nsec_t again; /* a listener that could not accept tries then; 0: not */
};

static struct lab_probe *find(const struct lab *lab, const char *host)
{
	for (struct lab_probe *p = lab->probes; p; p = p->next)
		if (strcmp(p->host, host) == 0)
			return p;
	return NULL;
}

static struct lab_probe *have(struct lab *lab, const char *host)
{
	struct lab_probe *probe = find(lab, host);

	if (probe)
		return probe;
	probe = calloc(1, sizeof(*probe));
	if (!probe)
		run_broken(lab->run, error_origin(-ENOMEM, "probe"));
	probe->host = host;
	probe->probe = probe_start(lab->run, host);
	probe->next = lab->probes;
	lab->probes = probe;
	return probe;
}

static struct lab_end *add_end(struct lab *lab, struct lab_probe *probe,
			       struct sock *sock, enum lab_end_kind kind)
{
	struct lab_end *end = calloc(1, sizeof(*end)), **at = &probe->ends;

	if (!end)
		run_broken(lab->run, error_origin(-ENOMEM, "socket"));
	end->sock = sock;
	end->kind = kind;
	while (*at)
		at = &(*at)->next;
	*at = end;
	return end;
}

/* --- what a probe is told ------------------------------------------------- */

static void begin_listening(struct lab *lab, const struct lab_action *action)
{
	struct lab_probe *probe = have(lab, action->host);
	struct lab_end *end;

	end = add_end(lab, probe,
		      sock_listen_on(probe->probe,
				     action->port ? action->port : LAB_PORT,
				     action->backlog),
		      LISTENER);
	end->service = action->service;
	if (end->service == LAB_HTTP)
		sock_serve_http(end->sock, SEC(3600));
	else if (end->service != LAB_UNACCEPTED)
		end->coming = sock_post_accept(end->sock);
}

static void begin_connecting(struct lab *lab, const struct lab_action *action)
{
	struct lab_probe *probe = have(lab, action->host);

	for (unsigned int i = 0; i < MAX(action->times, 1U); i++)
		add_end(lab, probe,
			sock_post_connect_to(probe->probe, action->peer,
					     action->peer_port ?
						     action->peer_port :
						     LAB_PORT),
			DIALLED);
}

static bool is_connection(const struct lab_end *end)
{
	return end->kind != LISTENER && end->connected && !end->closed;
}

static void do_one(struct lab_end *end, const struct lab_action *action)
{
	switch (action->verb) {
	case LAB_SEND:
		if (!sock_is_posted(end->sock, SOCK_OUT))
			sock_post_send(end->sock, action->bytes);
		break;
	case LAB_SHUT:
		sock_shutdown(end->sock, SHUT_WR);
		break;
	case LAB_CLOSE:
		end->closed = true;
		sock_close(end->sock);
		break;
	case LAB_ABORT:
		end->closed = true;
		sock_abort(end->sock);
		break;
	case LAB_KEEPALIVE:
		sock_keepalive(end->sock, true);
		break;
	case LAB_USER_TIMEOUT:
		sock_tell_call(end->sock, "setsockopt(TCP_USER_TIMEOUT)");
		sock_set(end->sock, IPPROTO_TCP, TCP_USER_TIMEOUT,
			 (int)(action->time / MSEC(1)));
		break;
	case LAB_FAULT:
	case LAB_KILL:
	case LAB_DROP:
	case LAB_HOLD:
	case LAB_DELAY:
	case LAB_DUPLICATE:
	case LAB_REJECT:
	case LAB_RELEASE:
	case LAB_PASS:
	case LAB_INJECT:
	case LAB_SET:
	case LAB_RUN:
	case LAB_LISTEN:
	case LAB_CONNECT:
	case LAB_NOTE:
	case LAB_FINISH:
		break;
	}
}

void lab_probes_act(struct lab *lab, const struct lab_action *action)
{
	struct lab_probe *probe;
	unsigned int n = 0;

	if (!host_is_running(run_host(lab->run, action->host))) {
		run_note(lab->run, "%s is off: no %s", action->host,
			 action->text);
		return;
	}
	if (lab_is_still(lab, action->host)) {
		run_note(lab->run, "%s stands still: no %s", action->host,
			 action->text);
		return;
	}
	if (action->verb == LAB_LISTEN) {
		begin_listening(lab, action);
		return;
	}
	if (action->verb == LAB_CONNECT) {
		begin_connecting(lab, action);
		return;
	}
	probe = find(lab, action->host);
	for (struct lab_end *end = probe ? probe->ends : NULL; end;
	     end = end->next) {
		if (!is_connection(end))
			continue;
		do_one(end, action);
		n++;
	}
	if (!n)
		run_note(lab->run, "%s: no probe there has a connection",
			 action->text);
}

/* --- what comes back ------------------------------------------------------ */

static void tell_finding(struct lab *lab, const struct lab_probe *probe,
			 const struct finding *finding)
{
	lab_tell(lab, &(struct lab_news){ .kind = LAB_NEWS_FINDING,
					  .at = finding->returned,
					  .host = probe->host,
					  .text = finding_outcome(finding) });
}

static void accepted(struct lab *lab, struct lab_probe *probe,
		     struct lab_end *listener)
{
	struct finding finding = sock_reap_way(listener->sock, SOCK_IN, 0);
	struct sock *sock = TAKE(listener->coming);
	struct lab_end *end;

	if (!finding.error) {
		end = add_end(lab, probe, sock, ACCEPTED);
		end->connected = true;
		if (listener->service == LAB_ECHO)
			sock_echo(sock);
	}
	/* Who has no more of something (EMFILE, ENOMEM) has none at once. */
	if (finding.error)
		listener->again = nsec_now() + SEC(1);
	else
		listener->coming = sock_post_accept(listener->sock);
}

static void accept_again(struct lab_end *listener)
{
	if (!listener->again || nsec_now() < listener->again)
		return;
	listener->again = 0;
	listener->coming = sock_post_accept(listener->sock);
}

static void received(struct lab *lab, const struct lab_probe *probe,
		     struct lab_end *end)
{
	struct finding finding = sock_reap_way(end->sock, SOCK_IN, 0);

	tell_finding(lab, probe, &finding);
	if (!finding.error && finding.value > 0)
		sock_post_recv(end->sock);
}

/* connect() or send() */
static void sent(struct lab *lab, const struct lab_probe *probe,
		 struct lab_end *end)
{
	struct finding finding = sock_reap_way(end->sock, SOCK_OUT, 0);

	if (finding.error) {
		tell_finding(lab, probe, &finding);
		return;
	}
	if (end->kind != DIALLED || end->connected)
		return;
	end->connected = true;
	sock_post_recv(end->sock);
}

bool lab_probes_are_open(const struct lab *lab, const char *host)
{
	const struct lab_probe *probe = find(lab, host);

	for (const struct lab_end *end = probe ? probe->ends : NULL; end;
	     end = end->next)
		if (is_connection(end))
			return true;
	return false;
}

static bool has_returned(const struct lab_end *end)
{
	return !end->closed && (sock_has_returned(end->sock, SOCK_IN) ||
				sock_has_returned(end->sock, SOCK_OUT));
}

bool lab_probes_stirred(const struct lab *lab)
{
	for (const struct lab_probe *p = lab->probes; p; p = p->next)
		for (const struct lab_end *end = p->ends; end; end = end->next)
			if (has_returned(end) && !lab_is_still(lab, p->host))
				return true;
	return false;
}

static void reap(struct lab *lab, struct lab_probe *probe, struct lab_end *end)
{
	accept_again(end);
	if (!end->closed && sock_has_returned(end->sock, SOCK_OUT))
		sent(lab, probe, end);
	if (end->closed || !sock_has_returned(end->sock, SOCK_IN))
		return;
	if (end->kind == LISTENER)
		accepted(lab, probe, end);
	else
		received(lab, probe, end);
}

/* What a call leads to is another one, for which a host that stands still has no
 * answer. */
void lab_probes_look(struct lab *lab)
{
	for (struct lab_probe *p = lab->probes; p; p = p->next)
		for (struct lab_end *end = p->ends;
		     end && !lab_is_still(lab, p->host); end = end->next)
			reap(lab, p, end);
}

/* --- their end ------------------------------------------------------------ */

void lab_probes_forget(struct lab *lab, const char *host)
{
	struct lab_probe **at = &lab->probes;

	while (*at && strcmp((*at)->host, host) != 0)
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
}

void lab_probe_kill(struct lab *lab, const char *host)
{
	struct lab_probe *probe = find(lab, host);

	if (!probe) {
		run_note(lab->run, "%s has no probe that could be killed",
			 host);
		return;
	}
	fault_kill(probe->probe);
	if (!lab->run->options->without_faults)
		lab_probes_forget(lab, host);
}

static bool is_same(const struct sock *sock, const struct diag_socket *socket)
{
	return sock->local_port == socket->local_port &&
	       sock->remote_port == socket->remote_port &&
	       (!sock->remote_port ||
		address_equal(&sock->remote, &socket->remote));
}

int lab_probes_number(const struct lab *lab, const char *host,
		      const struct diag_socket *socket)
{
	const struct lab_probe *probe = find(lab, host);

	for (const struct lab_end *end = probe ? probe->ends : NULL; end;
	     end = end->next)
		if (is_same(end->sock, socket))
			return end->sock->number;
	return 0;
}
