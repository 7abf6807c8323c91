/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sockets do without requests: echo, HTTP, heartbeats. */
#pragma once

#include "probe-slot.h"

/* The listener accepts connections and serves HTTP/1.1 on them. An idle one is
 * closed after this time, counted from the end of a request, as with
 * keepalive_timeout of nginx. */
void probe_role_serve_http(struct probe_slot *slot, nsec_t keepalive);

/* Sends a byte in each interval until one is not answered within the interval.
 * The reply to request `id` has the number of answered ones, or the error. */
void probe_role_beat(struct probe_slot *slot, uint32_t id, nsec_t interval);

/* The socket is readable; its timer has expired. */
void probe_role_readable(struct probe_slot *slot);
void probe_role_timer(struct probe_slot *slot);
