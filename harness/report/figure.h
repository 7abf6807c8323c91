/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures from the records of a run. Most are the ladder of the run; some are a
 * table or a chart of what the journal says. Nothing is drawn that was not
 * observed.
 */
#pragma once

#include <stdio.h>

#include "ladder.h"
#include "result.h"

enum figure_kind {
	FIGURE_LADDER, /* the exchange */
	FIGURE_ROUNDS, /* a table: the RTO of each round, predicted and measured */
	FIGURE_KEEPALIVE, /* the sum of keepalive time and intervals */
	FIGURE_WRAP, /* a table: sequence numbers before and after the wrap */
	FIGURE_QUEUES, /* SYN queue and accept queue over time */
	FIGURE_LOAD, /* a plot: requests per second, asked for and answered */
	FIGURE_LISTENER, /* Recv-Q and Send-Q of a listening socket, as ss(8) */
	FIGURE_KINDS,
};

/* Draws for a terminal. `result` must have its journal; a run that did not come
 * far enough has nothing to draw, which is said. -ENOMEM. */
int figure_print(FILE *out, enum figure_kind kind, const struct result *result,
		 const struct ladder_view *view);

/* Whether the ladder of the run is the figure, or part of it. */
bool figure_has_ladder(enum figure_kind kind);

/* For a page: everything but the ladder, as text or, of FIGURE_LOAD, as a drawing.
 * Nothing for FIGURE_LADDER. -ENOMEM. */
int figure_html(FILE *out, enum figure_kind kind, const struct result *result);
