/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe: a TCP client or server that runs in a host as a process of its
 * own, without capabilities. It executes the requests that arrive on the socket
 * with fd 3 and replies with results (probe-protocol.h). The executable is
 * embedded in halfopen; where it cannot be executed, halfopen itself runs as
 * the probe, under the name PROBE_NAME.
 */
#pragma once

#define PROBE_NAME "halfopen-probe"

int probe_process_main(void);
