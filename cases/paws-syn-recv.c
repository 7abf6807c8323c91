/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * During the handshake PAWS has another boundary. A server whose SYN-ACK is
 * not acknowledged yet has no socket for the connection but a request, and
 * tcp_check_req() does the checks: tcp_paws_reject(), with a window of 0. So a
 * third ACK with the SYN's own TSval passes, and with one tick less it is
 * dropped (PAWSEstab) and answered. An ESTABLISHED connection accepts that
 * tick (paws-boundary).
 *
 * A RST with an older TSval does not pass either. tcp_paws_reject() would
 * accept it only if ts_recent were older than TCP_PAWS_MSL, 60 s; that of a
 * request is no older than its timer. So a stale RST is dropped here, and the
 * connection is established all the same: tcp_validate_incoming(), which
 * accepts a RST however old, is for connections and not for requests.
 * (TIME-WAIT sockets call tcp_paws_reject(), too.)
 *
 * The wire holds the client's genuine third ACK meanwhile and releases it at
 * the end: its effect shows whether the request still exists.
 *
 * With a SYN cookie there is no request, and nothing of this is checked.
 *
 * Since 6.15 the TSecr is checked here, too: one that the SYN-ACK never had is
 * dropped and counted as TSEcrRejected.
 */
#include "case.h"

enum { STALE = -10000, PAUSE = 30 };

static const struct plan {
	const char *variant;
	bool reset; /* a RST instead of a third ACK */
	int tsval; /* minus ts_recent, the SYN's TSval */
	int tsecr; /* minus the genuine one */
	bool passes;
} plans[] = {
	{ "ack=equal", false, 0, 0, true },
	{ "ack-1", false, -1, 0, false },
	{ "ack-foreign-tsecr", false, 0, 100000, false },
	{ "rst-fresh", true, 0, 0, true },
	{ "rst-1", true, -1, 0, false },
	{ "rst-stale", true, STALE, 0, false },
};

/* Not expect_state(), so that the report has the server's state only. */
static void expect_in_state(struct sock *sock, enum diag_state state)
{
	enum diag_state seen = sock_state(sock);

	expect_that(sock_run(sock), seen == state, diag_state_text(state), "%s",
		    diag_state_text(seen));
}

static struct mark inject_forged(struct run *run, const struct plan *plan)
{
	const struct mark start = { 0 };
	struct frame frame =
		frames_first(run, start, "client", WIRE_PURE_ACK)->frame;
	uint32_t ts_recent =
		frames_first(run, start, "client", WIRE_SYN)->frame.tcp.tsval;

	frame.tcp.tsval = ts_recent + (uint32_t)plan->tsval;
	frame.tcp.tsecr += (uint32_t)plan->tsecr;
	if (plan->reset)
		frame.tcp.flags |= SEGMENT_RST;
	run_note(run,
		 "TSval of the SYN %u, forged %u (%+d); forged TSecr %+d "
		 "compared with the genuine one",
		 ts_recent, frame.tcp.tsval, plan->tsval, plan->tsecr);
	run_measured_count(run, "ts_recent", ts_recent);
	run_measured_count(run, "tsval", frame.tcp.tsval);
	run_measured_count(run, "older_by_ticks", -plan->tsval);
	return fault_inject(run, "server", &frame, NULL);
}

/* Of the request: tcp_v4_reqsk_send_ack(), tcp_v6_reqsk_send_ack(). */
static void expect_answer(struct run *run, struct mark injected)
{
	const struct mark start = { 0 };
	const struct segment *syn =
		&frames_first(run, start, "client", WIRE_SYN)->frame.tcp;
	const struct wire_capture *seen = frames_wait(
		run, injected, FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), 1,
		soon);
	struct segment answer = { 0 };

	if (seen)
		answer = seen->frame.tcp;
	expect_that(run, answer.ack == syn->seq + 1,
		    "the answer acknowledges the SYN", "ack %u, expected %u",
		    answer.ack, syn->seq + 1);
	expect_that(run, answer.has_timestamps && answer.tsecr == syn->tsval,
		    "the answer's TSecr is ts_recent", "%u, expected %u",
		    answer.tsecr, syn->tsval);
}

/* The server's state and answers after the forged segment. */
static void expect_reaction(struct run *run, const struct plan *plan,
			    struct sock *server, struct mark injected)
{
	bool rejected = !plan->passes;
	bool by_tsval = rejected && !plan->tsecr;
	bool answered = rejected && !plan->reset;
	enum diag_state state = rejected    ? DIAG_SYN_RECV :
				plan->reset ? DIAG_CLOSE :
					      DIAG_ESTABLISHED;

	run_pass(run, MSEC(PAUSE));
	run_predicted_text(run, "server", diag_state_text(state));
	run_measured_text(run, "server", diag_state_text(sock_state(server)));
	expect_in_state(server, state);
	expect_counter(run, "server", "PAWSEstab", by_tsval);
	if (plan->tsecr)
		expect_counter(run, "server", "TSEcrRejected", rejected);
	expect_counter(run, "server", "EmbryonicRsts",
		       plan->reset && plan->passes);
	if (answered)
		expect_answer(run, injected);
	expect_frames(run, injected, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_PURE_ACK)), answered);
}

static void script(struct run *run)
{
	const struct plan *plan = VARIANT_ROW(run, plans);
	struct sock *listener = sock_listen(probe_start(run, "server"), 1);
	struct probe *probe = probe_start(run, "client");
	struct sock *client, *server;
	struct wire_rule *held;
	struct finding got;
	struct mark injected;

	if (plan->tsecr && kernel_version() < KERNEL_VERSION(6, 15, 0) &&
	    !counter_exists(run, "server", "TSEcrRejected"))
		run_skip(run, "TSecr is checked since 6.15: 3ba075278c11");
	held = fault_hold(run, FRAMES(FROM("client"), KIND(WIRE_PURE_ACK),
				      .first = 1, .count = 1));
	client = sock_connect(probe, listener);
	server = sock_peer(client, "server");
	expect_in_state(server, DIAG_SYN_RECV);
	injected = inject_forged(run, plan);
	expect_reaction(run, plan, server, injected);

	sock_post_recv(client);
	fault_release(run, held);
	if (plan->reset && plan->passes) {
		got = sock_reap(client, soon);
		expect_that(run, got.error == ECONNRESET,
			    "the genuine ACK finds no request: RST", "%s",
			    finding_outcome(&got));
		return;
	}
	sock_accept(listener);
	expect_in_state(server, DIAG_ESTABLISHED);
	got = sock_reap(client, 0);
	expect_that(run, got.open, "the connection is established", "%s",
		    finding_outcome(&got));
}

CASE(paws_syn_recv) = {
	.name = "paws-syn-recv",
	.claim = "during the handshake PAWS accepts no tick less, and drops a "
		 "stale RST as well",
	.judgements = CLAIMS(
		{ "B7", DOCUMENT_CONDITIONAL,
		  "less than the SYN's is dropped, even by one tick, but an "
		  "equal one has not grown, and passes: tcp_paws_reject() in "
		  "tcp_check_req()" }),
	.why = "tcp_check_req() checks a request; it calls PAWS with a window "
	       "of 0 and makes no exception for a RST",
	.sources = "RFC 7323 5.3; net/ipv4/tcp_minisocks.c:tcp_check_req(); "
		   "include/net/tcp.h:tcp_paws_reject()",
	.steps = STEPS("the client connects; its third ACK is held, and the "
		       "server is in SYN-RECV",
		       "a third ACK, or a RST, is forged with a TSval relative "
		       "to the SYN's",
		       "the genuine third ACK is released"),
	.expect = "the ACK establishes the connection with an equal TSval, and "
		  "not with a smaller one; the RST ends the request with an "
		  "equal one, and not with a smaller one",
	.shows = SHOWS("server", "older_by_ticks"),
	.world = &world_pair,
	.variants = VARIANTS(
		{ "ack=equal", "a third ACK with the SYN's own TSval: it "
			       "establishes the connection" },
		{ "ack-1",
		  "a third ACK with a TSval 1 tick less than the SYN's: it is "
		  "dropped and answered, and the server stays in SYN-RECV" },
		{ "ack-foreign-tsecr",
		  "a third ACK with a TSecr 100000 greater than the SYN-ACK's "
		  "TSval: it is dropped since 6.15 (TSEcrRejected)",
		  .judgements = CLAIMS(
			  { "B7", DOCUMENT_CONDITIONAL,
			    "not TSval alone: a TSecr that was never sent is "
			    "dropped, too, in tcp_check_req() since 6.15" }) },
		{ "rst-fresh",
		  "a RST with the SYN's own TSval: it ends the request, and "
		  "the genuine third ACK is answered with RST",
		  .judgements = CLAIMS({ "C12", DOCUMENT_RIGHT,
					 "a fresh RST ends the request: "
					 "tcp_check_req()" }) },
		{ "rst-1",
		  "a RST with a TSval 1 tick less than the SYN's: it is "
		  "dropped, and the genuine third ACK establishes the "
		  "connection",
		  .judgements = CLAIMS(
			  { "C12", DOCUMENT_CONDITIONAL,
			    "not during the handshake: tcp_paws_reject() drops "
			    "it, one tick too old" }) },
		{ "rst-stale",
		  "a RST with a TSval 10000 ticks less than the SYN's, 10 s: "
		  "it is dropped all the same, unlike on an ESTABLISHED "
		  "connection",
		  .judgements = CLAIMS(
			  { "C12", DOCUMENT_CONDITIONAL,
			    "not during the handshake: tcp_paws_reject() drops "
			    "a stale RST" },
			  { "C20", DOCUMENT_CONDITIONAL,
			    "a request is checked by tcp_check_req() instead, "
			    "which drops a stale RST" }) }),
	.changes = CHANGES({ KERNEL_VERSION(6, 15, 0), "3ba075278c11",
			     "the TSecr of a third ACK is checked",
			     .stable = true }),
	.duration = MSEC(60),
	.script = script,
};
