/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sequences are Select Graphic Rendition of ECMA-48, section 8.3.117, with the
 * eight colours that every terminal has: the user's own palette fits light and
 * dark backgrounds.
 */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_wanted(FILE *out, enum colour_when when)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	return isatty(fileno(out)) && (!no || !*no) &&
	       (!term || strcmp(term, "dumb") != 0);
}

const char *colour_begin(bool coloured, enum colour colour)
{
	static const char *const sequences[] = {
		[COLOUR_PLAIN] = "",	      [COLOUR_GOOD] = "\033[32m",
		[COLOUR_ALARM] = "\033[1;31m", [COLOUR_LOST] = "\033[31m",
		[COLOUR_WAIT] = "\033[33m",    [COLOUR_BROKEN] = "\033[35m",
		[COLOUR_STATE] = "\033[36m",   [COLOUR_TIMER] = "\033[35m",
		[COLOUR_FAINT] = "\033[2m",    [COLOUR_HEAD] = "\033[1m",
	};

	return coloured ? sequences[colour] : "";
}

const char *colour_end(bool coloured, enum colour colour)
{
	return coloured && colour != COLOUR_PLAIN ? "\033[0m" : "";
}
