/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each claim has three texts: what it says, why it is judged so, and where it is.
 * A pattern in the first ranks before one in the second, and so on; within a rank,
 * and for a pattern that is nowhere as a whole, the claims that share the most
 * words with it come first (score_words()).
 */
#include "claim-search.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "errors.h"
#include "macro.h"
#include "message.h"
#include "search-text.h"
#include "selection.h"

/* Shorter ones occur everywhere, except as whole words; a Chinese character has
 * three bytes. */
static bool is_long(const char *pattern)
{
	enum { SHORTEST = 3 };

	return strlen(pattern) >= SHORTEST;
}

/* "2s" is a time, "E5" a mistaken claim. */
static bool is_text(const char *pattern)
{
	return (is_long(pattern) || isdigit((unsigned char)*pattern)) &&
	       !selection_finds(pattern);
}

/* --- the texts of the claims ---------------------------------------------- */

enum place { PLACE_CLAIM, PLACE_REASON, PLACE_HEADING, PLACES };

struct claim_text {
	const char *id;
	struct search_text places[PLACES];
};

struct texts {
	struct claim_text *claims;
	size_t n;
	bool failed; /* without memory */
};

static struct claim_text *find_claim(struct texts *texts, const char *id)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->claims[i].id, id) == 0)
			return &texts->claims[i];
	texts->claims[texts->n].id = id;
	return &texts->claims[texts->n++];
}

/* An English text is searched for in both languages. */
static void add(struct texts *texts, struct claim_text *claim, enum place place,
		const char *text)
{
	const char *chinese = text ? message_chinese(text) : NULL;

	if (!search_text_add(&claim->places[place], text) ||
	    !search_text_add(&claim->places[place], chinese))
		texts->failed = true;
}

static void add_words(struct texts *texts, struct claim_text *claim,
		      const char *text)
{
	char *words = strdup(text ? text : "");
	char *rest = NULL;

	if (!words)
		texts->failed = true;
	for (char *word = words ? strtok_r(words, " ", &rest) : NULL; word;
	     word = strtok_r(NULL, " ", &rest))
		add(texts, claim, PLACE_CLAIM, word);
	free(words);
}

static void add_lines(struct texts *texts)
{
	size_t n;
	const struct documents_line *line = documents_lines(&n);
	const char *title = "", *section = "";

	for (const struct documents_line *end = line + n; line < end; line++) {
		struct claim_text *claim;

		if (line->kind == LINE_TITLE)
			title = line->text;
		if (line->kind != LINE_CLAIM) {
			section = line->text;
			continue;
		}
		claim = find_claim(texts, line->id);
		add(texts, claim, PLACE_HEADING, title);
		add(texts, claim, PLACE_HEADING, section);
		if (!line->text)
			continue;
		add(texts, claim, PLACE_CLAIM, line->text);
		add_words(texts, claim, line->words);
	}
}

static void add_reasons(struct texts *texts, const struct judgement *judgement)
{
	for (; judgement && judgement->claim; judgement++)
		for (size_t i = 0; i < texts->n; i++)
			if (strcmp(texts->claims[i].id, judgement->claim) == 0)
				add(texts, &texts->claims[i], PLACE_REASON,
				    judgement->note);
}

static bool read_texts(struct texts *texts)
{
	size_t n;

	documents_lines(&n);
	texts->claims = calloc(n, sizeof(*texts->claims));
	if (!texts->claims)
		return false;
	add_lines(texts);
	for (size_t i = 0; i < testcases_n; i++) {
		const struct variant *variant = testcases[i]->variants;

		add_reasons(texts, testcases[i]->judgements);
		for (; variant && variant->name; variant++)
			add_reasons(texts, variant->judgements);
	}
	return !texts->failed;
}

static void free_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		for (int place = 0; place < PLACES; place++)
			search_text_clear(&texts->claims[i].places[place]);
	free(texts->claims);
}

/* --- shared words --------------------------------------------------------- */

/* What a word in a place counts for. */
static const double place_weight[PLACES] = { 1, 0.4, 0.2 };

static double word_weight(const struct claim_text *claim,
			  const struct search_text *word)
{
	for (int place = 0; place < PLACES; place++)
		if (search_text_has(&claim->places[place], word, false))
			return place_weight[place];
	return 0;
}

/*
 * Adds to scores[] of each claim the share of the pattern's words that it has,
 * between 0 and 1. A word counts the more, the fewer claims have it (inverse
 * document frequency). Returns what all of the pattern's words count for.
 */
static double score_words(const struct texts *texts,
			  const struct search_text *pattern, double *scores,
			  double *weights)
{
	double all = 0;

	for (size_t at = 0; at < pattern->n; at++) {
		size_t n = search_text_unit(pattern, at), n_claims = 0;
		struct search_text word = { .chars = &pattern->chars[at],
					    .n = n };
		double rarity;

		if (!n)
			continue;
		for (size_t i = 0; i < texts->n; i++) {
			weights[i] = word_weight(&texts->claims[i], &word);
			n_claims += weights[i] > place_weight[PLACE_HEADING];
		}
		rarity = log((double)(texts->n + 1) / (double)(n_claims + 1));
		all += rarity;
		for (size_t i = 0; i < texts->n; i++)
			scores[i] += rarity * weights[i];
	}
	for (size_t i = 0; i < texts->n && all > 0; i++)
		scores[i] /= all;
	return all;
}

/* --- one text ------------------------------------------------------------- */

/* Ranks, of which a score adds its share of words to one. */
enum {
	RANK_CASE = 1,
	RANK_HEADING,
	RANK_REASON,
	RANK_CLAIM,
	RANK_FIGURE = 6, /* above a claim with "32 bit", for "32" */
};

static int rank_of(const struct claim_text *claim,
		   const struct search_text *pattern, bool loose)
{
	for (int place = 0; place < PLACES; place++)
		if (search_text_has(&claim->places[place], pattern, loose))
			return RANK_CLAIM - place;
	return 0;
}

static bool sentence_has(const struct testcase *testcase, const char *pattern)
{
	return is_long(pattern) &&
	       search_text_contains(testcase->claim, pattern);
}

static bool judges(const struct judgement *judgement, const char *claim)
{
	for (; judgement && judgement->claim; judgement++)
		if (strcmp(judgement->claim, claim) == 0)
			return true;
	return false;
}

static bool case_judges(const struct testcase *testcase, const char *claim)
{
	const struct variant *variant = testcase->variants;

	if (judges(testcase->judgements, claim))
		return true;
	for (; variant && variant->name; variant++)
		if (judges(variant->judgements, claim))
			return true;
	return false;
}

/* Whether a case that judges the claim has the pattern in its sentence. */
static bool case_mentions(const char *claim, const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (sentence_has(testcases[i], pattern) &&
		    case_judges(testcases[i], claim))
			return true;
	return false;
}

static bool any_sentence_has(const char *pattern)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (sentence_has(testcases[i], pattern))
			return true;
	return false;
}

static bool figure_shows(const struct documents_figure *figure,
			 const char *claim)
{
	for (size_t i = 0; figure && i < testcases_n; i++)
		if (case_judges(testcases[i], claim) &&
		    documents_shows_claim(figure, testcases[i], claim))
			return true;
	return false;
}

static bool is_judged(const char *claim)
{
	for (size_t i = 0; i < testcases_n; i++)
		if (case_judges(testcases[i], claim))
			return true;
	return false;
}

/* Whether a pattern is a sentence, or part of one, and no misspelt name. */
static bool has_words(const char *pattern)
{
	for (; *pattern; pattern++)
		if (!isascii((unsigned char)*pattern) || *pattern == ' ')
			return true;
	return false;
}

/* The search for one text; of each claim: */
struct find {
	const struct texts *texts;
	const struct documents_figure *figure; /* with this number; or NULL */
	double *words; /* the share of words */
	double *weights; /* scratch of score_words() */
	double *scores; /* 0: not found */
	bool *in_cases_only;
};

static bool find_new(struct find *find, const struct texts *texts)
{
	*find = (struct find){
		.texts = texts,
		.words = calloc(texts->n + 1, sizeof(*find->words)),
		.weights = calloc(texts->n + 1, sizeof(*find->weights)),
		.scores = calloc(texts->n + 1, sizeof(*find->scores)),
		.in_cases_only =
			calloc(texts->n + 1, sizeof(*find->in_cases_only)),
	};
	return find->words && find->weights && find->scores &&
	       find->in_cases_only;
}

static void find_free(struct find *find)
{
	free(find->words);
	free(find->weights);
	free(find->scores);
	free(find->in_cases_only);
}

/* Whether any claim is found other than by the sentence of a case. */
static bool find_whole(struct find *find, const struct search_text *folded,
		       const char *pattern, bool loose)
{
	const struct texts *texts = find->texts;
	bool found = false;

	for (size_t i = 0; i < texts->n; i++) {
		const struct claim_text *claim = &texts->claims[i];
		int rank = figure_shows(find->figure, claim->id) ?
				   RANK_FIGURE :
				   rank_of(claim, folded, loose);

		if (rank && !is_judged(claim->id))
			rank = 0;
		find->in_cases_only[i] =
			!rank && case_mentions(claim->id, pattern);
		if (find->in_cases_only[i])
			rank = RANK_CASE;
		find->scores[i] = rank ? rank + find->words[i] : 0;
		found |= rank > RANK_CASE;
	}
	return found;
}

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* Keeps the claims that share the most words with a text that is nowhere as a
 * whole. */
static bool find_nearest(struct find *find, double all)
{
	enum { NEAREST = 5, LONG = 40 /* as of ten rare words */ };
	const double share_of_best = 0.3;
	const size_t n = find->texts->n;
	/* A long sentence has many words that no claim has. */
	const double enough = 0.1 * fmin(1, LONG / all);
	double *sorted = find->weights, least;

	for (size_t i = 0; i < n; i++)
		find->scores[i] = sorted[i] =
			is_judged(find->texts->claims[i].id) ? find->words[i] :
							       0;
	qsort(sorted, n, sizeof(*sorted), descending);
	least = fmax(enough, share_of_best * sorted[0]);
	if (n > NEAREST)
		least = fmax(least, sorted[NEAREST - 1]);
	for (size_t i = 0; i < n; i++) {
		if (find->scores[i] < least)
			find->scores[i] = 0;
		find->in_cases_only[i] = false;
	}
	return sorted[0] >= enough;
}

/* --- the patterns --------------------------------------------------------- */

static bool add_found(struct search *search, const struct find *find)
{
	const struct texts *texts = find->texts;

	if (!search->claims)
		search->claims = calloc(texts->n + 1, sizeof(*search->claims));
	if (!search->claims)
		return false;
	for (size_t i = 0; i < texts->n; i++) {
		struct search_claim *claim = search->claims;

		if (find->scores[i] <= 0)
			continue;
		while (claim < search->claims + search->n_claims &&
		       claim->id != texts->claims[i].id)
			claim++;
		if (claim == search->claims + search->n_claims) {
			search->n_claims++;
			claim->id = texts->claims[i].id;
			claim->in_cases_only = true;
		}
		claim->score += find->scores[i];
		claim->in_cases_only &= find->in_cases_only[i];
	}
	return true;
}

/* The best first; equal ones remain in the order of the documents. */
static void sort_claims(struct search *search)
{
	for (size_t i = 1; i < search->n_claims; i++) {
		struct search_claim claim = search->claims[i];
		size_t j = i;

		for (; j > 0 && search->claims[j - 1].score < claim.score; j--)
			search->claims[j] = search->claims[j - 1];
		search->claims[j] = claim;
	}
}

static bool find_text(struct search *search, struct find *find,
		      const char *pattern, enum search_mode mode, bool *found)
{
	struct search_text folded = { .n = 0 };
	double all;

	*found = false;
	if (!search_text_add(&folded, pattern))
		return false;
	find->figure = documents_figure(pattern);
	if (find->figure)
		search->figure = find->figure;
	memset(find->words, 0, find->texts->n * sizeof(*find->words));
	all = score_words(find->texts, &folded, find->words, find->weights);
	*found = find_whole(find, &folded, pattern, false) ||
		 (is_long(pattern) &&
		  find_whole(find, &folded, pattern, true)) ||
		 any_sentence_has(pattern);
	if (!*found && mode == SEARCH_NEAREST && has_words(pattern)) {
		*found = find_nearest(find, all);
		search->nearest |= *found;
	}
	search_text_clear(&folded);
	return !*found || add_found(search, find);
}

static bool is_about_claim(const struct search *search, const char *claim,
			   bool in_cases)
{
	for (size_t i = 0; i < search->n; i++)
		if (selection_is_claim(claim, search->patterns[i].pattern))
			return true;
	for (size_t i = 0; i < search->n_claims; i++)
		if (strcmp(search->claims[i].id, claim) == 0)
			return in_cases || !search->claims[i].in_cases_only;
	return false;
}

static bool judges_any(const struct search *search,
		       const struct judgement *judgement)
{
	for (; judgement && judgement->claim; judgement++)
		if (is_about_claim(search, judgement->claim, false))
			return true;
	return false;
}

/* By a name, or a text in its sentence. */
static bool names_case(const struct search_pattern *pattern,
		       const struct testcase *testcase)
{
	return pattern->is_text ?
		       sentence_has(testcase, pattern->pattern) :
		       selection_matches_case(testcase, pattern->pattern);
}

bool search_selects_case(const struct search *search,
			 const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;

	for (size_t i = 0; i < search->n; i++)
		if (names_case(&search->patterns[i], testcase))
			return true;
	if (!search->n || judges_any(search, testcase->judgements))
		return true;
	for (; variant && variant->name; variant++)
		if (judges_any(search, variant->judgements))
			return true;
	return false;
}

bool search_is_about_claim(const struct search *search, const char *claim)
{
	return is_about_claim(search, claim, false);
}

bool search_selects_claim(const struct search *search,
			  const struct testcase *testcase, const char *claim)
{
	for (size_t i = 0; i < search->n; i++)
		if (selection_names_case(testcase, search->patterns[i].pattern))
			return true;
	return !search->n || is_about_claim(search, claim, true);
}

static bool classify(struct search *search, struct find *find,
		     const char *command, enum search_mode mode)
{
	for (size_t i = 0; i < search->n; i++) {
		const struct search_pattern *pattern = &search->patterns[i];
		bool found = !pattern->is_text &&
			     selection_finds(pattern->pattern);

		if (pattern->is_text &&
		    !find_text(search, find, pattern->pattern, mode,
			       &found)) {
			fprintf(stderr, "halfopen %s: %s\n", command,
				error_explanation(ENOMEM));
			return false;
		}
		if (!found) {
			selection_check(command, pattern->pattern);
			return false;
		}
	}
	sort_claims(search);
	return true;
}

bool claim_search_init(struct search *search, const char *command,
		       char *const *patterns, enum search_mode mode)
{
	struct texts texts = { .claims = NULL };
	struct find find;
	bool good, any_text = false;

	*search = (struct search){ .patterns = NULL };
	while (patterns[search->n])
		search->n++;
	search->patterns = calloc(search->n + 1, sizeof(*search->patterns));
	for (size_t i = 0; search->patterns && i < search->n; i++) {
		search->patterns[i].pattern = patterns[i];
		search->patterns[i].is_text = is_text(patterns[i]);
		any_text |= search->patterns[i].is_text;
	}
	good = search->patterns && (!any_text || read_texts(&texts));
	good &= find_new(&find, &texts);
	if (!good)
		fprintf(stderr, "halfopen %s: %s\n", command,
			error_explanation(ENOMEM));
	good = good && classify(search, &find, command, mode);
	find_free(&find);
	free_texts(&texts);
	if (!good)
		claim_search_deinit(search);
	return good;
}

void claim_search_deinit(struct search *search)
{
	free(search->patterns);
	free(search->claims);
	*search = (struct search){ .patterns = NULL };
}

/* --- printing ------------------------------------------------------------- */

static bool is_ranked(const struct search *search, const char *claim)
{
	for (size_t i = 0; i < search->n_claims; i++)
		if (strcmp(search->claims[i].id, claim) == 0)
			return true;
	return false;
}

void search_print_figure(const struct search *search)
{
	if (search->figure)
		printf(_("\n  halfopen figure %s  (%s)\n"),
		       search->figure->number, _(search->figure->title));
}

/* What the patterns name, in the order of the rows, comes before what texts have
 * found. */
void search_print(const struct search *search, const struct documents_row *rows,
		  size_t n, int columns)
{
	const struct documents_line *heading = NULL;
	const char *last = "";

	if (!search->n_claims) {
		documents_print(rows, n, columns);
		return;
	}
	if (search->nearest)
		puts(_("No claim has these words as they stand; the nearest "
		       "ones:\n"));
	for (size_t i = 0; i < n; i++) {
		const char *claim = rows[i].judgement->claim;

		if (strcmp(claim, last) != 0 && !is_ranked(search, claim))
			documents_print_claim(rows, n, claim, &heading,
					      columns);
		last = claim;
	}
	for (size_t i = 0; i < search->n_claims; i++)
		documents_print_claim(rows, n, search->claims[i].id, &heading,
				      columns);
}
