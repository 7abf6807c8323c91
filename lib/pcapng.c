/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block consists of type, length, body and length again; an option of code,
 * length and a value padded to four bytes. All fields are in host byte order,
 * which the magic number in the section header identifies.
 */
#include "pcapng.h"

#include <string.h>

#include "macro.h"

enum {
	SECTION_HEADER = 0x0a0d0d0a,
	INTERFACE = 1,
	PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	ETHERNET = 1, /* LINKTYPE_ETHERNET */
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_APPLICATION = 4, /* of the section header */
	OPTION_IF_TSRESOL = 9,
};

enum { NANOSECONDS = 9, OPTION_MAX = 0xfffc, LENGTHS = 12 };

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void put(FILE *out, const void *bytes, size_t size)
{
	static const char zeros[4];

	fwrite(bytes, 1, size, out);
	fwrite(zeros, 1, padded(size) - size, out);
}

static void put_u32(FILE *out, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, out);
}

static size_t option_size(size_t length)
{
	return 4 + padded(MIN(length, (size_t)OPTION_MAX));
}

static void put_option(FILE *out, enum option code, const void *value,
		       size_t length)
{
	uint16_t head[2] = { (uint16_t)code,
			     (uint16_t)MIN(length, (size_t)OPTION_MAX) };

	fwrite(head, sizeof(head), 1, out);
	put(out, value, head[1]);
}

static void put_end_of_options(FILE *out)
{
	put_u32(out, OPTION_END);
}

static void begin_block(FILE *out, uint32_t type, size_t length)
{
	put_u32(out, type);
	put_u32(out, (uint32_t)length);
}

void pcapng_begin(FILE *out, const char *application)
{
	static const uint16_t version[2] = { 1, 0 };
	static const int64_t unknown = -1; /* the section's length */
	size_t length = LENGTHS + 16 + option_size(strlen(application)) + 4;

	begin_block(out, SECTION_HEADER, length);
	put_u32(out, BYTE_ORDER_MAGIC);
	put(out, version, sizeof(version));
	put(out, &unknown, sizeof(unknown));
	put_option(out, OPTION_APPLICATION, application, strlen(application));
	put_end_of_options(out);
	put_u32(out, (uint32_t)length);
}

void pcapng_add_interface(FILE *out, const char *name)
{
	static const uint16_t link_type[2] = { ETHERNET, 0 };
	static const uint8_t resolution = NANOSECONDS;
	size_t length = LENGTHS + 8 + option_size(strlen(name)) +
			option_size(sizeof(resolution)) + 4;

	begin_block(out, INTERFACE, length);
	put(out, link_type, sizeof(link_type));
	put_u32(out, 0); /* snapshot length: unlimited */
	put_option(out, OPTION_IF_NAME, name, strlen(name));
	put_option(out, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	put_end_of_options(out);
	put_u32(out, (uint32_t)length);
}

static size_t comments_size(const char *const *comments)
{
	size_t size = 0;

	for (; comments && *comments; comments++)
		size += option_size(strlen(*comments));
	return size ? size + 4 : 0;
}

void pcapng_add_packet(FILE *out, const struct pcapng_packet *packet)
{
	const char *const *comment = packet->comments;
	size_t length = LENGTHS + 20 + padded(packet->captured) +
			comments_size(packet->comments);

	begin_block(out, PACKET, length);
	put_u32(out, packet->interface);
	put_u32(out, (uint32_t)(packet->nsec >> 32));
	put_u32(out, (uint32_t)packet->nsec);
	put_u32(out, (uint32_t)packet->captured);
	put_u32(out, (uint32_t)packet->size);
	put(out, packet->bytes, packet->captured);
	for (; comment && *comment; comment++)
		put_option(out, OPTION_COMMENT, *comment, strlen(*comment));
	if (packet->comments && *packet->comments)
		put_end_of_options(out);
	put_u32(out, (uint32_t)length);
}
