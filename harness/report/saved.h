/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs that --out DIR kept, read back: of this program, of an older one, of
 * another machine. What a journal says of its case is taken from the journal;
 * only where it says nothing is this program's table asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "result.h"

struct saved;

struct saved_run {
	char *folder; /* below DIR, where its journal.jsonl lies; "" is DIR */
	char *path; /* of that journal */
	char *trouble; /* "FILE: line 7, byte 3: …"; NULL: none */
	/* What could be read. NULL: nothing, and `trouble` says why. It has a
	 * verdict; BROKEN where its journal has none. Of its journal only the
	 * start is there, until it is asked for. */
	struct result *result;
};

/*
 * Finds all journals below `dir`, in the order of their folders' names, and
 * reads each. A last line that was cut off is told in `trouble`, and the rest
 * is a run; so is a line that is no record, and what is behind it is not read.
 * -ENOENT where there is none, with a message that can be shown.
 */
int saved_new(struct saved **ret, const char *dir);
struct saved *saved_free(struct saved *saved);

/* Reads the journal of the run's result once more, all of it: a thousand at a
 * time would fill the memory. result_forget_journal() gives it back. */
int saved_read_journal(struct saved_run *run);

size_t saved_runs(const struct saved *saved, struct saved_run **ret);

/* As `run` takes them: a name, NAME/VARIANT, a claim, with wildcards; or the
 * folder. */
bool saved_matches(const struct saved_run *run, const char *pattern);
