/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline of a lab lists its hosts in the order of the path. In any other
 * run the order of the lifelines follows from the cables that frames cross: from
 * the host whose SYN comes first along the shortest path to the farthest host;
 * any other host stands beside a neighbour of it that is on this path.
 */
#include "ladder-hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "journal.h"
#include "ladder-rows.h"
#include "segment.h"

/* With more lifelines than this, gateways that only forward share one. */
enum { COLUMNS_EACH = 8 };

int ladder_host_index(const struct ladder *ladder, const char *name)
{
	for (size_t i = 0; *name && i < ladder->n_hosts; i++)
		if (strcmp(ladder->hosts[i].name, name) == 0)
			return (int)i;
	return LADDER_NO_HOST;
}

/* --- addresses ------------------------------------------------------------- */

/* "ready" has the addresses of each host, that of its first cable in front. */
static const json_t *addresses_of(const json_t *journal, const char *name)
{
	return json_object_get(json_object_get(journal_find(journal, "ready"),
					       "hosts"),
			       name);
}

int ladder_host_with_address(const struct ladder *ladder, const json_t *journal,
			     const struct address *address)
{
	char text[ADDRESS_TEXT];

	address_text(address, text);
	for (size_t i = 0; address->family && i < ladder->n_hosts; i++) {
		size_t j;
		json_t *each;

		json_array_foreach (addresses_of(journal,
						 ladder->hosts[i].name),
				    j, each) {
			const char *own = json_string_value(each);

			if (own && strcmp(own, text) == 0)
				return (int)i;
		}
	}
	return LADDER_NO_HOST;
}

/* --- hosts ----------------------------------------------------------------- */

/* Room for LADDER_HOSTS_MAX hosts is there. */
static int add_host(struct ladder *ladder, const json_t *journal,
		    const char *name)
{
	struct ladder_host host = { .name = NULL };
	const char *address;

	if (!*name || ladder->n_hosts == LADDER_HOSTS_MAX ||
	    ladder_host_index(ladder, name) >= 0)
		return 0;
	address = json_string_value(
		json_array_get(addresses_of(journal, name), 0));
	/* Names are compared with those in records, so they stay as they are. */
	host.name = strdup(name);
	host.address = ladder_text("%s", address ? address : "");
	host.has_one_cable = json_array_size(addresses_of(journal, name)) == 1;
	if (!host.name || !host.address) {
		free(host.name);
		free(host.address);
		return error_origin(-ENOMEM, "ladder");
	}
	ladder->hosts[ladder->n_hosts++] = host;
	return 0;
}

static int add_hosts_of_timeline(struct ladder *ladder, const json_t *journal)
{
	const json_t *hosts = json_object_get(journal_find(journal, "timeline"),
					      "hosts");
	int r = 0;
	size_t i;
	json_t *name;

	json_array_foreach (hosts, i, name)
		if (r >= 0 && json_is_string(name))
			r = add_host(ladder, journal, json_string_value(name));
	return error_trace(r);
}

static int add_hosts_of_records(struct ladder *ladder, const json_t *journal)
{
	int r = 0;
	size_t i;
	json_t *record;

	json_array_foreach (journal, i, record) {
		if (journal_is(record, "frame")) {
			r = add_host(ladder, journal,
				     journal_text(record, "from"));
			if (r >= 0)
				r = add_host(ladder, journal,
					     journal_text(record, "to"));
		} else if (journal_is(record, "sysctl") ||
			   journal_is(record, "call") ||
			   journal_is(record, "result") ||
			   journal_is(record, "state")) {
			r = add_host(ladder, journal,
				     journal_text(record, "host"));
		}
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

/* --- the path -------------------------------------------------------------- */

struct map {
	size_t n;
	int first; /* it sends the first SYN, or the first frame */
	bool opens[LADDER_HOSTS_MAX]; /* it sends SYNs */
	bool joined[LADDER_HOSTS_MAX][LADDER_HOSTS_MAX]; /* by a cable */
	int before[LADDER_HOSTS_MAX]; /* the previous host on the way from `first` */
	unsigned int distance[LADDER_HOSTS_MAX]; /* from `first`, from 1; 0: none */
	double place[LADDER_HOSTS_MAX];
};

static void add_to_map(struct map *map, const struct ladder *ladder,
		       const json_t *frame, bool *has_syn)
{
	int from = ladder_host_index(ladder, journal_text(frame, "from"));
	int to = ladder_host_index(ladder, journal_text(frame, "to"));
	json_int_t flags = journal_integer(frame, "flags");
	bool syn = (flags & (SEGMENT_SYN | SEGMENT_ACK)) == SEGMENT_SYN;

	if (from < 0)
		return;
	map->opens[from] |= syn;
	if (map->first < 0 || (syn && !*has_syn))
		map->first = from;
	*has_syn |= syn;
	if (to >= 0 && to != from)
		map->joined[from][to] = map->joined[to][from] = true;
}

/* A breadth-first search, so that `before` is a shortest path. Of several farthest
 * hosts the one found last is returned; one that sends no SYNs, which may be a
 * server, is preferred. */
static int find_farthest(struct map *map)
{
	int queue[LADDER_HOSTS_MAX], found;
	size_t n = 0;

	map->distance[map->first] = 1;
	map->before[map->first] = LADDER_NO_HOST;
	queue[n++] = map->first;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < map->n; j++)
			if (map->joined[queue[i]][j] && !map->distance[j]) {
				map->distance[j] = map->distance[queue[i]] + 1;
				map->before[j] = queue[i];
				queue[n++] = (int)j;
			}
	found = queue[n - 1];
	for (size_t i = n; i > 0; i--)
		if (map->distance[queue[i - 1]] == map->distance[found] &&
		    (!map->opens[queue[i - 1]] || map->opens[found]))
			found = queue[i - 1];
	return found;
}

/* A host that opens connections stands on the clients' side of its neighbour. */
static double place_beside(const struct map *map, const bool *on_path, int last,
			   size_t host)
{
	for (size_t i = 0; i < map->n; i++) {
		if (!on_path[i] || !map->joined[host][i])
			continue;
		if ((int)i == last || !map->opens[host])
			return map->place[i] + 0.5;
		return map->place[i] - 0.5;
	}
	return (double)map->n;
}

static void place_hosts(struct map *map)
{
	bool on_path[LADDER_HOSTS_MAX] = { false };
	int last = find_farthest(map);

	for (int i = last; i >= 0; i = map->before[i]) {
		on_path[i] = true;
		map->place[i] = map->distance[i] - 1;
	}
	for (size_t i = 0; i < map->n; i++)
		if (!on_path[i])
			map->place[i] = place_beside(map, on_path, last, i);
}

/* By insertion: there are few hosts, and equal places keep their order. */
static void sort_hosts(struct ladder *ladder, struct map *map)
{
	for (size_t i = 1; i < ladder->n_hosts; i++) {
		struct ladder_host host = ladder->hosts[i];
		double place = map->place[i];
		size_t j = i;

		for (; j > 0 && map->place[j - 1] > place; j--) {
			ladder->hosts[j] = ladder->hosts[j - 1];
			map->place[j] = map->place[j - 1];
		}
		ladder->hosts[j] = host;
		map->place[j] = place;
	}
}

static int order_hosts(struct ladder *ladder, const json_t *journal)
{
	struct map *map = calloc(1, sizeof(*map));
	bool has_syn = false;
	size_t i;
	json_t *record;

	if (!map)
		return error_origin(-ENOMEM, "ladder");
	map->n = ladder->n_hosts;
	map->first = LADDER_NO_HOST;
	json_array_foreach (journal, i, record)
		if (journal_is(record, "frame"))
			add_to_map(map, ladder, record, &has_syn);
	if (map->first >= 0) {
		place_hosts(map);
		sort_hosts(ladder, map);
	}
	free(map);
	return 0;
}

int ladder_find_hosts(struct ladder *ladder, const json_t *journal)
{
	bool ordered;
	int r;

	ladder->n_hosts = 0;
	ladder->hosts = calloc(LADDER_HOSTS_MAX + 1, sizeof(*ladder->hosts));
	if (!ladder->hosts)
		return error_origin(-ENOMEM, "ladder");
	r = add_hosts_of_timeline(ladder, journal);
	ordered = ladder->n_hosts;
	if (r >= 0)
		r = add_hosts_of_records(ladder, journal);
	if (r >= 0 && !ordered)
		r = order_hosts(ladder, journal);
	return error_trace(r);
}

/* --- columns --------------------------------------------------------------- */

static void note_event(struct ladder *ladder, int host)
{
	if (host >= 0)
		ladder->hosts[host].has_events = true;
}

static int add_column(struct ladder *ladder, size_t first, size_t n)
{
	const char *name = ladder->hosts[first].name;
	struct ladder_column column = { .first = first, .n = n };

	for (size_t i = first; i < first + n; i++)
		ladder->hosts[i].column = ladder->n_columns;
	column.name = n == 1 ? ladder_text("%s", name) :
			       ladder_text("%s .. %s", name,
					   ladder->hosts[first + n - 1].name);
	if (!column.name)
		return error_origin(-ENOMEM, "ladder");
	ladder->columns[ladder->n_columns++] = column;
	return 0;
}

int ladder_make_columns(struct ladder *ladder)
{
	const struct ladder_host *hosts = ladder->hosts;
	bool share = ladder->n_hosts > COLUMNS_EACH;
	int r = 0;

	for (size_t i = 0; i < ladder->n_rows; i++) {
		note_event(ladder, ladder->rows[i].host);
		note_event(ladder, ladder_receiver(&ladder->rows[i]));
	}
	ladder->columns = calloc(ladder->n_hosts + 1, sizeof(*ladder->columns));
	if (!ladder->columns)
		return error_origin(-ENOMEM, "ladder");
	for (size_t i = 0, n; r >= 0 && i < ladder->n_hosts; i += n) {
		n = 1;
		while (share && !hosts[i].has_events &&
		       i + n < ladder->n_hosts && !hosts[i + n].has_events)
			n++;
		r = add_column(ladder, i, n);
	}
	return error_trace(r);
}
