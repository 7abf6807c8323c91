/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bar beside a lifeline is the state of a socket. It is known where the
 * journal has a "state" record and after a successful connect() or accept(), and
 * stays known as long as the connection's segments agree with it. A FIN or an
 * RST changes the state; the next record shows to which one. An RST that the
 * receiver answers with anything but an RST has changed nothing: it was not
 * acceptable, and the answer is a challenge ACK (tcp_validate_incoming(), RFC
 * 5961 section 3.2). Between
 * two records of different states the moment of the change is not known, and the
 * span has `sure` before `until`.
 *
 * A socket is identified by its host and its connection; by its number in the
 * journal as long as the connection is not known. (A lab numbers a socket that it
 * finds before the probe has reported its port, and so has two numbers for it.)
 */
#include "ladder-spans.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "journal.h"
#include "ladder-rows.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "segment.h"

struct socket_state {
	int host, number; /* number 0: not known */
	int connection; /* LADDER_NONE: not known */
	int next; /* another socket of the connection; LADDER_NONE */
	int port, peer_port; /* 0: not known */
	int state, timer; /* spans that last; LADDER_NONE */
	int reset; /* the state that a received RST has ended; LADDER_NONE */
	double expires; /* of the timer */
	char timer_name[32];
	char observed[64]; /* the last "state" record */
};

struct lasting_fault {
	const struct fault_verb *verb;
	int span, host;
};

struct ladder_spans {
	struct ladder *ladder;
	size_t spans_capacity;
	struct socket_state *sockets;
	size_t n_sockets, sockets_capacity;
	int *first_sockets; /* of each connection; LADDER_NONE */
	size_t n_first_sockets, first_sockets_capacity;
	struct lasting_fault *faults;
	size_t n_faults, faults_capacity;
};

int ladder_spans_new(struct ladder_spans **ret, struct ladder *ladder)
{
	struct ladder_spans *spans = calloc(1, sizeof(*spans));

	if (!spans)
		return error_origin(-ENOMEM, "ladder");
	spans->ladder = ladder;
	*ret = spans;
	return 0;
}

struct ladder_spans *ladder_spans_free(struct ladder_spans *spans)
{
	if (!spans)
		return NULL;
	free(spans->sockets);
	free(spans->first_sockets);
	free(spans->faults);
	free(spans);
	return NULL;
}

/* --- spans ------------------------------------------------------------------ */

/* Takes `text`. Returns the index. */
static int add_span(struct ladder_spans *spans, enum ladder_span_kind kind,
		    int host, double from, char *text)
{
	struct ladder *ladder = spans->ladder;
	struct ladder_span *grown =
		text ? array_grow(ladder->spans, ladder->n_spans,
				  &spans->spans_capacity, sizeof(*grown)) :
		       NULL;

	if (!grown) {
		free(text);
		return error_origin(-ENOMEM, "ladder");
	}
	ladder->spans = grown;
	grown[ladder->n_spans] = (struct ladder_span){
		.kind = kind,
		.host = host,
		.from = from,
		.sure = from,
		.until = from,
		.text = text,
		.connection = LADDER_NONE,
		.open = true,
	};
	return (int)ladder->n_spans++;
}

static void close_span(struct ladder *ladder, int span, double t)
{
	ladder->spans[span].until = t;
	ladder->spans[span].sure = MIN(ladder->spans[span].sure, t);
	ladder->spans[span].open = false;
}

/* --- sockets ---------------------------------------------------------------- */

static int first_socket(const struct ladder_spans *spans, int connection)
{
	return connection >= 0 && (size_t)connection < spans->n_first_sockets ?
		       spans->first_sockets[connection] :
		       LADDER_NONE;
}

/* By the connection, which is certain; then by the number, newest first, since a
 * number is used again after close(). */
static struct socket_state *find_socket(struct ladder_spans *spans, int host,
					int number, int connection)
{
	for (int i = first_socket(spans, connection); i >= 0;
	     i = spans->sockets[i].next)
		if (spans->sockets[i].host == host)
			return &spans->sockets[i];
	for (size_t i = spans->n_sockets; number && i > 0; i--) {
		struct socket_state *socket = &spans->sockets[i - 1];

		if (socket->host != host || socket->number != number)
			continue;
		/* A descriptor can have one connection after the other. */
		return connection < 0 || socket->connection < 0 ? socket :
								  NULL;
	}
	return NULL;
}

static int set_connection(struct ladder_spans *spans,
			  struct socket_state *socket, int connection)
{
	while (spans->n_first_sockets <= (size_t)connection) {
		int *grown = array_grow(spans->first_sockets,
					spans->n_first_sockets,
					&spans->first_sockets_capacity,
					sizeof(*grown));

		if (!grown)
			return error_origin(-ENOMEM, "ladder");
		spans->first_sockets = grown;
		grown[spans->n_first_sockets++] = LADDER_NONE;
	}
	socket->connection = connection;
	socket->next = spans->first_sockets[connection];
	spans->first_sockets[connection] = (int)(socket - spans->sockets);
	return 0;
}

/* Finds the socket, or adds it; and stores what was not known of it. */
static int get_socket(struct ladder_spans *spans, struct socket_state **ret,
		      int host, int number, int connection)
{
	struct socket_state *socket =
		find_socket(spans, host, number, connection);
	int r = 0;

	if (!socket) {
		socket = array_grow(spans->sockets, spans->n_sockets,
				    &spans->sockets_capacity, sizeof(*socket));
		if (!socket)
			return error_origin(-ENOMEM, "ladder");
		spans->sockets = socket;
		socket += spans->n_sockets++;
		*socket = (struct socket_state){ .host = host,
						 .connection = LADDER_NONE,
						 .next = LADDER_NONE,
						 .state = LADDER_NONE,
						 .timer = LADDER_NONE,
						 .reset = LADDER_NONE };
	}
	if (number)
		socket->number = number;
	if (connection >= 0 && socket->connection < 0)
		r = set_connection(spans, socket, connection);
	*ret = socket;
	return error_trace(r);
}

static bool is_in_state(const struct ladder_spans *spans,
			const struct socket_state *socket, const char *state)
{
	return socket->state >= 0 &&
	       strcmp(spans->ladder->spans[socket->state].text, state) == 0;
}

/* What a received RST has ended goes on: the socket is seen at `t`. Of frames that
 * pass the wire within microseconds, a later record may have an earlier time. */
static void restore_state(struct ladder_spans *spans,
			  struct socket_state *socket, double t)
{
	struct ladder_span *span;

	if (socket->reset < 0)
		return;
	span = &spans->ladder->spans[socket->reset];
	if (t <= span->until)
		return;
	span->open = true;
	span->sure = span->until = MAX(t, span->sure);
	socket->state = socket->reset;
	socket->reset = LADDER_NONE;
}

/*
 * The same state prolongs its span. Another one ends it at `t`, but `sure` stays
 * where the old state was observed last: the change was somewhere between.
 */
static int set_state(struct ladder_spans *spans, struct socket_state *socket,
		     const char *state, double t)
{
	struct ladder *ladder = spans->ladder;
	int span;

	if (socket->reset >= 0 &&
	    strcmp(ladder->spans[socket->reset].text, state) == 0)
		restore_state(spans, socket, t);
	socket->reset = LADDER_NONE;
	if (is_in_state(spans, socket, state)) {
		struct ladder_span *same = &ladder->spans[socket->state];

		same->sure = same->until = MAX(t, same->sure);
		return 0;
	}
	if (socket->state >= 0)
		close_span(ladder, socket->state, t);
	socket->state = LADDER_NONE;
	span = add_span(spans, LADDER_STATE, socket->host, t,
			ladder_text("%s", state));
	if (span < 0)
		return error_trace(span);
	socket->state = span;
	ladder->spans[span].connection = socket->connection;
	return 0;
}

/* The state is unknown from now on. `known`: until now it was as before. */
static void unset_state(struct ladder_spans *spans, struct socket_state *socket,
			double t, bool known)
{
	struct ladder_span *span;

	socket->reset = LADDER_NONE;
	if (socket->state < 0)
		return;
	span = &spans->ladder->spans[socket->state];
	if (known)
		span->sure = MAX(t, span->sure);
	close_span(spans->ladder, socket->state, t);
	socket->state = LADDER_NONE;
}

static void end_timer(struct ladder_spans *spans, struct socket_state *socket,
		      double t)
{
	struct ladder_span *span;

	if (socket->timer < 0)
		return;
	span = &spans->ladder->spans[socket->timer];
	span->until = MIN(span->until, t);
	socket->timer = LADDER_NONE;
}

static void end_socket(struct ladder_spans *spans, struct socket_state *socket,
		       double t)
{
	unset_state(spans, socket, t, true);
	end_timer(spans, socket, t);
}

/* --- segments --------------------------------------------------------------- */

/*
 * A SYN, or the answer to one, begins a connection. Where that has the ports of
 * a socket in TIME-WAIT, the socket is gone: tcp_twsk_unique(),
 * tcp_timewait_state_process().
 */
static void end_time_wait(struct ladder_spans *spans,
			  const struct ladder_spans_segment *segment)
{
	for (size_t i = 0; i < spans->n_sockets; i++) {
		struct socket_state *socket = &spans->sockets[i];

		if (socket->host == segment->host &&
		    socket->connection != segment->connection &&
		    socket->port == segment->port &&
		    socket->peer_port == segment->peer_port &&
		    is_in_state(spans, socket, "TIME-WAIT"))
			end_socket(spans, socket, segment->t);
	}
}

/* Not the FIN that is sent or received once more: RFC 9293 sections 3.10.4 and
 * 3.10.7.4. */
static bool fin_changes_state(const struct ladder_spans *spans,
			      const struct socket_state *socket, bool sends)
{
	static const char *const closing[] = { "FIN-WAIT-1", "FIN-WAIT-2",
					       "CLOSING", "LAST-ACK",
					       "TIME-WAIT" };
	static const char *const closed[] = { "CLOSE-WAIT", "CLOSING",
					      "LAST-ACK", "TIME-WAIT" };
	const char *const *after = sends ? closing : closed;
	size_t n = sends ? ARRAY_SIZE(closing) : ARRAY_SIZE(closed);

	for (size_t i = 0; i < n; i++)
		if (is_in_state(spans, socket, after[i]))
			return false;
	return true;
}

void ladder_spans_segment(struct ladder_spans *spans,
			  const struct ladder_spans_segment *segment)
{
	struct socket_state *socket;
	bool resets = segment->flags & SEGMENT_RST;
	int state;

	/* Before the socket is looked up: the new connection may have none yet. */
	if (segment->sends && segment->flags & SEGMENT_SYN)
		end_time_wait(spans, segment);
	socket = find_socket(spans, segment->host, 0, segment->connection);
	if (!socket)
		return;
	socket->port = segment->port;
	socket->peer_port = segment->peer_port;
	/* A host in SYN-SENT sends an RST for an unacceptable ACK, and stays in
	 * that state: RFC 9293 section 3.10.7.3. */
	if (segment->sends && resets && is_in_state(spans, socket, "SYN-SENT"))
		return;
	if (segment->sends && !resets)
		restore_state(spans, socket, segment->t);
	/* The one before may have been refused without an answer:
	 * tcp_invalid_ratelimit. */
	state = socket->state >= 0 ? socket->state : socket->reset;
	if (resets) {
		unset_state(spans, socket, segment->t, true);
		socket->reset = segment->sends ? LADDER_NONE : state;
	} else if (segment->flags & SEGMENT_FIN) {
		if (fin_changes_state(spans, socket, segment->sends))
			unset_state(spans, socket, segment->t, true);
	}
	/* Only for its own segments: a segment that arrives proves nothing about
	 * the receiver's socket. */
	else if (segment->sends && is_in_state(spans, socket, "ESTAB"))
		set_state(spans, socket, "ESTAB", segment->t);
}

/* --- calls ------------------------------------------------------------------ */

int ladder_spans_connected(struct ladder_spans *spans, int host, int socket,
			   int connection, double t)
{
	struct socket_state *state;
	int r = get_socket(spans, &state, host, socket, connection);

	if (r < 0)
		return error_trace(r);
	return error_trace(set_state(spans, state, "ESTAB", t));
}

void ladder_spans_reset(struct ladder_spans *spans, int host, int socket,
			int connection, double t)
{
	struct socket_state *state =
		find_socket(spans, host, socket, connection);

	if (state)
		end_socket(spans, state, t);
}

/* close() removes a socket in SYN-SENT without a segment: tcp_close(). In other
 * states a FIN or an RST follows. */
void ladder_spans_closed(struct ladder_spans *spans, int host, int socket,
			 int connection, double t)
{
	struct socket_state *state =
		find_socket(spans, host, socket, connection);

	if (state && is_in_state(spans, state, "SYN-SENT"))
		end_socket(spans, state, t);
}

/* --- "state" records -------------------------------------------------------- */

/* Two observations are of one timer when it expires at the same moment, as
 * exactly as the kernel reports it: in jiffies, rounded to milliseconds. */
static bool is_same_timer(const struct socket_state *socket,
			  const json_t *record, double t)
{
	const char *name = record_timer(record);

	return socket->timer >= 0 && name &&
	       strcmp(name, socket->timer_name) == 0 &&
	       fabs(t + ladder_number(record, "expires") - socket->expires) < 0.02;
}

static int set_timer(struct ladder_spans *spans, struct socket_state *socket,
		     const json_t *record, double t)
{
	const char *name = record_timer(record);
	double left = ladder_number(record, "expires");
	char in[32];
	int span;

	if (is_same_timer(socket, record, t))
		return 0;
	end_timer(spans, socket, t);
	if (!name)
		return 0;
	ladder_duration(left, in);
	span = add_span(spans, LADDER_TIMER, socket->host, t,
			ladder_text("%s %s", name, in));
	if (span < 0)
		return error_trace(span);
	socket->timer = span;
	socket->expires = t + left;
	snprintf(socket->timer_name, sizeof(socket->timer_name), "%s", name);
	spans->ladder->spans[span].until = socket->expires;
	spans->ladder->spans[span].connection = socket->connection;
	return 0;
}

/* Whether the record differs from the last one; a timer that goes on does not
 * make a difference. */
static bool differs(struct socket_state *socket, const json_t *record, double t)
{
	char observed[sizeof(socket->observed)];
	bool same;

	snprintf(observed, sizeof(observed), "%.20s %.20s %d %d",
		 journal_text(record, "state"), journal_text(record, "timer"),
		 ladder_int(record, "retransmits"),
		 ladder_int(record, "queue"));
	same = strcmp(observed, socket->observed) == 0;
	memcpy(socket->observed, observed, sizeof(observed));
	return !same ||
	       (record_timer(record) && !is_same_timer(socket, record, t));
}

/* A state that has a bar: a listener's never changes. */
static bool has_bar(const char *state)
{
	return *state && strcmp(state, "none") != 0 &&
	       strcmp(state, "LISTEN") != 0 && strcmp(state, "UNCONN") != 0;
}

int ladder_spans_state(struct ladder_spans *spans, const json_t *record,
		       int host, int connection, int *ret_connection,
		       bool *ret_differs)
{
	double t = ladder_number(record, "t");
	const char *state = journal_text(record, "state");
	struct socket_state *socket;
	int r;

	r = get_socket(spans, &socket, host, ladder_int(record, "socket"),
		       connection);
	if (r < 0)
		return error_trace(r);
	if (ladder_int(record, "peer_port")) {
		socket->port = ladder_int(record, "port");
		socket->peer_port = ladder_int(record, "peer_port");
	}
	*ret_connection = socket->connection;
	*ret_differs = differs(socket, record, t);
	if (has_bar(state))
		r = set_state(spans, socket, state, t);
	else
		unset_state(spans, socket, t, false);
	if (r >= 0)
		r = set_timer(spans, socket, record, t);
	if (r < 0)
		return error_trace(r);
	/* TIME-WAIT lasts as long as its timer. */
	if (socket->timer >= 0 && is_in_state(spans, socket, "TIME-WAIT"))
		spans->ladder->spans[socket->state].sure = socket->expires;
	return 0;
}

/* --- faults ----------------------------------------------------------------- */

static int begin_fault(struct ladder_spans *spans,
		       const struct fault_verb *verb, int host, double t)
{
	static const enum ladder_span_kind kinds[] = {
		[FAULT_DRAW_DEAD] = LADDER_DEAD,
		[FAULT_DRAW_FROZEN] = LADDER_FROZEN,
		[FAULT_DRAW_UNPLUGGED] = LADDER_UNPLUGGED,
	};
	struct lasting_fault *grown =
		array_grow(spans->faults, spans->n_faults,
			   &spans->faults_capacity, sizeof(*grown));
	char state[64];
	int span;

	if (!grown)
		return error_origin(-ENOMEM, "ladder");
	spans->faults = grown;
	span = add_span(spans, kinds[verb->drawing], host, t,
			ladder_text("%s", message_record(verb->state, state,
							 sizeof(state))));
	if (span < 0)
		return error_trace(span);
	grown[spans->n_faults++] = (struct lasting_fault){ .verb = verb,
							   .span = span,
							   .host = host };
	return 0;
}

/* A verb ends the faults that name it as their undo; a crash also those that
 * belong to the machine. */
static void end_faults(struct ladder_spans *spans,
		       const struct fault_verb *verb, int host, double t)
{
	for (size_t i = 0; i < spans->n_faults; i++) {
		const struct lasting_fault *fault = &spans->faults[i];
		bool undone = fault->verb->undo &&
			      strcmp(fault->verb->undo, verb->name) == 0;
		bool gone = verb->kills_host && !fault->verb->survives_crash;

		if (fault->host == host && (undone || gone) &&
		    spans->ladder->spans[fault->span].open)
			close_span(spans->ladder, fault->span, t);
	}
}

int ladder_spans_fault(struct ladder_spans *spans,
		       const struct fault_verb *verb, int host, double t)
{
	/* Sockets first: their bars end where the dead lifeline begins. */
	for (size_t i = 0; verb->kills_host && i < spans->n_sockets; i++)
		if (spans->sockets[i].host == host)
			end_socket(spans, &spans->sockets[i], t);
	end_faults(spans, verb, host, t);
	if (verb->drawing == FAULT_DRAW_EVENT ||
	    verb->drawing == FAULT_DRAW_END || !verb->state)
		return 0;
	return error_trace(begin_fault(spans, verb, host, t));
}

/* --- the end ---------------------------------------------------------------- */

/* The first track that is free again. The spans of one kind are in the order of
 * their beginning. */
static int choose_tracks(struct ladder *ladder)
{
	double (*ends)[LADDER_TIMER + 1][LADDER_TRACKS_MAX];

	ends = calloc(ladder->n_hosts + 1, sizeof(*ends));
	if (!ends)
		return error_origin(-ENOMEM, "ladder");
	for (size_t i = 0; i < ladder->n_spans; i++) {
		struct ladder_span *span = &ladder->spans[i];
		double *tracks;

		if (span->kind > LADDER_TIMER)
			continue;
		tracks = ends[span->host][span->kind];
		while (span->track < LADDER_TRACKS_MAX &&
		       tracks[span->track] > span->from)
			span->track++;
		if (span->track < LADDER_TRACKS_MAX)
			tracks[span->track] = span->until;
	}
	free(ends);
	return 0;
}

int ladder_spans_finish(struct ladder_spans *spans)
{
	struct ladder *ladder = spans->ladder;

	for (size_t i = 0; i < ladder->n_spans; i++) {
		struct ladder_span *span = &ladder->spans[i];

		/* A timer ends when it expires, also beyond the last record. */
		if (span->kind == LADDER_TIMER) {
			span->open = span->until > ladder->end;
			span->until = MIN(span->until, ladder->end);
		} else if (span->open) {
			span->until = ladder->end;
		}
		span->until = MAX(span->until, span->from);
		span->sure = MIN(MAX(span->sure, span->from), span->until);
	}
	return error_trace(choose_tracks(ladder));
}
