/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init of a host's PID namespace, and what is said over its control
 * socket. Only netns/host.c speaks with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "macro.h"

enum { HOST_INIT_ARGUMENTS = 16384, HOST_INIT_FDS = 5, HOST_INIT_EXE = 99 };

enum host_init_request_kind { HOST_INIT_START, HOST_INIT_SIGNAL };

struct host_init_request {
	enum host_init_request_kind kind;
	pid_t pid; /* -1: every process of the host */
	int signal;
	bool has_ids; /* start: as these, not as programs are */
	uid_t uid;
	gid_t gid;
	int places[HOST_INIT_FDS]; /* what each fd that comes along becomes */
	size_t n_fds;
	size_t arguments_size;
	char arguments[HOST_INIT_ARGUMENTS]; /* zero-terminated, in a row */
};

/* What a request without arguments needs. */
enum { HOST_INIT_SHORT = offsetof(struct host_init_request, arguments) };

enum host_init_reply_kind { HOST_INIT_ANSWER, HOST_INIT_EXITED };

struct host_init_reply {
	enum host_init_reply_kind kind;
	pid_t pid;
	int status; /* of wait(); in an answer 0 or a negative errno */
	char message[96];
};

/*
 * Never returns: it ends by SIGKILL, or when `control` is closed. `name` is the
 * host's: the process is called by it, "host-client", as far as 15 characters go,
 * so that who looks at the machine's processes sees which host is which.
 */
void host_init_main(int control, int namespace, const char *name)
	MACRO_NORETURN;
