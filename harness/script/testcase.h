/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A case: one claim as one experiment. It is a constant that
 * the harness runs, lists, shows and reports on; all texts about a case come
 * from here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsec.h"
#include "world-plan.h"

struct run;

/* What the run implies for the sentence in the documents. */
enum document {
	DOCUMENT_NONE,
	DOCUMENT_RIGHT,
	DOCUMENT_CONDITIONAL, /* right under a condition that it omits */
	DOCUMENT_OUTDATED, /* no longer, since a kernel version */
	DOCUMENT_WRONG,
};

struct judgement {
	const char *claim; /* A5, as in CLAIMS.md */
	enum document document;
	const char *note; /* one sentence: the reason, with its source */
	const char *since; /* 4.12, for outdated */
};

/*
 * The second book, "timers and edges": kernel behaviour next to the claims of
 * the documents, by topic. In the order of harness/command/edges.c.
 */
enum topic {
	TOPIC_NONE,
	TOPIC_ZERO_WINDOW,
	TOPIC_USER_TIMEOUT,
	TOPIC_SOCKET_OPTIONS,
	TOPIC_RETRANSMISSION,
	TOPIC_HANDSHAKE,
	TOPIC_RESET,
	TOPIC_CLOSE,
	TOPIC_PORTS,
	TOPIC_CONNTRACK,
	TOPIC_COUNTERS,
	TOPICS,
};

/* A sysctl of a host. */
struct setting {
	const char *host; /* NULL: every host */
	const char *name;
	long value;
	const char *text; /* the value, when it is not one number */
};

/* The same experiment with other parameters. Each is a run of its own. */
struct variant {
	const char *name; /* "retries2=5" */
	const char *what; /* one sentence: what differs, what it shows */
	const struct setting *settings; /* after the case's; end: name NULL */
	long value; /* for the script */
	nsec_t duration; /* 0: the case's */
	const struct judgement *judgements; /* NULL: the case's */
	bool slow; /* not in the default set, but in --all */
	bool defaults; /* the kernel's own values (hours): in --defaults, and
			* with slow (days) in --defaults --all */
	const char *needs_program; /* SKIP where it is not installed */
	const char *ipv4_only; /* the reason; NULL: runs over IPv6, too */
	const char *const *shows; /* NULL: the case's */
	const struct world_plan *world; /* NULL: the case's */
};

/* A requirement: SKIP on kernels and machines without it. */
struct need {
	const char *sysctl; /* of a network namespace */
	const char *program; /* installed, see program-find.h */
	unsigned int kernel; /* KERNEL_VERSION(), this one or a later one */
};

enum { CHANGE_RELEASES = 6 };

/* A change of the kernel that explains why two kernels differ here. */
struct change {
	unsigned int kernel; /* KERNEL_VERSION() of the first that has it */
	const char *commit; /* NULL: not known */
	const char *what; /* one sentence; NULL: the end */
	bool stable; /* was also backported to earlier stable kernels */
	/* Releases of stable branches: that one and later ones of its branch
	 * are known to have the change, that one and earlier ones are known not
	 * to have it. End: 0. For kernel_has_change(). */
	unsigned int present[CHANGE_RELEASES], absent[CHANGE_RELEASES];
};

struct testcase {
	const char *name; /* halfopen run NAME */
	const char *claim; /* one sentence, in our words */
	const struct judgement *judgements; /* end: claim NULL */
	enum topic topic; /* of the second book; with or without judgements */
	const char *why; /* the mechanism */
	const char *sources; /* RFC section; kernel file:function() */
	const char *const *steps; /* what the script does; end: NULL */
	const char *expect; /* what is expected, and why */
	/* The names of the values that show it in the table of a run; end: NULL.
	 * NULL: outcome, time and counts, or the states, or the case's own. */
	const char *const *shows;
	const char *command; /* that repeats it; NULL: halfopen run NAME */
	const struct world_plan *world;
	const struct setting *settings; /* end: name NULL */
	const struct variant *variants; /* end: name NULL; NULL: none */
	const struct need *needs; /* end: all empty */
	const struct change *changes; /* end: what NULL; NULL: none known */
	nsec_t duration; /* planned time of waiting */
	nsec_t preparation; /* longest time before that (lab); usually 0 */
	bool no_fault; /* a control, without any fault */
	bool slow; /* not in the default set, but in --all */
	bool exclusive; /* no other run at the same time */
	bool may_expect_nothing; /* passes without any expectation */
	bool offload; /* several segments in a frame, as with --offload */
	bool programs; /* runs programs that .needs does not name */
	uint64_t tmp_size; /* bytes of /tmp; 0: 256 MiB */
	unsigned int processes; /* of one host, at most; 0: 1000 */
	unsigned int grants; /* enum privilege_grant: programs may get these */
	void (*script)(struct run *run);
};

#define CLAIMS(...)                                                            \
	((const struct judgement[]){ __VA_ARGS__, { .claim = NULL } })
#define SYSCTLS(...) ((const struct setting[]){ __VA_ARGS__, { .name = NULL } })
#define VARIANTS(...)                                                          \
	((const struct variant[]){ __VA_ARGS__, { .name = NULL } })
#define NEEDS(...) ((const struct need[]){ __VA_ARGS__, { .kernel = 0 } })
#define CHANGES(...) ((const struct change[]){ __VA_ARGS__, { .what = NULL } })
#define STEPS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SHOWS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Elements of SYSCTLS() that several cases have. */
#define KEEPALIVE_SYSCTLS(host_, time_, interval_, probes_)                    \
	{ (host_), "net.ipv4.tcp_keepalive_time", (time_) },                   \
		{ (host_), "net.ipv4.tcp_keepalive_intvl", (interval_) },      \
	{                                                                      \
		(host_), "net.ipv4.tcp_keepalive_probes", (probes_)            \
	}
#define ONE_LOCAL_PORT_SYSCTL(host_)                                           \
	{                                                                      \
		(host_), "net.ipv4.ip_local_port_range", .text = "40000 40000" \
	}
