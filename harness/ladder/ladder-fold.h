/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps that make a readable ladder of sorted rows. Call them in this order;
 * each returns -ENOMEM, and then the ladder is unchanged or partly changed, but
 * valid.
 */
#pragma once

#include "ladder.h"

/* A call that returns at once becomes one row with its result:
 * "connect(10.0.0.2:7777) = 0". */
int ladder_join_calls(struct ladder *ladder);

/* Long stretches of plain data transfer become one row each. */
int ladder_fold(struct ladder *ladder);

/* A segment gets a row for its arrival when other rows come before that. */
int ladder_add_arrivals(struct ladder *ladder);

/* A pause of at least 0.1 s becomes a row with its length. */
int ladder_add_silences(struct ladder *ladder);
