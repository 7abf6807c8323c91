/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"
#include "realm.h"

enum { NEAR = 100, FAR = 2 };

struct stage {
	int far_namespace;
	struct rtnl *near, *far;
};

static struct rtnl_end near_end(void)
{
	return (struct rtnl_end){ .name = "near",
				  .ifindex = NEAR,
				  .mac = { 2, 0, 0, 0, 0, 1 } };
}

static struct rtnl_end far_end(int namespace)
{
	return (struct rtnl_end){ .name = "far",
				  .ifindex = FAR,
				  .namespace = namespace,
				  .mac = { 2, 0, 0, 0, 0, 2 },
				  .gso_max_segs = 1 };
}

static struct stage new_stage(void)
{
	struct stage stage = { .far_namespace = namespace_new() };
	struct rtnl_end near = near_end(), far = far_end(stage.far_namespace);

	realm_ok(stage.far_namespace);
	realm_ok(rtnl_new(&stage.near, namespace_home()));
	realm_ok(rtnl_new(&stage.far, stage.far_namespace));
	realm_ok(rtnl_add_veth(stage.near, &near, &far));
	return stage;
}

static void end_stage(struct stage *stage)
{
	rtnl_free(stage->near);
	rtnl_free(stage->far);
	fd_close(stage->far_namespace);
}

static void set_up_both(struct stage *stage)
{
	realm_ok(rtnl_set_up(stage->near, NEAR, true));
	realm_ok(rtnl_set_up(stage->far, FAR, true));
	realm_ok(rtnl_wait_running(stage->near, NEAR, SEC(5)));
	realm_ok(rtnl_wait_running(stage->far, FAR, SEC(5)));
}

static bool runs(struct rtnl *rtnl, int ifindex)
{
	bool running;

	realm_ok(rtnl_is_running(rtnl, ifindex, &running));
	return running;
}

static bool wait_runs(struct rtnl *rtnl, int ifindex, bool wanted)
{
	nsec_t end = nsec_now() + SEC(5);

	while (runs(rtnl, ifindex) != wanted && nsec_now() < end)
		poll(NULL, 0, 1);
	return runs(rtnl, ifindex) == wanted;
}

START_TEST(veth_has_its_names_indices_and_addresses)
{
	struct stage stage = new_stage();
	struct ifreq request = { .ifr_name = "far" };
	int fd;

	ck_assert_uint_eq(if_nametoindex("near"), NEAR);
	realm_ok(namespace_enter(stage.far_namespace));
	ck_assert_uint_eq(if_nametoindex("far"), FAR);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(ioctl(fd, SIOCGIFHWADDR, &request), 0);
	ck_assert_mem_eq(request.ifr_hwaddr.sa_data, far_end(0).mac, 6);
	realm_ok(namespace_leave());
	fd_close(fd);
	end_stage(&stage);
}
END_TEST

START_TEST(link_runs_when_both_ends_are_up)
{
	struct stage stage = new_stage();

	ck_assert(!runs(stage.near, NEAR));
	realm_ok(rtnl_set_up(stage.near, NEAR, true));
	/* The other end is down: there is no carrier. */
	ck_assert_int_eq(rtnl_wait_running(stage.near, NEAR, MSEC(20)),
			 -ETIMEDOUT);
	set_up_both(&stage);
	end_stage(&stage);
}
END_TEST

START_TEST(link_loses_its_carrier_when_the_other_end_goes_down)
{
	struct stage stage = new_stage();

	set_up_both(&stage);
	realm_ok(rtnl_set_up(stage.near, NEAR, false));
	ck_assert(wait_runs(stage.far, FAR, false));
	realm_ok(rtnl_set_up(stage.near, NEAR, true));
	ck_assert(wait_runs(stage.far, FAR, true));
	end_stage(&stage);
}
END_TEST

START_TEST(failures_have_their_errno)
{
	struct stage stage = new_stage();
	struct rtnl_end near = near_end(), far = far_end(stage.far_namespace);
	bool running;

	ck_assert_int_eq(rtnl_add_veth(stage.near, &near, &far), -EEXIST);
	ck_assert_int_eq(rtnl_set_up(stage.near, 4711, true), -ENODEV);
	ck_assert_int_eq(rtnl_is_running(stage.near, 4711, &running), -ENODEV);
	/* The netlink socket works after a failure. */
	set_up_both(&stage);
	ck_assert_ptr_null(rtnl_free(NULL));
	end_stage(&stage);
}
END_TEST

static bool file_has(const char *path, const char *what)
{
	static char text[65536];
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd_read_all(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return strstr(text, what) != NULL;
}

START_TEST(addresses_and_neighbours_are_added)
{
	static const char *const texts[][2] = { { "10.0.0.1", "10.0.0.2" },
						{ "fd00::1", "fd00::2" } };
	struct stage stage = new_stage();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct address own, other;

		realm_ok(address_parse(&own, texts[i][0]));
		realm_ok(address_parse(&other, texts[i][1]));
		realm_ok(rtnl_add_address(stage.near, NEAR, &own, i ? 64 : 24));
		ck_assert_int_eq(
			rtnl_add_address(stage.near, NEAR, &own, i ? 64 : 24),
			-EEXIST);
		set_up_both(&stage);
		realm_ok(rtnl_wait_address(stage.near, NEAR, &own, SEC(5)));
		ck_assert_int_eq(
			rtnl_wait_address(stage.near, NEAR, &other, MSEC(5)),
			-ETIMEDOUT);
		ck_assert_int_eq(
			rtnl_wait_address(stage.far, FAR, &own, MSEC(5)),
			-ETIMEDOUT);
		realm_ok(rtnl_add_neighbour(stage.near, NEAR, &other,
					    far_end(0).mac));
		/* Again: it is replaced. */
		realm_ok(rtnl_add_neighbour(stage.near, NEAR, &other,
					    far_end(0).mac));
	}
	/* 0x6: ATF_COM | ATF_PERM */
	ck_assert(file_has("/proc/thread-self/net/arp", "0x6"));
	ck_assert(file_has("/proc/thread-self/net/arp", "02:00:00:00:00:02"));
	ck_assert(file_has("/proc/thread-self/net/if_inet6",
			   "fd000000000000000000000000000001"));
	end_stage(&stage);
}
END_TEST

static const TTest *const *const tests[] = {
	&veth_has_its_names_indices_and_addresses,
	&link_runs_when_both_ends_are_up,
	&link_loses_its_carrier_when_the_other_end_goes_down,
	&failures_have_their_errno,
	&addresses_and_neighbours_are_added,
};

int main(void)
{
	return realm_run("rtnl", tests, ARRAY_SIZE(tests));
}
