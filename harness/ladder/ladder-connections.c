/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection a segment belongs to, and whether it was sent before. */
#include "ladder-parts.h"

#include <stdlib.h>
#include <string.h>

static bool is_alias(const struct ladder_alias *alias,
		     const struct frame *frame, size_t direction)
{
	size_t from = direction, to = !direction;

	return alias->ports[from] == frame->tcp.source_port &&
	       alias->ports[to] == frame->tcp.destination_port &&
	       address_equal(&alias->addresses[from], &frame->source) &&
	       address_equal(&alias->addresses[to], &frame->destination);
}

static int find(const struct ladder_build *build, const struct frame *frame,
		size_t *ret_direction)
{
	/* The newest: ports may be used again. */
	for (size_t i = build->n_aliases; i > 0; i--)
		for (size_t direction = 0; direction < 2; direction++)
			if (is_alias(&build->aliases[i - 1], frame,
				     direction)) {
				*ret_direction = direction;
				return build->aliases[i - 1].connection;
			}
	return LADDER_NONE;
}

void ladder_add_alias(struct ladder_build *build, const struct frame *frame,
		      int connection, size_t direction)
{
	struct ladder_alias *aliases =
		ladder_grow(build, build->aliases, build->n_aliases,
			    &build->aliases_space, sizeof(*aliases));
	struct ladder_alias *alias;

	if (!aliases)
		return;
	build->aliases = aliases;
	alias = &aliases[build->n_aliases++];
	*alias = (struct ladder_alias){ .connection = connection };
	alias->addresses[direction] = frame->source;
	alias->addresses[!direction] = frame->destination;
	alias->ports[direction] = frame->tcp.source_port;
	alias->ports[!direction] = frame->tcp.destination_port;
}

/* Who has that address, as far as frames told. */
static int host_at(const struct ladder *ladder, const struct address *address)
{
	char text[ADDRESS_TEXT];

	address_text(address, text);
	for (size_t i = 0; i < ladder->n_hosts; i++)
		if (strcmp(ladder->hosts[i].address, text) == 0)
			return (int)i;
	return LADDER_NO_HOST;
}

void ladder_learn_address(struct ladder_build *build,
			  const struct address *address, int host)
{
	struct ladder *ladder = build->ladder;

	if (*ladder->hosts[host].address || !address->family)
		return;
	free(ladder->hosts[host].address);
	ladder->hosts[host].address = malloc(ADDRESS_TEXT);
	if (!ladder->hosts[host].address) {
		build->no_memory = true;
		return;
	}
	address_text(address, ladder->hosts[host].address);
	for (size_t i = 0; i < ladder->n_connections; i++) {
		const struct address *ends = build->tracks[i].addresses;
		struct ladder_connection *connection = &ladder->connections[i];

		if (connection->client < 0 && address_equal(&ends[0], address))
			connection->client = host;
		if (connection->server < 0 && address_equal(&ends[1], address))
			connection->server = host;
	}
}

static const char *name_of(const struct ladder *ladder, int host,
			   const struct address *address,
			   char text[ADDRESS_TEXT])
{
	return host >= 0 ? ladder->hosts[host].name :
			   address_text(address, text);
}

void ladder_name_connections(struct ladder_build *build)
{
	const struct ladder *ladder = build->ladder;

	for (size_t i = 0; i < ladder->n_connections; i++) {
		struct ladder_connection *connection = &ladder->connections[i];
		const struct ladder_track *track = &build->tracks[i];
		char texts[2][ADDRESS_TEXT];

		connection->text = ladder_printf(
			build, "%s:%u > %s:%u",
			name_of(ladder, connection->client,
				&track->addresses[0], texts[0]),
			track->ports[0],
			name_of(ladder, connection->server,
				&track->addresses[1], texts[1]),
			track->ports[1]);
	}
}

static int add(struct ladder_build *build, const struct frame *frame,
	       size_t direction)
{
	struct ladder *ladder = build->ladder;
	size_t n = ladder->n_connections;
	struct ladder_connection *connections =
		ladder_grow(build, ladder->connections, n,
			    &build->connections_space, sizeof(*connections));
	struct ladder_track *tracks;

	if (!connections)
		return LADDER_NONE;
	ladder->connections = connections;
	tracks = ladder_grow(build, build->tracks, n, &build->tracks_space,
			     sizeof(*tracks));
	if (!tracks)
		return LADDER_NONE;
	build->tracks = tracks;
	tracks[n] = (struct ladder_track){ .accepted = false };
	tracks[n].addresses[direction] = frame->source;
	tracks[n].addresses[!direction] = frame->destination;
	tracks[n].ports[direction] = frame->tcp.source_port;
	tracks[n].ports[!direction] = frame->tcp.destination_port;
	connections[n] = (struct ladder_connection){
		.number = (int)n + 1,
		.client = host_at(ladder, &tracks[n].addresses[0]),
		.server = host_at(ladder, &tracks[n].addresses[1]),
	};
	ladder->n_connections++;
	ladder_add_alias(build, frame, (int)n, direction);
	return (int)n;
}

/* A SYN with a number that its sender did not begin with before. */
static bool is_new(const struct ladder_build *build, int connection,
		   size_t direction, const struct frame *frame)
{
	const struct ladder_direction *sent =
		&build->tracks[connection].directions[direction];

	return frame_is_syn(frame) && sent->knows_isn &&
	       sent->isn != frame->tcp.seq;
}

/* With `from` LADDER_NO_HOST it is only looked for. */
int ladder_connection_of(struct ladder_build *build, const struct frame *frame,
			 int from, size_t *ret_direction)
{
	int connection = find(build, frame, ret_direction);
	struct ladder_direction *sent;

	if (from == LADDER_NO_HOST)
		return connection;
	if (connection == LADDER_NONE ||
	    (from >= 0 && is_new(build, connection, *ret_direction, frame))) {
		/* One whose start was not seen: who has the lower port is the
		 * server, most likely. */
		*ret_direction = !frame_is_syn(frame) &&
				 frame->tcp.source_port <
					 frame->tcp.destination_port;
		connection = add(build, frame, *ret_direction);
	}
	if (connection == LADDER_NONE)
		return LADDER_NONE;
	sent = &build->tracks[connection].directions[*ret_direction];
	if (from >= 0 && frame->tcp.flags & SEGMENT_SYN && !sent->knows_isn) {
		sent->knows_isn = true;
		sent->isn = frame->tcp.seq;
	}
	return connection;
}

/* --- which copy ---------------------------------------------------------- */

static struct ladder_sent *find_sent(struct ladder_direction *direction,
				     uint32_t seq)
{
	for (size_t i = direction->n_sent; i > 0; i--)
		if (direction->sent[i - 1].seq == seq)
			return &direction->sent[i - 1];
	return NULL;
}

static void add_sent(struct ladder_build *build,
		     struct ladder_direction *direction, uint32_t seq, double t)
{
	struct ladder_sent *sent =
		ladder_grow(build, direction->sent, direction->n_sent,
			    &direction->sent_space, sizeof(*sent));

	if (!sent)
		return;
	direction->sent = sent;
	sent[direction->n_sent++] = (struct ladder_sent){ .seq = seq, .t = t };
}

static void number_copy(struct ladder_build *build, struct ladder_row *row,
			struct ladder_direction *direction, uint32_t seq)
{
	struct ladder_sent *sent = find_sent(direction, seq);
	char since[32];

	/* Part of what was sent in one piece before. */
	if (!sent) {
		add_sent(build, direction, seq, row->t);
		row->remark = ladder_printf(build, "retransmission");
		return;
	}
	row->remark = ladder_printf(
		build, "retransmission %u, +%s", ++sent->copies,
		ladder_duration(MAX(row->t - sent->t, 0.0), since));
	sent->t = row->t;
}

void ladder_number(struct ladder_build *build, struct ladder_row *row,
		   const struct frame *frame, size_t direction,
		   const json_t *record)
{
	struct ladder_direction *directions =
		build->tracks[row->connection].directions;
	struct ladder_direction *own = &directions[direction];
	struct ladder_direction *peer = &directions[!direction];

	if (ladder_is_kind(record, "probe")) {
		row->repeated = true;
		row->remark = ladder_printf(build, "%sprobe %u",
					    peer->shut ? "window " : "",
					    ++own->probes);
	} else if (ladder_is_kind(record, "retransmission")) {
		number_copy(build, row, own, frame->tcp.seq);
	} else if (frame_sequence_length(frame)) {
		add_sent(build, own, frame->tcp.seq, row->t);
	}
	if (ladder_ends_on_wire(row))
		return;
	/* It is heard: the other end's probes are answered. */
	peer->probes = 0;
	own->shut = !frame->tcp.window && !frame_is_rst(frame);
}

void ladder_tracks_free(struct ladder_build *build)
{
	for (size_t i = 0; i < build->ladder->n_connections; i++)
		for (size_t j = 0; j < 2; j++)
			free(build->tracks[i].directions[j].sent);
	free(build->tracks);
}
