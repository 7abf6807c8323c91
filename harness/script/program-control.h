/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs with callbacks and other identities, for the lab; and what happens
 * to programs when their host or they themselves end. */
#pragma once

#include "privilege.h"
#include "program.h"
#include "run-control.h"

struct program_plan {
	const char *name; /* in the journal; NULL: argv[0] */
	const char
		*start_text; /* the journal's text of the start; NULL: argv */
	const char *const *argv;
	bool has_input; /* a pipe as standard input, for program_write() */
	bool has_terminal; /* its standard streams are a pseudo-terminal */
	uint64_t families; /* of sockets, see filter_socket_families() */
	unsigned int grants; /* enum privilege_grant, of the testcase's */
	uint64_t memory; /* bytes of data, at most; 0: no limit */
	unsigned int lines; /* of output in the journal; 0: 10000 */
	bool may_end; /* its end is no failure */
	const struct privilege_ids *ids; /* NULL: those of other programs */
	/* Called with each line of output, before that with the beginning of a
	 * line that is not finished yet, and with NULL when it has ended. */
	void (*on_output)(void *data, struct program *program,
			  const char *line);
	void *data;
};
struct program *program_launch(struct run *run, const char *host,
			       const struct program_plan *plan);

/* When it ended; 0: it is running. */
nsec_t program_ended(const struct program *program);

/* As from wait(), once it has ended; -1: it ended with its host. */
int program_status(const struct program *program);

/* Its last lines of output, each in quotes: "'a', 'b'", with a line that is not
 * finished yet; "" if it has printed nothing. Free of unsafe text. */
void program_last_lines(struct program *program, char *ret, size_t size);

/* Sends a signal, after which the end of the program is no failure. */
void program_signal(struct program *program, int signal);

/* The host is dead, and its programs with it: no exit status will arrive. */
void program_remove_host(struct run *run, const char *host);

/* A process of the host has ended; `status` as from wait(). Ignores processes
 * that are no programs. */
void program_on_exit(struct run *run, struct host *host, pid_t pid, int status);
