/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reporters: the results of runs in a format for people (human) or for programs
 * (ktap, junit, jsonl). All formats are made from the same struct result.
 *
 * A reporter is a table of functions that the supervisor calls as runs start,
 * write records and end. This header also has what reporters, list, show and
 * pages share: timelines, summaries, claims, numbers as text.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "colour.h"
#include "result.h"

struct report_info {
	const char *version, *kernel;
	unsigned int hz;
	bool rootless, virtual_time, mapped;
	int family; /* 4 or 6 */
	size_t n_runs; /* planned, without retries */
	size_t n_selected; /* of all shards; 0: as n_runs */
	unsigned int shard, shards; /* --shard K/N; 0: all runs */
	nsec_t longest; /* planned duration of the longest run */
	nsec_t slack; /* tolerance of upper bounds for scheduling delay */
};

/*
 * The longest scheduling delays while the runs lasted: of a timer of the
 * supervisor, of a softirq thread between two samples, of a timer of a case, and
 * of a frame in the wire. A measured time can be too long by as much without any
 * fault of the kernel's TCP.
 */
struct report_delays {
	nsec_t timers, softirqs, cases, wire;
};

/* Of final tries. `inconclusive` runs also count as broken or skipped. */
struct report_tally {
	unsigned int passed, failed, skipped, broken, inconclusive;
	nsec_t took;
	struct report_delays delays; /* of all tries */
};

void report_count(struct report_tally *tally, const struct result *result);

struct report {
	const struct reporter *reporter;
	FILE *out;
	bool terminal; /* `out` is one: a status line */
	bool coloured; /* human only */
	int columns; /* of the terminal; 80 where there is none */
	bool verbose; /* -v: records as they come in (human only) */
	void *data; /* of a command's own reporter */
	struct report_info info;
	struct report *copy; /* a second report of the same runs; NULL: none */

	/* The reporter's first failure, a negative errno; check it after end(),
	 * like ferror(out). */
	int error;

	/* State of the reporter. */
	const struct result **kept; /* borrowed until after end() */
	size_t n_kept, kept_space;
	unsigned int n_started, n_ended;
	size_t status_size; /* bytes of the status line; 0: none is shown */
	time_t began;
};

struct reporter {
	bool sends_frames; /* all frames of a result's journal are needed */
	const char *name; /* --format NAME */
	void (*begin)(struct report *report);
	/* A run starts; `result` is still empty. */
	void (*start)(struct report *report, const struct result *result);
	/* A record has been appended to result->journal. */
	void (*record)(struct report *report, const struct result *result,
		       const json_t *record);
	/* A try has ended, final or not. The result is freed afterwards unless
	 * report_keep() was called for it. */
	void (*result)(struct report *report, const struct result *result);
	void (*end)(struct report *report, const struct report_tally *tally);
	/* Called about once a second while runs go on, for a status line.
	 * `elapsed` counts from begin(). Without any in `running`: these are in
	 * a guest, which reports no start. `tick`, `start` and `record` may be
	 * NULL. */
	void (*tick)(struct report *report, const struct result *const *running,
		     size_t n, nsec_t elapsed);
	/* end() prints the timelines of failed and broken runs, so their
	 * journals are kept until then. */
	bool timelines_at_end;
};

extern const struct reporter reporter_human, reporter_ktap, reporter_junit,
	reporter_jsonl;

/* Prints nothing: for callers that read the results themselves. */
extern const struct reporter reporter_silent;

/* Call the reporter, and that of the copy. */
void report_print_begin(struct report *report);
void report_print_result(struct report *report, const struct result *result);
void report_print_end(struct report *report, const struct report_tally *tally);

/* NULL for an unknown name. */
const struct reporter *reporter_find(const char *name);

/* Frees the list of kept results, not the results. */
void report_deinit(struct report *report);

/* Width of the terminal behind `out`; 80 where there is none or a tiny one. */
int report_columns(FILE *out);

/* Whether `out` takes UTF-8. A terminal does according to the locale variables,
 * and if none of them is set, as in most containers; anything else always. */
bool report_unicode(FILE *out);

/* --- results that end() needs --------------------------------------------- */

/* Keeps the result until after end(). */
void report_keep(struct report *report, const struct result *result);

/* Whether the reporter kept the result that was passed to it last. */
bool report_keeps(const struct report *report, const struct result *result);

/* Whether end() also needs the journal of this kept result. */
bool report_needs_journal(const struct report *report,
			  const struct result *result);

/* --- texts of journals ------------------------------------------------------ */

/* Prints a text of a journal or a result on one line, in the language of the
 * user. */
void report_record(FILE *out, const char *text);

/* --- timelines ------------------------------------------------------------ */

/*
 * One line for a record, with its newline:
 *
 *	0.004 wire    server > client  F. 1:1(0) ack 1   [dropped: …]
 *	0.004 client  recv() = 0
 *	0.003 fault   crash server
 *	0.005 failed  recv() in client: expected ETIMEDOUT, observed EOF
 *
 * `zero` is the result's: where its times count from. Returns false, and prints
 * nothing, for records that are not part of a timeline. The time is not coloured.
 */
bool report_timeline_line(FILE *out, const json_t *record, double zero,
			  bool coloured);

/* The same with another text than the record's; NULL: with that. */
bool report_timeline_text(FILE *out, const json_t *record, const char *text,
			  double zero, bool coloured);

/* The number of lines of a run's whole timeline. */
size_t report_timeline_length(const struct result *result);

/* The whole timeline, each line after `prefix`. Of more than head + tail lines
 * the middle is replaced by a line with their number and `hint`. */
void report_timeline_excerpt(FILE *out, const struct result *result,
			     const char *prefix, size_t head, size_t tail,
			     const char *hint, bool coloured);

/* An excerpt of 100 lines, for a terminal or a log. */
void report_timeline(FILE *out, const struct result *result, const char *prefix,
		     bool coloured);

/* --- results as text ------------------------------------------------------ */

enum { REPORT_TEXT = 128 };

/* A text among the predicted or measured values, for people: "success" for the
 * outcome 0, "no socket" for the state UNCONN. Returns a constant, `text` or
 * `buffer`. */
const char *report_value(const char *text, char *buffer, size_t size);

/*
 * "ETIMEDOUT, 5.00 .. 5.64 s, 3 probes": the predicted or the measured values in
 * one cell of a table. "" for a run that has none.
 */
void report_summary(const struct result *result, bool predicted, char *ret,
		    size_t size);

/*
 * The reason of a verdict as one sentence. A FAIL names the expectation that
 * failed: "client: expected EOF, observed ECONNRESET (and 2 more)". "": none.
 */
void report_reason(const struct result *result, char *ret, size_t size);

/* "A3-A5 A10", from a table of judgements. */
void report_claims(const struct judgement *judgements,
		   char ret[static REPORT_TEXT]);

/* The same of a case and all its variants, each claim once, in order. */
void report_all_claims(const struct testcase *testcase,
		       char ret[static REPORT_TEXT]);

/*
 * "A10 right; A13 conditional: one sentence", from a result's judgements. A claim
 * that is right has its sentence too where another of the judgements that are
 * shown with it, `among`, is not `right`. To be freed; NULL without memory.
 */
char *report_document(const json_t *judgements, const json_t *among);

/* The size of the first sentence of a note, without its full stop. */
size_t report_sentence(const char *note);

/* PASS, FAIL, SKIP, BROKEN */
const char *report_verdict(enum verdict verdict);
enum colour report_verdict_colour(enum verdict verdict);

/* "0.0004 s", "5.07 s", "924.6 s" */
void report_seconds(double seconds, char ret[static REPORT_TEXT]);

/* Runs that are planned to take longer are worth virtual time. */
#define REPORT_MINUTES SEC(60)

/* "under 1 s", "about 6 s", "about 2 h 12 min" */
void report_about(nsec_t planned, char ret[static REPORT_TEXT]);

/* "outdated since 4.12" or "outdated since RFC 7323", translated, of an English
 * `document`; "right" if `since` is NULL or empty. Returns `ret`. */
const char *report_judgement(const char *document, const char *since,
			     char ret[static REPORT_TEXT]);

/* "timers 0.2 ms, softirqs 0.0 ms, cases 1.3 ms, wire 0.1 ms" */
void report_delays_print(FILE *out, const struct report_delays *delays);

