/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creates NUMBER worlds in sequence and prints the seconds for each. As in a run,
 * each world has its own process, and the kernel removes the world when the
 * process ends. The next world is created as soon as one is complete; the kernel
 * removes the last one in the background. With "bare", a world has only the
 * indispensable parts: a process in new PID, mount and network namespaces, two
 * more network namespaces, and two veth pairs, which are up.
 *
 * usage: bench-world NUMBER [bare]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"
#include "privilege.h"
#include "rtnl.h"
#include "world.h"

/* As in harness/script/stage.c. */
static const struct sysctl_setting settings[] = {
	{ "net.ipv4.tcp_rmem", "4096 131072 1048576" },
	{ "net.ipv4.tcp_wmem", "4096 16384 1048576" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
};

static void ignore_exit(void *data MACRO_UNUSED, struct host *host MACRO_UNUSED,
			pid_t pid MACRO_UNUSED, int status MACRO_UNUSED)
{
}

static int add_host(struct world *world, const char *name, uint8_t number)
{
	struct host_plan plan = {
		.name = name,
		.cables = { { .addresses = { { .family = AF_INET,
					       .bytes = { 10, 0, 0,
							  number } } },
			      .mac = { 0x02, 0, 0, 0, 0, number } } },
	};

	return world_add_host(world, &plan, settings, ARRAY_SIZE(settings));
}

/* Frees nothing: the process ends right after this, as the case process of a run
 * does, and the kernel removes what it had. */
static int make_world(int journal_fd)
{
	struct journal *journal;
	struct world *world;
	struct loop *loop;
	int r = namespace_remember_home();

	if (r < 0)
		return error_trace(r);
	namespace_home_is_ours();
	r = privilege_private_mounts(0);
	if (r < 0)
		return error_trace(r);
	r = loop_new(&loop);
	if (r < 0)
		return error_trace(r);
	r = journal_new(&journal, journal_fd, nsec_now());
	if (r < 0)
		return error_trace(r);
	r = world_new(&world, loop, journal, ignore_exit, NULL);
	if (r < 0)
		return error_trace(r);
	r = add_host(world, "client", 1);
	if (r < 0)
		return error_trace(r);
	r = add_host(world, "server", 2);
	if (r < 0)
		return error_trace(r);
	r = world_connect(world, true);
	if (r < 0)
		return error_trace(r);
	world_end(world);
	return 0;
}

/* One request creates both ends of a veth pair with their indexes, MAC addresses
 * and namespace. IFF_UP in the peer's part of that request fails with ENOTCONN,
 * so each end is set up by a request of its own. */
static int add_bare_host(struct rtnl *home, int number)
{
	char name[16];
	struct rtnl_end port = { .name = name,
				 .ifindex = 100 + number,
				 .mac = { 0x02, 0xff, 0, 0, 0,
					  (uint8_t)number } };
	struct rtnl_end host = { .name = "eth0",
				 .ifindex = 2,
				 .namespace = namespace_new(),
				 .mac = { 0x02, 0, 0, 0, 0, (uint8_t)number } };
	struct rtnl *rtnl;
	int r = host.namespace;

	if (r < 0)
		return error_trace(r);
	snprintf(name, sizeof(name), "port%d", number);
	r = rtnl_add_veth(home, &port, &host);
	if (r < 0)
		return error_trace(r);
	r = rtnl_new(&rtnl, host.namespace);
	if (r < 0)
		return error_trace(r);
	r = rtnl_set_up(home, port.ifindex, true);
	if (r < 0)
		return error_trace(r);
	r = rtnl_set_up(rtnl, host.ifindex, true);
	if (r < 0)
		return error_trace(r);
	return error_trace(rtnl_wait_running(rtnl, host.ifindex, SEC(5)));
}

static int make_bare(void)
{
	struct rtnl *home;
	int r = namespace_remember_home();

	if (r >= 0)
		r = rtnl_new(&home, namespace_home());
	for (int i = 1; i <= 2 && r >= 0; i++)
		r = add_bare_host(home, i);
	return r;
}

static void MACRO_NORETURN in_child(int go, int done, bool bare)
{
	char byte;

	if (read(go, &byte, 1) != 1 ||
	    (bare ? make_bare() : make_world(STDERR_FILENO)) < 0) {
		fprintf(stderr, "%s\n", error_trail());
		_exit(1);
	}
	fd_write_all(done, "", 1);
	_exit(0);
}

/* Creates one world; returns when it is complete and does not wait for its end. The
 * child waits for `go`: it may act only after its ids are mapped. */
static int one(bool bare)
{
	CLEANUP_FD int go = -1, go_in = -1, done = -1;
	int a[2], b[2];
	char byte;
	pid_t pid;

	if (pipe2(a, O_CLOEXEC) < 0 || pipe2(b, O_CLOEXEC) < 0)
		return -1;
	go = a[0];
	go_in = a[1];
	done = b[0];
	pid = privilege_clone(privilege_clone_flags(), NULL);
	if (pid == 0)
		in_child(go, b[1], bare);
	fd_close(b[1]);
	if (pid < 0 || privilege_map_child(pid) < 0 ||
	    fd_write_all(go_in, "", 1) < 0)
		return -1;
	return read(done, &byte, 1) == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1, status = EXIT_SUCCESS;
	nsec_t start = nsec_now();

	for (int i = 0; i < n; i++)
		if (one(argc > 2) < 0)
			status = EXIT_FAILURE;
	while (wait(NULL) > 0)
		;
	printf("%.6f\n", nsec_seconds(nsec_now() - start) / n);
	return status;
}
