/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * init of a guest. The kernel's periodic work is switched off first: under
 * virtual time each wake-up costs as much as the idle time before it.
 */
#include "guest.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "caller.h"
#include "fd.h"
#include "initramfs.h"
#include "macro.h"
#include "spin.h"
#include "virtual-time.h"

/* As vm-arch.c builds the machine. */
#if defined(__x86_64__)
#include <sys/io.h>

/* By isa-debug-exit. */
static void exit_machine(int status)
{
	enum { EXIT_PORT = 0xf4 };

	if (ioperm(EXIT_PORT, 1, 1) == 0)
		outb((unsigned char)status, EXIT_PORT);
}
#else
static void exit_machine(int status MACRO_UNUSED)
{
}
#endif

enum {
	WORDS_MAX = 256,
	WORDS_SIZE = 1 << 16,
	CALLER_SIZE = 1 << 18,
};

#define NEIGHBOURS_4 "/proc/sys/net/ipv4/neigh/default/"
#define NEIGHBOURS_6 "/proc/sys/net/ipv6/neigh/default/"

/* The host's folder with command line and results, under User Mode Linux,
 * and where it is mounted. */
static const char host_folder[] = "/proc/self/cwd";
static const char mount_point[] = "/run/host";

bool guest_is_init(void)
{
	return getpid() == 1 && getenv(GUEST_VARIABLE);
}

static bool is_uml(void)
{
	const char *machine = getenv(GUEST_VARIABLE);

	return machine && strcmp(machine, GUEST_UML) == 0;
}

/* The console is the only way to report. */
static void MACRO_NORETURN give_up(const char *what)
{
	fprintf(stderr, "halfopen: %s: %s\n", what, strerror(errno));
	for (;;)
		reboot(RB_POWER_OFF);
}

/*
 * User Mode Linux: the root becomes an overlay, the host's file system read-only
 * below and a tmpfs above. /proc is a folder of every host, on which the tmpfs can
 * be mounted. The new root is moved over the old one, because in a chroot no
 * user namespace can be made (current_chrooted()).
 */
static void mount_overlay(void)
{
	if (mount("tmpfs", "/proc", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir("/proc/upper", 0755) < 0 || mkdir("/proc/work", 0755) < 0 ||
	    mkdir("/proc/root", 0755) < 0 ||
	    mount("overlay", "/proc/root", "overlay", 0,
		  "lowerdir=/,upperdir=/proc/upper,workdir=/proc/work") < 0 ||
	    chdir("/proc/root") < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
		give_up("overlay");
}

/* With programs of the host /run and /tmp are folders of the writable root,
 * because they may contain the lab's files. */
static void mount_all(bool has_files)
{
	static const struct {
		const char *type, *path;
	} mounts[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "tmpfs", "/run" }, { "tmpfs", "/tmp" },
	};
	/* Where the kernel's devtmpfs has none, for the mounts of a host. */
	static const char *const folders[] = { "/dev/shm", "/dev/pts",
					       "/dev/mqueue" };

	if (has_files && is_uml())
		mount_overlay();
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (!(has_files && strcmp(mounts[i].type, "tmpfs") == 0) &&
		    mount(mounts[i].type, mounts[i].path, mounts[i].type, 0,
			  NULL) < 0 &&
		    errno != EBUSY)
			give_up(mounts[i].path);
	for (size_t i = 0; has_files && i < ARRAY_SIZE(folders); i++)
		if (mkdir(folders[i], 0755) < 0 && errno != EEXIST)
			give_up(folders[i]);
	if (has_files && chmod("/tmp", 01777) < 0)
		give_up("/tmp");
	/* As other inits do. Without it execveat() of a file descriptor fails
	 * with ENOENT on a kernel with TOMOYO: tomoyo_find_next_domain()
	 * resolves the path /dev/fd/N. */
	if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
		give_up("/dev/fd");
}

/* Switches off periodic work of the kernel. */
static void stop_periodic_work(void)
{
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ "/proc/sys/vm/stat_interval", "1000000" },
		{ "/proc/sys/vm/dirty_writeback_centisecs", "0" },
		{ "/proc/sys/vm/compaction_proactiveness", "0" },
		{ "/proc/sys/kernel/watchdog", "0" },
		/* neigh_periodic_work() runs twice in 30 s; worlds with ageing
		 * neighbour entries set their own value (stage.c).
		 * neigh_managed_work() runs every 5 s; no world has managed
		 * entries. */
		{ NEIGHBOURS_4 "base_reachable_time_ms", "1000000000" },
		{ NEIGHBOURS_6 "base_reachable_time_ms", "1000000000" },
		{ NEIGHBOURS_4 "interval_probe_time_ms", "1000000000" },
		{ NEIGHBOURS_6 "interval_probe_time_ms", "1000000000" },
		/* gc_worker() scans the whole table once a minute. */
		{ "/sys/module/nf_conntrack/parameters/hashsize", "512" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int fd = open(settings[i].path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, settings[i].value,
				     strlen(settings[i].value)) < 0)
			fprintf(stderr, "halfopen: %s: %s\n",
				settings[i].path, strerror(errno));
		fd_close(fd);
	}
}

/* The root is the host's, read-only; so the mount point lies in the new
 * tmpfs. */
static void mount_host(void)
{
	if (mkdir(mount_point, 0700) < 0 ||
	    mount("none", mount_point, "hostfs", 0, host_folder) < 0)
		give_up(mount_point);
}

/* --- modules --------------------------------------------------------------*/

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* include/linux/module_signature.h: the signature precedes this struct, the
 * text follows it. */
struct signature {
	uint8_t unused[8];
	uint32_t length; /* of the signature, big-endian */
};

static const char signature_text[] = "~Module signature appended~\n";

/* The size of the module without its signature. */
static size_t unsigned_size(const char *bytes, size_t size)
{
	const size_t text = sizeof(signature_text) - 1;
	const size_t tail = text + sizeof(struct signature);
	struct signature signature;

	if (size < tail ||
	    memcmp(bytes + size - text, signature_text, text) != 0)
		return size;
	memcpy(&signature, bytes + size - tail, sizeof(signature));
	if (be32toh(signature.length) > size - tail)
		return size;
	return size - tail - be32toh(signature.length);
}

static int insert(const void *bytes, size_t size)
{
	return syscall(SYS_init_module, bytes, size, "") < 0 ? -errno : 0;
}

/*
 * Verifying a signature takes 60 million emulated instructions per module, 2.5
 * s of a boot, and these modules were put here by halfopen. A kernel that
 * enforces signatures gets them: module_sig_check().
 */
static int load_module(const char *path)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;
	size_t size;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	size = (size_t)st.st_size;
	bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	r = insert(bytes, unsigned_size(bytes, size));
	if (r == -EKEYREJECTED || r == -EPERM)
		r = insert(bytes, size);
	munmap(bytes, size);
	return r;
}

/* In the order of their names. A failure is printed on the console; a case
 * that needs the module is skipped then. */
static void load_modules(void)
{
	struct dirent **entries;
	int n = scandir("/" INITRAMFS_MODULES, &entries, is_visible, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char path[512];
		int r;

		snprintf(path, sizeof(path), "/" INITRAMFS_MODULES "/%s", name);
		r = load_module(path);
		if (r < 0 && r != -EEXIST)
			fprintf(stderr, "halfopen: module %s: %s\n", name,
				strerror(-r));
	}
}

/* --- the command ----------------------------------------------------------*/

/* A file that the host has made. */
static size_t read_file(const char *name, char *ret, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", is_uml() ? mount_point : "",
		 name);
	file = fopen(path, "re");
	if (!file)
		give_up(path);
	size = fread(ret, 1, size - 1, file);
	ret[size] = '\0';
	fclose(file);
	return size;
}

static int read_words(char **argv)
{
	static char text[WORDS_SIZE];
	size_t size = read_file(INITRAMFS_WORDS, text, sizeof(text));
	int argc = 0;

	for (size_t at = 0; at < size && argc < WORDS_MAX - 1;
	     at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	argv[argc] = NULL;
	return argc;
}

/* virtio_console makes the device when the host has announced the port:
 * control_work_handler(). */
static int open_port(void)
{
	static const char driver[] = "/sys/bus/virtio/drivers/virtio_console";
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int fd;

	for (int i = 0; i < 1000; i++) {
		fd = open("/dev/vport0p1", O_WRONLY | O_NOCTTY);
		if (fd >= 0 || errno != ENOENT || access(driver, F_OK) < 0)
			break;
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* The virtio port, or the second serial port of x86-64 in raw mode. */
static int open_line(void)
{
	struct termios raw;
	int fd = open_port();

	if (fd >= 0)
		return fd;
	fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		give_up("/dev/vport0p1, /dev/ttyS1");
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

/* A file of the host, written synchronously, so that the host sees each
 * line. */
static int open_file(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/result", mount_point);
	fd = open(path, O_WRONLY | O_SYNC);
	if (fd < 0)
		give_up(path);
	return fd;
}

static void open_result(void)
{
	int fd = is_uml() ? open_file() : open_line();

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

/*
 * Waits until the guest's clock is 10 s after boot. In the first second TCP's
 * timestamps may be 0, which means "none": tw_ts_recent_stamp in
 * tcp_twsk_unique(), retrans_stamp in retransmits_timed_out(). In User Mode
 * Linux the boot takes no time.
 */
static void wait_after_boot(void)
{
	const struct timespec age = { .tv_sec = 10 };

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &age, NULL);
}

static void MACRO_NORETURN power_off(int status)
{
	tcdrain(STDOUT_FILENO);
	sync();
	if (!is_uml())
		exit_machine(status);
	for (;;)
		reboot(RB_POWER_OFF);
}

/* Under QEMU the guest itself notices that its clock does not skip time. */
static int open_clock(void)
{
	char path[64];

	if (!is_uml())
		return -1;
	snprintf(path, sizeof(path), "%s/" SPIN_CLOCK, mount_point);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* In a child, because the command must not have the ids of init, which powers
 * the guest off. */
static int run_as_caller(int (*command)(int argc, char **argv), int argc,
			 char **argv)
{
	static char text[CALLER_SIZE];
	size_t size = read_file(INITRAMFS_CALLER, text, sizeof(text));
	int status = 0, r;
	pid_t pid;

	spin_block_signals();
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		spin_unblock_signals();
		r = caller_become(text, size);
		if (r < 0) {
			errno = -r;
			give_up(INITRAMFS_CALLER);
		}
		status = command(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	status = spin_wait(pid, open_clock());
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

void guest_main(int (*command)(int argc, char **argv))
{
	static char *argv[WORDS_MAX];
	bool has_files = getenv(GUEST_FILES);
	int argc, status;

	mount_all(has_files);
	stop_periodic_work();
	if (is_uml())
		mount_host();
	else
		load_modules();
	open_result();
	if (virtual_time_is_on())
		wait_after_boot();
	argc = read_words(argv);
	status = has_files ? run_as_caller(command, argc, argv) :
			     command(argc, argv);
	printf("{\"type\":\"" GUEST_END "\",\"status\":%d}\n", status);
	fflush(stdout);
	power_off(status);
}
