/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world-parts.h"

#include <errno.h>
#include <limits.h>

#include "errors.h"
#include "macro.h"
#include "rtnl.h"

/* --- neighbours ------------------------------------------------------- */

static int introduce(struct place *place, size_t cable,
		     const struct cable_plan *other)
{
	for (size_t i = 0; i < HOST_ADDRESSES; i++) {
		int r;

		if (!other->addresses[i].family)
			continue;
		r = rtnl_add_neighbour(host_rtnl(place->host),
				       HOST_IFINDEX + (int)cable,
				       &other->addresses[i], other->mac);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

static int introduce_all(struct place *place, const struct place *other)
{
	for (size_t i = 0; i < place->n_cables; i++)
		for (size_t j = 0; j < other->n_cables; j++) {
			const struct cable_plan *theirs =
				&other->plan.cables[j];
			int r = 0;

			if (theirs->network == place->plan.cables[i].network)
				r = introduce(place, i, theirs);
			if (r < 0)
				return error_trace(r);
		}
	return 0;
}

int world_introduce(struct world *world, struct place *place)
{
	for (struct place *other = world->places; other; other = other->next) {
		int r = other == place ? 0 : introduce_all(place, other);

		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* --- routes ----------------------------------------------------------- */

static const unsigned int unreached = UINT_MAX - 1;

static unsigned int fewest_hops(const struct place *place)
{
	unsigned int fewest = unreached;

	for (size_t i = 0; i < place->n_cables; i++)
		fewest = MIN(fewest, place->hops[i]);
	return fewest;
}

static void set_hops(struct world *world, unsigned int network,
		     unsigned int hops)
{
	for (struct place *p = world->places; p; p = p->next)
		for (size_t i = 0; i < p->n_cables; i++)
			if (p->plan.cables[i].network == network)
				p->hops[i] = hops;
}

/* A router's networks are one hop further than its nearest, or nearer. */
static bool pass_on(struct world *world, const struct place *router)
{
	unsigned int hops = fewest_hops(router) + 1;
	bool changed = false;

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
			changed |= pass_on(world, p);
	}
}

/* The cable by which the host reaches the router; NULL: they share no network.
 */
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

/* The neighbour that is nearest to where the hops were counted to. */
static const struct place *next_hop(const struct world *world,
				    const struct place *place)
{
	const struct place *best = NULL;

	for (const struct place *p = world->places; p; p = p->next)
		if (p != place && p->n_cables > 1 && shared_cable(place, p) &&
		    fewest_hops(p) < unreached &&
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
		unsigned int prefix = network->family == AF_INET ?
					      HOST_PREFIX_V4 :
					      HOST_PREFIX_V6;
		int r;

		if (!network->family || !via.family)
			continue;
		r = rtnl_add_route(host_rtnl(place->host), network,
				   is_default ? 0 : prefix, &via);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/*
 * A host with one cable has a default route, so that it can answer whoever
 * asks; what its first router is not good for it knows besides. A router knows
 * where to send what, and nothing else.
 */
static int add_way(struct world *world, struct place *place,
		   const struct cable_plan *to)
{
	const struct place *router = next_hop(world, place);
	bool is_default = place->n_cables == 1 && !place->gateway;
	int r;

	for (size_t i = 0; i < place->n_cables; i++)
		if (place->hops[i] == 0)
			return 0;
	if (!router || router == place->gateway)
		return 0;
	r = add_route(place, to, router, is_default);
	if (is_default)
		place->gateway = router;
	return r < 0 ? error_trace(r) : 0;
}

/* The hosts with one cable are whom the others talk to. */
static bool is_first_of_its_network(const struct world *world,
				    const struct place *place)
{
	for (const struct place *p = world->places; p && p != place;
	     p = p->next)
		if (p->n_cables == 1 &&
		    p->plan.cables[0].network == place->plan.cables[0].network)
			return false;
	return place->n_cables == 1;
}

int world_add_routes(struct world *world, struct place *only)
{
	for (struct place *p = world->places; p; p = p->next)
		p->gateway = NULL;
	for (struct place *to = world->places; to; to = to->next) {
		const struct cable_plan *cable = &to->plan.cables[0];

		if (!is_first_of_its_network(world, to))
			continue;
		count_hops(world, cable->network);
		for (struct place *p = world->places; p; p = p->next) {
			int r = only && p != only ? 0 :
						    add_way(world, p, cable);

			if (r < 0)
				return error_trace(r);
		}
	}
	return 0;
}
