/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "realm.h"
#include "rtnl.h"

static ino_t current_inode(void)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

START_TEST(new_namespaces_differ_from_home)
{
	ino_t home = current_inode();
	int a = namespace_new(), b;

	realm_ok(a);
	b = namespace_new();
	realm_ok(b);
	ck_assert(current_inode() == home);
	ck_assert(inode_of(a) != home && inode_of(b) != home);
	ck_assert(inode_of(a) != inode_of(b));
	ck_assert_int_eq(fcntl(a, F_GETFD), FD_CLOEXEC);
	realm_ok(namespace_enter(a));
	ck_assert(current_inode() == inode_of(a));
	realm_ok(namespace_leave());
	ck_assert(current_inode() == home);
	fd_close(a);
	fd_close(b);
}
END_TEST

START_TEST(own_namespaces_are_recognised)
{
	int a = namespace_new();
	CLEANUP_FD int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	realm_ok(a);
	ck_assert(namespace_is_ours(a));
	ck_assert(namespace_is_ours(namespace_home()));
	ck_assert(!namespace_is_ours(file));
	ck_assert(!namespace_is_ours(-1));
	fd_close(a);
}
END_TEST

START_TEST(other_fds_cannot_be_entered)
{
	CLEANUP_FD int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(namespace_enter(file), -EINVAL);
	ck_assert_int_eq(namespace_enter(-1), -EBADF);
}
END_TEST

START_TEST(socket_belongs_to_the_namespace_it_was_opened_in)
{
	int a = namespace_new(), fd;
	struct rtnl *rtnl;
	const struct rtnl_end left = { .name = "left",
				       .ifindex = 7,
				       .mac = { 2, 0, 0, 0, 0, 7 } };
	const struct rtnl_end right = { .name = "right",
					.ifindex = 8,
					.namespace = a,
					.mac = { 2, 0, 0, 0, 0, 8 } };

	realm_ok(a);
	realm_ok(rtnl_new(&rtnl, namespace_home()));
	realm_ok(rtnl_add_veth(rtnl, &left, &right));
	ck_assert_uint_eq(if_nametoindex("left"), 7);
	ck_assert_uint_eq(if_nametoindex("right"), 0);
	realm_ok(namespace_enter(a));
	ck_assert_uint_eq(if_nametoindex("right"), 8);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	realm_ok(namespace_leave());
	/* It still sees the links of its namespace. */
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "right", 6), 0);
	fd_close(fd);
	fd_close(a);
	rtnl_free(rtnl);
}
END_TEST

static const TTest *const *const tests[] = {
	&new_namespaces_differ_from_home,
	&own_namespaces_are_recognised,
	&other_fds_cannot_be_entered,
	&socket_belongs_to_the_namespace_it_was_opened_in,
};

int main(void)
{
	return realm_run("namespace", tests, ARRAY_SIZE(tests));
}
