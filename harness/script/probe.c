/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe's process is connected with a SOCK_SEQPACKET pair: one request or
 * one reply is one packet. Replies carry the id of their request and may arrive
 * in another order, since a probe goes on serving while a call blocks. Replies
 * are read by the event loop, while the run waits.
 *
 * The end of the process is reported by the init of its host (probe_on_exit).
 * This and the socket are independent, so replies may still be unread then.
 */
#include "probe-control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "errors.h"
#include "message.h"
#include "fd.h"
#include "probe-process.h"
#include "run-control.h"

/* A request without its reply. */
struct posted {
	struct posted *next;
	uint32_t id;
	struct probe_answer *answer;
	void (*arrived)(void *data); /* NULL: none */
	void *data;
};

struct probe {
	struct probe *next;
	struct run *run;
	char host[HOST_NAME];
	pid_t pid; /* 0: gone */
	int control;
	struct loop_source *source;
	struct posted *posted;
	uint32_t last_id;
	int slots;
	pid_t child; /* 0: none, or gone */
	bool end_expected;
};

/* For replies to calls that never block, and for the end of processes. */
static const nsec_t probe_timeout = SEC(30);

static struct posted *unlink_posted(struct probe *probe, uint32_t id)
{
	struct posted **at = &probe->posted;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	if (*at) {
		struct posted *found = *at;

		*at = found->next;
		return found;
	}
	return NULL;
}

/* Returns 1 after a reply, 0 when there is none. */
static int take_reply(struct probe *probe)
{
	struct probe_reply reply;
	struct posted *posted;
	ssize_t n = fd_receive(probe->control, &reply, sizeof(reply), NULL, 0);

	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return error_trace((int)n);
	/* The process is gone: probe_on_exit() follows. */
	if (n == 0) {
		probe->source = loop_remove(probe->source);
		return 0;
	}
	/* A process that misbehaves may write anything. */
	if (n < PROBE_REPLY_SHORT || reply.size > sizeof(reply.data) ||
	    (size_t)n != PROBE_REPLY_SHORT + reply.size)
		return error_refuse(-EBADMSG,
				    "invalid reply from the probe in %s",
				    probe->host);
	posted = unlink_posted(probe, reply.id);
	if (posted) {
		memcpy(&posted->answer->reply, &reply, (size_t)n);
		posted->answer->done = true;
		if (posted->arrived)
			posted->arrived(posted->data);
		free(posted);
	}
	return 1;
}

static int on_reply(void *data, uint32_t events MACRO_UNUSED)
{
	int r = take_reply(data);

	/* One reply at a time: epoll is level-triggered, and other events of
	 * the loop come between two replies. */
	return r < 0 ? error_trace(r) : 0;
}

/* fd 2 is inherited, for error messages; fd 3 is the control socket. */
static int start_process(struct probe *probe, int control)
{
	static const char *const argv[] = { PROBE_NAME, NULL };
	struct host_program program = {
		.exe = probe->run->options->exe,
		.argv = argv,
		.fds = { -1, -1, 2, control },
	};
	pid_t pid = host_start(run_host(probe->run, probe->host), &program);

	if (pid < 0)
		return error_trace(pid);
	probe->pid = pid;
	return 0;
}

struct probe *probe_start(struct run *run, const char *host)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int pair[2], r;

	if (!probe)
		run_broken(run, error_origin(-ENOMEM, "probe"));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		run_broken(run, error_origin(-errno, "socketpair"));
	probe->run = run;
	/* The name from the host, whose length is limited. */
	snprintf(probe->host, sizeof(probe->host), "%s",
		 host_name(run_host(run, host)));
	probe->control = pair[0];
	r = start_process(probe, pair[1]);
	fd_close(pair[1]);
	if (r >= 0)
		r = fd_set_nonblocking(probe->control);
	if (r >= 0)
		r = loop_add_fd(run->loop, &probe->source, probe->control,
				EPOLLIN, on_reply, probe);
	if (r < 0)
		run_broken(run, r);
	probe->next = run->probes;
	run->probes = probe;
	return probe;
}

const char *probe_host(const struct probe *probe)
{
	return probe->host;
}

pid_t probe_pid(const struct probe *probe)
{
	return probe->pid;
}

struct run *probe_run(const struct probe *probe)
{
	return probe->run;
}

int probe_next_slot(struct probe *probe)
{
	if (probe->slots == PROBE_SLOTS)
		run_broken_because(probe->run,
				   "the probe in %s has too many sockets: at "
				   "most %d",
				   probe->host, PROBE_SLOTS);
	return probe->slots++;
}

/* A probe whose reply does not fit into the socket reads no requests, so
 * replies have to be read while sending blocks. */
static void send_request(struct probe *probe,
			 const struct probe_request *request)
{
	size_t size = PROBE_REQUEST_SHORT + request->size;

	while (send(probe->control, request, size,
		    MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		struct pollfd wait = { .fd = probe->control,
				       .events = POLLIN | POLLOUT };
		int r = 0;

		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			r = error_origin(-errno, "send to the probe in %s",
					 probe->host);
		if (r >= 0 && wait.revents & POLLIN)
			r = take_reply(probe);
		if (r < 0)
			run_broken(probe->run, r);
	}
}

void probe_post(struct probe *probe, struct probe_request *request,
		struct probe_answer *answer)
{
	probe_post_notify(probe, request, answer, NULL, NULL);
}

void probe_post_notify(struct probe *probe, struct probe_request *request,
		       struct probe_answer *answer, void (*arrived)(void *data),
		       void *data)
{
	struct posted *posted = calloc(1, sizeof(*posted));

	if (!posted)
		run_broken(probe->run, error_origin(-ENOMEM, "call"));
	if (!probe->pid)
		run_broken_because(probe->run,
				   "call to the probe in %s, which has ended",
				   probe->host);
	answer->done = false;
	request->id = ++probe->last_id;
	posted->id = request->id;
	posted->answer = answer;
	posted->arrived = arrived;
	posted->data = data;
	posted->next = probe->posted;
	probe->posted = posted;
	send_request(probe, request);
}

static bool is_done(void *data)
{
	const struct probe_answer *answer = data;

	return answer->done;
}

void probe_ask(struct probe *probe, struct probe_request *request,
	       struct probe_answer *answer)
{
	nsec_t began = nsec_now();

	probe_post(probe, request, answer);
	if (!run_wait(probe->run, is_done, answer,
		      nsec_add(nsec_now(), probe_timeout)))
		run_broken_because(probe->run, "no reply from the probe in %s",
				   probe->host);
	run_acted(probe->run, began);
}

void probe_expect_end(struct probe *probe)
{
	probe->end_expected = true;
}

bool probe_is_running(const struct probe *probe)
{
	return probe->pid != 0;
}

static bool is_gone(void *data)
{
	const struct probe *probe = data;

	return !probe->pid;
}

void probe_wait_end(struct probe *probe)
{
	if (!run_wait(probe->run, is_gone, probe,
		      nsec_add(nsec_now(), probe_timeout)))
		run_broken_because(probe->run, "the probe in %s does not end",
				   probe->host);
}

/* The process has ended: its posted calls will never return. */
static void remove_process(struct probe *probe)
{
	int r = 1;

	/* Its last replies may still be unread. */
	while (probe->source && r > 0)
		r = take_reply(probe);
	if (r < 0)
		run_broken(probe->run, r);
	probe->pid = 0;
	probe->source = loop_remove(probe->source);
	probe->control = fd_close(probe->control);
	while (probe->posted) {
		struct posted *posted = probe->posted;

		probe->posted = posted->next;
		free(posted);
	}
}

void probe_expect_end_of_host(struct run *run, const char *host)
{
	for (struct probe *probe = run->probes; probe; probe = probe->next)
		if (!host || strcmp(probe->host, host) == 0)
			probe->end_expected = true;
}

void probe_remove_host(struct run *run, const char *host)
{
	for (struct probe *probe = run->probes; probe; probe = probe->next)
		if (strcmp(probe->host, host) == 0)
			remove_process(probe);
}

void probe_on_exit(struct run *run, struct host *host, pid_t pid, int status)
{
	const char *name = host_name(host);

	for (struct probe *probe = run->probes; probe; probe = probe->next) {
		if (strcmp(probe->host, name) != 0)
			continue;
		if (probe->child == pid)
			probe->child = 0;
		if (probe->pid != pid)
			continue;
		if (!probe->end_expected)
			run_broken_because(
				run,
				"the probe in %s ended unexpectedly (%s %d)",
				name, WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) :
						      WEXITSTATUS(status));
		remove_process(probe);
	}
}

static bool has_no_child(void *data)
{
	const struct probe *probe = data;

	return !probe->child;
}

pid_t probe_child(const struct probe *probe)
{
	return probe->child;
}

/* The host's init reports its end only after the probe has ended: until then it
 * is the probe's child, and not the init's. */
void probe_wait_child_end(struct probe *probe)
{
	if (!run_wait(probe->run, has_no_child, probe,
		      nsec_add(nsec_now(), probe_timeout)))
		run_broken_because(probe->run,
				   "the probe's child in %s does not end",
				   probe->host);
}

/* There is no reply to the request: the end is reported by the host. */
void probe_exit(struct probe *probe)
{
	struct probe_request request = { .operation = PROBE_EXIT };
	struct probe_answer answer;

	probe_expect_end(probe);
	run_journal(probe->run, nsec_now(), "call", "{s:s, s:s}", "host",
		    probe->host, "text", "exit(0)");
	probe_post(probe, &request, &answer);
	probe_wait_end(probe);
}

void probe_fork(struct probe *probe)
{
	struct probe_request request = { .operation = PROBE_FORK };
	struct probe_answer answer;

	probe_ask(probe, &request, &answer);
	probe->child = (pid_t)answer.reply.value;
	run_journal(probe->run, answer.reply.returned, "call",
		    "{s:s, s:s, s:s}", "host", probe->host, "call", "fork",
		    "text", R_("fork(): a child holds copies of the sockets"));
}
