/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

const struct wire_capture *frames_nth(struct run *run, struct mark since,
				      const struct wire_match *match,
				      unsigned int nth)
{
	const struct wire_capture *all;
	size_t n;
	int r = wire_catch_up(world_wire(run->world));

	if (r < 0)
		run_broken(run, r);
	n = wire_captures(world_wire(run->world), &all);
	for (size_t i = 0; i < n; i++) {
		if (all[i].at < since.at || all[i].fate == WIRE_GHOST ||
		    !wire_matches(&all[i], match))
			continue;
		if (--nth == 0)
			return &all[i];
	}
	return NULL;
}

unsigned int frames_count(struct run *run, struct mark since,
			  const struct wire_match *match)
{
	unsigned int n = 0;

	while (frames_nth(run, since, match, n + 1))
		n++;
	return n;
}

nsec_t frames_after(struct mark since, const struct wire_capture *capture)
{
	return capture->at - since.at;
}

struct mark frames_from_start(struct run *run)
{
	return (struct mark){ .at = run->start };
}
