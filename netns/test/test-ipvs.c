/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A router that balances with IPVS between two hosts. Skipped on kernels without
 * IPVS; harness/test/guest-labs.py runs this program in a guest.
 */
#include "ipvs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "realm.h"

enum { SKIPPED = 77, PORT = 80, CONNECTIONS = 4 };

/* What the router itself gets for this port is for the backends. */
static const char rules[] =
	"table inet balancer { chain services { type filter hook input "
	"priority -150; tcp dport 80 meta mark set 1; }; }";

static struct address host_in(struct realm *realm, const char *name)
{
	return host_address(realm_host(realm, name), AF_INET);
}

static bool is_host(struct realm *realm, const struct address *address,
		    const char *name)
{
	struct address is = host_in(realm, name);

	return address_equal(address, &is);
}

static void begin(struct realm *realm, struct ipvs_plan *plan)
{
	plan->n_backends = 2;
	realm_ok(address_parse(&plan->backends[0], "10.0.1.1"));
	realm_ok(address_parse(&plan->backends[1], "10.0.1.2"));
	realm_begin_balancer(realm, rules, plan);
}

static int listen_at(struct realm *realm, const char *host)
{
	int fd = realm_socket(realm, host, SOCK_STREAM, PORT);

	ck_assert_int_eq(listen(fd, CONNECTIONS), 0);
	return fd;
}

static int connect_to_service(struct realm *realm)
{
	int fd = realm_connect_to(realm, "router-1", PORT);

	realm_until(realm, realm_is_ready(fd, POLLOUT));
	return fd;
}

/* The number of connections that wait to be accepted. All are from the client: NAT
 * replaces only the service's address. */
static unsigned int accept_all(struct realm *realm, int listener)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	unsigned int n = 0;

	while (accept4(listener, (struct sockaddr *)&from, &size,
		       SOCK_CLOEXEC) >= 0) {
		uint16_t port;
		struct address address = address_from_sockaddr(&from, &port);

		ck_assert(is_host(realm, &address, "client"));
		n++;
	}
	return n;
}

static unsigned int accept_more(struct realm *realm, const int listeners[2],
				unsigned int total[2])
{
	for (int i = 0; i < 2; i++)
		total[i] += accept_all(realm, listeners[i]);
	return total[0] + total[1];
}

/* How many of the client's connections each backend has got. */
static void distribute(bool by_source, unsigned int ret[2])
{
	struct ipvs_plan plan = { .by_source = by_source };
	struct realm realm;
	int listeners[2];

	begin(&realm, &plan);
	listeners[0] = listen_at(&realm, "server");
	listeners[1] = listen_at(&realm, "second");
	ret[0] = ret[1] = 0;
	for (int i = 0; i < CONNECTIONS; i++)
		connect_to_service(&realm);
	/* The last ACK may still be on its way. */
	realm_until(&realm, accept_more(&realm, listeners, ret) == CONNECTIONS);
	realm_end(&realm);
}

START_TEST(backends_take_turns)
{
	unsigned int n[2];

	distribute(false, n);
	ck_assert_uint_eq(n[0], CONNECTIONS / 2);
	ck_assert_uint_eq(n[1], CONNECTIONS / 2);
}
END_TEST

START_TEST(source_has_one_backend)
{
	unsigned int n[2];

	distribute(true, n);
	ck_assert_uint_eq(n[0] * n[1], 0);
}
END_TEST

static struct realm_entries list(struct realm *realm)
{
	struct realm_entries entries = { .n = 0 };

	realm_ok(ipvs_each(host_namespace(realm_host(realm, "router-1")),
			   realm_add_entry, &entries));
	return entries;
}

START_TEST(entries_have_both_tuples)
{
	struct ipvs_plan plan = { 0 };
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	struct realm_entries entries;
	struct realm realm;
	uint16_t port;
	int client;

	begin(&realm, &plan);
	listen_at(&realm, "server");
	listen_at(&realm, "second");
	ck_assert_uint_eq(list(&realm).n, 0);
	client = connect_to_service(&realm);
	ck_assert_int_eq(getsockname(client, (struct sockaddr *)&bound, &size),
			 0);
	address_from_sockaddr(&bound, &port);
	entries = list(&realm);
	ck_assert_uint_eq(entries.n, 1);
	ck_assert(is_host(&realm, &entries.original.source, "client"));
	ck_assert(is_host(&realm, &entries.original.destination, "router-1"));
	ck_assert(is_host(&realm, &entries.reply.source, "server") ||
		  is_host(&realm, &entries.reply.source, "second"));
	ck_assert(is_host(&realm, &entries.reply.destination, "client"));
	ck_assert_uint_eq(entries.original.source_port, port);
	ck_assert_uint_eq(entries.original.destination_port, PORT);
	ck_assert_uint_eq(entries.reply.source_port, PORT);
	ck_assert_uint_eq(entries.reply.destination_port, port);
	realm_end(&realm);
}
END_TEST

/* After the timeout of an established connection its next segment is for the router
 * itself, whose TCP answers with a RST; the backend does not get it. */
START_TEST(idle_connection_is_forgotten)
{
	struct ipvs_plan plan = { .established = 1 };
	unsigned int before;
	struct realm realm;
	int client;
	char byte;

	begin(&realm, &plan);
	listen_at(&realm, "server");
	listen_at(&realm, "second");
	client = connect_to_service(&realm);
	ck_assert_uint_eq(list(&realm).n, 1);
	/* Up to 0.25 s late: timer wheel, at HZ 250. */
	for (int i = 0; i < 100 && list(&realm).n; i++)
		realm_run_for(&realm, MSEC(50));
	ck_assert_uint_eq(list(&realm).n, 0);
	before = realm_frames(&realm, "router-1", WIRE_DATA, WIRE_FORWARDED);
	ck_assert_int_eq(send(client, "x", 1, 0), 1);
	realm_until(&realm, realm_is_ready(client, POLLIN));
	ck_assert_int_eq(recv(client, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	ck_assert_uint_eq(realm_frames(&realm, "router-1", WIRE_DATA,
				       WIRE_FORWARDED),
			  before);
	realm_end(&realm);
}
END_TEST

static const TTest *const *const tests[] = {
	&backends_take_turns,
	&source_has_one_backend,
	&entries_have_both_tuples,
	&idle_connection_is_forgotten,
};

int main(void)
{
	/* Each network namespace has it. */
	if (access("/proc/net/ip_vs_conn", F_OK) == 0)
		return realm_run("ipvs", tests, ARRAY_SIZE(tests));
	printf("ipvs: this kernel has no IPVS, or ip_vs is not loaded\n");
	return SKIPPED;
}
