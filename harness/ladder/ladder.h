/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: one run as a time-sequence diagram. It is made from the records
 * of the run's journal (journal.h) and from nothing else. Each host has a
 * vertical lifeline, time goes down, and each event is a row: a segment with
 * its fate, a call and its result, the state of a socket, a fault, a silence.
 *
 * A packet that gateways forward is one row with several hops. A packet that the
 * wire delays is one row for its departure and, when something else happens
 * before it arrives, one more for its arrival. A packet that the wire holds and
 * releases is two rows. Stretches of plain data transfer are folded into one
 * row, so that a run with fifty thousand segments stays readable.
 *
 * All times are seconds since the start of the run, as in the journal; in a lab
 * since the start of the timeline, so that events before it have negative times.
 * A journal from elsewhere may lack members or have impossible numbers: a record
 * that cannot be drawn is left out.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ladder;

/*
 * `journal` is an array of records; the ladder copies what it needs. -ENOMEM.
 */
int ladder_new(struct ladder **ret, const json_t *journal);

/* The same without folding: every segment has its own row. */
int ladder_new_whole(struct ladder **ret, const json_t *journal);

struct ladder *ladder_free(struct ladder *ladder);

struct ladder_view {
	int columns; /* at least 40 */
	bool unicode; /* else ASCII */
	bool coloured;
};

/*
 * Prints the ladder for a terminal. No line is wider than its columns: text that
 * does not fit continues on the next line, and a word that does not fit ends in an
 * ellipsis.
 */
void ladder_print(FILE *out, const struct ladder *ladder,
		  const struct ladder_view *view);

/* Prints what the notation of segments and the signs of the ladder mean. */
void ladder_print_legend(FILE *out, const struct ladder_view *view);

/*
 * Writes one <svg> element for an HTML page. The page has the style of it: first
 * ladder_svg_palette(), the colours of the light and the dark scheme as CSS
 * variables, then ladder_svg_style(), the rules for the element's classes. Both
 * are the text of a <style>. -ENOMEM.
 */
int ladder_svg(FILE *out, const struct ladder *ladder);
const char *ladder_svg_palette(void);
const char *ladder_svg_style(void);

/* The same as an SVG file, which contains its style. -ENOMEM. */
int ladder_svg_file(FILE *out, const struct ladder *ladder);

/* --- the model, for modules that draw or compare it ----------------------- */

/* The remark about n_ghosts, in the language of the user. */
enum { LADDER_REMARK = 256 };
const char *ladder_ghosts(const struct ladder *ladder,
			  char ret[static LADDER_REMARK]);

/* In place of the index of a host: the wire, or no host. */
enum { LADDER_WIRE = -1, LADDER_NO_HOST = -2 };

/* In place of any other index. */
enum { LADDER_NONE = -1 };

struct ladder_host {
	char *name;
	char *address; /* of its first cable; "" when the journal has none */
	size_t column; /* its lifeline, from the left; gateways may share one */
	bool has_events; /* it does more than forward packets */
	bool has_one_cable; /* it forwards nothing */
};

/* A lifeline: of one host, or of adjacent gateways that only forward packets. */
struct ladder_column {
	size_t first, n; /* hosts */
	char *name; /* "router-1 .. router-63" */
};

struct ladder_connection {
	int number; /* the journal's */
	int client, server; /* hosts; LADDER_NO_HOST when not known */
	char *text; /* "client:46062 > server:7777" */
};

enum ladder_kind {
	LADDER_SEGMENT, /* any frame: TCP, ICMP, ARP ... */
	LADDER_ARRIVAL, /* `partner` is the row of the segment that arrives */
	LADDER_CALL, /* at a host: a call, its result, a line of a program */
	LADDER_SOCKET, /* at a host: the observed state of a socket */
	LADDER_FAULT,
	LADDER_FAILURE, /* an expectation that failed */
	LADDER_COUNTED, /* frames that the wire counted without recording them */
	LADDER_FOLD, /* a summary of many rows */
	LADDER_QUIET, /* nothing happens between `t` and `until` */
};

enum ladder_fate {
	LADDER_ARRIVES,
	LADDER_DELAYED, /* arrives after a delay that the wire added */
	LADDER_IN_TRANSIT, /* still delayed when the record ends */
	LADDER_DROPPED, /* lost on the wire, for any reason */
	LADDER_HELD, /* by the wire; `partner` is the row of its release */
	LADDER_RELEASED, /* `partner` is the row where it was held */
	LADDER_DUPLICATE, /* a second copy that the wire made */
	LADDER_INJECTED, /* made by the wire */
};

struct ladder_hop {
	int host; /* the host that the packet reaches, or should reach */
	double at;
};

struct ladder_row {
	enum ladder_kind kind;
	double t; /* of a segment: it leaves its sender */
	double until; /* the segment arrives; a silence or a fold ends; or t */
	int host; /* of a segment: its sender; of a fault: its target */
	/* One line of UTF-8 without control characters; U+00A0 where the line
	 * must not be broken. */
	char *text;
	char *remark; /* "retransmission 2, +0.412 s"; or NULL */
	int connection; /* index; or LADDER_NONE */
	int socket; /* the journal's number; 0: not known */
	int partner; /* a row; or LADDER_NONE */
	/* Of a call or its result: the function, static storage; NULL: none. */
	const char *call;
	bool posted; /* of a call: its result comes later */
	bool returned; /* it is a result, "CALL() = VALUE" */
	bool failed; /* of a result: an error */
	bool ends_fault; /* of a fault: plug, thaw, release ... */

	/* of segments */
	enum ladder_fate fate;
	char *end; /* why it does not arrive, or what the wire did; or NULL */
	struct ladder_hop *hops; /* the hosts that it reaches, in order */
	size_t n_hops;
	uint32_t payload; /* bytes */
	unsigned int segments; /* in the frame; 1 without offload */
	uint8_t flags; /* SEGMENT_..., of TCP */
	bool repeated; /* a retransmission, a probe or a duplicate */
	bool control; /* not TCP: ICMP, ARP ... */
	bool plain; /* data or an acknowledgement that advances */
	bool not_forwarded; /* its last hop is a gateway that keeps it */
	bool starts_on_wire; /* released, duplicated or injected there */
};

/* The host that a segment reaches, or should reach; or LADDER_NO_HOST. */
int ladder_receiver(const struct ladder_row *row);
/* The sender on the last cable of the way. */
int ladder_last_sender(const struct ladder_row *row);
/* The segment does not reach its receiver, or not in this row. */
bool ladder_ends_on_wire(const struct ladder_row *row);

/* This many bars of sockets, and this many timers, stand side by side at one
 * lifeline. Further ones have this number as their track and are not drawn. */
enum { LADDER_TRACKS_MAX = 8 };

/* Something that lasts, beside or on the lifeline of a host. */
enum ladder_span_kind {
	LADDER_STATE, /* of a socket; `text` as ss(8) spells it */
	LADDER_TIMER, /* runs; `text` is its name and its length */
	LADDER_DEAD,
	LADDER_FROZEN,
	LADDER_UNPLUGGED,
};

struct ladder_span {
	enum ladder_span_kind kind;
	int host;
	/* The state was observed from `from` to `sure`. It ends at an unknown
	 * moment between `sure` and `until`. */
	double from, sure, until;
	char *text;
	int connection; /* index; or LADDER_NONE */
	size_t track; /* of states and timers: their place side by side */
	bool open; /* it lasts beyond the end of the run */
};

struct ladder {
	double end; /* of the last event */
	int decimals; /* of the times: enough to distinguish the rows */
	struct ladder_host *hosts;
	size_t n_hosts;
	struct ladder_column *columns;
	size_t n_columns;
	struct ladder_connection *connections;
	size_t n_connections;
	struct ladder_row *rows; /* by time */
	size_t n_rows, rows_capacity;
	struct ladder_span *spans;
	size_t n_spans;
	size_t n_segments; /* before folding */
	size_t n_folded; /* rows that were folded */
	/* Frames that the kernel of a crashed host still sent: a real machine
	 * would not have sent them, and they are not drawn. */
	size_t n_ghosts;
};
