/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the wire saw: for counting and for looking at. */
#pragma once

#include "run.h"
#include "wire.h"

/*
 * FRAMES(FROM("client"), WIRE_KEEPALIVE_PROBE)
 * FRAMES(.from = "client", .to = "server", .kinds = WIRE_SYN, .first = 2)
 */
#define FROM(host_) .from = (host_)
#define TO(host_) .to = (host_)
#define KIND(kinds_) .kinds = (kinds_)
#define FRAMES(...) (&(const struct wire_match){ __VA_ARGS__ })

/* How many came by since the mark. Those of a dead machine's kernel, which no
 * real wire would carry, do not count. */
unsigned int frames_count(struct run *run, struct mark since,
			  const struct wire_match *match);

/*
 * The same where so many are wanted: when fewer have come, those that were sent
 * by now are waited for. What a host sends lies in a queue until a softirq takes
 * it (netif_rx() stamps it, process_backlog() delivers it), and on a busy machine
 * the socket's error, of the same moment, is seen before.
 */
unsigned int frames_count_all(struct run *run, struct mark since,
			      const struct wire_match *match,
			      unsigned int wanted);

/* The nth of them, from 1; NULL when there are fewer. Valid until the run next
 * waits. */
const struct wire_capture *frames_nth(struct run *run, struct mark since,
				      const struct wire_match *match,
				      unsigned int nth);

/* The same, once it has come; NULL when it has not by `patience` from now. */
const struct wire_capture *frames_wait(struct run *run, struct mark since,
				       const struct wire_match *match,
				       unsigned int nth, nsec_t patience);

/*
 * A transfer's plain flow is only counted from now on, and then recorded again:
 * wire_set_quiet(). What was only counted is in no answer of the calls above.
 */
void frames_count_only(struct run *run, bool quiet);

/* The host's first frame of that kind, which is on its way at least: without it
 * the stage is not set, and the case ends as BROKEN. */
const struct wire_capture *frames_first(struct run *run, struct mark since,
					const char *from, enum wire_kind kind);

/* Its arrival, after the mark. */
nsec_t frames_after(struct mark since, const struct wire_capture *capture);
