/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

/* Nothing in it that anybody would look for, one by one. */
static bool is_plain_flow(const struct wire_capture *c)
{
	return c->fate == WIRE_FORWARDED && !c->frame.tcp.n_sacks &&
	       (c->kinds == (WIRE_TCP | WIRE_DATA) ||
		c->kinds == (WIRE_TCP | WIRE_PURE_ACK));
}

/* The names are the ports' own: the same host, the same pointer. */
static bool is_of(const struct wire_tally *tally, const struct wire_capture *c)
{
	return tally->from == c->from && tally->to == c->to &&
	       tally->from_port == c->frame.tcp.source_port &&
	       tally->to_port == c->frame.tcp.destination_port;
}

static struct wire_tally *add(struct wire *wire, const struct wire_capture *c)
{
	struct wire_tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return NULL;
	*tally = (struct wire_tally){
		.next = wire->tallies,
		.from = c->from,
		.to = c->to,
		.from_port = c->frame.tcp.source_port,
		.to_port = c->frame.tcp.destination_port,
	};
	wire->tallies = tally;
	return tally;
}

static struct wire_tally *tally_of(struct wire *wire,
				   const struct wire_capture *c)
{
	for (struct wire_tally *tally = wire->tallies; tally;
	     tally = tally->next)
		if (is_of(tally, c))
			return tally;
	return add(wire, c);
}

bool wire_hush(struct wire *wire, size_t size)
{
	const struct wire_capture *c = &wire->captures[wire->n_captures - 1];
	struct wire_tally *tally;

	if (!wire->quiet || wire->ruled || !is_plain_flow(c))
		return false;
	tally = tally_of(wire, c);
	if (!tally)
		return false;
	tally->frames++;
	tally->bytes += size;
	wire->n_captures--;
	return true;
}

static int tell(const struct wire *wire, const struct wire_tally *tally)
{
	char text[160];
	int r;

	snprintf(text, sizeof(text),
		 "%s:%u > %s:%u: %" PRIu64 " frames, %" PRIu64
		 " bytes, only counted",
		 tally->from, tally->from_port, tally->to, tally->to_port,
		 tally->frames, tally->bytes);
	r = journal_write(wire->journal, nsec_now(), "note",
			  "{s:s, s:I, s:I}", "text", text, "frames",
			  (json_int_t)tally->frames, "bytes",
			  (json_int_t)tally->bytes);
	return r < 0 ? error_trace(r) : 0;
}

void wire_tallies_free(struct wire *wire)
{
	while (wire->tallies) {
		struct wire_tally *tally = wire->tallies;

		wire->tallies = tally->next;
		free(tally);
	}
}

int wire_set_quiet(struct wire *wire, bool quiet)
{
	int r = wire_catch_up(wire);

	wire->quiet = quiet;
	for (struct wire_tally *t = wire->tallies; t && r >= 0 && !quiet;
	     t = t->next)
		r = tell(wire, t);
	if (!quiet)
		wire_tallies_free(wire);
	return r < 0 ? error_trace(r) : 0;
}
