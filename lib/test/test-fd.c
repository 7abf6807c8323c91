/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static void new_pair(int pair[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    pair),
			 0);
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	ck_assert_int_eq(fstat(a, &x), 0);
	ck_assert_int_eq(fstat(b, &y), 0);
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int highest_free(void)
{
	int fd = dup(0);

	return fd_close(fd), fd;
}

START_TEST(close_preserves_errno_and_accepts_negative_fds)
{
	errno = EXDEV;
	ck_assert_int_eq(fd_close(-1), -1);
	ck_assert_int_eq(fd_close(987654), -1);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(cleanup_closes_at_the_end_of_the_scope)
{
	int seen;

	{
		CLEANUP_FD int fd = dup(0);

		seen = fd;
		ck_assert_int_ge(fcntl(seen, F_GETFD), 0);
	}
	ck_assert_int_eq(fcntl(seen, F_GETFD), -1);
}
END_TEST

START_TEST(fds_pass_with_a_message)
{
	int pair[2], pipe_fds[2], got[3];
	char data[16];

	new_pair(pair);
	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(fd_send(pair[0], "hello", 5, pipe_fds, 2), 0);
	ck_assert_int_eq(fd_receive(pair[1], data, sizeof(data), got, 3), 5);
	ck_assert_mem_eq(data, "hello", 5);
	ck_assert(same_file(got[0], pipe_fds[0]));
	ck_assert(same_file(got[1], pipe_fds[1]));
	ck_assert_int_eq(got[2], -1);
	ck_assert_int_eq(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	/* The sender's fds stay open. */
	ck_assert_int_ge(fcntl(pipe_fds[0], F_GETFD), 0);
}
END_TEST

START_TEST(surplus_fds_are_closed)
{
	int pair[2], many[FD_MESSAGE_MAX], one, before;
	char data[16];

	new_pair(pair);
	for (size_t i = 0; i < FD_MESSAGE_MAX; i++)
		many[i] = 0;
	before = highest_free();
	ck_assert_int_eq(fd_send(pair[0], "x", 1, many, FD_MESSAGE_MAX), 0);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, &one, 1), 1);
	ck_assert_int_eq(one, before);
	fd_close(one);
	ck_assert_int_eq(highest_free(), before);
	ck_assert_int_eq(fd_send(pair[0], "x", 1, many, FD_MESSAGE_MAX), 0);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, NULL, 0), 1);
	ck_assert_int_eq(highest_free(), before);
}
END_TEST

START_TEST(empty_queue_differs_from_closed_peer)
{
	int pair[2];
	char data[16];

	new_pair(pair);
	ck_assert_int_eq(fd_set_nonblocking(pair[1]), 0);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, NULL, 0), -EAGAIN);
	ck_assert_int_eq(fd_send(pair[0], "x", 1, NULL, 0), 0);
	fd_close(pair[0]);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, NULL, 0), 1);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, NULL, 0), 0);
}
END_TEST

/* recv() fails with ECONNRESET if the peer closed with unread data. */
START_TEST(reset_by_peer_reads_as_end)
{
	int pair[2];
	char data[16];

	new_pair(pair);
	ck_assert_int_eq(fd_send(pair[1], "unread", 6, NULL, 0), 0);
	fd_close(pair[0]);
	ck_assert_int_eq(fd_receive(pair[1], data, 1, NULL, 0), 0);
	ck_assert_int_eq(fd_send(pair[1], "x", 1, NULL, 0), -EPIPE);
}
END_TEST

START_TEST(sender_waits_for_a_slow_reader)
{
	static char data[20000];
	int pair[2], status, n = 0;
	pid_t pid;

	new_pair(pair);
	ck_assert_int_eq(fd_set_nonblocking(pair[0]), 0);
	pid = fork();
	if (pid == 0) {
		fd_close(pair[1]);
		for (int i = 0; i < 100; i++)
			if (fd_send(pair[0], data, sizeof(data), NULL, 0) < 0)
				_exit(1);
		_exit(0);
	}
	fd_close(pair[0]);
	while (fd_receive(pair[1], data, sizeof(data), NULL, 0) > 0)
		n++;
	ck_assert_int_eq(n, 100);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(read_continues_to_the_end_of_file)
{
	int fds[2];
	char data[16];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(fd_write_all(fds[1], "abcdef", 6), 0);
	fd_close(fds[1]);
	ck_assert_int_eq(fd_read_all(fds[0], data, 4), 4);
	ck_assert_int_eq(fd_read_all(fds[0], data, sizeof(data)), 2);
	ck_assert_int_eq(fd_read_all(fds[0], data, sizeof(data)), 0);
	ck_assert_int_eq(fd_read_all(-1, data, 1), -EBADF);
	ck_assert_int_eq(fd_write_all(-1, data, 1), -EBADF);
}
END_TEST

static const TTest *const *const tests[] = {
	&close_preserves_errno_and_accepts_negative_fds,
	&cleanup_closes_at_the_end_of_the_scope,
	&fds_pass_with_a_message,
	&surplus_fds_are_closed,
	&empty_queue_differs_from_closed_peer,
	&reset_by_peer_reads_as_end,
	&sender_waits_for_a_slow_reader,
	&read_continues_to_the_end_of_file,
};

int main(void)
{
	return unit_run("fd", tests, ARRAY_SIZE(tests), NULL);
}
