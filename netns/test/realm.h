/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests that need namespaces: a world with two hosts and a journal. The
 * program clones itself once into new namespaces; each test gets a new network
 * namespace in there. (LeakSanitizer fails in a process that called
 * unshare(CLONE_NEWPID), and works in a cloned one.)
 */
#pragma once

#include "firewall.h"
#include "ipvs.h"
#include "unit.h"
#include "world.h"

/* Returns the exit status of main(): 77, with the reason printed, where
 * namespaces are refused. */
int realm_run(const char *name, const TTest *const *const *tests, size_t n);

/* Moves this process into a new, empty network namespace, as before each
 * test. */
void realm_new_network(void);

/* Asserts success; prints the error trail otherwise. */
#define realm_ok(call_)                                                        \
	do {                                                                   \
		int realm_r_ = (int)(call_);                                   \
		ck_assert_msg(realm_r_ >= 0, "%s: %s", #call_, error_trail()); \
	} while (0)

/* Two hosts, "client" and "server", and a journal in memory. */
struct realm {
	struct loop *loop;
	struct journal *journal;
	int file; /* the journal's */
	struct world *world;
	struct wire *wire;
	/* Of on_exit: the number of calls, the arguments of the last one. */
	unsigned int n_exits;
	struct host *exit_host;
	pid_t exit_pid;
	int exit_status;
};

/* `family`: AF_INET or AF_INET6. */
void realm_begin(struct realm *realm, int family);
void realm_begin_with_mtu(struct realm *realm, int family, unsigned int mtu);
void realm_begin_with_offload(struct realm *realm, int family);
/* With a chain of routers between them: "router-1" and so on. Router k has the
 * address .254 in network k - 1 and .253 in network k. */
void realm_begin_routed(struct realm *realm, int family, unsigned int routers,
			bool permanent);
/* With one router, which has rules for nft(8). */
void realm_begin_gateway(struct realm *realm, int family, const char *rules);
/* The router balances with IPVS, IPv4, between "server" and "second", which are
 * behind it. */
void realm_begin_balancer(struct realm *realm, const char *rules,
			  const struct ipvs_plan *plan);
void realm_end(struct realm *realm);

/* Runs the loop for this long. */
void realm_run_for(struct realm *realm, nsec_t duration);

/* Runs the loop until the condition is true; fails after five seconds. */
#define realm_until(realm_, truth_)                                            \
	do {                                                                   \
		nsec_t realm_end_ = nsec_now() + SEC(5);                       \
		while (!(truth_) && nsec_now() < realm_end_)                   \
			realm_run_for((realm_), MSEC(1));                      \
		ck_assert_msg((truth_), "not within five seconds: %s",         \
			      #truth_);                                        \
	} while (0)

struct host *realm_host(struct realm *realm, const char *name);

/* The records of the journal so far, as an array; a new reference. */
json_t *realm_records(struct realm *realm);

/* The number of frames from the host with this fate and any of these kinds. */
unsigned int realm_frames(struct realm *realm, const char *from,
			  unsigned int kinds, enum wire_fate fate);

/* Of a list of connection tracking entries: their number, and the last one. */
struct realm_entries {
	unsigned int n;
	struct firewall_tuple original, reply;
};

/* For firewall_each() and ipvs_each(); `data` is a struct realm_entries. */
void realm_add_entry(void *data, const struct firewall_tuple *original,
		     const struct firewall_tuple *reply);

/* --- non-blocking sockets of this process in a host ------------------- */

/* Bound to the host's address and `port` (0: any), with SO_REUSEADDR. */
int realm_socket(struct realm *realm, const char *host, int type,
		 uint16_t port);
int realm_listener(struct realm *realm, uint16_t port);

/* Starts a connection from "client" to a port of "server", or of `host`. */
int realm_connect(struct realm *realm, uint16_t port);
int realm_connect_to(struct realm *realm, const char *host, uint16_t port);
bool realm_is_ready(int fd, short events);

/* Makes a connection; returns the client's end. */
int realm_pair(struct realm *realm, int *ret_server);

/* Sends a datagram to port 7 of the host. */
void realm_send_datagram(struct realm *realm, int from, const char *host,
			 const char *text);
/* The next datagram; "" when there is none. Static storage. */
const char *realm_receive_text(int fd);
