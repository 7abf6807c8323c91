/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a lab: who is there, what runs, what happens when, what is
 * expected. The command line, a file and the prompt say it in the same words
 * (lab-words.h); everything that can be wrong with it is found before anything
 * starts.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "fault.h"
#include "host.h"
#include "nsec.h"
#include "testcase.h"

enum {
	LAB_HOSTS = WORLD_HOSTS,
	LAB_PROGRAMS = 64,
	LAB_STEPS = 256,
	LAB_EXPECTATIONS = 64,
	LAB_FILES = 32,
	LAB_SETTINGS = 64,
	LAB_NEEDS = 16,
	LAB_NAME = 32, /* of a program, with its end */
	LAB_PORT = 80, /* where a probe listens that was told no port */
	LAB_BACKLOG = 128, /* … no backlog */
	LAB_BYTES = 1, /* what it sends that was told no number */
};

/* Where something was said, for whoever has to mend it: "incident.yaml:12:9",
 * "--at 'unplg client'". */
struct lab_place {
	const char *source; /* a file's name, or an option with its words */
	unsigned int line, column; /* from 1; 0: the source has no lines */
	/* The text stands there letter by letter, so that its third column is
	 * the place's, and two more. */
	bool verbatim;
	const char *key; /* "timeline"; NULL: none */
};

/* --- who is there ---------------------------------------------------------*/

enum lab_role {
	LAB_ENDPOINT, /* an end of connections */
	LAB_ROUTER, /* forwards, and knows nothing of connections */
	LAB_NAT, /* masquerades whoever is before it on the path */
	LAB_FIREWALL, /* lets out what begins inside, and in what answers */
};

/* Hosts stand in the plan as they stand on the path: those before the one that
 * is no LAB_ENDPOINT are inside, those after it outside. There is at most one. */
struct lab_host {
	char name[HOST_NAME];
	enum lab_role role;
	nsec_t idle; /* after which it forgets a connection; 0: its kernel's */
	const char *rules; /* more of them, for nft(8); NULL: none */
	nsec_t delay; /* of the path to it, one way */
	double loss; /* of the path to it, each way: 0 .. 1 */
	struct lab_place place;
};

struct lab_file {
	const char *host, *name, *text;
};

/* A command line, for sh(1). */
struct lab_program {
	const char *name; /* no other program's, and no host's */
	const char *host;
	const char *command;
	const char *const *environment; /* "KEY=VALUE"; end: NULL; NULL: none */
	const char *user; /* NULL: as programs are */
	uint16_t listens; /* waited for before anybody else starts; 0: not */
	bool later; /* a step starts it */
	struct lab_place place;
};

/* --- when -----------------------------------------------------------------*/

enum lab_moment_event {
	LAB_AFTER_START, /* the servers run, the clients are about to */
	LAB_AFTER_FRAMES, /* `host` has received (sent) `count` frames of `kinds` */
	LAB_AFTER_LINE, /* `program` prints a line with `text` in it */
	LAB_AFTER_EXIT, /* `program` ends */
	LAB_AFTER_STATE, /* a socket of `host` is in `state` */
	LAB_AFTER_STEP, /* the step of the timeline with the action `text` is done */
};

struct lab_moment {
	nsec_t after; /* so long after the event */
	enum lab_moment_event event;
	const char *host, *program, *text;
	bool sent;
	unsigned int count, kinds; /* enum wire_kind, or-ed */
	enum diag_state state;
};

/* --- what -----------------------------------------------------------------*/

enum lab_verb {
	LAB_FAULT, /* `fault` happens to `host` */
	LAB_KILL, /* `signal` to `program`, or to the probe in `host` */
	LAB_DROP, /* the wire, from here on: */
	LAB_HOLD,
	LAB_DELAY,
	LAB_DUPLICATE,
	LAB_REJECT,
	LAB_RELEASE, /* what is held goes on */
	LAB_PASS, /* every rule of the wire is off; what is held stays held */
	LAB_INJECT, /* one segment that nobody sent */
	LAB_SET, /* a sysctl of `host` */
	LAB_RUN, /* starts `program` */
	LAB_LISTEN, /* a probe of `host`: */
	LAB_CONNECT,
	LAB_SEND,
	LAB_SHUT, /* shutdown(): no more is sent */
	LAB_CLOSE,
	LAB_ABORT, /* SO_LINGER of 0, and close(): a RST */
	LAB_KEEPALIVE, /* SO_KEEPALIVE */
	LAB_USER_TIMEOUT, /* TCP_USER_TIMEOUT of `time` */
	LAB_NOTE, /* a sentence for the timeline */
	LAB_FINISH, /* the timeline ends, whatever the time */
};

/* What a rejecting wire answers. */
enum lab_answer {
	LAB_ANSWER_RST,
	LAB_ANSWER_NET, /* ICMP destination unreachable: network */
	LAB_ANSWER_HOST,
	LAB_ANSWER_PORT,
	LAB_ANSWER_ADMIN, /* administratively prohibited */
};

/* What a listening probe does with who comes. */
enum lab_service {
	LAB_ECHO, /* accepts, and sends back what it gets */
	LAB_HTTP, /* accepts, and answers each request */
	LAB_SILENT, /* accepts, reads nothing, says nothing */
	LAB_UNACCEPTED, /* never accepts */
};

struct lab_action {
	enum lab_verb verb;
	const char *text; /* as it was said, in one form */
	const struct fault_verb *fault;
	const char *host, *argument; /* argument: of the fault */
	const char *program;
	/* of LAB_RUN: a program that the plan does not have yet, in `host`; see
	 * lab_plan_add_command(). NULL: it has it. */
	const char *command;
	int signal;
	/* of the wire's */
	const char *from, *to; /* NULL: any */
	unsigned int kinds; /* 0: all */
	unsigned int first, count; /* as in struct wire_match */
	double rate; /* of those, by chance: 0 .. 1; 0: all */
	uint16_t port; /* either end's; 0: any */
	nsec_t time; /* of a delay, a duplicate, a time-out */
	enum lab_answer answer;
	/* of a sysctl: */
	const char *name, *value;
	/* of a probe's */
	const char *peer; /* connect's; a host */
	uint16_t peer_port;
	unsigned int times; /* connect so often; at least 1 */
	int backlog;
	enum lab_service service;
	uint64_t bytes;
};

struct lab_step {
	struct lab_moment when;
	struct lab_action action;
	struct lab_place place;
};

/* --- what is expected -----------------------------------------------------*/

enum lab_expectation_kind {
	LAB_EXPECT_OUTCOME, /* a call of the probe in `host` ended: `outcome` */
	LAB_EXPECT_OPEN, /* no call of the probe in `host` has ended, at the end */
	LAB_EXPECT_EXIT, /* `program` ended with the status `number` */
	LAB_EXPECT_SIGNAL, /* … by the signal `number` */
	LAB_EXPECT_RUNS, /* `program` still runs, at the end */
	LAB_EXPECT_LINE, /* `program` prints `text` */
	LAB_EXPECT_SOCKETS, /* `min` .. `max` of the host's sockets are in `state` */
	LAB_EXPECT_COUNTER, /* the host's counter `text` has moved by min .. max */
	LAB_EXPECT_SENT, /* `host` has sent min .. max frames of `kinds` */
	LAB_EXPECT_RECEIVED,
};

struct lab_expectation {
	const char *text; /* as it was said */
	enum lab_expectation_kind kind;
	bool negated; /* it does not: "nginx prints no 'error'" */
	const char *host, *program, *words;
	const char *outcome; /* ETIMEDOUT, EOF, DATA */
	int number;
	enum diag_state state; /* 0: any but LISTEN */
	unsigned int kinds;
	uint64_t min, max; /* UINT64_MAX: none */
	/* Not before `from`, and within `within`, of the moment; 0 and
	 * NSEC_NEVER: at any time until the end. */
	nsec_t from, within;
	struct lab_moment since;
	struct lab_place place;
};

/* --- all of it ------------------------------------------------------------*/

struct lab_plan {
	const char *name; /* of the incident: the file's, without .yaml */
	const char *about; /* what to look at; NULL: nothing was said */
	const char *command; /* the command line that made it; NULL: none */
	/* Programs without which it is skipped; end: NULL. */
	const char *needs[LAB_NEEDS + 1];
	nsec_t duration; /* from the start of the timeline */
	struct lab_host hosts[LAB_HOSTS];
	struct lab_program programs[LAB_PROGRAMS];
	struct lab_file files[LAB_FILES];
	struct setting settings[LAB_SETTINGS + 1]; /* end: name NULL */
	struct lab_place setting_places[LAB_SETTINGS];
	struct lab_step steps[LAB_STEPS];
	struct lab_expectation expectations[LAB_EXPECTATIONS];
	size_t n_needs, n_hosts, n_programs, n_files, n_settings, n_steps,
		n_expectations;
	struct lab_text *texts; /* all strings of the plan */
};

/* Empty: no host, and lasts is 0. */
int lab_plan_new(struct lab_plan **ret);
struct lab_plan *lab_plan_free(struct lab_plan *plan);

/* A copy that lives as long as the plan; NULL without memory. */
const char *lab_plan_keep(struct lab_plan *plan, const char *text);
const char *lab_plan_keep_part(struct lab_plan *plan, const char *text,
			       size_t size);

struct lab_host *lab_plan_host(const struct lab_plan *plan, const char *name);
struct lab_program *lab_plan_program(const struct lab_plan *plan,
				     const char *name);

/* The router, NAT or firewall, of which a path has one at most; NULL: none. */
const struct lab_host *lab_plan_gateway(const struct lab_plan *plan);
/* A NAT or a firewall: it forgets connections, too. */
bool lab_host_tracks_connections(const struct lab_host *host);

/*
 * Adds one, by name, a LAB_ENDPOINT at the far end of the path. -EINVAL for a name
 * that is none, is too long, or is another's; -E2BIG for one too many.
 */
int lab_plan_add_host(struct lab_plan *plan, const char *name,
		      const struct lab_place *place, struct lab_host **ret);

/* `name` NULL: the first word of the command, with a number where it is taken.
 * The strings are copied. */
int lab_plan_add_program(struct lab_plan *plan, const char *host,
			 const char *name, const char *command,
			 const struct lab_place *place,
			 struct lab_program **ret);

int lab_plan_add_file(struct lab_plan *plan, const char *host, const char *name,
		      const char *text);

/* A program, by the name that it has in PATH: nginx. -EINVAL for a path. */
int lab_plan_add_need(struct lab_plan *plan, const char *program);

/* "[HOST:]KEY=VALUE", as settings_parse() has it. */
int lab_plan_add_setting(struct lab_plan *plan, const char *text,
			 const struct lab_place *place);

/* A step; both texts in the words of lab-words.h. The place of the one may be
 * another than the other's, and is the step's. */
int lab_plan_add_step(struct lab_plan *plan, const char *when,
		      const char *action, const struct lab_place *place);
int lab_plan_add_step_at(struct lab_plan *plan, const char *when,
			 const struct lab_place *when_place, const char *action,
			 const struct lab_place *place);

/*
 * For an action that was parsed by itself, at the prompt: a command that is to
 * be run becomes a program of the plan, which starts later, and the action's
 * `program`. Nothing to do for any other.
 */
int lab_plan_add_command(struct lab_plan *plan, struct lab_action *action,
		   const struct lab_place *place);

int lab_plan_add_expectation(struct lab_plan *plan, const char *text,
			     const struct lab_place *place);

/*
 * What was left unsaid: client and server where no host was named, and the other
 * one where only one of them was; a probe that listens in the last host, and one
 * that connects to it in every other end, as far as these have neither a program
 * nor a step that listens or connects; how long it lasts.
 */
int lab_plan_add_defaults(struct lab_plan *plan);

/*
 * What can be known to be impossible: a host or program that is nobody's; plug
 * of what was never unplugged, unplug of what is unplugged already; thaw of what
 * was not frozen, anything but reboot to a host that is dead, forget of one that
 * remembers nothing, release where nothing is held, a probe of a host that has
 * none or is frozen; a moment after the end. A step that waits for an event may
 * come before or after any other: what it could make right is not refused. The
 * message names the place, and what would be right. The plan is a complete one.
 */
int lab_check(const struct lab_plan *plan);

/*
 * When the step's turn is, from the start, as far as the plan alone can tell:
 * NSEC_NEVER where it waits for something that may come at any time. The same
 * of a moment by itself.
 */
nsec_t lab_plan_step_time(const struct lab_plan *plan, size_t step);
nsec_t lab_plan_moment_time(const struct lab_plan *plan,
			    const struct lab_moment *moment);

enum { LAB_PLACE = 256 };

/* "incident.yaml:12:9: timeline: " or "--at: "; returns `buffer`. NULL and a
 * place without a source are "". */
const char *lab_place_text(const struct lab_place *place, char *buffer,
			   size_t size);
