/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a lab for people, of one that runs here or in a guest. */
#include "lab-print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fold.h"
#include "incidents.h"
#include "ladder.h"
#include "lab-live.h"
#include "lab-network.h"
#include "lab-summary.h"
#include "lab-value.h"
#include "message.h"

static void print_host(const struct lab_host *host, const char *before)
{
	static const char *const roles[] = {
		[LAB_ENDPOINT] = "",
		[LAB_ROUTER] = N_(" (router)"),
		[LAB_NAT] = N_(" (NAT)"),
		[LAB_FIREWALL] = N_(" (firewall)"),
		[LAB_BALANCER] = N_(" (balancer)"),
	};

	printf("%s%s%s", before, host->name, _(roles[host->role]));
}

/* "client -- gateway (NAT) -- server", or each network with its hosts. */
static void print_hosts(const struct lab_plan *plan)
{
	for (size_t i = 0; plan->named_networks && i < plan->n_networks; i++) {
		const char *before = " ";

		printf("%s:", plan->networks[i].name);
		for (size_t j = 0; j < plan->n_hosts; j++)
			if (lab_network_interface(&plan->hosts[j], i)) {
				print_host(&plan->hosts[j], before);
				before = ", ";
			}
		putchar('\n');
	}
	if (plan->named_networks)
		return;
	for (size_t i = 0; i < plan->n_hosts; i++)
		print_host(&plan->hosts[i], i ? " -- " : "");
	putchar('\n');
}

void lab_print_begin(const struct report *report, const struct lab_plan *plan)
{
	char duration[32];

	printf("halfopen %s, Linux %s, HZ %u, IPv%d%s%s\n",
	       report->info.version, report->info.kernel, report->info.hz,
	       report->info.family,
	       report->info.rootless ? _(", rootless") : "",
	       report->info.virtual_time ? _(", virtual time") : "");
	if (plan->name)
		printf("%s\n", plan->name);
	if (plan->about)
		fold_print(stdout, _(plan->about), 0, 0, report->columns);
	print_hosts(plan);
	if (plan->duration > SEC(INCIDENT_REAL_SECONDS) &&
	    plan->duration < LAB_UNLIMITED && !report->info.virtual_time)
		printf(_("takes %s; in virtual time, seconds: halfopen vm "
			 "--virtual-time -- lab FILE\n"),
		       lab_value_duration_text(plan->duration, duration,
					       sizeof(duration)));
	fflush(stdout);
}

static void print_ladder(const struct report *report,
			 const struct result *result)
{
	struct ladder *ladder;

	putchar('\n');
	if (ladder_new(&ladder, result->journal) < 0) {
		printf("%s\n", error_text());
		return;
	}
	ladder_print(stdout, ladder,
		     &(struct ladder_view){ .columns = report->columns,
					    .unicode = report_unicode(stdout),
					    .coloured = report->coloured });
	ladder_free(ladder);
}

/* A lab without expectations has a verdict only if it did not pass. */
void lab_print_end(const struct report *report, const struct lab_plan *plan,
		   const struct result *result)
{
	enum colour colour = report_verdict_colour(result->verdict);
	char reason[1024];

	report_reason(result, reason, sizeof(reason));
	print_ladder(report, result);
	lab_summary_print(stdout, report, result);
	if (plan->n_expectations || result->verdict != VERDICT_PASS) {
		printf("\n%s%s%s", colour_begin(report->coloured, colour),
		       report_verdict(result->verdict),
		       colour_end(report->coloured, colour));
		if (*reason)
			printf("%s%s", _(": "), reason);
		putchar('\n');
	}
	if (!result->final)
		printf(_("\ninconclusive; the lab is repeated: try %u of "
			 "%d\n\n"),
		       result->attempt + 1, RESULT_INCONCLUSIVE_RETRIES + 1);
	fflush(stdout);
}

void lab_print_records(const struct report *report, const struct result *result)
{
	struct lab_live *live;
	double latest = 0;
	json_t *record;
	size_t i;

	if (lab_live_new(&live, stdout, report->coloured) < 0)
		return;
	json_array_foreach (result->journal, i, record) {
		nsec_t arrived;

		latest = fmax(latest, json_number_value(
					      json_object_get(record, "t")));
		arrived = (nsec_t)(latest * 1e9);
		lab_live_print(live, result->zero, arrived);
		lab_live_add(live, record, arrived);
	}
	lab_live_print(live, result->zero, NSEC_NEVER);
	lab_live_free(live);
}

void lab_print_tally(const struct report_tally *tally)
{
	printf(_("\n%u passed, %u failed, %u skipped, %u broken\n"),
	       tally->passed, tally->failed, tally->skipped, tally->broken);
}
