/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread, one loop: it waits for requests, for sockets with an open call or
 * a role, and for the timers of roles. A request for a call that returns at
 * once is answered at once; calls that may block are in probe-calls.c.
 *
 * Requests come last in each round, so that what has arrived on the sockets
 * before a request is handled before it.
 */
#include "probe-process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "macro.h"
#include "probe-calls.h"
#include "probe-roles.h"
#include "probe-slot.h"

static void answer_result(uint32_t id, int64_t value,
			  const struct probe_slot *slot)
{
	probe_answer(id, value, value < 0 ? errno : 0, slot);
}

/* --- requests ---------------------------------------------------------*/

static int open_socket(const struct sockaddr_storage *address)
{
	int one = 1, fd = socket(address->ss_family,
				 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

/* The reply has the address, with the port that the kernel has chosen for 0. */
static void do_listen(const struct probe_request *request)
{
	int fd = open_socket(&request->address), r = fd;

	if (fd >= 0)
		r = bind(fd, (const struct sockaddr *)&request->address,
			 request->address_size);
	if (r >= 0)
		r = listen(fd, (int)request->number);
	answer_result(request->id, r,
		      fd < 0 ? NULL : probe_slot_take(request->slot, fd));
}

static void do_open(const struct probe_request *request)
{
	int fd = socket(request->address.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	answer_result(request->id, fd,
		      fd < 0 ? NULL : probe_slot_take(request->slot, fd));
}

/* A connect() that does not return at once is answered by probe_call_try_out(),
 * when the socket becomes writable. */
static void do_connect(const struct probe_request *request)
{
	struct probe_slot *slot = probe_slot(request->slot);
	int fd = slot ? slot->fd : open_socket(&request->address), r;

	if (fd < 0) {
		answer_result(request->id, -1, NULL);
		return;
	}
	if (!slot)
		slot = probe_slot_take(request->slot, fd);
	r = connect(fd, (const struct sockaddr *)&request->address,
		    request->address_size);
	if (r < 0 && errno == EINPROGRESS)
		probe_call_post(&slot->out, request);
	else
		answer_result(request->id, r, slot);
}

static void do_get(const struct probe_request *request,
		   const struct probe_slot *slot)
{
	struct probe_reply reply = { .id = request->id };
	socklen_t size = sizeof(reply.data);

	reply.value = getsockopt(slot->fd, request->level, request->option,
				 reply.data, &size);
	reply.error = reply.value < 0 ? errno : 0;
	reply.size = reply.value < 0 ? 0 : size;
	reply.returned = nsec_now();
	probe_reply_send(&reply);
}

/* The child closes its copy of the control socket, so that the script sees the
 * end of the parent. All other descriptors stay open. */
static void do_fork(const struct probe_request *request)
{
	pid_t pid = fork();

	if (pid == 0) {
		fd_close(PROBE_CONTROL);
		for (;;)
			pause();
	}
	answer_result(request->id, pid, NULL);
}

static void MACRO_NORETURN die_of_segv(void)
{
	/* Not dumpable: RLIMIT_CORE does not apply where core_pattern is a
	 * program, and the sockets would stay open until that program has read
	 * the dump. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGSEGV, SIG_DFL);
	kill(getpid(), SIGSEGV);
	_exit(4);
}

/* A socket with a role reads by itself. */
static void try_in(struct probe_slot *slot)
{
	if (slot->paused)
		return;
	if (slot->role != PROBE_PLAIN)
		probe_role_readable(slot);
	else
		probe_call_try_in(slot);
}

static bool needs_slot(enum probe_operation operation)
{
	return operation != PROBE_OPEN && operation != PROBE_LISTEN &&
	       operation != PROBE_CONNECT && operation != PROBE_FORK &&
	       operation != PROBE_CRASH && operation != PROBE_EXIT;
}

/* Executes one request. The script's side of the socket is closed when its
 * process has ended: then the probe ends, too. */
static void serve(void)
{
	static struct probe_request q;
	struct probe_slot *slot;

	if (fd_receive(PROBE_CONTROL, &q, sizeof(q), NULL, 0) <= 0)
		_exit(0);
	slot = probe_slot(q.slot);
	if (!slot && needs_slot(q.operation)) {
		probe_answer(q.id, -1, EBADF, NULL);
		return;
	}
	switch (q.operation) {
	case PROBE_OPEN:
		do_open(&q);
		break;
	case PROBE_LISTEN:
		do_listen(&q);
		break;
	case PROBE_CONNECT:
		do_connect(&q);
		break;
	case PROBE_FORK:
		do_fork(&q);
		break;
	case PROBE_CRASH:
		die_of_segv();
	case PROBE_EXIT:
		exit((int)q.number);
	case PROBE_ACCEPT:
	case PROBE_RECEIVE:
	case PROBE_RECEIVE_STREAM:
		probe_call_post(&slot->in, &q);
		try_in(slot);
		break;
	case PROBE_SEND:
	case PROBE_SEND_STREAM:
		probe_call_post(&slot->out, &q);
		probe_call_try_out(slot);
		break;
	case PROBE_BIND:
		answer_result(q.id,
			      bind(slot->fd,
				   (const struct sockaddr *)&q.address,
				   q.address_size),
			      slot);
		break;
	case PROBE_NAMES:
		answer_result(q.id, 0, slot);
		break;
	case PROBE_LISTEN_AGAIN:
		answer_result(q.id, listen(slot->fd, (int)q.number), NULL);
		break;
	case PROBE_SHUTDOWN:
		answer_result(q.id, shutdown(slot->fd, (int)q.number), NULL);
		break;
	case PROBE_CLOSE:
		probe_slot_close(slot);
		answer_result(q.id, 0, NULL);
		break;
	case PROBE_SET:
		answer_result(q.id,
			      setsockopt(slot->fd, q.level, q.option, q.data,
					 (socklen_t)q.size),
			      NULL);
		break;
	case PROBE_GET:
		do_get(&q, slot);
		break;
	case PROBE_PAUSE:
		slot->paused = q.number;
		answer_result(q.id, 0, NULL);
		break;
	case PROBE_ECHO:
		slot->role = PROBE_ECHOES;
		answer_result(q.id, 0, NULL);
		break;
	case PROBE_SERVE_HTTP:
		probe_role_serve_http(slot, q.number);
		answer_result(q.id, 0, NULL);
		break;
	case PROBE_HEARTBEAT:
		probe_role_beat(slot, q.id, q.number);
		break;
	}
}

/* --- waiting ---------------------------------------------------------- */

/* A socket without an open call or a role is not polled: an error on it would
 * be reported in each round. */
static short wanted_events(const struct probe_slot *slot)
{
	bool in = (slot->in.id || slot->role != PROBE_PLAIN) && !slot->paused;

	if (slot->fd < 0)
		return 0;
	if (in && slot->echo_waits)
		return POLLOUT;
	return (short)((in ? POLLIN : 0) | (slot->out.id ? POLLOUT : 0));
}

/* Entries for ppoll(). Without gaps: it refuses more entries than
 * RLIMIT_NOFILE, and entries without a file count. */
struct waiting {
	struct pollfd fds[PROBE_SLOTS_ALL + 1];
	int slots[PROBE_SLOTS_ALL + 1]; /* of the entry: an index */
	nfds_t n;
	nsec_t until;
};

static void fill(struct waiting *waiting)
{
	waiting->until = NSEC_NEVER;
	waiting->fds[0] =
		(struct pollfd){ .fd = PROBE_CONTROL, .events = POLLIN };
	waiting->n = 1;
	for (int i = 0; i < probe_slots(); i++) {
		const struct probe_slot *slot = probe_slot_at(i);
		short events = wanted_events(slot);

		if (slot->fd >= 0)
			waiting->until = MIN(waiting->until, slot->timer);
		if (!events)
			continue;
		waiting->slots[waiting->n] = i;
		waiting->fds[waiting->n++] =
			(struct pollfd){ .fd = slot->fd, .events = events };
	}
}

static void wait_for(struct waiting *waiting)
{
	nsec_t left = waiting->until - nsec_now();
	struct timespec ts = nsec_to_timespec(MAX(left, (nsec_t)0));

	if (ppoll(waiting->fds, waiting->n,
		  waiting->until == NSEC_NEVER ? NULL : &ts, NULL) >= 0)
		return;
	/* Any other error would repeat in each round. */
	if (errno != EINTR)
		_exit(5);
	for (nfds_t i = 0; i < waiting->n; i++)
		waiting->fds[i].revents = 0;
}

static void run_ready(const struct waiting *waiting)
{
	for (nfds_t i = 1; i < waiting->n; i++) {
		struct probe_slot *slot = probe_slot_at(waiting->slots[i]);

		/* An earlier entry may have closed this socket. */
		if (!waiting->fds[i].revents || slot->fd != waiting->fds[i].fd)
			continue;
		try_in(slot);
		if (slot->fd >= 0)
			probe_call_try_out(slot);
	}
}

/* Expired timers of roles. */
static void run_timers(void)
{
	nsec_t now = nsec_now();

	for (int i = 0; i < probe_slots(); i++) {
		struct probe_slot *slot = probe_slot_at(i);

		if (slot->fd >= 0 && slot->timer <= now)
			probe_role_timer(slot);
	}
}

/* The minimal timer slack makes the timers of roles exact. No core dumps: a
 * dump would keep the sockets open. */
int probe_process_main(void)
{
	static struct waiting waiting;

	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	prctl(PR_SET_TIMERSLACK, 1);
	for (;;) {
		fill(&waiting);
		wait_for(&waiting);
		run_ready(&waiting);
		run_timers();
		if (waiting.fds[0].revents)
			serve();
	}
}
