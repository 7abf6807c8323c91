/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of a host's kernel, as differences since the start of the run. Names
 * as in /proc/net/netstat and /proc/net/snmp ("TCPTimeouts", "OutRsts"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct run;

/* How much the counter has grown; 0 where this kernel does not have it. After a
 * reboot of the host: since the reboot. */
int64_t counter_change(struct run *run, const char *host, const char *name);

/* Whether this kernel has the counter. */
bool counter_exists(struct run *run, const char *host, const char *name);

/* The current value, for those that report a setting (RtoMin); 0: as above. */
int64_t counter_value(struct run *run, const char *host, const char *name);
