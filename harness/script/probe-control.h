/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to a probe, their answers, and the end of its process. */
#pragma once

#include "probe-protocol.h"
#include "probe.h"
#include "run-control.h"

struct probe_answer {
	bool done; /* `reply` has arrived */
	struct probe_reply reply;
};

/*
 * Sends a request and assigns its id. `answer` belongs to the caller and is
 * filled when the reply arrives, while the run waits.
 */
void probe_post(struct probe *probe, struct probe_request *request,
		struct probe_answer *answer);

/* The same; `arrived` is called when the reply arrives, so that the journal has
 * it at that time, whenever the script reads it. */
void probe_post_notify(struct probe *probe, struct probe_request *request,
		       struct probe_answer *answer, void (*arrived)(void *data),
		       void *data);

/* Posts and waits for the answer, for calls that never block. */
void probe_ask(struct probe *probe, struct probe_request *request,
	       struct probe_answer *answer);

pid_t probe_pid(const struct probe *probe); /* in its host's PID namespace */

/* The process is about to end on purpose; waits until it is gone. */
void probe_expect_end(struct probe *probe);
void probe_wait_end(struct probe *probe);

/* The child of probe_fork(); 0: none, or gone. */
pid_t probe_child(const struct probe *probe);
void probe_wait_child_end(struct probe *probe);

/* All probes of the host, of every host for NULL, are about to end. */
void probe_expect_end_of_host(struct run *run, const char *host);

/* The host is dead, and its probes with it: no exit status will arrive. */
void probe_remove_host(struct run *run, const char *host);

/* A process of the host has ended; `status` as from wait(). Ignores processes
 * that are no probes. */
void probe_on_exit(struct run *run, struct host *host, pid_t pid, int status);

/* A new slot number for a socket: probe-protocol.h. */
int probe_next_slot(struct probe *probe);
