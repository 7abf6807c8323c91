/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder.h"

#include <stdint.h>
#include <string.h>

#include "fold.h"
#include "records.h"
#include "unit.h"

static json_t *journal;

static void new_journal(void)
{
	journal = json_array();
}

static char *drawn(int columns, bool unicode)
{
	struct ladder *ladder;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(ladder_new(&ladder, journal), 0);
	ladder_print(out, ladder,
		     &(struct ladder_view){ .columns = columns,
					    .unicode = unicode });
	fclose(out);
	ladder_free(ladder);
	return text;
}

static void check(int columns, bool unicode, const char *expected)
{
	char *text = drawn(columns, unicode);

	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(journal);
}

/* A server that crashes, and a client that sends. */
static void record_crash(void)
{
	record_handshake(journal);
	record_fault(journal, 0.1, "crash", "server");
	for (int i = 0; i < 2; i++)
		FRAME(journal, .t = 0.15 + i * 0.2, .from = "client",
		      .to = "server", .fate = "dropped: host is dead",
		      .kinds = i ? "tcp retransmission" : "tcp data",
		      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
		      .length = 100);
	record_state(journal, 0.36, "client", 2, "ESTAB", "on", 0.39);
	record_result(journal, 1.5, "client", 2, "recv", -1, "ETIMEDOUT");
}

/* clang-format off */
START_TEST(crash_at_eighty_columns)
{
	record_crash();
	check(80, true,
"       client                                                             server\n"
"       10.0.0.1                                                         10.0.0.2\n"
"0.010  │                                          listen(16) on 10.0.0.2:7777 ●\n"
"0.011  ● connect(10.0.0.2:7777)                                               │\n"
"0.012  │─ S 0:0(0) ──────────────────────────────────────────────────────────▶│\n"
"0.013  │◀────────────────────────────────────────────────── S. 0:0(0) ack 1 ──│\n"
"0.014  │─ . 1:1(0) ack 1 ────────────────────────────────────────────────────▶│\n"
"0.015  ● connect() = 0                                                        │\n"
"0.016  ┃                                                         accept() = 0 ●\n"
"0.100  ┃═══════════════════════════ crash server ═════════════════════════════✗\n"
"0.150  ┃─ P. 1:101(100) ack 1 ────────────✗ dropped: host is dead\n"
"       ⋮                          … 0.200 s quiet …\n"
"0.350  ┃  P. 1:101(100) ack 1\n"
"       ┃╌ retransmission 1, +0.200 s ╌╌╌╌╌✗ dropped: host is dead\n"
"0.360 ╷● ESTAB, retransmission in 0.390 s\n"
"      ┊⋮                          … 1.140 s quiet …\n"
"1.500 ╵✗ recv() = -1 ETIMEDOUT\n");
}
END_TEST

START_TEST(crash_at_sixty_columns_in_ascii)
{
	record_crash();
	check(60, false,
"       client                                         server\n"
"       10.0.0.1                                     10.0.0.2\n"
"0.010  |                      listen(16) on 10.0.0.2:7777 +\n"
"0.011  + connect(10.0.0.2:7777)                           |\n"
"0.012  |- S 0:0(0) -------------------------------------->|\n"
"0.013  |<------------------------------ S. 0:0(0) ack 1 --|\n"
"0.014  |- . 1:1(0) ack 1 -------------------------------->|\n"
"0.015  + connect() = 0                                    |\n"
"0.016  |                                     accept() = 0 +\n"
"0.100  |================= crash server ===================x\n"
"0.150  |- P. 1:101(100) ack 1 ---x dropped: host is dead\n"
"       :              ... 0.200 s quiet ...\n"
"0.350  |  P. 1:101(100) ack 1\n"
"       |  retransmission 1,\n"
"       |. +0.200 s .............x dropped: host is dead\n"
"0.360 .+ ESTAB, retransmission in 0.390 s\n"
"      ::              ... 1.140 s quiet ...\n"
"1.500 'x recv() = -1 ETIMEDOUT\n");
}
END_TEST

START_TEST(held_segment_and_its_release)
{
	record_handshake(journal);
	FRAME(journal, .t = 0.05, .from = "client", .to = "server",
	      .fate = "held", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 9, .packet = 1001);
	record_fault(journal, 0.06, "release", "wire");
	FRAME(journal, .t = 0.07, .left = 0.07, .from = "client",
	      .to = "server", .fate = "released", .kinds = "tcp data",
	      .flags = SEGMENT_PSH | SEGMENT_ACK, .seq = 1, .ack = 1,
	      .length = 9, .packet = 1001);
	check(80, true,
"         client                                                           server\n"
"         10.0.0.1                                                       10.0.0.2\n"
"0.01000  │                                        listen(16) on 10.0.0.2:7777 ●\n"
"0.01100  ● connect(10.0.0.2:7777)                                             │\n"
"0.01200  │─ S 0:0(0) ────────────────────────────────────────────────────────▶│\n"
"0.01300  │◀──────────────────────────────────────────────── S. 0:0(0) ack 1 ──│\n"
"0.01400  │─ . 1:1(0) ack 1 ──────────────────────────────────────────────────▶│\n"
"0.01500  ● connect() = 0                                                      │\n"
"0.01600  ┃                                                       accept() = 0 ●\n"
"0.05000  ┃─ P. 1:10(9) ack 1 ──────────────◌ held                             ┃\n"
"0.06000  ┃══════════════════════════ release wire ════════════════════════════┃\n"
"0.07000  ┃                                 ◌─ P. 1:10(9) ack 1  released ────▶┃\n");
}
END_TEST

/* A segment that the wire makes: its sign is on its own row, and the fault hits no
 * host. */
START_TEST(injected_segment)
{
	record_handshake(journal);
	record_fault(journal, 0.05, "inject", "client");
	FRAME(journal, .t = 0.06, .left = 0.06, .from = "server",
	      .to = "client", .fate = "injected", .kinds = "tcp rst",
	      .flags = SEGMENT_RST, .seq = 1, .to_client = true, .origin = "");
	check(80, true,
"         client                                                           server\n"
"         10.0.0.1                                                       10.0.0.2\n"
"0.01000  │                                        listen(16) on 10.0.0.2:7777 ●\n"
"0.01100  ● connect(10.0.0.2:7777)                                             │\n"
"0.01200  │─ S 0:0(0) ────────────────────────────────────────────────────────▶│\n"
"0.01300  │◀──────────────────────────────────────────────── S. 0:0(0) ack 1 ──│\n"
"0.01400  │─ . 1:1(0) ack 1 ──────────────────────────────────────────────────▶│\n"
"0.01500  ● connect() = 0                                                      │\n"
"0.01600  ┃                                                       accept() = 0 ●\n"
"0.05000  ┃══════════════════════════ inject client ═══════════════════════════┃\n"
"0.06000  │◀╌╌╌╌╌╌╌╌╌╌ R 1:1(0)  injected ╌╌◆                                  ┃\n");
}
END_TEST

START_TEST(legend_has_the_signs)
{
	const struct ladder_view view = { .columns = 80, .unicode = true };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ladder_print_legend(out, &view);
	fclose(out);
	ck_assert_str_eq(text,
"  vertical lines: hosts, with their addresses; time goes down\n"
"  segments: flags (S SYN, . ACK, P PSH, F FIN, R RST), begin:end(length), ack\n"
"  ┃ socket open  │ none, or not known  ┊ timer  ◌ held, delayed  ✗ lost, failed,\n"
"  hit by a fault  ◆ injected, duplicated  ═ fault\n");
	free(text);
}
END_TEST

/* Both records of a cable that delays by 0.2 s. */
static void record_delayed_cable(double t, const char *from, const char *to,
				 int packet)
{
	for (int i = 0; i < 2; i++)
		FRAME(journal, .t = t + 0.2 * i, .left = i ? t + 0.2 : 0,
		      .from = from, .to = to, .fate = "delayed",
		      .kinds = "tcp data", .flags = SEGMENT_ACK, .seq = 1,
		      .ack = 1, .length = 100, .packet = packet,
		      .origin = "client");
}

START_TEST(text_beside_a_middle_host_covers_neither_mark_nor_lifelines)
{
	record_delayed_cable(0.1, "client", "gateway", 1001);
	record_call(journal, 0.25, "gateway", 5, "nft list ruleset");
	record_delayed_cable(0.3, "gateway", "server", 1001);
	record_fault(journal, 0.35, "crash", "gateway");
	record_fault(journal, 0.45, "reboot", "gateway");
	record_call(journal, 0.6, "server", 3, "sleep");
	check(80, true,
"        client                          gateway                           server\n"
"\n"
"0.1000  │─ . 1:101(100) ack 1 ──────────────────────────────◌                 │\n"
"        │                                  │ delayed, arrives at 0.5000       │\n"
"        ⋮                                  ⋮        … 0.150 s quiet …         ⋮\n"
"0.2500  │                                  ● nft list ruleset                 │\n"
"0.3500  │══════════════════════════════════✗═ crash gateway ══════════════════│\n"
"        ⋮                                           … 0.100 s quiet …         ⋮\n"
"0.4500  │══════════════════════════════════●═ reboot gateway ═════════════════│\n"
"0.5000  │                                  │ . 1:101(100) ack 1               │\n"
"        │                                  │                ◌────────────────▶│\n"
"0.6000  │                                  │                            sleep ●\n");
}
END_TEST
/* clang-format on */

static void each_line(const char *text, int columns)
{
	while (*text) {
		const char *end = strchr(text, '\n');

		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(fold_width(text, (size_t)(end - text)),
				 columns);
		ck_assert(end == text || end[-1] != ' ');
		text = end + 1;
	}
}

static void record_long_words(void)
{
	char word[400];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	record_call(journal, 0.02, "server", 3, word);
	record_call(journal, 0.03, "client", 3, word);
	record_fault(journal, 0.04, word, "client");
	record_call(journal, 0.05, "client", 3,
		     "nginx: 漢字 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字");
}

/* Whatever the width, and whatever was said. */
START_TEST(no_line_is_too_wide_or_ends_in_blanks)
{
	record_crash();
	record_long_words();
	for (int columns = 40; columns <= 200; columns++)
		for (int unicode = 0; unicode < 2; unicode++) {
			char *text = drawn(columns, unicode);

			each_line(text, columns);
			free(text);
		}
	json_decref(journal);
}
END_TEST

START_TEST(text_without_room_ends_in_an_ellipsis)
{
	char *text;

	record_handshake(journal);
	record_long_words();
	text = drawn(80, true);
	ck_assert(strstr(text, "xxx…"));
	free(text);
	json_decref(journal);
}
END_TEST

START_TEST(long_failure_is_printed_completely)
{
	static const char *const words[] = { "expected", "stop-reading",
					     "observed", "executed:", "no",
					     "connection", "accepted" };

	record_handshake(journal);
	RECORD(journal, 0.5, "expectation", "{s:s, s:b, s:s, s:s}", "what",
	       "server", "ok", false, "expected",
	       "stop-reading server once more, after the client", "observed",
	       "not executed: no connection was open or accepted");
	for (int columns = 60; columns <= 130; columns++) {
		char *text = drawn(columns, true);

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			ck_assert_msg(strstr(text, words[i]),
				      "%d columns, %s:\n%s", columns, words[i],
				      text);
		ck_assert(!strstr(strstr(text, "FAILED"), "…"));
		each_line(text, columns);
		free(text);
	}
	json_decref(journal);
}
END_TEST

START_TEST(ascii_drawing_is_ascii)
{
	char *text;

	record_crash();
	text = drawn(80, false);
	for (const char *c = text; *c; c++)
		ck_assert(!(*c & 0x80));
	free(text);
	json_decref(journal);
}
END_TEST

START_TEST(sixty_five_hosts_fit)
{
	for (int i = 0; i < 64; i++) {
		char from[16], to[16];

		snprintf(from, sizeof(from), "host-%d", i);
		snprintf(to, sizeof(to), "host-%d", i + 1);
		record_call(journal, 0.1 + i * 0.01, from, i + 1,
			     "connect(10.0.0.2:7777)");
		FRAME(journal, .t = 0.101 + i * 0.01, .left = 0.102 + i * 0.01,
		      .from = from, .to = to, .kinds = "tcp syn",
		      .flags = SEGMENT_SYN, .connection = i + 1);
	}
	for (int columns = 40; columns <= 240; columns += 20) {
		char *text = drawn(columns, true);

		each_line(text, columns);
		ck_assert(strstr(text, "host-64"));
		free(text);
	}
	json_decref(journal);
}
END_TEST

START_TEST(several_connections_are_numbered)
{
	char *text;

	record_handshake(journal);
	FRAME(journal, .t = 0.05, .left = 0.0501, .from = "client",
	      .to = "server", .kinds = "tcp syn", .flags = SEGMENT_SYN,
	      .client_port = 40001, .connection = 2);
	text = drawn(80, true);
	ck_assert(strstr(text, "  #1 client:40000 > server:7777\n"
			       "  #2 client:40001 > server:7777\n"));
	ck_assert(strstr(text, "#2 S 0:0(0)"));
	free(text);
	json_decref(journal);
}
END_TEST

int main(void)
{
	const TTest *const *const tests[] = {
		&crash_at_eighty_columns,
		&crash_at_sixty_columns_in_ascii,
		&held_segment_and_its_release,
		&injected_segment,
		&legend_has_the_signs,
		&text_beside_a_middle_host_covers_neither_mark_nor_lifelines,
		&no_line_is_too_wide_or_ends_in_blanks,
		&text_without_room_ends_in_an_ellipsis,
		&long_failure_is_printed_completely,
		&ascii_drawing_is_ascii,
		&sixty_five_hosts_fit,
		&several_connections_are_numbered,
	};

	return unit_run("ladder-text", tests, ARRAY_SIZE(tests), new_journal);
}
