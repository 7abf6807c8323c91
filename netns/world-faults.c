/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens to hosts and their cables: the calls behind netns/fault.h. */
#include "world-parts.h"

#include <errno.h>
#include <string.h>

#include "counters.h"
#include "errors.h"
#include "firewall.h"

static int destroy_socket(void *data, const struct diag_socket *socket)
{
	if (socket->state == DIAG_LISTEN || socket->state == DIAG_TIME_WAIT)
		return 0;
	return diag_destroy(data, socket);
}

/*
 * A dead machine's sockets would try to send for minutes and keep their
 * namespace alive for it. They are nobody's: the wire shows nothing of them.
 */
static void bury(struct place *place)
{
	static const struct sysctl_setting soon[] = {
		{ "net.ipv4.tcp_orphan_retries", "1" },
		{ "net.ipv4.tcp_retries2", "1" },
	};
	struct diag *destroyer;
	int r = -EOPNOTSUPP;
	bool in_use;

	/* A dump goes through the machine's whole table of sockets. */
	if (counters_tcp_in_use(host_namespace(place->host), &in_use) >= 0 &&
	    !in_use)
		return;
	/* A dump is not to be disturbed by what is done to its sockets. */
	if (place->diag &&
	    diag_new(&destroyer, host_namespace(place->host)) >= 0) {
		r = diag_each(place->diag, AF_INET, destroy_socket, destroyer);
		if (r >= 0)
			r = diag_each(place->diag, AF_INET6, destroy_socket,
				      destroyer);
		diag_free(destroyer);
	}
	if (r < 0)
		sysctl_write(host_namespace(place->host), soon,
			     ARRAY_SIZE(soon));
}

int world_cut(struct world *world, const char *name, bool from_host,
	      bool to_host)
{
	struct place *place;
	int r = world_find(world, name, &place);

	/* What was sent before the cut has passed the place of the cut. */
	if (r >= 0)
		r = wire_catch_up(world->wire);
	if (r < 0)
		return error_trace(r);
	for (size_t i = 0; i < place->n_cables; i++)
		wire_port_cut(place->ports[i], from_host, to_host);
	return 0;
}

int world_set_suspended(struct world *world, const char *name, bool still)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0 && still)
		r = host_freeze(place->host);
	for (size_t i = 0; r >= 0 && i < place->n_cables; i++)
		r = wire_port_suspend(world->wire, place->ports[i], still);
	if (r >= 0 && !still)
		r = host_thaw(place->host);
	return r < 0 ? error_trace(r) : 0;
}

int world_forget(struct world *world, const char *name)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0)
		r = wire_catch_up(world->wire);
	if (r >= 0)
		r = firewall_forget(host_namespace(place->host));
	return r < 0 ? error_trace(r) : 0;
}

/* A place that was never furnished whole lacks some of its ports. */
static void kill_ports(struct place *place)
{
	for (size_t i = 0; i < place->n_cables; i++)
		if (place->ports[i])
			wire_port_kill(place->ports[i]);
}

int world_crash(struct world *world, const char *name)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r < 0)
		return error_trace(r);
	/* Frames that the host sent before it died have left it. */
	r = wire_catch_up(world->wire);
	if (r < 0)
		return error_trace(r);
	kill_ports(place);
	/* Once before its processes die, for tcp_abort() leaves an orphan alone
	 * before bac76cf89816 (6.11, and some stable kernels); and
	 * while they are stopped, so that none can tell of it. */
	if (host_is_running(place->host) && host_freeze(place->host) >= 0)
		bury(place);
	r = host_power_off(place->host);
	if (r < 0)
		return error_trace(r);
	bury(place);
	return 0;
}

int world_reboot(struct world *world, const char *name)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0 && host_is_running(place->host))
		r = world_crash(world, name);
	if (r < 0)
		return error_trace(r);
	/* What the dead kernel sent last is read while its port is dead. */
	r = wire_catch_up(world->wire);
	if (r < 0)
		return error_trace(r);
	place->host = host_free(place->host);
	place->diag = diag_free(place->diag);
	r = world_furnish(world, place);
	if (r >= 0)
		r = world_raise(world, place);
	if (r >= 0)
		r = world_wait_running(world, place);
	if (r >= 0)
		r = world_add_routes(world, place);
	return r < 0 ? error_trace(r) : 0;
}

int world_set_plugged(struct world *world, const char *name, bool plugged)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0)
		r = wire_catch_up(world->wire);
	for (size_t i = 0; r >= 0 && i < place->n_cables; i++)
		r = rtnl_set_up(world->rtnl, wire_port_ifindex(place->ports[i]),
				plugged);
	if (r >= 0 && plugged)
		r = world_wait_running(world, place);
	/* Until linkwatch_do_dev() has been there, veth_xmit() drops what is
	 * sent and says so, and to TCP that is a full queue: another story. */
	for (size_t i = 0; r >= 0 && !plugged && i < place->n_cables; i++)
		r = rtnl_wait_stopped(host_rtnl(place->host),
				      HOST_IFINDEX + (int)i,
				      world_link_patience);
	return r < 0 ? error_trace(r) : 0;
}

static int remove_addresses(struct place *place, size_t cable)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++) {
		const struct address *address =
			&place->plan.cables[cable].addresses[i];
		int r;

		if (!address->family)
			continue;
		r = rtnl_remove_address(host_rtnl(place->host),
					HOST_IFINDEX + (int)cable, address,
					world_prefix_of(address));
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* With all that goes by it: neighbours, routes. */
static int give_addresses(struct world *world, struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = world_add_addresses(place, i);
	if (r >= 0 && world->permanent)
		r = world_introduce(world, place);
	if (r >= 0)
		r = world_wait_running(world, place);
	if (r >= 0)
		r = world_add_routes(world, place);
	return r < 0 ? error_trace(r) : 0;
}

int world_set_addressed(struct world *world, const char *name, bool addressed)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0)
		r = wire_catch_up(world->wire);
	if (r >= 0 && addressed)
		r = give_addresses(world, place);
	for (size_t i = 0; !addressed && r >= 0 && i < place->n_cables; i++)
		r = remove_addresses(place, i);
	return r < 0 ? error_trace(r) : 0;
}

/* Any other host is as good: they are all on the same link. */
static const struct address *some_other(struct world *world,
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
	int r = world_find(world, name, &place);

	if (r < 0)
		return error_trace(r);
	rtnl = host_rtnl(place->host);
	r = rtnl_get_link(rtnl, HOST_IFINDEX, &link.link);
	if (r >= 0)
		r = rtnl_is_local(rtnl, &place->plan.cables[0].addresses[0],
				  &link.address);
	if (r >= 0)
		r = rtnl_get_route(rtnl, some_other(world, place), &link.route);
	if (r < 0)
		return error_trace(r);
	*ret = link;
	return 0;
}

static int set_down(struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->n_cables && r >= 0; i++)
		r = rtnl_set_up(host_rtnl(place->host), HOST_IFINDEX + (int)i,
				false);
	return r < 0 ? error_trace(r) : 0;
}

/* addrconf_ifdown() took the IPv6 addresses, fib_sync_down_dev() the routes. */
static int restore(struct world *world, struct place *place)
{
	int r = world_raise(world, place);

	if (r >= 0)
		r = give_addresses(world, place);
	return r < 0 ? error_trace(r) : 0;
}

int world_set_up(struct world *world, const char *name, bool up)
{
	struct place *place;
	int r = world_find(world, name, &place);

	if (r >= 0)
		r = wire_catch_up(world->wire);
	if (r >= 0)
		r = up ? restore(world, place) : set_down(place);
	return r < 0 ? error_trace(r) : 0;
}

void world_end(struct world *world)
{
	for (struct place *p = world->places; p; p = p->next)
		kill_ports(p);
	for (struct place *p = world->places; p; p = p->next) {
		if (!p->host)
			continue;
		host_power_off(p->host);
		bury(p);
	}
}
