/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of the timeline: what each sentence means, that its text can be
 * parsed again, and the messages for wrong sentences. */
#include "lab-action.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "lab-value.h"
#include "plans.h"
#include "suite.h"
#include "unit.h"
#include "wire.h"

static struct lab_action action(const char *text)
{
	struct lab_action ret;

	ck_assert_msg(lab_action_parse(plan, text, NULL, &ret) == 0, "%s: %s",
		      text, error_message());
	return ret;
}

static struct lab_moment moment(const char *text)
{
	struct lab_moment ret;

	ck_assert_msg(lab_moment_parse(plan, text, NULL, &ret) == 0, "%s: %s",
		      text, error_message());
	return ret;
}

START_TEST(duration_is_numbers_with_units)
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
		ck_assert_msg(lab_value_duration(good[i].text, &nsec) == 0,
			      "%s", good[i].text);
		ck_assert_msg(nsec == good[i].nsec, "%s", good[i].text);
	}
	nsec = 77;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(lab_value_duration(bad[i], &nsec) == -EINVAL &&
				      nsec == 77,
			      "%s", bad[i]);
	ck_assert_int_eq(lab_value_duration("20", &nsec), -EINVAL);
	ck_assert_str_eq(error_message(),
			 "invalid duration '20': missing unit; did you mean "
			 "20s or 20ms?");
}
END_TEST

START_TEST(duration_text_is_parsed_as_the_same_duration)
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
		lab_value_duration_text(durations[i], text, sizeof(text));
		ck_assert_msg(lab_value_duration(text, &again) == 0 &&
				      again == durations[i],
			      "%s", text);
	}
	ck_assert_str_eq(lab_value_duration_text(SEC(90), text, sizeof(text)),
			 "1m30s");
	ck_assert_str_eq(
		lab_value_duration_text(USEC(1500), text, sizeof(text)),
		"1500us");
}
END_TEST

START_TEST(kinds_of_frames_are_those_of_the_wire)
{
	static const struct {
		const char *text;
		unsigned int kinds;
	} good[] = {
		{ "drop SYN", WIRE_SYN },
		{ "drop fins and the syns", WIRE_SYN | WIRE_FIN },
		{ "drop acks probes", WIRE_PURE_ACK | WIRE_KEEPALIVE_PROBE },
		{ "drop frames and syn", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_assert_msg(action(good[i].text).kinds == good[i].kinds, "%s",
			      good[i].text);
}
END_TEST

START_TEST(fault_has_host_and_argument)
{
	struct lab_action got = action("  Crash the server ");

	ck_assert_int_eq(got.verb, LAB_FAULT);
	ck_assert_ptr_eq(got.fault, fault_verb("crash"));
	ck_assert_str_eq(got.host, "server");
	ck_assert_ptr_null(got.argument);
	ck_assert_str_eq(got.name, "crash");
	ck_assert_str_eq(got.text, "Crash the server");
	got = action("cut client FROM");
	ck_assert_str_eq(got.argument, "from");
}
END_TEST

START_TEST(rule_has_kinds_amount_and_hosts)
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
	ck_assert_uint_eq(got.kinds, LAB_PAYLOAD);
	got = action("drop new-data");
	ck_assert_uint_eq(got.kinds, WIRE_DATA);
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

START_TEST(call_of_a_probe_has_its_arguments)
{
	struct lab_action got = action("listen server http backlog 0 8080");

	ck_assert_uint_eq(got.port, 8080);
	ck_assert_int_eq(got.backlog, 0);
	ck_assert_int_eq(got.service, LAB_HTTP);
	got = action("listen server");
	ck_assert_uint_eq(got.port, LAB_PORT);
	ck_assert_int_eq(got.backlog, LAB_BACKLOG);
	ck_assert_int_eq(got.service, LAB_ECHO);
	got = action("listen server 80 every 500ms silent");
	ck_assert_int_eq(got.time, MSEC(500));
	ck_assert_int_eq(got.service, LAB_SILENT);
	ck_assert_int_eq(action("connect client server bind").bind, LAB_BIND);
	got = action("connect client server 2 times bind-no-port");
	ck_assert_int_eq(got.bind, LAB_BIND_NO_PORT);
	ck_assert_uint_eq(got.times, 2);
	got = action("drop 3 syns of 10% of connections port 80");
	ck_assert(got.connections > 0.099999 && got.connections < 0.100001);
	ck_assert_uint_eq(got.count, 3);
	ck_assert(got.rate <= 0);
	ck_assert_str_eq(action("stop-reading server").host, "server");
	got = action("link client from rate 1.5Mbit/s queue 9 loss 2%");
	ck_assert(got.link.from_host && !got.link.to_host);
	ck_assert_uint_eq(got.link.settings.rate, 1500000);
	ck_assert_uint_eq(got.link.settings.queue, 9);
	ck_assert_double_eq(got.link.settings.loss, 0.02);
	got = action("link client delay 20ms");
	ck_assert(got.link.from_host && got.link.to_host);
	ck_assert(!action("link client to loss 0%").link.from_host);
	ck_assert_int_eq(action("inject rst from x to y seq -5").seq, -5);
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

START_TEST(run_and_kill_name_a_program)
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
	ck_assert_str_eq(got.program, "nap");
	ck_assert_str_eq(plan->programs[0].command, "sleep 5");
	ck_assert(plan->programs[0].later);
}
END_TEST

START_TEST(set_has_host_key_and_value)
{
	struct lab_action got =
		action("set client:net.ipv4.tcp_rmem=\"4096 131072 6291456\"");

	ck_assert_str_eq(got.host, "client");
	ck_assert_str_eq(got.key, "net.ipv4.tcp_rmem");
	ck_assert_str_eq(got.value, "4096 131072 6291456");
	got = action("set net.ipv4.tcp_sack=0");
	ck_assert_ptr_null(got.host);
}
END_TEST

/* Sentences that mean the same, however they are written. */
struct same {
	const char *text, *other;
};

static const struct same same_actions[] = {
	{ "UNPLUG the client", "unplug client" },
	{ "drop every syn and fin", "drop syns and fins" },
	{ "drop fin syn", "drop syns and fins" },
	{ "drop 1 data", "drop the 1st data" },
	{ "drop the first ack", "drop the 1st ack" },
	{ "drop the third ack", "drop the 3rd ack" },
	{ "drop 11th ack", "drop the 11th ack" },
	{ "drop 102nd ack", "drop the 102nd ack" },
	{ "drop 0.25% of arp", "drop 0.2500% of arp" },
	{ "drop 100% of frames", "drop 100% of frames" },
	{ "drop data port 80 to server from client",
	  "drop data from client to server port 80" },
	{ "delay data by 60s", "delay data by 1m" },
	{ "duplicate fin after 0s", "duplicate fins" },
	{ "duplicate fin after 20ms", "duplicate fins after 20ms" },
	{ "reject the first syn with RST", "reject the 1st syn with rst" },
	{ "release", "RELEASE" },
	{ "pass", "Pass" },
	{ "end", "END" },
	{ "inject ACK from client to server",
	  "inject ack from client to server" },
	{ "set client:net.ipv4.tcp_rmem=\"1 2 3\"",
	  "set \"client:net.ipv4.tcp_rmem=1 2 3\"" },
	{ "run \"sh -c 'a \\\\ \\\"b\\\"'\" in client",
	  "run \"sh -c 'a \\\\ \\\"b\\\"'\" in the client" },
	{ "kill nginx 9", "kill nginx" },
	{ "kill nginx 15", "kill nginx TERM" },
	{ "kill nginx 40", "kill nginx 40" },
	{ "listen server echo", "listen server 80" },
	{ "listen server unaccepted backlog 1",
	  "listen server port 80 backlog 1 unaccepted" },
	{ "connect client to server 1 time", "connect client server:80" },
	{ "send client", "send client 1" },
	{ "send client 2048 bytes", "send client 2KiB" },
	{ "abort client", "Abort client" },
	{ "keepalive client", "keepalive the client" },
	{ "note it", "note \"it\"" },
	{ "note 'the end'", "note \"the end\"" },
};

START_TEST(actions_that_do_the_same_are_equal)
{
	for (size_t i = 0; i < ARRAY_SIZE(same_actions); i++) {
		struct lab_action a = action(same_actions[i].text);
		struct lab_action b = action(same_actions[i].other);

		ck_assert_msg(lab_action_equal(&a, &b), "%s",
			      same_actions[i].text);
		for (size_t j = 0; j < ARRAY_SIZE(same_actions); j++) {
			struct lab_action c = action(same_actions[j].text);
			struct lab_action d = action(same_actions[j].other);

			ck_assert_msg(lab_action_equal(&a, &c) ==
					      lab_action_equal(&b, &d),
				      "%s: %s", same_actions[i].text,
				      same_actions[j].text);
		}
	}
}
END_TEST

START_TEST(actions_that_differ_are_not_equal)
{
	static const struct same pairs[] = {
		{ "unplug client", "unplug server" },
		{ "unplug client", "plug client" },
		{ "cut client", "cut client to" },
		{ "drop syn", "hold syn" },
		{ "drop syn", "drop fin" },
		{ "drop 2nd syn", "drop 2 syn" },
		{ "drop syn from client", "drop syn to client" },
		{ "delay syn by 1s", "delay syn by 2s" },
		{ "reject syn with rst", "reject syn with net" },
		{ "kill nginx", "kill nginx TERM" },
		{ "kill nginx", "kill curl" },
		{ "run nginx", "run curl" },
		{ "run 'a b' in client", "run 'a b' in server" },
		{ "run 'a b' in client", "run 'a c' in client" },
		{ "listen server", "listen server 81" },
		{ "connect client server", "connect client server 2 times" },
		{ "connect client server", "connect client server bind" },
		{ "drop syn", "drop syn of 10% of connections" },
		{ "link x loss 5%", "link x loss 6%" },
		{ "link x loss 5%", "link x from loss 5%" },
		{ "link x loss 5%", "link x loss 5% delay 1s" },
		{ "inject rst from x to y", "inject rst from x to y seq +1" },
		{ "send client 1", "send client 2" },
		{ "note a1", "note a2" },
		{ "set net.ipv4.tcp_sack=0", "set net.ipv4.tcp_sack=1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct lab_action a = action(pairs[i].text);
		struct lab_action b = action(pairs[i].other);

		ck_assert_msg(!lab_action_equal(&a, &b), "%s", pairs[i].text);
	}
}
END_TEST

/* Blanks between words become one; everything else stays, quotes too. */
START_TEST(text_is_the_sentence_on_one_line)
{
	static const struct same pairs[] = {
		{ "  Crash  the\tserver ", "Crash the server" },
		{ "drop syn\n  and fin\n", "drop syn and fin" },
		{ "note  'two  blanks'", "note 'two  blanks'" },
		{ "run \"a \\\"b\\\"\"  in client",
		  "run \"a \\\"b\\\"\" in client" },
	};
	struct lab_moment got = moment(" 2s  after crash  the server");

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		ck_assert_str_eq(action(pairs[i].text).text, pairs[i].other);
	ck_assert_str_eq(got.text, "2s after crash the server");
	ck_assert_str_eq(got.action->text, "crash the server");
}
END_TEST

START_TEST(moment_has_an_event)
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
	ck_assert_uint_eq(got.kinds, LAB_PAYLOAD);
	got = moment("nginx prints 'GET /'");
	ck_assert_int_eq(got.event, LAB_AFTER_LINE);
	ck_assert_str_eq(got.program, "nginx");
	ck_assert_str_eq(got.line, "GET /");
	got = moment("client reaches CLOSE-WAIT");
	ck_assert_int_eq(got.event, LAB_AFTER_STATE);
	ck_assert_int_eq(got.state, DIAG_CLOSE_WAIT);
	got = moment("server reaches established");
	ck_assert_int_eq(got.state, DIAG_ESTABLISHED);
	got = moment("client has sent the 2nd syn");
	ck_assert(got.sent);
	ck_assert_uint_eq(got.count, 2);
	got = moment("after curl ends");
	ck_assert_int_eq(got.event, LAB_AFTER_EXIT);
	ck_assert_str_eq(got.program, "curl");
	got = moment("2s after the start");
	ck_assert_int_eq(got.event, LAB_AFTER_START);
	ck_assert_int_eq(got.after, SEC(2));
	got = moment("start");
	ck_assert_int_eq(got.event, LAB_AFTER_START);
	ck_assert_int_eq(got.after, 0);
	got = moment("after unplug the client");
	ck_assert_int_eq(got.event, LAB_AFTER_STEP);
	ck_assert_ptr_eq(got.action->fault, fault_verb("unplug"));
	ck_assert_str_eq(got.action->host, "client");
}
END_TEST

static const struct wrong wrong_actions[] = {
	{ "unplg client",
	  "column 1: unknown action 'unplg'; did you mean 'unplug'?" },
	{ "'unplug' client", "column 1: unknown action 'unplug'" },
	{ "", "column 1: unexpected end of line; expected one of: crash, " },
	{ "unplug", "column 7: unexpected end of line; expected host name" },
	{ "unplug 5s", "column 8: unexpected '5s'; expected host name" },
	{ "unplug from", "column 8: unexpected 'from'" },
	{ "unplug client now",
	  "column 15: unexpected 'now'; expected end of line" },
	{ "cut client up", "column 12: unknown argument 'up'; expected one of: "
			   "from, to" },
	{ "drop", "column 5: unexpected end of line; expected one of: segm" },
	{ "drop dota", "column 6: unknown kind of frame 'dota'; did you mean "
		       "'data'?" },
	{ "drop 101% of data", "column 6: invalid percentage '101%': more " },
	{ "drop 0% of data", "column 6: invalid percentage '0%': expected " },
	{ "drop 1.00001% of data", "column 6: invalid percentage '1.00001%'" },
	{ "drop 10% data", "column 10: unexpected 'data'; expected 'of'" },
	{ "drop 0 data", "column 6: invalid number of frames '0'" },
	{ "drop 5000000000 data", "column 6: invalid number of frames '500" },
	{ "drop data port 65536",
	  "column 16: invalid port '65536': expected 1 to 65535" },
	{ "drop data from x from y", "column 18: unexpected 'from'" },
	{ "delay data", "column 11: unexpected end of line; expected 'by'" },
	{ "delay data by 20",
	  "column 15: invalid duration '20': missing unit" },
	{ "delay data by 0s", "column 15: invalid delay '0s'" },
	{ "drop data by 2s", "column 11: unexpected 'by'" },
	{ "reject syn with ret",
	  "column 17: unknown answer 'ret'; did you mean 'rst'?" },
	{ "kill nginx TREM",
	  "column 12: unknown signal 'TREM'; did you mean 'TERM'?" },
	{ "kill nginx 99", "column 12: unknown signal '99'" },
	{ "set net.ipv4.tcp_sack", "column 5: 'net.ipv4.tcp_sack' " },
	{ "set kernel.panic=1", "column 5: 'kernel.panic' " },
	{ "set 1:net.ipv4.x=1", "column 5: invalid host name '1'" },
	{ "run sleep 5 in client", "column 11: unexpected '5'; expected end of "
				   "line; a command of several words" },
	{ "run \"sleep 5\"",
	  "column 14: unexpected end of line; expected 'in' and host name" },
	{ "run \" \" in client", "column 5: empty command" },
	{ "listen server 80 81", "column 18: unknown service '81'" },
	{ "connect client to server:0", "column 19: invalid port '0'" },
	{ "connect client to server 2",
	  "column 27: unexpected end of line; expected 'times'" },
	{ "connect client to server bound",
	  "column 26: unexpected 'bound'; expected number of connections, "
	  "'bind' or 'bind-no-port'" },
	{ "listen server every 0s",
	  "column 21: invalid interval '0s': expected more than 0s" },
	{ "listen server 80 http every 1s",
	  "column 23: unexpected 'every': only 'echo' and 'silent'" },
	{ "drop syn of 10%",
	  "column 16: unexpected end of line; expected 'of'" },
	{ "drop syn of connections",
	  "column 13: unexpected 'connections'; expected percentage" },
	{ "drop syn of 0% of connections",
	  "column 13: invalid percentage '0%': expected more than 0%" },
	{ "drop syn of 5% of segments",
	  "column 19: unexpected 'segments'; expected 'connections'" },
	{ "send client 0", "column 13: invalid number of bytes '0'" },
	{ "send client 2000GiB", "column 13: invalid number of bytes '2000G" },
	{ "user-timeout client 1us", "column 21: invalid TCP_USER_TIMEOUT" },
	{ "link x", "column 7: unexpected end of line; expected one of: "
		    "delay, jitter, rate" },
	{ "link x from bandwidth 5", "column 13: unknown property" },
	{ "link x loss", "column 12: unexpected end of line; expected "
			 "percentage such as 1%" },
	{ "link x loss 5", "column 13: invalid percentage '5'" },
	{ "link x rate 5Mbit", "column 13: invalid rate '5Mbit'" },
	{ "link x loss 5% loss 6%", "column 16: duplicate property 'loss'" },
	{ "inject rst from x to y seq 5",
	  "column 28: unexpected '5'; expected offset such as +1000 or -1" },
	{ "inject rst from x to y ack +0",
	  "column 28: invalid offset '0': expected 1 to 2147483647" },
	{ "inject syn from x to y", "column 8: unknown segment 'syn'" },
	{ "note", "column 5: unexpected end of line; expected sentence" },
	{ "note ''", "column 6: empty note" },
	{ "note a quick note", "column 14: unexpected 'note'; expected end of "
			       "line; a note of several words needs quotes" },
	{ "note \"x", "column 6: unterminated quote" },
	{ "note \x01", "column 6: control character 0x01 not allowed" },
	{ "note \xc3\xa4\xff", "column 7: invalid UTF-8 byte 0xff" },
};

START_TEST(wrong_action_is_reported_with_its_column)
{
	struct lab_action ignored;

	for (size_t i = 0; i < ARRAY_SIZE(wrong_actions); i++)
		must_be_refused(lab_action_parse(plan, wrong_actions[i].input,
						 NULL, &ignored),
				&wrong_actions[i]);
}
END_TEST

START_TEST(wrong_moment_is_reported_with_its_column)
{
	static const struct wrong moments[] = {
		{ "", "column 1: unexpected end of line; expected moment" },
		{ "2", "column 1: invalid duration '2': missing unit; did you "
		       "mean 2s or 2ms?" },
		{ "2s 3s", "column 4: unexpected '3s'; expected 'after'" },
		{ "2s after",
		  "column 9: unexpected end of line; expected 'start', 'HOST" },
		{ "wibble", "column 1: unexpected 'wibble'; expected 'start'" },
		{ "client has 3 syn",
		  "column 12: unexpected '3'; expected 'received' or 'sent'" },
		{ "client has sent 3",
		  "column 18: unexpected end of line; expected one of: segm" },
		{ "client reaches CLOSED",
		  "column 16: unknown socket state 'CLOSED'; " },
		{ "client reaches", "column 15: unexpected end of line; " },
		{ "nginx prints", "column 13: unexpected end of line; expected "
				  "text" },
		{ "nginx prints 'a\nb'", "column 14: line break in the text" },
		{ "curl ends now",
		  "column 11: unexpected 'now'; expected end of line" },
		{ "start now", "column 7: unexpected 'now'" },
		{ "2s after crash", "column 15: unexpected end of line; " },
	};
	struct lab_moment ignored;

	for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
		must_be_refused(lab_moment_parse(plan, moments[i].input, NULL,
						 &ignored),
				&moments[i]);
}
END_TEST

/* Every verb of both tables, with its arguments. */
START_TEST(help_has_every_verb)
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
	&duration_is_numbers_with_units,
	&duration_text_is_parsed_as_the_same_duration,
	&kinds_of_frames_are_those_of_the_wire,
	&fault_has_host_and_argument,
	&rule_has_kinds_amount_and_hosts,
	&call_of_a_probe_has_its_arguments,
	&run_and_kill_name_a_program,
	&set_has_host_key_and_value,
	&actions_that_do_the_same_are_equal,
	&actions_that_differ_are_not_equal,
	&text_is_the_sentence_on_one_line,
	&moment_has_an_event,
	&wrong_action_is_reported_with_its_column,
	&wrong_moment_is_reported_with_its_column,
	&help_has_every_verb,
};

int main(void)
{
	return unit_run("lab-action", tests, ARRAY_SIZE(tests), plan_begin);
}
