/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses are kept in network byte order, 4 or 16 bytes of `bytes` according
 * to the family. The rest of the 16 bytes is zero: sock_diag requests have 16
 * bytes for either family.
 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"

size_t address_size(const struct address *address)
{
	if (address->family == AF_INET)
		return 4;
	return address->family == AF_INET6 ? 16 : 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, address_size(a)) == 0;
}

struct address address_from_bytes(int family, const void *bytes)
{
	struct address address = { .family = family };

	memcpy(address.bytes, bytes, address_size(&address));
	return address;
}

int address_parse(struct address *ret, const char *text)
{
	struct address address = { 0 };

	address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address.family, text, address.bytes) != 1)
		return error_origin(-EINVAL, "address '%s'", text);
	*ret = address;
	return 0;
}

const char *address_text(const struct address *address, char *text)
{
	if (!inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT))
		snprintf(text, ADDRESS_TEXT, "?");
	return text;
}

/* ::ffff:0:0/96, RFC 4291 section 2.5.5.2. An AF_INET6 socket without
 * IPV6_V6ONLY has such addresses on an IPv4 connection; the wire carries
 * IPv4. */
static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

struct address address_mapped(const struct address *address)
{
	struct address mapped = { .family = AF_INET6 };

	if (address->family != AF_INET)
		return *address;
	memcpy(mapped.bytes, mapped_prefix, sizeof(mapped_prefix));
	memcpy(mapped.bytes + sizeof(mapped_prefix), address->bytes, 4);
	return mapped;
}

struct address address_unmapped(const struct address *address)
{
	if (address->family != AF_INET6 ||
	    memcmp(address->bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return *address;
	return address_from_bytes(AF_INET,
				  address->bytes + sizeof(mapped_prefix));
}

socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
			      struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)address->family;
	if (address->family == AF_INET) {
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, address->bytes, 16);
	return sizeof(*in6);
}

struct address address_from_sockaddr(const struct sockaddr_storage *storage,
				     uint16_t *ret_port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)storage;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;

	if (storage->ss_family == AF_INET6) {
		*ret_port = ntohs(in6->sin6_port);
		return address_from_bytes(AF_INET6, &in6->sin6_addr);
	}
	*ret_port = ntohs(in->sin_port);
	return address_from_bytes(AF_INET, &in->sin_addr);
}
