/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels' own counters, host by host, as differences since the start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/* Takes the starting point of every host. */
void watch_start(struct run *run);

/* A rebooted host counts from its reboot. */
void watch_restart(struct run *run, const char *host);

/*
 * By how much the counter has grown; names as in /proc/net/netstat. 0 where
 * this kernel does not count that.
 */
int64_t counter_change(struct run *run, const char *host, const char *name);

/* Whether this kernel counts that at all. */
bool counter_exists(struct run *run, const char *host, const char *name);

/* What it reads now, for those that tell a setting (RtoMin); 0 as above. */
int64_t counter_value(struct run *run, const char *host, const char *name);

/* Journals every counter that has moved. */
void watch_finish(struct run *run);
