/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that refuses what the script builds on: the client has one local port,
 * and its second connect() fails. Other variants: the script would skip the run
 * after a failed expectation; a call does not return, and the script posts the
 * next one; a sysctl does not store what was written, since the kernel rounds it
 * to jiffies (of 1001 ms, unless HZ is 1000).
 */
#include "misbehaving.h"

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct finding got;

	expect_true(run);
	if (run_is_variant(run, "skip")) {
		expect_that(run, false, "the moon is made of cheese", "stone");
		run_skip(run, "this machine has no moon");
	}
	if (run_is_variant(run, "connect"))
		sock_connect(tcp.client_probe, tcp.listener);
	if (run_is_variant(run, "late-call")) {
		sock_post_recv(tcp.client);
		got = sock_reap(tcp.client, 0);
		expect_data(&got, 1);
		sock_post_recv(tcp.client);
	}
}

MISBEHAVING(refused) = {
	.name = "refused",
	.claim = "connect() always finds a port",
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client")),
	.variants = VARIANTS(
		{ "connect", "a second connect() finds no local port" },
		{ "skip",
		  "the script skips the run after a failed expectation" },
		{ "late-call",
		  "the script posts a call while one is posted that was "
		  "expected to return" },
		{ "not-stored",
		  "a sysctl of the variant is rounded by the kernel",
		  .settings = SYSCTLS({ "client",
					"net.ipv4.neigh.eth0.retrans_time_ms",
					1001 }) }),
	.script = script,
	.no_fault = true,
};
