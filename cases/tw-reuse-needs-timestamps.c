/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_tw_reuse needs timestamps, and those of the OLD connection:
 * tcp_twsk_unique() requires a ts_recent_stamp, which a TIME-WAIT has only if
 * its connection received timestamps. So either end can prevent it, because
 * the option is used only when both SYNs carry it
 * (tcp_rcv_synsent_state_process()).
 *
 * The value of tcp_timestamps at the time of connect() does not matter: when
 * it is switched off after the close, the TIME-WAIT is taken over all the
 * same, by a SYN without timestamps; when it is switched on after the close,
 * it is not.
 */
#include "case.h"

#define STAMPS "net.ipv4.tcp_timestamps"

static void expect_timestamp(struct run *run, struct mark since,
			     enum wire_kind kind, bool stamped)
{
	const struct wire_capture *frame = frames_wait(
		run, since, FRAMES(FROM("client"), KIND(kind)), 1, soon);
	const bool has = frame && frame->frame.tcp.has_timestamps;

	expect_that(run, frame && has == stamped,
		    stamped ? "the client's segment has a timestamp" :
			      R_("the client's segment has no timestamp"),
		    "%s",
		    !frame ? "no segment" :
		    has	   ? R_("a timestamp") :
			     R_("no timestamp"));
}

static void script(struct run *run)
{
	/* The timestamps of the old connection decide. */
	const bool old_stamped = run_sysctl(run, "client", STAMPS) &&
				 run_sysctl(run, "server", STAMPS);
	struct pair tcp = sock_pair(run);
	bool new_stamped = old_stamped;
	struct range entered;
	struct finding got;
	struct mark mark;

	if (run_is_variant(run, "both-on"))
		expect_number(run, "tcp_timestamps",
			      run_sysctl(run, "client", STAMPS), 1, 1);
	mark = mark_now(run);
	entered = sock_close_both(tcp.client, tcp.server);
	expect_timestamp(run, mark, WIRE_FIN, old_stamped);
	run_pass_until_time(run, forecast_tw_reuse(run, "client", entered).max);
	expect_state(tcp.client, DIAG_TIME_WAIT);

	if (run_is_variant(run, "off-afterwards")) {
		run_set_sysctl(run, "client", STAMPS, 0);
		new_stamped = false;
	}
	if (run_is_variant(run, "on-afterwards"))
		run_set_sysctl(run, "client", STAMPS, 1);
	mark = mark_now(run);
	got = sock_try_connect(tcp.client_probe, tcp.listener, soon);
	if (old_stamped)
		expect_success(&got);
	else
		expect_error(&got, EADDRNOTAVAIL);
	expect_state(tcp.client,
		     old_stamped ? DIAG_ESTABLISHED : DIAG_TIME_WAIT);
	expect_counter(run, "client", "TWRecycled", old_stamped);
	if (old_stamped)
		expect_timestamp(run, mark, WIRE_SYN, new_stamped);
}

#define CLIENT_OFF SYSCTLS({ "client", STAMPS, 0 })

CASE(tw_reuse_needs_timestamps) = {
	.name = "tw-reuse-needs-timestamps",
	.claim = "tcp_tw_reuse works only where the old connection had "
		 "timestamps, for which both ends must have them on",
	.judgements = CLAIMS({ "B4", DOCUMENT_RIGHT,
			       "tcp_timestamps is 1 by default, and without it "
			       "tcp_twsk_unique() finds no ts_recent_stamp" }),
	.why = "without timestamps PAWS could not protect the new connection "
	       "from segments of the old one",
	.sources = "net/ipv4/tcp_ipv4.c:tcp_twsk_unique(); RFC 7323 1.3; RFC "
		   "6191",
	.steps = STEPS("a client with only one local port and tcp_tw_reuse "
		       "closes first; timestamps are on, or off at one end",
		       "off-afterwards, on-afterwards: the client's sysctl is "
		       "changed after the close",
		       "when the TIME-WAIT is old enough the client connects "
		       "again"),
	.expect = "it takes the TIME-WAIT over if both ends had timestamps, "
		  "and gets EADDRNOTAVAIL if either had none; a change after "
		  "the close shows only in the SYN",
	.world = &world_pair,
	.settings = SYSCTLS(ONE_LOCAL_PORT_SYSCTL("client"),
			    { "client", "net.ipv4.tcp_tw_reuse", 1 }),
	.variants = VARIANTS(
		{ "both-on", "tcp_timestamps has its default, 1, at both ends: "
			     "connect() takes the TIME-WAIT over" },
		{ "client-off",
		  "tcp_timestamps is 0 at the client: connect() fails with "
		  "EADDRNOTAVAIL",
		  .settings = CLIENT_OFF },
		{ "server-off",
		  "tcp_timestamps is 0 at the server only, so that the "
		  "connection has no timestamps: connect() fails with "
		  "EADDRNOTAVAIL",
		  .settings = SYSCTLS({ "server", STAMPS, 0 }),
		  .judgements = CLAIMS(
			  { "B4", DOCUMENT_CONDITIONAL,
			    "at the other end as well: a SYN-ACK without the "
			    "option leaves the connection without timestamps, "
			    "tcp_rcv_synsent_state_process()" }) },
		{ "off-afterwards",
		  "tcp_timestamps is set to 0 at the client after the close: "
		  "connect() takes the TIME-WAIT over, with a SYN without "
		  "timestamps",
		  .judgements = CLAIMS(
			  { "B4", DOCUMENT_CONDITIONAL,
			    "on for the old connection: tcp_twsk_unique() "
			    "reads its ts_recent_stamp, not the sysctl" }) },
		{ "on-afterwards",
		  "tcp_timestamps is 0 at the client and is set to 1 after the "
		  "close: connect() fails with EADDRNOTAVAIL",
		  .settings = CLIENT_OFF }),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
