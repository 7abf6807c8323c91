/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IPv4 or IPv6 address. Callers need not distinguish the families. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	int family; /* AF_INET or AF_INET6; 0: no address */
	uint8_t bytes[16]; /* network order; the first 4 for AF_INET */
};

enum { ADDRESS_TEXT = INET6_ADDRSTRLEN + 8 };

/* 4 or 16; 0 for no address. */
size_t address_size(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);

struct address address_from_bytes(int family, const void *bytes);

/* -EINVAL where `text` is neither an IPv4 nor an IPv6 address. */
int address_parse(struct address *ret, const char *text);

/* Writes to `text`, a buffer of ADDRESS_TEXT bytes, and returns it. */
const char *address_text(const struct address *address, char *text);

/*
 * An IPv4 address as an IPv6 socket reports it, ::ffff:10.0.0.1 (RFC 4291
 * section 2.5.5.2), and back. Other addresses are returned unchanged.
 */
struct address address_mapped(const struct address *address);
struct address address_unmapped(const struct address *address);

/* Returns the length for bind() and connect(). */
socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
			      struct sockaddr_storage *ret);
struct address address_from_sockaddr(const struct sockaddr_storage *storage,
				     uint16_t *ret_port);
