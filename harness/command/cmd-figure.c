/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * halfopen figure runs the cases behind a figure of the documents and draws it
 * from their journals. It is a reporter of its own (report.h): each result is
 * drawn when its run ends, while its journal is in memory, and the drawings are
 * printed in the order of the figure at the end. With --from the results are
 * read from a folder of --out instead.
 */
#include "commands.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "documents.h"
#include "errors.h"
#include "exit-status.h"
#include "fd.h"
#include "figures.h"
#include "fold.h"
#include "folder.h"
#include "html.h"
#include "journal.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "out-folder.h"
#include "page-folder.h"
#include "report.h"
#include "run-options.h"
#include "saved.h"
#include "table.h"

/* Columns before a paragraph, and before the lines of an item. */
enum { INDENT = 2, ITEM = 4 };

/* A drawn run; NULL: it has not ended. To be freed. */
struct piece {
	char *text;
	char *html; /* with --out */
};

struct drawing {
	const struct documents_figure *figure;
	struct ladder_view view;
	char *out; /* --out DIR; NULL: none */
	const char *from; /* --from DIR; NULL: none */
	struct piece pieces[FIGURE_RUNS];
	int error;
};

/* --- a run ---------------------------------------------------------------- */

/* The place of this run in the figure; -1: it does not belong to it. */
static int piece_of(const struct drawing *d, const struct result *result)
{
	const char *name = result_name(result);

	for (int i = 0; d->figure->runs[i]; i++)
		if (strcmp(name, d->figure->runs[i]) == 0)
			return i;
	if (d->figure->at_defaults && strcmp(name, d->figure->at_defaults) == 0)
		return 0;
	return -1;
}

static bool is_as_told(const json_t *judgement)
{
	return strcmp(journal_text(judgement, "document"), "right") == 0;
}

/* "outdated since 4.4" */
static const char *document_of(const json_t *judgement,
			       char ret[static REPORT_TEXT])
{
	return report_judgement(journal_text(judgement, "document"),
				journal_text(judgement, "since"), ret);
}

/* The claim in words, and what this run says of it. */
static void print_judgement(FILE *out, const json_t *judgement, int columns)
{
	const char *claim = journal_text(judgement, "claim");
	char document[REPORT_TEXT], what[1024], text[1024];

	snprintf(what, sizeof(what), "%s%s%s", claim, _(": "),
		 _(documents_claim(claim)));
	snprintf(text, sizeof(text), "%s%s%s",
		 document_of(judgement, document), _(": "),
		 _(journal_text(judgement, "note")));
	fputs("  - ", out);
	fold_print(out, what, ITEM, ITEM, columns);
	fprintf(out, "%*s", ITEM, "");
	fold_print(out, text, ITEM, ITEM, columns);
}

/* `heading` is that of the judgements which are `as_told`, or are not. */
static void print_judgements(FILE *out, const struct result *result,
			     const char *heading, bool as_told, int columns)
{
	const json_t *judgement;
	size_t i, n = 0;

	json_array_foreach (result->judgements, i, judgement) {
		if (is_as_told(judgement) != as_told)
			continue;
		if (!n++)
			fprintf(out, "\n  %s\n", _(heading));
		print_judgement(out, judgement, columns);
	}
}

/* What the run shows. */
static const char *meaning(const struct result *result)
{
	return result->variant ? _(result->variant->what) :
				 _(result->testcase->claim);
}

static int draw_text(FILE *out, const struct drawing *d,
		     const struct result *result)
{
	char reason[1024];
	int r;

	report_reason(result, reason, sizeof(reason));
	fprintf(out, "\n%s  %s%s%s\n  ", report_verdict(result->verdict),
		result_name(result), *reason ? _(": ") : "", reason);
	fold_print(out, meaning(result), INDENT, INDENT, d->view.columns);
	fputc('\n', out);
	r = figure_print(out, d->figure->kind, result, &d->view);
	print_judgements(out, result, N_("different from the document:"), false,
			 d->view.columns);
	print_judgements(out, result, N_("as in the document:"), true,
			 d->view.columns);
	return error_trace(r);
}

static int draw_figure_html(FILE *out, const struct drawing *d,
			    const struct result *result)
{
	struct ladder *ladder;
	int r = figure_html(out, d->figure->kind, result);

	if (r < 0 || !figure_has_ladder(d->figure->kind))
		return error_trace(r);
	r = ladder_new(&ladder, result->journal);
	if (r < 0)
		return error_trace(r);
	r = ladder_svg(out, ladder);
	ladder_free(ladder);
	return error_trace(r);
}

static int draw_html(FILE *out, const struct drawing *d,
		     const struct result *result)
{
	const json_t *judgement;
	size_t i;
	int r;

	fputs("<section><h2>", out);
	markup_text(out, result_name(result));
	fputs(" ", out);
	html_verdict(out, result);
	fputs("</h2>\n<p>", out);
	markup_text(out, meaning(result));
	fputs("</p>\n", out);
	r = draw_figure_html(out, d, result);
	fputs("<ul>\n", out);
	json_array_foreach (result->judgements, i, judgement) {
		const char *claim = journal_text(judgement, "claim");
		char document[REPORT_TEXT];

		fprintf(out, "<li>%s%s", claim, _(": "));
		markup_text(out, _(documents_claim(claim)));
		fprintf(out, "<br/><b>%s</b>%s",
			document_of(judgement, document), _(": "));
		markup_text(out, _(journal_text(judgement, "note")));
		fputs("</li>\n", out);
	}
	fputs("</ul></section>\n", out);
	return error_trace(r);
}

static int
draw_into(char **ret, const struct drawing *d, const struct result *result,
	  int (*draw)(FILE *, const struct drawing *, const struct result *))
{
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int r;

	if (!out)
		return error_origin(-ENOMEM, "figure");
	r = draw(out, d, result);
	if (fclose(out) != 0 && r >= 0)
		r = error_origin(-ENOMEM, "figure");
	return error_trace(r);
}

/* A later try replaces the drawing of an earlier one. */
static void draw(struct drawing *d, const struct result *result)
{
	int i = piece_of(d, result), r;
	struct piece *piece = &d->pieces[MAX(i, 0)];

	if (i < 0)
		return;
	free(piece->text);
	free(piece->html);
	*piece = (struct piece){ .text = NULL };
	r = draw_into(&piece->text, d, result, draw_text);
	if (r >= 0 && d->out)
		r = draw_into(&piece->html, d, result, draw_html);
	if (r < 0)
		d->error = error_trace(r);
}

/* --- the figure ----------------------------------------------------------- */

static void print_figure(const struct drawing *d)
{
	printf(_("Figure %s. %s\n%c. %s\n"), d->figure->number,
	       _(d->figure->title), d->figure->article, d->figure->heading);
	for (int i = 0; d->figure->runs[i]; i++)
		if (d->pieces[i].text)
			fputs(d->pieces[i].text, stdout);
	if (figure_has_ladder(d->figure->kind)) {
		putchar('\n');
		ladder_print_legend(stdout, &d->view);
	}
	if (d->figure->at_defaults && !d->from)
		printf(_("\n  at the kernel's defaults, in virtual time:\n"
			 "    halfopen vm --virtual-time --out DIR -- run %s\n"
			 "    halfopen figure %s --from DIR\n"),
		       d->figure->at_defaults, d->figure->number);
}

static int write_page(const struct drawing *d)
{
	char name[32], title[256];
	FILE *file;
	int r;

	snprintf(name, sizeof(name), "figure-%s.html", d->figure->number);
	snprintf(title, sizeof(title), _("Figure %s. %s"), d->figure->number,
		 _(d->figure->title));
	r = folder_create(&file, d->out, name);
	if (r < 0)
		return error_trace(r);
	/* TRANSLATORS: the tag of the language: zh-CN */
	html_begin(file, _("en"), title);
	fputs("<body>\n<h1>", file);
	markup_text(file, title);
	fprintf(file, "</h1>\n<p lang=\"zh\">%c. ", d->figure->article);
	markup_text(file, d->figure->heading);
	fputs("</p>\n", file);
	for (int i = 0; d->figure->runs[i]; i++)
		if (d->pieces[i].html)
			fputs(d->pieces[i].html, file);
	html_end(file);
	if (fclose(file) != 0)
		return error_origin(-errno, "write %s/%s", d->out, name);
	printf("\n%s/%s\n", d->out, name);
	return 0;
}

/* Returns `status`, or that of an error of the drawing. */
static int finish(struct drawing *d, int status)
{
	int r = d->error;

	if (r >= 0)
		print_figure(d);
	if (r >= 0 && d->out)
		r = write_page(d);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = error_origin(fd_stream_error(stdout), "print the figure");
	for (size_t i = 0; i < FIGURE_RUNS; i++) {
		free(d->pieces[i].text);
		free(d->pieces[i].html);
	}
	if (r < 0) {
		fprintf(stderr, "halfopen figure: %s\n", error_text());
		return EXIT_STATUS_BROKEN;
	}
	return status;
}

/* --- from runs ------------------------------------------------------------ */

static void begin(struct report *report MACRO_UNUSED)
{
}

static void start(struct report *report MACRO_UNUSED,
		  const struct result *result)
{
	char about[REPORT_TEXT];

	report_about(testcase_duration(result->testcase, result->variant),
		     about);
	fprintf(stderr, _("run %s (%s)\n"), result_name(result), about);
}

static void take(struct report *report, const struct result *result)
{
	struct drawing *d = report->data;

	draw(d, result);
	if (d->out && result->final && d->error >= 0)
		d->error =
			page_folder_ladder(d->out, result_name(result), result);
}

static void end(struct report *report MACRO_UNUSED,
		const struct report_tally *tally MACRO_UNUSED)
{
}

static const struct reporter reporter_figure = {
	.name = "figure",
	.begin = begin,
	.start = start,
	.result = take,
	.end = end,
};

static int run(struct drawing *d)
{
	char text[FIGURE_RUNS][TESTCASE_RUN_NAME];
	char *names[FIGURE_RUNS];
	struct command_options options;
	size_t n = 0;
	int status;

	for (; d->figure->runs[n]; n++) {
		snprintf(text[n], sizeof(text[n]), "%s", d->figure->runs[n]);
		names[n] = text[n];
	}
	run_options_of_names(&options, d->out, names, n);
	options.reporter = &reporter_figure;
	options.reporter_data = d;
	status = run_options_execute(&options);
	return status == EXIT_STATUS_USAGE ? status : finish(d, status);
}

/* --- from a folder -------------------------------------------------------- */

static int read_runs(struct drawing *d)
{
	struct saved *saved;
	struct saved_run *runs;
	size_t n, drawn = 0;
	int r = saved_new(&saved, d->from);

	if (r < 0) {
		fprintf(stderr, "halfopen figure: %s\n", error_text());
		return r == -ENOMEM ? EXIT_STATUS_BROKEN : EXIT_STATUS_USAGE;
	}
	n = saved_runs(saved, &runs);
	for (size_t i = 0; i < n && d->error >= 0; i++) {
		if (!runs[i].result || piece_of(d, runs[i].result) < 0)
			continue;
		d->error = saved_read_journal(&runs[i]);
		if (d->error >= 0)
			draw(d, runs[i].result);
		result_clear_journal(runs[i].result);
		drawn++;
	}
	saved_free(saved);
	if (drawn)
		return finish(d, EXIT_STATUS_PASS);
	fprintf(stderr,
		_("halfopen figure: no run of figure %s below %s; it needs "
		  "%s\n"),
		d->figure->number, d->from, d->figure->runs[0]);
	return EXIT_STATUS_USAGE;
}

/* --- the command line ----------------------------------------------------- */

static int print_list(void)
{
	const char *const headings[] = { _("figure"), _("article"),
					 _("title") };
	struct table *table;
	size_t n;
	const struct documents_figure *figures = documents_figures(&n);
	int r = table_new(&table, ARRAY_SIZE(headings), headings);

	for (size_t i = 0; i < n && r >= 0; i++) {
		char article[] = { figures[i].article, 0 };
		const char *cells[] = { figures[i].number, article,
					_(figures[i].title) };

		r = table_add(table, cells, 0, COLOUR_PLAIN);
	}
	if (r < 0) {
		fprintf(stderr, "halfopen figure: %s\n", error_trail_text());
		return EXIT_STATUS_BROKEN;
	}
	table_print(table, stdout, report_columns(stdout));
	table_free(table);
	return EXIT_STATUS_PASS;
}

enum option_code {
	OPTION_OUT,
	OPTION_FROM,
	OPTION_ASCII,
	OPTION_COLUMNS,
	OPTION_COLOR,
};

const struct usage usage_figure = {
	.name = "figure",
	.arguments = "[NUMBER] [options]",
	.brief = "draw a figure of the documents from real packets",
	.text = "Runs the cases behind a figure of the documents, draws the "
		"figure from their packets, and names what the documents' text "
		"says otherwise. Without a number: lists the figures.",
	.words = (const struct usage_word[]){ { "NUMBER",
					"1 to 42, or words of a title" },
					      { NULL, NULL } },
	.options =
		(const struct usage_option[]){
			[OPTION_OUT] = { "out", 0, "DIR", NULL,
					 "also write figure-NUMBER.html, and "
					 "for each run its journal, page and "
					 "ladder.svg" },
			[OPTION_FROM] = { "from", 0, "DIR", NULL,
					  "draw the runs recorded below DIR "
					  "(run --out, vm --out) instead of "
					  "new ones" },
			[OPTION_ASCII] = USAGE_ASCII,
			[OPTION_COLUMNS] = USAGE_COLUMNS,
			[OPTION_COLOR] = USAGE_COLOR,
			{ NULL, 0, NULL, NULL, NULL } },
	.status = "that of run; 2 for an unknown figure, or a DIR without its "
		  "runs.",
};

/* The figure with this number, or the only one whose title has these words; NULL
 * after a message. */
static const struct documents_figure *find_figure(const char *words)
{
	const struct documents_figure *found = documents_figure(words);
	char numbers[64] = "";
	size_t n, used = 0, n_found = 0;
	const struct documents_figure *figure = documents_figures(&n);

	if (found)
		return found;
	/* Two articles have the same figure. */
	for (size_t i = 0; i < n; i++) {
		if (!documents_figure_is_about(&figure[i], words) ||
		    (found && strcmp(found->title, figure[i].title) == 0))
			continue;
		if (used < sizeof(numbers))
			used += (size_t)snprintf(numbers + used,
						 sizeof(numbers) - used, "%s%s",
						 used ? ", " : "",
						 figure[i].number);
		found = found ? found : &figure[i];
		n_found++;
	}
	if (n_found == 1)
		return found;
	if (found)
		usage_error(_("several figures have '%s' in their titles: %s"),
			    words, numbers);
	else
		usage_error(
			_("unknown figure '%s'; 'halfopen figure' lists them"),
			words);
	return NULL;
}

/* Returns -1, or an exit status. */
static int parse(struct drawing *d, int argc, char **argv)
{
	int option;

	usage_begin(&usage_figure, argc, argv);
	while ((option = usage_next()) >= 0) {
		if (option == OPTION_OUT)
			d->out = optarg;
		else if (option == OPTION_FROM)
			d->from = optarg;
		else if (option == OPTION_ASCII)
			d->view.unicode = false;
		else if (option == OPTION_COLUMNS)
			d->view.columns = (int)usage_number();
		else if (option == OPTION_COLOR)
			d->view.coloured = colour_wanted(
				stdout, (enum colour_when)usage_choice());
	}
	if (option != USAGE_END)
		return usage_end(option);
	if (!argv[optind])
		return d->out || d->from ? usage_error(_("missing NUMBER")) :
					   print_list();
	if (argv[optind + 1])
		return usage_error(_("more than one figure"));
	d->figure = find_figure(argv[optind]);
	if (!d->figure)
		return EXIT_STATUS_USAGE;
	/* Runs check it themselves. */
	if (d->out && d->from && out_folder_check(d->out) < 0)
		return usage_error("--out: %s", error_text());
	return -1;
}

int cmd_figure(int argc, char **argv)
{
	struct drawing drawing = {
		.view = { .unicode = report_unicode(stdout),
			  .columns = report_columns(stdout),
			  .coloured = colour_wanted(stdout, COLOUR_AUTO) },
	};
	int status = parse(&drawing, argc, argv);

	if (status >= 0)
		return status;
	assert(drawing.figure); /* parse() has found it */
	return drawing.from ? read_runs(&drawing) : run(&drawing);
}
