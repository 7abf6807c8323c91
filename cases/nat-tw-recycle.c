/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two clients behind one NAT gateway are one address to the server. A's
 * connection is closed by the server and is in TIME_WAIT there; then B, whose
 * timestamps are lower, sends its SYN from the same address, by another port.
 *
 * Until 4.11 tcp_tw_recycle made the server remember the last timestamp of each
 * address for a minute (tcp_remember_stamp()), and tcp_conn_request() dropped a
 * SYN with a lower one without an answer: tcp_peer_is_proven(), PAWSPassive.
 * 4.10 gave each connection a random offset of its timestamps, which made the
 * order meaningless even for a single client, and 4.12 took the option away
 * (4396e46187ca), and what it remembered with it. Where the sysctl is there,
 * this case expects the drop; elsewhere it is answered at once.
 *
 * All hosts here share one kernel, so one clock. client-b shows it as it is
 * (tcp_timestamps=2), client with the offset that the kernel drew for its port
 * (1). Whether that put it ahead or behind is looked up on the wire, with a
 * connection from the very port; who is ahead plays A.
 */
#include "case.h"

enum { PORT = 40000, MINUTE = 60, RETRY_MS = 1500 };

static const nsec_t soon = MSEC(500);

struct role {
	struct probe *probe;
	uint16_t port; /* 0: any */
};

struct roles {
	struct role a, b;
};

static bool recycles(struct run *run)
{
	return kernel_has_sysctl("net.ipv4.tcp_tw_recycle") &&
	       !run_is_variant(run, "recycle-off");
}

static struct sock *dial(struct role role, const struct sock *listener)
{
	struct sock *sock = sock_open(role.probe);

	if (role.port)
		sock_bind(sock, role.port);
	sock_start_connect(sock, listener);
	return sock;
}

/* By how many ms the timestamps of this connection are ahead of the clock that
 * client-b shows. The wire stamps by the same clock: tcp_clock_ms(). */
static int32_t lead(struct run *run, struct role role, struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *sock = dial(role, listener);
	const struct wire_capture *syn =
		frames_first(run, dialled, probe_host(role.probe), WIRE_SYN);
	int32_t ms =
		(int32_t)(syn->frame.tcp.tsval - (uint32_t)(syn->at / MSEC(1)));
	struct finding got = sock_reap(sock, soon);

	expect_success(&got);
	sock_accept(listener);
	sock_abort(sock);
	run_note(run, "from port %u the client's timestamps are %s by %.0f s",
		 role.port, ms > 0 ? "ahead" : "behind", abs(ms) / 1e3);
	return ms;
}

static struct roles choose_roles(struct run *run, struct sock *listener)
{
	struct role random = { probe_start(run, "client"), PORT };
	struct role plain = { probe_start(run, "client-b"), 0 };
	bool a_is_random = lead(run, random, listener) > 0;

	if (run_is_variant(run, "clock-ahead"))
		a_is_random = !a_is_random;
	return a_is_random ? (struct roles){ random, plain } :
			     (struct roles){ plain, random };
}

/* Behind the gateway, so with the addresses that the server sees. */
static struct frame at_server(struct run *run, struct mark since,
			      enum wire_kind kind)
{
	const struct wire_capture *seen = frames_wait(
		run, since, FRAMES(TO("server"), KIND(kind)), 1, soon);

	return seen ? seen->frame : (struct frame){ 0 };
}

/* The server closes first. Returns A's last timestamp, and its address as the
 * server sees it. */
static struct frame a_comes_and_goes(struct run *run, struct role a,
				     struct sock *listener)
{
	struct mark dialled = mark_now(run);
	struct sock *client = dial(a, listener), *server;
	struct finding got = sock_reap(client, soon);

	expect_success(&got);
	server = sock_accept(listener);
	sock_close_both(server, client);
	expect_state(server, DIAG_TIME_WAIT);
	expect_state(client, DIAG_CLOSE);
	return at_server(run, dialled, WIRE_FIN);
}

static void expect_order(struct run *run, const struct frame *last,
			 const struct frame *syn)
{
	const bool stamps = last->tcp.has_timestamps && syn->tcp.has_timestamps;
	int32_t ahead = (int32_t)(syn->tcp.tsval - last->tcp.tsval);

	expect_that(run, address_equal(&last->source, &syn->source),
		    "both have one address at the server", "%s",
		    address_equal(&last->source, &syn->source) ? "one" : "two");
	expect_that(run, last->tcp.source_port != syn->tcp.source_port,
		    "and two ports", "%u and %u", last->tcp.source_port,
		    syn->tcp.source_port);
	if (run_is_variant(run, "timestamps-off"))
		return;
	run_measured(run, "tsval_difference_s", ahead / 1e3);
	expect_that(run,
		    stamps && (run_is_variant(run, "clock-ahead") ? ahead > 0 :
								    ahead < 0),
		    "the order of B's timestamp and A's last",
		    "B's is %s by "
		    "%.0f s",
		    ahead > 0 ? "higher" : "lower", abs(ahead) / 1e3);
}

static void is_answered(struct run *run, struct sock *sock, struct mark dialled)
{
	struct finding got = sock_reap(sock, SEC(2));

	expect_success(&got);
	expect_took(dialled, &got, (struct range){ 0, SEC(1) });
	expect_frames(run, dialled, "SYNs at the server",
		      FRAMES(TO("server"), KIND(WIRE_SYN)), 1);
	expect_frames(run, dialled, "SYN-ACKs",
		      FRAMES(FROM("server"), KIND(WIRE_SYN_ACK)), 1);
	if (counter_exists(run, "server", "PAWSPassive"))
		expect_counter(run, "server", "PAWSPassive", 0);
}

/* Only on a kernel that has the sysctl. */
static void is_dropped(struct run *run, struct sock *sock, struct mark dialled)
{
	struct finding got;

	run_pass_until(run, dialled, MSEC(RETRY_MS));
	got = sock_reap(sock, 0);
	expect_open(&got);
	expect_frames_between(run, dialled, "SYNs at the server",
			      FRAMES(TO("server"), KIND(WIRE_SYN)), 2,
			      UINT32_MAX);
	expect_frames(run, dialled, "answers",
		      FRAMES(FROM("server"), KIND(WIRE_TCP)), 0);
	expect_that(run, counter_change(run, "server", "PAWSPassive") > 0,
		    "SYNs dropped by their timestamps", "PAWSPassive +%ld",
		    (long)counter_change(run, "server", "PAWSPassive"));
}

static void b_comes(struct run *run, struct role b, struct sock *listener,
		    const struct frame *last)
{
	const bool drop = recycles(run) && !run_value(run);
	struct mark dialled = mark_now(run);
	struct sock *sock = dial(b, listener);
	struct frame syn = at_server(run, dialled, WIRE_SYN);

	expect_order(run, last, &syn);
	run_predicted_text(run, "outcome", drop ? "OPEN" : "0");
	if (drop)
		is_dropped(run, sock, dialled);
	else
		is_answered(run, sock, dialled);
}

static void script(struct run *run)
{
	struct probe *server = probe_start(run, "server");
	struct sock *listener = sock_listen(server, 4);
	struct roles roles = choose_roles(run, listener);
	struct frame last;

	run_note(run, "this kernel has %s net.ipv4.tcp_tw_recycle",
		 kernel_has_sysctl("net.ipv4.tcp_tw_recycle") ? "a" : "no");
	if (recycles(run))
		run_set_sysctl(run, "server", "net.ipv4.tcp_tw_recycle", 1);
	else
		expect_that(run,
			    run_is_variant(run, "recycle-off") ||
				    kernel_version() >=
					    KERNEL_VERSION(4, 12, 0),
			    "the sysctl is gone since 4.12", "%s",
			    kernel_release());
	last = a_comes_and_goes(run, roles.a, listener);
	if (run_is_variant(run, "after-60-s"))
		run_pass(run, SEC(MINUTE) + SEC(1));
	b_comes(run, roles.b, listener, &last);
}

static const struct judgement of_control[] = { { .claim = NULL } };

/* `value`: answered on every kernel. */
CASE(nat_tw_recycle) = {
	.name = "nat-tw-recycle",
	.claim = "two clients behind a NAT gateway, the second one's "
		 "timestamps lower: its SYN is answered, for tcp_tw_recycle is "
		 "gone",
	.judgements = CLAIMS(
		{ "B5", DOCUMENT_OUTDATED,
		  "no kernel remembers the timestamps of an address any more "
		  "(d82bae12dc38), and tcp_conn_request() answers",
		  "4.12" },
		{ "B5", DOCUMENT_RIGHT,
		  "the sysctl is gone since 4.12, as the text says at its end: "
		  "4396e46187ca" },
		{ "B6", DOCUMENT_RIGHT,
		  "what is left, tcp_timewait_state_process(), is found by the "
		  "four-tuple, and B's is another than A's" }),
	.why = "the option checked timestamps by address, and behind a NAT an "
	       "address is many clocks; without it nothing is checked before "
	       "there is a connection or a TIME_WAIT of the same four-tuple",
	.sources = "RFC 7323 5.8, appendix B; net/ipv4/tcp_input.c:"
		   "tcp_conn_request(); 4396e46187ca; RFC 6056 4",
	.steps = STEPS(
		"a connection shows whether the client's timestamps are ahead "
		"of client-b's; who is ahead is A (clock-ahead: B)",
		"A connects through the gateway; the server closes first, and "
		"is in TIME_WAIT",
		"B connects through the gateway, from another port "
		"(after-60-s: a minute later)"),
	.expect = "one address at the server, B's TSval lower than A's last, "
		  "and a SYN-ACK for the first SYN; on a kernel with "
		  "tcp_tw_recycle no answer, and PAWSPassive",
	.world = &world_nat,
	.settings = SYSCTLS({ "client", "net.ipv4.tcp_timestamps", 1 },
			    { "client-b", "net.ipv4.tcp_timestamps", 2 }),
	.variants = VARIANTS(
		{ "clock-behind" },
		{ "clock-ahead", .value = 1, .judgements = of_control },
		{ "timestamps-off", .value = 1, .judgements = of_control,
		  .settings = SYSCTLS({ "server", "net.ipv4.tcp_timestamps",
					0 }) },
		{ "recycle-off", .value = 1, .judgements = of_control },
		{ "after-60-s", .value = 1, .judgements = of_control,
		  .duration = SEC(MINUTE) + SEC(1), .slow = true }),
	.duration = MSEC(10),
	.no_fault = true,
	.script = script,
};
