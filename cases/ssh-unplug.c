/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ssh session, and the cable is pulled. It is one TCP connection as any,
 * idle until somebody types: so both kernels say ESTABLISHED, and go on saying
 * it. What is typed meanwhile is retransmitted, and arrives with the first
 * round after the cable is back. (OpenSSH's TCPKeepAlive is on by default,
 * hence the client's keepalive timer; but it has two hours to go.)
 *
 * Unless ssh has been told to ask for itself. With ServerAliveInterval it sends
 * a request that wants an answer whenever it has heard nothing for so long, and
 * counts (server_alive_check() in its clientloop.c). ServerAliveCountMax of
 * them may go unanswered; the interval after the last one ends it. So it takes
 * one interval more than the product of the two, as with TCP's keepalive. The
 * process ends, and with it its half of the connection: FIN, which waits in the
 * client's kernel behind the requests that were not acknowledged. The server
 * knows nothing of it, and is ESTABLISHED.
 *
 * ssh looks at a clock of whole seconds (monotime()), so that it may be up to
 * one early by ours, and waits in poll(), which may be a thousandth late
 * (select_estimate_accuracy()).
 */
#include "case.h"

enum { PORT = 22, FAILED = 255 };

/* ssh's own; the larger count leaves time for the cable to come back. */
enum { INTERVAL = 1, COUNT_MAX = 2, MANY = 4 };

/* After how many copies the cable is plugged in again, and when without. */
enum { COPIES = 2, OUT_MS = 1200 };

/* Longer than a delayed ACK. */
enum { QUIET_MS = 200 };

static const nsec_t soon = SEC(2);

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

/* For whoever runs this: no password, no PAM, nobody's home. */
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

/* A command whose output cannot be its own text. */
static void command(struct run *run, struct program *ssh)
{
	struct mark typed = mark_now(run);
	nsec_t at;

	program_write(ssh, "echo $((6 * 7)) is the answer\n");
	at = program_wait_line(ssh, typed, "42 is the answer", SEC(20));
	expect_that(run, at > 0, "the command's output arrives", "%s",
		    at ? "42" : "nothing");
}

static void still_established(struct run *run, struct sock *client,
			      struct sock *server)
{
	expect_link(run, "client", "up, no carrier, address, route linkdown");
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

/* ssh reads and encrypts what is typed, and then its kernel sends: how long
 * that has taken. */
static nsec_t until_sent(struct run *run, struct sock *client,
			 struct mark typed)
{
	struct diag_socket seen;
	nsec_t ago;

	run_pass_until(run, typed, MSEC(QUIET_MS) / 2);
	sock_look(client, &seen);
	ago = MSEC(seen.info.tcpi_last_data_sent);
	return MAX(nsec_now() - ago - typed.at, 0);
}

/* What is typed into nothing comes with the round after the cable is back. */
static void lives_on(struct run *run, struct program *ssh, struct sock *client)
{
	const struct prediction *p = forecast_give_up(client);
	struct range round = p->rounds[COPIES].at;
	struct mark typed = mark_now(run);
	struct mark came;
	nsec_t at;

	program_write(ssh, "echo $((7 * 8)) is what was asked\n");
	round.max += until_sent(run, client, typed);
	run_pass_until(run, typed,
		       (p->rounds[COPIES - 1].at.max + round.min) / 2);
	expect_frames(run, typed, "segments while the cable is out",
		      FRAMES(KIND(WIRE_TCP)), 0);
	expect_state(client, DIAG_ESTABLISHED);
	fault_plug(run, "client");
	came = expect_frame(run, typed, "what was typed", TYPED, 1, round);
	at = program_wait_line(ssh, typed, "56 is what was asked", soon);
	expect_that(run, at >= came.at && at > 0, "its output arrives after it",
		    "%s", at ? "56" : "nothing");
	run_predicted(run, "elapsed_s", nsec_seconds(round.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(round.max));
	run_measured(run, "elapsed_s", nsec_seconds(at - typed.at));
}

/* The last that ssh has got of the server: from there it counts. */
static struct mark last_heard(struct run *run)
{
	const struct wire_match *data = FRAMES(FROM("server"), KIND(WIRE_DATA));
	struct mark start = { 0 };
	unsigned int n = frames_count(run, start, data);
	const struct wire_capture *frame = frames_nth(run, start, data, n);

	while (frame->fate != WIRE_FORWARDED)
		frame = frames_nth(run, start, data, --n);
	return (struct mark){ .at = frame->at };
}

/* Each time it wakes, it may be late by itself. */
static struct range forecast_ssh(struct run *run)
{
	nsec_t total = SEC(INTERVAL * (run_value(run) + 1));
	struct range range = { total - SEC(1), total + total / 1000 };

	range.max += run_value(run) * run->options->slack;
	run_predicted(run, "elapsed_s", nsec_seconds(range.min));
	run_predicted(run, "elapsed_max_s", nsec_seconds(range.max));
	return range;
}

static void gives_up(struct run *run, struct program *ssh, struct sock *client,
		     struct sock *server)
{
	struct mark heard = last_heard(run);
	struct range range = forecast_ssh(run);
	nsec_t ended = 0;
	int status = program_wait_end(ssh, range.max + soon, &ended);

	if (!expect_that(run, status == FAILED, "ssh gives up",
			 "exit status %d", status))
		return;
	expect_span(run, "it gave up", ended - heard.at, range);
	run_measured(run, "elapsed_s", nsec_seconds(ended - heard.at));
	expect_that(run, program_wait_line(ssh, heard, "not responding", 0) > 0,
		    "and says that the server does not respond", "so it %s",
		    "ended");
	expect_state_within(client, DIAG_FIN_WAIT1, soon);
	expect_state(server, DIAG_ESTABLISHED);
}

static void script(struct run *run)
{
	struct sock *client, *server;
	struct program *ssh;
	struct mark out;

	make_key(run, "client", client_key(run));
	start_sshd(run);
	ssh = start_ssh(run);
	command(run, ssh);
	client = sock_find(run, "client", PORT);
	server = sock_peer(client, "server");
	run_pass(run, MSEC(QUIET_MS));

	out = mark_now(run);
	fault_unplug(run, "client");
	if (!run_value(run)) {
		run_pass_until(run, out, MSEC(OUT_MS));
		still_established(run, client, server);
		expect_timer(client, DIAG_TIMER_KEEPALIVE);
		lives_on(run, ssh, client);
	} else if (run_is_variant(run, "asks-and-is-plugged-again")) {
		run_pass_until(run, out, MSEC(OUT_MS));
		still_established(run, client, server);
		fault_plug(run, "client");
		run_pass_until(run, out, SEC(INTERVAL * (MANY + 1)));
	} else {
		still_established(run, client, server);
		gives_up(run, ssh, client, server);
		return;
	}
	command(run, ssh);
	expect_state(client, DIAG_ESTABLISHED);
	expect_state(server, DIAG_ESTABLISHED);
}

static const struct judgement asks[] = {
	{ "D2", DOCUMENT_CONDITIONAL,
	  "only until ssh gives up by itself, where ServerAliveInterval is "
	  "set: server_alive_check() ends it an interval after the last of "
	  "ServerAliveCountMax requests" },
	{ .claim = NULL },
};

CASE(ssh_unplug) = {
	.name = "ssh-unplug",
	.claim = "cable pulled under an ssh session: ESTABLISHED, and it goes "
		 "on afterwards, unless ServerAliveInterval ends it",
	.judgements =
		CLAIMS({ "D2", DOCUMENT_RIGHT,
			 "the connection is idle, or retransmits; no "
			 "carrier is asked for: tcp_retransmit_timer()" }),
	.why = "what ends an idle session is a question without an answer; TCP "
	       "asks none for two hours, ssh as its options say",
	.sources = "ssh_config(5): ServerAliveInterval, ServerAliveCountMax, "
		   "TCPKeepAlive; OpenSSH clientloop.c:server_alive_check()",
	.steps = STEPS("sshd and ssh, with keys made for this run; a command "
		       "is answered",
		       "the client's cable is pulled; a look at both ends",
		       "a command is typed, and the cable plugged in again; or "
		       "ssh is left to ask for itself"),
	.expect = "ESTABLISHED at both ends; the command's output with the "
		  "first round after the cable is back; with "
		  "ServerAliveInterval 1 and ServerAliveCountMax 2 ssh ends "
		  "after 3 * 1 s, and the server stays ESTABLISHED",
	.world = &world_pair,
	.needs = NEEDS({ .program = "sshd" }, { .program = "ssh" },
		       { .program = "ssh-keygen" }),
	.variants = VARIANTS({ "session-lives-on" },
			     { "asks-and-gives-up", .value = COUNT_MAX,
			       .judgements = asks,
			       .duration = SEC(INTERVAL * (COUNT_MAX + 1)) },
			     { "asks-and-is-plugged-again", .value = MANY,
			       .duration = SEC(INTERVAL * (MANY + 2)) }),
	.duration = SEC(2),
	.script = script,
};
