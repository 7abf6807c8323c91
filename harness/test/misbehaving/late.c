/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Too late, in a world where the machine is to blame (the wire had to wait for
 * this process, which slept) or not; with something else wrong, or not.
 */
#include <time.h>

#include "misbehaving.h"

enum {
	BY_MACHINE = 1,
	WRONG_BEFORE = 2,
	WRONG_AFTER = 4,
	EARLY = 8,
	BY_FAR = 16,
};

/* A frame comes, and nobody looks for so long. */
static void be_slow(struct run *run, nsec_t pause)
{
	struct timespec ts = nsec_to_timespec(pause);
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.server);
	sock_send(tcp.client, 1);
	nanosleep(&ts, NULL);
	sock_reap(tcp.server, SEC(1));
}

static void script(struct run *run)
{
	const struct range range = { SEC(1), SEC(2) };
	long how = run_value(HERE(run));

	if (how & (BY_MACHINE | BY_FAR))
		be_slow(run, how & BY_FAR ? MSEC(300) : MSEC(20));
	if (how & WRONG_BEFORE)
		expect_that(run, false, "another thing", "wrong");
	expect_span(run, "span", how & EARLY ? MSEC(900) : SEC(3), range);
	if (how & WRONG_AFTER)
		expect_that(run, false, "another thing", "wrong");
}

MISBEHAVING(late) = {
	.name = "late",
	.claim = "it is in time",
	.world = &world_pair,
	.variants = VARIANTS({ "by-itself", .value = 0 },
			     { "by-machine", .value = BY_FAR },
			     { "wrong-before",
			       .value = BY_MACHINE | WRONG_BEFORE },
			     { "wrong-after",
			       .value = BY_MACHINE | WRONG_AFTER },
			     { "early", .value = BY_MACHINE | EARLY },
			     { "wrong-by-far",
			       .value = BY_FAR | WRONG_AFTER }),
	.script = script,
	.no_fault = true,
};
