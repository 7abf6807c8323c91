/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spellings that are the same for a search, and those that are not. */
#include <stdlib.h>

#include "macro.h"
#include "search-text.h"
#include "unit.h"

static bool has(const char *text, const char *part, bool loose)
{
	struct search_text folded = { .n = 0 }, wanted = { .n = 0 };
	bool found;

	ck_assert(search_text_add(&folded, text));
	ck_assert(search_text_add(&wanted, part));
	found = search_text_has(&folded, &wanted, loose);
	search_text_clear(&folded);
	search_text_clear(&wanted);
	return found;
}

struct pair {
	const char *text, *part;
};

START_TEST(spellings_are_the_same)
{
	static const struct pair table[] = {
		{ "rounds of 2, 4, 8 s", "8s" },
		{ "rounds of 2, 4, 8 s", "8 秒" },
		{ "between 200 ms and 120 s", "200毫秒" },
		{ "between 200 ms and 120 s", "200MS" },
		{ "every 4 µs and", "4 微秒" },
		{ "every 4 us and", "4 μs" },
		{ "每 4 微秒加 1", "4us" },
		{ "takes 0.2 s, so", "0.2 秒" },
		{ "924.6 s for 15", "924.6秒" },
		{ "after 2 h 11 min 15 s", "2 小时 11 分 15 秒" },
		{ "the state CLOSE-WAIT", "CLOSED_WAIT" },
		{ "the state TIME-WAIT", "time_wait" },
		{ "tcp_tw_reuse", "tw-reuse" },
		{ "SYN-ACK", "syn+ack" },
		{ "accept 队列满了", "accept队列满" },
		{ "accept() 队列", "ＡＣＣＥＰＴ　队列" },
		{ "拔掉网线后， 原本的 TCP 连接", "拔掉网线后原本的tcp连接" },
		{ "客户端的时长", "客⼾端的时⻓" },
		{ "accepts RSTs", "rst" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ck_assert_msg(has(table[i].text, table[i].part, false),
			      "'%s' not in '%s'", table[i].part, table[i].text);
}
END_TEST

START_TEST(parts_of_words_are_found_loosely_only)
{
	static const struct pair table[] = {
		{ "a first SYN", "RST" },	 { "it is finished", "FIN" },
		{ "after 12 s", "2 s" },	 { "4 segments", "4 s" },
		{ "0.25 s", "0.2" },		 { "TCP_RTO_MIN", "cp_rto" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_msg(!has(table[i].text, table[i].part, false),
			      "'%s' in '%s'", table[i].part, table[i].text);
		ck_assert_msg(has(table[i].text, table[i].part, true),
			      "'%s' not in '%s'", table[i].part, table[i].text);
	}
}
END_TEST

START_TEST(texts_are_separate)
{
	struct search_text both = { .n = 0 }, part = { .n = 0 };

	ck_assert(search_text_add(&both, "拔掉"));
	ck_assert(search_text_add(&both, NULL));
	ck_assert(search_text_add(&both, "网线"));
	ck_assert(search_text_add(&part, "拔掉网线"));
	ck_assert(!search_text_has(&both, &part, true));
	search_text_clear(&both);
	search_text_clear(&part);
	ck_assert(!has("a text", "", true));
	ck_assert(!has("a text", "。", true));
	ck_assert(has("a \xff\xe6 text", "text", false));
	ck_assert(search_text_contains("a text", ""));
}
END_TEST

START_TEST(units_are_words_or_pairs_of_characters)
{
	static const size_t sizes[] = { 3, 0, 0, 2, 2, 0, 2, 0, 0 };
	struct search_text text = { .n = 0 };

	ck_assert(search_text_add(&text, "RST 到达端 2s"));
	ck_assert_uint_eq(text.n, ARRAY_SIZE(sizes));
	for (size_t i = 0; i < text.n; i++)
		ck_assert_uint_eq(search_text_unit(&text, i), sizes[i]);
	search_text_clear(&text);
}
END_TEST

static const TTest *const *const tests[] = {
	&spellings_are_the_same,
	&parts_of_words_are_found_loosely_only,
	&texts_are_separate,
	&units_are_words_or_pairs_of_characters,
};

int main(void)
{
	return unit_run("search-text", tests, ARRAY_SIZE(tests), NULL);
}
