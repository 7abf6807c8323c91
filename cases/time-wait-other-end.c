/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client has closed first and holds the TIME-WAIT; the server, which has
 * nothing left of the old connection, connects from its side with the same
 * four-tuple. TIME-WAIT prevents only its own end from doing that. The other
 * end's SYN is up to tcp_timewait_state_process():
 *
 * A SYN with a sequence number above the old ones, or with a newer timestamp,
 * is accepted: the listener gets it, TIME-WAIT is over, and the client's new
 * sequence numbers start 65537 above its old ones (since 6.10; isn.h). Few
 * connections are faster than the clock behind initial sequence numbers
 * (old-tuple.h), so that is the normal case, at once and not after 60 s.
 *
 * A SYN with an older sequence number and without a timestamp is answered with
 * an ACK. It follows a connection that was faster than the clock, whose
 * sequence numbers the new one would use again: TIME-WAIT exists for this
 * case. But the other end is in SYN-SENT, finds the ACK unacceptable and
 * answers with a RST; the RST ends the TIME-WAIT, the assassination of RFC
 * 1337. The SYN is retransmitted two jiffies later
 * (tcp_rcv_synsent_state_process(); a second before 5.6) and is accepted. With
 * tcp_rfc1337, which is off by default, the TIME-WAIT stays.
 *
 * What an old segment does in the new connection: time-wait-stale-data.
 */
#include "old-tuple.h"

enum { LITTLE = 300, TICKS = 3 };

#define SYNS FRAMES(FROM("server"), KIND(WIRE_SYN))
#define RSTS FRAMES(FROM("server"), KIND(WIRE_RST))
#define SYN_ACKS FRAMES(FROM("client"), KIND(WIRE_SYN_ACK))

/* The old connection was faster than the clock: the variant's value. */
enum { SLOW, FAST };

enum outcome { ACCEPTED, ACCEPTED_AFTER_RST, REJECTED };

static enum outcome forecast_outcome(struct run *run)
{
	if (run_value(run) == SLOW ||
	    run_sysctl(run, "client", "net.ipv4.tcp_timestamps"))
		return ACCEPTED;
	return run_sysctl(run, "client", "net.ipv4.tcp_rfc1337") ?
		       REJECTED :
		       ACCEPTED_AFTER_RST;
}

static struct pair use_and_close_old(struct run *run)
{
	struct pair old = sock_pair(run);

	old_tuple_transfer(old.server, old.client,
			   run_value(run) == FAST ? old_tuple_bulk() : LITTLE);
	sock_shutdown(old.client, SHUT_WR);
	sock_recv(old.server, soon);
	sock_close(old.server);
	expect_that(run, sock_wait_state(old.client, DIAG_TIME_WAIT, soon),
		    "the client is in TIME-WAIT", "%s",
		    diag_state_text(sock_state(old.client)));
	sock_close(old.client);
	sock_close(old.listener);
	/* Timestamps tick once a millisecond: within the tick of the server's
	 * FIN, its SYN is no newer. */
	run_pass(run, MSEC(TICKS));
	return old;
}

/* How far the old sequence numbers are above the new initial one. */
static void expect_old_ahead(struct run *run, struct mark asked)
{
	const struct mark start = { 0 };
	bool fast = run_value(run) == FAST;
	uint32_t fin =
		frames_first(run, start, "server", WIRE_FIN)->frame.tcp.seq;
	uint32_t syn =
		frames_first(run, asked, "server", WIRE_SYN)->frame.tcp.seq;
	int32_t ahead = (int32_t)(fin + 1 - syn);

	expect_that(run, (ahead > 0) == fast,
		    fast ? "the old sequence numbers are above the new" :
			   R_("the old sequence numbers are below the new"),
		    "%d above", ahead);
}

static void expect_connected(struct run *run, const struct new_tuple *new)
{
	struct diag_socket seen;

	expect_that(run, !new->got.open && !new->got.error,
		    "the server's connect() succeeds", "%s",
		    finding_outcome(&new->got));
	sock_look(new->server, &seen);
	expect_that(run, seen.state == DIAG_ESTABLISHED,
		    "the new connection is ESTABLISHED", "%s",
		    diag_state_text(seen.state));
}

/* TCP_TIMEOUT_MIN since 9603d47bad46 (5.6); before, the second of the SYN's
 * timer. */
static struct range forecast_next_syn(void)
{
	unsigned int hz = nsec_hz();

	if (kernel_version() < KERNEL_VERSION(5, 6, 0))
		return predict_timer(SEC(1), hz);
	return predict_timer(predict_nsec(2, hz), hz);
}

static void expect_accepted_after_rst(struct run *run,
				      const struct new_tuple *new)
{
	const struct range range = forecast_next_syn();
	const struct wire_capture *second;
	nsec_t apart;

	expect_connected(run, new);
	expect_frames(run, new->asked, "SYN-ACKs", SYN_ACKS, 1);
	expect_frames(run, new->asked, "SYNs", SYNS, 2);
	expect_frames(run, new->asked, "RSTs", RSTS, 1);
	second = frames_nth(run, new->asked, SYNS, 2);
	if (!second)
		return;
	apart = second->at - frames_nth(run, new->asked, SYNS, 1)->at;
	run_predicted(run, "syn_again_s", nsec_seconds(range.min));
	run_measured(run, "syn_again_s", nsec_seconds(apart));
	expect_span(run, "time between the SYNs", apart, range);
}

static void expect_rejected(struct run *run, const struct new_tuple *new,
			    struct sock *old_client)
{
	expect_open(&new->got);
	expect_frames(run, new->asked, "SYN-ACKs", SYN_ACKS, 0);
	expect_frames_between(run, new->asked, "RSTs", RSTS, 1, UINT32_MAX);
	expect_that(run, sock_state(old_client) == DIAG_TIME_WAIT,
		    "the client stays in TIME-WAIT", "%s",
		    diag_state_text(sock_state(old_client)));
}

static void script(struct run *run)
{
	struct mark began = mark_now(run);
	struct pair old = use_and_close_old(run);
	struct new_tuple new;

	if (run_value(run) == FAST)
		isn_skip_slow_machine(run, began, old_tuple_bulk());
	new = old_tuple_connect(run, &old);
	expect_old_ahead(run, new.asked);
	switch (forecast_outcome(run)) {
	case ACCEPTED:
		expect_connected(run, &new);
		expect_frames(run, new.asked, "SYNs", SYNS, 1);
		expect_frames(run, new.asked, "RSTs", RSTS, 0);
		expect_isn_after_time_wait(run, "client", began, new.asked);
		break;
	case ACCEPTED_AFTER_RST:
		expect_accepted_after_rst(run, &new);
		break;
	case REJECTED:
		expect_rejected(run, &new, old.client);
		break;
	}
}

#define SETTINGS(timestamps_, rfc1337_)                                        \
	.settings =                                                            \
		SYSCTLS({ NULL, "net.ipv4.tcp_timestamps", (timestamps_) },    \
			{ NULL, "net.ipv4.tcp_rfc1337", (rfc1337_) })

CASE(time_wait_other_end) = {
	.name = "time-wait-other-end",
	.claim = "TIME-WAIT does not prevent the other end from using the same "
		 "four-tuple at once: its SYN is accepted, or ends the "
		 "TIME-WAIT",
	.judgements = CLAIMS({ "C6", DOCUMENT_CONDITIONAL,
			       "TIME-WAIT keeps out its own end for 60 s; a "
			       "SYN of the other end is accepted when it is "
			       "newer, tcp_timewait_state_process()" }),
	.why = "the TIME-WAIT has the old sequence numbers and accepts a newer "
	       "SYN; it answers an older one with an ACK, and the RST against "
	       "that ACK has the sequence number that ends the TIME-WAIT",
	.sources = "RFC 9293 3.6.1; RFC 1337; RFC 6191; "
		   "net/ipv4/tcp_minisocks.c:tcp_timewait_state_process(); "
		   "net/ipv4/tcp_input.c:tcp_rcv_synsent_state_process()",
	.steps = STEPS(
		"a connection on which the server sends little, or 64 MiB "
		"(16 MiB in virtual time), faster than the clock behind initial "
		"sequence numbers",
		"the client closes first and is in TIME-WAIT; then the server "
		"closes",
		"the server connects with the same four-tuple to a new "
		"listener on the client's port"),
	.expect = "after little, or with timestamps: SYN and SYN-ACK, 65537 "
		  "above the old sequence numbers (before 6.10: from the "
		  "clock). After much: SYN, ACK, RST, SYN two jiffies later, "
		  "SYN-ACK; with tcp_rfc1337 no SYN-ACK",
	.world = &world_pair_bulk,
	.variants = VARIANTS(
		{ "slow",
		  "the old connection carried 300 bytes and had no timestamps: "
		  "the server's SYN has a higher sequence number and is "
		  "accepted at once",
		  SETTINGS(0, 0) },
		{ "fast-timestamps",
		  "the old connection was faster than the clock and had "
		  "timestamps: the SYN has a lower sequence number but a newer "
		  "timestamp, and is accepted at once",
		  .value = FAST, SETTINGS(1, 0) },
		{ "fast",
		  "the old connection was faster than the clock and had no "
		  "timestamps: the SYN is answered with an ACK, the server's "
		  "RST ends the TIME-WAIT, and its second SYN is accepted",
		  .value = FAST, SETTINGS(0, 0),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_CONDITIONAL,
			    "where the old sequence numbers are ahead and "
			    "there are no timestamps, a SYN of the other end "
			    "leads to a RST that ends the TIME-WAIT (RFC "
			    "1337), unless tcp_rfc1337 is set" }) },
		{ "fast-rfc1337",
		  "as in fast, but tcp_rfc1337 is 1 at both ends: the RST ends "
		  "nothing, and the server cannot connect",
		  .value = FAST, SETTINGS(0, 1),
		  .judgements = CLAIMS(
			  { "C6", DOCUMENT_RIGHT,
			    "with tcp_rfc1337 no RST ends the TIME-WAIT, and "
			    "it keeps out the other end as well" }) }),
	.changes = CHANGES(CHANGE_ISN_AFTER_TIME_WAIT),
	.duration = SEC(1),
	.no_fault = true,
	.script = script,
};
