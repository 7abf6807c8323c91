/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run is one process with one script. It is single-threaded: while the script
 * waits, run_wait() runs the event loop, which forwards frames, receives
 * answers of probes and output of programs, and journals them. Nothing else
 * runs in between, so a script that computes for long delays the wire.
 *
 * The process ends in run_end(), wherever the reason was found; the kernel then
 * removes the world.
 */
#include "run-control.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case-table.h"
#include "errors.h"
#include "fd.h"
#include "kernel.h"
#include "message.h"
#include "safe-text.h"
#include "sysctl.h"
#include "world-plan-control.h"

/* --- position in the script -------------------------------------------*/

static struct {
	const char *file;
	int line;
} here;

void run_here(const char *file, int line)
{
	here.file = file;
	here.line = line;
}

const char *run_where(void)
{
	static char text[PATH_MAX + 16];

	if (!here.file)
		return N_("before the script");
	/* An option of the command line has no line. */
	if (!here.line)
		return here.file;
	snprintf(text, sizeof(text), "%s:%d", error_path(here.file), here.line);
	return text;
}

/* --- the end ----------------------------------------------------------*/

static bool is_worth_keeping(const struct run *run, const char *verdict)
{
	return run->options->keep && run->world &&
	       (strcmp(verdict, "fail") == 0 || strcmp(verdict, "broken") == 0);
}

/* --keep: journals the init of each host, as this PID namespace numbers it, and
 * serves the world until this process is killed. */
static void MACRO_NORETURN keep_world(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);
	json_t *hosts = json_object();

	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct planned_host planned;
		struct host *host;

		world_plan_host(plan, i, &planned);
		host = world_host(run->world, planned.name);
		if (host && host_is_running(host) && host_wait_ready(host) >= 0)
			json_object_set_new(hosts, planned.name,
					    json_integer(host_init(host)));
	}
	if (journal_write(run->journal, nsec_now(), "kept", "{s:o}", "hosts",
			  hosts) < 0)
		_exit(1);
	while (loop_run_once(run->loop, NSEC_NEVER) >= 0)
		;
	_exit(1);
}

void run_end(struct run *run, const char *verdict, const char *reason,
	     bool inconclusive)
{
	static bool ended;
	nsec_t residence = run->world ? wire_residence(world_wire(run->world)) :
					0;
	nsec_t lateness = run->loop ? loop_max_delay(run->loop) : 0;

	/* A kept world already has its verdict: a later error changes nothing.
	 */
	if (ended)
		_exit(1);
	ended = true;
	/* Fails with EPIPE when the supervisor is dead; the process ends in any
	 * case. */
	journal_write(run->journal, nsec_now(), "verdict",
		      "{s:s, s:s, s:b, s:f, s:f}", "verdict", verdict, "reason",
		      reason, "inconclusive", inconclusive, "lateness",
		      nsec_seconds(lateness), "residence",
		      nsec_seconds(residence));
	if (is_worth_keeping(run, verdict))
		keep_world(run);
	if (run->world)
		world_end(run->world);
	/* Closed here, so that the reader sees the end of the journal at once:
	 * exit closes descriptors in order, and closing the wire's packet
	 * socket takes 10 ms (packet_release()). */
	fd_close(run->journal_fd);
	_exit(0);
}

void run_broken_because(struct run *run, const char *format, ...)
{
	char reason[1024], whole[1280];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s, at %s", reason, run_where());
	/* A character that was cut off would make the record invalid. */
	safe_text(whole, false);
	run_end(run, "broken", whole, false);
}

void run_broken(struct run *run, int r MACRO_UNUSED)
{
	char whole[2048];

	snprintf(whole, sizeof(whole), "%s, at %s", error_trail(), run_where());
	safe_text(whole, false);
	run_end(run, "broken", whole, false);
}

void run_delay_decides(struct run *run)
{
	run->delay_decides = true;
}

void run_inconclusive(struct run *run, const char *reason)
{
	run_end(run, "broken", reason, true);
}

void run_skip(struct run *run, const char *format, ...)
{
	char reason[512];
	va_list args;

	if (run->failed)
		run->finish(run);
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	safe_text(reason, false);
	run_end(run, "skip", reason, false);
}

bool run_has_change(struct run *run, const struct change *change)
{
	enum kernel_change state = kernel_change(change);

	if (state == CHANGE_UNKNOWN)
		run_skip(run, "whether Linux %s has %s is not known",
			 kernel_release(), change->commit);
	return state == CHANGE_PRESENT;
}

/* --- expectations -----------------------------------------------------*/

bool run_expectation(struct run *run, bool ok, const char *what,
		     const char *expected, const char *observed)
{
	run->expectations++;
	if (!ok) {
		run->failed++;
		run->only_times_failed = false;
	}
	run_journal(run, nsec_now(), "expectation", "{s:s, s:b, s:s, s:s, s:s}",
		    "what", what, "ok", ok, "expected", expected, "observed",
		    observed, "at", run_where());
	return ok;
}

void run_needed(struct run *run, const char *what, const char *expected,
		const char *observed_format, ...)
{
	char observed[256];
	va_list args;

	va_start(args, observed_format);
	vsnprintf(observed, sizeof(observed), observed_format, args);
	va_end(args);
	run_expectation(run, false, what, expected, observed);
	run->finish(run);
}

bool run_has(struct run *run, const char *name, bool exists)
{
	if (!exists && kernel_must_have(name))
		run_expectation(run, false, name, "exists on this kernel",
				"missing");
	return exists;
}

/* --- time -------------------------------------------------------------*/

/* loop_run_once() returns 1 at the deadline; events of that moment may still
 * make `done` true. */
bool run_wait(struct run *run, bool (*done)(void *data), void *data,
	      nsec_t deadline)
{
	for (;;) {
		int r;

		if (done && done(data))
			return true;
		r = loop_run_once(run->loop, deadline);
		if (r < 0)
			run_broken(run, r);
		if (r == 0)
			continue;
		return done && done(data);
	}
}

void run_acted(struct run *run, nsec_t began)
{
	run->longest_act = MAX(run->longest_act, nsec_now() - began);
}

struct mark mark_now(struct run *run MACRO_UNUSED)
{
	return (struct mark){ .at = nsec_now() };
}

void mark_done(struct run *run MACRO_UNUSED, struct mark *mark)
{
	mark->done = nsec_now();
}

void run_pass_until_time(struct run *run, nsec_t time)
{
	run_wait(run, NULL, NULL, time);
}

void run_pass(struct run *run, nsec_t duration)
{
	run_pass_until_time(run, nsec_add(nsec_now(), duration));
}

void run_pass_until(struct run *run, struct mark mark, nsec_t duration)
{
	run_pass_until_time(run, nsec_add(mark.at, duration));
}

nsec_t run_slack(const struct run *run)
{
	return run->options->slack;
}

/* --- records of the journal -------------------------------------------*/

void run_note(struct run *run, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	safe_text(text, true);
	run_journal(run, nsec_now(), "note", "{s:s}", "text", text);
}

/* Takes `value`. */
static void journal_value(struct run *run, const char *type, const char *name,
			  json_t *value)
{
	run_journal(run, nsec_now(), type, "{s:s, s:o}", "name", name, "value",
		    value);
}

void run_predicted(struct run *run, const char *name, double value)
{
	journal_value(run, "predicted", name, json_real(value));
}

void run_measured(struct run *run, const char *name, double value)
{
	journal_value(run, "measured", name, json_real(value));
}

void run_predicted_count(struct run *run, const char *name, int64_t value)
{
	journal_value(run, "predicted", name, json_integer(value));
}

void run_measured_count(struct run *run, const char *name, int64_t value)
{
	journal_value(run, "measured", name, json_integer(value));
}

void run_predicted_text(struct run *run, const char *name, const char *value)
{
	journal_value(run, "predicted", name, json_string(value));
}

void run_measured_text(struct run *run, const char *name, const char *value)
{
	journal_value(run, "measured", name, json_string(value));
}

void run_elapsed(struct run *run, struct range predicted, nsec_t measured)
{
	run_predicted(run, "elapsed_s", nsec_seconds(predicted.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(predicted.max));
	run_measured(run, "elapsed_s", nsec_seconds(measured));
}

/* --- variant and hosts ------------------------------------------------*/

long run_value(const struct run *run)
{
	return run->job->variant ? run->job->variant->value : 0;
}

bool run_is_variant(const struct run *run, const char *name)
{
	return run->job->variant && strcmp(run->job->variant->name, name) == 0;
}

size_t run_variant_row(struct run *run, const void *table, size_t row_size,
		       size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		const char *name;

		memcpy(&name, (const char *)table + i * row_size, sizeof(name));
		if (run_is_variant(run, name))
			return i;
	}
	run_broken_because(run, "no table row for this variant");
}

const struct world_plan *run_world_plan(const struct run *run)
{
	return testcase_world(run->job->testcase, run->job->variant);
}

struct host *run_host(struct run *run, const char *name)
{
	struct host *host = world_host(run->world, name);

	if (!host)
		run_broken_because(run, "unknown host '%s'", name);
	return host;
}

struct address run_address(struct run *run, const char *host)
{
	const struct world_address *named =
		world_plan_address(run_world_plan(run), host);
	struct address address;

	if (named) {
		int r = address_parse(
			&address,
			world_address_text(named, run->options->family));

		if (r < 0)
			run_broken(run, r);
		return address;
	}
	return host_address(run_host(run, host), run->options->family);
}

/* --- sysctls ----------------------------------------------------------*/

void run_sysctl_of_family(const struct run *run, const char *name,
			  char ret[static SYSCTL_NAME])
{
	static const char v4[] = "net.ipv4.";
	const char *rest = name + strlen(v4);
	bool has_twin = strncmp(name, v4, strlen(v4)) == 0 &&
			(strncmp(rest, "neigh.", 6) == 0 ||
			 strncmp(rest, "conf.", 5) == 0);

	if (has_twin && run->options->family == AF_INET6)
		snprintf(ret, SYSCTL_NAME, "net.ipv6.%s", rest);
	else
		snprintf(ret, SYSCTL_NAME, "%s", name);
}

long run_sysctl(struct run *run, const char *host, const char *name)
{
	long value;
	int r = sysctl_read_number(host_namespace(run_host(run, host)), name,
				   &value);

	if (r < 0)
		run_broken(run, r);
	return value;
}

long run_sysctl_nth(struct run *run, const char *host, const char *name,
		    unsigned int nth)
{
	char value[SYSCTL_VALUE], *at = value;
	int r = sysctl_read(host_namespace(run_host(run, host)), name, value);

	if (r < 0)
		run_broken(run, r);
	for (unsigned int i = 0;; i++) {
		char *end;
		long number = strtol(at, &end, 10);

		if (end == at)
			run_broken_because(run,
					   "sysctl %s: '%s' has %u numbers, "
					   "expected more than %u",
					   name, value, i, nth);
		if (i == nth)
			return number;
		at = end;
	}
}

void run_set_sysctl(struct run *run, const char *host, const char *name,
		    long value)
{
	char number[24], text[SYSCTL_VALUE];
	struct sysctl_setting setting = { .name = name, .value = number };
	int r;

	snprintf(number, sizeof(number), "%ld", value);
	snprintf(text, sizeof(text), "sysctl %s = %s", name, number);
	run_journal(run, nsec_now(), "call", "{s:s, s:s}", "host", host, "text",
		    text);
	r = sysctl_write(host_namespace(run_host(run, host)), &setting, 1);
	if (r < 0)
		run_broken(run, r);
}
