/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A web server closes connections on which no request arrives for
 * keepalive_timeout. Two clients:
 *
 * client-b's host crashes after its first request. The server does not detect
 * that: no segment is in flight, and its timer sends nothing. Its close() makes
 * the kernel send FIN, which nobody receives. The program has no connection any
 * more, but its kernel has an orphan in FIN-WAIT-1, which tcp_write_timeout()
 * deletes silently after tcp_orphan_retries().
 *
 * client is well and idle, and its connection is closed after the same time:
 * the timeout only detects that no request arrived. Its timer starts at the end
 * of a request and is stopped during the next one, however slow that is: the
 * second half of client's second request arrives long after the first timeout
 * would have expired.
 *
 * Servers wait in poll() or epoll_wait(), which may return a thousandth of the
 * timeout late, at most 100 ms (select_estimate_accuracy(), fs/select.c): 60 s
 * become 60.06 s. nginx counts whole milliseconds of a clock that it reads once
 * per iteration of its loop (ngx_time_update()), so it may be 1 ms early.
 */
#include "case.h"

enum { TIMEOUT = 2, LONG = 60, ORPHAN_RETRIES = 1, PORT = 80 };

static const nsec_t pause_before_second = SEC(1);

static bool with_nginx(const struct run *run)
{
	return run_is_variant(run, "nginx") ||
	       run_is_variant(run, "nginx-60s") ||
	       run_is_variant(run, "nginx-defaults");
}

static uint16_t start_nginx(struct run *run, long timeout)
{
	struct address address = run_address(run, "server");
	const char *folder = program_folder(run, "server");
	const char *conf = program_file(
		run, "server", "nginx.conf",
		"daemon off;\n"
		"pid %s/pid;\n"
		"error_log stderr;\n"
		"events { }\n"
		"http {\n"
		"  access_log off;\n"
		"  client_body_temp_path %s/body;\n"
		"  proxy_temp_path %s/proxy;\n"
		"  fastcgi_temp_path %s/fastcgi;\n"
		"  uwsgi_temp_path %s/uwsgi;\n"
		"  scgi_temp_path %s/scgi;\n"
		"  client_header_timeout 600s;\n"
		"  keepalive_timeout %lds;\n"
		"  server {\n"
		"    listen %s%d;\n"
		"    location / { return 200 \"ok\\n\"; }\n"
		"  }\n"
		"}\n",
		folder, folder, folder, folder, folder, folder, timeout,
		address.family == AF_INET6 ? "[::]:" : "", PORT);
	struct program *nginx = program_start(
		run, "server", ARGV("nginx", "-p", folder, "-c", conf));

	program_wait_listening(nginx, PORT);
	return PORT;
}

static uint16_t start_own_server(struct run *run, long timeout)
{
	struct sock *listener = sock_listen(probe_start(run, "server"), 16);

	sock_serve_http(listener, SEC(timeout));
	return sock_local_port(listener);
}

/* From the end of a request to FIN, by the server's clock. */
static struct range server_timer(const struct run *run)
{
	nsec_t timeout = SEC(run_value(run));
	nsec_t slack = MIN(timeout / 1000, MSEC(100));

	if (with_nginx(run))
		return (struct range){ timeout - MSEC(1),
				       timeout + slack + MSEC(1) };
	return (struct range){ timeout, timeout + slack };
}

static const char first_half[] = "GET / HTTP/1.1\r\n";
static const char second_half[] = "Host: server\r\n\r\n";

/* Sends the second half of a request, and returns the moment before. */
static struct mark finish_request(struct run *run, struct sock *client)
{
	struct mark sent = mark_now(run);
	struct finding got;

	sock_send_text(client, second_half);
	got = sock_recv(client, soon);
	expect_that(run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "the server answers the request", "%s",
		    finding_outcome(&got));
	return sent;
}

static struct mark request(struct run *run, struct sock *client)
{
	sock_send_text(client, first_half);
	return finish_request(run, client);
}

/* The program closes; its kernel keeps an orphan. Returns the moment of the
 * FIN. */
static struct mark expect_dead_client_released(struct run *run,
					       struct sock *dead,
					       struct mark requested)
{
	struct range timer = server_timer(run);
	const struct wire_capture *fin = frames_wait(
		run, requested,
		FRAMES(FROM("server"), TO("client-b"), KIND(WIRE_FIN)), 1,
		timer.max);
	struct mark sent = { .at = fin ? fin->at : requested.at };

	expect_span(run, "from the request to the FIN for the dead client",
		    sent.at - requested.at, timer);
	expect_state(dead, DIAG_FIN_WAIT1);
	expect_timer(dead, DIAG_TIMER_RETRANSMIT);
	expect_held(dead, false);
	return sent;
}

static void expect_orphan_ends(struct run *run, struct sock *dead,
			       struct mark fin, const struct prediction *orphan)
{
	expect_lifetime(dead, DIAG_FIN_WAIT1, fin, orphan->elapsed);
	expect_number(run, "fin_copies",
		      frames_count(run, fin,
				   FRAMES(FROM("server"), TO("client-b"),
					  KIND(WIRE_FIN))),
		      1 + orphan->probes + orphan->retransmissions_min,
		      1 + orphan->probes + orphan->retransmissions_max);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
}

static void expect_living_client_released(struct run *run, struct sock *client,
					  struct mark requested)
{
	struct sock *peer = sock_peer(client, "server");
	struct finding got = sock_reap(client, SEC(run_value(run) + 1));

	if (!expect_eof(&got))
		return;
	expect_took(requested, &got, server_timer(run));
	expect_state_within(peer, DIAG_FIN_WAIT2, soon);
	expect_state(client, DIAG_CLOSE_WAIT);
	sock_close(client);
	expect_state_within(peer, DIAG_TIME_WAIT, soon);
}

static void script(struct run *run)
{
	long timeout = run_value(run);
	uint16_t port = with_nginx(run) ? start_nginx(run, timeout) :
					  start_own_server(run, timeout);
	struct sock *client =
		sock_connect_to(probe_start(run, "client"), "server", port);
	struct sock *client_b =
		sock_connect_to(probe_start(run, "client-b"), "server", port);
	struct sock *dead = sock_peer(client_b, "server");
	struct mark first = request(run, client), of_b, second, fin;
	struct prediction *orphan;

	of_b = request(run, client_b);
	frames_wait(run, of_b, FRAMES(FROM("client-b"), KIND(WIRE_PURE_ACK)), 1,
		    soon);
	orphan = forecast_orphan(dead);
	fault_crash(run, "client-b");

	run_pass_until(run, first, pause_before_second);
	sock_send_text(client, first_half);
	fin = expect_dead_client_released(run, dead, of_b);
	run_pass_until(run, first, pause_before_second + SEC(timeout));
	second = finish_request(run, client);
	sock_post_recv(client);
	expect_orphan_ends(run, dead, fin, orphan);
	expect_living_client_released(run, client, second);
}

#define FEW                                                                    \
	.settings = SYSCTLS(                                                   \
		{ "server", "net.ipv4.tcp_orphan_retries", ORPHAN_RETRIES })

CASE(http_keepalive_timeout) = {
	.name = "http-keepalive-timeout",
	.claim = "a web server closes a connection keepalive_timeout after its "
		 "last request, whether the client is dead or alive",
	.judgements =
		CLAIMS({ "A13", DOCUMENT_RIGHT,
			 "the timer runs from the end of a request, a new "
			 "request stops it, and when it expires the program "
			 "closes the connection" },
		       { "A13", DOCUMENT_WRONG,
			 "as an example of detecting whether the peer is "
			 "alive: it sends nothing to the peer, a living idle "
			 "client is disconnected as well, and a dead one "
			 "leaves an orphan to tcp_orphan_retries()" }),
	.why = "the timeout belongs to the program and runs from the end of a "
	       "request to the beginning of the next; what follows its close() "
	       "belongs to the kernel: FIN, and to a dead peer FIN "
	       "retransmissions by tcp_retransmit_timer() until "
	       "tcp_orphan_retries()",
	.sources =
		"RFC 9112 9.3, 9.5; net/ipv4/tcp_timer.c:tcp_orphan_retries(), "
		"tcp_write_timeout(); nginx: ngx_http_set_keepalive()",
	.steps = STEPS("a server with a keepalive timeout of 2 s; two clients "
		       "connect, send a request and are answered",
		       "client-b's host crashes",
		       "client begins a second request after 1 s, and "
		       "completes it 2 s later",
		       "no more requests"),
	.expect = "client-b: FIN 2 s after its request, FIN retransmissions, "
		  "and FIN-WAIT-1 until the kernel silently deletes the "
		  "orphan; client: an answer, and FIN 2 s after the end of its "
		  "second request although it is alive",
	.world = &world_two_clients,
	.variants = VARIANTS(
		{ "own-server",
		  "the server is halfopen's own, with a timeout of 2 s; "
		  "tcp_orphan_retries is 1",
		  FEW, .value = TIMEOUT },
		{ "nginx",
		  "the server is nginx with keepalive_timeout 2s, which closes "
		  "in the same way; tcp_orphan_retries is 1",
		  FEW, .value = TIMEOUT, .needs_program = "nginx" },
		{ "own-server-60s",
		  "halfopen's own server with a timeout of 60 s; "
		  "tcp_orphan_retries is 1, so that the dead client's orphan "
		  "is gone within seconds",
		  FEW, .value = LONG, .slow = true,
		  .duration = SEC(2 * LONG + 1) },
		{ "nginx-60s",
		  "nginx with keepalive_timeout 60s; tcp_orphan_retries is 1, "
		  "so that the dead client's orphan is gone within seconds",
		  FEW, .value = LONG, .slow = true,
		  .duration = SEC(2 * LONG + 1), .needs_program = "nginx" },
		{ "defaults",
		  "halfopen's own server with a timeout of 60 s, at the "
		  "kernel's default values: the dead client's orphan lasts for "
		  "eight RTO retransmissions of the FIN, about 105 s",
		  .value = LONG, .defaults = true,
		  .duration = SEC(LONG + 110) },
		{ "nginx-defaults",
		  "nginx with keepalive_timeout 60s, at the kernel's default "
		  "values: the dead client's orphan lasts for eight RTO "
		  "retransmissions of the FIN, about 105 s",
		  .value = LONG, .defaults = true, .duration = SEC(LONG + 110),
		  .needs_program = "nginx" }),
	.duration = SEC(2 * TIMEOUT + 1),
	.script = script,
};
