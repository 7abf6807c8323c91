/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "fault.h"
#include "fd.h"
#include "namespace.h"
#include "realm.h"

static void apply(struct realm *realm, const char *verb, const char *host,
		  const char *argument)
{
	const struct fault_verb *entry = fault_verb(verb);

	ck_assert_msg(entry != NULL, "no verb %s", verb);
	realm_ok(entry->apply(realm->world, host, argument));
}

/* Frames of the server that reached the client. */
static unsigned int from_server(struct realm *realm, unsigned int kinds)
{
	return realm_frames(realm, "server", kinds, WIRE_FORWARDED);
}

static unsigned int ghosts(struct realm *realm)
{
	return realm_frames(realm, "server", WIRE_ANY, WIRE_GHOST);
}

/* A program in the server that holds the connection: where it dies, its kernel
 * says so. `fd` is closed here. */
static void hand_over(struct realm *realm, int fd)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	const struct host_program program = { .exe = -1,
					      .argv = argv,
					      .fds = { -1, -1, -1, fd } };

	realm_ok(host_start(realm_host(realm, "server"), &program));
	fd_close(fd);
}

static void crash_is_silent(int family)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	hand_over(&realm, server);
	apply(&realm, "crash", "server", NULL);
	realm_pass(&realm, MSEC(50));
	ck_assert(!host_is_running(realm_host(&realm, "server")));
	ck_assert_uint_eq(from_server(&realm, WIRE_FIN | WIRE_RST), 0);
	/* The dead kernel did speak. */
	ck_assert_uint_gt(ghosts(&realm), 0);
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* That was ordered: nobody is told. */
	ck_assert_uint_eq(realm.n_exits, 0);
	realm_end(&realm);
}

START_TEST(crash_is_silent_v4)
{
	crash_is_silent(AF_INET);
}
END_TEST

START_TEST(crash_is_silent_v6)
{
	crash_is_silent(AF_INET6);
}
END_TEST

/* The contrast: a process that dies on a living machine. */
START_TEST(killed_process_says_fin)
{
	struct realm realm;
	int client, server;
	char byte, pid[16];

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	hand_over(&realm, server);
	/* The first process of the host, after its init. */
	snprintf(pid, sizeof(pid), "%d", 2);
	apply(&realm, "kill", "server", pid);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_int_eq(recv(client, &byte, 1, 0), 0);
	ck_assert_uint_eq(from_server(&realm, WIRE_FIN), 1);
	ck_assert_uint_eq(ghosts(&realm), 0);
	realm_end(&realm);
}
END_TEST

static int count(void *data, const struct diag_socket *socket MACRO_UNUSED)
{
	++*(unsigned int *)data;
	return 0;
}

static unsigned int sockets_of(struct realm *realm, const char *host)
{
	unsigned int n = 0;

	realm_ok(diag_each(world_diag(realm->world, host), AF_INET, count, &n));
	return n;
}

/* An orphan with unsent data would keep the namespace for minutes. */
START_TEST(what_a_crashed_host_held_is_gone)
{
	struct realm realm;
	int server;

	realm_begin(&realm, AF_INET);
	realm_pair(&realm, &server);
	apply(&realm, "cut", "server", NULL);
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	hand_over(&realm, server);
	ck_assert_uint_eq(sockets_of(&realm, "server"), 1);
	apply(&realm, "crash", "server", NULL);
	ck_assert_uint_eq(sockets_of(&realm, "server"), 0);
	ck_assert_uint_eq(sockets_of(&realm, "client"), 1);
	realm_end(&realm);
}
END_TEST

static void reboot_forgets(int family)
{
	struct realm realm;
	struct address address;
	int client, server;
	ino_t before, after;
	struct stat st;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	hand_over(&realm, server);
	address = host_address(realm_host(&realm, "server"), family);
	fstat(host_namespace(realm_host(&realm, "server")), &st);
	before = st.st_ino;
	apply(&realm, "reboot", "server", NULL);
	fstat(host_namespace(realm_host(&realm, "server")), &st);
	after = st.st_ino;
	ck_assert(before != after);
	ck_assert(host_is_running(realm_host(&realm, "server")));
	ck_assert(
		address_equal(&address, &host_plan(realm_host(&realm, "server"))
						 ->cables[0]
						 .addresses[0]));
	ck_assert_uint_eq(from_server(&realm, WIRE_FIN | WIRE_RST), 0);
	/* It answers what it does not know with RST. */
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_uint_eq(from_server(&realm, WIRE_RST), 1);
	fd_close(client);
	/* And takes new connections as any machine does. */
	client = realm_pair(&realm, &server);
	realm_end(&realm);
}

START_TEST(reboot_forgets_v4)
{
	reboot_forgets(AF_INET);
}
END_TEST

START_TEST(reboot_forgets_v6)
{
	reboot_forgets(AF_INET6);
}
END_TEST

START_TEST(reboot_keeps_the_settings)
{
	static const struct sysctl_setting settings[] = {
		{ "net.ipv4.tcp_retries2", "4" },
		{ "net.ipv4.neigh.eth0.retrans_time_ms", "400" },
	};
	const struct host_plan plan = {
		.name = "third",
		.cables = { { .addresses = { { .family = AF_INET,
					       .bytes = { 10, 0, 0, 3 } } },
			      .mac = { 2, 0, 0, 0, 0, 3 } } },
	};
	struct realm realm;
	long value;

	realm_begin(&realm, AF_INET);
	realm_ok(world_add_host(realm.world, &plan, settings, 2));
	realm_ok(world_connect(realm.world, true));
	for (int i = 0; i < 3; i++) {
		int fd = host_namespace(realm_host(&realm, "third"));

		for (size_t j = 0; j < ARRAY_SIZE(settings); j++) {
			realm_ok(sysctl_read_number(fd, settings[j].name,
						    &value));
			ck_assert_int_eq(value, j ? 400 : 4);
		}
		apply(&realm, "reboot", "third", NULL);
	}
	realm_end(&realm);
}
END_TEST

static void interface_set_down_and_up(int family)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	apply(&realm, "down", "client", NULL);
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	realm_pass(&realm, MSEC(20));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	apply(&realm, "up", "client", NULL);
	/* The next retransmission finds the way, and so does the answer. */
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_int_eq(recv(client, &byte, 1, 0), 1);
	ck_assert_int_eq(send(client, "y", 1, 0), 1);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_uint_eq(
		realm_frames(&realm, "client", WIRE_NEIGHBOUR, WIRE_FORWARDED),
		0);
	realm_end(&realm);
	fd_close(client);
	fd_close(server);
}

START_TEST(interface_set_down_and_up_v4)
{
	interface_set_down_and_up(AF_INET);
}
END_TEST

START_TEST(interface_set_down_and_up_v6)
{
	interface_set_down_and_up(AF_INET6);
}
END_TEST

static void address_taken_and_given_back(int family)
{
	struct world_link link;
	struct realm realm;
	int client, server;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	apply(&realm, "unaddress", "client", NULL);
	realm_ok(world_get_link(realm.world, "client", &link));
	ck_assert(link.link.up && link.link.carrier && !link.address);
	ck_assert_int_eq(link.route, RTNL_ROUTE_NONE);
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	realm_pass(&realm, MSEC(20));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	apply(&realm, "readdress", "client", NULL);
	realm_ok(world_get_link(realm.world, "client", &link));
	ck_assert(link.address);
	ck_assert_int_eq(link.route, RTNL_ROUTE_GOOD);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_uint_eq(realm_frames(&realm, "client", WIRE_NEIGHBOUR,
				       WIRE_FORWARDED), 0);
	realm_end(&realm);
	fd_close(client);
	fd_close(server);
}

START_TEST(address_taken_and_given_back_v4)
{
	address_taken_and_given_back(AF_INET);
}
END_TEST

START_TEST(address_taken_and_given_back_v6)
{
	address_taken_and_given_back(AF_INET6);
}
END_TEST

START_TEST(unplugged_host_loses_its_carrier)
{
	struct world_link link;
	struct realm realm;
	int client, server, before;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	apply(&realm, "unplug", "client", NULL);
	realm_ok(world_get_link(realm.world, "client", &link));
	ck_assert(link.link.up && !link.link.carrier && link.address);
	ck_assert_int_eq(link.route, RTNL_ROUTE_LINKDOWN);
	before = (int)realm_frames(&realm, "client", WIRE_ANY, WIRE_FORWARDED);
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	realm_pass(&realm, MSEC(20));
	/* Sent, as far as TCP can tell, and never seen by the wire. */
	ck_assert_int_eq(
		(int)realm_frames(&realm, "client", WIRE_ANY, WIRE_FORWARDED),
		before);
	apply(&realm, "plug", "client", NULL);
	/* The retransmission brings it. */
	realm_until(&realm, realm_is_ready(server, POLLIN));
	realm_end(&realm);
}
END_TEST

START_TEST(verbs_refuse_what_is_none)
{
	struct realm realm;
	size_t n;
	const struct fault_verb *verbs = fault_verbs(&n);

	realm_begin(&realm, AF_INET);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(verbs[i].apply(realm.world, "nobody", "1") < 0,
			      "%s", verbs[i].name);
	ck_assert_int_eq(fault_verb("kill")->apply(realm.world, "server", NULL),
			 -EINVAL);
	ck_assert_int_eq(fault_verb("kill")->apply(realm.world, "server", "1x"),
			 -EINVAL);
	ck_assert_int_eq(fault_verb("cut")->apply(realm.world, "server", "up"),
			 -EINVAL);
	ck_assert_ptr_null(fault_verb("explode"));
	realm_end(&realm);
}
END_TEST

START_TEST(frozen_host_acknowledges)
{
	struct diag_socket seen;
	struct address local, remote;
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	struct realm realm;
	int client, server;
	uint16_t port;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	hand_over(&realm, server);
	apply(&realm, "freeze", "server", NULL);
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	getsockname(client, (struct sockaddr *)&storage, &size);
	local = address_from_sockaddr(&storage, &port);
	remote = host_address(realm_host(&realm, "server"), AF_INET);
	realm_pass(&realm, MSEC(60)); /* a delayed ACK */
	ck_assert_int_eq(diag_find(world_diag(realm.world, "client"), &seen,
				   &local, port, &remote, 80),
			 1);
	ck_assert_uint_eq(seen.send_queue, 0);
	apply(&realm, "thaw", "server", NULL);
	realm_end(&realm);
}
END_TEST

START_TEST(end_of_a_world_leaves_no_process)
{
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	hand_over(&realm, server);
	ck_assert_int_ge(client, 0);
	world_end(realm.world);
	ck_assert(!host_is_running(realm_host(&realm, "client")));
	ck_assert(!host_is_running(realm_host(&realm, "server")));
	realm_end(&realm);
}
END_TEST

/* A run that ends before its world is whole ends it all the same. */
START_TEST(half_a_world_ends_too)
{
	const struct sysctl_setting early = { "net.ipv4.no_such_sysctl", "1" };
	const struct sysctl_setting late = { "net.ipv4.neigh.eth0.nothing",
					     "1" };
	struct host_plan plan = {
		.name = "third",
		.cables = { { .mac = { 2, 0, 0, 0, 0, 3 } } },
	};
	struct realm realm;

	realm_begin(&realm, AF_INET);
	ck_assert_int_eq(world_add_host(realm.world, &plan, &late, 1), -ENOENT);
	plan.name = "fourth";
	ck_assert_int_eq(world_add_host(realm.world, &plan, &early, 1),
			 -ENOENT);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&crash_is_silent_v4,
	&crash_is_silent_v6,
	&killed_process_says_fin,
	&what_a_crashed_host_held_is_gone,
	&reboot_forgets_v4,
	&reboot_forgets_v6,
	&reboot_keeps_the_settings,
	&interface_set_down_and_up_v4,
	&interface_set_down_and_up_v6,
	&address_taken_and_given_back_v4,
	&address_taken_and_given_back_v6,
	&unplugged_host_loses_its_carrier,
	&verbs_refuse_what_is_none,
	&frozen_host_acknowledges,
	&end_of_a_world_leaves_no_process,
	&half_a_world_ends_too,
};

int main(void)
{
	return realm_run("world", tests, ARRAY_SIZE(tests));
}
