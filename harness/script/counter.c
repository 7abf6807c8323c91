/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters of a network namespace start at 0 and count from its creation,
 * the set-up of the world included. So the counters of every host are read once
 * the world is complete, and a change is the difference to that baseline.
 */
#include "counter-control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "errors.h"
#include "world-plan-control.h"

struct baseline {
	struct baseline *next;
	char host[HOST_NAME];
	struct counters *counters;
};

static struct counters *read_counters(struct run *run, const char *host)
{
	struct counters *counters;
	int r = counters_read(&counters, host_namespace(run_host(run, host)));

	if (r < 0)
		run_broken(run, r);
	return counters;
}

void counter_take_baselines(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);

	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct baseline *baseline = calloc(1, sizeof(*baseline));
		struct planned_host planned;

		if (!baseline)
			run_broken(run, error_origin(-ENOMEM, "counters"));
		world_plan_host(plan, i, &planned);
		memcpy(baseline->host, planned.name, sizeof(baseline->host));
		baseline->counters = read_counters(run, baseline->host);
		baseline->next = run->baselines;
		run->baselines = baseline;
	}
}

static struct baseline *find(struct run *run, const char *host)
{
	for (struct baseline *b = run->baselines; b; b = b->next)
		if (strcmp(b->host, host) == 0)
			return b;
	run_broken_because(run, "unknown host '%s'", host);
}

void counter_renew_baseline(struct run *run, const char *host)
{
	struct baseline *baseline = find(run, host);

	counters_free(baseline->counters);
	baseline->counters = read_counters(run, host);
}

int64_t counter_change(struct run *run, const char *host, const char *name)
{
	struct baseline *baseline = find(run, host);
	struct counters *now = read_counters(run, host);
	int64_t before = 0, after = 0;

	counters_get(baseline->counters, name, &before);
	counters_get(now, name, &after);
	counters_free(now);
	return after - before;
}

int64_t counter_change_of_all(struct run *run, const char *name)
{
	int64_t change = 0;

	for (struct baseline *b = run->baselines; b; b = b->next)
		change += counter_change(run, b->host, name);
	return change;
}

bool counter_exists(struct run *run, const char *host, const char *name)
{
	const struct counters *counters = find(run, host)->counters;
	int64_t value;

	return run_has(run, name,
			       counters_get(counters, name, &value) >= 0);
}

int64_t counter_value(struct run *run, const char *host, const char *name)
{
	struct counters *now = read_counters(run, host);
	int64_t value = 0;

	counters_get(now, name, &value);
	counters_free(now);
	return value;
}

static bool is_same(const struct counters *a, size_t i,
		    const struct counters *b, size_t j)
{
	return j < counters_size(b) &&
	       strcmp(counters_name(a, i), counters_name(b, j)) == 0;
}

/* A kernel lists its counters in a fixed order, except that a counter of an
 * ICMP type appears with its first message: icmpmsg_put(). So `now` may have
 * counters between those of the baseline. */
static void journal_changes(struct run *run, const struct baseline *b,
			    const struct counters *now)
{
	for (size_t i = 0, was = 0; i < counters_size(now); i++) {
		int64_t change = counters_value(now, i);

		if (is_same(now, i, b->counters, was))
			change -= counters_value(b->counters, was++);
		if (change)
			run_journal(run, nsec_now(), "counter",
				    "{s:s, s:s, s:I}", "host", b->host, "name",
				    counters_name(now, i), "change",
				    (json_int_t)change);
	}
}

void counter_journal_changes(struct run *run)
{
	for (struct baseline *b = run->baselines; b; b = b->next) {
		struct counters *now = read_counters(run, b->host);

		journal_changes(run, b, now);
		counters_free(now);
	}
}
