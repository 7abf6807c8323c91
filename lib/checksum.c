/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checksum.h"

#include <arpa/inet.h>
#include <string.h>

/*
 * Adds words of 32 bits in host byte order. A ones' complement sum depends on
 * neither the word size nor the byte order (RFC 1071 section 2).
 */
uint64_t checksum_sum(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t sum = 0;
	uint32_t word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += word;
		at += sizeof(word);
	}
	word = 0;
	memcpy(&word, at, size);
	return sum + word;
}

uint64_t checksum_pseudo(const struct address *source,
			 const struct address *destination, uint8_t protocol,
			 size_t size)
{
	return checksum_sum(source->bytes, address_size(source)) +
	       checksum_sum(destination->bytes, address_size(destination)) +
	       htonl(protocol) + htonl((uint32_t)size);
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

bool checksum_right(uint64_t sum)
{
	return fold(sum) == 0xffff;
}

/*
 * 0 and 0xffff are equal in ones' complement, but 0 means "no checksum" in UDP.
 * Like skb_checksum_help(), this avoids 0 for every protocol.
 */
void checksum_put(void *at, uint64_t sum)
{
	uint16_t checksum = (uint16_t)~fold(sum);

	if (!checksum)
		checksum = 0xffff;
	memcpy(at, &checksum, sizeof(checksum));
}
