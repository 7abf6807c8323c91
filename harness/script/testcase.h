/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a case is: one claim of the documents, turned into one experiment. A
 * constant; the harness runs it, lists it, shows it and reports on it, and
 * every text about it comes from here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"
#include "world-plan.h"

struct run;

/* What the run says of the sentence in the documents. */
enum document {
	DOCUMENT_NONE,
	DOCUMENT_RIGHT,
	DOCUMENT_CONDITIONAL, /* right under a condition it leaves out */
	DOCUMENT_OUTDATED, /* no longer, since a kernel version */
	DOCUMENT_WRONG,
};

struct judgement {
	const char *claim; /* A5, as CLAIMS.md counts */
	enum document document;
	const char *note; /* one sentence: the reason, with its source */
	const char *since; /* 4.12, for outdated */
};

/* A sysctl of a host. `text` for values that are no single number. */
struct setting {
	const char *host; /* NULL: every host */
	const char *name;
	long value;
	const char *text;
};

/* The same experiment under other numbers. Each one is a run of its own. */
struct variant {
	const char *name; /* "retries2=5" */
	const struct setting *settings; /* beside the case's; end: name NULL */
	long value; /* whatever the script makes of it */
	nsec_t duration; /* 0: the case's */
	const struct judgement *judgements; /* NULL: the case's */
	bool slow; /* not in the default set */
	/* The kernel's own values: hours, or days. With slow even more. */
	bool defaults;
	const char *needs_program; /* SKIP where it is not installed */
	const char *ipv4_only; /* the reason; NULL: runs over IPv6, too */
	const struct world_plan *world; /* NULL: the case's */
};

/* Without which this kernel or this machine cannot show the case. */
struct need {
	const char *sysctl; /* exists for a namespace */
	const char *program; /* is found in PATH or the sbin directories */
	unsigned int kernel; /* KERNEL_VERSION(), this one or a later one */
};

/* What came with a kernel: why two kernels need not do the same here. */
struct change {
	unsigned int kernel; /* KERNEL_VERSION(), the first that has it */
	const char *commit; /* NULL: not known for certain */
	const char *what; /* one sentence; NULL: the end */
	bool stable; /* stable kernels before it have it, too, from some day */
};

struct testcase {
	const char *name; /* the command: halfopen run NAME */
	const char *claim; /* one sentence, in our words */
	const struct judgement *judgements; /* end: claim NULL */
	const char *why; /* the mechanism: why it is so */
	const char *sources; /* RFC section; kernel file:function() */
	const char *const *steps; /* what the script does; end: NULL */
	const char *expect; /* what is expected, and why just that */
	const char *command; /* reproduces the run; NULL: halfopen run NAME */
	const struct world_plan *world;
	const struct setting *settings; /* end: name NULL */
	const struct variant *variants; /* end: name NULL; NULL: no variants */
	const struct need *needs; /* end: all empty */
	const struct change *changes; /* end: what NULL; NULL: none known */
	nsec_t duration; /* planned waiting time */
	bool no_fault; /* nothing breaks in it: a control */
	bool slow; /* not in the default set */
	bool exclusive; /* no other run at the same time */
	bool may_expect_nothing; /* a run without expectations may pass */
	void (*script)(struct run *run);
};

/* --- what cases are written with ------------------------------------------*/

#define CLAIMS(...)                                                            \
	((const struct judgement[]){ __VA_ARGS__, { .claim = NULL } })
#define SYSCTLS(...) ((const struct setting[]){ __VA_ARGS__, { .name = NULL } })
#define VARIANTS(...)                                                          \
	((const struct variant[]){ __VA_ARGS__, { .name = NULL } })
#define NEEDS(...) ((const struct need[]){ __VA_ARGS__, { .kernel = 0 } })
#define CHANGES(...)                                                           \
	((const struct change[]){ __VA_ARGS__, { .what = NULL } })
#define STEPS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The table of all cases, which cases/ provides. */
extern const struct testcase *const testcases[];
extern const size_t testcases_n;

const struct testcase *testcase_find(const char *name);

/* What `run` runs when it is not told what, what --all adds, and what only
 * --defaults does, or both together. */
enum case_set { SET_DEFAULT, SET_LONG, SET_DEFAULTS, SET_LONG_DEFAULTS };

enum case_set testcase_set(const struct testcase *testcase,
			   const struct variant *variant);

/* ", not in the default set" and its like; "" for what is in it. */
const char *case_set_text(enum case_set set);

/* How long a run of it is planned to take. */
nsec_t testcase_duration(const struct testcase *testcase,
			 const struct variant *variant);

/* Its longest variant in the default set: they run side by side. */
nsec_t testcase_longest_default(const struct testcase *testcase);

const struct world_plan *testcase_world(const struct testcase *testcase,
					const struct variant *variant);

const struct judgement *testcase_judgements(const struct testcase *testcase,
					    const struct variant *variant);

const char *document_text(enum document document);
