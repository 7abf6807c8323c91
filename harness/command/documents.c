/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "macro.h"

/* In the order of the text. `claims` with a blank on either side of each. */
static const struct section {
	char article;
	bool opens; /* the article's own title */
	const char *heading, *claims;
} sections[] = {
	{ 'A', true, "服务端挂了，客户端的 TCP 连接还在吗？", " A17 A18 " },
	{ 'A', false, "服务端进程崩溃，客户端会发生什么？", " A1 " },
	{ 'A', false, "服务端主机宕机后，客户端会发生什么？", " A2 " },
	{ 'A', false, "服务端主机宕机后，如果客户端会发送数据",
	  " A3 A4 A5 A6 A7 A16 " },
	{ 'A', false, "服务端主机宕机后，如果客户端一直不发数据",
	  " A8 A9 A10 A11 A12 A13 A15 A19 A20 A21 " },
	{ 'A', false, "服务端主机宕机后，然后马上重启了服务端，客户端发送了数据",
	  " A14 " },
	{ 'B', true, "SYN 报文什么时候情况下会被丢弃？", "" },
	{ 'C', true, "什么是 TIME_WAIT 状态？", "" },
	{ 'D', true, "拔掉网线后， 原本的 TCP 连接还存在吗？", "" },
};

/* A claim that no section names stands under its article's title. */
static size_t section_of(const char *claim)
{
	size_t title = 0;
	char padded[16];

	snprintf(padded, sizeof(padded), " %s ", claim);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strstr(sections[i].claims, padded))
			return i;
		if (sections[i].opens && sections[i].article == claim[0])
			title = i;
	}
	return title;
}

/* --- rows ------------------------------------------------------------- */

struct rows {
	struct documents_row *all;
	size_t n, space;
	bool failed;
};

static long number_of(const struct documents_row *row)
{
	return strtol(row->judgement->claim + 1, NULL, 10);
}

static bool comes_before(const struct documents_row *a,
			 const struct documents_row *b)
{
	char article_a = a->judgement->claim[0];
	char article_b = b->judgement->claim[0];

	if (article_a != article_b)
		return article_a < article_b;
	return number_of(a) < number_of(b);
}

static bool grow(struct rows *rows)
{
	size_t space = MAX(rows->space * 2, (size_t)64);
	struct documents_row *grown =
		reallocarray(rows->all, space, sizeof(*grown));

	if (!grown)
		return false;
	rows->all = grown;
	rows->space = space;
	return true;
}

static void add_row(struct rows *rows, struct documents_row row)
{
	size_t i;

	if (rows->n == rows->space && !grow(rows)) {
		rows->failed = true;
		return;
	}
	for (i = rows->n++; i > 0 && comes_before(&row, &rows->all[i - 1]); i--)
		rows->all[i] = rows->all[i - 1];
	rows->all[i] = row;
}

static void add_judgements(struct rows *rows, const struct judgement *judgement,
			   const struct testcase *testcase,
			   const struct variant *variant)
{
	for (; judgement && judgement->claim; judgement++)
		if (judgement->document != DOCUMENT_NONE)
			add_row(rows, (struct documents_row){
					      judgement, testcase, variant });
}

/* The case's own judgements stand where at least one of its runs makes them. */
static bool uses_own(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants;

	if (!variant)
		return true;
	for (; variant->name; variant++)
		if (!variant->judgements)
			return true;
	return false;
}

struct documents_row *documents_rows(bool (*wanted)(void *data,
						    const struct testcase *),
				     void *data, size_t *ret_n)
{
	struct rows rows = { 0 };

	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *testcase = testcases[i];
		const struct variant *variant = testcase->variants;

		if (!wanted(data, testcase))
			continue;
		if (uses_own(testcase))
			add_judgements(&rows, testcase->judgements, testcase,
				       NULL);
		for (; variant && variant->name; variant++)
			add_judgements(&rows, variant->judgements, testcase,
				       variant);
	}
	if (rows.failed) {
		free(rows.all);
		rows = (struct rows){ 0 };
	}
	*ret_n = rows.n;
	return rows.all;
}

/* --- printing --------------------------------------------------------- */

static void print_row(const struct documents_row *row, int columns)
{
	enum { INDENT = 8 };
	const struct judgement *judgement = row->judgement;

	printf("  %-5s %s%s%s  (%s%s%s)\n", judgement->claim,
	       document_text(judgement->document),
	       judgement->since ? " since " : "",
	       judgement->since ? judgement->since : "", row->testcase->name,
	       row->variant ? "/" : "", row->variant ? row->variant->name : "");
	if (judgement->note && *judgement->note) {
		printf("%*s", INDENT, "");
		fold_print(stdout, judgement->note, INDENT, INDENT, columns);
	}
}

static const char *title_of(char article)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (sections[i].opens && sections[i].article == article)
			return sections[i].heading;
	return "";
}

void documents_print(const struct documents_row *rows, size_t n, int columns)
{
	char article = '\0';

	for (size_t i = 0; i < n; i++) {
		char its = rows[i].judgement->claim[0];

		if (its != article)
			printf("%s%c. %s\n", article ? "\n" : "", its,
			       title_of(its));
		article = its;
		print_row(&rows[i], columns);
	}
}

/* A bar would end the cell. */
static void print_cell(const char *text)
{
	for (; text && *text; text++)
		printf(*text == '|' ? "\\|" : "%c", *text);
}

static void print_markdown_row(const struct documents_row *row)
{
	const struct judgement *judgement = row->judgement;

	printf("| %s | %s%s%s: ", judgement->claim,
	       document_text(judgement->document),
	       judgement->since ? " since " : "",
	       judgement->since ? judgement->since : "");
	print_cell(judgement->note);
	printf(" | `halfopen run %s%s%s` |\n", row->testcase->name,
	       row->variant ? "/" : "", row->variant ? row->variant->name : "");
}

void documents_print_markdown(const struct documents_row *rows, size_t n)
{
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		bool begun = false;

		for (size_t i = 0; i < n; i++) {
			if (section_of(rows[i].judgement->claim) != s)
				continue;
			if (!begun)
				printf("\n%s %s\n\n"
				       "| claim | the text is | command |\n"
				       "|---|---|---|\n",
				       sections[s].opens ? "###" : "####",
				       sections[s].heading);
			begun = true;
			print_markdown_row(&rows[i]);
		}
	}
}
