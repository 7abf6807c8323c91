/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_tw_reuse needs timestamps, and those of the OLD connection:
 * tcp_twsk_unique() wants a ts_recent_stamp, which a TIME_WAIT only has when
 * its connection received timestamps. So either end can prevent it, since the
 * option is used only when both SYNs carry it
 * (tcp_rcv_synsent_state_process()).
 *
 * What tcp_timestamps says at the moment of connect() is not asked for:
 * switched off after the close, the TIME_WAIT is taken over all the same, by a
 * SYN without timestamps; switched on after the close, it is not.
 */
#include "case.h"

#define STAMPS "net.ipv4.tcp_timestamps"

static void expect_stamped(struct run *run, struct mark since,
			   enum wire_kind kind, bool stamped)
{
	const struct wire_capture *frame = frames_wait(
		run, since, FRAMES(FROM("client"), KIND(kind)), 1, soon);
	const bool has = frame && frame->frame.tcp.has_timestamps;

	expect_that(run, frame && has == stamped,
		    stamped ? "the client's segment has timestamps" :
			      "the client's segment has no timestamps",
		    "%s", has ? "with" : "without");
}

/* Finishes, and waits until the TIME_WAIT is old enough. */
static void finish(struct run *run, struct pair *tcp, bool stamped)
{
	struct range entered = { .min = nsec_now() }, from;
	struct mark closed = mark_now(run);

	sock_close_both(tcp->client, tcp->server);
	entered.max = nsec_now();
	expect_stamped(run, closed, WIRE_FIN, stamped);
	from = forecast_tw_reuse(run, "client", entered);
	run_pass_until(run, (struct mark){ .at = from.max }, 0);
	expect_state(tcp->client, DIAG_TIME_WAIT);
}

static void connect_again(struct run *run, struct pair *tcp, bool reused)
{
	struct sock *sock = sock_post_connect(tcp->client_probe, tcp->listener);
	struct finding got = sock_reap(sock, soon);

	if (reused)
		expect_success(&got);
	else
		expect_error(&got, EADDRNOTAVAIL);
	expect_state(tcp->client, reused ? DIAG_ESTABLISHED : DIAG_TIME_WAIT);
	expect_counter(run, "client", "TWRecycled", reused);
}

static void script(struct run *run)
{
	const bool before = run_sysctl(run, "client", STAMPS) &&
			    run_sysctl(run, "server", STAMPS);
	struct pair tcp = sock_pair(run);
	struct mark asked;
	bool after = before;

	if (run_is_variant(run, "both-on"))
		expect_number(run, "tcp_timestamps",
			      run_sysctl(run, "client", STAMPS), 1, 1);
	finish(run, &tcp, before);
	if (run_is_variant(run, "off-afterwards")) {
		run_set_sysctl(run, "client", STAMPS, 0);
		after = false;
	}
	if (run_is_variant(run, "on-afterwards"))
		run_set_sysctl(run, "client", STAMPS, 1);
	asked = mark_now(run);
	connect_again(run, &tcp, before);
	if (before)
		expect_stamped(run, asked, WIRE_SYN, after);
}

static const struct setting client_off[] = { { "client", STAMPS, 0, NULL },
					     { .name = NULL } };

CASE(tw_reuse_needs_timestamps) = {
	.name = "tw-reuse-needs-timestamps",
	.claim = "tcp_tw_reuse works only where the old connection had "
		 "timestamps, for which both ends must have them on",
	.judgements = CLAIMS({ "B4", DOCUMENT_RIGHT,
			       "tcp_timestamps is 1 by default, and without it "
			       "tcp_twsk_unique() finds no ts_recent_stamp" }),
	.why = "without timestamps PAWS could not protect the new connection "
	       "from segments of the old one",
	.sources =
		"net/ipv4/tcp_ipv4.c:tcp_twsk_unique(); RFC 7323 1.3; RFC 6191",
	.steps = STEPS("a client with a single local port and tcp_tw_reuse "
		       "closes first; timestamps are on, or off at one end",
		       "off-afterwards, on-afterwards: the client's sysctl is "
		       "changed now",
		       "once the TIME_WAIT is old enough the client connects "
		       "again"),
	.expect = "it takes the TIME_WAIT over when both had timestamps, "
		  "EADDRNOTAVAIL when either had not; what is changed "
		  "afterwards only shows in the SYN",
	.world = &world_pair,
	.settings = SYSCTLS({ "client", "net.ipv4.ip_local_port_range",
			      .text = "40000 40000" },
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "both-on" }, { "client-off", .settings = client_off },
		{ "server-off", .settings = SYSCTLS({ "server", STAMPS, 0 }),
		  .judgements = CLAIMS(
			  { "B4", DOCUMENT_CONDITIONAL,
			    "at the other end as well: a SYN-ACK without the "
			    "option leaves the connection without timestamps, "
			    "tcp_rcv_synsent_state_process()" }) },
		{ "off-afterwards",
		  .judgements = CLAIMS(
			  { "B4", DOCUMENT_CONDITIONAL,
			    "on for the old connection: tcp_twsk_unique() asks "
			    "for its ts_recent_stamp, not for what the sysctl "
			    "says now" }) },
		{ "on-afterwards", .settings = client_off }),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
