/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests that need namespaces. The program clones itself once into namespaces of
 * its own, and each test has a network of its own in there. (A process that
 * called unshare(CLONE_NEWPID) can be no subject of LeakSanitizer; a cloned one
 * can.)
 */
#pragma once

#include "unit.h"
#include "world.h"

/* What main() returns: 77, with the reason, where namespaces are refused. */
int realm_run(const char *name, const TTest *const *const *tests, size_t n);

/* Another empty network for this process; each test begins in one. */
void realm_fresh(void);

/* No failure: what failed and how is printed otherwise. */
#define realm_ok(call_)                                                        \
	do {                                                                   \
		int realm_r_ = (int)(call_);                                   \
		ck_assert_msg(realm_r_ >= 0, "%s: %s", #call_, error_trail()); \
	} while (0)

/* Two hosts, "client" and "server", and a journal that can be read. */
struct realm {
	struct loop *loop;
	struct journal *journal;
	int file; /* the journal's */
	struct world *world;
	struct wire *wire;
	/* What on_exit was told last; n counts the calls. */
	unsigned int n_exits;
	struct host *exit_host;
	pid_t exit_pid;
	int exit_status;
};

/* `family`: AF_INET or AF_INET6. */
void realm_begin(struct realm *realm, int family);
void realm_begin_with_mtu(struct realm *realm, int family, unsigned int mtu);
/* The two, and so many routers in a row between them: "router-1" and so on,
 * each in network k - 1 as number 254, and in network k as number 253. */
void realm_begin_routed(struct realm *realm, int family, unsigned int routers,
			bool permanent);
/* The same with one router, which has rules for nft(8). */
void realm_begin_gateway(struct realm *realm, int family, const char *rules);
void realm_end(struct realm *realm);

/* Serves the world for so long. */
void realm_pass(struct realm *realm, nsec_t duration);

/* Serves the world until it is so, at most five seconds. */
#define realm_until(realm_, truth_)                                            \
	do {                                                                   \
		nsec_t realm_end_ = nsec_now() + SEC(5);                       \
		while (!(truth_) && nsec_now() < realm_end_)                   \
			realm_pass((realm_), MSEC(1));                         \
		ck_assert_msg((truth_), "not in five seconds: %s", #truth_);   \
	} while (0)

struct host *realm_host(struct realm *realm, const char *name);

/* Records of the journal so far: an array, a new reference. */
json_t *realm_records(struct realm *realm);

/* Frames with that fate and any of these kinds, from that host. */
unsigned int realm_frames(struct realm *realm, const char *from,
			  unsigned int kinds, enum wire_fate fate);

/* --- sockets of this process in a host: never blocking ---------------- */

/* Bound to the host's address and `port` (0: any). */
int realm_socket(struct realm *realm, const char *host, int type,
		 uint16_t port);
int realm_listener(struct realm *realm, uint16_t port);

/* Starts connecting "client" to the server's port. */
int realm_connect(struct realm *realm, uint16_t port);
bool realm_is_ready(int fd, short events);

/* A connection: the client's end, and the server's by `ret_server`. */
int realm_pair(struct realm *realm, int *ret_server);

/* One datagram from client to server, both at port 7. */
void realm_say(struct realm *realm, int from, const char *host,
	       const char *text);
/* What can be read now; "" for nothing. Static storage. */
const char *realm_hear(int fd);
