/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

/* As that of sockets that do not come about. */
static const nsec_t stage_patience = SEC(20);

static size_t captures(struct run *run, const struct wire_capture **ret)
{
	int r = wire_catch_up(world_wire(run->world));

	if (r < 0)
		run_broken(run, r);
	return wire_captures(world_wire(run->world), ret);
}

static bool counts(const struct wire_capture *capture, struct mark since,
		   const struct wire_match *match)
{
	return capture->at >= since.at && capture->fate != WIRE_GHOST &&
	       wire_matches(capture, match);
}

const struct wire_capture *frames_nth(struct run *run, struct mark since,
				      const struct wire_match *match,
				      unsigned int nth)
{
	const struct wire_capture *all;
	size_t n = captures(run, &all);

	for (size_t i = 0; i < n; i++)
		if (counts(&all[i], since, match) && --nth == 0)
			return &all[i];
	return NULL;
}

struct awaited {
	struct run *run;
	struct mark since;
	const struct wire_match *match;
	unsigned int nth;
};

static bool has_come(void *data)
{
	const struct awaited *awaited = data;

	return frames_nth(awaited->run, awaited->since, awaited->match,
			  awaited->nth);
}

const struct wire_capture *frames_wait(struct run *run, struct mark since,
				       const struct wire_match *match,
				       unsigned int nth, nsec_t patience)
{
	struct awaited awaited = { run, since, match, nth };

	run_wait(run, has_come, &awaited, nsec_add(nsec_now(), patience));
	return frames_nth(run, since, match, nth);
}

const struct wire_capture *frames_first(struct run *run, struct mark since,
					const char *from, enum wire_kind kind)
{
	const struct wire_capture *frame = frames_wait(
		run, since, FRAMES(FROM(from), KIND(kind)), 1, stage_patience);

	if (!frame)
		run_broken_because(run, "the stage is not set: no such frame "
					"from %s", from);
	return frame;
}

static unsigned int count_until(struct run *run, struct mark since,
				const struct wire_match *match, nsec_t until)
{
	const struct wire_capture *all;
	size_t n = captures(run, &all);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += all[i].at <= until && counts(&all[i], since, match);
	return found;
}

unsigned int frames_count(struct run *run, struct mark since,
			  const struct wire_match *match)
{
	return count_until(run, since, match, NSEC_NEVER);
}

unsigned int frames_count_all(struct run *run, struct mark since,
			      const struct wire_match *match,
			      unsigned int wanted)
{
	/* The stamps are of CLOCK_REALTIME: converted, a little inexact. */
	nsec_t now = nsec_now() + MSEC(1);
	unsigned int found = frames_count(run, since, match);

	if (found >= wanted)
		return found;
	frames_wait(run, since, match, wanted, MSEC(500));
	return count_until(run, since, match, now);
}

nsec_t frames_after(struct mark since, const struct wire_capture *capture)
{
	return capture->at - since.at;
}

void frames_count_only(struct run *run, bool quiet)
{
	int r = wire_set_quiet(world_wire(run->world), quiet);

	if (r < 0)
		run_broken(run, r);
}
