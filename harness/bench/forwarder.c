/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forwarder.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

/*
 * The socket has protocol 0 until bind(): socket(ETH_P_ALL) would register a
 * handler at once, which bind() would have to unregister, and wait for RCU.
 * PACKET_VNET_HDR carries the offset of an incomplete checksum, so that the
 * kernel completes it behind the other port, as on a direct link.
 * PACKET_IGNORE_OUTGOING keeps forwarded frames from being received again.
 */
int forwarder_open(void)
{
	const struct sockaddr_ll all = { .sll_family = AF_PACKET,
					 .sll_protocol = htons(ETH_P_ALL) };
	const int on = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
		       sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) == 0)
		return fd;
	fd_close(fd);
	return -1;
}

/* Returns when the socket has no more frames. */
static void forward(int fd, int a, int b)
{
	static char frame[1 << 17], control[64];

	for (;;) {
		struct sockaddr_ll address;
		struct iovec iov = { .iov_base = frame,
				     .iov_len = sizeof(frame) };
		struct msghdr message = { .msg_name = &address,
					  .msg_namelen = sizeof(address),
					  .msg_iov = &iov,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

		if (n < 0)
			return;
		address.sll_ifindex = a + b - address.sll_ifindex;
		sendto(fd, frame, (size_t)n, 0, (struct sockaddr *)&address,
		       sizeof(address));
	}
}

void MACRO_NORETURN forwarder_run(int fd, int a, int b)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	while (epoll_wait(epoll, &event, 1, -1) > 0)
		forward(fd, a, b);
	_exit(1);
}
