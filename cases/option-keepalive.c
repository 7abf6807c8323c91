/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT win over the sysctls, each for
 * itself: keepalive_time_when(), keepalive_intvl_when() and keepalive_probes()
 * use the sysctl where the option was never set. The sysctl of the option is
 * set so high here that a kernel which ignores the option shows nothing in the
 * time of the run.
 *
 * TCP_KEEPIDLE also arms the running timer again
 * (tcp_sock_set_keepidle_locked()), for the time that is left of the new value.
 * The other two take effect when the timer next fires. An accepted socket
 * inherits all three from its listener: tcp_create_openreq_child() copies the
 * listener's struct.
 */
#include "case.h"

enum { HIGH = 100, LOW = 1, HIGH_PROBES = 9 };

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

static void script(struct run *run)
{
	bool later = run_is_variant(run, "keepidle-later");
	bool inherited = run_is_variant(run, "inherited");
	bool before = run_is_variant(run, "before-connect");
	struct pair tcp = { .client_probe = probe_start(run, "client"),
			    .server_probe = probe_start(run, "server") };
	const struct prediction *forecast;
	const char *peer;
	struct sock *sock;
	struct finding got;
	struct mark armed;

	tcp.listener = sock_listen(tcp.server_probe, 1);
	if (inherited)
		sock_set(tcp.listener, IPPROTO_TCP, TCP_KEEPIDLE, LOW);
	tcp.client = before ? connect_with_keepalive(tcp.client_probe,
						     tcp.listener) :
			      sock_connect(tcp.client_probe, tcp.listener);
	tcp.server = sock_accept(tcp.listener);
	sock = inherited ? tcp.server : tcp.client;
	peer = inherited ? "client" : "server";

	sock_post_recv(sock);
	armed = mark_now(run);
	if (later)
		sock_keepalive(sock, true);
	if (!inherited && !before)
		sock_set(sock, IPPROTO_TCP, option(run), LOW);
	forecast = forecast_keepalive(sock);
	if (!later && !before) {
		armed = mark_now(run);
		sock_keepalive(sock, true);
	}
	mark_done(run, &armed);
	fault_crash(run, peer);
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
		       "accepted socket sends the probes; before-connect: both "
		       "options are set before connect()",
		       "SO_KEEPALIVE is set, and the peer's host crashes"),
	.expect = "one probe after 1 s, and ETIMEDOUT after 2 s",
	.world = &world_pair,
	.variants = VARIANTS({ "keepidle", SYSCTLS_OF(HIGH, LOW, LOW) },
			     { "keepidle-later", SYSCTLS_OF(HIGH, LOW, LOW) },
			     { "before-connect", SYSCTLS_OF(HIGH, LOW, LOW) },
			     { "keepintvl", SYSCTLS_OF(LOW, HIGH, LOW) },
			     { "keepcnt", SYSCTLS_OF(LOW, LOW, HIGH_PROBES) },
			     { "inherited", SYSCTLS_OF(HIGH, LOW, LOW) }),
	.duration = SEC(2),
	.script = script,
};
