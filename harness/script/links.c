/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <linux/if.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

enum { TEXT = 96 };

/* As RFC 2863 and ip(8) name them. */
static const char *operstate_text(uint8_t operstate)
{
	static const char *const names[] = {
		[IF_OPER_UNKNOWN] = "UNKNOWN",
		[IF_OPER_NOTPRESENT] = "NOTPRESENT",
		[IF_OPER_DOWN] = "DOWN",
		[IF_OPER_LOWERLAYERDOWN] = "LOWERLAYERDOWN",
		[IF_OPER_TESTING] = "TESTING",
		[IF_OPER_DORMANT] = "DORMANT",
		[IF_OPER_UP] = "UP",
	};

	return operstate < ARRAY_SIZE(names) ? names[operstate] : "?";
}

static const char *route_text(enum rtnl_route route)
{
	switch (route) {
	case RTNL_ROUTE_NONE:
		return "no route";
	case RTNL_ROUTE_LINKDOWN:
		return "route linkdown";
	case RTNL_ROUTE_GOOD:
		break;
	}
	return "route";
}

bool expect_link(struct run *run, const char *host, const char *expected)
{
	struct world_link seen;
	char observed[TEXT], what[2 * TEXT];
	int r = world_get_link(run->world, host, &seen);

	if (r < 0)
		run_broken(run, r);
	snprintf(observed, sizeof(observed), "%s, %s, %s, %s",
		 seen.link.up ? "up" : "down",
		 seen.link.carrier ? "carrier" : "no carrier",
		 seen.address ? "address" : "no address",
		 route_text(seen.route));
	run_note(run, "the interface of %s: %s (state %s)", host, observed,
		 operstate_text(seen.link.operstate));
	snprintf(what, sizeof(what), "the interface of %s: %s", host,
		 expected);
	return expect_that(run, strcmp(observed, expected) == 0, what, "%s",
			   observed);
}
