/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world is a list of places. A place has the plan of a host, its ports at the
 * wire, and the host itself, which a reboot replaces: the plan and the ports
 * stay.
 *
 * The order in which a host comes up is that of a machine: namespace and init,
 * firewall rules, sysctls, cables, addresses (furnish()); then its links are
 * set up at both ends, with the neighbours (raise_links()); once all links have
 * a carrier, the routes. A rebooted host goes through the same steps.
 *
 * Before a fault is applied, the wire processes what has arrived: frames that
 * were sent before the fault are not affected by it.
 */
#include "world.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "counters.h"
#include "errors.h"
#include "fd.h"
#include "firewall.h"
#include "frame.h"
#include "ipvs.h"
#include "namespace.h"
#include "offload.h"

enum {
	WIRE_IFINDEX = 100 /* and upwards */,
	WIRE_MTU = 9000, /* at least: of its ends of the cables */
};

/* For a link to get its carrier, which takes milliseconds. */
static const nsec_t link_timeout = SEC(10);

struct place {
	struct place *next;
	struct host_plan plan;
	char name[HOST_NAME];
	struct sysctl_setting *settings;
	size_t n_settings;
	struct host *host;
	struct diag *diag;
	size_t n_cables;
	struct wire_port *ports[HOST_CABLES];
	/* While routes are computed: */
	unsigned int hops[HOST_CABLES]; /* routers from that cable's network */
	const struct place *gateway; /* of the default route */
};

struct world {
	struct loop *loop;
	struct journal *journal;
	struct wire *wire;
	struct rtnl *rtnl; /* the wire's */
	int namespace; /* the wire's */
	struct place *places;
	bool permanent_neighbours;
	int next_ifindex;
	unsigned int mtu; /* of all cables; 0: the kernel's default */
	bool offload; /* of all cables */
	host_exit_fn on_exit;
	void *data;
};

int world_new(struct world **ret, struct loop *loop, struct journal *journal,
	      host_exit_fn on_exit, void *data)
{
	static const struct sysctl_setting quiet = {
		"net.ipv6.conf.default.disable_ipv6", "1"
	};
	struct world *world = calloc(1, sizeof(*world));
	int r;

	if (!world)
		return error_origin(-ENOMEM, "world");
	*world = (struct world){ .loop = loop,
				 .journal = journal,
				 .namespace = namespace_home(),
				 .next_ifindex = WIRE_IFINDEX,
				 .on_exit = on_exit,
				 .data = data };
	/* Without IPv6 the wire's ends of the cables send no MLD reports and
	 * router solicitations of their own. lo stays down. A write to "all"
	 * would run again and again until rtnl is free: addrconf_disable_ipv6().
	 * -ENOENT: a kernel without IPv6. */
	r = sysctl_write(world->namespace, &quiet, 1);
	if (r == -ENOENT)
		r = 0;
	if (r >= 0)
		r = rtnl_new(&world->rtnl, world->namespace);
	if (r >= 0)
		r = wire_new(&world->wire, loop, journal);
	if (r < 0) {
		world_free(world);
		return error_trace(r);
	}
	*ret = world;
	return 0;
}

void world_set_mtu(struct world *world, unsigned int mtu)
{
	world->mtu = mtu;
}

void world_set_offload(struct world *world, bool on)
{
	world->offload = on;
}

static void free_settings(struct sysctl_setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((void *)(uintptr_t)settings[i].name);
		free((void *)(uintptr_t)settings[i].value);
	}
	free(settings);
}

struct world *world_free(struct world *world)
{
	if (!world)
		return NULL;
	while (world->places) {
		struct place *place = world->places;

		world->places = place->next;
		host_free(place->host);
		diag_free(place->diag);
		free_settings(place->settings, place->n_settings);
		free(place);
	}
	wire_free(world->wire);
	rtnl_free(world->rtnl);
	free(world);
	return NULL;
}

static struct place *find(struct world *world, const char *name)
{
	for (struct place *place = world->places; place; place = place->next)
		if (strcmp(place->name, name) == 0)
			return place;
	return NULL;
}

static int find_place(struct world *world, const char *name, struct place **ret)
{
	*ret = find(world, name);
	return *ret ? 0 : error_origin(-ENOENT, "host '%s'", name);
}

/* Before a fault: what was sent up to now is processed. */
static int find_for_fault(struct world *world, const char *name,
			  struct place **ret)
{
	int r = find_place(world, name, ret);

	if (r < 0)
		return error_trace(r);
	return error_trace(wire_catch_up(world->wire));
}

struct host *world_host(struct world *world, const char *name)
{
	struct place *place = find(world, name);

	return place ? place->host : NULL;
}

struct wire_port *world_cable(struct world *world, const char *name, size_t n)
{
	struct place *place = find(world, name);

	return place && n < place->n_cables ? place->ports[n] : NULL;
}

struct wire_port *world_port(struct world *world, const char *name)
{
	return world_cable(world, name, 0);
}

struct diag *world_diag(struct world *world, const char *name)
{
	struct place *place = find(world, name);

	return place ? place->diag : NULL;
}

struct wire *world_wire(struct world *world)
{
	return world->wire;
}

/* --- hosts and cables ------------------------------------------------- */

/* Copies, because a reboot writes them again after the caller has freed its
 * own. */
static int copy_settings(struct place *place,
			 const struct sysctl_setting *settings, size_t n)
{
	place->settings = calloc(n ? n : 1, sizeof(*place->settings));
	if (!place->settings)
		return error_origin(-ENOMEM, "settings");
	for (size_t i = 0; i < n; i++) {
		place->settings[i].name = strdup(settings[i].name);
		place->settings[i].value = strdup(settings[i].value);
		place->n_settings = i + 1;
		if (!place->settings[i].name || !place->settings[i].value)
			return error_origin(-ENOMEM, "settings");
	}
	return 0;
}

/* Such as net.ipv4.neigh.eth0.*: the kernel creates the directory with the
 * interface, so these are written after add_cable(). */
static bool is_of_interface(const struct sysctl_setting *setting)
{
	return strstr(setting->name, ".eth");
}

/* Writes the settings of interfaces, or all others; neighbours in the list by
 * one call, which enters the namespace once. */
static int write_settings(struct place *place, bool of_interface)
{
	const struct sysctl_setting *all = place->settings;
	size_t end;

	for (size_t i = 0; i < place->n_settings; i = end) {
		int r = 0;

		for (end = i + 1; end < place->n_settings &&
				  is_of_interface(&all[end]) ==
					  is_of_interface(&all[i]);)
			end++;
		if (is_of_interface(&all[i]) == of_interface)
			r = sysctl_write(host_namespace(place->host), &all[i],
					 end - i);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static int ifindex_of(size_t cable)
{
	return WORLD_HOST_IFINDEX + (int)cable;
}

/* 0: the kernel's default. */
static unsigned int mtu_of(const struct world *world, const struct place *place,
			   size_t cable)
{
	unsigned int mtu = place->plan.cables[cable].mtu;

	return mtu ? mtu : world->mtu;
}

/* A new port, or the one that the place has had before. */
static int bind_port(struct world *world, struct place *place, size_t i,
		     int ifindex)
{
	const struct cable_plan *cable = &place->plan.cables[i];
	int r;

	if (place->ports[i]) {
		wire_port_rebind(place->ports[i], ifindex);
		return 0;
	}
	r = wire_add_port(world->wire, &place->ports[i], place->name,
			  cable->network, ifindex, cable->mac);
	if (r >= 0 && mtu_of(world, place, i))
		wire_port_set_mtu(place->ports[i], mtu_of(world, place, i));
	if (r >= 0)
		wire_port_set_network_mtu(place->ports[i], cable->network_mtu);
	for (size_t j = 0; j < HOST_ADDRESSES && r >= 0; j++)
		if (cable->addresses[j].family)
			r = wire_port_add_address(place->ports[i],
						  &cable->addresses[j]);
	for (size_t j = 0; j < HOST_FLOATING && r >= 0; j++)
		if (cable->floating[j].family)
			r = wire_port_add_address(place->ports[i],
						  &cable->floating[j]);
	return error_trace(r);
}

/*
 * One request makes both ends with their indices, MAC addresses and namespaces,
 * which is much faster than to make them first and move them afterwards. The
 * indices of the wire's ends grow: a frame from the cable of a former machine
 * is not taken for one of the new machine. The wire's ends pass what any host
 * sends; the host's end drops what is larger than its own MTU
 * (__is_skb_forwardable()).
 */
static int add_cable(struct world *world, struct place *place, size_t i)
{
	const int ifindex = world->next_ifindex++;
	const unsigned int mtu = mtu_of(world, place, i);
	char wire_name[16], eth_name[16];
	struct rtnl_end wire_end = { .name = wire_name,
				     .ifindex = ifindex,
				     .mac = { 0x02, 0xff, 0, 0,
					      (uint8_t)(ifindex >> 8),
					      (uint8_t)ifindex },
				     .mtu = MAX(mtu, (unsigned int)WIRE_MTU) };
	struct rtnl_end host_end = { .name = eth_name,
				     .ifindex = ifindex_of(i),
				     .namespace = host_namespace(place->host),
				     /* One frame is one segment. */
				     .gso_max_segs = world->offload ? 0 : 1,
				     .mtu = mtu };
	int r;

	snprintf(wire_name, sizeof(wire_name), "port%d", ifindex);
	snprintf(eth_name, sizeof(eth_name), "eth%u", (uint8_t)i);
	memcpy(host_end.mac, place->plan.cables[i].mac, 6);
	r = rtnl_add_veth(world->rtnl, &wire_end, &host_end);
	/* A gateway that joined packets would make new ones of them: identity.h. */
	if (r >= 0 && world->offload && host_plan_cables(&place->plan) == 1)
		r = offload_receive(host_end.namespace, eth_name);
	if (r < 0)
		return error_trace(r);
	return error_trace(bind_port(world, place, i, ifindex));
}

static unsigned int prefix_of(const struct address *address)
{
	return address->family == AF_INET ? HOST_PREFIX_V4 : HOST_PREFIX_V6;
}

/* Of one cable, by its plan. */
static int add_addresses(struct place *place, size_t cable)
{
	const struct cable_plan *plan = &place->plan.cables[cable];
	struct rtnl *rtnl = host_rtnl(place->host);
	int r = 0;

	/* An interface that goes down keeps its IPv4 addresses;
	 * addrconf_ifdown() deletes those of IPv6. */
	for (size_t i = 0; i < HOST_ADDRESSES && (r >= 0 || r == -EEXIST); i++)
		if (plan->addresses[i].family)
			r = rtnl_add_address(rtnl, ifindex_of(cable),
					     &plan->addresses[i],
					     prefix_of(&plan->addresses[i]));
	for (size_t i = 0; i < HOST_FLOATING && (r >= 0 || r == -EEXIST); i++)
		if (plan->floating[i].family)
			r = rtnl_add_floating_address(rtnl, ifindex_of(cable),
						      &plan->floating[i]);
	return r == -EEXIST ? 0 : error_trace(r);
}

static int remove_floating(struct place *place, size_t cable,
			   const struct address *address)
{
	return error_trace(rtnl_remove_address(
		host_rtnl(place->host), ifindex_of(cable), address,
		(unsigned int)address_size(address) * 8));
}

static int remove_addresses(struct place *place, size_t cable)
{
	const struct cable_plan *plan = &place->plan.cables[cable];
	int r = 0;

	for (size_t i = 0; i < HOST_FLOATING && r >= 0; i++)
		if (plan->floating[i].family)
			r = remove_floating(place, cable, &plan->floating[i]);
	for (size_t i = 0; i < HOST_ADDRESSES && r >= 0; i++)
		if (plan->addresses[i].family)
			r = rtnl_remove_address(host_rtnl(place->host),
						ifindex_of(cable),
						&plan->addresses[i],
						prefix_of(&plan->addresses[i]));
	return error_trace(r);
}

/* The machine of a place, switched on and cabled; its links are still down. */
static int furnish(struct world *world, struct place *place)
{
	int r = host_new(&place->host, world->loop, &place->plan,
			 world->on_exit, world->data);

	/* The sysctls of net.netfilter exist once conntrack is registered for
	 * the namespace, which loading rules does. */
	if (r >= 0 && place->plan.rules)
		r = firewall_load(host_namespace(place->host),
				  place->plan.rules);
	if (r >= 0 && place->plan.ipvs)
		r = ipvs_load(host_namespace(place->host), place->plan.ipvs);
	if (r >= 0)
		r = write_settings(place, false);
	if (r >= 0)
		r = diag_new(&place->diag, host_namespace(place->host));
	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = add_cable(world, place, i);
	if (r >= 0)
		r = write_settings(place, true);
	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = add_addresses(place, i);
	return error_trace(r);
}

int world_add_host(struct world *world, const struct host_plan *plan,
		   const struct sysctl_setting *settings, size_t n_settings)
{
	struct place **at = &world->places;
	struct place *place = calloc(1, sizeof(*place));
	int r;

	if (!place)
		return error_origin(-ENOMEM, "host %s", plan->name);
	place->plan = *plan;
	place->n_cables = host_plan_cables(plan);
	snprintf(place->name, sizeof(place->name), "%s", plan->name);
	place->plan.name = place->name;
	while (*at)
		at = &(*at)->next;
	*at = place;
	r = copy_settings(place, settings, n_settings);
	if (r < 0)
		return error_trace(r);
	return error_trace(furnish(world, place));
}

/* --- neighbours ------------------------------------------------------- */

static int add_neighbours(struct place *place, size_t cable,
			  const struct cable_plan *other)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++) {
		int r;

		if (!other->addresses[i].family)
			continue;
		r = rtnl_add_neighbour(host_rtnl(place->host),
				       ifindex_of(cable), &other->addresses[i],
				       other->mac);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* All cables of `other` that end in a network of this host. */
static int add_neighbour_host(struct place *place, const struct place *other)
{
	for (size_t i = 0; i < place->n_cables; i++)
		for (size_t j = 0; j < other->n_cables; j++) {
			const struct cable_plan *cable = &other->plan.cables[j];
			int r = 0;

			if (cable->network == place->plan.cables[i].network)
				r = add_neighbours(place, i, cable);
			if (r < 0)
				return error_trace(r);
		}
	return 0;
}

static int add_all_neighbours(struct world *world, struct place *place)
{
	for (struct place *other = world->places; other; other = other->next) {
		int r = other == place ? 0 : add_neighbour_host(place, other);

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* --- links ------------------------------------------------------------ */

/* Sets the links up at both ends. */
static int raise_links(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++) {
		r = rtnl_set_up(world->rtnl, wire_port_ifindex(place->ports[i]),
				true);
		if (r >= 0)
			r = rtnl_set_up(host_rtnl(place->host), ifindex_of(i),
					true);
	}
	if (r >= 0 && world->permanent_neighbours)
		r = add_all_neighbours(world, place);
	return error_trace(r);
}

/* Frames that are sent before both ends run are lost, and TCP retransmits a
 * lost SYN after a second (TCP_TIMEOUT_INIT). */
static int wait_cable(struct world *world, struct place *place, size_t cable)
{
	const struct address *addresses = place->plan.cables[cable].addresses;
	int r = rtnl_wait_running(host_rtnl(place->host), ifindex_of(cable),
				  link_timeout);

	if (r >= 0)
		r = rtnl_wait_running(world->rtnl,
				      wire_port_ifindex(place->ports[cable]),
				      link_timeout);
	for (size_t i = 0; i < HOST_ADDRESSES && r >= 0; i++)
		if (addresses[i].family == AF_INET6)
			r = rtnl_wait_address(host_rtnl(place->host),
					      ifindex_of(cable), &addresses[i],
					      link_timeout);
	return error_trace(r);
}

static int wait_links(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = wait_cable(world, place, i);
	return error_trace(r);
}

/* --- routes ----------------------------------------------------------- */

/*
 * For each network with end hosts (those that do not forward), the distance of
 * every network to it is counted in routers. A host's next hop is the
 * neighbouring router with the smallest distance.
 */
static const unsigned int unreached = UINT_MAX - 1;

static unsigned int fewest_hops(const struct place *place)
{
	unsigned int fewest = unreached;

	for (size_t i = 0; i < place->n_cables; i++)
		fewest = MIN(fewest, place->hops[i]);
	return fewest;
}

/* All cables in a network have the same distance. */
static void set_hops(struct world *world, unsigned int network,
		     unsigned int hops)
{
	for (struct place *p = world->places; p; p = p->next)
		for (size_t i = 0; i < p->n_cables; i++)
			if (p->plan.cables[i].network == network)
				p->hops[i] = hops;
}

/* A router's networks are at most one hop further than its nearest one. */
static bool relax(struct world *world, const struct place *router)
{
	unsigned int hops = fewest_hops(router) + 1;
	bool changed = false;

	if (!host_plan_forwards(&router->plan))
		return false;
	for (size_t i = 0; i < router->n_cables; i++) {
		if (router->hops[i] <= hops)
			continue;
		set_hops(world, router->plan.cables[i].network, hops);
		changed = true;
	}
	return changed;
}

/* From every network to that one. */
static void count_hops(struct world *world, unsigned int network)
{
	bool changed = true;

	for (struct place *p = world->places; p; p = p->next)
		for (size_t i = 0; i < p->n_cables; i++)
			p->hops[i] = p->plan.cables[i].network == network ?
					     0 :
					     unreached;
	while (changed) {
		changed = false;
		for (struct place *p = world->places; p; p = p->next)
			changed |= relax(world, p);
	}
}

/* The router's cable in a network of the host; NULL: they share none. */
static const struct cable_plan *shared_cable(const struct place *place,
					     const struct place *router)
{
	for (size_t i = 0; i < place->n_cables; i++)
		for (size_t j = 0; j < router->n_cables; j++)
			if (place->plan.cables[i].network ==
			    router->plan.cables[j].network)
				return &router->plan.cables[j];
	return NULL;
}

/* NULL where no router leads to the network that hops were counted to. */
static const struct place *next_hop(const struct world *world,
				    const struct place *place)
{
	const struct place *best = NULL;

	for (const struct place *p = world->places; p; p = p->next)
		if (p != place && host_plan_forwards(&p->plan) &&
		    shared_cable(place, p) && fewest_hops(p) < unreached &&
		    (!best || fewest_hops(p) < fewest_hops(best)))
			best = p;
	return best;
}

static int add_route(struct place *place, const struct cable_plan *to,
		     const struct place *router, bool is_default)
{
	const struct cable_plan *near = shared_cable(place, router);

	for (size_t i = 0; i < HOST_ADDRESSES; i++) {
		const struct address *network = &to->addresses[i];
		struct address via = cable_address(near, network->family);
		int r;

		if (!network->family || !via.family)
			continue;
		r = rtnl_add_route(host_rtnl(place->host), network,
				   is_default ? 0 : prefix_of(network), &via);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/*
 * An end host has a default route, so that it can answer any address, and
 * further routes for what another router leads to. A router has a route for
 * each network, and no default route.
 */
static int add_route_to(struct world *world, struct place *place,
			const struct cable_plan *to)
{
	const struct place *router = next_hop(world, place);
	bool is_default = !host_plan_forwards(&place->plan) && !place->gateway;

	/* The host is in that network. */
	for (size_t i = 0; i < place->n_cables; i++)
		if (place->hops[i] == 0)
			return 0;
	if (!router || router == place->gateway)
		return 0;
	if (is_default)
		place->gateway = router;
	return error_trace(add_route(place, to, router, is_default));
}

static bool is_in_network(const struct place *place, unsigned int network)
{
	for (size_t i = 0; i < place->n_cables; i++)
		if (place->plan.cables[i].network == network)
			return true;
	return false;
}

/* The first end host in the network: routes are computed once for each network
 * that has such hosts. */
static bool is_first_of_network(const struct world *world,
				const struct place *place, unsigned int network)
{
	for (const struct place *p = world->places; p && p != place;
	     p = p->next)
		if (!host_plan_forwards(&p->plan) && is_in_network(p, network))
			return false;
	return !host_plan_forwards(&place->plan);
}

/* The routes to a network of all hosts, or of one, that have no static routes.
 */
static int add_routes_to(struct world *world, const struct place *only,
			 const struct cable_plan *to)
{
	count_hops(world, to->network);
	for (struct place *p = world->places; p; p = p->next) {
		int r = 0;

		if ((!only || p == only) && !p->plan.static_routes)
			r = add_route_to(world, p, to);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static int add_static_routes(struct place *place)
{
	for (size_t i = 0; i < HOST_ROUTES; i++) {
		const struct route_plan *route = &place->plan.routes[i];
		struct address to = route->to;
		unsigned int prefix = 0;
		int r;

		if (!route->via.family)
			break;
		if (to.family)
			prefix = route->to_host ?
					 (unsigned int)address_size(&to) * 8 :
					 prefix_of(&to);
		to.family = route->via.family;
		r = rtnl_add_route(host_rtnl(place->host), &to, prefix,
				   &route->via);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* The routes of one host, or of all (NULL). Their links are up. */
static int add_routes(struct world *world, struct place *only)
{
	for (struct place *p = world->places; p; p = p->next)
		p->gateway = NULL;
	for (struct place *to = world->places; to; to = to->next)
		for (size_t i = 0; i < to->n_cables; i++) {
			const struct cable_plan *cable = &to->plan.cables[i];
			int r = 0;

			if (is_first_of_network(world, to, cable->network))
				r = add_routes_to(world, only, cable);
			if (r < 0)
				return error_trace(r);
		}
	for (struct place *p = world->places; p; p = p->next) {
		int r = !only || p == only ? add_static_routes(p) : 0;

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

int world_connect(struct world *world, bool permanent_neighbours)
{
	int r = 0;

	world->permanent_neighbours = permanent_neighbours;
	for (struct place *p = world->places; p && r >= 0; p = p->next)
		r = raise_links(world, p);
	for (struct place *p = world->places; p && r >= 0; p = p->next)
		r = wait_links(world, p);
	if (r < 0)
		return error_trace(r);
	return error_trace(add_routes(world, NULL));
}

/* --- crash and reboot ------------------------------------------------- */

/* Listeners and TIME-WAIT sockets retransmit nothing and keep no namespace. */
static int destroy_socket(void *data, const struct diag_socket *socket)
{
	if (socket->state == DIAG_LISTEN || socket->state == DIAG_TIME_WAIT)
		return 0;
	return diag_destroy(data, socket);
}

static bool may_have_sockets(const struct place *place)
{
	bool in_use;

	return counters_tcp_in_use(host_namespace(place->host), &in_use) < 0 ||
	       in_use;
}

/* A dump walks the hash table of the whole machine: inet_diag_dump(). A second
 * netlink socket: the replies to SOCK_DESTROY must not mix with the dump. */
static int destroy_sockets(struct place *place)
{
	struct diag *destroyer;
	int r;

	if (!may_have_sockets(place))
		return 0;
	if (!place->diag)
		return error_origin(-EOPNOTSUPP, "sock_diag");
	r = diag_new(&destroyer, host_namespace(place->host));
	if (r < 0)
		return error_trace(r);
	r = diag_each(place->diag, DIAG_ALL, destroy_socket, destroyer);
	diag_free(destroyer);
	return error_trace(r);
}

/*
 * Resets the sockets of a dead machine. An orphan with unsent data retransmits
 * for minutes and keeps its namespace until then; nothing of it gets past the
 * wire. Where the kernel lacks SOCK_DESTROY, the orphans give up soon.
 */
static void reset_sockets(struct place *place)
{
	static const struct sysctl_setting soon[] = {
		{ "net.ipv4.tcp_orphan_retries", "1" },
		{ "net.ipv4.tcp_retries2", "1" },
	};

	if (destroy_sockets(place) < 0)
		sysctl_write(host_namespace(place->host), soon,
			     ARRAY_SIZE(soon));
}

int world_destroy(struct world *world, const char *name)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	return error_trace(destroy_sockets(place));
}

/* A place whose furnish() failed lacks some of its ports. */
static void kill_ports(struct place *place)
{
	for (size_t i = 0; i < place->n_cables; i++)
		if (place->ports[i])
			wire_port_kill(place->ports[i]);
}

int world_crash(struct world *world, const char *name)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	kill_ports(place);
	/* Sockets are reset once before the processes die: tcp_abort() ignores
	 * orphans before bac76cf89816 (6.11, and some stable kernels). The
	 * processes are stopped meanwhile, so that none reports the reset. */
	if (host_is_running(place->host) && host_freeze(place->host) >= 0)
		reset_sockets(place);
	r = host_power_off(place->host);
	if (r < 0)
		return error_trace(r);
	reset_sockets(place);
	return 0;
}

int world_reboot(struct world *world, const char *name)
{
	struct place *place;
	int r = find_place(world, name, &place);

	if (r >= 0 && host_is_running(place->host))
		r = world_crash(world, name);
	/* What the dead kernel sent last is processed while its port is dead.
	 */
	if (r >= 0)
		r = wire_catch_up(world->wire);
	if (r < 0)
		return error_trace(r);
	place->host = host_free(place->host);
	place->diag = diag_free(place->diag);
	r = furnish(world, place);
	if (r >= 0)
		r = raise_links(world, place);
	if (r >= 0)
		r = wait_links(world, place);
	if (r < 0)
		return error_trace(r);
	return error_trace(add_routes(world, place));
}

/*
 * All ports are dead before the first machine dies: no machine reacts to the
 * death of another. All machines die before one is waited for: each takes
 * milliseconds, because zap_pid_ns_processes() waits for its processes. A machine
 * without sockets leaves no orphans, and is not waited for.
 */
void world_end(struct world *world)
{
	for (struct place *p = world->places; p; p = p->next)
		kill_ports(p);
	for (struct place *p = world->places; p; p = p->next)
		if (p->host)
			host_kill(p->host);
	for (struct place *p = world->places; p; p = p->next) {
		if (!p->host || !may_have_sockets(p))
			continue;
		host_power_off(p->host);
		reset_sockets(p);
	}
}

/* --- faults of paths, links and gateways ------------------------------ */

int world_cut(struct world *world, const char *name, bool from_host,
	      bool to_host)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < place->n_cables; i++)
		wire_port_cut(place->ports[i], from_host, to_host);
	return 0;
}

/*
 * The processes are stopped first, so that none of them acts on what its kernel
 * receives before the ports are suspended; on resume the order is reversed, and
 * the kernel has received what waited before a process runs.
 */
int world_set_suspended(struct world *world, const char *name, bool suspended)
{
	struct place *place;
	int r = find_place(world, name, &place);

	if (r >= 0 && suspended)
		r = host_freeze(place->host);
	for (size_t i = 0; r >= 0 && i < place->n_cables; i++)
		r = wire_port_suspend(world->wire, place->ports[i], suspended);
	for (size_t i = 0; r >= 0 && !suspended && i < place->n_cables; i++)
		r = wire_port_receive_waiting(world->wire, place->ports[i]);
	if (r >= 0 && !suspended)
		r = host_thaw(place->host);
	return error_trace(r);
}

int world_forget(struct world *world, const char *name)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	return error_trace(firewall_forget(host_namespace(place->host)));
}

int world_set_plugged(struct world *world, const char *name, bool plugged)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	for (size_t i = 0; r >= 0 && i < place->n_cables; i++)
		r = rtnl_set_up(world->rtnl, wire_port_ifindex(place->ports[i]),
				plugged);
	if (r >= 0 && plugged)
		r = wait_links(world, place);
	/* Until linkwatch_do_dev() deactivates the queue, veth_xmit() drops
	 * frames and reports it, which TCP takes for local congestion: another
	 * behaviour than the one wanted. */
	for (size_t i = 0; r >= 0 && !plugged && i < place->n_cables; i++)
		r = rtnl_wait_stopped(host_rtnl(place->host), ifindex_of(i),
				      link_timeout);
	return error_trace(r);
}

/* Adds the addresses and what depends on them: neighbours and routes. */
static int restore_addresses(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = add_addresses(place, i);
	if (r >= 0 && world->permanent_neighbours)
		r = add_all_neighbours(world, place);
	if (r >= 0)
		r = wait_links(world, place);
	if (r < 0)
		return error_trace(r);
	return error_trace(add_routes(world, place));
}

int world_set_addressed(struct world *world, const char *name, bool addressed)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	if (addressed)
		return error_trace(restore_addresses(world, place));
	for (size_t i = 0; r >= 0 && i < place->n_cables; i++)
		r = remove_addresses(place, i);
	return error_trace(r);
}

int world_set_up(struct world *world, const char *name, bool up)
{
	struct place *place;
	int r = find_for_fault(world, name, &place);

	if (r < 0)
		return error_trace(r);
	if (!up) {
		for (size_t i = 0; i < place->n_cables && r >= 0; i++)
			r = rtnl_set_up(host_rtnl(place->host), ifindex_of(i),
					false);
		return error_trace(r);
	}
	/* addrconf_ifdown() deleted the IPv6 addresses, fib_sync_down_dev() the
	 * routes. */
	r = raise_links(world, place);
	if (r < 0)
		return error_trace(r);
	return error_trace(restore_addresses(world, place));
}

/* --- floating addresses ----------------------------------------------- */

/* The place in the host's plan; NULL: it does not have the address. */
static struct address *find_floating(struct place *place,
				     const struct address *address,
				     size_t *ret_cable)
{
	for (size_t i = 0; i < place->n_cables; i++)
		for (size_t j = 0; j < HOST_FLOATING; j++) {
			struct address *at = &place->plan.cables[i].floating[j];

			if (!address_equal(at, address))
				continue;
			*ret_cable = i;
			return at;
		}
	return NULL;
}

/* An unused place for it on the cable to that network. */
static struct address *find_unused(struct place *place, unsigned int network,
				   size_t *ret_cable)
{
	for (size_t i = 0; i < place->n_cables; i++)
		for (size_t j = 0; j < HOST_FLOATING; j++) {
			struct cable_plan *cable = &place->plan.cables[i];

			if (cable->network != network ||
			    cable->floating[j].family)
				continue;
			*ret_cable = i;
			return &cable->floating[j];
		}
	return NULL;
}

/* From the host's own interface, so that it passes the wire as any frame. */
static int announce_address(struct place *place, size_t cable,
			    const struct address *address)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = ifindex_of(cable) };
	uint8_t bytes[128];
	ssize_t size = frame_encode_announcement(bytes, sizeof(bytes), address,
						 place->plan.cables[cable].mac);
	int fd, r = 0;

	if (size < 0)
		return error_trace((int)size);
	fd = host_socket(place->host, AF_PACKET, SOCK_RAW, 0);
	if (fd < 0)
		return error_trace(fd);
	/* Its interface may be down: then nobody hears it. */
	if (sendto(fd, bytes, (size_t)size, 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0 &&
	    errno != ENETDOWN)
		r = error_origin(-errno, "announce an address");
	fd_close(fd);
	return r;
}

static int give_address(struct place *place, size_t cable,
			const struct address *address, bool announce)
{
	int r = wire_port_add_address(place->ports[cable], address);

	if (r < 0 || !host_is_running(place->host))
		return error_trace(r);
	r = rtnl_add_floating_address(host_rtnl(place->host), ifindex_of(cable),
				      address);
	if (r >= 0 && announce)
		r = announce_address(place, cable, address);
	return error_trace(r);
}

int world_move_address(struct world *world, const struct address *address,
		       const char *from, const char *to, bool announce)
{
	struct place *old, *new;
	struct address *here, *there;
	size_t old_cable = 0, new_cable = 0;
	int r = find_for_fault(world, from, &old);

	if (r >= 0)
		r = find_place(world, to, &new);
	if (r < 0)
		return error_trace(r);
	here = find_floating(old, address, &old_cable);
	if (!here)
		return error_origin(-ENOENT, "floating address of %s", from);
	there = find_unused(new, old->plan.cables[old_cable].network,
			    &new_cable);
	if (!there)
		return error_origin(-ENOENT, "place for an address at %s", to);
	*here = (struct address){ 0 };
	*there = *address;
	if (host_is_running(old->host))
		r = remove_floating(old, old_cable, address);
	/* It had been removed before: `unaddress`, `down`. */
	if (r == -EADDRNOTAVAIL)
		r = 0;
	if (r < 0)
		return error_trace(r);
	return error_trace(give_address(new, new_cable, address, announce));
}

/* Any other host of the network: the route is the same. */
static const struct address *other_address(struct world *world,
					   const struct place *place)
{
	struct place *other = world->places;

	if (other == place && other->next)
		other = other->next;
	return &other->plan.cables[0].addresses[0];
}

int world_get_link(struct world *world, const char *name,
		   struct world_link *ret)
{
	struct world_link link;
	struct place *place;
	struct rtnl *rtnl;
	int r = find_place(world, name, &place);

	if (r < 0)
		return error_trace(r);
	rtnl = host_rtnl(place->host);
	r = rtnl_get_link(rtnl, ifindex_of(0), &link.link);
	if (r >= 0)
		r = rtnl_is_local(rtnl, &place->plan.cables[0].addresses[0],
				  &link.address);
	if (r >= 0)
		r = rtnl_get_route(rtnl, other_address(world, place),
				   &link.route);
	if (r < 0)
		return error_trace(r);
	*ret = link;
	return 0;
}
