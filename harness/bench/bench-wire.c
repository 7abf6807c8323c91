/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delay and throughput of the wire, with its journal, compared with a veth pair
 * and a kernel bridge. Prints a line for each NAME, or for all,
 *
 *	NAME SECONDS-ONE-WAY BYTES-PER-SECOND
 *
 * The time is half of the median round trip of a small datagram, the rate that
 * of a TCP transfer. NAME is one of
 *
 *	veth		two hosts connected by a veth pair
 *	bridge		two hosts connected by a bridge
 *	bridge-segments	the bridge with one frame for each segment, as hosts
 *			send on the wire
 *	forwarder	the minimum for a wire in user space: frames are received
 *			from a packet socket with the kernel's timestamp and sent
 *			on the other port
 *	wire		the wire
 *	wire-bulk	the wire with an MTU of 65535, which only counts frames
 *
 * usage: bench-wire [NAME...]
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "forwarder.h"
#include "namespace.h"
#include "privilege.h"
#include "rtnl.h"
#include "world.h"

enum { PINGS = 4000, PORT = 7, BULK = 256 << 20, CLIENT = 0, SERVER = 1 };

enum { PORTS = 100 /* ifindex of the first */ };

static const struct sysctl_setting settings[] = {
	{ "net.ipv4.tcp_rmem", "4096 131072 1048576" },
	{ "net.ipv4.tcp_wmem", "4096 16384 1048576" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
};

/* Two network namespaces and the connection between them. */
struct path {
	int hosts[2];
	struct loop *loop; /* of the wire; NULL: no wire */
	struct wire *wire;
};

static void MACRO_NORETURN fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, error_trail());
	exit(EXIT_FAILURE);
}

static void must(int r, const char *what)
{
	if (r < 0)
		fail(what);
}

static struct address address_of(int host)
{
	return (struct address){ .family = AF_INET,
				 .bytes = { 10, 0, 0, (uint8_t)(host + 1) } };
}

static struct sockaddr_in socket_address(int host)
{
	struct address address = address_of(host);
	struct sockaddr_storage storage;
	struct sockaddr_in in;

	address_to_sockaddr(&address, PORT, &storage);
	memcpy(&in, &storage, sizeof(in));
	return in;
}

/* Pins all processes to one CPU, or restores the affinity. The time to wake an
 * idle CPU depends on the machine and varies more than the delays that are
 * measured here. */
static void share_processor(bool yes)
{
	static cpu_set_t all;
	static bool known;
	cpu_set_t one;

	known = known || sched_getaffinity(0, sizeof(all), &all) == 0;
	CPU_ZERO(&one);
	for (int i = CPU_SETSIZE - 1; i >= 0 && !CPU_COUNT(&one); i--)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), yes ? &one : &all);
}

/* --- paths ------------------------------------------------------------------*/

static struct rtnl_end end_of(int host, const char *name, int ifindex,
			      int namespace, unsigned int gso_max_segs)
{
	return (struct rtnl_end){
		.name = name,
		.ifindex = ifindex,
		.namespace = namespace,
		.mac = { 0x02, (uint8_t)(ifindex), 0, 0, 0,
			 (uint8_t)(host + 1) },
		.gso_max_segs = gso_max_segs,
	};
}

/* Configures interface 2 of the namespace like a host's. */
static void configure(int namespace, int host)
{
	struct address own = address_of(host), other = address_of(!host);
	struct rtnl_end peer = end_of(!host, NULL, 2, 0, 0);
	struct rtnl *rtnl;

	must(rtnl_new(&rtnl, namespace), "rtnetlink");
	must(rtnl_add_address(rtnl, 2, &own, 24), "address");
	must(rtnl_set_up(rtnl, 2, true), "up");
	must(rtnl_add_neighbour(rtnl, 2, &other, peer.mac), "neighbour");
	rtnl_free(rtnl);
}

static void new_hosts(struct path *path)
{
	for (int i = 0; i < 2; i++) {
		path->hosts[i] = namespace_new();
		must(path->hosts[i], "namespace");
		must(sysctl_write(path->hosts[i], settings,
				  ARRAY_SIZE(settings)),
		     "sysctl");
	}
}

static void wait_running(int namespace, int ifindex)
{
	struct rtnl *rtnl;

	must(rtnl_new(&rtnl, namespace), "rtnetlink");
	must(rtnl_wait_running(rtnl, ifindex, SEC(5)), "carrier");
	rtnl_free(rtnl);
}

static struct path new_veth(void)
{
	struct path path = { 0 };
	struct rtnl_end a, b;
	struct rtnl *rtnl;

	new_hosts(&path);
	a = end_of(CLIENT, "eth0", 2, 0, 0);
	b = end_of(SERVER, "eth0", 2, path.hosts[SERVER], 0);
	must(rtnl_new(&rtnl, path.hosts[CLIENT]), "rtnetlink");
	must(rtnl_add_veth(rtnl, &a, &b), "veth");
	rtnl_free(rtnl);
	for (int i = 0; i < 2; i++)
		configure(path.hosts[i], i);
	for (int i = 0; i < 2; i++)
		wait_running(path.hosts[i], 2);
	return path;
}

/* Two hosts, each connected to a port in the home namespace; all links are up. */
static struct path new_ports(unsigned int gso_max_segs)
{
	static const char *const names[] = { "port0", "port1" };
	struct path path = { 0 };
	struct rtnl *rtnl;

	new_hosts(&path);
	must(rtnl_new(&rtnl, namespace_home()), "rtnetlink");
	for (int i = 0; i < 2; i++) {
		struct rtnl_end port = end_of(i, names[i], PORTS + i, 0, 0);
		struct rtnl_end host =
			end_of(i, "eth0", 2, path.hosts[i], gso_max_segs);

		must(rtnl_add_veth(rtnl, &port, &host), "veth");
		configure(path.hosts[i], i);
		must(rtnl_set_up(rtnl, PORTS + i, true), "up");
	}
	for (int i = 0; i < 2; i++)
		wait_running(path.hosts[i], 2);
	rtnl_free(rtnl);
	return path;
}

/* ip(8) creates the bridge. */
static struct path new_bridge(unsigned int gso_max_segs)
{
	struct path path = new_ports(gso_max_segs);

	if (system("ip link add bridge type bridge stp_state 0 && "
		   "ip link set port0 master bridge && "
		   "ip link set port1 master bridge && "
		   "ip link set bridge up") != 0)
		fail("ip(8) cannot create a bridge");
	return path;
}

/* The forwarder process ends with its PID namespace. */
static struct path new_forwarder(void)
{
	struct path path = new_ports(1);
	int fd = forwarder_open();

	if (fd < 0)
		fail("packet socket");
	if (fork() == 0) {
		share_processor(true);
		forwarder_run(fd, PORTS, PORTS + 1);
	}
	fd_close(fd);
	return path;
}

static void ignore_exit(void *data MACRO_UNUSED, struct host *host MACRO_UNUSED,
			pid_t pid MACRO_UNUSED, int status MACRO_UNUSED)
{
}

/* With an MTU of 0 the wire has its usual one; with `quiet` it counts frames and
 * neither decodes nor records them. */
static struct path new_wire(unsigned int mtu, bool quiet)
{
	static const char *const names[] = { "client", "server" };
	struct path path = { 0 };
	struct journal *journal;
	struct sysctl_setting own[ARRAY_SIZE(settings)];
	struct world *world;
	char rmem[32];
	int room;

	must(loop_new(&path.loop), "loop");
	must(journal_new(&journal, open("/dev/null", O_WRONLY | O_CLOEXEC),
			 nsec_now()),
	     "journal");
	must(world_new(&world, path.loop, journal, ignore_exit, NULL), "world");
	path.wire = world_wire(world);
	world_set_mtu(world, mtu);
	must(wire_set_count_only(path.wire, quiet), "quiet");
	/* All segments in flight must fit into the wire's receive buffer. */
	must(wire_buffer(path.wire, &room), "buffer");
	snprintf(rmem, sizeof(rmem), "4096 131072 %d",
		 MIN(room / 2, 1 << 20));
	memcpy(own, settings, sizeof(own));
	own[0].value = rmem;
	for (int i = 0; i < 2; i++) {
		struct rtnl_end end = end_of(i, NULL, 2, 0, 0);
		struct host_plan plan = {
			.name = names[i],
			.cables = { { .addresses = { address_of(i) } } }
		};

		memcpy(plan.cables[0].mac, end.mac, 6);
		must(world_add_host(world, &plan, own, ARRAY_SIZE(own)),
		     "host");
	}
	must(world_connect(world, true), "connect");
	for (int i = 0; i < 2; i++)
		path.hosts[i] = host_namespace(world_host(world, names[i]));
	return path;
}

/* --- measurements -----------------------------------------------------------*/

static int open_in(const struct path *path, int host, int type)
{
	struct sockaddr_in own = socket_address(host);
	int fd;

	must(namespace_enter(path->hosts[host]), "enter");
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	must(namespace_leave(), "leave");
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		fail("socket");
	return fd;
}

static void must_connect(int fd, int to)
{
	struct sockaddr_in address = socket_address(to);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
}

static int compare(const void *a, const void *b)
{
	const nsec_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void MACRO_NORETURN echo(int fd)
{
	char byte;

	must_connect(fd, CLIENT);
	for (;;)
		if (recv(fd, &byte, 1, 0) != 1 || send(fd, &byte, 1, 0) != 1)
			_exit(1);
}

/* Half of the median round trip, in seconds. The median ignores the round trips
 * during which the scheduler ran another process. */
static double ping(int fd)
{
	static nsec_t took[PINGS];
	char byte = 0;

	must_connect(fd, SERVER);
	for (int i = 0; i < PINGS; i++) {
		nsec_t start = nsec_now();

		if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1)
			_exit(1);
		took[i] = nsec_now() - start;
	}
	qsort(took, PINGS, sizeof(took[0]), compare);
	return nsec_seconds(took[PINGS / 2]) / 2;
}

static char buffer[1 << 17];

static void MACRO_NORETURN discard(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
	_exit(0);
}

/* Bytes per second until the server has read and acknowledged all. */
static double push(int fd)
{
	nsec_t start = nsec_now();
	char byte;

	must_connect(fd, SERVER);
	for (size_t left = BULK; left;) {
		ssize_t n = send(fd, buffer, MIN(left, sizeof(buffer)), 0);

		if (n < 0)
			_exit(1);
		left -= (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	/* The server closes its socket after it has read EOF. */
	if (recv(fd, &byte, 1, 0) != 0)
		_exit(1);
	return BULK / nsec_seconds(nsec_now() - start);
}

static int on_result(void *data, uint32_t events MACRO_UNUSED)
{
	*(bool *)data = true;
	return 0;
}

/* Runs the loop of the wire, if there is one, until the client sends its result. */
static double await(const struct path *path, int result)
{
	struct loop_source *source = NULL;
	double value = 0;
	bool ready = false;

	if (path->loop)
		must(loop_add_fd(path->loop, &source, result, EPOLLIN,
				 on_result, &ready),
		     "loop");
	while (path->loop && !ready)
		must(loop_run_once(path->loop, NSEC_NEVER), "wire");
	loop_remove(source);
	if (read(result, &value, sizeof(value)) != sizeof(value))
		fail("no result");
	return value;
}

/* Measures the delay of datagrams (SOCK_DGRAM) or the rate of a transfer
 * (SOCK_STREAM) between two processes; this process runs the wire meanwhile. */
static double measure(const struct path *path, int type)
{
	int server = open_in(path, SERVER, type);
	int client = open_in(path, CLIENT, type);
	int result[2];
	pid_t pids[2];
	double value;

	share_processor(type == SOCK_DGRAM);
	if (pipe2(result, O_CLOEXEC) < 0)
		fail("pipe");
	if (type == SOCK_STREAM && listen(server, 1) < 0)
		fail("listen");
	pids[0] = fork();
	if (pids[0] == 0)
		type == SOCK_STREAM ? discard(server) : echo(server);
	pids[1] = fork();
	if (pids[1] == 0) {
		value = type == SOCK_STREAM ? push(client) : ping(client);
		fd_write_all(result[1], &value, sizeof(value));
		_exit(0);
	}
	fd_close(server);
	fd_close(client);
	fd_close(result[1]);
	value = await(path, result[0]);
	fd_close(result[0]);
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	waitpid(pids[1], NULL, 0);
	return value;
}

static void report(const char *name, const struct path *path)
{
	double one_way = measure(path, SOCK_DGRAM);
	double rate = measure(path, SOCK_STREAM);
	unsigned int losses = 0;

	if (path->wire)
		must(wire_losses(path->wire, &losses), "losses");
	if (losses) {
		fprintf(stderr, "%s lost %u frames\n", name, losses);
		exit(EXIT_FAILURE);
	}
	printf("%s %.9f %.0f\n", name, one_way, rate);
	fflush(stdout);
}

/* Each path has its own process and home namespace. */
static int in_child(int go, const char *name)
{
	struct path path;
	char byte;

	if (read(go, &byte, 1) != 1)
		return EXIT_FAILURE;
	must(namespace_remember_home(), "home");
	namespace_home_is_ours();
	if (strcmp(name, "veth") == 0)
		path = new_veth();
	else if (strcmp(name, "bridge") == 0)
		path = new_bridge(0);
	else if (strcmp(name, "bridge-segments") == 0)
		path = new_bridge(1);
	else if (strcmp(name, "forwarder") == 0)
		path = new_forwarder();
	else if (strcmp(name, "wire-bulk") == 0)
		path = new_wire(65535, true);
	else
		path = new_wire(0, false);
	report(name, &path);
	return EXIT_SUCCESS;
}

static int run(const char *name)
{
	int go[2], status;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return EXIT_FAILURE;
	pid = privilege_clone(privilege_clone_flags(), NULL);
	if (pid == 0)
		_exit(in_child(go[0], name));
	if (pid < 0 || privilege_map_child(pid) < 0 ||
	    fd_write_all(go[1], "", 1) < 0)
		fail(name);
	fd_close(go[0]);
	fd_close(go[1]);
	if (waitpid(pid, &status, 0) != pid)
		return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "veth",	  "bridge",
					     "bridge-segments",
					     "forwarder", "wire",
					     "wire-bulk" };
	int status = EXIT_SUCCESS;

	for (int i = 1; i < argc; i++)
		status |= run(argv[i]);
	for (size_t i = 0; i < ARRAY_SIZE(names) && argc == 1; i++)
		status |= run(names[i]);
	return status;
}
