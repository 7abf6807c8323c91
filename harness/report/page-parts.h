/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page for a browser is made of: for the files page-*.c alone. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "result.h"

/* From the doctype to the body's start, style and all. */
void page_begin(FILE *out, const char *title);
void page_end(FILE *out);

/* The few lines of script: buttons that make the ladder larger and smaller. */
void page_script(FILE *out);

/* "PASS", as a badge of its colour. */
void page_verdict(FILE *out, const struct result *result);

/* "A5 conditional": a claim and what a run says of it, of its colour. */
void page_document(FILE *out, const char *claim, const char *document,
		   const char *since);

/* "2026-11-25 22:57:31 UTC", from an epoch. */
void page_date(FILE *out, double epoch);

/* page-facts.c: sections of a run's page; none where there is nothing to tell. */
void page_values(FILE *out, const struct result *result);
void page_expectations(FILE *out, const struct result *result);
void page_sysctls(FILE *out, const struct result *result);
void page_counters(FILE *out, const json_t *journal);
void page_timeline(FILE *out, const json_t *journal, double zero);

/* Of a lab: what the states at its end come to. */
void page_meaning(FILE *out, const json_t *journal);
