/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

static bool has_ports(const struct frame *frame, const struct wire_match *match)
{
	if (!match->from_port && !match->to_port)
		return true;
	return frame->kind == FRAME_TCP &&
	       (!match->from_port ||
		match->from_port == frame->tcp.source_port) &&
	       (!match->to_port ||
		match->to_port == frame->tcp.destination_port);
}

bool wire_matches(const struct wire_capture *capture,
		  const struct wire_match *match)
{
	return (!match->kinds || (capture->kinds & match->kinds)) &&
	       (!match->from || strcmp(match->from, capture->from) == 0) &&
	       (!match->to || strcmp(match->to, capture->to) == 0) &&
	       has_ports(&capture->frame, match) &&
	       (!match->where || match->where(capture, match->data));
}

static bool is_its_turn(const struct wire_rule *rule)
{
	unsigned int first = MAX(rule->match.first, 1U);

	return rule->seen >= first &&
	       (!rule->match.count ||
		rule->seen < first + rule->match.count);
}

static struct wire_rule *decide(struct wire *wire,
				const struct wire_capture *capture)
{
	struct wire_rule *chosen = NULL;

	/* Every rule counts what it matches, also what another one decides. */
	for (struct wire_rule *rule = wire->rules; rule; rule = rule->next) {
		if (rule->disarmed || !wire_matches(capture, &rule->match))
			continue;
		rule->seen++;
		if (!chosen && is_its_turn(rule))
			chosen = rule;
	}
	if (chosen)
		chosen->hits++;
	return chosen;
}

static void hold(struct wire_rule *rule, struct parcel *parcel)
{
	struct parcel **at = &rule->held;

	while (*at)
		at = &(*at)->next;
	parcel->next = NULL;
	*at = parcel;
	rule->n_held++;
}

/* Later: a copy of the frame in hand, which leaves with `fate`. */
static int put_off(struct wire *wire, size_t index, struct wire_port *to,
		   size_t size, enum wire_fate fate, nsec_t due)
{
	struct parcel *parcel = wire_parcel_new(wire, index, to, fate, size);

	if (!parcel)
		return error_origin(-ENOMEM, "delay a frame");
	wire_parcel_schedule(wire, parcel, due);
	return 0;
}

static int put_away(struct wire *wire, size_t index, struct wire_port *to,
		    size_t size, struct wire_rule *rule, nsec_t path)
{
	struct parcel *parcel =
		wire_parcel_new(wire, index, to, WIRE_RELEASED, size);

	if (!parcel)
		return error_origin(-ENOMEM, "hold a frame");
	parcel->due = path;
	hold(rule, parcel);
	return 0;
}

int wire_carry_out(struct wire *wire, size_t capture, struct wire_port *from,
		   struct wire_port *to, size_t size)
{
	struct wire_capture *seen = &wire->captures[capture];
	const nsec_t path = (from ? from->one_way : 0) + to->one_way;
	nsec_t due = seen->at + path;
	struct wire_rule *rule = decide(wire, seen);
	bool later = path > 0;
	int r = 0;

	wire->ruled = rule;
	if (rule) {
		switch (rule->action) {
		case WIRE_DROP:
			seen->fate = WIRE_DROPPED;
			return 0;
		case WIRE_REJECT:
			seen->fate = WIRE_REJECTED;
			return 0;
		case WIRE_HOLD:
			seen->fate = WIRE_HELD;
			return put_away(wire, capture, to, size, rule,
					path);
		case WIRE_DELAY:
			due += rule->delay;
			later = true;
			break;
		case WIRE_DUPLICATE:
			r = put_off(wire, capture, to, size, WIRE_DUPLICATED,
				    due + rule->delay);
			break;
		}
	}
	if (r < 0)
		return error_trace(r);
	if (!later)
		return wire_deliver(wire, capture, to, &wire->hand->header,
				    size, WIRE_FORWARDED);
	seen->fate = WIRE_DELAYED;
	return put_off(wire, capture, to, size, WIRE_DELAYED, due);
}

void wire_rules_free(struct wire *wire)
{
	while (wire->rules) {
		struct wire_rule *rule = wire->rules;

		wire->rules = rule->next;
		wire_parcels_free(rule->held);
		free(rule);
	}
}

int wire_arm(struct wire *wire, struct wire_rule **ret,
	     const struct wire_match *match, enum wire_action action,
	     nsec_t delay)
{
	struct wire_rule **at = &wire->rules;
	struct wire_rule *rule = calloc(1, sizeof(*rule));

	if (!rule)
		return error_origin(-ENOMEM, "rule");
	*rule = (struct wire_rule){ .wire = wire,
				    .match = *match,
				    .action = action,
				    .delay = delay };
	while (*at)
		at = &(*at)->next;
	*at = rule;
	*ret = rule;
	return 0;
}

int wire_arm_reject(struct wire *wire, struct wire_rule **ret,
		    const struct wire_match *match, enum wire_answer answer)
{
	int r = wire_arm(wire, ret, match, WIRE_REJECT, 0);

	if (r < 0)
		return error_trace(r);
	(*ret)->answer = answer;
	return 0;
}

unsigned int wire_rule_hits(const struct wire_rule *rule)
{
	return rule->hits;
}

unsigned int wire_rule_held(const struct wire_rule *rule)
{
	return rule->n_held;
}

int wire_release(struct wire_rule *rule)
{
	rule->disarmed = true;
	while (rule->held) {
		struct parcel *parcel = rule->held;
		int r;

		rule->held = parcel->next;
		rule->n_held--;
		/* It still has its path before it, like those that it follows. */
		if (parcel->due) {
			wire_parcel_schedule(rule->wire, parcel,
					     nsec_now() + parcel->due);
			continue;
		}
		r = wire_parcel_send(rule->wire, parcel);
		if (r < 0)
			return error_trace(r);
	}
	return 0;
}

void wire_disarm(struct wire_rule *rule)
{
	rule->disarmed = true;
}
