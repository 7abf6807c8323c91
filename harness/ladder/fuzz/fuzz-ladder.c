/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal, line by line, drawn in every way. */
#include "fold.h"
#include "fuzz.h"
#include "journal.h"
#include "ladder.h"

static json_t *read_all(const char *text, size_t size)
{
	json_t *journal = json_array(), *record;

	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;

		if (journal_parse(&record, text, length) >= 0)
			json_array_append_new(journal, record);
		size -= length + (end != NULL);
		text += length + (end != NULL);
	}
	return journal;
}

static void check_lines(const char *text, int columns)
{
	while (*text) {
		const char *end = strchr(text, '\n');

		fuzz_must(end);
		fuzz_must(fold_width(text, (size_t)(end - text)) <= columns);
		text = end + 1;
	}
}

static void draw(const struct ladder *ladder, int columns, bool unicode)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out);
	ladder_print(out, ladder,
		     &(struct ladder_view){ .columns = columns,
					    .unicode = unicode });
	fclose(out);
	check_lines(text, columns);
	free(text);
}

static void draw_svg(const struct ladder *ladder)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fuzz_must(out);
	fuzz_must(ladder_svg(out, ladder) == 0);
	fclose(out);
	fuzz_must(!strstr(text, "=\"nan") && !strstr(text, "=\"-nan") &&
		  !strstr(text, "=\"inf") && !strstr(text, "=\"-inf"));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *journal = read_all((const char *)data, size);
	struct ladder *ladder;

	fuzz_must(ladder_new(&ladder, journal) == 0);
	draw(ladder, 40, true);
	draw(ladder, 97, false);
	draw_svg(ladder);
	ladder_free(ladder);
	fuzz_must(ladder_new_whole(&ladder, journal) == 0);
	json_decref(journal);
	draw(ladder, 80, true);
	ladder_free(ladder);
	return 0;
}
