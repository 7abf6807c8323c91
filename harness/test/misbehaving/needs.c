/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requirements that no machine meets. The script would fail. */
#include <linux/version.h>

#include "misbehaving.h"

static void script(struct run *run)
{
	expect_that(run, false, "a skip", "a run");
}

MISBEHAVING(needs_program) = {
	.name = "needs-program",
	.claim = "it runs",
	.world = &world_pair,
	.needs = NEEDS({ .program = "no-program-has-this-name" }),
	.script = script,
};

MISBEHAVING(needs_sysctl) = {
	.name = "needs-sysctl",
	.claim = "it runs",
	.world = &world_pair,
	.needs = NEEDS({ .sysctl = "net.ipv4.tcp_nonsense" }),
	.script = script,
};

MISBEHAVING(needs_kernel) = {
	.name = "needs-kernel",
	.claim = "it runs",
	.world = &world_pair,
	.needs = NEEDS({ .program = "sh" },
		       { .kernel = KERNEL_VERSION(200, 0, 0) }),
	.script = script,
};

MISBEHAVING(needs_setting) = {
	.name = "needs-setting",
	.claim = "it runs",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_nonsense", 1 }),
	.script = script,
};

MISBEHAVING(needs_variant) = {
	.name = "needs-variant",
	.claim = "it runs",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "none", "the variant needs a program that no machine has",
		  .needs_program = "no-program-has-this-name" }),
	.script = script,
};
