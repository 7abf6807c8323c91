/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An IP address of either family; nothing above this file asks which. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address {
	int family; /* AF_INET or AF_INET6; 0 is no address */
	uint8_t bytes[16]; /* network order; the first 4 for AF_INET */
};

enum { ADDRESS_TEXT = INET6_ADDRSTRLEN + 8 };

/* 4 or 16; 0 for no address. */
size_t address_size(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);

struct address address_from_bytes(int family, const void *bytes);

/* -EINVAL for what is neither family's notation. */
int address_parse(struct address *ret, const char *text);

/* Writes into `text`, ADDRESS_TEXT bytes of the caller's, and returns it. */
const char *address_text(const struct address *address, char *text);

/*
 * IPv4's as an IPv6 socket has it, ::ffff:10.0.0.1 (RFC 4291 section 2.5.5.2), and
 * back. What is none of those stays as it is.
 */
struct address address_mapped(const struct address *address);
struct address address_unmapped(const struct address *address);

/* Returns the length for bind() and connect(). */
socklen_t address_to_sockaddr(const struct address *address, uint16_t port,
			      struct sockaddr_storage *ret);
struct address address_from_sockaddr(const struct sockaddr_storage *storage,
				     uint16_t *ret_port);
