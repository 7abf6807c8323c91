/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT win over the sysctls, each for
 * itself: keepalive_time_when(), keepalive_intvl_when() and keepalive_probes()
 * use the sysctl where the option was never set. The sysctl of the option is
 * set so high here that a kernel which ignores the option shows nothing in the
 * time of the run.
 *
 * TCP_KEEPIDLE also arms the running timer again
 * (tcp_sock_set_keepidle_locked()), for the time that is left of the new value:
 * it counts from the last segment, not from the call (keepidle-counts).
 * The other two take effect when the timer next fires. An accepted socket
 * inherits all three from its listener: tcp_create_openreq_child() copies the
 * listener's struct.
 */
#include "case.h"

enum { HIGH = 100, LOW = 1, HIGH_PROBES = 9 };
enum { BYTES = 100, IDLE = 2, PASSED = 1 };

#define PROBE(host_) FRAMES(FROM(host_), KIND(WIRE_KEEPALIVE_PROBE))

static int option(const struct run *run)
{
	if (run_is_variant(run, "keepintvl"))
		return TCP_KEEPINTVL;
	if (run_is_variant(run, "keepcnt"))
		return TCP_KEEPCNT;
	return TCP_KEEPIDLE;
}

/* tcp_finish_connect() starts the timer. */
static struct sock *connect_with_keepalive(struct probe *probe,
					   const struct sock *listener)
{
	struct sock *sock = sock_open(probe);

	sock_keepalive(sock, true);
	sock_set(sock, IPPROTO_TCP, TCP_KEEPIDLE, LOW);
	sock_start_connect(sock, listener);
	sock_reap(sock, soon);
	return sock;
}

/* getsockopt() reports the values that the timers use; the forecast reads them,
 * and would follow a kernel that ignores the option. */
static bool expect_used(struct run *run, struct sock *sock)
{
	bool ok = expect_number(run, "keepidle_s",
				sock_get(sock, IPPROTO_TCP, TCP_KEEPIDLE), LOW,
				LOW);

	ok &= expect_number(run, "keepintvl_s",
			    sock_get(sock, IPPROTO_TCP, TCP_KEEPINTVL), LOW,
			    LOW);
	return expect_number(run, "keepcnt",
			     sock_get(sock, IPPROTO_TCP, TCP_KEEPCNT), LOW,
			     LOW) &&
	       ok;
}

/* Keepalive runs with the high time, and a second after the last segment the
 * option sets two. */
static void expect_rest(struct run *run)
{
	struct pair tcp = sock_pair(run);
	unsigned int hz = nsec_hz();
	struct mark last, set;

	sock_keepalive(tcp.client, true);
	last = mark_now(run);
	sock_deliver(tcp.client, tcp.server, BYTES);
	mark_done(run, &last);
	run_pass_until(run, last, SEC(PASSED));
	fault_crash(run, "server");
	if (!expect_state(tcp.server, DIAG_CLOSE))
		return;
	set = mark_now(run);
	sock_set(tcp.client, IPPROTO_TCP, TCP_KEEPIDLE, IDLE);
	mark_done(run, &set);
	expect_frame(run, last, "probe", PROBE("client"), 1,
		     (struct range){ SEC(IDLE),
				     SEC(IDLE) + predict_timer(SEC(IDLE), hz).max -
					     SEC(IDLE) +
					     2 * predict_nsec(1, hz) });
	expect_frames(run, set, "probes", PROBE("client"), 1);
}

static void script(struct run *run)
{
	bool on = run_is_variant(run, "inherited-on");
	bool later = run_is_variant(run, "keepidle-later");
	bool inherited = on || run_is_variant(run, "inherited");
	bool before = run_is_variant(run, "before-connect");
	struct pair tcp = { .client_probe = probe_start(run, "client"),
			    .server_probe = probe_start(run, "server") };
	struct diag_socket seen = { .retransmits = 0 };
	const struct prediction *forecast;
	const char *peer;
	struct sock *sock;
	struct finding got;
	struct mark armed;

	if (run_is_variant(run, "keepidle-counts")) {
		expect_rest(run);
		return;
	}
	tcp.listener = sock_listen(tcp.server_probe, 1);
	if (on)
		sock_keepalive(tcp.listener, true);
	if (inherited)
		sock_set(tcp.listener, IPPROTO_TCP, TCP_KEEPIDLE, LOW);
	/* With SO_KEEPALIVE the timer starts in the handshake:
	 * tcp_finish_connect(), tcp_create_openreq_child(). */
	armed = mark_now(run);
	tcp.client = before ? connect_with_keepalive(tcp.client_probe,
						     tcp.listener) :
			      sock_connect(tcp.client_probe, tcp.listener);
	tcp.server = sock_accept(tcp.listener);
	sock = inherited ? tcp.server : tcp.client;
	peer = inherited ? "client" : "server";

	sock_post_recv(sock);
	/* A TCP_KEEPIDLE that comes later counts from the last segment:
	 * tcp_sock_set_keepidle_locked(), keepalive_time_elapsed(). */
	if (!on && !before && !later)
		armed = mark_now(run);
	if (later)
		sock_keepalive(sock, true);
	if (!inherited && !before)
		sock_set(sock, IPPROTO_TCP, option(run), LOW);
	if (!expect_used(run, sock))
		return;
	forecast = forecast_keepalive(sock);
	if (on)
		expect_timer(sock, DIAG_TIMER_KEEPALIVE);
	if (!later && !before && !on) {
		armed = mark_now(run);
		sock_keepalive(sock, true);
	}
	mark_done(run, &armed);
	if (!later && !before && !on)
		expect_timer_armed(sock, DIAG_TIMER_KEEPALIVE,
				   "keepalive_timer_s", armed, SEC(LOW));
	fault_crash(run, peer);
	run_pass_until(run, armed, MSEC(1000 * LOW + 500));
	sock_look(sock, &seen);
	expect_number(run, "probes_shown", seen.retransmits, LOW, LOW);
	got = sock_reap(sock, forecast->elapsed.max + soon);
	expect_error(&got, ETIMEDOUT);
	expect_took(armed, &got, forecast->elapsed);
	expect_number(run, "keepalive_probes",
		      frames_count(run, armed, PROBE(sock_host(sock))), LOW,
		      LOW);
}

#define SYSCTLS_OF(time_, intvl_, probes_)                                     \
	.settings = SYSCTLS(KEEPALIVE_SYSCTLS(NULL, time_, intvl_, probes_))

CASE(option_keepalive) = {
	.name = "option-keepalive",
	.claim = "TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT win over "
		 "tcp_keepalive_time, _intvl and _probes, each for itself",
	.topic = TOPIC_SOCKET_OPTIONS,
	.why = "the sysctl is used only where the option was never set",
	.sources = "include/net/tcp.h:keepalive_time_when(), "
		   "keepalive_intvl_when(), keepalive_probes(); "
		   "net/ipv4/tcp.c:tcp_sock_set_keepidle_locked()",
	.steps = STEPS("one option is set to 1; its sysctl is 100 (probes: 9), "
		       "the other two sysctls are 1",
		       "keepidle-later: the option is set when the timer is "
		       "running; inherited: it is set on the listener, and the "
		       "accepted socket sends the probes, with SO_KEEPALIVE as "
		       "well in inherited-on; before-connect: both options are "
		       "set before connect(); keepidle-counts: it is set to 2 s "
		       "a second after the last segment",
		       "SO_KEEPALIVE is set, and the peer's host crashes"),
	.expect = "one probe after 1 s, and ETIMEDOUT after 2 s; "
		  "keepidle-counts: a probe 2 s after the last segment",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "keepidle",
		  "TCP_KEEPIDLE is set to 1 s before SO_KEEPALIVE, and "
		  "tcp_keepalive_time is 100 s: the probe is sent after 1 s",
		  SYSCTLS_OF(HIGH, LOW, LOW) },
		{ "keepidle-later",
		  "TCP_KEEPIDLE is set to 1 s after SO_KEEPALIVE: it shortens "
		  "the timer that runs for 100 s",
		  SYSCTLS_OF(HIGH, LOW, LOW) },
		{ "keepidle-counts",
		  "TCP_KEEPIDLE is set to 2 s a second after the last segment: "
		  "the probe is sent after the second that is left",
		  SYSCTLS_OF(HIGH, LOW, LOW) },
		{ "before-connect",
		  "SO_KEEPALIVE and TCP_KEEPIDLE of 1 s are set before "
		  "connect(): the timer runs from the handshake",
		  SYSCTLS_OF(HIGH, LOW, LOW) },
		{ "keepintvl",
		  "TCP_KEEPINTVL is set to 1 s, and tcp_keepalive_intvl is 100 "
		  "s: ETIMEDOUT 1 s after the probe",
		  SYSCTLS_OF(LOW, HIGH, LOW) },
		{ "keepcnt",
		  "TCP_KEEPCNT is set to 1, and tcp_keepalive_probes is 9: one "
		  "unanswered probe ends the connection",
		  SYSCTLS_OF(LOW, LOW, HIGH_PROBES) },
		{ "inherited",
		  "TCP_KEEPIDLE of 1 s is set on the listener: the accepted "
		  "socket, on which SO_KEEPALIVE is set, has it too",
		  SYSCTLS_OF(HIGH, LOW, LOW) },
		{ "inherited-on",
		  "TCP_KEEPIDLE of 1 s and SO_KEEPALIVE are set on the "
		  "listener: the accepted socket has both, and its timer runs "
		  "from the handshake",
		  SYSCTLS_OF(HIGH, LOW, LOW) }),
	.duration = SEC(2),
	.script = script,
};
