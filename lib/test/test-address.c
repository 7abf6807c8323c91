/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "unit.h"

static struct address parsed(const char *text)
{
	struct address address;

	ck_assert_int_eq(address_parse(&address, text), 0);
	return address;
}

START_TEST(text_round_trip)
{
	static const char *const texts[] = { "10.0.0.1", "255.255.255.255",
					     "0.0.0.0", "fd00::1", "::",
					     "fe80::ff:fe00:1" };
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct address address = parsed(texts[i]);

		ck_assert_str_eq(address_text(&address, text), texts[i]);
	}
}
END_TEST

START_TEST(mapped_address_round_trip)
{
	struct address v4 = parsed("10.0.0.1"), v6 = parsed("fd00::1");
	struct address mapped = address_mapped(&v4), expected;

	expected = parsed("::ffff:10.0.0.1");
	ck_assert(address_equal(&mapped, &expected));
	mapped = address_unmapped(&mapped);
	ck_assert(address_equal(&mapped, &v4));
	mapped = address_mapped(&v6);
	ck_assert(address_equal(&mapped, &v6));
	mapped = address_unmapped(&v6);
	ck_assert(address_equal(&mapped, &v6));
	mapped = address_unmapped(&v4);
	ck_assert(address_equal(&mapped, &v4));
}
END_TEST

START_TEST(notation_determines_the_family)
{
	struct address v4 = parsed("10.0.0.1"), v6 = parsed("fd00::1");
	struct address none = { 0 };

	ck_assert_int_eq(v4.family, AF_INET);
	ck_assert_int_eq(v6.family, AF_INET6);
	ck_assert_uint_eq(address_size(&v4), 4);
	ck_assert_uint_eq(address_size(&v6), 16);
	ck_assert_uint_eq(address_size(&none), 0);
}
END_TEST

START_TEST(invalid_text_is_refused_and_keeps_the_result)
{
	static const char *const texts[] = { "",	 "10.0.0",
					     "10.0.0.1 ", "10.0.0.256",
					     "localhost", "fd00:::1",
					     "10.0.0.1:80", "fd00::1%eth0" };
	struct address address = { .family = 77 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_int_eq(address_parse(&address, texts[i]), -EINVAL);
	ck_assert_int_eq(address.family, 77);
}
END_TEST

START_TEST(equality_compares_family_and_bytes)
{
	struct address a = parsed("10.0.0.1"), b = parsed("10.0.0.1");
	struct address other = parsed("10.0.0.2"), v6 = parsed("a00:1::");

	/* Only the first 4 bytes belong to an IPv4 address. */
	b.bytes[7] = 1;
	ck_assert(address_equal(&a, &b));
	ck_assert(!address_equal(&a, &other));
	/* The same first four bytes. */
	ck_assert(!address_equal(&a, &v6));
}
END_TEST

START_TEST(sockaddr_round_trip)
{
	static const char *const texts[] = { "10.0.0.1", "fd00::1" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct address address = parsed(texts[i]), back;
		struct sockaddr_storage storage;
		uint16_t port = 0;

		ck_assert_uint_eq(address_to_sockaddr(&address, 7777, &storage),
				  i ? sizeof(struct sockaddr_in6) :
				      sizeof(struct sockaddr_in));
		ck_assert_int_eq(storage.ss_family, address.family);
		ck_assert_int_eq(((struct sockaddr_in *)&storage)->sin_port,
				 htons(7777));
		back = address_from_sockaddr(&storage, &port);
		ck_assert(address_equal(&address, &back));
		ck_assert_uint_eq(port, 7777);
	}
}
END_TEST

START_TEST(no_address_prints_a_question_mark)
{
	struct address none = { 0 };
	char text[ADDRESS_TEXT];

	ck_assert_str_eq(address_text(&none, text), "?");
}
END_TEST

static const TTest *const *const tests[] = {
	&text_round_trip,
	&mapped_address_round_trip,
	&notation_determines_the_family,
	&invalid_text_is_refused_and_keeps_the_result,
	&equality_compares_family_and_bytes,
	&sockaddr_round_trip,
	&no_address_prints_a_question_mark,
};

int main(void)
{
	return unit_run("address", tests, ARRAY_SIZE(tests), NULL);
}
