/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of a journal: a valid record is written and parsed again. */
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
	json_decref(record);
	return 0;
}
