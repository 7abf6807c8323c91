/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules last as long as the lab unless `pass` disarms them. What a wire_match
 * cannot express (payload, a share of the segments, one port at either end, the
 * address behind a gateway) is a filter, called by the wire for each frame.
 *
 * The wire keeps all captures in one array. This module remembers how many it
 * has seen, and which of those were still held or delayed: these become events
 * when they leave.
 */
#include "lab-wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "errors.h"
#include "faults-control.h"
#include "lab-link.h"
#include "lab-network.h"
#include "wire.h"

/* What a wire_match cannot express. Lives as long as the lab. */
struct filter {
	struct filter *next;
	struct lab_wire *wire;
	unsigned int kinds; /* with LAB_PAYLOAD; 0: any */
	double rate; /* 0: all */
	double connections; /* share of the connections; 0: all */
	/* Decisions, by the number of the connection: 0 none, 1 no, 2 yes. */
	uint8_t *chosen;
	size_t n_chosen, n_seen;
	uint16_t port; /* of either end; 0: any */
	const char *receiver; /* host, in another network; NULL: any */
};

struct lab_wire {
	struct run *run;
	const struct lab_plan *plan;
	struct lab_events *events;
	struct wire_rule **rules;
	size_t n_rules, rules_capacity;
	struct filter *filters;
	uint64_t random; /* state of random_number() */
	size_t n_captures, n_duplicates; /* seen by lab_wire_collect() */
	size_t *in_flight; /* captures that had not left when they were seen */
	size_t n_in_flight, in_flight_capacity;
};

struct lab_wire *lab_wire_new(struct run *run, const struct lab_plan *plan,
			      struct lab_events *events)
{
	struct lab_wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		run_broken(run, error_origin(-ENOMEM, "wire"));
	wire->run = run;
	wire->plan = plan;
	wire->events = events;
	wire->random = wire_link_seed(plan->seed);
	return wire;
}

/* --- filters -------------------------------------------------------------- */

/* The wire tells first transmissions from retransmissions; a segment with
 * payload may be either. */
static unsigned int kinds_of(const struct wire_capture *capture)
{
	return capture->kinds |
	       (frame_is_data(&capture->frame) ? LAB_PAYLOAD : 0);
}

/* 0 <= x < 1; the same sequence in every run (xorshift64*). */
static double random_number(struct lab_wire *wire)
{
	uint64_t x = wire->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	wire->random = x;
	return (double)(x * UINT64_C(0x2545f4914f6cdd1d) >> 11) /
	       (double)(UINT64_C(1) << 53);
}

/* The host has sent a packet of that connection. */
static bool is_endpoint(const struct lab_wire *wire, unsigned int connection,
			const char *host)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(wire->run->world), &all);

	for (size_t i = 0; connection && i < n; i++)
		if (all[i].connection == connection &&
		    strcmp(all[i].origin, host) == 0)
			return true;
	return false;
}

/*
 * The host is in another network, and the frame is on its way to a gateway. It
 * has the host's address or, on the outer side of a NAT, the gateway's: then
 * the connection determines the receiver.
 */
static bool is_receiver(const struct filter *filter,
			const struct wire_capture *capture)
{
	const struct lab_wire *wire = filter->wire;
	const struct host_plan *plan =
		host_plan(run_host(wire->run, filter->receiver));

	for (size_t i = 0; i < host_plan_cables(plan); i++) {
		struct address address = cable_address(
			&plan->cables[i], wire->run->options->family);

		if (address_equal(&address, &capture->frame.destination))
			return true;
	}
	return is_endpoint(wire, capture->connection, filter->receiver);
}

/*
 * Connections are counted in the order in which the rule sees them. The nth is
 * chosen if the whole number of chosen ones rises with it: of 20 connections,
 * 10 % are the first and the eleventh, in every run. A frame of no connection
 * is not chosen.
 */
static bool is_chosen(struct filter *filter, unsigned int connection)
{
	const int64_t share = (int64_t)(filter->connections * 1e6 + 0.5);
	const int64_t before = (int64_t)filter->n_seen * share + 999999;

	if (filter->connections <= 0)
		return true;
	if (!connection)
		return false;
	if (connection >= filter->n_chosen) {
		size_t n = connection + 64;
		uint8_t *grown = realloc(filter->chosen, n);

		if (!grown)
			run_broken(filter->wire->run,
				   error_origin(-ENOMEM, "connections"));
		memset(grown + filter->n_chosen, 0, n - filter->n_chosen);
		filter->chosen = grown;
		filter->n_chosen = n;
	}
	if (!filter->chosen[connection]) {
		bool rises = (before + share) / 1000000 > before / 1000000;

		filter->n_seen++;
		filter->chosen[connection] = rises ? 2 : 1;
	}
	return filter->chosen[connection] == 2;
}

static bool passes_filter(const struct wire_capture *capture, const void *data)
{
	struct filter *filter = (struct filter *)(uintptr_t)data;
	const struct frame *frame = &capture->frame;

	if (filter->kinds && !(filter->kinds & kinds_of(capture)))
		return false;
	if (filter->port && (frame->kind != FRAME_TCP ||
			     (frame->tcp.source_port != filter->port &&
			      frame->tcp.destination_port != filter->port)))
		return false;
	if (filter->receiver && !is_receiver(filter, capture))
		return false;
	if (!is_chosen(filter, capture->connection))
		return false;
	return filter->rate <= 0 || random_number(filter->wire) < filter->rate;
}

static struct filter *new_filter(struct lab_wire *wire, double rate)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		run_broken(wire->run, error_origin(-ENOMEM, "rule"));
	filter->wire = wire;
	filter->rate = rate;
	filter->next = wire->filters;
	wire->filters = filter;
	return filter;
}

/* With a gateway between them, no frame goes from one host to the other: the
 * rule then matches on the sender's cable. */
static struct wire_match match_of(struct lab_wire *wire,
				  const struct lab_action *action)
{
	struct wire_match match = { .from = action->from,
				    .to = action->to,
				    .kinds = action->kinds,
				    .first = action->first,
				    .count = action->count,
				    .label = action->text };
	struct filter *filter = new_filter(wire, action->rate);

	filter->port = action->port;
	filter->connections = action->connections;
	if (action->kinds & LAB_PAYLOAD) {
		filter->kinds = action->kinds;
		match.kinds = 0;
	}
	if (match.from && match.to &&
	    !lab_network_shared(lab_plan_host(wire->plan, match.from),
				lab_plan_host(wire->plan, match.to))) {
		filter->receiver = match.to;
		match.to = NULL;
	}
	if (filter->kinds || filter->rate > 0 || filter->port ||
	    filter->connections > 0 || filter->receiver) {
		match.where = passes_filter;
		match.data = filter;
	}
	return match;
}

/* --- rules ---------------------------------------------------------------- */

static enum wire_action wire_action_of(enum lab_verb verb)
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

static void arm(struct lab_wire *wire, const struct lab_action *action)
{
	struct wire *w = world_wire(wire->run->world);
	struct wire_match match = match_of(wire, action);
	struct wire_rule *rule, **grown;
	int r;

	grown = array_grow(wire->rules, wire->n_rules, &wire->rules_capacity,
			   sizeof(struct wire_rule *));
	if (!grown)
		run_broken(wire->run, error_origin(-ENOMEM, "rule"));
	wire->rules = grown;
	if (action->verb == LAB_REJECT)
		r = wire_arm_reject(w, &rule, &match,
				    wire_answer_of(action->answer));
	else
		r = wire_arm(w, &rule, &match, wire_action_of(action->verb),
			     action->time);
	if (r < 0)
		run_broken(wire->run, r);
	wire->rules[wire->n_rules++] = rule;
}

/* wire_release() also ends the holding; rules that hold nothing yet go on. */
static void release_all(struct lab_wire *wire)
{
	for (size_t i = 0; i < wire->n_rules; i++) {
		int r = wire_rule_held(wire->rules[i]) ?
				wire_release(wire->rules[i]) :
				0;

		if (r < 0)
			run_broken(wire->run, r);
	}
}

/* --- paths ---------------------------------------------------------------- */

static void set_link(struct lab_wire *wire, const char *host, bool to_host,
		     const struct lab_link_change *change)
{
	struct wire_port *port;

	for (size_t i = 0; (port = world_cable(wire->run->world, host, i));
	     i++) {
		struct wire_link_settings settings =
			*wire_port_link(port, to_host);
		int r;

		lab_link_apply(change, &settings);
		r = wire_port_set_link(port, to_host, &settings);
		if (r < 0)
			run_broken(wire->run, r);
	}
}

static bool is_random(const struct wire_link_settings *s)
{
	return s->jitter || s->loss > 0 || s->corruption > 0 ||
	       s->reordering > 0;
}

/* A step or a path makes random choices. */
static bool needs_seed(const struct lab_plan *plan)
{
	bool random = false;

	for (size_t i = 0; i < plan->n_hosts; i++)
		random |= is_random(&plan->hosts[i].links[0]) ||
			  is_random(&plan->hosts[i].links[1]);
	for (size_t i = 0; i < plan->n_steps; i++)
		random |= plan->steps[i].action.rate > 0 ||
			  is_random(&plan->steps[i].action.link.settings);
	return random;
}

void lab_wire_set_paths(struct lab_wire *wire)
{
	static const char *const names[] = { "from", "to" };
	const struct lab_plan *plan = wire->plan;

	wire_set_seed(world_wire(wire->run->world), plan->seed);
	if (needs_seed(plan))
		run_note(wire->run, "random choices: seed %llu",
			 (unsigned long long)plan->seed);
	for (size_t i = 0; i < plan->n_hosts; i++) {
		const struct lab_host *host = &plan->hosts[i];

		for (int to = 0; to <= 1; to++) {
			const struct lab_link_change change = {
				.properties = ~0U, .settings = host->links[to]
			};
			char text[160];

			lab_link_text(&host->links[to], text, sizeof(text));
			if (!*text)
				continue;
			set_link(wire, host->name, to, &change);
			run_note(wire->run, "path %s %s: %s", names[to],
				 host->name, text);
		}
	}
}

/* --- forged segments ------------------------------------------------------ */

/* The last segment that was sent to `to` by `from`, itself or through a
 * gateway.
 */
static const struct wire_capture *last_segment(struct lab_wire *wire,
					       const char *from, const char *to)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(wire->run->world), &all);

	while (n-- > 0) {
		const struct wire_capture *c = &all[n];

		if (c->frame.kind == FRAME_TCP && strcmp(c->to, to) == 0 &&
		    (strcmp(c->from, from) == 0 ||
		     strcmp(c->origin, from) == 0))
			return c;
	}
	return NULL;
}

/* The last segment of the connection in the other direction that `from` has
 * sent or, if it is a gateway, forwarded. */
static const struct wire_capture *last_answer(struct lab_wire *wire,
					      const char *from,
					      const struct wire_capture *sent)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(wire->run->world), &all);

	while (sent->connection && n-- > 0)
		if (all[n].connection == sent->connection &&
		    all[n].from_client != sent->from_client &&
		    all[n].frame.kind == FRAME_TCP &&
		    strcmp(all[n].from, from) == 0)
			return &all[n];
	return NULL;
}

/* A RST without ACK is accepted by its sequence number alone. */
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

/* What the receiver has acknowledged, and what it has received since then and will
 * acknowledge later: tcp_delack_timer(). */
static uint32_t next_sequence(struct lab_wire *wire, const char *receiver,
			      const struct wire_capture *answer)
{
	const struct wire_capture *all;
	size_t n = wire_captures(world_wire(wire->run->world), &all);
	uint32_t next = answer->frame.tcp.ack;

	for (size_t i = 0; i < n; i++) {
		const struct wire_capture *c = &all[i];
		uint32_t begin = c->frame.tcp.seq;
		uint32_t end = begin + frame_sequence_length(&c->frame);

		if (c->connection != answer->connection ||
		    c->frame.kind != FRAME_TCP || c->left <= answer->at ||
		    c->fate == WIRE_CORRUPTED || strcmp(c->to, receiver) != 0)
			continue;
		if ((int32_t)(begin - next) <= 0 && (int32_t)(end - next) > 0)
			next = end;
	}
	return next;
}

/* As the sender's kernel would send it now: with the sequence number that the
 * receiver expects, so that RFC 5961 has no reason for a challenge ACK. */
static struct frame forge(struct lab_wire *wire, const char *receiver,
			  const struct wire_capture *sent,
			  const struct wire_capture *answer, unsigned int kinds)
{
	struct frame frame = sent->frame;

	frame.tcp.flags = flags_of(kinds);
	frame.tcp.seq = sent->frame.tcp.seq +
			frame_sequence_length(&sent->frame);
	frame.tcp.length = kinds & WIRE_DATA ? 1 : 0;
	frame.tcp.n_sacks = 0;
	frame.tcp.has_mss = frame.tcp.has_window_scale = false;
	frame.tcp.sack_permitted = false;
	if (!answer)
		return frame;
	if (answer->frame.tcp.flags & SEGMENT_ACK)
		frame.tcp.seq = next_sequence(wire, receiver, answer);
	frame.tcp.ack = answer->frame.tcp.seq +
			frame_sequence_length(&answer->frame);
	frame.tcp.tsecr = answer->frame.tcp.tsval;
	return frame;
}

static void inject(struct lab_wire *wire, const struct lab_action *action)
{
	const struct wire_capture *sent =
		last_segment(wire, action->from, action->to);
	struct frame frame;

	if (!sent) {
		run_note(wire->run, "%s: no segment from %s to %s so far",
			 action->text, action->from, action->to);
		return;
	}
	frame = forge(wire, action->to, sent,
		      last_answer(wire, action->to, sent), action->kinds);
	frame.tcp.seq += (uint32_t)action->seq;
	frame.tcp.ack += (uint32_t)action->ack;
	fault_inject(wire->run, action->to, &frame, NULL);
}

void lab_wire_act(struct lab_wire *wire, const struct lab_action *action)
{
	/* fault_inject() journals by itself. */
	if (action->verb == LAB_INJECT) {
		inject(wire, action);
		return;
	}
	if (!fault_announce(wire->run, action->name,
			    action->host ? action->host : "wire", action->text))
		return;
	if (action->verb == LAB_LINK) {
		if (action->link.from_host)
			set_link(wire, action->host, false, &action->link);
		if (action->link.to_host)
			set_link(wire, action->host, true, &action->link);
		return;
	}
	if (action->verb == LAB_RELEASE)
		release_all(wire);
	else if (action->verb != LAB_PASS)
		arm(wire, action);
	else
		for (size_t i = 0; i < wire->n_rules; i++)
			wire_disarm(wire->rules[i]);
}

/* --- frames as events ----------------------------------------------------- */

static void push(struct lab_wire *wire, const struct wire_capture *all,
		 size_t i, enum lab_event_kind kind, nsec_t at)
{
	const struct wire_capture *c = &all[i];

	lab_events_push(wire->events,
			&(struct lab_event){ .kind = kind,
					     .at = at,
					     .host = kind == LAB_EVENT_SENT ?
							     c->from :
							     c->to,
					     .kinds = kinds_of(c),
					     .segments = c->segments,
					     .capture = i });
}

/* Indices, since the wire's array may move. */
static void set_in_flight(struct lab_wire *wire, size_t capture)
{
	size_t *grown = array_grow(wire->in_flight, wire->n_in_flight,
				   &wire->in_flight_capacity, sizeof(*grown));

	if (!grown)
		run_broken(wire->run, error_origin(-ENOMEM, "frames"));
	wire->in_flight = grown;
	grown[wire->n_in_flight++] = capture;
}

/* The frame has not left yet, and may still be received. */
static bool is_in_flight(const struct wire_capture *c)
{
	return !c->left && (c->fate == WIRE_HELD || c->fate == WIRE_DELAYED);
}

/* Ghosts are frames of a dead or suspended host's kernel; injected frames have
 * no sender. Dropped frames were sent all the same. */
static void collect_new(struct lab_wire *wire, const struct wire_capture *all,
			size_t i)
{
	const struct wire_capture *c = &all[i];

	if (c->fate == WIRE_GHOST)
		return;
	if (*c->from)
		push(wire, all, i, LAB_EVENT_SENT, c->at);
	if (c->left)
		push(wire, all, i, LAB_EVENT_RECEIVED, c->left);
	else if (is_in_flight(c))
		set_in_flight(wire, i);
}

void lab_wire_collect(struct lab_wire *wire)
{
	const struct wire_capture *all;
	const struct wire_duplicate *copies;
	size_t n = wire_captures(world_wire(wire->run->world), &all);
	size_t n_copies =
		wire_duplicates(world_wire(wire->run->world), &copies);
	size_t kept = 0;

	for (size_t i = 0; i < wire->n_in_flight; i++) {
		size_t capture = wire->in_flight[i];

		if (all[capture].left)
			push(wire, all, capture, LAB_EVENT_RECEIVED,
			     all[capture].left);
		else if (is_in_flight(&all[capture]))
			wire->in_flight[kept++] = capture;
	}
	wire->n_in_flight = kept;
	while (wire->n_captures < n)
		collect_new(wire, all, wire->n_captures++);
	for (; wire->n_duplicates < n_copies; wire->n_duplicates++)
		push(wire, all, copies[wire->n_duplicates].capture,
		     LAB_EVENT_RECEIVED, copies[wire->n_duplicates].left);
}

bool lab_wire_has_frames(const struct lab_wire *wire)
{
	const struct wire_capture *all;

	return wire_captures(world_wire(wire->run->world), &all) !=
	       wire->n_captures;
}
