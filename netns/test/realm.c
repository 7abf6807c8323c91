/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "realm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"
#include "privilege.h"

enum { SKIPPED = 77, PORT = 7 };

/* --- the program ------------------------------------------------------ */

/* check(1) runs each test in a process of its own. */
void realm_new_network(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	realm_ok(namespace_remember_home());
	namespace_home_is_ours();
}

static int in_child(int go, const char *name, const TTest *const *const *tests,
		    size_t n)
{
	char byte;

	if (read(go, &byte, 1) != 1 || privilege_private_mounts(0) < 0)
		return EXIT_FAILURE;
	return unit_run(name, tests, n, realm_new_network);
}

int realm_run(const char *name, const TTest *const *const *tests, size_t n)
{
	int go[2], status;
	pid_t pid;

	if (privilege_check() < 0) {
		printf("%s: %s\n", name, error_message());
		return SKIPPED;
	}
	if (pipe2(go, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	pid = privilege_clone(privilege_clone_flags(), NULL);
	if (pid == 0)
		exit(in_child(go[0], name, tests, n));
	if (pid < 0 || privilege_map_child(pid) < 0 ||
	    fd_write_all(go[1], "", 1) < 0) {
		printf("%s: %s\n", name, error_trail());
		return EXIT_FAILURE;
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EXIT_FAILURE;
	return WEXITSTATUS(status);
}

/* --- the world -------------------------------------------------------- */

static void on_exit_of_process(void *data, struct host *host, pid_t pid,
			       int status)
{
	struct realm *realm = data;

	realm->n_exits++;
	realm->exit_host = host;
	realm->exit_pid = pid;
	realm->exit_status = status;
}

static void add_cable_plan(struct host_plan *plan, size_t cable,
			   unsigned int network, uint8_t number, int family)
{
	struct cable_plan *to = &plan->cables[cable];
	char text[32];

	snprintf(text, sizeof(text),
		 family == AF_INET6 ? "fd00:%u::%u" : "10.0.%u.%u", network,
		 number);
	realm_ok(address_parse(&to->addresses[0], text));
	to->network = network;
	memcpy(to->mac, (uint8_t[]){ 2, 0, 0, 0, (uint8_t)network, number }, 6);
}

static void add_host(struct realm *realm, const char *name,
		     unsigned int network, uint8_t number, int family)
{
	struct host_plan plan = { .name = name };

	add_cable_plan(&plan, 0, network, number, family);
	realm_ok(world_add_host(realm->world, &plan, NULL, 0));
}

static void add_router(struct realm *realm, unsigned int k, int family,
		       const char *rules, const struct ipvs_plan *ipvs)
{
	struct host_plan plan = { .rules = rules, .ipvs = ipvs };
	char name[HOST_NAME];

	snprintf(name, sizeof(name), "router-%u", k);
	plan.name = name;
	add_cable_plan(&plan, 0, k - 1, 254, family);
	add_cable_plan(&plan, 1, k, 253, family);
	realm_ok(world_add_host(realm->world, &plan, NULL, 0));
}

static void begin_empty(struct realm *realm)
{
	*realm = (struct realm){ 0 };
	realm->file = memfd_create("journal", MFD_CLOEXEC);
	ck_assert_int_ge(realm->file, 0);
	realm_ok(loop_new(&realm->loop));
	realm_ok(journal_new(&realm->journal, realm->file, nsec_now()));
	realm_ok(world_new(&realm->world, realm->loop, realm->journal,
			   on_exit_of_process, realm));
	realm->wire = world_wire(realm->world);
}

void realm_begin(struct realm *realm, int family)
{
	realm_begin_with_mtu(realm, family, 0);
}

static void add_pair(struct realm *realm, int family)
{
	add_host(realm, "client", 0, 1, family);
	add_host(realm, "server", 0, 2, family);
	realm_ok(world_connect(realm->world, true));
}

void realm_begin_with_mtu(struct realm *realm, int family, unsigned int mtu)
{
	begin_empty(realm);
	world_set_mtu(realm->world, mtu);
	add_pair(realm, family);
}

void realm_begin_with_offload(struct realm *realm, int family)
{
	begin_empty(realm);
	world_set_offload(realm->world, true);
	add_pair(realm, family);
}

void realm_begin_routed(struct realm *realm, int family, unsigned int routers,
			bool permanent)
{
	begin_empty(realm);
	add_host(realm, "client", 0, 1, family);
	add_host(realm, "server", routers, 1, family);
	for (unsigned int k = 1; k <= routers; k++)
		add_router(realm, k, family, NULL, NULL);
	realm_ok(world_connect(realm->world, permanent));
}

void realm_begin_gateway(struct realm *realm, int family, const char *rules)
{
	begin_empty(realm);
	add_host(realm, "client", 0, 1, family);
	add_host(realm, "server", 1, 1, family);
	add_router(realm, 1, family, rules, NULL);
	realm_ok(world_connect(realm->world, true));
}

void realm_begin_balancer(struct realm *realm, const char *rules,
			  const struct ipvs_plan *plan)
{
	begin_empty(realm);
	add_host(realm, "client", 0, 1, AF_INET);
	add_host(realm, "server", 1, 1, AF_INET);
	add_host(realm, "second", 1, 2, AF_INET);
	add_router(realm, 1, AF_INET, rules, plan);
	realm_ok(world_connect(realm->world, true));
}

void realm_end(struct realm *realm)
{
	world_end(realm->world);
	world_free(realm->world);
	journal_free(realm->journal);
	loop_free(realm->loop);
	fd_close(realm->file);
}

void realm_run_for(struct realm *realm, nsec_t duration)
{
	nsec_t deadline = nsec_now() + duration;
	int r = 0;

	while (r == 0)
		r = loop_run_once(realm->loop, deadline);
	realm_ok(r);
}

struct host *realm_host(struct realm *realm, const char *name)
{
	struct host *host = world_host(realm->world, name);

	ck_assert_ptr_nonnull(host);
	return host;
}

json_t *realm_records(struct realm *realm)
{
	json_t *records = json_array(), *record;
	char *line = NULL;
	size_t space = 0;
	FILE *file = fdopen(dup(realm->file), "r");
	ssize_t n;

	ck_assert_ptr_nonnull(file);
	rewind(file);
	while ((n = getline(&line, &space, file)) > 0) {
		realm_ok(journal_parse(&record, line, (size_t)n));
		json_array_append_new(records, record);
	}
	free(line);
	/* The file position is shared with the writer. */
	fclose(file);
	lseek(realm->file, 0, SEEK_END);
	return records;
}

unsigned int realm_frames(struct realm *realm, const char *from,
			  unsigned int kinds, enum wire_fate fate)
{
	const struct wire_capture *all;
	unsigned int hits = 0;
	size_t n;

	realm_ok(wire_catch_up(realm->wire));
	n = wire_captures(realm->wire, &all);
	for (size_t i = 0; i < n; i++)
		hits += (all[i].kinds & kinds) && all[i].fate == fate &&
			strcmp(all[i].from, from) == 0;
	return hits;
}

void realm_add_entry(void *data, const struct firewall_tuple *original,
		     const struct firewall_tuple *reply)
{
	struct realm_entries *entries = data;

	entries->n++;
	entries->original = *original;
	entries->reply = *reply;
}

/* --- sockets ---------------------------------------------------------- */

static struct address address_of(struct realm *realm, const char *name)
{
	return host_plan(realm_host(realm, name))->cables[0].addresses[0];
}

int realm_socket(struct realm *realm, const char *host, int type, uint16_t port)
{
	struct address address = address_of(realm, host);
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&address, port, &storage);
	int fd = host_socket(realm_host(realm, host), address.family,
			     type | SOCK_NONBLOCK, 0);
	const int yes = 1;

	realm_ok(fd);
	/* A port whose former socket is in TIME-WAIT can be used again. */
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&storage, size), 0);
	return fd;
}

int realm_listener(struct realm *realm, uint16_t port)
{
	int fd = realm_socket(realm, "server", SOCK_STREAM, port);

	ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

int realm_connect(struct realm *realm, uint16_t port)
{
	return realm_connect_to(realm, "server", port);
}

int realm_connect_to(struct realm *realm, const char *host, uint16_t port)
{
	int fd = realm_socket(realm, "client", SOCK_STREAM, 0);
	struct address address = address_of(realm, host);
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&address, port, &storage);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&storage, size), -1);
	ck_assert_int_eq(errno, EINPROGRESS);
	return fd;
}

bool realm_is_ready(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };

	return poll(&wait, 1, 0) == 1;
}

int realm_pair(struct realm *realm, int *ret_server)
{
	int listener = realm_listener(realm, 80);
	int client = realm_connect(realm, 80);

	realm_until(realm, realm_is_ready(client, POLLOUT));
	realm_until(realm, realm_is_ready(listener, POLLIN));
	*ret_server =
		accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ck_assert_int_ge(*ret_server, 0);
	fd_close(listener);
	return client;
}

void realm_send_datagram(struct realm *realm, int from, const char *host,
			 const char *text)
{
	struct address address = address_of(realm, host);
	struct sockaddr_storage storage;
	socklen_t size = address_to_sockaddr(&address, PORT, &storage);

	ck_assert_int_eq(sendto(from, text, strlen(text), 0,
				(struct sockaddr *)&storage, size),
			 (ssize_t)strlen(text));
}

const char *realm_receive_text(int fd)
{
	static char text[2048];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}
