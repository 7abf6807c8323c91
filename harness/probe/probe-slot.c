/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots are an array of sockets, indexed by the numbers that the script
 * chooses, which count up from 0. Sockets that the probe accepts by itself get
 * numbers from ADOPTED on. Errors that leave the protocol out of step end the
 * process; the script's side reports its exit status.
 */
#include "probe-slot.h"

#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

/* The first number for sockets that no request names. */
enum { ADOPTED = PROBE_SLOTS / 4 };

static struct probe_slot slots[PROBE_SLOTS];
static int n_slots; /* used so far; the rest has never been used */

struct probe_slot *probe_slot(int index)
{
	if (index < 0 || index >= n_slots || slots[index].fd < 0)
		return NULL;
	return &slots[index];
}

struct probe_slot *probe_slot_take(int index, int fd)
{
	if (index < 0 || index >= PROBE_SLOTS)
		_exit(3);
	while (n_slots <= index)
		slots[n_slots++].fd = -1;
	slots[index] = (struct probe_slot){ .fd = fd, .timer = NSEC_NEVER };
	return &slots[index];
}

int probe_slot_adopt(int fd, enum probe_role role)
{
	for (int i = ADOPTED; i < PROBE_SLOTS; i++) {
		if (i < n_slots && slots[i].fd >= 0)
			continue;
		probe_slot_take(i, fd)->role = role;
		return i;
	}
	fd_close(fd);
	return -1;
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
