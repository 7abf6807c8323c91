/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of fault.h do to a world, and what the peer sees of it. */
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

/* Frames from the server that were forwarded to the client. */
static unsigned int from_server(struct realm *realm, unsigned int kinds)
{
	return realm_frames(realm, "server", kinds, WIRE_FORWARDED);
}

static unsigned int ghosts(struct realm *realm)
{
	return realm_frames(realm, "server", WIRE_ANY, WIRE_GHOST);
}

/* Starts a program in the server that holds the connection: when it dies, its
 * kernel sends a FIN. Closes `fd`. */
static void hold_in_program(struct realm *realm, int fd)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	const struct host_program program = { .exe = -1,
					      .argv = argv,
					      .fds = { -1, -1, -1, fd } };

	realm_ok(host_start(realm_host(realm, "server"), &program));
	fd_close(fd);
}

static void crash_sends_nothing(int family)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	hold_in_program(&realm, server);
	apply(&realm, "crash", "server", NULL);
	realm_run_for(&realm, MSEC(50));
	ck_assert(!host_is_running(realm_host(&realm, "server")));
	ck_assert_uint_eq(from_server(&realm, WIRE_FIN | WIRE_RST), 0);
	/* The dead kernel did send. */
	ck_assert_uint_gt(ghosts(&realm), 0);
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
	/* An ordered death is not reported. */
	ck_assert_uint_eq(realm.n_exits, 0);
	realm_end(&realm);
}

START_TEST(crash_sends_nothing_v4)
{
	crash_sends_nothing(AF_INET);
}
END_TEST

START_TEST(crash_sends_nothing_v6)
{
	crash_sends_nothing(AF_INET6);
}
END_TEST

/* In contrast to a crash. */
START_TEST(killed_process_sends_fin)
{
	struct realm realm;
	int client, server;
	char byte, pid[16];

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	hold_in_program(&realm, server);
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

	realm_ok(diag_each(world_diag(realm->world, host), DIAG_ALL, count, &n));
	return n;
}

/* An orphan with unsent data keeps the namespace for minutes. */
START_TEST(sockets_of_a_crashed_host_are_reset)
{
	struct realm realm;
	int server;

	realm_begin(&realm, AF_INET);
	realm_pair(&realm, &server);
	apply(&realm, "cut", "server", NULL);
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	hold_in_program(&realm, server);
	ck_assert_uint_eq(sockets_of(&realm, "server"), 1);
	apply(&realm, "crash", "server", NULL);
	ck_assert_uint_eq(sockets_of(&realm, "server"), 0);
	ck_assert_uint_eq(sockets_of(&realm, "client"), 1);
	realm_end(&realm);
}
END_TEST

static void check_reboot(int family)
{
	struct realm realm;
	struct address address;
	int client, server;
	ino_t before, after;
	struct stat st;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	hold_in_program(&realm, server);
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
	/* It answers the unknown segment with a RST. */
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_uint_eq(from_server(&realm, WIRE_RST), 1);
	fd_close(client);
	/* And it accepts new connections. */
	client = realm_pair(&realm, &server);
	realm_end(&realm);
}

START_TEST(rebooted_host_answers_with_reset_v4)
{
	check_reboot(AF_INET);
}
END_TEST

START_TEST(rebooted_host_answers_with_reset_v6)
{
	check_reboot(AF_INET6);
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

static void check_down_and_up(int family)
{
	struct realm realm;
	int client, server;
	char byte;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	apply(&realm, "down", "client", NULL);
	ck_assert_int_eq(send(server, "x", 1, 0), 1);
	realm_run_for(&realm, MSEC(20));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	apply(&realm, "up", "client", NULL);
	/* The next retransmission arrives, and so does the answer. */
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

START_TEST(connection_survives_down_and_up_v4)
{
	check_down_and_up(AF_INET);
}
END_TEST

START_TEST(connection_survives_down_and_up_v6)
{
	check_down_and_up(AF_INET6);
}
END_TEST

static void check_address(int family)
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
	realm_run_for(&realm, MSEC(20));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	apply(&realm, "readdress", "client", NULL);
	realm_ok(world_get_link(realm.world, "client", &link));
	ck_assert(link.address);
	ck_assert_int_eq(link.route, RTNL_ROUTE_GOOD);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_uint_eq(
		realm_frames(&realm, "client", WIRE_NEIGHBOUR, WIRE_FORWARDED),
		0);
	realm_end(&realm);
	fd_close(client);
	fd_close(server);
}

START_TEST(connection_survives_loss_of_the_address_v4)
{
	check_address(AF_INET);
}
END_TEST

START_TEST(connection_survives_loss_of_the_address_v6)
{
	check_address(AF_INET6);
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
	realm_run_for(&realm, MSEC(20));
	/* TCP has sent it; it did not reach the wire. */
	ck_assert_int_eq(
		(int)realm_frames(&realm, "client", WIRE_ANY, WIRE_FORWARDED),
		before);
	apply(&realm, "plug", "client", NULL);
	/* The retransmission arrives. */
	realm_until(&realm, realm_is_ready(server, POLLIN));
	realm_end(&realm);
}
END_TEST

START_TEST(verbs_refuse_unknown_hosts_and_arguments)
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
	hold_in_program(&realm, server);
	apply(&realm, "freeze", "server", NULL);
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	getsockname(client, (struct sockaddr *)&storage, &size);
	local = address_from_sockaddr(&storage, &port);
	remote = host_address(realm_host(&realm, "server"), AF_INET);
	realm_run_for(&realm, MSEC(60)); /* a delayed ACK */
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
	hold_in_program(&realm, server);
	ck_assert_int_ge(client, 0);
	world_end(realm.world);
	ck_assert(!host_is_running(realm_host(&realm, "client")));
	ck_assert(!host_is_running(realm_host(&realm, "server")));
	realm_end(&realm);
}
END_TEST

/* world_add_host() failed half way. */
START_TEST(incomplete_world_can_be_freed)
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
	&crash_sends_nothing_v4,
	&crash_sends_nothing_v6,
	&killed_process_sends_fin,
	&sockets_of_a_crashed_host_are_reset,
	&rebooted_host_answers_with_reset_v4,
	&rebooted_host_answers_with_reset_v6,
	&reboot_keeps_the_settings,
	&connection_survives_down_and_up_v4,
	&connection_survives_down_and_up_v6,
	&connection_survives_loss_of_the_address_v4,
	&connection_survives_loss_of_the_address_v6,
	&unplugged_host_loses_its_carrier,
	&verbs_refuse_unknown_hosts_and_arguments,
	&frozen_host_acknowledges,
	&end_of_a_world_leaves_no_process,
	&incomplete_world_can_be_freed,
};

int main(void)
{
	return realm_run("world", tests, ARRAY_SIZE(tests));
}
