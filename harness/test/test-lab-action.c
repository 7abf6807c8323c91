/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the lab: what each sentence means, what it is said as again, and
 * what a wrong one is told. */
#include "lab-words.h"

#include <errno.h>
#include <string.h>

#include "errors.h"
#include "suite.h"
#include "unit.h"
#include "wire.h"

static struct lab_plan *plan;

static void setup(void)
{
	ck_assert_int_eq(lab_plan_new(&plan), 0);
}

static struct lab_action action(const char *text)
{
	struct lab_action ret;

	ck_assert_msg(lab_action_parse(plan, text, &ret) == 0, "%s: %s", text,
		      error_message());
	return ret;
}

static struct lab_moment moment(const char *text)
{
	struct lab_moment ret;

	ck_assert_msg(lab_moment_parse(plan, text, &ret) == 0, "%s: %s", text,
		      error_message());
	return ret;
}

/* What is said, and what it is said as. */
struct pair {
	const char *said, *text;
};

START_TEST(durations_have_units)
{
	static const struct {
		const char *text;
		nsec_t nsec;
	} good[] = {
		{ "0s", 0 },
		{ "2s", SEC(2) },
		{ "500ms", MSEC(500) },
		{ "1m30s", SEC(90) },
		{ "1h1m1s1ms1us1ns", SEC(3661) + MSEC(1) + USEC(1) + 1 },
		{ "1.5s", MSEC(1500) },
		{ "0.000000001s", 1 },
		{ "1.5h", SEC(5400) },
		{ "8784h", SEC(366 * 86400) },
	};
	static const char *const bad[] = {
		"",	   "s",	    "2",     "-2s",
		"2 s",	   "2x",    "2.s",   ".5s",
		"1.5",	   "0.1ns", "30s1m", "2s2s",
		"8785h",   "1e3s",  "2S",    "99999999999999999999s",
		"8784h1s", "2s ",   "0x2s",
	};
	nsec_t nsec = 77;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ck_assert_msg(lab_duration_parse(good[i].text, &nsec) == 0,
			      "%s", good[i].text);
		ck_assert_msg(nsec == good[i].nsec, "%s", good[i].text);
	}
	nsec = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(lab_duration_parse(bad[i], &nsec) == -EINVAL &&
				      nsec == 77,
			      "%s", bad[i]);
	ck_assert_int_eq(lab_duration_parse("20", &nsec), -EINVAL);
	ck_assert_str_eq(error_message(), "'20' has no unit: 20s or 20ms?");
}
END_TEST

START_TEST(durations_are_said_as_they_are_read)
{
	static const nsec_t durations[] = {
		0,
		1,
		999,
		USEC(1),
		USEC(1500),
		MSEC(1),
		MSEC(999),
		SEC(1),
		MSEC(1500),
		SEC(59) + 1,
		SEC(60),
		SEC(90),
		SEC(3600),
		SEC(3600) + MSEC(5),
		SEC(366 * 86400),
	};
	char text[64];
	nsec_t again;

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		lab_duration_text(durations[i], text, sizeof(text));
		ck_assert_msg(lab_duration_parse(text, &again) == 0 &&
				      again == durations[i],
			      "%s", text);
	}
	ck_assert_str_eq(lab_duration_text(SEC(90), text, sizeof(text)),
			 "1m30s");
	ck_assert_str_eq(lab_duration_text(USEC(1500), text, sizeof(text)),
			 "1500us");
}
END_TEST

START_TEST(kinds_are_the_wires)
{
	unsigned int kinds = 77;

	ck_assert_int_eq(lab_kinds_parse("SYN", &kinds), 0);
	ck_assert_uint_eq(kinds, WIRE_SYN);
	ck_assert_int_eq(lab_kinds_parse("fins and the syns", &kinds), 0);
	ck_assert_uint_eq(kinds, WIRE_SYN | WIRE_FIN);
	ck_assert_int_eq(lab_kinds_parse("acks probes", &kinds), 0);
	ck_assert_uint_eq(kinds, WIRE_PURE_ACK | WIRE_KEEPALIVE_PROBE);
	ck_assert_int_eq(lab_kinds_parse("frames and syn", &kinds), 0);
	ck_assert_uint_eq(kinds, 0);
	ck_assert_int_eq(lab_kinds_parse("", &kinds), -EINVAL);
	ck_assert_int_eq(lab_kinds_parse("sins", &kinds), -EINVAL);
	assert_has(error_message(), "column 1: 'sins' is no kind of frame; "
				    "syns?");
}
END_TEST

START_TEST(a_fault_has_its_host)
{
	struct lab_action got = action("  Crash the server ");

	ck_assert_int_eq(got.verb, LAB_FAULT);
	ck_assert_ptr_eq(got.fault, fault_verb("crash"));
	ck_assert_str_eq(got.host, "server");
	ck_assert_ptr_null(got.argument);
	ck_assert_str_eq(got.text, "crash server");
	got = action("cut client FROM");
	ck_assert_str_eq(got.argument, "from");
	ck_assert_str_eq(got.text, "cut client from");
}
END_TEST

START_TEST(a_choice_has_its_frames)
{
	struct lab_action got =
		action("drop the 2nd ack from client to server port 443");

	ck_assert_int_eq(got.verb, LAB_DROP);
	ck_assert_uint_eq(got.kinds, WIRE_PURE_ACK);
	ck_assert_uint_eq(got.first, 2);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_str_eq(got.from, "client");
	ck_assert_str_eq(got.to, "server");
	ck_assert_uint_eq(got.port, 443);
	got = action("hold the first 3 data");
	ck_assert_int_eq(got.verb, LAB_HOLD);
	ck_assert_uint_eq(got.first, 1);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_ptr_null(got.from);
	got = action("delay 10% of data by 20ms");
	ck_assert_double_eq(got.rate, 0.1);
	ck_assert_uint_eq(got.count, 0);
	ck_assert_int_eq(got.time, MSEC(20));
	got = action("drop every frame");
	ck_assert(got.kinds == 0 && got.first == 0 && got.count == 0 &&
		  got.rate == 0);
	got = action("reject syn with admin from client");
	ck_assert_int_eq(got.answer, LAB_ANSWER_ADMIN);
	ck_assert_str_eq(got.from, "client");
}
END_TEST

START_TEST(a_probe_is_told_all_of_it)
{
	struct lab_action got = action("listen server http backlog 0 8080");

	ck_assert_uint_eq(got.port, 8080);
	ck_assert_int_eq(got.backlog, 0);
	ck_assert_int_eq(got.service, LAB_HTTP);
	got = action("listen server");
	ck_assert_uint_eq(got.port, LAB_PORT);
	ck_assert_int_eq(got.backlog, LAB_BACKLOG);
	ck_assert_int_eq(got.service, LAB_ECHO);
	got = action("connect client to server:8080 5 times");
	ck_assert_str_eq(got.host, "client");
	ck_assert_str_eq(got.peer, "server");
	ck_assert_uint_eq(got.peer_port, 8080);
	ck_assert_uint_eq(got.times, 5);
	got = action("connect client server");
	ck_assert_uint_eq(got.peer_port, LAB_PORT);
	ck_assert_uint_eq(got.times, 1);
	got = action("send client 64KiB");
	ck_assert_uint_eq(got.bytes, 65536);
	got = action("user-timeout client 5s");
	ck_assert_int_eq(got.time, SEC(5));
}
END_TEST

START_TEST(a_program_is_run_and_killed)
{
	struct lab_action got = action("kill nginx sigterm");
	struct lab_host *host;

	ck_assert_str_eq(got.program, "nginx");
	ck_assert_ptr_null(got.host);
	ck_assert_int_eq(got.signal, SIGTERM);
	ck_assert_int_eq(lab_plan_add_host(plan, "client", NULL, &host), 0);
	got = action("kill client");
	ck_assert_str_eq(got.host, "client");
	ck_assert_ptr_null(got.program);
	ck_assert_int_eq(got.signal, SIGKILL);
	got = action("run nginx");
	ck_assert_str_eq(got.program, "nginx");
	ck_assert_ptr_null(got.command);
	got = action("run 'sleep 5' in client as nap");
	ck_assert_str_eq(got.command, "sleep 5");
	ck_assert_str_eq(got.host, "client");
	ck_assert_str_eq(got.program, "nap");
	ck_assert_uint_eq(plan->n_programs, 0);
	ck_assert_int_eq(lab_plan_add_command(plan, &got, NULL), 0);
	ck_assert_ptr_null(got.command);
	ck_assert_str_eq(plan->programs[0].command, "sleep 5");
	ck_assert(plan->programs[0].later);
}
END_TEST

START_TEST(a_sysctl_is_parted)
{
	struct lab_action got =
		action("set client:net.ipv4.tcp_rmem=\"4096 131072 6291456\"");

	ck_assert_str_eq(got.host, "client");
	ck_assert_str_eq(got.name, "net.ipv4.tcp_rmem");
	ck_assert_str_eq(got.value, "4096 131072 6291456");
	got = action("set net.ipv4.tcp_sack=0");
	ck_assert_ptr_null(got.host);
}
END_TEST

START_TEST(every_action_is_said_in_one_form)
{
	static const struct pair pairs[] = {
		{ "UNPLUG the client", "unplug client" },
		{ "drop every syn and fin", "drop syns and fins" },
		{ "drop fin syn", "drop syns and fins" },
		{ "drop 1 data", "drop the 1st data" },
		{ "drop the first ack", "drop the 1st ack" },
		{ "drop the third ack", "drop the 3rd ack" },
		{ "drop the 11th ack", "drop the 11th ack" },
		{ "drop the 102nd ack", "drop the 102nd ack" },
		{ "drop 0.25% of arp", "drop 0.25% of arp" },
		{ "drop 100% of frames", "drop 100% of frames" },
		{ "drop data port 80 to server from client",
		  "drop data from client to server port 80" },
		{ "delay data by 60s", "delay data by 1m" },
		{ "duplicate fin after 0s", "duplicate fins" },
		{ "duplicate fin after 20ms", "duplicate fins after 20ms" },
		{ "reject the first syn with RST",
		  "reject the 1st syn with rst" },
		{ "release", "release" },
		{ "pass", "pass" },
		{ "end", "end" },
		{ "inject ACK from client to server",
		  "inject ack from client to server" },
		{ "set client:net.ipv4.tcp_rmem=\"1 2 3\"",
		  "set \"client:net.ipv4.tcp_rmem=1 2 3\"" },
		{ "run \"sh -c 'a \\\\ \\\"b\\\"'\" in client",
		  "run \"sh -c 'a \\\\ \\\"b\\\"'\" in client" },
		{ "kill nginx 9", "kill nginx" },
		{ "kill nginx 15", "kill nginx TERM" },
		{ "kill nginx 40", "kill nginx 40" },
		{ "listen server echo", "listen server 80" },
		{ "listen server unaccepted backlog 1",
		  "listen server 80 backlog 1 unaccepted" },
		{ "connect client to server 1 time",
		  "connect client to server:80" },
		{ "send client", "send client 1" },
		{ "send client 2048 bytes", "send client 2KiB" },
		{ "abort client", "abort client" },
		{ "keepalive client", "keepalive client" },
		{ "note it", "note \"it\"" },
		{ "note 'the end'", "note \"the end\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		ck_assert_str_eq(action(pairs[i].said).text, pairs[i].text);
		ck_assert_str_eq(action(pairs[i].text).text, pairs[i].text);
	}
}
END_TEST

START_TEST(every_moment_is_said_in_one_form)
{
	static const struct pair pairs[] = {
		{ "start", "start" },
		{ "0s", "start" },
		{ "90s", "1m30s" },
		{ "2s after the start", "2s" },
		{ "when the client has received 3 segments",
		  "client has received 3 segments" },
		{ "client has sent the 2nd syn", "client has sent 2 syns" },
		{ "client has sent data", "client has sent data" },
		{ "2s after nginx prints GET",
		  "2s after nginx prints \"GET\"" },
		{ "after curl ends", "curl ends" },
		{ "server reaches established", "server reaches ESTAB" },
		{ "2s after Crash the server", "2s after crash server" },
		{ "unplug client", "unplug client" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct lab_moment got = moment(pairs[i].said);

		ck_assert_str_eq(lab_moment_text(plan, &got), pairs[i].text);
		got = moment(pairs[i].text);
		ck_assert_str_eq(lab_moment_text(plan, &got), pairs[i].text);
	}
}
END_TEST

START_TEST(a_moment_has_its_event)
{
	struct lab_moment got = moment("2s");

	ck_assert_int_eq(got.event, LAB_AFTER_START);
	ck_assert_int_eq(got.after, SEC(2));
	got = moment("500ms after client has received the 3rd data");
	ck_assert_int_eq(got.event, LAB_AFTER_FRAMES);
	ck_assert_int_eq(got.after, MSEC(500));
	ck_assert_str_eq(got.host, "client");
	ck_assert(!got.sent);
	ck_assert_uint_eq(got.count, 3);
	ck_assert_uint_eq(got.kinds, WIRE_DATA);
	got = moment("nginx prints 'GET /'");
	ck_assert_int_eq(got.event, LAB_AFTER_LINE);
	ck_assert_str_eq(got.program, "nginx");
	ck_assert_str_eq(got.text, "GET /");
	got = moment("client reaches CLOSE-WAIT");
	ck_assert_int_eq(got.event, LAB_AFTER_STATE);
	ck_assert_int_eq(got.state, DIAG_CLOSE_WAIT);
	got = moment("after unplug the client");
	ck_assert_int_eq(got.event, LAB_AFTER_STEP);
	ck_assert_str_eq(got.text, "unplug client");
}
END_TEST

/* What is wrong, and what is said of it, from its beginning on. */
static const struct pair wrong_actions[] = {
	{ "unplg client", "column 1: 'unplg' is no action; unplug?" },
	{ "'unplug' client", "column 1: 'unplug' is no action" },
	{ "", "column 1: expected here: an action; one of: crash, " },
	{ "unplug", "column 7: expected here: a host" },
	{ "unplug 5s", "column 8: '5s' stands here; expected: a host" },
	{ "unplug from", "column 8: 'from' stands here" },
	{ "unplug client now", "column 15: 'now' is too much" },
	{ "cut client up", "column 12: 'up' is not [from|to]; one of: "
			   "from, to" },
	{ "drop", "column 5: expected here: a kind of frame; one of: " },
	{ "drop dota", "column 6: 'dota' is no kind of frame; data?" },
	{ "drop 101% of data", "column 6: '101%' is more than 100%" },
	{ "drop 0% of data", "column 6: 0% of them is none" },
	{ "drop 1.00001% of data", "column 6: '1.00001%' is no perc" },
	{ "drop 10% data", "column 10: 'data' stands here; expected: "
			   "'of'" },
	{ "drop 0 data", "column 6: '0' is no number of frames" },
	{ "drop 5000000000 data", "column 6: '5000000000' is no num" },
	{ "drop data port 65536", "column 16: '65536' is not a port: 1 "
				  "to 65535" },
	{ "drop data from x from y", "column 18: 'from' is too" },
	{ "delay data", "column 11: expected here: 'by'" },
	{ "delay data by 20", "column 15: '20' has no unit" },
	{ "delay data by 0s", "column 15: 0s is no delay" },
	{ "drop data by 2s", "column 11: 'by' is too much" },
	{ "reject syn with ret", "column 17: 'ret' is not an answer; "
				 "rst?" },
	{ "kill nginx TREM", "column 12: 'TREM' is no signal; TERM?" },
	{ "kill nginx 99", "column 12: '99' is no signal" },
	{ "set net.ipv4.tcp_sack", "column 5: 'net.ipv4.tcp_sack' is "
				   "not KEY=VALUE" },
	{ "set kernel.panic=1", "column 5: 'kernel.panic' is no sysc" },
	{ "set 1:net.ipv4.x=1", "column 5: '1' is no name of a host" },
	{ "run sleep 5 in client", "column 11: '5' is too much: a comm" },
	{ "run \"sleep 5\"", "column 14: expected here: 'in'" },
	{ "run \" \" in client", "column 5: the command is empty" },
	{ "listen server 80 81", "column 18: '81' is not a service" },
	{ "connect client to server:0", "column 19: '0' is not a port" },
	{ "connect client to server 2", "column 27: expected here: 't" },
	{ "send client 0", "column 13: '0' is no number of bytes" },
	{ "send client 2000GiB", "column 13: '2000GiB' is no number" },
	{ "user-timeout client 1us", "column 21: TCP_USER_TIMEOUT" },
	{ "inject syn from x to y", "column 8: 'syn' is not a segment" },
	{ "note", "column 5: expected here: a sentence" },
	{ "note ''", "column 6: the note is empty" },
	{ "note a quick note", "column 14: 'note' is too much" },
	{ "note \"x", "column 6: a quote is not closed" },
	{ "note \x01", "column 6: byte 0x01 is of no text" },
	{ "note \xc3\xa4\xff", "column 7: byte 0xff is of no text" },
};

START_TEST(a_wrong_action_is_told_why)
{
	struct lab_action ignored;

	for (size_t i = 0; i < ARRAY_SIZE(wrong_actions); i++) {
		ck_assert_msg(lab_action_parse(plan, wrong_actions[i].said,
					       &ignored) == -EINVAL,
			      "%s", wrong_actions[i].said);
		ck_assert_msg(strncmp(error_message(), wrong_actions[i].text,
				      strlen(wrong_actions[i].text)) == 0,
			      "%s\n%s", wrong_actions[i].said, error_message());
	}
}
END_TEST

START_TEST(a_wrong_moment_is_told_why)
{
	static const struct pair pairs[] = {
		{ "", "column 1: expected here: a moment" },
		{ "2", "column 1: '2' has no unit: 2s or 2ms?" },
		{ "2s 3s", "column 4: '3s' stands here; expected: 'after'" },
		{ "2s after", "column 9: expected here: 'start', 'HOST has" },
		{ "wibble", "column 1: 'wibble' stands here; expected: 'sta" },
		{ "client has 3 syn", "column 12: '3' stands here; expected: "
				      "'received' or 'sent'" },
		{ "client has sent 3", "column 18: expected here: a kind" },
		{ "client reaches CLOSED",
		  "column 16: 'CLOSED' is no state; " },
		{ "client reaches", "column 15: expected here: a state" },
		{ "nginx prints", "column 13: expected here: a text" },
		{ "nginx prints 'a\nb'", "column 14: a text of several lines" },
		{ "curl ends now", "column 11: 'now' is too much" },
		{ "start now", "column 7: 'now' is too much" },
		{ "2s after crash", "column 15: expected here: a host" },
	};
	struct lab_moment ignored;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		ck_assert_msg(lab_moment_parse(plan, pairs[i].said, &ignored) ==
				      -EINVAL,
			      "%s", pairs[i].said);
		ck_assert_msg(strncmp(error_message(), pairs[i].text,
				      strlen(pairs[i].text)) == 0,
			      "%s\n%s", pairs[i].said, error_message());
	}
}
END_TEST

/* Every verb of both tables, with what it takes. */
START_TEST(the_help_names_every_verb)
{
	const struct fault_verb *faults;
	char *text = NULL;
	size_t size, n;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	lab_action_print_help(out);
	fclose(out);
	faults = fault_verbs(&n);
	for (size_t i = 0; i < n; i++)
		assert_has(text, faults[i].name);
	assert_has(text, "\n  cut HOST [from|to]");
	assert_has(text, "\n  kill PROGRAM|HOST [SIGNAL]");
	assert_lacks(text, "PID");
	assert_has(text, "\n  user-timeout HOST DURATION");
	assert_has(text, "syn-acks");
	free(text);
}
END_TEST

static const TTest *const *const tests[] = {
	&durations_have_units,
	&durations_are_said_as_they_are_read,
	&kinds_are_the_wires,
	&a_fault_has_its_host,
	&a_choice_has_its_frames,
	&a_probe_is_told_all_of_it,
	&a_program_is_run_and_killed,
	&a_sysctl_is_parted,
	&every_action_is_said_in_one_form,
	&every_moment_is_said_in_one_form,
	&a_moment_has_its_event,
	&a_wrong_action_is_told_why,
	&a_wrong_moment_is_told_why,
	&the_help_names_every_verb,
};

int main(void)
{
	return unit_run("lab-words", tests, ARRAY_SIZE(tests), setup);
}
