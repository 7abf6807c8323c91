/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has data to send and no route for it: its interface is down; or
 * its cable is unplugged, and the kernel ignores the routes of a link without
 * carrier (by default it uses them, see unplug-data-replug). send() succeeds,
 * but __ip_queue_xmit() finds no route, and tcp_write_xmit() keeps the data.
 * So nothing is in flight and nothing is retransmitted: the RTO timer does not
 * run. Instead the timer for a closed window runs (`persist`,
 * tcp_check_probe_timer()), starting with the RTO and doubled each time, and
 * tcp_probe_timer() tries to send the data itself (tcp_write_wakeup()).
 *
 * When the route is back, the data arrives with the next expiry of that timer,
 * as with retransmissions. When it does not come back, tcp_retries2 is a plain
 * number of tries (icsk_probes_out). At the end IPv4 no longer has the reason;
 * IPv6 has stored ENETUNREACH (inet6_csk_xmit()).
 *
 * The client sends only 20 bytes, which are one segment in any case. The
 * removed route leaves its cached dst to the socket, and an RCU grace period
 * later that dst belongs to blackhole_netdev, whose MTU is 68: dst_dev_put().
 * tcp_current_mss() uses it, and whatever is sent then is cut into segments of
 * 36 bytes until a new route is found.
 *
 * The interface's own sysctl, which it copies from conf.default, makes the
 * kernel ignore the routes of a dead link. conf.all does it, too, but only
 * since 5.11, where IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN() became an
 * IN_DEV_ORCONF() (c0c5a60f0f13): on 5.10 setting it has no effect.
 */
#include "case.h"

/* Failed tries by the timer before the route is back. */
enum { TRIES = 2, BYTES = 20 };

static void remove_route(struct run *run)
{
	if (run_is_variant(run, "linkdown-ignored"))
		fault_unplug(run, "client");
	else
		fault_down(run, "client");
}

static void restore_route(struct run *run)
{
	if (run_is_variant(run, "linkdown-ignored"))
		fault_plug(run, "client");
	else
		fault_up(run, "client");
}

static bool expect_unsent(struct run *run, struct sock *client,
			  struct mark sent)
{
	struct diag_socket seen;
	bool ok;

	sock_look(client, &seen);
	run_note(run, "the largest segment has %u bytes now",
		 seen.info.tcpi_snd_mss);
	ok = expect_that(run,
			 seen.timer == DIAG_TIMER_PROBE &&
				 seen.info.tcpi_unacked == 0 &&
				 seen.info.tcpi_notsent_bytes == BYTES,
			 "nothing is in flight, and the persist timer runs",
			 "timer %s, %u segments in flight, %u bytes not sent",
			 diag_timer_text(seen.timer), seen.info.tcpi_unacked,
			 seen.info.tcpi_notsent_bytes);
	ok &= expect_that(run,
			  seen.info.tcpi_probes == TRIES &&
				  seen.info.tcpi_total_retrans == 0 &&
				  seen.info.tcpi_retransmits == 0,
			  "two tries by the timer, and no retransmission",
			  "%u tries, %u retransmissions, tcpi_retransmits %u",
			  seen.info.tcpi_probes, seen.info.tcpi_total_retrans,
			  seen.info.tcpi_retransmits);
	expect_counter(run, "client", "TCPTimeouts", 0);
	expect_frames(run, sent, "segments without a route",
		      FRAMES(KIND(WIRE_TCP)), 0);
	return ok;
}

static void expect_arrival(struct run *run, struct pair *tcp, struct mark sent,
			   struct range next)
{
	struct finding got;

	restore_route(run);
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

static void expect_end(struct run *run, struct sock *client, struct mark sent,
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
	const struct prediction *p =
		forecast_zero_window(tcp.client, PREDICT_PEER_SILENT);
	bool ends = run_is_variant(run, "gives-up");
	struct range last = p->rounds[TRIES - 1].at;
	struct range third = p->rounds[TRIES].at;
	struct range next = ends ? p->elapsed : third;
	struct finding got;
	struct mark sent;

	run_note(run, "prediction: the data %s at %.3f .. %.3f s",
		 ends ? R_("is given up") : R_("is sent"),
		 nsec_seconds(next.min), nsec_seconds(next.max));
	sock_post_recv(tcp.server);
	remove_route(run);
	sent = mark_now(run);
	got = sock_send(tcp.client, BYTES);
	mark_done(run, &sent);
	expect_that(run, got.value == BYTES, "send() succeeds", "%s",
		    finding_outcome(&got));
	run_pass_until(run, sent, last.max + (third.min - last.max) / 2);
	if (!expect_unsent(run, tcp.client, sent))
		return;
	if (ends)
		expect_end(run, tcp.client, sent, next);
	else
		expect_arrival(run, &tcp, sent, next);
}

CASE(unplug_data_no_route) = {
	.name = "unplug-data-no-route",
	.claim = "client sends without a route: nothing is in flight or "
		 "retransmitted, and the persist timer sends it when the route "
		 "is back",
	.judgements =
		CLAIMS({ "D3", DOCUMENT_RIGHT,
			 "also for data for which the client's own kernel "
			 "had no route: tcp_probe_timer() tries again" }),
	.why = "data that the network layer rejects stays in the send queue, "
	       "and with nothing in flight the timer for a closed window runs",
	.sources = "net/ipv4/tcp_output.c:tcp_write_xmit(), "
		   "tcp_write_wakeup(); net/ipv4/tcp_timer.c:"
		   "tcp_probe_timer(); net/ipv4/ip_output.c:__ip_queue_xmit()",
	.steps =
		STEPS("a connection; the client's interface is set down, or "
		      "its cable is pulled where the kernel ignores the routes "
		      "of a link without carrier",
		      "the client sends 20 bytes",
		      "after two failed tries the route is back; or it stays "
		      "away, and tcp_retries2 is 2"),
	.expect = "send() succeeds, the timer is persist, nothing is "
		  "retransmitted; the data arrives with the third try, after "
		  "1 + 2 + 4 times the RTO; where tcp_retries2 is 2, the "
		  "connection ends at that time instead",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "interface-down",
		  "the client's interface is set down and up again, which "
		  "removes and restores its route: the data arrives with the "
		  "third try" },
		{ "linkdown-ignored",
		  "the client's cable is pulled and plugged in again, and the "
		  "kernel ignores routes of a link without carrier "
		  "(ignore_routes_with_linkdown): the data arrives with the "
		  "third try",
		  SYSCTLS({ "client",
			    "net.ipv4.conf.default.ignore_routes_with_linkdown",
			    1 }),
		  .ipv4_only = "IPv6 uses the socket's cached route although "
			       "the link has no carrier: fib6_ifdown()" },
		{ "gives-up",
		  "the client's interface stays down, and tcp_retries2 is 2: "
		  "the connection ends when the third try would be made",
		  SYSCTLS({ "client", "net.ipv4.tcp_retries2", TRIES }),
		  .judgements = CLAIMS(
			  { "D6", DOCUMENT_CONDITIONAL,
			    "tcp_retries2 is a number of tries only for data "
			    "that was never sent because there was no route: "
			    "tcp_probe_timer() compares icsk_probes_out with "
			    "it" }) }),
	.duration = MSEC(1430),
	.script = script,
};
