/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of a journal: a valid record is written and parsed again. What is read
 * of a frame without parsing is what a parser finds. */
#include <errno.h>

#include "fuzz.h"
#include "journal.h"

static void write_and_read(const json_t *record)
{
	char *line = json_dumps(record, JOURNAL_DUMP);
	json_t *again;

	fuzz_must(line);
	fuzz_must(journal_parse(&again, line, strlen(line)) == 0);
	json_decref(again);
	free(line);
}

static void must_have_number(const json_t *record, const char *name,
			     double value)
{
	fuzz_must(!(json_number_value(json_object_get(record, name)) < value) &&
		  !(json_number_value(json_object_get(record, name)) > value));
}

static void must_have_text(const json_t *record, const char *name,
			   const char *text)
{
	fuzz_must(strcmp(journal_text(record, name), text) == 0);
}

static void read_packet(const json_t *record, const uint8_t *data, size_t size)
{
	char *line = calloc(1, size + 1);
	struct journal_packet packet;
	uint8_t bytes[JOURNAL_BYTES];
	const char *text;

	fuzz_must(line);
	memcpy(line, data, size);
	if (journal_read_packet(&packet, line, size)) {
		fuzz_must(journal_is(record, "frame"));
		must_have_number(record, "t", packet.t);
		must_have_number(record, "left", packet.left);
		must_have_number(record, "size", (double)packet.size);
		must_have_text(record, "from", packet.from);
		must_have_text(record, "to", packet.to);
		must_have_text(record, "fate", packet.fate);
		text = journal_text(record, "text");
		fuzz_must(packet.n_text == strlen(text) &&
			  memcmp(packet.text, text, packet.n_text) == 0);
		fuzz_must(journal_bytes(record, bytes, sizeof(bytes)) ==
			  packet.n_bytes);
		fuzz_must(memcmp(bytes, packet.bytes, packet.n_bytes) == 0);
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *record = NULL;
	int r = journal_parse(&record, (const char *)data, size);

	if (r < 0) {
		fuzz_must(r == -EBADMSG && !record);
		fuzz_message_has("byte ");
		return 0;
	}
	fuzz_must(json_is_number(json_object_get(record, "t")));
	fuzz_must(json_is_string(json_object_get(record, "type")));
	write_and_read(record);
	read_packet(record, data, size);
	json_decref(record);
	return 0;
}
