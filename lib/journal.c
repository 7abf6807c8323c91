/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two writers share the fd. journal_write() builds a record of any type with
 * jansson. journal_gather_frame() prints into `text` without allocating,
 * because a run has thousands of frames; journal_flush() writes all gathered
 * lines with one write(2). Before any other record the gathered lines are
 * flushed, so that the file has the order of the calls.
 *
 * A line is written by one fd_write_all(), its newline included: a reader of a
 * run that was killed finds whole lines, and at most one truncated line at the
 * end.
 */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "safe-text.h"

/* Bytes of a frame's line, at most: its bytes in hexadecimal, and names, text
 * and numbers. */
enum { LINE = 2 * JOURNAL_BYTES + 2048 };

struct journal {
	int fd;
	nsec_t start;
	size_t gathered; /* bytes of `text`: whole lines */
	char text[8 * LINE];
};

int journal_new(struct journal **ret, int fd, nsec_t start)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		return error_origin(-ENOMEM, "journal");
	journal->fd = fd;
	journal->start = start;
	*ret = journal;
	return 0;
}

struct journal *journal_free(struct journal *journal)
{
	free(journal);
	return NULL;
}

nsec_t journal_start(const struct journal *journal)
{
	return journal->start;
}

int journal_flush(struct journal *journal)
{
	size_t size = journal->gathered;
	int r;

	/* Also after a failure: a part may have been written, and a second
	 * attempt would repeat it. */
	journal->gathered = 0;
	r = size ? fd_write_all(journal->fd, journal->text, size) : 0;
	return error_trace(r);
}

static int write_line(int fd, const json_t *record)
{
	char *line = json_dumps(record, JOURNAL_DUMP);
	size_t length;
	int r;

	if (!line)
		return error_origin(-ENOMEM, "journal record");
	/* The newline replaces the NUL: one write(2) for the whole line. */
	length = strlen(line);
	line[length] = '\n';
	r = fd_write_all(fd, line, length + 1);
	free(line);
	return error_trace(r);
}

int journal_write(struct journal *journal, nsec_t at, const char *type,
		  const char *format, ...)
{
	json_t *record, *members = NULL;
	json_error_t error;
	va_list args;
	int r;

	record = json_pack("{s:f, s:s}", "t",
			   nsec_seconds(at - journal->start), "type", type);
	if (format) {
		va_start(args, format);
		members = json_vpack_ex(&error, 0, format, args);
		va_end(args);
	}
	if (!record || (format && !members)) {
		json_decref(record);
		json_decref(members);
		return error_origin(-EINVAL, "journal record %s: %s", type,
				    format ? error.text : "no memory");
	}
	/* "t" and "type" come first in the line, and members cannot replace
	 * them. */
	if (members)
		json_object_update_missing(record, members);
	json_decref(members);
	r = journal_flush(journal);
	if (r >= 0)
		r = write_line(journal->fd, record);
	json_decref(record);
	return error_trace(r);
}

/* A line under construction. `used` also counts bytes that did not fit, so that
 * one check at the end detects the overflow. */
struct line {
	char *text; /* LINE bytes */
	size_t used;
};

static void put_bytes(struct line *line, const char *bytes, size_t size)
{
	if (line->used + size <= LINE)
		memcpy(line->text + line->used, bytes, size);
	line->used += size;
}

static void put(struct line *line, const char *text)
{
	put_bytes(line, text, strlen(text));
}

/* RFC 8259 section 7: a backslash before quotes and backslashes, control
 * characters by number; UTF-8 is copied. */
static void put_string(struct line *line, const char *text, size_t size)
{
	put(line, "\"");
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[8];

		if (c == '"' || c == '\\')
			put(line, "\\");
		if (c >= 0x20) {
			put_bytes(line, &text[i], 1);
			continue;
		}
		snprintf(escape, sizeof(escape), "\\u%04x", c);
		put(line, escape);
	}
	put(line, "\"");
}

static void put_member(struct line *line, const char *name, const char *value)
{
	put(line, ",\"");
	put(line, name);
	put(line, "\":");
	put_string(line, value, strlen(value));
}

/* Seconds with nine decimals. A number without a point would be a JSON integer,
 * and readers expect a real. */
static void put_seconds(struct line *line, nsec_t nsec)
{
	char text[48];

	snprintf(text, sizeof(text), "%s%" PRId64 ".%09" PRId64,
		 nsec < 0 ? "-" : "", (nsec < 0 ? -nsec : nsec) / NSEC_PER_SEC,
		 (nsec < 0 ? -nsec : nsec) % NSEC_PER_SEC);
	put(line, text);
}

static void put_kinds(struct line *line, const char *const *kinds)
{
	put(line, ",\"kinds\":[");
	for (size_t i = 0; kinds[i]; i++) {
		if (i)
			put(line, ",");
		put_string(line, kinds[i], strlen(kinds[i]));
	}
	put(line, "]");
}

static void put_hex(struct line *line, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	put(line, ",\"hex\":\"");
	for (size_t i = 0; i < size; i++) {
		const char pair[] = { digits[bytes[i] >> 4],
				      digits[bytes[i] & 15] };

		put_bytes(line, pair, sizeof(pair));
	}
	put(line, "\"");
}

static void put_number(struct line *line, const char *name, int64_t number)
{
	char text[96];

	snprintf(text, sizeof(text), ",\"%s\":%" PRId64, name, number);
	put(line, text);
}

/* null where the number is `absent`. */
static void put_optional(struct line *line, const char *name, int64_t number,
			 int64_t absent)
{
	if (number != absent) {
		put_number(line, name, number);
		return;
	}
	put(line, ",\"");
	put(line, name);
	put(line, "\":null");
}

/* journal.h documents the members. Frames other than TCP and ICMP errors have
 * no member "connection". */
static void put_identity(struct line *line, const struct journal_frame *frame)
{
	put_number(line, "packet", frame->packet);
	put_number(line, "port", frame->port);
	put_member(line, "origin", frame->origin);
	if (!frame->connection && !frame->is_tcp)
		return;
	put_optional(line, "connection", frame->connection, 0);
	put(line, !frame->connection   ? ",\"from_client\":null" :
		  frame->from_client   ? ",\"from_client\":true" :
					 ",\"from_client\":false");
	if (!frame->is_tcp)
		return;
	put_number(line, "source_port", frame->source_port);
	put_number(line, "destination_port", frame->destination_port);
	put_optional(line, "transmission", frame->transmission, 0);
	put_optional(line, "seq", frame->seq, -1);
	put_optional(line, "ack", frame->ack, -1);
	put_number(line, "len", frame->len);
	if (frame->segments > 1)
		put_number(line, "segments", frame->segments);
	put_number(line, "flags", frame->flags);
	put_number(line, "window", frame->window);
}

int journal_gather_frame(struct journal *journal, nsec_t at,
			 const struct journal_frame *frame)
{
	struct line line = { .used = 0 };
	int r = 0;

	if (journal->gathered + LINE > sizeof(journal->text))
		r = journal_flush(journal);
	if (r < 0)
		return error_trace(r);
	line.text = journal->text + journal->gathered;
	put(&line, "{\"t\":");
	put_seconds(&line, at - journal->start);
	put(&line, ",\"type\":\"frame\"");
	put_member(&line, "from", frame->from);
	put_member(&line, "to", frame->to);
	put_member(&line, "fate", frame->fate);
	put(&line, ",\"text\":");
	put_string(&line, frame->text, frame->text_size);
	put_kinds(&line, frame->kinds);
	put(&line, ",\"left\":");
	put_seconds(&line, frame->left ? frame->left - journal->start : 0);
	put_number(&line, "size", (int64_t)frame->size);
	put_identity(&line, frame);
	put_hex(&line, frame->bytes, MIN(frame->n_bytes, (size_t)JOURNAL_BYTES));
	put(&line, "}\n");
	if (line.used > LINE)
		return error_origin(-EMSGSIZE, "journal a frame");
	journal->gathered += line.used;
	return 0;
}

/* Without memory the string becomes empty. */
static void clean_string(json_t *string)
{
	char *copy;

	if (safe_text_is_safe(json_string_value(string), true))
		return;
	copy = strdup(json_string_value(string));
	if (copy)
		safe_text(copy, true);
	json_string_set(string, copy ? copy : "");
	free(copy);
}

void journal_make_safe(json_t *value)
{
	json_t *member;
	const char *key;
	size_t i;
	void *after;

	if (json_is_string(value))
		clean_string(value);
	json_array_foreach (value, i, member) {
		journal_make_safe(member);
	}
	json_object_foreach_safe (value, after, key, member) {
		if (safe_text_is_safe(key, false))
			journal_make_safe(member);
		else
			json_object_del(value, key);
	}
}

/* A line of printable ASCII without escapes, as nearly all are, is safe. */
static bool may_be_unsafe(const char *line, size_t size)
{
	bool unsafe = memchr(line, '\\', size);

	for (size_t i = 0; i < size && !unsafe; i++)
		unsafe = (unsigned char)line[i] < ' ' ||
			 (unsigned char)line[i] >= 0x7f;
	return unsafe;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				      -1;
}

/* Up to the first character that is none, at most `size` bytes. */
static size_t decode_hex(const char *hex, size_t digits, uint8_t *ret,
			 size_t size)
{
	size_t n = 0;

	for (; n < size && digits >= 2; n++, hex += 2, digits -= 2) {
		int high = hex_digit(hex[0]), low = hex_digit(hex[1]);

		if (high < 0 || low < 0)
			break;
		ret[n] = (uint8_t)(high * 16 + low);
	}
	return n;
}

/* The part of a line that is still to be read; NULL after an unexpected one. */
struct reader {
	const char *at, *end;
};

static void skip(struct reader *reader, const char *text)
{
	size_t size = strlen(text);

	if (!reader->at || (size_t)(reader->end - reader->at) < size ||
	    memcmp(reader->at, text, size) != 0)
		reader->at = NULL;
	else
		reader->at += size;
}

/* Up to the character, and skips it. Returns the number of characters before
 * it. */
static size_t skip_to(struct reader *reader, char c)
{
	const char *from = reader->at;

	if (from)
		reader->at = memchr(from, c, (size_t)(reader->end - from));
	return reader->at ? (size_t)(reader->at++ - from) : 0;
}

static void read_string(struct reader *reader, const char *key, char ret[64])
{
	const char *from;
	size_t size;

	skip(reader, key);
	from = reader->at;
	size = skip_to(reader, '"');
	if (size >= 64)
		reader->at = NULL;
	if (!reader->at)
		return;
	memcpy(ret, from, size);
	ret[size] = '\0';
}

/* strtod() would skip the newline at the end of the line. */
static double read_number(struct reader *reader, const char *key)
{
	double value = 0;
	char *end = NULL;

	skip(reader, key);
	if (reader->at && strchr("-0123456789", *reader->at) && *reader->at)
		value = strtod(reader->at, &end);
	reader->at = end == reader->at ? NULL : end;
	return value;
}

/* Strings have no quotes: the line has no escapes. null is 0. */
static int64_t find_connection(const struct reader *reader)
{
	static const char key[] = ",\"connection\":";
	const char *at = reader->at;

	if (at)
		at = memmem(at, (size_t)(reader->end - at), key,
			    sizeof(key) - 1);
	return at && at[sizeof(key) - 1] >= '0' ?
		       strtoll(at + sizeof(key) - 1, NULL, 10) :
		       0;
}

/* The last member is found from the end. */
static void read_hex(struct reader *reader, struct journal_packet *ret)
{
	static const char key[] = ",\"hex\":\"";
	const char *end = reader->end - 2, *hex;
	size_t length = sizeof(key) - 1;

	if (!reader->at || end <= reader->at || memcmp(end, "\"}", 2) != 0) {
		reader->at = NULL;
		return;
	}
	hex = memrchr(reader->at, '"', (size_t)(end - reader->at));
	reader->at = hex && (size_t)(++hex - reader->at) >= length &&
				     memcmp(hex - length, key, length) == 0 ?
			     end :
			     NULL;
	if (reader->at)
		ret->n_bytes = decode_hex(hex, (size_t)(end - hex), ret->bytes,
					  sizeof(ret->bytes));
}

bool journal_read_packet(struct journal_packet *ret, const char *line,
			 size_t size)
{
	struct reader reader = { line, line + size };
	double frame_size;

	ret->t = read_number(&reader, "{\"t\":");
	skip(&reader, ",\"type\":\"frame\"");
	if (!reader.at || may_be_unsafe(line, size))
		return false;
	read_string(&reader, ",\"from\":\"", ret->from);
	read_string(&reader, ",\"to\":\"", ret->to);
	read_string(&reader, ",\"fate\":\"", ret->fate);
	skip(&reader, ",\"text\":\"");
	ret->text = reader.at;
	ret->n_text = skip_to(&reader, '"');
	skip(&reader, ",\"kinds\":[");
	skip_to(&reader, ']');
	ret->left = read_number(&reader, ",\"left\":");
	frame_size = read_number(&reader, ",\"size\":");
	ret->connection = find_connection(&reader);
	read_hex(&reader, ret);
	if (!reader.at || !(frame_size >= 0 && frame_size <= UINT32_MAX))
		return false;
	ret->size = (size_t)frame_size;
	return true;
}

int journal_parse(json_t **ret, const char *line, size_t size)
{
	json_error_t error;
	json_t *record = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);

	if (!record)
		return error_origin(-EBADMSG, "journal, byte %d: %s",
				    error.position, error.text);
	if (!json_is_number(json_object_get(record, "t")) ||
	    !json_is_string(json_object_get(record, "type"))) {
		json_decref(record);
		return error_origin(-EBADMSG,
				    "journal, byte %zu: the record ends "
				    "without \"t\" or \"type\"", size);
	}
	if (may_be_unsafe(line, size))
		journal_make_safe(record);
	*ret = record;
	return 0;
}

const char *journal_text(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text ? text : "";
}

bool journal_get_integer(const json_t *record, const char *name,
			 json_int_t *ret)
{
	const json_t *value = json_object_get(record, name);

	if (!json_is_integer(value))
		return false;
	*ret = json_integer_value(value);
	return true;
}

json_int_t journal_integer(const json_t *record, const char *name)
{
	json_int_t value = 0;

	journal_get_integer(record, name, &value);
	return value;
}

bool journal_is_true(const json_t *record, const char *name)
{
	return json_is_true(json_object_get(record, name));
}

bool journal_is(const json_t *record, const char *type)
{
	return strcmp(journal_text(record, "type"), type) == 0;
}

size_t journal_bytes(const json_t *frame, uint8_t *ret, size_t size)
{
	const char *hex = journal_text(frame, "hex");

	return decode_hex(hex, strlen(hex), ret, size);
}

const json_t *journal_find(const json_t *records, const char *type)
{
	size_t i;
	json_t *record;

	json_array_foreach (records, i, record)
		if (journal_is(record, type))
			return record;
	return NULL;
}

int journal_check_version(const json_t *start, const char *file)
{
	json_int_t version = 1; /* version 1 did not write its number */

	journal_get_integer(start, "journal", &version);
	if (version == JOURNAL_VERSION)
		return 0;
	return error_refuse(-EPROTONOSUPPORT,
			    "%s: journal version %lld: this halfopen reads "
			    "version %d; record the run again",
			    file, (long long)version, JOURNAL_VERSION);
}
