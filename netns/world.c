/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world-parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "firewall.h"
#include "namespace.h"

enum { WIRE_IFINDEX = 100 /* and upwards */ };

int world_new(struct world **ret, struct loop *loop, struct journal *journal,
	      host_exit_fn on_exit, void *data)
{
	static const struct sysctl_setting quiet[] = {
		{ "net.ipv6.conf.all.disable_ipv6", "1" },
		{ "net.ipv6.conf.default.disable_ipv6", "1" },
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
	/* The wire's kernel says nothing of its own. */
	r = sysctl_write(world->namespace, quiet, ARRAY_SIZE(quiet));
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

static bool needs_interface(const struct sysctl_setting *setting)
{
	return strstr(setting->name, ".eth");
}

/* Two rounds: what belongs to the interface waits until there is one. */
static int write_settings(struct place *place, bool of_interface)
{
	for (size_t i = 0; i < place->n_settings; i++) {
		int r;

		if (needs_interface(&place->settings[i]) != of_interface)
			continue;
		r = sysctl_write(host_namespace(place->host),
				 &place->settings[i], 1);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

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
	for (size_t j = 0; j < HOST_ADDRESSES && r >= 0; j++)
		if (cable->addresses[j].family)
			r = wire_port_add_address(place->ports[i],
						  &cable->addresses[j]);
	return error_trace(r);
}

static int add_cable(struct world *world, struct place *place, size_t i)
{
	const int ifindex = world->next_ifindex++;
	char wire_name[16], eth_name[16];
	struct rtnl_end wire_end = { .name = wire_name,
				     .ifindex = ifindex,
				     .mac = { 0x02, 0xff, 0, 0,
					      (uint8_t)(ifindex >> 8),
					      (uint8_t)ifindex },
				     .mtu = world->mtu };
	struct rtnl_end host_end = { .name = eth_name,
				     .ifindex = HOST_IFINDEX + (int)i,
				     .namespace = host_namespace(place->host),
				     /* One frame is one segment. */
				     .gso_max_segs = 1,
				     .mtu = world->mtu };
	int r;

	snprintf(wire_name, sizeof(wire_name), "port%d", ifindex);
	snprintf(eth_name, sizeof(eth_name), "eth%u", (uint8_t)i);
	memcpy(host_end.mac, place->plan.cables[i].mac, 6);
	r = rtnl_add_veth(world->rtnl, &wire_end, &host_end);
	if (r >= 0)
		r = bind_port(world, place, i, ifindex);
	return r < 0 ? error_trace(r) : 0;
}

unsigned int world_prefix_of(const struct address *address)
{
	return address->family == AF_INET ? HOST_PREFIX_V4 : HOST_PREFIX_V6;
}

int world_add_addresses(struct place *place, size_t cable)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++) {
		const struct address *address =
			&place->plan.cables[cable].addresses[i];
		int r;

		if (!address->family)
			continue;
		r = rtnl_add_address(host_rtnl(place->host),
				     HOST_IFINDEX + (int)cable, address,
				     world_prefix_of(address));
		/* One that is there: an interface that goes down keeps its
		 * IPv4 addresses, addrconf_ifdown(). */
		if (r < 0 && r != -EEXIST)
			return error_trace(r);
	}
	return 0;
}

int world_furnish(struct world *world, struct place *place)
{
	int r;

	r = host_new(&place->host, world->loop, &place->plan, world->on_exit,
		     world->data);
	/* Rules first: with them comes what net.netfilter's sysctls are of. */
	if (r >= 0 && place->plan.rules)
		r = firewall_load(host_namespace(place->host),
				  place->plan.rules);
	if (r >= 0)
		r = write_settings(place, false);
	if (r >= 0)
		r = diag_new(&place->diag, host_namespace(place->host));
	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = add_cable(world, place, i);
	if (r >= 0)
		r = write_settings(place, true);
	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = world_add_addresses(place, i);
	return r < 0 ? error_trace(r) : 0;
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
	if (r >= 0)
		r = world_furnish(world, place);
	return r < 0 ? error_trace(r) : 0;
}

int world_raise(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++) {
		r = rtnl_set_up(world->rtnl, wire_port_ifindex(place->ports[i]),
				true);
		if (r >= 0)
			r = rtnl_set_up(host_rtnl(place->host),
					HOST_IFINDEX + (int)i, true);
	}
	if (r >= 0 && world->permanent)
		r = world_introduce(world, place);
	return r < 0 ? error_trace(r) : 0;
}

static int wait_cable(struct world *world, struct place *place, size_t cable)
{
	const struct address *addresses = place->plan.cables[cable].addresses;
	const int ifindex = HOST_IFINDEX + (int)cable;
	int r = rtnl_wait_running(host_rtnl(place->host), ifindex,
				  world_link_patience);

	if (r >= 0)
		r = rtnl_wait_running(world->rtnl,
				      wire_port_ifindex(place->ports[cable]),
				      world_link_patience);
	for (size_t i = 0; i < HOST_ADDRESSES && r >= 0; i++)
		if (addresses[i].family == AF_INET6)
			r = rtnl_wait_address(host_rtnl(place->host), ifindex,
					      &addresses[i], world_link_patience);
	return r < 0 ? error_trace(r) : 0;
}

int world_wait_running(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = wait_cable(world, place, i);
	return r < 0 ? error_trace(r) : 0;
}

int world_connect(struct world *world, bool permanent)
{
	int r = 0;

	world->permanent = permanent;
	for (struct place *p = world->places; p && r >= 0; p = p->next)
		r = world_raise(world, p);
	for (struct place *p = world->places; p && r >= 0; p = p->next)
		r = world_wait_running(world, p);
	if (r >= 0)
		r = world_add_routes(world, NULL);
	return r < 0 ? error_trace(r) : 0;
}

static struct place *find(struct world *world, const char *name)
{
	for (struct place *place = world->places; place; place = place->next)
		if (strcmp(place->name, name) == 0)
			return place;
	return NULL;
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

int world_find(struct world *world, const char *name, struct place **ret)
{
	*ret = find(world, name);
	return *ret ? 0 : error_origin(-ENOENT, "host '%s'", name);
}
