/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page of one run: facts and ladder first, then tables, and the timeline as
 * text at the end. A section without content is left out. Everything comes from
 * the result and its journal; names and texts in them are untrusted and go
 * through markup_text().
 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fd.h"
#include "html.h"
#include "journal.h"
#include "ladder.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "record-text.h"
#include "report.h"

enum {
	/* A ladder with more rows is not drawn unfolded: a browser needs
	 * seconds for it. */
	WHOLE_MAX = 3000,
	/* Of a longer timeline the middle is left out: the journal is beside
	 * the page. */
	TIMELINE_HEAD = 1200,
	TIMELINE_TAIL = 800,
	LONG_CLAIM = 240, /* bytes; set in a smaller size */
};

/* Both are English. */
static void put_paragraph(FILE *out, const char *heading, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "<section><h2>%s</h2><p>", _(heading));
	markup_text(out, _(text));
	fputs("</p></section>\n", out);
}

/* A finished text of the journal. */
static void put_record(FILE *out, const char *text)
{
	char buffer[1024];

	markup_text(out, message_record(text, buffer, sizeof(buffer)));
}

/* --- head ----------------------------------------------------------------- */

static void put_links(FILE *out, const char *index)
{
	fputs("<p class=\"over\">", out);
	if (index) {
		fputs("<a href=\"", out);
		markup_text(out, index);
		fprintf(out, "\">%s</a> · ", _("All runs"));
	}
	fprintf(out,
		"<a href=\"journal.jsonl\">%s</a> · "
		"<a href=\"capture.pcapng\">%s</a></p>\n",
		_("journal"), _("capture"));
}

static void put_title(FILE *out, const struct result *result)
{
	const char *claim = _(result->testcase->claim);
	char reason[1024];

	fputs("<h1>", out);
	markup_text(out, result->testcase->name);
	if (result->variant) {
		fputs(" <small>", out);
		markup_text(out, result->variant->name);
		fputs("</small>", out);
	}
	fputs(" ", out);
	html_verdict(out, result);
	fputs("</h1>\n", out);
	if (claim && *claim) {
		fprintf(out, "<p class=\"claim%s\">",
			strlen(claim) > LONG_CLAIM ? " long" : "");
		markup_text(out, claim);
		fputs("</p>\n", out);
	}
	if (result->variant && result->variant->what) {
		fputs("<p class=\"claim long\">", out);
		markup_text(out, result->variant->name);
		fputs(_(": "), out);
		markup_text(out, _(result->variant->what));
		fputs("</p>\n", out);
	}
	report_reason(result, reason, sizeof(reason));
	if (*reason) {
		fprintf(out, "<p class=\"%s\">",
			verdict_text(result->verdict));
		markup_text(out, reason);
		fputs("</p>\n", out);
	}
}

/* "A5 conditional since 4.19: NOTE" */
static void put_judgement(FILE *out, const json_t *judgement)
{
	const char *document = journal_text(judgement, "document");
	const char *note = _(journal_text(judgement, "note"));
	char text[REPORT_TEXT];

	fputs("<li><span class=\"document ", out);
	markup_text(out, document);
	fputs("\">", out);
	markup_text(out, journal_text(judgement, "claim"));
	fputs(" ", out);
	markup_text(out,
		    report_judgement(document, journal_text(judgement, "since"),
				     text));
	fputs("</span>", out);
	if (*note) {
		fputs(_(": "), out);
		markup_text(out, note);
	}
	fputs("</li>\n", out);
}

static void put_judgements(FILE *out, const struct result *result)
{
	size_t i;
	json_t *judgement;

	if (!json_array_size(result->judgements))
		return;
	fprintf(out, "<section><h2>%s</h2>\n<ul class=\"judged\">\n",
		_("Document"));
	json_array_foreach (result->judgements, i, judgement) {
		put_judgement(out, judgement);
	}
	fputs("</ul></section>\n", out);
}

/* --- predicted and measured ----------------------------------------------- */

static void put_values(FILE *out, const struct result *result)
{
	if (!json_object_size(result->predicted) &&
	    !json_object_size(result->measured))
		return;
	fprintf(out, "<section><h2>%s</h2>\n", _("Predicted and measured"));
	html_values(out, result);
	fputs("</section>\n", out);
}

/* --- run ------------------------------------------------------------------ */

static void put_term(FILE *out, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	markup_text(out, text);
	fputs("</dd>", out);
}

static void put_kernel(FILE *out, const json_t *start)
{
	char text[256];

	if (!*journal_text(start, "kernel"))
		return;
	snprintf(text, sizeof(text), "%.160s, HZ %d%s",
		 journal_text(start, "kernel"),
		 (int)json_integer_value(json_object_get(start, "hz")),
		 json_is_true(json_object_get(start, "virtual_time")) ?
			 _(", in virtual time") :
			 "");
	put_term(out, _("kernel"), text);
}

static void put_run(FILE *out, const struct result *result,
		    const json_t *start)
{
	double epoch = json_number_value(json_object_get(start, "epoch"));
	char text[REPORT_TEXT + 32], duration[REPORT_TEXT];

	fprintf(out, "<section><h2>%s</h2>\n<dl>", _("Run"));
	put_kernel(out, start);
	put_term(out, "halfopen", journal_text(start, "version"));
	if (epoch > 0) {
		fprintf(out, "<dt>%s</dt><dd>", _("date"));
		html_date(out, epoch);
		fputs("</dd>", out);
	}
	report_seconds(nsec_seconds(result->took), duration);
	snprintf(text, sizeof(text), _("%s over IPv%d"), duration,
		 result->family);
	put_term(out, _("duration"), text);
	if (result->repetition > 1 || result->attempt > 1) {
		snprintf(text, sizeof(text), _("%u, try %u"), result->repetition,
			 result->attempt);
		put_term(out, _("repetition"), text);
	}
	snprintf(text, sizeof(text), _("timers %.1f ms, frames %.1f ms"),
		 nsec_seconds(result->timer_delay) * 1e3,
		 nsec_seconds(result->frame_delay) * 1e3);
	put_term(out, _("max scheduling delay"), text);
	fputs("</dl>\n", out);
	if (*journal_text(start, "command")) {
		fprintf(out, "<h2>%s</h2><pre class=\"wrap\">",
			_("Reproduce"));
		markup_text(out, journal_text(start, "command"));
		fputs("</pre>\n", out);
	}
	fputs("</section>\n", out);
}

/* --- ladder --------------------------------------------------------------- */

static int put_figure(FILE *out, const struct ladder *ladder)
{
	int r;

	fprintf(out,
		"<figure>\n<div class=\"tools\">"
		"<button type=\"button\" data-zoom=\"0.8\" "
		"aria-label=\"%s\">−</button>"
		"<button type=\"button\" data-zoom=\"fit\">%s</button>"
		"<button type=\"button\" data-zoom=\"1.25\" "
		"aria-label=\"%s\">+</button></div>\n"
		"<div class=\"scroll\">\n",
		_("smaller"), _("fit"), _("larger"));
	r = ladder_svg(out, ladder);
	if (r < 0)
		return error_trace(r);
	fputs("</div>\n<figcaption>", out);
	fprintf(out,
		message_plural("%zu segment; at the left: seconds since the "
			       "start of the run.",
			       "%zu segments; at the left: seconds since the "
			       "start of the run.",
			       ladder->n_segments),
		ladder->n_segments);
	if (ladder->n_folded)
		fprintf(out,
			message_plural(" %zu row of uneventful traffic is "
				       "folded.",
				       " %zu rows of uneventful traffic are "
				       "folded.",
				       ladder->n_folded),
			ladder->n_folded);
	fprintf(out, "%s</figcaption>\n</figure>\n",
		_(" Flags, relative sequence numbers and lengths are written as "
		  "in packetdrill."));
	return 0;
}

static int put_ladder(FILE *out, const json_t *journal, size_t *ret_folded)
{
	struct ladder *ladder;
	int r = ladder_new(&ladder, journal);

	if (r < 0)
		return error_trace(r);
	*ret_folded = ladder->n_folded;
	r = ladder->n_rows ? put_figure(out, ladder) : 0;
	ladder_free(ladder);
	return error_trace(r);
}

static int put_whole_ladder(FILE *out, const json_t *journal)
{
	struct ladder *ladder;
	int r = ladder_new_whole(&ladder, journal);

	if (r < 0)
		return error_trace(r);
	if (ladder->n_rows <= WHOLE_MAX) {
		fprintf(out, _("<details><summary>All %zu rows</summary>\n"),
			ladder->n_rows);
		r = put_figure(out, ladder);
		fputs("</details>\n", out);
	}
	ladder_free(ladder);
	return error_trace(r);
}

/* --- tables --------------------------------------------------------------- */

/* Of a lab: what the states at its end imply. */
static void put_meaning(FILE *out, const json_t *journal)
{
	size_t i;
	json_t *record;

	if (!journal_find(journal, "meaning"))
		return;
	fprintf(out, "<section><h2>%s</h2>\n<ul>\n", _("Conclusions"));
	json_array_foreach (journal, i, record) {
		if (!journal_is(record, "meaning"))
			continue;
		fputs("<li><b>", out);
		markup_text(out, journal_text(record, "host"));
		fputs("</b> ", out);
		put_record(out, journal_text(record, "text"));
		fputs("</li>\n", out);
	}
	fputs("</ul></section>\n", out);
}

static void put_expectations(FILE *out, const struct result *result)
{
	size_t i;
	json_t *expectation;

	if (!json_array_size(result->expectations))
		return;
	fprintf(out,
		"<section><h2>%s</h2>\n<table><thead><tr>"
		"<th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr></thead>"
		"<tbody>\n",
		_("Expectations"), _("subject"), _("expected"), _("observed"),
		_("source"));
	json_array_foreach (result->expectations, i, expectation) {
		bool ok = json_is_true(json_object_get(expectation, "ok"));
		char what[1024];

		fputs(ok ? "<tr><td>" : "<tr class=\"bad\"><td>✗ ", out);
		markup_text(out, record_subject(expectation, what,
						sizeof(what)));
		fputs("</td><td>", out);
		put_record(out, journal_text(expectation, "expected"));
		fputs("</td><td>", out);
		put_record(out, journal_text(expectation, "observed"));
		fputs("</td>", out);
		html_cell(out, "name at", journal_text(expectation, "at"));
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></section>\n", out);
}

/* The keys are "host:name". */
static void put_sysctls(FILE *out, const struct result *result)
{
	const char *key;
	json_t *value;

	if (!json_object_size(result->sysctls))
		return;
	fprintf(out, "<section><h2>%s</h2>\n<table><tbody>\n", _("Sysctls"));
	json_object_foreach (result->sysctls, key, value) {
		const char *text = json_string_value(value);
		const char *colon = strchr(key, ':');
		char host[128];

		snprintf(host, sizeof(host), "%.*s",
			 colon ? (int)MIN(colon - key, 120) : 0, key);
		fputs("<tr>", out);
		html_cell(out, "", host);
		html_cell(out, "name", colon ? colon + 1 : key);
		html_cell(out, "name n", text ? text : "");
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></section>\n", out);
}

static void put_counters(FILE *out, const json_t *journal)
{
	const char *previous = "";
	size_t i;
	json_t *record;

	if (!journal_find(journal, "counter"))
		return;
	fprintf(out,
		"<details><summary>%s</summary>\n<table><thead>"
		"<tr><th>%s</th><th>%s</th><th class=\"n\">%s</th>"
		"</tr></thead><tbody>\n",
		_("Changed counters"), _("host"), _("counter"), _("change"));
	json_array_foreach (journal, i, record) {
		const char *host = journal_text(record, "host");

		if (!journal_is(record, "counter"))
			continue;
		fputs("<tr>", out);
		html_cell(out, "", strcmp(host, previous) == 0 ? "" : host);
		html_cell(out, "name", journal_text(record, "name"));
		fputs("<td class=\"n\">", out);
		html_value(out, json_object_get(record, "change"));
		fputs("</td></tr>\n", out);
		previous = host;
	}
	fputs("</tbody></table></details>\n", out);
}

static void put_timeline(FILE *out, const struct result *result)
{
	size_t lines = report_timeline_length(result), size;
	char *text = NULL;
	FILE *memory;

	if (!lines)
		return;
	memory = open_memstream(&text, &size);
	if (!memory)
		return;
	report_timeline_excerpt(memory, result, "", TIMELINE_HEAD,
				TIMELINE_TAIL, _("journal.jsonl has all of them"),
				false);
	fclose(memory);
	fprintf(out, _("<details><summary>Timeline, %zu lines</summary>\n<pre>"),
		lines);
	markup_text(out, text);
	fputs("</pre></details>\n", out);
	free(text);
}

/* --- page ----------------------------------------------------------------- */

int page_write(FILE *out, const struct result *result, const char *index)
{
	const json_t *journal = result->journal;
	const json_t *start = journal_find(journal, "start");
	const struct testcase *testcase = result->testcase;
	bool two_columns = json_array_size(result->judgements) || testcase->why;
	size_t folded = 0;
	int r;

	html_begin(out, _("en"), result_name(result));
	fputs("<body class=\"run\">\n<header>\n", out);
	put_links(out, index);
	put_title(out, result);
	fprintf(out, "</header>\n<div class=\"beside\">"
		     "<div class=\"two%s\">\n<div>\n",
		two_columns ? "" : " one");
	put_judgements(out, result);
	put_paragraph(out, N_("Why"), testcase->why);
	fputs("</div>\n<div>\n", out);
	put_values(out, result);
	put_run(out, result, start);
	fputs("</div>\n</div></div>\n", out);
	r = put_ladder(out, journal, &folded);
	fputs("<div class=\"below\">\n", out);
	/* Each folded row would be a row again: with more than WHOLE_MAX of
	 * them the unfolded ladder need not even be built. */
	if (r >= 0 && folded && folded <= WHOLE_MAX)
		r = put_whole_ladder(out, journal);
	put_meaning(out, journal);
	put_expectations(out, result);
	put_sysctls(out, result);
	put_paragraph(out, N_("Expected behaviour"), testcase->expect);
	put_paragraph(out, N_("Sources"), testcase->sources);
	put_counters(out, journal);
	put_timeline(out, result);
	fprintf(out, "</div>\n<footer>%s</footer>\n",
		_("Generated from the run's journal alone."));
	html_script(out);
	html_end(out);
	if (r < 0)
		return error_trace(r);
	return ferror(out) ?
		       error_origin(fd_stream_error(out), "write a page") :
		       0;
}
