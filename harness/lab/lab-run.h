/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a running lab, for its own files: lab-script.c has the loop and
 * the moments, lab-act.c does what a step says, lab-probes.c and lab-programs.c
 * hold what runs, lab-sockets.c looks at the hosts' sockets, lab-judge.c keeps
 * the expectations, lab-meaning.c has the last word.
 */
#pragma once

#include "diag.h"
#include "lab-plan.h"
#include "program.h"
#include "run.h"
#include "sock.h"
#include "wire.h"

enum { LAB_RULES = 64 };

/* What has just happened: for moments that wait for it, and for expectations. */
enum lab_news_kind {
	LAB_NEWS_START,
	LAB_NEWS_SENT, /* a frame left `host` */
	LAB_NEWS_RECEIVED, /* a frame came to `host` */
	LAB_NEWS_LINE, /* `program` printed `text` */
	LAB_NEWS_END, /* `program` ended with `status`, as of wait() */
	LAB_NEWS_FINDING, /* a call of a probe in `host` ended: `text` */
	LAB_NEWS_STATE, /* a socket of `host` is in `state` now */
	LAB_NEWS_DONE, /* the step with the action `text` is done */
};

struct lab_news {
	enum lab_news_kind kind;
	nsec_t at;
	const char *host, *program, *text;
	unsigned int kinds;
	int status;
	enum diag_state state;
};

/* A moment that is waited for. */
struct lab_wait {
	unsigned int seen;
	nsec_t happened; /* 0: not yet */
};

struct lab_running {
	struct program *program; /* NULL: not started */
	const char *name;
	bool deaf; /* it did not listen where it was said to */
};

struct lab_judging {
	struct lab_wait since;
	nsec_t met; /* when it was first seen to hold; 0: not yet */
	nsec_t missed; /* the first that came too late, or too early */
	uint64_t count;
	char observed[128];
};

struct lab {
	struct run *run;
	struct lab_plan *plan;
	nsec_t start, end; /* of the timeline */
	bool over;
	bool stirred; /* something has come that nobody has looked at */
	struct {
		struct lab_wait wait;
		bool done;
	} steps[LAB_STEPS];
	struct lab_judging judgings[LAB_EXPECTATIONS];
	struct lab_running programs[LAB_PROGRAMS];
	struct lab_probe *probes;
	struct wire_rule *rules[LAB_RULES];
	size_t n_rules;
	struct choice *choices; /* what the rules look for: lab-act.c */
	uint64_t chance; /* state of the dice */
	size_t n_captures; /* that have been looked at */
	size_t *put_off; /* captures that had not left by then */
	size_t n_put_off, put_off_space;
	/* Its processes stand still: no probe of it answers. */
	bool still[LAB_HOSTS];
	struct lab_sockets *sockets;
	nsec_t next_look, no_look_before;
	struct loop_source *prompt;
	const char **orders; /* of the prompt, not yet obeyed */
	size_t n_orders, orders_space;
	size_t n_duplicates; /* that have been looked at */
};

/* --- lab-script.c ---------------------------------------------------------*/

/* Tells all that wait for it. */
void lab_tell(struct lab *lab, const struct lab_news *news);

/* --- lab-act.c ------------------------------------------------------------*/

void lab_act(struct lab *lab, const struct lab_action *action);
bool lab_is_still(const struct lab *lab, const char *host);

/* The paths' losses, from the beginning. */
void lab_lose(struct lab *lab, const struct lab_host *host);

/* --- lab-programs.c -------------------------------------------------------*/

/*
 * Those that no step starts, the far end of the path first. Servers, which are
 * waited for: what is said to listen, and what is on the path's far end. All
 * others are clients, and their first segment is not before the timeline.
 */
void lab_programs_start_servers(struct lab *lab);
void lab_programs_start_clients(struct lab *lab);
void lab_program_start(struct lab *lab, const char *name);
/* NULL: it was never started. */
struct lab_running *lab_program_find(const struct lab *lab, const char *name);
bool lab_program_runs(const struct lab *lab, const char *name);

/* --- lab-probes.c ---------------------------------------------------------*/

void lab_probes_act(struct lab *lab, const struct lab_action *action);
/* Reaps what has returned. */
void lab_probes_look(struct lab *lab);
bool lab_probes_stirred(const struct lab *lab);
/* The probe of the host has a connection that it has not closed. */
bool lab_probes_are_open(const struct lab *lab, const char *host);
void lab_probe_kill(struct lab *lab, const char *host);
void lab_probes_forget(struct lab *lab, const char *host);
/* The number that the journal knows this socket by; 0: no probe's. */
int lab_probes_number(const struct lab *lab, const char *host,
		      const struct diag_socket *socket);

/* --- lab-sockets.c --------------------------------------------------------*/

/* Looks at all hosts' sockets, and tells what has changed. */
void lab_sockets_look(struct lab *lab);
/* The same, and journals every one: how it is now. */
void lab_sockets_tell(struct lab *lab);
/* Of the host, in that state, at the last look; 0: in any but LISTEN. */
unsigned int lab_sockets_count(const struct lab *lab, const char *host,
			       enum diag_state state);

typedef void (*lab_socket_fn)(struct lab *lab, const char *host,
			      const struct diag_socket *socket);
void lab_sockets_each(struct lab *lab, lab_socket_fn fn);
/* The other end's kernel has it, too (through a gateway, as it is called
 * there). */
bool lab_sockets_has_peer(const struct lab *lab,
			  const struct diag_socket *socket);

/* --- lab-judge.c ----------------------------------------------------------*/

void lab_judge_news(struct lab *lab, const struct lab_news *news);
/* Once sockets have been looked at. */
void lab_judge_sockets(struct lab *lab);
/* At the end: journals all of them. */
void lab_judge(struct lab *lab);

/* Whether it is that moment's event; counts. */
bool lab_wait_sees(struct lab_wait *wait, const struct lab_moment *moment,
		   const struct lab_news *news);

/* --- lab-meaning.c --------------------------------------------------------*/

void lab_meaning(struct lab *lab);
