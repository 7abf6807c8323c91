/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass over the wire's captures. Equal causes are counted: the same thing
 * happened to the same host for the same reason.
 *
 * A gateway that keeps a packet leaves no other trace than that no capture with
 * the packet's number comes from it. Why it does so follows from its role: with
 * connection tracking, `ct state invalid drop` matches a segment without an
 * entry (nf_conntrack_tcp_loose is 0: lab-case.c) and `ct state new drop` a SYN
 * from outside; the rest are rules of the file.
 */
#include "lab-causes.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "errors.h"
#include "host.h"
#include "lab-network.h"
#include "macro.h"
#include "message.h"
#include "wire.h"

enum { CAUSES_MAX = 32, TEXT = 240 };

struct cause {
	const char *host;
	char text[TEXT];
	bool segments; /* "5 of its segments TEXT"; else "5 x TEXT" */
	unsigned int count;
};

/* What was lost of a host's segments with payload, and what arrived. */
struct sizes {
	const char *host;
	uint32_t least_lost, most_passed;
	unsigned int n_lost;
	bool reported; /* to the host, by ICMP */
};

struct causes {
	struct run *run;
	const struct lab_plan *plan;
	const struct wire_capture *captures;
	size_t n_captures;
	struct cause all[CAUSES_MAX];
	size_t n;
	struct sizes sizes[LAB_HOSTS];
	size_t n_sizes;
	size_t *last; /* for each packet, the index of its last capture */
};

/* `n` segments, or `n` 0: something that happened once. Causes beyond
 * CAUSES_MAX are left out. */
MACRO_PRINTF(4, 0)
static void add(struct causes *c, const char *host, unsigned int n,
		const char *format, va_list args)
{
	char text[TEXT];
	size_t i = 0;

	vsnprintf(text, sizeof(text), format, args);
	while (i < c->n && (strcmp(c->all[i].host, host) != 0 ||
			    strcmp(c->all[i].text, text) != 0))
		i++;
	if (i == CAUSES_MAX)
		return;
	if (i == c->n) {
		c->all[c->n++] =
			(struct cause){ .host = host, .segments = n > 0 };
		snprintf(c->all[i].text, TEXT, "%s", text);
	}
	c->all[i].count += MAX(n, 1U);
}

static void count(struct causes *c, const char *host, const char *format, ...)
	MACRO_PRINTF(3, 4);
static void count_segments(struct causes *c, const char *host,
			   const struct wire_capture *capture,
			   const char *format, ...) MACRO_PRINTF(4, 5);

static void count(struct causes *c, const char *host, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(c, host, 0, format, args);
	va_end(args);
}

/* All segments of the frame. */
static void count_segments(struct causes *c, const char *host,
			   const struct wire_capture *capture,
			   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(c, host, capture->segments, format, args);
	va_end(args);
}

static bool is_gateway(const struct causes *c, const char *name)
{
	const struct lab_host *host = lab_plan_host(c->plan, name);

	return host && lab_host_is_gateway(host);
}

/* NULL: there are too many hosts. */
static struct sizes *sizes_of(struct causes *c, const char *host)
{
	for (size_t i = 0; i < c->n_sizes; i++)
		if (strcmp(c->sizes[i].host, host) == 0)
			return &c->sizes[i];
	if (c->n_sizes == LAB_HOSTS)
		return NULL;
	c->sizes[c->n_sizes] = (struct sizes){ .host = host,
					       .least_lost = UINT32_MAX };
	return &c->sizes[c->n_sizes++];
}

/* --- RST and ICMP --------------------------------------------------------- */

/* The port of the server's end. */
static uint16_t port_of(const struct wire_capture *capture)
{
	return capture->from_client ? capture->frame.tcp.destination_port :
				      capture->frame.tcp.source_port;
}

/* Further RSTs of a connection say nothing new: the answers to segments that
 * were under way. */
static bool is_first_reset(const struct causes *c, size_t i)
{
	const struct wire_capture *reset = &c->captures[i];

	while (i-- > 0)
		if (c->captures[i].kinds & WIRE_RST && c->captures[i].left &&
		    c->captures[i].connection == reset->connection &&
		    strcmp(c->captures[i].to, reset->to) == 0)
			return false;
	return true;
}

static void see_reset(struct causes *c, size_t i)
{
	const struct wire_capture *reset = &c->captures[i];
	const char *origin = reset->origin;

	if (!is_first_reset(c, i))
		return;
	if (!*origin)
		count(c, reset->to,
		      "received a RST that the wire made (inject, reject) for "
		      "port %u",
		      port_of(reset));
	else if (is_gateway(c, origin))
		count(c, reset->to,
		      "received a RST of %s, not of its peer, for port %u",
		      origin, port_of(reset));
	else
		count(c, reset->to, "received a RST of %s for port %u", origin,
		      port_of(reset));
}

/* NULL: no error, such as an echo. */
static const char *icmp_text(const struct frame *frame)
{
	static const struct {
		bool v6;
		int type, code; /* code -1: any */
		const char *text;
	} all[] = {
		{ false, ICMP_UNREACH, ICMP_UNREACH_NET,
		  R_("network unreachable") },
		{ false, ICMP_UNREACH, ICMP_UNREACH_HOST,
		  R_("host unreachable") },
		{ false, ICMP_UNREACH, ICMP_UNREACH_PORT,
		  R_("port unreachable") },
		{ false, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG,
		  R_("fragmentation needed") },
		{ false, ICMP_UNREACH, ICMP_UNREACH_FILTER_PROHIB,
		  R_("administratively prohibited") },
		{ false, ICMP_UNREACH, -1, R_("destination unreachable") },
		{ false, ICMP_TIMXCEED, -1, R_("time exceeded") },
		{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE,
		  R_("no route") },
		{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN,
		  R_("administratively prohibited") },
		{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR,
		  R_("address unreachable") },
		{ true, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT,
		  R_("port unreachable") },
		{ true, ICMP6_DST_UNREACH, -1, R_("destination unreachable") },
		{ true, ICMP6_PACKET_TOO_BIG, -1, R_("packet too big") },
		{ true, ICMP6_TIME_EXCEEDED, -1, R_("time exceeded") },
	};
	bool v6 = frame->source.family == AF_INET6;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].v6 == v6 && all[i].type == frame->icmp_type &&
		    (all[i].code < 0 || all[i].code == frame->icmp_code))
			return all[i].text;
	return NULL;
}

static bool is_too_big(const struct frame *frame)
{
	return frame->source.family == AF_INET6 ?
		       frame->icmp_type == ICMP6_PACKET_TOO_BIG :
		       frame->icmp_type == ICMP_UNREACH &&
			       frame->icmp_code == ICMP_UNREACH_NEEDFRAG;
}

static void see_icmp(struct causes *c, const struct wire_capture *capture)
{
	const char *text = icmp_text(&capture->frame);
	struct sizes *sizes;

	if (is_too_big(&capture->frame)) {
		sizes = sizes_of(c, capture->to);
		if (sizes)
			sizes->reported = true;
	}

	if (text)
		count(c, capture->to, "received ICMP %s from %s", text,
		      *capture->origin ? capture->origin : R_("the wire"));
}

/* --- losses --------------------------------------------------------------- */

static bool is_lost(const struct wire_capture *capture)
{
	return capture->fate == WIRE_DROPPED ||
	       capture->fate == WIRE_OVERFLOW ||
	       capture->fate == WIRE_CORRUPTED ||
	       capture->fate == WIRE_REJECTED || capture->fate == WIRE_CUT ||
	       capture->fate == WIRE_DEAD || capture->fate == WIRE_LOST ||
	       capture->fate == WIRE_TOO_LARGE || capture->fate == WIRE_NOBODY;
}

static bool exceeds(const struct wire_capture *capture, unsigned int mtu)
{
	return wire_segment_size(capture) > FRAME_ETHERNET + mtu;
}

static void see_loss(struct causes *c, const struct wire_capture *capture)
{
	const struct lab_network *network = &c->plan->networks[capture->network];
	const char *host = *capture->origin ? capture->origin : capture->from;

	if (capture->label)
		count_segments(c, host, capture, "lost by: %s", capture->label);
	else if (capture->fate == WIRE_CUT)
		count_segments(c, host, capture, "lost: the path to %s is cut",
			       capture->to);
	else if (capture->fate == WIRE_DEAD)
		count_segments(c, host, capture, "lost: %s is dead",
			       capture->to);
	else if (capture->fate == WIRE_LOST)
		count_segments(c, host, capture, "lost: %s has no carrier",
			       capture->to);
	else if (capture->fate == WIRE_TOO_LARGE && network->mtu &&
		 exceeds(capture, network->mtu))
		count_segments(c, host, capture,
			       "lost: larger than the MTU of the network %s",
			       network->name);
	else if (capture->fate == WIRE_TOO_LARGE)
		count_segments(c, host, capture,
			       "lost: larger than the MTU of the interface of "
			       "%s",
			       capture->to);
	else if (capture->fate == WIRE_NOBODY)
		count_segments(c, host, capture,
			       "lost: no host has that address");
}

/* A gateway received the packet and did not send it on. */
static bool is_kept(const struct causes *c, size_t i)
{
	const struct wire_capture *capture = &c->captures[i];

	return capture->left && is_gateway(c, capture->to) &&
	       strcmp(capture->origin, capture->to) != 0 &&
	       capture->frame.kind == FRAME_TCP &&
	       c->last[capture->packet] == i;
}

/* For a network of the gateway other than that which it comes from. */
static bool is_too_large(const struct causes *c,
			 const struct wire_capture *capture,
			 const struct lab_host *gateway)
{
	for (size_t i = 0; i < gateway->n_interfaces; i++) {
		const struct lab_interface *interface = &gateway->interfaces[i];

		if (interface->network != capture->network &&
		    exceeds(capture,
			    lab_network_mtu(c->plan, gateway, interface)))
			return true;
	}
	return false;
}

/* A SYN from inside makes an entry: nf_ct_resolve_clash() drops it when the ports
 * that NAT has chosen are in use, resolve_normal_ct() when the table is full. */
static bool is_untracked(const struct causes *c,
			 const struct wire_capture *capture,
			 const struct lab_host *gateway)
{
	return capture->kinds & WIRE_SYN &&
	       lab_host_tracks_connections(gateway) &&
	       capture->network == gateway->interfaces[0].network &&
	       host_is_running(run_host(c->run, gateway->name)) &&
	       (counter_change(c->run, gateway->name,
			       "nf_conntrack_insert_failed") > 0 ||
		counter_change(c->run, gateway->name, "nf_conntrack_drop") > 0);
}

static void see_kept(struct causes *c, const struct wire_capture *capture)
{
	const struct lab_host *gateway = lab_plan_host(c->plan, capture->to);
	const char *why = R_("rules of the file");

	if (is_too_large(c, capture, gateway))
		why = R_("larger than the MTU of the network behind it");
	else if (is_untracked(c, capture, gateway))
		why = R_("it cannot track the connection");
	else if (gateway->ipvs && !gateway->rules)
		why = R_("IPVS has no entry for the connection");
	else if (gateway->ipvs)
		why = R_("IPVS has no entry for the connection, or rules of "
			 "the file");
	else if (lab_host_tracks_connections(gateway) && !gateway->rules)
		why = capture->kinds & WIRE_SYN &&
				      capture->network !=
					      gateway->interfaces[0].network ?
			      R_("a new connection from outside") :
			      R_("it has no conntrack entry that the segment "
				 "fits");
	else if (lab_host_tracks_connections(gateway))
		why = R_("it has no conntrack entry that the segment fits, or "
			 "rules of the file");
	else if (!gateway->rules)
		why = R_("no route, or its own address");
	count_segments(c, capture->origin, capture, "not forwarded by %s: %s",
		       gateway->name, why);
}

/* --- sizes ---------------------------------------------------------------- */

/* Rules of the wire, faults of hosts and entries of connections do not depend
 * on sizes: MTUs do, and rules of the file may. */
static bool may_depend_on_size(const struct causes *c,
			       const struct wire_capture *capture, bool kept)
{
	const struct lab_host *gateway = lab_plan_host(c->plan, capture->to);

	return capture->fate == WIRE_TOO_LARGE ||
	       (kept && (gateway->rules || is_too_large(c, capture, gateway)));
}

static void see_size(struct causes *c, const char *host, uint32_t payload,
		     bool lost)
{
	struct sizes *sizes = sizes_of(c, host);

	if (!sizes)
		return;
	if (lost) {
		sizes->n_lost++;
		sizes->least_lost = MIN(sizes->least_lost, payload);
	} else {
		sizes->most_passed = MAX(sizes->most_passed, payload);
	}
}

/* A path MTU black hole: small segments arrive, larger ones never do, and no ICMP
 * error reports the MTU to the host. */
static void conclude_sizes(struct causes *c)
{
	enum { LOST_MIN = 3 };

	for (size_t i = 0; i < c->n_sizes; i++) {
		const struct sizes *s = &c->sizes[i];

		if (!s->reported && s->n_lost >= LOST_MIN && s->most_passed &&
		    s->least_lost > s->most_passed)
			count(c, s->host,
			      "only its large segments are lost: up to %u "
			      "bytes of payload arrive, %u and more do not, "
			      "as where the path has a smaller MTU and no ICMP "
			      "reports it",
			      s->most_passed, s->least_lost);
	}
}

/* --- hosts ---------------------------------------------------------------- */

static void conclude_link(struct causes *c, const char *host)
{
	struct world_link link;

	if (!host_is_running(run_host(c->run, host)) ||
	    world_get_link(c->run->world, host, &link) < 0)
		return;
	if (!link.link.up)
		count(c, host, "its interface is down at the end");
	else if (!link.link.carrier)
		count(c, host, "it is unplugged at the end");
	else if (!link.address)
		count(c, host, "it has no address at the end");
}

/* -------------------------------------------------------------------------- */

/* False without memory. */
static bool find_last(struct causes *c)
{
	unsigned int newest = 0;

	for (size_t i = 0; i < c->n_captures; i++)
		newest = MAX(newest, c->captures[i].packet);
	c->last = calloc((size_t)newest + 1, sizeof(*c->last));
	for (size_t i = 0; c->last && i < c->n_captures; i++)
		c->last[c->captures[i].packet] = i;
	return c->last;
}

static void see(struct causes *c, size_t i)
{
	const struct wire_capture *capture = &c->captures[i];
	bool endpoint = !is_gateway(c, capture->to);
	bool lost = is_lost(capture), kept = is_kept(c, i);

	if (capture->fate == WIRE_GHOST)
		return;
	if (capture->left && endpoint && capture->kinds & WIRE_RST)
		see_reset(c, i);
	if (capture->left && endpoint && capture->kinds & WIRE_ICMP)
		see_icmp(c, capture);
	if (lost && capture->frame.kind == FRAME_TCP)
		see_loss(c, capture);
	if (kept)
		see_kept(c, capture);
	if (lost || kept)
		lost = may_depend_on_size(c, capture, kept);
	if (frame_is_data(&capture->frame) && *capture->origin &&
	    (lost || (!kept && capture->left && endpoint)))
		see_size(c, capture->origin, capture->segment_length, lost);
}

static void give(const struct cause *cause, lab_cause_fn fn, void *data)
{
	char text[TEXT + 32];

	if (cause->segments)
		snprintf(text, sizeof(text), R_("%u of its segments %s"),
			 cause->count, cause->text);
	else if (cause->count > 1)
		snprintf(text, sizeof(text), R_("%u x %s"), cause->count,
			 cause->text);
	else
		snprintf(text, sizeof(text), "%s", cause->text);
	fn(data, cause->host, text);
}

void lab_causes(struct run *run, const struct lab_plan *plan, lab_cause_fn fn,
		void *data)
{
	static struct causes c;

	c = (struct causes){ .run = run, .plan = plan };
	c.n_captures = wire_captures(world_wire(run->world), &c.captures);
	if (!find_last(&c))
		run_broken(run, error_origin(-ENOMEM, "causes"));
	for (size_t i = 0; i < c.n_captures; i++)
		see(&c, i);
	conclude_sizes(&c);
	for (size_t i = 0; i < plan->n_hosts; i++)
		conclude_link(&c, plan->hosts[i].name);
	for (size_t i = 0; i < c.n; i++)
		give(&c.all[i], fn, data);
	free(c.last);
}
