/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who stands where: lifelines in the order of the path. */
#include "journal.h"
#include "ladder-parts.h"

#include <stdlib.h>
#include <string.h>

/* More lifelines than that, and routers share one. */
enum { COLUMNS_EACH = 8 };

int ladder_host_index(const struct ladder *ladder, const char *name)
{
	for (size_t i = 0; *name && i < ladder->n_hosts; i++)
		if (strcmp(ladder->hosts[i].name, name) == 0)
			return (int)i;
	return LADDER_NO_HOST;
}

static void add_host(struct ladder_build *build, const char *name)
{
	struct ladder *ladder = build->ladder;
	struct ladder_host *hosts;

	if (!*name || ladder->n_hosts == LADDER_HOSTS_MAX ||
	    ladder_host_index(ladder, name) >= 0)
		return;
	hosts = ladder_grow(build, ladder->hosts, ladder->n_hosts,
			    &build->hosts_space, sizeof(*hosts));
	if (!hosts)
		return;
	ladder->hosts = hosts;
	hosts[ladder->n_hosts] = (struct ladder_host){ .address = strdup("") };
	/* Names are compared, so they stay as they are. */
	hosts[ladder->n_hosts].name = strdup(name);
	if (hosts[ladder->n_hosts].name)
		ladder->n_hosts++;
	else
		build->no_memory = true;
}

static void add_all(struct ladder_build *build)
{
	size_t i;
	json_t *record;

	json_array_foreach (build->journal, i, record) {
		if (journal_is(record, "frame")) {
			add_host(build, journal_text(record, "from"));
			add_host(build, journal_text(record, "to"));
		} else if (journal_is(record, "sysctl") ||
			   journal_is(record, "call") ||
			   journal_is(record, "result") ||
			   journal_is(record, "state")) {
			add_host(build, journal_text(record, "host"));
		}
	}
}

/* --- the path ------------------------------------------------------------ */

struct map {
	size_t n;
	int first; /* whose SYN, or whose frame, comes first */
	bool opens[LADDER_HOSTS_MAX]; /* it sends SYNs of its own */
	bool joined[LADDER_HOSTS_MAX][LADDER_HOSTS_MAX];
	int before[LADDER_HOSTS_MAX]; /* on the way from `first` */
	unsigned int distance[LADDER_HOSTS_MAX]; /* 0: not reached */
	double place[LADDER_HOSTS_MAX];
};

static void look_at_frame(struct map *map, const struct ladder *ladder,
			  const json_t *frame, bool *has_syn)
{
	int from = ladder_host_index(ladder, journal_text(frame, "from"));
	int to = ladder_host_index(ladder, journal_text(frame, "to"));
	bool syn = ladder_is_kind(frame, "syn");

	if (from < 0)
		return;
	map->opens[from] |= syn;
	if (map->first < 0 || (syn && !*has_syn))
		map->first = from;
	*has_syn |= syn;
	if (to >= 0 && to != from)
		map->joined[from][to] = map->joined[to][from] = true;
}

/* Of those as far away, one that does not open connections itself. */
static int farthest(const struct map *map, const int *queue, size_t n)
{
	int found = queue[n - 1];

	for (size_t i = n; i > 0; i--)
		if (map->distance[queue[i - 1]] == map->distance[found] &&
		    (!map->opens[queue[i - 1]] || map->opens[found]))
			found = queue[i - 1];
	return found;
}

/* Breadth first: how many cables are between. Returns the farthest. */
static int measure(struct map *map)
{
	int queue[LADDER_HOSTS_MAX];
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
	return farthest(map, queue, n);
}

/* Who is not on the path stands beside whom he talks to: on the side of those
 * who open connections, or on the other one. */
static double beside(const struct map *map, const bool *on_path, int last,
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

static void place_all(struct map *map)
{
	bool on_path[LADDER_HOSTS_MAX] = { false };
	int last = measure(map);

	for (int i = last; i >= 0; i = map->before[i]) {
		on_path[i] = true;
		map->place[i] = map->distance[i] - 1;
	}
	for (size_t i = 0; i < map->n; i++)
		if (!on_path[i])
			map->place[i] = beside(map, on_path, last, i);
}

/* By insertion: few, and those of one place stay in order. */
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

/* A lab says who stands where. */
static bool add_as_told(struct ladder_build *build)
{
	size_t i, j;
	json_t *record, *name;

	json_array_foreach (build->journal, i, record) {
		json_t *hosts = json_object_get(record, "hosts");

		if (!journal_is(record, "timeline") || !json_is_array(hosts))
			continue;
		json_array_foreach (hosts, j, name)
			if (json_is_string(name))
				add_host(build, json_string_value(name));
		return build->ladder->n_hosts > 0;
	}
	return false;
}

void ladder_find_hosts(struct ladder_build *build)
{
	struct map *map = calloc(1, sizeof(*map));
	bool has_syn = false, told = add_as_told(build);
	size_t i;
	json_t *record;

	add_all(build);
	if (!map) {
		build->no_memory = true;
		return;
	}
	map->n = build->ladder->n_hosts;
	map->first = LADDER_NO_HOST;
	json_array_foreach (build->journal, i, record)
		if (journal_is(record, "frame"))
			look_at_frame(map, build->ladder, record, &has_syn);
	if (map->first >= 0 && !told) {
		place_all(map);
		sort_hosts(build->ladder, map);
	}
	free(map);
}

/* --- lifelines ----------------------------------------------------------- */

static void tell_host(struct ladder *ladder, int host)
{
	if (host >= 0)
		ladder->hosts[host].has_events = true;
}

/* Whoever does more than pass packets on has a lifeline of his own. */
static void find_told(struct ladder *ladder)
{
	for (size_t i = 0; i < ladder->n_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];

		tell_host(ladder, row->host);
		if (row->n_hops)
			tell_host(ladder, row->hops[row->n_hops - 1].host);
	}
}

static char *column_name(struct ladder_build *build, size_t first, size_t n)
{
	const struct ladder_host *hosts = build->ladder->hosts;

	if (n == 1)
		return ladder_line(build, hosts[first].name);
	return ladder_printf(build, "%s .. %s", hosts[first].name,
			     hosts[first + n - 1].name);
}

static void add_column(struct ladder_build *build, size_t first, size_t n)
{
	struct ladder *ladder = build->ladder;

	for (size_t i = first; i < first + n; i++)
		ladder->hosts[i].column = ladder->n_columns;
	ladder->columns[ladder->n_columns++] = (struct ladder_column){
		.first = first, .n = n, .name = column_name(build, first, n)
	};
}

void ladder_make_columns(struct ladder_build *build)
{
	struct ladder *ladder = build->ladder;
	bool share = ladder->n_hosts > COLUMNS_EACH;

	find_told(ladder);
	ladder->columns = calloc(ladder->n_hosts + 1, sizeof(*ladder->columns));
	if (!ladder->columns) {
		build->no_memory = true;
		return;
	}
	for (size_t i = 0, n; i < ladder->n_hosts; i += n) {
		n = 1;
		while (share && !ladder->hosts[i].has_events &&
		       i + n < ladder->n_hosts && !ladder->hosts[i + n].has_events)
			n++;
		add_column(build, i, n);
	}
}
