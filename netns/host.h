/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host: a network namespace, and a PID namespace whose init stands for the
 * machine's power. One SIGKILL to that init and everything that ran on the
 * machine is gone, daemonised grandchildren included.
 *
 * What runs in a host has no capabilities and is not root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "loop.h"
#include "nsec.h"

struct host;
struct rtnl;

enum {
	HOST_NAME = 16,
	HOST_CABLES = 4,
	HOST_ADDRESSES = 2,
	/* Of every network, and the part of an address that names it. */
	HOST_PREFIX_V4 = 24,
	HOST_PREFIX_V6 = 64,
};

/* Cables with the same number are in one network: who is in it sees what is
 * sent to all, and is reached without a router. */
struct cable_plan {
	unsigned int network;
	struct address addresses[HOST_ADDRESSES]; /* family 0: none */
	uint8_t mac[6]; /* all zero: no such cable */
};

/* eth0 is the first cable's, eth1 the second's. A host that has two is a
 * router: it forwards. */
struct host_plan {
	const char *name; /* copied; at most HOST_NAME - 1 characters */
	const char *rules; /* of its firewall, for nft(8); NULL. Borrowed. */
	struct cable_plan cables[HOST_CABLES];
};

size_t host_plan_cables(const struct host_plan *plan);

/* Of that cable; family 0 in the answer where it has none. */
struct address cable_address(const struct cable_plan *cable, int family);

/* A process of a host ended, by itself or by a signal (status as of wait()),
 * or `pid` is 0: the host's init itself is gone. */
typedef void (*host_exit_fn)(void *data, struct host *host, pid_t pid,
			     int status);

/*
 * Makes both namespaces and starts the init; no link yet but lo, which is up.
 * IPv6 is off unless the plan has an address of that family.
 */
int host_new(struct host **ret, struct loop *loop, const struct host_plan *plan,
	     host_exit_fn on_exit, void *data);
struct host *host_free(struct host *host);

const char *host_name(const struct host *host);
const struct host_plan *host_plan(const struct host *host);
/* AF_INET or AF_INET6: of its first cable; family 0 where that has none. */
struct address host_address(const struct host *host, int family);
int host_namespace(const struct host *host);
struct rtnl *host_rtnl(struct host *host);
bool host_is_running(const struct host *host);
/* Its init, as this process' PID namespace counts it; 0 when it is dead. */
pid_t host_init(const struct host *host);

/* A socket in the host's network namespace, close-on-exec. */
int host_socket(struct host *host, int family, int type, int protocol);

struct host_program {
	int exe; /* fd of the program, or -1: argv[0] is a path */
	const char *const *argv; /* NULL-terminated */
	/* What becomes the program's 0, 1, 2 and 3; -1: /dev/null, and for 3
	 * nothing. The caller keeps its own. */
	int fds[4];
	/* Whose process it is, where root started this one; else as programs are:
	 * privilege_program_ids(). Never root's. */
	bool has_ids;
	uid_t uid;
	gid_t gid;
};

/* Returns the pid as the host's PID namespace counts it. */
pid_t host_start(struct host *host, const struct host_program *program);
int host_signal(struct host *host, pid_t pid, int signal);

/*
 * Stops (continues) every process of the host; returns when a look finds none
 * running. The host's kernel goes on: it acknowledges, answers probes.
 */
int host_freeze(struct host *host);
int host_thaw(struct host *host);

/* Kills everything at once and waits until it is dead. The network namespace
 * is still there, for looking at what is left in it. */
int host_power_off(struct host *host);
