/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A role owns the receiving direction of its socket: the loop calls it when the
 * socket is readable and when its timer expires. Messages are short enough for
 * an empty send buffer, so a failing send() ends the role.
 */
#include "probe-roles.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* --- HTTP -------------------------------------------------------------*/

/* The timer runs from the accept() or the end of a request; the next bytes stop
 * it. */
static void http_accept(struct probe_slot *listener)
{
	int fd =
		accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct probe_slot *connection =
		fd < 0 ? NULL : probe_slot_adopt(fd, PROBE_HTTP_CONNECTION);

	if (!connection)
		return;
	connection->interval = listener->interval;
	connection->timer = nsec_now() + connection->interval;
}

static void http_answer(struct probe_slot *slot)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n"
				     "Content-Length: 3\r\n"
				     "Connection: keep-alive\r\n"
				     "\r\n"
				     "ok\n";

	if (send(slot->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0) {
		probe_slot_close(slot);
		return;
	}
	slot->timer = nsec_now() + slot->interval;
}

/* Requests have no body: they end with an empty line. */
static bool ends_request(struct probe_slot *slot, char c)
{
	static const char end[] = "\r\n\r\n";

	if (c == end[slot->matched])
		slot->matched++;
	else
		slot->matched = c == end[0];
	if (slot->matched < sizeof(end) - 1)
		return false;
	slot->matched = 0;
	return true;
}

static void http_readable(struct probe_slot *slot)
{
	char data[1024];
	ssize_t n = recv(slot->fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		probe_slot_close(slot);
		return;
	}
	slot->timer = NSEC_NEVER;
	for (ssize_t i = 0; i < n && slot->fd >= 0; i++)
		if (ends_request(slot, data[i]))
			http_answer(slot);
}

/* --- echo and heartbeat ------------------------------------------------*/

/*
 * Reads only what it can send back. A socket is writable when a third of its send
 * buffer is free (sk_stream_is_writeable()), so that a block fits; until then the
 * data stays in the receive buffer.
 */
static void echo(struct probe_slot *slot)
{
	struct pollfd ready = { .fd = slot->fd, .events = POLLOUT };
	char data[4096];
	ssize_t n;

	slot->echo_waits = poll(&ready, 1, 0) == 0;
	if (slot->echo_waits)
		return;
	n = recv(slot->fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || send(slot->fd, data, (size_t)n, MSG_NOSIGNAL) < 0)
		probe_slot_close(slot);
}

/* Replies with the number of answered heartbeats, or the error of the socket.
 */
static void end_beats(struct probe_slot *slot, int error)
{
	slot->role = PROBE_PLAIN;
	slot->timer = NSEC_NEVER;
	probe_answer(slot->in.id, error ? -1 : (int64_t)slot->beats, error,
		     slot);
	slot->in.id = 0;
}

static void beat(struct probe_slot *slot)
{
	slot->beat_open = true;
	slot->timer = nsec_now() + slot->interval;
	if (send(slot->fd, "?", 1, MSG_NOSIGNAL) < 0)
		end_beats(slot, errno);
}

static void beat_readable(struct probe_slot *slot)
{
	char data[64];
	ssize_t n = recv(slot->fd, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		end_beats(slot, errno);
	} else if (n == 0) {
		end_beats(slot, 0);
	} else {
		slot->beat_open = false;
		slot->beats++;
	}
}

void probe_role_serve_http(struct probe_slot *slot, nsec_t keepalive)
{
	slot->role = PROBE_HTTP_LISTENER;
	slot->interval = keepalive;
}

void probe_role_beat(struct probe_slot *slot, uint32_t id, nsec_t interval)
{
	slot->role = PROBE_BEATS;
	slot->in.id = id;
	slot->in.operation = PROBE_HEARTBEAT;
	slot->interval = interval;
	slot->beats = 0;
	beat(slot);
}

void probe_role_readable(struct probe_slot *slot)
{
	switch (slot->role) {
	case PROBE_PLAIN:
		break;
	case PROBE_ECHOES:
		echo(slot);
		break;
	case PROBE_HTTP_LISTENER:
		http_accept(slot);
		break;
	case PROBE_HTTP_CONNECTION:
		http_readable(slot);
		break;
	case PROBE_BEATS:
		beat_readable(slot);
		break;
	}
}

void probe_role_timer(struct probe_slot *slot)
{
	slot->timer = NSEC_NEVER;
	if (slot->role == PROBE_HTTP_CONNECTION)
		probe_slot_close(slot);
	else if (slot->role == PROBE_BEATS && slot->beat_open)
		end_beats(slot, 0);
	else if (slot->role == PROBE_BEATS)
		beat(slot);
}
