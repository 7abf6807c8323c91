/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report of runs on this machine, as run and lab print it; the reports of vm and
 * matrix describe a guest instead.
 */
#include "local-report.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exit-status.h"
#include "kernel.h"
#include "privilege.h"
#include "version.h"
#include "virtual-time.h"

void local_report_init(struct report *ret, const struct reporter *reporter,
		       const struct run_options *options)
{
	*ret = (struct report){
		.reporter = reporter,
		.out = stdout,
		.terminal = isatty(STDOUT_FILENO),
		.columns = report_columns(stdout),
		.info = { .version = HALFOPEN_VERSION,
			  .kernel = kernel_release(),
			  .hz = nsec_hz(),
			  .slack = options->slack,
			  .rootless = privilege_rootless(),
			  .virtual_time = virtual_time_is_on(),
			  .mapped = options->mapped,
			  .family = options->family == AF_INET6 ? 6 : 4 },
	};
}

int local_report_status(const struct report_tally *tally, int r)
{
	if (tally->failed)
		return EXIT_STATUS_FAIL;
	if (tally->broken || r < 0)
		return EXIT_STATUS_BROKEN;
	if (!tally->passed)
		return EXIT_STATUS_SKIPPED;
	return EXIT_STATUS_PASS;
}

void local_report_end_by_signal(int number)
{
	sigset_t set;

	fflush(stdout);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
