/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Initial sequence numbers. secure_tcp_seq() gives each four-tuple an offset
 * and adds a clock that advances by one every 64 ns (seq_scale()).
 *
 * When a SYN replaces a TIME-WAIT socket, tcp_timewait_state_process() chooses
 * the sequence number 65537 above the last one of the old connection. Up to 6.9
 * this has no effect: tcp_v4_rcv() and tcp_v6_rcv() pass the SYN to the
 * listener through tcp_v4_fill_cb() or tcp_v6_fill_cb(), which overwrite the
 * choice, and the SYN-ACK takes its number from the clock. Since 41eecbd712b7
 * (6.10) the choice is passed on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "run.h"

/*
 * SKIP where this machine took so long since `began` that the clock has
 * advanced by as much as `sent` bytes: the case needs a connection that is
 * faster.
 */
void isn_skip_slow_machine(struct run *run, struct mark began, int64_t sent);

/*
 * The initial sequence number of the SYN-ACK with which `host`, which had a
 * TIME-WAIT socket, has answered the SYN since `connected`. The old connection
 * was opened after `began`, and its FIN was recorded. Reports "isn_from" and
 * "isn_beyond_time_wait".
 */
bool expect_isn_after_time_wait(struct run *run, const char *host,
				struct mark began, struct mark connected);
