/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loops here hide three partial results of system calls: EINTR, a read(2)
 * or write(2) of fewer bytes than asked, and EAGAIN of a descriptor that
 * another process has set to non-blocking (O_NONBLOCK belongs to the open file
 * description, which is shared after fork(2) and SCM_RIGHTS). On EAGAIN the
 * senders block in poll(2): each caller needs the whole message to be written.
 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "errors.h"

/* For cleanup after a failure: the errno of that failure is still needed.
 * close() is never repeated after EINTR: Linux has released the descriptor by
 * then (close(2)), and its number may belong to another file. */
int fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}

int fd_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_origin(-errno, "fcntl");
	return 0;
}

int fd_send(int socket, const void *data, size_t size, const int *fds,
	    size_t n_fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX)];
	} control = { 0 }; /* the union aligns `space` for a cmsghdr */
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data,
			     .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds) {
		struct cmsghdr *cmsg;

		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * n_fds);
	}
	while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
		struct pollfd wait = { .fd = socket, .events = POLLOUT };

		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return error_origin(-errno, "sendmsg");
	}
	return 0;
}

ssize_t fd_receive(int socket, void *data, size_t size, int *ret_fds,
		   size_t n_fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * FD_MESSAGE_MAX)];
	} control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	ssize_t n;

	for (size_t i = 0; i < n_fds; i++)
		ret_fds[i] = -1;
	do {
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	/* The peer closed its end with messages of ours still unread:
	 * unix_release_sock(). */
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return error_origin(-errno, "recvmsg");
	/* The kernel has installed all descriptors that fit into `control`:
	 * those for which the caller has no room are closed, or they leak. */
	cmsg = CMSG_FIRSTHDR(&message);
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
		size_t got = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fds[FD_MESSAGE_MAX];

		memcpy(fds, CMSG_DATA(cmsg), got * sizeof(int));
		for (size_t i = 0; i < got; i++) {
			if (i < n_fds)
				ret_fds[i] = fds[i];
			else
				fd_close(fds[i]);
		}
	}
	return n;
}

ssize_t fd_read_all(int fd, void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)data + done, size - done);

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_origin(-errno, "read");
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			poll(&wait, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_origin(-errno, "write");
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

int fd_stream_error(FILE *stream)
{
	clearerr(stream);
	errno = EIO;
	if (fputc('\n', stream) == EOF || fflush(stream) != 0)
		return errno ? -errno : -EIO;
	return -EIO;
}
