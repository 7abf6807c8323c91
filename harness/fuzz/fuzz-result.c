/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal of several lines: folded into a result that is printed in every
 * format, as a page and as each figure, and compared with itself. */
#include <errno.h>
#include <stdio.h>

#include "compare-print.h"
#include "fake.h"
#include "figure.h"
#include "fuzz.h"
#include "journal.h"
#include "page.h"

/* False for an invalid line, after which the worker stops reading. */
static bool take(struct result *result, const char *line, size_t size)
{
	struct journal_packet frame;
	json_t *record;
	int r;

	if (journal_read_packet(&frame, line, size)) {
		fuzz_must(result_take_frame(result, line, size) == 0);
		return true;
	}
	r = journal_parse(&record, line, size);
	if (r >= 0)
		r = result_take(result, record);
	fuzz_must(r == 0 || r == -EBADMSG);
	return r == 0;
}

static void read_journal(struct result *result, const char *at, size_t size)
{
	const char *newline;

	while ((newline = memchr(at, '\n', size))) {
		size_t length = (size_t)(newline - at);

		if (!take(result, at, length)) {
			result_broken(result, error_trail());
			return;
		}
		at += length + 1;
		size -= length + 1;
	}
	if (!result->has_verdict)
		result_broken(result, "no verdict");
}

static void report(const struct result *result, const char *format)
{
	const struct report_tally tally = { .broken = 1 };
	struct fake_report fake;

	fake_begin(&fake, format, 1, 80);
	fake.report.reporter->result(&fake.report, result);
	free(fake_end(&fake, &tally));
}

static void write_page(const struct result *result)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out && page_write(out, result, NULL) == 0);
	fclose(out);
	free(text);
}

static void draw_figures(const struct result *result)
{
	const struct ladder_view view = { .columns = 80, .unicode = true };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out);
	for (int kind = FIGURE_ROUNDS; kind <= FIGURE_LISTENER; kind++)
		fuzz_must(figure_print(out, (enum figure_kind)kind, result,
				       &view) == 0);
	fclose(out);
	free(text);
}

/* A run does not differ from itself. */
static void compare(const struct result *result)
{
	const struct compare_view view = { .columns = 80, .verbose = true };
	struct comparison *comparison;
	char *text = NULL, origin[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	compare_origin(result, origin, sizeof(origin));
	fuzz_must(out && comparison_new(&comparison, result, result) == 0);
	fuzz_must(!comparison->differs);
	compare_print_details(out, &view, comparison);
	json_decref(comparison_json(comparison));
	comparison_free(comparison);
	fclose(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "human", "ktap", "junit",
					       "jsonl" };
	struct result *result = fake_new(FAKE_DATA, 0);

	read_journal(result, (const char *)data, size);
	if (result_parse_frames(result) < 0)
		result_broken(result, error_trail());
	fuzz_must(result->has_verdict && result->reason);
	result->final = true;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		report(result, formats[i]);
	write_page(result);
	draw_figures(result);
	compare(result);
	result_free(result);
	return 0;
}
