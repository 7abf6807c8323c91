/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "macro.h"
#include "unit.h"

/* The file that msgfmt would write: the texts must be sorted. */
struct text {
	const char *text, *translation;
	size_t size; /* of the text; 0: strlen() */
};

static const struct text texts[] = {
	{ "", "Content-Type: text/plain; charset=UTF-8\n" },
	{ "%zu run\0%zu runs", "%zu 次运行", sizeof("%zu run\0%zu runs") - 1 },
	{ ", at %s", "，位于 %s" },
	{ "before the script", "脚本之前" },
	{ "claim", "论断" },
	{ "claims", "论断（多个）" },
	{ "record\004%s", "（%s）" },
	{ "record\004%s at offset %zu: %m", "偏移量 %2$zu 处的 %1$s：%m" },
	{ "record\004%s in %s does not listen: %s",
	  "%2$s 中的 %1$s 没有监听：%3$s" },
	{ "record\004Cannot allocate memory", "无法分配内存" },
	{ "record\004No such file or directory", "没有那个文件或目录" },
	{ "record\004TCP header", "TCP 首部" },
	{ "record\004address", "地址" },
	{ "record\004address: %m", "地址：%m" },
	{ "record\004exit %d", "退出状态 %d" },
	{ "record\004from %s to %s", "从 %s 发往 %s 的报文" },
	{ "record\004loss of %.1f %%", "丢包率 %.1f %%" },
	{ "record\004needs Linux %u.%u or later", "需要 Linux %u.%u 或更新" },
	{ "record\004netlink: %s: %m", "netlink：%s：%m" },
	{ "record\004open %s: %m", "打开 %s：%m" },
	{ "record\004program %s", "程序 %s" },
	{ "record\004unknown host '%s' in %s", "%2$s 中有未知的主机 '%1$s'" },
	{ "value\004%s_s", "%s（s）" },
	{ "value\004age", "年龄" },
	{ "value\004none", "无" },
	{ "wire", "线路" },
};

struct file {
	size_t size;
	char bytes[2048];
};

static void put_word(struct file *file, size_t offset, uint32_t word,
		     bool swapped)
{
	if (swapped)
		word = __builtin_bswap32(word);
	memcpy(file->bytes + offset, &word, sizeof(word));
}

static void put_string(struct file *file, size_t pair, const char *string,
		       size_t size, bool swapped)
{
	put_word(file, pair, (uint32_t)size, swapped);
	put_word(file, pair + 4, (uint32_t)file->size, swapped);
	memcpy(file->bytes + file->size, string, size);
	file->size += size + 1;
}

static struct file make_file(bool swapped)
{
	static const uint32_t header[] = { 0x950412de, 0, ARRAY_SIZE(texts),
					   20, 20 + 8 * ARRAY_SIZE(texts) };
	struct file file = { .size = 20 + 16 * ARRAY_SIZE(texts) };

	for (size_t i = 0; i < ARRAY_SIZE(header); i++)
		put_word(&file, 4 * i, header[i], swapped);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct text *text = &texts[i];

		put_string(&file, header[3] + 8 * i, text->text,
			   text->size ? text->size : strlen(text->text),
			   swapped);
		put_string(&file, header[4] + 8 * i, text->translation,
			   strlen(text->translation), swapped);
	}
	return file;
}

START_TEST(texts_are_translated_in_either_byte_order)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		static struct file file;

		file = make_file(swapped);
		ck_assert(message_load(file.bytes, file.size));
		message_use(true);
		ck_assert_str_eq(_("claim"), "论断");
		ck_assert_str_eq(_("claims"), "论断（多个）");
		ck_assert_str_eq(_("wire"), "线路");
		message_use(false);
	}
}
END_TEST

START_TEST(text_without_a_translation_remains)
{
	static struct file file;
	const char *text = "clai";

	ck_assert_ptr_eq(_(text), text);
	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	ck_assert_ptr_eq(_(text), text);
	ck_assert_str_eq(_("zzz"), "zzz");
	/* Its translation would be the header. */
	ck_assert_str_eq(_(""), "");
	message_use(false);
}
END_TEST

static void assert_record(const char *text, const char *expected)
{
	char buffer[256];

	ck_assert_str_eq(message_record(text, buffer, sizeof(buffer)),
			 expected);
}

/* Each text, and its translation. */
static void assert_chinese_records(const char *const rows[][2], size_t n)
{
	static struct file file;

	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	for (size_t i = 0; i < n; i++)
		assert_record(rows[i][0], rows[i][1]);
	message_use(false);
}

START_TEST(translation_is_found_while_texts_are_english)
{
	static struct file file;

	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	ck_assert_str_eq(_("claim"), "claim");
	ck_assert_str_eq(message_chinese("claim"), "论断");
	ck_assert_ptr_null(message_chinese("zzz"));
	ck_assert_ptr_null(message_chinese(""));
}
END_TEST

START_TEST(finished_text_stays_english_while_texts_are_english)
{
	static struct file file;

	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	assert_record("exit 3", "exit 3");
	assert_record("--out: exit 3", "--out: exit 3");
}
END_TEST

START_TEST(chinese_has_one_plural_form)
{
	static struct file file;

	ck_assert_str_eq(message_plural("%zu run", "%zu runs", 1), "%zu run");
	ck_assert_str_eq(message_plural("%zu run", "%zu runs", 0), "%zu runs");
	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	ck_assert_str_eq(message_plural("%zu run", "%zu runs", 1),
			 "%zu 次运行");
	ck_assert_str_eq(message_plural("%zu run", "%zu runs", 2),
			 "%zu 次运行");
	message_use(false);
}
END_TEST

START_TEST(finished_text_is_parsed_with_its_format)
{
	static struct file file;

	assert_record("exit 3", "exit 3");
	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	assert_record("exit 3", "exit 3");
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	assert_record("exit 3", "退出状态 3");
	assert_record("exit -3", "退出状态 -3");
	assert_record("needs Linux 6.11 or later", "需要 Linux 6.11 或更新");
	assert_record("loss of 2.5 %", "丢包率 2.5 %");
	/* The order of the directives differs; a part is such a text, too. */
	assert_record("nginx in server does not listen: exit 1",
		      "server 中的 nginx 没有监听：退出状态 1");
	/* Texts that are printed elsewhere are names here. */
	assert_record("program wire", "程序 wire");
	assert_record("wire", "wire");
	/* A word of the user is in quotes, or before a colon. */
	assert_record("program address", "程序地址");
	assert_record("unknown host 'address' in address",
		      "地址中有未知的主机 'address'");
	assert_record("address: exit 3", "address: 退出状态 3");
	assert_record("address in host does not listen: exit 3",
		      "host 中的地址没有监听：退出状态 3");
	/* Blanks of the format are for values in Latin letters. */
	assert_record("from address to server", "从地址发往 server 的报文");
	assert_record("from server to address", "从 server 发往地址的报文");
	/* No format of the whole: the parts. */
	assert_record("--out: exit 3", "--out: 退出状态 3");
	assert_record("a: b: exit 3", "a: b: 退出状态 3");
	/* A number is no word; what has no literal character is no format. */
	assert_record("exit three", "exit three");
	assert_record("exit 3 times", "exit 3 times");
	assert_record("", "");
	message_use(false);
}
END_TEST

START_TEST(failure_is_translated_without_its_names)
{
	static const char *const rows[][2] = {
		{ "open /x: No such file or directory",
		  "打开 /x：没有那个文件或目录" },
		{ "open address: No such file or directory",
		  "打开 address：没有那个文件或目录" },
		{ "open TCP header: No such file or directory",
		  "打开 TCP header：没有那个文件或目录" },
		{ "open exit 3: No such file or directory",
		  "打开 exit 3：没有那个文件或目录" },
		{ "--out: open /x: No such file or directory",
		  "--out: 打开 /x：没有那个文件或目录" },
		/* A phrase at the beginning, and the reason behind a colon. */
		{ "TCP header at offset 3: No such file or directory",
		  "偏移量 3 处的 TCP 首部：没有那个文件或目录" },
		{ "netlink: exit 3: No such file or directory",
		  "netlink：退出状态 3：没有那个文件或目录" },
		/* A file of this name, and memory for what the word names. */
		{ "address: No such file or directory",
		  "address: 没有那个文件或目录" },
		{ "address: Cannot allocate memory", "地址：无法分配内存" },
		/* The text of no errno is at the end. */
		{ "open /x: denied", "open /x: denied" },
		{ "open /x: No such file or directory.",
		  "open /x: No such file or directory." },
	};

	assert_chinese_records(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(places_in_sources_are_not_translated)
{
	static const char *const rows[][2] = {
		{ "exit 3 (lib/a.c:31)", "退出状态 3 (lib/a.c:31)" },
		{ "exit 3 (a.c:31 < b/c.h:4)",
		  "退出状态 3 (a.c:31 < b/c.h:4)" },
		{ "exit 3 (lib/a.c:31), at cases/b.c:4",
		  "退出状态 3 (lib/a.c:31)，位于 cases/b.c:4" },
		{ "exit 3, at cases/b.c:4", "退出状态 3，位于 cases/b.c:4" },
		{ "exit 3, at before the script", "退出状态 3，位于 脚本之前" },
		{ "exit 3, at --expect", "退出状态 3，位于 --expect" },
		{ "what, at b.c:4", "what，位于 b.c:4" },
		/* No place. */
		{ "exit 3 (b.x:4)", "exit 3 (b.x:4)" },
		{ "exit 3, at noon", "exit 3, at noon" },
		{ "program a, at noon", "程序 a, at noon" },
	};

	assert_record("exit 3, at b.c:4", "exit 3, at b.c:4");
	assert_chinese_records(rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(values_have_names_and_words)
{
	static const char *const rows[][2] = {
		{ "none", "无" },	  { "age_s", "年龄（s）" },
		{ "lag_s", "lag（s）" },  { "SYN, none", "SYN, 无" },
		{ "address", "地址" },	  { "wire", "wire" },
		{ "a: none", "a: none" },
	};
	static struct file file;
	char buffer[64];

	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_str_eq(
			message_value(rows[i][0], buffer, sizeof(buffer)),
			rows[i][1]);
	message_use(false);
	ck_assert_str_eq(message_value("none", buffer, sizeof(buffer)), "none");
}
END_TEST

START_TEST(finished_text_is_cut_to_the_buffer)
{
	static struct file file;
	char buffer[8];

	file = make_file(false);
	ck_assert(message_load(file.bytes, file.size));
	message_use(true);
	ck_assert_str_eq(message_record("program abcdef", buffer, sizeof(buffer)),
			 "程序 ");
	message_use(false);
}
END_TEST

START_TEST(damaged_catalogue_is_refused)
{
	struct file file = make_file(false);

	ck_assert(!message_load("halfopen", 8));
	ck_assert(!message_load("", 0));
	/* Cut off at any place, a string or its NUL is missing. */
	for (size_t size = 0; size < file.size; size++)
		ck_assert(!message_load(file.bytes, size));
	/* An offset near 4 GiB must not wrap. */
	put_word(&file, 20 + 4, UINT32_MAX - 3, false);
	ck_assert(!message_load(file.bytes, file.size));
	file = make_file(false);
	put_word(&file, 8, UINT32_MAX, false);
	ck_assert(!message_load(file.bytes, file.size));
	ck_assert_str_eq(_("claim"), "claim");
}
END_TEST

START_TEST(language_follows_the_rules_of_gettext)
{
	static const struct {
		const char *all, *messages, *lang, *language;
		enum message_language expected;
	} rows[] = {
		{ "", "", "", "", MESSAGE_ENGLISH },
		{ "", "", "", "zh_CN", MESSAGE_ENGLISH },
		{ "", "", "zh_CN.UTF-8", "", MESSAGE_CHINESE },
		{ "", "", "zh_CN.utf8", "", MESSAGE_CHINESE },
		{ "", "zh_CN.UTF-8", "en_US.UTF-8", "", MESSAGE_CHINESE },
		{ "", "en_US.UTF-8", "zh_CN.UTF-8", "", MESSAGE_ENGLISH },
		{ "C", "zh_CN.UTF-8", "zh_CN.UTF-8", "", MESSAGE_ENGLISH },
		/* LANGUAGE is ignored in the C locale only. */
		{ "", "", "C", "zh_CN", MESSAGE_ENGLISH },
		{ "", "", "POSIX", "zh_CN", MESSAGE_ENGLISH },
		{ "", "", "C.UTF-8", "zh_CN", MESSAGE_CHINESE },
		{ "", "", "C.UTF-8", "zh", MESSAGE_CHINESE },
		{ "", "", "C.UTF-8", "", MESSAGE_ENGLISH },
		{ "", "", "en_US.UTF-8", "zh_CN:en", MESSAGE_CHINESE },
		{ "", "", "zh_CN.UTF-8", "en:zh_CN", MESSAGE_ENGLISH },
		{ "", "", "zh_CN.UTF-8", "en_GB", MESSAGE_ENGLISH },
		{ "", "", "zh_CN.UTF-8", "de:zh_CN", MESSAGE_CHINESE },
		{ "", "", "zh_CN.UTF-8", "de", MESSAGE_ENGLISH },
		{ "", "", "zh_TW.UTF-8", "", MESSAGE_ENGLISH },
		{ "", "", "de_DE.UTF-8@euro", "", MESSAGE_ENGLISH },
		/* The encoding is GB 2312 and GB 18030. */
		{ "", "", "zh_CN", "", MESSAGE_ENGLISH },
		{ "", "", "zh_CN.GB18030", "zh_CN", MESSAGE_ENGLISH },
	};

	unsetenv("LC_CTYPE");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv("LC_ALL", rows[i].all, 1);
		setenv("LC_MESSAGES", rows[i].messages, 1);
		setenv("LANG", rows[i].lang, 1);
		setenv("LANGUAGE", rows[i].language, 1);
		ck_assert_msg(message_language() == rows[i].expected,
			      "row %zu", i);
	}
}
END_TEST

START_TEST(encoding_comes_from_its_own_variable)
{
	setenv("LC_ALL", "", 1);
	setenv("LANG", "zh_CN.UTF-8", 1);
	setenv("LC_CTYPE", "zh_CN.GBK", 1);
	setenv("LANGUAGE", "", 1);
	ck_assert(!message_is_utf8());
	ck_assert_int_eq(message_language(), MESSAGE_ENGLISH);
	setenv("LC_ALL", "zh_CN.UTF-8", 1);
	ck_assert(message_is_utf8());
	ck_assert_int_eq(message_language(), MESSAGE_CHINESE);
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	unsetenv("LANG");
	ck_assert(message_is_utf8());
}
END_TEST

static const TTest *const *const tests[] = {
	&texts_are_translated_in_either_byte_order,
	&text_without_a_translation_remains,
	&translation_is_found_while_texts_are_english,
	&finished_text_stays_english_while_texts_are_english,
	&chinese_has_one_plural_form,
	&finished_text_is_parsed_with_its_format,
	&failure_is_translated_without_its_names,
	&places_in_sources_are_not_translated,
	&values_have_names_and_words,
	&finished_text_is_cut_to_the_buffer,
	&damaged_catalogue_is_refused,
	&language_follows_the_rules_of_gettext,
	&encoding_comes_from_its_own_variable,
};

int main(void)
{
	return unit_run("message", tests, ARRAY_SIZE(tests), NULL);
}
