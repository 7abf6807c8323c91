/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "macro.h"
#include "report.h"

static void begin(struct report *report MACRO_UNUSED)
{
}

static void take(struct report *report MACRO_UNUSED,
		 const struct result *result MACRO_UNUSED)
{
}

static void end(struct report *report MACRO_UNUSED,
		const struct report_tally *tally MACRO_UNUSED)
{
}

const struct reporter reporter_silent = {
	.name = "silent",
	.begin = begin,
	.result = take,
	.end = end,
};
