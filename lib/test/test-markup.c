/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "markup.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void assert_text(const char *text, const char *expected)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_ptr_nonnull(out);
	markup_text(out, text);
	fclose(out);
	ck_assert_str_eq(got, expected);
	free(got);
}

START_TEST(characters_of_markup_become_entities)
{
	assert_text("<a href=\"b\">'&'</a>",
		    "&lt;a href=&quot;b&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}
END_TEST

START_TEST(utf8_tabs_and_newlines_are_unchanged)
{
	assert_text("µs … 漢字\t\n", "µs … 漢字\t\n");
	assert_text("", "");
}
END_TEST

/* XML 1.0 section 2.2. */
START_TEST(characters_that_xml_forbids_are_replaced)
{
	assert_text("a\x01\x1f" "b", "a\xef\xbf\xbd\xef\xbf\xbd" "b");
	assert_text("a\xef\xbf\xbe\xef\xbf\xbf" "b",
		    "a\xef\xbf\xbd\xef\xbf\xbd" "b");
	/* U+FFFD itself, and an end that only looks like U+FFFE. */
	assert_text("\xef\xbf\xbd\xef\xbf", "\xef\xbf\xbd\xef\xbf");
}
END_TEST

START_TEST(line_ends_in_attributes_are_references)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_ptr_nonnull(out);
	markup_attribute(out, "title", "a\n\"b\"\t");
	fclose(out);
	ck_assert_str_eq(got, " title=\"a&#10;&quot;b&quot;&#9;\"");
	free(got);
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&characters_of_markup_become_entities,
		&utf8_tabs_and_newlines_are_unchanged,
		&characters_that_xml_forbids_are_replaced,
		&line_ends_in_attributes_are_references,
	};

	return unit_run("markup", tests, ARRAY_SIZE(tests), NULL);
}
