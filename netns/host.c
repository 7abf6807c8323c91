/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <linux/sched.h>
#include <signal.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "host-init.h"
#include "namespace.h"
#include "privilege.h"
#include "processes.h"
#include "rtnl.h"
#include "sysctl.h"

enum { LOOPBACK = 1 };

struct host {
	struct host_plan plan;
	char name[HOST_NAME];
	int namespace;
	struct rtnl *rtnl;
	pid_t init;
	int pidfd, control;
	struct loop_source *source;
	host_exit_fn on_exit;
	void *data;
	bool off_ordered;
};

size_t host_plan_cables(const struct host_plan *plan)
{
	static const uint8_t none[6];
	size_t n = 0;

	while (n < HOST_CABLES && memcmp(plan->cables[n].mac, none, 6) != 0)
		n++;
	return n;
}

struct address cable_address(const struct cable_plan *cable, int family)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++)
		if (cable->addresses[i].family == family)
			return cable->addresses[i];
	return (struct address){ 0 };
}

static void forget_init(struct host *host)
{
	host->source = loop_remove(host->source);
	host->control = fd_close(host->control);
	host->pidfd = fd_close(host->pidfd);
	host->init = 0;
}

/* Returns 1 when it was an answer, 0 when an exit (or the end) was told. */
static int take_message(struct host *host, struct host_init_reply *ret)
{
	ssize_t n = fd_receive(host->control, ret, sizeof(*ret), NULL, 0);

	if (n == -EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return error_trace((int)n);
	if (n == 0) {
		forget_init(host);
		if (!host->off_ordered)
			host->on_exit(host->data, host, 0, 0);
		return 0;
	}
	if (ret->kind == HOST_INIT_ANSWER)
		return 1;
	host->on_exit(host->data, host, ret->pid, ret->status);
	return 0;
}

static int on_control(void *data, uint32_t events MACRO_UNUSED)
{
	struct host *host = data;
	struct host_init_reply reply;
	int r;

	do {
		r = take_message(host, &reply);
	} while (r >= 0 && host->init);
	return r == -EAGAIN || r >= 0 ? 0 : error_trace(r);
}

static int ask(struct host *host, const void *request, size_t size,
	       const int *fds, size_t n_fds, struct host_init_reply *ret)
{
	int r;

	if (!host->init)
		return error_origin(-EHOSTDOWN, "host %s", host->name);
	r = fd_send(host->control, request, size, fds, n_fds);
	if (r < 0)
		return error_trace(r);
	while ((r = take_message(host, ret)) != 1) {
		struct pollfd wait = { .fd = host->control, .events = POLLIN };

		if (!host->init)
			return error_origin(-EHOSTDOWN, "host %s", host->name);
		if (r < 0 && r != -EAGAIN)
			return error_trace(r);
		if (r == -EAGAIN)
			poll(&wait, 1, -1);
	}
	/* The init's message ends with the reason. */
	if (ret->status < 0)
		return error_refuse(ret->status, "%s", ret->message);
	return 0;
}

static int start_init(struct host *host, struct loop *loop)
{
	int pair[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_origin(-errno, "socketpair");
	pid = privilege_clone(CLONE_NEWPID, &host->pidfd);
	if (pid == 0)
		host_init_main(pair[1], host->namespace, host->name);
	fd_close(pair[1]);
	host->control = pair[0];
	if (pid < 0)
		return error_trace(pid);
	host->init = pid;
	r = fd_set_nonblocking(host->control);
	if (r >= 0)
		r = loop_add_fd(loop, &host->source, host->control, EPOLLIN,
				on_control, host);
	return r < 0 ? error_trace(r) : 0;
}

/*
 * What a router is. Redirects would teach the hosts shorter ways than the
 * case's; and the reverse path of an address in a network that nobody but
 * routers is in is not known to all of them (the machine's rp_filter is
 * inherited).
 */
static int forward(struct host *host, bool v6)
{
	static const struct sysctl_setting of_v4[] = {
		{ "net.ipv4.ip_forward", "1" },
		{ "net.ipv4.conf.all.send_redirects", "0" },
		{ "net.ipv4.conf.default.send_redirects", "0" },
		{ "net.ipv4.conf.all.accept_redirects", "0" },
		{ "net.ipv4.conf.default.accept_redirects", "0" },
		{ "net.ipv4.conf.all.rp_filter", "0" },
		{ "net.ipv4.conf.default.rp_filter", "0" },
	};
	/* It sends redirects whatever it is set to, but never for a segment
	 * that leaves by another interface: ip6_forward(). */
	static const struct sysctl_setting of_v6[] = {
		{ "net.ipv6.conf.all.forwarding", "1" },
		{ "net.ipv6.conf.all.accept_redirects", "0" },
		{ "net.ipv6.conf.default.accept_redirects", "0" },
	};
	int r = sysctl_write(host->namespace, of_v4, ARRAY_SIZE(of_v4));

	if (r >= 0 && v6)
		r = sysctl_write(host->namespace, of_v6, ARRAY_SIZE(of_v6));
	return r < 0 ? error_trace(r) : 0;
}

static int prepare_network(struct host *host)
{
	bool v6 = host_address(host, AF_INET6).family;
	const struct sysctl_setting settings[] = {
		{ "net.ipv6.conf.all.disable_ipv6", v6 ? "0" : "1" },
		{ "net.ipv6.conf.default.disable_ipv6", v6 ? "0" : "1" },
		/* No duplicate detection, no router solicitations: noise. */
		{ "net.ipv6.conf.default.accept_dad", "0" },
		{ "net.ipv6.conf.default.router_solicitations", "0" },
	};
	int r;

	/* Programs run without capabilities; port 80 is theirs all the same. */
	r = sysctl_write(host->namespace,
			 &(struct sysctl_setting){
				 "net.ipv4.ip_unprivileged_port_start", "0" },
			 1);
	if (r < 0)
		return error_trace(r);
	r = sysctl_write(host->namespace, settings, ARRAY_SIZE(settings));
	/* A kernel without IPv6 has nothing to be switched off. */
	if (r < 0 && (r != -ENOENT || v6))
		return error_trace(r);
	/* Before there is an interface: each takes after "default". */
	r = host_plan_cables(&host->plan) > 1 ? forward(host, v6) : 0;
	if (r >= 0)
		r = rtnl_new(&host->rtnl, host->namespace);
	if (r >= 0)
		r = rtnl_set_up(host->rtnl, LOOPBACK, true);
	return r < 0 ? error_trace(r) : 0;
}

int host_new(struct host **ret, struct loop *loop, const struct host_plan *plan,
	     host_exit_fn on_exit, void *data)
{
	struct host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return error_origin(-ENOMEM, "host");
	host->plan = *plan;
	snprintf(host->name, sizeof(host->name), "%s", plan->name);
	host->plan.name = host->name;
	host->pidfd = host->control = -1;
	host->on_exit = on_exit;
	host->data = data;
	host->namespace = namespace_new();
	r = host->namespace;
	if (r >= 0)
		r = prepare_network(host);
	if (r >= 0)
		r = start_init(host, loop);
	if (r < 0) {
		host_free(host);
		return error_trace(r);
	}
	*ret = host;
	return 0;
}

struct host *host_free(struct host *host)
{
	if (!host)
		return NULL;
	host_power_off(host);
	rtnl_free(host->rtnl);
	fd_close(host->namespace);
	free(host);
	return NULL;
}

const char *host_name(const struct host *host)
{
	return host->name;
}

const struct host_plan *host_plan(const struct host *host)
{
	return &host->plan;
}

struct address host_address(const struct host *host, int family)
{
	return cable_address(&host->plan.cables[0], family);
}

int host_namespace(const struct host *host)
{
	return host->namespace;
}

struct rtnl *host_rtnl(struct host *host)
{
	return host->rtnl;
}

bool host_is_running(const struct host *host)
{
	return host->init != 0;
}

pid_t host_init(const struct host *host)
{
	return host->init;
}

int host_socket(struct host *host, int family, int type, int protocol)
{
	int r = namespace_enter(host->namespace), fd, left;

	if (r < 0)
		return error_trace(r);
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		fd = error_origin(-errno, "socket in host %s", host->name);
	left = namespace_leave();
	if (left < 0) {
		fd_close(fd);
		return error_trace(left);
	}
	return fd;
}

static int pack_arguments(struct host_init_request *request,
			  const char *const *argv)
{
	size_t used = 0;

	for (; *argv; argv++) {
		size_t size = strlen(*argv) + 1;

		if (used + size > sizeof(request->arguments))
			return error_origin(-E2BIG, "start %s", *argv);
		memcpy(request->arguments + used, *argv, size);
		used += size;
	}
	request->arguments_size = used;
	return 0;
}

pid_t host_start(struct host *host, const struct host_program *program)
{
	struct host_init_request request = { .kind = HOST_INIT_START,
					     .has_ids = program->has_ids,
					     .uid = program->uid,
					     .gid = program->gid };
	struct host_init_reply reply;
	int fds[HOST_INIT_FDS];
	size_t n = 0;
	int r;

	r = pack_arguments(&request, program->argv);
	if (r < 0)
		return error_trace(r);
	request.places[n] = HOST_INIT_EXE;
	if (program->exe >= 0)
		fds[n++] = program->exe;
	for (int i = 0; i < 4; i++) {
		if (program->fds[i] < 0)
			continue;
		request.places[n] = i;
		fds[n++] = program->fds[i];
	}
	request.n_fds = n;
	r = ask(host, &request, sizeof(request), fds, n, &reply);
	return r < 0 ? error_trace(r) : reply.pid;
}

int host_signal(struct host *host, pid_t pid, int signal)
{
	struct host_init_request request = { .kind = HOST_INIT_SIGNAL,
					     .pid = pid,
					     .signal = signal };
	struct host_init_reply reply;
	int r = ask(host, &request, HOST_INIT_SHORT, NULL, 0, &reply);

	return r < 0 ? error_trace(r) : 0;
}

int host_freeze(struct host *host)
{
	int r = host_signal(host, -1, SIGSTOP);

	if (r < 0)
		return error_trace(r);
	r = processes_wait_stopped(host->init);
	return r < 0 ? error_trace(r) : 0;
}

int host_thaw(struct host *host)
{
	int r = host_signal(host, -1, SIGCONT);

	return r < 0 ? error_trace(r) : 0;
}

int host_power_off(struct host *host)
{
	siginfo_t info;

	if (!host->init)
		return 0;
	host->off_ordered = true;
	if (kill(host->init, SIGKILL) < 0)
		return error_origin(-errno, "kill the init of %s", host->name);
	/* zap_pid_ns_processes(): the init is not reaped before all its
	 * children are gone. */
	while (waitid(P_PID, (id_t)host->init, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_origin(-errno, "waitid");
	forget_init(host);
	return 0;
}
