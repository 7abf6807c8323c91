/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of the pages that page.c and page-index.c write. A page is one file of
 * XHTML-compatible HTML: style and script are inside it, and it loads nothing.
 * All text is escaped here (markup.h).
 */
#pragma once

#include <stdio.h>

#include "result.h"

/* From the doctype to the end of <head>; the caller writes <body>. `language` is
 * the tag of the page's: "en". */
void html_begin(FILE *out, const char *language, const char *title);
/* </body> and </html>. */
void html_end(FILE *out);

/* The script of the zoom buttons; at the end of <body>. */
void html_script(FILE *out);

/* "PASS", as a coloured badge. */
void html_verdict(FILE *out, const struct result *result);

/* A <td>; `class_name` "" for none. */
void html_cell(FILE *out, const char *class_name, const char *text);

/* A number, a word, or a dash for anything else. */
void html_value(FILE *out, const json_t *value);

/* The table of predicted and measured values. */
void html_values(FILE *out, const struct result *result);

/* "2026-11-25 22:57:31 UTC" of seconds since 1970; nothing for a time that is
 * not between 1970 and 2096. */
void html_date(FILE *out, double epoch);
