/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures are kept in one array, in the order of arrival. A record is written
 * to the journal when the frame has been dealt with, and again when a held or
 * delayed frame leaves.
 *
 * A pending record is not a copy of its frame: it borrows the buffer that the
 * frame was received into. The wire flushes the log before it reuses a buffer,
 * before it waits, and before any record that must follow.
 *
 * While the log only counts, a segment of plain flow (data that was not sent
 * before, or an ACK without SACK blocks, forwarded at once) is added to the
 * count of its flow and its capture is removed. A transfer of gigabytes then
 * needs neither memory nor millions of records.
 */
#include "wire-capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "macro.h"
#include "message.h"

enum {
	KINDS = 12,
	PENDING = 16, /* records that may wait */
};

/* A record that is not yet written. */
struct pending_record {
	size_t capture; /* index */
	const struct virtio_net_hdr *header;
	size_t size;
};

/* One direction of a flow that was only counted. */
struct flow_count {
	struct flow_count *next;
	const char *from, *to;
	uint16_t from_port, to_port;
	uint64_t frames, segments, bytes;
};

struct wire_capture_log {
	struct journal *journal;
	struct wire_capture *captures;
	size_t n_captures, captures_capacity;
	struct wire_duplicate *duplicates;
	size_t n_duplicates, duplicates_capacity;
	struct pending_record pending[PENDING];
	size_t n_pending;
	bool count_only;
	struct flow_count *counts;
	FILE *text_stream; /* a memory stream for the text of one frame */
	char *text;
	size_t text_size;
};

const char *wire_fate_text(enum wire_fate fate)
{
	static const char *const texts[] = {
		[WIRE_FORWARDED] = "forwarded",
		[WIRE_DROPPED] = N_("dropped"),
		[WIRE_REJECTED] = N_("dropped: rejected"),
		[WIRE_OVERFLOW] = N_("dropped: queue is full"),
		[WIRE_CUT] = N_("dropped: path is cut"),
		[WIRE_DEAD] = N_("dropped: host is dead"),
		[WIRE_GHOST] = "ghost",
		[WIRE_HELD] = N_("held"),
		[WIRE_RELEASED] = N_("released"),
		[WIRE_DELAYED] = N_("delayed"),
		[WIRE_CORRUPTED] = N_("corrupted"),
		[WIRE_DUPLICATED] = N_("duplicated"),
		[WIRE_INJECTED] = N_("injected"),
		[WIRE_LOST] = N_("lost: no carrier"),
		[WIRE_TOO_LARGE] = N_("lost: larger than the MTU"),
		[WIRE_NOBODY] = N_("dropped: nobody has that address"),
	};

	return texts[fate];
}

size_t wire_segment_size(const struct wire_capture *capture)
{
	return capture->frame.size - capture->frame.tcp.length +
	       capture->segment_length;
}

int wire_capture_log_new(struct wire_capture_log **ret, struct journal *journal)
{
	struct wire_capture_log *log = calloc(1, sizeof(*log));

	if (log)
		log->text_stream = open_memstream(&log->text, &log->text_size);
	if (!log || !log->text_stream) {
		free(log);
		return error_origin(-ENOMEM, "captures");
	}
	log->journal = journal;
	*ret = log;
	return 0;
}

static void free_counts(struct wire_capture_log *log)
{
	while (log->counts) {
		struct flow_count *count = log->counts;

		log->counts = count->next;
		free(count);
	}
}

struct wire_capture_log *wire_capture_log_free(struct wire_capture_log *log)
{
	if (!log)
		return NULL;
	free_counts(log);
	fclose(log->text_stream);
	free(log->text);
	free(log->captures);
	free(log->duplicates);
	free(log);
	return NULL;
}

/* --- captures --------------------------------------------------------- */

int wire_capture_log_add(struct wire_capture_log *log,
			 const struct wire_capture *capture, size_t *ret_index)
{
	struct wire_capture *captures =
		array_grow(log->captures, log->n_captures,
			   &log->captures_capacity, sizeof(*captures));

	if (!captures)
		return error_origin(-ENOMEM, "keep a frame");
	log->captures = captures;
	captures[log->n_captures] = *capture;
	*ret_index = log->n_captures++;
	return 0;
}

struct wire_capture *wire_capture_log_at(struct wire_capture_log *log,
					 size_t index)
{
	return &log->captures[index];
}

size_t wire_capture_log_all(const struct wire_capture_log *log,
			    const struct wire_capture **ret)
{
	*ret = log->captures;
	return log->n_captures;
}

int wire_capture_log_add_duplicate(struct wire_capture_log *log, size_t index)
{
	struct wire_duplicate *duplicates =
		array_grow(log->duplicates, log->n_duplicates,
			   &log->duplicates_capacity, sizeof(*duplicates));

	if (!duplicates)
		return error_origin(-ENOMEM, "keep a duplicate");
	log->duplicates = duplicates;
	duplicates[log->n_duplicates++] =
		(struct wire_duplicate){ index, log->captures[index].left };
	return 0;
}

size_t wire_capture_log_duplicates(const struct wire_capture_log *log,
				   const struct wire_duplicate **ret)
{
	*ret = log->duplicates;
	return log->n_duplicates;
}

/* --- records ---------------------------------------------------------- */

static void list_kinds(unsigned int kinds, const char *ret[KINDS + 1])
{
	static const char *const names[KINDS] = {
		"tcp",	     "syn",   "syn-ack",
		"fin",	     "rst",   "data",
		"pure-ack",  "probe", "retransmission",
		"neighbour", "icmp",  "other",
	};
	size_t n = 0;

	for (size_t i = 0; i < KINDS; i++)
		if (kinds & 1U << i)
			ret[n++] = names[i];
	ret[n] = NULL;
}

/* The length of a text is not known before it is printed: it goes into a memory
 * stream, which keeps its memory from frame to frame. */
static void print_frame(struct wire_capture_log *log,
			const struct wire_capture *c)
{
	rewind(log->text_stream);
	frame_print(log->text_stream, &c->frame, &c->base, false);
	if (c->segments > 1)
		fprintf(log->text_stream, " in %u segments", c->segments);
	fflush(log->text_stream);
}

/* -1 where the ISN is unknown. */
static int64_t relative(uint32_t number, bool known, uint32_t isn)
{
	return known ? (int64_t)(uint32_t)(number - isn) : -1;
}

/* The identity, and the header fields as numbers. */
static void describe(struct journal_frame *frame, const struct wire_capture *c)
{
	const struct segment *tcp = &c->frame.tcp;

	frame->packet = c->packet;
	frame->port = c->port;
	frame->origin = c->origin;
	frame->connection = c->connection;
	frame->from_client = c->from_client;
	if (c->frame.kind != FRAME_TCP)
		return;
	frame->is_tcp = true;
	frame->source_port = tcp->source_port;
	frame->destination_port = tcp->destination_port;
	frame->transmission = c->transmission;
	frame->seq = relative(tcp->seq, c->base.knows_sender, c->base.sender);
	frame->ack = relative(
		tcp->ack, c->base.knows_receiver && (tcp->flags & SEGMENT_ACK),
		c->base.receiver);
	frame->len = tcp->length;
	frame->segments = c->segments;
	frame->flags = tcp->flags;
	frame->window = tcp->window;
}

/*
 * journal_gather_frame() keeps the record until journal_flush(): several
 * records are one write(2).
 */
static int write_record(struct wire_capture_log *log, size_t index, nsec_t at,
			const struct virtio_net_hdr *header, size_t size)
{
	const struct wire_capture *c = &log->captures[index];
	const uint8_t *bytes = (const uint8_t *)(header + 1);
	static uint8_t whole[FRAME_ETHERNET + UINT16_MAX + 1];
	const char *kinds[KINDS + 1];
	struct journal_frame frame = {
		.from = c->from,
		.to = c->to,
		.fate = wire_fate_text(c->fate),
		.kinds = kinds,
		.left = c->left,
		.size = size,
		.bytes = bytes,
		.n_bytes = size,
	};

	print_frame(log, c);
	frame.text = log->text;
	frame.text_size = log->text_size;
	describe(&frame, c);
	list_kinds(c->kinds, kinds);
	/* A frame from veth has the checksum of the pseudo header only; the
	 * journal has the one that a real cable would carry. Each segment of a
	 * frame of several would have its own, which TSO computes. */
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && c->segments == 1) {
		memcpy(whole, bytes, size);
		frame_complete_checksum(whole, size, header->csum_start,
					header->csum_offset);
		frame.bytes = whole;
	}
	return error_trace(journal_gather_frame(log->journal, at, &frame));
}

int wire_capture_log_flush(struct wire_capture_log *log)
{
	int r = 0;

	for (size_t i = 0; i < log->n_pending && r >= 0; i++) {
		const struct pending_record *pending = &log->pending[i];

		r = write_record(log, pending->capture,
				 log->captures[pending->capture].at,
				 pending->header, pending->size);
	}
	log->n_pending = 0;
	if (r < 0)
		return error_trace(r);
	return error_trace(journal_flush(log->journal));
}

int wire_capture_log_write(struct wire_capture_log *log, size_t index,
			   nsec_t at, const struct virtio_net_hdr *header,
			   size_t size)
{
	int r = wire_capture_log_flush(log);

	if (r < 0)
		return error_trace(r);
	r = write_record(log, index, at, header, size);
	if (r < 0)
		return error_trace(r);
	return error_trace(journal_flush(log->journal));
}

int wire_capture_log_note_lost(struct wire_capture_log *log, size_t index,
			       const char *reason)
{
	const struct wire_capture *c = &log->captures[index];
	char text[160];

	snprintf(text, sizeof(text), R_("%s > %s: a duplicate is lost: %s"),
		 c->from, c->to, reason);
	return error_trace(journal_write(log->journal, nsec_now(), "note",
					 "{s:s}", "text", text));
}

/* The table of pending records is small, and full only after a burst. */
int wire_capture_log_defer(struct wire_capture_log *log, size_t index,
			   const struct virtio_net_hdr *header, size_t size)
{
	log->pending[log->n_pending++] =
		(struct pending_record){ index, header, size };
	if (log->n_pending < PENDING)
		return 0;
	return error_trace(wire_capture_log_flush(log));
}

bool wire_capture_log_is_pending(const struct wire_capture_log *log)
{
	return log->n_pending;
}

/* --- counting only ---------------------------------------------------- */

/* A segment that no reader asks for on its own. */
static bool is_plain_flow(const struct wire_capture *c)
{
	return c->fate == WIRE_FORWARDED && !c->frame.tcp.n_sacks &&
	       (c->kinds == (WIRE_TCP | WIRE_DATA) ||
		c->kinds == (WIRE_TCP | WIRE_PURE_ACK));
}

/* Names of hosts are compared as pointers: a port has one. */
static struct flow_count *count_of(struct wire_capture_log *log,
				   const struct wire_capture *c)
{
	const struct segment *tcp = &c->frame.tcp;
	struct flow_count *count;

	for (count = log->counts; count; count = count->next)
		if (count->from == c->from && count->to == c->to &&
		    count->from_port == tcp->source_port &&
		    count->to_port == tcp->destination_port)
			return count;
	count = calloc(1, sizeof(*count));
	if (!count)
		return NULL;
	*count = (struct flow_count){ .next = log->counts,
				      .from = c->from,
				      .to = c->to,
				      .from_port = tcp->source_port,
				      .to_port = tcp->destination_port };
	log->counts = count;
	return count;
}

bool wire_capture_log_count(struct wire_capture_log *log, size_t size)
{
	const struct wire_capture *c = &log->captures[log->n_captures - 1];
	struct flow_count *count;

	if (!log->count_only || !is_plain_flow(c))
		return false;
	count = count_of(log, c);
	if (!count)
		return false;
	count->frames++;
	count->segments += c->segments;
	count->bytes += size;
	log->n_captures--;
	return true;
}

/* The text is for people; the members are for readers. */
static int write_count(struct wire_capture_log *log,
		       const struct flow_count *count)
{
	char text[160];

	snprintf(text, sizeof(text),
		 R_("%s:%u > %s:%u: %llu frames, %llu segments, %llu bytes, "
		    "only counted"),
		 count->from, count->from_port, count->to, count->to_port,
		 (unsigned long long)count->frames,
		 (unsigned long long)count->segments,
		 (unsigned long long)count->bytes);
	return error_trace(journal_write(log->journal, nsec_now(), "note",
					 "{s:s, s:I, s:I, s:I}", "text", text,
					 "frames", (json_int_t)count->frames,
					 "segments",
					 (json_int_t)count->segments,
					 "bytes", (json_int_t)count->bytes));
}

int wire_capture_log_set_count_only(struct wire_capture_log *log, bool on)
{
	int r = 0;

	log->count_only = on;
	if (on)
		return 0;
	for (struct flow_count *count = log->counts; count && r >= 0;
	     count = count->next)
		r = write_count(log, count);
	free_counts(log);
	return error_trace(r);
}
