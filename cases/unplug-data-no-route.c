/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has data of its own, and no way for it: its interface is set down;
 * or its cable is out and it is told to ignore the routes of a link without
 * carrier (by default it uses them, see unplug-data-replug). send() succeeds
 * all the same, but __ip_queue_xmit() finds no route, and tcp_write_xmit()
 * keeps what could not be sent. So nothing is in flight, and nothing is
 * retransmitted: no RTO runs, no round counts. What runs instead is the timer
 * for a closed window (`persist`, tcp_check_probe_timer()), from the RTO on and
 * doubled each time, and tcp_probe_timer() tries to send the data itself
 * (tcp_write_wakeup()).
 *
 * With the way back it is as with retransmissions: the data arrives when that
 * timer fires next, and not before. Without, tcp_retries2 is for once a plain
 * number of tries (icsk_probes_out). At the end IPv4 has forgotten why; IPv6
 * has kept ENETUNREACH (inet6_csk_xmit()).
 *
 * Only 20 bytes, so that it is one segment in any case. For the route that went
 * with the interface leaves its cached dst to the socket, which a moment (a
 * grace period of RCU) later belongs to blackhole_netdev, whose MTU is 68:
 * dst_dev_put(). tcp_current_mss() believes it, and what is sent after that
 * comes in crumbs of 36 bytes until a new route is found.
 *
 * The routes of a dead link are ignored by the interface's own sysctl, which it
 * has from conf.default. conf.all does it, too, but only since 5.11, where
 * IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN() became an IN_DEV_ORCONF()
 * (c0c5a60f0f13): on 5.10 one may set it, and nothing happens.
 */
#include "case.h"

/* After so many tries by the timer in vain. */
enum { TRIES = 2, BYTES = 20 };

static const nsec_t soon = MSEC(500);

/* tcp_probe0_when(), each armed when the one before has fired. */
static struct range forecast_try(const struct predict_tcp *tcp, unsigned int n)
{
	struct range at = { 0, 0 };

	for (unsigned int i = 0; i < n; i++)
		at = range_add(at, predict_timer(tcp->rto << i, tcp->hz));
	return at;
}

static void cut_off(struct run *run)
{
	if (run_is_variant(run, "linkdown-ignored"))
		fault_unplug(run, "client");
	else
		fault_down(run, "client");
}

static void put_back(struct run *run)
{
	if (run_is_variant(run, "linkdown-ignored"))
		fault_plug(run, "client");
	else
		fault_up(run, "client");
}

static bool is_kept(struct run *run, struct sock *client, struct mark sent)
{
	struct diag_socket seen;
	bool ok;

	sock_look(client, &seen);
	run_note(run, "the largest segment would have %u bytes now",
		 seen.info.tcpi_snd_mss);
	ok = expect_that(run,
			 seen.timer == DIAG_TIMER_PROBE &&
				 seen.info.tcpi_unacked == 0 &&
				 seen.info.tcpi_notsent_bytes == BYTES,
			 "nothing is in flight, and the persist timer runs",
			 "timer %s, %u in flight, %u bytes not sent",
			 diag_timer_text(seen.timer), seen.info.tcpi_unacked,
			 seen.info.tcpi_notsent_bytes);
	ok &= expect_that(run,
			  seen.info.tcpi_probes == TRIES &&
				  seen.info.tcpi_total_retrans == 0 &&
				  seen.info.tcpi_retransmits == 0,
			  "two tries by the timer, and no retransmission",
			  "%u tries, %u copies, %u rounds",
			  seen.info.tcpi_probes, seen.info.tcpi_total_retrans,
			  seen.info.tcpi_retransmits);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_frames(run, sent, "segments while there is no way",
		      FRAMES(KIND(WIRE_TCP)), 0);
	return ok;
}

static void arrives(struct run *run, struct pair *tcp, struct mark sent,
		    struct range next)
{
	struct finding got;

	put_back(run);
	got = sock_reap(tcp->server, next.max + soon);
	expect_data(&got, BYTES);
	expect_took(sent, &got, next);
	expect_frames(
		run, sent, "segments with data",
		FRAMES(FROM("client"), KIND(WIRE_DATA | WIRE_RETRANSMISSION)),
		1);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_ESTABLISHED);
}

static void gives_up(struct run *run, struct sock *client, struct mark sent,
		     struct range next)
{
	bool v6 = run_address(run, "client").family == AF_INET6;
	struct finding got = sock_recv(client, next.max + soon);

	expect_error(&got, v6 ? ENETUNREACH : ETIMEDOUT);
	expect_took(sent, &got, next);
	expect_counter(run, "client", "TCPAbortOnTimeout", 1);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_state(client, DIAG_CLOSE);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	struct predict_tcp inputs = forecast_inputs(tcp.client);
	struct range last = forecast_try(&inputs, TRIES);
	bool ends = run_is_variant(run, "gives-up");
	struct range next =
		forecast_try(&inputs, ends ? inputs.retries2 + 1 : TRIES + 1);
	struct finding got;
	struct mark sent;

	run_note(run,
		 "predicted: the timer that brings it, or ends it, fires at "
		 "%.3f .. %.3f s",
		 nsec_seconds(next.min), nsec_seconds(next.max));
	sock_post_recv(tcp.server);
	cut_off(run);
	sent = mark_now(run);
	got = sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	expect_that(run, got.value == BYTES, "send() succeeds", "%s",
		    finding_outcome(&got));
	run_pass_until(
		run, sent,
		last.max +
			(forecast_try(&inputs, TRIES + 1).min - last.max) / 2);
	if (!is_kept(run, tcp.client, sent))
		return;
	if (ends)
		gives_up(run, tcp.client, sent, next);
	else
		arrives(run, &tcp, sent, next);
}

static const struct judgement of_count[] = {
	{ "D6", DOCUMENT_CONDITIONAL,
	  "tcp_retries2 is a number of tries only for data that could not even "
	  "be sent for want of a route: tcp_probe_timer() compares "
	  "icsk_probes_out with it" },
	{ .claim = NULL },
};

CASE(unplug_data_no_route) = {
	.name = "unplug-data-no-route",
	.claim = "client sends without a route: nothing is in flight or "
		 "retransmitted, and the persist timer brings it when the way "
		 "is back",
	.judgements = CLAIMS({ "D3", DOCUMENT_RIGHT,
			       "also for data of the client's that its own "
			       "kernel had no route for: tcp_probe_timer() "
			       "tries again" }),
	.why = "what the network layer refuses stays in the send queue, and "
	       "with nothing in flight the timer for a closed window takes "
	       "over",
	.sources =
		"net/ipv4/tcp_output.c:tcp_write_xmit(), tcp_write_wakeup(); "
		"net/ipv4/tcp_timer.c:tcp_probe_timer(); net/ipv4/"
		"ip_output.c:__ip_queue_xmit()",
	.steps = STEPS("a connection; the client's interface is set down, or "
		       "its cable pulled where routes of such a link are "
		       "ignored",
		       "the client sends 20 bytes",
		       "after two tries in vain the way is back; or it stays "
		       "away, and tcp_retries2 is 2"),
	.expect = "send() succeeds, the timer is persist, nothing is "
		  "retransmitted; the data arrives with the third try, after "
		  "1 + 2 + 4 times the RTO; or there is no third, and it ends "
		  "then",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "interface-down" },
		{ "linkdown-ignored",
		  SYSCTLS({ "client",
			    "net.ipv4.conf.default.ignore_routes_with_linkdown",
			    1 }),
		  .ipv4_only = "IPv6 has a sysctl of its own for it" },
		{ "gives-up",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", TRIES }),
		  .judgements = of_count }),
	.duration = MSEC(1430),
	.script = script,
};
