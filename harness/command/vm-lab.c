/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host reads the labs too: an invalid file is refused before a guest is booted;
 * the texts of their commands and files name the programs that the guest needs; and
 * the results of the guest belong to these labs.
 *
 * Features that a lab needs of the kernel are checked before the boot, where the
 * kernel's modules or configuration tell. Sysctls are tried in the guest.
 */
#include "vm-lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "exit-status.h"
#include "firewall.h"
#include "incidents.h"
#include "lab-print.h"
#include "vm-options.h"
#include "world-plan-control.h"

/* --- the report ----------------------------------------------------------- */

static void ignore(struct report *report MACRO_UNUSED)
{
}

static void print_quietly(struct report *report, const struct result *result)
{
	const struct lab_plan *plan = lab_case_plan(result->testcase);

	lab_print_begin(report, plan);
	lab_print_end(report, plan, result);
}

static void print_result(struct report *report, const struct result *result)
{
	const struct lab_plan *plan = lab_case_plan(result->testcase);

	lab_print_begin(report, plan);
	lab_print_records(report, result);
	lab_print_end(report, plan, result);
}

static void print_tally(struct report *report, const struct report_tally *tally)
{
	if (report->info.n_runs > 1)
		lab_print_tally(tally);
}

static const struct reporter reporter_terminal = {
	.sends_frames = true,
	.begin = ignore,
	.result = print_result,
	.end = print_tally,
};

static const struct reporter reporter_terminal_quiet = {
	.sends_frames = true,
	.begin = ignore,
	.result = print_quietly,
	.end = print_tally,
};

const struct reporter *vm_lab_reporter(const struct vm_lab *lab)
{
	if (lab->options.reporter)
		return lab->options.reporter;
	return lab->options.quiet ? &reporter_terminal_quiet :
				    &reporter_terminal;
}

/* --- what the guest needs ------------------------------------------------- */

/* Each feature once, with the first lab that needs it. */
static void add_feature(struct vm_lab *lab, const char *name,
			const char *module, const char *option,
			const struct lab_plan *plan, const char *host)
{
	struct vm_feature *feature = lab->features;

	while (feature->name && strcmp(feature->name, name) != 0)
		feature++;
	if (feature->name || feature == lab->features + VM_LAB_FEATURES)
		return;
	snprintf(lab->users[feature - lab->features], sizeof(lab->users[0]),
		 "%.200s%s%.60s", plan->name ? plan->name : "lab",
		 host ? ": host " : "", host ? host : "");
	*feature = (struct vm_feature){
		.name = name,
		.module = module,
		.option = option,
		.user = lab->users[feature - lab->features],
	};
}

/* What the rules of lab-gateway.c need. */
static void add_balancer_features(struct vm_lab *lab,
				  const struct lab_plan *plan,
				  const struct lab_host *host)
{
	add_feature(lab, "nftables", "nf_tables", "CONFIG_NF_TABLES", plan,
		    host->name);
	add_feature(lab, "nftables route lookup", "nft_fib_inet",
		    "CONFIG_NFT_FIB_INET", plan, host->name);
	if (host->ipvs)
		add_feature(lab, "IPVS", "ip_vs", "CONFIG_IP_VS", plan,
			    host->name);
	if (host->ipvs && host->by_source)
		add_feature(lab, "IPVS scheduler sh", "ip_vs_sh",
			    "CONFIG_IP_VS_SH", plan, host->name);
	else if (host->ipvs)
		add_feature(lab, "IPVS scheduler rr", "ip_vs_rr",
			    "CONFIG_IP_VS_RR", plan, host->name);
	else if (host->by_source)
		add_feature(lab, "nftables hash", "nft_hash",
			    "CONFIG_NFT_HASH", plan, host->name);
	else
		add_feature(lab, "nftables number generator", "nft_numgen",
			    "CONFIG_NFT_NUMGEN", plan, host->name);
}

static void add_features(struct vm_lab *lab, const struct lab_plan *plan,
			 bool uml)
{
	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];
		bool tracks = lab_host_tracks_connections(host);

		if (host->role == LAB_BALANCER)
			add_balancer_features(lab, plan, host);
		if (tracks || host->rules)
			add_feature(lab, "nftables", "nf_tables",
				    "CONFIG_NF_TABLES", plan, host->name);
		if (tracks)
			add_feature(lab, "connection tracking", "nf_conntrack",
				    "CONFIG_NF_CONNTRACK", plan, host->name);
		if (host->role == LAB_NAT)
			add_feature(lab, "nftables masquerading", "nft_masq",
				    "CONFIG_NFT_MASQ", plan, host->name);
	}
	if (lab->options.run.family == AF_INET6)
		add_feature(lab, "IPv6", "ipv6", "CONFIG_IPV6", plan, NULL);
	/* QEMU's kernel is not asked: Debian's has it, without a module. */
	if (uml)
		add_feature(lab, "overlayfs", "overlay", "CONFIG_OVERLAY_FS",
			    plan, NULL);
	if (uml && geteuid() != 0)
		add_feature(lab, "user namespaces", "", "CONFIG_USER_NS", plan,
			    NULL);
}

static void print_texts(FILE *out, const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n_programs; i++)
		fprintf(out, "%s\n", plan->programs[i].command);
	for (size_t i = 0; i < plan->n_files; i++)
		fprintf(out, "%s\n", plan->files[i].text);
	for (size_t i = 0; i < plan->n_needs; i++)
		fprintf(out, "%s\n", plan->needs[i]);
}

static int add_path(struct vm_lab *lab, size_t i)
{
	char path[PATH_MAX];
	int r = incidents_find(lab->options.files[i], path, sizeof(path));

	if (r < 0)
		return error_trace(r);
	lab->paths[i] = realpath(path, NULL);
	return lab->paths[i] ? 0 : error_origin(-errno, "read %s", path);
}

/* --- the command line ----------------------------------------------------- */

static int check(const struct lab_options *options)
{
	if (options->interactive || options->shell)
		return error_refuse(-EINVAL, "--interactive and --shell: a guest "
					     "has no terminal");
	if (options->list)
		return error_refuse(-EINVAL, "--list: needs no guest");
	return 0;
}

static int prepare(struct vm_lab *lab, bool uml)
{
	size_t size;
	FILE *out;
	int r = check(&lab->options);

	if (r >= 0)
		r = labs_read(&lab->labs, &lab->options);
	for (size_t i = 0; i < lab->options.n_files && r >= 0; i++)
		r = add_path(lab, i);
	if (r < 0)
		return error_trace(r);
	out = open_memstream(&lab->texts[0], &size);
	if (!out)
		return error_origin(-ENOMEM, "read the labs");
	for (size_t i = 0; i < lab->labs.n; i++) {
		lab->jobs[i] = (struct run_job){
			.testcase = lab_case_testcase(lab->labs.cases[i]),
			.repetition = labs_repetition(&lab->labs, i),
			.attempt = 1,
		};
		print_texts(out, lab->labs.plans[i]);
		if (firewall_program() &&
		    world_plan_has_rules(lab->jobs[i].testcase->world))
			fprintf(out, "%s\n", firewall_program());
		add_features(lab, lab->labs.plans[i], uml);
	}
	fclose(out);
	return 0;
}

int vm_lab_parse(struct vm_lab *lab, const char *command, struct vm_plan *plan)
{
	char **words = vm_options_copy_words(plan);
	int status;

	if (!words)
		return EXIT_STATUS_BROKEN;
	status = lab_options_parse(&lab->options, plan->argc, words);
	if (status >= 0)
		return status;
	lab->options.elsewhere = true;
	if (prepare(lab, plan->uml) < 0) {
		fprintf(stderr, "halfopen %s: %s\n", command, error_text());
		vm_lab_deinit(lab);
		return EXIT_STATUS_USAGE;
	}
	lab->files = (struct initramfs_files){
		.paths = (const char *const *)lab->paths,
		.texts = (const char *const *)lab->texts,
	};
	plan->files = &lab->files;
	plan->features = lab->features;
	/* Diagrams and pages are made on the host. */
	plan->journals = true;
	return -1;
}

void vm_lab_deinit(struct vm_lab *lab)
{
	for (size_t i = 0; i < LABS_MAX; i++)
		free(lab->paths[i]);
	free(lab->texts[0]);
	labs_free(&lab->labs);
	lab_options_deinit(&lab->options);
}
