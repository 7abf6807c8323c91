/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page of the book, and how it shows a judgement, a run and a change. Each
 * page is one file that loads nothing; its links lead to other pages of the
 * book.
 */
#pragma once

#include <stdio.h>

#include "book-runs.h"
#include "documents.h"

struct book_page {
	FILE *out;
	const struct book_runs *runs;
	bool *shown; /* of each run: it is on this page already */
};

/* Creates DIR/NAME and writes its head, links to the other pages and <h1>; the
 * title may have a `lang`, or NULL. */
int book_page_open(struct book_page *ret, const char *dir, const char *name,
		   const struct book_runs *runs, const char *title,
		   const char *language);
/* Returns r, or the error of writing. */
int book_page_close(struct book_page *page, int r);

/* The address of the article: "article-a.html". */
void book_page_article(FILE *out, char article);

/* <a href="article-a.html#A5">A5</a>, also from the article itself. */
void book_page_claim_link(FILE *out, const char *claim);

/* <p class="..."> with escaped text. */
void book_page_paragraph(FILE *out, const char *class_name, const char *text);

/* "conditional since 4.19: NOTE" */
void book_page_judgement(FILE *out, enum document document, const char *since,
			 const char *note);

/* <code>halfopen run NAME</code>, and for a long one its duration and the
 * command for virtual time. */
void book_page_command(FILE *out, const char *name, nsec_t duration);

/* Verdict, reason, values and ladder of a run. A run that is on the page
 * already is a link; one that is not recorded is a sentence. */
void book_page_run(struct book_page *page, const struct book_run *run);

/* The changes of the kernel that the case declares. */
void book_page_changes(FILE *out, const struct testcase *testcase);
