/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a ladder is built: for the files ladder-*.c alone. */
#pragma once

#include "frame.h"
#include "address.h"
#include "ladder-rows.h"
#include "macro.h"

enum { LADDER_HOSTS_MAX = 256 };

/* What frames of a connection said so far, one direction. */
struct ladder_sent {
	uint32_t seq;
	double t; /* the last time it was sent */
	unsigned int copies;
};

struct ladder_direction {
	bool knows_isn, shut; /* shut: it told a window of 0 */
	uint32_t isn;
	struct ladder_sent *sent;
	size_t n_sent, sent_space;
	unsigned int probes; /* unanswered */
};

/* Beside a struct ladder_connection. */
struct ladder_track {
	struct ladder_direction directions[2]; /* 0: the client sends */
	struct address addresses[2];
	uint16_t ports[2];
	bool accepted;
};

/* Two ends, as some frame had them: a NAT gateway changes them on the way. */
struct ladder_alias {
	struct address addresses[2];
	uint16_t ports[2]; /* 0: of the client */
	int connection;
};

/* What the wire saw of a segment, beside its row. */
struct ladder_trace {
	struct frame frame;
	bool known; /* the frame could be taken apart */
	const char *hex; /* the journal's */
	int from, to; /* of the last hop */
	bool moves; /* it has come to `to`, and may go on */
	bool waits; /* delayed or held: the record of its leaving is to come */
	size_t row;
};

/* One socket, or one end of a connection, along a lifeline. */
struct ladder_holder {
	int host, socket, connection;
	int state, timer; /* spans that last, LADDER_NONE */
	double expires; /* of the timer */
	const char *timer_text; /* the journal's, or a constant */
	char look[64]; /* the last row that told */
};

struct ladder_build {
	struct ladder *ladder;
	const json_t *journal;
	bool no_memory;
	size_t hosts_space, connections_space, spans_space;
	struct ladder_track *tracks;
	size_t tracks_space;
	struct ladder_alias *aliases;
	size_t n_aliases, aliases_space;
	struct ladder_trace *traces;
	size_t n_traces, traces_space;
	size_t first_waiting; /* none before it waits */
	struct ladder_holder *holders;
	size_t n_holders, holders_space;
};

/* Room for one more of `each` bytes behind `n`; NULL, and no_memory, without. */
void *ladder_grow(struct ladder_build *build, void *array, size_t n,
		  size_t *space, size_t each);

/* On one line: what a terminal or XML cannot show is a blank. */
char *ladder_line(struct ladder_build *build, const char *text);
char *ladder_printf(struct ladder_build *build, const char *format, ...)
	MACRO_PRINTF(2, 3);

/* Members of a record; 0 for what is not there, or is no such thing. */
double ladder_number_of(const json_t *record, const char *name);
int ladder_socket_of(const json_t *record);
bool ladder_is_kind(const json_t *frame, const char *kind);

/* LADDER_NO_HOST for a name that no host has. */
int ladder_host_index(const struct ladder *ladder, const char *name);

/* A row behind all others; NULL without memory. */
struct ladder_row *ladder_add_row(struct ladder_build *build,
				  enum ladder_kind kind, double t, int host);

/* ladder-hosts.c */
void ladder_find_hosts(struct ladder_build *build);
void ladder_make_columns(struct ladder_build *build);

/* ladder-frames.c */
void ladder_take_frame(struct ladder_build *build, const json_t *record);
/* What was delayed and never left the wire; what no router passed on. */
void ladder_end_frames(struct ladder_build *build);

/* ladder-connections.c */
int ladder_connection_of(struct ladder_build *build, const struct frame *frame,
			 int from, size_t *ret_direction);
void ladder_learn_address(struct ladder_build *build,
			  const struct address *address, int host);
void ladder_name_connections(struct ladder_build *build);
void ladder_add_alias(struct ladder_build *build, const struct frame *frame,
		      int connection, size_t direction);
/* Which copy, which probe: the remark of a segment that was sent just now. */
void ladder_number(struct ladder_build *build, struct ladder_row *row,
		   const struct frame *frame, size_t direction,
		   const json_t *record);
void ladder_tracks_free(struct ladder_build *build);

/* ladder-says.c */
void ladder_take_says(struct ladder_build *build, const json_t *record);
/* Whose the rows are that came before their socket's connection. */
void ladder_name_sockets(struct ladder_build *build);

/* ladder-spans.c: by its connection, or its number; what is none is not asked
 * for. */
struct ladder_holder *ladder_find_holder(struct ladder_build *build, int host,
					 int socket, int connection);
/* The same, made where there is none, and told what it did not know; NULL
 * without memory. */
struct ladder_holder *ladder_holder_of(struct ladder_build *build, int host,
				       int socket, int connection);
/* NULL: nobody knows any more. */
void ladder_set_state(struct ladder_build *build, struct ladder_holder *holder,
		      const char *state, double t);
/* It is gone, and its timer with it. */
void ladder_end_socket(struct ladder_build *build, struct ladder_holder *holder,
		       double t);
void ladder_take_look(struct ladder_build *build, const json_t *record);
/* What a segment of that connection says of the socket of a host that sent it,
 * or that it reached. */
void ladder_take_sign(struct ladder_build *build, int host, int connection,
		      double t, bool sends, uint8_t flags);
void ladder_take_fault(struct ladder_build *build, const json_t *record);
void ladder_end_spans(struct ladder_build *build);
