/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours of text on a terminal, by what the text means. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum colour {
	COLOUR_PLAIN,
	COLOUR_GOOD, /* a pass; the end of a fault */
	COLOUR_ALARM, /* a failure; a fault */
	COLOUR_LOST, /* what does not arrive */
	COLOUR_WAIT, /* a skip; an error that a call returns; a repetition */
	COLOUR_BROKEN, /* the harness could not do its work */
	COLOUR_STATE, /* of a socket */
	COLOUR_TIMER,
	COLOUR_FAINT, /* remarks */
	COLOUR_HEAD, /* headings */
};

/* The values of --color, in the order of COLOUR_CHOICES. */
enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

#define COLOUR_CHOICES "auto always never"

/*
 * Whether to colour what is written to `out`. COLOUR_AUTO: if it is a terminal
 * other than TERM=dumb, and NO_COLOR (no-color.org) is unset or empty.
 */
bool colour_wanted(FILE *out, enum colour_when when);

/* The sequences before and after a text; "" for COLOUR_PLAIN and unless
 * `coloured`. */
const char *colour_begin(bool coloured, enum colour colour);
const char *colour_end(bool coloured, enum colour colour);
