/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.h"
#include "journal.h"
#include "macro.h"

int report_columns(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col < 40)
		return 80;
	return size.ws_col;
}

bool report_knows_unicode(FILE *out)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; isatty(fileno(out)) && i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") ||
			       strcasestr(value, "utf8");
	}
	return true;
}

const struct reporter *reporter_find(const char *name)
{
	static const struct reporter *const all[] = {
		&reporter_human,
		&reporter_ktap,
		&reporter_junit,
		&reporter_jsonl,
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

void report_keep(struct report *report, const struct result *result)
{
	if (report->n_kept == report->kept_space) {
		size_t space = MAX(report->kept_space * 2, (size_t)32);
		const struct result **grown =
			reallocarray(report->kept, space, sizeof(*grown));

		if (!grown) {
			report->error = error_origin(-ENOMEM, "report");
			return;
		}
		report->kept = grown;
		report->kept_space = space;
	}
	report->kept[report->n_kept++] = result;
}

bool report_keeps(const struct report *report, const struct result *result)
{
	return report->n_kept && report->kept[report->n_kept - 1] == result;
}

bool report_wants_story(const struct report *report,
			const struct result *result)
{
	return report->reporter->tells_at_end &&
	       (result->verdict == VERDICT_FAIL ||
		result->verdict == VERDICT_BROKEN);
}

void report_deinit(struct report *report)
{
	free(report->kept);
	report->kept = NULL;
	report->n_kept = report->kept_space = 0;
}

bool report_coloured(const struct report *report)
{
	const char *no = getenv("NO_COLOR");

	return report->terminal && (!no || !*no);
}

const char *report_verdict(enum verdict verdict)
{
	static const char *const texts[] = {
		[VERDICT_PASS] = "PASS",
		[VERDICT_FAIL] = "FAIL",
		[VERDICT_SKIP] = "SKIP",
		[VERDICT_BROKEN] = "BROKEN",
	};

	return texts[verdict];
}

void report_inline(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
}

/* --- timelines ------------------------------------------------------------*/

static void begin_line(FILE *out, const json_t *record, double zero,
		       const char *who)
{
	fprintf(out, "%.3f %-7s ",
		json_number_value(json_object_get(record, "t")) - zero, who);
}

static void end_line(FILE *out, const char *text)
{
	report_inline(out, text);
	fputc('\n', out);
}

/* What a dead machine's kernel still sends, no real wire would carry. */
static bool frame_line(FILE *out, const json_t *record, double zero)
{
	const char *fate = journal_text(record, "fate");

	if (strcmp(fate, "ghost") == 0)
		return false;
	begin_line(out, record, zero, "wire");
	fprintf(out, "%s > %s  ", journal_text(record, "from"),
		journal_text(record, "to"));
	report_inline(out, journal_text(record, "text"));
	if (strcmp(fate, "forwarded") != 0)
		fprintf(out, "  [%s]", fate);
	fputc('\n', out);
	return true;
}

static bool expectation_line(FILE *out, const json_t *record, double zero)
{
	if (json_is_true(json_object_get(record, "ok")))
		return false;
	begin_line(out, record, zero, "wrong");
	fprintf(out, "%s: ", journal_text(record, "what"));
	report_inline(out, journal_text(record, "observed"));
	fputs(", not ", out);
	end_line(out, journal_text(record, "expected"));
	return true;
}

bool report_timeline(FILE *out, const json_t *record, double zero)
{
	if (journal_is(record, "frame"))
		return frame_line(out, record, zero);
	if (journal_is(record, "expectation"))
		return expectation_line(out, record, zero);
	if (journal_is(record, "call") || journal_is(record, "result") ||
	    journal_is(record, "state"))
		begin_line(out, record, zero, journal_text(record, "host"));
	else if (journal_is(record, "fault") || journal_is(record, "note"))
		begin_line(out, record, zero, journal_text(record, "type"));
	else
		return false;
	end_line(out, journal_text(record, "text"));
	return true;
}

enum { STORY_HEAD = 40, STORY_TAIL = 60 };

/* How many lines there would be; `out` is written to in vain. */
static size_t count_lines(const struct result *result)
{
	char scrap[4096];
	FILE *out = fmemopen(scrap, sizeof(scrap), "w");
	size_t n = 0, i;
	json_t *record;

	if (!out)
		return 0;
	json_array_foreach(result->journal, i, record)
	{
		n += report_timeline(out, record, result->zero);
		rewind(out);
	}
	fclose(out);
	return n;
}

void report_story(FILE *out, const struct result *result, const char *prefix)
{
	size_t n = count_lines(result), line = 0, i;
	bool whole = n <= STORY_HEAD + STORY_TAIL;
	json_t *record;

	json_array_foreach(result->journal, i, record)
	{
		char *text = NULL;
		size_t size;
		FILE *memory = open_memstream(&text, &size);
		bool tells = memory && report_timeline(memory, record,
							result->zero);

		if (memory)
			fclose(memory);
		if (tells &&
		    (whole || line < STORY_HEAD || line >= n - STORY_TAIL))
			fprintf(out, "%s%s", prefix, text);
		else if (tells && line == STORY_HEAD)
			fprintf(out,
				"%s… %zu lines left out; --out DIR keeps "
				"them all\n",
				prefix, n - STORY_HEAD - STORY_TAIL);
		line += tells;
		free(text);
	}
}

/* --- numbers --------------------------------------------------------------*/

/* So many places that three or four digits are told. */
static int places(double seconds)
{
	if (seconds > 0 && seconds < 0.01)
		return 4;
	if (seconds < 10)
		return 2;
	return seconds < 1000 ? 1 : 0;
}

void report_seconds(double seconds, char ret[static REPORT_TEXT])
{
	snprintf(ret, REPORT_TEXT, "%.*f s", places(seconds), seconds);
}

void report_about(nsec_t planned, char ret[static REPORT_TEXT])
{
	long seconds = (long)((planned + SEC(1) / 2) / SEC(1));
	long minutes = (seconds + 30) / 60;

	if (planned < SEC(1))
		snprintf(ret, REPORT_TEXT, "under 1 s");
	else if (seconds <= 120)
		snprintf(ret, REPORT_TEXT, "about %ld s", seconds);
	else if (minutes < 60)
		snprintf(ret, REPORT_TEXT, "about %ld min", minutes);
	else if (minutes >= 48 * 60)
		snprintf(ret, REPORT_TEXT, "about %ld days",
			 (minutes + 12 * 60) / (24 * 60));
	else if (minutes % 60 == 0)
		snprintf(ret, REPORT_TEXT, "about %ld h", minutes / 60);
	else
		snprintf(ret, REPORT_TEXT, "about %ld h %ld min", minutes / 60,
			 minutes % 60);
}

void report_lateness(FILE *out, const struct report_lateness *lateness)
{
	fprintf(out, "timers %.1f ms, softirqs %.1f ms, cases %.1f ms, wire "
		     "%.1f ms",
		nsec_seconds(lateness->timers) * 1e3,
		nsec_seconds(lateness->softirqs) * 1e3,
		nsec_seconds(lateness->cases) * 1e3,
		nsec_seconds(lateness->wire) * 1e3);
}

/* --- the two columns ------------------------------------------------------*/

/* Names that several cases share; the rest are a case's own. */
static const struct {
	const char *name, *word;
	bool counted;
} shared[] = {
	{ "outcome", NULL, false },
	{ "elapsed_s", NULL, false },
	{ "elapsed_max_s", NULL, false },
	{ "rto_retransmissions", "retransmission", true },
	{ "keepalive_probes", "probe", true },
	{ "syns", "SYN", true },
	{ "frames", "frame", true },
	{ "connections", "connection", true },
	{ "half_open", "half-open request", true },
	{ "client_state", "client", false },
	{ "server_state", "server", false },
	{ "accept_queue", "accept queue", false },
};

static bool is_shared(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (strcmp(shared[i].name, name) == 0)
			return true;
	return false;
}

static bool is_maximum(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && strcmp(name + length - 4, "_max") == 0;
}

static const char *comma(FILE *out)
{
	return ftell(out) > 0 ? ", " : "";
}

static bool is_whole(double number)
{
	return number > -1e15 && number < 1e15 &&
	       number == (double)(long long)number;
}

static void print_value(FILE *out, const json_t *value)
{
	double number = json_number_value(value);

	if (json_is_string(value))
		report_inline(out, json_string_value(value));
	else if (is_whole(number))
		fprintf(out, "%.0f", number);
	else
		fprintf(out, "%.6g", number);
}

static void print_elapsed(FILE *out, const json_t *values, bool predicted)
{
	const json_t *min = json_object_get(values, "elapsed_s");
	const json_t *max = json_object_get(values, "elapsed_max_s");
	double from = json_number_value(min), to = json_number_value(max);
	int digits = places(from > 0 || !max ? from : to);

	if (!json_is_number(min))
		return;
	if (json_is_number(max) && to == 0) {
		fprintf(out, "%sat once", comma(out));
		return;
	}
	fprintf(out, "%s%.*f", comma(out), digits, from);
	if (json_is_number(max))
		fprintf(out, " .. %.*f", digits, to);
	fprintf(out, " s%s", predicted && !max ? " or more" : "");
}

/* "3 .. 4 probes"; expect_number() gives the greatest its own name. */
static void print_count(FILE *out, const json_t *values, const char *name,
			const char *word)
{
	const json_t *min = json_object_get(values, name), *max;
	char key[64];

	if (!json_is_number(min))
		return;
	snprintf(key, sizeof(key), "%s_max", name);
	max = json_object_get(values, key);
	fputs(comma(out), out);
	print_value(out, min);
	if (json_is_number(max)) {
		fputs(" .. ", out);
		print_value(out, max);
	}
	fprintf(out, " %s%s", word,
		max || json_number_value(min) != 1 ? "s" : "");
}

static void print_shared(FILE *out, const json_t *values, bool predicted)
{
	const char *outcome = journal_text(values, "outcome");

	report_inline(out, outcome);
	print_elapsed(out, values, predicted);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (shared[i].counted)
			print_count(out, values, shared[i].name,
				    shared[i].word);
}

/* For a case that has neither an outcome nor a count: the states, or else what
 * it calls its own numbers. */
static void print_rest(FILE *out, json_t *values)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		const char *state = journal_text(values, shared[i].name);

		if (shared[i].word && !shared[i].counted && *state)
			fprintf(out, "%s%s %s", comma(out), shared[i].word,
				state);
	}
	if (ftell(out) > 0)
		return;
	json_object_foreach(values, name, value)
	{
		if (is_shared(name) || is_maximum(name))
			continue;
		fprintf(out, "%s%s ", comma(out), name);
		print_value(out, value);
	}
}

void report_summary(const struct result *result, bool predicted, char *ret,
		    size_t size)
{
	json_t *values = predicted ? result->predicted : result->measured;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	*ret = '\0';
	if (!out)
		return;
	print_shared(out, values, predicted);
	if (ftell(out) == 0)
		print_rest(out, values);
	fclose(out);
	if (text)
		snprintf(ret, size, "%s", text);
	free(text);
}

void report_count(struct report_tally *tally, const struct result *result)
{
	switch (result->verdict) {
	case VERDICT_PASS:
		tally->passed++;
		break;
	case VERDICT_FAIL:
		tally->failed++;
		break;
	case VERDICT_SKIP:
		tally->skipped++;
		break;
	case VERDICT_BROKEN:
		tally->broken++;
		break;
	}
	if (result->inconclusive)
		tally->inconclusive++;
}
