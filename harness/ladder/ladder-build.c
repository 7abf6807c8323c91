/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the journal to the model of a ladder.
 *
 * The journal has one record for each cable that a packet crosses, and a further
 * one when the wire sends a packet that it delayed or held. The member
 * "packet" is the same in all of them: `flights` has the row and the last known
 * place of every packet. What a record adds follows from its fate and from that
 * place: the next hop of the row, its arrival, or a new row.
 *
 * Records are taken in the order of the journal. After the last one the rows are
 * sorted by time, and then folded (ladder-fold.c).
 */
#include "ladder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "array.h"
#include "errors.h"
#include "frame.h"
#include "journal.h"
#include "ladder-fold.h"
#include "ladder-hosts.h"
#include "ladder-rows.h"
#include "ladder-spans.h"
#include "ladder-transmissions.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "segment.h"

enum { TEXT = 1024 }; /* bytes of a text in the language of the user */

/* --- state while records are read ------------------------------------------ */

/* Beside the struct ladder_connection with the same index. */
struct connection_state {
	int ports[2]; /* 0: of the client */
	bool server_has_socket; /* `server` is certain */
	struct address destination; /* of the client's segments */
};

/*
 * The place of a packet after the records so far. A packet has several flights if
 * the wire duplicated or released it: each is a row of its own, and a gateway
 * forwards each of them.
 */
struct flight {
	int row;
	int older; /* flight of the same packet; LADDER_NONE */
	int from, to; /* on the last cable */
	enum {
		FLIGHT_AT_HOST, /* `to` has it, and may forward it */
		FLIGHT_DELAYED,
		FLIGHT_HELD,
		FLIGHT_OVER,
	} place;
};

struct build {
	struct ladder *ladder;
	const json_t *journal;
	bool no_memory;
	void *grown; /* of GROW() */
	size_t connections_capacity;
	struct ladder_spans *spans;
	struct ladder_transmissions *transmissions;
	struct connection_state *connections;
	size_t states_capacity;
	struct flight *flights;
	size_t n_flights, flights_capacity;
	struct {
		uint32_t packet; /* 0: free */
		int flight; /* the newest */
	} *packets; /* a hash table with open addressing */
	size_t packets_mask;
};

/* Makes room for element `n` of the array; false, and no_memory, without. */
#define GROW(build_, array_, n_, capacity_)                                    \
	((build_)->grown = array_grow((array_), (n_), (capacity_),             \
				      sizeof(*(array_))),                      \
	 (build_)->no_memory |= !(build_)->grown,                              \
	 (build_)->grown && ((array_) = (build_)->grown, true))

/* --- reading records ------------------------------------------------------- */

/* For a value that is NULL without memory. */
static char *need(struct build *build, char *text)
{
	build->no_memory |= !text;
	return text;
}

static char *line_of(struct build *build, const char *text)
{
	return need(build, ladder_text("%s", text));
}

/* The text of a record in the language of the user. */
static char *text_of(struct build *build, const json_t *record)
{
	char text[TEXT];

	return line_of(build, record_text(record, text, sizeof(text)));
}

static struct ladder_row *add_row(struct build *build, enum ladder_kind kind,
				  double t, int host)
{
	struct ladder_row *row =
		ladder_append_row(build->ladder, kind, t, host);

	build->no_memory |= !row;
	return row;
}

/* --- connections ------------------------------------------------------------ */

/* The connection of a record, which is added when it is new; LADDER_NONE. */
static int connection_of(struct build *build, const json_t *record)
{
	struct ladder *ladder = build->ladder;
	int number = ladder_int(record, "connection");
	size_t n = ladder->n_connections;

	if (!number)
		return LADDER_NONE;
	/* The newest first: most records belong to it. */
	for (size_t i = n; i > 0; i--)
		if (ladder->connections[i - 1].number == number)
			return (int)i - 1;
	if (!GROW(build, ladder->connections, n, &build->connections_capacity) ||
	    !GROW(build, build->connections, n, &build->states_capacity))
		return LADDER_NONE;
	ladder->connections[n] = (struct ladder_connection){
		.number = number,
		.client = LADDER_NO_HOST,
		.server = LADDER_NO_HOST,
	};
	build->connections[n] = (struct connection_state){ .ports = { 0 } };
	ladder->n_connections++;
	return (int)n;
}

/*
 * A server that never sends anything is the host with the destination address of
 * the client's segment. Only the bytes of the frame have the address.
 */
static void set_destination(struct build *build, int connection,
			      const json_t *record)
{
	struct connection_state *state = &build->connections[connection];
	uint8_t bytes[JOURNAL_BYTES];
	struct frame frame;
	size_t n;

	if (state->destination.family || !journal_is_true(record, "from_client"))
		return;
	n = journal_bytes(record, bytes, sizeof(bytes));
	if (frame_decode(&frame, bytes, n) >= 0)
		state->destination = frame.destination;
}

/*
 * The ends of a connection: the hosts that originate its segments. RSTs do not
 * count, since a gateway may send them on behalf of a host; nor do ICMP errors.
 */
static void set_ends(struct build *build, int connection,
		       const json_t *record, uint8_t flags, int origin)
{
	struct ladder_connection *ends =
		&build->ladder->connections[connection];
	struct connection_state *state = &build->connections[connection];
	bool from_client = journal_is_true(record, "from_client");
	int source = ladder_int(record, "source_port");
	int destination = ladder_int(record, "destination_port");

	if (!state->ports[0]) {
		state->ports[0] = from_client ? source : destination;
		state->ports[1] = from_client ? destination : source;
	}
	if (ends->server < 0)
		set_destination(build, connection, record);
	if (flags & SEGMENT_RST || origin < 0)
		return;
	if (from_client && ends->client < 0)
		ends->client = origin;
	if (!from_client && ends->server < 0)
		ends->server = origin;
}

/* A host other than the client that has a socket of the connection is the
 * server, whichever gateway answered for it. */
static void set_socket_owner(struct build *build, int connection, int host)
{
	struct ladder_connection *ends =
		&build->ladder->connections[connection];
	struct connection_state *state = &build->connections[connection];

	if (ends->client < 0 || host == ends->client ||
	    state->server_has_socket)
		return;
	ends->server = host;
	state->server_has_socket = true;
}

static char *connection_text(const struct build *build, size_t i)
{
	const struct ladder *ladder = build->ladder;
	const struct ladder_connection *ends = &ladder->connections[i];
	const struct connection_state *state = &build->connections[i];
	char address[ADDRESS_TEXT] = "";

	if (state->destination.family)
		address_text(&state->destination, address);
	return ladder_text(
		"%s:%d > %s:%d",
		ends->client >= 0 ? ladder->hosts[ends->client].name : "",
		state->ports[0],
		ends->server >= 0 ? ladder->hosts[ends->server].name : address,
		state->ports[1]);
}

static void name_connections(struct build *build)
{
	struct ladder *ladder = build->ladder;

	for (size_t i = 0; i < ladder->n_connections; i++) {
		struct ladder_connection *ends = &ladder->connections[i];

		if (ends->server < 0)
			ends->server = ladder_host_with_address(
				ladder, build->journal,
				&build->connections[i].destination);
		ends->text = need(build, connection_text(build, i));
	}
}

/* --- frames ----------------------------------------------------------------- */

static enum ladder_fate fate_of(const char *fate)
{
	static const struct {
		const char *text;
		enum ladder_fate fate;
	} fates[] = {
		{ "forwarded", LADDER_ARRIVES }, { "delayed", LADDER_DELAYED },
		{ "held", LADDER_HELD },	 { "released", LADDER_RELEASED },
		{ "duplicated", LADDER_DUPLICATE },
		{ "injected", LADDER_INJECTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fates); i++)
		if (strcmp(fate, fates[i].text) == 0)
			return fates[i].fate;
	return LADDER_DROPPED;
}

/* The slot of the packet, or the free slot where it belongs. The table is never
 * more than half full, so the loop ends. The factor is 2^32 divided by the golden
 * ratio (Knuth's multiplicative hashing): packets have consecutive numbers. */
static size_t packet_slot(const struct build *build, uint32_t packet)
{
	size_t i = packet * 2654435761U & build->packets_mask;

	while (build->packets[i].packet && build->packets[i].packet != packet)
		i = (i + 1) & build->packets_mask;
	return i;
}

static bool make_packets(struct build *build)
{
	size_t size = 64, n = 0, i;
	json_t *record;

	json_array_foreach (build->journal, i, record)
		n += journal_is(record, "frame");
	while (size < 2 * n)
		size *= 2;
	build->packets = calloc(size, sizeof(*build->packets));
	build->packets_mask = size - 1;
	return build->packets;
}

/* The oldest flight of the packet in that place: the wire releases packets in
 * their order. `from` LADDER_NO_HOST: from anywhere. */
static struct flight *find_flight(const struct build *build, uint32_t packet,
				  int place, int from, int to)
{
	struct flight *found = NULL;
	int i = LADDER_NONE;

	if (packet) {
		size_t slot = packet_slot(build, packet);

		if (build->packets[slot].packet)
			i = build->packets[slot].flight;
	}
	for (; i >= 0; i = build->flights[i].older) {
		struct flight *flight = &build->flights[i];

		if ((int)flight->place == place && flight->to == to &&
		    (from == LADDER_NO_HOST || flight->from == from))
			found = flight;
	}
	return found;
}

static struct flight *add_flight(struct build *build, uint32_t packet, int row)
{
	struct flight *flight;
	size_t slot;

	if (!GROW(build, build->flights, build->n_flights,
		  &build->flights_capacity))
		return NULL;
	flight = &build->flights[build->n_flights];
	*flight = (struct flight){ .row = row, .older = LADDER_NONE };
	if (packet) {
		slot = packet_slot(build, packet);
		if (build->packets[slot].packet)
			flight->older = build->packets[slot].flight;
		build->packets[slot].packet = packet;
		build->packets[slot].flight = (int)build->n_flights;
	}
	build->n_flights++;
	return flight;
}

/* Where a record leaves the packet. */
static void place_flight(struct flight *flight, enum ladder_fate fate,
			 double left, int from, int to)
{
	flight->from = from;
	flight->to = to;
	if (fate == LADDER_HELD)
		flight->place = FLIGHT_HELD;
	else if (fate == LADDER_DELAYED && left <= 0)
		flight->place = FLIGHT_DELAYED;
	else if (fate == LADDER_DROPPED || to < 0)
		flight->place = FLIGHT_OVER;
	else
		flight->place = FLIGHT_AT_HOST;
}

static bool add_hop(struct build *build, struct ladder_row *row, int host,
		    double at)
{
	struct ladder_hop *hops = reallocarray(row->hops, row->n_hops + 1,
					       sizeof(*hops));

	if (!hops) {
		build->no_memory = true;
		return false;
	}
	row->hops = hops;
	hops[row->n_hops++] = (struct ladder_hop){ host, at };
	row->until = MAX(row->t, at);
	return true;
}

static void set_end(struct build *build, struct ladder_row *row,
		    const char *text)
{
	free(row->end);
	row->end = line_of(build, text);
}

/* When it leaves the wire; a frame that stays, when it reached the wire. */
static double left_of(const json_t *record)
{
	return MAX(ladder_number(record, "left"), ladder_number(record, "t"));
}

/* --- rows of segments ------------------------------------------------------- */

static void apply_to_socket(struct build *build, const struct ladder_row *row,
			    const json_t *record, int host, double t,
			    bool sends)
{
	int source = ladder_int(record, "source_port");
	int destination = ladder_int(record, "destination_port");

	if (!row->control)
		ladder_spans_segment(build->spans,
				     &(struct ladder_spans_segment){
					     .host = host,
					     .connection = row->connection,
					     .t = t,
					     .sends = sends,
					     .port = sends ? source :
							     destination,
					     .peer_port = sends ? destination :
								  source,
					     .flags = row->flags,
				     });
}

/* The segment has been sent by `sender`, unless that is no host, and reaches
 * `to`, unless it stays on the wire. */
static void apply_segment(struct build *build, const struct ladder_row *row,
			  const json_t *record, int sender, int to)
{
	double left = ladder_number(record, "left");

	/* A segment without a connection changes no socket. */
	if (row->connection < 0)
		return;
	if (sender >= 0)
		apply_to_socket(build, row, record, sender, row->t, true);
	if (to < 0 || left <= 0 || ladder_ends_on_wire(row))
		return;
	build->no_memory |= ladder_transmissions_received(
				    build->transmissions, row, record,
				    left) < 0;
	apply_to_socket(build, row, record, to, left, false);
}

static void start_segment(struct build *build, const json_t *record, int from,
			  int to, uint32_t packet)
{
	const char *fate = journal_text(record, "fate");
	const char *origin = journal_text(record, "origin");
	struct ladder_row *row = add_row(build, LADDER_SEGMENT,
					 ladder_number(record, "t"), from);
	struct flight *flight;

	if (!row || !add_hop(build, row, to, left_of(record)))
		return;
	flight = add_flight(build, packet, (int)build->ladder->n_rows - 1);
	row->text = line_of(build, journal_text(record, "text"));
	row->fate = fate_of(fate);
	row->flags = (uint8_t)ladder_int(record, "flags");
	row->payload = (uint32_t)ladder_int(record, "len");
	row->segments = (unsigned int)MAX(ladder_int(record, "segments"), 1);
	row->control = !json_object_get(record, "source_port");
	row->repeated = row->fate == LADDER_DUPLICATE ||
			row->fate == LADDER_INJECTED;
	row->starts_on_wire = from < 0 || row->repeated ||
			      row->fate == LADDER_RELEASED;
	row->connection = connection_of(build, record);
	if (row->fate != LADDER_ARRIVES)
		set_end(build, row, record_fate(record));
	build->ladder->n_segments += row->segments;
	if (flight)
		place_flight(flight, row->fate, ladder_number(record, "left"), from,
			     to);
	if (row->connection < 0)
		return;
	if (!row->control) {
		set_ends(build, row->connection, record, row->flags,
			   ladder_host_index(build->ladder, origin));
		if (!row->starts_on_wire)
			build->no_memory |=
				ladder_transmissions_sent(
					build->transmissions,
					build->ladder->n_rows - 1, record) < 0;
	}
	apply_segment(build, row, record, row->starts_on_wire ? -1 : from,
			 to);
}

/* The next cable of a packet that a gateway forwards. */
static void continue_segment(struct build *build, struct flight *flight,
			     const json_t *record, int from, int to)
{
	struct ladder_row *row = &build->ladder->rows[flight->row];
	enum ladder_fate fate = fate_of(journal_text(record, "fate"));

	if (!add_hop(build, row, to, left_of(record)))
		return;
	/* A delay on one cable delays the packet. */
	if (fate != LADDER_ARRIVES) {
		row->fate = fate;
		set_end(build, row, record_fate(record));
	}
	place_flight(flight, fate, ladder_number(record, "left"), from, to);
	apply_segment(build, row, record, LADDER_WIRE, to);
}

/* The second record of a delayed packet: it arrives, or is lost after all; or
 * of a held one that is lost. */
static void finish_delay(struct build *build, struct flight *flight,
			 const json_t *record)
{
	struct ladder_row *row = &build->ladder->rows[flight->row];
	const char *fate = journal_text(record, "fate");
	char length[32];

	row->hops[row->n_hops - 1].at = left_of(record);
	if (fate_of(fate) == LADDER_DROPPED) {
		ladder_duration(left_of(record) - row->t, length);
		free(row->end);
		row->end = need(build, ladder_text(flight->place == FLIGHT_HELD ?
							   _("held %s, %s") :
							   _("delayed %s, %s"),
						   length,
						   record_fate(record)));
		row->fate = LADDER_DROPPED;
		flight->place = FLIGHT_OVER;
		return;
	}
	row->until = left_of(record);
	flight->place = flight->to >= 0 ? FLIGHT_AT_HOST : FLIGHT_OVER;
	apply_segment(build, row, record, LADDER_WIRE, flight->to);
}

static void release_segment(struct build *build, const json_t *record, int from,
			    int to, uint32_t packet)
{
	struct flight *held =
		find_flight(build, packet, FLIGHT_HELD, from, to);
	int before = held ? held->row : LADDER_NONE;

	if (held)
		held->place = FLIGHT_OVER;
	start_segment(build, record, from, to, packet);
	if (before >= 0 && !build->no_memory) {
		int after = (int)build->ladder->n_rows - 1;

		build->ladder->rows[before].partner = after;
		build->ladder->rows[after].partner = before;
	}
}

/*
 * What a frame record is, in this order: a release, which is always a new row; the
 * end of a delay, for which a flight is delayed on the same cable; the next hop
 * of a packet that a gateway has; else a new packet. Duplicates and injected
 * frames are made by the wire and continue no flight.
 */
static void take_frame(struct build *build, const json_t *record)
{
	const struct ladder *ladder = build->ladder;
	const char *sender = journal_text(record, "from");
	const char *text = journal_text(record, "fate");
	enum ladder_fate fate = fate_of(text);
	uint32_t packet = (uint32_t)ladder_int(record, "packet");
	int from = *sender ? ladder_host_index(ladder, sender) : LADDER_WIRE;
	int to = ladder_host_index(ladder, journal_text(record, "to"));
	struct flight *flight = NULL;

	if (strcmp(text, "ghost") == 0) {
		build->ladder->n_ghosts++;
		return;
	}
	if (fate == LADDER_RELEASED) {
		release_segment(build, record, from, to, packet);
		return;
	}
	if ((fate == LADDER_DELAYED && ladder_number(record, "left") > 0) ||
	    fate == LADDER_DROPPED) {
		flight = find_flight(build, packet, FLIGHT_DELAYED, from, to);
		if (!flight && fate == LADDER_DROPPED)
			flight = find_flight(build, packet, FLIGHT_HELD, from,
					     to);
		if (flight) {
			finish_delay(build, flight, record);
			return;
		}
	}
	if (from >= 0 && fate != LADDER_DUPLICATE && fate != LADDER_INJECTED)
		flight = find_flight(build, packet, FLIGHT_AT_HOST,
				     LADDER_NO_HOST, from);
	if (flight)
		continue_segment(build, flight, record, from, to);
	else
		start_segment(build, record, from, to, packet);
}

/* Its last hop is between the ends of its connection. (A host with one cable
 * that is no end has got an address of an end.) */
static bool is_not_forwarded(const struct ladder *ladder,
			     const struct ladder_row *row)
{
	const struct ladder_connection *ends;
	int last = ladder_receiver(row);

	if (row->connection < 0 || row->starts_on_wire || last < 0 ||
	    ladder_ends_on_wire(row) || ladder->hosts[last].has_one_cable)
		return false;
	ends = &ladder->connections[row->connection];
	return ends->client >= 0 && ends->server >= 0 &&
	       last != ends->client && last != ends->server;
}

/* After the last record: what is still delayed, and what no gateway forwarded. */
static void end_flights(struct build *build)
{
	for (size_t i = 0; i < build->n_flights; i++) {
		const struct flight *flight = &build->flights[i];
		struct ladder_row *row = &build->ladder->rows[flight->row];

		if (flight->place == FLIGHT_DELAYED) {
			row->fate = LADDER_IN_TRANSIT;
			set_end(build, row, _("delayed beyond the end"));
		} else if (is_not_forwarded(build->ladder, row)) {
			row->not_forwarded = true;
			set_end(build, row, _("not forwarded"));
		}
	}
}

/* --- calls ------------------------------------------------------------------ */

/* After these errors a socket has no connection any more: tcp_reset(),
 * tcp_write_err(). */
static bool ends_connection(const char *error)
{
	return strcmp(error, "ETIMEDOUT") == 0 ||
	       strcmp(error, "ECONNRESET") == 0 ||
	       strcmp(error, "ECONNREFUSED") == 0;
}

static void take_result(struct build *build, const json_t *record,
			struct ladder_row *row)
{
	const char *call = journal_text(record, "call");
	const char *error = journal_text(record, "errno");
	bool worked = ladder_number(record, "value") >= 0 && !*error;
	bool accepts = strcmp(call, "accept") == 0;
	/* The number is that of the listener, not of the accepted socket. */
	int socket = accepts ? 0 : row->socket;

	row->failed = *error;
	if (accepts && row->connection < 0)
		return;
	if (worked && (accepts || strcmp(call, "connect") == 0))
		build->no_memory |= ladder_spans_connected(
					    build->spans, row->host, socket,
					    row->connection, row->t) < 0;
	else if (ends_connection(error))
		ladder_spans_reset(build->spans, row->host, socket,
				   row->connection, row->t);
}

/* The names of functions that journals have, so that rows need no copies. */
static const char *call_name(const char *name)
{
	static const char *const names[] = {
		"accept", "bind",	"close",      "connect", "getsockopt",
		"listen", "recv",	"send",	      "setsockopt",
		"shutdown",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

static bool is_call(const struct ladder_row *row, const char *name)
{
	return row->call && strcmp(row->call, name) == 0;
}

static void take_call(struct build *build, const json_t *record)
{
	int host = ladder_host_index(build->ladder, journal_text(record, "host"));
	struct ladder_row *row;

	if (host < 0)
		return;
	row = add_row(build, LADDER_CALL, ladder_number(record, "t"), host);
	if (!row)
		return;
	row->text = text_of(build, record);
	row->socket = ladder_int(record, "socket");
	row->connection = connection_of(build, record);
	if (!row->text)
		return;
	row->call = call_name(journal_text(record, "call"));
	row->posted = journal_is_true(record, "posted");
	row->returned = journal_is(record, "result");
	if (row->returned)
		take_result(build, record, row);
	if (is_call(row, "close"))
		ladder_spans_closed(build->spans, host, row->socket,
				    row->connection, row->t);
	if (row->connection >= 0)
		set_socket_owner(build, row->connection, host);
}

struct named_socket {
	int host, number;
	int connection; /* the last one that a row named; LADDER_NONE */
};

static struct named_socket *find_named(struct named_socket *sockets, size_t n,
				       const struct ladder_row *row)
{
	for (size_t i = n; i > 0; i--)
		if (sockets[i - 1].host == row->host &&
		    sockets[i - 1].number == row->socket)
			return &sockets[i - 1];
	return NULL;
}

/*
 * Rows of a socket that come before its connection exists - socket options,
 * bind(), the call of connect() - belong to the connection that it has next;
 * rows after the connection is gone to the one that it had last. An accept() is
 * a row of the listener, whatever connection it returns.
 */
static void name_rows(struct build *build, bool backwards)
{
	struct ladder *ladder = build->ladder;
	struct named_socket *sockets = NULL, *socket;
	size_t n_sockets = 0, capacity = 0, n = ladder->n_rows;

	for (size_t i = 0; i < n && !build->no_memory; i++) {
		struct ladder_row *row =
			&ladder->rows[backwards ? n - 1 - i : i];

		if (!row->socket || is_call(row, "accept"))
			continue;
		socket = find_named(sockets, n_sockets, row);
		if (!socket) {
			if (!GROW(build, sockets, n_sockets, &capacity))
				break;
			socket = &sockets[n_sockets++];
			*socket = (struct named_socket){ row->host, row->socket,
							 LADDER_NONE };
		}
		if (row->connection < 0)
			row->connection = socket->connection;
		else
			socket->connection = row->connection;
	}
	free(sockets);
}

/* --- states of sockets ------------------------------------------------------ */

static char *state_text(const json_t *record, bool has_connection)
{
	char left[32], text[TEXT];

	/* The text has the ports, which a connection has already. */
	if (!record_timer(record) &&
	    (!has_connection ||
	     strcmp(journal_text(record, "state"), "LISTEN") == 0))
		return ladder_text("%s",
				   record_text(record, text, sizeof(text)));
	ladder_duration(ladder_number(record, "expires"), left);
	return ladder_text("%s",
			   record_state(record, left, text, sizeof(text)));
}

static void take_state(struct build *build, const json_t *record)
{
	int host = ladder_host_index(build->ladder,
				     journal_text(record, "host"));
	int connection = connection_of(build, record);
	struct ladder_row *row;
	bool differs;
	int r;

	if (host < 0)
		return;
	r = ladder_spans_state(build->spans, record, host, connection,
			       &connection, &differs);
	build->no_memory |= r < 0;
	if (r < 0)
		return;
	if (connection >= 0)
		set_socket_owner(build, connection, host);
	if (!differs)
		return;
	row = add_row(build, LADDER_SOCKET, ladder_number(record, "t"), host);
	if (!row)
		return;
	row->text = need(build, state_text(record, connection >= 0));
	row->connection = connection;
	row->socket = ladder_int(record, "socket");
}

/* --- faults ----------------------------------------------------------------- */

/* "server", or "server 2" for one of its processes. */
static int target_host(const struct ladder *ladder, const char *target)
{
	char name[256];
	int host = ladder_host_index(ladder, target);

	if (host >= 0)
		return host;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(target, " "), target);
	return ladder_host_index(ladder, name);
}

static void take_fault(struct build *build, const json_t *record)
{
	/* A verb that this program lacks is a row without a span. */
	const struct fault_verb *verb =
		fault_recorded_verb(journal_text(record, "verb"));
	int host = target_host(build->ladder, journal_text(record, "target"));
	struct ladder_row *row;

	if (verb && verb->drawing == FAULT_DRAW_WIRE)
		host = LADDER_NO_HOST;
	row = add_row(build, LADDER_FAULT, ladder_number(record, "t"),
		      host >= 0 ? host : LADDER_WIRE);
	if (!row)
		return;
	row->text = text_of(build, record);
	row->ends_fault = verb && verb->drawing == FAULT_DRAW_END;
	if (verb && host >= 0)
		build->no_memory |= ladder_spans_fault(build->spans, verb, host,
						       row->t) < 0;
}

/* --- other records ---------------------------------------------------------- */

static void take_expectation(struct build *build, const json_t *record)
{
	struct ladder_row *row;
	char text[TEXT];

	if (!json_is_false(json_object_get(record, "ok")))
		return;
	row = add_row(build, LADDER_FAILURE, ladder_number(record, "t"),
		      LADDER_NO_HOST);
	if (row)
		row->text = line_of(build,
				    record_failure(record, text, sizeof(text)));
}

/* The note of wire_set_count_only() about frames that were not recorded. */
static void take_note(struct build *build, const json_t *record)
{
	struct ladder_row *row;

	if (!json_object_get(record, "frames"))
		return;
	row = add_row(build, LADDER_COUNTED, ladder_number(record, "t"),
		      LADDER_NO_HOST);
	if (!row)
		return;
	row->text = text_of(build, record);
	/* Frames that a reader left out: no silence. */
	row->until = MAX(row->t, ladder_number(record, "until"));
}

static void take_setting(struct build *build, const json_t *record)
{
	int host = ladder_host_index(build->ladder,
				     journal_text(record, "host"));

	if (host >= 0 && journal_is(record, "sysctl"))
		ladder_transmissions_setting(build->transmissions, record,
					     host);
	else if (host >= 0)
		ladder_transmissions_counter(build->transmissions, record,
					     host);
}

static void take(struct build *build, const json_t *record)
{
	if (journal_is(record, "frame"))
		take_frame(build, record);
	else if (journal_is(record, "call") || journal_is(record, "result"))
		take_call(build, record);
	else if (journal_is(record, "state"))
		take_state(build, record);
	else if (journal_is(record, "fault"))
		take_fault(build, record);
	else if (journal_is(record, "expectation"))
		take_expectation(build, record);
	else if (journal_is(record, "note"))
		take_note(build, record);
	else if (journal_is(record, "sysctl") || journal_is(record, "counter"))
		take_setting(build, record);
}

const char *ladder_ghosts(const struct ladder *ladder,
			  char ret[static LADDER_REMARK])
{
	snprintf(ret, LADDER_REMARK,
		 message_plural("not drawn: %zu frame from the kernel of a "
				"crashed host, which a real machine would not "
				"send",
				"not drawn: %zu frames from the kernel of a "
				"crashed host, which a real machine would not "
				"send",
				ladder->n_ghosts),
		 ladder->n_ghosts);
	return ret;
}

/* --- after the last record -------------------------------------------------- */

static void find_end(struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		ladder->end = MAX(ladder->end, MAX(ladder->rows[i].t,
						   ladder->rows[i].until));
	ladder->decimals = ladder->end < 0.1 ? 5 : ladder->end < 1 ? 4 : 3;
}

/* In a lab the start of the timeline becomes 0. Last, because every step before
 * compares times with those of records. */
static void shift(struct ladder *ladder, double by)
{
	for (size_t i = 0; i < ladder->n_rows; i++) {
		struct ladder_row *row = &ladder->rows[i];

		row->t -= by;
		row->until -= by;
		for (size_t j = 0; j < row->n_hops; j++)
			row->hops[j].at -= by;
	}
	for (size_t i = 0; i < ladder->n_spans; i++) {
		ladder->spans[i].from -= by;
		ladder->spans[i].sure -= by;
		ladder->spans[i].until -= by;
	}
	ladder->end -= by;
}

static int build_all(struct build *build, bool whole)
{
	struct ladder *ladder = build->ladder;
	size_t i;
	json_t *record;
	int r;

	if (!make_packets(build))
		return error_origin(-ENOMEM, "ladder");
	r = ladder_find_hosts(ladder, build->journal);
	if (r >= 0)
		r = ladder_spans_new(&build->spans, ladder);
	if (r >= 0)
		r = ladder_transmissions_new(&build->transmissions, ladder);
	if (r < 0)
		return error_trace(r);
	json_array_foreach (build->journal, i, record) {
		take(build, record);
		if (build->no_memory)
			return error_origin(-ENOMEM, "ladder");
	}
	/* Needs the ends of all connections: is_not_forwarded() compares them. */
	name_connections(build);
	end_flights(build);
	name_rows(build, true);
	name_rows(build, false);
	if (build->no_memory)
		return error_origin(-ENOMEM, "ladder");
	/* Transmissions and flights refer to rows by index: rows must not move
	 * before this point. Columns depend on the hosts that have events. */
	r = ladder_transmissions_finish(build->transmissions);
	if (r >= 0)
		r = ladder_make_columns(ladder);
	if (r >= 0)
		r = ladder_sort_rows(ladder);
	if (r >= 0)
		r = ladder_join_calls(ladder);
	if (r < 0)
		return error_trace(r);
	/* The end is found before folding, which drops the arrival of the last
	 * segment; spans that are still open end there. */
	find_end(ladder);
	r = ladder_spans_finish(build->spans);
	if (r >= 0 && !whole)
		r = ladder_fold(ladder);
	if (r >= 0)
		r = ladder_add_arrivals(ladder);
	if (r >= 0)
		r = ladder_add_silences(ladder);
	if (r < 0)
		return error_trace(r);
	shift(ladder,
	      ladder_number(journal_find(build->journal, "timeline"), "t"));
	return 0;
}

static int new_ladder(struct ladder **ret, const json_t *journal, bool whole)
{
	struct ladder *ladder = calloc(1, sizeof(*ladder));
	struct build build = { .ladder = ladder, .journal = journal };
	int r;

	if (!ladder)
		return error_origin(-ENOMEM, "ladder");
	r = build_all(&build, whole);
	free(build.connections);
	free(build.flights);
	free(build.packets);
	ladder_transmissions_free(build.transmissions);
	ladder_spans_free(build.spans);
	if (r < 0) {
		ladder_free(ladder);
		return error_trace(r);
	}
	*ret = ladder;
	return 0;
}

int ladder_new(struct ladder **ret, const json_t *journal)
{
	return error_trace(new_ladder(ret, journal, false));
}

int ladder_new_whole(struct ladder **ret, const json_t *journal)
{
	return error_trace(new_ladder(ret, journal, true));
}

struct ladder *ladder_free(struct ladder *ladder)
{
	if (!ladder)
		return NULL;
	for (size_t i = 0; i < ladder->n_hosts; i++) {
		free(ladder->hosts[i].name);
		free(ladder->hosts[i].address);
	}
	for (size_t i = 0; i < ladder->n_columns; i++)
		free(ladder->columns[i].name);
	for (size_t i = 0; i < ladder->n_connections; i++)
		free(ladder->connections[i].text);
	for (size_t i = 0; i < ladder->n_rows; i++)
		ladder_row_deinit(&ladder->rows[i]);
	for (size_t i = 0; i < ladder->n_spans; i++)
		free(ladder->spans[i].text);
	free(ladder->hosts);
	free(ladder->columns);
	free(ladder->connections);
	free(ladder->rows);
	free(ladder->spans);
	free(ladder);
	return NULL;
}
