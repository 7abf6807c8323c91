/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks of a plan: which hosts are in them, the addresses of the hosts,
 * and their routes.
 *
 * The nth network, from 0, has the prefixes 10.0.n.0/24 and fd00:n::/64, with n
 * in hexadecimal. A host has one number in a network, which is the end of both
 * of its addresses: a lab means the same over IPv4 and IPv6.
 */
#pragma once

#include "address.h"
#include "lab-plan.h"

/* -EINVAL: the name is invalid or taken; -E2BIG: too many networks. */
int lab_network_add(struct lab_plan *plan, const char *name,
		    const struct lab_place *place, struct lab_network **ret);

/* NULL: there is none. */
struct lab_network *lab_network_find(const struct lab_plan *plan,
				     const char *name);

/* Adds an interface. -EINVAL: the network is unknown, or the host is in it. */
int lab_network_join(struct lab_plan *plan, struct lab_host *host,
		     const char *network, const struct lab_place *place,
		     struct lab_interface **ret);

/* The number of an address in either family. -EINVAL: it is none, or none for a
 * host of the network. */
int lab_network_number(const struct lab_plan *plan, size_t network,
		       const char *address, unsigned int *ret);

/* The address with that number; returns `text`, of ADDRESS_TEXT bytes. */
const char *lab_network_address(size_t network, unsigned int number, int family,
				char *text);

/* A further address by its name or by its text in either family; NULL: there is
 * none. */
const struct lab_address *lab_network_further(const struct lab_plan *plan,
					      const char *text);

/* A route of the host. `to`: "default", a network or a host. All names are
 * looked up by lab_network_check(). */
int lab_network_add_route(struct lab_plan *plan, struct lab_host *host,
			  const char *to, const char *via,
			  const struct lab_place *place);

/* The MTU of an interface of the host. */
unsigned int lab_network_mtu(const struct lab_plan *plan,
			     const struct lab_host *host,
			     const struct lab_interface *interface);

/* The host's interface in the network; or in one of the other host's networks.
 * NULL: none. */
const struct lab_interface *lab_network_interface(const struct lab_host *host,
						  size_t network);
const struct lab_interface *lab_network_shared(const struct lab_host *host,
					       const struct lab_host *other);

/* Where the file names no networks, the path makes them: the hosts before the
 * gateway are in one, those after it in another, and the gateway is in both.
 * Then every interface without a number gets one, 1 and up, and from 254 down
 * for gateways; and every further address, 100 and up. -EINVAL: a further
 * address is in no network of its host. */
int lab_network_add_defaults(struct lab_plan *plan);

/* Of a complete plan: addresses are not used twice, gateways are between
 * networks, routes lead over neighbours. */
int lab_network_check(const struct lab_plan *plan);
