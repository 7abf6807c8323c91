/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a lab: hosts and networks, the programs and files in them, the
 * timeline of steps and the expectations. The command line and a file
 * (lab-file.h) build a plan in the words of one grammar (lab-action.h,
 * lab-expectation.h); lab_check() then finds what cannot happen before anything
 * starts.
 *
 * All strings of a plan live as long as the plan. Functions that add something
 * copy the strings they get.
 */
#pragma once

#include <assert.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "errors.h"
#include "fault.h"
#include "host.h"
#include "ipvs.h"
#include "nsec.h"
#include "privilege.h"
#include "testcase.h"
#include "wire-kind.h"
#include "wire-link.h"

enum {
	LAB_HOSTS = WORLD_HOSTS,
	LAB_NETWORKS = 16,
	LAB_INTERFACES = HOST_CABLES, /* of one host */
	LAB_ROUTES = HOST_ROUTES, /* of one host */
	LAB_ADDRESSES = WORLD_ADDRESSES, /* that may move */
	LAB_BACKENDS = IPVS_BACKENDS, /* of one balancer */
	LAB_MTU = 1500, /* of an interface, unless the file has another one */
	LAB_PROGRAMS = 64,
	LAB_STEPS = 256,
	LAB_EXPECTATIONS = 64,
	LAB_FILES = 32,
	LAB_SETTINGS = 64,
	LAB_NEEDS = 16,
	LAB_NAME = 32, /* size of a program's name, with the NUL byte */
	LAB_PORT = 80, /* port of a probe unless the action names another */
	LAB_BACKLOG = 128, /* listen backlog of a probe, likewise */
	LAB_BYTES = 1, /* what `send` sends, likewise */
	LAB_LISTENS_WITHIN = 30, /* seconds until a server listens, likewise */
	LAB_COMMAND = 8192, /* bytes of a command line, at most */
	LAB_VARIABLES = 64, /* of the environment of one program, at most */
	LAB_SYMPTOM = 60, /* bytes of `symptom`, at most */
	LAB_DEPTH = 16, /* nesting of a file, at most */
};

/* The source of a part of the plan, for messages: "incident.yaml:12:9",
 * "--at '2s' 'unplug client'". */
struct lab_place {
	const char *source; /* a file's name, or an option with its words */
	unsigned int line, column; /* from 1; 0: the source has no lines */
	/* The text stands in the file character by character, so that its
	 * third character has the place's column plus 2; the lines of a text of
	 * several lines all begin in that column. */
	bool verbatim;
	const char *key; /* path of keys: "timeline", "hosts.client"; or NULL */
};

/* Kind of a frame, beside the bits of enum wire_kind: a segment with payload,
 * which was sent before or not. WIRE_DATA is payload that was not. */
enum { LAB_PAYLOAD = 1 << 16 };

/* The duration of a lab that a person ends: a year. */
#define LAB_UNLIMITED SEC(365 * 86400)

static_assert(!(LAB_PAYLOAD & WIRE_ANY), "bit of another kind");

/* --- hosts and programs ---------------------------------------------------*/

enum lab_role {
	LAB_ENDPOINT, /* an end of connections */
	LAB_ROUTER, /* forwards, and tracks no connections */
	LAB_NAT, /* masquerades the hosts before it on the path */
	LAB_FIREWALL, /* passes connections that begin inside, and replies */
	LAB_BALANCER, /* gives connections to its addresses to its backends */
};

/* The answer of a wire or a gateway that rejects. */
enum lab_answer {
	LAB_ANSWER_RST,
	LAB_ANSWER_NET, /* ICMP destination unreachable: network */
	LAB_ANSWER_HOST,
	LAB_ANSWER_PORT,
	LAB_ANSWER_ADMIN, /* administratively prohibited */
};

/* States of a tracked connection that have a timeout, as conntrack(8) names
 * them. The last two limit the others: nf_conntrack_tcp_packet(). */
enum lab_tracked_state {
	LAB_TRACKED_SYN_SENT,
	LAB_TRACKED_SYN_RECV,
	LAB_TRACKED_ESTABLISHED,
	LAB_TRACKED_FIN_WAIT,
	LAB_TRACKED_CLOSE_WAIT,
	LAB_TRACKED_LAST_ACK,
	LAB_TRACKED_TIME_WAIT,
	LAB_TRACKED_CLOSE,
	LAB_TRACKED_MAX_RETRANS,
	LAB_TRACKED_UNACKNOWLEDGED,
	LAB_TRACKED_STATES,
};

/* The port that a NAT gives to a connection. */
enum lab_ports {
	LAB_PORTS_KEPT, /* the host's own, where it is free */
	LAB_PORTS_RANDOM,
	LAB_PORTS_FULLY_RANDOM,
};

/* What a gateway does with connections. */
struct lab_tracking {
	nsec_t idle[LAB_TRACKED_STATES]; /* timeouts; 0: the default */
	bool loose; /* makes an entry for a connection that it joins late */
	bool liberal; /* accepts segments outside of the window */
	/* What segments of a connection without an entry get. */
	enum lab_unknown {
		LAB_UNKNOWN_DROP,
		LAB_UNKNOWN_PASS, /* forwarded, and not translated */
		LAB_UNKNOWN_REJECT, /* answered with `answer` */
	} unknown;
	enum lab_answer answer;
	enum lab_ports ports;
};

/* A switch; lab-network.h. */
struct lab_network {
	const char *name;
	/* Larger packets are lost, and the default of its interfaces; 0: any, and
	 * LAB_MTU. */
	unsigned int mtu;
	struct lab_place place;
};

struct lab_interface {
	size_t network; /* index */
	unsigned int number; /* of its address in the network; 0: any */
	unsigned int mtu; /* 0: of the host, or of the network */
	struct lab_place place;
};

/* A further address of a host, which the action `move` gives to another one. */
struct lab_address {
	const char *name; /* unique among hosts, programs and addresses */
	const char *text; /* as it was written; NULL: any */
	const char *host; /* that has it at the start */
	size_t network; /* index */
	unsigned int number; /* 0: any */
	struct lab_place place;
};

struct lab_route {
	const char *to; /* a network or a host; NULL: the default route */
	const char *via; /* a host in one of this host's networks */
	struct lab_place place;
};

/*
 * Hosts are in networks. A gateway is any host that is no LAB_ENDPOINT: it
 * forwards between its networks, of which the first is inside and the others
 * are outside. In a plan without named networks, hosts are in the order of a
 * path with at most one gateway: the hosts before it are inside, those after it
 * outside.
 */
struct lab_host {
	char name[HOST_NAME];
	enum lab_role role;
	struct lab_interface interfaces[LAB_INTERFACES];
	bool static_routes; /* instead of those by the fewest hops */
	struct lab_route routes[LAB_ROUTES];
	size_t n_interfaces, n_routes;
	struct lab_tracking tracking;
	unsigned int mtu; /* of its interfaces; 0: of their networks */
	bool no_icmp; /* a gateway that neither sends nor forwards ICMP errors
		       */
	const char *backends[LAB_BACKENDS]; /* hosts */
	size_t n_backends;
	bool by_source; /* one client, one backend; else they take turns */
	bool ipvs; /* a balancer with IPVS, which does without conntrack */
	const char *rules; /* additional rules for nft(8), or NULL */
	struct lab_place rules_place; /* of their first character */
	/* Of the path, from the host and to it. */
	struct wire_link_settings links[2];
	struct lab_place place;
};

struct lab_file {
	const char *host, *name, *text;
};

/* A command line for sh(1). */
struct lab_program {
	const char *name; /* unique among programs and hosts */
	const char *host;
	const char *command;
	const char *const
		*environment; /* "KEY=VALUE", ends with NULL; or NULL */
	const char *user; /* NULL: the default user of programs */
	const struct privilege_ids *ids; /* of the user */
	uint16_t listens; /* port that is awaited before clients start, or 0 */
	nsec_t listens_within; /* so long; 0 unless a port is awaited */
	uint64_t families; /* of sockets, beside the usual: bit AF_... */
	unsigned int grants; /* of capabilities: enum privilege_grant */
	uint64_t memory; /* bytes of data, at most; 0: the default */
	unsigned int lines; /* of output in the journal; 0: the default */
	bool terminal; /* its standard streams are a pseudo-terminal */
	bool later; /* started by a step, not at the start */
	struct lab_place place;
};

/* --- the timeline ---------------------------------------------------------*/

struct lab_action;

enum lab_moment_event {
	LAB_AFTER_START, /* the servers run, and the clients start */
	LAB_AFTER_FRAMES, /* `host` received (sent) `count` frames of `kinds` */
	LAB_AFTER_LINE, /* `program` printed a line that contains `line` */
	LAB_AFTER_EXIT, /* `program` ended */
	LAB_AFTER_STATE, /* a socket of `host` entered `state` */
	LAB_AFTER_STEP, /* a step with this `action` was done */
};

struct lab_moment {
	const char *text; /* as it was written, on one line */
	nsec_t after; /* delay after the event */
	enum lab_moment_event event;
	const char *host, *program, *line;
	bool sent;
	unsigned int count, kinds; /* kinds: 0: any */
	enum diag_state state;
	const struct lab_action *action; /* see lab_action_equal() */
};

enum lab_verb {
	LAB_FAULT, /* `fault` is applied to `host` */
	LAB_KILL, /* `signal` to `program`, or to the probe in `host` */
	/* Rules of the wire, from here to LAB_REJECT. */
	LAB_DROP,
	LAB_HOLD,
	LAB_DELAY,
	LAB_DUPLICATE,
	LAB_REJECT,
	LAB_LINK, /* changes the path of `host` */
	LAB_RELEASE, /* delivers the frames that are held */
	LAB_PASS, /* removes every rule; held frames stay held */
	LAB_INJECT, /* a forged segment */
	LAB_MOVE, /* the address `argument`, from `from` to `to` */
	LAB_SET, /* a sysctl of `host` */
	LAB_NFT, /* the rules `argument` for nft(8) in `host` */
	LAB_RUN, /* starts `program` */
	/* Calls of the probe in `host`, from here to LAB_USER_TIMEOUT. */
	LAB_LISTEN,
	LAB_CONNECT,
	LAB_SEND,
	LAB_SHUT, /* shutdown(SHUT_WR) */
	LAB_CLOSE,
	LAB_ABORT, /* close() with an SO_LINGER timeout of 0: RST */
	LAB_STOP_READING, /* recv() is not called: the window closes */
	LAB_READ_AGAIN,
	LAB_KEEPALIVE, /* SO_KEEPALIVE */
	LAB_USER_TIMEOUT, /* TCP_USER_TIMEOUT of `time` */
	LAB_NOTE, /* a sentence for the timeline */
	LAB_FINISH, /* ends the timeline early */
};

/* What a listening probe does with connections. */
enum lab_service {
	LAB_ECHO, /* accepts, and sends back what it receives */
	LAB_HTTP, /* accepts, and answers each request */
	LAB_SILENT, /* accepts, and neither reads nor sends */
	LAB_UNACCEPTED, /* never calls accept() */
};

/* bind() to an address, before connect(). */
enum lab_bind {
	LAB_UNBOUND,
	LAB_BIND, /* and to a port, which the kernel chooses */
	LAB_BIND_NO_PORT, /* IP_BIND_ADDRESS_NO_PORT: connect() chooses it */
};

/* Some properties of a path, in some directions: see lab-link.h. */
struct lab_link_change {
	unsigned int properties; /* bits: indices of the table */
	bool from_host, to_host;
	struct wire_link_settings settings;
};

struct lab_action {
	enum lab_verb verb;
	const char *name; /* of the verb: "crash", "drop" */
	const char *text; /* as it was written, on one line */
	const struct fault_verb *fault;
	const char *host;
	const char *argument; /* of the fault; the sentence of LAB_NOTE;
			       * the rules of LAB_NFT */
	const char *program;
	/* LAB_RUN: a command that becomes a program of `host` when the step is
	 * added, see lab_plan_add_command(); NULL: the plan has the program. */
	const char *command;
	int signal;
	/* Rules of the wire. */
	const char *from, *to; /* NULL: any host */
	unsigned int kinds; /* enum wire_kind, LAB_PAYLOAD; 0: any */
	unsigned int first, count; /* as in struct wire_match */
	double rate; /* share of the frames, by chance: 0 .. 1; 0: all */
	uint16_t port; /* at either end; 0: any. LAB_LISTEN: the port */
	/* Of a delay, of a duplicate, of TCP_USER_TIMEOUT. LAB_LISTEN: interval
	 * between two calls of accept(). */
	nsec_t time;
	/* Share of the connections to which a rule applies: 0 .. 1; 0: all. */
	double connections;
	enum lab_answer answer;
	struct lab_link_change link;
	int32_t seq, ack; /* LAB_INJECT: offsets from the right numbers */
	bool quiet; /* LAB_MOVE: without an announcement */
	/* LAB_SET */
	const char *key, *value;
	/* Probes. */
	const char *peer; /* the host to connect to */
	uint16_t peer_port;
	unsigned int times; /* number of connections; at least 1 */
	enum lab_bind bind;
	int backlog;
	enum lab_service service;
	uint64_t bytes;
};

struct lab_step {
	struct lab_moment when;
	struct lab_action action;
	struct lab_place place;
};

/* --- expectations ---------------------------------------------------------*/

enum lab_expectation_kind {
	LAB_EXPECT_OUTCOME, /* a call of the probe in `host` ended: `outcome` */
	LAB_EXPECT_OPEN, /* no call of the probe in `host` has ended */
	LAB_EXPECT_EXIT, /* `program` ended with exit status `number` */
	LAB_EXPECT_SIGNAL, /* `program` was ended by signal `number` */
	LAB_EXPECT_RUNS, /* `program` runs at the end */
	LAB_EXPECT_LINE, /* `program` prints a line that contains `line` */
	LAB_EXPECT_SOCKETS, /* `min` .. `max` of its sockets are in `state` */
	LAB_EXPECT_COUNTER, /* `counter` of `host` rose by `min` .. `max` */
	LAB_EXPECT_SENT, /* `host` sent `min` .. `max` frames of `kinds` */
	LAB_EXPECT_RECEIVED,
};

struct lab_expectation {
	const char *text; /* "SUBJECT: REST", the rest as it was written */
	enum lab_expectation_kind kind;
	bool negated; /* LAB_EXPECT_LINE: prints no such line */
	const char *host, *program; /* one of them */
	const char *line, *counter;
	const char *outcome; /* "ETIMEDOUT", "EOF", "DATA" */
	int number;
	enum diag_state state; /* 0: any but LISTEN */
	unsigned int kinds;
	uint64_t min, max; /* max UINT64_MAX: no limit */
	/* Not before `from` and not later than `within` after the event
	 * `since`. 0 and NSEC_NEVER: at any time until the end. */
	nsec_t from, within;
	struct lab_moment since;
	struct lab_place place;
};

/* --- the plan -------------------------------------------------------------*/

struct lab_plan {
	const char *name; /* of the incident: the file's name without .yaml */
	const char *symptom; /* what a user sees, in a few words, or NULL */
	const char *about; /* what to look at, or NULL */
	const char *command; /* the command line that made it, or NULL */
	/* Programs; the lab is skipped when one is missing. Ends with NULL. */
	const char *needs[LAB_NEEDS + 1];
	uint64_t tmp_size; /* bytes of /tmp; 0: the default */
	unsigned int processes; /* of each host; 0: the default */
	uint64_t seed; /* of random choices */
	bool offload; /* several segments in a frame: world_set_offload() */
	nsec_t duration; /* of the timeline; 0: lab_defaults_add() */
	bool named_networks; /* the file has networks, and hosts name theirs */
	struct lab_network networks[LAB_NETWORKS];
	struct lab_address addresses[LAB_ADDRESSES];
	struct lab_host hosts[LAB_HOSTS];
	struct lab_program programs[LAB_PROGRAMS];
	struct lab_file files[LAB_FILES];
	struct setting settings[LAB_SETTINGS + 1]; /* ends with name NULL */
	struct lab_place setting_places[LAB_SETTINGS];
	struct lab_step steps[LAB_STEPS];
	struct lab_expectation expectations[LAB_EXPECTATIONS];
	size_t n_needs, n_networks, n_addresses, n_hosts, n_programs, n_files,
		n_settings, n_steps, n_expectations;
	struct lab_memory *memory; /* of the strings */
};

/* An empty plan. */
int lab_plan_new(struct lab_plan **ret);
struct lab_plan *lab_plan_free(struct lab_plan *plan);

/* Zeroed memory that is freed with the plan; NULL without memory. */
void *lab_plan_allocate(struct lab_plan *plan, size_t size);
/* Copies, likewise. */
char *lab_plan_keep(struct lab_plan *plan, const char *text);
char *lab_plan_keep_part(struct lab_plan *plan, const char *text, size_t size);
/* `place` NULL: none. -ENOMEM. */
int lab_plan_keep_place(struct lab_plan *plan, const struct lab_place *place,
			struct lab_place *ret);

/* By name; NULL: there is none. */
struct lab_host *lab_plan_host(const struct lab_plan *plan, const char *name);
struct lab_program *lab_plan_program(const struct lab_plan *plan,
				     const char *name);
/* A further address by its name; NULL: there is none. */
const struct lab_address *lab_plan_address(const struct lab_plan *plan,
					   const char *name);
/* Writes the names of all hosts, and returns how many. */
size_t lab_plan_host_names(const struct lab_plan *plan, const char **ret);

/* A router, NAT, firewall or balancer. */
bool lab_host_is_gateway(const struct lab_host *host);
/* A NAT, a firewall, or a balancer without IPVS: has conntrack. */
bool lab_host_tracks_connections(const struct lab_host *host);
/* The plan has a program in that host, started later or not. */
bool lab_plan_runs_in(const struct lab_plan *plan, const char *host);
/* A step makes a probe in that host listen or connect. */
bool lab_plan_has_probe(const struct lab_plan *plan, const char *host);
/* The first step with this verb for the host, of the verbs with a host. */
const struct lab_step *lab_plan_find_step(const struct lab_plan *plan,
					  const char *host, enum lab_verb verb);
/* The first step that does the same; NULL: none. */
const struct lab_step *lab_plan_step(const struct lab_plan *plan,
				     const struct lab_action *action);

/* Both do the same, however they were written: "drop 1 syn" and "drop the first
 * syn". A command that was run equals the program that it became. */
bool lab_action_equal(const struct lab_action *a, const struct lab_action *b);

/*
 * Adds an endpoint at the far end of the path. -EINVAL: the name is invalid,
 * too long or taken; -E2BIG: too many hosts.
 */
int lab_plan_add_host(struct lab_plan *plan, const char *name,
		      const struct lab_place *place, struct lab_host **ret);

/* `name` NULL: the first word of the command, with a number where that name is
 * taken: nginx, nginx-2. */
int lab_plan_add_program(struct lab_plan *plan, const char *host,
			 const char *name, const char *command,
			 const struct lab_place *place,
			 struct lab_program **ret);

/* A LAB_RUN with a command: adds the program, to be started later, and sets the
 * action's `program`. No effect on other actions. */
int lab_plan_add_command(struct lab_plan *plan, struct lab_action *action,
			 const struct lab_place *place);

/* A further address of the host; `text` NULL: any. The name becomes a variable
 * of programs, as those of hosts. */
int lab_plan_add_address(struct lab_plan *plan, const char *host,
			 const char *name, const char *text,
			 const struct lab_place *place);

int lab_plan_add_file(struct lab_plan *plan, const char *host, const char *name,
		      const char *text);

/* The name of a program in PATH: "nginx". -EINVAL for a path. */
int lab_plan_add_need(struct lab_plan *plan, const char *program);

/* "[HOST:]KEY=VALUE", see settings_parse(). */
int lab_plan_add_setting(struct lab_plan *plan, const char *text,
			 const struct lab_place *place);

/*
 * Time of a step or a moment from the start, as far as the plan determines it;
 * NSEC_NEVER for one that depends on an event at run time.
 */
nsec_t lab_plan_step_time(const struct lab_plan *plan, size_t step);
nsec_t lab_plan_moment_time(const struct lab_plan *plan,
			    const struct lab_moment *moment);

/* --- names and messages ---------------------------------------------------*/

/* -EINVAL: no valid name of a host or a program, or a keyword of the grammar.
 * `what` is for the message: "host". */
int lab_name_check(const char *name, const char *what);
bool lab_name_is_valid(const char *text);
bool lab_name_is_keyword(const char *name);

enum { LAB_PLACE = 256 };

/* "incident.yaml:12:9: timeline: " or "--at '2s': "; "" for NULL and for a
 * place without a source. Returns `buffer`. */
const char *lab_place_text(const struct lab_place *place, char *buffer,
			   size_t size);

/* The place of a byte of the text that stands at `place`; its line and column
 * in the text count from 1. That of the text if it is not verbatim. */
struct lab_place lab_place_inside(const struct lab_place *place,
				  const char *text, unsigned int line,
				  unsigned int column);

/* -EINVAL and the message, with the place before it. `place` may be NULL. */
int lab_place_refuse(const struct lab_place *place, const char *format, ...)
	MACRO_PRINTF(2, 3);

/* Puts the place before the message of the last failure, `r`. */
int lab_place_trace(const struct lab_place *place, int r);

/* The name that differs from `name` by a slip or two; NULL: none. */
const char *lab_nearest(const char *name, const char *const *names, size_t n);

/* The end of a message about an unknown name: "; did you mean 'unplug'?", or,
 * when no name is near, "; expected one of: crash, reboot". Returns `buffer`.
 */
const char *lab_suggest(const char *name, const char *const *names, size_t n,
			char *buffer, size_t size);
