/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The networks of a lab: addresses of hosts, and errors in a file about them.
 */
#include "lab-network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "lab-file.h"
#include "plans.h"
#include "suite.h"
#include "unit.h"

/* "client 10.0.0.1; gateway 10.0.0.254 10.0.1.254; ..." */
static const char *addresses(int family)
{
	static char text[1024];
	char address[ADDRESS_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				      i ? "; " : "", host->name);
		for (size_t j = 0; j < host->n_interfaces; j++)
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, " %s",
				lab_network_address(host->interfaces[j].network,
						    host->interfaces[j].number,
						    family, address));
	}
	return text;
}

START_TEST(hosts_of_a_path_have_the_addresses_of_its_sides)
{
	plan_complete("hosts: {k: , l: , gateway: {as: nat}, m: , n: }\n");
	ck_assert_str_eq(addresses(AF_INET),
			 "k 10.0.0.1; l 10.0.0.2; gateway 10.0.0.254 "
			 "10.0.1.254; m 10.0.1.1; n 10.0.1.2");
	ck_assert_str_eq(addresses(AF_INET6),
			 "k fd00::1; l fd00::2; gateway fd00::fe fd00:1::fe; "
			 "m fd00:1::1; n fd00:1::2");
}
END_TEST

START_TEST(hosts_without_an_address_get_one_that_is_not_taken)
{
	plan_complete("networks: [x, y]\n"
		      "hosts:\n"
		      "  k: {networks: x}\n"
		      "  b: {networks: {x: 10.0.0.1, y: fd00:1::fe}}\n"
		      "  c: {networks: [y, x]}\n"
		      "  g: {as: router, networks: [x, y]}\n"
		      "  h: {as: nat, networks: {x: , y: 10.0.1.2}}\n");
	ck_assert_str_eq(addresses(AF_INET),
			 "k 10.0.0.2; b 10.0.0.1 10.0.1.254; "
			 "c 10.0.1.1 10.0.0.3; g 10.0.0.254 10.0.1.253; "
			 "h 10.0.0.253 10.0.1.2");
	ck_assert_int_eq(lab_network_check(plan), 0);
}
END_TEST

static unsigned int mtu_of(const char *host, size_t interface)
{
	const struct lab_host *found = lab_plan_host(plan, host);

	return lab_network_mtu(plan, found, &found->interfaces[interface]);
}

START_TEST(mtu_is_that_of_the_interface_the_host_or_the_network)
{
	plan_complete("networks: {x: , y: {mtu: 9000}}\n"
		      "hosts:\n"
		      "  k: {networks: x}\n"
		      "  l: {networks: y}\n"
		      "  m: {networks: [x, y], mtu: 1300}\n"
		      "  n: {mtu: 1300, networks: {x: {mtu: 1400}, y: }}\n");
	ck_assert_uint_eq(mtu_of("k", 0), 1500);
	ck_assert_uint_eq(mtu_of("l", 0), 9000);
	ck_assert_uint_eq(mtu_of("m", 0), 1300);
	ck_assert_uint_eq(mtu_of("m", 1), 1300);
	ck_assert_uint_eq(mtu_of("n", 0), 1400);
	ck_assert_uint_eq(mtu_of("n", 1), 1300);
}
END_TEST

/* Errors of a single value, found while the file is read. */
START_TEST(invalid_networks_and_addresses_are_refused)
{
	static const struct wrong files[] = {
		{ "networks: [x, x]\n", "x.yaml:1:15: networks: duplicate "
					"network 'x'" },
		{ "networks: [1x]\n", "x.yaml:1:12: networks: invalid network "
				      "name '1x'" },
		{ "networks: default\n", "x.yaml:1:11: networks: invalid "
					 "network name 'default'" },
		{ "hosts: {k: {networks: x}}\n",
		  "x.yaml:1:23: hosts.k.networks: unknown network 'x'; "
		  "expected the key 'networks' of the file" },
		{ "networks: [office, dmz]\n"
		  "hosts: {k: {networks: offce}}\n",
		  "x.yaml:2:23: hosts.k.networks: unknown network 'offce'; did "
		  "you mean 'office'?" },
		{ "networks: x\nhosts: {k: {networks: [x, x]}}\n",
		  "x.yaml:2:27: hosts.k.networks: k: duplicate network 'x'" },
		{ "networks: x\nhosts: {k: {networks: {x: 10.0.1.7}}}\n",
		  "x.yaml:2:27: hosts.k.networks.x: address 10.0.1.7 is "
		  "outside of network x (10.0.0.1 .. 254, fd00::1 .. fe)" },
		{ "networks: x\nhosts: {k: {networks: {x: 10.0.0.255}}}\n",
		  "x.yaml:2:27: hosts.k.networks.x: address 10.0.0.255 is "
		  "outside of network x" },
		{ "networks: x\nhosts: {k: {networks: {x: fd00:1::7}}}\n",
		  "x.yaml:2:27: hosts.k.networks.x: address fd00:1::7 is "
		  "outside of network x" },
		{ "networks: x\nhosts: {k: {networks: {x: seven}}}\n",
		  "x.yaml:2:27: hosts.k.networks.x: invalid address 'seven': "
		  "expected one such as 10.0.0.7" },
		{ "networks: [k, l, m, n, o]\n"
		  "hosts: {x: {networks: [k, l, m, n, o]}}\n",
		  "x.yaml:2:36: hosts.x.networks: x: too many networks: at "
		  "most 4 for a host" },
		{ "networks: {x: {mtu: 1279}}\n",
		  "x.yaml:1:21: networks.x.mtu: invalid MTU '1279'" },
		{ "networks: {x: {mtu: 9001}}\n",
		  "x.yaml:1:21: networks.x.mtu: invalid MTU '9001'" },
		{ "networks: {x: {size: 9000}}\n",
		  "x.yaml:1:16: networks.x: unknown network key 'size'" },
		{ "networks: x\nhosts: {k: {networks: {x: {ip: y}}}}\n",
		  "x.yaml:2:28: hosts.k.networks.x: unknown interface key "
		  "'ip'" },
		{ "hosts: {k: {mtu: jumbo}}\n",
		  "x.yaml:1:18: hosts.k.mtu: invalid MTU 'jumbo'" },
		{ "hosts: {k: {icmp: no}}\n",
		  "x.yaml:1:19: hosts.k.icmp: k: only a gateway (a host with "
		  "'as') filters ICMP" },
		{ "networks: x\nhosts: {k: {networks: x, routes: y}}\n",
		  "x.yaml:2:34: hosts.k.routes: unexpected text; expected map "
		  "of routes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		plan_begin();
		must_be_refused(lab_file_parse(plan, "x.yaml", files[i].input,
					       strlen(files[i].input)),
				&files[i]);
	}
}
END_TEST

START_TEST(backends_that_no_connection_reaches_are_refused)
{
	must_pass("hosts: {k: , g: {as: balancer, backends: [l, m]}, l: , "
		  "m: }\n");
	MUST_REFUSE({ "hosts: {k: , g: {as: balancer}, l: }\n",
		      ":1:14: hosts.g: g: missing key 'backends' of a "
		      "balancer" },
		    { "hosts: {k: , g: {as: balancer, backends: sevrer}, "
		      "server: }\n",
		      "hosts.g: unknown backend 'sevrer'; did you mean "
		      "'server'?" },
		    { "hosts: {k: , g: {as: balancer, backends: g}, l: }\n",
		      "g: a backend is another host" },
		    { "hosts: {k: , g: {as: balancer, backends: k}, l: }\n",
		      "hosts.g: g: backend k is in none of the networks "
		      "behind it" });
}
END_TEST

START_TEST(further_addresses_are_in_a_network_of_their_host)
{
	char text[ADDRESS_TEXT];

	plan_complete("networks: [x, y]\n"
		      "hosts:\n"
		      "  k: {networks: [x, y], addresses: [vip, other]}\n"
		      "  l: {networks: {y: 10.0.1.100},\n"
		      "      addresses: {third: , fourth: 'fd00:1::2'}}\n");
	ck_assert_int_eq(lab_network_check(plan), 0);
	for (size_t i = 0; i < plan->n_addresses; i++) {
		static const char *const expected[] = {
			"10.0.0.100", "10.0.0.101", "10.0.1.101", "10.0.1.2"
		};
		const struct lab_address *further = &plan->addresses[i];

		lab_network_address(further->network, further->number, AF_INET,
				    text);
		ck_assert_str_eq(text, expected[i]);
		ck_assert_ptr_eq(lab_network_further(plan, text), further);
	}
	ck_assert_str_eq(lab_network_further(plan, "fd00::65")->name, "other");
	ck_assert_ptr_null(lab_network_further(plan, "10.0.0.7"));
}
END_TEST

START_TEST(moves_that_cannot_happen_are_refused)
{
#define MOVE(step_)                                                            \
	"hosts: {k: {addresses: {vip: 10.0.0.100}}, l: , m: }\n"               \
	"timeline:\n  - 1s: " step_ "\n"
	must_pass(MOVE("move vip from k to l"));
	must_pass(MOVE("[move 10.0.0.100 from k to l quietly, "
		       "move fd00::64 from l to k]"));
	must_pass(MOVE("connect m to vip:80"));
	/* An event decides about the order. */
	must_pass(MOVE(
		"note x") "  - l has received 3 syns: move vip from k to l\n"
			  "  - 2s: move vip from l to m\n");
	MUST_REFUSE({ MOVE("move vip from l to m"),
		      "move vip from l to m: k has the address, not l" },
		    { MOVE("move vp from k to l"),
		      "unknown address 'vp'; did you mean 'vip'?" },
		    { MOVE("move 10.0.0.9 from k to l"),
		      "unknown address '10.0.0.9'" },
		    { MOVE("move vip from k to k"),
		      "source and destination are the same host" },
		    { MOVE("move vip from k to n"), "unknown host 'n'" },
		    { "timeline:\n  - 1s: move vip from client to server\n",
		      "no host has the key 'addresses'" },
		    { "hosts: {k: {addresses: vip}, g: {as: nat}, l: }\n"
		      "timeline:\n  - 1s: move vip from k to l\n",
		      "l is not in the network of vip" });
	MUST_REFUSE({ "hosts: {k: {addresses: {vip: 10.0.0.2}}, l: , "
		      "m: {addresses: {vip2: 10.0.0.2}}}\n",
		      "hosts.m.addresses: duplicate address 10.0.0.2: vip has "
		      "it already" });
}
END_TEST

/* Errors of the whole plan. */
START_TEST(networks_that_do_not_fit_together_are_refused)
{
	MUST_REFUSE(
		{ "networks: x\nhosts: {k: {networks: x}, b: }\n",
		  ":2:27: hosts.b: b: missing key 'networks'" },
		{ "networks: x\nhosts: {k: {networks: x}, x: {networks: x}}\n",
		  ":1:11: networks: duplicate name 'x': a network and a host" },
		{ "networks: x\n"
		  "hosts:\n"
		  "  k: {networks: {x: 10.0.0.7}}\n"
		  "  b: {networks: {x: fd00::7}}\n",
		  ":4:18: hosts.b.networks: duplicate address 10.0.0.7: k has "
		  "it already" },
		{ "networks: x\n"
		  "hosts: {k: {networks: x}, g: {as: nat, networks: x},\n"
		  "        b: {networks: x}}\n",
		  ":2:27: hosts.g: g: a gateway needs at least two networks" },
		{ "networks: x\n"
		  "hosts: {k: {networks: x, routes: {x: b}},\n"
		  "  b: {networks: x}}\n",
		  ":2:38: hosts.k.routes.x: k: route to x, which is one of its "
		  "own networks" },
		{ "networks: [x, y]\n"
		  "hosts: {k: {networks: x, routes: {default: gw}},\n"
		  "        b: {networks: x}}\n",
		  ":2:44: hosts.k.routes.default: route via unknown host "
		  "'gw'" },
		{ "networks: x\n"
		  "hosts: {k: {networks: x, routes: {y: b}},\n"
		  "        b: {networks: x}}\n",
		  ":2:38: hosts.k.routes.y: unknown network or host 'y'" },
		{ "networks: x\n"
		  "hosts: {k: {networks: x, routes: {default: k}},\n"
		  "        b: {networks: x}}\n",
		  "hosts.k.routes.default: k: route via the host itself" },
		{ "networks: [x, y]\n"
		  "hosts: {k: {networks: x, routes: {default: b}},\n"
		  "        b: {networks: y}}\n",
		  "hosts.k.routes.default: k: route via b, which is in none of "
		  "its networks" });
}
END_TEST

static const TTest *const *const tests[] = {
	&hosts_of_a_path_have_the_addresses_of_its_sides,
	&hosts_without_an_address_get_one_that_is_not_taken,
	&mtu_is_that_of_the_interface_the_host_or_the_network,
	&invalid_networks_and_addresses_are_refused,
	&networks_that_do_not_fit_together_are_refused,
	&backends_that_no_connection_reaches_are_refused,
	&further_addresses_are_in_a_network_of_their_host,
	&moves_that_cannot_happen_are_refused,
};

int main(void)
{
	return unit_run("lab-networks", tests, ARRAY_SIZE(tests), plan_begin);
}
