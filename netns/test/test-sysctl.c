/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "fd.h"
#include "namespace.h"
#include "realm.h"

static int write_one(int fd, const char *name, const char *value)
{
	const struct sysctl_setting setting = { name, value };

	return sysctl_write(fd, &setting, 1);
}

static int fresh(void)
{
	int fd = namespace_new();

	realm_ok(fd);
	return fd;
}

START_TEST(path_of_a_name)
{
	char path[64];

	realm_ok(sysctl_path("net.ipv4.conf.eth0.x", path, sizeof(path)));
	ck_assert_str_eq(path, "/proc/sys/net/ipv4/conf/eth0/x");
	ck_assert_int_eq(sysctl_path("kernel.hostname", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net./etc", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net....x", path, 64), -EINVAL);
	ck_assert_int_eq(sysctl_path("net", path, 64), -EINVAL);
	/* "/proc/sys/" and the zero must fit too. */
	ck_assert_int_eq(sysctl_path("net.a", path, 15), -EINVAL);
	ck_assert_int_eq(sysctl_path("net.a", path, 16), 0);
}
END_TEST

START_TEST(value_is_written_and_reads_back)
{
	int a = fresh(), b = fresh();
	long before, number;

	realm_ok(sysctl_read_number(b, "net.ipv4.tcp_retries2", &before));
	realm_ok(write_one(a, "net.ipv4.tcp_retries2", "3"));
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_eq(number, 3);
	realm_ok(sysctl_read_number(b, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_eq(number, before);
	fd_close(a);
	fd_close(b);
}
END_TEST

START_TEST(several_numbers_are_one_value)
{
	char value[SYSCTL_VALUE];
	int a = fresh();

	realm_ok(write_one(a, "net.ipv4.tcp_rmem", "4096  131072\t1048576"));
	realm_ok(sysctl_read(a, "net.ipv4.tcp_rmem", value));
	ck_assert_str_eq(value, "4096 131072 1048576");
	/* The first one is right; that is not enough. */
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_rmem", "4096 4097"),
			 -EINVAL);
	fd_close(a);
}
END_TEST

START_TEST(text_values)
{
	int a = fresh();

	realm_ok(write_one(a, "net.ipv4.tcp_congestion_control", "reno"));
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_congestion_control",
				   "carrier-pigeon"),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(error_message(), "carrier-pigeon"));
	fd_close(a);
}
END_TEST

START_TEST(unknown_name)
{
	char value[SYSCTL_VALUE];
	int a = fresh();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_nonsense", "1"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error_message(), "tcp_nonsense"));
	ck_assert_int_eq(sysctl_read(a, "net.ipv4.tcp_nonsense", value),
			 -ENOENT);
	fd_close(a);
}
END_TEST

START_TEST(value_out_of_range_is_refused)
{
	int a = fresh();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_syn_retries", "128"),
			 -EINVAL);
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_retries2", "many"),
			 -EINVAL);
	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_retries2", ""), -EINVAL);
	fd_close(a);
}
END_TEST

/* tcp_mem is one for all: net/ipv4/sysctl_net_ipv4.c, ipv4_table. */
START_TEST(what_is_not_per_namespace_is_not_there)
{
	int a = fresh();

	ck_assert_int_eq(write_one(a, "net.ipv4.tcp_mem", "1 2 3"), -ENOENT);
	fd_close(a);
}
END_TEST

START_TEST(first_failure_ends_the_row)
{
	static const struct sysctl_setting settings[] = {
		{ "net.ipv4.tcp_retries1", "5" },
		{ "net.ipv4.tcp_nonsense", "5" },
		{ "net.ipv4.tcp_retries2", "5" },
	};
	int a = fresh();
	long number;

	ck_assert_int_eq(sysctl_write(a, settings, 3), -ENOENT);
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries1", &number));
	ck_assert_int_eq(number, 5);
	realm_ok(sysctl_read_number(a, "net.ipv4.tcp_retries2", &number));
	ck_assert_int_ne(number, 5);
	fd_close(a);
}
END_TEST

static const TTest *const *const tests[] = {
	&path_of_a_name,
	&value_is_written_and_reads_back,
	&several_numbers_are_one_value,
	&text_values,
	&unknown_name,
	&value_out_of_range_is_refused,
	&what_is_not_per_namespace_is_not_there,
	&first_failure_ends_the_row,
};

/* Here, outside, where the namespace is the machine's own. Written would be what
 * is there already: no harm where the refusal fails. */
static bool machine_is_refused(void)
{
	char value[SYSCTL_VALUE];
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	bool got = file && fgets(value, sizeof(value), file);

	if (file)
		fclose(file);
	if (!got || namespace_remember_home() < 0)
		return false;
	/* Nor does it become ours by being called so. */
	namespace_home_is_ours();
	return !namespace_is_ours(namespace_home()) &&
	       write_one(namespace_home(), "net.ipv4.ip_local_port_range",
			 value) == -EPERM &&
	       strstr(error_message(), "not ours");
}

int main(void)
{
	int status = realm_run("sysctl", tests, ARRAY_SIZE(tests));

	if (status != EXIT_SUCCESS || machine_is_refused())
		return status;
	printf("the machine's own sysctls are not refused: %s\n",
	       error_trail());
	return EXIT_FAILURE;
}
