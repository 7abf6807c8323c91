/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgements of the cases in the order of the documents. A row is a judgement
 * and the command that shows it: the case as a whole, or the fastest variant that
 * makes it. The terminal gets the rows by claim; the Markdown follows the
 * documents' headings, which are in their original language, so that a reader
 * finds them in the text.
 */
#include "documents.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case-table.h"
#include "array.h"
#include "fold.h"
#include "macro.h"
#include "markup.h"
#include "message.h"
#include "report.h"

/*
 * In the order of the text: the title of an article, its sections, and in each
 * the claims, paraphrased. Every claim that a case judges is in this table. A
 * claim that another section repeats is there again, without its text.
 */
static const struct documents_line lines[] = {
	{ LINE_TITLE, "A", "服务端挂了，客户端的 TCP 连接还在吗？" },
	{ LINE_CLAIM, "A17",
	  "retransmission ends when a number of retransmissions is reached" },
	{ LINE_CLAIM, "A18",
	  "keepalive finds out that the peer's connection is gone" },
	{ LINE_SECTION, "A", "服务端进程崩溃，客户端会发生什么？" },
	{ LINE_CLAIM, "A1",
	  "the server's process dies: its kernel sends FIN and completes the "
	  "four-way close without the process" },
	{ LINE_SECTION, "A", "服务端主机宕机后，客户端会发生什么？" },
	{ LINE_CLAIM, "A2",
	  "the server's host dies: there is no close, and the client notices "
	  "nothing at that moment" },
	{ LINE_CLAIM, "A22",
	  "only later exchanges of data can reveal that the server is gone" },
	{ LINE_SECTION, "A", "服务端主机宕机后，如果客户端会发送数据" },
	{ LINE_CLAIM, "A3",
	  "the client sends: it retransmits, gets an error, and the connection "
	  "ends" },
	{ LINE_CLAIM, "A4",
	  "tcp_retries2 is not just a count: a timeout is computed from it "
	  "(924.6 s for 15), which the interval, or the total, must exceed" },
	{ LINE_CLAIM, "A5", "the RTO doubles each round, up to 120 s" },
	{ LINE_CLAIM, "A6",
	  "with a small RTT there are exactly 15 retransmissions; with a "
	  "first RTO of 1 s, fewer" },
	{ LINE_CLAIM, "A7",
	  "the RTO lies between 200 ms and 120 s, and HZ is 1000 since Linux "
	  "2.6" },
	{ LINE_CLAIM, "A16", "with a large RTT the timeout is reached soon" },
	{ LINE_CLAIM, "A23",
	  "the sysctl of this limit is, in one place, called tcp_retries" },
	{ LINE_SECTION, "A", "服务端主机宕机后，如果客户端一直不发数据" },
	{ LINE_CLAIM, "A8", "no data and no keepalive: ESTABLISHED forever" },
	{ LINE_CLAIM, "A9",
	  "keepalive with a live peer: the probe is answered, and the keepalive "
	  "time restarts" },
	{ LINE_CLAIM, "A10",
	  "after a number of consecutive unanswered probes, one interval apart, "
	  "the connection is reported dead" },
	{ LINE_CLAIM, "A11",
	  "with the default values a dead connection is detected after 2 h 11 "
	  "min 15 s at the earliest" },
	{ LINE_CLAIM, "A12", "keepalive works only on a socket with SO_KEEPALIVE" },
	{ LINE_CLAIM, "A13",
	  "an application can notice sooner: a web server's keepalive_timeout "
	  "counts from the last request and then closes the connection" },
	{ LINE_CLAIM, "A15", "ESTABLISHED at one end says nothing about the other" },
	{ LINE_CLAIM, "A19",
	  "the keepalive time starts when there is no activity of any kind" },
	{ LINE_CLAIM, "A20", "a probe carries very little data" },
	{ LINE_CLAIM, "A21",
	  "keepalive is implemented by the kernel, for every TCP program" },
	{ LINE_SECTION, "A",
	  "服务端主机宕机后，然后马上重启了服务端，客户端发送了数据" },
	{ LINE_CLAIM, "A14",
	  "the host reboots at once and the client sends: a RST ends the "
	  "connection" },
	{ LINE_TITLE, "B", "SYN 报文什么时候情况下会被丢弃？" },
	{ LINE_CLAIM, "B1",
	  "a dropped SYN: the server's host receives it and sends no SYN-ACK; the "
	  "client retransmits it up to a maximum number of times" },
	{ LINE_SECTION, "B", "tcp_tw_recycle" },
	{ LINE_CLAIM, "B2",
	  "TIME-WAIT occupies the client's port for 60 s; when all ports "
	  "(32768 to 61000) are in use, no new connection is possible" },
	{ LINE_CLAIM, "B3",
	  "tcp_tw_reuse: connect() reuses, at random, a TIME-WAIT socket older "
	  "than 1 s; only for the side that connects" },
	{ LINE_CLAIM, "B12",
	  "both options recycle TIME-WAIT quickly, and both are off by default" },
	{ LINE_CLAIM, "B4",
	  "both options need tcp_timestamps, which is on by default" },
	{ LINE_CLAIM, "B14",
	  "every segment has its own sequence number, and a retransmission has "
	  "the same: by that the receiver recognises it" },
	{ LINE_CLAIM, "B13",
	  "with timestamps enabled PAWS is enabled, and every packet that a "
	  "machine sends carries one" },
	{ LINE_CLAIM, "B16",
	  "PAWS prevents the wrap-around of sequence numbers" },
	{ LINE_CLAIM, "B7",
	  "PAWS stores the timestamp of the last segment received and drops a "
	  "segment whose timestamp has not increased" },
	{ LINE_CLAIM, "B15",
	  "a timestamp is computed from the CPU ticks of the sending host" },
	{ LINE_CLAIM, "B5",
	  "tcp_tw_recycle checks timestamps per host: behind a NAT, a "
	  "client with lower ones has its SYN dropped; gone in 4.12" },
	{ LINE_CLAIM, "B6", "checked per 4-tuple, there would be no such problem" },
	{ LINE_SECTION, "B", "accept 队列满了" },
	{ LINE_CLAIM, "B8",
	  "two queues: a SYN adds the connection to the SYN queue, the third ACK "
	  "moves it to the accept queue, accept() removes it" },
	{ LINE_CLAIM, "B9",
	  "accept queue too small or accept() too slow: the queue is full, further "
	  "requests are dropped, and requests per second stop growing" },
	{ LINE_CLAIM, "B10",
	  "ss for a listening socket: Recv-Q is the queue's length, Send-Q its "
	  "maximum; Recv-Q above Send-Q means that it is full" },
	{ LINE_CLAIM, "B11",
	  "the cure: a larger backlog and somaxconn, or a faster accept()" },
	{ LINE_TITLE, "C", "什么是 TIME_WAIT 状态？" },
	{ LINE_CLAIM, "C1",
	  "the four-way close has seven steps in order; each end sends first and "
	  "then enters its next state" },
	{ LINE_CLAIM, "C25", "each direction needs one FIN and one ACK" },
	{ LINE_CLAIM, "C17",
	  "after the client's FIN the server finishes sending its data and only "
	  "then sends its own FIN" },
	{ LINE_CLAIM, "C2",
	  "only the side that closes first has TIME-WAIT, as its last state" },
	{ LINE_CLAIM, "C3",
	  "RFC 793 has an MSL of 2 minutes, Linux one of 30 s by default: "
	  "TIME-WAIT lasts 60 s" },
	{ LINE_CLAIM, "C16",
	  "segments older than the MSL are discarded, so that after 2MSL none of a "
	  "connection is left in the network" },
	{ LINE_CLAIM, "C4",
	  "the TTL, usually 64, is the number of routers that a packet can pass; "
	  "each decrements it, at 0 the packet is dropped; that ensures the MSL" },
	{ LINE_CLAIM, "C23",
	  "the MSL is at least the time in which a TTL becomes 0: Linux assumes "
	  "that 64 routers take no more than 30 s" },
	{ LINE_SECTION, "C",
	  "原因一：防止历史连接中的数据，被后面相同四元组的连接错误的接收" },
	{ LINE_CLAIM, "C5",
	  "each end derives its ISN from a clock, differently for each connection: "
	  "a counter that increments every 4 µs and wraps after 4.55 h" },
	{ LINE_CLAIM, "C22",
	  "sequence numbers and ISNs return to the initial value; so a sequence "
	  "number cannot distinguish old data from new" },
	{ LINE_CLAIM, "C6",
	  "without TIME-WAIT, or with a short one, a delayed segment of the old "
	  "connection is in the window of the new one and is accepted" },
	{ LINE_SECTION, "C", "原因二：保证「被动关闭连接」的一方，能被正确的关闭" },
	{ LINE_CLAIM, "C7",
	  "the last ACK is lost: the FIN is retransmitted, and TIME-WAIT answers "
	  "it" },
	{ LINE_CLAIM, "C8",
	  "without TIME-WAIT a RST answers it, which is an error for the passive "
	  "side" },
	{ LINE_CLAIM, "C24",
	  "the side that closes first must wait until it is certain that its "
	  "last ACK has arrived" },
	{ LINE_CLAIM, "C18",
	  "a lost ACK and a retransmitted FIN take just two MSL" },
	{ LINE_CLAIM, "C19",
	  "the retransmitted ACK can be lost as well: TIME-WAIT has done what it "
	  "can" },
	{ LINE_SECTION, "C", "tcp_tw_reuse 是什么？" },
	{ LINE_CLAIM, "C9",
	  "tcp_tw_reuse reuses a socket that has been in TIME-WAIT for more than 1 "
	  "s; it is off by default" },
	{ LINE_CLAIM, "C10", "timestamps give an exact RTT, and PAWS" },
	{ LINE_CLAIM, "C11",
	  "sequence numbers wrap: a delayed segment is accepted and, as article B "
	  "says, the genuine one lost, unless PAWS drops it" },
	{ LINE_CLAIM, "C26",
	  "the example: with a window of 1 GB and a stream of 6 GB, a segment "
	  "that was retransmitted appears again after the wrap-around" },
	{ LINE_SECTION, "C", "第一个问题" },
	{ LINE_CLAIM, "C12",
	  "a RST is accepted however old its timestamp, if its sequence number is "
	  "in the window" },
	{ LINE_CLAIM, "C20",
	  "the first check of a segment is PAWS, in tcp_paws_discard(), and it "
	  "lets RSTs pass; RFC 1323 recommends RSTs without a timestamp" },
	{ LINE_CLAIM, "C13",
	  "the late RST in reply to a first SYN without a listener ends the second "
	  "connection, which tcp_tw_reuse allowed to start at once" },
	{ LINE_CLAIM, "C21",
	  "with the full 2MSL that RST would not reach the next connection" },
	{ LINE_CLAIM, "C14",
	  "an HTTP exchange takes 0.2 s, so that an old RST can still be in "
	  "flight" },
	{ LINE_SECTION, "C", "第二个问题" },
	{ LINE_CLAIM, "C15",
	  "with tcp_tw_reuse a lost last ACK may prevent the passive side from "
	  "closing properly" },
	{ LINE_TITLE, "D", "拔掉网线后， 原本的 TCP 连接还存在吗？" },
	{ LINE_CLAIM, "D1",
	  "a connection and its state are a struct socket in the kernel, and "
	  "unplugging the cable changes nothing in it" },
	{ LINE_CLAIM, "D2",
	  "(one version) wifi off during an ssh session: the connection stays "
	  "ESTABLISHED" },
	{ LINE_SECTION, "D", "拔掉网线后，有数据传输" },
	{ LINE_CLAIM, "D3",
	  "plugged in again while the server retransmits: as if nothing had "
	  "happened" },
	{ LINE_CLAIM, "D4",
	  "not plugged in again: the server's connection ends with an error" },
	{ LINE_CLAIM, "D5",
	  "plugged in after that and the client sends: a RST ends its connection" },
	{ LINE_CLAIM, "D6",
	  "the server gives up at a maximum number of retransmissions, "
	  "tcp_retries2 (one version: or at a maximum timeout, whichever is "
	  "first; rounds of 2, 4, 8 s)" },
	{ LINE_CLAIM, "D7",
	  "(the other version) the server gives up when the interval, or the "
	  "total, exceeds one computed timeout, 924.6 s; rounds of 200, 400, "
	  "800 ms" },
	{ LINE_CLAIM, "A23", NULL },
	{ LINE_SECTION, "D", "拔掉网线后，没有数据传输" },
	{ LINE_CLAIM, "D8", "no data and no keepalive: both ends stay ESTABLISHED" },
	{ LINE_CLAIM, "D9", "no data, keepalive: both ends detect it and close" },
	{ LINE_CLAIM, "A9", NULL },
	{ LINE_CLAIM, "A10", NULL },
	{ LINE_CLAIM, "D13",
	  "(one version) keepalive is for the death of a host; a process's "
	  "death announces itself by FIN" },
	{ LINE_CLAIM, "A19", NULL },
	{ LINE_CLAIM, "A20", NULL },
	{ LINE_CLAIM, "A11", NULL },
	{ LINE_CLAIM, "A12", NULL },
	{ LINE_CLAIM, "A21", NULL },
	{ LINE_CLAIM, "A13", NULL },
	{ LINE_SECTION, "D", "总结" },
	{ LINE_CLAIM, "D14",
	  "keepalive finds out that the peer's connection is no longer alive" },
	{ LINE_CLAIM, "D10",
	  "plugged in again while probes are being sent: the connection survives" },
	{ LINE_CLAIM, "D11",
	  "the client's host dies: for the server the same as an unplugged cable: "
	  "ESTABLISHED until its process restarts" },
	{ LINE_CLAIM, "D12",
	  "the client's process dies: its kernel sends FIN, and the four-way close "
	  "with the server (one version: with the client) takes place, without "
	  "keepalive and data" },
};

static const struct documents_line *claim_line(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_CLAIM && strcmp(lines[i].id, id) == 0)
			return &lines[i];
	return NULL;
}

static const char *title_of(char article)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_TITLE && lines[i].id[0] == article)
			return lines[i].text;
	return "";
}

/* The heading of the section, or the title, in which this line is. */
static const struct documents_line *heading_of(const struct documents_line *line)
{
	while (line->kind == LINE_CLAIM)
		line--;
	return line;
}

static bool is_same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b) ||
	       (a == '_' && b == '-') || (a == '-' && b == '_');
}

static bool begins(const char *text, const char *part)
{
	while (*part && is_same_letter(*text, *part)) {
		text++;
		part++;
	}
	return !*part;
}

static bool has_part(const char *text, const char *part)
{
	static const char mistake[] = "CLOSED-WAIT"; /* a usual one */

	if (strlen(part) == strlen(mistake) && begins(mistake, part))
		part = "CLOSE-WAIT";
	while (*text && !begins(text, part))
		text++;
	return begins(text, part);
}

bool documents_contain(const char *text, const char *part)
{
	const char *chinese = message_chinese(text);

	return has_part(text, part) || (chinese && has_part(chinese, part));
}

bool documents_mentions(const char *id, const char *text)
{
	if (documents_contain(documents_claim(id), text))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_CLAIM && strcmp(lines[i].id, id) == 0 &&
		    (has_part(heading_of(&lines[i])->text, text) ||
		     has_part(title_of(heading_of(&lines[i])->id[0]), text)))
			return true;
	return false;
}

const char *documents_claim(const char *id)
{
	const struct documents_line *line = claim_line(id);

	return line ? line->text : "";
}

const struct documents_line *documents_lines(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(lines);
	return lines;
}

/* --- rows ------------------------------------------------------------- */

struct rows {
	bool (*selected)(void *data, const struct testcase *testcase,
			 const char *claim);
	void *data;
	struct documents_row *all;
	size_t n, capacity;
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

static void add_row(struct rows *rows, struct documents_row row)
{
	struct documents_row *grown = array_grow(
		rows->all, rows->n, &rows->capacity, sizeof(*grown));
	size_t i;

	if (!grown) {
		rows->failed = true;
		return;
	}
	rows->all = grown;
	for (i = rows->n++; i > 0 && comes_before(&row, &rows->all[i - 1]); i--)
		rows->all[i] = rows->all[i - 1];
	rows->all[i] = row;
}

static bool are_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The row of another run of the case with the same judgement: one command
 * suffices. */
static struct documents_row *find_row(const struct rows *rows,
				      const struct judgement *judgement,
				      const struct testcase *testcase)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct judgement *other = rows->all[i].judgement;

		if (rows->all[i].testcase == testcase &&
		    strcmp(other->claim, judgement->claim) == 0 &&
		    other->document == judgement->document &&
		    are_same(other->note, judgement->note) &&
		    are_same(other->since, judgement->since))
			return &rows->all[i];
	}
	return NULL;
}

/* Sets are in the order of their duration; `halfopen run CASE` runs those of
 * the default set. */
static bool is_faster(const struct testcase *testcase,
		      const struct variant *a, const struct variant *b)
{
	return testcase_set(testcase, a) < testcase_set(testcase, b);
}

static void add_judgements(struct rows *rows, const struct judgement *judgement,
			   const struct testcase *testcase,
			   const struct variant *variant)
{
	for (; judgement && judgement->claim; judgement++) {
		struct documents_row *row =
			find_row(rows, judgement, testcase);

		if (judgement->document == DOCUMENT_NONE ||
		    !rows->selected(rows->data, testcase, judgement->claim))
			continue;
		if (!row)
			add_row(rows, (struct documents_row){
					      judgement, testcase, variant });
		else if (row->variant && variant &&
			 is_faster(testcase, variant, row->variant))
			row->variant = variant;
	}
}

/* The fastest variant without judgements of its own; NULL: none. */
static const struct variant *find_own_variant(const struct testcase *testcase)
{
	const struct variant *variant = testcase->variants, *found = NULL;

	for (; variant && variant->name; variant++)
		if (!variant->judgements &&
		    (!found || is_faster(testcase, variant, found)))
			found = variant;
	return found;
}

/*
 * The command for the case's own judgements: the case as a whole, if a run of
 * the default set makes them, or else the variant that does. False if none
 * does.
 */
static bool find_own_run(const struct testcase *testcase,
			 const struct variant **ret)
{
	const struct variant *found = find_own_variant(testcase);

	*ret = NULL;
	if (!testcase->variants)
		return true;
	/* The name of a slow case runs its slow variants. */
	if (found && testcase_set(testcase, found) >
			     (testcase->slow ? SET_LONG : SET_DEFAULT))
		*ret = found;
	return found;
}

struct documents_row *documents_rows(bool (*selected)(void *data,
						      const struct testcase *,
						      const char *claim),
				     void *data, size_t *ret_n)
{
	struct rows rows = { .selected = selected, .data = data };

	for (size_t i = 0; i < testcases_n; i++) {
		const struct testcase *testcase = testcases[i];
		const struct variant *variant = testcase->variants, *own;

		if (find_own_run(testcase, &own))
			add_judgements(&rows, testcase->judgements, testcase,
				       own);
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

const struct variant *documents_variant(const struct documents_row *row)
{
	return row->variant ? row->variant : find_own_variant(row->testcase);
}

/* --- printing --------------------------------------------------------- */

enum { INDENT = 8 };

nsec_t documents_duration(const struct documents_row *row)
{
	return row->variant || !row->testcase->variants ?
		       testcase_duration(row->testcase, row->variant) :
		       testcase_longest_default(row->testcase);
}

static void print_judgement(const struct documents_row *row, int columns)
{
	const struct judgement *judgement = row->judgement;
	char name[TESTCASE_RUN_NAME], about[REPORT_TEXT], text[REPORT_TEXT];
	nsec_t duration = documents_duration(row);

	report_about(duration, about);
	printf("%*s%s\n", INDENT, "",
	       report_judgement(document_text(judgement->document),
				judgement->since, text));
	printf("%*shalfopen run %s", INDENT + 2, "",
	       testcase_run_name(row->testcase, row->variant, name));
	if (duration >= REPORT_MINUTES)
		printf("  (%s)\n%*shalfopen vm --virtual-time -- run %s  (%s)",
		       about, INDENT + 2, "", name, _("in seconds"));
	putchar('\n');
	if (judgement->note && *judgement->note) {
		printf("%*s", INDENT + 2, "");
		fold_print(stdout, _(judgement->note), INDENT + 2, INDENT + 2,
			   columns);
	}
}

static void print_claim(const char *id, int columns)
{
	printf("  %-*s", INDENT - 2, id);
	fold_print(stdout, _(documents_claim(id)), INDENT, INDENT, columns);
}

static bool is_judged(const struct documents_row *rows, size_t n,
		      const char *claim)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].judgement->claim, claim) == 0)
			return true;
	return false;
}

/* Whether a row judges a claim between this heading and the next. */
static bool has_rows(const struct documents_row *rows, size_t n,
		     const struct documents_line *heading)
{
	const struct documents_line *end = lines + ARRAY_SIZE(lines);

	for (const struct documents_line *l = heading + 1;
	     l < end && l->kind == LINE_CLAIM; l++)
		if (is_judged(rows, n, l->id))
			return true;
	return false;
}

/* Whether a row judges a claim of the article with this title. */
static bool has_article(const struct documents_row *rows, size_t n,
			const struct documents_line *title)
{
	const struct documents_line *end = lines + ARRAY_SIZE(lines);

	for (const struct documents_line *l = title + 1;
	     l < end && l->kind != LINE_TITLE; l++)
		if (l->kind == LINE_CLAIM && is_judged(rows, n, l->id))
			return true;
	return false;
}

static void print_heading(const struct documents_row *rows, size_t n,
			  const struct documents_line *line, bool *first)
{
	if (line->kind == LINE_TITLE && has_article(rows, n, line)) {
		printf("%s%s. %s\n", *first ? "" : "\n", line->id, line->text);
		*first = false;
	}
	if (line->kind == LINE_SECTION && has_rows(rows, n, line))
		printf("  %s\n", line->text);
}

static void print_rows(const struct documents_row *rows, size_t n,
		       const char *claim, int columns)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].judgement->claim, claim) != 0)
			continue;
		if (first)
			print_claim(claim, columns);
		first = false;
		print_judgement(&rows[i], columns);
	}
}

void documents_print(const struct documents_row *rows, size_t n, int columns)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].kind == LINE_CLAIM)
			print_rows(rows, n, lines[i].id, columns);
		else
			print_heading(rows, n, &lines[i], &first);
}

/* --- Markdown ----------------------------------------------------------- */

static void print_markdown_row(const struct documents_row *row, bool first)
{
	const struct judgement *judgement = row->judgement;
	char name[TESTCASE_RUN_NAME], about[REPORT_TEXT], text[REPORT_TEXT];
	nsec_t duration = documents_duration(row);

	report_about(duration, about);
	printf("| %s | ", first ? judgement->claim : "");
	markup_cell(stdout, first ? _(documents_claim(judgement->claim)) : "");
	printf(" | **%s**%s",
	       report_judgement(document_text(judgement->document),
				judgement->since, text),
	       _(": "));
	markup_cell(stdout, _(judgement->note));
	printf(" | `halfopen run %s`",
	       testcase_run_name(row->testcase, row->variant, name));
	if (duration >= REPORT_MINUTES)
		printf(_(" (%s; in seconds: `halfopen vm --virtual-time -- run "
			 "%s`)"),
		       about, name);
	puts(" |");
}

static void print_markdown_heading(const struct documents_row *rows, size_t n,
				   const struct documents_line *line)
{
	if (line->kind == LINE_TITLE && has_article(rows, n, line))
		printf("\n### %s\n", line->text);
	if (!has_rows(rows, n, line))
		return;
	if (line->kind == LINE_SECTION)
		printf("\n#### %s\n", line->text);
	printf("\n| %s | %s | %s | %s |\n"
	       "|---|---|---|---|\n",
	       _("claim"), _("paraphrase"), _("document"), _("command"));
}

void documents_print_markdown(const struct documents_row *rows, size_t n)
{
	for (size_t l = 0; l < ARRAY_SIZE(lines); l++) {
		bool first = true;

		if (lines[l].kind != LINE_CLAIM) {
			print_markdown_heading(rows, n, &lines[l]);
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (strcmp(rows[i].judgement->claim, lines[l].id) != 0)
				continue;
			print_markdown_row(&rows[i], first);
			first = false;
		}
	}
}
