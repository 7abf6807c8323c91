/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User namespaces, capabilities, ids and private mounts. A world needs
 * CAP_NET_ADMIN over its own namespaces and nothing over the machine's. An
 * ordinary user gets it from a user namespace that maps the caller's uid to
 * itself. (With a map to uid 0, real programs fail: setgroups is denied, and
 * files cannot belong to their users.)
 *
 * The processes of a run, from the outside to the inside:
 *
 *	halfopen         the capabilities of its caller; it opens no
 *	                 namespace and writes no sysctl
 *	case             in namespaces of its own: privilege_keep_for_world()
 *	init of a host   privilege_keep_for_init()
 *	probe, program   none, or what the lab's file grants, and not uid 0:
 *	                 privilege_drop()
 *
 * All but the first have no_new_privs: an exec gains nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* True when worlds need a user namespace here: not root, or root without the
 * capabilities for a world (a container's). */
bool privilege_rootless(void);

/* CLONE_NEW... for the process that will hold a world. */
uint64_t privilege_clone_flags(void);

/*
 * fork() into the namespaces of `flags`: 0 in the child, the pid and a pidfd
 * (which the caller closes; may be NULL) in the parent. For processes with one
 * thread: it is the bare clone3(2), without fork handlers.
 */
pid_t privilege_clone(uint64_t flags, int *ret_pidfd);

/* For the parent: maps the caller's uid and gid in the user namespace of
 * `child` to themselves; for uid 0 also nobody's, where that is allowed. Does
 * nothing without a user namespace. */
int privilege_map_child(pid_t child);

/*
 * In the new mount namespace: mounts a new /proc, and tmpfs on /run and /tmp,
 * the latter of that size in bytes (0: 256 MiB). A mount that a container
 * refuses is skipped. Fails only when mounts would propagate to the machine.
 */
int privilege_private_mounts(uint64_t tmp_size);

/*
 * After that, where programs of the user will run: tmpfs on /var/log and
 * /var/tmp, and an /etc with a hosts, a passwd and an nsswitch.conf of its own.
 * Everything else in /etc is the machine's.
 */
void privilege_mounts_for_programs(void);

/* The folders that hide those of the machine, "/tmp/" and so on, then NULL. */
const char *const *privilege_private_folders(void);

/*
 * For the init of a host, in its PID namespace: a mount namespace with a /proc
 * that shows the processes of this host only, a /dev/shm and a /dev/pts, and an
 * IPC namespace with /dev/mqueue. What a container refuses is skipped; /proc is
 * refused if, and only if, the run's own was (privilege_has_own_proc()).
 *
 * From Linux 6.14 on, the PID namespace gets a limit of about `processes`
 * processes and threads (0: none), beyond which fork() fails with EAGAIN.
 */
void privilege_mounts_for_host(unsigned int processes);

/* After that: writes these lines, hosts(5), into /etc/hosts. False where a
 * container refuses the private /etc. */
bool privilege_own_names(const char *lines);

/* True when /proc shows the processes of this PID namespace. */
bool privilege_has_own_proc(void);

/* Capabilities that a program may have, over its host's network namespace. */
enum privilege_grant {
	PRIVILEGE_NET_ADMIN = 1 << 0,
	PRIVILEGE_NET_RAW = 1 << 1,
};

/*
 * Both drop capabilities irrevocably and set no_new_privs. The process that
 * holds a world keeps those that worlds need, as far as it has them; a host's
 * init keeps those for starting and signalling processes of another uid, those
 * that it may grant (enum privilege_grant), and always CAP_KILL, so that no
 * program of its uid can trace it.
 */
int privilege_keep_for_world(void);
int privilege_keep_for_init(unsigned int grants);

/*
 * For a shell of the user in a host, after setns(): makes CAP_NET_ADMIN and
 * CAP_NET_RAW of the host's user namespace ambient, so that tcpdump and ip, run
 * by a uid other than 0, have them. Does nothing for root.
 */
void privilege_keep_for_tools(void);

enum { PRIVILEGE_GROUPS = 64 };

struct privilege_ids {
	uid_t uid;
	gid_t gid;
	gid_t groups[PRIVILEGE_GROUPS]; /* supplementary */
	size_t n_groups;
};

/*
 * Before exec: drops all capabilities irrevocably (bounding set, no_new_privs),
 * except the granted ones, which become ambient; root gets these ids.
 */
int privilege_drop(const struct privilege_ids *ids, unsigned int grants);

/* The ids for probes and programs: nobody's for root, else the caller's own.
 * Root in a container without uid nobody, or without CAP_SETUID and CAP_SETGID,
 * has no other uid than its own. */
struct privilege_ids privilege_program_ids(void);

/*
 * The ids of a user in /etc/passwd and /etc/group, the files that its programs see,
 * too. Other sources of nsswitch.conf(5) need shared libraries. -ENOENT: there is
 * no such user; -E2BIG: it has too many groups.
 */
int privilege_user_ids(const char *name, struct privilege_ids *ret);

/*
 * Whether worlds can be made on this machine: tries it in a child that ends at
 * once. -EPERM and similar have a message that explains what is missing and how
 * to allow it; -EAGAIN, -EMFILE, -ENFILE and -ENOMEM mean a shortage.
 */
int privilege_check(void);
