/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isn.h"

#include <linux/version.h>

#include "expect.h"
#include "frames.h"
#include "kernel.h"

/* tw_snd_nxt + 65535 + 2 */
enum { BEYOND = 65535 + 2 };

static const nsec_t tick = 64;

static bool is_passed_on(void)
{
	return kernel_version() >= KERNEL_VERSION(6, 10, 0);
}

static const struct wire_capture *first(struct run *run, const char *host,
					struct mark since, unsigned int kinds)
{
	return frames_nth(run, since, FRAMES(FROM(host), KIND(kinds)), 1);
}

void isn_skip_slow_machine(struct run *run, struct mark began, int64_t sent)
{
	nsec_t took = nsec_now() - began.at;

	if (took / tick >= sent)
		run_skip(run,
			 "this machine sent %.1f MB a second, the clock behind "
			 "first numbers counts 15.6",
			 (double)sent / 1e6 / nsec_seconds(took));
}

/*
 * What the clock counts between the two numbers, less what the old connection
 * has used of it. Each was taken between its mark and its frame.
 */
static struct range by_clock(const struct wire_capture *old,
			     const struct wire_capture *again, uint32_t used,
			     struct mark began, struct mark dialled)
{
	return (struct range){
		(dialled.at - old->at) / tick - 1 - used,
		(again->at - began.at) / tick + 1 - used,
	};
}

bool expect_isn_after_time_wait(struct run *run, const char *host,
				struct mark began, struct mark dialled)
{
	const struct wire_capture *old =
		first(run, host, began, WIRE_SYN | WIRE_SYN_ACK);
	const struct wire_capture *fin = first(run, host, began, WIRE_FIN);
	const struct wire_capture *again =
		first(run, host, dialled, WIRE_SYN_ACK);
	struct range expected = { BEYOND, BEYOND };
	uint32_t last, beyond;

	if (!old || !fin || !again)
		return expect_that(run, false, "old and new numbers",
				   "SYN or SYN-ACK or FIN is missing");
	last = fin->frame.tcp.seq + 1;
	beyond = again->frame.tcp.seq - last;
	if (!is_passed_on())
		expected = by_clock(old, again, last - old->frame.tcp.seq,
				    began, dialled);
	else if (again->frame.tcp.seq == 1) /* 0 means none, and is not taken */
		expected.max++;
	run_predicted_text(run, "isn_from",
			   is_passed_on() ? "TIME-WAIT" : "clock");
	run_measured_text(run, "isn_from",
			  beyond - BEYOND <= 1 ? "TIME-WAIT" : "clock");
	return expect_number(run, "isn_beyond_time_wait", (int32_t)beyond,
			     expected.min, expected.max);
}
