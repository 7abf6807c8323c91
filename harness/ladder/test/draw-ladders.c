/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws an invented run as SVG, for boxes.py. usage: draw-ladders NAME [whole] */
#include "ladder.h"

#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "records.h"

static void data(json_t *journal, double t, size_t i, const char *fate)
{
	FRAME(journal, .t = t, .left = fate ? 0 : t + 4e-5, .from = "client",
	      .to = "server", .fate = fate,
	      .kinds = i % 3 ? "tcp data" : "tcp retransmission",
	      .flags = SEGMENT_PSH | SEGMENT_ACK,
	      .seq = (uint32_t)(i / 2 * 100 + 1), .ack = 1, .length = 100);
}

/* `n` segments of all fates, with calls, states and faults between them. */
static void mixed(json_t *journal, size_t n)
{
	static const char *const fates[] = {
		NULL, "dropped: host is dead", "held", NULL, NULL, "delayed",
		"lost: no carrier", NULL,
	};

	double t = 0.02;

	record_handshake(journal);
	for (size_t i = 0; i < n; i++, t += i % 11 ? 2e-5 : 0.3) {
		const char *fate = fates[i % ARRAY_SIZE(fates)];

		data(journal, t, i, fate);
		if (i % 5 == 0)
			record_call(journal, t + 1e-6, "client", 2,
				     "recv() blocks for 100 bytes of the stream");
		if (i % 7 == 0)
			record_state(journal, t + 2e-6, "server", 3, "ESTAB",
				      "keepalive", 0.5 + (double)i);
		if (i % 13 == 0)
			record_fault(journal, t + 3e-6,
				      i % 2 ? "plug" : "unplug", "client");
		if (i % 17 == 0)
			record_result(journal, t + 4e-6, "server", 3, "send",
				       -1, "ECONNRESET");
	}
}

static void delayed(json_t *journal)
{
	record_handshake(journal);
	for (size_t i = 0; i < 12; i++) {
		for (int again = 0; again < 2; again++) {
			double t = 0.02 + (double)i * 0.05 + again * 0.3;

			FRAME(journal, .t = t, .left = again ? t : 0,
			      .from = "client", .to = "server",
			      .fate = "delayed",
			      .kinds = i % 3 ? "tcp data" :
					       "tcp retransmission",
			      .flags = SEGMENT_PSH | SEGMENT_ACK,
			      .seq = (uint32_t)(i / 2 * 100 + 1), .ack = 1,
			      .length = 100, .packet = 1000 + (int)i);
		}
	}
}

static void chain(json_t *journal, int n)
{
	for (int round = 0; round < 4; round++)
		for (int i = 0; i <= n; i++) {
			char from[32] = "client", to[32] = "server";
			double t = 0.1 + round + i * 3e-5;

			if (i)
				snprintf(from, sizeof(from), "router-%d", i);
			if (i < n)
				snprintf(to, sizeof(to), "router-%d", i + 1);
			record_call(journal, t - 1e-5, from, i + 1,
				     "a call with some words in it");
			FRAME(journal, .t = t, .left = t + 3e-5, .from = from,
			      .to = to, .kinds = "tcp syn",
			      .flags = SEGMENT_SYN, .packet = 1001 + round);
		}
}

/* A packet on both cables of a gateway; with `delay`, delayed on both. */
static void forwarded(json_t *journal, double t, int packet, bool to_client,
		      double delay)
{
	for (int cable = 0; cable < 2; cable++)
		for (int i = 0; i < (delay > 0 ? 2 : 1); i++)
			FRAME(journal,
			      .t = t + (cable + i) * (delay > 0 ? delay : 3e-5),
			      .left = delay > 0 && !i ?
					      0 :
					      t + (cable + 1) * MAX(delay, 3e-5),
			      .from = cable	? "gateway" :
				      to_client ? "server" :
						  "client",
			      .to = !cable    ? "gateway" :
				    to_client ? "client" :
						"server",
			      .fate = delay > 0 ? "delayed" : NULL,
			      .kinds = "tcp data", .flags = SEGMENT_ACK,
			      .seq = 1, .ack = 1, .length = 100,
			      .packet = packet, .to_client = to_client,
			      .origin = to_client ? "server" : "client");
}

/* Faults at a host in the middle, and what it keeps. */
static void gateway(json_t *journal, double delay)
{
	static const char *const verbs[] = { "crash", "reboot", "unplug",
					     "plug", "drop" };

	for (int i = 0; i < 12; i++) {
		double t = 0.1 + i * 0.05;

		forwarded(journal, t, 1000 + i, i % 3 == 0, delay);
		record_call(journal, t + 0.01, i % 2 ? "client" : "server", 2,
			    "recv() blocks for 100 bytes of the stream");
		record_fault(journal, t + 0.02, verbs[i % ARRAY_SIZE(verbs)],
			     i % 4 ? "gateway" : "server");
		FRAME(journal, .t = t + 0.03, .from = "client", .to = "gateway",
		      .fate = "dropped: host is dead", .kinds = "tcp data",
		      .flags = SEGMENT_ACK, .seq = 1, .ack = 1, .length = 100);
	}
}

static void words(json_t *journal)
{
	char word[300];

	memset(word, 'W', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	record_handshake(journal);
	record_call(journal, 0.1, "client", 2, word);
	record_call(journal, 0.2, "server", 3, "nginx: <b>&\"'</b> 漢字漢字");
	record_call(journal, 0.3, "server", 3,
		     "a line that a program printed, so long that it takes "
		     "several lines of the margin, and then goes on for more "
		     "lines than a label can have, so that the drawing cuts it "
		     "and ends it with an ellipsis, while the title of the text "
		     "element still has the complete line for the pointer of a "
		     "reader who needs it");
	record_fault(journal, 0.4, word, "server");
	record_fault(journal, 0.5, "hold", word);
}

static void connections(json_t *journal)
{
	for (int i = 0; i < 30; i++) {
		double t = 0.1 + i * 0.01;

		record_call(journal, t, "client", i + 1,
			     "connect(10.0.0.2:7777)");
		FRAME(journal, .t = t + 1e-3, .left = t + 1.1e-3,
		      .from = "client", .to = "server", .kinds = "tcp syn",
		      .flags = SEGMENT_SYN,
		      .client_port = 30000 + i, .connection = i + 1);
		record_result_in(journal, t + 2e-3, "client", i + 1, "connect",
				 0, NULL, i + 1);
	}
}

static bool make_journal(json_t *journal, const char *name)
{
	if (strcmp(name, "delayed") == 0)
		delayed(journal);
	else if (strcmp(name, "gateway") == 0)
		gateway(journal, 0);
	else if (strcmp(name, "delayed-gateway") == 0)
		gateway(journal, 0.12);
	else if (strcmp(name, "words") == 0)
		words(journal);
	else if (strcmp(name, "connections") == 0)
		connections(journal);
	else if (strncmp(name, "chain", 5) == 0)
		chain(journal, atoi(name + 5));
	else if (strncmp(name, "mixed", 5) == 0)
		mixed(journal, (size_t)atoi(name + 5));
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	json_t *journal = json_array();
	struct ladder *ladder;
	bool whole = argc > 2 && strcmp(argv[2], "whole") == 0;
	int r;

	if (argc < 2 || !make_journal(journal, argv[1]))
		return 2;
	r = whole ? ladder_new_whole(&ladder, journal) :
		    ladder_new(&ladder, journal);
	json_decref(journal);
	if (r < 0)
		return 1;
	r = ladder_svg(stdout, ladder);
	ladder_free(ladder);
	return r < 0;
}
