/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second book by topic. All texts come from the cases: a row is the claim
 * of a case, the kernel functions from which it predicts, and the changes of
 * the kernel that it shows. A change that was also backported to stable kernels
 * is marked: there the version alone does not decide.
 */
#include "edges.h"

#include <stdio.h>

#include "case-table.h"
#include "fold.h"
#include "macro.h"
#include "markup.h"
#include "message.h"

static const char *const topics[TOPICS] = {
	[TOPIC_ZERO_WINDOW] = "zero window",
	[TOPIC_USER_TIMEOUT] = "TCP_USER_TIMEOUT",
	[TOPIC_SOCKET_OPTIONS] = "socket options and sysctls",
	[TOPIC_RETRANSMISSION] = "retransmission and acknowledgement",
	[TOPIC_HANDSHAKE] = "handshake",
	[TOPIC_RESET] = "RST and challenge ACK",
	[TOPIC_CLOSE] = "close",
	[TOPIC_PORTS] = "ports and TIME-WAIT",
	[TOPIC_CONNTRACK] = "connection tracking between two hosts",
	[TOPIC_COUNTERS] = "counters",
};

const char *edges_topic(enum topic topic)
{
	return topics[topic];
}

/* A topic's selected cases, one a call, from *i on; NULL: no more. */
static const struct testcase *
next_case(enum topic topic, size_t *i,
	  bool (*selected)(void *data, const struct testcase *), void *data)
{
	while (*i < testcases_n) {
		const struct testcase *testcase = testcases[(*i)++];

		if (testcase->topic == topic && selected(data, testcase))
			return testcase;
	}
	return NULL;
}

void edges_print_version(FILE *out, const struct change *change)
{
	fprintf(out, "%u.%u%s%s%s", change->kernel >> 16, change->kernel >> 8 & 0xff,
		change->stable ? _(" and stable kernels") : "",
		change->commit ? _(", ") : "",
		change->commit ? change->commit : "");
}

/* --- terminal ------------------------------------------------------------- */

enum { INDENT = 2 };

static void print_paragraph(int indent, const char *text, int columns)
{
	printf("%*s", indent, "");
	fold_print(stdout, text, indent, indent, columns);
}

static void print_case(const struct testcase *testcase, int columns)
{
	const struct change *change = testcase->changes;

	printf("%*s%s\n", INDENT, "", testcase->name);
	print_paragraph(2 * INDENT, _(testcase->claim), columns);
	print_paragraph(2 * INDENT, testcase->sources, columns);
	for (; change && change->what; change++) {
		printf("%*s%s", 2 * INDENT, "", _("since "));
		edges_print_version(stdout, change);
		puts(_(":"));
		print_paragraph(3 * INDENT, _(change->what), columns);
	}
}

void edges_print(bool (*selected)(void *data, const struct testcase *),
		 void *data, int columns)
{
	bool first = true;

	for (enum topic topic = TOPIC_NONE + 1; topic < TOPICS; topic++) {
		const struct testcase *testcase;
		bool heading = false;
		size_t i = 0;

		while ((testcase = next_case(topic, &i, selected, data))) {
			if (!heading)
				printf("%s%s\n", first ? "" : "\n",
				       _(topics[topic]));
			heading = true;
			first = false;
			print_case(testcase, columns);
		}
	}
}

/* --- Markdown ---------------------------------------------------------------
 */

static void print_markdown_case(const struct testcase *testcase)
{
	const struct change *change = testcase->changes;

	printf("| ");
	markup_cell(stdout, _(testcase->claim));
	printf(" | ");
	markup_cell(stdout, testcase->sources);
	printf(" | ");
	for (; change && change->what; change++) {
		edges_print_version(stdout, change);
		printf("%s", _(": "));
		markup_cell(stdout, _(change->what));
		printf("%s", change[1].what ? _("; ") : "");
	}
	printf(" | `halfopen run %s` |\n", testcase->name);
}

void edges_print_markdown(bool (*selected)(void *data, const struct testcase *),
			  void *data)
{
	for (enum topic topic = TOPIC_NONE + 1; topic < TOPICS; topic++) {
		const struct testcase *testcase;
		bool heading = false;
		size_t i = 0;

		while ((testcase = next_case(topic, &i, selected, data))) {
			if (!heading)
				printf("\n### %s\n\n"
				       "| %s | %s | %s | %s |\n"
				       "|---|---|---|---|\n",
				       _(topics[topic]), _("claim"),
				       _("sources"), _("since"), _("command"));
			heading = true;
			print_markdown_case(testcase);
		}
	}
}
