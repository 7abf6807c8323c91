/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of the kernel since 5.10 that several cases show, for .changes:
 * `halfopen matrix` explains differences between kernels with them. Changes
 * that only one case shows are declared there.
 */
#pragma once

#define CHANGE_SYN_LINEAR                                                      \
	{                                                                      \
		KERNEL_VERSION(6, 5, 0), "ccce324dabfe",                       \
			"the first SYNs are one second apart "                   \
			"(tcp_syn_linear_timeouts)"                            \
	}

#define CHANGE_ISN_AFTER_TIME_WAIT                                             \
	{                                                                      \
		KERNEL_VERSION(6, 10, 0), "41eecbd712b7",                      \
			"the SYN-ACK to a SYN that replaces TIME-WAIT has a "  \
			"sequence number above the old ones, no longer "       \
			"the clock's"                                          \
	}

#define CHANGE_RTO_MIN                                                         \
	{                                                                      \
		KERNEL_VERSION(6, 11, 0), "f086edef71be", "tcp_rto_min_us"     \
	}

#define CHANGE_TW_REUSE_DELAY                                                  \
	{                                                                      \
		KERNEL_VERSION(6, 14, 0), "ca6a6f93867a",                      \
			"tcp_tw_reuse_delay"                                   \
	}

#define CHANGE_RTO_MAX                                                         \
	{                                                                      \
		KERNEL_VERSION(6, 15, 0), "1280c26228bd", "tcp_rto_max_ms"     \
	}
