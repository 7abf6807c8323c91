/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --format jsonl: one JSON object per line, for programs. The manual documents
 * the lines; lines.schema.json describes them formally. Names and order of
 * members are a stable contract.
 */
#include "report.h"

#include <errno.h>

#include "errors.h"
#include "fd.h"
#include "journal.h"

/* Takes the object. Flushes, so that the reader of a pipe gets each line when
 * its run ends. */
static void print_line(struct report *report, json_t *object)
{
	if (!object || json_dumpf(object, report->out, JOURNAL_DUMP) < 0) {
		report->error =
			error_origin(fd_stream_error(report->out), "JSON line");
		json_decref(object);
		return;
	}
	json_decref(object);
	fputc('\n', report->out);
	fflush(report->out);
}

static void begin(struct report *report)
{
	const struct report_info *info = &report->info;
	size_t selected = info->n_selected ? info->n_selected : info->n_runs;
	char shard[32];

	snprintf(shard, sizeof(shard), "%u/%u", info->shard, info->shards);
	print_line(report,
		   json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:i, s:b, s:s?, "
			     "s:I, s:I, s:f}",
			     "type", "run", "version", info->version, "kernel",
			     info->kernel, "hz", (int)info->hz, "rootless",
			     (int)info->rootless, "virtual_time",
			     (int)info->virtual_time, "family", info->family,
			     "mapped", (int)info->mapped, "shard",
			     info->shards ? shard : NULL, "runs",
			     (json_int_t)info->n_runs, "selected",
			     (json_int_t)selected, "slack_s",
			     nsec_seconds(info->slack)));
}

static void print_result(struct report *report, const struct result *result)
{
	print_line(report, result_json(result));
}

static void end(struct report *report, const struct report_tally *tally)
{
	const struct report_delays *delays = &tally->delays;
	json_t *lateness = json_pack(
		"{s:f, s:f, s:f, s:f}", "timers_s",
		nsec_seconds(delays->timers), "softirqs_s",
		nsec_seconds(delays->softirqs), "cases_s",
		nsec_seconds(delays->cases), "wire_s",
		nsec_seconds(delays->wire));

	print_line(report,
		   json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:f, s:o}", "type",
			     "summary", "passed", (int)tally->passed, "failed",
			     (int)tally->failed, "skipped", (int)tally->skipped,
			     "broken", (int)tally->broken, "inconclusive",
			     (int)tally->inconclusive, "seconds",
			     nsec_seconds(tally->took), "lateness", lateness));
}

const struct reporter reporter_jsonl = {
	.name = "jsonl",
	.begin = begin,
	.result = print_result,
	.end = end,
};
