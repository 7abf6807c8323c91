/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a world, for its own files: world.c makes hosts and cables,
 * world-paths.c tells the hosts who is where, world-faults.c lets things happen
 * to them.
 */
#pragma once

#include "world.h"

/* Of eth0; eth1 and its like follow. Before it come lo, and sit0, tunl0 and their
 * kin, which every new namespace has where their drivers are. */
enum { HOST_IFINDEX = 50 };

/* A place in the world. The host in it may be replaced by a reboot. */
struct place {
	struct place *next;
	struct host_plan plan;
	char name[HOST_NAME];
	struct sysctl_setting *settings;
	size_t n_settings;
	struct host *host;
	struct diag *diag;
	size_t n_cables;
	struct wire_port *ports[HOST_CABLES];
	/* For world-paths.c, while it works: */
	unsigned int
		hops[HOST_CABLES]; /* routers on the way from its network */
	const struct place *gateway; /* whom the default route goes by */
};

struct world {
	struct loop *loop;
	struct journal *journal;
	struct wire *wire;
	struct rtnl *rtnl; /* the wire's */
	int namespace; /* the wire's */
	struct place *places;
	bool permanent;
	int next_ifindex;
	unsigned int mtu; /* of all cables; 0: the kernel's default */
	host_exit_fn on_exit;
	void *data;
};

/* --- world.c ---------------------------------------------------------- */

/* -ENOENT for a name that is none. */
int world_find(struct world *world, const char *name, struct place **ret);

/* The machine of a place, switched on and cabled, its interfaces still down. */
int world_furnish(struct world *world, struct place *place);

/* Its cables go up, at both ends, and its neighbours are known; and once all of
 * them carry. */
int world_raise(struct world *world, struct place *place);
int world_wait_running(struct world *world, struct place *place);

/* How long a link may take to carry, which is a matter of milliseconds. */
static const nsec_t world_link_patience = SEC(10);

/* Of a network with addresses of that family. */
unsigned int world_prefix_of(const struct address *address);

/* Those that the cable's end has by its plan. */
int world_add_addresses(struct place *place, size_t cable);

/* --- world-paths.c ---------------------------------------------------- */

/* Tells the host all that its permanent neighbours are. */
int world_introduce(struct world *world, struct place *place);

/* Gives one host its routes, or all of them (NULL). Their links are up. */
int world_add_routes(struct world *world, struct place *only);
