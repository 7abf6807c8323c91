/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor-trial.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "errors.h"
#include "expect-control.h"
#include "fd.h"
#include "probe-program.h"
#include "report.h"
#include "sock-control.h"
#include "supervisor.h"

static void try_destroying(struct run *run, struct sock *sock)
{
	struct diag_socket seen;
	struct finding got;
	int r;

	if (!expect_that(run, sock_look(sock, &seen),
			 "sock_diag knows the socket", "no"))
		return;
	r = diag_destroy(world_diag(run->world, sock_host(sock)), &seen);
	if (r < 0 && r != -EOPNOTSUPP)
		run_broken(run, r);
	run_measured_count(run, "destroys", r >= 0);
	if (r < 0)
		return;
	got = sock_recv(sock, SEC(5));
	expect_error(&got, ECONNABORTED);
}

static void script(struct run *run)
{
	struct mark start = mark_now(run);
	struct pair tcp = sock_pair(run);
	int buffer, r = wire_buffer(world_wire(run->world), &buffer);

	if (r < 0)
		run_broken(run, r);
	run_measured_count(run, "buffer", buffer);
	expect_frames(run, start, "SYN, SYN-ACK and ACK by the wire",
		      FRAMES(.kinds = WIRE_TCP), 3);
	try_destroying(run, tcp.client);
}

static const struct testcase trial = {
	.name = "doctor",
	.claim = "a world can be made, and seen into",
	.world = &world_pair,
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};

static struct doctor_trial found;

static long measured(const struct result *result, const char *name)
{
	return (long)json_integer_value(
		json_object_get(result->measured, name));
}

static void take(struct report *report MACRO_UNUSED,
		 const struct result *result)
{
	found = (struct doctor_trial){
		.verdict = result->verdict,
		.destroys = measured(result, "destroys"),
		.buffer = measured(result, "buffer"),
	};
	snprintf(found.reason, sizeof(found.reason), "%s", result->reason);
}

int doctor_trial(struct doctor_trial *ret)
{
	const struct run_job job = { .testcase = &trial,
				     .repetition = 1,
				     .attempt = 1 };
	const struct supervisor_plan plan = {
		.jobs = &job,
		.n_jobs = 1,
		.options = { .family = AF_INET,
			     .slack = MSEC(50),
			     .timeout_multiplier = 1,
			     .exe = probe_program_open() },
	};
	struct reporter taker = reporter_silent;
	struct report report = { .reporter = &taker, .out = stdout };
	struct report_tally tally;
	int r = plan.options.exe;

	taker.result = take;
	if (r >= 0)
		r = supervisor_run(&plan, &report, &tally);
	fd_close(plan.options.exe);
	if (r < 0)
		return error_trace(r);
	*ret = found;
	return 0;
}
