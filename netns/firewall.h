/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gateways and firewalls: rules in the language of nft(8), and the connection
 * tracking entries of the kernel (conntrack).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

/* The program that loads rules in a build without libnftables; NULL in another
 * one. */
const char *firewall_program(void);

/* False where that program is not installed. */
bool firewall_possible(void);

struct firewall_position {
	unsigned int line, column; /* from 1, a column in bytes; 0: not known */
};

/*
 * Loads the rules `base`, which are valid, and `rules` in a network namespace of
 * a child process, which then ends. Returns -EINVAL for invalid rules, with the
 * message of libnftables and the position in `rules`; and for `include` in them:
 * the library reads any file that this process may read, and its messages quote
 * the file. Returns 0 also where rules cannot be loaded: firewall_load() reports
 * it.
 */
int firewall_check(const char *base, const char *rules,
		   struct firewall_position *ret);

/*
 * Adds the rules to those of the namespace `fd`. -EOPNOTSUPP where nft or
 * this kernel's support for them is missing; -EINVAL, with the message of
 * libnftables, for invalid rules.
 */
int firewall_load(int fd, const char *rules);

/*
 * Deletes all connection tracking entries of the namespace `fd`. The next
 * segment of a connection is handled as that of a new one: a translated address
 * is not translated back.
 */
int firewall_forget(int fd);

/* One direction of a connection. */
struct firewall_tuple {
	struct address source, destination;
	uint16_t source_port, destination_port; /* TCP's */
};

/*
 * Calls `fn` for each tracked TCP connection of the namespace `fd`, with the
 * tuple of its first packet and that of the expected reply. Entries whose
 * timeout has expired are not listed.
 */
typedef void (*firewall_fn)(void *data, const struct firewall_tuple *original,
			    const struct firewall_tuple *reply);
int firewall_each(int fd, int family, firewall_fn fn, void *data);
