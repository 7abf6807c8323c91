/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world: hosts, their cables to the wire, and what happens to them. The fault
 * verbs of netns/fault.h act on it.
 *
 * Most hosts have one cable and are in one network. A host with two is a router
 * between theirs; every other host knows the shortest way to all networks that
 * hosts with one cable are in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "host.h"
#include "journal.h"
#include "loop.h"
#include "rtnl.h"
#include "sysctl.h"
#include "wire.h"

struct world;

/*
 * In the namespace that this process is in, which becomes the wire's. Borrows
 * `loop` and `journal`. `on_exit` is told of every process that ends; a crash
 * that was ordered is not told.
 */
int world_new(struct world **ret, struct loop *loop, struct journal *journal,
	      host_exit_fn on_exit, void *data);
struct world *world_free(struct world *world);

/*
 * Of the cables of all hosts that are added from now on, both ends; at most
 * 65535, 0 for the kernel's default. A large one carries bulk: still one segment
 * is one frame, but forty times as much of it.
 */
void world_set_mtu(struct world *world, unsigned int mtu);

/*
 * Adds a host with its cables, not yet up. The settings are copied; those of an
 * interface ("net.ipv4.neigh.eth0.…") are written when the interface is there.
 */
int world_add_host(struct world *world, const struct host_plan *plan,
		   const struct sysctl_setting *settings, size_t n_settings);

/*
 * Brings all cables up and waits until they carry; then the hosts get their
 * routes. With `permanent`, every host knows the MAC of every other one in its
 * networks for good: address resolution never fails, and no errno comes by the
 * luck of an ageing entry.
 */
int world_connect(struct world *world, bool permanent);

/* NULL for a name that is none. */
struct host *world_host(struct world *world, const char *name);
/* The end of its nth cable, from 0; NULL where it has none. */
struct wire_port *world_cable(struct world *world, const char *name, size_t n);
/* Of its first, or only, cable. */
struct wire_port *world_port(struct world *world, const char *name);
struct diag *world_diag(struct world *world, const char *name);
struct wire *world_wire(struct world *world);

/* Everything that happens to a host's cable happens to all that it has. */

/* The path between the host and the rest blackholes: wire_port_cut(). */
int world_cut(struct world *world, const char *name, bool from_host,
	      bool to_host);

/* The host's machine stands still, kernel and all, as a paused guest does; or
 * goes on. Processes are stopped by host_freeze(); the kernel, which cannot be,
 * is not heard, and hears nothing until it goes on: wire_port_suspend(). */
int world_set_suspended(struct world *world, const char *name, bool still);

/* A gateway loses what it knows of the connections that go through it. */
int world_forget(struct world *world, const char *name);

/*
 * The host's machine dies: its cable first, so that no FIN and no RST of its
 * dying processes gets out, then every process at once. What its kernel still
 * holds is reset, so that no orphan keeps the namespace.
 */
int world_crash(struct world *world, const char *name);

/* A new machine in the place of a dead (or crashed first) one: the same name,
 * addresses, MAC and settings, and no memory. */
int world_reboot(struct world *world, const char *name);

/* The wire's end of the host's cable goes down: the host loses its carrier.
 * Returns when its kernel has made of it what it will: no queue, routes marked
 * as linkdown; or, plugged in again, when it carries. */
int world_set_plugged(struct world *world, const char *name, bool plugged);

/*
 * The host's own interface set down by its administrator: the kernel drops the
 * routes, the IPv6 addresses and the neighbours that it had by it. Set up
 * again, with the addresses, routes and neighbours that the host was made with,
 * returns when it carries.
 */
int world_set_up(struct world *world, const char *name, bool up);

/* The host's addresses are taken from its interface, or given back with what
 * had gone with them. */
int world_set_addressed(struct world *world, const char *name, bool addressed);

/* What the host's kernel says of its interface. */
struct world_link {
	struct rtnl_link link;
	bool address; /* its own address is there */
	enum rtnl_route route; /* to the other hosts */
};

int world_get_link(struct world *world, const char *name,
		   struct world_link *ret);

/*
 * The end of it all: every machine dies, and what its kernel still holds is
 * reset. Called when the verdict is out; dying without it is as good, but an
 * orphan with unsent data then keeps its namespace for up to two minutes.
 */
void world_end(struct world *world);
