/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "unit.h"

struct stage {
	struct journal *journal;
	int in, out;
};

static struct stage new_stage(nsec_t start)
{
	struct stage stage;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	stage.in = fds[0];
	stage.out = fds[1];
	ck_assert_int_eq(journal_new(&stage.journal, stage.out, start), 0);
	return stage;
}

static void end_stage(struct stage *stage)
{
	stage->journal = journal_free(stage->journal);
	fd_close(stage->in);
	fd_close(stage->out);
}

/* Reads all complete lines that have been written. */
static size_t written(const struct stage *stage, char *ret, size_t size)
{
	ssize_t n = read(stage->in, ret, size - 1);

	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
	ck_assert_int_eq(ret[n - 1], '\n');
	return (size_t)n;
}

static json_t *parsed(const char *line)
{
	json_t *record;

	ck_assert_int_eq(journal_parse(&record, line, strlen(line)), 0);
	return record;
}

START_TEST(record_comes_back_as_it_was_written)
{
	struct stage stage = new_stage(SEC(100));
	char line[1024];
	json_t *record;

	ck_assert(journal_start(stage.journal) == SEC(100));
	ck_assert_int_eq(journal_write(stage.journal, SEC(100) + USEC(2500),
				       "call", "{s:s, s:i, s:s}", "host",
				       "client", "socket", 3, "text",
				       "a \"quoted\" line\nand Grüße"),
			 0);
	line[written(&stage, line, sizeof(line)) - 1] = '\0';
	ck_assert_ptr_null(strchr(line, '\n'));
	record = parsed(line);
	ck_assert_double_eq_tol(
		json_number_value(json_object_get(record, "t")), 0.0025, 1e-12);
	ck_assert_str_eq(json_string_value(json_object_get(record, "type")),
			 "call");
	ck_assert_str_eq(json_string_value(json_object_get(record, "text")),
			 "a \"quoted\" line\nand Grüße");
	ck_assert_int_eq(json_integer_value(json_object_get(record, "socket")),
			 3);
	json_decref(record);
	end_stage(&stage);
}
END_TEST

START_TEST(record_without_members)
{
	struct stage stage = new_stage(0);
	char line[1024];

	ck_assert_int_eq(journal_write(stage.journal, 0, "ready", NULL), 0);
	written(&stage, line, sizeof(line));
	ck_assert_str_eq(line, "{\"t\":0.0,\"type\":\"ready\"}\n");
	end_stage(&stage);
}
END_TEST

START_TEST(times_keep_nanoseconds_after_hours)
{
	struct stage stage = new_stage(0);
	char lines[1024], *second;
	json_t *a, *b;

	journal_write(stage.journal, SEC(10000) + 1, "note", NULL);
	journal_write(stage.journal, SEC(10000) + 2, "note", NULL);
	written(&stage, lines, sizeof(lines));
	second = strchr(lines, '\n');
	*second++ = '\0';
	a = parsed(lines);
	b = parsed(second);
	ck_assert_double_gt(json_number_value(json_object_get(b, "t")),
			    json_number_value(json_object_get(a, "t")));
	json_decref(a);
	json_decref(b);
	end_stage(&stage);
}
END_TEST

START_TEST(members_do_not_replace_time_and_type)
{
	struct stage stage = new_stage(0);
	char line[1024];

	ck_assert_int_eq(journal_write(stage.journal, SEC(1), "note",
				       "{s:s, s:i}", "type", "verdict", "t", 9),
			 0);
	written(&stage, line, sizeof(line));
	ck_assert_str_eq(line, "{\"t\":1.0,\"type\":\"note\"}\n");
	end_stage(&stage);
}
END_TEST

START_TEST(text_of_a_parsed_record_is_safe)
{
	static const char line[] =
		"{\"t\":1,\"type\":\"note\",\"text\":\"\\u001b[2J\\n\","
		"\"list\":[\"\\u202e\"],\"a\\u001b\":1}";
	json_t *record;
	char *text;

	ck_assert_int_eq(journal_parse(&record, line, strlen(line)), 0);
	text = json_dumps(record, JSON_COMPACT);
	ck_assert_str_eq(text, "{\"t\":1,\"type\":\"note\",\"text\":"
			       "\"?[2J\\n\",\"list\":[\"?\"]}");
	free(text);
	json_decref(record);
}
END_TEST

START_TEST(invalid_utf8_is_refused)
{
	struct stage stage = new_stage(0);

	ck_assert_int_eq(journal_write(stage.journal, 0, "note", "{s:s}",
				       "text", "\xff\xfe"),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(error_message(), "note"));
	end_stage(&stage);
}
END_TEST

START_TEST(write_after_the_reader_closed_fails)
{
	struct stage stage = new_stage(0);

	signal(SIGPIPE, SIG_IGN);
	stage.in = fd_close(stage.in);
	ck_assert_int_eq(journal_write(stage.journal, 0, "ready", NULL),
			 -EPIPE);
	end_stage(&stage);
}
END_TEST

START_TEST(invalid_lines_are_refused_with_the_offset)
{
	static const struct {
		const char *line, *part;
	} table[] = {
		{ "", "byte 0" },
		{ "{\"t\":1,\"type\":\"note\"", "byte 20" },
		{ "{\"t\":1,,}", "byte 8" },
		{ "{\"t\":1,\"type\":\"a\"} x", "byte" },
		{ "{\"t\":1,\"t\":2,\"type\":\"a\"}", "byte" },
	};
	json_t *record = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ck_assert_int_eq(journal_parse(&record, table[i].line,
					       strlen(table[i].line)),
				 -EBADMSG);
		ck_assert_msg(strstr(error_message(), table[i].part) != NULL,
			      "'%s' is refused with '%s'", table[i].line,
			      error_message());
	}
	ck_assert_ptr_null(record);
}
END_TEST

START_TEST(records_without_time_or_type_are_refused)
{
	static const char *const lines[] = {
		"{}",
		"[]",
		"[1]",
		"{\"t\":1}",
		"{\"type\":\"note\"}",
		"{\"t\":\"1\",\"type\":\"note\"}",
		"{\"t\":1,\"type\":2}",
		"{\"t\":1,\"type\":null}",
	};
	json_t *record = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		ck_assert_int_eq(journal_parse(&record, lines[i],
					       strlen(lines[i])),
				 -EBADMSG);
	ck_assert_ptr_null(record);
}
END_TEST

START_TEST(parser_stops_at_the_given_size)
{
	static const char line[] = "{\"t\":1,\"type\":\"a\"}\n{broken";
	json_t *record;

	ck_assert_int_eq(journal_parse(&record, line, 18), 0);
	json_decref(record);
}
END_TEST

static const char *text_of(const json_t *record, const char *name)
{
	return json_string_value(json_object_get(record, name));
}

static void write_frame(const struct stage *stage, nsec_t at,
			const struct journal_frame *frame)
{
	ck_assert_int_eq(journal_gather_frame(stage->journal, at, frame), 0);
	ck_assert_int_eq(journal_flush(stage->journal), 0);
}

/* The journal formats frames itself; jansson parses them. */
START_TEST(frame_comes_back_as_it_was_written)
{
	static const char *const kinds[] = { "tcp", "syn", NULL };
	static const char text[] = "S 0:0(0) \"x\\ \x01 é, and no more";
	static const uint8_t bytes[] = { 0x00, 0x9f, 0xff };
	const struct journal_frame frame = {
		.from = "client",
		.to = "a \"host\"",
		.fate = "delayed",
		.text = text,
		.text_size = strlen("S 0:0(0) \"x\\ \x01 é"),
		.kinds = kinds,
		.left = SEC(101) + 1,
		.size = 66,
		.bytes = bytes,
		.n_bytes = sizeof(bytes),
		.packet = 7,
		.port = 1,
		.origin = "client",
	};
	struct stage stage = new_stage(SEC(100));
	char line[4096];
	json_t *record;

	write_frame(&stage, SEC(100) + 2, &frame);
	written(&stage, line, sizeof(line));
	record = parsed(line);
	ck_assert_str_eq(text_of(record, "type"), "frame");
	ck_assert_double_eq_tol(
		json_real_value(json_object_get(record, "t")), 2e-9, 1e-12);
	ck_assert_str_eq(text_of(record, "to"), "a \"host\"");
	/* journal_parse() makes it safe. */
	ck_assert_str_eq(text_of(record, "text"), "S 0:0(0) \"x\\ ? é");
	ck_assert_uint_eq(json_array_size(json_object_get(record, "kinds")), 2);
	ck_assert_double_eq_tol(
		json_real_value(json_object_get(record, "left")), 1.000000001,
		1e-12);
	ck_assert_int_eq(json_integer_value(json_object_get(record, "size")),
			 66);
	ck_assert_str_eq(text_of(record, "hex"), "009fff");
	ck_assert_int_eq(journal_integer(record, "packet"), 7);
	ck_assert_int_eq(journal_integer(record, "port"), 1);
	ck_assert_str_eq(journal_text(record, "origin"), "client");
	/* Only TCP frames and ICMP errors have these. */
	ck_assert_ptr_null(json_object_get(record, "connection"));
	ck_assert_ptr_null(json_object_get(record, "seq"));
	json_decref(record);
	end_stage(&stage);
}
END_TEST

static json_t *frame_record(const struct journal_frame *frame)
{
	struct stage stage = new_stage(0);
	char line[4096];
	json_t *record;

	write_frame(&stage, 0, frame);
	written(&stage, line, sizeof(line));
	record = parsed(line);
	end_stage(&stage);
	return record;
}

static bool is_null(const json_t *record, const char *name)
{
	return json_is_null(json_object_get(record, name));
}

START_TEST(identity_of_a_segment_is_written_as_numbers)
{
	static const char *const none[] = { NULL };
	struct journal_frame frame = {
		.from = "",
		.to = "",
		.fate = "",
		.text = "",
		.kinds = none,
		.packet = 12,
		.port = 2,
		.origin = "server",
		.connection = 3,
		.from_client = false,
		.is_tcp = true,
		.source_port = 80,
		.destination_port = 40000,
		.transmission = 2,
		.seq = UINT32_MAX,
		.ack = 0,
		.len = 100,
		.flags = 0x18,
		.window = 501,
	};
	json_t *record = frame_record(&frame);
	json_int_t number;

	ck_assert_int_eq(journal_integer(record, "connection"), 3);
	ck_assert(json_is_false(json_object_get(record, "from_client")));
	ck_assert_int_eq(journal_integer(record, "source_port"), 80);
	ck_assert_int_eq(journal_integer(record, "destination_port"), 40000);
	ck_assert_int_eq(journal_integer(record, "transmission"), 2);
	ck_assert_int_eq(journal_integer(record, "seq"), UINT32_MAX);
	ck_assert(journal_get_integer(record, "ack", &number));
	ck_assert_int_eq(number, 0);
	ck_assert_int_eq(journal_integer(record, "len"), 100);
	ck_assert_int_eq(journal_integer(record, "flags"), 0x18);
	ck_assert_int_eq(journal_integer(record, "window"), 501);
	json_decref(record);
	frame.from_client = true;
	record = frame_record(&frame);
	ck_assert(journal_is_true(record, "from_client"));
	json_decref(record);
}
END_TEST

START_TEST(unknown_identity_is_null)
{
	static const char *const none[] = { NULL };
	const struct journal_frame frame = {
		.from = "",
		.to = "",
		.fate = "",
		.text = "",
		.kinds = none,
		.origin = "",
		.from_client = true,
		.is_tcp = true,
		.seq = -1,
		.ack = -1,
	};
	json_t *record = frame_record(&frame);
	json_int_t number = 5;

	ck_assert(is_null(record, "connection"));
	ck_assert(is_null(record, "from_client"));
	ck_assert(is_null(record, "transmission"));
	ck_assert(is_null(record, "seq"));
	ck_assert(is_null(record, "ack"));
	ck_assert(!journal_get_integer(record, "ack", &number));
	ck_assert_int_eq(number, 5);
	ck_assert_int_eq(journal_integer(record, "ack"), 0);
	ck_assert(!journal_is_true(record, "from_client"));
	json_decref(record);
}
END_TEST

/* An ICMP error that quotes a segment of a connection. */
START_TEST(icmp_error_has_a_connection_and_no_sequence_number)
{
	static const char *const none[] = { NULL };
	const struct journal_frame frame = {
		.from = "",
		.to = "",
		.fate = "",
		.text = "",
		.kinds = none,
		.origin = "router",
		.connection = 1,
	};
	json_t *record = frame_record(&frame);

	ck_assert_int_eq(journal_integer(record, "connection"), 1);
	ck_assert(json_is_false(json_object_get(record, "from_client")));
	ck_assert_ptr_null(json_object_get(record, "seq"));
	ck_assert_ptr_null(json_object_get(record, "transmission"));
	json_decref(record);
}
END_TEST

START_TEST(journals_of_other_versions_are_refused)
{
	json_t *start = json_pack("{s:i}", "journal", JOURNAL_VERSION);
	json_t *first = json_object();

	ck_assert_int_eq(journal_check_version(start, "a.jsonl"), 0);
	ck_assert_int_eq(journal_check_version(first, "a.jsonl"),
			 -EPROTONOSUPPORT);
	ck_assert_str_eq(error_message(),
			 "a.jsonl: journal version 1: this halfopen reads "
			 "version 2; record the run again");
	ck_assert_int_eq(journal_check_version(NULL, "a.jsonl"),
			 -EPROTONOSUPPORT);
	json_object_set_new(start, "journal", json_integer(3));
	ck_assert_int_eq(journal_check_version(start, "a.jsonl"),
			 -EPROTONOSUPPORT);
	json_decref(start);
	json_decref(first);
}
END_TEST

START_TEST(long_frames_are_truncated)
{
	static const char *const none[] = { NULL };
	static uint8_t bytes[65536];
	const struct journal_frame frame = {
		.from = "", .to = "", .fate = "", .origin = "", .text = "",
		.kinds = none,
		.size = sizeof(bytes), .bytes = bytes,
		.n_bytes = sizeof(bytes),
	};
	struct stage stage = new_stage(0);
	char line[8192];
	json_t *record;

	write_frame(&stage, 0, &frame);
	written(&stage, line, sizeof(line));
	record = parsed(line);
	ck_assert_uint_eq(strlen(text_of(record, "hex")),
			  2 * (size_t)JOURNAL_BYTES);
	/* 0.0 for a frame that was not forwarded. */
	ck_assert(json_is_real(json_object_get(record, "left")));
	json_decref(record);
	end_stage(&stage);
}
END_TEST

START_TEST(frame_with_too_long_text_is_refused)
{
	static const char *const none[] = { NULL };
	static char text[8192];
	const struct journal_frame frame = {
		.from = "", .to = "", .fate = "", .origin = "", .text = text,
		.text_size = sizeof(text), .kinds = none,
	};
	struct stage stage = new_stage(0);

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(journal_gather_frame(stage.journal, 0, &frame),
			 -EMSGSIZE);
	end_stage(&stage);
}
END_TEST

/* More frames than the buffer holds. */
START_TEST(gathered_frames_keep_their_order_among_the_records)
{
	enum { FRAMES = 40 };
	static const char *const none[] = { NULL };
	static const uint8_t bytes[JOURNAL_BYTES];
	const struct journal_frame frame = {
		.from = "", .to = "", .fate = "", .origin = "", .text = "",
		.kinds = none,
		.bytes = bytes, .n_bytes = sizeof(bytes),
	};
	struct stage stage = new_stage(0);
	static char text[65536];
	char *line = text, *next;

	for (int i = 0; i < FRAMES; i++)
		ck_assert_int_eq(journal_gather_frame(stage.journal, i, &frame),
				 0);
	ck_assert_int_eq(journal_write(stage.journal, FRAMES, "last", NULL), 0);
	written(&stage, text, sizeof(text));
	for (int i = 0; i <= FRAMES; i++, line = next) {
		json_t *record;

		next = strchr(line, '\n') + 1;
		ck_assert_int_eq(journal_parse(&record, line,
					       (size_t)(next - line)), 0);
		ck_assert_str_eq(text_of(record, "type"),
				 i < FRAMES ? "frame" : "last");
		ck_assert_double_eq_tol(
			json_real_value(json_object_get(record, "t")), i * 1e-9,
			1e-12);
		json_decref(record);
	}
	ck_assert_str_eq(line, "");
	end_stage(&stage);
}
END_TEST

static const char packet_line[] =
	"{\"t\":1.000000002,\"type\":\"frame\",\"from\":\"client\","
	"\"to\":\"server\",\"fate\":\"delayed\",\"text\":\". 1:2(1) ack 1\","
	"\"kinds\":[\"tcp\",\"data\"],\"left\":2.5,\"size\":67,\"packet\":7,"
	"\"hex\":\"009fff\"}";

START_TEST(packet_is_read_without_parsing)
{
	static const char *const kinds[] = { "tcp", "syn", NULL };
	static const uint8_t bytes[] = { 0x00, 0x9f, 0xff };
	const struct journal_frame frame = {
		.from = "client",
		.to = "server",
		.fate = "forwarded",
		.text = "S 0:0(0)",
		.text_size = strlen("S 0:0(0)"),
		.kinds = kinds,
		.left = SEC(100) + 3,
		.size = 1514,
		.bytes = bytes,
		.n_bytes = sizeof(bytes),
		.packet = 7,
		.port = 1,
		.origin = "client",
		.connection = 12,
		.is_tcp = true,
	};
	struct stage stage = new_stage(SEC(100));
	struct journal_packet packet;
	char line[4096];

	write_frame(&stage, SEC(100) + 2, &frame);
	ck_assert(journal_read_packet(&packet, line,
				      written(&stage, line, sizeof(line)) - 1));
	ck_assert_double_eq_tol(packet.t, 2e-9, 1e-12);
	ck_assert_double_eq_tol(packet.left, 3e-9, 1e-12);
	ck_assert_str_eq(packet.from, "client");
	ck_assert_str_eq(packet.to, "server");
	ck_assert_str_eq(packet.fate, "forwarded");
	ck_assert_uint_eq(packet.n_text, strlen("S 0:0(0)"));
	ck_assert_mem_eq(packet.text, "S 0:0(0)", packet.n_text);
	ck_assert_int_eq(packet.connection, 12);
	ck_assert_uint_eq(packet.size, 1514);
	ck_assert_uint_eq(packet.n_bytes, 3);
	ck_assert_mem_eq(packet.bytes, bytes, sizeof(bytes));
	ck_assert(journal_read_packet(&packet, packet_line,
				      strlen(packet_line)));
	ck_assert_double_eq_tol(packet.left, 2.5, 1e-12);
	ck_assert_int_eq(packet.connection, 0);
	end_stage(&stage);
}
END_TEST

/* The line is for the parser then, which finds what is wrong with it. */
START_TEST(other_lines_are_left_to_the_parser)
{
	static const struct {
		const char *part, *other;
	} changes[] = {
		{ "\"frame\"", "\"note\"" },
		{ "{\"t\":", "{ \"t\":" },
		{ "client", "a \\\"host\\\"" },
		{ "client", "h\xc3\xb6st" },
		{ "server", "server678901234567890123456789012345678901234567"
			    "8901234567890123" },
		{ "\"server\"", "null" },
		{ "2.5", "null" },
		{ "67", "-1" },
		{ "\"hex\"", "\"bytes\"" },
		{ "\"from\"", "\"From\"" },
	};
	struct journal_packet packet;
	char line[512];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const char *at = strstr(packet_line, changes[i].part);

		ck_assert_ptr_nonnull(at);
		snprintf(line, sizeof(line), "%.*s%s%s",
			 (int)(at - packet_line), packet_line, changes[i].other,
			 at + strlen(changes[i].part));
		ck_assert_msg(!journal_read_packet(&packet, line, strlen(line)),
			      "%s", line);
	}
	/* Cut off anywhere: the next line is not read. */
	for (size_t size = 0; size < strlen(packet_line); size++) {
		snprintf(line, sizeof(line), "%.*s\n%s", (int)size, packet_line,
			 packet_line + size);
		ck_assert(!journal_read_packet(&packet, line, size));
	}
}
END_TEST

static const TTest *const *const tests[] = {
	&record_comes_back_as_it_was_written,
	&record_without_members,
	&times_keep_nanoseconds_after_hours,
	&members_do_not_replace_time_and_type,
	&text_of_a_parsed_record_is_safe,
	&invalid_utf8_is_refused,
	&write_after_the_reader_closed_fails,
	&invalid_lines_are_refused_with_the_offset,
	&records_without_time_or_type_are_refused,
	&parser_stops_at_the_given_size,
	&frame_comes_back_as_it_was_written,
	&identity_of_a_segment_is_written_as_numbers,
	&unknown_identity_is_null,
	&icmp_error_has_a_connection_and_no_sequence_number,
	&journals_of_other_versions_are_refused,
	&long_frames_are_truncated,
	&frame_with_too_long_text_is_refused,
	&gathered_frames_keep_their_order_among_the_records,
	&packet_is_read_without_parsing,
	&other_lines_are_left_to_the_parser,
};

int main(void)
{
	return unit_run("journal", tests, ARRAY_SIZE(tests), NULL);
}
