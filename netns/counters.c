/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netstat and snmp consist of pairs of lines: the names of a protocol's
 * counters, and below them their values in the same order. snmp6, which kernels
 * without IPv6 lack, has a line for each counter. stat/nf_conntrack, which
 * kernels without CONFIG_NF_CONNTRACK_PROCFS lack, has a line of names and a
 * line of hexadecimal values for each CPU: ct_cpu_seq_show(). /proc/net shows
 * the namespace of the thread-group leader; /proc/thread-self/net shows that of
 * the thread, which is in the wanted namespace while it reads.
 */
#include "counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "namespace.h"

enum { COUNTER_NAME = 40 };

struct counters {
	size_t n, capacity;
	struct counter {
		char name[COUNTER_NAME];
		int64_t value;
		bool tcp; /* of TcpExt or Tcp */
	} * all;
};

struct counters *counters_free(struct counters *counters)
{
	if (counters)
		free(counters->all);
	free(counters);
	return NULL;
}

static int add(struct counters *counters, const char *name, int64_t value,
	       bool tcp)
{
	struct counter *all = array_grow(counters->all, counters->n,
					 &counters->capacity, sizeof(*all));
	struct counter *counter;

	if (!all)
		return error_origin(-ENOMEM, "counters");
	counters->all = all;
	counter = &all[counters->n++];
	snprintf(counter->name, sizeof(counter->name), "%s", name);
	counter->value = value;
	counter->tcp = tcp;
	return 0;
}

/* "TcpExt: SyncookiesSent ..." and "TcpExt: 0 ...". */
static int add_pair(struct counters *counters, char *names, char *values)
{
	char *save_name, *save_value;
	char *name = strtok_r(names, " \n", &save_name);
	char *value = strtok_r(values, " \n", &save_value);
	bool tcp;

	if (!name || !value || strcmp(name, value) != 0)
		return error_origin(-EBADMSG, "counters");
	tcp = strcmp(name, "TcpExt:") == 0 || strcmp(name, "Tcp:") == 0;
	for (;;) {
		int r;

		name = strtok_r(NULL, " \n", &save_name);
		value = strtok_r(NULL, " \n", &save_value);
		if (!name || !value)
			return 0;
		r = add(counters, name, strtoll(value, NULL, 10), tcp);
		if (r < 0)
			return error_trace(r);
	}
}

static int read_file(struct counters *counters, const char *path)
{
	char *names = NULL, *values = NULL;
	size_t names_size = 0, values_size = 0;
	FILE *file = fopen(path, "re");
	int r = 0;

	if (!file)
		return error_origin(-errno, "open %s", path);
	while (r >= 0 && getline(&names, &names_size, file) > 0 &&
	       getline(&values, &values_size, file) > 0)
		r = add_pair(counters, names, values);
	free(names);
	free(values);
	fclose(file);
	return error_trace(r);
}

/* "Icmp6InDestUnreachs             	0" */
static int read_snmp6(struct counters *counters)
{
	FILE *file = fopen("/proc/thread-self/net/snmp6", "re");
	char name[COUNTER_NAME];
	int64_t value;
	int r = 0;

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return error_origin(-errno, "open /proc/net/snmp6");
	while (r >= 0 && fscanf(file, "%39s %" SCNd64, name, &value) == 2)
		r = add(counters, name, value, false);
	fclose(file);
	return error_trace(r);
}

static int add_conntrack_names(struct counters *counters, char *names)
{
	char *save, name[COUNTER_NAME];
	int r = 0;

	for (char *at = strtok_r(names, " \n", &save); r >= 0 && at;
	     at = strtok_r(NULL, " \n", &save)) {
		snprintf(name, sizeof(name), "nf_conntrack_%s", at);
		r = add(counters, name, 0, false);
	}
	return error_trace(r);
}

/* The first one is the number of entries, which is no counter. */
static int read_conntrack(struct counters *counters)
{
	static const char path[] = "/proc/thread-self/net/stat/nf_conntrack";
	FILE *file = fopen(path, "re");
	size_t first = counters->n, size = 0;
	char *line = NULL;
	int r = 0;

	if (!file && errno == ENOENT)
		return 0;
	if (!file)
		return error_origin(-errno, "open %s", path);
	if (getline(&line, &size, file) > 0)
		r = add_conntrack_names(counters, line);
	while (r >= 0 && getline(&line, &size, file) > 0) {
		const char *at = line;

		for (size_t i = first; i < counters->n; i++) {
			char *end;

			counters->all[i].value += strtoll(at, &end, 16);
			at = end;
		}
	}
	if (counters->n > first)
		counters->all[first] = counters->all[--counters->n];
	free(line);
	fclose(file);
	return error_trace(r);
}

int counters_read(struct counters **ret, int namespace)
{
	struct counters *counters;
	int r = namespace_enter(namespace), left;

	if (r < 0)
		return error_trace(r);
	counters = calloc(1, sizeof(*counters));
	r = counters ? 0 : error_origin(-ENOMEM, "counters");
	if (r >= 0)
		r = read_file(counters, "/proc/thread-self/net/netstat");
	if (r >= 0)
		r = read_file(counters, "/proc/thread-self/net/snmp");
	if (r >= 0)
		r = read_snmp6(counters);
	if (r >= 0)
		r = read_conntrack(counters);
	left = namespace_leave();
	if (r < 0 || left < 0) {
		counters_free(counters);
		return error_trace(r < 0 ? r : left);
	}
	*ret = counters;
	return 0;
}

size_t counters_size(const struct counters *counters)
{
	return counters->n;
}

const char *counters_name(const struct counters *counters, size_t i)
{
	return counters->all[i].name;
}

int64_t counters_value(const struct counters *counters, size_t i)
{
	return counters->all[i].value;
}

int counters_get(const struct counters *counters, const char *name,
		 int64_t *ret)
{
	const struct counter *found = NULL;

	for (size_t i = 0; i < counters->n; i++) {
		const struct counter *counter = &counters->all[i];

		if (strcmp(counter->name, name) == 0 &&
		    (!found || (counter->tcp && !found->tcp)))
			found = counter;
	}
	if (!found)
		return error_origin(-ENOENT, "counter %s", name);
	*ret = found->value;
	return 0;
}

/* Adds the number of a line such as "TCP: inuse 3 orphan 0 ...":
 * sockstat_seq_show(), from sock_prot_inuse_get(). */
static int add_in_use(const char *path, const char *prefix, long *sum)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(prefix);
	char line[256];

	if (!file)
		return error_origin(-errno, "open %s", path);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, prefix, length) == 0)
			*sum += strtol(line + length, NULL, 10);
	fclose(file);
	return 0;
}

int counters_tcp_in_use(int namespace, bool *ret)
{
	long sum = 0;
	int r = namespace_enter(namespace), left;

	if (r < 0)
		return error_trace(r);
	r = add_in_use("/proc/thread-self/net/sockstat", "TCP: inuse ", &sum);
	/* A kernel without IPv6 lacks sockstat6. */
	if (r >= 0 && add_in_use("/proc/thread-self/net/sockstat6",
				 "TCP6: inuse ", &sum) == -ENOENT)
		r = 0;
	left = namespace_leave();
	if (r < 0 || left < 0)
		return error_trace(r < 0 ? r : left);
	*ret = sum > 0;
	return 0;
}
