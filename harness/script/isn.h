/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Initial sequence numbers. secure_tcp_seq() gives each four-tuple a place of
 * its own and adds a clock to it, a tick every 64 ns (seq_scale()).
 *
 * Where a SYN takes the place of a TIME-WAIT, tcp_timewait_state_process()
 * means to answer 65537 beyond the last number of the old connection. Up to 6.9
 * nothing comes of it: tcp_v4_rcv() and tcp_v6_rcv() hand the SYN to the
 * listener by way of tcp_v4_fill_cb() and its sister, which forget the number,
 * and the answer has the clock's. Since 41eecbd712b7 (6.10) it is passed on.
 */
#pragma once

#include <stdbool.h>

#include "run.h"

/*
 * SKIP where this machine took so long since `began` that the clock has come by
 * as many numbers as were sent: what only a connection that is faster than the
 * clock can show.
 */
void isn_skip_slow_machine(struct run *run, struct mark began, int64_t sent);

/*
 * The number with which `host`, which had a TIME-WAIT, has answered a SYN since
 * `dialled`; its old connection has come since `began`, and left its FIN with
 * the wire. "isn_from" and "isn_beyond_time_wait" of the report.
 */
bool expect_isn_after_time_wait(struct run *run, const char *host,
				struct mark began, struct mark dialled);
