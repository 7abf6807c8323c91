/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions and moments: a recursive descent over the words of a sentence.
 *
 * An action begins with a verb, which is looked up in the table below and then
 * among the faults of netns/fault.h. The verb's read function takes the words
 * behind it. A moment is an optional duration and an event; the second word of
 * an event determines its type, and an event without such a word is an action,
 * whose step it waits for.
 *
 * The table is also the source of the help texts.
 */
#include "lab-action.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lab-lex.h"
#include "lab-link.h"
#include "lab-value.h"
#include "message.h"
#include "settings.h"
#include "wire.h"

/* --- faults, kill, run ----------------------------------------------------*/

static int read_host(struct lab_lex *lex, struct lab_action *action)
{
	return lab_lex_name(lex, "host name", &action->host);
}

static int read_nothing(struct lab_lex *lex MACRO_UNUSED,
			struct lab_action *action MACRO_UNUSED)
{
	return 0;
}

/* The table of faults has "[from|to]" for an optional argument that is one of
 * these words, and another text for one that is required and free. */
static int read_fault(struct lab_lex *lex, struct lab_action *action)
{
	enum { MOST = 8 };
	const char *syntax = action->fault->arguments;
	const char *names[MOST];
	size_t n = 0, which;
	int r = read_host(lex, action);

	if (r < 0)
		return error_trace(r);
	if (!*syntax || (*syntax == '[' && !lab_lex_peek(lex)->text))
		return 0;
	if (*syntax != '[')
		return lab_lex_text(lex, syntax, &action->argument);
	while (n < MOST && *syntax++ != ']') {
		size_t length = strcspn(syntax, "|]");

		names[n] = lab_plan_keep_part(lex->plan, syntax, length);
		if (!names[n++])
			return error_origin(-ENOMEM, "argument of a fault");
		syntax += length;
	}
	r = lab_lex_choose(lex, "argument", names, n, &which);
	if (r < 0)
		return error_trace(r);
	action->argument = names[which];
	return 0;
}

/* A host that the plan does not have yet is found later, by
 * lab_defaults_add(). */
static int read_kill(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	const char *name;
	int r = lab_lex_name(lex, "program or host name", &name);

	if (r < 0)
		return error_trace(r);
	if (lab_plan_host(lex->plan, name))
		action->host = name;
	else
		action->program = name;
	action->signal = SIGKILL;
	word = lab_lex_peek(lex);
	if (!word->text)
		return 0;
	r = lab_lex_signal(lex, &action->signal);
	if (r >= 0 && action->host && action->signal != SIGKILL)
		return lab_lex_refuse(lex, word,
				      "a probe can only be killed; 'freeze %s' "
				      "stops its processes",
				      name);
	return error_trace(r);
}

/* "COMMAND" in HOST [as NAME], or PROGRAM. */
static int read_run(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	bool is_command = word->text && (lab_word_is(word + 1, "in") ||
					 (word->quoted &&
					  !lab_name_is_valid(word->text)));
	int r;

	if (!is_command) {
		r = lab_lex_name(lex, "program name or command in quotes",
				 &action->program);
		if (r < 0)
			return error_trace(r);
		if (!lab_lex_peek(lex)->text)
			return 0;
		return lab_lex_expected(lex, "end of line; a command of "
					     "several words needs quotes, and "
					     "then 'in' and a host");
	}
	r = lab_lex_text(lex, "command", &action->command);
	if (r < 0)
		return error_trace(r);
	if (!action->command[strspn(action->command, " \t\r\n")])
		return lab_lex_refuse(lex, word, "empty command");
	if (!lab_lex_accept(lex, "in"))
		return lab_lex_expected(lex, "'in' and host name");
	r = read_host(lex, action);
	if (r < 0 || !lab_lex_accept(lex, "as"))
		return error_trace(r);
	return lab_lex_name(lex, "new program name", &action->program);
}

/* --- sysctls and notes ----------------------------------------------------*/

/* [HOST:]KEY=VALUE is one word; a value with blanks is in quotes. */
static int read_set(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	struct setting setting = { 0 };
	char *copy;
	int r;

	if (!word->text)
		return lab_lex_expected(lex, "[HOST:]KEY=VALUE");
	copy = lab_plan_keep(lex->plan, word->text);
	if (!copy)
		return error_origin(-ENOMEM, "sysctl of a lab");
	r = settings_parse(&setting, copy);
	if (r >= 0 && setting.host)
		r = lab_name_check(setting.host, "host");
	action->host = setting.host;
	action->key = setting.name;
	action->value = setting.text;
	return lab_lex_take(lex, r);
}

/* HOST "RULES" */
static int read_nft(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	int r = read_host(lex, action);

	if (r < 0)
		return error_trace(r);
	word = lab_lex_peek(lex);
	r = lab_lex_text(lex, "rules in quotes", &action->argument);
	if (r < 0)
		return error_trace(r);
	if (!action->argument[strspn(action->argument, " \t\r\n")])
		return lab_lex_refuse(lex, word, "empty rules");
	if (!lab_lex_peek(lex)->text)
		return 0;
	return lab_lex_expected(lex, "end of line; rules of several words need "
				     "quotes");
}

static int read_note(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r = lab_lex_text(lex, "sentence in quotes", &action->argument);

	if (r < 0)
		return error_trace(r);
	if (!*word->text)
		return lab_lex_refuse(lex, word, "empty note");
	if (!lab_lex_peek(lex)->text)
		return 0;
	return lab_lex_expected(lex, "end of line; a note of several words "
				     "needs quotes");
}

/* --- the wire -------------------------------------------------------------*/

/* [PERCENT of|the Nth|the first [N]|N|every], before KIND. "first" may be a
 * number of its own or belong to one: "the first syn", "the first 3 syns". */
static int read_amount(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r;

	if (word->text && strchr(word->text, '%')) {
		r = lab_lex_take(lex,
				 lab_value_share(word->text, &action->rate));
		if (r < 0)
			return error_trace(r);
		if (action->rate <= 0)
			return lab_lex_refuse(lex, word,
					      "invalid percentage '%s': "
					      "expected more than 0%%",
					      word->text);
		if (!lab_lex_accept(lex, "of"))
			return lab_lex_expected(lex, "'of'");
		return 0;
	}
	if (lab_lex_accept(lex, "every"))
		return 0;
	if (lab_lex_accept_count(lex, true, &action->first)) {
		action->count = 1;
		return 0;
	}
	if (lab_lex_accept(lex, "first"))
		action->first = action->count = 1;
	if (lab_lex_accept_count(lex, false, &action->count)) {
		action->first = 1;
		return 0;
	}
	word = lab_lex_peek(lex);
	if (lab_word_is_number(word))
		return lab_lex_refuse(lex, word,
				      "invalid number of frames '%s': expected "
				      "1 to 1000000000",
				      word->text);
	return 0;
}

/* PERCENT of connections, behind KIND and "of". */
static int read_connections(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r;

	if (!word->text || !strchr(word->text, '%'))
		return lab_lex_expected(lex, "percentage of connections");
	r = lab_lex_take(lex,
			 lab_value_share(word->text, &action->connections));
	if (r < 0)
		return error_trace(r);
	if (action->connections <= 0)
		return lab_lex_refuse(lex, word,
				      "invalid percentage '%s': expected more "
				      "than 0%%",
				      word->text);
	if (!lab_lex_accept(lex, "of"))
		return lab_lex_expected(lex, "'of'");
	if (!lab_lex_accept(lex, "connections"))
		return lab_lex_expected(lex, "'connections'");
	return 0;
}

/* Behind `by` of delay, `after` of duplicate, `with` of reject. */
static int read_own_part(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	size_t which = 0, n;
	int r;

	if (action->verb == LAB_REJECT) {
		const char *const *answers = lab_value_answers(&n);

		r = lab_lex_choose(lex, "answer", answers, n, &which);
		action->answer = (enum lab_answer)which;
		return error_trace(r);
	}
	r = lab_lex_duration(lex, &action->time);
	if (r >= 0 && action->verb == LAB_DELAY && !action->time)
		return lab_lex_refuse(lex, word,
				      "invalid delay '%s': expected more than "
				      "0s",
				      word->text);
	return error_trace(r);
}

/* AMOUNT KIND [of PERCENT of connections] [from HOST] [to HOST] [port N] and the
 * verb's own part. The parts behind KIND may be in any order, each once. */
static int read_rule(struct lab_lex *lex, struct lab_action *action)
{
	const char *own = action->verb == LAB_DELAY	? "by" :
			  action->verb == LAB_DUPLICATE ? "after" :
			  action->verb == LAB_REJECT	? "with" :
							  NULL;
	bool has_own = false;
	int r = read_amount(lex, action);

	if (r >= 0)
		r = lab_lex_kinds(lex, &action->kinds);
	while (r >= 0) {
		if (!action->from && lab_lex_accept(lex, "from")) {
			r = lab_lex_name(lex, "host name", &action->from);
		} else if (!action->to && lab_lex_accept(lex, "to")) {
			r = lab_lex_name(lex, "host name", &action->to);
		} else if (!action->port && lab_lex_accept(lex, "port")) {
			r = lab_lex_port(lex, &action->port);
		} else if (action->connections <= 0 &&
			   lab_lex_accept(lex, "of")) {
			r = read_connections(lex, action);
		} else if (own && !has_own && lab_lex_accept(lex, own)) {
			r = read_own_part(lex, action);
			has_own = true;
		} else {
			break;
		}
	}
	if (r < 0)
		return error_trace(r);
	if (has_own || !own || action->verb == LAB_DUPLICATE)
		return 0;
	return lab_lex_expected(lex, action->verb == LAB_DELAY ?
					     "'by' and duration" :
					     "'with' and answer");
}

/* "+1000" or "-1": a difference of sequence numbers. */
static int read_offset(struct lab_lex *lex, int32_t *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *text = word->text;
	uint64_t value = 0;
	int r;

	if (!text || (*text != '+' && *text != '-'))
		return lab_lex_expected(lex, "offset such as +1000 or -1");
	r = lab_lex_take(lex, lab_value_number(text + 1, "offset", 1, INT32_MAX,
					       &value));
	if (r >= 0)
		*ret = *text == '-' ? -(int32_t)value : (int32_t)value;
	return error_trace(r);
}

/* from HOST to HOST */
static int read_from_to(struct lab_lex *lex, struct lab_action *action)
{
	int r;

	if (!lab_lex_accept(lex, "from"))
		return lab_lex_expected(lex, "'from' and host name");
	r = lab_lex_name(lex, "host name", &action->from);
	if (r < 0)
		return error_trace(r);
	if (!lab_lex_accept(lex, "to"))
		return lab_lex_expected(lex, "'to' and host name");
	return lab_lex_name(lex, "host name", &action->to);
}

static int read_inject(struct lab_lex *lex, struct lab_action *action)
{
	static const char *const names[] = { "fin", "rst", "ack", "data" };
	static const unsigned int kinds[] = { WIRE_FIN, WIRE_RST, WIRE_PURE_ACK,
					      WIRE_DATA };
	size_t which;
	int r = lab_lex_choose(lex, "segment", names, ARRAY_SIZE(names),
			       &which);

	if (r < 0)
		return error_trace(r);
	action->kinds = kinds[which];
	r = read_from_to(lex, action);
	while (r >= 0) {
		if (!action->seq && lab_lex_accept(lex, "seq"))
			r = read_offset(lex, &action->seq);
		else if (!action->ack && lab_lex_accept(lex, "ack"))
			r = read_offset(lex, &action->ack);
		else
			break;
	}
	return error_trace(r);
}

/* ADDRESS from HOST to HOST [quietly] */
static int read_move(struct lab_lex *lex, struct lab_action *action)
{
	int r = lab_lex_text(lex, "name of an address, or address",
			     &action->argument);

	if (r >= 0)
		r = read_from_to(lex, action);
	if (r < 0)
		return error_trace(r);
	action->quiet = lab_lex_accept(lex, "quietly");
	return 0;
}

/* HOST [from|to], and one or more of: PROPERTY VALUE. */
static int read_link(struct lab_lex *lex, struct lab_action *action)
{
	enum { MOST = 16 };
	struct lab_link_change *change = &action->link;
	const struct lab_link_property *table;
	const char *names[MOST];
	size_t n, which = 0;
	int r = read_host(lex, action);

	table = lab_link_properties(&n);
	for (size_t i = 0; i < n && i < MOST; i++)
		names[i] = table[i].name;
	if (r < 0)
		return error_trace(r);
	change->to_host = !lab_lex_accept(lex, "from");
	change->from_host = !change->to_host || !lab_lex_accept(lex, "to");
	do {
		const struct lab_word *word;

		r = lab_lex_choose(lex, "property", names, n, &which);
		if (r < 0)
			return error_trace(r);
		word = lab_lex_peek(lex);
		if (change->properties & 1U << which)
			return lab_lex_refuse(lex, word - 1,
					      "duplicate property '%s'",
					      table[which].name);
		if (!word->text)
			return lab_lex_expected(lex, table[which].what);
		r = lab_lex_take(
			lex, table[which].parse(word->text,
						(char *)&change->settings +
							table[which].offset));
		change->properties |= 1U << which;
	} while (r >= 0 && lab_lex_peek(lex)->text);
	return error_trace(r);
}

/* --- probes ---------------------------------------------------------------*/

/* HOST, and in any order: [port] N, backlog N, every DURATION, a service. */
static int read_listen(struct lab_lex *lex, struct lab_action *action)
{
	static const char *const services[] = {
		[LAB_ECHO] = "echo",
		[LAB_HTTP] = "http",
		[LAB_SILENT] = "silent",
		[LAB_UNACCEPTED] = "unaccepted",
	};
	bool has_service = false, has_backlog = false;
	const struct lab_word *every = NULL;
	uint64_t backlog = LAB_BACKLOG;
	size_t which = LAB_ECHO;
	int r = read_host(lex, action);

	while (r >= 0 && lab_lex_peek(lex)->text) {
		if (!action->port && (lab_lex_accept(lex, "port") ||
				      lab_word_is_number(lab_lex_peek(lex)))) {
			r = lab_lex_port(lex, &action->port);
		} else if (!has_backlog && lab_lex_accept(lex, "backlog")) {
			r = lab_lex_number(lex, "backlog", 0, INT32_MAX,
					   &backlog);
			has_backlog = true;
		} else if (!every && lab_lex_accept(lex, "every")) {
			every = lab_lex_peek(lex);
			r = lab_lex_duration(lex, &action->time);
		} else if (!has_service) {
			r = lab_lex_choose(lex, "service", services,
					   ARRAY_SIZE(services), &which);
			has_service = true;
		} else {
			return lab_lex_end(lex);
		}
	}
	if (!action->port)
		action->port = LAB_PORT;
	action->backlog = (int)backlog;
	action->service = (enum lab_service)which;
	if (r >= 0 && every && !action->time)
		return lab_lex_refuse(lex, every,
				      "invalid interval '%s': expected more "
				      "than 0s",
				      every->text);
	if (r >= 0 && every && (which == LAB_HTTP || which == LAB_UNACCEPTED))
		return lab_lex_refuse(lex, every - 1,
				      "unexpected 'every': only 'echo' and "
				      "'silent' accept one connection at a "
				      "time");
	return error_trace(r);
}

/* HOST[:PORT] is one word. */
static int read_peer(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word = lab_lex_peek(lex);
	const char *colon = word->text ? strchr(word->text, ':') : NULL;
	uint64_t port = LAB_PORT;
	int r;

	action->peer_port = LAB_PORT;
	if (!colon)
		return lab_lex_name(lex, "name of the host to connect to",
				    &action->peer);
	action->peer = lab_plan_keep_part(lex->plan, word->text,
					  (size_t)(colon - word->text));
	if (!action->peer)
		return error_origin(-ENOMEM, "name of a host");
	r = lab_name_check(action->peer, "host");
	if (r >= 0)
		r = lab_value_number(colon + 1, "port", 1, UINT16_MAX, &port);
	action->peer_port = (uint16_t)port;
	return lab_lex_take(lex, r);
}

/* HOST [to] HOST[:PORT] [N times] [bind|bind-no-port] */
static int read_connect(struct lab_lex *lex, struct lab_action *action)
{
	uint64_t times = 1;
	int r = read_host(lex, action);

	if (r < 0)
		return error_trace(r);
	lab_lex_accept(lex, "to");
	r = read_peer(lex, action);
	if (r < 0)
		return error_trace(r);
	if (lab_word_is_number(lab_lex_peek(lex))) {
		/* The probe has PROBE_SLOTS sockets. */
		r = lab_lex_number(lex, "number of connections", 1, 4000,
				   &times);
		if (r < 0)
			return error_trace(r);
		if (!lab_lex_accept(lex, "times") &&
		    !lab_lex_accept(lex, "time"))
			return lab_lex_expected(lex, "'times'");
	}
	action->times = (unsigned int)times;
	if (lab_lex_accept(lex, "bind"))
		action->bind = LAB_BIND;
	else if (lab_lex_accept(lex, "bind-no-port"))
		action->bind = LAB_BIND_NO_PORT;
	else if (lab_lex_peek(lex)->text)
		return lab_lex_expected(lex, "number of connections, 'bind' or "
					     "'bind-no-port'");
	return 0;
}

/* HOST [BYTES] */
static int read_send(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	int r = read_host(lex, action);

	if (r < 0)
		return error_trace(r);
	action->bytes = LAB_BYTES;
	word = lab_lex_peek(lex);
	if (!word->text)
		return 0;
	r = lab_lex_take(lex, lab_value_bytes(word->text, &action->bytes));
	if (r < 0)
		return error_trace(r);
	if (!lab_lex_accept(lex, "bytes"))
		lab_lex_accept(lex, "byte");
	return 0;
}

/* The option is an int of milliseconds: tcp(7). */
static int read_user_timeout(struct lab_lex *lex, struct lab_action *action)
{
	const struct lab_word *word;
	int r = read_host(lex, action);

	if (r < 0)
		return error_trace(r);
	word = lab_lex_peek(lex);
	r = lab_lex_duration(lex, &action->time);
	if (r < 0)
		return error_trace(r);
	if (action->time % MSEC(1) || action->time > MSEC(INT32_MAX))
		return lab_lex_refuse(lex, word,
				      "invalid TCP_USER_TIMEOUT '%s': expected "
				      "whole milliseconds, at most 24 days",
				      word->text);
	return 0;
}

/* --- the table of verbs ---------------------------------------------------*/

struct verb {
	const char *name;
	enum lab_verb verb;
	int (*read)(struct lab_lex *lex, struct lab_action *action);
	const char *syntax, *what;
};

/* The faults of netns/fault.h precede these, without its `kill`: that one takes
 * a process number, which the author of a timeline cannot know. */
static const struct verb verbs[] = {
	{ "kill", LAB_KILL, read_kill, "PROGRAM|HOST [SIGNAL]",
	  "sends a signal (default KILL) to the program, or kills the host's "
	  "probe" },
	{ "drop", LAB_DROP, read_rule, "CHOICE", "the wire drops the frames" },
	{ "hold", LAB_HOLD, read_rule, "CHOICE",
	  "the wire holds the frames until release" },
	{ "delay", LAB_DELAY, read_rule, "CHOICE by DURATION",
	  "the wire delivers the frames later" },
	{ "duplicate", LAB_DUPLICATE, read_rule, "CHOICE [after DURATION]",
	  "the wire delivers each frame a second time" },
	{ "reject", LAB_REJECT, read_rule,
	  "CHOICE with rst|net|host|port|admin",
	  "the wire drops the frames and answers with a RST or an ICMP "
	  "destination unreachable" },
	{ "link", LAB_LINK, read_link, "HOST [from|to] PROPERTY VALUE ...",
	  "changes the path of the host: delay, jitter, rate, queue, loss, "
	  "corrupt, reorder" },
	{ "release", LAB_RELEASE, read_nothing, "",
	  "the wire delivers the frames that it holds" },
	{ "pass", LAB_PASS, read_nothing, "",
	  "removes every rule of the wire" },
	{ "inject", LAB_INJECT, read_inject,
	  "fin|rst|ack|data from HOST to HOST [seq +N|-N] [ack +N|-N]",
	  "the wire delivers a forged segment of their connection" },
	{ "move", LAB_MOVE, read_move, "ADDRESS from HOST to HOST [quietly]",
	  "a further address moves to another host, which announces it unless "
	  "quietly" },
	{ "set", LAB_SET, read_set, "[HOST:]KEY=VALUE",
	  "sets a sysctl of one host or of all" },
	{ "nft", LAB_NFT, read_nft, "HOST \"RULES\"",
	  "changes the host's rules, in the language of nft(8)" },
	{ "run", LAB_RUN, read_run, "PROGRAM | \"COMMAND\" in HOST [as NAME]",
	  "starts a program" },
	{ "listen", LAB_LISTEN, read_listen,
	  "HOST [PORT] [backlog N] [every DURATION] "
	  "[echo|http|silent|unaccepted]",
	  "a probe listens; every: it accepts one connection in that time" },
	{ "connect", LAB_CONNECT, read_connect,
	  "HOST [to] HOST[:PORT] [N times] [bind|bind-no-port]",
	  "a probe connects; bind: from an address to which it is bound" },
	{ "send", LAB_SEND, read_send, "HOST [BYTES]",
	  "the host's probe sends on each of its connections" },
	{ "shut", LAB_SHUT, read_host, "HOST",
	  "the host's probe calls shutdown(SHUT_WR) and reads on" },
	{ "close", LAB_CLOSE, read_host, "HOST",
	  "the host's probe closes its sockets" },
	{ "abort", LAB_ABORT, read_host, "HOST",
	  "the host's probe closes its sockets with an SO_LINGER timeout of 0: "
	  "RST instead of FIN" },
	{ "stop-reading", LAB_STOP_READING, read_host, "HOST",
	  "the host's probe does not call recv(): its window closes" },
	{ "read-again", LAB_READ_AGAIN, read_host, "HOST",
	  "the host's probe reads again, also one that was silent" },
	{ "keepalive", LAB_KEEPALIVE, read_host, "HOST",
	  "the host's probe enables SO_KEEPALIVE" },
	{ "user-timeout", LAB_USER_TIMEOUT, read_user_timeout, "HOST DURATION",
	  "the host's probe sets TCP_USER_TIMEOUT" },
	{ "note", LAB_NOTE, read_note, "\"TEXT\"",
	  "adds a sentence to the timeline" },
	{ "end", LAB_FINISH, read_nothing, "", "ends the timeline early" },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcasecmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

/* The next fault that no verb of the table replaces, from *i on; NULL: none. */
static const struct fault_verb *next_fault(size_t *i)
{
	const struct fault_verb *faults;
	size_t n;

	faults = fault_verbs(&n);
	while (*i < n) {
		const struct fault_verb *fault = &faults[(*i)++];

		if (!find_verb(fault->name))
			return fault;
	}
	return NULL;
}

static const struct fault_verb *find_fault(const char *name)
{
	const struct fault_verb *fault;
	size_t i = 0;

	while ((fault = next_fault(&i)))
		if (strcasecmp(name, fault->name) == 0)
			return fault;
	return NULL;
}

static int refuse_verb(const struct lab_lex *lex)
{
	enum { MOST = 64 };
	const struct fault_verb *fault;
	const char *names[MOST];
	size_t n = 0, at = 0;

	while (n < MOST && (fault = next_fault(&at)))
		names[n++] = fault->name;
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && n < MOST; i++)
		names[n++] = verbs[i].name;
	return lab_lex_unknown(lex, "action", names, n);
}

/* From the next word to the end of the sentence. */
static int read_action(struct lab_lex *lex, struct lab_action *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	struct lab_action action = { .verb = LAB_FAULT };
	const struct verb *verb = NULL;
	int r;

	if (word->text && !word->quoted) {
		verb = find_verb(word->text);
		action.fault = verb ? NULL : find_fault(word->text);
	}
	if (!verb && !action.fault)
		return refuse_verb(lex);
	if (verb)
		action.verb = verb->verb;
	action.name = verb ? verb->name : action.fault->name;
	lab_lex_next(lex);
	r = verb ? verb->read(lex, &action) : read_fault(lex, &action);
	if (r >= 0)
		r = lab_lex_end(lex);
	if (r >= 0)
		r = lab_lex_source(lex, word, &action.text);
	if (r < 0)
		return error_trace(r);
	*ret = action;
	return 0;
}

int lab_action_parse(struct lab_plan *plan, const char *text,
		     const struct lab_place *place, struct lab_action *ret)
{
	struct lab_lex lex;
	int r = lab_lex_init(&lex, plan, text, place);

	if (r >= 0)
		r = read_action(&lex, ret);
	lab_lex_deinit(&lex);
	return error_trace(r);
}

/* --- moments --------------------------------------------------------------*/

/* received|sent [N|Nth] KIND. "3" and "3rd" mean the same: the event is the
 * third frame. */
static int read_frames(struct lab_lex *lex, struct lab_moment *moment)
{
	moment->count = 1;
	moment->sent = lab_lex_accept(lex, "sent");
	if (!moment->sent && !lab_lex_accept(lex, "received"))
		return lab_lex_expected(lex, "'received' or 'sent'");
	if (!lab_lex_accept_count(lex, true, &moment->count))
		lab_lex_accept_count(lex, false, &moment->count);
	return lab_lex_kinds(lex, &moment->kinds);
}

static int read_line(struct lab_lex *lex, struct lab_moment *moment)
{
	const struct lab_word *word = lab_lex_peek(lex);
	int r = lab_lex_text(lex, "text in quotes", &moment->line);

	if (r < 0)
		return error_trace(r);
	if (strchr(moment->line, '\n'))
		return lab_lex_refuse(lex, word,
				      "line break in the text: output is "
				      "compared line by line");
	return 0;
}

static int read_exit(struct lab_lex *lex MACRO_UNUSED,
		     struct lab_moment *moment MACRO_UNUSED)
{
	return 0;
}

static int read_state(struct lab_lex *lex, struct lab_moment *moment)
{
	return lab_lex_state(lex, &moment->state);
}

/* The second word of an event, behind the name of a host or a program. */
static const struct event {
	const char *word;
	enum lab_moment_event event;
	int (*read)(struct lab_lex *lex, struct lab_moment *moment);
	bool of_program;
	const char *syntax, *what;
} events[] = {
	{ "has", LAB_AFTER_FRAMES, read_frames, false,
	  "HOST has received|sent [N|Nth] KIND",
	  "the host received or sent as many frames" },
	{ "prints", LAB_AFTER_LINE, read_line, true, "PROGRAM prints \"TEXT\"",
	  "the program printed a line with this text" },
	{ "ends", LAB_AFTER_EXIT, read_exit, true, "PROGRAM ends",
	  "the program ended" },
	{ "reaches", LAB_AFTER_STATE, read_state, false, "HOST reaches STATE",
	  "a socket of the host entered this state, named as in ss(8)" },
};

/* An action as an event: a step with this action was done. The moment keeps the
 * action, because the step may come later in the plan. */
static int read_step(struct lab_lex *lex, struct lab_moment *moment)
{
	const struct lab_word *word = lab_lex_peek(lex);
	struct lab_action *action;
	int r;

	if (!word->text || word->quoted ||
	    (!find_verb(word->text) && !find_fault(word->text)))
		return lab_lex_expected(lex, "'start', 'HOST has received 3 "
					     "segments', 'HOST reaches STATE', "
					     "'PROGRAM prints \"TEXT\"', "
					     "'PROGRAM ends', or an action");
	action = lab_plan_allocate(lex->plan, sizeof(*action));
	if (!action)
		return error_origin(-ENOMEM, "moment of a lab");
	r = read_action(lex, action);
	if (r < 0)
		return error_trace(r);
	moment->event = LAB_AFTER_STEP;
	moment->action = action;
	return 0;
}

int lab_moment_read_event(struct lab_lex *lex, struct lab_moment *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	struct lab_moment moment = { .after = ret->after,
				     .event = LAB_AFTER_START };
	const struct event *event = NULL;
	int r = 0;

	for (size_t i = 0; word->text && i < ARRAY_SIZE(events); i++)
		if (lab_word_is(word + 1, events[i].word))
			event = &events[i];
	if (event) {
		moment.event = event->event;
		r = event->of_program ?
			    lab_lex_name(lex, "program name", &moment.program) :
			    lab_lex_name(lex, "host name", &moment.host);
		if (r < 0)
			return error_trace(r);
		lab_lex_next(lex);
		r = event->read(lex, &moment);
	} else if (!lab_lex_accept(lex, "start")) {
		r = read_step(lex, &moment);
	}
	if (r >= 0)
		r = lab_lex_end(lex);
	if (r >= 0)
		r = lab_lex_source(lex, word, &moment.text);
	if (r < 0)
		return error_trace(r);
	*ret = moment;
	return 0;
}

/* DURATION, or [DURATION after|when|after] EVENT. */
static int read_moment(struct lab_lex *lex, struct lab_moment *ret)
{
	const struct lab_word *word = lab_lex_peek(lex);
	struct lab_moment moment = { .event = LAB_AFTER_START };
	bool has_event = true;
	int r = 0;

	if (!word->text)
		return lab_lex_expected(lex, "moment such as 2s");
	if (lab_word_is_number(word)) {
		r = lab_lex_duration(lex, &moment.after);
		if (r < 0)
			return error_trace(r);
		has_event = lab_lex_accept(lex, "after");
		if (!has_event && lab_lex_peek(lex)->text)
			return lab_lex_expected(lex, "'after' and an event");
	} else if (!lab_lex_accept(lex, "when")) {
		lab_lex_accept(lex, "after");
	}
	if (has_event)
		r = lab_moment_read_event(lex, &moment);
	if (r >= 0)
		r = lab_lex_source(lex, word, &moment.text);
	if (r < 0)
		return error_trace(r);
	*ret = moment;
	return 0;
}

int lab_moment_parse(struct lab_plan *plan, const char *text,
		     const struct lab_place *place, struct lab_moment *ret)
{
	struct lab_lex lex;
	int r = lab_lex_init(&lex, plan, text, place);

	if (r >= 0)
		r = read_moment(&lex, ret);
	lab_lex_deinit(&lex);
	return error_trace(r);
}

/* --- steps ----------------------------------------------------------------*/

int lab_action_add_step(struct lab_plan *plan, const char *when,
			const struct lab_place *when_place, const char *action,
			const struct lab_place *place)
{
	struct lab_step step = { 0 };
	int r;

	if (plan->n_steps == LAB_STEPS)
		return lab_place_refuse(place, "too many steps: at most %d",
					LAB_STEPS);
	r = lab_moment_parse(plan, when, when_place, &step.when);
	if (r >= 0)
		r = lab_action_parse(plan, action, place, &step.action);
	if (r >= 0)
		r = lab_plan_keep_place(plan, place, &step.place);
	if (r >= 0)
		r = lab_plan_add_command(plan, &step.action, place);
	if (r < 0)
		return error_trace(r);
	plan->steps[plan->n_steps++] = step;
	return 0;
}

/* --- help -----------------------------------------------------------------*/

void lab_action_each(lab_grammar_fn *fn, void *data)
{
	const struct fault_verb *fault;
	const struct lab_kind *kinds;
	char text[256];
	size_t n, at = 0, used = 0;

	while ((fault = next_fault(&at))) {
		snprintf(text, sizeof(text), "%s HOST%s%s", fault->name,
			 *fault->arguments ? " " : "", fault->arguments);
		fn(data, text, fault->what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		snprintf(text, sizeof(text), "%s%s%s", verbs[i].name,
			 *verbs[i].syntax ? " " : "", verbs[i].syntax);
		fn(data, text, verbs[i].what);
	}
	fn(data, "CHOICE",
	   "[PERCENT of|the Nth|the first N|every] KIND [of PERCENT of "
	   "connections] [from HOST] [to HOST] [port N]");
	kinds = lab_value_kinds(&n);
	for (size_t i = 0; i < n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%s", i ? ", " : "", kinds[i].many);
	fn(data, "KIND", text);
}

void lab_moment_each(lab_grammar_fn *fn, void *data)
{
	fn(data, "DURATION", "2s, 500ms, 1m30s: so long after the start");
	fn(data, "[DURATION after] EVENT",
	   "after the event; 'when EVENT' and 'after EVENT' as well");
	fn(data, "start", "the servers run, and the clients start");
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		fn(data, events[i].syntax, events[i].what);
	fn(data, "ACTION", "a step with this action was done");
}

static void print_line(void *data, const char *syntax, const char *what)
{
	enum { COLUMN = 34 };
	FILE *out = data;
	int n = fprintf(out, "  %s", syntax);

	if (n > COLUMN - 2) {
		fputc('\n', out);
		n = 0;
	}
	fprintf(out, "%*s%s\n", COLUMN - n, "", _(what));
}

void lab_action_print_help(FILE *out)
{
	lab_action_each(print_line, out);
}
