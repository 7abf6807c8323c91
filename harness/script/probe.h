/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes: real processes in the hosts, remote-controlled. A script starts them,
 * opens sockets in them (sock.h), and may let them die.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "probe-protocol.h"
#include "run.h"

/* Starts a probe in the host. */
struct probe *probe_start(struct run *run, const char *host);

/* The process ends in an orderly way, by exit(). Its kernel closes its
 * sockets, and says so to their peers. */
void probe_exit(struct probe *probe);

/* A child that holds copies of all the sockets, and does nothing with them. */
void probe_fork(struct probe *probe);

const char *probe_host(const struct probe *probe);
bool probe_is_running(const struct probe *probe);
pid_t probe_pid(const struct probe *probe); /* as its host counts */
struct run *probe_run(const struct probe *probe);

/* --- for sock.c and faults.c ----------------------------------------------*/

/* What the probe answered, or that it will not any more. */
struct probe_answer {
	bool done;
	struct probe_reply reply;
};

/*
 * Sends the request and gives it a number. The answer lands in `answer`, the
 * caller's, when it comes while the run waits.
 */
void probe_post(struct probe *probe, struct probe_request *request,
		struct probe_answer *answer);

/* The same, and `arrived` is called with the answer's arrival, so that the
 * journal has it in its place, whenever somebody asks for it. */
void probe_post_told(struct probe *probe, struct probe_request *request,
		     struct probe_answer *answer, void (*arrived)(void *data),
		     void *data);

/* Posts, and waits for the answer, for calls that never block. */
void probe_ask(struct probe *probe, struct probe_request *request,
	       struct probe_answer *answer);

/* The process is about to end because somebody wants it to. */
void probe_expect_end(struct probe *probe);

/* Waits until it is gone. */
void probe_wait_end(struct probe *probe);

/* What probe_fork() left; 0: nothing, or no longer. */
pid_t probe_child(const struct probe *probe);
void probe_wait_child_end(struct probe *probe);

/* All probes of a host are about to end; of every host for NULL. */
void probe_expect_end_of_host(struct run *run, const char *host);

/* Their host is dead, and they with it. */
void probe_forget_host(struct run *run, const char *host);

/* A process of a host ended: world.h's on_exit. */
void probe_on_exit(void *data, struct host *host, pid_t pid, int status);

int probe_next_slot(struct probe *probe);
