/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes of this process that its children inherit: limits and CPU. */
#pragma once

/*
 * Raises the soft limits on files and processes as far as many concurrent runs
 * need and the hard limits allow; never lowers one. (Soft limits are low for
 * the sake of select(), which cannot handle file descriptors above 1023.)
 */
void process_raise_limits(void);

/* Before an exec: restores the soft limit on files that process_raise_limits()
 * raised in this process or in one that it was forked from. */
void process_restore_file_limit(void);

/*
 * Pins this process to the CPU on which it runs now, which the scheduler chose:
 * sched_setaffinity(2). Where the kernel refuses, nothing changes; the process
 * is slower then, not wrong.
 */
void process_pin_cpu(void);
