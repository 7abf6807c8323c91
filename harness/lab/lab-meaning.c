/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "firewall.h"
#include "lab-commands.h"
#include "lab-run.h"
#include "lab-words.h"
#include "watch.h"

/*
 * What the last look comes to, for somebody who does not know by heart which
 * timer ends which state: tcp_keepalive_timer(), tcp_retransmit_timer(),
 * tcp_fin(), tcp_time_wait().
 */

enum { SENTENCES = 48, SENTENCE = 320 };

/* The same of several sockets is said once. */
struct sentence {
	const char *host;
	char text[SENTENCE];
	unsigned int times;
};

static struct {
	struct sentence all[SENTENCES];
	size_t n;
	unsigned int left_out;
} said;

static void say(const char *host, const char *format, ...) MACRO_PRINTF(2, 3);

static void say(const char *host, const char *format, ...)
{
	char text[SENTENCE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (size_t i = 0; i < said.n; i++)
		if (strcmp(said.all[i].host, host) == 0 &&
		    strcmp(said.all[i].text, text) == 0) {
			said.all[i].times++;
			return;
		}
	if (said.n == SENTENCES) {
		said.left_out++;
		return;
	}
	said.all[said.n].host = host;
	said.all[said.n].times = 1;
	snprintf(said.all[said.n].text, SENTENCE, "%s", text);
	said.n++;
}

/* --- who stands between --------------------------------------------------- */

struct search {
	const struct diag_socket *socket;
	bool found;
};

static bool is_of(const struct firewall_tuple *tuple,
		  const struct diag_socket *socket)
{
	return tuple->source_port == socket->local_port &&
	       tuple->destination_port == socket->remote_port &&
	       address_equal(&tuple->source, &socket->local) &&
	       address_equal(&tuple->destination, &socket->remote);
}

/* The one end sends as the original says; the other, as the reply does. */
static void see_connection(void *data, const struct firewall_tuple *original,
			   const struct firewall_tuple *reply)
{
	struct search *search = data;

	if (is_of(original, search->socket) || is_of(reply, search->socket))
		search->found = true;
}

/* NULL: nobody between has forgotten it. */
static const char *who_forgot(struct lab *lab, const struct diag_socket *socket)
{
	struct search search = { .socket = socket };
	const struct lab_host *between = lab_plan_gateway(lab->plan);
	struct host *there;

	if (!between || !lab_host_tracks_connections(between))
		return NULL;
	there = run_host(lab->run, between->name);
	if (!host_is_running(there) ||
	    firewall_each(host_namespace(there), lab->run->options->family,
			  see_connection, &search) < 0)
		return NULL;
	return search.found ? NULL : between->name;
}

/* --- the other end -------------------------------------------------------- */

static const char *whose(const struct lab *lab, const struct address *address)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const char *name = lab->plan->hosts[i].name;
		struct address own = run_address(lab->run, name);

		if (address_equal(&own, address))
			return name;
	}
	return NULL;
}

/* "; server has no such connection: this one is half-open", or "". */
static const char *peer_text(struct lab *lab, const struct diag_socket *socket)
{
	static char text[160];
	const char *host = whose(lab, &socket->remote);
	const char *between = who_forgot(lab, socket);

	if (between) {
		snprintf(text, sizeof(text),
			 "; %s has forgotten this connection, and lets nothing "
			 "of it pass", between);
		return text;
	}
	if (lab_sockets_has_peer(lab, socket))
		return "";
	if (!host)
		host = "the other end";
	else if (!host_is_running(run_host(lab->run, host))) {
		snprintf(text, sizeof(text),
			 "; %s is dead: this connection is half-open", host);
		return text;
	}
	snprintf(text, sizeof(text),
		 "; %s has no such connection: this one is half-open", host);
	return text;
}

/* --- states --------------------------------------------------------------- */

static void of_retransmission(struct lab *lab, const char *host,
			      const struct diag_socket *socket)
{
	const char *state = diag_state_text(socket->state);

	if (!socket->retransmits) {
		say(host, "%s, %u bytes sent and not acknowledged yet%s", state,
		    socket->send_queue, peer_text(lab, socket));
		return;
	}
	say(host,
	    "%s, %u bytes sent and not acknowledged: repeated %u times, and "
	    "again, until tcp_retries2 (%ld) ends it with ETIMEDOUT%s",
	    state, socket->send_queue, socket->retransmits,
	    run_sysctl(lab->run, host, "net.ipv4.tcp_retries2"),
	    peer_text(lab, socket));
}

static void of_timer(struct lab *lab, const char *host,
		     const struct diag_socket *socket)
{
	const char *state = diag_state_text(socket->state);

	switch (socket->timer) {
	case DIAG_TIMER_NONE:
		say(host,
		    "%s with no timer running: unless its program sends or "
		    "closes, it stays for ever%s",
		    state, peer_text(lab, socket));
		break;
	case DIAG_TIMER_RETRANSMIT:
		of_retransmission(lab, host, socket);
		break;
	case DIAG_TIMER_KEEPALIVE:
		if (socket->retransmits)
			say(host,
			    "%s, %u keepalive probes unanswered, the next one "
			    "in %.1f s%s",
			    state, socket->retransmits,
			    nsec_seconds(socket->expires),
			    peer_text(lab, socket));
		else
			say(host, "%s, keepalive asks in %.1f s%s", state,
			    nsec_seconds(socket->expires),
			    peer_text(lab, socket));
		break;
	case DIAG_TIMER_PROBE:
		say(host,
		    "%s, and the peer's window is closed: asked %u times, "
		    "again in %.1f s%s",
		    state, socket->retransmits, nsec_seconds(socket->expires),
		    peer_text(lab, socket));
		break;
	case DIAG_TIMER_TIME_WAIT:
		break;
	}
	if (socket->receive_queue)
		say(host, "%s with %u bytes that its program has not read",
		    state, socket->receive_queue);
}

/* Keepalive asks in this state, too: tcp_keepalive_timer(). */
static void of_close_wait(struct lab *lab, const char *host,
			  const struct diag_socket *socket)
{
	const char *peer = peer_text(lab, socket);

	if (socket->timer == DIAG_TIMER_KEEPALIVE)
		say(host,
		    "CLOSE-WAIT: the other end has closed, this one's program "
		    "has not, and only keepalive, unanswered or answered with "
		    "a RST, would end it before the program does%s",
		    peer);
	else
		say(host,
		    "CLOSE-WAIT: the other end has closed, this one's program "
		    "has not, and no timer ends it before the program does%s",
		    peer);
	if (socket->receive_queue > 1)
		say(host, "CLOSE-WAIT with %u bytes that were never read",
		    socket->receive_queue - 1);
}

/* FIN-WAIT-1, LAST-ACK, CLOSING: the FIN may wait behind what was sent before
 * it, and nobody may hold the socket any more: tcp_write_timeout(). */
static void of_fin(struct lab *lab, const char *host,
		   const struct diag_socket *socket)
{
	const char *state = diag_state_text(socket->state);
	bool orphan = !socket->inode;
	const char *limit = orphan ? "tcp_orphan_retries" : "tcp_retries2";
	char bytes[64] = "", name[64];
	long value;

	if (socket->send_queue > 1)
		snprintf(bytes, sizeof(bytes), "%u bytes and ",
			 socket->send_queue - 1);
	if (!socket->retransmits) {
		say(host, "%s: %sits FIN sent, and not acknowledged yet%s",
		    state, bytes, peer_text(lab, socket));
		return;
	}
	snprintf(name, sizeof(name), "net.ipv4.%s", limit);
	value = run_sysctl(lab->run, host, name);
	say(host,
	    "%s: %sits FIN not acknowledged: repeated %u times, and again, "
	    "until %s (%ld) ends it%s",
	    state, bytes, socket->retransmits, limit,
	    orphan && !value ? 8 : value, peer_text(lab, socket));
}

static void of_fin_wait_2(const char *host, const struct diag_socket *socket)
{
	if (socket->timer == DIAG_TIMER_NONE)
		say(host, "FIN-WAIT-2 of a program that has only shut down its "
			  "side: it waits for the other's FIN, for ever");
	else
		say(host,
		    "FIN-WAIT-2: waits for the other's FIN %.1f s more "
		    "(tcp_fin_timeout)",
		    nsec_seconds(socket->expires));
}

static void of_listener(const char *host, const struct diag_socket *socket)
{
	if (socket->receive_queue > socket->send_queue)
		say(host,
		    "the accept queue of port %u is full (%u, limit %u): "
		    "whoever comes is dropped until accept() is called",
		    socket->local_port, socket->receive_queue,
		    socket->send_queue);
	else if (socket->receive_queue)
		say(host, "%u wait%s at port %u for an accept() (limit %u)",
		    socket->receive_queue,
		    socket->receive_queue == 1 ? "s" : "",
		    socket->local_port, socket->send_queue);
}

static void of_socket(struct lab *lab, const char *host,
		      const struct diag_socket *socket)
{
	switch (socket->state) {
	case DIAG_ESTABLISHED:
		of_timer(lab, host, socket);
		break;
	case DIAG_SYN_SENT:
		say(host,
		    "SYN-SENT: its SYN was repeated %u times, and nobody has "
		    "answered",
		    socket->retransmits);
		break;
	case DIAG_SYN_RECV:
		say(host, "SYN-RECV: the last segment of the handshake has not "
			  "come");
		break;
	case DIAG_FIN_WAIT1:
	case DIAG_LAST_ACK:
	case DIAG_CLOSING:
		of_fin(lab, host, socket);
		break;
	case DIAG_FIN_WAIT2:
		of_fin_wait_2(host, socket);
		break;
	case DIAG_TIME_WAIT:
		say(host, "TIME-WAIT: its port is taken for that peer, for a "
			  "minute from its beginning");
		break;
	case DIAG_CLOSE_WAIT:
		of_close_wait(lab, host, socket);
		break;
	case DIAG_LISTEN:
		of_listener(host, socket);
		break;
	case DIAG_CLOSE:
		break;
	}
}

/* --- counters ------------------------------------------------------------- */

static void of_counters(struct lab *lab, const char *host)
{
	static const struct {
		const char *name, *what;
	} known[] = {
		{ "ListenOverflows", "a SYN, or the last segment of a "
				     "handshake, met a full accept queue" },
		{ "TCPAbortOnTimeout", "given up after retransmissions or "
				       "probes" },
		{ "TCPAbortOnClose", "reset because the program closed with "
				     "bytes unread" },
		{ "TCPAbortOnData", "reset because data came after the close, "
				    "or closed with SO_LINGER of 0" },
		{ "TCPReqQFullDrop", "a SYN dropped because the half-open "
				     "queue was full" },
		{ "PAWSEstab", "a segment dropped because of an old timestamp "
			       "(PAWS)" },
		{ "TWRecycled", "a connection took the place of a TIME-WAIT" },
		{ "TCPChallengeACK", "a segment answered with a challenge "
				     "ACK" },
		{ "EstabResets", "ESTABLISHED or CLOSE-WAIT, and then gone "
				 "without a FIN of its own" },
		{ "OutRsts", "a RST sent" },
	};

	if (!host_is_running(run_host(lab->run, host)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		long long n = counter_change(lab->run, host, known[i].name);

		if (n > 0)
			say(host, "%s, %lld %s: %s", known[i].name, n,
			    n == 1 ? "time" : "times", known[i].what);
	}
}

/* --- programs ------------------------------------------------------------- */

static void of_end(struct lab *lab, const struct lab_program *plan,
		   const struct program *program)
{
	int status = program_status(program);
	double after = nsec_seconds(program_ended(program) - lab->start);
	char when[64] = "before the timeline began", path[256];

	if (status == -1) {
		say(plan->host, "%s died with its machine", plan->name);
		return;
	}
	if (after > 0)
		snprintf(when, sizeof(when), "after %.3f s", after);
	say(plan->host, "%s ended %s, %s %d", plan->name, when,
	    WIFSIGNALED(status) ? "by signal" : "with exit status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (status != 0 &&
	    lab_commands_hidden(plan->command, path, sizeof(path)))
		say(plan->host,
		    "%s names %s, and /tmp, /run and /var/log are the lab's "
		    "own: files for it belong into $FOLDER",
		    plan->name, path);
}

static void of_program(struct lab *lab, const struct lab_program *plan)
{
	const struct lab_running *running = lab_program_find(lab, plan->name);

	if (!running || !running->program) {
		say(plan->host, "%s was never started", plan->name);
		return;
	}
	if (running->deaf)
		say(plan->host,
		    "%s did not listen on port %u, for which the start waited",
		    plan->name, plan->listens);
	if (program_ended(running->program))
		of_end(lab, plan, running->program);
	else
		say(plan->host, "%s still runs", plan->name);
}

/* --- steps ---------------------------------------------------------------- */

static void of_step(struct lab *lab, size_t i)
{
	const struct lab_step *step = &lab->plan->steps[i];
	const char *when = lab_moment_text(lab->plan, &step->when);

	if (!lab->steps[i].done)
		say("", "never came: %s: %s", when ? when : "?",
		    step->action.text);
}

/* -------------------------------------------------------------------------- */

void lab_meaning(struct lab *lab)
{
	for (size_t i = 0; i < lab->plan->n_programs; i++)
		of_program(lab, &lab->plan->programs[i]);
	for (size_t i = 0; i < lab->plan->n_steps; i++)
		of_step(lab, i);
	lab_sockets_each(lab, of_socket);
	for (size_t i = 0; i < lab->plan->n_hosts; i++)
		of_counters(lab, lab->plan->hosts[i].name);
	for (size_t i = 0; i < said.n; i++) {
		const struct sentence *s = &said.all[i];
		char text[SENTENCE + 32], times[32] = "";

		if (s->times > 1)
			snprintf(times, sizeof(times), "%u x ", s->times);
		snprintf(text, sizeof(text), "%s%s", times, s->text);
		run_journal(lab->run, nsec_now(), "meaning", "{s:s, s:s}",
			    "host", s->host, "text", text);
	}
	if (said.left_out)
		run_note(lab->run, "and %u sentences more", said.left_out);
}
