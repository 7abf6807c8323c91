/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks are numbered in the order of the file, and hosts in a network in the
 * order of the plan. Numbers that the file gives are taken first, so that no
 * other host gets one of them.
 */
#include "lab-network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of a /24, without its broadcast. */
enum { HOST_MIN = 1, FURTHER_MIN = 100, HOST_MAX = 254 };

/* --- names ----------------------------------------------------------------*/

struct lab_network *lab_network_find(const struct lab_plan *plan,
				     const char *name)
{
	for (size_t i = 0; i < plan->n_networks; i++)
		if (strcmp(plan->networks[i].name, name) == 0)
			return (struct lab_network *)(uintptr_t)&plan
				->networks[i];
	return NULL;
}

static size_t network_names(const struct lab_plan *plan, const char **names)
{
	for (size_t i = 0; i < plan->n_networks; i++)
		names[i] = plan->networks[i].name;
	return plan->n_networks;
}

/* --- building -------------------------------------------------------------*/

int lab_network_add(struct lab_plan *plan, const char *name,
		    const struct lab_place *place, struct lab_network **ret)
{
	struct lab_network network = { 0 };
	int r = lab_name_check(name, "network");

	if (r >= 0 && strcmp(name, "default") == 0)
		r = error_refuse(-EINVAL, "invalid network name 'default': "
					  "word of 'routes'");
	if (r >= 0 && strlen(name) >= HOST_NAME)
		r = error_refuse(-EINVAL,
				 "invalid network name '%s': longer than %d "
				 "characters",
				 name, HOST_NAME - 1);
	if (r >= 0 && lab_network_find(plan, name))
		r = error_refuse(-EINVAL, "duplicate network '%s'", name);
	if (r >= 0 && plan->n_networks == LAB_NETWORKS)
		r = error_refuse(-E2BIG, "too many networks: at most %d",
				 LAB_NETWORKS);
	if (r < 0)
		return lab_place_trace(place, r);
	r = lab_plan_keep_place(plan, place, &network.place);
	if (r < 0)
		return error_trace(r);
	network.name = lab_plan_keep(plan, name);
	if (!network.name)
		return error_origin(-ENOMEM, "network of a lab");
	plan->networks[plan->n_networks] = network;
	*ret = &plan->networks[plan->n_networks++];
	return 0;
}

static int join(struct lab_plan *plan, struct lab_host *host, size_t network,
		const struct lab_place *place, struct lab_interface **ret)
{
	struct lab_interface interface = { .network = network };
	int r;

	if (host->n_interfaces == LAB_INTERFACES)
		return lab_place_refuse(place,
					"%s: too many networks: at most %d for "
					"a host",
					host->name, LAB_INTERFACES);
	r = lab_plan_keep_place(plan, place, &interface.place);
	if (r < 0)
		return error_trace(r);
	host->interfaces[host->n_interfaces] = interface;
	*ret = &host->interfaces[host->n_interfaces++];
	return 0;
}

int lab_network_join(struct lab_plan *plan, struct lab_host *host,
		     const char *network, const struct lab_place *place,
		     struct lab_interface **ret)
{
	const struct lab_network *found = lab_network_find(plan, network);
	const char *names[LAB_NETWORKS];
	char near[256];
	size_t index;

	if (!plan->named_networks)
		return lab_place_refuse(place,
					"unknown network '%s'; expected the "
					"key 'networks' of the file",
					network);
	if (!found)
		return lab_place_refuse(
			place, "unknown network '%s'%s", network,
			lab_suggest(network, names, network_names(plan, names),
				    near, sizeof(near)));
	index = (size_t)(found - plan->networks);
	if (lab_network_interface(host, index))
		return lab_place_refuse(place, "%s: duplicate network '%s'",
					host->name, network);
	return error_trace(join(plan, host, index, place, ret));
}

int lab_network_add_route(struct lab_plan *plan, struct lab_host *host,
			  const char *to, const char *via,
			  const struct lab_place *place)
{
	struct lab_route route = { 0 };
	bool is_default = strcmp(to, "default") == 0;
	int r;

	if (host->n_routes == LAB_ROUTES)
		return lab_place_refuse(place,
					"%s: too many routes: at most %d for a "
					"host",
					host->name, LAB_ROUTES);
	r = lab_plan_keep_place(plan, place, &route.place);
	if (r < 0)
		return error_trace(r);
	route.to = is_default ? NULL : lab_plan_keep(plan, to);
	route.via = lab_plan_keep(plan, via);
	if ((!is_default && !route.to) || !route.via)
		return error_origin(-ENOMEM, "route of a lab");
	host->routes[host->n_routes++] = route;
	return 0;
}

/* --- addresses ------------------------------------------------------------*/

const char *lab_network_address(size_t network, unsigned int number, int family,
				char *text)
{
	if (family == AF_INET)
		snprintf(text, ADDRESS_TEXT, "10.0.%zu.%u", network, number);
	else if (network)
		snprintf(text, ADDRESS_TEXT, "fd00:%zx::%x", network, number);
	else
		snprintf(text, ADDRESS_TEXT, "fd00::%x", number);
	return text;
}

/* The number is the last byte; the rest must be that of the network. */
int lab_network_number(const struct lab_plan *plan, size_t network,
		       const char *address, unsigned int *ret)
{
	struct address given, expected;
	char text[ADDRESS_TEXT], v4[ADDRESS_TEXT], v6[ADDRESS_TEXT];
	unsigned int number;

	if (address_parse(&given, address) < 0)
		return error_refuse(
			-EINVAL,
			"invalid address '%s': expected one such "
			"as %s",
			address,
			lab_network_address(network, 7, AF_INET, text));
	number = given.bytes[address_size(&given) - 1];
	if (number >= HOST_MIN && number <= HOST_MAX &&
	    address_parse(&expected, lab_network_address(network, number,
							 given.family, text)) >=
		    0 &&
	    address_equal(&given, &expected)) {
		*ret = number;
		return 0;
	}
	return error_refuse(
		-EINVAL,
		"address %s is outside of network %s (%s .. %u, %s .. %x)",
		address, plan->networks[network].name,
		lab_network_address(network, HOST_MIN, AF_INET, v4), HOST_MAX,
		lab_network_address(network, HOST_MIN, AF_INET6, v6), HOST_MAX);
}

unsigned int lab_network_mtu(const struct lab_plan *plan,
			     const struct lab_host *host,
			     const struct lab_interface *interface)
{
	unsigned int mtu = interface->mtu ? interface->mtu : host->mtu;

	if (!mtu)
		mtu = plan->networks[interface->network].mtu;
	return mtu ? mtu : LAB_MTU;
}

const struct lab_interface *lab_network_interface(const struct lab_host *host,
						  size_t network)
{
	for (size_t i = 0; i < host->n_interfaces; i++)
		if (host->interfaces[i].network == network)
			return &host->interfaces[i];
	return NULL;
}

const struct lab_interface *lab_network_shared(const struct lab_host *host,
					       const struct lab_host *other)
{
	for (size_t i = 0; i < host->n_interfaces; i++)
		if (lab_network_interface(other, host->interfaces[i].network))
			return &host->interfaces[i];
	return NULL;
}

/* A further address with that number, before `end` in the order of the plan
 * (NULL: any). */
static const struct lab_address *find_further(const struct lab_plan *plan,
					      size_t network,
					      unsigned int number,
					      const struct lab_address *end)
{
	for (size_t i = 0; i < plan->n_addresses && &plan->addresses[i] != end;
	     i++)
		if (plan->addresses[i].network == network &&
		    plan->addresses[i].number == number)
			return &plan->addresses[i];
	return NULL;
}

const struct lab_address *lab_network_further(const struct lab_plan *plan,
					      const char *text)
{
	const struct lab_address *named = lab_plan_address(plan, text);
	struct address wanted, address;
	char buffer[ADDRESS_TEXT];

	if (named || address_parse(&wanted, text) < 0)
		return named;
	for (size_t i = 0; i < plan->n_addresses; i++) {
		const struct lab_address *further = &plan->addresses[i];

		if (address_parse(&address,
				  lab_network_address(
					  further->network, further->number,
					  wanted.family, buffer)) >= 0 &&
		    address_equal(&address, &wanted))
			return further;
	}
	return NULL;
}

/* The interface with that number, before `end` in the order of the plan (NULL:
 * any). */
static const struct lab_host *find_number(const struct lab_plan *plan,
					  size_t network, unsigned int number,
					  const struct lab_host *end)
{
	for (size_t i = 0; i < plan->n_hosts && &plan->hosts[i] != end; i++) {
		const struct lab_interface *interface =
			lab_network_interface(&plan->hosts[i], network);

		if (interface && interface->number == number)
			return &plan->hosts[i];
	}
	return NULL;
}

/* --- defaults -------------------------------------------------------------*/

/* The hosts before the gateway are in the first network, those after it in the
 * second. Of several gateways, lab_network_check() refuses the second. */
static int join_path(struct lab_plan *plan)
{
	static const char *const names[] = { "inside", "outside" };
	struct lab_interface *interface;
	struct lab_network *network;
	size_t side = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r >= 0; i++)
		r = lab_network_add(plan, names[i], NULL, &network);
	for (size_t i = 0; i < plan->n_hosts && r >= 0; i++) {
		struct lab_host *host = &plan->hosts[i];

		r = join(plan, host, side, &host->place, &interface);
		if (r < 0 || !lab_host_is_gateway(host) || side)
			continue;
		side = 1;
		r = join(plan, host, side, &host->place, &interface);
	}
	return error_trace(r);
}

static unsigned int choose_number(const struct lab_plan *plan, size_t network,
				  unsigned int first, int step)
{
	unsigned int number = first;

	static_assert((int)LAB_HOSTS + (int)LAB_ADDRESSES <
			      HOST_MAX - FURTHER_MIN,
		      "a number is left for every host and address");
	while (find_number(plan, network, number, NULL) ||
	       find_further(plan, network, number, NULL))
		number += (unsigned int)step;
	return number;
}

static void choose_numbers(struct lab_plan *plan, struct lab_host *host)
{
	bool down = lab_host_is_gateway(host);

	for (size_t i = 0; i < host->n_interfaces; i++) {
		struct lab_interface *interface = &host->interfaces[i];

		if (!interface->number)
			interface->number = choose_number(
				plan, interface->network,
				down ? HOST_MAX : HOST_MIN, down ? -1 : 1);
	}
}

/* An address as it was written is in one of the host's networks; any other one
 * is in its first. */
static int place_further(struct lab_plan *plan, struct lab_address *further)
{
	const struct lab_host *host = lab_plan_host(plan, further->host);

	for (size_t i = 0; i < host->n_interfaces; i++) {
		further->network = host->interfaces[i].network;
		if (!further->text ||
		    lab_network_number(plan, further->network, further->text,
				       &further->number) >= 0)
			return 0;
	}
	return lab_place_refuse(&further->place,
				"invalid address '%s': in no network of %s",
				further->text, host->name);
}

int lab_network_add_defaults(struct lab_plan *plan)
{
	int r = plan->named_networks ? 0 : join_path(plan);

	for (size_t i = 0; r >= 0 && i < plan->n_addresses; i++)
		r = place_further(plan, &plan->addresses[i]);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < plan->n_hosts; i++)
		choose_numbers(plan, &plan->hosts[i]);
	for (size_t i = 0; i < plan->n_addresses; i++) {
		struct lab_address *further = &plan->addresses[i];

		if (!further->number)
			further->number = choose_number(plan, further->network,
							FURTHER_MIN, 1);
	}
	return 0;
}

/* --- checks ---------------------------------------------------------------*/

static int check_path(const struct lab_plan *plan)
{
	const struct lab_host *gateway = NULL;

	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		if (!lab_host_is_gateway(host))
			continue;
		if (gateway)
			return lab_place_refuse(&host->place,
						"%s: a path has at most one "
						"gateway; %s is one already; "
						"'networks' allows several",
						host->name, gateway->name);
		gateway = host;
		if (i == 0 || i + 1 == plan->n_hosts)
			return lab_place_refuse(&host->place,
						"%s: a gateway needs a host on "
						"each side; it is at an end of "
						"the path",
						host->name);
	}
	return 0;
}

/* A backend is reached through the balancer, which its replies pass again. */
static int check_backends(const struct lab_plan *plan,
			  const struct lab_host *host)
{
	const char *names[LAB_HOSTS];
	char near[256];

	if (host->role == LAB_BALANCER && !host->n_backends)
		return lab_place_refuse(&host->place,
					"%s: missing key 'backends' of a "
					"balancer",
					host->name);
	for (size_t i = 0; i < host->n_backends; i++) {
		const char *name = host->backends[i];
		const struct lab_host *backend = lab_plan_host(plan, name);
		bool behind = false;

		if (!backend)
			return lab_place_refuse(
				&host->place, "unknown backend '%s'%s", name,
				lab_suggest(name, names,
					    lab_plan_host_names(plan, names),
					    near, sizeof(near)));
		if (backend == host)
			return lab_place_refuse(&host->place,
						"%s: a backend is another host",
						host->name);
		for (size_t j = 1; j < host->n_interfaces; j++)
			behind = behind ||
				 lab_network_interface(
					 backend, host->interfaces[j].network);
		if (!behind)
			return lab_place_refuse(&host->place,
						"%s: backend %s is in none of "
						"the networks behind it",
						host->name, name);
	}
	return 0;
}

static int check_interfaces(const struct lab_plan *plan,
			    const struct lab_host *host)
{
	if (!host->n_interfaces)
		return lab_place_refuse(&host->place,
					"%s: missing key 'networks': the file "
					"has networks, and the host is in none",
					host->name);
	if (lab_host_is_gateway(host) && host->n_interfaces < 2)
		return lab_place_refuse(&host->place,
					"%s: a gateway needs at least two "
					"networks",
					host->name);
	for (size_t i = 0; i < host->n_interfaces; i++) {
		const struct lab_interface *interface = &host->interfaces[i];
		const struct lab_host *other = find_number(
			plan, interface->network, interface->number, host);
		char text[ADDRESS_TEXT];

		if (other)
			return lab_place_refuse(
				&interface->place,
				"duplicate address %s: %s has it already",
				lab_network_address(interface->network,
						    interface->number, AF_INET,
						    text),
				other->name);
	}
	return 0;
}

static int check_further(const struct lab_plan *plan,
			 const struct lab_address *further)
{
	const struct lab_host *host =
		find_number(plan, further->network, further->number, NULL);
	const struct lab_address *other =
		find_further(plan, further->network, further->number, further);
	char text[ADDRESS_TEXT];

	if (!host && !other)
		return 0;
	return lab_place_refuse(
		&further->place, "duplicate address %s: %s has it already",
		lab_network_address(further->network, further->number, AF_INET,
				    text),
		host ? host->name : other->name);
}

static int refuse_destination(const struct lab_plan *plan,
			      const struct lab_route *route)
{
	const char *names[LAB_NETWORKS + LAB_HOSTS + 1];
	char near[256];
	size_t n = network_names(plan, names);

	n += lab_plan_host_names(plan, names + n);
	names[n++] = "default";
	return lab_place_refuse(
		&route->place, "unknown network or host '%s'%s", route->to,
		lab_suggest(route->to, names, n, near, sizeof(near)));
}

static int check_route(const struct lab_plan *plan, const struct lab_host *host,
		       const struct lab_route *route)
{
	const struct lab_host *via = lab_plan_host(plan, route->via);
	const struct lab_network *network =
		route->to ? lab_network_find(plan, route->to) : NULL;
	const char *names[LAB_HOSTS];
	char near[256];

	if (route->to && !network && !lab_plan_host(plan, route->to))
		return refuse_destination(plan, route);
	if (network &&
	    lab_network_interface(host, (size_t)(network - plan->networks)))
		return lab_place_refuse(&route->place,
					"%s: route to %s, which is one of its "
					"own networks",
					host->name, network->name);
	if (!via)
		return lab_place_refuse(
			&route->place, "route via unknown host '%s'%s",
			route->via,
			lab_suggest(route->via, names,
				    lab_plan_host_names(plan, names), near,
				    sizeof(near)));
	if (via == host)
		return lab_place_refuse(&route->place,
					"%s: route via the host itself",
					host->name);
	if (!lab_network_shared(host, via))
		return lab_place_refuse(&route->place,
					"%s: route via %s, which is in none of "
					"its networks",
					host->name, via->name);
	return 0;
}

int lab_network_check(const struct lab_plan *plan)
{
	int r = plan->named_networks ? 0 : check_path(plan);

	for (size_t i = 0; r >= 0 && i < plan->n_networks; i++)
		if (lab_plan_host(plan, plan->networks[i].name) &&
		    plan->named_networks)
			r = lab_place_refuse(&plan->networks[i].place,
					     "duplicate name '%s': a network "
					     "and a host",
					     plan->networks[i].name);
	for (size_t i = 0; r >= 0 && i < plan->n_addresses; i++)
		r = check_further(plan, &plan->addresses[i]);
	for (size_t i = 0; r >= 0 && i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		r = check_interfaces(plan, host);
		if (r >= 0)
			r = check_backends(plan, host);
		for (size_t j = 0; r >= 0 && j < host->n_routes; j++)
			r = check_route(plan, host, &host->routes[j]);
	}
	return error_trace(r);
}
