/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The position of the last word decides what completes it: the value of the
 * option before it, an option if it begins with a dash, otherwise a word of the
 * command. The first description in usage.words says of what kind the words of
 * a command are.
 */
#include "complete.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "commands.h"
#include "figures.h"
#include "incidents.h"
#include "macro.h"
#include "message.h"

struct request {
	const struct usage *usage;
	const char *option; /* "--format=" before the word; or "" */
	int option_length;
	const char *word; /* what is completed */
};

/* A usage_item_fn. */
static void offer(void *data, const char *value, const char *what)
{
	const struct request *request = data;

	if (strncmp(value, request->word, strlen(request->word)) == 0)
		printf("%.*s%s\t%s\n", request->option_length, request->option,
		       value, what ? _(what) : "");
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* --- words and values ----------------------------------------------------- */

static void offer_variants(struct request *request,
			   const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;
	char name[256];

	for (; variant && variant->name; variant++) {
		snprintf(name, sizeof(name), "%s/%s", testcase->name,
			 variant->name);
		offer(request, name, variant->what);
	}
}

/* Variants are many: they are offered after the slash. */
static void offer_cases(struct request *request)
{
	bool variants = strchr(request->word, '/');

	for (size_t i = 0; i < testcases_n; i++)
		if (variants)
			offer_variants(request, testcases[i]);
		else
			offer(request, testcases[i]->name, testcases[i]->claim);
}

static void offer_figures(struct request *request)
{
	size_t n;
	const struct documents_figure *figure = documents_figures(&n);

	for (; n > 0; n--, figure++)
		offer(request, figure->number, figure->title);
}

/* A path is no name of an incident. */
static void offer_incidents(struct request *request)
{
	incidents_each(offer, request);
	puts(":files");
}

static void offer_files(struct request *request MACRO_UNUSED)
{
	puts(":files");
}

static void offer_folders(struct request *request MACRO_UNUSED)
{
	puts(":folders");
}

/* What completes a word or a value with this name, as a usage has it. */
static void offer_kind(struct request *request, const char *name)
{
	static const struct {
		const char *name;
		void (*offer)(struct request *request);
	} kinds[] = {
		{ "PATTERN", offer_cases },  { "CASE", offer_cases },
		{ "NUMBER", offer_figures }, { "FILE", offer_incidents },
		{ "KERNEL", offer_files },   { "PATH", offer_files },
		{ "DIR", offer_folders },    { "A, B", offer_folders },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			kinds[i].offer(request);
}

/* A usage_item_fn for KEY=VALUE. */
static void offer_key(void *data, const char *key, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s=", key);
	offer(data, text, what);
}

static void offer_words(struct request *request)
{
	const struct usage *usage = request->usage;

	if (usage->words)
		offer_kind(request, usage->words[0].name);
	if (usage->each_word)
		usage->each_word(offer_key, request);
}

static void offer_value(struct request *request,
			const struct usage_option *option)
{
	char *choices = option->choices ? strdup(option->choices) : NULL;
	char *rest = NULL, *choice;

	if (!choices) {
		offer_kind(request, option->argument);
		return;
	}
	for (choice = strtok_r(choices, " ", &rest); choice;
	     choice = strtok_r(NULL, " ", &rest))
		offer(request, choice, NULL);
	free(choices);
}

/* --- options -------------------------------------------------------------- */

static void offer_option(struct request *request,
			 const struct usage_option *option)
{
	char name[64];

	snprintf(name, sizeof(name), "--%s", option->name);
	offer(request, name, option->what);
}

static void offer_options(struct request *request)
{
	const struct usage_option *option = request->usage->options;

	for (; option && option->name; option++)
		offer_option(request, option);
	offer_option(request, &usage_language);
	offer(request, "--help", "print this text");
}

/* The option with an argument that `word` names, of which `n` characters count:
 * --format or -j. */
static const struct usage_option *find_option(const struct usage *usage,
					      const char *word, size_t n)
{
	const struct usage_option *option = usage->options;

	for (; option && option->name; option++) {
		bool is_short = option->letter && n == 2 && word[0] == '-' &&
				word[1] == option->letter;
		bool is_long = n == strlen("--") + strlen(option->name) &&
			       starts_with(word, "--") &&
			       starts_with(word + strlen("--"), option->name);

		if (option->argument && (is_short || is_long))
			return option;
	}
	return n == strlen("--lang") && starts_with(word, "--lang") ?
		       &usage_language :
		       NULL;
}

/* Whether the last word is --format=VALUE. */
static bool complete_joined(struct request *request)
{
	const char *equals = strchr(request->word, '=');
	const struct usage_option *option;

	if (!equals)
		return false;
	option = find_option(request->usage, request->word,
			     (size_t)(equals - request->word));
	if (!option)
		return false;
	request->option = request->word;
	request->option_length = (int)(equals + 1 - request->word);
	request->word = equals + 1;
	offer_value(request, option);
	return true;
}

/* --- the command line ----------------------------------------------------- */

/* `words` begins after the name of the command. */
static void complete_arguments(struct request *request, char *const *words,
			       size_t n)
{
	const char *before = n > 1 ? words[n - 2] : "";
	const struct usage_option *option =
		find_option(request->usage, before, strlen(before));

	if (option)
		offer_value(request, option);
	else if (*request->word != '-')
		offer_words(request);
	else if (!complete_joined(request))
		offer_options(request);
}

/* Behind the "--" of vm and matrix. */
static void complete_inner(struct request *request, char *const *words,
			   size_t n)
{
	const struct usage *usages[] = { &usage_run, &usage_lab };

	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		request->usage = usages[i];
		if (n == 1)
			offer(request, usages[i]->name, usages[i]->brief);
		else if (strcmp(words[0], usages[i]->name) == 0)
			complete_arguments(request, words + 1, n - 1);
	}
}

static void complete_command(struct request *request, char *const *words,
			     size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (strcmp(words[i], "--") == 0) {
			if (strstr(request->usage->arguments, "-- run"))
				complete_inner(request, words + i + 1,
					       n - i - 1);
			else
				offer_words(request);
			return;
		}
	complete_arguments(request, words, n);
}

/* The name of a command, or an option before it. */
static void complete_first(struct request *request)
{
	static const struct usage none;
	size_t n;
	const struct command *command = commands(&n);

	request->usage = &none;
	for (; n > 0; n--, command++)
		offer(request, command->usage->name, command->usage->brief);
	if (*request->word == '-' && !complete_joined(request)) {
		offer_options(request);
		offer(request, "--version", NULL);
	}
}

/* The number of words of --lang before the command, at most `n`. */
static size_t language_words(char *const *words, size_t n)
{
	if (strcmp(words[0], "--lang") == 0)
		return n < 2 ? n : 2;
	return starts_with(words[0], "--lang=") ? 1 : 0;
}

void complete(char *const *words, size_t n)
{
	struct request request = { .option = "" };
	const struct command *command;
	size_t skipped;

	if (!n)
		return;
	request.word = words[n - 1];
	while (n > 1 && (skipped = language_words(words, n - 1)) > 0) {
		if (n == 2 && strcmp(words[0], "--lang") == 0) {
			offer_value(&request, &usage_language);
			return;
		}
		words += skipped;
		n -= skipped;
	}
	if (n == 1) {
		complete_first(&request);
		return;
	}
	command = command_find(words[0]);
	if (!command)
		return;
	request.usage = command->usage;
	complete_command(&request, words + 1, n - 1);
}
