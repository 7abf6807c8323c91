/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: the ordered record of one run, on one clock. Each record is one
 * JSON object on a line of its own, written to a pipe or a file when the event
 * happens, so that the records survive a crash of the writer. Every report is
 * made from the journal alone. (The record of a frame is written when no
 * further frame waits to be received.)
 *
 * Every record has "t" (seconds since the start of the run, by CLOCK_MONOTONIC)
 * and "type"; the rest depends on the type:
 *
 *   start       journal (JOURNAL_VERSION), name, variant, family, repetition,
 *               try, seconds (planned), epoch (the zero of "t", seconds since
 *               1970); for readers that have another table of cases, or none,
 *               as text: version, kernel, command (that reproduces the run),
 *               claim, why, see, expect; hz, virtual_time, rootless;
 *               judgements[] (what a pass means: claim, document, since, note)
 *   sysctl      host, name, value (as read back)
 *   ready       hosts (name: addresses[])   the world is complete; the first
 *               address of a host is that of its first cable
 *   call        host, socket, call, posted, text   a probe executes a call:
 *               `call` is the name of the function or null, `posted` is true
 *               when its result comes later. Of a program: host and text, and
 *               at its end program, and status or signal
 *   result      host, socket, call, value, errno, text, connection; wrong and
 *               first_wrong (number and offset) where a stream has wrong bytes
 *   fault       verb, target, text; argument, and of a rule of the wire from and
 *               to, where the verb has them
 *   frame       from, to, fate, text, kinds[], left, size, packet, port, origin,
 *               and for TCP connection, from_client, source_port,
 *               destination_port, transmission, seq, ack, len, flags, window;
 *               hex
 *   state       host, socket, port, peer_port, state, timer, expires,
 *               retransmits, text, connection; for a listener queue and limit
 *               (length and limit of its accept queue)
 *   counter     host, name, change
 *   note        text; frames and bytes, where the wire counted frames without
 *               recording them. (Readers of many frames make notes with frames
 *               and until, the time of the last one that they leave out.)
 *   timeline    hosts[]                 a lab's times count from here; its
 *               hosts in the order in which they lie on the path
 *   meaning     host, text              a conclusion about the end of a lab
 *   predicted   name, value
 *   measured    name, value
 *   expectation what, ok, expected, observed, at
 *   judgement   claim, document, since, note
 *   verdict     verdict, reason, inconclusive, lateness, residence
 *   kept        hosts (name: pid)       the world stays, after its verdict
 *
 * The identity of what a frame carries. The wire records it and every reader
 * uses it; no reader derives it from `text` or `hex`.
 *
 *   packet       number from 1. All frames that carry one packet have the same
 *                number: on each cable that it crosses, held and released,
 *                delayed, duplicated by the wire. Assigned when the wire
 *                receives a frame from a port; a forwarded packet keeps its
 *                number. An injected frame is a new packet
 *   port         number from 1 of the wire's port (there is one for each cable)
 *                from which the frame came; 0: made by the wire
 *   origin       host that originated the packet; "" for the wire
 *   connection   number from 1, or null where the wire cannot determine it. A
 *                SYN with another initial sequence number starts a new
 *                connection on its 4-tuple. Behind a NAT the first forwarded
 *                segment binds the new 4-tuple. An ICMP error has connection and
 *                from_client where the 4-tuple that it quotes is known, and
 *                neither otherwise
 *   from_client  true in the direction of the connection's first SYN (or of the
 *                first segment seen); null with a connection of null
 *   source_port, destination_port   as on this cable
 *   transmission 1 + how often the port of origin sent any of the same bytes
 *                before, counted before the wire drops or delays anything; SYN
 *                and FIN count as a byte. null for pure ACKs, keepalive probes
 *                and RSTs, for forged segments, and where it is not known
 *   seq, ack     relative to the ISN, as in `text`; null where that is not known,
 *                and ack without the flag ACK
 *   len          bytes of payload
 *   flags        the flags byte of the TCP header
 *   window       as in the TCP header, without the scale of RFC 7323
 *
 * `connection` of a result or a state is that of its socket's 4-tuple, or null.
 */
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"

enum {
	/* Readers refuse any other version: the run can be recorded again. */
	JOURNAL_VERSION = 2,
};

struct journal;

/* Does not own `fd`. `start` is the run's zero on CLOCK_MONOTONIC. */
int journal_new(struct journal **ret, int fd, nsec_t start);
struct journal *journal_free(struct journal *journal);

nsec_t journal_start(const struct journal *journal);

/*
 * Appends a record. `format` and the arguments after it are those of
 * json_pack(), for an object with the members of the type; NULL: no members.
 * Fails without memory, and with -EPIPE when no process reads the pipe any
 * more.
 */
int journal_write(struct journal *journal, nsec_t at, const char *type,
		  const char *format, ...);

/* The record of a frame. */
struct journal_frame {
	const char *from, *to, *fate;
	const char *text; /* text_size bytes of it */
	size_t text_size;
	const char *const *kinds; /* NULL-terminated */
	nsec_t left; /* when it was sent on; 0: it was not */
	size_t size; /* on the wire */
	const uint8_t *bytes;
	size_t n_bytes; /* at most JOURNAL_BYTES of them are recorded */

	unsigned int packet, port;
	const char *origin;
	/* 0: null for TCP; otherwise neither this nor from_client is
	 * written. */
	unsigned int connection;
	bool from_client;
	bool is_tcp; /* the members below are written */
	uint16_t source_port, destination_port;
	unsigned int transmission; /* 0: null */
	int64_t seq, ack; /* -1: null */
	uint32_t len;
	unsigned int segments; /* written where it is more than 1 */
	uint8_t flags;
	uint16_t window;
};

enum { JOURNAL_BYTES = 192 };

/*
 * The same for frames, of which a run has thousands: printed without a tree of
 * objects, and written together with the next ones. Call journal_flush() before
 * waiting for an event; journal_write() flushes as well, so that records keep
 * their order.
 */
int journal_gather_frame(struct journal *journal, nsec_t at,
			 const struct journal_frame *frame);
int journal_flush(struct journal *journal);

/*
 * Parses one line of a journal: an object with a number "t" and a string
 * "type". -EBADMSG for anything else; the message names the position. Its text is
 * safe for terminals (safe-text.h).
 */
int journal_parse(json_t **ret, const char *line, size_t size);

/*
 * What captures and live views need of a frame's record. A transfer has
 * thousands of them, and parsing one takes 20 us.
 */
struct journal_packet {
	double t, left;
	char from[64], to[64], fate[64];
	const char *text; /* n_text bytes of the line */
	size_t n_text, size;
	int64_t connection; /* 0: none */
	uint8_t bytes[JOURNAL_BYTES]; /* n_bytes of them */
	size_t n_bytes;
};

/*
 * Reads the line of a frame as journal_gather_frame() prints it, or
 * json_dumps() after it was parsed. A newline or a NUL follows the `size`
 * bytes. False for any other line, for one with escapes or characters other
 * than ASCII, and for long names: these are for journal_parse(). Members that
 * are not read here are not checked.
 */
bool journal_read_packet(struct journal_packet *ret, const char *line,
			 size_t size);

/* Makes all strings below the value safe for terminals; tabs and newlines remain.
 * A member of an object whose name is unsafe is removed: no writer of journals
 * has such names. */
void journal_make_safe(json_t *value);

/* A member of a record, or of an object in it: "" when it is missing or no
 * string. */
const char *journal_text(const json_t *record, const char *name);
/* The number; 0 when the member is missing, null or no integer. */
json_int_t journal_integer(const json_t *record, const char *name);
/* The same where 0 is a value: false, and `ret` untouched, when the member is
 * missing, null or no integer. */
bool journal_get_integer(const json_t *record, const char *name,
			 json_int_t *ret);
bool journal_is_true(const json_t *record, const char *name);
bool journal_is(const json_t *record, const char *type);
/* Decodes "hex" of a frame record, at most `size` bytes. Returns their
 * number. */
size_t journal_bytes(const json_t *frame, uint8_t *ret, size_t size);
/* The first record of that type in an array of records; NULL: none. */
const json_t *journal_find(const json_t *records, const char *type);

/*
 * Checks that this program can read a journal with that start record (NULL: the
 * journal has none). -EPROTONOSUPPORT for another version; the message begins
 * with `file`.
 */
int journal_check_version(const json_t *start, const char *file);

/* The flags for json_dumps() that give numbers and order as the journal does.*/
#define JOURNAL_DUMP (JSON_COMPACT | JSON_REAL_PRECISION(15))
