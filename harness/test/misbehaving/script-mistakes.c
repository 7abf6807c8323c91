/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes of a script: the harness reports them, as BROKEN, with the line. */
#include <signal.h>
#include <string.h>

#include "misbehaving.h"

static void call_dead_probe(struct run *run)
{
	struct probe *probe = probe_start(run, "server");

	fault_kill(probe);
	sock_listen(probe, 1);
}

static void unknown_host(struct run *run)
{
	probe_start(run, "an-unknown-host-with-a-name-longer-than-any");
}

static void text_too_long(struct run *run)
{
	static char text[4096];
	struct pair tcp = sock_pair(run);

	memset(text, 'x', sizeof(text) - 1);
	sock_send_text(tcp.client, text);
}

static void post_twice(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.client);
	sock_post_recv(tcp.client);
}

static void nothing_to_reap(struct run *run)
{
	struct pair tcp = sock_pair(run);

	sock_reap(tcp.client, SEC(100));
}

static void script(struct run *run)
{
	static void (*const mistakes[])(struct run * run) = {
		call_dead_probe, unknown_host,	  text_too_long,
		post_twice,	 nothing_to_reap,
	};

	mistakes[run_value(run)](run);
	expect_true(run);
}

MISBEHAVING(script_mistakes) = {
	.name = "script-mistakes",
	.claim = "the script has no mistake",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "dead-probe", "a call of a probe that is dead", .value = 0 },
		{ "unknown-host", "a probe on a host that is not in the world",
		  .value = 1 },
		{ "text-too-long", "a text that is longer than a probe accepts",
		  .value = 2 },
		{ "posted-twice", "a second recv() while the first is posted",
		  .value = 3 },
		{ "nothing-to-reap", "the result of a call that was not posted",
		  .value = 4 }),
	.duration = SEC(100),
	.script = script,
};
