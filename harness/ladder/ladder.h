/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: one run as a time-sequence diagram, made from the records of its
 * journal (journal.h) and from nothing else. One lifeline for each host, time
 * goes down, and what happened is a row: a segment with its fate, what a host
 * was told and what came of it, what was seen of a socket, a fault, a silence.
 *
 * A packet that routers pass on is one row with several hops. What the wire held
 * or delayed is one segment, however often it is in the journal. Stretches in
 * which nothing but plain flow happened are folded, so that five segments and
 * fifty thousand can be read.
 *
 * Times are seconds since the run's start, as in the journal, or since the start
 * of a lab's timeline: what was before that is negative. A journal from
 * elsewhere may have members missing or numbers that make no sense: what cannot
 * be drawn is left out, and nothing is invented.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "address.h"

struct ladder;

/* -ENOMEM. The journal, an array of records, is not needed afterwards. */
int ladder_new(struct ladder **ret, const json_t *journal);

/* The same with every row, however many: nothing is folded but silence. */
int ladder_new_whole(struct ladder **ret, const json_t *journal);

struct ladder *ladder_free(struct ladder *ladder);

/*
 * For a terminal that is so many columns wide (40 at the least): no line is
 * wider. What has no room in one line goes on in the next; what has none at all
 * ends in an ellipsis.
 */
void ladder_print(FILE *out, const struct ladder *ladder, int columns,
		  bool unicode);

/*
 * As one <svg> element, to stand in an HTML page or a file of its own. Its
 * colours are CSS variables with defaults of their own (see ladder_svg_style()),
 * so that the page decides on light and dark.
 */
int ladder_svg(FILE *out, const struct ladder *ladder);

/* The rules for the classes that ladder_svg() uses: the text of a <style>. */
const char *ladder_svg_style(void);

/* --- the model, for who draws it -------------------------------------------*/

/* In place of a host: the wire between them made it, or nobody is meant. */
enum { LADDER_WIRE = -1, LADDER_NOBODY = -2 };

struct ladder_host {
	char *name;
	char address[ADDRESS_TEXT]; /* "": no frame told */
	size_t column; /* lifelines from the left; several hosts may share one */
	bool told; /* it did more than pass packets on */
};

/* A lifeline: a host, or many routers that only passed packets on. */
struct ladder_column {
	size_t first, n; /* hosts, in order */
	char *name; /* "router-1 .. router-63" */
};

/* Ports tell connections apart; so does a new initial sequence number. */
struct ladder_connection {
	int client, server; /* hosts; LADDER_NOBODY */
	char *text; /* "client:46062 > server:7777" */
};

enum ladder_kind {
	LADDER_SEGMENT,
	LADDER_SAYS, /* at a host: a call, a result, a line of a program */
	LADDER_LOOK, /* at a host: what was seen of a socket */
	LADDER_FAULT,
	LADDER_WRONG, /* an expectation that failed */
	LADDER_TALLY, /* what the wire only counted */
	LADDER_FOLD, /* many rows in one */
	LADDER_QUIET, /* nothing happened until `until` */
};

enum ladder_fate {
	LADDER_ARRIVES,
	LADDER_DELAYED, /* arrives, late */
	LADDER_DROPPED, /* on the wire, whatever the reason */
	LADDER_HELD, /* in the wire; `partner` is the row that lets it go */
	LADDER_RELEASED, /* the second half of that */
	LADDER_DUPLICATE, /* a copy that the wire made */
	LADDER_INJECTED, /* nobody sent it */
};

/* The `end` of a segment that was still delayed when the record ended. */
#define LADDER_BEYOND "delayed beyond the end"

struct ladder_hop {
	int host; /* where it came to */
	double at;
};

enum { LADDER_NONE = -1 };

struct ladder_row {
	enum ladder_kind kind;
	double t; /* of a segment: it leaves its sender */
	double until; /* it arrives; the end of a silence or of a fold; or t */
	int host; /* of a segment: its sender; of a fault: its target */
	/* One line of UTF-8 without control characters; U+00A0 where a line must
	 * not end. */
	char *text;
	char *remark; /* "copy 2, +0.412 s", "dropped: host is dead"; or NULL */
	int connection; /* LADDER_NONE */
	int socket; /* as the journal counts them; 0: not known */
	bool failed; /* a result with an errno */
	bool mends; /* a fault's end: plug, thaw, release, … */

	/* of segments */
	enum ladder_fate fate;
	char *end; /* why it did not arrive, or what became of it; or NULL */
	struct ladder_hop *hops; /* where it came by, its last end included */
	size_t n_hops;
	int partner; /* LADDER_NONE */
	bool again; /* sent before: a retransmission, a probe, a duplicate */
	bool control; /* no TCP: ICMP, ARP, … */
	bool stops; /* whom it came to was to pass it on, and did not */
	bool starts_on_wire; /* it goes on from there to where it was meant */
	size_t payload; /* bytes */
};

/* Of a segment, where it came to, or should have: a host, or LADDER_NOBODY. */
int ladder_receiver(const struct ladder_row *row);
/* The host before the last hop: on the cable behind it, a segment is lost. */
int ladder_last_sender(const struct ladder_row *row);
/* It ends on the wire, for now or for good. */
bool ladder_stays(const struct ladder_row *row);

/* So many sockets of a host have bars, and as many timers brackets, at a time;
 * further ones have this as their track. */
enum { LADDER_TRACKS_MAX = 8 };

/* Something that lasts, along a host's lifeline. */
enum ladder_span_kind {
	LADDER_STATE, /* of a socket; `text` as ss spells it */
	LADDER_TIMER, /* it runs; `text` says which and for how long */
	LADDER_DEAD,
	LADDER_FROZEN,
	LADDER_UNPLUGGED,
};

struct ladder_span {
	enum ladder_span_kind kind;
	int host;
	/* A state is known from `from` to `sure`, and may last until `until`,
	 * when another one was seen. */
	double from, sure, until;
	char *text;
	int connection; /* LADDER_NONE */
	size_t track; /* of states and timers: beside others on this host */
	bool open; /* it went on when the run ended */
};

struct ladder {
	double end; /* of the last row */
	int places; /* decimals that tell the times of the rows apart */
	struct ladder_host *hosts;
	size_t n_hosts;
	struct ladder_column *columns;
	size_t n_columns;
	struct ladder_connection *connections;
	size_t n_connections;
	struct ladder_row *rows; /* by time */
	size_t n_rows;
	struct ladder_span *spans;
	size_t n_spans;
	size_t n_segments; /* before folding */
	size_t n_folded; /* rows that were folded */
	size_t n_ghosts; /* frames of dead hosts' kernels, which are not drawn */
};
