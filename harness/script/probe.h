/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes: processes in the hosts that execute the calls of the script. A script
 * starts them, opens sockets in them (sock.h) and may end them.
 */
#pragma once

#include <stdbool.h>

struct run;
struct probe;

struct probe *probe_start(struct run *run, const char *host);

/* The process calls exit(0); its kernel closes its sockets. Returns when it is
 * gone. */
void probe_exit(struct probe *probe);

/* fork(): the child holds copies of all sockets and makes no call. */
void probe_fork(struct probe *probe);

const char *probe_host(const struct probe *probe);
bool probe_is_running(const struct probe *probe);
struct run *probe_run(const struct probe *probe);
