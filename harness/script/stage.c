/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requirements are checked before anything is built. Then the world is built in
 * the order of its plan. The sysctls of a host are collected from five sources,
 * of which a later one replaces an earlier one: values common to all hosts,
 * those that this machine's buffers imply, the case's, the variant's, and
 * --set. They are written when the host is created, and journalled as they read
 * back.
 */
#include "stage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case-table.h"
#include "errors.h"
#include "firewall.h"
#include "ipvs.h"
#include "kernel.h"
#include "privilege.h"
#include "probe-control.h"
#include "process.h"
#include "program-control.h"
#include "program-find.h"
#include "sysctl.h"
#include "world-plan-control.h"

/*
 * New network namespaces inherit these from the machine, so they are set to be
 * the same everywhere. tcp_no_metrics_save: the route cache would seed the RTT
 * and ssthresh of a connection with those of an earlier one.
 */
static const struct sysctl_setting common[] = {
	{ "net.ipv4.tcp_wmem", "4096 16384 1048576" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
	{ "net.ipv4.tcp_no_metrics_save", "1" },
};

/* Of a host, unless the case has another limit. */
enum { PROCESSES = 1000 };

enum { SETTINGS_MAX = 64, BULK_MTU = 65535 };

struct settings {
	struct sysctl_setting all[SETTINGS_MAX];
	char names[SETTINGS_MAX][SYSCTL_NAME];
	char values[SETTINGS_MAX][SYSCTL_VALUE];
	size_t n, n_common; /* the common ones come first */
};

static bool is_for(const struct setting *setting, const char *host)
{
	return !setting->host || strcmp(setting->host, host) == 0;
}

/* Replaces an earlier setting of the same name. */
static void add_setting(struct run *run, struct settings *to, const char *name,
			const char *value)
{
	size_t i = 0;

	while (i < to->n && strcmp(to->all[i].name, name) != 0)
		i++;
	if (i == SETTINGS_MAX)
		run_broken_because(run,
				   "too many sysctls for one host: at most %d",
				   SETTINGS_MAX);
	snprintf(to->names[i], SYSCTL_NAME, "%s", name);
	snprintf(to->values[i], SYSCTL_VALUE, "%s", value);
	to->all[i] = (struct sysctl_setting){ to->names[i], to->values[i] };
	to->n = MAX(to->n, i + 1);
}

static void add_settings(struct run *run, struct settings *to,
			 const struct setting *from, const char *host)
{
	for (; from && from->name; from++) {
		char value[32];

		if (!is_for(from, host))
			continue;
		snprintf(value, sizeof(value), "%ld", from->value);
		add_setting(run, to, from->name,
			    from->text ? from->text : value);
	}
}

/* Those of a case: what it sets for IPv4's neighbour entries and interfaces is
 * set for those of the run's address family, which have the same names. */
static void add_case_settings(struct run *run, struct settings *to,
			      const struct setting *from, const char *host)
{
	for (; from && from->name; from++) {
		char name[SYSCTL_NAME];
		struct setting one[] = { *from, { .name = NULL } };

		run_sysctl_of_family(run, from->name, name);
		one[0].name = name;
		add_settings(run, to, one, host);
	}
}

/*
 * The wire must never lose a frame for want of receive buffer. At most half of
 * tcp_rmem is advertised as window (tcp_adv_win_scale 1), and a full-sized
 * frame takes up to 1.6 times its bytes in the wire's buffer: with tcp_rmem at
 * half of that buffer, the windows of both directions fit into it.
 */
static void add_receive_buffer(struct run *run, struct settings *to)
{
	char value[64];
	int buffer, r = wire_buffer(world_wire(run->world), &buffer);

	if (r < 0)
		run_broken(run, r);
	snprintf(value, sizeof(value), "4096 131072 %d",
		 MIN(MAX(buffer / 2, 131072), 1 << 20));
	add_setting(run, to, "net.ipv4.tcp_rmem", value);
}

/* The kernel's default, in ms, for IPv4 and IPv6; kernels of guests may have
 * been started with another one. */
static void add_reachable_time(struct run *run, struct settings *to)
{
	char name[SYSCTL_NAME];

	run_sysctl_of_family(run, "net.ipv4.neigh.eth0.base_reachable_time_ms",
			     name);
	add_setting(run, to, name, "30000");
}

static void collect_settings(struct run *run, struct settings *to,
			     const char *host)
{
	const struct run_job *job = run->job;

	to->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		add_setting(run, to, common[i].name, common[i].value);
	add_receive_buffer(run, to);
	if (run_world_plan(run)->ageing_neighbours ||
	    run_world_plan(run)->addresses[0].name)
		add_reachable_time(run, to);
	to->n_common = to->n;
	add_case_settings(run, to, job->testcase->settings, host);
	if (job->variant)
		add_case_settings(run, to, job->variant->settings, host);
	add_settings(run, to, run->options->settings, host);
}

/* Those that the case or the command line asked for, as they read back. */
static void journal_settings(struct run *run, const struct settings *settings,
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

/*
 * A sysctl with another value than the one written is a fault of the kernel.
 * Missing features of the kernel or the machine are a SKIP: no veth
 * (EOPNOTSUPP), no packet sockets or no IPv6 (EAFNOSUPPORT), no sock_diag
 * (EPROTONOSUPPORT), a container's read-only /proc/sys, over which no /proc of
 * our own could be mounted (mount_too_revealing()).
 */
static void check_kernel(struct run *run, int r)
{
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -EAFNOSUPPORT ||
	    r == -EPROTONOSUPPORT)
		run_skip(run, "not supported by this kernel: %s",
			 error_message());
	if (r == -EROFS)
		run_skip(run,
			 "/proc/sys is read-only here (as in most "
			 "containers): %s",
			 error_message());
	if (r == -EDOM)
		run_needed(run, "the sysctls of the case", "stored", "%s",
			   error_message());
}

/* A sysctl that this kernel must have and has lost is no reason to skip. */
static void check_settings(struct run *run, const struct settings *settings)
{
	bool complete = true;

	for (size_t i = 0; i < settings->n; i++) {
		const char *name = settings->all[i].name;

		if (kernel_must_have(name))
			complete &= run_has(run, name, kernel_has_sysctl(name));
	}
	if (!complete)
		run->finish(run);
}

static void add_host(struct run *run, size_t i)
{
	struct planned_host planned;
	struct host_plan plan;
	struct settings settings;
	int r;

	world_plan_host(run_world_plan(run), i, &planned);
	r = planned_host_plan(&planned, i, run->options->family, &plan);
	if (r < 0)
		run_broken(run, r);
	plan.programs = stage_runs_programs(run->job);
	plan.processes = run->job->testcase->processes ?
				 run->job->testcase->processes :
				 PROCESSES;
	plan.grants = run->job->testcase->grants;
	collect_settings(run, &settings, plan.name);
	check_settings(run, &settings);
	r = world_add_host(run->world, &plan, settings.all, settings.n);
	check_kernel(run, r);
	if (r < 0)
		run_broken(run, r);
	journal_settings(run, &settings, plan.name);
}

static void on_exit_of_process(void *data, struct host *host, pid_t pid,
			       int status)
{
	struct run *run = data;

	if (!pid)
		run_broken_because(run,
				   "the init of host %s ended unexpectedly",
				   host_name(host));
	if (pid == -1) {
		run_note(run, "%s: more than %u processes: all are killed",
			 host_name(host), host_plan(host)->processes);
		return;
	}
	probe_on_exit(run, host, pid, status);
	program_on_exit(run, host, pid, status);
}

void stage_make_world(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);
	int r;

	/*
	 * Both ends and the wire on one processor: they work by turns and would
	 * gain little from a second one. A veth queues a frame on the processor
	 * that sends it (veth_xmit(), netif_rx()), so with two processors
	 * segments overtake each other, and TCP retransmits segments that were
	 * not lost.
	 */
	if (plan->bulk)
		process_pin_cpu();
	r = world_new(&run->world, run->loop, run->journal, on_exit_of_process,
		      run);
	check_kernel(run, r);
	if (r < 0)
		run_broken(run, r);
	if (plan->bulk)
		world_set_mtu(run->world, BULK_MTU);
	world_set_offload(run->world,
			  run->options->offload || run->job->testcase->offload);
	for (size_t i = 0; i < world_plan_hosts(plan); i++)
		add_host(run, i);
	r = world_connect(run->world, !plan->ageing_neighbours);
	check_kernel(run, r);
	if (r < 0)
		run_broken(run, r);
}

json_t *stage_addresses(struct run *run)
{
	const struct world_plan *plan = run_world_plan(run);
	json_t *hosts = json_object();

	for (size_t i = 0; i < world_plan_hosts(plan); i++) {
		struct planned_host host;
		json_t *addresses = json_array();

		world_plan_host(plan, i, &host);
		for (size_t j = 0; j < host.n_cables; j++)
			json_array_append_new(
				addresses,
				json_string(run->options->family == AF_INET ?
						    host.cables[j].v4 :
						    host.cables[j].v6));
		json_object_set_new(hosts, host.name, addresses);
	}
	return hosts;
}

/* The list of needs ends with an empty one; NULL is an empty list. */
static bool has_need(const struct need *need)
{
	return need && (need->kernel || need->program || need->sysctl);
}

static void check_ipvs(struct run *run)
{
	if (run->options->family != AF_INET)
		run_skip(run, "IPv4 only: without root, IPVS is configured by "
			      "socket options, which have no IPv6");
	if (!ipvs_possible())
		run_skip(run, "needs IPVS, which this kernel lacks or has not "
			      "loaded (modprobe ip_vs ip_vs_rr ip_vs_sh); "
			      "halfopen vm runs it in a guest");
}

void stage_check_needs(struct run *run)
{
	const struct run_job *job = run->job;
	unsigned int kernel = kernel_version();

	for (const struct need *need = job->testcase->needs; has_need(need);
	     need++) {
		if (need->kernel > kernel)
			run_skip(run, "needs Linux %u.%u or later",
				 need->kernel >> 16, need->kernel >> 8 & 0xff);
		if (need->program && !program_find(need->program, NULL, 0))
			run_skip(run, "%s is not installed", need->program);
		if (need->sysctl && !kernel_has_sysctl(need->sysctl))
			run_skip(run, "this kernel has no sysctl %s",
				 need->sysctl);
	}
	if (world_plan_has_rules(run_world_plan(run)) && !firewall_possible())
		run_skip(run, "needs firewall rules; nft is not installed, and "
			      "halfopen was built without libnftables");
	if (world_plan_has_ipvs(run_world_plan(run)))
		check_ipvs(run);
	if (job->variant && job->variant->ipv4_only &&
	    run->options->family != AF_INET)
		run_skip(run, "IPv4 only: %s", job->variant->ipv4_only);
	if (job->variant && job->variant->needs_program &&
	    !program_find(job->variant->needs_program, NULL, 0))
		run_skip(run, "%s is not installed",
			 job->variant->needs_program);
}

/* Tested with the ids that the program will have: root may enter directories
 * that nobody may not. */
static bool may_run(struct run *run, const char *path)
{
	struct privilege_ids ids = privilege_program_ids();
	pid_t pid = privilege_clone(0, NULL);
	int status;

	if (pid == 0)
		_exit(privilege_drop(&ids, 0) < 0 || access(path, X_OK) != 0);
	if (pid < 0)
		run_broken(run, pid);
	if (waitpid(pid, &status, 0) < 0)
		run_broken(run, error_origin(-errno, "waitpid"));
	return status == 0;
}

void stage_skip_hidden(struct run *run, const char *program)
{
	run_skip(run,
		 "%s is installed where a run cannot see it: /tmp, /run, "
		 "/var/log and /var/tmp are private to the run",
		 program);
}

/* The run's private /tmp hides files, and nobody may not enter root's home
 * directory. */
static void check_reach(struct run *run, const char *name)
{
	char path[PATH_MAX];

	if (!program_find(name, path, sizeof(path)))
		stage_skip_hidden(run, name);
	if (may_run(run, path))
		return;
	run_skip(run, "uid %u, with which programs run, may not execute %s",
		 privilege_program_ids().uid, path);
}

bool stage_runs_programs(const struct run_job *job)
{
	if (job->testcase->programs ||
	    (job->variant && job->variant->needs_program))
		return true;
	for (const struct need *need = job->testcase->needs; has_need(need);
	     need++)
		if (need->program)
			return true;
	return false;
}

void stage_check_programs(struct run *run)
{
	const struct run_job *job = run->job;

	for (const struct need *need = job->testcase->needs; has_need(need);
	     need++)
		if (need->program)
			check_reach(run, need->program);
	if (job->variant && job->variant->needs_program)
		check_reach(run, job->variant->needs_program);
}
