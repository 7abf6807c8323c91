/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the counters of the hosts are read. */
#pragma once

#include "counter.h"
#include "run-control.h"

/* Reads the counters of every host, from which changes count. */
void counter_take_baselines(struct run *run);

/* Reads them again for a host that has rebooted. */
void counter_renew_baseline(struct run *run, const char *host);

/* The sum of counter_change() over all hosts. */
int64_t counter_change_of_all(struct run *run, const char *name);

/* Journals every counter that has changed. */
void counter_journal_changes(struct run *run);
