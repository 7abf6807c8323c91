/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire keeps a capture of every frame in the order of arrival. Before each
 * query it reads what its socket has queued (wire_catch_up()), so that a frame
 * that was sent before the query is seen by it. With offload a frame may have
 * several segments, and counts as that many.
 */
#include "frames.h"

#include "run-control.h"

/* For frames that the experiment needs; far beyond any scheduling delay. */
static const nsec_t needed_timeout = SEC(20);

static size_t captures(struct run *run, const struct wire_capture **ret)
{
	int r = wire_catch_up(world_wire(run->world));

	if (r < 0)
		run_broken(run, r);
	return wire_captures(world_wire(run->world), ret);
}

/* A frame at the time of the mark counts: marks are taken before the action.
 * Ghosts are frames that a real cable would not carry. */
static bool counts(const struct wire_capture *capture, struct mark since,
		   const struct wire_match *match)
{
	return capture->at >= since.at && capture->fate != WIRE_GHOST &&
	       wire_matches(capture, match);
}

/* 0 if the capture does not count. */
static unsigned int count_segments(const struct wire_capture *capture,
				   struct mark since,
				   const struct wire_match *match)
{
	return counts(capture, since, match) ?
		       wire_segments(capture->kinds & match->kinds,
				     capture->segments) :
		       0;
}

const struct wire_capture *frames_nth(struct run *run, struct mark since,
				      const struct wire_match *match,
				      unsigned int nth)
{
	const struct wire_capture *all;
	size_t n = captures(run, &all);

	for (size_t i = 0; i < n; i++) {
		unsigned int segments = count_segments(&all[i], since, match);

		if (nth <= segments)
			return &all[i];
		nth -= segments;
	}
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
				       unsigned int nth, nsec_t timeout)
{
	struct awaited awaited = { run, since, match, nth };

	run_wait(run, has_come, &awaited, nsec_add(nsec_now(), timeout));
	return frames_nth(run, since, match, nth);
}

static void MACRO_NORETURN need_frame(struct run *run,
				      const struct wire_match *match)
{
	run_needed(run, "frame of the set-up", "sent",
		   "no matching frame from %s",
		   match->from ? match->from : "any host");
}

const struct wire_capture *frames_need(struct run *run, struct mark since,
				       const struct wire_match *match)
{
	const struct wire_capture *frame =
		frames_wait(run, since, match, 1, needed_timeout);

	if (!frame)
		need_frame(run, match);
	return frame;
}

const struct wire_capture *frames_first(struct run *run, struct mark since,
					const char *from, enum wire_kind kind)
{
	return frames_need(run, since, FRAMES(FROM(from), KIND(kind)));
}

const struct wire_capture *frames_last(struct run *run,
				       const struct wire_match *match)
{
	const struct mark start = { 0 };
	const struct wire_capture *all, *last = NULL;
	size_t n = captures(run, &all);

	for (size_t i = 0; i < n; i++)
		if (counts(&all[i], start, match))
			last = &all[i];
	if (!last)
		need_frame(run, match);
	return last;
}

unsigned int frames_count(struct run *run, struct mark since,
			  const struct wire_match *match)
{
	const struct wire_capture *all;
	size_t n = captures(run, &all);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += count_segments(&all[i], since, match);
	return found;
}

nsec_t frames_after(struct mark since, const struct wire_capture *capture)
{
	return capture->at - since.at;
}

void frames_count_only(struct run *run, bool on)
{
	int r = wire_set_count_only(world_wire(run->world), on);

	if (r < 0)
		run_broken(run, r);
}
