/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states and timers are those of tcp_keepalive_timer(),
 * tcp_retransmit_timer(), tcp_write_timeout(), tcp_fin() and tcp_time_wait().
 * How often something was sent is counted on the wire, as in the diagrams: the
 * kernel's own count leaves out tail loss probes, and forgets answered window
 * probes. Only where frames could not reach the wire (a host without carrier)
 * the kernel's count is higher, and is given too.
 */
#include "lab-conclusions.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "firewall.h"
#include "ipvs.h"
#include "lab-causes.h"
#include "lab-commands.h"
#include "counter-control.h"
#include "message.h"
#include "safe-text.h"
#include "wire.h"

enum { SENTENCES_MAX = 48, SENTENCE = 320 };

/* The same sentence about several sockets is given once, with their number. */
struct sentence {
	const char *host;
	char text[SENTENCE];
	unsigned int count;
};

/* A socket about which something is concluded. */
struct subject {
	const char *host;
	const struct diag_socket *socket;
	unsigned int connection; /* the wire's number; 0: unknown */
};

struct conclusions {
	const struct lab_end *end;
	/* Thousands of sockets with different timers would be as many
	 * sentences. */
	struct sentence all[SENTENCES_MAX];
	size_t n;
	unsigned int left_out;
};

static void add(struct conclusions *c, const char *host, const char *format,
		...) MACRO_PRINTF(3, 4);

static void add(struct conclusions *c, const char *host, const char *format,
		...)
{
	char text[SENTENCE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A character of a step that does not fit is cut off. */
	safe_text(text, true);
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->all[i].host, host) == 0 &&
		    strcmp(c->all[i].text, text) == 0) {
			c->all[i].count++;
			return;
		}
	if (c->n == SENTENCES_MAX) {
		c->left_out++;
		return;
	}
	c->all[c->n].host = host;
	c->all[c->n].count = 1;
	snprintf(c->all[c->n++].text, SENTENCE, "%s", text);
}

/* --- counts from the wire ------------------------------------------------- */

/*
 * Of the segment that the host sent most often, of those that its peer has not
 * acknowledged since. `transmission` is counted where a frame leaves its host,
 * so that faults of the wire make no difference: a dropped frame counts, a
 * duplicate does not.
 */
static unsigned int count_retransmissions(const struct conclusions *c,
					  const struct subject *subject)
{
	const struct wire_capture *all;
	size_t i = wire_captures(world_wire(c->end->run->world), &all);
	unsigned int most = 1;
	bool heard = false;
	uint32_t acknowledged = 0;

	while (subject->connection && i-- > 0) {
		const struct wire_capture *w = &all[i];
		const struct segment *tcp = &w->frame.tcp;
		uint32_t end = tcp->seq + frame_sequence_length(&w->frame);

		if (w->connection != subject->connection ||
		    w->frame.kind != FRAME_TCP)
			continue;
		/* Backwards, the first acknowledgement is the latest. */
		if (w->left && strcmp(w->to, subject->host) == 0 && !heard &&
		    tcp->flags & SEGMENT_ACK) {
			heard = true;
			acknowledged = tcp->ack;
		}
		if (strcmp(w->from, subject->host) == 0 &&
		    (!heard || (int32_t)(end - acknowledged) > 0))
			most = MAX(most, w->transmission);
	}
	return most - 1;
}

/* A frame of the connection is delayed and will arrive: the data, or what
 * acknowledges it. The kernel retransmits what takes longer than its timeout.
 */
static bool is_on_its_way(const struct conclusions *c,
			  const struct subject *subject)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(c->end->run->world), &all);

	for (size_t i = 0; subject->connection && i < n; i++)
		if (all[i].connection == subject->connection &&
		    all[i].fate == WIRE_DELAYED && !all[i].left)
			return true;
	return false;
}

/* Probes since the peer was heard for the last time (keepalive), or since data
 * was sent for the last time (zero window, where the peer answers each). */
static unsigned int count_probes(const struct conclusions *c,
				 const struct subject *subject,
				 bool zero_window)
{
	const struct wire_capture *all;
	size_t i = wire_captures(world_wire(c->end->run->world), &all);
	unsigned int n = 0;

	while (subject->connection && i-- > 0) {
		const struct wire_capture *w = &all[i];
		bool sent = strcmp(w->from, subject->host) == 0;

		if (w->connection != subject->connection)
			continue;
		if (!sent && !zero_window && w->left &&
		    strcmp(w->to, subject->host) == 0)
			break;
		if (sent && w->kinds & WIRE_KEEPALIVE_PROBE)
			n++;
		else if (sent && w->kinds & WIRE_DATA)
			break;
	}
	return n;
}

/* " (2 on the wire)", where the kernel counts more than that. */
static const char *wire_text(unsigned int on_wire, unsigned int kernel,
			     char buffer[32])
{
	*buffer = '\0';
	if (on_wire < kernel)
		snprintf(buffer, 32, R_(" (%u on the wire)"), on_wire);
	return buffer;
}

/*
 * "retransmitted 5 times, 4 of them by timeout": the kernel counts timeouts; a tail
 * loss probe or a fast retransmission is one more on the wire.
 */
static const char *retransmitted_text(const struct conclusions *c,
				      const struct subject *s, char *buffer,
				      size_t size)
{
	unsigned int on_wire = count_retransmissions(c, s);
	unsigned int timeouts = s->socket->retransmits;
	unsigned int n = MAX(on_wire, timeouts);
	char rest[48];

	wire_text(on_wire, timeouts, rest);
	if (on_wire > timeouts && !timeouts)
		snprintf(rest, sizeof(rest), R_(", before any timeout"));
	else if (on_wire > timeouts)
		snprintf(rest, sizeof(rest), R_(", %u of them by timeout"),
			 timeouts);
	if (n == 1)
		snprintf(buffer, size, R_("retransmitted once%s"), rest);
	else
		snprintf(buffer, size, R_("retransmitted %u times%s"), n, rest);
	return buffer;
}

/* --- the other end -------------------------------------------------------- */

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

/* One end of a tracked connection sends the original tuple, the other one the
 * reply tuple. */
static void see_tracked(void *data, const struct firewall_tuple *original,
			const struct firewall_tuple *reply)
{
	struct search *search = data;

	if (is_of(original, search->socket) || is_of(reply, search->socket))
		search->found = true;
}

/* The host has received a segment of the connection. */
static bool is_on_path(const struct lab_end *end, const char *host,
		       unsigned int connection)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(end->run->world), &all);

	for (size_t i = 0; connection && i < n; i++)
		if (all[i].connection == connection &&
		    strcmp(all[i].to, host) == 0)
			return true;
	return false;
}

/* A dead gateway is not asked: its table died with it, and it forwards nothing.
 */
static bool has_forgotten(const struct lab_end *end,
			  const struct lab_host *gateway,
			  const struct diag_socket *socket)
{
	struct search search = { .socket = socket };
	struct host *host = run_host(end->run, gateway->name);
	int r;

	if (!host_is_running(host))
		return false;
	r = gateway->ipvs ? ipvs_each(host_namespace(host), see_tracked,
				      &search) :
			    firewall_each(host_namespace(host),
					  end->run->options->family,
					  see_tracked, &search);
	return r >= 0 && !search.found;
}

/* A gateway on the path that tracks connections and has no entry for this one;
 * or NULL. */
static const char *forgetful_gateway(const struct lab_end *end,
				     const struct subject *s)
{
	for (size_t i = 0; i < end->plan->n_hosts; i++) {
		const struct lab_host *host = &end->plan->hosts[i];

		if ((lab_host_tracks_connections(host) || host->ipvs) &&
		    is_on_path(end, host->name, s->connection) &&
		    has_forgotten(end, host, s->socket))
			return host->name;
	}
	return NULL;
}

static const char *host_with(const struct lab_end *end,
			     const struct address *address)
{
	for (size_t i = 0; i < end->plan->n_hosts; i++) {
		const char *name = end->plan->hosts[i].name;
		struct address own = run_address(end->run, name);

		if (address_equal(&own, address))
			return name;
	}
	return NULL;
}

/* The other endpoint: the first one that sent a frame of the connection. Its
 * address does not name it where a NAT or a balancer translates, or where the
 * address has moved. */
static const char *other_end(const struct lab_end *end, const struct subject *s)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(end->run->world), &all);

	for (size_t i = 0; s->connection && i < n; i++) {
		const struct lab_host *host;

		if (all[i].connection != s->connection ||
		    strcmp(all[i].from, s->host) == 0)
			continue;
		host = lab_plan_host(end->plan, all[i].from);
		if (host && host->role == LAB_ENDPOINT)
			return host->name;
	}
	return host_with(end, &s->socket->remote);
}

/* "; server has no such connection: this end is half-open", or "". Nothing is
 * concluded about a connection without a number of the wire. */
static const char *peer_text(const struct conclusions *c,
			     const struct subject *s)
{
	static char text[160];
	const struct lab_end *end = c->end;
	const char *host = other_end(end, s);
	const char *gateway = forgetful_gateway(end, s);

	if (gateway)
		snprintf(text, sizeof(text),
			 R_("; %s has no entry for this connection: its "
			    "segments "
			    "do not pass"),
			 gateway);
	else if (!s->connection ||
		 lab_sockets_have_peer(end->sockets, s->host, s->connection))
		return "";
	else if (host && !host_is_running(run_host(end->run, host)))
		snprintf(text, sizeof(text),
			 R_("; %s is dead: this end is half-open"), host);
	else
		snprintf(text, sizeof(text),
			 R_("; %s has no such connection: this end is "
			    "half-open"),
			 host ? host : R_("the peer"));
	return text;
}

/* --- states --------------------------------------------------------------- */

/* tcp_retries2 is no number of retransmissions but stands for the time that so
 * many doubling timeouts take: retransmits_timed_out(). */
static void conclude_retransmission(struct conclusions *c,
				    const struct subject *s)
{
	const struct diag_socket *socket = s->socket;
	const char *state = diag_state_text(socket->state);
	char text[96];

	if (!socket->retransmits && !count_retransmissions(c, s))
		add(c, s->host, "%s, %u bytes sent, not acknowledged yet%s",
		    state, socket->send_queue, peer_text(c, s));
	else if (is_on_its_way(c, s))
		add(c, s->host,
		    "%s, %u bytes sent, not acknowledged yet, %s: frames of "
		    "this connection are still delayed%s",
		    state, socket->send_queue,
		    retransmitted_text(c, s, text, sizeof(text)),
		    peer_text(c, s));
	else
		add(c, s->host,
		    "%s, %u bytes sent, not acknowledged, %s; tcp_retries2 "
		    "(%ld) will end it with ETIMEDOUT%s",
		    state, socket->send_queue,
		    retransmitted_text(c, s, text, sizeof(text)),
		    run_sysctl(c->end->run, s->host, "net.ipv4.tcp_retries2"),
		    peer_text(c, s));
}

/* The kernel's number is icsk_probes_out, which tcp_ack() sets to 0: answered
 * window probes are not in it. */
static void conclude_probes(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;
	bool zero_window = socket->timer == DIAG_TIMER_PROBE;
	const char *state = diag_state_text(socket->state);
	unsigned int on_wire = count_probes(c, s, zero_window);
	unsigned int n = MAX(on_wire, socket->retransmits);
	double expires = nsec_seconds(socket->expires);
	char wire[32];

	wire_text(on_wire, socket->retransmits, wire);
	if (zero_window)
		add(c, s->host,
		    "%s, the peer's window is zero, %u window probe%s sent%s, "
		    "the next one in %.1f s%s",
		    state, n, n == 1 ? "" : "s", wire, expires,
		    peer_text(c, s));
	else if (socket->retransmits)
		add(c, s->host,
		    "%s, %u keepalive probe%s unanswered%s, the next one in "
		    "%.1f s%s",
		    state, n, n == 1 ? "" : "s", wire, expires,
		    peer_text(c, s));
	else
		add(c, s->host, "%s, the next keepalive probe in %.1f s%s",
		    state, expires, peer_text(c, s));
}

/* TCP has no timer for an idle connection, unless SO_KEEPALIVE is set: RFC
 * 9293, section 3.8.4. */
static void conclude_established(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;
	const char *state = diag_state_text(socket->state);

	switch (socket->timer) {
	case DIAG_TIMER_NONE:
		add(c, s->host,
		    "%s, no timer: it stays forever unless its program sends "
		    "or closes%s",
		    state, peer_text(c, s));
		break;
	case DIAG_TIMER_RETRANSMIT:
		conclude_retransmission(c, s);
		break;
	case DIAG_TIMER_KEEPALIVE:
	case DIAG_TIMER_PROBE:
		conclude_probes(c, s);
		break;
	case DIAG_TIMER_TIME_WAIT:
		break;
	}
	if (socket->receive_queue)
		add(c, s->host, "%s, %u bytes not read by its program", state,
		    socket->receive_queue);
}

/* tcp_keepalive_timer() sends probes in this state, too. The peer's FIN counts
 * as one byte of the receive queue. */
static void conclude_close_wait(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;

	if (socket->timer == DIAG_TIMER_KEEPALIVE)
		add(c, s->host,
		    "CLOSE-WAIT: the peer has closed, this program has not; "
		    "only "
		    "keepalive ends it before the program does, if a probe is "
		    "unanswered or answered with a RST%s",
		    peer_text(c, s));
	else
		add(c, s->host,
		    "CLOSE-WAIT: the peer has closed, this program has not; no "
		    "timer ends it before the program does%s",
		    peer_text(c, s));
	if (socket->receive_queue > 1)
		add(c, s->host, "CLOSE-WAIT, %u bytes not read by its program",
		    socket->receive_queue - 1);
}

/*
 * FIN-WAIT-1, LAST-ACK, CLOSING. The FIN may be queued behind data. A socket
 * without an inode is an orphan: tcp_write_timeout() then applies
 * tcp_orphan_retries, of which 0 stands for 8 (tcp_orphan_retries()).
 */
static void conclude_fin(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;
	const char *state = diag_state_text(socket->state);
	bool orphan = !socket->inode;
	long limit = run_sysctl(c->end->run, s->host,
				orphan ? "net.ipv4.tcp_orphan_retries" :
					 "net.ipv4.tcp_retries2");
	char bytes[64] = "", text[96];

	if (socket->send_queue > 1)
		snprintf(bytes, sizeof(bytes), R_("%u bytes and "),
			 socket->send_queue - 1);
	if (!socket->retransmits && !count_retransmissions(c, s))
		add(c, s->host, "%s: %sits FIN sent, not acknowledged yet%s",
		    state, bytes, peer_text(c, s));
	else if (is_on_its_way(c, s))
		add(c, s->host,
		    "%s: %sits FIN not acknowledged yet, %s: frames of this "
		    "connection are still delayed%s",
		    state, bytes, retransmitted_text(c, s, text, sizeof(text)),
		    peer_text(c, s));
	else
		add(c, s->host,
		    "%s: %sits FIN not acknowledged, %s; %s (%ld) will end "
		    "it%s",
		    state, bytes, retransmitted_text(c, s, text, sizeof(text)),
		    orphan ? "tcp_orphan_retries" : "tcp_retries2",
		    orphan && !limit ? 8 : limit, peer_text(c, s));
}

/* Only for an orphan tcp_fin_timeout applies: tcp_close() and
 * tcp_rcv_state_process() arm the timer, shutdown() does not. */
static void conclude_fin_wait_2(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;

	if (socket->timer == DIAG_TIMER_NONE)
		add(c, s->host,
		    "FIN-WAIT-2 after shutdown(): waits for the peer's "
		    "FIN, no timer ends it");
	else
		add(c, s->host,
		    "FIN-WAIT-2: waits for the peer's FIN for %.1f s more "
		    "(tcp_fin_timeout)",
		    nsec_seconds(socket->expires));
}

/* sk_acceptq_is_full() compares with ">": a queue takes one connection more
 * than its limit. Beyond that tcp_conn_request() drops SYNs, and
 * tcp_v4_syn_recv_sock() the last ACKs of handshakes. */
static void conclude_listener(struct conclusions *c, const struct subject *s)
{
	const struct diag_socket *socket = s->socket;
	unsigned int n = socket->receive_queue;

	if (n > socket->send_queue)
		add(c, s->host,
		    "port %u: the accept queue is full (%u, limit %u); new "
		    "connections are dropped until accept() is called",
		    socket->local_port, n, socket->send_queue);
	else if (n)
		add(c, s->host,
		    "port %u: %u connection%s for accept() (limit %u)",
		    socket->local_port, n, n == 1 ? " waits" : "s wait",
		    socket->send_queue);
}

static void conclude_socket(void *data, const char *host,
			    const struct diag_socket *socket,
			    unsigned int connection)
{
	const struct subject subject = { host, socket, connection };
	const struct subject *s = &subject;
	struct conclusions *c = data;
	char text[96];

	switch (socket->state) {
	case DIAG_ESTABLISHED:
		conclude_established(c, s);
		break;
	case DIAG_SYN_SENT:
		if (!socket->retransmits)
			add(c, s->host,
			    "SYN-SENT: its SYN sent, not answered yet");
		else
			add(c, s->host, "SYN-SENT: its SYN not answered, %s",
			    retransmitted_text(c, s, text, sizeof(text)));
		break;
	case DIAG_SYN_RECV:
		add(c, s->host,
		    "SYN-RECV: the last ACK of the handshake has not "
		    "arrived");
		break;
	case DIAG_FIN_WAIT1:
	case DIAG_LAST_ACK:
	case DIAG_CLOSING:
		conclude_fin(c, s);
		break;
	case DIAG_FIN_WAIT2:
		conclude_fin_wait_2(c, s);
		break;
	/* TCP_TIMEWAIT_LEN: no sysctl changes it. */
	case DIAG_TIME_WAIT:
		add(c, s->host,
		    "TIME-WAIT: its local port is in use for this peer "
		    "until 60 s after its start");
		break;
	case DIAG_CLOSE_WAIT:
		conclude_close_wait(c, s);
		break;
	case DIAG_LISTEN:
		conclude_listener(c, s);
		break;
	case DIAG_CLOSE:
		break;
	}
}

/* --- counters ------------------------------------------------------------- */

/* nf_ct_resolve_clash() counts a lost clash as both. */
static long long rise(struct run *run, const char *host, const char *name)
{
	long long n = counter_change(run, host, name);

	if (strcmp(name, "nf_conntrack_drop") == 0)
		n -= counter_change(run, host, "nf_conntrack_insert_failed");
	return n;
}

/* Those counters that explain the end of a connection, or a missing one. */
static void conclude_counters(struct conclusions *c, const char *host)
{
	static const struct {
		const char *name, *what;
	} known[] = {
		{ "ListenOverflows", R_("a SYN or the last ACK of a handshake "
					"found the accept queue full") },
		{ "TCPAbortOnTimeout", R_("a connection given up after "
					  "retransmissions or probes") },
		{ "TCPAbortOnClose",
		  R_("a connection reset because the program "
		     "closed it with unread bytes") },
		{ "TCPAbortOnData",
		  R_("a connection reset because data arrived "
		     "after close(), or closed with SO_LINGER "
		     "of 0") },
		{ "TCPReqQFullDrop",
		  R_("a SYN dropped because the SYN queue was "
		     "full") },
		{ "PAWSEstab",
		  R_("a segment dropped because of an old timestamp "
		     "(PAWS)") },
		{ "TWRecycled", R_("a new connection replaced a TIME-WAIT") },
		{ "TCPChallengeACK", R_("a segment answered with a challenge "
					"ACK") },
		{ "EstabResets",
		  R_("a connection left ESTABLISHED or CLOSE-WAIT "
		     "without a FIN of its own") },
		{ "OutRsts", R_("a RST sent") },
		{ "nf_conntrack_invalid", R_("a segment that fits no tracked "
					     "connection") },
		{ "nf_conntrack_insert_failed",
		  R_("a connection not tracked because its ports were in use, "
		     "or no port was free: its first segment is dropped") },
		{ "nf_conntrack_drop",
		  R_("a connection not tracked because the "
		     "table was full") },
		{ "nf_conntrack_early_drop",
		  R_("an entry deleted early because "
		     "the table was full") },
	};

	/* The counters are in the namespace that died. */
	if (!host_is_running(run_host(c->end->run, host)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		long long n = rise(c->end->run, host, known[i].name);

		if (n > 0)
			add(c, host, "%s +%lld: %s", known[i].name, n,
			    known[i].what);
	}
}

/* --- programs and steps --------------------------------------------------- */

/* A failed program that names a private folder was probably meant to use one of
 * the machine's files there. */
static void conclude_exit(struct conclusions *c,
			  const struct lab_program *program,
			  const struct program *process)
{
	int status = program_status(process);
	nsec_t after = program_ended(process) - c->end->start;
	char when[64] = R_("before the timeline started"), path[256];

	if (status == -1) {
		add(c, program->host, "%s died with its host", program->name);
		return;
	}
	if (after > 0)
		snprintf(when, sizeof(when), R_("at %.3f s"),
			 nsec_seconds(after));
	add(c, program->host, "%s ended %s, %s %d", program->name, when,
	    WIFSIGNALED(status) ? R_("by signal") : R_("with exit status"),
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (status != 0 &&
	    lab_commands_private_path(program->command, path, sizeof(path)))
		add(c, program->host,
		    "%s uses %s, which is private to the lab: put its files "
		    "into $FOLDER",
		    program->name, path);
}

static void conclude_program(struct conclusions *c,
			     const struct lab_program *program)
{
	const struct program *process =
		lab_program_find(c->end->programs, program->name);

	if (!process) {
		add(c, program->host, "%s was never started", program->name);
		return;
	}
	if (lab_program_does_not_listen(c->end->programs, program->name))
		add(c, program->host,
		    "%s did not listen on port %u when the timeline started",
		    program->name, program->listens);
	if (program_ended(process))
		conclude_exit(c, program, process);
	else
		add(c, program->host, "%s still runs", program->name);
}

/* The event of its moment did not happen, or a step before it, with the same
 * time, has not been executed. */
static void conclude_step(struct conclusions *c, size_t i)
{
	const struct lab_step *step = &c->end->plan->steps[i];

	if (!c->end->steps_taken[i])
		add(c, "", "did not happen: %s: %s", step->when.text,
		    step->action.text);
}

static void conclude_cause(void *data, const char *host, const char *text)
{
	add(data, host, "%s", text);
}

/* -------------------------------------------------------------------------- */

void lab_conclude(const struct lab_end *end)
{
	static struct conclusions c;

	c.end = end;
	for (size_t i = 0; i < end->plan->n_programs; i++)
		conclude_program(&c, &end->plan->programs[i]);
	for (size_t i = 0; i < end->plan->n_steps; i++)
		conclude_step(&c, i);
	lab_sockets_each(end->sockets, conclude_socket, &c);
	lab_causes(end->run, end->plan, conclude_cause, &c);
	for (size_t i = 0; i < end->plan->n_hosts; i++)
		conclude_counters(&c, end->plan->hosts[i].name);
	for (size_t i = 0; i < c.n; i++) {
		const struct sentence *s = &c.all[i];
		char text[SENTENCE + 32], count[32] = "";

		if (s->count > 1)
			snprintf(count, sizeof(count), "%u x ", s->count);
		snprintf(text, sizeof(text), "%s%s", count, s->text);
		run_journal(end->run, nsec_now(), "meaning", "{s:s, s:s}",
			    "host", s->host, "text", text);
	}
	if (c.left_out)
		run_note(end->run, "%u more conclusions left out", c.left_out);
}
