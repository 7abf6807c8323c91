/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run says of the documents' sentences, in a few words. */
#include "report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "macro.h"

/* The number of a claim, 5 for A5; 0 for what is no claim's name. */
static long number_of(const char *claim)
{
	return *claim ? strtol(claim + 1, NULL, 10) : 0;
}

static bool follows(const char *claim, const char *before)
{
	return claim[0] == before[0] &&
	       number_of(claim) == number_of(before) + 1;
}

void report_claims(const struct judgement *judgements,
		   char ret[static REPORT_TEXT])
{
	size_t at = 0;

	*ret = '\0';
	for (size_t i = 0; judgements && judgements[i].claim; i++) {
		size_t first = i;

		while (judgements[i + 1].claim &&
		       follows(judgements[i + 1].claim, judgements[i].claim))
			i++;
		if (at + 1 >= REPORT_TEXT)
			return;
		at += (size_t)snprintf(ret + at, REPORT_TEXT - at, "%s%s",
				       at ? " " : "", judgements[first].claim);
		if (i > first && at + 1 < REPORT_TEXT)
			at += (size_t)snprintf(ret + at, REPORT_TEXT - at,
					       "-%s", judgements[i].claim);
	}
}

enum { CLAIMS_MAX = 64 };

static int by_number(const void *a, const void *b)
{
	const struct judgement *x = a, *y = b;

	if (x->claim[0] != y->claim[0])
		return x->claim[0] - y->claim[0];
	return (int)(number_of(x->claim) - number_of(y->claim));
}

static size_t gather(struct judgement *to, size_t n,
		     const struct judgement *from)
{
	for (; from && from->claim && n < CLAIMS_MAX; from++) {
		size_t i = 0;

		while (i < n && strcmp(to[i].claim, from->claim) != 0)
			i++;
		to[i] = *from;
		n = MAX(n, i + 1);
	}
	return n;
}

void report_all_claims(const struct testcase *testcase,
		       char ret[static REPORT_TEXT])
{
	const struct variant *variant = testcase->variants;
	struct judgement all[CLAIMS_MAX + 1];
	size_t n = gather(all, 0, testcase->judgements);

	for (; variant && variant->name; variant++)
		n = gather(all, n, variant->judgements);
	qsort(all, n, sizeof(*all), by_number);
	all[n].claim = NULL;
	report_claims(all, ret);
}

/* A stop inside a name (net.ipv4, tcp_timer.c), before a small letter or before
 * a number (e.g. 3) ends no sentence. */
size_t report_sentence(const char *note)
{
	size_t length = strlen(note);

	for (size_t i = 0; i + 2 < length; i++)
		if (strchr(".!?", note[i]) && note[i + 1] == ' ' &&
		    !islower((unsigned char)note[i + 2]) &&
		    !isdigit((unsigned char)note[i + 2]))
			return i;
	return length && note[length - 1] == '.' ? length - 1 : length;
}

/* Right is right; all else says when, and why. */
static bool needs_words(const json_t *judgement)
{
	return strcmp(journal_text(judgement, "document"), "right") != 0;
}

static void print_judgement(FILE *out, const json_t *judgement)
{
	const char *since = journal_text(judgement, "since");
	const char *note = journal_text(judgement, "note");

	fputs(journal_text(judgement, "document"), out);
	if (!needs_words(judgement))
		return;
	if (*since)
		fprintf(out, " since %s", since);
	if (*note)
		fprintf(out, ": %.*s", (int)report_sentence(note), note);
}

/* "A3 A4 right": claims in a row that come to the same are named together. */
static size_t print_group(FILE *out, const json_t *judgements, size_t i)
{
	const json_t *judgement = json_array_get(judgements, i);

	fprintf(out, "%s%s", i ? "; " : "", journal_text(judgement, "claim"));
	while (!needs_words(judgement) && i + 1 < json_array_size(judgements) &&
	       !needs_words(json_array_get(judgements, i + 1))) {
		judgement = json_array_get(judgements, ++i);
		fprintf(out, " %s", journal_text(judgement, "claim"));
	}
	fputc(' ', out);
	print_judgement(out, judgement);
	return i;
}

char *report_text_is(const json_t *judgements)
{
	size_t n = json_array_size(judgements), size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (n == 1)
		print_judgement(out, json_array_get(judgements, 0));
	for (size_t i = 0; n > 1 && i < n; i++)
		i = print_group(out, judgements, i);
	fclose(out);
	return text;
}
