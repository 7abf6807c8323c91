/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAWS has another boundary before the handshake is over. A server whose
 * SYN-ACK is not yet acknowledged has no socket for the connection, but a
 * request, and tcp_check_req() does the checks: tcp_paws_reject(), with a
 * window of 0. So the third ACK with the SYN's own TSval passes, and one tick
 * less is dropped (PAWSEstab) and answered. On an ESTABLISHED connection that
 * one tick would be forgiven (paws-boundary).
 *
 * And a RST does not pass. tcp_paws_reject() would let it through only if
 * ts_recent were older than TCP_PAWS_MSL, 60 s; that of a request is as old as
 * its timer. So here a stale RST is thrown away, and the connection is made all
 * the same: the rule that a RST is accepted however old holds for connections,
 * in tcp_validate_incoming(), and not for requests. (TIME-WAIT sockets ask the
 * same function.)
 *
 * The client's real third ACK is held on the wire meanwhile, and let go at the
 * end: what it meets tells what has become of the request.
 *
 * With a syncookie there is no request, and nothing of all this is checked.
 *
 * The other half of the option is checked here, too, since 6.15: a TSecr that
 * the SYN-ACK never had is dropped and counted as TSEcrRejected.
 */
#include "case.h"

enum { STALE = -10000, PAUSE = 30 };

static const struct plan {
	const char *variant;
	bool reset;
	int tsval; /* seen from ts_recent, the SYN's */
	int tsecr; /* seen from the genuine one */
	bool passes;
} plans[] = {
	{ "ack=equal", false, 0, 0, true },
	{ "ack-1", false, -1, 0, false },
	{ "ack-foreign-tsecr", false, 0, 100000, false },
	{ "rst-fresh", true, 0, 0, true },
	{ "rst-1", true, -1, 0, false },
	{ "rst-stale", true, STALE, 0, false },
};

static const struct plan *plan_of(struct run *run)
{
	for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
		if (run_is_variant(run, plans[i].variant))
			return &plans[i];
	run_broken_because(run, "no plan for this variant");
}

static void expect_in_state(struct sock *sock, enum diag_state state)
{
	enum diag_state seen = sock_state(sock);

	expect_that(sock_run(sock), seen == state, diag_state_text(state), "%s",
		    diag_state_text(seen));
}

static struct frame first_of(struct run *run, unsigned int kind)
{
	const struct wire_capture *seen = frames_nth(
		run, (struct mark){ 0 }, FRAMES(FROM("client"), KIND(kind)), 1);

	if (!seen)
		run_broken_because(run, "the stage is not set: no segment");
	return seen->frame;
}

static struct mark forge(struct run *run, const struct plan *plan)
{
	struct frame frame = first_of(run, WIRE_PURE_ACK);
	uint32_t ts_recent = first_of(run, WIRE_SYN).tcp.tsval;
	struct mark forged;

	frame.tcp.tsval = ts_recent + (uint32_t)plan->tsval;
	frame.tcp.tsecr += (uint32_t)plan->tsecr;
	if (plan->reset)
		frame.tcp.flags |= SEGMENT_RST;
	run_note(run,
		 "TSval of the SYN %u, forged %u (%+d); TSecr %+d to the "
		 "genuine one",
		 ts_recent, frame.tcp.tsval, plan->tsval, plan->tsecr);
	run_measured_count(run, "ts_recent", ts_recent);
	run_measured_count(run, "tsval", frame.tcp.tsval);
	forged = mark_now(run);
	fault_inject(run, "server", &frame, NULL);
	return forged;
}

/* The server's end, once the forged segment has been there. */
static void expect_fate(struct run *run, const struct plan *plan,
			struct sock *far, struct mark forged)
{
	bool rejected = !plan->passes;
	bool by_tsval = rejected && !plan->tsecr;
	bool answered = rejected && !plan->reset;
	enum diag_state state = rejected    ? DIAG_SYN_RECV :
				plan->reset ? DIAG_CLOSE :
					      DIAG_ESTABLISHED;

	run_pass(run, MSEC(PAUSE));
	run_predicted_text(run, "server", diag_state_text(state));
	run_measured_text(run, "server", diag_state_text(sock_state(far)));
	expect_in_state(far, state);
	expect_counter(run, "server", "PAWSEstab", by_tsval);
	if (plan->tsecr)
		expect_counter(run, "server", "TSEcrRejected", rejected);
	expect_counter(run, "server", "EmbryonicRsts",
		       plan->reset && plan->passes);
	expect_frames(run, forged, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), answered);
}

static void script(struct run *run)
{
	const struct plan *plan = plan_of(run);
	struct probe *server = probe_start(run, "server");
	struct probe *client = probe_start(run, "client");
	struct sock *listener = sock_listen(server, 1), *near, *far;
	struct wire_rule *held;
	struct finding got;
	struct mark forged;

	if (plan->tsecr && !counter_exists(run, "server", "TSEcrRejected"))
		run_skip(run, "this kernel does not check TSecr");
	held = fault_hold(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK),
				      .first = 1, .count = 1));
	near = sock_connect(client, listener);
	far = sock_peer(near, "server");
	expect_in_state(far, DIAG_SYN_RECV);
	forged = forge(run, plan);
	expect_fate(run, plan, far, forged);

	sock_post_recv(near);
	fault_release(run, held);
	if (plan->reset && plan->passes) {
		got = sock_reap(near, soon);
		expect_that(run, got.error == ECONNRESET,
			    "the genuine ACK finds no request: RST", "%s",
			    finding_outcome(&got));
		return;
	}
	sock_accept(listener);
	expect_in_state(far, DIAG_ESTABLISHED);
	got = sock_reap(near, 0);
	expect_that(run, got.open, "the connection is made", "%s",
		    finding_outcome(&got));
}

CASE(paws_syn_recv) = {
	.name = "paws-syn-recv",
	.claim =
		"before the handshake is over PAWS forgives no tick, and drops "
		"a stale RST as well",
	.judgements = CLAIMS(
		{ "B7", DOCUMENT_CONDITIONAL,
		  "less than the SYN's is dropped, even by one tick, but an "
		  "equal one has not grown, and passes: tcp_paws_reject() in "
		  "tcp_check_req()" }),
	.why = "a request is checked by tcp_check_req(), which asks PAWS with "
	       "a window of 0 and makes no exception for a RST",
	.sources = "RFC 7323 5.3; net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		   "include/net/tcp.h:tcp_paws_reject()",
	.steps = STEPS("the client connects; its third ACK is held, the server "
		       "is in SYN-RECV",
		       "a forged third ACK, or RST, with a TSval set to the "
		       "tick, seen from the SYN's",
		       "the genuine third ACK is let go"),
	.expect = "the ACK makes the connection with an equal TSval, and does "
		  "not with one less; the RST ends the request with an equal "
		  "one, and with less it does not",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "ack=equal" }, { "ack-1" },
		{ "ack-foreign-tsecr",
		  .judgements = CLAIMS(
			  { "B7", DOCUMENT_CONDITIONAL,
			    "not TSval alone: a TSecr that was never sent is "
			    "dropped, too, in tcp_check_req() since 6.15" }) },
		{ "rst-fresh",
		  .judgements = CLAIMS({ "C12", DOCUMENT_RIGHT,
					 "a fresh RST ends the request: "
					 "tcp_check_req()" }) },
		{ "rst-1",
		  .judgements = CLAIMS(
			  { "C12", DOCUMENT_CONDITIONAL,
			    "not before the handshake is over: "
			    "tcp_paws_reject() drops it, one tick too old" }) },
		{ "rst-stale",
		  .judgements = CLAIMS(
			  { "C12", DOCUMENT_CONDITIONAL,
			    "not before the handshake is over: "
			    "tcp_paws_reject() drops a stale RST" },
			  { "C20", DOCUMENT_CONDITIONAL,
			    "a request is checked by tcp_check_req() instead, "
			    "which drops a stale RST" }) }),
	.changes = CHANGES({ KERNEL_VERSION(6, 15, 0), "3ba075278c11",
			     "a third ACK's TSecr is looked at",
			     .stable = true }),
	.duration = MSEC(60),
	.script = script,
};
