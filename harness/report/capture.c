/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal keeps the first JOURNAL_BYTES of each frame as hexadecimal digits.
 * Its times are relative to the start record's epoch; pcapng's are absolute.
 */
#include "capture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"
#include "pcapng.h"
#include "safe-text.h"
#include "version.h"

enum { INTERFACES = 128, COMMENTS = 8, COMMENT = 256, HOST = 64 };

struct capture {
	FILE *out;
	uint64_t epoch; /* of the start of the run, ns since 1970 */
	char interfaces[INTERFACES][HOST]; /* names of hosts */
	unsigned int n_interfaces;
	/* Comments for the next packet. */
	char text[COMMENTS][COMMENT];
	const char *comments[COMMENTS + 1];
	size_t n_comments;
};

static double number_of(const json_t *record, const char *name)
{
	return json_number_value(json_object_get(record, name));
}

/* 0 for a time that no clock has: the record may come from elsewhere. */
static uint64_t nsec_of(double seconds)
{
	if (!(seconds >= 0 && seconds < 1e10))
		return 0;
	return (uint64_t)(seconds * 1e9 + 0.5);
}

static void MACRO_PRINTF(2, 3)
add_comment(struct capture *capture, const char *format, ...)
{
	va_list args;

	if (capture->n_comments == COMMENTS)
		return;
	va_start(args, format);
	vsnprintf(capture->text[capture->n_comments], COMMENT, format, args);
	va_end(args);
	/* A character that does not fit is cut off; comments are UTF-8. */
	safe_text(capture->text[capture->n_comments], true);
	capture->comments[capture->n_comments] =
		capture->text[capture->n_comments];
	capture->comments[++capture->n_comments] = NULL;
}

/* --- interfaces -----------------------------------------------------------*/

static int interface_of(const struct capture *capture, const char *host)
{
	for (unsigned int i = 0; i < capture->n_interfaces; i++)
		if (strcmp(capture->interfaces[i], host) == 0)
			return (int)i;
	return -1;
}

static void add_interface(struct capture *capture, const char *host)
{
	if (!*host || capture->n_interfaces == INTERFACES ||
	    interface_of(capture, host) >= 0)
		return;
	snprintf(capture->interfaces[capture->n_interfaces++], HOST, "%s",
		 host);
	pcapng_add_interface(capture->out, host);
}

/* All interfaces come before the first packet: not every reader accepts one
 * between packets. */
static void add_hosts(struct capture *capture, const json_t *ready)
{
	json_t *addresses;
	const char *host;

	json_object_foreach (json_object_get(ready, "hosts"), host, addresses)
		add_interface(capture, host);
}

/* --- packets --------------------------------------------------------------*/

/* What the wire made, or sent later than it received it, belongs to the cable of
 * the receiver; all else to that of the sender. */
static bool is_from_wire(const char *fate)
{
	return strcmp(fate, "released") == 0 ||
	       strcmp(fate, "duplicated") == 0 ||
	       strcmp(fate, "injected") == 0;
}

void capture_add_frame(struct capture *capture,
		       const struct journal_packet *frame)
{
	bool at_receiver = is_from_wire(frame->fate) || !*frame->from;
	const char *host = at_receiver ? frame->to : frame->from;
	int interface;
	struct pcapng_packet packet = {
		.nsec = capture->epoch + nsec_of(frame->t),
		.bytes = frame->bytes,
		.captured = frame->n_bytes,
		.size = MAX(frame->size, frame->n_bytes),
		.comments = capture->comments,
	};

	/* Unless the record "ready" had it, which another version may lack. */
	add_interface(capture, host);
	interface = interface_of(capture, host);
	if (interface < 0)
		return;
	if (strcmp(frame->fate, "forwarded") != 0 && frame->left > frame->t)
		add_comment(capture, "%s: to %s at %.6f s", frame->fate,
			    frame->to, frame->left);
	else if (strcmp(frame->fate, "forwarded") != 0)
		add_comment(capture, "%s", frame->fate);
	packet.interface = (unsigned int)interface;
	pcapng_add_packet(capture->out, &packet);
	capture->n_comments = 0;
	capture->comments[0] = NULL;
}

static void add_parsed_frame(struct capture *capture, const json_t *record)
{
	double size = number_of(record, "size");
	struct journal_packet frame = {
		.t = number_of(record, "t"),
		.left = number_of(record, "left"),
		.size = size > 0 && size <= UINT32_MAX ? (size_t)size : 0,
	};

	snprintf(frame.from, sizeof(frame.from), "%s",
		 journal_text(record, "from"));
	snprintf(frame.to, sizeof(frame.to), "%s", journal_text(record, "to"));
	snprintf(frame.fate, sizeof(frame.fate), "%s",
		 journal_text(record, "fate"));
	frame.n_bytes = journal_bytes(record, frame.bytes, sizeof(frame.bytes));
	capture_add_frame(capture, &frame);
}

void capture_add(struct capture *capture, const json_t *record)
{
	if (journal_is(record, "start"))
		capture->epoch = nsec_of(number_of(record, "epoch"));
	else if (journal_is(record, "ready"))
		add_hosts(capture, record);
	else if (journal_is(record, "fault"))
		add_comment(capture, "fault at %.6f s: %s",
			    number_of(record, "t"),
			    journal_text(record, "text"));
	else if (journal_is(record, "frame"))
		add_parsed_frame(capture, record);
}

int capture_new(struct capture **ret, FILE *out)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		return error_origin(-ENOMEM, "capture");
	capture->out = out;
	pcapng_begin(out, "halfopen " HALFOPEN_VERSION);
	*ret = capture;
	return 0;
}

struct capture *capture_free(struct capture *capture)
{
	free(capture);
	return NULL;
}
