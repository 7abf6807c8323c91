/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A claim is listed under
 *   a sysctl   that a case sets which judges it, or that its texts name,
 *   an errno   that its texts name, or that a run predicts or measures,
 *   a state    likewise,
 *   a counter  that its run changed, or that its texts name.
 * Its texts are its paraphrase, the reasons of the judgements, and the texts of
 * the cases that make them. All are searched in English, whatever the language
 * of the book; the words are the same.
 */
#include "book-terms.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "book-page.h"
#include "errors.h"
#include "macro.h"
#include "markup.h"
#include "message.h"

enum kind { KIND_SYSCTL, KIND_ERRNO, KIND_STATE, KIND_COUNTER, KINDS };

static const char *const headings[KINDS] = {
	[KIND_SYSCTL] = N_("Sysctls"),
	[KIND_ERRNO] = N_("Errors (errno)"),
	[KIND_STATE] = N_("States"),
	[KIND_COUNTER] = N_("Counters"),
};

/* As documents and RFC 9293 write them; and as ss(8) does. */
static const struct {
	const char *name, *ss;
} states[] = {
	{ "CLOSE-WAIT", NULL },
	{ "CLOSED", "UNCONN" },
	{ "CLOSING", NULL },
	{ "ESTABLISHED", "ESTAB" },
	{ "FIN-WAIT-1", NULL },
	{ "FIN-WAIT-2", NULL },
	{ "LAST-ACK", NULL },
	{ "LISTEN", NULL },
	{ "SYN-RECEIVED", "SYN-RECV" },
	{ "SYN-SENT", NULL },
	{ "TIME-WAIT", NULL },
};

struct entry {
	enum kind kind;
	const char *term, *claim;
};

struct terms {
	const struct book *book;
	struct entry *all;
	size_t n, capacity;
	bool failed;
};

/* --- collecting ----------------------------------------------------------- */

/* `term` lives as long as the book. */
static void add(struct terms *terms, enum kind kind, const char *term,
		const char *claim)
{
	struct entry *grown = array_grow(terms->all, terms->n, &terms->capacity,
					 sizeof(*grown));

	if (!grown) {
		terms->failed = true;
		return;
	}
	terms->all = grown;
	terms->all[terms->n++] = (struct entry){ kind, term, claim };
}

static bool is_word(const char *word, size_t size, const char *name)
{
	return name && strlen(name) == size && strncmp(word, name, size) == 0;
}

/* "tcp_retries2" of "net.ipv4.tcp_retries2" */
static const char *last_part(const char *sysctl)
{
	const char *dot = strrchr(sysctl, '.');

	return dot ? dot + 1 : sysctl;
}

static const char *find_setting(const struct setting *setting, const char *word,
				size_t size)
{
	for (; setting && setting->name; setting++)
		if (is_word(word, size, last_part(setting->name)))
			return setting->name;
	return NULL;
}

/* A sysctl that any case sets. */
static const char *find_sysctl(const char *word, size_t size)
{
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;
		const char *name =
			find_setting(testcases[i]->settings, word, size);

		for (; !name && variant && variant->name; variant++)
			name = find_setting(variant->settings, word, size);
		if (name)
			return name;
	}
	return NULL;
}

static const char *find_errno(const char *word, size_t size)
{
	enum { LAST_ERRNO = 133 };

	for (int i = 1; i <= LAST_ERRNO && *word == 'E'; i++)
		if (is_word(word, size, strerrorname_np(i)))
			return strerrorname_np(i);
	return NULL;
}

static const char *find_state(const char *word, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (is_word(word, size, states[i].name) ||
		    is_word(word, size, states[i].ss))
			return states[i].name;
	return NULL;
}

static const char *find_counter(const struct book_runs *runs, const char *word,
				size_t size)
{
	for (size_t i = 0; i < runs->n; i++) {
		const char *name;
		json_t *value;

		json_object_foreach(
			runs->all[i].counters, name,
			value) if (is_word(word, size, name)) return name;
	}
	return NULL;
}

static void add_word(struct terms *terms, const char *word, size_t size,
		     const char *claim)
{
	const char *names[KINDS] = {
		[KIND_SYSCTL] = find_sysctl(word, size),
		[KIND_ERRNO] = find_errno(word, size),
		[KIND_STATE] = find_state(word, size),
		[KIND_COUNTER] = find_counter(&terms->book->runs, word, size),
	};

	for (enum kind kind = 0; kind < KINDS; kind++)
		if (names[kind])
			add(terms, kind, names[kind], claim);
}

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The terms in a text; NULL: none. */
static void add_text(struct terms *terms, const char *text, const char *claim)
{
	while (text && *text) {
		size_t size = 0;

		while (is_part(text[size]))
			size++;
		if (size > 2)
			add_word(terms, text, size, claim);
		text += MAX(size, 1);
	}
}

static void add_settings(struct terms *terms, const struct setting *setting,
			 const char *claim)
{
	for (; setting && setting->name; setting++)
		add(terms, KIND_SYSCTL, setting->name, claim);
}

static void add_values(struct terms *terms, json_t *values, const char *claim)
{
	const char *name;
	json_t *value;

	json_object_foreach(values, name, value)
	{
		add_text(terms, name, claim);
		if (json_is_string(value))
			add_text(terms, json_string_value(value), claim);
	}
}

/* Every connection changes InSegs; that is no way to find a claim. */
static bool is_usual(const struct book_runs *runs, const char *counter)
{
	size_t n = book_runs_recorded(runs);

	return n > 2 && book_runs_counting(runs, counter) * 2 > n;
}

static void add_run(struct terms *terms, const struct book_run *run,
		    const char *claim)
{
	const char *name;
	json_t *value;

	if (!run->result)
		return;
	add_values(terms, run->result->predicted, claim);
	add_values(terms, run->result->measured, claim);
	json_object_foreach(run->counters, name,
			    value) if (!is_usual(&terms->book->runs, name))
		add(terms, KIND_COUNTER, name, claim);
}

static void add_row(struct terms *terms, const struct documents_row *row)
{
	const struct testcase *testcase = row->testcase;
	const struct book_run *run = book_run_of(terms->book, row);
	const struct variant *variant = run->variant;
	const char *const *step = testcase->steps;
	const char *claim = row->judgement->claim;

	add_text(terms, documents_claim(claim), claim);
	add_text(terms, row->judgement->note, claim);
	add_text(terms, testcase->claim, claim);
	add_text(terms, testcase->why, claim);
	add_text(terms, testcase->expect, claim);
	for (; step && *step; step++)
		add_text(terms, *step, claim);
	add_settings(terms, testcase->settings, claim);
	if (variant) {
		add_text(terms, variant->what, claim);
		add_settings(terms, variant->settings, claim);
	}
	add_run(terms, run, claim);
}

/* --- the page ------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int difference = (int)x->kind - (int)y->kind;

	if (difference == 0)
		difference = strcmp(x->term, y->term);
	if (difference == 0)
		difference = strverscmp(x->claim, y->claim);
	return difference;
}

static void put_entries(FILE *out, const struct terms *terms, enum kind kind)
{
	const struct entry *last = NULL;

	for (size_t i = 0; i < terms->n; i++) {
		const struct entry *entry = &terms->all[i];

		if (entry->kind != kind || (last && compare(entry, last) == 0))
			continue;
		if (!last) {
			fprintf(out, "<h2>%s</h2>\n<dl class=\"terms\">\n",
				_(headings[kind]));
		}
		if (!last || strcmp(last->term, entry->term) != 0) {
			fprintf(out, "%s<dt>", last ? "</dd>\n" : "");
			markup_text(out, entry->term);
			fputs("</dt><dd>", out);
		} else {
			fputs(" ", out);
		}
		book_page_claim_link(out, entry->claim);
		last = entry;
	}
	if (last)
		fputs("</dd>\n</dl>\n", out);
}

int book_terms_write(const struct book *book)
{
	struct terms terms = { .book = book };
	struct book_page page;
	int r;

	for (size_t i = 0; i < book->n_rows; i++)
		add_row(&terms, &book->rows[i]);
	if (terms.failed) {
		free(terms.all);
		return error_origin(-ENOMEM, "book");
	}
	if (terms.n)
		qsort(terms.all, terms.n, sizeof(*terms.all), compare);
	r = book_page_open(&page, book->out, "terms.html", &book->runs,
			   _("Index"), NULL);
	if (r >= 0) {
		for (enum kind kind = 0; kind < KINDS; kind++)
			put_entries(page.out, &terms, kind);
		book_page_paragraph(page.out, "note",
				    _("Counters that change in most of the "
				      "runs are left out."));
		r = book_page_close(&page, 0);
	}
	free(terms.all);
	return error_trace(r);
}
