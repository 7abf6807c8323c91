/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With net.ipv4.tcp_timestamps a host offers timestamps in its SYN; the other
 * host accepts the offer in its SYN-ACK if it has them on, too. Only then are
 * they on for both, in every segment of this connection, and PAWS with them
 * (tstamp_ok): tcp_syn_options(), tcp_synack_options(),
 * tcp_rcv_synsent_state_process(). So the sysctl of one host alone only makes
 * its SYNs longer. A server never starts.
 *
 * Even with both on, not every segment of a host has a timestamp: a RST in
 * reply to a segment without a socket has no options (see rst-timestamps).
 *
 * A forged segment shows whether PAWS is on: the client's next data with a
 * timestamp that is 10 s old. Where timestamps were not negotiated the option
 * is not even read: tcp_parse_options().
 */
#include "case.h"

enum { BYTES = 100, STALE = 10000, TEXT = 64, CLOSED_PORT = 9 };

static const struct {
	unsigned int kind;
	const char *name;
} segments[] = {
	{ WIRE_SYN, "SYN" },	  { WIRE_SYN_ACK, "SYN-ACK" },
	{ WIRE_PURE_ACK, "ACK" }, { WIRE_DATA, R_("data") },
	{ WIRE_FIN, "FIN" },	  { WIRE_RST, "RST" },
};

static bool has_option(const struct wire_capture *capture,
		       const void *data MACRO_UNUSED)
{
	return capture->frame.tcp.has_timestamps;
}

/* "SYN, SYN-ACK": the kinds of segments that have the option. "some" marks a
 * kind of which only some have it. */
static void list_kinds(struct run *run, char text[TEXT])
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

		run_note(run, "%s: %u, of which %u have a timestamp",
			 segments[i].name, all, with);
		if (with)
			snprintf(text + n, TEXT - n, "%s%s%s", n ? ", " : "",
				 with < all ? "some " : "", segments[i].name);
	}
	if (!*text)
		snprintf(text, TEXT, "none");
}

/* What the socket's kernel reports. */
static void expect_option(struct sock *sock, bool on)
{
	struct diag_socket seen = { .has_info = false };
	bool is;

	sock_look(sock, &seen);
	is = seen.info.tcpi_options & TCPI_OPT_TIMESTAMPS;
	expect_that(sock_run(sock), is == on,
		    on ? "timestamps are on" : R_("timestamps are off"), "%s",
		    is ? "on" : "off");
}

/* Handshake, data both ways, both FINs; and a RST from a closed port. */
static void use_all_kinds(struct run *run, struct pair *tcp, bool on)
{
	struct sock *refused;
	struct finding got;

	expect_option(tcp->client, on);
	expect_option(tcp->server, on);
	expect_delivery(tcp->client, tcp->server, BYTES);
	expect_delivery(tcp->server, tcp->client, BYTES);
	sock_close(tcp->client);
	got = sock_recv(tcp->server, soon);
	expect_that(run, !got.open && !got.value,
		    "the server reads the client's FIN", "%s",
		    finding_outcome(&got));
	sock_close(tcp->server);
	refused =
		sock_post_connect_to(tcp->client_probe, "server", CLOSED_PORT);
	got = sock_reap(refused, soon);
	expect_that(run, got.error == ECONNREFUSED,
		    "the closed port answers with a RST", "%s",
		    finding_outcome(&got));
}

/* The client's next data, with a timestamp from long ago. */
static void inject_stale_data(struct run *run, struct pair *tcp, bool on)
{
	struct sock *client = sock_connect(tcp->client_probe, tcp->listener);
	struct sock *server = sock_accept(tcp->listener);
	struct mark sent = mark_now(run);
	struct finding got;
	struct frame stale;

	expect_delivery(client, server, BYTES);
	stale = frames_first(run, sent, "client", WIRE_DATA)->frame;
	stale.tcp.seq += BYTES;
	run_note(run, "the client's last TSval %u, the forged one %u",
		 stale.tcp.tsval, stale.tcp.tsval - STALE);
	stale.tcp.tsval -= STALE;
	stale.tcp.has_timestamps = true;
	fault_inject(run, "server", &stale, NULL);
	got = sock_recv(server, on ? MSEC(50) : soon);
	run_predicted_text(run, "paws", on ? V_("on") : V_("off"));
	run_measured_text(run, "paws", got.open ? "on" : "off");
	expect_that(run, got.open == on,
		    on ? "the stale segment is dropped" :
			 R_("the stale segment is read"),
		    "%s", finding_outcome(&got));
	expect_counter(run, "server", "PAWSEstab", on);
}

static void script(struct run *run)
{
	bool client = run_sysctl(run, "client", "net.ipv4.tcp_timestamps");
	bool server = run_sysctl(run, "server", "net.ipv4.tcp_timestamps");
	const char *expected = client && server ?
				       V_("SYN, SYN-ACK, ACK, data, FIN") :
			       client ? "SYN" :
					V_("none");
	struct pair tcp = sock_pair(run);
	char text[TEXT];

	run_predicted_text(run, "with_timestamp", expected);
	use_all_kinds(run, &tcp, client && server);
	list_kinds(run, text);
	run_measured_text(run, "with_timestamp", text);
	expect_that(run, strcmp(text, expected) == 0,
		    "the right segments have a timestamp",
		    "with a timestamp: %s; expected: %s",
		    text, expected);
	inject_stale_data(run, &tcp, client && server);
}

#define STAMPS(client_, server_)                                               \
	SYSCTLS({ "client", "net.ipv4.tcp_timestamps", client_ },              \
		{ "server", "net.ipv4.tcp_timestamps", server_ })

CASE(timestamps_negotiated) = {
	.name = "timestamps-negotiated",
	.claim = "timestamps, and PAWS with them, are on where both hosts have "
		 "them: then in every segment but a RST that answers",
	.judgements = CLAIMS(
		{ "B13", DOCUMENT_RIGHT,
		  "where both have it, PAWS is on without any other setting: "
		  "tcp_validate_incoming()" },
		{ "B13", DOCUMENT_CONDITIONAL,
		  "not every segment of the host: the RST of a closed port "
		  "has no timestamp, tcp_v4_send_reset()" }),
	.why = "an option that the other end does not use is of no help: the "
	       "SYN offers it, and it is on once the SYN-ACK has it",
	.sources = "RFC 7323 3.2; net/ipv4/tcp_output.c:tcp_syn_options(), "
		   "tcp_synack_options(); net/ipv4/tcp_input.c:"
		   "tcp_rcv_synsent_state_process()",
	.steps =
		STEPS("tcp_timestamps is on at both hosts, at one of them, or "
		      "at none",
		      "a connection carries data both ways and is closed; "
		      "another SYN goes to a closed port",
		      "for each kind of segment the option is looked up on the "
		      "wire",
		      "on another connection data with a timestamp 10 s old is "
		      "forged"),
	.expect = "both: all kinds but the RST have the option, and the forged "
		  "data is dropped. The client alone: only its SYN has it; the "
		  "server alone: none has it; and the forged data is read",
	.world = &world_pair,
	.variants = VARIANTS(
		{ "both",
		  "tcp_timestamps is 1 at both ends: all segments but the RST "
		  "of a closed port have the option, and PAWS drops the forged "
		  "data",
		  STAMPS(1, 1) },
		{ "client-only",
		  "tcp_timestamps is 1 at the client only: its SYN has the "
		  "option, no other segment has it, and the forged data is "
		  "read",
		  STAMPS(1, 0),
		  .judgements = CLAIMS(
			  { "B13", DOCUMENT_CONDITIONAL,
			    "both hosts must have it: a SYN-ACK without the "
			    "option turns it off, "
			    "tcp_rcv_synsent_state_process()" }) },
		{ "server-only",
		  "tcp_timestamps is 1 at the server only: no segment has the "
		  "option, and the forged data is read",
		  STAMPS(0, 1),
		  .judgements = CLAIMS(
			  { "B13", DOCUMENT_CONDITIONAL,
			    "a host does not send an option that it was not "
			    "offered: tcp_synack_options()" }) },
		{ "neither",
		  "tcp_timestamps is 0 at both ends: no segment has the "
		  "option, and the forged data is read",
		  STAMPS(0, 0),
		  .judgements = CLAIMS(
			  { "B13", DOCUMENT_RIGHT,
			    "without the option there is no PAWS: "
			    "tcp_parse_options() reads it only where it was "
			    "negotiated" }) }),
	.duration = MSEC(60),
	.script = script,
};
