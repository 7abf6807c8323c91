/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The exit status of the program: a contract with every script that calls
 * it. */
enum exit_status {
	EXIT_STATUS_PASS = 0, /* all passed; some may be skipped */
	EXIT_STATUS_FAIL = 1, /* at least one FAIL */
	EXIT_STATUS_USAGE = 2, /* wrong usage: nothing was started */
	EXIT_STATUS_BROKEN = 3, /* at least one BROKEN and no FAIL; or output
				 * could not be written */
	EXIT_STATUS_SKIPPED = 4, /* nothing ran: all were skipped */
};
