/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "sysctl.h"

/* --- where we are ----------------------------------------------------- */

/* A process tells one script. */
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
	static char text[128];

	if (!here.file)
		return "before the script";
	snprintf(text, sizeof(text), "%s:%d", error_path(here.file), here.line);
	return text;
}

/* --- the end ---------------------------------------------------------- */

static bool is_worth_keeping(const struct run *run, const char *verdict)
{
	return run->options->keep && run->world &&
	       (strcmp(verdict, "fail") == 0 || strcmp(verdict, "broken") == 0);
}

/* Tells who is there, as this PID namespace counts, and serves the world until
 * somebody ends it. */
static void MACRO_NORETURN keep_world(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);
	json_t *hosts = json_object();

	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct planned_host planned;
		struct host *host;

		world_plan_host(plan, i, &planned);
		host = world_host(run->world, planned.name);
		if (host && host_is_running(host))
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

	/* A world that is kept has had its verdict. */
	if (ended)
		_exit(1);
	ended = true;
	/* A reader that is gone ends this process all the same. */
	journal_write(run->journal, nsec_now(), "verdict",
		      "{s:s, s:s, s:b, s:f, s:f}", "verdict", verdict, "reason",
		      reason, "inconclusive", inconclusive, "lateness",
		      nsec_seconds(lateness), "residence",
		      nsec_seconds(residence));
	if (is_worth_keeping(run, verdict))
		keep_world(run);
	if (run->world)
		world_end(run->world);
	/* That all is told is known at once. What exit closes is closed last
	 * to first, and the wire's socket takes its 10 ms: packet_release(). */
	fd_close(run->journal_fd);
	_exit(0);
}

void run_broken_because(struct run *run, const char *format, ...)
{
	char reason[512], whole[768];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s, at %s", reason, run_where());
	run_end(run, "broken", whole, false);
}

void run_broken(struct run *run, int r MACRO_UNUSED)
{
	char whole[2048];

	snprintf(whole, sizeof(whole), "%s, at %s", error_trail(), run_where());
	run_end(run, "broken", whole, false);
}

void run_skip(struct run *run, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	run_end(run, "skip", reason, false);
}

/* --- waiting ---------------------------------------------------------- */

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

void run_pass(struct run *run, nsec_t duration)
{
	run_wait(run, NULL, NULL, nsec_add(nsec_now(), duration));
}

void run_pass_until(struct run *run, struct mark mark, nsec_t duration)
{
	run_wait(run, NULL, NULL, nsec_add(mark.at, duration));
}

/* --- telling ---------------------------------------------------------- */

void run_note(struct run *run, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	run_journal(run, nsec_now(), "note", "{s:s}", "text", text);
}

void run_predicted(struct run *run, const char *name, double value)
{
	run_journal(run, nsec_now(), "predicted", "{s:s, s:f}", "name", name,
		    "value", value);
}

void run_measured(struct run *run, const char *name, double value)
{
	run_journal(run, nsec_now(), "measured", "{s:s, s:f}", "name", name,
		    "value", value);
}

void run_predicted_count(struct run *run, const char *name, int64_t value)
{
	run_journal(run, nsec_now(), "predicted", "{s:s, s:I}", "name", name,
		    "value", (json_int_t)value);
}

void run_measured_count(struct run *run, const char *name, int64_t value)
{
	run_journal(run, nsec_now(), "measured", "{s:s, s:I}", "name", name,
		    "value", (json_int_t)value);
}

void run_predicted_text(struct run *run, const char *name, const char *value)
{
	run_journal(run, nsec_now(), "predicted", "{s:s, s:s}", "name", name,
		    "value", value);
}

void run_measured_text(struct run *run, const char *name, const char *value)
{
	run_journal(run, nsec_now(), "measured", "{s:s, s:s}", "name", name,
		    "value", value);
}

/* --- asking ----------------------------------------------------------- */

long run_value(const struct run *run)
{
	return run->job->variant ? run->job->variant->value : 0;
}

bool run_is_variant(const struct run *run, const char *name)
{
	return run->job->variant && strcmp(run->job->variant->name, name) == 0;
}

const struct world_plan *run_world_plan(const struct run *run)
{
	return testcase_world(run->job->testcase, run->job->variant);
}

struct host *run_host(struct run *run, const char *name)
{
	struct host *host = world_host(run->world, name);

	if (!host)
		run_broken_because(run, "no host is called '%s'", name);
	return host;
}

struct address run_address(struct run *run, const char *host)
{
	return host_address(run_host(run, host), run->options->family);
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
			run_broken_because(run, "%s is '%s': it has %u numbers",
					   name, value, i);
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
