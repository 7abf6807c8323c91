/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lasts: a socket's state from one look to the next, a timer until it
 * fires, a host that is dead. Between two looks that told different states
 * nothing is known, and the span says so.
 */
#include "journal.h"
#include "ladder-parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_span(struct ladder_build *build, enum ladder_span_kind kind,
		    int host, double from, char *text)
{
	struct ladder *ladder = build->ladder;
	struct ladder_span *spans =
		ladder_grow(build, ladder->spans, ladder->n_spans,
			    &build->spans_space, sizeof(*spans));

	if (!spans) {
		free(text);
		return LADDER_NONE;
	}
	ladder->spans = spans;
	spans[ladder->n_spans] = (struct ladder_span){
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
	if (span == LADDER_NONE)
		return;
	ladder->spans[span].until = t;
	ladder->spans[span].sure = MIN(ladder->spans[span].sure, t);
	ladder->spans[span].open = false;
}

/* --- whose --------------------------------------------------------------- */

static bool has_ports(const struct ladder_alias *alias, size_t own,
		      json_int_t port, json_int_t peer)
{
	return alias->ports[own] == port && alias->ports[!own] == peer;
}

/* The newest connection of this host with the ports that a look told, by
 * whatever name it goes there: a NAT gateway gives it another one. */
static int connection_of_ports(const struct ladder_build *build,
			       const json_t *record, int host)
{
	json_int_t port = json_integer_value(json_object_get(record, "port"));
	json_int_t peer =
		json_integer_value(json_object_get(record, "peer_port"));

	for (size_t i = build->n_aliases; port && peer && i > 0; i--) {
		const struct ladder_alias *alias = &build->aliases[i - 1];
		const struct ladder_connection *connection =
			&build->ladder->connections[alias->connection];

		if ((connection->client == host &&
		     has_ports(alias, 0, port, peer)) ||
		    (connection->server == host &&
		     has_ports(alias, 1, port, peer)))
			return alias->connection;
	}
	return LADDER_NONE;
}

struct ladder_holder *ladder_find_holder(struct ladder_build *build, int host,
					 int socket, int connection)
{
	for (size_t i = build->n_holders; i > 0; i--) {
		struct ladder_holder *holder = &build->holders[i - 1];

		if (holder->host != host)
			continue;
		if (connection >= 0 && holder->connection == connection)
			return holder;
		if (socket && holder->socket == socket)
			return holder;
	}
	return NULL;
}

struct ladder_holder *ladder_holder_of(struct ladder_build *build, int host,
				       int socket, int connection)
{
	struct ladder_holder *holder =
		ladder_find_holder(build, host, socket, connection);
	struct ladder_holder *holders;

	if (!holder) {
		holders = ladder_grow(build, build->holders, build->n_holders,
				      &build->holders_space, sizeof(*holders));
		if (!holders)
			return NULL;
		build->holders = holders;
		holder = &holders[build->n_holders++];
		*holder = (struct ladder_holder){ .host = host,
						  .state = LADDER_NONE,
						  .timer = LADDER_NONE,
						  .connection = LADDER_NONE };
	}
	if (socket)
		holder->socket = socket;
	if (connection >= 0)
		holder->connection = connection;
	return holder;
}

/* --- states -------------------------------------------------------------- */

void ladder_set_state(struct ladder_build *build, struct ladder_holder *holder,
		      const char *state, double t)
{
	struct ladder *ladder = build->ladder;
	struct ladder_span *span =
		holder->state >= 0 ? &ladder->spans[holder->state] : NULL;

	if (span && state && strcmp(span->text, state) == 0) {
		span->sure = span->until = MAX(t, span->sure);
		return;
	}
	close_span(ladder, holder->state, t);
	holder->state = LADDER_NONE;
	if (!state)
		return;
	holder->state = add_span(build, LADDER_STATE, holder->host, t,
				 ladder_line(build, state));
	if (holder->state >= 0)
		ladder->spans[holder->state].connection = holder->connection;
}

/* It was like that up to now. */
static void end_state(struct ladder_build *build, struct ladder_holder *holder,
		      double t)
{
	if (holder->state >= 0)
		build->ladder->spans[holder->state].sure =
			MAX(t, build->ladder->spans[holder->state].sure);
	ladder_set_state(build, holder, NULL, t);
}

void ladder_end_socket(struct ladder_build *build, struct ladder_holder *holder,
		       double t)
{
	end_state(build, holder, t);
	if (holder->timer >= 0 &&
	    build->ladder->spans[holder->timer].until > t)
		build->ladder->spans[holder->timer].until = t;
	holder->timer = LADDER_NONE;
}

/* A listener's state is the same all the time. */
static const char *state_of(const json_t *record)
{
	const char *state = journal_text(record, "state");

	return strcmp(state, "none") == 0 || strcmp(state, "LISTEN") == 0 ||
			       strcmp(state, "UNCONN") == 0 ?
		       NULL :
		       state;
}

/* --- timers -------------------------------------------------------------- */

static const char *timer_text(const char *timer, const char *state)
{
	if (strcmp(timer, "on") == 0)
		return "retransmission";
	if (strcmp(timer, "persist") == 0)
		return "zero-window probe";
	if (strcmp(timer, "timewait") == 0)
		return state;
	return timer;
}

static bool runs(const json_t *record)
{
	const char *timer = journal_text(record, "timer");

	return *timer && strcmp(timer, "none") != 0;
}

/* Looked at twice, it is the same timer when it fires at the same moment, as
 * exactly as the kernel tells: in jiffies, and rounded to milliseconds. */
static void set_timer(struct ladder_build *build, struct ladder_holder *holder,
		      const json_t *record, double t)
{
	struct ladder *ladder = build->ladder;
	double left = ladder_number_of(record, "expires");
	double expires = t + left;
	const char *text = timer_text(journal_text(record, "timer"),
				      journal_text(record, "state"));
	char in[32];

	if (holder->timer >= 0 && runs(record) &&
	    strcmp(text, holder->timer_text) == 0 &&
	    fabs(expires - holder->expires) < 0.02)
		return;
	if (holder->timer >= 0 && ladder->spans[holder->timer].until > t)
		ladder->spans[holder->timer].until = t;
	holder->timer = LADDER_NONE;
	if (!runs(record))
		return;
	holder->timer = add_span(
		build, LADDER_TIMER, holder->host, t,
		ladder_printf(build, "%s %s", text, ladder_duration(left, in)));
	if (holder->timer < 0)
		return;
	ladder->spans[holder->timer].until = expires;
	ladder->spans[holder->timer].connection = holder->connection;
	holder->expires = expires;
	holder->timer_text = text;
}

/* --- looks --------------------------------------------------------------- */

/* Whose ports are told elsewhere needs no more than its state. */
static const char *bare_text(const json_t *record, bool known)
{
	const char *state = journal_text(record, "state");

	if (!known || strcmp(state, "LISTEN") == 0)
		return journal_text(record, "text");
	return strcmp(state, "none") == 0 ? "no socket" : state;
}

static char *look_text(struct ladder_build *build, const json_t *record,
		       bool known)
{
	const char *state = journal_text(record, "state");
	const char *timer = journal_text(record, "timer");
	int retransmits = (int)json_integer_value(
		json_object_get(record, "retransmits"));
	char in[32], times[32] = "";

	if (!runs(record))
		return ladder_line(build, bare_text(record, known));
	if (retransmits > 0)
		snprintf(times, sizeof(times), " (%d so far)", retransmits);
	ladder_duration(ladder_number_of(record, "expires"), in);
	if (strcmp(timer, "timewait") == 0)
		return ladder_printf(build, "%s, %s left", state, in);
	return ladder_printf(build, "%s, %s in %s%s", state,
			     timer_text(timer, state), in, times);
}

/* What was told before, and how the timer went on, is no news. */
static bool is_news(struct ladder_holder *holder, const json_t *record,
		    double t)
{
	char look[sizeof(holder->look)];
	bool same;

	snprintf(
		look, sizeof(look), "%.20s %.20s %d %d",
		journal_text(record, "state"), journal_text(record, "timer"),
		(int)json_integer_value(json_object_get(record, "retransmits")),
		(int)json_integer_value(json_object_get(record, "queue")));
	same = strcmp(look, holder->look) == 0;
	snprintf(holder->look, sizeof(holder->look), "%s", look);
	if (same && runs(record))
		return fabs(t + ladder_number_of(record, "expires") -
			    holder->expires) >= 0.02;
	return !same;
}

void ladder_take_look(struct ladder_build *build, const json_t *record)
{
	double t = ladder_number_of(record, "t");
	int host =
		ladder_host_index(build->ladder, journal_text(record, "host"));
	struct ladder_holder *holder;
	struct ladder_row *row;

	if (host < 0)
		return;
	holder = ladder_holder_of(build, host, ladder_socket_of(record),
			   connection_of_ports(build, record, host));
	if (!holder)
		return;
	if (is_news(holder, record, t)) {
		row = ladder_add_row(build, LADDER_SOCKET, t, host);
		if (!row)
			return;
		row->text = look_text(build, record, holder->connection >= 0);
		row->connection = holder->connection;
		row->socket = ladder_socket_of(record);
	}
	ladder_set_state(build, holder, state_of(record), t);
	set_timer(build, holder, record, t);
	/* It lasts as long as its timer, unless somebody looks and sees. */
	if (holder->state >= 0 && holder->timer >= 0 &&
	    strcmp(state_of(record), "TIME-WAIT") == 0)
		build->ladder->spans[holder->state].sure = holder->expires;
}

/* A host that sends in a connection has it; with FIN and RST, sent or received,
 * its state becomes another one, and which one only a look would tell. */
void ladder_take_sign(struct ladder_build *build, int host, int connection,
		      double t, bool sends, uint8_t flags)
{
	const struct ladder_connection *ends =
		&build->ladder->connections[connection];
	struct ladder_holder *holder;

	if (host != ends->client && host != ends->server)
		return;
	holder = ladder_find_holder(build, host, 0, connection);
	if (!holder || holder->state < 0)
		return;
	if (flags & (SEGMENT_FIN | SEGMENT_RST))
		end_state(build, holder, t);
	else if (sends && strcmp(build->ladder->spans[holder->state].text,
				 "ESTAB") == 0)
		ladder_set_state(build, holder, "ESTAB", t);
}

/* --- faults -------------------------------------------------------------- */

static const struct {
	const char *begins, *ends;
	enum ladder_span_kind kind;
	const char *text;
} lasting[] = {
	{ "crash", "reboot", LADDER_DEAD, "dead" },
	{ "freeze", "thaw", LADDER_FROZEN, "frozen" },
	{ "suspend", "resume", LADDER_FROZEN, "suspended" },
	{ "unplug", "plug", LADDER_UNPLUGGED, "unplugged" },
	{ "down", "up", LADDER_UNPLUGGED, "down" },
};

static void end_lasting(struct ladder *ladder, enum ladder_span_kind kind,
			int host, double t)
{
	for (size_t i = 0; i < ladder->n_spans; i++)
		if (ladder->spans[i].kind == kind &&
		    ladder->spans[i].host == host && ladder->spans[i].open)
			close_span(ladder, (int)i, t);
}

static void forget_sockets(struct ladder_build *build, int host, double t)
{
	for (size_t i = 0; i < build->n_holders; i++)
		if (build->holders[i].host == host)
			ladder_end_socket(build, &build->holders[i], t);
}

static void take_lasting(struct ladder_build *build, const char *verb, int host,
			 double t)
{
	if (strcmp(verb, "crash") == 0 || strcmp(verb, "reboot") == 0)
		forget_sockets(build, host, t);
	for (size_t i = 0; i < ARRAY_SIZE(lasting); i++) {
		if (strcmp(verb, lasting[i].ends) == 0)
			end_lasting(build->ladder, lasting[i].kind, host, t);
		if (strcmp(verb, lasting[i].begins) == 0)
			add_span(build, lasting[i].kind, host, t,
				 ladder_line(build, lasting[i].text));
	}
}

static bool mends(const char *verb)
{
	for (size_t i = 0; i < ARRAY_SIZE(lasting); i++)
		if (strcmp(verb, lasting[i].ends) == 0)
			return true;
	return strcmp(verb, "mend") == 0 || strcmp(verb, "release") == 0;
}

/* "server", or "server 2": one of its processes. */
static int target_host(const struct ladder *ladder, const char *target)
{
	char name[256];
	int host = ladder_host_index(ladder, target);
	size_t length = strcspn(target, " ");

	if (host >= 0 || length >= sizeof(name))
		return host;
	memcpy(name, target, length);
	name[length] = '\0';
	return ladder_host_index(ladder, name);
}

void ladder_take_fault(struct ladder_build *build, const json_t *record)
{
	double t = ladder_number_of(record, "t");
	int host = target_host(build->ladder, journal_text(record, "target"));
	struct ladder_row *row = ladder_add_row(
		build, LADDER_FAULT, t, host >= 0 ? host : LADDER_WIRE);

	if (!row)
		return;
	row->text = ladder_line(build, journal_text(record, "text"));
	row->ends_fault = mends(journal_text(record, "verb"));
	if (host >= 0)
		take_lasting(build, journal_text(record, "verb"), host, t);
}

/* --- the end ------------------------------------------------------------- */

/* Side by side: the first track that is free again. Spans of one kind were made
 * in the order in which they began. */
static void choose_tracks(struct ladder_build *build)
{
	struct ladder *ladder = build->ladder;
	double (*ends)[LADDER_TIMER + 1][LADDER_TRACKS_MAX];

	ends = calloc(ladder->n_hosts + 1, sizeof(*ends));
	if (!ends) {
		build->no_memory = true;
		return;
	}
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
}

void ladder_end_spans(struct ladder_build *build)
{
	struct ladder *ladder = build->ladder;

	for (size_t i = 0; i < ladder->n_spans; i++) {
		struct ladder_span *span = &ladder->spans[i];

		if (span->kind == LADDER_TIMER) {
			span->open = span->until > ladder->end;
			span->until = MIN(span->until, ladder->end);
		} else if (span->open) {
			span->until = ladder->end;
		}
		span->until = MAX(span->until, span->from);
		span->sure = MIN(MAX(span->sure, span->from), span->until);
	}
	choose_tracks(build);
}
