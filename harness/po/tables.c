/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the texts of the program's tables as templates of catalogues:
 * FOLDER/AREA.pot for each area. xgettext collects the texts that stand in _() in
 * the sources; the texts here are in tables and are translated where they are
 * printed.
 *
 * A text that several entries have is in the area of the first one only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "case-table.h"
#include "commands.h"
#include "documents.h"
#include "edges.h"
#include "fault.h"
#include "figures.h"
#include "lab-action.h"
#include "lab-expectation.h"
#include "macro.h"

enum area {
	AREA_DOCUMENTS,
	AREA_HELP,
	AREA_CASES_A,
	AREA_CASES_B,
	AREA_CASES_C,
	AREA_CASES_D,
	AREA_EDGES_TIMERS,
	AREA_EDGES_STATES,
	AREA_ERRORS,
	AREAS,
};

static const char *const area_names[AREAS] = {
	[AREA_DOCUMENTS] = "documents",
	[AREA_HELP] = "help",
	[AREA_CASES_A] = "cases-a",
	[AREA_CASES_B] = "cases-b",
	[AREA_CASES_C] = "cases-c",
	[AREA_CASES_D] = "cases-d",
	[AREA_EDGES_TIMERS] = "edges-timers",
	[AREA_EDGES_STATES] = "edges-states",
	[AREA_ERRORS] = "errors",
};

/* --- writing ------------------------------------------------------------- */

static FILE *files[AREAS];

static struct {
	const char **all;
	size_t n, capacity;
} written;

static bool is_new(const char *text)
{
	const char **grown;

	for (size_t i = 0; i < written.n; i++)
		if (strcmp(written.all[i], text) == 0)
			return false;
	grown = array_grow(written.all, written.n, &written.capacity,
			   sizeof(*grown));
	if (!grown)
		abort();
	written.all = grown;
	grown[written.n++] = text;
	return true;
}

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\t')
			fputs("\\t", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
	fputs("\"\n", out);
}

/* `name` and `part` are the comment for translators: "rto-bounds: claim". */
static void put(enum area area, const char *name, const char *part,
		const char *text)
{
	FILE *out = files[area];

	if (!text || !*text || !is_new(text))
		return;
	fprintf(out, "#. %s%s%s\nmsgid ", name, *part ? ": " : "", part);
	put_string(out, text);
	fputs("msgstr \"\"\n\n", out);
}

/* --- cases --------------------------------------------------------------- */

/* The chapter of the documents that a case judges first, or its topic. */
static enum area area_of(const struct testcase *testcase)
{
	const struct judgement *judgement = testcase->judgements;
	const struct variant *variant = testcase->variants;

	for (; !judgement && variant && variant->name; variant++)
		judgement = variant->judgements;
	if (judgement && judgement->claim)
		return (enum area)(AREA_CASES_A + judgement->claim[0] - 'A');
	return testcase->topic <= TOPIC_RETRANSMISSION ? AREA_EDGES_TIMERS :
							 AREA_EDGES_STATES;
}

static void put_judgements(enum area area, const char *name,
			   const struct judgement *judgement)
{
	char part[64];

	for (; judgement && judgement->claim; judgement++) {
		snprintf(part, sizeof(part), "%s %s", judgement->claim,
			 document_text(judgement->document));
		put(area, name, part, judgement->note);
	}
}

static void put_case(const struct testcase *testcase)
{
	enum area area = area_of(testcase);
	const char *name = testcase->name;
	const char *const *step = testcase->steps;
	const struct variant *variant = testcase->variants;
	const struct change *change = testcase->changes;

	put(area, name, "claim", testcase->claim);
	put(area, name, "why", testcase->why);
	for (; step && *step; step++)
		put(area, name, "step", *step);
	put(area, name, "expected", testcase->expect);
	put_judgements(area, name, testcase->judgements);
	for (; variant && variant->name; variant++) {
		put(area, name, variant->name, variant->what);
		put_judgements(area, name, variant->judgements);
		put(area, name, "why not over IPv6", variant->ipv4_only);
	}
	for (; change && change->what; change++)
		put(area, name, "change of the kernel", change->what);
}

/* --- help -----------------------------------------------------------------------
 * */

static void put_item(void *data, const char *name, const char *what)
{
	put(AREA_HELP, data, name, what);
}

static void put_usage(const struct usage *usage)
{
	const struct usage_word *word = usage->words;
	const struct usage_option *option = usage->options;
	/* put_item() only reads it. */
	void *name = (void *)(uintptr_t)usage->name;

	put(AREA_HELP, usage->name, "in the list of commands", usage->brief);
	put(AREA_HELP, usage->name, "arguments", usage->arguments);
	put(AREA_HELP, usage->name, "", usage->text);
	for (; word && word->name; word++) {
		put(AREA_HELP, usage->name, "an argument", word->name);
		put(AREA_HELP, usage->name, word->name, word->what);
	}
	if (usage->each_word)
		usage->each_word(put_item, name);
	for (; option && option->name; option++)
		put(AREA_HELP, usage->name, option->name, option->what);
	put(AREA_HELP, usage->name, "", usage->after);
	put(AREA_HELP, usage->name, "exit status", usage->status);
}

static void put_help(void)
{
	static char lab[] = "lab";
	size_t n;
	const struct command *command = commands(&n);
	const struct fault_verb *verb;

	put(AREA_HELP, "every command", usage_language.name,
	    usage_language.what);
	for (size_t i = 0; i < n; i++)
		put_usage(command[i].usage);
	verb = fault_verbs(&n);
	for (size_t i = 0; i < n; i++)
		put(AREA_HELP, "fault", verb[i].name, verb[i].what);
	lab_moment_each(put_item, lab);
	lab_action_each(put_item, lab);
	lab_expectation_each(put_item, lab);
}

/* --- the documents --------------------------------------------------------------
 * */

static void put_claims(void)
{
	size_t n;
	const struct documents_line *lines = documents_lines(&n);

	for (size_t i = 0; i < n; i++)
		if (lines[i].kind == LINE_CLAIM)
			put(AREA_DOCUMENTS, lines[i].id, "", lines[i].text);
}

static void put_figures(void)
{
	size_t n;
	const struct documents_figure *figures = documents_figures(&n);

	for (size_t i = 0; i < n; i++)
		put(AREA_DOCUMENTS, "figure", figures[i].number,
		    figures[i].title);
}

static void put_documents(void)
{
	put_claims();
	put_figures();
	for (int i = DOCUMENT_RIGHT; i <= DOCUMENT_WRONG; i++)
		put(AREA_DOCUMENTS, "judgement", "",
		    document_text((enum document)i));
	for (int i = TOPIC_NONE + 1; i < TOPICS; i++)
		put(AREA_DOCUMENTS, "topic", "", edges_topic((enum topic)i));
}

/* --- errno ---------------------------------------------------------------- */

/* Those that programs, sockets and files return here. Their texts end messages
 * of errors: message_record(). A static program has no catalogue of the C
 * library. */
static const int errors[] = {
	EPERM,		 ENOENT,      ESRCH,	    EINTR,	  EIO,
	E2BIG,		 ENOEXEC,     EBADF,	    ECHILD,	  EAGAIN,
	ENOMEM,		 EACCES,      EFAULT,	    EBUSY,	  EEXIST,
	EXDEV,		 ENODEV,      ENOTDIR,	    EISDIR,	  EINVAL,
	ENFILE,		 EMFILE,      ENOTTY,	    ETXTBSY,	  EFBIG,
	ENOSPC,		 ESPIPE,      EROFS,	    EPIPE,	  ENAMETOOLONG,
	ENOSYS,		 ENOTEMPTY,   ELOOP,	    EPROTO,	  EBADMSG,
	EOVERFLOW,	 EILSEQ,      ENOTSOCK,	    EMSGSIZE,	  ENOPROTOOPT,
	EPROTONOSUPPORT, EOPNOTSUPP,  EAFNOSUPPORT, EADDRINUSE,	  EADDRNOTAVAIL,
	ENETDOWN,	 ENETUNREACH, ECONNABORTED, ECONNRESET,	  ENOBUFS,
	EISCONN,	 ENOTCONN,    ETIMEDOUT,    ECONNREFUSED, EHOSTDOWN,
	EHOSTUNREACH,	 EALREADY,    EINPROGRESS,  ESTALE,	  EDQUOT,
	ECANCELED,
};

static void put_errors(void)
{
	FILE *out = files[AREA_ERRORS];

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fprintf(out, "#. %s\nmsgctxt \"record\"\nmsgid ",
			strerrorname_np(errors[i]));
		put_string(out, strerror(errors[i]));
		fputs("msgstr \"\"\n\n", out);
	}
}

/* --- files
 * ------------------------------------------------------------------------ */

static int open_files(const char *folder)
{
	char path[4096];

	for (int i = 0; i < AREAS; i++) {
		snprintf(path, sizeof(path), "%s/%s.pot", folder,
			 area_names[i]);
		files[i] = fopen(path, "we");
		if (!files[i]) {
			perror(path);
			return -1;
		}
		fputs("msgid \"\"\nmsgstr \"\"\n"
		      "\"Content-Type: text/plain; charset=UTF-8\\n\"\n\n",
		      files[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: tables FOLDER\n");
		return 2;
	}
	if (open_files(argv[1]) < 0)
		return 1;
	put_documents();
	put_help();
	put_errors();
	for (size_t i = 0; i < testcases_n; i++)
		put_case(testcases[i]);
	for (int i = 0; i < AREAS; i++)
		failed |= fclose(files[i]);
	free(written.all);
	return failed != 0;
}
