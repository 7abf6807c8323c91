/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reporters: what the runs came to, for people and for machines. All of them
 * print from the same results; none knows more than another.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "result.h"

struct report_info {
	const char *version, *kernel;
	unsigned int hz;
	bool rootless, virtual_time, mapped;
	int family; /* 4 or 6 */
	size_t n_runs; /* planned, without retries */
	nsec_t longest; /* planned, of the longest run */
	nsec_t slack; /* what upper bounds allow for the machine */
};

/*
 * How late this machine was, at most, while it ran: a timer of halfopen itself,
 * and of a case; a softirq thread that waited for a CPU, between two samples; a
 * frame on the wire. Whatever is timed can be as late by the machine alone.
 */
struct report_lateness {
	nsec_t timers, softirqs, cases, wire;
};

/* Final tries only. `inconclusive` ones are among `broken` (or `skipped`). */
struct report_tally {
	unsigned int passed, failed, skipped, broken, inconclusive;
	nsec_t took;
	struct report_lateness lateness; /* of all tries */
};

void report_count(struct report_tally *tally, const struct result *result);

struct report {
	const struct reporter *reporter;
	FILE *out;
	bool terminal; /* `out` is one: colours, a live line */
	int columns; /* of it; 80 elsewhere */
	bool verbose; /* -v: the journal as it happens (human only) */
	struct report_info info;

	/* The first failure of the reporter's own, a negative errno; to be looked
	 * at after end(), like ferror(out). */
	int error;

	/* The reporter's own. */
	const struct result **kept; /* these live until after end() */
	size_t n_kept, kept_space;
	unsigned int n_started, n_ended;
	size_t live; /* width of the live line on the screen */
	time_t began;
};

struct reporter {
	const char *name; /* --format NAME */
	void (*begin)(struct report *report);
	/* A run starts; `result` is still empty. */
	void (*start)(struct report *report, const struct result *result);
	/* A record has come in (already in result->journal). */
	void (*record)(struct report *report, const struct result *result,
		       const json_t *record);
	/* A run has ended; every try, final or not. What is not kept by
	 * report_keep() is gone afterwards. */
	void (*result)(struct report *report, const struct result *result);
	void (*end)(struct report *report, const struct report_tally *tally);
	/* About once a second while runs go on: for the live line. May be
	 * NULL, like `start` and `record`. `elapsed` since begin(). */
	void (*tick)(struct report *report, const struct result *const *running,
		     size_t n, nsec_t elapsed);
	/* end() tells the stories of those kept that failed or broke: they need
	 * their journals until then. */
	bool tells_at_end;
};

extern const struct reporter reporter_human, reporter_ktap, reporter_junit,
	reporter_jsonl;

/* Prints nothing: for who looks at the results himself. */
extern const struct reporter reporter_silent;

/* Of the terminal behind it; 80 where there is none. */
int report_columns(FILE *out);

/* What is no terminal may be read anywhere, and gets UTF-8; a terminal says by its
 * locale what it knows. */
bool report_knows_unicode(FILE *out);

/* NULL for a name that is none. */
const struct reporter *reporter_find(const char *name);

/* What the reporter kept; the results themselves are not the report's. */
void report_deinit(struct report *report);

/*
 * One line of a timeline, with its newline, as -v and a failure print it:
 *
 *	0.004 wire    server > client  F. 1:1(0) ack 1   [dropped: …]
 *	0.004 client  recv() = 0
 *	0.003 fault   crash server
 *	0.005 wrong   recv() in client: EOF, not ETIMEDOUT
 *
 * `zero` is when times begin, of the result: a lab's later than its journal.
 * Returns false, and prints nothing, for records that tell no story.
 */
bool report_timeline(FILE *out, const json_t *record, double zero);

/*
 * All of it, each line after `prefix`. Of a long one the middle is left out,
 * and how much: it is for reading, and --out keeps the whole.
 */
void report_story(FILE *out, const struct result *result, const char *prefix);

/*
 * "ETIMEDOUT, 5.00 .. 5.64 s": the predicted and the measured column. "" for a
 * run that has neither.
 */
void report_summary(const struct result *result, bool predicted, char *ret,
		    size_t size);

/* --- for reporters, list and show -----------------------------------------*/

enum { REPORT_TEXT = 128 };

/* Until after end(); for reporters that print what they know there. */
void report_keep(struct report *report, const struct result *result);

/* Whether that was called for the result that was told last. */
bool report_keeps(const struct report *report, const struct result *result);

/* Whether end() will want its journal, too. */
bool report_wants_story(const struct report *report,
			const struct result *result);

/* "A3-A5 A10", from a table of judgements. */
void report_claims(const struct judgement *judgements,
		   char ret[static REPORT_TEXT]);

/* The same of all its runs together, each claim once, in order. */
void report_all_claims(const struct testcase *testcase,
		       char ret[static REPORT_TEXT]);

/* "A10 right; A13 conditional: one sentence", from a result's judgements; to be
 * freed, NULL without memory. */
char *report_text_is(const json_t *judgements);

/* "0.0004 s", "5.07 s", "924.6 s" */
void report_seconds(double seconds, char ret[static REPORT_TEXT]);

/* "under 1 s", "about 6 s", "about 2 h 12 min" */
void report_about(nsec_t planned, char ret[static REPORT_TEXT]);

/* "timers 0.2 ms, softirqs 0.0 ms, cases 1.3 ms, wire 0.1 ms" */
void report_lateness(FILE *out, const struct report_lateness *lateness);

/* The size of the first sentence of a note, without its stop. */
size_t report_sentence(const char *note);

/* Whether text may go between colour sequences: `out` is a terminal, and
 * NO_COLOR (no-color.org) does not forbid it. */
bool report_coloured(const struct report *report);

/* PASS, FAIL, SKIP, BROKEN */
const char *report_verdict(enum verdict verdict);

/* On one line: what would end it is printed as a blank. */
void report_inline(FILE *out, const char *text);
