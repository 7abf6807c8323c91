/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is out, and there is data on its way. Whoever sent it retransmits,
 * and does not learn of the cable, whichever end it is pulled at:
 *
 * - the server's kernel has its carrier, and its copies are lost on the way;
 * - the client's own has none, and its copies are lost inside the machine.
 *   linkwatch_do_dev() has put noop_qdisc in the place of the queue, whose
 *   noop_enqueue() throws everything away and says NET_XMIT_CN. To
 *   tcp_transmit_skb() that is a congested queue (tcp_enter_cwr()), and the
 *   segment is as good as sent (net_xmit_eval()): counted, and its timer
 *   doubled. The route is marked linkdown, and used all the same, for
 *   ignore_routes_with_linkdown is 0 by default: fib_lookup_good_nhc().
 *
 * Nothing happens when the cable comes back, either: no kernel tells its
 * sockets. The data arrives with the next round of the retransmission timer,
 * and as that has doubled each time, the wait may be as long again as the
 * outage. The round that finds the time-out over sends nothing: so where the
 * last copy has gone, it is too late, though the connection's end is not yet
 * there.
 */
#include "case.h"

enum { RETRIES2 = 3, FEW = 1, CLIENT_SENDS = 100 };

static const nsec_t soon = MSEC(500);

/* The wire takes a copy for new data where it has not seen the first one. */
#define DATA FRAMES(KIND(WIRE_DATA | WIRE_RETRANSMISSION))

/* A thousand bytes, no two lines of them the same. */
static const char *lines(void)
{
	static char text[1001];
	size_t used = 0;

	for (int i = 0; used + 10 < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "line %04d\n", i);
	return text;
}

/* Halfway between two rounds. */
static void pass_to_after(struct run *run, struct mark sent,
			  const struct prediction *p, unsigned int copies)
{
	nsec_t before = copies ? p->rounds[copies - 1].at.max : 0;

	run_pass_until(run, sent, (before + p->rounds[copies].at.min) / 2);
}

/* What the sender's kernel has counted, and what came of it. */
static bool all_in_vain(struct run *run, struct sock *from, struct mark sent,
			unsigned int copies)
{
	bool from_client = strcmp(sock_host(from), "client") == 0;
	struct diag_socket seen;
	bool ok;

	sock_look(from, &seen);
	ok = expect_that(run,
			 seen.info.tcpi_total_retrans == copies &&
				 seen.info.tcpi_unacked == 1,
			 "every copy counts as sent, and none is acknowledged",
			 "%u copies, %u segments unacknowledged",
			 seen.info.tcpi_total_retrans, seen.info.tcpi_unacked);
	ok &= expect_frames(run, sent, "data and copies that reach the wire",
			    DATA, from_client ? 0 : 1 + copies);
	ok &= expect_frames(run, sent, "answers", FRAMES(KIND(WIRE_PURE_ACK)),
			    0);
	return ok;
}

static void are_lost(struct run *run, struct mark sent)
{
	const struct wire_match *all = FRAMES(KIND(WIRE_TCP));
	const struct wire_capture *frame;
	unsigned int n = 0;

	while ((frame = frames_nth(run, sent, all, n + 1)) &&
	       frame->fate == WIRE_LOST)
		n++;
	expect_that(run, n == frames_count(run, sent, all),
		    "all that was sent is lost at the client's port",
		    "%u of %u frames", n, frames_count(run, sent, all));
}

static void goes_on(struct run *run, struct pair *tcp, struct sock *from,
		    unsigned int copies)
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
			    seen.info.tcpi_total_retrans == copies,
		    "no timer is doubled any more", "tcpi_backoff %u",
		    seen.info.tcpi_backoff);
	run_note(run,
		 "what is left of the outage: %u copies, a congestion window "
		 "of %u, ssthresh %u",
		 seen.info.tcpi_total_retrans, seen.info.tcpi_snd_cwnd,
		 seen.info.tcpi_snd_ssthresh);
}

/* Every byte, with the first round after the cable is back. */
static void arrives(struct run *run, struct sock *to, struct mark sent,
		    struct mark plugged, struct range round)
{
	struct finding got = sock_reap(to, round.max + soon);

	if (!expect_data(&got, strlen(lines())))
		return;
	expect_that(run, memcmp(got.data, lines(), strlen(lines())) == 0,
		    "every byte is what was sent", "%zu bytes", got.size);
	expect_took(sent, &got, round);
	expect_frames(run, plugged, "copies since the cable is back", DATA, 1);
	run_measured(run, "wait_after_plug_s",
		     nsec_seconds(got.returned - plugged.at));
}

static void too_late(struct run *run, struct pair *tcp, struct mark sent,
		     struct mark plugged, const struct prediction *p)
{
	struct finding got = sock_reap(tcp->server, p->elapsed.max + soon);

	expect_gives_up(&got, sent, p);
	expect_frames(run, plugged, "segments since the cable is back",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_state(tcp->server, DIAG_CLOSE);
	expect_state(tcp->client, DIAG_ESTABLISHED);
	got = sock_reap(tcp->client, 0);
	expect_open(&got);
}

static void script(struct run *run)
{
	struct pair tcp = sock_pair(run);
	bool from_client = run_value(run) > CLIENT_SENDS;
	unsigned int copies = (unsigned int)run_value(run) % CLIENT_SENDS;
	struct sock *from = from_client ? tcp.client : tcp.server;
	struct sock *to = from_client ? tcp.server : tcp.client;
	const struct prediction *p = forecast_give_up(from);
	struct mark sent, plugged;

	sock_post_recv(to);
	fault_unplug(run, "client");
	sent = mark_now(run);
	sock_send_text(from, lines());
	mark_done(run, &sent);
	pass_to_after(run, sent, p, copies);
	if (!all_in_vain(run, from, sent, copies))
		return;
	are_lost(run, sent);

	if (run_is_variant(run, "after-the-last-copy"))
		sock_post_recv(from);
	plugged = mark_now(run);
	fault_plug(run, "client");
	if (run_is_variant(run, "after-the-last-copy")) {
		too_late(run, &tcp, sent, plugged, p);
		return;
	}
	arrives(run, to, sent, plugged, p->rounds[copies].at);
	goes_on(run, &tcp, from, copies + 1);
}

static const struct judgement last_copy[] = {
	{ "D3", DOCUMENT_CONDITIONAL,
	  "only up to the last copy: the connection waits for one more timer, "
	  "which sends nothing any more, whether or not the cable is back: "
	  "tcp_write_timeout()" },
	{ .claim = NULL },
};

CASE(unplug_data_replug) = {
	.name = "unplug-data-replug",
	.claim = "cable pulled, data sent, cable plugged in again during the "
		 "retransmissions: the next one arrives, and all goes on",
	.judgements = CLAIMS({ "D3", DOCUMENT_RIGHT,
			       "neither end was told anything, so the next "
			       "copy is taken as any other; but it comes by "
			       "tcp_retransmit_timer(), not with the cable" }),
	.why = "retransmission asks for no carrier and is not told of one; its "
	       "timer, doubled each time, is all that brings the data",
	.sources = "RFC 6298 5; net/ipv4/tcp_timer.c:tcp_retransmit_timer(); "
		   "net/core/link_watch.c:linkwatch_do_dev()",
	.steps = STEPS("a connection; the client's cable is pulled",
		       "the server (or the client) sends 1000 bytes, and again "
		       "and again",
		       "after one or three copies the cable is plugged in; or "
		       "after the last one"),
	.expect = "all 1000 bytes as they were sent, with the round that was "
		  "due anyway, and both ends ESTABLISHED; after the last copy: "
		  "nothing, and ETIMEDOUT at the server",
	.world = &world_pair,
	.settings = SYSCTLS({ NULL, "net.ipv4.tcp_retries2", RETRIES2 }),
	.variants = VARIANTS(
		{ "after-1-copy", .value = 1, .duration = MSEC(420) },
		{ "after-3-copies", .value = 3, .duration = MSEC(1660) },
		{ "client-sends", .value = CLIENT_SENDS + 3,
		  .duration = MSEC(1660) },
		{ "after-the-last-copy",
		  SYSCTLS({ NULL, "net.ipv4.tcp_retries2", FEW }), .value = 3,
		  .duration = MSEC(1660), .judgements = last_copy }),
	.duration = SEC(2),
	.script = script,
};
