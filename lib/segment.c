/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options are a table: kind, size, the member of struct segment that says
 * whether (or how often) the option is present, and functions for its body.
 * Encoding and printing follow the order of the table and insert NOPs as
 * tcp_options_write() does.
 */
#include "segment.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "bytes.h"
#include "errors.h"
#include "macro.h"

static void get_mss(struct segment *tcp, const uint8_t *body)
{
	tcp->mss = bytes_get16(body);
}

static void put_mss(uint8_t *body, const struct segment *tcp)
{
	bytes_put16(body, tcp->mss);
}

static void print_mss(FILE *out, const struct segment *tcp,
		      const struct segment_base *base MACRO_UNUSED)
{
	fprintf(out, "mss %u", tcp->mss);
}

static void print_sack_permitted(FILE *out,
				 const struct segment *tcp MACRO_UNUSED,
				 const struct segment_base *base MACRO_UNUSED)
{
	fputs("sackOK", out);
}

static void get_timestamps(struct segment *tcp, const uint8_t *body)
{
	tcp->tsval = bytes_get32(body);
	tcp->tsecr = bytes_get32(body + 4);
}

static void put_timestamps(uint8_t *body, const struct segment *tcp)
{
	bytes_put32(body, tcp->tsval);
	bytes_put32(body + 4, tcp->tsecr);
}

static void print_timestamps(FILE *out, const struct segment *tcp,
			     const struct segment_base *base MACRO_UNUSED)
{
	fprintf(out, "TS val %u ecr %u", tcp->tsval, tcp->tsecr);
}

static void get_window_scale(struct segment *tcp, const uint8_t *body)
{
	tcp->window_scale = body[0];
}

static void put_window_scale(uint8_t *body, const struct segment *tcp)
{
	body[0] = tcp->window_scale;
}

static void print_window_scale(FILE *out, const struct segment *tcp,
			       const struct segment_base *base MACRO_UNUSED)
{
	fprintf(out, "wscale %u", tcp->window_scale);
}

static void get_sacks(struct segment *tcp, const uint8_t *body)
{
	for (size_t i = 0; i < tcp->n_sacks; i++) {
		tcp->sacks[i].left = bytes_get32(body + 8 * i);
		tcp->sacks[i].right = bytes_get32(body + 8 * i + 4);
	}
}

static void put_sacks(uint8_t *body, const struct segment *tcp)
{
	for (size_t i = 0; i < tcp->n_sacks; i++) {
		bytes_put32(body + 8 * i, tcp->sacks[i].left);
		bytes_put32(body + 8 * i + 4, tcp->sacks[i].right);
	}
}

/* SACK blocks describe data of the peer, so they are relative to its ISN. */
static void print_sacks(FILE *out, const struct segment *tcp,
			const struct segment_base *base)
{
	uint32_t zero = base->knows_receiver ? base->receiver : 0;

	fputs("sack", out);
	for (size_t i = 0; i < tcp->n_sacks; i++)
		fprintf(out, " %u:%u", tcp->sacks[i].left - zero,
			tcp->sacks[i].right - zero);
}

/* In the order of tcp_options_write(). */
static const struct option {
	uint8_t kind;
	uint8_t size; /* kind and size bytes included */
	uint8_t step; /* size of each further element; 0: only one */
	uint8_t count_at; /* offset of the has_… or n_… member */
	void (*get)(struct segment *tcp, const uint8_t *body);
	void (*put)(uint8_t *body, const struct segment *tcp);
	void (*print)(FILE *out, const struct segment *tcp,
		      const struct segment_base *base);
} options[] = {
	{
		.kind = TCPOPT_MAXSEG,
		.size = 4,
		.count_at = offsetof(struct segment, has_mss),
		.get = get_mss,
		.put = put_mss,
		.print = print_mss,
	},
	{
		.kind = TCPOPT_SACK_PERMITTED,
		.size = 2,
		.count_at = offsetof(struct segment, sack_permitted),
		.print = print_sack_permitted,
	},
	{
		.kind = TCPOPT_TIMESTAMP,
		.size = 10,
		.count_at = offsetof(struct segment, has_timestamps),
		.get = get_timestamps,
		.put = put_timestamps,
		.print = print_timestamps,
	},
	{
		.kind = TCPOPT_WINDOW,
		.size = 3,
		.count_at = offsetof(struct segment, has_window_scale),
		.get = get_window_scale,
		.put = put_window_scale,
		.print = print_window_scale,
	},
	{
		.kind = TCPOPT_SACK,
		.size = 10,
		.step = 8,
		.count_at = offsetof(struct segment, n_sacks),
		.get = get_sacks,
		.put = put_sacks,
		.print = print_sacks,
	},
};

_Static_assert(sizeof(bool) == 1, "has_… members are read and written as one byte");

static const struct option *option_find(uint8_t kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].kind == kind)
			return &options[i];
	return NULL;
}

/* 0 when the segment lacks the option. */
static size_t option_size(const struct option *option,
			  const struct segment *tcp)
{
	size_t count = ((const uint8_t *)tcp)[option->count_at];

	return count ? option->size + (count - 1) * option->step : 0;
}

/*
 * The NOPs before an option, so that it ends at a multiple of four. Linux
 * places SACK permitted (2 bytes) directly before the timestamps (10 bytes):
 * together they need none.
 */
static size_t option_nops(const struct option *option,
			  const struct segment *tcp, size_t at)
{
	if (!option_size(option, tcp))
		return 0;
	if (option->kind == TCPOPT_SACK_PERMITTED && tcp->has_timestamps)
		return 0;
	return -(at + option_size(option, tcp)) & 3;
}

size_t segment_options_size(const struct segment *tcp)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		at += option_nops(&options[i], tcp, at) +
		      option_size(&options[i], tcp);
	return at;
}

void segment_encode_options(uint8_t *to, const struct segment *tcp)
{
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		size_t size = option_size(option, tcp);

		if (!size)
			continue;
		for (size_t n = option_nops(option, tcp, at); n; n--)
			to[at++] = TCPOPT_NOP;
		to[at] = option->kind;
		to[at + 1] = (uint8_t)size;
		if (option->put)
			option->put(to + at + 2, tcp);
		at += size;
	}
}

/* The number of elements; 0 for a size that the option never has. */
static size_t option_count(const struct option *option, size_t size)
{
	if (size == option->size)
		return 1;
	if (size < option->size || !option->step ||
	    (size - option->size) % option->step)
		return 0;
	return 1 + (size - option->size) / option->step;
}

/* `at` points to an option that lies completely in the header. */
static bool option_decode(struct segment *tcp, const uint8_t *at)
{
	const struct option *option = option_find(at[0]);
	size_t count;

	if (!option)
		return true;
	count = option_count(option, at[1]);
	if (!count)
		return false;
	((uint8_t *)tcp)[option->count_at] = (uint8_t)count;
	if (option->get)
		option->get(tcp, at + 2);
	return true;
}

/*
 * Stricter than tcp_parse_options(), which ignores options with invalid sizes:
 * here they are an error.
 */
int segment_decode_options(struct segment *tcp, const uint8_t *bytes, size_t at,
		       size_t end)
{
	size_t size;

	for (; at < end && bytes[at] != TCPOPT_EOL; at += size) {
		size = 1;
		if (bytes[at] == TCPOPT_NOP)
			continue;
		size = end - at < 2 ? 0 : bytes[at + 1];
		if (size < 2 || size > end - at ||
		    !option_decode(tcp, bytes + at))
			return error_origin(-EBADMSG,
					    "TCP option %u at offset %zu: "
					    "size %zu, %zu left",
					    bytes[at], at, size, end - at);
	}
	return 0;
}

void segment_print_options(FILE *out, const struct segment *tcp,
		       const struct segment_base *base, bool verbose)
{
	const char *separator = " <";
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		size_t size = option_size(option, tcp);
		size_t nops = option_nops(option, tcp, at);

		if (!size || (!verbose && option->kind != TCPOPT_SACK))
			continue;
		for (size_t n = verbose ? nops : 0; n; n--) {
			fprintf(out, "%snop", separator);
			separator = ",";
		}
		fputs(separator, out);
		option->print(out, tcp, base);
		separator = ",";
		at += nops + size;
	}
	if (at)
		fputc('>', out);
}

bool sequence_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
