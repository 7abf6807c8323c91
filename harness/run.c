/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <errno.h>
#include <linux/version.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "errors.h"
#include "frames.h"
#include "keep.h"
#include "kernel.h"
#include "namespace.h"
#include "privilege.h"
#include "probe.h"
#include "processes.h"
#include "program.h"
#include "sysctl.h"
#include "watch.h"

/*
 * What every host has, whatever its case says. New namespaces inherit these
 * from the machine, so that they must be set to be the same everywhere. No
 * connection learns from the one before (the route cache would).
 */
static const struct sysctl_setting common[] = {
	{ "net.ipv4.tcp_wmem", "4096 16384 1048576" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
};

enum { SETTINGS_MAX = 64 };

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

static void MACRO_NORETURN end(struct run *run, const char *verdict,
			       const char *reason, bool inconclusive)
{
	static bool ended;

	nsec_t residence = run->world ? wire_residence(world_wire(run->world)) :
					0;
	nsec_t lateness = run->loop ? loop_lateness(run->loop) : 0;

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
	end(run, "broken", whole, false);
}

void run_broken(struct run *run, int r MACRO_UNUSED)
{
	char whole[2048];

	snprintf(whole, sizeof(whole), "%s, at %s", error_trail(), run_where());
	end(run, "broken", whole, false);
}

void run_skip(struct run *run, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	end(run, "skip", reason, false);
}

/*
 * This process knows when it was late itself, and for how long frames waited
 * for it. That a probe or a program was, only the scheduler knows; it counts
 * all its waiting, so that is asked where too late is all that is wrong.
 */
static nsec_t lateness_of_all(struct run *run, nsec_t residence)
{
	nsec_t late = MAX(residence, loop_lateness(run->loop));

	if (!run->upper_bound_failed)
		return late;
	return MAX(late, processes_longest_delay());
}

/*
 * PASS says that the kernel did what was expected. A wire that lost frames has
 * seen something else than what happened, and says nothing.
 */
static void MACRO_NORETURN judge(struct run *run)
{
	nsec_t residence = wire_residence(world_wire(run->world));
	nsec_t late = lateness_of_all(run, residence);
	unsigned int losses;
	int r = wire_losses(world_wire(run->world), &losses);
	char text[160];

	if (r < 0)
		run_broken(run, r);
	if (losses)
		run_broken_because(run, "the wire lost %u frames", losses);
	if (!run->expectations)
		run_broken_because(run, "the script expects nothing");
	if (!run->failed)
		end(run, "pass", "", false);
	if (run->upper_bound_failed && late > run->options->slack) {
		snprintf(text, sizeof(text),
			 "this machine was late by %.1f ms, %.1f ms are allowed",
			 nsec_seconds(late) * 1e3,
			 nsec_seconds(run->options->slack) * 1e3);
		end(run, "broken", text, true);
	}
	snprintf(text, sizeof(text), "%u of %u expectations failed",
		 run->failed, run->expectations);
	end(run, "fail", text, false);
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

/* --- making the world ------------------------------------------------- */

struct settings {
	struct sysctl_setting all[SETTINGS_MAX];
	char values[SETTINGS_MAX][SYSCTL_VALUE];
	size_t n, n_common; /* the common ones come first */
};

static bool is_for(const struct setting *setting, const char *host)
{
	return !setting->host || strcmp(setting->host, host) == 0;
}

/* A later setting of the same name stands in the place of an earlier one. */
static void put_setting(struct run *run, struct settings *to, const char *name,
			const char *value)
{
	size_t i = 0;

	while (i < to->n && strcmp(to->all[i].name, name) != 0)
		i++;
	if (i == SETTINGS_MAX)
		run_broken_because(run, "too many settings");
	snprintf(to->values[i], SYSCTL_VALUE, "%s", value);
	to->all[i] = (struct sysctl_setting){ name, to->values[i] };
	to->n = MAX(to->n, i + 1);
}

static void put_settings(struct run *run, struct settings *to,
			 const struct setting *from, const char *host)
{
	for (; from && from->name; from++) {
		char value[32];

		if (!is_for(from, host))
			continue;
		snprintf(value, sizeof(value), "%ld", from->value);
		put_setting(run, to, from->name,
			    from->text ? from->text : value);
	}
}

/*
 * No more than half of tcp_rmem is ever advertised as window (tcp_adv_win_scale
 * 1), and a full-sized frame takes up to 1.6 times its bytes in the wire's
 * buffer: so with half the buffer here, both directions fit into it.
 */
static void put_receive_buffer(struct run *run, struct settings *to)
{
	char value[64];
	int buffer, r = wire_buffer(world_wire(run->world), &buffer);

	if (r < 0)
		run_broken(run, r);
	snprintf(value, sizeof(value), "4096 131072 %d",
		 MIN(MAX(buffer / 2, 131072), 1 << 20));
	put_setting(run, to, "net.ipv4.tcp_rmem", value);
}

static void collect_settings(struct run *run, struct settings *to,
			     const char *host)
{
	const struct run_job *job = run->job;

	to->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		put_setting(run, to, common[i].name, common[i].value);
	put_receive_buffer(run, to);
	to->n_common = to->n;
	put_settings(run, to, job->testcase->settings, host);
	if (job->variant)
		put_settings(run, to, job->variant->settings, host);
	put_settings(run, to, run->options->settings, host);
}

/* As it reads back, and only what somebody asked for. */
static void tell_settings(struct run *run, const struct settings *settings,
			  const char *host)
{
	for (size_t i = settings->n_common; i < settings->n; i++) {
		char value[SYSCTL_VALUE];
		const char *name = settings->all[i].name;
		int r = sysctl_read(host_namespace(run_host(run, host)), name,
				    value);

		if (r < 0)
			run_broken(run, r);
		run_journal(run, nsec_now(), "sysctl", "{s:s, s:s, s:s}",
			    "host", host, "name", name, "value", value);
	}
}

static void add_host(struct run *run, size_t i)
{
	const struct world_plan *world = run_world_plan(run);
	struct host_plan plan = { .name = world->hosts[i].name,
				  .mac = { 0x02, 0, 0, 0, 0,
					   (uint8_t)(i + 1) } };
	struct settings settings;
	int r;

	r = world_plan_address(world, i, run->options->family,
			       &plan.addresses[0]);
	if (r < 0)
		run_broken(run, r);
	collect_settings(run, &settings, plan.name);
	r = world_add_host(run->world, &plan, settings.all, settings.n);
	if (r == -ENOENT)
		run_skip(run, "this kernel does not have it: %s",
			 error_message());
	if (r < 0)
		run_broken(run, r);
	tell_settings(run, &settings, plan.name);
}

static void make_world(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);
	int r = world_new(&run->world, run->loop, run->journal, probe_on_exit,
			  run);

	if (r < 0)
		run_broken(run, r);
	for (size_t i = 0; i < WORLD_HOSTS && plan->hosts[i].name; i++)
		add_host(run, i);
	r = world_connect(run->world, !plan->ageing_neighbours);
	if (r < 0)
		run_broken(run, r);
}

static void check_needs(struct run *run)
{
	const struct run_job *job = run->job;
	unsigned int kernel = kernel_version();

	for (const struct need *need = job->testcase->needs;
	     need && (need->kernel || need->program || need->sysctl); need++) {
		if (need->kernel > kernel)
			run_skip(run, "needs Linux %u.%u or later",
				 need->kernel >> 16, need->kernel >> 8 & 0xff);
		if (need->program && !program_find(need->program, NULL, 0))
			run_skip(run, "%s is not installed", need->program);
		if (need->sysctl && !kernel_has_sysctl(need->sysctl))
			run_skip(run, "this kernel has no %s", need->sysctl);
	}
	if (job->variant && job->variant->needs_program &&
	    !program_find(job->variant->needs_program, NULL, 0))
		run_skip(run, "%s is not installed",
			 job->variant->needs_program);
}

/* Once more, now that the file system is as the case sees it. */
static void check_programs(struct run *run)
{
	const struct run_job *job = run->job;

	for (const struct need *need = job->testcase->needs;
	     need && (need->kernel || need->program || need->sysctl); need++)
		if (need->program)
			program_check_reach(run, need->program);
	if (job->variant && job->variant->needs_program)
		program_check_reach(run, job->variant->needs_program);
}

/* --- one run ---------------------------------------------------------------------*/

/* Even where no timer of the script's own is near, the lateness of this machine
 * is to be known: asked in ever longer intervals, as hours cost little. */
struct sampler {
	struct run *run;
	struct loop_source *source;
};

static int sample(void *data)
{
	struct sampler *sampler = data;
	nsec_t now = nsec_now();
	nsec_t pause = MAX((now - sampler->run->start) / 50, MSEC(20));

	loop_set_timer(sampler->source, now + pause);
	return 0;
}

static void begin(struct run *run)
{
	const struct run_job *job = run->job;
	const struct variant *variant = job->variant;

	run_journal(run, run->start, "start",
		    "{s:s, s:s?, s:i, s:i, s:i, s:f}", "name",
		    job->testcase->name, "variant",
		    variant ? variant->name : NULL, "family",
		    run->options->family == AF_INET6 ? 6 : 4, "repetition",
		    (int)job->repetition, "try", (int)job->attempt, "seconds",
		    nsec_seconds(testcase_lasts(job->testcase, variant)));
}

static void set_up(struct run *run, int journal_fd)
{
	int r;

	prctl(PR_SET_TIMERSLACK, 1);
	signal(SIGINT, SIG_IGN); /* the supervisor's to decide */
	run->start = nsec_now();
	r = journal_new(&run->journal, journal_fd, run->start);
	if (r < 0)
		_exit(1);
	begin(run);
	check_needs(run);
	r = namespace_remember_home();
	if (r >= 0) {
		namespace_home_is_ours();
		r = privilege_private_mounts();
	}
	if (r >= 0)
		r = loop_new(&run->loop);
	if (r < 0)
		run_broken(run, r);
	check_programs(run);
}

void run_main(const struct run_options *options, const struct run_job *job,
	      int journal)
{
	static struct run run;
	static struct sampler sampler = { .run = &run };
	int r;

	run.options = options;
	run.job = job;
	set_up(&run, journal);
	make_world(&run);
	r = loop_add_timer(run.loop, &sampler.source, run.start + MSEC(20),
			   sample, &sampler);
	if (r < 0)
		run_broken(&run, r);
	watch_start(&run);
	run_journal(&run, nsec_now(), "ready", NULL);
	job->testcase->script(&run);
	/* What has come by now belongs to the run. */
	run_wait(&run, NULL, NULL, nsec_now());
	watch_finish(&run);
	judge(&run);
}
