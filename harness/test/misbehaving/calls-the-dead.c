/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mistakes of a script that the harness must say, and not carry out. */
#include <signal.h>
#include <string.h>

#include "misbehaving.h"

static void to_the_dead(struct run *run)
{
	struct probe *probe = probe_start(run, "server");

	fault_kill(probe);
	sock_listen(probe, 1);
}

static void to_nowhere(struct run *run)
{
	probe_start(run, "a-host-of-many-letters-that-nobody-has-made");
}

static void too_much(struct run *run)
{
	static char text[4096];
	struct pair tcp = sock_pair(run);

	memset(text, 'x', sizeof(text) - 1);
	sock_send_text(tcp.client, text);
}

static void twice(struct run *run)
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

static void refused(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1);

	sock_close(listener);
	sock_connect(client, listener);
}

static void script(struct run *run)
{
	static void (*const mistakes[])(struct run *run) = {
		to_the_dead, to_nowhere,      too_much,
		twice,	     nothing_to_reap, refused,
	};

	mistakes[run_value(HERE(run))](run);
	expect_nothing_bad(run);
}

MISBEHAVING(calls_the_dead) = {
	.name = "calls-the-dead",
	.claim = "the script is right",
	.world = &world_pair,
	.variants = VARIANTS({ "dead", .value = 0 }, { "nowhere", .value = 1 },
			     { "too-much", .value = 2 },
			     { "twice", .value = 3 },
			     { "nothing-to-reap", .value = 4 },
			     { "refused", .value = 5 }),
	.duration = SEC(100),
	.script = script,
};
