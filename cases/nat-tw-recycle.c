/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two clients behind one NAT gateway have one address at the server. The
 * server closes A's connection and holds it in TIME-WAIT; then B, whose
 * timestamps are lower, sends a SYN from the same address and another port.
 *
 * Until 4.11 tcp_tw_recycle made the server store the last timestamp of each
 * address for a minute (tcp_remember_stamp()), and tcp_conn_request() silently
 * dropped a SYN with a lower one: tcp_peer_is_proven(), counted as
 * PAWSPassive. 4.10 gave each connection a random timestamp offset, so the
 * order had no meaning even for a single client, and 4.12 removed the option
 * together with the stored timestamps (4396e46187ca). Where the sysctl exists,
 * this case expects the drop; elsewhere it expects an immediate answer.
 */
#include "nat-timestamps.h"

enum { PORT = 40000, MINUTE = 60, RETRY_MS = 1500 };

/* The variant's value: B's SYN is answered on every kernel. */
enum { ALWAYS_ANSWERED = 1 };

static bool recycles(struct run *run)
{
	return kernel_has_sysctl("net.ipv4.tcp_tw_recycle") &&
	       !run_is_variant(run, "recycle-off");
}

static void set_recycle(struct run *run)
{
	if (kernel_has_sysctl("net.ipv4.tcp_tw_recycle"))
		run_note(run, "this kernel has net.ipv4.tcp_tw_recycle");
	else
		run_note(run, "this kernel has no net.ipv4.tcp_tw_recycle");
	if (recycles(run)) {
		run_set_sysctl(run, "server", "net.ipv4.tcp_tw_recycle", 1);
		return;
	}
	expect_that(run,
		    run_is_variant(run, "recycle-off") ||
			    kernel_version() >= KERNEL_VERSION(4, 12, 0),
		    "the sysctl is gone since 4.12", "%s", kernel_release());
}

/* One address, two ports, and B's timestamp compared with A's last one. */
static void expect_order(struct run *run, const struct frame *last,
			 const struct frame *syn)
{
	const bool stamps = last->tcp.has_timestamps && syn->tcp.has_timestamps;
	int32_t ahead = (int32_t)(syn->tcp.tsval - last->tcp.tsval);
	bool b_ahead = run_is_variant(run, "clock-ahead");

	expect_that(run, address_equal(&last->source, &syn->source),
		    "both clients have one address at the server", "%s",
		    address_equal(&last->source, &syn->source) ? "one" : "two");
	expect_that(run, last->tcp.source_port != syn->tcp.source_port,
		    "the clients have different ports at the server",
		    "%u and %u", last->tcp.source_port, syn->tcp.source_port);
	if (run_is_variant(run, "timestamps-off"))
		return;
	run_measured(run, "tsval_difference_s", ahead / 1e3);
	expect_that(run, stamps && (b_ahead ? ahead > 0 : ahead < 0),
		    b_ahead ? "B's timestamp is higher than A's last one" :
			      R_("B's timestamp is lower than A's last one"),
		    "%s by %.0f s", ahead > 0 ? "higher" : "lower",
		    abs(ahead) / 1e3);
}

static void expect_answered(struct run *run, struct sock *sock,
			    struct mark dialled)
{
	struct finding got = sock_reap(sock, SEC(2));

	expect_success(&got);
	expect_took(dialled, &got, at_once);
	expect_frames(run, dialled, "SYNs at the server",
		      FRAMES(TO("server"), KIND(WIRE_SYN)), 1);
	expect_frames(run, dialled, "SYN-ACKs",
		      FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 1);
	if (counter_exists(run, "server", "PAWSPassive"))
		expect_counter(run, "server", "PAWSPassive", 0);
}

static void expect_dropped(struct run *run, struct sock *sock,
			   struct mark dialled)
{

	run_pass_until(run, dialled, MSEC(RETRY_MS));
	expect_call_blocked(sock);
	expect_frames_between(run, dialled, "SYNs at the server",
			      FRAMES(TO("server"), KIND(WIRE_SYN)), 2,
			      UINT32_MAX);
	expect_frames(run, dialled, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_that(run, counter_change(run, "server", "PAWSPassive") > 0,
		    "SYNs are dropped because of their timestamps",
		    "PAWSPassive +%ld",
		    (long)counter_change(run, "server", "PAWSPassive"));
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 4);
	struct nat_clients clients = nat_start_clients(
		run, listener, PORT, 0, run_is_variant(run, "clock-ahead"));
	const bool drop = recycles(run) && run_value(run) != ALWAYS_ANSWERED;
	struct nat_closed old;
	struct mark dialled;
	struct sock *sock;
	struct frame syn;

	set_recycle(run);
	old = nat_connect_and_close(run, &clients.a, listener);
	expect_state(old.client, DIAG_CLOSE);
	if (run_is_variant(run, "after-60-s"))
		run_pass(run, SEC(MINUTE) + SEC(1));

	dialled = mark_now(run);
	sock = nat_dial(&clients.b, listener);
	syn = nat_to_server(run, dialled, WIRE_SYN);
	expect_order(run, &old.fin, &syn);
	run_predicted_text(run, "outcome", drop ? "OPEN" : "0");
	if (drop)
		expect_dropped(run, sock, dialled);
	else
		expect_answered(run, sock, dialled);
}

/* The controls judge no claim. */
static const struct judgement none[] = { { .claim = NULL } };

CASE(nat_tw_recycle) = {
	.name = "nat-tw-recycle",
	.claim = "two clients behind a NAT gateway, the second one with lower "
		 "timestamps: its SYN is answered, because tcp_tw_recycle is "
		 "gone",
	.judgements = CLAIMS(
		{ "B5", DOCUMENT_OUTDATED,
		  "no kernel stores the timestamps of an address any more "
		  "(d82bae12dc38), and tcp_conn_request() answers",
		  "4.12" },
		{ "B5", DOCUMENT_RIGHT,
		  "the sysctl is gone since 4.12, as the document says at its "
		  "end: 4396e46187ca" },
		{ "B6", DOCUMENT_RIGHT,
		  "the remaining check, tcp_timewait_state_process(), applies "
		  "to one four-tuple, and B's differs from A's" }),
	.why = "the option compared timestamps by address, and behind a NAT "
	       "gateway one address has many clocks; without the option "
	       "nothing is compared unless a connection or a TIME-WAIT has "
	       "the same four-tuple",
	.sources = "RFC 7323 5.8, appendix B; net/ipv4/tcp_input.c:"
		   "tcp_conn_request(); 4396e46187ca; RFC 6056 4",
	.steps = STEPS(
		"a first connection shows whether the timestamps of client are "
		"ahead of those of client-b; the client that is ahead plays A "
		"(clock-ahead: B)",
		"A connects through the gateway; the server closes first and "
		"holds the TIME-WAIT",
		"B connects through the gateway from another port "
		"(after-60-s: a minute later)"),
	.expect = "both clients have one address at the server, B's TSval is "
		  "lower than A's last one, and the first SYN gets a SYN-ACK; "
		  "on a kernel with tcp_tw_recycle B gets no answer, and "
		  "PAWSPassive counts its SYNs",
	.shows = SHOWS("outcome", "elapsed_s", "tsval_difference_s",
		       "server_state"),
	.world = &world_nat,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 1 },
			    { "client-b", "net.ipv4.tcp_timestamps", 2 }),
	.variants = VARIANTS(
		{ "clock-behind",
		  "B's timestamps are behind A's: without tcp_tw_recycle B's "
		  "first SYN is answered, with it none is" },
		{ "clock-ahead",
		  "B's timestamps are ahead of A's, a control: B's first SYN "
		  "is answered on every kernel",
		  .value = ALWAYS_ANSWERED, .judgements = none },
		{ "timestamps-off",
		  "tcp_timestamps is 0 at the server, a control: there is "
		  "nothing to compare, and B's first SYN is answered on every "
		  "kernel",
		  .value = ALWAYS_ANSWERED, .judgements = none,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_timestamps",
					0 }) },
		{ "recycle-off",
		  "tcp_tw_recycle stays off where it exists, a control: B's "
		  "first SYN is answered on every kernel",
		  .value = ALWAYS_ANSWERED, .judgements = none },
		{ "after-60-s",
		  "B connects 61 s after A, when the stored timestamp has "
		  "expired, a control: B's first SYN is answered on every "
		  "kernel",
		  .value = ALWAYS_ANSWERED, .judgements = none,
		  .duration = SEC(MINUTE) + SEC(1), .slow = true }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
