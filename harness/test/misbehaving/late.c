/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An upper bound is exceeded, with or without scheduling delay (the wire waits
 * for this process, which sleeps), and with or without another failure.
 */
#include <time.h>

#include "misbehaving.h"

enum {
	DELAYED = 1,
	FAILS_BEFORE = 2,
	FAILS_AFTER = 4,
	EARLY = 8,
	DELAYED_LONG = 16,
	PASSES_LATER = 32, /* at the second try */
};

/* A frame arrives while the wire is not served for this time. */
static void delay_wire(struct run *run, nsec_t pause)
{
	struct timespec ts = nsec_to_timespec(pause);
	struct pair tcp = sock_pair(run);

	sock_post_recv(tcp.server);
	/* Posted: waiting for the result would serve the wire. */
	sock_post_send_stream(tcp.client, 1);
	nanosleep(&ts, NULL);
	sock_reap(tcp.client, SEC(1));
	sock_reap(tcp.server, SEC(1));
}

static void script(struct run *run)
{
	const struct range range = { SEC(1), SEC(2) };
	long how = run_value(run);

	if (how & PASSES_LATER && run->job->attempt > 1) {
		expect_that(run, true, "second try", "true");
		return;
	}
	if (how & (DELAYED | DELAYED_LONG))
		delay_wire(run, how & DELAYED_LONG ? MSEC(300) : MSEC(20));
	if (how & FAILS_BEFORE)
		expect_that(run, false, "another condition", "false");
	expect_span(run, "span", how & EARLY ? MSEC(900) : SEC(3), range);
	if (how & FAILS_AFTER)
		expect_that(run, false, "another condition", "false");
}

MISBEHAVING(late) = {
	.name = "late",
	.claim = "it is not late",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "by-itself", "the span is too long, and nothing was delayed",
		  .value = 0 },
		{ "by-machine",
		  "the span is too long, after a delay of the wire by 300 ms",
		  .value = DELAYED_LONG },
		{ "by-machine-once",
		  "the span is too long, after a delay of the wire by 300 ms, "
		  "at the first try only",
		  .value = DELAYED_LONG | PASSES_LATER },
		{ "wrong-before",
		  "another expectation fails before the span that is too long",
		  .value = DELAYED | FAILS_BEFORE },
		{ "wrong-after",
		  "another expectation fails after the span that is too long",
		  .value = DELAYED | FAILS_AFTER },
		{ "early", "the span is too short, which no delay explains",
		  .value = DELAYED | EARLY },
		{ "wrong-by-far",
		  "another expectation fails after a delay of the wire by 300 "
		  "ms",
		  .value = DELAYED_LONG | FAILS_AFTER }),
	.script = script,
	.no_fault = true,
};
