/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the journal to the model of a ladder.
 *
 * The journal has one record for each cable that a packet crosses, and a further
 * one when the wire lets go of a packet that it delayed or held. The member
 * "packet" is the same in all of them: `flights` has the row and the last known
 * place of every packet. What a record adds follows from its fate and from the
 * place: the next hop of the row, its arrival, or a new row.
 *
 * The bar beside a lifeline is the state of a socket. It is known where the
 * journal has a "state" record, after a successful connect() or accept(), and as
 * long as the connection's segments agree with it. A FIN or an RST ends the
 * knowledge: which state follows, only the next "state" record tells.
 *
 * Records are taken in the order of the journal; the rows are sorted by time at
 * the end, and then folded (ladder-fold.c).
 */
#include "ladder.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "fault.h"
#include "journal.h"
#include "ladder-fold.h"
#include "ladder-rows.h"
#include "macro.h"
#include "segment.h"

enum {
	HOSTS_MAX = 256,
	/* With more lifelines than this, gateways that only forward packets
	 * share one. */
	COLUMNS_EACH = 8,
};

/* TCP_RTO_MIN: the least retransmission timeout of an established connection, in
 * seconds, where the sysctl tcp_rto_min_us is not set. */
static const double default_rto_min = 0.2;

/* --- what is known while records are read ---------------------------------- */

/* Bytes that one end of a connection has sent. */
struct sent {
	int64_t seq; /* of the first one, relative */
	double first, last; /* when they were sent first, and last */
	unsigned int loss_probes; /* of its transmissions */
};

/* One of the two directions of a connection. */
struct direction {
	struct sent *sent;
	size_t n_sent, sent_capacity;
	unsigned int probes; /* sent since the peer was last heard */
	bool window_shut; /* the sender last announced a window of 0 */
	double received; /* when its sender last received a segment or ICMP */
};

/* Beside the struct ladder_connection with the same index. */
struct connection_state {
	struct direction directions[2]; /* 0: from the client */
	int ports[2]; /* 0: of the client */
	bool server_has_socket; /* `server` is certain */
	int first_socket; /* of a list; LADDER_NONE */
};

/* Where a packet is, as far as records tell. Duplicates have a flight each. */
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

/* A socket, as far as it has a bar or a timer. */
struct socket_state {
	int host, number; /* number 0: not known */
	int connection; /* LADDER_NONE */
	int next_socket; /* of the same connection */
	int port, peer_port; /* 0: not known */
	int state, timer; /* spans that last; LADDER_NONE */
	double expires; /* of the timer */
	char timer_name[32];
	char observed[64]; /* the contents of the last row */
};

/* A fault that lasts: which verb ends it. */
struct lasting_fault {
	const struct fault_verb *verb;
	int span, host;
};

struct build {
	struct ladder *ladder;
	const json_t *journal;
	bool no_memory;
	size_t hosts_capacity, connections_capacity, spans_capacity;
	double rto_min[HOSTS_MAX]; /* seconds; 0: not set */
	struct connection_state *connections;
	size_t states_capacity;
	struct flight *flights;
	size_t n_flights, flights_capacity;
	struct {
		uint32_t packet; /* 0: free */
		int flight; /* the newest */
	} *packets; /* a hash table with open addressing */
	size_t packets_mask;
	struct socket_state *sockets;
	size_t n_sockets, sockets_capacity;
	struct lasting_fault *faults;
	size_t n_faults, faults_capacity;
};

/* Room for element `n` of an array that *array points to. */
#define GROW(build_, array_, n_, capacity_)                                    \
	grow((build_), (void **)&(array_), (n_), (capacity_), sizeof(*(array_)))

static bool grow(struct build *build, void **array, size_t n, size_t *capacity,
		 size_t size)
{
	void *grown = array_grow(*array, n, capacity, size);

	if (grown)
		*array = grown;
	else
		build->no_memory = true;
	return grown;
}

/* --- reading records ------------------------------------------------------- */

static double number_of(const json_t *record, const char *name)
{
	double number = json_number_value(json_object_get(record, name));

	/* Numbers beyond 30 million years are taken for nonsense. */
	return number >= -1e15 && number <= 1e15 ? number : 0;
}

static int int_of(const json_t *record, const char *name)
{
	json_int_t number = journal_integer(record, name);

	return number > 0 && number < INT_MAX ? (int)number : 0;
}

static bool has_kind(const json_t *frame, const char *kind)
{
	size_t i;
	json_t *each;

	json_array_foreach (json_object_get(frame, "kinds"), i, each) {
		const char *text = json_string_value(each);

		if (text && strcmp(text, kind) == 0)
			return true;
	}
	return false;
}

/* A copy on one line: control characters, which neither a terminal nor XML can
 * show, become blanks. */
static char *line_of(struct build *build, const char *text)
{
	char *line = strdup(text);

	if (!line)
		build->no_memory = true;
	for (char *c = line; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return line;
}

static char *format_line(struct build *build, const char *format, ...)
	MACRO_PRINTF(2, 3);

static char *format_line(struct build *build, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return line_of(build, text);
}

static struct ladder_row *add_row(struct build *build, enum ladder_kind kind,
				  double t, int host)
{
	struct ladder_row *row =
		ladder_append_row(build->ladder, kind, t, host);

	build->no_memory |= !row;
	return row;
}

/* --- hosts ------------------------------------------------------------------ */

static int find_host(const struct ladder *ladder, const char *name)
{
	for (size_t i = 0; *name && i < ladder->n_hosts; i++)
		if (strcmp(ladder->hosts[i].name, name) == 0)
			return (int)i;
	return LADDER_NO_HOST;
}

/* "ready" has the addresses of every host, that of its first cable in front. */
static const char *address_of(const json_t *journal, const char *name)
{
	const json_t *hosts = json_object_get(journal_find(journal, "ready"),
					      "hosts");
	const char *text = json_string_value(
		json_array_get(json_object_get(hosts, name), 0));

	return text ? text : "";
}

static void add_host(struct build *build, const char *name)
{
	struct ladder *ladder = build->ladder;
	struct ladder_host *host;

	if (!*name || ladder->n_hosts == HOSTS_MAX ||
	    find_host(ladder, name) >= 0 ||
	    !GROW(build, ladder->hosts, ladder->n_hosts,
		  &build->hosts_capacity))
		return;
	host = &ladder->hosts[ladder->n_hosts++];
	/* Names are compared with those in records, so they stay as they are. */
	*host = (struct ladder_host){
		.name = strdup(name),
		.address = line_of(build, address_of(build->journal, name)),
	};
	if (!host->name) {
		ladder->n_hosts--;
		free(host->address);
		build->no_memory = true;
	}
}

/* The timeline of a lab lists its hosts in the order of the path. */
static bool add_hosts_of_timeline(struct build *build)
{
	const json_t *hosts = json_object_get(
		journal_find(build->journal, "timeline"), "hosts");
	size_t i;
	json_t *name;

	json_array_foreach (hosts, i, name)
		if (json_is_string(name))
			add_host(build, json_string_value(name));
	return build->ladder->n_hosts > 0;
}

static void add_other_hosts(struct build *build)
{
	size_t i;
	json_t *record;

	json_array_foreach (build->journal, i, record) {
		if (journal_is(record, "frame")) {
			add_host(build, journal_text(record, "from"));
			add_host(build, journal_text(record, "to"));
		} else if (journal_is(record, "sysctl") ||
			   journal_is(record, "call") ||
			   journal_is(record, "result") ||
			   journal_is(record, "state")) {
			add_host(build, journal_text(record, "host"));
		}
	}
}

/*
 * Without a timeline the order of the lifelines follows from the cables: from
 * the host whose SYN comes first along the shortest path to the farthest host;
 * any other host stands beside a neighbour of it that is on this path.
 */
struct map {
	size_t n;
	int first; /* it sends the first SYN, or the first frame */
	bool opens[HOSTS_MAX]; /* it sends SYNs */
	bool joined[HOSTS_MAX][HOSTS_MAX]; /* by a cable */
	int before[HOSTS_MAX]; /* the previous host on the way from `first` */
	unsigned int distance[HOSTS_MAX]; /* from `first`, from 1; 0: none */
	double place[HOSTS_MAX];
};

static void add_to_map(struct map *map, const struct ladder *ladder,
		       const json_t *frame, bool *has_syn)
{
	int from = find_host(ladder, journal_text(frame, "from"));
	int to = find_host(ladder, journal_text(frame, "to"));
	bool syn = has_kind(frame, "syn");

	if (from < 0)
		return;
	map->opens[from] |= syn;
	if (map->first < 0 || (syn && !*has_syn))
		map->first = from;
	*has_syn |= syn;
	if (to >= 0 && to != from)
		map->joined[from][to] = map->joined[to][from] = true;
}

/* Breadth first. Of several farthest hosts the one found last is returned; one
 * that sends no SYNs, which may be a server, is preferred. */
static int find_farthest(struct map *map)
{
	int queue[HOSTS_MAX], found;
	size_t n = 0;

	map->distance[map->first] = 1;
	map->before[map->first] = LADDER_NO_HOST;
	queue[n++] = map->first;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < map->n; j++)
			if (map->joined[queue[i]][j] && !map->distance[j]) {
				map->distance[j] = map->distance[queue[i]] + 1;
				map->before[j] = queue[i];
				queue[n++] = (int)j;
			}
	found = queue[n - 1];
	for (size_t i = n; i > 0; i--)
		if (map->distance[queue[i - 1]] == map->distance[found] &&
		    (!map->opens[queue[i - 1]] || map->opens[found]))
			found = queue[i - 1];
	return found;
}

/* A host that opens connections stands on the clients' side of its neighbour. */
static double place_beside(const struct map *map, const bool *on_path, int last,
			   size_t host)
{
	for (size_t i = 0; i < map->n; i++) {
		if (!on_path[i] || !map->joined[host][i])
			continue;
		if ((int)i == last || !map->opens[host])
			return map->place[i] + 0.5;
		return map->place[i] - 0.5;
	}
	return (double)map->n;
}

static void place_hosts(struct map *map)
{
	bool on_path[HOSTS_MAX] = { false };
	int last = find_farthest(map);

	for (int i = last; i >= 0; i = map->before[i]) {
		on_path[i] = true;
		map->place[i] = map->distance[i] - 1;
	}
	for (size_t i = 0; i < map->n; i++)
		if (!on_path[i])
			map->place[i] = place_beside(map, on_path, last, i);
}

/* By insertion: there are few hosts, and equal places keep their order. */
static void sort_hosts(struct ladder *ladder, struct map *map)
{
	for (size_t i = 1; i < ladder->n_hosts; i++) {
		struct ladder_host host = ladder->hosts[i];
		double place = map->place[i];
		size_t j = i;

		for (; j > 0 && map->place[j - 1] > place; j--) {
			ladder->hosts[j] = ladder->hosts[j - 1];
			map->place[j] = map->place[j - 1];
		}
		ladder->hosts[j] = host;
		map->place[j] = place;
	}
}

static void find_hosts(struct build *build)
{
	bool has_syn = false, ordered = add_hosts_of_timeline(build);
	struct map *map;
	size_t i;
	json_t *record;

	add_other_hosts(build);
	if (ordered)
		return;
	map = calloc(1, sizeof(*map));
	if (!map) {
		build->no_memory = true;
		return;
	}
	map->n = build->ladder->n_hosts;
	map->first = LADDER_NO_HOST;
	json_array_foreach (build->journal, i, record)
		if (journal_is(record, "frame"))
			add_to_map(map, build->ladder, record, &has_syn);
	if (map->first >= 0) {
		place_hosts(map);
		sort_hosts(build->ladder, map);
	}
	free(map);
}

/* --- lifelines -------------------------------------------------------------- */

static void note_event(struct ladder *ladder, int host)
{
	if (host >= 0)
		ladder->hosts[host].has_events = true;
}

static void add_column(struct build *build, size_t first, size_t n)
{
	struct ladder *ladder = build->ladder;
	const struct ladder_host *hosts = ladder->hosts;

	for (size_t i = first; i < first + n; i++)
		ladder->hosts[i].column = ladder->n_columns;
	ladder->columns[ladder->n_columns++] = (struct ladder_column){
		.first = first,
		.n = n,
		.name = n == 1 ? line_of(build, hosts[first].name) :
				 format_line(build, "%s .. %s",
					     hosts[first].name,
					     hosts[first + n - 1].name),
	};
}

static void make_columns(struct build *build)
{
	struct ladder *ladder = build->ladder;
	bool share = ladder->n_hosts > COLUMNS_EACH;

	for (size_t i = 0; i < ladder->n_rows; i++) {
		note_event(ladder, ladder->rows[i].host);
		note_event(ladder, ladder_receiver(&ladder->rows[i]));
	}
	ladder->columns = calloc(ladder->n_hosts + 1, sizeof(*ladder->columns));
	if (!ladder->columns) {
		build->no_memory = true;
		return;
	}
	for (size_t i = 0, n; i < ladder->n_hosts; i += n) {
		n = 1;
		while (share && !ladder->hosts[i].has_events &&
		       i + n < ladder->n_hosts &&
		       !ladder->hosts[i + n].has_events)
			n++;
		add_column(build, i, n);
	}
}

/* --- connections ------------------------------------------------------------ */

/* The connection of a record, which is added when it is new; LADDER_NONE. */
static int connection_of(struct build *build, const json_t *record)
{
	struct ladder *ladder = build->ladder;
	int number = int_of(record, "connection");
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
	build->connections[n] =
		(struct connection_state){ .first_socket = LADDER_NONE };
	ladder->n_connections++;
	return (int)n;
}

/*
 * The ends of a connection: the hosts that originate its segments. RSTs do not
 * count, since a gateway may send them on behalf of a host; nor do ICMP errors.
 */
static void learn_ends(struct build *build, int connection,
		       const json_t *record, uint8_t flags, int origin)
{
	struct ladder_connection *ends =
		&build->ladder->connections[connection];
	struct connection_state *state = &build->connections[connection];
	bool from_client = journal_is_true(record, "from_client");
	int source = int_of(record, "source_port");
	int destination = int_of(record, "destination_port");

	if (!state->ports[0]) {
		state->ports[0] = from_client ? source : destination;
		state->ports[1] = from_client ? destination : source;
	}
	if (flags & SEGMENT_RST || origin < 0)
		return;
	if (from_client && ends->client < 0)
		ends->client = origin;
	if (!from_client && ends->server < 0)
		ends->server = origin;
}

/* A host other than the client that has a socket of the connection is the
 * server, whichever gateway answered for it. */
static void learn_socket_owner(struct build *build, int connection, int host)
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

static char *connection_text(struct build *build, size_t i)
{
	const struct ladder *ladder = build->ladder;
	const struct ladder_connection *ends = &ladder->connections[i];
	const int *ports = build->connections[i].ports;

	return format_line(
		build, "%s:%d > %s:%d",
		ends->client >= 0 ? ladder->hosts[ends->client].name : "",
		ports[0],
		ends->server >= 0 ? ladder->hosts[ends->server].name : "",
		ports[1]);
}

static void name_connections(struct build *build)
{
	struct ladder *ladder = build->ladder;

	for (size_t i = 0; i < ladder->n_connections; i++) {
		struct ladder_connection *ends = &ladder->connections[i];

		/* Only an RST answered; between two hosts it is the server's. */
		if (ends->server < 0 && ends->client >= 0 &&
		    ladder->n_hosts == 2)
			ends->server = !ends->client;
		ends->text = connection_text(build, i);
	}
}

/* --- spans ------------------------------------------------------------------ */

static int add_span(struct build *build, enum ladder_span_kind kind, int host,
		    double from, char *text)
{
	struct ladder *ladder = build->ladder;

	if (!GROW(build, ladder->spans, ladder->n_spans,
		  &build->spans_capacity)) {
		free(text);
		return LADDER_NONE;
	}
	ladder->spans[ladder->n_spans] = (struct ladder_span){
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

/* --- sockets ---------------------------------------------------------------- */

static struct socket_state *find_socket(struct build *build, int host,
					int number, int connection)
{
	if (connection >= 0) {
		int i = build->connections[connection].first_socket;

		for (; i >= 0; i = build->sockets[i].next_socket)
			if (build->sockets[i].host == host)
				return &build->sockets[i];
	}
	for (size_t i = build->n_sockets; number && i > 0; i--) {
		struct socket_state *socket = &build->sockets[i - 1];

		/* A descriptor can have one connection after the other. */
		if (socket->host == host && socket->number == number)
			return connection < 0 || socket->connection < 0 ?
				       socket :
				       NULL;
	}
	return NULL;
}

/* The same; a new one when there is none. NULL without memory. */
static struct socket_state *get_socket(struct build *build, int host,
				       int number, int connection)
{
	struct socket_state *socket =
		find_socket(build, host, number, connection);

	if (!socket) {
		if (!GROW(build, build->sockets, build->n_sockets,
			  &build->sockets_capacity))
			return NULL;
		socket = &build->sockets[build->n_sockets++];
		*socket = (struct socket_state){ .host = host,
						 .connection = LADDER_NONE,
						 .next_socket = LADDER_NONE,
						 .state = LADDER_NONE,
						 .timer = LADDER_NONE };
	}
	if (number)
		socket->number = number;
	if (connection >= 0 && socket->connection < 0) {
		int *first = &build->connections[connection].first_socket;

		socket->connection = connection;
		socket->next_socket = *first;
		*first = (int)(socket - build->sockets);
		learn_socket_owner(build, connection, host);
	}
	return socket;
}

/* NULL: the state is not known any more. */
static void set_state(struct build *build, struct socket_state *socket,
		      const char *state, double t)
{
	struct ladder *ladder = build->ladder;
	struct ladder_span *span =
		socket->state >= 0 ? &ladder->spans[socket->state] : NULL;

	if (span && state && strcmp(span->text, state) == 0) {
		span->sure = span->until = MAX(t, span->sure);
		return;
	}
	close_span(ladder, socket->state, t);
	socket->state = LADDER_NONE;
	if (!state)
		return;
	socket->state = add_span(build, LADDER_STATE, socket->host, t,
				 line_of(build, state));
	if (socket->state >= 0)
		ladder->spans[socket->state].connection = socket->connection;
}

/* The state lasted until now, and then changed. */
static void end_state(struct build *build, struct socket_state *socket,
		      double t)
{
	if (socket->state >= 0)
		build->ladder->spans[socket->state].sure =
			MAX(t, build->ladder->spans[socket->state].sure);
	set_state(build, socket, NULL, t);
}

static bool is_in_state(const struct build *build,
			const struct socket_state *socket, const char *state)
{
	return socket->state >= 0 &&
	       strcmp(build->ladder->spans[socket->state].text, state) == 0;
}

static void end_timer(struct build *build, struct socket_state *socket,
		      double t)
{
	if (socket->timer >= 0 && build->ladder->spans[socket->timer].until > t)
		build->ladder->spans[socket->timer].until = t;
	socket->timer = LADDER_NONE;
}

/* The socket is gone, and its timer with it. */
static void end_socket(struct build *build, struct socket_state *socket,
		       double t)
{
	end_state(build, socket, t);
	end_timer(build, socket, t);
}

/*
 * What a segment means for the socket of the host that sends or receives it.
 *
 * FIN and RST change the state. But a host in SYN-SENT sends an RST for an
 * unacceptable acknowledgement and stays in that state (RFC 9293 section
 * 3.10.7.3).
 *
 * A SYN, or the answer to it, in a new connection on the 4-tuple of one in
 * TIME-WAIT ends that one: tcp_twsk_unique(), tcp_timewait_state_process().
 */
static void apply_segment(struct build *build, const json_t *record,
			  int connection, int host, double t, bool sends,
			  uint8_t flags)
{
	struct socket_state *socket;
	int port = int_of(record, sends ? "source_port" : "destination_port");
	int peer_port =
		int_of(record, sends ? "destination_port" : "source_port");

	for (size_t i = 0; flags & SEGMENT_SYN && sends && i < build->n_sockets;
	     i++) {
		struct socket_state *old = &build->sockets[i];

		if (old->host == host && old->connection != connection &&
		    old->port == port && old->peer_port == peer_port &&
		    is_in_state(build, old, "TIME-WAIT"))
			end_socket(build, old, t);
	}
	socket = find_socket(build, host, 0, connection);
	if (!socket)
		return;
	socket->port = port;
	socket->peer_port = peer_port;
	if (socket->state < 0)
		return;
	if (flags & SEGMENT_RST && sends &&
	    is_in_state(build, socket, "SYN-SENT"))
		return;
	if (flags & (SEGMENT_FIN | SEGMENT_RST))
		end_state(build, socket, t);
	else if (sends && is_in_state(build, socket, "ESTAB"))
		set_state(build, socket, "ESTAB", t);
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
	return MAX(number_of(record, "left"), number_of(record, "t"));
}

/* --- which transmission ----------------------------------------------------- */

static struct sent *find_sent(struct direction *direction, int64_t seq)
{
	for (size_t i = direction->n_sent; i > 0; i--)
		if (direction->sent[i - 1].seq == seq)
			return &direction->sent[i - 1];
	return NULL;
}

static void add_sent(struct build *build, struct direction *direction,
		     int64_t seq, double t)
{
	if (GROW(build, direction->sent, direction->n_sent,
		 &direction->sent_capacity))
		direction->sent[direction->n_sent++] =
			(struct sent){ .seq = seq, .first = t, .last = t };
}

/*
 * A tail loss probe (tcp_send_loss_probe(), RFC 8985 section 7) comes before the
 * retransmission timeout can have expired, and without anything from the peer
 * that could cause a fast retransmission. The margin is for timers that count
 * whole jiffies.
 */
static bool is_loss_probe(const struct build *build,
			  const struct ladder_row *row,
			  const struct direction *own, const struct sent *sent,
			  int transmission)
{
	double rto_min = row->host >= 0 ? build->rto_min[row->host] : 0;

	if (rto_min <= 0)
		rto_min = default_rto_min;
	return transmission == 2 && !(row->flags & SEGMENT_SYN) &&
	       row->t - sent->first < rto_min - 0.01 &&
	       own->received < sent->first;
}

static void mark_retransmission(struct build *build, struct ladder_row *row,
				struct direction *own, int64_t seq,
				int transmission)
{
	struct sent *sent = find_sent(own, seq);
	char since[32];

	row->repeated = true;
	if (!sent) {
		/* The sequence number is not known, or the segment begins
		 * within one that was sent before. */
		if (seq >= 0)
			add_sent(build, own, seq, row->t);
		row->remark = line_of(build, "retransmission");
		return;
	}
	ladder_duration(MAX(row->t - sent->last, 0.0), since);
	if (is_loss_probe(build, row, own, sent, transmission)) {
		sent->loss_probes++;
		row->remark = format_line(build, "tail loss probe, +%s", since);
	} else {
		row->remark = format_line(
			build, "retransmission %d, +%s",
			MAX(transmission - 1 - (int)sent->loss_probes, 1),
			since);
	}
	sent->last = row->t;
}

/* The remark of a segment that a host sends: which probe, which transmission. */
static void mark_transmission(struct build *build, struct ladder_row *row,
			      const json_t *record)
{
	struct direction *directions =
		build->connections[row->connection].directions;
	bool from_client = journal_is_true(record, "from_client");
	struct direction *own = &directions[!from_client];
	struct direction *peer = &directions[from_client];
	int transmission = int_of(record, "transmission");
	json_int_t seq = -1;

	journal_get_integer(record, "seq", &seq);
	if (has_kind(record, "probe")) {
		row->repeated = true;
		row->remark = format_line(build, "%sprobe %u",
					  peer->window_shut ? "window " : "",
					  ++own->probes);
	} else if (transmission > 1 || has_kind(record, "retransmission")) {
		mark_retransmission(build, row, own, seq, transmission);
	} else if (transmission == 1 && seq >= 0) {
		add_sent(build, own, seq, row->t);
	}
}

/* --- rows of segments ------------------------------------------------------- */

/* The peer of the sender has the segment, or an error about one of its own. */
static void note_received(struct build *build, const struct ladder_row *row,
			  const json_t *record, double at)
{
	struct direction *directions =
		build->connections[row->connection].directions;
	bool from_client = journal_is_true(record, "from_client");
	struct direction *own = &directions[!from_client];
	struct direction *peer = &directions[from_client];

	peer->received = at;
	if (row->control)
		return;
	/* An answer: the count of unanswered probes begins again. */
	peer->probes = 0;
	own->window_shut = !(row->flags & SEGMENT_RST) &&
			   !int_of(record, "window");
}

static void apply_to_sockets(struct build *build, const struct ladder_row *row,
			     const json_t *record, int sender, int to)
{
	double left = number_of(record, "left");

	if (row->connection < 0)
		return;
	if (sender >= 0 && !row->control)
		apply_segment(build, record, row->connection, sender, row->t,
			      true, row->flags);
	if (to < 0 || left <= 0 || ladder_ends_on_wire(row))
		return;
	note_received(build, row, record, left);
	if (!row->control)
		apply_segment(build, record, row->connection, to, left, false,
			      row->flags);
}

/* Data, or an acknowledgement: what an undisturbed transfer consists of. */
static bool is_plain(const json_t *record, uint8_t flags)
{
	return has_kind(record, "tcp") &&
	       (flags & ~SEGMENT_PSH) == SEGMENT_ACK &&
	       !has_kind(record, "probe");
}

static void start_segment(struct build *build, const json_t *record, int from,
			  int to, uint32_t packet)
{
	const char *fate = journal_text(record, "fate");
	const char *origin = journal_text(record, "origin");
	struct ladder_row *row = add_row(build, LADDER_SEGMENT,
					 number_of(record, "t"), from);
	struct flight *flight;

	if (!row || !add_hop(build, row, to, left_of(record)))
		return;
	flight = add_flight(build, packet, (int)build->ladder->n_rows - 1);
	row->text = line_of(build, journal_text(record, "text"));
	row->fate = fate_of(fate);
	row->flags = (uint8_t)int_of(record, "flags");
	row->payload = (uint32_t)int_of(record, "len");
	row->control = !has_kind(record, "tcp");
	row->plain = is_plain(record, row->flags);
	row->repeated = row->fate == LADDER_DUPLICATE ||
			row->fate == LADDER_INJECTED;
	row->starts_on_wire = from < 0 || row->repeated ||
			      row->fate == LADDER_RELEASED;
	row->connection = connection_of(build, record);
	if (row->fate != LADDER_ARRIVES)
		set_end(build, row, fate);
	build->ladder->n_segments++;
	if (flight)
		place_flight(flight, row->fate, number_of(record, "left"), from,
			     to);
	if (row->connection < 0)
		return;
	if (!row->control) {
		learn_ends(build, row->connection, record, row->flags,
			   find_host(build->ladder, origin));
		if (!row->starts_on_wire)
			mark_transmission(build, row, record);
	}
	apply_to_sockets(build, row, record, row->starts_on_wire ? -1 : from,
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
		set_end(build, row, journal_text(record, "fate"));
	}
	place_flight(flight, fate, number_of(record, "left"), from, to);
	apply_to_sockets(build, row, record, LADDER_WIRE, to);
}

static void finish_delay(struct build *build, struct flight *flight,
			 const json_t *record)
{
	struct ladder_row *row = &build->ladder->rows[flight->row];

	row->hops[row->n_hops - 1].at = left_of(record);
	row->until = left_of(record);
	flight->place = flight->to >= 0 ? FLIGHT_AT_HOST : FLIGHT_OVER;
	apply_to_sockets(build, row, record, LADDER_WIRE, flight->to);
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

static void take_frame(struct build *build, const json_t *record)
{
	const struct ladder *ladder = build->ladder;
	const char *sender = journal_text(record, "from");
	const char *text = journal_text(record, "fate");
	enum ladder_fate fate = fate_of(text);
	uint32_t packet = (uint32_t)int_of(record, "packet");
	int from = *sender ? find_host(ladder, sender) : LADDER_WIRE;
	int to = find_host(ladder, journal_text(record, "to"));
	struct flight *flight = NULL;

	if (strcmp(text, "ghost") == 0) {
		build->ladder->n_ghosts++;
		return;
	}
	if (fate == LADDER_RELEASED) {
		release_segment(build, record, from, to, packet);
		return;
	}
	if (fate == LADDER_DELAYED && number_of(record, "left") > 0) {
		flight = find_flight(build, packet, FLIGHT_DELAYED, from, to);
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

/* Its last hop is between the ends of its connection. */
static bool is_not_forwarded(const struct ladder *ladder,
			     const struct ladder_row *row)
{
	const struct ladder_connection *ends;
	int last = ladder_receiver(row);

	if (row->connection < 0 || row->starts_on_wire || last < 0 ||
	    ladder_ends_on_wire(row))
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
			set_end(build, row, "delayed beyond the end");
		} else if (is_not_forwarded(build->ladder, row)) {
			row->not_forwarded = true;
			set_end(build, row, "not forwarded");
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
	bool worked = number_of(record, "value") >= 0 && !*error;
	bool accepts = strcmp(call, "accept") == 0;
	struct socket_state *socket;

	row->failed = *error;
	if (accepts && (!worked || row->connection < 0))
		return;
	/* The number is that of the listener, not of the accepted socket. */
	socket = get_socket(build, row->host, accepts ? 0 : row->socket,
			    row->connection);
	if (!socket)
		return;
	if (worked && (accepts || strcmp(call, "connect") == 0))
		set_state(build, socket, "ESTAB", row->t);
	else if (ends_connection(error))
		end_socket(build, socket, row->t);
}

/* close() removes a socket in SYN-SENT without a segment (tcp_close()). */
static void take_close(struct build *build, const struct ladder_row *row)
{
	struct socket_state *socket = find_socket(build, row->host, row->socket,
						  row->connection);

	if (socket && is_in_state(build, socket, "SYN-SENT"))
		end_socket(build, socket, row->t);
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void take_call(struct build *build, const json_t *record)
{
	int host = find_host(build->ladder, journal_text(record, "host"));
	struct ladder_row *row;

	if (host < 0)
		return;
	row = add_row(build, LADDER_CALL, number_of(record, "t"), host);
	if (!row)
		return;
	row->text = line_of(build, journal_text(record, "text"));
	row->socket = int_of(record, "socket");
	row->connection = connection_of(build, record);
	if (!row->text)
		return;
	row->transfers = begins_with(row->text, "send(") ||
			 begins_with(row->text, "recv(");
	if (journal_is(record, "result"))
		take_result(build, record, row);
	if (begins_with(row->text, "close("))
		take_close(build, row);
}

/*
 * Rows of a socket that come before its connection exists - socket options,
 * bind(), the call of connect() - belong to the connection that it has next;
 * rows after the connection is gone to the one that it had last. An accept() is
 * a row of the listener, whatever connection it returns.
 */
static void name_rows_of_sockets(struct build *build, bool backwards)
{
	struct ladder *ladder = build->ladder;
	int *connections = calloc(build->n_sockets + 1, sizeof(*connections));
	size_t n = ladder->n_rows;

	if (!connections) {
		build->no_memory = true;
		return;
	}
	for (size_t i = 0; i < build->n_sockets; i++)
		connections[i] = LADDER_NONE;
	for (size_t i = 0; i < n; i++) {
		struct ladder_row *row =
			&ladder->rows[backwards ? n - 1 - i : i];
		int *known = NULL;

		if (!row->socket || !row->text ||
		    begins_with(row->text, "accept("))
			continue;
		for (size_t j = 0; j < build->n_sockets && !known; j++)
			if (build->sockets[j].host == row->host &&
			    build->sockets[j].number == row->socket)
				known = &connections[j];
		if (known && row->connection < 0)
			row->connection = *known;
		else if (known)
			*known = row->connection;
	}
	free(connections);
}

/* --- states of sockets ------------------------------------------------------ */

/* The state of a listener never changes, and that of no socket is no state. */
static const char *bar_of(const json_t *record)
{
	const char *state = journal_text(record, "state");

	return strcmp(state, "none") == 0 || strcmp(state, "LISTEN") == 0 ||
			       strcmp(state, "UNCONN") == 0 ?
		       NULL :
		       state;
}

static bool timer_runs(const json_t *record)
{
	const char *timer = journal_text(record, "timer");

	return *timer && strcmp(timer, "none") != 0;
}

static const char *timer_name(const json_t *record)
{
	const char *timer = journal_text(record, "timer");

	if (strcmp(timer, "on") == 0)
		return "retransmission";
	if (strcmp(timer, "persist") == 0)
		return "zero-window probe";
	if (strcmp(timer, "timewait") == 0)
		return journal_text(record, "state");
	return timer;
}

/* Both observations are of one timer when it expires at the same moment, as
 * exactly as the kernel reports it: in jiffies, rounded to milliseconds. */
static bool expires_at(const struct socket_state *socket, double t)
{
	return fabs(t - socket->expires) < 0.02;
}

static void set_timer(struct build *build, struct socket_state *socket,
		      const json_t *record, double t)
{
	struct ladder *ladder = build->ladder;
	double left = number_of(record, "expires");
	const char *name = timer_name(record);
	char in[32];

	if (socket->timer >= 0 && timer_runs(record) &&
	    strcmp(name, socket->timer_name) == 0 &&
	    expires_at(socket, t + left))
		return;
	end_timer(build, socket, t);
	if (!timer_runs(record))
		return;
	socket->timer = add_span(
		build, LADDER_TIMER, socket->host, t,
		format_line(build, "%s %s", name, ladder_duration(left, in)));
	if (socket->timer < 0)
		return;
	ladder->spans[socket->timer].until = t + left;
	ladder->spans[socket->timer].connection = socket->connection;
	socket->expires = t + left;
	snprintf(socket->timer_name, sizeof(socket->timer_name), "%s", name);
}

static char *state_text(struct build *build, const json_t *record, bool named)
{
	const char *state = journal_text(record, "state");
	int retransmits = int_of(record, "retransmits");
	char in[32], times[32] = "";

	if (!timer_runs(record)) {
		/* The text has the ports, which a connection has already. */
		if (!named || strcmp(state, "LISTEN") == 0)
			return line_of(build, journal_text(record, "text"));
		return line_of(build, strcmp(state, "none") == 0 ?
					      "no socket" :
					      state);
	}
	if (retransmits > 0)
		snprintf(times, sizeof(times), " (%d so far)", retransmits);
	ladder_duration(number_of(record, "expires"), in);
	if (strcmp(journal_text(record, "timer"), "timewait") == 0)
		return format_line(build, "%s, %s left", state, in);
	return format_line(build, "%s, %s in %s%s", state, timer_name(record),
			   in, times);
}

/* An observation that equals the last one, with the same timer, has no row. */
static bool is_news(struct socket_state *socket, const json_t *record, double t)
{
	char observed[sizeof(socket->observed)];
	bool same;

	snprintf(observed, sizeof(observed), "%.20s %.20s %d %d",
		 journal_text(record, "state"), journal_text(record, "timer"),
		 int_of(record, "retransmits"), int_of(record, "queue"));
	same = strcmp(observed, socket->observed) == 0;
	memcpy(socket->observed, observed, sizeof(observed));
	if (same && timer_runs(record))
		return !expires_at(socket, t + number_of(record, "expires"));
	return !same;
}

static void take_state(struct build *build, const json_t *record)
{
	double t = number_of(record, "t");
	int host = find_host(build->ladder, journal_text(record, "host"));
	const char *state = bar_of(record);
	struct socket_state *socket;
	struct ladder_row *row;

	if (host < 0)
		return;
	socket = get_socket(build, host, int_of(record, "socket"),
			    connection_of(build, record));
	if (!socket)
		return;
	if (int_of(record, "peer_port")) {
		socket->port = int_of(record, "port");
		socket->peer_port = int_of(record, "peer_port");
	}
	if (is_news(socket, record, t)) {
		row = add_row(build, LADDER_SOCKET, t, host);
		if (!row)
			return;
		row->text = state_text(build, record, socket->connection >= 0);
		row->connection = socket->connection;
		row->socket = int_of(record, "socket");
	}
	set_state(build, socket, state, t);
	set_timer(build, socket, record, t);
	/* TIME-WAIT lasts as long as its timer. */
	if (socket->state >= 0 && socket->timer >= 0 &&
	    strcmp(state, "TIME-WAIT") == 0)
		build->ladder->spans[socket->state].sure = socket->expires;
}

/* --- faults ----------------------------------------------------------------- */

/* "server", or "server 2" for one of its processes. */
static int target_host(const struct ladder *ladder, const char *target)
{
	char name[256];
	int host = find_host(ladder, target);

	if (host >= 0)
		return host;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(target, " "), target);
	return find_host(ladder, name);
}

static void begin_fault(struct build *build, const struct fault_verb *verb,
			int host, double t)
{
	static const enum ladder_span_kind kinds[] = {
		[FAULT_DRAW_DEAD] = LADDER_DEAD,
		[FAULT_DRAW_FROZEN] = LADDER_FROZEN,
		[FAULT_DRAW_UNPLUGGED] = LADDER_UNPLUGGED,
	};
	int span = add_span(build, kinds[verb->drawing], host, t,
			    line_of(build, verb->state));

	if (span >= 0 && GROW(build, build->faults, build->n_faults,
			      &build->faults_capacity))
		build->faults[build->n_faults++] = (struct lasting_fault){
			.verb = verb, .span = span, .host = host
		};
}

/* The verb ends the faults that name it as their end; a rebooted machine has
 * none of the faults that belonged to the old one. */
static void end_faults(struct build *build, const struct fault_verb *verb,
		       int host, double t)
{
	for (size_t i = 0; i < build->n_faults; i++) {
		const struct lasting_fault *fault = &build->faults[i];
		bool undone = fault->verb->undo &&
			      strcmp(fault->verb->undo, verb->name) == 0;

		if (fault->host != host ||
		    !build->ladder->spans[fault->span].open)
			continue;
		if (undone ||
		    (verb->kills_host && !fault->verb->survives_crash))
			close_span(build->ladder, fault->span, t);
	}
}

static void apply_fault(struct build *build, const struct fault_verb *verb,
			int host, double t)
{
	for (size_t i = 0; verb->kills_host && i < build->n_sockets; i++)
		if (build->sockets[i].host == host)
			end_socket(build, &build->sockets[i], t);
	end_faults(build, verb, host, t);
	if (verb->drawing != FAULT_DRAW_EVENT &&
	    verb->drawing != FAULT_DRAW_END && verb->state)
		begin_fault(build, verb, host, t);
}

static void take_fault(struct build *build, const json_t *record)
{
	const struct fault_verb *verb =
		fault_recorded_verb(journal_text(record, "verb"));
	int host = target_host(build->ladder, journal_text(record, "target"));
	struct ladder_row *row =
		add_row(build, LADDER_FAULT, number_of(record, "t"),
			host >= 0 ? host : LADDER_WIRE);

	if (!row)
		return;
	row->text = line_of(build, journal_text(record, "text"));
	row->ends_fault = verb && verb->drawing == FAULT_DRAW_END;
	if (verb && host >= 0)
		apply_fault(build, verb, host, row->t);
}

/* --- other records ---------------------------------------------------------- */

static void take_expectation(struct build *build, const json_t *record)
{
	struct ladder_row *row;

	if (!json_is_false(json_object_get(record, "ok")))
		return;
	row = add_row(build, LADDER_FAILURE, number_of(record, "t"),
		      LADDER_NO_HOST);
	if (row)
		row->text = format_line(build, "%s: expected %s, observed %s",
					journal_text(record, "what"),
					journal_text(record, "expected"),
					journal_text(record, "observed"));
}

/* The note of wire_set_count_only() about frames that were not recorded. */
static void take_note(struct build *build, const json_t *record)
{
	const char *text = journal_text(record, "text");
	struct ladder_row *row;

	if (!strstr(text, ", only counted"))
		return;
	row = add_row(build, LADDER_COUNTED, number_of(record, "t"),
		      LADDER_NO_HOST);
	if (row)
		row->text = line_of(build, text);
}

static void take_sysctl(struct build *build, const json_t *record)
{
	int host = find_host(build->ladder, journal_text(record, "host"));

	if (host >= 0 && strcmp(journal_text(record, "name"),
				"net.ipv4.tcp_rto_min_us") == 0)
		build->rto_min[host] =
			strtod(journal_text(record, "value"), NULL) / 1e6;
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
	else if (journal_is(record, "sysctl"))
		take_sysctl(build, record);
}

/* --- after the last record -------------------------------------------------- */

static void find_end(struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->n_rows; i++)
		ladder->end = MAX(ladder->end, MAX(ladder->rows[i].t,
						   ladder->rows[i].until));
	ladder->decimals = ladder->end < 0.1 ? 5 : ladder->end < 1 ? 4 : 3;
}

/* The first track that is free again. The spans of one kind are in the order of
 * their beginning. */
static void choose_tracks(struct build *build)
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

static void end_spans(struct build *build)
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

static void build_all(struct build *build, bool whole)
{
	struct ladder *ladder = build->ladder;
	size_t i;
	json_t *record;

	build->no_memory |= !make_packets(build);
	find_hosts(build);
	json_array_foreach (build->journal, i, record) {
		if (build->no_memory)
			return;
		take(build, record);
	}
	if (build->no_memory)
		return;
	name_connections(build);
	end_flights(build);
	name_rows_of_sockets(build, true);
	name_rows_of_sockets(build, false);
	make_columns(build);
	if (build->no_memory || ladder_sort_rows(ladder) < 0 ||
	    ladder_join_calls(ladder) < 0) {
		build->no_memory = true;
		return;
	}
	find_end(ladder);
	end_spans(build);
	build->no_memory |= (!whole && ladder_fold(ladder) < 0) ||
			    ladder_add_arrivals(ladder) < 0 ||
			    ladder_add_silences(ladder) < 0;
	shift(ladder, number_of(journal_find(build->journal, "timeline"), "t"));
}

static int new_ladder(struct ladder **ret, const json_t *journal, bool whole)
{
	struct ladder *ladder = calloc(1, sizeof(*ladder));
	struct build build = { .ladder = ladder, .journal = journal };

	if (!ladder)
		return error_origin(-ENOMEM, "ladder");
	build_all(&build, whole);
	for (size_t i = 0; build.connections && i < ladder->n_connections; i++)
		for (size_t j = 0; j < 2; j++)
			free(build.connections[i].directions[j].sent);
	free(build.connections);
	free(build.flights);
	free(build.packets);
	free(build.sockets);
	free(build.faults);
	if (build.no_memory) {
		ladder_free(ladder);
		return error_origin(-ENOMEM, "ladder");
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
