/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPVS is configured with socket options (do_ip_vs_set_ctl()), which need
 * CAP_NET_ADMIN in the user namespace of the network namespace. The same
 * commands over generic netlink have GENL_ADMIN_PERM, and need it in the
 * initial user namespace: a lab without root has only the options. These are
 * IPv4 only.
 *
 * The one service is chosen by a mark (fwmark), because a service with an
 * address has one port, or is persistent. A backend with port 0 keeps the port
 * of the client's segments: ip_vs_schedule().
 */
#include "ipvs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "macro.h"
#include "message.h"
#include "namespace.h"
#include "sysctl.h"

static const char connections[] = "/proc/thread-self/net/ip_vs_conn";

static int open_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
}

bool ipvs_possible(void)
{
	CLEANUP_FD int fd = open_socket();
	struct ip_vs_getinfo info;
	socklen_t size = sizeof(info);

	return fd >= 0 &&
	       getsockopt(fd, IPPROTO_IP, IP_VS_SO_GET_INFO, &info, &size) == 0;
}

/* --- the service ---------------------------------------------------------- */

static int set(int fd, int option, const void *value, size_t size,
	       const char *what)
{
	if (setsockopt(fd, IPPROTO_IP, option, value, (socklen_t)size) < 0)
		return error_origin(-errno, "IPVS: %s", what);
	return 0;
}

/* Those that are 0 stay as they are: ip_vs_set_timeout(). */
static int set_timeouts(int fd, const struct ipvs_plan *plan)
{
	const struct ip_vs_timeout_user timeouts = {
		.tcp_timeout = (int)plan->established,
		.tcp_fin_timeout = (int)plan->fin_wait,
	};

	return set(fd, IP_VS_SO_SET_TIMEOUT, &timeouts, sizeof(timeouts),
		   R_("set timeouts"));
}

/* A thread that estimates rates wakes up 25 times a second
 * (ip_vs_estimation_kthread()), which costs time in virtual time. Only root may
 * stop it; kernels before 6.2 have a timer instead. */
static void stop_statistics(int fd)
{
	static const struct sysctl_setting setting = {
		"net.ipv4.vs.run_estimation", "0"
	};

	(void)sysctl_write(fd, &setting, 1);
}

static int add_service(int fd, const struct ipvs_plan *plan)
{
	struct {
		struct ip_vs_service_user service;
		struct ip_vs_dest_user backend;
	} add = { .service = { .protocol = IPPROTO_TCP, .fwmark = IPVS_MARK } };
	int r;

	snprintf(add.service.sched_name, sizeof(add.service.sched_name), "%s",
		 plan->by_source ? "sh" : "rr");
	r = set(fd, IP_VS_SO_SET_ADD, &add.service, sizeof(add.service),
		plan->by_source ? R_("add a service with scheduler sh") :
				  R_("add a service with scheduler rr"));
	add.backend.conn_flags = IP_VS_CONN_F_MASQ;
	add.backend.weight = 1;
	for (size_t i = 0; i < plan->n_backends && r >= 0; i++) {
		memcpy(&add.backend.addr, plan->backends[i].bytes,
		       sizeof(add.backend.addr));
		r = set(fd, IP_VS_SO_SET_ADDDEST, &add, sizeof(add),
			R_("add a backend"));
	}
	return error_trace(r);
}

int ipvs_load(int fd, const struct ipvs_plan *plan)
{
	CLEANUP_FD int control = -1;
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	control = open_socket();
	r = control < 0 ? error_origin(-errno, "IPVS: socket") : 0;
	left = namespace_leave();
	if (r >= 0)
		r = left;
	if (r >= 0) {
		stop_statistics(fd);
		r = set_timeouts(control, plan);
	}
	if (r >= 0)
		r = add_service(control, plan);
	return error_trace(r);
}

/* --- listing entries ------------------------------------------------------ */

static struct address address_of(unsigned int number)
{
	const uint32_t bytes = htonl(number);
	struct address address = { .family = AF_INET };

	memcpy(address.bytes, &bytes, sizeof(bytes));
	return address;
}

/* ip_vs_conn_seq_show(): numbers are hexadecimal. The line of names, and
 * entries of UDP, do not match. */
static void read_entry(const char *line, firewall_fn fn, void *data)
{
	unsigned int client, service, backend;
	uint16_t client_port, service_port, backend_port;
	struct firewall_tuple original, reply;

	if (sscanf(line, "TCP %x %hx %x %hx %x %hx", &client, &client_port,
		   &service, &service_port, &backend, &backend_port) != 6)
		return;
	original = (struct firewall_tuple){ address_of(client),
					    address_of(service), client_port,
					    service_port };
	reply = (struct firewall_tuple){ address_of(backend),
					 address_of(client), backend_port,
					 client_port };
	fn(data, &original, &reply);
}

int ipvs_each(int fd, firewall_fn fn, void *data)
{
	char line[256];
	FILE *file;
	int r = namespace_enter(fd), left;

	if (r < 0)
		return error_trace(r);
	file = fopen(connections, "re");
	r = file ? 0 : error_origin(-errno, "%s", connections);
	left = namespace_leave();
	while (file && fgets(line, sizeof(line), file))
		read_entry(line, fn, data);
	if (file && ferror(file))
		r = error_origin(-EIO, "read %s", connections);
	if (file)
		fclose(file);
	return error_trace(r < 0 ? r : left);
}
