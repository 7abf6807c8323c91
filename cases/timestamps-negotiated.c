/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sends timestamps? With net.ipv4.tcp_timestamps a host OFFERS them, in its
 * SYN; the other host takes the offer, in its SYN-ACK, if it has them, too.
 * Only then are they on, for both, in every segment of this connection, and
 * PAWS with them (tstamp_ok): tcp_syn_options(), tcp_synack_options(),
 * tcp_rcv_synsent_state_process(). So the sysctl of one host alone does nothing
 * but lengthen its SYNs. A server never begins.
 *
 * And even with both not all that a machine sends has them: a RST that answers
 * a segment without a socket has no options (see rst-timestamps).
 *
 * Whether PAWS is on is asked with a forged segment: the next data of the
 * client, with a timestamp that is 10 s too old. Where nothing was negotiated
 * the option is not even read: tcp_parse_options().
 */
#include "case.h"

enum { BYTES = 100, STALE = 10000, TEXT = 64, CLOSED_PORT = 9 };

static const struct {
	unsigned int kind;
	const char *name;
} segments[] = {
	{ WIRE_SYN, "SYN" },	  { WIRE_SYN_ACK, "SYN-ACK" },
	{ WIRE_PURE_ACK, "ACK" }, { WIRE_DATA, "data" },
	{ WIRE_FIN, "FIN" },	  { WIRE_RST, "RST" },
};

static bool has_option(const struct wire_capture *capture,
		       const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.has_timestamps;
}

/* "SYN, SYN-ACK": of which kinds all segments have the option. Some with and
 * some without would be a kind of its own. */
static void tell_kinds(struct run *run, char text[TEXT])
{
	struct mark start = { 0 };

	*text = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		unsigned int all = frames_count(run, start,
						FRAMES(KIND(segments[i].kind)));
		unsigned int with = frames_count(
			run, start,
			FRAMES(KIND(segments[i].kind), .where = has_option));
		size_t n = strlen(text);

		run_note(run, "%s: %u, with a timestamp %u", segments[i].name,
			 all, with);
		if (with)
			snprintf(text + n, TEXT - n, "%s%s%s", n ? ", " : "",
				 with < all ? "some " : "", segments[i].name);
	}
	if (!*text)
		snprintf(text, TEXT, "none");
}

static void reads(struct sock *sock)
{
	struct finding got = sock_recv(sock, soon);

	expect_that(sock_run(sock), got.value == BYTES, "data is read", "%s",
		    finding_outcome(&got));
}

/* What each end's kernel says of its socket. */
static void expect_on(struct sock *sock, bool on)
{
	struct diag_socket seen = { .has_info = false };
	bool is;

	sock_look(sock, &seen);
	is = seen.info.tcpi_options & TCPI_OPT_TIMESTAMPS;
	expect_that(sock_run(sock), is == on,
		    on ? "timestamps are on" : "timestamps are off", "%s",
		    is ? "on" : "off");
}

/* A whole life: handshake, data both ways, both FINs; and a RST besides. */
static void live(struct run *run, struct pair *tcp, bool on)
{
	struct sock *refused;
	struct finding got;

	expect_on(tcp->client, on);
	expect_on(tcp->server, on);
	sock_send(tcp->client, BYTES);
	reads(tcp->server);
	sock_send(tcp->server, BYTES);
	reads(tcp->client);
	sock_close(tcp->client);
	got = sock_recv(tcp->server, soon);
	expect_that(run, !got.open && !got.value, "the client closes", "%s",
		    finding_outcome(&got));
	sock_close(tcp->server);
	refused =
		sock_post_connect_to(tcp->client_probe, "server", CLOSED_PORT);
	got = sock_reap(refused, soon);
	expect_that(run, got.error == ECONNREFUSED, "a closed port answers RST",
		    "%s", finding_outcome(&got));
}

/* The next data of the client, as from long ago. */
static void stale_data(struct run *run, struct pair *tcp, bool on)
{
	struct sock *client = sock_connect(tcp->client_probe, tcp->listener);
	struct sock *server = sock_accept(tcp->listener);
	struct mark sent = mark_now(run);
	const struct wire_capture *seen;
	struct finding got;
	struct frame stale;

	sock_send(client, BYTES);
	reads(server);
	seen = frames_nth(run, sent, FRAMES(FROM("client"), KIND(WIRE_DATA)),
			  1);
	if (!seen)
		run_broken_because(run, "the stage is not set: no data");
	stale = seen->frame;
	stale.tcp.seq += BYTES;
	run_note(run, "last TSval of the client %u, forged one %u",
		 stale.tcp.tsval, stale.tcp.tsval - STALE);
	stale.tcp.tsval -= STALE;
	stale.tcp.has_timestamps = true;
	fault_inject(run, "server", &stale, NULL);
	got = sock_recv(server, on ? MSEC(50) : soon);
	run_predicted_text(run, "paws", on ? "on" : "off");
	run_measured_text(run, "paws", got.open ? "on" : "off");
	expect_that(run, got.open == on,
		    on ? "a stale segment is dropped" : "a stale one is read",
		    "%s", finding_outcome(&got));
	expect_counter(run, "server", "PAWSEstab", on);
}

static void script(struct run *run)
{
	bool client = run_sysctl(run, "client", "net.ipv4.tcp_timestamps");
	bool server = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	const char *expected = client && server ?
				       "SYN, SYN-ACK, ACK, data, FIN" :
			       client ? "SYN" :
					"none";
	struct pair tcp = sock_pair(run);
	char text[TEXT];

	run_predicted_text(run, "with_timestamp", expected);
	live(run, &tcp, client && server);
	tell_kinds(run, text);
	run_measured_text(run, "with_timestamp", text);
	expect_that(run, strcmp(text, expected) == 0,
		    "the segments that have a timestamp", "%s; expected %s",
		    text, expected);
	stale_data(run, &tcp, client && server);
}

#define STAMPS(client_, server_)                                               \
	SYSCTLS({ "client", "net.ipv4.tcp_timestamps", client_ },              \
		{ "server", "net.ipv4.tcp_timestamps", server_ })
#define ONE_SIDE(note_) CLAIMS({ "B13", DOCUMENT_CONDITIONAL, note_ })

CASE(timestamps_negotiated) = {
	.name = "timestamps-negotiated",
	.claim = "timestamps, and PAWS with them, are on where both hosts have "
		 "them: then in every segment but a RST that answers",
	.judgements = CLAIMS(
		{ "B13", DOCUMENT_RIGHT,
		  "where both have it, PAWS is on without further asking: "
		  "tcp_validate_incoming()" },
		{ "B13", DOCUMENT_CONDITIONAL,
		  "not all that the machine sends: the RST of a closed port "
		  "has no timestamp, tcp_v4_send_reset()" }),
	.why = "an option that the other end does not know is of no use: it is "
	       "offered in the SYN, and on once the SYN-ACK has it",
	.sources = "RFC 7323 3.2; net/ipv4/tcp_output.c:tcp_syn_options(), "
		   "tcp_synack_options(); net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process()",
	.steps = STEPS("tcp_timestamps on at both hosts, at one, at the other, "
		       "at none",
		       "a connection: data both ways, closed; and a SYN to a "
		       "closed port",
		       "which kinds of segments had the option",
		       "another connection: forged data, 10 s too old"),
	.expect =
		"both: all kinds but the RST, and the forged data is dropped; "
		"the client alone: its SYN and nothing else; the server "
		"alone: nothing; and the forged data is read",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "both", STAMPS(1, 1) },
		{ "client-only", STAMPS(1, 0),
		  .judgements = ONE_SIDE(
			  "both hosts must have it: a SYN-ACK without the "
			  "option ends it, tcp_rcv_synsent_state_process()") },
		{ "server-only", STAMPS(0, 1),
		  .judgements = ONE_SIDE(
			  "a host does not send what it was not offered: "
			  "tcp_synack_options()") },
		{ "neither", STAMPS(0, 0),
		  .judgements = CLAIMS(
			  { "B13", DOCUMENT_RIGHT,
			    "without the option there is no PAWS: "
			    "tcp_parse_options() reads it only where it was "
			    "negotiated" }) }),
	.duration = MSEC(60),
	.script = script,
};
