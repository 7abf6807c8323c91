/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's interface, as its kernel sees it. */
#pragma once

#include "run.h"

/*
 * What `ip link`, `ip address` and `ip route` would tell now, in words:
 * "up, carrier, address, route". Absent things are "down", "no carrier",
 * "no address", "no route"; a route of a link without carrier is "route
 * linkdown". The timeline has it, with the operational state.
 */
bool expect_link(struct run *run, const char *host, const char *expected);
