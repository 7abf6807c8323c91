/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "here.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel.h"
#include "privilege.h"
#include "version.h"
#include "virtual-time.h"

void report_here(struct report *report, const struct reporter *reporter,
		 const struct run_options *options)
{
	*report = (struct report){
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

void die_of_signal(int number)
{
	sigset_t set;

	fflush(stdout);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	kill(getpid(), number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
