/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway or firewall is: rules, in the language of nft(8), and the
 * state that its kernel keeps of every connection that went by.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

/* Built with libnftables. */
bool firewall_possible(void);

/*
 * Adds the rules to those of the namespace `fd`. -EOPNOTSUPP where this program
 * or this kernel cannot have them; -EINVAL, with what libnftables says, for
 * rules that are none.
 */
int firewall_load(int fd, const char *rules);

/*
 * The kernel of the namespace `fd` forgets every connection. What comes next of
 * one is looked at as if nothing had been there: a translated address is not
 * translated back any more.
 */
int firewall_forget(int fd);

/* Who talks to whom, as one side of it sees it. */
struct firewall_tuple {
	struct address source, destination;
	uint16_t source_port, destination_port; /* TCP's */
};

/*
 * What the kernel of the namespace `fd` knows of TCP connections at the moment:
 * `fn` is called with both tuples of each, as its first packet came and as the
 * answer to that comes. (What has outlived its time-out is not known.)
 */
typedef void (*firewall_fn)(void *data, const struct firewall_tuple *original,
			    const struct firewall_tuple *reply);
int firewall_each(int fd, int family, firewall_fn fn, void *data);
