/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order for a process in new namespaces: clone3(2) with CLONE_NEWUSER, the
 * parent writes the maps, the child mounts, and then drops what it does not
 * need. A capability that is dropped from the bounding set is gone for all
 * children.
 */
#include "privilege.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"

enum { NOBODY = 65534 };

static bool has_all(const cap_value_t *wanted, size_t n)
{
	cap_t caps = cap_get_proc();
	bool has = caps;

	for (size_t i = 0; has && i < n; i++) {
		cap_flag_value_t value = CAP_CLEAR;

		cap_get_flag(caps, wanted[i], CAP_EFFECTIVE, &value);
		has = value == CAP_SET;
	}
	cap_free(caps);
	return has;
}

bool privilege_rootless(void)
{
	static const cap_value_t needed[] = { CAP_SYS_ADMIN, CAP_NET_ADMIN,
					      CAP_NET_RAW, CAP_KILL };

	return geteuid() != 0 || !has_all(needed, ARRAY_SIZE(needed));
}

uint64_t privilege_clone_flags(void)
{
	uint64_t flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;

	return privilege_rootless() ? flags | CLONE_NEWUSER : flags;
}

pid_t privilege_clone(uint64_t flags, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	long pid;
	int r = (flags & CLONE_NEWNET) ? namespace_remember_outside() : 0;

	if (r < 0)
		return error_trace(r);
	if (ret_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uintptr_t)&pidfd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return error_origin(-errno, "clone");
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

static int write_proc(pid_t pid, const char *name, const char *text)
{
	CLEANUP_FD int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return error_origin(-errno, "write '%s' to %s", text, path);
	return 0;
}

/*
 * Maps the id to itself. Root in a container can also map nobody, for probes
 * and programs, if the container left it CAP_SETUID and CAP_SETGID.
 */
static int map_id(pid_t child, const char *name, unsigned int id)
{
	char map[64];
	int r;

	snprintf(map, sizeof(map), "%u %u 1\n%d %d 1\n", id, id, NOBODY,
		 NOBODY);
	if (id == 0 && write_proc(child, name, map) >= 0)
		return 0;
	snprintf(map, sizeof(map), "%u %u 1", id, id);
	r = write_proc(child, name, map);
	return error_trace(r);
}

int privilege_map_child(pid_t child)
{
	int r;

	if (!privilege_rootless())
		return 0;
	/* Without privileges a gid map can be written only when setgroups is
	 * denied: new_idmap_permitted(). */
	r = write_proc(child, "setgroups", "deny");
	if (r >= 0)
		r = map_id(child, "uid_map", geteuid());
	if (r >= 0)
		r = map_id(child, "gid_map", getegid());
	return error_trace(r);
}

/* --- mounts ------------------------------------------------------------ */

/*
 * /etc of a lab is a tmpfs of symbolic links to the machine's files, which are
 * bound to MACHINE/etc, and of a few files of its own. A bind mount on
 * /etc/hosts would vanish when the machine renames that file: the kernel
 * detaches the mounts of a name that is renamed or removed, in every mount
 * namespace (__detach_mounts()).
 */
#define MACHINE "/run/halfopen"

static const char *const own_files[] = { "hosts", "nsswitch.conf", "passwd" };

static bool has_own_run; /* /run is a tmpfs of this mount namespace */
static bool has_own_etc; /* and /etc */

static bool mount_tmpfs(const char *path, const char *options)
{
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) ==
	       0;
}

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "we");

	/* Readable for programs, whatever the umask of the caller. */
	if (file)
		fchmod(fileno(file), 0644);
	return file;
}

/*
 * Names are looked up in files only: no service outside is asked, and nobody is
 * the one of /etc/passwd. (nss-systemd synthesises a nobody with a locked
 * password, and sshd rejects locked accounts.)
 */
static void write_nsswitch(void)
{
	FILE *file = create("/etc/nsswitch.conf");

	if (!file)
		return;
	fprintf(file, "passwd: files\ngroup: files\nshadow: files\n"
		      "hosts: files\n");
	fclose(file);
}

/* root, the uid of programs with /tmp as its home, and the other users of the
 * machine. */
static void write_passwd(void)
{
	FILE *file = create("/etc/passwd");
	FILE *machine = fopen(MACHINE "/etc/passwd", "re");
	struct passwd *user;
	struct privilege_ids ids = privilege_program_ids();

	if (file) {
		fprintf(file, "root:x:0:0::/:/bin/sh\n");
		if (ids.uid)
			fprintf(file, "%s:x:%u:%u::/tmp:/bin/sh\n",
				ids.uid == NOBODY ? "nobody" : "user", ids.uid,
				ids.gid);
		while (machine && (user = fgetpwent(machine)))
			if (user->pw_uid != 0 && user->pw_uid != ids.uid)
				putpwent(user, file);
		fclose(file);
	}
	if (machine)
		fclose(machine);
}

static bool is_own_file(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_files); i++)
		if (strcmp(name, own_files[i]) == 0)
			return true;
	return false;
}

/* A symbolic link of the machine is copied, because it may be relative to
 * /etc: os-release -> ../usr/lib/os-release. */
static void link_entry(int etc, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(etc, name, target, sizeof(target) - 1);
	char path[PATH_MAX];

	if (n >= 0)
		target[n] = '\0';
	else
		snprintf(target, sizeof(target), MACHINE "/etc/%s", name);
	snprintf(path, sizeof(path), "/etc/%s", name);
	if (symlink(target, path) < 0)
		return; /* the program that needs the file reports it */
}

static void link_etc(DIR *etc)
{
	/* Relative links in a folder of /etc lead to these: ../../usr/share. */
	static const char *const tops[] = { "bin", "lib", "opt", "run",
					    "sbin", "usr", "var" };
	const struct dirent *entry;

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		char target[16], path[64];

		snprintf(target, sizeof(target), "/%s", tops[i]);
		snprintf(path, sizeof(path), MACHINE "/%s", tops[i]);
		if (symlink(target, path) < 0)
			return;
	}
	while ((entry = readdir(etc)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    !is_own_file(entry->d_name))
			link_entry(dirfd(etc), entry->d_name);
}

/* Recursively: a container may have mounts in /etc, which a process in a user
 * namespace must not uncover (has_locked_children()). */
static bool mount_etc(void)
{
	mode_t mask = umask(022);
	DIR *etc = NULL;

	if (mkdir(MACHINE, 0755) == 0 && mkdir(MACHINE "/etc", 0755) == 0 &&
	    mount("/etc", MACHINE "/etc", NULL, MS_BIND | MS_REC, NULL) == 0)
		etc = opendir(MACHINE "/etc");
	umask(mask);
	if (!etc || !mount_tmpfs("/etc", "mode=755,size=16m")) {
		if (etc)
			closedir(etc);
		return false;
	}
	link_etc(etc);
	closedir(etc);
	return true;
}

/*
 * In a chroot, "/" need not be a mount point: do_change_type() then fails with
 * EINVAL, and a bind mount on it would propagate to the machine. setns() to the
 * own mount namespace leads out of the chroot (mntns_install()). There all
 * mounts become private; then the folder of the chroot is mounted on itself and
 * becomes the root again.
 */
static int mount_chroot(void)
{
	CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int tree = -1;
	char here[PATH_MAX] = "/";

	if (!getcwd(here, sizeof(here)))
		strcpy(here, "/");
	if (root < 0 || own < 0 || setns(own, CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_origin(-errno, "leave the chroot");
	tree = (int)syscall(SYS_open_tree, root, "",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				    AT_EMPTY_PATH | AT_RECURSIVE);
	if (tree < 0 ||
	    syscall(SYS_move_mount, tree, "", root, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ||
	    fchdir(tree) < 0 || chroot(".") < 0)
		return error_origin(-errno, "mount the chroot on itself");
	if (chdir(here) < 0 && chdir("/") < 0)
		return error_origin(-errno, "enter %s", here);
	return 0;
}

/* Otherwise mounts propagate to the parent's namespace. */
static int make_mounts_private(void)
{
	int r;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return error_origin(-errno, "make mounts private");
	r = mount_chroot();
	return error_trace(r);
}

int privilege_private_mounts(uint64_t tmp_size)
{
	char tmp[64];
	int r = make_mounts_private();

	if (r < 0)
		return error_trace(r);
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	snprintf(tmp, sizeof(tmp), "mode=1777,size=%llu",
		 (unsigned long long)(tmp_size ? tmp_size : 256ULL << 20));
	mount_tmpfs("/tmp", tmp);
	has_own_run = mount_tmpfs("/run", "mode=1777,size=256m");
	return 0;
}

const char *const *privilege_private_folders(void)
{
	static const char *const folders[] = { "/tmp/",	    "/run/",
					       "/var/log/", "/var/tmp/",
					       "/dev/shm/", NULL };

	return folders;
}

void privilege_mounts_for_programs(void)
{
	mount_tmpfs("/var/log", "mode=1777,size=256m");
	mount_tmpfs("/var/tmp", "mode=1777,size=256m");
	has_own_etc = has_own_run && mount_etc();
	if (!has_own_etc)
		return;
	write_passwd();
	write_nsswitch();
	privilege_own_names("");
}

/*
 * kernel.pid_max belongs to the PID namespace since Linux 6.14. Before, root
 * would change that of the machine. (RLIMIT_NPROC would count all processes of
 * nobody on the machine, of other runs too, when root started them.)
 */
static void limit_pids(unsigned int processes)
{
	/* Of a range that was used once, the kernel leaves out the first
	 * numbers, RESERVED_PIDS. The rest is for threads, and for the init to
	 * see that there are too many processes. */
	enum { SPARE = 300 + 100 };
	CLEANUP_FD int fd = -1;
	unsigned int major = 0, minor = 0;
	struct utsname kernel;
	char text[16];

	if (!processes || uname(&kernel) < 0 ||
	    sscanf(kernel.release, "%u.%u", &major, &minor) != 2 ||
	    major < 6 || (major == 6 && minor < 14))
		return;
	fd = open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%u", processes + SPARE);
	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		return; /* the host's init counts them, too */
}

/* The order matters: a mount of mqueue is for the current IPC namespace, and
 * needs CAP_SYS_ADMIN over it (mqueue_init_fs_context()). */
void privilege_mounts_for_host(unsigned int processes)
{
	if (unshare(CLONE_NEWNS) < 0)
		return;
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if (privilege_has_own_proc())
		limit_pids(processes);
	mount_tmpfs("/dev/shm", "mode=1777,size=256m");
	/* In the machine's instance, programs of a lab without root may open
	 * the user's own terminal, which has the same owner. /dev/ptmx uses the
	 * instance that is mounted beside it: path_pts(). */
	mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	      "newinstance,ptmxmode=0666");
	if (unshare(CLONE_NEWIPC) == 0)
		mount("mqueue", "/dev/mqueue", "mqueue",
		      MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* The file is written in place: the mount namespaces of hosts are copies that
 * share its file system. */
bool privilege_own_names(const char *lines)
{
	FILE *file = has_own_etc ? create("/etc/hosts") : NULL;

	if (!file)
		return false;
	fprintf(file, "127.0.0.1 localhost\n::1 localhost\n%s", lines);
	return fclose(file) == 0;
}

bool privilege_has_own_proc(void)
{
	char self[32], pid[32];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	snprintf(pid, sizeof(pid), "%d", getpid());
	return n > 0 && (self[n] = '\0', strcmp(self, pid) == 0);
}

/* Whether the user namespace has nobody: user_namespaces(7), /proc/PID/uid_map.
 */
static bool maps_nobody(const char *path)
{
	unsigned int inside, outside, n;
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found &&
	       fscanf(file, "%u %u %u", &inside, &outside, &n) == 3)
		found = inside <= NOBODY && NOBODY - inside < n;
	if (file)
		fclose(file);
	return found;
}

struct privilege_ids privilege_program_ids(void)
{
	static const cap_value_t needed[] = { CAP_SETUID, CAP_SETGID };
	bool nobody = geteuid() == 0 && has_all(needed, ARRAY_SIZE(needed)) &&
		      maps_nobody("/proc/self/uid_map") &&
		      maps_nobody("/proc/self/gid_map");

	return (struct privilege_ids){ .uid = nobody ? NOBODY : geteuid(),
				       .gid = nobody ? NOBODY : getegid() };
}

/* As initgroups(3): the group of /etc/passwd is one of them. False: too many. */
static bool add_groups(struct privilege_ids *ids, const char *name)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group;
	bool fits = true;

	while (file && fits && (group = fgetgrent(file))) {
		char **member = group->gr_mem;

		while (*member && strcmp(*member, name) != 0)
			member++;
		if (!*member || group->gr_gid == ids->gid)
			continue;
		fits = ids->n_groups < PRIVILEGE_GROUPS;
		if (fits)
			ids->groups[ids->n_groups++] = group->gr_gid;
	}
	if (file)
		fclose(file);
	return fits;
}

int privilege_user_ids(const char *name, struct privilege_ids *ret)
{
	struct privilege_ids ids = { .n_groups = 1 };
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) &&
	       strcmp(user->pw_name, name) != 0)
		;
	if (user) {
		ids.uid = user->pw_uid;
		ids.gid = ids.groups[0] = user->pw_gid;
	}
	if (file)
		fclose(file);
	if (!user)
		return error_refuse(-ENOENT,
				    "unknown user '%s': not in /etc/passwd",
				    name);
	if (!add_groups(&ids, name))
		return error_refuse(-E2BIG, "user '%s' has more than %d groups",
				    name, PRIVILEGE_GROUPS);
	*ret = ids;
	return 0;
}

static bool contains(cap_value_t cap, const cap_value_t *caps, int n)
{
	for (int i = 0; i < n; i++)
		if (caps[i] == cap)
			return true;
	return false;
}

/*
 * Without CAP_SETPCAP the calls fail, which is harmless: with no_new_privs an
 * exec gains nothing. `dropped` is inherited by children like the bounding set
 * itself; it spares them most of the 41 system calls.
 */
static void limit_bounding_set(const cap_value_t *caps, int n)
{
	static uint64_t dropped;

	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (dropped & UINT64_C(1) << cap || contains(cap, caps, n))
			continue;
		cap_drop_bound(cap);
		dropped |= UINT64_C(1) << cap;
	}
}

/* Keeps those of `caps` that the process has, and drops all others. */
/* The first `n_inheritable` of them stay inheritable. */
static int keep_only(const cap_value_t *caps, int n, int n_inheritable)
{
	cap_t had = cap_get_proc(), kept = cap_init();
	int r = had && kept ? 0 : -1;

	for (int i = 0; r >= 0 && i < n; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		cap_get_flag(had, caps[i], CAP_PERMITTED, &has);
		if (has != CAP_SET)
			continue;
		cap_set_flag(kept, CAP_PERMITTED, 1, &caps[i], CAP_SET);
		cap_set_flag(kept, CAP_EFFECTIVE, 1, &caps[i], CAP_SET);
		if (i < n_inheritable)
			cap_set_flag(kept, CAP_INHERITABLE, 1, &caps[i],
				     CAP_SET);
	}
	if (r >= 0)
		r = cap_set_proc(kept);
	if (r < 0)
		r = error_origin(-errno, "drop capabilities");
	cap_free(had);
	cap_free(kept);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_origin(-errno, "no_new_privs");
	return 0;
}

/*
 * A world makes hosts until its end (a reboot), so it keeps what that takes:
 * CAP_SYS_ADMIN for namespaces, CAP_NET_ADMIN for links, sysctls, sock_diag and
 * SO_RCVBUFFORCE, CAP_NET_RAW for the wire's socket, CAP_SETPCAP for the
 * bounding sets of its children, CAP_SYS_PTRACE to see whether a program that
 * made itself undumpable has stopped (proc_ns_readlink()), and CAP_KILL for the
 * inits, see below. Root keeps the others too, for its programs run with
 * another uid.
 */
int privilege_keep_for_world(void)
{
	enum { ONLY_ROOT = 4 }; /* the last ones */
	static const cap_value_t caps[] = {
		CAP_SYS_ADMIN,	CAP_NET_ADMIN,	  CAP_NET_RAW, CAP_SETPCAP,
		CAP_SYS_PTRACE, CAP_KILL,	  CAP_SETUID,  CAP_SETGID,
		CAP_CHOWN,	CAP_DAC_OVERRIDE,
	};
	int n = ARRAY_SIZE(caps) - (geteuid() == 0 ? 0 : ONLY_ROOT), r;

	limit_bounding_set(caps, n);
	r = keep_only(caps, n, 0);
	return error_trace(r);
}

enum { GRANTS = 2 };

/* The capabilities of a set of grants. Returns their number. */
static int granted(unsigned int grants, cap_value_t ret[static GRANTS])
{
	int n = 0;

	if (grants & PRIVILEGE_NET_ADMIN)
		ret[n++] = CAP_NET_ADMIN;
	if (grants & PRIVILEGE_NET_RAW)
		ret[n++] = CAP_NET_RAW;
	return n;
}

static int make_inheritable(const cap_value_t *caps, int n)
{
	cap_t own = cap_get_proc();
	int r = 0;

	if (!own || cap_set_flag(own, CAP_INHERITABLE, n, caps, CAP_SET) < 0 ||
	    cap_set_proc(own) < 0)
		r = error_origin(-errno, "keep capabilities for programs");
	cap_free(own);
	return r;
}

/*
 * Root's init starts processes as nobody, and signals them. Without root it
 * needs no capability for that; it keeps one because its programs have its uid,
 * and a process can trace another one only if it has all of its capabilities
 * (cap_ptrace_access_check()). An undumpable init would be safe as well, but
 * could not be entered by its user (lab-shell.c, nsenter).
 */
int privilege_keep_for_init(unsigned int grants)
{
	cap_value_t caps[GRANTS + 3];
	int n = granted(grants, caps), n_granted = n, r;

	/* Before the bounding set is empty: cap_capset() adds nothing to the
	 * inheritable set that is not in there. */
	r = n ? make_inheritable(caps, n) : 0;
	if (r < 0)
		return error_trace(r);
	caps[n++] = CAP_KILL;
	if (geteuid() == 0) {
		caps[n++] = CAP_SETUID;
		caps[n++] = CAP_SETGID;
	}
	limit_bounding_set(NULL, 0);
	r = keep_only(caps, n, n_granted);
	return error_trace(r);
}

void privilege_keep_for_tools(void)
{
	static const cap_value_t caps[] = { CAP_NET_ADMIN, CAP_NET_RAW };
	cap_t own = cap_get_proc();

	if (geteuid() != 0 && own &&
	    cap_set_flag(own, CAP_INHERITABLE, ARRAY_SIZE(caps), caps,
			 CAP_SET) == 0 &&
	    cap_set_proc(own) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
			cap_set_ambient(caps[i], CAP_SET);
	cap_free(own);
}

int privilege_drop(const struct privilege_ids *ids, unsigned int grants)
{
	cap_value_t caps[GRANTS];
	int n = granted(grants, caps), r;

	limit_bounding_set(NULL, 0);
	if (geteuid() == 0 && ids->uid != 0) {
		/* EPERM where a user namespace denies it: a gid map that was
		 * written without privileges. */
		if (setgroups(ids->n_groups, ids->groups) < 0 && errno != EPERM)
			return error_origin(-errno, "setgroups");
		if (setresgid(ids->gid, ids->gid, ids->gid) < 0)
			return error_origin(-errno, "become gid %u", ids->gid);
		/* Otherwise setresuid() clears the permitted set. */
		if (n && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
			return error_origin(-errno, "keep capabilities");
		if (setresuid(ids->uid, ids->uid, ids->uid) < 0)
			return error_origin(-errno, "become uid %u", ids->uid);
	}
	r = keep_only(caps, n, n);
	/* Ambient capabilities survive execve() by a uid other than 0. */
	for (int i = 0; r >= 0 && i < n; i++)
		if (cap_set_ambient(caps[i], CAP_SET) < 0)
			r = error_origin(-errno, "grant a capability");
	return error_trace(r);
}

static const char *read_sysctl(const char *path)
{
	static char value[16];
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value) - 1);

	if (n <= 0)
		return "";
	value[n] = '\0';
	return value;
}

/* A limit of 0, as some distributions and administrators set; in a user
 * namespace also that of its owner. */
static int explain_limit(int r)
{
	static const struct {
		const char *name, *word;
	} all[] = { { "user", "user" },
		    { "pid", "PID" },
		    { "mnt", "mount" },
		    { "net", "network" } };

	for (size_t i = privilege_rootless() ? 0 : 1; i < ARRAY_SIZE(all);
	     i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
			 all[i].name);
		if (strcmp(read_sysctl(path), "0\n") == 0)
			return error_refuse(r,
					    "%s namespaces are switched off "
					    "(sysctl user.max_%s_namespaces is "
					    "0)",
					    all[i].word, all[i].name);
	}
	/* inc_ucount() */
	if (r == -ENOSPC)
		return error_refuse(r, "too many namespaces exist (sysctls "
				       "user.max_*_namespaces)");
	return 0;
}

static int explain(int r)
{
	char failure[128];
	int explained;

	snprintf(failure, sizeof(failure), "%s", error_message());
	if (r == -ENOSYS)
		return error_refuse(r,
				    "this kernel is older than 5.3, the first "
				    "with clone3() and pidfd_open(), which "
				    "halfopen needs");
	if (access("/proc/self", F_OK) < 0)
		return error_refuse(r, "/proc is not mounted");
	if (privilege_rootless() &&
	    read_sysctl(
		    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
			    [0] == '1')
		return error_refuse(
			r,
			"AppArmor forbids user namespaces to ordinary users "
			"(sysctl kernel.apparmor_restrict_unprivileged_userns"
			"=0 allows them, or run as root)");
	if (privilege_rootless() &&
	    read_sysctl("/proc/sys/kernel/unprivileged_userns_clone")[0] == '0')
		return error_refuse(
			r, "user namespaces are forbidden to ordinary users "
			   "(sysctl kernel.unprivileged_userns_clone=1 allows "
			   "them, or run as root)");
	explained = explain_limit(r);
	if (explained < 0)
		return error_trace(explained);
	if (!privilege_rootless())
		return error_refuse(r,
				    "this machine refuses namespaces to root: "
				    "%s (a container's seccomp profile or a "
				    "security module may do so)",
				    failure);
	/* create_user_ns(): current_chrooted() */
	return error_refuse(
		r,
		"this machine refuses user namespaces to uid %u: %s "
		"(the kernel does so in a chroot; a container's "
		"seccomp profile may do so)",
		geteuid(), failure);
}

/* verify_root_map(): mapping uid 0 takes CAP_SETFCAP. */
static int explain_map(int r)
{
	if (geteuid() == 0)
		return error_refuse(r,
				    "this root lacks a capability that worlds "
				    "need (CAP_SYS_ADMIN, CAP_NET_ADMIN, "
				    "CAP_NET_RAW, CAP_KILL), and CAP_SETFCAP, "
				    "with which it could make a user namespace "
				    "(an ordinary user can)");
	return error_refuse(r,
			    "this machine refuses to map uid %u into a user "
			    "namespace",
			    geteuid());
}

/* Of the caller's limits or of memory; not a refusal. */
static bool is_shortage(int r)
{
	return r == -EAGAIN || r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* -EAGAIN: the child was killed, which proves nothing. */
static int check_once(void)
{
	CLEANUP_FD int go_read = -1;
	int fds[2], go, status, r;
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_origin(-errno, "pipe");
	go_read = fds[0];
	go = fds[1];
	pid = privilege_clone(privilege_clone_flags(), NULL);
	if (pid == 0) {
		/* It exists to be mapped until the parent closes the pipe. */
		fd_close(go);
		_exit(read(go_read, &byte, 1) == 0 ? -make_mounts_private() :
						     0);
	}
	r = pid < 0 ? 0 : privilege_map_child(pid);
	fd_close(go);
	if (pid < 0)
		return is_shortage(pid) ? error_trace(pid) : explain(pid);
	if (waitpid(pid, &status, 0) != pid)
		return error_origin(-errno, "waitpid");
	if (r < 0 && WIFSIGNALED(status))
		return error_origin(-EAGAIN, "a child was killed");
	if (r < 0)
		return explain_map(r);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return error_refuse(-WEXITSTATUS(status),
				    "mounts cannot be made private on this "
				    "machine: %s",
				    strerror(WEXITSTATUS(status)));
	return 0;
}

int privilege_check(void)
{
	int r = check_once();

	if (r == -EAGAIN)
		r = check_once();
	return error_trace(r);
}
