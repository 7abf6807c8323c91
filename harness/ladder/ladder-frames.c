/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From frames to segments. The wire writes a record for each cable that a packet
 * goes over, and two for one that it held or delayed: all of them are one row.
 */
#include "ladder-parts.h"

#include <stdlib.h>
#include <string.h>

#include "journal.h"

/* How far back a packet on its way is looked for. A burst of a window's size
 * goes hop by hop, packet after packet. */
enum { LOOK_BACK = 1024 };

/* --- bytes --------------------------------------------------------------- */

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The journal keeps the first bytes alone; the rest is zero here. */
static bool decode(struct frame *ret, const json_t *record)
{
	const char *hex = journal_text(record, "hex");
	double told = ladder_number_of(record, "size");
	size_t n = strlen(hex) / 2, size;
	uint8_t *bytes;
	bool known;

	if (!n || told > 1 << 17)
		return false;
	size = MAX(n, (size_t)MAX(told, 0.0));
	bytes = calloc(1, size);
	if (!bytes)
		return false;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(digit(hex[2 * i]) * 16 +
				     digit(hex[2 * i + 1]));
	known = frame_decode(ret, bytes, size) >= 0;
	free(bytes);
	return known;
}

/* What routers, and NAT, leave as it is; but that each takes one off the TTL. */
static bool is_next_hop(const struct ladder_trace *trace,
			const struct frame *frame)
{
	const struct segment *a = &trace->frame.tcp, *b = &frame->tcp;

	if (trace->frame.kind != frame->kind ||
	    trace->frame.ttl != frame->ttl + 1 ||
	    trace->frame.size != frame->size ||
	    trace->frame.ip_id != frame->ip_id)
		return false;
	if (frame->kind != FRAME_TCP)
		return trace->frame.icmp_type == frame->icmp_type &&
		       address_equal(&trace->frame.source, &frame->source);
	return a->seq == b->seq && a->ack == b->ack && a->flags == b->flags &&
	       a->length == b->length && a->tsval == b->tsval;
}

/* --- rows ---------------------------------------------------------------- */

static enum ladder_fate fate_of(const char *fate)
{
	if (strcmp(fate, "forwarded") == 0)
		return LADDER_ARRIVES;
	if (strcmp(fate, "delayed") == 0)
		return LADDER_DELAYED;
	if (strcmp(fate, "held") == 0)
		return LADDER_HELD;
	if (strcmp(fate, "released") == 0)
		return LADDER_RELEASED;
	if (strcmp(fate, "duplicated") == 0)
		return LADDER_DUPLICATE;
	if (strcmp(fate, "injected") == 0)
		return LADDER_INJECTED;
	return LADDER_DROPPED;
}

static bool add_hop(struct ladder_build *build, struct ladder_row *row,
		    int host, double at)
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

static void set_end(struct ladder_build *build, struct ladder_row *row,
		    const char *fate)
{
	free(row->end);
	row->end = NULL;
	if (row->fate != LADDER_ARRIVES)
		row->end = ladder_line(build, fate);
}

/* Where the wire's own clock says it left; a frame that did not, when it came
 * to the wire. */
static double left_of(const json_t *record)
{
	return MAX(ladder_number_of(record, "left"),
		   ladder_number_of(record, "t"));
}

static bool same_bytes(const struct ladder_trace *trace, const json_t *record)
{
	return strcmp(trace->hex, journal_text(record, "hex")) == 0;
}

static struct ladder_trace *find_waiting(struct ladder_build *build,
					 const json_t *record, int from, int to,
					 enum ladder_fate fate)
{
	while (build->first_waiting < build->n_traces &&
	       !build->traces[build->first_waiting].waits)
		build->first_waiting++;
	/* The oldest: what is held is released in order. */
	for (size_t i = build->first_waiting; i < build->n_traces; i++) {
		struct ladder_trace *trace = &build->traces[i];

		if (trace->waits && trace->from == from && trace->to == to &&
		    build->ladder->rows[trace->row].fate == fate &&
		    same_bytes(trace, record))
			return trace;
	}
	return NULL;
}

static struct ladder_trace *find_moving(struct ladder_build *build,
					const struct frame *frame, int from)
{
	size_t n = build->n_traces;

	for (size_t i = n; i > 0 && n - i < LOOK_BACK; i--) {
		struct ladder_trace *trace = &build->traces[i - 1];

		if (trace->known && trace->moves && trace->to == from &&
		    is_next_hop(trace, frame))
			return trace;
	}
	return NULL;
}

static struct ladder_trace *add_trace(struct ladder_build *build)
{
	struct ladder_trace *traces =
		ladder_grow(build, build->traces, build->n_traces,
			    &build->traces_space, sizeof(*traces));

	if (!traces)
		return NULL;
	build->traces = traces;
	traces[build->n_traces] = (struct ladder_trace){ .row = 0 };
	return &traces[build->n_traces++];
}

/* Who of a connection's ends saw it. */
static void tell_signs(struct ladder_build *build, const struct ladder_row *row,
		       const struct frame *frame, int from, int to,
		       double left)
{
	uint8_t flags = frame->tcp.flags;

	if (row->connection < 0)
		return;
	if (from >= 0 && row->host == from && !row->starts_on_wire)
		ladder_take_sign(build, from, row->connection, row->t, true,
				 flags);
	if (to >= 0 && left > 0 && !ladder_ends_on_wire(row))
		ladder_take_sign(build, to, row->connection, left, false,
				 flags);
}

static void set_trace(struct ladder_trace *trace, enum ladder_fate fate,
		      double left, int from, int to)
{
	trace->from = from;
	trace->to = to;
	trace->waits = (fate == LADDER_HELD || fate == LADDER_DELAYED) &&
		       left <= 0;
	trace->moves = to >= 0 && fate != LADDER_DROPPED &&
		       fate != LADDER_HELD && !trace->waits;
}

/* Behind a NAT gateway it has another name. */
static void learn_alias(struct ladder_build *build, const struct frame *frame,
			const struct ladder_row *row)
{
	const struct ladder_connection *connection =
		&build->ladder->connections[row->connection];
	size_t direction;

	/* The gateway may give the same name again, to another connection. */
	if (ladder_connection_of(build, frame, LADDER_NO_HOST, &direction) !=
	    row->connection)
		ladder_add_alias(build, frame, row->connection,
				 row->host != connection->client);
}

/* The next cable of a packet that a router passed on. */
static void go_on(struct ladder_build *build, struct ladder_trace *trace,
		  const struct frame *frame, const json_t *record, int from,
		  int to)
{
	struct ladder_row *row = &build->ladder->rows[trace->row];
	const char *fate = journal_text(record, "fate");

	if (!add_hop(build, row, to, left_of(record)))
		return;
	/* A delay on one cable is one of the whole way. */
	if (fate_of(fate) != LADDER_ARRIVES) {
		row->fate = fate_of(fate);
		set_end(build, row, fate);
	}
	if (frame->kind == FRAME_TCP && row->connection >= 0)
		learn_alias(build, frame, row);
	trace->frame = *frame;
	trace->hex = journal_text(record, "hex");
	set_trace(trace, fate_of(fate), ladder_number_of(record, "left"), from,
		  to);
	tell_signs(build, row, frame, LADDER_WIRE, to,
		   ladder_number_of(record, "left"));
}

static void name_segment(struct ladder_build *build, size_t at,
			 const struct frame *frame, const json_t *record,
			 int from)
{
	struct ladder_row *row = &build->ladder->rows[at];
	size_t direction = 0;

	if (frame->kind != FRAME_TCP) {
		row->control = true;
		return;
	}
	row->payload = frame->tcp.length;
	row->flags = frame->tcp.flags;
	row->connection = ladder_connection_of(build, frame, from, &direction);
	if (row->connection >= 0 && row->fate != LADDER_RELEASED &&
	    row->fate != LADDER_DUPLICATE && row->fate != LADDER_INJECTED)
		ladder_number(build, row, frame, direction, record);
}

static void start_segment(struct ladder_build *build, const struct frame *frame,
			  const json_t *record, int from, int to)
{
	const char *fate = journal_text(record, "fate");
	struct ladder_row *row = ladder_add_row(
		build, LADDER_SEGMENT, ladder_number_of(record, "t"), from);
	struct ladder_trace *trace = row ? add_trace(build) : NULL;
	size_t at = build->ladder->n_rows - 1;

	if (!trace || !add_hop(build, row, to, left_of(record)))
		return;
	row->fate = fate_of(fate);
	row->text = ladder_line(build, journal_text(record, "text"));
	row->control = !ladder_is_kind(record, "tcp");
	row->plain = strncmp(row->text, ". ", 2) == 0 ||
		     strncmp(row->text, "P. ", 3) == 0;
	row->plain &= !strstr(row->text, "<sack");
	row->repeated = row->fate == LADDER_DUPLICATE ||
		     row->fate == LADDER_INJECTED ||
		     ladder_is_kind(record, "retransmission");
	row->starts_on_wire = from == LADDER_WIRE ||
			      row->fate == LADDER_DUPLICATE ||
			      row->fate == LADDER_RELEASED;
	set_end(build, row, fate);
	if (frame)
		trace->frame = *frame;
	trace->known = frame;
	trace->hex = journal_text(record, "hex");
	trace->row = at;
	set_trace(trace, row->fate, ladder_number_of(record, "left"), from, to);
	build->ladder->n_segments++;
	if (!frame)
		return;
	if (from >= 0 && !row->starts_on_wire && frame->kind != FRAME_ND)
		ladder_learn_address(build, &frame->source, from);
	name_segment(build, at, frame, record, from);
	tell_signs(build, &build->ladder->rows[at], frame, from, to,
		   ladder_number_of(record, "left"));
}

/* The second record of what the wire kept for a while. True when it was one. */
static bool leave(struct ladder_build *build, const json_t *record, int from,
		  int to)
{
	enum ladder_fate fate = fate_of(journal_text(record, "fate"));
	struct ladder_trace *trace;
	struct ladder_row *row;

	if (fate != LADDER_DELAYED || ladder_number_of(record, "left") <= 0)
		return false;
	trace = find_waiting(build, record, from, to, LADDER_DELAYED);
	if (!trace)
		return false;
	row = &build->ladder->rows[trace->row];
	row->hops[row->n_hops - 1].at = left_of(record);
	row->until = left_of(record);
	trace->waits = false;
	trace->moves = to >= 0;
	return true;
}

static void release(struct ladder_build *build, const json_t *record,
		    const struct frame *frame, int from, int to)
{
	struct ladder_trace *held =
		find_waiting(build, record, from, to, LADDER_HELD);
	size_t before = held ? held->row : 0;
	struct ladder_row *rows, *row;

	if (held)
		held->waits = false;
	start_segment(build, frame, record, from, to);
	rows = build->ladder->rows;
	row = &rows[build->ladder->n_rows - 1];
	if (!held || build->no_memory)
		return;
	rows[before].partner = (int)(row - rows);
	row->partner = (int)before;
	/* It belongs to the connection that it was sent in. */
	row->connection = rows[before].connection;
}

static void end_with(struct ladder_build *build, struct ladder_row *row,
		     const char *text)
{
	free(row->end);
	row->end = ladder_line(build, text);
}

/* It came to a host between the connection's ends, and was seen no more. */
static bool stops(const struct ladder *ladder, const struct ladder_row *row)
{
	const struct ladder_connection *connection;
	int meant, last;

	if (row->connection < 0 || !row->n_hops || row->starts_on_wire ||
	    ladder_ends_on_wire(row))
		return false;
	connection = &ladder->connections[row->connection];
	last = row->hops[row->n_hops - 1].host;
	meant = row->host == connection->client ? connection->server :
						  connection->client;
	return connection->client >= 0 && connection->server >= 0 &&
	       last >= 0 && last != meant && last != connection->client &&
	       last != connection->server;
}

void ladder_end_frames(struct ladder_build *build)
{
	for (size_t i = 0; i < build->n_traces; i++) {
		struct ladder_row *row =
			&build->ladder->rows[build->traces[i].row];

		if (build->traces[i].waits && row->fate == LADDER_DELAYED) {
			row->fate = LADDER_IN_TRANSIT;
			end_with(build, row, "delayed beyond the end");
		} else if (stops(build->ladder, row)) {
			row->not_forwarded = true;
			end_with(build, row, "not passed on");
		}
	}
}

void ladder_take_frame(struct ladder_build *build, const json_t *record)
{
	const struct ladder *ladder = build->ladder;
	const char *fate = journal_text(record, "fate");
	const char *sender = journal_text(record, "from");
	int from = *sender ? ladder_host_index(ladder, sender) : LADDER_WIRE;
	int to = ladder_host_index(ladder, journal_text(record, "to"));
	struct frame frame;
	bool known;

	/* What a dead machine's kernel still sends, no real wire would carry. */
	if (strcmp(fate, "ghost") == 0) {
		build->ladder->n_ghosts++;
		return;
	}
	if (leave(build, record, from, to))
		return;
	known = decode(&frame, record);
	if (fate_of(fate) == LADDER_RELEASED) {
		release(build, record, known ? &frame : NULL, from, to);
		return;
	}
	if (known && from >= 0 && fate_of(fate) != LADDER_DUPLICATE) {
		struct ladder_trace *trace = find_moving(build, &frame, from);

		if (trace) {
			go_on(build, trace, &frame, record, from, to);
			return;
		}
	}
	start_segment(build, known ? &frame : NULL, record, from, to);
}
