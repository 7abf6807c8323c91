/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --format human. While runs go on, a terminal shows one status line that is
 * rewritten, and a line for each run that did not pass; any other output gets a
 * line for each start and each end. The digest follows after the last run.
 */
#include "report.h"

#include <stdlib.h>

#include "case-table.h"
#include "digest.h"
#include "fold.h"
#include "message.h"

/* What is printed next replaces the status line. */
static void clear_status(struct report *report)
{
	if (report->status_size)
		fputs("\r\033[K", report->out);
	report->status_size = 0;
}

static void begin(struct report *report)
{
	const struct report_info *info = &report->info;
	char about[REPORT_TEXT];

	report_about(info->longest, about);
	fprintf(report->out, "halfopen %s, Linux %s, HZ %u, IPv%d%s%s%s\n",
		info->version, info->kernel, info->hz, info->family,
		info->mapped ? _(" (v4-mapped sockets)") : "",
		info->rootless ? _(", rootless") : "",
		info->virtual_time ? _(", virtual time") : "");
	fprintf(report->out,
		message_plural("%zu run, longest: %s\n",
			       "%zu runs, longest: %s\n", info->n_runs),
		info->n_runs, about);
	fputs(_("hosts: client connects to server; every frame passes the wire "
		"between them\n"),
	      report->out);
	fflush(report->out);
}

static void start(struct report *report, const struct result *result)
{
	char about[REPORT_TEXT];

	report->n_started++;
	if (report->terminal)
		return;
	report_about(testcase_duration(result->testcase, result->variant),
		     about);
	fprintf(report->out, _("run %s (%s)\n"), result_name(result), about);
	fflush(report->out);
}

static void print_record(struct report *report, const struct result *result,
			 const json_t *record)
{
	char *line = NULL;
	size_t size;
	FILE *out;

	if (!report->verbose)
		return;
	out = open_memstream(&line, &size);
	if (!out)
		return;
	if (report->info.n_runs > 1)
		fprintf(out, "%s  ", result_name(result));
	if (report_timeline_line(out, record, result->zero, report->coloured)) {
		fflush(out);
		clear_status(report);
		fwrite(line, 1, size, report->out);
		fflush(report->out);
	}
	fclose(out);
	free(line);
}

static void print_end(struct report *report, const struct result *result)
{
	enum colour colour = report_verdict_colour(result->verdict);
	char took[REPORT_TEXT];

	clear_status(report);
	report_seconds(nsec_seconds(result->took), took);
	fprintf(report->out, "%s%-6s%s %s %s",
		colour_begin(report->coloured, colour),
		report_verdict(result->verdict),
		colour_end(report->coloured, colour), result_name(result),
		took);
	if (result->reason && *result->reason) {
		fputs(_(": "), report->out);
		report_record(report->out, result->reason);
	}
	if (!result->final)
		fprintf(report->out, _(" (try %u; retrying)"), result->attempt);
	fputc('\n', report->out);
	fflush(report->out);
}

static void print_result(struct report *report, const struct result *result)
{
	/* On a terminal the status line counts runs that passed, and the table
	 * lists them. */
	if (!report->terminal || report->verbose ||
	    result->verdict != VERDICT_PASS)
		print_end(report, result);
	if (!result->final)
		return;
	report->n_ended++;
	report_keep(report, result);
}

static const struct result *longest(const struct result *const *running,
				    size_t n)
{
	const struct result *found = running[0];

	for (size_t i = 1; i < n; i++)
		if (testcase_duration(running[i]->testcase,
				      running[i]->variant) >
		    testcase_duration(found->testcase, found->variant))
			found = running[i];
	return found;
}

/* "; longest: …" of the running ones. Of a guest's runs in virtual time, where
 * each takes about the same work: what the rest takes at the rate so far. */
static void print_estimate(const struct report *report,
			   const struct result *const *running, size_t n,
			   nsec_t elapsed, char *ret, size_t size)
{
	char about[REPORT_TEXT];
	size_t left = report->info.n_runs - report->n_ended;

	*ret = '\0';
	if (n) {
		report_about(testcase_duration(longest(running, n)->testcase,
					       longest(running, n)->variant),
			     about);
		snprintf(ret, size, _("; longest: %s, %s"),
			 result_name(longest(running, n)), about);
	} else if (report->info.virtual_time && report->n_ended) {
		snprintf(ret, size, _("; about %.0f s left"),
			 nsec_seconds(elapsed) * (double)left /
				 report->n_ended);
	}
}

static void tick(struct report *report, const struct result *const *running,
		 size_t n, nsec_t elapsed)
{
	char line[512], estimate[256], count[32] = "";
	const char *rest;
	size_t size;

	if (!report->terminal)
		return;
	if (n)
		snprintf(count, sizeof(count), _(", %zu running"), n);
	print_estimate(report, running, n, elapsed, estimate, sizeof(estimate));
	snprintf(line, sizeof(line), _("%u of %zu done%s for %.0f s%s"),
		 report->n_ended, report->info.n_runs,
		 n ? count : _(", in a guest"), nsec_seconds(elapsed),
		 estimate);
	clear_status(report);
	/* "\r\033[K" clears one line of the terminal: it must not wrap. */
	size = fold_line(line, report->columns - 1, &rest);
	fwrite(line, 1, size, report->out);
	fflush(report->out);
	report->status_size = size;
}

static void end(struct report *report, const struct report_tally *tally)
{
	clear_status(report);
	digest_sort(report);
	if (report->n_kept) {
		fputc('\n', report->out);
		digest_table(report, false);
	}
	digest_failures(report);
	digest_total(report, tally);
	fflush(report->out);
}

const struct reporter reporter_human = {
	.name = "human",
	.begin = begin,
	.start = start,
	.record = print_record,
	.result = print_result,
	.end = end,
	.tick = tick,
	.timelines_at_end = true,
};
