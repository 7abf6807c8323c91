/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reporters share (report.h): timelines, numbers, and the summary of a
 * run's values in one cell. Texts of a journal may contain bytes that a peer sent:
 * they are printed with safe_text_print().
 */
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "array.h"
#include "errors.h"
#include "fault.h"
#include "fold.h"
#include "journal.h"
#include "macro.h"
#include "message.h"
#include "record-text.h"
#include "safe-text.h"
#include "suffix.h"

/* A smaller width is ignored: a serial console reports 0 columns. */
enum { COLUMNS = 80, COLUMNS_MIN = 40 };

/* Lines at the beginning and at the end of a long timeline. */
enum { TIMELINE_HEAD = 40, TIMELINE_TAIL = 60 };

enum {
	SUBJECT = 7, /* columns of a host's name in a timeline */
	RECORD = 1024, /* bytes of a translated text of a journal */
};

int report_columns(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 ||
	    size.ws_col < COLUMNS_MIN)
		return COLUMNS;
	return size.ws_col;
}

bool report_unicode(FILE *out)
{
	return !isatty(fileno(out)) || message_is_utf8();
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

enum colour report_verdict_colour(enum verdict verdict)
{
	static const enum colour colours[] = {
		[VERDICT_PASS] = COLOUR_GOOD,
		[VERDICT_FAIL] = COLOUR_ALARM,
		[VERDICT_SKIP] = COLOUR_WAIT,
		[VERDICT_BROKEN] = COLOUR_BROKEN,
	};

	return colours[verdict];
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

/* --- reporters ------------------------------------------------------------ */

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

void report_print_begin(struct report *report)
{
	report->reporter->begin(report);
	if (report->copy) {
		report->copy->info = report->info;
		report->copy->reporter->begin(report->copy);
	}
}

void report_print_result(struct report *report, const struct result *result)
{
	report->reporter->result(report, result);
	if (report->copy)
		report->copy->reporter->result(report->copy, result);
}

void report_print_end(struct report *report, const struct report_tally *tally)
{
	report->reporter->end(report, tally);
	if (report->copy)
		report->copy->reporter->end(report->copy, tally);
}

void report_keep(struct report *report, const struct result *result)
{
	const struct result **kept =
		array_grow(report->kept, report->n_kept, &report->kept_space,
			   sizeof(*kept));

	if (!kept) {
		report->error = error_origin(-ENOMEM, "report");
		return;
	}
	report->kept = kept;
	kept[report->n_kept++] = result;
}

bool report_keeps(const struct report *report, const struct result *result)
{
	return report->n_kept && report->kept[report->n_kept - 1] == result;
}

bool report_needs_journal(const struct report *report,
			  const struct result *result)
{
	return report->reporter->timelines_at_end &&
	       (result->verdict == VERDICT_FAIL ||
		result->verdict == VERDICT_BROKEN);
}

void report_deinit(struct report *report)
{
	free(report->kept);
	report->kept = NULL;
	report->n_kept = report->kept_space = 0;
}

static void silent_begin(struct report *report MACRO_UNUSED)
{
}

static void silent_result(struct report *report MACRO_UNUSED,
			  const struct result *result MACRO_UNUSED)
{
}

static void silent_end(struct report *report MACRO_UNUSED,
		       const struct report_tally *tally MACRO_UNUSED)
{
}

const struct reporter reporter_silent = {
	.name = "silent",
	.begin = silent_begin,
	.result = silent_result,
	.end = silent_end,
};

/* --- texts of journals ------------------------------------------------------ */

void report_record(FILE *out, const char *text)
{
	char buffer[RECORD];

	safe_text_print(out, message_record(text, buffer, sizeof(buffer)));
}

/* --- timelines ------------------------------------------------------------ */

/* A ghost is a frame that the kernel of a crashed host sent: no real wire would
 * have carried it. */
static bool is_in_timeline(const json_t *record)
{
	static const char *const types[] = { "call", "result", "state", "fault",
					     "note" };

	if (journal_is(record, "frame"))
		return strcmp(journal_text(record, "fate"), "ghost") != 0;
	if (journal_is(record, "expectation"))
		return !json_is_true(json_object_get(record, "ok"));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (journal_is(record, types[i]))
			return true;
	return false;
}

static void print_frame(FILE *out, const json_t *record, const char *text)
{
	const char *from = journal_text(record, "from");

	/* An injected frame has no sender. */
	fprintf(out, "%s > %s  ", *from ? from : _("(forged)"),
		journal_text(record, "to"));
	safe_text_print(out, text);
	if (strcmp(journal_text(record, "fate"), "forwarded") != 0)
		fprintf(out, "  [%s]", record_fate(record));
}

static void print_failure(FILE *out, const json_t *record)
{
	char text[2 * RECORD];

	safe_text_print(out, record_failure(record, text, sizeof(text)));
}

/* plug, thaw, release end what an earlier fault began. */
static bool ends_fault(const json_t *record)
{
	const struct fault_verb *verb =
		fault_recorded_verb(journal_text(record, "verb"));

	return verb && verb->drawing == FAULT_DRAW_END;
}

/* Frames to which nothing happened are plain. */
static enum colour colour_of(const json_t *record)
{
	const char *fate = journal_text(record, "fate");

	if (journal_is(record, "frame"))
		return strcmp(fate, "forwarded") == 0 ||
				       strcmp(fate, "delayed") == 0 ?
			       COLOUR_PLAIN :
			       COLOUR_LOST;
	if (journal_is(record, "fault") && ends_fault(record))
		return COLOUR_GOOD;
	if (journal_is(record, "fault") || journal_is(record, "expectation"))
		return COLOUR_ALARM;
	if (journal_is(record, "state"))
		return COLOUR_STATE;
	if (journal_is(record, "result"))
		return *journal_text(record, "errno") ? COLOUR_WAIT :
							COLOUR_PLAIN;
	return journal_is(record, "note") ? COLOUR_FAINT : COLOUR_PLAIN;
}

/* The host of the event, or its kind. */
static const char *subject_of(const json_t *record)
{
	if (journal_is(record, "frame"))
		return _("wire");
	if (journal_is(record, "expectation"))
		return _("failed");
	if (journal_is(record, "fault"))
		return _("fault");
	return journal_is(record, "note") ? _("note") :
					    journal_text(record, "host");
}

bool report_timeline_text(FILE *out, const json_t *record, const char *text,
			  double zero, bool coloured)
{
	char buffer[RECORD];

	if (!is_in_timeline(record))
		return false;
	if (!text)
		text = record_text(record, buffer, sizeof(buffer));
	fprintf(out, "%.3f %s",
		json_number_value(json_object_get(record, "t")) - zero,
		colour_begin(coloured, colour_of(record)));
	fold_pad(out, subject_of(record), SIZE_MAX, SUBJECT);
	fputc(' ', out);
	if (journal_is(record, "frame"))
		print_frame(out, record, text);
	else if (journal_is(record, "expectation"))
		print_failure(out, record);
	else
		safe_text_print(out, text);
	fprintf(out, "%s\n", colour_end(coloured, colour_of(record)));
	return true;
}

bool report_timeline_line(FILE *out, const json_t *record, double zero,
			  bool coloured)
{
	return report_timeline_text(out, record, NULL, zero, coloured);
}

size_t report_timeline_length(const struct result *result)
{
	size_t n = 0, i;
	json_t *record;

	json_array_foreach (result->journal, i, record) {
		n += is_in_timeline(record);
	}
	return n;
}

void report_timeline_excerpt(FILE *out, const struct result *result,
			     const char *prefix, size_t head, size_t tail,
			     const char *hint, bool coloured)
{
	size_t n = report_timeline_length(result), line = 0, i;
	bool whole = n <= head + tail;
	json_t *record;

	json_array_foreach (result->journal, i, record) {
		if (!is_in_timeline(record))
			continue;
		if (whole || line < head || line >= n - tail) {
			fputs(prefix, out);
			report_timeline_line(out, record, result->zero,
					     coloured);
		} else if (line == head) {
			fprintf(out, _("%s… %zu lines left out; %s\n"), prefix,
				n - head - tail, hint);
		}
		line++;
	}
}

void report_timeline(FILE *out, const struct result *result, const char *prefix,
		     bool coloured)
{
	report_timeline_excerpt(out, result, prefix, TIMELINE_HEAD,
				TIMELINE_TAIL, _("--out DIR keeps all of them"),
				coloured);
}

/* --- numbers -------------------------------------------------------------- */

/* Decimals, so that a duration has three or four digits. */
static int decimals(double seconds)
{
	if (seconds > 0 && seconds < 0.1)
		return seconds < 0.01 ? 4 : 3;
	if (seconds < 10)
		return 2;
	return seconds < 1000 ? 1 : 0;
}

void report_seconds(double seconds, char ret[static REPORT_TEXT])
{
	snprintf(ret, REPORT_TEXT, "%.*f s", decimals(seconds), seconds);
}

void report_about(nsec_t planned, char ret[static REPORT_TEXT])
{
	long seconds = (long)((planned + SEC(1) / 2) / SEC(1));
	long minutes = (seconds + 30) / 60;

	if (planned < SEC(1))
		snprintf(ret, REPORT_TEXT, "%s", _("under 1 s"));
	else if (seconds <= 120)
		snprintf(ret, REPORT_TEXT, _("about %ld s"), seconds);
	else if (minutes < 60)
		snprintf(ret, REPORT_TEXT, _("about %ld min"), minutes);
	else if (minutes >= 48 * 60)
		snprintf(ret, REPORT_TEXT, _("about %ld days"),
			 (minutes + 12 * 60) / (24 * 60));
	else if (minutes % 60 == 0)
		snprintf(ret, REPORT_TEXT, _("about %ld h"), minutes / 60);
	else
		snprintf(ret, REPORT_TEXT, _("about %ld h %ld min"),
			 minutes / 60, minutes % 60);
}

const char *report_judgement(const char *document, const char *since,
			     char ret[static REPORT_TEXT])
{
	unsigned int major;
	int end = 0;

	if (!since || !*since)
		snprintf(ret, REPORT_TEXT, "%s", _(document));
	else if (sscanf(since, "%u.%n", &major, &end) == 1 && end)
		/* TRANSLATORS: a document's fault, and a version of the kernel */
		snprintf(ret, REPORT_TEXT, _("%s since %u.%s"), _(document),
			 major, since + end);
	else
		snprintf(ret, REPORT_TEXT, _("%s since %s"), _(document), since);
	return ret;
}

void report_delays_print(FILE *out, const struct report_delays *delays)
{
	fprintf(out,
		_("timers %.1f ms, softirqs %.1f ms, cases %.1f ms, wire "
		  "%.1f ms"),
		nsec_seconds(delays->timers) * 1e3,
		nsec_seconds(delays->softirqs) * 1e3,
		nsec_seconds(delays->cases) * 1e3,
		nsec_seconds(delays->wire) * 1e3);
}

/* --- summaries ------------------------------------------------------------ */

/* The names of values that several cases share; a case may add its own. */
static const struct shared_value {
	const char *name, *word;
	const char *words; /* of a counted value: the plural; with a blank */
} shared[] = {
	{ "outcome", NULL, NULL },
	{ "elapsed_s", NULL, NULL },
	{ "timer_s", NULL, NULL },
	{ "rto_retransmissions", N_(" retransmission"), N_(" retransmissions") },
	{ "keepalive_probes", N_(" probe"), N_(" probes") },
	{ "syns", N_(" SYN"), N_(" SYNs") },
	{ "frames", N_(" frame"), N_(" frames") },
	{ "connections", N_(" connection"), N_(" connections") },
	{ "half_open", N_(" half-open request"), N_(" half-open requests") },
	{ "client_state", "client", NULL },
	{ "server_state", "server", NULL },
	{ "accept_queue", N_("accept queue"), NULL },
};

static const struct shared_value *find_shared(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (strcmp(shared[i].name, name) == 0)
			return &shared[i];
	return NULL;
}

/* Before every part of a summary but the first. */
static const char *comma(FILE *out)
{
	return ftell(out) > 0 ? _(", ") : "";
}

static bool is_whole(double number)
{
	return number > -1e15 && number < 1e15 &&
	       number == (double)(long long)number;
}

/* A call that has returned 0 has no other outcome; sock_diag finds no socket in
 * TCP_CLOSE, which ss(8) spells UNCONN. */
const char *report_value(const char *text, char *buffer, size_t size)
{
	if (strcmp(text, "0") == 0)
		return _("success");
	if (strcmp(text, "UNCONN") == 0)
		return _("no socket");
	return message_value(text, buffer, size);
}

static void print_value(FILE *out, const json_t *value)
{
	double number = json_number_value(value);
	char buffer[REPORT_TEXT];

	if (json_is_string(value))
		safe_text_print(out, report_value(json_string_value(value),
						  buffer, sizeof(buffer)));
	else if (is_whole(number) || number >= 1e6 || number <= -1e6)
		fprintf(out, "%.0f", number);
	else
		fprintf(out, "%.6g", number);
}

static void print_elapsed(FILE *out, const json_t *values, bool predicted)
{
	const json_t *min = json_object_get(values, "elapsed_s");
	const json_t *max = result_maximum(values, "elapsed_s");
	double from = json_number_value(min), to = json_number_value(max);
	int digits = decimals(from > 0 || !max ? from : to);
	char first[REPORT_TEXT], last[REPORT_TEXT];

	if (json_is_number(max) && to == 0) {
		fputs(_("at once"), out);
		return;
	}
	/* Both ends of a short range would look alike. */
	do {
		snprintf(first, sizeof(first), "%.*f", digits, from);
		snprintf(last, sizeof(last), "%.*f", digits, to);
	} while (from < to && strcmp(first, last) == 0 && digits++ < 4);
	fputs(first, out);
	if (json_is_number(max))
		fprintf(out, " .. %s", last);
	fprintf(out, " s%s", predicted && !max ? _(" or more") : "");
}

/* "3", or with a maximum "3 .. 4" */
static void print_range(FILE *out, const json_t *values, const char *name)
{
	const json_t *max = result_maximum(values, name);

	print_value(out, json_object_get(values, name));
	if (!json_is_number(max))
		return;
	fputs(" .. ", out);
	print_value(out, max);
}

/* A colon separates two Chinese words; no blank follows a full-width bracket. */
static void print_name(FILE *out, const char *name, bool before_word)
{
	if (before_word)
		/* TRANSLATORS: the name of a value, before a word */
		fprintf(out, _("%s "), name);
	else
		fprintf(out, "%s%s", name, suffix_ends(name, "）") ? "" : " ");
}

/* A value by its name, in words where several cases share it; for others, such as
 * "rto_min_ms 200", the words are the case's. */
static void print_named(FILE *out, const json_t *values, const char *name,
			bool predicted)
{
	const json_t *value = json_object_get(values, name);
	const struct shared_value *known = find_shared(name);
	const bool number = json_is_number(value);
	char buffer[REPORT_TEXT];

	if (!value)
		return;
	fputs(comma(out), out);
	if (number && strcmp(name, "elapsed_s") == 0) {
		print_elapsed(out, values, predicted);
	} else if (number && strcmp(name, "timer_s") == 0) {
		/* Of a timer that the kernel reports long before its end. */
		report_seconds(json_number_value(value), buffer);
		fprintf(out, "%s %s", _("timer"), buffer);
	} else if (number && known && known->words) {
		print_range(out, values, name);
		fputs(json_number_value(value) != 1 ||
				      result_maximum(values, name) ?
			      _(known->words) :
			      _(known->word),
		      out);
	} else {
		if (strcmp(name, "outcome") != 0)
			print_name(out,
				   known ? _(known->word) :
					   message_value(name, buffer,
							 sizeof(buffer)),
				   !known && !number);
		print_range(out, values, name);
	}
}

/* Outcome, time and counts; without these the states; without these the case's
 * own values. */
static void print_default(FILE *out, json_t *values, bool predicted)
{
	const char *name;
	json_t *value;
	bool states;

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (!shared[i].word || shared[i].words)
			print_named(out, values, shared[i].name, predicted);
	states = ftell(out) == 0;
	for (size_t i = 0; states && i < ARRAY_SIZE(shared); i++)
		if (shared[i].word && !shared[i].words)
			print_named(out, values, shared[i].name, predicted);
	if (ftell(out) > 0)
		return;
	json_object_foreach (values, name, value)
		if (!find_shared(name) && !result_is_maximum(values, name))
			print_named(out, values, name, predicted);
}

/* The names of the values that the run's case shows; NULL: the usual ones. */
static const char *const *shown(const struct result *result)
{
	if (result->variant && result->variant->shows)
		return result->variant->shows;
	return result->testcase ? result->testcase->shows : NULL;
}

/* Of a run without values. */
static void print_expectations(FILE *out, const struct result *result,
			       bool predicted)
{
	unsigned int n = 0, met = 0;
	size_t i;
	json_t *one;

	json_array_foreach(result->expectations, i, one)
	{
		n++;
		met += json_is_true(json_object_get(one, "ok"));
	}
	if (n && predicted)
		fprintf(out,
			message_plural("%u expectation", "%u expectations", n),
			n);
	else if (n)
		fprintf(out, _("%u met"), met);
}

void report_summary(const struct result *result, bool predicted, char *ret,
		    size_t size)
{
	json_t *values = predicted ? result->predicted : result->measured;
	const char *const *name = shown(result);
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	*ret = '\0';
	if (!out)
		return;
	for (; name && *name; name++)
		print_named(out, values, *name, predicted);
	if (ftell(out) == 0)
		print_default(out, values, predicted);
	if (json_object_size(result->predicted) == 0 &&
	    json_object_size(result->measured) == 0)
		print_expectations(out, result, predicted);
	fclose(out);
	if (text)
		snprintf(ret, size, "%s", text);
	free(text);
}

/* --- reasons -------------------------------------------------------------- */

/* The number of expectations that failed, and the first one of them. */
static size_t failures_of(const struct result *result, const json_t **ret_first)
{
	size_t n = 0, i;
	json_t *one;

	json_array_foreach(result->expectations, i, one)
	{
		if (json_is_true(json_object_get(one, "ok")))
			continue;
		if (!n++)
			*ret_first = one;
	}
	return n;
}

void report_reason(const struct result *result, char *ret, size_t size)
{
	const json_t *first = NULL;
	size_t n = failures_of(result, &first), length;
	char *text = NULL;
	FILE *out;

	*ret = '\0';
	out = open_memstream(&text, &length);
	if (!out)
		return;
	if (result->verdict == VERDICT_FAIL && first) {
		print_failure(out, first);
		if (n > 1)
			fprintf(out, _(" (and %zu more)"), n - 1);
	} else {
		fputs(result->inconclusive ? _("inconclusive: ") : "", out);
		report_record(out, result->reason ? result->reason : "");
	}
	fclose(out);
	if (text)
		snprintf(ret, size, "%s", text);
	free(text);
}

/* --- claims --------------------------------------------------------------- */

enum { CLAIMS_MAX = 64 };

/* The number of a claim, 5 for A5; 0 for a name without one. */
static long claim_number(const char *claim)
{
	return *claim ? strtol(claim + 1, NULL, 10) : 0;
}

/* Whether a claim continues a range: the next one, or the same one, which a case
 * may judge twice. */
static bool claim_follows(const char *claim, const char *before)
{
	long step = claim_number(claim) - claim_number(before);

	return strcmp(claim, before) == 0 ||
	       (claim[0] == before[0] && step == 1);
}

void report_claims(const struct judgement *judgements,
		   char ret[static REPORT_TEXT])
{
	size_t at = 0;

	*ret = '\0';
	for (size_t i = 0; judgements && judgements[i].claim; i++) {
		size_t first = i;

		while (judgements[i + 1].claim &&
		       claim_follows(judgements[i + 1].claim,
				     judgements[i].claim))
			i++;
		if (at + 1 >= REPORT_TEXT)
			return;
		at += (size_t)snprintf(ret + at, REPORT_TEXT - at, "%s%s",
				       at ? " " : "", judgements[first].claim);
		if (strcmp(judgements[first].claim, judgements[i].claim) != 0 &&
		    at + 1 < REPORT_TEXT)
			at += (size_t)snprintf(ret + at, REPORT_TEXT - at,
					       "-%s", judgements[i].claim);
	}
}

static int compare_claims(const void *a, const void *b)
{
	const struct judgement *x = a, *y = b;

	if (x->claim[0] != y->claim[0])
		return x->claim[0] - y->claim[0];
	return (int)(claim_number(x->claim) - claim_number(y->claim));
}

static size_t add_claims(struct judgement *to, size_t n,
			 const struct judgement *from)
{
	for (; from && from->claim && n < CLAIMS_MAX; from++) {
		size_t i = 0;

		while (i < n && strcmp(to[i].claim, from->claim) != 0)
			i++;
		to[i] = *from;
		n = MAX(n, i + 1);
	}
	return n;
}

void report_all_claims(const struct testcase *testcase,
		       char ret[static REPORT_TEXT])
{
	const struct variant *variant = testcase->variants;
	struct judgement all[CLAIMS_MAX + 1];
	size_t n = add_claims(all, 0, testcase->judgements);

	for (; variant && variant->name; variant++)
		n = add_claims(all, n, variant->judgements);
	qsort(all, n, sizeof(*all), compare_claims);
	all[n].claim = NULL;
	report_claims(all, ret);
}

/* A full stop inside a name (net.ipv4, tcp_timer.c), before a small letter or
 * before a number (e.g. 3) does not end a sentence. */
size_t report_sentence(const char *note)
{
	size_t length = strlen(note);
	const char *chinese = strstr(note, "。");

	if (chinese)
		return (size_t)(chinese - note);
	for (size_t i = 0; i + 2 < length; i++)
		if (strchr(".!?", note[i]) && note[i + 1] == ' ' &&
		    !islower((unsigned char)note[i + 2]) &&
		    !isdigit((unsigned char)note[i + 2]))
			return i;
	return length && note[length - 1] == '.' ? length - 1 : length;
}

static bool is_right(const json_t *judgement)
{
	return strcmp(journal_text(judgement, "document"), "right") == 0;
}

static bool is_same_claim(const json_t *a, const json_t *b)
{
	return strcmp(journal_text(a, "claim"), journal_text(b, "claim")) == 0;
}

/* `right` needs no reason, unless another judgement of the same claim raises the
 * question which part is right. */
static bool has_reason(const json_t *judgement, const json_t *among)
{
	const json_t *other;
	size_t i;

	if (!is_right(judgement))
		return true;
	json_array_foreach (among, i, other)
		if (!is_right(other) && is_same_claim(judgement, other))
			return true;
	return false;
}

static void print_judgement(FILE *out, const json_t *judgement,
			    const json_t *among)
{
	const char *document = journal_text(judgement, "document");
	const char *note = _(journal_text(judgement, "note"));
	char text[REPORT_TEXT];

	if (!has_reason(judgement, among)) {
		fputs(_(document), out);
		return;
	}
	fputs(report_judgement(document, journal_text(judgement, "since"),
			       text),
	      out);
	if (*note)
		fprintf(out, "%s%.*s", _(": "), (int)report_sentence(note),
			note);
}

/* "A3 A4 right": consecutive claims that are right share one word. Returns the
 * index of the last one that was printed. */
static size_t print_judgements(FILE *out, const json_t *judgements, size_t i,
			       const json_t *among)
{
	const json_t *judgement = json_array_get(judgements, i);

	fprintf(out, "%s%s", i ? _("; ") : "",
		journal_text(judgement, "claim"));
	while (!has_reason(judgement, among) &&
	       i + 1 < json_array_size(judgements) &&
	       !has_reason(json_array_get(judgements, i + 1), among)) {
		judgement = json_array_get(judgements, ++i);
		fprintf(out, " %s", journal_text(judgement, "claim"));
	}
	fputc(' ', out);
	print_judgement(out, judgement, among);
	return i;
}

/* A single claim is in the column of claims already. */
char *report_document(const json_t *judgements, const json_t *among)
{
	size_t n = json_array_size(judgements), size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (n == 1)
		print_judgement(out, json_array_get(judgements, 0), among);
	for (size_t i = 0; n > 1 && i < n; i++)
		i = print_judgements(out, judgements, i, among);
	fclose(out);
	return text;
}
