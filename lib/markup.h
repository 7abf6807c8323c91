/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text in XML, HTML and Markdown: the only escaper of the project. Characters of
 * markup become entities. Characters that XML 1.0 (section 2.2) does not allow in
 * any form - most control characters, U+FFFE and U+FFFF - become U+FFFD.
 *
 * Text is UTF-8, and is not checked: a caller with bytes of unknown origin
 * checks them (jansson does it for journals). Output errors are left to the
 * stream (ferror(), fclose()).
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* The content of an element, or of a value between quotes. */
void markup_text(FILE *out, const char *text);
void markup_bytes(FILE *out, const char *bytes, size_t size);

/*
 * ` name="value"`. Tabs and line ends in the value are character references: an
 * XML parser replaces literal ones by blanks (XML 1.0 section 3.3.3).
 */
void markup_attribute(FILE *out, const char *name, const char *value);

/* The content of a cell of a Markdown table: a bar would end it, and is
 * escaped. NULL: nothing. */
void markup_cell(FILE *out, const char *text);
