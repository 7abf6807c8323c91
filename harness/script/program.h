/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real programs in a host (nginx, sshd, curl). A case that runs one names it in
 * .needs or .needs_program and is skipped where it is not installed.
 *
 * A program runs without capabilities and, when root started halfopen, as
 * nobody. It ends with the world; an end before that which the script has not
 * asked for makes the run BROKEN.
 */
#pragma once

#include <stdint.h>

#include "macro.h"
#include "nsec.h"
#include "run.h"

struct program;

/* A directory that the host's programs may write to, and a file in it; both
 * below /tmp, which is private to the run. The paths live as long as the run.
 */
const char *program_folder(struct run *run, const char *host);
const char *program_file(struct run *run, const char *host, const char *name,
			 const char *format, ...) MACRO_PRINTF(4, 5);

/* Starts argv[0], found as program_find() does. Its output goes into the
 * journal, line by line. */
struct program *program_start(struct run *run, const char *host,
			      const char *const *argv);
#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The same with a pipe as standard input, and what is written to it. */
struct program *program_start_with_input(struct run *run, const char *host,
					 const char *const *argv);
void program_write(struct program *program, const char *text);

/* Runs a program that ends with exit status 0. Returns its output (stdout and
 * stderr), which lives as long as the run. */
const char *program_output(struct run *run, const char *host,
			   const char *const *argv);

/* Waits until the host has a listener on that port. */
void program_wait_listening(struct program *program, uint16_t port);

/* When the first line since the mark that contains `text` was printed; 0: none
 * within the timeout. */
nsec_t program_wait_line(struct program *program, struct mark since,
			 const char *text, nsec_t timeout);

/*
 * Waits for the end of the program, which is no failure from this call on.
 * Returns its exit status and stores the time; -1: still running after the
 * timeout; -2: terminated by a signal.
 */
int program_wait_end(struct program *program, nsec_t timeout, nsec_t *ret_at);
