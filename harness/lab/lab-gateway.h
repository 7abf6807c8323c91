/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a host of a plan a gateway: its rules for nft(8), and the sysctls
 * of its connection tracking. */
#pragma once

#include <stddef.h>

#include "ipvs.h"
#include "lab-plan.h"
#include "testcase.h"

enum {
	LAB_GATEWAY_RULES = 4096,
	LAB_GATEWAY_SETTINGS = 2 + LAB_TRACKED_STATES,
};

struct lab_gateway {
	char rules[LAB_GATEWAY_RULES];
	char timeouts[LAB_TRACKED_STATES][16]; /* values of settings */
	char names[LAB_TRACKED_STATES][64]; /* of these */
	struct ipvs_plan ipvs;
};

/* Writes the rules of the host's role and, behind them, those of the plan,
 * which it checks: -EINVAL with their place. */
int lab_gateway_rules(struct lab_gateway *gateway, const struct lab_plan *plan,
		      const struct lab_host *host);

/* What a balancer with IPVS does, which then needs the rules, too. */
int lab_gateway_ipvs(struct lab_gateway *gateway, const struct lab_plan *plan,
		     const struct lab_host *host);

/* Writes the settings, which point into `gateway`, and returns their number. */
size_t lab_gateway_settings(struct lab_gateway *gateway,
			    const struct lab_host *host,
			    struct setting ret[LAB_GATEWAY_SETTINGS]);

/* Checks the rules of all steps, in the order of the plan: each may refer to
 * what earlier ones have made, and to the rules of its host. `gateways` is in
 * the order of the hosts. */
int lab_gateway_check_steps(const struct lab_plan *plan,
			    const struct lab_gateway gateways[LAB_HOSTS]);
