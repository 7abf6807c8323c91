/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "guest-modules.h"
#include "initramfs.h"
#include "kernel.h"

enum {
	EXIT_PORT = 0xf4, /* isa-debug-exit */
	WORDS_MAX = 256,
	WORDS_SIZE = 1 << 16,
};

#define NEIGHBOURS_4 "/proc/sys/net/ipv4/neigh/default/"
#define NEIGHBOURS_6 "/proc/sys/net/ipv6/neigh/default/"

/* With words and results: of the host's, where User Mode Linux runs. */
static const char host_folder[] = "/proc/self/cwd";
static const char mount_point[] = "/run/host"; /* of it */

bool guest_is_wanted(void)
{
	return getpid() == 1 && getenv(GUEST_VARIABLE);
}

static bool is_uml(void)
{
	const char *machine = getenv(GUEST_VARIABLE);

	return machine && strcmp(machine, GUEST_UML) == 0;
}

/* Nobody can be told but by the console. */
static void MACRO_NORETURN give_up(const char *what)
{
	fprintf(stderr, "halfopen: %s: %s\n", what, strerror(errno));
	for (;;)
		reboot(RB_POWER_OFF);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *path;
	} mounts[] = {
		{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
		{ "tmpfs", "/run" }, { "tmpfs", "/tmp" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, 0,
			  NULL) < 0 &&
		    errno != EBUSY)
			give_up(mounts[i].path);
	/* As every init does. Without it execveat() of a file descriptor is
	 * ENOENT to a kernel with TOMOYO: tomoyo_find_next_domain() asks for
	 * the real path of /dev/fd/N. */
	if (symlink("/proc/self/fd", "/dev/fd") < 0 && errno != EEXIST)
		give_up("/dev/fd");
}

/* What a kernel does again and again, though nobody asks: each time costs a guest
 * in virtual time as much as the time between. */
static void quiet_down(void)
{
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ "/proc/sys/vm/stat_interval", "1000000" },
		{ "/proc/sys/vm/dirty_writeback_centisecs", "0" },
		{ "/proc/sys/vm/compaction_proactiveness", "0" },
		{ "/proc/sys/kernel/watchdog", "0" },
		/* neigh_periodic_work(), twice in 30 s; worlds whose neighbours
		 * age set it for themselves (stage.c). neigh_managed_work(),
		 * each 5 s; nobody has such neighbours. */
		{ NEIGHBOURS_4 "base_reachable_time_ms", "1000000000" },
		{ NEIGHBOURS_6 "base_reachable_time_ms", "1000000000" },
		{ NEIGHBOURS_4 "interval_probe_time_ms", "1000000000" },
		{ NEIGHBOURS_6 "interval_probe_time_ms", "1000000000" },
		/* gc_worker() goes through the whole table once a minute. */
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

/* The root is the host's too, and read-only: no place but in what was mounted
 * just now. */
static void mount_host(void)
{
	if (mkdir(mount_point, 0700) < 0 ||
	    mount("none", mount_point, "hostfs", 0, host_folder) < 0)
		give_up(mount_point);
}

/* --- the command ----------------------------------------------------------*/

static int read_words(char **argv)
{
	static char text[WORDS_SIZE];
	char path[64];
	size_t size;
	FILE *file;
	int argc = 0;

	snprintf(path, sizeof(path), "%s/" INITRAMFS_WORDS,
		 is_uml() ? mount_point : "");
	file = fopen(path, "re");
	if (!file)
		give_up(path);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	for (size_t at = 0; at < size && argc < WORDS_MAX - 1;
	     at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	argv[argc] = NULL;
	return argc;
}

/* A serial line that passes on every byte as it is. */
static int open_line(void)
{
	struct termios raw;
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		give_up("/dev/ttyS1");
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

/* A file of the host's, where every line is to be seen at once. */
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
 * A kernel of some age. In its first second a time stamp of TCP may be 0, which
 * means that there is none: tcp_twsk_unique() by tw_ts_recent_stamp,
 * retransmits_timed_out() by retrans_stamp. User Mode Linux is that young where
 * CPU work takes no time.
 */
static void grow_older(void)
{
	const struct timespec age = { .tv_sec = 10 };

	clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &age, NULL);
}

static void MACRO_NORETURN switch_off(int status)
{
	tcdrain(STDOUT_FILENO);
	sync();
	if (!is_uml() && ioperm(EXIT_PORT, 1, 1) == 0)
		outb((unsigned char)status, EXIT_PORT);
	for (;;)
		reboot(RB_POWER_OFF);
}

void guest_main(int (*command)(int argc, char **argv))
{
	static char *argv[WORDS_MAX];
	int argc, status;

	mount_all();
	quiet_down();
	if (is_uml())
		mount_host();
	else
		guest_modules_load();
	open_result();
	if (kernel_in_virtual_time())
		grow_older();
	argc = read_words(argv);
	status = command(argc, argv);
	printf("{\"type\":\"" GUEST_END "\",\"status\":%d}\n", status);
	fflush(stdout);
	switch_off(status);
}
