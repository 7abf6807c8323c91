/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends more frames than the wire's receive buffer holds while the wire is not
 * served. The record is incomplete: the run must be BROKEN. */
#include "misbehaving.h"

static void flood(struct run *run)
{
	struct address address = run_address(run, "server");
	struct sockaddr_storage to;
	socklen_t size = address_to_sockaddr(&address, 7, &to);
	static char data[1024];
	int fd = host_socket(run_host(run, "client"), to.ss_family, SOCK_DGRAM,
			     0);

	for (int i = 0; i < 30000; i++)
		sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, size);
}

static void script(struct run *run)
{
	flood(run);
	expect_true(run);
}

MISBEHAVING(loses_frames) = {
	.name = "loses-frames",
	.claim = "the wire sees all frames",
	.world = &world_pair,
	.script = script,
	.no_fault = true,
};
