/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real programs: where they are, and running them in a host. A case that runs
 * one says so in .needs or .needs_program, and is a SKIP without it.
 *
 * A program runs without capabilities and, when root started halfopen, as
 * nobody. It ends with the world; when it ends before, and nobody wanted it to,
 * the run is BROKEN.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"
#include "nsec.h"
#include "run.h"

struct host;
struct program;

/*
 * Looks for a program in PATH, in programs/bin beside this program's own build
 * (where harness/bootstrap unpacks what is not installed), and in the sbin
 * directories, which an ordinary user's PATH leaves out. Writes its path into
 * `ret` unless that is NULL.
 */
bool program_find(const char *name, char *ret, size_t size);

/*
 * In the case's own mount namespace: a SKIP when the program cannot be run from
 * there. (The case's own /tmp hides one below the machine's; and nobody may not
 * enter root's home.)
 */
void program_check_reach(struct run *run, const char *name);

/* --- for scripts ----------------------------------------------------------*/

/* A folder that the host's programs may write to, and files in it; both below
 * /tmp, which is the case's own. The paths live as long as the run. */
const char *program_folder(struct run *run, const char *host);
const char *program_file(struct run *run, const char *host, const char *name,
			 const char *format, ...) MACRO_PRINTF(4, 5);

/* Starts argv[0], as program_find() finds it. What it prints goes into the
 * journal, line by line. */
struct program *program_start(struct run *run, const char *host,
			      const char *const *argv);
#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/*
 * The same with more to say. `on_news` is called with each line that it prints,
 * and, with NULL, when it has ended.
 */
struct program_plan {
	const char *name; /* in the journal; NULL: argv[0] */
	const char *told; /* what the journal says was started; NULL: argv */
	const char *const *argv;
	bool typed; /* it reads what the script types */
	bool may_end; /* its end is no failure */
	bool has_ids; /* not as programs are, but as these: host.h */
	uid_t uid;
	gid_t gid;
	void (*on_news)(void *data, struct program *program, const char *line);
	void *data;
};
struct program *program_launch(struct run *run, const char *host,
			       const struct program_plan *plan);

/* 0: not yet. */
nsec_t program_ended(const struct program *program);
/* As of wait(), once it has ended; -1: with its host. */
int program_status(const struct program *program);
/* A signal to it, which may be the end of it. */
void program_signal(struct program *program, int signal);

/* The directories in which programs are looked for, as a PATH; to be freed. */
char *program_directories(void);

/* The same for one that is to read what the script types. */
struct program *program_start_with_input(struct run *run, const char *host,
					 const char *const *argv);
void program_write(struct program *program, const char *text);

/* Starts one that ends by itself, with status 0, and waits for that. What it
 * printed, both streams. Lives as long as the run. */
const char *program_output(struct run *run, const char *host,
			   const char *const *argv);

/* Waits until the host's kernel has a listener on that port. */
void program_wait_listening(struct program *program, uint16_t port);

/*
 * The first line of its output that has the text in it, of those that came since
 * the mark: waits for it. 0: it has not come by `patience` from now.
 */
nsec_t program_wait_line(struct program *program, struct mark since,
			 const char *text, nsec_t patience);

/* Its end, which is no failure from this call on: its exit status, and when. -1:
 * it still runs `patience` from now (and may end later); -2: a signal did it. */
int program_wait_end(struct program *program, nsec_t patience, nsec_t *ret_at);

/* --- for run.c and faults.c -----------------------------------------------*/

/* The programs of the host are gone, and somebody wanted it. */
void program_forget_host(struct run *run, const char *host);

/* A process of a host ended: world.h's on_exit. */
void program_on_exit(struct run *run, struct host *host, pid_t pid,
		     int status);
