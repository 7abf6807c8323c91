/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first record of a journal. It repeats as text what the table of cases
 * has, so that a journal can be read on another machine and by a later version,
 * and it has a command line that runs the same case again with the same
 * options.
 */
#include "start-record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "journal.h"
#include "kernel.h"
#include "shell-word.h"
#include "version.h"
#include "virtual-time.h"

static void put_settings(FILE *out, const struct setting *setting)
{
	for (; setting && setting->name; setting++) {
		char text[512], number[24];

		snprintf(number, sizeof(number), "%ld", setting->value);
		snprintf(text, sizeof(text), "%s%s%s=%s",
			 setting->host ? setting->host : "",
			 setting->host ? ":" : "", setting->name,
			 setting->text ? setting->text : number);
		fputs(" --set ", out);
		shell_word_print(out, text);
	}
}

/* "halfopen run NAME/VARIANT …", or the command of a lab. To be freed; NULL
 * without memory. */
static char *reproduce_command(const struct run *run)
{
	const struct run_job *job = run->job;
	char *text = NULL, name[TESTCASE_RUN_NAME];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (job->testcase->command) {
		fputs(job->testcase->command, out);
		fclose(out);
		return text;
	}
	fputs("halfopen run ", out);
	shell_word_print(out, testcase_run_name(job->testcase, job->variant,
						name));
	if (run->options->family == AF_INET6)
		fputs(" --family 6", out);
	if (run->options->mapped)
		fputs(" --mapped", out);
	if (run->options->offload)
		fputs(" --offload", out);
	if (run->options->without_faults)
		fputs(" --without-faults", out);
	put_settings(out, run->options->settings);
	fclose(out);
	return text;
}

/* What a pass would prove. */
static json_t *judgements_of(const struct run_job *job)
{
	const struct judgement *judgement =
		testcase_judgements(job->testcase, job->variant);
	json_t *array = json_array();

	for (; judgement && judgement->claim; judgement++)
		json_array_append_new(
			array,
			json_pack("{s:s, s:s, s:s?, s:s?}", "claim",
				  judgement->claim, "document",
				  document_text(judgement->document), "since",
				  judgement->since, "note", judgement->note));
	return array;
}

static void add_text(json_t *record, const char *name, const char *text)
{
	if (text)
		json_object_set_new(record, name, json_string(text));
}

static json_t *record_of(const struct run *run)
{
	const struct run_job *job = run->job;
	const struct testcase *testcase = job->testcase;
	const struct variant *variant = job->variant;
	nsec_t epoch = run->start - nsec_monotonic_minus_realtime();
	char *command = reproduce_command(run);
	json_t *record = json_pack(
		"{s:i, s:s, s:s?, s:i, s:i, s:i, s:f, s:f, s:s, s:s, s:i, s:b,"
		" s:b, s:o}",
		"journal", JOURNAL_VERSION, "name", testcase->name, "variant",
		variant ? variant->name : NULL, "family",
		run->options->family == AF_INET6 ? 6 : 4, "repetition",
		(int)job->repetition, "try", (int)job->attempt, "seconds",
		nsec_seconds(testcase_duration(testcase, variant)), "epoch",
		nsec_seconds(epoch), "version", HALFOPEN_VERSION, "kernel",
		kernel_release(), "hz", (int)nsec_hz(), "virtual_time",
		(int)virtual_time_is_on(), "rootless",
		(int)run->options->rootless, "judgements", judgements_of(job));

	add_text(record, "claim", testcase->claim);
	add_text(record, "why", testcase->why);
	add_text(record, "see", testcase->sources);
	add_text(record, "expect", testcase->expect);
	add_text(record, "command", command);
	free(command);
	return record;
}

void start_record(struct run *run)
{
	run_journal(run, run->start, "start", "o", record_of(run));
}
