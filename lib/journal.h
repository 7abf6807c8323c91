/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: the ordered record of one run, on one clock. It is written as it
 * happens, one JSON object a line, to a pipe or a file, so that what was seen
 * survives whatever happens to the writer; and every report is made from it
 * alone. (A frame may wait for those right behind it, but for nothing else.)
 *
 * Every record has "t" (seconds since the start of the run, by CLOCK_MONOTONIC)
 * and "type"; the rest depends on the type:
 *
 *   start       name, variant, family, repetition, try, seconds (planned), epoch
 *               (the zero of "t", seconds since 1970); and for who has
 *               another table of cases, or none, as text: version, kernel,
 *               command (to have it again), claim, why, see, expect; hz,
 *               virtual_time, rootless; judgements[] (what a pass means: claim,
 *               document, since, note). Older journals lack these
 *   sysctl      host, name, value (as read back)
 *   ready       (the world is made)
 *   call        host, socket, text          a probe was told to do something
 *   result      host, socket, call, value, errno, text
 *   fault       verb, target, text
 *   frame       from, to, fate, text, kinds[], left, size, hex, rule
 *   state       host, socket, port, peer_port, state, timer, expires,
 *               retransmits, text; of a listener queue and limit
 *   counter     host, name, change
 *   note        text
 *   timeline    hosts[]                 a lab's times count from here; its
 *               hosts as they stand on the path
 *   meaning     host, text              what a state at the end comes to
 *   predicted   name, value
 *   measured    name, value
 *   expectation what, ok, expected, observed, at
 *   judgement   claim, document, since, note
 *   verdict     verdict, reason, inconclusive, lateness, residence
 *   kept        hosts (name: pid)       the world stays, after its verdict
 */
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"

struct journal;

/* Does not own `fd`. `start` is the run's zero on CLOCK_MONOTONIC. */
int journal_new(struct journal **ret, int fd, nsec_t start);
struct journal *journal_free(struct journal *journal);

nsec_t journal_start(const struct journal *journal);

/*
 * Appends a record. `format` and the rest are json_pack()'s for an object that
 * has what the type needs; NULL for none. A failure is a broken pipe or no
 * memory: the run has no reader any more.
 */
int journal_write(struct journal *journal, nsec_t at, const char *type,
		  const char *format, ...);

/* A frame's record; `kinds` ends with NULL, `left` is 0 when it did not. */
struct journal_frame {
	const char *from, *to, *fate;
	const char *text; /* text_size bytes of it */
	size_t text_size;
	const char *const *kinds;
	nsec_t left;
	size_t size; /* on the wire */
	const uint8_t *bytes; /* n_bytes of it are kept, up to JOURNAL_BYTES */
	size_t n_bytes;
};

enum { JOURNAL_BYTES = 192 };

/*
 * The same for the record of which a run has thousands: made without a tree of
 * objects, and written with the next ones. Call journal_flush() before waiting
 * for anything; any other record is written after what was gathered.
 */
int journal_gather_frame(struct journal *journal, nsec_t at,
			 const struct journal_frame *frame);
int journal_flush(struct journal *journal);

/*
 * One line of a journal, checked: an object with a number "t" and a string
 * "type". -EBADMSG for anything else; the message names the position.
 */
int journal_parse(json_t **ret, const char *line, size_t size);

/* Of a record, or of an object within: "" for what is not there, or no text. */
const char *journal_text(const json_t *record, const char *name);
bool journal_is(const json_t *record, const char *type);
/* Of an array of records the first one of that type; NULL: none. */
const json_t *journal_find(const json_t *records, const char *type);

/* The flags for json_dumps() that give numbers and order as the journal does.*/
#define JOURNAL_DUMP (JSON_COMPACT | JSON_REAL_PRECISION(15))
