/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "faults.h"
#include "lab-run.h"

/* --- rules of the wire ---------------------------------------------------- */

/* What a match cannot say by itself. */
struct choice {
	struct choice *next;
	struct lab *lab;
	double rate; /* 0: all */
	uint16_t port; /* 0: any */
	struct address destination; /* family 0: any */
};

/* The same dice in every run: xorshift64*. */
static double throw_dice(struct lab *lab)
{
	uint64_t x = lab->chance;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	lab->chance = x;
	return (double)(x * UINT64_C(0x2545f4914f6cdd1d) >> 11) /
	       (double)(UINT64_C(1) << 53);
}

static bool is_chosen(const struct wire_capture *capture, const void *data)
{
	const struct choice *choice = data;
	const struct frame *frame = &capture->frame;

	if (choice->port && (frame->kind != FRAME_TCP ||
			     (frame->tcp.source_port != choice->port &&
			      frame->tcp.destination_port != choice->port)))
		return false;
	if (choice->destination.family &&
	    !address_equal(&choice->destination, &frame->destination))
		return false;
	return choice->rate <= 0 || throw_dice(choice->lab) < choice->rate;
}

/* As long as the lab. */
static struct choice *new_choice(struct lab *lab, double rate)
{
	struct choice *choice = calloc(1, sizeof(*choice));

	if (!choice)
		run_broken(lab->run, error_origin(-ENOMEM, "rule"));
	choice->lab = lab;
	choice->rate = rate;
	choice->next = lab->choices;
	lab->choices = choice;
	return choice;
}

static bool is_inside(const struct lab *lab, const char *host)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		if (lab->plan->hosts[i].role != LAB_ENDPOINT)
			return false;
		if (strcmp(lab->plan->hosts[i].name, host) == 0)
			return true;
	}
	return false;
}

/* Between two that are no neighbours, it is the sender's cable that counts, and
 * the address on what goes by there. */
static struct wire_match match_of(struct lab *lab,
				  const struct lab_action *action)
{
	struct wire_match match = { .from = action->from,
				    .to = action->to,
				    .kinds = action->kinds,
				    .first = action->first,
				    .count = action->count };
	struct choice *choice = new_choice(lab, action->rate);
	const struct lab_host *between = lab_plan_gateway(lab->plan);

	choice->port = action->port;
	if (between && match.from && match.to &&
	    strcmp(match.from, between->name) != 0 &&
	    strcmp(match.to, between->name) != 0 &&
	    is_inside(lab, match.from) != is_inside(lab, match.to)) {
		choice->destination = run_address(lab->run, match.to);
		match.to = NULL;
	}
	if (choice->rate > 0 || choice->port || choice->destination.family) {
		match.where = is_chosen;
		match.data = choice;
	}
	return match;
}

static enum wire_action wire_action(enum lab_verb verb)
{
	switch ((int)verb) {
	case LAB_HOLD:
		return WIRE_HOLD;
	case LAB_DELAY:
		return WIRE_DELAY;
	case LAB_DUPLICATE:
		return WIRE_DUPLICATE;
	default:
		return WIRE_DROP;
	}
}

static enum wire_answer wire_answer_of(enum lab_answer answer)
{
	static const enum wire_answer answers[] = {
		[LAB_ANSWER_RST] = WIRE_ANSWER_RST,
		[LAB_ANSWER_NET] = WIRE_ANSWER_NET,
		[LAB_ANSWER_HOST] = WIRE_ANSWER_HOST,
		[LAB_ANSWER_PORT] = WIRE_ANSWER_PORT,
		[LAB_ANSWER_ADMIN] = WIRE_ANSWER_ADMIN,
	};

	return answers[answer];
}

/* The verb, as the journal has it: the first word. */
static bool announce(struct lab *lab, const struct lab_action *action,
		     const char *target)
{
	char verb[32];

	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(action->text, " "),
		 action->text);
	return fault_announce(lab->run, verb, target, action->text);
}

static void arm(struct lab *lab, const struct lab_action *action)
{
	struct wire *wire = world_wire(lab->run->world);
	struct wire_match match = match_of(lab, action);
	struct wire_rule *rule;
	int r;

	if (!announce(lab, action, "wire"))
		return;
	if (lab->n_rules == LAB_RULES)
		run_broken_because(lab->run, "more than %d rules", LAB_RULES);
	if (action->verb == LAB_REJECT)
		r = wire_arm_reject(wire, &rule, &match,
				    wire_answer_of(action->answer));
	else
		r = wire_arm(wire, &rule, &match, wire_action(action->verb),
			     action->time);
	if (r < 0)
		run_broken(lab->run, r);
	lab->rules[lab->n_rules++] = rule;
}

static void lose(struct lab *lab, const char *from, const char *to, double rate)
{
	struct wire_match match = { .from = from,
				    .to = to,
				    .where = is_chosen,
				    .data = new_choice(lab, rate) };
	struct wire_rule *rule;
	int r;

	r = wire_arm(world_wire(lab->run->world), &rule, &match, WIRE_DROP, 0);
	if (r < 0)
		run_broken(lab->run, r);
}

void lab_lose(struct lab *lab, const struct lab_host *host)
{
	lose(lab, host->name, NULL, host->loss);
	lose(lab, NULL, host->name, host->loss);
	run_note(lab->run, "the path to %s loses %.3g %%, each way", host->name,
		 host->loss * 100);
}

static void release_all(struct lab *lab, const struct lab_action *action)
{
	if (!announce(lab, action, "wire"))
		return;
	for (size_t i = 0; i < lab->n_rules; i++) {
		int r;

		if (!wire_rule_held(lab->rules[i]))
			continue;
		r = wire_release(lab->rules[i]);
		if (r < 0)
			run_broken(lab->run, r);
	}
}

static void pass_all(struct lab *lab, const struct lab_action *action)
{
	if (!announce(lab, action, "wire"))
		return;
	for (size_t i = 0; i < lab->n_rules; i++)
		wire_disarm(lab->rules[i]);
}

/* --- forged segments ------------------------------------------------------ */

/* The last segment that went that way; of the connection of `like` if that is
 * not NULL. */
static const struct wire_capture *last(struct lab *lab, const char *from,
				       const char *to,
				       const struct wire_capture *like)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(lab->run->world), &all);

	while (n-- > 0) {
		const struct wire_capture *c = &all[n];

		if (c->frame.kind != FRAME_TCP || strcmp(c->from, from) != 0 ||
		    strcmp(c->to, to) != 0)
			continue;
		if (!like || (c->frame.tcp.source_port ==
				      like->frame.tcp.destination_port &&
			      c->frame.tcp.destination_port ==
				      like->frame.tcp.source_port))
			return c;
	}
	return NULL;
}

static uint8_t flags_of(unsigned int kinds)
{
	if (kinds & WIRE_RST)
		return SEGMENT_RST;
	if (kinds & WIRE_FIN)
		return SEGMENT_FIN | SEGMENT_ACK;
	if (kinds & WIRE_DATA)
		return SEGMENT_PSH | SEGMENT_ACK;
	return SEGMENT_ACK;
}

/* As the sender's kernel would say it now: with the number that the receiver
 * waits for. */
static void forge(const struct wire_capture *said,
		  const struct wire_capture *answered, unsigned int kinds,
		  struct frame *ret)
{
	const struct segment *tcp = &said->frame.tcp;

	*ret = said->frame;
	ret->tcp.flags = flags_of(kinds);
	ret->tcp.seq = tcp->seq + frame_sequence_length(&said->frame);
	ret->tcp.length = kinds & WIRE_DATA ? 1 : 0;
	ret->tcp.n_sacks = 0;
	ret->tcp.has_mss = ret->tcp.has_window_scale = false;
	ret->tcp.sack_permitted = false;
	if (!answered)
		return;
	if (answered->frame.tcp.flags & SEGMENT_ACK)
		ret->tcp.seq = answered->frame.tcp.ack;
	ret->tcp.ack = answered->frame.tcp.seq +
		       frame_sequence_length(&answered->frame);
	ret->tcp.tsecr = answered->frame.tcp.tsval;
}

static void inject(struct lab *lab, const struct lab_action *action)
{
	const struct wire_capture *said =
		last(lab, action->from, action->to, NULL);
	struct frame frame;

	if (!said) {
		run_note(lab->run, "%s: no segment has gone from %s to %s",
			 action->text, action->from, action->to);
		return;
	}
	forge(said, last(lab, action->to, action->from, said), action->kinds,
	      &frame);
	fault_inject(lab->run, action->to, &frame, NULL);
}

/* --- everything else ------------------------------------------------------ */

static bool *stillness(const struct lab *lab, const char *host)
{
	ptrdiff_t i = lab_plan_host(lab->plan, host) - lab->plan->hosts;

	return (bool *)(uintptr_t)&lab->still[i];
}

bool lab_is_still(const struct lab *lab, const char *host)
{
	return *stillness(lab, host);
}

static void note_stillness(struct lab *lab, const struct lab_action *action)
{
	static const char *const stop[] = { "freeze", "suspend" };
	static const char *const go[] = { "thaw", "resume", "crash", "reboot" };

	if (lab->run->options->without_faults)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(stop); i++)
		if (strcmp(action->fault->name, stop[i]) == 0)
			*stillness(lab, action->host) = true;
	for (size_t i = 0; i < ARRAY_SIZE(go); i++)
		if (strcmp(action->fault->name, go[i]) == 0)
			*stillness(lab, action->host) = false;
}

static void do_fault(struct lab *lab, const struct lab_action *action)
{
	bool dies = strcmp(action->fault->name, "crash") == 0 ||
		    strcmp(action->fault->name, "reboot") == 0;

	if (!host_is_running(run_host(lab->run, action->host)) &&
	    strcmp(action->fault->name, "reboot") != 0) {
		run_note(lab->run, "%s is off: no %s", action->host,
			 action->text);
		return;
	}
	fault_do(lab->run, action->fault, action->host, action->argument);
	note_stillness(lab, action);
	if (dies && !lab->run->options->without_faults)
		lab_probes_forget(lab, action->host);
}

static void kill_somebody(struct lab *lab, const struct lab_action *action)
{
	const struct lab_program *program;
	struct lab_running *running;

	if (!action->program) {
		lab_probe_kill(lab, action->host);
		return;
	}
	program = lab_plan_program(lab->plan, action->program);
	running = lab_program_find(lab, action->program);
	if (!program || !lab_program_runs(lab, action->program)) {
		run_note(lab->run, "%s does not run", action->program);
		return;
	}
	if (!announce(lab, action, program->host))
		return;
	program_signal(running->program, action->signal);
}

static void set_one(struct lab *lab, const char *host,
		    const struct lab_action *action)
{
	const struct sysctl_setting setting = { action->name, action->value };
	char value[SYSCTL_VALUE];
	int space = host_namespace(run_host(lab->run, host));
	int r = sysctl_write(space, &setting, 1);

	if (r < 0) {
		run_note(lab->run, "%s: %s", action->text, error_message());
		return;
	}
	r = sysctl_read(space, action->name, value);
	if (r < 0)
		run_broken(lab->run, r);
	run_journal(lab->run, nsec_now(), "sysctl", "{s:s, s:s, s:s}", "host",
		    host, "name", action->name, "value", value);
	run_note(lab->run, "%s: %s = %s", host, action->name, value);
}

static void set(struct lab *lab, const struct lab_action *action)
{
	for (size_t i = 0; i < lab->plan->n_hosts; i++) {
		const char *host = lab->plan->hosts[i].name;

		if (!action->host || strcmp(action->host, host) == 0)
			set_one(lab, host, action);
	}
}

void lab_act(struct lab *lab, const struct lab_action *action)
{
	switch (action->verb) {
	case LAB_FAULT:
		do_fault(lab, action);
		break;
	case LAB_KILL:
		kill_somebody(lab, action);
		break;
	case LAB_DROP:
	case LAB_HOLD:
	case LAB_DELAY:
	case LAB_DUPLICATE:
	case LAB_REJECT:
		arm(lab, action);
		break;
	case LAB_RELEASE:
		release_all(lab, action);
		break;
	case LAB_PASS:
		pass_all(lab, action);
		break;
	case LAB_INJECT:
		inject(lab, action);
		break;
	case LAB_SET:
		set(lab, action);
		break;
	case LAB_RUN:
		lab_program_start(lab, action->program);
		break;
	case LAB_LISTEN:
	case LAB_CONNECT:
	case LAB_SEND:
	case LAB_SHUT:
	case LAB_CLOSE:
	case LAB_ABORT:
	case LAB_KEEPALIVE:
	case LAB_USER_TIMEOUT:
		lab_probes_act(lab, action);
		break;
	case LAB_NOTE:
		run_note(lab->run, "%s", action->argument ? action->argument :
							    action->text);
		break;
	case LAB_FINISH:
		lab->over = true;
		break;
	}
}
