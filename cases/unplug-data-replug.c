/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is unplugged, and data is in flight. Its sender retransmits, at
 * whichever end the cable is pulled:
 *
 * - the server's kernel still has carrier, and its segments are lost on the
 *   way;
 * - the client's kernel has none, and its segments are lost inside the host.
 *   linkwatch_do_dev() has replaced the queue by noop_qdisc, whose
 *   noop_enqueue() drops every packet and returns NET_XMIT_CN.
 *   tcp_transmit_skb() treats that as a congested queue (tcp_enter_cwr()), and
 *   the segment counts as sent (net_xmit_eval()): its timer is doubled. The
 *   route is marked linkdown but still used, because
 *   ignore_routes_with_linkdown is 0 by default: fib_lookup_good_nhc().
 *
 * When the cable is back nothing happens at once, because no kernel informs
 * its sockets. The data arrives with the next expiry of the retransmission
 * timer. The timer has been doubled each time, so this may take as long as the
 * outage did. The expiry that finds the timeout exceeded sends nothing: after
 * the last retransmission it is too late, although the connection has not
 * ended yet.
 */
#include "case.h"

enum { RETRIES2 = 3, FEW = 1, CLIENT_SENDS = 100 };

/* The wire counts a retransmission as new data where it has not seen the
 * original. */
#define DATA FRAMES(KIND(WIRE_DATA | WIRE_RETRANSMISSION))

/* A thousand bytes in which no two lines are the same. */
static const char *lines(void)
{
	static char text[1001];
	size_t used = 0;

	for (int i = 0; used + 10 < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "line %04d\n", i);
	return text;
}

/* Waits until the middle between the nth retransmission and the next. */
static void pass_retransmissions(struct run *run, struct mark sent,
				 const struct prediction *p, unsigned int n)
{
	nsec_t before = n ? p->rounds[n - 1].at.max : 0;

	run_pass_until(run, sent, (before + p->rounds[n].at.min) / 2);
}

/* The sender's kernel counts n retransmissions, and none is acknowledged. */
static bool expect_counted_as_sent(struct run *run, struct sock *from,
				   struct mark sent, unsigned int n)
{
	bool from_client = strcmp(sock_host(from), "client") == 0;
	struct diag_socket seen;
	bool ok;

	sock_look(from, &seen);
	ok = expect_that(run,
			 seen.info.tcpi_total_retrans == n &&
				 seen.info.tcpi_unacked == 1,
			 "every retransmission counts as sent, and none is "
			 "acknowledged",
			 "%u retransmissions, %u segments unacknowledged",
			 seen.info.tcpi_total_retrans, seen.info.tcpi_unacked);
	ok &= expect_frames(run, sent,
			    "data and retransmissions that reach the wire",
			    DATA, from_client ? 0 : 1 + n);
	ok &= expect_frames(run, sent, "acknowledgements",
			    FRAMES(KIND(WIRE_PURE_ACK)), 0);
	return ok;
}

static void expect_lost(struct run *run, struct mark sent)
{
	const struct wire_match *all = FRAMES(KIND(WIRE_TCP));
	const struct wire_capture *frame;
	unsigned int n = 0;

	while ((frame = frames_nth(run, sent, all, n + 1)) &&
	       frame->fate == WIRE_LOST)
		n++;
	expect_that(run, n == frames_count(run, sent, all),
		    "every frame is lost at the client's port",
		    "%u of %u frames", n, frames_count(run, sent, all));
}

/* Every byte arrives with the first retransmission after the cable is back. */
static void expect_arrival(struct run *run, struct sock *to, struct mark sent,
			   struct mark plugged, struct range next)
{
	struct finding got = sock_reap(to, next.max + soon);

	if (!expect_data(&got, strlen(lines())))
		return;
	expect_that(run, memcmp(got.data, lines(), strlen(lines())) == 0,
		    "every byte is the one that was sent", "%zu bytes",
		    got.size);
	expect_took(sent, &got, next);
	expect_frames(run, plugged, "retransmissions since the cable is back",
		      DATA, 1);
	run_measured(run, "wait_after_plug_s",
		     nsec_seconds(got.returned - plugged.at));
}

static void expect_works(struct run *run, struct pair *tcp, struct sock *from,
			 unsigned int retransmissions)
{
	struct diag_socket seen;
	struct finding got;

	sock_send_text(tcp->server, "still there?");
	got = sock_recv(tcp->client, soon);
	expect_data(&got, strlen("still there?"));
	sock_send_text(tcp->client, "as ever");
	got = sock_recv(tcp->server, soon);
	expect_data(&got, strlen("as ever"));
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_state(tcp->server, DIAG_ESTABLISHED);
	sock_look(from, &seen);
	expect_that(run,
		    seen.info.tcpi_backoff == 0 &&
			    seen.info.tcpi_total_retrans == retransmissions,
		    "the timer is no longer doubled",
		    "tcpi_backoff %u, %u retransmissions",
		    seen.info.tcpi_backoff, seen.info.tcpi_total_retrans);
	run_note(run,
		 "after the outage: %u retransmissions, a congestion window of "
		 "%u, ssthresh %u",
		 seen.info.tcpi_total_retrans, seen.info.tcpi_snd_cwnd,
		 seen.info.tcpi_snd_ssthresh);
}

static void expect_too_late(struct run *run, struct pair *tcp, struct mark sent,
			    struct mark plugged, const struct prediction *p)
{
	struct finding got = sock_reap(tcp->server, p->elapsed.max + soon);

	expect_gives_up(&got, sent, p);
	expect_frames(run, plugged, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	expect_call_blocked(tcp->client);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool from_client = run_value(run) > CLIENT_SENDS;
	unsigned int n = (unsigned int)run_value(run) % CLIENT_SENDS;
	struct sock *from = from_client ? tcp.client : tcp.server;
	struct sock *to = from_client ? tcp.server : tcp.client;
	const struct prediction *p = forecast_give_up(from);
	bool late = run_is_variant(run, "after-the-last-copy");
	struct mark sent, plugged;

	sock_post_recv(to);
	fault_unplug(run, "client");
	sent = mark_now(run);
	sock_send_text(from, lines());
	mark_done(run, &sent);
	pass_retransmissions(run, sent, p, n);
	if (!expect_counted_as_sent(run, from, sent, n))
		return;
	expect_lost(run, sent);

	if (late)
		sock_post_recv(from);
	plugged = mark_now(run);
	fault_plug(run, "client");
	if (late) {
		expect_too_late(run, &tcp, sent, plugged, p);
		return;
	}
	expect_arrival(run, to, sent, plugged, p->rounds[n].at);
	expect_works(run, &tcp, from, n + 1);
}

CASE(unplug_data_replug) = {
	.name = "unplug-data-replug",
	.claim = "cable pulled, data sent, cable plugged in again during the "
		 "retransmissions: the next one arrives, and the connection "
		 "continues to work",
	.judgements = CLAIMS({ "D3", DOCUMENT_RIGHT,
			       "neither end was informed, so the next "
			       "retransmission is accepted as usual; but "
			       "tcp_retransmit_timer() sends it when the timer "
			       "fires, not when the cable is back" }),
	.why = "retransmission neither checks the carrier nor is informed of "
	       "it; only its timer, doubled each time, sends the data again",
	.sources = "RFC 6298 5; net/ipv4/tcp_timer.c:tcp_retransmit_timer(); "
		   "net/core/link_watch.c:linkwatch_do_dev()",
	.steps =
		STEPS("a connection; the client's cable is pulled",
		      "the server (or the client) sends 1000 bytes and "
		      "retransmits them",
		      "the cable is plugged in after one retransmission, after "
		      "three, or after the last one"),
	.expect = "all 1000 bytes arrive as they were sent, with the next "
		  "retransmission at its normal time, and both ends are "
		  "ESTABLISHED; after the last retransmission: no segment, and "
		  "ETIMEDOUT at the server",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "after-1-copy",
		  "the server sends, and the cable is plugged in after one "
		  "retransmission: the second one arrives",
		  .value = 1, .duration = MSEC(420) },
		{ "after-3-copies",
		  "the server sends, and the cable is plugged in after three "
		  "retransmissions: the fourth one arrives",
		  .value = 3, .duration = MSEC(1660) },
		{ "client-sends",
		  "the client sends, whose own kernel drops the segments for "
		  "lack of carrier, and the cable is plugged in after three "
		  "retransmissions: the fourth one arrives",
		  .value = CLIENT_SENDS + 3, .duration = MSEC(1660) },
		{ "after-the-last-copy",
		  "the server sends, tcp_retries2 is 1, and the cable is "
		  "plugged in after the third and last retransmission: nothing "
		  "more is sent, and the server gets ETIMEDOUT",
		  SYSCTLS({ NULL, "net.ipv4.tcp_retries2", FEW }), .value = 3,
		  .duration = MSEC(1660),
		  .judgements = CLAIMS(
			  { "D3", DOCUMENT_CONDITIONAL,
			    "only up to the last retransmission: the "
			    "connection waits for one more timer, which sends "
			    "nothing, whether or not the cable is back: "
			    "tcp_write_timeout()" }) }),
	.duration = SEC(2),
	.script = script,
};
