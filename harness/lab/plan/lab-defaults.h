/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan leaves out. */
#pragma once

#include "lab-plan.h"

/*
 * Adds the hosts client and server where no host is named, and the other one
 * where only one of them is; networks and addresses (lab-network.h); a probe
 * that listens in the last endpoint and probes that connect to it from the
 * other endpoints, where these have neither a program nor a step that listens
 * or connects; the duration.
 */
int lab_defaults_add(struct lab_plan *plan);
