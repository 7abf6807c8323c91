/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "macro.h"
#include "pattern.h"
#include "probe-slot.h"

enum { BLOCK = 1 << 16 };

/* The bytes of the stream from `offset` to the end of its block. A block is
 * asked for again where the socket's buffer took only a part of it. */
static const uint8_t *block_at(uint64_t offset, size_t *ret_size)
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

/* Of what is wanted, as much as one call moves. */
static size_t next_piece(const struct probe_call *call, size_t most)
{
	return (size_t)MIN(call->wanted - call->done, (int64_t)most);
}

static void answer_send(struct probe_slot *slot)
{
	uint32_t id = slot->out.id;
	int64_t done = slot->out.done;

	slot->out.id = 0;
	probe_answer(id, done, done < 0 ? errno : 0, NULL);
}

bool probe_stream_send(struct probe_slot *slot)
{
	while (slot->out.done < slot->out.wanted) {
		size_t size;
		const uint8_t *bytes = block_at(slot->stream.sent, &size);
		ssize_t n = send(slot->fd, bytes, next_piece(&slot->out, size),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return false;
		/* As a blocking send() does: what is sent first counts. */
		if (n < 0 && !slot->out.done)
			slot->out.done = -1;
		if (n < 0)
			break;
		slot->out.done += n;
		slot->stream.sent += (uint64_t)n;
	}
	answer_send(slot);
	return true;
}

static void check(struct probe_slot *slot, const uint8_t *bytes, size_t size)
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

static void answer_receive(struct probe_slot *slot, int error)
{
	struct probe_reply reply = { .id = slot->in.id,
				     .value = slot->in.done,
				     .returned = nsec_now(),
				     .size = sizeof(slot->stream.wrong) };

	if (error && !slot->in.done) {
		reply.value = -1;
		reply.error = error;
	}
	memcpy(reply.data, &slot->stream.wrong, reply.size);
	slot->in.id = 0;
	probe_reply_send(&reply);
}

bool probe_stream_receive(struct probe_slot *slot)
{
	static uint8_t data[4 * BLOCK];
	int error = 0;

	while (slot->in.done < slot->in.wanted) {
		ssize_t n = recv(slot->fd, data,
				 next_piece(&slot->in, sizeof(data)),
				 MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return false;
		error = n < 0 ? errno : 0;
		if (n <= 0)
			break;
		check(slot, data, (size_t)n);
	}
	answer_receive(slot, error);
	return true;
}
