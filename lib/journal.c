/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "fd.h"

struct journal {
	int fd;
	nsec_t start;
};

int journal_new(struct journal **ret, int fd, nsec_t start)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		return error_origin(-ENOMEM, "journal");
	journal->fd = fd;
	journal->start = start;
	*ret = journal;
	return 0;
}

struct journal *journal_free(struct journal *journal)
{
	free(journal);
	return NULL;
}

nsec_t journal_start(const struct journal *journal)
{
	return journal->start;
}

static int write_line(int fd, const json_t *record)
{
	char *line = json_dumps(record, JOURNAL_DUMP);
	size_t length;
	int r;

	if (!line)
		return error_origin(-ENOMEM, "journal record");
	length = strlen(line);
	line[length] = '\n';
	r = fd_write_all(fd, line, length + 1);
	free(line);
	return r < 0 ? error_trace(r) : 0;
}

int journal_write(struct journal *journal, nsec_t at, const char *type,
		  const char *format, ...)
{
	json_t *record, *members = NULL;
	json_error_t error;
	va_list args;
	int r;

	record = json_pack("{s:f, s:s}", "t",
			   nsec_seconds(at - journal->start), "type", type);
	if (format) {
		va_start(args, format);
		members = json_vpack_ex(&error, 0, format, args);
		va_end(args);
	}
	if (!record || (format && !members)) {
		json_decref(record);
		return error_origin(-EINVAL, "journal record %s: %s", type,
				    format ? error.text : "no memory");
	}
	if (members)
		json_object_update_missing(record, members);
	json_decref(members);
	r = write_line(journal->fd, record);
	json_decref(record);
	return r < 0 ? error_trace(r) : 0;
}

int journal_parse(json_t **ret, const char *line, size_t size)
{
	json_error_t error;
	json_t *record = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);

	if (!record)
		return error_origin(-EBADMSG, "journal, byte %d: %s",
				    error.position, error.text);
	if (!json_is_number(json_object_get(record, "t")) ||
	    !json_is_string(json_object_get(record, "type"))) {
		json_decref(record);
		return error_origin(-EBADMSG,
				    "journal record without \"t\" or \"type\"");
	}
	*ret = record;
	return 0;
}
