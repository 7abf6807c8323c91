/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe: a real TCP client or server, run in a host as a program of its own,
 * without capabilities. It does what the socket pair on fd 3 tells it, and
 * reports what came of it. (halfopen has that program within; where that cannot
 * be executed, halfopen itself is it, under the name PROBE_NAME.)
 *
 * Its sockets do not block, so that it can wait in several calls at once; a
 * call that would have blocked is answered when it would have returned, with
 * the same value and the same errno.
 */
#pragma once

#define PROBE_NAME "halfopen-probe"

int probe_process_main(void);
