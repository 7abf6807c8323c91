/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isn.h"

#include <linux/version.h>

#include "expect.h"
#include "frames.h"
#include "kernel.h"
#include "message.h"

/* tcp_timewait_state_process(): tw_snd_nxt + 65535 + 2 */
enum { BEYOND = 65535 + 2 };

/* The clock of secure_tcp_seq(). */
static const nsec_t tick = 64;

static bool is_from_time_wait(void)
{
	return kernel_version() >= KERNEL_VERSION(6, 10, 0);
}

void isn_skip_slow_machine(struct run *run, struct mark began, int64_t sent)
{
	nsec_t took = nsec_now() - began.at;

	if (took / tick >= sent)
		run_skip(run,
			 "this machine sent %.1f MB/s; the clock of initial "
			 "sequence numbers advances by 15.6 MB/s",
			 (double)sent / 1e6 / nsec_seconds(took));
}

/*
 * The distance by the clock: its ticks between the two initial numbers, less
 * what the old connection has used. Each number was taken between its mark and
 * its frame.
 */
static struct range by_clock(const struct wire_capture *old,
			     const struct wire_capture *answer, uint32_t used,
			     struct mark began, struct mark connected)
{
	return (struct range){
		(connected.at - old->at) / tick - 1 - used,
		(answer->at - began.at) / tick + 1 - used,
	};
}

bool expect_isn_after_time_wait(struct run *run, const char *host,
				struct mark began, struct mark connected)
{
	const struct wire_capture *old = frames_nth(
		run, began, FRAMES(FROM(host), KIND(WIRE_SYN | WIRE_SYN_ACK)),
		1);
	const struct wire_capture *fin =
		frames_nth(run, began, FRAMES(FROM(host), KIND(WIRE_FIN)), 1);
	const struct wire_capture *answer = frames_nth(
		run, connected, FRAMES(FROM(host), KIND(WIRE_SYN_ACK)), 1);
	struct range expected = { BEYOND, BEYOND };
	uint32_t last, beyond;

	if (!old || !fin || !answer)
		return expect_that(run, false, "initial sequence numbers", "%s",
				   "SYN, SYN-ACK or FIN is missing");
	last = fin->frame.tcp.seq + 1;
	beyond = answer->frame.tcp.seq - last;
	if (!is_from_time_wait())
		expected = by_clock(old, answer, last - old->frame.tcp.seq,
				    began, connected);
	else if (answer->frame.tcp.seq == 1)
		/* 0 stands for "no choice", so the kernel takes 1. */
		expected.max++;
	run_predicted_text(run, "isn_from",
			   is_from_time_wait() ? "TIME-WAIT" : V_("clock"));
	run_measured_text(run, "isn_from",
			  beyond - BEYOND <= 1 ? "TIME-WAIT" : V_("clock"));
	return expect_number(run, "isn_beyond_time_wait", (int32_t)beyond,
			     expected.min, expected.max);
}
