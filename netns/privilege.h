/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what. A world needs CAP_NET_ADMIN over namespaces of its own and
 * nothing over the machine's: an ordinary user gets that from a user
 * namespace, which maps his own uid to itself. (Under a map to 0, real programs
 * fail: setgroups is denied, and files of their users cannot be owned.)
 *
 * Of one run, from the outside in:
 *
 *	the program   what its caller has; it opens no namespace and no sysctl
 *	the case      in namespaces of its own: privilege_keep_for_world()
 *	a host's init privilege_keep_for_init(); nothing, where it is not root
 *	probe, program  nothing, and not uid 0: privilege_drop()
 *
 * All but the first can gain nothing by an exec (no_new_privs).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* True when worlds need a user namespace here: not root, or root without
 * CAP_SYS_ADMIN (a container's). */
bool privilege_rootless(void);

/* CLONE_NEW… for the process that will hold a world. */
uint64_t privilege_clone_flags(void);

/*
 * fork() into the namespaces of `flags`: 0 in the child, the pid and a pidfd
 * (the caller's; may be NULL) in the parent. No fork handlers run and no stack
 * is given: for processes of one thread.
 */
pid_t privilege_clone(uint64_t flags, int *ret_pidfd);

/* Called by the parent: maps the caller's uid and gid in `child` to
 * themselves; for uid 0 also nobody's, where that is allowed. Nothing to do
 * without a user namespace. */
int privilege_map_child(pid_t child);

/*
 * In the new mount namespace: a /proc of its own, tmpfs on /run, /tmp and
 * /var/log, an /etc/passwd that knows the uid. What a container refuses is left
 * as it was. Fails only when mounts would leak to the machine.
 */
int privilege_private_mounts(void);

/* After that: names of hosts, lines as of hosts(5), for those who look them up.
 * False where a container refuses it. */
bool privilege_own_names(const char *lines);

/* True when /proc shows the processes of this PID namespace. */
bool privilege_has_own_proc(void);

/*
 * For good: what holds a world keeps what worlds need, of that which it has,
 * over its namespaces; a host's init what starting and signalling processes of
 * another uid needs. Both set no_new_privs.
 */
int privilege_keep_for_world(void);
int privilege_keep_for_init(void);

/*
 * For who looks into a host with his own tools, after setns(): an exec by a uid
 * other than 0 leaves him CAP_NET_ADMIN and CAP_NET_RAW of the host's user
 * namespace, for tcpdump and ip. Nothing to do for root.
 */
void privilege_keep_for_tools(void);

/*
 * For good, before exec: no capabilities, none to be gained (bounding set,
 * no_new_privs), and not uid 0: as root the process becomes `uid`, `gid`.
 */
int privilege_drop(uid_t uid, gid_t gid);

/* The uid and gid for probes and programs: nobody's for root, else the
 * caller's own. */
void privilege_program_ids(uid_t *ret_uid, gid_t *ret_gid);

/*
 * Whether worlds can be made here at all: tries it in a child that ends at
 * once. -EPERM and its kin with one clear sentence about what is missing and
 * how to allow it; -EAGAIN, -EMFILE, -ENFILE or -ENOMEM where only this process
 * has no more of something.
 */
int privilege_check(void);
