/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world: hosts, their cables to the wire, and the faults that happen to them.
 * The verbs of fault.h act on it.
 *
 * Most hosts have one cable and are in one network. A host with two is a router
 * between its networks, unless its plan says that it is multihomed. Hosts have
 * routes, by the fewest hops, to all networks that contain a host that does not
 * forward; or those of their plan.
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

/* Index of a host's eth0; eth1 and so on follow. Lower ones belong to lo, and
 * to sit0, tunl0 and the like, which every new namespace has where their
 * drivers are loaded. */
enum { WORLD_HOST_IFINDEX = 50 };

/*
 * In the namespace that this process is in, which becomes the wire's. Borrows
 * `loop` and `journal`. `on_exit` is called for every process that ends, except
 * those that a crash kills.
 */
int world_new(struct world **ret, struct loop *loop, struct journal *journal,
	      host_exit_fn on_exit, void *data);
struct world *world_free(struct world *world);

/*
 * MTU in bytes, at most 65535, of the interfaces of all hosts that are added
 * from now on and whose plan has none; 0: the kernel's default. A large MTU is
 * for bulk: a frame is still one segment, with forty times as many bytes.
 */
void world_set_mtu(struct world *world, unsigned int mtu);

/*
 * With offload, hosts that are added from now on send several segments as one
 * frame, as with a network card that has TSO, and those with one cable also receive
 * them so (GRO; offload.h): the wire forwards it whole, and each record has the
 * number of its segments. Without, as after world_new(), one frame is one segment.
 */
void world_set_offload(struct world *world, bool on);

/*
 * Adds a host with its cables, which are still down. The settings are copied;
 * those of an interface ("net.ipv4.neigh.eth0....") are written once the
 * interface exists.
 */
int world_add_host(struct world *world, const struct host_plan *plan,
		   const struct sysctl_setting *settings, size_t n_settings);

/*
 * Sets all cables up, waits for their carrier, and adds the routes. With
 * `permanent_neighbours` every host has a permanent neighbour entry for every
 * other host of its networks: then address resolution never fails, and no errno
 * depends on the age of an entry.
 */
int world_connect(struct world *world, bool permanent_neighbours);

/* NULL for an unknown name. */
struct host *world_host(struct world *world, const char *name);
/* The wire's end of its nth cable, from 0; NULL where it has none. */
struct wire_port *world_cable(struct world *world, const char *name, size_t n);
/* Of its first, or only, cable. */
struct wire_port *world_port(struct world *world, const char *name);
struct diag *world_diag(struct world *world, const char *name);
struct wire *world_wire(struct world *world);

/* --- faults: what happens to a cable happens to all cables of the host  */

/* The path between the host and the rest drops every frame, in the directions
 * that are true; neither end loses its carrier. */
int world_cut(struct world *world, const char *name, bool from_host,
	      bool to_host);

/*
 * Suspends the host's machine, its kernel too, as a paused guest, or resumes
 * it. host_freeze() stops the processes; the kernel cannot be stopped, but
 * nothing that it sends gets out, and nothing gets in: wire_port_suspend().
 */
int world_set_suspended(struct world *world, const char *name, bool suspended);

/* Aborts every connection of the host, as `ss -K` does: tcp_abort() reports
 * ECONNABORTED to its process and sends a RST. Listening sockets and TIME-WAIT
 * stay. -EOPNOTSUPP without CONFIG_INET_DIAG_DESTROY. */
int world_destroy(struct world *world, const char *name);

/* A gateway loses its connection tracking entries. */
int world_forget(struct world *world, const char *name);

/*
 * The host's machine dies. Its cable is cut first, so that no FIN or RST of its
 * dying processes gets out; then every process is killed at once. The sockets
 * that are left in its kernel are reset, so that no orphan keeps the namespace.
 */
int world_crash(struct world *world, const char *name);

/* Replaces a dead machine, or one that crashes now, by a new one with the same
 * name, addresses, MAC addresses and settings, and without any state of the
 * former one. */
int world_reboot(struct world *world, const char *name);

/*
 * Sets the wire's end of the host's cable down: the host loses its carrier.
 * Returns when its kernel has processed the change: the queue is deactivated,
 * routes are marked as linkdown. Plugged in, returns when there is a carrier.
 */
int world_set_plugged(struct world *world, const char *name, bool plugged);

/*
 * Sets the host's own interface down, as its administrator does: the kernel
 * deletes its routes, IPv6 addresses and neighbour entries. Set up again, with
 * the addresses, routes and neighbours that the host was made with, returns
 * when there is a carrier.
 */
int world_set_up(struct world *world, const char *name, bool up);

/* Removes the addresses from the host's interface, or adds them again, with the
 * routes and neighbours that went with them. */
int world_set_addressed(struct world *world, const char *name, bool addressed);

/*
 * Moves a floating address from one host to another one of the same network,
 * also where one of them is dead or its address is removed. With `announce` the
 * new host broadcasts it: gratuitous ARP, or an unsolicited neighbour
 * advertisement. -ENOENT: `from` does not have it, or `to` is not in the
 * network.
 */
int world_move_address(struct world *world, const struct address *address,
		       const char *from, const char *to, bool announce);

/* The state of a host's first interface. */
struct world_link {
	struct rtnl_link link;
	bool address; /* it has its own address */
	enum rtnl_route route; /* to the other hosts */
};

int world_get_link(struct world *world, const char *name,
		   struct world_link *ret);

/*
 * Kills every machine and resets the sockets that are left. For use after the
 * verdict. Without it the kernel cleans up as well, but an orphan with unsent
 * data keeps its namespace for up to two minutes.
 */
void world_end(struct world *world);
