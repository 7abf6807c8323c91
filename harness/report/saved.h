/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs read back from a folder of --out DIR, whatever program and machine made
 * them. A journal has all that reports need about its case; this program's table
 * of cases is used where the journal agrees with it or has no claim.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "result.h"

struct saved;

struct saved_run {
	char *folder; /* of journal.jsonl, relative to DIR; "" is DIR itself */
	char *path; /* of journal.jsonl */
	size_t n_frames; /* with a record as journal_gather_frame() writes it */
	/* What could not be read: "FILE: line 7: journal, byte 3: …". NULL:
	 * everything was read. */
	char *problem;
	/* What could be read; NULL: nothing. It has a verdict: BROKEN when the
	 * journal has none. Of its journal only the start record is there until
	 * saved_read_journal(). */
	struct result *result;
};

/*
 * Finds all journals below `dir` and reads them; the runs are in the order of
 * their paths. Reading a journal stops at a line that is not a valid record; a
 * last line without its end is left out; a journal of another version is not
 * read; all set `problem`. -ENOENT when there is no journal, with a message for
 * the user; -errno of looking for them; -ENOMEM.
 */
int saved_new(struct saved **ret, const char *dir);
struct saved *saved_free(struct saved *saved);

size_t saved_runs(const struct saved *saved, struct saved_run **ret);

/*
 * Reads the records of a run with a result again: memory has room for a few
 * journals, not for all; result_clear_journal() frees them. Many frames are left
 * out as result.h says, unless the result keeps all. A record that cannot be read
 * sets `problem` and ends the journal. -errno when the file cannot be opened;
 * -ENOMEM.
 */
int saved_read_journal(struct saved_run *run);

/* Whether a pattern as for `run` selects it: a name, NAME/VARIANT, a claim, all
 * with wildcards; or its folder. */
bool saved_matches(const struct saved_run *run, const char *pattern);
