/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text inside XML and HTML. What would be markup is escaped; what XML 1.0 does
 * not allow at all (most control characters) is shown as U+FFFD.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* UTF-8. */
void markup_text(FILE *out, const char *text);
void markup_bytes(FILE *out, const char *bytes, size_t size);

/*
 * ` name="value"`. Tabs and line ends in the value are character references: an
 * XML parser replaces literal ones by blanks (XML 1.0 section 3.3.3).
 */
void markup_attribute(FILE *out, const char *name, const char *value);
