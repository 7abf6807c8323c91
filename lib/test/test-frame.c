/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every buffer given to the decoder is a malloc() of exactly its size, so that
 * a sanitizer or valgrind sees one byte read too many.
 */
#include "frame.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "macro.h"

#define MACS "02000000000b 02000000000a"
#define A4 "0a000001"
#define B4 "0a000002"
#define A6 "fd000000000000000000000000000001"
#define B6 "fd000000000000000000000000000002"
#define PORTS "c8d8 1e61"

#define SYN4                                                                   \
	MACS "0800 4500003c1c46400040060a74" A4 B4 PORTS                       \
	     "fffffff0 00000000 a002 faf0 51e1 0000"                           \
	     "020405b4 0402 080a0000000100000000 01 030307"
#define SYN6                                                                   \
	MACS "86dd 6000000000280640" A6 B6 PORTS                               \
	     "fffffff0 00000000 a002 fd20 69c3 0000"                           \
	     "020405a0 0402 080a0000000100000000 01 030307"
#define DATA_OPTIONS                                                           \
	"0101 080a0000000200000001"                                            \
	"0101 051a 000000c90000012d 00000191000001f5 fffffff000000005"
#define DATA4                                                                  \
	MACS "0800 450000551c46400040060a5b" A4 B4 PORTS                       \
	     "00000001 00000001 f018 01f6 b9fd 0000" DATA_OPTIONS "68656c6c6f"
#define DATA6                                                                  \
	MACS "86dd 6000000000410640" A6 B6 PORTS                               \
	     "00000001 00000001 f018 01f6 d3fb 0000" DATA_OPTIONS "68656c6c6f"
#define RST4                                                                   \
	MACS "0800 450000281c46400040060a88" A4 B4 PORTS                       \
	     "00000007 00000000 5004 0000 b49d 0000"
#define FOUR_SACKS                                                             \
	MACS "0800 460000501c4640004006755b" A4 B4 "94040000" PORTS            \
	     "00000001 00000001 e011 01f6 1b7c 0000 0101 0522"                 \
	     "0000000a0000000f 0000001400000019"                               \
	     "0000001e00000023 000000280000002d"
#define UNKNOWN_OPTIONS                                                        \
	MACS "0800 450000381c46400040060a78" A4 B4 PORTS                       \
	     "00000001 00000001 9010 01f6 3f31 0000"                           \
	     "220a1122334455667788 0000 ffffffff"
#define ARP_REQUEST                                                            \
	MACS "0806 0001080006040001 02000000000a" A4 "000000000000" B4
#define ARP_REPLY MACS "0806 0001080006040002 02000000000a" A4 "02000000000b" B4
#define ICMP4                                                                  \
	MACS "0800 450000381c46400040010a7d" A4 B4 "0301 15c4 00000000"        \
	     "450000141c46400040060a9c" A4 B4 PORTS "00000001"
#define ICMP6                                                                  \
	MACS "86dd 60000000000e3a40" A6 B6 "0103 be61 00000000 71756f746564"
#define ND_SOLICIT                                                             \
	MACS "86dd 6000000000203a40" A6 B6 "8700 7e92 00000000" B6             \
	     "010102000000000a"
#define ND_ADVERT                                                              \
	MACS "86dd 6000000000203a40" A6 B6 "8800 1c93 60000000" A6             \
	     "020102000000000a"
#define ND_ROUTER MACS "86dd 6000000000083a40" A6 B6 "8500 80b8 00000000"
/* hop-by-hop, destination options (16 bytes), routing, atomic fragment */
#define EXTENSIONS6                                                            \
	MACS "86dd 60000000003f0040" A6 B6 "3c00010400000000"                  \
	     "2b01010c000000000000000000000000 2c00000000000000"               \
	     "0600000000000001" PORTS                                          \
	     "00000001 00000002 5010 01f6 f935 0000 6f6464"
#define FIRST_FRAGMENT4                                                        \
	MACS "0800 4500002c1c46200040062a84" A4 B4 PORTS                       \
	     "00000001 00000002 5010 01f6 edd4 0000 61626364"
#define FIRST_FRAGMENT6                                                        \
	MACS "86dd 6000000000202c40" A6 B6 "0600000100000007" PORTS            \
	     "00000001 00000002 5010 01f6 07d3 0000 61626364"
#define LATER_FRAGMENT4                                                        \
	MACS "0800 4500001c1c46000340064a91" A4 B4 "3132333435363738"
#define LATER_FRAGMENT6                                                        \
	MACS "86dd 6000000000102c40" A6 B6 "0600001000000007 3132333435363738"
#define UDP4                                                                   \
	MACS "0800 4500001f1c46400040110a86" A4 B4 "003514e9 000b 1255 616263"
#define UDP4_NO_CHECKSUM                                                       \
	MACS "0800 4500001f1c46400040110a86" A4 B4 "003514e9 000b 0000 616263"

/* Right to the last byte, which belongs to them: none is padded. */
static const struct {
	const char *hex;
	enum frame_kind kind;
	size_t transport_at;
	const char *terse, *verbose;
} known[] = {
	{ SYN4, FRAME_TCP, 34, "S 4294967280:4294967280(0)",
	  "S 4294967280:4294967280(0) win 64240 "
	  "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7> ttl 64" },
	{ SYN6, FRAME_TCP, 54, "S 4294967280:4294967280(0)",
	  "S 4294967280:4294967280(0) win 64800 "
	  "<mss 1440,sackOK,TS val 1 ecr 0,nop,wscale 7> ttl 64" },
	{ DATA4, FRAME_TCP, 34,
	  "P. 1:6(5) ack 1 <sack 201:301 401:501 4294967280:5>",
	  "P. 1:6(5) ack 1 win 502 <nop,nop,TS val 2 ecr 1,nop,nop,"
	  "sack 201:301 401:501 4294967280:5> ttl 64" },
	{ DATA6, FRAME_TCP, 54,
	  "P. 1:6(5) ack 1 <sack 201:301 401:501 4294967280:5>",
	  "P. 1:6(5) ack 1 win 502 <nop,nop,TS val 2 ecr 1,nop,nop,"
	  "sack 201:301 401:501 4294967280:5> ttl 64" },
	{ RST4, FRAME_TCP, 34, "R 7:7(0)", "R 7:7(0) win 0 ttl 64" },
	{ FOUR_SACKS, FRAME_TCP, 38,
	  "F. 1:1(0) ack 1 <sack 10:15 20:25 30:35 40:45>",
	  "F. 1:1(0) ack 1 win 502 "
	  "<nop,nop,sack 10:15 20:25 30:35 40:45> ttl 64" },
	{ UNKNOWN_OPTIONS, FRAME_TCP, 34, ". 1:1(0) ack 1",
	  ". 1:1(0) ack 1 win 502 ttl 64" },
	{ ARP_REQUEST, FRAME_ARP, 0, "arp who-has 10.0.0.2 tell 10.0.0.1",
	  "arp who-has 10.0.0.2 tell 10.0.0.1" },
	{ ARP_REPLY, FRAME_ARP, 0, "arp 10.0.0.1 is-at 02:00:00:00:00:0a",
	  "arp 10.0.0.1 is-at 02:00:00:00:00:0a" },
	{ ICMP4, FRAME_ICMP, 34, "icmp 10.0.0.1 type 3 code 1",
	  "icmp 10.0.0.1 type 3 code 1 ttl 64" },
	{ ICMP6, FRAME_ICMP, 54, "icmp6 fd00::1 type 1 code 3",
	  "icmp6 fd00::1 type 1 code 3 ttl 64" },
	{ ND_SOLICIT, FRAME_ND, 54, "nd who-has fd00::2 tell fd00::1",
	  "nd who-has fd00::2 tell fd00::1 ttl 64" },
	{ ND_ADVERT, FRAME_ND, 54, "nd fd00::1 is-at 02:00:00:00:00:0a",
	  "nd fd00::1 is-at 02:00:00:00:00:0a ttl 64" },
	{ ND_ROUTER, FRAME_ND, 54, "nd fd00::1 type 133 code 0",
	  "nd fd00::1 type 133 code 0 ttl 64" },
	{ EXTENSIONS6, FRAME_TCP, 94, ". 1:4(3) ack 2",
	  ". 1:4(3) ack 2 win 502 ttl 64" },
	{ FIRST_FRAGMENT4, FRAME_TCP, 34, ". 1:5(4) ack 2",
	  ". 1:5(4) ack 2 win 502 ttl 64" },
	{ FIRST_FRAGMENT6, FRAME_TCP, 62, ". 1:5(4) ack 2",
	  ". 1:5(4) ack 2 win 502 ttl 64" },
	{ LATER_FRAGMENT4, FRAME_OTHER, 34, "fragment 10.0.0.1 > 10.0.0.2",
	  "fragment 10.0.0.1 > 10.0.0.2 ttl 64" },
	{ LATER_FRAGMENT6, FRAME_OTHER, 62, "fragment fd00::1 > fd00::2",
	  "fragment fd00::1 > fd00::2 ttl 64" },
	{ UDP4, FRAME_OTHER, 34, "ip 10.0.0.1 > 10.0.0.2",
	  "ip 10.0.0.1 > 10.0.0.2 ttl 64" },
	{ UDP4_NO_CHECKSUM, FRAME_OTHER, 34, "ip 10.0.0.1 > 10.0.0.2",
	  "ip 10.0.0.1 > 10.0.0.2 ttl 64" },
};

/* --- tools --------------------------------------------------------------- */

struct buffer {
	uint8_t *bytes;
	size_t size;
};

static void buffer_deinit(struct buffer *buffer)
{
	free(buffer->bytes);
	buffer->bytes = NULL;
}

static struct buffer buffer_copy(const uint8_t *bytes, size_t size)
{
	struct buffer buffer = { malloc(size), size };

	/* malloc(0) may be NULL */
	ck_assert(buffer.bytes || !size);
	if (size)
		memcpy(buffer.bytes, bytes, size);
	return buffer;
}

static struct buffer from_hex(const char *hex)
{
	uint8_t bytes[512];
	size_t size = 0;
	int used;

	for (; sscanf(hex, " %2hhx%n", &bytes[size], &used) == 1; hex += used)
		ck_assert_uint_lt(++size, sizeof(bytes));
	return buffer_copy(bytes, size);
}

static int decode(struct frame *ret, const uint8_t *bytes, size_t size)
{
	CLEANUP(buffer_deinit) struct buffer exact = buffer_copy(bytes, size);

	return frame_decode(ret, exact.bytes, exact.size);
}

static struct frame decode_hex(const char *hex)
{
	CLEANUP(buffer_deinit) struct buffer buffer = from_hex(hex);
	struct frame frame;

	ck_assert_int_eq(frame_decode(&frame, buffer.bytes, buffer.size), 0);
	return frame;
}

/* The text is valid until the next call. */
static const char *print(const struct frame *frame,
			 const struct segment_base *base, bool verbose)
{
	static char text[512];
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	frame_print(out, frame, base, verbose);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

/* Refused, and the result is unchanged. */
static void assert_malformed(const uint8_t *bytes, size_t size)
{
	struct frame frame, before;

	memset(&frame, 0xa5, sizeof(frame));
	memset(&before, 0xa5, sizeof(before));
	ck_assert_int_eq(decode(&frame, bytes, size), -EBADMSG);
	ck_assert_mem_eq(&frame, &before, sizeof(frame));
}

static void set16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Sets the length field of the IP header to match `size`. */
static void set_ip_length(uint8_t *bytes, size_t size)
{
	if (bytes[12] == 0x08)
		set16(bytes + 16, size - 14);
	else
		set16(bytes + 18, size - 54);
}

/* --- decoding ------------------------------------------------------------ */

START_TEST(known_frames_are_recognised)
{
	struct frame frame = decode_hex(known[_i].hex);

	ck_assert_int_eq(frame.kind, known[_i].kind);
	ck_assert_uint_eq(frame.transport_at, known[_i].transport_at);
	ck_assert_str_eq(print(&frame, NULL, false), known[_i].terse);
	ck_assert_str_eq(print(&frame, NULL, true), known[_i].verbose);
}
END_TEST

START_TEST(a_frame_truncated_anywhere_is_malformed)
{
	CLEANUP(buffer_deinit) struct buffer whole = from_hex(known[_i].hex);

	for (size_t size = 0; size < whole.size; size++)
		assert_malformed(whole.bytes, size);
}
END_TEST

START_TEST(a_truncated_packet_is_not_read_past_its_end)
{
	CLEANUP(buffer_deinit) struct buffer whole = from_hex(known[_i].hex);
	struct frame frame = decode_hex(known[_i].hex);
	size_t least = known[_i].transport_at;

	if (frame.kind == FRAME_TCP)
		least = frame.tcp.payload_at;
	else if (frame.kind == FRAME_ICMP)
		least += frame.source.family == AF_INET ? 8 : 4;
	else if (frame.kind == FRAME_ND)
		least += frame.icmp_type == 133 ? 8 : 24;
	else if (frame.kind == FRAME_ARP)
		return;

	for (size_t size = whole.size; size >= least; size--) {
		set_ip_length(whole.bytes, size);
		ck_assert_int_eq(decode(&frame, whole.bytes, size), 0);
		if (frame.kind == FRAME_TCP)
			ck_assert_uint_eq(frame.tcp.length, size - least);
	}
	for (size_t size = least - 1; size >= 54; size--) {
		set_ip_length(whole.bytes, size);
		assert_malformed(whole.bytes, size);
	}
}
END_TEST

START_TEST(no_corrupt_byte_causes_an_out_of_bounds_read)
{
	CLEANUP(buffer_deinit) struct buffer buffer = from_hex(known[_i].hex);
	FILE *out = fopen("/dev/null", "we");
	struct frame frame;
	unsigned int refused = 0;

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < buffer.size * 256; i++) {
		uint8_t *at = &buffer.bytes[i / 256], right = *at;

		*at = (uint8_t)i;
		frame_checksums_right(buffer.bytes, buffer.size);
		if (frame_decode(&frame, buffer.bytes, buffer.size) < 0)
			refused++;
		else
			frame_print(out, &frame, NULL, true);
		*at = right;
	}
	fclose(out);
	ck_assert_uint_gt(refused, 0);
}
END_TEST

START_TEST(ethernet_padding_is_not_payload)
{
	static const struct {
		const char *hex;
		uint32_t length;
	} frames[] = { { RST4, 0 }, { DATA4, 5 }, { DATA6, 5 } };
	CLEANUP(buffer_deinit) struct buffer bare = from_hex(frames[_i].hex);
	uint8_t padded[256] = { 0 };
	struct frame frame;

	memcpy(padded, bare.bytes, bare.size);
	for (size_t size = bare.size; size < bare.size + 40; size++) {
		ck_assert_int_eq(decode(&frame, padded, size), 0);
		ck_assert_uint_eq(frame.tcp.length, frames[_i].length);
		ck_assert_uint_eq(frame.size, size);
		ck_assert(frame_checksums_right(padded, size));
	}
}
END_TEST

static void assert_text_is(const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT];

	ck_assert_str_eq(address_text(address, text), expected);
}

START_TEST(a_syn_has_all_its_fields)
{
	static const uint8_t from[] = { 2, 0, 0, 0, 0, 10 };
	static const uint8_t to[] = { 2, 0, 0, 0, 0, 11 };
	struct frame frame = decode_hex(SYN4);

	ck_assert_mem_eq(frame.source_mac, from, FRAME_MAC);
	ck_assert_mem_eq(frame.destination_mac, to, FRAME_MAC);
	ck_assert_uint_eq(frame.ethertype, 0x0800);
	ck_assert_uint_eq(frame.size, 74);
	assert_text_is(&frame.source, "10.0.0.1");
	assert_text_is(&frame.destination, "10.0.0.2");
	ck_assert_uint_eq(frame.ttl, 64);
	ck_assert_uint_eq(frame.ip_id, 0x1c46);
	ck_assert(!frame.fragment);

	ck_assert_uint_eq(frame.tcp.source_port, 51416);
	ck_assert_uint_eq(frame.tcp.destination_port, 7777);
	ck_assert_uint_eq(frame.tcp.seq, 0xfffffff0);
	ck_assert_uint_eq(frame.tcp.ack, 0);
	ck_assert_uint_eq(frame.tcp.flags, SEGMENT_SYN);
	ck_assert_uint_eq(frame.tcp.window, 64240);
	ck_assert_uint_eq(frame.tcp.payload_at, 74);
	ck_assert_uint_eq(frame.tcp.length, 0);
	ck_assert(frame.tcp.has_mss && frame.tcp.mss == 1460);
	ck_assert(frame.tcp.has_window_scale && frame.tcp.window_scale == 7);
	ck_assert(frame.tcp.sack_permitted);
	ck_assert(frame.tcp.has_timestamps && frame.tcp.tsval == 1);
	ck_assert_uint_eq(frame.tcp.tsecr, 0);
	ck_assert_uint_eq(frame.tcp.n_sacks, 0);
}
END_TEST

START_TEST(ipv6_data_has_all_its_fields)
{
	struct frame frame = decode_hex(DATA6);

	ck_assert_uint_eq(frame.ethertype, 0x86dd);
	assert_text_is(&frame.source, "fd00::1");
	assert_text_is(&frame.destination, "fd00::2");
	ck_assert_uint_eq(frame.ip_id, 0);
	ck_assert_uint_eq(frame.tcp.flags, SEGMENT_PSH | SEGMENT_ACK);
	ck_assert_uint_eq(frame.tcp.payload_at, 114);
	ck_assert_uint_eq(frame.tcp.length, 5);
	ck_assert(!frame.tcp.has_mss && !frame.tcp.has_window_scale);
	ck_assert(!frame.tcp.sack_permitted);
	ck_assert_uint_eq(frame.tcp.tsval, 2);
	ck_assert_uint_eq(frame.tcp.tsecr, 1);
	ck_assert_uint_eq(frame.tcp.n_sacks, 3);
	ck_assert_uint_eq(frame.tcp.sacks[0].left, 201);
	ck_assert_uint_eq(frame.tcp.sacks[1].right, 501);
	ck_assert_uint_eq(frame.tcp.sacks[2].left, 0xfffffff0);
	ck_assert_uint_eq(frame.tcp.sacks[2].right, 5);
}
END_TEST

/* Twelve bytes of options, which replace those of DATA4. */
static const struct {
	const char *hex;
	bool right;
} option_sets[] = {
	{ "020405b4 0402 0101 01 030307", true },
	{ "01010101 01010101 01010101", true },
	{ "00ffffff ffffffff ffffffff", true }, /* what follows an EOL */
	{ "0101 050a 0000000100000002", true },
	{ "fe02 fd03ff 0101010101 fc02", true }, /* unknown kinds */
	{ "0200 01010101010101010101", false }, /* size 0 */
	{ "0201 01010101010101010101", false },
	{ "fe00 01010101010101010101", false },
	{ "fe01 01010101010101010101", false },
	{ "0203ff 010101010101010101", false }, /* size of MSS is 4 */
	{ "0205ffffff 01010101010101", false },
	{ "0302 01010101010101010101", false },
	{ "0304ffff 0101010101010101", false },
	{ "0403ff 010101010101010101", false },
	{ "0809 00000000000000 010101", false },
	{ "080b 000000000000000000 01", false },
	{ "0502 01010101010101010101", false }, /* no SACK block */
	{ "0509 00000000000000 010101", false }, /* incomplete block */
	{ "050b 000000000000000000 01", false },
	{ "01010101010101010101 0204", false }, /* beyond the header */
	{ "0101010101010101010101 02", false }, /* no room for a size */
	{ "0101010101010101010101 fe", false },
	{ "fe0d 00000000000000000000", false },
	{ "feff 00000000000000000000", false },
	{ "0512 00000000000000000000", false },
};

START_TEST(option_sizes_are_checked)
{
	CLEANUP(buffer_deinit)
	struct buffer set = from_hex(option_sets[_i].hex);
	CLEANUP(buffer_deinit) struct buffer frame = from_hex(DATA4);
	size_t size = 54 + 12;
	struct frame decoded;

	ck_assert_uint_eq(set.size, 12);
	memcpy(frame.bytes + 54, set.bytes, set.size);
	frame.bytes[46] = (20 + 12) / 4 << 4;
	set_ip_length(frame.bytes, size);
	if (!option_sets[_i].right) {
		assert_malformed(frame.bytes, size);
		return;
	}
	ck_assert_int_eq(decode(&decoded, frame.bytes, size), 0);
	ck_assert_uint_eq(decoded.tcp.length, 0);
}
END_TEST

/* One altered byte, and the beginning of the message. */
static const struct {
	const char *hex;
	size_t at;
	uint8_t value;
	const char *field;
} contradictions[] = {
	{ DATA4, 14, 0x44, "IPv4 header length at offset 14" },
	{ DATA4, 14, 0x40, "IPv4 header length at offset 14" },
	{ RST4, 14, 0x4f, "IPv4 header length at offset 14" },
	{ DATA4, 14, 0x65, "IPv4 version at offset 14" },
	{ DATA6, 14, 0x40, "IPv6 version at offset 14" },
	{ DATA4, 17, 0x56, "IPv4 total length at offset 16" },
	{ DATA4, 16, 0x80, "IPv4 total length at offset 16" },
	{ DATA4, 17, 19, "IPv4 header length at offset 14" },
	{ DATA6, 19, 0x42, "IPv6 payload length at offset 18" },
	{ DATA6, 18, 0x80, "IPv6 payload length at offset 18" },
	{ DATA4, 46, 0x40, "TCP data offset at offset 46" },
	{ DATA4, 46, 0, "TCP data offset at offset 46" },
	{ RST4, 46, 0x60, "TCP data offset at offset 46" },
	{ DATA4, 57, 1, "TCP option 8 at offset 56" },
	{ EXTENSIONS6, 55, 0xff, "IPv6 extension header at offset 54" },
	{ EXTENSIONS6, 63, 8, "IPv6 extension header at offset 62" },
	{ ARP_REQUEST, 18, 5, "ARP hardware length at offset 18" },
	{ ARP_REQUEST, 19, 16, "ARP protocol length at offset 19" },
};

START_TEST(contradictory_lengths_are_malformed)
{
	CLEANUP(buffer_deinit)
	struct buffer buffer = from_hex(contradictions[_i].hex);
	const char *field = contradictions[_i].field;

	buffer.bytes[contradictions[_i].at] = contradictions[_i].value;
	assert_malformed(buffer.bytes, buffer.size);
	ck_assert_msg(strncmp(error_message(), field, strlen(field)) == 0,
		      "%s, not %s", error_message(), field);
}
END_TEST

START_TEST(extension_headers_cannot_overflow_an_offset)
{
	enum { LINKS = 31, LINK = 2048, LAST = 2024, TCP = 20 };
	size_t size = 54 + LINKS * LINK + LAST + TCP;
	uint8_t *bytes = calloc(1, size);
	struct frame frame;

	ck_assert_ptr_nonnull(bytes);
	bytes[12] = 0x86;
	bytes[13] = 0xdd;
	bytes[14] = 0x60;
	bytes[20] = 60;
	for (size_t at = 54; at < 54 + LINKS * LINK; at += LINK) {
		bytes[at] = 60;
		bytes[at + 1] = LINK / 8 - 1;
	}
	bytes[54 + LINKS * LINK] = IPPROTO_TCP;
	bytes[54 + LINKS * LINK + 1] = LAST / 8 - 1;
	bytes[size - TCP + 12] = 0x50;
	set_ip_length(bytes, size);
	assert_malformed(bytes, size);

	/* One extension header less: the offset of TCP fits into 16 bits. */
	bytes[54 + (LINKS - 1) * LINK] = IPPROTO_TCP;
	bytes[54 + LINKS * LINK + 12] = 0x50;
	ck_assert_int_eq(decode(&frame, bytes, size), 0);
	ck_assert_uint_eq(frame.transport_at, 54 + LINKS * LINK);
	ck_assert_uint_eq(frame.tcp.length, LAST);
	free(bytes);
}
END_TEST

START_TEST(a_later_fragment_is_decoded_up_to_ip)
{
	struct frame frame;

	frame = decode_hex(FIRST_FRAGMENT4);
	ck_assert(!frame.fragment);
	ck_assert_uint_eq(frame.tcp.destination_port, 7777);

	frame = decode_hex(LATER_FRAGMENT4);
	ck_assert(frame.fragment);
	ck_assert_uint_eq(frame.tcp.destination_port, 0);
	ck_assert(!frame_is_data(&frame));

	frame = decode_hex(LATER_FRAGMENT6);
	ck_assert(frame.fragment);
	ck_assert_uint_eq(frame.tcp.destination_port, 0);
}
END_TEST

START_TEST(arp_and_icmp_have_their_fields)
{
	struct frame frame;

	frame = decode_hex(ARP_REQUEST);
	ck_assert_uint_eq(frame.arp_operation, 1);
	assert_text_is(&frame.source, "10.0.0.1");
	assert_text_is(&frame.destination, "10.0.0.2");

	frame = decode_hex(ARP_REPLY);
	ck_assert_uint_eq(frame.arp_operation, 2);
	frame.arp_operation = 3;
	ck_assert_str_eq(print(&frame, NULL, false), "arp operation 3");

	frame = decode_hex(ICMP4);
	ck_assert_uint_eq(frame.icmp_type, 3);
	ck_assert_uint_eq(frame.icmp_code, 1);

	frame = decode_hex(ND_SOLICIT);
	ck_assert_uint_eq(frame.icmp_type, 135);
	assert_text_is(&frame.source, "fd00::1");
	assert_text_is(&frame.nd_target, "fd00::2");

	frame = decode_hex(ND_ROUTER);
	ck_assert_uint_eq(frame.nd_target.family, 0);
}
END_TEST

START_TEST(unknown_protocols_are_other)
{
	struct frame frame;

	frame = decode_hex(MACS "88cc");
	ck_assert_int_eq(frame.kind, FRAME_OTHER);
	ck_assert_str_eq(print(&frame, NULL, true), "ethertype 0x88cc");

	/* ARP of a network that is not Ethernet */
	frame = decode_hex(MACS "0806 0020080008040001 02000000000a" A4
				"000000000000" B4);
	ck_assert_int_eq(frame.kind, FRAME_OTHER);
	ck_assert_str_eq(print(&frame, NULL, true), "ethertype 0x0806");

	/* Protocol 1 (ICMP for IPv4) in an IPv6 packet */
	frame = decode_hex(MACS "86dd 60000000000e0140" A6 B6
				"0103be6100000000 71756f746564");
	ck_assert_int_eq(frame.kind, FRAME_OTHER);
}
END_TEST

/* --- checksums ----------------------------------------------------------- */

START_TEST(known_frames_have_correct_checksums)
{
	CLEANUP(buffer_deinit) struct buffer buffer = from_hex(known[_i].hex);

	ck_assert(frame_checksums_right(buffer.bytes, buffer.size));
}
END_TEST

static const struct {
	const char *hex;
	size_t from; /* the first byte that a checksum covers */
} covered[] = {
	{ SYN4, 14 }, { DATA4, 14 }, { FOUR_SACKS, 14 }, { ICMP4, 14 },
	{ UDP4, 14 }, { DATA6, 22 }, { ICMP6, 22 },	 { ND_SOLICIT, 22 },
};

START_TEST(any_corrupt_byte_invalidates_the_checksum)
{
	CLEANUP(buffer_deinit) struct buffer buffer = from_hex(covered[_i].hex);

	for (size_t at = covered[_i].from; at < buffer.size; at++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			buffer.bytes[at] ^= (uint8_t)(1 << bit);
			ck_assert_msg(!frame_checksums_right(buffer.bytes,
							     buffer.size),
				      "byte %zu bit %u", at, bit);
			buffer.bytes[at] ^= (uint8_t)(1 << bit);
		}
}
END_TEST

START_TEST(a_truncated_frame_has_no_correct_checksum)
{
	CLEANUP(buffer_deinit) struct buffer whole = from_hex(known[_i].hex);

	for (size_t size = 0; size < whole.size; size++) {
		CLEANUP(buffer_deinit)
		struct buffer cut = buffer_copy(whole.bytes, size);

		ck_assert(!frame_checksums_right(cut.bytes, cut.size));
	}
}
END_TEST

START_TEST(fragments_and_routed_packets_are_checked_by_their_ip_header)
{
	CLEANUP(buffer_deinit) struct buffer four = from_hex(FIRST_FRAGMENT4);
	CLEANUP(buffer_deinit) struct buffer first = from_hex(FIRST_FRAGMENT6);
	CLEANUP(buffer_deinit) struct buffer six = from_hex(EXTENSIONS6);

	four.bytes[four.size - 1] ^= 1;
	ck_assert(frame_checksums_right(four.bytes, four.size));
	four.bytes[24] ^= 1;
	ck_assert(!frame_checksums_right(four.bytes, four.size));

	first.bytes[first.size - 1] ^= 1;
	ck_assert(frame_checksums_right(first.bytes, first.size));

	six.bytes[six.size - 1] ^= 1;
	ck_assert(!frame_checksums_right(six.bytes, six.size));
	six.bytes[81] = 1; /* segments left in the routing header */
	ck_assert(frame_checksums_right(six.bytes, six.size));
}
END_TEST

/* The kernel's partial checksum: the folded sum of the pseudo-header. */
static const struct {
	const char *hex;
	uint16_t start, offset;
	uint8_t partial[2];
} partials[] = {
	{ SYN4, 34, 16, { 0x14, 0x31 } },
	{ DATA4, 34, 16, { 0x14, 0x4a } },
	{ DATA6, 54, 16, { 0xfa, 0x4b } },
	{ UDP4, 34, 6, { 0x14, 0x1f } },
};

START_TEST(a_partial_checksum_is_completed)
{
	CLEANUP(buffer_deinit)
	struct buffer buffer = from_hex(partials[_i].hex);
	CLEANUP(buffer_deinit)
	struct buffer expected = buffer_copy(buffer.bytes, buffer.size);
	uint16_t start = partials[_i].start, offset = partials[_i].offset;

	memcpy(buffer.bytes + start + offset, partials[_i].partial, 2);
	ck_assert(!frame_checksums_right(buffer.bytes, buffer.size));
	ck_assert_int_eq(frame_complete_checksum(buffer.bytes, buffer.size,
						 start, offset),
			 0);
	ck_assert_mem_eq(buffer.bytes, expected.bytes, expected.size);
}
END_TEST

START_TEST(a_completed_checksum_is_never_zero)
{
	uint8_t bytes[] = { 0, 0, 0xff, 0xff };

	ck_assert_int_eq(frame_complete_checksum(bytes, 4, 0, 0), 0);
	ck_assert_uint_eq(bytes[0], 0xff);
	ck_assert_uint_eq(bytes[1], 0xff);
}
END_TEST

START_TEST(a_checksum_outside_the_frame_is_refused)
{
	CLEANUP(buffer_deinit) struct buffer buffer = from_hex(RST4);
	CLEANUP(buffer_deinit)
	struct buffer before = buffer_copy(buffer.bytes, buffer.size);
	static const uint16_t wrong[][2] = {
		{ 34, 19 }, { 53, 0 },	  { 54, 0 },	    { 60, 0 },
		{ 0, 53 },  { 0, 65535 }, { 65535, 65535 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(
			frame_complete_checksum(buffer.bytes, buffer.size,
						wrong[i][0], wrong[i][1]),
			-EBADMSG);
	ck_assert_mem_eq(buffer.bytes, before.bytes, before.size);
	/* A checksum field in the last two bytes is inside the frame. */
	ck_assert_int_eq(
		frame_complete_checksum(buffer.bytes, buffer.size, 34, 18), 0);
}
END_TEST

/* --- encoding ------------------------------------------------------------ */

static const char *const rebuilt[] = { SYN4, SYN6, DATA4, DATA6, RST4 };

START_TEST(decoded_frames_are_encoded_to_equal_bytes)
{
	CLEANUP(buffer_deinit) struct buffer original = from_hex(rebuilt[_i]);
	CLEANUP(buffer_deinit)
	struct buffer copy = buffer_copy(original.bytes, original.size);
	struct frame frame = decode_hex(rebuilt[_i]);

	memset(copy.bytes, 0xa5, copy.size);
	ck_assert_int_eq(
		frame_encode_tcp(copy.bytes, copy.size, &frame,
				 original.bytes + frame.tcp.payload_at),
		(ssize_t)original.size);
	ck_assert_mem_eq(copy.bytes, original.bytes, original.size);
}
END_TEST

START_TEST(a_small_buffer_is_not_written)
{
	struct frame frame = decode_hex(DATA4);

	for (size_t size = 0; size < 99; size++) {
		CLEANUP(buffer_deinit)
		struct buffer buffer = { malloc(size), size };

		ck_assert_int_eq(
			frame_encode_tcp(buffer.bytes, size, &frame, "hello"),
			-ENOBUFS);
	}
}
END_TEST

/* Adds the options whose bits are set in `which`; bits 4 to 6 are the number of
 * SACK blocks. */
static void add_options(struct segment *tcp, unsigned int which)
{
	tcp->has_mss = which & 1;
	tcp->has_window_scale = which & 2;
	tcp->has_timestamps = which & 4;
	tcp->sack_permitted = which & 8;
	tcp->n_sacks = which >> 4 & 7;
	tcp->mss = tcp->has_mss ? 1460 : 0;
	tcp->window_scale = tcp->has_window_scale ? 14 : 0;
	tcp->tsval = tcp->has_timestamps ? 0xdeadbeef : 0;
	tcp->tsecr = tcp->has_timestamps ? 0xfeedf00d : 0;
	for (uint32_t i = 0; i < MIN(tcp->n_sacks, SEGMENT_SACKS_MAX); i++) {
		tcp->sacks[i].left = 1000 * i;
		tcp->sacks[i].right = 1000 * i + 500;
	}
}

/* Compares the printed text and the fields that it does not contain. */
static void assert_same_segment(const struct frame *got,
				const struct frame *expected)
{
	char text[512];

	strcpy(text, print(expected, NULL, true));
	ck_assert_str_eq(print(got, NULL, true), text);
	ck_assert_uint_eq(got->tcp.source_port, expected->tcp.source_port);
	ck_assert_uint_eq(got->tcp.destination_port,
			  expected->tcp.destination_port);
	ck_assert(address_equal(&got->source, &expected->source));
	ck_assert(address_equal(&got->destination, &expected->destination));
	ck_assert_uint_eq(got->ip_id, expected->ip_id);
}

static void round_trip(int family, unsigned int options, uint32_t length)
{
	const char *hex = family == AF_INET ? RST4 : SYN6;
	struct frame frame = decode_hex(hex), copy;
	uint8_t payload[64], bytes[256];
	ssize_t size;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(0xff - i);
	frame.ttl = 3;
	frame.tcp.ack = 0x80000001;
	frame.tcp.flags = 0xff;
	frame.tcp.length = length;
	add_options(&frame.tcp, options);
	size = frame_encode_tcp(bytes, sizeof(bytes), &frame,
				length ? payload : NULL);
	if (size == -EINVAL) /* see oversized_frames_are_refused */
		return;
	ck_assert_int_gt(size, 0);

	ck_assert(frame_checksums_right(bytes, (size_t)size));
	ck_assert_int_eq(decode(&copy, bytes, (size_t)size), 0);
	ck_assert_uint_eq(copy.size, (size_t)size);
	ck_assert_mem_eq(bytes + copy.tcp.payload_at, payload, length);
	assert_same_segment(&copy, &frame);
}

START_TEST(every_combination_of_options_round_trips)
{
	for (uint32_t length = 0; length <= 8; length++) {
		round_trip(AF_INET, (unsigned int)_i, length);
		round_trip(AF_INET6, (unsigned int)_i, length);
	}
}
END_TEST

static ssize_t encode(const struct frame *frame)
{
	static uint8_t bytes[70000], payload[66000];

	return frame_encode_tcp(bytes, sizeof(bytes), frame, payload);
}

START_TEST(oversized_frames_are_refused)
{
	struct frame four = decode_hex(RST4), six = decode_hex(SYN6), frame;

	frame = four;
	frame.source.family = 0;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	frame = four;
	frame.destination = six.destination;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	frame = four;
	frame.source.family = frame.destination.family = AF_UNIX;
	ck_assert_int_eq(encode(&frame), -EINVAL);

	/* Maximum: four SACK blocks, or three with timestamps. */
	frame = four;
	frame.tcp.n_sacks = 4;
	ck_assert_int_eq(encode(&frame), 14 + 20 + 20 + 36);
	frame.tcp.n_sacks = 5;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	frame.tcp.n_sacks = 255;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	frame.tcp.n_sacks = 3;
	frame.tcp.has_timestamps = true;
	ck_assert_int_eq(encode(&frame), 14 + 20 + 20 + 40);
	frame.tcp.n_sacks = 4;
	ck_assert_int_eq(encode(&frame), -EINVAL);

	frame = four;
	frame.tcp.length = 65535 - 40;
	ck_assert_int_eq(encode(&frame), 14 + 65535);
	frame.tcp.length++;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	frame.tcp.length = UINT32_MAX;
	ck_assert_int_eq(encode(&frame), -EINVAL);
	six.tcp.length = 65535 - 40;
	ck_assert_int_eq(encode(&six), 14 + 40 + 65535);
	six.tcp.length++;
	ck_assert_int_eq(encode(&six), -EINVAL);
}
END_TEST

START_TEST(ttl_0_becomes_64)
{
	const char *const hex[] = { RST4, SYN6 };
	struct frame frame = decode_hex(hex[_i]), copy;
	uint8_t bytes[128];
	ssize_t size;

	frame.ttl = 0;
	size = frame_encode_tcp(bytes, sizeof(bytes), &frame, NULL);
	ck_assert_int_eq(decode(&copy, bytes, (size_t)size), 0);
	ck_assert_uint_eq(copy.ttl, 64);
}
END_TEST

/* --- classification ------------------------------------------------------ */

enum { SYN = 1, SYN_ACK = 2, FIN = 4, RST = 8, DATA = 16, PURE = 32 };

static const struct {
	uint8_t flags;
	uint32_t length;
	unsigned int is;
	uint32_t sequence_length;
} segments[] = {
	{ SEGMENT_SYN, 0, SYN, 1 },
	{ SEGMENT_SYN, 10, SYN | DATA, 11 }, /* fast open */
	{ SEGMENT_SYN | SEGMENT_ECE | SEGMENT_CWR, 0, SYN, 1 },
	{ SEGMENT_SYN | SEGMENT_ACK, 0, SYN_ACK, 1 },
	{ SEGMENT_ACK, 0, PURE, 0 },
	{ SEGMENT_ACK | SEGMENT_PSH, 0, PURE, 0 },
	{ SEGMENT_ACK, 1, DATA, 1 },
	{ SEGMENT_FIN | SEGMENT_ACK, 0, FIN, 1 },
	{ SEGMENT_FIN | SEGMENT_ACK, 7, FIN | DATA, 8 },
	{ SEGMENT_RST, 0, RST, 0 },
	{ SEGMENT_RST | SEGMENT_ACK, 0, RST, 0 },
	{ 0, 0, 0, 0 },
	{ 0, UINT32_MAX, DATA, UINT32_MAX },
};

static unsigned int what_is(const struct frame *frame)
{
	return (frame_is_syn(frame) ? SYN : 0) |
	       (frame_is_syn_ack(frame) ? SYN_ACK : 0) |
	       (frame_is_fin(frame) ? FIN : 0) |
	       (frame_is_rst(frame) ? RST : 0) |
	       (frame_is_data(frame) ? DATA : 0) |
	       (frame_is_pure_ack(frame) ? PURE : 0);
}

START_TEST(flags_and_length_classify_a_segment)
{
	struct frame frame = { .kind = FRAME_TCP };

	frame.tcp.flags = segments[_i].flags;
	frame.tcp.length = segments[_i].length;
	ck_assert_uint_eq(what_is(&frame), segments[_i].is);
	ck_assert_uint_eq(frame_sequence_length(&frame),
			  segments[_i].sequence_length);

	/* The TCP fields of a frame of another kind have no meaning. */
	frame.kind = FRAME_ICMP;
	ck_assert_uint_eq(what_is(&frame), 0);
	ck_assert_uint_eq(frame_sequence_length(&frame), 0);
}
END_TEST

START_TEST(sequence_numbers_wrap_around)
{
	ck_assert(sequence_before(1, 2));
	ck_assert(!sequence_before(2, 1));
	ck_assert(!sequence_before(2, 2));
	ck_assert(sequence_before(UINT32_MAX, 0));
	ck_assert(!sequence_before(0, UINT32_MAX));
	ck_assert(sequence_before(0xffffff00, 0x100));
	ck_assert(sequence_before(0, INT32_MAX));
	ck_assert(!sequence_before(INT32_MAX, 0));
}
END_TEST

/* --- printing ------------------------------------------------------------ */

static const struct {
	const char *text;
	struct segment tcp;
	bool verbose;
} notations[] = {
	/* ISN of the sender: 1000, of the receiver: 5000 */
	{ "S 0:0(0)", { .flags = SEGMENT_SYN, .seq = 1000, .window = 9 } },
	{ "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
	  { .flags = SEGMENT_SYN,
	    .seq = 1000,
	    .window = 64240,
	    .has_mss = true,
	    .mss = 1460,
	    .sack_permitted = true,
	    .has_timestamps = true,
	    .tsval = 1,
	    .has_window_scale = true,
	    .window_scale = 7 },
	  true },
	{ "S. 0:0(0) ack 1 win 65160 <mss 1460,nop,nop,sackOK>",
	  { .flags = SEGMENT_SYN | SEGMENT_ACK,
	    .seq = 1000,
	    .ack = 5001,
	    .window = 65160,
	    .has_mss = true,
	    .mss = 1460,
	    .sack_permitted = true },
	  true },
	{ "P. 1:101(100) ack 1",
	  { .flags = SEGMENT_PSH | SEGMENT_ACK,
	    .seq = 1001,
	    .ack = 5001,
	    .window = 9,
	    .length = 100,
	    .has_timestamps = true } },
	{ "R 1:1(0)", { .flags = SEGMENT_RST, .seq = 1001, .ack = 77 } },
	{ "F. 1:1(0) ack 1",
	  { .flags = SEGMENT_FIN | SEGMENT_ACK,
	    .seq = 1001,
	    .ack = 5001,
	    .window = 9 } },
	{ ". 1:1(0) ack 101 <sack 201:301>",
	  { .flags = SEGMENT_ACK,
	    .seq = 1001,
	    .ack = 5101,
	    .window = 9,
	    .n_sacks = 1,
	    .sacks = { { 5201, 5301 } } } },
	{ ". 1:1(0) ack 1 win 0 <nop,nop,sack 201:301 401:501>",
	  { .flags = SEGMENT_ACK,
	    .seq = 1001,
	    .ack = 5001,
	    .n_sacks = 2,
	    .sacks = { { 5201, 5301 }, { 5401, 5501 } } },
	  true },
	{ "- 0:1(1)", { .seq = 1000, .length = 1 } },
	{ "E 0:0(0)", { .flags = SEGMENT_ECE, .seq = 1000 } },
	{ "W 0:0(0)", { .flags = SEGMENT_CWR, .seq = 1000 } },
	{ "U 0:0(0)", { .flags = SEGMENT_URG, .seq = 1000 } },
	{ "FSRP.EWU 0:0(0) ack 0",
	  { .flags = 0xff, .seq = 1000, .ack = 5000 } },
	{ ". 4294967295:4294967295(0) ack 0", /* before the ISN */
	  { .flags = SEGMENT_ACK, .seq = 999, .ack = 5000, .window = 9 } },
	/* A zero window is always printed, but a RST has no window. */
	{ ". 1:1(0) ack 1 win 0",
	  { .flags = SEGMENT_ACK, .seq = 1001, .ack = 5001 } },
	{ "R. 1:1(0) ack 1",
	  { .flags = SEGMENT_RST | SEGMENT_ACK, .seq = 1001, .ack = 5001 } },
};

START_TEST(segments_print_in_packetdrill_notation)
{
	static const struct segment_base base = { true, true, 1000, 5000 };
	struct frame frame = { .kind = FRAME_TCP, .tcp = notations[_i].tcp };

	ck_assert_str_eq(print(&frame, &base, notations[_i].verbose),
			 notations[_i].text);
}
END_TEST

START_TEST(relative_numbers_wrap_around)
{
	static const struct segment_base base = { true, true, 0xfffffff0,
						  0xffffff38 };
	struct frame frame = { .kind = FRAME_TCP };

	frame.tcp.flags = SEGMENT_ACK;
	frame.tcp.seq = 0xfffffff1;
	frame.tcp.length = 100;
	frame.tcp.window = 9;
	frame.tcp.ack = 0x64; /* 300 after 0xffffff38 */
	frame.tcp.n_sacks = 1;
	frame.tcp.sacks[0].left = 0xc8;
	frame.tcp.sacks[0].right = 0x12c;
	ck_assert_str_eq(print(&frame, &base, false),
			 ". 1:101(100) ack 300 <sack 400:500>");

	frame.tcp.seq = 5;
	ck_assert_str_eq(print(&frame, &base, false),
			 ". 21:121(100) ack 300 <sack 400:500>");

	/* Absolute sequence numbers: the end of the segment wraps around. */
	frame.tcp.seq = 0xfffffff1;
	ck_assert_str_eq(print(&frame, NULL, false),
			 ". 4294967281:85(100) ack 100 <sack 200:300>");
}
END_TEST

START_TEST(numbers_without_isn_print_absolute)
{
	struct frame frame = decode_hex(DATA4);
	struct segment_base base = { .knows_sender = true,
				     .sender = 1,
				     .receiver = 1 };

	ck_assert_str_eq(print(&frame, &base, false),
			 "P. 0:5(5) ack 1 "
			 "<sack 201:301 401:501 4294967280:5>");
	base = (struct segment_base){ .knows_receiver = true,
				      .sender = 1,
				      .receiver = 1 };
	ck_assert_str_eq(print(&frame, &base, false),
			 "P. 1:6(5) ack 0 "
			 "<sack 200:300 400:500 4294967279:4>");
}
END_TEST

START_TEST(icmp_messages_print_with_their_sender)
{
	struct frame frame = { .kind = FRAME_ICMP,
			       .icmp_type = 3,
			       .icmp_code = 1 };

	ck_assert_int_eq(address_parse(&frame.source, "10.0.0.9"), 0);
	ck_assert_str_eq(print(&frame, NULL, false),
			 "icmp 10.0.0.9 type 3 code 1");
}
END_TEST

static TCase *decoding(void)
{
	TCase *tcase = tcase_create("decoding");
	int n_known = ARRAY_SIZE(known);

	tcase_add_loop_test(tcase, known_frames_are_recognised, 0, n_known);
	tcase_add_loop_test(tcase, a_frame_truncated_anywhere_is_malformed, 0,
			    n_known);
	tcase_add_loop_test(tcase, a_truncated_packet_is_not_read_past_its_end,
			    0, n_known);
	tcase_add_loop_test(tcase, no_corrupt_byte_causes_an_out_of_bounds_read,
			    0, n_known);
	tcase_add_loop_test(tcase, ethernet_padding_is_not_payload, 0, 3);
	tcase_add_test(tcase, a_syn_has_all_its_fields);
	tcase_add_test(tcase, ipv6_data_has_all_its_fields);
	tcase_add_loop_test(tcase, option_sizes_are_checked, 0,
			    ARRAY_SIZE(option_sets));
	tcase_add_loop_test(tcase, contradictory_lengths_are_malformed, 0,
			    ARRAY_SIZE(contradictions));
	tcase_add_test(tcase, extension_headers_cannot_overflow_an_offset);
	tcase_add_test(tcase, a_later_fragment_is_decoded_up_to_ip);
	tcase_add_test(tcase, arp_and_icmp_have_their_fields);
	tcase_add_test(tcase, unknown_protocols_are_other);
	return tcase;
}

static TCase *checksums(void)
{
	TCase *tcase = tcase_create("checksums");

	tcase_add_loop_test(tcase, known_frames_have_correct_checksums, 0,
			    ARRAY_SIZE(known));
	tcase_add_loop_test(tcase, any_corrupt_byte_invalidates_the_checksum, 0,
			    ARRAY_SIZE(covered));
	tcase_add_loop_test(tcase, a_truncated_frame_has_no_correct_checksum, 0,
			    ARRAY_SIZE(known));
	tcase_add_test(
		tcase,
		fragments_and_routed_packets_are_checked_by_their_ip_header);
	tcase_add_loop_test(tcase, a_partial_checksum_is_completed, 0,
			    ARRAY_SIZE(partials));
	tcase_add_test(tcase, a_completed_checksum_is_never_zero);
	tcase_add_test(tcase, a_checksum_outside_the_frame_is_refused);
	return tcase;
}

/* The ICMP error is valid and quotes the beginning of the packet. */
START_TEST(an_unreachable_quotes_the_packet)
{
	const bool v6 = _i & 1;
	const enum frame_unreachable why = (enum frame_unreachable)(_i >> 1);
	static const uint8_t codes[2][4] = { { 0, 1, 3, 13 }, { 0, 3, 4, 1 } };
	struct frame about = { .ttl = 9 }, seen;
	uint8_t asked[2000], answer[2000];
	static const uint8_t filler[1800];
	ssize_t size, n;

	address_parse(&about.source, v6 ? "fd00::1" : "10.0.0.1");
	address_parse(&about.destination, v6 ? "fd00::2" : "10.0.0.2");
	about.source_mac[5] = 1;
	about.destination_mac[5] = 2;
	about.tcp.length = 1400;
	size = frame_encode_tcp(asked, sizeof(asked), &about, filler);
	n = frame_encode_unreachable(answer, sizeof(answer), asked,
				     (size_t)size, why);
	ck_assert_int_eq(n, 14 + (v6 ? 1280 : 576));
	ck_assert_int_eq(frame_decode(&seen, answer, (size_t)n), 0);
	ck_assert(frame_checksums_right(answer, (size_t)n));
	ck_assert_int_eq(seen.kind, FRAME_ICMP);
	ck_assert_uint_eq(seen.icmp_type, v6 ? 1 : 3);
	ck_assert_uint_eq(seen.icmp_code, codes[v6][why]);
	ck_assert(address_equal(&seen.source, &about.destination));
	ck_assert_uint_eq(seen.destination_mac[5], 1);
	ck_assert_mem_eq(answer + seen.transport_at + 8, asked + 14, 500);
	ck_assert_int_eq(frame_encode_unreachable(answer, (size_t)n - 1, asked,
						  (size_t)size, why),
			 -ENOBUFS);
}
END_TEST

/* Gratuitous ARP, or an unsolicited neighbour advertisement with override. */
START_TEST(an_announcement_is_a_valid_broadcast)
{
	static const uint8_t mac[FRAME_MAC] = { 2, 0, 0, 0, 0, 7 };
	static const uint8_t all_nodes[FRAME_MAC] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t everyone[FRAME_MAC] = { 0xff, 0xff, 0xff,
						     0xff, 0xff, 0xff };
	struct address address;
	struct frame seen;
	uint8_t bytes[128];
	ssize_t n;

	ck_assert_int_eq(
		address_parse(&address, _i ? "fd00::64" : "10.0.0.100"), 0);
	n = frame_encode_announcement(bytes, sizeof(bytes), &address, mac);
	ck_assert_int_eq(n, _i ? 14 + 40 + 32 : 14 + 28);
	ck_assert_int_eq(frame_decode(&seen, bytes, (size_t)n), 0);
	ck_assert_mem_eq(seen.destination_mac, _i ? all_nodes : everyone,
			 FRAME_MAC);
	ck_assert_mem_eq(seen.source_mac, mac, FRAME_MAC);
	ck_assert(address_equal(&seen.source, &address));
	ck_assert_int_eq(seen.kind, _i ? FRAME_ND : FRAME_ARP);
	if (_i) {
		ck_assert(frame_checksums_right(bytes, (size_t)n));
		ck_assert_uint_eq(seen.icmp_type, 136);
		ck_assert_uint_eq(seen.ttl, 255);
		ck_assert(address_equal(&seen.nd_target, &address));
		/* Override, and neither router nor solicited. */
		ck_assert_uint_eq(bytes[14 + 40 + 4], 0x20);
	} else {
		ck_assert_uint_eq(seen.arp_operation, 1);
		ck_assert(address_equal(&seen.destination, &address));
	}
	ck_assert_int_eq(
		frame_encode_announcement(bytes, (size_t)n - 1, &address, mac),
		-ENOBUFS);
}
END_TEST

static TCase *encoding(void)
{
	TCase *tcase = tcase_create("encoding");

	tcase_add_loop_test(tcase, decoded_frames_are_encoded_to_equal_bytes, 0,
			    ARRAY_SIZE(rebuilt));
	tcase_add_test(tcase, a_small_buffer_is_not_written);
	tcase_add_loop_test(tcase, every_combination_of_options_round_trips, 0,
			    5 << 4);
	tcase_add_test(tcase, oversized_frames_are_refused);
	tcase_add_loop_test(tcase, ttl_0_becomes_64, 0, 2);
	tcase_add_loop_test(tcase, an_unreachable_quotes_the_packet, 0, 8);
	tcase_add_loop_test(tcase, an_announcement_is_a_valid_broadcast, 0, 2);
	return tcase;
}

static TCase *words(void)
{
	TCase *tcase = tcase_create("printing");

	tcase_add_loop_test(tcase, flags_and_length_classify_a_segment, 0,
			    ARRAY_SIZE(segments));
	tcase_add_test(tcase, sequence_numbers_wrap_around);
	tcase_add_loop_test(tcase, segments_print_in_packetdrill_notation, 0,
			    ARRAY_SIZE(notations));
	tcase_add_test(tcase, relative_numbers_wrap_around);
	tcase_add_test(tcase, numbers_without_isn_print_absolute);
	tcase_add_test(tcase, icmp_messages_print_with_their_sender);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("frame");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, decoding());
	suite_add_tcase(suite, checksums());
	suite_add_tcase(suite, encoding());
	suite_add_tcase(suite, words());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
