/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between guest and host, one JSON object a line: "run" (version,
 * kernel, HZ), for each run the records of its journal ("journal") and then its
 * result ("case"), and at last GUEST_END with the exit status. "refused" replaces
 * all but the last. The guest's side
 * is a reporter like the others; it also sends the journals of runs that
 * neither passed nor were skipped, or of all runs where STREAM_VARIABLE is set.
 *
 * The host's side reports each result as if the run had happened here. The
 * guest is not trusted to be complete or correct, for its kernel may be the one
 * under test: each line is parsed and checked, a run that was not asked for is
 * an error, and a run whose result never arrives is BROKEN (stream_finish()).
 */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "guest.h"
#include "journal.h"
#include "macro.h"
#include "out-folder.h"

/* --- the guest's side -----------------------------------------------------*/

static void begin(struct report *report)
{
	reporter_jsonl.begin(report);
}

static bool is_worth_sending(const struct result *result)
{
	return getenv(STREAM_VARIABLE) || (result->verdict != VERDICT_PASS &&
					   result->verdict != VERDICT_SKIP);
}

static void send_journal(struct report *report, const struct result *result)
{
	size_t i;
	json_t *record;

	json_array_foreach (result->journal, i, record) {
		json_t *line = json_pack("{s:s, s:O}", "type", "journal",
					 "record", record);

		if (!line || json_dumpf(line, report->out, JOURNAL_DUMP) < 0)
			report->error = error_origin(-EIO, "journal line");
		json_decref(line);
		fputc('\n', report->out);
	}
}

static void send_result(struct report *report, const struct result *result)
{
	if (is_worth_sending(result))
		send_journal(report, result);
	reporter_jsonl.result(report, result);
}

static void end(struct report *report, const struct report_tally *tally)
{
	reporter_jsonl.end(report, tally);
}

const struct reporter reporter_stream = {
	.name = "stream",
	.sends_frames = true,
	.begin = begin,
	.result = send_result,
	.end = end,
};

void stream_refuse(FILE *out, const char *message)
{
	json_t *line =
		json_pack("{s:s, s:s}", "type", "refused", "message", message);

	json_dumpf(line, out, JOURNAL_DUMP);
	fputc('\n', out);
	json_decref(line);
}

/* --- the host's side ------------------------------------------------------*/

/* The line of a case has some thousand bytes. */
enum { LINE_MAX_SIZE = 16 << 20 };

struct stream {
	struct report *report;
	const struct run_job *jobs;
	size_t n_jobs;
	unsigned int retries;
	const char *out; /* NULL: none */
	char *line; /* incomplete */
	size_t used, capacity;
	json_t *refusal; /* a line of stream_refuse(); NULL */
	json_t *info; /* the "run" line, whose strings the report borrows */
	json_t *journal; /* records of the run whose line follows */
	struct result **results;
	size_t n_results, results_capacity;
	bool ended;
	int status;
};

int stream_new(struct stream **ret, struct report *report,
	       const struct run_job *jobs, size_t n_jobs, unsigned int retries,
	       const char *out)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream)
		stream->journal = json_array();
	if (!stream || !stream->journal) {
		free(stream);
		return error_origin(-ENOMEM, "read the guest's results");
	}
	stream->report = report;
	stream->jobs = jobs;
	stream->n_jobs = n_jobs;
	stream->retries = retries;
	stream->out = out;
	*ret = stream;
	return 0;
}

struct stream *stream_free(struct stream *stream)
{
	if (!stream)
		return NULL;
	for (size_t i = 0; i < stream->n_results; i++)
		result_free(stream->results[i]);
	free(stream->results);
	json_decref(stream->info);
	json_decref(stream->refusal);
	json_decref(stream->journal);
	free(stream->line);
	free(stream);
	return NULL;
}

bool stream_has_begun(const struct stream *stream)
{
	return stream->info;
}

bool stream_has_ended(const struct stream *stream, int *ret_status)
{
	if (stream->ended)
		*ret_status = stream->status;
	return stream->ended;
}

const char *stream_refusal(const struct stream *stream)
{
	return json_string_value(json_object_get(stream->refusal, "message"));
}

void stream_tick(struct stream *stream, nsec_t elapsed)
{
	struct report *report = stream->report;

	if (report->reporter->tick)
		report->reporter->tick(report, NULL, 0, elapsed);
}

static int take_info(struct stream *stream, json_t *line)
{
	struct report_info *info = &stream->report->info;
	const char *version, *kernel;
	int hz, rootless, virtual_time;

	if (stream->info)
		return error_origin(-EBADMSG, "second 'run' line");
	if (json_unpack(line, "{s:s, s:s, s:i, s:b, s:b}", "version", &version,
			"kernel", &kernel, "hz", &hz, "rootless", &rootless,
			"virtual_time", &virtual_time) < 0)
		return error_origin(-EBADMSG, "incomplete 'run' line");
	stream->info = json_incref(line);
	info->version = version;
	info->kernel = kernel;
	info->hz = (unsigned int)hz;
	info->rootless = rootless;
	info->virtual_time = virtual_time;
	report_print_begin(stream->report);
	return 0;
}

static int keep(struct stream *stream, struct result *result)
{
	struct result **grown =
		array_grow(stream->results, stream->n_results,
			   &stream->results_capacity, sizeof(*grown));

	if (!grown)
		return error_origin(-ENOMEM, "store a result");
	stream->results = grown;
	grown[stream->n_results++] = result;
	return 0;
}

/* Takes the result. */
static int report_result(struct stream *stream, struct result *result)
{
	int r = keep(stream, result);

	if (r < 0) {
		result_free(result);
		return error_trace(r);
	}
	report_print_result(stream->report, result);
	return 0;
}

static int write_journal(const struct stream *stream,
			 const struct result *result)
{
	struct out_run *run;
	json_t *record;
	size_t i;
	int closed, r = out_run_new(&run, stream->out, result);

	if (r < 0)
		return error_trace(r);
	json_array_foreach (result->journal, i, record) {
		char *line = json_dumps(record, JOURNAL_DUMP);

		if (line)
			out_run_add(run, record, line, strlen(line));
		else
			r = error_origin(-ENOMEM, "journal");
		free(line);
	}
	closed = out_run_close(run);
	if (closed < 0)
		return error_origin(closed, "write a journal below %s",
				    stream->out);
	if (r < 0)
		return error_trace(r);
	return error_trace(out_folder_finish(stream->out, result));
}

static bool is_of(const struct result *result, const struct run_job *job)
{
	return result->testcase == job->testcase &&
	       result->variant == job->variant &&
	       result->repetition == job->repetition;
}

/* The job of a line with a result; NULL: it is not planned. By name, because the
 * testcase of a lab is in no table. */
static const struct run_job *find_job(const struct stream *stream,
				      const json_t *line)
{
	const char *name = journal_text(line, "name");
	const char *variant = journal_text(line, "variant");
	unsigned int repetition =
		(unsigned int)journal_integer(line, "repetition");

	for (size_t i = 0; i < stream->n_jobs; i++) {
		const struct run_job *job = &stream->jobs[i];

		if (strcmp(job->testcase->name, name) == 0 &&
		    strcmp(job->variant ? job->variant->name : "", variant) ==
			    0 &&
		    job->repetition == repetition)
			return job;
	}
	return NULL;
}

/* The records before the line are its journal. */
static int take_journal(struct stream *stream, struct result *result)
{
	json_t *next = json_array();

	if (!next)
		return error_origin(-ENOMEM, "store a journal");
	result_set_journal(result, stream->journal);
	stream->journal = next;
	return stream->out ? write_journal(stream, result) : 0;
}

static int take_case(struct stream *stream, const json_t *line)
{
	const struct run_job *job = find_job(stream, line);
	struct result *result;
	int r;

	if (!job)
		return error_origin(-EBADMSG, "unexpected run of '%s/%s'",
				    journal_text(line, "name"),
				    journal_text(line, "variant"));
	r = result_parse(&result, line, job->testcase);
	if (r < 0)
		return error_trace(r);
	/* The same rule as in the guest's supervisor. */
	result->final = !result_wants_retry(result, stream->retries);
	r = take_journal(stream, result);
	if (r < 0) {
		result_free(result);
		return error_trace(r);
	}
	return report_result(stream, result);
}

static int take_record(struct stream *stream, json_t *record)
{
	int r = result_check(record);

	if (r < 0)
		return error_trace(r);
	if (json_array_append(stream->journal, record) < 0)
		return error_origin(-ENOMEM, "store a journal");
	return 0;
}

static int take_line(struct stream *stream, json_t *line)
{
	const char *type = json_string_value(json_object_get(line, "type"));

	if (!type)
		return error_origin(-EBADMSG, "line without a type");
	if (strcmp(type, "run") == 0)
		return take_info(stream, line);
	if (strcmp(type, "refused") == 0 && !stream->refusal) {
		stream->refusal = json_incref(line);
		return 0;
	}
	if (!stream->info && !stream->refusal)
		return error_origin(-EBADMSG, "'%s' before 'run'", type);
	if (strcmp(type, GUEST_END) == 0) {
		stream->ended = true;
		stream->status = (int)json_integer_value(
			json_object_get(line, "status"));
		return 0;
	}
	if (!stream->info)
		return error_origin(-EBADMSG, "'%s' after 'refused'", type);
	if (strcmp(type, "journal") == 0)
		return take_record(stream, json_object_get(line, "record"));
	if (strcmp(type, "case") == 0)
		return take_case(stream, line);
	return 0;
}

static int take_text(struct stream *stream, const char *text, size_t size)
{
	json_error_t error;
	json_t *line = json_loadb(text, size, 0, &error);
	int r;

	if (!line)
		return error_origin(-EBADMSG, "line of the guest, position %d: %s",
				    error.position, error.text);
	journal_make_safe(line);
	r = take_line(stream, line);
	json_decref(line);
	return error_trace(r);
}

static int append(struct stream *stream, const char *bytes, size_t size)
{
	if (stream->used + size > LINE_MAX_SIZE)
		return error_origin(-EBADMSG, "line of the guest exceeds %d bytes",
				    LINE_MAX_SIZE);
	if (stream->used + size > stream->capacity) {
		size_t space = MAX(2 * stream->capacity, stream->used + size);
		char *grown = realloc(stream->line, space);

		if (!grown)
			return error_origin(-ENOMEM, "read the guest's results");
		stream->line = grown;
		stream->capacity = space;
	}
	memcpy(stream->line + stream->used, bytes, size);
	stream->used += size;
	return 0;
}

int stream_take(struct stream *stream, const char *bytes, size_t size)
{
	while (size) {
		const char *newline = memchr(bytes, '\n', size);
		size_t part = newline ? (size_t)(newline - bytes) + 1 : size;
		int r = append(stream, bytes, part);

		if (r >= 0 && newline) {
			r = take_text(stream, stream->line, stream->used);
			stream->used = 0;
		}
		if (r < 0)
			return error_trace(r);
		bytes += part;
		size -= part;
	}
	return 0;
}

/* --- missing results ------------------------------------------------------*/

const struct result *stream_result(const struct stream *stream,
				   const struct run_job *job)
{
	for (size_t i = stream->n_results; i > 0; i--)
		if (is_of(stream->results[i - 1], job))
			return stream->results[i - 1];
	return NULL;
}

static void report_missing(struct stream *stream, const struct run_job *job,
		 const char *reason)
{
	struct result *result;

	if (result_new(&result, job->testcase, job->variant,
		       stream->report->info.family, job->repetition,
		       job->attempt) < 0)
		return;
	result_broken(result, reason);
	result->final = true;
	report_result(stream, result);
}

void stream_finish(struct stream *stream, const char *reason,
		   struct report_tally *ret)
{
	/* A guest that sent nothing still has a report. */
	if (!stream->info)
		report_print_begin(stream->report);
	for (size_t i = 0; i < stream->n_jobs; i++)
		if (!stream_result(stream, &stream->jobs[i]))
			report_missing(stream, &stream->jobs[i], reason);
	/* The last try of each run counts. */
	for (size_t i = 0; i < stream->n_jobs; i++) {
		const struct result *result =
			stream_result(stream, &stream->jobs[i]);

		if (result)
			report_count(ret, result);
	}
	report_print_end(stream->report, ret);
}
