/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host: a network namespace, and a PID namespace whose init represents the
 * power of the machine. One SIGKILL to the init ends everything that ran on the
 * machine, daemonised grandchildren too.
 *
 * Processes in a host have no capabilities and do not run as root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "loop.h"
#include "nsec.h"
#include "privilege.h"

struct host;
struct rtnl;

enum {
	HOST_NAME = 16,
	HOST_CABLES = 4,
	HOST_ADDRESSES = 2,
	HOST_FLOATING = 8,
	HOST_ROUTES = 16,
	/* Length of the prefix of every network. */
	HOST_PREFIX_V4 = 24,
	HOST_PREFIX_V6 = 64,
	/* Of a program, at most; and their bytes, with NULs. */
	HOST_ARGUMENTS = 256,
	HOST_ARGUMENTS_SIZE = 16384,
};

/* Cables with the same number are in one network: their hosts receive each
 * other's broadcasts, and reach each other without a router. */
struct cable_plan {
	unsigned int network;
	struct address addresses[HOST_ADDRESSES]; /* family 0: none */
	/* Further addresses, which may move to another host of the network:
	 * other hosts have no permanent neighbour entries for them. */
	struct address floating[HOST_FLOATING]; /* family 0: none */
	uint8_t mac[6]; /* all zero: no such cable */
	unsigned int mtu; /* of the interface; 0: of the world */
	unsigned int network_mtu; /* frames that are larger are lost; 0: none */
};

/* `to` with family 0 is the default route; else that network or, with
 * `to_host`, that address alone. */
struct route_plan {
	struct address to;
	bool to_host;
	struct address via;
};

/* eth0 is the first cable's interface, eth1 the second's. A host with two
 * cables is a router: it forwards, unless it is `multihomed`. */
struct host_plan {
	const char *name; /* copied; at most HOST_NAME - 1 characters */
	const char *rules; /* of its firewall, for nft(8); NULL. Borrowed. */
	const struct ipvs_plan *ipvs; /* NULL: balances nothing. Borrowed. */
	bool programs; /* its processes see privilege_mounts_for_host() */
	/* With `programs`: when the host has more processes than that, all are
	 * killed, and on_exit() is called with pid -1. 0: no limit. */
	unsigned int processes;
	unsigned int
		grants; /* enum privilege_grant: what its programs may get */
	struct cable_plan cables[HOST_CABLES];
	bool multihomed;
	/* These instead of those by the fewest hops. */
	bool static_routes;
	struct route_plan routes[HOST_ROUTES]; /* ends with via.family 0 */
};

bool host_plan_forwards(const struct host_plan *plan);
size_t host_plan_cables(const struct host_plan *plan);

/* The cable's address of that family; family 0 where it has none. */
struct address cable_address(const struct cable_plan *cable, int family);

/* A process of the host ended, with `status` as of wait(); or the host's init
 * itself, unexpectedly: then `pid` is 0; or all were killed, because they were
 * too many: then it is -1. */
typedef void (*host_exit_fn)(void *data, struct host *host, pid_t pid,
			     int status);

/*
 * Makes both namespaces and starts the init. The only link is lo, which is up.
 * IPv6 is disabled unless the plan has an address of that family.
 */
int host_new(struct host **ret, struct loop *loop, const struct host_plan *plan,
	     host_exit_fn on_exit, void *data);
struct host *host_free(struct host *host);

const char *host_name(const struct host *host);
const struct host_plan *host_plan(const struct host *host);
/* The address of its first cable; family 0: it has none of that family. */
struct address host_address(const struct host *host, int family);
int host_namespace(const struct host *host);
struct rtnl *host_rtnl(struct host *host);
bool host_is_running(const struct host *host);
/* The pid of its init in this process' PID namespace; 0 when it is dead. */
pid_t host_init(const struct host *host);

/* A socket in the host's network namespace, close-on-exec. */
int host_socket(struct host *host, int family, int type, int protocol);

struct host_program {
	int exe; /* fd of the program, or -1: argv[0] is a path */
	const char *const *argv; /* NULL-terminated */
	/* They become the program's fds 0, 1, 2 and 3. -1: /dev/null, and no
	 * fd 3. The caller keeps its own. */
	int fds[4];
	/* fd 0 is a terminal, and becomes the controlling terminal of a session
	 * of its own. */
	bool has_terminal;
	uint64_t families; /* of sockets, see filter_socket_families() */
	unsigned int grants; /* enum privilege_grant, of the host's */
	uint64_t memory; /* bytes of data, RLIMIT_DATA; 0: no limit */
	/* Of the process where this one is root; NULL: those of
	 * privilege_program_ids(). Never root's. */
	const struct privilege_ids *ids;
};

/*
 * Opens a pseudo-terminal that is in the host's /dev/pts. Returns its master,
 * close-on-exec; the slave is still locked. This and the next three fail with
 * -ETIMEDOUT when the init of the host does not reply within 10 s.
 */
int host_open_terminal(struct host *host);

/* Waits until the init replies, which is then in its namespaces. After
 * host_new() it may still be about to enter them. */
int host_wait_ready(struct host *host);

/* Returns the pid in the host's PID namespace. */
pid_t host_start(struct host *host, const struct host_program *program);
int host_signal(struct host *host, pid_t pid, int signal);

/*
 * Stops every process of the host (SIGSTOP), and returns when none runs any
 * more; -ETIMEDOUT after a second. The host's kernel continues: it acknowledges
 * data and answers probes.
 */
int host_freeze(struct host *host);
int host_thaw(struct host *host);

/* Kills every process at once. They are dead when host_power_off() returns. */
int host_kill(struct host *host);

/* Kills every process at once and waits until all are dead. The network
 * namespace stays, so that the sockets that are left in it can be examined. */
int host_power_off(struct host *host);

/*
 * The total time that each process of this PID namespace, those of hosts
 * included, has waited for a CPU. None where /proc cannot be read.
 */
void host_each_run_delay(void (*fn)(void *data, pid_t pid, nsec_t waited),
			 void *data);

/* The largest of them: an upper bound of the scheduling delay of every single
 * call of a process. */
nsec_t host_longest_run_delay(void);
