/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links, addresses, routes and neighbours of one namespace, over rtnetlink.
 * A link is named by its index; sizes of names are IFNAMSIZ.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "nsec.h"

struct rtnl;

/* A socket in the namespace `fd`, which stays there. */
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
 * A veth pair in one request, both ends made down, where they belong, with
 * their indices and addresses (`a` in the namespace of `rtnl`, whatever its
 * `namespace` says).
 */
int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_end *a,
		  const struct rtnl_end *b);

int rtnl_set_up(struct rtnl *rtnl, int ifindex, bool up);

/* Up, and the kernel will really send: operstate UP. Fills in `ret`. */
int rtnl_is_running(struct rtnl *rtnl, int ifindex, bool *ret);

/* What the kernel says of a link. */
struct rtnl_link {
	bool up; /* by its administrator */
	bool carrier;
	uint8_t operstate; /* IF_OPER_UP and its kin, <linux/if.h> */
};

int rtnl_get_link(struct rtnl *rtnl, int ifindex, struct rtnl_link *ret);

/* Of the table entry for an address: nothing, or one that the kernel would
 * use. It marks those of a link without carrier. */
enum rtnl_route {
	RTNL_ROUTE_NONE,
	RTNL_ROUTE_LINKDOWN,
	RTNL_ROUTE_GOOD,
};

int rtnl_get_route(struct rtnl *rtnl, const struct address *address,
		   enum rtnl_route *ret);

/* Whether the address is this host's own. */
int rtnl_is_local(struct rtnl *rtnl, const struct address *address, bool *ret);

/*
 * Waits until it is. Just after "up" the link is not yet running, and what is
 * sent meanwhile vanishes: a lost SYN costs a second.
 */
int rtnl_wait_running(struct rtnl *rtnl, int ifindex, nsec_t timeout);

/* The opposite: just after the carrier is lost the link still runs, for a
 * moment, and refuses each frame by itself. */
int rtnl_wait_stopped(struct rtnl *rtnl, int ifindex, nsec_t timeout);

/* With the prefix' on-link route. IPv6: without duplicate detection. */
int rtnl_add_address(struct rtnl *rtnl, int ifindex,
		     const struct address *address, unsigned int prefix);

/* Its on-link route goes as well, and with the last IPv4 address whatever else
 * the interface has of IPv4, permanent neighbours too: fib_inetaddr_event(). */
int rtnl_remove_address(struct rtnl *rtnl, int ifindex,
			const struct address *address, unsigned int prefix);

/*
 * Waits until what arrives for the address is taken. An IPv6 address is there
 * at once and answers nothing until a work queue has been at it, with the link
 * up.
 */
int rtnl_wait_address(struct rtnl *rtnl, int ifindex,
		      const struct address *address, nsec_t timeout);

/* Permanent: address resolution never fails by time. */
int rtnl_add_neighbour(struct rtnl *rtnl, int ifindex,
		       const struct address *address, const uint8_t mac[6]);

/*
 * To all addresses that share the prefix with `to` (a multiple of 8; 0: to all
 * there are) by the next hop `via`, which is in a network of this host's. Its
 * link must be up. Takes the place of one that is there.
 */
int rtnl_add_route(struct rtnl *rtnl, const struct address *to,
		   unsigned int prefix, const struct address *via);
