/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SNMP counters of a network namespace, from /proc/net/netstat,
 * /proc/net/snmp and /proc/net/snmp6, by the names that these files give them
 * (TCPKeepAlive, RetransSegs, ListenOverflows, Icmp6InDestUnreachs), and those
 * of connection tracking, from /proc/net/stat/nf_conntrack, with the prefix
 * nf_conntrack_ (nf_conntrack_invalid, nf_conntrack_insert_failed).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counters;

int counters_read(struct counters **ret, int namespace);
struct counters *counters_free(struct counters *counters);

size_t counters_size(const struct counters *counters);
const char *counters_name(const struct counters *counters, size_t i);
int64_t counters_value(const struct counters *counters, size_t i);

/* Whether the namespace has TCP sockets that are listening, connected or
 * orphaned. TIME-WAIT does not count. */
int counters_tcp_in_use(int namespace, bool *ret);

/* Of equal names of several protocols, such as InCsumErrors, the one of TCP.
 * -ENOENT: this kernel has no such counter. */
int counters_get(const struct counters *counters, const char *name,
		 int64_t *ret);
