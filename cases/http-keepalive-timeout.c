/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A web server lets go of connections that ask for nothing. Two clients:
 *
 * client-b dies after its first request. The server does not know that, and
 * does not find out: no segment is on its way, and its timer is a look at the
 * clock, which asks the peer nothing. Its close() makes the kernel say FIN,
 * into the void: the server's program is rid of the connection, its kernel is
 * not, and keeps an orphan in FIN-WAIT-1 until tcp_orphan_retries() says that
 * it has said it often enough (tcp_write_timeout()). Nobody is told of that.
 *
 * client is well, and idle. It is let go of just as well, after the same time.
 * That is all that such a time-out detects: that no request came. Its timer
 * starts at the end of a request. During the next one it does not run, however
 * slow that is: the second half of client's second request comes when the
 * first one's time is long over.
 *
 * Servers wait in poll() or epoll_wait(), which may wake them a thousandth of
 * the wait too late, 100 ms at most (select_estimate_accuracy(), fs/select.c):
 * 60 s become 60.06. nginx counts whole milliseconds of a clock that it reads
 * once per turn of its loop (ngx_time_update()), so it may be one early by
 * ours.
 */
#include "case.h"

enum { TIMEOUT = 2, LONG = 60, ORPHAN_RETRIES = 1, PORT = 80 };

static const nsec_t soon = MSEC(500);
static const nsec_t pause_before_second = SEC(1);

static const struct world_plan two_clients = {
	.hosts = { { "client", "10.0.0.1", "fd00::1" },
		   { "server", "10.0.0.2", "fd00::2" },
		   { "client-b", "10.0.0.3", "fd00::3" } },
};

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

/* From the end of a request to FIN, by a server's own clock. */
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

static void expect_answer(struct run *run, struct sock *client)
{
	struct finding got = sock_recv(client, soon);

	expect_that(run, strncmp(got.data, "HTTP/1.1 200", 12) == 0,
		    "an answer", "%s", finding_outcome(&got));
}

static struct mark ask(struct run *run, struct sock *client)
{
	struct mark asked;

	sock_send_text(client, first_half);
	asked = mark_now(run);
	sock_send_text(client, second_half);
	expect_answer(run, client);
	return asked;
}

/* The server lets go of the dead client; its kernel cannot. */
static void dead_is_released(struct run *run, struct sock *dead,
			     struct mark asked, nsec_t *ret_fin)
{
	struct range timer = server_timer(run);
	const struct wire_capture *fin = frames_wait(
		run, asked,
		FRAMES(FROM("server"), TO("client-b"), KIND(WIRE_FIN)), 1,
		timer.max);
	struct diag_socket seen;

	*ret_fin = fin ? fin->at : asked.at;
	expect_span(run, "FIN to the dead client", *ret_fin - asked.at, timer);
	expect_state(dead, DIAG_FIN_WAIT1);
	expect_timer(dead, DIAG_TIMER_RETRANSMIT);
	sock_look(dead, &seen);
	expect_that(run, seen.inode == 0, "no process holds it any more",
		    "inode %u", seen.inode);
}

static void orphan_ends(struct run *run, struct sock *dead, nsec_t fin,
			const struct prediction *orphan)
{
	struct mark since = { .at = fin };

	/* Asked from just before it can be gone: then asking is dense. */
	run_pass_until(run, since, orphan->elapsed.min - MSEC(50));
	expect_state_within(dead, DIAG_CLOSE, orphan->elapsed.max);
	expect_span(run, "the orphan in FIN-WAIT-1 lived",
		    mark_now(run).at - fin, orphan->elapsed);
	expect_number(run, "fin_copies",
		      frames_count(run, since,
				   FRAMES(FROM("server"), TO("client-b"),
					  KIND(WIRE_FIN))),
		      1 + orphan->probes + orphan->retransmissions_min,
		      1 + orphan->probes + orphan->retransmissions_max);
	expect_counter(run, "server", "TCPAbortOnTimeout", 1);
}

static void living_is_released(struct run *run, struct sock *client,
			       struct mark asked)
{
	struct sock *far = sock_peer(client, "server");
	struct finding got = sock_reap(client, SEC(run_value(run) + 1));

	if (!expect_eof(&got))
		return;
	expect_took(asked, &got, server_timer(run));
	expect_state_within(far, DIAG_FIN_WAIT2, soon);
	expect_state(client, DIAG_CLOSE_WAIT);
	sock_close(client);
	expect_state_within(far, DIAG_TIME_WAIT, soon);
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
	struct mark first = ask(run, client), last_of_b, last;
	struct prediction *orphan;
	nsec_t fin;

	last_of_b = ask(run, client_b);
	frames_wait(run, last_of_b,
		    FRAMES(FROM("client-b"), KIND(WIRE_PURE_ACK)), 1, soon);
	orphan = forecast_orphan(dead);
	fault_crash(run, "client-b");

	run_pass_until(run, first, pause_before_second);
	sock_send_text(client, first_half);
	dead_is_released(run, dead, last_of_b, &fin);
	run_pass_until(run, first, pause_before_second + SEC(timeout));
	last = mark_now(run);
	sock_send_text(client, second_half);
	expect_answer(run, client);
	sock_post_recv(client);
	orphan_ends(run, dead, fin, orphan);
	living_is_released(run, client, last);
}

#define FEW                                                                    \
	.settings = SYSCTLS(                                                   \
		{ "server", "net.ipv4.tcp_orphan_retries", ORPHAN_RETRIES })

CASE(http_keepalive_timeout) = {
	.name = "http-keepalive-timeout",
	.claim = "a web server's keepalive_timeout releases a connection that "
		 "time after its last request, whether the client is dead or "
		 "well",
	.judgements = CLAIMS(
		{ "A13", DOCUMENT_RIGHT,
		  "the timer runs from the end of a request, a new one stops "
		  "it, and when it fires the program closes the connection" },
		{ "A13", DOCUMENT_WRONG,
		  "as an example of finding out whether the peer lives: it "
		  "asks nothing of it, a living idle client is released as "
		  "well, and a dead one leaves an orphan to "
		  "tcp_orphan_retries()" }),
	.why = "the time-out is the program's own, from the end of a request "
	       "to the beginning of the next; what follows its close() is the "
	       "kernel's: FIN, and with a dead peer FIN again, by "
	       "tcp_retransmit_timer(), until tcp_orphan_retries()",
	.sources =
		"RFC 9112 9.3, 9.5; net/ipv4/tcp_timer.c:tcp_orphan_retries(), "
		"tcp_write_timeout(); nginx: ngx_http_set_keepalive()",
	.steps = STEPS("a server with a keepalive time-out of 2 s; two clients "
		       "connect, ask and are answered",
		       "client-b's machine dies",
		       "client begins a second request after 1 s, and ends it "
		       "2 s later",
		       "nobody asks any more"),
	.expect = "FIN to client-b 2 s after its request, again and again, and "
		  "FIN-WAIT-1 until the kernel gives up, without telling "
		  "anybody; client is answered, and gets FIN 2 s after the "
		  "end of its second request, though it is well",
	.world = &two_clients,
	.variants = VARIANTS(
		{ "own-server", FEW, .value = TIMEOUT },
		{ "nginx", FEW, .value = TIMEOUT, .needs_program = "nginx" },
		{ "own-server-60s", FEW, .value = LONG, .slow = true,
		  .duration = SEC(2 * LONG + 1) },
		{ "nginx-60s", FEW, .value = LONG, .slow = true,
		  .duration = SEC(2 * LONG + 1), .needs_program = "nginx" },
		{ "defaults", .value = LONG, .defaults = true,
		  .duration = SEC(LONG + 110) },
		{ "nginx-defaults", .value = LONG, .defaults = true,
		  .duration = SEC(LONG + 110), .needs_program = "nginx" }),
	.duration = SEC(2 * TIMEOUT + 1),
	.script = script,
};
