/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that the wire has seen. Frames that the kernel of a dead host still
 * sends, which no real cable would carry, do not count.
 */
#pragma once

#include "run.h"
#include "wire.h"

/*
 * FRAMES(FROM("client"), KIND(WIRE_KEEPALIVE_PROBE))
 * FRAMES(.from = "client", .to = "server", .kinds = WIRE_SYN, .first = 2)
 * FRAMES(FROM("server"), .where = zero_window), for anything else in the frame:
 *
 *	static bool zero_window(const struct wire_capture *capture,
 *				const void *data)
 *	{
 *		return capture->frame.tcp.window == 0;
 *	}
 *
 * The kinds are in netns/wire-kind.h, the members of a segment in lib/segment.h;
 * windows are as on the wire, not scaled. A zero window probe is the same segment
 * as a keepalive probe, WIRE_KEEPALIVE_PROBE: the sender's timer
 * (DIAG_TIMER_PROBE) or counter (TCPWinProbe, TCPKeepAlive) tells them apart.
 */
#define FROM(host_) .from = (host_)
#define TO(host_) .to = (host_)
#define KIND(kinds_) .kinds = (kinds_)
#define FRAMES(...) (&(const struct wire_match){ __VA_ARGS__ })

/* The number of matching frames since the mark. With --offload a frame counts
 * as its number of segments, here and in the next functions. */
unsigned int frames_count(struct run *run, struct mark since,
			  const struct wire_match *match);

/* The nth of them, from 1; NULL when there are fewer. Valid until the run next
 * waits. */
const struct wire_capture *frames_nth(struct run *run, struct mark since,
				      const struct wire_match *match,
				      unsigned int nth);

/* The same, waiting for it; NULL when it has not come within the timeout. */
const struct wire_capture *frames_wait(struct run *run, struct mark since,
				       const struct wire_match *match,
				       unsigned int nth, nsec_t timeout);

/* The first one, which the experiment needs: waits for it; without, the run ends
 * as FAIL. */
const struct wire_capture *frames_need(struct run *run, struct mark since,
				       const struct wire_match *match);
const struct wire_capture *frames_first(struct run *run, struct mark since,
					const char *from, enum wire_kind kind);

/* The last one of the run so far; without, the run ends as FAIL. */
const struct wire_capture *frames_last(struct run *run,
				       const struct wire_match *match);

/* Its time on the wire, counted from the mark. */
nsec_t frames_after(struct mark since, const struct wire_capture *capture);

/*
 * For the plain data flow of a large transfer: from now on only counted, not
 * recorded; and recorded again: wire_set_count_only(). The functions above do
 * not see frames that are only counted.
 */
void frames_count_only(struct run *run, bool on);
