/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets and counters of a host, as its kernel reports them. */
#include "diag.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "counters.h"
#include "errors.h"
#include "fd.h"
#include "realm.h"

static struct address address_of(struct realm *realm, const char *host)
{
	return host_plan(realm_host(realm, host))->cables[0].addresses[0];
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	uint16_t port;

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&storage, &size),
			 0);
	address_from_sockaddr(&storage, &port);
	return port;
}

/* The client's end of the connection to port 80. */
static bool find_client(struct realm *realm, uint16_t port,
			struct diag_socket *ret)
{
	struct address local = address_of(realm, "client");
	struct address remote = address_of(realm, "server");
	int r = diag_find(world_diag(realm->world, "client"), ret, &local, port,
			  &remote, 80);

	realm_ok(r);
	return r;
}

static enum diag_state state_of(struct realm *realm, uint16_t port)
{
	struct diag_socket seen;

	return find_client(realm, port, &seen) ? seen.state : DIAG_CLOSE;
}

static void check_states(int family)
{
	struct diag_socket seen;
	struct realm realm;
	int client, server;
	uint16_t port;

	realm_begin(&realm, family);
	client = realm_pair(&realm, &server);
	port = port_of(client);
	ck_assert(find_client(&realm, port, &seen));
	ck_assert_int_eq(seen.state, DIAG_ESTABLISHED);
	ck_assert_int_eq(seen.timer, DIAG_TIMER_NONE);
	ck_assert(seen.has_info);
	ck_assert_uint_gt(seen.info.tcpi_rto, 0);
	ck_assert_uint_eq(seen.remote_port, 80);
	ck_assert_uint_ne(seen.inode, 0);
	fd_close(client);
	realm_until(&realm, state_of(&realm, port) == DIAG_FIN_WAIT2);
	fd_close(server);
	realm_until(&realm, state_of(&realm, port) == DIAG_TIME_WAIT);
	ck_assert(find_client(&realm, port, &seen));
	ck_assert_int_eq(seen.timer, DIAG_TIMER_TIME_WAIT);
	ck_assert(!find_client(&realm, (uint16_t)(port ^ 1), &seen));
	realm_end(&realm);
}

START_TEST(connection_has_the_states_of_a_close_v4)
{
	check_states(AF_INET);
}
END_TEST

START_TEST(connection_has_the_states_of_a_close_v6)
{
	check_states(AF_INET6);
}
END_TEST

START_TEST(syn_sent_has_a_retransmission_timer)
{
	struct diag_socket seen;
	struct realm realm;
	int client;

	realm_begin(&realm, AF_INET);
	wire_port_cut(world_port(realm.world, "server"), true, true);
	client = realm_connect(&realm, 80);
	ck_assert(find_client(&realm, port_of(client), &seen));
	ck_assert_int_eq(seen.state, DIAG_SYN_SENT);
	ck_assert_int_eq(seen.timer, DIAG_TIMER_RETRANSMIT);
	ck_assert(seen.expires > MSEC(500) && seen.expires <= MSEC(1100));
	realm_end(&realm);
}
END_TEST

/* Only the listener exists, and then a connection in SYN-RECV. */
START_TEST(connection_request_is_found_as_syn_recv)
{
	struct address local, remote;
	struct diag_socket seen;
	struct realm realm;
	int client;

	realm_begin(&realm, AF_INET);
	realm_listener(&realm, 80);
	local = address_of(&realm, "server");
	remote = address_of(&realm, "client");
	ck_assert_int_eq(diag_find(world_diag(realm.world, "server"), &seen,
				   &local, 80, &remote, 4711),
			 0);
	wire_port_cut(world_port(realm.world, "client"), false, true);
	client = realm_connect(&realm, 80);
	realm_run_for(&realm, MSEC(5));
	ck_assert_int_eq(diag_find(world_diag(realm.world, "server"), &seen,
				   &local, 80, &remote, port_of(client)),
			 1);
	ck_assert_int_eq(seen.state, DIAG_SYN_RECV);
	realm_end(&realm);
}
END_TEST

START_TEST(unacknowledged_data_is_in_the_send_queue)
{
	struct diag_socket seen;
	struct realm realm;
	int client, server;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	wire_port_cut(world_port(realm.world, "server"), true, true);
	ck_assert_int_eq(send(client, "12345", 5, 0), 5);
	ck_assert(find_client(&realm, port_of(client), &seen));
	ck_assert_uint_eq(seen.send_queue, 5);
	ck_assert_int_eq(seen.timer, DIAG_TIMER_RETRANSMIT);
	realm_end(&realm);
}
END_TEST

START_TEST(listener_has_length_and_limit_of_its_queue)
{
	struct diag_socket seen;
	struct address local;
	struct realm realm;
	int listener, client;

	realm_begin(&realm, AF_INET);
	listener = realm_listener(&realm, 80);
	local = address_of(&realm, "server");
	client = realm_connect(&realm, 80);
	realm_until(&realm, realm_is_ready(listener, POLLIN));
	ck_assert_int_eq(diag_find(world_diag(realm.world, "server"), &seen,
				   &local, 80, &(struct address){ 0 }, 0),
			 1);
	ck_assert_int_eq(seen.state, DIAG_LISTEN);
	ck_assert_uint_eq(seen.receive_queue, 1);
	ck_assert_uint_eq(seen.send_queue, 16);
	/* The client's port has no listener. */
	ck_assert_int_eq(diag_find(world_diag(realm.world, "client"), &seen,
				   &local, port_of(client),
				   &(struct address){ 0 }, 0),
			 0);
	realm_end(&realm);
}
END_TEST

static int destroy(void *data, const struct diag_socket *socket)
{
	return diag_destroy(data, socket);
}

START_TEST(destroyed_socket_resets_its_peer)
{
	struct realm realm;
	struct diag *destroyer;
	int client, server, r;
	char byte;

	realm_begin(&realm, AF_INET);
	client = realm_pair(&realm, &server);
	realm_ok(diag_new(&destroyer,
			  host_namespace(realm_host(&realm, "client"))));
	r = diag_each(world_diag(realm.world, "client"), DIAG_ALL, destroy,
		      destroyer);
	if (r == -EOPNOTSUPP)
		return; /* CONFIG_INET_DIAG_DESTROY */
	realm_ok(r);
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNABORTED);
	realm_until(&realm, realm_is_ready(server, POLLIN));
	ck_assert_int_eq(recv(server, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	diag_free(destroyer);
	realm_end(&realm);
}
END_TEST

struct families {
	unsigned int v4, v6;
};

static int count_families(void *data, const struct diag_socket *socket)
{
	struct families *found = data;

	ck_assert(socket->has_info);
	if (socket->local.family == AF_INET)
		found->v4++;
	else if (socket->local.family == AF_INET6)
		found->v6++;
	return 0;
}

START_TEST(one_dump_has_the_sockets_of_both_families)
{
	struct families found = { 0 };
	struct realm realm;
	int server, fd;

	realm_begin(&realm, AF_INET);
	realm_pair(&realm, &server);
	realm_listener(&realm, 81);
	fd = host_socket(realm_host(&realm, "server"), AF_INET6, SOCK_STREAM,
			 0);
	realm_ok(fd);
	ck_assert_int_eq(listen(fd, 1), 0);
	realm_ok(diag_each(world_diag(realm.world, "server"), DIAG_ALL,
			   count_families, &found));
	ck_assert_uint_eq(found.v4, 2);
	ck_assert_uint_eq(found.v6, 1);
	/* Without the two ends of the connection */
	found = (struct families){ 0 };
	realm_ok(diag_each(world_diag(realm.world, "server"), DIAG_LISTENERS,
			   count_families, &found));
	ck_assert_uint_eq(found.v4, 1);
	ck_assert_uint_eq(found.v6, 1);
	fd_close(fd);
	realm_end(&realm);
}
END_TEST

static int refuse(void *data, const struct diag_socket *socket MACRO_UNUSED)
{
	++*(int *)data;
	return -EXDEV;
}

START_TEST(failure_of_the_function_ends_the_dump)
{
	struct realm realm;
	int server, calls = 0;

	realm_begin(&realm, AF_INET);
	realm_pair(&realm, &server);
	realm_listener(&realm, 81);
	ck_assert_int_eq(diag_each(world_diag(realm.world, "server"), DIAG_ALL,
				   refuse, &calls),
			 -EXDEV);
	ck_assert_int_eq(calls, 1);
	/* The next dump is not affected. */
	calls = 0;
	ck_assert_int_eq(diag_each(world_diag(realm.world, "client"), DIAG_ALL,
				   refuse, &calls),
			 -EXDEV);
	realm_end(&realm);
}
END_TEST

START_TEST(names_are_those_of_ss)
{
	ck_assert_str_eq(diag_state_text(DIAG_FIN_WAIT2), "FIN-WAIT-2");
	ck_assert_str_eq(diag_state_text(DIAG_CLOSE), "UNCONN");
	ck_assert_str_eq(diag_state_text((enum diag_state)99), "?");
	ck_assert_str_eq(diag_timer_text(DIAG_TIMER_PROBE), "persist");
	ck_assert_str_eq(diag_timer_text((enum diag_timer)99), "?");
}
END_TEST

static bool in_use(struct realm *realm, const char *host)
{
	bool answer;

	realm_ok(counters_tcp_in_use(host_namespace(realm_host(realm, host)),
				     &answer));
	return answer;
}

START_TEST(sockets_in_use_are_counted_per_host)
{
	static const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct realm realm;
		int server, client;

		realm_begin(&realm, families[i]);
		ck_assert(!in_use(&realm, "client"));
		client = realm_pair(&realm, &server);
		ck_assert(in_use(&realm, "client"));
		ck_assert(in_use(&realm, "server"));
		/* An orphan: its FIN is not acknowledged. */
		wire_port_cut(world_port(realm.world, "server"), true, true);
		fd_close(client);
		ck_assert(in_use(&realm, "client"));
		realm_end(&realm);
		realm_new_network();
	}
}
END_TEST

static int64_t counter(struct realm *realm, const char *host, const char *name)
{
	struct counters *counters;
	int64_t value;

	realm_ok(counters_read(&counters,
			       host_namespace(realm_host(realm, host))));
	realm_ok(counters_get(counters, name, &value));
	counters_free(counters);
	return value;
}

START_TEST(counters_are_per_host)
{
	struct counters *counters;
	struct realm realm;
	int64_t value = 77;
	int server;

	realm_begin(&realm, AF_INET);
	realm_pair(&realm, &server);
	ck_assert_int_eq(counter(&realm, "client", "ActiveOpens"), 1);
	ck_assert_int_eq(counter(&realm, "client", "PassiveOpens"), 0);
	ck_assert_int_eq(counter(&realm, "server", "PassiveOpens"), 1);
	ck_assert_int_eq(counter(&realm, "server", "TCPTimeouts"), 0);
	realm_ok(counters_read(&counters,
			       host_namespace(realm_host(&realm, "client"))));
	ck_assert_int_eq(counters_get(counters, "TCPNonsense", &value),
			 -ENOENT);
	ck_assert_int_eq(value, 77);
	ck_assert_uint_gt(counters_size(counters), 100);
	for (size_t i = 0; i < counters_size(counters); i++)
		ck_assert_uint_gt(strlen(counters_name(counters, i)), 0);
	counters_free(counters);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&connection_has_the_states_of_a_close_v4,
	&connection_has_the_states_of_a_close_v6,
	&syn_sent_has_a_retransmission_timer,
	&connection_request_is_found_as_syn_recv,
	&unacknowledged_data_is_in_the_send_queue,
	&listener_has_length_and_limit_of_its_queue,
	&destroyed_socket_resets_its_peer,
	&one_dump_has_the_sockets_of_both_families,
	&failure_of_the_function_ends_the_dump,
	&names_are_those_of_ss,
	&sockets_in_use_are_counted_per_host,
	&counters_are_per_host,
};

int main(void)
{
	return realm_run("diag", tests, ARRAY_SIZE(tests));
}
