/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway that tracks connections decides by the state that conntrack gives
 * to a segment:
 *
 *	invalid	no entry, and no begin of a connection; or an entry that the
 *		segment does not fit, because it is outside of the window
 *		(nf_conntrack_tcp_packet(), tcp_in_window())
 *	new	the begin of a connection; with nf_conntrack_tcp_loose also a
 *		segment in the middle of one (tcp_new())
 *
 * Invalid segments get what the plan wants for unknown connections. New ones
 * pass from inside; from outside, a SYN is dropped, and the middle of a
 * connection is as unknown as an invalid segment. nf_conntrack_tcp_loose is 0
 * unless the plan wants it: the kernel's default joins connections that it has
 * not seen begin; most other gateways do not.
 */
#include "lab-gateway.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "firewall.h"
#include "lab-network.h"
#include "lab-value.h"

/* A statement of nft(8) for segments of unknown connections. A RST answers TCP
 * only. */
static const char *unknown_text(const struct lab_tracking *tracking)
{
	static const char *const answers[] = {
		[LAB_ANSWER_RST] = "meta l4proto tcp reject with tcp reset",
		[LAB_ANSWER_NET] = "reject with icmpx type no-route",
		[LAB_ANSWER_HOST] = "reject with icmpx type host-unreachable",
		[LAB_ANSWER_PORT] = "reject with icmpx type port-unreachable",
		[LAB_ANSWER_ADMIN] = "reject with icmpx type admin-prohibited",
	};

	switch (tracking->unknown) {
	case LAB_UNKNOWN_PASS:
		return "accept";
	case LAB_UNKNOWN_REJECT:
		return answers[tracking->answer];
	case LAB_UNKNOWN_DROP:
		break;
	}
	return "drop";
}

/* The backend's address in the network behind the balancer. */
static const char *backend_address(const struct lab_plan *plan,
				   const struct lab_host *balancer,
				   const char *name, int family, char *text)
{
	const struct lab_host *backend = lab_plan_host(plan, name);
	const struct lab_interface *interface = NULL;

	for (size_t i = 1; !interface && i < balancer->n_interfaces; i++)
		interface = lab_network_interface(
			backend, balancer->interfaces[i].network);
	return interface ?
		       lab_network_address(interface->network,
					   interface->number, family, text) :
		       "";
}

/*
 * Connections to an address of the balancer get another destination. A segment
 * without an entry is not translated (nf_nat_inet_fn() leaves invalid packets
 * alone) and arrives at the balancer itself, whose TCP would answer with a RST.
 */
static int write_balancer(const struct lab_plan *plan,
			  const struct lab_host *host, char *buffer,
			  size_t size)
{
	static const struct {
		int family;
		const char *name, *to;
	} families[] = { { AF_INET, "ipv4", "ip" },
			 { AF_INET6, "ipv6", "ip6" } };
	int n = snprintf(buffer, size,
			 "table inet lab { chain local { type filter hook "
			 "input priority 0; meta l4proto tcp ct state invalid "
			 "%s; }; chain in { type nat hook prerouting priority "
			 "-100; ",
			 unknown_text(&host->tracking));

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		char choice[32], text[ADDRESS_TEXT];

		snprintf(choice, sizeof(choice),
			 host->by_source ? "jhash %s saddr" : "numgen inc",
			 families[i].to);
		n += snprintf(buffer + n, size - (size_t)n,
			      "meta nfproto %s meta l4proto tcp fib daddr type "
			      "local dnat %s to %s mod %zu map { ",
			      families[i].name, families[i].to, choice,
			      host->n_backends);
		for (size_t j = 0; j < host->n_backends; j++)
			n += snprintf(
				buffer + n, size - (size_t)n, "%s%zu : %s",
				j ? ", " : "", j,
				backend_address(plan, host, host->backends[j],
						families[i].family, text));
		n += snprintf(buffer + n, size - (size_t)n, " }; ");
	}
	return n + snprintf(buffer + n, size - (size_t)n, "}; }\n");
}

/*
 * IPVS takes what it forwards out of the hook "input" at priority 99
 * (ip_vs_in_hook()). The mark chooses its service before that; what is still
 * there behind it has no entry.
 */
static int write_ipvs(const struct lab_host *host, char *buffer, size_t size)
{
	return snprintf(buffer, size,
			"table inet lab { chain services { type filter hook "
			"input priority -150; meta l4proto tcp fib daddr type "
			"local meta mark set %d; }; chain unknown { type "
			"filter hook input priority 110; meta mark %d %s; }; "
			"}\n",
			IPVS_MARK, IPVS_MARK, unknown_text(&host->tracking));
}

static int write_base(const struct lab_plan *plan, const struct lab_host *host,
		      char *buffer, size_t size)
{
	static const char *const flags[] = {
		[LAB_PORTS_KEPT] = "",
		[LAB_PORTS_RANDOM] = " random",
		[LAB_PORTS_FULLY_RANDOM] = " fully-random",
	};
	const char *unknown = unknown_text(&host->tracking);
	int n = 0;

	buffer[0] = '\0';
	if (lab_host_tracks_connections(host))
		n = snprintf(buffer, size,
			     "table inet lab { chain forward { "
			     "type filter hook forward priority 0; "
			     "ct state invalid %s; "
			     "iifname != eth0 ct state new "
			     "tcp flags & (syn | ack | rst) != syn %s; "
			     "ct state invalid drop; "
			     "iifname != eth0 ct state new drop; }; }\n",
			     unknown, unknown);
	if (host->no_icmp)
		n += snprintf(buffer + n, size - (size_t)n,
			      "table inet lab { chain errors { "
			      "icmp type { destination-unreachable, "
			      "time-exceeded, parameter-problem } drop; "
			      "icmpv6 type { destination-unreachable, "
			      "packet-too-big, time-exceeded, "
			      "parameter-problem } drop; }; "
			      "chain sent { type filter hook output "
			      "priority 0; jump errors; }; "
			      "chain passing { type filter hook forward "
			      "priority -1; jump errors; }; }\n");
	if (host->role == LAB_NAT)
		n += snprintf(buffer + n, size - (size_t)n,
			      "table inet lab { chain out { "
			      "type nat hook postrouting priority 100; "
			      "oifname != eth0 masquerade%s; }; }\n",
			      flags[host->tracking.ports]);
	if (host->ipvs)
		n += write_ipvs(host, buffer + n, size - (size_t)n);
	else if (host->role == LAB_BALANCER)
		n += write_balancer(plan, host, buffer + n, size - (size_t)n);
	return n;
}

static int check(const char *base, const char *rules,
		 const struct lab_place *rules_place)
{
	struct firewall_position at;
	struct lab_place place;
	int r = firewall_check(base, rules, &at);

	if (r != -EINVAL)
		return error_trace(r);
	place = lab_place_inside(rules_place, rules, at.line, at.column);
	return lab_place_trace(&place, r);
}

/* The rules of the user come last: they may name the table of the role. */
int lab_gateway_rules(struct lab_gateway *gateway, const struct lab_plan *plan,
		      const struct lab_host *host)
{
	int n = write_base(plan, host, gateway->rules, sizeof(gateway->rules));
	int r;

	if (!host->rules)
		return 0;
	r = check(gateway->rules, host->rules, &host->rules_place);
	if (r < 0)
		return error_trace(r);
	n += snprintf(gateway->rules + n, sizeof(gateway->rules) - (size_t)n,
		      "%s", host->rules);
	if (n >= LAB_GATEWAY_RULES)
		return lab_place_refuse(&host->rules_place,
					"rules too long: %d bytes, at most %d",
					n, LAB_GATEWAY_RULES - 1);
	return 0;
}

int lab_gateway_ipvs(struct lab_gateway *gateway, const struct lab_plan *plan,
		     const struct lab_host *host)
{
	const nsec_t *idle = host->tracking.idle;
	struct ipvs_plan *ipvs = &gateway->ipvs;
	char text[ADDRESS_TEXT];
	int r = 0;

	*ipvs = (struct ipvs_plan){
		.n_backends = host->n_backends,
		.by_source = host->by_source,
		.established = (unsigned int)(idle[LAB_TRACKED_ESTABLISHED] /
					      NSEC_PER_SEC),
		.fin_wait = (unsigned int)(idle[LAB_TRACKED_FIN_WAIT] /
					   NSEC_PER_SEC),
	};
	for (size_t i = 0; i < host->n_backends && r >= 0; i++)
		r = address_parse(&ipvs->backends[i],
				  backend_address(plan, host, host->backends[i],
						  AF_INET, text));
	return error_trace(r);
}

size_t lab_gateway_settings(struct lab_gateway *gateway,
			    const struct lab_host *host,
			    struct setting ret[LAB_GATEWAY_SETTINGS])
{
	const struct lab_tracking *tracking = &host->tracking;
	const char *const *states;
	size_t n = 0, n_states;

	if (!lab_host_tracks_connections(host))
		return 0;
	ret[n++] = (struct setting){ host->name,
				     "net.netfilter.nf_conntrack_tcp_loose",
				     tracking->loose, NULL };
	ret[n++] =
		(struct setting){ host->name,
				  "net.netfilter.nf_conntrack_tcp_be_liberal",
				  tracking->liberal, NULL };
	states = lab_value_tracked_states(&n_states);
	for (size_t i = 0; i < n_states; i++) {
		char *name = gateway->names[i], *value = gateway->timeouts[i];

		if (!tracking->idle[i])
			continue;
		snprintf(name, sizeof(gateway->names[i]),
			 "net.netfilter.nf_conntrack_tcp_timeout_%s",
			 states[i]);
		for (char *at = name; (at = strchr(at, '-'));)
			*at = '_';
		snprintf(value, sizeof(gateway->timeouts[i]), "%lld",
			 (long long)(tracking->idle[i] / NSEC_PER_SEC));
		ret[n++] = (struct setting){ host->name, name, 0, value };
	}
	return n;
}

int lab_gateway_check_steps(const struct lab_plan *plan,
			    const struct lab_gateway gateways[LAB_HOSTS])
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n_steps; i++) {
		const struct lab_action *action = &plan->steps[i].action;
		struct lab_place place = plan->steps[i].place;
		const struct lab_host *host;
		char *before = NULL;
		size_t size;
		FILE *out;

		if (action->verb != LAB_NFT)
			continue;
		out = open_memstream(&before, &size);
		if (!out)
			return error_origin(-ENOMEM, "rules");
		host = lab_plan_host(plan, action->host);
		fputs(gateways[host - plan->hosts].rules, out);
		for (size_t j = 0; j < i; j++) {
			const struct lab_action *other = &plan->steps[j].action;

			if (other->verb == LAB_NFT &&
			    strcmp(other->host, action->host) == 0)
				fprintf(out, "\n%s", other->argument);
		}
		fclose(out);
		/* The rules do not begin where the sentence does. */
		place.verbatim = false;
		r = check(before, action->argument, &place);
		free(before);
	}
	return error_trace(r);
}
