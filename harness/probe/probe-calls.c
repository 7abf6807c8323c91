/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All sockets are non-blocking, so that one process can have calls open on many
 * sockets. A call is tried when it is posted, and again each time the socket is
 * ready. EAGAIN leaves it posted. When it returns, value and errno are those
 * that the blocking call would have had, and the time is read directly after
 * the call.
 *
 * A slot has one call in each direction, as two threads of a program would
 * have: a recv() that waits does not delay a send().
 */
#include "probe-calls.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "macro.h"
#include "pattern.h"

enum { BLOCK = 1 << 16 };

void probe_call_post(struct probe_call *call,
		     const struct probe_request *request)
{
	*call = (struct probe_call){ .id = request->id,
				     .operation = request->operation,
				     .wanted = request->number,
				     .other = request->other,
				     .size = request->size };
	memcpy(call->data, request->data, request->size);
}

/* The bytes left for this call, at most `most`. */
static size_t next_piece(const struct probe_call *call, size_t most)
{
	return (size_t)MIN(call->wanted - call->done, (int64_t)most);
}

/* --- receiving --------------------------------------------------------*/

static void try_receive(struct probe_slot *slot)
{
	struct probe_reply reply = { .id = slot->in.id };
	static uint8_t data[BLOCK];
	ssize_t n = recv(slot->fd, data, next_piece(&slot->in, sizeof(data)),
			 MSG_DONTWAIT);

	reply.returned = nsec_now();
	if (n < 0 && errno == EAGAIN)
		return;
	reply.value = n;
	reply.error = n < 0 ? errno : 0;
	reply.size = n > 0 ? MIN((size_t)n, (size_t)PROBE_DATA) : 0;
	memcpy(reply.data, data, reply.size);
	slot->in.id = 0;
	probe_reply_send(&reply);
}

static void try_accept(struct probe_slot *slot)
{
	int fd = accept4(slot->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	uint32_t id = slot->in.id;

	if (fd < 0 && errno == EAGAIN)
		return;
	slot->in.id = 0;
	if (fd < 0)
		probe_answer(id, -1, errno, NULL);
	else
		probe_answer(id, 0, 0, probe_slot_take(slot->in.other, fd));
}

static void check_stream(struct probe_slot *slot, const uint8_t *bytes,
			 size_t size)
{
	struct probe_stream *stream = &slot->stream;
	size_t first = 0, wrong;

	wrong = pattern_wrong(bytes, size, stream->received, &first);
	if (wrong && !stream->wrong.bytes)
		stream->wrong.first = stream->received + first;
	stream->wrong.bytes += wrong;
	stream->received += size;
	slot->in.done += (int64_t)size;
}

static void answer_receive_stream(struct probe_slot *slot, int error)
{
	struct probe_reply reply = { .id = slot->in.id,
				     .value = slot->in.done,
				     .returned = nsec_now(),
				     .size = sizeof(slot->stream.wrong) };

	/* As recv() with MSG_WAITALL: bytes that arrived before an error are
	 * the result. */
	if (error && !slot->in.done) {
		reply.value = -1;
		reply.error = error;
	}
	memcpy(reply.data, &slot->stream.wrong, reply.size);
	slot->in.id = 0;
	probe_reply_send(&reply);
}

/* Returns when all wanted bytes have arrived, or at an error or end of file. */
static void try_receive_stream(struct probe_slot *slot)
{
	static uint8_t data[4 * BLOCK];
	int error = 0;

	while (slot->in.done < slot->in.wanted) {
		ssize_t n = recv(slot->fd, data,
				 next_piece(&slot->in, sizeof(data)),
				 MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return;
		error = n < 0 ? errno : 0;
		if (n <= 0)
			break;
		check_stream(slot, data, (size_t)n);
	}
	answer_receive_stream(slot, error);
}

void probe_call_try_in(struct probe_slot *slot)
{
	if (!slot->in.id)
		return;
	if (slot->in.operation == PROBE_ACCEPT)
		try_accept(slot);
	else if (slot->in.operation == PROBE_RECEIVE_STREAM)
		try_receive_stream(slot);
	else
		try_receive(slot);
}

/* --- sending ----------------------------------------------------------*/

/* The bytes of the stream from `offset` to the end of its block. The block is
 * kept, for when the send buffer took only a part of it. */
static const uint8_t *stream_block(uint64_t offset, size_t *ret_size)
{
	static uint8_t block[BLOCK];
	static uint64_t begin = UINT64_MAX;
	uint64_t wanted = offset - offset % BLOCK;

	if (wanted != begin)
		pattern_fill(block, BLOCK, wanted);
	begin = wanted;
	*ret_size = BLOCK - offset % BLOCK;
	return block + offset % BLOCK;
}

static ssize_t send_some(struct probe_slot *slot)
{
	static const uint8_t zeros[BLOCK];
	const uint8_t *bytes = zeros;
	size_t size = sizeof(zeros);
	ssize_t n;

	if (slot->out.operation == PROBE_SEND_STREAM) {
		bytes = stream_block(slot->stream.sent, &size);
	} else if (slot->out.size) {
		bytes = slot->out.data + slot->out.done;
		size = slot->out.size - (size_t)slot->out.done;
	}
	n = send(slot->fd, bytes, next_piece(&slot->out, size),
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && slot->out.operation == PROBE_SEND_STREAM)
		slot->stream.sent += (uint64_t)n;
	return n;
}

/* As a blocking send(): returns when all bytes are in the send buffer. After an
 * error the bytes sent before are the result; without any, the error is. */
static void try_send(struct probe_slot *slot)
{
	uint32_t id = slot->out.id;
	int error = 0;

	while (slot->out.done < slot->out.wanted) {
		ssize_t n = send_some(slot);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			error = errno;
			break;
		}
		slot->out.done += n;
	}
	slot->out.id = 0;
	if (error && !slot->out.done)
		probe_answer(id, -1, error, NULL);
	else
		probe_answer(id, slot->out.done, 0, NULL);
}

/* Empties the error queue, and keeps the errno of its last ICMP message. */
static void take_icmp_errors(struct probe_slot *slot)
{
	union {
		struct cmsghdr alignment;
		uint8_t bytes[CMSG_SPACE(sizeof(struct sock_extended_err) +
					 sizeof(struct sockaddr_storage))];
	} control;
	struct msghdr message = { .msg_control = &control };
	const struct sock_extended_err *error;
	const struct cmsghdr *first;

	while (message.msg_controllen = sizeof(control),
	       recvmsg(slot->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
		first = CMSG_FIRSTHDR(&message);
		if (!first)
			continue;
		error = (const void *)CMSG_DATA(first);
		slot->icmp_error = (int)error->ee_errno;
	}
}

/*
 * connect(2), EINPROGRESS: the socket becomes writable, or is hung up, when the
 * attempt has ended, and SO_ERROR has its result. POLLERR alone is not the end:
 * in SYN-SENT, tcp_v4_err() queues an ICMP message for the application before
 * it sets SO_ERROR and the state, and does only that when the message arrives
 * during the call of connect() (LockDroppedIcmps). A blocking connect() waits
 * for the state alone: inet_wait_for_connect(). The queue is emptied, or poll()
 * would return at once from then on. This may clear SO_ERROR
 * (sock_dequeue_err_skb()); then its value is that of the message, or as in
 * __inet_stream_connect().
 */
static void try_connect(struct probe_slot *slot)
{
	struct pollfd ready = { .fd = slot->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	uint32_t id = slot->out.id;
	int error = 0;

	if (poll(&ready, 1, 0) <= 0)
		return;
	if (!(ready.revents & (POLLOUT | POLLHUP))) {
		take_icmp_errors(slot);
		return;
	}
	slot->out.id = 0;
	getsockopt(slot->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (!error && ready.revents & POLLHUP)
		error = slot->icmp_error ? slot->icmp_error : ECONNABORTED;
	probe_answer(id, error ? -1 : 0, error, slot);
}

void probe_call_try_out(struct probe_slot *slot)
{
	if (!slot->out.id)
		return;
	if (slot->out.operation == PROBE_CONNECT)
		try_connect(slot);
	else
		try_send(slot);
}
