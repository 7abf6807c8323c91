/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the counters of the hosts are read. */
#pragma once

#include "counter.h"
#include "run-control.h"

/* Reads the counters of every host, from which changes count. */
void counter_take_baselines(struct run *run);

/* Reads them again for a host that has rebooted. */
void counter_renew_baseline(struct run *run, const char *host);

/* Journals every counter that has changed. */
void counter_journal_changes(struct run *run);
