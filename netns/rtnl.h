/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links, addresses, routes and neighbour entries of one namespace, over
 * rtnetlink(7). A link is named by its index; names have IFNAMSIZ bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "nsec.h"

struct rtnl;

/* Opens a netlink socket in the namespace `fd`. */
int rtnl_new(struct rtnl **ret, int fd);
struct rtnl *rtnl_free(struct rtnl *rtnl);

struct rtnl_end {
	const char *name;
	int ifindex;
	int namespace; /* fd */
	uint8_t mac[6];
	unsigned int gso_max_segs; /* 0: the kernel's default */
	unsigned int mtu; /* 0: the kernel's default, 1500 */
};

/*
 * Makes a veth pair in one request, with indices and addresses. Both ends are
 * down. `a` is in the namespace of `rtnl` (a->namespace is ignored), `b` in
 * b->namespace.
 */
int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_end *a,
		  const struct rtnl_end *b);

int rtnl_set_up(struct rtnl *rtnl, int ifindex, bool up);

/* Whether the link is up and the kernel sends on it: operstate UP. */
int rtnl_is_running(struct rtnl *rtnl, int ifindex, bool *ret);

/* The state of a link. */
struct rtnl_link {
	bool up; /* set up by its administrator */
	bool carrier;
	uint8_t operstate; /* IF_OPER_..., <linux/if.h>; RFC 2863 */
};

int rtnl_get_link(struct rtnl *rtnl, int ifindex, struct rtnl_link *ret);

/* The route to an address. The kernel marks routes of a link without carrier as
 * linkdown. */
enum rtnl_route {
	RTNL_ROUTE_NONE,
	RTNL_ROUTE_LINKDOWN,
	RTNL_ROUTE_GOOD,
};

int rtnl_get_route(struct rtnl *rtnl, const struct address *address,
		   enum rtnl_route *ret);

/* Whether the address is local to the namespace. */
int rtnl_is_local(struct rtnl *rtnl, const struct address *address, bool *ret);

/*
 * Waits until the link is running. Just after "up" it is not, and frames that
 * are sent are lost: a lost SYN costs a second.
 */
int rtnl_wait_running(struct rtnl *rtnl, int ifindex, nsec_t timeout);

/* Waits until the link is not running. Just after the loss of the carrier the
 * queue is still active, and the driver refuses each frame. */
int rtnl_wait_stopped(struct rtnl *rtnl, int ifindex, nsec_t timeout);

/* With the on-link route of the prefix. IPv6: without duplicate address
 * detection. */
int rtnl_add_address(struct rtnl *rtnl, int ifindex,
		     const struct address *address, unsigned int prefix);

/*
 * A single address without an on-link route, which may be on another host
 * tomorrow. An IPv6 address is deprecated, so that it is no source address of
 * new connections (ipv6_get_saddr_eval()).
 */
int rtnl_add_floating_address(struct rtnl *rtnl, int ifindex,
			      const struct address *address);

/* Its on-link route is deleted with it. With the last IPv4 address, the
 * interface loses all its IPv4 routes and neighbour entries, permanent ones
 * too: fib_inetaddr_event(). */
int rtnl_remove_address(struct rtnl *rtnl, int ifindex,
			const struct address *address, unsigned int prefix);

/*
 * Waits until packets for the address are accepted. An IPv6 address exists at
 * once, but works only when the link is up and a work item has completed.
 */
int rtnl_wait_address(struct rtnl *rtnl, int ifindex,
		      const struct address *address, nsec_t timeout);

/* A permanent entry: it never expires. */
int rtnl_add_neighbour(struct rtnl *rtnl, int ifindex,
		       const struct address *address, const uint8_t mac[6]);

/*
 * Adds or replaces the route to the prefix of `to` (its length is a multiple of
 * 8; 0: the default route) by the next hop `via`, which must be on a link that
 * is up.
 */
int rtnl_add_route(struct rtnl *rtnl, const struct address *to,
		   unsigned int prefix, const struct address *via);
