/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changed in the kernel, from 5.10 on, where a case shows it: for .changes,
 * by which `halfopen matrix` explains its differences. Those of one case alone
 * are declared there.
 */
#pragma once

#define CHANGE_SYN_LINEAR                                                      \
	{                                                                      \
		KERNEL_VERSION(6, 5, 0), "ccce324dabfe",                       \
			"the first SYNs are a second apart "                   \
			"(tcp_syn_linear_timeouts)"                            \
	}

#define CHANGE_ISN_AFTER_TIME_WAIT                                             \
	{                                                                      \
		KERNEL_VERSION(6, 10, 0), "41eecbd712b7",                      \
			"a SYN in TIME-WAIT's place is answered with a "       \
			"number beyond the old ones, no longer with the "      \
			"clock's"                                              \
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
