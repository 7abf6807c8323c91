/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a process may run, sched_setaffinity(2). */
#pragma once

/*
 * Nowhere but on the processor that it runs on now, which the scheduler found
 * free; those who are forked later stay there, too. Where that is refused all
 * is as before: it is slower, and not wrong.
 */
void affinity_stay(void);
