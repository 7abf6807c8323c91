/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots are an array of sockets. Those of the script, whose numbers count up
 * from 0, have its even indices, and those that the probe accepts by itself its
 * odd ones: neither can take a slot of the other, and the array stays short.
 * Errors that leave the protocol out of step end the process; the script's side
 * reports its exit status.
 */
#include "probe-slot.h"

#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

static struct probe_slot slots[PROBE_SLOTS_ALL];
static int n_slots; /* used so far; the rest has never been used */

struct probe_slot *probe_slot(int number)
{
	if (number < 0 || number >= PROBE_SLOTS || 2 * number >= n_slots ||
	    slots[2 * number].fd < 0)
		return NULL;
	return &slots[2 * number];
}

static struct probe_slot *take(int index, int fd)
{
	while (n_slots <= index)
		slots[n_slots++].fd = -1;
	slots[index] = (struct probe_slot){ .fd = fd, .timer = NSEC_NEVER };
	return &slots[index];
}

struct probe_slot *probe_slot_take(int number, int fd)
{
	if (number < 0 || number >= PROBE_SLOTS)
		_exit(3);
	return take(2 * number, fd);
}

struct probe_slot *probe_slot_adopt(int fd, enum probe_role role)
{
	for (int i = 1; i < PROBE_SLOTS_ALL; i += 2) {
		struct probe_slot *slot;

		if (i < n_slots && slots[i].fd >= 0)
			continue;
		slot = take(i, fd);
		slot->role = role;
		return slot;
	}
	fd_close(fd);
	return NULL;
}

void probe_slot_close(struct probe_slot *slot)
{
	slot->fd = fd_close(slot->fd);
	slot->timer = NSEC_NEVER;
	slot->role = PROBE_PLAIN;
	slot->in.id = slot->out.id = 0;
}

void probe_reply_send(const struct probe_reply *reply)
{
	if (fd_send(PROBE_CONTROL, reply, PROBE_REPLY_SHORT + reply->size, NULL,
		    0) < 0)
		_exit(2);
}

void probe_answer(uint32_t id, int64_t value, int error,
		  const struct probe_slot *slot)
{
	struct probe_reply reply = {
		.id = id, .value = value, .error = error, .returned = nsec_now()
	};
	socklen_t size = sizeof(reply.local);

	if (slot && slot->fd >= 0) {
		getsockname(slot->fd, (struct sockaddr *)&reply.local, &size);
		size = sizeof(reply.remote);
		getpeername(slot->fd, (struct sockaddr *)&reply.remote, &size);
	}
	probe_reply_send(&reply);
}

int probe_slots(void)
{
	return n_slots;
}

struct probe_slot *probe_slot_at(int index)
{
	return &slots[index];
}
