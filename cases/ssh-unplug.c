/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cable is pulled under an ssh session. The session is one TCP connection,
 * idle until somebody types, so both kernels report ESTABLISHED all the time.
 * What is typed meanwhile is retransmitted, and arrives with the first
 * retransmission after the cable is back. (OpenSSH sets SO_KEEPALIVE by
 * default, so the client has a keepalive timer; it fires after two hours.)
 *
 * With ServerAliveInterval ssh sends a request that must be answered whenever
 * it has received nothing for that long, and counts (server_alive_check() in
 * clientloop.c). ServerAliveCountMax requests may stay unanswered; ssh gives
 * up one interval after the last of them. So it takes one interval more than
 * the product of the two, as TCP's keepalive does. When the process ends, its
 * half of the connection is closed: the FIN waits in the client's kernel
 * behind the unacknowledged requests. The server receives nothing and stays
 * ESTABLISHED.
 *
 * ssh measures with a clock of whole seconds (monotime()), so it may be up to
 * a second early by the journal's clock, and it waits in poll(), which may be
 * a thousandth late (select_estimate_accuracy()).
 */
#include "case.h"

enum { PORT = 22, EXIT_GAVE_UP = 255 };

/* ServerAliveInterval and ServerAliveCountMax. The larger count leaves time to
 * plug the cable in again. */
enum { INTERVAL = 1, COUNT_MAX = 2, LARGE_COUNT_MAX = 4 };

/* The cable is plugged in again after this many retransmissions, or, where none
 * is needed, after this time. */
enum { RETRANSMISSIONS = 2, UNPLUGGED_MS = 1200 };

/* Longer than a delayed ACK. */
enum { QUIET_MS = 200 };

static const nsec_t patience = SEC(2);

#define TYPED FRAMES(FROM("client"), KIND(WIRE_DATA | WIRE_RETRANSMISSION))

static void make_key(struct run *run, const char *host, const char *file)
{
	program_output(run, host,
		       ARGV("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
			    host, "-f", file));
}

static const char *client_key(struct run *run)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/key", program_folder(run, "client"));
	return path;
}

/* Works for any user: no password, no PAM, no home directory. */
static void start_sshd(struct run *run)
{
	struct program *sshd;
	const char *conf;
	char host_key[128];

	snprintf(host_key, sizeof(host_key), "%s/host_key",
		 program_folder(run, "server"));
	make_key(run, "server", host_key);
	conf = program_file(run, "server", "sshd_config",
			    "Port %d\n"
			    "HostKey %s\n"
			    "AuthorizedKeysFile %s.pub\n"
			    "PidFile none\n"
			    "UsePAM no\n"
			    "StrictModes no\n"
			    "PasswordAuthentication no\n"
			    "KbdInteractiveAuthentication no\n"
			    "UseDNS no\n"
			    "PrintMotd no\n"
			    "PrintLastLog no\n"
			    "LogLevel ERROR\n",
			    PORT, host_key, client_key(run));
	sshd = program_start(run, "server",
			     ARGV("sshd", "-D", "-e", "-f", conf));
	program_wait_listening(sshd, PORT);
}

static struct program *start_ssh(struct run *run)
{
	struct address server = run_address(run, "server");
	char interval[64], count[64], name[ADDRESS_TEXT];

	snprintf(interval, sizeof(interval), "ServerAliveInterval=%ld",
		 run_value(run) ? (long)INTERVAL : 0);
	snprintf(count, sizeof(count), "ServerAliveCountMax=%ld",
		 run_value(run));
	address_text(&server, name);
	return program_start_with_input(
		run, "client",
		ARGV("ssh", "-T", "-F", "none", "-i", client_key(run), "-o",
		     "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
		     "UserKnownHostsFile=/dev/null", "-o", interval, "-o",
		     count, name, "sh"));
}

/* The output differs from the command, so an echo cannot be mistaken for it. */
static void run_command(struct run *run, struct program *ssh)
{
	struct mark typed = mark_now(run);
	nsec_t at;

	program_write(ssh, "echo $((6 * 7)) is the answer\n");
	at = program_wait_line(ssh, typed, "42 is the answer", SEC(20));
	expect_that(run, at > 0, "the command's output arrives", "%s",
		    at ? "42" : "nothing");
}

static void expect_still_established(struct run *run, struct sock *client,
				     struct sock *server)
{
	expect_link(run, "client", "up, no carrier, address, route linkdown");
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

/* The time from typing to sending: ssh reads and encrypts the text first. */
static nsec_t measure_send_delay(struct run *run, struct sock *client,
				 struct mark typed)
{
	struct diag_socket seen;
	nsec_t sent_ago;

	run_pass_until(run, typed, MSEC(QUIET_MS) / 2);
	sock_look(client, &seen);
	sent_ago = MSEC(seen.info.tcpi_last_data_sent);
	return MAX(nsec_now() - sent_ago - typed.at, 0);
}

/* A command that is typed without carrier arrives after the cable is back. */
static void type_and_plug(struct run *run, struct program *ssh,
			  struct sock *client)
{
	const struct prediction *p = forecast_give_up(client);
	struct range round = p->rounds[RETRANSMISSIONS].at;
	struct mark typed = mark_now(run);
	struct mark arrived;
	nsec_t at;

	program_write(ssh, "echo $((7 * 8)) is what was asked\n");
	round.max += measure_send_delay(run, client, typed);
	run_pass_until(run, typed,
		       (p->rounds[RETRANSMISSIONS - 1].at.max + round.min) / 2);
	expect_frames(run, typed, "segments while the cable is unplugged",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_state(client, DIAG_ESTABLISHED);
	fault_plug(run, "client");
	arrived =
		expect_frame(run, typed, "the typed command", TYPED, 1, round);
	at = program_wait_line(ssh, typed, "56 is what was asked", patience);
	expect_that(run, at >= arrived.at && at > 0,
		    "the command's output arrives after the command", "%s",
		    at ? "56" : "nothing");
	run_elapsed(run, round, at - typed.at);
}

/* When ssh last received data of the server: it counts from there. */
static struct mark last_received(struct run *run)
{
	const struct wire_match *data = FRAMES(FROM("server"), KIND(WIRE_DATA));
	struct mark start = { 0 };
	unsigned int n = frames_count(run, start, data);
	const struct wire_capture *frame = frames_nth(run, start, data, n);

	while (frame->fate != WIRE_FORWARDED)
		frame = frames_nth(run, start, data, --n);
	return (struct mark){ .at = frame->at };
}

/* Each wake-up of ssh may be late, so each adds the allowance. */
static struct range forecast_ssh(struct run *run)
{
	nsec_t total = SEC(INTERVAL * (run_value(run) + 1));
	struct range range = { total - SEC(1), total + total / 1000 };

	range.max += run_value(run) * run_slack(run);
	return range;
}

static void expect_ssh_gives_up(struct run *run, struct program *ssh,
				struct sock *client, struct sock *server)
{
	struct mark received = last_received(run);
	struct range range = forecast_ssh(run);
	nsec_t ended = 0;
	int status = program_wait_end(ssh, range.max + patience, &ended);

	if (!expect_that(run, status == EXIT_GAVE_UP, "ssh gives up",
			 "exit status %d", status))
		return;
	expect_span(run, "time until ssh gives up", ended - received.at, range);
	run_elapsed(run, range, ended - received.at);
	expect_that(run,
		    program_wait_line(ssh, received, "not responding", 0) > 0,
		    "ssh reports that the server does not respond", "%s",
		    "it ended without that message");
	expect_state_within(client, DIAG_FIN_WAIT1, patience);
	expect_state(server, DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct sock *client, *server;
	struct program *ssh;
	struct mark unplugged;

	make_key(run, "client", client_key(run));
	start_sshd(run);
	ssh = start_ssh(run);
	run_command(run, ssh);
	client = sock_find(run, "client", PORT);
	server = sock_peer(client, "server");
	run_pass(run, MSEC(QUIET_MS));

	unplugged = mark_now(run);
	fault_unplug(run, "client");
	if (run_is_variant(run, "asks-and-gives-up")) {
		expect_still_established(run, client, server);
		expect_ssh_gives_up(run, ssh, client, server);
		return;
	}
	run_pass_until(run, unplugged, MSEC(UNPLUGGED_MS));
	expect_still_established(run, client, server);
	if (run_is_variant(run, "asks-and-is-plugged-again")) {
		fault_plug(run, "client");
		run_pass_until(run, unplugged,
			       SEC(INTERVAL * (LARGE_COUNT_MAX + 1)));
	} else {
		expect_timer(client, DIAG_TIMER_KEEPALIVE);
		type_and_plug(run, ssh, client);
	}
	run_command(run, ssh);
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

CASE(ssh_unplug) = {
	.name = "ssh-unplug",
	.claim = "cable pulled under an ssh session: ESTABLISHED, and the "
		 "session continues afterwards, unless ServerAliveInterval "
		 "ends it",
	.judgements =
		CLAIMS({ "D2", DOCUMENT_RIGHT,
			 "the connection is idle or retransmits, and never "
			 "checks the carrier: tcp_retransmit_timer()" }),
	.why = "an idle session ends only when a request stays unanswered; TCP "
	       "sends none for two hours, and ssh as often as its options say",
	.sources = "ssh_config(5): ServerAliveInterval, ServerAliveCountMax, "
		   "TCPKeepAlive; OpenSSH clientloop.c:server_alive_check()",
	.steps = STEPS("sshd and ssh start, with keys made for this run; a "
		       "command is answered",
		       "the client's cable is pulled; the state of both ends "
		       "is read",
		       "a command is typed, and the cable is plugged in again; "
		       "or ssh sends its own requests"),
	.expect = "ESTABLISHED at both ends; the command arrives with the "
		  "first retransmission after the cable is back, and its "
		  "output comes back; with ServerAliveInterval 1 and "
		  "ServerAliveCountMax 2 ssh ends after 3 * 1 s, and the "
		  "server stays ESTABLISHED",
	.world = &world_pair,
	.needs = NEEDS({ .program = "sshd" }, { .program = "ssh" },
		       { .program = "ssh-keygen" }),
	.variants = VARIANTS(
		{ "session-lives-on",
		  "ssh sends no requests of its own (ServerAliveInterval is "
		  "0), and the cable is plugged in again after two "
		  "retransmissions of a typed command: the session continues" },
		{ "asks-and-gives-up",
		  "ServerAliveInterval is 1 s, ServerAliveCountMax is 2, and "
		  "the cable stays unplugged: ssh ends after 3 s, and the "
		  "server's end stays ESTABLISHED",
		  .value = COUNT_MAX,
		  .duration = SEC(INTERVAL * (COUNT_MAX + 1)),
		  .judgements = CLAIMS(
			  { "D2", DOCUMENT_CONDITIONAL,
			    "only until ssh gives up by itself, where "
			    "ServerAliveInterval is set: server_alive_check() "
			    "ends it an interval after the last of "
			    "ServerAliveCountMax requests" }) },
		{ "asks-and-is-plugged-again",
		  "ServerAliveInterval is 1 s, ServerAliveCountMax is 4, and "
		  "the cable is plugged in again after 1.2 s: the requests are "
		  "answered, and the session continues",
		  .value = LARGE_COUNT_MAX,
		  .duration = SEC(INTERVAL * (LARGE_COUNT_MAX + 2)) }),
	.duration = SEC(2),
	.script = script,
};
